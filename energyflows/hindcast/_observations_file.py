"""The columns of a user's file of observations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from energyflows.errors import shorten, suggest
from energyflows.tables import Problem, read_sheet

REQUIRED = ("series", "period", "value", "unit")
OPTIONAL = ("frequency", "gcv", "confidence", "source", "note")


def read_cells(file: Path) -> tuple[pd.DataFrame, list[Problem]]:
    """Return the cells of a file as text, and what is wrong with its header and the length of its rows.

    Parameters
    ----------
    file : Path
        CSV with a header.

    Returns
    -------
    cells : pandas.DataFrame
        Stripped text; the index is the line in the file. Rows that do not fit the header and rows that hold nothing
        are left out.
    problems : list of tuple of (int, str)
        Line and sentence.

    Raises
    ------
    TableError
        If it is no CSV file.
    """
    top, cells, problems = read_sheet(file, ", ".join(REQUIRED))
    wrong = [(top, sentence) for sentence in _find_header_problems(cells.columns.tolist())]
    return cells.loc[:, ~cells.columns.duplicated()], wrong + problems


def _find_header_problems(header: list[str]) -> Iterator[str]:
    expected = f"expected {', '.join(REQUIRED)} and, if needed, {', '.join(OPTIONAL)}"
    for name in sorted({name for name in header if header.count(name) > 1 and name}):
        yield f"column {name} stands more than once"
    for place, name in enumerate(header, 1):
        if not name:
            yield f"column {place} has no name; {expected}"
        elif name not in {*REQUIRED, *OPTIONAL}:
            yield f"column {shorten(name)} is not known; {expected}{suggest(name, [*REQUIRED, *OPTIONAL])}"
    for name in REQUIRED:
        if name not in header:
            yield f"column {name} is missing; {expected}"
