"""Whatever happens to the files, loading either succeeds or raises an error of this library."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from energyflows.datasets import load_tables, read_passports
from energyflows.errors import EnergyFlowsError, PassportError, TableError
from energyflows.tables import NAMES, read_table

# The toy folder is made once for all examples; each example puts back what it changed.
SETTINGS = {
    "deadline": None,
    "derandomize": True,
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
}

STRANGE = ["", "nan", "NaT", "<NA>", "inf", "-1", "1e400", "1e30", "1e-320", "0x1F", "1_0", "٣", "½", "true", "None"]
STRANGE += ["9999-12-31", "0001-01-01", "2025-02-29", "0000", "2025Q5", '"', '""', "'", ",", ";", "\n", "\r", "\t"]
STRANGE += ["\0", "\x1a", "\ufeff", "\u202e", "𝒳", "e\u0301", "=1+1", "../zones", "{0}", "%s", "9" * 400, "x" * 140_000]


def set_cell(lines, row, column, text):
    lines[row % len(lines)][column % len(lines[row % len(lines)])] = text


def swap_cells(lines, row, column, text):  # noqa: ARG001
    cells = lines[row % len(lines)]
    here, there = column % len(cells), (column + row) % len(cells)
    cells[here], cells[there] = cells[there], cells[here]


def delete_column(lines, row, column, text):  # noqa: ARG001
    place = column % len(lines[0])
    lines[:] = [cells[:place] + cells[place + 1 :] or [""] for cells in lines]


def delete_row(lines, row, column, text):  # noqa: ARG001
    lines[:] = lines[: row % len(lines)] + lines[row % len(lines) + 1 :] or [[""]]


def double_row(lines, row, column, text):  # noqa: ARG001
    lines.append(list(lines[row % len(lines)]))


def cut(lines, row, column, text):  # noqa: ARG001
    lines[row % len(lines) :] = [lines[row % len(lines)][: column % 30] or [""]]


ACTIONS = st.tuples(
    st.sampled_from([set_cell, set_cell, set_cell, swap_cells, delete_column, delete_row, double_row, cut]),
    st.integers(0, 200),
    st.integers(0, 50),
    st.sampled_from(STRANGE) | st.text(max_size=5) | st.binary(max_size=3).map(lambda raw: raw.decode("latin-1")),
)


def corrupt(content, actions):
    """Return bytes after some accidents."""
    lines = [line.split(",") for line in content.decode().splitlines()]
    for act, row, column, text in actions:
        act(lines, row, column, text)
    return "\n".join(",".join(cells) for cells in lines).encode()


@settings(max_examples=150, **SETTINGS)
@given(name=st.sampled_from(NAMES), actions=st.lists(ACTIONS, min_size=1, max_size=4))
def test_corrupted_file_is_read_or_refused_by_name(toy_folder, tmp_path, name, actions):
    path = tmp_path / f"{name}.csv"
    path.write_bytes(corrupt((toy_folder / f"{name}.csv").read_bytes(), actions))
    try:
        frame = read_table(name, path)
    except TableError as error:
        assert str(path) in str(error)  # noqa: PT017
    else:
        assert frame.notna().any(axis=None) or frame.empty


@settings(max_examples=50, **SETTINGS)
@given(name=st.sampled_from(NAMES), raw=st.binary(max_size=8), place=st.integers(0, 4000))
def test_file_cut_short_or_with_stray_bytes_is_read_or_refused_by_name(toy_folder, tmp_path, name, raw, place):
    content = (toy_folder / f"{name}.csv").read_bytes()
    path = tmp_path / f"{name}.csv"
    for changed in (content[:place], content[:place] + raw + content[place:]):
        path.write_bytes(changed)
        try:
            assert len(read_table(name, path)) < len(changed)
        except TableError as error:
            assert str(path) in str(error)  # noqa: PT017


@settings(max_examples=15, **SETTINGS)
@given(
    changes=st.dictionaries(st.sampled_from(NAMES), st.lists(ACTIONS, min_size=1, max_size=2), min_size=1, max_size=3)
)
def test_folder_of_corrupted_files_is_loaded_or_refused(toy_folder, changes):
    originals = {name: (toy_folder / f"{name}.csv").read_bytes() for name in changes}
    try:
        for name, actions in changes.items():
            (toy_folder / f"{name}.csv").write_bytes(corrupt(originals[name], actions))
        assert tuple(load_tables(toy_folder)) == NAMES
    except EnergyFlowsError as error:
        assert any(f"{name}.csv" in str(error) for name in NAMES)  # noqa: PT017
    finally:
        for name, content in originals.items():
            (toy_folder / f"{name}.csv").write_bytes(content)


@settings(max_examples=15, **SETTINGS)
@given(
    table=st.sampled_from([name for name in NAMES if name != "sources"]),
    row=st.integers(0, 100),
    column=st.integers(0, 25),
    text=st.sampled_from(
        ["", "XX", "0", "1", "2", "0.5", "1e300", "2021", "2100-01-01", "2021-06-30", "EU27", "DE", "true"]
    ),
)
def test_folder_with_one_plausible_but_wrong_cell_is_loaded_or_refused(toy_folder, table, row, column, text):
    path = toy_folder / f"{table}.csv"
    content = path.read_bytes()
    path.write_bytes(corrupt(content, [(set_cell, row, column, text)]))
    try:
        assert tuple(load_tables(toy_folder)) == NAMES
    except EnergyFlowsError as error:
        assert f"{table}.csv" in str(error)  # noqa: PT017
    finally:
        path.write_bytes(content)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "path", "hash", "schema", "fields", "unit", "x"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@settings(max_examples=200, **SETTINGS)
@given(package=JSON | JSON.map(lambda value: {"resources": value}) | st.lists(JSON).map(lambda v: {"resources": v}))
def test_any_json_is_a_package_or_refused(tmp_path, package):
    path = tmp_path / "datapackage.json"
    path.write_text(json.dumps(package))
    try:
        passports = read_passports(tmp_path)
    except PassportError as error:
        assert str(path) in str(error)  # noqa: PT017
    else:
        assert list(passports) == [resource["name"] for resource in package["resources"]]


def test_uncorrupted_bytes_are_read(toy_folder):
    """The accidents above start from something valid."""
    for name in NAMES:
        path = toy_folder / f"{name}.csv"
        path.write_bytes(corrupt(path.read_bytes(), []))
    assert tuple(load_tables(toy_folder)) == NAMES


@pytest.mark.parametrize(
    "text", [text for text in STRANGE if text not in {"1e30", "1e-320", "0000"}], ids=lambda text: ascii(text)[:20]
)
def test_strange_text_in_a_number_is_refused(toy_folder, text):
    path = toy_folder / "production.csv"
    place = path.read_text().splitlines()[0].split(",").index("twh")
    path.write_bytes(corrupt(path.read_bytes(), [(set_cell, 1, place, text)]))
    with pytest.raises(TableError, match=r"production\.csv"):
        read_table("production", path)
