"""The reference, scenarios or a study: ``run``."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from energyflows.cli._app import Data, Foresight, Json, Out, Verbose, Workers, parse_years
from energyflows.cli._describing import describe, join_iamc, make_iamc
from energyflows.cli._studies import REFERENCE, choose_study
from energyflows.errors import OutputError, UsageError

if TYPE_CHECKING:
    from energyflows.scenarios import Study

Iamc = Annotated[
    Path | None, typer.Option("--iamc", metavar="FILE", help="CSV file in the format of the IAMC, as pyam reads it.")
]
Store = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Folder that keeps finished scenarios; the same command goes on where it ended."),
]
Intervals = Annotated[
    bool,
    typer.Option(
        "--intervals",
        help="Find how far traced origins are known: flows are solved again at nearly the same cost. Takes about ten "
        "seconds for each year and scenario.",
    ),
]
_YEAR = 2025
_RESOLUTION = "monthly"


def run(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[STUDY|SCENARIO]...",
            help="Scenarios ('energyflows list scenarios'; 'a + b' together), or one YAML file. With neither these nor "
            "--years: the article's study.",
        ),
    ] = None,
    years: Annotated[
        str | None, typer.Option(help="One year, or a range like 2021-2027; alone, it solves the reference.")
    ] = None,
    resolution: Annotated[str | None, typer.Option(help="monthly, weekly or daily.")] = None,
    foresight: Foresight = "year",
    final_stocks: Annotated[
        str, typer.Option(help="free: stores may end observed years lower, as in a passing shock; held: they may not.")
    ] = "free",
    workers: Workers = 1,
    store: Store = None,
    out: Out = None,
    iamc: Iamc = None,
    intervals: Intervals = False,
    data: Data = None,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Solve scenarios and compare them with the reference; the reference alone stands beside observed figures."""
    from energyflows.network import build_periods, list_years

    listed = None if years is None else list_years(parse_years(years))
    build_periods(listed or [_YEAR], resolution or _RESOLUTION)
    _check_outputs(out, iamc, store)
    wanted = names or []
    if (wanted or listed) and set(wanted) <= {REFERENCE}:
        if store is not None:
            raise UsageError("--store keeps scenarios; the reference alone needs none")
        settings = {"years": listed or [_YEAR], "resolution": resolution or _RESOLUTION, "foresight": foresight}
        if intervals and foresight != "year":
            raise UsageError(f"--intervals --foresight {foresight}: only years solved as a whole can be solved again")
        _run_reference(settings, intervals=intervals, out=out, iamc=iamc, data=data, json=json, verbose=verbose)
        return
    if foresight != "year":
        raise UsageError(f"--foresight {foresight}: of the reference only; leave scenarios out and give --years")
    study = choose_study(wanted, listed, resolution)
    options = {"workers": workers, "store": store, "final_stocks": final_stocks}
    _run_study(study, options, intervals=intervals, out=out, iamc=iamc, data=data, json=json)


def _check_outputs(out: Path | None, iamc: Path | None, store: Path | None) -> None:
    """Refuse what cannot be written before anything is solved."""
    from energyflows.console import check_folder

    if out is not None:
        check_folder(out)
    if store is not None and out is not None and store.absolute() == out.absolute():
        raise UsageError(f"--store and --out: found {out} for both, expected two folders")
    if iamc is not None and (iamc.is_dir() or not iamc.absolute().parent.is_dir()):
        raise OutputError(f"--iamc {iamc}: cannot be written; expected a file in a folder that exists")


def _run_reference(
    settings: Mapping[str, Any],
    *,
    intervals: bool,
    out: Path | None,
    iamc: Path | None,
    data: Path | None,
    json: bool,
    verbose: bool,
) -> None:
    """Solve the reference and print it, observed figures beside modelled ones."""
    from energyflows import console
    from energyflows.datasets import load_tables

    tables = load_tables(data)
    from energyflows.running import run as run_years
    from energyflows.summary import summarise

    results = run_years(**settings, tables=tables, progress=sys.stderr.isatty(), verbose=verbose)
    networks = _prepare([REFERENCE], settings["years"], settings["resolution"], {}, tables) if intervals else {}
    summary = summarise(results, tables, networks=networks.get(REFERENCE))
    if out is not None:
        console.write_folder(out, results, summary)
    if iamc is not None:
        console.write_table(iamc, make_iamc({REFERENCE: results}, tables)[REFERENCE])
    if json:
        console.print_json(summary)
    else:
        console.print_run(summary, resolution=settings["resolution"], folder=out)


def _run_study(
    study: Study,
    options: Mapping[str, Any],
    *,
    intervals: bool,
    out: Path | None,
    iamc: Path | None,
    data: Path | None,
    json: bool,
) -> None:
    """Solve the scenarios of a study and print each part, compared with the reference."""
    from energyflows import console
    from energyflows.datasets import load_tables

    tables = load_tables(data)
    from energyflows.running import run_study
    from energyflows.scenarios import list_runs

    try:
        results = run_study(study, **options, progress=sys.stderr.isatty(), tables=tables)
    except KeyboardInterrupt:
        typer.echo(_tell_resume(options["store"]), err=True)
        raise
    told = {}
    for part in study.parts:
        networks = None
        if intervals:
            settings = {"final_stocks": options["final_stocks"]}
            networks = _prepare(list_runs(study, part), part.years, part.resolution, settings, tables)
        told[part.name] = describe(results[part.name], tables, networks=networks, workers=options["workers"])
    exchanged = {} if out is None and iamc is None else make_iamc(results, tables)
    if out is not None:
        console.write_study(out, results, told, exchanged)
    if iamc is not None:
        console.write_table(iamc, join_iamc(exchanged))
    if json:
        rows = {part: console.list_rows(frames) for part, frames in told.items()}
        console.write_json(next(iter(rows.values())) if len(rows) == 1 else rows)
    else:
        _print_parts(study, told, out)


def _prepare(
    scenarios: Sequence[Any], years: Any, resolution: str, settings: Mapping[str, Any], tables: Mapping[str, Any]
) -> dict[str, list[Any]]:
    """Return the unsolved networks of scenarios."""
    from energyflows.running import prepare_networks

    prepared = prepare_networks(scenarios, years, resolution, tables=tables, **settings)
    return {name: [n for n, _ in pairs] for name, pairs in prepared.items()}


def _tell_resume(store: Path | None) -> str:
    if store is None:
        return "nothing is kept; with --store DIR the same command goes on where it was stopped"
    return f"finished scenarios are kept in {store}; the same command goes on from there"


def _print_parts(study: Study, told: Mapping[str, Mapping[str, Any]], folder: Path | None) -> None:
    """Print every part; one without anything to compare as a run."""
    from energyflows import console

    for number, part in enumerate(study.parts):
        if number:
            typer.echo()
        first, last = part.years
        span = str(first) if first == last else f"{first}–{last}"
        title = " · ".join(["energyflows", *_name_part(study, part.name), span, part.resolution])
        if "headline" in told[part.name]:
            console.print_comparison(told[part.name], title=title)
        else:
            console.print_run(told[part.name], resolution=part.resolution, folder=None)
    if folder is not None:
        console.print_written(folder, told)


def _name_part(study: Study, part: str) -> list[str]:
    """Return title of the study and name of the part, as far as they say something."""
    title = study.title or study.name
    return [title, f"part {part}"] if len(study.parts) > 1 else [title]
