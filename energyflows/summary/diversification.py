"""Metrics of all members of the EU as a page of the documentation.

``python -m energyflows.summary.diversification`` solves the years and writes the page anew.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd
import xarray as xr

from energyflows.datasets import load_tables
from energyflows.metrics import n_minus_1_table, residual_supply_table
from energyflows.running import run
from energyflows.summary._areas import EU
from energyflows.summary._metrics import summarise_metrics

PAGE = Path(__file__).resolve().parents[2] / "docs" / "diversification.md"
#: Before the war, and the last year observed.
YEARS = (2021, 2025)
#: First year solved: stores remember what they were filled with.
FIRST = 2019
SUPPLIER = "RU"
#: How full storages are, as Annex II of Regulation (EU) 2017/1938 asks.
FILLS = (1.0, 0.3)
_INTRODUCTION = """# Diversification and dependence of the EU, 2021 and 2025

Made by `python -m energyflows.summary.diversification` from the reference of the packaged tables: the years from 2019
on are solved as observed, so that stores remember what they were filled with. `energyflows run --years 2019-2025`
prints most of it; `ef.summary.summarise_metrics(results)` returns it. [metrics.md](metrics.md) has the formulas.

| column | meaning |
|---|---|
| TWh | consumption in the model |
| HHI | of supply over origins, own production among them; suppliers is its inverse, their effective number |
| from RU, as LNG | Russian share, and the part of it that came by ship |
| of HHI | Russian contribution to the HHI, the square of the share |
| residual | what all origins but Russia could bring, as a multiple of the year's demand; below 1 Russia is pivotal |
| imported | net imports over consumption; below zero for net exporters, below what mixing tells where stores empty |
| SCI | sum of squares of what traced origins outside the European Economic Area supply, over consumption |
| N−1 | peak demand that technical capacity less the largest import point or terminal could meet |

How to read it:

* Origins are traced by proportional mixing ([tracing.md](tracing.md)): gas mixes wherever it meets. That is a
  convention, one account of several. Where several routes reach a country at nearly the same cost, as in the Balkans
  and around the Alps, the flows are one solution of many, and shares may differ by tens of points. A country that
  exports also consumes what passes through it: Denmark, a net exporter, is told as burning Norwegian gas, which its
  own gas could replace.
* A year solved alone knows nothing of what stores held before. The Russian share of 2025 is then 10.1 % instead of 11.7
  % in the EU27, and 4 instead of 22 % in Austria, whose stores were filled with Russian gas until 2024.
* LNG lands as countries report it by supplier, of the nearest year with a report, fitted to what the model ships and
  lands; terminals whose country reports no suppliers (Germany, Malta) land the mix that is left, and none lands what
  its law bars. The column 'as LNG' says how much of a share rests on this.
* Residual supply is an upper bound: the largest flow through technical capacities from what other origins have
  available over a year, as if nobody else wanted any. Seasons, storage and prices are left out.
* N−1 counts capacity, whether or not there is gas to fill it. Several points of one border count as one installation;
  storage and production are no single installations here. Peak days are estimates ([data.md](data.md)).
* Monthly means hide days on which gas flows the other way."""
_GROUPS = """## Risk groups

N−1 of the risk groups of Annex I of Regulation (EU) 2017/1938, with storages full and at 30 % (table `risk_groups`).
How to read it:

* The lists are those of Delegated Regulation (EU) 2022/517, in force from 21 April 2022, for both years.
* A group is one area here: only entries from outside it count, and gas reaches every member within. Its peak is the sum
  of its members' peaks. A figure above 100 % says nothing about a member behind a narrow border.
* Members of the EU outside the group count as its neighbours: what they can send is entry, and so is LNG.
* The installation that fails is the largest import point or terminal, not the supplier or way the group is named for.
* Gas is of one quality in the model: the group of low-calorific gas is told as if it burnt any gas.
* Withdrawal falls with the fill: at 30 % it is taken as 65 % of the greatest, an assumption (range 45 to 85 %).
* Countries without demand in the model are left out: Cyprus, a member of the group Eastern Mediterranean."""


def describe_page(tables: Mapping[str, pd.DataFrame] | None = None) -> str:
    """Return the page of the documentation on diversification by country.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame, optional
        From :func:`energyflows.load_tables`; default the packaged tables.

    Returns
    -------
    str
        Markdown.
    """
    given = load_tables() if tables is None else tables
    results = solve_years(given)
    lines = [_INTRODUCTION]
    for year, table in measure_years(results, given).groupby("year"):
        lines += ["", f"## {year}", "", *list_lines(table)]
    lines += ["", _GROUPS, "", *list_group_lines(measure_groups(results, given))]
    return "\n".join([*lines, ""])


def solve_years(tables: Mapping[str, pd.DataFrame]) -> xr.Dataset:
    """Return the results the page is about.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        From :func:`energyflows.load_tables`.

    Returns
    -------
    xarray.Dataset
        Of all years from 2019 on, as observed.
    """
    return run(years=(FIRST, YEARS[-1]), tables=tables)


def measure_years(results: xr.Dataset, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the metrics of the years of the page, with residual supply.

    Parameters
    ----------
    results : xarray.Dataset
        From :func:`solve_years`.
    tables : mapping of str to pandas.DataFrame
        From :func:`energyflows.load_tables`.

    Returns
    -------
    pandas.DataFrame
        As :func:`energyflows.summary.summarise_metrics`, with column ``residual_supply`` (1; of a country without
        Russian gas; missing for the EU27).
    """
    table = summarise_metrics(results, tables)
    residual = residual_supply_table(results, SUPPLIER).rename(columns={"country": "area"})
    table = table.merge(residual[["year", "area", "residual_supply"]], on=["year", "area"], how="left")
    return table[table["year"].isin(YEARS)]


