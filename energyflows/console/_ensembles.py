"""What a sweep of outages and an ensemble print."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from energyflows.console import _terminal
from energyflows.console._terminal import Tables


def print_sweep(summary: Tables, *, kind: str, year: int, resolution: str, top: int, folder: Path | None) -> None:
    """Print the worst outages.

    Parameters
    ----------
    summary : mapping of str to pandas.DataFrame
        From :func:`energyflows.summary.summarise_sweep`.
    kind : str
        What fails.
    year : int
        Modelled.
    resolution : str
        Of the network.
    top : int
        Rows to print.
    folder : Path or None
        Where files were written.
    """
    console = _terminal.open_console()
    outages = summary["outages"]
    console.print(f"energyflows · every outage of {kind} · {year} · {resolution}", style="bold")
    console.print("Each lasts the whole year and is told against the year without it; the rest adapts at least cost.")
    console.print("A supplier loses its deliveries along its routes and by ship, not its home market; XX: others.\n")
    rows = [
        [
            str(row.Index),
            _terminal.show_number(row.unserved_twh, 2),
            _terminal.show_number(row.eu27_unserved_twh, 2),
            _terminal.show_number(row.eu27_given_up_twh, 2),
            _terminal.show_number(row.eu27_price_eur_mwh),
            _terminal.show_number(row.cost_meur, 0),
            row.hurt if row.status == "optimal" else row.status,
        ]
        for row in outages.head(top).itertuples()
    ]
    columns = {
        "outage": "left",
        "unserved TWh": "right",
        "EU27": "right",
        "EU27 given up": "right",
        "EU27 price": "right",
        "cost, mn EUR": "right",
        "hurt most": "left",
    }
    caption = (
        "Given up: demand that prices drive out. Price: change of the mean, EUR/MWh. Hurt: TWh unserved or given up."
    )
    title = f"Costliest {len(rows)} of {len(outages)}"
    _terminal.print_table(console, _terminal.make_table(title, columns, rows, caption))
    console.print()
    for line in _list_remarks(outages["cost_meur"]):
        console.print(line)
    failed = outages.index[outages["status"] != "optimal"]
    if len(failed):
        console.print(f"Without solution: {', '.join(map(str, failed))}.")
    _tell_folder(folder, len(summary))


def _list_remarks(cost: pd.Series) -> list[str]:
    """Return what a reader must know about the cost of outages."""
    harmless, cheaper = int((cost.abs() < 1).sum()), cost[cost <= -1]
    remarks = [
        "Cost is that of the whole model, the rest of the world included.",
        f"{harmless} of {len(cost)} change it by less than 1 million EUR.",
    ]
    if len(cheaper):
        remarks.append(f"It falls without {', '.join(cheaper.index)}: a contract or filling target ends with them.")
    return remarks


def print_ensemble(summary: Tables, *, title: str, top: int, folder: Path | None) -> None:
    """Print the zones at risk.

    Parameters
    ----------
    summary : mapping of str to pandas.DataFrame
        From :func:`energyflows.summary.summarise_ensemble`.
    title : str
        First line.
    top : int
        Zones to print.
    folder : Path or None
        Where files were written.
    """
    console = _terminal.open_console()
    counts, zones = summary["ensemble"].iloc[0], summary["zones"]
    console.print(title, style="bold")
    console.print(
        "Intervals in brackets are 95 %, from the number of draws alone; none where draws are not independent"
    )
    console.print("or, for energies, where fewer than ten are short.\n")
    short = zones.iloc[2:][~(zones["lolp"].iloc[2:] <= 0)].sort_values("eens_gwh", ascending=False)
    chosen = pd.concat([zones.iloc[:2], short.head(top)])
    rows = [
        [
            str(row.Index),
            _terminal.show_number(100 * row.lolp, 1, " %"),
            _show_interval(100 * row.lolp_low, 100 * row.lolp_high),
            _terminal.show_number(row.eens_gwh, 1),
            _show_interval(row.eens_low_gwh, row.eens_high_gwh),
            _terminal.show_number(row.unserved_p95_gwh, 1),
            _terminal.show_number(row.given_up_gwh, 0),
            " / ".join(
                _terminal.show_number(p, 0)
                for p in (row.price_p05_eur_mwh, row.price_p50_eur_mwh, row.price_p95_eur_mwh)
            ),
        ]
        for row in chosen.itertuples()
    ]
    columns = {
        "zone": "left",
        "any unserved": "right",
        "interval": "left",
        "expected GWh": "right",
        "interval ": "left",
        "95 % quantile": "right",
        "given up GWh": "right",
        "price 5/50/95 %": "right",
    }
    caption = (
        "Share of draws with any unserved demand in the year; unserved energy a year, its mean and 95 % quantile; mean "
        "demand given up; quantiles over draws of the mean price, EUR/MWh. Prices below zero or at 240 and more come "
        "from contracts that must flow and from steps of demand."
    )
    title = f"Zones at risk, by expected unserved energy: {len(short)} are short in some draw"
    _terminal.print_table(console, _terminal.make_table(title, columns, rows, caption))
    console.print(
        f"\n{counts['solved']} of {counts['draws']} draws have a solution; {counts['checked']} were solved once more "
        f"by plain PyPSA and agree. Engine: {counts['engine']}."
    )
    if counts["solved"] < counts["draws"]:
        console.print("Draws without solution are not averaged away: means are left out, intervals span both outcomes.")
    _tell_folder(folder, len(summary))


def _show_interval(low: float, high: float) -> str:
    return "" if pd.isna(low) or pd.isna(high) else f"({low:,.1f}–{high:,.1f})"


def _tell_folder(folder: Path | None, tables: int) -> None:
    if folder is not None:
        _terminal.open_console().print(f"Written: {folder}/results.nc and {tables} CSV tables.")
