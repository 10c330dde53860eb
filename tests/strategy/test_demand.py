"""Demand curves: they pass through what was observed with the elasticity asked for, and steps hold their area."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from energyflows.errors import ResultsError, UsageError
from energyflows.network import build_network
from energyflows.solving import solve
from energyflows.strategy import calibrate_demand, check_elasticity, rate_prices, read_elasticity, step_demand
from energyflows.strategy.demand import EDGES

PRICE = pd.Series({"NL": 20.0, "DE": 25.0, "TR": 0.2})


@pytest.fixture(scope="module")
def n(toy):
    """Build the toy of 2025: two markets in the Union and Türkiye consume, and the world by ship."""
    return build_network(2025, tables=toy())


@pytest.fixture
def priced(toy):
    """Return tables whose hub cost 40 EUR/MWh in 2025, half the year 30 and half 50."""
    tables = toy()
    prices = tables["prices"]
    hub = prices["hub"] == "TTF"
    rows = prices[hub & (prices["period"].astype(str) == "2025")]
    months = pd.concat([rows] * 12).assign(
        period=[f"2025-{month:02}" for month in range(1, 13)], frequency="month", eur_mwh=[30.0] * 6 + [50.0] * 6
    )
    tables["prices"] = pd.concat([prices.drop(rows.index), months], ignore_index=True)
    return tables


def test_months_go_before_the_year_and_are_not_counted_with_it(n, priced):
    prices = priced["prices"]
    year = prices[prices["hub"] == "TTF"].iloc[[0]].assign(period="2025", frequency="year", eur_mwh=90.0)
    both = {**priced, "prices": pd.concat([prices, year], ignore_index=True)}
    assert float(rate_prices(n, both)["NL"]) == pytest.approx(40.0)
    outlook = prices[~prices["period"].astype(str).str.startswith("2025") | (prices["hub"] != "TTF")]
    alone = {**priced, "prices": pd.concat([outlook, year.assign(confidence="estimate")], ignore_index=True)}
    assert float(rate_prices(n, alone)["NL"]) == pytest.approx(90.0)


@given(st.floats(-10.0, -0.01))
def test_curves_pass_through_the_point_with_the_elasticity(n, elasticity):
    curves = calibrate_demand(n, elasticity, price=PRICE)
    quantity, price = curves["quantity"], curves["price"]
    a, b = curves["intercept"], curves["slope"]
    np.testing.assert_allclose(a - b * quantity, price)
    step = 1e-6 * price
    demanded = [(a - (price + sign * step)) / b for sign in (1, -1)]
    found = (demanded[0] - demanded[1]) / (2 * step) * price / quantity
    np.testing.assert_allclose(found, elasticity, rtol=1e-5)
    assert curves.attrs["elasticity"] == elasticity
    assert curves["slope"].attrs["units"] == "EUR/MWh per GWh/d"


def test_who_consumes_has_a_curve_and_gas_for_nothing_is_worth_a_little(n):
    curves = calibrate_demand(n, -0.3, price=PRICE)
    assert sorted(curves["bus"].to_numpy().tolist()) == ["DE", "NL", "TR"]
    assert (curves["price"].sel(bus="TR") == 1.0).all()
    assert (curves["price"].sel(bus="DE") == 25.0).all()
    loads = n.get_switchable_as_dense("Load", "p_set").T.groupby(n.loads["bus"]).sum().T
    assert (curves["quantity"].to_pandas() == loads[curves["bus"].to_numpy()]).all(axis=None)


def test_the_level_is_that_of_the_hub_and_differences_those_of_the_network_up_to_the_dearest_member(n, toy, priced):
    plain, dear = (calibrate_demand(n, -0.3, tables=tables)["price"].isel(snapshot=0) for tables in (toy(), priced))
    assert float(plain.sel(bus="NL")) == pytest.approx(30.0)
    assert float(dear.sel(bus="NL")) == pytest.approx(40.0)
    np.testing.assert_allclose(dear / plain, 40 / 30)
    results = solve(n)
    paid = (results["price"] * results["weight_days"]).sum("snapshot") / 365
    ratio = (paid / paid.sel(bus="NL")).sel(bus=plain["bus"])
    dearest = float(ratio.sel(bus=["NL", "DE"]).max())
    assert float(ratio.sel(bus="TR")) > dearest
    np.testing.assert_allclose(plain / plain.sel(bus="NL"), ratio.clip(max=dearest))


def test_the_area_below_steps_is_that_below_the_line(n):
    curves = calibrate_demand(n, -0.18, price=PRICE)
    stepped = step_demand(n, curves)
    for zone in curves["bus"].to_numpy():
        names = stepped.generators.index[
            stepped.generators["bus"].eq(zone) & stepped.generators["carrier"].eq("response")
        ]
        widths = (stepped.get_switchable_as_dense("Generator", "p_max_pu") * stepped.generators["p_nom"])[names]
        worth = stepped.get_switchable_as_dense("Generator", "marginal_cost")[names]
        line = curves.sel(bus=zone).to_pandas()
        np.testing.assert_allclose((widths * worth).sum(axis=1), line["intercept"] ** 2 / line["slope"] / 2)
        np.testing.assert_allclose(widths.sum(axis=1), stepped.loads_t.p_set[f"{zone} demand"])
        np.testing.assert_allclose(stepped.loads_t.p_set[f"{zone} demand"], line["intercept"] / line["slope"])


def test_steps_at_the_calibrated_price_take_the_calibrated_quantity(n):
    curves = calibrate_demand(n, -0.5, price=PRICE)
    stepped = step_demand(n, curves)
    cost = stepped.get_switchable_as_dense("Generator", "marginal_cost")
    rate = stepped.get_switchable_as_dense("Generator", "p_max_pu") * stepped.generators["p_nom"]
    response = stepped.generators.index[stepped.generators["carrier"] == "response"]
    for zone in ("NL", "DE"):
        own = response[stepped.generators.loc[response, "bus"] == zone]
        cheap = cost[own] < PRICE[zone] * (1 - 1e-9)
        taken = stepped.loads_t.p_set[f"{zone} demand"] - rate[own].where(cheap, 0.0).sum(axis=1)
        # The step around the point is 10 % of the price wide: half of it, times the elasticity.
        np.testing.assert_allclose(taken, curves["quantity"].sel(bus=zone), rtol=0.05 * 0.5 + 1e-9)


def test_what_stood_for_demand_not_met_is_gone_where_there_is_a_curve(n):
    before = n.generators.copy()
    stepped = step_demand(n, calibrate_demand(n, -0.3, price=PRICE))
    lost = stepped.generators["carrier"] == "unserved"
    assert set(stepped.generators.loc[lost, "bus"]) == set(before.loc[before["carrier"] == "unserved", "bus"]) - {
        "DE",
        "NL",
        "TR",
    }
    rest = before.index[before["bus"] == "LNGROW"]
    assert stepped.generators.loc[rest, "marginal_cost"].equals(before.loc[rest, "marginal_cost"])
    assert n.generators.equals(before)


def test_a_network_with_steps_consumes_about_what_was_observed(n):
    reference = solve(n)
    price = ((reference["price"] * reference["weight_days"]).sum("snapshot") / 365).to_series()
    stepped = step_demand(n, calibrate_demand(n, -0.3, price=price))
    ds = solve(stepped)
    most = xr.DataArray(stepped.loads_t.p_set[["NL demand", "DE demand"]].to_numpy(), dims=("snapshot", "bus"))
    given_up = ds["response"].sel(bus=["NL", "DE"]).drop_vars(["snapshot", "bus"])
    days = ds["weight_days"].drop_vars("snapshot")
    taken = ((most - given_up) * days).sum("snapshot") / 1e3
    np.testing.assert_allclose(taken, [73, 146], rtol=0.15)
    assert float(ds["unserved"].sel(bus=["NL", "DE", "TR"]).sum()) == 0


def test_steps_begin_at_nothing_and_close_around_the_price():
    assert EDGES[0] == 0
    assert list(EDGES) == sorted(set(EDGES))
    assert max(edge for edge in EDGES if edge < 1) == 0.95
    assert min(edge for edge in EDGES if edge > 1) == 1.05


@pytest.mark.parametrize("elasticity", [0, 0.3, True, float("nan"), -11, float("-inf"), "-0.3", None, [-0.3]])
def test_wrong_elasticities_are_refused(n, elasticity):
    with pytest.raises(UsageError, match=r"elasticity: found .*expected a number below zero"):
        check_elasticity(elasticity)
    with pytest.raises(UsageError, match="elasticity: found"):
        calibrate_demand(n, elasticity, price=PRICE)


@pytest.mark.parametrize("elasticity", [-10, -0.3, np.float32(-0.5), np.int64(-1)])
def test_right_elasticities_come_back_as_plain_numbers(elasticity):
    assert check_elasticity(elasticity) == elasticity
    assert type(check_elasticity(elasticity)) is float


def test_zones_without_a_price_and_years_without_a_hub_are_named(n, toy):
    with pytest.raises(ResultsError, match=r"no price to calibrate demand with:\n  - DE\n  - TR"):
        calibrate_demand(n, -0.3, price=PRICE.drop("TR").replace(25.0, np.nan))
    tables = toy()
    tables["prices"] = tables["prices"][tables["prices"]["period"].astype(str) != "2025"]
    with pytest.raises(ResultsError, match=r"prices\.csv has no price of TTF in 2025; add it, or give price="):
        calibrate_demand(n, -0.3, tables=tables)


def test_the_elasticity_of_tables_is_below_zero_with_its_range(toy):
    tables = toy()
    row = tables["parameters"].iloc[[0]].assign(parameter="demand_elasticity", value=0.3, low=0.2, high=0.6)
    with pytest.raises(UsageError, match="no row demand_elasticity; add it, or give the elasticity"):
        read_elasticity(tables)
    tables["parameters"] = pd.concat([tables["parameters"], row], ignore_index=True)
    assert read_elasticity(tables) == (-0.3, -0.2, -0.6)
    tables["parameters"].loc[tables["parameters"]["parameter"] == "demand_elasticity", ["low", "high"]] = np.nan
    assert read_elasticity(tables) == (-0.3, -0.3, -0.3)
