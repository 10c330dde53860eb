"""Which wells the gas comes from: proportional sharing over a network, with storage that remembers."""

from __future__ import annotations

from energyflows.tracing._flows import trace_flows
from energyflows.tracing._links import trace_links
from energyflows.tracing._tracing import trace

__all__ = ["trace", "trace_flows", "trace_links"]
