"""Production, exporters' routes and their energy budgets."""

import numpy as np
import pandas as pd
import pytest

from energyflows import build_network, solve
from energyflows.network.supply import cost_years, rate_years
from energyflows.results import sum_energy

RESOLUTIONS = ["monthly", "weekly", "daily"]


def observe_months(tables, year=2025):
    """Give the Russian route monthly observed flows, rising through the year; return them, TWh."""
    months = pd.Series(np.linspace(3, 8, 12), index=[f"{year}-{month:02}" for month in range(1, 13)])
    flows = tables["observed_flows"]
    rows = pd.concat([flows.iloc[[0]]] * 12, ignore_index=True)
    rows = rows.assign(period=months.index, frequency="month", twh=months.to_numpy())
    tables["observed_flows"] = pd.concat([flows[flows["period"] != str(year)], rows], ignore_index=True)
    return months


def sum_available(n, pattern):
    """Return what generators could give at most, GWh: the smaller of rate and budget."""
    rate = n.get_switchable_as_dense("Generator", "p_max_pu") * n.generators["p_nom"]
    energy = rate.mul(n.snapshot_weightings["generators"], axis=0).sum()
    return np.minimum(energy, n.generators["e_sum_max"])[n.generators.index.str.contains(pattern)].sum()


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_home_production_is_the_energy_of_the_year(solved, resolution):
    n, ds = solved(2025, resolution)
    assert sum_available(n, "^NL gas") == pytest.approx(20e3)
    assert float(sum_energy(ds["supplied"].sel(generator="NL gas"), ds).item()) == pytest.approx(20)
    assert n.generators.query("route == 'home'")["origin"].unique().tolist() == ["NL", "TR"]


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_production_can_follow_demand(toy, resolution):
    tables = toy()
    tables["production"]["shape"] = "demand"
    n = build_network(2025, resolution, tables)
    assert sum_available(n, "^NL gas") == pytest.approx(20e3)
    if resolution == "monthly":
        rate = n.get_switchable_as_dense("Generator", "p_max_pu")["NL gas"] * n.generators.at["NL gas", "p_nom"]
        demand = n.loads_t.p_set["NL demand"]
        np.testing.assert_allclose(rate, demand * 20 / 73)


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_observed_months_are_exactly_the_energy_available_and_all_of_it_flows(toy, resolution):
    tables = toy()
    months = observe_months(tables)
    n = build_network(2025, resolution, tables)
    ds = solve(n)
    assert sum_available(n, "RU YAMAL minimum") == pytest.approx(1e3 * months.sum())
    supplied = ds["supplied"].sel(generator="RU YAMAL minimum") * ds["weight_days"]
    assert float(supplied.sum()) == pytest.approx(1e3 * months.sum())
    if resolution != "weekly":
        np.testing.assert_allclose(supplied.groupby("snapshot.month").sum(), 1e3 * months, rtol=1e-6)


@pytest.mark.parametrize(("resolution", "number"), [("weekly", 12), ("daily", 12), ("monthly", 1)])
def test_below_a_month_each_month_has_its_energy_budget(toy, resolution, number):
    tables = toy()
    months = observe_months(tables)
    rows = build_network(2025, resolution, tables).generators.query("part_of == 'RU YAMAL minimum'")
    assert len(rows) == number
    if resolution == "monthly":
        assert np.isinf(rows["e_sum_max"]).all()
    else:
        np.testing.assert_allclose(rows["e_sum_max"], 1e3 * months)


def test_daily_rate_lies_above_the_mean_of_the_month_by_the_factor(toy):
    tables = toy()
    months = observe_months(tables)
    rows = build_network(2025, "daily", tables).generators.query("part_of == 'RU YAMAL minimum'")
    lengths = pd.PeriodIndex(months.index, freq="M").days_in_month
    np.testing.assert_allclose(rows["p_nom"], 1.25 * 1e3 * months / lengths)


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_route_known_by_year_only_keeps_the_energy_of_the_year(solved, resolution):
    n, ds = solved(2025, resolution)
    row = n.generators.query("part_of == 'RU YAMAL minimum'").squeeze()
    assert row["e_sum_max"] == pytest.approx(73e3)
    assert row["p_nom"] == pytest.approx(1.25 * 200)
    assert float(sum_energy(ds["supplied"].sel(generator="RU YAMAL minimum"), ds).item()) == pytest.approx(73)


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_lng_exports_keep_the_energy_of_each_year(toy, resolution):
    tables = toy()
    tables["supply"].loc[tables["supply"]["year"] == 2026, "twh"] = 450.0
    rows = build_network((2025, 2026), resolution, tables).generators.query("part_of == 'US LNGUS export'")
    np.testing.assert_allclose(rows["e_sum_max"], [500e3, 450e3])
    np.testing.assert_allclose(rows["p_nom"], [1.5 * 500e3 / 365, 1.5 * 450e3 / 365])


def test_route_with_a_shape_follows_that_zones_demand(inputs):
    def shape(tables):
        tables["supply"].loc[tables["supply"]["route"] == "YAMAL", "shape"] = "DE"

    given = inputs(2025, edit=shape)
    daily = given.observed["YAMAL"]
    assert daily.sum() == pytest.approx(73e3)
    np.testing.assert_allclose(daily, 200 * given.shapes["DE"])


def test_years_without_observation_take_the_planned_volume(toy):
    tables = toy()
    tables["supply"].loc[(tables["supply"]["route"] == "YAMAL") & (tables["supply"]["year"] == 2026), "twh"] = 36.5
    n = build_network((2025, 2026), tables=tables)
    assert n.generators.query("part_of == 'RU YAMAL minimum'")["e_sum_max"].tolist() == pytest.approx([73e3, 36.5e3])


def test_only_contracted_gas_is_rewarded(solved):
    n, _ = solved()
    rewarded = n.generators.index[n.generators["reward"].fillna(0) > 0]
    assert rewarded.tolist() == ["RU YAMAL minimum 2025"]
    assert n.generators.at["RU YAMAL minimum 2025", "marginal_cost"] == pytest.approx(5 - 300)


def test_yearly_volume_is_a_flat_rate_also_in_leap_years(inputs):
    group = pd.DataFrame({"year": [2024, 2025], "twh": [36.6, 73.0]})
    rate = rate_years(group, inputs((2023, 2025)))
    assert [rate[str(year)].unique().tolist() for year in (2023, 2024, 2025)] == [
        [0.0],
        [pytest.approx(100)],
        [pytest.approx(200)],
    ]


def test_cost_of_a_year_without_a_row_is_the_nearest_one_before_else_the_first(inputs):
    group = pd.DataFrame({"year": [2024, 2026], "cost_eur_mwh": [10, 20]})
    cost = cost_years(group, inputs((2023, 2027)))
    assert cost.groupby(cost.index.year).first().tolist() == [10, 10, 10, 20, 20]
