"""What each player adds to what coalitions are worth, alone and together with others."""

from __future__ import annotations

from collections.abc import Iterable
from math import comb

import numpy as np
import pandas as pd
import xarray as xr

from energyflows.errors import UnknownNameError, UsageError, list_problems, suggest
from energyflows.strategy._coalitions import (
    PLAYER,
    Coalition,
    Floats,
    Game,
    Value,
    list_coalitions,
    name_players,
    read_values,
    tabulate,
)

#: Part of the largest worth below which a sum is rounding.
_LEAST = 1e-12


def shapley(value: Value, players: Iterable[str] | None = None) -> pd.Series | xr.DataArray:
    r"""Return what each player adds on average to those who came before.

    Parameters
    ----------
    value : mapping or callable, [any unit of money or energy]
        Worth by coalition. Keys are frozensets or tuples of names, a plain text is one player; a function takes a
        frozenset and is called once for each. Each worth is a number, or an array with dims such as ``year`` and the
        same labels everywhere. Nobody is worth 0, and may be left out of a mapping.
    players : iterable of str, optional
        Names, at most 12; default all in the mapping, by name. A function needs them.

    Returns
    -------
    pandas.Series or xarray.DataArray, [as ``value``]
        By ``player``; an array if values are arrays, with ``player`` before their dims.

    Raises
    ------
    UsageError
        If players or coalitions are missing, unknown or there twice, if there are too many, if a worth is NaN, or
        if nobody is worth something: all problems at once.

    See Also
    --------
    energyflows.strategy.sample_shapley : for more than 12 players.

    Notes
    -----
    .. math:: \varphi_i = \sum_{S \not\ni i} \frac{|S|!\,(n - |S| - 1)!}{n!} \bigl(v(S \cup i) - v(S)\bigr)

    The only shares that give out exactly v(N), give the same to players that add the same, nothing to who adds nothing,
    and the sum of both to the sum of two games. They need not be stable: :func:`list_blocking` tells who could do
    better alone. Games of costs are worth minus their costs.

    References
    ----------
    Shapley (1953), A value for n-person games; Hubert & Ikonnikova (2011), Investment options and bargaining power:
    the Eurasian supply chain for natural gas.

    Examples
    --------
    One supplier, and two pipelines either of which can bring the gas:

    >>> worth = {"S": 0, "P": 0, "Q": 0, ("S", "P"): 6, ("S", "Q"): 6, ("P", "Q"): 0, ("S", "P", "Q"): 6}
    >>> shapley(worth).round(9).to_dict()
    {'P': 1.0, 'Q': 1.0, 'S': 4.0}
    """
    game = tabulate(value, players)
    return _label(game, _weigh_each(len(game.players), _list_chances(len(game.players) - 1)))


def banzhaf(
    value: Value, players: Iterable[str] | None = None, *, normalised: bool = False
) -> pd.Series | xr.DataArray:
    r"""Return what each player adds if all coalitions of the others are equally likely.

    Parameters
    ----------
    value : mapping or callable, [any unit of money or energy]
        Worth by coalition, as in :func:`shapley`.
    players : iterable of str, optional
        As in :func:`shapley`.
    normalised : bool
        Whether to scale what players add so that it sums to what all together are worth.

    Returns
    -------
    pandas.Series or xarray.DataArray, [as ``value``]
        As from :func:`shapley`.

    Raises
    ------
    UsageError
        As :func:`shapley`.

    Notes
    -----
    .. math:: \beta_i = 2^{1 - n} \sum_{S \not\ni i} \bigl(v(S \cup i) - v(S)\bigr)

    These do not sum to v(N). Normalised, undefined (NaN) where they sum to nothing.

    References
    ----------
    Penrose (1946), The elementary statistics of majority voting; Banzhaf (1965), Weighted voting doesn't work; Dubey &
    Shapley (1979), Mathematical properties of the Banzhaf power index.

    Examples
    --------
    >>> worth = {"S": 0, "P": 0, "Q": 0, ("S", "P"): 6, ("S", "Q"): 6, ("P", "Q"): 0, ("S", "P", "Q"): 6}
    >>> banzhaf(worth).to_dict(), banzhaf(worth, normalised=True).round(9).to_dict()
    ({'P': 1.5, 'Q': 1.5, 'S': 4.5}, {'P': 1.2, 'Q': 1.2, 'S': 3.6})
    """
    game = tabulate(value, players)
    count = len(game.players)
    weights = _weigh_each(count, np.full(count, 0.5 ** (count - 1)))
    if not normalised:
        return _label(game, weights)
    total = np.tensordot(weights.sum(axis=0), game.values, axes=1)
    summed = np.where(abs(total) > _LEAST * abs(game.values).max(axis=0), total, np.nan)
    return _label(game._replace(values=game.values * (game.values[-1] / summed)), weights)


