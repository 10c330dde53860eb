"""Scenarios of the toy world, and its reference."""

import pytest

from energyflows.running import solve_reference
from energyflows.scenarios import Add, Cut, Demand, Disrupt, Scenario


def name(title, *changes):
    return Scenario(name=title, changes=changes)


@pytest.fixture(scope="session")
def scenarios():
    """Return scenarios by name; the last year of the toy's observations is 2025."""
    return {
        each.name: each
        for each in (
            name("reference"),
            name("less", Cut(supplier="RU", share=0.2)),
            name("later", Cut(supplier="RU", share=0.2, start="2026-01-01")),
            name("cold", Demand(zones=("EU27",), factor=1.1, start="01-01", end="02-28")),
            name("nothing", Disrupt(corridor="YAMAL", start="2025-02-01", duration_days=0)),
            name("field", Add(component="generator", name="field", bus="TR", capacity=10.0, cost=3.0, origin="TR")),
            name("pipe", Add(component="link", name="TR-DE", bus="TR", to="DE", capacity=20.0)),
        )
    }


@pytest.fixture(scope="session")
def reference(toy):
    """Return the reference of the last observed year and the first one after it."""
    return solve_reference([2025, 2026], "monthly", toy())
