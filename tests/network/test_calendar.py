"""Periods, and figures brought onto them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energyflows.errors import UsageError
from energyflows.network.calendar import (
    average_rates,
    build_periods,
    count_days,
    find_overlaps,
    list_years,
    parse_period,
    smooth_months,
    spread_series,
)

YEAR = pd.date_range("2021-01-01", "2021-12-31")


def make_rows(**totals):
    """Rows of one series; ``y2021=…``, ``q2021Q2=…`` or ``m2021_05=…`` in TWh."""
    frequency = {"y": "year", "q": "quarter", "m": "month"}
    rows = [(name[1:].replace("_", "-"), frequency[name[0]], twh) for name, twh in totals.items()]
    return pd.DataFrame(rows, columns=["period", "frequency", "twh"])


@pytest.mark.parametrize(
    ("years", "listed"),
    [
        (2025, [2025]),
        (np.int64(2025), [2025]),
        ([2020], [2020]),
        ((2019, 2030), list(range(2019, 2031))),
        ([2021, 2022, 2023], [2021, 2022, 2023]),
    ],
)
def test_years_are_listed(years, listed):
    assert list_years(years) == listed


@pytest.mark.parametrize(
    ("years", "message"),
    [
        (2018, "outside the tables"),
        ((2030, 2031), "outside the tables"),
        ((2025, 2021), "backwards"),
        ([2021, 2023, 2024], "gaps"),
        ([2021, 2021, 2021], "gaps"),
        ("2025", "expected a year"),
        ("soon", "expected a year"),
        (2025.5, "expected a year"),
        (None, "expected a year"),
        ([], "empty"),
    ],
)
def test_unusable_years_are_refused(years, message):
    with pytest.raises(UsageError, match=message):
        list_years(years)


def test_unknown_resolution_is_refused():
    with pytest.raises(UsageError, match="monthly, weekly, daily"):
        build_periods(2025, "hourly")


@pytest.mark.parametrize(
    ("year", "resolution", "number", "last"),
    [
        (2025, "monthly", 12, 31),
        (2025, "weekly", 52, 8),
        (2024, "weekly", 52, 9),
        (2025, "daily", 365, 1),
        (2024, "daily", 366, 1),
    ],
)
def test_number_and_last_length_of_periods(year, resolution, number, last):
    days = count_days(build_periods(year, resolution))
    assert (len(days), days.iat[-1]) == (number, last)
    assert days.sum() == (366 if year == 2024 else 365)


def test_february_of_a_leap_year_has_29_days():
    assert count_days(build_periods((2023, 2024)))[["2023-02-01", "2024-02-01"]].tolist() == [28, 29]


@pytest.mark.parametrize("resolution", ["monthly", "weekly", "daily"])
def test_periods_of_several_years_have_no_gaps_and_are_those_of_each_year(resolution):
    periods = build_periods((2023, 2025), resolution)
    assert (periods.left[1:] == periods.right[:-1]).all()
    single = [build_periods(year, resolution) for year in (2023, 2024, 2025)]
    assert periods.left.equals(single[0].left.append([p.left for p in single[1:]]))


DATES = st.none() | st.dates(pd.Timestamp("2018-06-01").date(), pd.Timestamp("2026-06-01").date())


@given(st.lists(st.tuples(DATES, DATES), min_size=1, max_size=4), st.sampled_from(["monthly", "weekly"]))
def test_overlaps_equal_a_count_of_days(rows, resolution):
    start, end = (pd.Series(pd.to_datetime(list(column)), dtype="M8[ns]") for column in zip(*rows, strict=True))
    periods = build_periods(2024, resolution)
    expected = [
        [
            np.mean(
                [
                    (pd.isna(a) or a <= day) and (pd.isna(b) or day <= b)
                    for day in pd.date_range(period.left, period.right, inclusive="left")
                ]
            )
            for a, b in zip(start, end, strict=True)
        ]
        for period in periods
    ]
    np.testing.assert_allclose(find_overlaps(start, end, periods), expected, atol=1e-12)


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        ("2024", "2024-01-01", "2025-01-01"),
        ("2021Q4", "2021-10-01", "2022-01-01"),
        ("2024-02", "2024-02-01", "2024-03-01"),
    ],
)
def test_period_is_parsed(period, start, end):
    assert parse_period(period) == (pd.Timestamp(start), pd.Timestamp(end))


def test_finer_rows_are_taken_as_they_are_and_coarser_totals_are_met():
    rate = spread_series(make_rows(y2021=100, q2021Q1=40, m2021_02=14, m2021_08=3.1), YEAR)
    assert rate["2021-02"].sum() == pytest.approx(14_000)
    assert rate["2021-02-10"] == pytest.approx(500)
    assert rate["2021-08-31"] == pytest.approx(100)
    assert rate["2021-01":"2021-03"].sum() == pytest.approx(40_000)
    assert rate.sum() == pytest.approx(100_000)
    assert rate["2021-05-01"] == pytest.approx((100_000 - 40_000 - 3_100) / (365 - 90 - 31))


@given(
    st.dictionaries(st.integers(1, 12), st.floats(0, 5), max_size=12),
    st.dictionaries(st.integers(1, 4), st.floats(15, 30), max_size=4),
    st.none() | st.floats(120, 200),
)
def test_every_coarser_total_is_met_unless_finer_rows_say_all(months, quarters, total):
    rows = {f"m2021_{month:02}": twh for month, twh in months.items()} | {
        f"q2021Q{quarter}": twh for quarter, twh in quarters.items()
    }
    rate = spread_series(make_rows(**rows, **({} if total is None else {"y2021": total})), YEAR)
    for month, twh in months.items():
        assert rate[rate.index.month == month].sum() == pytest.approx(1e3 * twh)
    full = [q for q in quarters if set(range(3 * q - 2, 3 * q + 1)) <= set(months)]
    for quarter in set(quarters) - set(full):
        assert rate[rate.index.quarter == quarter].sum() == pytest.approx(1e3 * quarters[quarter])
    covered = set(months) | {m for q in quarters for m in range(3 * q - 2, 3 * q + 1)}
    if total is None:
        assert set(rate[rate.notna()].index.month) == covered
    elif len(covered) < 12:
        assert rate.sum() == pytest.approx(1e3 * total)


def test_finer_rows_above_the_total_leave_nothing_for_other_days():
    rate = spread_series(make_rows(y2021=10, m2021_01=12), YEAR)
    assert rate["2021-01"].sum() == pytest.approx(12_000)
    assert (rate["2021-02":] == 0).all()


def test_negative_total_stays_negative():
    assert spread_series(make_rows(y2021=-3.65), YEAR).to_numpy() == pytest.approx(-10)


def test_days_without_a_row_are_missing():
    rate = spread_series(make_rows(q2021Q2=9.1), YEAR)
    assert rate.notna().sum() == 91
    assert rate["2021-03-31":"2021-04-01"].isna().tolist() == [True, False]


def test_part_of_a_year_is_spread_like_the_whole_year():
    rows = make_rows(y2021=100, m2021_01=30)
    pd.testing.assert_series_equal(spread_series(rows, YEAR[180:]), spread_series(rows, YEAR)[180:], check_freq=False)


def test_weights_shape_a_total_and_days_they_lack_weigh_one():
    weights = pd.Series(3.0, index=YEAR[:100])
    rate = spread_series(make_rows(y2021=100), YEAR, weights)
    assert rate.sum() == pytest.approx(100_000)
    assert rate.iat[0] == pytest.approx(3 * rate.iat[200])


def test_average_over_periods_is_the_mean_of_their_days():
    periods = build_periods(2024, "weekly")
    daily = pd.Series(np.arange(366.0), index=pd.date_range("2024-01-01", periods=366))
    averaged = average_rates(daily, periods)
    assert averaged.iloc[[0, 1, -1]].tolist() == [3.0, 10.0, np.mean(range(357, 366))]
    assert averaged @ count_days(periods) == pytest.approx(daily.sum())


@given(st.lists(st.integers(0, 10**7).map(lambda rate: rate / 1e3), min_size=24, max_size=24))
def test_smooth_days_keep_the_energy_of_each_month_and_are_never_negative(rates):
    months = pd.date_range("2023-01-01", periods=24, freq="MS")
    monthly = pd.DataFrame({"a": rates, "b": 1.0}, index=months)
    daily = smooth_months(monthly, pd.date_range("2023-01-01", "2024-12-31"))
    energy = daily.groupby([daily.index.year, daily.index.month]).sum().to_numpy()
    np.testing.assert_allclose(energy, monthly.mul(months.days_in_month, axis=0), atol=1e-9 * max(1.0, *rates) * 730)
    assert daily.to_numpy().min() >= -1e-9 * max(1.0, *rates)
    assert daily["b"].to_numpy() == pytest.approx(1.0)
