"""The past once more: modelled against observed, series by series."""

from __future__ import annotations

from energyflows.hindcast.balancing import list_residuals, observed_flows
from energyflows.hindcast.comparing import compare_spreads, list_worst
from energyflows.hindcast.observations import read_observations
from energyflows.hindcast.observing import list_excluded, observe
from energyflows.hindcast.pairing import pair
from energyflows.hindcast.pins import release
from energyflows.hindcast.running import run_hindcast
from energyflows.hindcast.scoring import AIMS, score_groups, score_series, score_years
from energyflows.hindcast.series import GROUPS, SAMPLES, list_series
from energyflows.hindcast.uncertainty import run_uncertainty

__all__ = [
    "AIMS",
    "GROUPS",
    "SAMPLES",
    "compare_spreads",
    "list_excluded",
    "list_residuals",
    "list_series",
    "list_worst",
    "observe",
    "observed_flows",
    "pair",
    "read_observations",
    "release",
    "run_hindcast",
    "run_uncertainty",
    "score_groups",
    "score_series",
    "score_years",
]
