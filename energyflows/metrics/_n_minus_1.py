"""The N−1 standard by country or region, from a network or results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from energyflows.errors import UnknownNameError, UsageError, list_problems, require, suggest
from energyflows.metrics._arguments import is_number
from energyflows.metrics._infrastructure import n_minus_1
from energyflows.metrics._installations import (
    OBSERVED,
    find_corridors,
    find_markets,
    is_liquid,
    read_installations,
    split_scenarios,
    split_years,
)

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
#: Share of the greatest withdrawal left when a storage is 30 % full: an assumption, range 0.45 to 0.85. Sites differ:
#: caverns lose little before they are nearly empty, depleted fields much.
LOW_FILL_FACTOR = 0.65
#: Fill of a storage to which that applies; Annex II asks for N−1 at 30 % and at 100 % of the working volume.
LOW_FILL = 0.3
PEAK, LOAD = "peak_day", "greatest load"
CAPACITY, SEEN = "capacity", "greatest withdrawal"


def n_minus_1_table(
    x: Any,
    *,
    regions: Mapping[str, Iterable[str]] | None = None,
    year: int | None = None,
    storage_fill: float = 1.0,
    low_fill_factor: float = LOW_FILL_FACTOR,
) -> pd.DataFrame:
    r"""Return the N−1 standard by country or region, with its terms.

    Parameters
    ----------
    x : pypsa.Network or xarray.Dataset
        A network, ours or any other, solved or not; or results, also of several scenarios.
    regions : mapping of str to iterable of str, optional
        Countries by name of the region; default every country by itself.
    year : int, optional
        One of several; default all.
    storage_fill : float
        How full storages are, 0 to 1; Annex II asks for 1.0 and 0.3.
    low_fill_factor : float
        Share of the greatest withdrawal left at a fill of 0.3. The default of 0.65 is an assumption, not a measurement;
        give the ends of its range, 0.45 and 0.85, as well. It plays no part where storages are full.

    Returns
    -------
    pandas.DataFrame
        One row per scenario, year and region: ``entry, production, storage, lng, largest, demand`` in GWh/d,
        ``largest_asset``, ``demand_from`` (``peak_day``: of a day as cold as comes once in twenty years;
        ``greatest load``: the highest of a snapshot, where no peak is known, which for months is far too low;
        ``both``), ``storage_from`` (``capacity``; or ``greatest withdrawal``: of results in which a store stands at a
        bus with demand, which hold what it gave and not what it could have given, so that N−1 is too low),
        ``n_minus_1`` (1 is 100 %; missing where a term has no bound). No rows where there are no regions.

    Raises
    ------
    UnknownNameError
        If a region names a country without demand.
    UsageError
        If ``x``, the year, the regions or a fill cannot be used.

    Notes
    -----
    As :func:`n_minus_1`, with technical capacities at the snapshot of the region's highest demand. For a region only
    entries from outside count, and its peak is the sum of its countries' peaks, as if all fell on one day. What enters
    from one corridor is at most what can enter that corridor. The largest installation is the largest import point or
    terminal, as ENTSOG takes it: production and storage are sums of many sites here. Of an exit of a corridor
    ``largest`` is what its other exits could not carry in its place, with the same bound; what stands before a corridor
    is no import point. Withdrawal falls in a straight line from full to ``low_fill_factor`` at a fill of 0.3 and from
    there to nothing. A store at a bus with demand, as in networks other than ours, can be emptied in a day; read
    from results it is no more than was withdrawn on any day, so a network and its results differ (see
    ``storage_from``).

    References
    ----------
    Regulation (EU) 2017/1938, Annex II; ENTSOG (2017), Ten-Year Network Development Plan, Annex F: Methodology,
    § 4.1.2.

    Examples
    --------
    >>> from energyflows import build_network
    >>> table = n_minus_1_table(build_network(2025), regions={"Iberia": ["ES", "PT"]})
    >>> table["largest_asset"].tolist()
    ['Barcelona']
    """
    factor = _rate_withdrawal(storage_fill, low_fill_factor)
    tables = []
    for named, part in split_scenarios(x):
        for number, ds in split_years(read_installations(part), year):
            chosen = _choose_buses(find_markets(ds), regions)
            tables.append(_assess(ds, chosen, factor).assign(**named, year=number))
    table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=["year", "region"])
    first = [name for name in ("scenario", "year", "region") if name in table]
    return table[[*first, *(name for name in table if name not in first)]]


def _rate_withdrawal(fill: float, low: float) -> float:
    given = {"storage_fill": fill, "low_fill_factor": low}
    problems = [
        f"{name}: found {value!r}, expected 0 to 1" for name, value in given.items() if not is_number(value, most=1)
    ]
    if problems:
        raise UsageError(list_problems("these arguments cannot be used:", problems))
    return float(np.interp(fill, [0.0, LOW_FILL, 1.0], [0.0, low, 1.0]))


def _choose_buses(
    markets: Mapping[str, list[str]], regions: Mapping[str, Iterable[str]] | None
) -> dict[str, list[str]]:
    if regions is None:
        return dict(markets)
    require(regions, "items keys", "countries by name of the region")
    strange = [f"{name}: found {each!r}" for name, each in regions.items() if not hasattr(each, "__iter__")]
    if strange:
        raise UsageError(list_problems("these regions are no lists of countries:", strange))
    wanted = {str(name): [members] if isinstance(members, str) else list(members) for name, members in regions.items()}
    problems = [
        f"{region}: country {name!r} has no demand in the network{suggest(str(name), markets)}"
        for region, members in wanted.items()
        for name in members
        if name not in markets
    ]
    problems += [f"{region}: no country" for region, members in wanted.items() if not members]
    if problems:
        raise UnknownNameError(list_problems("these regions cannot be used:", problems))
    return {region: [bus for name in members for bus in markets[name]] for region, members in wanted.items()}


@dataclass(frozen=True, eq=False)
class _Entries:
    """What leads into each region, by region and link, GWh/d on the day of its highest demand."""

    technical: Floats
    largest: Floats
    names: npt.NDArray[np.str_]
    storage: Flags
    liquid: Flags


def _assess(ds: xr.Dataset, regions: Mapping[str, list[str]], withdrawal: float) -> pd.DataFrame:
    """Return the terms of the formula for each region, and what it gives; all regions at once."""
    buses = ds["bus"].to_numpy()
    inside = np.array([np.isin(buses, chosen) for chosen in regions.values()], dtype=bool)
    inside = inside.reshape(len(regions), len(buses))
    demand = ds["demand"].transpose("snapshot", "bus").to_numpy()
    peak = (demand @ inside.T).argmax(axis=0)
    entries = _read_entries(ds, inside, peak)
    piped = ~entries.storage & ~entries.liquid
    largest, named = _find_largest(entries)
    stores = _sum_at(ds, "store", "store_bus", "withdrawal", inside)
    terms = {
        "entry": entries.technical[:, piped].sum(axis=1),
        "production": _sum_at(ds, "generator", "generator_bus", "available", inside),
        "storage": (entries.technical[:, entries.storage].sum(axis=1) + stores) * withdrawal,
        "lng": entries.technical[:, entries.liquid].sum(axis=1),
        "largest": largest,
    }
    needed, told = _find_demand(ds, inside, peak)
    words = {"largest_asset": named, "demand": needed, "demand_from": told, "storage_from": _tell_stores(ds, inside)}
    # What has no bound, as pipes of other networks may have none, leaves the standard without a value.
    known = {name: np.where(np.isinf(term), np.nan, term) for name, term in {**terms, "demand": needed}.items()}
    return pd.DataFrame({"region": list(regions), **terms, **words}).assign(n_minus_1=n_minus_1(**known))


def _find_largest(entries: _Entries) -> tuple[Floats, npt.NDArray[np.str_]]:
    """Return the largest loss of each region and what it is."""
    if not entries.largest.size:
        return np.zeros(len(entries.largest)), np.full(len(entries.largest), "")
    place = entries.largest.argmax(axis=1)
    largest = entries.largest[np.arange(len(place)), place]
    return largest, np.where(largest > 0, entries.names[place], "")


def _tell_stores(ds: xr.Dataset, inside: Flags) -> list[str]:
    """Return what each region's storage rests on."""
    if not ds.sizes.get("store", 0) or not ds["withdrawal"].attrs.get(OBSERVED):
        return [CAPACITY] * len(inside)
    standing = np.any(inside[:, pd.Index(ds["bus"].to_numpy()).get_indexer(ds["store_bus"].to_numpy())], axis=1)
    return [SEEN if found else CAPACITY for found in standing.tolist()]


