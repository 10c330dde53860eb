"""Pipelines that carry more, walls that open."""

from __future__ import annotations

from typing import Literal

from energyflows.scenarios._fields import (
    Amount,
    Dated,
    Declaration,
    Name,
    Names,
    Volume,
)


class Upstream(Declaration):
    """Gas to fill an expansion."""

    supplier: Name
    """Country of origin."""
    bus: Name
    """Where it enters."""
    volume: Volume
    """How much comes on top."""
    cost: Amount
    """EUR/MWh."""


class Expand(Dated):
    """Pipelines carry more, with or without gas to fill them."""

    change: Literal["expand"] = "expand"
    links: Names
    """Pipelines, all by the same volume."""
    by: Volume
    """Capacity on top."""
    upstream: Upstream | None = None
    """Gas to fill it; none if not given."""


class Blend(Dated):
    """Open the wall between a dedicated corridor and a grid."""

    change: Literal["blend"] = "blend"
    source: Name
    """Where gas comes from: a corridor, or a grid."""
    target: Name
    """Where it goes: a grid, or a corridor."""
    capacity: Amount
    """GWh/d."""
    cost: Amount = 0.5
    """Tariff, EUR/MWh; by default that of a short line in table ``pipelines`` (est-pipeline-tariff, 0.25 to 1)."""
