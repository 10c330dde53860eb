"""A network with something of everything that a draw can change, and two ways to solve it."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pandas as pd
import pypsa
import pytest

from energyflows.ensemble.auditing import check_draws
from energyflows.ensemble.draws import change_network
from energyflows.ensemble.resolving import Resolver
from energyflows.results import fill, label, read_results, sum_rewards
from energyflows.solving import copy_unsolved, hush

SCRIPTS = Path(__file__).parent / "scripts"
SNAPSHOTS = pd.date_range("2025-01-01", periods=4, freq="MS")
NAN = float("nan")


def build_world():
    """Return a ring of lines A-B-C with D behind links; costs are odd so that the cheapest flow is the only one."""
    n = pypsa.Network(snapshots=SNAPSHOTS)
    n.snapshot_weightings["objective"] = [2.0, 1.0, 3.0, 2.5]
    n.snapshot_weightings["generators"] = [2.0, 1.5, 1.0, 2.0]
    n.snapshot_weightings["stores"] = [1.0, 1.5, 2.0, 1.0]
    n.add("Bus", ["A", "B", "C", "D"], carrier="AC")
    n.add("Load", "lb", bus="B", p_set=[60.0, 80.0, 95.0, 70.0])
    n.add("Load", "lc", bus="C", p_set=[31.0, 42.0, 53.0, 44.0])
    n.add("Load", "ld", bus="D", p_set=37.0)
    n.add("Load", "feed", bus="D", p_set=3.0, sign=1.0)
    n.add("Load", "gone", bus="B", p_set=500.0, active=False)
    n.add("Generator", "field", bus="A", p_nom=150, marginal_cost=[10.1, 11.3, 12.7, 9.9], p_max_pu=[1, 0.9, 0.8, 0.7])
    n.add("Generator", "budget", bus="B", p_nom=40, marginal_cost=5.3, e_sum_max=120.0)
    n.add("Generator", "duty", bus="C", p_nom=30, marginal_cost=61.7, e_sum_min=60.0, p_min_pu=[0.2, 0.1, 0.3, 0.1])
    n.add("Generator", "timetable", bus="C", p_nom=20, marginal_cost=7.9, p_set=[4.0, NAN, 6.0, 5.0])
    n.add("Generator", "endless", bus="D", p_nom=np.inf, marginal_cost=90.3)
    n.add("Generator", "shut", bus="A", p_nom=70, marginal_cost=0.1, active=False)
    n.add("Generator", ["ub", "uc", "ud"], bus=["B", "C", "D"], p_nom=1e3, marginal_cost=503.1, carrier="unserved")
    n.add("Generator", "rb", bus="B", p_nom=5, marginal_cost=41.9, carrier="response")
    n.add(
        "Line", ["ab", "bc", "ca"], bus0=["A", "B", "C"], bus1=["B", "C", "A"], x=[0.1, 0.17, 0.13], s_nom=[60, 45, 52]
    )
    n.lines_t.s_max_pu["ab"] = [1.0, 0.8, 0.9, 0.7]
    n.add("Link", "swing", bus0="C", bus1="D", p_nom=30, marginal_cost=1.3, efficiency=[0.97, 0.95, 0.94, 0.96])
    n.links_t.p_min_pu["swing"] = [-0.8, -0.7, -0.9, -0.6]
    n.links_t.p_max_pu["swing"] = [1.0, 0.3, 0.8, 0.9]
    n.add("Link", "fixed", bus0="A", bus1="D", p_nom=25, marginal_cost=2.1, efficiency=0.98, p_set=[3.0, 4.0, NAN, 5.0])
    n.add("Link", "wide", bus0="B", bus1="D", p_nom=np.inf, marginal_cost=70.1, efficiency=0.9)
    n.add("Link", "must", bus0="A", bus1="C", p_nom=12, p_min_pu=0.4, marginal_cost=44.3)
    n.add("Store", "tank", bus="D", e_nom=70, e_initial=50, standing_loss=0.01, marginal_cost=0.7)
    n.stores_t.e_min_pu["tank"] = [0.1, 0.2, 0.15, 0.1]
    n.stores_t.e_max_pu["tank"] = [0.9, 0.8, 0.5, 0.3]
    n.add("Store", "round", bus="C", e_nom=20, e_cyclic=True, e_initial=5, marginal_cost=[0.3, 0.5, 0.2, 0.1])
    n.add("Store", "closed", bus="C", e_nom=200, e_initial=100, active=False)
    battery = {"efficiency_store": 0.93, "efficiency_dispatch": 0.95, "p_set": [NAN, NAN, NAN, 1.0]}
    n.add("StorageUnit", "pond", bus="B", p_nom=8, max_hours=2, marginal_cost=[1.7, 1.1, 0.3, 0.6], **battery)
    n.add("StorageUnit", "lake", bus="C", p_nom=6, max_hours=3, state_of_charge_initial=9, marginal_cost=0.9)
    return n


@pytest.fixture(scope="module")
def unaudited():
    """Leave out the audit, half of the time of a small ensemble, where it is not what is tested."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("energyflows.ensemble.running.check_draws", lambda *_, **__: {})
        yield


@pytest.fixture
def audited(monkeypatch):
    """Bring the audit back."""
    monkeypatch.setattr("energyflows.ensemble.running.check_draws", check_draws)


@pytest.fixture(scope="session")
def stores():
    """Return the module of small ensembles on disk; tests are no package, so nothing can import it by name."""
    spec = spec_from_file_location("stores", SCRIPTS / "stores.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def world():
    """Return a fresh network to change."""
    return build_world()


@pytest.fixture(scope="session")
def make_world():
    """Return the function that builds it."""
    return build_world


def optimise(n, extra=None):
    """Return a solved copy and its termination condition, by plain PyPSA."""
    work = copy_unsolved(n)
    with hush(verbose=False):
        _, condition = work.optimize(
            include_objective_constant=False, extra_functionality=extra, progress=False, log_to_console=False
        )
    return work, condition


@pytest.fixture(scope="session")
def solved():
    """Return the function that solves a copy of a network, changed or not, by plain PyPSA."""

    def solve(n, changed=None, extra=None):
        work, condition = optimise(change_network(n, changed or {}), extra)
        assert condition == "optimal"
        return work

    return solve


@pytest.fixture(scope="session")
def plain(solved):
    """Return the function that reads a network, changed or not, as plain PyPSA solves it."""
    return lambda n, changed=None, extra=None: read_results(solved(n, changed, extra))


@pytest.fixture(scope="session")
def quick():
    """Return the function that reads a changed programme as the engine solves it, from a cold start."""

    def read(program, changed=None):
        compact, rhs = program.place(changed or {})
        found = Resolver(program.reduction, compact).solve(compact)
        assert found.status == "optimal"
        raw = program.read(found.x, found.duals, rhs, changed or {})
        return label(program.layout, fill(program.layout, raw), found.objective + sum_rewards(program.layout, raw))

    return read


@pytest.fixture(scope="session")
def same():
    """Return the function that compares two results; what only one names is a flow that never was."""

    def compare(found, expected, without=()):
        assert float(found["objective"]) == pytest.approx(float(expected["objective"]), rel=1e-7)
        extra = found["link"][~found["link"].isin(expected["link"])]
        assert float(abs(found["sent"].sel(link=extra)).sum()) < 1e-6
        for name in set(expected.data_vars) - {"objective", *without}:
            part = found[name].sel(link=expected["link"]) if "link" in found[name].dims else found[name]
            np.testing.assert_allclose(part, expected[name], rtol=1e-6, atol=1e-5, err_msg=name)

    return compare
