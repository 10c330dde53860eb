"""How far traced shares are known: the range over flows that cost little more than the cheapest."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from numbers import Integral, Real
from typing import Any

import numpy as np
import xarray as xr

from energyflows.ensemble.program import check_network
from energyflows.errors import UnknownNameError, UsageError, list_problems, require, suggest
from energyflows.influence._vertex_aims import Aim, draw_worths
from energyflows.influence._vertex_faces import open_face
from energyflows.influence._vertex_steps import Traced, Ways, pursue, seek, trace_points

#: Sought for by default.
ORIGINS = ("RU", "AZ")
#: Numbers of one traced variable held at a time.
_BLOCK = 20_000_000


def trace_vertices(
    networks: Sequence[Any],
    *,
    areas: Mapping[str, Iterable[str]] | None = None,
    count: int = 24,
    epsilon: float = 0.01,
    origins: Sequence[str] | None = None,
    seed: int = 0,
    start: Any = "chained",
    allot: Callable[[xr.Dataset], xr.DataArray | None] | None = None,
) -> xr.Dataset:
    r"""Return the range of traced volumes over flows that cost little more than the cheapest.

    A cheapest flow is one of many that cost nearly the same, and their gas comes from elsewhere. Each year is solved
    again for other aims while its cost may exceed the least by at most ``epsilon`` times what transport and storage
    cost, and every flow found is traced. The range is an inner bound: flows that were not looked at may lie outside.

    Parameters
    ----------
    networks : sequence of pypsa.Network
        Unsolved, of consecutive years of one scenario, as from :func:`energyflows.running.prepare_networks`; stay as
        they are.
    areas : mapping of str to iterable of str, optional
        Buses by name of the area. By default every bus that consumes is told, and flows are sought for those of the
        EU; for all of them in a network whose buses have no column ``eu``.
    count : int
        Number of flows sought by chance, beside those sought for areas.
    epsilon : float
        What a flow may cost more, as part of the cost of transport and storage.
    origins : sequence of str, optional
        Of which areas are to get as much and as little as possible; default Russia and Azerbaijan, as far as they
        supply anything.
    seed : int
        Of the flows sought by chance.
    start : {"chained", "cyclic"}, pandas.DataFrame or xarray.DataArray
        What tanks hold at first, as for :func:`energyflows.tracing.trace`.
    allot : callable, optional
        Returns ``rules`` of :func:`energyflows.tracing.trace` for flows of all years, with dim ``draw``; such as
        cargoes landed (:func:`energyflows.influence.cargoes.allot_cargoes`). Default none.

    Returns
    -------
    xarray.Dataset, [TWh]
        ``low``, ``high`` and ``point`` (the cheapest flow) by year, bus or area, and origin, for all origins.
        Attributes: ``vertices``, the number of flows traced, the same in each year; ``epsilon``; ``cost`` of the
        cheapest flow and ``moving_cost``, of transport and storage in it, by year in thousand EUR.

    Raises
    ------
    UsageError
        For networks or figures that cannot be used, or where transport and storage cost nothing.
    UnknownNameError
        For a bus or an origin that is not there.
    SolveError
        If a year has no solution.

    Notes
    -----
    The row is :math:`c^\top x \le C^* + \epsilon C_{ts}`, where :math:`c` is the objective with its rewards, so that
    what is contracted stays so, and :math:`C_{ts}` what links (pipelines, regasification, storage; not links of
    carrier ``shipping``) and stores are paid for their flow in the cheapest one, without rewards.

    A traced volume is no linear function of flows. Towards each aim (more or less of an origin in an area) go up to
    four steps: flows are weighed by what a little more of each does to the volume
    (:func:`energyflows.influence._vertex_aims.weigh_aims`), the programme is solved for that, the flow found is traced,
    and the next step is weighed there as long as it gains 0.5 % of consumption. Gas that goes to and fro between two
    buses in the same period is taken off both ways first, beyond what is contracted. Years are chained: the flows of an
    aim in one year are traced behind those of the same aim and step in the year before.

    Examples
    --------
    >>> from energyflows import build_network
    >>> found = trace_vertices([build_network(2025)], areas={"GR": ["GR"]}, count=0, origins=["RU"])
    >>> greece = found.sel(year=2025, area="GR", origin="RU")
    >>> bool(greece["low"] < greece["point"] < greece["high"])
    True
    """
    require(networks, "__len__ __getitem__", "a list of networks, one for each year")
    given = list(networks)
    _check(given, areas, {"count": count, "epsilon": epsilon, "seed": seed}, origins)
    faces = [open_face(n, epsilon) for n in given]
    ways = Ways(start, allot)
    point = trace_points(faces, ways)
    aims = _list_aims(given, point, areas, origins)
    worths = draw_worths(faces, count, seed)
    found = [point.volume]
    size = max(1, _BLOCK // max(1, point.mix.size))
    for first in range(0, count, size):
        chosen = [each[first : first + size] for each in worths]
        begins = [[face.basis] * len(each) for face, each in zip(faces, chosen, strict=True)]
        found.append(seek(faces, chosen, begins, ways).volume)
    for first in range(0, len(aims), size):
        found += pursue(faces, point, aims[first : first + size], ways)
    return _sum_up(found, areas).assign_attrs(
        vertices=sum(volume.sizes["draw"] for volume in found),
        epsilon=float(epsilon),
        cost=[float(face.point["objective"]) for face in faces],
        moving_cost=[face.moving for face in faces],
        program="energyflows",
    )


def _check(
    networks: list[Any],
    areas: Mapping[str, Iterable[str]] | None,
    numbers: dict[str, Any],
    origins: Sequence[str] | None,
) -> None:
    """Refuse what cannot be used, all at once."""
    problems = [] if networks else ["networks: found none, expected one for each year"]
    for number, n in enumerate(networks):
        try:
            check_network(n)
        except UsageError as error:
            problems.append(f"networks[{number}]: {error}")
    for name, value in numbers.items():
        kind, word = (Real, "a number") if name == "epsilon" else (Integral, "a whole number")
        if isinstance(value, bool) or not isinstance(value, kind) or not math.isfinite(value) or value < 0:
            problems.append(f"{name}: found {value!r}, expected {word} of at least 0")
    problems += [f"origins: found the text {origins!r}, expected a list"] if isinstance(origins, str) else []
    problems += [] if areas is None else _find_wrong_areas(areas)
    if problems:
        raise UsageError(list_problems("vertices cannot be traced:", problems))
    _check_order(networks)


def _find_wrong_areas(areas: Mapping[str, Iterable[str]]) -> list[str]:
    require(areas, "items keys", "areas as a mapping from names to lists of buses")
    texts = {area: buses for area, buses in areas.items() if isinstance(buses, str)}
    problems = [] if len(areas) else ["areas: found none, expected at least one"]
    return problems + [
        f"areas: {area}: found the text {buses!r}, expected a list of buses" for area, buses in texts.items()
    ]


def _check_order(networks: list[Any]) -> None:
    for one, other in pairwise(networks):
        if not one.snapshots[-1] < other.snapshots[0]:
            raise UsageError(
                f"networks: found one that ends at {one.snapshots[-1]} before one that begins at {other.snapshots[0]}, "
                "expected consecutive years"
            )


def _list_aims(
    networks: list[Any], point: Traced, areas: Mapping[str, Iterable[str]] | None, origins: Sequence[str] | None
) -> list[Aim]:
    """Return what is sought for; refuse buses and origins that are not there."""
    buses, known = point.volume["bus"].to_numpy().tolist(), point.volume["origin"].to_numpy().tolist()
    wanted = _find_consumers(networks, point) if areas is None else {str(k): tuple(v) for k, v in areas.items()}
    chosen = [each for each in ORIGINS if each in known] if origins is None else origins
    problems = [
        f"areas: {area}: no bus {bus!r}{suggest(str(bus), buses)}"
        for area, each in wanted.items()
        for bus in each
        if bus not in buses
    ]
    problems += [f"areas: {area}: found no bus" for area, each in wanted.items() if not each]
    problems += [f"origins: no gas from {each!r}; found {', '.join(known)}" for each in chosen if each not in known]
    if problems:
        raise UnknownNameError(list_problems("vertices cannot be traced:", problems))
    return [Aim(area, each, origin, sign) for area, each in wanted.items() for origin in chosen for sign in (-1, 1)]


def _find_consumers(networks: list[Any], point: Traced) -> dict[str, tuple[str, ...]]:
    """Return the buses that consume, of the EU where that is known."""
    consumed = point.volume.sum(["draw", "year", "origin"])
    buses = consumed["bus"].to_numpy()[(consumed > 0).to_numpy()].tolist()
    told = [n.buses["eu"].astype(bool) for n in networks if "eu" in n.buses]
    return {bus: (bus,) for bus in buses if not told or any(eu.get(bus, False) for eu in told)}


def _sum_up(found: list[xr.DataArray], areas: Mapping[str, Iterable[str]] | None) -> xr.Dataset:
    """Return the range over all flows, the first of which is the cheapest."""
    even = xr.concat(found, dim="draw", join="outer", fill_value=0.0)
    if areas is None:
        even = even.isel(bus=np.flatnonzero((even.isel(draw=0).sum(["year", "origin"]) > 0).to_numpy()))
    else:
        parts = [even.sel(bus=list(buses)).sum("bus") for buses in areas.values()]
        even = xr.concat(parts, dim=xr.Variable("area", np.array([str(area) for area in areas])))
    even = even.transpose("draw", "year", "bus" if areas is None else "area", "origin")
    variables = {"low": even.min("draw"), "high": even.max("draw"), "point": even.isel(draw=0)}
    return xr.Dataset({name: array.assign_attrs(units="TWh") for name, array in variables.items()})
