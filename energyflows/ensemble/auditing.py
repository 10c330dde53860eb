"""Some draws once more through plain PyPSA: an engine nobody checks is an engine nobody trusts."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pypsa

from energyflows.ensemble.draws import Plan, change_figures, change_network
from energyflows.ensemble.figures import read_figures
from energyflows.ensemble.program import Extra
from energyflows.ensemble.workers import map_chunks
from energyflows.errors import MismatchError, WorkerError, list_problems
from energyflows.network.building import QUIET_STRINGS
from energyflows.solving import hush

#: Relative difference of objectives that is still the same.
TOLERANCE = 1e-6
_SHARE, _LEAST, _MOST = 0.01, 3, 10


def choose_draws(size: int, seed: int) -> list[int]:
    """Return a random 1 % of draws, at least 3 and at most 10.

    Parameters
    ----------
    size : int
        Number of draws.
    seed : int
        The same choice for the same seed.

    Returns
    -------
    list of int
        In ascending order.

    Examples
    --------
    >>> len(choose_draws(500, seed=1)), choose_draws(2, seed=1)
    (5, [0, 1])
    """
    count = min(size, max(_LEAST, min(_MOST, round(_SHARE * size))))
    return sorted(np.random.default_rng(seed).choice(size, count, replace=False).tolist())


def check_draws(
    n: Any, plan: Plan, numbers: list[int], found: dict[str, Any], extra: Extra | None = None, *, workers: int = 1
) -> dict[int, float]:
    """Solve draws by plain ``n.optimize()`` and compare.

    Parameters
    ----------
    n : pypsa.Network
        The ensemble's network, unsolved.
    plan : Plan
        All draws.
    numbers : list of int
        Which to solve.
    found : dict
        ``status`` and ``solver_objective`` of all draws, and ``names`` to call them by.
    extra : callable, optional
        Adds constraints.
    workers : int
        Processes on this machine; with ``extra``, or if one of them goes away, draws are solved in this one.

    Returns
    -------
    dict of int to float
        Objective by draw; NaN where there is no solution.

    Raises
    ------
    MismatchError
        Naming each draw whose status or objective differs.
    """
    checked, problems = {}, []
    for number, (status, objective) in zip(numbers, _solve(n, plan, numbers, extra, workers), strict=True):
        checked[number] = objective
        told, value = str(found["status"][number]), float(found["solver_objective"][number])
        if (status == "optimal") != (told == "optimal"):
            problems.append(f"draw {found['names'][number]}: found {told}, PyPSA says {status}")
        elif status == "optimal" and not _is_close(value, objective):
            problems.append(f"draw {found['names'][number]}: found an objective of {value!r}, PyPSA {objective!r}")
    if problems:
        raise MismatchError(
            list_problems("the engine and plain PyPSA disagree; do not use these results, and please report:", problems)
        )
    return checked


def _solve(n: Any, plan: Plan, numbers: list[int], extra: Extra | None, workers: int) -> list[tuple[str, float]]:
    """Return status and objective of each draw; every process that helps gets the network once."""
    draws = [plan.take(slice(number, number + 1)) for number in numbers]
    # What the caller adds may not fit through a pipe, and draws that are changes of one programme never ask it to.
    count = min(workers if extra is None else 1, len(draws))
    tasks = [draws[place::count] for place in range(count)]
    solved: list[tuple[str, float]] = [("", np.nan)] * len(draws)
    try:
        for place, part in map_chunks(_solve_here, (n, extra), tasks, workers=workers):
            solved[place::count] = part
    except WorkerError:
        # A model of PyPSA's takes several times the memory of a draw; workers that have none left are no mismatch.
        return _solve_here((n, extra), draws)
    return solved


def _solve_here(core: tuple[Any, Extra | None], draws: list[Plan]) -> list[tuple[str, float]]:
    (n, extra), solved = core, []
    figures = read_figures(n)
    for draw in draws:
        solved.append(_optimize(change_network(n, change_figures(figures, draw, 0)), extra))
        gc.collect()  # models refer to themselves, so several would lie about: a gigabyte each if daily
    return solved


def _is_close(value: float, other: float) -> bool:
    return abs(value - other) <= TOLERANCE * max(1.0, abs(other))


def _optimize(work: Any, extra: Extra | None) -> tuple[str, float]:
    with hush(verbose=False), pypsa.option_context(*QUIET_STRINGS):
        _, condition = work.optimize(
            include_objective_constant=False,
            extra_functionality=extra,
            solver_name="highs",
            progress=False,
            log_to_console=False,
            threads=1,
        )
    return (str(condition), float(work.objective)) if condition == "optimal" else (str(condition), np.nan)
