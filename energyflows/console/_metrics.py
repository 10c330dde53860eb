"""Metrics in a terminal: of a run by country, of scenarios before and after, of a user's file, and one explained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from energyflows.console import _terminal

EU = "EU27"
#: Countries named of which the HHI changes most.
_NAMED = 3
_LEAST_CHANGE = 5e-3
#: Headers and the columns below them, with digits, factor and suffix.
_FIGURES: dict[str, tuple[str, int, float, str]] = {
    "HHI": ("hhi", 3, 1.0, ""),
    "from RU": ("ru_share", 1, 100.0, " %"),
    "as LNG": ("ru_lng_share", 1, 100.0, " %"),
    "of HHI": ("ru_contribution", 3, 1.0, ""),
    "from AZ": ("az_share", 1, 100.0, " %"),
    "imported": ("import_dependence", 0, 100.0, " %"),
    "N-1": ("n_minus_1", 0, 100.0, " %"),
}
#: Those told of scenarios, beside which countries are named.
_BESIDE = ("HHI", "from RU", "from AZ", "imported", "N-1")
#: How to read shares, for everyone.
_CAUTION = (
    "Origins by proportional mixing, one of several accounts. LNG lands as countries report it by supplier, fitted to",
    "what the model ships and lands. Shares of countries that several routes reach at nearly the same cost are",
    "uncertain by far more than their digits.",
    "Stores hold at first what they hold when the first year ends; with --years 2019-2025 they remember earlier ones.",
)
_HEADERS = {
    "areas": (
        "'as LNG': by ship, part of 'from RU'. 'of HHI': Russian contribution. 'imported': net imports over",
        "consumption, below zero for net exporters. 'N-1': technical capacity less the largest terminal or border, all",
        "its points together, over peak demand, gas or no gas. More with --json.",
    ),
    "scenarios": (
        "'imported': net imports over consumption. 'N-1': technical capacity less the largest terminal or border, all",
        "its points together, over peak demand, gas or no gas. All members and more metrics: metrics.csv or --json.",
    ),
}


def tabulate_areas(metrics: pd.DataFrame, year: int) -> Table:
    """Return the metrics of the EU27 and its members in one year.

    Parameters
    ----------
    metrics : pandas.DataFrame
        From :func:`energyflows.summary.summarise_metrics`, of one scenario.
    year : int
        One of its years.

    Returns
    -------
    rich.table.Table
        Ready to print.
    """
    rows = [
        [row.area, _terminal.show_number(row.consumed_twh), _show_largest(row), *_show_figures(row, _FIGURES)]
        for row in metrics[metrics["year"] == year].itertuples()
    ]
    columns = {"area": "left", "TWh": "right", "largest": "right", **dict.fromkeys(_FIGURES, "right")}
    return _terminal.make_table(f"Diversification and dependence {year}", columns, rows)


def _show_largest(row: Any) -> str:
    return f"{row.largest_origin} {_terminal.show_number(100 * row.largest_share, 0, ' %')}"


def _show_figures(row: Any, headers: Iterable[str]) -> list[str]:
    return [
        _terminal.show_number(factor * getattr(row, name), digits, suffix)
        for name, digits, factor, suffix in (_FIGURES[header] for header in headers)
    ]


def tabulate_scenarios(metrics: pd.DataFrame, reference: str) -> Table:
    """Return the metrics of the EU27 by scenario, with the members whose HHI differs most from the reference.

    Parameters
    ----------
    metrics : pandas.DataFrame
        From :func:`energyflows.summary.summarise_metrics`, of several scenarios.
    reference : str
        Scenario the others are compared with.

    Returns
    -------
    rich.table.Table
        Ready to print.
    """
    dated = len(metrics["year"].unique()) > 1
    cells: list[list[str]] = []
    for year, rows in metrics.groupby("year"):
        if cells:
            cells.append([""] * (len(_BESIDE) + 2 + dated))
        for row in rows[rows["area"] == EU].itertuples():
            moved = _name_moved(rows, str(row.scenario), reference)
            cells.append([*([str(year)] if dated else []), str(row.scenario), *_show_figures(row, _BESIDE), moved])
    columns = {**({"year": "left"} if dated else {}), "scenario": "left", **dict.fromkeys(_BESIDE, "right")}
    return _terminal.make_table(
        "Diversification and dependence of the EU27",
        {**columns, f"HHI where it changes most from {reference}": "left"},
        cells,
    )


def _name_moved(rows: pd.DataFrame, scenario: str, reference: str) -> str:
    """Name the members whose HHI changes most, before and after."""
    members = rows[rows["area"] != EU].pivot_table(index="area", columns="scenario", values="hhi")
    if scenario == reference or not {scenario, reference} <= set(members):
        return ""
    change = (members[scenario] - members[reference]).abs().sort_values(ascending=False, kind="stable")
    told = change.index[change >= _LEAST_CHANGE][:_NAMED]
    return ", ".join(f"{area} {members.at[area, reference]:.2f}→{members.at[area, scenario]:.2f}" for area in told)


def print_explanation(console: Console, table: str) -> None:
    """Say how to read a table of metrics, ``areas`` or ``scenarios``."""
    for line in (*_CAUTION, *_HEADERS[table]):
        console.print(line)


def print_metric(described: Mapping[str, Any], values: pd.DataFrame | None, *, json: bool) -> None:
    """Print what is known of a metric, and its values by country.

    Parameters
    ----------
    described : mapping of str to Any
        From :func:`energyflows.metrics.describe`.
    values : pandas.DataFrame or None
        Columns ``area`` and ``value``, and ``year``; None where more than a run is needed.
    json : bool
        For machines.
    """
    if json:
        rows = None if values is None else values.to_dict("records")
        _terminal.write_json({**described, "values": rows})
        return
    console = _terminal.open_console()
    console.print(Text(f"{described['metric']} ({described['symbol']}): {described['meaning']}", style="bold"))
    console.print(Text(f"Formula: {described['formula']}"))
    higher = f"; higher is {described['higher_is']}" if described["higher_is"] else ""
    console.print(Text(f"Unit: {described['unit']}; bounds: {described['bounds']}{higher}"))
    console.print(Text(f"Arguments: {', '.join(described['arguments'])}"))
    console.print()
    console.print(Text(str(described["notes"])))
    for reference in described["references"]:
        console.print(Text(f"Source: {reference}"))
    console.print()
    if values is None:
        console.print("It is no single number by country of a run: call it from Python.")
        return
    console.print(f"Values of the reference, {values['year'].iloc[0]}, solved alone:")
    cells = [[str(row.area), _terminal.show_number(row.value, 3)] for row in values.itertuples()]
    _terminal.print_table(console, _terminal.make_table("", {"area": "left", "value": "right"}, cells))
    console.print("How they come about, and how they differ where stores remember: docs/diversification.md.")


def print_metrics(found: pd.DataFrame, labels: Sequence[str], notes: Sequence[str], *, title: str) -> None:
    """Print metrics of a user's table.

    Parameters
    ----------
    found : pandas.DataFrame
        A row by supply: columns of labels, then of metrics.
    labels : sequence of str
        Columns that are no metrics.
    notes : sequence of str
        Which origins were counted, and what was left out or added up.
    title : str
        Of the table.
    """
    console = _terminal.open_console()
    names = [name for name in found if name not in labels]
    rows = [
        [*(str(row[name]) for name in labels), *(_show_value(row[name]) for name in names)]
        for _, row in found.iterrows()
    ]
    columns = {**dict.fromkeys(labels, "left"), **dict.fromkeys(map(str, names), "right")}
    _terminal.print_table(console, _terminal.make_table(title, columns, rows))
    console.print()
    console.print("'–': nothing supplied, or a cell is empty. 'energyflows show NAME' tells what a metric means.")
    for note in notes:
        console.print(Text(note))


def _show_value(value: object) -> str:
    return _terminal.show_number(value, 3) if isinstance(value, float) else str(value)
