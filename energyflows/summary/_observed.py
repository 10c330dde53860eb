"""Observed yearly totals to put beside modelled ones."""

from __future__ import annotations

import pandas as pd

from energyflows.network.calendar import spread_series

#: Origins that stand for what a source does not name.
REMAINDERS = ("XX", "rest")


def sum_years(rows: pd.DataFrame, years: list[int]) -> pd.Series:
    """Return yearly totals of one observed series.

    Parameters
    ----------
    rows : pandas.DataFrame
        Columns ``period, frequency, twh`` of one series.
    years : list of int
        Years wanted.

    Returns
    -------
    pandas.Series
        TWh by year; missing where a day of the year is not covered.
    """
    days = pd.date_range(f"{years[0]}-01-01", f"{years[-1]}-12-31", freq="D")
    rate = spread_series(rows, days)
    totals = rate.groupby(rate.index.year).agg(lambda values: values.sum(skipna=False))
    return (totals / 1e3).reindex(years)


def rank_confidence(flows: pd.DataFrame, years: list[int]) -> pd.DataFrame:
    """Return the weakest confidence among a year's rows of each series, series in rows and years in columns.

    Parameters
    ----------
    flows : pandas.DataFrame
        Table ``observed_flows``.
    years : list of int
        Years wanted.

    Returns
    -------
    pandas.DataFrame
        ``observed``, ``derived`` or ``estimate``; missing where a year has no row.
    """
    rank = pd.Categorical(flows["confidence"], categories=["observed", "derived", "estimate"], ordered=True)
    rows = flows.assign(year=flows["period"].str[:4].astype(int), rank=rank.codes)
    weakest = rows.groupby(["series", "year"])["rank"].max().unstack()
    return weakest.reindex(columns=years).replace(dict(enumerate(rank.categories)))


def sum_flows(flows: pd.DataFrame, years: list[int]) -> pd.DataFrame:
    """Return yearly totals of every observed flow, TWh, series in rows and years in columns."""
    return pd.DataFrame({str(name): sum_years(rows, years) for name, rows in flows.groupby("series")}).T


def sum_imports(imports: pd.DataFrame, years: list[int]) -> pd.DataFrame:
    """Return yearly EU27 imports as observed, TWh, (origin, kind) in rows and years in columns.

    Where several series tell one origin and kind, ``EU27-ORIGIN-KIND`` goes before the others, and each year takes the
    first one that covers it. Remainders ("XX", "rest") are left out: each source draws their border elsewhere.
    """
    eu = imports[(imports["importer"] == "EU27") & ~imports["origin"].isin(REMAINDERS)]
    totals = {
        key: _choose_series(group, f"EU27-{key[0]}-{key[1]}", years) for key, group in eu.groupby(["origin", "kind"])
    }
    return pd.DataFrame(totals).T.reindex(columns=years)


def _choose_series(rows: pd.DataFrame, preferred: str, years: list[int]) -> pd.Series:
    """Return yearly totals of the first series that covers each year."""
    names = sorted(rows["series"].unique(), key=lambda name: name != preferred)
    totals = pd.concat([sum_years(rows[rows["series"] == name], years) for name in names], axis=1)
    return totals.bfill(axis=1).iloc[:, 0]


def find_stock(levels: pd.DataFrame, date: pd.Timestamp, zone: str = "EU27") -> float:
    """Return the observed stock on a date or the day before, TWh; missing if not observed."""
    rows = levels[(levels["zone"] == zone) & levels["date"].between(date - pd.Timedelta(days=1), date)]
    rows = rows[rows["confidence"] != "estimate"]
    return float(rows.sort_values("date")["twh"].iat[-1]) if len(rows) else float("nan")


def average_price(prices: pd.DataFrame, hub: str, year: int, *, estimates: bool = False) -> float:
    """Return a hub's average price of a year, EUR/MWh: twelve months if observed, else the yearly figure.

    Estimates, such as the outlook, count only if asked for.
    """
    rows = prices[(prices["hub"] == hub) & prices["period"].str.startswith(str(year))]
    rows = rows[estimates | (rows["confidence"] != "estimate")]
    months, annual = rows[rows["frequency"] == "month"], rows[rows["frequency"] == "year"]
    if len(months) == 12:
        return float(months["eur_mwh"].mean())
    return float(annual["eur_mwh"].iat[0]) if len(annual) else float("nan")
