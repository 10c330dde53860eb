"""Facts that hold between tables, one per function; each returns its problems as sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pandas as pd

from energyflows.tables._selection import select_in_service

Tables = Mapping[str, pd.DataFrame]
Check = Callable[[Tables], Iterator[str]]

#: (table, column, table looked up, column looked up): every non-empty value must exist there.
REFERENCES = (
    ("pipelines", "from", "zones", "zone"),
    ("pipelines", "to", "zones", "zone"),
    ("pipelines", "follows", "observed_flows", "series"),
    ("lng_terminals", "zone", "zones", "zone"),
    ("lng_terminals", "pool", "zones", "zone"),
    ("lng_suppliers", "bus", "zones", "zone"),
    ("lng_suppliers", "pool", "zones", "zone"),
    ("storages", "zone", "zones", "zone"),
    ("production", "zone", "zones", "zone"),
    ("demand_annual", "zone", "zones", "zone"),
    ("demand_profile", "zone", "zones", "zone"),
    ("supply", "bus", "zones", "zone"),
    ("supply", "shape", "zones", "zone"),
    ("supply", "follows", "observed_flows", "series"),
    ("contracts", "zone", "zones", "zone"),
    ("deliveries", "pipeline", "pipelines", "pipeline"),
    ("deliveries", "route", "supply", "route"),
    ("ownership", "link", "pipelines", "pipeline"),
    ("risk_groups", "country", "zones", "country"),
    ("observed_flows", "link", "pipelines", "pipeline"),
    ("prices", "zone", "zones", "zone"),
)

#: Tables whose rows hold for a time, with the columns that name what holds.
DATED = {
    "pipelines": ["pipeline"],
    "lng_terminals": ["terminal"],
    "storages": ["storage"],
    "deliveries": ["pipeline"],
    "ownership": ["asset", "owner"],
}

#: Main value of each table, the one `low` and `high` stand around.
MAIN_VALUES = {
    "pipelines": "capacity_gwh_d",
    "lng_terminals": "sendout_gwh_d",
    "lng_suppliers": "twh",
    "storages": "working_volume_twh",
    "production": "twh",
    "demand_annual": "twh",
    "demand_profile": "share",
    "supply": "twh",
    "contracts": "annual_twh",
    "deliveries": "share",
    "ownership": "share",
    "rules": "value",
    "observed_imports": "twh",
    "observed_flows": "twh",
    "observed_storage": "twh",
    "prices": "eur_mwh",
    "parameters": "value",
}

#: (table, column, whether a link may stand there): a zone, or all of the EU.
PLACES = (
    ("rules", "zone", True),
    ("observed_imports", "importer", False),
    ("observed_storage", "zone", False),
)

#: Figures beside the main one that have a range of their own: table, column, prefix of its passport.
SECOND_VALUES = (
    ("pipelines", "tariff_eur_mwh", "tariff_"),
    ("lng_terminals", "regas_eur_mwh", "regas_"),
    ("lng_suppliers", "shipping_eur_mwh", "shipping_"),
    ("production", "cost_eur_mwh", "cost_"),
    ("demand_annual", "peak_day_gwh_d", "peak_"),
    ("supply", "cost_eur_mwh", "cost_"),
)

_OPEN_START, _OPEN_END = pd.Timestamp("1900-01-01"), pd.Timestamp("2199-12-31")


def _locate(tables: Tables, name: str, row: int) -> str:
    """Return file and line of a row; rows of a user's ``NAME.add.csv`` follow those of ``NAME.csv``."""
    first_added = tables[name].attrs.get("first_added")
    if first_added is None or row < first_added:
        return f"{name}.csv line {row + 2}"
    return f"{name}.add.csv line {row - first_added + 2}"


def check_references(tables: Tables) -> Iterator[str]:
    """Every zone, link and series a table names exists."""
    for table, column, target, key in REFERENCES:
        values = tables[table][column].dropna()
        known = set(tables[target][key])
        for row, value in values[~values.isin(known)].items():
            where = _locate(tables, table, row)
            yield f"{where}, column {column}: {value!r} is not in {target}.csv, column {key}"


def check_delivery_points(tables: Tables) -> Iterator[str]:
    """Every contract ends at a pipeline, or at a way of shipping."""
    values = tables["contracts"]["link"].dropna()
    ships = tables["lng_suppliers"]["bus"] + "-" + tables["lng_suppliers"]["pool"]
    for row, value in values[~values.isin({*tables["pipelines"]["pipeline"], *ships})].items():
        where = _locate(tables, "contracts", row)
        yield f"{where}, column link: {value!r} is no pipeline of pipelines.csv, and no bus-pool of lng_suppliers.csv"


def check_places(tables: Tables) -> Iterator[str]:
    """Where a figure may be for all of the EU, the place is ``EU27`` or exists."""
    zones = {*tables["zones"]["zone"], "EU27"}
    links = set(tables["pipelines"]["pipeline"])
    for name, column, or_link in PLACES:
        values = tables[name][column].dropna()
        expected = "EU27, a zone or a pipeline" if or_link else "EU27 or a zone"
        for row, value in values[~values.isin(zones | links if or_link else zones)].items():
            yield f"{_locate(tables, name, row)}, column {column}: found {value!r}, expected {expected}"


