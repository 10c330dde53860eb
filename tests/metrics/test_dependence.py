"""Dependence against closed forms, published figures and linear algebra."""

import math

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from energyflows.errors import UsageError
from energyflows.metrics import (
    hhi,
    import_dependence,
    neumann,
    rees,
    risk_weighted_hhi,
    shannon,
    supplier_concentration_index,
)

few = settings(max_examples=25)
VOLUMES = st.lists(st.floats(0.01, 100), min_size=3, max_size=3)
NAMES = ["AZ", "NO", "RU"]


def by_name(*values):
    return pd.Series(map(float, values), NAMES)


def test_dependence_is_that_of_eurostat():
    """Imports less exports by gross available energy; below zero for a net exporter, above one when stocks rise."""
    assert import_dependence(by_name(30, 50, -10), 100) == pytest.approx(0.7)
    assert import_dependence(by_name(-30, 0, -10), 100) == pytest.approx(-0.4)
    assert import_dependence(by_name(30, 50, 30), 100) == pytest.approx(1.1)


def test_consumption_is_matched_by_name_not_by_place():
    imports = pd.DataFrame({"AZ": [10.0, 20.0], "NO": [30.0, 20.0]}, pd.Index(["IT", "DE"], name="bus"))
    consumption = pd.Series({"DE": 80.0, "IT": 40.0, "FR": 1.0})
    assert import_dependence(imports, consumption).to_dict() == {"IT": 1.0, "DE": 0.5}


def test_concentration_of_suppliers_in_closed_form():
    """A half and a quarter of consumption are 25 + 6.25 points; exports to a third country count for nothing."""
    assert supplier_concentration_index(by_name(50, 25, -40), 100) == pytest.approx(0.3125)
    found = supplier_concentration_index(xr.DataArray([50.0, 25.0], dims="origin"), 100.0, points=True)
    assert float(found) == pytest.approx(31.25)
    assert found.attrs == {"units": "points"}


@few
@given(VOLUMES)
def test_without_production_and_exports_concentration_of_suppliers_is_the_hhi(values):
    assert supplier_concentration_index(by_name(*values), sum(values)) == pytest.approx(hhi(by_name(*values)))


@few
@given(VOLUMES, st.lists(st.floats(0, 1), min_size=3, max_size=3))
def test_risk_is_a_diagonal_matrix_between_shares(values, risks):
    """Frondel & Schmidt (2008) write it as xᵀ R x."""
    x = np.array(values) / sum(values)
    found = risk_weighted_hhi(by_name(*values), by_name(*risks))
    assert found == pytest.approx(x @ np.diag(risks) @ x)
    assert found <= max(risks) + 1e-12


@few
@given(VOLUMES)
def test_weights_of_one_change_nothing(values):
    assert risk_weighted_hhi(by_name(*values), 1.0) == pytest.approx(hhi(by_name(*values)))
    assert neumann(by_name(*values), 1.0) == pytest.approx(shannon(by_name(*values)))


def test_seven_equal_stable_suppliers_are_about_two():
    """The author's own reading (Energy Policy Blog, 2007): 2 is about seven equal shares, one supplier is 0."""
    assert round(neumann(pd.Series(1.0, range(7)), 1.0)) == 2
    assert neumann(by_name(0, 5, 0), 1.0) == 0


def test_an_unstable_supplier_adds_less_diversity():
    halves = pd.Series({"AZ": 1.0, "NO": 1.0})
    assert neumann(halves, pd.Series({"AZ": 0.5, "NO": 1.0})) == pytest.approx(0.75 * math.log(2))


def test_external_risk_in_closed_form():
    """Shares ¾ and ¼, dependence 0.6 (exports count against it), gas a quarter of energy."""
    weights = {"risk": by_name(0.4, 0, 0.8), "transit": by_name(2, 1, 1), "fungibility": by_name(1, 1, 2)}
    found = rees(by_name(60, -20, 20), 100, energy_share=0.25, **weights)
    assert found == pytest.approx((0.75**2 * 0.4 * 2 + 0.25**2 * 0.8 * 2) * 0.6 * 0.25)


