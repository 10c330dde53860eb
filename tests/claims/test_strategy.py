"""Figures of games: one number with the range over property rights and elasticities."""

import pandas as pd
import pytest
import xarray as xr

from energyflows.claims import FIGURES, _strategy
from energyflows.claims._figures import View
from energyflows.errors import UnknownNameError
from energyflows.scenarios.catalogue import find_seeds
from energyflows.strategy import read_elasticity, read_players

#: Values by property right and elasticity; the middle where owners can refuse is 4.
VALUES = [[2.0, 4.0, 5.0], [1.0, 3.0, 9.0]]
MIDDLE = (4.0, 1.0, 9.0)


def compute(name, *views, **arguments):
    return FIGURES[name].compute(*views, **arguments)


def make_game(factor=1.0, bump=0.0):
    """Return a game whose values differ by property right and elasticity."""
    cube = xr.DataArray(
        VALUES, dims=("access", "elasticity"), coords={"access": ["owner", "open"], "elasticity": [-0.6, -0.3, -0.2]}
    )
    values = factor * cube + bump
    player, group = pd.Index(["Russia", "Azerbaijan"], name="player"), pd.Index(["Russia + Azerbaijan"], name="group")
    return xr.Dataset(
        {
            "share": xr.concat([values, values * 10], player),
            "surplus": xr.concat([values * 1e3, values * 1e4], player),
            "coordination": xr.concat([-values * 1e3], group),
            "worth": xr.DataArray(0.0),
        }
    )


@pytest.fixture
def view(toy):
    """Return a factory of runs without results, which no figure of games reads."""
    tables = toy()
    row = tables["parameters"].iloc[[0]].assign(parameter="demand_elasticity", value=0.3, low=0.2, high=0.6)
    tables["parameters"] = pd.concat([tables["parameters"], row], ignore_index=True)
    return lambda year=2025, **keys: View(xr.Dataset(), tables, year, tables["ownership"], **keys)


@pytest.fixture
def played(monkeypatch):
    """Play games made by hand: twice as much in 2024; returns what was asked for."""
    asked = []

    def measure(n, players, **options):
        asked.append({"n": n, "players": players, **options})
        return make_game(2.0 if n.snapshots[0].year == 2024 else 1.0)

    monkeypatch.setattr(_strategy, "measure_leverage", measure)
    return asked


@pytest.fixture
def compared(monkeypatch):
    """Compare conduct made by hand; returns what was asked for."""
    asked = []

    def compare(n, pair, **options):
        asked.append({"n": n, "pair": pair, **options})
        rows = [
            {"coordination": weight, "elasticity": value, "price_change": weight * place}
            | {f"profit_change_bn_eur_{name}": weight * place * sign for name, sign in (("RU", 2.0), ("AZ", -1.0))}
            for weight in (0.0, 0.5, 1.0)
            # Not in order: the middle is 2.
            for place, value in ((3.0, -0.2), (1.0, -0.6), (2.0, -0.3))
        ]
        return {"conduct": pd.DataFrame(rows)}

    monkeypatch.setattr(_strategy, "compare_conduct", compare)
    return asked


@pytest.mark.usefixtures("played")
def test_values_are_told_where_owners_can_refuse_with_the_range_over_all(view):
    assert compute("leverage", view(), player="Russia") == MIDDLE
    assert compute("leverage", view(), player="Azerbaijan") == tuple(10 * each for each in MIDDLE)
    assert compute("gain_from_trade", view(), player="Azerbaijan") == tuple(10 * each for each in MIDDLE)
    assert compute("coordination_gain", view(), group="Russia + Azerbaijan") == (-4.0, -9.0, -1.0)


def test_a_run_is_played_once_with_its_own_tables_and_workers(view, played):
    run = view(workers=2)
    for name in ("leverage", "gain_from_trade"):
        compute(name, run, player="Russia")
    compute("coordination_gain", run, group="Russia + Azerbaijan")
    (asked,) = played
    assert asked["workers"] == 2
    assert asked["tables"] is run.tables
    assert asked["elasticity"] == [-0.6, -0.3, -0.2] == sorted(read_elasticity(run.tables))
    assert set(asked["access"]) == {"owner", "open"}
    assert asked["players"] == read_players(find_seeds() / "players-corridor.yaml")
    assert asked["n"].snapshots[0].year == 2025


def test_the_scenario_of_a_run_changes_its_network(view, played):
    compute("leverage", view(), player="Russia")
    compute("leverage", view(scenario="cold-winter"), player="Russia")
    plain, cold = (each["n"].get_switchable_as_dense("Load", "p_set").sum().sum() for each in played)
    assert cold > plain


@pytest.mark.usefixtures("played")
def test_changes_rest_on_the_same_assumptions(view):
    """2025 less 2024 is less VALUES; a range of ends would reach from 1 - 18 to 9 - 2."""
    assert compute("leverage_change", view(), view(2024), player="Russia") == (-4.0, -9.0, -1.0)
    assert compute("leverage_growth", view(), view(2024), player="Russia") == (-50.0, -50.0, -50.0)
    assert compute("leverage_growth", view(2024), view(), player="Russia") == (100.0, 100.0, 100.0)


@pytest.mark.usefixtures("played")
@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("leverage", {"player": "Rusia"}, "no player 'Rusia'; did you mean Russia"),
        ("gain_from_trade", {"player": "Norway"}, "no player 'Norway'.*known: Russia, Azerbaijan"),
        ("coordination_gain", {"group": "Russia + Azerbajan"}, "no group .*did you mean Russia \\+ Azerbaijan"),
    ],
)
def test_who_does_not_play_is_named(view, name, arguments, told):
    with pytest.raises(UnknownNameError, match=told):
        compute(name, view(), **arguments)


def test_conduct_is_told_at_the_middle_elasticity_of_each_at_half_weight_and_of_both_at_full(view, compared):
    run = view()
    assert compute("conduct_gain", run, supplier="RU", other="AZ") == (2.0, 1.0, 3.0)
    assert compute("conduct_gain", run, supplier="AZ", other="RU") == (-1.0, -1.5, -0.5)
    assert compute("conduct_joint_gain", run, supplier="AZ", other="RU") == (2.0, 1.0, 3.0)
    assert compute("conduct_price", run, supplier="RU", other="AZ") == (2.0, 1.0, 3.0)
    (asked,) = compared
    assert asked["pair"] == ("AZ", "RU")
    assert asked["weights"] == (0.5, 1.0)
    assert asked["area"] == ["NL", "DE"]


@pytest.mark.usefixtures("compared")
def test_another_pair_is_compared_anew(view, compared):
    run = view()
    compute("conduct_gain", run, supplier="RU", other="AZ")
    compute("conduct_price", run, supplier="RU", other="NO")
    assert [each["pair"] for each in compared] == [("AZ", "RU"), ("NO", "RU")]
