"""Variables of results as plain arrays, with all scenarios and draws behind each other."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import numpy as np
import xarray as xr

from energyflows.tracing._mixing import Floats, Positions

#: Variables needed, and the dim each stands on beside the snapshots.
NEEDED = {
    "supplied": "generator",
    "consumed": "bus",
    "sent": "link",
    "received": "link",
    "stored": "store",
    "injected": "store",
    "withdrawn": "store",
}


def list_leads(ds: xr.Dataset, needed: Mapping[str, str] = NEEDED) -> list[Hashable]:
    """Return the dims of results beside snapshots and elements."""
    dims = [dim for name, own in needed.items() if name in ds for dim in ds[name].dims if dim not in {"snapshot", own}]
    return list(dict.fromkeys(dims))


def stack(ds: xr.Dataset, name: str, leads: list[Hashable]) -> Floats:
    """Return a variable by lead, snapshot and element."""
    array = ds[name]
    missing = {dim: ds.sizes[dim] for dim in leads if dim not in array.dims}
    ordered = array.expand_dims(missing).transpose(*leads, "snapshot", NEEDED[name])
    values = np.asarray(ordered.to_numpy(), dtype=float)
    return values.reshape(int(np.prod([ds.sizes[dim] for dim in leads], dtype=int)), *values.shape[-2:])


def locate(ds: xr.Dataset, name: str) -> Positions:
    """Return the position of the bus of each element."""
    position = {bus: place for place, bus in enumerate(ds["bus"].to_numpy().astype(str).tolist())}
    return np.array([position[bus] for bus in ds[name].to_numpy().astype(str).tolist()], dtype=np.intp)


def find_tanks(ds: xr.Dataset) -> Positions:
    """Return the positions of the buses with stores."""
    return np.unique(locate(ds, "store_bus")) if ds.sizes.get("store", 0) else np.zeros(0, dtype=np.intp)


def sum_at(values: Floats, places: Positions, targets: Positions) -> Floats:
    """Add up elements, along the last axis, by the bus they stand at; targets in rising order hold all of these."""
    summed = np.zeros((*values.shape[:-1], len(targets)))
    if len(places):
        # Without a product of matrices, whose threads wait for each other on a busy machine.
        order = np.argsort(places, kind="stable")
        found, firsts = np.unique(places[order], return_index=True)
        summed[..., np.searchsorted(targets, found)] = np.add.reduceat(values[..., order], firsts, axis=-1)
    return summed
