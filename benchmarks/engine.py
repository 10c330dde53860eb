"""How much faster the engine is than other ways to solve the same draws; everything measured in one run.

python benchmarks/engine.py            print
python benchmarks/engine.py --write    also renew docs/performance.md and docs/engine-growth.svg
python benchmarks/engine.py --quick    few draws, monthly only; the figures then mean little
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import pickle
import platform
import statistics
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import xarray as xr

import energyflows as ef
from energyflows.ensemble import storing
from energyflows.ensemble.draws import change_figures, change_network, plan_draws
from energyflows.ensemble.figures import place_figures
from energyflows.ensemble.outages import draw_outages, list_outages
from energyflows.ensemble.outputs import measure, parse_outputs
from energyflows.ensemble.program import compile_network
from energyflows.ensemble.reducing import reduce_programme
from energyflows.ensemble.resolving import Resolver
from energyflows.ensemble.solving import prepare_core, solve_draws
from energyflows.ensemble.workers import map_chunks
from energyflows.solving import copy_unsolved, hush

DOCS = Path(__file__).parents[1] / "docs"
#: Draws for the engine, for PyPSA, and by kind for linopy and raw HiGHS, which take minutes for one day by day.
COUNTS = {
    "monthly": (400, 6, {"N-1": 20, "stress test": 20}),
    "weekly": (80, 3, {"N-1": 10, "stress test": 4}),
    "daily": (12, 1, {"N-1": 3, "stress test": 0}),
}
TARGETS = {("monthly", "PyPSA"): 400, ("monthly", "linopy"): 6, ("weekly", "PyPSA"): 100}
TARGETS |= {("daily", "PyPSA"): 15, ("daily", "linopy"): 6}


def draw_families(n, count):
    """Return draws of two kinds: every link fails in turn; winters, outages and LNG all at once."""
    outages = list_outages(n, "links")
    chosen = dict(list(outages.items())[:: max(1, len(outages) // count)][:count])
    return {
        "N-1": draw_outages(chosen).isel(draw=slice(1, None)),
        "stress test": ef.sample(ef.ensemble.specify_winter(n), count, seed=1),
    }


def time_engine(n, draws):
    """Return seconds per draw of the engine, reading included, and its objectives."""
    plan = plan_draws(n, draws)
    core, _ = prepare_core(n, plan, parse_outputs(None))
    start = time.perf_counter()
    found = solve_draws(core, plan)
    return (time.perf_counter() - start) / plan.size, found["solver_objective"]


def time_pypsa(n, draws, **options):
    """Return seconds per draw of ``n.optimize()``, the change of the network not counted."""
    plan, figures, seconds, objectives = plan_draws(n, draws), compile_network(n).figures, [], []
    for draw in range(plan.size):
        work = change_network(n, change_figures(figures, plan, draw))
        start = time.perf_counter()
        with hush(verbose=False):
            work.optimize(
                include_objective_constant=False, solver_name="highs", log_to_console=False, progress=False, **options
            )
        seconds.append(time.perf_counter() - start)
        objectives.append(work.objective)
    return statistics.mean(seconds), np.array(objectives)


def time_linopy(n, draws):
    """Return seconds per draw of linopy's persistent HiGHS with updates, reading included."""
    from linopy.solvers import Solver

    plan, program, work = plan_draws(n, draws), compile_network(n), copy_unsolved(n)
    with hush(verbose=False):
        work.optimize.create_model(include_objective_constant=False)
        model = work.model
        options = {"log_to_console": False, "threads": 1}
        solver = Solver.from_name("highs", model, io_api="direct", options=options, track_updates=True)
        solver.solve(model, assign=True)
        rows = {
            name: model.constraints.label_index.label_to_pos[con.labels.values]
            for name, con in model.constraints.items()
        }
        expression = model.objective.expression
        columns = model.variables.label_index.label_to_pos[expression.vars.values]
        base = expression.coeffs.values.copy()
        seconds, objectives = [], []
        for draw in range(plan.size):
            changed = change_figures(program.figures, plan, draw)
            start = time.perf_counter()
            rhs, cost = _place(program, changed)
            for name, con in model.constraints.items():
                values = np.where(con.labels.values >= 0, rhs[rows[name]], con.rhs.values)
                if not np.array_equal(values, con.rhs.values):
                    con.rhs = xr.DataArray(values, con.rhs.coords, con.rhs.dims)
            step = cost - program.reduction.full.cost
            if step.any():
                expression.coeffs.values[...] = base + step[columns]
            solver.solve(model, assign=True)
            kept = {name: model.variables[name].solution.values for name in ("Generator-p", "Link-p", "Store-e")}
            seconds.append(time.perf_counter() - start)
            objectives.append(model.objective.value)
            del kept
    return statistics.mean(seconds), np.array(objectives)


def _place(program, changed):
    full = program.reduction.full
    return place_figures(program.places, program.figures, changed, full.rhs, full.cost)


