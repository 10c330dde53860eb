"""What may be asked of accounts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import xarray as xr

from energyflows.errors import ResultsError, UsageError, list_problems, suggest
from energyflows.influence._labels import NAMING

#: Tables that accounts read, and columns of them.
TABLES = {
    "contracts": ("contract", "seller_country", "zone", "link", "annual_twh", "take_or_pay", "start", "end", "label"),
    "lng_suppliers": ("supplier",),
    "observed_imports": ("importer", "origin", "kind", "period", "frequency", "twh"),
    "rules": ("rule", "kind", "origin", "zone", "value", "active", "valid_from", "valid_to"),
    "zones": ("zone", "eu"),
}
_COORDS = ("country", "bus_kind", "generator_origin", "generator_route", "generator_carrier", "carrier")


def check_arguments(
    results: xr.Dataset,
    accounts: Sequence[str],
    *,
    known: Sequence[str],
    areas: Mapping[str, Sequence[str]] | None,
    origins: Sequence[str] | None,
    naming: str,
    workers: Any,
    tables: Mapping[str, Any],
) -> None:
    """Refuse what cannot be asked, all problems at once.

    Parameters
    ----------
    results : xarray.Dataset
        Results.
    accounts, known : sequence of str
        Asked for, and those there are.
    areas : mapping of str to sequence of str or None
        Buses by area.
    origins : sequence of str or None
        Asked for.
    naming : str
        How gas is labelled.
    workers : int
        Processes.
    tables : mapping of str to pandas.DataFrame
        Those given.

    Raises
    ------
    ResultsError
        If results lack coordinates that accounts need.
    UsageError
        For anything else.
    """
    lacking = [name for name in (*_COORDS, "consumed", "sent", "received") if name not in results]
    if lacking:
        raise ResultsError(f"these results have no {', '.join(lacking)}; accounts need results of energyflows.run")
    problems = _find_wrong_names("accounts", accounts, known)
    if origins is not None:
        supplied = sorted(set(results["generator_origin"].to_numpy().astype(str)))
        problems += _find_wrong_names("origins", origins, supplied)
    problems += _find_wrong_areas(results, areas)
    if naming not in NAMING:
        problems.append(f"naming: found {naming!r}, expected {', '.join(map(repr, NAMING))}")
    if not isinstance(workers, int) or workers < 1:
        problems.append(f"workers: found {workers!r}, expected a number of at least 1")
    problems += _find_wrong_tables(tables)
    if problems:
        raise UsageError(list_problems("this cannot be attributed:", problems))


def _find_wrong_tables(tables: Mapping[str, Any]) -> list[str]:
    """List tables and columns that accounts read and are not there."""
    problems = [f"tables: no table {name}; give what load_tables returns" for name in TABLES if name not in tables]
    return problems + [
        f"tables: {name} has no column {column}"
        for name, columns in TABLES.items()
        if name in tables
        for column in columns
        if column not in tables[name]
    ]


def _find_wrong_names(title: str, names: Sequence[str], known: Sequence[str]) -> list[str]:
    """List what is wrong with names asked for."""
    if isinstance(names, str):
        return [f"{title}: found the text {names!r}, expected a list of names"]
    listed = list(names)
    problems = [] if listed else [f"{title}: found none, expected at least one"]
    problems += [f"{title}: {name} is there twice" for name in dict.fromkeys(listed) if listed.count(name) > 1]
    return problems + [f"{title}: no {name!r} here{suggest(str(name), known)}" for name in listed if name not in known]


def choose_networks(results: xr.Dataset, networks: Any) -> dict[str, list[Any]]:
    """Return networks by scenario.

    Parameters
    ----------
    results : xarray.Dataset
        With or without dim ``scenario``.
    networks : object
        A sequence of networks, or of networks and results, or a mapping of such by scenario, or None.

    Returns
    -------
    dict of str to list
        Networks alone; the only scenario has no name. Empty if there are none.

    Raises
    ------
    UsageError
        If scenarios and networks do not belong together.
    """
    if networks is None:
        return {}
    names = [str(name) for name in results["scenario"].to_numpy()] if "scenario" in results.dims else [""]
    given = dict(networks) if isinstance(networks, Mapping) else {names[0]: networks}
    if names == [""] and len(given) == 1:
        given = {"": next(iter(given.values()))}
    strange, missing = [name for name in given if name not in names], [name for name in names if name not in given]
    if strange or missing:
        told = [f"networks: of scenario {name!r}, which is not in the results" for name in strange]
        told += [f"networks: none of scenario {name!r}" for name in missing]
        raise UsageError(list_problems("networks do not fit the results:", told))
    found = {name: [each[0] if isinstance(each, tuple) else each for each in listed] for name, listed in given.items()}
    years = sorted(set(results.indexes["snapshot"].year))
    for name, listed in found.items():
        own = sorted({year for n in listed for year in n.snapshots.year})
        if own != years:
            of = f" of scenario {name!r}" if name else ""
            raise UsageError(f"networks{of}: of {own}, but the results are of {years}; give one for each year")
    return found


def _find_wrong_areas(results: xr.Dataset, areas: Mapping[str, Sequence[str]] | None) -> list[str]:
    """List areas without buses, and buses there are not."""
    if areas is None:
        return []
    if not hasattr(areas, "items"):
        return [f"areas: found {type(areas).__name__}, expected a mapping of names to lists of buses"]
    buses = results["bus"].to_numpy().astype(str).tolist()
    problems = [] if areas else ["areas: found none, expected at least one"]
    for name, listed in areas.items():
        if isinstance(listed, str) or not isinstance(listed, Iterable):
            problems.append(f"areas: {name}: found {listed!r}, expected a list of buses")
        else:
            problems += _find_wrong_names(f"areas: {name}", list(listed), buses)
    return problems
