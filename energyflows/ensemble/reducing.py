"""Linear programme to an equal one with fewer rows and columns, fast to change."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from energyflows.errors import EnergyFlowsError

Numbers = NDArray[np.float64]
Positions = NDArray[np.intp]


class UnfitError(EnergyFlowsError):
    """A change that is no change of bounds, costs or right-hand sides; the programme must be compiled anew."""


@dataclass(frozen=True)
class Full:
    """A linear programme as the modelling layer wrote it: minimise cost @ x, matrix @ x (sense) rhs.

    Attributes
    ----------
    matrix : scipy.sparse.csr_array
        Rows by columns.
    rhs, sense : numpy.ndarray
        By row; sense is ``<``, ``>`` or ``=``.
    cost, lower, upper : numpy.ndarray
        By column.
    """

    matrix: sp.csr_array
    rhs: Numbers
    sense: NDArray[np.str_]
    cost: Numbers
    lower: Numbers
    upper: Numbers


@dataclass(frozen=True)
class Compact:
    """What the solver gets: column and row bounds and costs, and a part of the cost that does not vary."""

    cost: Numbers
    column_lower: Numbers
    column_upper: Numbers
    row_lower: Numbers
    row_upper: Numbers
    constant: float


@dataclass(frozen=True)
class _Bounds:
    """Rows with one entry, as bounds of its column: bound = rhs / factor."""

    rows: Positions
    columns: Positions
    factors: Numbers


@dataclass(frozen=True)
class Reduction:
    """How a full programme becomes a compact one.

    Rows with a single entry become bounds of their column. Columns that are zero are left out. A free column that an
    equality determines is replaced by that equality: with the pivots D on the diagonal,
    ``x_P = (b_R - A_RQ x_Q) / D``, other rows become ``A_KQ - A_KP D^-1 A_RQ``. All of it is linear in costs and
    right-hand sides, so that a change of these needs no new reduction.

    Attributes
    ----------
    matrix : scipy.sparse.csr_array
        Of the compact programme.
    rows, columns : numpy.ndarray
        Positions in the full programme that stayed.
    """

    full: Full
    matrix: sp.csr_array
    rows: Positions
    columns: Positions
    ceilings: _Bounds
    floors: _Bounds
    zeros: Positions
    pivot_rows: Positions
    pivot_columns: Positions
    inverse_pivots: Numbers
    pivot_matrix: sp.csr_array
    passed_on: sp.csr_array

    def place(self, rhs: Numbers, cost: Numbers) -> Compact:
        """Return the compact programme for other right-hand sides and costs.

        Parameters
        ----------
        rhs, cost : numpy.ndarray
            Of the full programme, by row and column.

        Returns
        -------
        Compact
            Bounds and costs.

        Raises
        ------
        UnfitError
            If a column that was left out because it was zero need not be zero any more.
        """
        lower, upper = _bound_columns(self.full, self.ceilings, self.floors, rhs)
        if lower[self.zeros].any() or upper[self.zeros].any():
            raise UnfitError("a flow that could only be zero now need not be")
        pivots = rhs[self.pivot_rows] * self.inverse_pivots
        kept = rhs[self.rows] - self.passed_on @ rhs[self.pivot_rows]
        sense = self.full.sense[self.rows]
        pivot_cost = cost[self.pivot_columns]
        return Compact(
            cost=cost[self.columns] - (pivot_cost * self.inverse_pivots) @ self.pivot_matrix,
            column_lower=lower[self.columns],
            column_upper=upper[self.columns],
            row_lower=np.where(sense == "<", -np.inf, kept),
            row_upper=np.where(sense == ">", np.inf, kept),
            constant=float(pivot_cost @ pivots),
        )

    def expand(self, x: Numbers, rhs: Numbers) -> Numbers:
        """Return the solution of the full programme.

        Parameters
        ----------
        x : numpy.ndarray
            Solution of the compact programme.
        rhs : numpy.ndarray
            Right-hand sides of the full programme.

        Returns
        -------
        numpy.ndarray
            By column of the full programme.
        """
        solution = np.zeros(len(self.full.cost))
        solution[self.columns] = x
        solution[self.pivot_columns] = (rhs[self.pivot_rows] - self.pivot_matrix @ x) * self.inverse_pivots
        return solution


def reduce_programme(full: Full, kept: NDArray[np.bool_]) -> Reduction:
    """Find what can be left out of a programme for good.

    Parameters
    ----------
    full : Full
        The programme.
    kept : numpy.ndarray
        By row; true where the dual value is needed, so that the row has to stay.

    Returns
    -------
    Reduction
        From full to compact programmes and back.

    Examples
    --------
    Of ``x <= 4`` and ``x + y = 5`` only the second stays a row:

    >>> matrix = sp.csr_array(np.array([[1.0, 0.0], [1.0, 1.0]]))
    >>> full = Full(matrix, np.array([4.0, 5.0]), np.array(["<", "="]), np.ones(2), np.zeros(2), np.full(2, 9.0))
    >>> found = reduce_programme(full, np.array([False, True]))
    >>> found.matrix.shape, found.place(full.rhs, full.cost).column_upper.tolist()
    ((1, 2), [4.0, 9.0])
    """
    entries = np.diff(full.matrix.indptr)
    single = (entries == 1) & ~kept
    ceilings, floors = _list_bounds(full, np.flatnonzero(single))
    bounded = np.unique(np.concatenate([ceilings.columns, floors.columns]))
    lower, upper = _bound_columns(full, ceilings, floors, full.rhs)
    zeros = np.flatnonzero((lower == 0) & (upper == 0))
    free = np.isneginf(lower) & np.isposinf(upper)
    free[bounded] = False
    pivot_rows, pivot_columns = _find_pivots(full, free, (full.sense == "=") & ~kept & ~single)
    return _assemble(full, ceilings, floors, (single, zeros, pivot_rows, pivot_columns))


def _bound_columns(full: Full, ceilings: _Bounds, floors: _Bounds, rhs: Numbers) -> tuple[Numbers, Numbers]:
    """Return the tightest bounds of each column: its own, and those of rows with one entry."""
    lower, upper = full.lower.copy(), full.upper.copy()
    np.minimum.at(upper, ceilings.columns, rhs[ceilings.rows] / ceilings.factors)
    np.maximum.at(lower, floors.columns, rhs[floors.rows] / floors.factors)
    return lower, upper


def _assemble(
    full: Full,
    ceilings: _Bounds,
    floors: _Bounds,
    gone: tuple[NDArray[np.bool_], Positions, Positions, Positions],
) -> Reduction:
    """Do the elimination once for all right-hand sides."""
    single, zeros, pivot_rows, pivot_columns = gone
    rows = np.setdiff1d(np.flatnonzero(~single), pivot_rows)
    columns = np.setdiff1d(np.arange(len(full.cost)), np.union1d(zeros, pivot_columns))
    by_column = full.matrix.tocsc()
    stay, pivots = by_column[:, columns].tocsr(), by_column[:, pivot_columns].tocsr()
    inverse = 1.0 / pivots[pivot_rows].diagonal() if len(pivot_rows) else np.zeros(0)
    passed_on = sp.csr_array(pivots[rows] @ sp.diags_array(inverse))
    matrix = sp.csr_array(stay[rows] - passed_on @ stay[pivot_rows])
    matrix.eliminate_zeros()
    return Reduction(
        full=full,
        matrix=matrix,
        rows=rows,
        columns=columns,
        ceilings=ceilings,
        floors=floors,
        zeros=zeros,
        pivot_rows=pivot_rows,
        pivot_columns=pivot_columns,
        inverse_pivots=inverse,
        pivot_matrix=sp.csr_array(stay[pivot_rows]),
        passed_on=passed_on,
    )


def _list_bounds(full: Full, rows: Positions) -> tuple[_Bounds, _Bounds]:
    """Return rows with one entry as ceilings and as floors; an equality is both."""
    start = full.matrix.indptr[rows]
    columns, factors, sense = full.matrix.indices[start], full.matrix.data[start], full.sense[rows]
    positive = factors > 0
    above = (sense == "=") | ((sense == "<") == positive)
    below = (sense == "=") | ((sense == ">") == positive)
    ceilings = _Bounds(rows[above], columns[above], factors[above])
    return ceilings, _Bounds(rows[below], columns[below], factors[below])


def _find_pivots(full: Full, free: NDArray[np.bool_], usable: NDArray[np.bool_]) -> tuple[Positions, Positions]:
    """Pair free columns with equalities that determine them.

    A row takes part only if it holds exactly one free column, and a column only if it stands in one such row, so that
    the pivots form a diagonal.
    """
    candidates = np.flatnonzero(usable)
    part = full.matrix[candidates][:, np.flatnonzero(free)].tocoo()
    once_in_row = np.bincount(part.coords[0], minlength=part.shape[0])[part.coords[0]] == 1
    once_in_column = np.bincount(part.coords[1], minlength=part.shape[1])[part.coords[1]] == 1
    chosen = once_in_row & once_in_column & (part.data != 0)
    return candidates[part.coords[0][chosen]], np.flatnonzero(free)[part.coords[1][chosen]]
