"""What an ensemble varies: the parts of a specification, each refusing what cannot be meant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, time
from itertools import pairwise
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import BeforeValidator, Discriminator, Field, Tag, ValidationInfo, field_validator

from energyflows.ensemble.sampling._distributions import Distribution, Figures, Strict, check_weights, refuse_negative


def _read_date(value: object) -> datetime:
    """Read a date as written in Python, YAML or JSON; numbers are refused, they could be seconds or years."""
    try:
        read = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        read = None
    if isinstance(read, date) and not isinstance(read, datetime):
        read = datetime.combine(read, time())
    if not isinstance(read, datetime) or pd.isna(read) or read.tzinfo is not None:
        raise ValueError(f"found {str(value)!r}, expected a date like 2025-01-31 without a time zone")
    return pd.Timestamp(read).to_pydatetime(warn=False)  # type: ignore[no-any-return]  # pandas is untyped here


def _read_start(value: object) -> object:
    """Read the start of an event; a union would report each of its branches."""
    return value if value is None or value == "random" else _read_date(value)


def _read_year(value: object) -> object:
    """Read a year that JSON turned into a text."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def _tell_lasting(value: object) -> str:
    """Tell a duration given as a distribution from one given as a number."""
    return "distribution" if isinstance(value, Mapping | Strict) else "number"


def _tell_course(value: object) -> str:
    """Tell a factor for each snapshot from one for all."""
    return "list" if isinstance(value, list) else "number"


