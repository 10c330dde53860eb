"""Columns and rows added to a compact programme."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import scipy.sparse as sp

from energyflows.ensemble.reducing import Compact, Numbers, Positions


@dataclass
class Draft:
    """A compact programme that grows.

    Attributes
    ----------
    compact : Compact
        What it began with.
    matrix : scipy.sparse.csr_array
        Of that.
    """

    compact: Compact
    matrix: sp.csr_array
    _columns: list[tuple[Numbers, Numbers, Numbers]] = field(default_factory=lambda: [(np.zeros(0),) * 3])
    _rows: list[tuple[Numbers, Numbers]] = field(default_factory=lambda: [(np.zeros(0),) * 2])
    _entries: list[tuple[Positions, Positions, Numbers]] = field(
        default_factory=lambda: [(np.zeros(0, np.intp), np.zeros(0, np.intp), np.zeros(0))]
    )

    def add_columns(self, count: int, cost: Numbers | float = 0.0, upper: Numbers | float = np.inf) -> Positions:
        """Add columns from zero to a bound, and return their positions."""
        first = len(self.compact.cost) + sum(len(cost) for cost, *_ in self._columns)
        self._columns.append((np.full(count, cost), np.zeros(count), np.full(count, upper)))
        return np.arange(first, first + count, dtype=np.intp)

    def add_rows(self, count: int, lower: float, upper: float) -> Positions:
        """Add rows with one pair of bounds, and return their positions."""
        first = len(self.compact.row_lower) + sum(len(low) for low, _ in self._rows)
        self._rows.append((np.full(count, lower), np.full(count, upper)))
        return np.arange(first, first + count, dtype=np.intp)

    def add_entries(self, rows: Positions, columns: Positions, values: Numbers | float) -> None:
        """Add coefficients; what falls on one place adds up."""
        self._entries.append((rows, columns, np.broadcast_to(np.asarray(values, dtype=float), rows.shape)))

    def finish(self) -> tuple[Compact, sp.csr_array]:
        """Return the programme as it is now, and its matrix."""
        cost, lower, upper = (np.concatenate(parts) for parts in zip(*self._columns, strict=True))
        low, high = (np.concatenate(parts) for parts in zip(*self._rows, strict=True))
        old = self.compact
        compact = replace(
            old,
            cost=np.concatenate([old.cost, cost]),
            column_lower=np.concatenate([old.column_lower, lower]),
            column_upper=np.concatenate([old.column_upper, upper]),
            row_lower=np.concatenate([old.row_lower, low]),
            row_upper=np.concatenate([old.row_upper, high]),
        )
        shape = (len(compact.row_lower), len(compact.cost))
        rows, columns, values = (np.concatenate(parts) for parts in zip(*self._entries, strict=True))
        added = sp.csr_array((values, (rows, columns)), shape=shape)
        base = self.matrix.copy()
        base.resize(shape)
        return compact, sp.csr_array(base + added)
