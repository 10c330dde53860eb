"""Gas that enters the model: home production, exporters' routes, LNG exports."""

from __future__ import annotations

from calendar import isleap
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from energyflows.network.inputs import Inputs
from energyflows.network.parts import Part, add_generators
from energyflows.network.plan import Plan

#: Tier whose volume is contracted or known to be delivered, so that using it is rewarded.
SURE_TIER = "minimum"


def add_production(plan: Plan, inputs: Inputs) -> None:
    """Add indigenous production, one generator per zone and kind.

    Parameters
    ----------
    plan : Plan
        Takes them.
    inputs : Inputs
        Tables and time.
    """
    rows = inputs.tables["production"]
    parts = []
    for (zone, kind), group in rows.groupby(["zone", "kind"], sort=False):
        shape = inputs.shapes[zone] if group["shape"].iat[0] == "demand" else 1.0
        daily = rate_years(group, inputs) * shape
        parts.append(
            Part(
                f"{zone} {kind}",
                bus=str(zone),
                origin=str(inputs.zones.at[zone, "country"]),
                route="home",
                carrier=str(kind),
                daily=daily,
                cost=cost_years(group, inputs),
                factor=1.0,
            )
        )
    add_generators(plan, inputs, parts)


def add_supply(plan: Plan, inputs: Inputs) -> None:
    """Add exporters' gas, one generator per route and tier.

    Observed volumes bound a route from both sides: they are its ``minimum`` tier, and no other tier is open on the
    days they cover. Elsewhere the yearly volumes of the table hold. LNG exports, and routes of which only yearly
    totals are known, keep the energy of the year and may run above its mean by ``rate_factor``; below a month the
    others keep the energy of the month likewise.

    Parameters
    ----------
    plan : Plan
        Takes them.
    inputs : Inputs
        Tables and time.
    """
    parts = [
        Part(
            f"{row.supplier} {route} {tier}",
            bus=row.bus,
            origin=row.supplier,
            route=route,
            carrier="lng" if tier == "export" else "pipeline gas",
            daily=daily,
            cost=cost_years(group, inputs),
            factor=float(group["rate_factor"].max()),
            sure=tier == SURE_TIER,
            budget=_choose_budget(row.follows, tier, inputs),
        )
        for route, tier, row, group, daily in _rate_tiers(inputs)
    ]
    add_generators(plan, inputs, parts)


def rate_routes(inputs: Inputs) -> pd.DataFrame:
    """Return what each route offers in all its tiers.

    Parameters
    ----------
    inputs : Inputs
        Tables and time.

    Returns
    -------
    pandas.DataFrame
        GWh/d by day and route.
    """
    tiers = {(route, tier): daily for route, tier, _, _, daily in _rate_tiers(inputs)}
    return pd.DataFrame(tiers).T.groupby(level=0).sum().T


def _rate_tiers(inputs: Inputs) -> Iterator[tuple[str, str, Any, pd.DataFrame, pd.Series]]:
    """Yield each tier of each route: both names, what its first row says, all its rows, and its GWh/d by day."""
    groups = inputs.tables["supply"].groupby(["route", "tier"], sort=False)
    first = groups[["supplier", "bus", "shape", "follows"]].first()
    for ((route, tier), group), row in zip(groups, first.itertuples(index=False), strict=True):
        yield str(route), str(tier), row, group, _rate_tier(rate_years(group, inputs), row, str(tier), inputs)


def _choose_budget(follows: object, tier: str, inputs: Inputs) -> str | None:
    """Return the period over which a tier's energy is known: its course within is the model's to choose."""
    if tier == "export" or follows in inputs.yearly_series:
        return "Y"
    return None if inputs.resolution == "monthly" else "M"


def _rate_tier(planned: pd.Series, row: Any, tier: str, inputs: Inputs) -> pd.Series:
    """Return a tier's volume in GWh/d by day: as observed, else as planned."""
    if isinstance(row.shape, str):
        planned = planned * inputs.shapes[row.shape]
    if not isinstance(row.follows, str):
        return planned
    observed = inputs.observed[row.follows]
    return observed.clip(lower=0.0).fillna(planned) if tier == SURE_TIER else planned.where(observed.isna(), 0.0)


def rate_years(group: pd.DataFrame, inputs: Inputs, column: str = "twh") -> pd.Series:
    """Return yearly volumes as a flat daily rate.

    Parameters
    ----------
    group : pandas.DataFrame
        Rows with ``year`` and ``column`` in TWh, one per year.
    inputs : Inputs
        Tables and time.
    column : str
        Which volume.

    Returns
    -------
    pandas.Series
        GWh/d by day; zero in years without a row.
    """
    volumes = dict(zip(group["year"].tolist(), group[column].tolist(), strict=True))
    lengths = [366 if isleap(year) else 365 for year in inputs.years]
    rates = 1e3 * np.array([volumes.get(year, 0.0) for year in inputs.years]) / lengths
    return pd.Series(np.repeat(rates, lengths), index=inputs.days)


def cost_years(group: pd.DataFrame, inputs: Inputs, column: str = "cost_eur_mwh") -> pd.Series:
    """Return a yearly cost by snapshot, EUR/MWh; years without a row take the nearest one before."""
    years, costs = (group[name].to_numpy(dtype=float) for name in ("year", column))
    order = np.argsort(years)
    latest = np.searchsorted(years[order], inputs.snapshots.year, side="right") - 1
    return pd.Series(costs[order][latest.clip(min=0)], index=inputs.snapshots)
