"""Many scenarios in processes, kept as they get ready, so that an interrupted study goes on where it ended."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr
from tqdm.auto import tqdm

import energyflows
from energyflows.datasets import check_given, load_tables
from energyflows.ensemble.workers import map_chunks
from energyflows.errors import EnergyFlowsError, OutputError, ScenarioError, UsageError
from energyflows.network import build_network, list_years
from energyflows.results import open_results, write_results
from energyflows.running._joining import join_scenarios, join_years
from energyflows.running._scenarios import Reference, solve_reference, solve_scenario
from energyflows.running._years import Known
from energyflows.scenarios import Scenario, Study, apply, list_runs
from energyflows.scenarios.combining import sort_changes, write_change

#: What may become of stocks at the end of observed years.
FINAL_STOCKS = ("free", "held")


def run_study(
    study: Study,
    *,
    workers: int = 1,
    store: str | Path | None = None,
    progress: bool = False,
    tables: Mapping[str, pd.DataFrame] | None = None,
    final_stocks: str = "free",
) -> dict[str, xr.Dataset]:
    """Run all parts of a study.

    Parameters
    ----------
    study : Study
        From :func:`energyflows.scenarios.read_study`.
    workers : int
        Processes that share the scenarios; the numbers do not depend on it.
    store : str or Path, optional
        Folder that keeps each scenario as soon as it is solved. A study that was interrupted, or grew, solves only
        what is missing there; what was solved with other changes, tables or another version is solved anew.
    progress : bool
        Show a progress bar.
    tables : mapping of str to pandas.DataFrame, optional
        From :func:`energyflows.load_tables`; default the packaged tables.
    final_stocks : {"free", "held"}
        As in :func:`energyflows.run`.

    Returns
    -------
    dict of str to xarray.Dataset
        Results with dim ``scenario`` by part; the reference comes first.

    Raises
    ------
    ScenarioError
        If changes contradict each other or do not fit the network.
    OutputError
        If the store cannot be written.
    SolveError
        If a year has no solution.
    """
    check_workers(workers)
    given = load_tables() if tables is None else tables
    done: dict[str, xr.Dataset] = {}
    known: Known = {}
    for part in study.parts:
        scenarios = list_runs(study, part)
        parts = solve_all(
            scenarios,
            list_years(part.years),
            part.resolution,
            given,
            workers=workers,
            store=None if store is None else Path(store),
            progress=progress,
            final_stocks=final_stocks,
            known=known,
        )
        done[part.name] = join_scenarios({scenario.name: parts[scenario.name] for scenario in scenarios})
    return done


def check_workers(workers: int) -> None:
    """Refuse fewer than one process.

    Parameters
    ----------
    workers : int
        Processes.

    Raises
    ------
    UsageError
        If there would be nobody to work.
    """
    if workers < 1:
        raise UsageError(f"workers: found {workers}, expected at least 1")


def solve_all(
    scenarios: Sequence[Scenario],
    years: Sequence[int],
    resolution: str,
    tables: Mapping[str, pd.DataFrame],
    *,
    workers: int = 1,
    store: Path | None = None,
    progress: bool = False,
    verbose: bool = False,
    final_stocks: str = "free",
    known: Known | None = None,
) -> dict[str, xr.Dataset]:
    """Return the results of scenarios by name, from the store as far as they are there.

    Parameters
    ----------
    scenarios : sequence of Scenario
        Those without changes are the reference.
    years : sequence of int
        Consecutive.
    resolution : {"monthly", "weekly", "daily"}
        Length of a period.
    tables : mapping of str to pandas.DataFrame
        From :func:`energyflows.load_tables`.
    workers : int
        Processes.
    store : Path, optional
        Folder of results.
    progress, verbose : bool
        Show a bar; let the solver report.
    final_stocks : {"free", "held"}
        As in :func:`energyflows.run`.
    known : dict, optional
        Years of the reference solved before, as for :func:`run_years`.

    Returns
    -------
    dict of str to xarray.Dataset
        Results of all years by scenario.
    """
    check_final_stocks(final_stocks)
    kept = [list(years), resolution, final_stocks, sorted(check_given(tables).items())]
    files = {} if store is None else _name_files(store, scenarios, kept)
    done = {name: ds for name, file in files.items() if (ds := _recall(file)) is not None}
    missing = [scenario for scenario in scenarios if scenario.name not in done]
    if missing:
        check_fit(missing, years[0], resolution, tables)
        reference = solve_reference(years, resolution, tables, progress=progress, verbose=verbose, known=known)
        reference = replace(reference, final_stocks=final_stocks)
        with _show(progress, len(missing)) as bar:
            for name, ds in _solve_missing(missing, reference, workers):
                if name in files:
                    write_results(ds, files[name])
                done[name] = ds
                bar.update()
    return done


def check_final_stocks(final_stocks: str) -> None:
    """Refuse what cannot become of final stocks.

    Parameters
    ----------
    final_stocks : str
        As in :func:`energyflows.run`.

    Raises
    ------
    UsageError
        If it is none of :data:`FINAL_STOCKS`.
    """
    if final_stocks not in FINAL_STOCKS:
        raise UsageError(f"final_stocks: found {final_stocks!r}, expected 'free' or 'held'")


def check_fit(scenarios: Sequence[Scenario], year: int, resolution: str, tables: Mapping[str, pd.DataFrame]) -> None:
    """Refuse scenarios that do not fit the network of the first year, all at once and before anything is solved.

    Parameters
    ----------
    scenarios : sequence of Scenario
        What changes.
    year : int
        The first one.
    resolution : {"monthly", "weekly", "daily"}
        Length of a period.
    tables : mapping of str to pandas.DataFrame
        From :func:`energyflows.load_tables`.

    Raises
    ------
    ScenarioError
        Naming what does not fit.
    """
    n = build_network(year, resolution, tables)
    problems = []
    for scenario in scenarios:
        try:
            apply(n, scenario, tables=tables)
        except ScenarioError as error:
            problems.append(str(error))
    if problems:
        raise ScenarioError("\n".join(problems))


def _solve_missing(missing: Sequence[Scenario], reference: Reference, workers: int) -> Iterator[tuple[str, xr.Dataset]]:
    """Solve scenarios in the order they get ready."""
    plain = [scenario for scenario in missing if not scenario.changes]
    for scenario in plain:
        yield scenario.name, join_years(list(reference.results.values()))
    others = [scenario for scenario in missing if scenario.changes]
    for number, ds in map_chunks(solve_scenario, reference, others, workers=workers):
        yield others[number].name, ds


@contextmanager
def _show(progress: bool, total: int) -> Iterator[Any]:  # noqa: FBT001  read as show(progress)
    with tqdm(total=total, desc="scenarios", disable=not progress, leave=False) as bar:
        yield bar


def _name_files(store: Path, scenarios: Sequence[Scenario], kept: Sequence[Any]) -> dict[str, Path]:
    """Return where each scenario is kept; anything that shapes its numbers is part of the name."""
    try:
        store.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"--store {store}: cannot be written ({error.strerror or error})") from None
    files = {}
    for scenario in scenarios:
        changes = [write_change(change) for change in sort_changes(scenario.changes)]
        told = json.dumps([energyflows.__version__, *kept, changes, scenario.name], default=str)
        stem = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in scenario.name)[:60]
        files[scenario.name] = store / f"{stem}-{hashlib.sha256(told.encode()).hexdigest()[:16]}.nc"
    return files


def _recall(file: Path) -> xr.Dataset | None:
    """Return what is kept in a file; None if there is none, or it is damaged."""
    try:
        return open_results(file) if file.is_file() else None
    except EnergyFlowsError:
        return None
