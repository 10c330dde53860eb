"""Small ensembles on disk, for tests and for the processes they start."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from energyflows.ensemble.storing import finish, locate_chunk, open_store, write_chunk

MADE_FROM = {"network": "a1", "draws": "b2", "outputs": "c3"}


def template(draws=10, links=3):
    """Return an ensemble with all kinds of coordinates, and values along ``draw`` that take no memory."""
    return xr.Dataset(
        {
            "sent": (("draw", "link"), np.broadcast_to(np.nan, (draws, links)), {"units": "GWh/d"}),
            "steps": ("draw", np.broadcast_to(np.int32(0), draws)),
            "optimal": ("draw", np.broadcast_to(np.bool_(0), draws)),
            "by_link": (("link", "draw"), np.broadcast_to(np.float32(0), (links, draws)), {"units": "days"}),
            "ended": ("draw", np.broadcast_to(np.array("", "<U9"), draws)),
            "capacity": ("link", np.arange(links) + 0.5, {"units": "GWh/d"}),
        },
        coords={
            "draw": np.arange(100, 100 + draws),
            "link": pd.Index([f"Türkiye-{place}" for place in range(links)]),
            "factor": ("draw", np.linspace(0, 1, draws), {"units": "1"}),
            "label": ("draw", np.array([f"d{draw}" for draw in range(draws)], dtype=object)),
            "day": pd.date_range("2025-01-01", periods=2),
            "lag": ("link", pd.timedelta_range("1D", periods=links)),
            "year": 2025,
        },
        attrs={"title": "Ensemble", "count": 3},
    )


def values(number, size, links=3):
    chance = np.random.default_rng(number)
    return {
        "sent": chance.random((size, links)),
        "steps": np.full(size, number, "int32") * (number % 2),
        "optimal": chance.random(size) < 0.5,
        "by_link": chance.random((links, size)).astype("float32"),
        "ended": np.array(["optimal"] * size),
    }


def begin(path, chunk=4, made_from=None, **options):
    return open_store(path, template(), made_from or MADE_FROM, chunk=chunk, **options)


def write(store, *numbers):
    for number in numbers:
        span = locate_chunk(store, number)
        write_chunk(store, number, values(number, span.stop - span.start))


def complete(path):
    with begin(path) as store:
        write(store, 2, 0, 1)
        finish(store)
    return store


def list_names(folder):
    return sorted(entry.name for entry in folder.iterdir())


def command(script, *arguments, first="pass"):
    """Return the command that runs a script which has this module as ``stores``, and its environment."""
    load = f"import sys; {first}; sys.path.insert(0, {str(Path(__file__).parent)!r}); import stores\n"
    words = [sys.executable, "-B", "-c", load + textwrap.dedent(script), *map(str, arguments)]
    return words, os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}


def run(script, *arguments, prefix=(), first="pass"):
    words, env = command(script, *arguments, first=first)
    return subprocess.run([*prefix, *words], capture_output=True, text=True, timeout=300, check=False, env=env)
