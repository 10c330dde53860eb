"""What may be asked of accounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import xarray as xr

from energyflows.errors import ResultsError, UsageError, list_problems, suggest
from energyflows.influence._labels import NAMING

_COORDS = ("country", "bus_kind", "generator_origin", "generator_route", "generator_carrier", "carrier")


def check_arguments(
    results: xr.Dataset,
    accounts: Sequence[str],
    *,
    known: Sequence[str],
    areas: Mapping[str, Sequence[str]] | None,
    origins: Sequence[str] | None,
    **words: Any,
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
    **words : object
        ``naming``.

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
    listed = [accounts] if isinstance(accounts, str) else list(accounts)
    problems = ["accounts: found the text, expected a list of names"] if isinstance(accounts, str) else []
    problems += [] if listed else ["accounts: found none, expected at least one"]
    problems += [f"accounts: no account {name!r}{suggest(str(name), known)}" for name in listed if name not in known]
    problems += _find_wrong_areas(results, areas)
    origin = sorted(set(results["generator_origin"].to_numpy().astype(str)))
    problems += [
        f"origins: nothing is supplied from {name!r}{suggest(str(name), origin)}"
        for name in ([] if origins is None else origins)
        if name not in origin
    ]
    if words["naming"] not in NAMING:
        problems.append(f"naming: found {words['naming']!r}, expected {', '.join(map(repr, NAMING))}")
    if problems:
        raise UsageError(list_problems("this cannot be attributed:", problems))


def _find_wrong_areas(results: xr.Dataset, areas: Mapping[str, Sequence[str]] | None) -> list[str]:
    """List areas without buses, and buses there are not."""
    if areas is None:
        return []
    if not hasattr(areas, "items"):
        return [f"areas: found {type(areas).__name__}, expected a mapping of names to lists of buses"]
    buses = results["bus"].to_numpy().astype(str).tolist()
    problems = [f"areas: {name} has no buses" for name, listed in areas.items() if not list(listed)]
    problems += [
        f"areas: {name} is a text, expected a list of buses" for name, b in areas.items() if isinstance(b, str)
    ]
    return problems + [
        f"areas: {name}: no bus {bus!r} in these results{suggest(str(bus), buses)}"
        for name, listed in areas.items()
        if not isinstance(listed, str)
        for bus in listed
        if bus not in buses
    ]
