"""Coalitions of players and what each is worth, as one array by bitmask: player i is bit i."""

from __future__ import annotations

import numbers
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from energyflows.errors import UsageError, list_problems, shorten, suggest

Coalition = frozenset[str]
Floats = NDArray[np.float64]
#: What every function of a game takes: worth by coalition.
Value = Mapping[Any, Any] | Callable[[Coalition], Any]
#: Dim of what belongs to one player.
PLAYER = "player"
#: Players up to whom all coalitions are counted.
MOST = 12


class Game(NamedTuple):
    """What each coalition is worth."""

    players: list[str]
    #: By bitmask of the coalition, then the dims of ``like``.
    values: Floats
    #: Labels of one coalition's worth; None where it is a plain number.
    like: xr.DataArray | None


def list_coalitions(players: Iterable[str]) -> list[Coalition]:
    """Return all coalitions, in the order of their bitmask.

    Parameters
    ----------
    players : iterable of str
        Names, at most 12.

    Returns
    -------
    list of frozenset of str
        Coalition k holds player i if bit i of k is set: the first is nobody, the last is everybody.

    Raises
    ------
    UsageError
        If a name is no text or there twice, or there are too many.

    Examples
    --------
    >>> [sorted(coalition) for coalition in list_coalitions(["AZ", "TR"])]
    [[], ['AZ'], ['TR'], ['AZ', 'TR']]
    """
    names = check_players(players)
    if len(names) > MOST:
        raise UsageError(
            f"players: found {len(names)}, expected at most {MOST}: {2 ** len(names):,} coalitions are too many; "
            "sample_shapley estimates values of any number of players, merge_players makes several act as one"
        )
    coalitions: list[Coalition] = [frozenset()]
    for name in names:
        coalitions += [coalition | {name} for coalition in coalitions]
    return coalitions


def tabulate(value: Value, players: Iterable[str] | None = None) -> Game:
    """Return what all coalitions are worth.

    Parameters
    ----------
    value : mapping or callable
        Worth by coalition, as in :func:`energyflows.strategy.shapley`.
    players : iterable of str, optional
        Names; default all in a mapping.

    Returns
    -------
    Game
        Players in the order given, or by name; values by bitmask.

    Raises
    ------
    UsageError
        If a coalition is missing or its worth cannot be used, all of them at once.

    Examples
    --------
    >>> tabulate({"A": 1.0, "B": 2.0, ("A", "B"): 4.0}).values.tolist()
    [0.0, 1.0, 2.0, 4.0]
    """
    names = name_players(value, players)
    return Game(names, *stack(read_values(value, names, list_coalitions(names))))


def tabulate_numbers(value: Value, players: Iterable[str] | None, asked: str) -> Game:
    """Return what all coalitions are worth, refusing more than one number each.

    Parameters
    ----------
    value, players
        As in :func:`tabulate`.
    asked : str
        What needs plain numbers.

    Returns
    -------
    Game
        With values of one dim.

    Raises
    ------
    UsageError
        As :func:`tabulate`, or if values have dims.
    """
    game = tabulate(value, players)
    refuse_dims(game.like, asked)
    return game


def refuse_dims(like: xr.DataArray | None, asked: str) -> None:
    """Refuse a worth of more than one number.

    Parameters
    ----------
    like : xarray.DataArray or None
        Labels of one coalition's worth.
    asked : str
        What needs plain numbers.

    Raises
    ------
    UsageError
        If there are dims.
    """
    if like is not None and like.dims:
        dims = ", ".join(map(str, like.dims))
        raise UsageError(f"{asked}: found values with {dims}, expected one number a coalition; choose one with .sel")


def name_players(value: Value, players: Iterable[str] | None) -> list[str]:
    """Return the players of a game.

    Parameters
    ----------
    value : mapping or callable
        Worth by coalition.
    players : iterable of str or None
        Names.

    Returns
    -------
    list of str
        In the order given; by name if none are given.

    Raises
    ------
    UsageError
        If there are none, or a name is no text or there twice.

    Examples
    --------
    >>> name_players({"B": 1.0, ("A", "B"): 2.0}, None)
    ['A', 'B']
    """
    if players is not None:
        return check_players(players)
    if not isinstance(value, Mapping):
        raise UsageError(
            "players: found none, expected their names, which only a mapping of coalitions tells by itself"
        )
    # What is no name is told beside all else that is wrong with the coalitions.
    return check_players({member for key in value for member in _list_members(key) if isinstance(member, str)})


def check_players(players: Iterable[Any]) -> list[str]:
    """Return names, refusing what is none.

    Parameters
    ----------
    players : iterable of str
        Names; a set is put in order.

    Returns
    -------
    list of str
        The same.

    Raises
    ------
    UsageError
        If there are none, or a name is no text or there twice.
    """
    if isinstance(players, str) or not isinstance(players, Iterable):
        raise UsageError(f"players: found {players!r}, expected a list of names")
    names = list(players)
    problems = [] if names else ["found none, expected at least one"]
    problems += [f"found {name!r}, expected a name" for name in names if not isinstance(name, str) or not name]
    counts = Counter(name for name in names if isinstance(name, str))
    problems += [f"{name!r} is there {count} times" for name, count in counts.items() if count > 1]
    if problems:
        raise UsageError(list_problems("players:", problems))
    return sorted(names) if isinstance(players, set | frozenset) else names


def name_coalition(coalition: Iterable[Any]) -> str:
    """Return a coalition in words, short enough for a message.

    Parameters
    ----------
    coalition : iterable of str
        Players.

    Returns
    -------
    str
        Their names in order.

    Examples
    --------
    >>> name_coalition({"TR", "AZ"})
    'AZ + TR'
    """
    return shorten(" + ".join(sorted(map(str, coalition))) or "nobody")


