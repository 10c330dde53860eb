"""Mixes at nodes by proportional sharing: what leaves a node is mixed as what enters it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]

#: Share of the largest flow below which a flow is the solver's rounding.
LEAST_SHARE = 1e-9
#: Numbers of dense matrices held at a time.
_BLOCK = 4_000_000


class Arcs(NamedTuple):
    """Where gas moves: nodes at both ends by arc, and what arrives by row (a snapshot of a scenario) and arc."""

    begins: Positions
    ends: Positions
    received: Floats


def solve_mixes(arcs: Arcs, entering: Floats, through: Floats) -> tuple[Floats, Flags]:
    r"""Solve for what each node's gas is made of.

    Parameters
    ----------
    arcs : Arcs
        Flows between nodes.
    entering : numpy.ndarray
        What enters from outside, by row, node and column (an origin, or a tank).
    through : numpy.ndarray
        All that enters a node, from arcs and outside, by row and node.

    Returns
    -------
    tuple of numpy.ndarray
        Shares by row, node and column; and which nodes are fed. Nodes that are not have zero shares.

    Notes
    -----
    With :math:`T` the through-flow, :math:`r_{ji}` what :math:`i` receives from :math:`j`:
    :math:`x_i - \sum_j (r_{ji} / T_i)\, x_j = e_i / T_i`. Without the nodes nothing reaches, loops among them, the
    matrix is never singular.
    """
    fed = find_fed(arcs, np.asarray((entering > 0).any(axis=2)))
    inverse = np.divide(1.0, through, out=np.zeros_like(through), where=fed & (through > 0))
    weights = arcs.received * inverse[:, arcs.ends]
    shares = entering * inverse[:, :, None]
    order = order_nodes(arcs, through.shape[1])
    size = max(1, _BLOCK // max(1, through.shape[1] ** 2))
    for first in range(0, len(through), size):
        block = slice(first, first + size)
        _solve_block(arcs, weights[block], shares[block], order)
    return shares, fed


class Order(NamedTuple):
    """Nodes in the middle, which may feed each other in loops, and arcs by when they are followed."""

    middle: Positions
    before: list[int]
    within: list[int]
    after: list[int]


def order_nodes(arcs: Arcs, nodes: int) -> Order:
    """Find what can be solved without a matrix: all that lies before every loop, and all behind.

    Parameters
    ----------
    arcs : Arcs
        Flows between nodes.
    nodes : int
        How many there are.

    Returns
    -------
    Order
        Only of arcs that are used in some row.
    """
    used = [(int(arc), int(arcs.begins[arc]), int(arcs.ends[arc])) for arc in np.flatnonzero(arcs.received.any(axis=0))]
    left = set(range(nodes))
    upstream = _peel(left, [(begin, end) for _, begin, end in used])
    downstream = _peel(left, [(end, begin) for _, begin, end in used])
    rank = {node: place for place, node in enumerate([*upstream, *sorted(left), *reversed(downstream)])}
    by_end = sorted(used, key=lambda arc: rank[arc[2]])
    return Order(
        middle=np.array(sorted(left), dtype=np.intp),
        before=[arc for arc, begin, end in by_end if begin not in left and rank[end] < len(rank) - len(downstream)],
        within=[arc for arc, begin, end in by_end if begin in left and end in left],
        after=[arc for arc, _, end in by_end if rank[end] >= len(rank) - len(downstream)],
    )


def _peel(left: set[int], pairs: list[tuple[int, int]]) -> list[int]:
    """Take out, in order, all nodes whose feeders are out already."""
    taken: list[int] = []
    while True:
        heads = {end for begin, end in pairs if begin in left and end in left}
        free = sorted(left - heads)
        if not free:
            return taken
        taken += free
        left.difference_update(free)


def _solve_block(arcs: Arcs, weights: Floats, shares: Floats, order: Order) -> None:
    """Turn what enters nodes from outside into all they are made of, in place."""
    _carry(arcs, weights, shares, order.before)
    if len(order.middle):
        matrices = _fill_matrices(arcs, weights, order)
        shares[:, order.middle] = np.linalg.solve(matrices, shares[:, order.middle])
    _carry(arcs, weights, shares, order.after)


def _fill_matrices(arcs: Arcs, weights: Floats, order: Order) -> Floats:
    """Return the matrices of the nodes in the middle."""
    rows, size = len(weights), len(order.middle)
    place = np.zeros(order.middle.max() + 1, dtype=np.intp)
    place[order.middle] = np.arange(size)
    cells = place[arcs.ends[order.within]] * size + place[arcs.begins[order.within]]
    turn = np.argsort(cells, kind="stable")
    # Several arcs may join the same two nodes.
    unique, firsts = np.unique(cells[turn], return_index=True)
    matrices = np.zeros((rows, size * size))
    matrices[:, :: size + 1] = 1.0
    matrices[:, unique] -= np.add.reduceat(weights[:, np.array(order.within)[turn]], firsts, axis=1)
    return matrices.reshape(rows, size, size)


def _carry(arcs: Arcs, weights: Floats, shares: Floats, chosen: list[int]) -> None:
    """Add what arcs bring, one after the other."""
    for arc in chosen:
        shares[:, arcs.ends[arc]] += weights[:, arc, None] * shares[:, arcs.begins[arc]]


def find_fed(arcs: Arcs, sources: Flags) -> Flags:
    """Find the nodes that gas from outside reaches.

    Parameters
    ----------
    arcs : Arcs
        Flows between nodes.
    sources : numpy.ndarray of bool
        Where something enters from outside, by row and node.

    Returns
    -------
    numpy.ndarray of bool
        By row and node. A loop nothing enters is not fed, however much circulates in it.
    """
    fed = sources.copy()
    if not len(arcs.ends):
        return fed
    order = np.argsort(arcs.ends, kind="stable")
    heads, firsts = np.unique(arcs.ends[order], return_index=True)
    begins, carrying = arcs.begins[order], arcs.received[:, order] > 0
    while True:
        grown = fed[:, heads] | np.logical_or.reduceat(carrying & fed[:, begins], firsts, axis=1)
        if (grown == fed[:, heads]).all():
            return fed
        fed[:, heads] = grown