def time_raw(n, draws):
    """Return seconds per draw of HiGHS on all of linopy's rows, hot, reading included."""
    plan, program = plan_draws(n, draws), compile_network(n)
    full = program.reduction.full
    reduction = reduce_programme(full, np.ones(len(full.rhs), dtype=bool))
    start = reduction.place(full.rhs, full.cost)
    resolver = Resolver(reduction, start, Resolver(reduction, start).find_basis())
    begin, objectives = time.perf_counter(), []
    for draw in range(plan.size):
        changed = change_figures(program.figures, plan, draw)
        rhs, cost = _place(program, changed)
        solution = resolver.solve(reduction.place(rhs, cost))
        raw = replace(program, reduction=reduction).read(solution.x, solution.duals, rhs, changed)
        measure(program.layout, parse_outputs(None), raw)
        objectives.append(solution.objective)
    return (time.perf_counter() - begin) / plan.size, np.array(objectives)


def compare(resolutions, counts):
    """Return one row per resolution and kind of draw: milliseconds per draw and ratios.

    Linopy and raw HiGHS get few draws, some of which change little, so they are compared to the engine on the same few.
    """
    rows = []
    for resolution in resolutions:
        n = ef.build_network(2025, resolution)
        many, few, some = counts[resolution]
        for kind, draws in draw_families(n, many).items():
            ours, objectives = time_engine(n, draws)
            row = {"resolution": resolution, "draws": kind, "engine, ms": 1e3 * ours}
            others = {
                "PyPSA": (time_pypsa, few, {}),
                "PyPSA direct": (time_pypsa, few, {"io_api": "direct"}),
                "linopy": (time_linopy, some[kind], {}),
                "HiGHS": (time_raw, some[kind], {}),
            }
            for name, (run, count, options) in others.items():
                if not count:
                    row[f"{name}, ms"] = row[f"{name} / engine"] = np.nan
                    continue
                pick = np.linspace(0, draws.sizes["draw"] - 1, count).astype(int)
                seconds, found = run(n, draws.isel(draw=pick), **options)
                same = ours if run is time_pypsa else time_engine(n, draws.isel(draw=pick))[0]
                worst = np.max(np.abs(found - objectives[pick]) / np.maximum(1, np.abs(objectives[pick])))
                if worst > 1e-6:
                    raise SystemExit(f"{resolution}, {kind}, {name}: objectives differ by {worst:.2g}")
                row[f"{name}, ms"], row[f"{name} / engine"] = 1e3 * seconds, seconds / same
            rows.append(row)
            print(pd.DataFrame([row]).round(1).to_string(index=False), flush=True)
    return pd.DataFrame(rows)


def _watch(peak, stop):
    """Note the greatest memory of this process and its children, each counted without shared pages twice."""
    me = psutil.Process()
    while not stop.wait(0.1):
        total = 0
        for process in [me, *me.children(recursive=True)]:
            try:
                total += process.memory_full_info().pss
            except psutil.Error:
                continue
        peak[0] = max(peak[0], total)


def time_many(count, workers):
    """Return seconds and peak memory of ``count`` monthly draws end to end: build, sample, solve, audit."""
    peak, stop = [0], threading.Event()
    watcher = threading.Thread(target=_watch, args=(peak, stop))
    watcher.start()
    start = time.perf_counter()
    n = ef.build_network(2025)
    draws = ef.sample(ef.ensemble.specify_winter(n), count, seed=1)
    ds = ef.run_ensemble(n, draws, workers=workers)
    seconds = time.perf_counter() - start
    stop.set()
    watcher.join()
    optimal = int((ds["status"] == "optimal").sum())
    checked = len(ds.attrs["checked_draws"])
    return {"draws": count, "workers": workers, "seconds": seconds, "GB": peak[0] / 1e9} | {
        "optimal": optimal,
        "checked": checked,
    }


