"""The same verbs in a terminal: ``energyflows run | list | show``."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from energyflows.errors import EnergyFlowsError, UsageError

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


@app.command()
def run(
    years: Annotated[str, typer.Option(help="One year, or a range like 2021-2027.")] = "2025",
    resolution: Annotated[str, typer.Option(help="monthly, weekly or daily.")] = "monthly",
    foresight: Foresight = "year",
    out: Out = None,
    data: Data = None,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Solve the reference and print it, observed figures beside modelled ones."""
    from energyflows.network import build_periods, list_years

    listed = list_years(parse_years(years))
    build_periods(listed, resolution)
    from energyflows.console import check_folder, print_json, print_run, write_folder
    from energyflows.datasets import load_tables

    if out is not None:
        check_folder(out)
    tables = load_tables(data)
    from energyflows.running import run as run_years
    from energyflows.summary import summarise

    results = run_years(
        years=listed,
        resolution=resolution,
        tables=tables,
        foresight=foresight,
        progress=sys.stderr.isatty(),
        verbose=verbose,
    )
    summary = summarise(results, tables)
    if out is not None:
        write_folder(out, results, summary)
    if json:
        print_json(summary)
    else:
        print_run(summary, resolution=resolution, folder=out)


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


@app.command()
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


@app.command()
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


@app.command()
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


@app.command(name="list")
def list_names(
    what: Annotated[str, typer.Argument(help="tables, zones or links.")] = "tables",
    data: Data = None,
    json: Json = False,
) -> None:
    """List tables, zones or links."""
    from energyflows.console import print_list
    from energyflows.datasets import load_tables

    print_list(what, load_tables(data), json=json)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="A table, a zone (TAP, DE) or a link (TANAP-TAP).")],
    data: Data = None,
    json: Json = False,
) -> None:
    """Show a table, a zone or a link: its rows, with their sources."""
    from energyflows.console import print_rows
    from energyflows.datasets import load_tables

    print_rows(name, load_tables(data), json=json)


def main() -> None:
    """Run the command line; mistakes are told in a sentence and end with exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # a letter the terminal lacks is no reason to stop
    try:
        code = app(standalone_mode=False)
    except EnergyFlowsError as error:
        typer.echo(f"error: {error}", err=True)
        code = 2
    except (KeyboardInterrupt, typer.Abort):
        code = 130
    except BrokenPipeError:
        code = 0
    except OSError as error:
        typer.echo(f"error: cannot write the output ({error.strerror or error})", err=True)
        code = 2
    except Exception as error:  # noqa: BLE001  a person at a terminal must never meet a traceback
        code = _tell_other(error)
    if code == 130:
        typer.echo("stopped", err=True)
        _stop_solver()
    sys.exit(code or 0)


def _stop_solver() -> None:
    """Wait for the threads of HiGHS; one that has only just begun would abort the end of the process."""
    if "highspy" in sys.modules:
        wait = True
        sys.modules["highspy"].Highs.resetGlobalScheduler(wait)


def _tell_other(error: Exception) -> int:
    """Tell a mistake in the command's words; anything else is a fault of this program."""
    if hasattr(error, "format_message"):
        text = error.format_message()
        asked = type(error).__name__ == "NoArgsIsHelpError"
        typer.echo(text if asked else f"error: {text.rstrip('.')}; see 'energyflows --help'", err=True)
        return 2
    typer.echo(
        f"internal error: {type(error).__name__}: {error}\nThis is a fault of energyflows, not of your input; "
        "please report it with the command you typed.",
        err=True,
    )
    if {"-v", "--verbose"} & set(sys.argv):
        raise error
    return 1
