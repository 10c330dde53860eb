"""Time: the periods of a model, and tables of dated or periodic figures brought onto them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from operator import itemgetter
from typing import TypeVar

import numpy as np
import pandas as pd
from scipy.interpolate import PchipInterpolator

from energyflows.errors import UsageError

Rates = TypeVar("Rates", pd.Series, pd.DataFrame)

RESOLUTIONS = ("monthly", "weekly", "daily")
#: Years the packaged tables cover.
FIRST_YEAR, LAST_YEAR = 2019, 2030
_MONTHS = {"year": 12, "quarter": 3, "month": 1}


def list_years(years: int | Iterable[int]) -> list[int]:
    """Return the years asked for.

    Parameters
    ----------
    years : int or iterable of int
        One year, or a pair ``(first, last)`` that includes both, or a longer list of consecutive years.

    Returns
    -------
    list of int
        Consecutive years in order.

    Raises
    ------
    UsageError
        For years outside the tables, a range that runs backwards or a list with gaps.

    Examples
    --------
    >>> list_years((2021, 2024))
    [2021, 2022, 2023, 2024]
    """
    unreadable = f"years: found {years!r}, expected a year like 2025 or a pair like (2021, 2027)"
    if isinstance(years, str):
        raise UsageError(unreadable)
    try:
        given = [int(years)] if isinstance(years, int | np.integer) else [int(year) for year in years]
    except (TypeError, ValueError):
        raise UsageError(unreadable) from None
    if not given:
        raise UsageError("years: found an empty list, expected a year like 2025 or a pair like (2021, 2027)")
    if given[-1] < given[0]:
        raise UsageError(f"years: {given[0]} to {given[-1]} runs backwards; put the earlier year first")
    listed = list(range(given[0], given[-1] + 1))
    if len(given) > 2 and given != listed:
        raise UsageError(f"years: {given} has gaps or repeats; expected consecutive years")
    if listed[0] < FIRST_YEAR or listed[-1] > LAST_YEAR:
        raise UsageError(f"years: {listed[0]} to {listed[-1]} is outside the tables, {FIRST_YEAR} to {LAST_YEAR}")
    return listed


def build_periods(years: int | Iterable[int], resolution: str = "monthly") -> pd.IntervalIndex:
    """Return the periods of a model.

    Parameters
    ----------
    years : int or iterable of int
        As in :func:`list_years`.
    resolution : {"monthly", "weekly", "daily"}
        Weeks start on 1 January; the last one of a year has eight or nine days.

    Returns
    -------
    pandas.IntervalIndex
        Left-closed days; consecutive and without gaps.

    Raises
    ------
    UsageError
        For an unknown resolution or unusable years.

    Examples
    --------
    >>> len(build_periods(2024, "weekly")), build_periods(2024, "weekly")[-1].length.days
    (52, 9)
    """
    if resolution not in RESOLUTIONS:
        raise UsageError(f"resolution: found {resolution!r}, expected one of {', '.join(RESOLUTIONS)}")
    listed = list_years(years)
    starts = [start for year in listed for start in _list_starts(year, resolution)]
    ends = [*starts[1:], pd.Timestamp(listed[-1] + 1, 1, 1)]
    return pd.IntervalIndex.from_arrays(starts, ends, closed="left", name="snapshot")


def _list_starts(year: int, resolution: str) -> list[pd.Timestamp]:
    if resolution == "weekly":
        return list(pd.date_range(f"{year}-01-01", periods=52, freq="7D"))
    return list(pd.date_range(f"{year}-01-01", f"{year}-12-31", freq={"monthly": "MS", "daily": "D"}[resolution]))


def count_days(periods: pd.IntervalIndex) -> pd.Series:
    """Return the days of each period.

    Parameters
    ----------
    periods : pandas.IntervalIndex
        From :func:`build_periods`.

    Returns
    -------
    pandas.Series
        Days, indexed by the start of the period.
    """
    return pd.Series((periods.right - periods.left).days.astype(float), index=periods.left.rename("snapshot"))


def find_overlaps(start: pd.Series, end: pd.Series, periods: pd.IntervalIndex) -> pd.DataFrame:
    """Return the part of each period during which each row holds.

    Parameters
    ----------
    start, end : pandas.Series
        First and last day, both included; missing means open.
    periods : pandas.IntervalIndex
        From :func:`build_periods`.

    Returns
    -------
    pandas.DataFrame
        Fractions 0…1; index the periods' starts, columns the rows.
    """
    left, right = periods.left.to_numpy()[:, None], periods.right.to_numpy()[:, None]
    first = start.fillna(pd.Timestamp("1900-01-01")).to_numpy()[None, :]
    last = (end.fillna(pd.Timestamp("2200-01-01")) + pd.Timedelta(days=1)).to_numpy()[None, :]
    shared = np.minimum(right, last.astype(right.dtype)) - np.maximum(left, first.astype(left.dtype))
    fraction = np.clip(shared / (right - left), 0.0, 1.0)
    return pd.DataFrame(fraction, index=periods.left.rename("snapshot"), columns=start.index)


@lru_cache(maxsize=4096)  # years, quarters and months come back in every table and every network
def parse_period(period: str) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return the first day of a period and the day after its last.

    Parameters
    ----------
    period : str
        ``2021``, ``2021Q2`` or ``2021-05``.

    Returns
    -------
    tuple of pandas.Timestamp
        Start and end; the end is not part of the period.

    Examples
    --------
    >>> [f"{day:%Y-%m-%d}" for day in parse_period("2021Q2")]
    ['2021-04-01', '2021-07-01']
    """
    span = pd.Period(period)
    return span.start_time.normalize(), (span.end_time + pd.Timedelta(days=1)).normalize()


