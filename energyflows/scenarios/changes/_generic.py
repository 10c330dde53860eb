"""Single figures, and components that come or go."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from energyflows.scenarios._fields import (
    Amount,
    Dated,
    Declaration,
    Name,
    Number,
)

Component = Literal["generator", "link", "load", "store"]


class Scale(Dated):
    """Multiply a figure of one component."""

    change: Literal["scale"] = "scale"
    component: Component
    """Kind of component."""
    name: Name
    """As in results: ``TANAP-TAP``, ``DE demand``, ``RU TURKSTREAM2 minimum``."""
    attribute: Literal["capacity", "cost"] = "capacity"
    """Capacity (demand of a load, volume of a store) in GWh/d or GWh, or cost in EUR/MWh."""
    factor: Amount
    """What it is multiplied by."""


class Set(Dated):
    """Give a figure of one component a value."""

    change: Literal["set"] = "set"
    component: Component
    """Kind of component."""
    name: Name
    """As in results."""
    attribute: Literal["capacity", "cost"] = "capacity"
    """Capacity (demand of a load, volume of a store) in GWh/d or GWh, or cost in EUR/MWh."""
    value: Number
    """Its value."""

    @model_validator(mode="after")
    def _check_value(self) -> Set:
        if self.attribute == "capacity" and self.value < 0:
            raise ValueError(f"a capacity of {self.value:g} is below zero")
        return self


class Add(Declaration):
    """Put in a link or a generator that was not there."""

    change: Literal["add"] = "add"
    component: Literal["generator", "link"]
    """Kind of component."""
    name: Name
    """Of the new component; must not be taken."""
    bus: Name
    """Where a generator feeds in, or a link begins."""
    to: Name | None = None
    """Where a link ends."""
    capacity: Amount
    """GWh/d."""
    cost: Number = 0.0
    """EUR/MWh; of a link its tariff."""
    efficiency: Annotated[Number, Field(gt=0.0, le=1.0)] = 1.0
    """Part of the gas sent that arrives; links only."""
    origin: Name | None = None
    """Country a generator's gas is from."""

    @model_validator(mode="after")
    def _check_ends(self) -> Add:
        if self.component == "link" and self.to is None:
            raise ValueError("a link needs the bus it goes 'to'")
        if self.component == "generator" and (self.to is not None or self.origin is None):
            raise ValueError("a generator needs an 'origin' and has no 'to'")
        return self


class Remove(Declaration):
    """Take a component out."""

    change: Literal["remove"] = "remove"
    component: Literal["generator", "link", "load"]
    """Kind of component."""
    name: Name
    """As in results."""
