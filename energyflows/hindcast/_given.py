"""Which modelled flows are nothing but inputs in another place."""

from __future__ import annotations

import pandas as pd
import xarray as xr

from energyflows.hindcast.series import Tables
from energyflows.network.lng import REST_OF_WORLD
from energyflows.summary._observed import sum_flows

Flows = set[tuple[int, str]]


def list_given(ds: xr.Dataset, tables: Tables, *, whole_years: bool = False) -> Flows:
    """Return the links whose flow the inputs leave no choice.

    A link is given if it follows an observed series in that year, or if the balance of a bus leaves no other answer:
    all else there is given, the bus has no store, and its supply is home output or a route that follows a series.
    Over a whole year stores are given too, where stocks are held at both ends.

    Parameters
    ----------
    ds : xarray.Dataset
        Results.
    tables : mapping of str to pandas.DataFrame
        Those the results were made from.
    whole_years : bool
        Whether only the total of the year is asked for.

    Returns
    -------
    set of tuple of (int, str)
        Year and link.

    Notes
    -----
    Demand counts as given, though it gives way where gas is very dear.
    """
    years = sorted({int(year) for year in ds["snapshot"].dt.year.values})
    flows = tables["observed_flows"]
    observed = sum_flows(flows[flows["series"].isin(tables["supply"]["follows"].dropna())], years).reindex(
        columns=years
    )
    given = _list_following(tables, years)
    given |= _list_closed(ds, tables, years) if whole_years else set()
    return {flow for year in years for flow in _close_balances(ds, tables, observed, year, given)}


def _list_following(tables: Tables, years: list[int]) -> Flows:
    """Return the links that follow a series with a figure in that year."""
    told = tables["observed_flows"]
    told = set(zip(told["period"].str[:4].astype(int), told["series"], strict=True))
    links = tables["pipelines"].dropna(subset="follows").drop_duplicates("pipeline")
    return {(y, row.pipeline) for y in years for row in links.itertuples() if (y, row.follows) in told}


def _list_closed(ds: xr.Dataset, tables: Tables, years: list[int]) -> Flows:
    """Return injection and withdrawal where stocks at both ends of a year are held, or are the same."""
    levels = tables["observed_storage"]
    turns = levels.loc[levels["date"].dt.strftime("%m-%d") == "12-31"]
    held = set(zip(turns["date"].dt.year, turns["zone"], strict=True))
    stores = ds.sel(link=ds["is_storage_link"])
    ends = zip(stores["link"].values, stores["bus0"].values, stores["bus1"].values, strict=True)
    links = [(str(link), str(min(bus0, bus1, key=len))) for link, bus0, bus1 in ends]
    return {(y, link) for y in years for link, zone in links if (y, zone) in held or (y - 1, zone) not in held}


def _close_balances(ds: xr.Dataset, tables: Tables, observed: pd.DataFrame, year: int, given: Flows) -> Flows:
    """Return the given links of a year, with those that balances leave no choice."""
    inside = ds.sel(snapshot=str(year))
    used = ds["link"].values[(inside["capacity"].max("snapshot") > 0).values]
    ends = pd.DataFrame({end: ds[end].sel(link=used).values for end in ("bus0", "bus1")}, index=used)
    known = {link for when, link in given if when == year} | _find_empty(inside, ends)
    decided = set(ds["bus"].values) - _list_deciding(inside, tables, observed, year)
    while True:
        open_ends = ends[~ends.index.isin(known)].stack()
        alone = open_ends[~open_ends.duplicated(keep=False)]
        found = set(alone[alone.isin(decided)].index.get_level_values(0))
        if not found:
            return {(year, str(link)) for link in known}
        known |= found


def _find_empty(ds: xr.Dataset, ends: pd.DataFrame) -> set[str]:
    """Return the links that lead away from where no gas ever is."""
    sources = set(ds["generator_bus"].values[(ds["available"].max("snapshot") > 0).values]) | set(
        ds["store_bus"].values
    )
    empty: set[str] = set()
    while True:
        running = ends[~ends.index.isin(empty)]
        found = set(running.index[~running["bus0"].isin(sources | set(running["bus1"]))])
        if not found:
            return empty
        empty |= found


def _list_deciding(ds: xr.Dataset, tables: Tables, observed: pd.DataFrame, year: int) -> set[str]:
    """Return the buses where the model decides on supply or storage."""
    followed = dict(tables["supply"].dropna(subset="follows")[["route", "follows"]].drop_duplicates().to_numpy())
    covered = set(observed.index[observed[year].notna()])
    sure = [route for route, series in followed.items() if series in covered]
    free = (ds["available"].max("snapshot") > 0) & ~ds["generator_route"].isin([*sure, "home"])
    return {*ds["generator_bus"].values[free.values], *ds["store_bus"].values, REST_OF_WORLD}
