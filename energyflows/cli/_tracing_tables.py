"""A user's own table of flows, traced by both couplings and bounded without any."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from energyflows.errors import TableError, UsageError, list_problems, suggest
from energyflows.tables import Problem, merge_problems, read_sheet

#: Where a row of the flows begins that is what a node produces itself.
SOURCE = "production"
#: Periods of a table without any, and the sum of those of a table with some.
ALL = "all"
_UNITS = {"twh": "TWh", "gwh": "GWh", "mwh": "MWh", "bcm": "bcm", "mcm": "mcm", "tj": "TJ", "pj": "PJ"}
_KNOWN = ("from", "to", "volume", "sent", "received", "snapshot")
_NODES = ("node", "volume", "snapshot")
_POSSIBLE = (
    "the least and the most that any mixing of these very flows allows, each by itself; that the flows may be others "
    "is not in it"
)
_CONVENTION = "own output mixes with transit, or serves own demand first"


def trace_table(file: Path, year: int | None, options: Mapping[str, Any]) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Trace a table of flows.

    Parameters
    ----------
    file : Path
        CSV with columns ``from``, ``to`` and ``volume``, or ``sent`` and ``received``; optionally ``snapshot``.
    year : int or None
        Only snapshots of this year.
    options : mapping of str to Any
        Those given: ``coupling``, ``residual``, ``production``.

    Returns
    -------
    tuple of pandas.DataFrame and dict
        Rows by snapshot (and their sum, named ``all``), consumer and origin, in the unit of the file; and what is to
        be told.

    Raises
    ------
    TableError
        If a file cannot be read.
    UsageError
        If the flows cannot be traced.
    """
    from energyflows.tracing import bound_flows, trace_flows

    flows, unit, notes = _read(file, _KNOWN)
    flows = flows if year is None else _choose_year(flows, year, file)
    flows, own = _split_production(flows)
    given = _read_production(options.get("production"), own, flows)
    coupling, residual = options.get("coupling", "direct"), options.get("residual", "refuse")
    try:
        volume = trace_flows(flows, given, coupling, residual)
        other = trace_flows(flows, given, "aggregated" if coupling == "direct" else "direct", residual)
        low, high = bound_flows(flows, given, residual=residual)
    except UsageError as error:
        raise UsageError(f"{file}: {_tell_options(str(error))}") from None
    outer = {"low": np.minimum(low, volume), "high": np.maximum(high, volume)}
    frames = {
        "volume": volume,
        **outer,
        "convention_low": np.minimum(volume, other),
        "convention_high": np.maximum(volume, other),
    }
    found = _arrange(frames)
    if (volume.columns == "residual").any():
        notes.append("residual: gas that leaves a node without having entered it; whose it is, the table does not say.")
    options_told = {"coupling": coupling, "residual": residual}
    told = {"flows": f"{file}{'' if year is None else f', {year}'}: table of flows", "unit": unit}
    return found, {
        **told,
        "options": options_told,
        "interval": _POSSIBLE,
        "convention": _CONVENTION,
        "notes": notes,
    }


def _read(file: Path, known: tuple[str, ...]) -> tuple[pd.DataFrame, str, list[str]]:
    """Return cells by known column, the unit if a column is named after one, and what was left out."""
    top, cells, problems = read_sheet(file, " and ".join(known[:3]))
    names = ["_".join(name.lower().split()) for name in cells]
    units = [name for name in names if name in _UNITS]
    unit = ""
    if len(units) == 1 and "volume" not in names and "sent" not in names:
        unit, names = _UNITS[units[0]], ["volume" if name == units[0] else name for name in names]
    problems += [(top, f"column {name} stands more than once") for name in known if names.count(name) > 1]
    _refuse(file, problems)
    wanted = [name for name in _list_needed(known, names) if name not in names]
    if wanted:
        raise TableError(f"{file}: no column {', '.join(wanted)}; found {', '.join(cells)}")
    left = [str(old) for old, new in zip(cells, names, strict=True) if new not in known]
    table = cells.set_axis(names, axis=1)[[name for name in names if name in known]]
    table = table.replace("", np.nan) if len(table) else table
    if "snapshot" in table:
        _refuse(file, _find_mixed(table["snapshot"]))
    return table, unit, [f"Left out: column {', '.join(left)}."] if left else []


def _list_needed(known: tuple[str, ...], names: list[str]) -> tuple[str, ...]:
    if known is _NODES:
        return _NODES[:2]
    return ("from", "to", "sent", "received") if {"sent", "received"} & set(names) else _KNOWN[:3]


def _refuse(file: Path, problems: list[Problem]) -> None:
    if problems:
        raise TableError(list_problems(f"{len(problems)} problem(s) in {file}:", merge_problems(problems)))


