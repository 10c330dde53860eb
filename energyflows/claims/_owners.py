"""Who owns what once a scenario has let shares change hands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

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