def interaction(value: Value, group: Iterable[str], players: Iterable[str] | None = None) -> float | xr.DataArray:
    r"""Return how much more players add together than each does without the others.

    Parameters
    ----------
    value : mapping or callable, [any unit of money or energy]
        Worth by coalition, as in :func:`shapley`.
    group : iterable of str
        Two players or more.
    players : iterable of str, optional
        As in :func:`shapley`.

    Returns
    -------
    float or xarray.DataArray, [as ``value``]
        For a pair, positive if they complement each other, as two pipelines in series, negative if either can take the
        place of the other, as two in parallel.

    Raises
    ------
    UsageError
        As :func:`shapley`, or if the group is smaller than two.
    UnknownNameError
        If a player of the group is not in the game.

    Notes
    -----
    .. math:: I(T) = \sum_{S \subseteq N \setminus T} \frac{|S|!\,(n - |S| - t)!}{(n - t + 1)!}
        \sum_{L \subseteq T} (-1)^{t - |L|} v(S \cup L)

    t players in T. For three and more, what is left after the interactions within smaller groups.

    References
    ----------
    Grabisch & Roubens (1999), An axiomatic approach to the concept of interaction among players in cooperative games.

    Examples
    --------
    >>> worth = {"S": 0, "P": 0, "Q": 0, ("S", "P"): 6, ("S", "Q"): 6, ("P", "Q"): 0, ("S", "P", "Q"): 6}
    >>> interaction(worth, ["P", "Q"]), interaction(worth, ["S", "P"])
    (-3.0, 3.0)
    """
    game = tabulate(value, players)
    places = _find_places(group, game.players)
    count, size = len(game.players), len(places)
    signs = np.array([(-1.0) ** (size - there) for there in range(size + 1)])
    return _read_single(game, _weigh(count, places, signs, _list_chances(count - size)))


def measure_coordination(
    value: Value, group: Iterable[str], players: Iterable[str] | None = None
) -> float | xr.DataArray:
    r"""Return what players gain by acting as one towards all others.

    Parameters
    ----------
    value : mapping or callable, [any unit of money or energy]
        Worth by coalition, as in :func:`shapley`.
    group : iterable of str
        Two players or more.
    players : iterable of str, optional
        As in :func:`shapley`.

    Returns
    -------
    float or xarray.DataArray, [as ``value``]
        Positive if acting as one pays, as for two pipelines in parallel, of which others need only one. Negative if
        it costs, as for two in series, of which others need each.

    Raises
    ------
    UsageError
        As :func:`shapley`, or if the group is smaller than two.
    UnknownNameError
        If a player of the group is not in the game.

    Notes
    -----
    .. math:: \varphi_G(v_G) - \sum_{i \in G} \varphi_i(v)

    v_G is the game in which the group is one player, :func:`merge_players`; no coalition is worth anything new by
    that, and nothing is gained if nobody is left outside. For a pair i, j and one other player k:

    .. math:: -\tfrac{1}{6} \bigl[\bigl(v(ijk) - v(ik) - v(jk) + v(k)\bigr) - \bigl(v(ij) - v(i) - v(j)\bigr)\bigr]

    so what counts is how far others make the pair complement each other, not what the pair adds by itself.

    References
    ----------
    Segal (2003), Collusion, exclusion, and inclusion in random-order bargaining; Hart & Kurz (1983), Endogenous
    formation of coalitions.

    Examples
    --------
    >>> worth = {"S": 0, "P": 0, "Q": 0, ("S", "P"): 6, ("S", "Q"): 6, ("P", "Q"): 0, ("S", "P", "Q"): 6}
    >>> round(measure_coordination(worth, ["P", "Q"]), 9)
    1.0
    """
    game = tabulate(value, players)
    places = _find_places(group, game.players)
    count, size = len(game.players), len(places)
    together = np.array([-1.0, *[0.0] * (size - 1), 1.0])
    one = _weigh(count, places, together, _list_chances(count - size))
    each = _weigh_each(count, _list_chances(count - 1))[places].sum(axis=0)
    return _read_single(game, one - each)


