"""Contracts that hold in a scenario, and what each may deliver where."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, NamedTuple

import pandas as pd
import xarray as xr

from energyflows.scenarios._fields import is_recurring
from energyflows.scenarios.applying._days import find_spans

#: Contracts of at most a year count as short.
_LONG = pd.Timedelta(days=366)


#: Returns rules of tracing for some flows.
Allot = Callable[[xr.Dataset], xr.DataArray | None]


class World(NamedTuple):
    """What accounts need to know beside flows: tables, what a scenario tells, and what terminals land.

    ``allot`` returns that for other flows.
    """

    contracts: pd.DataFrame
    rules: pd.DataFrame
    members: list[str]
    papers: list[Mapping[str, Any]]
    bans: list[Mapping[str, Any]]
    cargoes: xr.DataArray | None = None
    allot: Allot | None = None


def hold_contracts(ds: xr.Dataset, world: World) -> pd.DataFrame:
    """Return the contracts with a label and a volume that hold in a scenario.

    Parameters
    ----------
    ds : xarray.Dataset
        Results of one scenario.
    world : World
        Contracts, and what the scenario tells.

    Returns
    -------
    pandas.DataFrame
        Rows of table ``contracts``.
    """
    named = world.contracts[world.contracts["label"].notna() & world.contracts["annual_twh"].gt(0)]
    return end_contracts(named, world.bans, members=world.members, shipped=find_shipped(named, ds))


def date_papers(papers: Iterable[Mapping[str, Any]], ds: xr.Dataset) -> list[dict[str, Any]]:
    """Return papers with days of their own year; those of days of every year once for each year that it touches.

    Parameters
    ----------
    papers : iterable of mapping
        As a scenario tells them, with ``start`` and ``end`` if limited.
    ds : xarray.Dataset
        Results of the scenario.

    Returns
    -------
    list of dict
        The same, both days with a year.
    """
    starts = ds.indexes["snapshot"]
    end = starts[-1] + pd.Timedelta(days=float(ds["weight_days"].isel(snapshot=-1)) - 1)
    days = pd.date_range(starts[0].normalize(), end.normalize())
    dated = []
    for paper in papers:
        start = paper.get("start")
        if start is None or not is_recurring(str(start)):
            dated.append(dict(paper))
            continue
        for first, last in find_spans(str(start), str(paper["end"]), days):
            told = {"start": f"{first:%Y-%m-%d}", "end": f"{last - pd.Timedelta(days=1):%Y-%m-%d}"}
            dated += [{**paper, **told}] if first <= days[-1] and last > days[0] else []
    return dated


def add_contracts(contracts: pd.DataFrame, papers: Iterable[Mapping[str, Any]], ds: xr.Dataset) -> pd.DataFrame:
    """Return contracts with those a scenario concludes, which name an origin in place of none.

    Parameters
    ----------
    contracts : pandas.DataFrame
        Table ``contracts``.
    papers : iterable of mapping
        With ``at`` (a link), ``to``, ``twh``, ``per``, ``start``, ``end``; those with ``from`` are no contracts.
    ds : xarray.Dataset
        Results of the scenario.

    Returns
    -------
    pandas.DataFrame
        The same columns.
    """
    ends = dict(zip(ds["link"].to_numpy().astype(str), ds["bus1"].to_numpy().astype(str), strict=True))
    rows = [
        {
            "contract": f"scenario {paper['at']} {paper['to']}",
            "seller_country": paper["to"],
            "zone": ends.get(str(paper["at"])),
            "link": paper["at"],
            "annual_twh": paper["twh"] * find_pace(paper),
            "start": pd.to_datetime(paper.get("start")),
            "end": pd.to_datetime(paper.get("end")),
            "label": paper["to"],
        }
        for paper in papers
        if "from" not in paper
    ]
    return pd.concat([contracts, pd.DataFrame(rows)], ignore_index=True) if rows else contracts


def find_pace(paper: Mapping[str, Any]) -> float:
    """Return how much a year is of the period a volume is stated for.

    Parameters
    ----------
    paper : mapping
        With ``per``, and ``start`` and ``end`` unless that is ``year``.

    Returns
    -------
    float
        1 for a volume a year.
    """
    if paper.get("per", "year") == "year":
        return 1.0
    days = (pd.Timestamp(paper["end"]) - pd.Timestamp(paper["start"])).days + 1
    return 365.0 / float(days)


def end_contracts(
    contracts: pd.DataFrame, bans: Iterable[Mapping[str, Any]], *, members: Collection[str], shipped: Collection[str]
) -> pd.DataFrame:
    """Return contracts as the law of a scenario leaves them.

    Parameters
    ----------
    contracts : pandas.DataFrame
        Table ``contracts``.
    bans : iterable of mapping
        With ``origin, zone, contract_type, gas, from, to``, as scenarios tell them.
    members : collection of str
        Zones of the EU27.
    shipped : collection of str
        Names of contracts for LNG.

    Returns
    -------
    pandas.DataFrame
        The same rows; those a ban reaches end the day before it begins.
    """
    found = contracts.copy()
    ship = found["contract"].isin(shipped)
    long = ~(found["end"] - found["start"] <= _LONG)
    for ban in bans:
        kind = {"long": long, "short": ~long, "any": True}.get(str(ban["contract_type"]), False)
        gas = {"lng": ship, "pipeline": ~ship}.get(str(ban["gas"]), True)
        zone = found["zone"].eq(ban["zone"]) | found["link"].eq(ban["zone"])
        if ban["zone"] == "EU27":
            zone = found["zone"].isin(members)
        reached = found["seller_country"].eq(ban["origin"]) & zone & kind & gas
        last = pd.Timestamp(ban["from"]) - pd.Timedelta(days=1)
        found["end"] = found["end"].where(~reached, found["end"].fillna(last).clip(upper=last))
    return found


def find_shipped(contracts: pd.DataFrame, ds: xr.Dataset) -> list[str]:
    """Return the names of contracts for LNG.

    Parameters
    ----------
    contracts : pandas.DataFrame
        Table ``contracts``.
    ds : xarray.Dataset
        Results.

    Returns
    -------
    list of str
        Those at a shipping link, named so, or of a country that exports by ship alone.
    """
    at = dict(zip(ds["link"].to_numpy().astype(str), ds["carrier"].to_numpy().astype(str), strict=True))
    origin, carrier = (ds[name].to_numpy().astype(str) for name in ("generator_origin", "generator_carrier"))
    foreign = ds["generator_route"].to_numpy().astype(str) != "home"
    piped = set(origin[foreign & (carrier != "lng")])
    alone = set(origin[carrier == "lng"]) - piped
    by_ship = contracts["link"].map(at).eq("shipping")
    named = contracts["contract"].str.contains("lng", case=False)
    without = contracts["link"].isna() & contracts["label"].isin(alone)
    return [str(name) for name in contracts.loc[by_ship | named | without, "contract"]]
