"""A draw changes what its names stand for, and nothing else; a draw that makes no sense is refused in plain words."""

import numpy as np
import pandas as pd
import pypsa
import pytest
import xarray as xr

from energyflows.ensemble.draws import change_figures, change_network, plan_draws
from energyflows.ensemble.figures import read_figures
from energyflows.errors import UsageError

INF = np.inf


@pytest.fixture(scope="module")
def n():
    """Return a network with parts; never solved or changed here."""
    n = pypsa.Network(snapshots=pd.date_range("2025-01-01", periods=3, freq="MS"))
    n.snapshot_weightings["generators"] = [2.0, 1.0, 1.0]
    n.add("Bus", ["A", "B"])
    parts = {"bus": "A", "marginal_cost": [10.0, 20.0]}
    n.add("Generator", ["gas 1", "gas 2"], p_nom=[100, 50], part_of="gas", e_sum_max=[200, INF], **parts)
    n.add("Generator", "must", bus="A", p_nom=40, p_min_pu=0.5, e_sum_min=60.0, e_sum_max=150.0, p_max_pu=[1, 0.5, 0])
    n.add("Generator", "fixed", bus="B", p_nom=10, p_set=[4.0, np.nan, 6.0])
    n.add("Generator", "endless", bus="B", p_nom=INF, marginal_cost=99.0)
    n.add("Generator", ["lost", "given up"], bus="B", p_nom=[INF, 20], carrier=["Load Shedding", "response"])
    n.add("Generator", "open", bus="B", p_nom=30, p_nom_extendable=True)
    n.add("Load", ["b1", "b2", "a"], bus=["B", "B", "A"], p_set=[30, 12, 7])
    n.add("Link", ["pipe", "pipe minimum"], bus0="A", bus1="B", p_nom=[80, 20], p_min_pu=[-0.5, 0.9], part_of="pipe")
    n.add("Link", "gas", bus0="A", bus1="B", p_nom=5)
    n.add("Line", "wire", bus0="A", bus1="B", s_nom=60, x=0.1)
    n.add("Store", ["tank", "round"], bus="A", e_nom=[50, 20], e_initial=[40, 5], part_of=["caverns", ""])
    n.add("StorageUnit", "pond", bus="B", p_nom=8, max_hours=3)
    return n


def make(variable, values, names, n=None):
    """Return draws of one variable."""
    dim = "bus" if variable == "demand_factor" else "component"
    dims, coords = ("draw", dim, "snapshot")[: np.ndim(values)], {dim: names}
    if np.ndim(values) == 3:
        coords["snapshot"] = n.snapshots
    return xr.Dataset({variable: (dims, values)}, coords=coords)


def change(n, draws, draw=0):
    """Return the changed figures of one draw, by name where they differ from those of the network."""
    figures = read_figures(n)
    changed = change_figures(figures, plan_draws(n, draws), draw)
    found = {}
    for (component, attribute), values in changed.items():
        names, old = n.c[component].static.index, figures[component, attribute]
        for i in np.flatnonzero((~np.isclose(values, old, equal_nan=True)).reshape(-1, len(names)).any(axis=0)):
            found[names[i], attribute] = values[..., i].tolist()
    return found


def capacity(n, name, factor):
    return change(n, make("capacity_factor", [[factor]], [name], n))


# ------------------------------------------------------------------ what names stand for
def test_name_of_one_component_changes_it_alone(n):
    assert capacity(n, "gas 2", 0.5) == {("gas 2", "p_nom"): 25}


def test_name_of_parts_changes_them_all_and_what_has_that_name_itself(n):
    assert capacity(n, "gas", 0.5) == {
        ("gas 1", "p_nom"): 50,
        ("gas 1", "e_sum_max"): 100,
        ("gas 2", "p_nom"): 25,
        ("gas", "p_nom"): 2.5,
    }


def test_component_that_is_a_part_of_itself_changes_once(n):
    assert capacity(n, "pipe", 0.5) == {("pipe", "p_nom"): 40, ("pipe minimum", "p_nom"): 10}


