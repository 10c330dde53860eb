"""One compact programme in HiGHS, solved again and again from a known basis."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

import highspy
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from energyflows.ensemble.reducing import Compact, Numbers
from energyflows.errors import SolveError

STATUSES = ("optimal", "infeasible", "unbounded", "failed")
_FOUND = {
    highspy.HighsModelStatus.kOptimal: "optimal",
    highspy.HighsModelStatus.kInfeasible: "infeasible",
    highspy.HighsModelStatus.kUnbounded: "unbounded",
    highspy.HighsModelStatus.kUnboundedOrInfeasible: "infeasible",
}
#: Simplex with one thread and a fixed seed, so that equal input gives equal output.
_OPTIONS: dict[str, Any] = {"output_flag": False, "threads": 1, "random_seed": 0, "solver": "simplex"}


class Holder(Protocol):
    """Anything that holds the matrix of a compact programme, rows by columns."""

    @property
    def matrix(self) -> sp.csr_array:
        """Coefficients."""


@dataclass(frozen=True)
class Basis:
    """Where simplex starts: HiGHS' status of every column and row, as small integers."""

    columns: NDArray[np.int8]
    rows: NDArray[np.int8]


@dataclass(frozen=True)
class Solution:
    """What HiGHS found; ``x``, ``duals`` and ``basis`` mean nothing unless the status is ``optimal``.

    ``basis`` stays with HiGHS: hand it to :meth:`Resolver.solve` to start there.
    """

    status: str
    objective: float
    x: Numbers
    duals: Numbers
    basis: Any = None


