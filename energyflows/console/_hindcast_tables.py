"""The tables of a hindcast in a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
from rich.table import Table

from energyflows.console import _terminal
from energyflows.hindcast import AIMS, GROUPS, SAMPLES

GROUP_TITLES = {**GROUPS, "stocks-large": "  the ten largest stores"}
MEASURES = {
    "error": "error",
    "median_error": "median",
    "worst_error": "worst series",
    "rmse_relative": "RMSE",
    "worst_rmse": "worst RMSE",
}
_LEGEND = (
    "Error: sum of absolute yearly errors over sum observed, of a year observed in part over that part; median: of "
    "that of each series and year. RMSE: over volume, by day."
)
_UNITS = {
    **dict.fromkeys(("stock-eu", "stocks"), "mean TWh; RMSE over volume"),
    "prices": "mean EUR/MWh; RMSE in EUR/MWh",
}
_MISSED = " *"
#: Percentages above this say no more than that.
_MOST = 9.99


def list_tables(result: Mapping[str, Any], years: list[int]) -> Iterator[Table]:
    """Yield the tables of a hindcast.

    Parameters
    ----------
    result : mapping
        From :func:`energyflows.run_hindcast`.
    years : list of int
        Compared.

    Yields
    ------
    rich.table.Table
        Ready to print.
    """
    yield _tabulate_groups(result["groups"], years)
    for pins in result["groups"]["pins"].unique():
        yield _tabulate_years(result["years"], years, str(pins))
    for group in result["scores"]["group"].unique():
        yield _tabulate_series(result["scores"], str(group))
    if len(result["worst"]):
        yield _tabulate_worst(result["worst"])
    levels = list(_list_levels(result, years))
    if levels:
        columns = {"": "left", **{str(year): "right" for year in years}}
        yield _terminal.make_table("Stock of the EU27 and prices, EUR/MWh", columns, levels)


def _tabulate_groups(groups: pd.DataFrame, years: list[int]) -> Table:
    samples = {name: span for name, span in SAMPLES.items() if any(span[0] <= year <= span[1] for year in years)}
    columns = [(str(pins), name) for pins in groups["pins"].unique() for name in samples]
    cells = groups.set_index(["pins", "group", "sample"])
    rows = []
    for group in dict.fromkeys(groups["group"]):
        told = [cells.loc[(pins, group, sample)] for pins, sample in columns]
        aims = [AIMS[group][1][name] for name in samples] if group in AIMS else []
        scores = [_show_score(row) for row in told]
        rows.append([GROUP_TITLES[group], MEASURES[told[0]["measure"]], *scores, _show_aims(aims), _judge(told)])
    heads = [f"{pins}, {samples[name][0]}–{samples[name][1] % 100}" for pins, name in columns]
    layout = {"": "left", "measure": "left", **dict.fromkeys(heads, "right"), "aim": "right", " ": "left"}
    caption = f"*: the aim is missed; input: bounds the model, no score; –: not observed. {_LEGEND}"
    return _terminal.make_table("Errors by group", layout, rows, caption)


def _show_score(row: pd.Series) -> str:
    figure = row[row["measure"]]
    if pd.isna(figure):
        return "input" if row["n_input"] and not row["n"] else "–"
    return _show_share(figure) + (_MISSED if row["met"] is False else "")


def _show_share(figure: float) -> str:
    return f"> {100 * _MOST:.0f} %" if figure > _MOST else _terminal.show_number(100 * figure, 1, " %")


def _show_aims(aims: list[float]) -> str:
    limits = list(dict.fromkeys(f"{100 * aim:.0f} %" for aim in aims))
    return f"≤ {limits[0]}" + "".join(f" [{limit}]" for limit in limits[1:]) if limits else ""


def _judge(rows: list[pd.Series]) -> str:
    known = [row["met"] for row in rows if row["met"] is not None]
    return ("met" if all(known) else "missed") if known else ""


def _tabulate_years(scores: pd.DataFrame, years: list[int], pins: str) -> Table:
    own = scores[scores["pins"] == pins]
    rows = []
    for group, part in own.groupby("group", sort=False):
        cells = part.assign(met=None).set_index("year")
        told = [_show_score(cells.loc[year]) if year in cells.index else "–" for year in years]
        rows.append([GROUP_TITLES[str(group)], MEASURES[part["measure"].iat[0]], *told])
    columns = {"": "left", "measure": "left", **{str(year): "right" for year in years}}
    return _terminal.make_table(f"Errors by year, pins {pins}", columns, rows)


def _tabulate_series(scores: pd.DataFrame, group: str) -> Table:
    own = scores[(scores["group"] == group) & (scores["year"] == 0)]
    settings = own["pins"].unique()
    rows = []
    for series, part in own.groupby("series", sort=False):
        cells = part.set_index("pins")
        free = cells[cells["role"] != "input"]
        told = free.iloc[0] if len(free) else cells.iloc[0]
        figures = [cell for pins in settings for cell in _show_measures(cells, str(pins), group)]
        rows.append([str(series), str(told["n"]), _terminal.show_number(told["observed"]), *figures])
    heads = [f"{pins}: {name}" for pins in settings for name in ("bias", "MAPE", "RMSE", "r")]
    columns = {"series": "left", "n": "right", "observed": "right", **dict.fromkeys(heads, "right")}
    title = GROUPS[group][0].upper() + GROUPS[group][1:]
    return _terminal.make_table(f"{title}: {_UNITS.get(group, 'TWh; RMSE over capacity')}", columns, rows)


def _show_measures(cells: pd.DataFrame, pins: str, group: str) -> list[str]:
    """Return bias, MAPE, RMSE and correlation of a series; a series that bounds the model has none."""
    row = cells.loc[pins] if pins in cells.index else None
    if row is None or row["role"] == "input" or not row["n"]:
        return ["input" if row is not None and row["n"] else "–", "", "", ""]
    spread = _terminal.show_number(row["rmse"]) if group == "prices" else _show_share(row["rmse_relative"])
    correlation = _terminal.show_number(row["correlation"], 2)
    return [_terminal.show_number(row["bias"]), _show_share(row["mape"]), spread, correlation]


def _tabulate_worst(worst: pd.DataFrame) -> Table:
    rows = [
        [
            row.series,
            _terminal.show_number(row.apart_twh),
            _terminal.show_number(row.modelled),
            _terminal.show_number(row.observed),
            f"{row.worst_year} of {row.years}",
            row.reason,
        ]
        for row in worst.itertuples()
    ]
    columns = {
        "series": "left",
        "off by": "right",
        "modelled": "right",
        "observed": "right",
        "worst of years": "right",
        "reason": "left",
    }
    caption = "TWh a year, means over the years observed; of stocks TWh, 'off by' the root mean square."
    return _terminal.make_table(f"Worst {len(rows)} series, pins {worst['pins'].iat[0]}", columns, rows, caption)


def _list_levels(result: Mapping[str, Any], years: list[int]) -> Iterator[list[str]]:
    """Yield rows on the stock of the EU27, the Dutch price and differences from it."""
    settings = result["groups"]["pins"].unique()
    stock = result["years"].query("group == 'stock-eu'")
    for pins, rows in stock.groupby("pins", sort=False):
        told = rows.set_index("year")["rmse_relative"].reindex(years)
        yield [f"stock, RMSE / volume, pins {pins}", *(_terminal.show_number(100 * v, 1, " %") for v in told)]
    prices = result["scores"].query("series == 'price TTF' and year > 0")
    spreads = {str(name): rows for name, rows in result["spreads"].groupby("pair")}
    for name, rows in {"TTF, Dutch price": prices, **spreads}.items():
        digits = 1 if name.startswith("TTF") else 2
        table = rows.set_index(["pins", "year"])
        for number, pins in enumerate(pins for pins in settings if pins in set(rows["pins"])):
            own = table.loc[pins].reindex(years)
            if number == 0:
                yield [f"{name}, observed", *(_terminal.show_number(v, digits) for v in own["observed"])]
            yield [f"  modelled, pins {pins}", *(_terminal.show_number(v, digits) for v in own["modelled"])]
