"""How often, how much and how long demand is not met, over the draws of an ensemble."""

from __future__ import annotations

import xarray as xr

from energyflows.errors import ResultsError, require
from energyflows.metrics._arguments import require_rate, take_amount
from energyflows.metrics._registry import metric

#: GWh/d below which a rate is the solver's rounding.
LEAST_RATE = 1e-3


@metric(
    symbol="EUE",
    unit="GWh",
    bounds=(0, None),
    higher_is="at risk",
    group="adequacy",
    references=("billinton1996",),
    formula="EUE = Σ U_d / N, N draws",
)
def expected_unserved_energy(unserved: xr.DataArray, dim: str = "draw") -> xr.DataArray:
    r"""Return the mean of unserved energy over draws.

    Parameters
    ----------
    unserved : xarray.DataArray, [GWh]
        Unserved energy with dim ``dim``, as ``unserved_sum`` of an ensemble.
    dim : str
        Of the draws, which are equally likely.

    Returns
    -------
    xarray.DataArray, [GWh]
        Without ``dim``, in the unit of ``unserved`` if it has one; NaN if any draw is.

    Raises
    ------
    ResultsError
        If there are no draws.
    UsageError
        If energy is negative by more than a solver's rounding, infinite or no number.

    Notes
    -----
    .. math:: \mathrm{EUE} = \frac{1}{N} \sum_{d=1}^{N} U_d

    Also called expected energy not served (EENS). Undefined (NaN) if a draw has no solution, because that must not be
    averaged away.

    References
    ----------
    Billinton & Allan (1996), Reliability Evaluation of Power Systems, 2nd ed., Plenum.

    Examples
    --------
    >>> float(expected_unserved_energy(xr.DataArray([0.0, 0.0, 0.0, 8.0], dims="draw")))
    2.0
    """
    _require(unserved, dim)
    energy = take_amount(unserved, "unserved", slack=LEAST_RATE)
    return energy.mean(dim, skipna=False).assign_attrs(unserved.attrs)


@metric(
    symbol="LOLP",
    unit="1",
    bounds=(0, 1),
    higher_is="at risk",
    group="adequacy",
    references=("billinton1996",),
    formula="LOLP = share of draws with max_t u(d, t) > least",
)
def loss_of_load_probability(unserved: xr.DataArray, dim: str = "draw", *, least: float = LEAST_RATE) -> xr.DataArray:
    r"""Return the share of draws in which demand is not met at some time.

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

    Raises
    ------
    ResultsError
        If there are no draws.
    UsageError
        If a rate is negative by more than a solver's rounding, infinite or no number, or ``least`` is no finite number
        of at least 0.

    Notes
    -----
    .. math:: \mathrm{LOLP} = \frac{1}{N} \sum_{d=1}^{N} \Bigl[\max_t u_{dt} > \varepsilon\Bigr]

    The chance that some demand is not met at some time of the whole horizon, not that it is not met on a day.
    Undefined (NaN) if a draw has no solution.

    References
    ----------
    Billinton & Allan (1996), Reliability Evaluation of Power Systems, 2nd ed., Plenum.

    Examples
    --------
    >>> float(loss_of_load_probability(xr.DataArray([0.0, 0.0, 0.0, 8.0], dims="draw")))
    0.25
    """
    _require(unserved, dim)
    require_rate(least, "least")
    rate = take_amount(unserved, "unserved", slack=LEAST_RATE)
    found = (rate > least).where(rate.notnull()).mean(dim, skipna=False)
    return found.assign_attrs(units="1")


@metric(
    symbol="S(t)",
    unit="1",
    bounds=(0, 1),
    higher_is="secure",
    group="adequacy",
    references=("kaplan1958",),
    formula="S(t) = share of draws with u(d, s) ≤ least for all s ≤ t",
)
def survival(
    unserved: xr.DataArray, dim: str = "draw", time: str = "snapshot", *, least: float = LEAST_RATE
) -> xr.DataArray:
    r"""Return the share of draws in which all demand has been met until the end of each period.

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
        Without ``dim``; never rises along ``time``; NaN from the first period on in which a draw is NaN.

    Raises
    ------
    ResultsError
        If there are no draws or periods.
    UsageError
        As in :func:`loss_of_load_probability`.

    Notes
    -----
    .. math:: S(t) = \frac{1}{N} \sum_{d=1}^{N} \prod_{s \le t} \bigl[u_{ds} \le \varepsilon\bigr]

    Kaplan and Meier's estimate where no draw ends early. At the end of the horizon it is one minus the
    :func:`loss_of_load_probability`. Undefined (NaN) from the first period on in which a draw is NaN: whether that
    draw met all demand is not known any more, then or later.

    References
    ----------
    Kaplan & Meier (1958), Nonparametric estimation from incomplete observations, Journal of the American Statistical
    Association 53, 457–481.

    Examples
    --------
    >>> unserved = xr.DataArray([[0.0, 0.0, 0.0], [0.0, 5.0, 0.0]], dims=("draw", "snapshot"))
    >>> survival(unserved).to_numpy().tolist()
    [1.0, 0.5, 0.5]
    """
    _require(unserved, dim)
    _require(unserved, time)
    require_rate(least, "least")
    rate = take_amount(unserved, "unserved", slack=LEAST_RATE)
    failed = (rate > least).cumsum(time) > 0
    unknown = rate.isnull().any(dim).cumsum(time) > 0
    return (~failed).mean(dim).where(~unknown).assign_attrs(units="1")


def _require(array: xr.DataArray, dim: str) -> None:
    require(array, "dims sizes", "an xarray.DataArray")
    if not array.sizes.get(dim):
        raise ResultsError(f"found dims {dict(array.sizes)}, expected an array with at least one {dim!r}")
