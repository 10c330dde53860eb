"""Series and DataFrames where a metric takes labelled arrays: the index names the dims."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, ParamSpec, TypeVar

import numpy as np
import pandas as pd
import xarray as xr

from energyflows.errors import UsageError, list_problems

P = ParamSpec("P")
R = TypeVar("R")
#: What a metric takes; a DataArray inside.
Labelled = xr.DataArray | pd.Series | pd.DataFrame
#: Dim of the rows of a DataFrame whose index has no name.
ROW = "row"
#: Dim of an index without a name where a metric has no ``dim``.
_LABEL = "label"
#: First arguments of which a combination of levels without a row is zero: nobody lists what is not supplied.
VOLUMES = ("volume", "net_imports")
#: Arguments with dims ``(dim, dim + "_")``.
_MATRICES = {"kappa", "disparity"}


def accept_pandas(function: Callable[P, R], unit: str) -> Callable[P, R]:
    """Return a function that also takes pandas, and returns it if its first argument was pandas.

    Parameters
    ----------
    function : Callable
        Takes and returns ``xarray.DataArray``. Without an argument ``dim`` it gets pandas as it is.
    unit : str
        Of a result that has none.

    Returns
    -------
    Callable
        With the same signature.
    """
    signature = inspect.signature(function)
    first = next(iter(signature.parameters))

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        given, dim = bound.arguments[first], bound.arguments.get("dim")
        if "dim" in bound.arguments and not isinstance(dim, str):
            raise UsageError(f"found dim={dim!r}, expected the name of one dim")
        tables = _list_tables(bound.arguments) if "dim" in bound.arguments else []
        if first in tables:
            bound.arguments[first] = read_table(given, dim, first, absent=0.0 if first in VOLUMES else np.nan)
        for name in tables:
            if name != first:
                bound.arguments[name] = _read_beside(bound.arguments[name], bound.arguments[first], dim, name)
        found: Any = function(*bound.args, **bound.kwargs)
        if isinstance(found, xr.DataArray):
            found.attrs.setdefault("units", unit)
            found = found.rename(function.__name__)
        return _write_like(given, found, dim) if first in tables else found  # type: ignore[no-any-return]

    return call


def set_unit(found: R, unit: str) -> R:
    """Return a result with its own unit; xarray would leave it that of what it was computed from.

    Parameters
    ----------
    found : DataArray or anything else
        What has no attributes stays as it is.
    unit : str
        Of the result.

    Returns
    -------
    like found
        With ``attrs["units"]``.
    """
    return found.assign_attrs(units=unit) if isinstance(found, xr.DataArray) else found


def read_alike(value: Any, name: str, beside: xr.DataArray | None = None) -> Any:
    """Return a table as an array, on the dims of another if there is one; anything else as it is.

    Parameters
    ----------
    value : Series, DataFrame or anything else
        The argument of a metric that has no ``dim``.
    name : str
        Its name, for messages.
    beside : xarray.DataArray, optional
        What it stands beside.

    Returns
    -------
    DataArray or anything else
        For :func:`write_alike`.

    Raises
    ------
    UsageError
        As :func:`read_table`.
    """
    if not isinstance(value, pd.Series | pd.DataFrame):
        return value
    if isinstance(beside, xr.DataArray):
        return _read_beside(value, beside, str(beside.dims[-1]) if beside.ndim else _LABEL, name)
    return read_table(value, _LABEL, name)


def write_alike(given: Any, found: xr.DataArray) -> Any:
    """Return a result as a table with the index of an argument, if that is a table.

    Parameters
    ----------
    given : Series, DataFrame or anything else
        The argument that :func:`read_alike` read.
    found : xarray.DataArray
        With its dims.

    Returns
    -------
    like given
        In its order.
    """
    if not isinstance(given, pd.Series | pd.DataFrame):
        return found
    written = _write_like(given, found, _LABEL)
    return written.set_axis(given.index) if isinstance(given, pd.Series) else written


def _list_tables(arguments: Mapping[str, object]) -> list[str]:
    return [name for name, value in arguments.items() if isinstance(value, pd.Series | pd.DataFrame)]


def read_table(table: pd.Series | pd.DataFrame, dim: str | None, name: str, *, absent: float = np.nan) -> xr.DataArray:
    """Return a table as an array whose dims are the names of its index and columns.

    Parameters
    ----------
    table : pandas.Series or pandas.DataFrame
        An index without a name is ``dim`` in a Series and ``row`` in a DataFrame, whose columns are ``dim``.
    dim : str or None
        Of origins, routes …
    name : str
        Of the argument, for messages.
    absent : float
        Value of combinations of levels that have no row.

    Returns
    -------
    xarray.DataArray
        In order of appearance.

    Raises
    ------
    UsageError
        If levels have no name, or rows repeat or have no label.
    """
    series = _flatten(table, dim)
    names = list(series.index.names)
    if None in names or len(set(names)) < len(names):
        raise UsageError(f"{name} has index levels {names}; expected a different name for each, the dims")
    problems = _find_faults(series.index)
    if problems:
        raise UsageError(list_problems(f"rows of {name} cannot be told apart:", problems))
    axes = [series.index.get_level_values(level).unique() for level in names]
    if len(names) > 1:
        series = series.reindex(pd.MultiIndex.from_product(axes), fill_value=absent)
    return xr.DataArray(_values_of(series).reshape([len(axis) for axis in axes]), list(zip(names, axes, strict=True)))


def _flatten(table: pd.Series | pd.DataFrame, dim: str | None) -> pd.Series:
    """Return a Series whose index levels have the names of dims."""
    if isinstance(table, pd.Series):
        return table if table.index.nlevels > 1 else table.rename_axis(_name_of(table.index, dim))
    if table.columns.nlevels > 1:
        raise UsageError(f"found columns with levels {list(table.columns.names)}, expected one {dim} per column")
    rows = table.index.names if table.index.nlevels > 1 else [_name_of(table.index, ROW)]
    return table.rename_axis(index=rows, columns=_name_of(table.columns, dim)).stack()


def _name_of(index: pd.Index, otherwise: str | None) -> Hashable:
    return otherwise if index.name is None else index.name


def _find_faults(index: pd.Index) -> list[str]:
    twice = index[index.duplicated()].unique()
    faults = [f"{label!r} is there more than once; add such rows up first" for label in twice]
    frame = index.to_frame()
    return faults + [f"{level}: a label is missing" for level in index.names if frame[level].isna().any()]


def _values_of(series: pd.Series) -> np.ndarray:
    """Return values as NumPy knows them, so that types of pandas' own are checked like all others."""
    kind = series.dtype
    if isinstance(kind, np.dtype) or pd.api.types.is_bool_dtype(kind) or not pd.api.types.is_numeric_dtype(kind):
        return np.asarray(series.to_numpy())
    return np.asarray(series.to_numpy(dtype=float, na_value=np.nan))


