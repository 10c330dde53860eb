"""Whole ensembles on a small network: in memory and stored, resumed, refused, audited, and misused."""

import shutil
import signal

import numpy as np
import pytest
import xarray as xr
import zarr

import energyflows as ef
from energyflows.ensemble import running
from energyflows.ensemble.running import run_ensemble
from energyflows.errors import MismatchError, OutputError, UsageError

SIZE = 12


pytestmark = pytest.mark.usefixtures("unaudited")


@pytest.fixture(scope="module")
def n(toy):
    return ef.build_network(2025, tables=toy())


@pytest.fixture(scope="module")
def draws(n):
    return _draw(n, seed=3)


@pytest.fixture(scope="module")
def in_memory(n, draws):
    return run_ensemble(n, draws)


def _draw(n, seed, size=SIZE):
    """Return draws that change capacity, demand in each snapshot, and cost."""
    chance = np.random.default_rng(seed)
    return xr.Dataset(
        {
            "capacity_factor": (("draw", "component"), chance.uniform(0.0, 1.3, (size, 2))),
            "demand_factor": (("draw", "bus", "snapshot"), chance.uniform(0.8, 1.3, (size, 2, 12))),
            "cost_add": (("draw", "component"), chance.normal(0, 3, (size, 2))),
        },
        coords={"component": ["YAMAL-DE", "DE storage"], "bus": ["DE", "TR"], "snapshot": n.snapshots},
    )


def _load(ds):
    """Return a stored ensemble as it would be in memory."""
    loaded = ds.load().copy()
    del loaded.attrs["energyflows_fingerprint"]
    return loaded


@pytest.fixture(scope="module")
def begun(n, draws, tmp_path_factory):
    """Return the folder of an ensemble e that was interrupted once it had a few chunks, not to be changed."""
    folder = tmp_path_factory.mktemp("begun")
    chunks = folder / "e.partial" / "chunks"

    def solve(core, plan):
        if len(list(chunks.glob("*.json"))) == 3:
            signal.raise_signal(signal.SIGINT)
        return solve_draws(core, plan)

    solve_draws = running.solve_draws
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "solve_draws", solve)
        with pytest.raises(KeyboardInterrupt):
            run_ensemble(n, draws, store=folder / "e")
    assert len(list(chunks.glob("*.json"))) == 3
    assert not (folder / "e").exists()
    return folder


@pytest.fixture
def interrupted(begun, tmp_path):
    """Return the path of a copy of it."""
    shutil.copytree(begun, tmp_path, dirs_exist_ok=True)
    return tmp_path / "e"


@pytest.fixture(scope="module")
def kept(n, draws, tmp_path_factory):
    """Return the folder of an ensemble e, and it, complete and not to be changed."""
    folder = tmp_path_factory.mktemp("kept")
    return folder, run_ensemble(n, draws, store=folder / "e")


@pytest.fixture
def complete(kept, tmp_path):
    """Return the path of a copy of it."""
    shutil.copytree(kept[0], tmp_path, dirs_exist_ok=True)
    return tmp_path / "e"


# ------------------------------------------------------------------ the same numbers
def test_same_seed_same_numbers(n, in_memory):
    xr.testing.assert_identical(run_ensemble(n, _draw(n, seed=3)), in_memory)
    assert in_memory.sizes["draw"] == SIZE
    assert in_memory.attrs["engine"] == "one programme"
    assert not run_ensemble(n, _draw(n, seed=4))["objective"].equals(in_memory["objective"])


def test_store_holds_what_memory_would(kept, in_memory):
    folder, ds = kept
    xr.testing.assert_identical(_load(ds), in_memory)
    assert [path.name for path in folder.iterdir()] == ["e"]


def test_size_of_chunks_does_not_matter(n):
    draws = _draw(n, seed=5, size=80)  # two a chunk
    found = run_ensemble(n, draws)
    alone = run_ensemble(n, draws.isel(draw=slice(SIZE)))  # one a chunk
    np.testing.assert_allclose(found["solver_objective"][:SIZE], alone["solver_objective"], rtol=1e-9)


def test_order_of_draws_does_not_matter(n, draws, in_memory):
    order = np.random.default_rng(0).permutation(SIZE)
    found = run_ensemble(n, draws.isel(draw=order).assign_coords(draw=order))
    np.testing.assert_allclose(found["objective"], in_memory["objective"][order], rtol=1e-6)
    np.testing.assert_allclose(found["solver_objective"], in_memory["solver_objective"][order], rtol=1e-6)
    assert found["draw"].values.tolist() == order.tolist()


