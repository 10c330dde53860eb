"""Whose gas it is by its wells, with how far that is known: ``trace``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from energyflows.cli._app import Data, Json
from energyflows.errors import OutputError, UnknownNameError, UsageError, list_problems, suggest

if TYPE_CHECKING:
    import pandas as pd

_FILE = (
    "Folder written with --out, its results.nc, or a CSV table of flows with columns from, to and volume (or sent and "
    "received), optionally snapshot. A row from 'production' is what a node produces itself."
)
#: What each kind of flows has no use for, and why.
_USELESS = {
    "results": dict.fromkeys(("production", "residual"), "results hold what is produced and balance already"),
    "observed": {
        **dict.fromkeys(("production", "residual"), "observed flows hold what is produced and balance already"),
        **dict.fromkeys(("scenario", "vertices"), "observed flows are of no scenario and nothing is solved"),
    },
    "table": {
        **dict.fromkeys(("scenario", "vertices"), "a table of flows is of no scenario and nothing is solved"),
        **dict.fromkeys(("storage", "start"), "a table of flows holds no stores that remember"),
        "rule": "rules name links of our network; it works with results and with --year alone",
        "data": "a table of flows needs no other",
    },
}
#: Range, in parts of consumption, below which a figure is identified.
_IDENTIFIED = 0.02
#: What cannot go with flows solved again.
_VERTICES = ("rule", "storage", "coupling")


Year = Annotated[int | None, typer.Option(help="Alone: observed flows of this year. With a file: this year of it.")]
Names = list[str] | None
Origin = Annotated[Names, typer.Option(help="Origin to show; may be repeated.")]
Consumer = Annotated[Names, typer.Option(help="Consumer to show, or EU27; may be repeated.")]
Scenario = Annotated[Names, typer.Option(help="Scenario of the results; may be repeated.")]
Volume = Annotated[bool, typer.Option("--volume", help="Show volumes instead of shares.")]
Storage = Annotated[str | None, typer.Option(help="What leaves stores first: mixed, fifo or lifo.")]
Coupling = Annotated[
    str | None, typer.Option(help="direct: own output mixes with transit; aggregated: it serves own demand first.")
]
Start = Annotated[
    str | None,
    typer.Option(help="What stores hold at first. chained: as the first year ends; cyclic: as the last one does."),
]
Rule = Annotated[
    Names,
    typer.Option(help="Rule that gas of a link counts as of an origin; may be repeated; 'list' shows them."),
]
Vertices = Annotated[
    int | None,
    typer.Option(min=1, help="Range over flows of nearly the same cost instead: how many to seek by chance."),
]
Production = Annotated[Path | None, typer.Option(help="CSV of what nodes produce: node, volume, optionally snapshot.")]
Residual = Annotated[
    str | None, typer.Option(help="Gas that leaves a node without having entered it: refuse, show or scale.")
]
Out = Annotated[Path | None, typer.Option(help="New folder for CSV tables.")]


def trace(
    file: Annotated[Path | None, typer.Argument(metavar="FILE|DIR", help=_FILE)] = None,
    year: Year = None,
    origin: Origin = None,
    consumer: Consumer = None,
    scenario: Scenario = None,
    volume: Volume = False,
    storage: Storage = None,
    coupling: Coupling = None,
    start: Start = None,
    rule: Rule = None,
    vertices: Vertices = None,
    production: Production = None,
    residual: Residual = None,
    out: Out = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Trace flows to the wells: whose gas each consumer burns, and between which bounds."""
    from energyflows import console

    if rule and "list" in rule:
        _list_rules(data, json=json)
        return
    given = {
        "storage": storage,
        "coupling": coupling,
        "start": start,
        "rule": rule,
        "vertices": vertices,
        "production": production,
        "residual": residual,
        "scenario": scenario,
        "data": data,
    }
    kind = _find_kind(file, year)
    _check(kind, given)
    if out is not None:
        console.check_folder(out)
    options: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    options |= {name: [*dict.fromkeys(value)] for name, value in (("origin", origin), ("consumer", consumer)) if value}
    options["brief"] = out is None and not json
    found, told = _measure(kind, file, year, options)
    found = _finish(found, origin, consumer)
    if out is not None:
        console.write_tables(out, {"traced": found})
    if json:
        console.write_json({**told, **console.list_rows({"traced": found})})
    else:
        console.print_traced(found, told, list(dict.fromkeys(origin or ())), volume=volume)


