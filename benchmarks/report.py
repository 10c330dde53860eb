"""What ``engine.py`` measured, as a page and a figure."""

from __future__ import annotations

import textwrap

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

mpl.use("svg")

PAGE = "performance.md"
FIGURE = "engine-growth.svg"
NODES, CORES = 100, 2
MILLION = 1_000_000


def write_report(folder, speed, targets, many, cluster, growth, machine):
    """Write the page and the figure into a folder."""
    draw_growth(growth, folder / FIGURE)
    chunk_draws = cluster["chunk_draws"]
    parts = estimate_cluster(cluster, chunk_draws)
    text = f"""# Performance

{introduce(machine)}

## Against other ways to solve the same draws

Real network of 2025, one year. *N-1*: a link fails for the whole year, every draw another one. *Stress test*: winters,
outages and LNG supplies at once, so nearly every bound changes in every draw. Milliseconds per draw include changing
the figures and reading the results (nine outputs by zone, link, supplier and store) for the engine and HiGHS, changing
and reading three variables for linopy; for PyPSA they are the call of `n.optimize()` alone, without the change of the
network and without reading. All objectives agree to 1e-6, or the run stops.

{table(speed)}

{list_targets(targets)}

* *PyPSA*: a loop of `n.optimize()`, the solver fed by a file, as is the default; *direct*: fed in memory.
* Ratios to linopy and HiGHS are on the same few draws, some of which change little, so they are not the ratio of the
  means beside them.
* Linopy and HiGHS are left out of the daily stress test, where a single draw takes them minutes.
* *linopy*: its persistent HiGHS with updates, one model kept and changed in place.
* *HiGHS*: hot re-solves on all rows linopy writes, one draw after the other as they come: what the compact form and
  the order of draws are worth.

## Many draws, end to end

{many["draws"]:,} monthly draws of the stress test with {many["workers"]} worker processes, from building the network
to the finished dataset, sampling and the {many["checked"]} audits by plain PyPSA included: **{many["seconds"]:.0f} s**
and at most **{many["GB"]:.2f} GB** in all processes together (proportional set size, sampled ten times a second);
{many["optimal"]:,} draws optimal. What does not grow with the number of draws (building, compiling, the probe, three
audits by plain PyPSA) takes most of the {growth[growth["what"] == "draws"]["seconds"].iloc[0]:.0f} s of a run of 100.

## How cost grows

![Time per draw by snapshots and zones, and total time by draws]({FIGURE})

{list_growth(growth)}

## A cluster of {NODES} nodes, on paper

Measured on a Dask cluster of two worker processes here: the compiled programme and its figures are
{cluster["core_mb"]:.1f} MB, sent to both in {cluster["scatter_s"]:.2f} s; an empty task costs the scheduler
{cluster["task_ms"]:.1f} ms; a chunk of {chunk_draws} draws takes a worker {cluster["chunk_s"]:.1f} s and returns
{cluster["result_mb"]:.1f} MB; committing it to a store takes {1e3 * cluster["commit_s"]:.0f} ms. Two processes
finished {cluster["chunks"]} chunks in {cluster["cluster_s"]:.1f} s against {cluster["serial_s"]:.1f} s in one:
{cluster["serial_s"] / cluster["cluster_s"]:.2f} times as fast.

{NODES} nodes of {CORES} cores are {NODES * CORES} workers. A million monthly draws are {MILLION // chunk_draws:,}
chunks, {parts["rounds"]:.0f} for each worker:

| part | seconds |
|---|---|
| work: {parts["rounds"]:.0f} chunks one after the other | {parts["work"]:.0f} |
| scheduling: {MILLION // chunk_draws:,} tasks, one scheduler | {parts["schedule"]:.0f} |
| sending the programme, one after the other | {parts["scatter"]:.0f} |
| returning results at 1 Gbit/s into one process | {parts["return"]:.0f} |
| committing to one store, one after the other | {parts["commit"]:.0f} |

Work and the serial parts overlap except for the sending, so about {parts["total"]:.0f} s, of which the slowest part
sets the pace: {parts["slowest"]}. One process alone would need {parts["alone"] / 3600:.1f} hours. This is arithmetic
from a measurement on one machine, not a measurement on {NODES}.
"""
    (folder / PAGE).write_text(text, encoding="utf-8")


