"""Units: closed forms, there and back, and what is refused."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from energyflows.errors import UsageError
from energyflows.units import CALORIFIC_VALUES, convert

AMOUNTS = ["TWh", "GWh", "MWh", "TJ", "PJ", "bcm", "mcm"]
RATES = [f"{unit}/{period}" for unit in AMOUNTS for period in ("d", "y")]


@pytest.mark.parametrize(
    ("amount", "unit", "to", "expected"),
    [
        (1.0, "TWh", "GWh", 1000.0),
        (2.0, "GWh", "MWh", 2000.0),
        (3600.0, "TJ", "TWh", 1.0),
        (1.0, "TWh", "PJ", 3.6),
        (365.0, "TWh/y", "GWh/d", 1000.0),
        (1.0, "GWh/d", "TWh/y", 0.365),
        (-5.0, "GWh", "GWh", -5.0),
        (0.0, "PJ", "MWh", 0.0),
    ],
)
def test_energy_converts_by_closed_form(amount, unit, to, expected):
    assert convert(amount, unit, to) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("amount", "unit", "to", "gcv", "expected"),
    [
        (8.2, "bcm", "TWh", 11.05, 90.61),
        (110.5, "TWh", "bcm", 11.05, 10.0),
        (1000.0, "mcm", "TWh", 10.3, 10.3),
        (36.5, "bcm/y", "GWh/d", 10.0, 1000.0),
        (100.0, "mcm/d", "GWh/d", 10.55, 1055.0),
        (1.0, "bcm", "mcm", 9.0, 1000.0),
    ],
)
def test_volume_converts_at_the_named_calorific_value(amount, unit, to, gcv, expected):
    assert convert(amount, unit, to, gcv=gcv) == pytest.approx(expected, rel=1e-12)


@given(
    amount=st.floats(-1e9, 1e9),
    units=st.tuples(*[st.sampled_from(AMOUNTS)] * 2) | st.tuples(*[st.sampled_from(RATES)] * 2),
    gcv=st.floats(8.0, 13.0),
)
def test_there_and_back_is_the_same_amount(amount, units, gcv):
    unit, to = units
    there = convert(amount, unit, to, gcv=gcv)
    assert convert(there, to, unit, gcv=gcv) == pytest.approx(amount, rel=1e-12, abs=1e-300)


@pytest.mark.parametrize(
    "amount",
    [
        np.array([1.0, 2.0]),
        pd.Series([1.0, 2.0], index=["a", "b"]),
        pd.DataFrame({"a": [1.0, 2.0]}),
        xr.DataArray([1.0, 2.0], dims="x"),
    ],
    ids=lambda amount: type(amount).__name__,
)
def test_arrays_keep_type_and_shape(amount):
    converted = convert(amount, "TWh", "GWh")
    assert type(converted) is type(amount)
    np.testing.assert_allclose(np.asarray(converted), 1000 * np.asarray(amount))


@pytest.mark.parametrize("unit", ["kWh", "twh", "GWh/h", "GWh/", "bcm/d/d", "", " GWh", None])
def test_unknown_unit_is_named_with_the_known_ones(unit):
    for pair in ((unit, "GWh"), ("GWh", unit)):
        with pytest.raises(UsageError, match="unknown unit") as error:
            convert(1.0, *pair)
        assert repr(unit) in str(error.value)
        assert "TWh, GWh, MWh, TJ, PJ, bcm, mcm" in str(error.value)


@pytest.mark.parametrize("gcv", [None, 0.0, -10.55, float("nan"), float("inf"), "10.55"])
def test_volume_needs_a_usable_calorific_value(gcv):
    for pair in (("bcm", "TWh"), ("GWh/d", "mcm/d")):
        with pytest.raises(UsageError, match="is a volume: name the gross calorific value") as error:
            convert(1.0, *pair, gcv=gcv)
        assert f"found {gcv!r}" in str(error.value)


@pytest.mark.parametrize(("unit", "to"), [("TWh", "GWh/d"), ("GWh/y", "GWh")])
def test_amount_is_no_rate(unit, to):
    with pytest.raises(UsageError, match=f"'{unit}' to '{to}' mixes an amount with a rate"):
        convert(1.0, unit, to)


def test_calorific_values_differ_by_publisher_within_the_range_of_natural_gas():
    assert CALORIFIC_VALUES["azerbaijan"] == 11.05
    assert CALORIFIC_VALUES["bruegel"] == 10.3
    assert all(10.0 <= value <= 12.0 for value in CALORIFIC_VALUES.values())
