"""Sums of the columns of plain arrays by what they are parts of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Merge:
    """Which columns of an array add up to which elements; :func:`merge` makes one.

    Attributes
    ----------
    order : numpy.ndarray
        Columns to take, those of one element behind each other.
    starts : numpy.ndarray
        Where in ``order`` each element begins.
    elements : numpy.ndarray
        Elements that have any column.
    size : int
        Number of elements.
    """

    order: Positions
    starts: Positions
    elements: Positions
    size: int

    def add(self, array: Floats) -> Floats:
        """Add up the columns of each element.

        Parameters
        ----------
        array : numpy.ndarray
            By snapshot and raw component.

        Returns
        -------
        numpy.ndarray
            By snapshot and element, never a view; zero where an element has no column.
        """
        sums = array.take(self.order, axis=1)
        if len(self.starts) < len(self.order):
            taken, sums = sums, np.add.reduceat(sums, self.starts, axis=1)
            if np.isnan(sums).any():
                # An unbounded size times an availability of zero is no number; as one part of many it adds nothing.
                sums = np.add.reduceat(np.where(np.isnan(taken), 0.0, taken), self.starts, axis=1)
        if len(self.elements) == self.size:
            return sums
        spread = np.zeros((len(array), self.size))
        spread[:, self.elements] = sums
        return spread


def merge(targets: npt.ArrayLike, size: int) -> Merge:
    """Prepare the sums of columns by element.

    Parameters
    ----------
    targets : array of int
        Element of each column; -1 for a column that belongs to none.
    size : int
        Number of elements.

    Returns
    -------
    Merge
        Its method ``add`` sums the columns of an array.

    Examples
    --------
    >>> merge([0, 2, -1, 0], 3).add(np.array([[1.0, 2.0, 4.0, 8.0]])).tolist()
    [[9.0, 0.0, 2.0]]
    """
    column = np.asarray(targets, dtype=np.intp)
    order = np.argsort(column, kind="stable")
    order = order[column[order] >= 0]
    elements, starts = np.unique(column[order], return_index=True)
    return Merge(order, starts, elements, size)
