"""A year decided month by month."""

import contextlib
import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from energyflows import build_network, check_results, load_tables, run, solve
from energyflows.ensemble.figures import read_figures
from energyflows.errors import InfeasibleError, SolveError, TableError, UsageError
from energyflows.foresight import expect_months, expect_tables, read_course, run_rolling
from energyflows.foresight.expecting import DEMAND_RULE, SUPPLY_RULE
from energyflows.foresight.rolling import build_year, read_rates, roll


def find_start(ds, year):
    """Return the stock before the first snapshot of a year, from that snapshot's balance."""
    first = ds.sel(snapshot=f"{year}-01-01")
    return float((first["stored"] - (first["injected"] - first["withdrawn"]) * first["weight_days"]).item())


YEAR = 2022
MONTHS = pd.date_range("2022-01-01", periods=12, freq="MS")
#: TWh of YAMAL by month, the same every year.
COURSE = [8.0, 7.0, 7.0, 6.0, 5.0, 4.0, 4.0, 4.0, 5.0, 7.0, 8.0, 8.0]
#: Decided variables, each of which must not depend on what comes later.
DECIDED = ("supplied", "sent", "stored", "consumed", "price")


@pytest.fixture(scope="module")
def world(toy):
    """Return a factory of toy tables in which YAMAL is observed by month and LNG is scarce enough to matter."""
    tables = toy()
    row = tables["observed_flows"].iloc[[0]]
    periods = [(year, month) for year in range(2019, 2026) for month in range(1, 13)]
    flows = pd.concat([row] * len(periods), ignore_index=True)
    tables["observed_flows"] = flows.assign(
        period=[f"{year}-{month:02}" for year, month in periods],
        frequency="month",
        twh=[COURSE[month - 1] for _, month in periods],
    ).astype(row.dtypes)
    tables["supply"].loc[tables["supply"]["tier"] == "export", "twh"] = 470.0
    return lambda: {name: table.copy() for name, table in tables.items()}


def write_demand(tables, energy):
    """Write TWh by month (1 to 12) and zone as the demand of the year."""
    annual, profile = tables["demand_annual"], tables["demand_profile"]
    own = annual["zone"].isin(energy.columns) & (annual["year"] == YEAR)
    annual.loc[own, "twh"] = annual.loc[own, "zone"].map(energy.sum())
    shares = (energy / energy.sum()).rename_axis(index="month", columns="zone").stack().rename("share").reset_index()
    rows = profile[profile["zone"].isin(energy.columns)].drop(columns="share").merge(shares, on=["zone", "month"])
    tables["demand_profile"] = pd.concat([profile, rows.assign(year=YEAR)[profile.columns].astype(profile.dtypes)])


def surprise(tables, month, *, flow=1.0, demand=1.0, capacity=1.0):
    """Change what happens after a month (1 to 12) of the year: supply, demand, and the pipe from NL to DE."""
    flows = tables["observed_flows"]
    late = flows["period"].str.startswith(str(YEAR)) & (flows["period"] > f"{YEAR}-{month:02}")
    flows.loc[late, "twh"] *= flow
    course = read_course(tables, YEAR).demand.loc[str(YEAR)]
    energy = course.mul(course.index.days_in_month, axis=0).set_axis(course.index.month) / 1e3
    energy.loc[month + 1 :] *= demand
    write_demand(tables, energy)
    change_capacity(tables, pd.Timestamp(YEAR, month, 1) + pd.offsets.MonthBegin(), capacity)
    return tables


def change_capacity(tables, day, factor):
    """Scale the pipe from NL to DE from a day on."""
    pipes = tables["pipelines"]
    after = pipes[pipes["pipeline"] == "NL-DE"].assign(valid_from=day)
    pipes.loc[pipes["pipeline"] == "NL-DE", "valid_to"] = day - pd.Timedelta(days=1)
    after["capacity_gwh_d"] *= factor
    tables["pipelines"] = pd.concat([pipes, after], ignore_index=True).astype(pipes.dtypes)


def find_optimum(n):
    """Return what a network costs the solver with perfect foresight, by PyPSA alone."""
    work = n.copy()
    work.optimize(solver_name="highs", log_to_console=False, include_objective_constant=False)
    return work.objective


