"""What a network or results say of capacities and demand, as one dataset."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from energyflows.errors import ResultsError, UsageError
from energyflows.results import fill, label, lay_out

#: Kinds of buses at which gas is not used: dedicated corridors, pools of LNG, stores.
_PASSED = ("corridor", "lng", "storage")
#: Words in the carrier of a terminal.
_LIQUID = ("regasification", "lng")
#: Attribute of ``withdrawal`` that was seen in results and is not what could be.
OBSERVED = "observed"
#: What :func:`energyflows.results.fill` needs of an unsolved network, by table.
_FIGURES = {
    "Generator": ("p_nom", "e_sum_max", "p_max_pu"),
    "Link": ("p_nom", "p_max_pu", "p_min_pu"),
    "Line": ("s_nom", "s_max_pu"),
}


def read_installations(x: Any) -> xr.Dataset:
    """Read capacities and demand from a network or from results.

    Parameters
    ----------
    x : pypsa.Network or xarray.Dataset
        Solved or not; or results without dim ``scenario``.

    Returns
    -------
    xarray.Dataset
        GWh/d by snapshot: ``technical`` and ``largest`` by link (the largest single installation; the whole link where
        nothing is said), ``available`` by generator, ``demand`` and ``peak_day`` by bus (missing where unknown),
        ``withdrawal`` by store that stands at a bus with demand (of results what was withdrawn, with attribute
        :data:`OBSERVED`: they do not hold what could have been); coords of the results contract.

    Raises
    ------
    UsageError
        If it is neither.
    """
    if isinstance(x, xr.Dataset):
        return _complete(_read_results(x))
    if all(hasattr(x, name) for name in ("buses", "links", "generators", "loads", "get_switchable_as_dense")):
        return _complete(_read_network(x))
    raise UsageError(f"found {type(x).__name__}, expected a pypsa.Network or results as an xarray.Dataset")


def _read_results(ds: xr.Dataset) -> xr.Dataset:
    needed = ("consumed", "unserved", "response", "capacity", "available", "bus0", "bus1", "weight_days")
    missing = [name for name in needed if name not in ds]
    if missing:
        raise ResultsError(f"not results of energyflows: no variable {', '.join(missing)}")
    return ds.assign(demand=ds["consumed"] + ds["unserved"] + ds["response"])


def _read_network(n: Any) -> xr.Dataset:
    layout = lay_out(n)
    raw = {f"{component}-{name}": _read(n, component, name) for component, names in _FIGURES.items() for name in names}
    ds = label(layout, fill(layout, raw, ["capacity", "available"]), np.nan)
    demand = layout.loads.add(_read(n, "Load", "p_set") * layout.signs["Load"])
    # What stands at a bus with demand has no link of its own that could bound it: a store can be emptied in a day.
    rates = [_read(n, "Store", "e_nom"), _read(n, "StorageUnit", "p_nom") * _read(n, "StorageUnit", "p_max_pu")]
    outputs = np.concatenate([np.broadcast_to(rate, (len(layout.snapshots), rate.shape[-1])) for rate in rates], axis=1)
    return ds.assign(
        demand=(("snapshot", "bus"), demand), withdrawal=(("snapshot", "store"), layout.reservoirs.add(outputs))
    )


def _read(n: Any, component: str, name: str) -> np.ndarray:
    """Return an attribute by snapshot and name; sizes by name, as chosen if the solver chose them."""
    static = n.c[component].static
    if name not in ("p_nom", "s_nom", "e_nom", "e_sum_max"):
        return np.asarray(n.get_switchable_as_dense(component, name), dtype=float)
    size = static[name]
    if f"{name}_opt" in static:
        size = size.where(~static[f"{name}_extendable"].astype(bool), static[[name, f"{name}_opt"]].max(axis=1))
    return np.asarray(size, dtype=float)


def _complete(ds: xr.Dataset) -> xr.Dataset:
    """Fill in what is not said: capacity stands for technical capacity, the whole link for its largest part."""
    technical = ds["technical"].fillna(ds["capacity"]) if "technical" in ds else ds["capacity"]
    largest = ds["largest"].fillna(technical) if "largest" in ds else technical
    added = {"technical": technical, "largest": largest}
    if "peak_day" not in ds:
        added["peak_day"] = xr.full_like(ds["demand"], np.nan)
    if "withdrawal" not in ds:
        # Results know what a store gave, not what it could have given.
        gave = ds["withdrawn"] if "withdrawn" in ds else xr.zeros_like(ds["stored"])
        added["withdrawal"] = gave.assign_attrs({OBSERVED: True})
    return ds.assign(added)


def refuse_scenarios(x: Any) -> None:
    """Refuse results of several scenarios.

    Parameters
    ----------
    x : pypsa.Network or xarray.Dataset
        Anything else passes.

    Raises
    ------
    UsageError
        If there is a dim ``scenario``.
    """
    if isinstance(x, xr.Dataset) and "scenario" in x.dims:
        raise UsageError("found results with dim 'scenario', expected one scenario; choose with .sel(scenario=NAME)")


def split_years(ds: xr.Dataset, year: int | None = None) -> Iterator[tuple[int | None, xr.Dataset]]:
    """Yield each year of a dataset, or the one asked for.

    Parameters
    ----------
    ds : xarray.Dataset
        With dim ``snapshot``.
    year : int, optional
        Only this one.

    Yields
    ------
    tuple of int or None, and xarray.Dataset
        The year is None where snapshots are no dates.

    Raises
    ------
    UsageError
        If there are no snapshots of the year.
    """
    snapshots = ds.indexes["snapshot"]
    if not isinstance(snapshots, pd.DatetimeIndex):
        if year is not None:
            raise UsageError(f"year: found {year}, expected none, because snapshots are no dates")
        yield None, ds
        return
    years = sorted(set(snapshots.year)) if year is None else [year]
    if year is not None and year not in set(snapshots.year):
        known = ", ".join(map(str, sorted(set(snapshots.year))))
        raise UsageError(f"year: found {year!r}, expected one of {known}")
    for each in years:
        yield int(each), ds.isel(snapshot=np.flatnonzero(snapshots.year == each))


def split_scenarios(x: Any) -> Iterator[tuple[dict[str, str], Any]]:
    """Yield each scenario of results with its name as a column; anything else as it is.

    Parameters
    ----------
    x : pypsa.Network or xarray.Dataset
        Perhaps with dim ``scenario``.

    Yields
    ------
    tuple of dict, and pypsa.Network or xarray.Dataset
        ``{"scenario": NAME}`` or nothing.
    """
    if isinstance(x, xr.Dataset) and "scenario" in x.dims:
        for name in x["scenario"].to_numpy():
            yield {"scenario": str(name)}, x.sel(scenario=name)
    else:
        yield {}, x


def find_markets(ds: xr.Dataset) -> dict[str, list[str]]:
    """Return the buses with demand of each country.

    Parameters
    ----------
    ds : xarray.Dataset
        From :func:`read_installations`.

    Returns
    -------
    dict of str to list of str
        A bus without a country stands for itself.
    """
    used = (ds["demand"].max("snapshot") > 0).to_numpy()
    if "bus_kind" in ds.coords:
        used &= ~ds["bus_kind"].isin(_PASSED).to_numpy()
    country = ds["country"].to_numpy() if "country" in ds.coords else np.full(ds.sizes["bus"], "")
    markets: dict[str, list[str]] = {}
    for bus, place, chosen in zip(ds["bus"].to_numpy(), country, used, strict=True):
        if chosen:
            markets.setdefault(str(place) or str(bus), []).append(str(bus))
    return markets


def find_corridors(ds: xr.Dataset) -> list[int]:
    """Return the positions of corridors that have no supply of their own.

    Parameters
    ----------
    ds : xarray.Dataset
        From :func:`read_installations`.

    Returns
    -------
    list of int
        Along ``bus``; none where kinds of buses are not known.
    """
    if "bus_kind" not in ds.coords:
        return []
    closed = (ds["bus_kind"] == "corridor") & ~ds["bus"].isin(ds["generator_bus"].to_numpy())
    return np.flatnonzero(closed.to_numpy()).tolist()


def is_liquid(ds: xr.Dataset) -> npt.NDArray[np.bool_]:
    """Return which links are terminals for LNG.

    Parameters
    ----------
    ds : xarray.Dataset
        With coord ``carrier`` by link.

    Returns
    -------
    numpy.ndarray of bool
        By link.
    """
    carrier = pd.Series(ds["carrier"].to_numpy(), dtype=object).astype(str).str.casefold()
    return np.array(carrier.str.contains("|".join(_LIQUID)), dtype=bool)
