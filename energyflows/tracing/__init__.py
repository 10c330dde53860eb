"""Which wells the gas comes from: proportional sharing over a network, with storage that remembers."""

from __future__ import annotations

from energyflows.tracing._bars import list_bars
from energyflows.tracing._bounds import bound_delivered
from energyflows.tracing._flow_bounds import bound_flows
from energyflows.tracing._flows import trace_flows
from energyflows.tracing._landings import allot_landings
from energyflows.tracing._links import trace_links
from energyflows.tracing._tracing import trace

__all__ = [
    "allot_landings",
    "bound_delivered",
    "bound_flows",
    "list_bars",
    "trace",
    "trace_flows",
    "trace_links",
]
