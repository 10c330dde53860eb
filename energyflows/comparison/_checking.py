"""What results must be to be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import xarray as xr

from energyflows.errors import ResultsError, UnknownNameError, UsageError, list_problems, require
from energyflows.results import UNITS

#: Variables and coordinates a comparison reads.
VARIABLES = (
    "supplied",
    "consumed",
    "unserved",
    "response",
    "received",
    "stored",
    "price",
    "objective",
)
COORDS = (
    "weight_days",
    "carrier",
    "bus0",
    "bus1",
    "is_storage_link",
    "generator_bus",
    "generator_origin",
    "store_bus",
)
Groups = Mapping[str, Sequence[str]]


def check_comparable(ds: xr.Dataset, reference: str) -> None:
    """Refuse results that cannot be compared.

    Parameters
    ----------
    ds : xarray.Dataset
        Results with dim ``scenario``.
    reference : str
        Scenario the others are compared with.

    Raises
    ------
    ResultsError
        If there is no dim ``scenario``, only one scenario, or variables are missing or in other units.
    UnknownNameError
        If there is no such reference.
    """
    require(ds, "data_vars coords sizes", "an xarray.Dataset of results")
    check_figures(ds)
    if "scenario" not in ds.dims:
        raise ResultsError(
            "these results have no dim 'scenario'; run several at once, as run(['reference', 'russian-stop'])"
        )
    names = [str(name) for name in ds["scenario"].to_numpy()]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ResultsError(f"scenario: found {', '.join(twice)} more than once, expected each name once")
    if reference not in names:
        raise UnknownNameError(f"reference: found {reference!r}, expected one of {', '.join(names)}")
    if len(names) < 2:
        raise ResultsError(f"found one scenario only, {names[0]}; expected a reference and at least one other")


def check_figures(ds: xr.Dataset) -> None:
    """Refuse a dataset that is no results, or in other units or without dates.

    Parameters
    ----------
    ds : xarray.Dataset
        With or without dim ``scenario``.

    Raises
    ------
    ResultsError
        Naming all that is wrong.
    """
    missing = [name for name in (*VARIABLES, *COORDS) if name not in ds]
    if missing:
        raise ResultsError(f"not results of energyflows: no variable {', '.join(missing)}")
    problems = [
        f"{name}: found {ds[name].attrs.get('units')!r} as attribute 'units', expected {UNITS[name]!r}"
        for name in VARIABLES
        if ds[name].attrs.get("units") != UNITS[name]
    ]
    dates = ds.indexes.get("snapshot")
    if not isinstance(dates, pd.DatetimeIndex) or not len(dates):
        problems.append("snapshot: found no dates, expected the day each period begins")
    if problems:
        raise ResultsError(list_problems(f"{len(problems)} problem(s) in the results to compare:", problems))


def check_groups(groups: Groups | None, ds: xr.Dataset) -> None:
    """Refuse groups of zones the results do not have.

    Parameters
    ----------
    groups : mapping of str to sequence of str or None
        Zones by name of the group.
    ds : xarray.Dataset
        Results.

    Raises
    ------
    UsageError
        If a group is empty, or text instead of a list.
    ResultsError
        If a zone is no bus of the results.
    """
    buses = {str(bus) for bus in ds["bus"].to_numpy()}
    problems = []
    for name, zones in (groups or {}).items():
        if isinstance(zones, str) or not len(zones):
            raise UsageError(f"groups: found {zones!r} for {name}, expected a list of zones")
        strange = sorted(set(zones) - buses)
        if strange:
            problems.append(f"{name}: no bus {', '.join(strange[:5])}")
    if problems:
        raise ResultsError(list_problems("these results lack zones of a group:", problems))
