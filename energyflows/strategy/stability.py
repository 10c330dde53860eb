"""Shares that leave no coalition with much to gain by going alone."""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import linprog

from energyflows.errors import SolveError, UsageError, list_problems, suggest
from energyflows.strategy._coalitions import PLAYER, Floats, Value, name_players, tabulate_numbers

#: Players up to whom the nucleolus is found.
_MOST = 8
#: Parts of the largest worth below which a difference is rounding: of sums, of shares that were given.
_LEAST, _LEAST_GIVEN = 1e-12, 1e-9
#: Weight above which a coalition bears on the optimum; those that do bear on it weigh 1 together.
_LEAST_WEIGHT = 1e-6
_TOLERANCES = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}


def nucleolus(value: Value, players: Iterable[str] | None = None) -> pd.Series:
    r"""Return the shares that make the most dissatisfied coalition as little so as can be, then the next, and so on.

    Parameters
    ----------
    value : mapping or callable, [any unit of money or energy]
        Worth by coalition, as in :func:`energyflows.strategy.shapley`, in plain numbers.
    players : iterable of str, optional
        As in :func:`energyflows.strategy.shapley`, but at most 8.

    Returns
    -------
    pandas.Series, [as ``value``]
        By ``player``.

    Raises
    ------
    UsageError
        If the game cannot be read, has too many players or more than one number a coalition, or if players have more
        alone than all together, so that no shares leave each with what it has.
    SolveError
        If no optimum is found.

    Notes
    -----
    Excess of a coalition: :math:`e(S, x) = v(S) - \sum_{i \in S} x_i`. Among the shares that give out v(N) and nobody
    less than it has alone, those whose excesses, put in order from the largest, come first in the order of the
    dictionary. They exist and are unique, and are in the core if there is one.
    Found by linear programmes: each makes the largest excess small; those coalitions whose weights (dual values) are
    positive have it in every optimum, so theirs is fixed, until the fixed ones leave one solution.

    References
    ----------
    Schmeidler (1969), The nucleolus of a characteristic function game; Kopelowitz (1967), Computation of the kernels
    of simple games and the nucleolus of n-person games; Maschler, Peleg & Shapley (1979), Geometric properties of the
    kernel, nucleolus, and related solution concepts.

    Examples
    --------
    One supplier, and two pipelines either of which can bring the gas:

    >>> worth = {"S": 0, "P": 0, "Q": 0, ("S", "P"): 6, ("S", "Q"): 6, ("P", "Q"): 0, ("S", "P", "Q"): 6}
    >>> nucleolus(worth).round(9).to_dict()
    {'P': 0.0, 'Q': 0.0, 'S': 6.0}
    """
    names = name_players(value, players)
    if len(names) > _MOST:
        raise UsageError(f"nucleolus: found {len(names)} players, expected at most {_MOST}; shapley takes more")
    worth = tabulate_numbers(value, names, "nucleolus").values
    alone = worth[1 << np.arange(len(names))]
    if alone.sum() - worth[-1] > _LEAST * abs(worth).max():
        raise UsageError(
            f"nucleolus: found {alone.sum():g} as the sum of what players have alone, expected no more than the "
            f"{worth[-1]:g} that all have together, because no shares leave each with what it has"
        )
    held = _mark_members(len(names))
    # Gains over what each has alone, so that shares start at zero, in units of the largest.
    surplus = worth - held @ alone
    surplus[-1] = max(surplus[-1], 0.0)
    scale = float(abs(surplus).max()) or 1.0
    shares = alone + scale * _share_surplus(held, surplus / scale)
    return pd.Series(shares, pd.Index(names, name=PLAYER))


