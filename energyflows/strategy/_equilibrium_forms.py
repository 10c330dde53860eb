"""What suppliers do not sell for fear of the price, as squares that tangents approach from below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from energyflows.ensemble.reducing import Numbers, Positions
from energyflows.strategy._equilibrium_draft import Draft
from energyflows.strategy._equilibrium_labels import Label
from energyflows.strategy._equilibrium_market import Market

_ROUNDING = 1e-12
#: Where tangents lie at the start, as parts of what would be consumed for nothing: of consumption, and of sales.
_FIRST_CONSUMED = (0.3, 0.5, 0.65, 0.75, 0.85)
_FIRST_SOLD = (0.02, 0.05, 0.1, 0.2, 0.4)


class Squares(NamedTuple):
    """Terms ``scale / 2 * z ** 2`` of the potential, with z linear in sales or consumption.

    Attributes
    ----------
    forms : scipy.sparse.csr_array
        z by term, from all columns.
    scale : numpy.ndarray
        Slope of demand times days, by term.
    columns : numpy.ndarray
        Position of the column that stands for the term in the objective.
    kinds : numpy.ndarray
        By term the number of its form of sales, or -1 for consumption.
    first : numpy.ndarray
        Where tangents begin, by (number, term).
    worth : numpy.ndarray
        What consumption for nothing would be worth at the zone and time of the term, thousand EUR.
    consumed : numpy.ndarray
        Position of consumption by (snapshot, zone); -1 where there is none.
    """

    forms: sp.csr_array
    scale: Numbers
    columns: Positions
    kinds: Positions
    first: Numbers
    worth: Numbers
    consumed: Positions


def factor_kappa(kappa: Numbers) -> tuple[Numbers, Numbers]:
    """Write a conduct matrix as a sum of squares.

    Parameters
    ----------
    kappa : numpy.ndarray
        Symmetric, positive semidefinite.

    Returns
    -------
    tuple of numpy.ndarray
        Forms by (form, supplier) and their weights: ``kappa = forms.T @ diag(weights) @ forms``. Suppliers by
        themselves and in pairs where that will do, so that another weight of a pair needs no other form.

    Examples
    --------
    >>> forms, weights = factor_kappa(np.array([[1.0, 0.25], [0.25, 1.0]]))
    >>> forms.tolist(), weights.tolist()
    ([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], [0.75, 0.75, 0.25])
    """
    count = len(kappa)
    blocks, of = connected_components(sp.csr_array(kappa), directed=False)
    forms, weights = [np.zeros((0, count))], [np.zeros(0)]
    for block in range(blocks):
        inside = np.flatnonzero(of == block)
        part, weight = _factor_block(kappa[np.ix_(inside, inside)])
        whole = np.zeros((len(weight), count))
        whole[:, inside] = part
        forms.append(whole[weight > _ROUNDING])
        weights.append(weight[weight > _ROUNDING])
    return np.concatenate(forms), np.concatenate(weights)


def _factor_block(kappa: Numbers) -> tuple[Numbers, Numbers]:
    between = kappa - np.diag(np.diag(kappa))
    alone = np.diag(kappa) - between.sum(axis=1)
    if (alone >= -_ROUNDING).all():
        first, second = np.nonzero(np.triu(between))
        unit = np.eye(len(kappa))
        return np.concatenate([unit, unit[first] + unit[second]]), np.concatenate([alone, between[first, second]])
    weights, vectors = np.linalg.eigh(kappa)
    return vectors.T, weights


def join_forms(kappas: Sequence[Numbers]) -> tuple[Numbers, Numbers]:
    """Return forms that serve several conduct matrices.

    Parameters
    ----------
    kappas : sequence of numpy.ndarray
        Conduct matrices.

    Returns
    -------
    tuple of numpy.ndarray
        Forms by (form, supplier), and weights by (matrix, form). Matrices between these have weights between.
    """
    factored = [factor_kappa(kappa) for kappa in kappas]
    forms, of = np.unique(np.concatenate([part for part, _ in factored]), axis=0, return_inverse=True)
    weights = np.zeros((len(kappas), len(forms)))
    matrix = np.repeat(np.arange(len(kappas)), [len(part) for _, part in factored])
    np.add.at(weights, (matrix, of.reshape(-1)), np.concatenate([part for _, part in factored]))
    return forms, weights


def lay_squares(draft: Draft, market: Market, labels: Sequence[Label], forms: Numbers) -> Squares:
    """Add consumption and all squares of the potential to a programme.

    Parameters
    ----------
    draft : Draft
        Grows.
    market : Market
        Demand.
    labels : sequence of Label
        Sales, by supplier.
    forms : numpy.ndarray
        By (form, supplier).

    Returns
    -------
    Squares
        Not bound by any tangent yet.
    """
    when, zone = np.nonzero(market.slope > 0)
    days, slope, most = market.weights[when], market.slope[when, zone], market.intercept[when, zone]
    taken = draft.add_columns(len(when), -most * days, most / slope)
    draft.add_entries(market.balances[when, market.zones[zone]], taken, -1.0)
    consumed = np.full(market.slope.shape, -1, dtype=np.intp)
    consumed[when, zone] = taken
    parts = [(np.arange(len(when)), taken, np.ones(len(when)))]
    places, kinds = [np.arange(len(when))], [np.full(len(when), -1, dtype=np.intp)]
    first = [np.outer(_FIRST_CONSUMED, most / slope)]
    size = len(when)
    sales = np.array([label.sales[when, market.zones[zone]] for label in labels], dtype=np.intp)
    for number, form in enumerate(forms):
        there = (sales >= 0) & (form != 0.0)[:, np.newaxis]
        some = np.flatnonzero(there.any(axis=0))
        supplier, place = np.nonzero(there[:, some])
        parts.append((size + place, sales[supplier, some[place]], form[supplier]))
        places.append(some)
        kinds.append(np.full(len(some), number, dtype=np.intp))
        first.append(np.outer(_FIRST_SOLD, (most / slope)[some]))
        size += len(some)
    columns = draft.add_columns(size)
    rows, inside, values = (np.concatenate(each) for each in zip(*parts, strict=True))
    matrix = sp.csr_array((values, (rows, inside)), shape=(size, int(columns[-1]) + 1))
    of = np.concatenate(places)
    worth = (most**2 / slope * days / 2.0)[of]
    scale, kind = (slope * days)[of], np.concatenate(kinds)
    return Squares(matrix, scale, columns, kind, np.concatenate(first, axis=1), worth, consumed)


def cut_squares(squares: Squares, which: Positions, at: Numbers) -> tuple[sp.csr_array, Numbers]:
    """Return tangents as rows: column - scale * at * z >= -scale / 2 * at ** 2.

    Parameters
    ----------
    squares : Squares
        All terms.
    which : numpy.ndarray
        Positions of terms to cut.
    at : numpy.ndarray
        Value of z to cut them at.

    Returns
    -------
    tuple of scipy.sparse.csr_array and numpy.ndarray
        Rows by columns, and lower bounds.
    """
    scale = squares.scale[which]
    count = np.arange(len(which))
    ones = sp.csr_array(
        (np.ones(len(which)), (count, squares.columns[which])), shape=(len(which), squares.forms.shape[1])
    )
    steep = sp.diags_array(scale * at) @ squares.forms[which]
    return sp.csr_array(ones - steep), -scale / 2.0 * at**2


def measure_squares(squares: Squares, x: Numbers) -> Numbers:
    """Return how far the column of each term lies below its square.

    Parameters
    ----------
    squares : Squares
        All terms.
    x : numpy.ndarray
        By column.

    Returns
    -------
    numpy.ndarray
        By term.
    """
    z = squares.forms @ x
    return np.asarray(squares.scale / 2.0 * z**2 - x[squares.columns])
