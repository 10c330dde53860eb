"""From CSV text to a typed frame, with every mistake told by row and column."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.errors
import pandera.pandas as pa

from energyflows.errors import TableError, UnknownNameError, list_problems
from energyflows.tables._schemas import SCHEMAS

#: The header is line 1 of the file, so the row with index 0 stands in line 2.
_FIRST_LINE = 2
_FLAGS = {"true": True, "false": False}
#: Whole numbers below this are exact as floats.
_LARGEST = 2.0**53
_DAYS = (pd.Timestamp("1900-01-01"), pd.Timestamp("2199-12-31"))


def find_schema(name: str) -> pa.DataFrameSchema:
    """Return the schema of a table.

    Parameters
    ----------
    name : str
        Name of the table, e.g. ``"pipelines"``.

    Returns
    -------
    pandera.DataFrameSchema
        Columns, checks and key.

    Raises
    ------
    UnknownNameError
        If there is no such table.

    Examples
    --------
    >>> find_schema("zones").unique
    ['zone']
    """
    try:
        return SCHEMAS[name]
    except KeyError:
        raise UnknownNameError(f"no table {name!r}: expected one of {', '.join(SCHEMAS)}") from None


def read_table(name: str, path: str | Path) -> pd.DataFrame:
    """Read one CSV table and check it against its schema.

    Parameters
    ----------
    name : str
        Name of the table.
    path : str or Path
        CSV file: UTF-8, comma, header in the first line, dates ``YYYY-MM-DD``, flags ``true``/``false``.

    Returns
    -------
    pandas.DataFrame
        Typed columns in the order of the file; empty cells are missing values.

    Raises
    ------
    TableError
        If the file cannot be read or breaks the schema; all problems at once.
    """
    cells = _read_cells(Path(path))
    schema = find_schema(name)
    frame, problems = parse_cells(cells, schema)
    problems += find_problems(frame, schema, skip=problems)
    if problems:
        raise TableError(list_problems(f"{len(problems)} problem(s) in {path}:", problems.values()))
    return frame


def _read_cells(path: Path) -> pd.DataFrame:
    """Return all cells as text."""
    lines = _split_lines(path)
    if not lines or not lines[0][1]:
        raise TableError(f"{path}: the file is empty; expected a header line with the column names")
    header = [name.strip() or f"(unnamed {place})" for place, name in enumerate(lines[0][1], 1)]
    problems = list(_find_layout_problems(header, lines))
    if problems:
        raise TableError(list_problems(f"{len(problems)} problem(s) in {path}:", problems))
    return pd.DataFrame([cells for _, cells in lines[1:]], columns=header, dtype=str)


def _split_lines(path: Path) -> list[tuple[int, list[str]]]:
    """Return the cells of each row and the line it ends in; empty lines at the end do not count."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            lines = [(reader.line_num, cells) for cells in reader]
    except FileNotFoundError:
        raise TableError(f"{path}: no such file") from None
    except OSError as error:
        raise TableError(f"{path}: cannot be read ({error.strerror or error})") from None
    except (csv.Error, ValueError) as error:
        raise TableError(f"{path}: not a CSV file in UTF-8 ({error})") from None
    while lines and not lines[-1][1]:
        lines.pop()
    return lines


def _find_layout_problems(header: list[str], lines: list[tuple[int, list[str]]]) -> Iterator[str]:
    """List what keeps each cell from its column and each row from a line of its own."""
    for name in sorted({name for name in header if header.count(name) > 1}):
        yield f"line 1: column {name} stands more than once"
    previous = 0
    for line, cells in lines:
        if line > previous + 1:
            yield f"line {previous + 1}: found a line break inside a cell, expected one line for each row"
        if not cells:
            yield f"line {line}: found an empty line, expected a row"
        elif len(cells) != len(header):
            yield (
                f"line {line}: found {len(cells)} cells, expected {len(header)} as in the header; "
                "a text with a comma in it needs quotes"
            )
        previous = line


class Problems(dict[tuple[str, object], str]):
    """Problems by (column, row index), so that one bad cell is told once."""

    def __add__(self, other: Problems) -> Problems:
        """Return the union; the first message about a cell stays."""
        return Problems({**other, **self})


