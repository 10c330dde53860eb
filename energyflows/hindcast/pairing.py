"""Modelled beside observed, period by period, with the role each figure plays."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from energyflows.hindcast._capacity import rate_pipelines, rate_terminals, size_stores
from energyflows.hindcast._courses import list_turns, read_levels, sum_elements, sum_periods
from energyflows.hindcast._roles import find_roles
from energyflows.hindcast.series import Tables, find_sample, list_series
from energyflows.network.calendar import parse_period

COLUMNS = [
    "pins",
    "group",
    "series",
    "role",
    "sample",
    "year",
    "period",
    "frequency",
    "modelled",
    "observed",
    "unit",
    "capacity",
    "confidence",
    "definition",
]
_DAY = pd.Timedelta(days=1)


def pair(ds: xr.Dataset, tables: Tables, observed: pd.DataFrame, *, pins: str) -> pd.DataFrame:
    """Put what was modelled beside what was observed.

    Flows are taken at the receiving end, as metered, and summed over the period of the observation; stocks are read
    at the end of the day, in a straight line inside a snapshot; prices are means by days.

    Parameters
    ----------
    ds : xarray.Dataset
        Results of consecutive years, GWh/d, GWh and EUR/MWh.
    tables : mapping of str to pandas.DataFrame
        Those the results were made from.
    observed : pandas.DataFrame
        From :func:`energyflows.hindcast.observing.observe` or :func:`~energyflows.hindcast.observing.check_observed`.
    pins : {"on", "off"}
        Whether observed landings and exits, and imports of LNG by supplier, bound the model.

    Returns
    -------
    pandas.DataFrame
        Columns ``pins, group, series, role, sample, year, period, frequency, modelled, observed, unit, capacity,
        confidence, definition``; one row per series and observed period that lies in the results. ``capacity`` is
        TWh the links or terminals could carry in the period, the working volume in TWh for stocks, missing for
        prices. ``role`` is ``input`` where the figure bounds the model, ``circular`` for prices, else ``scored``.

    Examples
    --------
    >>> from energyflows import load_tables, run
    >>> from energyflows.hindcast import observe, pair
    >>> tables = load_tables()
    >>> frame = pair(run(years=2025), tables, observe(tables, [2025]), pins="on").set_index("series")
    >>> frame.loc[["TANAP-TAP"], "role"].unique().tolist(), frame.at["LNG BE", "role"]
    (['input'], 'scored')
    """
    series = list_series(tables)
    years = sorted({int(year) for year in ds["snapshot"].dt.year.values})
    rows = observed[observed["period"].str[:4].astype(int).isin(years)].reset_index(drop=True)
    spans = [parse_period(period) for period in rows["period"]]
    rows = rows.join(series[["kind", "group", "elements"]], on="series").rename(columns={"value": "observed"})
    rows = rows.assign(
        pins=pins,
        year=rows["period"].str[:4].astype(int),
        start=pd.DatetimeIndex([start for start, _ in spans]),
        after=pd.DatetimeIndex([after for _, after in spans]),
    )
    rows = rows.assign(sample=rows["year"].map(find_sample), group=_regroup(rows))
    rows["modelled"] = pd.concat([_measure(ds, kind, own) for kind, own in rows.groupby("kind")])
    rows["capacity"] = pd.concat([_limit(tables, kind, own, years) for kind, own in rows.groupby("kind")])
    rows["role"] = find_roles(rows, ds, tables, pins)
    return rows[COLUMNS]


def _regroup(rows: pd.DataFrame) -> pd.Series:
    """Return groups, with borders whose figure of the year is an estimate among the others."""
    guessed = (rows["confidence"] == "estimate").groupby([rows["series"], rows["year"]]).transform("any")
    return rows["group"].mask((rows["group"] == "borders") & guessed, "others")


def _measure(ds: xr.Dataset, kind: str, rows: pd.DataFrame) -> pd.Series:
    """Return what is modelled for rows of one kind of series."""
    elements = rows.drop_duplicates("series").set_index("series")["elements"]
    turns = list_turns(ds["weight_days"].to_pandas())
    if kind == "stock":
        level, change = (_tabulate(ds, name, "store_bus") / 1e3 for name in ("stored", "injected"))
        change -= _tabulate(ds, "withdrawn", "store_bus") / 1e3
        return read_levels(sum_elements(level, elements), sum_elements(change, elements), turns, rows)
    if kind == "price":
        days = (rows["after"] - rows["start"]) / _DAY
        return sum_periods(sum_elements(_tabulate(ds, "price", "bus"), elements), turns, rows) / days
    landed = ds.sel(link=ds["carrier"] == "regasification")
    flow = _tabulate(ds, "received", "link") if kind == "link" else _tabulate(landed, "received", "bus1")
    return sum_periods(sum_elements(flow, elements), turns, rows) / 1e3


def _tabulate(ds: xr.Dataset, name: str, label: str) -> pd.DataFrame:
    """Return a variable with snapshots in rows, summed by what a coordinate calls its elements."""
    figures = pd.DataFrame(ds[name].transpose("snapshot", ...).values, index=ds["snapshot"].to_index())
    names = [str(name) for name in ds[label].values]
    if label == "store_bus":
        names = [name.removesuffix(" storage") for name in names]
    return figures.T.groupby(names).sum().T


def _limit(tables: Tables, kind: str, rows: pd.DataFrame, years: list[int]) -> pd.Series:
    """Return what is technically possible for rows of one kind of series."""
    if kind == "price":
        return pd.Series(np.nan, index=rows.index)
    elements = rows.drop_duplicates("series").set_index("series")["elements"]
    rate = {"link": rate_pipelines, "lng": rate_terminals, "stock": size_stores}[kind](tables, years)
    daily, turns = sum_elements(rate, elements), list_turns(pd.Series(1.0, index=rate.index))
    return sum_periods(daily, turns, rows) * (1.0 if kind == "stock" else 1e-3)
