"""Past years against what was observed: ``hindcast``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from energyflows.cli._app import Data, Foresight, Json, Verbose, Workers, parse_years


def hindcast(
    years: Annotated[str, typer.Option(help="One year, or a range within 2019-2025.")] = "2019-2025",
    pins: Annotated[str, typer.Option(help="on, off or both: whether observed flows bound the model.")] = "both",
    observed: Annotated[
        Path | None, typer.Option(help="CSV of your own observations; only its series are compared.")
    ] = None,
    foresight: Foresight = "year",
    draws: Annotated[
        int, typer.Option(min=0, help="About how many samples of the estimates' ranges to add; 200 take minutes.")
    ] = 0,
    workers: Workers = 1,
    out: Annotated[Path | None, typer.Option(help="New folder for CSV tables, results and figures.")] = None,
    data: Data = None,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Solve past years and print how far they are from what was observed, and why."""
    from energyflows.hindcast.running import check_pins, check_years

    listed = check_years(parse_years(years))
    settings = check_pins(("on", "off") if pins == "both" else pins)
    from energyflows import console
    from energyflows.datasets import load_tables
    from energyflows.hindcast import read_observations, run_hindcast, run_uncertainty

    if out is not None:
        console.check_folder(out)
    own = None if observed is None else read_observations(observed)
    tables, bar = load_tables(data), sys.stderr.isatty()
    result = run_hindcast(
        listed, pins=settings, tables=tables, observed=own, foresight=foresight, progress=bar, verbose=verbose
    )
    if draws:
        drawn = run_uncertainty(listed, size=draws, pins=settings[-1], workers=workers, tables=tables, progress=bar)
        result |= drawn
    no_figures = "" if out is None else console.write_hindcast(out, result)
    if json:
        console.print_json(console.select_tables(result))
    else:
        console.print_hindcast(result, folder=out, no_figures=no_figures)
        if draws:
            console.print_uncertainty(result, years=years, pins=settings[-1])
