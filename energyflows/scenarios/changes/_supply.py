"""Suppliers that deliver less, law that bars them, corridors that fail."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from energyflows.scenarios._fields import (
    Dated,
    Day,
    Days,
    Declaration,
    Gas,
    Name,
    Names,
    Share,
    Volume,
    is_recurring,
)


class Cut(Dated):
    """A supplier delivers less, on all routes or on one."""

    change: Literal["cut"] = "cut"
    supplier: Name
    """Country of origin."""
    routes: tuple[Name, ...] = ()
    """Routes as in table ``supply``; all if none is given."""
    gas: Gas = "any"
    """Pipeline gas, LNG or both."""
    share: Share = 1.0
    """Part that is no longer delivered."""


class Withhold(Dated):
    """One or several suppliers keep a volume back; several share it in proportion to what they could deliver."""

    change: Literal["withhold"] = "withhold"
    suppliers: Names
    """Countries of origin; more than one stands for coordination."""
    volume: Volume
    """Kept back by all of them together."""
    routes: tuple[Name, ...] = ()
    """Routes as in table ``supply``; all to foreign markets if none is given."""
    gas: Gas = "pipeline"
    """Pipeline gas, LNG or both."""


class Ban(Declaration):
    """A law bars gas of one origin, rule by rule of table ``rules``, by contract type and date.

    What long-term contracts cover stays allowed until their own date. Where gas enters from a dedicated corridor it
    is barred; where it enters from a mixed grid, customs see papers, not molecules.
    """

    change: Literal["ban"] = "ban"
    origin: Name
    """Country of origin."""
    rules: tuple[Name, ...] = ()
    """Rules to apply; all active bans of that origin if none is given."""
    circumvention: bool = False
    """Leave entries from mixed grids open: gas there carries another label."""
    evidence: Share = 0.0
    """Part of the capacity at entries presumed to carry that origin for which another origin is proven; without
    ``circumvention`` only."""


class Disrupt(Declaration):
    """A corridor or a link fails, and comes back."""

    change: Literal["disrupt"] = "disrupt"
    corridor: Name
    """A link, or a corridor bus of which then all links fail."""
    start: Day | None = None
    """First day; from the beginning if not given."""
    duration_days: Days | None = None
    """Days of failure; to the end if not given."""
    depth: Share = 1.0
    """Part of the capacity lost."""
    ramp_days: Days = 0
    """Days over which capacity comes back afterwards, at an even pace."""

    @model_validator(mode="after")
    def _check_ramp(self) -> Disrupt:
        if self.duration_days is None and self.ramp_days:
            raise ValueError("ramp_days needs duration_days: what never ends does not come back")
        if self.duration_days is not None and self.start is None:
            raise ValueError("duration_days needs a start")
        if self.duration_days is None and self.start is not None and is_recurring(self.start):
            raise ValueError(f"{self.start} is a day of every year and needs duration_days")
        return self
