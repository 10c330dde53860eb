"""Leverage and equilibria in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from energyflows.console import _terminal
from energyflows.console._terminal import Tables, show_number
from energyflows.strategy.tables import find_middle

#: Property rights in words.
RIGHTS = {"owner": "owners can refuse", "open": "third-party access"}
_LEVERAGE = (
    "A player is worth what the network gains by its gas, pipelines and consumers: the Shapley value, less what it has",
    "alone. Range in brackets, if any: over the elasticity of demand, and chance with --sample. 'owners can refuse': a",
    "pipeline works only if all whose territory it touches take part; 'third-party access': it always works. What a",
    "supplier can deliver is what the tables say, in observed years what it delivered. Stakes in a trade, no payments.",
    "See docs/leverage.md.",
)
_COORDINATION = (
    "'gain': the group's share as one player less the sum of its members' shares; below zero where they gain more by",
    "bargaining apart. 'interaction', of pairs: above zero where each is worth more with the other, below where they",
    "compete.",
)
_CONDUCT = (
    "Each supplier knows that its sales move the price (Cournot); the two give each other's profit a weight from 0",
    "(none) to 1 (as one). At 1 only their profit together is determined, not how it is split. Price: mean of the EU27",
    "by consumption. 'consumers': their surplus there. 'welfare': of the whole network, less price-taking. Range in",
    "brackets, if any: over the elasticity of demand.",
    "Changes are to weight 0, and no forecast. See docs/leverage.md.",
)


def print_leverage(tables: Tables, *, title: str, folder: Path | None = None) -> None:
    """Print what players gain from trade, and what coordination and routes add.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        ``leverage`` and, if there are any, ``coordination`` and ``routes``, each with columns ``year`` and ``access``.
    title : str
        First line.
    folder : Path, optional
        Where they were written.
    """
    console = _terminal.open_console()
    console.print(title, style="bold")
    for year, rows in tables["leverage"].groupby("year", sort=False):
        _print_grid(console, f"Shares in the gains from trade {year}, bn EUR and per cent", rows, "player", _show_share)
    _print_lines(console, _LEVERAGE)
    if "coordination" in tables:
        for year, rows in tables["coordination"].groupby("year", sort=False):
            _print_grid(console, f"Coordination {year}: gain (interaction), bn EUR", rows, "group", _show_gain)
        _print_lines(console, _COORDINATION)
    if "routes" in tables:
        for (year, route), rows in tables["routes"].groupby(["year", "route"], sort=False):
            _print_grid(console, f"{route} {year}: gains it adds, bn EUR", rows, "player", _show)
    _say_where(console, folder, tables)


def print_conduct(tables: Tables, *, title: str, folder: Path | None = None) -> None:
    """Print how prices, profits and consumers fare as two suppliers coordinate more.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        ``conduct`` (from :func:`energyflows.strategy.tabulate_conduct`, with columns ``coordination`` and
        ``elasticity``), ``suppliers`` (columns ``case, supplier, supplied_twh, profit_bn_eur, lerner``) and ``cases``
        (columns ``case, price_eur_mwh, consumer_surplus_bn_eur, welfare_bn_eur, gap``).
    title : str
        First line.
    folder : Path, optional
        Where they were written.
    """
    console = _terminal.open_console()
    console.print(title, style="bold")
    console.print()
    _terminal.print_table(console, _tabulate_cases(tables["cases"], tables["suppliers"]))
    console.print()
    _terminal.print_table(console, _tabulate_curve(tables["conduct"]))
    _print_lines(console, _CONDUCT)
    _say_where(console, folder, tables)


def _print_grid(console: Console, title: str, rows: pd.DataFrame, row: str, show: Any) -> None:
    """Print a table with a column for each assumption on property rights."""
    chosen = [word for word in RIGHTS if (rows["access"] == word).any()]
    cells = []
    for name, part in rows.groupby(row, sort=False):
        by_access = part.set_index("access", drop=False)
        cells.append([str(name), *(show(by_access.loc[word]) for word in chosen)])
    console.print()
    columns = {row: "left", **{RIGHTS[word]: "right" for word in chosen}}
    table = _terminal.make_table(title, columns, cells)
    # Few narrow columns would break the title into lines.
    table.min_width = cell_len(title)
    _terminal.print_table(console, table)


def _show(row: Any, column: str = "surplus_bn_eur", digits: int = 2) -> str:
    value, low, high = row[column], row[f"{column}_low"], row[f"{column}_high"]
    told = show_number(value, digits)
    return told if low == high else f"{told} ({show_number(low, digits)} to {show_number(high, digits)})"


def _show_share(row: Any) -> str:
    return f"{_show(row, digits=1)}  {show_number(row['share'], 1, ' %'):>7}"


def _show_gain(row: Any) -> str:
    told = _show(row, "gain_bn_eur")
    # Of more than two, interaction is what is left beyond that of the pairs: no answer to a question asked here.
    return told if str(row["group"]).count(" + ") > 1 else f"{told}  [{show_number(row['interaction_bn_eur'], 2)}]"


def _tabulate_cases(cases: pd.DataFrame, suppliers: pd.DataFrame) -> Any:
    """Return equilibria below each other: price-taking, Cournot, coordination."""
    profits = suppliers.pivot_table(index="case", columns="supplier", values="profit_bn_eur", sort=False)
    names = [str(name) for name in profits.columns]
    rows = []
    for _, row in cases.iterrows():
        own = [show_number(profits.at[row["case"], name], 2) for name in names]
        told = (row["price_eur_mwh"], 1), (row["consumer_surplus_bn_eur"], 1), (row["welfare_change_bn_eur"], 1)
        rows.append([str(row["case"]), *(show_number(value, digits) for value, digits in told), *own])
    headers = ["EU27 price", "EU27 consumers", "Δ welfare", *(f"profit {name}" for name in names)]
    return _terminal.make_table(
        "Equilibria at the middle elasticity: EUR/MWh, bn EUR a year",
        {"case": "left"} | dict.fromkeys(headers, "right"),
        rows,
    )


def _tabulate_curve(conduct: pd.DataFrame) -> Any:
    """Return the changes, a column for each weight, with their ranges over elasticity."""
    changes = ["price_change", *(str(name) for name in conduct if "_change_bn_eur" in str(name))]
    at = conduct[conduct["elasticity"] == find_middle(conduct["elasticity"])].set_index("coordination")
    ends = conduct.groupby("coordination")[changes].agg(["min", "max"])
    weights = [weight for weight in at.index if weight > 0]
    rows = [
        [_name_change(name), *(_show_ends(at.at[weight, name], *ends.loc[weight, name]) for weight in weights)]
        for name in changes
    ]
    columns = {"change of": "left"} | {f"at weight {weight:g}": "right" for weight in weights}
    return _terminal.make_table("Change with coordination: EUR/MWh, bn EUR a year", columns, rows)


def _show_ends(value: float, low: float, high: float) -> str:
    told = show_number(value, 2)
    return told if low == high else f"{told} ({show_number(low, 2)} to {show_number(high, 2)})"


def _name_change(column: str) -> str:
    known = {
        "price_change": "price",
        "consumer_surplus_change_bn_eur": "consumers",
        "welfare_change_bn_eur": "welfare",
        "pair_profit_change_bn_eur": "profit of both",
    }
    return known.get(column, column.replace("profit_change_bn_eur_", "profit "))


def _print_lines(console: Console, lines: Sequence[str]) -> None:
    console.print()
    for line in lines:
        console.print(Text(line))


def _say_where(console: Console, folder: Path | None, tables: Tables) -> None:
    if folder is not None:
        console.print(Text(f"\nWritten: {folder}: {', '.join(f'{name}.csv' for name in tables)}."))
