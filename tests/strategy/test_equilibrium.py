"""Equilibria against closed forms, an independent programme, PyPSA's own quadratic one, and first-order conditions."""

import highspy
import networkx as nx
import numpy as np
import pandas as pd
import pypsa
import pytest
import scipy.sparse as sp
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from energyflows.strategy.conduct_curves import sweep_conduct
from energyflows.strategy.equilibrium import solve_equilibrium

#: Of quantities around 30 on a curve of slope 1: the square root of a gap of 1e-7 of a potential around 3000.
NEAR = 0.04


def hub(costs, capacity=500.0, snapshots=1):
    """Return one market with a generator per cost, named A, B, C and so on."""
    n = pypsa.Network(snapshots=range(snapshots))
    n.add("Bus", "hub", carrier="gas")
    names = list("ABCDEF")[: len(costs)]
    n.add("Generator", names, bus="hub", p_nom=capacity, marginal_cost=costs, carrier="gas")
    return n


def curves(n, **zones):
    """Return demand curves: intercept and slope by zone, the same in every snapshot."""
    shape = (len(n.snapshots), 1)
    values = {
        name: np.tile([zone[i] for zone in zones.values()], shape) for i, name in enumerate(["intercept", "slope"])
    }
    arrays = {name: (("snapshot", "bus"), table) for name, table in values.items()}
    return xr.Dataset(arrays, {"snapshot": n.snapshots, "bus": list(zones)})


def each(*names):
    return {name: {"generators": [name]} for name in names}


def find(n, demand, suppliers, kappa=None, **options):
    return solve_equilibrium(n, suppliers, kappa, demand=demand, tolerance=1e-7, **options)


def sales(found, bus="hub"):
    return found["sold"].sel(bus=bus).isel(snapshot=0).to_numpy()


# ------------------------------------------------------------------ one market
@pytest.mark.parametrize("weight", [0.0, 0.3, 0.5, 1.0])
def test_equal_duopoly_by_hand(weight):
    n = hub([10.0, 10.0])
    found = find(n, curves(n, hub=(100.0, 1.5)), each("A", "B"), {("A", "B"): weight})
    total = 2 * 90.0 / (1.5 * (3 + weight))
    assert found["consumed"].item() == pytest.approx(total, abs=NEAR)
    assert found["price"].item() == pytest.approx(100 - 1.5 * total, abs=1.5 * NEAR)
    assert found["profit"].sum() == pytest.approx(total * (90 - 1.5 * total) / 1e3, rel=1e-3)
    assert found["consumer_surplus"].item() == pytest.approx(1.5 * total**2 / 2e3, rel=3e-3)
    assert found["welfare"].item() == pytest.approx((90 * total - 0.75 * total**2) / 1e3, rel=1e-3)
    assert found["supplied"].sum() == pytest.approx(total, abs=NEAR)
    if weight < 1:
        np.testing.assert_allclose(sales(found), total / 2, atol=2 * NEAR)
        lerner = (90 - 1.5 * total) / (100 - 1.5 * total)
        np.testing.assert_allclose(found["lerner"], lerner, rtol=3e-3)
    assert found["concentration"].item() == pytest.approx((1 + weight) / 2, abs=3e-3)
    assert found.attrs["gap"] <= 1e-7
    assert np.isnan(found.attrs["elasticity"])


@pytest.mark.parametrize("weight", [0.0, 0.7])
@pytest.mark.parametrize("costs", [[10.0, 20.0], [10.0, 14.0, 19.0]])
def test_unequal_suppliers_meet_the_linear_system(costs, weight):
    n = hub(costs)
    names = list("ABC")[: len(costs)]
    kappa = np.eye(len(costs))
    kappa[0, 1] = kappa[1, 0] = weight
    expected = np.linalg.solve(1.0 + kappa, 100.0 - np.array(costs))
    assert (expected > 0).all()
    found = find(n, curves(n, hub=(100.0, 1.0)), each(*names), pd.DataFrame(kappa, names, names))
    np.testing.assert_allclose(sales(found), expected, atol=2 * NEAR)
    np.testing.assert_allclose(found["profit"], (found["price"].item() - np.array(costs)) * expected / 1e3, rtol=1e-2)


