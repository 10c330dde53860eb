"""The seasonal course of demand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from energyflows.errors import TableError, list_problems


def rate_months(tables: Mapping[str, pd.DataFrame], days: pd.DatetimeIndex) -> pd.DataFrame:
    """Return the demand of every zone by calendar month.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        Needs ``demand_annual`` and ``demand_profile``.
    days : pandas.DatetimeIndex
        Whole years of days.

    Returns
    -------
    pandas.DataFrame
        GWh/d, month starts in rows, zones in columns.

    Raises
    ------
    TableError
        If a zone with demand has none, or no shares, for one of the years.
    """
    annual = tables["demand_annual"].pivot(index="year", columns="zone", values="twh")
    months = pd.DatetimeIndex(days[days.day == 1])
    shares = find_shares(tables["demand_profile"], months, annual.columns)
    length = months.days_in_month.to_numpy()[:, None]
    wanted = annual.reindex(months.year)
    _refuse_gaps(wanted, shares)
    energy = wanted.to_numpy() * shares.to_numpy()
    return pd.DataFrame(1e3 * energy / length, index=months, columns=annual.columns)


def _refuse_gaps(annual: pd.DataFrame, shares: pd.DataFrame) -> None:
    """Refuse years without a figure: no row is not the same as no demand."""
    problems = []
    for table, frame in (("demand_annual.csv", annual), ("demand_profile.csv", shares.set_axis(annual.index))):
        gaps = frame.isna().groupby(level=0).any()
        for year in gaps.index:
            zones = gaps.columns[gaps.loc[year]]
            if len(zones):
                problems.append(f"{table}: no row of {year} for {', '.join(zones)}")
    if problems:
        raise TableError(list_problems("demand is not known for every year of the model:", problems))


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


def relate_to_year(daily: pd.DataFrame) -> pd.DataFrame:
    """Return demand by day relative to its mean of the year.

    Parameters
    ----------
    daily : pandas.DataFrame
        Demand in GWh/d by day and zone, whole years.

    Returns
    -------
    pandas.DataFrame
        Around 1; exactly 1 where there is no demand.
    """
    return (daily / daily.groupby(daily.index.year).transform("mean")).fillna(1.0)
