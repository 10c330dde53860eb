"""How a metric is registered, and how it takes and returns pandas."""

import inspect
import math

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from energyflows.errors import UnknownNameError, UsageError
from energyflows.metrics import METRICS, describe, hhi, risk_weighted_hhi, shares
from energyflows.metrics._listing import show_bounds
from energyflows.metrics._registry import metric

FACTS = {
    "symbol": "x",
    "unit": "1",
    "bounds": (0, 1),
    "higher_is": "larger",
    "group": "test",
    "references": ("hill1973",),
}


@pytest.fixture
def registered(monkeypatch):
    """Return a function that registers one and forgets it after the test."""

    def register(function, **facts):
        monkeypatch.setitem(METRICS, function.__name__, None)
        return metric(**{**FACTS, **facts})(function)

    return register


def test_a_metric_registers_its_facts(registered):
    def widest(volume, *, dim="origin"):
        """Return the widest.

        More.
        """
        return volume.max(dim)

    found = registered(widest, unit="m")
    known = METRICS["widest"]
    assert (known.name, known.unit, known.about) == ("widest", "m", "Return the widest.")
    assert known.function is found
    assert inspect.signature(found) == inspect.signature(widest)


def test_the_unit_is_set_where_there_is_none(registered):
    def widest(volume, *, dim="origin"):
        return volume.max(dim)

    found = registered(widest, unit="m")(xr.DataArray([1.0, 2.0], dims="origin"))
    assert found.attrs["units"] == "m"
    own = xr.DataArray([1.0], dims="origin", attrs={"units": "km"})
    assert METRICS["widest"].function(own).attrs["units"] == "km"


def test_a_metric_without_a_dim_gets_pandas_as_it_is(registered):
    def count(points):
        return len(points.columns)

    assert registered(count)(pd.DataFrame({"a": [1], "b": [2]})) == 2


def test_a_series_of_several_levels_keeps_its_other_levels():
    index = pd.MultiIndex.from_tuples(
        [(2024, "IT", "AZ"), (2024, "IT", "NO"), (2025, "DE", "NO")], names=["year", "bus", "origin"]
    )
    found = hhi(pd.Series([1.0, 3.0, 5.0], index))
    assert found.to_dict() == {(2024, "IT"): 0.625, (2025, "DE"): 1.0}
    assert found.index.names == ["year", "bus"]
    assert found.name == "hhi"


def test_rows_that_are_not_there_are_zero_but_unknown_ones_are_not():
    index = pd.MultiIndex.from_tuples([("IT", "AZ"), ("DE", "AZ"), ("DE", "NO")], names=["bus", "origin"])
    assert hhi(pd.Series([1.0, 1.0, 1.0], index)).to_dict() == {"IT": 1.0, "DE": 0.5}
    found = hhi(pd.Series([math.nan, 1.0, 1.0], index))
    assert found.isna().to_dict() == {"IT": True, "DE": False}


def test_only_of_volumes_an_absent_row_is_zero(registered):
    def lowest(price, *, dim="origin"):
        return price.min(dim, skipna=False)

    index = pd.MultiIndex.from_tuples([("IT", "AZ"), ("DE", "AZ"), ("DE", "NO")], names=["bus", "origin"])
    assert registered(lowest)(pd.Series([1.0, 1.0, 1.0], index)).isna().to_dict() == {"IT": True, "DE": False}


def test_a_frame_keeps_its_rows_in_order():
    rows = pd.MultiIndex.from_tuples([("b", 2025), ("a", 2024)], names=["bus", "year"])
    frame = pd.DataFrame({"AZ": [1, 1], "NO": [1, 3]}, rows)
    pd.testing.assert_series_equal(hhi(frame), pd.Series([0.5, 0.625], rows, name="hhi"))
    pd.testing.assert_frame_equal(shares(frame), frame.div(frame.sum(axis=1), axis=0))


