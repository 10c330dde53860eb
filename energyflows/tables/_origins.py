"""Which columns and names of a user's table can be origins, and which were counted."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd

from energyflows.tables._spreadsheet import Problem

#: Columns that hold the volume.
VOLUMES = frozenset(
    (
        *("bcm", "gwh", "mcm", "mwh", "percent", "pj", "quantity", "share", "shares", "tj", "twh", "value"),
        *("volume", "volumes"),
    )
)
#: Columns that often name what shares are of; the last one also names where figures are from.
_DIMS = (
    *("country_of_origin", "origin_country", "origin", "origins", "supplier", "suppliers", "supplying_country"),
    *("exporter", "exporting_country", "partner", "partner_country", "seller", "producer", "owner", "route"),
    *("counterparty", "source"),
)
#: Numbers a table has beside its origins.
_FIGURES = frozenset(
    (
        *("capacity", "consumption", "demand", "export", "exports", "flow", "flows", "gdp", "id", "import", "imports"),
        *(
            "index",
            "lat",
            "line",
            "lon",
            "losses",
            "output",
            "row",
            "population",
            "price",
            "production",
            "stock",
            "storage",
            "supply",
        ),
    )
)
#: Words around a figure that do not make an origin of it.
_FILLERS = frozenset(("annual", "domestic", "final", "gas", "gross", "in", "lng", "natural", "net", "of", "own", "the"))
_SUMS = frozenset(("subtotal", "sum", "sums", "total", "totals"))
_GROUPS = frozenset(("all", "all countries", "all origins", "all partners", "all suppliers", "european union", "world"))
#: The EU, its size and what is inside or outside it, as statistics write it.
_UNION = re.compile(r"((extra|intra) ?)?(eu|ea) ?\d{0,2}( ?2020)?")
_VAGUE = re.compile(r"(not (elsewhere )?(specified|known|stated|allocated)|other|others|rest|un(known|specified))\b.*")
#: Origins named in a note.
_NAMED = 12
#: Least number of origins of which one may be told to be the sum of the others.
_LEAST = 3
#: Part of a sum that rounding may change.
_ROUNDING = 1e-3


def tidy(name: str) -> str:
    """Return a header as it is compared: without regard to case and spaces."""
    return "_".join(name.lower().split())


def is_total(name: str) -> bool:
    """Return whether a name says that it holds others.

    Parameters
    ----------
    name : str
        Of a row or column.

    Returns
    -------
    bool
        As its words say; nothing is added up.

    Examples
    --------
    >>> [name for name in ("Total imports", "Extra-EU", "EU27_2020", "TotalEnergies", "AZ") if is_total(name)]
    ['Total imports', 'Extra-EU', 'EU27_2020']
    """
    words = _split(name)
    told = " ".join(words)
    return not _SUMS.isdisjoint(words) or told in _GROUPS or _UNION.fullmatch(told) is not None


def _split(name: str) -> list[str]:
    return re.findall(r"[^\W_]+", name.lower())


def _says(name: str, words: frozenset[str]) -> bool:
    """Return whether a header is one of some words, perhaps with a unit and the like."""
    found = set(_split(name))
    return not words.isdisjoint(found) and found <= words | VOLUMES | _FILLERS


def _find_twins(names: Iterable[str]) -> dict[str, str]:
    """Return names that differ from an earlier one in case and spaces only, with that one."""
    first: dict[str, str] = {}
    spelled = {name: first.setdefault("".join(name.casefold().split()), name) for name in names}
    return {name: earlier for name, earlier in spelled.items() if earlier != name}


def find_name_problems(cells: pd.DataFrame, dim: str, labels: Sequence[str]) -> list[Problem]:
    """List origins that are empty or sums, and names spelled in two ways.

    Parameters
    ----------
    cells : pandas.DataFrame
        Text by line.
    dim : str
        Column of origins.
    labels : sequence of str
        Columns of labels.

    Returns
    -------
    list of tuple of (int, str)
        Line and sentence.
    """
    told = {name: f"{name!r} is a sum or a group of others; leave such rows out" for name in cells[dim].unique()}
    told = {name: text for name, text in told.items() if is_total(name)} | {"": "empty"}
    problems = [(line, f"column {dim}: {told[name]}") for line, name in cells[dim].items() if name in told]
    return problems + find_twin_problems(cells, (dim, *labels))


def find_twin_problems(cells: pd.DataFrame, columns: Sequence[str]) -> list[Problem]:
    """List names that differ from an earlier one in case and spaces only.

    Parameters
    ----------
    cells : pandas.DataFrame
        Text by line.
    columns : sequence of str
        Columns of names.

    Returns
    -------
    list of tuple of (int, str)
        Line and sentence.
    """
    problems = []
    for column in columns:
        twins = _find_twins(cells[column])
        for line, name in cells[column].items():
            if name in twins:
                problems.append((line, f"column {column}: {twins[name]!r} and {name!r} are one name; spell them alike"))
    return problems


def find_unit_problems(cells: pd.DataFrame, unit: str) -> list[Problem]:
    """List rows in another unit than the first.

    Parameters
    ----------
    cells : pandas.DataFrame
        Text by line.
    unit : str
        Column of units.

    Returns
    -------
    list of tuple of (int, str)
        Line and sentence.
    """
    first = cells[unit].iloc[0]
    told = f"column {unit}: found several, expected {first!r} as in the first row; convert them"
    return [(line, told) for line in cells.index[cells[unit].str.lower() != first.lower()]]


def suggest_dims(texts: Iterable[str], value: str | None = None) -> str:
    """Return the options that say which column names the origins.

    Parameters
    ----------
    texts : iterable of str
        Columns of words.
    value : str, optional
        Column of volumes.

    Returns
    -------
    str
        Usual names first.

    Examples
    --------
    >>> suggest_dims(["country", "Supplier"], "amount")
    '--dim Supplier --value amount or --dim country --value amount'
    """
    rank = {name: place for place, name in enumerate(_DIMS)}
    names = sorted(texts, key=lambda name: rank.get(tidy(name), len(rank)))
    further = "" if value is None or tidy(value) in VOLUMES else f" --value {shlex.quote(value)}"
    return " or ".join(f"--dim {shlex.quote(name)}{further}" for name in names)


def find_column_problems(
    members: Sequence[str], texts: Sequence[str], *, labels: Sequence[str], dim: str
) -> Iterator[str]:
    """Yield why columns of numbers cannot each be an origin.

    Parameters
    ----------
    members : sequence of str
        Columns of numbers.
    texts : sequence of str
        Columns of words.
    labels : sequence of str
        Columns that tell supplies apart.
    dim : str
        What each column of numbers would be.

    Yields
    ------
    str
        A sentence, with what to do.
    """
    volumes = [name for name in members if _says(name, VOLUMES)] or (members if len(members) == 1 else [])
    if volumes:
        way = suggest_dims(texts, volumes[0]) or f"add a column {dim!r}"
        yield (
            f"{_name(volumes)}: seems to hold the volumes of several {_pluralise(dim)}; tell which column names them: "
            f"{way}, or leave it out"
        )
    else:
        naming = [name for name in texts if tidy(name) in _DIMS[:-1] and name not in labels]
        if naming:
            way = suggest_dims(naming)
            yield f"{_name(naming)}: seems to name {_pluralise(dim)}; tell so with {way}, or leave it out"
    yield from _find_figures([name for name in members if name not in volumes], labels, dim)


def _find_figures(members: Sequence[str], labels: Sequence[str], dim: str) -> Iterator[str]:
    totals = [name for name in members if is_total(name)]
    figures = [name for name in members if name not in totals and _says(name, _FIGURES)]
    dates = [name for name in members if re.fullmatch(r"(?i)[yq\d\W_]*\d[yq\d\W_]*", name)]
    if totals:
        yield f"{_name(totals)}: a sum or a group of the others; leave it out"
    if figures:
        options = " ".join(f"--by {shlex.quote(name)}" for name in (*labels, *figures))
        yield f"{_name(figures)}: no {dim} by name; leave it out, or keep it as a label with {options}"
    if dates:
        yield f"{_name(dates)}: a date or a number, no {dim}; put each date in a row of its own"


def _name(columns: Sequence[str]) -> str:
    return f"column{'s' * (len(columns) > 1)} {', '.join(columns)}"


def _pluralise(dim: str) -> str:
    return f"{dim[:-1]}ies" if dim.endswith("y") else dim if dim.endswith("s") else f"{dim}s"


def tell_counted(volumes: pd.Series, dim: str, rows: int) -> list[str]:
    """Return notes on which origins were counted.

    Parameters
    ----------
    volumes : pandas.Series
        By label and ``dim``.
    dim : str
        What shares are of.
    rows : int
        Rows of the file.

    Returns
    -------
    list of str
        All of them, then those that may be several or a sum.
    """
    names = volumes.index.get_level_values(dim).unique().tolist()
    shown = ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
    notes = [f"Counted as {_pluralise(dim)}: {shown} ({len(names)}), of {rows} row{'s' * (rows != 1)}"]
    notes += [
        f"{name!r} is counted as one {dim}; if it holds several, supply is less concentrated than told"
        for name in names
        if _VAGUE.fullmatch(" ".join(_split(name)))
    ]
    notes += [
        f"{name!r} is the sum of all others in every supply; if it is a total, leave it out: it counts all twice"
        for name in _find_sums(volumes, dim)
    ]
    return notes


def _find_sums(volumes: pd.Series, dim: str) -> list[str]:
    """Return origins as large as all others together, wherever anything is supplied."""
    table = (volumes.unstack(dim) if volumes.index.nlevels > 1 else volumes.to_frame().T).fillna(0.0)
    table = table[(table > 0).any(axis=1)]
    if table.empty or table.shape[1] < _LEAST:
        return []
    table = table.div(table.max(axis=1), axis=0)  # The sum of very large volumes is no number.
    alike = np.isclose(2 * table, table.sum(axis=1).to_numpy()[:, None], rtol=_ROUNDING, atol=0)
    return [str(name) for name in table.columns[alike.all(axis=0)]]
