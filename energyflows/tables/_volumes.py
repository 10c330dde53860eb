"""A user's own table of volumes by origin, supplier or route."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from energyflows.errors import TableError, UsageError, list_problems, suggest
from energyflows.tables._spreadsheet import Problem, merge_problems, read_sheet

#: Columns that tell one table of shares from another; further ones are left out unless asked for.
LABELS = frozenset(
    (
        *("account", "area", "buyer", "consumer", "country", "date", "importer", "market", "month", "period"),
        *("region", "reporter", "scenario", "snapshot", "state", "time", "year", "zone"),
    )
)
#: Columns that hold the volume.
VOLUMES = frozenset(("bcm", "gwh", "mcm", "mwh", "pj", "quantity", "share", "tj", "twh", "value", "volume"))
#: Names of sums, which would count all origins twice.
_TOTALS = frozenset(("all", "all partners", "grand total", "sum", "total", "world"))


def read_volumes(
    path: str | Path, dim: str = "origin", *, value: str | None = None, by: Sequence[str] | None = None
) -> tuple[pd.Series, list[str]]:
    r"""Read volumes from a CSV file, a row or a column for each origin.

    Parameters
    ----------
    path : str or Path
        CSV with a header, in one of two forms. Long: a column named ``dim``, one with the volume, and labels. Wide:
        labels, and a column of numbers for each origin.
    dim : str
        What shares are of: origin, route, owner, seller …
    value : str, optional
        Column with the volume of a long table; default the one with a usual name (``twh``, ``bcm``, ``volume`` …).
    by : sequence of str, optional
        Columns each combination of which is a supply of its own; default those with a usual name (``year``,
        ``country``, ``importer`` …).

    Returns
    -------
    volumes : pandas.Series, [unit of the file]
        By label and ``dim``; NaN where a cell is empty. Rows of a long table that agree in all labels are added up.
    notes : list of str
        What was left out, added up or empty.

    Raises
    ------
    TableError
        If the file cannot be read, or a cell is negative, no number or a sum of the others; all problems at once, each
        with its line.
    UsageError
        If a column asked for is not there, or none is told to hold the volume.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "imports.csv"
    ...     text = "year,origin,twh,note\n2024,AZ,10,pipeline\n2024,NO,30,\n"
    ...     _ = file.write_text(text, encoding="utf-8")
    ...     volumes, notes = read_volumes(file)
    >>> volumes.to_dict(), notes
    ({('2024', 'AZ'): 10.0, ('2024', 'NO'): 30.0}, ["column 'note' is left out; --by note keeps it apart"])
    """
    file = Path(path)
    top, cells, problems = read_sheet(file, f"{dim} and volume, or a column for each {dim}")
    problems += [(top, sentence) for sentence in _find_header_problems(cells)]
    _refuse(file, problems)
    cells.columns = pd.Index([_tidy(name) if _tidy(name) in {dim, *LABELS, *VOLUMES} else name for name in cells])
    _refuse_columns(cells, [name for name in (value, *(by or ())) if name is not None])
    labels = [name for name in cells if name in LABELS - {dim, value}] if by is None else list(by)
    if dim in cells:
        return _read_long(file, cells, dim, value or _find_value(file, cells, dim), labels)
    if value is not None:
        raise UsageError(f"{file}: there is a column {value!r} but none named {dim!r}; name it with --dim")
    return _read_wide(file, cells, dim, labels)


def _tidy(name: str) -> str:
    return name.strip().lower().replace(" ", "_")


def _find_header_problems(cells: pd.DataFrame) -> list[str]:
    names = [_tidy(name) for name in cells]
    told = [f"column {place} has no name" for place, name in enumerate(names, 1) if not name]
    return told + [f"column {name} stands more than once" for name in sorted({n for n in names if names.count(n) > 1})]


def _refuse(file: Path, problems: Sequence[Problem]) -> None:
    if problems:
        raise TableError(list_problems(f"{len(problems)} problem(s) in {file}:", merge_problems(problems)))


def _refuse_columns(cells: pd.DataFrame, wanted: Sequence[str]) -> None:
    known = cells.columns.tolist()
    missing = [name for name in wanted if name not in known]
    if missing:
        told = [f"no column {name!r}{suggest(name, known)}" for name in missing]
        raise UsageError(list_problems(f"found columns {', '.join(known)}:", told))


def _find_value(file: Path, cells: pd.DataFrame, dim: str) -> str:
    """Return the one column whose name says that it holds volumes."""
    found = [name for name in cells if name in VOLUMES]
    if len(found) == 1:
        return str(found[0])
    what = f"several columns may hold the volume ({', '.join(found)})" if found else "no column is told to hold volumes"
    raise UsageError(f"{file}: found a column {dim!r} but {what}; choose with --value among {', '.join(cells)}")


def _read_long(
    file: Path, cells: pd.DataFrame, dim: str, value: str, labels: Sequence[str]
) -> tuple[pd.Series, list[str]]:
    wrong = [(line, f"column {dim}: empty") for line in cells.index[cells[dim] == ""]]
    totals = cells.index[cells[dim].str.lower().isin(_TOTALS)]
    wrong += [(line, f"column {dim}: {cells.at[line, dim]!r} is a sum; leave such rows out") for line in totals]
    _refuse(file, wrong + _find_units(cells))
    numbers = _read_numbers(file, cells, [value])
    notes = _tell_left(name for name in cells if name not in {dim, value, *labels})
    keys = [cells[name] for name in (*labels, dim)]
    grouped = numbers[value].groupby(keys if labels else cells[dim], sort=False)
    if int(grouped.size().max()) > 1:
        notes.append(f"rows with the same {', '.join((*labels, dim))} are added up")
    return grouped.sum(min_count=1).where(grouped.count() == grouped.size()), notes + _tell_empty(numbers)


def _find_units(cells: pd.DataFrame) -> list[Problem]:
    """List rows in another unit than the first."""
    if "unit" not in cells:
        return []
    first = cells["unit"].iloc[0]
    told = f"column unit: found several, expected {first!r} as in the first row; convert them"
    return [(line, told) for line in cells.index[cells["unit"] != first]]


def _read_wide(file: Path, cells: pd.DataFrame, dim: str, labels: Sequence[str]) -> tuple[pd.Series, list[str]]:
    rest = cells.drop(columns=list(labels))
    parsed = rest.apply(pd.to_numeric, errors="coerce")
    words = [name for name in rest if parsed[name].isna().all() and (rest[name] != "").any()]
    members = [name for name in rest if name not in words]
    if not members:
        raise UsageError(
            f"{file}: found columns {', '.join(cells)}; expected one named {dim!r} and one with the volume, or a "
            f"column of numbers for each {dim}"
        )
    totals = [name for name in members if name.lower() in _TOTALS]
    if totals:
        raise TableError(f"{file}: column {', '.join(totals)} is a sum of the others; leave it out")
    numbers = _read_numbers(file, cells, members)
    keys = [cells[name] for name in labels]
    rows = pd.MultiIndex.from_arrays(keys) if labels else pd.Index(cells.index.astype(str), name="line")
    if rows.has_duplicates:
        twice = ", ".join(rows[rows.duplicated()].unique()[0])
        raise TableError(f"{file}: several rows for {twice}; add them up, or tell them apart with --by")
    return numbers.set_axis(rows).rename_axis(columns=dim).stack(), _tell_left(words) + _tell_empty(numbers)


def _read_numbers(file: Path, cells: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Return numbers; empty cells are missing, anything else is refused."""
    text = cells[list(columns)]
    numbers = text.apply(pd.to_numeric, errors="coerce").astype(float)
    problems: list[Problem] = []
    for wrong, what in (
        (numbers.isna() & (text != ""), "is no number; take a decimal point and no separators of thousands"),
        (numbers < 0, "is negative; take imports without exports, at least 0"),
        (np.isinf(numbers), "is infinite"),
    ):
        for line, name in wrong.stack()[lambda found: found].index:
            problems.append((line, f"column {name}: {text.at[line, name]!r} {what}"))
    _refuse(file, problems)
    return numbers


def _tell_left(columns: Iterable[str]) -> list[str]:
    return [f"column {name!r} is left out; --by {name} keeps it apart" for name in columns]


def _tell_empty(numbers: pd.DataFrame) -> list[str]:
    count = int(numbers.isna().sum().sum())
    told = "empty: nothing is computed from what they belong to; write 0 for no volume"
    return [f"{count} cell{'s are' if count > 1 else ' is'} {told}"] if count else []
