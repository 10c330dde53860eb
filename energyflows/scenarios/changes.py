"""Every change a scenario can make, as declarations; what each does to a network stands in ``applying``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from energyflows.scenarios._fields import Amount, Dated, Day, Declaration, Name, Number, Share, Volume, is_recurring
from energyflows.scenarios._settling import Delivery, check_balance

Component = Literal["generator", "link", "load", "store"]
Gas = Literal["any", "pipeline", "lng"]
Names = Annotated[tuple[Name, ...], Field(min_length=1)]
Days = Annotated[int, Field(ge=0, le=3660, strict=True)]


# ------------------------------------------------------------------ generic changes
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


# ------------------------------------------------------------------ supply
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


# ------------------------------------------------------------------ routes
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
    """Tariff, EUR/MWh."""


# ------------------------------------------------------------------ trade
class Backfill(Dated):
    """Imports serve the home market, so that home gas is free for export.

    Gas of ``supplier`` enters by ``entry`` and serves demand of ``home``; as much home gas moves to ``outlet``. The
    volume cannot exceed the capacity of the entry; what home demand and home output cannot take is left out and said.
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
    """Of added gas, EUR/MWh."""
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
    """Part that is delivered unless that is impossible."""
    ceiling: Amount | None = None
    """Most that is delivered, as a multiple of the quantity; no limit of its own if not given."""
    label: Name | None = None
    """Origin written on it."""

    @model_validator(mode="after")
    def _check_ceiling(self) -> Contract:
        if self.ceiling is not None and self.ceiling < self.take_or_pay:
            raise ValueError(f"ceiling {self.ceiling:g} lies below take_or_pay {self.take_or_pay:g}")
        return self


# ------------------------------------------------------------------ markets
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
    """EUR/MWh."""


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
