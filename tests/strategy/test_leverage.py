"""Leverage: corridors worked by hand, every coalition against plain PyPSA, the toy world and the real network."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pypsa
import pytest
import xarray as xr

from energyflows import build_network
from energyflows.errors import ResultsError, SolveError, UnknownNameError, UsageError
from energyflows.scenarios import Demand as DemandChange
from energyflows.scenarios import Disrupt, Scenario
from energyflows.scenarios.catalogue import find_seeds
from energyflows.solving import hush
from energyflows.strategy import list_coalitions, shapley
from energyflows.strategy._leverage_markets import count_years, open_games, value_consumption
from energyflows.strategy._leverage_solving import order_coalitions
from energyflows.strategy.leverage import measure_leverage
from energyflows.strategy.players import Player, find_assets, read_players
from energyflows.strategy.routes import Route, list_routes, value_routes

#: Million EUR/year for one EUR/MWh on one GWh/d.
YEARLY = 0.365
#: Of Russia's ships in the toy world.
SMALL = {"supply": {"route": "LNGRU", "twh": 5}, "lng_suppliers": {"twh": 1, "min_twh": 0, "max_twh": 2}}


def world(links, gas, eaters):
    """Buses are countries; ``gas`` and ``eaters`` are rate and EUR/MWh by bus, one snapshot of a year."""
    n = pypsa.Network(snapshots=[0])
    n.snapshot_weightings.loc[:, :] = 365.0
    n.add("Bus", sorted({bus for link in links for bus in link.split("-")} | set(gas) | set(eaters)))
    for link, capacity in links.items():
        n.add("Link", link, bus0=link.split("-")[0], bus1=link.split("-")[1], p_nom=capacity)
    for bus, (rate, cost) in gas.items():
        n.add("Generator", f"{bus} gas", bus=bus, p_nom=rate, marginal_cost=cost)
    for bus, (rate, worth) in eaters.items():
        n.add("Load", f"{bus} demand", bus=bus, p_set=rate)
        n.add("Generator", f"{bus} unserved", bus=bus, carrier="unserved", p_nom=rate, marginal_cost=worth)
    return n


def cast(names):
    return [Player(name=name, countries=[name]) for name in names]


def table(found, variable="surplus", **labels):
    """Return a variable by player, in EUR/MWh times GWh/d."""
    return (found[variable].sel(**labels).to_series() / YEARLY).round(6).to_dict()


def value_plainly(n, players, access, members):
    """Return what coalitions are worth more than the first: what absent players hold is removed, not set to nothing."""
    consumption, assets, welfare = value_consumption(n), find_assets(n, players, access), []
    for present in members:
        work = n.copy()
        for component, needs in assets.needs.items():
            work.remove(component, n.c[component].static.index[needs[~present].any(axis=0)])
        with hush(verbose=False):
            work.optimize(include_objective_constant=False, log_to_console=False)
        there = ~assets.zones[~present].any(axis=0)
        welfare.append((consumption[there].sum() - work.objective) / 1e3 / count_years(n))
    return np.array(welfare) - welfare[0]


# ------------------------------------------------------------------ by hand
def test_all_of_a_series_are_worth_the_same_unless_the_way_is_open():
    n = world({"A-G": 10, "G-T": 10, "T-E": 10}, {"A": (10, 10)}, {"E": (10, 30)})
    found = measure_leverage(n, cast("AGTE"), access=["owner", "open"])
    assert table(found, access="owner") == dict.fromkeys("AGTE", 50.0)
    assert {key: abs(value) for key, value in table(found, access="open").items()} == {
        "A": 100,
        "G": 0,
        "T": 0,
        "E": 100,
    }
    assert found["share"].sel(access="owner").to_numpy() == pytest.approx([25.0] * 4)
    assert float(found["worth"].sel(access="owner", coalition="A + G + T + E")) == pytest.approx(200 * YEARLY)
    assert float(abs(found["worth"].sel(access="owner", coalition="A + G + E"))) < 1e-9


def test_suppliers_that_can_replace_each_other():
    n = world({"A-E": 10, "B-E": 10}, {"A": (6, 10), "B": (10, 12)}, {"E": (10, 30)})
    found = measure_leverage(n, cast("ABE"), groups=[["A", "B"]])
    assert table(found, "worth") == {
        "nobody": 0, "A": 0, "B": 0, "A + B": 0, "E": 0, "A + E": 120, "B + E": 180, "A + B + E": 192,
    }  # fmt: skip
    assert table(found) == {"A": 24, "B": 54, "E": 114}
    # As one they are one of two essential players.
    assert float(found["coordination"].sel(group="A + B")) == pytest.approx((192 / 2 - 78) * YEARLY)
    assert float(found["interaction"].sel(group="A + B")) == pytest.approx((192 - 120 - 180) / 2 * YEARLY)
    assert found["member"].sel(coalition="A + E").to_numpy().tolist() == [True, False, True]


def test_a_second_way_takes_weight_from_the_first():
    n = world({"A-G": 10, "G-E": 10, "A-T": 10, "T-E": 10}, {"A": (10, 10)}, {"E": (10, 22)})
    found = measure_leverage(n, cast("AGTE"), access="owner", groups=[["T", "G"]])
    # One of G and T comes after A and E and before the other in 2 of 24 orders.
    assert table(found) == {"A": 50, "G": 10, "T": 10, "E": 50}
    assert found["group"].to_numpy().tolist() == ["G + T"]
    assert float(found["coordination"].sel(group="G + T")) == pytest.approx((120 / 3 - 20) * YEARLY)
    narrow = world({"A-G": 6, "G-E": 6, "A-T": 4, "T-E": 4}, {"A": (10, 10)}, {"E": (10, 22)})
    assert table(measure_leverage(narrow, cast("AGTE"), access="owner")) == {"A": 40, "G": 24, "T": 16, "E": 40}


def test_who_is_linked_to_nobody_gains_nothing():
    n = world({"A-E": 10}, {"A": (10, 10)}, {"E": (10, 30), "M": (3, 40)})
    found = measure_leverage(n, cast("AEM"))
    assert table(found) == {"A": 100, "E": 100, "M": 0}
    assert table(found, "alone")["M"] == 0


def test_what_a_player_has_at_home_is_no_gain_from_others():
    links, gas, eaters = {"A-E": 10}, {"A": (15, 10)}, {"E": (10, 30)}
    home = measure_leverage(world(links, gas, {**eaters, "A": (5, 100)}), cast("AE"))
    plain = measure_leverage(world(links, gas, eaters), cast("AE"))
    assert table(home, "alone") == {"A": 450, "E": 0}
    assert table(home) == table(plain) == {"A": 100, "E": 100}


def test_consumers_nobody_holds_are_served_by_any_coalition():
    n = world({"A-F": 10, "B-F": 10}, {"A": (10, 10), "B": (10, 10)}, {"F": (10, 30)})
    found = measure_leverage(n, cast("AB"))
    assert table(found, "alone") == {"A": 200, "B": 200}
    assert table(found, "shapley") == {"A": 100, "B": 100}
    assert table(found) == {"A": -100, "B": -100}
    assert np.isnan(found["share"]).all()


def test_stores_of_absent_players_are_gone_with_the_gas_in_them():
    n = world({"D-F": 10}, {}, {"F": (10, 30), "D": (0, 30)})
    n.add("Bus", "D storage", country="D")
    n.add("Link", "out", bus0="D storage", bus1="D", p_nom=10, carrier="withdrawal")
    n.add("Store", "tank", bus="D storage", e_nom=730, e_initial=730)
    found = measure_leverage(n, cast("DF"))
    # 730 GWh over 365 days are 2 GWh/d.
    assert table(found, "worth") == {"nobody": 0, "D": 0, "F": 0, "D + F": 60}
    n.stores["e_cyclic"] = True
    assert table(measure_leverage(n, cast("DF")), "worth")["D + F"] == 0


def test_a_storage_unit_is_gone_with_its_owner():
    n = world({"D-F": 10}, {}, {"F": (10, 30)})
    n.add("StorageUnit", "tank", bus="D", p_nom=2, max_hours=365, state_of_charge_initial=730)
    assert table(measure_leverage(n, cast("DF")), "worth")["D + F"] == 60


def test_consumption_is_worth_what_it_costs_to_give_it_up():
    n = world({}, {}, {"E": (10, 30)})
    n.add("Generator", "E response", bus="E", carrier="response", p_nom=4, marginal_cost=5)
    n.add("Bus", "F")
    assert (value_consumption(n) / 365).tolist() == [4 * 5 + 6 * 30, 0.0]
    n.loads["p_set"] = 15.0
    with pytest.raises(ResultsError, match="E: 1 of 15 GWh/d have no price"):
        value_consumption(n)


def test_years_are_counted_by_their_own_days():
    n = pypsa.Network(snapshots=pd.date_range("2024-01-01", "2025-12-01", freq="MS"))
    n.snapshot_weightings.loc[:, :] = np.array(n.snapshots.days_in_month, dtype=float)[:, np.newaxis]
    assert count_years(n) == pytest.approx(2.0)
    plain = world({}, {}, {"E": (1, 1)})
    plain.snapshot_weightings.loc[:, :] = 73.0
    assert count_years(plain) == pytest.approx(0.2)


def test_neighbours_in_order_differ_by_one_player():
    present = np.arange(64)[:, np.newaxis] >> np.arange(6) & 1 == 1
    order = order_coalitions(present)
    assert sorted(order.tolist()) == list(range(64))
    assert all((present[one] != present[other]).sum() == 1 for one, other in pairwise(order))
    assert (present[order][:, 5].astype(int) == np.repeat([0, 1], 32)).all()


# ------------------------------------------------------------------ against plain PyPSA
@pytest.fixture(scope="module")
def mesh():
    """Five countries with seasons, losses, budgets and a store, in which many constraints bind."""
    n = world(
        {"A-G": 9, "G-T": 8, "T-E": 7, "B-T": 5, "E-T": 2, "G-E": 1.5, "B-E": 2},
        {"A": (12, 8), "B": (6, 11), "E": (2, 15), "T": (1, 20)},
        {"E": (9, 60), "T": (5, 50), "G": (1, 40), "A": (3, 30), "F": (2, 45)},
    )
    n.add("Link", "T-F", bus0="T", bus1="F", p_nom=3)
    n.links["efficiency"] = np.linspace(0.95, 1.0, len(n.links))
    n.links["marginal_cost"] = np.linspace(0.5, 2.0, len(n.links))
    n.set_snapshots([0, 1, 2])
    n.snapshot_weightings.loc[:, :] = 120.0
    n.loads_t.p_set = pd.DataFrame(
        {name: n.loads.at[name, "p_set"] * np.array([1.0, 0.5, 0.9]) for name in n.loads.index}, index=n.snapshots
    )
    n.add("Generator", "A budget", bus="A", p_nom=4, marginal_cost=3, e_sum_max=700, e_sum_min=100)
    n.add("Store", "tank", bus="E", e_nom=400, e_initial=150, marginal_cost_storage=0.01)
    return n


@pytest.fixture(scope="module")
def played(mesh):
    return measure_leverage(mesh, cast("AGTBE"), access=["open", "owner"])


@pytest.mark.parametrize("access", ["open", "owner"])
def test_coalitions_are_worth_what_plain_pypsa_finds(mesh, played, access):
    places = [0, 22, 31]
    expected = value_plainly(mesh, cast("AGTBE"), access, played["member"].to_numpy()[places])
    assert played["worth"].sel(access=access).to_numpy()[places] == pytest.approx(expected, rel=1e-6, abs=1e-6)
    assert expected[-1] > 0


def test_more_players_are_never_worth_less(played):
    found = played
    worth = found["worth"].to_numpy()
    for player in range(5):
        there = np.flatnonzero(np.arange(32) >> player & 1)
        assert (worth[:, there] >= worth[:, there - 2**player] - 1e-9).all()
    assert found["shapley"].sum("player").to_numpy() == pytest.approx(worth[:, -1])
    assert (found["surplus"] == found["shapley"] - found["alone"]).all()
    assert found["share"].sum("player").to_numpy() == pytest.approx(100.0)


def test_values_are_those_of_the_game(played):
    found = played
    game = dict(
        zip(list_coalitions(list("AGTBE")), found["worth"].sel(access="owner").to_numpy().tolist(), strict=True)
    )
    plain = shapley(game, list("AGTBE"))
    assert found["shapley"].sel(access="owner").to_numpy() == pytest.approx(plain.to_numpy())
    assert found["shapley"].dims == ("access", "player")
    assert found["coordination"].dims == ("access", "group")
    assert found.sizes["group"] == 0


def test_sampled_values_come_close_with_a_range(mesh, played):
    exact = played
    found = measure_leverage(mesh, cast("AGTBE"), access=["open", "owner"], sample=40, seed=3)
    assert "coalition" not in found.dims
    assert found["shapley"].sum("player").to_numpy() == pytest.approx(exact["shapley"].sum("player").to_numpy())
    xr.testing.assert_allclose(found["alone"], exact["alone"])
    inside = (found["surplus_low"] - 1e-9 <= exact["surplus"]) & (exact["surplus"] <= found["surplus_high"] + 1e-9)
    assert inside.mean() > 0.8


def test_more_than_twelve_players_are_sampled():
    suppliers = [f"S{number:02}" for number in range(13)]
    n = world({f"{name}-E": 1 for name in suppliers}, dict.fromkeys(suppliers, (1, 10)), {"E": (13, 30)})
    with pytest.raises(UsageError, match="found 14 players, expected at most 12; give sample="):
        measure_leverage(n, cast([*suppliers, "E"]))
    found = measure_leverage(n, cast([*suppliers, "E"]), sample=4)
    # Each supplier adds its own gas or nothing, whoever else is there; an order and its reverse make that exact.
    assert table(found) == {**dict.fromkeys(suppliers, 10.0), "E": 130.0}


# ------------------------------------------------------------------ refused
def test_wrong_arguments_are_refused(mesh):
    players = cast("AGTBE")
    for arguments, words in (
        ({"access": "closed"}, "access: found 'closed'"),
        ({"access": []}, "access: found"),
        ({"access": ["open", "open"]}, "expected one or both of open, owner"),
        ({"workers": 0}, "workers: found 0"),
        ({"workers": True}, "workers: found True"),
        ({"elasticity": -0.3}, "no network of build_network"),
        ({"groups": "A"}, "groups: found 'A'"),
        ({"groups": [["A"]]}, "found A, expected two players or more"),
        ({"groups": [["A", "B"], ["B", "A"]]}, r"A \+ B is there twice"),
        ({"groups": [["A", "B"]], "sample": 4}, "groups need all coalitions"),
        ({"sample": 3}, "expected an even number from 4"),
    ):
        with pytest.raises(UsageError, match=words):
            measure_leverage(mesh, players, **arguments)
    with pytest.raises(UnknownNameError, match="no player 'C'"):
        measure_leverage(mesh, players, groups=[["A", "C"]])


def test_a_flow_that_must_but_cannot_leave_is_told_with_its_coalition():
    n = world({"A-E": 10}, {"A": (10, 10)}, {"E": (10, 30)})
    n.generators.loc["A gas", "p_min_pu"] = 0.5
    with pytest.raises(SolveError, match=r"coalitions without a dispatch.*\n  - A: infeasible"):
        measure_leverage(n, cast("AE"), access="owner")


def test_what_cannot_be_taken_away_is_told():
    n = world({"A-E": 10}, {"A": (10, 10)}, {"E": (10, 30)})
    n.generators.loc["A gas", ["p_nom_extendable", "p_nom_max", "capital_cost"]] = [True, 10.0, 1.0]
    with pytest.raises(UsageError, match="cannot be taken away"):
        measure_leverage(n, cast("AE"))


# ------------------------------------------------------------------ the toy world: demand curves and routes
@pytest.fixture
def tables(toy, toy_rows):
    """Return the toy with ships from Russia, which keep to their ceilings."""
    for name, zone in (("supply", "bus"), ("lng_suppliers", "bus")):
        rows = [row for row in toy_rows[name] if row[zone] == "LNGUS"]
        toy_rows[name] += [{**row, "supplier": "RU", "bus": "LNGRU"} | SMALL.get(name, {}) for row in rows]
    port = next(row for row in toy_rows["zones"] if row["zone"] == "LNGUS")
    toy_rows["zones"].append({**port, "zone": "LNGRU", "country": "RU"})
    return toy(**{name: toy_rows[name] for name in ("zones", "supply", "lng_suppliers")})


@pytest.fixture(scope="module")
def people():
    return [
        Player(name="Russia", routes=["YAMAL"]),
        Player(name="Türkiye", countries=["TR"]),
        Player(name="LNG", suppliers=["US"], zones=["LNGROW"]),
        Player(name="EU27", countries=["EU27"]),
    ]


def test_several_elasticities_give_a_dim_and_one_rule_none(tables, people):
    n = build_network(2025, tables=tables)
    found = measure_leverage(n, people, elasticity=[-0.3, -0.6], access="owner", tables=tables)
    assert found["surplus"].dims == ("elasticity", "player")
    assert str(found["access"].to_numpy()) == "owner"
    assert found["worth"].attrs["units"] == "million EUR/year"
    assert found["share"].attrs["units"] == "%"
    assert found["group"].to_numpy().tolist() == ["Russia + Türkiye"]
    # The steeper demand is, the more gas is worth to who has too little of his own.
    assert float(found["surplus"].sel(player="EU27").diff("elasticity").squeeze()) < 0


def test_targets_of_stores_that_end_as_they_began_are_no_gain(tables):
    n = build_network(2027, tables=tables)
    assert n.stores["e_cyclic"].all()
    (board,), _ = open_games(n, [-0.3], tables)
    assert (board.get_switchable_as_dense("Store", "marginal_cost_storage") == 0).all(axis=None)
    seen = build_network(2025, tables=tables)
    (board,), _ = open_games(seen, [-0.3], tables)
    assert (board.get_switchable_as_dense("Store", "marginal_cost_storage").iloc[-1] < 0).any()


def test_a_route_is_worth_the_difference_of_two_games(tables, people):
    n = build_network(2025, tables=tables)
    cut = Scenario(name="cut", changes=(Disrupt(corridor="YAMAL"),))
    options = {"elasticity": -0.3, "access": ["owner"], "tables": tables}
    found = value_routes(n, {"Yamal": Route(cut, adds=False)}, people, **options)
    assert found["surplus"].dims == ("route", "access", "player")
    assert found["adds"].to_numpy().tolist() == [False]
    # Without its only route Russia trades with nobody.
    whole = measure_leverage(n, people, **options)
    gained = found["surplus"].sel(route="Yamal", player="Russia").to_numpy()
    assert gained == pytest.approx(whole["surplus"].sel(player="Russia").to_numpy(), abs=1e-6)
    assert (gained > 1).all()
    total = found["shapley"].sum("player").sel(route="Yamal").to_numpy()
    assert (total > gained).all()


def test_processes_change_nothing(tables, people):
    n = build_network(2025, tables=tables)
    options = {"elasticity": -0.3, "access": ["open", "owner"], "tables": tables}
    alone, together = (measure_leverage(n, people, workers=workers, **options) for workers in (1, 2))
    xr.testing.assert_identical(alone, together)


def test_wrong_routes_are_refused(tables, people, mesh):
    n = build_network(2025, tables=tables)
    for routes, words in (
        ({}, "routes: found {}"),
        ({"x": 7}, "x: found"),
        ({"x": ("no-azerbaijan", "yes")}, "x: found"),
        ({"x": Scenario(name="x", changes=(DemandChange(zones=("DE",), factor=0.9),))}, "x changes demand"),
    ):
        with pytest.raises(UsageError, match=words):
            value_routes(n, routes, people, elasticity=-0.3, tables=tables)
    with pytest.raises(UsageError, match="found a network of another make"):
        value_routes(mesh, None, cast("AE"))


# ------------------------------------------------------------------ the real network
@pytest.mark.slow
def test_the_packaged_game_of_an_observed_year():
    n, players = build_network(2025), read_players(find_seeds() / "players-corridor.yaml")
    found = measure_leverage(n, players, access=["open", "owner"])
    worth = found["worth"].to_numpy()
    assert worth.shape == (2, 128)
    for place in range(7):
        there = np.flatnonzero(np.arange(128) >> place & 1)
        # 1e-9 of the worth of all consumption.
        assert (worth[:, there] >= worth[:, there - 2**place] - 1e-9 * worth.max()).all()
    assert found["shapley"].sum("player").to_numpy() == pytest.approx(worth[:, -1])
    assert set(found["group"].to_numpy()) >= {"Russia + Azerbaijan", "Russia + Azerbaijan + Türkiye"}
    (board,), _ = open_games(n, [float(found["elasticity"])], None)
    for access in ("open", "owner"):
        places = [0, {"open": 71, "owner": 94}[access]]
        expected = value_plainly(board, players, access, found["member"].to_numpy()[places])
        assert found["worth"].sel(access=access).to_numpy()[places] == pytest.approx(expected, rel=1e-8, abs=1e-3)


@pytest.mark.slow
def test_packaged_routes_of_an_observed_year():
    groups = [
        Player(name="Russia", countries=["RU"]),
        Player(name="Türkiye", countries=["TR"]),
        Player(name="Europe", countries=["EU27", "GB", "CH", "RS", "BA", "MK", "AL", "MD", "UA"]),
    ]
    known = list_routes()
    chosen = {name: known[name] for name in ("TurkStream", "Ukrainian transit")}
    found = value_routes(build_network(2025), chosen, groups, access="owner")
    assert found["route"].to_numpy().tolist() == list(chosen)
    owned = found["surplus"]
    assert float(owned.sel(route="TurkStream", player="Russia")) > 0
    assert float(owned.sel(route="Ukrainian transit", player="Russia")) > 0
    # Nobody is worse off by more than rounding where all are in: the sum of values is the worth of all.
    assert (found["shapley"].sum("player") > -1e-3).all()
