"""Names of tables, zones and links, and the rows about one of them."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from energyflows.console import _terminal
from energyflows.console._terminal import Tables
from energyflows.errors import UnknownNameError, UsageError

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
    "deliveries": ["pipeline", "route", "share", "low", "high", "valid_from", "valid_to", "source"],
    "ownership": ["asset", "owner", "owner_country", "share", "valid_from", "valid_to", "confidence", "source"],
    "rules": ["rule", "kind", "origin", "zone", "value", "unit", "active", "valid_from", "source"],
    "risk_groups": ["group", "corridor", "country", "confidence", "source"],
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
        raise UsageError(f"list: found {what!r}, expected tables, zones, links, scenarios, studies, claims or metrics")
    if json:
        _terminal.print_json({what: frame})
    else:
        _print_frame(f"{len(frame)} {what}", frame)


def print_rows(name: str, tables: Tables, *, json: bool, others: Iterable[str] = ()) -> None:
    """Print a table, or the rows of all tables that speak of a zone or a link, with the sources they cite.

    Parameters
    ----------
    name : str
        A table, zone or link.
    tables : mapping of str to pandas.DataFrame
        From :func:`energyflows.load_tables`.
    json : bool
        For machines.
    others : iterable of str
        Names to offer beside those of tables, zones and links.

    Raises
    ------
    UnknownNameError
        If there is nothing of that name.
    """
    found = find_rows(name, tables, others)
    cited = {key for frame in found.values() if "source" in frame for key in frame["source"].dropna()}
    sources = tables["sources"][tables["sources"]["source"].isin(cited)]
    if json:
        _terminal.print_json({**found, "sources": sources})
        return
    for table, frame in found.items():
        columns = [column for column in SHOWN_COLUMNS[table] if column in frame and frame[column].notna().any()]
        hidden = int(frame.notna().any().sum()) - len(columns)
        more = f"; {hidden} more columns with --json" if hidden else ""
        _print_frame(f"{table}: {len(frame)} rows{more}", frame[columns])
    if cited:
        _print_frame(f"{len(sources)} sources", sources[SHOWN_COLUMNS["sources"]])


def find_rows(name: str, tables: Tables, others: Iterable[str] = ()) -> dict[str, pd.DataFrame]:
    """Return the rows about a name, by table.

    Parameters
    ----------
    name : str
        A table, zone or link.
    tables : mapping of str to pandas.DataFrame
        From :func:`energyflows.load_tables`.
    others : iterable of str
        Names to offer beside those of tables, zones and links.

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

        known = {word.upper(): word for word in (*sorted(zones | links), *tables, *others)}
        close = [known[word] for word in get_close_matches(name.upper(), known, n=4)]
        hint = (
            f"; did you mean {', '.join(close)}?"
            if close
            else "; see 'energyflows list tables|zones|links|scenarios|metrics'"
        )
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
    console = _terminal.open_console()
    _terminal.print_table(console, _terminal.make_table(title, {str(c): j for c, j in columns.items()}, rows))
    console.print()


def _show_cell(cell: object) -> str:
    if isinstance(cell, pd.Timestamp):
        return f"{cell:%Y-%m-%d}"
    return f"{cell:g}" if isinstance(cell, float) else str(cell)