class Resolver:
    """HiGHS holding one compact programme.

    Between calls only what differs is passed on.

    Parameters
    ----------
    reduction : Reduction or other holder of a matrix
        Its matrix stays as it is.
    reference : Compact
        Bounds and costs the solver starts with.
    basis : Basis, optional
        Of the reference, from :meth:`find_basis`.
    """

    def __init__(self, reduction: Holder, reference: Compact, basis: Basis | None = None) -> None:
        self._current = reference
        self._highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        for option, value in _OPTIONS.items():
            self._highs.setOptionValue(option, value)
        self._highs.passModel(_write_model(reduction, reference))
        #: Of the reference, to start from.
        self.reference_basis = None if basis is None else _restore_basis(basis)
        self._last = self.reference_basis
        if self.reference_basis is not None:
            self._highs.setBasis(self.reference_basis)

    def find_basis(self) -> Basis | None:
        """Solve the programme as it is and return its basis; None if it has no solution."""
        if self._run().status != "optimal":
            return None
        found = self._highs.getBasis()
        columns, rows = (np.array([int(s) for s in part], np.int8) for part in (found.col_status, found.row_status))
        return Basis(columns, rows)

    def solve(self, compact: Compact, start: Any = None) -> Solution:
        """Solve with other bounds and costs.

        Parameters
        ----------
        compact : Compact
            Of the same reduction.
        start : object, optional
            Basis of an earlier solution to start from; by default where the last call ended.

        Returns
        -------
        Solution
            Optimal or not.
        """
        if start is not None and start is not self._last:
            self._highs.setBasis(start)
        self._pass_changes(compact)
        found = self._run()
        if found.status != "optimal":
            # From a far basis simplex may lose its way; only a start from nothing is believed.
            self._highs.clearSolver()
            found = self._run()
        self._last = self._highs.getBasis() if found.status == "optimal" else None
        return replace(found, objective=found.objective + compact.constant, basis=self._last)

    def add_rows(self, matrix: sp.csr_array, lower: Numbers, upper: Numbers) -> Compact:
        """Add rows; simplex goes on from where it was.

        Parameters
        ----------
        matrix : scipy.sparse.csr_array
            New rows by columns.
        lower, upper : numpy.ndarray
            Their bounds.

        Returns
        -------
        Compact
            The programme as it is now, to change and hand to :meth:`solve`.
        """
        indices, start = matrix.indices.astype(np.int32), matrix.indptr[:-1].astype(np.int32)
        answer = self._highs.addRows(len(lower), lower, upper, matrix.nnz, start, indices, matrix.data)
        if answer == highspy.HighsStatus.kError:
            raise SolveError("HiGHS refused added rows; look for NaN among the figures")
        self._current = replace(
            self._current,
            row_lower=np.concatenate([self._current.row_lower, lower]),
            row_upper=np.concatenate([self._current.row_upper, upper]),
        )
        return self._current

    def drop_slack(self, first: int) -> Compact:
        """Drop rows that do not bind; simplex goes on from where it was.

        Parameters
        ----------
        first : int
            Rows before this position stay.

        Returns
        -------
        Compact
            The programme as it is now, to change and hand to :meth:`solve`.
        """
        basis = self._highs.getBasis()
        states = list(basis.row_status)
        # A row is left out with its slack, which is in the basis, so what remains is a basis.
        slack = np.array([state == highspy.HighsBasisStatus.kBasic for state in states], dtype=bool)
        slack[:first] = False
        self._highs.deleteRows(int(slack.sum()), np.flatnonzero(slack).astype(np.int32))
        basis.row_status = [states[place] for place in np.flatnonzero(~slack)]
        self._highs.setBasis(basis)
        old = self._current
        self._current = replace(old, row_lower=old.row_lower[~slack], row_upper=old.row_upper[~slack])
        return self._current

    def _run(self) -> Solution:
        self._highs.run()
        status = _FOUND.get(self._highs.getModelStatus(), "failed")
        solution = self._highs.getSolution()
        return Solution(
            status,
            self._highs.getInfo().objective_function_value,
            np.array(solution.col_value),
            np.array(solution.row_dual),
        )

    def _pass_changes(self, new: Compact) -> None:
        old, highs = self._current, self._highs
        columns = _find((old.column_lower, new.column_lower), (old.column_upper, new.column_upper))
        rows = _find((old.row_lower, new.row_lower), (old.row_upper, new.row_upper))
        costs = _find((old.cost, new.cost))
        answers = [
            highs.changeColsBounds(len(columns), columns, new.column_lower[columns], new.column_upper[columns]),
            highs.changeRowsBounds(len(rows), rows, new.row_lower[rows], new.row_upper[rows]),
            highs.changeColsCost(len(costs), costs, new.cost[costs]),
        ]
        if highspy.HighsStatus.kError in answers:
            raise SolveError("HiGHS refused changed bounds or costs; look for NaN among the figures")
        self._current = new


def _find(*pairs: tuple[Numbers, Numbers]) -> NDArray[np.int32]:
    """Return the positions at which any pair differs."""
    differs = pairs[0][0] != pairs[0][1]
    for old, new in pairs[1:]:
        differs |= old != new
    return np.flatnonzero(differs).astype(np.int32)


def _write_model(reduction: Holder, compact: Compact) -> highspy.HighsLp:
    model, matrix = highspy.HighsLp(), reduction.matrix
    model.num_row_, model.num_col_ = matrix.shape
    model.col_cost_, model.col_lower_, model.col_upper_ = compact.cost, compact.column_lower, compact.column_upper
    model.row_lower_, model.row_upper_ = compact.row_lower, compact.row_upper
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_, model.a_matrix_.index_ = matrix.indptr, matrix.indices
    model.a_matrix_.value_ = matrix.data
    return model


def _restore_basis(basis: Basis) -> highspy.HighsBasis:
    kinds = {int(kind): kind for kind in highspy.HighsBasisStatus.__members__.values()}
    restored = highspy.HighsBasis()
    restored.col_status = [kinds[status] for status in basis.columns.tolist()]
    restored.row_status = [kinds[status] for status in basis.rows.tolist()]
    restored.valid = True
    return restored
