"""Differences, rankings and moves against figures worked out by hand."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energyflows.comparison import compare
from energyflows.errors import ResultsError, UnknownNameError, UsageError

YEAR = 365 / 1000  # GWh/d of 2025 to TWh
GROUPS = {"EU27": ["NL", "DE"]}
TABLES = ["flows", "headline", "moved", "notes", "prices", "ranking", "storage", "supply", "unserved"]


@pytest.fixture
def pair(world, join):
    """Return a reference and a scenario in which Russian pipeline gas halves and Germany loses 10 GWh/d."""
    cut = world(
        supplied={"RU pipe": 100.0},
        received={"PIPE-DE": 180.0, "NL-DE": 50.0, "DE injection": 90.0},
        consumed={"DE": 290.0},
        unserved={"DE": 4.0},
        response={"DE": 6.0},
        price={"DE": 100.0},
        stored={"DE storage": 10_000.0},
        objective=6e6,
    )
    return join({"reference": world(), "cut": cut})


def test_there_is_a_table_for_every_question(pair):
    assert sorted(compare(pair)) == TABLES


@pytest.mark.parametrize(
    ("column", "before", "after"),
    [
        ("consumed_twh", 400 * YEAR, 390 * YEAR),
        ("unserved_twh", 0.0, 4 * YEAR),
        ("response_twh", 0.0, 6 * YEAR),
        ("unserved_anywhere_twh", 0.0, 4 * YEAR),
        ("response_anywhere_twh", 0.0, 6 * YEAR),
        ("price_eur_mwh", (20 * 100 + 40 * 300) / 400, (20 * 100 + 100 * 300) / 400),
        ("price_nl_eur_mwh", 20.0, 20.0),
        ("stock_1_nov_twh", 40.0, 10.0),
        ("stock_end_twh", 40.0, 10.0),
        ("lng_twh", 120 * YEAR, 120 * YEAR),
        ("ru_pipeline_anywhere_twh", 200 * YEAR, 100 * YEAR),
        ("ru_lng_anywhere_twh", 120 * YEAR, 120 * YEAR),
        ("az_anywhere_twh", 80 * YEAR, 80 * YEAR),
        ("cost_bn_eur", 5.0, 6.0),
    ],
)
def test_the_headline_tells_each_figure_and_its_change(pair, column, before, after):
    headline = compare(pair, groups=GROUPS)["headline"]
    name, _, unit = column.partition(next(u for u in ("_twh", "_eur_mwh", "_bn_eur") if column.endswith(u)))
    changed = f"{name}_change{column.removeprefix(name)}"
    assert unit == ""
    assert list(headline.index) == ["reference", "cut"]
    assert headline.at["reference", column] == pytest.approx(before)
    assert headline.at["cut", column] == pytest.approx(after)
    assert headline.at["cut", changed] == pytest.approx(after - before)
    assert headline.at["reference", changed] == 0.0


def test_gas_missing_in_store_is_worth_the_reference_price_there(pair):
    row = compare(pair)["headline"].loc["cut"]
    assert row["end_stock_value_bn_eur"] == pytest.approx(30.0 * 40 / 1e3)
    assert row["net_cost_change_bn_eur"] == pytest.approx(1.0 + 1.2)


def test_a_price_bent_below_zero_makes_no_stock_worthless(world, join):
    bent = {"price": {"DE": -250.0}}
    ds = join({"reference": world(**bent), "empty": world(**bent, stored={"DE storage": 0.0})})
    assert compare(ds)["headline"].at["empty", "end_stock_value_bn_eur"] == 0.0


def test_without_groups_the_headline_is_about_all_zones(pair):
    pd.testing.assert_frame_equal(
        compare(pair)["headline"].drop(columns="group"), compare(pair, groups=GROUPS)["headline"].drop(columns="group")
    )
    assert set(compare(pair)["headline"]["group"]) == {"all"}


def test_a_group_leaves_out_what_happens_elsewhere(pair):
    row = compare(pair, groups={"home": ["NL"]})["headline"].loc["cut"]
    assert row["group"] == "home"
    assert row["unserved_twh"] == row["stock_end_twh"] == 0.0
    assert row["unserved_anywhere_twh"] == pytest.approx(4 * YEAR)
    assert row["price_eur_mwh"] == pytest.approx(20.0)


def test_tables_hold_every_zone_link_and_generator_but_no_storage_connection(pair):
    tables = compare(pair)
    cut = {
        name: tables[name].query("scenario == 'cut'") for name in ("prices", "unserved", "flows", "supply", "storage")
    }
    prices = cut["prices"].set_index("zone")
    assert prices["price_eur_mwh"].to_dict() == pytest.approx({"NL": 20.0, "DE": 100.0})
    assert prices["price_change_eur_mwh"].to_dict() == pytest.approx({"NL": 0.0, "DE": 60.0})
    assert cut["unserved"].set_index("zone").at["DE", "unserved_change_twh"] == pytest.approx(4 * YEAR)
    flows = cut["flows"].set_index("link")
    assert list(flows.index) == ["PIPE-DE", "SHIPS-NL", "NL-DE"]
    assert flows.at["PIPE-DE", "flow_change_twh"] == pytest.approx(-100 * YEAR)
    assert flows.at["PIPE-DE", "bus1"] == "DE"
    supply = cut["supply"].set_index("generator")
    assert supply.loc["RU pipe", ["bus", "origin", "route"]].tolist() == ["PIPE", "RU", "PIPE"]
    assert supply.at["RU pipe", "supply_change_twh"] == pytest.approx(-100 * YEAR)
    assert cut["storage"].set_index("zone").at["DE", "stock_end_change_twh"] == pytest.approx(-30.0)


def test_moved_lists_the_largest_changes_of_each_kind_first(pair):
    moved = compare(pair)["moved"]
    told = {(row.kind, row.element): row.difference for row in moved.itertuples()}
    assert told == pytest.approx(
        {
            ("flow", "PIPE-DE"): -100 * YEAR,
            ("flow", "NL-DE"): 30 * YEAR,
            ("supply", "RU pipe"): -100 * YEAR,
            ("price", "DE"): 60.0,
            ("unserved", "DE"): 4 * YEAR,
            ("response", "DE"): 6 * YEAR,
            ("storage", "DE"): -30.0,
        }
    )
    assert list(moved["element"])[:2] == ["PIPE-DE", "NL-DE"]
    assert set(moved["unit"]) == {"TWh", "EUR/MWh"}
    np.testing.assert_allclose(moved["after"] - moved["before"], moved["difference"])


def test_moved_can_be_cut_to_the_largest(pair):
    moved = compare(pair, top=1)["moved"]
    assert list(moved["kind"]) == ["flow", "supply", "price", "unserved", "response", "storage"]


def test_the_ranking_puts_harm_before_price_before_cost(world, join):
    ds = join(
        {
            "reference": world(),
            "dear": world(objective=9e6),
            "short": world(unserved={"DE": 1.0}),
            "high": world(price={"DE": 41.0}),
            "even": world(),
        }
    )
    ranking = compare(ds)["ranking"]
    assert list(ranking["scenario"]) == ["short", "high", "dear", "even", "reference"]
    assert list(ranking["rank"]) == [1, 2, 3, 4, 4]


def test_years_stand_side_by_side_and_cost_in_the_last(world, join):
    years = (2024, 2025)
    ds = join({"reference": world(years), "dear": world(years, objective=7e6)})
    headline = compare(ds)["headline"]
    assert list(zip(headline["year"], headline.index, strict=True)) == [
        (2024, "reference"),
        (2024, "dear"),
        (2025, "reference"),
        (2025, "dear"),
    ]
    assert headline.loc["dear", "consumed_twh"].tolist() == pytest.approx([400 * 0.366, 400 * 0.365])
    assert headline.loc["dear", "cost_change_bn_eur"].tolist() == pytest.approx([np.nan, 2.0], nan_ok=True)
    assert headline.loc["dear", "end_stock_value_bn_eur"].tolist() == pytest.approx([np.nan, 0.0], nan_ok=True)


def test_a_year_that_begins_in_december_has_no_stock_in_november(world, join):
    late = join({"reference": world(), "same": world()}).isel(snapshot=[11])
    headline = compare(late)["headline"]
    assert headline["stock_1_nov_twh"].isna().all()
    assert headline["stock_end_twh"].tolist() == [40.0, 40.0]


def test_gaps_become_gaps_and_no_zeros(world, join):
    gap = world()
    gap["price"][3, 1] = np.nan
    gap["received"][3, 0] = np.nan
    tables = compare(join({"reference": world(), "gap": gap}))
    row = tables["headline"].loc["gap"]
    assert np.isnan(row["price_eur_mwh"])
    assert np.isnan(row["price_change_eur_mwh"])
    flows = tables["flows"].query("scenario == 'gap'").set_index("link")
    assert np.isnan(flows.at["PIPE-DE", "flow_change_twh"])
    assert flows.at["NL-DE", "flow_change_twh"] == 0.0
    assert tables["moved"].empty


def test_the_rest_of_the_world_is_no_zone_of_the_headline(world, join):
    ds = join({"reference": world(), "ships": world(consumed={"SHIPS": 90.0}, response={"SHIPS": 10.0})})
    tables = compare(ds)
    row = tables["headline"].loc["ships"]
    assert row["consumed_change_twh"] == row["response_anywhere_twh"] == 0.0
    assert tables["unserved"].query("zone == 'SHIPS'")["kind"].tolist() == ["elsewhere"] * 2
    assert tables["unserved"].query("scenario == 'ships'").set_index("zone").at["SHIPS", "response_twh"] == 10 * YEAR


def test_notes_labels_and_owners_of_scenarios_are_told_in_words(pair):
    half = {"at": "PIPE-DE", "from": "RU", "to": "AZ", "share": 0.5, "start": "2025-01-01", "end": None}
    amount = {"at": "NL-DE", "to": "AZ", "twh": 2.5, "per": "year", "start": None, "end": "2025-06-30"}
    stake = {"asset": "Field", "owner": "Firm", "country": "RU", "share": 0.1999, "start": None, "end": None}
    told = {"notes": ["only half"], "labels": [half, amount], "ownership": [stake]}
    described = {"reference": {"notes": []}, "cut": told}
    notes = compare(pair.assign_attrs(meta=json.dumps({"scenarios": described})))["notes"]
    assert notes.to_numpy().tolist() == [
        ["cut", "note", "only half"],
        ["cut", "label", "PIPE-DE: 50 % of gas of RU labelled AZ from 2025-01-01"],
        ["cut", "label", "NL-DE: 2.5 TWh a year of gas labelled AZ until 2025-06-30"],
        ["cut", "owner", "Field: Firm (RU) holds 19.99 %"],
    ]


# ------------------------------------------------------------------ properties
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "consumed": st.fixed_dictionaries({"DE": st.floats(1.0, 900.0)}),
        "unserved": st.fixed_dictionaries({"NL": st.floats(0.0, 50.0)}),
        "price": st.fixed_dictionaries({"DE": st.floats(-300.0, 600.0)}),
        "supplied": st.fixed_dictionaries({"AZ pipe": st.floats(0.0, 200.0)}),
        "received": st.fixed_dictionaries({"PIPE-DE": st.floats(0.0, 500.0)}),
        "stored": st.fixed_dictionaries({"DE storage": st.floats(0.0, 9e4)}),
        "objective": st.floats(0.0, 1e9),
    },
)


@settings(max_examples=10)
@given(changes=CHANGES)
def test_the_same_scenario_twice_differs_by_nothing(world, changes, join):
    tables = compare(join({"reference": world(**changes), "same": world(**changes)}))
    for name in ("headline", "prices", "unserved", "flows", "supply", "storage"):
        differences = tables[name].filter(like="_change_")
        assert differences.size
        assert (differences == 0.0).all(axis=None)
    assert tables["moved"].empty


@settings(max_examples=10)
@given(one=CHANGES, other=CHANGES)
def test_seen_from_the_other_side_every_difference_turns_its_sign(world, one, other, join):
    ds = join({"one": world(**one), "other": world(**other)})
    forth, back = compare(ds, "one"), compare(ds, "other")
    for name in ("prices", "unserved", "flows", "supply", "storage"):
        keys = [column for column in forth[name] if column in {"year", "zone", "link", "generator"}]
        there = forth[name].query("scenario == 'other'").set_index(keys).filter(like="_change_")
        here = back[name].query("scenario == 'one'").set_index(keys).filter(like="_change_")
        pd.testing.assert_frame_equal(there, -here, check_exact=False)
    columns = [c for c in forth["headline"] if "_change_" in c and c != "net_cost_change_bn_eur"]
    there, here = forth["headline"].loc["other", columns], back["headline"].loc["one", columns]
    np.testing.assert_allclose(there.to_numpy(float), -here.to_numpy(float), rtol=1e-9, atol=1e-9)


@settings(max_examples=10)
@given(one=CHANGES, other=CHANGES)
def test_the_order_of_scenarios_changes_no_figure(world, one, other, join):
    parts = {"reference": world(), "one": world(**one), "other": world(**other)}
    forth = compare(join(parts))
    back = compare(join(dict(reversed(parts.items()))))
    assert list(forth["headline"].index) == ["reference", "one", "other"]
    assert list(back["headline"].index) == ["reference", "other", "one"]
    pd.testing.assert_frame_equal(forth["headline"].sort_index(), back["headline"].sort_index())
    pd.testing.assert_frame_equal(forth["ranking"], back["ranking"])
    keys = ["scenario", "kind", "element"]
    pd.testing.assert_frame_equal(
        forth["moved"].sort_values(keys, ignore_index=True), back["moved"].sort_values(keys, ignore_index=True)
    )


# ------------------------------------------------------------------ what is refused
def test_results_without_scenarios_are_refused_with_what_to_do(world):
    with pytest.raises(ResultsError, match=r"no dim 'scenario'; run several at once"):
        compare(world())


def test_an_unknown_reference_is_answered_with_the_known(pair):
    with pytest.raises(UnknownNameError, match=r"found 'referenz', expected one of reference, cut"):
        compare(pair, "referenz")


def test_one_scenario_is_not_enough(pair):
    with pytest.raises(ResultsError, match=r"one scenario only, reference"):
        compare(pair.isel(scenario=[0]))


def test_a_name_twice_is_refused(pair):
    with pytest.raises(ResultsError, match=r"found cut more than once"):
        compare(pair.assign_coords(scenario=["cut", "cut"]), "cut")


def test_all_wrong_units_and_the_lack_of_dates_are_told_at_once(pair):
    pair["price"].attrs["units"] = "EUR/GJ"
    pair["stored"].attrs.clear()
    with pytest.raises(ResultsError) as told:
        compare(pair.assign_coords(snapshot=range(12)))
    for text in ("price: found 'EUR/GJ'", "stored: found None", "snapshot: found no dates"):
        assert text in str(told.value)


def test_what_is_no_results_is_refused(pair):
    with pytest.raises(UsageError, match="expected an xarray"):
        compare([1])
    with pytest.raises(ResultsError, match="no variable received"):
        compare(pair.drop_vars("received"))


def test_groups_of_unknown_zones_are_refused_all_at_once(pair):
    with pytest.raises(ResultsError) as told:
        compare(pair, groups={"a": ["NL", "XX"], "b": ["YY"]})
    assert "a: no bus XX" in str(told.value)
    assert "b: no bus YY" in str(told.value)
    for wrong in ("NL", []):
        with pytest.raises(UsageError, match="expected a list of zones"):
            compare(pair, groups={"a": wrong})
