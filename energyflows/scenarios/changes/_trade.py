"""Deals: imports that free exports, swaps, papers and shares that change, contracts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from energyflows.scenarios._fields import (
    Amount,
    Dated,
    Day,
    Declaration,
    Name,
    Share,
    Volume,
    is_recurring,
)
from energyflows.scenarios._settling import Delivery, check_balance


class Backfill(Dated):
    """Imports serve the home market, so that home gas is free for export.

    Gas of ``supplier`` enters by ``entry`` and serves demand of ``home``; as much home gas moves to ``outlet``. The
    volume cannot exceed the capacity of the entry; what home demand and home output cannot take is left out and said.
    Freed gas comes from wells that feed the outlet directly, or out of the home grid with whatever mix that has.
    """

    change: Literal["backfill"] = "backfill"
    supplier: Name
    """Whose gas comes in."""
    entry: Name
    """Pipeline it comes by."""
    home: Name
    """Zone it serves."""
    outlet: Name
    """Bus where the freed gas is offered for export."""
    volume: Volume
    """Imported."""
    substitutable: Share = 1.0
    """Part of home demand that imports can serve."""
    mixed: Share = 0.0
    """Part of the freed gas that leaves from the home grid, imports in it, by a link ``HOME-OUTLET``, unless home pays
    more for it; the rest comes from wells that feed the outlet directly."""
    path: tuple[Name, ...] = ()
    """Pipelines held to observed flows that may carry the freed gas, up to their technical capacity."""


class Leg(Declaration):
    """One side of a swap."""

    supplier: Name
    """Country the gas physically is from."""
    link: Name
    """Pipeline it is delivered by."""
    label: Name
    """Origin written on the delivery."""
    volume: Volume
    """Delivered."""
    adds: bool
    """Whether the delivery comes on top of others, or takes the place of one that flows anyway."""
    bus: Name | None = None
    """Where added gas enters; the beginning of ``link`` if not given."""
    cost: Amount = 12.0
    """Of added gas, EUR/MWh; by default that of Russian pipeline gas in table ``supply`` (est-supply-cost, 8 to 16)."""
    start: Day | None = None
    """First day, if other than that of the swap."""
    end: Day | None = None
    """Last day, if other than that of the swap."""


class Swap(Dated):
    """Two parties deliver for each other; their deliveries balance over each settlement period."""

    change: Literal["swap"] = "swap"
    legs: Annotated[tuple[Leg, Leg], Field(min_length=2, max_length=2)]
    """What one side delivers, and what the other does."""
    settlement: Literal["month", "quarter", "year"] = "year"
    """Period over which both must be equal."""

    @model_validator(mode="after")
    def _check_legs(self) -> Swap:
        one, other = (
            Delivery(f"of {leg.supplier} by {leg.link}", leg.volume, leg.start or self.start, leg.end or self.end)
            for leg in self.legs
        )
        check_balance(one, other, self.settlement)
        return self


class Relabel(Dated):
    """Gas gets another origin on paper; flows stay."""

    change: Literal["relabel"] = "relabel"
    at: Name
    """Link or bus where papers change."""
    origin: Annotated[Name, Field(alias="from")]
    """Origin before."""
    to: Name
    """Origin after."""
    share: Share = 1.0
    """Part of that gas."""


class Stake(Dated):
    """A share of an asset changes hands; flows stay."""

    change: Literal["stake"] = "stake"
    asset: Name
    """As in table ``ownership``."""
    owner: Name
    """Who holds it."""
    country: Name
    """Of the owner."""
    share: Share
    """Part held after the change."""
    seller: Name | None = None
    """Whose part falls by as much; all other owners in proportion if not given."""

    @model_validator(mode="after")
    def _check_once(self) -> Stake:
        if self.start is not None and is_recurring(self.start):
            raise ValueError(f"start {self.start}: a share changes hands once; give a day with its year")
        return self


class Contract(Dated):
    """A delivery contract at a pipeline."""

    change: Literal["contract"] = "contract"
    link: Name
    """Delivery point."""
    volume: Volume
    """Agreed quantity."""
    take_or_pay: Share = 0.8
    """Part that is delivered unless that is impossible; usual in ``contracts`` (est-contract-volumes, 0.7 to 0.9)."""
    ceiling: Amount | None = None
    """Most that is delivered, as a multiple of the quantity; no limit of its own if not given."""
    label: Name | None = None
    """Origin written on it."""

    @model_validator(mode="after")
    def _check_ceiling(self) -> Contract:
        if self.ceiling is not None and self.ceiling < self.take_or_pay:
            raise ValueError(f"ceiling {self.ceiling:g} lies below take_or_pay {self.take_or_pay:g}")
        return self
