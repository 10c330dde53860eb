"""A user's own observations: used with their gaps shown, or refused with every problem named by line."""

import math

import pandas as pd
import pytest

from energyflows.errors import TableError, UnknownNameError, UsageError
from energyflows.hindcast.observations import COLUMNS, check_series, read_observations

HEADER = "series,period,value,unit"


def write(folder, *rows, header=HEADER):
    path = folder / "mine.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def read_message(path):
    with pytest.raises(TableError) as error:
        read_observations(path)
    return str(error.value)


def read_one(folder, row, header=HEADER):
    return read_observations(write(folder, row, header=header)).iloc[0]


# ------------------------------------------------------------------ what is used
def test_columns_and_types_are_those_of_the_comparison(tmp_path):
    frame = read_observations(write(tmp_path, "TAP-IT,2023-05,8.1,TWh", "price TTF,2023,41,EUR/MWh"))
    assert tuple(frame.columns) == COLUMNS
    assert frame["value"].dtype == float
    assert frame.to_dict("records") == [
        dict(zip(COLUMNS, ("TAP-IT", "2023-05", "month", 8.1, "TWh", "observed", "mine.csv"), strict=True)),
        dict(zip(COLUMNS, ("price TTF", "2023", "year", 41.0, "EUR/MWh", "observed", "mine.csv"), strict=True)),
    ]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("TAP-IT,2023-05,8.1,TWh", 8.1),
        ("TAP-IT,2023-05,8100,GWh", 8.1),
        ("TAP-IT,2023-05,8100000,MWh", 8.1),
        ("TAP-IT,2023-05,3.6,PJ", 1.0),
        ("TAP-IT,2023-05,3600,TJ", 1.0),
        ("TAP-IT,2023-05,100,GWh/d", 3.1),
        ("TAP-IT,2024-02,100,GWh/d", 2.9),
        ("TAP-IT,2023Q2,100,GWh/d", 9.1),
        ("TAP-IT,2023,0.1,TWh/d", 36.5),
        ("TAP-IT,2024,0.1,TWh/d", 36.6),
        ("TAP-IT,2023,0,TWh", 0.0),
        ("TAP-IT,2023,+1.5e1,TWh", 15.0),
        ("stock DE,2023-12-31,200,TWh", 200.0),
        ("stock DE,2023-12-31,200000,GWh", 200.0),
        ("price TTF,2023-05,-1.5,EUR/MWh", -1.5),
    ],
)
def test_units_are_converted(tmp_path, row, expected):
    assert read_one(tmp_path, row)["value"] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("row", "expected"),
    [("TAP-IT,2023,9,bcm,11.05", 99.45), ("TAP-IT,2023-06,20,mcm/d,10.5", 6.3), ("stock DE,2023-12-31,2,bcm,11.5", 23)],
)
def test_volume_is_energy_by_the_calorific_value_of_its_row(tmp_path, row, expected):
    assert read_one(tmp_path, row, f"{HEADER},gcv")["value"] == pytest.approx(expected, rel=1e-12)


def test_optional_columns_are_kept_and_empty_ones_filled(tmp_path):
    header = f"frequency,note,{HEADER},source,confidence,gcv"
    path = write(tmp_path, "month,seen,TAP-IT,2023-05,8.1,TWh,SRG,derived,", ",,TAP-IT,2023-06,8,TWh,,,", header=header)
    assert read_observations(path)[["frequency", "source", "confidence"]].to_numpy().tolist() == [
        ["month", "SRG", "derived"],
        ["month", "mine.csv", "observed"],
    ]


def test_byte_order_mark_windows_lines_spaces_blank_lines_and_trailing_commas_are_no_mistake(tmp_path):
    rows = ["TAP-IT,2023-05,8.1,TWh", "stock DE,2023-12-31,200,TWh"]
    expected = read_observations(write(tmp_path, *rows))
    text = f"\ufeff{HEADER},\r\n\r\n TAP-IT , 2023-05,8.1,TWh,\r\n,,,,\r\n{rows[1]},\r\n\r\n"
    (tmp_path / "mine.csv").write_bytes(text.encode())
    pd.testing.assert_frame_equal(read_observations(tmp_path / "mine.csv"), expected)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_end_of_line_counts_as_one(tmp_path, end):
    (tmp_path / "mine.csv").write_bytes(end.join([HEADER, "A,2023,1,TWh", "", "B,2023,x,TWh"]).encode())
    assert "line 4, column value: found 'x'" in read_message(tmp_path / "mine.csv")


