"""The linear programme: flows that balance, as near to what was observed as can be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.optimize import linprog

from energyflows.errors import SolveError
from energyflows.hindcast.balancing.figures import FLOOR, Observation
from energyflows.hindcast.balancing.grid import Grid

MONTHS = 12
#: Standard deviations at which a deviation becomes dearer, and how dear it is before and after each, so that what
#: several figures could bear is shared among them instead of falling on one.
EDGES, RISE = (1 / 3, 1.0, 3.0), (1.0, 1.25, 1.5, 2.0)
#: Standard deviations beyond which demand or home output is not in error: something is missing.
FARTHEST = 5.0
#: Cost of a GWh that no bus can account for: more than any chain of figures would cost.
GAP_COST = 50.0 / FLOOR
#: Cost of a GWh off its usual course, and of a GWh moved at 1 EUR/MWh: far below any figure.
COURSE_COST, TARIFF_COST = 2e-7, 1e-8
#: Part of a usual course by which a month leaves it as easily as a figure is left by one standard deviation.
COURSE_SPREAD = 0.1
#: The solver's tolerances are absolute, and made for costs near one.
SCALE = 1e5
#: GWh below which a flow is none.
NEGLIGIBLE = 1e-6


@dataclass(frozen=True)
class Answer:
    """Flows that balance."""

    flows: pd.DataFrame
    """GWh by month and arc."""
    stocks: pd.DataFrame
    """GWh at the ends of the months, the start first, by node."""
    gaps: pd.DataFrame
    """GWh that come from nowhere (positive) or go there (negative), by month and node."""
    values: np.ndarray
    """GWh the flows give for each observation."""


@dataclass(frozen=True)
class Wanted:
    """Sums of flows and stocks that should have a value, one per row of ``sums``."""

    sums: sparse.csr_array
    """Over flow and stock columns."""
    value: np.ndarray
    """GWh."""
    cost: np.ndarray
    """Of a GWh off the value: steps below in the first columns, steps above in the others."""
    reach: np.ndarray
    """GWh of each step."""


@dataclass(frozen=True)
class Program:
    """Columns: flows, stocks, gaps in, gaps out, steps of each deviation."""

    rows: sparse.csr_array
    right: np.ndarray
    cost: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


def balance(grid: Grid, observations: Sequence[Observation], flows: pd.DataFrame, stocks: pd.DataFrame) -> Answer:
    """Return the balanced flows nearest to what was observed.

    A pair of opposite pipelines of which only one is observed could meet any figure by sending gas to and fro. So
    where that happens in a month, one direction is shut and the programme is solved again.

    Parameters
    ----------
    grid : Grid
        What can flow.
    observations : sequence of Observation
        What was observed.
    flows : pandas.DataFrame
        Usual course, GWh by month and arc; missing where there is none.
    stocks : pandas.DataFrame
        Usual course, GWh at the end of the month by node.

    Returns
    -------
    Answer
        Flows, stocks, gaps and reconciled values.

    Raises
    ------
    SolveError
        If the solver gives up; gaps make every input feasible.
    """
    seen = _want_observed(grid, observations)
    program = _assemble(grid, [seen, _want_course(grid, flows, stocks)])
    opposites = _pair_opposites(grid, observations)
    while True:
        found = _solve(program)
        shut = _find_two_way(found, opposites)
        if not len(shut):
            return _read(grid, found, seen)
        program.upper[shut] = 0.0


def list_nodes(grid: Grid) -> pd.Index:
    """Return the nodes that must balance: buses first, then stores."""
    arcs = grid.arcs
    sources = arcs.loc[arcs["kind"].isin(["production", "supply"]), "source"]
    sinks = arcs.loc[arcs["kind"] == "consumption", "target"]
    nodes = pd.Index([*arcs["source"], *arcs["target"]]).unique().difference([*sources, *sinks, *grid.stores.index])
    return nodes.append(grid.stores.index)


def _index_columns(grid: Grid) -> tuple[dict[str, int], int]:
    """Return the first column of each arc and store, and how many columns they take."""
    first = {str(arc): MONTHS * k for k, arc in enumerate(grid.arcs.index)}
    offset = MONTHS * len(first)
    first |= {str(node): offset + (MONTHS + 1) * k for k, node in enumerate(grid.stores.index)}
    return first, offset + (MONTHS + 1) * len(grid.stores)


def _want_observed(grid: Grid, observations: Sequence[Observation]) -> Wanted:
    first, width = _index_columns(grid)
    entries = [(k, first[name] + at, x) for k, one in enumerate(observations) for name, at, x in one.terms]
    row, column, factor = (np.array(part) for part in zip(*entries, strict=True))
    sums = sparse.csr_array((factor, (row, column)), shape=(len(observations), width))
    spread = np.array([[one.down, one.up] for one in observations])
    farthest = np.where([one.bounded for one in observations], FARTHEST, np.inf)
    return Wanted(sums, np.array([one.gwh for one in observations]), *_step(1.0 / spread, spread, farthest))


def _want_course(grid: Grid, flows: pd.DataFrame, stocks: pd.DataFrame) -> Wanted:
    first, width = _index_columns(grid)
    told = [(first[str(arc)] + k, x) for arc, course in flows.items() for k, x in enumerate(course) if pd.notna(x)]
    told += [(first[str(node)] + 1 + k, x) for node, course in stocks.items() for k, x in enumerate(course)]
    column, value = np.array([at for at, _ in told], dtype=int), np.array([x for _, x in told], dtype=float)
    sums = sparse.csr_array((np.ones(len(told)), (np.arange(len(told)), column)), shape=(len(told), width))
    unit = np.tile(np.maximum(COURSE_SPREAD * value, 1.0)[:, None], 2)
    return Wanted(sums, value, *_step(np.full_like(unit, COURSE_COST), unit, np.full(len(told), np.inf)))


def _step(cost: np.ndarray, unit: np.ndarray, farthest: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return cost and reach of each step below and above, from one column for either side."""
    edges = np.minimum([0.0, *EDGES, np.inf], farthest[:, None])
    reach = unit[:, :, None] * np.diff(edges, axis=1)[:, None, :]
    return (cost[:, :, None] * np.array(RISE)).reshape(len(cost), -1), reach.reshape(len(cost), -1)


