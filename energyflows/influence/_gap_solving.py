"""Who is cut: classes one after the other, the same share within each, flows as near to the reference as can be."""

from __future__ import annotations

from typing import Any, NamedTuple

import highspy
import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from energyflows.errors import SolveError
from energyflows.influence._gap_programme import Programme
from energyflows.influence._gap_tanks import Positions
from energyflows.influence.curtailment import Floats

#: One thread and a fixed seed, so that equal input gives equal output.
_OPTIONS: dict[str, Any] = {
    "output_flag": False,
    "threads": 1,
    "random_seed": 0,
    "solver": "simplex",
    "primal_feasibility_tolerance": 1e-9,
}
#: Classes cost 1 to this, each the same times the one before, but no more than twice.
_DEAREST = 1e4
#: HiGHS' numbers for the ways of simplex.
_DUAL, _PRIMAL = 1, 4
#: A share that counts as none, or as all.
_LEAST = 1e-8
#: Room left when a result of one step bounds the next.
_ROOM = 1e-7
#: A dual value from which a bound counts as binding; those of a step add up to one.
_BINDING = 1e-6


class Claims(NamedTuple):
    """Parts of consumption, by part: the class it belongs to, its consumer, and how much it is, TWh."""

    classes: Positions
    consumers: Positions
    volume: Floats


class Problem(NamedTuple):
    """A programme with claims, in HiGHS.

    Columns: those of the programme, the share cut of each claim (``shares``), the highest of each class (``highest``).
    Rows: those of the programme, consumers, claims against the highest share of their class (``held``).
    """

    highs: Any
    programme: Programme
    claims: Claims
    shares: Positions
    highest: Positions
    held: Positions


def list_claims(ranked: Floats) -> Claims:
    """Return the parts of consumption that classes hold.

    Parameters
    ----------
    ranked : numpy.ndarray, [TWh]
        By class and consumer, from :func:`~energyflows.influence.curtailment.rank_claims`.

    Returns
    -------
    Claims
        Classes without consumption are left out.
    """
    classes, consumers = np.nonzero(ranked > _LEAST * ranked.sum(axis=0))
    return Claims(np.unique(classes, return_inverse=True)[1], consumers, ranked[classes, consumers])


def curtail(programme: Programme, claims: Claims, *, near: bool) -> Floats | None:
    """Find out what is cut.

    Parameters
    ----------
    programme : Programme
        With a supplier that gives nothing.
    claims : Claims
        Who gives way first.
    near : bool
        Whether flows are to be the nearest to the reference, or any with these cuts.

    Returns
    -------
    numpy.ndarray or None
        By column of the programme; None if there is no solution.

    Raises
    ------
    SolveError
        If HiGHS refuses the programme.
    """
    problem = _pass(programme, claims)
    x = _cut_classes(problem)
    if x is None:
        return None
    # The class that gives way last chooses first.
    for number in _settle(problem, x)[::-1]:
        still_open = claims.classes == number
        while still_open.any():
            if not _level_shares(problem, number, still_open):
                return None
    return _stay_near(problem) if near else _read(problem)


def _pass(programme: Programme, claims: Claims) -> Problem:
    """Hand the programme to HiGHS."""
    parts, count = len(claims.volume), int(claims.classes.max(initial=-1)) + 1
    numbers = np.arange(parts)
    held = sp.csr_array((claims.volume, (claims.consumers, numbers)), shape=(programme.yearly.shape[0], parts))
    classed = sp.csr_array((np.ones(parts), (numbers, claims.classes)), shape=(parts, count))
    matrix = sp.csr_array(
        sp.block_array(
            [[programme.balance, None, None], [programme.yearly, -held, None], [None, sp.eye_array(parts), -classed]]
        )
    )
    model, exact = highspy.HighsLp(), matrix.shape[0] - parts
    model.num_row_, model.num_col_ = matrix.shape
    model.col_cost_ = np.zeros(matrix.shape[1])
    model.col_lower_ = np.concatenate([programme.lower, np.zeros(parts + count)])
    model.col_upper_ = np.concatenate([programme.upper, np.ones(parts + count)])
    model.row_lower_ = np.concatenate([np.zeros(exact), np.full(parts, -np.inf)])
    model.row_upper_ = np.zeros(matrix.shape[0])
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_, model.a_matrix_.index_, model.a_matrix_.value_ = matrix.indptr, matrix.indices, matrix.data
    highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    for option, value in _OPTIONS.items():
        highs.setOptionValue(option, value)
    if highs.passModel(model) == highspy.HighsStatus.kError:
        raise SolveError("HiGHS refused the programme of the gap; look for NaN among volumes and capacities")
    first = len(programme.lower)
    return Problem(highs, programme, claims, first + numbers, first + parts + np.arange(count), exact + numbers)


