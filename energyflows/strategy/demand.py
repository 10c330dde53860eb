"""Demand that gives way to price: an affine curve for every zone, through an observed price and quantity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
import pypsa
import xarray as xr

from energyflows.datasets import load_tables
from energyflows.errors import ResultsError, UsageError, list_problems
from energyflows.network.building import QUIET_STRINGS
from energyflows.network.lng import REST_OF_WORLD
from energyflows.solving import solve
from energyflows.summary._observed import average_price

#: Hub whose observed price sets the level, and its zone.
HUB, HUB_ZONE = "TTF", "NL"
#: EUR/MWh below which a curve is not calibrated: gas that costs nothing tells nothing of its worth.
LEAST_PRICE = 1.0
#: Edges of the steps of a curve, as multiples of the calibrated price: narrow around it.
EDGES = (0.0, 0.4, 0.7, 0.85, 0.95, 1.05, 1.15, 1.3, 1.6, 2.0, 2.5, 3.0, 4.0, 5.0, 7.0, 10.0)
#: Carriers of what stands for demand that is not met.
GIVEN_UP = ("response", "unserved")


def check_elasticity(elasticity: float) -> float:
    """Return an elasticity that demand can have.

    Parameters
    ----------
    elasticity : float
        Below zero, and no less than -10.

    Returns
    -------
    float
        The same.

    Raises
    ------
    UsageError
        For anything else.
    """
    if isinstance(elasticity, bool) or not isinstance(elasticity, int | float | np.number):
        raise UsageError(f"elasticity: found {elasticity!r}, expected a number below zero such as -0.3")
    if not -10.0 <= elasticity < 0.0:
        raise UsageError(
            f"elasticity: found {elasticity:g}, expected a number below zero and no less than -10; "
            "demand that does not react to price has no curve, and demand that rises with it has no equilibrium"
        )
    return float(elasticity)


class Elasticity(NamedTuple):
    """Of demand to price, all below zero; ``low`` is the one that gives way least."""

    value: float
    low: float
    high: float


def read_elasticity(tables: Mapping[str, pd.DataFrame] | None = None) -> Elasticity:
    """Return the elasticity of the tables, with its range.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame, optional
        With table ``parameters``; default the packaged ones.

    Returns
    -------
    Elasticity
        The value, the short-run end and the long-run end of the range.

    Raises
    ------
    UsageError
        If the table has no such row.

    Examples
    --------
    >>> found = read_elasticity()
    >>> found.high < found.value < found.low < 0
    True
    """
    parameters = (load_tables() if tables is None else tables)["parameters"].set_index("parameter")
    if "demand_elasticity" not in parameters.index:
        raise UsageError("parameters.csv has no row demand_elasticity; add it, or give the elasticity")
    row = parameters.loc["demand_elasticity", ["value", "low", "high"]].astype(float)
    return Elasticity(*(-row[["value", "low", "high"]]).fillna(-row["value"]))


def calibrate_demand(
    n: pypsa.Network,
    elasticity: float,
    *,
    tables: Mapping[str, pd.DataFrame] | None = None,
    price: pd.Series | None = None,
) -> xr.Dataset:
    r"""Return the inverse demand of every zone that consumes.

    Parameters
    ----------
    n : pypsa.Network
        From :func:`energyflows.strategy.open_market`, unsolved.
    elasticity : float
        Of demand to price at the calibrated point, below zero.
    tables : mapping of str to pandas.DataFrame, optional
        With observed hub prices; default the packaged ones.
    price : pandas.Series, optional
        EUR/MWh by zone, from :func:`rate_prices` or one's own; default the former.

    Returns
    -------
    xarray.Dataset
        By snapshot and bus: ``quantity`` [GWh/d], the demand of the network; ``price`` [EUR/MWh]; ``intercept``
        [EUR/MWh] and ``slope`` [EUR/MWh per GWh/d]. Zones without demand and the rest of the world, which has steps
        of its own, are left out.

    Raises
    ------
    UsageError
        If the elasticity is not below zero.
    ResultsError
        If a zone has no price.

    Notes
    -----
    .. math:: P = a - b Q, \qquad b = \frac{P_0}{|\varepsilon| Q_0}, \qquad a = P_0 + b Q_0

    :math:`Q_0` is the demand of the network, which is observed in past years. :math:`P_0` is the observed mean price
    of the Dutch hub in the year (an outlook in later years), times what the zone pays on average over what the Dutch
    zone pays in the network. Only the hub is observed everywhere; zones cut off from it, such as Armenia, keep the low
    price their cost gives them. At least 1 EUR/MWh, and no more than the dearest member of the EU pays: where gas is
    short in a closed market, as in Belarus from 2030, given-up demand sets a price that nobody pays.

    Examples
    --------
    >>> from energyflows import build_network
    >>> curves = calibrate_demand(build_network(2025), -0.5)
    >>> german = curves.sel(bus="DE").isel(snapshot=0)
    >>> bool(np.isclose(german["intercept"], 3 * german["price"]))
    True
    """
    known = check_elasticity(elasticity)
    quantity = _sum_loads(n)
    level = rate_prices(n, tables) if price is None else price
    lacking = [zone for zone in quantity.columns if not np.isfinite(level.get(zone, np.nan))]
    if lacking:
        raise ResultsError(list_problems("no price to calibrate demand with:", lacking))
    anchor = pd.DataFrame(1.0, quantity.index, quantity.columns) * level[quantity.columns].clip(lower=LEAST_PRICE)
    slope = (anchor / (-known * quantity)).where(quantity > 0, 0.0)
    curves = {"quantity": quantity, "price": anchor, "intercept": anchor * (1.0 - 1.0 / known), "slope": slope}
    units = {"quantity": "GWh/d", "price": "EUR/MWh", "intercept": "EUR/MWh", "slope": "EUR/MWh per GWh/d"}
    dims = ("snapshot", "bus")
    coords = {"snapshot": quantity.index, "bus": np.array(list(quantity.columns), dtype=str)}
    arrays = {name: (dims, table.to_numpy(), {"units": units[name]}) for name, table in curves.items()}
    return xr.Dataset(arrays, coords, {"elasticity": known})


def _sum_loads(n: pypsa.Network) -> pd.DataFrame:
    """Return demand by snapshot and zone, GWh/d, of zones that have any."""
    loads = n.get_switchable_as_dense("Load", "p_set").T.groupby(n.loads["bus"]).sum().T
    return loads.loc[:, (loads.max() > 0) & (loads.columns != REST_OF_WORLD)]


def rate_prices(n: pypsa.Network, tables: Mapping[str, pd.DataFrame] | None = None) -> pd.Series:
    """Return the prices that curves are calibrated at, whatever the elasticity.

    Parameters
    ----------
    n : pypsa.Network
        From :func:`energyflows.strategy.open_market`, unsolved.
    tables : mapping of str to pandas.DataFrame, optional
        With hub prices; default the packaged ones.

    Returns
    -------
    pandas.Series, [EUR/MWh]
        By bus, means of the years of the network, as in :func:`calibrate_demand`.

    Raises
    ------
    ResultsError
        If the tables have no price of the hub in one of the years.
    """
    results = solve(n)
    days = results["weight_days"]
    mean = ((results["price"] * days).sum("snapshot") / days.sum()).to_series()
    years = sorted(set(results["snapshot"].dt.year.to_numpy().tolist()))
    given = load_tables() if tables is None else tables
    hub = {year: average_price(given["prices"], HUB, year, estimates=True) for year in years}
    lacking = ", ".join(str(year) for year, price in hub.items() if np.isnan(price))
    if lacking:
        raise ResultsError(f"prices.csv has no price of {HUB} in {lacking}; add it, or give price=")
    if HUB_ZONE not in mean:
        return mean
    members = mean.index.isin(given["zones"].loc[given["zones"]["eu"], "zone"])
    return mean.clip(upper=mean[members].max()) * (np.mean(list(hub.values())) / mean[HUB_ZONE])


def step_demand(n: pypsa.Network, demand: xr.Dataset) -> pypsa.Network:
    """Write demand curves into a network, as consumption that is given up in steps.

    Parameters
    ----------
    n : pypsa.Network
        Unsolved; stays as it is.
    demand : xarray.Dataset
        From :func:`calibrate_demand`.

    Returns
    -------
    pypsa.Network
        A copy in which the load of each zone is what it would take for nothing. Generators ``ZONE step K`` of carrier
        ``response`` give consumption up, from the least valued step to the one just below the price at which nobody
        takes any; a step costs its mean value on the curve, so the area below the curve is exact. What stood for
        demand not met in these zones is gone.

    Examples
    --------
    >>> from energyflows import build_network, solve
    >>> n = build_network(2025)
    >>> stepped = step_demand(n, calibrate_demand(n, -0.3))
    >>> bool(stepped.loads_t.p_set["DE demand"].iloc[0] > n.loads_t.p_set["DE demand"].iloc[0])
    True
    """
    zones = demand["bus"].to_numpy().tolist()
    with pypsa.option_context(*QUIET_STRINGS):
        work = n.copy()
        given_up = work.generators["carrier"].isin(GIVEN_UP) & work.generators["bus"].isin(zones)
        work.remove("Generator", work.generators.index[given_up])
        work.remove("Load", work.loads.index[work.loads["bus"].isin(zones)])
        most = (demand["intercept"] / demand["slope"]).where(demand["slope"] > 0, 0.0).to_pandas()
        work.add("Load", [f"{zone} demand" for zone in zones], bus=zones, p_set=most.add_suffix(" demand"))
        for number, (low, high) in enumerate(_cut_curves(demand), start=1):
            _add_step(work, demand, number, (low, high))
    return work


def _cut_curves(demand: xr.Dataset) -> list[tuple[xr.DataArray, xr.DataArray]]:
    """Return the prices between which each step of the curves lies; a step above a curve has no width."""
    top = demand["intercept"]
    edges = [(edge * demand["price"]).clip(max=top) for edge in EDGES]
    return list(zip(edges, [*edges[1:], top], strict=True))


def _add_step(n: pypsa.Network, demand: xr.Dataset, number: int, prices: tuple[xr.DataArray, xr.DataArray]) -> None:
    low, high = prices
    width = ((high - low) / demand["slope"]).where(demand["slope"] > 0, 0.0).to_pandas()
    worth = ((low + high) / 2.0).to_pandas()
    zones = width.columns[width.max() > 0]
    if zones.empty:
        return
    suffix = f" step {number}"
    largest = width[zones].max()
    n.add(
        "Generator",
        zones + suffix,
        bus=zones,
        carrier="response",
        p_nom=largest.to_numpy(),
        p_max_pu=(width[zones] / largest).add_suffix(suffix),
        marginal_cost=worth[zones].add_suffix(suffix),
    )
