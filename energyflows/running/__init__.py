"""Scenarios and years, one after the other, into one dataset."""

from __future__ import annotations

from energyflows.running._joining import join_scenarios, join_years
from energyflows.running._networks import prepare_networks
from energyflows.running._run import run
from energyflows.running._scenarios import Reference, solve_reference, solve_scenario
from energyflows.running._study import run_study
from energyflows.running._years import read_stocks, run_years

__all__ = [
    "Reference",
    "join_scenarios",
    "join_years",
    "prepare_networks",
    "read_stocks",
    "run",
    "run_study",
    "run_years",
    "solve_reference",
    "solve_scenario",
]
