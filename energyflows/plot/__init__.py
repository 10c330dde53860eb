"""Figures of results; matplotlib is imported when the first one is drawn, and none of its global state is touched."""

from __future__ import annotations

from energyflows.plot.hindcast import plot_errors, plot_hindcast, plot_scatter, plot_storage

__all__ = ["plot_errors", "plot_hindcast", "plot_scatter", "plot_storage"]
