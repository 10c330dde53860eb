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
    assert (volumes.to_dict(), notes) == ({("2023", "AZ"): 10}, ["Counted as origins: AZ (1), of 1 row"])


def test_one_supply_needs_no_labels(read):
    volumes, _ = read("origin,bcm\nAZ,1.5\nNO,3\n")
    assert volumes.to_dict() == {"AZ": 1.5, "NO": 3}
    assert volumes.index.names == ["origin"]


def test_rows_that_agree_in_all_labels_are_added_up_and_that_is_said(read):
    volumes, notes = read("year,origin,kind,twh\n2023,NO,pipeline,30\n2023,NO,lng,5\n")
    assert volumes.to_dict() == {("2023", "NO"): 35}
    assert notes == [
        "Counted as origins: NO (1), of 2 rows",
        "column 'kind' is left out; --by kind keeps it apart",
        "rows with the same year, origin are added up",
    ]


def test_other_labels_and_other_dims_can_be_chosen(read):
    volumes, notes = read("kind,seller,amount\nspot,A,1\nspot,B,3\n", dim="seller", value="amount", by=["kind"])
    assert volumes.to_dict() == {("spot", "A"): 1, ("spot", "B"): 3}
    assert notes == ["Counted as sellers: A, B (2), of 2 rows"]


def test_an_empty_cell_is_missing_and_that_is_said(read):
    volumes, notes = read("year,AZ,NO\n2023,,30\n2024,0,20\n")
    assert math.isnan(volumes["2023", "AZ"])
    assert volumes["2024", "AZ"] == 0
    assert notes[1:] == ["1 cell is empty: nothing is computed from what they belong to; write 0 for no volume"]


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
        ("year,AZ,NO,Total\n2023,1,2,3\n", {}, "column Total: a sum or a group of the others"),
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


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("supplier,twh\nAZ,10\nNO,30\n", ["column twh: seems to hold the volumes", ": --dim supplier,"]),
        ("year,supplier,twh\n2023,AZ,1\n2023,NO,3\n", ["column twh: seems", ": --dim supplier,"]),
        ("country,supplier,amount\nDE,AZ,1\n", ["--dim supplier --value amount or --dim country --value amount"]),
        ("AZ,label\n1,x\n", ["column AZ: seems to hold the volumes", "--dim label --value AZ"]),
        ("twh\n1\n", ["add a column 'origin'"]),
        ("Country of origin,Volume (TWh)\nAZ,1\n", ["--dim 'Country of origin' --value 'Volume (TWh)'"]),
        ("country,value,AZ,NO\nDE,4,1,3\n", ["column value: seems to hold", "--dim country, or leave it out"]),
        ("supplier,DE,FR\nAZ,1,2\n", ["column supplier: seems to name origins; tell so with --dim supplier"]),
        ("fuel,2023,2024-01\ngas,1,2\n", ["columns 2023, 2024-01: a date or a number, no origin"]),
    ],
)
def test_what_may_be_a_long_table_is_never_read_as_a_wide_one(read, text, told):
    with pytest.raises(TableError) as caught:
        read(text)
    assert all(each in str(caught.value) for each in told), caught.value


@pytest.mark.parametrize(
    "name", ["consumption", "Demand", "gas production", "imports", "Exports TWh", "id", "price", "net_imports"]
)
def test_numbers_beside_the_origins_are_refused_by_name_unless_they_are_labels(read, name):
    text = f"country,{name},AZ,NO\nDE,4,1,3\n"
    with pytest.raises(
        TableError,
        match=f"column {name}: no origin by name; leave it out, or keep it as a label with --by country --by",
    ):
        read(text)
    volumes, _ = read(text, by=["country", name])
    assert volumes.to_dict() == {("DE", "4", "AZ"): 1, ("DE", "4", "NO"): 3}


def test_all_columns_that_are_no_origins_are_told_at_once(read):
    with pytest.raises(TableError) as caught:
        read("country,AZ,NO,demand,Total imports,share\nDE,1,2,9,3,4\n")
    assert all(name in str(caught.value) for name in ("demand", "Total imports", "share"))


def test_columns_of_words_with_where_figures_are_from_leave_a_wide_table_wide(read):
    volumes, notes = read("year,AZ,NO,source\n2023,1,3,ministry\n")
    assert volumes.to_dict() == {("2023", "AZ"): 1, ("2023", "NO"): 3}
    assert notes == [
        "Counted as origins: AZ, NO (2), of 1 row",
        "column 'source' is left out; --by source keeps it apart",
    ]


def test_many_origins_are_counted_and_the_first_named(read):
    names = [f"O{place}x" for place in range(14)]
    _, notes = read("origin,twh\n" + "".join(f"{name},{place}\n" for place, name in enumerate(names)))
    assert notes == [f"Counted as origins: {', '.join(names[:12])}, … (14), of 14 rows"]


@pytest.mark.parametrize("header", ["unit", "Unit", "UNITS"])
@pytest.mark.parametrize("text", ["origin,twh,{}\nAZ,1,TWh\nNO,2,bcm\n", "country,AZ,NO,{}\nDE,1,2,TWh\nFR,1,2,bcm\n"])
def test_several_units_are_refused_in_any_spelling_of_their_column(read, text, header):
    with pytest.raises(TableError, match=f"line 3, column {header}: found several, expected 'TWh'"):
        read(text.format(header))


def test_one_unit_is_no_column_left_out(read):
    _, notes = read("country,AZ,NO,Unit\nDE,1,2,TWh\nFR,1,2,twh\n")
    assert notes == ["Counted as origins: AZ, NO (2), of 2 rows"]


