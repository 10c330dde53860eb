"""How far each account is known: its figure, the least and the most it can be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from energyflows.influence._contracts import Allot, World, hold_contracts
from energyflows.influence._papers import UNLABELLED
from energyflows.influence.gap import measure_gap
from energyflows.influence.vertices import trace_vertices
from energyflows.results import sum_energy
from energyflows.tracing import bound_delivered

#: Ways to say who is cut first; the middle one gives the figure, all of them the range.
_CURTAILMENTS = ("firm", "pro-rata", "last-in")
_MIDDLE = "pro-rata"


class Account(NamedTuple):
    """Figures of one account, TWh by leads, year, place and origin; ranges are NaN where none is known."""

    volume: xr.DataArray
    low: xr.DataArray
    high: xr.DataArray


class Options(NamedTuple):
    """What is asked for."""

    accounts: tuple[str, ...]
    areas: dict[str, list[str]]
    dim: str
    origins: list[str]
    naming: str


def sum_places(volume: xr.DataArray, options: Options) -> xr.DataArray:
    """Return volumes of the places asked for."""
    bare = volume.drop_vars([name for name in volume.coords if name not in volume.dims])
    if options.dim == "bus":
        return bare.sel(bus=list(options.areas))
    parts = [bare.sel(bus=buses).sum("bus", skipna=False) for buses in options.areas.values()]
    return xr.concat(parts, dim=pd.Index(list(options.areas), name="area"))


def leave_open(volume: xr.DataArray) -> Account:
    none = xr.full_like(volume, np.nan)
    return Account(volume, none, none)


def bound_claims(ds: xr.Dataset, molecules: xr.Dataset, options: Options) -> xr.DataArray:
    """Return the most of each origin that any relabelling inside the given flows could claim."""
    areas = None if options.dim == "bus" else options.areas
    found = bound_delivered(ds, areas=areas, origins=options.origins, before=molecules["stored_before"])["high"]
    return found.sel(bus=list(options.areas)) if areas is None else found


def bound_labels(named: xr.DataArray, strict: xr.DataArray, claimable: xr.DataArray, options: Options) -> Account:
    """Return labels: at least what contracts say, at most what gas without a label could add to them."""
    names = {*named["origin"].to_numpy().tolist(), *strict["origin"].to_numpy().tolist()}
    origins = sorted({*names, *options.origins, UNLABELLED})
    volume, least = (sum_places(each.reindex(origin=origins, fill_value=0.0), options) for each in (named, strict))
    free = volume.sel(origin=UNLABELLED, drop=True)
    most = (volume + free).where(volume["origin"] != UNLABELLED, volume)
    least = least.where(least < volume, volume).where(volume["origin"] != UNLABELLED, 0.0)
    possible = claimable.reindex(origin=origins)
    most = most.where(most < possible, possible)
    most = most.where(most > volume, volume)
    told = volume["origin"].isin([*options.origins, UNLABELLED])
    return Account(volume, *(end.where(told).transpose(*volume.dims) for end in (least, most)))


def bound_molecules(
    molecules: xr.Dataset,
    networks: Sequence[Any] | None,
    allot: Allot | None,
    options: Options,
) -> Account:
    """Return traced volumes, with their range if networks to re-solve are there."""
    volume = sum_places(sum_energy(molecules["delivered"], molecules), options)
    if networks is None:
        return leave_open(volume)
    found = trace_vertices(networks, areas=options.areas, origins=options.origins, allot=allot)
    low, high = (
        found[name].rename({"area": options.dim}).reindex(origin=volume["origin"], fill_value=0.0)
        for name in ("low", "high")
    )
    return Account(volume, low.where(low < volume, volume), high.where(high > volume, volume))


def displace(ds: xr.Dataset, world: World, options: Options) -> Account:
    """Return what would be missing without each supplier, over the rules of curtailment."""
    gap = measure_gap(ds, options.origins, contracts=hold_contracts(ds, world), curtailments=_CURTAILMENTS, flows=False)
    fall = sum_places(gap["fall"], options)
    found = (fall.sel(curtailment=_MIDDLE, drop=True), fall.min("curtailment"), fall.max("curtailment"))
    # Origins nobody asked about are not known, rather than zero.
    return Account(*(each.assign_attrs(partial=True) for each in found))
