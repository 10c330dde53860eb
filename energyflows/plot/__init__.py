"""Figures of results; matplotlib is imported when the first one is drawn, and none of its global state is touched."""

from __future__ import annotations

from energyflows.plot.hindcast import plot_errors, plot_hindcast, plot_scatter, plot_storage
from energyflows.plot.strategy import plot_conduct, plot_leverage, plot_routes

__all__ = [
    "plot_conduct",
    "plot_errors",
    "plot_hindcast",
    "plot_leverage",
    "plot_routes",
    "plot_scatter",
    "plot_storage",
]
