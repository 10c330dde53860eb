"""The program, its options, and how years are read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from energyflows.errors import UsageError

app = typer.Typer(
    name="energyflows",
    help="Whose gas Europe depends on, and what changes it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Data = Annotated[
    Path | None, typer.Option("--data", help="Folder with tables of your own; it replaces or adds to ours.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines instead of tables.")]
Out = Annotated[Path | None, typer.Option(help="New folder for results.nc and CSV tables.")]
Workers = Annotated[int, typer.Option(min=1, help="Processes; the numbers do not depend on it.")]
FixedLng = Annotated[
    bool, typer.Option("--fixed-lng", help="Hold each exporter's LNG within 15 % of what it sent to each place.")
]
Foresight = Annotated[
    str, typer.Option(help="year: known when it begins; rolling: decided month by month with what could be expected.")
]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Let PyPSA and the solver report.")]


def parse_years(text: str) -> tuple[int, int]:
    """Read ``2025`` or ``2021-2027``.

    Parameters
    ----------
    text : str
        One year or a range.

    Returns
    -------
    tuple of int
        First and last year.

    Raises
    ------
    UsageError
        If it is neither.

    Examples
    --------
    >>> parse_years("2021-2027")
    (2021, 2027)
    """
    found = re.fullmatch(r"\s*(\d{4})(?:\s*[-:–]\s*(\d{4}))?\s*", text)
    if found is None:
        raise UsageError(f"--years: found {text!r}, expected a year like 2025 or a range like 2021-2027")
    return int(found[1]), int(found[2] or found[1])


def parse_year(text: str) -> int:
    """Read one year.

    Parameters
    ----------
    text : str
        Such as ``2025``.

    Returns
    -------
    int
        The year.

    Raises
    ------
    UsageError
        If it is a range or no year.
    """
    first, last = parse_years(text)
    if first != last:
        raise UsageError(f"--years: found {text!r}, expected one year; draws and outages are of one year each")
    return first
