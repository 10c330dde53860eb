"""Shapley values of many players, estimated from random orders of them."""

from __future__ import annotations

import numbers
from collections.abc import Iterable
from itertools import accumulate
from operator import or_
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit

from energyflows.errors import UsageError, list_problems
from energyflows.strategy._coalitions import PLAYER, Coalition, Value, name_players, read_values, refuse_dims, stack


def sample_shapley(
    value: Value,
    players: Iterable[str] | None = None,
    *,
    permutations: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> pd.DataFrame:
    r"""Return what each player adds on average to those who came before, from random orders.

    Parameters
    ----------
    value : mapping or callable, [any unit of money or energy]
        Worth by coalition, as in :func:`energyflows.strategy.shapley`, in plain numbers; a function is called once
        for each coalition met. A mapping needs only those.
    players : iterable of str, optional
        Names, any number of them; default all in a mapping, by name.
    permutations : int
        Orders, an even number from 4: each is drawn with its reverse.
    seed : int
        Same seed, same orders.
    level : float, [1]
        How sure the interval is.

    Returns
    -------
    pandas.DataFrame, [as ``value``]
        By ``player``: ``value`` and its interval from ``low`` to ``high``. Values sum to what all are worth together.

    Raises
    ------
    UsageError
        If players, coalitions or a setting cannot be used: all problems at once.

    Notes
    -----
    .. math:: \hat\varphi_i = \frac{1}{m} \sum_{k=1}^{m} \frac{\Delta_i(\pi_k) + \Delta_i(\bar\pi_k)}{2}, \quad
        \hat\varphi_i \pm t_{m-1} \frac{s_i}{\sqrt{m}}

    :math:`\Delta_i(\pi)` is what i adds to those before it in order π, of which the bar is the reverse; m pairs, s the
    standard deviation of the means of pairs, t the quantile of Student's distribution. Who comes early in an order
    comes late in its reverse, so that chance largely cancels. Games that are sums over single players and pairs come
    out exact. Intervals say what chance does, by player, not by all players at once; they are too narrow where a
    player adds much in very few orders and these were not drawn.

    References
    ----------
    Castro, Gómez & Tejada (2009), Polynomial calculation of the Shapley value based on sampling; Mitchell, Cooper,
    Frank & Holmes (2022), Sampling permutations for Shapley value estimation.

    Examples
    --------
    >>> names = [f"P{number}" for number in range(15)]
    >>> found = sample_shapley(lambda coalition: len(coalition) ** 2, names, permutations=10)
    >>> bool((found["value"] == 15).all())
    True
    """
    names = name_players(value, players)
    _check_settings(permutations, seed, level)
    orders = _draw_orders(len(names), permutations // 2, seed)
    places, coalitions = _walk(orders, names)
    worth, like = stack(read_values(value, names, coalitions))
    refuse_dims(like, "sample_shapley")
    added = np.empty(orders.shape)
    np.put_along_axis(added, orders, np.diff(worth[places], axis=1), axis=1)
    pairs = added.reshape(2, -1, len(names)).mean(axis=0)
    middle = pairs.mean(axis=0)
    half = stdtrit(len(pairs) - 1, (1 + level) / 2) * pairs.std(axis=0, ddof=1) / np.sqrt(len(pairs))
    return pd.DataFrame({"value": middle, "low": middle - half, "high": middle + half}, pd.Index(names, name=PLAYER))


def _check_settings(permutations: Any, seed: Any, level: Any) -> None:
    """Refuse settings that cannot be used."""
    problems = []
    if not _is_whole(permutations) or permutations < 4 or permutations % 2:
        problems.append(f"permutations: found {permutations!r}, expected an even number from 4, for pairs of orders")
    if not _is_whole(seed) or seed < 0:
        problems.append(f"seed: found {seed!r}, expected a whole number from 0")
    if not isinstance(level, float | int) or not 0 < level < 1:
        problems.append(f"level: found {level!r}, expected a number between 0 and 1, such as 0.95")
    if problems:
        raise UsageError(list_problems("this cannot be sampled:", problems))


def _is_whole(number: Any) -> bool:
    return isinstance(number, numbers.Integral) and not isinstance(number, bool)


def _draw_orders(count: int, pairs: int, seed: int) -> NDArray[np.int64]:
    """Return random orders of players, one a row, then all of them reversed."""
    drawn = np.random.default_rng(seed).permuted(np.tile(np.arange(count), (pairs, 1)), axis=1)
    return np.vstack([drawn, drawn[:, ::-1]])


def _walk(orders: NDArray[np.int64], players: list[str]) -> tuple[NDArray[np.int64], list[Coalition]]:
    """Return the coalitions met along orders, each once, and where each step of an order stands among them."""
    known: dict[int, int] = {}
    # Bitmasks of Python have as many bits as there are players.
    places = [
        [known.setdefault(mask, len(known)) for mask in accumulate((1 << player for player in order), or_, initial=0)]
        for order in orders.tolist()
    ]
    coalitions = [frozenset(name for bit, name in enumerate(players) if mask >> bit & 1) for mask in known]
    return np.array(places), coalitions