def read_values(value: Value, players: Sequence[str], coalitions: Sequence[Coalition]) -> dict[Coalition, Any]:
    """Return what coalitions are worth, each asked for once.

    Parameters
    ----------
    value : mapping or callable
        Worth by coalition; nobody, where missing in a mapping, is worth 0.
    players : sequence of str
        All players of the game.
    coalitions : sequence of frozenset of str
        Those needed.

    Returns
    -------
    dict of frozenset to float or xarray.DataArray
        In the order asked for.

    Raises
    ------
    UsageError
        For all coalitions that are missing or cannot be used.
    """
    if isinstance(value, Mapping):
        given, problems = _index_coalitions(value, players)
        given = {frozenset(): 0.0, **given}
    elif callable(value):
        given, problems = {coalition: value(coalition) for coalition in coalitions}, []
    else:
        raise UsageError(
            f"value: found {type(value).__name__}, expected a mapping of coalitions to numbers or a function"
        )
    problems += [f"{name_coalition(coalition)}: missing" for coalition in coalitions if coalition not in given]
    found = {coalition: given[coalition] for coalition in coalitions if coalition in given}
    faults = {coalition: _find_fault(coalition, worth) for coalition, worth in found.items()}
    problems += [f"{name_coalition(coalition)}: {fault}" for coalition, fault in faults.items() if fault]
    if not problems:
        problems = [f"{name_coalition(each)}: {told}" for each, told in _find_mismatches(found).items()]
    if problems:
        raise UsageError(list_problems("these values of coalitions cannot be used:", problems))
    return {coalition: worth if _is_labelled(worth) else float(worth) for coalition, worth in found.items()}


def stack(found: Mapping[Coalition, Any]) -> tuple[Floats, xr.DataArray | None]:
    """Return the worth of coalitions as an array, one after the other, and the labels they share.

    Parameters
    ----------
    found : mapping of frozenset to float or xarray.DataArray
        As :func:`read_values` returns.

    Returns
    -------
    tuple of array and xarray.DataArray or None
        Coalitions first; labels without coordinates of single values, which may differ by coalition.
    """
    labelled = [worth for worth in found.values() if _is_labelled(worth)]
    if not labelled:
        return np.array(list(found.values()), dtype=np.float64), None
    last = labelled[-1]
    units = {key: text for key, text in last.attrs.items() if key == "units"}
    like = last.drop_vars([name for name, coord in last.coords.items() if not coord.dims]).rename(None)
    values = np.empty((len(found), *like.shape))
    for place, worth in enumerate(found.values()):
        values[place] = worth.transpose(*like.dims).to_numpy() if _is_labelled(worth) else worth
    return values, like.drop_attrs(deep=False).assign_attrs(units)


def _is_labelled(worth: object) -> bool:
    return isinstance(worth, xr.DataArray)


def _list_members(key: Any) -> list[Any]:
    """Return the players of a key; a plain text is one of them."""
    return [key] if isinstance(key, str) or not isinstance(key, Iterable) else list(key)


def _index_coalitions(value: Mapping[Any, Any], players: Sequence[str]) -> tuple[dict[Coalition, Any], list[str]]:
    """Return worth by coalition, and what is wrong with the keys."""
    given: dict[Coalition, Any] = {}
    problems = []
    for key, worth in value.items():
        members = _list_members(key)
        coalition, told = frozenset(members), name_coalition(members)
        strange = sorted(map(str, coalition.difference(players)))
        problems += [f"{told}: no player {name!r}{suggest(name, players)}" for name in strange]
        if len(members) > len(coalition):
            problems.append(f"{told}: a player is there twice")
        if coalition in given:
            problems.append(f"{told}: given twice, expected once, whatever the order of its players")
        given[coalition] = worth
    return given, problems


def _find_fault(coalition: Coalition, worth: Any) -> str:
    """Return what is wrong with the worth of one coalition by itself, or nothing."""
    if isinstance(worth, xr.DataArray):
        if PLAYER in worth.dims or PLAYER in worth.coords:
            return f"has a dim or coordinate {PLAYER!r}, which is that of the answer; rename it"
        if worth.dtype.kind not in "biuf":
            return f"found an array of {worth.dtype}, expected one of numbers"
    elif not isinstance(worth, numbers.Real | np.bool_):
        return f"found {shorten(' '.join(repr(worth).split()))}, expected a number or an xarray.DataArray"
    values = np.asarray(worth, dtype=np.float64)
    wrong = int((~np.isfinite(values)).sum())
    if wrong:
        return (
            f"found {wrong} of {values.size} values NaN or infinite, expected numbers" if values.ndim else f"is {worth}"
        )
    if not coalition and np.any(values):
        return f"found up to {abs(values).max():g}, expected 0; subtract it from the worth of every coalition"
    return ""


def _find_mismatches(found: Mapping[Coalition, Any]) -> dict[Coalition, str]:
    """Return whose labels are not those of the last."""
    labelled = {coalition: worth for coalition, worth in found.items() if _is_labelled(worth)}
    if not labelled:
        return {}
    last = next(reversed(labelled))
    told = {coalition: _compare_labels(worth, labelled[last]) for coalition, worth in labelled.items()}
    return {coalition: f"{text} {name_coalition(last)}" for coalition, text in told.items() if text}


def _compare_labels(worth: xr.DataArray, other: xr.DataArray) -> str:
    """Return what differs, as the beginning of a sentence, or nothing."""
    if set(worth.dims) != set(other.dims):
        return f"found dims {', '.join(map(str, worth.dims)) or 'none'}, expected those of"
    for dim in other.dims:
        if not worth.get_index(dim).equals(other.get_index(dim)):
            return f"found other labels of {dim} than in"
    return ""
