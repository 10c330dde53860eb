"""How often, how much and how long demand is not met, over the draws of an ensemble."""

from __future__ import annotations

import xarray as xr

from energyflows.errors import ResultsError, require

#: GWh/d below which a rate is the solver's rounding.
LEAST_RATE = 1e-3


def expected_unserved_energy(unserved: xr.DataArray, dim: str = "draw") -> xr.DataArray:
    """Return the mean of unserved energy over draws.

    Parameters
    ----------
    unserved : xarray.DataArray, [GWh]
        Unserved energy with dim ``dim``, as ``unserved_sum`` of an ensemble.
    dim : str
        Of the draws, which are equally likely.

    Returns
    -------
    xarray.DataArray, [GWh]
        Without ``dim``; NaN if any draw is, because a draw without solution must not be averaged away.

    References
    ----------
    Billinton & Allan (1996), Reliability Evaluation of Power Systems, Plenum; ENTSOG (2022), TYNDP Annex D.

    Examples
    --------
    >>> float(expected_unserved_energy(xr.DataArray([0.0, 0.0, 0.0, 8.0], dims="draw")))
    2.0
    """
    _require(unserved, dim)
    return unserved.mean(dim, skipna=False, keep_attrs=True)


def loss_of_load_probability(unserved: xr.DataArray, dim: str = "draw", *, least: float = LEAST_RATE) -> xr.DataArray:
    """Return the share of draws in which demand is not met at some time.

    Parameters
    ----------
    unserved : xarray.DataArray, [GWh/d]
        Greatest rate of unserved energy with dim ``dim``, as ``unserved_max`` of an ensemble.
    dim : str
        Of the draws, which are equally likely.
    least : float
        GWh/d that count.

    Returns
    -------
    xarray.DataArray, [1]
        Without ``dim``, between 0 and 1; NaN if any draw is.

    References
    ----------
    Billinton & Allan (1996), Reliability Evaluation of Power Systems, Plenum.

    Examples
    --------
    >>> float(loss_of_load_probability(xr.DataArray([0.0, 0.0, 0.0, 8.0], dims="draw")))
    0.25
    """
    _require(unserved, dim)
    found = (unserved > least).where(unserved.notnull()).mean(dim, skipna=False)
    return found.assign_attrs(units="1")


def survival(
    unserved: xr.DataArray, dim: str = "draw", time: str = "snapshot", *, least: float = LEAST_RATE
) -> xr.DataArray:
    """Return the share of draws in which all demand has been met until the end of each period.

    Parameters
    ----------
    unserved : xarray.DataArray, [GWh/d]
        Rate of unserved energy with dims ``dim`` and ``time``, as ``unserved`` of an ensemble.
    dim : str
        Of the draws, which are equally likely.
    time : str
        Of the periods, in order.
    least : float
        GWh/d that count.

    Returns
    -------
    xarray.DataArray, [1]
        Without ``dim``; never rises along ``time``; NaN where a draw is.

    References
    ----------
    Kaplan & Meier (1958), Nonparametric estimation from incomplete observations, JASA 53, 457–481; without censoring.

    Examples
    --------
    >>> unserved = xr.DataArray([[0.0, 0.0, 0.0], [0.0, 5.0, 0.0]], dims=("draw", "snapshot"))
    >>> survival(unserved).to_numpy().tolist()
    [1.0, 0.5, 0.5]
    """
    _require(unserved, dim)
    _require(unserved, time)
    failed = (unserved > least).where(unserved.notnull()).cumsum(time, skipna=False) > 0
    known = unserved.notnull().all(dim)
    return (~failed).mean(dim).where(known).assign_attrs(units="1")


def _require(array: xr.DataArray, dim: str) -> None:
    require(array, "dims sizes", "an xarray.DataArray")
    if not array.sizes.get(dim):
        raise ResultsError(f"found dims {dict(array.sizes)}, expected an array with at least one {dim!r}")
