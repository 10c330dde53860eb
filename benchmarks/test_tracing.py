"""How long tracing takes, against two dense inverses per snapshot as an older package for networks of PyPSA has them.

``make bench`` prints it. With ``--benchmark-disable`` (as the tests run it) everything is done once, untimed and small.
"""

import sys
import time

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from energyflows.tracing import trace

BUSES, ORIGINS, ARCS = 60, 12, 180


def make_world(steps, leads=0, seed=1):
    """Return balanced results of a random grid: every third bus a tank, which fills in one half and gives in the other.

    With leads there are as many scenarios, each with flows of its own.
    """
    rng = np.random.default_rng(seed)
    shape = (leads,) if leads else ()
    dims = ("scenario", "snapshot") if leads else ("snapshot",)
    begins, ends = rng.integers(BUSES, size=(2, ARCS))
    ends = np.where(begins == ends, (ends + 1) % BUSES, ends)
    sent = rng.uniform(0, 100, (*shape, steps, ARCS)) * rng.integers(0, 2, (*shape, steps, ARCS))
    received = sent * 0.995
    tanks = np.arange(0, BUSES, 3)
    net = 50 * np.sin(np.linspace(0, 2 * np.pi, steps, endpoint=False))[:, None] * rng.uniform(0.5, 1, len(tanks))
    net = np.broadcast_to(net, (*shape, steps, len(tanks)))
    at = [(places[:, None] == np.arange(BUSES)).astype(float) for places in (begins, ends, tanks)]
    needed = sent @ at[0] + net @ at[2] - received @ at[1]
    output = np.maximum(needed, 0) + rng.uniform(0, 20, needed.shape)
    figures = {
        "supplied": ("generator", output),
        "consumed": ("bus", output - needed),
        "sent": ("link", sent),
        "received": ("link", received),
        "injected": ("store", np.maximum(net, 0)),
        "withdrawn": ("store", np.maximum(-net, 0)),
        "stored": ("store", 2000 + net.cumsum(axis=-2) - net.cumsum(axis=-2).min()),
    }
    names = np.array([f"bus {number}" for number in range(BUSES)])
    return xr.Dataset(
        {name: ((*dims, dim), values) for name, (dim, values) in figures.items()},
        coords={
            "snapshot": pd.date_range("2025-01-01", periods=steps),
            "weight_days": ("snapshot", np.ones(steps)),
            "bus": names,
            "link": np.arange(ARCS),
            "bus0": ("link", names[begins]),
            "bus1": ("link", names[ends]),
            "is_storage_link": ("link", np.zeros(ARCS, dtype=bool)),
            "generator": np.arange(BUSES),
            "generator_bus": ("generator", names),
            "generator_origin": ("generator", [f"origin {number % ORIGINS}" for number in range(BUSES)]),
            "store": np.arange(len(tanks)),
            "store_bus": ("store", names[tanks]),
        },
    )


def invert_twice(ds):
    """Trace every snapshot by itself without storage: one inverse upstream, one downstream."""
    places = {name: number for number, name in enumerate(ds["bus"].values)}
    begins, ends = ([places[name] for name in ds[end].values] for end in ("bus0", "bus1"))
    shares = []
    for step in range(ds.sizes["snapshot"]):
        flows = np.zeros((BUSES, BUSES))
        np.add.at(flows, (ends, begins), ds["received"].values[step])
        through = flows.sum(axis=1) + ds["supplied"].values[step] + 1e-9
        upstream = np.linalg.inv(np.diag(through) - flows) * ds["supplied"].values[step]
        downstream = np.linalg.inv(np.diag(through) - flows.T) * ds["consumed"].values[step]
        shares.append((upstream, downstream))
    return shares


def tell(benchmark, what, target):
    """Print the fastest time beside its target."""
    if not benchmark.disabled:
        sys.stderr.write(f"\n{what}: {benchmark.stats.stats.min:.3f} s, wanted {target} s at most\n")


@pytest.mark.parametrize("storage", ["mixed", "fifo"])
def test_a_year_by_day(benchmark, storage):
    ds = make_world(14 if benchmark.disabled else 365)
    base = float("nan")
    if not benchmark.disabled:
        begin = time.perf_counter()
        invert_twice(ds)
        base = time.perf_counter() - begin
    found = benchmark.pedantic(trace, args=(ds, storage), rounds=5, warmup_rounds=1)
    np.testing.assert_allclose(found["delivered"].sum("origin"), ds["consumed"], atol=1e-9)
    tell(benchmark, f"60 buses, 365 days, 12 origins, 20 tanks, {storage}", 0.15)
    if not benchmark.disabled:
        benchmark.extra_info["ratio of two inverses a day, without storage"] = base / benchmark.stats.stats.min
        sys.stderr.write(f"two dense inverses a day, without storage: {base:.3f} s\n")


def test_many_scenarios_by_month(benchmark):
    ds = make_world(12, 10 if benchmark.disabled else 1000)
    found = benchmark.pedantic(trace, args=(ds,), rounds=2)
    np.testing.assert_allclose(found["delivered"].sum("origin"), ds["consumed"], atol=1e-9)
    tell(benchmark, "1,000 scenarios, 12 months", 3)
