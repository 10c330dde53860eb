"""Plain tables of flows and production as arrays, with all that is wrong in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from energyflows.errors import require, suggest
from energyflows.tracing._mixing import Floats, Positions

#: Name of the origin of gas that leaves a node without having entered it.
RESIDUAL = "residual"
_ENDS = ("from", "to")


class Flows(NamedTuple):
    """Flows by row (a snapshot; one if there are none) and arc."""

    nodes: list[str]
    snapshots: pd.Index | None
    begins: Positions
    ends: Positions
    sent: Floats
    received: Floats

    def tell(self, row: int) -> str:
        """Return when a row is."""
        return "" if self.snapshots is None else f" at snapshot {self.snapshots[row]}"


def read_flows(flows: pd.DataFrame) -> tuple[Flows | None, list[str]]:
    """Read a table of flows.

    Parameters
    ----------
    flows : pandas.DataFrame
        As :func:`energyflows.tracing.trace_flows` takes it.

    Returns
    -------
    tuple of Flows or None, and list of str
        Nothing if there are problems.
    """
    require(flows, "columns groupby", "a pandas.DataFrame with columns from, to and volume")
    volumes = [name for name in ("sent", "received") if name in flows]
    wanted = ("sent", "received") if volumes else ("volume",)
    missing = [name for name in (*_ENDS, *wanted) if name not in flows]
    if missing:
        found = ", ".join(map(str, flows.columns))
        return None, [f"no column {', '.join(missing)}; found {found or 'none'}"]
    problems = [] if len(flows) else ["no rows"]
    problems += [problem for name in _ENDS for problem in _find_blank(flows[name])]
    problems += [problem for name in wanted for problem in _find_wrong_volumes(flows[name])]
    if "snapshot" in flows and flows["snapshot"].isna().any():
        problems.append(f"column snapshot: missing in {_rows(flows['snapshot'].isna())}")
    if not problems:
        problems = _find_wrong_arcs(flows, wanted)
    return (None, problems) if problems else (_arrange(flows, wanted), [])


def _rows(bad: pd.Series) -> str:
    """Name the rows where something holds."""
    found = [str(label) for label in bad.index[bad.to_numpy(dtype=bool)]]
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    return f"row{'s' if len(found) > 1 else ''} {', '.join(found[:5])}{more}"


def _find_blank(names: pd.Series) -> list[str]:
    bad = names.isna() | (names.astype(str).str.strip() == "")
    return [f"column {names.name}: no node in {_rows(bad)}"] if bad.any() else []


def _find_wrong_volumes(volumes: pd.Series) -> list[str]:
    """List what is no number, missing or negative."""
    numbers = pd.to_numeric(volumes, errors="coerce").astype(float)
    no_number = ~np.isfinite(numbers)
    problems = [f"column {volumes.name}: missing or no number in {_rows(no_number)}"] if no_number.any() else []
    negative = numbers < 0
    if negative.any():
        problems.append(f"column {volumes.name}: negative in {_rows(negative)}; swap from and to")
    return problems


def _find_wrong_arcs(flows: pd.DataFrame, wanted: tuple[str, ...]) -> list[str]:
    """List flows from a node to itself, more received than sent, and a node with a name of ours."""
    begins, ends = (flows[name].astype(str) for name in _ENDS)
    same = begins == ends
    problems = [f"from and to are the same node in {_rows(same)}"] if same.any() else []
    if len(wanted) == 2:
        more = flows["received"].astype(float) > flows["sent"].astype(float)
        problems += [f"more received than sent in {_rows(more)}"] if more.any() else []
    named = (begins == RESIDUAL) | (ends == RESIDUAL)
    return problems + ([f"node {RESIDUAL}: this name is taken, in {_rows(named)}; rename it"] if named.any() else [])


def _arrange(flows: pd.DataFrame, wanted: tuple[str, ...]) -> Flows:
    """Put flows into arrays."""
    begins, ends = (flows[name].astype(str) for name in _ENDS)
    nodes = sorted({*begins, *ends})
    moments = flows["snapshot"] if "snapshot" in flows else pd.Series(0, index=flows.index)
    rows, snapshots = pd.factorize(moments, sort=True)
    arcs, pairs = pd.factorize(pd.MultiIndex.from_arrays([begins, ends]))
    volumes = []
    for name in (wanted[0], wanted[-1]):
        volume = np.zeros((len(snapshots), len(pairs)))
        np.add.at(volume, (rows, arcs), pd.to_numeric(flows[name]).to_numpy(dtype=float))
        volumes.append(volume)
    position = pd.Index(nodes)
    return Flows(
        nodes=nodes,
        snapshots=pd.Index(snapshots, name="snapshot") if "snapshot" in flows else None,
        begins=position.get_indexer(pairs.get_level_values(0)),
        ends=position.get_indexer(pairs.get_level_values(1)),
        sent=volumes[0],
        received=volumes[1],
    )


def read_production(
    production: Mapping[str, float] | pd.Series | pd.DataFrame | None, table: Flows
) -> tuple[Floats, list[str]]:
    """Read what nodes produce themselves.

    Parameters
    ----------
    production : mapping, pandas.Series, pandas.DataFrame or None
        As :func:`energyflows.tracing.trace_flows` takes it.
    table : Flows
        For nodes and snapshots.

    Returns
    -------
    tuple of numpy.ndarray and list of str
        By row and node, NaN where nothing is said; and problems.
    """
    rows = 1 if table.snapshots is None else len(table.snapshots)
    if production is None:
        return np.full((rows, len(table.nodes)), np.nan), []
    given, problems = _spread(production, table)
    given.columns = given.columns.astype(str)
    problems += [
        f"production: no node {name!r} in the flows{suggest(name, table.nodes)}"
        for name in given.columns
        if name not in table.nodes
    ]
    twice = sorted(set(given.columns[given.columns.duplicated()]))
    problems += [f"production: node {name} is there twice" for name in twice]
    numbers = given.apply(pd.to_numeric, errors="coerce").astype(float)
    for name, column in numbers.items() if not twice else ():
        problems += [f"production of {name}: missing or no number"] if not np.isfinite(column).all() else []
        problems += [f"production of {name}: negative"] if (column < 0).any() else []
    if problems:
        return np.zeros(0), problems
    return numbers.reindex(columns=table.nodes).to_numpy(dtype=float), []


def _spread(production: Any, table: Flows) -> tuple[pd.DataFrame, list[str]]:
    """Return production with one row for each row of the flows."""
    if not isinstance(production, pd.DataFrame):
        require(production, "items keys", "production as a mapping or pandas.Series, by node")
        series = pd.Series(production) if isinstance(production, pd.Series) else pd.Series(dict(production))
        rows = 1 if table.snapshots is None else len(table.snapshots)
        return pd.DataFrame([series.to_numpy()] * rows, columns=series.index), []
    if table.snapshots is None:
        return production.head(0), ["production: found a table, but the flows have no snapshots; give it by node"]
    missing = table.snapshots.difference(production.index)
    problems = [f"production: no snapshot {label}" for label in missing[:5]]
    if not production.index.is_unique:
        problems.append("production: snapshots are there twice")
    return (production.head(0), problems) if problems else (production.loc[table.snapshots], [])
