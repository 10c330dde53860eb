"""One year of results as the programme of the gap takes it: positions and arrays, checked."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from energyflows.errors import ResultsError, list_problems, require
from energyflows.influence._gap_tanks import TANKS, Positions, Tanks, read_tanks, take_rates
from energyflows.influence.curtailment import Consumers, Floats
from energyflows.results import balance_buses, sum_at

#: Variables read, and the dim each stands on beside the snapshots.
_RATES = {"supplied": "generator", "consumed": "bus", "sent": "link", "received": "link", "capacity": "link"}
#: All of them, stores included.
VARIABLES = _RATES | TANKS
_PLACES = {"bus0": "link", "bus1": "link", "generator_bus": "generator", "store_bus": "store"}
_WORDS = {"carrier": "link", "is_storage_link": "link", "generator_origin": "generator"}
#: Relative to what passes through a bus; a flow or level below this part of the largest is rounding.
_TOLERANCE = 1e-6
_LEAST = 1e-9
_SHOWN = 5
_GWH_PER_TWH = 1e3


class Year(NamedTuple):
    """A year of results: rates GWh/d and levels GWh by snapshot and element, places as positions of buses.

    ``yields`` is received per sent, ``spare`` what a link could send beyond what it did; ``consumed`` stands at
    the buses ``eaters``; ``home`` tells generators with which a country serves itself.
    """

    number: int
    days: Floats
    buses: npt.NDArray[np.str_]
    begins: Positions
    ends: Positions
    sent: Floats
    spare: Floats
    yields: Floats
    places: Positions
    origins: npt.NDArray[np.str_]
    supplied: Floats
    eaters: Positions
    consumed: Floats
    home: npt.NDArray[np.bool_]
    tanks: Tanks

    def list_consumers(self, origin: str) -> Consumers:
        """Return what each consuming bus takes, and what it still produces itself without an origin, TWh."""
        left = self.days @ np.where(self.home & (self.origins != origin), self.supplied, 0.0) / _GWH_PER_TWH
        own = np.bincount(self.places, weights=left, minlength=len(self.buses)).astype(np.float64)
        return Consumers(self.buses[self.eaters], self.days @ self.consumed / _GWH_PER_TWH, own[self.eaters])


def check_readable(ds: xr.Dataset) -> None:
    """Refuse results that lack what the gap is computed from, or whose reference is no flow.

    Parameters
    ----------
    ds : xarray.Dataset
        Results, with any leads.

    Raises
    ------
    UsageError
        If it is no dataset.
    ResultsError
        If variables or coordinates are missing or have gaps, if elements stand at unknown buses, if snapshots are no
        dates, or if more or less enters a bus than leaves it; all of one kind at once.
    """
    require(ds, "data_vars coords", "an xarray.Dataset of results")
    for look in (_find_missing, _find_wrong, _find_unbalanced):
        problems = look(ds)
        if problems:
            raise ResultsError(list_problems("the gap cannot be measured in these results:", problems))


def _find_missing(ds: xr.Dataset) -> list[str]:
    """List what is not there or stands on other dims."""
    wanted: dict[str, tuple[str, ...]] = {name: ("snapshot", dim) for name, dim in VARIABLES.items()}
    wanted |= {name: (dim,) for name, dim in (_PLACES | _WORDS).items()} | {"weight_days": ("snapshot",)}
    if not ds.sizes.get("store", 0):
        wanted = {name: dims for name, dims in wanted.items() if "store" not in dims}
    lost = [name for name in wanted if name not in ds]
    problems = [f"no variable or coordinate {', '.join(lost)}"] if lost else []
    return problems + [
        f"{name}: found dims {', '.join(map(str, ds[name].dims)) or 'none'}, expected {', '.join(dims)}"
        for name, dims in wanted.items()
        if name in ds and not set(dims) <= set(ds[name].dims)
    ]


def _find_wrong(ds: xr.Dataset) -> list[str]:
    """List gaps, negative rates and unknown places."""
    problems = []
    if not isinstance(ds.indexes["snapshot"], pd.DatetimeIndex):
        problems.append("snapshot: found no dates, expected days by which years are told")
    for name, dim in (VARIABLES | {"weight_days": ""}).items():
        if dim and not ds.sizes.get(dim, 0):
            continue
        values = ds[name].to_numpy()
        # A capacity may be without bound.
        bad = np.isnan(values) if name == "capacity" else ~np.isfinite(values)
        if bad.any():
            problems.append(f"{name}: {int(bad.sum())} values missing or infinite")
        elif name != "consumed" and (values < -_TOLERANCE * abs(values).max()).any():
            problems.append(f"{name}: found {values.min():.4g}, expected nothing below zero")
    buses = set(ds["bus"].to_numpy().astype(str).tolist())
    for name, dim in _PLACES.items():
        unknown = sorted(set(ds[name].to_numpy().astype(str).tolist()) - buses) if ds.sizes.get(dim, 0) else []
        problems += [f"{name}: found {', '.join(unknown[:_SHOWN])}, which is no bus"] if unknown else []
    return problems


def _find_unbalanced(ds: xr.Dataset) -> list[str]:
    """List buses where what enters is not what leaves, with the year in which it is worst."""
    through = abs(ds["consumed"]) + sum_at(ds["sent"], ds["bus0"], ds["bus"])
    through = through + sum_at(ds["received"], ds["bus1"], ds["bus"])
    over = abs(balance_buses(ds)) / through.clip(min=max(_LEAST * float(through.max()), np.finfo(float).tiny))
    rest = [dim for dim in over.dims if dim not in {"snapshot", "bus"}]
    worst = over.max(rest).groupby("snapshot.year").max()
    found = worst.where(worst > _TOLERANCE, drop=True).stack(at=("bus", "year")).dropna("at")
    return [
        f"bus {bus}, {year}: what enters is not what leaves; found {float(value):.2g} of what passes through, expected "
        f"no more than {_TOLERANCE:g}"
        for (bus, year), value in zip(found["at"].to_numpy(), found.to_numpy(), strict=True)
    ]


def read_year(ds: xr.Dataset, number: int) -> Year:
    """Read a year of results without leads.

    Parameters
    ----------
    ds : xarray.Dataset
        Of one scenario, one draw.
    number : int
        The year.

    Returns
    -------
    Year
        Rounding is left out.
    """
    at = pd.Index(ds["bus"].to_numpy().astype(str))
    begins, ends, places = (at.get_indexer(ds[name].to_numpy().astype(str)) for name in list(_PLACES)[:3])
    rates = {name: np.maximum(take_rates(ds, name, dim), 0.0) for name, dim in _RATES.items()}
    consumed = rates["consumed"]
    eaters = np.flatnonzero(consumed.max(axis=0, initial=0.0) > _LEAST * consumed.max(initial=0.0))
    origins = ds["generator_origin"].to_numpy().astype(str)
    sent, capacity = rates["sent"], rates["capacity"]
    shipped = ds["carrier"].to_numpy().astype(str) == "shipping"
    return Year(
        number=number,
        days=ds["weight_days"].to_numpy().astype(float),
        buses=at.to_numpy().astype(str),
        begins=begins,
        ends=ends,
        sent=sent,
        spare=np.where(shipped, 0.0, np.maximum(capacity - sent, 0.0)),
        yields=_find_yields(ds, sent, rates["received"]),
        places=places,
        origins=origins,
        supplied=rates["supplied"],
        eaters=eaters,
        consumed=consumed[:, eaters],
        home=_find_home(ds, origins, places),
        tanks=read_tanks(ds, at),
    )


def _find_home(ds: xr.Dataset, origins: npt.NDArray[np.str_], places: Positions) -> npt.NDArray[np.bool_]:
    """Tell the generators with which a country serves itself."""
    country = ds["country" if "country" in ds.coords else "bus"].to_numpy().astype(str)
    home: npt.NDArray[np.bool_] = np.asarray(origins == country[places])
    return home | (ds["generator_route"].to_numpy() == "home") if "generator_route" in ds.coords else home


def _find_yields(ds: xr.Dataset, sent: Floats, received: Floats) -> Floats:
    """Return received per sent: as it was, and where nothing was sent as the link is said to have it."""
    said = ds["efficiency"].to_numpy().astype(float) if "efficiency" in ds.coords else np.ones(sent.shape[1])
    known = np.where(np.isfinite(said), said, 1.0)
    flowing = sent > _TOLERANCE * sent.max(initial=0.0)
    yields: Floats = np.divide(received, sent, out=np.broadcast_to(known, sent.shape).copy(), where=flowing)
    return yields
