"""What users call for a plain table of flows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from energyflows.errors import UsageError, list_problems
from energyflows.tracing._blocks import serve_own
from energyflows.tracing._mixing import LEAST_SHARE, Arcs, Floats, Positions, solve_mixes
from energyflows.tracing._options import COUPLING, find_wrong_words
from energyflows.tracing._stacking import sum_at
from energyflows.tracing._tables import RESIDUAL, Flows, read_flows, read_production

#: What leaves a node above what enters it, relative to it, that is rounding.
_TOLERANCE = 1e-6
_WAYS = ("refuse", "show", "scale")


class _Balance(NamedTuple):
    """By row and node: what it produces, all that enters and all that leaves."""

    produced: Floats
    entering: Floats
    leaving: Floats

    @property
    def gap(self) -> Floats:
        """What leaves without having entered."""
        gap = self.leaving - self.entering
        return np.where(gap > _TOLERANCE * self.leaving, gap, 0.0)


def trace_flows(
    flows: pd.DataFrame,
    production: Mapping[str, float] | pd.Series | pd.DataFrame | None = None,
    coupling: str = "direct",
    residual: str = "refuse",
) -> pd.DataFrame:
    """Tell from which origins the gas comes that each node of a table of flows consumes.

    Parameters
    ----------
    flows : pandas.DataFrame
        Columns ``from``, ``to`` and ``volume``, or ``sent`` and ``received`` where some is lost on the way; optionally
        ``snapshot``. Any unit; rows of the same two nodes are added.
    production : mapping, pandas.Series or pandas.DataFrame, optional
        Own output by node, the same in all snapshots; a table has snapshots as rows and nodes as columns. A node that
        never receives anything and is not named here produces what it sends.
    coupling : {"direct", "aggregated"}
        Whether output mixes with transit, or serves the node's own demand first.
    residual : {"refuse", "show", "scale"}
        What to do with gas that leaves a node without having entered it: an error, an origin ``residual``, or more of
        the same mix as what entered.

    Returns
    -------
    pandas.DataFrame, [unit of flows]
        Consumers (with snapshots: snapshots and consumers) by origin. What does not leave a node again is its demand;
        nodes without demand are left out.

    Raises
    ------
    UsageError
        If columns are missing, values missing or negative, nodes of ``production`` unknown, words wrong, or if flows
        do not balance, with node and gap.

    Notes
    -----
    As :func:`trace`, without storage. A loop that nothing enters has no origin, and no demand.

    References
    ----------
    Bialek (1996), Tracing the flow of electricity, IEE Proc. GTD 143, 310–320.

    Examples
    --------
    >>> flows = pd.DataFrame({"from": ["AZ", "RU", "TR"], "to": ["TR", "TR", "GR"], "volume": [30.0, 10.0, 8.0]})
    >>> trace_flows(flows)
    origin      AZ   RU
    consumer
    GR         6.0  2.0
    TR        24.0  8.0
    """
    wrong = find_wrong_words(coupling=(coupling, COUPLING), residual=(residual, _WAYS))
    table, problems = read_flows(flows)
    if table is None:
        raise UsageError(list_problems("these flows cannot be traced:", wrong + problems))
    given, more = read_production(production, table)
    problems = wrong + problems + more
    if problems:
        raise UsageError(list_problems("these flows cannot be traced:", problems))
    balance = _balance(table, given)
    unbalanced = _find_unbalanced(table, balance, residual)
    if unbalanced:
        raise UsageError(list_problems("these flows do not balance:", unbalanced))
    return _trace(table, balance, coupling, residual)


def _balance(table: Flows, given: Floats) -> _Balance:
    """Balance nodes; those that only send and of which nothing is said produce what they send."""
    nodes = np.arange(len(table.nodes))
    arriving, leaving = sum_at(table.received, table.ends, nodes), sum_at(table.sent, table.begins, nodes)
    silent = np.isnan(given)
    produced = np.where(silent, np.where(arriving.any(axis=0), 0.0, leaving), given)
    return _Balance(produced, arriving + produced, leaving)


def _find_unbalanced(table: Flows, balance: _Balance, residual: str) -> list[str]:
    """List nodes where more leaves than enters and nothing can be done about it."""
    gap = balance.gap if residual == "refuse" else np.where(balance.entering > 0, 0.0, balance.gap)
    if residual == "show":
        return []
    cure = "give its production, or choose residual='show' or 'scale'"
    cure = cure if residual == "refuse" else "nothing enters that could be scaled; choose residual='show'"
    return [
        f"node {table.nodes[node]}: {gap[row, node]:.6g} more leaves than enters{table.tell(row)}; {cure}"
        for row, node in np.argwhere(gap > 0)
    ]


def _trace(table: Flows, balance: _Balance, coupling: str, residual: str) -> pd.DataFrame:
    """Trace balanced flows."""
    demand = np.maximum(balance.entering - balance.leaving, 0.0)
    least = LEAST_SHARE * max(table.sent.max(initial=0.0), balance.produced.max(initial=0.0))
    origins = np.flatnonzero((balance.produced > least).any(axis=0))
    produced = np.zeros((*demand.shape, len(origins) + 1))
    produced[:, origins, np.arange(len(origins))] = balance.produced[:, origins]
    kept = serve_own(produced, demand) if coupling == "aggregated" else np.zeros_like(produced)
    entering = produced - kept
    if residual == "show":
        entering[:, :, -1] = balance.gap
    arcs = Arcs(table.begins, table.ends, table.received)
    through = entering.sum(axis=2) + balance.entering - balance.produced
    mix, _ = solve_mixes(arcs, entering, through)
    delivered = kept + (demand - kept.sum(axis=2))[:, :, None] * mix
    shown = slice(None) if balance.gap.any() and residual == "show" else slice(-1)
    names = [*(table.nodes[node] for node in origins), RESIDUAL][shown]
    return _label(delivered[:, :, shown], np.flatnonzero((demand > least).any(axis=0)), table, names)


def _label(delivered: Floats, consumers: Positions, table: Flows, origins: list[str]) -> pd.DataFrame:
    """Name rows and columns."""
    names = [table.nodes[node] for node in consumers]
    index: pd.Index = pd.Index(names, name="consumer")
    if table.snapshots is not None:
        index = pd.MultiIndex.from_product([table.snapshots, names], names=["snapshot", "consumer"])
    values = delivered[:, consumers].reshape(len(index), len(origins))
    return pd.DataFrame(values, index=index, columns=pd.Index(origins, name="origin"))
