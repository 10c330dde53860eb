"""From flow to flow: solve each year for what is sought, trace what is found, go on from there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from energyflows.ensemble.reducing import Numbers
from energyflows.influence._vertex_aims import Aim, weigh_aims
from energyflows.influence._vertex_faces import TRACED, Face, solve_face, stack_flows
from energyflows.results import sum_energy
from energyflows.running import join_years
from energyflows.tracing import trace

#: Most steps towards one aim; each begins where the last one ended.
STEPS = 4
#: Share of consumption by which a step has to gain in a year for another one to follow.
_GAIN = 0.005
#: Part of a unit of flow that has to reach an aim for the aim to be worth a step.
_LEAST = 1e-6


class Traced(NamedTuple):
    """Flows of some draws in all years, and what was found of them.

    Attributes
    ----------
    flows : list of xarray.Dataset
        By year, with dim ``draw``.
    mix : xarray.DataArray, [1]
        By draw, snapshot, bus and origin.
    volume : xarray.DataArray, [TWh]
        Delivered, by draw, year, bus and origin.
    bases : list of list
        Where the solver ended, by year and draw.
    """

    flows: list[xr.Dataset]
    mix: xr.DataArray
    volume: xr.DataArray
    bases: list[list[Any]]


class Ways(NamedTuple):
    """How flows are traced: what tanks hold at first, and what returns rules for flows of all years, if anything."""

    start: Any
    allot: Callable[[xr.Dataset], xr.DataArray | None] | None


def trace_points(faces: Sequence[Face], ways: Ways) -> Traced:
    """Trace the cheapest flow of each year.

    Parameters
    ----------
    faces : sequence of Face
        By year.
    ways : Ways
        How they are traced.

    Returns
    -------
    Traced
        One draw.
    """
    flows = [stack_flows(face, [{name: face.point[name].to_numpy() for name in TRACED}]) for face in faces]
    return _trace(flows, [[face.basis] for face in faces], ways)


def _trace(flows: list[xr.Dataset], bases: list[list[Any]], ways: Ways) -> Traced:
    """Trace flows; the years of one draw follow each other, so that tanks remember."""
    joined = join_years(flows)
    traced = trace(joined, start=ways.start, rules=None if ways.allot is None else ways.allot(joined))
    volume = sum_energy(traced["delivered"], traced).transpose("draw", "year", "bus", "origin")
    return Traced(flows, traced["mix"], volume, bases)


def seek(
    faces: Sequence[Face],
    worths: Sequence[Sequence[Mapping[str, Numbers]]],
    begins: Sequence[Sequence[Any]],
    ways: Ways,
) -> Traced:
    """Solve each year for each worth, and trace what is found.

    Parameters
    ----------
    faces : sequence of Face
        By year.
    worths : sequence of sequence of mapping
        By year and draw, as :func:`solve_face` takes them.
    begins : sequence of sequence
        Where the solver starts, by year and draw.
    ways : Ways
        How they are traced.

    Returns
    -------
    Traced
        A draw for each worth.
    """
    flows, bases = [], []
    for face, sought, at in zip(faces, worths, begins, strict=True):
        pairs = [solve_face(face, worth, basis) for worth, basis in zip(sought, at, strict=True)]
        flows.append(stack_flows(face, [flow for flow, _ in pairs]))
        bases.append([basis for _, basis in pairs])
    return _trace(flows, bases, ways)


def pursue(faces: Sequence[Face], point: Traced, aims: Sequence[Aim], ways: Ways) -> list[xr.DataArray]:
    """Go towards aims step by step, each as long as any year gains.

    Parameters
    ----------
    faces : sequence of Face
        By year.
    point : Traced
        Where all begin.
    aims : sequence of Aim
        What is sought for.
    ways : Ways
        How they are traced.

    Returns
    -------
    list of xarray.DataArray, [TWh]
        Delivered in the flows of each step, by draw, year, bus and origin.
    """
    found: list[xr.DataArray] = []
    at, going = _choose(point, [0] * len(aims)), list(aims)
    reached = _measure(at.volume, going)
    for _ in range(STEPS):
        worths = [weigh_aims(face, ds, at.mix, going) for face, ds in zip(faces, at.flows, strict=True)]
        useful = [k for k in range(len(going)) if any(_matters(each[k]) for each in worths)]
        if not useful:
            break
        going = [going[k] for k in useful]
        at = seek(faces, [[each[k] for k in useful] for each in worths], _choose(at, useful).bases, ways)
        found.append(at.volume)
        gained = _measure(at.volume, going) - reached[useful]
        better = np.flatnonzero((gained > _GAIN * _measure(at.volume, going, whole=True)).any(axis=1)).tolist()
        if not better:
            break
        at, going = _choose(at, better), [going[k] for k in better]
        reached = _measure(at.volume, going)
    return found


def _matters(worth: Mapping[str, Numbers]) -> bool:
    return any(abs(values).max(initial=0.0) > _LEAST for values in worth.values())


def _choose(traced: Traced, draws: list[int]) -> Traced:
    """Return some of the flows; one may be there several times."""
    return Traced(
        [ds.isel(draw=draws) for ds in traced.flows],
        traced.mix.isel(draw=draws),
        traced.volume.isel(draw=draws),
        [[bases[draw] for draw in draws] for bases in traced.bases],
    )


def _measure(volume: xr.DataArray, aims: Sequence[Aim], *, whole: bool = False) -> Numbers:
    """Return how far the flow of each draw reaches its aim, or what its area consumes; TWh by aim and year."""
    found = np.zeros((len(aims), volume.sizes["year"]))
    for draw, aim in enumerate(aims):
        flow = volume.isel(draw=draw).sel(bus=list(aim.buses)).sum("bus")
        found[draw] = flow.sum("origin") if whole else aim.sign * flow.sel(origin=aim.origin)
    return found
