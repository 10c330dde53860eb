"""The draws follow the laws asked for; what cannot be drawn is refused in plain words."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from energyflows.ensemble.sampling import sample

MONTHS = {"snapshots": pd.date_range("2025-01-01", periods=3, freq="MS"), "days": [31, 28, 31]}
UNIFORM = {"distribution": "uniform", "low": 0.5, "high": 1.0}
NORMAL = {"distribution": "normal", "mean": 1.0, "sd": 0.5, "low": 0.0}
SIZE = 4096

LAWS = [
    (UNIFORM, stats.uniform(0.5, 0.5)),
    ({"distribution": "triangular", "low": 0.2, "mode": 0.9, "high": 1.0}, stats.triang(0.875, 0.2, 0.8)),
    (NORMAL, stats.truncnorm(-2.0, np.inf, 1.0, 0.5)),
    ({**NORMAL, "high": 1.1}, stats.truncnorm(-2.0, 0.2, 1.0, 0.5)),
    ({"distribution": "beta", "a": 2.0, "b": 5.0}, stats.beta(2, 5)),
    ({"distribution": "beta", "a": 2.0, "b": 0.5, "low": 1.0, "high": 3.0}, stats.beta(2, 0.5, 1, 2)),
]
METHODS = ["random", "lhs", "sobol"]


def cut(name="cut", probability=1.0, **parts):
    """Return an event, of one route if nothing else is named."""
    hit = {} if {"components", "buses", "cost_add"} & set(parts) else {"components": {"SCP": 0.0}}
    return {"name": name, "probability": probability, **hit, **parts}


def draw_one(distribution, size=SIZE, seed=1, **rest):
    """Draws of the availability of one component."""
    ds = sample({"availability": {"A": distribution}, **rest}, size, seed)
    return ds["capacity_factor"].sel(component="A").to_numpy()


# ------------------------------------------------------------------ distributions
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("distribution", "law"), LAWS)
def test_draws_follow_the_law_of_scipy(distribution, law, method):
    drawn = draw_one(distribution, method=method)
    # 4.5 standard errors: of the mean, and of the share of draws below each quantile
    assert drawn.mean() == pytest.approx(law.mean(), abs=4.5 * law.std() / np.sqrt(SIZE))
    for share in (0.05, 0.25, 0.5, 0.9):
        below = (drawn <= law.ppf(share)).mean()
        assert below == pytest.approx(share, abs=4.5 * np.sqrt(share * (1 - share) / SIZE))


@pytest.mark.parametrize(("distribution", "law"), LAWS)
def test_latin_hypercube_has_one_draw_in_each_stratum(distribution, law):
    drawn = draw_one(distribution, size=50, method="lhs")
    strata = np.searchsorted(law.ppf(np.linspace(0, 1, 51)), drawn) - 1
    assert sorted(strata) == list(range(50))


def test_sobol_of_a_power_of_two_has_one_draw_in_each_stratum():
    drawn = draw_one({**UNIFORM, "low": 0.0}, size=64, method="sobol")
    assert sorted((drawn * 64).astype(int)) == list(range(64))


def test_sobol_of_another_size_are_the_first_points_of_the_next_power():
    assert draw_one(UNIFORM, size=5, method="sobol").tolist() == draw_one(UNIFORM, size=8, method="sobol")[:5].tolist()


def test_choice_follows_its_weights():
    drawn = draw_one(
        {"distribution": "choice", "values": [1.0, 0.0, 0.5], "weights": [1, 3, 0]}, size=100, method="lhs"
    )
    assert {value: (drawn == value).sum() for value in (0.0, 0.5, 1.0)} == {0.0: 75, 0.5: 0, 1.0: 25}


def test_ends_that_meet_fix_the_figure():
    assert set(draw_one({"distribution": "uniform", "low": 0.7, "high": 0.7}, size=5)) == {0.7}
    assert set(draw_one({"distribution": "triangular", "low": 0.7, "mode": 0.7, "high": 0.7}, size=5)) == {0.7}


def test_price_may_fall_without_a_lower_end():
    spec = {"price": [{"components": ["L"], "distribution": {"distribution": "normal", "mean": 0, "sd": 2}}]}
    drawn = sample({**spec, "method": "lhs"}, 1000, 1)["cost_add"]
    assert float(drawn.mean()) == pytest.approx(0.0, abs=0.02)
    assert float(drawn.std()) == pytest.approx(2.0, rel=0.01)


# ------------------------------------------------------------------ events
@pytest.mark.parametrize("probability", [0.0, 0.1, 0.5, 1.0])
def test_event_happens_as_often_as_asked(probability):
    happened = sample({"events": [cut(probability=probability)]}, SIZE, 3)["happened"]
    bound = 4.5 * np.sqrt(probability * (1 - probability) / SIZE)
    assert float(happened.mean()) == pytest.approx(probability, abs=bound + 1e-12)
    stratified = sample({"events": [cut(probability=probability)], "method": "lhs"}, 100, 3)["happened"]
    assert int(stratified.sum()) == round(100 * probability)


def test_event_hits_all_its_components_together():
    event = cut(probability=0.3, components={"SCP": 0.0, "TANAP": 0.0}, buses={"AZ": 0.5}, cost_add={"LNG": 7.0})
    ds = sample({"events": [event]}, 200, 1)
    happened = ds["happened"].sel(event="cut").to_numpy() == 1
    assert 0 < happened.sum() < 200
    np.testing.assert_array_equal(ds["capacity_factor"].sel(component="SCP"), np.where(happened, 0.0, 1.0))
    np.testing.assert_array_equal(ds["capacity_factor"].sel(component="TANAP"), np.where(happened, 0.0, 1.0))
    np.testing.assert_array_equal(ds["demand_factor"].sel(bus="AZ"), np.where(happened, 0.5, 1.0))
    np.testing.assert_array_equal(ds["cost_add"].sel(component="LNG"), np.where(happened, 7.0, 0.0))


def test_variables_of_components_stand_on_the_same_ones():
    ds = sample({"events": [cut(components={"B": 0.5}, cost_add={"A": 2.0})]}, 1, 1)
    assert ds["component"].to_numpy().tolist() == ["A", "B"]
    assert ds["capacity_factor"].to_numpy().tolist() == [[1.0, 0.5]]
    assert ds["cost_add"].to_numpy().tolist() == [[2.0, 0.0]]


def test_overlapping_events_and_availability_multiply():
    events = [cut("a", components={"A": 0.5}), cut("b", components={"A": 0.4, "B": 0.3})]
    fixed = {"distribution": "choice", "values": [0.5]}
    ds = sample({"events": events, "availability": [{"components": ["A"], "distribution": fixed}]}, 1, 1)
    np.testing.assert_allclose(ds["capacity_factor"].to_numpy(), [[0.5 * 0.4 * 0.5, 0.3]])


def test_costs_of_several_quantities_add_up():
    events = [cut("a", cost_add={"A": 3.0}), cut("b", cost_add={"A": -1.0})]
    price = [{"components": ["A", "B"], "distribution": {"distribution": "choice", "values": [0.5]}}]
    assert sample({"events": events, "price": price}, 1, 1)["cost_add"].to_numpy().tolist() == [[2.5, 0.5]]


def test_partly_covered_period_gets_the_mean_weighted_with_time():
    event = cut(components={"A": 0.2}, cost_add={"A": 10.0}, start="2025-01-22", days=24)
    ds = sample({"events": [event], **MONTHS}, 1, 1)
    # 10 of 31 days of January, 14 of 28 of February, none of March
    expected = [1 - 0.8 * 10 / 31, 0.6, 1.0]
    np.testing.assert_allclose(ds["capacity_factor"].sel(component="A").to_numpy()[0], expected)
    np.testing.assert_allclose(ds["cost_add"].sel(component="A").to_numpy()[0], [100 / 31, 5.0, 0.0])
    assert ds["capacity_factor"].dims == ("draw", "component", "snapshot")


def test_whole_period_gets_the_exact_factor():
    event = cut(components={"A": 0.3}, start="2024-01-01", days=397)
    got = sample({"events": [event], **MONTHS}, 1, 1)["capacity_factor"].to_numpy()
    assert got[0, 0, [0, 2]].tolist() == [0.3, 1.0]


def test_random_start_is_uniform_over_the_periods():
    ds = sample({"events": [cut(start="random", days=1)], **MONTHS, "method": "lhs"}, 900, 1)
    lost = 1 - ds["capacity_factor"].sel(component="SCP")
    # A day in each period is as likely as its length; what is beyond the end comes at the beginning.
    expected = np.array([31.0, 28.0, 31.0]) / 90
    days = (lost * xr.DataArray(MONTHS["days"], dims="snapshot")).mean("draw")
    np.testing.assert_allclose(days, expected, atol=2 / 900)


def test_random_duration_follows_its_distribution():
    event = cut(start="2025-01-01", days={"distribution": "uniform", "low": 0, "high": 90})
    ds = sample({"events": [event], **MONTHS, "method": "lhs"}, 1000, 1)
    lost = ((1 - ds["capacity_factor"]).sel(component="SCP") * xr.DataArray(MONTHS["days"], dims="snapshot")).sum(
        "snapshot"
    )
    np.testing.assert_allclose(np.sort(lost), 90 * (np.arange(1000) + 0.5) / 1000, atol=90 / 1000)


# ------------------------------------------------------------------ weather, demand, price
WEATHER = {"years": {2010: {"AT": 1.2, "DE": 1.1}, 2014: {"AT": 0.9}, 2012: {"AT": 1.0, "DE": 1.05}}}


def test_weather_year_is_shared_by_all_buses():
    ds = sample({"weather": WEATHER}, 200, 1)
    assert ds["demand_factor"].dims == ("draw", "bus")
    for year, factors in zip(ds["weather_year"].to_numpy(), ds["demand_factor"].to_numpy(), strict=True):
        assert factors.tolist() == [WEATHER["years"][year].get(bus, 1.0) for bus in ("AT", "DE")]


@pytest.mark.parametrize(("weights", "expected"), [(None, [20, 20, 20]), ({2010: 1, 2012: 2, "2014": 3}, [10, 20, 30])])
def test_weather_years_come_as_often_as_they_weigh(weights, expected):
    drawn = sample({"weather": {**WEATHER, "weights": weights}, "method": "lhs"}, 60, 1)["weather_year"].to_numpy()
    found = [(drawn == year).sum() for year in (2010, 2012, 2014)]
    np.testing.assert_allclose(found, expected, atol=2)
    plain = sample({"weather": {**WEATHER, "weights": weights}}, SIZE, 1)["weather_year"].to_numpy()
    for year, share in zip((2010, 2012, 2014), np.array(expected) / 60, strict=True):
        assert (plain == year).mean() == pytest.approx(share, abs=4.5 * np.sqrt(share * (1 - share) / SIZE))


def test_weather_from_an_array_is_that_from_a_mapping():
    years = {2000: {"AT": [1.0, 2.0, 3.0], "DE": [1.0, 1.0, 0.5]}, 2001: {"AT": [0.1, 0.2, 0.3], "DE": [0.0, 1.0, 0.5]}}
    values = [[courses[bus] for bus in ("AT", "DE")] for courses in years.values()]
    array = xr.DataArray(values, {"year": [2000, 2001], "bus": ["AT", "DE"]}, ("year", "bus", "snapshot"))
    listed = sample({"weather": {"years": years}, **MONTHS}, 20, 1)
    xr.testing.assert_identical(sample({"weather": {"years": array.transpose()}, **MONTHS}, 20, 1), listed)
    assert listed["demand_factor"].dims == ("draw", "bus", "snapshot")
    first = listed["demand_factor"].isel(draw=0).sel(bus="AT").to_numpy().tolist()
    assert first == years[int(listed["weather_year"][0])]["AT"]


def test_demand_in_some_months_leaves_the_others():
    winter = {"buses": ["AT", "DE"], "distribution": {"distribution": "choice", "values": [1.5]}, "months": [11, 1]}
    ds = sample({"demand": [winter], **MONTHS}, 1, 1)
    assert ds["demand_factor"].to_numpy()[0].tolist() == [[1.5, 1.0, 1.0]] * 2


def test_period_across_months_counts_by_its_days():
    winter = {"buses": ["AT"], "distribution": {"distribution": "choice", "values": [2.0]}, "months": [1]}
    weeks = {"snapshots": ["2024-12-30", "2025-01-30"], "days": [7, 7]}
    got = sample({"demand": [winter], **weeks}, 1, 1)["demand_factor"].to_numpy()[0, 0]
    np.testing.assert_allclose(got, [1 + 5 / 7, 1 + 2 / 7])


def test_weather_and_demand_multiply():
    group = {"buses": ["AT"], "distribution": {"distribution": "choice", "values": [2.0]}}
    ds = sample({"weather": {"years": {2010: {"AT": 1.2}}}, "demand": [group]}, 1, 1)
    assert float(ds["demand_factor"].squeeze()) == pytest.approx(2.4)


def test_group_shares_one_draw():
    group = {"components": ["A", "B"], "distribution": UNIFORM}
    got = sample({"availability": [group], "price": [group]}, 50, 1)
    for name in ("capacity_factor", "cost_add"):
        values = got[name].to_numpy()
        np.testing.assert_array_equal(values[:, 0], values[:, 1])
        assert len(set(values[:, 0])) == 50
    assert set(got["capacity_factor"].to_numpy()[:, 0]).isdisjoint(got["cost_add"].to_numpy()[:, 0])


# ------------------------------------------------------------------ correlation
def correlated(rho, method="random", size=SIZE):
    price = [{"name": f"p{i}", "components": [f"P{i}"], "distribution": UNIFORM} for i in range(3)]
    spec = {"price": price, "method": method, "correlation": {"pairs": [["p2", "p0", rho]]}}
    return sample(spec, size, 5)["cost_add"].to_numpy()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("rho", [-0.8, 0.0, 0.6])
def test_correlation_is_the_one_asked_for(rho, method):
    drawn = correlated(rho, method)
    # The rank correlation of a Gaussian copula is known; 4.5 standard errors (at most 1 / sqrt(n)).
    expected = 6 / np.pi * np.arcsin(rho / 2)
    assert stats.spearmanr(drawn[:, 0], drawn[:, 2])[0] == pytest.approx(expected, abs=4.5 / np.sqrt(SIZE))
    assert stats.spearmanr(drawn[:, 0], drawn[:, 1])[0] == pytest.approx(0.0, abs=4.5 / np.sqrt(SIZE))
    assert drawn.mean(axis=0) == pytest.approx([0.75] * 3, abs=4.5 * 0.5 / np.sqrt(12 * SIZE))


def test_correlated_latin_hypercube_keeps_its_strata():
    strata = ((correlated(0.7, "lhs", 40) - 0.5) * 2 * 40).astype(int)
    assert all(sorted(column) == list(range(40)) for column in strata.T)


def test_correlated_events_happen_together_as_often_as_the_copula_says():
    events = [cut(name, 0.2, components={name: 0.0}) for name in "ab"]
    happened = sample({"events": events, "correlation": {"pairs": [["a", "b", 0.7]]}}, SIZE, 1)["happened"].to_numpy()
    joint = stats.multivariate_normal([0, 0], [[1, 0.7], [0.7, 1]]).cdf([stats.norm.ppf(0.2)] * 2)
    assert happened.all(axis=1).mean() == pytest.approx(joint, abs=4.5 * np.sqrt(joint * (1 - joint) / SIZE))


def test_cold_years_and_dear_gas_come_together():
    spec = {
        "weather": {"name": "cold", **WEATHER},
        "price": [{"name": "dear", "components": ["LNG"], "distribution": UNIFORM}],
        "correlation": {"pairs": [["cold", "dear", 0.9]]},
    }
    ds = sample(spec, 1000, 1)
    means = ds["cost_add"].sel(component="LNG").groupby(ds["weather_year"]).mean()
    assert means.sel(weather_year=[2014, 2012, 2010]).diff("weather_year").to_numpy().min() > 0.05


# ------------------------------------------------------------------ reproducibility and form
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


@pytest.mark.parametrize("method", METHODS)
def test_same_seed_same_draws_other_seed_other_draws(method):
    first, again, other = (sample({**RICH, "method": method}, 16, seed) for seed in (1, np.int64(1), 2))
    xr.testing.assert_identical(first, again)
    for name in ("capacity_factor", "demand_factor", "cost_add"):
        assert not first[name].equals(other[name])


def test_written_specification_makes_the_same_draws(tmp_path):
    ds = sample(RICH, 8, 1)
    again = sample(json.loads(ds.attrs["spec"]), ds.attrs["size"], ds.attrs["seed"])
    xr.testing.assert_identical(ds, again)
    ds.to_netcdf(tmp_path / "draws.nc")
    with xr.open_dataset(tmp_path / "draws.nc") as read:
        xr.testing.assert_equal(read.load(), ds)


def test_order_within_mappings_has_no_meaning():
    turned = {key: RICH[key] for key in reversed(RICH)}
    turned["availability"] = dict(reversed(RICH["availability"].items()))
    turned["weather"] = {"years": dict(reversed(WEATHER["years"].items()))}
    xr.testing.assert_identical(sample(turned, 8, 1), sample(RICH, 8, 1))


@pytest.mark.parametrize("method", ["random", "lhs"])
def test_quantities_added_at_the_end_leave_the_others(method):
    longer = {"events": RICH["events"], "price": RICH["price"], **MONTHS, "method": method}
    shorter = {key: part for key, part in longer.items() if key != "price"}
    before, after = (sample(spec, 8, 1)["capacity_factor"].sel(component="SCP") for spec in (shorter, longer))
    xr.testing.assert_equal(before, after)


def test_random_draws_go_on_where_fewer_stopped():
    few, many = (sample(RICH, size, 1) for size in (5, 20))
    xr.testing.assert_equal(few, many.isel(draw=slice(5)))


def test_input_stays_as_it_is():
    spec = {"availability": {"A": dict(UNIFORM)}, "demand": [{"buses": ["IT"], **UNIFORM}]}
    before = json.dumps(spec)
    sample(spec, 2, 1)
    assert json.dumps(spec) == before


@pytest.mark.parametrize(
    "snapshots",
    [
        MONTHS["snapshots"].to_numpy(),
        MONTHS["snapshots"].as_unit("ns"),
        pd.Series(MONTHS["snapshots"]),
        ["2025-01-01", "2025-02-01T00:00", "2025-03-01 00:00:00"],
        [pd.Timestamp(day).date() for day in MONTHS["snapshots"]],
        [np.datetime64(day) for day in MONTHS["snapshots"].to_numpy()],
    ],
)
def test_periods_come_in_many_forms(snapshots):
    got = sample({**RICH, "snapshots": snapshots, "days": np.array(MONTHS["days"])}, 4, 1)
    xr.testing.assert_identical(got, sample(RICH, 4, 1))


def test_only_what_is_asked_for_is_there():
    assert set(sample({"price": RICH["price"]}, 2, 1).variables) == {"draw", "component", "cost_add"}
    assert set(sample({"weather": WEATHER}, 2, 1).variables) == {"draw", "bus", "demand_factor", "weather_year"}
    ds = sample({"availability": {"A": UNIFORM}, **MONTHS}, 2, 1)
    assert set(ds.variables) == {"draw", "component", "capacity_factor"}
    assert ds["capacity_factor"].dims == ("draw", "component")


# ------------------------------------------------------------------ any specification
amounts = st.floats(0, 10)
ends = st.tuples(amounts, amounts, amounts).map(sorted)
distributions = st.one_of(
    ends.map(lambda e: {"distribution": "uniform", "low": e[0], "high": e[2]}),
    ends.map(lambda e: {"distribution": "triangular", "low": e[0], "mode": e[1], "high": e[2]}),
    st.builds(lambda m, s: {"distribution": "normal", "mean": m, "sd": s, "low": 0}, amounts, st.floats(0.01, 10)),
    st.builds(lambda a, b: {"distribution": "beta", "a": a, "b": b}, st.floats(0.01, 50), st.floats(0.01, 50)),
    st.lists(amounts, min_size=1, max_size=4).map(lambda v: {"distribution": "choice", "values": v}),
)
names = st.lists(st.sampled_from("ABCDE"), min_size=1, max_size=3, unique=True)
factors = st.dictionaries(st.sampled_from("ABCDE"), amounts, min_size=1, max_size=3)
dates = st.sampled_from([{}, {"start": "random", "days": 40.5}, {"start": "2025-01-30", "days": NORMAL}])
events = st.lists(
    st.builds(
        lambda hit, left, cost, date: {"probability": hit, "components": left, "buses": left, "cost_add": cost, **date},
        st.floats(0, 1),
        factors,
        st.dictionaries(st.sampled_from("DEF"), st.floats(-5, 5), max_size=2),
        dates,
    ),
    max_size=3,
).map(lambda listed: [{"name": f"event {i}", **event} for i, event in enumerate(listed)])
courses = st.one_of(amounts, st.lists(amounts, min_size=3, max_size=3))
groups = st.builds(lambda listed, d: {"components": listed, "distribution": d}, names, distributions)
demands = st.builds(
    lambda listed, d, months: {"buses": listed, "distribution": d, "months": months},
    names,
    distributions,
    st.one_of(st.none(), st.lists(st.integers(1, 12), min_size=1, unique=True)),
)
specs = st.fixed_dictionaries(
    {"method": st.sampled_from(METHODS), "price": st.lists(groups, min_size=1, max_size=2)},
    optional={
        "events": events,
        "availability": st.one_of(
            st.lists(groups, max_size=2), st.dictionaries(st.sampled_from("ABC"), distributions, max_size=2)
        ),
        "demand": st.lists(demands, max_size=2),
        "weather": st.dictionaries(
            st.integers(1950, 2020), st.dictionaries(st.sampled_from("AB"), courses, max_size=2), min_size=1, max_size=3
        ).map(lambda years: {"years": years}),
    },
)


@given(spec=specs, size=st.integers(1, 9), seed=st.integers(0, 2**32))
def test_any_specification_gives_usable_factors(spec, size, seed):
    ds = sample({**spec, **MONTHS}, size, seed)
    assert ds.sizes["draw"] == size
    for name, array in ds.items():
        assert array.dims[0] == "draw"
        assert array.dims[2:] in {(), ("snapshot",)}
        assert np.isfinite(array).all(), name
    for name in {"capacity_factor", "demand_factor"} & set(ds):
        assert (ds[name] >= 0).all()
    assert ds.attrs["spec"] == sample(json.loads(ds.attrs["spec"]), size, seed).attrs["spec"]
