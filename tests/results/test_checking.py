"""The check passes what balances and names what does not."""

import numpy as np
import pypsa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energyflows.errors import ResultsError
from energyflows.results import balance_buses, check_results
from energyflows.results._checking import COORDS, REQUIRED
from energyflows.solving import solve

SPOT = {"snapshot": "2025-03-01"}


@pytest.fixture
def damaged(toy_results):
    """Copy results to be damaged."""
    return toy_results.copy(deep=True)


def complain(ds):
    """Return what the check says."""
    with pytest.raises(ResultsError) as caught:
        check_results(ds)
    return str(caught.value)


def test_balance_of_the_toy_is_zero(toy_results):
    balance = balance_buses(toy_results)
    assert balance.attrs["units"] == "GWh/d"
    assert set(balance.dims) == {"snapshot", "bus"}
    assert float(abs(balance).max()) < 1e-6


def test_balance_tells_how_much_is_missing_where(damaged):
    damaged["consumed"].loc[{**SPOT, "bus": "DE"}] += 5
    balance = balance_buses(damaged)
    assert float(balance.sel(**SPOT, bus="DE").item()) == pytest.approx(-5)
    assert float(abs(balance).sum()) == pytest.approx(5)


@pytest.mark.parametrize(
    ("name", "element", "bus"),
    [
        ("consumed", {"bus": "DE"}, "DE"),
        ("supplied", {"generator": "NL gas"}, "NL"),
        ("received", {"link": "DE-TR"}, "TR"),
        ("sent", {"link": "DE-TR"}, "DE"),
        ("withdrawn", {"store": "DE storage"}, "DE storage"),
        ("injected", {"store": "DE storage"}, "DE storage"),
    ],
)
def test_a_bus_out_of_balance_is_named_with_its_snapshot(damaged, name, element, bus):
    damaged[name].loc[{**SPOT, **element}] += 1
    message = complain(damaged)
    assert "bus does not balance" in message
    assert f"bus {bus} " in message
    assert "2025-03-01" in message


def test_rounding_is_no_problem(damaged):
    damaged["consumed"].loc[{**SPOT, "bus": "DE"}] *= 1 + 1e-8
    check_results(damaged)


def test_a_flow_above_capacity_is_named_with_its_snapshot(damaged):
    damaged["capacity"].loc[{**SPOT, "link": "LNGEU-NL"}] = 1
    message = complain(damaged)
    assert "flow above capacity" in message
    assert "link LNGEU-NL" in message
    assert "2025-03-01" in message


@pytest.mark.parametrize(
    ("name", "element"),
    [
        ("unserved", {"bus": "TR"}),
        ("response", {"bus": "TR"}),
        ("sent", {"link": "NL-DE"}),
        ("received", {"link": "NL-DE"}),
        ("supplied", {"generator": "TR gas"}),
        ("stored", {"store": "DE storage"}),
        ("injected", {"store": "DE storage"}),
        ("withdrawn", {"store": "DE storage"}),
    ],
)
def test_what_is_negative_is_named_with_its_snapshot(damaged, name, element):
    damaged[name].loc[{**SPOT, **element}] = -40.0
    [line] = [line for line in complain(damaged).splitlines() if f"{name} is negative" in line]
    assert next(iter(element.values())) in line
    assert "2025-03-01" in line


@pytest.mark.parametrize("name", [*REQUIRED, *COORDS])
def test_a_missing_variable_is_named(damaged, name):
    assert f"no variable {name}" in complain(damaged.drop_vars(name))


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("unit", [None, "bcm"])
def test_a_missing_or_other_unit_is_named(damaged, name, unit):
    damaged[name].attrs = {} if unit is None else {"units": unit}
    assert f"{name}: found {unit!r} as attribute 'units'" in complain(damaged)


@pytest.mark.parametrize("name", sorted(set(REQUIRED) - {"utilisation", "objective"}))
def test_gaps_are_counted(damaged, name):
    damaged[name][0, 0] = np.nan
    assert f"{name}: 1 missing values" in complain(damaged)


def test_all_problems_are_told_at_once(damaged):
    damaged["consumed"].loc[{**SPOT, "bus": "DE"}] += 1
    damaged["capacity"].loc[{**SPOT, "link": "LNGEU-NL"}] = 1
    damaged["price"].attrs = {}
    message = complain(damaged)
    assert message.startswith("3 problem(s)")
    assert len(message.splitlines()) == 4


def test_infinite_capacity_is_no_problem(damaged):
    damaged["capacity"][:] = np.inf
    check_results(damaged)


# ------------------------------------------------------------------ any transport network
def draw_network(seed, size, scale=1.0):
    """Return a random network with losses; costs are drawn, so that its answer is unique."""
    rng = np.random.default_rng(seed)
    n = pypsa.Network(snapshots=range(3))
    buses = [f"bus {i}" for i in range(size)]
    n.add("Bus", buses)
    for i in range(2 * size):
        a, b = rng.choice(size, 2, replace=False)
        capacity, cost, efficiency = rng.uniform([1, 0.1, 0.8], [60, 5, 1.0])
        n.add(
            "Link",
            f"link {i}",
            bus0=buses[a],
            bus1=buses[b],
            p_nom=scale * capacity,
            marginal_cost=cost,
            efficiency=efficiency,
        )
    for i in range(size):
        capacity, cost = rng.uniform([1, 5], [150, 50])
        n.add("Generator", f"field {i}", bus=buses[rng.integers(size)], p_nom=scale * capacity, marginal_cost=cost)
    n.add("Load", buses, bus=buses, p_set=scale * rng.uniform(1, 100, (3, size)))
    worth = rng.uniform(500, 600, size)
    n.add("Generator", buses, suffix=" lost", bus=buses, carrier="unserved", p_nom=1e4, marginal_cost=worth)
    return n


FLOWS = ("supplied", "consumed", "unserved", "sent", "received", "lost", "capacity")


@settings(max_examples=4)
@given(seed=st.integers(0, 10**6), size=st.integers(3, 5))
def test_any_network_balances_at_every_bus(seed, size):
    n = draw_network(seed, size)
    ds = solve(n)
    check_results(ds)
    for bus in n.buses.index:
        enters = ds["supplied"].where(ds["generator_bus"] == bus).sum("generator")
        enters = enters + ds["unserved"].sel(bus=bus) + ds["received"].where(ds["bus1"] == bus).sum("link")
        leaves = n.loads_t.p_set[bus].to_numpy() + ds["sent"].where(ds["bus0"] == bus).sum("link")
        np.testing.assert_allclose(enters, leaves, rtol=1e-6)


@settings(max_examples=2)
@given(seed=st.integers(0, 10**6), size=st.integers(3, 5), scale=st.sampled_from([0.25, 3.0, 10.0]))
def test_scaling_all_quantities_scales_flows_and_leaves_prices(seed, size, scale):
    one, other = solve(draw_network(seed, size)), solve(draw_network(seed, size, scale))
    for name in FLOWS:
        np.testing.assert_allclose(other[name], scale * one[name], rtol=1e-6, atol=1e-6 * scale, err_msg=name)
    np.testing.assert_allclose(other["price"], one["price"], rtol=1e-6)
    np.testing.assert_allclose(other["objective"], scale * one["objective"], rtol=1e-6)