def test_factors_that_reach_the_same_part_multiply(n):
    changed = change(n, make("capacity_factor", [[0.5, 0.4]], ["gas", "gas 1"]))
    assert changed["gas 1", "p_nom"] == pytest.approx(20)
    assert changed["gas 2", "p_nom"] == 25


def test_costs_that_reach_the_same_part_add_up(n):
    changed = change(n, make("cost_add", [[5.0, -2.0]], ["gas", "gas 1"]))
    assert changed["gas 1", "marginal_cost"] == [13] * 3
    assert changed["gas 2", "marginal_cost"] == [25] * 3
    assert changed["gas", "marginal_cost"] == [5] * 3


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("must", {("must", "p_nom"): 20, ("must", "e_sum_min"): 30, ("must", "e_sum_max"): 75}),
        ("fixed", {("fixed", "p_nom"): 5, ("fixed", "p_set"): [2, pytest.approx(np.nan, nan_ok=True), 3]}),
        ("caverns", {("tank", "e_nom"): 25, ("tank", "e_initial"): 20}),
        ("wire", {("wire", "s_nom"): 30}),
        ("pond", {("pond", "p_nom"): 4}),
        ("open", {("open", "p_max_pu"): [0.5] * 3}),
        ("endless", {}),
    ],
)
def test_halved_capacity_halves_size_duties_budgets_and_stocks(n, name, found):
    assert capacity(n, name, 0.5) == found


def test_capacity_above_one_leaves_the_stock(n):
    assert capacity(n, "tank", 1.5) == {("tank", "e_nom"): 75}


def test_nothing_of_something_endless_is_nothing(n):
    assert capacity(n, "endless", 0.0) == {("endless", "p_nom"): 0}


# ------------------------------------------------------------------ factors by snapshot
def test_factor_by_snapshot_scales_the_shares_of_a_size(n):
    changed = capacity(n, "pipe", [1.0, 0.5, 0.0])
    assert changed["pipe", "p_max_pu"] == [1, 0.5, 0]
    assert changed["pipe", "p_min_pu"] == [-0.5, -0.25, 0]
    assert changed["pipe minimum", "p_min_pu"] == [0.9, 0.45, 0]
    assert ("pipe", "p_nom") not in changed


def test_budget_is_scaled_by_the_energy_that_is_left(n):
    changed = capacity(n, "must", [0.5, 1.0, 0.0])
    # It could deliver 2 × 1 + 1 × 0.5 of its size, and is left with 1 + 0.5.
    assert changed["must", "e_sum_max"] == pytest.approx(150 * 1.5 / 2.5)
    assert changed["must", "e_sum_min"] == pytest.approx(60 * 1.5 / 2.5)
    assert changed["must", "p_max_pu"] == [0.5, 0.5, 0]


def test_stock_follows_the_factor_of_the_first_snapshot(n):
    changed = capacity(n, "tank", [0.8, 0.5, 1.2])
    assert changed["tank", "e_initial"] == 32
    assert changed["tank", "e_max_pu"] == [0.8, 0.5, 1.2]


def test_fixed_flow_follows_the_factor_of_each_snapshot(n):
    changed = capacity(n, "fixed", [0.5, 0.1, 1.0])
    assert changed["fixed", "p_set"] == [2, pytest.approx(np.nan, nan_ok=True), 6]


def test_the_same_factor_in_all_snapshots_is_a_factor_on_the_size(n):
    assert capacity(n, "must", [0.5] * 3) == capacity(n, "must", 0.5)


@pytest.mark.parametrize("order", [("component", "snapshot", "draw"), ("snapshot", "draw", "component")])
def test_order_of_dims_does_not_matter(n, order):
    draws = make("capacity_factor", [[[1.0, 0.5, 0.0]], [[1.0, 0.7, 0.2]]], ["pipe"], n)
    for draw in range(2):
        assert change(n, draws.transpose(*order), draw) == change(n, draws, draw)


