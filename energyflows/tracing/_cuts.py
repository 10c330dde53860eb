"""The most and the least gas of one origin that given flows can have brought, whatever mixes with what."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from energyflows.tracing._mixing import LEAST_SHARE, Flags, Floats, Positions

#: Part of what a target takes by which its bounds are widened, for the sums of floats.
RESOLUTION = 1e-9
#: Integer to which all that a target takes is scaled; twice its sum is still an integer of 32 bits.
_SCALE = 2**29


class Ways(NamedTuple):
    """Where gas goes: arcs between nodes and what each carries; what enters, by node and origin.

    ``unknown`` is what leaves a node without having entered it, by node, and ``loose`` the sum of what of it is
    rounding and was left out.
    """

    begins: Positions
    ends: Positions
    carried: Floats
    entering: Floats
    unknown: Floats
    loose: float


def close_balance(begins: Positions, ends: Positions, carried: Floats, entering: Floats, leaving: Floats) -> Ways:
    """Find what leaves nodes without having entered them.

    Parameters
    ----------
    begins, ends : numpy.ndarray
        Nodes, by arc.
    carried : numpy.ndarray
        What arrives, by arc.
    entering : numpy.ndarray
        From outside, by node and origin.
    leaving : numpy.ndarray
        To the outside, by node: consumption, losses, and what is left in the end.

    Returns
    -------
    Ways
        With the gap of each node as gas of which nothing is known: what tanks held at the start, what was found in
        them later, and flows that do not balance.
    """
    nodes = len(leaving)
    used = carried > 0
    # Arcs side by side are one, so that none carries more than is asked of all.
    pairs, which = np.unique(begins[used] * nodes + ends[used], return_inverse=True)
    summed = np.zeros(len(pairs))
    np.add.at(summed, which, carried[used])
    begins, ends, carried = pairs // nodes, pairs % nodes, summed
    out = leaving + np.bincount(begins, carried, nodes)
    gap = np.maximum(out - np.bincount(ends, carried, nodes) - entering.sum(axis=1), 0.0)
    real = gap > LEAST_SHARE * out.max(initial=0.0)
    return Ways(begins, ends, carried, entering, np.where(real, gap, 0.0), float(gap[~real].sum()))


def bound_shares(ways: Ways, leaving: Floats, origins: Positions) -> tuple[Floats, Floats]:
    r"""Bound how much gas of each origin each target takes.

    Parameters
    ----------
    ways : Ways
        From :func:`close_balance`.
    leaving : numpy.ndarray
        By node and target.
    origins : numpy.ndarray
        Positions of those wanted.

    Returns
    -------
    tuple of numpy.ndarray
        Least and most, by target and origin, in the unit of ``leaving``.

    Notes
    -----
    Let :math:`f` be the flows, closed at every node by what leaves the network and what is unknown. Gas of an origin is
    any flow :math:`0 \le g \le f` that balances at every node, equals :math:`f` where that origin enters and is zero
    where others enter. The most of it at a target is a maximum flow :math:`m` from its entries and the unknown ones:
    what a maximum flow leaves of those entries, :math:`f - m` still carries somewhere else, so that it can be added.
    The least is what the target takes less the most of all other gas, for :math:`f - g` is such a flow of the others
    exactly if :math:`g` is one of the origin.
    """
    total = leaving.sum(axis=0)
    low, high = np.zeros((2, len(total), len(origins)))
    feeding = _reach(ways.ends, ways.begins, leaving.T > 0)
    for column, origin in enumerate(origins):
        own = ways.entering[:, origin]
        sides = [own + ways.unknown, ways.entering.sum(axis=1) - own + ways.unknown]
        fed = _reach(ways.begins, ways.ends, np.array(sides) > 0)
        for target in np.flatnonzero(total > 0):
            inside = fed & feeding[target]
            most, others = (_find_most(ways, *side, leaving[:, target]) for side in zip(inside, sides, strict=True))
            slack = ways.loose + RESOLUTION * total[target]
            # What cannot reach a target is zero without any rounding.
            high[target, column] = min(most + slack, total[target] * (1.0 + RESOLUTION)) if most > 0 else 0.0
            low[target, column] = max(total[target] - others - slack, 0.0) if most > 0 else 0.0
    return low, high


def _reach(begins: Positions, ends: Positions, sources: Flags) -> Flags:
    """Find the nodes that each row of sources reaches."""
    reached = np.zeros((len(sources), sources.shape[1] + 1), dtype=bool)
    outside = sources.shape[1]
    for row, chosen in enumerate(sources):
        entries = np.flatnonzero(chosen)
        into = np.concatenate([begins, np.full(len(entries), outside)]), np.concatenate([ends, entries])
        graph = csr_array((np.ones(len(into[0]), dtype=np.int32), into), shape=(outside + 1, outside + 1))
        reached[row, breadth_first_order(graph, outside, return_predecessors=False)] = True
    return reached[:, :-1]


def _find_most(ways: Ways, inside: Flags, entering: Floats, leaving: Floats) -> float:
    """Return how much of what enters can be among what leaves; only nodes inside lie between the two."""
    if not inside.any():
        return 0.0
    nodes = np.flatnonzero(inside)
    place = np.cumsum(inside) - 1
    chosen = inside[ways.begins] & inside[ways.ends]
    source, sink = len(nodes), len(nodes) + 1
    fed, feeding = nodes[entering[nodes] > 0], nodes[leaving[nodes] > 0]
    begins = np.concatenate([place[ways.begins[chosen]], np.full(len(fed), source), place[feeding]])
    ends = np.concatenate([place[ways.ends[chosen]], place[fed], np.full(len(feeding), sink)])
    carried = np.concatenate([ways.carried[chosen], entering[fed], leaving[feeding]])
    return _find_cut(begins, ends, carried, float(leaving[feeding].sum()))


def _find_cut(begins: Positions, ends: Positions, carried: Floats, total: float) -> float:
    """Return the smallest cut between the last but one node and the last, of which no more than the total is asked.

    Flows are found in integers; the cut they show is summed up in floats. It is never less than the true maximum, and
    more at most by a billionth of the total for each of its arcs.
    """
    source, sink = int(ends.max()) - 1, int(ends.max())
    least = np.minimum(carried, total)
    scaled = np.rint(least / total * _SCALE).astype(np.int32)
    capacity = csr_array((scaled, (begins.astype(np.int32), ends.astype(np.int32))), shape=(sink + 1, sink + 1))
    left = capacity - maximum_flow(capacity, source, sink).flow
    left.eliminate_zeros()
    here = np.zeros(sink + 1, dtype=bool)
    here[breadth_first_order(left, source, return_predecessors=False)] = True
    return min(float(carried[here[begins] & ~here[ends]].sum()), total)
