"""Estimates moved within their ranges: the ends, the value between, what belongs together, and what stays true."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from energyflows import build_network, load_tables
from energyflows.datasets import check_given
from energyflows.errors import UsageError
from energyflows.hindcast.uncertainty.sums import share_out
from energyflows.hindcast.uncertainty.varying import find_ranges, interpolate, list_unknowns, vary_tables
from energyflows.tables._crosschecks import MAIN_VALUES, SECOND_VALUES

#: Tables whose rows all become estimates; the others hold nothing that enters a network.
TABLES = [name for name in MAIN_VALUES if name not in ("ownership", "rules", "observed_imports")]
QUANTILES = st.floats(0.0, 1.0)


def make_uncertain(rows, low=0.8, high=1.25, names=TABLES):
    """Return toy rows of which every figure is an estimate; what the EU has in store is not told."""
    figures = [(name, column, "") for name, column in MAIN_VALUES.items()] + list(SECOND_VALUES)
    told = {name: [dict(row) for row in rows[name] if row.get("zone") != "EU27"] for name in names}
    for name, column, prefix in figures:
        for row in told.get(name, []):
            if row[column] == "":
                continue
            value = float(row[column])
            row |= {f"{prefix}confidence": "estimate", f"{prefix}low": low * value, f"{prefix}high": high * value}
            if column == "share":
                row[f"{prefix}high"] = min(high * value, 1.0)
    return told


@pytest.fixture
def uncertain(toy, toy_rows):
    return toy(**make_uncertain(toy_rows))


def draw_all(tables, quantile):
    return dict.fromkeys(list_unknowns(tables)["unknown"], quantile)


def assert_same_network(one, other):
    for component in one.components:
        twin = other.c[component.name]
        pd.testing.assert_frame_equal(component.static, twin.static, check_exact=True)
        assert set(component.dynamic) == set(twin.dynamic)
        for name, frame in component.dynamic.items():
            pd.testing.assert_frame_equal(frame, twin.dynamic[name], check_exact=True)


# ------------------------------------------------------------------ the ends and the middle
def test_the_median_is_the_table(uncertain):
    for draw in ({}, draw_all(uncertain, 0.5)):
        varied = vary_tables(uncertain, draw)
        for name, table in uncertain.items():
            pd.testing.assert_frame_equal(varied[name], table, check_exact=True)
            assert varied[name].attrs == table.attrs
    assert_same_network(build_network(2021, tables=varied), build_network(2021, tables=uncertain))


def test_given_tables_stay_as_they_are(uncertain):
    kept = {name: table.copy() for name, table in uncertain.items()}
    vary_tables(uncertain, draw_all(uncertain, 0.9))
    for name, table in kept.items():
        pd.testing.assert_frame_equal(uncertain[name], table, check_exact=True)


@pytest.mark.parametrize(("quantile", "end"), [(0.0, "low"), (1.0, "high")])
def test_ends_are_hit_exactly(uncertain, quantile, end):
    varied = vary_tables(uncertain, draw_all(uncertain, quantile))
    # Shares of a year and of a route keep their sum, so they cannot all be at one end.
    figures = [(name, column, "") for name, column in MAIN_VALUES.items() if name in TABLES and column != "share"]
    for name, column, prefix in [*figures, *SECOND_VALUES]:
        table = uncertain[name]
        ranged = table[column].notna() & (table[f"{prefix}confidence"] == "estimate")
        if column == "peak_day_gwh_d" or name == "prices":
            continue
        if name == "parameters":
            ranged &= ~table["parameter"].str.startswith("stress_")
        np.testing.assert_array_equal(varied[name].loc[ranged, column], table.loc[ranged, f"{prefix}{end}"])


def test_only_what_enters_the_network_moves(uncertain):
    varied = vary_tables(uncertain, draw_all(uncertain, 1.0))
    moved = varied["prices"]["eur_mwh"] != uncertain["prices"]["eur_mwh"]
    assert set(varied["prices"].loc[moved, "hub"]) == {"JKM"}
    known = varied["parameters"]["parameter"].str.startswith("stress_")
    pd.testing.assert_frame_equal(varied["parameters"][known], uncertain["parameters"][known])
    for name in ("zones", "rules", "ownership", "observed_imports", "sources"):
        pd.testing.assert_frame_equal(varied[name], uncertain[name])


def test_what_is_no_estimate_stays(toy):
    assert list_unknowns(toy()).empty
    varied = vary_tables(toy(), {})
    assert all(varied[name].equals(table) for name, table in toy().items())


@given(st.lists(st.floats(0, 100), min_size=3, max_size=3).map(sorted), QUANTILES, QUANTILES)
def test_quantiles_rise_between_the_ends(ends, one, other):
    low, value, high = (np.array([end]) for end in ends)
    least, most = sorted((one, other))
    first, second = (interpolate(low, value, high, np.array([u])).item() for u in (least, most))
    assert ends[0] <= first <= second + 1e-12 * ends[2] <= ends[2] * (1 + 1e-11)
    np.testing.assert_allclose(first, np.interp(least, [0, 0.5, 1], ends), rtol=1e-12, atol=1e-12)


# ------------------------------------------------------------------ one judgement, one unknown
def test_rows_of_one_thing_have_one_unknown(uncertain):
    found = list_unknowns(uncertain).set_index("unknown")
    assert found.at["demand_annual.twh DE", "rows"] == 12
    assert found.at["supply.cost_eur_mwh YAMAL minimum", "rows"] == 12
    # Seven observed years and twelve offered ones of the same route.
    assert found.at["observed_flows.twh YAMAL", "rows"] == 19
    assert found.at["parameters.value row_response_share", "rows"] == 8
    varied = vary_tables(uncertain, {"production.twh NL gas": 0.75})["production"]
    assert varied.query("zone == 'NL'")["twh"].tolist() == [20 + 0.5 * 5] * 12
    assert varied.query("zone == 'TR'")["twh"].tolist() == [10.0] * 12


def test_groups_are_few_and_all_there(uncertain):
    groups = set(list_unknowns(uncertain)["group"])
    assert groups == {
        "demand",
        "production",
        "supply",
        "costs",
        "fees",
        "capacities",
        "contracts",
        "storage",
        "lng bounds",
        "parameters",
    }


def test_a_profile_gets_more_or_less_of_a_winter(uncertain):
    winter = {}
    for u in (0.0, 0.3, 0.5, 0.8, 1.0):
        profile = vary_tables(uncertain, {"demand_profile.share DE": u})["demand_profile"]
        chosen = (profile["zone"] == "DE") & profile["month"].isin([10, 11, 12, 1, 2, 3])
        winter[u] = profile.loc[chosen, "share"].sum()
    assert list(winter.values()) == sorted(winter.values())
    # 0.65 of the year in winter at 1.25 times, 0.35 in summer at 0.8 times, of their sum.
    assert winter[1.0] == pytest.approx(0.65 * 1.25 / (0.65 * 1.25 + 0.35 * 0.8))


def test_bounds_rates_and_the_rest_of_the_world_go_along(uncertain):
    draw = {"lng_suppliers.twh LNGUS LNGEU": 1.0, "storages.working_volume_twh DE": 0.0, "supply.twh LNGUS export": 1.0}
    varied = vary_tables(uncertain, draw)
    lng = varied["lng_suppliers"].query("pool == 'LNGEU'")
    assert lng[["min_twh", "twh", "max_twh"]].drop_duplicates().to_numpy().tolist() == [[100.0, 137.5, 375.0]]
    store = varied["storages"].iloc[0]
    assert (store["injection_gwh_d"], store["withdrawal_gwh_d"]) == pytest.approx((240.0, 400.0))
    # An estimate of the rest of the world's demand is an estimate of its own; a residual is not.
    demand = varied["demand_annual"].query("zone == 'LNGROW'")["twh"]
    assert demand.unique().tolist() == [365.0]


def test_the_rest_of_the_world_takes_what_exporters_load(toy, toy_rows):
    tables = toy(**make_uncertain(toy_rows, names=["supply"]))
    varied = vary_tables(tables, {"supply.twh LNGUS export": 0.0})["demand_annual"]
    assert varied.query("zone == 'LNGROW'")["twh"].unique().tolist() == [365.0 - 100.0]
    assert varied.query("zone == 'DE'")["twh"].unique().tolist() == [146.0]


def test_months_derived_from_an_estimated_year_go_along(toy):
    year = {
        "series": "YAMAL",
        "link": "",
        "frequency": "year",
        "period": "2019",
        "twh": 73,
        "source": "toy",
        "note": "",
    }
    year |= {"confidence": "estimate", "low": 60, "high": 90}
    months = [
        {
            **year,
            "frequency": "month",
            "period": f"2019-{m:02}",
            "twh": 73 / 12,
            "confidence": "derived",
            "low": "",
            "high": "",
        }
        for m in range(1, 13)
    ]
    varied = vary_tables(toy(observed_flows=[year, *months]), {"observed_flows.twh YAMAL": 1.0})["observed_flows"]
    assert varied.query("frequency == 'month'")["twh"].sum() == pytest.approx(90.0)
    known = [
        {**year, "confidence": "observed"},
        *({**m, "confidence": "estimate", "low": 5, "high": 7} for m in months),
    ]
    assert list_unknowns(toy(observed_flows=known)).empty


def test_countries_share_a_stock_that_is_known(toy, toy_rows):
    rows = [row for row in toy_rows["observed_storage"] if row["zone"] == "EU27"]
    guess = {"confidence": "estimate", "low": 10, "high": 20}
    rows += [{**row, **guess, "zone": zone, "twh": 15} for row in rows for zone in ("DE", "NL")]
    store = {**toy_rows["storages"][0], "storage": "NL", "zone": "NL"}
    tables = toy(observed_storage=rows, storages=[*toy_rows["storages"], store])
    stocks = vary_tables(tables, {"observed_storage.twh DE": 1.0})["observed_storage"].set_index("zone")["twh"]
    # 5 TWh too much, of which Germany has room to give back 10 and the Netherlands 5.
    np.testing.assert_allclose(stocks["DE"], 20 - 5 * 10 / 15)
    np.testing.assert_allclose(stocks["NL"], 15 - 5 * 5 / 15)


def test_stocks_stay_within_a_volume_that_was_varied(toy, toy_rows):
    tables = toy(**make_uncertain(toy_rows, low=0.5, names=["storages"]))
    varied = vary_tables(tables, {"storages.working_volume_twh DE": 0.0})
    assert varied["observed_storage"].query("zone == 'DE'")["twh"].max() == 20.0
    build_network(2021, tables=varied)


@given(
    st.lists(st.tuples(*[st.floats(0, 100)] * 3, QUANTILES).map(lambda row: (*sorted(row[:3]), row[3])), min_size=1),
)
def test_sharing_out_keeps_the_sum_and_the_ranges(rows):
    low, old, high, u = (np.array(column) for column in zip(*rows, strict=True))
    closed = share_out(interpolate(low, old, high, u), low, high, float(old.sum()))
    assert closed.sum() == pytest.approx(old.sum(), abs=1e-9)
    assert np.all((low <= closed) & (closed <= high))


# ------------------------------------------------------------------ valid whatever is drawn
@pytest.fixture(params=[(0.05, 1.0), (1.0, 3.0), (0.05, 3.0), (0.8, 1.25)], ids=str)
def world(request, toy, toy_rows):
    """Return toys whose estimates have ranges to one side, to both, wide and narrow, each with its unknowns."""
    tables = toy(**make_uncertain(toy_rows, *request.param))
    return tables, list(list_unknowns(tables)["unknown"])


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_draw_gives_valid_tables(world, data):
    tables, names = world
    draw = dict(zip(names, data.draw(st.lists(QUANTILES, min_size=len(names), max_size=len(names))), strict=True))
    varied = vary_tables(tables, draw)
    assert set(check_given(varied)) == set(tables)
    lng, stock = varied["lng_suppliers"], varied["observed_storage"].query("zone == 'DE'")
    assert (lng["min_twh"] <= lng["twh"]).all()
    assert (lng["twh"] <= lng["max_twh"]).all()
    assert stock["twh"].max() <= varied["storages"]["working_volume_twh"].item() + 1e-9


def test_a_draw_that_is_none_is_refused(uncertain):
    with pytest.raises(UsageError) as error:
        vary_tables(
            uncertain, {"demand of Narnia": 0.5, "demand_annual.twh DE": 1.5, "contracts.annual_twh toy": "much"}
        )
    told = str(error.value)
    assert "3 problem(s)" in told
    assert "'demand of Narnia' is no unknown" in told
    assert "found 1.5, expected a number from 0 to 1" in told
    assert "found 'much'" in told
    with pytest.raises(UsageError, match="load_tables"):
        vary_tables(None, {})


# ------------------------------------------------------------------ the packaged tables
@pytest.fixture(scope="module")
def packaged():
    return load_tables()


@pytest.mark.slow
def test_the_packaged_median_builds_the_same_network(packaged):
    varied = vary_tables(packaged, draw_all(packaged, 0.5))
    assert_same_network(build_network(2023, tables=varied), build_network(2023, tables=packaged))


def _total(tables, series, year):
    flows = tables["observed_flows"]
    chosen = flows["series"].isin(series) & (flows["period"] == str(year))
    return flows.loc[chosen, "twh"].sum()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_known_sums_of_the_packaged_tables_are_kept(packaged, seed):
    names = find_ranges(packaged).names
    draw = dict(zip(names, np.random.default_rng(seed).random(len(names)).tolist(), strict=True))
    varied = vary_tables(packaged, draw)
    check_given(varied)
    for year in (2020, 2022, 2024, 2025):
        lines = ("BLUESTREAM", "TURKSTREAM1")
        assert _total(varied, lines, year) == pytest.approx(_total(packaged, lines, year), abs=1e-6)
    for year in (2019, 2020, 2021):
        exits = ("YAMAL-DE", "YAMAL-PL")
        assert _total(varied, exits, year) == pytest.approx(_total(packaged, exits, year), abs=1e-6)
    stocks = varied["observed_storage"][varied["observed_storage"]["date"] == "2019-12-31"].set_index("zone")["twh"]
    members = packaged["zones"].loc[packaged["zones"]["eu"], "zone"]
    assert stocks[stocks.index.isin(members)].sum() == pytest.approx(stocks["EU27"])
    np.testing.assert_allclose(_leave(varied), _leave(packaged))


def _leave(tables):
    """Return what LNG exporters load beyond the demand of the rest of the world, by year."""
    supply, demand = tables["supply"], tables["demand_annual"]
    loaded = supply[supply["tier"] == "export"].groupby("year")["twh"].sum()
    taken = demand[demand["zone"] == "LNGROW"].set_index("year")["twh"]
    return (loaded - taken).loc[2019:2025]
