"""Both sides of a swap deliver as much over each settlement period."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energyflows.errors import ScenarioError
from energyflows.scenarios import Expand, Leg, Swap, Withhold


def swap(one, other, settlement="year", **days):
    first = Leg(supplier="RU", link="IN", label="AZ", adds=True, **one)
    second = Leg(supplier="AZ", link="OUT", label="RU", adds=False, **other)
    return Swap(legs=(first, second), settlement=settlement, **days)


def deliver(twh, start=None, end=None, per="year"):
    return {"volume": {"twh": twh, "per": per}, "start": start, "end": end}


@pytest.mark.parametrize("settlement", ["month", "quarter", "year"])
def test_equal_legs_balance_over_any_period(settlement):
    swap(deliver(13.0), deliver(13.0), settlement)
    swap(deliver(13.0), deliver(13.0), settlement, start="2026-03-10", end="2027-02-01")
    swap(deliver(13.0), deliver(13.0), settlement, start="11-01", end="03-31")
    swap(deliver(13.0), deliver(13.0), settlement, start="2026-03-10")


@given(st.floats(0.1, 100), st.floats(1.001, 2.0))
def test_unequal_legs_are_refused_with_both_sums(twh, factor):
    with pytest.raises(
        ScenarioError, match=r"do not balance in any year: [\d.]+ TWh of RU by IN, [\d.]+ TWh of AZ by OUT"
    ):
        swap(deliver(twh), deliver(twh * factor))


def test_gas_and_energy_are_told_apart():
    gas = {"volume": {"bcm": 10.0, "gcv": 11.0}}
    swap(gas, deliver(110.0))
    with pytest.raises(ScenarioError, match=r"110 TWh of RU by IN, 105.5 TWh of AZ by OUT"):
        swap(gas, {"volume": {"bcm": 10.0}})


def test_what_is_given_in_winter_may_come_back_in_summer_of_the_same_year():
    winter = deliver(9.0, "2026-01-01", "2026-03-31", "period")
    summer = deliver(9.0, "2026-06-01", "2026-08-31", "period")
    swap(winter, summer)
    with pytest.raises(
        ScenarioError, match=r"in quarter 1 of 2026: 9 TWh of RU by IN, 0 TWh of AZ by OUT; both .* each quarter"
    ):
        swap(winter, summer, "quarter")


def test_what_comes_back_in_another_year_does_not_balance():
    with pytest.raises(ScenarioError, match="in 2026: 9 TWh of RU by IN, 0 TWh of AZ"):
        swap(deliver(9.0, "2026-01-01", "2026-03-31", "period"), deliver(9.0, "2027-01-01", "2027-03-31", "period"))


def test_a_leg_that_begins_later_is_missed_in_the_year_before():
    with pytest.raises(ScenarioError, match="in 2025: 10 TWh of RU by IN, 0 TWh of AZ"):
        swap(deliver(10.0), deliver(10.0, "2026-01-01"))
    with pytest.raises(ScenarioError, match="in 2027: 10 TWh of RU by IN, 0 TWh of AZ"):
        swap(deliver(10.0), deliver(10.0, None, "2026-12-31"))


def test_seasons_of_every_year_are_compared_over_one_year():
    # The winter of October to March has 182 days, the summer 183.
    summer = deliver(182.0, "04-01", "09-30", "period")
    swap(deliver(365.0, "10-01", "03-31"), summer)
    with pytest.raises(ScenarioError, match=r"in month 1 of any year: 31 TWh of RU by IN, 0 TWh of AZ"):
        swap(deliver(365.0, "10-01", "03-31"), summer, "month")


def test_the_leap_day_is_a_day_like_others():
    swap(deliver(36.6, "2024-01-01", "2024-12-31"), deliver(36.6, "2024-01-01", "2024-12-31", "period"), "month")
    swap(deliver(1.0, "02-29", "02-29", "period"), deliver(1.0, "02-28", "02-28", "period"), "month")


def test_a_volume_of_a_period_needs_its_period():
    expected = re.escape("a volume per period needs both start and end")
    period = {"twh": 1.0, "per": "period"}
    with pytest.raises(ScenarioError, match=expected):
        swap(deliver(1.0, per="period"), deliver(1.0))
    with pytest.raises(ScenarioError, match=expected):
        Withhold(suppliers=("RU",), volume=period, start="2026-01-01")
    with pytest.raises(ScenarioError, match=expected):
        Expand(links=("A",), by={"twh": 1.0}, upstream={"supplier": "RU", "bus": "B", "cost": 1.0, "volume": period})
    Withhold(suppliers=("RU",), volume=period, start="11-01", end="03-31")
