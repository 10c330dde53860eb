"""Which wells the gas comes from: proportional sharing over a network, with storage that remembers."""

from __future__ import annotations

from energyflows.tracing._bars import list_bars
from energyflows.tracing._bounds import bound_delivered
from energyflows.tracing._flow_bounds import bound_flows
from energyflows.tracing._flows import trace_flows
from energyflows.tracing._links import trace_links
from energyflows.tracing._pools import separate_pools
from energyflows.tracing._tracing import trace

__all__ = [
    "bound_delivered",
    "bound_flows",
    "list_bars",
    "separate_pools",
    "trace",
    "trace_flows",
    "trace_links",
]
