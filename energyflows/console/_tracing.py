"""Traced gas in a terminal: consumers by origins, no share without the range it may lie in."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from energyflows.console import _terminal
from energyflows.console._metrics import EU

#: Origins shown before those that are larger, where they supply.
_FIRST = ("RU", "AZ")
_SUMS = (
    "'own': the consumer's own output, for the EU27 that of all members; 'rest': all others; both with outer ranges."
)
_OWN, _REST, _BY_RULE = "own", "rest", "by convention"
#: Sum of all snapshots of a table.
_ALL = "all"
#: Consumers shown of several scenarios or years, unless only the first.
_SHOWN = 12
#: Share of own gas above which a consumer outside the EU is only named.
_HOME = 0.995
#: What marks mean where ranges are outer ones, and where they are of the flows looked at.
_BOUNDED = (
    "'=': identified, the range is under 2 % of consumption. Elsewhere the figure follows from the convention.",
    "'none': nothing of it can be there. '(?)': no range is known.",
)
_FOUND = (
    "'=': the range is under 2 % of consumption in the flows looked at; what any mixing allows may be far wider.",
    "'none': nothing of it in the flows looked at. '(?)': no range is known.",
)
#: Range of conventions, in parts of consumption, below which none is told.
_LEAST = 0.01
#: Consumption whose parts are told without decimals.
_LARGE = 100.0
#: Parts of consumption that are rounding.
_ROUNDING = 1e-7
#: Range, in parts of consumption, below which a figure is identified.
_IDENTIFIED = 0.02


class _Figure(NamedTuple):
    """A volume and its range."""

    volume: float
    low: float
    high: float


class _Row(NamedTuple):
    """A consumer: labels, consumption, its origins as a frame, and those that are its own."""

    labels: list[str]
    consumed: float
    origins: pd.DataFrame
    own: list[str]


def print_traced(found: pd.DataFrame, told: Mapping[str, Any], origins: Sequence[str], *, volume: bool) -> None:
    """Print who consumes gas of which origin, and how to read it.

    Parameters
    ----------
    found : pandas.DataFrame
        Rows by ``year`` or ``snapshot``, ``consumer`` and ``origin``, perhaps ``scenario``, with ``volume``, ``low``,
        ``high``, ``convention_low``, ``convention_high`` and ``consumed``.
    told : mapping of str to Any
        ``flows``, ``unit``, ``options``, ``interval``, ``convention``, ``notes``, perhaps ``members`` of the EU.
    origins : sequence of str
        To show; the largest ones that fit if there are none.
    volume : bool
        Show volumes instead of shares.
    """
    console = _terminal.open_console()
    console.print(Text(f"energyflows · trace · {told['flows']}", style="bold"))
    unit = told["unit"] or "the unit of the table"
    what = f"Volumes in {unit}" if volume else "Shares in %"
    codes = "; codes are countries" if told.get("members") else ""
    console.print(
        Text(f"{what} by origin of the gas each consumer burns; in brackets the range it may lie in{codes}.\n")
    )
    rows, left = _choose_rows(found, told.get("members", []), told.get("hidden", 0))
    labels = _list_leads(found) if _are_several(rows) else []
    table = _tabulate(console, rows, labels, list(origins), told, volume=volume)
    _terminal.print_table(console, table)
    console.print()
    for line in (*_explain(told, {str(column.header) for column in table.columns}), *left):
        console.print(Text(line))


def _choose_rows(found: pd.DataFrame, members: Sequence[str], hidden: int) -> tuple[list[_Row], list[str]]:
    """Return the rows to show, and what is said of those that are not."""
    chosen = found[found["snapshot"] == _ALL] if "snapshot" in found else found
    leads = _list_leads(found)
    rows, left = [], []
    for key, part in chosen.groupby([*leads, "consumer"], sort=False):
        consumer = str(key[-1])
        own = list(members) if consumer == EU else [consumer] if members else []
        rows.append(_Row([*map(str, key)], float(part["consumed"].iloc[0]), part.set_index("origin"), own))
    if _are_several(rows):
        consumers = dict.fromkeys(row.labels[-1] for row in rows)
        hidden += 0 if len(consumers) <= _SHOWN else len(consumers) - 1
        if hidden:
            left.append(f"{hidden} more consumers: choose with --consumer, or one table with --scenario and --year.")
        if len(consumers) <= _SHOWN:
            return rows, left
        return [row for row in rows if row.labels[-1] == rows[0].labels[-1]], left
    home = [row for row in rows if members and row.labels[-1] not in members and _is_home(row)]
    if home and len(home) < len(rows):
        left.append(f"Not shown, for they burn hardly anything but their own gas: {_name(home)}.")
        rows = [row for row in rows if not any(row is other for other in home)]
    return rows, left


def _list_leads(found: pd.DataFrame) -> list[str]:
    return [name for name in ("scenario", "year", "snapshot") if name in found]


def _name(rows: Sequence[_Row]) -> str:
    return ", ".join(row.labels[-1] for row in rows)


def _are_several(rows: Sequence[_Row]) -> bool:
    """Return whether rows are of several scenarios or years."""
    return len({tuple(row.labels[:-1]) for row in rows}) > 1


def _is_home(row: _Row) -> bool:
    own = row.origins.loc[row.origins.index.isin(row.own), "low"].sum()
    return bool(own > _HOME * row.consumed)


def _tabulate(
    console: Console,
    rows: list[_Row],
    labels: list[str],
    asked: list[str],
    told: Mapping[str, Any],
    *,
    volume: bool,
) -> Table:
    """Return the table, with as many origins as fit, or all those asked for."""
    ranked = asked or _rank(rows)
    count = len(ranked)
    columns, cells = _fill(rows, labels, ranked, told, volume=volume)
    while count > 1 and not asked and _measure_width(columns, cells) > console.width:
        count -= 1
        columns, cells = _fill(rows, labels, ranked[:count], told, volume=volume)
    return _terminal.make_table("", columns, cells)


def _measure_width(columns: Mapping[str, str], cells: list[list[str]]) -> int:
    """Return how wide a table is, with two spaces between columns."""
    wide = [max(map(len, texts)) for texts in zip(columns, *cells, strict=True)]
    return sum(wide) + 2 * (len(wide) - 1)


def _rank(rows: list[_Row]) -> list[str]:
    """Return origins worth a column, the most telling first: by the first consumer if it is a sum of others."""
    total = pd.concat([row.origins["volume"].drop(row.own, errors="ignore") for row in rows]).groupby(level=0).sum()
    if rows[0].own[1:]:
        total = rows[0].origins["volume"].drop(rows[0].own, errors="ignore")
    found = total[total > 0].sort_values(ascending=False, kind="stable").index.tolist()
    first = [name for name in _FIRST if name in found and rows[0].own]
    return [*first, *(name for name in found if name not in first)] or rows[0].origins.index[:1].tolist()


def _fill(
    rows: list[_Row], labels: list[str], named: list[str], told: Mapping[str, Any], *, volume: bool
) -> tuple[dict[str, str], list[list[str]]]:
    """Return columns and cells."""
    lines = [_split(row, named) for row in rows]
    used = [group for group in (_OWN, _REST) if any(group in line for line in lines)]
    header = told["unit"] or "volume"
    columns = dict.fromkeys([*labels, "consumer"], "name")
    columns |= dict.fromkeys([header, *named, *used, _BY_RULE], "right")
    cells = [
        [
            *(row.labels[:-1] if labels else []),
            row.labels[-1],
            _terminal.show_number(row.consumed),
            *(_show(line.get(name), row.consumed, volume=volume) for name in (*named, *used)),
            _show_conventions(row, volume=volume),
        ]
        for row, line in zip(rows, lines, strict=True)
    ]
    return columns, cells


def _split(row: _Row, named: Sequence[str]) -> dict[str, _Figure]:
    """Return the figures of origins named, of a consumer's own gas and of the rest."""
    frame = row.origins
    groups = {name: [name] for name in named if name in frame.index}
    own = [name for name in frame.index if name in row.own and name not in named]
    rest = [name for name in frame.index if name not in {*named, *own}]
    groups |= {name: members for name, members in ((_OWN, own), (_REST, rest)) if members}
    return {name: _join(frame, members, row.consumed) for name, members in groups.items()}


