"""How long games on the real network take: all coalitions of ten players, equilibria, and a sweep against one solve.

``make bench`` prints it. With ``--benchmark-disable`` (as the tests run it) everything is done once, untimed and small.
"""

import sys

import pytest

import energyflows as ef
from energyflows.strategy import read_players, sweep_conduct

#: Ten exporters, half of them by ship.
SUPPLIERS = ["RU", "AZ", "NO", "DZ", "LY", "IR", "US", "QA", "NG", "TT"]
#: Seconds of a single solve, to hold the sweep against.
TIMES = {}


@pytest.fixture(scope="module")
def network():
    return ef.build_network(2025, tables=ef.hindcast.release(ef.load_tables(), ships=False))


def tell(benchmark, what, target):
    """Print the fastest time beside its target."""
    if not benchmark.disabled:
        sys.stderr.write(f"\n{what}: {benchmark.stats.stats.min:.1f} s, wanted {target:.1f} s at most\n")


def test_all_coalitions_of_ten_players(benchmark, network):
    players = read_players()[: 3 if benchmark.disabled else 10]
    settings = {"elasticity": -0.3, "access": "owner", "workers": 1 if benchmark.disabled else 2}
    found = benchmark.pedantic(ef.measure_leverage, args=(network, players), kwargs=settings, rounds=1)
    assert found.sizes["coalition"] == 2 ** len(players)
    tell(benchmark, "1,024 coalitions, 12 months, two processes", 30)


def test_equilibrium_of_ten_suppliers(benchmark, network):
    suppliers = SUPPLIERS[: 2 if benchmark.disabled else 10]
    found = benchmark.pedantic(ef.solve_equilibrium, args=(network, suppliers), rounds=1)
    assert found.attrs["gap"] <= 1e-6
    tell(benchmark, "equilibrium, ten suppliers, 12 months", 60)
    if not benchmark.disabled:
        TIMES["solve"] = benchmark.stats.stats.min


def test_sweep_of_eleven_weights(benchmark, network):
    settings = {"suppliers": SUPPLIERS[: 2 if benchmark.disabled else 10]}
    values = [0.0, 1.0] if benchmark.disabled else None
    found = benchmark.pedantic(sweep_conduct, args=(network, ("RU", "AZ"), values), kwargs=settings, rounds=1)
    assert float(found["gap"].max()) <= 1e-6
    tell(benchmark, "sweep of eleven weights", 3 * TIMES.get("solve", float("nan")))