def test_series_stay_in_the_order_of_the_file_and_periods_in_that_of_time(tmp_path):
    path = write(tmp_path, "B,2023-02,2,TWh", "A,2023,9,TWh", "B,2023-01,1,TWh", "B,2022,7,TWh")
    assert read_observations(path)[["series", "value"]].to_numpy().tolist() == [["B", 7], ["B", 1], ["B", 2], ["A", 9]]


def test_file_is_not_changed(tmp_path):
    path = write(tmp_path, "TAP-IT,2023-05,8.1,TWh", "TAP-IT,2023-07,8.1,TWh")
    before = path.read_bytes()
    read_observations(str(path))
    assert path.read_bytes() == before


# ------------------------------------------------------------------ gaps
@pytest.mark.parametrize(
    ("series", "periods", "gaps"),
    [
        ("TAP-IT", ["2022-11", "2023-02"], ["2022-12", "2023-01"]),
        ("TAP-IT", ["2022-12", "2023-01"], []),
        ("TAP-IT", ["2022Q3", "2023Q2"], ["2022Q4", "2023Q1"]),
        ("TAP-IT", ["2019", "2022"], ["2020", "2021"]),
        ("TAP-IT", ["2022Q4", "2023-03"], ["2023-01", "2023-02"]),
        ("TAP-IT", ["2021", "2022Q1", "2022-06"], ["2022-04", "2022-05"]),
        ("TAP-IT", ["2021", "2022Q3"], ["2022Q1", "2022Q2"]),
        ("price TTF", ["2022-11", "2023-01"], ["2022-12"]),
        ("stock DE", ["2023-11-30", "2024-01-31", "2024-02-29"], ["2023-12-31"]),
        ("stock DE", ["2020-12-31", "2021-12-31", "2023-12-31"], ["2022-12-31"]),
        ("stock DE", ["2023-01-01", "2023-01-02", "2023-01-05"], ["2023-01-03", "2023-01-04"]),
        ("stock DE", ["2023-01-02", "2023-01-09", "2023-01-23"], ["2023-01-16"]),
        ("stock DE", ["2023-01-02", "2023-01-09", "2023-01-20"], []),
        ("stock DE", ["2023-01-02"], []),
    ],
)
def test_missing_period_between_others_is_a_row_without_value(tmp_path, series, periods, gaps):
    unit = "EUR/MWh" if series.startswith("price") else "TWh"
    frame = read_observations(write(tmp_path, *(f"{series},{period},5,{unit}" for period in reversed(periods))))
    missing = frame[frame["confidence"] == "gap"]
    assert missing["period"].tolist() == gaps
    assert missing["value"].isna().all()
    assert set(missing["unit"]) <= {unit}
    assert frame["value"].notna().sum() == len(periods)
    assert frame["period"].tolist() == sorted([*periods, *gaps], key=lambda period: pd.Period(period).start_time)


def test_gaps_have_the_frequency_of_their_period(tmp_path):
    path = write(tmp_path, "TAP-IT,2021,9,TWh", "TAP-IT,2022-03,1,TWh", "stock DE,2023-01-31,1,TWh")
    frame = read_observations(path)
    assert frame["frequency"].tolist() == ["year", "month", "month", "month", "day"]


