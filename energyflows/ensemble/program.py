"""A network compiled once: its compact programme, its figures, and where they stand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from energyflows.ensemble.figures import (
    Figures,
    Key,
    Places,
    find_places,
    place_figures,
    read_figures,
)
from energyflows.ensemble.reducing import Compact, Full, Numbers, Reduction, UnfitError, reduce_programme
from energyflows.errors import UsageError, list_problems
from energyflows.results import Layout, find_unreadable, lay_out
from energyflows.solving import copy_unsolved, find_unusable, hush

#: PyPSA's ``extra_functionality``: called with a network and its snapshots once its model exists.
Extra = Callable[[Any, pd.Index], None]


@dataclass(frozen=True)
class Program:
    """All that is needed to solve a network again and again, without the network.

    Attributes
    ----------
    reduction : Reduction
        From the programme as linopy wrote it to the compact one.
    places : Places
        Where components stand in it.
    figures : mapping
        As compiled, by (component, attribute).
    efficiency : numpy.ndarray
        Of links, by (snapshot, name).
    layout : Layout
        How solutions become results.
    """

    reduction: Reduction
    places: Places
    figures: dict[Key, Numbers]
    efficiency: Numbers
    layout: Layout

    def place(self, changed: Figures) -> tuple[Compact, Numbers]:
        """Return the compact programme with some figures changed, and its right-hand sides in full.

        Parameters
        ----------
        changed : mapping
            Figures that differ from the compiled ones.

        Returns
        -------
        tuple of Compact and numpy.ndarray
            What the solver gets, and what :meth:`read` needs.

        Raises
        ------
        UnfitError
            If the change needs another programme.
        """
        full = self.reduction.full
        rhs, cost = place_figures(self.places, self.figures, changed, full.rhs, full.cost)
        return self.reduction.place(rhs, cost), rhs

    def read(self, x: Numbers, duals: Numbers, rhs: Numbers, changed: Figures) -> dict[str, Numbers]:
        """Return a solution by component, as :func:`energyflows.results.fill` takes it.

        Parameters
        ----------
        x, duals : numpy.ndarray
            Solution of the compact programme: columns, and dual values of rows.
        rhs : numpy.ndarray
            From :meth:`place`.
        changed : mapping
            Figures that differ from the compiled ones.

        Returns
        -------
        dict of str to numpy.ndarray
            Flows, stocks, prices and the figures that bound them, by (snapshot, name).
        """
        solution = np.append(self.reduction.expand(x, rhs), 0.0)
        raw = {name: solution[columns] for name, columns in self.places.columns.items()}
        figures = {**self.figures, **changed}
        raw["Link-p0"] = raw.pop("Link-p", np.zeros(self.efficiency.shape))
        raw["Link-p1"] = -raw["Link-p0"] * self.efficiency
        if "Line-s" in raw:
            raw["Line-p0"] = raw.pop("Line-s")
            raw["Line-p1"] = -raw["Line-p0"]
        if "StorageUnit-p_dispatch" in raw:
            raw["StorageUnit-p"] = raw["StorageUnit-p_dispatch"] - raw["StorageUnit-p_store"]
        by_row = np.zeros(len(rhs) + 1)
        by_row[self.reduction.rows] = duals
        raw["Bus-marginal_price"] = by_row[self.places.balances] / self.places.weights[:, np.newaxis]
        raw["Load-p"] = figures["Load", "p_set"]
        for (component, attribute), value in figures.items():
            name = f"{component}-{attribute}"
            # A size that the solver chose is a variable of the programme.
            raw[name] = np.where(self.places.columns[name] >= 0, raw[name], value) if name in raw else value
        return raw


def compile_network(n: Any, extra: Extra | None = None) -> Program:
    """Turn a network into a compact linear programme that can be changed and solved in milliseconds.

    Parameters
    ----------
    n : pypsa.Network
        Unsolved, without integer variables; stays as it is.
    extra : callable, optional
        PyPSA's ``extra_functionality``: called with the network and its snapshots, adds constraints of your own.

    Returns
    -------
    Program
        Compact programme with its map to components.

    Raises
    ------
    UsageError
        If the network is solved, has integer or quadratic parts, or components that results could not hold.

    Examples
    --------
    >>> from energyflows import build_network
    >>> program = compile_network(build_network(2025))
    >>> rows, columns = program.reduction.matrix.shape
    >>> rows < len(program.reduction.full.rhs) / 10
    True
    """
    check_network(n)
    work = copy_unsolved(n)
    full = model_network(work, extra)
    places = find_places(work)
    kept = np.zeros(len(full.rhs), dtype=bool)
    kept[places.balances[places.balances >= 0]] = True
    efficiency = work.get_switchable_as_dense("Link", "efficiency").to_numpy(dtype=float)
    return Program(reduce_programme(full, kept), places, read_figures(work), efficiency, lay_out(work))


def check_network(n: Any) -> None:
    """Refuse networks that cannot be compiled or read back.

    Parameters
    ----------
    n : pypsa.Network
        Any.

    Raises
    ------
    UsageError
        With all reasons at once.
    """
    if not hasattr(n, "buses_t") or not hasattr(n, "optimize"):
        raise UsageError(f"n: found {type(n).__name__}, expected a pypsa.Network")
    found = [*find_unusable(n), *find_unreadable(n)]
    if n.is_solved:
        found.append("it is solved already; build it anew, or take it before n.optimize() was called")
    delayed = n.links.index[n.links["delay"] != 0] if "delay" in n.links else []
    found += [f"link {name}: a delay cannot be read back" for name in delayed]
    if found:
        raise UsageError(list_problems("this network cannot be compiled:", found))


def model_network(work: Any, extra: Extra | None) -> Full:
    """Let PyPSA and linopy write the programme of a network.

    Parameters
    ----------
    work : pypsa.Network
        Gets the model.
    extra : callable or None
        Adds constraints.

    Returns
    -------
    Full
        The programme.

    Raises
    ------
    UsageError
        If it is not linear and continuous.
    """
    with hush(verbose=False):
        work.optimize.create_model(include_objective_constant=False)
        if extra is not None:
            extra(work, work.snapshots)
    matrices = work.model.matrices
    problems = _find_nonlinear(work.model, matrices)
    if problems:
        raise UsageError(list_problems("this network is no plain linear programme:", problems))
    return Full(
        matrix=matrices.A.tocsr(),
        rhs=np.asarray(matrices.b, dtype=float),
        sense=np.asarray(matrices.sense),
        cost=np.asarray(matrices.c, dtype=float),
        lower=np.asarray(matrices.lb, dtype=float),
        upper=np.asarray(matrices.ub, dtype=float),
    )


def _find_nonlinear(model: Any, matrices: Any) -> list[str]:
    found = [
        f"variable {name}: takes steps; set committable and modular components to continuous ones"
        for group in (model.integers, model.binaries, model.semi_continuous)
        for name in group
    ]
    if matrices.Q is not None and matrices.Q.nnz:
        found.append("quadratic costs; remove marginal_cost_quadratic")
    if np.any(matrices.var_scaling != 1) or model.objective.scaling != 1:
        found.append("scaled variables or objective; leave scaling to the solver")
    if len(matrices.indicator_b):
        found.append("indicator constraints; express them without")
    return found


def find_differences(program: Program, other: Full, changed: Figures, names: NDArray[Any]) -> list[str]:
    """Compare a programme with changed figures to one that was written anew.

    Parameters
    ----------
    program : Program
        Compiled before the change.
    other : Full
        Written after the change.
    changed : mapping
        Figures that differ.
    names : numpy.ndarray
        Name of the constraint of each row.

    Returns
    -------
    list of str
        What differs; empty if both are equal to 1e-9.
    """
    full = program.reduction.full
    if full.matrix.shape != other.matrix.shape or np.any(full.sense != other.sense):
        return ["its rows and columns are others"]
    try:
        rhs, cost = place_figures(program.places, program.figures, changed, full.rhs, full.cost)
    except UnfitError as error:
        return [str(error)]
    wrong = ~np.isclose(rhs, other.rhs, rtol=1e-9, atol=1e-9)
    found = [f"right-hand sides of {name}" for name in np.unique(names[wrong])]
    step = full.matrix - other.matrix
    rows = np.unique(step.tocoo().coords[0][np.abs(step.tocoo().data) > 1e-12])
    found += [f"coefficients of {name}" for name in np.unique(names[rows])]
    found += ["costs"] * (not np.allclose(cost, other.cost, rtol=1e-9, atol=1e-9))
    found += ["bounds"] * (not (np.allclose(full.lower, other.lower) and np.allclose(full.upper, other.upper)))
    return found


def name_rows(model: Any) -> NDArray[Any]:
    """Return the name of the constraint each row of a model belongs to.

    Parameters
    ----------
    model : linopy.Model
        Of a network.

    Returns
    -------
    numpy.ndarray
        By row.
    """
    return np.concatenate([np.repeat(name, len(model.constraints[name].active_labels())) for name in model.constraints])
