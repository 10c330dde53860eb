"""What tanks hold when the first snapshot begins."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from energyflows.errors import suggest
from energyflows.tracing._mixing import Floats
from energyflows.tracing._reading import UNKNOWN, Figures, Parts
from energyflows.tracing._stacking import list_leads

START = ("cyclic", "chained")
_SUM_TOLERANCE = 1e-6


def find_period(ds: xr.Dataset, start: str) -> int:
    """Return the position of the last snapshot of the period that ends as it begins.

    Parameters
    ----------
    ds : xarray.Dataset
        Results.
    start : {"cyclic", "chained"}
        All snapshots, or the first year of them.

    Returns
    -------
    int
        From zero.
    """
    snapshots = ds.indexes["snapshot"]
    if start == "cyclic" or not isinstance(snapshots, pd.DatetimeIndex):
        return len(snapshots) - 1
    return int(np.flatnonzero(snapshots.year == snapshots.year[0])[-1])


def label_shares(start: Any) -> xr.DataArray | None:
    """Return given shares with dims ``tank, origin``, or nothing if these are none."""
    if isinstance(start, pd.DataFrame):
        names = {"tank": start.index.astype(str), "origin": start.columns.astype(str)}
        try:
            return xr.DataArray(start.to_numpy(dtype=float), dims=("tank", "origin"), coords=names)
        except (TypeError, ValueError):
            return None
    if isinstance(start, xr.DataArray) and {"tank", "origin"} <= set(start.dims):
        return start
    return None


def find_wrong_shares(shares: xr.DataArray, ds: xr.Dataset) -> list[str]:
    """List what is wrong with given shares.

    Parameters
    ----------
    shares : xarray.DataArray
        With dims ``tank, origin``.
    ds : xarray.Dataset
        Results that can be traced.

    Returns
    -------
    list of str
        One sentence for each problem.
    """
    tanks = name_tanks(ds)
    known = [*tanks, *tanks.values()]
    given = [str(name) for name in shares["tank"].to_numpy()]
    strangers = [dim for dim in shares.dims if dim not in {"tank", "origin", *list_leads(ds)}]
    problems = [f"start: dim {dim} is not one of the results" for dim in strangers]
    problems += [
        f"start: not all of {dim} in the results are there"
        for dim in list_leads(ds)
        if dim in shares.dims and not set(ds[dim].to_numpy().tolist()) <= set(shares[dim].to_numpy().tolist())
    ]
    problems += [f"start: no tank {name!r}{suggest(name, known)}" for name in given if name not in known]
    problems += [f"start: tank {name} is there twice" for name in dict.fromkeys(given) if given.count(name) > 1]
    problems += [f"start: no shares for tank {tank}" for tank, zone in tanks.items() if not {tank, zone} & set(given)]
    # A row without any share is a tank of which nothing is known.
    blank = shares.count("origin") == 0
    wrong = ((shares < 0) | ~np.isfinite(shares)) & ~blank
    problems += [f"start: {int(wrong.sum())} shares below zero or missing"] if bool(wrong.any()) else []
    total = shares.sum("origin")
    off = ((abs(total - 1) > _SUM_TOLERANCE) & ~blank).any([dim for dim in total.dims if dim != "tank"])
    odd = [name for name, bad in zip(given, off.to_numpy(), strict=True) if bad]
    return problems + [f"start: shares of tank {name} do not sum to 1; divide by their sum" for name in odd]


def name_tanks(ds: xr.Dataset) -> dict[str, str]:
    """Return the zone of each tank: the only one its withdrawal leads to, else its own bus."""
    if not ds.sizes.get("store", 0):
        return {}
    inner = ds["is_storage_link"].to_numpy() if "is_storage_link" in ds else np.zeros(ds.sizes["link"], dtype=bool)
    begins, ends = (ds[end].to_numpy()[inner].astype(str).tolist() for end in ("bus0", "bus1"))
    leads: dict[str, set[str]] = {}
    for begin, end in zip(begins, ends, strict=True):
        leads.setdefault(begin, set()).add(end)
    own = set(ds["store_bus"].to_numpy().astype(str).tolist())
    tanks = [bus for bus in ds["bus"].to_numpy().astype(str).tolist() if bus in own]
    return {bus: leads[bus].copy().pop() if len(leads.get(bus, ())) == 1 else bus for bus in tanks}


def place_shares(shares: xr.DataArray, ds: xr.Dataset, parts: Parts, figures: Figures) -> Floats:
    """Return given shares by lead, tank and origin.

    Parameters
    ----------
    shares : xarray.DataArray
        Checked.
    ds : xarray.Dataset
        Results.
    parts : Parts
        Of the results.
    figures : Figures
        Of the results.

    Returns
    -------
    numpy.ndarray
        In the order of ``parts``.
    """
    tanks, leads = name_tanks(ds), list_leads(ds)
    given = set(shares["tank"].to_numpy().astype(str).tolist())
    rows = [tank if tank in given else zone for tank, zone in tanks.items()]
    picked = shares.sel(tank=rows).drop_vars("tank")
    chosen = picked.reindex(origin=parts.origins, fill_value=0.0)
    chosen = chosen.where(picked.count("origin") > 0, (chosen["origin"] == UNKNOWN).astype(float))
    sizes = {dim: ds.sizes[dim] for dim in leads if dim not in chosen.dims}
    aligned = chosen.sel({dim: ds[dim].to_numpy() for dim in leads if dim in chosen.dims})
    values = aligned.expand_dims(sizes).transpose(*leads, "tank", "origin").to_numpy().astype(float)
    return values.reshape(len(figures.consumed), len(rows), len(parts.origins))
