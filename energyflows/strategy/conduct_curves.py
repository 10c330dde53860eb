"""What changes as two suppliers come to act as one."""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pypsa
import xarray as xr

from energyflows.errors import UsageError, list_problems, suggest
from energyflows.strategy._equilibrium_forms import join_forms
from energyflows.strategy._equilibrium_reading import read_point
from energyflows.strategy._equilibrium_solving import lay_game, maximise
from energyflows.strategy.conduct import Floats, check_kappa, label_kappa
from energyflows.strategy.equilibrium import Kappa, describe_point, take_setting
from energyflows.strategy.suppliers import Suppliers

#: Weights of the pair unless others are given.
VALUES = tuple(round(0.1 * step, 1) for step in range(11))


def sweep_conduct(
    n: pypsa.Network,
    pair: Sequence[str],
    values: Iterable[float] | None = None,
    *,
    suppliers: Suppliers | None = None,
    kappa: Kappa | None = None,
    elasticity: float = -0.3,
    arbitrage: bool = True,
    tolerance: float = 1e-6,
    tables: Mapping[str, pd.DataFrame] | None = None,
    demand: xr.Dataset | None = None,
) -> xr.Dataset:
    """Return equilibria in which a pair of suppliers put more and more weight on each other's profit.

    One programme is solved hot from value to value: another weight changes costs in its objective alone, so tangents
    that bind at one value start the next.

    Parameters
    ----------
    n : pypsa.Network
        As in :func:`energyflows.strategy.solve_equilibrium`.
    pair : sequence of two str
        Names of strategic suppliers.
    values : iterable of float, optional
        Weights of the pair, each from 0 to 1, in the order they are solved in; default 0, 0.1, …, 1.
    suppliers, elasticity, arbitrage, tolerance, tables, demand
        As in :func:`energyflows.strategy.solve_equilibrium`.
    kappa : xarray.DataArray or pandas.DataFrame or mapping, optional
        All other weights.

    Returns
    -------
    xarray.Dataset
        As :func:`energyflows.strategy.solve_equilibrium` returns it, with first dim ``coordination`` and further
        variables ``gap``, ``rounds`` and ``potential`` along it.

    Raises
    ------
    UsageError
        If the pair or a value cannot be used, or a conduct matrix on the way is not positive semidefinite.
    SolveError
        If there is no solution, or the gap stays above the tolerance.

    Examples
    --------
    >>> duopoly = pypsa.Network()
    >>> _ = duopoly.add("Bus", "hub", carrier="gas")
    >>> _ = duopoly.add("Generator", ["A", "B"], bus="hub", p_nom=200.0, marginal_cost=10.0)
    >>> curve = {name: (("snapshot", "bus"), [[value]]) for name, value in {"intercept": 100.0, "slope": 1.0}.items()}
    >>> curves = xr.Dataset(curve, {"snapshot": duopoly.snapshots, "bus": ["hub"]})
    >>> sellers = {name: {"generators": [name]} for name in "AB"}
    >>> found = sweep_conduct(duopoly, ("A", "B"), [0.0, 1.0], suppliers=sellers, demand=curves)
    >>> [round(price, 1) for price in found["price"].squeeze().to_numpy().tolist()]
    [40.0, 55.0]
    """
    weights = _take_values(values)
    setting = take_setting(n, suppliers, kappa, figures=(elasticity, tolerance), tables=tables, demand=demand)
    names = list(setting.sellers)
    matrices = _spread_pair(setting.kappa, names, pair, weights)
    strategic = np.flatnonzero(np.diag(setting.kappa) > 0)
    inner = [matrix[np.ix_(strategic, strategic)] for matrix in matrices]
    low, high = int(np.argmin(weights)), int(np.argmax(weights))
    forms, ends = join_forms([inner[low], inner[high]])
    game = lay_game(setting.market, setting.sellers, strategic, forms, arbitrage=arbitrage)
    steps: list[xr.Dataset] = []
    seen: list[Floats] = []
    for weight, matrix in zip(weights, matrices, strict=True):
        # A matrix between two others is their mean, and so are the weights of its squares.
        part = (weight - weights[low]) / ((weights[high] - weights[low]) or 1.0)
        point = maximise(game, (1.0 - part) * ends[0] + part * ends[1], tolerance, _expect(weights, seen))
        seen.append(game.squares.forms @ point.x)
        found = read_point(game, point, matrix)
        steps.append(found.assign(gap=point.gap, rounds=point.rounds, potential=point.potential / 1e3))
    return _join(steps, weights, describe_point(elasticity, demand, arbitrage=arbitrage))


def _take_values(values: Iterable[float] | None) -> list[float]:
    found: list[Any] = list(VALUES if values is None else values)
    wrong = [value for value in found if not isinstance(value, numbers.Real) or isinstance(value, bool)]
    wrong += [value for value in found if value not in wrong and not 0 <= value <= 1]
    problems = [f"found {value!r}, expected a weight from 0 to 1" for value in wrong]
    problems += [] if found else ["found none, expected at least one weight"]
    problems += [f"{value} is there twice" for value in dict.fromkeys(found) if found.count(value) > 1]
    if problems:
        raise UsageError(list_problems("values:", problems))
    return [float(value) for value in found]


def _spread_pair(kappa: Floats, names: list[str], pair: Any, weights: list[float]) -> list[Floats]:
    """Return the conduct matrix with each weight of the pair."""
    given = [] if isinstance(pair, str) or not isinstance(pair, Sequence) else list(pair)
    problems = [f"no supplier {name!r}{suggest(str(name), names)}" for name in given if name not in names]
    if len(given) != 2 or len(set(given)) != 2:
        problems.append(f"found {pair!r}, expected two different suppliers such as ('RU', 'AZ')")
    places = [names.index(name) for name in given if name in names]
    problems += [f"{names[k]} takes prices as given, so it puts weight on nobody" for k in places if kappa[k, k] == 0]
    if problems:
        raise UsageError(list_problems("pair:", problems))
    (i, j), matrices = places, []
    for weight in weights:
        matrix = kappa.copy()
        matrix[i, j] = matrix[j, i] = weight
        matrices.append(check_kappa(label_kappa(matrix, names)).to_numpy())
    return matrices


def _expect(weights: list[float], seen: list[Floats]) -> Floats | None:
    """Return where terms will be if they go on as between the last two weights."""
    if len(seen) < 2:
        return seen[-1] if seen else None
    before, last, now = weights[len(seen) - 2 : len(seen) + 1]
    return seen[-1] + (now - last) / (last - before) * (seen[-1] - seen[-2])


def _join(steps: list[xr.Dataset], weights: list[float], attrs: Mapping[str, Any]) -> xr.Dataset:
    long_name = "weight the pair put on each other's profit"
    along = xr.DataArray(
        weights, dims="coordination", name="coordination", attrs={"units": "1", "long_name": long_name}
    )
    whole = xr.concat(steps, along, data_vars="all", coords="minimal", compat="override", join="exact")
    whole["gap"].attrs = {"units": "1", "long_name": "relative distance of the potential to its bound"}
    whole["rounds"].attrs = {"units": "1", "long_name": "programmes solved"}
    whole["potential"].attrs = {"units": "million EUR", "long_name": "potential"}
    return whole.assign_attrs(attrs)