def _read_beside(table: pd.Series | pd.DataFrame, volume: Any, dim: str | None, name: str) -> xr.DataArray:
    """Return a table that stands beside the first argument, on the dims of that."""
    if not isinstance(volume, xr.DataArray):
        return read_table(table, dim, name)
    if name in _MATRICES and isinstance(table, pd.DataFrame):
        return read_table(table.rename_axis(index=dim, columns=f"{dim}_"), dim, name)
    if isinstance(table, pd.Series) and table.index.nlevels == 1 and table.index.name not in volume.dims:
        table = table.rename_axis(_find_axis(table.index, volume, dim, name))
    return read_table(table, dim, name)


def _find_axis(labels: pd.Index, volume: xr.DataArray, dim: str | None, name: str) -> Hashable:
    """Return the dim of a volume whose labels an index holds."""
    ordered: Sequence[Hashable] = sorted(volume.dims, key=lambda each: each != dim)
    for axis in ordered:
        if axis in volume.indexes and volume.indexes[axis].isin(labels).all():
            return axis
    if labels.name is None and dim is not None:
        return dim
    raise UsageError(
        f"the index of {name} is named {labels.name!r}, which is none of the dims {list(volume.dims)}; "
        "name it after one of them"
    )


def _write_like(table: pd.Series | pd.DataFrame, found: xr.DataArray, dim: str | None) -> Any:
    """Return a result as a number, a Series by the rows of a table, or a table like it."""
    index = _flatten(table, dim).index
    kept = [name for name in index.names if name in found.dims]
    if len(kept) < found.ndim:
        raise UsageError(f"found dims {list(found.dims)}, expected some of {list(index.names)}; use arrays of xarray")
    if not kept:
        return found.item()
    dropped = [name for name in index.names if name not in kept]
    rows = index.droplevel(dropped).unique() if dropped else index
    values = found.transpose(*kept).to_series().reindex(rows)
    if isinstance(table, pd.DataFrame) and not dropped:
        return pd.DataFrame(values.to_numpy().reshape(table.shape), index=table.index, columns=table.columns)
    if isinstance(table, pd.DataFrame) and dropped == [dim]:
        return values.set_axis(table.index)
    return values
