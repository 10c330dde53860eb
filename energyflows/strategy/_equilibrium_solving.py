"""The potential of a market, raised round by round until its bound is near enough."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from energyflows.ensemble.reducing import Compact, Numbers, Positions
from energyflows.ensemble.resolving import Resolver
from energyflows.errors import InfeasibleError, SolveError
from energyflows.strategy._equilibrium_draft import Draft
from energyflows.strategy._equilibrium_forms import Squares, cut_squares, lay_squares, measure_squares
from energyflows.strategy._equilibrium_labels import Label, lay_labels
from energyflows.strategy._equilibrium_market import Market

#: Rounds after which the search is given up.
MOST_ROUNDS = 300
#: Part of the tolerance that a term may be off without another tangent.
_SHARE = 0.1
#: Where tangents are laid beforehand, as parts of where a term is expected.
_AROUND = (0.99, 1.0, 1.01)
#: Thousand EUR below which tolerances of the solver show.
_LEAST = 1e-5


class Point(NamedTuple):
    """Where the potential is greatest, up to a gap.

    Attributes
    ----------
    x, duals : numpy.ndarray
        By column, and by row.
    off : numpy.ndarray
        How far each square lies above its tangents, thousand EUR.
    potential : float
        Thousand EUR, reached.
    gap : float
        To the bound, relative.
    rounds : int
        Programmes solved.
    """

    x: Numbers
    duals: Numbers
    off: Numbers
    potential: float
    gap: float
    rounds: int


class _Held(NamedTuple):
    matrix: sp.csr_array


@dataclass
class Game:
    """A market with its suppliers in HiGHS.

    Attributes
    ----------
    market : Market
        The network.
    sellers : mapping of str to numpy.ndarray
        Positions of the generators of each supplier.
    strategic : numpy.ndarray of int
        Which suppliers have a label, by number.
    labels : list of Label
        Of these, and without arbitrage of all other gas behind them.
    squares : Squares
        Terms of the potential.
    laid : int
        Number of rows at the start, first tangents among them.
    resolver : Resolver
        Holds tangents found so far: they stay valid for other weights.
    compact : Compact
        As HiGHS holds it.
    """

    market: Market
    sellers: Mapping[str, Positions]
    strategic: Positions
    labels: list[Label]
    squares: Squares
    laid: int
    resolver: Resolver
    compact: Compact


def lay_game(
    market: Market, sellers: Mapping[str, Positions], strategic: Positions, forms: Numbers, *, arbitrage: bool
) -> Game:
    """Write the programme of a market with suppliers.

    Parameters
    ----------
    market : Market
        The network.
    sellers : mapping of str to numpy.ndarray
        Positions of the generators of each supplier.
    strategic : numpy.ndarray
        Numbers of suppliers that do not take prices as given.
    forms : numpy.ndarray
        Of the conduct matrix, by (form, strategic supplier).
    arbitrage : bool
        Whether traders carry on what is sold.

    Returns
    -------
    Game
        With first tangents.
    """
    draft = Draft(market.compact, market.program.reduction.matrix)
    own = list(sellers.values())
    labels = lay_labels(draft, market, [own[i] for i in strategic], arbitrage=arbitrage)
    squares = lay_squares(draft, market, labels[: len(strategic)], forms)
    compact, matrix = draft.finish()
    terms = np.arange(len(squares.scale))
    cuts = [cut_squares(squares, terms, at) for at in squares.first]
    low = np.concatenate([lower for _, lower in cuts])
    compact = replace(
        compact,
        row_lower=np.concatenate([compact.row_lower, low]),
        row_upper=np.concatenate([compact.row_upper, np.full(len(low), np.inf)]),
    )
    whole = sp.csr_array(sp.vstack([matrix, *(rows for rows, _ in cuts)]))
    return Game(market, sellers, strategic, labels, squares, whole.shape[0], Resolver(_Held(whole), compact), compact)


def maximise(game: Game, weights: Numbers, tolerance: float, expected: Numbers | None = None) -> Point:
    """Find where the potential is greatest.

    Parameters
    ----------
    game : Game
        Gains tangents.
    weights : numpy.ndarray
        Of the forms of its squares.
    tolerance : float
        Largest gap.
    expected : numpy.ndarray, optional
        About where each term will be, once another maximum was found.

    Returns
    -------
    Point
        Reached.

    Raises
    ------
    SolveError
        If there is no solution, or the gap stays above the tolerance.
    """
    squares = game.squares
    if expected is not None:
        game.compact = game.resolver.drop_slack(game.laid)
    weight = np.append(weights, 1.0)[squares.kinds]
    cost = game.compact.cost.copy()
    cost[squares.columns] = weight
    game.compact = replace(game.compact, cost=cost)
    point, worst = _stand(game, weight, tolerance, 1)
    if expected is not None and len(worst):
        # Only now: on its way to other weights simplex would turn at each of them.
        for part in _AROUND:
            _cut(game, np.flatnonzero(expected), part * expected)
        point, worst = _stand(game, weight, tolerance, point.rounds + 1)
    while len(worst) and point.rounds < MOST_ROUNDS:
        _cut(game, worst, squares.forms @ point.x)
        point, worst = _stand(game, weight, tolerance, point.rounds + 1)
    if point.gap > tolerance:
        raise SolveError(
            f"the potential is {point.potential:.6g} thousand EUR and may be {point.gap:.2e} of that greater after "
            f"{point.rounds} rounds, expected {tolerance:.0e}; raise tolerance"
        )
    return point


def _cut(game: Game, which: Positions, at: Numbers) -> None:
    """Add tangents of some terms at values by term."""
    rows, low = cut_squares(game.squares, which, at[which])
    game.compact = game.resolver.add_rows(rows, low, np.full(len(low), np.inf))


def _stand(game: Game, weight: Numbers, tolerance: float, rounds: int) -> tuple[Point, Positions]:
    """Solve the programme as it is, and find the terms that are too far off."""
    found = game.resolver.solve(game.compact)
    if found.status != "optimal":
        raise _explain(found.status)
    off = measure_squares(game.squares, found.x)
    lost = weight * np.maximum(off, 0.0)
    potential = -found.objective - float(lost.sum())
    gap = float(lost.sum()) / max(abs(potential), np.finfo(float).tiny)
    # Prices of small markets shall be as exact as those of large ones.
    own = np.where(game.squares.kinds < 0, np.maximum(tolerance * game.squares.worth, _LEAST), np.inf)
    reached = gap <= tolerance and bool((lost <= own).all())
    most = np.inf if reached else np.minimum(own, _SHARE * tolerance * abs(potential) / len(lost))
    worst = np.flatnonzero(lost > most)
    return Point(found.x, found.duals, off, potential, gap, rounds), worst


def _explain(status: str) -> SolveError:
    if status == "infeasible":
        return InfeasibleError(
            "no flow meets all bounds: gas of a supplier is sold only where demand has a curve, outside its home; "
            "look for demand without a curve that nobody else can serve, and for least flows"
        )
    return SolveError(f"HiGHS found the programme {status}; look for gas that is paid for being taken without limit")
