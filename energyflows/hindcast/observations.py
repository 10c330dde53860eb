"""Observations of a user's own: one CSV file in long format, used with its gaps or refused with all its problems."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from energyflows.errors import TableError, UnknownNameError, UsageError, list_problems, suggest
from energyflows.hindcast._observations_checks import (
    CODES,
    CONFIDENCE,
    GAP,
    find_frequency,
    find_kind,
    find_problems,
    parse_span,
)
from energyflows.hindcast._observations_file import OPTIONAL, REQUIRED, read_cells
from energyflows.tables import merge_problems
from energyflows.units import convert

#: Columns of what is returned, in order.
COLUMNS = ("series", "period", "frequency", "value", "unit", "confidence", "source")


def read_observations(path: str | Path) -> pd.DataFrame:
    r"""Read observations from a CSV file, in the units of the comparison.

    Parameters
    ----------
    path : str or Path
        CSV in UTF-8 with commas and decimal points. Columns ``series``, ``period``, ``value`` and ``unit``; optional
        ``frequency``, ``gcv`` (TWh/bcm), ``confidence``, ``source`` and ``note``. Flows are amounts in TWh, GWh, MWh,
        TJ, PJ, bcm or mcm over a period ``2023``, ``2023Q2`` or ``2023-05``, or its mean per day (``GWh/d``);
        prices (``price TTF``) are means in EUR/MWh; stocks (``stock DE``) are amounts at the end of a day.

    Returns
    -------
    pandas.DataFrame
        Columns ``series, period, frequency, value, unit, confidence, source``: TWh, or EUR/MWh for prices, each
        series in the order of time. A period missing between others of its series is a row without value and with
        confidence ``gap``.

    Raises
    ------
    UsageError
        If the path is no path.
    TableError
        If the file cannot be read, or anything in it cannot be used without guessing; all problems at once.

    Notes
    -----
    A mean rate becomes an amount by the days of its period, :math:`E = \bar r \cdot d`. A volume has no energy until
    the row names its gross calorific value. Periods of a series that overlap are refused: it is not for the reader
    of a file to say which of two figures is right.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "mine.csv")
    ...     _ = file.write_text("series,period,value,unit\nTAP-IT,2023-05,8.1,TWh\nTAP-IT,2023-07,250,GWh/d\n")
    ...     read_observations(file)[["period", "value", "unit", "confidence"]]
        period  value unit confidence
    0  2023-05   8.10  TWh   observed
    1  2023-06    NaN  TWh        gap
    2  2023-07   7.75  TWh   observed
    """
    if not isinstance(path, str | Path):
        raise UsageError(f"observations: found {path!r}, expected the name of a CSV file")
    file = Path(path)
    cells, problems = read_cells(file)
    sentences = merge_problems([*problems, *find_problems(cells)])
    if sentences:
        raise TableError(list_problems(f"{len(sentences)} problem(s) in {file}:", sentences))
    if cells.empty:
        raise TableError(f"{file}: no rows below the header; expected one for each series and period")
    frame = add_gaps(_build_frame(cells, file.name))
    frame.attrs["path"] = str(file)
    return frame


def check_series(observed: pd.DataFrame, known: Iterable[str]) -> None:
    """Refuse observations of series that do not exist.

    Parameters
    ----------
    observed : pandas.DataFrame
        Column ``series``, as from :func:`read_observations`.
    known : iterable of str
        Series that can be compared.

    Raises
    ------
    UnknownNameError
        Naming every unknown series with those like it.

    Examples
    --------
    >>> check_series(pd.DataFrame({"series": ["TAP-IT"]}), ["TAP-IT", "stock DE"])
    """
    names = sorted(set(known))
    rows = observed["series"].value_counts(sort=False)
    unknown = [f"{name!r} ({count} rows){suggest(name, names)}" for name, count in rows.items() if name not in names]
    if unknown:
        where = observed.attrs.get("path", "the observations")
        few = ", ".join(names[:: max(1, -(-len(names) // 5))])
        title = f"{len(unknown)} unknown series in {where}, expected any of {len(names)} such as {few}:"
        raise UnknownNameError(list_problems(title, unknown))


def _build_frame(cells: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return checked cells in the units of the comparison."""
    cells = cells.reindex(columns=[*REQUIRED, *OPTIONAL], fill_value="")
    return pd.DataFrame(
        {
            "series": cells["series"],
            "period": cells["period"],
            "frequency": cells["period"].map(find_frequency),
            "value": [_convert_row(row) for row in cells.itertuples()],
            "unit": ["EUR/MWh" if find_kind(series) == "price" else "TWh" for series in cells["series"]],
            "confidence": cells["confidence"].where(cells["confidence"] != "", CONFIDENCE[0]),
            "source": cells["source"].where(cells["source"] != "", name),
        }
    )


def _convert_row(row: Any) -> float:
    """Return TWh of the period, TWh at the end of the day, or EUR/MWh."""
    value, gcv = float(row.value), float(row.gcv) if row.gcv else None
    if row.unit == "EUR/MWh":
        return value
    if not row.unit.endswith("/d"):
        return float(convert(value, row.unit, "TWh", gcv=gcv))
    span = parse_span(row.period)
    days = ((span + 1).start_time - span.start_time).days
    return float(convert(value * days, row.unit.removesuffix("/d"), "TWh", gcv=gcv))


def add_gaps(frame: pd.DataFrame) -> pd.DataFrame:
    """Return each series in the order of time, with a row for each period missing between others.

    Parameters
    ----------
    frame : pandas.DataFrame
        Observations, columns as in :data:`COLUMNS`.

    Returns
    -------
    pandas.DataFrame
        The same and gaps: no value, confidence ``gap``.
    """
    parts = [_fill_series(rows) for _, rows in frame.groupby("series", sort=False)]
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)]


def _fill_series(rows: pd.DataFrame) -> pd.DataFrame:
    finest = min(rows["frequency"], key=list(CODES).index)
    missing = _find_missing_days(rows["period"]) if finest == "day" else _find_missing_periods(rows["period"], finest)
    gaps = {"series": rows["series"].iat[0], "frequency": finest, "unit": rows["unit"].iat[0], "confidence": GAP}
    extra = [{**gaps, "period": period, "value": math.nan, "source": ""} for period in missing]
    starts = {period: parse_span(period).start_time for period in [*rows["period"], *missing]}
    joined = pd.concat([rows, pd.DataFrame(extra)]) if extra else rows
    return joined.sort_values("period", key=lambda periods: periods.map(starts))


def _find_missing_periods(periods: pd.Series, finest: str) -> list[str]:
    """Return the periods of the finest length, between the first and the last, that no row covers."""
    code = CODES[finest]
    spans = [parse_span(period) for period in periods]
    covered = {part for span in spans for part in pd.period_range(span.start_time, span.end_time, freq=code)}
    return [str(part) for part in pd.period_range(min(covered), max(covered), freq=code) if part not in covered]


def _find_missing_days(periods: pd.Series) -> list[str]:
    """Return the days missing from a regular course of days or of ends of months; none where it has no step."""
    days = pd.DatetimeIndex(periods).sort_values()
    code = "M" if days.is_month_end.all() else "D"
    places = [span.ordinal for span in days.to_period(code)]
    steps = [after - before for before, after in itertools.pairwise(places)]
    step = min(steps, default=1)
    if any(each % step for each in steps):
        return []
    missing = sorted(set(range(places[0], places[-1], step)) - set(places))
    return [f"{pd.Period(ordinal=place, freq=code).end_time:%Y-%m-%d}" for place in missing]
