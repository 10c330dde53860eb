"""Conduct matrices: built, derived from stakes, factored, and refused with what would mend them."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from energyflows.errors import UsageError
from energyflows.strategy._equilibrium_forms import factor_kappa, join_forms
from energyflows.strategy.conduct import build_kappa, check_kappa, derive_kappa

NAMES = ["RU", "AZ", "NO"]


def matrix(*rows, names=NAMES):
    return pd.DataFrame(rows, names, names, dtype=float)


def test_pairs_are_mutual_and_takers_have_no_weight():
    kappa = build_kappa([*NAMES, "DZ"], {("AZ", "RU"): 0.4}, takers=["DZ"])
    assert kappa.dims == ("supplier", "supplier_")
    assert kappa.sel(supplier="RU", supplier_="AZ") == kappa.sel(supplier="AZ", supplier_="RU") == 0.4
    assert np.diag(kappa).tolist() == [1, 1, 1, 0]
    assert kappa.sel(supplier="DZ").sum() == kappa.sel(supplier_="DZ").sum() == 0


def test_all_that_is_wrong_with_pairs_is_told_at_once():
    pairs = {("RU", "AZZ"): 0.5, ("RU", "RU"): 0.5, ("AZ", "NO"): 1.5, ("RU", "NO"): 0.1, ("NO", "RU"): 0.2}
    with pytest.raises(UsageError) as caught:
        build_kappa(NAMES, pairs, takers=["NO", "RUU"])
    told = str(caught.value)
    for part in ("'AZZ'; did you mean AZ?", "two different names", "found 1.5", "the other way round", "'RUU'"):
        assert part in told
    assert "NO takes prices as given" in told


def test_matrix_is_put_in_order():
    shuffled = matrix([1, 0, 0.2], [0, 1, 0.5], [0.2, 0.5, 1], names=["NO", "AZ", "RU"])
    for given_as in (shuffled, xr.DataArray(shuffled, dims=("supplier", "supplier_"))):
        kappa = check_kappa(given_as, NAMES)
        assert kappa["supplier"].to_numpy().tolist() == NAMES
        assert kappa.sel(supplier="RU", supplier_="AZ") == 0.5


def test_eigenvalue_and_mend_are_named():
    with pytest.raises(UsageError, match=r"-0\.414, .* raise the weight of RU and NO \(now 0\).* by 0\.707") as caught:
        check_kappa(matrix([1, 1, 0], [1, 1, 1], [0, 1, 1]))
    assert "\n" in str(caught.value)
    check_kappa(matrix([1, 0.707, 0], [0.707, 1, 0.707], [0, 0.707, 1]))
    check_kappa(matrix([1, 1, 1], [1, 1, 1], [1, 1, 1]))


@pytest.mark.parametrize(
    ("kappa", "told"),
    [
        (matrix([1, 0.2, 0], [0.3, 1, 0], [0, 0, 1]), "RU on AZ is 0.2, AZ on RU is 0.3; no potential exists"),
        (matrix([1, -0.2, 0], [-0.2, 1, 0], [0, 0, 1]), "RU on AZ: found -0.2, expected 0 to 1"),
        (matrix([1, np.nan, 0], [0, 1, 0], [0, 0, 1]), "RU on AZ: found nan"),
        (matrix([0, 0.2, 0], [0.2, 1, 0], [0, 0, 1]), "RU takes prices as given .* clear its row"),
        (matrix([1, 0], [0, 1], names=["RU", "AZB"]), "no row of AZ\n.*no row of NO\n.*'AZB' is no supplier"),
        (matrix([1, 1], [1, 1], names=["RU", "RU"]), "row RU is there twice"),
        (pd.DataFrame([["a"]], ["RU"], ["RU"]), "expected numbers"),
        (np.eye(3), "found ndarray"),
        (xr.DataArray(np.eye(3), dims=("a", "b")), r"found dims \('a', 'b'\)"),
    ],
)
def test_what_is_no_conduct_matrix_is_refused(kappa, told):
    with pytest.raises(UsageError, match=f"(?s){told}"):
        check_kappa(kappa, NAMES)


# ------------------------------------------------------------------ stakes
def test_silent_stake_is_shared_so_that_the_quadratic_form_stays():
    stakes = {("RU", "AZ"): 0.3, ("AZ", "RU"): 0.1, ("NO", "AZ"): 0.2}
    kappa = derive_kappa(stakes, suppliers=NAMES).to_numpy()
    held = np.array([[1, 0.3, 0], [0.1, 1, 0], [0, 0.2, 1]])
    sales = np.array([5.0, 7.0, 11.0])
    assert sales @ kappa @ sales == pytest.approx(sales @ held @ sales)
    assert kappa[0, 1] == pytest.approx(0.2)


def test_control_is_passed_on_and_small_stakes_stay_silent():
    kappa = derive_kappa({("RU", "AZ"): 0.51, ("AZ", "NO"): 0.8, ("DZ", "RU"): 0.0}, "control")
    assert kappa.sel(supplier="RU", supplier_="NO") == 1
    assert kappa.sel(supplier="DZ").sum() == 1
    assert derive_kappa({("RU", "AZ"): 0.5}, "control").to_numpy()[0, 1] == 0.25


def test_agreement_is_the_weight():
    assert derive_kappa({("RU", "AZ"): 0.7}, "coordination").to_numpy()[1, 0] == 0.7


def test_one_sided_stakes_can_be_refused():
    mutual = {("RU", "AZ"): 0.2, ("AZ", "RU"): 0.2}
    assert derive_kappa(mutual, exact=True).to_numpy()[0, 1] == 0.2
    with pytest.raises(UsageError, match=r"RU holds 0\.2 of AZ, which holds 0 of RU"):
        derive_kappa({("RU", "AZ"): 0.2}, exact=True)


def test_unknown_rule_and_name_are_told_together():
    with pytest.raises(UsageError, match=r"(?s)no supplier 'IR'.*found 'partail'.*did you mean partial"):
        derive_kappa({("RU", "IR"): 0.2}, "partail", suppliers=["RU", "AZ"])


# ------------------------------------------------------------------ squares
@st.composite
def conducts(draw, size=4):
    """Return a matrix with entries from 0 to 1 and no negative eigenvalue."""
    sides = draw(st.lists(st.lists(st.floats(0, 1), min_size=3, max_size=3), min_size=size, max_size=size))
    roots = np.array(sides) + 1e-3
    unit = roots / np.linalg.norm(roots, axis=1, keepdims=True)
    shrink = draw(st.sampled_from([0.0, 0.2, 1.0]))
    return np.clip((1 - shrink) * np.eye(size) + shrink * unit @ unit.T, 0, 1)


@given(conducts())
def test_squares_add_up_to_the_matrix(kappa):
    forms, weights = factor_kappa(kappa)
    assert (weights > 0).all()
    np.testing.assert_allclose(forms.T @ np.diag(weights) @ forms, kappa, atol=1e-9)


@given(conducts(), conducts(), st.floats(0, 1))
def test_squares_of_two_matrices_serve_all_between(low, high, part):
    forms, (first, last) = join_forms([low, high])
    middle = (1 - part) * first + part * last
    np.testing.assert_allclose(forms.T @ np.diag(middle) @ forms, (1 - part) * low + part * high, atol=1e-9)
