"""Scenarios beside each other: what differs from a reference, who is hit, what moved where."""

from __future__ import annotations

from energyflows.comparison._comparing import compare
from energyflows.comparison._iamc import to_iamc
from energyflows.comparison._reading import read_reading

__all__ = ["compare", "read_reading", "to_iamc"]