def merge_players(
    value: Value, group: Iterable[str], players: Iterable[str] | None = None, name: str | None = None
) -> dict[Coalition, float | xr.DataArray]:
    """Return the game in which some players act as one.

    Parameters
    ----------
    value : mapping or callable, [any unit of money or energy]
        Worth by coalition, as in :func:`shapley`; those that hold only part of the group are not asked for.
    group : iterable of str
        Two players or more.
    players : iterable of str, optional
        As in :func:`shapley`, but any number as long as no more than 12 are left.
    name : str, optional
        What the group is called; default its names.

    Returns
    -------
    dict of frozenset of str to float or xarray.DataArray, [as ``value``]
        Worth by coalition of the other players and the one.

    Raises
    ------
    UsageError
        As :func:`shapley`, or if the group is smaller than two, or called as another player is.
    UnknownNameError
        If a player of the group is not in the game.

    References
    ----------
    Aumann & Drèze (1974), Cooperative games with coalition structures; Owen (1977), Values of games with a priori
    unions.

    Examples
    --------
    >>> worth = {"S": 0, "P": 0, "Q": 0, ("S", "P"): 6, ("S", "Q"): 6, ("P", "Q"): 0, ("S", "P", "Q"): 6}
    >>> shapley(merge_players(worth, ["P", "Q"])).to_dict()
    {'P + Q': 3.0, 'S': 3.0}
    """
    names = name_players(value, players)
    members = [names[place] for place in _find_places(group, names)]
    one = " + ".join(members) if name is None else name
    others = [player for player in names if player not in members]
    if one in others:
        raise UsageError(f"name: found {one!r}, which is another player; expected a name of its own")
    coalitions = list_coalitions([*others, one])
    whole = [(each - {one}).union(members) if one in each else each for each in coalitions]
    return dict(zip(coalitions, read_values(value, names, whole).values(), strict=True))


def _find_places(group: Iterable[str], players: list[str]) -> list[int]:
    """Return where the players of a group stand, in order."""
    if isinstance(group, str) or not isinstance(group, Iterable):
        raise UsageError(f"group: found {group!r}, expected a list of players")
    members = list(group)
    unknown = [member for member in members if member not in players]
    problems = [f"no player {member!r}{suggest(str(member), players)}" for member in unknown]
    problems += [f"{player!r} is there twice" for player in players if members.count(player) > 1]
    if len(members) < 2:
        problems.append(f"found {len(members)} players, expected at least two")
    if problems:
        raise (UnknownNameError if unknown else UsageError)(list_problems("group:", problems))
    return sorted(players.index(member) for member in members)


def _list_chances(others: int) -> Floats:
    """Return how likely exactly these came before, by how many of the others they are, in a random order."""
    return np.array([1 / ((others + 1) * comb(others, size)) for size in range(others + 1)])


def _weigh(count: int, places: list[int], signs: Floats, chances: Floats) -> Floats:
    """Return weights of all coalitions: a sign by players of the group in it, a chance by others in it."""
    masks = np.arange(2**count)
    group = sum(1 << place for place in places)
    weights: Floats = signs[np.bitwise_count(masks & group)] * chances[np.bitwise_count(masks & ~group)]
    return weights


def _weigh_each(count: int, chances: Floats) -> Floats:
    """Return weights of all coalitions by player."""
    return np.stack([_weigh(count, [place], np.array([-1.0, 1.0]), chances) for place in range(count)])


def _label(game: Game, weights: Floats) -> pd.Series | xr.DataArray:
    """Return weighted sums by player."""
    found = np.tensordot(weights, game.values, axes=1)
    if game.like is None:
        return pd.Series(found, pd.Index(game.players, name=PLAYER))
    coords = {PLAYER: np.array(game.players, dtype=str), **game.like.coords}
    return xr.DataArray(found, coords, (PLAYER, *game.like.dims), attrs=game.like.attrs)


def _read_single(game: Game, weights: Floats) -> float | xr.DataArray:
    """Return one weighted sum."""
    found = np.tensordot(weights, game.values, axes=1)
    return float(found) if game.like is None else game.like.copy(data=found)
