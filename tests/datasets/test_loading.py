"""Folders of one's own: what replaces, what adds, and what is refused with which words."""

import json
import shutil

import pandas as pd
import pytest

from energyflows.datasets import hash_file, load_tables, strip_passport
from energyflows.errors import EnergyFlowsError, PassportError, TableError
from energyflows.tables import NAMES


def tell(folder, error=TableError):
    with pytest.raises(error) as caught:
        load_tables(folder)
    return str(caught.value)


def describe(folder, *resources):
    """Write a data package that lists these resources."""
    (folder / "datapackage.json").write_text(json.dumps({"name": "toy", "resources": resources}))


def edit(folder, table, **cells):
    """Change cells of the first row of a table."""
    path = folder / f"{table}.csv"
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    for column, text in cells.items():
        frame.loc[0, column] = text
    frame.to_csv(path, index=False)


def add_rows(folder, table, *rows):
    """Write ``TABLE.add.csv``: copies of the first row of the table with changed cells."""
    first = pd.read_csv(folder / f"{table}.csv", dtype=str, keep_default_na=False).iloc[0].to_dict()
    pd.DataFrame([{**first, **row} for row in rows]).to_csv(folder / f"{table}.add.csv", index=False)


def test_folder_of_all_tables_is_loaded_with_passports(toy_folder):
    tables = load_tables(toy_folder)
    assert tuple(tables) == NAMES
    assert list(tables["zones"]["zone"]) == ["NL", "DE", "TR", "YAMAL", "LNGEU", "LNGROW", "LNGUS"]
    passport = tables["zones"].attrs["provenance"]
    assert passport["folder"] == str(toy_folder)
    assert passport["hash"] == hash_file(toy_folder / "zones.csv")


def test_folder_may_be_given_as_text(toy_folder):
    assert len(load_tables(str(toy_folder))["zones"]) == 7


def test_added_rows_follow_those_of_the_table(toy_folder):
    add_rows(toy_folder, "pipelines", {"pipeline": "NL-TR", "from": "NL", "to": "TR", "follows": ""})
    assert list(load_tables(toy_folder)["pipelines"]["pipeline"])[-1] == "NL-TR"


def test_added_header_without_rows_changes_nothing(toy_folder):
    expected = load_tables(toy_folder)["zones"]
    add_rows(toy_folder, "zones")
    (toy_folder / "zones.add.csv").write_text((toy_folder / "zones.csv").read_text().splitlines()[0])
    pd.testing.assert_frame_equal(load_tables(toy_folder)["zones"], expected)


def test_added_row_that_is_there_already_is_told_by_its_own_line(toy_folder):
    add_rows(toy_folder, "zones", {"zone": "FR"}, {"zone": "DE"})
    message = tell(toy_folder)
    assert f"1 problem(s) in {toy_folder / 'zones.add.csv'}:" in message
    assert "line 3: zone DE is in zones.csv already" in message


def test_added_row_with_a_bad_cell_is_told_by_its_own_line(toy_folder):
    add_rows(toy_folder, "zones", {"zone": "FR"}, {"zone": "ES", "lat": "north"})
    message = tell(toy_folder)
    assert str(toy_folder / "zones.add.csv") in message
    assert "line 3, column lat: found 'north', expected a number" in message


def test_added_row_with_an_unknown_zone_is_told_by_its_own_line(toy_folder):
    add_rows(toy_folder, "storages", {"storage": "NL", "zone": "NL"}, {"storage": "XX", "zone": "XX"})
    edit(toy_folder, "storages", zone="YY")
    message = tell(toy_folder)
    assert "storages.csv line 2, column zone: 'YY' is not in zones.csv" in message
    assert "storages.add.csv line 3, column zone: 'XX' is not in zones.csv" in message


def test_mistakes_in_several_files_are_told_at_once(toy_folder):
    edit(toy_folder, "pipelines", capacity_gwh_d="-1", loss="text")
    edit(toy_folder, "rules", unit="percent")
    (toy_folder / "supply.csv").write_bytes(b"")
    message = tell(toy_folder)
    assert "pipelines.csv:\n" in message
    assert "line 2, column capacity_gwh_d: found -1.0, expected a number of at least 0" in message
    assert "line 2, column loss: found 'text', expected a number" in message
    assert "line 2, column unit: found 'percent', expected one of" in message
    assert "supply.csv: the file is empty" in message


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("content", [b"", b"\x00\xff\xfe binary \x80"], ids=["empty", "binary"])
def test_unreadable_file_is_named(toy_folder, name, content):
    (toy_folder / f"{name}.csv").write_bytes(content)
    assert str(toy_folder / f"{name}.csv") in tell(toy_folder)


@pytest.mark.parametrize("name", ["zones", "demand_annual", "demand_profile", "sources", "pipelines", "observed_flows"])
def test_header_only_is_told_where_rows_are_needed(toy_folder, name):
    path = toy_folder / f"{name}.csv"
    path.write_text(path.read_text().splitlines()[0])
    assert f"{name}.csv" in tell(toy_folder)


def test_folder_named_like_a_table_is_told(toy_folder):
    (toy_folder / "zones.csv").unlink()
    (toy_folder / "zones.csv").mkdir()
    assert f"{toy_folder / 'zones.csv'}: cannot be read (Is a directory)" in tell(toy_folder)


