"""Figures of what suppliers deliver, earn and own."""

from __future__ import annotations

import pandas as pd

from energyflows.claims._figures import View, figure
from energyflows.errors import UnknownNameError, suggest
from energyflows.influence import measure_holdings, measure_revenue
from energyflows.influence._owners import average_shares


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
    """Value of a supplier's gas where it first reaches the market of another.

    Parameters
    ----------
    view : View
        The run.
    supplier : str
        ISO-2 code.

    Returns
    -------
    float
        Billion EUR a year at modelled prices, sales at home left out: the direct channel of
        :func:`energyflows.influence.measure_revenue`.
    """
    rows = view.keep(("revenue", supplier), lambda: measure_revenue(view.ds, supplier, tables=view.tables))
    direct = rows[(rows["channel"] == "direct") & (rows["year"] == view.year)]
    return float(direct["revenue_meur"].iloc[0]) / 1e3


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
def controlled_volume(view: View, *, country: str, owner: str = "") -> float:
    """Gas that flows through what owners of a country hold, at the stage at which it is most.

    Parameters
    ----------
    view : View
        The run.
    country : str
        ISO-2 code of the owners.
    owner : str
        One of them; default all together.

    Returns
    -------
    float
        TWh a year, share times throughput: the headline of :func:`energyflows.influence.measure_holdings`.
    """
    return _read_headline(view, country, owner, "volume_twh")


@figure("bn EUR")
def controlled_value(view: View, *, country: str, owner: str = "") -> float:
    """Gross value of the gas of :func:`controlled_volume`, at the same stage.

    Parameters
    ----------
    view : View
        The run.
    country : str
        ISO-2 code of the owners.
    owner : str
        One of them; default all together.

    Returns
    -------
    float
        Billion EUR a year at modelled prices; neither revenue of the owners nor profit.
    """
    return _read_headline(view, country, owner, "value_meur") / 1e3


def _read_headline(view: View, country: str, owner: str, column: str) -> float:
    """Return a figure of the stage at which the volume is largest; stages are never added up."""
    known = view.tables["ownership"].loc[lambda table: table["owner_country"] == country, "owner"]
    if owner and owner not in set(known):
        raise UnknownNameError(f"no owner {owner!r} of {country!r} holds anything{suggest(owner, set(known))}")
    rows = view.keep(("holdings",), lambda: measure_holdings(view.ds, by="asset", tables=view.tables))
    chosen = (rows["owner_country"] == country) & (rows["year"] == view.year)
    stages = rows[chosen & ((rows["owner"] == owner) | (owner == ""))].groupby("stage")[["volume_twh", "value_meur"]]
    summed = stages.sum()
    return float(summed.at[summed["volume_twh"].idxmax(), column]) if len(summed) else 0.0
