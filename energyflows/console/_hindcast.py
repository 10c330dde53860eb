"""What a hindcast prints and writes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from energyflows.console import _terminal
from energyflows.console._folder import fill_folder
from energyflows.console._hindcast_tables import list_tables
from energyflows.errors import UsageError
from energyflows.hindcast import GROUPS
from energyflows.results import write_results

_TABLES = ("pairs", "scores", "groups", "years", "worst", "spreads", "excluded")
#: Tables that are there if the ranges of the inputs were drawn.
_DRAWN = ("bands", "effects", "coverage", "runs")


def select_tables(result: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    """Return the tables of a hindcast without its results."""
    return {name: result[name] for name in (*_TABLES, *_DRAWN) if name in result}


def write_hindcast(folder: Path, result: Mapping[str, Any]) -> str:
    """Write tables, results and figures into a new folder, which appears only when complete.

    Parameters
    ----------
    folder : Path
        As checked by :func:`energyflows.console.check_folder`.
    result : mapping
        From :func:`energyflows.run_hindcast`.

    Returns
    -------
    str
        Why there are no figures; empty if there are.

    Raises
    ------
    OutputError
        If it cannot be written; nothing is left behind.
    """
    with fill_folder(folder) as aside:
        for name, frame in select_tables(result).items():
            frame.to_csv(aside / f"{name}.csv", index=False)
        for name in _list_results(result):
            write_results(result[name], aside / f"{name}.nc")
        return _draw(result, aside)


def _list_results(result: Mapping[str, Any]) -> list[str]:
    return [name for name in result if name.startswith("results_")]


def _draw(result: Mapping[str, Any], folder: Path) -> str:
    from energyflows.plot import plot_hindcast

    try:
        plot_hindcast(result, folder)
    except UsageError as error:
        return str(error)
    return ""


def print_hindcast(result: Mapping[str, Any], *, folder: Path | None, no_figures: str = "") -> None:
    """Print how far the model is from what was observed.

    Parameters
    ----------
    result : mapping
        From :func:`energyflows.run_hindcast`.
    folder : Path or None
        Where files were written.
    no_figures : str
        Why there are no figures among them.
    """
    console = _terminal.open_console()
    pairs = result["pairs"]
    years = sorted(pairs["year"].unique())
    span = f"{years[0]}–{years[-1]}" if len(years) > 1 else str(*years)
    console.print(f"energyflows · hindcast · {span} · monthly", style="bold")
    console.print(
        "Pins on: observed landings, exits of routes and LNG by supplier bound the model. Pins off: they do not;"
    )
    console.print(
        "supply by route is given in both. Figures of 2019–2022 are calibrated on, those of 2023–2025 held out.\n"
    )
    for table in list_tables(result, [int(year) for year in years]):
        _terminal.print_table(console, table)
        console.print()
    for line in _list_remarks(result):
        console.print(line)
    if folder is not None:
        named = ", ".join(f"{name}.nc" for name in _list_results(result))
        drawn = f"; no figures: {no_figures}" if no_figures else " and figures"
        console.print(f"Written: {folder}/ with {named}, {len(_TABLES)} CSV tables{drawn}.")


def _list_remarks(result: Mapping[str, Any]) -> list[str]:
    """Return what a reader must know before quoting the tables."""
    scores, pairs = result["scores"].query("year == 0"), result["pairs"]
    remarks = []
    for pins, rows in scores.groupby("pins", sort=False):
        given = rows[rows["role"] == "input"]
        whole = [GROUPS[name] for name, own in rows.groupby("group", sort=False) if (own["role"] == "input").all()]
        told = f", all of: {'; '.join(whole)}" if whole else ""
        remarks.append(f"Input, not scored, with pins {pins}: {given['series'].nunique()} series{told}.")
    remarks.append("Stocks on 31 December are inputs, in each country. Supply by route and demand are always given.")
    if (scores["role"] == "circular").any():
        remarks.append("Circular: prices, because the LNG price of the same year (JKM) is an input.")
    gaps = pairs[pairs["observed"].isna()].drop_duplicates(["series", "period"])
    if len(gaps):
        remarks.append(f"Gaps in the observations: {len(gaps)} periods of {gaps['series'].nunique()} series.")
    for reason, rows in result["excluded"].groupby("reason", sort=False):
        remarks.append(f"Not compared: {', '.join(rows['series'])}: {reason}.")
    return remarks
