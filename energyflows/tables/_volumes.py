"""A user's own table of volumes by origin, supplier or route."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from energyflows.errors import TableError, UsageError, list_problems, suggest
from energyflows.tables._origins import (
    VOLUMES,
    find_column_problems,
    find_name_problems,
    find_twin_problems,
    find_unit_problems,
    suggest_dims,
    tell_counted,
    tidy,
)
from energyflows.tables._spreadsheet import Problem, merge_problems, read_sheet

#: Columns that tell one table of shares from another; further ones are left out unless asked for.
LABELS = frozenset(
    (
        *("account", "area", "buyer", "consumer", "country", "date", "day", "gas_year", "hour", "importer", "market"),
        *("month", "period", "quarter", "region", "reporter", "scenario", "season", "snapshot", "state", "time"),
        *("week", "year", "zone"),
    )
)
#: Columns that tell the unit of a row.
_UNITS = frozenset(("unit", "units"))


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
        What shares are of: origin, route, owner, seller … Case and spaces of columns do not matter.
    value : str, optional
        Column with the volume of a long table; default the one with a usual name (``twh``, ``bcm``, ``volume`` …).
    by : sequence of str, optional
        Columns each combination of which is a supply of its own; default those with a usual name (``year``,
        ``country``, ``importer`` …).

    Returns
    -------
    volumes : pandas.Series, [unit of the file]
        By label and ``dim``; NaN where a cell is empty. Rows of a long table that agree in all labels are added up.
        The name is that of the column with the volume, none for a wide table.
    notes : list of str
        Which origins were counted, and what was left out, added up or empty.

    Raises
    ------
    TableError
        If the file cannot be read or holds no rows, a cell is negative, no number or a sum of the others, units differ,
        or a column of numbers is no origin by its name; all problems at once, each with its line.
    UsageError
        If a column asked for is not there or asked for twice, or none is told to hold the volume.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "imports.csv"
    ...     text = "year,origin,twh,note\n2024,AZ,10,pipeline\n2024,NO,30,\n"
    ...     _ = file.write_text(text, encoding="utf-8")
    ...     volumes, notes = read_volumes(file)
    >>> volumes.to_dict()
    {('2024', 'AZ'): 10.0, ('2024', 'NO'): 30.0}
    >>> print(*notes, sep="\n")
    Counted as origins: AZ, NO (2), of 2 rows
    column 'note' is left out; --by note keeps it apart
    """
    file = Path(path)
    top, cells, problems = read_sheet(file, f"{dim} and volume, or a column for each {dim}")
    problems += [(top, sentence) for sentence in _find_header_problems(cells)]
    _refuse(file, problems)
    if cells.empty:
        raise TableError(f"{file}: found no rows below the header; expected a row for each supply or {dim}")
    cells = cells.rename(columns={name: dim for name in cells if tidy(name) == tidy(dim)})
    value, by = _match_arguments(file, cells, dim, value=value, by=by)
    labels = [name for name in cells if tidy(name) in LABELS and name not in {dim, value}] if by is None else by
    if dim in cells:
        volumes, notes = _read_long(file, cells, dim, value or _find_value(file, cells, dim), labels)
    elif value is not None:
        way = suggest_dims(_find_texts(cells), value) or "the column of origins with --dim"
        raise UsageError(
            f"{file}: there is a column {value!r} but none named {dim!r}; tell which one names them: {way}"
        )
    else:
        volumes, notes = _read_wide(file, cells, dim, labels)
    usual = {name: tidy(name) for name in labels if tidy(name) in LABELS}
    return volumes.rename_axis(index=usual), tell_counted(volumes, dim, len(cells)) + notes


def _find_header_problems(cells: pd.DataFrame) -> list[str]:
    names = [tidy(name) for name in cells]
    told = [f"column {place} has no name" for place, name in enumerate(names, 1) if not name]
    for twice in sorted({name for name in names if name and names.count(name) > 1}):
        spelled = dict.fromkeys(name for name in cells if tidy(name) == twice)
        told.append(f"column {' and '.join(spelled)} stands more than once")
    return told


def _refuse(file: Path, problems: Sequence[Problem]) -> None:
    if problems:
        raise TableError(list_problems(f"{len(problems)} problem(s) in {file}:", merge_problems(problems)))


