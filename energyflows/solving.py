"""One network to results; says plainly if and why it failed."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
import pypsa
import xarray as xr

from energyflows.errors import InfeasibleError, SolveError, UnboundedError, UsageError, list_problems, require
from energyflows.network.building import QUIET_STRINGS
from energyflows.results import read_results

_CHATTY = ("pypsa", "linopy", "highspy")
#: Component, attribute and its least value; -inf stands for any finite number.
_FIGURES = (
    ("Load", "p_set", -np.inf),
    ("Generator", "marginal_cost", -np.inf),
    ("Generator", "p_max_pu", -np.inf),
    ("Link", "marginal_cost", -np.inf),
    ("Link", "p_max_pu", -np.inf),
    ("Link", "efficiency", 0.0),
)
#: Cost of gas out of nowhere in the search for the cause of infeasibility, EUR/MWh; above any real cost.
_RELAXED_COST = 1e5


def solve(n: pypsa.Network, *, verbose: bool = False) -> xr.Dataset:
    """Solve a network at least cost with HiGHS.

    Parameters
    ----------
    n : pypsa.Network
        Unsolved or solved; its components and results stay as they are.
    verbose : bool
        Let PyPSA, linopy and HiGHS report to the terminal.

    Returns
    -------
    xarray.Dataset
        Results as described at :func:`energyflows.read_results`.

    Raises
    ------
    UsageError
        If ``n`` is no network, or has components without a bus or with figures that are none.
    InfeasibleError
        If no flow meets all bounds; names the buses and periods where gas is missing or in excess.
    UnboundedError
        If cost falls without limit; names the components that can cause it.
    SolveError
        If the solver stopped for any other reason.

    Examples
    --------
    >>> from energyflows import build_network
    >>> bool(solve(build_network(2025))["unserved"].sum() < 1.0)
    True
    """
    require(n, "buses_t links_t optimize", "a pypsa.Network")
    unusable = find_unusable(n)
    if unusable:
        raise UsageError(list_problems("this network cannot be solved:", unusable))
    work = copy_unsolved(n)
    with hush(verbose):
        condition = _optimize(work, verbose=verbose)
        if condition != "optimal":
            raise _explain(n, condition)
        return read_results(work)


def copy_unsolved(n: pypsa.Network) -> pypsa.Network:
    """Return a copy of a network without the solver model a previous solve may have left on it.

    Parameters
    ----------
    n : pypsa.Network
        Solved or not; its components and results stay as they are. A solver model left on it is released, because
        PyPSA copies no network that holds one.

    Returns
    -------
    pypsa.Network
        Independent of ``n``.
    """
    model: Any = getattr(n, "_model", None)
    if getattr(model, "solver_model", None) is not None:
        model.solver_model = None
    with pypsa.option_context(*QUIET_STRINGS):
        return n.copy()


@contextmanager
def hush(verbose: bool) -> Iterator[None]:  # noqa: FBT001  a context manager reads best as hush(verbose)
    """Keep reports of PyPSA, linopy and HiGHS away unless ``verbose``.

    While it holds, the standard output of the whole process goes nowhere: do not print from other threads.

    Parameters
    ----------
    verbose : bool
        Leave everything as it is.
    """
    if verbose:
        yield
        return
    loggers = [logging.getLogger(name) for name in _CHATTY]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with _mute_banner():
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextmanager
def _mute_banner() -> Iterator[None]:
    """Send the process's standard output nowhere.

    HiGHS prints its banner while linopy hands over the model, before any option reaches it; it writes past Python, so
    only the file descriptor helps.
    """
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def _optimize(n: pypsa.Network, *, verbose: bool = False) -> str:
    """Solve in place and return the termination condition.

    PyPSA's own ``n.optimize()`` ends with a search for voltage angles, which costs as much as everything else on a
    network of many buses and links, so networks without lines take its steps one by one and leave that out.
    """
    options: dict[str, Any] = {
        "solver_name": "highs",
        "log_to_console": verbose,
        "random_seed": 0,
        "threads": 1,
    }
    if len(n.lines) or len(n.transformers):
        return str(n.optimize(include_objective_constant=False, progress=verbose, **options)[1])
    n.optimize.create_model(include_objective_constant=False)
    _, condition = n.model.solve(progress=verbose, io_api="direct", **options)
    if condition == "optimal":
        n.optimize.assign_solution()
        n.optimize.assign_duals()
        n.buses_t.marginal_price = n.buses_t.marginal_price.div(n.snapshot_weightings["objective"], axis=0)
        n.loads_t.p = n.get_switchable_as_dense("Load", "p_set")
    return str(condition)


def _explain(n: pypsa.Network, condition: str) -> SolveError:
    """Return the error that says which zone, period or table is the likely cause."""
    if condition in {"infeasible", "infeasible_or_unbounded", "unknown"}:
        causes = find_contradictions(n) or find_shortages(n)
        if causes:
            return InfeasibleError(list_problems("no flow meets all bounds; likely causes:", causes))
        if condition == "infeasible":
            return InfeasibleError("no flow meets all bounds, even with gas from nowhere; check ramps and fixed flows")
    if condition in {"unbounded", "infeasible_or_unbounded"}:
        causes = find_unlimited(n)
        return UnboundedError(list_problems("the cost falls without limit; likely causes:", causes))
    return SolveError(f"HiGHS stopped with {condition!r}; run again with verbose=True to see its report")


def find_unusable(n: pypsa.Network) -> list[str]:
    """List components the solver would drop or misread without a word.

    Parameters
    ----------
    n : pypsa.Network
        Any network.

    Returns
    -------
    list of str
        Components at unknown buses, and figures that are missing, negative or infinite where they must not be.
    """
    found = [] if len(n.buses) and len(n.snapshots) else ["no bus or no snapshot; build the network first"]
    for name, ports in (("Generator", 1), ("Load", 1), ("Store", 1), ("StorageUnit", 1), ("Link", 2), ("Line", 2)):
        static = n.c[name].static
        for port in ["bus"] if ports == 1 else ["bus0", "bus1"]:
            lost = static.index[~static[port].isin(n.buses.index)]
            found += [f"{name.lower()} {each}: {port} {static.at[each, port]!r} does not exist" for each in lost]
    for name, attribute, least in _FIGURES:
        values = n.get_switchable_as_dense(name, attribute)
        wrong = values.columns[(values.isna() | np.isinf(values) | (values < least)).any()]
        word = "a finite number" if np.isinf(least) else f"a number of at least {least:g}"
        found += [f"{name.lower()} {each}: {attribute} must be {word} in every snapshot" for each in wrong]
    for name, attribute in (("Generator", "p_nom"), ("Link", "p_nom"), ("Store", "e_nom")):
        values = n.c[name].static[attribute]
        found += [f"{name.lower()} {each}: {attribute} must be at least 0" for each in values.index[~(values >= 0)]]
    return found


def find_contradictions(n: pypsa.Network) -> list[str]:
    """List bounds that exclude each other within one component.

    Parameters
    ----------
    n : pypsa.Network
        Any network.

    Returns
    -------
    list of str
        One sentence per component.
    """
    found = []
    for name, letter in (("Generator", "p"), ("Link", "p"), ("Store", "e")):
        low, high = (n.get_switchable_as_dense(name, f"{letter}_{edge}_pu") for edge in ("min", "max"))
        for element in low.columns[(low > high + 1e-9).any()]:
            when = low.index[(low[element] > high[element] + 1e-9)][0]
            found.append(f"{name.lower()} {element}: its minimum is above its maximum at {_tell_time(when)}")
    weights = n.snapshot_weightings["generators"].to_numpy()
    most = (n.get_switchable_as_dense("Generator", "p_max_pu") * n.generators["p_nom"]).mul(weights, axis=0).sum()
    short = n.generators.index[(n.generators["e_sum_min"] > most * (1 + 1e-9)) & ~n.generators["p_nom_extendable"]]
    found += [f"generator {name}: e_sum_min asks for more than its rate allows" for name in short]
    full = n.stores.index[(n.stores["e_initial"] > n.stores["e_nom"] * (1 + 1e-9)) & ~n.stores["e_nom_extendable"]]
    return found + [f"store {name}: e_initial is above its volume" for name in full]


def find_shortages(n: pypsa.Network) -> list[str]:
    """List buses and periods that lack gas or cannot get rid of it.

    The network is solved once more with dear gas from nowhere, and a dear way out, at every bus; where they are used,
    the bounds contradict each other.

    Parameters
    ----------
    n : pypsa.Network
        An infeasible network; stays as it is.

    Returns
    -------
    list of str
        One sentence per bus; empty if even that has no solution.
    """
    relaxed = copy_unsolved(n)
    buses = relaxed.buses.index
    for suffix, sign in ((" missing", 1.0), (" excess", -1.0)):
        relaxed.add("Generator", buses, suffix=suffix, bus=buses, sign=sign, p_nom=1e7, marginal_cost=_RELAXED_COST)
    if _optimize(relaxed) != "optimal":
        return []
    found = []
    for suffix, word in ((" missing", "lacks gas"), (" excess", "cannot get rid of gas")):
        used = relaxed.generators_t.p[buses + suffix].set_axis(buses, axis=1)
        for bus in buses[(used > 1e-6).any()]:
            worst = used[bus].idxmax()
            found.append(
                f"bus {bus} {word}: {used[bus].max():.4g} GWh/d at {_tell_time(worst)}; "
                "check its demand, minimum flows and stocks"
            )
    return found


def find_unlimited(n: pypsa.Network) -> list[str]:
    """List components that can lower the cost without limit.

    Parameters
    ----------
    n : pypsa.Network
        Any network.

    Returns
    -------
    list of str
        Components with an infinite bound, those with negative cost first.
    """
    found = []
    for name, static in (("generator", n.generators), ("link", n.links)):
        endless = static.index[np.isinf(static["p_nom"]) | (static["p_nom_extendable"] & np.isinf(static["p_nom_max"]))]
        cheap = n.get_switchable_as_dense(name.capitalize(), "marginal_cost").min().reindex(endless).sort_values()
        found += [f"{name} {element}: no upper limit at a cost of {cost:g} EUR/MWh" for element, cost in cheap.items()]
    return found or ["no component without limit was found; check extendable stores and negative costs"]


def _tell_time(snapshot: object) -> str:
    return f"{snapshot:%Y-%m-%d}" if isinstance(snapshot, pd.Timestamp) else str(snapshot)
