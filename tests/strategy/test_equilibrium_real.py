"""Equilibria of the real network obey what theory implies, and price-taking is ordinary dispatch."""

import numpy as np
import pytest

from energyflows import build_network, solve
from energyflows.ensemble import compile_network
from energyflows.ensemble.resolving import Resolver
from energyflows.strategy.demand import calibrate_demand, step_demand
from energyflows.strategy.equilibrium import solve_equilibrium
from energyflows.strategy.market import open_market


@pytest.fixture(scope="module")
def market():
    n = build_network(2025)
    opened = open_market(n)
    return n, opened, calibrate_demand(opened, -0.3)


def average_eu(found, n):
    eu = n.buses.index[n.buses["eu"].astype(bool) & (n.buses["kind"] == "market")]
    inside = found.sel(bus=[bus for bus in found["bus"].to_numpy() if bus in set(eu)])
    volume = inside["consumed"] * inside["weight_days"]
    return float((inside["price"] * volume).sum() / volume.sum())


@pytest.mark.slow
def test_real_network_obeys_what_conduct_implies(market):
    n, _, _ = market
    taking, cournot = (solve_equilibrium(n, kappa=kappa) for kappa in (0, None))
    pair = solve_equilibrium(n, kappa={("RU", "AZ"): 1.0})
    for found in (taking, cournot, pair):
        assert found.attrs["gap"] <= 1e-6
    for found in (cournot, pair):
        assert (found["sold"].sum("bus") <= found["supplied"] + 1e-4).all()
    assert taking["welfare"] >= cournot["welfare"]
    assert average_eu(taking, n) < average_eu(cournot, n) <= average_eu(pair, n) + 0.01


@pytest.mark.slow
def test_price_taking_is_ordinary_dispatch(market):
    _, opened, demand = market
    found = solve_equilibrium(opened, kappa=0, demand=demand)
    network = step_demand(opened, demand)
    stepped, program = solve(network), compile_network(network)
    compact, _ = program.place({})
    cost = Resolver(program.reduction, compact).solve(compact).objective
    zones = demand["bus"].to_numpy()
    volume = (stepped["consumed"].sel(bus=zones) * stepped["weight_days"]).sum()
    assert (found["consumed"].sel(bus=zones) * found["weight_days"]).sum() == pytest.approx(volume.item(), rel=0.02)
    # The area below the curve less all cost, were each step consumed at its mean worth.
    worth = (demand["intercept"] ** 2 / demand["slope"] / 2).where(demand["slope"] > 0, 0.0)
    whole = float((worth * stepped["weight_days"]).sum())
    assert found["welfare"].item() * 1e3 == pytest.approx(whole - cost, rel=5e-4)
    without = solve_equilibrium(opened, kappa=0, demand=demand, arbitrage=False)
    np.testing.assert_allclose(without["profit"], found["profit"], rtol=5e-3)
