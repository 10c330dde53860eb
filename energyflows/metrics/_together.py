"""Many metrics of one volume."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import pandas as pd
import xarray as xr

from energyflows.errors import UsageError, list_problems, suggest
from energyflows.metrics._pandas import VOLUMES, Labelled, read_table
from energyflows.metrics._registry import METRICS, Metric


def compute_all(volume: Labelled, *, dim: str = "origin", **arguments: Any) -> xr.Dataset:
    """Return every metric of a volume for which the arguments suffice.

    Parameters
    ----------
    volume : xarray.DataArray or pandas.Series or pandas.DataFrame, [any unit of energy]
        Not negative, with dim ``dim``.
    dim : str
        What shares are of: origin, route, owner, seller …
    **arguments
        More arguments by name, needed or not: ``risk=…`` adds :func:`risk_weighted_hhi`; ``net_imports=…`` and
        ``consumption=…`` add :func:`import_dependence`; ``order=1`` goes to :func:`effective_suppliers`.

    Returns
    -------
    xarray.Dataset
        A variable by metric, each with its unit.

    Raises
    ------
    UsageError
        If a volume cannot be used, or no metric of volumes has such an argument.

    Examples
    --------
    >>> found = compute_all(pd.Series({"AZ": 10.0, "NO": 30.0}), risk=pd.Series({"AZ": 0.4, "NO": 0.0}))
    >>> float(found["hhi"]), float(found["risk_weighted_hhi"])
    (0.625, 0.025)
    """
    given = {key: _read(value, dim, key) for key, value in {"volume": volume, **arguments}.items()}
    known = {key for each in METRICS.values() if _is_of_volumes(each) for key in _list_parameters(each)}
    unknown = [f"{key}{suggest(key, known)}" for key in arguments if key not in known]
    if unknown:
        raise UsageError(list_problems("no metric of volumes has these arguments:", unknown))
    return xr.Dataset({each.name: _compute(each, given, dim) for each in METRICS.values() if _suffices(each, given)})


def _list_parameters(each: Metric) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(each.function).parameters


def _is_of_volumes(each: Metric) -> bool:
    return next(iter(_list_parameters(each))) in VOLUMES


def _suffices(each: Metric, given: dict[str, Any]) -> bool:
    needed = {key for key, parameter in _list_parameters(each).items() if parameter.default is parameter.empty}
    return needed <= set(given) and _is_of_volumes(each)


def _read(value: Any, dim: str, name: str) -> Any:
    """Return volumes as arrays: metrics answer in the kind of their first argument."""
    if name not in VOLUMES or not isinstance(value, pd.Series | pd.DataFrame):
        return value
    return read_table(value, dim, name, absent=0.0)


def _compute(each: Metric, given: dict[str, Any], dim: str) -> xr.DataArray:
    chosen = {key: given[key] for key in _list_parameters(each) if key in given}
    found: xr.DataArray = each.function(**chosen, dim=dim)
    return found
