"""What no equilibrium can be found for is refused, all reasons at once."""

import numpy as np
import pandas as pd
import pypsa
import pytest
import xarray as xr

from energyflows.errors import InfeasibleError, MismatchError, SolveError, UsageError
from energyflows.strategy import _equilibrium_reading as reading
from energyflows.strategy import _equilibrium_solving as solving
from energyflows.strategy.conduct_curves import sweep_conduct
from energyflows.strategy.equilibrium import solve_equilibrium


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


def pipe(capacity=1e3, efficiency=1.0, cost=5.0):
    """Return a well at Z1 and a pipe to Z2."""
    n = hub([10.0])
    n.add("Bus", "Z2", carrier="gas")
    n.add("Link", "pipe", bus0="hub", bus1="Z2", p_nom=capacity, efficiency=efficiency, marginal_cost=cost)
    return n


def test_arguments_that_cannot_be_used_are_told_together():
    n = hub([10.0, 10.0])
    options = {"demand": curves(n, hub=(100.0, 1.0))}
    with pytest.raises(UsageError) as caught:
        solve_equilibrium(n, each("A", "X"), elasticity=0.2, tolerance=1e-9, **options)
    told = str(caught.value)
    for part in ("no 'X'", "elasticity", "tolerance: found 1e-09"):
        assert part in told
    for elasticity in (np.nan, -np.inf, 0.0, "low"):
        with pytest.raises(UsageError, match="elasticity"):
            solve_equilibrium(n, each("A"), elasticity=elasticity, **options)
    with pytest.raises(UsageError, match=r"kappa: found 0\.5, expected a matrix"):
        solve_equilibrium(n, each("A"), 0.5, **options)
    with pytest.raises(UsageError, match="least eigenvalue"):
        solve_equilibrium(hub([1.0] * 3), each("A", "B", "C"), {("A", "B"): 1.0, ("B", "C"): 1.0}, **options)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda d: d.drop_vars("slope"), "expected a dataset with intercept and slope"),
        (lambda d: d.isel(bus=0), "must have dims snapshot and bus"),
        (lambda d: d.assign_coords(bus=["hob"]), "no bus 'hob'; did you mean hub"),
        (lambda d: xr.concat([d, d], "bus"), "bus hub is there twice"),
        (lambda d: d.assign_coords(snapshot=[5]), "not those of the network"),
        (lambda d: -d, "slope of at least 0"),
        (lambda d: d.assign_coords(bus=["empty"]), "nothing can reach"),
    ],
)
def test_curves_that_cannot_be_used_are_refused(change, told):
    n = hub([10.0])
    n.add("Bus", "empty", carrier="gas")
    with pytest.raises(UsageError, match=told):
        solve_equilibrium(n, each("A"), demand=change(curves(n, hub=(100.0, 1.0))))


def test_networks_that_cannot_be_followed_are_refused():
    n = pipe()
    n.links["p_min_pu"] = -1.0
    n.add("Line", "wire", bus0="hub", bus1="Z2", x=0.1, s_nom=10.0)
    demand = curves(n, hub=(100.0, 1.0))
    with pytest.raises(UsageError, match=r"(?s)line wire.*link pipe may run backwards"):
        solve_equilibrium(n, each("A"), demand=demand)
    solved = hub([10.0])
    solve_in_place(solved)
    with pytest.raises(UsageError, match="solved already"):
        solve_equilibrium(solved, each("A"), demand=demand)
    with pytest.raises(UsageError, match=r"expected a pypsa\.Network"):
        solve_equilibrium({}, each("A"), demand=demand)


def solve_in_place(n):
    n.add("Load", "town", bus="hub", p_set=1.0)
    n.optimize(progress=False, log_to_console=False, include_objective_constant=False)


def test_supplier_without_a_way_to_a_market_is_named():
    n = pipe()
    n.add("Generator", "lost", bus="Z2", p_nom=10.0)
    with pytest.raises(UsageError, match="supplier lost: no path leads"):
        solve_equilibrium(n, each("A", "lost"), demand=curves(n, hub=(100.0, 1.0)))
    n.links.loc["pipe", "p_nom"] = 0.0
    closed = solve_equilibrium(n, each("A"), demand=curves(n, Z2=(100.0, 1.0)))
    assert closed["supplied"].item() == closed["profit"].item() == 0
    assert np.isnan(closed["lerner"].item())


def test_demand_nobody_may_serve_is_infeasible():
    n = pipe()
    n.add("Load", "town", bus="hub", p_set=5.0)
    n.add("Link", "back", bus0="Z2", bus1="hub", p_nom=1.0)
    with pytest.raises(InfeasibleError, match="demand without a curve"):
        solve_equilibrium(n, each("A"), demand=curves(n, Z2=(100.0, 1.0)))


def test_gap_that_stays_is_told(monkeypatch):
    monkeypatch.setattr(solving, "MOST_ROUNDS", 2)
    n = hub([10.0, 17.0])
    with pytest.raises(SolveError, match="after 2 rounds, expected 1e-06; raise tolerance"):
        solve_equilibrium(n, each("A", "B"), demand=curves(n, hub=(100.0, 1.0)))


def test_prices_that_disagree_are_refused(monkeypatch):
    pick = reading._pick
    monkeypatch.setattr(reading, "_pick", lambda values, at: pick(values, at) + 0.5 * (at.shape == (1, 1)))
    n = hub([10.0])
    with pytest.raises(MismatchError, match=r"bus hub, snapshot .*differ"):
        solve_equilibrium(n, each("A"), demand=curves(n, hub=(100.0, 1.0)))


@pytest.mark.parametrize(
    ("pair", "values", "told"),
    [
        ("AB", None, "found 'AB', expected two different suppliers"),
        (("A", "X"), None, "no supplier 'X'"),
        (("A", "C"), None, "C takes prices as given"),
        (("A", "B"), [0.5, 2], "found 2, expected a weight"),
        (("A", "B"), [], "found none"),
        (("A", "B"), [0.5, 0.5], "there twice"),
        (("A", "B"), ["x"], "found 'x'"),
    ],
)
def test_sweeps_that_cannot_be_are_refused(pair, values, told):
    n = hub([10.0] * 3)
    kappa = pd.DataFrame(np.diag([1.0, 1.0, 0.0]), list("ABC"), list("ABC"))
    with pytest.raises(UsageError, match=told):
        sweep_conduct(n, pair, values, suppliers=each("A", "B", "C"), kappa=kappa, demand=curves(n, hub=(100.0, 1.0)))
