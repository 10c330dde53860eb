"""The models: parameters stand where they are named, and what contradicts itself is refused in words."""

import copy
import pickle
import re
from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energyflows.errors import ScenarioError, UnknownNameError
from energyflows.scenarios import (
    Add,
    Backfill,
    Contract,
    Cut,
    Demand,
    Disrupt,
    Leg,
    Parameter,
    Scenario,
    Set,
    Stake,
    StorageTarget,
    Swap,
    Volume,
    Withhold,
    set_parameters,
)
from energyflows.scenarios.scenario import describe_changes

JARGON = re.compile("pydantic|http|Input should|Value error")
VOLUME = {"change": "withhold", "suppliers": ["RU"], "volume": {"bcm": "$volume"}}


def make_scenario(*changes, name="mine", **values):
    parameters = {key: {"value": value, "unit": "1", "source": "assumption"} for key, value in values.items()}
    return Scenario(name=name, parameters=parameters, changes=changes)


def read_message(make, *arguments, **keywords):
    with pytest.raises(ScenarioError) as error:
        make(*arguments, **keywords)
    return str(error.value)


# ------------------------------------------------------------------ parameters


@given(st.floats(0, 1e6))
def test_a_parameter_stands_for_its_value(value):
    scenario = make_scenario(VOLUME, volume=value)
    assert scenario.changes[0].volume.bcm == value
    assert describe_changes(scenario) == [VOLUME]


def test_a_parameter_stands_at_any_depth_and_as_often_as_it_is_named():
    leg = {"supplier": "AZ", "link": "$link", "label": "AZ", "volume": {"bcm": "$volume"}, "adds": False}
    scenario = make_scenario(VOLUME, {"change": "swap", "legs": [leg, leg]}, volume=2, link="TAP")
    withhold, swap = scenario.changes
    assert withhold.volume.bcm == 2
    assert [(each.link, each.volume.bcm) for each in swap.legs] == [("TAP", 2), ("TAP", 2)]


def test_declarations_and_plain_data_make_the_same_scenario():
    plain = {"change": "withhold", "suppliers": ["RU", "AZ"], "volume": {"bcm": 1}}
    declared = Withhold(suppliers=("RU", "AZ"), volume=Volume(bcm=1))
    assert make_scenario(plain) == make_scenario(declared)
    assert make_scenario({**plain, "volume": Volume(bcm=1)}) == make_scenario(declared)
    assert make_scenario(plain) != make_scenario({**plain, "volume": {"bcm": 2}})


def test_values_set_change_the_changes_and_the_name_and_leave_the_scenario():
    scenario = make_scenario(VOLUME, volume=1)
    changed = set_parameters(scenario, {"volume": 2})
    assert (changed.name, changed.changes[0].volume.bcm) == ("mine[volume=2]", 2)
    assert (scenario.name, scenario.changes[0].volume.bcm) == ("mine", 1)
    assert set_parameters(changed, {"volume": 3}).changes == set_parameters(scenario, {"volume": 3}).changes
    assert changed.parameters["volume"].unit == scenario.parameters["volume"].unit
    assert set_parameters(scenario, {}) is scenario


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (2, "2"),
        (2.0, "2"),
        (0.5, "0.5"),
        (np.int64(3), "3"),
        (np.float64(0.25), "0.25"),
        (1e20, "1e20"),
        (1e-7, "1e-07"),
        (0.123456789, "0.123456789"),
    ],
)
def test_a_value_is_told_in_the_name(value, told):
    changed = set_parameters(make_scenario(VOLUME, volume=1), {"volume": value})
    assert changed.name == f"mine[volume={told}]"
    assert changed.changes[0].volume.bcm == float(value)


@pytest.mark.parametrize(("value", "told"), [("Gas of X", "gas-of-x"), ("SOCAR", "socar"), ("11-15", "11-15")])
def test_a_text_is_told_in_the_name_as_far_as_a_name_can(value, told):
    scenario = make_scenario({"change": "cut", "supplier": "$who"}, who="RU")
    assert set_parameters(scenario, {"who": value}).name == f"mine[who={told}]"


def test_the_name_does_not_depend_on_the_order_of_values():
    scenario = make_scenario(VOLUME, {"change": "demand", "zones": ["DE"], "factor": "$factor"}, volume=1, factor=1)
    one, other = {"volume": 2, "factor": 0.5}, {"factor": 0.5, "volume": 2}
    assert set_parameters(scenario, one) == set_parameters(scenario, other)
    assert set_parameters(scenario, one).name == "mine[volume=2,factor=0.5]"


def test_an_unknown_parameter_is_told_with_those_there_are():
    scenario = make_scenario(VOLUME, volume=1)
    with pytest.raises(UnknownNameError, match=r"mine: no parameter 'volum'; did you mean volume\?; it has volume"):
        set_parameters(scenario, {"volum": 1})
    with pytest.raises(UnknownNameError, match="plain: no parameter 'x'; it has none"):
        set_parameters(make_scenario(name="plain"), {"x": 1})


