"""Estimates moved within their ranges, and tables that hold the moved figures.

Every figure of confidence ``estimate`` that enters the network has a low and a high. Its *quantile* u between 0 and 1
says where between them it is put: 0 is the low, 0.5 the value the table states, 1 the high, straight lines between.
So the table's value is the median, and half of the probability lies on either side, however lopsided the range is.

What one judgement made is one *unknown* and has one quantile: the tariff of a pipeline in all its dated rows, the
Norwegian deliveries of all months, the steps of a curve of parameters. If each row had its own, errors would cancel out
that in truth are the same error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from energyflows.datasets import strip_passport
from energyflows.errors import UsageError, list_problems, require
from energyflows.hindcast.uncertainty.sums import Columns, mend
from energyflows.network.lng import ANCHOR_HUB, PRICE_HUB

Tables = Mapping[str, pd.DataFrame]
Numbers = NDArray[np.float64]

#: Parameters of the stress test; they enter no network.
_ELSEWHERE = "stress_"
#: Months in which a zone's demand rises with the quantile of its profile; in the others it falls.
_WINTER = (1, 2, 3, 10, 11, 12)
#: Unknowns that one judgement made together: the one whose quantile they take, and whether they rise or fall with it.
#: A total and the part of it that is estimated rise together; two parts of a known total move against each other.
_TOGETHER = {
    "observed_flows.twh NO-GB": ("observed_flows.twh NO", True),
    "observed_flows.twh UATRANSIT-MD": ("observed_flows.twh UATRANSIT", True),
    "observed_flows.twh UATRANSIT-UA": ("observed_flows.twh UATRANSIT", True),
    "observed_flows.twh UATRANSIT-SK": ("observed_flows.twh UATRANSIT", False),
    "observed_flows.twh RUBELARUS-LT": ("observed_flows.twh RUBELARUS", True),
    "observed_flows.twh TURKSTREAM1": ("observed_flows.twh BLUESTREAM", False),
    "observed_flows.twh YAMAL-PL": ("observed_flows.twh YAMAL-DE", False),
    "observed_flows.twh TANAP-TR": ("observed_flows.twh SCP-TR", False),
    "demand_annual.twh TN": ("observed_flows.twh TRANSMED", True),
}
#: Steps of one curve: their parameters end in a number.
_STEP = r"_\d+$"


@dataclass(frozen=True)
class _Figure:
    """A column that enters the network and may hold estimates."""

    table: str
    column: str
    prefix: str
    key: tuple[str, ...]
    group: str


_FIGURES = (
    _Figure("demand_annual", "twh", "", ("zone",), "demand"),
    _Figure("demand_profile", "share", "", ("zone",), "demand"),
    _Figure("production", "twh", "", ("zone", "kind"), "production"),
    _Figure("supply", "twh", "", ("route", "tier"), "supply"),
    _Figure("observed_flows", "twh", "", ("series",), "supply"),
    _Figure("deliveries", "share", "", ("pipeline",), "supply"),
    _Figure("supply", "cost_eur_mwh", "cost_", ("route", "tier"), "costs"),
    _Figure("production", "cost_eur_mwh", "cost_", ("zone", "kind"), "costs"),
    _Figure("lng_suppliers", "shipping_eur_mwh", "shipping_", ("bus", "pool"), "costs"),
    _Figure("pipelines", "tariff_eur_mwh", "tariff_", ("pipeline",), "fees"),
    _Figure("lng_terminals", "regas_eur_mwh", "regas_", ("terminal",), "fees"),
    _Figure("pipelines", "capacity_gwh_d", "", ("pipeline",), "capacities"),
    _Figure("lng_terminals", "sendout_gwh_d", "", ("terminal",), "capacities"),
    _Figure("contracts", "annual_twh", "", ("contract",), "contracts"),
    _Figure("storages", "working_volume_twh", "", ("storage",), "storage"),
    _Figure("observed_storage", "twh", "", ("zone",), "storage"),
    _Figure("lng_suppliers", "twh", "", ("bus", "pool"), "lng bounds"),
    _Figure("parameters", "value", "", ("parameter",), "parameters"),
    _Figure("prices", "eur_mwh", "", ("hub",), "parameters"),
)


@dataclass(frozen=True)
class _Part:
    """The estimates of one figure: where they stand, which unknown moves each, and between which ends."""

    table: str
    column: str
    rows: NDArray[np.intp]
    unknowns: NDArray[np.intp]
    rises: NDArray[np.bool_]
    low: Numbers
    value: Numbers
    high: Numbers


@dataclass(frozen=True)
class Ranges:
    """All estimates of some tables.

    Attributes
    ----------
    names, groups : tuple of str
        Of each unknown.
    parts : tuple
        Where its figures stand.
    """

    names: tuple[str, ...]
    groups: tuple[str, ...]
    parts: tuple[_Part, ...]


def list_unknowns(tables: Tables) -> pd.DataFrame:
    """Return what is not known for sure and enters the network.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        From :func:`energyflows.load_tables`.

    Returns
    -------
    pandas.DataFrame
        One row per unknown: its name ``unknown`` (``TABLE.COLUMN KEY``), its ``group`` and in how many ``rows`` it
        stands.

    Examples
    --------
    >>> from energyflows import load_tables
    >>> found = list_unknowns(load_tables()).set_index("unknown")
    >>> found.loc["pipelines.tariff_eur_mwh TAP-IT", "group"]
    'fees'
    """
    ranges = find_ranges(tables)
    rows = np.bincount(np.concatenate([part.unknowns for part in ranges.parts]), minlength=len(ranges.names))
    return pd.DataFrame({"unknown": ranges.names, "group": ranges.groups, "rows": rows})


def vary_tables(tables: Tables, draw: Mapping[str, float]) -> dict[str, pd.DataFrame]:
    r"""Move every estimate that enters the network within its range.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        From :func:`energyflows.load_tables`; stay as they are.
    draw : mapping of str to float
        Quantile from 0 to 1 by unknown, as :func:`list_unknowns` names them; those left out keep the table's value.

    Returns
    -------
    dict of str to pandas.DataFrame
        Tables :func:`energyflows.build_network` takes, with the passports of the given ones.

    Raises
    ------
    UsageError
        If a name is unknown or a quantile is none.

    Notes
    -----
    With low :math:`l`, value :math:`v` and high :math:`h` the figure is

    .. math:: x(u) = \begin{cases} l + 2u (v - l) & u \le 1/2 \\ v + (2u - 1)(h - v) & u > 1/2 \end{cases}

    Figures without a range that stand for the same thing go along in proportion: the bounds of an LNG delivery, the
    rates of a store, the months derived from an estimated year. What is known of sums is kept:

    * Monthly shares of demand sum to one. A profile has one quantile: demand from October to March rises with it, in
      the other months it falls.
    * Stocks of EU countries at a date sum to the observed stock of the EU27; the rest is shared out in proportion to
      the room each has left in its range. No stock is above the working volume.
    * Months of a year whose total is observed stay as they are.
    * Booked shares of a route that hold from the same day on keep their sum.
    * What LNG exporters load more or less, the rest of the world takes more or less: its demand is what they leave, at
      a price that was observed. Years in which that demand is an estimate of its own are left out.
    * Parts of a known total move against each other (the two lines from Russia to Turkiye), an estimated part and
      the total it belongs to move together (Norwegian gas to GB and in all, Tunisian need and gas through Tunisia).

    Where this takes a figure out of its range, the range is widened to hold it.

    Examples
    --------
    >>> from energyflows import load_tables
    >>> tables = load_tables()
    >>> varied = vary_tables(tables, {"pipelines.tariff_eur_mwh TAP-IT": 1.0})
    >>> sorted(set(varied["pipelines"].query("pipeline == 'TAP-IT'")["tariff_eur_mwh"]))
    [5.6]
    """
    require(tables, "items keys", "tables by name, as load_tables() returns them")
    ranges = find_ranges(tables)
    varied = move(tables, ranges, _read_draw(ranges, draw))
    for name, table in varied.items():
        table.attrs = tables[name].attrs
    return varied


def _read_draw(ranges: Ranges, draw: Mapping[str, float]) -> Numbers:
    require(draw, "items keys", "quantiles from 0 to 1 by unknown, as list_unknowns() names them")
    known = set(ranges.names)
    problems = [
        f"{name!r} is no unknown of these tables; see list_unknowns(tables)" for name in draw if name not in known
    ]
    problems += [
        f"{name}: found {value!r}, expected a number from 0 to 1"
        for name, value in draw.items()
        if not hasattr(value, "__float__") or not 0 <= value <= 1
    ]
    if problems:
        raise UsageError(list_problems(f"{len(problems)} problem(s) with the draw:", problems))
    return np.array([draw.get(name, 0.5) for name in ranges.names], dtype=float)


def find_ranges(tables: Tables) -> Ranges:
    """Find all estimates that enter the network.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        With or without passports.

    Returns
    -------
    Ranges
        The same for tables that differ in main values and ranges alone.
    """
    groups: dict[str, str] = {}
    found = []
    for figure in _FIGURES:
        table = strip_passport(tables[figure.table])
        rows = np.flatnonzero(_choose_rows(tables, figure, table))
        names, rises = _name_rows(figure, table.iloc[rows])
        groups |= dict.fromkeys(names, figure.group)
        found.append((figure, table.iloc[rows], rows, names, rises))
    code = {name: position for position, name in enumerate(groups)}
    parts = []
    for figure, chosen, rows, names, rises in found:
        low, value, high = (
            chosen[column].to_numpy(dtype=float)
            for column in (f"{figure.prefix}low", figure.column, f"{figure.prefix}high")
        )
        unknowns = np.array([code[name] for name in names], dtype=np.intp)
        parts.append(_Part(figure.table, figure.column, rows, unknowns, rises, low, value, high))
    return Ranges(tuple(groups), tuple(groups.values()), tuple(parts))


def _choose_rows(tables: Tables, figure: _Figure, table: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which rows hold an estimate of a figure that enters the network."""
    ranged = table[[f"{figure.prefix}low", figure.column, f"{figure.prefix}high"]].notna().all(axis=1)
    chosen = (table[f"{figure.prefix}confidence"] == "estimate") & ranged
    if figure.table == "observed_flows":
        followed = {*tables["pipelines"]["follows"].dropna(), *tables["supply"]["follows"].dropna()}
        chosen &= table["series"].isin(followed) & ~_find_known_totals(table)
    elif figure.table == "observed_storage":
        chosen &= table["zone"].isin(set(tables["storages"]["zone"]))
    elif figure.table == "prices":
        chosen &= table["hub"].isin((PRICE_HUB, ANCHOR_HUB))
    elif figure.table == "parameters":
        chosen &= ~table["parameter"].str.startswith(_ELSEWHERE)
    return np.asarray(chosen, dtype=bool)


