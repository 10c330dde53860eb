"""Scenarios together: who comes first does not matter, and what contradicts is told."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energyflows.errors import ScenarioError
from energyflows.scenarios import (
    Add,
    Backfill,
    Ban,
    Blend,
    Contract,
    Cut,
    Demand,
    Disrupt,
    Expand,
    Leg,
    Price,
    Relabel,
    Remove,
    Scale,
    Scenario,
    Set,
    Stake,
    StartStock,
    StorageTarget,
    Swap,
    Withhold,
    combine,
)
from energyflows.scenarios.applying import apply
from energyflows.scenarios.combining import find_conflicts, sort_changes

SOME = {"twh": 3.65}
LEGS = (
    Leg(supplier="RU", link="GATE-TR", label="AZ", volume={"twh": 1.0}, adds=True),
    Leg(supplier="US", link="LNGUS-LNGEU", label="RU", volume={"twh": 1.0}, adds=False),
)
POOL = [
    Cut(supplier="RU", share=0.2),
    Cut(supplier="RU", share=0.5, start="11-01", end="02-28"),
    Withhold(suppliers=("RU",), volume=SOME),
    Withhold(suppliers=("RU", "US"), volume=SOME, gas="any", start="2025-06-01"),
    Disrupt(corridor="YAMAL-DE", start="2025-03-01", duration_days=20, ramp_days=5),
    Disrupt(corridor="YAMAL", start="2025-03-10", duration_days=20, depth=0.5),
    Expand(links=("YAMAL-DE", "GATE-TR"), by=SOME),
    Expand(links=("YAMAL-DE",), by=SOME, upstream={"supplier": "RU", "bus": "YAMAL", "volume": SOME, "cost": 9.0}),
    Expand(links=("NL-DE",), by=SOME, upstream={"supplier": "RU", "bus": "YAMAL", "volume": SOME, "cost": 7.0}),
    Blend(source="YAMAL", target="NL", capacity=40.0),
    Blend(source="YAMAL", target="NL", capacity=30.0, start="2025-06-01"),
    Contract(link="NL-DE", volume=SOME, ceiling=1.5),
    Contract(link="DE-TR", volume=SOME, start="2025-04-11"),
    Backfill(supplier="RU", entry="GATE-TR", home="TR", outlet="EXPORT", volume=SOME, path=("YAMAL-DE",)),
    Backfill(supplier="RU", entry="GATE-TR", home="TR", outlet="EXPORT", volume={"twh": 1.0}, start="2025-07-01"),
    Swap(legs=LEGS),
    Demand(zones=("DE",), factor=1.1),
    Demand(zones=("EU27",), factor=1.2, start="12-01", end="02-28"),
    Price(supplier="RU", factor=1.5),
    Price(supplier="RU", add=2.0),
    StorageTarget(zones=("EU27",), share=0.7),
    StartStock(zones=("DE",), share=0.4, day="2025-04-15"),
    Scale(component="link", name="DE-NL", factor=0.5),
    Scale(component="generator", name="RU YAMAL minimum", factor=0.8, start="2025-05-01"),
    Set(component="link", name="TR-NL", value=12.0),
    Add(component="link", name="NL-TR", bus="NL", to="TR", capacity=5.0),
    Remove(component="generator", name="NL gas"),
    Relabel(at="TR-NL", origin="RU", to="TR"),
    Stake(asset="Yamal", owner="New", country="US", share=0.25),
]


def compare(one, other):
    """Assert that two networks are the same figure by figure."""
    for c in one.components:
        twin = other.c[c.name]
        pd.testing.assert_frame_equal(c.static, twin.static, check_exact=True)
        for name, series in c.dynamic.items():
            pd.testing.assert_frame_equal(series, twin.dynamic[name], check_exact=True)
    assert one.meta == other.meta


@settings(max_examples=15)
@given(st.data())
def test_the_order_of_changes_is_irrelevant(n, tables, data):
    chosen = data.draw(st.lists(st.sampled_from(POOL), min_size=2, max_size=8, unique=True))
    one, other = chosen, data.draw(st.permutations(chosen))
    networks = [apply(n, Scenario(name="x", changes=tuple(each)), tables=tables) for each in (one, other)]
    compare(*networks)


def test_all_changes_of_the_pool_go_together(n, tables):
    after = [apply(n, Scenario(name="x", changes=tuple(each)), tables=tables) for each in (POOL, POOL[::-1])]
    compare(*after)


@settings(max_examples=15)
@given(st.lists(st.sampled_from(POOL), max_size=5), st.lists(st.sampled_from(POOL), max_size=5))
def test_scenarios_commute_as_text(first, second):
    one, other = Scenario(name="one", title="One", changes=first), Scenario(name="other", title="Other", changes=second)
    assert one + other == other + one
    assert (one + other).name == "one + other"


@settings(max_examples=5)
@given(st.data())
def test_scenarios_commute_as_networks(n, tables, data):
    parts = [data.draw(st.lists(st.sampled_from(POOL), min_size=1, max_size=4)) for _ in range(2)]
    one, other = (Scenario(name=name, changes=part) for name, part in zip("ab", parts, strict=True))
    compare(apply(n, one + other, tables=tables), apply(n, other + one, tables=tables))


def test_duplicates_count_once(n, tables, look):
    cut = Cut(supplier="RU", share=0.5)
    assert sort_changes([cut, cut]) == [cut]
    assert sort_changes([cut, Cut(supplier="RU", share=0.5, gas="any")]) == [cut]
    both = Scenario(name="a", changes=(cut,)) + Scenario(name="b", changes=(cut,))
    after = apply(n, both, tables=tables)
    assert look.budget(after, "RU YAMAL minimum") == pytest.approx(36.5)


def test_what_differs_counts_twice(n, tables, look):
    cuts = Cut(supplier="RU", share=0.5), Cut(supplier="RU", share=0.5, gas="pipeline")
    assert look.budget(apply(n, Scenario(name="a", changes=cuts), tables=tables), "RU YAMAL minimum") == pytest.approx(
        18.25
    )


def test_a_scenario_with_itself_is_itself_but_for_its_parameters():
    one = Scenario(name="a", title="A", changes=(POOL[0],), claims=("C10", "C2"), years=(2026, 2025))
    same = one + one
    assert (same.name, same.title, same.changes) == ("a", "A", one.changes)
    assert same.claims == ("C2", "C10")
    assert same.years == (2025, 2026)


def test_three_are_named_once_each_whatever_their_groups():
    a, b, c = (Scenario(name=name, changes=(change,)) for name, change in zip("cab", POOL[:3], strict=True))
    assert ((a + b) + c).name == (a + (b + c)).name == "a + b + c"
    assert ((a + b) + c).changes == (c + b + a).changes
    assert (a + b + a).name == "a + c"


CONFLICTS = [
    (
        Remove(component="link", name="NL-DE"),
        Scale(component="link", name="NL-DE", factor=2),
        "NL-DE is removed by one change and needed by 'scale'",
    ),
    (
        Disrupt(corridor="NL-DE"),
        Remove(component="link", name="NL-DE"),
        "NL-DE is removed by one change and needed by 'disrupt'",
    ),
    (
        Remove(component="link", name="GATE-TR"),
        Swap(legs=LEGS),
        "GATE-TR is removed by one change and needed by 'swap'",
    ),
    (
        Remove(component="link", name="YAMAL-DE"),
        Backfill(supplier="RU", entry="GATE-TR", home="TR", outlet="EXPORT", volume=SOME, path=("YAMAL-DE",)),
        "YAMAL-DE is removed by one change and needed by 'backfill'",
    ),
    (
        Set(component="link", name="NL-DE", value=1),
        Set(component="link", name="NL-DE", value=2),
        "capacity of link NL-DE is set to two values",
    ),
    (
        Set(component="link", name="NL-DE", value=1, end="2025-06-01"),
        Scale(component="link", name="NL-DE", factor=2, start="2025-06-01"),
        "capacity of link NL-DE is set by one change and scaled by another",
    ),
    (
        Add(component="link", name="x", bus="NL", to="DE", capacity=1),
        Add(component="link", name="x", bus="NL", to="DE", capacity=2),
        "link x is added twice, with different figures",
    ),
    (
        Ban(origin="RU"),
        Ban(origin="RU", circumvention=True),
        "gas of RU is banned twice, with different circumvention or evidence",
    ),
    (
        StorageTarget(zones=("DE", "NL"), share=0.5),
        StorageTarget(zones=("DE",), share=0.6),
        "stores of DE have two levels on 11-01",
    ),
    (
        StartStock(zones=("EU27",), share=0.5, day="2025-10-31"),
        StartStock(zones=("EU27",), share=0.6, day="2025-10-31"),
        "stores of EU27 have two levels on 2025-10-31",
    ),
    (
        Contract(link="NL-DE", volume=SOME),
        Contract(link="NL-DE", volume={"twh": 1.0}, start="06-01", end="06-30"),
        "two contracts at NL-DE at the same time; write them as one",
    ),
    (
        Stake(asset="Yamal", owner="A", country="AA", share=0.1),
        Stake(asset="Yamal", owner="A", country="AA", share=0.2),
        "A holds two different shares of Yamal",
    ),
]


@pytest.mark.parametrize(("one", "other", "sentence"), CONFLICTS)
def test_every_conflict_is_named_from_either_side(one, other, sentence):
    assert find_conflicts([one, other]) == find_conflicts([other, one]) == [sentence]
    with pytest.raises(ScenarioError) as error:
        combine(Scenario(name="a", changes=(one,)), Scenario(name="b", changes=(other,)))
    assert str(error.value) == f"a + b cannot be combined:\n  - {sentence}"


def test_all_conflicts_are_told_at_once():
    changes = [change for one, other, _ in CONFLICTS[4:8] for change in (one, other)]
    found = find_conflicts(changes)
    assert {sentence for *_, sentence in CONFLICTS[6:8]} <= set(found)
    assert "capacity of link NL-DE is set to two values" in found


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            Set(component="link", name="NL-DE", value=1, end="2025-05-31"),
            Set(component="link", name="NL-DE", value=2, start="2025-06-01"),
        ),
        (Set(component="link", name="NL-DE", value=1), Set(component="link", name="NL-DE", attribute="cost", value=2)),
        (Set(component="link", name="NL-DE", value=1), Scale(component="load", name="NL-DE", factor=2)),
        (
            Contract(link="NL-DE", volume=SOME, end="2025-05-31"),
            Contract(link="NL-DE", volume={"twh": 1}, start="2025-06-01"),
        ),
        (Ban(origin="RU"), Ban(origin="AZ")),
        (Ban(origin="RU", rules=("lt-ban",)), Ban(origin="RU", rules=("lv-ban",))),
        (StorageTarget(zones=("DE",), share=0.5), StorageTarget(zones=("DE",), share=0.6, day="12-01")),
        (StorageTarget(zones=("DE",), share=0.5, day="11-01"), StartStock(zones=("DE",), share=0.6, day="11-01")),
        (
            Stake(asset="Yamal", owner="A", country="AA", share=0.1, end="2025-05-31"),
            Stake(asset="Yamal", owner="A", country="AA", share=0.2, start="2025-06-01"),
        ),
        (Scale(component="link", name="NL-DE", factor=1), Scale(component="link", name="NL-DE", factor=2)),
    ],
)
def test_what_only_looks_alike_is_no_conflict(one, other):
    assert find_conflicts([one, other]) == []
