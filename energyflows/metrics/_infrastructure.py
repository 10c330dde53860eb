"""What infrastructure could carry on the coldest day, and how many ways it leads in."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from energyflows.errors import UsageError, list_problems, require
from energyflows.metrics._arguments import line_up
from energyflows.metrics._pandas import set_unit
from energyflows.metrics._registry import metric

#: Kinds of entry points: of one border all points count as one, as do all of one exporter outside; terminals are
#: counted one by one.
BORDER, IMPORT, LNG = "border", "import", "lng"
_POINTS = 1e4
_SHOWN = 40


@metric(
    symbol="N−1",
    unit="1",
    bounds=(None, None),
    higher_is="secure",
    group="infrastructure",
    references=("regulation2017",),
    formula="(EP + P + S + LNG − I) / (Dmax − Deff)",
)
def n_minus_1(  # noqa: PLR0917 - the terms of the regulation, in its order
    entry: Any, production: Any, storage: Any, lng: Any, largest: Any, demand: Any, demand_side: Any = 0.0
) -> Any:
    r"""Return how much of peak demand can be met when the largest installation fails.

    Parameters
    ----------
    entry : float, numpy.ndarray, xarray.DataArray or pandas.Series, [GWh/d]
        Technical capacity of entry points at borders, without those of the other terms.
    production : like entry, [GWh/d]
        Greatest daily production.
    storage : like entry, [GWh/d]
        Greatest daily withdrawal.
    lng : like entry, [GWh/d]
        Greatest daily send-out of terminals.
    largest : like entry, [GWh/d]
        Technical capacity of the largest single installation, which is a part of the terms above.
    demand : like entry, [GWh/d]
        Of a day as cold as comes once in twenty years; never a monthly mean.
    demand_side : like entry, [GWh/d]
        Demand that measures of the market can take away on that day.

    Returns
    -------
    like entry, [1]
        1 stands for the 100 % the regulation asks for; NaN where no demand is left or a term is NaN.

    Raises
    ------
    UsageError
        If terms are negative, infinite or no numbers, or their labels are not the same.

    Notes
    -----
    .. math:: N-1 = \frac{EP_m + P_m + S_m + LNG_m - I_m}{D_{max} - D_{eff}}

    Any unit of energy or volume per day serves, if it is the same for all terms. Undefined without demand.

    References
    ----------
    Regulation (EU) 2017/1938 concerning measures to safeguard the security of gas supply, Annex II, points 2 and 4.

    Examples
    --------
    >>> n_minus_1(entry=60, production=10, storage=30, lng=20, largest=40, demand=100)
    0.8
    >>> n_minus_1(60, 10, 30, 20, 40, demand=100, demand_side=20)
    1.0
    """
    terms = {"entry": entry, "production": production, "storage": storage, "lng": lng, "largest": largest}
    _refuse_terms({**terms, "demand": demand, "demand_side": demand_side})
    left = demand - demand_side
    supply = entry + production + storage + lng - largest
    if np.ndim(left) == 0 and not isinstance(left, xr.DataArray):
        return supply / left if left > 0 else supply * np.nan
    needed = left.where(left > 0) if hasattr(left, "where") else np.where(left > 0, left, np.nan)
    return set_unit(supply / needed, "1")


def _refuse_terms(terms: dict[str, Any]) -> None:
    problems = [told for name, value in terms.items() if (told := _find_fault(name, value))]
    problems += [] if problems else _find_misfits(terms)
    if problems:
        raise UsageError(list_problems("these terms cannot be used:", problems))


def _find_fault(name: str, value: Any) -> str:
    known = isinstance(value, numbers.Real | np.ndarray | xr.DataArray | pd.Series | pd.DataFrame)
    if not known or np.asarray(value).dtype.kind not in "iuf":
        return f"{name}: found {type(value).__name__} {str(value)[:_SHOWN]!r}, expected numbers"
    lowest = np.nanmin(np.append(np.asarray(value, dtype=float), np.inf))
    if lowest < 0:
        return f"{name}: found {lowest:g}, expected GWh/d of at least 0"
    return f"{name}: found inf, expected a finite number" if np.isinf(np.asarray(value, dtype=float)).any() else ""


def _find_misfits(terms: dict[str, Any]) -> list[str]:
    """Return which labels or lengths differ: arithmetic would drop labels in silence."""
    axes = {name: _list_axes(value) for name, value in terms.items()}
    whole: dict[Any, pd.Index] = {}
    for each in axes.values():
        for dim, labels in each.items():
            whole[dim] = whole[dim].union(labels, sort=False) if dim in whole else labels
    problems = [
        f"{name}: no {dim} {label}"
        for name, each in axes.items()
        for dim, labels in each.items()
        for label in whole[dim].difference(labels, sort=False)
    ]
    shapes = {name: np.shape(value) for name, value in terms.items() if not _list_axes(value)}
    try:
        np.broadcast_shapes(*shapes.values())
    except ValueError:
        problems += [f"{name}: found shape {shape}" for name, shape in shapes.items() if shape]
    return problems


def _list_axes(value: Any) -> dict[Any, pd.Index]:
    if isinstance(value, xr.DataArray):
        return {dim: value.indexes.get(dim, pd.RangeIndex(size)) for dim, size in value.sizes.items()}
    if isinstance(value, pd.Series | pd.DataFrame):
        return dict(zip(("index", "columns"), value.axes, strict=False))
    return {}


@metric(
    symbol="IRD",
    unit="1",
    bounds=(0, _POINTS),
    higher_is="concentrated",
    group="infrastructure",
    references=("entsog2017",),
    formula="10⁴ [Σ_borders (Σ s)² + Σ_exporters (Σ s)² + Σ_terminals s²]",
)
def import_route_diversification(
    capacity: xr.DataArray, *, border: xr.DataArray, kind: xr.DataArray, dim: str = "point"
) -> xr.DataArray:
    r"""Return how concentrated the ways into a zone are.

    Parameters
    ----------
    capacity : xarray.DataArray, [GWh/d]
        Technical capacity of each entry point, with dim ``dim``; any unit.
    border : xarray.DataArray, [name]
        By ``dim``: the neighbouring zone or the exporter a point leads from; of no account for terminals.
    kind : xarray.DataArray, [name]
        By ``dim``: ``border`` (from a neighbouring zone), ``import`` (straight from an exporter) or ``lng``. Points of
        one border, and of one exporter, are added up; every terminal counts for itself.
    dim : str
        Of the entry points.

    Returns
    -------
    xarray.DataArray, [1]
        Between 0 and 10,000: 10,000 for one way in, 5,000 for two equal ones; NaN without any capacity, or where one
        is NaN.

    Raises
    ------
    UsageError
        Naming unknown kinds and points with a negative or infinite capacity, or without a border or kind.

    Notes
    -----
    .. math:: IRD = 10^4 \Big[\sum_b \big(\sum_{k \in b} s_k\big)^2 + \sum_j \big(\sum_{i \in j} s_i\big)^2
        + \sum_m s_m^2\Big]

    with borders :math:`b`, exporters :math:`j`, terminals :math:`m` and :math:`s` the share of the zone's total entry
    capacity. It looks at pipes alone, not at whether there is gas in them. Undefined without any capacity.

    References
    ----------
    ENTSOG (2017), Ten-Year Network Development Plan, Annex F: Methodology, § 4.1.1.

    Examples
    --------
    >>> import xarray as xr
    >>> capacity, border, kind = (
    ...     xr.DataArray(values, dims="point")
    ...     for values in ([20.0, 30.0, 50.0], ["DE", "DE", "Gate"], ["border", "border", "lng"])
    ... )
    >>> float(import_route_diversification(capacity, border=border, kind=kind))
    5000.0
    """
    _refuse_points(capacity, border, kind, dim)
    kinds, borders = (
        line_up(each, capacity, name, "the entry points").to_numpy().astype(str)
        for name, each in (("kind", kind), ("border", border))
    )
    ways = [(k, str(point) if k == LNG else b) for point, (k, b) in enumerate(zip(kinds, borders, strict=True))]
    codes, names = pd.factorize(np.array([f"{k}|{way}" for k, way in ways], dtype=object))
    member = xr.DataArray(np.equal.outer(codes, np.arange(len(names))).astype(float), dims=(dim, "_way"))
    total = capacity.sum(dim, skipna=False)
    joined = capacity.drop_vars(dim, errors="ignore").dot(member, dim=dim)
    return (_POINTS * (joined**2).sum("_way", skipna=False) / total.where(total > 0) ** 2).assign_attrs(units="1")


def _refuse_points(capacity: xr.DataArray, border: xr.DataArray, kind: xr.DataArray, dim: str) -> None:
    require(capacity, "dims sizes", "an xarray.DataArray of capacities")
    for name, each in (("kind", kind), ("border", border)):
        require(each, "dims sizes", f"an xarray.DataArray: the {name} of each entry point")
        if not capacity.sizes.get(dim) or dict(each.sizes) != {dim: capacity.sizes[dim]}:
            found = f"{dict(capacity.sizes)} and {dict(each.sizes)}"
            raise UsageError(f"found dims {found}, expected a {name} for each {dim!r}")
    if capacity.dtype.kind not in "iuf":
        raise UsageError(f"capacity holds values of type {capacity.dtype}, expected numbers")
    strange = sorted({str(each) for each in kind.to_numpy()} - {BORDER, IMPORT, LNG})
    problems = [f"kind: found {each!r}, expected {BORDER}, {IMPORT} or {LNG}" for each in strange]
    wrong = ((capacity < 0) | np.isinf(capacity)).any([name for name in capacity.dims if name != dim]).to_numpy()
    names = capacity[dim].to_numpy()
    problems += [f"{dim} {name}: found a capacity that is negative or infinite" for name in names[wrong]]
    if problems:
        raise UsageError(list_problems("these entry points cannot be used:", problems))
