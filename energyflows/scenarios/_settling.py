"""Whether two deliveries balance over each settlement period."""

from __future__ import annotations

from calendar import isleap
from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from energyflows.scenarios._fields import Volume, check_days, check_period, is_recurring

#: Months of a settlement period.
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
#: Stands for every year where no day has one.
_ANY_YEAR = 2023
#: TWh, or part of the larger sum, by which two sums may differ.
_TOLERANCE = 1e-6
_DAY = timedelta(days=1)


class Delivery(NamedTuple):
    """A volume between two days."""

    name: str
    """For messages."""
    volume: Volume
    """How much."""
    start: str | None
    """First day; none means since ever."""
    end: str | None
    """Last day; none means for ever."""


def check_balance(one: Delivery, other: Delivery, settlement: str) -> None:
    """Refuse two deliveries that differ in a period, naming the first one.

    Parameters
    ----------
    one, other : Delivery
        Without a year, all years are alike.
    settlement : {"month", "quarter", "year"}
        Period over which both must be equal.

    Raises
    ------
    ValueError
        If they do, or if the days or the volume of one of them cannot be.
    """
    for each in (one, other):
        check_days(each.start, each.end)
        check_period(each.volume, each.start, each.end)
    days = (one.start, one.end, other.start, other.end)
    named = [int(day[:4]) for day in days if day is not None and not is_recurring(day)]
    # A year on both sides shows what begins or ends on one side only.
    years = range(min(named) - 1, max(named) + 2) if named else [_ANY_YEAR]
    for year in years:
        for number, (first, after) in enumerate(_list_periods(year, settlement), start=1):
            sums = [_sum_energy(each, first, after) for each in (one, other)]
            if abs(sums[0] - sums[1]) > _TOLERANCE * max(1.0, *sums):
                told = "" if settlement == "year" else f"{settlement} {number} of "
                when = f"{told}{year if named else 'any year'}"
                raise ValueError(
                    f"deliveries do not balance in {when}: {sums[0]:.6g} TWh {one.name}, {sums[1]:.6g} TWh "
                    f"{other.name}; both must be equal over each {settlement}"
                )


def _list_periods(year: int, settlement: str) -> Iterator[tuple[date, date]]:
    """Yield first day and day after the last of the periods of a year."""
    length = _MONTHS[settlement]
    for month in range(1, 13, length):
        after = month + length
        yield date(year, month, 1), date(year + 1, 1, 1) if after > 12 else date(year, after, 1)


def _sum_energy(delivery: Delivery, first: date, after: date) -> float:
    """Return what is delivered in a period within one year, TWh."""
    total = 0.0
    for begin, end in _list_spans(delivery, first.year):
        days = max((min(end, after) - max(begin, first)).days, 0)
        whole = (end - begin).days if delivery.volume.per == "period" else 365 + isleap(first.year)
        total += delivery.volume.energy * days / whole
    return total


def _list_spans(delivery: Delivery, year: int) -> Iterator[tuple[date, date]]:
    """Yield first day and day after the last of the times that touch a year."""
    start, end = delivery.start, delivery.end
    if start is None or end is None or not is_recurring(start):
        last = date.max if end is None else date.fromisoformat(end) + _DAY
        yield date.min if start is None else date.fromisoformat(start), last
        return
    for begin in (year - 1, year):
        yield _place(start, begin), _place(end, begin if end >= start else begin + 1) + _DAY


def _place(day: str, year: int) -> date:
    """Return a day of every year in one year; 29 February is the 28th where there is none."""
    return date.fromisoformat(f"{year}-{'02-28' if day == '02-29' and not isleap(year) else day}")
