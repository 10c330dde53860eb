"""Prices: their level, their peaks, how much they move, and how much a supplier moves them."""

from __future__ import annotations

import xarray as xr

from energyflows.errors import UsageError, require
from energyflows.metrics._arguments import is_number, line_up, take_amount, take_numbers
from energyflows.metrics._pandas import read_alike, set_unit, write_alike
from energyflows.metrics._registry import metric


@metric(
    symbol="p̄",
    unit="EUR/MWh",
    bounds=(None, None),
    higher_is="expensive",
    group="prices",
    references=("silver2010",),
    formula="p̄ = Σ w p / Σ w, w = days [× demand]",
)
def mean_price(
    price: xr.DataArray,
    weight_days: xr.DataArray,
    *,
    demand: xr.DataArray | None = None,
    dim: str = "snapshot",
) -> xr.DataArray:
    r"""Return the mean price.

    Parameters
    ----------
    price : xarray.DataArray, [EUR/MWh]
        With dim ``dim``.
    weight_days : xarray.DataArray, [d]
        Length of each period.
    demand : xarray.DataArray, optional, [GWh/d]
        To weight by, met or not; default days alone.
    dim : str
        Of the periods.

    Returns
    -------
    xarray.DataArray, [EUR/MWh]
        Without ``dim``; NaN without demand, or where a price that counts is NaN.

    Raises
    ------
    UsageError
        If lengths or demand are negative, lengths are not those of the periods, demand lacks a label of prices, or
        anything is infinite or no number.

    Notes
    -----
    .. math:: \bar p = \frac{\sum_t w_t p_t}{\sum_t w_t}, \quad w_t = \text{days}_t \; [\times D_t]

    Weighted by demand it is the unit value, what is paid for all gas divided by all gas, if everyone pays the price of
    the period. Undefined (NaN) without demand, or where a price that counts is NaN.

    References
    ----------
    Silver (2010), The wrongs and rights of unit value indices, Review of Income and Wealth 56 (s1), 206–223,
    on why a unit value suits a homogeneous good.

    Examples
    --------
    >>> import xarray as xr
    >>> price, days = (xr.DataArray(values, dims="snapshot") for values in ([30.0, 60.0], [20.0, 10.0]))
    >>> float(mean_price(price, days)), float(mean_price(price, days, demand=xr.DataArray([1.0, 4.0], dims="snapshot")))
    (40.0, 50.0)
    """
    _require(price, dim)
    paid_each = take_numbers(price, "price")
    weight = _weigh(paid_each, weight_days, demand, dim)
    # A price without weight is of no account, even if there is none.
    paid = (paid_each * weight).where(weight > 0, 0.0).sum(dim, skipna=False)
    total = weight.sum(dim, skipna=False)
    return (paid / total.where(total > 0)).assign_attrs(units="EUR/MWh")


@metric(
    symbol="p_max",
    unit="EUR/MWh",
    bounds=(None, None),
    higher_is="expensive",
    group="prices",
    references=("entsog2017",),
    formula="p_max = max p",
)
def peak_price(price: xr.DataArray, *, dim: str = "snapshot") -> xr.DataArray:
    r"""Return the highest price of any period.

    Parameters
    ----------
    price : xarray.DataArray, [EUR/MWh]
        With dim ``dim``.
    dim : str
        Of the periods.

    Returns
    -------
    xarray.DataArray, [EUR/MWh]
        Without ``dim``; NaN where any price is.

    Raises
    ------
    UsageError
        If there are no periods, or a price is infinite or no number.

    Notes
    -----
    .. math:: p_{\max} = \max_t p_t

    Prices of months have lower peaks than those of days: compare peaks of the same length of periods only. Where demand
    is not met it is the value of that demand, an assumption. Undefined (NaN) if a price is NaN.

    References
    ----------
    ENTSOG (2017), Ten-Year Network Development Plan, Annex F: Methodology, § 4.2.7, for the marginal price of a zone,
    of which this is the maximum.

    Examples
    --------
    >>> import xarray as xr
    >>> float(peak_price(xr.DataArray([30.0, 60.0], dims="snapshot")))
    60.0
    """
    _require(price, dim)
    return take_numbers(price, "price").max(dim, skipna=False).assign_attrs(units="EUR/MWh")


@metric(
    symbol="CV",
    unit="1",
    bounds=(0, None),
    higher_is="volatile",
    group="prices",
    references=("pearson1896",),
    formula="√(Σ w (p − p̄)² / Σ w) / p̄",
)
def price_volatility(price: xr.DataArray, weight_days: xr.DataArray, *, dim: str = "snapshot") -> xr.DataArray:
    r"""Return how far prices spread around their mean.

    Parameters
    ----------
    price : xarray.DataArray, [EUR/MWh]
        With dim ``dim``.
    weight_days : xarray.DataArray, [d]
        Length of each period.
    dim : str
        Of the periods.

    Returns
    -------
    xarray.DataArray, [1]
        The coefficient of variation, without ``dim``; NaN where the mean is not positive or any price is NaN.

    Raises
    ------
    UsageError
        As in :func:`mean_price`.

    Notes
    -----
    .. math:: CV = \frac{1}{\bar p} \sqrt{\frac{\sum_t w_t (p_t - \bar p)^2}{\sum_t w_t}}

    Undefined where the mean is not positive. Not the volatility of traders, the spread of daily changes, which prices
    of months do not have.

    References
    ----------
    Pearson (1896), Mathematical contributions to the theory of evolution III, Philosophical Transactions of the Royal
    Society A 187, 253–318, for the coefficient of variation.

    Examples
    --------
    >>> import xarray as xr
    >>> price, days = (xr.DataArray(values, dims="snapshot") for values in ([20.0, 60.0], [15.0, 15.0]))
    >>> float(price_volatility(price, days))
    0.5
    """
    mean = mean_price(price, weight_days, dim=dim)
    spread = mean_price((price - mean) ** 2, weight_days, dim=dim) ** 0.5
    return (spread / mean.where(mean > 0)).assign_attrs(units="1")


