"""Networks as a run solves them."""

import pytest
import xarray as xr

from energyflows import run, solve
from energyflows.errors import ScenarioError, UnknownNameError, UsageError
from energyflows.running import join_scenarios, join_years, prepare_networks
from energyflows.scenarios import Cut, Scenario

YEARS = (2025, 2026)


@pytest.fixture(scope="module")
def prepared(toy, scenarios):
    return prepare_networks([scenarios[name] for name in ("reference", "less", "later")], YEARS, tables=toy())


def test_results_are_those_of_a_run(prepared, scenarios, toy):
    names = ("reference", "later")
    whole = run([scenarios[name] for name in names], years=YEARS, tables=toy())
    joined = join_scenarios({name: join_years([ds for _, ds in prepared[name]]) for name in names})
    xr.testing.assert_identical(joined, whole)


@pytest.mark.parametrize(("name", "year"), [("less", 0), ("less", 1), ("later", 1)])
def test_each_network_is_unsolved_and_has_the_results_beside_it(prepared, name, year):
    n, ds = prepared[name][year]
    assert not n.is_solved
    xr.testing.assert_identical(solve(n), ds)


def test_years_without_a_change_have_the_network_of_the_reference(prepared):
    reference, later, less = (prepared[name] for name in ("reference", "later", "less"))
    assert later[0][0] is reference[0][0]
    assert later[1][0] is not reference[1][0]
    assert less[0][0] is not reference[0][0]


def test_a_scenario_begins_with_the_stocks_it_left(prepared):
    (_, first), (second, _) = prepared["less"]
    left = float(first["stored"].isel(snapshot=-1).sum())
    assert second.stores["e_initial"].sum() == pytest.approx(left, abs=1e-6)


def test_one_name_is_enough(toy, scenarios):
    assert list(prepare_networks(scenarios["reference"], 2025, tables=toy())) == ["reference"]


def test_wrong_words_are_refused(toy, scenarios):
    with pytest.raises(UnknownNameError, match="refrence"):
        prepare_networks("refrence", 2025, tables=toy())
    with pytest.raises(UsageError, match="final_stocks: found 'gone'"):
        prepare_networks(scenarios["less"], 2025, tables=toy(), final_stocks="gone")
    with pytest.raises(UsageError, match="found none"):
        prepare_networks([], 2025, tables=toy())


def test_scenarios_that_do_not_fit_are_told_before_anything_is_solved(toy):
    wrong = [Scenario(name=name, changes=(Cut(supplier="XX", share=0.2),)) for name in ("one", "two")]
    with pytest.raises(ScenarioError, match=r"(?s)one.*two"):
        prepare_networks(wrong, 2025, tables=toy())
