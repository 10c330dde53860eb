"""How long the main job takes, as ratios measured in one run.

``make bench`` prints them. With ``--benchmark-disable`` (as the tests run it) every step is done once, untimed, so that
a benchmark cannot rot. Times depend on the machine; only the ratios and the memory are meant to be compared.
"""

import resource
import subprocess
import sys
import time

import pytest

import energyflows as ef
from energyflows.scenarios import read_study
from energyflows.scenarios.catalogue import find_seeds

PROGRAM = [sys.executable, "-m", "energyflows"]


def measure(command):
    """Seconds of the fastest of three runs of a command."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return min(times)


def compare(benchmark, command, baseline):
    """Time a command and note its ratio to a baseline command measured in the same run."""
    base = float("nan") if benchmark.disabled else measure(baseline)
    benchmark.pedantic(subprocess.run, args=(command,), kwargs={"check": True, "capture_output": True}, rounds=3)
    if benchmark.disabled:
        return
    benchmark.extra_info["ratio to baseline"] = round(benchmark.stats.stats.min / base, 2)
    sys.stderr.write(f"\n{' '.join(command[1:])}: {benchmark.stats.stats.min:.2f} s, {base:.2f} s for the baseline, ")
    sys.stderr.write(f"ratio {benchmark.stats.stats.min / base:.2f}\n")


def test_import_against_xarray(benchmark):
    compare(benchmark, [sys.executable, "-c", "import energyflows"], [sys.executable, "-c", "import xarray"])


def test_help(benchmark):
    compare(benchmark, [*PROGRAM, "--help"], [sys.executable, "-c", "pass"])


def test_run_of_a_year_against_import_of_pypsa(benchmark):
    compare(benchmark, [*PROGRAM, "run", "--years", "2025"], [sys.executable, "-c", "import pypsa"])


@pytest.fixture(scope="module")
def tables():
    return ef.load_tables()


def test_nine_years_monthly(benchmark, tables):
    # Untimed, one year goes the same way.
    years = 2025 if benchmark.disabled else (2019, 2027)
    benchmark.pedantic(ef.run, kwargs={"years": years, "tables": tables}, rounds=1)


def test_one_year_daily(benchmark, tables):
    resolution = "monthly" if benchmark.disabled else "daily"
    benchmark.pedantic(ef.run, kwargs={"years": 2025, "resolution": resolution, "tables": tables}, rounds=1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    benchmark.extra_info["peak memory so far, GB"] = round(peak, 2)
    assert peak < 4  # runaway memory, not a target


def test_article_study(benchmark, tables):
    study = read_study(find_seeds() / "studies" / f"{'backfill-volumes' if benchmark.disabled else 'article'}.yaml")
    if benchmark.disabled:
        # Untimed, one part without its sweep shows that this runs.
        study = study.model_copy(update={"parts": (study.parts[0].model_copy(update={"sweep": {}}),)})
    options = {"workers": 1 if benchmark.disabled else 2, "tables": tables}
    found = benchmark.pedantic(ef.run_study, args=(study,), kwargs=options, rounds=1)
    benchmark.extra_info["scenarios and years"] = sum(
        ds.sizes["scenario"] * ds.sizes["snapshot"] // 12 for ds in found.values()
    )
    assert all(ef.check_results(ds) is None for ds in found.values())
