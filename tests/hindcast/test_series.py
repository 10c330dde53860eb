"""What can be compared, and which group it belongs to."""

import pandas as pd
import pytest

from energyflows.hindcast.series import GROUPS, LNG_GROUPS, SAMPLES, _group_link, find_sample, list_members, list_series

INSIDE = {"AT", "IT", "BE", "GB", "HU", "DE"}


def test_the_toy_has_its_links_zones_stores_and_hub(toy):
    series = list_series(toy())
    assert series.index.is_unique
    assert series["kind"].to_dict() == {
        "YAMAL-DE": "link",
        "NL-DE": "link",
        "DE-NL": "link",
        "DE-TR": "link",
        "LNG NL": "lng",
        "LNG north-west": "lng",
        "LNG EU27": "lng",
        "stock EU27": "stock",
        "stock DE": "stock",
        "price TTF": "price",
    }
    assert series.at["LNG EU27", "elements"] == ("NL",)
    assert series.at["stock EU27", "elements"] == ("DE",)
    assert series.at["price TTF", "elements"] == ("NL",)
    assert series.at["price TTF", "unit"] == "EUR/MWh"
    assert set(series["group"]) <= set(GROUPS)


@pytest.mark.parametrize(
    ("start", "end", "kind", "group"),
    [
        ("AT", "IT", "border", "borders"),
        ("GB", "BE", "border", "borders"),
        ("RS", "HU", "russian-route", "russia"),
        ("TR", "BG", "border", "others"),
        ("YAMAL", "DE", "russian-route", "russia"),
        ("BALKANSTREAM", "RS", "russian-route", "russia"),
        ("TURKSTREAM2", "BALKANSTREAM", "russian-route", "russia"),
        ("TANAP", "TAP", "southern-gas-corridor", "tap"),
        ("TAP", "IT", "southern-gas-corridor", "tap"),
        ("TANAP", "TR", "southern-gas-corridor", "others"),
        ("AZ", "GE", "southern-gas-corridor", "others"),
        ("NO", "GB", "norway", "norway"),
        ("NOHUB", "DE", "norway", "others"),
        ("MEDGAZ", "ES", "north-africa", "algeria"),
        ("ES", "MA", "north-africa", "others"),
        ("GREENSTREAM", "IT", "north-africa", "others"),
    ],
)
def test_a_link_belongs_to_the_group_of_its_corridor(start, end, kind, group):
    assert _group_link(start, end, kind, INSIDE) == group


def test_options_are_no_series(toy, toy_rows):
    option = {
        **toy_rows["pipelines"][1],
        "pipeline": "NL-TR",
        "to": "TR",
        "status": "option",
        "valid_from": "2028-01-01",
    }
    tables = toy(pipelines=[*toy_rows["pipelines"], option])
    assert "NL-TR" not in list_series(tables).index


def test_no_zone_is_in_two_groups_and_no_year_in_two_samples():
    zones = [zone for zones in LNG_GROUPS.values() for zone in zones]
    assert len(zones) == len(set(zones))
    years = [year for first, last in SAMPLES.values() for year in range(first, last + 1)]
    assert years == list(range(2019, 2026))
    assert [find_sample(year) for year in years] == ["calibration"] * 4 + ["held-out"] * 3


def test_members_are_the_zones_of_the_union(toy):
    assert list_members(toy()) == ["NL", "DE"]


def test_tables_without_terminals_stores_or_hubs_have_no_such_series(toy):
    tables = toy()
    for name in ("lng_terminals", "storages"):
        tables[name] = tables[name].iloc[:0]
    tables["zones"] = tables["zones"][tables["zones"]["zone"] != "NL"]
    assert set(list_series(tables)["kind"]) == {"link"}
    assert isinstance(list_series(tables), pd.DataFrame)