def build_plan(n, rates, expected, position, raw):
    """Return the network that begins in one month with what was decided before, by PyPSA alone."""
    work = n.copy(snapshots=n.snapshots[position:])
    mixed = {name: np.vstack([rates[name][position], expected[name][position + 1 :]]) for name in rates}
    for name in ("Generator", "Link"):
        static = work.c[name].static
        static["p_nom"] = 1.0
        work.c[name].dynamic["p_max_pu"] = pd.DataFrame(mixed[name], work.snapshots, static.index)
    work.loads_t.p_set = pd.DataFrame(mixed["Load"], work.snapshots, work.loads.index)
    if position:
        work.stores["e_initial"] = raw["Store-e"][position - 1]
    weights = n.snapshot_weightings["generators"].to_numpy()[:position]
    work.generators["e_sum_max"] -= weights @ raw["Generator-p"][:position]
    return work


# ------------------------------------------------------------------ expectations
def test_a_month_is_expected_to_be_like_a_year_before_times_the_last_three_months():
    months = pd.date_range("2020-01-01", periods=24, freq="MS")
    rates = pd.DataFrame({"a": [*range(1, 13), *range(2, 25, 2)]}, index=months, dtype=float)
    expected = expect_months(rates, pd.Timestamp("2021-08-01"), (0.0, 3.0, 1.0))["a"]
    assert expected.to_dict() == {pd.Timestamp(2021, month, 1): 2.0 * month for month in range(9, 13)}


def test_the_ratio_is_clipped_and_fades():
    months = pd.date_range("2020-01-01", periods=24, freq="MS")
    rates = pd.DataFrame({"a": [10.0] * 12 + [40.0] * 12, "b": [10.0] * 12 + [1.0] * 12}, index=months)
    expected = expect_months(rates, pd.Timestamp("2021-09-01"), (0.7, 1.3, 0.5))
    np.testing.assert_allclose(expected["a"], [13.0, 11.5, 10.75])
    np.testing.assert_allclose(expected["b"], [7.0, 8.5, 9.25])


def test_what_has_stopped_is_expected_to_stay_away():
    months = pd.date_range("2020-01-01", periods=24, freq="MS")
    rates = pd.DataFrame({"a": [10.0] * 18 + [0.0] * 3 + [5.0] * 3}, index=months)
    assert expect_months(rates, pd.Timestamp("2021-09-01"), SUPPLY_RULE)["a"].tolist() == [0.0] * 3


def test_a_new_route_keeps_the_mean_of_its_last_months():
    months = pd.date_range("2020-01-01", periods=24, freq="MS")
    rates = pd.DataFrame({"new": [0.0] * 12 + [3.0] * 12, "unseen": [np.nan] * 14 + [6.0] * 10}, index=months)
    expected = expect_months(rates, pd.Timestamp("2021-04-01"), SUPPLY_RULE)
    assert expected.to_numpy() == pytest.approx(np.tile([3.0, 6.0], (8, 1)))


def test_the_first_year_takes_its_course_from_the_year_after():
    months = pd.date_range("2019-01-01", periods=24, freq="MS")
    rates = pd.DataFrame({"a": [5.0] * 12 + [10.0] * 12}, index=months)
    assert expect_months(rates, pd.Timestamp("2019-01-01"), SUPPLY_RULE)["a"].tolist() == [5.0] * 11
    rates.loc["2019-02-01":"2019-12-01"] = np.nan
    assert expect_months(rates, pd.Timestamp("2019-01-01"), SUPPLY_RULE)["a"].tolist() == [5.0] * 11


def test_expectations_of_a_stationary_world_are_what_happens(world):
    tables = world()
    course = read_course(tables, YEAR)
    for rates, rule in ((course.flows, SUPPLY_RULE), (course.demand, DEMAND_RULE)):
        expected = expect_months(rates, MONTHS[3], rule)
        pd.testing.assert_frame_equal(expected, rates.loc[MONTHS[4:]], check_freq=False, check_names=False)


def test_the_course_leaves_out_yearly_totals_and_the_rest_of_the_world(world, toy):
    assert list(read_course(world(), YEAR).flows) == ["YAMAL"]
    assert list(read_course(toy(), YEAR).flows) == []
    assert "LNGROW" not in read_course(toy(), YEAR).demand


def test_expected_tables_hold_known_months_and_the_rule(world):
    tables = surprise(world(), 6, flow=0.0, demand=1.2)
    course = read_course(tables, YEAR)
    for month in (MONTHS[5], MONTHS[7]):
        told = read_course(expect_tables(tables, course, month), YEAR)
        for name, rule in (("flows", SUPPLY_RULE), ("demand", DEMAND_RULE)):
            known, found = getattr(course, name), getattr(told, name)
            np.testing.assert_allclose(found.loc[:month], known.loc[:month])
            later = expect_months(known, month, rule)
            np.testing.assert_allclose(found.loc[later.index, later.columns], later)


