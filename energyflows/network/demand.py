"""Buses, demand, and what happens when demand is not met."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pypsa

from energyflows.network.calendar import average_rates, smooth_months
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
    monthly = rate_months(inputs)
    return average_rates(smooth_months(monthly, inputs.days), inputs.periods)


def rate_months(inputs: Inputs) -> pd.DataFrame:
    """Return demand by calendar month, GWh/d, zones in columns."""
    annual = inputs.tables["demand_annual"].pivot(index="year", columns="zone", values="twh")
    months = pd.DatetimeIndex(inputs.days[inputs.days.day == 1])
    shares = find_shares(inputs.tables["demand_profile"], months, annual.columns)
    days = months.days_in_month.to_numpy()[:, None]
    energy = annual.reindex(months.year).fillna(0.0).to_numpy() * shares.to_numpy()
    return pd.DataFrame(1e3 * energy / days, index=months, columns=annual.columns)


def find_shares(profile: pd.DataFrame, months: pd.DatetimeIndex, zones: pd.Index) -> pd.DataFrame:
    """Return each month's share of its year; a zone's own year goes before its every-year shape.

    Parameters
    ----------
    profile : pandas.DataFrame
        Table ``demand_profile``.
    months : pandas.DatetimeIndex
        Month starts.
    zones : pandas.Index
        Zones wanted.

    Returns
    -------
    pandas.DataFrame
        Shares 0…1, months in rows, zones in columns.
    """
    dated = profile.dropna(subset="year").pivot(index=["year", "month"], columns="zone", values="share")
    always = profile[profile["year"].isna()].pivot(index="month", columns="zone", values="share")
    keys = pd.MultiIndex.from_arrays([months.year, months.month])
    general = always.reindex(index=months.month, columns=zones).to_numpy()
    special = dated.reindex(index=keys, columns=zones).to_numpy()
    shares = np.where(np.isnan(special), general, special)
    return pd.DataFrame(shares, index=months, columns=zones)


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
