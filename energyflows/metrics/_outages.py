"""How long demand is met after an outage, how long it is not, and which outages are worst."""

from __future__ import annotations

import numpy as np
import xarray as xr

from energyflows.errors import ResultsError, UnknownNameError, UsageError, require
from energyflows.metrics._adequacy import LEAST_RATE
from energyflows.metrics._arguments import line_up, require_rate, take_amount, take_numbers
from energyflows.metrics._registry import metric


@metric(
    symbol="T_s",
    unit="d",
    bounds=(0, None),
    higher_is="secure",
    group="adequacy",
    references=("simchilevi2015",),
    formula="T_s = days before the first period with u(t) > least",
)
def survival_time(
    unserved: xr.DataArray, weight_days: xr.DataArray, *, dim: str = "snapshot", least: float = LEAST_RATE
) -> xr.DataArray:
    r"""Return how many days pass until demand is first not met.

    Parameters
    ----------
    unserved : xarray.DataArray, [GWh/d]
        Rate of unserved energy with dim ``dim``, from the period on in which the outage begins; cut it there first:
        ``ds["unserved"].sel(snapshot=slice("2025-11", None))``.
    weight_days : xarray.DataArray, [d]
        Length of each period.
    dim : str
        Of the periods, in order.
    least : float
        GWh/d that count.

    Returns
    -------
    xarray.DataArray, [d]
        Without ``dim``; infinite where demand is met to the end, NaN where a rate is.

    Raises
    ------
    UsageError
        If lengths are not those of the periods, or not positive; if a rate is negative by more than a solver's
        rounding, infinite or no number; if ``least`` is no finite number of at least 0.

    Notes
    -----
    .. math:: T_s = \min \Bigl\{ \sum_{s < t} w_s : u_t > \varepsilon \Bigr\}

    with :math:`w` the days of each period. It is a whole number of periods, because nothing is known of the days within
    one: with months, 31 says that the second month is the first with a loss. All is foreseen in a solution, so stores
    are used as if the outage and its end were known, and losses may come sooner or later than without foresight.
    Undefined (NaN) if a rate is NaN.

    References
    ----------
    Simchi-Levi et al. (2015), Identifying risks and mitigating disruptions in the automotive supply chain, Interfaces
    45, 375–390, for the time to survive.

    Examples
    --------
    >>> import xarray as xr
    >>> unserved = xr.DataArray([[0.0, 5.0, 0.0], [0.0, 0.0, 0.0]], dims=("draw", "snapshot"))
    >>> survival_time(unserved, xr.DataArray([31.0, 28.0, 31.0], dims="snapshot")).to_numpy().tolist()
    [31.0, inf]
    """
    rate, days = _take_rates(unserved, weight_days, dim, least)
    passed = days.cumsum(dim) - days
    first = passed.where(rate > least, np.inf).min(dim)
    return _known(first, rate, dim)


@metric(
    symbol="T_r",
    unit="d",
    bounds=(0, None),
    higher_is="at risk",
    group="adequacy",
    references=("poulin2021",),
    formula="T_r = days from the first to the last period with u(t) > least",
)
def recovery_time(
    unserved: xr.DataArray, weight_days: xr.DataArray, *, dim: str = "snapshot", least: float = LEAST_RATE
) -> xr.DataArray:
    r"""Return how many days pass from the first loss until demand is met for good.

    Parameters
    ----------
    unserved, weight_days, dim, least
        As in :func:`survival_time`.

    Returns
    -------
    xarray.DataArray, [d]
        Without ``dim``; 0 where demand is always met, infinite where it is not met in the last period, NaN where a
        rate is.

    Raises
    ------
    UsageError
        As in :func:`survival_time`.

    Notes
    -----
    .. math:: T_r = \sum_{t = t_1}^{t_2} w_t, \quad t_1 = \min \{t : u_t > \varepsilon\}, \;
        t_2 = \max \{t : u_t > \varepsilon\}

    with :math:`w` the days of each period. Periods between two losses count, so it is not the number of days with a
    loss. It is the time until consumers are served again, not until what failed is repaired. Undefined (NaN) if a rate
    is NaN.

    References
    ----------
    Poulin & Kane (2021), Infrastructure resilience curves: performance measures and summary metrics, Reliability
    Engineering & System Safety 216, 107926, for durations as metrics of resilience.

    Examples
    --------
    >>> import xarray as xr
    >>> unserved = xr.DataArray([[5.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 2.0]], dims=("draw", "snapshot"))
    >>> recovery_time(unserved, xr.DataArray([30.0, 30.0, 31.0, 31.0], dims="snapshot")).to_numpy().tolist()
    [91.0, inf]
    """
    rate, days = _take_rates(unserved, weight_days, dim, least)
    failed = rate > least
    ends = days.cumsum(dim)
    last = ends.where(failed, -np.inf).max(dim)
    spell = last - (ends - days).where(failed, np.inf).min(dim)
    lasting = spell.where(~failed.isel({dim: -1}, drop=True), np.inf)
    return _known(lasting.where(failed.any(dim), 0.0), rate, dim)


