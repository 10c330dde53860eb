"""Result files: what is written is read back the same, and nothing half-written is left."""

import errno
import subprocess
import sys
from pathlib import Path

import numpy as np
import pypsa
import pytest
import xarray as xr

from energyflows.errors import OutputError, ResultsError
from energyflows.results import check_results, open_results, read_results, write_results


@pytest.fixture
def written(toy_results, tmp_path):
    """Write a result file, alone in its folder."""
    return write_results(toy_results, tmp_path / "toy.nc")


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_read_back_as_written(toy_results, written):
    ds = open_results(written)
    xr.testing.assert_identical(ds, toy_results)
    check_results(ds)


def test_only_the_file_is_left_and_others_may_read_it(written):
    assert names_in(written.parent) == ["toy.nc"]
    assert written.stat().st_mode & 0o777 == 0o644


def test_results_without_links_and_stores_are_read_back(solved, tmp_path):
    n = pypsa.Network(snapshots=range(2))
    n.add("Bus", "X")
    n.add("Generator", "field", bus="X", p_nom=9, marginal_cost=1)
    n.add("Load", "town", bus="X", p_set=5)
    ds = read_results(solved(n))
    back = open_results(write_results(ds, tmp_path / "one bus.nc"))
    xr.testing.assert_identical(back, ds)
    check_results(back)


def test_the_file_opens_in_plain_xarray(toy_results, written):
    with xr.open_dataset(written, engine="h5netcdf") as ds:
        np.testing.assert_array_equal(ds["sent"], toy_results["sent"])
        assert ds["sent"].attrs["units"] == "GWh/d"


def test_a_path_may_be_text_and_unicode(toy_results, tmp_path):
    target = write_results(toy_results, str(tmp_path / "Türkiye – août.nc"))
    xr.testing.assert_identical(open_results(str(target)), toy_results)


def test_an_existing_file_is_replaced(written, toy_results):
    changed = toy_results.copy(deep=True)
    changed["price"] += 1
    write_results(changed, written)
    xr.testing.assert_identical(open_results(written), changed)
    assert names_in(written.parent) == ["toy.nc"]


# ------------------------------------------------------------------ writing fails
def fail_midway(self, content):
    """Write a little, then find the disk full."""
    with self.open("wb") as file:
        file.write(content[:100])
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_leaves_nothing(monkeypatch, toy_results, tmp_path):
    monkeypatch.setattr(Path, "write_bytes", fail_midway)
    with pytest.raises(OutputError, match=r"new\.nc: cannot be written \(No space left on device\)"):
        write_results(toy_results, tmp_path / "new.nc")
    assert names_in(tmp_path) == []


def test_a_full_disk_keeps_the_old_file(monkeypatch, written, toy_results):
    before = written.read_bytes()
    monkeypatch.setattr(Path, "write_bytes", fail_midway)
    with pytest.raises(OutputError):
        write_results(toy_results, written)
    assert written.read_bytes() == before
    assert names_in(written.parent) == ["toy.nc"]


LIMITED = """
import resource, sys
from energyflows.results import open_results, write_results
ds = open_results(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    write_results(ds, sys.argv[2])
except Exception as error:
    print(type(error).__name__, error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
def test_a_disk_that_is_really_full_leaves_nothing(written):
    target = written.with_name("new.nc")
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, written, target], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("OutputError")
    assert "new.nc: cannot be written" in done.stdout
    assert names_in(written.parent) == ["toy.nc"]


@pytest.mark.parametrize("place", ["no such folder/x.nc", "file/x.nc"])
def test_a_folder_that_cannot_hold_the_file_is_named(toy_results, tmp_path, place):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OutputError, match=r"x\.nc: cannot be written"):
        write_results(toy_results, tmp_path / place)
    assert names_in(tmp_path) == ["file"]


def test_a_folder_is_not_replaced_by_a_file(toy_results, tmp_path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(OutputError, match="taken: cannot be written"):
        write_results(toy_results, tmp_path / "taken")
    assert names_in(tmp_path) == ["taken"]


# ------------------------------------------------------------------ reading fails
@pytest.mark.parametrize("place", ["nowhere.nc", "."])
def test_a_missing_file_is_named(tmp_path, place):
    with pytest.raises(OutputError, match="no such file; expected one written with write_results"):
        open_results(tmp_path / place)


@pytest.mark.parametrize(
    "content", [b"", b"zone,twh\nDE,1\n", b"\x89HDF\r\n\x1a\n" + bytes(100), b"CDF\x01" + bytes(50)]
)
def test_a_file_that_is_no_netcdf_is_named(tmp_path, content):
    path = tmp_path / "odd.nc"
    path.write_bytes(content)
    with pytest.raises(OutputError, match=r"odd\.nc: not a NetCDF file, or damaged"):
        open_results(path)


@pytest.mark.parametrize("part", [0.01, 0.3, 0.6, 0.9, 0.999])
def test_a_truncated_file_is_named(written, part):
    content = written.read_bytes()
    written.write_bytes(content[: int(part * len(content))])
    with pytest.raises(OutputError, match=r"toy\.nc: not a NetCDF file, or damaged"):
        open_results(written)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # h5netcdf stumbles while it gives up
@pytest.mark.parametrize("start", [8, 8000, 20000])
def test_a_corrupt_file_is_named(written, start):
    content = bytearray(written.read_bytes())
    content[start : start + 400] = b"\xff" * 400
    written.write_bytes(content)
    with pytest.raises((OutputError, ResultsError), match=r"toy\.nc"):
        open_results(written)


def test_netcdf_of_something_else_is_told_by_what_it_holds(tmp_path):
    path = tmp_path / "weather.nc"
    xr.Dataset({"temperature": ("time", [1.0]), "wind": ("time", [2.0])}).to_netcdf(path, engine="h5netcdf")
    with pytest.raises(ResultsError, match=r"not results of energyflows; found temperature, wind"):
        open_results(path)
