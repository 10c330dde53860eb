"""Column kinds shared by the table schemas."""

from __future__ import annotations

from collections.abc import Sequence

import pandera.pandas as pa

#: How sure a figure is: read in a source, computed from such figures, or estimated (then with a range).
CONFIDENCE = ("observed", "derived", "estimate")


def text(*, among: Sequence[str] | None = None, optional: bool = False, pattern: str | None = None) -> pa.Column:
    """Return a text column; empty cells only if ``optional``."""
    checks = []
    if among is not None:
        checks.append(pa.Check.isin(list(among), error=f"one of {', '.join(among)}"))
    if pattern is not None:
        checks.append(pa.Check.str_matches(pattern, error=f"text of the form {pattern}"))
    return pa.Column(str, checks, nullable=optional, coerce=False)


def number(*, least: float | None = 0.0, most: float | None = None, optional: bool = False) -> pa.Column:
    """Return a column of finite numbers within inclusive bounds."""
    checks = [pa.Check(lambda values: values.abs() < float("inf"), error="a finite number")]
    if least is not None:
        checks.append(pa.Check.ge(least, error=f"a number of at least {least:g}"))
    if most is not None:
        checks.append(pa.Check.le(most, error=f"a number of at most {most:g}"))
    return pa.Column(float, checks, nullable=optional, coerce=True)


def positive() -> pa.Column:
    """Return a column of finite numbers above zero."""
    return pa.Column(
        float,
        [pa.Check.gt(0.0, error="a number above 0"), pa.Check.lt(float("inf"), error="a finite number")],
        coerce=True,
    )


def whole(*, least: int, most: int, optional: bool = False) -> pa.Column:
    """Return a column of whole numbers within inclusive bounds."""
    return pa.Column(
        "Int64",
        [pa.Check.in_range(least, most, error=f"a whole number from {least} to {most}")],
        nullable=optional,
        coerce=True,
    )


def flag() -> pa.Column:
    """Return a column of ``true`` and ``false``."""
    return pa.Column(bool, coerce=False)


def date(*, optional: bool = False) -> pa.Column:
    """Return a column of days, ``YYYY-MM-DD``."""
    return pa.Column("datetime64[ns]", nullable=optional, coerce=False)


def year(*, optional: bool = False) -> pa.Column:
    """Return a column of calendar years."""
    return whole(least=1990, most=2060, optional=optional)


def passport(*, dated: bool = False) -> dict[str, pa.Column]:
    """Return the columns that say where a figure is from, and when it holds if ``dated``."""
    columns = {
        "source": text(),
        "confidence": text(among=CONFIDENCE),
        "low": number(least=None, optional=True),
        "high": number(least=None, optional=True),
    }
    if dated:
        columns |= {"valid_from": date(optional=True), "valid_to": date(optional=True)}
    return columns | {"note": text(optional=True)}


def second(figure: str, *, ranged: bool = False, optional: bool = False) -> dict[str, pa.Column]:
    """Return the passport of a figure that is not the main one of its row, e.g. of a tariff beside a capacity."""
    columns = {
        f"{figure}_source": text(optional=optional),
        f"{figure}_confidence": text(among=CONFIDENCE, optional=optional),
    }
    if ranged:
        columns |= {f"{figure}_low": number(optional=True), f"{figure}_high": number(optional=True)}
    return columns
