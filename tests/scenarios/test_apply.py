"""A changed copy, and what can be said of it."""

import json

import numpy as np
import pandas as pd
import pypsa
import pytest
import xarray as xr

from energyflows import solve
from energyflows.errors import ScenarioError, UnknownNameError, UsageError
from energyflows.scenarios import (
    Backfill,
    Ban,
    Blend,
    Contract,
    Cut,
    Demand,
    Disrupt,
    Expand,
    Remove,
    Scale,
    Scenario,
    Set,
    StartStock,
    Withhold,
)
from energyflows.scenarios.applying import apply, has_effect

VOLUME = {"twh": 1.0}


def take(n):
    """Return all figures of a network."""
    static = {c.name: c.static.copy() for c in n.components}
    dynamic = {(c.name, name): series.copy() for c in n.components for name, series in c.dynamic.items()}
    return static, dynamic, dict(n.meta)


def assert_same(found, expected):
    for one, other in zip(found[:2], expected[:2], strict=True):
        assert one.keys() == other.keys()
        for key in one:
            pd.testing.assert_frame_equal(one[key], other[key], check_exact=True)


MANY = Scenario(
    name="many",
    changes=(
        Cut(supplier="RU", share=0.5),
        Disrupt(corridor="NL-DE", start="2025-02-01", duration_days=10),
        Expand(links=("DE-TR",), by=VOLUME),
        Blend(source="YAMAL", target="NL", capacity=10.0),
        Contract(link="NL-DE", volume=VOLUME, label="AZ"),
        Backfill(supplier="RU", entry="GATE-TR", home="TR", outlet="EXPORT", volume=VOLUME, path=("YAMAL-DE",)),
        Demand(zones=("EU27",), factor=1.1),
        StartStock(zones=("DE",), share=0.5, day="2025-06-30"),
        Set(component="link", name="DE-NL", value=1.0),
        Remove(component="link", name="TR-NL"),
    ),
)


def test_the_network_given_stays_as_it_is(n, tables):
    before = take(n)
    after = apply(n, MANY, tables=tables)
    assert_same(take(n), before)
    assert n.meta == before[2]
    assert has_effect(n, after)


def test_tables_given_stay_as_they_are(n, tables):
    before = {name: table.copy() for name, table in tables.items()}
    apply(n, MANY, tables=tables)
    assert all(table.equals(before[name]) for name, table in tables.items())


def test_nothing_changed_is_equal_to_the_last_digit(n, tables):
    after = apply(n, Scenario(name="nothing"), tables=tables)
    assert_same(take(after), take(n))
    assert not has_effect(n, after)
    xr.testing.assert_identical(solve(after).drop_attrs(deep=False), solve(n).drop_attrs(deep=False))


@pytest.mark.parametrize(
    "nothing",
    [
        Disrupt(corridor="YAMAL", start="2025-03-01", duration_days=0),
        Disrupt(corridor="YAMAL", start="2025-03-01", duration_days=0, ramp_days=30),
        Disrupt(corridor="YAMAL", depth=0.0),
        Disrupt(corridor="YAMAL", start="2026-01-01"),
        Cut(supplier="RU", share=0.0),
        Cut(supplier="RU", end="2024-12-31"),
        Withhold(suppliers=("RU",), volume={"twh": 0.0}),
        Demand(zones=("EU27",), factor=1.0),
        Blend(source="YAMAL", target="NL", capacity=0.0),
        Blend(source="YAMAL", target="NL", capacity=5.0, start="2026-01-01"),
        Expand(links=("NL-DE",), by=VOLUME, start="2026-01-01"),
        Expand(
            links=("NL-DE",),
            by=VOLUME,
            start="2026-01-01",
            upstream={"supplier": "RU", "bus": "YAMAL", "volume": VOLUME, "cost": 1.0},
        ),
        Contract(link="NL-DE", volume=VOLUME, start="2026-01-01", ceiling=1.0),
        Scale(component="link", name="NL-DE", factor=1.0),
    ],
)
def test_what_comes_to_nothing_has_no_effect(n, change, nothing):
    assert not has_effect(n, change(nothing))


