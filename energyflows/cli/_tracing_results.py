"""Flows of networks, solved or observed, traced by every convention and bounded without any."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from energyflows.cli._opening import open_parts
from energyflows.cli._tracing_rules import apply_rules, choose_rules, tell_rules
from energyflows.errors import OutputError, ResultsError, UnknownNameError, UsageError, list_problems, suggest
from energyflows.results import sum_energy

_LNG = (
    "LNG: each terminal lands the cargoes its country reports, and the mix that is left where it reports none, fitted "
    "to what is shipped and landed; that is taken as given, so ranges do not hold its error. XX: other suppliers."
)

Told = tuple[pd.DataFrame, dict[str, Any]]

UNION = "EU27"
#: Conventions a traced figure may follow.
_CONVENTIONS = tuple(
    (storage, coupling) for storage in ("mixed", "fifo", "lifo") for coupling in ("direct", "aggregated")
)
#: TWh a year below which a place consumes nothing.
_LEAST = 1e-6
#: Part of consumption by which flows solved again may differ from those of the file.
_SAME = 1e-3
_UNKNOWN = "unknown"
_POSSIBLE = (
    "the least and the most that any mixing of these very flows allows, each by itself; what stores hold at first is "
    "taken as traced, and that the flows may be others is not in it"
)
_VERTICES = (
    "the least and the most found in {count} flows that cost at most {epsilon:.0%} of transport and storage "
    "more than the cheapest, all traced by one convention; an inner bound, flows not looked at may lie outside"
)
_CONVENTION = (
    "stores mix, or give the oldest or the newest gas first; own output mixes with transit, or serves own demand first"
)


def trace_results(path: Path, year: int | None, tables: Mapping[str, pd.DataFrame], options: Mapping[str, Any]) -> Told:
    """Trace results of the model.

    Parameters
    ----------
    path : Path
        Folder or file.
    year : int or None
        Only this one.
    tables : mapping of str to pandas.DataFrame
        From :func:`energyflows.load_tables`.
    options : mapping of str to Any
        Those given: ``storage``, ``coupling``, ``start``, ``rule``, ``scenario``, ``vertices``.

    Returns
    -------
    tuple of pandas.DataFrame and dict
        Rows by scenario, year, consumer and origin, TWh; and what is to be told.

    Raises
    ------
    OutputError
        If there are no results.
    UsageError
        If something is asked for that they do not hold.
    """
    from energyflows.influence.accounts import list_scenarios

    ds = _open(path)
    names = _choose_scenarios(ds, options.get("scenario"))
    _refuse_year(ds, year, path)
    scenarios = [(name, one) for name, one, _ in list_scenarios(ds) if name in names]
    if "vertices" in options:
        _refuse_strange(names, json.loads(ds.attrs.get("meta", "{}")))
    told = _tell(f"{path}: results of the model", tables, options)
    several = len(names) * (1 if year else len(set(ds.indexes["snapshot"].year))) > 1
    if several and options.get("brief") and "consumer" not in options:
        every = list(list_areas(scenarios[0][1], tables))
        options, told["hidden"] = {**options, "consumer": every[:1]}, len(every) - 1
    parts = [_measure(one, tables, options).assign(scenario=name) for name, one in scenarios]
    found, notes = pd.concat(parts, ignore_index=True), _tell_rules(scenarios[0][1], tables, options)
    notes.append(_LNG)
    if "vertices" in options:
        found, told["interval"] = _replace_ranges(found, scenarios, tables, options)
        told["inner"] = True
    else:
        notes.append("Flows are one solution of many that cost nearly the same; --vertices N: range over such flows.")
    rows = found if year is None else found[found["year"] == year]
    return _order(rows), {**told, "notes": notes}


def trace_observed(year: int | None, tables: Mapping[str, pd.DataFrame], options: Mapping[str, Any]) -> Told:
    """Trace observed flows of a year, balanced.

    Parameters
    ----------
    year : int
        Observed from January to December.
    tables : mapping of str to pandas.DataFrame
        From :func:`energyflows.load_tables`.
    options : mapping of str to Any
        Those given: ``storage``, ``coupling``, ``start``, ``rule``.

    Returns
    -------
    tuple of pandas.DataFrame and dict
        Rows by year, consumer and origin, TWh; and what is to be told.

    Raises
    ------
    UsageError
        If the year is not observed.
    """
    from energyflows.cli._tracing_observed import arrange
    from energyflows.hindcast import observed_flows

    rules = choose_rules(options.get("rule", ()), tables)
    flows = observed_flows(int(year or 0), tables=tables)
    ds = arrange(flows, tables)
    found = _measure(ds, tables, options)
    notes = _tell_rules(ds, tables, options) if len(rules) else []
    met = (
        f"{flows.attrs['observations']:,} figures are made to balance by month, all but {len(flows.attrs['residuals'])}"
    )
    notes += [
        "Stores begin the year with the mix they end it with: gas stored in earlier years is not remembered.",
        _LNG,
        f"{met} are met; borders without a figure are what balance leaves: docs/observed-flows.md.",
    ]
    return _order(found), {**_tell(f"observed flows of {year}, balanced by month", tables, options), "notes": notes}


def _open(path: Path) -> xr.Dataset:
    """Open results of one part, with dim scenario and no other leads."""
    from energyflows.tracing._stacking import list_leads

    parts = open_parts([path])
    if len(parts) > 1:
        told = ", ".join(str(Path(name).parent) for name in parts)
        raise OutputError(f"{path}: found a study of several parts, expected one of them: {told}")
    ds = next(iter(parts.values()))
    more = [str(dim) for dim in list_leads(ds) if dim != "scenario"]
    if more:
        raise ResultsError(f"{path}: found dim {', '.join(more)}, expected scenarios only; ef.trace takes it in Python")
    return ds


def _choose_scenarios(ds: xr.Dataset, wanted: Sequence[str] | None) -> list[str]:
    names = [str(name) for name in ds["scenario"].to_numpy()]
    strange = [f"no scenario {name!r}{suggest(name, names)}" for name in wanted or () if name not in names]
    if strange:
        raise UnknownNameError(list_problems(f"--scenario: these results hold {', '.join(names)}:", strange))
    return [name for name in names if not wanted or name in wanted]


def _refuse_year(ds: xr.Dataset, year: int | None, path: Path) -> None:
    known = sorted(set(ds.indexes["snapshot"].year))
    if year is not None and year not in known:
        raise UsageError(f"--year {year}: {path} holds {', '.join(map(str, known))}; without a file: observed flows")


def _tell_rules(ds: xr.Dataset, tables: Mapping[str, pd.DataFrame], options: Mapping[str, Any]) -> list[str]:
    if "rule" not in options:
        return []
    return [
        *tell_rules(choose_rules(options["rule"], tables), ds),
        "Rules are said, not measured: figures follow them.",
    ]


def _tell(flows: str, tables: Mapping[str, pd.DataFrame], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what every table of traced gas must say."""
    return {
        "flows": flows,
        "unit": "TWh",
        "options": {
            "storage": options.get("storage", "mixed"),
            "coupling": options.get("coupling", "direct"),
            "start": options.get("start", "chained"),
            "rules": list(options.get("rule", ())),
        },
        "interval": _POSSIBLE,
        "convention": _CONVENTION,
        "members": tables["zones"].loc[tables["zones"]["eu"], "zone"].tolist(),
    }


