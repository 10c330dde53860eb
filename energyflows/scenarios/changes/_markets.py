"""Demand, prices and what stores hold."""

from __future__ import annotations

from typing import Literal

from energyflows.scenarios._fields import (
    Amount,
    Dated,
    Day,
    Declaration,
    Name,
    Names,
    Number,
    Share,
)


class Demand(Dated):
    """Consumption rises or falls."""

    change: Literal["demand"] = "demand"
    zones: Names
    """Zones; ``EU27`` stands for all its members."""
    factor: Amount
    """What demand is multiplied by."""


class StorageTarget(Declaration):
    """Stores are to be filled to a level on a day; missing it costs the reward, nothing becomes impossible."""

    change: Literal["storage_target"] = "storage_target"
    zones: Names
    """Zones with storage; ``EU27`` stands for all its members."""
    share: Share
    """Level as a part of the working volume."""
    day: Day = "11-01"
    """When it counts."""
    reward: Amount = 100.0
    """EUR/MWh; by default as ``storage_target_reward`` in table ``parameters`` (40 to 250)."""


class StartStock(Declaration):
    """Stores hold an amount on a day: the known state a live case begins with."""

    change: Literal["start_stock"] = "start_stock"
    zones: Names
    """Zones with storage; ``EU27`` stands for all its members, which then are equally full."""
    share: Share
    """Level as a part of the working volume."""
    day: Day
    """End of the day on which it is known."""


class Price(Dated):
    """Gas of a supplier, or LNG for the rest of the world, costs more or less."""

    change: Literal["price"] = "price"
    supplier: Name | None = None
    """Country of origin; the rest of the world's willingness to pay for LNG if not given."""
    factor: Amount = 1.0
    """What the price is multiplied by."""
    add: Number = 0.0
    """EUR/MWh on top."""