def _join(frame: pd.DataFrame, members: Sequence[str], consumed: float) -> _Figure:
    """Return several origins as one; what others must have got or left narrows it."""
    inside = frame.loc[list(members)]
    others = frame.drop(list(members))
    total = float(inside["volume"].sum())
    if len(members) == 1:
        return _Figure(total, float(inside["low"].iloc[0]), float(inside["high"].iloc[0]))
    # Where no range is known, nothing is the least and everything the most.
    least, most = (part.fillna({"low": 0.0, "high": consumed}) for part in (inside, others))
    low = max(least["low"].sum(), consumed - most["high"].sum())
    high = min(least["high"].sum(), consumed - most["low"].sum(), consumed)
    return _Figure(total, min(float(low), total), max(float(high), total))


def _show(figure: _Figure | None, consumed: float, *, volume: bool) -> str:
    """Return a figure with its range, rounded outwards."""
    if figure is None:
        return ""
    if figure.high <= _ROUNDING * consumed:
        return "none"
    factor, digits = (1.0, int(consumed < _LARGE)) if volume else (100.0 / consumed, 0)
    middle = _terminal.show_number(factor * figure.volume, digits)
    if math.isnan(figure.low) or math.isnan(figure.high):
        return f"{middle} (?)"
    mark = "=" if figure.high - figure.low < _IDENTIFIED * consumed else ""
    low, high = (_round(factor * value, digits, up) for value, up in ((figure.low, False), (figure.high, True)))
    return f"{middle} ({low}–{high}){mark}"


