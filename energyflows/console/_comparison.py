"""What a comparison of scenarios prints."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from energyflows.comparison import read_reading
from energyflows.console import _terminal
from energyflows.console._accounts import print_cautions, tabulate_account_scenarios
from energyflows.console._metrics import print_explanation, tabulate_scenarios
from energyflows.console._terminal import Tables

#: Headers and the figures below them, with digits.
_COLUMNS = {
    "unserved": ("unserved_twh", 2),
    "given up": ("response_twh", 2),
    "outside": ("outside_twh", 2),
    "NL price": ("price_nl_eur_mwh", 1),
    "Δ price": ("price_nl_change_eur_mwh", 1),
    "LNG": ("lng_twh", 0),
    "from RU": ("from_ru_twh", 1),
    "from AZ": ("from_az_twh", 1),
    "stock": ("stock_1_nov_twh", 0),
    "at end": ("stock_end_twh", 0),
    "Δ cost": ("net_cost_change_bn_eur", 2),
}
_MOST_NOTES = 12


def print_comparison(tables: Tables, *, title: str) -> None:
    """Print scenarios below each other, year by year, and what the figures say in words.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        From :func:`energyflows.comparison.compare`; ``headline`` may also hold ``from_ru_twh`` and ``from_az_twh``.
    title : str
        First line.
    """
    console = _terminal.open_console()
    console.print(title, style="bold")
    headline = tables["headline"]
    console.print()
    _terminal.print_table(console, _tabulate(headline))
    console.print()
    for line in _explain_columns(headline):
        console.print(line)
    if "metrics" in tables:
        console.print()
        _terminal.print_table(console, tabulate_scenarios(tables["metrics"], str(headline.index[0])))
        console.print()
        print_explanation(console, "scenarios")
    if "accounts" in tables:
        console.print()
        _terminal.print_table(console, tabulate_account_scenarios(tables["accounts"]))
        console.print()
        print_cautions(console)
    console.print()
    for sentence in read_reading(tables):
        console.print(Text(sentence))
    _print_notes(console, tables["notes"])


def print_written(folder: Path, parts: Mapping[str, Tables]) -> None:
    """Say what was written where.

    Parameters
    ----------
    folder : Path
        The folder.
    parts : mapping of str to mapping
        Tables by part.
    """
    count = sum(len(tables) for tables in parts.values())
    places = "" if len(parts) == 1 else f" in {', '.join(parts)}"
    console = _terminal.open_console()
    console.print(Text(f"Written: {folder}{places}: results.nc, iamc.csv and {count} CSV tables."))


def _tabulate(headline: pd.DataFrame) -> Table:
    figures = headline.assign(outside_twh=headline["unserved_anywhere_twh"] - headline["unserved_twh"])
    figures = figures.reindex(
        columns=[*figures.columns, *(name for name, _ in _COLUMNS.values() if name not in figures)]
    )
    years = headline["year"].unique()
    dated = len(years) > 1
    cells: list[list[str]] = []
    for year in years:
        if cells:
            cells.append([""] * (len(_COLUMNS) + 2))
        for name, row in figures[figures["year"] == year].iterrows():
            told = (_terminal.show_number(row[column], digits) for column, digits in _COLUMNS.values())
            cells.append([*([str(year)] if dated else []), str(name), *told])
    left = ("year", "scenario") if dated else ("scenario",)
    columns = {**dict.fromkeys(left, "left"), **dict.fromkeys(_COLUMNS, "right")}
    span = f"{years[0]}–{years[-1]}" if dated else str(years[0])
    return _terminal.make_table(f"{_name_group(headline)} {span}", columns, cells)


def _name_group(headline: pd.DataFrame) -> str:
    group = str(headline["group"].iloc[0])
    return "All zones" if group == "all" else group


def _explain_columns(headline: pd.DataFrame) -> list[str]:
    """Return what the headers mean."""
    years = headline["year"].nunique()
    cost = "of all years together, in the rows of the last" if years > 1 else "of the year"
    reference = headline.index[0]
    return [
        "TWh at gross calorific value; prices in EUR/MWh, mean of the year. 'given up': because of price.",
        "'outside': unserved in zones outside. 'LNG': landed. 'stock': on 1 November, with a play of a few TWh.",
        "'at end': stock at the end of the year. What it loses, stores lend to the shock; see --final-stocks held.",
        "'from RU', 'from AZ': net imports of the EU27 by the corridor or cargo they enter by; nothing is traced.",
        f"'Δ': less {reference}. 'Δ cost': of all zones, bn EUR {cost}, with gas missing in store at the end.",
    ]


def _print_notes(console: Console, notes: pd.DataFrame) -> None:
    if notes.empty:
        return
    console.print("\nNotes on what was changed:")
    for row in notes.head(_MOST_NOTES).itertuples():
        console.print(Text(f"{row.scenario}: {row.note}"))
    if len(notes) > _MOST_NOTES:
        console.print(f"… and {len(notes) - _MOST_NOTES} more in notes.csv or with --json.")
