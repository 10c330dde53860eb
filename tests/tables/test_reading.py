"""One CSV file: every mistake is told by line, column, what was found and what was expected."""

import pandas as pd
import pytest

from energyflows.errors import TableError, UnknownNameError
from energyflows.tables import NAMES, find_schema, read_table


def replace_cell(folder, table, line, column, text):
    """Put a text into one cell of a CSV file; the header is line 1."""
    path = folder / f"{table}.csv"
    cells = pd.read_csv(path, dtype=str, keep_default_na=False)
    cells.loc[line - 2, column] = text
    cells.to_csv(path, index=False)
    return path


def read_message(table, path):
    with pytest.raises(TableError) as error:
        read_table(table, path)
    return str(error.value)


@pytest.mark.parametrize("name", NAMES)
def test_table_is_read_as_its_schema_says(toy_folder, name):
    frame = read_table(name, toy_folder / f"{name}.csv")
    expected = {column: str(kind.dtype) for column, kind in find_schema(name).columns.items()}
    found = {column: str(dtype) for column, dtype in frame.dtypes.items()}
    assert list(found) == list(expected)
    assert found == {column: "str" if kind.startswith("str") else kind for column, kind in expected.items()}


def test_unknown_table_is_told_with_the_known_ones(toy_folder):
    with pytest.raises(UnknownNameError, match="no table 'piplines': expected one of zones, pipelines"):
        read_table("piplines", toy_folder / "zones.csv")


@pytest.mark.parametrize(
    ("table", "column", "text", "expected"),
    [
        ("pipelines", "capacity_gwh_d", "-400", "found -400.0, expected a number of at least 0"),
        ("pipelines", "capacity_gwh_d", "inf", "found inf, expected a finite number"),
        ("pipelines", "capacity_gwh_d", "1e999", "found inf, expected a finite number"),
        ("pipelines", "capacity_gwh_d", "-inf", "found -inf, expected a number of at least 0"),
        ("pipelines", "capacity_gwh_d", "400 GWh/d", "found '400 GWh/d', expected a number"),
        ("pipelines", "capacity_gwh_d", "1,5", "found '1,5', expected a number"),
        ("pipelines", "tariff_eur_mwh", "0", "found 0.0, expected a number above 0"),
        ("pipelines", "loss", "0.6", "found 0.6, expected a number of at most 0.5"),
        ("pipelines", "pipeline", "yamal to de", "found 'yamal to de', expected text of the form"),
        ("pipelines", "firmness", "hard", "found 'hard', expected one of firm, interruptible"),
        ("pipelines", "from", "", "found an empty cell, expected a value"),
        ("demand_annual", "twh", "", "found an empty cell, expected a value"),
        ("demand_annual", "twh", "NaN", "found 'NaN', expected a number"),
        ("demand_annual", "year", "2021.5", "found '2021.5', expected a whole number"),
        ("demand_annual", "year", "inf", "found 'inf', expected a whole number"),
        ("demand_annual", "year", "1e30", "found '1e30', expected a whole number"),
        ("demand_annual", "year", "21", "found 21, expected a whole number from 1990"),
        ("demand_profile", "month", "13", "found 13, expected a whole number from 1 to 12"),
        ("demand_profile", "share", "1.2", "found 1.2, expected a number of at most 1"),
        ("rules", "unit", "percent", "found 'percent', expected one of 1, EUR/MWh, GWh/d"),
        ("risk_groups", "country", "Malta", "found 'Malta', expected text of the form"),
        ("rules", "active", "maybe", "found 'maybe', expected true or false"),
        ("zones", "eu", "", "found an empty cell, expected a value"),
        ("zones", "lat", "91", "found 91.0, expected a number of at most 90"),
        ("zones", "confidence", "sure", "found 'sure', expected one of observed, derived, estimate"),
        ("ownership", "valid_from", "31.01.2025", "found '31.01.2025', expected a day like 2025-01-31"),
        ("ownership", "valid_from", "2025-02-30", "found '2025-02-30', expected a day like 2025-01-31"),
        ("ownership", "valid_to", "9999-12-31", "found '9999-12-31', expected a day like 2025-01-31"),
        ("observed_storage", "date", "0001-01-01", "found '0001-01-01', expected a day like 2025-01-31"),
        ("observed_flows", "period", "2025-13", "found '2025-13', expected text of the form"),
        ("observed_flows", "period", "9999", "found '9999', expected text of the form"),
        ("observed_flows", "period", "٢٠٢١", "found '٢٠٢١', expected text of the form"),
    ],
)
def test_bad_cell_is_told_once_by_line_and_column(toy_folder, table, column, text, expected):
    message = read_message(table, replace_cell(toy_folder, table, 2, column, text))
    assert f"1 problem(s) in {toy_folder / table}.csv:" in message
    assert f"line 2, column {column}: {expected}" in message
    assert message.count("\n") == 1


