"""What a cell of a user's observations may hold; each check yields the lines that break it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import pandas as pd

from energyflows.errors import shorten, suggest
from energyflows.tables import Problem, name_lines
from energyflows.units import convert

CONFIDENCE = ("observed", "derived", "estimate")
#: Confidence of a period between others that was not observed.
GAP = "gap"

_VOLUMES = ("bcm", "mcm")
_AMOUNTS = ("TWh", "GWh", "MWh", "TJ", "PJ", *_VOLUMES)
_UNITS = {"flow": (*_AMOUNTS, *(f"{unit}/d" for unit in _AMOUNTS)), "stock": _AMOUNTS, "price": ("EUR/MWh",)}
_PERIOD = re.compile(r"(?:19|20)\d\d(?:Q[1-4]|-(?:0[1-9]|1[0-2]))?", re.ASCII)
_DAY = re.compile(r"(?:19|20)\d\d-\d\d-\d\d", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_FREQUENCIES = {4: "year", 6: "quarter", 7: "month", 10: "day"}
#: pandas' code of each frequency, from the finest.
CODES = {"day": "D", "month": "M", "quarter": "Q", "year": "Y"}
#: TWh or EUR/MWh: twice what Europe uses in a year, and thirty times the highest price of a day.
_LARGEST = 1e4
#: Gross calorific values of natural gas lie within, TWh/bcm.
_CALORIFIC = (8.0, 14.0)
_LEAVE_OUT = "leave the row out where nothing was observed: it is then shown as a gap"


def find_problems(cells: pd.DataFrame) -> list[Problem]:
    """List what in the cells cannot be used without guessing.

    Parameters
    ----------
    cells : pandas.DataFrame
        Text by line; a missing column is not checked.

    Returns
    -------
    list of tuple of (int, str)
        Line and sentence.
    """
    return [problem for needed, check in _CHECKS if needed <= set(cells) for problem in check(cells)]


def find_kind(series: str) -> str:
    """Return whether a series is a ``stock``, a ``price`` or a ``flow``."""
    first = series.casefold().partition(" ")[0]
    return first if first in {"stock", "price"} else "flow"


def find_frequency(period: str) -> str:
    """Return whether a period is a year, quarter, month or day."""
    return _FREQUENCIES[len(period)]


def parse_span(period: str) -> pd.Period:
    """Return the days of a well-formed period."""
    return pd.Period(period, freq=CODES[find_frequency(period)])


def _find_span(period: str, kind: str) -> pd.Period | None:
    """Return the days of a period, or nothing if it is malformed."""
    if not (_DAY if kind == "stock" else _PERIOD).fullmatch(period):
        return None
    try:
        return parse_span(period)
    except ValueError:  # 30 February
        return None


def _check_names(cells: pd.DataFrame) -> Iterator[Problem]:
    for line in cells.index[cells["series"] == ""]:
        yield line, "column series: found an empty cell, expected a name like TAP-IT, stock DE or price TTF"


def _check_periods(cells: pd.DataFrame) -> Iterator[Problem]:
    expected = "a period like 2023, 2023Q2 or 2023-05"
    hints = {"flow": f"{expected}; sum days into months", "price": f"{expected}; take the mean of the days of a month"}
    for line, series, period in zip(cells.index, cells["series"], cells["period"], strict=True):
        kind = find_kind(series)
        if _find_span(period, kind) is not None:
            continue
        wanted = hints.get(kind, expected) if _DAY.fullmatch(period) else expected
        if kind == "stock":
            wanted = "a day like 2023-05-31, at the end of which the stock is measured"
        yield line, f"column period: found {_show(period)}, expected {wanted}"


def _check_frequencies(cells: pd.DataFrame) -> Iterator[Problem]:
    for line, period, found in zip(cells.index, cells["period"], cells["frequency"], strict=True):
        actual = _FREQUENCIES.get(len(period))
        if found and actual and found != actual:
            yield line, f"column frequency: found {_show(found)}, but the period is a {actual}; leave the cell empty"


def _check_units(cells: pd.DataFrame) -> Iterator[Problem]:
    for line, series, unit in zip(cells.index, cells["series"], cells["unit"], strict=True):
        kind = find_kind(series)
        if unit not in _UNITS[kind]:
            hint = suggest(unit, _UNITS[kind])
            yield (
                line,
                f"column unit: found {_show(unit)}, expected for a {kind} one of {', '.join(_UNITS[kind])}{hint}",
            )


def _check_volumes(cells: pd.DataFrame) -> Iterator[Problem]:
    """Refuse a volume without calorific value: a bcm of one source is not a bcm of another."""
    how = "so name its gross calorific value in TWh/bcm in a column gcv, e.g. 10.55, or give energy"
    given = cells["gcv"] if "gcv" in cells else pd.Series("", index=cells.index)
    for line, unit, gcv in zip(cells.index, cells["unit"], given, strict=True):
        if gcv:
            yield from ((line, sentence) for sentence in _judge_gcv(gcv))
        elif unit.removesuffix("/d") in _VOLUMES:
            yield line, f"column unit: found {unit!r}, but a bcm of one source is not a bcm of another, {how}"


def _judge_gcv(gcv: str) -> Iterator[str]:
    lowest, highest = _CALORIFIC
    value = float(gcv) if _NUMBER.fullmatch(gcv) else math.nan
    if not lowest <= value <= highest:
        hint = f"; divide MJ/m³ by 3.6: {value / 3.6:.4g}" if lowest <= value / 3.6 <= highest else ""
        expected = f"a gross calorific value of {lowest:g} to {highest:g} TWh/bcm"
        yield f"column gcv: found {_show(gcv)}, expected {expected}{hint}"


def _check_values(cells: pd.DataFrame) -> Iterator[Problem]:
    for line, series, text, unit in zip(cells.index, cells["series"], cells["value"], cells["unit"], strict=True):
        sentence = _judge_number(text) or _judge_size(float(text), unit, find_kind(series))
        if sentence:
            yield line, f"column value: found {_show(text)}, {sentence}"


def _judge_number(text: str) -> str:
    """Return what is wrong with a number as it is written."""
    if _NUMBER.fullmatch(text):
        return "" if math.isfinite(float(text)) else "expected a finite number"
    if "," in text:
        return "expected a decimal point and no separator of thousands"
    if re.search(r"\d", text):
        return "expected a plain number like 8.1; its unit stands in a column of its own"
    return "expected a finite number" if "inf" in text.casefold() else f"expected a number; {_LEAVE_OUT}"


def _judge_size(value: float, unit: str, kind: str) -> str:
    """Return why no figure of this kind can be this small or large."""
    if kind == "price":
        return f"expected at most {_LARGEST:,.0f} EUR/MWh" if abs(value) > _LARGEST else ""
    if value < 0:
        hint = "; gas that flows the other way is a series of its own, as FR-ES beside ES-FR" if kind == "flow" else ""
        return f"expected a {kind} of at least 0{hint}"
    quantity = unit.removesuffix("/d")
    if quantity in _AMOUNTS and convert(value, quantity, "TWh", gcv=10.55) > _LARGEST:
        return f"expected at most {_LARGEST:,.0f} TWh, twice what Europe uses in a year; check the unit, {unit!r}"
    return ""


def _check_confidence(cells: pd.DataFrame) -> Iterator[Problem]:
    for line, found in cells["confidence"].items():
        if found and found not in CONFIDENCE:
            hint = f"; {_LEAVE_OUT}" if found == GAP else suggest(found, CONFIDENCE)
            yield line, f"column confidence: found {_show(found)}, expected one of {', '.join(CONFIDENCE)}{hint}"


def _check_overlaps(cells: pd.DataFrame) -> Iterator[Problem]:
    """No time may be told twice: neither by two rows of a period nor by a month beside its quarter or year."""
    first: dict[tuple[str, str], int] = {}
    for line, series, period in zip(cells.index, cells["series"], cells["period"], strict=True):
        earlier = first.setdefault((series, period), line)
        if earlier != line and series and period:
            yield line, f"{series} {period} stands more than once, first in line {earlier}; keep one"
    finer: dict[tuple[str, str], list[int]] = {}
    for (series, period), line in first.items():
        for parent in _list_parents(period, find_kind(series)):
            finer.setdefault((series, parent), []).append(line)
    for (series, parent), lines in finer.items():
        if (series, parent) in first:
            told = f"{series} {parent} is told again in {name_lines(lines)} by parts of it; keep one or the other"
            yield first[series, parent], told


def _list_parents(period: str, kind: str) -> list[str]:
    """Return the year, and of a month also the quarter, a period lies in."""
    span = _find_span(period, kind)
    if span is None or kind == "stock" or len(period) == 4:
        return []
    return [str(span.year), f"{span.year}Q{span.quarter}"][: 2 if len(period) == 7 else 1]


def _show(text: str) -> str:
    return repr(shorten(text)) if text else "an empty cell"


_CHECKS = (
    ({"series"}, _check_names),
    ({"series", "period"}, _check_periods),
    ({"period", "frequency"}, _check_frequencies),
    ({"series", "unit"}, _check_units),
    ({"unit"}, _check_volumes),
    ({"series", "value", "unit"}, _check_values),
    ({"confidence"}, _check_confidence),
    ({"series", "period"}, _check_overlaps),
)