def parse_cells(cells: pd.DataFrame, schema: pa.DataFrameSchema) -> tuple[pd.DataFrame, Problems]:
    """Turn text cells into the types the schema asks for.

    Parameters
    ----------
    cells : pandas.DataFrame
        Text only.
    schema : pandera.DataFrameSchema
        Names the type of each column; columns it does not know stay text.

    Returns
    -------
    frame : pandas.DataFrame
        Typed; cells that could not be parsed are missing.
    problems : Problems
        Those cells.
    """
    problems = Problems()
    columns: dict[str, pd.Series] = {}
    for name in cells.columns:
        texts = cells[name].str.strip()
        kind = str(schema.columns[name].dtype) if name in schema.columns else "str"
        columns[name], expected = _parse_column(texts, kind)
        for row in texts.index[(texts != "") & columns[name].isna()]:
            problems[name, row] = _tell(row, name, texts[row], expected)
    return pd.DataFrame(columns, index=cells.index), problems


def _parse_column(texts: pd.Series, kind: str) -> tuple[pd.Series, str]:
    """Return typed values and, in words, what was expected."""
    if kind == "bool":
        values = texts.str.lower().map(_FLAGS)
        return (values.astype(bool) if values.notna().all() else values), "true or false"
    if kind.startswith("datetime"):
        days = pd.to_datetime(texts, format="%Y-%m-%d", errors="coerce")
        return days.where(days.between(*_DAYS)).astype("datetime64[ns]"), "a day like 2025-01-31, from 1900 to 2199"
    if kind == "Int64":
        numbers = pd.to_numeric(texts, errors="coerce").astype(float)
        return numbers.where((numbers % 1 == 0) & (numbers.abs() < _LARGEST)).astype("Int64"), "a whole number"
    if kind == "float64":
        return pd.to_numeric(texts, errors="coerce").astype(float), "a number"
    return texts.where(texts != ""), "text"


def find_problems(frame: pd.DataFrame, schema: pa.DataFrameSchema, skip: Problems | None = None) -> Problems:
    """List what in a typed frame breaks its schema.

    Parameters
    ----------
    frame : pandas.DataFrame
        Typed cells.
    schema : pandera.DataFrameSchema
        What is expected.
    skip : Problems, optional
        Cells already reported.

    Returns
    -------
    Problems
        One sentence per broken cell, missing or unexpected column, or doubled key.
    """
    try:
        schema.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        return Problems(_tell_cases(cases, frame, schema, skip or Problems()))
    return Problems()


def _tell_cases(
    cases: pd.DataFrame, frame: pd.DataFrame, schema: pa.DataFrameSchema, skip: Problems
) -> dict[tuple[str, object], str]:
    """Translate pandera's failure cases into sentences."""
    told: dict[tuple[str, object], str] = {}
    for case in cases.itertuples():
        check, column, row = str(case.check), str(case.column), case.index
        if check == "column_in_dataframe":
            missing = str(case.failure_case)
            told[missing, None] = f"column {missing} is missing; expected {', '.join(schema.columns)}"
        elif check == "column_in_schema":
            extra = str(case.failure_case)
            told[extra, None] = f"column {extra} is not known; expected only {', '.join(schema.columns)}"
        elif "unique" in check:
            if row is not None and not pd.isna(row):
                told["key", row] = (
                    f"line {int(row) + _FIRST_LINE}: {_name_key(frame, schema, int(row))} stands more than once"
                )
        elif "dtype" in check and any(column == told_column for told_column, _ in [*skip, *told]):
            continue  # the cells that keep the column from its type are told already
        elif (column, row) not in skip and column in schema.columns:
            told[column, row] = _tell_case(check, column, row, case.failure_case, schema)
    return told


def _name_key(frame: pd.DataFrame, schema: pa.DataFrameSchema, row: int) -> str:
    """Return what names a row, e.g. ``zone DE, year 2025``; empty parts are left out."""
    parts = {name: frame.at[row, name] for name in schema.unique or [] if name in frame}
    return ", ".join(f"{name} {value}" for name, value in parts.items() if not pd.isna(value))


def _tell_case(check: str, column: str, row: object, found: object, schema: pa.DataFrameSchema) -> str:
    if check == "not_nullable":
        return _tell(row, column, "an empty cell", "a value")
    if "dtype" in check:
        return f"column {column}: expected values of type {schema.columns[column].dtype}, found {found}"
    return _tell(row, column, found, check)


def _tell(row: object, column: str, found: object, expected: str) -> str:
    where = f"line {int(row) + _FIRST_LINE}, " if isinstance(row, int | float) and row == row else ""  # noqa: PLR0124
    plain = found.item() if isinstance(found, np.generic) else found
    shown = plain if plain == "an empty cell" else repr(plain)
    return f"{where}column {column}: found {shown}, expected {expected}"
