"""Toy and packaged networks, built and solved once per session."""

from functools import cache

import pytest

from energyflows import build_network, load_tables, solve
from energyflows.network import build_periods
from energyflows.network.inputs import Inputs


@pytest.fixture(scope="session")
def inputs(toy):
    """Return a factory of the toy's tables and time; ``edit`` changes the tables first."""

    def make(years=2025, resolution="monthly", edit=None):
        tables = toy()
        if edit is not None:
            edit(tables)
        return Inputs(tables, build_periods(years, resolution), resolution)

    return make


@pytest.fixture(scope="session")
def solved(toy):
    """Return a factory of the unchanged toy: its unsolved network and its results, neither to be changed."""

    @cache
    def make(years=2025, resolution="monthly"):
        n = build_network(years, resolution, toy())
        return n, solve(n)

    return make


@pytest.fixture(scope="session")
def packaged():
    """Return the packaged tables."""
    return load_tables()


@pytest.fixture(scope="session")
def real(packaged):
    """Return a factory of the packaged tables' results by year and resolution, not to be changed."""

    @cache
    def make(year, resolution="monthly"):
        return solve(build_network(year, resolution, packaged))

    return make