def test_monopoly_and_cartel_sell_the_same():
    one, three = hub([10.0]), hub([10.0] * 3)
    alone = find(one, curves(one, hub=(100.0, 1.0)), each("A"))
    kappa = dict.fromkeys([("A", "B"), ("B", "C"), ("A", "C")], 1.0)
    cartel = find(three, curves(three, hub=(100.0, 1.0)), each("A", "B", "C"), kappa)
    assert alone["consumed"].item() == pytest.approx(45, abs=NEAR)
    assert cartel["consumed"].item() == pytest.approx(45, abs=NEAR)
    assert cartel["profit"].sum() == pytest.approx(45 * 45 / 1e3, rel=1e-3)


def test_fringe_takes_its_part_and_price_takers_have_no_margin():
    n = hub([10.0, 5.0])
    n.generators.loc["B", "p_nom"] = 20.0
    found = find(n, curves(n, hub=(100.0, 1.0)), each("A"))
    assert sales(found) == pytest.approx(35, abs=NEAR)
    assert found["price"].item() == pytest.approx(45, abs=NEAR)
    taking = find(
        n, curves(n, hub=(100.0, 1.0)), each("A", "B"), pd.DataFrame(np.diag([1.0, 0.0]), list("AB"), list("AB"))
    )
    apart = find(n, curves(n, hub=(100.0, 1.0)), each("A", "B"), 0, arbitrage=False)
    np.testing.assert_allclose(apart["profit"], [0, 20 * 5 / 1e3], atol=1e-6)
    xr.testing.assert_allclose(taking["price"], found["price"], rtol=1e-3)
    assert np.isnan(sales(taking)[1])
    assert taking["lerner"].to_numpy()[1] == 0
    assert taking["profit"].to_numpy()[1] == pytest.approx(20 * 40 / 1e3, rel=2e-3)


def test_days_weigh_and_each_snapshot_has_its_own_curve():
    n = hub([10.0], snapshots=2)
    for column in n.snapshot_weightings:
        n.snapshot_weightings[column] = [30.0, 10.0]
    demand = curves(n, hub=(100.0, 1.0))
    demand["intercept"][1], demand["slope"][1] = 50.0, 0.0
    found = find(n, demand, each("A"))
    np.testing.assert_allclose(found["consumed"].squeeze(), [45, 0], atol=NEAR)
    assert found["profit"].item() == pytest.approx(30 * 45 * 45 / 1e3, rel=1e-3)
    assert found["weight_days"].to_numpy().tolist() == [30, 10]


# ------------------------------------------------------------------ networks
def pipe(capacity=1e3, efficiency=1.0, cost=5.0):
    """Return a well at Z1 and a pipe to Z2."""
    n = hub([10.0])
    n.add("Bus", "Z2", carrier="gas")
    n.add("Link", "pipe", bus0="hub", bus1="Z2", p_nom=capacity, efficiency=efficiency, marginal_cost=cost)
    return n


@pytest.mark.parametrize("arbitrage", [True, False])
def test_full_pipe_earns_what_its_end_is_dearer(arbitrage):
    n = pipe(capacity=10.0)
    found = find(n, curves(n, hub=(100.0, 1.0), Z2=(100.0, 1.0)), each("A"), arbitrage=arbitrage)
    np.testing.assert_allclose(found["price"].squeeze(), [55, 90], atol=NEAR)
    np.testing.assert_allclose(found["sold"].squeeze(), [45, 10], atol=NEAR)
    # The margin at the end of the pipe is that of 10 GWh/d; the rest of the difference pays for the pipe.
    assert found["profit"].item() == pytest.approx((45 * 45 + 10 * 10) / 1e3, rel=1e-3)
    assert found.attrs["arbitrage"] == arbitrage


def test_transport_and_loss_are_part_of_marginal_cost():
    n = pipe(efficiency=0.9, cost=4.0)
    found = find(n, curves(n, Z2=(100.0, 1.0)), each("A"))
    cost = 14 / 0.9
    assert sales(found, "Z2") == pytest.approx((100 - cost) / 2, abs=NEAR)
    assert found["supplied"].item() == pytest.approx((100 - cost) / 2 / 0.9, abs=NEAR)
    assert found["lerner"].item() == pytest.approx((100 - cost) / (100 + cost), abs=2e-3)


def test_traders_level_prices_that_a_supplier_would_keep_apart():
    n = pipe(cost=0.5)
    n.add("Link", "back", bus0="Z2", bus1="hub", p_nom=1e3, marginal_cost=0.5)
    demand = curves(n, hub=(60.0, 1.0), Z2=(100.0, 1.0))
    apart, level = (find(n, demand, each("A"), arbitrage=way) for way in (False, True))
    np.testing.assert_allclose(apart["price"].squeeze(), [35, 55.25], atol=NEAR)
    step = level["price"].squeeze().to_numpy()
    assert step[1] - step[0] == pytest.approx(0.5, abs=2 * NEAR)
    assert level["sold"].sum() == pytest.approx(level["consumed"].sum().item(), abs=NEAR)


