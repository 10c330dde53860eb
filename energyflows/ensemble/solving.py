"""Draws of one network to arrays of outputs, chunk by chunk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr

from energyflows.ensemble.draws import Plan, change_figures, change_network
from energyflows.ensemble.figures import Figures
from energyflows.ensemble.ordering import order_draws
from energyflows.ensemble.outputs import Output, describe_outputs, measure
from energyflows.ensemble.program import (
    Extra,
    Program,
    compile_network,
    find_differences,
    model_network,
    name_rows,
)
from energyflows.ensemble.reducing import Numbers
from energyflows.ensemble.resolving import STATUSES, Basis, Resolver, Solution
from energyflows.results import fill, label, sum_rewards

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Core:
    """What every chunk of an ensemble needs; the same for all, and without a network unless draws need one.

    Attributes
    ----------
    program : Program
        Compiled once.
    basis : Basis or None
        Of the reference; none if that has no solution.
    outputs : list of Output
        What is kept.
    described : mapping
        Dims behind ``draw``, and unit, of each output.
    probes : list of numpy.ndarray
        Right-hand sides and costs of the networks that were written to find out what draws can change.
    network, extra
        The network and its further constraints, if every draw has to be compiled anew.
    """

    program: Program
    basis: Basis | None
    outputs: list[Output]
    described: Mapping[str, tuple[tuple[str, ...], str]]
    probes: list[Numbers]
    network: Any = None
    extra: Extra | None = None


def prepare_core(n: Any, plan: Plan, outputs: list[Output], extra: Extra | None = None) -> tuple[Core, xr.Dataset]:
    """Compile a network, solve it as it is, and find out whether its draws can be expressed as changes.

    A network with everything changed that any draw changes is written anew and compared entry by entry. If
    anything differs from the changed programme (extendable components, further constraints made from figures that
    change, ramps), every draw will be compiled anew: slower, and right.

    Parameters
    ----------
    n : pypsa.Network
        Unsolved.
    plan : Plan
        The draws.
    outputs : list of Output
        What to keep.
    extra : callable, optional
        Adds constraints.

    Returns
    -------
    tuple of Core and xarray.Dataset
        What chunks need, and the results of the network as it is.
    """
    program = compile_network(n, extra)
    reference, rhs = program.place({})
    resolver = Resolver(program.reduction, reference)
    basis = resolver.find_basis()
    template = _label_solution(program, resolver.solve(reference), rhs)
    differences, probes = probe_changes(n, program, plan, extra)
    template.attrs["engine"] = "compiled per draw: " + "; ".join(differences) if differences else "one programme"
    core = Core(program, basis, outputs, describe_outputs(template, outputs), probes)
    return (replace(core, network=n, extra=extra) if differences else core), template


def probe_changes(n: Any, program: Program, plan: Plan, extra: Extra | None) -> tuple[list[str], list[Numbers]]:
    """List what changes of the programme would get wrong.

    Parameters
    ----------
    n : pypsa.Network
        As compiled.
    program : Program
        Its programme.
    plan : Plan
        The draws.
    extra : callable or None
        Adds constraints.

    Returns
    -------
    tuple of list
        Differences, none if the draws can be expressed as changes; right-hand sides and costs as linopy wrote them.
    """
    probe, found, written = plan.probe(seed=0), [], []
    for draw in range(probe.size if plan.varies else 1):
        changed = change_figures(program.figures, probe, draw)
        work = change_network(n, changed)
        full = model_network(work, extra)
        found += find_differences(program, full, changed, name_rows(work.model))
        written += [full.rhs, full.cost]
    return list(dict.fromkeys(found)), written


def _label_solution(program: Program, solution: Solution, rhs: Numbers) -> xr.Dataset:
    raw = program.read(solution.x, solution.duals, rhs, {})
    return label(program.layout, fill(program.layout, raw), solution.objective + sum_rewards(program.layout, raw))


def solve_draws(core: Core, plan: Plan) -> Arrays:
    """Solve draws one after the other, each starting from the one solved before that is most like it.

    The result depends on the draws of this call alone, not on who makes it or what was solved before.

    Parameters
    ----------
    core : Core
        From :func:`prepare_core`.
    plan : Plan
        One chunk of draws.

    Returns
    -------
    dict of str to numpy.ndarray
        Along draw: ``status``, ``objective``, ``solver_objective`` and the outputs; NaN where not optimal.
    """
    program = core.program
    resolver = Resolver(program.reduction, program.place({})[0], core.basis)
    arrays = allocate(core, plan.size)
    bases: dict[int, Any] = {}
    for draw, like in order_draws(program.figures, plan):
        changed = change_figures(program.figures, plan, draw)
        if core.network is None:
            start = bases.get(like) or resolver.reference_basis
            solution, raw = _solve_changed(core, resolver, changed, start)
            bases[draw] = solution.basis
        else:
            solution, raw = _solve_anew(core, changed)
        _keep(core, arrays, draw, solution, raw)
    return arrays


def _solve_changed(core: Core, resolver: Resolver, changed: Figures, start: Any) -> tuple[Solution, dict[str, Numbers]]:
    compact, rhs = core.program.place(changed)
    solution = resolver.solve(compact, start)
    return solution, core.program.read(solution.x, solution.duals, rhs, changed)


def _solve_anew(core: Core, changed: Figures) -> tuple[Solution, dict[str, Numbers]]:
    """Compile the changed network on its own."""
    program = compile_network(change_network(core.network, changed), core.extra)
    compact, rhs = program.place({})
    solution = Resolver(program.reduction, compact).solve(compact)
    return solution, program.read(solution.x, solution.duals, rhs, {})


def _keep(core: Core, arrays: Arrays, draw: int, solution: Solution, raw: dict[str, Numbers]) -> None:
    arrays["status"][draw] = solution.status
    if solution.status != "optimal":
        return
    layout = core.program.layout
    arrays["solver_objective"][draw] = solution.objective
    arrays["objective"][draw] = solution.objective + sum_rewards(layout, raw)
    for name, values in measure(layout, core.outputs, raw).items():
        arrays[name][draw] = values


def allocate(core: Core, size: int, *, summary: bool = False) -> Arrays:
    """Return arrays for draws that are not solved yet.

    Parameters
    ----------
    core : Core
        Names and dims of outputs.
    size : int
        Number of draws.
    summary : bool
        Leave out the outputs.

    Returns
    -------
    dict of str to numpy.ndarray
        Full of NaN; ``status`` of empty text.
    """
    layout = core.program.layout
    sizes = {"snapshot": len(layout.snapshots)} | {dim: len(names) for dim, names in layout.elements.items()}
    arrays = {
        "status": np.full(size, "", dtype=f"<U{max(map(len, STATUSES))}"),
        "objective": np.full(size, np.nan),
        "solver_objective": np.full(size, np.nan),
    }
    for name, (dims, _) in core.described.items() if not summary else ():
        arrays[name] = np.full((size, *(sizes[dim] for dim in dims)), np.nan)
    return arrays
