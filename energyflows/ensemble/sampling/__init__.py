"""Draws from a specification: events, availability, weather, demand and prices."""

from __future__ import annotations

from energyflows.ensemble.sampling._sampling import sample

__all__ = ["sample"]