def test_a_draw_that_changes_nothing_is_the_network_as_it_is(n):
    neutral = xr.Dataset({"cost_add": (("draw", "component"), [[0.0]])}, coords={"component": ["NL-DE"]})
    found = run_ensemble(n, neutral, outputs=["price", "sent", "stored"])
    expected = ef.solve(n)
    assert found["objective"].item() == pytest.approx(expected["objective"].item(), rel=1e-9)
    assert found["price"].dims == ("draw", *expected["price"].dims)


def test_network_stays_as_it_is(n, draws, in_memory):
    before = n.copy()
    run_ensemble(n, draws.isel(draw=[0]))
    assert in_memory is not None
    assert n.equals(before)
    assert n.generators_t.p.empty


# ------------------------------------------------------------------ resumed
def test_resumed_ensemble_is_the_uninterrupted_one(n, draws, in_memory, interrupted):
    xr.testing.assert_identical(_load(run_ensemble(n, draws, store=interrupted)), in_memory)


def test_partial_store_is_not_resumed_unasked(n, draws, interrupted):
    with pytest.raises(OutputError, match="an earlier run left chunks; resume, choose another path or delete"):
        run_ensemble(n, draws, store=interrupted, resume=False)


def test_finished_store_is_opened_without_solving(n, draws, complete):
    zarr.open_group(complete, mode="r+")["objective"][:] = 7.0  # nobody would solve for this
    ds = run_ensemble(n, draws, store=str(complete))
    assert ds["objective"].values.tolist() == [7.0] * SIZE
    with pytest.raises(OutputError, match="is complete already"):
        run_ensemble(n, draws, store=complete, resume=False)


@pytest.mark.parametrize(
    ("state", "names"),
    [("interrupted", ["capacity_factor", "demand_factor", "cost_add"]), ("complete", ["cost_add"])],
)
def test_store_made_from_other_things_is_refused_naming_them(n, draws, request, state, names):
    path = request.getfixturevalue(state)
    other = n.copy()
    other.links.loc["NL-DE", "p_nom"] = 599.0
    with pytest.raises(OutputError, match=r"was made from another network; choose another path"):
        run_ensemble(other, draws, store=path)
    for name in names:
        moved = draws.assign({name: draws[name] * 0.999})
        with pytest.raises(OutputError, match=r"was made from other draws; choose another path"):
            run_ensemble(n, moved, store=path)
    with pytest.raises(OutputError, match=r"was made from other .*outputs"):
        run_ensemble(n, draws, store=path, outputs=["price_mean"])
    with pytest.raises(OutputError, match=r"was made from other .*draws"):
        run_ensemble(n, draws.isel(draw=slice(3)), store=path)


def test_place_that_cannot_hold_a_store_is_told(n, draws, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match="is a file; choose another path"):
        run_ensemble(n, draws, store=tmp_path / "file")
    with pytest.raises(OutputError, match=r"there is no folder .*missing; make it first"):
        run_ensemble(n, draws, store=tmp_path / "missing" / "e")
    assert (tmp_path / "file").read_text() == "mine"


# ------------------------------------------------------------------ audited
@pytest.mark.usefixtures("audited")
def test_wrong_engine_is_found_out(n, draws, tmp_path, monkeypatch):
    one = draws.isel(draw=[0]).assign_coords(draw=["odd"])

    def solve_wrongly(core, plan):
        arrays = solve_draws(core, plan)
        arrays["solver_objective"] *= 1.01
        return arrays

    solve_draws = running.solve_draws
    monkeypatch.setattr(running, "solve_draws", solve_wrongly)
    with pytest.raises(MismatchError, match=r"plain PyPSA disagree(?s:.*)draw odd: found an objective of"):
        run_ensemble(n, one, store=tmp_path / "e")
    assert not (tmp_path / "e").exists()


@pytest.mark.usefixtures("audited")
def test_wrong_status_is_found_out(n, draws, monkeypatch):
    two = draws.isel(draw=[0, 1]).assign_coords(draw=["odd", "even"])

    def solve_wrongly(core, plan):
        return solve_draws(core, plan) | {"status": np.full(plan.size, "infeasible")}

    solve_draws = running.solve_draws
    monkeypatch.setattr(running, "solve_draws", solve_wrongly)
    with pytest.raises(MismatchError, match="draw odd: found infeasible, PyPSA says optimal"):
        run_ensemble(n, two)