# ------------------------------------------------------------------ what is refused, cell by cell
@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (",2023-05,8.1,TWh", "column series: found an empty cell, expected a name like TAP-IT"),
        ("TAP-IT,,8.1,TWh", "column period: found an empty cell, expected a period like 2023, 2023Q2 or 2023-05"),
        ("TAP-IT,2023-13,8.1,TWh", "column period: found '2023-13', expected a period like"),
        ("TAP-IT,2023-5,8.1,TWh", "column period: found '2023-5', expected a period like"),
        ("TAP-IT,May-23,8.1,TWh", "column period: found 'May-23', expected a period like"),
        ("TAP-IT,2023Q5,8.1,TWh", "column period: found '2023Q5', expected a period like"),
        ("TAP-IT,٢٠٢٣,8.1,TWh", "column period: found '٢٠٢٣', expected a period like"),
        ("TAP-IT,2023-05-31,8.1,TWh", "sum days into months"),
        ("price TTF,2023-05-31,8.1,EUR/MWh", "take the mean of the days of a month"),
        ("stock DE,2023-05,8.1,TWh", "column period: found '2023-05', expected a day like 2023-05-31"),
        ("stock DE,2023-02-30,8.1,TWh", "column period: found '2023-02-30', expected a day like 2023-05-31"),
        ("stock DE,31.05.2023,8.1,TWh", "column period: found '31.05.2023', expected a day like 2023-05-31"),
        ("TAP-IT,2023,,TWh", "column value: found an empty cell, expected a number; leave the row out"),
        ("TAP-IT,2023,NaN,TWh", "column value: found 'NaN', expected a number; leave the row out"),
        ("TAP-IT,2023,:,TWh", "column value: found ':', expected a number; leave the row out"),
        ("TAP-IT,2023,inf,TWh", "column value: found 'inf', expected a finite number"),
        ("TAP-IT,2023,-Infinity,TWh", "column value: found '-Infinity', expected a finite number"),
        ("TAP-IT,2023,1e999,TWh", "column value: found '1e999', expected a finite number"),
        ('TAP-IT,2023,"8,1",TWh', "column value: found '8,1', expected a decimal point"),
        ('TAP-IT,2023,"1,234.5",GWh', "expected a decimal point and no separator of thousands"),
        ("TAP-IT,2023,8.1 TWh,TWh", "column value: found '8.1 TWh', expected a plain number"),
        ("TAP-IT,2023,0x10,TWh", "column value: found '0x10', expected a plain number"),
        ("TAP-IT,2023,1_000,GWh", "column value: found '1_000', expected a plain number"),
        ("TAP-IT,2023,-8,TWh", "column value: found '-8', expected a flow of at least 0; gas that flows the other way"),
        ("stock DE,2023-05-31,-8,TWh", "column value: found '-8', expected a stock of at least 0"),
        ("TAP-IT,2023-05,8100000,TWh", "expected at most 10,000 TWh, twice what Europe uses in a year; check the unit"),
        ("TAP-IT,2023-05,11000000,GWh", "expected at most 10,000 TWh"),
        ("price TTF,2023,20000,EUR/MWh", "expected at most 10,000 EUR/MWh"),
        ("TAP-IT,2023,8.1,", "column unit: found an empty cell, expected for a flow one of TWh, GWh"),
        ("TAP-IT,2023,8.1,twh", "column unit: found 'twh', expected for a flow one of TWh, GWh, MWh"),
        ("TAP-IT,2023,8.1,GWh/day", "did you mean GWh/d"),
        ("TAP-IT,2023,8.1,TWh/y", "column unit: found 'TWh/y', expected for a flow one of"),
        ("TAP-IT,2023,8.1,Mt", "column unit: found 'Mt', expected for a flow one of"),
        ("TAP-IT,2023,8.1,EUR/MWh", "column unit: found 'EUR/MWh', expected for a flow one of"),
        ("stock DE,2023-05-31,8,GWh/d", "column unit: found 'GWh/d', expected for a stock one of TWh, GWh"),
        ("price TTF,2023,41,USD/MMBtu", "column unit: found 'USD/MMBtu', expected for a price one of EUR/MWh"),
        ("TAP-IT,2023,9,bcm", "column unit: found 'bcm', but a bcm of one source is not a bcm of another"),
        ("TAP-IT,2023,25,mcm/d", "name its gross calorific value in TWh/bcm in a column gcv, e.g. 10.55"),
    ],
)
def test_bad_cell_is_told_once_by_line_and_column(tmp_path, row, expected):
    message = read_message(write(tmp_path, "AT-IT,2022,8.1,TWh", row))
    assert message.startswith(f"1 problem(s) in {tmp_path / 'mine.csv'}:\n  - line 3, column ")
    assert expected in message
    assert message.count("\n") == 1


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ("monthly,,", "column frequency: found 'monthly', but the period is a year; leave the cell empty"),
        ("month,,", "column frequency: found 'month', but the period is a year"),
        (
            ",38.2,",
            "column gcv: found '38.2', expected a gross calorific value of 8 to 14 TWh/bcm; divide MJ/m³ by 3.6",
        ),
        (",0,", "column gcv: found '0', expected a gross calorific value"),
        (",rich,", "column gcv: found 'rich', expected a gross calorific value"),
        (",,sure", "column confidence: found 'sure', expected one of observed, derived, estimate"),
        (",,gap", "column confidence: found 'gap', expected one of observed, derived, estimate; leave the row out"),
        (",,Observed", "did you mean observed?"),
    ],
)
def test_bad_optional_cell_is_told(tmp_path, cells, expected):
    path = write(tmp_path, f"TAP-IT,2023,8.1,TWh,{cells}", header=f"{HEADER},frequency,gcv,confidence")
    message = read_message(path)
    assert message.startswith(f"1 problem(s) in {path}:\n  - line 2, column ")
    assert expected in message
    assert message.count("\n") == 1


