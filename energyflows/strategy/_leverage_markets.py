"""Networks to play on: opened, with demand that gives way to price, and what consuming gas is worth there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pypsa
import xarray as xr

from energyflows.ensemble.program import check_network
from energyflows.errors import ResultsError, UsageError, list_problems
from energyflows.strategy._coalitions import Floats
from energyflows.strategy.demand import calibrate_demand, check_elasticity, rate_prices, read_elasticity, step_demand
from energyflows.strategy.market import open_market
from energyflows.strategy.players import is_given_up

#: Part of a load that may lack a step: rounding.
_LEAST = 1e-6


def is_built(n: pypsa.Network) -> bool:
    """Say whether a network is one of :func:`energyflows.build_network`; others are played as they are.

    Parameters
    ----------
    n : pypsa.Network
        Any.

    Returns
    -------
    bool
        By the column that tells what contracts are rewarded by.
    """
    check_network(n)
    return "reward" in n.links


def list_elasticities(n: pypsa.Network, elasticity: Any, tables: Mapping[str, pd.DataFrame] | None) -> list[float]:
    """Return elasticities of demand, checked.

    Parameters
    ----------
    n : pypsa.Network
        The network played on.
    elasticity : float, iterable of float or None
        As given.
    tables : mapping or None
        Hold the one used if none is given.

    Returns
    -------
    list of float
        NaN for a network that is played as it is.

    Raises
    ------
    UsageError
        If demand cannot have one, one is there twice, or the tables hold none.
    """
    if not is_built(n):
        if elasticity is not None:
            raise UsageError(
                f"elasticity: found {elasticity!r}, expected none: n is no network of build_network, so its loads and "
                "what stands for demand not met are played as they are"
            )
        return [np.nan]
    if elasticity is None:
        return [read_elasticity(tables).value]
    several = isinstance(elasticity, Iterable) and not isinstance(elasticity, str)
    found = [check_elasticity(each) for each in (list(elasticity) if several else [elasticity])]
    if not found or len(set(found)) < len(found):
        raise UsageError(f"elasticity: found {elasticity!r}, expected one number or several different ones")
    return found


def open_games(
    n: pypsa.Network, elasticities: list[float], tables: Mapping[str, pd.DataFrame] | None
) -> tuple[list[pypsa.Network], list[xr.Dataset]]:
    """Return a network for each elasticity, and its demand curves.

    Parameters
    ----------
    n : pypsa.Network
        Unsolved; stays as it is.
    elasticities : list of float
        From :func:`list_elasticities`.
    tables : mapping or None
        The network was built from.

    Returns
    -------
    tuple of list of pypsa.Network and list of xarray.Dataset
        The network itself, and no curves, if it is played as it is.
    """
    if not is_built(n):
        return [n], []
    opened = open_market(n, tables)
    price = rate_prices(opened, tables)
    curves = [calibrate_demand(opened, elasticity, price=price) for elasticity in elasticities]
    return [step_demand(opened, each) for each in curves], curves


def open_changed(
    n: pypsa.Network, changed: pypsa.Network, curves: list[xr.Dataset], tables: Mapping[str, pd.DataFrame] | None
) -> list[pypsa.Network]:
    """Return networks of a scenario with the demand curves, and the worth of gas left, of the network without it.

    Parameters
    ----------
    n : pypsa.Network
        Without the scenario.
    changed : pypsa.Network
        With it.
    curves : list of xarray.Dataset
        From :func:`open_games` of ``n``.
    tables : mapping or None
        The network was built from.

    Returns
    -------
    list of pypsa.Network
        One for each elasticity.
    """
    opened = open_market(changed, tables, reference=n)
    return [step_demand(opened, each) for each in curves]


def value_consumption(n: pypsa.Network) -> Floats:
    r"""Return what consuming all that is wanted is worth.

    Parameters
    ----------
    n : pypsa.Network
        With generators that stand for demand given up or not met wherever somebody consumes.

    Returns
    -------
    numpy.ndarray, [thousand EUR]
        By bus: what it costs to give all consumption up, the least valued first. With steps of a demand curve this
        is the area below the curve from nothing to the quantity at price zero.

    Raises
    ------
    ResultsError
        If somebody consumes more than can be given up: its worth is not known.
    """
    loads = -(n.get_switchable_as_dense("Load", "p_set") * n.loads["sign"] * n.loads["active"])
    wanted = loads.T.groupby(n.loads["bus"]).sum().T
    steps = n.generators[is_given_up(n)]
    size, cost = (n.get_switchable_as_dense("Generator", key)[steps.index] for key in ("p_max_pu", "marginal_cost"))
    size *= steps["p_nom"]
    weights = n.snapshot_weightings["objective"].to_numpy(dtype=float)
    worth, lacking = np.zeros(len(n.buses)), []
    for bus in wanted.columns:
        own = steps.index[steps["bus"] == bus]
        value, left = _fill(wanted[bus].to_numpy(), size[own].to_numpy(), cost[own].to_numpy())
        worth[n.buses.index.get_loc(bus)] = weights @ value
        if np.any(left > _LEAST * np.maximum(wanted[bus], 1.0)):
            lacking.append(f"{bus}: {left.max():.4g} of {wanted[bus].max():.4g} GWh/d have no price to be given up at")
    if lacking:
        told = "consumption has no worth; add a generator with carrier 'unserved' at the value of lost load:"
        raise ResultsError(list_problems(told, lacking))
    return worth


def _fill(wanted: Floats, size: Floats, cost: Floats) -> tuple[Floats, Floats]:
    """Return by snapshot what it costs to give up what is wanted, cheapest steps first, and what no step covers."""
    order = np.argsort(cost, axis=1, kind="stable")
    size, cost = (np.take_along_axis(each, order, axis=1) for each in (size, cost))
    before = np.cumsum(size, axis=1) - size
    taken = np.clip(wanted[:, np.newaxis] - before, 0.0, size)
    return (taken * cost).sum(axis=1), wanted - taken.sum(axis=1)


def count_years(n: pypsa.Network) -> float:
    """Return how many years a network spans, each snapshot as part of the days of its year.

    Parameters
    ----------
    n : pypsa.Network
        Snapshots that are no dates count as parts of 365 days.

    Returns
    -------
    float
        1 for any full year.
    """
    days = n.snapshot_weightings["generators"].to_numpy(dtype=float)
    dated = isinstance(n.snapshots, pd.DatetimeIndex)
    length = np.where(n.snapshots.is_leap_year, 366.0, 365.0) if dated else 365.0
    return float((days / length).sum())
