"""Networks that differ in figures alone, solved as changes of one programme."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from energyflows.ensemble.draws import change_network
from energyflows.ensemble.figures import FIXED, VARYING, Figures, read_figures
from energyflows.ensemble.program import Program, compile_network, find_differences, model_network, name_rows
from energyflows.ensemble.reducing import UnfitError
from energyflows.ensemble.resolving import Resolver
from energyflows.results import fill, label, sum_rewards
from energyflows.solving import solve


@dataclass(frozen=True)
class _Family:
    """A network, its programme, the solver that holds it, and which kinds of figures it is known to take."""

    network: Any
    program: Program
    resolver: Resolver
    probed: dict[tuple[str, str], bool]


def solve_networks(networks: Iterable[Any]) -> Iterator[xr.Dataset]:
    """Solve networks one after the other, those alike as changes of one programme.

    A network that differs from the last compiled one only in figures the programme can take (sizes, shares, costs,
    demand, budgets, stocks) is solved by changing them; any other is compiled anew. Before a kind of figure is changed
    for the first time, all of that kind are, and what linopy then writes is compared entry by entry.

    Parameters
    ----------
    networks : iterable of pypsa.Network
        Unsolved; stay as they are.

    Yields
    ------
    xarray.Dataset
        Results of each, as :func:`energyflows.solve` returns them; links that may flow backwards are two elements,
        whether they did or not.

    Raises
    ------
    InfeasibleError, UnboundedError, SolveError
        With likely causes, if a network has no solution.

    Examples
    --------
    >>> from energyflows import build_network
    >>> n, dearer = build_network(2025), build_network(2025)
    >>> dearer.links["marginal_cost"] += 1.0
    >>> cheap, dear = solve_networks([n, dearer])
    >>> bool(cheap["objective"] < dear["objective"])
    True
    """
    family: _Family | None = None
    for n in networks:
        found = None if family is None else _solve_in(family, n)
        if found is None:
            program = compile_network(n)
            family = _Family(n, program, Resolver(program.reduction, program.place({})[0]), {})
            found = _solve_changed(family, n, {})
        # The plain way finds nothing either, and says why.
        yield solve(n) if found is None else found


def _solve_in(family: _Family, n: Any) -> xr.Dataset | None:
    changed = find_changes(family.network, n)
    if changed is None or not all(_takes(family, key) for key in changed):
        return None
    return _solve_changed(family, n, changed)


def _takes(family: _Family, key: tuple[str, str]) -> bool:
    """Say whether nothing but what the programme knows depends on a kind of figure, by changing all of that kind."""
    if key not in family.probed:
        values = family.program.figures[key]
        factor = np.random.default_rng(0).uniform(0.55, 0.95, values.shape)
        changed = {key: np.where(np.isfinite(values), values * factor, values)}
        work = change_network(family.network, changed)
        full = model_network(work, None)
        family.probed[key] = not find_differences(family.program, full, changed, name_rows(work.model))
    return family.probed[key]


def _solve_changed(family: _Family, n: Any, changed: Figures) -> xr.Dataset | None:
    """Return results, or None if the programme cannot take the change or has no solution."""
    try:
        compact, rhs = family.program.place(changed)
    except UnfitError:
        return None
    solution = family.resolver.solve(compact)
    if solution.status != "optimal":
        return None
    raw = family.program.read(solution.x, solution.duals, rhs, changed)
    layout = replace(family.program.layout, meta=json.dumps(dict(n.meta), default=str))
    return label(layout, fill(layout, raw), solution.objective + sum_rewards(layout, raw))


def find_changes(n: Any, other: Any) -> dict[tuple[str, str], np.ndarray] | None:
    """Return the figures in which a network differs from another; None if it differs in anything else.

    Parameters
    ----------
    n, other : pypsa.Network
        To compare.

    Returns
    -------
    dict or None
        Figures of ``other`` by (component, attribute).
    """
    if not n.snapshots.equals(other.snapshots) or not n.snapshot_weightings.equals(other.snapshot_weightings):
        return None
    if not all(_are_alike(n.c[c.name], other.c[c.name]) for c in n.components):
        return None
    mine, theirs = read_figures(n), read_figures(other)
    return {key: theirs[key] for key in mine if not np.array_equal(mine[key], theirs[key], equal_nan=True)}


def _are_alike(one: Any, other: Any) -> bool:
    """Say whether components of one kind differ at most in figures, or in results."""
    figures = {*FIXED.get(one.name, ()), *VARYING.get(one.name, ())}
    outputs = set(one.defaults.index[one.defaults["status"] == "Output"])
    static = [c.static.drop(columns=[*(figures | outputs)], errors="ignore") for c in (one, other)]
    if not static[0].equals(static[1]):
        return False
    moving = (set(one.dynamic) | set(other.dynamic)) - figures - outputs
    empty = pd.DataFrame()
    return all(one.dynamic.get(name, empty).equals(other.dynamic.get(name, empty)) for name in moving)