def test_volume_beside_an_empty_calorific_value_is_told(tmp_path):
    path = write(tmp_path, "TAP-IT,2023,9,bcm,", "TAP-IT,2022,9,bcm,11.05", header=f"{HEADER},gcv")
    assert "line 2, column unit: found 'bcm'" in read_message(path)


# ------------------------------------------------------------------ what is refused between rows
def test_same_period_twice_names_the_first_line(tmp_path):
    message = read_message(write(tmp_path, "TAP-IT,2023-05,8,TWh", "AT-IT,2023-05,8,TWh", "TAP-IT,2023-05,8,TWh"))
    assert "1 problem(s)" in message
    assert "line 4: TAP-IT 2023-05 stands more than once, first in line 2; keep one" in message


def test_year_beside_its_months_names_both(tmp_path):
    months = [f"TAP-IT,2023-{month:02},8,TWh" for month in range(1, 13)]
    message = read_message(write(tmp_path, *months, "TAP-IT,2023,96,TWh", "TAP-IT,2022,90,TWh"))
    assert "1 problem(s)" in message
    assert "line 14: TAP-IT 2023 is told again in lines 2-13 by parts of it; keep one or the other" in message


def test_quarter_overlaps_its_year_and_its_months_only(tmp_path):
    rows = ["A,2023,1,TWh", "A,2023Q2,1,TWh", "A,2023-06,1,TWh", "A,2024-06,1,TWh", "B,2023-06,1,TWh"]
    message = read_message(write(tmp_path, *rows))
    assert "2 problem(s)" in message
    assert "line 2: A 2023 is told again in lines 3-4 by parts of it" in message
    assert "line 3: A 2023Q2 is told again in line 4 by parts of it" in message


def test_stock_twice_on_a_day_is_told(tmp_path):
    message = read_message(write(tmp_path, "stock DE,2023-05-31,8,TWh", "stock DE,2023-05-31,9,TWh"))
    assert "line 3: stock DE 2023-05-31 stands more than once, first in line 2" in message


def test_all_problems_are_told_at_once_in_the_order_of_the_file(tmp_path):
    rows = ["A,2023,-1,TWh", "A,2023-13,1,bcm", "A,2022,1", "A,2021,1,foo", "A,2023,1,TWh", "A,2019,1,bcm"]
    message = read_message(write(tmp_path, *rows))
    found = [line.split(":")[0].strip(" -") for line in message.splitlines()[1:]]
    assert found == [
        "line 2, column value",
        "line 3, column period",
        "lines 3, 7, column unit",
        "line 4",
        "line 5, column unit",
        "line 6",
    ]
    assert message.startswith("6 problem(s)")


def test_one_mistake_in_many_lines_is_one_sentence(tmp_path):
    rows = [f"TAP-IT,{year}-{month:02},0.8,bcm" for year in range(2019, 2026) for month in range(1, 13)]
    message = read_message(write(tmp_path, *rows))
    assert message.startswith("1 problem(s)")
    assert "lines 2-85, column unit: found 'bcm'" in message


# ------------------------------------------------------------------ what is refused as a file
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "the file is empty; expected a header line with series, period, value, unit"),
        (b"\n,,,\n", "the file is empty; expected a header line"),
        (b"series,period,value,unit\n", "no rows below the header; expected one for each series and period"),
        (b"series;period;value;unit\nTAP-IT;2023;8,1;TWh\n", "line 1 is separated by semicolons, expected commas"),
        (b'"series";"period";"value";"unit"\n', "line 1 is separated by semicolons, expected commas"),
        (b"series\tperiod\tvalue\tunit\n", "line 1 is separated by tabs, expected commas"),
        (b"series,period,value,unit\nTAP-IT,2023,8,1,TWh\n", "line 2: found 5 cells, expected 4 as in the header"),
        (b"series,period,value,unit\nTAP-IT,2023\n", "line 2: found 2 cells, expected 4"),
        (b'series,period,value,unit\n"TAP-IT,2023,8,TWh\n', "is not CSV (unexpected end of data); check its quotes"),
        (b"PK\x03\x04\x14\x00\x06", "found an Excel or zip file, expected CSV; save it as 'CSV UTF-8"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "found an old Excel file, expected CSV"),
        (b"\x1f\x8b\x08\x00", "found a compressed file, expected CSV"),
        (HEADER.encode("utf-16"), "found text in UTF-16, expected CSV"),
        (f"{HEADER}\nTAP-IT,2023,8,TWh,Größe".encode("latin-1"), "line 2 is not UTF-8; save it as 'CSV UTF-8"),
        (b"\x00\x01\x02", "found binary data, expected CSV"),
        (b"<html><body>no such page</body></html>", "column series is missing"),
    ],
)
def test_file_that_is_no_table_is_told(tmp_path, content, expected):
    path = tmp_path / "mine.csv"
    path.write_bytes(content)
    message = read_message(path)
    assert str(path) in message
    assert expected in message
    assert len(message) < 2000


