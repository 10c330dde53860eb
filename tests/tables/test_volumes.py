"""A user's own table of volumes, in either form, and what is refused."""

import math

import pytest

from energyflows.errors import TableError, UsageError
from energyflows.tables import read_volumes


@pytest.fixture
def read(tmp_path):
    """Return a function that reads a text as a file."""

    def read(text, **options):
        file = tmp_path / "imports.csv"
        file.write_text(text, encoding="utf-8")
        return read_volumes(file, **options)

    return read


def test_rows_and_columns_for_origins_mean_the_same(read):
    long, _ = read("year,origin,twh\n2023,AZ,10\n2023,NO,30\n2024,AZ,20\n2024,NO,20\n")
    wide, _ = read("year,AZ,NO\n2023,10,30\n2024,20,20\n")
    assert (
        long.to_dict()
        == wide.to_dict()
        == {
            ("2023", "AZ"): 10,
            ("2023", "NO"): 30,
            ("2024", "AZ"): 20,
            ("2024", "NO"): 20,
        }
    )
    assert long.index.names == wide.index.names == ["year", "origin"]


def test_case_and_spaces_of_known_headers_do_not_matter(read):
    volumes, notes = read("Year, Origin ,TWh\n2023,AZ,10\n")
    assert (volumes.to_dict(), notes) == ({("2023", "AZ"): 10}, [])


def test_one_supply_needs_no_labels(read):
    volumes, _ = read("origin,bcm\nAZ,1.5\nNO,3\n")
    assert volumes.to_dict() == {"AZ": 1.5, "NO": 3}
    assert volumes.index.names == ["origin"]


def test_rows_that_agree_in_all_labels_are_added_up_and_that_is_said(read):
    volumes, notes = read("year,origin,kind,twh\n2023,NO,pipeline,30\n2023,NO,lng,5\n")
    assert volumes.to_dict() == {("2023", "NO"): 35}
    assert notes == [
        "column 'kind' is left out; --by kind keeps it apart",
        "rows with the same year, origin are added up",
    ]


def test_other_labels_and_other_dims_can_be_chosen(read):
    volumes, notes = read("kind,seller,amount\nspot,A,1\nspot,B,3\n", dim="seller", value="amount", by=["kind"])
    assert (volumes.to_dict(), notes) == ({("spot", "A"): 1, ("spot", "B"): 3}, [])


def test_an_empty_cell_is_missing_and_that_is_said(read):
    volumes, notes = read("year,AZ,NO\n2023,,30\n2024,0,20\n")
    assert math.isnan(volumes["2023", "AZ"])
    assert volumes["2024", "AZ"] == 0
    assert notes == ["1 cell is empty: nothing is computed from what they belong to; write 0 for no volume"]


def test_an_empty_cell_is_not_lost_in_a_sum(read):
    volumes, _ = read("origin,twh\nNO,30\nNO,\n")
    assert math.isnan(volumes["NO"])


@pytest.mark.parametrize(
    ("text", "options", "told"),
    [
        ("origin,twh\nAZ,-1\n", {}, "line 2, column twh: '-1' is negative"),
        ("origin,twh\nAZ,ten\nNO,1\n", {}, "line 2, column twh: 'ten' is no number"),
        ("origin,twh\nAZ,inf\n", {}, "line 2, column twh: 'inf' is infinite"),
        ("origin,twh\n,1\n", {}, "line 2, column origin: empty"),
        ("origin,twh\nAZ,1\nTotal,1\n", {}, "line 3, column origin: 'Total' is a sum"),
        ("year,AZ,NO,Total\n2023,1,2,3\n", {}, "column Total is a sum of the others"),
        ("year,AZ,NO\n2023,1,2\n2023,1,2\n", {}, "several rows for 2023"),
        ("origin,twh,unit\nAZ,1,bcm\nNO,2,TWh\n", {}, "line 3, column unit: found several, expected 'bcm'"),
        ("origin,twh,twh\nAZ,1,1\n", {}, "column twh stands more than once"),
        ("origin,,twh\nAZ,1,1\n", {}, "column 2 has no name"),
        ("origin,twh\nAZ,1,2\n", {}, "line 2: found 3 cells, expected 2"),
        ("origin;twh\nAZ;1\n", {}, "separated by semicolons"),
        ("", {}, "the file is empty; expected a header line with origin and volume"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(read, text, options, told):
    with pytest.raises(TableError, match=told):
        read(text, **options)


def test_all_wrong_cells_are_told_at_once(read):
    with pytest.raises(TableError) as caught:
        read("year,AZ,NO\n2023,-1,x\n2024,1,inf\n")
    assert "3 problem(s)" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "options", "told"),
    [
        ("origin,amount\nAZ,1\n", {}, "no column is told to hold volumes; choose with --value among origin, amount"),
        ("origin,twh,bcm\nAZ,1,1\n", {}, "several columns may hold the volume \\(twh, bcm\\)"),
        ("origin,twh\nAZ,1\n", {"by": ["yaer"]}, "no column 'yaer'"),
        ("origin,twh\nAZ,1\n", {"dim": "seller", "value": "twh"}, "none named 'seller'"),
        ("year,country\n2023,DE\n", {}, "expected one named 'origin' and one with the volume"),
    ],
)
def test_columns_that_do_not_fit_are_told_with_those_there_are(read, text, options, told):
    with pytest.raises(UsageError, match=told):
        read(text, **options)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(TableError, match="no such file"):
        read_volumes(tmp_path / "none.csv")