@pytest.mark.parametrize(
    "something",
    [
        Cut(supplier="RU", share=1e-3),
        Disrupt(corridor="YAMAL", start="2025-12-31", duration_days=1),
        StartStock(zones=("DE",), share=0.3, day="2024-12-31"),
        StartStock(zones=("DE",), share=0.75, day="2025-06-30"),
        Blend(source="YAMAL", target="NL", capacity=1.0),
        Contract(link="NL-DE", volume=VOLUME, take_or_pay=0.1),
        Set(component="link", name="NL-DE", attribute="cost", value=0.51),
    ],
)
def test_what_changes_a_figure_has_an_effect(n, change, something):
    assert has_effect(n, change(something))


def test_all_problems_are_told_at_once(n, tables):
    wrong = Scenario(
        name="wrong",
        changes=(
            Cut(supplier="QA"),
            Disrupt(corridor="NORD"),
            Set(component="link", name="NL-DE", value=1),
            Set(component="link", name="NL-DE", value=2),
            Ban(origin="NO"),
        ),
    )
    with pytest.raises(ScenarioError) as error:
        apply(n, wrong, tables=tables)
    title, *lines = str(error.value).splitlines()
    assert title == "scenario 'wrong' cannot be applied:"
    assert len(lines) == 4
    for part in ("set to two values", "no gas of 'QA'", "no link 'NORD'", "no active ban of gas from 'NO'"):
        assert any(part in line for line in lines)


def test_solved_networks_are_refused(n, tables):
    work = n.copy()
    work.optimize(solver_name="highs", log_to_console=False, progress=False, include_objective_constant=False)
    with pytest.raises(UsageError, match="found a solved network, expected one that is not; build it anew"):
        apply(work, Scenario(name="x"), tables=tables)


def test_other_things_than_networks_and_scenarios_are_refused(n):
    with pytest.raises(UsageError, match=r"found dict, expected a pypsa.Network"):
        apply({}, "reference")
    with pytest.raises(UnknownNameError, match="no scenario is called 'referense'"):
        apply(n, "referense")


def test_what_a_scenario_says_survives_netcdf(n, tables, tmp_path):
    after = apply(n, MANY, tables=tables)
    with pypsa.option_context("api.legacy_string_dtype", True):
        after.export_to_netcdf(tmp_path / "n.nc")
        read = pypsa.Network(tmp_path / "n.nc")
    told = json.loads(read.meta["scenario"])
    assert told == json.loads(after.meta["scenario"])
    assert told["name"] == "many"
    assert [label["to"] for label in told["labels"]] == ["AZ"]


def test_a_network_that_was_saved_takes_changes_like_the_one_built(n, tables, tmp_path):
    with pypsa.option_context("api.legacy_string_dtype", True):
        n.export_to_netcdf(tmp_path / "n.nc")
        read = pypsa.Network(tmp_path / "n.nc")
    one, other = (solve(apply(each, MANY, tables=tables)) for each in (n, read))
    assert float(one["objective"]) == pytest.approx(float(other["objective"]), rel=1e-9)


@pytest.mark.parametrize("resolution", ["weekly", "daily"])
@pytest.mark.parametrize("years", [2025, (2024, 2025)])
def test_changes_fit_every_calendar(networks, tables, years, resolution):
    n = networks(years, resolution)
    after = apply(n, MANY, tables=tables)
    assert has_effect(n, after)
    for kind, (size, share) in {"Generator": ("p_nom", "p_max_pu"), "Link": ("p_nom", "p_max_pu")}.items():
        rates = after.get_switchable_as_dense(kind, share) * after.c[kind].static[size]
        assert np.isfinite(rates).all(axis=None)
        assert (rates >= 0).all(axis=None)


def test_several_years_in_one_network_are_each_changed(networks, tables, look):
    n = networks((2024, 2025))
    after = apply(n, Scenario(name="x", changes=(Cut(supplier="RU", start="10-01", end="12-31"),)), tables=tables)
    lost = look.rate(n, "Generator", "RU YAMAL minimum") - look.rate(after, "Generator", "RU YAMAL minimum")
    assert lost.index[lost > 0].month.tolist() == [10, 11, 12, 10, 11, 12]
    assert after.generators.at["RU YAMAL minimum 2024", "e_sum_max"] == pytest.approx(73_000 * 274 / 366)
    assert float(solve(after)["objective"]) > float(solve(n)["objective"])
