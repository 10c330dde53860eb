"""Buses, demand, and what happens when demand is not met."""

from __future__ import annotations

import pandas as pd

from energyflows.network.inputs import Inputs
from energyflows.network.plan import Plan

RESPONSE_STEPS = (1, 2, 3)


def add_buses(plan: Plan, inputs: Inputs) -> None:
    """Add one bus per market zone, corridor and LNG pool.

    Parameters
    ----------
    plan : Plan
        Takes them.
    inputs : Inputs
        Tables and time.
    """
    zones = inputs.zones
    plan.add(
        "Bus",
        zones.index,
        x=zones["lon"],
        y=zones["lat"],
        carrier="gas",
        country=zones["country"],
        kind=zones["kind"],
        eu=zones["eu"],
        unit="GWh/d",
    )


def rate_demand(inputs: Inputs) -> pd.DataFrame:
    """Return the demand of every zone.

    Parameters
    ----------
    inputs : Inputs
        Tables and time.

    Returns
    -------
    pandas.DataFrame
        GWh/d by snapshot (rows) and zone (columns).
    """
    return inputs.average(inputs.daily_demand)


def add_demand(plan: Plan, inputs: Inputs) -> pd.DataFrame:
    """Add the demand of every zone, its response to price, and unserved energy as the last resort.

    Parameters
    ----------
    plan : Plan
        Takes them.
    inputs : Inputs
        Tables and time.

    Returns
    -------
    pandas.DataFrame
        Demand in GWh/d by snapshot and zone.
    """
    demand = rate_demand(inputs)
    markets = demand.columns.drop("LNGROW", errors="ignore")
    served = demand[markets]
    plan.add("Load", markets + " demand", bus=markets, carrier="demand", p_set=served.add_suffix(" demand"))
    _add_steps(plan, inputs, served)
    peak = served.max().clip(lower=1e-3)
    plan.add(
        "Generator",
        markets + " unserved",
        bus=markets,
        carrier="unserved",
        p_nom=peak.to_numpy(),
        p_max_pu=(served / peak).add_suffix(" unserved"),
        marginal_cost=inputs.parameter("value_of_lost_load"),
    )
    return demand


def _add_steps(plan: Plan, inputs: Inputs, demand: pd.DataFrame) -> None:
    """Add demand response: a share of demand given up at each price."""
    for step in RESPONSE_STEPS:
        share = inputs.parameter(f"demand_response_share_{step}")
        capacity = (share * demand.max()).clip(lower=1e-6)
        suffix = f" response {step}"
        plan.add(
            "Generator",
            demand.columns + suffix,
            bus=demand.columns,
            carrier="response",
            p_nom=capacity.to_numpy(),
            p_max_pu=(share * demand / capacity).add_suffix(suffix),
            marginal_cost=inputs.parameter(f"demand_response_price_{step}"),
        )
