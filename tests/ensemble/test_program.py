"""What a compiled programme cannot express is found out, and then solved anew; what it cannot hold is refused."""

import numpy as np
import pandas as pd
import pypsa
import pytest
import xarray as xr

from energyflows.ensemble.draws import change_figures, plan_draws
from energyflows.ensemble.outputs import parse_outputs
from energyflows.ensemble.program import compile_network
from energyflows.ensemble.solving import prepare_core, probe_changes, solve_draws
from energyflows.errors import UsageError

OUTPUTS = ["price", "sent", "supplied", "unserved", "stored", "capacity"]


def cut(**factors):
    """Return draws of capacity factors by name of the component."""
    return xr.Dataset(
        {"capacity_factor": (("draw", "component"), np.array(list(factors.values())).T)},
        coords={"component": list(factors)},
    )


@pytest.fixture(scope="module")
def market():
    """Return a factory: a cheap field behind a pipe, a dear one and unserved energy at the market, a store."""

    def make():
        n = pypsa.Network(snapshots=pd.date_range("2025-01-01", periods=3, freq="MS"))
        n.snapshot_weightings.loc[:, :] = np.array([[2.0], [1.0], [3.0]])
        n.add("Bus", ["field", "town"])
        n.add("Generator", "cheap", bus="field", p_nom=100, marginal_cost=[10.3, 10.0, 10.7])
        n.add("Generator", "dear", bus="town", p_nom=30, marginal_cost=[50.0, 60.0, 70.0])
        n.add("Generator", "none", bus="town", p_nom=200, marginal_cost=[500.0, 520, 560], carrier="unserved")
        n.add("Link", "pipe", bus0="field", bus1="town", p_nom=60, marginal_cost=1)
        n.add("Store", "tank", bus="town", e_nom=40, e_initial=25, marginal_cost=0.3)
        n.add("Load", "homes", bus="town", p_set=[70.0, 40.0, 85.0])
        return n

    return make


@pytest.fixture
def check(plain):
    """Return the function that compares every draw to plain PyPSA, and returns the arrays and what the probe said."""

    def compare(n, draws, extra=None, names=("objective", *OUTPUTS)):
        plan = plan_draws(n, draws)
        core, template = prepare_core(n, plan, parse_outputs(OUTPUTS), extra)
        found = solve_draws(core, plan)
        assert set(found["status"]) == {"optimal"}
        for draw in range(plan.size):
            expected = plain(n, change_figures(core.program.figures, plan, draw), extra)
            for name in names:
                given = xr.DataArray(found[name][draw], dims=expected[name].dims)
                if "link" in given.dims:
                    given = given.isel(link=np.flatnonzero(template["link"].isin(expected["link"])))
                np.testing.assert_allclose(given, expected[name], rtol=1e-7, atol=1e-6, err_msg=name)
        return found, template

    return compare


# ------------------------------------------------------------------ constraints of one's own
def limit_field(n, snapshots):
    """No more than 45 out of the field in the first snapshot, and 50 a day on average."""
    p = n.model["Generator-p"].sel(name="cheap")
    n.model.add_constraints(p.sel(snapshot=snapshots[0]) <= 45, name="first")
    n.model.add_constraints(p.sum() <= 150, name="average")


def test_constraint_that_no_draw_changes_holds_in_every_draw(market, check):
    n = market()
    found, template = check(n, cut(pipe=[1.0, 0.8, 0.5], dear=[1.0, 1.0, 0.5]), limit_field)
    assert template.attrs["engine"] == "one programme"
    cheap = found["supplied"][:, :, template["generator"].to_numpy().tolist().index("cheap")]
    assert (cheap[:, 0] < 45 + 1e-9).all()
    assert cheap[0].sum() == pytest.approx(150)
    free = solve_draws(prepare_core(n, plan := plan_draws(n, cut(pipe=[1.0])), parse_outputs(OUTPUTS))[0], plan)
    assert free["objective"][0] < found["objective"][0] - 1


def couple(n, snapshots):
    """Let the field give no more than two thirds of what the pipe can carry."""
    p = n.model["Generator-p"].sel(name="cheap", snapshot=snapshots)
    n.model.add_constraints(p <= n.links.at["pipe", "p_nom"] / 1.5, name="mine")


def weigh(n, _):
    """Ask for some use of the pipe, weighed by its size, or unserved energy instead."""
    size = n.links.at["pipe", "p_nom"] / 100
    lhs = n.model["Link-p"].sel(name="pipe", drop=True) * size + n.model["Generator-p"].sel(name="none", drop=True)
    n.model.add_constraints(lhs >= 25, name="mine")


@pytest.mark.parametrize(("extra", "told"), [(couple, "right-hand sides of mine"), (weigh, "coefficients of mine")])
def test_constraint_made_from_a_changed_figure_is_compiled_per_draw(market, check, extra, told):
    _, template = check(market(), cut(pipe=[0.7]), extra)
    assert template.attrs["engine"] == f"compiled per draw: {told}"


