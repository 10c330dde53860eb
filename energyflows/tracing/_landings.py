"""Which cargoes of a common pool of LNG land in which market."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from energyflows.errors import ResultsError, list_problems, require
from energyflows.tracing._bars import list_spells, read_bars
from energyflows.tracing._checking import find_problems
from energyflows.tracing._fitting import divide, fit_margins
from energyflows.tracing._mixing import Flags, Floats, Positions
from energyflows.tracing._reading import Figures, Parts, read_figures, read_parts
from energyflows.tracing._reports import check_landings, read_shares
from energyflows.tracing._stacking import list_leads

_PORT, _MARKET = "lng", "market"
#: Of what mixing gives, what a zone has of any supplier before the fit, so that the fit can close.
_LEAST_SEED = 0.01
#: Of what mixing gives, what law bars, where the rest does not do: as little of it lands as can be.
_LAST = 1e-9
#: Part of a landing below which gas that law bars is rounding.
_LEAST = 1e-7


class _Pool(NamedTuple):
    """A pool, the links that fill it and those that leave it, by position, and names each of these goes by."""

    name: str
    filling: Positions
    landing: Positions
    zones: list[tuple[str, str, str]]


class _Fit(NamedTuple):
    """Rates of a pool, GWh/d: by lead, snapshot and landing link; by origin; and cells as known, with both."""

    landed: Floats
    shipped: Floats
    seeds: Floats
    mix: Floats


def allot_landings(
    results: xr.Dataset, landings: pd.DataFrame, *, barred: pd.DataFrame | None = None
) -> xr.DataArray | None:
    r"""Allot the cargoes that fill a common pool to the markets that land from it.

    A pool mixes all cargoes, so that tracing would spread each supplier over all terminals alike. Who landed what is
    reported; so each landing gets the composition nearest to the reports with which every supplier ships and every
    terminal lands what it does in the results.

    Parameters
    ----------
    results : xarray.Dataset
        As for :func:`trace`, with ``bus_kind`` to tell pools: buses of kind ``lng`` that two or more others fill and
        from which two or more markets land. Left mixed are pools with output or stores of their own, and those filled
        from where other gas passes, so that no origin of what fills them is given.
    landings : pandas.DataFrame
        What was landed, TWh: columns ``zone`` (bus or country), ``origin``, ``year``, ``twh``; origin ``all`` is what
        a zone landed from all. Only proportions within a zone count, and only for zones and origins of a pool.
    barred : pandas.DataFrame, optional
        What law bars, as :func:`list_bars` tells it; ``zone`` is a bus, a country or a landing link.

    Returns
    -------
    xarray.DataArray or None
        Shares, 1, by the leads of the results, ``snapshot``, ``link`` (all that leave a pool) and ``origin``, summing
        to 1 over origins, as ``rules`` of :func:`trace`; of an idle link, what is in the pool. None if there is no
        such pool. Attribute ``notes`` tells, line by line, where less gas is shipped than law leaves, so that zones
        land some that it bars; it is not there where all is lawful.

    Raises
    ------
    UsageError
        If ``landings`` or ``barred`` is no such table, or snapshots have no dates.
    ResultsError
        If the results cannot be traced, or bars name a zone they do not have.

    Notes
    -----
    With what link :math:`l` lands, :math:`L_l`, what origin :math:`o` ships, :math:`F_o`, and reported shares
    :math:`s_{lo}`, the landings :math:`x_{lo} = a_l s_{lo} b_o` are such that

    .. math:: \sum_o x_{lo} = L_l, \qquad \sum_l x_{lo} = F_o.

    A share is a figure over what the zone landed from all in that year, or in the nearest one with such a total, or
    without any over the sum of its figures of the year. A cell without a figure takes the share of the nearest year
    with one (the mean of two as near). What is left of a zone is spread over suppliers it never reports as mixing
    does; so a zone without figures has all that mixing gives. No cell has less than 1 % of what mixing gives. All
    this is before the fit.

    The part of a snapshot in which law bars an origin is fitted without it. If no table has the totals then, zones
    land what is barred: where law bars one origin, as little of it as can be; where several, little more.

    References
    ----------
    Deming & Stephan (1940), On a least squares adjustment of a sampled frequency table when the expected marginal
    totals are known, Ann. Math. Statist. 11, 427-444.

    Examples
    --------
    >>> from energyflows import run
    >>> ds = run(years=2025)
    >>> told = [("ES", "RU", 2025, 39.0), ("ES", "US", 2025, 92.0), ("PL", "US", 2025, 60.0)]
    >>> shares = allot_landings(ds, pd.DataFrame(told, columns=["zone", "origin", "year", "twh"]))
    >>> russian = shares.sel(origin="RU").mean("snapshot")
    >>> bool(russian.sel(link="LNGEU-PL") < 0.01 < russian.sel(link="LNGEU-ES"))
    True
    """
    require(results, "data_vars coords", "an xarray.Dataset of results")
    require(landings, "columns groupby", "landings as a pandas.DataFrame")
    check_landings(landings, results)
    problems = find_problems(results)
    if problems:
        raise ResultsError(list_problems("landings of these results cannot be allotted:", problems))
    bars = None if barred is None else read_bars(barred, results)
    parts = read_parts(results, [])
    figures = read_figures(results, parts)
    pools = [pool for pool in _find_pools(results, parts) if _is_plain(pool, parts, figures)]
    if not pools:
        return None
    found, notes = [], []
    for pool in pools:
        fit = _read_fit(results, pool, (parts, figures), landings)
        shares = np.zeros(fit.seeds.shape)
        for weight, kept in _list_times(results, pool, parts.origins, bars):
            when = np.flatnonzero(weight > 0)
            rates, broken = _allot(fit, when, kept)
            shares[:, when] += weight[when, None, None] * rates
            notes += _tell(broken, pool, parts.origins, when)
        found.append(_label(shares, pool, parts.origins, results))
    joined = xr.concat(found, "link", join="outer", fill_value=0.0)
    joined = joined.isel(origin=np.flatnonzero((joined > 0).any([dim for dim in joined.dims if dim != "origin"])))
    return joined.assign_attrs({"units": "1"} | ({"notes": "\n".join(notes)} if notes else {}))


def _find_pools(ds: xr.Dataset, parts: Parts) -> Iterator[_Pool]:
    """Find buses that two or more others fill and from which two or more markets land."""
    buses = ds["bus"].to_numpy().astype(str)
    if "bus_kind" not in ds.coords:
        return
    kinds = ds["bus_kind"].to_numpy().astype(str)
    countries = ds["country"].to_numpy().astype(str) if "country" in ds.coords else buses
    links = ds["link"].to_numpy().astype(str)
    for place in np.flatnonzero(kinds == _PORT):
        filling, landing = np.flatnonzero(parts.ends == place), np.flatnonzero(parts.begins == place)
        ends = parts.ends[landing]
        if len({*parts.begins[filling].tolist()}) > 1 and len({*ends[kinds[ends] == _MARKET].tolist()}) > 1:
            names = zip(buses[ends].tolist(), countries[ends].tolist(), links[landing].tolist(), strict=True)
            yield _Pool(str(buses[place]), filling, landing, list(names))


def _is_plain(pool: _Pool, parts: Parts, figures: Figures) -> bool:
    """Say whether nothing but output of its suppliers fills a pool."""
    used = np.any(figures.received > 0, axis=(0, 1))
    passed, tanks = {*parts.ends[used].tolist()}, {*parts.tanks.tolist()}
    place, sources = parts.begins[pool.landing[0]], parts.begins[pool.filling[used[pool.filling]]]
    own = figures.supplied[..., parts.places == place].any() or int(place) in tanks
    return not own and not (passed | tanks) & {*sources.tolist()}


def _read_fit(ds: xr.Dataset, pool: _Pool, read: tuple[Parts, Figures], landings: pd.DataFrame) -> _Fit:
    """Return totals that hold, and what is known of cells."""
    parts, figures = read
    shipped = np.zeros((*figures.received.shape[:2], len(parts.origins)))
    for link in pool.filling:
        at = np.flatnonzero(parts.places == parts.begins[link])
        output = figures.supplied[..., at]
        part = divide(figures.received[..., link], output.sum(axis=2))
        for column, source in enumerate(parts.sources[at]):
            shipped[..., source] += part * output[..., column]
    landed = figures.received[..., pool.landing]
    mix = divide(shipped, shipped.sum(axis=2, keepdims=True))
    years = ds.indexes["snapshot"].year.to_numpy()
    known, told = read_shares(landings, pool.zones, parts.origins, years)
    others = np.where(told, 0.0, mix[:, :, None])
    rest = 1.0 - known.sum(axis=2, keepdims=True)
    seeds = np.maximum(known + rest * divide(others, others.sum(axis=3, keepdims=True)), _LEAST_SEED * mix[:, :, None])
    # By what arrives: rules give origins to that.
    return _Fit(landed, landed.sum(axis=2, keepdims=True) * mix, seeds * (mix[:, :, None] > 0), mix)


def _list_times(
    ds: xr.Dataset, pool: _Pool, origins: list[str], bars: pd.DataFrame | None
) -> Iterator[tuple[Floats, Flags]]:
    """Yield the part of each snapshot in which law stays the same, and what it leaves by landing link and origin."""
    free = np.ones(ds.sizes["snapshot"])
    for spell in [] if bars is None or bars.empty else list_spells(bars, ds):
        kept = [
            [not any(origin in spell.barred.get(zone, ()) for zone in zones) for origin in origins]
            for zones in pool.zones
        ]
        free = free - spell.share
        yield spell.share, np.array(kept)
    yield np.where(free > _LAST, free, 0.0), np.ones((len(pool.zones), len(origins)), dtype=bool)


def _allot(fit: _Fit, when: Positions, kept: Flags) -> tuple[Floats, Floats]:
    """Return shares by lead, snapshot, link and origin; and what is landed though law bars it, GWh/d."""
    landed, shipped, seeds, mix = (array[:, when] for array in fit)
    shape = seeds.shape
    rows, columns = landed.reshape(-1, shape[2]), shipped.reshape(-1, shape[3])
    cells = seeds.reshape(-1, *shape[2:])
    fitted, done = fit_margins(cells * kept, rows, columns)
    if not done.all():
        last = np.broadcast_to(_LAST * mix[:, :, None], shape).reshape(cells.shape)
        fitted[~done], done[~done] = fit_margins(np.where(kept, cells, last)[~done], rows[~done], columns[~done])
    if not done.all():
        raise ResultsError("results: landings have no composition with which all suppliers ship what they do")
    rates = fitted.reshape(shape)
    shares = np.where(landed[..., None] > 0, divide(rates, landed[..., None]), mix[:, :, None])
    return shares, np.where(kept | (shares < _LEAST), 0.0, rates) * (landed[..., None] > 0)


def _tell(broken: Floats, pool: _Pool, origins: list[str], when: Positions) -> list[str]:
    """Say which zones land what law bars."""
    cases, most = (broken > 0).sum(axis=(0, 1)), broken.max(axis=(0, 1), initial=0.0)
    return [
        f"{pool.name}: {pool.zones[row][0]} lands up to {most[row, column]:.4g} GWh/d of {origins[column]} that law "
        f"bars, in {cases[row, column]} of {broken.shape[0] * len(when)} cases, as others ship too little"
        for row, column in np.argwhere(cases > 0)
    ]


def _label(shares: Floats, pool: _Pool, origins: list[str], ds: xr.Dataset) -> xr.DataArray:
    """Put names on shares."""
    leads = list_leads(ds)
    coords = {dim: ds[dim].to_numpy() for dim in (*leads, "snapshot")}
    coords |= {"link": ds["link"].to_numpy()[pool.landing], "origin": np.array(origins)}
    dims = (*leads, "snapshot", "link", "origin")
    return xr.DataArray(shares.reshape([len(coords[dim]) for dim in dims]), coords, dims)
