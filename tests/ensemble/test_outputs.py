"""What is kept of a draw is what reading the solved network would give, whole or reduced to one number."""

import numpy as np
import pytest
import xarray as xr

from energyflows.ensemble.draws import change_figures, plan_draws
from energyflows.ensemble.outputs import DEFAULT, REDUCTIONS, describe_outputs, measure, parse_outputs
from energyflows.ensemble.program import compile_network
from energyflows.ensemble.resolving import Resolver
from energyflows.ensemble.solving import prepare_core, solve_draws
from energyflows.errors import UsageError
from energyflows.network import build_network
from energyflows.results import UNITS, check_results, fill

WHOLE = [name for name in UNITS if name != "objective"]


def make_draws(n):
    """Return four draws: as it is, less capacity, more demand at other costs, and everything at once, by snapshot."""
    names = ["field", "tank", "swing", "must", "pond", "timetable"]
    capacity, demand, cost = np.ones((4, 6, 4)), np.ones((4, 3)), np.zeros((4, 6))
    capacity[1] = 0.8
    capacity[3] = np.linspace(0.7, 0.98, 24).reshape(6, 4)
    demand[2:] = [1.07, 1.03, 0.9]
    cost[2:] = [7.7, 0.1, 0.4, -3.1, 0.2, 1.3]
    return xr.Dataset(
        {
            "capacity_factor": (("draw", "component", "snapshot"), capacity),
            "demand_factor": (("draw", "bus"), demand),
            "cost_add": (("draw", "component"), cost),
        },
        coords={"component": names, "bus": ["B", "C", "D"], "snapshot": n.snapshots},
    )


def label_draw(template, found, draw):
    """Return one draw of whole series as results."""
    values = {name: (template[name].dims, found[name][draw], template[name].attrs) for name in WHOLE}
    objective = ((), found["objective"][draw], template["objective"].attrs)
    return xr.Dataset({**values, "objective": objective}, coords=template.coords)


@pytest.fixture(scope="module")
def ensemble(make_world):
    """Return a network, its draws, and what the engine makes of them."""
    n = make_world()
    plan = plan_draws(n, make_draws(n))
    core, template = prepare_core(n, plan, parse_outputs(WHOLE))
    return n, plan, core, template, solve_draws(core, plan)


# ------------------------------------------------------------------ whole series
@pytest.mark.parametrize("draw", range(4))
def test_whole_series_are_those_of_plain_pypsa(ensemble, plain, same, draw):
    n, plan, core, template, found = ensemble
    assert template.attrs["engine"] == "one programme"
    expected = plain(n, change_figures(core.program.figures, plan, draw))
    same(label_draw(template, found, draw), expected)


def test_every_draw_balances(ensemble):
    _, plan, _, template, found = ensemble
    for draw in range(plan.size):
        check_results(label_draw(template, found, draw))


def test_first_draw_is_the_reference(ensemble):
    _, _, _, template, found = ensemble
    for name in (*WHOLE, "objective"):
        np.testing.assert_allclose(found[name][0], template[name], rtol=1e-9, atol=1e-9, err_msg=name)
    assert len({round(value, 3) for value in found["objective"]}) == 4


def test_toy_draws_balance_and_cost_what_plain_pypsa_says(toy, plain):
    n = build_network(2025, tables=toy())
    draws = xr.Dataset(
        {
            "capacity_factor": (("draw", "component"), [[1.0, 1.0], [0.0, 0.9], [0.5, 0.1]]),
            "demand_factor": (("draw", "bus"), [[1.0, 1.0], [1.2, 0.9], [0.8, 1.1]]),
            "cost_add": (("draw", "component"), [[0.0, 0.0], [1.0, 5.0], [-2.0, 30.0]]),
        },
        coords={"component": ["YAMAL-DE", "DE storage"], "bus": ["DE", "LNGROW"]},
    )
    plan = plan_draws(n, draws)
    core, template = prepare_core(n, plan, parse_outputs(WHOLE))
    found = solve_draws(core, plan)
    for draw in range(3):
        check_results(label_draw(template, found, draw))
    assert found["sent"][1].sum(axis=0)[template["link"].to_numpy().tolist().index("YAMAL-DE")] == 0
    expected = plain(n, change_figures(core.program.figures, plan, 1))
    assert found["objective"][1] == pytest.approx(float(expected["objective"]), rel=1e-8)
    gap = found["objective"] - found["solver_objective"]
    assert (gap > 1e4).all()