def _find_known_totals(flows: pd.DataFrame) -> pd.Series:
    """Return which months and quarters lie in a year whose total is no estimate."""
    keys = flows["series"] + " " + flows["period"].str[:4]
    whole = flows["frequency"] == "year"
    known = set(keys[whole & (flows["confidence"] != "estimate")])
    return keys.isin(known) & ~whole


def _name_rows(figure: _Figure, rows: pd.DataFrame) -> tuple[list[str], NDArray[np.bool_]]:
    """Return the unknown of each row, and whether the figure rises with its quantile."""
    things = [" ".join(map(str, key)) for key in rows[list(figure.key)].itertuples(index=False)]
    names = [f"{figure.table}.{figure.column} {thing}" for thing in things]
    if figure.table == "demand_profile":
        return names, rows["month"].isin(_WINTER).to_numpy(dtype=bool)
    if figure.table == "parameters":
        names = [re.sub(_STEP, "", name) for name in names]
    elif figure.column == "twh" and "follows" in rows:
        # What an exporter offers and what was seen of it are the same gas.
        seen = rows["follows"].fillna("").tolist()
        names = [f"observed_flows.twh {flow}" if flow else name for flow, name in zip(seen, names, strict=True)]
    leads = [_TOGETHER.get(name, (name, True)) for name in names]
    return [lead for lead, _ in leads], np.array([rises for _, rises in leads], dtype=bool)