@pytest.mark.parametrize("value", [-1, "much", True, float("nan"), float("inf"), None, [1]])
def test_a_value_that_cannot_be_used_is_refused(value):
    message = read_message(set_parameters, make_scenario(VOLUME, volume=1), {"volume": value})
    assert "volume" in message
    assert "pydantic" not in message


def test_names_without_parameter_are_told_where_they_stand_beside_other_problems():
    message = read_message(make_scenario, VOLUME, {"change": "cut", "supplier": "$who", "share": 2}, volum=1)
    assert message.splitlines()[0] == "3 problems in Scenario:"
    assert "change 1 (withhold), volume.bcm: $volume is no parameter of this scenario; it has $volum" in message
    assert "change 2 (cut), supplier: $who is no parameter of this scenario; it has $volum" in message
    assert "change 2 (cut), share: found 2, expected a number from 0 to 1" in message


def test_a_name_without_parameter_is_no_name_of_a_supplier():
    message = read_message(make_scenario, {"change": "cut", "supplier": "$who"})
    assert message.endswith("change 1 (cut), supplier: $who is no parameter of this scenario; it has none")


def test_a_parameter_cannot_stand_for_another():
    message = read_message(make_scenario, VOLUME, volume="$other", other=1)
    assert "parameters.volume.value: found '$other', expected a value" in message


def test_a_parameter_without_value_is_told_once():
    data = {"volume": {"unit": "bcm", "source": "assumption"}}
    message = read_message(Scenario, name="mine", parameters=data, changes=[VOLUME])
    assert message.startswith("1 problem in Scenario:\n  - parameters.volume: the key 'value' is missing")


@pytest.mark.parametrize("name", ["two words", "a-b", "", "1st"])
def test_parameters_are_called_by_words(name):
    assert "parameter names must be words" in read_message(make_scenario, **{name: 1})


def test_a_range_does_not_run_backwards():
    assert "high 1 lies below low 2" in read_message(Parameter, value=1, low=2, high=1, unit="x", source="y")


def test_a_value_outside_its_plausible_range_can_be_tried():
    parameter = Parameter(value=1, low=0, high=2, unit="bcm/y", source="assumption")
    scenario = Scenario(name="mine", parameters={"volume": parameter}, changes=[VOLUME])
    assert set_parameters(scenario, {"volume": 5}).changes[0].volume.bcm == 5


# ------------------------------------------------------------------ names


@pytest.mark.parametrize("name", ["a", "winter-2026-27", "a[volume=2]", "a + b", "a[x=-1,y=b] + c"])
def test_names_of_small_letters_are_taken(name):
    assert Scenario(name=name).name == name


@pytest.mark.parametrize("name", ["", "A", "a b", "a+b", "../a", "a/b", "-a", "a + ", "a\nb", 5])
def test_other_names_are_refused(name):
    assert "name: found" in read_message(Scenario, name=name)


# ------------------------------------------------------------------ days


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("2026-11-15", "2026-11-15"),
        ("11-15", "11-15"),
        ("02-29", "02-29"),
        ("2024-02-29", "2024-02-29"),
        (date(2026, 11, 15), "2026-11-15"),
        (datetime(2026, 11, 15), "2026-11-15"),  # noqa: DTZ001  what pandas gives
        (pd.Timestamp("2026-11-15"), "2026-11-15"),
    ],
)
def test_days_are_taken(given, read):
    assert StorageTarget(zones=("DE",), share=0.9, day=given).day == read


@pytest.mark.parametrize(
    "given",
    [
        "2026-02-30",
        "02-30",
        "13-01",
        "1-1",
        "20261115",
        "2026-W46-7",
        "15.11.2026",
        "2026-11",
        "2026-11-15 12:00",
        pd.Timestamp("2026-11-15 12:00"),
        "0026-11-15",
        "2206-1-1",
        2026,
        True,
        None,
        "",
    ],
)
def test_other_days_are_refused(given):
    message = read_message(StorageTarget, zones=("DE",), share=0.9, day=given)
    assert "day: found" in message
    assert "expected a day like 2026-11-15, or 11-15 for that day of every year" in message


@pytest.mark.parametrize(
    ("start", "end", "told"),
    [
        ("2026-12-01", "2026-11-30", "end 2026-11-30 lies before start 2026-12-01"),
        ("11-01", None, "11-01 is a day of every year and needs both start and end"),
        (None, "03-31", "03-31 is a day of every year and needs both start and end"),
        ("11-01", "2026-12-01", "must both have a year, or both have none"),
    ],
)
def test_times_that_contradict_themselves_are_refused(start, end, told):
    assert told in read_message(Cut, supplier="RU", start=start, end=end)


@pytest.mark.parametrize(
    ("start", "end"), [(None, None), ("2026-12-01", None), ("2026-12-01", "2026-12-01"), ("11-01", "03-31")]
)
def test_times_are_open_single_days_or_winters(start, end):
    cut = Cut(supplier="RU", start=start, end=end)
    assert (cut.start, cut.end) == (start, end)


def make_leg(**more):
    return Leg(supplier="AZ", link="TAP", label="AZ", volume=Volume(bcm=1), adds=False, **more)


