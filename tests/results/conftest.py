"""Solved networks: the toy, and whatever a test puts together by hand."""

import pypsa
import pytest

from energyflows.network import build_network
from energyflows.results import read_results
from energyflows.solving import hush


def optimise(n, **options):
    """Solve a network in place as any user of PyPSA would."""
    with hush(verbose=False):
        _, condition = n.optimize(include_objective_constant=False, progress=False, log_to_console=False, **options)
    assert condition == "optimal"
    return n


@pytest.fixture(scope="session")
def solved():
    """Return the function that solves a network in place."""
    return optimise


@pytest.fixture
def pair():
    """Return a factory: 100 GWh/d for 10 EUR/MWh at A, a load at B, a link of 80 GWh/d; keywords change it."""

    def make(load=50.0, **link):
        n = pypsa.Network(snapshots=range(2))
        n.add("Bus", ["A", "B"])
        n.add("Generator", "field", bus="A", p_nom=100, marginal_cost=10, carrier="gas")
        n.add("Load", "town", bus="B", p_set=load)
        n.add("Link", "pipe", bus0="A", bus1="B", **{"p_nom": 80, **link})
        return n

    return make


@pytest.fixture(scope="session")
def toy_network(toy):
    """Solve the toy of 2025."""
    return optimise(build_network(2025, tables=toy()))


@pytest.fixture(scope="session")
def toy_results(toy_network):
    """Read the toy of 2025; copy before changing."""
    return read_results(toy_network)