def check_sources(tables: Tables) -> Iterator[str]:
    """Every source key stands in ``sources.csv``."""
    known = set(tables["sources"]["source"])
    for name, table in tables.items():
        if name == "sources":
            continue
        for column in [c for c in table if c.endswith("source")]:
            cited = table[column].dropna()
            unknown = cited[~cited.isin(known)].drop_duplicates()
            for row, value in unknown.items():
                yield f"{_locate(tables, name, row)}, column {column}: source {value!r} is not in sources.csv"


def check_validity(tables: Tables) -> Iterator[str]:
    """Rows of one thing neither end before they start nor overlap; options may overlap what is in service."""
    for name, key in DATED.items():
        table = select_in_service(tables[name])
        start = table["valid_from"].fillna(_OPEN_START)
        end = table["valid_to"].fillna(_OPEN_END)
        for row in table.index[end < start]:
            days = f"valid_to {end[row]:%Y-%m-%d} is before valid_from {start[row]:%Y-%m-%d}"
            yield f"{_locate(tables, name, row)}: {days}"
        spans = table[key].assign(start=start, end=end).sort_values([*key, "start"])
        previous_end = spans.groupby(key)["end"].shift()
        for row in spans.index[previous_end >= spans["start"]]:
            what = ", ".join(str(table.at[row, column]) for column in key)
            days = f"valid_from {start[row]:%Y-%m-%d} overlaps a row that holds to {previous_end[row]:%Y-%m-%d}"
            yield f"{_locate(tables, name, row)}: {what}: {days}"


def check_estimates(tables: Tables) -> Iterator[str]:
    """Every estimate has a range, and every range contains its value."""
    for name, column, prefix in [(n, c, "") for n, c in MAIN_VALUES.items()] + list(SECOND_VALUES):
        table = tables[name]
        value, low, high = table[column], table[f"{prefix}low"], table[f"{prefix}high"]
        given = value.notna()
        bare = given & (table[f"{prefix}confidence"] == "estimate") & (low.isna() | high.isna())
        for row in table.index[bare]:
            yield f"{_locate(tables, name, row)}: an estimate needs {prefix}low and {prefix}high"
        outside = given & ((low > value) | (high < value))
        for row in table.index[outside]:
            outside_of = f"{column} {value[row]:g} lies outside {low[row]:g} to {high[row]:g}"
            yield f"{_locate(tables, name, row)}: {outside_of}"


def check_profiles(tables: Tables) -> Iterator[str]:
    """Twelve monthly shares sum to one for each zone and year."""
    profiles = tables["demand_profile"]
    groups = profiles.groupby(["zone", profiles["year"].fillna(0)])["share"]
    for (zone, year), share in groups:
        when = f"year {year}" if year else "every year"
        if len(share) != 12:
            yield f"demand_profile.csv: zone {zone}, {when}: {len(share)} months, expected 12"
        elif not np.isclose(share.sum(), 1.0, rtol=0.0, atol=1e-6):
            yield f"demand_profile.csv: zone {zone}, {when}: shares sum to {share.sum():.6f}, expected 1"


def check_demand(tables: Tables) -> Iterator[str]:
    """Every market has a demand and a profile."""
    zones = tables["zones"]
    with_demand = set(tables["demand_annual"]["zone"])
    with_profile = set(tables["demand_profile"]["zone"])
    for zone in zones.loc[zones["kind"] == "market", "zone"]:
        if zone not in with_demand:
            yield f"demand_annual.csv: no row for market {zone}"
    for zone in sorted(with_demand - with_profile):
        yield f"demand_profile.csv: no shares for zone {zone}"


def check_shares(tables: Tables) -> Iterator[str]:
    """Owners of an asset together hold at most all of it."""
    ownership = tables["ownership"]
    start = ownership["valid_from"].fillna(_OPEN_START)
    end = ownership["valid_to"].fillna(_OPEN_END)
    for asset, rows in ownership.groupby("asset").groups.items():
        for day in sorted(set(start[rows])):
            total = ownership.loc[rows, "share"][(start[rows] <= day) & (end[rows] >= day)].sum()
            if total > 1.0 + 1e-6:
                yield f"ownership.csv: owners of {asset} hold {total:.4f} on {day:%Y-%m-%d}, expected at most 1"
                break


def check_bounds(tables: Tables) -> Iterator[str]:
    """LNG bounds enclose the expected volume."""
    lng = tables["lng_suppliers"]
    for row in lng.index[(lng["min_twh"] > lng["twh"]) | (lng["max_twh"] < lng["twh"])]:
        twh, least, most = lng.loc[row, ["twh", "min_twh", "max_twh"]]
        where = _locate(tables, "lng_suppliers", row)
        yield f"{where}: twh {twh:g} lies outside min_twh {least:g} to max_twh {most:g}"


#: All of them, in the order they are told.
CHECKS: tuple[Check, ...] = (
    check_references,
    check_delivery_points,
    check_places,
    check_sources,
    check_validity,
    check_estimates,
    check_profiles,
    check_demand,
    check_shares,
    check_bounds,
)
