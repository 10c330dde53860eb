"""Arguments of metrics as checked, lined-up arrays of floats; what cannot be used is refused with its place."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from energyflows.errors import UsageError, list_problems

#: Part of the largest volume below which a negative one is the rounding of a solver.
_ROUNDING = 1e-9
_KINDS_OF_NUMBERS = "iuf"
_CELLS_SHOWN = 10
_SYMMETRY = 1e-9

#: Labels of a dim, or its size where it has none.
Axes = Mapping[Any, pd.Index | int]


def take_numbers(value: Any, name: str) -> xr.DataArray:
    """Return an argument as floats without attributes; refuse text, truth values and infinity.

    Parameters
    ----------
    value : float or xarray.DataArray
        The argument.
    name : str
        Its name, for messages.

    Returns
    -------
    xarray.DataArray
        May hold NaN.

    Raises
    ------
    UsageError
        Naming what was found.
    """
    array = xr.DataArray(value) if np.isscalar(value) else value
    if not isinstance(array, xr.DataArray):
        found = type(value).__name__
        raise UsageError(f"{name} is a {found}, expected an xarray.DataArray, a pandas.Series or a pandas.DataFrame")
    if array.dtype.kind not in _KINDS_OF_NUMBERS:
        raise UsageError(f"{name} holds values of type {array.dtype}, expected numbers")
    numbers = array.astype(float).drop_attrs()
    refuse_cells(f"{name} is infinite", numbers, abs(numbers) == np.inf)
    return numbers


def take_volume(value: Any, dim: str, name: str = "volume", *, signed: bool = False) -> xr.DataArray:
    """Return volumes with a dim as floats without attributes.

    Parameters
    ----------
    value : xarray.DataArray
        The argument.
    dim : str
        Of origins, routes …
    name : str
        Of the argument, for messages.
    signed : bool
        Whether they may be negative, as net imports are.

    Returns
    -------
    xarray.DataArray
        What is below zero by rounding is zero, unless ``signed``.

    Raises
    ------
    UsageError
        Naming all cells that cannot be used, or the dims there are.
    """
    array = take_numbers(value, name)
    if not array.sizes.get(dim):
        found = ", ".join(f"{each} ({size})" for each, size in array.sizes.items()) or "none"
        raise UsageError(f"{name} has no {dim!r} to go by; dims found: {found}; name the right one by dim=…")
    if dim in array.indexes:
        _refuse_repeated(array.indexes[dim], name)
    if signed:
        return array
    hint = "clip net exports at zero, .clip(0), where they are meant to be left out"
    refuse_cells(f"{name} is negative; {hint}", array, array < -_ROUNDING * abs(array).max(dim))
    return array.where(~(array < 0), 0.0)


def take_beside(
    value: Any, volume: xr.DataArray, name: str, *, most: float = np.inf, unknown: bool = False
) -> xr.DataArray:
    """Return what stands beside volumes – risk, consumption – with their labels in their order.

    Parameters
    ----------
    value : float or xarray.DataArray
        A number for all, or an array with any dims.
    volume : xarray.DataArray
        Checked volumes.
    name : str
        Of the argument, for messages.
    most : float
        Largest value allowed; the least is zero.
    unknown : bool
        Whether NaN is allowed.

    Returns
    -------
    xarray.DataArray
        Floats without attributes.

    Raises
    ------
    UsageError
        If labels are missing or values are out of bounds.
    """
    return _bound(_line_up(take_numbers(value, name), axes_of(volume), name), name, most, unknown=unknown)


def take_matrix(value: Any, volume: xr.DataArray, dim: str, name: str, *, own: float) -> xr.DataArray:
    """Return a symmetric matrix over the labels of a dim, lined up with volumes.

    Parameters
    ----------
    value : xarray.DataArray
        With dims ``dim`` and ``dim + "_"``, and any of the others.
    volume : xarray.DataArray
        Checked volumes.
    dim : str
        Of origins, routes …
    name : str
        Of the argument, for messages.
    own : float
        What a label has with itself: 1 for likeness, which goes from 0 to 1; 0 for distance.

    Returns
    -------
    xarray.DataArray
        With ``dim`` and ``dim + "_"`` last.

    Raises
    ------
    UsageError
        If a dim or a label is missing, or the matrix is not of that kind.
    """
    other = f"{dim}_"
    numbers = take_numbers(value, name)
    if not {dim, other} <= set(numbers.dims):
        raise UsageError(f"{name} has dims {list(map(str, numbers.dims))}, expected {[dim, other]}")
    axes = axes_of(volume)
    lined = _line_up(numbers, {**axes, other: axes[dim]}, name).transpose(..., dim, other)
    matrix = _bound(lined, name, 1.0 if own == 1 else np.inf)
    values = matrix.to_numpy()
    uneven = abs(values - values.swapaxes(-1, -2)) > _SYMMETRY * abs(values).max()
    refuse_cells(f"{name} is not symmetric", matrix, matrix.copy(data=uneven))
    strange = np.eye(values.shape[-1], dtype=bool) & (values != own)
    refuse_cells(f"{name} of a label with itself is not {own:g}", matrix, matrix.copy(data=strange))
    return matrix


def take_amount(value: Any, name: str, *, slack: float = 0.0) -> xr.DataArray:
    """Return what cannot be less than zero as floats without attributes.

    Parameters
    ----------
    value : float or xarray.DataArray
        The argument.
    name : str
        Its name, for messages.
    slack : float
        How far below zero is a solver's rounding, which counts as zero.

    Returns
    -------
    xarray.DataArray
        May hold NaN.

    Raises
    ------
    UsageError
        Naming all cells that cannot be used.
    """
    array = take_numbers(value, name)
    refuse_cells(f"{name}: found negative values, expected 0 or more", array, array < -slack)
    return array.where(~(array < 0), 0.0)


def line_up(value: xr.DataArray, beside: xr.DataArray, name: str, other: str) -> xr.DataArray:
    """Return an array with the labels of another in their order.

    Parameters
    ----------
    value : xarray.DataArray
        The argument; may have more labels, which are left out.
    beside : xarray.DataArray
        The other.
    name, other : str
        What they are called, for messages.

    Returns
    -------
    xarray.DataArray
        Where only one of them has labels, their order is taken to be the same.

    Raises
    ------
    UsageError
        Naming the labels that are missing.
    """
    return _line_up(value, axes_of(beside), name, other)


def is_number(value: Any, least: float = 0.0, most: float = np.inf) -> bool:
    """Return whether a parameter is one finite number within bounds.

    Parameters
    ----------
    value : Any
        The parameter.
    least, most : float
        Bounds, themselves allowed.

    Returns
    -------
    bool
        False for text, truth values, arrays and NaN.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return False
    found = float(value)
    return bool(np.isfinite(found)) and least <= found <= most