@pytest.mark.parametrize("path", ["no/such/folder", "x" * 5000, "a\0b"])
def test_path_that_is_no_folder_is_told(path):
    assert tell(path) == f"{path}: no such folder; expected one that holds tables as NAME.csv"


def test_file_in_place_of_a_folder_is_told(toy_folder):
    assert "zones.csv: no such folder" in tell(toy_folder / "zones.csv")


def test_folder_without_tables_is_told(tmp_path):
    (tmp_path / "notes.txt").write_text("no table")
    message = tell(tmp_path)
    assert f"{tmp_path}: found no table; expected files named after tables: zones, pipelines" in message


@pytest.mark.parametrize("name", ["piplines.csv", "Zones.csv", "PIPELINES.CSV", "zones.extra.csv"])
def test_misspelt_table_is_told(toy_folder, name):
    (toy_folder / "pipelines.csv").rename(toy_folder / name)
    assert f"found {name}; expected files named after tables: zones, pipelines" in tell(toy_folder)


def test_matching_data_package_is_kept_as_passport(toy_folder):
    fields = [{"name": "capacity_gwh_d", "unit": "GWh/d"}, {"name": "name"}]
    passport = {"name": "pipelines", "path": "pipelines.csv", "schema": {"fields": fields}, "title": "Pipes"}
    describe(toy_folder, {**passport, "hash": hash_file(toy_folder / "pipelines.csv")})
    assert load_tables(toy_folder)["pipelines"].attrs["provenance"]["title"] == "Pipes"


def test_wrong_hashes_missing_files_and_units_are_told_at_once(toy_folder):
    describe(
        toy_folder,
        {"name": "zones", "path": "zones.csv", "hash": f"sha256:{64 * '0'}"},
        {"name": "more", "path": "more.csv"},
        {"name": "production", "schema": {"fields": [{"name": "twh", "unit": "bcm"}]}},
        {"name": "pipelines", "schema": {"fields": [{"name": "capacity_gwh_d", "unit": "mcm/d"}]}},
        {"name": "prices", "path": "."},
        {"name": "supply", "path": "x" * 5000},
    )
    message = tell(toy_folder, PassportError)
    assert "6 problem(s) with passports" in message
    assert "zones.csv: hash sha256:" in message
    assert "differs from sha256:000000000000… in datapackage.json" in message
    assert f"python -m energyflows.datasets.refresh {toy_folder}" in message
    assert f"{toy_folder / 'more.csv'}: named in datapackage.json but missing" in message
    assert "production, field twh: unit 'bcm', expected 'TWh'; convert the figures first" in message
    assert "pipelines, field capacity_gwh_d: unit 'mcm/d', expected 'GWh/d'" in message
    assert f"{toy_folder}: named in datapackage.json but cannot be read" in message


@pytest.mark.parametrize(
    ("field", "unit", "expected"),
    [
        ("working_volume_twh", "bcm", "TWh"),
        ("injection_gwh_d", "GWh", "GWh/d"),
        ("cost_eur_mwh", "EUR/GWh", "EUR/MWh"),
        ("eur_mwh", "USD/MMBtu", "EUR/MWh"),
        ("length_km", "miles", "km"),
        ("loss", "percent", "fraction"),
        ("share", "%", "fraction"),
    ],
)
def test_wrong_unit_of_a_field_is_told(toy_folder, field, unit, expected):
    describe(toy_folder, {"name": "zones", "schema": {"fields": [{"name": field, "unit": unit}]}})
    assert f"zones, field {field}: unit {unit!r}, expected {expected!r}" in tell(toy_folder, PassportError)


def test_tables_of_a_folder_without_package_are_loaded(toy_folder):
    (toy_folder / "datapackage.json").unlink()
    assert set(load_tables(toy_folder)) == set(NAMES)


def test_stripping_the_passport_leaves_the_table_as_it_is(toy_folder):
    zones = load_tables(toy_folder)["zones"]
    bare = strip_passport(zones)
    assert bare.attrs == {}
    assert zones.attrs["provenance"]["table"] == "zones"
    pd.testing.assert_frame_equal(bare, zones)


def test_broken_package_of_the_library_is_told(toy_folder, tmp_path, monkeypatch):
    """A damaged installation says so, whatever folder the user gives."""
    damaged = shutil.copytree(toy_folder, tmp_path / "damaged")
    describe(damaged, {"name": "zones", "path": "zones.csv", "hash": "sha256:0"})
    monkeypatch.setattr("energyflows.datasets._loading.find_folder", lambda: damaged)
    assert "zones.csv: hash" in tell(None, PassportError)
    assert "zones.csv: hash" in tell(toy_folder, EnergyFlowsError)


def test_tables_not_in_the_folder_are_the_packaged_ones(toy_folder, tmp_path, monkeypatch):
    own = tmp_path / "own"
    own.mkdir()
    shutil.copy(toy_folder / "zones.csv", own)
    edit(own, "zones", name="The Netherlands")
    monkeypatch.setattr("energyflows.datasets._loading.find_folder", lambda: toy_folder)
    tables = load_tables(own)
    assert tables["zones"]["name"][0] == "The Netherlands"
    assert tables["zones"].attrs["provenance"]["folder"] == str(own)
    assert tables["pipelines"].attrs["provenance"]["folder"] == "packaged"
