"""Solving, and saying why it failed."""

import re

import numpy as np
import pandas as pd
import pypsa
import pytest

from energyflows import build_network, check_results, solve
from energyflows.errors import InfeasibleError, SolveError, UnboundedError
from energyflows.solving import copy_unsolved, find_contradictions, find_shortages, find_unlimited

DAYS = pd.date_range("2025-01-01", periods=3)


def make_network(demand=100.0, supply=150.0, **generator):
    """Two buses: a well at the first, demand at the second, a pipe between."""
    n = pypsa.Network(snapshots=DAYS)
    n.add("Carrier", ["gas", "pipeline"])
    n.add("Bus", ["field", "town"], carrier="gas")
    n.add("Generator", "well", bus="field", carrier="gas", **{"p_nom": supply, "marginal_cost": 10.0, **generator})
    n.add("Link", "pipe", bus0="field", bus1="town", carrier="pipeline", p_nom=200.0, marginal_cost=1.0)
    n.add("Load", "homes", bus="town", carrier="gas", p_set=demand)
    return n


def add_store(n, **values):
    n.add("Store", "tank", bus="town", carrier="gas", **{"e_nom": 100.0, **values})
    return n


@pytest.fixture(scope="module")
def network(toy):
    return build_network(2025, tables=toy())


def copy_frames(n):
    """Every static and timed frame of a network, copied."""
    frames = {c.name: c.static.copy() for c in n.components}
    return frames | {(c.name, k): frame.copy() for c in n.components for k, frame in c.dynamic.items()}


def test_cost_and_prices_of_two_buses_are_those_worked_out_by_hand():
    ds = solve(make_network())
    assert float(ds["objective"]) == pytest.approx(3 * 100 * 11)
    np.testing.assert_allclose(ds["price"], [[10, 11]] * 3)
    check_results(ds)


def test_price_is_per_unit_of_energy_whatever_the_length_of_a_snapshot():
    n = make_network()
    days = pd.Series([31.0, 28.0, 7.0], index=DAYS)
    n.snapshot_weightings = pd.DataFrame(dict.fromkeys(n.snapshot_weightings.columns, days))
    ds = solve(n)
    np.testing.assert_allclose(ds["price"], [[10, 11]] * 3)
    assert float(ds["objective"]) == pytest.approx(66 * 100 * 11)


def test_network_is_left_as_it_was(network):
    before, meta = copy_frames(network), dict(network.meta)
    solve(network)
    after = copy_frames(network)
    assert before.keys() == after.keys()
    for key, frame in before.items():
        pd.testing.assert_frame_equal(frame, after[key])
    assert network.meta == meta


def test_same_network_gives_the_same_results_twice(network):
    assert solve(network).identical(solve(network))


def test_network_solved_by_pypsa_is_solved_again(network):
    n = network.copy()
    n.optimize(solver_name="highs", include_objective_constant=False, progress=False, log_to_console=False)
    flows = n.links_t.p0.copy()
    assert float(solve(n)["objective"]) == pytest.approx(float(solve(network)["objective"]))
    pd.testing.assert_frame_equal(n.links_t.p0, flows)
    assert copy_unsolved(n).links.equals(n.links)


def test_solving_is_quiet(network, capfd):
    solve(network)
    assert capfd.readouterr() == ("", "")


def test_solving_a_network_with_lines_is_quiet(capfd):
    solve(make_lines())
    assert capfd.readouterr() == ("", "")


def test_failing_is_quiet(capfd):
    with pytest.raises(InfeasibleError):
        solve(make_network(supply=50))
    assert capfd.readouterr() == ("", "")


def test_verbose_solving_tells_of_the_solver(network, capfd):
    solve(network, verbose=True)
    captured = capfd.readouterr()
    assert "HiGHS" in captured.out + captured.err


def make_lines():
    n = pypsa.Network(snapshots=DAYS)
    n.add("Carrier", "AC")
    n.add("Bus", ["a", "b", "c"], carrier="AC", v_nom=380.0)
    n.add("Generator", ["cheap", "dear"], bus=["a", "b"], carrier="AC", p_nom=200.0, marginal_cost=[10.0, 30.0])
    for ends in ("ab", "bc", "ac"):
        n.add("Line", ends, bus0=ends[0], bus1=ends[1], carrier="AC", x=0.1, r=0.01, s_nom=60.0)
    n.add("Load", "load", bus="c", carrier="AC", p_set=90.0)
    return n


def test_lines_share_a_flow_by_their_impedance():
    ds = solve(make_lines())
    check_results(ds)
    into_c = ds["received"].where(ds["bus1"] == "c", 0.0).sum("link")
    np.testing.assert_allclose(into_c, 90)
    np.testing.assert_allclose(ds["sent"].sel(link="ac"), 60, rtol=1e-6)
    np.testing.assert_allclose(ds["sent"].sel(link="ab"), 30, rtol=1e-6)
    assert float(ds["objective"]) == pytest.approx(3 * 90 * 10)


