"""Accounts in a terminal: of a run by country, and of the EU27 by scenario."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table

from energyflows.console import _terminal

EU = "EU27"
#: Headers and the account below them.
_ACCOUNTS = {"label": "label", "molecules": "molecules", "displaced": "displacement"}
#: Share of consumption below which a country is left out of the table.
_LEAST = 0.005
#: What stands behind a figure of each tag.
_MARKS = {"identified": "", "bounded": "", "assumed": "?", "missing": ""}
#: How to read accounts, for everyone.
_CAUTION = (
    "Per cent of consumption, range in brackets; '?': without one (molecules get theirs with --intervals). Four",
    "answers to four questions. 'label': whose name is on the delivery (from contracts alone to what gas without a",
    "label could add). 'molecules': which wells are in the mix, by proportional sharing. 'displaced': what would be",
    "missing if the supplier gave nothing and nobody else gave more, shared by all whom pipelines reach, buyers of",
    "that gas or not (range over who is cut first). 'legal': what customs must presume; '–': nothing yet. 'hidden':",
    "the larger of molecules and displaced, less label; where displaced is the larger, it is a part of a common",
    "shortage, not gas under another name. See docs/accounts.md before quoting any of them.",
)


def tabulate_accounts(accounts: pd.DataFrame, year: int, origin: str) -> Table:
    """Return the accounts of one supplier's gas in one year, by country.

    Parameters
    ----------
    accounts : pandas.DataFrame
        From :func:`energyflows.summary.summarise_accounts`, of one scenario.
    year : int
        One of its years.
    origin : str
        Whose gas.

    Returns
    -------
    rich.table.Table
        The EU27, and members in which some account tells of half a per cent or more.
    """
    rows = accounts[(accounts["year"] == year) & (accounts["origin"] == origin)]
    seen = rows[["label", "molecules", "legal"]].max(axis=1).ge(_LEAST) | rows["area"].eq(EU)
    cells = [
        [row["area"], _terminal.show_number(row["consumed_twh"]), *_show_row(row)] for _, row in rows[seen].iterrows()
    ]
    columns = {"area": "left", "TWh": "right", **dict.fromkeys(_headers(), "right")}
    return _terminal.make_table(f"Gas of {origin} by account {year}", columns, cells)


def tabulate_account_scenarios(accounts: pd.DataFrame) -> Table:
    """Return the accounts of the EU27 by scenario and supplier.

    Parameters
    ----------
    accounts : pandas.DataFrame
        From :func:`energyflows.summary.summarise_accounts`, of several scenarios.

    Returns
    -------
    rich.table.Table
        Ready to print.
    """
    chosen = accounts[accounts["area"] == EU]
    dated = len(chosen["year"].unique()) > 1
    cells: list[list[str]] = []
    for (year, origin), rows in chosen.groupby(["year", "origin"], sort=False):
        if cells:
            cells.append([""] * (len(_headers()) + 2 + dated))
        lead = [str(year)] if dated else []
        cells += [[*lead, str(origin), str(row["scenario"]), *_show_row(row)] for _, row in rows.iterrows()]
    left = {**({"year": "left"} if dated else {}), "gas of": "left", "scenario": "left"}
    return _terminal.make_table("The EU27 by account", {**left, **dict.fromkeys(_headers(), "right")}, cells)


def _headers() -> list[str]:
    return [*_ACCOUNTS, "legal", "hidden"]


def _show_row(row: Any) -> list[str]:
    """Return the cells of one area: accounts with their ranges, and the headline."""
    told = [_show_range(row, name) for name in _ACCOUNTS.values()]
    legal = _terminal.show_number(100 * row["legal"], 1)
    return [*told, legal, _show_range(row, "hidden")]


def _show_range(row: Any, name: str) -> str:
    """Return a share with its range, or a mark that it has none."""
    value, low, high = (100 * row[key] for key in (name, f"{name}_low", f"{name}_high"))
    told = _terminal.show_number(value, 1)
    if math.isnan(value):
        return told
    mark = _MARKS[str(row[f"{name}_tag"])]
    if math.isnan(low):
        return f"{told} {mark}".rstrip()
    return f"{told} ({_terminal.show_number(low, 0)}–{_terminal.show_number(high, 0)}) {mark}".rstrip()


def print_cautions(console: Console) -> None:
    """Say how to read a table of accounts."""
    for line in _CAUTION:
        console.print(line)
