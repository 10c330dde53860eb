"""One year, solved many times: ``sweep`` and ``ensemble``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from energyflows.cli._app import Data, FixedLng, Json, Out, Workers, parse_year
from energyflows.errors import UsageError


def _begin(years: str, out: Path | None, store: Path | None = None) -> int:
    """Return the year; refuse what can be refused before anything heavy is loaded."""
    from energyflows.console import check_folder

    year = parse_year(years)
    if out is not None:
        check_folder(out)
    if store is not None and out is not None and store.absolute() == out.absolute():
        raise UsageError(f"--store and --out: found {out} for both, expected two folders")
    return year


def _build(year: int, resolution: str, data: Path | None, *, fixed_lng: bool) -> tuple[Any, dict[str, Any]]:
    """Return the network of a counterfactual, and the tables it is made from."""
    from energyflows.datasets import load_tables

    tables = load_tables(data)
    from energyflows.network import build_network, free_destinations

    n = build_network(year, resolution, tables)
    return (n if fixed_lng else free_destinations(n)), tables


def sweep(
    kind: Annotated[
        str, typer.Argument(help="assets (links, storages, suppliers), each of these, zones, pairs, or names: A-B,B-C.")
    ] = "assets",
    years: Annotated[str, typer.Option(help="One year.")] = "2025",
    resolution: Annotated[str, typer.Option(help="monthly, weekly or daily.")] = "monthly",
    workers: Workers = 1,
    top: Annotated[int, typer.Option(min=1, help="Outages to print.")] = 20,
    fixed_lng: FixedLng = False,
    out: Out = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Tell who is hurt if an asset, a supplier or a zone fails: one solve for each."""
    from energyflows.console import print_json, print_sweep, write_folder

    year = _begin(years, out)
    n, tables = _build(year, resolution, data, fixed_lng=fixed_lng)
    from energyflows.ensemble import KINDS, sweep_outages
    from energyflows.summary import summarise_sweep

    names = kind if kind in KINDS or not set(kind) & set("-, ") else [name.strip() for name in kind.split(",")]
    results = sweep_outages(n, names, workers=workers, progress=sys.stderr.isatty())
    summary = summarise_sweep(results, tables)
    if out is not None:
        write_folder(out, results, summary)
    if json:
        print_json(summary)
    else:
        print_sweep(summary, kind=kind, year=year, resolution=resolution, top=top, folder=out)


def ensemble(
    size: Annotated[int, typer.Option(min=1, help="Number of draws.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same draws.")] = 1,
    years: Annotated[str, typer.Option(help="One year.")] = "2025",
    resolution: Annotated[str, typer.Option(help="monthly, weekly or daily.")] = "monthly",
    spec: Annotated[
        Path | None, typer.Option(help="JSON file of what varies; default: the winter stress test.")
    ] = None,
    store: Annotated[Path | None, typer.Option(help="Folder (Zarr) to keep draws in; goes on where it ended.")] = None,
    workers: Workers = 1,
    top: Annotated[int, typer.Option(min=1, help="Zones to print.")] = 15,
    fixed_lng: FixedLng = False,
    out: Out = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Tell how often who is short under many winters, outages and LNG supplies."""
    from energyflows.console import print_ensemble, print_json, read_json, write_folder

    year = _begin(years, out, store)
    given = None if spec is None else read_json(spec)
    n, tables = _build(year, resolution, data, fixed_lng=fixed_lng)
    from energyflows.ensemble import DEFAULT_OUTPUTS, run_ensemble, sample, specify_winter
    from energyflows.summary import SERIES, summarise_ensemble

    days = n.snapshot_weightings["generators"].to_numpy()
    whole = specify_winter(n, tables) if given is None else {"snapshots": n.snapshots, "days": days, **given}
    draws = sample(whole, size, seed)
    results = run_ensemble(
        n, draws, workers=workers, store=store, progress=sys.stderr.isatty(), outputs=[*DEFAULT_OUTPUTS, SERIES]
    )
    summary = summarise_ensemble(results, tables)
    if out is not None:
        write_folder(out, results, summary)
    if json:
        print_json(summary)
    else:
        title = f"energyflows · {size:,} draws, seed {seed} · {spec or 'winter stress test'} · {year} · {resolution}"
        print_ensemble(summary, title=title, top=top, folder=out)