def test_cost_by_snapshot_is_added_in_each(n):
    assert change(n, make("cost_add", [[[1.0, -30.0, 0.0]]], ["endless"], n)) == {
        ("endless", "marginal_cost"): [100, 69, 99]
    }


# ------------------------------------------------------------------ demand
def test_demand_factor_scales_load_response_and_unserved_energy(n):
    assert change(n, make("demand_factor", [[1.5]], ["B"])) == {
        ("b1", "p_set"): [45] * 3,
        ("b2", "p_set"): [18] * 3,
        ("given up", "p_nom"): 30,
    }


def test_no_demand_leaves_none_unserved(n):
    changed = change(n, make("demand_factor", [[0.0, 1.0]], ["B", "A"]))
    assert changed["lost", "p_nom"] == changed["given up", "p_nom"] == 0
    assert ("a", "p_set") not in changed


def test_demand_by_snapshot_scales_each(n):
    changed = change(n, make("demand_factor", [[[1.0, 2.0, 0.5]]], ["B"], n))
    assert changed["b1", "p_set"] == [30, 60, 15]
    assert changed["given up", "p_max_pu"] == [1, 2, 0.5]


def test_factors_on_capacity_and_demand_multiply(n):
    draws = xr.merge([make("capacity_factor", [[0.5]], ["given up"]), make("demand_factor", [[1.5]], ["B"])])
    assert change(n, draws)["given up", "p_nom"] == 15


# ------------------------------------------------------------------ nothing changed, everything probed
def every(n, values):
    """Return draws that name every bus and component, by snapshot or not."""
    names = [*n.generators.index, *n.links.index.difference(["gas"]), *n.stores.index, *n.storage_units.index]
    factor, cost = values
    shape = (1, len(names), 3) if np.ndim(factor) else (1, len(names))
    draws = [
        make("capacity_factor", np.broadcast_to(factor, shape), names, n),
        make("cost_add", np.broadcast_to(cost, shape), names, n),
        make("demand_factor", np.broadcast_to(factor, (1, 2, *shape[2:])), ["A", "B"], n),
    ]
    return xr.merge(draws)


def test_neutral_draws_change_nothing(n):
    assert change(n, every(n, (1.0, 0.0))) == {}


@pytest.mark.parametrize("values", [(0.5, 3.0), ([0.9, 0.8, 0.7], [1.0, 2.0, 3.0])])
def test_probe_touches_all_that_the_draws_touch(n, values):
    draws = every(n, values)
    figures, plan = read_figures(n), plan_draws(n, draws)
    probe = plan.probe(seed=0)
    moved = {key: values != figures[key] for key, values in change_figures(figures, plan, 0).items()}
    probed = [change_figures(figures, probe, draw) for draw in range(probe.size)]
    for key, touched in moved.items():
        found = [(changed[key] != figures[key]) for changed in probed if key in changed]
        assert np.logical_or.reduce(found)[touched].all(), key


def test_probe_moves_each_component_by_an_amount_of_its_own(n):
    changed = change_figures(read_figures(n), plan_draws(n, every(n, (0.5, 3.0))).probe(seed=0), 0)
    factors = changed["Link", "p_nom"][:2] / [80, 20]
    assert factors[0] != factors[1]


def test_some_draws_can_be_taken(n):
    plan = plan_draws(n, make("capacity_factor", [[0.1], [0.2], [0.3]], ["wire"]))
    part = plan.take(slice(1, 3))
    assert part.size == 2
    figures = read_figures(n)
    assert change_figures(figures, part, 0)["Line", "s_nom"].tolist() == [12]


def test_changed_network_has_the_figures_and_the_old_one_keeps_its_own(n):
    before = n.copy()
    draws = every(n, (0.5, 3.0))
    figures = read_figures(n)
    changed = change_figures(figures, plan_draws(n, draws), 0)
    again = read_figures(change_network(n, changed))
    for key, values in {**figures, **changed}.items():
        np.testing.assert_allclose(again[key], values, err_msg=str(key))
    assert n.equals(before)


