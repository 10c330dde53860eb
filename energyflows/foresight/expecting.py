"""What is expected of the months to come, from what is known.

The rule looks back only: a month is expected to be like the same month of the year before, times how the last three
months compare with theirs. Tables with all that a network follows replaced in this way are built into a network like
any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from energyflows.datasets import hash_content, strip_passport
from energyflows.network.calendar import FIRST_YEAR, build_periods, find_overlaps
from energyflows.network.inputs import Inputs
from energyflows.network.lng import REST_OF_WORLD
from energyflows.network.profiles import rate_months
from energyflows.tables import select_in_service

#: Least and greatest ratio of the last months to the same months of the year before, and what is left of its distance
#: from one after each further month: a cut of supply lasts, weather does not.
SUPPLY_RULE = (0.0, 1.5, 1.0)
DEMAND_RULE = (0.7, 1.3, 0.8)
#: Months compared with those a year before.
RECENT = 3
#: Tables of dated capacities: what their rows belong to, and the capacity.
DATED = {"pipelines": ("pipeline", "capacity_gwh_d"), "lng_terminals": ("terminal", "sendout_gwh_d")}
#: Rows of ``lng_terminals`` with this status have no capacity.
MOTHBALLED = "mothballed"


@dataclass(frozen=True)
class Course:
    """What happened, month by month, around one year."""

    flows: pd.DataFrame
    """GWh/d by month start and followed series; missing where not observed."""
    demand: pd.DataFrame
    """GWh/d by month start and zone, without the rest of the world."""


def read_course(tables: Mapping[str, pd.DataFrame], year: int) -> Course:
    """Return what happened in a year and before it, as a network of these months would take it.

    Series of which only yearly totals are known are left out: their total is an input, like the LNG an exporter has.
    So is the demand of the rest of the world, which belongs to the yearly price it is stated at.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        From :func:`energyflows.load_tables`.
    year : int
        The year; in the first one of the tables the year after it stands in for the year before.

    Returns
    -------
    Course
        From two years before the year, as far as the tables reach, to its end.

    Raises
    ------
    TableError
        If one of these years lacks demand.

    Examples
    --------
    >>> from energyflows import load_tables
    >>> course = read_course(load_tables(), 2022)
    >>> course.flows.index[0].year, bool(course.flows.loc["2022-10-01", "NORDSTREAM"] == 0)
    (2020, True)
    """
    span = (max(year - 2, FIRST_YEAR), max(year, FIRST_YEAR + 1))
    bare = {name: select_in_service(strip_passport(table)) for name, table in tables.items()}
    inputs = Inputs(bare, build_periods(span), "monthly")
    flows = inputs.average(inputs.observed).clip(lower=0.0)
    demand = rate_months(bare, inputs.days).rename_axis("snapshot")
    return Course(
        flows=flows.drop(columns=flows.columns.intersection(list(inputs.yearly_series))),
        demand=demand.drop(columns=REST_OF_WORLD, errors="ignore"),
    )


def expect_months(rates: pd.DataFrame, month: pd.Timestamp, rule: tuple[float, float, float]) -> pd.DataFrame:
    r"""Return what a month's end lets expect of the rest of its year.

    Parameters
    ----------
    rates : pandas.DataFrame
        Rates as they were by month start; what stands behind ``month`` in its year is not looked at.
    month : pandas.Timestamp
        Start of the last month known.
    rule : tuple of float
        Least and greatest ratio, and the part of its distance from one that is left after each further month.

    Returns
    -------
    pandas.DataFrame
        Rates by start of the later months of the year; missing where nothing was observed to tell from.

    Notes
    -----
    With :math:`r_m` the rate of month *m*, :math:`K` those of the last three known months that had a rate above zero
    a year before, *lo*, *hi* and :math:`\lambda` the rule, and *h* = 1, 2, … the months ahead,

    .. math:: \hat r_m = r_{m-12} \Big(1 + \lambda^{h-1} (q - 1)\Big), \qquad
        q = \min\Big(\textit{hi}, \max\big(\textit{lo}, \tfrac{\sum_K r_k}{\sum_K r_{k-12}}\big)\Big);

    where there is no such month, or the rate a year before is missing, the mean of the last three known months. In
    the first year of ``rates`` the year after stands in for the year before.

    Examples
    --------
    >>> months = pd.date_range("2020-01-01", periods=24, freq="MS")
    >>> rates = pd.DataFrame({"route": [10.0] * 10 + [20.0] * 2 + [5.0] * 12}, index=months)
    >>> expect_months(rates, pd.Timestamp("2021-09-01"), SUPPLY_RULE)["route"].tolist()
    [5.0, 10.0, 10.0]
    """
    later = rates.index[(rates.index > month) & (rates.index.year == month.year)]
    first = not (rates.index.year < month.year).any()
    year = pd.DateOffset(years=1 if first else -1)
    recent = rates.loc[:month].iloc[-RECENT:]
    before = rates.reindex(recent.index + year).set_axis(recent.index)
    alike = (before > 0) & recent.notna()
    ratio = recent.where(alike).sum() / before.where(alike).sum().replace(0.0, np.nan)
    base = rates.reindex(later + year).set_axis(later)
    least, most, left = rule
    step = np.outer(left ** np.arange(len(later)), ratio.clip(least, most) - 1.0)
    return (base * (1.0 + step)).fillna(recent.mean())


def expect_tables(tables: Mapping[str, pd.DataFrame], course: Course, month: pd.Timestamp) -> dict[str, pd.DataFrame]:
    """Return tables in which the rest of a year is what was expected at the end of a month.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        As they are.
    course : Course
        From :func:`read_course`.
    month : pandas.Timestamp
        Start of the last month known.

    Returns
    -------
    dict of str to pandas.DataFrame
        With other observed flows, demand and dated capacities; the latter are never less than at the end of the month,
        because a cut is not known before it comes.

    Examples
    --------
    In August 2022 Nord Stream still delivers a little, and was expected to go on with that:

    >>> from energyflows import load_tables
    >>> tables = load_tables()
    >>> told = expect_tables(tables, read_course(tables, 2022), pd.Timestamp("2022-08-01"))["observed_flows"]
    >>> bool(told.query("series == 'NORDSTREAM' and period == '2022-10'")["twh"].item() > 0)
    True
    """
    demand = _continue(course.demand, month, DEMAND_RULE)
    changed = {
        "observed_flows": _write_flows(tables["observed_flows"], _continue(course.flows, month, SUPPLY_RULE)),
        "demand_annual": _write_annual(tables["demand_annual"], demand),
        "demand_profile": _write_profile(tables["demand_profile"], demand),
        **{name: _hide_cuts(tables[name], month, *columns) for name, columns in DATED.items()},
    }
    return {name: _vouch(changed.get(name, table), table) for name, table in tables.items()}


def _vouch(table: pd.DataFrame, original: pd.DataFrame) -> pd.DataFrame:
    """Mark a table as checked, because what is expected may break rules for what is known.

    Rows that hide a cut stand beside those they make up for, and demand may lie outside its range.
    """
    frame = strip_passport(table)
    frame.attrs["provenance"] = {**original.attrs.get("provenance", {}), "content": hash_content(frame)}
    return frame


def _continue(rates: pd.DataFrame, month: pd.Timestamp, rule: tuple[float, float, float]) -> pd.DataFrame:
    """Return TWh by month of the year: as they were, then as expected; missing where none are observed."""
    year = rates[rates.index.year == month.year]
    expected = expect_months(rates, month, rule)
    whole = pd.concat([year.loc[:month], expected]).where(year.notna())
    return whole.mul(whole.index.days_in_month, axis=0) / 1e3


def _write_flows(rows: pd.DataFrame, energy: pd.DataFrame) -> pd.DataFrame:
    """Replace a year of the series."""
    year = str(energy.index[0].year)
    replaced = rows["series"].isin(energy.columns) & rows["period"].str.startswith(year)
    listed = energy.set_axis(energy.index.strftime("%Y-%m")).rename_axis(index="period", columns="series")
    months = listed.stack().dropna().rename("twh").reset_index().assign(frequency="month")
    return pd.concat([strip_passport(rows)[~replaced], months], ignore_index=True)


def _write_annual(rows: pd.DataFrame, energy: pd.DataFrame) -> pd.DataFrame:
    """Replace the demand of a year."""
    total = rows["zone"].map(energy.sum()).where(rows["year"] == energy.index[0].year)
    return strip_passport(rows).assign(twh=total.fillna(rows["twh"]))


def _write_profile(rows: pd.DataFrame, energy: pd.DataFrame) -> pd.DataFrame:
    """Replace the shares of a year's months; zones without demand keep theirs."""
    shares = (energy / energy.sum()).dropna(axis=1)
    year = energy.index[0].year
    replaced = rows["zone"].isin(shares.columns) & (rows["year"] == year).fillna(value=False)
    listed = shares.set_axis(shares.index.month).rename_axis(index="month", columns="zone")
    months = listed.stack().rename("share").reset_index().assign(year=year)
    kept = strip_passport(rows)[~replaced]
    return pd.concat([kept, months.astype(kept.dtypes[months.columns].to_dict())], ignore_index=True)