def test_cuts_to_come_are_not_known_but_additions_are(world):
    known = {}
    for factor in (0.25, 2.0):
        tables = world()
        change_capacity(tables, pd.Timestamp("2022-06-16"), factor)
        course = read_course(tables, YEAR)
        for month in (MONTHS[2], MONTHS[5]):
            n = build_network(YEAR, tables=expect_tables(tables, course, month))
            known[factor, month.month] = (n.links.at["NL-DE", "p_nom"] * n.links_t.p_max_pu["NL-DE"]).tolist()
    np.testing.assert_allclose(known[0.25, 3], [600.0] * 12)
    np.testing.assert_allclose(known[0.25, 6], [600.0] * 5 + [375.0] + [150.0] * 6)
    np.testing.assert_allclose(known[2.0, 3], [600.0] * 5 + [900.0] + [1200.0] * 6)


# ------------------------------------------------------------------ decisions
def test_the_level_at_the_end_is_worth_what_gas_costs(world):
    tables = world()
    n, plain = build_year(YEAR, tables), build_network(YEAR, tables=tables)
    below = (n.stores["e_nom"].cumsum() <= 30e3).to_numpy()
    assert 0 < below.sum() < len(below)
    step = n.stores_t.marginal_cost_storage - plain.get_switchable_as_dense("Store", "marginal_cost_storage")
    assert (step.iloc[:-1] == 0.0).all(axis=None)
    # The toy's JKM is 30 EUR/MWh; the plain network earns 300 below the level and pays 300 above it.
    np.testing.assert_allclose(-31 * step.iloc[-1], np.where(below, 30 * 1.2 - 300, 30 * 0.7 + 300))
    later, plain = build_year(2027, tables, {"DE": 3e4}), build_network(2027, tables=tables, stocks={"DE": 3e4})
    pd.testing.assert_frame_equal(later.stores_t.marginal_cost_storage, plain.stores_t.marginal_cost_storage)


@pytest.fixture(scope="module")
def foreseen(world):
    """Return a year that goes as expected: the tables given, results, and what was shown meanwhile.

    The tables are written like those with a surprise.
    """
    tables, shown = surprise(world(), 6), io.StringIO()
    with contextlib.redirect_stderr(shown):
        return tables, run_rolling(YEAR, tables=tables, progress=True), shown


def test_right_expectations_cost_what_perfect_foresight_costs(foreseen):
    tables, ds, _ = foreseen
    perfect = solve(build_year(YEAR, tables))
    assert float(ds["objective"]) == pytest.approx(float(perfect["objective"]), rel=1e-6)
    check_results(ds)


@pytest.fixture(scope="module")
def shaken(world):
    """Return a year full of surprises, its optimum, and its rates."""
    n = build_year(YEAR, surprise(world(), 5, flow=0.3, demand=1.2, capacity=0.5))
    return n, find_optimum(n), read_rates(read_figures(n))


def guess(n, rates, row):
    """Scale what is expected of generators, links and loads; unserved energy can always stand in."""
    expected = {name: rates[name] * factor for name, factor in zip(rates, row, strict=True)}
    last = n.generators["carrier"].isin(["unserved"]).to_numpy()
    expected["Generator"][:, last] = 2.0 * rates["Generator"][:, last]
    return expected


factors = st.lists(st.sampled_from([0.0, 0.4, 0.8, 1.0, 1.3, 1.7]), min_size=36, max_size=36)


@settings(max_examples=6, phases=[Phase.generate])
@given(factors)
def test_no_expectations_beat_perfect_foresight(shaken, drawn):
    n, optimum, rates = shaken
    raw, cost = roll(n, [guess(n, rates, row) for row in np.reshape(drawn, (12, 3))])
    assert cost >= optimum - 1e-6 * abs(optimum)
    used = n.snapshot_weightings["generators"].to_numpy() @ raw["Generator-p"]
    budget = n.generators["e_sum_max"].to_numpy()
    assert np.all(used <= budget * (1 + 1e-9) + 1e-6)
    assert np.all(raw["Generator-p"] <= rates["Generator"] + 1e-6)
    assert np.all(raw["Link-p0"] <= rates["Link"] + 1e-6)
    # Slices of one store may pass gas on among themselves, so only their sum is balanced.
    stocks = np.append(n.stores["e_initial"].sum(), raw["Store-e"].sum(axis=1))
    weights = n.snapshot_weightings["stores"].to_numpy()
    np.testing.assert_allclose(np.diff(stocks), -raw["Store-p"].sum(axis=1) * weights, atol=1e-5)


