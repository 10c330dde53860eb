"""Results: one labelled dataset with fixed names, dims and units; read, checked, written, read back."""

from __future__ import annotations

from energyflows.results._checking import balance_buses, check_results, sum_at
from energyflows.results._files import open_results, write_results
from energyflows.results._reading import UNITS, read_results

__all__ = [
    "UNITS",
    "balance_buses",
    "check_results",
    "open_results",
    "read_results",
    "sum_at",
    "write_results",
]
