"""Single assets that supply a country or region."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from energyflows.metrics._installations import (
    find_markets,
    is_liquid,
    read_installations,
    refuse_scenarios,
    split_years,
)

_COLUMNS = ["asset", "kind", "country", "bus", "from", "gwh_d", "largest_gwh_d", "largest_name"]


def list_assets(x: Any, *, year: int | None = None) -> pd.DataFrame:
    """List what supplies each country, with technical capacities on the day of its highest demand.

    Parameters
    ----------
    x : pypsa.Network or xarray.Dataset
        A network, ours or any other, solved or not; or results of one scenario.
    year : int, optional
        One of several; default all.

    Returns
    -------
    pandas.DataFrame
        One row per asset, country and year: ``asset, kind`` (entry, production, storage or lng), ``country, bus``,
        ``from`` (the bus before it; empty for production), ``gwh_d`` (technical capacity; production: greatest daily
        rate of the year; storage: greatest withdrawal), ``largest_gwh_d, largest_name`` (the largest single
        installation in it; missing for production and storage, which are sums of many), ``year``.

    Raises
    ------
    UsageError
        If ``x`` is neither, or has no such year.

    Notes
    -----
    What crosses into a bus with demand counts. A dedicated corridor is not a country, whatever land it crosses: gas in
    it enters a country where it leaves the corridor. A store that stands at a bus with demand, as in networks other
    than ours, can be emptied in a day in a network; results do not hold what it could have given, so there it is
    the greatest withdrawal that was chosen.

    Examples
    --------
    >>> import pypsa
    >>> n = pypsa.Network()
    >>> n.add("Bus", ["here", "there"])
    >>> n.add("Load", "demand", bus="here", p_set=5.0)
    >>> n.add("Link", "pipe", bus0="there", bus1="here", p_nom=8.0)
    >>> list_assets(n)[["asset", "kind", "from", "gwh_d"]].to_numpy().tolist()
    [['pipe', 'entry', 'there', 8.0]]
    """
    refuse_scenarios(x)
    tables: list[pd.DataFrame] = []
    for number, ds in split_years(read_installations(x), year):
        tables.extend(list_into(ds, buses).assign(year=number) for buses in find_markets(ds).values())
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=[*_COLUMNS, "year"])


def list_into(ds: xr.Dataset, buses: Sequence[str]) -> pd.DataFrame:
    """List what leads into some buses from outside, at the snapshot of their highest demand.

    Parameters
    ----------
    ds : xarray.Dataset
        One year of :func:`energyflows.metrics._installations.read_installations`.
    buses : sequence of str
        Of a country or region.

    Returns
    -------
    pandas.DataFrame
        As :func:`list_assets`, without the year.
    """
    peak = ds.isel(snapshot=_find_peak(ds, buses))
    return pd.concat([_list_links(peak, buses), _list_production(ds, buses), _list_stores(ds, buses)])[_COLUMNS]


def _find_peak(ds: xr.Dataset, buses: Sequence[str]) -> int:
    return int(ds["demand"].sel(bus=list(buses)).sum("bus").argmax("snapshot"))


def _places(ds: xr.Dataset) -> dict[str, str]:
    """Return the country of each bus; the bus itself where none is known."""
    country = ds["country"].to_numpy() if "country" in ds.coords else np.full(ds.sizes["bus"], "")
    return {str(bus): str(place) or str(bus) for bus, place in zip(ds["bus"].to_numpy(), country, strict=True)}


def _list_links(peak: xr.Dataset, buses: Sequence[str]) -> pd.DataFrame:
    inside = peak["bus1"].isin(list(buses)) & ~peak["bus0"].isin(list(buses))
    chosen = peak.isel(link=inside.to_numpy())
    storage = chosen["is_storage_link"].to_numpy().astype(bool)
    liquid = is_liquid(chosen)
    names = chosen["largest_name"].to_numpy() if "largest_name" in chosen.coords else chosen["link"].to_numpy()
    table = pd.DataFrame(
        {
            "asset": chosen["link"].to_numpy(),
            "kind": np.select([storage, liquid], ["storage", "lng"], "entry"),
            "bus": chosen["bus1"].to_numpy(),
            "from": chosen["bus0"].to_numpy(),
            "gwh_d": chosen["technical"].to_numpy().astype(float),
            "largest_gwh_d": np.where(storage, np.nan, chosen["largest"].to_numpy().astype(float)),
            "largest_name": np.where(storage, "", names),
        }
    )
    return table.assign(country=table["bus"].map(_places(peak)))


def _list_production(ds: xr.Dataset, buses: Sequence[str]) -> pd.DataFrame:
    chosen = ds.isel(generator=ds["generator_bus"].isin(list(buses)).to_numpy())
    return _describe(
        ds, chosen["generator"], chosen["generator_bus"], chosen["available"].max("snapshot"), "production"
    )


def _list_stores(ds: xr.Dataset, buses: Sequence[str]) -> pd.DataFrame:
    """List stores that stand at a bus with demand; others are behind a link."""
    if "store" not in ds.dims:
        return pd.DataFrame(columns=_COLUMNS)
    chosen = ds.isel(store=ds["store_bus"].isin(list(buses)).to_numpy())
    return _describe(ds, chosen["store"], chosen["store_bus"], chosen["withdrawal"].max("snapshot"), "storage")


def _describe(ds: xr.Dataset, name: xr.DataArray, bus: xr.DataArray, rate: xr.DataArray, kind: str) -> pd.DataFrame:
    figures = {"asset": name.to_numpy(), "bus": bus.to_numpy(), "gwh_d": rate.to_numpy().astype(float)}
    table = pd.DataFrame(figures).assign(**{"kind": kind, "from": "", "largest_gwh_d": np.nan, "largest_name": ""})
    return table.assign(country=table["bus"].map(_places(ds)))