def test_bad_cells_are_told_at_once(toy_folder):
    for line, column, text in ((2, "capacity_gwh_d", "-1"), (4, "loss", "much"), (5, "firmness", "")):
        path = replace_cell(toy_folder, "pipelines", line, column, text)
    message = read_message("pipelines", path)
    assert "3 problem(s)" in message
    assert "line 2, column capacity_gwh_d: found -1.0" in message
    assert "line 4, column loss: found 'much', expected a number" in message
    assert "line 5, column firmness: found an empty cell" in message


def test_missing_and_extra_columns_are_told_at_once(toy_folder):
    path = toy_folder / "zones.csv"
    pd.read_csv(path).drop(columns=["kind", "eu"]).assign(colour="red").to_csv(path, index=False)
    message = read_message("zones", path)
    assert "column kind is missing; expected zone, name, kind" in message
    assert "column eu is missing" in message
    assert "column colour is not known; expected only zone, name, kind" in message


def test_saved_row_numbers_are_an_unknown_column(toy_folder):
    path = toy_folder / "zones.csv"
    pd.read_csv(path).to_csv(path)
    assert "column (unnamed 1) is not known" in read_message("zones", path)


def test_column_given_twice_is_told(toy_folder):
    path = toy_folder / "zones.csv"
    path.write_text("\n".join(f"{line},x" for line in path.read_text().splitlines()).replace("x", "name", 1))
    assert "line 1: column name stands more than once" in read_message("zones", path)


def test_doubled_key_is_told_for_each_line(toy_folder):
    path = replace_cell(toy_folder, "zones", 2, "zone", "DE")
    message = read_message("zones", path)
    assert "line 2: zone DE stands more than once" in message
    assert "line 3: zone DE stands more than once" in message


def test_doubled_link_without_dates_is_told(toy_folder):
    path = replace_cell(toy_folder, "pipelines", 4, "pipeline", "NL-DE")
    assert "line 4: pipeline NL-DE, status in-service stands more than once" in read_message("pipelines", path)


def test_doubled_key_is_told_when_part_of_the_key_is_missing(toy_folder):
    path = replace_cell(toy_folder, "pipelines", 4, "pipeline", "NL-DE")
    pd.read_csv(path).drop(columns="valid_from").to_csv(path, index=False)
    message = read_message("pipelines", path)
    assert "column valid_from is missing" in message
    assert "line 4: pipeline NL-DE, status in-service stands more than once" in message


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("NL,Netherlands", "line 3: found 2 cells, expected 10 as in the header"),
        ("DE,Germany,market,DE,true,51,10,toy,observed,a,b", "line 3: found 11 cells, expected 10"),
        ("", "line 3: found an empty line, expected a row"),
        ('DE,"Ger\nmany",market,DE,true,51,10,toy,observed,', "line 3: found a line break inside a cell"),
    ],
)
def test_row_of_another_length_is_told_by_line(toy_folder, row, expected):
    path = toy_folder / "zones.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:2], row, *lines[3:]]))
    message = read_message("zones", path)
    assert "1 problem(s)" in message
    assert expected in message


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "the file is empty; expected a header line"),
        (b"\n\n", "the file is empty; expected a header line"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\xff\xfe", "not a CSV file in UTF-8"),
        ("zone,name\nDE,Größe".encode("latin-1"), "not a CSV file in UTF-8"),
        ("zone,name".encode("utf-16"), "not a CSV file in UTF-8"),
        (b'zone,name\nDE,"never closed', "not a CSV file in UTF-8"),
        (b"zone;name\nDE;Germany\n", "column zone;name is not known"),
        (b"\x00\x01\x02", "column zone is missing"),
    ],
)
def test_file_that_is_no_table_is_told(tmp_path, content, expected):
    path = tmp_path / "zones.csv"
    path.write_bytes(content)
    message = read_message("zones", path)
    assert str(path) in message
    assert expected in message


def test_missing_file_is_told(tmp_path):
    assert read_message("zones", tmp_path / "zones.csv") == f"{tmp_path / 'zones.csv'}: no such file"


def test_folder_in_place_of_a_file_is_told(tmp_path):
    (tmp_path / "zones.csv").mkdir()
    assert "zones.csv: cannot be read (Is a directory)" in read_message("zones", tmp_path / "zones.csv")


def test_byte_order_mark_windows_lines_spaces_and_empty_end_are_no_mistake(toy_folder):
    path = toy_folder / "zones.csv"
    expected = read_table("zones", path)
    path.write_bytes(
        b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n").replace(b"DE,", b" DE ,") + b"\r\n\r\n"
    )
    pd.testing.assert_frame_equal(read_table("zones", path), expected)


def test_header_only_is_an_empty_table_with_its_types(toy_folder):
    path = toy_folder / "contracts.csv"
    full = read_table("contracts", path)
    path.write_text(path.read_text().splitlines()[0])
    empty = read_table("contracts", path)
    assert empty.empty
    pd.testing.assert_series_equal(empty.dtypes, full.dtypes)
