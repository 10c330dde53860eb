"""Pipelines: one link per direction, dated capacities, what contracts and bookings hold them to."""

from __future__ import annotations

import pandas as pd

from energyflows.network.calendar import find_overlaps
from energyflows.network.inputs import Inputs
from energyflows.network.parts import add_links
from energyflows.network.plan import Plan
from energyflows.network.supply import rate_routes


def add_pipelines(plan: Plan, inputs: Inputs) -> None:
    """Add every pipeline of the table, also those without capacity in these years.

    Parameters
    ----------
    plan : Plan
        Takes them.
    inputs : Inputs
        Tables and time.
    """
    capacity, minimum = bound_pipelines(inputs)
    add_links(plan, inputs, describe_pipelines(inputs), inputs.average(capacity), inputs.average(minimum))


def bound_pipelines(inputs: Inputs) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what each pipeline may and should carry, day by day.

    An observed flow goes before a booked share of its route, that before contracts, and nothing goes above the
    technical capacity; they are combined by day, because each may hold for a part of a period only.

    Parameters
    ----------
    inputs : Inputs
        Tables and time.

    Returns
    -------
    capacity, minimum : pandas.DataFrame
        GWh/d by day and pipeline; pipelines without any minimum have no column there.
    """
    held = [
        (rate_pinned(inputs), inputs.parameter("link_pin_tolerance")),
        (rate_deliveries(inputs), inputs.parameter("delivery_tolerance")),
    ]
    least, most = rate_contracts(inputs)
    technical = rate_capacity(inputs)
    capacity = technical.clip(upper=most.reindex(columns=technical.columns))
    minimum = least.reindex(columns=least.columns.union(held[0][0].columns).union(held[1][0].columns))
    for rate, tolerance in reversed(held):
        capacity = _prefer(rate * (1 + tolerance), capacity).clip(upper=technical)
        minimum = _prefer(rate * (1 - tolerance), minimum)
    return capacity, minimum.fillna(0.0)


def _prefer(known: pd.DataFrame, otherwise: pd.DataFrame) -> pd.DataFrame:
    """Return what is known, else the other figures; ``combine_first`` does the same column by column."""
    aligned = known.reindex(columns=otherwise.columns)
    return aligned.where(aligned.notna(), otherwise)


def describe_pipelines(inputs: Inputs) -> pd.DataFrame:
    """Return the fixed columns of each pipeline, from the row that holds last in the years of the model.

    Parameters
    ----------
    inputs : Inputs
        Tables and time.

    Returns
    -------
    pandas.DataFrame
        Columns as :func:`energyflows.network.parts.add_links` takes them.
    """
    rows = inputs.tables["pipelines"].sort_values(["pipeline", "valid_from"], na_position="first")
    begun = rows["valid_from"].isna() | (rows["valid_from"] < inputs.periods.right[-1])
    last = pd.concat([rows.drop_duplicates("pipeline"), rows[begun]]).drop_duplicates("pipeline", keep="last")
    last = last.set_index("pipeline").sort_index()
    return pd.DataFrame(
        {
            "bus0": last["from"],
            "bus1": last["to"],
            "carrier": "pipeline",
            "cost": last["tariff_eur_mwh"],
            "efficiency": 1.0 - last["loss"],
            "length": last["length_km"].fillna(0.0),
            "group": last["group"],
        }
    )


def rate_capacity(inputs: Inputs) -> pd.DataFrame:
    """Return technical capacity in GWh/d by day and pipeline."""
    rows = inputs.tables["pipelines"]
    held = find_overlaps(rows["valid_from"], rows["valid_to"], inputs.each_day)
    return (held * rows["capacity_gwh_d"]).T.groupby(rows["pipeline"]).sum().T


def rate_pinned(inputs: Inputs) -> pd.DataFrame:
    """Return the observed flow of pipelines that follow a series, GWh/d by day; missing where not observed."""
    rows = inputs.tables["pipelines"].dropna(subset="follows").drop_duplicates("pipeline")
    followed = {row.pipeline: inputs.observed[row.follows] for row in rows.itertuples()}
    return pd.DataFrame(followed, index=inputs.days).clip(lower=0.0)


def rate_deliveries(inputs: Inputs) -> pd.DataFrame:
    """Return what bookings send over each pipeline, its share of all that its route offers.

    Parameters
    ----------
    inputs : Inputs
        Tables and time.

    Returns
    -------
    pandas.DataFrame
        GWh/d by day and pipeline with a share booked at any time of the model; missing while no booking is in force.
    """
    rows = inputs.tables["deliveries"]
    held = find_overlaps(rows["valid_from"], rows["valid_to"], inputs.each_day)
    rows, held = rows[held.any()], held.loc[:, held.any()]
    offered = rate_routes(inputs).reindex(columns=rows["route"]).set_axis(rows.index, axis=1)
    shares = (held * rows["share"]).where(held > 0)
    return (shares * offered).T.groupby(rows["pipeline"]).sum(min_count=1).T


def rate_contracts(inputs: Inputs) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what contracts ask for and allow at their delivery points.

    Parameters
    ----------
    inputs : Inputs
        Tables and time.

    Returns
    -------
    least : pandas.DataFrame
        GWh/d by day and pipeline with a contracted minimum.
    most : pandas.DataFrame
        GWh/d by day and pipeline with a ceiling; missing while no such contract is in force.
    """
    rows = inputs.tables["contracts"].dropna(subset=["link", "annual_twh"])
    held = find_overlaps(rows["start"], rows["end"], inputs.each_day)
    rate = held.mul(1e3 * rows["annual_twh"]).div(inputs.year_length, axis=0)
    firm = rows[rows["minimum"]]
    least = (rate * rows["take_or_pay"].fillna(1.0))[firm.index]
    capped = rows[rows["ceiling"].notna()]
    most = (rate * rows["ceiling"])[capped.index].where(held[capped.index] > 0)
    return (
        least.T.groupby(firm["link"]).sum().T,
        most.T.groupby(capped["link"]).sum(min_count=1).T,
    )
