"""Results behind or beside each other; elements that only some have are zero in the others."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

#: Dims along which elements may differ.
_ELEMENTS = ("bus", "generator", "link", "store")


def join_years(parts: Sequence[xr.Dataset]) -> xr.Dataset:
    """Put results of consecutive years behind each other.

    Parameters
    ----------
    parts : sequence of xarray.Dataset
        Results, year by year.

    Returns
    -------
    xarray.Dataset
        Along ``snapshot``; fixed columns from the last part, ``objective`` the sum.
    """
    if len(parts) == 1:
        return parts[0]
    timed = [part.drop_vars("objective").reset_coords(drop=False) for part in align(parts)]
    fixed = {name: array for name, array in timed[-1].items() if "snapshot" not in array.dims}
    joined = xr.concat(
        [part.drop_vars(list(fixed)) for part in timed],
        dim="snapshot",
        join="exact",
        combine_attrs="override",
        coords="minimal",
        compat="override",
    )
    joined["objective"] = sum(part["objective"] for part in parts)
    joined["objective"].attrs = parts[0]["objective"].attrs
    joined.attrs["meta"] = _join_meta(parts)
    return joined.assign_coords({**fixed, "weight_days": joined["weight_days"]})


def _join_meta(parts: Sequence[xr.Dataset]) -> str:
    """Return the description of the last part with the years and notes of all."""
    described = [read_meta(part) for part in parts]
    years = [year for meta in described for year in meta.get("years", [])]
    scenarios = [meta["scenario"] for meta in described if "scenario" in meta]
    told = {"scenario": _join_notes(scenarios)} if scenarios else {}
    return json.dumps({**described[-1], "years": years, **told})


def _join_notes(scenarios: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what is to be said about a scenario in all its years; the same sentence once."""
    notes = dict.fromkeys(note for scenario in scenarios for note in scenario["notes"])
    labels = {json.dumps(label, sort_keys=True): label for scenario in scenarios for label in scenario["labels"]}
    return {**scenarios[-1], "notes": list(notes), "labels": list(labels.values())}


def read_meta(ds: xr.Dataset) -> dict[str, Any]:
    """Return the description of results.

    Parameters
    ----------
    ds : xarray.Dataset
        Results.

    Returns
    -------
    dict
        ``scenario`` as a mapping, if the network went through :func:`energyflows.scenarios.apply`.
    """
    meta: dict[str, Any] = json.loads(ds.attrs.get("meta", "{}"))
    if isinstance(meta.get("scenario"), str):
        meta["scenario"] = json.loads(meta["scenario"])
    return meta


def join_scenarios(parts: Mapping[str, xr.Dataset]) -> xr.Dataset:
    """Put results of several scenarios beside each other.

    Parameters
    ----------
    parts : mapping of str to xarray.Dataset
        Results by name of the scenario, with the same snapshots.

    Returns
    -------
    xarray.Dataset
        Dim ``scenario`` first; what a scenario lacks is zero. ``attrs["meta"]`` is JSON text whose ``scenarios`` hold
        notes, labels and ownership by name.
    """
    fixed = list(parts.values())[-1]
    even = [part.reset_coords(drop=False) for part in align(list(parts.values()))]
    constant = [name for name in even[0] if name in fixed.coords and name not in fixed.dims]
    joined = xr.concat(
        [part.drop_vars(constant) for part in even], dim="scenario", join="exact", combine_attrs="override"
    )
    names = np.array(list(parts), dtype=object)
    joined = joined.assign_coords(scenario=names).assign_coords({name: even[0][name] for name in constant})
    metas = {name: read_meta(part) for name, part in parts.items()}
    common = {key: value for key, value in next(iter(metas.values())).items() if key != "scenario"}
    told = {name: meta.get("scenario", {"notes": [], "labels": [], "ownership": []}) for name, meta in metas.items()}
    joined.attrs["meta"] = json.dumps({**common, "scenarios": told})
    return joined


def align(parts: Sequence[xr.Dataset]) -> list[xr.Dataset]:
    """Give results the elements of all of them.

    Parameters
    ----------
    parts : sequence of xarray.Dataset
        Results.

    Returns
    -------
    list of xarray.Dataset
        The same if their elements are, in one order; else with zero figures where there was no such element, and with
        its fixed columns from the first part that has it.
    """
    wanted = {dim: _unite(part[dim].to_numpy() for part in parts) for dim in _ELEMENTS}
    if all(names == part[dim].to_numpy().tolist() for dim, names in wanted.items() for part in parts):
        return list(parts)
    columns = _unite_columns(parts, wanted)
    even = []
    for part in parts:
        bare = part.drop_vars([name for name in columns if name in part.coords])
        grown = bare.reindex(dict(wanted), fill_value=0.0)
        even.append(grown.assign_coords(columns))
    return even


def _unite(names: Iterable[np.ndarray]) -> list[str]:
    """Return all names, in the order in which they are first met."""
    return list(dict.fromkeys(name for each in names for name in each.tolist()))


def _unite_columns(parts: Sequence[xr.Dataset], wanted: Mapping[str, list[str]]) -> dict[str, tuple[str, list[Any]]]:
    """Return the fixed columns of all elements, by name of the column."""
    columns: dict[str, tuple[str, dict[Any, Any]]] = {}
    for part in parts:
        for name, array in part.coords.items():
            if name not in part.dims and array.dims and array.dims[0] in wanted and len(array.dims) == 1:
                dim = str(array.dims[0])
                values = columns.setdefault(str(name), (dim, {}))[1]
                for element, value in zip(part[dim].to_numpy(), array.to_numpy(), strict=True):
                    values.setdefault(element, value)
    return {name: (dim, [values[element] for element in wanted[dim]]) for name, (dim, values) in columns.items()}
