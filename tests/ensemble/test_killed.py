"""An ensemble whose process is killed loses the chunk in hand, and the same call completes it."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from energyflows import build_network
from energyflows.ensemble.running import run_ensemble
from energyflows.ensemble.storing import open_ensemble

SCRIPT = Path(__file__).parent / "scripts" / "kill_ensembles.py"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("unaudited"),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL"),
]


@pytest.fixture(scope="module")
def n(toy):
    """Return a network without unserved energy, in which some draws have no solution."""
    n = build_network(2025, tables=toy())
    n.remove("Generator", n.generators.index[n.generators["carrier"] == "unserved"])
    return n


@pytest.fixture(scope="module")
def draws(n):
    chance = np.random.default_rng(5)
    return xr.Dataset(
        {
            "capacity_factor": (("draw", "component"), chance.uniform(0.0, 1.3, (120, 2))),
            "demand_factor": (("draw", "bus", "snapshot"), chance.uniform(0.8, 1.2, (120, 2, 12))),
            "cost_add": (("draw", "component"), chance.normal(0, 3, (120, 2))),
        },
        coords={"component": ["YAMAL-DE", "LNGEU-NL"], "bus": ["DE", "TR"], "snapshot": n.snapshots},
    )


@pytest.fixture(scope="module")
def uninterrupted(n, draws):
    ds = run_ensemble(n, draws)
    assert set(ds["status"].values) == {"optimal", "infeasible"}
    return ds


def _kill(folder, n, draws, *arguments):
    """Return what happened to each ensemble: ("killed", chunks) or ("ended", code), in order."""
    (folder / "input.pickle").write_bytes(pickle.dumps((n, draws)))
    command = [sys.executable, "-B", "-W", "ignore::FutureWarning", str(SCRIPT), str(folder), *map(str, arguments)]
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=env)
    assert run.returncode == 0, run.stdout + run.stderr
    history = {}
    for line in run.stdout.splitlines():
        ensemble, word, number = line.split()
        history.setdefault(ensemble, []).append((word, int(number)))
    return history


def _check_history(history):
    """Check that chunks are never lost, and that no attempt ended by itself but a complete one."""
    for attempts in history.values():
        kept = [number for word, number in attempts if word == "killed"]
        complete = attempts[-1][0] == "ended" or kept[-1] == 0 < max(kept)  # killed while it was cleaning up
        assert kept == sorted(kept) or (complete and kept[:-1] == sorted(kept[:-1])), attempts
        assert [entry for entry in attempts[:-1] if entry[0] == "ended"] == []
        assert attempts[-1] == ("ended", 0) or attempts[-1][0] == "killed"


def _complete(folder, n, draws, history, **where):
    """Run what is not complete once more, and yield every ensemble."""
    for ensemble in history:
        ds = run_ensemble(n, draws, store=folder / ensemble, **where)
        ds.attrs.pop("energyflows_fingerprint")
        yield ds.load()
    assert sorted(path.name for path in folder.iterdir()) == sorted([*history, "input.pickle"])


def test_kills_at_random_moments_change_no_number(n, draws, uninterrupted, tmp_path):
    history = _kill(tmp_path, n, draws, 4, 1, 1)
    _check_history(history)
    attempts = [entry for entries in history.values() for entry in entries]
    assert sum(word == "killed" for word, _ in attempts) == 4
    assert sum(0 < number < 40 for word, number in attempts if word == "killed") >= 2
    for ds in _complete(tmp_path, n, draws, history):
        assert ds["draw"].values.tolist() == list(range(120))
        xr.testing.assert_identical(ds, uninterrupted)


def test_workers_of_a_killed_process_end_and_are_in_nobodys_way(n, draws, uninterrupted, tmp_path):
    history = _kill(tmp_path, n, draws, 1, 2, 2)
    _check_history(history)
    for ds in _complete(tmp_path, n, draws, history, workers=2):
        xr.testing.assert_identical(ds, uninterrupted)


def test_folder_a_killed_process_had_just_made_is_used(n, draws, uninterrupted, tmp_path):
    (tmp_path / "e.partial").mkdir()
    ds = run_ensemble(n, draws, store=tmp_path / "e").load()
    assert ds.identical(open_ensemble(tmp_path / "e").load())
    xr.testing.assert_equal(ds, uninterrupted)
