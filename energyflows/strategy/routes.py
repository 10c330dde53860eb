"""What a route is worth to each player: its gain from all others with the route, less that without."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pypsa
import xarray as xr

from energyflows.errors import UsageError, list_problems
from energyflows.scenarios import Disrupt, Expand, Scenario, Upstream, Volume, apply, get_scenario
from energyflows.strategy._leverage_markets import is_built, open_changed, open_games
from energyflows.strategy.leverage import play_games, settle
from energyflows.strategy.players import Player

#: What is compared between two networks.
_COMPARED = ("surplus", "shapley", "alone")


class Route(NamedTuple):
    """A scenario that adds a route or takes one away."""

    scenario: Scenario | str
    adds: bool = True


def list_routes() -> dict[str, Route]:
    """Return the routes valued by default.

    Returns
    -------
    dict of str to Route
        By name. The Ukrainian transit brings as much Russian gas to Slovakia, at the same cost, as the scenario
        ``ukraine-swap`` adds; labels do not matter here.

    Examples
    --------
    >>> list_routes()["TurkStream"].adds
    False
    """
    deal = get_scenario("ukraine-swap").parameters
    volume = Volume(bcm=float(deal["volume"].value))
    gas = Upstream(supplier="RU", bus="UATRANSIT", volume=volume, cost=float(deal["cost"].value))
    transit = Expand(links=("UATRANSIT-SK",), by=volume, upstream=gas)
    strings = tuple(Disrupt(corridor=f"TURKSTREAM{number}") for number in (1, 2))
    return {
        "TAP expansion": Route("tap-expansion"),
        "Ukrainian transit": Route(Scenario(name="ukrainian-transit", changes=(transit,))),
        "Turkish hub": Route("turkish-hub"),
        "TurkStream": Route(Scenario(name="no-turkstream", changes=strings), adds=False),
    }


def value_routes(
    n: pypsa.Network,
    routes: Mapping[str, Route | Scenario | str | tuple[Scenario | str, bool]] | None = None,
    players: Iterable[Player] | str | Path | None = None,
    *,
    elasticity: float | Iterable[float] | None = None,
    access: str | Iterable[str] = "open",
    workers: int = 1,
    sample: int | None = None,
    seed: int = 0,
    tables: Mapping[str, pd.DataFrame] | None = None,
) -> xr.Dataset:
    r"""Return what routes are worth to each player.

    Parameters
    ----------
    n : pypsa.Network
        From :func:`energyflows.build_network`, unsolved.
    routes : mapping of str to Route, Scenario or str, optional
        By name, a scenario that adds the route; ``Route(scenario, adds=False)`` if it takes the route away. Default
        :func:`list_routes`.
    players, elasticity, access, workers, sample, seed, tables
        As in :func:`energyflows.strategy.measure_leverage`.

    Returns
    -------
    xarray.Dataset, [million EUR/year]
        ``surplus``, ``shapley`` and ``alone`` by route and player, each with the route less without it; also by
        ``access`` and ``elasticity`` if several were asked for. ``adds(route)`` says whether the network of ``n`` is
        the one without.

    Raises
    ------
    UsageError
        As :func:`energyflows.strategy.measure_leverage`, or if a route is none, or its scenario changes demand.
    ScenarioError
        If a scenario does not fit the network.

    Notes
    -----
    Demand curves and the worth of gas left in store are those of ``n`` in both networks, so that only the route
    differs. Building it costs nothing here.

    References
    ----------
    Hubert & Ikonnikova (2011), Investment options and bargaining power: the Eurasian supply chain for natural gas.

    Examples
    --------
    What is asked by default; a mapping of one of them takes a quarter of the time:

    >>> list(list_routes())
    ['TAP expansion', 'Ukrainian transit', 'Turkish hub', 'TurkStream']
    """
    given = _check_routes(list_routes() if routes is None else routes)
    if not is_built(n):
        raise UsageError("n: found a network of another make, expected one from energyflows.build_network")
    setting = settle(n, players, elasticity=elasticity, access=access, workers=workers, sample=sample, tables=tables)
    changed = {name: _change(n, name, route, tables) for name, route in given.items()}
    networks, curves = open_games(n, setting.labels["elasticity"].tolist(), tables)
    options: dict[str, Any] = {"groups": [], "workers": workers, "sample": sample, "seed": seed}
    base = play_games(networks, setting, **options)[list(_COMPARED)]
    values = []
    for name, route in given.items():
        other = play_games(open_changed(n, changed[name], curves, tables), setting, **options)[list(_COMPARED)]
        values.append(other - base if route.adds else base - other)
    names = pd.Index(np.array(list(given), dtype=str), name="route")
    found = xr.concat(values, names).assign_coords(adds=("route", [route.adds for route in given.values()]))
    for variable in _COMPARED:
        found[variable].attrs = dict(base[variable].attrs)
    return found


def _check_routes(routes: Any) -> dict[str, Route]:
    """Return routes, each a scenario with whether it adds the route."""
    if not isinstance(routes, Mapping) or not routes:
        raise UsageError(f"routes: found {routes!r}, expected scenarios by name of the route")
    pairs = {str(name): given if isinstance(given, tuple) else (given, True) for name, given in routes.items()}
    problems = [
        f"{name}: found {given!r}, expected a scenario, its name, or Route(scenario, adds=False)"
        for name, given in pairs.items()
        if len(given) != 2 or not isinstance(given[0], Scenario | str) or not isinstance(given[1], bool)
    ]
    if problems:
        raise UsageError(list_problems("routes:", problems))
    return {name: Route(*given) for name, given in pairs.items()}


def _change(n: pypsa.Network, name: str, route: Route, tables: Mapping[str, pd.DataFrame] | None) -> pypsa.Network:
    """Return the network in which the scenario holds."""
    changed = apply(n, route.scenario, tables=tables)
    loads, others = (each.get_switchable_as_dense("Load", "p_set") for each in (n, changed))
    if not loads.equals(others):
        raise UsageError(f"routes: {name} changes demand, expected a scenario that changes supply and ways alone")
    return changed
