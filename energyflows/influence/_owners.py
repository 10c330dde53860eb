"""Who owns what, once a scenario has let shares change hands, and for which part of a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
import xarray as xr

from energyflows.network.calendar import find_overlaps
from energyflows.running._joining import read_meta

_PERIOD = ["valid_from", "valid_to"]


def change_owners(ownership: pd.DataFrame, stakes: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Return a table of owners with shares that change hands.

    Parameters
    ----------
    ownership : pandas.DataFrame
        Table ``ownership``.
    stakes : iterable of mapping
        With ``asset, owner, country, share`` and, if given, ``seller, start, end``: the owner holds the share, and
        what that is more or less than before is taken from or left to the seller, or all others in proportion.

    Returns
    -------
    pandas.DataFrame
        The same rows and, for each stake, rows of what is added (positive) and taken away (negative).
    """
    moved = [_move(ownership[ownership["asset"] == stake["asset"]], stake) for stake in stakes]
    return pd.concat([ownership, *moved], ignore_index=True) if moved else ownership


def _move(rows: pd.DataFrame, stake: Mapping[str, Any]) -> pd.DataFrame:
    """Return what a stake adds and takes away, each within the time its old row holds."""
    own = rows["owner"] == stake["owner"]
    held = rows["share"].where(own, 0.0).groupby([rows[day] for day in _PERIOD], dropna=False).transform("sum")
    more = rows.assign(share=stake["share"] - held)
    won = more.drop_duplicates(_PERIOD).assign(owner=stake["owner"], owner_country=stake["country"])
    others = rows[rows["owner"] == stake["seller"]] if stake.get("seller") else rows[~own]
    total = others.groupby(_PERIOD, dropna=False)["share"].transform("sum")
    lost = others.assign(share=-more["share"].loc[others.index] * others["share"] / total)
    return _shorten(pd.concat([won, lost]), stake)


def _shorten(rows: pd.DataFrame, stake: Mapping[str, Any]) -> pd.DataFrame:
    """Return rows that hold no longer than the change does."""
    start, end = (pd.to_datetime(stake.get(key)) for key in ("start", "end"))
    if start is not None:
        rows = rows.assign(valid_from=rows["valid_from"].fillna(start).clip(lower=start))
    if end is not None:
        rows = rows.assign(valid_to=rows["valid_to"].fillna(end).clip(upper=end))
    return rows


def read_stakes(results: xr.Dataset, scenario: str | None = None) -> list[dict[str, Any]]:
    """Return the shares that change hands in a scenario.

    Parameters
    ----------
    results : xarray.Dataset
        Results.
    scenario : str, optional
        One of several; None for results without dim ``scenario``.

    Returns
    -------
    list of dict
        As :func:`change_owners` takes them; empty if the results tell of none.

    Examples
    --------
    >>> read_stakes(xr.Dataset())
    []
    """
    meta = read_meta(results)
    told = meta.get("scenario", {}) if scenario is None else meta.get("scenarios", {}).get(scenario, {})
    stakes: list[dict[str, Any]] = told.get("ownership", [])
    return stakes


def average_shares(ownership: pd.DataFrame, periods: pd.IntervalIndex) -> pd.DataFrame:
    """Return what each row of owners stands for in each period.

    Parameters
    ----------
    ownership : pandas.DataFrame
        Table ``ownership``, or some of its rows.
    periods : pandas.IntervalIndex
        Left-closed days.

    Returns
    -------
    pandas.DataFrame
        Share times the part of the period's days on which the row holds, 0…1; index the periods' starts, columns the
        rows.

    Examples
    --------
    >>> days = pd.to_datetime(["2025-12-01", "2025-12-16"])
    >>> rows = pd.DataFrame({"share": [0.2, 0.4], "valid_from": days, "valid_to": [days[1], pd.NaT]})
    >>> year = pd.IntervalIndex.from_breaks(pd.to_datetime(["2025-12-01", "2026-01-01"]), closed="left")
    >>> average_shares(rows, year).round(3).to_numpy().tolist()
    [[0.103, 0.206]]
    """
    return find_overlaps(ownership["valid_from"], ownership["valid_to"], periods) * ownership["share"]