# ------------------------------------------------------------------ what is refused
ONE = [[1.0]]
WRONG = {
    "stranger": (make("capacity_factor", ONE, ["gaz 1"]), "component 'gaz 1' is not in the network; did you mean 'gas"),
    "nothing close": (make("cost_add", ONE, ["zzz"]), r"component 'zzz' is not in the network$"),
    "bus": (make("demand_factor", ONE, ["C"]), "demand_factor: bus 'C' is not in the network"),
    "a bus as component": (make("capacity_factor", ONE, ["A"]), "component 'A' is not"),
    "a load": (make("capacity_factor", ONE, ["b1"]), "component 'b1' is not"),
    "empty name": (make("capacity_factor", ONE, [""]), "component '' is not"),
    "negative": (make("capacity_factor", [[-0.1]], ["pipe"]), "'pipe' has NaN, infinite or negative values; 1 stands"),
    "negative demand": (make("demand_factor", [[-1.0]], ["A"]), "bus 'A' has NaN, infinite or negative values"),
    "nan": (make("cost_add", [[np.nan]], ["pipe"]), "'pipe' has NaN or infinite values; 0 stands for no change"),
    "infinite": (make("capacity_factor", [[INF]], ["pipe"]), "NaN, infinite or negative"),
    "minus infinite": (make("cost_add", [[-INF]], ["pipe"]), "NaN or infinite"),
    "text": (make("capacity_factor", [["much"]], ["pipe"]), "capacity_factor: found <U4, expected numbers"),
    "twice": (make("capacity_factor", [[1.0, 1.0]], ["pipe", "pipe"]), "component 'pipe' stands there twice"),
    "cost of a line": (make("cost_add", ONE, ["wire"]), "cost_add: line 'wire' has no cost"),
    "dims": (make("demand_factor", ONE, ["A"]).rename(bus="component"), r"expected \['bus', 'draw'\]"),
    "no draw": (make("capacity_factor", ONE, ["pipe"]).isel(draw=0), "expected a dim 'draw' with at least one draw"),
    "no draws": (make("capacity_factor", np.ones((0, 1)), ["pipe"]), "with at least one draw"),
    "no names": (make("capacity_factor", ONE, ["pipe"]).drop_vars("component"), "dim 'component' has no names"),
    "nothing known": (make("capacity_factor", ONE, ["pipe"]).rename(capacity_factor="cf"), r"found variables \['cf'\]"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_draws_are_refused_with_their_reason(n, case):
    draws, told = WRONG[case]
    with pytest.raises(UsageError, match=told):
        plan_draws(n, draws)


def test_other_snapshots_are_refused(n):
    draws = make("capacity_factor", [[[1.0, 0.5, 0.2]]], ["pipe"], n)
    later = draws.assign_coords(snapshot=n.snapshots + pd.Timedelta(days=1))
    for wrong in (later, draws.isel(snapshot=[0, 1]), draws.isel(snapshot=[1, 0, 2])):
        with pytest.raises(UsageError, match=r"snapshots differ from the network's; use n.snapshots"):
            plan_draws(n, wrong)


@pytest.mark.parametrize("draws", [None, {"capacity_factor": 1}, WRONG["nan"][0]["cost_add"]])
def test_something_else_than_a_dataset_is_refused(n, draws):
    with pytest.raises(UsageError, match=r"expected an xarray.Dataset with dim 'draw'"):
        plan_draws(n, draws)


def test_all_reasons_are_told_at_once(n):
    draws = xr.merge([make("capacity_factor", [[-1.0, 1.0]], ["pipe", "x"]), make("demand_factor", [[np.nan]], ["A"])])
    with pytest.raises(UsageError, match=r"'x' is not[\s\S]*'pipe' has NaN[\s\S]*'A' has NaN"):
        plan_draws(n, draws)


def test_truth_values_are_numbers(n):
    assert capacity(n, "wire", False) == {("wire", "s_nom"): 0}
