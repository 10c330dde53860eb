"""Tables that have the totals wanted and stay as near as they can to what is known of their cells."""

from __future__ import annotations

import numpy as np

from energyflows.tracing._mixing import Flags, Floats

#: Of the total of a column, what may be missing or too much.
TOLERANCE = 1e-9
#: Sweeps over rows and columns before the steps that end the search, and the most of these.
_SWEEPS, _STEPS = 20, 80
#: Largest logarithm by which a step changes a column.
_STRIDE = 3.0
#: Keeps the program solvable: what multiplies all columns alike changes no share of a row.
_RIDGE = 1e-13


def fit_margins(seeds: Floats, rows: Floats, columns: Floats) -> tuple[Floats, Flags]:
    r"""Scale tables by rows and columns until both have the totals wanted.

    Parameters
    ----------
    seeds : numpy.ndarray
        Tables (table, row, column), at least 0; zeros stay.
    rows, columns : numpy.ndarray
        Totals (table, row) and (table, column), at least 0, with the same sum for each table.

    Returns
    -------
    tuple of numpy.ndarray
        Tables :math:`x_{ij} = a_i s_{ij} b_j`, whose rows have their totals; and which tables have those of their
        columns to a billionth. Where zeros of the seeds leave no such table, the second says so.

    Notes
    -----
    Biproportional fitting: of all tables with these totals the nearest to the seeds :math:`s` by
    :math:`\sum_{ij} x_{ij} \ln (x_{ij} / s_{ij})`. After some sweeps, Newton's method on the columns ends the search,
    as sweeps alone are slow where zeros leave hardly any room.

    References
    ----------
    Deming & Stephan (1940), On a least squares adjustment of a sampled frequency table when the expected marginal
    totals are known, Ann. Math. Statist. 11, 427-444.

    Examples
    --------
    >>> fitted, done = fit_margins(np.ones((1, 2, 2)), np.array([[1.0, 3.0]]), np.array([[2.0, 2.0]]))
    >>> fitted.round(9).tolist(), done.tolist()
    ([[[0.5, 0.5], [1.5, 1.5]]], [True])
    """
    fitted = _scale_rows(seeds, rows)
    for _ in range(_SWEEPS):
        fitted = _scale_rows(fitted * divide(columns, fitted.sum(axis=1))[:, None], rows)
    done = _find_done(fitted, columns)
    for _ in range(_STEPS):
        if done.all():
            break
        fitted[~done] = _step(fitted[~done], rows[~done], columns[~done])
        done = _find_done(fitted, columns)
    return fitted, done


def divide(above: Floats, below: Floats) -> Floats:
    """Return ratios.

    Parameters
    ----------
    above, below : numpy.ndarray
        At least 0.

    Returns
    -------
    numpy.ndarray
        0 where there is nothing to divide by.
    """
    ratio: Floats = np.divide(above, below, out=np.zeros(np.broadcast(above, below).shape), where=below > 0)
    return ratio


def _scale_rows(tables: Floats, rows: Floats) -> Floats:
    return tables * divide(rows, tables.sum(axis=2))[..., None]


def _find_done(tables: Floats, columns: Floats) -> Flags:
    done: Flags = (abs(tables.sum(axis=1) - columns) <= TOLERANCE * columns).all(axis=1)
    return done


def _step(tables: Floats, rows: Floats, columns: Floats) -> Floats:
    """Change columns as Newton's method on their logarithms does, and rows to their totals."""
    found = tables.sum(axis=1)
    roots, widths = np.sqrt(found), np.sqrt(rows)[..., None]
    scaled = divide(divide(tables, widths), roots[:, None])
    matrix = (1.0 + _RIDGE) * np.eye(found.shape[1]) - scaled.transpose(0, 2, 1) @ scaled
    turned: Floats = np.linalg.solve(matrix, divide(columns - found, roots)[..., None])[..., 0].astype(float)
    steps = divide(turned, roots)
    steps = steps - (steps * found).sum(axis=1, keepdims=True) / found.sum(axis=1, keepdims=True)
    return _scale_rows(tables * np.exp(np.clip(steps, -_STRIDE, _STRIDE))[:, None], rows)
