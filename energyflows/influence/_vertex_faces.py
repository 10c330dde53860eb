"""All flows that cost little more than the cheapest: one programme per year, solved for other aims."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from energyflows.ensemble import compile_network
from energyflows.ensemble.program import Program
from energyflows.ensemble.reducing import Numbers, Positions
from energyflows.ensemble.resolving import Resolver
from energyflows.errors import SolveError, UsageError
from energyflows.results import fill, label, sum_rewards
from energyflows.solving import solve

#: What tracing needs of results.
TRACED = ("supplied", "consumed", "sent", "received", "stored", "injected", "withdrawn")
#: Carrier of links that are voyages: the way to the rest of the world costs more than all pipelines of the network,
#: and is no choice between routes.
VOYAGE = "shipping"
#: Components whose tariffs are the cost of transport and storage, and the flow each is paid on.
_MOVED = {"Link": "Link-p0", "Store": "Store-p", "StorageUnit": "StorageUnit-p_dispatch"}


class Face(NamedTuple):
    """A year's programme whose cost is bounded.

    Attributes
    ----------
    program : Program
        Its last row is the bound.
    resolver : Resolver
        Holds it.
    rhs : numpy.ndarray
        With the bound.
    basis : object
        Of the cheapest flow.
    point : xarray.Dataset
        Results of the cheapest flow.
    moving : float
        What transport and storage cost in it, thousand EUR.
    opposites : numpy.ndarray
        Positions of links that lead from one bus to another and back, by pair.
    """

    program: Program
    resolver: Resolver
    rhs: Numbers
    basis: Any
    point: xr.Dataset
    moving: float
    opposites: Positions


def open_face(n: Any, epsilon: float) -> Face:
    """Find the cheapest flow of a network, and bound the cost of all others.

    Parameters
    ----------
    n : pypsa.Network
        Unsolved; stays as it is.
    epsilon : float
        What a flow may cost more, as part of the cost of transport and storage.

    Returns
    -------
    Face
        Ready for other aims.

    Raises
    ------
    UsageError
        If transport and storage cost nothing.
    SolveError
        If the network has no solution; with likely causes.
    """
    program = compile_network(n, _bound_cost)
    rhs, cost = program.reduction.full.rhs.copy(), program.reduction.full.cost
    # The row of the cost was added last; it is open until the least cost is known.
    rhs[-1] = np.inf
    compact = program.reduction.place(rhs, cost)
    resolver = Resolver(program.reduction, compact)
    found = resolver.solve(compact)
    if found.status != "optimal":
        solve(n)
        raise SolveError(f"a network of {n.snapshots[0]:%Y}: {found.status} as one programme; please report this")
    raw = program.read(found.x, found.duals, rhs, {})
    moving = _sum_tariffs(n, program, raw)
    if not moving > 0:
        told = (
            f"{n.snapshots[0]}: found a cost of transport and storage of {moving:g} thousand EUR, expected a positive"
        )
        raise UsageError(f"{told} one, because epsilon is a part of it; give links a marginal_cost")
    rhs[-1] = found.objective + epsilon * moving
    point = label(program.layout, fill(program.layout, raw), found.objective + sum_rewards(program.layout, raw))
    return Face(program, resolver, rhs, found.basis, point, moving, _find_opposites(point))


def _bound_cost(n: Any, snapshots: pd.Index) -> None:  # noqa: ARG001  PyPSA hands both over
    """Add the objective as a row; rewards stay part of it, so that what is contracted stays so."""
    n.model.add_constraints(n.model.objective.expression <= 1e30, name="energyflows-cost")


def _sum_tariffs(n: Any, program: Program, raw: Mapping[str, Numbers]) -> float:
    """Sum what is paid for moving and storing gas, without rewards; voyages apart."""
    total = 0.0
    for component, flow in _MOVED.items():
        if flow in raw:
            tariffs = program.figures[component, "marginal_cost"] + program.layout.rewards.get(component, 0.0)
            counted = (n.c[component].static["carrier"] != VOYAGE).to_numpy()
            total += float(program.places.weights @ ((raw[flow] * tariffs)[:, counted].sum(axis=1)))
    return total


def _find_opposites(ds: xr.Dataset) -> Positions:
    """Pair links that lead from one bus to another with those that lead back; each is in one pair at most."""
    waiting: dict[tuple[str, str], list[int]] = {}
    pairs = []
    for place, (begin, end) in enumerate(zip(ds["bus0"].to_numpy(), ds["bus1"].to_numpy(), strict=True)):
        if waiting.get((end, begin)):
            pairs.append((waiting[end, begin].pop(), place))
        else:
            waiting.setdefault((begin, end), []).append(place)
    return np.array(pairs, dtype=np.intp).reshape(-1, 2)


def _net(flow: dict[str, Numbers], opposites: Positions) -> dict[str, Numbers]:
    """Take gas that goes back where it came from in the same period off both ways.

    It costs, moves nothing, and mixes. What is contracted stays, and so do ways on which some is lost, as one would not
    balance without the other; so the flow is one the bound on the cost allows as well.
    """
    lossless = flow["sent"] == flow["received"]
    free = np.where(lossless, np.maximum(flow["sent"] - np.nan_to_num(flow.pop("minimum")), 0.0), 0.0)
    both = free[:, opposites].min(axis=-1)
    for name in ("sent", "received"):
        for way in opposites.T:
            flow[name][:, way] -= both
    return flow


def solve_face(face: Face, worth: Mapping[str, Numbers], start: Any) -> tuple[dict[str, Numbers], Any]:
    """Find the flow of greatest worth that the bound on the cost allows.

    Parameters
    ----------
    face : Face
        From :func:`open_face`.
    worth : mapping of str to numpy.ndarray
        Of each GWh of a flow (``Link-p``, ``Line-s``, ``Generator-p``) by snapshot and name.
    start : object
        Basis to start from.

    Returns
    -------
    tuple of dict and object
        Variables that tracing needs, without gas that goes to and fro, and the basis.

    Raises
    ------
    SolveError
        If there is no such flow, as where a loop of links costs nothing and has no bound.
    """
    places, reduction = face.program.places, face.program.reduction
    cost = np.zeros(len(reduction.full.cost))
    for name, values in worth.items():
        if name in places.columns:
            there = places.columns[name] >= 0
            cost[places.columns[name][there]] = -(values * places.weights[:, np.newaxis])[there]
    found = face.resolver.solve(reduction.place(face.rhs, cost), start)
    if found.status != "optimal":
        when = face.point["snapshot"].to_numpy()[0]
        raise SolveError(
            f"{when}: a flow within the bound on the cost was {found.status}; look for links without a bound and "
            "without a cost that form a loop"
        )
    raw = face.program.read(found.x, found.duals, face.rhs, {})
    return _net(fill(face.program.layout, raw, (*TRACED, "minimum")), face.opposites), found.basis


def stack_flows(face: Face, flows: list[dict[str, Numbers]]) -> xr.Dataset:
    """Put flows of a year beside each other.

    Parameters
    ----------
    face : Face
        Of the year.
    flows : list of dict
        From :func:`solve_face`.

    Returns
    -------
    xarray.Dataset
        As results, with dim ``draw`` and what tracing needs.
    """
    variables = {name: (("draw", *face.point[name].dims), np.stack([flow[name] for flow in flows])) for name in TRACED}
    none = ("draw", np.full(len(flows), np.nan))
    return xr.Dataset({**variables, "objective": none}, coords=face.point.coords, attrs=face.point.attrs)
