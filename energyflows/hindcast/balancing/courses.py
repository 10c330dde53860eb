"""The usual course of what is known only in sum: weak pulls that choose among flows that fit alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from energyflows.hindcast.balancing.figures import EU, Observation
from energyflows.hindcast.balancing.grid import Grid
from energyflows.network.calendar import spread_series
from energyflows.network.inputs import Inputs

FREQUENCIES = ("month", "quarter", "year")


def sum_observed(
    observations: Sequence[Observation],
    inputs: Inputs,
    longest: str = "year",
    shapes: Mapping[str, pd.Series] | None = None,
) -> pd.DataFrame:
    """Return what was observed of single arcs by month.

    Parameters
    ----------
    observations : sequence of Observation
        What was observed.
    inputs : Inputs
        Tables and the months of one year.
    longest : {"month", "quarter", "year"}
        Leave out figures for longer periods.
    shapes : mapping of str to pandas.Series, optional
        How totals of an arc are spread over days; default evenly.

    Returns
    -------
    pandas.DataFrame
        GWh by month (rows) and arc (columns); missing where not observed.
    """
    wanted = FREQUENCIES[: FREQUENCIES.index(longest) + 1]
    told = [one for one in observations if one.arc and one.frequency in wanted]
    rows = pd.DataFrame(
        [(one.arc, one.period, one.frequency, one.gwh / 1e3) for one in told],
        columns=["arc", "period", "frequency", "twh"],
    )
    spread = shapes or {}
    groups = {str(arc): group for arc, group in rows.groupby("arc")}
    daily = {arc: spread_series(group, inputs.days, spread.get(arc)) for arc, group in groups.items()}
    return inputs.average(pd.DataFrame(daily, index=inputs.days)).mul(inputs.weights, axis=0)


def course_flows(observations: Sequence[Observation], inputs: Inputs) -> pd.DataFrame:
    """Return the usual course of flows of which a longer total is known, but not the month.

    Parameters
    ----------
    observations : sequence of Observation
        What was observed.
    inputs : Inputs
        Tables and the months of one year.

    Returns
    -------
    pandas.DataFrame
        GWh by month (rows) and arc (columns); missing in months that are observed themselves.
    """
    course = sum_observed(observations, inputs, shapes=find_shapes(inputs))
    known = sum_observed(observations, inputs, "month").reindex(columns=course.columns)
    return course.where(known.isna())


def find_shapes(inputs: Inputs) -> dict[str, pd.Series]:
    """Return the shape in a year of arcs that follow the demand of a zone, by day."""
    home = inputs.tables["production"]
    home = home[home["shape"] == "demand"]
    routes = inputs.tables["supply"].dropna(subset="shape")
    shapes = {f"{zone} {kind}": inputs.shapes[zone] for zone, kind in zip(home["zone"], home["kind"], strict=True)}
    named = zip(routes["supplier"] + " " + routes["route"], routes["shape"], strict=True)
    return shapes | {name: inputs.shapes[zone] for name, zone in named}


def course_stocks(inputs: Inputs, grid: Grid) -> pd.DataFrame:
    """Return the usual course of stocks: every store fills and empties with those of the EU, through its known levels.

    Parameters
    ----------
    inputs : Inputs
        Tables and the months of one year.
    grid : Grid
        What can be stored.

    Returns
    -------
    pandas.DataFrame
        GWh at the end of each month (rows) by node.
    """
    common = _course_common(inputs)
    ends = _list_ends(inputs)
    levels = inputs.tables["observed_storage"]
    course = {}
    for node, zone in grid.stores["zone"].items():
        rows = levels[levels["zone"] == zone].set_index("date")["twh"].sort_index() * 1e3
        path = common * grid.volumes[node].iat[-1]
        course[node] = bend(path, rows).reindex(ends).to_numpy()
    return pd.DataFrame(course, index=inputs.snapshots).clip(lower=0.0, upper=grid.volumes)


def _list_ends(inputs: Inputs) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(inputs.periods.right - pd.Timedelta(days=1))


def _course_common(inputs: Inputs) -> pd.Series:
    """Return the fill of the EU by day, 0…1: as observed, between that as in the mean year."""
    rows = inputs.tables["observed_storage"]
    rows = rows[rows["zone"] == EU].set_index("date").sort_index()
    fill = (rows["twh"] / rows["working_volume_twh"]).dropna()
    days = pd.date_range(inputs.days[0] - pd.Timedelta(days=366), inputs.days[-1] + pd.Timedelta(days=366))
    if fill.empty:
        return pd.Series(0.0, index=days)
    ends = fill[fill.index.is_month_end]
    mean = ends.groupby(ends.index.month).mean()
    if len(mean) < 12:
        return bend(pd.Series(0.0, index=days), fill)
    marks = pd.Series(mean.reindex(days.month).to_numpy(), index=days)
    usual = marks.where(days.is_month_end).interpolate().ffill().bfill()
    return bend(usual, fill)


def bend(path: pd.Series, known: Mapping[pd.Timestamp, float] | pd.Series) -> pd.Series:
    """Return a path shifted so that it passes through known points, by a line between them and evenly outside.

    Parameters
    ----------
    path : pandas.Series
        By day.
    known : mapping of Timestamp to float
        Points on some of the days.

    Returns
    -------
    pandas.Series
        By day.

    Examples
    --------
    >>> days = pd.date_range("2021-01-01", periods=3)
    >>> bend(pd.Series([0.0, 5.0, 0.0], index=days), pd.Series({days[0]: 1.0, days[2]: 3.0})).tolist()
    [1.0, 7.0, 3.0]
    """
    points = pd.Series(known, dtype=float)
    points = points[points.index.isin(path.index)]
    if points.empty:
        return path
    apart = points - path[points.index]
    at = (points.index - path.index[0]).days.to_numpy()
    return path + np.interp(np.arange(len(path)), at, apart.to_numpy())