def worst_outages(
    unserved: xr.DataArray, k: int = 5, *, dim: str = "draw", reference: str | None = "reference"
) -> xr.DataArray:
    """Return the outages after which most demand is not met.

    Parameters
    ----------
    unserved : xarray.DataArray, [GWh]
        Unserved energy by ``dim`` alone: ``sweep["unserved_sum"].sum("bus")``.
    k : int
        How many.
    dim : str
        Of the outages, by name.
    reference : str, optional
        The draw without outage, whose unserved energy is taken off; None takes off nothing.

    Returns
    -------
    xarray.DataArray, [GWh]
        The k largest, falling; ties in the order given.

    Raises
    ------
    UsageError
        If ``k`` is not a number of outages, there are other dims, or energy is infinite or no number.
    UnknownNameError
        If there is no such reference.
    ResultsError
        If a draw has no solution, since it might be the worst.

    Examples
    --------
    >>> import xarray as xr
    >>> lost = xr.DataArray([1.0, 4.0, 9.0], coords={"draw": ["reference", "TAP", "TANAP"]})
    >>> worst_outages(lost, 1).to_series().to_dict()
    {'TANAP': 8.0}
    """
    require(unserved, "dims sizes coords", "an xarray.DataArray")
    if unserved.dims != (dim,) or dim not in unserved.coords:
        raise UsageError(f"found dims {dict(unserved.sizes)}, expected names along {dim!r} alone; sum the others first")
    if isinstance(k, bool) or not hasattr(k, "__index__") or k < 1:
        raise UsageError(f"k: found {k!r}, expected a number of outages of at least 1")
    unknown = unserved[dim].to_numpy()[np.isnan(take_numbers(unserved, "unserved").to_numpy())]
    if len(unknown):
        raise ResultsError(f"no solution for {', '.join(map(str, unknown[:5]))}, any of which might be the worst")
    extra = unserved
    if reference is not None:
        if reference not in unserved[dim].to_numpy():
            raise UnknownNameError(f"reference: no {dim} {reference!r}; expected one of them, or None")
        extra = unserved.drop_sel({dim: reference}) - unserved.sel({dim: reference}, drop=True)
    order = np.argsort(-extra.to_numpy(), kind="stable")[: int(k)]
    return extra.isel({dim: order}).assign_attrs(units="GWh")


def _take_rates(
    unserved: xr.DataArray, weight_days: xr.DataArray, dim: str, least: float
) -> tuple[xr.DataArray, xr.DataArray]:
    """Return rates and the days of their periods, lined up."""
    require(unserved, "dims sizes", "an xarray.DataArray")
    require(weight_days, "dims sizes", "an xarray.DataArray of days")
    if not unserved.sizes.get(dim) or dict(weight_days.sizes) != {dim: unserved.sizes[dim]}:
        found = f"{dict(unserved.sizes)} and {dict(weight_days.sizes)}"
        raise UsageError(f"found dims {found}, expected a number of days for each {dim!r}, of which at least one")
    require_rate(least, "least")
    days = line_up(take_numbers(weight_days, "weight_days"), unserved, "weight_days", "the periods")
    if not bool((days > 0).all()):
        raise UsageError("weight_days: found a length that is not positive")
    return take_amount(unserved, "unserved", slack=LEAST_RATE), days


def _known(found: xr.DataArray, unserved: xr.DataArray, dim: str) -> xr.DataArray:
    return found.where(unserved.notnull().all(dim)).assign_attrs(units="d")
