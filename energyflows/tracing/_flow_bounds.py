"""Bounds for a plain table of flows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import numpy as np
import pandas as pd

from energyflows.tracing._checking import TOLERANCE
from energyflows.tracing._cuts import bound_shares, close_balance
from energyflows.tracing._flows import trace_flows
from energyflows.tracing._mixing import Floats
from energyflows.tracing._stacking import sum_at
from energyflows.tracing._tables import RESIDUAL, Flows, read_flows, read_production


def bound_flows(
    flows: pd.DataFrame,
    production: Mapping[str, float] | pd.Series | pd.DataFrame | None = None,
    *,
    residual: str = "refuse",
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Bound the gas of each origin that each node of a table of flows consumes, whatever mixes with what.

    Parameters
    ----------
    flows : pandas.DataFrame
        As :func:`trace_flows` takes it.
    production : mapping, pandas.Series or pandas.DataFrame, optional
        As :func:`trace_flows` takes it.
    residual : {"refuse", "show", "scale"}
        What to do with gas that leaves a node without having entered it: an error, an origin ``residual``, or gas that
        may be of any origin.

    Returns
    -------
    tuple of pandas.DataFrame, [unit of flows]
        The least and the most, both shaped as what :func:`trace_flows` returns, which lies between them with either
        coupling.

    Raises
    ------
    UsageError
        As :func:`trace_flows`.

    Notes
    -----
    As :func:`bound_delivered`, without storage; each snapshot by itself.

    References
    ----------
    Ford & Fulkerson (1956), Maximal flow through a network, Canadian J. Math. 8, 399–404.

    Examples
    --------
    >>> flows = pd.DataFrame({"from": ["AZ", "RU", "TR"], "to": ["TR", "TR", "GR"], "volume": [30.0, 10.0, 8.0]})
    >>> low, high = bound_flows(flows)
    >>> high.round(3)
    origin      AZ    RU
    consumer
    GR         8.0   8.0
    TR        30.0  10.0
    >>> low.round(3)
    origin      AZ   RU
    consumer
    GR         0.0  0.0
    TR        22.0  2.0
    """
    traced = trace_flows(flows, production, residual=residual)
    # What is wrong was refused above.
    table = cast("Flows", read_flows(flows)[0])
    given, _ = read_production(production, table)
    found = [_bound_row(table, given, row, traced) for row in range(len(table.sent))]
    low, high = (
        pd.DataFrame(np.concatenate(side), index=traced.index, columns=traced.columns)
        for side in zip(*found, strict=True)
    )
    return low, high


def _bound_row(table: Flows, given: Floats, row: int, traced: pd.DataFrame) -> tuple[Floats, Floats]:
    """Return the least and the most of one snapshot, by consumer and origin as traced ones."""
    nodes = pd.Index(table.nodes)
    every = np.arange(len(nodes))
    arriving, leaving = (
        sum_at(volume[row], ends, every) for volume, ends in ((table.received, table.ends), (table.sent, table.begins))
    )
    named = [name for name in traced.columns if name != RESIDUAL]
    origins = nodes.get_indexer(named)
    entering = np.zeros((len(nodes), len(traced.columns)))
    # An origin of which nothing is said produces what it sends.
    entering[origins, np.arange(len(origins))] = np.where(np.isnan(given[row]), leaving, given[row])[origins]
    surplus = arriving + entering.sum(axis=1) - leaving
    if RESIDUAL in traced.columns:
        entering[:, -1] = np.where(-surplus > TOLERANCE * leaving, -surplus, 0.0)
    demand = np.maximum(surplus, 0.0)
    lost = sum_at(table.sent[row] - table.received[row], table.begins, every)
    ways = close_balance(table.begins, table.ends, table.received[row], entering, demand + lost)
    consumers = nodes.get_indexer(traced.index.get_level_values("consumer").unique())
    asked = np.zeros((len(nodes), len(consumers)))
    asked[consumers, np.arange(len(consumers))] = demand[consumers]
    return bound_shares(ways, asked, np.arange(len(traced.columns)))
