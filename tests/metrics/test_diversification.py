"""Diversification against closed forms, published figures and other programs."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
import scipy.stats
import xarray as xr
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from energyflows.errors import UsageError
from energyflows.metrics import (
    check_shares,
    concentration_ratio,
    effective_suppliers,
    evenness,
    gini,
    hhi,
    hhi_contribution,
    hhi_kappa,
    hidden_concentration_margin,
    rao_stirling,
    shannon,
    shares,
    simpson,
)

#: Test vector of scikit-bio; figures below are those of its version 0.7.4 (skbio.diversity.alpha).
COUNTS = pd.Series([0.0, 1, 1, 4, 2, 5, 2, 4, 1, 2], list("abcdefghij"))
few = settings(max_examples=25)
VOLUMES = st.lists(st.floats(0.01, 100), min_size=2, max_size=8)


def supply(*volumes):
    return pd.Series(map(float, volumes), [f"o{i}" for i in range(len(volumes))])


def link(size, links=(), diagonal=1.0):
    """Return a symmetric matrix with entries for some pairs."""
    names = [f"o{i}" for i in range(size)]
    matrix = pd.DataFrame(np.eye(size) * diagonal, names, names)
    for i, j, value in links:
        matrix.iloc[i, j] = matrix.iloc[j, i] = value
    return matrix


def test_hhi_is_the_example_of_the_merger_guidelines():
    """U.S. Department of Justice and Federal Trade Commission: 30, 30, 20 and 20 per cent are 2,600 points."""
    assert hhi(supply(30, 30, 20, 20)) * 1e4 == pytest.approx(2600)


def test_merging_five_and_ten_per_cent_adds_a_hundred_points():
    """The same guidelines: twice the product of the shares."""
    merged = hhi(supply(15, 85)) - hhi(supply(5, 10, 85))
    assert merged * 1e4 == pytest.approx(100)


@pytest.mark.parametrize("n", [1, 2, 7, 50])
def test_equal_suppliers_have_closed_forms(n):
    equal = supply(*[3.0] * n)
    assert hhi(equal) == pytest.approx(1 / n)
    assert shannon(equal) == pytest.approx(math.log(n), abs=1e-15)
    assert simpson(equal) == pytest.approx(1 - 1 / n)
    assert 0 <= gini(equal) < 1e-12
    for order in (0, 0.5, 1, 2, 10, math.inf):
        assert effective_suppliers(equal, order=order) == pytest.approx(n)


@pytest.mark.parametrize(
    ("found", "published"),
    [
        (shannon(COUNTS), 2.032113929063348),
        (simpson(COUNTS), 0.8512396694214877),
        (hhi(COUNTS), 0.14876033057851237),
        (evenness(COUNTS), 0.9248549056041228),
        (concentration_ratio(COUNTS, k=1), 0.22727272727272727),
        (effective_suppliers(COUNTS, order=0), 9.0),
        (effective_suppliers(COUNTS, order=0.5), 8.25798123934897),
        (effective_suppliers(COUNTS, order=1), 7.630199021737676),
        (effective_suppliers(COUNTS), 6.722222222222223),
        (effective_suppliers(COUNTS, order=3), 6.1667310163952695),
        # of those who supply, by trapezoids under the Lorenz curve
        (gini(COUNTS), 0.31313131313131315),
    ],
)
def test_scikit_bio_gives_the_same(found, published):
    assert found == pytest.approx(published, rel=1e-12)


@few
@given(VOLUMES)
def test_entropy_is_that_of_scipy(values):
    assert shannon(supply(*values)) == pytest.approx(scipy.stats.entropy(values), rel=1e-9, abs=1e-12)


@few
@given(VOLUMES)
def test_gini_is_the_mean_difference_counted_pair_by_pair(values):
    differences = [abs(a - b) for a, b in itertools.product(values, repeat=2)]
    assert gini(supply(*values)) == pytest.approx(np.mean(differences) / (2 * np.mean(values)), abs=1e-12)


@few
@given(VOLUMES)
def test_suppliers_of_nothing_change_nothing(values):
    for measure in (hhi, shannon, simpson, gini, evenness, effective_suppliers):
        assert measure(supply(*values, 0, 0)) == pytest.approx(measure(supply(*values)), nan_ok=True)
    assert effective_suppliers(supply(*values, 0), order=0) == len(values)


def test_gini_of_one_to_five_is_four_fifteenths():
    """(n − 1) / 3n for volumes 1 … n."""
    assert gini(supply(1, 2, 3, 4, 5)) == pytest.approx(4 / 15)


@few
@given(VOLUMES)
def test_merging_two_suppliers_never_spreads_supply(values):
    apart, merged = supply(*values), supply(values[0] + values[1], *values[2:])
    assert hhi(merged) >= hhi(apart) - 1e-12
    assert shannon(merged) <= shannon(apart) + 1e-12
    assert concentration_ratio(merged, k=1) >= concentration_ratio(apart, k=1) - 1e-12


@few
@given(VOLUMES, st.floats(0, 5), st.floats(0, 5))
def test_the_number_of_suppliers_never_rises_with_its_order(values, first, second):
    low, high = sorted((first, second))
    assert effective_suppliers(supply(*values), order=high) <= effective_suppliers(supply(*values), order=low) + 1e-6


def test_orders_near_one_and_very_high_ones_keep_their_digits():
    some = supply(1, 2, 3)
    around = [effective_suppliers(some, order=1 + step) for step in (-1e-7, -1e-9, 0, 1e-9, 1e-7)]
    assert around == pytest.approx([math.exp(scipy.stats.entropy([1, 2, 3]))] * 5, rel=1e-6)
    assert effective_suppliers(some, order=5000) == pytest.approx(2.0, rel=1e-3)
    assert effective_suppliers(some, order=math.inf) == 2.0


@few
@given(VOLUMES)
def test_contributions_sum_to_the_hhi(values):
    assert hhi_contribution(supply(*values)).sum() == pytest.approx(hhi(supply(*values)))
    assert shares(supply(*values)).sum() == pytest.approx(1)


@few
@given(VOLUMES, st.integers(1, 10))
def test_the_largest_are_picked_by_hand(values, k):
    expected = sum(sorted(values, reverse=True)[:k]) / sum(values)
    assert concentration_ratio(supply(*values), k=k) == pytest.approx(expected)


def test_evenness_of_one_supplier_is_undefined():
    assert math.isnan(evenness(supply(0, 5)))


@few
@given(VOLUMES, st.data())
def test_kappa_of_one_counts_two_as_one(values, data):
    i, j = sorted(data.draw(st.sets(st.integers(0, len(values) - 1), min_size=2, max_size=2)))
    linked = hhi_kappa(supply(*values), link(len(values), [(i, j, 1.0)]))
    rest = [value for at, value in enumerate(values) if at not in {i, j}]
    assert linked == pytest.approx(hhi(supply(values[i] + values[j], *rest)))


@few
@given(VOLUMES)
def test_kappa_spans_from_hhi_to_one(values):
    n = len(values)
    assert hhi_kappa(supply(*values), link(n)) == pytest.approx(hhi(supply(*values)))
    assert hhi_kappa(supply(*values), pd.DataFrame(1.0, *[[f"o{i}" for i in range(n)]] * 2)) == pytest.approx(1)


def test_kappa_is_the_quadratic_form_of_numpy():
    matrix = link(3, [(0, 1, 0.2), (1, 2, 0.7)])
    p = np.array([0.5, 0.3, 0.2])
    assert hhi_kappa(supply(5, 3, 2), matrix) == pytest.approx(p @ matrix.to_numpy() @ p)


def test_rows_and_columns_of_kappa_are_matched_by_name():
    matrix = link(4, [(0, 1, 0.2), (1, 2, 0.7)])
    shuffled = matrix.iloc[[2, 0, 3, 1], [1, 2, 0, 3]]
    assert hhi_kappa(supply(5, 3, 2), shuffled) == pytest.approx(hhi_kappa(supply(5, 3, 2), matrix.iloc[:3, :3]))


def test_kappa_may_differ_by_scenario():
    matrices = xr.concat(
        [xr.DataArray(link(2, [(0, 1, k)]).to_numpy(), dims=("origin", "origin_")) for k in (0.0, 1.0)], "scenario"
    )
    found = hhi_kappa(xr.DataArray([1.0, 1.0], dims="origin"), matrices)
    assert found.dims == ("scenario",)
    assert found.to_numpy().tolist() == [0.5, 1.0]


@few
@given(st.lists(st.floats(1, 2), min_size=5, max_size=8))
def test_at_the_margin_linked_supply_reaches_the_threshold(values):
    some = supply(*values)
    margin = hidden_concentration_margin(some, ("o0", "o1"))
    assume(not math.isnan(margin))
    assert hhi_kappa(some, link(len(values), [(0, 1, margin)])) == pytest.approx(max(0.25, hhi(some)))


def test_margin_is_zero_when_concentrated_and_undefined_out_of_reach():
    assert hidden_concentration_margin(supply(8, 1, 1), ("o1", "o2")) == 0
    assert math.isnan(hidden_concentration_margin(supply(*[1] * 20), ("o0", "o1")))
    assert math.isnan(hidden_concentration_margin(supply(0, 1, 1, 1, 1, 1), ("o0", "o1")))
    assert hidden_concentration_margin(supply(*[1] * 5), ("o0", "o1"), threshold=0.2) == pytest.approx(0, abs=1e-12)


@few
@given(VOLUMES, st.sampled_from([0.5, 1.0, 2.0]), st.sampled_from([0.5, 1.0, 2.0]))
def test_rao_stirling_is_the_sum_over_pairs(values, alpha, beta):
    n = len(values)
    distance = pd.DataFrame(abs(np.subtract.outer(range(n), range(n))) / n, *[[f"o{i}" for i in range(n)]] * 2)
    p = np.array(values) / sum(values)
    pairs = itertools.permutations(range(n), 2)
    expected = sum(distance.iloc[i, j] ** alpha * (p[i] * p[j]) ** beta for i, j in pairs)
    assert rao_stirling(supply(*values), distance, alpha=alpha, beta=beta) == pytest.approx(expected)


def test_rao_stirling_without_disparity_or_balance():
    """Stirling (2007), table: α = 0, β = 1 is balance and variety, α = β = 0 variety, scaled."""
    some, apart = supply(5, 3, 2, 0), pd.DataFrame(0.4 * (1 - np.eye(4)), *[["o0", "o1", "o2", "o3"]] * 2)
    assert rao_stirling(some, apart, alpha=0) == pytest.approx(simpson(some))
    assert rao_stirling(some, apart, alpha=0, beta=0) == 3 * 2
    assert rao_stirling(some, apart) == pytest.approx(0.4 * simpson(some))


@pytest.mark.parametrize(
    ("measure", "told"),
    [
        (lambda some: concentration_ratio(some, k=0), "found k=0, expected a whole number from 1"),
        (lambda some: concentration_ratio(some, k=1.5), "found k=1.5"),
        (lambda some: concentration_ratio(some, k=True), "found k=True"),
        (lambda some: effective_suppliers(some, order=-1), "found order=-1, expected a number from 0"),
        (lambda some: effective_suppliers(some, order=math.nan), "found order=nan"),
        (lambda some: effective_suppliers(some, order="1"), "found order='1'"),
        (lambda some: rao_stirling(some, link(3, diagonal=0), alpha=-1), "found alpha=-1"),
        (lambda some: rao_stirling(some, link(3, diagonal=0), beta=math.inf), "found beta=inf"),
        (
            lambda some: rao_stirling(some, link(3)),
            "disparity of a label with itself is not 0:\n  - origin o0, origin_ o0",
        ),
        (lambda some: rao_stirling(some, link(3, [(0, 1, -1)], 0)), "disparity is out of bounds, expected 0 or more"),
        (lambda some: hhi_kappa(some, link(3, [(0, 1, 1.5)])), "kappa is out of bounds, expected 0 to 1:\n.*o1: 1.5"),
        (lambda some: hhi_kappa(some, link(3, [(0, 1, math.nan)])), "kappa is out of bounds"),
        (lambda some: hhi_kappa(some, link(3, diagonal=0.5)), "kappa of a label with itself is not 1"),
        (lambda some: hhi_kappa(some, link(2)), "kappa does not fit the volumes:\n.*no origin_? o2"),
        (lambda some: hhi_kappa(some, 0.5), r"kappa has dims \[\], expected \['origin', 'origin_'\]"),
        (
            lambda some: hhi_kappa(
                some, link(3).where(lambda x: ~((x.index == "o0")[:, None] & (x.columns == "o1")), 0.3)
            ),
            "kappa is not symmetric:\n  - origin o0, origin_ o1: 0.3",
        ),
        (lambda some: hidden_concentration_margin(some, ("o0", "o00")), "origin has no 'o00'; did you mean o0"),
        (lambda some: hidden_concentration_margin(some, ("o0", "o0")), "expected two different labels"),
        (lambda some: hidden_concentration_margin(some, "o0"), "pair='o0', expected two"),
        (lambda some: hidden_concentration_margin(some, 5), "pair=5, expected two"),
        (lambda some: hhi(some, dim=["origin"]), r"found dim=\['origin'\], expected the name of one dim"),
        (lambda some: hhi(some, dim=None), "found dim=None, expected the name of one dim"),
        (lambda some: hidden_concentration_margin(some, ("o0", "o1"), threshold=25), "found threshold=25"),
    ],
)
def test_what_cannot_be_used_is_refused(measure, told):
    with pytest.raises(UsageError, match=told):
        measure(supply(5, 3, 2))


def test_shares_that_leave_somebody_out_are_refused():
    partial = pd.DataFrame({"AZ": [0.5, 0.3], "NO": [0.5, 0.4]}, ["IT", "DE"])
    with pytest.raises(UsageError, match=r"shares do not sum to 1 over origin:\n  - row DE: 0.7$"):
        check_shares(partial)
    check_shares(partial.loc[["IT"]])
    check_shares(partial * np.nan)
    check_shares(xr.DataArray([0.5, 0.4999999], dims="route"), dim="route")
    with pytest.raises(UsageError, match="shares is a list"):
        check_shares([0.5, 0.5])


@pytest.mark.parametrize("kind", [pd.Series, lambda row: pd.DataFrame([row], ["IT"])], ids=["series", "table"])
def test_shares_of_which_only_some_are_known_are_refused(kind):
    with pytest.raises(UsageError, match=r"(?s)some shares over origin are unknown.*0\.2"):
        check_shares(kind({"AZ": 0.2, "NO": np.nan}))
    check_shares(kind({"AZ": np.nan, "NO": np.nan}))
    with pytest.raises(UsageError, match="tolerance: found nan"):
        check_shares(kind({"AZ": 0.2, "NO": 0.8}), tolerance=np.nan)


def test_shares_of_a_place_without_supply_pass_where_some_origins_are_not_listed():
    rows = pd.MultiIndex.from_tuples([("IT", "AZ"), ("IT", "NO"), ("MT", "AZ")], names=["zone", "origin"])
    check_shares(shares(pd.Series([1.0, 3.0, 0.0], rows)))


def test_a_trace_counts_as_a_supplier_as_the_notes_say():
    traced = supply(1.0, 1.0, 1e-12)
    assert effective_suppliers(traced, order=0) == 3
    assert evenness(traced) == pytest.approx(np.log(2) / np.log(3))
    assert gini(traced) == pytest.approx(1 / 3)