def test_the_name_of_an_index_is_the_name_of_its_dim():
    by_route = pd.Series([1.0, 1.0], pd.Index(["TAP", "TS"], name="route"))
    assert hhi(by_route, dim="route") == 0.5
    with pytest.raises(UsageError, match=r"no 'origin' to go by; dims found: route \(2\); name the right one by dim="):
        hhi(by_route)


def test_types_of_pandas_are_numbers():
    values = pd.Series([1, None, 3], ["AZ", "NO", "RU"], dtype="Int64")
    assert math.isnan(hhi(values))
    assert hhi(values.dropna()) == 0.625


def test_weights_beside_an_array_are_matched_by_their_labels():
    volume = xr.DataArray([[1.0, 3.0]], {"bus": ["IT"], "origin": ["AZ", "NO"]})
    found = risk_weighted_hhi(volume, pd.Series({"NO": 0.0, "AZ": 1.0, "QA": 5.0}))
    assert isinstance(found, xr.DataArray)
    assert found.to_dict()["data"] == [0.0625]
    yearly = pd.DataFrame({"AZ": [1.0, 0.0], "NO": [0.0, 0.0]}, pd.Index([2024, 2025], name="year"))
    assert risk_weighted_hhi(volume, yearly).sel(bus="IT").to_pandas().to_dict() == {2024: 0.0625, 2025: 0.0}


def test_weights_beside_what_is_no_volume_do_not_hide_that():
    with pytest.raises(UsageError, match="volume is a list"):
        risk_weighted_hhi([1.0, 3.0], pd.Series({"AZ": 1.0, "NO": 3.0}))


def test_pandas_cannot_come_back_with_more_dims_than_it_has():
    yearly = pd.DataFrame({"AZ": [1.0, 0.0], "NO": [0.0, 0.0]}, pd.Index([2024, 2025], name="year"))
    with pytest.raises(UsageError, match=r"found dims \['year'\], expected some of \['origin'\]; use arrays"):
        risk_weighted_hhi(pd.Series({"AZ": 1.0, "NO": 3.0}), yearly)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (pd.Series([1.0, 2.0], ["AZ", "AZ"]), "'AZ' is there more than once; add such rows up first"),
        (pd.Series([1.0, 2.0], ["AZ", None]), "origin: a label is missing"),
        (
            pd.Series([1.0], pd.MultiIndex.from_tuples([("AZ", 1)])),
            r"index levels \[None, None\]; expected a different name",
        ),
        (pd.DataFrame([[1.0]], columns=pd.MultiIndex.from_tuples([("AZ", 1)])), "expected one origin per column"),
        (pd.Series([True, False], ["AZ", "NO"]), "type bool, expected numbers"),
        (pd.Series(["1", "2"], ["AZ", "NO"]), "expected numbers"),
        (pd.DataFrame({"AZ": [1.0, 2.0]}, ["IT", "IT"]), r"\('IT', 'AZ'\) is there more than once"),
        (pd.Series(dtype=float), "no 'origin' to go by"),
    ],
)
def test_tables_that_cannot_be_read_are_refused(wrong, told):
    with pytest.raises(UsageError, match=told):
        hhi(wrong)


def test_many_wrong_cells_are_counted():
    with pytest.raises(UsageError, match=r"origin 10: -10\n  - … and 2 more$"):
        hhi(xr.DataArray(-np.arange(13.0), dims="origin"))


def test_missing_arguments_are_pythons_own_error():
    with pytest.raises(TypeError, match="volume"):
        hhi()


@pytest.mark.parametrize(("bounds", "told"), [((None, 1), "up to 1"), ((0.5, 2), "0.5 … 2")])
def test_bounds_are_told_in_words(bounds, told):
    assert show_bounds(bounds) == told


def test_an_unknown_metric_is_answered_by_all_in_their_groups():
    with pytest.raises(UnknownNameError, match=r"there are shares, hhi, .*expected_unserved_energy.*mean_price"):
        describe("nope")


def test_the_tolerance_of_pivotal_is_told():
    assert "1e-3" in METRICS["pivotal"].formula
