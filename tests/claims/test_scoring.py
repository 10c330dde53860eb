"""From numbers to verdicts: closed forms at, near and far from thresholds."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energyflows.claims._declaring import Rule
from energyflows.claims._figures import Span
from energyflows.claims._scoring import MIXED, NOT_SUPPORTED, SUPPORTED, UNKNOWN, judge, list_verdicts

NAN = float("nan")
NUMBERS = st.floats(-1e3, 1e3)


def least(figure, threshold, margin=1.0):
    return {"figure": figure, "at_least": threshold, "margin": margin, "reason": "because"}


def most(figure, threshold, margin=1.0):
    return {"figure": figure, "at_most": threshold, "margin": margin, "reason": "because"}


def rule(supported, not_supported=None):
    return Rule.model_validate({"supported": supported, "not_supported": not_supported})


@pytest.mark.parametrize(
    ("number", "verdict", "margin"),
    [
        (14.0, SUPPORTED, 2.0),
        (12.0, SUPPORTED, 1.0),
        (11.9, MIXED, 0.95),
        (10.0, MIXED, 0.0),
        (8.1, MIXED, -0.95),
        (8.0, NOT_SUPPORTED, -1.0),
        (0.0, NOT_SUPPORTED, -5.0),
        (NAN, UNKNOWN, NAN),
    ],
)
def test_within_the_margin_of_a_threshold_a_number_decides_nothing(number, verdict, margin):
    found = judge(rule({"all": [least("a", 10, 2)]}), {"a": number})
    assert found.verdict == verdict
    assert found.margin == pytest.approx(margin, nan_ok=True)


def test_the_edge_of_a_margin_survives_rounding():
    assert judge(rule({"all": [least("a", 0.1, 0.2)]}), {"a": 0.1 + 0.2}).verdict == SUPPORTED
    assert judge(rule({"all": [most("a", 0.3, 0.1)]}), {"a": 0.1 + 0.1}).verdict == SUPPORTED


def test_at_most_zero_is_a_threshold():
    assert judge(rule({"all": [most("a", 0, 1)]}), {"a": -1.0}).verdict == SUPPORTED
    assert judge(rule({"all": [most("a", 0, 1)]}), {"a": 1.0}).verdict == NOT_SUPPORTED


@pytest.mark.parametrize(
    ("a", "b", "every", "some"),
    [
        (5, 5, SUPPORTED, SUPPORTED),
        (5, -5, NOT_SUPPORTED, SUPPORTED),
        (5, 0.5, MIXED, SUPPORTED),
        (-5, 0.5, NOT_SUPPORTED, MIXED),
        (-5, -5, NOT_SUPPORTED, NOT_SUPPORTED),
        (5, NAN, UNKNOWN, SUPPORTED),
        (-5, NAN, NOT_SUPPORTED, UNKNOWN),
        (0.5, NAN, UNKNOWN, UNKNOWN),
        (NAN, NAN, UNKNOWN, UNKNOWN),
    ],
)
def test_all_takes_the_worst_and_any_the_best(a, b, every, some):
    conditions, numbers = [least("a", 0), least("b", 0)], {"a": float(a), "b": float(b)}
    assert judge(rule({"all": conditions}), numbers).verdict == every
    assert judge(rule({"any": conditions}), numbers).verdict == some


def test_the_number_that_decides_is_named():
    conditions = [least("near", 0), least("far", 0)]
    numbers = {"near": 2.0, "far": 9.0}
    assert judge(rule({"all": conditions}), numbers).decides.figure == "near"
    assert judge(rule({"any": conditions}), numbers).decides.figure == "far"


def test_between_support_and_its_contrary_the_verdict_is_mixed():
    both = rule({"all": [least("a", 10), least("b", 0)]}, {"all": [most("a", 10)]})
    assert judge(both, {"a": 20.0, "b": 5.0}).verdict == SUPPORTED
    assert judge(both, {"a": 20.0, "b": -5.0}).verdict == MIXED
    assert judge(both, {"a": 5.0, "b": -5.0}).verdict == NOT_SUPPORTED
    assert judge(both, {"a": 5.0, "b": NAN}).verdict == NOT_SUPPORTED
    assert judge(both, {"a": 20.0, "b": NAN}).verdict == UNKNOWN


def test_a_margin_below_zero_goes_with_claims_that_are_not_supported():
    both = rule({"all": [least("a", 10)]}, {"all": [most("a", 5)]})
    found = judge(both, {"a": 1.0})
    assert (found.verdict, found.margin, found.decides.at_most) == (NOT_SUPPORTED, -4.0, 5)


def test_a_rule_that_holds_on_both_sides_tells_nothing():
    both = rule({"all": [least("a", 0)]}, {"all": [most("a", 20)]})
    assert judge(both, {"a": 10.0}).verdict == MIXED


def test_without_a_rule_nothing_can_be_told():
    found = judge(None, {"a": 1.0})
    assert (found.verdict, found.decides) == (UNKNOWN, None)
    assert math.isnan(found.margin)


@given(NUMBERS, NUMBERS, st.floats(0.1, 10))
def test_a_number_and_its_mirror_have_the_same_verdict(number, threshold, margin):
    up = judge(rule({"all": [least("a", threshold, margin)]}), {"a": number})
    down = judge(rule({"all": [most("a", -threshold, margin)]}), {"a": -number})
    assert (up.verdict, up.margin) == (down.verdict, down.margin)


@given(st.lists(NUMBERS, min_size=1, max_size=4), st.floats(0, 100))
def test_more_never_hurts_a_claim_that_wants_more(numbers, more):
    conditions = [least(f"n{place}", 0) for place in range(len(numbers))]
    before = {f"n{place}": number for place, number in enumerate(numbers)}
    after = {name: number + more for name, number in before.items()}
    for kind in ("all", "any"):
        one, other = (judge(rule({kind: conditions}), each).margin for each in (before, after))
        assert other >= one


def test_every_end_of_every_range_is_judged():
    both = rule({"all": [least("a", 10), least("b", 0)]})
    sure = Span(5.0, NAN, NAN)
    assert list_verdicts(both, {"a": Span(20.0, 15.0, 25.0), "b": sure}) == [SUPPORTED]
    assert list_verdicts(both, {"a": Span(20.0, 10.0, 25.0), "b": sure}) == [SUPPORTED, MIXED]
    assert set(list_verdicts(both, {"a": Span(20.0, 5.0, 25.0), "b": Span(0.5, -4.0, 9.0)})) == {
        SUPPORTED,
        MIXED,
        NOT_SUPPORTED,
    }
    # A number the rule does not use changes nothing.
    assert list_verdicts(both, {"a": Span(20.0, 15.0, 25.0), "b": sure, "c": Span(0.0, -99.0, 99.0)}) == [SUPPORTED]
    assert list_verdicts(None, {"a": Span(1.0, 0.0, 2.0)}) == [UNKNOWN]


@given(NUMBERS, st.floats(0, 50), st.floats(0, 50), st.floats(0, 1))
def test_what_lies_between_the_ends_is_among_their_verdicts(number, below, above, place):
    plain = rule({"all": [least("a", 0, 5)]})
    low, high = number - below, number + above
    inside = judge(plain, {"a": low + place * (high - low)}).verdict
    ends = list_verdicts(plain, {"a": Span(number, low, high)})
    assert inside in ends or {SUPPORTED, NOT_SUPPORTED} <= set(ends)
