"""Yearly figures by scenario: energy, prices, stocks, cost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from energyflows.comparison._checking import Groups
from energyflows.results import sum_at, sum_energy

#: Kinds of buses whose demand stands for the rest of the world.
_ELSEWHERE = "lng"
_REGASIFICATION = "regasification"
_HOME = "home"
#: Group that stands for all zones where none is given.
EVERYWHERE = "all"
HEADLINE_GROUP = "EU27"
_GWH_PER_TWH = 1e3
_THOUSAND_PER_BN = 1e6


def choose_group(groups: Groups | None, ds: xr.Dataset) -> tuple[str, list[str]]:
    """Return the group the headline is about: the EU27, else the first given, else all zones.

    Parameters
    ----------
    groups : mapping of str to sequence of str or None
        Zones by name of the group.
    ds : xarray.Dataset
        Results.

    Returns
    -------
    tuple of str and list of str
        Name and zones.
    """
    if not groups:
        return EVERYWHERE, list_markets(ds)
    name = HEADLINE_GROUP if HEADLINE_GROUP in groups else next(iter(groups))
    return name, list(groups[name])


def list_zones(ds: xr.Dataset) -> list[str]:
    """Return the buses that have demand in any scenario."""
    other = [dim for dim in ds["consumed"].dims if dim != "bus"]
    return [str(bus) for bus in ds["bus"].to_numpy()[(demand_of(ds).max(other) > 0).to_numpy()]]


def list_markets(ds: xr.Dataset) -> list[str]:
    """Return the zones without those that stand for the rest of the world."""
    if "bus_kind" not in ds.coords:
        return list_zones(ds)
    elsewhere = {str(bus) for bus in ds["bus"].to_numpy()[(ds["bus_kind"] == _ELSEWHERE).to_numpy()]}
    return [zone for zone in list_zones(ds) if zone not in elsewhere]


def demand_of(ds: xr.Dataset) -> xr.DataArray:
    """Return demand, met or not, GWh/d."""
    return ds["consumed"] + ds["unserved"] + ds["response"]


def mean_prices(ds: xr.Dataset, zones: Sequence[str]) -> xr.DataArray:
    """Return yearly mean prices of zones, weighted by days.

    Parameters
    ----------
    ds : xarray.Dataset
        Results.
    zones : sequence of str
        Buses.

    Returns
    -------
    xarray.DataArray, [EUR/MWh]
        By year and bus; missing where a zone has no demand.
    """
    chosen = ds.sel(bus=list(zones))
    price = sum_energy(chosen["price"], ds) / sum_energy(xr.ones_like(chosen["price"]), ds)
    return price.where(sum_energy(demand_of(chosen), ds) > 0)


def mean_group_price(ds: xr.Dataset, zones: Sequence[str]) -> xr.DataArray:
    """Return the yearly mean price of a group, weighted by demand, met or not.

    Parameters
    ----------
    ds : xarray.Dataset
        Results.
    zones : sequence of str
        Buses.

    Returns
    -------
    xarray.DataArray, [EUR/MWh]
        By year; missing without demand.
    """
    chosen = ds.sel(bus=list(zones))
    demand = demand_of(chosen)
    paid = sum_energy((chosen["price"] * demand).where(demand != 0, 0.0).sum("bus", skipna=False), ds)
    total = sum_energy(demand.sum("bus"), ds)
    return paid / total.where(total > 0)


def sum_zones(ds: xr.Dataset, name: str, zones: Sequence[str]) -> xr.DataArray:
    """Return yearly energy of a variable over zones, TWh."""
    return sum_energy(ds[name].sel(bus=list(zones)).sum("bus", skipna=False), ds)


def sum_landed(ds: xr.Dataset, zones: Sequence[str]) -> xr.DataArray:
    """Return LNG that enters the grids of zones in a year, TWh."""
    landing = (ds["carrier"] == _REGASIFICATION) & ds["bus1"].isin(list(zones))
    return sum_energy(ds["received"].isel(link=landing.to_numpy()).sum("link", skipna=False), ds)


def sum_exported(ds: xr.Dataset, origin: str, *, lng: bool | None = None) -> xr.DataArray:
    """Return what a country supplies on routes out of it in a year, wherever it is delivered.

    Parameters
    ----------
    ds : xarray.Dataset
        Results.
    origin : str
        Country where gas enters.
    lng : bool, optional
        By ship only, or without ships; both by default.

    Returns
    -------
    xarray.DataArray, [TWh]
        Without output for the home market.
    """
    chosen = (ds["generator_origin"] == origin).to_numpy() & (kinds_of(ds) != "Home")
    if lng is not None:
        chosen &= (kinds_of(ds) == "LNG") == lng
    return sum_energy(ds["supplied"].isel(generator=chosen).sum("generator", skipna=False), ds)


def kinds_of(ds: xr.Dataset) -> np.ndarray:
    """Return ``Home``, ``LNG`` or ``Pipeline`` for each generator."""
    size = ds.sizes["generator"]
    route = ds["generator_route"].to_numpy() if "generator_route" in ds.coords else np.full(size, "")
    carrier = ds["generator_carrier"].to_numpy() if "generator_carrier" in ds.coords else np.full(size, "")
    return np.select([route == _HOME, carrier == "lng"], ["Home", "LNG"], "Pipeline")


def place_stores(ds: xr.Dataset) -> xr.DataArray:
    """Return the zone of each store: where its withdrawal leads, else its own bus.

    Parameters
    ----------
    ds : xarray.Dataset
        Results.

    Returns
    -------
    xarray.DataArray of str
        By store.
    """
    inner = ds["is_storage_link"].to_numpy()
    begins, ends = (ds[end].to_numpy()[inner].astype(str) for end in ("bus0", "bus1"))
    leads = dict(zip(begins, ends, strict=True))
    own = {str(bus) for bus in ds["store_bus"].to_numpy()}
    zones = [leads.get(bus, bus) if bus in own else bus for bus in map(str, ds["store_bus"].to_numpy())]
    return xr.DataArray(np.array(zones, dtype=str), dims="store")


def take_stocks(ds: xr.Dataset, before: tuple[int, int] | None = None) -> xr.DataArray:
    """Return stocks by year and zone on a day, or at the end of each year.

    Parameters
    ----------
    ds : xarray.Dataset
        Results.
    before : tuple of int, optional
        Month and day; the stock of the last snapshot of the year that begins before it.

    Returns
    -------
    xarray.DataArray, [TWh]
        By year and zone; missing in a year without such a snapshot.
    """
    days = ds.indexes["snapshot"]
    early = np.ones(len(days), dtype=bool) if before is None else days < _on(days, before)
    last = pd.Series(np.arange(len(days))[early]).groupby(days.year[early]).max()
    places = place_stores(ds)
    zones = xr.DataArray(np.unique(places.to_numpy()), dims="bus")
    stock = ds["stored"].isel(snapshot=last.to_list()) / _GWH_PER_TWH
    years = sorted(set(days.year.tolist()))
    named = stock.rename(snapshot="year").assign_coords(year=last.index.to_list()).reindex(year=years)
    return sum_at(named, places, zones).rename(bus="zone")


def _on(days: pd.DatetimeIndex, day: tuple[int, int]) -> pd.DatetimeIndex:
    """Return a day of the year of each date."""
    return pd.DatetimeIndex([pd.Timestamp(year, *day) for year in days.year])


def cost_runs(ds: xr.Dataset) -> xr.DataArray:
    """Return the cost of each scenario in the row of the last year; it is that of all years together, bn EUR."""
    return _put_last(ds["objective"] / _THOUSAND_PER_BN, ds)


def value_end_stocks(ds: xr.Dataset, reference: str) -> xr.DataArray:
    """Return what the gas is worth that a scenario leaves in store less than the reference.

    Parameters
    ----------
    ds : xarray.Dataset
        Results.
    reference : str
        At whose prices of the last snapshot; prices a reward bends below zero count as zero.

    Returns
    -------
    xarray.DataArray, [bn EUR]
        By scenario, in the row of the last year; positive if there is less in store.
    """
    last = ds.isel(snapshot=-1)
    price = last["price"].sel(scenario=reference, bus=place_stores(ds)).clip(min=0.0).drop_vars(["scenario", "bus"])
    less = last["stored"].sel(scenario=reference, drop=True) - last["stored"]
    return _put_last((less * price).sum("store", skipna=False) / _THOUSAND_PER_BN, ds)


def _put_last(array: xr.DataArray, ds: xr.Dataset) -> xr.DataArray:
    years = sorted(set(ds.indexes["snapshot"].year.tolist()))
    bare = array.drop_vars([name for name in array.coords if name != "scenario"])
    return bare.expand_dims(year=[years[-1]]).reindex(year=years)