def time_alone(count, workers):
    """Return what :func:`time_many` measures in a process of its own, whose memory nothing else has grown."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(time_many, count, workers).result()


def measure_growth(quick):
    """Return how the time per draw grows with snapshots and zones, and the total with draws."""
    rows = []
    for resolution, snapshots in (("monthly", 12), ("weekly", 53), ("daily", 365)):
        if quick and resolution != "monthly":
            continue
        n = ef.build_network(2025, resolution)
        seconds, _ = time_engine(n, ef.sample(ef.ensemble.specify_winter(n), 40 if snapshots < 100 else 10, seed=2))
        rows.append({"what": "snapshots", "x": snapshots, "seconds": seconds})
    n = ef.build_network(2025)
    for zones in (14, 28, 56, 112):
        part = cut_network(n, zones)
        suppliers = [*dict.fromkeys(part.links["part_of"])]
        rng = np.random.default_rng(0)
        factor = xr.DataArray(
            rng.uniform(0.8, 1.0, (60, len(suppliers))), dims=("draw", "component"), coords={"component": suppliers}
        )
        seconds, _ = time_engine(part, xr.Dataset({"capacity_factor": factor}))
        rows.append({"what": "zones", "x": zones, "seconds": seconds})
    counts = (100, 300, 1000) if quick else (100, 400, 1600)
    rows += [{"what": "draws", "x": count, "seconds": time_many(count, 1)["seconds"]} for count in counts]
    return pd.DataFrame(rows)


def cut_network(n, zones):
    """Return the network of the largest zones: what ends elsewhere is left out."""
    work = n.copy()
    weight = n.loads_t.p_set.mean().groupby(n.loads["bus"]).sum().reindex(n.buses.index).fillna(0.0)
    kept = set(weight.sort_values(ascending=False).index[:zones])
    kept |= {bus for bus in n.buses.index if bus.removesuffix(" storage") in kept}
    for component in ("Generator", "Load", "Store"):
        static = work.c[component].static
        work.remove(component, static.index[~static["bus"].isin(kept)])
    lost = work.links.index[~(work.links["bus0"].isin(kept) & work.links["bus1"].isin(kept))]
    work.remove("Link", lost)
    work.remove("Bus", [bus for bus in work.buses.index if bus not in kept])
    return work


def measure_cluster(count):
    """Return what a cluster costs beyond the work itself, on two worker processes of this machine."""
    from distributed import Client, LocalCluster

    n = ef.build_network(2025)
    plan = plan_draws(n, ef.sample(ef.ensemble.specify_winter(n), count, seed=3))
    core, _ = prepare_core(n, plan, parse_outputs(None))
    chunk, workers = 250, 2
    pieces = [plan.take(slice(start, start + chunk)) for start in range(0, count, chunk)]
    start = time.perf_counter()
    for piece in pieces:
        solve_draws(core, piece)
    serial = time.perf_counter() - start
    options = {"n_workers": workers, "threads_per_worker": 1, "host": "127.0.0.1", "dashboard_address": None}
    with LocalCluster(**options) as cluster, Client(cluster) as client:
        start = time.perf_counter()
        client.scatter(core, broadcast=True, hash=False)
        scatter = time.perf_counter() - start
        list(map_chunks(solve_draws, core, pieces[:workers], client=client))
        start = time.perf_counter()
        results = list(map_chunks(solve_draws, core, pieces, client=client))
        spent = time.perf_counter() - start
        start = time.perf_counter()
        list(client.gather([client.submit(abs, number, pure=False) for number in range(500)]))
        task = (time.perf_counter() - start) / 500
    return {
        "chunk_draws": chunk,
        "chunks": len(pieces),
        "commit_s": time_commit(core, results[0][1], chunk),
        "core_mb": len(pickle.dumps(core)) / 1e6,
        "result_mb": len(pickle.dumps(results[0])) / 1e6,
        "scatter_s": scatter,
        "task_ms": 1e3 * task,
        "chunk_s": serial / len(pieces),
        "serial_s": serial,
        "cluster_s": spent,
        "overhead": spent * workers / serial - 1,
    }


def time_commit(core, arrays, chunk, repeats=5):
    """Return seconds to commit one chunk to a store."""
    dims = {name: ("draw", *found[0]) for name, found in core.described.items()}
    values = {name: (dims.get(name, ("draw",)), np.concatenate([array] * repeats)) for name, array in arrays.items()}
    template = xr.Dataset(values, coords={"draw": np.arange(repeats * chunk)})
    with (
        tempfile.TemporaryDirectory() as folder,
        storing.open_store(Path(folder) / "store", template, {"of": "nothing"}, chunk=chunk) as store,
    ):
        start = time.perf_counter()
        for number in range(repeats):
            storing.write_chunk(store, number, arrays)
        return (time.perf_counter() - start) / repeats


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    if asked.quick and asked.write:
        parser.error("--quick measures too little to be written down")
    counts = {"monthly": (20, 1, {"N-1": 2, "stress test": 2})} if asked.quick else COUNTS
    speed = compare(list(counts), counts)
    many = time_alone(200 if asked.quick else 10_000, 2)
    print(many)
    cluster = measure_cluster(500 if asked.quick else 2000)
    print(cluster)
    growth = measure_growth(asked.quick)
    print(growth.to_string(index=False))
    for row in judge(speed):
        print(row)
    if asked.write:
        from report import write_report

        write_report(DOCS, speed, judge(speed), many, cluster, growth, describe_machine())


def judge(speed):
    """Return one sentence per target and kind of draw."""
    found = []
    for (resolution, other), target in TARGETS.items():
        for row in speed[speed["resolution"] == resolution].to_dict("records"):
            ratio, what = row[f"{other} / engine"], f"{resolution}, {row['draws']}"
            if np.isnan(ratio):
                found.append(f"{what} against {other}: not measured")
                continue
            word = "met" if ratio >= target else "MISSED"
            found.append(f"{what}: {ratio:.0f} x {other}, wanted {target}: {word}")
    return found


def describe_machine():
    """Return what the figures were obtained on."""
    memory = psutil.virtual_memory().total / 2**30
    names = ("pypsa", "linopy", "highspy", "numpy")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    hardware = f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GiB"
    return f"{hardware}, Python {platform.python_version()}, {versions}"


if __name__ == "__main__":
    main()
