"""What there is to choose from, and what one scenario or claim is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from energyflows.console import _terminal

if TYPE_CHECKING:
    from energyflows.claims import Claim
    from energyflows.scenarios import Scenario

_INDENT = (0, 0, 0, 2)


def print_scenario(scenario: Scenario, *, json: bool) -> None:
    """Print what a scenario changes, with its parameters, their ranges and sources.

    Parameters
    ----------
    scenario : Scenario
        From :func:`energyflows.scenarios.get_scenario`.
    json : bool
        For machines.
    """
    if json:
        _terminal.write_json(scenario.model_dump(mode="json"))
        return
    from energyflows.scenarios import write_scenario

    console = _terminal.open_console()
    console.print(Text(f"{scenario.name}: {scenario.title}" if scenario.title else scenario.name, style="bold"))
    for text in (scenario.description, scenario.reading and f"How to read it: {scenario.reading}"):
        _print_text(console, text)
    _print_text(console, scenario.years and f"About {', '.join(map(str, scenario.years))}.")
    _print_text(
        console,
        scenario.claims and f"Bears on {', '.join(scenario.claims)}; see 'energyflows show {scenario.claims[0]}'.",
    )
    if scenario.parameters:
        console.print()
        _terminal.print_table(console, _tabulate_parameters(scenario))
    changes = write_scenario(scenario).partition("\nchanges:\n")[2]
    console.print("\nChanges, in the form of a file" if changes else "\nIt changes nothing.")
    console.print(Padding(Text(changes.rstrip()), _INDENT))


def print_claim(claim: Claim, *, json: bool) -> None:
    """Print a claim, the numbers that bear on it and what is missing.

    Parameters
    ----------
    claim : Claim
        From :func:`energyflows.claims.read_claims`.
    json : bool
        For machines.
    """
    if json:
        _terminal.write_json(claim.model_dump(mode="json"))
        return
    console = _terminal.open_console()
    console.print(Text(f"{claim.id}: {claim.claim}", style="bold"))
    _print_text(console, f"What would show it: {claim.shown_by}")
    _print_text(console, claim.part and f"A verdict speaks of this part: {claim.part}")
    console.print()
    rows = [[each.label, each.unit, f"{each.scenario} {each.year}"] for each in claim.evidence]
    _terminal.print_table(
        console, _terminal.make_table("Numbers", {"number": "left", "unit": "left", "run": "left"}, rows)
    )
    for condition in claim.rule.listed if claim.rule else ():
        bound = f"at least {condition.at_least:g}" if condition.at_most is None else f"at most {condition.at_most:g}"
        _print_text(console, f"Threshold: {condition.figure} {bound}, ± {condition.margin:g}. {condition.reason}")
    for text in claim.missing:
        _print_text(console, f"Missing: {text}")
    console.print("'energyflows claims' computes the numbers.")


def print_names(what: str, names: pd.DataFrame, *, json: bool) -> None:
    """Print names with what they stand for.

    Parameters
    ----------
    what : str
        Kind of names.
    names : pandas.DataFrame
        One row each.
    json : bool
        For machines.
    """
    if json:
        _terminal.print_json({what: names})
        return
    rows = [[_show_cell(cell) for cell in row] for row in names.itertuples(index=False)]
    console = _terminal.open_console()
    _terminal.print_table(console, _terminal.make_table(f"{len(names)} {what}", _justify(names), rows))


def _justify(names: pd.DataFrame) -> dict[str, str]:
    """Return how columns stand; names that are typed again are not broken."""
    first, *others = map(str, names.columns)
    return {first: "name", **dict.fromkeys(others, "left")}


def _show_cell(cell: object) -> str:
    return ", ".join(map(str, cell)) if isinstance(cell, list | tuple) else str(cell)


def _print_text(console: Console, text: object) -> None:
    if text:
        console.print(Text(str(text)))


def _tabulate_parameters(scenario: Scenario) -> Table:
    rows = [
        [
            f"${name}",
            _show_value(parameter.value),
            _show_value(parameter.low),
            _show_value(parameter.high),
            parameter.unit,
            parameter.source,
            parameter.note,
        ]
        for name, parameter in scenario.parameters.items()
    ]
    columns = dict.fromkeys(("parameter", "value", "low", "high", "unit", "source", "note"), "left")
    return _terminal.make_table("Parameters", columns | dict.fromkeys(("value", "low", "high"), "right"), rows)


def _show_value(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:g}" if isinstance(value, float) else str(value)
