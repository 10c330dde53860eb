"""Whether results balance."""

from __future__ import annotations

import numpy as np
import xarray as xr

from energyflows.errors import ResultsError, list_problems, require
from energyflows.results._layout import UNITS

REQUIRED = (
    "supplied",
    "consumed",
    "unserved",
    "response",
    "sent",
    "received",
    "lost",
    "stored",
    "injected",
    "withdrawn",
    "price",
    "capacity",
    "utilisation",
    "objective",
)
COORDS = (
    "weight_days",
    "country",
    "carrier",
    "efficiency",
    "is_storage_link",
    "bus0",
    "bus1",
    "generator_bus",
    "generator_origin",
    "store_bus",
)
#: Never negative, by the dim they stand on; consumption may be, where a load feeds in.
_NEVER_NEGATIVE = {
    "unserved": "bus",
    "response": "bus",
    "sent": "link",
    "received": "link",
    "supplied": "generator",
    "stored": "store",
    "injected": "store",
    "withdrawn": "store",
}
TOLERANCE = 1e-6


def balance_buses(ds: xr.Dataset) -> xr.DataArray:
    r"""Return what enters each bus less what leaves it.

    Parameters
    ----------
    ds : xarray.Dataset
        Results.

    Returns
    -------
    xarray.DataArray, [GWh/d]
        Dims ``snapshot, bus`` and any leading dims; zero where the balance closes.

    Notes
    -----
    .. math:: \sum_g s_g + \sum_l r_l + \sum_s w_s - \sum_l f_l - \sum_s i_s - c
    """
    balance = -ds["consumed"]
    for name, dim, place, sign in (
        ("supplied", "generator", "generator_bus", 1),
        ("received", "link", "bus1", 1),
        ("sent", "link", "bus0", -1),
        ("withdrawn", "store", "store_bus", 1),
        ("injected", "store", "store_bus", -1),
    ):
        if ds.sizes.get(dim, 0):
            balance = balance + sign * sum_at(ds[name], ds[place], ds["bus"])
    return balance.assign_attrs(units="GWh/d")


def sum_at(array: xr.DataArray, place: xr.DataArray, bus: xr.DataArray) -> xr.DataArray:
    """Add up elements by the bus they stand at.

    Parameters
    ----------
    array : xarray.DataArray
        With the dim of ``place``.
    place : xarray.DataArray
        Bus of each element.
    bus : xarray.DataArray
        Buses wanted.

    Returns
    -------
    xarray.DataArray
        ``array`` with that dim replaced by ``bus``; zero where nothing stands.
    """
    dim = str(place.dims[0])
    member = xr.DataArray(
        (place.to_numpy()[:, None] == bus.to_numpy()[None, :]).astype(float),
        dims=(dim, "bus"),
        coords={"bus": bus.to_numpy()},
    )
    bare = array.drop_vars([name for name in array.coords if array[name].dims == (dim,)])
    return bare.dot(member, dim=dim)


def check_results(ds: xr.Dataset) -> None:
    """Check that a dataset meets the results contract.

    Parameters
    ----------
    ds : xarray.Dataset
        From :func:`energyflows.read_results`, a file, or any other program.

    Raises
    ------
    ResultsError
        If a variable is missing, has gaps or another unit, a bus does not balance to 1e-6 of what passes through it, a
        flow exceeds its capacity, or something that cannot be negative is; all at once, with bus and snapshot.
    """
    require(ds, "data_vars coords", "an xarray.Dataset of results")
    missing = [name for name in (*REQUIRED, *COORDS) if name not in ds]
    if missing:
        raise ResultsError(f"not results of energyflows: no variable {', '.join(missing)}")
    problems = _find_wrong_units(ds) + _find_gaps(ds)
    balance = balance_buses(ds)
    through = ds["consumed"] + sum_at(ds["sent"], ds["bus0"], ds["bus"]) + sum_at(ds["received"], ds["bus1"], ds["bus"])
    problems += _tell_worst("bus does not balance", abs(balance) / through.clip(min=1.0), "bus")
    over = (ds["sent"] - ds["capacity"]) / ds["capacity"].clip(min=1.0)
    problems += _tell_worst("flow above capacity", over, "link")
    for name, dim in _NEVER_NEGATIVE.items():
        if ds.sizes.get(dim, 0):
            problems += _tell_worst(f"{name} is negative", -ds[name] / abs(ds[name]).max().clip(min=1.0), dim)
    if problems:
        raise ResultsError(list_problems(f"{len(problems)} problem(s) in the results:", problems))


def _find_wrong_units(ds: xr.Dataset) -> list[str]:
    """List variables that do not state the unit they are read in."""
    found = {name: ds[name].attrs.get("units") for name in REQUIRED}
    return [
        f"{name}: found {unit!r} as attribute 'units', expected {UNITS[name]!r}"
        for name, unit in found.items()
        if unit != UNITS[name]
    ]


def _find_gaps(ds: xr.Dataset) -> list[str]:
    """List variables with missing values; only the use of a link without capacity has none."""
    arrays = (ds[name] for name in REQUIRED if name != "utilisation")
    return [f"{array.name}: {int(array.isnull().sum())} missing values" for array in arrays if array.isnull().any()]


def _tell_worst(what: str, excess: xr.DataArray, dim: str) -> list[str]:
    """Say where an excess above the tolerance is largest; nothing if there is none."""
    bad = excess > TOLERANCE
    if not bool(bad.any()):
        return []
    worst = excess.stack(where=excess.dims).fillna(-np.inf)
    place = worst["where"].to_numpy()[int(np.argmax(worst.to_numpy()))]
    spot = ", ".join(f"{name} {value}" for name, value in zip(excess.dims, place, strict=True))
    names = sorted({str(name) for name in excess[dim].to_numpy()[bad.any([d for d in bad.dims if d != dim])]})
    return [f"{what}: worst at {spot} ({float(worst.max()):.2g} relative); in all {', '.join(names[:5])}"]


def sum_energy(rate: xr.DataArray, ds: xr.Dataset) -> xr.DataArray:
    """Return yearly energy of a rate.

    Parameters
    ----------
    rate : xarray.DataArray, [GWh/d]
        With dim ``snapshot``.
    ds : xarray.Dataset
        Results, for the days of each snapshot.

    Returns
    -------
    xarray.DataArray, [TWh]
        With dim ``year`` instead of ``snapshot``; missing where any snapshot is.
    """
    energy = rate * ds["weight_days"] / 1e3
    return energy.groupby("snapshot.year").sum(skipna=False)