def _hide_cuts(rows: pd.DataFrame, month: pd.Timestamp, owner: str, figure: str) -> pd.DataFrame:
    """Add rows for what each owner has less in later months of the year than at the end of a month."""
    table = strip_passport(rows)
    used = select_in_service(table)
    used = used[used["status"] != MOTHBALLED]
    ends = pd.date_range(month, pd.Timestamp(month.year, 12, 1), freq="MS")
    days = pd.IntervalIndex.from_arrays(ends, ends + pd.offsets.MonthBegin(), closed="left")
    last = pd.IntervalIndex.from_arrays([days[0].right - pd.Timedelta(days=1)], [days[0].right], closed="left")
    now, later = (
        (find_overlaps(used["valid_from"], used["valid_to"], periods) * used[figure]).T.groupby(used[owner]).sum()
        for periods in (last, days[1:])
    )
    lost = later.rsub(now.iloc[:, 0], axis=0).clip(lower=0.0).stack().rename(figure)
    lost = lost[lost > 0].reset_index().set_axis([owner, "valid_from", figure], axis=1)
    like = used.drop_duplicates(owner).drop(columns=["valid_from", "valid_to", figure])
    made_up = lost.assign(valid_to=lost["valid_from"] + pd.offsets.MonthEnd()).merge(like, on=owner)
    return pd.concat([table, made_up], ignore_index=True)
