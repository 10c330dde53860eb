"""Results from files and folders, put beside each other."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from energyflows.errors import OutputError, ResultsError, list_problems
from energyflows.results import open_results

FILE = "results.nc"


def open_parts(paths: Sequence[Path]) -> dict[str, xr.Dataset]:
    """Open results with dim ``scenario``, each under its path.

    Parameters
    ----------
    paths : sequence of Path
        Files, or folders that hold some or have parts that do.

    Returns
    -------
    dict of str to xarray.Dataset
        By path.

    Raises
    ------
    OutputError
        If there are no results.
    """
    files = [file for path in paths for file in _find_files(path)]
    opened = {str(file): open_results(file) for file in files}
    return {
        name: ds if "scenario" in ds.dims else ds.expand_dims(scenario=[_name_own(ds, "reference")])
        for name, ds in opened.items()
    }


def open_side_by_side(paths: Sequence[Path]) -> xr.Dataset:
    """Open results and put them along one dim ``scenario``.

    Parameters
    ----------
    paths : sequence of Path
        Files or folders with one each; what has no scenarios is named after its folder or file.

    Returns
    -------
    xarray.Dataset
        Each scenario once; of two that differ under one name, the later is named after its folder too.

    Raises
    ------
    OutputError
        If a folder has no results, or parts of which one must be named.
    ResultsError
        If they are of other periods.
    """
    from energyflows.running import join_scenarios

    found: dict[str, xr.Dataset] = {}
    for path in paths:
        file = _find_file(path)
        ds = open_results(file)
        label = file.parent.absolute().name if file.name == FILE else file.stem
        for name, one in _split(ds, label).items():
            known = found.get(name)
            if known is None:
                found[name] = one
            elif not _agree(known, one):
                found[_name_apart(found, label, name, path)] = one
    _refuse_other_periods(found)
    return join_scenarios(found)


def _find_files(path: Path) -> list[Path]:
    """Return the results of a folder and of its parts."""
    if path.is_file():
        return [path]
    files = [path / FILE] if (path / FILE).is_file() else sorted(path.glob(f"*/{FILE}"))
    if not files:
        raise OutputError(f"{path}: found no {FILE}, expected a folder written with --out, or a file of results")
    return files


def _find_file(path: Path) -> Path:
    files = _find_files(path)
    if len(files) > 1:
        parts = ", ".join(str(file.parent) for file in files)
        raise OutputError(f"{path}: found a study of several parts, expected one of them: {parts}")
    return files[0]


def _split(ds: xr.Dataset, label: str) -> dict[str, xr.Dataset]:
    """Return each scenario of results by name, with what is told of it."""
    if "scenario" not in ds.dims:
        return {label: ds}
    meta = json.loads(ds.attrs.get("meta", "{}"))
    told = meta.pop("scenarios", {})
    plain: dict[str, list[str]] = {"notes": [], "labels": [], "ownership": []}
    return {
        str(name): ds.sel(scenario=name, drop=True).assign_attrs(
            meta=json.dumps({**meta, "scenario": told.get(str(name), plain)})
        )
        for name in ds["scenario"].to_numpy()
    }


def _name_own(ds: xr.Dataset, default: str) -> str:
    """Return what results call their scenario."""
    told = json.loads(ds.attrs.get("meta", "{}")).get("scenario", {})
    return str((json.loads(told) if isinstance(told, str) else told).get("name", default))


def _agree(one: xr.Dataset, other: xr.Dataset) -> bool:
    """Say whether two hold the same figures, whatever else was solved with them."""
    shared = {dim: [name for name in one[dim].to_numpy() if name in set(other[dim].to_numpy())] for dim in one.dims}
    ours, theirs = one.sel(shared), other.sel(shared)
    return all(
        np.allclose(ours[name].to_numpy(), theirs[name].transpose(*ours[name].dims).to_numpy(), equal_nan=True)
        for name in ours.data_vars
        if name in theirs
    )


def _name_apart(found: dict[str, xr.Dataset], label: str, name: str, path: Path) -> str:
    first = f"{label}/{name}" if name != label else str(path)
    return first if first not in found else f"{path}/{name}"


def _refuse_other_periods(found: dict[str, xr.Dataset]) -> None:
    (first, pattern), *others = found.items()
    days = pattern.indexes["snapshot"]
    problems = [
        f"{name}: {_tell_span(ds)}; {first}: {_tell_span(pattern)}"
        for name, ds in others
        if not ds.indexes["snapshot"].equals(days)
    ]
    if problems:
        raise ResultsError(list_problems("these results are not of the same periods:", problems))


def _tell_span(ds: xr.Dataset) -> str:
    days = ds.indexes["snapshot"]
    return f"{len(days)} from {days[0]:%Y-%m-%d} to {days[-1]:%Y-%m-%d}"