def spread_series(rows: pd.DataFrame, days: pd.DatetimeIndex, weights: pd.Series | None = None) -> pd.Series:
    """Turn totals by month, quarter and year into one daily rate.

    A finer row is taken as it is. A coarser row around it states the total, so the days it alone covers carry what
    the finer rows leave; never less than nothing.

    Parameters
    ----------
    rows : pandas.DataFrame
        Columns ``period``, ``frequency`` and ``twh``.
    days : pandas.DatetimeIndex
        Days wanted.
    weights : pandas.Series, optional
        Shape within a total by day; default flat, also on days it lacks.

    Returns
    -------
    pandas.Series
        GWh/d; missing where no row covers the day.
    """
    first, after = pd.Timestamp(days[0].year, 1, 1), pd.Timestamp(days[-1].year + 1, 1, 1)
    totals = _list_totals(rows, first, after)
    origin = min([first, *(start for start, _, _ in totals)])
    length = (max([after, *(end for _, end, _ in totals)]) - origin).days
    rate, shape = np.full(length, np.nan), np.ones(length)
    if weights is not None:
        shape = weights.reindex(pd.date_range(origin, periods=length)).fillna(1.0).to_numpy()
    for start, end, total in totals:
        span = slice((start - origin).days, (end - origin).days)
        inside = rate[span]
        free = np.isnan(inside)
        if free.any():
            rest = 1e3 * total - np.nansum(inside)
            part = shape[span][free]
            inside[free] = (rest if total < 0 or free.all() else max(rest, 0.0)) * part / part.sum()
    return pd.Series(rate[(days - origin).days], index=days)


def _list_totals(
    rows: pd.DataFrame, first: pd.Timestamp, after: pd.Timestamp
) -> list[tuple[pd.Timestamp, pd.Timestamp, float]]:
    """Return start, end and TWh of the rows that touch a time, finest first."""
    spans = [parse_period(period) for period in rows["period"]]
    lengths = [_MONTHS[frequency] for frequency in rows["frequency"]]
    listed = zip(lengths, spans, rows["twh"].tolist(), strict=True)
    touching = [(months, start, end, twh) for months, (start, end), twh in listed if start < after and end > first]
    return [(start, end, twh) for _, start, end, twh in sorted(touching, key=itemgetter(0))]


def average_rates(daily: Rates, periods: pd.IntervalIndex) -> Rates:
    """Average daily rates over periods.

    Parameters
    ----------
    daily : pandas.DataFrame or Series
        Rates by day, covering the periods.
    periods : pandas.IntervalIndex
        From :func:`build_periods`.

    Returns
    -------
    pandas.DataFrame or Series
        Rates by period, indexed by the period's start.
    """
    starts = periods.left
    owner = starts[starts.searchsorted(daily.index, side="right") - 1]
    return daily.groupby(owner).mean().rename_axis("snapshot").reindex(starts.rename("snapshot"))


def smooth_months(monthly: pd.DataFrame, days: pd.DatetimeIndex) -> pd.DataFrame:
    r"""Turn monthly rates into a smooth daily curve with the same energy in every month.

    Parameters
    ----------
    monthly : pandas.DataFrame
        Rates in GWh/d, indexed by month start, consecutive months.
    days : pandas.DatetimeIndex
        Days wanted, within those months.

    Returns
    -------
    pandas.DataFrame
        Rates in GWh/d by day, never negative.

    Notes
    -----
    The cumulative energy of the months is interpolated by a monotone cubic (Fritsch and Carlson 1980) and
    differenced by day: :math:`r_d = F(d+1) - F(d)`. This is the normal seasonal course of temperature; cold spells
    inside a month are scenarios, not data.
    """
    edges = monthly.index.append(pd.DatetimeIndex([monthly.index[-1] + pd.offsets.MonthBegin()]))
    position = (edges - edges[0]).days.to_numpy(dtype=float)
    energy = np.vstack([np.zeros(monthly.shape[1]), np.cumsum(monthly.to_numpy() * np.diff(position)[:, None], axis=0)])
    total = PchipInterpolator(position, energy, axis=0)
    start = (days - edges[0]).days.to_numpy(dtype=float)
    return pd.DataFrame(total(start + 1) - total(start), index=days, columns=monthly.columns)
