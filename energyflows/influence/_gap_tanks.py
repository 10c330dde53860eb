"""Stores as the programme of the gap takes them: levels, and how far and how fast they may be filled."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from energyflows.influence.curtailment import Floats

Positions = npt.NDArray[np.intp]

#: Variables read, and the dim each stands on beside the snapshots.
TANKS = {"stored": "store", "injected": "store", "withdrawn": "store"}
#: A change of level below this part of the highest is rounding.
_LEAST = 1e-6


class Tanks(NamedTuple):
    """Stores at buses ``places``: rates GWh/d, levels GWh, by snapshot and store.

    ``net`` is injected less withdrawn, ``slowest`` and ``fastest`` its bounds; ``lost`` left a store though no flow
    explains it; ``fullest`` is the most it may hold.
    """

    places: Positions
    net: Floats
    slowest: Floats
    fastest: Floats
    level: Floats
    fullest: Floats
    lost: Floats


def take_rates(ds: xr.Dataset, name: str, dim: str) -> Floats:
    """Return a variable without leads as an array.

    Parameters
    ----------
    ds : xarray.Dataset
        Results of one scenario, one draw.
    name, dim : str
        The variable, and its dim beside the snapshots.

    Returns
    -------
    numpy.ndarray
        By snapshot and element.
    """
    return np.asarray(ds[name].transpose("snapshot", dim).to_numpy(), dtype=float)


def read_tanks(ds: xr.Dataset, at: pd.Index) -> Tanks:
    """Read the stores of a year.

    Parameters
    ----------
    ds : xarray.Dataset
        Results of one scenario, one draw, one year.
    at : pandas.Index
        Names of buses.

    Returns
    -------
    Tanks
        A store that links of its own join to the rest is as fast as they are; another no faster than it was.
    """
    if not ds.sizes.get("store", 0):
        none = np.zeros((ds.sizes["snapshot"], 0))
        return Tanks(np.zeros(0, dtype=np.intp), none, none[0], none[0], none, none[0], none)
    places = at.get_indexer(ds["store_bus"].to_numpy().astype(str))
    level, injected, withdrawn = (take_rates(ds, name, dim) for name, dim in TANKS.items())
    net, days = injected - withdrawn, ds["weight_days"].to_numpy().astype(float)
    start = np.maximum(level[0] - net[0] * days[0], 0.0)
    jump = np.diff(level, axis=0, prepend=start[None, :]) - net * days[:, None]
    bound = np.isin(places, _list_open(ds, at))
    fullest = np.maximum(level.max(axis=0), start)
    return Tanks(
        places=places,
        net=net,
        slowest=np.where(bound, -withdrawn.max(axis=0), -np.inf),
        fastest=np.where(bound, injected.max(axis=0), np.inf),
        level=level,
        fullest=fullest,
        lost=np.where(jump < -_LEAST * fullest, -jump, 0.0),
    )


def _list_open(ds: xr.Dataset, at: pd.Index) -> Positions:
    """List buses that consume, produce or are on the way to others: there no link bounds a store."""
    eating = np.flatnonzero(take_rates(ds, "consumed", "bus").any(axis=0))
    passing = ds.isel(link=~ds["is_storage_link"].to_numpy().astype(bool))
    ends = [passing["bus0"], passing["bus1"], ds["generator_bus"]]
    named = np.concatenate([end.to_numpy().astype(str) for end in ends])
    return np.union1d(eating, at.get_indexer(named))
