"""The seasonal course of demand, and what is built from it."""

import numpy as np
import pandas as pd
import pytest

from energyflows import build_network
from energyflows.errors import UnknownNameError
from energyflows.network.demand import rate_demand
from energyflows.network.profiles import find_shares, relate_to_year


@pytest.mark.parametrize("resolution", ["monthly", "weekly", "daily"])
@pytest.mark.parametrize("year", [2024, 2025])
def test_demand_sums_to_the_year_in_every_zone(inputs, year, resolution):
    given = inputs(year, resolution)
    annual = given.tables["demand_annual"].pivot(index="year", columns="zone", values="twh").loc[year]
    energy = rate_demand(given).mul(given.weights, axis=0).sum() / 1e3
    pd.testing.assert_series_equal(energy, annual, check_names=False)


def test_demand_of_each_month_is_its_share_of_the_year(inputs):
    given = inputs(2025, "daily")
    shares = given.tables["demand_profile"].query("zone == 'DE'").set_index("month")["share"].astype(float)
    energy = given.daily_demand["DE"].groupby(given.days.month).sum()
    np.testing.assert_allclose(energy, 146e3 * shares, rtol=1e-9)


def test_a_zones_own_year_goes_before_its_every_year_shape():
    rows = [("NL", None, month, 1 / 12) for month in range(1, 13)]
    rows += [("NL", 2021, month, 0.5 if month in {1, 2} else 0.0) for month in range(1, 13)]
    profile = pd.DataFrame(rows, columns=["zone", "year", "month", "share"]).astype({"year": "Int64"})
    months = pd.date_range("2020-01-01", periods=24, freq="MS")
    shares = find_shares(profile, months, pd.Index(["NL"]))["NL"]
    assert shares["2020"].to_numpy() == pytest.approx(1 / 12)
    assert shares["2021"].tolist() == [0.5, 0.5, *[0.0] * 10]


def test_shape_has_mean_one_in_every_year_and_is_one_without_demand():
    days = pd.date_range("2023-01-01", "2024-12-31")
    shape = relate_to_year(pd.DataFrame({"a": np.arange(1.0, 732.0), "b": 0.0}, index=days))
    assert shape["a"].groupby(days.year).mean().to_numpy() == pytest.approx(1.0)
    assert (shape["b"] == 1.0).all()


def test_loads_stand_for_every_market_and_never_give_up_more_than_demand(solved):
    n, _ = solved()
    demand = n.get_switchable_as_dense("Load", "p_set")
    assert set(n.loads["bus"]) == {"NL", "DE", "TR", "LNGROW"}
    ceiling = n.get_switchable_as_dense("Generator", "p_max_pu") * n.generators["p_nom"]
    for zone in ("NL", "DE", "TR"):
        np.testing.assert_allclose(ceiling[f"{zone} unserved"], demand[f"{zone} demand"])
        for step, price in ((1, 240), (2, 320), (3, 430)):
            np.testing.assert_allclose(ceiling[f"{zone} response {step}"], 0.04 * demand[f"{zone} demand"])
            assert n.generators.at[f"{zone} response {step}", "marginal_cost"] == price


def test_missing_parameter_is_named(toy):
    tables = toy()
    tables["parameters"] = tables["parameters"].query("parameter != 'value_of_lost_load'")
    with pytest.raises(UnknownNameError, match="value_of_lost_load"):
        build_network(2025, tables=tables)
