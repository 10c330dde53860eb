"""What the fields of changes are made of: days, volumes, names."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

#: Gross calorific value of a bcm where none is given, TWh/bcm (Eurostat's).
GCV = 10.55
_DAY_OF_YEAR = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", re.ASCII)
#: A leap year, so that 29 February can be named.
_LEAP_YEAR = 2024
_DATE = re.compile(r"(19|20|21)\d\d-\d\d-\d\d", re.ASCII)


class Declaration(BaseModel):
    """Base of all that is declared: frozen, and nothing unknown is taken."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        allow_inf_nan=False,
        str_strip_whitespace=True,
        populate_by_name=True,
        serialize_by_alias=True,
    )

    if not TYPE_CHECKING:  # type checkers know the fields as parameters, and must go on to

        def __init__(self, /, **data: Any) -> None:
            try:
                super().__init__(**data)
            except ValidationError as error:
                from energyflows.scenarios.checking import explain_errors, refuse

                refuse(explain_errors(error, type(self), data, where=type(self).__name__))

        # Not a way of building of its own: pydantic need not call it for declarations within declarations, and so
        # tells all problems of all of them at once.
        __init__.__pydantic_base_init__ = True


def _read_day(value: Any) -> Any:
    """Take ``2026-11-15``, or ``11-15`` for that day of every year."""
    text = value.isoformat().removesuffix("T00:00:00") if isinstance(value, date) else value
    whole = f"{_LEAP_YEAR}-{text}" if _matches(_DAY_OF_YEAR, text) else text
    try:
        # Alone, it would also take 20261115 and 2026-W46-7, which do not sort as days do.
        found = _matches(_DATE, whole) and date.fromisoformat(whole)
    except ValueError:
        found = False
    if not found:
        told = repr(value)[:40]
        raise ValueError(f"found {told}, expected a day like 2026-11-15, or 11-15 for that day of every year")
    return text


def _matches(pattern: re.Pattern[str], text: Any) -> bool:
    return isinstance(text, str) and pattern.fullmatch(text) is not None


Day = Annotated[str, BeforeValidator(_read_day), Field(examples=["2026-11-15", "11-15"])]
#: Strict: neither ``true`` nor ``"1"`` is a number.
Number = Annotated[float, Field(strict=True)]
Share = Annotated[Number, Field(ge=0.0, le=1.0)]
Amount = Annotated[Number, Field(ge=0.0)]
Gas = Literal["any", "pipeline", "lng"]
Name = Annotated[str, Field(min_length=1)]
Names = Annotated[tuple[Name, ...], Field(min_length=1)]
Days = Annotated[int, Field(ge=0, le=3660, strict=True)]


def is_recurring(day: str) -> bool:
    """Say whether a day is one of every year."""
    return _DAY_OF_YEAR.fullmatch(day) is not None


class Volume(Declaration):
    """An amount of gas, in energy or in cubic metres with their calorific value."""

    twh: Amount | None = None
    """TWh at gross calorific value."""
    bcm: Amount | None = None
    """Billion cubic metres; give this or ``twh``."""
    gcv: Annotated[Number, Field(gt=0.0)] = GCV
    """TWh in a bcm; 11.05 for Azerbaijani gas."""
    per: Literal["year", "period"] = "year"
    """Whether the amount is that of a year, or of all the time between ``start`` and ``end`` of the change."""

    @model_validator(mode="after")
    def _check(self) -> Volume:
        if (self.twh is None) == (self.bcm is None):
            found = "neither twh nor bcm" if self.twh is None else "both twh and bcm"
            raise ValueError(f"found {found}, expected one of them")
        return self

    @property
    def energy(self) -> float:
        """The amount in TWh."""
        return self.bcm * self.gcv if self.twh is None else self.twh  # type: ignore[operator]  # checked above


def check_days(start: str | None, end: str | None) -> None:
    """Refuse a time that ends before it starts, or that is only half one of every year."""
    if start is None or end is None:
        given = start or end
        if given is not None and is_recurring(given):
            raise ValueError(f"{given} is a day of every year and needs both start and end")
    elif is_recurring(start) != is_recurring(end):
        raise ValueError(f"start {start} and end {end} must both have a year, or both have none")
    elif not is_recurring(start) and end < start:
        raise ValueError(f"end {end} lies before start {start}")


def check_period(volume: Volume, start: str | None, end: str | None) -> None:
    """Refuse an amount of all the time between two days if one of them is not given."""
    if volume.per == "period" and (start is None or end is None):
        raise ValueError("a volume per period needs both start and end, or its pace would depend on the years computed")


class Dated(Declaration):
    """A change that holds from a day to a day."""

    start: Day | None = None
    """First day; from the beginning if not given. ``MM-DD`` means that day of every year."""
    end: Day | None = None
    """Last day, included; to the end if not given. ``MM-DD`` means that day of every year."""

    @model_validator(mode="after")
    def _check_days(self) -> Dated:
        check_days(self.start, self.end)
        for part in vars(self).values():
            volume = getattr(part, "volume", part)
            if isinstance(volume, Volume):
                check_period(volume, self.start, self.end)
        return self
