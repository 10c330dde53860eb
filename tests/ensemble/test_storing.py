"""An ensemble on disk is read as it was written, and goes on where its writer ended."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from energyflows.ensemble.storing import (
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


# ------------------------------------------------------------------ what is written is what is read
def test_finished_ensemble_is_the_template_with_values(tmp_path, stores):
    store = stores.complete(tmp_path / "e.zarr")
    ds = open_ensemble(tmp_path / "e.zarr")
    expected = stores.template()
    for name in store.variables:
        dims = expected[name].dims
        parts = [stores.values(number, size)[name] for number, size in enumerate([4, 4, 2])]
        expected[name] = (dims, np.concatenate(parts, axis=dims.index("draw")), expected[name].attrs)
    assert json.loads(ds.attrs.pop("energyflows_fingerprint")) == stores.MADE_FROM
    xr.testing.assert_identical(ds.load(), expected)
    assert ds["optimal"].dtype == bool
    assert ds["steps"].dtype == "int32"
    assert ds["by_link"].dtype == "float32"
    assert ds["day"].dtype.kind == "M"
    assert ds["lag"].dtype.kind == "m"


def test_plain_xarray_opens_it_and_nothing_else_is_left(tmp_path, stores):
    store = stores.complete(tmp_path / "e.zarr")
    assert stores.list_names(tmp_path) == ["e.zarr"]
    assert is_finished(tmp_path / "e.zarr", stores.MADE_FROM)
    assert not is_finished(tmp_path / "e.zarr", stores.MADE_FROM | {"draws": "new"})
    ds = xr.open_zarr(tmp_path / "e.zarr", chunks=None)
    assert ds["sent"].encoding["chunks"] == (4, 3)
    assert ds["by_link"].encoding["chunks"] == (3, 4)
    assert ds["sent"].sel(link="Türkiye-1", draw=109).item() == stores.values(2, 2)["sent"][1, 1]
    with pytest.raises(UsageError, match="not open"):
        stores.write(store, 0)


@settings(max_examples=15)
@given(data=st.data(), draws=st.integers(1, 7), chunk=st.integers(1, 9), rest=st.lists(st.integers(0, 3), max_size=2))
def test_any_shape_and_dtype_round_trips(tmp_path_factory, data, draws, chunk, rest, stores):
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
    with open_store(path, xr.Dataset({"v": (dims, values)}), stores.MADE_FROM, chunk=chunk) as store:
        for number in range(store.chunks):
            span = locate_chunk(store, number)
            write_chunk(store, number, {"v": values.take(range(span.start, span.stop), axis)})
        finish(store)
    read = open_ensemble(path)["v"]
    assert read.dims == tuple(dims)
    assert read.dtype == dtype.newbyteorder("=")
    np.testing.assert_array_equal(read.values, values)


def test_numbers_in_the_byte_order_of_other_machines_are_kept(tmp_path, stores):
    values = np.arange(5, dtype=">i2")
    with open_store(tmp_path / "e", xr.Dataset({"v": ("draw", values)}), stores.MADE_FROM, chunk=5) as store:
        write_chunk(store, 0, {"v": values})
        assert read_chunk(store, 0)["v"].tolist() == [0, 1, 2, 3, 4]
        finish(store)
    assert open_ensemble(tmp_path / "e")["v"].values.tolist() == [0, 1, 2, 3, 4]


# ------------------------------------------------------------------ resuming
def test_resumes_with_what_is_committed(tmp_path, stores):
    with stores.begin(tmp_path / "e") as store:
        stores.write(store, 1)
        assert list_committed(store) == [1]
    with stores.begin(tmp_path / "e") as store:
        assert list_committed(store) == [1]
        with pytest.raises(UsageError, match="chunk 1: expected one of 0 to 2 that is not committed"):
            stores.write(store, 1)
        with pytest.raises(OutputError, match=r"2 of 3 chunks missing:\n  - chunk 0\n  - chunk 2"):
            finish(store)
        assert not (tmp_path / "e").exists()
        stores.write(store, 0, 2)
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
def test_damaged_marker_does_not_count(tmp_path, damage, stores):
    with stores.begin(tmp_path / "e") as store:
        stores.write(store, 0, 1)
    marker = store.partial / "chunks" / "000001.json"
    marker.write_text(damage(marker.read_text()))
    with stores.begin(tmp_path / "e") as store:
        assert list_committed(store) == [0]
        stores.write(store, 1, 2)
        finish(store)
    assert is_finished(tmp_path / "e", stores.MADE_FROM)


def _cut(file):
    file.write_bytes(file.read_bytes()[:-3])


def _flip(file):
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize("damage", [_cut, _flip, Path.unlink, lambda file: file.write_bytes(b"")])
def test_finish_finds_damaged_data_and_a_rerun_mends_it(tmp_path, damage, stores):
    with stores.begin(tmp_path / "e") as store:
        stores.write(store, 0, 1, 2)
        damage(store.partial / "data" / "sent" / "1.0")
        with pytest.raises(OutputError, match=r"(?s)same call again.*chunk 1 is not as it was written"):
            finish(store)
        assert list_committed(store) == [0, 2]
    assert not (tmp_path / "e").exists()
    with stores.begin(tmp_path / "e") as store:
        stores.write(store, 1)
        finish(store)
    np.testing.assert_array_equal(open_ensemble(tmp_path / "e")["sent"][4:8], stores.values(1, 4)["sent"])


@pytest.mark.parametrize("missing", ["passport.json", "data"])
def test_folder_that_was_never_ready_is_begun_anew(tmp_path, missing, stores):
    with stores.begin(tmp_path / "e") as store:
        stores.write(store, 0)
    gone = store.partial / missing
    shutil.rmtree(gone) if gone.is_dir() else gone.unlink()
    with stores.begin(tmp_path / "e") as store:
        assert list_committed(store) == []
        stores.write(store, 0, 1, 2)
        finish(store)
    assert stores.list_names(tmp_path) == ["e"]


def test_empty_folder_of_a_killed_process_is_used(tmp_path, stores):
    (tmp_path / "e.partial").mkdir()
    stores.complete(tmp_path / "e")


def test_leftovers_of_a_kill_between_rename_and_cleaning_do_no_harm(tmp_path, stores):
    with stores.begin(tmp_path / "e") as store:
        stores.write(store, 0, 1, 2)
        shutil.copytree(store.partial, tmp_path / "copy")
        finish(store)
    shutil.rmtree(tmp_path / "copy" / "data")
    shutil.copytree(tmp_path / "copy", store.partial)
    assert open_ensemble(tmp_path / "e").sizes["draw"] == 10
    assert is_finished(tmp_path / "e", stores.MADE_FROM)
    assert not store.partial.exists()
    (tmp_path / "copy").rename(store.partial)
    shutil.rmtree(tmp_path / "e")
    with stores.begin(tmp_path / "e") as store:
        assert list_committed(store) == []


def test_committed_chunk_is_read_back(tmp_path, stores):
    with stores.begin(tmp_path / "e") as store:
        stores.write(store, 2, 1)
    with stores.begin(tmp_path / "e") as store:
        for number, size in ((1, 4), (2, 2)):
            read, written = read_chunk(store, number), stores.values(number, size)
            assert read.keys() == written.keys()
            for name in written:
                np.testing.assert_array_equal(read[name], written[name], strict=name != "ended")
        with pytest.raises(UsageError, match="chunk 0: is not committed"):
            read_chunk(store, 0)
        _flip(store.partial / "data" / "sent" / "1.0")
        with pytest.raises(OutputError, match=r"(?s)same call again.*chunk 1 is not as it was written"):
            read_chunk(store, 1)
        assert list_committed(store) == [2]