def list_areas(ds: xr.Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, list[str]]:
    """Return the buses of each consumer: the EU27 if it is all there, its members, then others.

    Parameters
    ----------
    ds : xarray.Dataset
        Results.
    tables : mapping of str to pandas.DataFrame
        From :func:`energyflows.load_tables`.

    Returns
    -------
    dict of str to list of str
        Pools of LNG are no consumers.
    """
    burned = sum_energy(ds["consumed"], ds).sum("year")
    apart = ds["bus_kind"].isin(["lng"]) if "bus_kind" in ds.coords else xr.zeros_like(burned, dtype=bool)
    buses = sorted(burned["bus"].to_numpy()[((burned > _LEAST) & ~apart).to_numpy()].astype(str).tolist())
    zones = tables["zones"]
    union = zones.loc[zones["eu"] & (zones["kind"] == "market"), "zone"].tolist()
    members = [bus for bus in buses if bus in union]
    whole = set(union) <= set(ds["bus"].to_numpy().astype(str)) and len(union) > 0
    rest = [bus for bus in buses if bus not in union]
    return {**({UNION: members} if whole and members else {}), **{bus: [bus] for bus in (*members, *rest)}}


def _choose_areas(areas: Mapping[str, list[str]], options: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the consumers asked for; refuse those there are not."""
    wanted = options.get("consumer") or list(areas)
    strange = [f"nothing is consumed at {name!r}{suggest(name, areas)}" for name in wanted if name not in areas]
    if strange:
        raise UnknownNameError(list_problems(f"--consumer: expected some of {', '.join(areas)}:", strange))
    return {name: buses for name, buses in areas.items() if name in wanted}


def _measure(ds: xr.Dataset, tables: Mapping[str, pd.DataFrame], options: Mapping[str, Any]) -> pd.DataFrame:
    """Return volumes and both ranges, by year, consumer and origin."""
    from energyflows.tracing import bound_delivered, trace

    areas = _choose_areas(list_areas(ds, tables), options)
    flows = _allot(ds, tables)
    if "rule" in options:
        flows = apply_rules(flows, choose_rules(options["rule"], tables))
    chosen = (options.get("storage", "mixed"), options.get("coupling", "direct"))
    traced = trace(flows, chosen[0], options.get("start", "chained"), chosen[1])
    begin = _share(traced["stored_before"])
    volumes = {chosen: _sum(traced["delivered"], flows, areas)}
    for storage, coupling in _CONVENTIONS:
        if (storage, coupling) != chosen and (storage == "mixed" or flows.sizes.get("store", 0)):
            other = trace(flows, storage, begin, coupling) if begin.size else trace(flows, storage, coupling=coupling)
            volumes[storage, coupling] = _sum(other["delivered"], flows, areas)
    aligned = xr.concat(
        list(volumes.values()), dim=xr.Variable("convention", np.arange(len(volumes))), join="outer", fill_value=0.0
    )
    point = aligned.isel(convention=0)
    least, most = aligned.min("convention"), aligned.max("convention")
    if "vertices" in options:
        outer = {"low": xr.full_like(point, np.nan), "high": xr.full_like(point, np.nan)}
    else:
        bounds = bound_delivered(flows, areas=areas, before=begin if begin.size else None)
        outer = {name: bounds[name].reindex(origin=point["origin"].to_numpy()) for name in ("low", "high")}
    consumed = _sum(ds["consumed"], ds, areas)
    columns = {
        "volume": point,
        # Both hold what was traced; they may differ from it by rounding.
        "low": least.where(~(least > outer["low"]), outer["low"]).where(~np.isnan(outer["low"])),
        "high": most.where(~(most < outer["high"]), outer["high"]).where(~np.isnan(outer["high"])),
        "convention_low": least,
        "convention_high": most,
        "consumed": consumed.broadcast_like(point),
    }
    bare = {
        name: array.drop_vars([each for each in array.coords if each not in array.dims])
        for name, array in columns.items()
    }
    return xr.Dataset(bare).to_dataframe(dim_order=["year", "area", "origin"]).reset_index()


def _allot(ds: xr.Dataset, tables: Mapping[str, pd.DataFrame]) -> xr.Dataset:
    """Give each terminal the cargoes its country reports, where pools of LNG are told."""
    from energyflows.influence.cargoes import allot_cargoes

    shares = allot_cargoes(ds, tables) if "bus_kind" in ds.coords else None
    return ds if shares is None else apply_rules(ds, shares)


def _share(held: xr.DataArray) -> xr.DataArray:
    """Return what tanks hold as shares; all missing where some of it is of unknown origin."""
    known = held.drop_sel(origin=_UNKNOWN) if _UNKNOWN in held["origin"].to_numpy() else held
    total = held.sum("origin", skipna=False)
    whole = known.sum("origin", skipna=False) >= total * (1 - 1e-9)
    shares = known / total.where((total > 0) & whole)
    return shares.drop_vars([name for name in shares.coords if name not in shares.dims])


def _sum(rate: xr.DataArray, ds: xr.Dataset, areas: Mapping[str, Sequence[str]]) -> xr.DataArray:
    """Return TWh by year and area."""
    energy = sum_energy(rate, ds)
    parts = [energy.sel(bus=list(buses)).sum("bus") for buses in areas.values()]
    joined = xr.concat(
        parts, dim=xr.Variable("area", np.array(list(areas), dtype=str)), coords="minimal", compat="override"
    )
    return joined.drop_vars([name for name in joined.coords if name not in joined.dims])


def _order(found: pd.DataFrame) -> pd.DataFrame:
    """Return rows as they are told, without what is of no consumer."""
    named = found.rename(columns={"area": "consumer"})
    named = named[named["consumed"] > _LEAST]
    first = [name for name in ("scenario", "year", "consumer", "origin") if name in named]
    return named[[*first, *(name for name in named if name not in first)]].reset_index(drop=True)


def _replace_ranges(
    found: pd.DataFrame,
    scenarios: list[tuple[str, xr.Dataset]],
    tables: Mapping[str, pd.DataFrame],
    options: Mapping[str, Any],
) -> tuple[pd.DataFrame, str]:
    """Return ranges over flows of nearly the same cost, solved again."""
    from energyflows.influence import allot_cargoes, trace_vertices
    from energyflows.running import prepare_networks

    meta = json.loads(scenarios[0][1].attrs["meta"])
    names = [name for name, _ in scenarios]
    years = sorted(int(year) for year in meta["years"])
    settings = {"final_stocks": str(meta["final_stocks"])} if "final_stocks" in meta else {}
    prepared = prepare_networks(names, (years[0], years[-1]), str(meta["resolution"]), tables=dict(tables), **settings)
    parts, attrs = [], {}
    for name, ds in scenarios:
        _refuse_others(name, ds, [solved for _, solved in prepared[name]])
        areas = list_areas(ds, tables)
        shown = [area for area in found["area"].unique() if options.get("consumer") or _is_union(area, areas)]
        sought = trace_vertices(
            [n for n, _ in prepared[name]],
            areas={area: areas[area] for area in shown},
            count=options["vertices"],
            origins=options.get("origin"),
            start=options.get("start", "chained"),
            allot=partial(allot_cargoes, tables=tables),
        )
        parts.append(sought[["low", "high"]].to_dataframe().reset_index().assign(scenario=name))
        attrs = sought.attrs
    keys = ["scenario", "year", "area", "origin"]
    ranges = pd.concat(parts)
    kept = found[found["area"].isin(ranges["area"])].drop(columns=["low", "high"])
    joined = kept.merge(ranges, on=keys, how="left")
    # The flows of the file are among those of nearly the same cost.
    joined["low"], joined["high"] = (
        joined["low"].clip(upper=joined["volume"]),
        joined["high"].clip(lower=joined["volume"]),
    )
    return joined, _VERTICES.format(count=attrs["vertices"], epsilon=attrs["epsilon"])


def _is_union(area: str, areas: Mapping[str, list[str]]) -> bool:
    """Return whether a range is sought by default: the EU27 and its members, or all where it is not told."""
    return UNION not in areas or area == UNION or area in areas[UNION]


def _refuse_strange(names: list[str], meta: Mapping[str, Any]) -> None:
    """Refuse results of which it is not known how they were solved."""
    from energyflows.scenarios import list_scenarios

    known = [str(name) for name in list_scenarios().index]
    problems = [f"scenario {name!r} is not built in{suggest(name, known)}" for name in names if name not in known]
    problems += [f"the file does not tell {word}" for word in ("years", "resolution") if word not in meta]
    if problems:
        raise UsageError(list_problems("--vertices: these results cannot be solved again:", problems))


def _refuse_others(name: str, ds: xr.Dataset, solved: list[xr.Dataset]) -> None:
    """Refuse results that the same scenario would not give now."""
    now = sum(float((one["consumed"] * one["weight_days"]).sum()) for one in solved)
    then = float((ds["consumed"] * ds["weight_days"]).sum())
    if abs(now - then) > _SAME * then:
        raise UsageError(
            f"--vertices: {name} solved again consumes {now / 1e3:,.1f} TWh, the file {then / 1e3:,.1f}; it was solved "
            "on other tables or settings, so its range cannot be found here"
        )