# ------------------------------------------------------------------ one number per element
EXPECTED = {
    "sum": lambda array, days: (array * days).sum("snapshot", skipna=False),
    "mean": lambda array, days: (array * days).sum("snapshot", skipna=False) / days.sum(),
    "min": lambda array, _: array.min("snapshot", skipna=False),
    "max": lambda array, _: array.max("snapshot", skipna=False),
    "last": lambda array, _: array.isel(snapshot=-1),
}


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_reduced_outputs_are_those_of_the_whole_series(ensemble, reduction):
    _, plan, core, template, found = ensemble
    names = [name for name in WHOLE if UNITS[name] == "GWh/d" or (reduction != "sum" and name != "utilisation")]
    outputs = parse_outputs([f"{name}_{reduction}" for name in names])
    changed = change_figures(core.program.figures, plan, 3)
    compact, rhs = core.program.place(changed)
    solution = Resolver(core.program.reduction, compact).solve(compact)
    kept = measure(core.program.layout, outputs, core.program.read(solution.x, solution.duals, rhs, changed))
    described = describe_outputs(template, outputs)
    results = label_draw(template, found, 3)
    for name in names:
        expected = EXPECTED[reduction](results[name], results["weight_days"])
        output = f"{name}_{reduction}"
        np.testing.assert_allclose(kept[output], expected, rtol=1e-6, atol=1e-6, err_msg=output)
        unit = "GWh" if reduction == "sum" else UNITS[name]
        assert described[output] == (expected.dims, unit)


def test_whole_series_keep_their_dims_and_units(ensemble):
    described = describe_outputs(ensemble[3], parse_outputs(WHOLE))
    for name, (dims, unit) in described.items():
        assert dims == ensemble[3][name].dims
        assert unit == UNITS[name]


def test_outputs_of_a_solution_do_not_share_memory_with_it(world):
    program = compile_network(world)
    compact, rhs = program.place({})
    solution = Resolver(program.reduction, compact).solve(compact)
    raw = program.read(solution.x, solution.duals, rhs, {})
    for name, values in fill(program.layout, raw).items():
        assert not any(np.shares_memory(values, other) for other in raw.values()), name


# ------------------------------------------------------------------ names
def test_default_outputs_are_valid_and_in_order():
    assert [output.name for output in parse_outputs(None)] == list(DEFAULT)


def test_repeated_outputs_are_kept_once():
    assert [output.name for output in parse_outputs(["price", "sent_sum", "price"])] == ["price", "sent_sum"]


@pytest.mark.parametrize(
    ("outputs", "told"),
    [
        (["prize"], "'prize': expected supplied, available"),
        (["price_sum"], "'price_sum'"),
        (["stored_sum"], "'stored_sum'"),
        (["utilisation_sum"], "sums are kept of GWh/d only"),
        (["price_median"], "alone or with _sum, _mean, _min, _max, _last behind"),
        (["objective"], "'objective'"),
        (["objective_mean"], "'objective_mean'"),
        (["_sum", ""], r"'_sum'[\s\S]*''"),
        ([3], "3: expected"),
        ([], "expected at least one; the objective is always kept"),
        ("price", "found 'price', expected a list of names"),
    ],
)
def test_unknown_outputs_are_refused(outputs, told):
    with pytest.raises(UsageError, match=told):
        parse_outputs(outputs)
