"""What is left without one supplier, and how many could supply at all."""

from __future__ import annotations

import numpy as np
import xarray as xr

from energyflows.errors import UnknownNameError, UsageError, list_problems, require, suggest
from energyflows.metrics._arguments import is_number, line_up, take_numbers
from energyflows.metrics._pandas import read_alike, write_alike
from energyflows.metrics._registry import metric


@metric(
    symbol="RS",
    unit="1",
    bounds=(0, None),
    higher_is="secure",
    group="infrastructure",
    references=("sheffrin2002",),
    formula="Σ_{i ≠ S} capacity_i / demand",
)
def residual_supply(
    capacity: xr.DataArray, demand: xr.DataArray | float, *, without: str, dim: str = "origin"
) -> xr.DataArray:
    r"""Return what all suppliers but one could bring, as a share of demand.

    Parameters
    ----------
    capacity : xarray.DataArray, [GWh]
        What each supplier could bring, with dim ``dim``; any unit, the same as demand.
    demand : xarray.DataArray or float, [GWh]
        Without ``dim``.
    without : str
        The supplier left out.
    dim : str
        Of the suppliers.

    Returns
    -------
    xarray.DataArray, [1]
        Below 1 demand cannot be met without the supplier; NaN without demand.

    Raises
    ------
    UnknownNameError
        If there is no such supplier.
    UsageError
        If a capacity or demand is negative, infinite or no number, or demand lacks a label of the capacities or has
        ``dim``.

    Notes
    -----
    .. math:: RS_S = \frac{\sum_{i \ne S} C_i}{D}

    Undefined without demand. Capacities that share a pipe must not be added up: use :func:`residual_supply_table` on a
    network.

    References
    ----------
    Sheffrin (2002), Predicting market power using the residual supply index, California ISO.

    Examples
    --------
    >>> import xarray as xr
    >>> capacity = xr.DataArray([60.0, 30.0, 40.0], coords={"origin": ["RU", "NO", "AZ"]})
    >>> float(residual_supply(capacity, xr.DataArray(100.0), without="RU"))
    0.7
    """
    _require_dim(capacity, dim)
    if without not in capacity[dim].to_numpy():
        known = [str(name) for name in capacity[dim].to_numpy()]
        raise UnknownNameError(f"without: {without!r} is none of {', '.join(known)}{suggest(str(without), known)}")
    most, wanted = _take_volumes(dim, capacity=capacity, demand=demand)
    others = most.drop_sel({dim: without}).sum(dim, skipna=False)
    return (others / wanted).assign_attrs(units="1")


@metric(
    symbol="pivotal",
    unit="1",
    bounds=(0, 1),
    higher_is="dependent",
    group="infrastructure",
    references=("sheffrin2002",),
    formula="1 if residual supply < 1 − tolerance (1e-3)",
)
def pivotal(residual: xr.DataArray, *, tolerance: float = 1e-3) -> xr.DataArray:
    r"""Return whether demand cannot be met without a supplier.

    Parameters
    ----------
    residual : xarray.DataArray, [1]
        From :func:`residual_supply` or :func:`residual_supply_table`; or one minus the
        :func:`supply_dependence`, or minus the share of demand unserved without the supplier.
    tolerance : float
        Share of demand that does not count.

    Returns
    -------
    xarray.DataArray, [1]
        1 where the supplier is pivotal, else 0; NaN where the residual is.

    Raises
    ------
    UsageError
        If ``tolerance`` is not between 0 and 1, or a residual is infinite or no number.

    Notes
    -----
    .. math:: [RS_S < 1 - \varepsilon]

    with the tolerance :math:`\varepsilon`, a thousandth unless given otherwise. Undefined where the residual supply is.

    References
    ----------
    Sheffrin (2002), Predicting market power using the residual supply index, California ISO.

    Examples
    --------
    >>> import xarray as xr
    >>> pivotal(xr.DataArray([0.7, 0.9999, 1.3], dims="bus")).to_numpy().tolist()
    [1.0, 0.0, 0.0]
    """
    require(residual, "shape where", "an xarray.DataArray or pandas.Series")
    if not is_number(tolerance, most=1):
        raise UsageError(f"tolerance: found {tolerance!r}, expected a share of demand from 0 to 1")
    left = take_numbers(read_alike(residual, "residual"), "residual")
    found = (left < 1 - tolerance).astype(float).where(left.notnull())
    return write_alike(residual, found)  # type: ignore[no-any-return]


@metric(
    symbol="SA",
    unit="1",
    bounds=(0, None),
    higher_is="diverse",
    group="infrastructure",
    references=("entsog2017",),
    formula="number of origins with reach ≥ least × demand",
)
def source_access(
    reach: xr.DataArray, demand: xr.DataArray | float, *, least: float = 0.05, dim: str = "origin"
) -> xr.DataArray:
    r"""Return from how many origins a zone could get a share of its demand that matters.

    Parameters
    ----------
    reach : xarray.DataArray, [GWh]
        What each origin alone could bring, with dim ``dim``, as :func:`reach_by_origin` finds.
    demand : xarray.DataArray or float, [GWh]
        Without ``dim``.
    least : float
        Share of demand that matters; 0.05 and 0.2 are usual.
    dim : str
        Of the origins.

    Returns
    -------
    xarray.DataArray, [1]
        A whole number; NaN without demand or where a reach is NaN.

    Raises
    ------
    UsageError
        If ``least`` is not between 0 and 1, a volume is negative, infinite or no number, or demand lacks a label of
        ``reach`` or has ``dim``.

    Notes
    -----
    .. math:: SA = \#\{i : R_i \ge \lambda D\}

    Undefined without demand. Reach is what pipes and supply allow, not what is contracted.

    References
    ----------
    ENTSOG (2017), Ten-Year Network Development Plan, Annex F: Methodology.

    Examples
    --------
    >>> import xarray as xr
    >>> reach = xr.DataArray([30.0, 10.0, 2.0], coords={"origin": ["NO", "AZ", "LY"]})
    >>> [float(source_access(reach, xr.DataArray(100.0), least=least)) for least in (0.05, 0.2)]
    [2.0, 1.0]
    """
    _require_dim(reach, dim)
    if not is_number(least, most=1) or not least:
        raise UsageError(f"least: found {least!r}, expected a share above 0 and at most 1")
    brought, needed = _take_volumes(dim, reach=reach, demand=demand)
    wanted = least * needed
    # A sum is unknown where any of its terms is.
    unknown = np.isnan(brought.sum(dim, skipna=False) + wanted)
    return (brought >= wanted).sum(dim).where(~unknown).assign_attrs(units="1")


def _require_dim(array: xr.DataArray, dim: str) -> None:
    require(array, "dims sizes", "an xarray.DataArray")
    if not array.sizes.get(dim) or dim not in array.coords:
        raise UsageError(f"found dims {dict(array.sizes)}, expected an array with names along {dim!r}")


def _take_volumes(dim: str, **arrays: xr.DataArray | float) -> tuple[xr.DataArray, xr.DataArray]:
    """Return what suppliers can bring and demand lined up with it, missing where there is none."""
    taken = {name: take_numbers(value, name) for name, value in arrays.items()}
    problems = [f"{name}: found negative values" for name, array in taken.items() if bool((array < 0).any())]
    (name, volume), (_, demand) = taken.items()
    problems += [f"demand: found dim {dim!r}, expected demand without it"] if dim in demand.dims else []
    if problems:
        raise UsageError(list_problems("these volumes cannot be used:", problems))
    lined = line_up(demand, volume, "demand", name)
    return volume, lined.where(lined > 0)