def require_rate(value: object, name: str) -> None:
    """Refuse a parameter that is no finite number of at least zero.

    Parameters
    ----------
    value : object
        The parameter.
    name : str
        Its name, for messages.

    Raises
    ------
    UsageError
        Naming what was found.
    """
    if not is_number(value):
        raise UsageError(f"{name}: found {value!r}, expected a number of at least 0")


def axes_of(volume: xr.DataArray) -> Axes:
    """Return labels by dim, or sizes where there are none."""
    return {dim: volume.indexes.get(dim, size) for dim, size in volume.sizes.items()}


def refuse_cells(told: str, array: xr.DataArray, wrong: xr.DataArray) -> None:
    """Raise naming the cells that are wrong, if any.

    Parameters
    ----------
    told : str
        What is wrong.
    array : xarray.DataArray
        Values to show.
    wrong : xarray.DataArray of bool
        With the dims of ``array``.

    Raises
    ------
    UsageError
        With places and values.
    """
    found = np.argwhere(wrong.transpose(*array.dims).to_numpy())
    if not len(found):
        return
    cells = [_tell_cell(array, place) for place in found[:_CELLS_SHOWN]]
    cells += [f"… and {len(found) - _CELLS_SHOWN} more"] if len(found) > _CELLS_SHOWN else []
    raise UsageError(list_problems(f"{told}:", cells))


def _tell_cell(array: xr.DataArray, place: np.ndarray) -> str:
    named = zip(array.dims, place, strict=True)
    labels = [f"{dim} {array.indexes[dim][at] if dim in array.indexes else at}" for dim, at in named]
    value = f"{array.to_numpy()[tuple(place)]:g}"
    return f"{', '.join(labels)}: {value}" if labels else value


def _refuse_repeated(labels: pd.Index, name: str) -> None:
    twice = labels[labels.duplicated()].unique().tolist()
    if twice:
        raise UsageError(f"{name} has {labels.name} {', '.join(map(str, twice))} more than once; add these up first")


def _line_up(array: xr.DataArray, axes: Axes, name: str, other: str = "the volumes") -> xr.DataArray:
    """Return an array with the labels of others in their order; arithmetic would drop what is missing in silence."""
    problems, chosen = [], {}
    for dim in set(array.dims) & set(axes):
        wanted = axes[dim]
        if isinstance(wanted, pd.Index) and dim in array.indexes:
            if wanted.equals(array.indexes[dim]):
                continue
            _refuse_repeated(array.indexes[dim], name)
            problems += [f"no {dim} {label}" for label in wanted.difference(array.indexes[dim], sort=False)]
            chosen[dim] = wanted
        elif array.sizes[dim] != (size := wanted if isinstance(wanted, int) else len(wanted)):
            problems.append(f"{array.sizes[dim]} values along {dim}, expected {size}")
    if problems:
        raise UsageError(list_problems(f"{name} does not fit {other}:", problems))
    return array.sel(chosen)


def _bound(array: xr.DataArray, name: str, most: float, *, unknown: bool = False) -> xr.DataArray:
    wrong = (array < 0) | (array > most) | (np.isnan(array) & (not unknown))
    expected = "0 or more" if np.isinf(most) else f"0 to {most:g}"
    refuse_cells(f"{name} is out of bounds, expected {expected}", array, wrong)
    return array