def test_days_of_a_leg_are_those_of_its_swap_where_it_has_none():
    swap = Swap(legs=(make_leg(start="11-01"), make_leg()), start="11-01", end="03-31")
    assert [leg.start for leg in swap.legs] == ["11-01", None]
    late = make_leg(start="2027-01-01")
    assert "lies before start" in read_message(Swap, legs=(late, make_leg()), start="2026-01-01", end="2026-12-31")


# ------------------------------------------------------------------ what else contradicts itself


@pytest.mark.parametrize(
    ("model", "given", "told"),
    [
        (Volume, {}, "found neither twh nor bcm, expected one of them"),
        (Volume, {"twh": 1, "bcm": 1}, "found both twh and bcm, expected one of them"),
        (Volume, {"bcm": -1}, "bcm: found -1, expected a number of at least 0"),
        (Volume, {"bcm": 1, "gcv": 0}, "gcv: found 0, expected a number above 0"),
        (Volume, {"bcm": float("inf")}, "bcm: found inf, expected a finite number"),
        (Volume, {"bcm": True}, "bcm: found true, expected a number of at least 0"),
        (Volume, {"bcm": "1"}, "bcm: found '1', expected a number of at least 0"),
        (Volume, {"bcm": "1,5"}, "bcm: found '1,5', expected a number of at least 0; numbers take a decimal point"),
        (Cut, {"supplier": "RU", "share": 1.01}, "share: found 1.01, expected a number from 0 to 1"),
        (Cut, {"supplier": "RU", "share": None}, "share: found nothing, expected a number from 0 to 1"),
        (Cut, {"supplier": " "}, "supplier: found ' ', expected text"),
        (Cut, {"supplier": 7}, "supplier: found 7, expected text; put it in quotes"),
        (Cut, {"supplier": "RU", "gas": "oil"}, "gas: found 'oil', expected one of any, pipeline, lng"),
        (Cut, {"suplier": "RU"}, "found the key 'suplier', which is not known here; did you mean supplier?"),
        (Demand, {"zones": (), "factor": 1}, "zones: found an empty list, expected a list of names; name at least one"),
        (Demand, {"zones": "DE", "factor": 1}, "zones: found 'DE', expected a list of names; write it as [DE]"),
        (Set, {"component": "link", "name": "TAP", "value": -1}, "a capacity of -1 is below zero"),
        (Add, {"component": "link", "name": "x", "bus": "a", "capacity": 1}, "a link needs the bus it goes 'to'"),
        (Add, {"component": "generator", "name": "x", "bus": "a", "capacity": 1}, "a generator needs an 'origin'"),
        (Disrupt, {"corridor": "TAP", "ramp_days": 3}, "ramp_days needs duration_days"),
        (Disrupt, {"corridor": "TAP", "duration_days": 3}, "duration_days needs a start"),
        (Contract, {"link": "TAP", "volume": {"bcm": 1}, "ceiling": 0.5}, "ceiling 0.5 lies below take_or_pay 0.8"),
        (Swap, {"legs": (make_leg(),)}, "legs: found a list of 1, expected a list of 2 entries"),
    ],
)
def test_declarations_are_refused_in_words(model, given, told):
    message = read_message(model, **given)
    assert told in message
    assert not JARGON.search(message)


def test_all_problems_of_nested_declarations_are_told_at_once():
    message = read_message(Backfill, supplier="RU", entry="X", home="AZ", volume={"bcm": -1}, substitutable=2)
    assert message.splitlines()[0] == "3 problems in Backfill:"


def test_energy_of_a_volume():
    assert Volume(twh=7).energy == 7
    assert Volume(bcm=2, gcv=11).energy == pytest.approx(22)


def test_a_copy_or_a_pickled_scenario_keeps_its_parameters():
    scenario = make_scenario(VOLUME, volume=1)
    for other in (copy.deepcopy(scenario), pickle.loads(pickle.dumps(scenario)), scenario.model_copy()):  # noqa: S301
        assert other == scenario
        assert set_parameters(other, {"volume": 2}) == set_parameters(scenario, {"volume": 2})


def test_declarations_stay_as_they_are():
    with pytest.raises(ValueError, match="frozen"):
        Cut(supplier="RU").supplier = "AZ"


KEYS = st.sampled_from(["change", "supplier", "share", "legs", "volume", "start", "x"])
LEAVES = st.none() | st.booleans() | st.floats() | st.text() | st.sampled_from(["cut", "swap", "$x", "$y", "11-01"])
PARTS = st.recursive(LEAVES, lambda part: st.lists(part, max_size=3) | st.dictionaries(KEYS, part, max_size=4))


@given(PARTS, PARTS)
def test_whatever_is_no_scenario_is_refused_in_words(part, parameter):
    changes = [part, {"change": "cut"}]
    message = read_message(Scenario, name="mine", changes=changes, parameters={"x": parameter})
    assert "change 2 (cut): the key 'supplier' is missing" in message
    assert not JARGON.search(message)


def test_a_share_changes_hands_once():
    with pytest.raises(ScenarioError, match="a share changes hands once"):
        Stake(asset="Shah Deniz", owner="A", country="AA", share=0.1, start="03-01", end="05-31")