def _match_arguments(
    file: Path, cells: pd.DataFrame, dim: str, *, value: str | None, by: Sequence[str] | None
) -> tuple[str | None, list[str] | None]:
    """Return columns asked for as the file spells them."""
    spelled = {tidy(name): name for name in cells}
    wanted = [name for name in (value, *(by or ())) if name is not None]
    told = [f"no column {name!r}{suggest(name, cells)}" for name in wanted if tidy(name) not in spelled]
    for name in dict.fromkeys(tidy(name) for name in by or ()):
        if [tidy(each) for each in by or ()].count(name) > 1:
            told.append(f"--by {name} is given more than once; leave one out")
        if name == tidy(dim):
            told.append(f"--by {name}: shares are of {dim}, so it cannot also tell supplies apart; leave one out")
        if value is not None and name == tidy(value):
            told.append(f"--by {name}: it holds the volume, so it cannot also tell supplies apart; leave one out")
    if tidy(dim) in VOLUMES | {""}:
        told.append(f"--dim {dim!r}: expected what shares are of, a column of names such as origin, route or owner")
    if value is not None and tidy(value) == tidy(dim):
        told.append(f"--value {value}: shares are of {dim}, so it cannot also hold the volume")
    if told:
        raise UsageError(list_problems(f"{file}: found columns {', '.join(cells)}:", told))
    return None if value is None else spelled[tidy(value)], None if by is None else [spelled[tidy(name)] for name in by]


def _find_value(file: Path, cells: pd.DataFrame, dim: str) -> str:
    """Return the one column whose name says that it holds volumes."""
    found = [name for name in cells if tidy(name) in VOLUMES]
    if len(found) == 1:
        return str(found[0])
    what = f"several columns may hold the volume ({', '.join(found)})" if found else "no column is told to hold volumes"
    raise UsageError(f"{file}: found a column {dim!r} but {what}; choose with --value among {', '.join(cells)}")


def _find_texts(cells: pd.DataFrame) -> list[str]:
    """Return columns without a number that may name origins."""
    numbers = cells.apply(pd.to_numeric, errors="coerce")
    return [name for name in cells if numbers[name].isna().all() and cells[name].any() and tidy(name) not in _UNITS]


def _read_long(
    file: Path, cells: pd.DataFrame, dim: str, value: str, labels: Sequence[str]
) -> tuple[pd.Series, list[str]]:
    _refuse(file, find_name_problems(cells, dim, labels) + _check_units(cells, labels))
    numbers = _read_numbers(file, cells, [value])
    notes = _tell_left(name for name in cells if name not in {dim, value, *labels})
    keys = [cells[name] for name in (*labels, dim)]
    grouped = numbers[value].groupby(keys if labels else cells[dim], sort=False)
    if int(grouped.size().max()) > 1:
        notes.append(f"rows with the same {', '.join((*labels, dim))} are added up")
    return grouped.sum(min_count=1).where(grouped.count() == grouped.size()), notes + _tell_empty(numbers)


def _check_units(cells: pd.DataFrame, labels: Sequence[str]) -> list[Problem]:
    units = [name for name in cells if tidy(name) in _UNITS and name not in labels]
    return [problem for name in units for problem in find_unit_problems(cells, name)]


def _read_wide(file: Path, cells: pd.DataFrame, dim: str, labels: Sequence[str]) -> tuple[pd.Series, list[str]]:
    texts = _find_texts(cells)
    rest = [name for name in cells if name not in labels]
    left = [name for name in rest if name in texts]
    members = [name for name in rest if name not in texts and tidy(name) not in _UNITS]
    if not members:
        raise UsageError(
            f"{file}: found columns {', '.join(cells)}; expected one named {dim!r} and one with the volume, or a "
            f"column of numbers for each {dim}"
        )
    problems = list(find_column_problems(members, texts, labels=labels, dim=dim))
    if problems:
        title = f"{file}: found columns {', '.join(cells)} and none named {dim!r}, so each of numbers would be one:"
        raise TableError(list_problems(title, problems))
    _refuse(file, _check_units(cells, labels) + find_twin_problems(cells, labels))
    numbers = _read_numbers(file, cells, members)
    keys = [cells[name] for name in labels]
    rows = pd.MultiIndex.from_arrays(keys) if labels else pd.Index(cells.index.astype(str), name="line")
    if rows.has_duplicates:
        twice = ", ".join(rows[rows.duplicated()].unique()[0])
        raise TableError(f"{file}: several rows for {twice}; add them up, or tell them apart with --by")
    return numbers.set_axis(rows).rename_axis(columns=dim).stack(), _tell_left(left) + _tell_empty(numbers)


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
    told = (name for name in columns if tidy(name) not in _UNITS)
    return [f"column {name!r} is left out; --by {name} keeps it apart" for name in told]


def _tell_empty(numbers: pd.DataFrame) -> list[str]:
    count = int(numbers.isna().sum().sum())
    told = "empty: nothing is computed from what they belong to; write 0 for no volume"
    return [f"{count} cell{'s are' if count > 1 else ' is'} {told}"] if count else []
