"""Where draws are solved does not matter, and a worker or a cluster that dies takes nothing along but its work."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time

import joblib
import numpy as np
import psutil
import pypsa
import pytest
import xarray as xr
from distributed import Client, LocalCluster

from energyflows import build_network
from energyflows.ensemble.running import run_ensemble
from energyflows.ensemble.storing import open_ensemble
from energyflows.ensemble.workers import map_chunks
from energyflows.errors import OutputError, UsageError, WorkerError

pytestmark = pytest.mark.usefixtures("unaudited")
#: Draws of the ensembles that are not interrupted: two a chunk.
SIZE = 80
#: Of the ensembles that are interrupted, each of one draw.
CHUNKS = 6


@pytest.fixture(autouse=True)
def _no_hang():
    """Turn a call that never returns into a failure."""

    def fail(*_):
        raise TimeoutError("the call did not return in two minutes")

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(120)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="module")
def plain(toy):
    return build_network(2025, tables=toy())


@pytest.fixture(scope="module")
def tight(plain):
    """Return a network without unserved energy, in which many draws have no solution."""
    n = plain.copy()
    n.remove("Generator", n.generators.index[n.generators["carrier"] == "unserved"])
    return n


@pytest.fixture(scope="module")
def draws(plain):
    """Return draws that change capacity, demand in each snapshot, and cost."""
    chance = np.random.default_rng(7)
    lost = chance.random((SIZE, 3)) < 0.2
    return xr.Dataset(
        {
            "capacity_factor": (("draw", "component"), np.where(lost, 0.0, chance.uniform(0.5, 1.3, (SIZE, 3)))),
            "demand_factor": (("draw", "bus", "snapshot"), chance.uniform(0.7, 1.4, (SIZE, 3, 12))),
            "cost_add": (("draw", "component"), chance.normal(0, 3, (SIZE, 3))),
        },
        coords={
            "draw": [f"d{number}" for number in range(SIZE)],
            "component": ["YAMAL-DE", "LNGEU-NL", "DE storage"],
            "bus": ["NL", "DE", "TR"],
            "snapshot": plain.snapshots,
        },
    )


@pytest.fixture(scope="module")
def pipe():
    """Return a network that is compiled quickly: a market on a pipeline, and a dear field of its own."""
    n = pypsa.Network(snapshots=xr.date_range("2025-01-01", periods=2, freq="MS"))
    n.add("Bus", ["A", "B"])
    n.add("Generator", ["field", "own"], bus=["A", "B"], p_nom=100.0, marginal_cost=[2.0, 9.0])
    n.add("Link", "A-B", bus0="A", bus1="B", p_nom=50.0)
    n.add("Load", "demand", bus="B", p_set=[70.0, 80.0])
    return n


@pytest.fixture(scope="module")
def losses():
    """Return draws of its pipeline."""
    values = np.linspace(0.3, 1.0, CHUNKS)[:, None]
    return xr.Dataset({"capacity_factor": (("draw", "component"), values)}, coords={"component": ["A-B"]})


@pytest.fixture(scope="module")
def serial(plain, tight, draws):
    return {"plain": run_ensemble(plain, draws), "tight": run_ensemble(tight, draws)}


@pytest.fixture(params=["plain", "tight"])
def case(request, plain, tight, serial):
    return {"plain": plain, "tight": tight}[request.param], serial[request.param]


@contextlib.contextmanager
def _start_cluster(folder, count=2):
    """Yield a client of a scheduler and workers in processes of their own, on this machine only."""
    told = folder / "scheduler.json"
    common = ["--host", "127.0.0.1", "--scheduler-file", str(told), "--no-dashboard"]
    with contextlib.ExitStack() as stack, (folder / "cluster.log").open("w") as log:

        def start(program, *options):
            command = [sys.executable, "-m", f"distributed.cli.dask_{program}", *common, *options]
            process = stack.enter_context(subprocess.Popen(command, stdout=log, stderr=log))
            stack.callback(process.kill)
            return process

        scheduler = start("scheduler", "--port", "0")
        until = time.monotonic() + 60
        while not told.exists():
            assert time.monotonic() < until
            time.sleep(0.05)
        processes = [start("worker", "--nthreads", "1", "--no-nanny") for _ in range(count)]
        client = stack.enter_context(Client(scheduler_file=str(told)))
        client.wait_for_workers(count, timeout=60)
        yield client, scheduler, processes


@pytest.fixture(scope="module")
def own_scheduler(tmp_path_factory):
    with _start_cluster(tmp_path_factory.mktemp("cluster")) as (client, *_):
        yield client


@pytest.fixture(scope="module")
def local_cluster():
    options = {"n_workers": 1, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with LocalCluster(host="127.0.0.1", **options) as cluster, Client(cluster) as client:
        yield client


# ------------------------------------------------------------------ same results everywhere
def test_some_draws_of_the_tight_network_have_no_solution(serial):
    assert set(serial["plain"]["status"].values) == {"optimal"}
    lost = serial["tight"]["status"] == "infeasible"
    assert 0.1 * SIZE <= lost.sum() <= 0.9 * SIZE
    for name in set(serial["tight"].data_vars) - {"status"}:
        array = serial["tight"][name]
        assert array.where(lost).isnull().all(), name
        assert array.where(~lost, 0.0).notnull().all(), name


def test_two_processes_find_the_same(case, draws):
    n, expected = case
    xr.testing.assert_identical(run_ensemble(n, draws, workers=2), expected)


def test_local_cluster_finds_the_same(tight, serial, draws, local_cluster):
    xr.testing.assert_identical(run_ensemble(tight, draws, client=local_cluster), serial["tight"])


def test_scheduler_in_another_process_finds_the_same(case, draws, own_scheduler):
    n, expected = case
    xr.testing.assert_identical(run_ensemble(n, draws, client=own_scheduler), expected)


def test_draws_compiled_one_by_one_are_the_same_everywhere(pipe, losses, own_scheduler):
    ceiling = 0.8

    def bound(n, _):
        flow = n.model.variables["Link-p"].sel(name="A-B")
        n.model.add_constraints(flow <= ceiling * float(n.links.at["A-B", "p_nom"]), name="ceiling")

    some = losses.isel(draw=slice(3))
    expected = run_ensemble(pipe, some, extra_functionality=bound)
    assert expected.attrs["engine"].startswith("compiled per draw")
    for where in ({"workers": 2}, {"client": own_scheduler}):
        xr.testing.assert_identical(run_ensemble(pipe, some, extra_functionality=bound, **where), expected)


def test_another_backend_of_joblib_in_force_is_not_used():
    with joblib.parallel_config(backend="threading"):
        pids = dict(map_chunks(lambda _, __: os.getpid(), None, [1, 2, 3], workers=2))
    assert os.getpid() not in pids.values()


def test_workers_and_client_are_not_taken_together(plain, draws, own_scheduler):
    with pytest.raises(UsageError, match="workers and client: found both, expected one of them"):
        run_ensemble(plain, draws, workers=2, client=own_scheduler)


def test_a_mistake_in_a_worker_is_told_as_it_is(own_scheduler):
    def fail(_, task):
        raise UsageError(f"task {task} is wrong")

    for where in ({"workers": 2}, {"client": own_scheduler}):
        with pytest.raises(UsageError, match="task 1 is wrong"):
            list(map_chunks(fail, None, [1, 1], **where))


# ------------------------------------------------------------------ what dies
def _count_chunks(path):
    return len(list((path.with_name(f"{path.name}.partial") / "chunks").glob("*.json")))


@contextlib.contextmanager
def _meanwhile(path, act, chunks=2):
    """Do something once chunks are committed."""

    def watch():
        until = time.monotonic() + 60
        while _count_chunks(path) < chunks and time.monotonic() < until:
            time.sleep(0.002)
        act()

    thread = threading.Thread(target=watch)
    thread.start()
    yield
    thread.join()


def _slow(n, _):
    """Add a constraint that differs from draw to draw, and wait, so that each takes long enough to be interrupted."""
    time.sleep(0.3)
    flow = n.model.variables["Link-p"].sel(name="A-B")
    n.model.add_constraints(flow <= 0.9 * float(n.links.at["A-B", "p_nom"]), name="ceiling")


@pytest.fixture(scope="module")
def slow_serial(pipe, losses):
    return run_ensemble(pipe, losses, extra_functionality=_slow)


def _check_kept_and_completed(n, draws, path, expected, **where):
    kept = _count_chunks(path)
    assert 2 <= kept < draws.sizes["draw"]
    times = {file.name: file.stat().st_mtime_ns for file in (path.with_name("e.partial") / "data" / "status").glob("*")}
    found = run_ensemble(n, draws, store=path, extra_functionality=_slow, **where)
    found.attrs.pop("energyflows_fingerprint")
    xr.testing.assert_identical(found.load(), expected)
    same = [(path / "status" / name).stat().st_mtime_ns == time for name, time in times.items()]
    assert sum(same) >= kept


def _interrupt_cluster(pipe, losses, path, client, end):
    """Run an ensemble whose cluster is ended once it has chunks, and check that it is told."""
    told = rf"the cluster did not finish.*\d+ of {CHUNKS} chunks are kept at .*e\.partial"
    with _meanwhile(path, end), pytest.raises(WorkerError, match=told):
        run_ensemble(pipe, losses, client=client, store=path, extra_functionality=_slow)


@pytest.mark.slow
def test_scheduler_that_dies_leaves_what_is_done(pipe, losses, slow_serial, tmp_path, own_scheduler):
    (tmp_path / "cluster").mkdir()
    with _start_cluster(tmp_path / "cluster", 1) as (client, scheduler, _):
        _interrupt_cluster(pipe, losses, tmp_path / "e", client, scheduler.kill)
    # Another cluster goes on.
    _check_kept_and_completed(pipe, losses, tmp_path / "e", slow_serial, client=own_scheduler)


@pytest.mark.slow
def test_client_that_is_closed_leaves_what_is_done(pipe, losses, slow_serial, tmp_path, own_scheduler):
    with Client(own_scheduler.scheduler.address) as client:
        _interrupt_cluster(pipe, losses, tmp_path / "e", client, client.close)
    _check_kept_and_completed(pipe, losses, tmp_path / "e", slow_serial)


@pytest.mark.slow
def test_one_dead_worker_of_two_is_made_up_for_and_the_last_one_leaves_what_is_done(
    pipe, losses, slow_serial, tmp_path
):
    (tmp_path / "cluster").mkdir()
    with _start_cluster(tmp_path / "cluster") as (client, _, (first, last)):
        with _meanwhile(tmp_path / "one", first.kill):
            options = {"client": client, "store": tmp_path / "one", "extra_functionality": _slow}
            found = run_ensemble(pipe, losses, **options).load()
        assert first.wait(timeout=60) != 0
        assert last.poll() is None
        _interrupt_cluster(pipe, losses, tmp_path / "e", client, last.kill)
    found.attrs.pop("energyflows_fingerprint")
    xr.testing.assert_identical(found, slow_serial)
    # This process goes on.
    _check_kept_and_completed(pipe, losses, tmp_path / "e", slow_serial)


def _kill_one_process():
    workers = [child for child in psutil.Process().children(recursive=True) if "loky" in " ".join(child.cmdline())]
    busy = [worker for worker in workers if "resource_tracker" not in " ".join(worker.cmdline())]
    max(busy, key=lambda worker: sum(worker.cpu_times()[:2])).kill()


@pytest.mark.slow
def test_killed_process_is_told_and_leaves_what_is_done(pipe, losses, slow_serial, tmp_path):
    path = tmp_path / "e"
    with _meanwhile(path, _kill_one_process), pytest.raises(WorkerError) as caught:
        run_ensemble(pipe, losses, workers=2, store=path, extra_functionality=_slow)
    assert "a worker process ended on its own" in str(caught.value)
    assert f"of {CHUNKS} chunks are kept at" in str(caught.value)
    assert "\n" not in str(caught.value)
    with pytest.raises(OutputError, match=r"e: is not complete; make the call that began"):
        open_ensemble(path)
    _check_kept_and_completed(pipe, losses, path, slow_serial, workers=2)
