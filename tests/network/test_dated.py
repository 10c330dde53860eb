"""Figures that hold for a part of the time only, and figures that are missing."""

import pandas as pd
import pypsa
import pytest

from energyflows import build_network, run, solve
from energyflows.errors import TableError, UsageError
from energyflows.network.calendar import build_periods
from energyflows.network.inputs import Inputs
from energyflows.network.pipelines import bound_pipelines


def bound(tables, years=2025, resolution="monthly"):
    """Capacity of each pipeline by snapshot."""
    inputs = Inputs(tables, build_periods(years, resolution), resolution)
    return inputs.average(bound_pipelines(inputs)[0])


def change(rows, table, where, **cells):
    """Change the cells of the rows for which ``where`` holds."""
    for row in rows[table]:
        if where(row):
            row.update(cells)
    return rows


def test_a_ceiling_holds_only_on_the_days_of_its_contract(toy, toy_rows):
    change(toy_rows, "contracts", bool, ceiling="1.0", annual_twh="7.3", end="2025-06-15")
    june = bound(toy(**toy_rows)).at[pd.Timestamp("2025-06-01"), "DE-TR"]
    assert june == pytest.approx((15 * 20 + 15 * 200) / 30)


def test_a_week_that_is_observed_in_part_is_bounded_by_day(toy, toy_rows):
    toy_rows["observed_flows"] = [
        {**toy_rows["observed_flows"][0], "period": "2025-01", "frequency": "month", "twh": "3.1"}
    ]
    week = bound(toy(**toy_rows), resolution="weekly").at[pd.Timestamp("2025-01-29"), "YAMAL-DE"]
    assert week == pytest.approx((3 * 101 + 4 * 400) / 7)


def test_an_observed_flow_never_exceeds_what_the_pipe_can_carry(toy, toy_rows):
    change(toy_rows, "pipelines", lambda row: row["pipeline"] == "YAMAL-DE", capacity_gwh_d="50")
    ds = solve(build_network(2025, tables=toy(**toy_rows)))
    assert float(ds["sent"].sel(link="YAMAL-DE").max()) == pytest.approx(50)


def test_a_terminal_not_yet_open_does_not_raise_the_fee(toy, toy_rows):
    late = {**toy_rows["lng_terminals"][0], "terminal": "late", "regas_eur_mwh": "9", "valid_from": "2030-01-01"}
    toy_rows["lng_terminals"].append(late)
    assert build_network(2025, tables=toy(**toy_rows)).links.at["LNGEU-NL", "marginal_cost"] == pytest.approx(1.0)


def test_a_year_of_lng_stays_within_its_bound(toy):
    ds = solve(build_network(2025, tables=toy()))
    landed = ds["sent"].sel(link=["LNGUS-LNGEU", "LNGUS-LNGROW"]) * ds["weight_days"]
    assert (landed.sum("snapshot").to_numpy() <= [300e3 + 1e-6, 900e3 + 1e-6]).all()


def test_stocks_are_held_at_every_observed_turn_of_a_year(toy):
    ds = solve(build_network((2024, 2025), tables=toy()))
    turns = ds["stored"].sel(snapshot=["2024-12-01", "2025-12-01"]).to_numpy().ravel()
    assert turns == pytest.approx([30e3, 30e3])


def test_new_volume_cannot_be_filled_before_it_is_there(toy, toy_rows):
    first, later = dict(toy_rows["storages"][0]), dict(toy_rows["storages"][0])
    first.update(working_volume_twh="32", valid_to="2025-06-30")
    later.update(working_volume_twh="60", valid_from="2025-07-01")
    toy_rows["storages"] = [first, later]
    n = build_network(2025, tables=toy(**toy_rows))
    room = (n.get_switchable_as_dense("Store", "e_max_pu") * n.stores["e_nom"]).sum(axis=1)
    assert room.loc["2025-06-01"] == pytest.approx(32e3)
    assert room.loc["2025-07-01"] == pytest.approx(60e3)
    n.consistency_check(strict=["all"])


def test_gas_left_from_a_year_with_more_volume_is_taken_over(toy, toy_rows):
    first, later = dict(toy_rows["storages"][0]), dict(toy_rows["storages"][0])
    first.update(valid_to="2026-12-31")
    later.update(working_volume_twh="1", valid_from="2027-01-01")
    toy_rows["storages"] = [first, later]
    stored = run(years=(2026, 2027), tables=toy(**toy_rows))["stored"].isel(store=0)
    assert float(stored.sel(snapshot="2026-12-01")) > 1e3
    assert float(stored.sel(snapshot="2027-12-01")) >= 0