def _find_kind(file: Path | None, year: int | None) -> str:
    """Say what is to be traced."""
    if file is None:
        if year is None:
            raise UsageError("found nothing to trace; give a folder of results, a CSV table of flows, or --year 2023")
        return "observed"
    if not file.exists():
        raise OutputError(f"{file}: no such file or folder; expected results written with --out, or a CSV of flows")
    return "results" if file.is_dir() or _is_netcdf(file) else "table"


def _is_netcdf(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            first = opened.read(4)
    except OSError as error:
        raise OutputError(f"{file}: cannot be read ({error.strerror or error})") from None
    return file.suffix == ".nc" or first == b"\x89HDF" or first[:3] == b"CDF"


def _check(kind: str, given: dict[str, Any]) -> None:
    """Refuse options that do not go together, all at once, before anything is read."""
    from energyflows.tracing._options import COUPLING, find_wrong_words
    from energyflows.tracing._starting import START
    from energyflows.tracing._tanks import STORAGE

    allowed = {
        "storage": tuple(STORAGE),
        "coupling": COUPLING,
        "start": tuple(START),
        "residual": ("refuse", "show", "scale"),
    }
    words = {name: (given[name], known) for name, known in allowed.items() if given[name] is not None}
    problems = [f"--{sentence}" for sentence in find_wrong_words(**words)]
    problems += [f"--{name}: {why}" for name, why in _USELESS[kind].items() if given[name] is not None]
    if given["vertices"] is not None and kind == "results":
        problems += [
            f"--{name}: flows solved again are traced mixed, direct and without rules; leave it or --vertices out"
            for name in _VERTICES
            if given[name] is not None
        ]
    if problems:
        raise UsageError(list_problems("this cannot be traced so:", problems))


def _measure(
    kind: str, file: Path | None, year: int | None, options: dict[str, Any]
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return what each consumer got of each origin, and what is to be told of it."""
    if kind == "table" and file is not None:
        from energyflows.cli._tracing_tables import trace_table

        return trace_table(file, year, options)
    from energyflows.cli._tracing_results import trace_observed, trace_results
    from energyflows.datasets import load_tables

    tables = load_tables(options.get("data"))
    if file is None:
        return trace_observed(year, tables, options)
    return trace_results(file, year, tables, options)


def _finish(found: pd.DataFrame, origins: list[str] | None, consumers: list[str] | None) -> pd.DataFrame:
    """Return rows of consumers asked for with shares and tags; refuse names there are not."""
    problems = []
    for name, wanted in (("origin", origins), ("consumer", consumers)):
        known = list(dict.fromkeys(found[name]))
        problems += [
            f"--{name}: {'no gas comes from' if name == 'origin' else 'nothing is consumed at'} {each!r}"
            f"{suggest(each, known)}; found {', '.join(known)}"
            for each in wanted or ()
            if each not in known
        ]
    if problems:
        raise UnknownNameError(list_problems("this cannot be shown:", problems))
    rows = found[found["consumer"].isin(consumers)] if consumers else found
    if rows.empty:
        raise UsageError("nothing is consumed in these flows, so there is nothing to trace")
    wide = (rows["high"] - rows["low"]) / rows["consumed"]
    tag = wide.lt(_IDENTIFIED).map({True: "identified", False: "bounded"}).mask(wide.isna(), "assumed")
    return rows.assign(share=rows["volume"] / rows["consumed"], tag=tag).reset_index(drop=True)


def _list_rules(data: Path | None, *, json: bool) -> None:
    """Print the rules that may be named."""
    from energyflows import console
    from energyflows.cli._tracing_rules import list_rules
    from energyflows.datasets import load_tables

    rules = list_rules(load_tables(data))
    if json:
        console.print_json({"rules": rules})
    else:
        console.print_routing(rules)
