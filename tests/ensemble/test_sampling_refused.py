"""What cannot be drawn is refused in plain words, all mistakes at once."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from energyflows.ensemble.sampling import sample
from energyflows.errors import EnergyFlowsError, UsageError

MONTHS = {"snapshots": pd.date_range("2025-01-01", periods=3, freq="MS"), "days": [31, 28, 31]}
UNIFORM = {"distribution": "uniform", "low": 0.5, "high": 1.0}
NORMAL = {"distribution": "normal", "mean": 1.0, "sd": 0.5, "low": 0.0}
WEATHER = {"years": {2010: {"AT": 1.2, "DE": 1.1}, 2014: {"AT": 0.9}, 2012: {"AT": 1.0, "DE": 1.05}}}


def cut(name="cut", probability=1.0, **parts):
    """Return an event, of one route if nothing else is named."""
    hit = {} if {"components", "buses", "cost_add"} & set(parts) else {"components": {"SCP": 0.0}}
    return {"name": name, "probability": probability, **hit, **parts}


RICH = {
    "events": [
        cut(probability=0.4, start="random", days=NORMAL, components={"SCP": 0.0, "TANAP": 0.2}, buses={"AZ": 0.9})
    ],
    "availability": {"LANGELED": UNIFORM, "BALTIC": {**NORMAL, "name": "baltic"}},
    "weather": WEATHER,
    "demand": [{"buses": ["IT"], **UNIFORM, "months": [1, 2]}],
    "price": [{"name": "lng", "components": ["LNG"], "distribution": {"distribution": "normal", "mean": 0, "sd": 1}}],
    "correlation": {"pairs": [("baltic", "lng", -0.5)]},
    **MONTHS,
}


def priced(*pairs, names="abc"):
    events = [cut(name, components={name: 0.0}) for name in names]
    return {"events": events, "correlation": {"pairs": list(pairs)}}


WRONG = {
    "nothing": ({}, "spec: nothing varies; add at least one of events, availability, weather, demand, price"),
    "no mapping": ([1], "spec: found [1], expected a mapping with keys such as events"),
    "unknown key": ({"wether": WEATHER}, "wether: unknown key; expected one of method, snapshots, days, events"),
    "unknown method": ({"method": "halton"}, "method: found 'halton', expected random, lhs or sobol"),
    "key that is no text": ({5: 1}, "5: unknown key"),
    "probability": (
        {"events": [cut(probability=1.4)]},
        "events[cut].probability: found 1.4, expected a number from 0 to 1",
    ),
    "probability as text": ({"events": [cut(probability="0.1")]}, "events[cut].probability: found '0.1'"),
    "factor below 0": (
        {"events": [cut(components={"SCP": -0.5})]},
        "events[cut].components.SCP: found -0.5, expected names of components, each with the factor left",
    ),
    "NaN": ({"events": [cut(cost_add={"SCP": np.nan})]}, "events[cut].cost_add.SCP: found nan, expected"),
    "infinite": ({"events": [cut(buses={"AT": np.inf})]}, "events[cut].buses.AT: found inf, expected"),
    "no name": ({"events": [{"probability": 1, "buses": {"AT": 2}}]}, "events[1].name: missing, expected a text"),
    "no list": ({"events": {"cut": 1}}, "events: found {'cut': 1}, expected a list of {name, probability"),
    "no entry": ({"events": ["cut"]}, "events[1]: found 'cut', expected a list of {name, probability"),
    "no effect": ({"events": [cut(components={})]}, "events[cut].cost_add: the event changes nothing"),
    "unknown key of an event": (
        {"events": [cut(prob=1)]},
        "events[cut].prob: unknown key; expected one of name, probability",
    ),
    "start without days": (
        {"events": [cut(start="2025-01-05", buses={"AT": 2.0})], **MONTHS},
        "events[cut].days: an event with dates needs both start and days",
    ),
    "days without start": ({"events": [cut(days=3, buses={"AT": 2.0})]}, "needs both start and days"),
    "no date": (
        {"events": [cut(start=2025, days=3, buses={"AT": 2.0})], **MONTHS},
        "events[cut].start: found '2025', expected a date like 2025-01-31",
    ),
    "time zone": ({**RICH, "snapshots": MONTHS["snapshots"].tz_localize("UTC")}, "without a time zone"),
    "no time": ({**RICH, "snapshots": [pd.NaT, "2025-02-01", "2025-03-01"]}, "snapshots[1]: found 'NaT'"),
    "duration below 0": (
        {"events": [cut(start="random", days={**NORMAL, "low": None}, buses={"AT": 2.0})], **MONTHS},
        "events[cut].days: a normal distribution reaches below 0, and a duration cannot; add low: 0",
    ),
    "event outside the periods": (
        {"events": [cut(start="2025-04-01", days=3, buses={"AT": 2.0})], **MONTHS},
        "events[cut].start: found 2025-04-01 00:00:00, but the periods run from 2025-01-01 00:00:00 to 2025-04-01",
    ),
    "event before the periods": (
        {"events": [cut(start="2024-12-01", days=31, buses={"AT": 2.0})], **MONTHS},
        "events[cut].start: found 2024-12-01",
    ),
    "no periods": (
        {"events": [cut(start="2025-01-05", days=3, buses={"AT": 2.0})]},
        "snapshots and days: missing, expected the starts of the periods",
    ),
    "no periods for months": ({"demand": [{"buses": ["AT"], **UNIFORM, "months": [1]}]}, "snapshots and days: missing"),
    "no periods for weather": ({"weather": {"years": {2010: {"AT": [1, 2, 3]}}}}, "snapshots and days: missing"),
    "no lengths": ({"weather": WEATHER, "snapshots": MONTHS["snapshots"]}, "days: missing, expected the starts"),
    "too few lengths": ({**RICH, "days": [31, 28]}, "days: found 2 for 3 snapshots; give one for each snapshot"),
    "length below 0": ({**RICH, "days": [31, -28, 31]}, "days[2]: found -28, expected a list of lengths"),
    "periods in disorder": ({**RICH, "snapshots": MONTHS["snapshots"][::-1]}, "put the periods in the order of time"),
    "low above high": (
        {"availability": {"A": {"distribution": "uniform", "low": 2, "high": 1}}},
        "availability[A].distribution.high: found low 2 above high 1; swap them or correct one",
    ),
    "mode outside": (
        {"availability": {"A": {"distribution": "triangular", "low": 0, "mode": 2, "high": 1}}},
        "availability[A].distribution.mode: found mode 2, expected a number from low (0) to high (1)",
    ),
    "normal below 0": (
        {"availability": {"A": {"distribution": "normal", "mean": 1, "sd": 0.1}}},
        "availability[A].distribution: a normal distribution reaches below 0, and a capacity cannot; add low: 0",
    ),
    "uniform below 0": (
        {"demand": [{"buses": ["AT"], "distribution": {"distribution": "uniform", "low": -1, "high": 1}}]},
        "demand[AT].distribution: reaches down to -1, and a demand cannot be below 0",
    ),
    "normal with nothing left": ({"availability": {"A": {**NORMAL, "low": 100}}}, "nothing is left of mean 1, sd 0.5"),
    "normal with ends that meet": ({"availability": {"A": {**NORMAL, "high": 0}}}, "found low 0 not below high 0"),
    "no spread": ({"availability": {"A": {**NORMAL, "sd": 0}}}, "availability[A].distribution.sd: found 0, expected"),
    "unknown distribution": (
        {"availability": {"A": {"distribution": "gauss"}}},
        "availability[A].distribution: found 'gauss', expected one of uniform, triangular, normal, beta, choice",
    ),
    "no distribution": (
        {"price": [{"components": ["A"]}]},
        "price[A].distribution: missing, expected a distribution like",
    ),
    "number for a distribution": (
        {"availability": {"A": 0.5}},
        "availability[A].distribution: found 0.5, expected a dist",
    ),
    "no end": (
        {"availability": {"A": {"distribution": "uniform", "low": 0}}},
        "availability[A].distribution.high: missing, expected a number, the upper end",
    ),
    "weights of choices": (
        {"availability": {"A": {"distribution": "choice", "values": [1, 2], "weights": [1]}}},
        "availability[A].distribution.weights: found 1 for 2 values",
    ),
    "weights of 0": (
        {"availability": {"A": {"distribution": "choice", "values": [1, 2], "weights": [0, 0]}}},
        "found nothing but zeros, expected at least one number above 0",
    ),
    "no members": ({"availability": [{"components": [], **UNIFORM}]}, "availability[1].components: found []"),
    "member twice": (
        {"demand": [{"buses": ["AT", "AT"], **UNIFORM}]},
        "buses: found AT more than once; list each once",
    ),
    "Norway in YAML": (
        {"demand": [{"buses": [False], **UNIFORM}]},
        "buses[1]: found False, expected a list of one or more",
    ),
    "month": (
        {"demand": [{"buses": ["AT"], **UNIFORM, "months": [13]}], **MONTHS},
        "months[1]: found 13, expected a list",
    ),
    "set": ({"events": {"a", "b"}}, "events: found {'a', 'b'}, expected a list"),
    "dimensions": (
        {"weather": {"years": xr.DataArray([[1.0]], dims=("yr", "bus"))}},
        "weather.years: found a DataArray with the dimensions yr, bus, expected years",
    ),
    "year": ({"weather": {"years": {"cold": {"AT": 1}}}}, "weather.years.cold: found 'cold', expected years"),
    "no years": ({"weather": {"years": {}}}, "weather.years: found {}, expected years"),
    "factor of weather": (
        {"weather": {"years": {2010: {"AT": -1}}}},
        "weather.years.2010.AT: found -1, expected years",
    ),
    "length of weather": (
        {"weather": {"years": {2010: {"AT": [1, 2]}}}, **MONTHS},
        "weather.years.2010.AT: found 2 factors, expected one for each of 3 snapshots",
    ),
    "weights of weather": (
        {"weather": {**WEATHER, "weights": {2010: 1, 2011: 1}}},
        "weather.weights: weights and years differ in 2011, 2012, 2014",
    ),
    "duplicate names": (
        {"events": [cut(), cut()]},
        "name 'cut': found 2 times; give each event and each named quantity",
    ),
    "unknown quantity": (priced(["a", "z", 0.5]), "correlation.pairs: unknown quantity 'z'; expected one of a, b, c"),
    "nothing is named": (
        {"availability": {"A": UNIFORM}, "correlation": {"pairs": [["A", "B", 0.5]]}},
        "unknown quantity 'A'; expected one of (none is named)",
    ),
    "quantity with itself": (priced(["a", "a", 0.5]), "correlation.pairs: found 'a' with itself"),
    "pair twice": (priced(["a", "b", 0.5], ["b", "a", 0.5]), "correlation.pairs: found a and b 2 times"),
    "rho": (priced(["a", "b", 1]), "correlation.pairs[1][3]: found 1, expected a list like"),
    "no pair": (priced(["a", "b"]), "correlation.pairs[1][3]: missing, expected a list like"),
    "indefinite": (
        priced(["a", "b", 0.9], ["b", "c", 0.9], ["a", "c", -0.5]),
        "the matrix of a, b, c is not positive definite (least eigenvalue -0.547); pairs not listed count as 0: list",
    ),
}


@pytest.mark.parametrize(("spec", "message"), WRONG.values(), ids=WRONG)
def test_wrong_specification_is_refused_in_plain_words(spec, message):
    with pytest.raises(UsageError) as caught:
        sample(spec, 4, 1)
    told = str(caught.value)
    if isinstance(spec, dict) and isinstance(spec.get("events"), set):
        told = told.replace("{'b', 'a'}", "{'a', 'b'}")  # a set has no order
    assert message in told
    assert told.startswith("these draws cannot be made:\n  - ")
    assert not any(word in told.lower() for word in ("pydantic", "validation", "input should"))


@pytest.mark.parametrize("size", [0, -3, 2.5, True, "4", None])
def test_size_is_a_whole_number_above_0(size):
    with pytest.raises(EnergyFlowsError, match=r"size: found .*, expected a whole number from 1"):
        sample({"weather": WEATHER}, size, 1)


@pytest.mark.parametrize("seed", [-1, 0.5, False, "1", None])
def test_seed_is_a_whole_number(seed):
    with pytest.raises(UsageError, match=r"seed: found .*, expected a whole number from 0"):
        sample({"weather": WEATHER}, 1, seed)


def test_all_problems_are_told_at_once():
    spec = {
        "method": "foo",
        "events": [cut(probability=2, components={"A": -1.0}, start="soon", days=-1)],
        "weather": {"years": {2010: {"AT": [1, 2]}}},
        "price": [{"name": "x", "components": ["A"]}],
        "demand": [{"name": "y", "buses": ["A"], **UNIFORM}, {"name": "y", "buses": ["A"], **UNIFORM}],
    }
    with pytest.raises(UsageError) as caught:
        sample(spec, 0, "a")
    places = ["size", "seed", "method", "events[cut].probability", "events[cut].components.A", "events[cut].start"]
    places += ["events[cut].days", "price[x].distribution", "snapshots and days", "name 'y'"]
    told = [line.removeprefix("  - ").partition(":")[0] for line in str(caught.value).splitlines()[1:]]
    assert told == places


def test_what_depends_on_a_broken_part_is_not_judged():
    spec = {**priced(["a", "b", 0.5]), "snapshots": ["soon"], "days": [1]}
    spec["events"][0] = {"name": "a", "probability": 2, "components": {"A": 1}, "start": "random", "days": 3}
    with pytest.raises(UsageError) as caught:
        sample(spec, 1, 1)
    assert len(str(caught.value).splitlines()) == 3


def test_told_scale_mends_the_matrix():
    spec = priced(["a", "b", 0.9], ["b", "c", 0.9], ["a", "c", -0.5])
    with pytest.raises(UsageError, match=r"or multiply all rho by 0\.64 or less"):
        sample(spec, 2, 1)
    pairs = [["a", "b", 0.9 * 0.64], ["b", "c", 0.9 * 0.64], ["a", "c", -0.5 * 0.64]]
    assert sample(priced(*pairs), 2, 1).sizes["draw"] == 2
