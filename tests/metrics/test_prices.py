"""Prices by hand and against NumPy."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from energyflows.errors import UsageError
from energyflows.metrics._prices import (
    mean_price,
    peak_price,
    price_rise,
    price_volatility,
    supply_source_price_diversification,
)

PRICES = arrays(float, 6, elements=st.floats(1.0, 500.0))
WEIGHTS = arrays(float, 6, elements=st.floats(0.5, 31.0))


def label(values):
    return xr.DataArray(values, dims="snapshot")


@settings(max_examples=30)
@given(PRICES, WEIGHTS, WEIGHTS)
def test_means_and_spread_are_those_of_numpy(prices, days, demand):
    price, weight = label(prices), label(days)
    assert float(mean_price(price, weight)) == pytest.approx(np.average(prices, weights=days))
    found = mean_price(price, weight, demand=label(demand))
    assert float(found) == pytest.approx(np.average(prices, weights=days * demand))
    spread = np.sqrt(np.cov(prices, aweights=days, ddof=0)) / np.average(prices, weights=days)
    assert float(price_volatility(price, weight)) == pytest.approx(float(spread), abs=1e-6)
    assert float(peak_price(price)) == prices.max() >= float(mean_price(price, weight)) - 1e-9


@settings(max_examples=30)
@given(PRICES, WEIGHTS, st.floats(0.1, 10.0))
def test_spread_does_not_depend_on_the_currency(prices, days, factor):
    one, other = (price_volatility(label(values), label(days)) for values in (prices, factor * prices))
    assert float(one) == pytest.approx(float(other), abs=1e-6)


def test_a_constant_price_does_not_spread():
    assert float(price_volatility(label([30.0] * 3), label([31.0, 28.0, 31.0]))) == 0.0


def test_prices_are_unknown_where_one_that_counts_is():
    gap, days = label([10.0, np.nan]), label([1.0, 1.0])
    assert np.isnan(mean_price(gap, days))
    assert np.isnan(peak_price(gap))
    assert np.isnan(price_volatility(gap, days))
    assert float(mean_price(gap, days, demand=label([2.0, 0.0]))) == 10.0


def test_prices_are_undefined_without_demand_and_keep_other_dims():
    price = xr.DataArray([[10.0, 30.0], [20.0, 20.0]], {"bus": ["A", "B"], "snapshot": [0, 1]})
    demand = xr.DataArray([[0.0, 0.0], [1.0, 3.0]], {"bus": ["A", "B"], "snapshot": [0, 1]})
    found = mean_price(price, label([1.0, 1.0]), demand=demand)
    np.testing.assert_array_equal(found, [np.nan, 20.0])
    assert (found.dims, found.attrs["units"]) == (("bus",), "EUR/MWh")
    assert np.isnan(price_volatility(0 * price, label([1.0, 1.0]))).all()


@pytest.mark.parametrize(("price", "reference", "expected"), [(45, 30, 0.5), (30, 30, 0.0), (15, 30, -0.5)])
def test_a_rise_by_hand(price, reference, expected):
    assert float(price_rise(xr.DataArray(float(price)), xr.DataArray(float(reference)))) == expected


def test_a_rise_is_undefined_without_a_price_before_and_takes_pandas():
    found = price_rise(pd.Series([2.0, 3.0], ["A", "B"]), pd.Series([1.0, 0.0], ["A", "B"]))
    np.testing.assert_array_equal(found, [1.0, np.nan])


def test_a_share_of_prices_has_no_unit_of_money():
    one, other = (xr.DataArray([value], dims="bus", attrs={"units": "EUR/MWh"}) for value in (3.0, 2.0))
    assert price_rise(one, other).attrs["units"] == "1"
    assert supply_source_price_diversification(one, other).attrs["units"] == "1"


@pytest.mark.parametrize(
    ("bill", "cheaper", "fall", "expected"),
    [(100, 97, 0.1, 0.3), (100, 90, 0.1, 1.0), (50, 50, 0.1, 0.0), (8, 7, 0.5, 0.25)],
)
def test_how_much_of_a_fall_reaches_the_bill(bill, cheaper, fall, expected):
    found = supply_source_price_diversification(xr.DataArray(float(bill)), xr.DataArray(float(cheaper)), fall=fall)
    assert float(found) == pytest.approx(expected)


def test_bills_that_are_none_have_no_share():
    assert np.isnan(supply_source_price_diversification(xr.DataArray(0.0), xr.DataArray(0.0)))


@pytest.mark.parametrize("fall", [0.0, -0.1, 1.1, np.nan])
def test_a_fall_is_a_share(fall):
    with pytest.raises(UsageError, match="fall: found"):
        supply_source_price_diversification(xr.DataArray(1.0), xr.DataArray(1.0), fall=fall)


def test_wrong_weights_are_refused():
    price = label([1.0, 2.0])
    with pytest.raises(UsageError, match="weight_days: found dims"):
        mean_price(price, label([1.0]))
    with pytest.raises(UsageError, match="demand: found negative"):
        mean_price(price, label([1.0, 1.0]), demand=label([1.0, -1.0]))
    with pytest.raises(UsageError, match="at least one 'snapshot'"):
        peak_price(xr.DataArray(1.0))
    with pytest.raises(UsageError, match="found list"):
        price_rise([1.0], [1.0])


def at(values, labels, dim="bus"):
    return xr.DataArray(values, coords={dim: labels})


@pytest.mark.parametrize("kind", [lambda array: array, lambda array: array.to_series()], ids=["array", "series"])
@pytest.mark.parametrize("measure", [price_rise, supply_source_price_diversification])
def test_labels_that_are_missing_are_named_and_order_is_of_no_account(measure, kind):
    whole, other = kind(at([10.0, 20.0], ["x", "y"])), kind(at([5.0, 6.0], ["x", "z"]))
    with pytest.raises(UsageError, match=r"(?s)does not fit the.*no bus y"):
        measure(whole, other)
    turned = measure(whole, kind(at([6.0, 5.0], ["y", "x"])))
    np.testing.assert_array_equal(turned, measure(whole, kind(at([5.0, 6.0], ["x", "y"]))))


@pytest.mark.parametrize("measure", [mean_price, price_volatility])
def test_days_of_other_periods_are_refused(measure):
    price, days = at([1.0, 2.0], ["x", "y"], "snapshot"), at([1.0, 2.0], ["x", "z"], "snapshot")
    with pytest.raises(UsageError, match=r"(?s)weight_days does not fit the prices.*no snapshot y"):
        measure(price, days)


def test_demand_of_other_periods_is_refused():
    price, demand = at([1.0, 2.0], ["x", "y"], "snapshot"), at([1.0, 2.0], ["x", "z"], "snapshot")
    with pytest.raises(UsageError, match=r"(?s)demand does not fit the prices.*no snapshot y"):
        mean_price(price, abs(price), demand=demand)


def test_bills_and_prices_are_finite_and_a_cheaper_bill_is_no_gain():
    with pytest.raises(UsageError, match="cheaper: found negative"):
        supply_source_price_diversification(xr.DataArray(100.0), xr.DataArray(-20.0))
    with pytest.raises(UsageError, match="fall: found 'x'"):
        supply_source_price_diversification(xr.DataArray(100.0), xr.DataArray(90.0), fall="x")
    with pytest.raises(UsageError, match="price is infinite"):
        peak_price(label([np.inf, 1.0]))
