"""Every figure a change can reach is written where linopy writes it, and changes the optimum as plain PyPSA does."""

from dataclasses import replace

import numpy as np
import pytest

from energyflows.ensemble.figures import FIXED, VARYING, find_places, place_figures, read_figures
from energyflows.ensemble.program import compile_network, find_differences, model_network, name_rows
from energyflows.ensemble.reducing import Full, UnfitError
from energyflows.network import build_network
from energyflows.results import read_results
from energyflows.solving import copy_unsolved

KEYS = [(component, attribute) for group in (FIXED, VARYING) for component in group for attribute in group[component]]
#: What moves together, so that each group holds figures of different rows.
GROUPS = [
    {"marginal_cost"},
    {"e_initial", "p_set"},
    {"e_max_pu", "s_nom"},
    {"e_min_pu", "p_max_pu"},
    {"e_nom", "e_sum_max", "p_min_pu"},
    {"e_sum_min", "max_hours", "s_max_pu"},
    {"p_nom"},
]


@pytest.fixture(scope="module")
def whole(make_world):
    """Return the world with its programme."""
    n = make_world()
    return n, compile_network(n)


@pytest.fixture(
    scope="module", params=[*GROUPS, {name for _, name in KEYS}], ids=[*map("-".join, map(sorted, GROUPS)), "all"]
)
def moved(request, whole, rewrite):
    """Return some attributes of all components moved, or all of them, and the changed network, written and solved."""
    n, program = whole
    changed = {}
    for number, key in enumerate(KEYS):
        if key[1] in request.param:
            changed |= move(program.figures, key, seed=number)
    return changed, *rewrite(n, changed)


def move(figures, key, seed=0):
    """Return a figure moved by an amount of its own for every component and snapshot."""
    step = np.random.default_rng(seed).uniform(0.7, 0.95, figures[key].shape)
    if key[1] == "marginal_cost":
        return {key: figures[key] + step}
    return {key: np.where(np.isinf(figures[key]), figures[key], figures[key] * step)}


@pytest.fixture(scope="module")
def rewrite(solved):
    """Return the function from a changed network to its programme, the names of its rows, and its results."""

    def write(n, changed):
        written = []

        def note(work, _):
            m = work.model.matrices
            full = Full(m.A.tocsr(), np.asarray(m.b, dtype=float), np.asarray(m.sense), m.c, m.lb, m.ub)
            written.extend([full, name_rows(work.model)])

        # Solving takes rows without meaning out of the model, so it is looked at before.
        results = read_results(solved(n, changed, extra=note))
        return *written, results

    return write


# ------------------------------------------------------------------ entry by entry, and by its optimum
def test_changed_figure_is_written_where_linopy_writes_it(whole, moved):
    changed, full, names, _ = moved
    assert find_differences(whole[1], full, changed, names) == []


def test_every_figure_stands_somewhere_in_the_programme(whole, moved):
    changed, full, names, _ = moved
    for key in [key for key, values in changed.items() if not np.isnan(values).all()]:
        rest = {other: values for other, values in changed.items() if other != key}
        assert find_differences(whole[1], full, rest, names), key


def test_changed_figure_moves_the_optimum_as_in_plain_pypsa(whole, moved, quick, same):
    same(quick(whole[1], moved[0]), moved[-1])


def test_unchanged_programme_has_the_optimum_of_plain_pypsa(whole, plain, quick, same):
    n, program = whole
    same(quick(program), plain(n))


def test_endless_size_becomes_finite(whole, rewrite, quick, same):
    n, program = whole
    changed = {(kind, "p_nom"): program.figures[kind, "p_nom"].copy() for kind in ("Generator", "Link")}
    for sizes in changed.values():
        sizes[np.isinf(sizes)] = 6.5
    full, names, expected = rewrite(n, changed)
    assert find_differences(program, full, changed, names) == []
    same(quick(program, changed), expected)


def test_everything_can_be_lost(world, rewrite, quick, same):
    world.generators.loc[["duty", "budget"], ["e_sum_min", "e_sum_max"]] = -np.inf, np.inf
    for table in (world.generators_t, world.links_t, world.storage_units_t):
        table.p_set = table.p_set.iloc[:, :0]
    last = [f"last {bus}" for bus in world.buses.index]
    world.add("Generator", last, bus=world.buses.index, p_nom=1e3, marginal_cost=[900.0, 901, 902, 903])
    world.add("Generator", "sink", bus="C", p_nom=1e3, marginal_cost=1.0, sign=-1.0)
    world.storage_units["state_of_charge_initial"] = 0.0
    world.stores_t.e_min_pu["tank"] = 0.0
    program = compile_network(world)
    changed = {key: np.zeros(len(program.figures[key])) for key in program.figures if key[1] in {"p_nom", "s_nom"}}
    changed["Generator", "p_nom"][-5:] = 1e3
    full, names, expected = rewrite(world, changed)
    assert find_differences(program, full, changed, names) == []
    same(quick(program, changed), expected, without=["price"])


def test_toy_network_is_changed_everywhere(toy, rewrite, quick):
    check_packaged(build_network(2025, tables=toy()), rewrite, quick)


@pytest.mark.slow
def test_packaged_network_is_changed_everywhere(rewrite, quick):
    check_packaged(build_network(2025), rewrite, quick)