# ------------------------------------------------------------------ misused
def _with(draws, name, value):
    changed = draws[name].copy()
    changed[0, 0] = value
    return draws.assign({name: changed})


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            lambda d: d.assign_coords(component=["YAMAL-DEE", "DE storage"]),
            "'YAMAL-DEE' is not in the network; did you",
        ),
        (lambda d: d.assign_coords(bus=["DE", "Atlantis"]), "demand_factor: bus 'Atlantis' is not in the network"),
        (lambda d: d.assign_coords(component=["NL-DE", "NL-DE"]), "component 'NL-DE' stands there twice"),
        (
            lambda d: _with(d, "capacity_factor", -0.1),
            "'YAMAL-DE' has NaN, infinite or negative values; 1 stands for no",
        ),
        (lambda d: _with(d, "demand_factor", np.nan), "bus 'DE' has NaN, infinite or negative values"),
        (lambda d: _with(d, "cost_add", np.inf), "cost_add: component 'YAMAL-DE' has NaN or infinite values; 0 stands"),
        (lambda d: d.rename(component="link"), r"capacity_factor: found dims ['draw', 'link'], expected ['component',"),
        (lambda d: d.drop_vars("component"), "dim 'component' has no names"),
        (lambda d: d.isel(snapshot=slice(3)), "demand_factor: snapshots differ from the network's; use n.snapshots"),
        (lambda d: d.isel(draw=slice(0)), "expected a dim 'draw' with at least one draw"),
        (lambda d: d.rename(draw="sample"), "expected a dim 'draw' with at least one draw"),
        (lambda d: d[[]].assign(x=d["cost_add"]), "found variables ['x'], expected any of capacity_factor,"),
        (lambda d: d.assign(cost_add=d["cost_add"].astype(str)), "cost_add: found"),
        (lambda d: d["capacity_factor"], "expected an xarray.Dataset with dim 'draw'"),
        (lambda d: d.to_dict(), "expected an xarray.Dataset with dim 'draw'"),
        (lambda _: None, "expected an xarray.Dataset with dim 'draw'"),
    ],
    ids=map(str, range(16)),
)
def test_draws_that_cannot_be_used_are_told(n, draws, change, told):
    with pytest.raises(UsageError) as caught:
        run_ensemble(n, change(draws))
    assert told in str(caught.value)


def test_all_mistakes_are_told_at_once(n, draws):
    wrong = _with(_with(draws, "capacity_factor", -1.0), "demand_factor", np.nan).assign_coords(bus=["DE", "Atlantis"])
    with pytest.raises(UsageError) as caught:
        run_ensemble(n, wrong)
    for told in ("'YAMAL-DE' has NaN, infinite or negative", "'Atlantis'", "bus 'DE' has NaN"):
        assert told in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"workers": 0}, "workers: found 0, expected a number of processes of at least 1"),
        ({"workers": True}, "workers: found True"),
        ({"workers": 1.5}, "workers: found 1.5"),
        ({"workers": "2"}, "workers: found '2'"),
        ({"client": "tcp://127.0.0.1:8786"}, "client: found str, expected a distributed.Client"),
        ({"outputs": "price"}, "outputs: found 'price', expected a list of names"),
        ({"outputs": ["prices"]}, "'prices': expected"),
        ({"outputs": ["price_sum"]}, "'price_sum': expected"),
        ({"outputs": []}, "found none, expected at least one"),
        pytest.param({"outputs": 5}, "outputs"),
        ({"store": 5}, "store: found 5, expected the path of a folder"),
        pytest.param({"extra_functionality": "more"}, "extra_functionality"),
    ],
)
def test_arguments_that_cannot_be_used_are_told(n, draws, arguments, told):
    with pytest.raises(UsageError) as caught:
        run_ensemble(n, draws, **arguments)
    assert told in str(caught.value)


def _solve(n):
    n.optimize(solver_name="highs", include_objective_constant=False, log_to_console=False)


def _make_integer(n):
    n.add("Generator", "unit", bus="DE", p_nom=10.0, committable=True)


@pytest.mark.parametrize(("change", "told"), [(_solve, "solved"), (_make_integer, "integer|committable")])
def test_networks_that_cannot_be_used_are_told(n, draws, change, told):
    other = n.copy()
    change(other)
    with pytest.raises(UsageError, match=told):
        run_ensemble(other, draws)


@pytest.mark.parametrize("network", [None, "network.nc", xr.Dataset()])
def test_what_is_no_network_is_told(draws, network):
    with pytest.raises(UsageError, match=r"expected a pypsa\.Network"):
        run_ensemble(network, draws)