def _find_mixed(moments: pd.Series) -> list[Problem]:
    """List snapshots that are written in another way than the first: a month beside a year would count twice."""
    forms = moments.dropna().astype(str).str.replace(r"\d", "0", regex=True)
    if forms.nunique() < 2 or not forms.str.match(r"0{4}").any():
        return []
    first = forms.index[0]
    return [
        (line, f"column snapshot: found {moments[line]!r} beside {moments[first]!r}, expected one kind of period")
        for line in forms.index[forms != forms[first]]
    ]


def _choose_year(flows: pd.DataFrame, year: int, file: Path) -> pd.DataFrame:
    if "snapshot" not in flows:
        raise UsageError(f"--year {year}: {file} has no column snapshot to choose it by; leave the file or --year out")
    years = flows["snapshot"].astype(str).str.extract(r"^(\d{4})(?!\d)")[0]
    known = sorted(years.dropna().unique())
    if str(year) not in known:
        raise UsageError(
            f"--year {year}: {file} holds {', '.join(known) or 'no years'}; without a file: observed flows"
        )
    return flows[years == str(year)]


def _split_production(flows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Tell rows of production from flows."""
    if "from" not in flows or "to" not in flows:
        return flows, None
    own = flows["from"].astype(str).str.strip().str.lower() == SOURCE
    if not own.any():
        return flows, None
    rows = flows[own].rename(columns={"to": "node"})
    return flows[~own], rows.rename(columns={"received": "volume"})


def _read_production(
    file: Path | None, own: pd.DataFrame | None, flows: pd.DataFrame
) -> pd.Series | pd.DataFrame | None:
    """Return production as tracing takes it."""
    if file is None:
        if own is None:
            return None
        table, place = own, "rows from 'production'"
    else:
        if own is not None:
            raise UsageError(f"--production {file}: the flows have rows from '{SOURCE}' already; choose one of both")
        table, _, _ = _read(file, _NODES)
        place = str(file)
    _refuse_cells(table, place, flows)
    numbers = table.assign(volume=table["volume"].astype(float))
    if "snapshot" not in table:
        return numbers.groupby("node")["volume"].sum()
    wide = numbers.pivot_table(index="snapshot", columns="node", values="volume", aggfunc="sum")
    return wide if file is not None else wide.reindex(sorted(flows["snapshot"].dropna().unique())).fillna(0.0)


def _refuse_cells(table: pd.DataFrame, place: str, flows: pd.DataFrame) -> None:
    """Refuse production without node, number or period, at nodes the flows do not have."""
    nodes = {str(name) for end in ("from", "to") if end in flows for name in flows[end].dropna()}
    volumes = pd.to_numeric(table["volume"], errors="coerce").astype(float)
    problems: list[Problem] = []
    for wrong, what in (
        (table["node"].isna(), "column node: found an empty cell"),
        (~np.isfinite(volumes), "column volume: found no number"),
        (volumes < 0, "column volume: is negative"),
    ):
        problems += [(line, what) for line in table.index[wrong]]
    problems += [
        (line, f"column node: {name!r} is not in the flows{suggest(str(name), sorted(nodes))}")
        for line, name in table["node"].dropna().items()
        if name not in nodes
    ]
    if "snapshot" in table and "snapshot" not in flows:
        problems.append((int(table.index[0]), "column snapshot: the flows have none"))
    if problems:
        raise UsageError(list_problems(f"{place}: production cannot be used:", merge_problems(problems)))


def _tell_options(text: str) -> str:
    """Put a message of the library into the words of the command."""
    text = re.sub(r"\b(in|,) row(s?) (?=\d)", r"\1 line\2 ", text)
    return re.sub(r"residual='(\w+)'", r"--residual \1", text).replace("or 'scale'", "or --residual scale")


def _arrange(frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return one row for each snapshot, their sum, consumer and origin."""
    parts = {name: _add_sum(frame) for name, frame in frames.items()}
    consumed = parts["volume"].sum(axis=1)
    long = pd.DataFrame({name: part.stack() for name, part in parts.items()})
    rows = long.reset_index()
    rows["consumed"] = consumed.reindex(pd.MultiIndex.from_frame(rows[["snapshot", "consumer"]])).to_numpy()
    # A loop that nothing enters has no origin; it is told by no row.
    return rows[rows["consumed"] > 0].reset_index(drop=True)


def _add_sum(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table by period and consumer, with the sum of all periods first."""
    if "snapshot" not in frame.index.names:
        return pd.concat({ALL: frame}, names=["snapshot"])
    return pd.concat([pd.concat({ALL: frame.groupby("consumer").sum()}, names=["snapshot"]), frame])
