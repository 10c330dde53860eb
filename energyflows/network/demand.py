"""Buses, demand, and what happens when demand is not met."""

from __future__ import annotations

import pandas as pd
import pypsa

from energyflows.network.inputs import Inputs

RESPONSE_STEPS = (1, 2, 3)


def add_buses(n: pypsa.Network, inputs: Inputs) -> None:
    """Add one bus per market zone, corridor and LNG pool.

    Parameters
    ----------
    n : pypsa.Network
        Changed in place.
    inputs : Inputs
        Tables and time.
    """
    zones = inputs.tables["zones"].set_index("zone")
    n.add(
        "Bus",
        zones.index,
        x=zones["lon"],
        y=zones["lat"],
        carrier="gas",
        country=zones["country"].fillna(""),
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


def add_demand(n: pypsa.Network, inputs: Inputs) -> pd.DataFrame:
    """Add the demand of every zone, its response to price, and unserved energy as the last resort.

    Parameters
    ----------
    n : pypsa.Network
        Changed in place; buses exist.
    inputs : Inputs
        Tables and time.

    Returns
    -------
    pandas.DataFrame
        Demand in GWh/d by snapshot and zone.
    """
    demand = rate_demand(inputs)
    markets = demand.columns.drop("LNGROW", errors="ignore")
    n.add(
        "Load",
        markets,
        suffix=" demand",
        bus=markets,
        carrier="demand",
        p_set=_suffix(demand[markets], " demand"),
    )
    _add_steps(n, inputs, demand[markets])
    peak = demand.max().clip(lower=1e-3)
    n.add(
        "Generator",
        markets,
        suffix=" unserved",
        bus=markets,
        carrier="unserved",
        p_nom=peak[markets],
        p_max_pu=_suffix(demand[markets] / peak[markets], " unserved"),
        marginal_cost=inputs.parameter("value_of_lost_load"),
    )
    return demand


def _add_steps(n: pypsa.Network, inputs: Inputs, demand: pd.DataFrame) -> None:
    """Add demand response: a share of demand given up at each price."""
    for step in RESPONSE_STEPS:
        share = inputs.parameter(f"demand_response_share_{step}")
        capacity = (share * demand.max()).clip(lower=1e-6)
        suffix = f" response {step}"
        n.add(
            "Generator",
            demand.columns,
            suffix=suffix,
            bus=demand.columns,
            carrier="response",
            p_nom=capacity,
            p_max_pu=_suffix(share * demand / capacity, suffix),
            marginal_cost=inputs.parameter(f"demand_response_price_{step}"),
        )


def _suffix(frame: pd.DataFrame, suffix: str) -> pd.DataFrame:
    return frame.add_suffix(suffix)
