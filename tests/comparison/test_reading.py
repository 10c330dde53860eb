"""The sentences under a comparison."""

import json

import pytest

from energyflows.comparison import compare, read_reading


def read(world, join, years=(2025,), groups=None, **changes):
    ds = join({"reference": world(years), "case": world(years, **changes)})
    (sentence,) = read_reading(compare(ds, groups=groups))
    return sentence


def test_a_sentence_says_who_loses_what_it_costs_and_what_moves(world, join):
    told = read(
        world,
        join,
        groups={"EU27": ["NL", "DE"]},
        consumed={"DE": 296.0, "NL": 90.0},
        unserved={"DE": 4.0},
        response={"NL": 10.0},
        price={"DE": 100.0},
        supplied={"RU pipe": 100.0},
        received={"PIPE-DE": 180.0},
    )
    assert told == (
        "case: 5.1 TWh more demand not met or given up because of price (NL +3.6, DE +1.5); "
        "the price of the EU27 rises by 45.0 to 80.0 EUR/MWh; "
        "largest changes of supply: RU −36.5; largest changes of flows: PIPE-DE −36.5."
    )


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"price": {"DE": 39.0}}, "the price of all zones falls by 0.8 to 34.2 EUR/MWh"),
        ({"supplied": {"AZ pipe": 90.0}}, "the price of all zones stays at 35.0 EUR/MWh"),
        ({"consumed": {"DE": 340.0}}, "case: demand of all zones rises by 14.6 TWh; no more"),
        ({"supplied": {"AZ pipe": 90.0}}, "no more and no less demand is lost"),
        ({"consumed": {"SHIPS": 1.0}, "response": {"SHIPS": 99.0}}, "no more and no less demand is lost"),
        ({"price": {"DE": float("nan")}, "objective": 9e6}, "case: no more and no less demand is lost."),
    ],
)
def test_each_part_is_told_as_it_is(world, changes, text, join):
    assert text in read(world, join, **changes)


def test_long_lists_are_cut_and_counted(world, join):
    supplied = {"NL gas": 90.0, "AZ pipe": 10.0}
    received = {"PIPE-DE": 0.0, "SHIPS-NL": 0.0, "NL-DE": 9.0}
    told = read(world, join, supplied=supplied, received=received)
    assert "largest changes of flows: PIPE-DE −102.2, SHIPS-NL −43.8, NL-DE −4.0." in told
    assert "largest changes of supply: AZ −25.6, NL +14.6;" in told


@pytest.mark.parametrize(("years", "span"), [((2025,), "2025"), ((2024, 2025), "2024–2025")])
def test_no_effect_is_told_as_such(world, years, span, join):
    assert read(world, join, years).startswith(f"case: no effect in {span}: its dates lie outside, or ")


@pytest.mark.parametrize(
    ("described", "text"),
    [
        ({"ownership": [{"asset": "Field", "owner": "Firm", "country": "RU", "share": 0.2}]}, "it is about owners, or"),
        ({"labels": [{"at": "PIPE-DE", "from": "RU", "to": "AZ", "share": 1.0}]}, "it is about labels, or"),
        ({"notes": ["nothing to cut"]}, "no effect in 2025: its dates lie outside, or what it changes is not in use."),
    ],
)
def test_what_flows_cannot_show_is_named(world, join, described, text):
    ds = join({"reference": world(), "case": world()})
    (told,) = read_reading(compare(ds.assign_attrs(meta=json.dumps({"scenarios": {"case": described}}))))
    assert text in told


def test_of_several_years_the_one_with_the_greatest_loss_is_told(world, join):
    years = (2024, 2025)
    case = world(years, price={"NL": 21.0})
    case["unserved"][:12, 1], case["consumed"][:12, 1] = 5.0, 295.0
    (told,) = read_reading(compare(join({"reference": world(years), "case": case})))
    assert told.startswith("case in 2024, the year of its largest effect: 1.8 TWh more demand")
