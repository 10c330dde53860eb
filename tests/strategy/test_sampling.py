"""Values from random orders: exact where chance plays no part, and as sure as they say elsewhere."""

from fractions import Fraction
from math import comb, factorial

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from energyflows.errors import UsageError
from energyflows.strategy import list_coalitions, sample_shapley, shapley

NAMES = ["A", "B", "C", "D", "E", "F"]


def sell(coalition):
    """Return what a seller (A) can pass on to a buyer (B) along routes of 1, 2, 3 and 4, up to 6 in all."""
    routes = sum(" CDEF".index(name) for name in coalition - {"A", "B"})
    return float(min(routes, 6)) if coalition >= {"A", "B"} else 0.0


@given(st.lists(st.integers(-100, 100), min_size=1, max_size=20))
def test_sums_of_players_are_exact(worth):
    own = {f"P{number}": each for number, each in enumerate(worth)}
    found = sample_shapley(lambda each: sum(own[name] for name in each), list(own), permutations=4)
    assert found.index.tolist() == list(own)
    for column in ("value", "low", "high"):
        np.testing.assert_allclose(found[column], worth, atol=1e-9)


@given(st.integers(2, 12))
def test_sums_of_pairs_are_exact_because_orders_come_with_their_reverse(count):
    found = sample_shapley(lambda each: comb(len(each), 2), [f"P{number}" for number in range(count)], permutations=4)
    np.testing.assert_allclose(found, (count - 1) / 2, atol=1e-9)


@given(st.integers(0, 10**6))
def test_values_give_out_what_all_have(seed):
    found = sample_shapley(sell, NAMES, permutations=4, seed=seed)
    assert found["value"].sum() == pytest.approx(6, abs=1e-12)
    assert ((found["low"] <= found["value"]) & (found["value"] <= found["high"])).all()


def test_intervals_hold_the_value_as_often_as_they_say():
    exact = shapley(sell, NAMES)
    held = []
    for seed in range(200):
        found = sample_shapley(sell, NAMES, permutations=60, seed=seed, level=0.8)
        held.append((found["low"] <= exact) & (exact <= found["high"]))
    share = np.mean(held, axis=0)
    # 200 trials: a standard deviation of 0.028.
    assert (abs(share - 0.8) < 0.1).all()


def test_more_orders_are_surer():
    few, many = (sample_shapley(sell, NAMES, permutations=number) for number in (100, 10_000))
    narrowed = (few["high"] - few["low"]) / (many["high"] - many["low"])
    assert narrowed.between(7, 14).all()
    np.testing.assert_allclose(many["value"], shapley(sell, NAMES), atol=0.05)


def test_intervals_are_of_students_distribution_over_means_of_pairs():
    """For two pairs the quantile at 75 % is 1, and the deviation over the root of two is half their difference."""
    found = sample_shapley(sell, NAMES, permutations=4, seed=3, level=0.5)
    means = []
    for order in np.random.default_rng(3).permuted(np.tile(np.arange(6), (2, 1)), axis=1):
        added = np.zeros(6)
        for way in (order, order[::-1]):
            for place, player in enumerate(way):
                before, after = (frozenset(NAMES[each] for each in way[:end]) for end in (place, place + 1))
                added[player] += (sell(after) - sell(before)) / 2
        means.append(added)
    np.testing.assert_allclose(found["value"], np.mean(means, axis=0))
    np.testing.assert_allclose(found["high"] - found["value"], abs(means[0] - means[1]) / 2, atol=1e-12)
    np.testing.assert_allclose(found["value"] - found["low"], abs(means[0] - means[1]) / 2, atol=1e-12)


def test_security_council():
    """Five vetoes, ten without, nine votes: exact values are 421/2145 and 4/2145."""
    veto, others = [f"V{number}" for number in range(5)], [f"O{number}" for number in range(10)]
    carries = lambda each: float(each.issuperset(veto) and len(each) >= 9)  # noqa: E731
    low = Fraction(comb(9, 3) * factorial(8) * factorial(6), factorial(15))
    assert low == Fraction(4, 2145)
    found = sample_shapley(carries, [*veto, *others], permutations=10_000, level=0.999)
    exact = pd.Series(dict.fromkeys(veto, 421 / 2145) | dict.fromkeys(others, 4 / 2145))
    assert ((found["low"] <= exact) & (exact <= found["high"])).all()
    np.testing.assert_allclose(found["value"], exact, atol=0.01)


def test_same_seed_same_values():
    one, same, other = (sample_shapley(sell, NAMES, permutations=20, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one, same)
    assert not one.equals(other)
    assert one.index.name == "player"
    assert one.columns.tolist() == ["value", "low", "high"]


def test_each_coalition_is_asked_for_once():
    asked = []
    sample_shapley(lambda each: float(len(asked.append(each) or each)), NAMES, permutations=1000)
    assert sorted(map(sorted, asked)) == sorted(map(sorted, list_coalitions(NAMES)))


def test_mappings_need_only_what_is_met():
    asked = {}
    found = sample_shapley(lambda each: asked.setdefault(each, sell(each)), NAMES, permutations=4)
    assert len(asked) < 2**6
    pd.testing.assert_frame_equal(sample_shapley(asked, permutations=4), found)
    del asked[frozenset(NAMES)]
    with pytest.raises(UsageError, match=r"A \+ B \+ C \+ D \+ E \+ F: missing"):
        sample_shapley(asked, permutations=4)


def test_more_players_than_bits_of_a_number():
    names = [f"P{number}" for number in range(70)]
    found = sample_shapley(lambda each: float("P69" in each), names, permutations=4)
    assert found["value"].to_dict() == {name: float(name == "P69") for name in names}


def test_values_that_cannot_be_used():
    with pytest.raises(UsageError, match=r"A \+ B: is nan"):
        sample_shapley(lambda each: float("nan") if len(each) == 2 else 0.0, ["A", "B"])
    with pytest.raises(UsageError, match="nobody: found up to 1, expected 0"):
        sample_shapley(lambda _: 1, ["A", "B"])
    with pytest.raises(UsageError, match="sample_shapley: found values with year, expected one number"):
        sample_shapley(lambda each: xr.DataArray([0.0, len(each)], dims="year"), ["A", "B"])
    with pytest.raises(UsageError, match="players: found none"):
        sample_shapley(sell)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"permutations": 5}, "permutations: found 5, expected an even number from 4"),
        ({"permutations": 2}, "permutations: found 2"),
        ({"permutations": 4.0}, "permutations: found 4.0"),
        ({"level": 1}, "level: found 1, expected a number between 0 and 1"),
        ({"level": "95 %"}, "level: found '95 %'"),
        ({"seed": -1}, "seed: found -1, expected a whole number from 0"),
        (
            {"seed": None, "level": 95, "permutations": True},
            r"permutations: found True(?s:.*)seed(?s:.*)level: found 95",
        ),
    ],
)
def test_settings_that_cannot_be_used(settings, told):
    with pytest.raises(UsageError, match=told):
        sample_shapley(sell, NAMES, **settings)
