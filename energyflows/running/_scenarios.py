"""A scenario year by year, beside the reference it departs from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pypsa
import xarray as xr

from energyflows.errors import SolveError
from energyflows.network import build_network, release_bounds
from energyflows.running._joining import join_years
from energyflows.running._years import Known, read_stocks, run_years
from energyflows.scenarios import Scenario, apply
from energyflows.scenarios.applying import has_effect
from energyflows.solving import solve


@dataclass(frozen=True)
class Reference:
    """The reference of some years: where every scenario departs from."""

    tables: Mapping[str, pd.DataFrame]
    """Tables the networks are built from."""
    resolution: str
    """Length of a period."""
    networks: Mapping[int, Any]
    """Unsolved network by year."""
    results: Mapping[int, xr.Dataset]
    """Results by year."""
    final_stocks: str = "free"
    """Whether scenarios may end observed years on other stocks."""


def solve_reference(
    years: Sequence[int],
    resolution: str,
    tables: Mapping[str, pd.DataFrame],
    *,
    progress: bool = False,
    verbose: bool = False,
    known: Known | None = None,
) -> Reference:
    """Build and solve the reference of some years.

    Parameters
    ----------
    years : sequence of int
        Consecutive.
    resolution : {"monthly", "weekly", "daily"}
        Length of a period.
    tables : mapping of str to pandas.DataFrame
        From :func:`energyflows.load_tables`.
    progress, verbose : bool
        Show a bar; let the solver report.
    known : dict, optional
        Years solved before, as for :func:`run_years`.

    Returns
    -------
    Reference
        Networks and results by year.
    """
    pairs = list(run_years(years, resolution, tables, progress=progress, verbose=verbose, known=known))
    networks = {year: n for year, (n, _) in zip(years, pairs, strict=True)}
    return Reference(tables, resolution, networks, {year: ds for year, (_, ds) in zip(years, pairs, strict=True)})


def solve_scenario(reference: Reference, scenario: Scenario) -> xr.Dataset:
    """Solve a scenario in the years of a reference.

    As long as the scenario changes nothing, its results are those of the reference. From then on ships and final
    stocks are let go of at their price there (:func:`energyflows.network.release_bounds`), and each year begins with
    the stocks the last one left, also where others were observed.

    Parameters
    ----------
    reference : Reference
        From :func:`solve_reference`.
    scenario : Scenario
        What changes.

    Returns
    -------
    xarray.Dataset
        Results of all years along ``snapshot``.

    Raises
    ------
    ScenarioError
        If a change does not fit the network of a year.
    SolveError
        If a year has no solution.
    """
    return join_years([ds for _, ds in follow_scenario(reference, scenario)])


def follow_scenario(reference: Reference, scenario: Scenario) -> Iterator[tuple[pypsa.Network, xr.Dataset]]:
    """Solve a scenario year by year, and tell which network was solved.

    Parameters
    ----------
    reference : Reference
        From :func:`solve_reference`.
    scenario : Scenario
        What changes.

    Yields
    ------
    tuple of pypsa.Network and xarray.Dataset
        The network of a year, unsolved, and its results; both are those of the reference as long as the scenario
        changes nothing.
    """
    stocks: dict[str, float] | None = None
    for year, base in reference.networks.items():
        n = base if stocks is None else build_network(year, reference.resolution, reference.tables, stocks=stocks)
        changed = _change_year(n, reference, year, scenario, same_start=stocks is None)
        if changed is None:
            yield n, _tell(reference.results[year], apply(n, scenario, tables=reference.tables))
        else:
            part = _solve_year(changed, year, scenario)
            yield changed, part
            stocks = read_stocks(part)


def _change_year(
    n: pypsa.Network, reference: Reference, year: int, scenario: Scenario, *, same_start: bool
) -> pypsa.Network | None:
    """Return the network of a year, or None if it is that of the reference."""
    if same_start and not has_effect(n, apply(n, scenario, tables=reference.tables)):
        return None
    price = reference.results[year]["price"].transpose("snapshot", "bus").to_pandas()
    released = release_bounds(n, price, reference.tables, stocks=reference.final_stocks == "free")
    return apply(released, scenario, tables=reference.tables)


def _solve_year(changed: pypsa.Network, year: int, scenario: Scenario) -> xr.Dataset:
    try:
        return solve(changed)
    except SolveError as error:
        raise type(error)(f"scenario {scenario.name!r} in {year}: {error}") from None


def _tell(ds: xr.Dataset, n: pypsa.Network) -> xr.Dataset:
    """Return results of the reference under the name and with the notes of a scenario."""
    meta = {**json.loads(ds.attrs["meta"]), "scenario": n.meta["scenario"]}
    return ds.assign_attrs(meta=json.dumps(meta))
