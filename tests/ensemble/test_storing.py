"""An ensemble on disk survives whatever ends its writer; every failure here is a real one."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from energyflows.ensemble.storing import (
    Store,
    close_store,
    finish,
    is_finished,
    list_committed,
    locate_chunk,
    open_ensemble,
    open_store,
    read_chunk,
    write_chunk,
)
from energyflows.errors import OutputError, UsageError

MADE_FROM = {"network": "a1", "draws": "b2", "outputs": "c3"}


def _template(draws=10, links=3):
    """Return an ensemble with all kinds of coordinates, and values along ``draw`` that take no memory."""
    return xr.Dataset(
        {
            "sent": (("draw", "link"), np.broadcast_to(np.nan, (draws, links)), {"units": "GWh/d"}),
            "steps": ("draw", np.broadcast_to(np.int32(0), draws)),
            "optimal": ("draw", np.broadcast_to(np.bool_(0), draws)),
            "by_link": (("link", "draw"), np.broadcast_to(np.float32(0), (links, draws)), {"units": "days"}),
            "ended": ("draw", np.broadcast_to(np.array("", "<U9"), draws)),
            "capacity": ("link", np.arange(links) + 0.5, {"units": "GWh/d"}),
        },
        coords={
            "draw": np.arange(100, 100 + draws),
            "link": pd.Index([f"Türkiye-{place}" for place in range(links)]),
            "factor": ("draw", np.linspace(0, 1, draws), {"units": "1"}),
            "label": ("draw", np.array([f"d{draw}" for draw in range(draws)], dtype=object)),
            "day": pd.date_range("2025-01-01", periods=2),
            "lag": ("link", pd.timedelta_range("1D", periods=links)),
            "year": 2025,
        },
        attrs={"title": "Ensemble", "count": 3},
    )


def _values(number, size, links=3):
    chance = np.random.default_rng(number)
    return {
        "sent": chance.random((size, links)),
        "steps": np.full(size, number, "int32") * (number % 2),
        "optimal": chance.random(size) < 0.5,
        "by_link": chance.random((links, size)).astype("float32"),
        "ended": np.array(["optimal"] * size),
    }


def _open(path, chunk=4, made_from=None, **options):
    return open_store(path, _template(), made_from or MADE_FROM, chunk=chunk, **options)


def _write(store, *numbers):
    for number in numbers:
        span = locate_chunk(store, number)
        write_chunk(store, number, _values(number, span.stop - span.start))


def _complete(path):
    with _open(path) as store:
        _write(store, 2, 0, 1)
        finish(store)
    return store


def _list(folder):
    return sorted(entry.name for entry in folder.iterdir())


def _command(script, *arguments, first="pass"):
    """Return a script that has the helpers above as module ``helpers``, and its environment."""
    load = f"import sys; {first}; sys.path.insert(0, {str(Path(__file__).parent)!r}); import test_storing as helpers\n"
    command = [sys.executable, "-B", "-c", load + textwrap.dedent(script), *map(str, arguments)]
    return command, os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}


def _run(script, *arguments, prefix=(), first="pass"):
    command, env = _command(script, *arguments, first=first)
    return subprocess.run([*prefix, *command], capture_output=True, text=True, timeout=300, check=False, env=env)


# ------------------------------------------------------------------ what is written is what is read
def test_finished_ensemble_is_the_template_with_values(tmp_path):
    store = _complete(tmp_path / "e.zarr")
    ds = open_ensemble(tmp_path / "e.zarr")
    expected = _template()
    for name in store.variables:
        dims = expected[name].dims
        parts = [_values(number, size)[name] for number, size in enumerate([4, 4, 2])]
        expected[name] = (dims, np.concatenate(parts, axis=dims.index("draw")), expected[name].attrs)
    assert json.loads(ds.attrs.pop("energyflows_fingerprint")) == MADE_FROM
    xr.testing.assert_identical(ds.load(), expected)
    assert ds["optimal"].dtype == bool
    assert ds["steps"].dtype == "int32"
    assert ds["by_link"].dtype == "float32"
    assert ds["day"].dtype.kind == "M"
    assert ds["lag"].dtype.kind == "m"


def test_plain_xarray_opens_it_and_nothing_else_is_left(tmp_path):
    store = _complete(tmp_path / "e.zarr")
    assert _list(tmp_path) == ["e.zarr"]
    assert is_finished(tmp_path / "e.zarr", MADE_FROM)
    assert not is_finished(tmp_path / "e.zarr", MADE_FROM | {"draws": "new"})
    ds = xr.open_zarr(tmp_path / "e.zarr", chunks=None)
    assert ds["sent"].encoding["chunks"] == (4, 3)
    assert ds["by_link"].encoding["chunks"] == (3, 4)
    assert ds["sent"].sel(link="Türkiye-1", draw=109).item() == _values(2, 2)["sent"][1, 1]
    with pytest.raises(UsageError, match="not open"):
        _write(store, 0)


@settings(max_examples=15)
@given(data=st.data(), draws=st.integers(1, 7), chunk=st.integers(1, 9), rest=st.lists(st.integers(0, 3), max_size=2))
def test_any_shape_and_dtype_round_trips(tmp_path_factory, data, draws, chunk, rest):
    dtypes = hnp.floating_dtypes(endianness="=") | hnp.integer_dtypes() | hnp.boolean_dtypes() | st.just("<U3")
    shape = list(rest)
    shape.insert(data.draw(st.integers(0, len(rest))), draws)
    axis = next(place for place in range(len(shape)) if shape[:place] == rest[:place] and shape[place] == draws)
    # NUL at the end of a string is lost by NumPy itself.
    elements = {"elements": st.text("aé水", max_size=3)}
    dtype = np.dtype(data.draw(dtypes))
    values = data.draw(hnp.arrays(dtype, shape, **(elements if dtype.kind == "U" else {})))
    dims = [f"d{place}" for place in range(len(shape))]
    dims[axis] = "draw"
    path = tmp_path_factory.mktemp("any") / "e"
    with open_store(path, xr.Dataset({"v": (dims, values)}), MADE_FROM, chunk=chunk) as store:
        for number in range(store.chunks):
            span = locate_chunk(store, number)
            write_chunk(store, number, {"v": values.take(range(span.start, span.stop), axis)})
        finish(store)
    read = open_ensemble(path)["v"]
    assert read.dims == tuple(dims)
    assert read.dtype == dtype.newbyteorder("=")
    np.testing.assert_array_equal(read.values, values)


def test_numbers_in_the_byte_order_of_other_machines_are_kept(tmp_path):
    values = np.arange(5, dtype=">i2")
    with open_store(tmp_path / "e", xr.Dataset({"v": ("draw", values)}), MADE_FROM, chunk=5) as store:
        write_chunk(store, 0, {"v": values})
        assert read_chunk(store, 0)["v"].tolist() == [0, 1, 2, 3, 4]
        finish(store)
    assert open_ensemble(tmp_path / "e")["v"].values.tolist() == [0, 1, 2, 3, 4]


# ------------------------------------------------------------------ resuming
def test_resumes_with_what_is_committed(tmp_path):
    with _open(tmp_path / "e") as store:
        _write(store, 1)
        assert list_committed(store) == [1]
    with _open(tmp_path / "e") as store:
        assert list_committed(store) == [1]
        with pytest.raises(UsageError, match="chunk 1: expected one of 0 to 2 that is not committed"):
            _write(store, 1)
        with pytest.raises(OutputError, match=r"2 of 3 chunks missing:\n  - chunk 0\n  - chunk 2"):
            finish(store)
        assert not (tmp_path / "e").exists()
        _write(store, 0, 2)
        finish(store)
    assert open_ensemble(tmp_path / "e")["steps"].values.tolist() == [0] * 4 + [1] * 4 + [0] * 2


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: "",
        lambda text: text[:40],
        lambda _: "[]",
        lambda text: "\0" * len(text),
        lambda text: json.dumps(json.loads(text) | {"digest": "12ab"}),
        lambda text: json.dumps(json.loads(text) | {"digest": 7}),
        lambda text: json.dumps(json.loads(text) | {"made_from": "elsewhere"}),
    ],
    ids=["empty", "truncated", "list", "zeros", "short", "number", "foreign"],
)
def test_damaged_marker_does_not_count(tmp_path, damage):
    with _open(tmp_path / "e") as store:
        _write(store, 0, 1)
    marker = store.partial / "chunks" / "000001.json"
    marker.write_text(damage(marker.read_text()))
    with _open(tmp_path / "e") as store:
        assert list_committed(store) == [0]
        _write(store, 1, 2)
        finish(store)
    assert is_finished(tmp_path / "e", MADE_FROM)


def _cut(file):
    file.write_bytes(file.read_bytes()[:-3])


def _flip(file):
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize("damage", [_cut, _flip, Path.unlink, lambda file: file.write_bytes(b"")])
def test_finish_finds_damaged_data_and_a_rerun_mends_it(tmp_path, damage):
    with _open(tmp_path / "e") as store:
        _write(store, 0, 1, 2)
        damage(store.partial / "data" / "sent" / "1.0")
        with pytest.raises(OutputError, match=r"(?s)same call again.*chunk 1 is not as it was written"):
            finish(store)
        assert list_committed(store) == [0, 2]
    assert not (tmp_path / "e").exists()
    with _open(tmp_path / "e") as store:
        _write(store, 1)
        finish(store)
    np.testing.assert_array_equal(open_ensemble(tmp_path / "e")["sent"][4:8], _values(1, 4)["sent"])


@pytest.mark.parametrize("missing", ["passport.json", "data"])
def test_folder_that_was_never_ready_is_begun_anew(tmp_path, missing):
    with _open(tmp_path / "e") as store:
        _write(store, 0)
    gone = store.partial / missing
    shutil.rmtree(gone) if gone.is_dir() else gone.unlink()
    with _open(tmp_path / "e") as store:
        assert list_committed(store) == []
        _write(store, 0, 1, 2)
        finish(store)
    assert _list(tmp_path) == ["e"]


def test_empty_folder_of_a_killed_process_is_used(tmp_path):
    (tmp_path / "e.partial").mkdir()
    _complete(tmp_path / "e")


def test_leftovers_of_a_kill_between_rename_and_cleaning_do_no_harm(tmp_path):
    with _open(tmp_path / "e") as store:
        _write(store, 0, 1, 2)
        shutil.copytree(store.partial, tmp_path / "copy")
        finish(store)
    shutil.rmtree(tmp_path / "copy" / "data")
    shutil.copytree(tmp_path / "copy", store.partial)
    assert open_ensemble(tmp_path / "e").sizes["draw"] == 10
    assert is_finished(tmp_path / "e", MADE_FROM)
    assert not store.partial.exists()
    (tmp_path / "copy").rename(store.partial)
    shutil.rmtree(tmp_path / "e")
    with _open(tmp_path / "e") as store:
        assert list_committed(store) == []


KILLING = """
    import os, random, signal, time
    from pathlib import Path
    import numpy as np, xarray as xr, zarr  # zarr now, so that the children need not
    from energyflows.ensemble.storing import finish, list_committed, locate_chunk, open_store, write_chunk

    folder, chance = Path(sys.argv[1]), random.Random(int(sys.argv[2]))
    SHAPE = (60 * 25 - 7, 400)
    template = xr.Dataset({name: (("draw", "link"), np.broadcast_to(np.nan, SHAPE)) for name in "abcd"})

    def compute(number, size):
        chance = np.random.default_rng(number)
        return {name: chance.random((size, SHAPE[1])) for name in "abcd"}

    def note(path, word, number=-1):
        handle = os.open(f"{path}.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(handle, f"{word} {number}\\n".encode())
        os.close(handle)

    def work(path):
        with open_store(path, template, {"network": "n"}, chunk=25) as store:
            done = list_committed(store)
            note(path, "found", ",".join(map(str, done)))
            for number in sorted(set(range(store.chunks)) - set(done)):
                span = locate_chunk(store, number)
                note(path, "begin", number)
                write_chunk(store, number, compute(number, span.stop - span.start))
                note(path, "done", number)
            finish(store)

    def fork(path):
        child = os.fork()
        if child:
            return child
        try:
            work(path)
        except BaseException as error:
            note(path, f"failed {error!r}")
            os._exit(1)
        os._exit(0)

    kills = ensemble = 0
    while kills < 30 or not (folder / f"{ensemble}").exists():
        ensemble += (folder / f"{ensemble}").exists()
        path = folder / f"{ensemble}"
        log = Path(f"{path}.log")
        before = log.read_text().count("begin") if log.exists() else 0
        child, ended = fork(path), 0
        while not ended and not (log.exists() and log.read_text().count("begin") > before):
            ended = os.waitpid(child, os.WNOHANG)[0]
            time.sleep(0.001)
        if not ended and kills < 30:
            time.sleep(chance.random() * 0.4)
            os.kill(child, signal.SIGKILL)
        if not ended:
            kills += os.WIFSIGNALED(os.waitpid(child, 0)[1])
    os._exit(0) if kills >= 30 else os._exit(3)
"""


def _check_log(log):
    """Check that no chunk was computed again once it was committed, and none committed twice."""
    begun, kept = [], set()
    for word, number in (line.split(" ") if " " in line else (line, "") for line in log.read_text().splitlines()):
        assert word in {"found", "begin", "done"}, log.read_text()
        if word == "found":
            found = {int(text) for text in number.split(",") if text}
            assert kept <= found <= kept | set(begun[-1:])  # the last may have been killed just before its "done"
            kept = found
        elif word == "begin":
            assert int(number) not in kept
            begun.append(int(number))
        else:
            assert int(number) not in kept
            kept.add(int(number))
    assert kept == set(range(60))


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_thirty_kills_change_nothing(tmp_path):
    run = _run(KILLING, tmp_path, 1)
    assert run.returncode == 0, run.stderr
    logs = sorted(tmp_path.glob("*.log"))
    assert sum(log.read_text().count("found") for log in logs) >= 30
    chance = [np.random.default_rng(number) for number in range(60)]
    parts = [[one.random((25 if number < 59 else 18, 400)) for _ in "abcd"] for number, one in enumerate(chance)]
    for log in logs:
        _check_log(log)
        assert is_finished(log.with_suffix(""), {"network": "n"})
        with open_ensemble(log.with_suffix("")) as ds:
            for place, name in enumerate("abcd"):
                np.testing.assert_array_equal(ds[name], np.concatenate([part[place] for part in parts]))
    assert sorted(_list(tmp_path)) == sorted([log.name for log in logs] + [log.stem for log in logs])


# ------------------------------------------------------------------ refusals
@pytest.mark.parametrize("complete", [True, False], ids=["complete", "partial"])
def test_ensemble_made_from_other_things_is_refused(tmp_path, complete):
    if complete:
        _complete(tmp_path / "e")
    else:
        close_store(_open(tmp_path / "e"))
    others = MADE_FROM | {"network": "new", "draws": "new"}
    with pytest.raises(OutputError, match="was made from another network and other draws; choose another path"):
        _open(tmp_path / "e", made_from=others)


def test_other_layout_is_refused(tmp_path):
    close_store(_open(tmp_path / "e"))
    with pytest.raises(OutputError, match="was made from another chunk size;"):
        _open(tmp_path / "e", chunk=5)
    with pytest.raises(OutputError, match="was made from other sizes and other coordinates;"):
        open_store(tmp_path / "e", _template(draws=9), MADE_FROM, chunk=4)
    with pytest.raises(OutputError, match="was made from other coordinates;"):
        open_store(tmp_path / "e", _template().assign_coords(year=2026), MADE_FROM, chunk=4)
    with pytest.raises(OutputError, match="was made from other variables;"):
        open_store(tmp_path / "e", _template().drop_vars("steps"), MADE_FROM, chunk=4)


def test_nothing_is_written_over(tmp_path):
    close_store(_open(tmp_path / "e"))
    with pytest.raises(OutputError, match="an earlier run left chunks; resume, choose another path or delete"):
        _open(tmp_path / "e", resume=False)
    _complete(tmp_path / "e")
    for resume in (True, False):
        with pytest.raises(OutputError, match="is complete already; read it with open_ensemble"):
            _open(tmp_path / "e", resume=resume)


@pytest.mark.parametrize("name", ["e", "e.partial"])
@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_foreign_things_are_refused_and_kept(tmp_path, name, kind):
    thing = tmp_path / name
    if kind == "folder":
        thing.mkdir()
        (thing / "thesis.txt").write_text("four years")
    elif kind == "link":
        thing.symlink_to(tmp_path / "nowhere")
    else:
        thing.write_text("four years")
    with pytest.raises(OutputError, match=f"{name}: is a f.*choose another path"):
        _open(tmp_path / "e")
    assert _list(tmp_path) == [name]
    assert kind != "folder" or _list(thing) == ["thesis.txt"]


def test_what_others_put_into_the_partial_folder_stays(tmp_path):
    with _open(tmp_path / "e") as store:
        (store.partial / "note.txt").write_text("mine")
        _write(store, 0, 1, 2)
        finish(store)
    assert _list(store.partial) == ["note.txt"]


def test_committed_chunk_is_read_back(tmp_path):
    with _open(tmp_path / "e") as store:
        _write(store, 2, 1)
    with _open(tmp_path / "e") as store:
        for number, size in ((1, 4), (2, 2)):
            read, written = read_chunk(store, number), _values(number, size)
            assert read.keys() == written.keys()
            for name in written:
                np.testing.assert_array_equal(read[name], written[name], strict=name != "ended")
        with pytest.raises(UsageError, match="chunk 0: is not committed"):
            read_chunk(store, 0)
        _flip(store.partial / "data" / "sent" / "1.0")
        with pytest.raises(OutputError, match=r"(?s)same call again.*chunk 1 is not as it was written"):
            read_chunk(store, 1)
        assert list_committed(store) == [2]


def test_folder_of_the_path_must_exist(tmp_path):
    with pytest.raises(OutputError, match=r"there is no folder .*missing; make it first"):
        _open(tmp_path / "missing" / "e")


def test_damaged_passport_is_refused(tmp_path):
    with _open(tmp_path / "e") as store:
        _write(store, 0)
    (store.partial / "passport.json").write_text("{}")
    with pytest.raises(OutputError, match=r"passport\.json: is damaged; delete the folder"):
        _open(tmp_path / "e")
    assert (store.partial / "data").is_dir()


def test_open_ensemble_says_what_is_there_instead(tmp_path):
    with pytest.raises(OutputError, match="no such folder"):
        open_ensemble(tmp_path / "e")
    with _open(tmp_path / "e") as store:
        _write(store, 0)
        with pytest.raises(OutputError, match=r"e: is not complete; make the call that began .*e\.partial again"):
            open_ensemble(tmp_path / "e")
    for other in (store.partial, store.partial / "data", tmp_path):
        with pytest.raises(OutputError, match="is no complete ensemble"):
            open_ensemble(other)
    assert not is_finished(tmp_path / "e", MADE_FROM)


def test_open_ensemble_refuses_a_copy_with_files_missing(tmp_path):
    _complete(tmp_path / "e")
    (tmp_path / "e" / "steps" / "0").unlink()
    with pytest.raises(OutputError, match="is damaged, files of steps are missing"):
        open_ensemble(tmp_path / "e")


def test_arguments_are_checked_together(tmp_path):
    template = _template().assign({"when": ("draw", pd.date_range("2025", periods=10))})
    with pytest.raises(UsageError, match=r"(?s)'when': found dtype datetime64.*chunk: found 0.*fingerprint: found {}"):
        open_store(tmp_path / "e", template, {}, chunk=0)
    with pytest.raises(UsageError, match="no variable along 'draw'"):
        open_store(tmp_path / "e", _template()[["capacity"]], MADE_FROM, chunk=1)
    with pytest.raises(UsageError, match=r"expected an xarray\.Dataset"):
        open_store(tmp_path / "e", {}, MADE_FROM, chunk=1)
    with pytest.raises(UsageError, match="path: found '/'"):
        open_store("/", _template(), MADE_FROM, chunk=1)
    assert _list(tmp_path) == []


def test_template_that_cannot_be_stored_leaves_nothing(tmp_path):
    with pytest.raises(UsageError, match="template: cannot be stored"):
        open_store(tmp_path / "e", _template().assign_attrs(made=object()), MADE_FROM, chunk=4)
    assert _list(tmp_path) == []


def test_arrays_that_do_not_fit_are_refused(tmp_path):
    with _open(tmp_path / "e") as store:
        good = _values(0, 4)
        wrong = {"sent": good["sent"][:3], "steps": good["steps"] + 0.5, "ended": np.array(["far too long a word"] * 4)}
        with pytest.raises(UsageError) as caught:
            write_chunk(store, 0, good | wrong)
        assert "sent: found shape (3, 3), expected (4, 3) for draw, link" in str(caught.value)
        assert "steps: found dtype float64, expected int32" in str(caught.value)
        assert "ended: found dtype <U19, expected <U9" in str(caught.value)
        with pytest.raises(UsageError, match="found variables sent, expected sent, steps"):
            write_chunk(store, 0, {"sent": good["sent"]})
        with pytest.raises(UsageError, match="chunk 3: expected one of 0 to 2"):
            write_chunk(store, 3, good)
        assert list_committed(store) == []
        write_chunk(store, 0, good | {"steps": good["steps"].astype("int8")})


# ------------------------------------------------------------------ two writers
def test_second_writer_is_refused_until_the_first_is_gone(tmp_path):
    script = """
        import os, time
        from pathlib import Path
        store = helpers._open(sys.argv[1])
        helpers._write(store, 0)
        child = os.fork()  # a worker that outlives its parent must not hold the folder
        if not child:
            time.sleep(60)
            os._exit(0)
        Path(sys.argv[2]).write_text(f"{os.getpid()} {child}")
        time.sleep(60)
    """
    command, env = _command(script, tmp_path / "e", tmp_path / "ready")
    with subprocess.Popen(command, env=env) as writer:
        until = time.monotonic() + 60
        while not (tmp_path / "ready").exists() or " " not in (tmp_path / "ready").read_text():
            assert time.monotonic() < until
            assert writer.poll() is None
            time.sleep(0.02)
        worker = int((tmp_path / "ready").read_text().split()[1])
        with pytest.raises(OutputError, match=f"is being written by process {writer.pid} on .*; wait for its end"):
            _open(tmp_path / "e")
        writer.kill()
        writer.wait()
    try:
        with _open(tmp_path / "e") as store:
            assert list_committed(store) == [0]
    finally:
        os.kill(worker, signal.SIGKILL)


def test_second_store_in_one_process_is_refused_too(tmp_path):
    with _open(tmp_path / "e"), pytest.raises(OutputError, match=f"is being written by process {os.getpid()} "):
        _open(tmp_path / "e")
    with _open(tmp_path / "e") as store:
        assert isinstance(store, Store)


def test_system_without_fcntl_locks_by_a_file_that_a_kill_leaves_behind(tmp_path):
    script = """
        import os, signal
        from pathlib import Path
        path = Path(sys.argv[1])
        for name in ("a", "b"):
            helpers._complete(path / name)
        store = helpers._open(path / "e")
        helpers._write(store, 0)
        try:
            helpers._open(path / "e")
        except helpers.OutputError as error:
            print(error)
        helpers.close_store(store)
        helpers._open(path / "e")
        sys.stdout.flush()
        store = helpers._open(path / "killed")
        os.kill(os.getpid(), signal.SIGKILL)
    """
    run = _run(script, tmp_path, first="sys.modules['fcntl'] = None")  # as on Windows: importing it fails
    assert run.returncode == -signal.SIGKILL, run.stderr
    assert re.search(r"being written by process \d+ on .*or, if it was killed, delete .*e\.partial\.lock", run.stdout)
    assert _list(tmp_path) == ["a", "b", "e.partial", "killed.partial", "killed.partial.lock"]


# ------------------------------------------------------------------ disks that fail
FAILING = """
    import json, os, subprocess, sys
    from pathlib import Path
    from energyflows.errors import OutputError
    from energyflows.ensemble.storing import close_store, finish, is_finished, list_committed, open_ensemble, open_store
    from energyflows.ensemble.storing import locate_chunk, write_chunk
    import numpy as np, xarray as xr

    folder = Path(sys.argv[1])
    mount = lambda options: subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", str(folder)], check=True)
    template = xr.Dataset({"v": (("draw", "link"), np.broadcast_to(np.nan, (200, 1000)))})
    begin = lambda: open_store(folder / "e", template, {"network": "n"}, chunk=10)
    compute = lambda number: {"v": np.random.default_rng(number).random((10, 1000))}

    def go_on():
        with begin() as store:
            for number in sorted(set(range(20)) - set(list_committed(store))):
                write_chunk(store, number, compute(number))
            finish(store)

    def fail(call=go_on):
        try:
            call()
        except OutputError as error:
            return str(error)

    def check():
        values = open_ensemble(folder / "e")["v"].values
        return bool((values == np.concatenate([compute(number)["v"] for number in range(20)])).all())
"""
NAMESPACE = ["unshare", "--mount", "--map-root-user"]


def _fail_in_namespace(script, folder):
    probe = "mount -t tmpfs -o size=1m none " + str(folder)
    try:
        able = subprocess.run([*NAMESPACE, "sh", "-c", probe], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        able = False
    if not able:
        pytest.skip("this system forbids mounting a small disk in a namespace of its own")
    run = _run(FAILING + script, folder, prefix=NAMESPACE)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.mark.slow
def test_full_disk_keeps_what_is_committed(tmp_path):
    script = """
    mount("size=64k")
    early = fail()
    mount("remount,size=1m")
    full = fail()
    kept = len(list((folder / "e.partial" / "chunks").glob("*.json")))
    again = fail()
    mount("remount,size=50m")
    print(json.dumps([early, full, kept, again, fail(), check()]))
    """
    early, full, kept, again, rest, equal = _fail_in_namespace(script, tmp_path)
    assert "the disk is full; 0 of 20 chunks are kept" in early
    assert 5 <= kept < 20
    assert f"e: chunk {kept} cannot be written, the disk is full; {kept} of 20 chunks are kept in {tmp_path}" in full
    assert full.endswith("e.partial; free space, then make the same call again")
    assert f"the disk is full; {kept} of 20 chunks are kept" in again
    assert rest is None
    assert equal


@pytest.mark.slow
def test_read_only_disk_keeps_what_is_committed(tmp_path):
    script = """
    mount("size=50m")
    mount("remount,ro")
    early = fail()
    mount("remount,rw")
    store = begin()
    write_chunk(store, 0, compute(0))
    close_store(store)
    mount("remount,ro")
    closed = fail()
    mount("remount,rw")
    print(json.dumps([early, closed, fail(), check()]))
    """
    early, closed, rest, equal = _fail_in_namespace(script, tmp_path)
    assert "e: cannot be opened, the disk is read-only; 0 of 20 chunks" in early
    assert "e: cannot be opened, the disk is read-only; 1 of 20 chunks" in closed
    assert rest is None
    assert equal


@pytest.mark.slow
def test_size_limit_of_the_system_is_told(tmp_path):
    script = """
    import resource
    store = begin()
    write_chunk(store, 0, compute(0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
    limited = fail(lambda: write_chunk(store, 1, compute(1)))
    left = [file.name for file in (folder / "e.partial" / "data" / "v").iterdir()]
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    close_store(store)
    print(json.dumps([limited, sorted(left), fail(), check()]))
    """
    run = _run(FAILING + script, tmp_path)
    assert run.returncode == 0, run.stderr
    limited, left, rest, equal = json.loads(run.stdout)
    assert "chunk 1 cannot be written, a file would exceed the size limit; 1 of 20 chunks are kept" in limited
    assert left == [".zarray", ".zattrs", "0.0"]
    assert rest is None
    assert equal


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become another user")
def test_folder_of_another_user_is_told():
    script = """
        import os
        from pathlib import Path
        folder = Path(sys.argv[1])
        helpers._complete(folder / "other")  # loads what the other user may not be able to
        with helpers._open(folder / "e") as store:
            helpers._write(store, 0)
        os.setgid(65534)
        os.setuid(65534)
        for name in ("e", "new"):
            try:
                helpers._open(folder / name)
            except helpers.OutputError as error:
                print(error)
    """
    # Other users cannot look into the folders that pytest makes.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        run = _run(script, folder)
    assert "e: cannot be opened, no permission; 1 of 3 chunks are kept" in run.stdout, run.stderr
    assert "new: cannot be opened, no permission; 0 of 3 chunks are kept" in run.stdout
