"""When a change holds, brought onto the snapshots of a network."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pypsa

from energyflows.errors import ScenarioError
from energyflows.scenarios._fields import Dated, Volume, is_recurring

#: What the metadata of our own networks name; their snapshots are weighted by days.
PROGRAM = "energyflows"
#: First and last day (excluded) of each time something holds.
Spans = list[tuple[pd.Timestamp, pd.Timestamp]]


def list_days(n: pypsa.Network) -> pd.DatetimeIndex:
    """Return every day a network covers."""
    if not isinstance(n.snapshots, pd.DatetimeIndex):
        raise ScenarioError(f"snapshots are no days but like {n.snapshots[0]!r}; leave out start and end")
    return pd.date_range(n.snapshots[0].normalize(), n.snapshots[-1] + _measure_last(n), freq="D", inclusive="left")


def _measure_last(n: pypsa.Network) -> pd.Timedelta:
    """Return how long the last snapshot is: weights are days in our networks, in others it is as long as the others."""
    if n.meta.get("program") == PROGRAM:
        return pd.Timedelta(days=float(n.snapshot_weightings["generators"].iloc[-1]))
    return n.snapshots[-1] - n.snapshots[-2] if len(n.snapshots) > 1 else pd.Timedelta(days=1)


def find_spans(start: str | None, end: str | None, days: pd.DatetimeIndex) -> Spans:
    """Return the times between two days; those of every year once for each year that touches the days."""
    if start is not None and is_recurring(start):
        years = range(days[0].year - 1, days[-1].year + 1)
        assert end is not None  # noqa: S101  a recurring start has an end
        firsts = [place_day(start, year) for year in years]
        lasts = [place_day(end, year if end >= start else year + 1) for year in years]
        return [(first, last + pd.Timedelta(days=1)) for first, last in zip(firsts, lasts, strict=True)]
    first = days[0] if start is None else pd.Timestamp(start)
    last = days[-1] if end is None else pd.Timestamp(end)
    return [(first, last + pd.Timedelta(days=1))]


def place_day(day: str, year: int) -> pd.Timestamp:
    """Return a day of every year in one year; 29 February is the 28th where there is none."""
    month, number = (int(part) for part in day.split("-"))
    try:
        return pd.Timestamp(date(year, month, number))
    except ValueError:
        return pd.Timestamp(date(year, month, number - 1))


def mark_days(spans: Spans, days: pd.DatetimeIndex) -> pd.Series:
    """Return 1 on the days inside any span, else 0."""
    inside = np.zeros(len(days))
    for first, last in spans:
        inside[(days >= first) & (days < last)] = 1.0
    return pd.Series(inside, index=days)


def hold_days(days: pd.DatetimeIndex, first: pd.Timestamp, last: pd.Timestamp) -> np.ndarray:
    """Say of each day whether it lies between two others, both included; none of them means without limit."""
    return np.asarray((pd.isna(first) | (days >= first)) & (pd.isna(last) | (days <= last)))


def average(daily: pd.Series, n: pypsa.Network) -> pd.Series:
    """Average a daily series over the snapshots of a network; one of hours takes the figure of its day."""
    position = (n.snapshots.searchsorted(daily.index, side="right") - 1).clip(min=0)
    means = daily.groupby(position).mean().reindex(range(len(n.snapshots)))
    return means.set_axis(n.snapshots).fillna(daily.reindex(n.snapshots.normalize()).set_axis(n.snapshots))


def share_days(n: pypsa.Network, change: Dated) -> pd.Series:
    """Return the part of each snapshot in which a change holds."""
    if change.start is None and change.end is None:
        return pd.Series(1.0, index=n.snapshots)
    days = list_days(n)
    return average(mark_days(find_spans(change.start, change.end, days), days), n)


def rate_volume(n: pypsa.Network, volume: Volume, start: str | None, end: str | None) -> pd.Series:
    """Return a volume as a rate, GWh/d by snapshot, zero outside its days.

    A volume of a year flows evenly at a year's pace while the change holds. One of the period is all that flows
    between both days.
    """
    days = list_days(n)
    spans = find_spans(start, end, days)
    if volume.per == "period":
        # Of a day of every year, each span has a length of its own: winters of leap years are longer.
        paces = pd.concat([mark_days([span], days) / (span[1] - span[0]).days for span in spans], axis=1).max(axis=1)
    else:
        paces = mark_days(spans, days) / (365 + days.is_leap_year)
    return average(1e3 * volume.energy * paces, n)