def test_external_risk_of_a_net_exporter_is_zero():
    assert rees(by_name(5, -20, 0), 100, risk=1.0, transit=1.0, fungibility=1.0, energy_share=0.2) == 0


def test_external_risk_without_weights_is_dependence_times_concentration():
    plain = {"transit": 1.0, "fungibility": 1.0, "energy_share": 1.0}
    found = rees(by_name(10, 20, 30), 120, risk=1.0, **plain)
    assert found == pytest.approx(hhi(by_name(10, 20, 30)) * 0.5)


@pytest.mark.parametrize(
    ("measure", "told"),
    [
        (
            lambda some: risk_weighted_hhi(some, pd.Series({"AZ": 1.0, "NO": 0.0})),
            "risk does not fit.*\n  - no origin RU",
        ),
        (
            lambda some: risk_weighted_hhi(some, by_name(1, -1, 0)),
            "risk is out of bounds, expected 0 or more:\n.*NO: -1",
        ),
        (lambda some: risk_weighted_hhi(some, by_name(1, math.nan, 0)), "risk is out of bounds.*\n.*NO: nan"),
        (lambda some: risk_weighted_hhi(some, "high"), "risk holds values of type <U4, expected numbers"),
        (lambda some: risk_weighted_hhi(some, [1.0, 2.0, 3.0]), "risk is a list"),
        (lambda some: neumann(some, by_name(1, 1, 2).rename_axis("country")[:2]), "named 'country'.*none of the dims"),
        (lambda some: import_dependence(some, -5), "consumption is out of bounds, expected 0 or more:\n  - -5"),
        (lambda some: import_dependence(some, some), "consumption has dim 'origin', expected one figure"),
        (lambda some: import_dependence(some, True), "consumption holds values of type bool"),
        (
            lambda some: rees(some, 1, risk=1, transit=1, fungibility=1, energy_share=20),
            "energy_share is out of bounds, expected 0 to 1",
        ),
    ],
)
def test_what_cannot_be_used_is_refused(measure, told):
    with pytest.raises(UsageError, match=told):
        measure(by_name(5, 3, 2))


def test_unknown_consumption_leaves_dependence_unknown():
    imports = pd.DataFrame({"AZ": [10.0, 20.0]}, ["IT", "DE"])
    found = import_dependence(imports, pd.Series({"IT": math.nan, "DE": 40.0}))
    assert found.isna().tolist() == [True, False]


def test_consumption_of_other_size_is_refused():
    with pytest.raises(UsageError, match="does not fit the volumes:\n  - 2 values along bus, expected 1"):
        import_dependence(xr.DataArray([[1.0, 2.0]], dims=("bus", "origin")), xr.DataArray([1.0, 2.0], dims="bus"))


def test_dependence_of_who_consumes_nothing_is_undefined():
    assert math.isnan(import_dependence(by_name(5, 3, 2), 0))
    assert math.isnan(supplier_concentration_index(by_name(5, 3, 2), 0))


def test_where_zones_and_origins_have_the_same_names_weights_are_of_origins():
    countries = ["NO", "DE"]
    exchange = pd.DataFrame([[1.0, 3.0], [1.0, 1.0]], countries, countries)
    assert risk_weighted_hhi(exchange, pd.Series([1.0, 0.0], countries)).to_dict() == {"NO": 0.0625, "DE": 0.25}
    with pytest.raises(UsageError, match="or name its index"):
        import_dependence(exchange, pd.Series([4.0, 2.0], countries))
    named = pd.Series([8.0, 2.0], pd.Index(countries, name="bus"))
    assert import_dependence(exchange.rename_axis(index="bus"), named).to_dict() == {"NO": 0.5, "DE": 1.0}
