"""A user's own spreadsheet as cells of text, and what in its form keeps it from being read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pandas as pd

from energyflows.errors import TableError

#: The line a problem stands in, and a sentence.
Problem = tuple[int, str]
Lines = list[tuple[int, list[str]]]

_SAVE = "save it as 'CSV UTF-8 (comma delimited)'"
_SIGNATURES = {
    b"PK\x03\x04": "an Excel or zip file",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"\xff\xfe": "text in UTF-16",
    b"\xfe\xff": "text in UTF-16",
    b"\x1f\x8b": "a compressed file",
}


def read_sheet(file: Path, expected: str) -> tuple[int, pd.DataFrame, list[Problem]]:
    """Return the cells of a file as text, and which rows do not fit its header.

    Parameters
    ----------
    file : Path
        CSV with a header.
    expected : str
        What a header should hold, for an empty file.

    Returns
    -------
    top : int
        Line of the header.
    cells : pandas.DataFrame
        Stripped text; the index is the line in the file, the columns are as in the file, even if names repeat or are
        missing. Rows that do not fit the header and rows that hold nothing are left out.
    problems : list of tuple of (int, str)
        Line and sentence.

    Raises
    ------
    TableError
        If it is no CSV file.
    """
    (top, header), *rows = _split_lines(file, _read_text(file), expected)
    while not header[-1] and all(len(cells) == len(header) and not cells[-1] for _, cells in rows):
        header, rows = header[:-1], [(line, cells[:-1]) for line, cells in rows]  # what a spreadsheet leaves behind
    fitting = {line: cells for line, cells in rows if len(cells) == len(header)}
    cells = pd.DataFrame.from_dict(fitting, orient="index", columns=header, dtype=str)
    return top, cells, list(_find_length_problems(rows, len(header)))


def _read_text(file: Path) -> str:
    try:
        raw = file.read_bytes()
    except FileNotFoundError:
        raise TableError(f"{file}: no such file") from None
    except (OSError, ValueError) as error:
        raise TableError(f"{file}: cannot be read ({getattr(error, 'strerror', None) or error})") from None
    for signature, kind in _SIGNATURES.items():
        if raw.startswith(signature):
            raise TableError(f"{file}: found {kind}, expected CSV; {_SAVE}")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise TableError(f"{file}: line {line} is not UTF-8; {_SAVE}") from None
    if "\0" in text:
        raise TableError(f"{file}: found binary data, expected CSV; {_SAVE}")
    return text


def _split_lines(file: Path, text: str, expected: str) -> Lines:
    """Return each row that holds something, stripped, with the line it ends in."""
    _refuse_separators(file, text)
    reader = csv.reader(io.StringIO(text, newline=None), strict=True)
    try:
        lines = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader]
    except csv.Error as error:
        raise TableError(f"{file}: line {reader.line_num} is not CSV ({error}); check its quotes") from None
    held = [(line, cells) for line, cells in lines if any(cells)]
    if not held:
        raise TableError(f"{file}: the file is empty; expected a header line with {expected}")
    return held


def _refuse_separators(file: Path, text: str) -> None:
    header = text.lstrip().partition("\n")[0]
    for separator, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if separator in header and "," not in header:
            raise TableError(
                f"{file}: line 1 is separated by {name}, expected commas, and decimal points in numbers; {_SAVE} "
                "with the number format of the United Kingdom or the United States"
            )


def _find_length_problems(rows: Lines, width: int) -> Iterator[Problem]:
    hint = "numbers take a decimal point, and a text with a comma in it needs quotes"
    for line, cells in rows:
        if len(cells) != width:
            yield line, f"found {len(cells)} cells, expected {width} as in the header; {hint}"


def merge_problems(problems: Iterable[Problem]) -> list[str]:
    """Return each sentence once, with all its lines.

    Parameters
    ----------
    problems : iterable of tuple of (int, str)
        Line and sentence.

    Returns
    -------
    list of str
        In the order of the lines.

    Examples
    --------
    >>> merge_problems([(3, "column unit: no unit"), (2, "column unit: no unit")])
    ['lines 2-3, column unit: no unit']
    """
    lines: dict[str, list[int]] = {}
    for line, sentence in sorted(problems, key=lambda problem: problem[0]):
        lines.setdefault(sentence, []).append(line)
    return [f"{name_lines(found)}{',' if text.startswith('column') else ':'} {text}" for text, found in lines.items()]


def name_lines(lines: Sequence[int]) -> str:
    """Return ``line 2`` or ``lines 2-5, 9``."""
    spans: list[list[int]] = []
    for line in sorted(set(lines)):
        if spans and line == spans[-1][1] + 1:
            spans[-1][1] = line
        else:
            spans.append([line, line])
    told = ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)
    return f"{'line' if told.isdigit() else 'lines'} {told}"
