"""What claims print."""

from __future__ import annotations

import pandas as pd
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from energyflows.console import _terminal
from energyflows.console._terminal import Tables

#: Digits behind the point by unit; one elsewhere.
_DIGITS = {"1": 3, "zones": 0, "members": 0, "bn EUR": 2, "TWh": 2, "EUR/MWh": 2}


def print_claims(tables: Tables) -> None:
    """Print each claim with its numbers, their runs, the verdict, its margin and what is missing.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        From :func:`energyflows.claims.judge_claims`.
    """
    console = _terminal.open_console()
    claims, evidence = tables["claims"], tables["evidence"]
    console.print(f"energyflows · claims · {len(claims)}", style="bold")
    console.print(
        "A verdict says what the model computes under the scenarios named beside each number, not what is true."
    )
    console.print(
        "The score is the distance to the threshold over its margin: 1 or more supports, -1 or less does not."
    )
    for row in claims.itertuples():
        console.print()
        console.print(Text(f"{row.id}  {row.claim}", style="bold"))
        _terminal.print_table(console, _show_evidence(evidence[evidence["id"] == row.id]))
        for line in _list_lines(row):
            _print_line(console, line)
    console.print()
    _terminal.print_table(console, _count_verdicts(claims))


def _print_line(console: Console, line: str) -> None:
    console.print(Padding(Text(line), (0, 0, 0, 4)))


def _show_evidence(rows: pd.DataFrame) -> Table:
    """Return the numbers of a claim; the range is that over a disputed figure."""
    ranged = bool(rows["low"].notna().any())
    cells = []
    for row in rows.itertuples():
        run = f"{row.scenario} {row.year}" + (f" against {row.against}" if row.against else "")
        digits = _DIGITS.get(row.unit, 1)
        span = [_terminal.show_number(value, digits) for value in ((row.low, row.high) if ranged else ())]
        cells.append([row.label, _terminal.show_number(row.value, digits), *span, _show_unit(row.unit), run])
    numbers = ("value", "low", "high") if ranged else ("value",)
    columns = {"number": "left", **dict.fromkeys(numbers, "right"), "unit": "left", "run": "left"}
    return _terminal.make_table("", columns, cells)


def _show_unit(unit: str) -> str:
    return "" if unit == "1" else unit


def _list_lines(row: object) -> list[str]:
    """Return what is to be said of a claim below its numbers."""
    told = {name: getattr(row, name) for name in ("verdict", "margin", "decides", "part", "flips", "missing")}
    scope = f" (partial): {told['part']}" if told["part"] else ""
    lines = [f"{told['verdict']}{scope}"]
    if told["decides"]:
        lines.append(f"decided by {told['decides']}; score {_terminal.show_number(told['margin'])}")
    if told["flips"]:
        lines.append(str(told["flips"]))
    if told["missing"]:
        lines.append(f"missing: {told['missing']}")
    return lines


def _count_verdicts(claims: pd.DataFrame) -> Table:
    """Return which claims have which verdict."""
    listed = claims.groupby("verdict", sort=False)["id"].agg(", ".join)
    partial = claims[claims["partial"] & (claims["part"] != "")]["id"]
    caption = f"Of a part of the claim only: {', '.join(partial)}." if len(partial) else None
    rows = [[verdict, ids] for verdict, ids in listed.items()]
    return _terminal.make_table("Verdicts", {"verdict": "left", "claims": "left"}, rows, caption)