def test_missing_and_unknown_columns_are_told_at_once_with_what_they_resemble(tmp_path):
    message = read_message(write(tmp_path, "TAP-IT,2023-13,8.1,x", header="Series,period,values,colour"))
    assert "line 1, column Series is not known" in message
    assert "did you mean series?" in message
    assert "did you mean value?" in message
    assert "line 1, column colour is not known; expected series, period, value, unit and, if needed, freq" in message
    for name in ("series", "value", "unit"):
        assert f"line 1, column {name} is missing" in message


def test_columns_present_are_checked_beside_missing_ones(tmp_path):
    message = read_message(write(tmp_path, "TAP-IT,2023-13,8.1", header="series,period,value"))
    assert "column unit is missing" in message
    assert "line 2, column period: found '2023-13'" in message


def test_doubled_and_unnamed_columns_are_told(tmp_path):
    message = read_message(write(tmp_path, "TAP-IT,2023,8.1,TWh,TWh,seen", header=f"{HEADER},unit,"))
    assert "line 1, column unit stands more than once" in message
    assert "line 1, column 6 has no name" in message


def test_missing_file_is_told(tmp_path):
    assert read_message(tmp_path / "mine.csv") == f"{tmp_path / 'mine.csv'}: no such file"


def test_folder_in_place_of_a_file_is_told(tmp_path):
    assert "cannot be read (Is a directory)" in read_message(tmp_path)


def test_impossible_path_is_told():
    assert "cannot be read (embedded null byte)" in read_message("a\0b.csv")


@pytest.mark.parametrize("path", [None, 3, [HEADER], pd.DataFrame()])
def test_what_is_no_path_is_told(path):
    with pytest.raises(UsageError, match="expected the name of a CSV file"):
        read_observations(path)


# ------------------------------------------------------------------ names
def test_unknown_series_are_told_at_once_with_what_they_resemble(tmp_path):
    path = write(tmp_path, "Tap-It,2023,1,TWh", "Tap-It,2022,1,TWh", "Stock de,2023-12-31,1,TWh", "LNG BE,2023,1,TWh")
    observed = read_observations(path)
    with pytest.raises(UnknownNameError) as error:
        check_series(observed, ["TAP-IT", "stock DE", "stock ES", "LNG BE"])
    message = str(error.value)
    assert f"2 unknown series in {path}, expected any of 4 such as LNG BE, TAP-IT, stock DE, stock ES:" in message
    assert "'Tap-It' (2 rows); did you mean TAP-IT?" in message
    assert "'Stock de' (1 rows); did you mean stock DE?" in message


def test_known_series_pass_and_nothing_is_changed(tmp_path):
    observed = read_observations(write(tmp_path, "TAP-IT,2023,1,TWh", "LNG BE,2023,1,TWh"))
    before = observed.copy()
    check_series(observed, iter(["TAP-IT", "LNG BE", "AT-IT"]))
    pd.testing.assert_frame_equal(observed, before)


def test_many_unknown_series_are_counted():
    observed = pd.DataFrame({"series": [f"X{number}" for number in range(40)]})
    with pytest.raises(UnknownNameError, match="… and 20 more"):
        check_series(observed, ["TAP-IT"])


def test_amount_of_a_year_is_the_same_by_month_quarter_and_day(tmp_path):
    months = write(tmp_path, *(f"A,2024-{month:02},100,GWh/d" for month in range(1, 13)))
    by_month = read_observations(months)["value"].sum()
    by_quarter = read_observations(write(tmp_path, *(f"A,2024Q{q},100,GWh/d" for q in range(1, 5))))["value"].sum()
    assert math.isclose(by_month, by_quarter, rel_tol=1e-12)
    assert math.isclose(by_month, 36.6, rel_tol=1e-12)