def test_rates_of_a_closed_store_are_zero(toy, toy_rows):
    toy_rows["storages"][0]["valid_to"] = "2025-03-31"
    n = build_network(2025, tables=toy(**toy_rows))
    rate = n.get_switchable_as_dense("Link", "p_max_pu")["DE withdrawal"] * n.links.at["DE withdrawal", "p_nom"]
    assert rate.loc["2025-03-01"] == pytest.approx(500)
    assert rate.loc["2025-04-01"] == 0


def test_a_year_without_demand_is_refused_not_taken_for_zero(toy, toy_rows):
    toy_rows["demand_annual"] = [r for r in toy_rows["demand_annual"] if (r["zone"], r["year"]) != ("DE", 2025)]
    with pytest.raises(TableError, match=r"demand_annual.csv: no row of 2025 for DE"):
        build_network(2025, tables=toy(**toy_rows))


def test_a_year_without_shares_is_refused(toy, toy_rows):
    change(toy_rows, "demand_profile", lambda row: row["zone"] == "DE", year="2024")
    with pytest.raises(TableError, match=r"demand_profile.csv: no row of 2025 for DE"):
        build_network(2025, tables=toy(**toy_rows))


def test_a_missing_lng_price_is_refused(toy, toy_rows):
    toy_rows["prices"] = [r for r in toy_rows["prices"] if (r["hub"], r["period"]) != ("JKM", "2025")]
    with pytest.raises(TableError, match=r"no figure of hub 'JKM'"):
        build_network(2025, tables=toy(**toy_rows))


@pytest.mark.parametrize("stocks", [{"NL": 3.0}, {"DE": -1.0}, {"DE": 1e9}, {"DE": float("nan")}])
def test_stocks_no_store_can_hold_are_refused(toy, stocks):
    with pytest.raises(UsageError, match="stocks at the start"):
        build_network(2027, tables=toy(), stocks=stocks)


def test_a_table_changed_in_memory_is_checked_again(toy):
    tables = toy()
    tables["pipelines"].loc[0, "capacity_gwh_d"] = -10.0
    with pytest.raises(TableError, match=r"pipelines: .*column capacity_gwh_d"):
        build_network(2025, tables=tables)


def test_the_network_says_which_cells_it_was_built_from(toy):
    tables = toy()
    before = build_network(2025, tables=tables).meta["sources"]
    tables["parameters"].loc[tables["parameters"]["parameter"] == "value_of_lost_load", "value"] = 700.0
    assert build_network(2025, tables=tables).meta["sources"] != before


@pytest.mark.parametrize("tables", [{}, {"zones": pd.DataFrame()}, 3, "data"])
def test_anything_but_all_tables_is_refused(tables):
    with pytest.raises(UsageError):
        build_network(2025, tables=tables)


def one_bus():
    n = pypsa.Network()
    n.set_snapshots([0, 1])
    n.add("Bus", "A")
    n.add("Generator", "free", bus="A", p_nom=10)
    n.add("Generator", "dear", bus="A", p_nom=10, marginal_cost=5)
    n.add("Load", "d", bus="A", p_set=4.0)
    return n


def test_a_cost_of_nothing_is_a_solution():
    assert float(solve(one_bus())["objective"]) == 0


def test_a_users_cost_of_keeping_gas_is_a_cost():
    n = one_bus()
    n.add("Store", "s", bus="A", e_nom=10, e_initial=10, e_min_pu=1.0, marginal_cost_storage=2.0)
    assert float(solve(n)["objective"]) == pytest.approx(2 * 10 * 2.0)


def test_an_inactive_load_takes_nothing():
    n = one_bus()
    n.add("Load", "off", bus="A", p_set=5.0, active=False)
    assert float(solve(n)["consumed"].sum()) == pytest.approx(8)


def test_what_the_solver_would_drop_is_refused_by_name():
    n = one_bus()
    n.loads.loc["d", "p_set"] = float("nan")
    n.generators.loc["free", "p_nom"] = -1.0
    n.generators.loc["dear", "marginal_cost"] = float("inf")
    n.add("Link", "L", bus0="A", bus1="A", p_nom=1)
    n.links.loc["L", "bus1"] = "NOWHERE"
    with pytest.raises(UsageError) as refused:
        solve(n)
    for part in ("load d: p_set", "generator free: p_nom", "generator dear: marginal_cost", "link L: bus1 'NOWHERE'"):
        assert part in str(refused.value)


@pytest.mark.parametrize("thing", [None, 3, {"zones": 1}, pypsa.Network()])
def test_what_is_no_network_cannot_be_solved(thing):
    with pytest.raises(UsageError):
        solve(thing)
