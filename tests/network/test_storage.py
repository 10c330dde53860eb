"""Slices of volume, and what gas in store is worth when."""

import numpy as np
import pandas as pd
import pytest

from energyflows import build_network, solve

END_FACTORS = (1.6, 1.2, 0.95, 0.7)


def forget_stocks(tables, since="1900-01-01"):
    levels = tables["observed_storage"]
    tables["observed_storage"] = levels[levels["date"] < pd.Timestamp(since)]


def find_start(ds):
    """Return the stock before the first snapshot, from the first balance."""
    first = ds.isel(snapshot=0)
    return (first["stored"] - (first["injected"] - first["withdrawn"]) * first["weight_days"]).item()


def sum_worth(n):
    """Return what a GWh in each slice earns, EUR/MWh by snapshot."""
    weights = n.snapshot_weightings["objective"]
    return -n.get_switchable_as_dense("Store", "marginal_cost_storage").mul(weights, axis=0)


@pytest.mark.parametrize("resolution", ["monthly", "weekly", "daily"])
def test_slices_add_up_to_the_volume_and_the_observed_start(solved, resolution):
    n, ds = solved(2025, resolution)
    assert n.stores["e_nom"].tolist() == [30e3, 10e3]
    assert n.stores["e_initial"].tolist() == [30e3, 0]
    assert find_start(ds) == pytest.approx(30e3)


@pytest.mark.parametrize("resolution", ["monthly", "weekly", "daily"])
def test_observed_level_is_reached_at_the_end(solved, resolution):
    _, ds = solved(2025, resolution)
    assert float(ds["stored"].isel(snapshot=-1).item()) == pytest.approx(30e3)


@pytest.mark.parametrize("level", [0, 10, 45])
def test_any_observed_level_is_reached_at_most_the_volume(toy, level):
    tables = toy()
    levels = tables["observed_storage"]
    levels.loc[(levels["date"] == "2025-12-31") & (levels["zone"] == "DE"), "twh"] = float(level)
    ds = solve(build_network(2025, tables=tables))
    assert float(ds["stored"].isel(snapshot=-1).item()) == pytest.approx(1e3 * min(level, 40), abs=1e-3)


def test_unreachable_level_is_approached_but_never_makes_the_year_infeasible(toy):
    tables = toy()
    levels = tables["observed_storage"]
    levels.loc[(levels["date"] == "2024-12-31") & (levels["zone"] == "DE"), "twh"] = 5.0
    tables["storages"]["injection_gwh_d"] = 10.0
    ds = solve(build_network(2025, tables=tables))
    assert float(ds["stored"].isel(snapshot=-1).item()) == pytest.approx(5e3 + 365 * 10)


def test_rates_bound_injection_and_withdrawal(solved):
    n, ds = solved(2025, "daily")
    assert n.links.loc[["DE injection", "DE withdrawal"], "p_nom"].tolist() == [300, 500]
    assert float(ds["injected"].max()) <= 300 + 1e-6
    assert float(ds["withdrawn"].max()) <= 500 + 1e-6


def test_gas_left_in_an_outlook_year_is_worth_less_with_every_quarter_of_the_volume(toy):
    tables = toy()
    tables["rules"] = tables["rules"].iloc[:0]
    n = build_network(2026, tables=tables)
    worth = sum_worth(n)
    assert n.stores["e_nom"].tolist() == [10e3] * 4
    np.testing.assert_allclose(worth.iloc[-1], 30 * np.array(END_FACTORS))
    assert (worth.iloc[:-1] == 0).all(axis=None)


@pytest.mark.parametrize(("factor", "left"), [(0.0, 0.0), (6.0, 40e3)])
def test_store_is_emptied_for_worthless_gas_and_filled_for_precious_gas(toy, set_parameters, factor, left):
    tables = toy()
    set_parameters(tables, storage_target_reward=0, **{f"end_value_factor_{k}": factor for k in (1, 2, 3, 4)})
    ds = solve(build_network(2026, tables=tables))
    assert float(ds["stored"].isel(snapshot=-1).item()) == pytest.approx(left, abs=1e-3)


@pytest.mark.parametrize(("resolution", "snapshot"), [("monthly", "2026-10-01"), ("daily", "2026-10-31")])
def test_fill_target_is_rewarded_on_the_last_snapshot_before_november(toy, resolution, snapshot):
    worth = sum_worth(build_network(2026, resolution, toy()))
    rewarded = worth.loc[snapshot]
    below = (rewarded.index != rewarded.index[-1]).astype(float)
    np.testing.assert_allclose(rewarded, 100 * below)


