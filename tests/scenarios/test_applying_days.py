"""When a change holds, and how volumes become rates."""

from functools import cache

import numpy as np
import pandas as pd
import pypsa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energyflows.errors import ScenarioError
from energyflows.scenarios import Cut, Scale, Volume
from energyflows.scenarios.applying._days import find_spans, list_days, place_day, rate_volume, share_days

DATES = st.dates(pd.Timestamp("2024-01-01").date(), pd.Timestamp("2025-12-31").date())


def hold(start=None, end=None):
    return Cut(supplier="RU", start=start, end=end)


def count(n, start=None, end=None):
    """Return the days on which a change holds."""
    return float(share_days(n, hold(start, end)) @ n.snapshot_weightings["generators"])


@pytest.fixture(scope="module")
def calendar():
    """Return a factory of empty networks of one of our calendars, not to be changed."""

    @cache
    def make(freq, start="2024-01-01", end="2025-12-31"):
        snapshots = pd.date_range(start, end, freq=freq)
        n = pypsa.Network(snapshots=snapshots)
        after = snapshots[1:].append(pd.DatetimeIndex([pd.Timestamp(end) + pd.Timedelta(days=1)]))
        days = (after - snapshots).days.to_numpy(dtype=float)
        n.snapshot_weightings = pd.DataFrame(dict.fromkeys(n.snapshot_weightings.columns, days), index=snapshots)
        n.meta = {"program": "energyflows"}
        return n

    return make


@pytest.mark.parametrize("resolution", ["monthly", "weekly", "daily"])
def test_days_of_a_network_are_those_of_its_years(networks, resolution):
    days = list_days(networks(2024, resolution))
    assert days.equals(pd.date_range("2024-01-01", "2024-12-31"))


def test_without_days_a_change_always_holds(n):
    assert (share_days(n, hold()) == 1.0).all()


def test_a_dated_change_holds_for_a_part_of_its_first_and_last_month(n):
    share = share_days(n, hold("2025-03-11", "2025-05-15"))
    expected = {3: 21 / 31, 4: 1.0, 5: 15 / 31}
    assert share.to_numpy() == pytest.approx([expected.get(month, 0.0) for month in range(1, 13)])


def test_half_open_changes_begin_or_end_with_the_network(n):
    assert count(n, "2025-12-01") == pytest.approx(31)
    assert count(n, None, "2025-01-31") == pytest.approx(31)
    assert count(n, "2026-01-01") == 0
    assert count(n, None, "2024-12-31") == 0


def test_one_day_is_one_day(networks):
    for resolution in ("monthly", "weekly", "daily"):
        assert count(networks(2025, resolution), "2025-07-05", "2025-07-05") == pytest.approx(1)


def test_days_of_every_year_come_back(networks):
    n = networks((2024, 2025))
    share = share_days(n, hold("06-01", "08-31"))
    assert share.index[share > 0].month.tolist() == [6, 7, 8] * 2


def test_a_winter_touches_both_ends_of_a_year(n):
    share = share_days(n, hold("11-16", "02-14"))
    assert share.iloc[[0, 1, 10, 11]].to_numpy() == pytest.approx([1.0, 14 / 28, 15 / 30, 1.0])
    assert (share.iloc[2:10] == 0).all()


def test_the_leap_day_counts_where_there_is_one(networks):
    assert count(networks(2024), "02-29", "02-29") == pytest.approx(1)
    assert place_day("02-29", 2025) == pd.Timestamp("2025-02-28")
    assert count(networks(2024), "02-01", "02-29") == pytest.approx(29)
    assert count(networks(2025), "02-01", "02-29") == pytest.approx(28)


def test_spans_of_every_year_reach_back_one_year():
    days = pd.date_range("2025-01-01", "2025-12-31")
    spans = find_spans("12-01", "01-31", days)
    assert spans == [
        (pd.Timestamp("2024-12-01"), pd.Timestamp("2025-02-01")),
        (pd.Timestamp("2025-12-01"), pd.Timestamp("2026-02-01")),
    ]


@given(st.floats(0, 500), st.sampled_from(["MS", "7D", "D", "QS"]))
def test_a_volume_of_a_year_is_that_energy_every_year(calendar, twh, freq):
    n = calendar(freq)
    energy = rate_volume(n, Volume(twh=twh), None, None) * n.snapshot_weightings["generators"]
    assert energy.sum() / 1e3 == pytest.approx(2 * twh, rel=1e-12)


@given(st.floats(0, 500), DATES, DATES, st.sampled_from(["MS", "7D", "D", "QS"]))
def test_a_volume_of_a_period_is_that_energy_in_it(calendar, twh, one, other, freq):
    n = calendar(freq)
    start, end = (day.isoformat() for day in sorted((one, other)))
    energy = rate_volume(n, Volume(twh=twh, per="period"), start, end) * n.snapshot_weightings["generators"]
    assert energy.sum() / 1e3 == pytest.approx(twh, rel=1e-12)


@given(DATES, DATES, st.sampled_from(["MS", "7D", "D", "QS"]))
def test_a_volume_of_a_year_flows_at_its_pace_on_the_days_it_holds(calendar, one, other, freq):
    n = calendar(freq)
    start, end = (day.isoformat() for day in sorted((one, other)))
    found = rate_volume(n, Volume(twh=36.6), start, end) @ n.snapshot_weightings["generators"]
    days = pd.date_range(start, end)
    assert found == pytest.approx((36600 / (365 + days.is_leap_year)).sum(), rel=1e-9)


def test_each_winter_takes_the_volume_of_its_period_whatever_its_length(calendar):
    n = calendar("D", "2022-07-01", "2024-06-30")
    rate = rate_volume(n, Volume(twh=15.1, per="period"), "11-01", "03-31")
    assert rate[:"2023-06-30"].sum() == pytest.approx(15100)
    assert rate["2023-07-01":].sum() == pytest.approx(15100)


def test_bcm_are_energy_by_their_calorific_value(n):
    weights = n.snapshot_weightings["generators"]
    assert rate_volume(n, Volume(bcm=2, gcv=11.05), None, None) @ weights == pytest.approx(22100)
    assert rate_volume(n, Volume(bcm=2), None, None) @ weights == pytest.approx(21100)


def test_hours_of_other_networks_take_the_figure_of_their_day():
    n = pypsa.Network(snapshots=pd.date_range("2025-03-01 06:00", periods=48, freq="h"))
    share = share_days(n, hold("2025-03-02", "2025-03-02"))
    assert share.groupby(share.index.date).mean().tolist() == [0.0, 1.0, 0.0]


def test_weights_of_other_networks_are_not_taken_for_days():
    n = pypsa.Network(snapshots=pd.date_range("2025-03-01", periods=3, freq="D"))
    n.snapshot_weightings["generators"] = 24.0
    assert len(list_days(n)) == 3
    assert np.array_equal(share_days(n, hold("2025-03-03")), [0.0, 0.0, 1.0])


def test_networks_without_days_take_only_changes_without_days():
    n = pypsa.Network()
    n.set_snapshots(["peak", "night"])
    assert (share_days(n, Scale(component="link", name="x", factor=2.0)) == 1.0).all()
    with pytest.raises(ScenarioError, match="no days but like 'peak'; leave out start and end"):
        share_days(n, hold("2025-03-03"))