@metric(
    symbol="Δp",
    unit="1",
    bounds=(None, None),
    higher_is="expensive",
    group="prices",
    references=("imf2009",),
    formula="Δp = p / p of the reference − 1",
)
def price_rise(price: xr.DataArray, reference: xr.DataArray) -> xr.DataArray:
    r"""Return by what share a price is above that of a reference.

    Parameters
    ----------
    price : xarray.DataArray, [EUR/MWh]
        Of a scenario or an outage, as :func:`mean_price`.
    reference : xarray.DataArray, [EUR/MWh]
        The same without it.

    Returns
    -------
    xarray.DataArray, [1]
        0.2 is a fifth more; NaN where the reference is not positive.

    Raises
    ------
    UsageError
        If the reference lacks a label of the prices, or a price is infinite or no number.

    Notes
    -----
    .. math:: \Delta p = \frac{p}{p_0} - 1

    Undefined (NaN) where the reference is not positive, or a price is NaN.

    References
    ----------
    IMF et al. (2009), Export and Import Price Index Manual: Theory and Practice, ch. 1, for a change of price in
    proportion to a reference.

    Examples
    --------
    >>> import xarray as xr
    >>> float(price_rise(xr.DataArray(45.0), xr.DataArray(30.0)))
    0.5
    """
    require(price, "shape where", "prices as an xarray.DataArray or pandas.Series")
    require(reference, "shape where", "prices of the reference as an xarray.DataArray or pandas.Series")
    prices = take_numbers(read_alike(price, "price"), "price")
    before = take_numbers(read_alike(reference, "reference", prices), "reference")
    lined = line_up(before, prices, "reference", "the prices")
    return write_alike(price, set_unit(prices / lined.where(lined > 0) - 1.0, "1"))  # type: ignore[no-any-return]


@metric(
    symbol="SSPDi",
    unit="1",
    bounds=(None, None),
    higher_is="diverse",
    group="prices",
    references=("entsog2015",),
    formula="(1 − bill with the supplier cheaper / bill) / fall",
)
def supply_source_price_diversification(
    bill: xr.DataArray, cheaper: xr.DataArray, *, fall: float = 0.1
) -> xr.DataArray:
    r"""Return how much of a fall in a supplier's price reaches the gas bill of a zone.

    Parameters
    ----------
    bill : xarray.DataArray, [EUR]
        Gas bill of each zone: demand times price; any unit of money.
    cheaper : xarray.DataArray, [EUR]
        The same after the supplier's price has fallen.
    fall : float
        By what share it has fallen.

    Returns
    -------
    xarray.DataArray, [1]
        0.3: if the supplier is ten per cent cheaper the bill falls by three; 0: the zone has nothing of it. NaN where
        the bill is not positive. Not bound to 1: marginal prices can fall by more than the supplier's.

    Raises
    ------
    UsageError
        If ``fall`` is not a share above 0, ``cheaper`` lacks a label of the bills or is negative, or a bill is
        infinite or no number.

    Notes
    -----
    .. math:: SSPDi = \frac{1}{\phi} \Big(1 - \frac{B'}{B}\Big)

    The bills come from two solutions; a supplier's price falls by ``cost_add`` of its components in draws. ENTSOG first
    sets all supply curves flat and makes the supplier 20 % cheaper, so that it is used to the full, and then
    compares a fall by 10 % more. Its edition of 2017 averages falls of marginal price over slices of demand instead;
    that variant is not this. Undefined without a bill.

    References
    ----------
    ENTSOG (2015), Ten-Year Network Development Plan, § 6.4.3 and Annex F: Methodology, § 4.2.5.

    Examples
    --------
    >>> import xarray as xr
    >>> round(float(supply_source_price_diversification(xr.DataArray(100.0), xr.DataArray(97.0))), 9)
    0.3
    """
    require(bill, "shape where", "bills as an xarray.DataArray or pandas.Series")
    require(cheaper, "shape where", "bills with the supplier cheaper as an xarray.DataArray or pandas.Series")
    if not is_number(fall, most=1) or not fall:
        raise UsageError(f"fall: found {fall!r}, expected a share above 0 and at most 1")
    bills = take_numbers(read_alike(bill, "bill"), "bill")
    fallen = line_up(take_amount(read_alike(cheaper, "cheaper", bills), "cheaper"), bills, "cheaper", "the bills")
    found = set_unit((1.0 - fallen / bills.where(bills > 0)) / fall, "1")
    return write_alike(bill, found)  # type: ignore[no-any-return]


def _require(price: xr.DataArray, dim: str) -> None:
    require(price, "dims sizes", "an xarray.DataArray")
    if not price.sizes.get(dim):
        raise UsageError(f"found dims {dict(price.sizes)}, expected an array with at least one {dim!r}")


def _weigh(price: xr.DataArray, weight_days: xr.DataArray, demand: xr.DataArray | None, dim: str) -> xr.DataArray:
    require(weight_days, "dims sizes", "an xarray.DataArray of days")
    if dict(weight_days.sizes) != {dim: price.sizes[dim]}:
        raise UsageError(f"weight_days: found dims {dict(weight_days.sizes)}, expected { ({dim: price.sizes[dim]}) }")
    weight = line_up(take_amount(weight_days, "weight_days"), price, "weight_days", "the prices")
    if demand is not None:
        weight = weight * line_up(take_amount(demand, "demand"), price, "demand", "the prices")
    return weight.broadcast_like(price)
