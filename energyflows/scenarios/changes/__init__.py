"""Every change a scenario can make, as declarations; what each does to a network stands in ``applying``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from energyflows.scenarios.changes._generic import Add, Remove, Scale, Set
from energyflows.scenarios.changes._markets import Demand, Price, StartStock, StorageTarget
from energyflows.scenarios.changes._routes import Blend, Expand, Upstream
from energyflows.scenarios.changes._supply import Ban, Cut, Disrupt, Withhold
from energyflows.scenarios.changes._trade import Backfill, Contract, Leg, Relabel, Stake, Swap

AnyChange = Annotated[
    Scale
    | Set
    | Add
    | Remove
    | Cut
    | Withhold
    | Ban
    | Disrupt
    | Expand
    | Blend
    | Backfill
    | Swap
    | Relabel
    | Stake
    | Contract
    | Demand
    | StorageTarget
    | StartStock
    | Price,
    Field(discriminator="change"),
]

__all__ = [
    "Add",
    "AnyChange",
    "Backfill",
    "Ban",
    "Blend",
    "Contract",
    "Cut",
    "Demand",
    "Disrupt",
    "Expand",
    "Leg",
    "Price",
    "Relabel",
    "Remove",
    "Scale",
    "Set",
    "Stake",
    "StartStock",
    "StorageTarget",
    "Swap",
    "Upstream",
    "Withhold",
]