def _assemble(grid: Grid, wanted: Sequence[Wanted]) -> Program:
    balances, closed = _balance_nodes(grid), _close_years(grid)
    nodes, flows = balances.shape[0], grid.limits.to_numpy().T.ravel()
    kept = sparse.vstack([balances, closed, *(one.sums for one in wanted)])
    gaps = sparse.vstack([sparse.eye_array(nodes), sparse.csr_array((closed.shape[0], nodes))])
    steps = len(EDGES) + 1
    side = np.repeat([[1.0, -1.0]], steps, axis=1)
    off = [sparse.kron(sparse.eye_array(len(one.value)), side) for one in wanted]
    rows = sparse.hstack([kept, sparse.block_diag([sparse.hstack([gaps, -gaps]), *off])])
    low, high = _bound_stocks(grid)
    upper = np.concatenate([flows, high, np.full(2 * nodes, np.inf), *(one.reach.ravel() for one in wanted)])
    lower = np.zeros_like(upper)
    lower[len(flows) : len(flows) + len(low)] = low
    tariffs = np.repeat(TARIFF_COST * grid.arcs["cost"].to_numpy(), MONTHS)
    dear = np.full(2 * nodes, GAP_COST)
    cost = np.concatenate([tariffs, np.zeros(len(low)), dear, *(one.cost.ravel() for one in wanted)])
    right = np.concatenate([np.zeros(nodes + closed.shape[0]), *(one.value for one in wanted)])
    return Program(sparse.csr_array(rows), right, SCALE * cost, lower, upper)


def _balance_nodes(grid: Grid) -> sparse.csr_array:
    """Return what enters each node in each month less what leaves it, over flow and stock columns."""
    nodes = list_nodes(grid)
    arcs, stores = np.arange(len(grid.arcs)), len(grid.stores)
    incidence = sparse.lil_array((len(nodes), len(arcs)))
    for end, sign in (("target", 1.0), ("source", -1.0)):
        at = nodes.get_indexer(grid.arcs[end])
        incidence[at[at >= 0], arcs[at >= 0]] = sign
    drawn = sparse.diags_array([1.0, -1.0], offsets=[0, 1], shape=(MONTHS, MONTHS + 1))
    elsewhere = sparse.csr_array((MONTHS * (len(nodes) - stores), (MONTHS + 1) * stores))
    stored = sparse.vstack([elsewhere, sparse.kron(sparse.eye_array(stores), drawn)])
    return sparse.csr_array(sparse.hstack([sparse.kron(incidence, sparse.eye_array(MONTHS)), stored]))


