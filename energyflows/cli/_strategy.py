"""Who gains from whom, and what coordination would move: ``leverage`` and ``equilibrium``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from energyflows.cli._app import Data, Json, Workers, parse_years
from energyflows.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

Elasticities = Annotated[
    str | None, typer.Option("--elasticity", help="One or several, as -0.18,-0.3; default: the table's range.")
]
ScenarioName = Annotated[str, typer.Option("--scenario", help="World the game is played in.")]
OutTables = Annotated[Path | None, typer.Option("--out", help="New folder for CSV tables.")]
_RIGHTS = ("open", "owner")


def leverage(
    years: Annotated[str, typer.Option(help="One year, or several as 2021,2025.")] = "2025",
    scenario: ScenarioName = "reference",
    players: Annotated[Path | None, typer.Option(help="YAML file with players of your own.")] = None,
    access: Annotated[
        str, typer.Option(help="both; open: third parties have access; owner: who holds a pipeline can refuse.")
    ] = "both",
    elasticity: Elasticities = None,
    routes: Annotated[bool, typer.Option("--routes", help="Also tell what routes are worth; takes longer.")] = False,
    sample: Annotated[int | None, typer.Option(min=4, help="Orders to draw, even; for more than 12 players.")] = None,
    workers: Workers = 1,
    out: OutTables = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Tell what suppliers, transit countries and consumers gain from trade with each other."""
    from energyflows import console

    given = _read_access(access)
    listed = _read_years(years)
    _check_sample(sample)
    if out is not None:
        console.check_folder(out)
    from energyflows.datasets import load_tables
    from energyflows.strategy import measure_leverage, read_players, tabulate_leverage, tabulate_routes, value_routes

    tables = load_tables(data)
    playing = read_players(players)
    _check_number(len(playing), sample)
    settings: dict[str, Any] = {
        "players": playing,
        "access": given,
        "elasticity": _read_elasticities(elasticity, tables),
        "tables": tables,
        "workers": workers,
        "sample": sample,
    }
    networks = {year: _build(year, scenario, tables) for year in listed}
    told: dict[str, list[pd.DataFrame]] = {}
    for year, n in networks.items():
        found = tabulate_leverage(measure_leverage(n, **settings))
        if routes:
            found["routes"] = tabulate_routes(value_routes(n, **settings))
        for name, frame in found.items():
            told.setdefault(name, []).append(frame.assign(year=year))
    import pandas as pd

    joined = {name: pd.concat(frames, ignore_index=True) for name, frames in told.items()}
    if out is not None:
        console.write_tables(out, joined)
    if json:
        console.print_json(joined)
    else:
        title = f"energyflows · leverage of {len(playing)} players · {scenario} · {', '.join(map(str, listed))}"
        console.print_leverage(joined, title=title, folder=out)


def equilibrium(
    years: Annotated[str, typer.Option(help="One year.")] = "2025",
    scenario: ScenarioName = "reference",
    suppliers: Annotated[
        str | None, typer.Option(help="Strategic suppliers, as RU,AZ,NO; default: state exporters.")
    ] = None,
    pair: Annotated[str, typer.Option(help="The two that coordinate; RU,TR lets Türkiye resell.")] = "RU,AZ",
    steps: Annotated[int, typer.Option(min=1, max=100, help="Weights between 0 and 1 to solve for.")] = 4,
    elasticity: Elasticities = None,
    discriminate: Annotated[
        bool, typer.Option("--discriminate", help="Suppliers set a price for each zone; nobody trades between zones.")
    ] = False,
    out: OutTables = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Tell what prices and profits become if suppliers use their weight, alone or together."""
    from energyflows import console

    year, *others = _read_years(years)
    if others:
        raise UsageError(f"--years: found {years!r}, expected one year")
    both = _read_names(pair)
    if len(both) != 2 or both[0] == both[1]:
        raise UsageError(f"--pair: found {pair!r}, expected two different suppliers such as RU,AZ")
    if out is not None:
        console.check_folder(out)
    from energyflows.cli._describing import group_zones
    from energyflows.datasets import load_tables

    tables = load_tables(data)
    n = _build(year, scenario, tables)
    from energyflows.strategy import compare_conduct

    told = compare_conduct(
        n,
        both,
        area=group_zones(tables)["EU27"],
        suppliers=None if suppliers is None else _read_names(suppliers),
        elasticities=_read_elasticities(elasticity, tables),
        weights=[step / steps for step in range(steps + 1)],
        arbitrage=not discriminate,
        tables=tables,
    )
    if out is not None:
        console.write_tables(out, told)
    if json:
        console.print_json(told)
    else:
        title = f"energyflows · conduct of {' and '.join(both)} · {scenario} · {year}"
        console.print_conduct(told, title=title, folder=out)


def _build(year: int, scenario: str, tables: Any) -> Any:
    """Return the network of a year and a scenario, without what holds pipelines to observed flows."""
    from energyflows.hindcast import release
    from energyflows.network import build_network
    from energyflows.scenarios import apply, get_scenario

    chosen = get_scenario(scenario)
    return apply(build_network(year, "monthly", release(tables, ships=False)), chosen)


def _read_years(text: str) -> list[int]:
    """Return single years, in the order given."""
    spans = [parse_years(each) for each in text.split(",")]
    years = [first for first, last in spans if first == last]
    if len(set(years)) < len(spans):
        raise UsageError(f"--years: found {text!r}, expected single years such as 2021,2025, each once")
    return years


def _check_sample(sample: int | None) -> None:
    if sample is not None and sample % 2:
        raise UsageError(f"--sample: found {sample}, expected an even number: each order is played with its reverse")


def _check_number(players: int, sample: int | None) -> None:
    from energyflows.strategy._coalitions import MOST

    if players > MOST and sample is None:
        raise UsageError(f"--players: found {players}, expected at most {MOST}; or sample orders with --sample 200")


def _read_access(text: str) -> list[str]:
    if text != "both" and text not in _RIGHTS:
        raise UsageError(f"--access: found {text!r}, expected both, open or owner")
    return [text] if text in _RIGHTS else list(_RIGHTS)


def _read_names(text: str) -> list[str]:
    """Return names between commas."""
    return [name for name in re.split(r"[,\s]+", text.strip()) if name]


def _read_elasticities(text: str | None, tables: Any) -> list[float]:
    """Return elasticities between commas, by default the middle and both ends of the table."""
    from energyflows.strategy import check_elasticity, read_elasticity

    if text is None:
        return sorted(read_elasticity(tables))
    try:
        given = [float(each) for each in _read_names(text)]
    except ValueError:
        raise UsageError(f"--elasticity: found {text!r}, expected numbers below zero such as -0.18,-0.3") from None
    if not given or len(set(given)) < len(given):
        raise UsageError(f"--elasticity: found {text!r}, expected one number or several different ones")
    return sorted(check_elasticity(value) for value in given)
