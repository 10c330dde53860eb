"""How a table looks in a terminal, and as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

import pandas as pd
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

Tables = Mapping[str, pd.DataFrame]
#: Words longer than this may be broken to make a table fit.
_LONGEST_WORD = 24


def open_console() -> Console:
    """Return a console on standard output that takes text as it is, not as markup."""
    return Console(width=None if sys.stdout.isatty() else 120, highlight=False, emoji=False, markup=False)


def make_table(title: str, columns: Mapping[str, str], rows: list[list[str]], caption: str | None = None) -> Table:
    """Return a rich table.

    Parameters
    ----------
    title : str
        Heading.
    columns : mapping of str to str
        Justification by header: ``left``, ``right``, or ``name`` for text on the left that is never broken.
    rows : list of list of str
        Cells.
    caption : str, optional
        Line below.

    Returns
    -------
    rich.table.Table
        Ready to print.
    """
    table = Table(
        title=Text(title),
        caption=Text(caption) if caption else None,
        title_justify="left",
        caption_justify="left",
        box=None,
        pad_edge=False,
    )
    for header, justify in columns.items():
        texts = [header, *(row[len(table.columns)] for row in rows)]
        whole = justify in {"right", "name"}
        table.add_column(
            Text(header),
            justify="right" if justify == "right" else "left",
            no_wrap=whole,
            overflow="fold",
            min_width=max(map(cell_len, texts)) if whole else _measure_words(texts),
        )
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _measure_words(texts: list[str]) -> int:
    """Return the length of the longest word, or that at which words may be broken."""
    return min(_LONGEST_WORD, max(cell_len(word) for text in texts for word in text.split() or [""]))


def print_table(console: Console, table: Table) -> None:
    """Print a table with all its columns, on longer lines than the console has if it must.

    A narrower table would lose columns without a word.
    """
    least = sum(column.min_width or 0 for column in table.columns) + 2 * (len(table.columns) - 1)
    kept = console.width
    console.width = max(kept, least)
    console.print(table)
    console.width = kept


def show_number(value: float, digits: int = 1, suffix: str = "") -> str:
    """Return a number as text; a dash where there is none.

    Examples
    --------
    >>> show_number(1234.56), show_number(float("nan")), show_number(-0.004, 2, " %")
    ('1,234.6', '–', '0.00 %')
    """
    return "–" if pd.isna(value) else f"{round(value, digits) + 0.0:,.{digits}f}{suffix}"


def print_json(content: Tables) -> None:
    """Print tables as one JSON object: a list of rows by table name, missing figures as null."""
    write_json(list_rows(content))


def list_rows(content: Tables) -> dict[str, Any]:
    """Return tables as plain data: a list of rows by table name, missing figures as None."""
    return {
        name: json.loads(
            (frame.reset_index() if frame.index.name else frame).to_json(orient="records", date_format="iso")
        )
        for name, frame in content.items()
    }


def write_json(content: object) -> None:
    """Write plain data to standard output."""
    sys.stdout.write(json.dumps(content, indent=1, ensure_ascii=not _takes_any_letter()) + "\n")


def _takes_any_letter() -> bool:
    return "utf" in (sys.stdout.encoding or "").lower()
