"""How often, how much and how long demand is not met."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from energyflows.errors import ResultsError, UsageError
from energyflows.metrics import expected_unserved_energy, loss_of_load_probability, survival

RATES = arrays(float, (7, 5), elements=st.sampled_from([0.0, 1e-9, 0.5, 20.0]))


def label(values):
    """Rates by draw and snapshot."""
    return xr.DataArray(values, dims=("draw", "snapshot"))


def test_energy_is_averaged_over_all_draws_and_keeps_its_unit():
    energy = xr.DataArray([[4.0, 0.0], [0.0, 0.0]], dims=("draw", "bus"), attrs={"units": "GWh"})
    found = expected_unserved_energy(energy)
    assert found.to_numpy().tolist() == [2.0, 0.0]
    assert found.attrs["units"] == "GWh"


def test_rounding_is_no_loss_of_load():
    assert float(loss_of_load_probability(xr.DataArray([1e-7, 1.0], dims="draw"))) == 0.5
    assert float(loss_of_load_probability(xr.DataArray([1e-7, 1.0], dims="draw"), least=2.0)) == 0.0


@pytest.mark.parametrize("measure", [expected_unserved_energy, loss_of_load_probability])
def test_a_draw_without_solution_is_not_averaged_away(measure):
    assert np.isnan(measure(xr.DataArray([0.0, np.nan], dims="draw")))


def test_survival_is_unknown_where_a_draw_is():
    assert np.isnan(survival(label([[0.0, np.nan], [0.0, 0.0]]))[1])


@given(RATES)
def test_survival_never_rises_and_ends_where_loss_of_load_says(values):
    found = survival(label(values))
    assert bool((found.diff("snapshot") <= 0).all())
    lost = loss_of_load_probability(label(values).max("snapshot"))
    assert float(found[-1]) == pytest.approx(1 - float(lost))


@given(RATES)
def test_survival_is_the_share_of_draws_counted_one_by_one(values):
    expected = [np.mean([all(rate <= 1e-3 for rate in draw[: end + 1]) for draw in values]) for end in range(5)]
    assert survival(label(values)).to_numpy() == pytest.approx(expected)


@pytest.mark.parametrize("wrong", [xr.DataArray([1.0], dims="bus"), xr.DataArray(np.zeros(0), dims="draw")])
def test_arrays_without_draws_are_refused(wrong):
    with pytest.raises(ResultsError, match="at least one 'draw'"):
        expected_unserved_energy(wrong)


def test_a_table_of_draws_gives_the_same():
    values = np.array([[0.0, 0.0, 0.0], [0.0, 5.0, 0.0]])
    table = pd.DataFrame(values.T, pd.Index(["Oct", "Nov", "Dec"], name="snapshot"), pd.Index([0, 1], name="draw"))
    assert survival(table).to_dict() == {"Oct": 1.0, "Nov": 0.5, "Dec": 0.5}
    assert expected_unserved_energy(table.sum()) == 2.5
    assert loss_of_load_probability(table.max()) == 0.5


def test_plain_lists_are_refused():
    with pytest.raises(UsageError, match=r"expected an xarray\.DataArray"):
        survival([1.0])


@given(arrays(float, (4, 6), elements=st.sampled_from([0.0, 5.0, np.nan])))
def test_survival_is_unknown_from_the_first_unknown_rate_on_and_never_rises(values):
    found = survival(label(values)).to_numpy()
    unknown = np.maximum.accumulate(np.isnan(values).any(axis=0))
    np.testing.assert_array_equal(np.isnan(found), unknown)
    assert (np.diff(found[~unknown]) <= 0).all()


def test_what_has_failed_does_not_come_back_after_an_unknown_rate():
    found = survival(label([[5.0, np.nan, 0.0], [0.0, 0.0, 0.0]]))
    np.testing.assert_array_equal(found, [0.5, np.nan, np.nan])


@pytest.mark.parametrize("measure", [expected_unserved_energy, loss_of_load_probability])
@pytest.mark.parametrize(
    ("values", "told"),
    [([-5.0, 0.0], "draw 0: -5"), ([0.0, np.inf], "draw 1: inf"), (["a", "b"], "expected numbers")],
)
def test_what_is_no_amount_of_energy_is_refused(measure, values, told):
    with pytest.raises(UsageError, match=told):
        measure(pd.Series(values))


def test_a_rounded_zero_below_zero_is_zero():
    assert float(expected_unserved_energy(xr.DataArray([-1e-9, 8.0], dims="draw"))) == 4.0


@pytest.mark.parametrize("least", [np.nan, -1, np.inf, "x", True])
@pytest.mark.parametrize("measure", [loss_of_load_probability, survival])
def test_a_threshold_is_a_rate(measure, least):
    with pytest.raises(UsageError, match="least: found"):
        measure(label([[0.0, 8.0]]), least=least)
