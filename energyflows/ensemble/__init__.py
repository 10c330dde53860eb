"""Many solves of one network: compact programme, hot re-solves, workers, resumable store."""

from __future__ import annotations

from energyflows.ensemble.outages import KINDS, sweep_outages
from energyflows.ensemble.outputs import DEFAULT as DEFAULT_OUTPUTS
from energyflows.ensemble.program import compile_network
from energyflows.ensemble.running import run_ensemble
from energyflows.ensemble.sampling import sample
from energyflows.ensemble.storing import open_ensemble
from energyflows.ensemble.stress import specify_winter
from energyflows.ensemble.variants import solve_networks

__all__ = [
    "DEFAULT_OUTPUTS",
    "KINDS",
    "compile_network",
    "open_ensemble",
    "run_ensemble",
    "sample",
    "solve_networks",
    "specify_winter",
    "sweep_outages",
]
