"""The market games are played on: nothing in it is rewarded, and it answers where a reference is held."""

import pytest

from energyflows.errors import UsageError
from energyflows.network import build_network, drop_rewards, free_destinations
from energyflows.network.slices import list_slices
from energyflows.solving import solve
from energyflows.strategy import open_market


@pytest.fixture(scope="module")
def tables(toy):
    """Return the toy."""
    return toy()


@pytest.fixture(scope="module")
def opened(tables):
    """Return the toy with Russian LNG, which keeps its ceilings, a copy of it, and its market."""
    n = build_network(2025, tables=tables)
    n.generators["origin"] = n.generators["origin"].replace("US", "RU")
    before = n.copy()
    return n, before, open_market(n, tables)


def test_nothing_is_rewarded_and_sure_gas_is_offered_at_cost(opened):
    n, _, market = opened
    assert (market.generators["reward"] == 0).all()
    assert (market.links["reward"] == 0).all()
    sure = n.generators.index[n.generators["reward"] > 0]
    assert len(sure) > 0
    paid = n.generators["marginal_cost"] + n.generators["reward"]
    assert market.generators.loc[sure, "marginal_cost"].to_numpy() == pytest.approx(paid[sure].to_numpy())


def test_the_network_given_stays_as_it_is(opened):
    n, before, _ = opened
    for component in ("Generator", "Link", "Store"):
        assert n.c[component].static.equals(before.c[component].static)
        for name, table in before.c[component].dynamic.items():
            assert n.c[component].dynamic[name].equals(table)


def test_stores_end_where_gas_is_worth_most(opened):
    n, _, market = opened
    last = n.snapshots[-1]
    # In the reference a level that is missed costs 300 EUR/MWh; here gas is worth about its price.
    held = -31 * n.stores_t.marginal_cost_storage.loc[last]
    free = -31 * market.stores_t.marginal_cost_storage.loc[last]
    assert held.abs().max() == pytest.approx(300, rel=0.2)
    assert free.abs().max() < 100
    # Each slice is worth less than the one below.
    assert (free[list_slices(market, "DE")].diff().dropna() <= 1e-9).all()
    price = solve(drop_rewards(free_destinations(n)))["price"].sel(bus="DE storage").isel(snapshot=-1)
    assert free.min() < float(price) < free.max()


def test_a_solved_network_is_refused(opened, tables):
    n = opened[0].copy()
    n.optimize(solver_name="highs", log_to_console=False, include_objective_constant=False)
    with pytest.raises(UsageError, match="found a solved network"):
        open_market(n, tables)
    with pytest.raises(UsageError):
        open_market("2025", tables)