def list_blocking(
    value: Value, allocation: Mapping[str, float] | pd.Series, players: Iterable[str] | None = None
) -> pd.DataFrame:
    r"""Return the coalitions that are given less than they could have alone.

    Parameters
    ----------
    value : mapping or callable, [any unit of money or energy]
        Worth by coalition, as in :func:`energyflows.strategy.shapley`, in plain numbers.
    allocation : mapping or pandas.Series, [as ``value``]
        What each player is given.
    players : iterable of str, optional
        As in :func:`energyflows.strategy.shapley`.

    Returns
    -------
    pandas.DataFrame, [as ``value``]
        ``coalition`` (tuple of names), ``value``, ``given`` and ``lacking``, the difference; the largest first. Empty
        if the allocation is in the core. All players together are listed if they are not given all they have.

    Raises
    ------
    UsageError
        If the game cannot be read or has more than one number a coalition, or if the allocation is not of its players
        or gives out more than they have together.

    Notes
    -----
    Listed are coalitions with :math:`v(S) - \sum_{i \in S} x_i > 0`, differences below 1e-9 of the largest worth
    aside.

    References
    ----------
    Gillies (1959), Solutions to general non-zero-sum games.

    Examples
    --------
    >>> worth = {"S": 0, "P": 0, "Q": 0, ("S", "P"): 6, ("S", "Q"): 6, ("P", "Q"): 0, ("S", "P", "Q"): 6}
    >>> list_blocking(worth, {"S": 4.0, "P": 1.5, "Q": 0.5}).to_dict("records")
    [{'coalition': ('Q', 'S'), 'value': 6.0, 'given': 4.5, 'lacking': 1.5},
     {'coalition': ('P', 'S'), 'value': 6.0, 'given': 5.5, 'lacking': 0.5}]
    """
    game = tabulate_numbers(value, players, "list_blocking")
    names, worth = game.players, game.values
    held = _mark_members(len(names))
    given = held @ _read_allocation(allocation, names)
    least = _LEAST_GIVEN * abs(worth).max()
    if given[-1] - worth[-1] > least:
        raise UsageError(f"allocation: gives out {given[-1]:g}, expected no more than the {worth[-1]:g} of all players")
    lacking = worth - given
    table = pd.DataFrame(
        {
            "coalition": [tuple(name for name, there in zip(names, row, strict=True) if there) for row in held],
            "value": worth,
            "given": given,
            "lacking": lacking,
        }
    )
    return table[lacking > least].sort_values("lacking", ascending=False, kind="stable", ignore_index=True)


def _read_allocation(allocation: Any, players: list[str]) -> Floats:
    """Return what is given, in the order of players."""
    if not isinstance(allocation, Mapping | pd.Series):
        raise UsageError(f"allocation: found {type(allocation).__name__}, expected a mapping or Series by player")
    listed = list(allocation.keys())
    given = dict(allocation.items())
    problems = [f"{name}: nothing said, expected a number" for name in players if name not in given]
    problems += [f"{name!r}: no such player{suggest(str(name), players)}" for name in given if name not in players]
    problems += [f"{name}: there twice" for name in given if listed.count(name) > 1]
    wrong = [name for name in players if name in given and not _is_finite(given[name])]
    problems += [f"{name}: found {given[name]!r}, expected a number" for name in wrong]
    if problems:
        raise UsageError(list_problems("allocation:", problems))
    return np.array([given[name] for name in players], dtype=np.float64)


def _is_finite(share: Any) -> bool:
    return isinstance(share, numbers.Real) and bool(np.isfinite(float(share)))


def _mark_members(count: int) -> Floats:
    """Return 1 where the coalition (row, by bitmask) holds the player (column), else 0."""
    held: Floats = (np.arange(2**count)[:, None] >> np.arange(count) & 1).astype(np.float64)
    return held


def _share_surplus(held: Floats, worth: Floats) -> Floats:
    """Return the nucleolus of a game in which nobody has anything alone."""
    fixed, sums = held[-1:], worth[-1:]
    while len(fixed) < held.shape[1]:
        # What a coalition is given follows from the fixed ones, if it is a sum of them: no choice is left there.
        free = _measure_distance(held, fixed) > _LEAST_GIVEN
        rows, targets = held[free], worth[free]
        excess, weights = _lower_excess(rows, targets, fixed, sums)
        for place in np.flatnonzero(weights > _LEAST_WEIGHT):
            if _measure_distance(rows[[place]], fixed)[0] > _LEAST_GIVEN:
                fixed, sums = np.vstack([fixed, rows[place]]), np.append(sums, targets[place] - excess)
    return np.asarray(np.linalg.solve(fixed, sums), dtype=np.float64)


def _measure_distance(rows: Floats, fixed: Floats) -> Floats:
    """Return how far rows are from the nearest sum of multiples of independent fixed ones."""
    base, _ = np.linalg.qr(fixed.T)
    distance: Floats = np.linalg.norm(rows - (rows @ base) @ base.T, axis=1)
    return distance


def _lower_excess(rows: Floats, worth: Floats, fixed: Floats, sums: Floats) -> tuple[float, Floats]:
    """Return the least largest excess, and how much each coalition bears on it."""
    count = rows.shape[1]
    solution = linprog(
        np.append(np.zeros(count), 1.0),
        A_ub=np.column_stack([-rows, -np.ones(len(rows))]),
        b_ub=-worth,
        A_eq=np.column_stack([fixed, np.zeros(len(fixed))]),
        b_eq=sums,
        bounds=[(0, None)] * count + [(None, None)],
        method="highs",
        options=_TOLERANCES,
    )
    if solution.status != 0:
        raise SolveError(f"nucleolus: {solution.message}")
    return float(solution.fun), -solution.ineqlin.marginals