def _read_entries(ds: xr.Dataset, inside: Flags, peak: npt.NDArray[np.intp]) -> _Entries:
    """Return what leads into regions; what enters from one corridor is at most what can enter that."""
    ends = [pd.Index(ds["bus"].to_numpy()).get_indexer(ds[end].to_numpy()) for end in ("bus0", "bus1")]
    storage = ds["is_storage_link"].to_numpy().astype(bool)
    liquid = is_liquid(ds) & ~storage
    crossing = inside[:, ends[1]] & ~inside[:, ends[0]]
    carried, single = (ds[name].transpose("snapshot", "link").to_numpy()[peak] for name in ("technical", "largest"))
    technical = np.where(crossing, carried, 0.0)
    largest = np.where(crossing & ~storage, np.nan_to_num(single), 0.0)
    piped = ~storage & ~liquid
    for bus in find_corridors(ds):
        out = np.flatnonzero(piped & (ends[0] == bus))
        most = np.nansum(carried[:, ends[1] == bus], axis=1)
        entered = technical[:, out].sum(axis=1)
        part = np.minimum(most / np.where(entered > 0, entered, 1.0), 1.0)
        # What the other exits could carry in the place of one is not lost with it.
        left = np.minimum(entered[:, None] - np.minimum(largest[:, out], technical[:, out]), most[:, None])
        largest[:, out] = np.where(technical[:, out] > 0, np.minimum(entered, most)[:, None] - left, 0.0)
        technical[:, out] *= np.where(entered > 0, part, 1.0)[:, None]
    names = ds["largest_name"].to_numpy().astype(str) if "largest_name" in ds.coords else ds["link"].to_numpy()
    return _Entries(technical, largest, np.where(names == "", ds["link"].to_numpy(), names), storage, liquid)


def _sum_at(ds: xr.Dataset, dim: str, place: str, name: str, inside: Flags) -> Floats:
    """Return the greatest daily rates of elements that stand in each region."""
    if not ds.sizes.get(dim, 0):
        return np.zeros(len(inside))
    bus = pd.Index(ds["bus"].to_numpy()).get_indexer(ds[place].to_numpy())
    return np.asarray(inside[:, bus] @ ds[name].max("snapshot").to_numpy(), dtype=float)


def _find_demand(ds: xr.Dataset, inside: Flags, peak: npt.NDArray[np.intp]) -> tuple[Floats, list[str]]:
    """Return the demand of a peak day, the sum of countries' peaks, and what it rests on."""
    known = ds["peak_day"].transpose("snapshot", "bus").to_numpy()[peak]
    load = ds["demand"].max("snapshot").to_numpy()
    said = ~np.isnan(known)
    words = [
        PEAK if chosen[mine].all() else LOAD if not chosen[mine].any() else "both"
        for chosen, mine in zip(said, inside, strict=True)
    ]
    return np.where(inside, np.where(said, known, load), 0.0).sum(axis=1), words
