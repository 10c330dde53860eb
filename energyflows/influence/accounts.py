"""Four accounts of the same gas side by side, and the gap between them."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from energyflows.datasets import load_tables, strip_passport
from energyflows.ensemble.workers import map_chunks
from energyflows.errors import require
from energyflows.influence._arguments import check_arguments, choose_networks
from energyflows.influence._contracts import World, add_contracts, date_papers
from energyflows.influence._labels import label_gas
from energyflows.influence._legal import presume_origins
from energyflows.influence._ranges import (
    Account,
    Options,
    bound_claims,
    bound_labels,
    bound_molecules,
    displace,
    leave_open,
    sum_places,
)
from energyflows.influence.cargoes import allot_cargoes
from energyflows.results import sum_energy
from energyflows.tracing import trace

#: In the order in which they are shown.
ACCOUNTS = ("label", "molecules", "displacement", "legal")
#: Those that are volumes; the legal one is a presumption.
VOLUMES = ACCOUNTS[:3]
#: Range, relative to consumption, below which a figure is identified.
_IDENTIFIED = 0.02
#: Tables that tell who lands which cargoes.
_LANDED = ("observed_imports", "lng_suppliers", "rules")
#: TWh a year below which a place consumes nothing.
_LEAST = 1e-6


class _Case(NamedTuple):
    """One scenario."""

    name: str
    ds: xr.Dataset
    world: World
    networks: Sequence[Any] | None


def attribute(
    results: xr.Dataset,
    accounts: Sequence[str] = ACCOUNTS,
    *,
    areas: Mapping[str, Sequence[str]] | None = None,
    origins: Sequence[str] | None = None,
    naming: str = "entry",
    networks: Mapping[str, Sequence[Any]] | Sequence[Any] | None = None,
    tables: Mapping[str, pd.DataFrame] | None = None,
    workers: int = 1,
) -> xr.Dataset:
    r"""Tell whose gas is consumed, by four accounts that answer different questions.

    ``label``: whose name is on the delivery? ``molecules``: which wells are in the mix? ``displacement``: what would
    be missing without the supplier, if nobody else gave more? ``legal``: what must customs presume?

    Parameters
    ----------
    results : xarray.Dataset
        From :func:`energyflows.run`, of one scenario or several, any number of years.
    accounts : sequence of {"label", "molecules", "displacement", "legal"}
        Which of them.
    areas : mapping of str to sequence of str, optional
        Buses of each area, as ``{"EU27": [...], "AT": ["AT"]}``; default every bus that consumes, by itself.
    origins : sequence of str, optional
        Whose displacement and range of labels are computed; default all that supply others. Figures of all other
        accounts are of all origins.
    naming : {"entry", "contracts", "partner"}
        How gas is labelled: by contracts alone; also by the name of the only supplier that can have delivered it
        (``entry``); or, beyond that, by the country that sold it on (``partner``, as statistics of trade do).
    networks : sequence of pypsa.Network, or mapping of str to it, optional
        Unsolved network of each year, by scenario if there are several, or what
        :func:`energyflows.running.prepare_networks` returns: flows are solved again at nearly the same cost, which
        gives the range of molecules.
    tables : mapping of str to pandas.DataFrame, optional
        From :func:`energyflows.load_tables`; default the packaged tables.
    workers : int
        Processes that share the scenarios; the numbers do not depend on it.

    Returns
    -------
    xarray.Dataset
        By year, ``bus`` (or ``area``) and ``origin``, and the other dims of the results: ``volume``, ``low``, ``high``
        (TWh, with dim ``account``), ``tag``, ``consumed`` and ``divergence`` (TWh).

        ``tag`` is ``identified`` where the range is below 2 % of consumption, ``bounded`` where it is wider,
        ``assumed`` where none is known, and ``missing`` where there is no figure. ``divergence`` is the largest less
        the smallest of label, molecules and displacement; the legal account is a presumption, not a volume, and stands
        beside. Origins that are no country: ``unlabelled`` (gas sold on without a known contract), ``unproven`` (whose
        country of production is still to be proven) and ``unknown`` (from stores of which nothing is known).
        Contracts of more than flowed are told in ``attrs["notes"]``.

    Raises
    ------
    UsageError
        For accounts, areas, origins or words that do not exist; all at once.
    ResultsError
        If results lack what accounts need, or cannot be traced.

    Notes
    -----
    Ranges are not alike. ``label``: from contracts alone to what gas without a label could add, as far as gas of that
    origin can have come (:func:`energyflows.tracing.bound_delivered`). ``molecules``: an inner
    bound from flows re-solved at nearly the same cost. ``displacement``: three rules of curtailment, ``firm`` (exports
    under contract are honoured), ``pro-rata`` (the figure itself) and ``last-in`` (the newest buyers give way).

    References
    ----------
    Bialek (1996), IEE Proc. GTD 143, 310–320; Bushnell, Peterman & Wolfram (2008), Local solutions to global problems,
    Review of Environmental Economics and Policy 2, 175–193; Regulation (EU) 2026/261.

    Examples
    --------
    >>> from energyflows import run
    >>> found = attribute(run(years=2025), ["label", "molecules"])
    >>> found["volume"].sel(account="molecules", bus="BG", origin="RU").item() > 0
    True
    """
    require(results, "data_vars coords", "an xarray.Dataset of results")
    loaded = load_tables() if tables is None else tables
    options = _read_options(
        results, accounts, areas=areas, origins=origins, naming=naming, workers=workers, tables=loaded
    )
    given = {name: strip_passport(table) for name, table in loaded.items()}
    solvable = choose_networks(results, networks)
    cases = [
        _Case(name, ds, find_world(ds, given, meta), solvable.get(name)) for name, ds, meta in list_scenarios(results)
    ]
    firsts = [_find_first(cases, case) for case in cases]
    alone = [case for place, case in enumerate(cases) if firsts[place] == place]
    done = dict(map_chunks(_attribute_case, options, alone, workers=workers))
    told = [done[alone.index(cases[first])] for first in firsts]
    notes = [f"{c.name}: {note}" if c.name else note for c, (_, n) in zip(cases, told, strict=True) for note in n]
    found = [accounts for accounts, _ in told]
    return _join(found, results, options).assign_attrs(units="TWh", notes=notes, naming=naming)


def _read_options(results: xr.Dataset, accounts: Sequence[str], **given: Any) -> Options:
    """Return what is asked for, checked."""
    check_arguments(results, accounts, known=ACCOUNTS, **given)
    consuming = results["consumed"].max([dim for dim in results["consumed"].dims if dim != "bus"]) > 0
    buses = [str(bus) for bus in results["bus"].to_numpy()[consuming.to_numpy()]]
    areas = given["areas"]
    chosen = {bus: [bus] for bus in buses} if areas is None else {str(k): list(v) for k, v in areas.items()}
    foreign = results["generator_route"].to_numpy().astype(str) != "home"
    listed = sorted(set(results["generator_origin"].to_numpy().astype(str)[foreign]))
    origins = listed if given["origins"] is None else list(given["origins"])
    dim = "bus" if areas is None else "area"
    return Options(tuple(accounts), chosen, dim, origins, given["naming"])


def list_scenarios(results: xr.Dataset) -> Iterator[tuple[str, xr.Dataset, Mapping[str, Any]]]:
    """Yield each scenario of results, with what it tells of papers and law.

    Parameters
    ----------
    results : xarray.Dataset
        With or without dim ``scenario``.

    Yields
    ------
    tuple of str, xarray.Dataset and mapping
        Name (empty if there is one only), results, and ``labels``, ``ownership``, ``bans`` where told.
    """
    meta = json.loads(results.attrs.get("meta", "{}"))
    if "scenario" not in results.dims:
        told = meta.get("scenario", {})
        yield "", results, json.loads(told) if isinstance(told, str) else told
        return
    told = meta.get("scenarios", {})
    for name in results["scenario"].to_numpy().tolist():
        yield str(name), results.sel(scenario=name, drop=True), told.get(str(name), {})


def find_world(ds: xr.Dataset, tables: Mapping[str, pd.DataFrame], meta: Mapping[str, Any]) -> World:
    """Return what accounts need to know of a scenario beside its flows.

    Parameters
    ----------
    ds : xarray.Dataset
        Results of the scenario.
    tables : mapping of str to pandas.DataFrame
        Without passports.
    meta : mapping of str to object
        From :func:`list_scenarios`.

    Returns
    -------
    World
        Contracts, rules and zones as in the tables; papers and bans as the scenario tells them; cargoes as landed.
    """
    zones = tables["zones"]
    allot = partial(allot_cargoes, tables={name: tables[name] for name in _LANDED})
    papers = date_papers(meta.get("labels", []), ds)
    return World(
        contracts=add_contracts(tables["contracts"], papers, ds),
        rules=tables["rules"],
        members=zones.loc[zones["eu"], "zone"].tolist(),
        papers=[paper for paper in papers if "from" in paper],
        bans=list(meta.get("bans", [])),
        cargoes=allot(ds),
        allot=allot,
    )


def _find_first(cases: Sequence[_Case], case: _Case) -> int:
    """Return the position of the first case with the same flows, papers and law, and no networks of its own."""
    for place, other in enumerate(cases):
        if other is case:
            return place
        mine, theirs = case.world, other.world
        same = (theirs.papers, theirs.bans) == (mine.papers, mine.bans) and theirs.contracts.equals(mine.contracts)
        if same and other.networks is None and case.networks is None and other.ds.equals(case.ds):
            return place
    return len(cases)


def _attribute_case(options: Options, case: _Case) -> tuple[dict[str, Account], list[str]]:
    """Return the accounts of one scenario, and notes."""
    ds, world = case.ds, case.world
    molecules = trace(ds, rules=world.cargoes)
    found: dict[str, Account] = {}
    notes: list[str] = []
    if {"label", "legal"} & set(options.accounts):
        strict = label_gas(ds, world, molecules, "contracts")
        notes = strict.notes
        if "label" in options.accounts:
            named = label_gas(ds, world, molecules, options.naming)
            notes = named.notes
            claimable = bound_claims(ds, molecules, options)
            found["label"] = bound_labels(named.delivered, strict.delivered, claimable, options)
        if "legal" in options.accounts:
            found["legal"] = leave_open(sum_places(presume_origins(ds, world, molecules, strict), options))
    if "molecules" in options.accounts:
        found["molecules"] = bound_molecules(molecules, case.networks, world.allot, options)
    if "displacement" in options.accounts:
        found["displacement"] = displace(ds, world, options)
    return {name: found[name] for name in options.accounts}, notes


def _join(found: list[dict[str, Account]], results: xr.Dataset, options: Options) -> xr.Dataset:
    """Return one dataset of all scenarios and accounts."""
    scenarios = results["scenario"].to_numpy() if "scenario" in results.dims else None
    figures: dict[Hashable, Any] = {}
    for field in Account._fields:
        by_account = []
        for name in options.accounts:
            parts = [getattr(each[name], field) for each in found]
            joined = parts[0] if scenarios is None else _stack(parts, "scenario", scenarios)
            by_account.append(joined)
        figures[field] = _stack(by_account, "account", np.array(options.accounts))
    ds = xr.Dataset(figures)
    consumed = sum_places(sum_energy(results["consumed"], results), options)
    ds = ds.transpose("account", ..., "year", options.dim, "origin").assign(consumed=consumed)
    ds = ds.assign(divergence=measure_divergence(ds["volume"]))
    told = ds.assign({name: array.assign_attrs(units="TWh") for name, array in ds.data_vars.items()})
    return told.assign(tag=_tag(ds))


def _stack(parts: list[xr.DataArray], dim: str, names: np.ndarray) -> xr.DataArray:
    """Join figures along a new dim."""
    origins = sorted({str(name) for part in parts for name in part["origin"].to_numpy()})
    return xr.concat([_fill(part, origins) for part in parts], dim=pd.Index(names, name=dim), coords="minimal")


def _fill(part: xr.DataArray, origins: list[str]) -> xr.DataArray:
    """Return figures of all origins: zero where a part does not have one and is complete, else missing."""
    wide = part.reindex(origin=origins)
    new = ~wide["origin"].isin(part["origin"].to_numpy())
    complete = (part.count("origin") > 0) & (not part.attrs.get("partial", False))
    return wide.where(~(new & complete), 0.0)


def measure_divergence(volume: xr.DataArray) -> xr.DataArray:
    """Return how far accounts of volumes lie apart.

    Parameters
    ----------
    volume : xarray.DataArray
        With dim ``account``.

    Returns
    -------
    xarray.DataArray
        The largest less the smallest of label, molecules and displacement, in the unit of ``volume``; missing where
        fewer than two of them tell.
    """
    told = [name for name in VOLUMES if name in volume["account"].to_numpy()]
    if not told:
        return xr.full_like(volume.isel(account=0, drop=True), np.nan)
    chosen = volume.sel(account=told)
    return (chosen.max("account") - chosen.min("account")).where(chosen.count("account") > 1)


def _tag(ds: xr.Dataset) -> xr.DataArray:
    """Return what each figure rests on."""
    wide = (ds["high"] - ds["low"]) / ds["consumed"].where(ds["consumed"] > _LEAST)
    words = xr.full_like(wide, "assumed", dtype=object).where(np.isnan(wide), "bounded")
    words = words.where(~(wide < _IDENTIFIED), "identified").where(np.isfinite(ds["volume"]), "missing")
    return words.astype(str).transpose(*ds["volume"].dims)
