"""Where gas enters the EU, and whose corridor it comes by.

Nothing is traced here: gas that has mixed in a neighbour's grid is named after that neighbour.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import xarray as xr

Tables = Mapping[str, pd.DataFrame]


def find_inside(tables: Tables) -> set[str]:
    """Return the buses that lie in the EU: its market zones and the corridors on its soil."""
    zones = tables["zones"]
    members = set(zones.loc[zones["eu"], "country"])
    return set(zones.loc[zones["country"].isin(members) & (zones["kind"] != "lng"), "zone"])


def find_corridor_origins(ds: xr.Dataset, tables: Tables) -> dict[str, str]:
    """Return the origin of each corridor that holds gas of one origin only.

    Parameters
    ----------
    ds : xarray.Dataset
        Results.
    tables : mapping of str to pandas.DataFrame
        From :func:`energyflows.load_tables`.

    Returns
    -------
    dict of str to str
        ISO-2 origin by corridor bus.
    """
    corridors = set(tables["zones"].query("kind != 'market'")["zone"])
    origins: dict[str, set[str]] = {bus: set() for bus in corridors}
    for bus, origin in zip(ds["generator_bus"].values, ds["generator_origin"].values, strict=True):
        if bus in origins:
            origins[bus].add(str(origin))
    pipes = [(a, b) for a, b in zip(ds["bus0"].values, ds["bus1"].values, strict=True) if b in origins]
    for _ in range(len(corridors)):
        for upstream, bus in pipes:
            origins[bus] |= origins.get(upstream, {str(upstream)})
    return {bus: next(iter(found)) for bus, found in origins.items() if len(found) == 1}


def list_entries(ds: xr.Dataset, tables: Tables) -> pd.DataFrame:
    """Return every way gas crosses into or out of the EU.

    Parameters
    ----------
    ds : xarray.Dataset
        Results.
    tables : mapping of str to pandas.DataFrame
        From :func:`energyflows.load_tables`.

    Returns
    -------
    pandas.DataFrame
        Columns ``element`` (link or generator), ``origin`` (ISO-2 of the corridor's gas, else of the neighbour),
        ``kind`` (pipeline or lng) and ``sign`` (+1 in, -1 out).
    """
    inside = find_inside(tables)
    origins = find_corridor_origins(ds, tables)
    country = dict(zip(ds["bus"].values, ds["country"].values, strict=True))
    rows = []
    pipes = ds.sel(link=~ds["is_storage_link"])
    for link, a, b in zip(pipes["link"].values, pipes["bus0"].values, pipes["bus1"].values, strict=True):
        if str(b) == "LNGEU":
            rows.append((link, origins.get(a, "XX"), "lng", 1))
        elif str(a).startswith("LNG") or str(b).startswith("LNG"):
            continue
        elif (a in inside) != (b in inside):
            outer = a if b in inside else b
            rows.append((link, origins.get(outer, str(country[outer])), "pipeline", 1 if b in inside else -1))
    for generator, bus, origin, route in zip(
        ds["generator"].values,
        ds["generator_bus"].values,
        ds["generator_origin"].values,
        ds["generator_route"].values,
        strict=True,
    ):
        if bus in inside and route != "home":
            rows.append((generator, str(origin), "pipeline", 1))
    return pd.DataFrame(rows, columns=["element", "origin", "kind", "sign"])


def list_forced(ds: xr.Dataset, tables: Tables, observed: pd.DataFrame) -> set[tuple[int, str]]:
    """Return the links that carry an observed supply because it has no other way out.

    Parameters
    ----------
    ds : xarray.Dataset
        Results.
    tables : mapping of str to pandas.DataFrame
        From :func:`energyflows.load_tables`.
    observed : pandas.DataFrame
        TWh by series (rows) and year (columns); missing where a series does not cover the year.

    Returns
    -------
    set of tuple of (int, str)
        Year and link: the only one that follows no series out of a bus without demand, whose only supply is a route
        that follows a series which covers the year.
    """
    supply = tables["supply"].dropna(subset="follows").drop_duplicates("bus").set_index("bus")["follows"]
    open_links = _find_used(ds["capacity"])
    available, consumed = _find_used(ds["available"]), _find_used(ds["consumed"])
    pinned = set(tables["pipelines"].dropna(subset="follows")["pipeline"])
    forced = set()
    for year in open_links.index:
        sources = pd.Series(ds["generator_bus"].values)[available.loc[year].to_numpy()].value_counts()
        links = open_links.columns[open_links.loc[year]]
        ends = pd.DataFrame({end: ds[end].sel(link=links).values for end in ("bus0", "bus1")}, index=links)
        undecided = ends[~ends.index.isin(pinned)]
        for link, bus in undecided.drop_duplicates("bus0", keep=False)["bus0"].items():
            covered = bus in supply.index and supply[bus] in observed.index and pd.notna(observed.at[supply[bus], year])
            alone = sources.get(bus, 0) == 1 and not ends["bus1"].eq(bus).any() and not consumed.at[year, bus]
            if covered and alone:
                forced.add((int(year), str(link)))
    return forced


def _find_used(rate: xr.DataArray) -> pd.DataFrame:
    """Return whether an element has more than nothing in a year; years in rows."""
    return (rate.groupby("snapshot.year").max() > 0).transpose("year", ...).to_pandas()
