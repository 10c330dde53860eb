"""The networks a run solves, with its results, for whoever asks them something else afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import pandas as pd
import pypsa
import xarray as xr

from energyflows.datasets import load_tables
from energyflows.network import list_years
from energyflows.running._run import find_scenarios
from energyflows.running._scenarios import Reference, follow_scenario, solve_reference
from energyflows.running._study import check_final_stocks, check_fit
from energyflows.scenarios import Scenario

Pairs = list[tuple[pypsa.Network, xr.Dataset]]


def prepare_networks(
    scenarios: str | Scenario | Iterable[str | Scenario],
    years: int | Iterable[int],
    resolution: str = "monthly",
    *,
    tables: Mapping[str, pd.DataFrame] | None = None,
    final_stocks: str = "free",
) -> dict[str, Pairs]:
    """Build the networks of scenarios year by year, exactly as :func:`energyflows.run` solves them.

    A year begins with the stocks the last one left, so each network is solved on the way; what was found comes along.

    Parameters
    ----------
    scenarios : str, Scenario, or several of them
        As for :func:`energyflows.run`.
    years : int or iterable of int
        One year, or ``(first, last)`` including both.
    resolution : {"monthly", "weekly", "daily"}
        Length of a period.
    tables : mapping of str to pandas.DataFrame, optional
        From :func:`energyflows.load_tables`; default the packaged tables.
    final_stocks : {"free", "held"}
        As for :func:`energyflows.run`.

    Returns
    -------
    dict of str to list of tuple
        By name of the scenario, in the order asked for: network, unsolved, and results of each year. In years in
        which a scenario changes nothing the network is the reference's, the same object; copy before you change it.

    Raises
    ------
    UsageError
        For years, a resolution or final stocks that cannot be used.
    UnknownNameError
        If there is no scenario of a name.
    ScenarioError
        If changes contradict each other or do not fit the network.
    SolveError
        If a year has no solution.

    Examples
    --------
    >>> prepared = prepare_networks(["reference", "no-azerbaijan"], 2025)
    >>> n, ds = prepared["no-azerbaijan"][0]
    >>> n.is_solved, "sent" in ds
    (False, True)
    """
    found = find_scenarios(scenarios)
    check_final_stocks(final_stocks)
    listed, given = list_years(years), load_tables() if tables is None else tables
    check_fit(found, listed[0], resolution, given)
    reference = replace(solve_reference(listed, resolution, given), final_stocks=final_stocks)
    return {scenario.name: _follow(reference, scenario) for scenario in found}


def _follow(reference: Reference, scenario: Scenario) -> Pairs:
    if not scenario.changes:
        return list(zip(reference.networks.values(), reference.results.values(), strict=True))
    return list(follow_scenario(reference, scenario))
