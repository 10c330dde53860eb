"""Results: one labelled dataset with fixed names, dims and units; read, checked, written, read back."""

from __future__ import annotations

from energyflows.results._checking import balance_buses, check_results, sum_at, sum_energy
from energyflows.results._files import open_results, write_results
from energyflows.results._filling import fill, label, sum_rewards
from energyflows.results._layout import INSTALLED, RESPONSE, UNITS, UNSERVED, Layout, lay_out, name_parts
from energyflows.results._reading import find_unreadable, read_results

__all__ = [
    "INSTALLED",
    "RESPONSE",
    "UNITS",
    "UNSERVED",
    "Layout",
    "balance_buses",
    "check_results",
    "fill",
    "find_unreadable",
    "label",
    "lay_out",
    "name_parts",
    "open_results",
    "read_results",
    "sum_at",
    "sum_energy",
    "sum_rewards",
    "write_results",
]
