"""Scores in closed form, and what must hold for any figures."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energyflows.hindcast.comparing import compare_spreads, list_worst
from energyflows.hindcast.reasons import UNEXPLAINED
from energyflows.hindcast.scoring import AIMS, LARGEST, score_groups, score_series, score_years, sum_years

LENGTHS = {4: "year", 6: "quarter", 7: "month", 10: "day"}
RELATIVE = ["mape", "rmse_relative", "correlation", "error"]


def make(rows, series="NL-DE", group="borders", pins="off", role="scored", capacity=10.0):
    """Return pairs of one series from (period, modelled, observed)."""
    frame = pd.DataFrame(rows, columns=["period", "modelled", "observed"])
    year = frame["period"].str[:4].astype(int)
    return frame.assign(
        series=series,
        group=group,
        pins=pins,
        role=role,
        capacity=capacity,
        year=year,
        frequency=frame["period"].str.len().map(LENGTHS),
        sample=np.where(year <= 2022, "calibration", "held-out"),
    )


def pick(scores, **labels):
    chosen = scores.query(" and ".join(f"{name} == {value!r}" for name, value in labels.items()))
    assert len(chosen) == 1
    return chosen.iloc[0]


MONTHS = make([("2021-01", 4.0, 5.0), ("2021-02", 7.0, 5.0), ("2021-03", 10.0, 8.0)])


# ------------------------------------------------------------------ series
def test_scores_of_three_months_by_hand():
    for year in (0, 2021):
        row = pick(score_series(MONTHS), series="NL-DE", year=year)
        assert (row["n"], row["modelled"], row["observed"], row["bias"]) == (3, 21.0, 18.0, 3.0)
        assert row["mape"] == pytest.approx((1 / 5 + 2 / 5 + 2 / 8) / 3)
        assert row["rmse"] == pytest.approx(np.sqrt(3))
        assert row["rmse_relative"] == pytest.approx(np.sqrt(3) / 10)
        assert row["error"] == pytest.approx(5 / 18)
        assert row["correlation"] == pytest.approx(9 / np.sqrt(18 * 6))
        assert row["role"] == "scored"


def test_levels_are_told_as_means():
    stock = MONTHS.assign(group="stocks", series="stock DE")
    row = pick(score_series(stock), year=0)
    assert (row["modelled"], row["observed"], row["bias"]) == (7.0, 6.0, 1.0)


def test_what_is_undefined_is_missing():
    nothing = pick(score_series(make([("2021-01", 1.0, 0.0), ("2021-02", 2.0, 0.0)], capacity=0.0)), year=0)
    assert nothing[RELATIVE].isna().all()
    assert nothing["rmse"] == pytest.approx(np.sqrt(2.5))
    two = pick(score_series(MONTHS.iloc[:2]), year=0)
    assert np.isnan(two["correlation"])
    flat = pick(score_series(MONTHS.assign(modelled=0.1 + 0.2)), year=0)
    assert np.isnan(flat["correlation"])


def test_periods_without_anything_observed_or_capacity_do_not_count_in_relative_scores():
    pairs = make([("2021-01", 1.0, 0.0), ("2021-02", 3.0, 2.0)]).assign(capacity=[0.0, 10.0])
    row = pick(score_series(pairs), year=0)
    assert row["mape"] == 0.5
    assert row["rmse_relative"] == pytest.approx(0.1)
    assert row["error"] == pytest.approx(1.0)


def test_inputs_are_told_and_earn_no_score():
    row = pick(score_series(MONTHS.assign(role="input")), year=0)
    assert (row["role"], row["n"], row["modelled"], row["observed"]) == ("input", 3, 21.0, 18.0)
    assert row[["bias", "rmse", *RELATIVE]].isna().all()


def test_inputs_among_scored_periods_do_not_count():
    mixed = MONTHS.assign(role=["input", "scored", "scored"])
    row = pick(score_series(mixed), year=0)
    assert (row["role"], row["n"], row["bias"]) == ("scored", 2, 4.0)
    assert row["rmse"] == 2.0


def test_gaps_are_no_periods():
    gap = make([("2021-04", 9.0, np.nan)])
    row = pick(score_series(pd.concat([MONTHS, gap])), year=0)
    assert (row["n"], row["modelled"], row["observed"]) == (3, 21.0, 18.0)
    only = pick(score_series(gap), year=0)
    assert only["n"] == 0
    assert only[["modelled", "observed", "bias", "rmse", *RELATIVE]].isna().all()
    assert score_groups(gap)["n"].sum() == 0


def test_spread_and_correlation_compare_periods_of_one_length():
    years = make([("2022", 60.0, 40.0)], capacity=120.0)
    row = pick(score_series(pd.concat([MONTHS, years])), year=0)
    assert row["rmse"] == pytest.approx(np.sqrt(3))
    assert row["correlation"] == pytest.approx(9 / np.sqrt(18 * 6))
    assert (row["n"], row["bias"]) == (4, 23.0)
    assert row["rmse_relative"] == pytest.approx(np.sqrt((0.01 + 0.04 + 0.04 + 1 / 36) / 4))


def test_of_two_lengths_as_frequent_the_finer_counts():
    pairs = make([("2021-01", 4.0, 5.0), ("2022", 60.0, 40.0)])
    assert pick(score_series(pairs), year=0)["rmse"] == 1.0


def test_pins_on_come_before_off_and_groups_in_their_order():
    parts = [
        MONTHS.assign(group=group, series=group, pins=pins) for pins in ("off", "on") for group in ("prices", "lng")
    ]
    told = score_series(pd.concat(parts)).query("year == 0")
    assert list(zip(told["pins"], told["group"], strict=True)) == [
        ("on", "lng"),
        ("on", "prices"),
        ("off", "lng"),
        ("off", "prices"),
    ]


# ------------------------------------------------------------------ groups
def test_groups_compare_yearly_totals_by_hand():
    other = make([("2021", 30.0, 40.0), ("2023", 9.0, 10.0)], series="BE-DE", capacity=100.0)
    groups = score_groups(pd.concat([MONTHS, other]))
    early = pick(groups, sample="calibration")
    assert (early["n_series"], early["n"], early["n_input"]) == (2, 4, 0)
    assert early["error"] == pytest.approx((3 + 10) / (18 + 40))
    assert early["median_error"] == pytest.approx((3 / 18 + 10 / 40) / 2)
    assert early["worst_error"] == pytest.approx(10 / 40)
    assert early["rmse_relative"] == pytest.approx(np.sqrt((0.01 + 0.04 + 0.04 + 0.01) / 4))
    assert early["worst_rmse"] == pytest.approx(np.sqrt(0.03))
    late = pick(groups, sample="held-out")
    assert (late["error"], late["n_series"], late["n"]) == (pytest.approx(0.1), 1, 1)
    whole = pick(groups, sample="all")
    assert whole["error"] == pytest.approx(14 / 68)
    assert whole["median_error"] == pytest.approx(3 / 18)


def test_an_aim_is_met_or_missed_in_its_sample():
    groups = score_groups(make([("2021", 112.0, 100.0), ("2023", 112.0, 100.0)], series="LNG BE", group="lng"))
    early, late = pick(groups, sample="calibration"), pick(groups, sample="held-out")
    assert (early["measure"], early["target"], early["met"]) == ("error", 0.10, False)
    assert (late["target"], late["met"]) == (0.15, True)
    both = pick(groups, sample="all")
    assert np.isnan(both["target"])
    assert both["met"] is None


def test_inputs_have_no_aim_and_are_counted():
    row = pick(score_groups(MONTHS.assign(group="norway", series="NO-BE", role="input")), sample="calibration")
    assert (row["n"], row["n_input"], row["met"]) == (0, 3, None)
    assert np.isnan(row["error"])
    year = pick(score_years(MONTHS.assign(role="input")), year=2021)
    assert (year["n"], year["n_input"]) == (0, 3)


def test_the_ten_largest_stores_are_a_group_beside_all():
    parts = [
        make([("2021-05-31", 1.0 + size, 1.0)], series=f"stock {size:02d}", group="stocks", capacity=float(size))
        for size in range(1, 14)
    ]
    pairs = pd.concat(parts)
    groups = score_groups(pairs)
    assert pick(groups, group="stocks", sample="all")["n_series"] == 13
    assert pick(groups, group=LARGEST, sample="all")["n_series"] == 10
    assert LARGEST not in set(score_series(pairs)["group"])
    assert groups["group"].tolist().index(LARGEST) == 3


def test_years_are_scored_one_by_one():
    years = score_years(make([("2021", 11.0, 10.0), ("2022", 13.0, 10.0)]))
    assert years.set_index("year")["error"].tolist() == pytest.approx([0.1, 0.3])
    assert years["measure"].unique().tolist() == [AIMS["borders"][0]]


def test_yearly_figures_are_sums_of_energy_and_means_of_levels():
    price = MONTHS.assign(group="prices", series="price TTF", role="circular")
    years = sum_years(pd.concat([MONTHS, price])).set_index("series")
    assert years.loc["NL-DE", ["modelled", "observed"]].tolist() == [21.0, 18.0]
    assert years.loc["price TTF", ["modelled", "observed"]].tolist() == [7.0, 6.0]


# ------------------------------------------------------------------ worst series and spreads
def test_the_worst_series_come_first_with_a_reason():
    parts = [
        make([("2021", 9.0, 4.0), ("2022", 4.0, 5.0)], series="A"),
        make([("2021", 4.0, 2.0)], series="B", group="others"),
        make([("2021-05-31", 9.0, 5.0), ("2021-06-30", 5.0, 5.0)], series="stock C", group="stocks"),
        make([("2021", 999.0, 1.0)], series="price TTF", group="prices", role="circular"),
        make([("2021", 999.0, 1.0)], series="D", pins="on"),
        make([("2021", 999.0, 1.0)], series="E", role="input"),
    ]
    worst = list_worst(pd.concat(parts), {"A": "because"})
    assert worst["series"].tolist() == ["A", "stock C", "B"]
    assert worst["apart_twh"].tolist() == pytest.approx([3.0, np.sqrt(8), 2.0])
    assert worst["reason"].tolist() == ["because", UNEXPLAINED, UNEXPLAINED]
    assert worst.iloc[0][["modelled", "observed", "years", "worst_year"]].tolist() == [6.5, 4.5, 2, 2021]
    assert list_worst(pd.concat(parts), count=1)["series"].tolist() == ["A"]


def test_a_border_whose_figure_is_an_estimate_in_some_years_is_one_series():
    parts = [make([("2021", 9.0, 4.0)]), make([("2022", 9.0, 8.0)], group="others")]
    worst = list_worst(pd.concat(parts))
    assert worst["series"].tolist() == ["NL-DE"]
    assert (worst["apart_twh"].iat[0], worst["years"].iat[0], worst["group"].iat[0]) == (3.0, 2, "borders")


def test_without_pins_off_the_worst_are_those_with_pins_on():
    assert list_worst(MONTHS.assign(pins="on"))["pins"].tolist() == ["on"]


def test_nothing_scored_has_no_worst_and_no_spreads():
    assert list_worst(MONTHS.assign(role="input")).empty
    assert compare_spreads(MONTHS).empty


def test_spreads_are_differences_of_yearly_means_from_the_dutch_hub():
    dutch = make([("2022-01", 100.0, 130.0), ("2022-02", 104.0, 132.0)], series="price TTF", group="prices")
    british = make([("2022", 101.0, 80.0)], series="price NBP", group="prices")
    belgian = make([("2022", 103.0, 100.0)], series="price ZEEBRUGGE", group="prices")
    alone = make([("2019", 10.0, 9.0)], series="price NBP", group="prices")
    spreads = compare_spreads(pd.concat([dutch, british, belgian, alone])).set_index("pair")
    assert spreads.loc["NBP-TTF", ["modelled", "observed", "sign_right"]].tolist() == [-1.0, -51.0, True]
    assert spreads.loc["ZEEBRUGGE-TTF", ["modelled", "observed", "sign_right"]].tolist() == [1.0, -31.0, False]
    assert len(spreads) == 2


# ------------------------------------------------------------------ what holds for any figures
FEW = settings(max_examples=25)
FIGURES = st.floats(0.01, 1e3)
ROWS = st.lists(st.tuples(FIGURES, FIGURES), min_size=1, max_size=12)


def build(rows):
    return make([(f"2021-{month:02d}", modelled, seen) for month, (modelled, seen) in enumerate(rows, 1)])


@FEW
@given(ROWS)
def test_scores_are_nothing_exactly_where_modelled_is_observed(rows):
    equal = pick(score_series(build([(seen, seen) for _, seen in rows])), year=0)
    assert equal[["bias", "mape", "rmse", "rmse_relative", "error"]].abs().max() == 0
    row = pick(score_series(build(rows)), year=0)
    differs = any(modelled != seen for modelled, seen in rows)
    assert (row["error"] > 0) == (row["mape"] > 0) == differs


@FEW
@given(ROWS, st.randoms(use_true_random=False))
def test_scores_do_not_depend_on_the_order_of_rows(rows, random):
    pairs = build(rows)
    order = list(pairs.index)
    random.shuffle(order)
    for tell in (score_series, score_groups, score_years):
        one, other = tell(pairs), tell(pairs.loc[order])
        pd.testing.assert_frame_equal(one, other, rtol=1e-9)


@FEW
@given(ROWS, st.floats(0.01, 100.0))
def test_relative_scores_do_not_depend_on_the_unit(rows, factor):
    pairs = build(rows)
    figures = ["modelled", "observed", "capacity"]
    scaled = pairs.assign(**{name: pairs[name] * factor for name in figures})
    one, other = (pick(score_series(frame), year=0) for frame in (pairs, scaled))
    np.testing.assert_allclose(one[RELATIVE].astype(float), other[RELATIVE].astype(float), rtol=1e-6, atol=1e-9)
    for name in ("bias", "rmse", "modelled", "observed"):
        assert other[name] == pytest.approx(factor * one[name], rel=1e-9, abs=1e-9)


@FEW
@given(st.lists(st.tuples(FIGURES, FIGURES), min_size=3, max_size=12))
def test_measures_keep_their_bounds(rows):
    row = pick(score_series(build(rows)), year=0)
    assert np.isnan(row["correlation"]) or -1 - 1e-9 <= row["correlation"] <= 1 + 1e-9
    assert abs(row["bias"]) <= row["error"] * row["observed"] * (1 + 1e-9)
    group = pick(score_groups(build(rows)), sample="calibration")
    assert group["error"] == pytest.approx(abs(row["bias"]) / row["observed"], abs=1e-12)
    assert group["error"] <= group["worst_error"] * (1 + 1e-9)
