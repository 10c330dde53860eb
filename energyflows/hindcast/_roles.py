"""The role of each figure: scored, input, or circular."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
import xarray as xr

from energyflows.hindcast._given import Flows, list_given
from energyflows.hindcast.series import Tables


def find_roles(rows: pd.DataFrame, ds: xr.Dataset, tables: Tables, pins: str) -> pd.Series:
    """Return the role of each row.

    Parameters
    ----------
    rows : pandas.DataFrame
        Columns ``kind, elements, year, frequency, start, capacity, observed``.
    ds : xarray.Dataset
        Results.
    tables : mapping of str to pandas.DataFrame
        Those the results were made from.
    pins : {"on", "off"}
        As in :func:`energyflows.hindcast.pairing.pair`.

    Returns
    -------
    pandas.Series
        ``input`` for links that the inputs leave no choice, for stocks at the turn of a year, which are held, for LNG
        that has one way in or, with pins on, is all of a pool, because imports are bounded by supplier and pool
        around what was observed, and for nothing observed where there is no capacity; ``circular`` for prices; else
        ``scored``.
    """
    levels = tables["observed_storage"]
    held = set(levels.loc[levels["date"].dt.strftime("%m-%d") == "12-31", ["date", "zone"]].itertuples(index=False))
    whole = _list_whole(rows["elements"], tables) if pins == "on" else set()
    given = {
        (kind, yearly): flows for yearly in (False, True) for kind, flows in _list_kinds(ds, tables, yearly=yearly)
    }

    def find_role(row: Any) -> str:
        if row.kind == "price":
            return "circular"
        if row.kind == "stock":
            return "input" if any((row.start, zone) in held for zone in row.elements) else "scored"
        known = given[row.kind, row.frequency == "year"]
        bounded = row.kind == "lng" and row.elements in whole
        return "input" if bounded or all((row.year, name) in known for name in row.elements) else "scored"

    roles = pd.Series([find_role(row) for row in rows.itertuples()], index=rows.index, dtype=object)
    return roles.mask((rows["capacity"] == 0) & (rows["observed"] == 0), "input")


def _list_kinds(ds: xr.Dataset, tables: Tables, *, yearly: bool) -> Iterator[tuple[str, Flows]]:
    """Yield what is given, months or years: links, and zones by their LNG."""
    flows = list_given(ds, tables, whole_years=yearly)
    yield "link", flows
    yield "lng", _list_landings(ds, flows)


def _list_landings(ds: xr.Dataset, flows: Flows) -> Flows:
    """Return years and zones whose LNG is given, because every open way in is."""
    landing = ds.sel(link=ds["carrier"] == "regasification")
    zones = dict(zip(landing["link"].values, landing["bus1"].values, strict=True))
    used = (landing["capacity"].groupby("snapshot.year").max() > 0).transpose("year", "link").to_pandas().stack()
    opened = {(int(year), str(link)) for year, link in used[used].index}
    free = {(year, str(zones[link])) for year, link in opened - flows}
    return {(year, str(zones[link])) for year, link in opened} - free


def _list_whole(elements: pd.Series, tables: Tables) -> set[tuple[str, ...]]:
    """Return the groups of zones that are all zones of their pools."""
    terminals = tables["lng_terminals"]
    whole = set()
    for zones in set(elements):
        pools = terminals.loc[terminals["zone"].isin(zones), "pool"]
        if len(pools) and set(terminals.loc[terminals["pool"].isin(pools), "zone"]) == set(zones):
            whole.add(zones)
    return whole