def test_knowing_everything_is_perfect_foresight_and_budgets_bind(shaken):
    n, optimum, rates = shaken
    raw, cost = roll(n, [rates] * 12)
    assert cost == pytest.approx(optimum, rel=1e-9)
    used = n.snapshot_weightings["generators"].to_numpy() @ raw["Generator-p"]
    budget = n.generators["e_sum_max"]
    assert budget["US LNGUS export 2022"] == pytest.approx(used[budget.index.get_loc("US LNGUS export 2022")])


@pytest.fixture(scope="module")
def guessed(shaken):
    """Return what was expected in each month of that year, and what was decided."""
    n, _, rates = shaken
    expected = guess(n, rates, (0.9, 1.1, 0.95))
    return expected, roll(n, [expected] * 12)[0]


@pytest.mark.parametrize("position", [0, 5, 10])
def test_each_decision_is_part_of_the_best_plan_from_there(shaken, guessed, position):
    n, _, rates = shaken
    expected, raw = guessed
    plan = build_plan(n, rates, expected, position, raw)
    optimum = find_optimum(plan)
    now = plan.snapshots[0]
    low, high = (plan.get_switchable_as_dense("Generator", f"p_{edge}_pu") for edge in ("min", "max"))
    low.loc[now] = (raw["Generator-p"][position] - 1e-6).clip(min=0.0)
    high.loc[now] = raw["Generator-p"][position] + 1e-6
    plan.generators_t.p_min_pu, plan.generators_t.p_max_pu = low, high
    level = plan.get_switchable_as_dense("Store", "e_min_pu")
    level.loc[now] = ((raw["Store-e"][position] - 1e-3) / plan.stores["e_nom"]).clip(lower=0.0)
    plan.stores_t.e_min_pu = level
    assert find_optimum(plan) == pytest.approx(optimum, rel=1e-6)


@pytest.fixture(scope="module")
def stirred(world):
    """Return tables with a surprise after January, and the year decided with them."""
    tables = surprise(world(), 1, flow=0.2, demand=1.3, capacity=0.3)
    return tables, run_rolling(YEAR, tables=tables)


def test_decided_years_balance_and_keep_units(stirred):
    tables, ds = stirred
    check_results(ds)
    plain = run(years=YEAR, tables=tables)
    assert set(ds.variables) == set(plain.variables)
    assert {name: ds[name].attrs for name in ds} == {name: plain[name].attrs for name in plain}
    assert ds.attrs["foresight"] == "rolling"
    assert set(plain.attrs) < set(ds.attrs)
    levels = np.append(find_start(ds, YEAR), ds["stored"].to_numpy().sum(axis=1))
    moved = ((ds["injected"] - ds["withdrawn"]) * ds["weight_days"]).to_numpy().sum(axis=1)
    np.testing.assert_allclose(np.diff(levels), moved, atol=1e-5)
    assert levels[0] == pytest.approx(30e3)


def test_cost_is_what_the_solved_parts_cost(foreseen):
    _, ds, _ = foreseen
    days = ds["weight_days"]
    supply = {"NL gas": 4.0, "TR gas": 4.0, "RU YAMAL minimum": 5.0, "US LNGUS export": 10.0}
    cost = sum(float((ds["supplied"].sel(generator=name) * days).sum()) * price for name, price in supply.items())
    fixed = {"YAMAL-DE": 1.0, "NL-DE": 0.5, "DE-NL": 0.6, "DE-TR": 2.0, "LNGUS-LNGEU": 2.0, "LNGUS-LNGROW": 3.0}
    fixed |= {"DE injection": 0.5, "DE withdrawal": 0.2}
    cost += sum(float((ds["sent"].sel(link=name) * days).sum()) * price for name, price in fixed.items())
    rest = float(ds["objective"]) - cost
    regas = float((ds["sent"].sel(link="LNGEU-NL") * days).sum())
    response = float((ds["response"] * days).sum())
    assert regas + 24.0 * response <= rest <= 8.0 * regas + 430.0 * response


