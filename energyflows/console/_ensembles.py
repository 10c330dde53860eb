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
    console.print("Each lasts the whole year and is told against the year without it; the rest adapts at least cost.\n")
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
    _terminal.print_table(console, _terminal.make_table(f"Worst {len(rows)} of {len(outages)}", columns, rows, caption))
    harmless = int((outages["cost_meur"].abs() < 1).sum())
    console.print(f"\n{harmless} of {len(outages)} change the cost by less than 1 million EUR.")
    failed = outages.index[outages["status"] != "optimal"]
    if len(failed):
        console.print(f"Without solution: {', '.join(map(str, failed))}.")
    _tell_folder(folder, len(summary))


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
    console.print("Intervals in brackets are 95 %, from the number of draws alone.\n")
    chosen = pd.concat([zones.iloc[:1], zones.iloc[1:].sort_values(["lolp", "eens_gwh"], ascending=False).head(top)])
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
    _terminal.print_table(console, _terminal.make_table("Zones at risk", columns, rows))
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