def test_home_is_left_out_and_an_end_without_curve_takes_gas_at_its_price():
    n = pipe(cost=1.0)
    n.buses["country"] = ["AA", "BB"]
    n.generators["origin"], n.generators["route"] = ["AA"], ["pipe"]
    n.add("Bus", "world", carrier="gas")
    n.buses.loc["world", "country"] = ""
    n.add("Link", "ship", bus0="hub", bus1="world", p_nom=1e3, marginal_cost=2.0)
    n.add("Load", "world", bus="world", p_set=50.0)
    n.add("Generator", "world answer", bus="world", carrier="response", p_nom=50.0, marginal_cost=20.0)
    n.generators.loc["world answer", ["origin", "route"]] = ""
    demand = curves(n, hub=(100.0, 1.0), Z2=(100.0, 1.0))
    found = find(n, demand, ["AA"], arbitrage=True)
    assert found["bus"].to_numpy().tolist() == ["hub", "Z2", "world"]
    np.testing.assert_allclose(found["sold"].squeeze(), [0, 44.5, 50], atol=NEAR)
    np.testing.assert_allclose(found["consumed"].squeeze(), [0, 44.5, 50], atol=NEAR)
    assert found["price"].sel(bus="world").item() == pytest.approx(12.0)
    assert found["profit"].item() == pytest.approx(44.5**2 / 1e3, rel=1e-3)
    assert np.isnan(found["concentration"].sel(bus="world"))
    assert found["country"].sel(bus="Z2") == "BB"


def test_stored_gas_belongs_to_traders():
    n = pypsa.Network(snapshots=range(2))
    n.add("Bus", ["hub", "cave"], carrier="gas")
    n.add("Generator", "A", bus="hub", p_nom=500.0, marginal_cost=10.0, p_max_pu=[1.0, 0.0])
    n.add("Link", ["in", "out"], bus0=["hub", "cave"], bus1=["cave", "hub"], p_nom=500.0, marginal_cost=0.1)
    n.add("Store", "cave", bus="cave", e_nom=1e3)
    for arbitrage in (True, False):
        found = find(n, curves(n, hub=(100.0, 1.0)), each("A"), arbitrage=arbitrage)
        price = found["price"].squeeze().to_numpy()
        assert price[1] - price[0] == pytest.approx(0.2, abs=2 * NEAR)
        # All is sold in the first period, at a margin of its whole volume there: 100 - Q1 - 10 = Q1 + Q2.
        assert found["sold"].sum() == pytest.approx(found["consumed"].sum().item(), abs=NEAR)
        np.testing.assert_allclose(found["consumed"].squeeze(), [90.2 / 3, 90.2 / 3 - 0.2], atol=2 * NEAR)


# ------------------------------------------------------------------ an independent programme
def draw_network(seed):
    """Return two wells, two markets and a crossing; capacities bind in some draws."""
    rng = np.random.default_rng(seed)
    n = pypsa.Network()
    n.add("Bus", ["a", "b", "x", "y", "z"], carrier="gas")
    n.add("Generator", ["A", "B"], bus=["a", "b"], p_nom=rng.uniform(20, 90, 2), marginal_cost=rng.uniform(5, 20, 2))
    n.add("Generator", ["F", "G"], bus=["x", "y"], p_nom=rng.uniform(2, 15, 2), marginal_cost=rng.uniform(5, 40, 2))
    pairs = [("a", "x"), ("a", "z"), ("b", "z"), ("b", "y"), ("z", "x"), ("z", "y"), ("x", "y"), ("y", "x")]
    for start, end in pairs:
        figures = {"p_nom": rng.uniform(5, 50), "marginal_cost": rng.uniform(0.5, 4), "efficiency": rng.uniform(0.9, 1)}
        n.add("Link", start + end, bus0=start, bus1=end, **figures)
    return n, {zone: (rng.uniform(60, 140), rng.uniform(0.5, 2)) for zone in "xy"}, rng.uniform(0, 1)


