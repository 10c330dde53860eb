"""Scenarios beside the reference they depart from."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from energyflows import build_network, check_results, open_results, run, solve, write_results
from energyflows.errors import InfeasibleError, ScenarioError, UnknownNameError, UsageError
from energyflows.running import Reference, join_years, read_stocks, solve_scenario
from energyflows.scenarios import Contract, Cut, Relabel, Scenario, Set, StartStock


def strip(ds):
    """Return a dataset without what it says about itself."""
    return ds.drop_attrs(deep=False)


def pick(ds, name):
    """Return one scenario of a dataset."""
    return ds.sel(scenario=name)


@pytest.fixture(scope="module")
def joined(toy, scenarios):
    """Return six scenarios of 2025."""
    chosen = [scenarios[each] for each in ("reference", "less", "nothing", "field", "pipe", "cold")]
    return run(chosen, years=2025, tables=toy())


@pytest.fixture(scope="module")
def two_years(reference, scenarios):
    return {each: solve_scenario(reference, scenarios[each]) for each in ("less", "later", "nothing")}


def test_a_list_gives_a_dim_in_the_order_asked_for(joined):
    assert joined["scenario"].to_numpy().tolist() == ["reference", "less", "nothing", "field", "pipe", "cold"]
    assert joined["sent"].dims == ("scenario", "snapshot", "link")
    assert joined["objective"].dims == ("scenario",)
    assert joined["bus0"].dims == ("link",)
    assert joined["weight_days"].dims == ("snapshot",)
    check_results(joined)


def test_a_list_of_one_has_a_dim_too(toy):
    ds = run(["reference"], years=2025, tables=toy())
    assert ds.sizes["scenario"] == 1
    xr.testing.assert_equal(pick(ds, "reference").drop_vars("scenario"), run(years=2025, tables=toy()))


def test_a_single_scenario_has_none(toy, scenarios, joined):
    ds = run(scenarios["less"], years=2025, tables=toy())
    assert "scenario" not in ds.dims
    assert float(ds["objective"]) == float(pick(joined, "less")["objective"])


def test_no_change_is_the_reference_bit_by_bit(joined):
    one, other = (pick(joined, each).drop_vars("scenario") for each in ("reference", "nothing"))
    for name in joined.data_vars:
        assert np.array_equal(one[name].to_numpy(), other[name].to_numpy(), equal_nan=True), name


def test_no_change_is_the_reference_over_years_too(reference, two_years):
    whole = join_years(list(reference.results.values()))
    xr.testing.assert_identical(strip(two_years["nothing"]), strip(whole))


def test_papers_alone_are_the_reference_and_say_so(reference):
    papers = Scenario(name="papers", changes=(Relabel(at="DE-TR", origin="RU", to="TR"),))
    ds = solve_scenario(reference, papers)
    xr.testing.assert_identical(strip(ds), strip(join_years(list(reference.results.values()))))
    told = json.loads(ds.attrs["meta"])["scenario"]
    assert (told["name"], [label["at"] for label in told["labels"]]) == ("papers", ["DE-TR"])


def test_before_a_scenario_begins_its_results_are_those_of_the_reference(reference, two_years):
    before = {"snapshot": slice("2025-01-01", "2025-12-01")}
    later = two_years["later"].sel(before).drop_vars("objective")
    xr.testing.assert_identical(strip(later), strip(reference.results[2025].drop_vars("objective")))
    assert float(two_years["later"]["objective"]) > sum(float(ds["objective"]) for ds in reference.results.values())


def test_a_year_begins_with_what_the_scenario_left_not_with_what_was_observed(two_years):
    ds = two_years["less"]
    left = float(ds["stored"].sel(store="DE storage", snapshot="2025-12-01"))
    assert left < 30_000 - 100
    first = ds.sel(snapshot="2026-01-01", store="DE storage")
    start = first["stored"] - (first["injected"] - first["withdrawn"]) * first["weight_days"]
    assert float(start) == pytest.approx(left)
    check_results(ds)


def test_stocks_may_be_held_to_what_was_observed(toy, scenarios):
    held, free = (run(scenarios["less"], tables=toy(), final_stocks=choice) for choice in ("held", "free"))
    assert read_stocks(held)["DE"] == pytest.approx(30_000)
    assert read_stocks(free)["DE"] < 29_900
    assert float(held["objective"]) > float(free["objective"])


def test_less_gas_costs_more_and_the_rest_of_the_world_gets_less(joined):
    cost = joined["objective"].to_series()
    assert cost["less"] > cost["reference"]
    assert cost["field"] < cost["reference"]


def test_elements_that_only_some_have_are_zero_elsewhere(joined):
    field = joined["supplied"].sel(generator="field").sum("snapshot").to_series()
    assert field["field"] > 0
    assert (field.drop("field") == 0).all()
    pipe = joined["capacity"].sel(link="TR-DE").max("snapshot").to_series()
    assert pipe.to_dict() == {"reference": 0.0, "less": 0.0, "nothing": 0.0, "field": 0.0, "pipe": 20.0, "cold": 0.0}
    assert joined["generator_origin"].sel(generator="field").item() == "TR"
    assert (joined["bus0"].sel(link="TR-DE").item(), joined["bus1"].sel(link="TR-DE").item()) == ("TR", "DE")
    assert joined["is_storage_link"].dtype == bool


def test_each_scenario_keeps_the_numbers_it_has_alone(toy, scenarios, joined):
    for each in ("field", "pipe"):
        alone = run(scenarios[each], years=2025, tables=toy())
        together = pick(joined, each).sel({dim: alone[dim] for dim in ("bus", "link", "generator", "store")})
        for name in alone.data_vars:
            assert np.array_equal(alone[name].to_numpy(), together[name].to_numpy(), equal_nan=True), name


def test_what_diverted_ships_carry_appears_under_the_name_of_their_way(joined):
    assert not [name for name in joined["link"].to_numpy() if "diverted" in name or "held" in name]


def test_names_and_notes_of_scenarios_are_told(toy, scenarios):
    full = Contract(link="DE-TR", volume={"twh": 365.0}, take_or_pay=1.0, label="AZ")
    ds = run([scenarios["reference"], Scenario(name="full", changes=(full,))], years=(2025, 2026), tables=toy())
    told = json.loads(ds.attrs["meta"])
    assert told["years"] == [2025, 2026]
    assert told["scenarios"]["reference"] == {"notes": [], "labels": [], "ownership": []}
    assert told["scenarios"]["full"]["notes"] == [
        "contract at DE-TR: 810 GWh/d of what is owed has no capacity and is left out"
    ]
    assert [label["to"] for label in told["scenarios"]["full"]["labels"]] == ["AZ"]


def test_workers_do_not_change_the_numbers(toy, scenarios, joined):
    chosen = [scenarios[each] for each in joined["scenario"].to_numpy()]
    xr.testing.assert_identical(run(chosen, years=2025, tables=toy(), workers=2), joined)


def test_results_of_scenarios_survive_netcdf(joined, tmp_path):
    read = open_results(write_results(joined, tmp_path / "joined.nc"))
    xr.testing.assert_equal(read, joined)
    assert read.attrs == joined.attrs
    assert read["scenario"].to_numpy().tolist() == joined["scenario"].to_numpy().tolist()


@pytest.mark.parametrize("resolution", ["weekly", "daily"])
def test_scenarios_may_be_solved_in_shorter_periods(toy, scenarios, resolution):
    ds = run([scenarios["reference"], scenarios["less"], scenarios["nothing"]], 2025, resolution, tables=toy())
    check_results(ds)
    cost = ds["objective"].to_series()
    assert cost["less"] > cost["reference"] == cost["nothing"]


def test_a_known_stock_on_a_day_of_a_year_without_observations_is_held(toy):
    known = StartStock(zones=("DE",), share=0.5, day="2026-10-31")
    ds = run(Scenario(name="live", changes=(known,)), years=(2026, 2027), tables=toy())
    assert float(ds["stored"].sel(store="DE storage", snapshot="2026-10-01")) == pytest.approx(20_000)


def test_names_that_do_not_fit_are_refused_before_anything_is_solved(toy, monkeypatch):
    monkeypatch.setattr("energyflows.running._years.solve", lambda *_, **__: pytest.fail("solved"))
    with pytest.raises(UnknownNameError, match="no scenario is called 'referense'"):
        run(["reference", "referense"], tables=toy())
    with pytest.raises(UsageError, match=r"scenarios: two of the name 'x'; rename one"):
        run([Scenario(name="x"), Scenario(name="x", title="other")], tables=toy())
    with pytest.raises(UsageError, match="scenarios: found none, expected at least one name"):
        run([], tables=toy())
    with pytest.raises(UsageError, match="workers: found 0, expected at least 1"):
        run(["reference"], tables=toy(), workers=0)
    with pytest.raises(UsageError, match="scenarios are solved with foresight='year' only"):
        run(["reference"], tables=toy(), foresight="rolling")
    with pytest.raises(UsageError, match="final_stocks: found 'none', expected 'free' or 'held'"):
        run(["reference"], tables=toy(), final_stocks="none")


def test_changes_that_do_not_fit_are_named(toy, scenarios):
    wrong = Scenario(name="wrong", changes=(Cut(supplier="QA"),))
    with pytest.raises(ScenarioError, match="scenario 'wrong' cannot be applied"):
        run([scenarios["reference"], wrong], tables=toy())


def test_a_scenario_without_a_solution_is_named_with_its_year(toy):
    n = build_network(2025, tables=toy())
    ds = solve(n)
    n.add("Generator", "must", bus="LNGEU", p_nom=5000.0, p_min_pu=1.0, carrier="lng", origin="US", marginal_cost=1.0)
    broken = Reference(toy(), "monthly", {2025: n}, {2025: ds})
    shut = Scenario(name="shut", changes=(Set(component="link", name="LNGEU-NL", value=0.0),))
    with pytest.raises(InfeasibleError, match="scenario 'shut' in 2025: no flow meets all bounds"):
        solve_scenario(broken, shut)


def test_networks_of_the_reference_stay_as_they_are(toy, reference, two_years):
    assert set(two_years) == {"less", "later", "nothing"}
    fresh = build_network(2025, tables=toy())
    for component in ("generators", "links", "stores"):
        pd.testing.assert_frame_equal(getattr(reference.networks[2025], component), getattr(fresh, component))


@pytest.mark.slow
def test_packaged_scenarios_stand_beside_each_other():
    ds = run(["reference", "lukoil-stake", "no-azerbaijan"], years=2025)
    check_results(ds)
    one, other = (ds.sel(scenario=name).drop_vars("scenario") for name in ("reference", "lukoil-stake"))
    for name in ds.data_vars:
        assert np.array_equal(one[name].to_numpy(), other[name].to_numpy(), equal_nan=True), name
