"""Every estimate somewhere in its range: bands around the hindcast, and which inputs matter most."""

from __future__ import annotations

from energyflows.hindcast.uncertainty.running import QUANTILES, find_bands, find_coverage, run_uncertainty
from energyflows.hindcast.uncertainty.varying import vary_tables

__all__ = ["QUANTILES", "find_bands", "find_coverage", "run_uncertainty", "vary_tables"]
