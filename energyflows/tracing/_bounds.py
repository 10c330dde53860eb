"""Between which two numbers the gas of an origin at a consumer lies, whatever mixes with what."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from energyflows.errors import ResultsError, UsageError, list_problems, require, suggest
from energyflows.tracing._checking import find_problems
from energyflows.tracing._cuts import Ways, bound_shares, close_balance
from energyflows.tracing._mixing import Floats, Positions
from energyflows.tracing._reading import UNKNOWN, Figures, Parts, read_figures, read_parts
from energyflows.tracing._stacking import list_leads, sum_at
from energyflows.tracing._starting import find_wrong_shares, label_shares, place_shares
from energyflows.tracing._tanks import measure_tanks


class _Wanted(NamedTuple):
    """What bounds are asked for: buses by name of the target, the dim of targets, and origins."""

    targets: dict[str, list[str]]
    dim: str
    origins: list[str]


def bound_delivered(
    results: xr.Dataset,
    *,
    areas: Mapping[str, Collection[str]] | None = None,
    origins: Collection[str] | None = None,
    before: pd.DataFrame | xr.DataArray | None = None,
) -> xr.Dataset:
    r"""Bound the gas of each origin that areas consume, from the flows alone.

    That gas mixes where it meets, and so what :func:`trace` finds, is a convention. Without it, any gas that enters a
    bus may leave it by any way, and labels may be exchanged wherever gas meets.

    Parameters
    ----------
    results : xarray.Dataset
        As :func:`trace` takes them, with dates as snapshots.
    areas : mapping of str to list of str, optional
        Buses by name of an area; default every bus that consumes, one by one.
    origins : list of str, optional
        Default all those of generators and of ``before``.
    before : pandas.DataFrame or xarray.DataArray, optional
        What tanks hold when the first snapshot begins: shares, as ``start`` of :func:`trace`, or volumes in GWh, as
        its ``stored_before``. Default: nothing is known, and it may be of any origin.

    Returns
    -------
    xarray.Dataset
        ``low`` and ``high``, TWh, by ``year``, ``area`` (without areas: ``bus``) and ``origin``, and by the further
        dims of the results.

    Raises
    ------
    UsageError
        For areas, origins or shares that cannot be used; all at once.
    ResultsError
        If results cannot be traced, or their snapshots are no dates.

    Notes
    -----
    With given flows :math:`f_a`, gas of an origin is a flow :math:`0 \le g_a \le f_a` that balances at every bus and in
    every tank, and the rest is one of all other gas. The most that consumer :math:`c` may have got is a maximum flow
    from all entries of the origin to :math:`c`; the least is what :math:`c` consumes less the most of all other gas.
    Tanks carry gas from one snapshot to the next, over years too. What is lost on links leaves at their sending end.
    What a tank held at first, if ``before`` does not tell, and what it holds more of than flows explain, may be of any
    origin: it counts for the most and not for the least.

    Each number can be reached by itself, not all of them together. They are found to about a millionth of what the area
    consumes, and are never too narrow: bounds that are not zero are widened by a billionth of that, and by the sum of
    what flows do not balance.

    References
    ----------
    Ford & Fulkerson (1956), Maximal flow through a network, Canadian J. Math. 8, 399–404; Hu (1963), Multi-commodity
    network flows, Operations Research 11, 344–360.

    Examples
    --------
    >>> from energyflows import run
    >>> bounds = bound_delivered(run(years=2025), areas={"Iberia": ["ES", "PT"]}, origins=["AZ"])
    >>> bounds["high"].dims, float(bounds["low"].squeeze())
    (('year', 'area', 'origin'), 0.0)
    """
    require(results, "data_vars coords", "an xarray.Dataset of results")
    shares = _check(results, areas, origins, before)
    parts = read_parts(results, [] if shares is None else [str(name) for name in shares["origin"].to_numpy()])
    figures = read_figures(results, parts)
    wanted = _choose(results, figures, parts, (areas, origins))
    held = np.zeros((len(figures.consumed), len(parts.tanks), len(parts.origins)))
    if shares is not None:
        held = place_shares(shares, results, parts, figures)
    years, periods = np.unique(results.indexes["snapshot"].year.to_numpy(), return_inverse=True)
    leaving = _choose_leaving(results, periods, wanted)
    found = []
    for lead in range(len(figures.consumed)):
        consumed = (figures.consumed[lead] * figures.days[:, None]).ravel()
        nodes = len(consumed) + len(periods) * len(parts.tanks)
        asked = np.zeros((nodes, leaving.shape[1]))
        asked[: len(consumed)] = leaving * consumed[:, None]
        ways = _expand(parts, figures.choose(slice(lead, lead + 1)), held[lead])
        found.append(bound_shares(ways, asked, np.array([parts.origins.index(name) for name in wanted.origins])))
    return _label(results, np.array(found) / 1e3, years, wanted)


def _check(ds: xr.Dataset, areas: Any, origins: Any, before: Any) -> xr.DataArray | None:
    """Refuse what cannot be bounded; return shares of tanks, if given."""
    problems = find_problems(ds)
    if "snapshot" in ds.dims and not isinstance(ds.indexes.get("snapshot"), pd.DatetimeIndex):
        problems.append("snapshot: found no dates, which years are told by")
    shares = None if before is None else _read_shares(before)
    wrong = [] if before is None or shares is not None else [_tell_before(before)]
    if "bus" in ds.coords:
        wrong += _find_wrong_areas(areas, ds["bus"].to_numpy().astype(str).tolist())
    if shares is not None and not problems:
        wrong += [text.replace("start:", "before:", 1) for text in find_wrong_shares(shares, ds)]
    if "generator_origin" in ds:
        more = set() if shares is None else set(shares["origin"].to_numpy().astype(str).tolist())
        wrong += _find_wrong_origins(origins, {*ds["generator_origin"].to_numpy().astype(str).tolist(), *more})
    if wrong:
        raise UsageError(list_problems("these bounds cannot be found:", wrong + problems))
    if problems:
        raise ResultsError(list_problems("these results cannot be traced:", problems))
    return shares


def _tell_before(before: Any) -> str:
    return f"before: found {type(before).__name__}, expected shares or volumes (GWh) in numbers, tanks by origins"


def _read_shares(before: Any) -> xr.DataArray | None:
    """Return shares of what tanks hold; volumes are divided by their sum, and none is nothing known."""
    shares = label_shares(before)
    if shares is None or shares.attrs.get("units") != "GWh":
        return shares
    total = shares.sum("origin", skipna=False)
    return shares / total.where(total > 0)


def _find_wrong_areas(areas: Any, buses: list[str]) -> list[str]:
    if areas is None:
        return []
    if not isinstance(areas, Mapping):
        return [f"areas: found {type(areas).__name__}, expected lists of buses by name of the area"]
    strange = [
        f"area {name}: found {members!r}, expected a list of buses"
        for name, members in areas.items()
        if isinstance(members, str) or not isinstance(members, Collection)
    ]
    if strange or not areas:
        return strange or ["areas: found none"]
    lists = {name: [str(bus) for bus in members] for name, members in areas.items()}
    known = set(buses)
    problems = [f"area {name}: no bus in it" for name, members in lists.items() if not members]
    return problems + [
        f"area {name}: no bus {bus!r}{suggest(bus, buses)}"
        for name, members in lists.items()
        for bus in members
        if bus not in known
    ]


def _find_wrong_origins(origins: Any, known: set[str]) -> list[str]:
    if origins is None:
        return []
    if isinstance(origins, str) or not isinstance(origins, Collection):
        return [f"origins: found {origins!r}, expected a list of origins"]
    names = [str(name) for name in origins]
    problems = [] if names else ["origins: found none"]
    problems += [f"origins: {name} is there twice" for name in dict.fromkeys(names) if names.count(name) > 1]
    known = known - {UNKNOWN}
    return problems + [
        f"origins: no origin {name!r}{suggest(name, sorted(known))}" for name in names if name not in known
    ]


def _choose(ds: xr.Dataset, figures: Figures, parts: Parts, asked: tuple[Any, Any]) -> _Wanted:
    """Return what is wanted, with the defaults."""
    areas, origins = asked
    names = parts.origins[:-1] if origins is None else [str(name) for name in origins]
    if areas is not None:
        targets = {str(name): list(dict.fromkeys(map(str, members))) for name, members in areas.items()}
        return _Wanted(targets, "area", names)
    consuming = figures.consumed.any(axis=(0, 1))
    return _Wanted({bus: [bus] for bus in ds["bus"].to_numpy()[consuming].astype(str).tolist()}, "bus", names)


def _choose_leaving(ds: xr.Dataset, periods: Positions, wanted: _Wanted) -> Floats:
    """Return which consumption each target takes: by snapshot and bus behind each other, and year and target."""
    buses = ds["bus"].to_numpy().astype(str)
    inside = np.array([np.isin(buses, members) for members in wanted.targets.values()], dtype=float)
    during = (periods[:, None] == np.arange(periods.max() + 1)).astype(float)
    taken: Floats = np.einsum("ty,ab->tbya", during, inside).reshape(len(periods) * len(buses), -1)
    return taken


def _expand(parts: Parts, figures: Figures, held: Floats) -> Ways:
    """Return the ways of gas through space and time, GWh; nodes are buses by snapshot, then tanks by snapshot.

    Parameters are of one lead; ``held`` are the shares of each origin in what tanks hold before the first snapshot.
    """
    steps, buses = figures.consumed.shape[1:]
    days = figures.days[:, None]
    rows = np.arange(steps)[:, None]
    tanks = measure_tanks(figures.stored, figures.net, figures.days)
    here = steps * buses + rows * len(parts.tanks) + np.arange(len(parts.tanks))
    at = rows * buses + parts.tanks
    groups = [
        (rows * buses + parts.begins, rows * buses + parts.ends, figures.received[0] * days),
        (at, here, tanks.added[0]),
        (here, at, tanks.drawn[0]),
        (here[:-1], here[1:], tanks.level[0, :-1]),
    ]
    arcs = [np.concatenate([array.ravel() for array in arrays]) for arrays in zip(*groups, strict=True)]
    entering = np.zeros((steps * buses + here.size, len(parts.origins)))
    np.add.at(entering, (rows * buses + parts.places, parts.sources), figures.supplied[0] * days)
    entering[here[0]] += tanks.before[0, 0, :, None] * held
    lost = sum_at(figures.sent[0] - figures.received[0], parts.begins, np.arange(buses))
    leaving = np.concatenate([((figures.consumed[0] + lost) * days).ravel(), np.zeros(here.size)])
    leaving[here[-1]] = tanks.level[0, -1]
    # The last origin is the unknown one: what nobody named is found as the gap.
    entering[:, -1] = 0.0
    return close_balance(arcs[0], arcs[1], arcs[2], entering, leaving)


def _label(ds: xr.Dataset, found: Floats, years: Positions, wanted: _Wanted) -> xr.Dataset:
    """Put names and units on bounds, by lead and (low, high) and further axes."""
    leads = list_leads(ds)
    shape = [*(ds.sizes[dim] for dim in leads), len(years), len(wanted.targets), len(wanted.origins)]
    dims = (*leads, "year", wanted.dim, "origin")
    coords = {name: ds[name] for name in ds.coords if set(ds[name].dims) <= set(leads)}
    names = {"year": years, wanted.dim: list(wanted.targets), "origin": wanted.origins}
    return xr.Dataset(
        {name: (dims, found[:, side].reshape(shape), {"units": "TWh"}) for side, name in enumerate(("low", "high"))},
        coords={**coords, **names},
        attrs={"program": "energyflows"},
    )
