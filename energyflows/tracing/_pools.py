"""Pools of LNG in which law keeps gas of an origin apart from some of those who land it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from energyflows.errors import ResultsError, UnknownNameError, list_problems, require, suggest
from energyflows.tracing._bars import list_spells, read_bars
from energyflows.tracing._checking import TOLERANCE, find_problems
from energyflows.tracing._mixing import LEAST_SHARE, Floats, Positions
from energyflows.tracing._stacking import NEEDED, list_leads, locate

_PORT, _MARKET = "lng", "market"
_WITHOUT = " without "
_ENDS = ("bus0", "bus1")
#: Units of quantities, of which parts add up to the whole.
_RATES = frozenset({"GWh/d", "GWh"})
_USE = "utilisation"


class _Pool(NamedTuple):
    """A pool, the links by which suppliers fill it, what these may carry, and the links by which markets land it."""

    name: str
    filling: Positions
    origins: list[frozenset[str]]
    landing: Positions
    zones: list[frozenset[str]]


class _Part(NamedTuple):
    """What leaves a pool without some origins: the part of each link that moves to a bus of its own."""

    pool: str
    told: str
    share: xr.DataArray

    @property
    def bus(self) -> str:
        """Name of that bus."""
        return f"{self.pool}{_WITHOUT}{self.told}"


def separate_pools(results: xr.Dataset, barred: pd.DataFrame, *, pools: Collection[str] | None = None) -> xr.Dataset:
    r"""Keep LNG of barred origins out of what zones under a bar land from a common pool.

    A pool mixes all cargoes, so that tracing would spread each supplier over all terminals. Here zones under a bar
    land from a bus of their own, which all other suppliers fill in proportion to what they ship.

    Parameters
    ----------
    results : xarray.Dataset
        As for :func:`trace`, with ``bus_kind``.
    barred : pandas.DataFrame
        Columns ``origin``, ``zone`` (bus, country, or landing link), ``valid_from`` and ``valid_to``, both days
        included, missing without limit; :func:`list_bars` lists them. With a column ``scenario``, a bar holds in that
        scenario only, or in all where it is missing.
    pools : collection of str, optional
        Buses that are pools. Default: those of kind ``lng`` that two or more others of that kind fill and from which
        markets land.

    Returns
    -------
    xarray.Dataset
        The same with one more bus for each pool and set of barred origins (``LNGEU without RU``), and links to and
        from it; the very object given if there is nothing to keep apart.

    Raises
    ------
    UsageError
        If ``barred`` is no table of bars.
    UnknownNameError
        If a pool is no bus, or a scenario is not in the results.
    ResultsError
        If results cannot be traced, a zone is not in them, a name is taken, or zones under a bar land more than all
        other suppliers ship.

    Notes
    -----
    In a snapshot, let :math:`F_i` be what arrives from supplier :math:`i`, and :math:`L` what zones that bar the
    origins :math:`B` land, times the part of its days on which the bar holds. Of :math:`F_i`, the new bus gets

    .. math:: F_i \, L \Big/ \sum_{j:\, o_j \notin B} F_j \quad (o_i \notin B), \qquad 0 \quad (o_i \in B),

    so that all suppliers deliver what they did, and every bus balances. Several sets are served one after the other,
    the largest first, each from what is left. A supplier counts as barred if any gas of a barred origin can reach its
    port. Where none arrives, nothing moves. Capacities and other rates of a link are divided as its flow is.

    Examples
    --------
    >>> from energyflows import run
    >>> bars = pd.DataFrame([{"origin": "RU", "zone": "LT", "valid_from": "2022-06-28", "valid_to": None}])
    >>> apart = separate_pools(run(years=2025), bars)
    >>> float(apart["sent"].sel(link="LNGEU-LT").sum())
    0.0
    >>> "LNGRU-LNGEU" in apart["link"], "LNGRU-LNGEU without RU" in apart["link"]
    (True, False)
    """
    require(results, "data_vars coords", "an xarray.Dataset of results")
    problems = find_problems(results)
    if problems:
        raise ResultsError(list_problems("pools of these results cannot be divided:", problems))
    bars = read_bars(barred, results)
    if bars.empty:
        return results
    parts = [part for pool in _find_pools(results, pools) for part in _divide(results, pool, bars)]
    if not parts:
        return results
    _check_names(results, parts)
    return _grow(results, parts)


def _find_pools(ds: xr.Dataset, named: Collection[str] | None) -> list[_Pool]:
    """Find the pools, and what enters and leaves them."""
    buses = ds["bus"].to_numpy().astype(str)
    if named is None and "bus_kind" not in ds.coords:
        raise ResultsError("results: no coordinate bus_kind, by which pools are found; name them in pools")
    strange = [] if named is None else [name for name in named if name not in set(buses.tolist())]
    if strange:
        raise UnknownNameError(f"pools: no bus {strange[0]!r}{suggest(strange[0], buses.tolist())}")
    begins, ends = locate(ds, "bus0"), locate(ds, "bus1")
    kinds = ds["bus_kind"].to_numpy().astype(str) if named is None else np.full(len(buses), "")
    origins, zones = _find_origins(ds, begins, ends), _name_zones(ds, ends)
    found = []
    for place, name in enumerate(buses.tolist()):
        filling, landing = np.flatnonzero(ends == place), np.flatnonzero(begins == place)
        if named is None:
            filling, landing = filling[kinds[begins[filling]] == _PORT], landing[kinds[ends[landing]] == _MARKET]
        wanted = kinds[place] == _PORT and len(filling) > 1 and len(landing) > 0 if named is None else name in named
        if wanted:
            sources = [origins[bus] for bus in begins[filling]]
            found.append(_Pool(name, filling, sources, landing, [zones[link] for link in landing]))
    return found


def _find_origins(ds: xr.Dataset, begins: Positions, ends: Positions) -> list[frozenset[str]]:
    """Return the origins of which gas can reach each bus over links that carry any."""
    used = np.flatnonzero(_peak(ds, "sent", "link") > LEAST_SHARE * float(ds["sent"].max()))
    names = ds["generator_origin"].to_numpy().astype(str)
    reached: list[set[str]] = [set() for _ in range(ds.sizes["bus"])]
    for place, name, peak in zip(locate(ds, "generator_bus"), names, _peak(ds, "supplied", "generator"), strict=True):
        if peak > 0:
            reached[place].add(name)
    growing = True
    while growing:
        before = sum(map(len, reached))
        for link in used:
            reached[ends[link]] |= reached[begins[link]]
        growing = sum(map(len, reached)) > before
    return [frozenset(each) for each in reached]


def _peak(ds: xr.Dataset, name: str, dim: str) -> Floats:
    """Return the largest value of each element."""
    peak: Floats = ds[name].max([each for each in ds[name].dims if each != dim]).to_numpy()
    return peak


def _name_zones(ds: xr.Dataset, ends: Positions) -> list[frozenset[str]]:
    """Return the names by which a rule may mean each link: its own, its end, and the country of that."""
    buses = ds["bus"].to_numpy().astype(str)
    countries = ds["country"].to_numpy().astype(str) if "country" in ds.coords else buses
    links = ds["link"].to_numpy().astype(str)
    return [frozenset({link, buses[end], countries[end]}) for link, end in zip(links, ends, strict=True)]


def _divide(ds: xr.Dataset, pool: _Pool, bars: pd.DataFrame) -> list[_Part]:
    """Find what part of each link leaves the pool, one set of barred origins after the other."""
    shipped = ds["received"].isel(link=pool.filling).reset_coords(drop=True)
    landed = ds["sent"].isel(link=pool.landing).reset_coords(drop=True)
    least = LEAST_SHARE * float(ds["received"].max())
    left, parts = shipped, []
    shares = _find_shares(ds, pool, bars)
    for barred in sorted(shares, key=lambda each: (-len(each), sorted(each))):
        mixed = xr.DataArray([not barred.isdisjoint(each) for each in pool.origins], dims="link")
        # Where nobody ships what is barred, the common pool is as good.
        arriving = shipped.where(mixed, 0.0).sum("link") > least
        share = shares[barred].where(arriving, 0.0)
        wanted, others = (landed * share).sum("link"), left.where(~mixed, 0.0)
        most = others.sum("link")
        _check_room(wanted, most, pool.name, barred, least)
        taken = others * (wanted / most.where(most > 0)).fillna(0.0).clip(max=1.0)
        moved = xr.concat([(taken / shipped.where(shipped > 0)).fillna(0.0), share], "link", join="outer")
        left = left - taken
        used = (moved > 0).any([dim for dim in moved.dims if dim != "link"])
        if bool(used.any()):
            parts.append(_Part(pool.name, " ".join(sorted(barred)), moved.isel(link=used.to_numpy())))
    return parts


def _find_shares(ds: xr.Dataset, pool: _Pool, bars: pd.DataFrame) -> dict[frozenset[str], xr.DataArray]:
    """Return by set of barred origins the part of each landing it holds for."""
    landing = ds["link"].to_numpy()[pool.landing]
    if "scenario" not in bars:
        return _share_landings(ds, pool, bars, landing)
    if "scenario" not in list_leads(ds):
        raise ResultsError("barred: found a column scenario, but results have no such dim; leave it out")
    names = ds["scenario"].to_numpy().astype(str).tolist()
    strange = sorted({str(name) for name in bars["scenario"].dropna()} - set(names))
    if strange:
        raise UnknownNameError(f"barred: no scenario {strange[0]!r} in these results{suggest(strange[0], names)}")
    own = [_share_landings(ds, pool, bars[bars["scenario"].isna() | (bars["scenario"] == s)], landing) for s in names]
    coords = {"snapshot": ds["snapshot"].to_numpy(), "link": landing}
    none = xr.DataArray(np.zeros((ds.sizes["snapshot"], len(landing))), coords, ("snapshot", "link"))
    return {
        barred: xr.concat([each.get(barred, none) for each in own], "scenario").assign_coords(scenario=ds["scenario"])
        for barred in {barred for each in own for barred in each}
    }


def _share_landings(
    ds: xr.Dataset, pool: _Pool, bars: pd.DataFrame, landing: npt.NDArray[Any]
) -> dict[frozenset[str], xr.DataArray]:
    """Return by set of barred origins the part of each landing it holds for, by snapshot and link."""
    found: dict[frozenset[str], Floats] = {}
    for spell in list_spells(bars, ds):
        for column, zones in enumerate(pool.zones):
            barred = frozenset[str]().union(*(spell.barred.get(zone, frozenset()) for zone in zones))
            if barred:
                share = found.setdefault(barred, np.zeros((ds.sizes["snapshot"], len(landing))))
                share[:, column] += spell.share
    coords = {"snapshot": ds["snapshot"].to_numpy(), "link": landing}
    return {barred: xr.DataArray(share, coords, ("snapshot", "link")) for barred, share in found.items()}


def _check_room(wanted: xr.DataArray, most: xr.DataArray, pool: str, barred: frozenset[str], least: float) -> None:
    """Refuse bars under which zones land more than others ship."""
    over = wanted - most
    bad = over > (TOLERANCE * wanted).clip(min=least)
    if not bool(bad.any()):
        return
    worst = over.where(bad, -np.inf)
    place = worst.argmax(...)
    spot = ", ".join(f"{dim} {over[dim].to_numpy()[int(position)]}" for dim, position in place.items())
    at = {dim: int(position) for dim, position in place.items()}
    raise ResultsError(
        f"{pool}: zones that bar {', '.join(sorted(barred))} land {float(wanted[at]):.4g} GWh/d at {spot}, but all "
        f"other suppliers bring {float(most[at]):.4g} (in all {int(bad.sum())} such cases); these flows break the law: "
        "leave the bars out of which they may not be judged, or mend the flows"
    )


def _check_names(ds: xr.Dataset, parts: Sequence[_Part]) -> None:
    """Refuse names that are there already."""
    buses = {part.bus for part in parts} & {*ds["bus"].to_numpy().tolist()}
    links = {_rename(str(link), part) for part in parts for link in part.share["link"].to_numpy()}
    taken = sorted(buses | (links & {*ds["link"].to_numpy().tolist()}))
    if taken:
        raise ResultsError(f"results: {', '.join(taken)} is there already; were these pools separated before?")


def _grow(ds: xr.Dataset, parts: Sequence[_Part]) -> xr.Dataset:
    """Return results with a bus for each part of a pool, and links that take over part of the flows."""
    flat = ds.reset_coords()
    links = flat[[name for name in flat.data_vars if "link" in flat[name].dims]]
    buses = flat[[name for name in flat.data_vars if "bus" in flat[name].dims]]
    rest = flat.drop_dims(["bus", "link"])
    grown = xr.merge([rest, _add_buses(buses, parts), _add_links(links, parts)], join="exact", combine_attrs="override")
    return grown[list(flat.data_vars)].set_coords([name for name in ds.coords if name not in ds.dims])


def _add_buses(buses: xr.Dataset, parts: Sequence[_Part]) -> xr.Dataset:
    """Append buses like their pools, at which nobody consumes anything."""
    added = buses.sel(bus=[part.pool for part in parts]).assign_coords(bus=[part.bus for part in parts])
    added = added.map(lambda array: 0.0 * array if _is_rate(array) else array, keep_attrs=True)
    return xr.concat([buses, added], "bus", combine_attrs="override")


def _add_links(links: xr.Dataset, parts: Sequence[_Part]) -> xr.Dataset:
    """Append links to and from the new buses, and take what they carry from those they stand beside."""
    added = [_copy_links(links, part) for part in parts]
    gone = xr.zeros_like(links["sent"])
    for part in parts:
        gone = gone + part.share.reindex(link=links["link"], fill_value=0.0)
    kept = _scale(links, (1.0 - gone).clip(min=0.0))
    return xr.concat([kept, *added], "link", join="outer", combine_attrs="override")


def _copy_links(links: xr.Dataset, part: _Part) -> xr.Dataset:
    """Return links of a pool as those of the part."""
    copied = _scale(links.sel(link=part.share["link"]), part.share)
    ends = {name: [part.bus if bus == part.pool else bus for bus in copied[name].to_numpy()] for name in _ENDS}
    names = [_rename(str(link), part) for link in copied["link"].to_numpy()]
    return copied.assign({name: ("link", values) for name, values in ends.items()}).assign_coords(link=names)


def _rename(link: str, part: _Part) -> str:
    """Return the name of a new link: the old one with the new bus in it."""
    if link.endswith(f"-{part.pool}"):
        return link.removesuffix(part.pool) + part.bus
    if link.startswith(f"{part.pool}-"):
        return part.bus + link.removeprefix(part.pool)
    return f"{link}{_WITHOUT}{part.told}"


def _scale(links: xr.Dataset, share: xr.DataArray) -> xr.Dataset:
    """Return a part of what links carry and can carry; where that is nothing, they have no use."""
    dims = links["sent"].dims
    scaled = links.copy()
    for name, array in links.data_vars.items():
        if _is_rate(array):
            # Nothing of what has no limit is nothing.
            part = (array * share).where((share > 0) | np.isnan(array), 0.0)
            scaled[name] = part.transpose(..., *dims).assign_attrs(array.attrs)
        elif name == _USE:
            scaled[name] = array.where(share > 0).transpose(..., *dims).assign_attrs(array.attrs)
    return scaled


def _is_rate(array: xr.DataArray) -> bool:
    """Say whether a variable is a quantity, of which parts add up to the whole."""
    return array.name in NEEDED or array.attrs.get("units") in _RATES