def test_units_told_apart_may_differ(read):
    volumes, _ = read("origin,value,unit\nAZ,1,TWh\nAZ,2,bcm\n", by=["unit"])
    assert volumes.to_dict() == {("TWh", "AZ"): 1, ("bcm", "AZ"): 2}


@pytest.mark.parametrize("text", ["origin,twh\n", "year,AZ,NO\n", "origin,twh\n\n ,\n"])
def test_a_file_without_rows_is_told(read, text):
    with pytest.raises(TableError, match="no rows below the header"):
        read(text)


@pytest.mark.parametrize(
    "name",
    [
        *("Total imports", "World total", "Extra-EU", "EU27_2020", "Sum of all", "EU27", "eu", "World", "all partners"),
        *("Extra-EU27 (2020)", "Intra EU", "Subtotal", "European Union"),
    ],
)
def test_sums_and_groups_are_refused_in_rows_and_columns(read, name):
    with pytest.raises(TableError, match=r"line 4, column origin: .* is a sum or a group of others"):
        read(f"origin,twh\nAZ,1\nNO,3\n{name},4\n")
    with pytest.raises(TableError, match=": a sum or a group of the others; leave it out"):
        read(f"year,AZ,NO,{name}\n2023,1,3,4\n")


@pytest.mark.parametrize("name", ["TotalEnergies", "EUstream", "Summit", "Allgas", "Worldwide LNG"])
def test_names_that_only_begin_like_a_sum_are_origins(read, name):
    assert read(f"origin,twh\nAZ,1\n{name},2\n")[0].to_dict() == {"AZ": 1, name: 2}


def test_an_origin_as_large_as_all_others_is_pointed_out(read):
    text = "year,origin,twh\n2023,AZ,1\n2023,NO,3\n2023,Imported,4\n2024,AZ,2\n2024,Imported,2\n"
    assert "'Imported' is the sum of all others in every supply" in read(text)[1][1]
    assert len(read(text + "2025,AZ,1\n2025,Imported,2\n")[1]) == 1


def test_of_two_equal_origins_neither_is_a_sum(read):
    assert len(read("origin,twh\nAZ,2\nNO,2\n")[1]) == 1


@pytest.mark.parametrize("name", ["norway", "NORWAY", "Nor way"])
def test_one_name_in_two_spellings_is_refused_naming_both(read, name):
    with pytest.raises(TableError, match=f"line 3, column origin: 'Norway' and '{name}' are one name"):
        read(f"origin,twh\nNorway,1\n{name},2\n")


def test_one_label_or_column_in_two_spellings_is_refused(read):
    for text in ("country,origin,twh\nde,AZ,1\nDE,NO,2\n", "country,AZ,NO\nde,1,2\nDE,1,2\n"):
        with pytest.raises(TableError, match="line 3, column country: 'de' and 'DE' are one name"):
            read(text)
    with pytest.raises(TableError, match="column Norway and norway stands more than once"):
        read("year,Norway,norway\n2023,1,2\n")


@pytest.mark.parametrize("name", ["Unknown", "Not specified", "other countries", "Rest of world", "unspecified"])
def test_unknown_origins_are_counted_and_that_is_said(read, name):
    volumes, notes = read(f"origin,twh\nAZ,1\n{name},2\n")
    assert volumes[name] == 2
    assert notes[1].startswith(f"'{name}' is counted as one origin; if it holds several")


def test_columns_are_asked_for_without_regard_to_case(read):
    volumes, _ = read("Jahr,Lieferant,Menge\n2023,AZ,10\n", dim="lieferant", value="menge", by=["JAHR"])
    assert volumes.to_dict() == {("2023", "AZ"): 10}
    assert (volumes.index.names, volumes.name) == (["Jahr", "lieferant"], "Menge")
    assert read("Year,Origin,TWh\n2023,AZ,10\n", value="TWh", by=["Year"])[0].index.names == ["year", "origin"]


def test_a_column_that_is_not_there_is_told_with_the_header_of_the_file(read):
    with pytest.raises(UsageError, match=r"found columns Year, origin, TWh:\n  - no column 'Yaer'; did you mean Year"):
        read("Year,origin,TWh\n2023,AZ,10\n", by=["Yaer"])


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"by": ["origin"]}, "--by origin: shares are of origin"),
        ({"by": ["year", "Year"]}, "--by year is given more than once"),
        ({"by": ["twh"], "value": "twh"}, "--by twh: it holds the volume"),
        ({"value": "origin"}, "--value origin: shares are of origin"),
        ({"dim": "twh"}, "--dim 'twh': expected what shares are of"),
        ({"dim": ""}, "--dim '': expected what shares are of"),
    ],
)
def test_a_column_serves_once(read, options, told):
    with pytest.raises(UsageError, match=told):
        read("year,origin,twh\n2023,AZ,10\n", **options)


def test_parts_of_a_year_are_labels(read):
    volumes, _ = read("year,quarter,week,AZ,NO\n2023,1,5,1,3\n2023,2,20,2,2\n")
    assert volumes["2023", "2", "20", "AZ"] == 2
    assert volumes.index.names == ["year", "quarter", "week", "origin"]


def test_very_large_volumes_are_compared_without_overflow(read):
    _, notes = read("year,A1,B1,C1\n2023,1e308,0.5e308,1.5e308\n2024,0,0,0\n")
    assert notes[1].startswith("'C1' is the sum of all others")