def check_packaged(n, rewrite, quick):
    """Move costs, loads and shares of a network; it has several cheapest flows, so only the cost is compared."""
    program = compile_network(n)
    changed = {}
    for key in [("Generator", "marginal_cost"), ("Link", "marginal_cost"), ("Load", "p_set"), ("Link", "p_max_pu")]:
        changed |= move(program.figures, key)
    changed["Link", "p_min_pu"] = program.figures["Link", "p_min_pu"] * 0.7
    full, names, expected = rewrite(n, changed)
    assert find_differences(program, full, changed, names) == []
    found = quick(program, changed)
    assert float(found["objective"]) == pytest.approx(float(expected["objective"]), rel=1e-8)
    assert float(found["objective"]) != pytest.approx(float(quick(program)["objective"]), rel=1e-3)


# ------------------------------------------------------------------ what is read
def test_figures_are_those_of_the_network(world):
    figures = read_figures(world)
    assert set(figures) == set(KEYS)
    assert figures["Line", "s_nom"].tolist() == [60, 45, 52]
    assert figures["Load", "p_set"][:, 1].tolist() == [31, 42, 53, 44]
    assert figures["Link", "p_max_pu"][:, 0].tolist() == [1, 0.3, 0.8, 0.9]
    np.testing.assert_array_equal(figures["Generator", "p_set"][:, 3], [4, np.nan, 6, 5])


def test_places_leave_out_what_is_inactive(world):
    model_network(world, None)
    places = find_places(world)
    shut = world.generators.index.get_loc("shut")
    assert (places.columns["Generator-p"][:, shut] == -1).all()
    assert (np.delete(places.columns["Generator-p"], shut, axis=1) >= 0).all()
    assert places.load_signs.tolist() == [[-1, -1, -1, 1, 0]] * 4
    assert (places.first_balances["Store"] >= 0).tolist() == [True, False, False]


def test_network_without_stores_and_loads_has_places(world):
    for component in ("Store", "Load"):
        world.remove(component, world.c[component].static.index)
    program = compile_network(world)
    assert program.places.first_balances["Store"].shape == (0,)
    rhs, _ = place_figures(program.places, program.figures, {}, program.reduction.full.rhs, program.reduction.full.cost)
    np.testing.assert_array_equal(rhs, program.reduction.full.rhs)


# ------------------------------------------------------------------ what does not fit
@pytest.mark.parametrize(
    ("key", "place", "value", "told"),
    [
        (("Generator", "p_set"), (0, 0), 5.0, "Generator-p_set is set where it was not"),
        (("Link", "p_set"), (0, 1), np.nan, "Link-p_set is set where it was not, or the other way round"),
        (("Generator", "e_sum_max"), 0, 100.0, "e_sum_max is set where it was not"),
        (("Generator", "e_sum_min"), 2, -np.inf, "e_sum_min is set where it was not"),
    ],
)
def test_figure_that_needs_a_row_of_its_own_does_not_fit(whole, key, place, value, told):
    _, program = whole
    changed = program.figures[key].copy()
    changed[place] = value
    with pytest.raises(UnfitError, match=told):
        program.place({key: changed})


def test_demand_where_there_is_no_supply_does_not_fit(world):
    world.add("Bus", "desert")
    world.add("Load", "camp", bus="desert", p_set=0.0)
    program = compile_network(world)
    with pytest.raises(UnfitError, match="bus without any supply"):
        program.place({("Load", "p_set"): program.figures["Load", "p_set"] + 1.0})
    program.place({("Load", "p_set"): program.figures["Load", "p_set"] * 0.9})


def test_size_that_the_solver_chooses_does_not_fit(world):
    world.links.loc["must", ["p_nom_extendable", "p_nom_max"]] = True, 50
    program = compile_network(world)
    with pytest.raises(UnfitError, match="Link with a bound that is no number"):
        program.place({("Link", "p_nom"): program.figures["Link", "p_nom"] * 0.5})


def test_programme_of_another_shape_differs(whole):
    full, names = whole[1].reduction.full, np.array(["row"] * len(whole[1].reduction.full.rhs))
    shorter = replace(full, matrix=full.matrix[:-1], rhs=full.rhs[:-1], sense=full.sense[:-1])
    assert find_differences(whole[1], shorter, {}, names) == ["its rows and columns are others"]
    assert find_differences(whole[1], replace(full, upper=np.full(len(full.upper), 9.0)), {}, names) == ["bounds"]
    budget = {("Generator", "e_sum_max"): np.zeros(10)}
    assert "e_sum_max is set where it was not" in find_differences(whole[1], full, budget, names)[0]


def test_placing_leaves_the_programme_as_it_was(whole):
    _, program = whole
    full = program.reduction.full
    before = full.rhs.copy(), full.cost.copy()
    for key in KEYS:
        program.place(move(program.figures, key))
    np.testing.assert_array_equal(full.rhs, before[0])
    np.testing.assert_array_equal(full.cost, before[1])


def test_compiling_leaves_the_network_as_it_was(world):
    before = copy_unsolved(world)
    compile_network(world)
    assert world.equals(before)
    assert getattr(world, "_model", None) is None
