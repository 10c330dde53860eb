"""Gas that enters the model: home production, exporters' routes, LNG exports."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pypsa

from energyflows.network.inputs import Inputs
from energyflows.network.parts import Part, add_generators

#: Tier whose volume is contracted or known to be delivered, so that using it is rewarded.
SURE_TIER = "minimum"


def add_production(n: pypsa.Network, inputs: Inputs) -> None:
    """Add indigenous production, one generator per zone and kind.

    Parameters
    ----------
    n : pypsa.Network
        Changed in place; buses exist.
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
                origin=str(n.buses.at[zone, "country"]),
                route="home",
                carrier=str(kind),
                daily=daily,
                cost=cost_years(group, inputs),
                factor=1.0,
            )
        )
    add_generators(n, inputs, parts)


def add_supply(n: pypsa.Network, inputs: Inputs) -> None:
    """Add exporters' gas, one generator per route and tier.

    Observed volumes bound a route from both sides: they are its ``minimum`` tier, and no other tier is open on the
    days they cover. Elsewhere the yearly volumes of the table hold. LNG exports, and routes of which only yearly
    totals are known, keep the energy of the year and may run above its mean by ``rate_factor``; below a month the
    others keep the energy of the month likewise.

    Parameters
    ----------
    n : pypsa.Network
        Changed in place; buses exist.
    inputs : Inputs
        Tables and time.
    """
    parts = []
    for (route, tier), group in inputs.tables["supply"].groupby(["route", "tier"], sort=False):
        first = group.iloc[0]
        parts.append(
            Part(
                f"{first['supplier']} {route} {tier}",
                bus=first["bus"],
                origin=first["supplier"],
                route=str(route),
                carrier="lng" if tier == "export" else "pipeline gas",
                daily=_rate_tier(group, str(tier), inputs),
                cost=cost_years(group, inputs),
                factor=float(group["rate_factor"].max()),
                sure=tier == SURE_TIER,
                budget=_choose_budget(group, str(tier), inputs),
            )
        )
    add_generators(n, inputs, parts)


def _choose_budget(group: pd.DataFrame, tier: str, inputs: Inputs) -> str | None:
    """Return the period over which a tier's energy is known: its course within is the model's to choose."""
    follows = group["follows"].dropna()
    yearly = not follows.empty and follows.iat[0] in inputs.yearly_series
    if tier == "export" or yearly:
        return "Y"
    return None if inputs.resolution == "monthly" else "M"


def _rate_tier(group: pd.DataFrame, tier: str, inputs: Inputs) -> pd.Series:
    """Return a tier's volume in GWh/d by day: as observed, else as planned."""
    planned = rate_years(group, inputs)
    shape = group["shape"].dropna()
    if not shape.empty:
        planned = planned * inputs.shapes[shape.iat[0]]
    follows = group["follows"].dropna()
    if follows.empty:
        return planned
    observed = inputs.observed[follows.iat[0]]
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
    volume = group.set_index("year")[column].reindex(inputs.days.year).fillna(0.0).to_numpy(dtype=float)
    length = np.where(inputs.days.is_leap_year, 366, 365)
    return pd.Series(1e3 * volume / length, index=inputs.days)


def cost_years(group: pd.DataFrame, inputs: Inputs, column: str = "cost_eur_mwh") -> pd.Series:
    """Return a yearly cost by snapshot, EUR/MWh; years without a row take the nearest one before."""
    cost = group.set_index("year")[column].astype(float).sort_index()
    known = cost.reindex(sorted({*cost.index, *inputs.years})).ffill().bfill()
    return pd.Series(known.reindex(inputs.snapshots.year).to_numpy(), index=inputs.snapshots)
