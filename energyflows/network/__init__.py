"""Checked tables to an unsolved ``pypsa.Network``, one module per component family."""

from __future__ import annotations

from energyflows.network.building import build_network
from energyflows.network.calendar import build_periods, list_years

__all__ = ["build_network", "build_periods", "list_years"]
