"""What users call: scenarios, years, one dataset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
import xarray as xr

from energyflows.datasets import load_tables
from energyflows.errors import UsageError
from energyflows.network import list_years
from energyflows.running._joining import join_scenarios, join_years
from energyflows.running._study import check_workers, solve_all
from energyflows.running._years import run_years
from energyflows.scenarios import Scenario, get_scenario

_REFERENCE = "reference"


def run(
    scenarios: str | Scenario | Iterable[str | Scenario] = _REFERENCE,
    years: int | Iterable[int] = 2025,
    resolution: str = "monthly",
    *,
    tables: Mapping[str, pd.DataFrame] | None = None,
    foresight: str = "year",
    final_stocks: str = "free",
    workers: int = 1,
    progress: bool = False,
    verbose: bool = False,
) -> xr.Dataset:
    """Solve scenarios year by year, each year starting from the stocks the last one left.

    Nobody stores gas this spring for a crisis three years away, so there is no foresight across years. Where stocks
    at the turn of a year are observed, the reference starts from those; a scenario from what it left itself.

    Parameters
    ----------
    scenarios : str, Scenario, or several of them
        Names of :func:`energyflows.list_scenarios`, combinations such as ``"russian-stop + cold-winter"``, or your
        own.
    years : int or iterable of int
        One year, or ``(first, last)`` including both.
    resolution : {"monthly", "weekly", "daily"}
        Length of a period.
    tables : mapping of str to pandas.DataFrame, optional
        From :func:`energyflows.load_tables`; default the packaged tables.
    foresight : {"year", "rolling"}
        Whether a year is known when it begins, or decided month by month with what could be expected then
        (:func:`energyflows.foresight.run_rolling`; the monthly reference only).
    final_stocks : {"free", "held"}
        Whether scenarios may end an observed year on other stocks than observed, at what gas in store is worth in the
        reference: right for a shock that passes. ``held`` is right for a shortage that lasts; the truth lies between
        (:func:`energyflows.network.release_bounds`).
    workers : int
        Processes that share the scenarios; the numbers do not depend on it.
    progress : bool
        Show a progress bar.
    verbose : bool
        Let PyPSA, linopy and HiGHS report to the terminal while the reference is solved.

    Returns
    -------
    xarray.Dataset
        Results of all years along ``snapshot``; ``objective`` is their sum. For several scenarios with dim
        ``scenario``, in the order asked for.

    Raises
    ------
    UsageError
        For years, a resolution or a foresight that cannot be used.
    UnknownNameError
        If there is no scenario of a name.
    ScenarioError
        If changes contradict each other or do not fit the network.
    SolveError
        If a year has no solution.

    Examples
    --------
    >>> ds = run(["reference", "no-azerbaijan"], years=2025)
    >>> ds.sizes["snapshot"], [str(name) for name in ds["scenario"].values]
    (12, ['reference', 'no-azerbaijan'])
    """
    single = isinstance(scenarios, str | Scenario)
    found = find_scenarios(scenarios)
    check_workers(workers)
    listed = list_years(years)
    given = load_tables() if tables is None else tables
    if single and not found[0].changes:
        pairs = run_years(listed, resolution, given, foresight=foresight, progress=progress, verbose=verbose)
        return join_years([ds for _, ds in pairs])
    if foresight != "year":
        raise UsageError(f"foresight: found {foresight!r}; scenarios are solved with foresight='year' only")
    options: dict[str, Any] = {
        "workers": workers,
        "progress": progress,
        "verbose": verbose,
        "final_stocks": final_stocks,
    }
    parts = solve_all(found, listed, resolution, given, **options)
    return parts[found[0].name] if single else join_scenarios({each.name: parts[each.name] for each in found})


def find_scenarios(scenarios: str | Scenario | Iterable[str | Scenario]) -> list[Scenario]:
    """Return the scenarios asked for.

    Parameters
    ----------
    scenarios : str, Scenario, or several of them
        As for :func:`run`.

    Returns
    -------
    list of Scenario
        In the order asked for.

    Raises
    ------
    UsageError
        If there is none, or two have one name.
    UnknownNameError
        If there is no scenario of a name.
    """
    wanted = [scenarios] if isinstance(scenarios, str | Scenario) else list(scenarios)
    found = [each if isinstance(each, Scenario) else get_scenario(each) for each in wanted]
    names = [scenario.name for scenario in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    problems = [] if found else ["found none, expected at least one name"]
    problems += [f"two of the name {name!r}; rename one" for name in twice]
    if problems:
        raise UsageError(f"scenarios: {'; '.join(problems)}")
    return found
