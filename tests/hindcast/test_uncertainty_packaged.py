"""Samples, bands and effects on the packaged tables."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import psutil
import pytest

from energyflows import load_tables
from energyflows.console._uncertainty import print_uncertainty
from energyflows.datasets import strip_passport
from energyflows.hindcast import run_hindcast
from energyflows.hindcast.pins import release
from energyflows.hindcast.uncertainty import programs, run_uncertainty
from energyflows.hindcast.uncertainty.programs import build_year, find_changes, found_family, solve_year
from energyflows.hindcast.uncertainty.varying import find_ranges, move
from energyflows.tables import select_in_service

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def packaged():
    tables = load_tables()
    bare = {name: select_in_service(strip_passport(table)) for name, table in tables.items()}
    return tables, bare, find_ranges(bare)


@pytest.mark.parametrize(("year", "pins"), [(2019, "on"), (2022, "off")])
def test_packaged_years_are_changes_of_one_programme(packaged, year, pins):
    _, bare, ranges = packaged
    pin = release if pins == "off" else dict
    rng = np.random.default_rng(year)
    draws = [np.full(len(ranges.names), 0.75), *rng.random((2, len(ranges.names)))]
    networks = [build_year(pin(move(bare, ranges, points)), year, {}) for points in draws]
    family = found_family(networks[0], networks[1])
    assert family is not None
    for n in networks[2:]:
        # No exception: the programme takes the change.
        programs._place(family, find_changes(family, n))
        found, alone = solve_year(family, n), solve_year(None, n)
        assert found.objective == pytest.approx(alone.objective, rel=1e-8)
        assert solve_year(replace(family, basis=None), n).objective == pytest.approx(alone.objective, rel=1e-8)


def keep_estimates(tables, *names):
    """Return tables of which only some hold estimates of what enters a network; others are taken for sure."""
    sure = {}
    for name, table in tables.items():
        held = [] if name in names or name.startswith("observed") else ["confidence"]
        held += [column for column in table if column.endswith("_confidence")]
        sure[name] = table.assign(**{column: "derived" for column in held if column in table})
    return sure


def test_costs_and_fees_are_groups_of_their_own(packaged):
    sure = {name: t.assign(confidence="derived") if "confidence" in t else t for name, t in packaged[1].items()}
    assert set(find_ranges(sure).groups) == {"costs", "fees"}


def test_one_real_year(packaged, capsys):
    tables, _, _ = packaged
    told = run_uncertainty(2025, size=24, workers=1, tables=keep_estimates(tables, "demand_annual", "lng_suppliers"))
    bands = told["bands"].set_index(["outcome", "period"])
    assert len(told["runs"]) == 24
    assert told["runs"]["status"].eq("optimal").all()
    lng = bands.loc[("LNG EU27", "2025")]
    assert lng["low5"] < lng["median"] < lng["high95"]
    assert lng["low5"] < lng["reference"] < lng["high95"]
    pairs = run_hindcast(2025, pins="off")["pairs"]
    modelled = pairs[(pairs["series"] == "LNG EU27")]["modelled"].sum()
    assert lng["reference"] == pytest.approx(modelled, rel=1e-6)
    # Bounds of deliveries are released, so they have no effect at all.
    bounds = told["effects"].query("group == 'lng bounds'")
    assert len(bounds)
    assert bounds[["first", "total"]].to_numpy().tolist() == [[0.0, 0.0]] * len(bounds)
    assert told["coverage"]["n"].sum() > 20
    print_uncertainty(told, years="2025", pins="off")
    printed = capsys.readouterr().out
    assert "LNG EU27" in printed
    assert "±" in printed
    assert "All 24 samples have a solution." in printed


def test_an_interrupted_run_leaves_no_process_behind():
    script = "from energyflows.hindcast.uncertainty import run_uncertainty; run_uncertainty(2025, size=400, workers=2)"
    with subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE) as process:
        parent = psutil.Process(process.pid)
        deadline = time.monotonic() + 120
        while len(parent.children(recursive=True)) < 2 and time.monotonic() < deadline:
            time.sleep(0.2)
        children = parent.children(recursive=True)
        time.sleep(3.0)
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(timeout=60) != 0
        assert b"KeyboardInterrupt" in process.stderr.read()
        _, alive = psutil.wait_procs(children, timeout=30)
        assert not alive
