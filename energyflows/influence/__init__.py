"""Whose gas it is: four accounts side by side, what stands behind a conduit, who owns it and earns by it."""

from __future__ import annotations

from energyflows.influence.accounts import ACCOUNTS, attribute
from energyflows.influence.cargoes import allot_cargoes, list_landings
from energyflows.influence.conduits import list_exits, measure_conduits
from energyflows.influence.curves import measure_curve
from energyflows.influence.gap import measure_gap
from energyflows.influence.headline import measure_hidden
from energyflows.influence.holdings import measure_holdings
from energyflows.influence.passages import attribute_conduits, measure_passage
from energyflows.influence.revenue import measure_revenue
from energyflows.influence.shuffling import measure_shuffling
from energyflows.influence.substitution import measure_substitution
from energyflows.influence.vertices import trace_vertices

__all__ = [
    "ACCOUNTS",
    "allot_cargoes",
    "attribute",
    "attribute_conduits",
    "list_exits",
    "list_landings",
    "measure_conduits",
    "measure_curve",
    "measure_gap",
    "measure_hidden",
    "measure_holdings",
    "measure_passage",
    "measure_revenue",
    "measure_shuffling",
    "measure_substitution",
    "trace_vertices",
]
