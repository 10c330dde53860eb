"""How long demand is met after an outage, how long it is not, and which outages are worst."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from energyflows.errors import ResultsError, UnknownNameError, UsageError
from energyflows.metrics._adequacy import survival
from energyflows.metrics._outages import recovery_time, survival_time, worst_outages

DAYS = xr.DataArray([31.0, 28.0, 31.0, 30.0], dims="snapshot")
RATES = arrays(float, (3, 4), elements=st.sampled_from([0.0, 1e-9, 0.5, 20.0]))
SWEEP = xr.DataArray(
    [2.0, 5.0, 9.0, 5.0], coords={"draw": ["reference", "TAP", "TANAP", "SCP"]}, attrs={"units": "GWh"}
)


def label(values):
    return xr.DataArray(values, dims=("draw", "snapshot"))


def test_days_by_hand():
    unserved = label([[0.0, 0.0, 5.0, 0.0], [3.0, 0.0, 0.0, 0.0], [0.0] * 4, [0.0, 1.0, 0.0, 2.0]])
    assert survival_time(unserved, DAYS).to_numpy().tolist() == [59.0, 0.0, np.inf, 31.0]
    assert recovery_time(unserved, DAYS).to_numpy().tolist() == [31.0, 31.0, 0.0, np.inf]
    assert survival_time(unserved, DAYS).attrs["units"] == recovery_time(unserved, DAYS).attrs["units"] == "d"


def test_series_of_pandas_give_the_same():
    unserved = pd.Series([0.0, 3.0, 0.0], pd.Index(["Oct", "Nov", "Dec"], name="snapshot"))
    days = pd.Series([31.0, 30.0, 31.0], unserved.index)
    assert (survival_time(unserved, days), recovery_time(unserved, days)) == (31.0, 30.0)


@given(RATES)
def test_days_counted_one_by_one(values):
    survived, recovered = survival_time(label(values), DAYS), recovery_time(label(values), DAYS)
    for rates, first, lasting in zip(values, survived.to_numpy(), recovered.to_numpy(), strict=True):
        short = [k for k, rate in enumerate(rates) if rate > 1e-3]
        assert first == (sum(DAYS.to_numpy()[: short[0]]) if short else np.inf)
        expected = sum(DAYS.to_numpy()[short[0] : short[-1] + 1]) if short else 0.0
        assert lasting == (np.inf if short and short[-1] == 3 else expected)


@given(RATES)
def test_the_share_that_survives_is_that_of_later_survival_times(values):
    ends = np.cumsum(DAYS.to_numpy())
    times = survival_time(label(values), DAYS).to_numpy()
    expected = [(times >= end).mean() for end in ends]
    np.testing.assert_allclose(survival(label(values)), expected)


@pytest.mark.parametrize("measure", [survival_time, recovery_time])
def test_days_are_unknown_where_a_rate_is(measure):
    assert np.isnan(measure(label([[0.0, np.nan, 0.0, 0.0]]), DAYS)).all()
    assert float(measure(label([[0.0, 1.0, 0.0, 0.0]]), DAYS, least=2.0)[0]) in (np.inf, 0.0)


@pytest.mark.parametrize("days", [DAYS[:2], DAYS.rename(snapshot="time"), -DAYS])
def test_wrong_days_are_refused(days):
    with pytest.raises(UsageError, match=r"expected a number of days|not positive"):
        survival_time(label(np.zeros((1, 4))), days)


def test_the_worst_outages_fall_and_ties_keep_their_order():
    found = worst_outages(SWEEP, 3)
    assert found.to_series().to_dict() == {"TANAP": 7.0, "TAP": 3.0, "SCP": 3.0}
    assert found["draw"].to_numpy().tolist() == ["TANAP", "TAP", "SCP"]
    assert worst_outages(SWEEP, 99).size == 3
    assert worst_outages(SWEEP, 1, reference=None).to_series().to_dict() == {"TANAP": 9.0}


def test_wrong_arguments_are_refused():
    for k in (0, 1.5, True):
        with pytest.raises(UsageError, match="k: found"):
            worst_outages(SWEEP, k)
    with pytest.raises(UsageError, match="sum the others first"):
        worst_outages(SWEEP.expand_dims("bus"))
    with pytest.raises(UnknownNameError, match="no draw 'all works'"):
        worst_outages(SWEEP, reference="all works")
    with pytest.raises(ResultsError, match="no solution for TAP, any of which might be the worst"):
        worst_outages(SWEEP.where(SWEEP["draw"] != "TAP"))


@pytest.mark.parametrize("measure", [survival_time, recovery_time])
def test_periods_rates_and_thresholds_that_cannot_be_used_are_refused(measure):
    rate, days = (xr.DataArray([1.0, 2.0], coords={"snapshot": names}) for names in (["x", "y"], ["x", "z"]))
    with pytest.raises(UsageError, match=r"(?s)weight_days does not fit the periods.*no snapshot y"):
        measure(rate, days)
    with pytest.raises(UsageError, match="unserved: found negative"):
        measure(-rate, rate)
    with pytest.raises(UsageError, match="least: found nan"):
        measure(rate, rate, least=np.nan)
    assert set(measure(rate, rate).coords) == set()