def _refuse_repeats(names: list[Any]) -> list[Any]:
    """Refuse a name listed twice: its factor would count twice."""
    repeated = [str(name) for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise ValueError(f"found {', '.join(repeated)} more than once; list each once")
    return names


def _refuse_disorder(starts: list[datetime]) -> list[datetime]:
    """Refuse periods that do not start one after the other."""
    for before, after in pairwise(starts):
        if after <= before:
            raise ValueError(f"found {after} after {before}; put the periods in the order of time, each once")
    return starts


Date = Annotated[datetime, BeforeValidator(_read_date)]
Start = Annotated[datetime | Literal["random"] | None, BeforeValidator(_read_start)]
Year = Annotated[int, BeforeValidator(_read_year)]
Name = Annotated[str, Field(min_length=1)]
Factor = Annotated[float, Field(ge=0)]
Days = Annotated[float, Field(gt=0)]
Lasting = Annotated[
    Annotated[Days, Tag("number")] | Annotated[Distribution, Tag("distribution")], Discriminator(_tell_lasting)
]
Course = Annotated[Annotated[Factor, Tag("number")] | Annotated[list[Factor], Tag("list")], Discriminator(_tell_course)]
# YAML and JSON know no tuples.
Pair = Annotated[tuple[Name, Name, Annotated[float, Field(gt=-1, lt=1)]], Field(strict=False)]
_A_NAME = "a text by which correlation can refer to it"
_A_DISTRIBUTION = "a distribution like {distribution: uniform, low: 0.8, high: 1}"
_NAMES = "a list of one or more names (write 'NO' in quotes, YAML reads it as false)"


class Event(Strict):
    """Something that happens or not, and hits all it names together."""

    name: Name = Field(description="a text, another for each event")
    probability: float = Field(ge=0, le=1, description="a number from 0 to 1")
    components: dict[Name, Factor] = Field(
        default={}, description="names of components, each with the factor left of its capacity, a number from 0"
    )
    buses: dict[Name, Factor] = Field(
        default={}, description="names of buses, each with a factor on its demand, a number from 0"
    )
    cost_add: dict[Name, float] = Field(
        default={}, description="names of components, each with a number (EUR/MWh)", validate_default=True
    )
    start: Start = Field(default=None, description="a date like 2025-01-31, or 'random'")
    days: Lasting | None = Field(default=None, description="a number above 0, or a distribution", validate_default=True)

    @field_validator("cost_add")
    @classmethod
    def _check_effect(cls, cost_add: dict[str, float], info: ValidationInfo) -> dict[str, float]:
        """Refuse an event that changes nothing."""
        if not cost_add and info.data.get("components") == {} and info.data.get("buses") == {}:
            raise ValueError("the event changes nothing; say what it hits in components, buses or cost_add")
        return cost_add

    @field_validator("days")
    @classmethod
    def _check_days(cls, days: Any, info: ValidationInfo) -> Any:
        """Refuse a start without an end, an end without a start, and a duration below 0."""
        if days is not None and not isinstance(days, float):
            refuse_negative(days, "a duration")
        # A start that could not be read is missing here and already reported.
        if "start" in info.data and (info.data["start"] is None) != (days is None):
            raise ValueError("an event with dates needs both start and days; add the missing one or leave both out")
        return days

    @property
    def longest(self) -> float:
        """Days after which it is over for certain."""
        if self.days is None:
            return np.inf
        return self.days if isinstance(self.days, float) else self.days.support[1]


class _Group(Strict):
    """An uncertain figure shared by all it names."""

    name: Name | None = Field(default=None, description=_A_NAME)


class Availability(_Group):
    """What is left of the capacity of components."""

    components: Annotated[list[Name], Field(min_length=1)] = Field(description=_NAMES)
    distribution: Distribution = Field(description=_A_DISTRIBUTION)

    @field_validator("components")
    @classmethod
    def _check_names(cls, names: list[str]) -> list[str]:
        return _refuse_repeats(names)

    @field_validator("distribution")
    @classmethod
    def _check_distribution(cls, distribution: Any) -> Any:
        refuse_negative(distribution, "a capacity")
        return distribution


class Demand(_Group):
    """A factor on the demand of buses, in some months or always."""

    buses: Annotated[list[Name], Field(min_length=1)] = Field(description=_NAMES)
    distribution: Distribution = Field(description=_A_DISTRIBUTION)
    months: list[Annotated[int, Field(ge=1, le=12)]] | None = Field(
        default=None, min_length=1, description="a list of months from 1 to 12"
    )

    @field_validator("buses", "months")
    @classmethod
    def _check_names(cls, names: list[Any] | None) -> list[Any] | None:
        return None if names is None else _refuse_repeats(names)

    @field_validator("distribution")
    @classmethod
    def _check_distribution(cls, distribution: Any) -> Any:
        refuse_negative(distribution, "a demand")
        return distribution


class Price(_Group):
    """EUR/MWh on top of the cost of components."""

    components: Annotated[list[Name], Field(min_length=1)] = Field(description=_NAMES)
    distribution: Distribution = Field(description=_A_DISTRIBUTION)

    @field_validator("components")
    @classmethod
    def _check_names(cls, names: list[str]) -> list[str]:
        return _refuse_repeats(names)


class Weather(_Group):
    """Years of which one is picked for all buses."""

    years: dict[Year, dict[Name, Course]] = Field(
        min_length=1,
        description="years, each with buses and their factor (a number from 0, or a list with one for each snapshot), "
        "or a DataArray with the dimensions year, bus and perhaps snapshot",
    )
    weights: dict[Year, Factor] | None = Field(default=None, description="the same years, each with a number from 0")

    @field_validator("weights")
    @classmethod
    def _check_weights(cls, weights: dict[int, float] | None, info: ValidationInfo) -> dict[int, float] | None:
        """Refuse weights that do not fit the years."""
        if weights is None:
            return None
        years = set(info.data.get("years", weights))
        if years != set(weights):
            odd = ", ".join(map(str, sorted(years ^ set(weights))))
            raise ValueError(f"weights and years differ in {odd}; give each year of years one weight")
        check_weights(list(weights.values()))
        return weights

    @property
    def timed(self) -> bool:
        """Whether any factor varies within the year."""
        return any(isinstance(course, list) for buses in self.years.values() for course in buses.values())

    def list_buses(self) -> list[str]:
        """Return every bus of any year."""
        return sorted({bus for buses in self.years.values() for bus in buses})

    def rank_years(self) -> list[int]:
        """Return the years from mild to cold, that is by their mean factor, so that a correlation has a meaning."""
        buses = self.list_buses()
        means = {
            year: sum(float(np.mean(factors.get(bus, 1.0))) for bus in buses) for year, factors in self.years.items()
        }
        return sorted(means, key=lambda year: (means[year], year))

    def tabulate(self, bus: str, years: list[int]) -> Figures:
        """Return the factors of a bus by year, or by (snapshot, year) if they vary within it."""
        courses = [np.asarray(self.years[year].get(bus, 1.0))[..., None] for year in years]
        return np.concatenate(np.broadcast_arrays(*courses), axis=-1)


class Correlation(Strict):
    """Correlation between named quantities, through a Gaussian copula."""

    pairs: list[Pair] = Field(
        min_length=1, description="a list like [[name, other name, rho]] with rho between -1 and 1, both excluded"
    )


class Specification(Strict):
    """Everything an ensemble varies."""

    method: Literal["random", "lhs", "sobol"] = Field(default="random", description="random, lhs or sobol")
    snapshots: Annotated[list[Date], Field(min_length=1)] | None = Field(
        default=None, description="a list of dates at which the periods start"
    )
    days: list[Days] | None = Field(default=None, description="a list of lengths of the periods, numbers above 0")
    events: list[Event] = Field(
        default=[], description="a list of {name, probability, components}, perhaps with start and days"
    )
    availability: list[Availability] = Field(
        default=[], description="a list of {components, distribution}, or components with their distribution"
    )
    weather: Weather | None = Field(default=None, description="a mapping with years and perhaps weights")
    demand: list[Demand] = Field(default=[], description="a list of {buses, distribution} and perhaps months")
    price: list[Price] = Field(default=[], description="a list of {components, distribution}")
    correlation: Correlation | None = Field(default=None, description="a mapping with pairs")

    @field_validator("snapshots")
    @classmethod
    def _check_order(cls, starts: list[datetime] | None) -> list[datetime] | None:
        return None if starts is None else _refuse_disorder(starts)

    @field_validator("days")
    @classmethod
    def _check_length(cls, days: list[float] | None, info: ValidationInfo) -> list[float] | None:
        """Refuse lengths that do not fit the periods."""
        starts = info.data.get("snapshots")
        if days is not None and starts is not None and len(days) != len(starts):
            raise ValueError(f"found {len(days)} for {len(starts)} snapshots; give one for each snapshot")
        return days

    @property
    def timed(self) -> bool:
        """Whether anything needs snapshots and their days."""
        dated = any(event.start is not None for event in self.events)
        monthly = any(group.months is not None for group in self.demand)
        return dated or monthly or (self.weather is not None and self.weather.timed)

    def list_named(self) -> list[tuple[str, int, str | None]]:
        """Return every quantity as (section, position, name), in the order of the columns of the unit hypercube."""
        weather = [] if self.weather is None else [self.weather]
        sections: dict[str, list[Any]] = {
            "weather": weather,
            "events": self.events,
            "availability": self.availability,
            "demand": self.demand,
            "price": self.price,
        }
        return [(section, i, part.name) for section, parts in sections.items() for i, part in enumerate(parts)]