def _round(value: float, digits: int, up: bool) -> str:  # noqa: FBT001  two directions
    """Return a bound rounded away from the middle, unless what is beyond is rounding itself."""
    scaled = value * 10**digits
    whole = math.ceil(scaled - 1e-4) if up else math.floor(scaled + 1e-4)
    return _terminal.show_number(whole / 10**digits, digits)


def _show_conventions(row: _Row, *, volume: bool) -> str:
    """Name the origin whose figure the convention changes most, and between what."""
    spread = row.origins["convention_high"] - row.origins["convention_low"]
    name = spread.idxmax()
    if spread[name] < _LEAST * row.consumed:
        return "–"
    factor, digits = (1.0, int(row.consumed < _LARGE)) if volume else (100.0 / row.consumed, 0)
    low, high = (
        _round(factor * row.origins.at[name, f"convention_{side}"], digits, side == "high") for side in ("low", "high")
    )
    return f"{name} {low}–{high}"


def _explain(told: Mapping[str, Any], headers: Collection[str]) -> list[str]:
    """Return how to read the table."""
    options = told["options"]
    chosen = ", ".join(f"{name} {value}" for name, value in options.items() if value and isinstance(value, str))
    lines = [
        f"Figure: all gas that meets at a node mixes ({chosen}); a convention, for molecules cannot be told apart.",
        f"(low–high): {told['interval']}.",
        *(_FOUND if told.get("inner") else _BOUNDED),
        f"'{_BY_RULE}': the origin whose figure changes most between conventions, and how far ('–': under 1 %).",
        f"Conventions: {told['convention']}.",
    ]
    if _OWN in headers and not told.get("inner"):
        lines.append(_SUMS)
    elif _REST in headers:
        lines.append("'rest': all other origins, with an outer range.")
    return [*lines, *told["notes"]]


def print_routing(rules: pd.DataFrame) -> None:
    """Print the rules by which gas of a link may count as of an origin.

    Parameters
    ----------
    rules : pandas.DataFrame
        Columns ``rule, zone, origin, value, valid_from, valid_to, source, note``.
    """
    console = _terminal.open_console()
    cells = [
        [str(row.rule), str(row.zone), str(row.origin), _show_span(row.valid_from, row.valid_to), str(row.note)]
        for row in rules.itertuples()
    ]
    columns = {"rule": "name", "link": "name", "counts as": "name", "holds": "name", "note": "left"}
    _terminal.print_table(console, _terminal.make_table("Rules for --rule; none holds by itself", columns, cells))
    console.print()
    console.print("Rules of routing without an origin (gas takes what a partner reports) cannot be traced.")


def _show_span(first: pd.Timestamp, last: pd.Timestamp) -> str:
    begin, end = ("" if pd.isna(day) else f"{day:%Y-%m}" for day in (first, last))
    return f"{begin}–{end}"