def move(tables: Tables, ranges: Ranges, points: Numbers) -> dict[str, pd.DataFrame]:
    """Return tables with all estimates at given quantiles.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        Those the ranges were found in; stay as they are.
    ranges : Ranges
        From :func:`find_ranges`.
    points : numpy.ndarray
        Quantile of each unknown, 0 to 1.

    Returns
    -------
    dict of str to pandas.DataFrame
        Without passports; tables that hold no estimate are those given.
    """
    columns: Columns = {}
    for part in ranges.parts:
        values = strip_passport(tables[part.table])[part.column].to_numpy(dtype=float, copy=True)
        values[part.rows] = interpolate(part.low, part.value, part.high, _point_at(part, points))
        columns[part.table, part.column] = values
    columns = mend(tables, columns)
    return {name: _write(name, table, columns) for name, table in tables.items()}


def _point_at(part: _Part, points: Numbers) -> Numbers:
    chosen = points[part.unknowns]
    return np.where(part.rises, chosen, 1.0 - chosen)


def interpolate(low: Numbers, value: Numbers, high: Numbers, points: Numbers) -> Numbers:
    """Return figures at quantiles: the low at 0, the value at a half, the high at 1, all three exactly.

    Examples
    --------
    >>> interpolate(np.zeros(3), np.full(3, 2.0), np.full(3, 10.0), np.array([0.25, 0.5, 0.75])).tolist()
    [1.0, 2.0, 6.0]
    """
    down, up = np.clip(1.0 - 2.0 * points, 0.0, 1.0), np.clip(2.0 * points - 1.0, 0.0, 1.0)
    # Weights, not steps from the value: a step would miss the ends by rounding.
    return np.clip(down * low + (1.0 - down - up) * value + up * high, low, high)


def _write(name: str, table: pd.DataFrame, columns: Columns) -> pd.DataFrame:
    """Return a table with new columns, the range of its main value widened where it has to be."""
    new = {column: values for (owner, column), values in columns.items() if owner == name}
    bare = strip_passport(table)
    if not new:
        return bare
    main = next((figure.column for figure in _FIGURES if figure.table == name and not figure.prefix), None)
    if main in new:
        new["low"] = np.minimum(bare["low"].to_numpy(dtype=float), new[main])
        new["high"] = np.maximum(bare["high"].to_numpy(dtype=float), new[main])
    return bare.assign(**new)
