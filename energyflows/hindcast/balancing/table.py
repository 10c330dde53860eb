"""Balanced flows as a table, with what was observed beside them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from energyflows.hindcast.balancing.courses import sum_observed
from energyflows.hindcast.balancing.figures import SPREAD, Observation
from energyflows.hindcast.balancing.grid import UNEXPLAINED, Grid
from energyflows.hindcast.balancing.program import NEGLIGIBLE, Answer
from energyflows.network.inputs import Inputs

COLUMNS = ["snapshot", "from", "to", "volume", "observed", "residual", "kind", "confidence"]
#: Confidence of the figure a flow rests on, from strong to weak.
CONFIDENCES = (*SPREAD, "unobserved")
#: Deviations below this part of a standard deviation are rounding.
ROUNDING = 1e-6


def tabulate(
    inputs: Inputs, grid: Grid, observations: Sequence[Observation], answer: Answer, frequency: str
) -> pd.DataFrame:
    """Return one row per period and flow that is or was observed to be more than nothing.

    Parameters
    ----------
    inputs : Inputs
        Tables and the months of one year.
    grid : Grid
        What can flow.
    observations : sequence of Observation
        What was observed.
    answer : Answer
        Flows that balance.
    frequency : {"month", "quarter", "year"}
        Length of a period.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`COLUMNS`.
    """
    levels, trust = _find_levels(grid, observations)
    observed = sum_observed(observations, inputs, frequency).reindex(columns=grid.arcs.index)
    ranks = _rank_arcs(grid, observations)
    _fill_storage(grid, observed, ranks, levels, trust)
    rows = pd.concat([_stack(grid, answer.flows, observed, ranks), _list_gaps(answer)])
    starts = rows["snapshot"].dt.to_period({"month": "M", "quarter": "Q", "year": "Y"}[frequency]).dt.start_time
    known = rows["observed"].notna()
    rows = rows.assign(snapshot=starts, known=known)
    sums = {"volume": "sum", "observed": "sum", "known": "all", "rank": "max"}
    table = rows.groupby(["snapshot", "kind", "from", "to"], as_index=False).agg(sums)
    table["observed"] = table["observed"].where(table["known"])
    table["residual"] = table["volume"] - table["observed"]
    table["confidence"] = np.array(CONFIDENCES)[table["rank"]]
    return table.loc[(table["volume"] > 0) | (table["observed"] > 0), COLUMNS].reset_index(drop=True)


def _stack(grid: Grid, flows: pd.DataFrame, observed: pd.DataFrame, ranks: pd.DataFrame) -> pd.DataFrame:
    """Return one row per month and arc; arcs that nothing is told of and nothing flows by are left out."""
    used = flows.columns[flows.any() | observed.notna().any()]
    arcs = grid.arcs.loc[used]
    return pd.DataFrame(
        {
            "snapshot": np.repeat(flows.index, len(used)),
            "from": np.tile(arcs["source"], len(flows)),
            "to": np.tile(arcs["target"], len(flows)),
            "kind": np.tile(arcs["kind"], len(flows)),
            "volume": flows[used].to_numpy().ravel(),
            "observed": observed[used].to_numpy().ravel(),
            "rank": ranks[used].to_numpy().ravel(),
        }
    )


def _list_gaps(answer: Answer) -> pd.DataFrame:
    """Return what no bus can account for."""
    gaps = answer.gaps.rename_axis(index="snapshot", columns="node").stack().rename("gap").reset_index()
    gaps = gaps[gaps["gap"].abs() > NEGLIGIBLE]
    entering = gaps["gap"] > 0
    return pd.DataFrame(
        {
            "snapshot": gaps["snapshot"],
            "from": gaps["node"].mask(entering, UNEXPLAINED),
            "to": gaps["node"].where(entering, UNEXPLAINED),
            "kind": UNEXPLAINED,
            "volume": gaps["gap"].abs(),
            "observed": np.nan,
            "rank": len(CONFIDENCES) - 1,
        }
    )


def _rank_arcs(grid: Grid, observations: Sequence[Observation]) -> pd.DataFrame:
    """Return the rank of the finest figure on each arc in each month."""
    ranks = np.full(grid.limits.shape, len(CONFIDENCES) - 1)
    columns = {arc: k for k, arc in enumerate(grid.limits.columns)}
    for frequency in ("year", "quarter", "month"):
        for one in observations:
            if one.arc and one.frequency == frequency:
                ranks[[at for _, at, _ in one.terms], columns[one.arc]] = CONFIDENCES.index(one.confidence)
    return pd.DataFrame(ranks, index=grid.limits.index, columns=grid.limits.columns)


def _find_levels(grid: Grid, observations: Sequence[Observation]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return observed stocks by month end (0 is the start) and node, and the rank of each."""
    ends = range(len(grid.limits) + 1)
    levels = pd.DataFrame(np.nan, index=ends, columns=grid.stores.index)
    ranks = pd.DataFrame(len(CONFIDENCES) - 1, index=ends, columns=grid.stores.index)
    levels.iloc[0], levels.iloc[-1] = grid.stores["start"], grid.stores["end"]
    for end, turn in ((0, "start"), (len(ends) - 1, "end")):
        told = grid.stores[f"{turn}_confidence"].fillna(CONFIDENCES[-1])
        ranks.iloc[end] = [CONFIDENCES.index(confidence) for confidence in told]
    for one in observations:
        if one.frequency == "day" and len(one.terms) == 1:
            node, end, _ = one.terms[0]
            levels.at[end, node], ranks.at[end, node] = one.gwh, CONFIDENCES.index(one.confidence)
    return levels, ranks


def _fill_storage(
    grid: Grid, observed: pd.DataFrame, ranks: pd.DataFrame, levels: pd.DataFrame, trust: pd.DataFrame
) -> None:
    """Write the change between two observed stocks to the injection or the withdrawal of that month, in place."""
    for node, zone in grid.stores["zone"].items():
        change = levels[node].diff().to_numpy()[1:]
        weaker = np.maximum(trust[node].to_numpy()[1:], trust[node].to_numpy()[:-1])
        for verb, sign in (("injection", 1.0), ("withdrawal", -1.0)):
            observed[f"{zone} {verb}"] = np.where(np.isnan(change), np.nan, np.maximum(sign * change, 0.0))
            ranks[f"{zone} {verb}"] = np.where(np.isnan(change), len(CONFIDENCES) - 1, weaker)


def list_deviations(observations: Sequence[Observation], answer: Answer) -> list[dict[str, str | float]]:
    """Return the figures that the flows do not meet, worst first in standard deviations.

    Parameters
    ----------
    observations : sequence of Observation
        What was observed.
    answer : Answer
        Flows that balance.

    Returns
    -------
    list of dict
        Records of ``series, period, observed, reconciled, residual, sigma, residual_in_sigmas``, volumes in GWh.
    """
    records = []
    for one, value in zip(observations, answer.values.tolist(), strict=True):
        apart = value - one.gwh
        sigma = one.up if apart > 0 else one.down
        if abs(apart) > ROUNDING * sigma:
            told = (one.series, one.period, one.gwh, value, apart, sigma, apart / sigma)
            records.append(dict(zip(RESIDUAL_COLUMNS, told, strict=True)))
    return sorted(records, key=lambda record: -abs(record["residual_in_sigmas"]))


RESIDUAL_COLUMNS = ["series", "period", "observed", "reconciled", "residual", "sigma", "residual_in_sigmas"]
