"""Rates and levels in time, brought onto periods and days of an observation."""

from __future__ import annotations

import numpy as np
import pandas as pd

_DAY = pd.Timedelta(days=1)


def list_turns(days: pd.Series) -> pd.DatetimeIndex:
    """Return the start of each snapshot and the end of the last, from the days of each."""
    return pd.DatetimeIndex([*days.index, days.index[-1] + pd.Timedelta(days=float(days.iloc[-1]))])


def sum_elements(figures: pd.DataFrame, elements: pd.Series) -> pd.DataFrame:
    """Return the sum of the elements of each series; an element that does not exist is nothing."""
    summed = {name: figures.reindex(columns=list(of), fill_value=0.0).sum(axis=1) for name, of in elements.items()}
    return pd.DataFrame(summed, index=figures.index)


def sum_periods(rate: pd.DataFrame, turns: pd.DatetimeIndex, rows: pd.DataFrame) -> pd.Series:
    """Return a rate summed over periods.

    Parameters
    ----------
    rate : pandas.DataFrame
        Per day, constant between turns; series in columns.
    turns : pandas.DatetimeIndex
        One more than rates.
    rows : pandas.DataFrame
        Columns ``series``, ``start`` and ``after``, the day after the last.

    Returns
    -------
    pandas.Series
        Rate times days, by row.
    """
    length = np.diff(turns) / _DAY
    total = np.vstack([np.zeros(rate.shape[1]), np.cumsum(rate.to_numpy() * length[:, None], axis=0)])
    course = pd.DataFrame(total, index=(turns - turns[0]) / _DAY, columns=rate.columns)
    figures = pd.Series(np.nan, index=rows.index)
    for name, own in rows.groupby("series"):
        ends = (np.interp((own[end] - turns[0]) / _DAY, course.index, course[name]) for end in ("after", "start"))
        figures[own.index] = np.subtract(*ends)
    return figures


def read_levels(level: pd.DataFrame, change: pd.DataFrame, turns: pd.DatetimeIndex, rows: pd.DataFrame) -> pd.Series:
    """Return a level at the end of days.

    Parameters
    ----------
    level : pandas.DataFrame
        At the end of each snapshot; series in columns.
    change : pandas.DataFrame
        Per day, constant in a snapshot.
    turns : pandas.DatetimeIndex
        One more than snapshots.
    rows : pandas.DataFrame
        Columns ``series`` and ``after``, the day after the one asked for.

    Returns
    -------
    pandas.Series
        Level by row.
    """
    place = turns.searchsorted(rows["after"], side="left") - 1
    column = level.columns.get_indexer(rows["series"])
    left = (turns[place + 1] - pd.DatetimeIndex(rows["after"])) / _DAY
    return pd.Series(level.to_numpy()[place, column] - change.to_numpy()[place, column] * left, index=rows.index)