def test_fill_target_is_met_where_gas_can_be_had(toy):
    ds = solve(build_network(2026, tables=toy()))
    assert float(ds["stored"].sel(snapshot="2026-10-01").item()) >= 36e3 - 1e-3


def test_fill_target_never_comes_before_consumers(toy):
    tables = toy()
    tables["supply"]["twh"] = 0.0
    tables["storages"]["withdrawal_gwh_d"] = 50.0
    ds = solve(build_network(2026, tables=tables, stocks={"DE": 30e3}))
    assert float(ds["unserved"].sel(bus="DE").min()) > 0
    np.testing.assert_allclose(ds["withdrawn"], 50)


def test_zones_own_rule_goes_before_the_one_of_the_union(toy, toy_rows):
    rule = toy_rows["rules"][0]
    tables = toy(rules=[rule, {**rule, "rule": "own", "zone": "DE", "value": 0.6}])
    n = build_network(2026, tables=tables)
    rewarded = sum_worth(n).loc["2026-10-01"] > 0
    assert n.stores["e_nom"][rewarded].sum() == pytest.approx(0.6 * 40e3)


@pytest.mark.parametrize(
    ("column", "value"), [("active", False), ("valid_from", "2026-11-02"), ("valid_to", "2026-10-31")]
)
def test_rule_not_in_force_on_the_first_of_november_asks_for_nothing(toy, column, value):
    tables = toy()
    tables["rules"][column] = value if column == "active" else pd.Timestamp(value)
    assert (sum_worth(build_network(2026, tables=tables)).loc["2026-10-01"] == 0).all()


def test_years_with_observed_stocks_have_no_fill_target(solved):
    n, _ = solved()
    assert (sum_worth(n).iloc[:-1] == 0).all(axis=None)


@pytest.mark.parametrize("stock", [0, 12e3])
def test_given_stock_goes_before_the_observed_one(toy, stock):
    n = build_network(2025, tables=toy(), stocks={"DE": stock})
    assert n.stores["e_initial"].sum() == pytest.approx(stock)
    assert find_start(solve(n)) == pytest.approx(stock, abs=1e-3)


def test_store_is_cyclic_where_no_stock_is_known(toy):
    tables = toy()
    forget_stocks(tables)
    tables["lng_terminals"]["sendout_gwh_d"] = 450.0
    n = build_network(2026, tables=tables)
    ds = solve(n)
    assert n.stores["e_cyclic"].all()
    assert find_start(ds) == pytest.approx(float(ds["stored"].isel(snapshot=-1).item()))
    assert float(ds["withdrawn"].sum()) > 0


def test_storage_not_built_yet_has_no_volume(toy):
    tables = toy()
    forget_stocks(tables)
    tables["storages"]["valid_from"] = pd.Timestamp(2027, 1, 1)
    n = build_network(2026, tables=tables)
    assert n.stores["e_nom"].sum() == 0
    assert n.links.loc[["DE injection", "DE withdrawal"], "p_nom"].tolist() == [0, 0]
    assert build_network(2027, tables=tables).stores["e_nom"].sum() == 40e3


def test_gas_in_each_fifth_is_worth_less_than_in_the_one_below(toy, set_parameters):
    tables = toy()
    set_parameters(tables, storage_value_spread=0.3)
    n = build_network(2025, tables=tables)
    # The observed start and end of 30 TWh cut the fourth fifth of 40 TWh in two.
    assert n.stores["e_nom"].tolist() == [8e3, 8e3, 8e3, 6e3, 2e3, 8e3]
    earned = sum_worth(n).iloc[0] / n.snapshot_weightings["objective"].iloc[0] * 365 / 12
    np.testing.assert_allclose(earned, 0.3 * np.array([2, 1, 0, -1, -1, -2]))


def test_two_countries_fill_alike_only_if_gas_is_worth_less_in_a_full_store(toy, toy_rows, set_parameters):
    """Stores with the same costs: without a spread any split is a solution, with one it is even to within a fifth."""
    second = {**toy_rows["storages"][0], "storage": "NL", "zone": "NL"}
    stocks = [{**row, "zone": "NL"} for row in toy_rows["observed_storage"] if row["zone"] == "DE"]
    tables = toy(storages=[toy_rows["storages"][0], second], observed_storage=toy_rows["observed_storage"] + stocks)
    tables["pipelines"]["tariff_eur_mwh"] = 0.001
    set_parameters(tables, storage_value_spread=1.0)
    stored = solve(build_network(2025, tables=tables))["stored"].to_pandas()
    assert (stored["DE storage"] - stored["NL storage"]).abs().max() <= 8e3 + 1e-3