def measure_groups(results: xr.Dataset, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the N−1 standard of the risk groups of gas supply in the years of the page.

    Parameters
    ----------
    results : xarray.Dataset
        From :func:`solve_years`.
    tables : mapping of str to pandas.DataFrame
        From :func:`energyflows.load_tables`.

    Returns
    -------
    pandas.DataFrame
        One row per group, year and ``storage_fill`` (1), with ``corridor``, ``members`` (countries with demand, in the
        order of the table) and the columns of :func:`energyflows.metrics.n_minus_1_table`; ``n_minus_1`` (1) is missing
        where a member's peak day is not known.
    """
    groups = tables["risk_groups"]
    with_demand = n_minus_1_table(results, year=YEARS[-1])["region"]
    members = groups[groups["country"].isin(with_demand)].groupby("group", sort=False)["country"].agg(list)
    told = [
        n_minus_1_table(results, regions=members.to_dict(), year=year, storage_fill=fill).assign(storage_fill=fill)
        for year in YEARS
        for fill in FILLS
    ]
    table = pd.concat(told, ignore_index=True).rename(columns={"region": "group"})
    table["n_minus_1"] = table["n_minus_1"].where(table["demand_from"] == "peak_day")
    corridors = groups.drop_duplicates("group").set_index("group")["corridor"]
    return table.assign(corridor=table["group"].map(corridors), members=table["group"].map(members.str.join(" ")))


def list_group_lines(table: pd.DataFrame) -> Iterator[str]:
    """Yield the lines of the table of risk groups.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`measure_groups`.

    Yields
    ------
    str
        Markdown.
    """
    columns = [(year, fill) for year in YEARS for fill in FILLS]
    heads = [f"{year}, {'full' if fill == 1 else f'{100 * fill:.0f} %'}" for year, fill in columns]
    yield f"| corridor | risk group | members with demand | {' | '.join(heads)} | largest in {YEARS[-1]} |"
    yield "|---|---|---|" + "---:|" * len(columns) + "---|"
    for group, rows in table.groupby("group", sort=False):
        figures = rows.set_index(["year", "storage_fill"])["n_minus_1"]
        last = rows.iloc[-1]
        cells = ["–" if pd.isna(figures[key]) else f"{100 * figures[key]:.0f} %" for key in columns]
        yield f"| {last.corridor} | {group} | {last.members} | {' | '.join(cells)} | {last.largest_asset} |"


def list_lines(table: pd.DataFrame) -> Iterator[str]:
    """Yield the lines of a table.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`measure_year`.

    Yields
    ------
    str
        Markdown.
    """
    yield "| area | TWh | HHI | suppliers | largest | from RU | as LNG | of HHI | residual | imported | SCI | N−1 |"
    yield "|---|" + "---:|" * 11
    for row in table.itertuples():
        area = f"**{row.area}**" if row.area == EU else row.area
        figures = [
            f"{row.consumed_twh:,.0f}",
            f"{row.hhi:.3f}",
            f"{row.effective_suppliers:.1f}",
            f"{row.largest_origin} {100 * row.largest_share:.0f} %",
            f"{100 * row.ru_share:.1f} %",
            f"{100 * row.ru_lng_share:.1f} %",
            f"{row.ru_contribution:.3f}",
            "–" if pd.isna(row.residual_supply) else f"{row.residual_supply:.2f}",
            f"{100 * row.import_dependence:.0f} %",
            f"{row.supplier_concentration_index:.3f}",
            "–" if pd.isna(row.n_minus_1) else f"{100 * row.n_minus_1:.0f} %",
        ]
        yield f"| {area} | {' | '.join(figures)} |"


if __name__ == "__main__":
    PAGE.write_text(describe_page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
