"""Figures of prices, demand that is not met, and flows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from energyflows.claims._conduits import share_link
from energyflows.claims._figures import View, figure
from energyflows.errors import UnknownNameError
from energyflows.summary import summarise_corridors

#: What stands for all members, and for all market zones.
EU27, ALL = "EU27", "all"
#: TWh a year below which a zone has no demand to speak of.
_LEAST_TWH = 0.05


@figure("EUR/MWh")
def price(view: View, *, zone: str = EU27) -> float:
    """Mean price over a year, weighted by demand, met or not.

    Parameters
    ----------
    view : View
        The run.
    zone : str
        A zone, ``EU27`` or ``all``.

    Returns
    -------
    float
        EUR/MWh; NaN where there is no demand.
    """
    ds = view.ds.sel(bus=_list_zones(view, zone))
    energy = (ds["consumed"] + ds["unserved"] + ds["response"]) * ds["weight_days"]
    total = float(energy.sum())
    return float((ds["price"] * energy).sum()) / total if total > 0 else float("nan")


@figure("TWh")
def lost_demand(view: View, *, zone: str = EU27) -> float:
    """Demand not met or given up because of its price.

    Parameters
    ----------
    view : View
        The run.
    zone : str
        A zone, ``EU27`` or ``all``.

    Returns
    -------
    float
        TWh a year, unserved energy and response together.
    """
    return float(_sum_lost(view).sel(bus=_list_zones(view, zone)).sum())


@figure("TWh")
def unserved(view: View, *, zone: str = EU27) -> float:
    """Demand not met at all.

    Parameters
    ----------
    view : View
        The run.
    zone : str
        A zone, ``EU27`` or ``all``.

    Returns
    -------
    float
        TWh a year.
    """
    return float(_sum_energy(view, "unserved").sel(bus=_list_zones(view, zone)).sum())


@figure("zones", pair=True)
def zones_dearer(view: View, base: View, *, least: float, zone: str = EU27) -> float:
    """Zones whose mean price is higher than in the other run.

    Parameters
    ----------
    view, base : View
        The run, and the one it is held against.
    least : float
        Rise that counts, per cent of the other run's price.
    zone : str
        ``EU27`` or ``all``.

    Returns
    -------
    float
        Number of zones with demand and a price above zero in the other run.
    """
    zones = [each for each in _list_zones(view, zone) if _consumes(base, each)]
    before = np.array([price(base, zone=each) for each in zones])
    after = np.array([price(view, zone=each) for each in zones])
    return float(((before > 0) & (after >= (1 + least / 100) * before)).sum())


@figure("zones", pair=True)
def zones_short(view: View, base: View, *, least: float, zone: str = EU27) -> float:
    """Zones that lose more of their demand than in the other run.

    Parameters
    ----------
    view, base : View
        The run, and the one it is held against.
    least : float
        Loss that counts, per cent of demand, unserved energy and response together.
    zone : str
        ``EU27`` or ``all``.

    Returns
    -------
    float
        Number of zones.
    """
    zones = [each for each in _list_zones(view, zone) if _consumes(base, each)]
    demand = _sum_energy(base, "consumed") + _sum_lost(base)
    loss = (_sum_lost(view) - _sum_lost(base)) / demand.where(demand > 0)
    return float((loss.sel(bus=zones) >= least / 100).sum())


@figure("TWh")
def flow(view: View, *, link: str, origin: str = "", account: str = "molecules") -> float:
    """Gas a pipeline delivers, of any origin or of one.

    Parameters
    ----------
    view : View
        The run.
    link : str
        As in results; one that leaves a country where an origin is given.
    origin : str
        ISO-2 code of another country; default any.
    account : {"label", "molecules"}
        By which the origin is told.

    Returns
    -------
    float
        TWh a year, as received.
    """
    check_known(view, link, "link")
    total = float((view.ds["received"].sel(link=link) * view.ds["weight_days"]).sum()) / 1e3
    return total * share_link(view, link, origin, account) if origin else total


@figure("%")
def use(view: View, *, link: str) -> float:
    """Use of a section of the Southern Gas Corridor or a Russian route.

    Parameters
    ----------
    view : View
        The run.
    link : str
        As in results.

    Returns
    -------
    float
        Per cent of the capacity in service, as the tables have it; NaN without capacity.
    """
    check_known(view, link, "link")
    rows = summarise_corridors(view.ds, view.tables).set_index("link")["utilisation"]
    return 100 * float(rows.get(link, np.nan))


@figure("%")
def received_share(view: View, *, zone: str, link: str) -> float:
    """Share of a pipeline in what all pipelines bring to a zone.

    Parameters
    ----------
    view : View
        The run.
    zone : str
        That receives.
    link : str
        That brings.

    Returns
    -------
    float
        Per cent; NaN where nothing comes.
    """
    check_known(view, zone, "bus")
    ds = view.ds
    arriving = ds["link"].values[(ds["bus1"].values == zone) & ~ds["is_storage_link"].values]
    total = sum(flow(view, link=str(each)) for each in arriving)
    return 100 * flow(view, link=link) / total if total > 0 else float("nan")


def check_known(view: View, name: str, dim: str) -> None:
    """Refuse a name that is not in the results.

    Parameters
    ----------
    view : View
        The run.
    name : str
        Of an element.
    dim : str
        Dimension it should be in.

    Raises
    ------
    UnknownNameError
        If it is not.
    """
    if name not in set(view.ds[dim].values.tolist()):
        raise UnknownNameError(f"the results of {view.year} have no {dim} {name!r}")


def _list_zones(view: View, zone: str) -> list[str]:
    zones: pd.DataFrame = view.tables["zones"]
    if zone in (EU27, ALL):
        market = zones["eu"] if zone == EU27 else zones["kind"] == "market"
        return [str(each) for each in zones.loc[market, "zone"]]
    check_known(view, zone, "bus")
    return [zone]


def _consumes(view: View, zone: str) -> bool:
    return float(_sum_energy(view, "consumed").sel(bus=zone)) >= _LEAST_TWH


def _sum_energy(view: View, name: str) -> xr.DataArray:
    """Return TWh a year by bus."""
    return (view.ds[name] * view.ds["weight_days"]).sum("snapshot") / 1e3


def _sum_lost(view: View) -> xr.DataArray:
    return _sum_energy(view, "unserved") + _sum_energy(view, "response")