def test_network_without_storage_or_links_is_solved():
    n = pypsa.Network(snapshots=DAYS)
    n.add("Carrier", "gas")
    n.add("Bus", "only", carrier="gas")
    n.add("Generator", "well", bus="only", carrier="gas", p_nom=20.0, marginal_cost=5.0)
    n.add("Load", "homes", bus="only", carrier="gas", p_set=10.0)
    assert float(solve(n)["objective"]) == pytest.approx(150)


def narrow_pipe():
    n = make_network()
    n.links["p_nom"] = 30.0
    return n


def bind_pipe():
    n = make_network()
    n.links["p_min_pu"], n.links["p_max_pu"] = 0.8, 0.7
    return n


INFEASIBLE = {
    "too little supply": (lambda: make_network(supply=60), "bus .* lacks gas: 40 GWh/d"),
    "too narrow a pipe": (narrow_pipe, "bus town lacks gas: 70 GWh/d"),
    "one bad day": (lambda: make_network(demand=[10.0, 400.0, 10.0]), "bus town lacks gas.*2025-01-02"),
    "minimum above demand": (lambda: make_network(p_min_pu=0.9), "bus .* cannot get rid of gas: 35 GWh/d"),
    "minimum above maximum": (
        lambda: make_network(p_min_pu=0.6, p_max_pu=[1.0, 0.5, 1.0]),
        "generator well: its minimum is above its maximum at 2025-01-02",
    ),
    "energy above rate": (lambda: make_network(e_sum_min=1000.0), "generator well: e_sum_min"),
    "store above its volume": (lambda: add_store(make_network(), e_initial=500.0), "store tank: e_initial"),
    "cushion above volume": (
        lambda: add_store(make_network(), e_min_pu=0.9, e_max_pu=0.5),
        "store tank: its minimum is above its maximum",
    ),
    "link minimum": (bind_pipe, "link pipe: its minimum is above its maximum at 2025-01-01"),
}


@pytest.mark.parametrize(("make", "cause"), INFEASIBLE.values(), ids=INFEASIBLE.keys())
def test_infeasible_network_is_told_with_its_cause(make, cause):
    with pytest.raises(InfeasibleError, match=cause) as caught:
        solve(make())
    assert isinstance(caught.value, RuntimeError)


def test_infeasible_network_with_lines_is_told_with_its_bus():
    n = make_lines()
    n.loads["p_set"] = 500.0
    with pytest.raises(InfeasibleError, match="bus c lacks gas"):
        solve(n)


def test_cause_nobody_looks_for_is_still_told_as_infeasible():
    n = make_network(demand=[10.0, 100.0, 10.0], ramp_limit_up=0.1, ramp_limit_down=0.1, p_set=[10.0, 100.0, 10.0])
    with pytest.raises(InfeasibleError, match="check ramps"):
        solve(n)


def test_shortage_names_the_worst_day():
    (problem,) = find_shortages(narrow_pipe_with_peak())
    assert problem.startswith("bus town lacks gas: 90 GWh/d at 2025-01-03")


def narrow_pipe_with_peak():
    n = make_network(demand=[20.0, 50.0, 120.0])
    n.links["p_nom"] = 30.0
    return n


def test_nothing_is_found_in_a_sound_network(network):
    assert find_contradictions(network) == []
    assert find_shortages(make_network()) == []


def make_unbounded():
    n = make_network()
    n.add("Generator", "gold", bus="field", carrier="gas", p_nom=np.inf, marginal_cost=-5.0)
    n.add("Generator", "flare", bus="field", carrier="gas", sign=-1.0, p_nom=np.inf, marginal_cost=0.0)
    return n


def test_unbounded_network_is_told_with_its_component():
    with pytest.raises(UnboundedError, match=r"generator gold: no upper limit at a cost of -5 EUR/MWh"):
        solve(make_unbounded())


def test_components_without_limit_are_listed_cheapest_first():
    n = make_unbounded()
    n.add("Link", "loop", bus0="town", bus1="field", carrier="pipeline", p_nom_extendable=True, marginal_cost=-2.0)
    found = find_unlimited(n)
    assert [re.match(r"\w+ \w+", problem)[0] for problem in found] == ["generator gold", "generator flare", "link loop"]


def test_solver_that_stops_early_is_told(monkeypatch):
    monkeypatch.setattr("energyflows.solving._optimize", lambda *_, **__: "time_limit")
    with pytest.raises(SolveError, match="time_limit"):
        solve(make_network())


def test_unserved_gas_is_never_free_in_a_network_cut_off(toy):
    n = build_network(2025, tables=toy())
    n.generators.loc[n.generators["carrier"].isin(["lng", "pipeline gas"]), "p_nom"] = 0.0
    ds = solve(n)
    np.testing.assert_allclose(ds["price"].where(ds["unserved"] > 1e-6, 600), 600)
