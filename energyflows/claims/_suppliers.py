"""Figures of what suppliers deliver, earn and own."""

from __future__ import annotations

import pandas as pd

from energyflows.claims._figures import View, figure
from energyflows.claims._markets import flow
from energyflows.errors import UnknownNameError
from energyflows.influence._owners import average_shares
from energyflows.influence._prices import bound_prices
from energyflows.summary._entries import find_corridor_origins


@figure("TWh")
def deliveries(view: View, *, supplier: str) -> float:
    """Gas a supplier feeds into its export routes, to all buyers.

    Parameters
    ----------
    view : View
        The run.
    supplier : str
        ISO-2 code.

    Returns
    -------
    float
        TWh a year, pipelines and LNG; home output for the home market is left out.
    """
    ds = view.ds
    chosen = (ds["generator_origin"] == supplier) & (ds["generator_route"] != "home")
    return float((ds["supplied"] * ds["weight_days"]).where(chosen, 0.0).sum()) / 1e3


@figure("bn EUR")
def revenue(view: View, *, supplier: str) -> float:
    """Value a supplier's gas where its corridors and cargoes reach a market.

    Parameters
    ----------
    view : View
        The run.
    supplier : str
        ISO-2 code.

    Returns
    -------
    float
        Billion EUR a year at modelled prices, sales at home left out; NaN if its corridors also carry gas of others,
        or if it has none of its own, because what is whose then needs tracing.

    Notes
    -----
    Every month's volume at that month's price of the zone or LNG pool it enters. Contract prices are not in the
    tables. A price that a contracted or observed flow pushes below zero counts as zero, and one above the highest in
    the EU27 and for LNG at that time as that one: in closed markets given-up demand sets it, which nobody pays.
    """
    ds = view.active
    own, mixed = _find_corridors(view, supplier)
    if mixed or not own:
        return float("nan")
    zones = view.tables["zones"]
    home = own | set(zones.loc[zones["country"] == supplier, "zone"])
    sells = [a in own and b not in home for a, b in zip(ds["bus0"].values, ds["bus1"].values, strict=True)]
    sold = ds["received"].isel(link=sells)
    worth = bound_prices(ds, zones).sel(bus=ds["bus1"].isel(link=sells))
    return float((sold * worth * ds["weight_days"]).sum()) / 1e6


def _find_corridors(view: View, supplier: str) -> tuple[set[str], set[str]]:
    """Return the corridors that hold a supplier's gas alone, and those that hold it among others'."""
    ds, zones = view.active, view.tables["zones"]
    open_ways = set(zones.loc[zones["kind"] == "corridor", "zone"])
    fed = ds["generator_bus"].values[
        (ds["generator_origin"] == supplier).values & (ds["generator_route"] != "home").values
    ]
    reached = set(fed.tolist()) - set(zones.loc[zones["kind"] == "market", "zone"])
    pipes = list(zip(ds["bus0"].values.tolist(), ds["bus1"].values.tolist(), strict=True))
    for _ in range(len(open_ways)):
        reached |= {b for a, b in pipes if a in reached and b in open_ways}
    origins = find_corridor_origins(ds, view.tables)
    alone = {bus for bus in reached if origins.get(bus) == supplier}
    return alone, reached - alone


@figure("%")
def held_share(view: View, *, country: str, asset: str) -> float:
    """Share of an asset held by owners of a country.

    Parameters
    ----------
    view : View
        The run.
    country : str
        ISO-2 code of the owners.
    asset : str
        As in table ``ownership``.

    Returns
    -------
    float
        Per cent, mean over the days of the year.

    Raises
    ------
    UnknownNameError
        If there is no such asset.
    """
    rows = view.ownership[view.ownership["asset"] == asset]
    if rows.empty:
        raise UnknownNameError(f"table ownership has no asset {asset!r}")
    rows = rows[rows["owner_country"] == country]
    year = pd.IntervalIndex.from_breaks(
        [pd.Timestamp(view.year, 1, 1), pd.Timestamp(view.year + 1, 1, 1)], closed="left"
    )
    return 100 * float(average_shares(rows, year).sum(axis=1).iloc[0])


@figure("TWh")
def controlled_volume(view: View, *, country: str, asset: str, link: str) -> float:
    """Throughput of an asset times the share owners of a country hold in it.

    Parameters
    ----------
    view : View
        The run.
    country : str
        ISO-2 code of the owners.
    asset : str
        As in table ``ownership``.
    link : str
        Pipeline all its gas passes.

    Returns
    -------
    float
        TWh a year; entitlement under a production-sharing contract may differ.
    """
    return held_share(view, country=country, asset=asset) / 100 * flow(view, link=link)