def _cut_classes(problem: Problem) -> Floats | None:
    """Cut what gives way first, and let stores end lower only if no cut helps."""
    cost, count = _price_nothing(problem), len(problem.highest)
    step = min(2.0, _DEAREST ** (1 / max(count - 1, 1)))
    price = step ** np.arange(count + 1)
    cost[problem.shares] = problem.claims.volume * price[problem.claims.classes]
    # Highest shares stay out of the way at one, so that the next step has a solution to start from.
    cost[problem.highest] = -1.0
    blocks = [problem.programme.slices[name] for name in ("kept", "lacking")]
    for block in blocks:
        # In GWh, where claims are in TWh.
        cost[block] = 2 * price[-1] / 1e3
    x = _solve(problem, cost)
    if x is not None:
        relieved = np.concatenate([np.arange(block.start, block.stop) for block in blocks])
        _limit(problem, relieved, x[relieved] * (1 + _ROOM) + _ROOM)
    return x


def _settle(problem: Problem, x: Floats) -> Positions:
    """Spare classes of which nothing need be cut; return those of which a part is."""
    claims, shares, count = problem.claims, x[problem.shares], len(problem.highest)
    whole, cut = (np.bincount(claims.classes, claims.volume * s, count) for s in (np.ones_like(shares), shares))
    spared = np.flatnonzero((cut <= _LEAST * whole)[claims.classes])
    _limit(problem, problem.shares[spared], shares[spared] + _ROOM)
    return np.flatnonzero((cut > _LEAST * whole) & (cut < (1 - _LEAST) * whole))


def _level_shares(problem: Problem, number: int, still_open: npt.NDArray[np.bool_]) -> bool:
    """Make the highest share of a class as low as can be, and settle the claims that keep it from being lower."""
    cost = _price_nothing(problem)
    cost[problem.highest[number]] = 1.0
    # The last solution still is one: only costs changed, and bounds that give it room.
    x = _solve(problem, cost, _PRIMAL)
    if x is None:
        return False
    least = x[problem.highest[number]]
    duals = abs(np.array(problem.highs.getSolution().row_dual)[problem.held])
    tight = still_open & (duals > _BINDING)
    if least < _LEAST or not tight.any():
        tight = still_open.copy()
    found = np.flatnonzero(tight)
    _limit(problem, problem.shares[found], np.maximum(x[problem.shares[found]], least) + _ROOM)
    rows = problem.held[found].astype(np.int32)
    free = np.full(len(rows), np.inf)
    problem.highs.changeRowsBounds(len(rows), rows, -free, free)
    still_open &= ~tight
    return True


def _stay_near(problem: Problem) -> Floats | None:
    """Choose, of all flows with these cuts, the one nearest to the reference."""
    cost = _price_nothing(problem)
    cost[: len(problem.programme.moved)] = problem.programme.moved
    return None if _solve(problem, cost) is None else _read(problem)


def _read(problem: Problem) -> Floats:
    """Return the last solution, by column of the programme."""
    return np.array(problem.highs.getSolution().col_value)[: len(problem.programme.lower)]


def _price_nothing(problem: Problem) -> Floats:
    """Return costs of zero for all columns."""
    return np.zeros(len(problem.programme.lower) + len(problem.shares) + len(problem.highest))


def _solve(problem: Problem, cost: Floats, way: int = _DUAL) -> Floats | None:
    """Solve with other costs from where the last solution ended."""
    highs = problem.highs
    highs.setOptionValue("simplex_strategy", way)
    changed = np.flatnonzero(cost != np.array(highs.getLp().col_cost_)).astype(np.int32)
    highs.changeColsCost(len(changed), changed, cost[changed])
    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        # From a far basis simplex may lose its way; only a start from nothing is believed.
        highs.clearSolver()
        highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    return np.array(highs.getSolution().col_value)


def _limit(problem: Problem, columns: Positions, upper: Floats) -> None:
    """Let columns be no more than this."""
    problem.highs.changeColsBounds(len(columns), columns.astype(np.int32), np.zeros(len(columns)), upper)
