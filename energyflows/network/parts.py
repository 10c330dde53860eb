"""Bulk insertion of generators and links that stand for one thing in several parts.

PyPSA wants one row per price step, per month with an energy budget, or per contracted share of a flow. Each such row
carries ``part_of``, the name a reader of results sees, and ``reward``, the EUR/MWh its cost was lowered by so that a
contracted volume flows unless that is impossible; results add the reward back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from energyflows.network.inputs import Inputs
from energyflows.network.plan import Plan

PENALTY = "minimum_penalty"


@dataclass(frozen=True)
class Part:
    """One generator to be added."""

    name: str
    """Name in the network and in results."""
    bus: str
    """Where the gas enters."""
    origin: str
    """ISO-2 country the gas is from."""
    route: str
    """Route it enters by; ``home`` for indigenous production."""
    carrier: str
    """Kind of gas."""
    daily: pd.Series
    """GWh/d available by day."""
    cost: pd.Series
    """EUR/MWh by snapshot."""
    factor: float
    """How far a day may lie above the mean of its budget period."""
    sure: bool = False
    """Whether using it is rewarded."""
    budget: str | None = None
    """Bound only the rate (None), or the energy of each month (``M``) or year (``Y``) and the rate above its mean."""


def add_generators(plan: Plan, inputs: Inputs, parts: Sequence[Part]) -> None:
    """Add generators in bulk.

    Parameters
    ----------
    plan : Plan
        Takes them.
    inputs : Inputs
        Tables and time.
    parts : sequence of Part
        What to add; parts without any gas are added with no capacity, so that all years hold the same names.
    """
    rows = [(part, part.name, part.daily, np.inf) for part in parts if part.budget is None]
    for part in (part for part in parts if part.budget is not None):
        for period, chunk in part.daily.groupby(part.daily.index.to_period(part.budget)):
            within = pd.Series(0.0, index=inputs.days)
            within[chunk.index] = chunk.mean() * part.factor
            rows.append((part, f"{part.name} {period}", within, float(chunk.sum())))
    _add_rows(plan, inputs, rows)


def _add_rows(plan: Plan, inputs: Inputs, rows: Sequence[tuple[Part, str, pd.Series, float]]) -> None:
    """Add one generator per (part, name, rate by day, energy budget)."""
    if not rows:
        return
    names = pd.Index([name for _, name, _, _ in rows])
    daily = np.column_stack([rate.to_numpy() for _, _, rate, _ in rows])
    rates = inputs.average(pd.DataFrame(daily, index=inputs.days, columns=names))
    capacity = rates.max()
    rewards = pd.Series([inputs.parameter(PENALTY) if part.sure else 0.0 for part, *_ in rows], index=names)
    costs = np.column_stack([part.cost.to_numpy() for part, *_ in rows]) - rewards.to_numpy()
    plan.add(
        "Generator",
        names,
        bus=[part.bus for part, *_ in rows],
        carrier=[part.carrier for part, *_ in rows],
        p_nom=capacity,
        p_max_pu=share_of(rates, capacity),
        e_sum_max=[energy for *_, energy in rows],
        origin=[part.origin for part, *_ in rows],
        route=[part.route for part, *_ in rows],
        part_of=[part.name for part, *_ in rows],
        reward=rewards,
        **cost_attribute(pd.DataFrame(costs, index=inputs.snapshots, columns=names)),
    )


def share_of(rates: pd.DataFrame, capacity: pd.Series) -> pd.DataFrame:
    """Return rates per unit of capacity; zero where there is no capacity.

    Parameters
    ----------
    rates : pandas.DataFrame
        GWh/d by snapshot and name.
    capacity : pandas.Series
        GWh/d by name.

    Returns
    -------
    pandas.DataFrame
        0…1 by snapshot and name.
    """
    share = np.clip(rates.to_numpy() / np.where(capacity > 0, capacity, 1.0), 0.0, 1.0)
    return pd.DataFrame(share, index=rates.index, columns=rates.columns)


def cost_attribute(costs: pd.DataFrame) -> dict[str, pd.Series | pd.DataFrame]:
    """Return costs as PyPSA takes them: a column if nothing changes in time, else a frame.

    Parameters
    ----------
    costs : pandas.DataFrame
        EUR/MWh by snapshot and name.

    Returns
    -------
    dict
        Keyword argument ``marginal_cost``.
    """
    constant = bool((costs == costs.iloc[0]).to_numpy().all())
    return {"marginal_cost": costs.iloc[0] if constant else costs}


def add_links(plan: Plan, inputs: Inputs, links: pd.DataFrame, capacity: pd.DataFrame, minimum: pd.DataFrame) -> None:
    """Add links whose contracted part is rewarded.

    Parameters
    ----------
    plan : Plan
        Takes them.
    inputs : Inputs
        Tables and time.
    links : pandas.DataFrame
        Index the names; columns ``bus0, bus1, carrier, cost, efficiency, length`` and any of our own.
    capacity : pandas.DataFrame
        GWh/d by snapshot and link, the minimum included.
    minimum : pandas.DataFrame
        GWh/d by snapshot and link; links without a column have none.
    """
    sure = minimum.reindex(columns=links.index[links.index.isin(minimum.columns)])
    sure = sure.clip(upper=capacity[sure.columns])
    free = capacity.sub(sure.reindex(columns=capacity.columns, fill_value=0.0))
    _add_link_rows(plan, links, free, reward=0.0, suffix="")
    _add_link_rows(plan, links.loc[sure.columns], sure, reward=inputs.parameter(PENALTY), suffix=" minimum")


def add_stepped_links(plan: Plan, links: pd.DataFrame, capacity: pd.DataFrame, premiums: Sequence[float]) -> None:
    """Add links whose cost rises with use: equal steps of capacity, each with a premium of its own.

    Parameters
    ----------
    plan : Plan
        Takes them.
    links : pandas.DataFrame
        As :func:`add_links` takes them.
    capacity : pandas.DataFrame
        GWh/d by snapshot and link, all steps together.
    premiums : sequence of float
        EUR/MWh on top of the cost of each step; never falling, so that steps fill in their order.
    """
    for step, premium in enumerate(premiums, start=1):
        suffix = "" if step == 1 else f" step {step}"
        dearer = links.assign(cost=links["cost"] + premium)
        _add_link_rows(plan, dearer, capacity / len(premiums), reward=0.0, suffix=suffix)


def _add_link_rows(plan: Plan, links: pd.DataFrame, rates: pd.DataFrame, *, reward: float, suffix: str) -> None:
    if links.empty:
        return
    nominal = rates[links.index].max()
    renamed = links.rename(index=lambda name: f"{name}{suffix}")
    plan.add(
        "Link",
        renamed.index,
        p_nom=nominal.to_numpy(),
        p_max_pu=share_of(rates[links.index], nominal).set_axis(renamed.index, axis=1),
        marginal_cost=(links["cost"] - reward).to_numpy(),
        part_of=links.index.to_numpy(),
        reward=reward,
        **{column: renamed[column] for column in renamed.columns if column != "cost"},
    )