def introduce(machine):
    """Return the first paragraph, in lines as short as the others whatever the machine is called."""
    text = (
        f"Written by `python benchmarks/engine.py --write`: everything below was measured in one run, on {machine}. "
        "Ratios travel better than milliseconds: other machines differ, and so does the same machine under load."
    )
    return textwrap.fill(text, 120, break_long_words=False, break_on_hyphens=False)


def list_targets(targets):
    """Return what was wanted, and whether it was met."""
    return "\n".join(f"* {target}" for target in targets)


def table(speed):
    """Return the comparison as Markdown."""
    lines = [
        "| resolution | draws | engine, ms | PyPSA, ms | × | direct, ms | × | linopy, ms | × | HiGHS, ms | × |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in speed.to_dict("records"):
        cells = [row["resolution"], row["draws"], f"{row['engine, ms']:.1f}"]
        for name in ("PyPSA", "PyPSA direct", "linopy", "HiGHS"):
            known = not np.isnan(row[f"{name}, ms"])
            cells += [f"{row[f'{name}, ms']:,.0f}", f"**{row[f'{name} / engine']:.3g}**"] if known else ["–", "–"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def list_growth(growth):
    """Return one sentence for each of the three curves."""
    found = []
    for what, unit in (("snapshots", "ms per draw"), ("zones", "ms per draw"), ("draws", "s in all")):
        rows = growth[growth["what"] == what]
        scale = 1e3 if unit.startswith("ms") else 1.0
        points = ", ".join(f"{row.x:,}: {row.seconds * scale:.3g}" for row in rows.itertuples())
        slope = np.polyfit(np.log(rows["x"]), np.log(rows["seconds"]), 1)[0]
        found.append(f"* By {what} ({unit}): {points}. Grows with the power {slope:.2f}.")
    return "\n".join(found)


def draw_growth(growth, path):
    """Draw the three curves."""
    figure, axes = plt.subplots(1, 3, figsize=(11, 3.4), layout="constrained")
    titles = {"snapshots": "ms per draw", "zones": "ms per draw", "draws": "seconds in all, one process"}
    for axis, (what, unit) in zip(axes, titles.items(), strict=True):
        rows = growth[growth["what"] == what]
        axis.loglog(rows["x"], rows["seconds"] * (1e3 if "ms" in unit else 1.0), "o-")
        axis.set(xlabel=what, ylabel=unit, xticks=rows["x"], xticklabels=[f"{x:,}" for x in rows["x"]])
        axis.minorticks_off()
        axis.grid(visible=True, alpha=0.3)
    figure.savefig(path, metadata={"Date": None})


def estimate_cluster(cluster, chunk_draws):
    """Return seconds of each part of a million draws on many nodes."""
    chunks, workers = MILLION // chunk_draws, NODES * CORES
    parts = {
        "rounds": np.ceil(chunks / workers),
        "schedule": chunks * cluster["task_ms"] / 1e3,
        "scatter": cluster["scatter_s"] / 2 * workers,
        "return": chunks * cluster["result_mb"] * 8 / 1000,
        "commit": chunks * cluster["commit_s"],
        "alone": chunks * cluster["chunk_s"],
    }
    parts["work"] = parts["rounds"] * cluster["chunk_s"]
    paced = {"the work itself": "work", "scheduling": "schedule", "returning results": "return", "committing": "commit"}
    parts["slowest"] = max(paced, key=lambda name: parts[paced[name]])
    parts["total"] = parts["scatter"] + parts[paced[parts["slowest"]]]
    return parts
