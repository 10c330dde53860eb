"""What a run prints."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from rich.table import Table

from energyflows.console import _terminal
from energyflows.console._accounts import print_cautions, tabulate_accounts
from energyflows.console._metrics import print_explanation, tabulate_areas
from energyflows.console._terminal import Tables
from energyflows.summary import GCV

GROUP_TITLES = {
    "southern-gas-corridor": "Southern Gas Corridor",
    "russian-route": "Russian routes",
}


def print_run(summary: Tables, *, resolution: str, folder: Path | None) -> None:
    """Print the tables of a run.

    Parameters
    ----------
    summary : mapping of str to pandas.DataFrame
        From :func:`energyflows.summarise`.
    resolution : str
        Of the run.
    folder : Path or None
        Where files were written.
    """
    console = _terminal.open_console()
    years = summary["years"]
    span = f"{years.index[0]}–{years.index[-1]}" if len(years) > 1 else str(years.index[0])
    console.print(f"energyflows · reference · {span} · {resolution}", style="bold")
    console.print(f"TWh at gross calorific value, capacity in TWh a year; bcm at {GCV} TWh/bcm; codes are countries.\n")
    _terminal.print_table(console, _tabulate_years(years, summary["metrics"]))
    for year in years.index:
        console.print()
        _terminal.print_table(console, _tabulate_imports(summary["imports"], years, year))
        for group in GROUP_TITLES:
            console.print()
            _terminal.print_table(console, _tabulate_corridors(summary["corridors"], year, group))
    console.print()
    _terminal.print_table(console, tabulate_areas(summary["metrics"], years.index[-1]))
    console.print()
    print_explanation(console, "areas")
    for origin in summary["accounts"]["origin"].unique():
        console.print()
        _terminal.print_table(console, tabulate_accounts(summary["accounts"], years.index[-1], str(origin)))
    console.print()
    print_cautions(console)
    console.print()
    for line in _list_remarks(summary):
        console.print(line)
    if folder is not None:
        console.print(f"Written: {folder}/results.nc and {len(summary)} CSV tables.")


def _tabulate_years(years: pd.DataFrame, metrics: pd.DataFrame) -> Table:
    columns = {"": "left", **dict.fromkeys(map(str, years.index), "right")}
    price = years["price_nl_eur_mwh"]
    stock, seen = years["eu27_stock_1_nov_twh"], years["eu27_stock_1_nov_observed_twh"]
    volume = years["eu27_working_volume_twh"]
    mix = metrics[metrics["area"] == "EU27"].set_index("year").reindex(years.index)
    rows = [
        ["EU27 consumption, TWh", *(_terminal.show_number(v) for v in years["eu27_consumed_twh"])],
        ["EU27 consumption, bcm", *(_terminal.show_number(v / GCV) for v in years["eu27_consumed_twh"])],
        ["given up because of price, TWh", *(_terminal.show_number(v, 2) for v in years["eu27_response_twh"])],
        ["unserved in the EU27, TWh", *(_terminal.show_number(v, 2) for v in years["eu27_unserved_twh"])],
        ["unserved anywhere, TWh", *(_terminal.show_number(v, 2) for v in years["all_unserved_twh"])],
        ["EU27 storage at 1 November, TWh", *(_terminal.show_number(v) for v in stock)],
        ["  per cent of working volume", *(_terminal.show_number(100 * v, 1, " %") for v in stock / volume)],
        ["  observed (AGSI)", *(_terminal.show_number(100 * v, 1, " %") for v in seen / volume)],
        ["Dutch price, mean, EUR/MWh", *(_terminal.show_number(v) for v in price)],
        ["  observed (TTF)", *(_terminal.show_number(v) for v in years["price_ttf_observed_eur_mwh"])],
        ["HHI of supply by traced origin", *(_terminal.show_number(v, 3) for v in mix["hhi"])],
        ["  from RU", *(_terminal.show_number(100 * v, 1, " %") for v in mix["ru_share"])],
        ["  from AZ", *(_terminal.show_number(100 * v, 1, " %") for v in mix["az_share"])],
    ]
    return _terminal.make_table("The EU27 in short", columns, rows)


def _tabulate_imports(imports: pd.DataFrame, years: pd.DataFrame, year: int) -> Table:
    chosen = imports[imports["year"] == year]
    rows = [
        [
            _name_entry(row.origin, row.kind),
            _terminal.show_number(row.twh),
            _terminal.show_number(row.bcm),
            _terminal.show_number(100 * row.share, 1, " %"),
            _terminal.show_number(row.observed_twh),
        ]
        for row in chosen.itertuples()
    ]
    for name, part in (("total, net", chosen), ("of which all LNG", chosen[chosen["kind"] == "lng"])):
        figures = [_terminal.show_number(part[column].sum()) for column in ("twh", "bcm")]
        rows.append([name, *figures, _terminal.show_number(100 * part["share"].sum(), 1, " %"), ""])
    rows[-1][-1] = _terminal.show_number(years.at[year, "eu27_lng_observed_twh"])
    columns = {"origin": "left", "TWh": "right", "bcm": "right", "share": "right", "observed TWh": "right"}
    caption = "By the corridor or cargo gas enters by; gas from a neighbour's grid is named after the neighbour."
    return _terminal.make_table(f"EU27 net imports {year}", columns, rows, caption)


def _name_entry(origin: str, kind: str) -> str:
    """Return what a row of the imports table is called."""
    name = "other" if origin == "XX" else origin
    return f"{name} {'LNG' if kind == 'lng' else 'pipeline'}"


def _tabulate_corridors(corridors: pd.DataFrame, year: int, group: str) -> Table:
    chosen = corridors[(corridors["year"] == year) & (corridors["group"] == group)]
    rows = [
        [
            row.link,
            row.name,
            _terminal.show_number(row.twh),
            _terminal.show_number(row.capacity_twh),
            _terminal.show_number(100 * row.utilisation, 0, " %"),
            _terminal.show_number(row.observed_twh, suffix=" e" if row.confidence == "estimate" else ""),
            _terminal.show_number(100 * row.deviation, 1, " %"),
            row.role,
        ]
        for row in chosen.itertuples(index=False)
    ]
    columns = {
        "link": "left",
        "name": "left",
        "TWh": "right",
        "capacity": "right",
        "use": "right",
        "observed": "right",
        "off by": "right",
        "role": "left",
    }
    return _terminal.make_table(f"{GROUP_TITLES[group]} {year}", columns, rows)


def _list_remarks(summary: Tables) -> list[str]:
    """Return what a reader must know before quoting the tables."""
    remarks = [
        "'input': the observed flow bounds the model, its agreement proves nothing. 'free': the model decides.",
        "'e': the observed figure is an estimate.",
    ]
    unused, binding = summary["unused"], summary["binding"]
    if len(unused):
        told = "; ".join(
            f"{r.generator} {r.year}: {r.unused_twh:.1f} of {r.available_twh:.1f}" for r in unused.itertuples()
        )
        remarks.append(f"Delivered or contracted supply the model did not use, TWh: {told}.")
    else:
        remarks.append("All supply that was delivered or contracted is used.")
    short = binding[binding["short_twh"] > 0.1]
    if len(short):
        told = "; ".join(f"{r.link} {r.year}: {r.short_twh:.1f}" for r in short.itertuples())
        remarks.append(f"Contracted or observed flows not reached, TWh short: {told}.")
    bent = summary["bent"].groupby("bus")["year"].agg(["min", "max"])
    if len(bent):
        told = ", ".join(f"{bus} {first}" + f"–{last}" * (first < last) for bus, first, last in bent.itertuples())
        remarks.append(f"A contracted or observed flow pushes prices below zero in some months at: {told}.")
    return remarks