def _close_years(grid: Grid) -> sparse.csr_array:
    """Return rows that end the year of a store as it began, where its turns are not both known."""
    first, width = _index_columns(grid)
    open_ended = grid.stores.index[grid.stores[["start", "end"]].isna().any(axis=1)]
    rows = sparse.lil_array((len(open_ended), width))
    for k, node in enumerate(open_ended):
        rows[k, first[str(node)] + MONTHS], rows[k, first[str(node)]] = 1.0, -1.0
    return sparse.csr_array(rows)


def _bound_stocks(grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Return bounds of stocks: the room, and at the turns of the year what is known."""
    room = grid.volumes.to_numpy().T
    upper = np.hstack([room[:, :1], room])
    lower = np.zeros_like(upper)
    for at, turn in ((0, "start"), (-1, "end")):
        level = grid.stores[turn].to_numpy()
        known = ~np.isnan(level)
        lower[known, at] = upper[known, at] = level[known]
    return lower.ravel(), upper.ravel()


def _solve(program: Program) -> np.ndarray:
    """Return all columns at the optimum."""
    answer = linprog(
        program.cost,
        A_eq=program.rows,
        b_eq=program.right,
        bounds=np.column_stack([program.lower, program.upper]),
        method="highs",
    )
    if answer.status != 0:
        raise SolveError(f"observed flows cannot be balanced, the solver says: {answer.message}")
    return np.asarray(answer.x)


def _pair_opposites(grid: Grid, observations: Sequence[Observation]) -> np.ndarray:
    """Return columns of opposite pipelines in each month in which not both are observed.

    One row per pair and month: the better known, the other, and 1 where the better is known by month.
    """
    known = {(one.arc, at): False for one in observations for _, at, _ in one.terms}
    known |= {(one.arc, at): True for one in observations for _, at, _ in one.terms if one.frequency == "month"}
    first, _ = _index_columns(grid)
    pairs = [
        (first[there] + at, first[back] + at, int(known.get((there, at), False)))
        for there, back in _list_opposites(grid)
        for at in range(MONTHS)
        if (back, at) not in known and ((there, at) in known or there < back)
    ]
    return np.array(pairs, dtype=int).reshape(-1, 3)


def _list_opposites(grid: Grid) -> Iterator[tuple[str, str]]:
    """Yield pipelines and those that run the other way, each pair in both orders."""
    pipes = grid.arcs[grid.arcs["kind"] == "pipeline"].reset_index()
    pairs = pipes.merge(pipes, left_on=["source", "target"], right_on=["target", "source"])
    yield from zip(pairs["name_x"], pairs["name_y"], strict=True)


def _find_two_way(found: np.ndarray, opposites: np.ndarray) -> np.ndarray:
    """Return what must stop where a pair runs both ways at once: what is against a month's figure, else the smaller."""
    there, back, sure = opposites.T
    both = np.minimum(found[there], found[back]) > NEGLIGIBLE
    stopped: np.ndarray = np.where((sure == 1) | (found[back] < found[there]), back, there)
    return np.asarray(stopped[both])


def _read(grid: Grid, found: np.ndarray, seen: Wanted) -> Answer:
    nodes, months = list_nodes(grid), grid.limits.index
    lengths = [MONTHS * len(grid.arcs), (MONTHS + 1) * len(grid.stores), MONTHS * len(nodes), MONTHS * len(nodes)]
    flows, stocks, into, out, _ = np.split(np.where(np.abs(found) < NEGLIGIBLE / 10, 0.0, found), np.cumsum(lengths))
    return Answer(
        pd.DataFrame(flows.reshape(-1, MONTHS).T, index=months, columns=grid.arcs.index),
        pd.DataFrame(stocks.reshape(-1, MONTHS + 1).T, columns=grid.stores.index),
        pd.DataFrame((into - out).reshape(-1, MONTHS).T, index=months, columns=nodes),
        np.asarray(seen.sums @ found[: seen.sums.shape[1]]),
    )