def test_constraint_made_from_other_figures_is_no_reason_to_compile_anew(market):
    n = market()
    assert probe_changes(n, compile_network(n, couple), plan_draws(n, cut(dear=[0.5])), couple)[0] == []


# ------------------------------------------------------------------ sizes the solver chooses, and ramps
@pytest.mark.parametrize(
    ("component", "name", "size", "told"),
    [
        ("Link", "pipe", "p_nom", "coefficients of Link-ext-p-upper"),
        ("Generator", "dear", "p_nom", "coefficients of Generator-ext-p-upper"),
        ("Store", "tank", "e_nom", "coefficients of Store-ext-e-upper"),
    ],
)
def test_size_that_the_solver_chooses_is_compiled_per_draw(market, check, component, name, size, told):
    n = market()
    static = n.c[component].static
    static.loc[name, [size, f"{size}_extendable", "capital_cost", f"{size}_max"]] = 0.0, True, 33.3, 75.0
    n.stores["e_initial"] = 0.0
    found, template = check(n, cut(**{name: [0.8]}))
    assert told in template.attrs["engine"]
    assert found["objective"][0] != pytest.approx(float(template["objective"]), rel=1e-4)
    if component == "Link":
        assert found["capacity"][0].max() > 20


def test_chosen_size_that_no_draw_changes_stays_in_one_programme(market, check):
    n = market()
    n.links.loc["pipe", ["p_nom_extendable", "capital_cost", "p_nom_max"]] = True, 260.0, 75.0
    found, template = check(n, cut(dear=[1.0, 0.0]))
    assert template.attrs["engine"] == "one programme"
    assert len({round(each.max(), 6) for each in found["capacity"]}) > 1


def test_ramp_limits_are_compiled_per_draw(market, check):
    n = market()
    n.generators.loc["cheap", ["ramp_limit_up", "ramp_limit_down"]] = 0.05, 0.05
    _, template = check(n, cut(cheap=[0.7]), names=["objective"])
    assert "right-hand sides of Generator-p-ramp_limit_up" in template.attrs["engine"]


def test_draw_without_solution_is_said_so_when_compiled_per_draw(market):
    n = market()
    n.generators.loc["cheap", "p_min_pu"] = 0.3
    n.links.loc["pipe", ["p_nom", "p_nom_extendable", "capital_cost", "p_nom_max"]] = 0, True, 33.3, 75.0
    core, _ = prepare_core(n, plan := plan_draws(n, cut(pipe=[0.1, 1.0])), parse_outputs(["price"]))
    found = solve_draws(core, plan)
    assert found["status"].tolist() == ["infeasible", "optimal"]
    assert np.isnan(found["price"][0]).all()
    assert np.isfinite(found["price"][1]).all()


# ------------------------------------------------------------------ what is refused
def make_committable(n):
    n.generators.loc["cheap", "committable"] = True
    return n


def make_modular(n):
    n.links.loc["pipe", ["p_nom_extendable", "p_nom_mod"]] = True, 10.0
    return n


def make_quadratic(n):
    n.generators.loc["cheap", "marginal_cost_quadratic"] = 0.5
    return n


def make_delayed(n):
    n.links.loc["pipe", "delay"] = 1
    return n


def make_periods(n):
    n.set_investment_periods([2025, 2030])
    return n


def make_inflow(n):
    n.add("StorageUnit", "lake", bus="town", p_nom=1, inflow=2.0)
    return n


def make_lost(n):
    n.loads.loc["homes", "bus"] = "nowhere"
    return n


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (make_committable, "no plain linear programme:\n  - variable Generator-status: takes steps"),
        (make_modular, "takes steps; set committable and modular components to continuous"),
        (make_quadratic, "quadratic costs; remove marginal_cost_quadratic"),
        (make_delayed, "link pipe: a delay cannot be read back"),
        (make_periods, "investment periods: found several, expected one"),
        (make_inflow, "storage unit lake: inflow would be lost"),
        (make_lost, "load homes: bus 'nowhere' does not exist"),
        (lambda _: {"n": 1}, "found dict, expected a pypsa.Network"),
        (lambda _: None, "found NoneType, expected a pypsa.Network"),
    ],
)
def test_network_that_cannot_be_compiled_is_refused_with_its_reason(market, spoil, told):
    with pytest.raises(UsageError, match=told):
        compile_network(spoil(market()))


def test_solved_network_is_refused(market, solved):
    with pytest.raises(UsageError, match="it is solved already; build it anew"):
        compile_network(solved(market()))


def test_all_reasons_are_told_at_once(market):
    n = make_delayed(make_inflow(market()))
    with pytest.raises(UsageError, match=r"inflow would be lost[\s\S]*a delay cannot"):
        compile_network(n)


def test_scaled_variables_are_refused(market):
    def scale(n, _):
        n.model.variables["Link-p"].scaling = 10.0

    with pytest.raises(UsageError, match="scal"):
        compile_network(market(), scale)


def test_compact_programme_is_much_smaller(market):
    program = compile_network(market())
    assert program.reduction.matrix.shape[0] < len(program.reduction.full.rhs) / 4
    assert program.reduction.matrix.shape[1] < len(program.reduction.full.cost)
