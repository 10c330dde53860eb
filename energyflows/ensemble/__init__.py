"""Many solves of one network: compact programme, hot re-solves, workers, resumable store."""

from __future__ import annotations

from energyflows.ensemble.outages import sweep_outages
from energyflows.ensemble.outputs import DEFAULT as DEFAULT_OUTPUTS
from energyflows.ensemble.program import compile_network
from energyflows.ensemble.running import run_ensemble
from energyflows.ensemble.sampling import sample
from energyflows.ensemble.stress import specify_winter

__all__ = ["DEFAULT_OUTPUTS", "compile_network", "run_ensemble", "sample", "specify_winter", "sweep_outages"]