@pytest.fixture(scope="module")
def stopped(world):
    """Return tables in which a flow stops after August, and the year decided with them."""
    tables = surprise(world(), 8, flow=0.0)
    return tables, run_rolling(YEAR, tables=tables)


def test_what_comes_later_changes_no_decision(world, foreseen, stirred, stopped):
    less = run_rolling(YEAR, tables=surprise(world(), 11, flow=1.6, demand=0.6, capacity=0.1))
    for month, ds in ((1, stirred[1]), (8, stopped[1]), (11, less)):
        assert_same_until(month, ds, foreseen[1])


def assert_same_until(month, ds, undisturbed):
    for name in DECIDED:
        found, kept = (each[name].isel(snapshot=slice(0, month)) for each in (ds, undisturbed))
        np.testing.assert_allclose(found, kept, rtol=1e-9, atol=1e-6, err_msg=name)


def test_a_surprise_changes_what_is_decided_from_then_on(stopped, foreseen):
    moved = abs(stopped[1]["stored"] - foreseen[1]["stored"]).max("store").to_numpy()
    assert (moved[:8] < 1e-6).all()
    assert (moved[8:11] > 1.0).all()


def test_perfect_foresight_fills_for_a_stop_that_rolling_foresight_does_not_see(stopped):
    tables, rolling = stopped
    perfect = solve(build_year(YEAR, tables))
    summer = rolling["stored"].sel(snapshot="2022-08-01").item()
    assert summer <= perfect["stored"].sel(snapshot="2022-08-01").item() + 1e-3
    spread, even = (np.ptp(ds["price"].sel(bus="DE").to_numpy()) for ds in (rolling, perfect))
    assert spread > even


# ------------------------------------------------------------------ edges
def test_the_first_year_is_decided_too_and_quietly(world, capfd):
    check_results(run_rolling(2019, tables=world()))
    assert capfd.readouterr() == ("", "")


def test_a_year_without_stocks_at_its_start_needs_them(world):
    with pytest.raises(UsageError, match="not known at the start of the year for DE"):
        run_rolling(2027, tables=world())


def test_choices_that_cannot_be_used_are_told_at_once(toy):
    with pytest.raises(UsageError, match="found 'daily'") as error:
        run_rolling((2021, 2022), resolution="daily", tables=toy())
    assert "found (2021, 2022)" in str(error.value)


def test_tables_are_checked_and_stay_as_they_are(world, foreseen):
    tables = surprise(world(), 6)
    for name, table in tables.items():
        pd.testing.assert_frame_equal(foreseen[0][name], table)
    tables["demand_annual"].loc[0, "twh"] = -1.0
    with pytest.raises(TableError, match="demand_annual"):
        run_rolling(YEAR, tables=tables)


def test_a_year_without_solution_says_why(shaken):
    n, _, rates = shaken
    work = n.copy()
    work.links.loc["NL-DE", "p_min_pu"] = 1.5
    with pytest.raises(InfeasibleError, match="NL-DE"):
        roll(work, [rates] * 12)


def test_a_month_without_solution_is_named(shaken):
    n, _, rates = shaken
    expected = {name: values.copy() for name, values in rates.items()}
    expected["Generator"][:] = 0.0
    with pytest.raises(SolveError, match="February 2022: no flow meets all bounds"):
        roll(n, [rates, *[expected] * 11])


def test_progress_is_shown_if_wanted(foreseen):
    assert "months of 2022" in foreseen[2].getvalue()


# ------------------------------------------------------------------ packaged
@pytest.mark.slow
def test_the_year_2022_is_decided_and_its_prices_move_more():
    tables = load_tables()
    ds, plain = run_rolling(YEAR, tables=tables), run(years=YEAR, tables=tables)
    check_results(ds)
    prices = {name: each["price"].sel(bus="NL").to_numpy() for name, each in (("rolling", ds), ("plain", plain))}
    assert np.ptp(prices["rolling"]) > 2.0 * np.ptp(prices["plain"])
    assert float(ds["unserved"].sum()) < 1.0
    supply = tables["supply"]
    budget = supply[(supply["tier"] == "export") & (supply["year"] == YEAR)].set_index("supplier")["twh"]
    lng = (ds["supplied"] * ds["weight_days"]).sum("snapshot") / 1e3
    for name, amount in lng.sel(generator=ds["generator_carrier"] == "lng").to_series().items():
        assert amount <= budget[name.split()[0]] * (1 + 1e-6)
