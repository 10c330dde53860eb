"""Results side by side, claims held against them, and the form of a scenario file."""

from __future__ import annotations

import json as text
import sys
from pathlib import Path
from typing import Annotated

import typer

from energyflows.cli._app import Data, Json, Workers
from energyflows.cli._describing import compare_all


def compare(
    paths: Annotated[
        list[Path], typer.Argument(metavar="DIR|FILE...", help="Folders written with --out, or their results.nc.")
    ],
    reference: Annotated[
        str | None, typer.Option(help="Scenario to compare with; default 'reference', else the first.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="New folder for CSV tables.")] = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Put results side by side, against the reference."""
    from energyflows import console
    from energyflows.cli._opening import open_side_by_side

    if out is not None:
        console.check_folder(out)
    results = open_side_by_side(paths)
    names = [str(name) for name in results["scenario"].to_numpy()]
    chosen = reference or ("reference" if "reference" in names else names[0])
    from energyflows.datasets import load_tables

    tables = compare_all(results, load_tables(data), chosen)
    if out is not None:
        console.write_tables(out, tables)
    if json:
        console.print_json(tables)
    else:
        console.print_comparison(tables, title=f"energyflows · {len(names)} scenarios against {chosen}")


def claims(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[DIR|FILE]...", help="Results to judge by; default: all that is needed is run."),
    ] = None,
    workers: Workers = 1,
    out: Annotated[Path | None, typer.Option(help="New folder for CSV tables.")] = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Hold the claims C1 to C14 against numbers."""
    from energyflows import console
    from energyflows.cli._opening import open_parts

    if out is not None:
        console.check_folder(out)
    results = open_parts(paths) if paths else None
    from energyflows.claims import judge_claims
    from energyflows.datasets import load_tables

    tables = judge_claims(results, tables=load_tables(data), workers=workers, progress=sys.stderr.isatty())
    if out is not None:
        console.write_tables(out, tables)
    if json:
        console.print_json(tables)
    else:
        console.print_claims(tables)


def schema() -> None:
    """Print the JSON schema of scenario and study files, for editors that complete and check."""
    from energyflows.scenarios import export_schema

    typer.echo(text.dumps(export_schema(), indent=1))