def list_ways(n, generators, zones):
    """Return (generator, zone, links on the way) of all simple ways."""
    graph = nx.DiGraph([(row.bus0, row.bus1, {"name": name}) for name, row in n.links.iterrows()])
    found = []
    for generator in generators:
        source = n.generators.at[generator, "bus"]
        for zone in zones:
            ways = [[]] if source == zone else nx.all_simple_edge_paths(graph, source, zone)
            found += [(generator, zone, [graph.edges[edge]["name"] for edge in way]) for way in ways]
    return found


def solve_by_ways(n, zones, weight, arbitrage):
    """Maximise the potential over gas sent along ways from well to market, instead of labels on links."""
    ways = list_ways(n, ["A", "B"] if arbitrage else n.generators.index, zones)
    traders = list_ways(n, [], []) if not arbitrage else [("", "", [link]) for link in ("xy", "yx")]
    fringe = ["F", "G"] if arbitrage else []
    columns = [*ways, *traders, *((name, n.generators.at[name, "bus"], []) for name in fringe)]
    links, names = n.links, list(n.generators.index)
    cost = np.zeros(len(columns))
    use = np.zeros((len(links) + len(names), len(columns)))
    land = np.zeros((2, len(columns)))
    sold = np.zeros((2, 2, len(columns)))
    for k, (generator, last, way) in enumerate(columns):
        left, zone = 1.0, last or links.at[way[0], "bus1"]
        if generator:
            cost[k] = n.generators.at[generator, "marginal_cost"]
            use[len(links) + names.index(generator), k] = 1.0
        else:
            land["xy".index(links.at[way[0], "bus0"]), k] -= 1.0
        for link in way:
            use[links.index.get_loc(link), k] += left
            cost[k] += left * links.at[link, "marginal_cost"]
            left *= links.at[link, "efficiency"]
        land["xy".index(zone), k] += left
        if generator in {"A", "B"}:
            sold["AB".index(generator), "xy".index(zone), k] = left
    limit = np.append(links["p_nom"], n.generators["p_nom"])
    kappa = np.array([[1.0, weight], [weight, 1.0]])
    a, b = np.array(list(zones.values())).T
    whole = np.einsum("d,dk,dl->kl", b, land, land) + np.einsum("d,ij,idk,jdl->kl", b, kappa, sold, sold)
    linear = a @ land - cost
    x = _maximise(linear, whole, np.vstack([use, -land]), np.append(limit, [0.0, 0.0]))
    quantity = land @ x
    return a - b * quantity, sold @ x, linear @ x - x @ whole @ x / 2


def _maximise(linear, whole, rows, limit):
    """Solve a small concave programme with the quadratic solver of HiGHS."""
    model, hessian = highspy.HighsModel(), sp.csc_array(np.tril(whole))
    lp, count = model.lp_, len(linear)
    lp.num_col_, lp.num_row_ = count, len(rows)
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = -linear, np.zeros(count), np.full(count, 1e3)
    lp.row_lower_, lp.row_upper_ = np.full(len(rows), -np.inf), limit
    matrix = sp.csc_array(rows)
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = matrix.indptr, matrix.indices, matrix.data
    model.hessian_.dim_, model.hessian_.format_ = count, highspy.HessianFormat.kTriangular
    model.hessian_.start_, model.hessian_.index_, model.hessian_.value_ = hessian.indptr, hessian.indices, hessian.data
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.passModel(model)
    solver.run()
    assert solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return np.array(solver.getSolution().col_value)


