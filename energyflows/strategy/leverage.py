"""Leverage: what players are worth to each other on the network, from what every coalition of them is worth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pypsa
import xarray as xr

from energyflows.errors import UnknownNameError, UsageError, list_problems, shorten, suggest
from energyflows.strategy._coalitions import MOST
from energyflows.strategy._leverage_markets import list_elasticities, open_games
from energyflows.strategy._leverage_values import count_values, sample_values
from energyflows.strategy.players import ACCESS, AND, Player, find_assets, read_players

#: Who might stand together, as far as they play.
PARTNERS = ("Russia", "Azerbaijan", "Türkiye")


def measure_leverage(
    n: pypsa.Network,
    players: Iterable[Player] | str | Path | None = None,
    *,
    elasticity: float | Iterable[float] | None = None,
    access: str | Iterable[str] = "open",
    groups: Iterable[Iterable[str]] | None = None,
    workers: int = 1,
    sample: int | None = None,
    seed: int = 0,
    tables: Mapping[str, pd.DataFrame] | None = None,
) -> xr.Dataset:
    r"""Return what players are worth to each other: Shapley values of the game of who supplies, carries and consumes.

    Parameters
    ----------
    n : pypsa.Network
        From :func:`energyflows.build_network`, unsolved; it is opened by :func:`energyflows.strategy.open_market`.
        Any other network is played as it is, with its loads and what stands for demand not met (carriers ``unserved``,
        ``response``) at their cost.
    players : iterable of Player, str or Path, optional
        Who plays, or a file for :func:`energyflows.strategy.read_players`; default the packaged players. What nobody
        holds works in every coalition.
    elasticity : float or iterable of float, optional, [1]
        Of demand to price; several give a dim. Default the parameter ``demand_elasticity``; none for networks of
        another make.
    access : {"open", "owner"} or iterable of them
        Whether pipelines and terminals work whoever is there, or only together with all players that hold the
        territory of either end; several give a dim.
    groups : iterable of iterable of str, optional
        Players who might stand together; default all pairs and the three of Russia, Azerbaijan and Türkiye.
    workers : int
        Processes; the result is the same for any number.
    sample : int, optional
        Orders to draw, an even number from 4: for more than 12 players, or to save time.
    seed : int
        Of the orders.
    tables : mapping of str to pandas.DataFrame, optional
        The network was built from; default the packaged ones.

    Returns
    -------
    xarray.Dataset, [million EUR/year]
        ``worth(coalition)``, with ``member(coalition, player)``; ``alone(player)``; ``shapley(player)``;
        ``surplus(player)``, what a player gains from all others, and ``share(player)`` of it [%], NaN where nobody
        gains; ``banzhaf(player)``; ``coordination(group)``, what players gain by acting as one, and
        ``interaction(group)``. Each also by ``access`` and ``elasticity`` if several were asked for. With ``sample``
        there are no coalitions and groups, and ``shapley`` and ``surplus`` have a ``_low`` and ``_high`` end
        (95 %, chance alone).

    Raises
    ------
    UsageError
        If an argument cannot be used, or two players hold the same.
    UnknownNameError
        If a player names what is not in the network, or a group who does not play.
    ResultsError
        If somebody consumes what no price tells the worth of.
    SolveError
        If a coalition has no feasible dispatch.

    See Also
    --------
    energyflows.strategy.value_routes : what a route is worth to each player.

    Notes
    -----
    .. math:: v(S) = W(S) - W(\emptyset), \qquad
        W(S) = \sum_{z \in Z(S)} U_z - \min_{x \in X(S)} c(x), \qquad s_i = \varphi_i(v) - v(\{i\})

    W is the welfare of a network in which only the assets of coalition S, and of nobody, work: what consumption is
    worth to the zones Z(S) that are there (the area below demand curves from nothing to the quantity at price zero),
    less the cost of the best dispatch, in which consumption given up costs its worth. Absent players neither produce,
    store nor consume. φ is the Shapley value; s leaves out what a player's own gas is worth to its own consumers and to
    consumers nobody holds. It can be negative: players who serve the same consumers, whom nobody holds, are worth
    less together than the sum of each alone.

    Values say who depends on whom if all can bargain about everything and pay each other; they are no forecast of
    prices or contracts.

    References
    ----------
    Shapley (1953), A value for n-person games; Hubert & Ikonnikova (2011), Investment options and bargaining power:
    the Eurasian supply chain for natural gas; Hubert & Cobanli (2015), Pipeline power.

    Examples
    --------
    A supplier, a country in between and a consumer to whom 10 GWh/d for a year are worth 20 EUR/MWh more than they
    cost:

    >>> import pypsa
    >>> n = pypsa.Network(snapshots=[0])
    >>> n.snapshot_weightings.loc[:, :] = 365.0
    >>> _ = n.add("Bus", ["A", "G", "E"])
    >>> _ = n.add("Link", ["A-G", "G-E"], bus0=["A", "G"], bus1=["G", "E"], p_nom=10)
    >>> _ = n.add("Generator", "gas", bus="A", p_nom=10, marginal_cost=10)
    >>> _ = n.add("Load", "E", bus="E", p_set=10)
    >>> _ = n.add("Generator", "E unserved", bus="E", carrier="unserved", p_nom=10, marginal_cost=30)
    >>> players = [Player(name=name, countries=[name]) for name in "AGE"]
    >>> found = measure_leverage(n, players, access=["open", "owner"])
    >>> found["surplus"].sel(access="owner").to_series().round(3).to_dict()
    {'A': 24.333, 'G': 24.333, 'E': 24.333}
    >>> found["surplus"].sel(access="open").to_series().round(3).abs().to_dict()
    {'A': 36.5, 'G': 0.0, 'E': 36.5}
    """
    setting = settle(n, players, elasticity=elasticity, access=access, workers=workers, sample=sample, tables=tables)
    teams = _list_groups(groups, [player.name for player in setting.players], sampled=sample is not None)
    networks, _ = open_games(n, setting.labels["elasticity"].tolist(), tables)
    return play_games(networks, setting, groups=teams, workers=workers, sample=sample, seed=seed)


class Setting(NamedTuple):
    """What games are played, checked."""

    players: list[Player]
    #: Of ``access`` and ``elasticity``.
    labels: dict[str, np.ndarray]
    #: Dims of one label nobody asked for.
    single: list[str]


def settle(
    n: pypsa.Network,
    players: Any,
    *,
    elasticity: Any,
    access: Any,
    workers: Any,
    sample: Any,
    tables: Mapping[str, pd.DataFrame] | None,
) -> Setting:
    """Return what games are played.

    Parameters
    ----------
    n, players, elasticity, access, workers, sample, tables
        As in :func:`measure_leverage`.

    Returns
    -------
    Setting
        Players that hold something, and labels.

    Raises
    ------
    UsageError
        As :func:`measure_leverage`, as far as can be told before anything is solved.
    UnknownNameError
        Likewise.
    """
    if isinstance(workers, bool) or not hasattr(workers, "__index__") or workers < 1:
        raise UsageError(f"workers: found {workers!r}, expected a number of processes of at least 1")
    rules = [access] if isinstance(access, str) or not isinstance(access, Iterable) else list(access)
    if not rules or len(set(rules)) < len(rules):
        raise UsageError(f"access: found {access!r}, expected one or both of {', '.join(ACCESS)}")
    named = players is None or isinstance(players, str | Path)
    cast: list[Player] = read_players(players) if named else list(players)
    for rule in rules:
        find_assets(n, cast, rule, most=MOST if sample is None else None)
    elasticities = list_elasticities(n, elasticity, tables)
    labels = {"access": np.array(rules, dtype=str), "elasticity": np.array(elasticities)}
    several = {"access": not isinstance(access, str), "elasticity": isinstance(elasticity, Iterable)}
    return Setting(cast, labels, [dim for dim, wanted in several.items() if not wanted])


def play_games(
    networks: Sequence[pypsa.Network],
    setting: Setting,
    *,
    groups: Sequence[Sequence[str]],
    workers: int,
    sample: int | None,
    seed: int,
) -> xr.Dataset:
    """Return what players are worth.

    Parameters
    ----------
    networks : sequence of pypsa.Network
        One for each elasticity.
    setting : Setting
        From :func:`settle`.
    groups : sequence of sequence of str
        Players who might stand together.
    workers, sample, seed
        As in :func:`measure_leverage`.

    Returns
    -------
    xarray.Dataset
        As from :func:`measure_leverage`.
    """
    if sample is None:
        found = count_values(networks, setting.players, setting.labels, groups, workers=workers)
    else:
        found = sample_values(networks, setting.players, setting.labels, sample=sample, seed=seed, workers=workers)
    found = found.squeeze(setting.single)
    return found.drop_vars("elasticity") if np.isnan(found["elasticity"]).any() else found


def _list_groups(groups: Any, players: list[str], *, sampled: bool) -> list[list[str]]:
    """Return groups in the order of the players; by default those of the partners who play."""
    if groups is None:
        there = [name for name in players if name in PARTNERS]
        return [] if sampled else [list(team) for size in (2, 3) for team in combinations(there, size)]
    if sampled:
        raise UsageError("groups: found some together with sample=, expected one of them; groups need all coalitions")
    if isinstance(groups, str) or not isinstance(groups, Iterable):
        raise UsageError(f"groups: found {groups!r}, expected a list of lists of players")
    given = [[team] if isinstance(team, str) else list(team) for team in groups]
    unknown = [name for team in given for name in team if name not in players]
    problems = [f"no player {name!r}{suggest(str(name), players)}" for name in dict.fromkeys(unknown)]
    few = [team for team in given if len(set(team)) < 2 or len(set(team)) < len(team)]
    problems += [f"found {shorten(AND.join(map(str, team)))}, expected two players or more, each once" for team in few]
    ordered = [[name for name in players if name in team] for team in given]
    problems += [f"{AND.join(team)} is there twice" for place, team in enumerate(ordered) if team in ordered[:place]]
    if problems:
        raise (UnknownNameError if unknown else UsageError)(list_problems("groups:", problems))
    return ordered
