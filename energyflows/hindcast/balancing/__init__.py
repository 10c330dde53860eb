"""Observed flows made to balance: what lies nearest to all figures, and what does not fit."""

from __future__ import annotations

from energyflows.hindcast.balancing.flows import list_residuals, observed_flows

__all__ = ["list_residuals", "observed_flows"]