@pytest.mark.parametrize("arbitrage", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_labels_on_links_find_what_ways_find(seed, arbitrage):
    n, zones, weight = draw_network(seed)
    price, sold, potential = solve_by_ways(n, zones, weight, arbitrage)
    found = find(n, curves(n, **zones), each("A", "B"), {("A", "B"): weight}, arbitrage=arbitrage)
    assert found.attrs["potential"] * 1e3 == pytest.approx(potential, rel=2e-6)
    np.testing.assert_allclose(found["price"].squeeze(), price, atol=0.1)
    total = found["sold"].isel(snapshot=0).sum("supplier")
    np.testing.assert_allclose(total, sold.sum(axis=0), atol=0.3)


@pytest.mark.parametrize("weight", [0.0, 0.6])
def test_first_order_conditions_hold_where_nothing_is_full(weight):
    n, zones, _ = draw_network(3)
    n.links["p_nom"] = 1e3
    n.generators.loc[["A", "B"], "p_nom"] = 1e3
    found = find(n, curves(n, **zones), each("A", "B"), {("A", "B"): weight})
    price, sold = found["price"].squeeze().to_numpy(), found["sold"].squeeze().to_numpy()
    margin = np.array([[1, weight], [weight, 1]]) @ sold * np.array([b for _, b in zones.values()])
    for i, name in enumerate("AB"):
        for j, zone in enumerate("xy"):
            costs = []
            for _, _, way in list_ways(n, [name], [zone]):
                value = n.generators.at[name, "marginal_cost"]
                for link in way:
                    value = (value + n.links.at[link, "marginal_cost"]) / n.links.at[link, "efficiency"]
                costs.append(value)
            gain = price[j] - min(costs) - margin[i, j]
            assert gain < 0.1
            assert sold[i, j] < 0.05 or gain > -0.1


# ------------------------------------------------------------------ PyPSA's quadratic programme
def test_pypsa_with_markups_in_its_objective_finds_the_same():
    costs, slope = [6.0, 9.0], 4.0
    n = hub(costs, capacity=50.0)
    written = n.copy()
    # Consumers as a generator that takes gas: cost -(30 d - 2 d^2), whose slope is the inverse demand 30 - 4 d.
    written.add(
        "Generator", "demand", bus="hub", sign=-1, p_nom=50.0, marginal_cost=-30.0, marginal_cost_quadratic=slope / 2
    )
    written.optimize.create_model(include_objective_constant=False)
    made = written.model["Generator-p"].sel(name=["A", "B"])
    written.model.objective = written.model.objective.expression + (slope / 2 * made * made).sum()
    written.model.solve(solver_name="highs", io_api="direct", progress=False, log_to_console=False)
    expected = written.model["Generator-p"].solution
    found = find(n, curves(n, hub=(30.0, slope)), each("A", "B"))
    np.testing.assert_allclose(sales(found), expected.sel(name=["A", "B"]).squeeze(), atol=5e-3)
    assert found["price"].item() == pytest.approx(30 - slope * expected.sel(name="demand").item(), abs=1e-2)
    assert found["price"].item() == pytest.approx((30 + sum(costs)) / 3, abs=1e-2)


# ------------------------------------------------------------------ sweeps
@settings(max_examples=6)
@given(
    st.lists(st.floats(0, 40), min_size=2, max_size=3),
    st.tuples(st.floats(0, 1), st.floats(0, 1)).filter(lambda pair: abs(pair[0] - pair[1]) > 1e-3),
)
def test_coordination_never_lowers_the_price(costs, weights):
    n = hub(costs)
    names = list("ABC")[: len(costs)]
    options = {"suppliers": each(*names), "demand": curves(n, hub=(100.0, 1.0)), "tolerance": 1e-7}
    found = sweep_conduct(n, ("A", "B"), sorted(weights), **options)
    low, high = found["price"].squeeze().to_numpy()
    assert high >= low - NEAR


@pytest.mark.parametrize("arbitrage", [True, False])
@pytest.mark.parametrize("others", [None, {("B", "C"): 0.7}])
def test_hot_sweep_is_what_cold_solves_are(others, arbitrage):
    n, zones, _ = draw_network(1)
    n.add("Generator", "C", bus="z", p_nom=30.0, marginal_cost=12.0)
    demand, values = curves(n, **zones), [0.0, 0.6, 0.2]
    options = {"demand": demand, "tolerance": 1e-7, "arbitrage": arbitrage}
    swept = sweep_conduct(n, ("A", "B"), values, suppliers=each("A", "B", "C"), kappa=others, **options)
    assert swept["price"].dims[0] == "coordination"
    for value in values:
        kappa = {("A", "B"): value} | (others or {})
        cold = solve_equilibrium(n, each("A", "B", "C"), kappa, **options)
        hot = swept.sel(coordination=value)
        assert hot["potential"].item() == pytest.approx(cold.attrs["potential"], rel=2e-7)
        np.testing.assert_allclose(hot["price"], cold["price"], atol=0.1)
        xr.testing.assert_equal(hot["kappa"].drop_vars("coordination"), cold["kappa"])


def test_results_can_be_written(tmp_path):
    n = hub([10.0, 10.0])
    found = sweep_conduct(n, ("A", "B"), [0.0, 1.0], suppliers=each("A", "B"), demand=curves(n, hub=(100.0, 1.0)))
    found.to_netcdf(tmp_path / "curve.nc")
    with xr.open_dataset(tmp_path / "curve.nc") as again:
        xr.testing.assert_identical(again.load()["price"], found["price"])
    assert all("units" in variable.attrs for variable in found.data_vars.values())
