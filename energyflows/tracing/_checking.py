"""Whether results can be traced."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from energyflows.errors import suggest
from energyflows.tracing._mixing import Flags, Floats
from energyflows.tracing._stacking import NEEDED, find_tanks, list_leads, locate, stack, sum_at

#: Coordinates needed, and their dim.
_PLACES = {
    "weight_days": "snapshot",
    "bus0": "link",
    "bus1": "link",
    "generator_bus": "generator",
    "generator_origin": "generator",
    "store_bus": "store",
}
#: Relative to what passes through a bus, and to the highest level of a tank.
TOLERANCE = 1e-6
#: Relative to the largest of all, so that a small bus may have the rounding of a large one.
_LEAST = 1e-9
_SHOWN = 5


def find_problems(ds: xr.Dataset) -> list[str]:
    """List what keeps results from being traced.

    Parameters
    ----------
    ds : xarray.Dataset
        Results.

    Returns
    -------
    list of str
        One sentence for each; the first kind of problem that makes it useless to look on ends the list.
    """
    missing = _find_missing(ds)
    if missing:
        return missing
    problems = [*_find_unknown_buses(ds), *_find_unnamed_origins(ds), *_find_gaps(ds)]
    if problems:
        return problems
    leads = list_leads(ds)
    stored = ds.sizes.get("store", 0) > 0
    stacks = {name: stack(ds, name, leads) for name, dim in NEEDED.items() if dim != "store" or stored}
    looks = (_find_negative, _find_overdrawn, _find_unbalanced)
    return [problem for look in looks for problem in look(ds, stacks)]


def _find_missing(ds: xr.Dataset) -> list[str]:
    """List variables and coordinates that are not there or stand on other dims."""
    dims = [dim for dim in ("snapshot", "bus", "link", "generator") if dim not in ds.dims]
    wanted = {name: ("snapshot", dim) for name, dim in NEEDED.items()} | {name: (d,) for name, d in _PLACES.items()}
    without = {"store"} if not ds.sizes.get("store", 0) else set()
    wanted = {name: where for name, where in wanted.items() if without.isdisjoint(where)}
    lost = [name for name in wanted if name not in ds]
    astray = [name for name, where in wanted.items() if name in ds and not set(where) <= set(ds[name].dims)]
    problems = [f"no dim {', '.join(dims)}"] if dims else []
    problems += [f"no variable or coordinate {', '.join(lost)}"] if lost else []
    return problems + [
        f"{name}: found dims {', '.join(map(str, ds[name].dims))}, expected {', '.join(wanted[name])}"
        for name in astray
    ]


def _find_unknown_buses(ds: xr.Dataset) -> list[str]:
    """List elements that stand at a bus there is not."""
    buses = [str(bus) for bus in ds["bus"].to_numpy()]
    known = set(buses)
    return [
        f"{dim} {element}: {name} is {str(bus)!r}, which is not a bus{suggest(str(bus), buses)}"
        for name, dim in _PLACES.items()
        if dim != "snapshot" and name != "generator_origin" and ds.sizes.get(dim, 0)
        for element, bus in zip(ds[dim].to_numpy(), ds[name].to_numpy(), strict=True)
        if str(bus) not in known
    ]


def _find_unnamed_origins(ds: xr.Dataset) -> list[str]:
    """List generators without an origin."""
    named = zip(ds["generator"].to_numpy(), ds["generator_origin"].to_numpy(), strict=True)
    blank = [str(name) for name, origin in named if str(origin).strip() in {"", "nan", "None"}]
    return [f"generator {name}: no generator_origin" for name in blank]


def _find_gaps(ds: xr.Dataset) -> list[str]:
    """List variables with values that are no numbers."""
    found = []
    for name in [name for name, dim in NEEDED.items() if ds.sizes.get(dim, 0)] + ["weight_days"]:
        bad = ~np.isfinite(ds[name].to_numpy())
        if bad.any():
            place = _tell_place(ds, ds[name].dims, bad)
            found.append(f"{name}: {int(bad.sum())} values missing or infinite, first at {place}")
    return found


def _find_negative(ds: xr.Dataset, stacks: dict[str, Floats]) -> list[str]:
    """List what cannot be negative but is."""
    days = ds["weight_days"].to_numpy()
    found = [f"weight_days: found {days.min():g}, expected days above zero"] if (days <= 0).any() else []
    for name, values in stacks.items():
        least = TOLERANCE * np.abs(values).max(initial=0.0)
        unit = "GWh" if name == "stored" else "GWh/d"
        found += _tell_worst(ds, (f"{name} is negative", unit), NEEDED[name], -values, -values > least)
    return found


def _find_overdrawn(ds: xr.Dataset, stacks: dict[str, Floats]) -> list[str]:
    """List tanks that give more than they can have held."""
    tanks = find_tanks(ds)
    if not len(tanks):
        return []
    moved = (stacks["injected"] - stacks["withdrawn"])[:, :1] * ds["weight_days"].to_numpy()[0]
    below = -sum_at(stacks["stored"][:, :1] - moved, locate(ds, "store_bus"), tanks)
    least = TOLERANCE * stacks["stored"].max(initial=0.0)
    what = ("begins below zero, for it gives more than it held", "GWh")
    named = ds.isel(snapshot=[0]).assign_coords(tank=ds["bus"].to_numpy()[tanks])
    return _tell_worst(named, what, "tank", below, below > least)


def _find_unbalanced(ds: xr.Dataset, stacks: dict[str, Floats]) -> list[str]:
    """List buses where more leaves than enters, or less."""
    buses = np.arange(ds.sizes["bus"])
    leaving = stacks["consumed"] + sum_at(stacks["sent"], locate(ds, "bus0"), buses)
    entering = sum_at(stacks["received"], locate(ds, "bus1"), buses)
    entering += sum_at(stacks["supplied"], locate(ds, "generator_bus"), buses)
    if "stored" in stacks:
        leaving += sum_at(stacks["injected"], locate(ds, "store_bus"), buses)
        entering += sum_at(stacks["withdrawn"], locate(ds, "store_bus"), buses)
    allowed = TOLERANCE * leaving + _LEAST * leaving.max(initial=0.0)
    less, more = leaving - entering, entering - leaving
    return [
        *_tell_worst(ds, ("more leaves than enters", "GWh/d"), "bus", less, less > allowed),
        *_tell_worst(ds, ("more enters than leaves", "GWh/d"), "bus", more, more > allowed),
    ]


def _tell_worst(ds: xr.Dataset, what: tuple[str, str], dim: str, size: Floats, bad: Flags) -> list[str]:
    """Say of each element where something is worst; ``what`` is it and its unit."""
    if not bad.any():
        return []
    leads = list_leads(ds)
    shape = [ds.sizes[lead] for lead in leads]
    told, wrong = [], np.flatnonzero(bad.any(axis=(0, 1)))
    for element in wrong[:_SHOWN]:
        one = np.where(bad[..., element], size[..., element], -np.inf)
        place = _tell_place(ds, (*leads, "snapshot"), (one == one.max()).reshape(*shape, -1))
        told.append(f"{dim} {ds[dim].to_numpy()[element]}: {what[0]}; worst {one.max():.4g} {what[1]} at {place}")
    return [*told, f"… and {len(wrong) - _SHOWN} more: {what[0]}"] if len(wrong) > _SHOWN else told


def _tell_place(ds: xr.Dataset, dims: tuple[Any, ...], where: npt.NDArray[np.bool_]) -> str:
    """Name the first place at which something holds."""
    place = np.unravel_index(int(np.argmax(where)), where.shape)
    return ", ".join(f"{dim} {_name(ds[dim].to_numpy()[i])}" for dim, i in zip(dims, place, strict=True))


def _name(label: object) -> str:
    """Return a label as it is written."""
    return np.datetime_as_string(label, unit="D") if isinstance(label, np.datetime64) else str(label)
