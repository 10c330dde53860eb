"""How tables look in a terminal, and the folder a run writes."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import xarray as xr
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from energyflows.errors import OutputError, UnknownNameError, UsageError
from energyflows.results import write_results
from energyflows.summary import ALL_LNG, GCV

Tables = Mapping[str, pd.DataFrame]

GROUP_TITLES = {
    "southern-gas-corridor": "Southern Gas Corridor",
    "russian-route": "Russian routes",
}
#: Columns of a table that fit a terminal; ``--json`` and the CSV files have all of them.
SHOWN_COLUMNS = {
    "zones": ["zone", "name", "kind", "country", "eu", "note"],
    "pipelines": ["pipeline", "capacity_gwh_d", "tariff_eur_mwh", "status", "valid_from", "valid_to", "source"],
    "lng_terminals": ["terminal", "zone", "sendout_gwh_d", "status", "valid_from", "valid_to", "confidence", "source"],
    "lng_suppliers": ["bus", "pool", "year", "twh", "min_twh", "max_twh", "confidence", "source"],
    "storages": ["zone", "working_volume_twh", "injection_gwh_d", "withdrawal_gwh_d", "valid_from", "source"],
    "production": ["zone", "kind", "year", "twh", "low", "high", "confidence", "source"],
    "demand_annual": ["zone", "year", "twh", "low", "high", "peak_day_gwh_d", "confidence", "source"],
    "demand_profile": ["zone", "year", "month", "share", "confidence", "source"],
    "supply": ["route", "tier", "year", "twh", "low", "high", "cost_eur_mwh", "follows", "source"],
    "contracts": ["contract", "buyer", "link", "annual_twh", "take_or_pay", "start", "end", "label", "source"],
    "ownership": ["asset", "owner", "owner_country", "share", "valid_from", "valid_to", "confidence", "source"],
    "rules": ["rule", "kind", "origin", "zone", "value", "unit", "active", "valid_from", "source"],
    "observed_imports": ["importer", "origin", "kind", "period", "twh", "confidence", "source"],
    "observed_flows": ["series", "period", "twh", "confidence", "source"],
    "observed_storage": ["zone", "date", "twh", "confidence", "source"],
    "prices": ["hub", "period", "eur_mwh", "confidence", "source"],
    "parameters": ["parameter", "value", "unit", "low", "high", "source"],
    "sources": ["source", "title", "publisher", "url"],
}
#: Columns in which other tables name a zone or a link.
_ZONE_COLUMNS = ("zone", "from", "to", "bus", "pool", "importer")
_LINK_COLUMNS = ("pipeline", "link", "series", "follows")


#: Words longer than this may be broken to make a table fit.
_LONGEST_WORD = 24


def open_console() -> Console:
    """Return a console on standard output that takes text as it is, not as markup."""
    return Console(width=None if sys.stdout.isatty() else 120, highlight=False, emoji=False, markup=False)


def make_table(title: str, columns: Mapping[str, str], rows: list[list[str]], caption: str | None = None) -> Table:
    """Return a rich table.

    Parameters
    ----------
    title : str
        Heading.
    columns : mapping of str to str
        Justification (``left`` or ``right``) by header.
    rows : list of list of str
        Cells.
    caption : str, optional
        Line below.

    Returns
    -------
    rich.table.Table
        Ready to print.
    """
    table = Table(
        title=Text(title),
        caption=Text(caption) if caption else None,
        title_justify="left",
        caption_justify="left",
        box=None,
        pad_edge=False,
    )
    for header, justify in columns.items():
        texts = [header, *(row[len(table.columns)] for row in rows)]
        right = justify == "right"
        table.add_column(
            Text(header),
            justify="right" if right else "left",
            no_wrap=right,
            overflow="fold",
            min_width=max(map(cell_len, texts)) if right else _measure_words(texts),
        )
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _measure_words(texts: list[str]) -> int:
    """Return the length of the longest word, or that at which words may be broken."""
    return min(_LONGEST_WORD, max(cell_len(word) for text in texts for word in text.split() or [""]))


def print_table(console: Console, table: Table) -> None:
    """Print a table with all its columns, on longer lines than the console has if it must.

    A narrower table would lose columns without a word.
    """
    least = sum(column.min_width or 0 for column in table.columns) + 2 * (len(table.columns) - 1)
    kept = console.width
    console.width = max(kept, least)
    console.print(table)
    console.width = kept


def show_number(value: float, digits: int = 1, suffix: str = "") -> str:
    """Return a number as text; a dash where there is none.

    Examples
    --------
    >>> show_number(1234.56), show_number(float("nan")), show_number(-0.004, 2, " %")
    ('1,234.6', '–', '0.00 %')
    """
    return "–" if pd.isna(value) else f"{round(value, digits) + 0.0:,.{digits}f}{suffix}"


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
    console = open_console()
    years = summary["years"]
    span = f"{years.index[0]}–{years.index[-1]}" if len(years) > 1 else str(years.index[0])
    console.print(f"energyflows · reference · {span} · {resolution}", style="bold")
    console.print(f"TWh at gross calorific value; bcm at {GCV} TWh/bcm; observed figures beside modelled ones.\n")
    print_table(console, _tabulate_years(years))
    for year in years.index:
        console.print()
        print_table(console, _tabulate_imports(summary["imports"], year))
        for group in GROUP_TITLES:
            console.print()
            print_table(console, _tabulate_corridors(summary["corridors"], year, group))
    console.print()
    for line in _list_remarks(summary):
        console.print(line)
    if folder is not None:
        console.print(f"Written: {folder}/results.nc and {len(summary)} CSV tables.")


def _tabulate_years(years: pd.DataFrame) -> Table:
    columns = {"": "left", **dict.fromkeys(map(str, years.index), "right")}
    price = years["price_nl_eur_mwh"]
    stock, seen = years["eu27_stock_1_nov_twh"], years["eu27_stock_1_nov_observed_twh"]
    volume = years["eu27_working_volume_twh"]
    rows = [
        ["EU27 consumption, TWh", *(show_number(v) for v in years["eu27_consumed_twh"])],
        ["EU27 consumption, bcm", *(show_number(v / GCV) for v in years["eu27_consumed_twh"])],
        ["given up because of price, TWh", *(show_number(v, 2) for v in years["eu27_response_twh"])],
        ["unserved in the EU27, TWh", *(show_number(v, 2) for v in years["eu27_unserved_twh"])],
        ["unserved anywhere, TWh", *(show_number(v, 2) for v in years["all_unserved_twh"])],
        ["EU27 storage at 1 November, TWh", *(show_number(v) for v in stock)],
        ["  per cent of working volume", *(show_number(100 * v, 1, " %") for v in stock / volume)],
        ["  observed (AGSI)", *(show_number(100 * v, 1, " %") for v in seen / volume)],
        ["Dutch price, mean, EUR/MWh", *(show_number(v) for v in price)],
        ["  observed (TTF)", *(show_number(v) for v in years["price_ttf_observed_eur_mwh"])],
    ]
    return make_table("The EU27 in short", columns, rows)


def _tabulate_imports(imports: pd.DataFrame, year: int) -> Table:
    chosen = imports[imports["year"] == year]
    rows = [
        [
            _name_entry(row.origin, row.kind),
            show_number(row.twh),
            show_number(row.bcm),
            show_number(100 * row.share, 1, " %"),
            show_number(row.observed_twh),
        ]
        for row in chosen.itertuples()
    ]
    total = chosen.loc[chosen["origin"] != ALL_LNG[0], ["twh", "bcm"]].sum()
    rows.insert(-1, ["total, net", show_number(total["twh"]), show_number(total["bcm"]), "100.0 %", ""])
    columns = {"origin": "left", "TWh": "right", "bcm": "right", "share": "right", "observed TWh": "right"}
    caption = "By the corridor or cargo gas enters by; gas from a neighbour's grid is named after the neighbour."
    return make_table(f"EU27 net imports {year}", columns, rows, caption)


def _name_entry(origin: str, kind: str) -> str:
    """Return what a row of the imports table is called."""
    if (origin, kind) == ALL_LNG:
        return "of which all LNG"
    return f"{origin} {'LNG' if kind == 'lng' else 'pipeline'}"


def _tabulate_corridors(corridors: pd.DataFrame, year: int, group: str) -> Table:
    chosen = corridors[(corridors["year"] == year) & (corridors["group"] == group)]
    rows = [
        [
            row.link,
            row.name,
            show_number(row.twh),
            show_number(row.capacity_twh),
            show_number(100 * row.utilisation, 0, " %"),
            show_number(row.observed_twh, suffix=" e" if row.confidence == "estimate" else ""),
            show_number(100 * row.deviation, 1, " %"),
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
    return make_table(f"{GROUP_TITLES[group]} {year}", columns, rows)


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
    buses = ", ".join(sorted(set(summary["bent"]["bus"])))
    if buses:
        remarks.append(f"A contracted or observed flow pushes prices below zero at: {buses}.")
    return remarks


def print_json(content: Tables) -> None:
    """Print tables as one JSON object: a list of rows by table name, missing figures as null."""
    rows = {
        name: json.loads(
            (frame.reset_index() if frame.index.name else frame).to_json(orient="records", date_format="iso")
        )
        for name, frame in content.items()
    }
    sys.stdout.write(json.dumps(rows, indent=1, ensure_ascii=not _takes_any_letter()) + "\n")


def _takes_any_letter() -> bool:
    return "utf" in (sys.stdout.encoding or "").lower()


def print_list(what: str, tables: Tables, *, json: bool) -> None:
    """Print the names of tables, zones or links.

    Parameters
    ----------
    what : {"tables", "zones", "links"}
        Kind of names.
    tables : mapping of str to pandas.DataFrame
        From :func:`energyflows.load_tables`.
    json : bool
        For machines.

    Raises
    ------
    UsageError
        For any other word.
    """
    if what == "tables":
        passports = [tables[name].attrs.get("provenance", {}) for name in tables]
        frame = pd.DataFrame(
            {
                "table": list(tables),
                "rows": [len(table) for table in tables.values()],
                "about": [str(passport.get("title", "")) for passport in passports],
            }
        )
    elif what == "zones":
        frame = tables["zones"][["zone", "name", "kind", "eu"]]
    elif what == "links":
        frame = tables["pipelines"].drop_duplicates("pipeline")[["pipeline", "name", "from", "to", "group"]]
    else:
        raise UsageError(f"list: found {what!r}, expected tables, zones or links")
    if json:
        print_json({what: frame})
    else:
        _print_frame(f"{len(frame)} {what}", frame)


def print_rows(name: str, tables: Tables, *, json: bool) -> None:
    """Print a table, or the rows of all tables that speak of a zone or a link, with the sources they cite.

    Parameters
    ----------
    name : str
        A table, zone or link.
    tables : mapping of str to pandas.DataFrame
        From :func:`energyflows.load_tables`.
    json : bool
        For machines.

    Raises
    ------
    UnknownNameError
        If there is nothing of that name.
    """
    found = find_rows(name, tables)
    cited = {key for frame in found.values() if "source" in frame for key in frame["source"].dropna()}
    sources = tables["sources"][tables["sources"]["source"].isin(cited)]
    if json:
        print_json({**found, "sources": sources})
        return
    for table, frame in found.items():
        columns = [column for column in SHOWN_COLUMNS[table] if column in frame and frame[column].notna().any()]
        hidden = int(frame.notna().any().sum()) - len(columns)
        more = f"; {hidden} more columns with --json" if hidden else ""
        _print_frame(f"{table}: {len(frame)} rows{more}", frame[columns])
    if cited:
        _print_frame(f"{len(sources)} sources", sources[SHOWN_COLUMNS["sources"]])


def find_rows(name: str, tables: Tables) -> dict[str, pd.DataFrame]:
    """Return the rows about a name, by table.

    Parameters
    ----------
    name : str
        A table, zone or link.
    tables : mapping of str to pandas.DataFrame
        From :func:`energyflows.load_tables`.

    Returns
    -------
    dict of str to pandas.DataFrame
        Rows of every table that has some.

    Raises
    ------
    UnknownNameError
        If there is nothing of that name; names like it are offered.
    """
    if name.lower() in tables:
        return {name.lower(): tables[name.lower()]}
    zones, links = set(tables["zones"]["zone"]), set(tables["pipelines"]["pipeline"])
    if name.upper() not in zones | links:
        from difflib import get_close_matches

        near = get_close_matches(name.upper(), [*sorted(zones | links), *(table.upper() for table in tables)], n=4)
        close = [word.lower() if word.lower() in tables else word for word in near]
        hint = f"; did you mean {', '.join(close)}?" if close else "; see 'energyflows list tables|zones|links'"
        raise UnknownNameError(f"nothing is called {name!r}{hint}")
    columns = _ZONE_COLUMNS if name.upper() in zones else _LINK_COLUMNS
    found = {}
    for table, frame in tables.items():
        hit = frame[[column for column in columns if column in frame]].eq(name.upper()).any(axis=1)
        if hit.any():
            found[table] = frame[hit]
    return found


def _print_frame(title: str, frame: pd.DataFrame) -> None:
    columns = {c: "right" if pd.api.types.is_numeric_dtype(frame[c]) else "left" for c in frame.columns}
    rows = [["" if pd.isna(cell) else _show_cell(cell) for cell in row] for row in frame.itertuples(index=False)]
    console = open_console()
    print_table(console, make_table(title, {str(c): j for c, j in columns.items()}, rows))
    console.print()


def _show_cell(cell: object) -> str:
    if isinstance(cell, pd.Timestamp):
        return f"{cell:%Y-%m-%d}"
    return f"{cell:g}" if isinstance(cell, float) else str(cell)


def check_folder(folder: Path) -> None:
    """Refuse an output folder that cannot be made, before any work is done.

    Parameters
    ----------
    folder : Path
        Must not exist yet, or be empty.

    Raises
    ------
    OutputError
        If it holds something, or cannot be written.
    """
    folder = folder.absolute()
    try:
        taken = folder.exists() and not (folder.is_dir() and not any(folder.iterdir()))
        folder.parent.mkdir(parents=True, exist_ok=True)
        Path(tempfile.mkdtemp(dir=folder.parent, prefix=".energyflows-")).rmdir()
    except OSError as error:
        raise OutputError(f"--out {folder}: cannot be written ({error.strerror or error})") from None
    if taken:
        raise OutputError(f"--out {folder}: exists already and is left as it is; name a new folder")


def write_folder(folder: Path, results: xr.Dataset, summary: Tables) -> None:
    """Write results and tables into a new folder, which appears only when complete.

    Parameters
    ----------
    folder : Path
        As checked by :func:`check_folder`.
    results : xarray.Dataset
        Goes to ``results.nc``.
    summary : mapping of str to pandas.DataFrame
        One CSV each.

    Raises
    ------
    OutputError
        If it cannot be written; nothing is left behind.
    """
    folder = folder.absolute()
    aside = None
    try:
        aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".energyflows-"))
        write_results(results, aside / "results.nc")
        for name, frame in summary.items():
            frame.to_csv(aside / f"{name}.csv", index=bool(frame.index.name))
        aside.chmod(0o755)
        if folder.is_dir():
            folder.rmdir()
        aside.rename(folder)
    except OSError as error:
        raise OutputError(f"--out {folder}: cannot be written ({error})") from None
    finally:
        if aside is not None:
            shutil.rmtree(aside, ignore_errors=True)
