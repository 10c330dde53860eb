"""One schema per table: its columns, what they may hold, and its key."""

from __future__ import annotations

import pandera.pandas as pa

from energyflows.tables._columns import CONFIDENCE, date, flag, number, passport, positive, second, text, whole, year

FREQUENCIES = ("month", "quarter", "year")
STAGES = ("production", "transit", "offtake")
TIERS = ("minimum", "flexible", "export", "home")
UNITS = (
    "1",
    "EUR/MWh",
    "GWh/d",
    "TWh/y",
    "EUR/MWh per month",
    "days",
    "fraction",
    "fraction of annual demand",
    "fraction of demand",
    "fraction of working volume",
    "multiple of JKM",
    "working days",
)
PERIOD = r"^(19|20)[0-9]{2}(-(0[1-9]|1[0-2])|Q[1-4])?$"
SHAPES = ("flat", "demand")


def _table(key: list[str], columns: dict[str, pa.Column]) -> pa.DataFrameSchema:
    return pa.DataFrameSchema(columns, strict=True, unique=key, unique_column_names=True)


ZONES = _table(
    ["zone"],
    {
        "zone": text(pattern=r"^[A-Z][A-Z0-9]*$"),
        "name": text(),
        "kind": text(among=("market", "corridor", "lng")),
        "country": text(optional=True, pattern=r"^[A-Z]{2}$"),
        "eu": flag(),
        "lat": number(least=-90, most=90),
        "lon": number(least=-180, most=180),
        "source": text(),
        "confidence": text(among=CONFIDENCE),
        "note": text(optional=True),
    },
)

PIPELINES = _table(
    ["pipeline", "status", "valid_from"],
    {
        "pipeline": text(pattern=r"^[A-Z0-9]+-[A-Z0-9]+(-\d)?$"),
        "name": text(),
        "from": text(),
        "to": text(),
        "group": text(),
        "capacity_gwh_d": number(),
        "firmness": text(among=("firm", "interruptible")),
        "status": text(among=("in-service", "option")),
        "tariff_eur_mwh": positive(),
        "loss": number(most=0.5),
        "length_km": number(optional=True),
        "follows": text(optional=True),
        **passport(),
        **second("tariff", ranged=True),
        "valid_from": date(optional=True),
        "valid_to": date(optional=True),
    },
)

LNG_TERMINALS = _table(
    ["terminal", "valid_from"],
    {
        "terminal": text(),
        "name": text(),
        "zone": text(),
        "pool": text(),
        "sendout_gwh_d": number(),
        "regas_eur_mwh": positive(),
        **second("regas", ranged=True),
        "status": text(among=("operating", "mothballed", "firm-project")),
        "lat": number(least=-90, most=90, optional=True),
        "lon": number(least=-180, most=180, optional=True),
        **passport(dated=True),
    },
)

LNG_SUPPLIERS = _table(
    ["bus", "pool", "year"],
    {
        "supplier": text(pattern=r"^[A-Z]{2}$"),
        "bus": text(),
        "pool": text(),
        "year": year(),
        "twh": number(),
        "min_twh": number(),
        "max_twh": number(),
        "shipping_eur_mwh": positive(),
        **second("shipping", ranged=True),
        **passport(),
    },
)

STORAGES = _table(
    ["storage", "valid_from"],
    {
        "storage": text(),
        "zone": text(),
        "working_volume_twh": number(),
        "injection_gwh_d": number(),
        "withdrawal_gwh_d": number(),
        "injection_eur_mwh": positive(),
        "withdrawal_eur_mwh": positive(),
        **second("cost"),
        **passport(dated=True),
    },
)

PRODUCTION = _table(
    ["zone", "kind", "year"],
    {
        "zone": text(),
        "kind": text(among=("gas", "biomethane", "difference")),
        "shape": text(among=SHAPES),
        "year": year(),
        "twh": number(),
        "cost_eur_mwh": number(),
        **second("cost", ranged=True),
        **passport(),
    },
)

DEMAND_ANNUAL = _table(
    ["zone", "year"],
    {
        "zone": text(),
        "year": year(),
        "twh": number(),
        "peak_day_gwh_d": number(optional=True),
        **second("peak", ranged=True, optional=True),
        **passport(),
    },
)

DEMAND_PROFILE = _table(
    ["zone", "year", "month"],
    {
        "zone": text(),
        "year": year(optional=True),
        "month": whole(least=1, most=12),
        "share": number(most=1.0),
        **passport(),
    },
)

SUPPLY = _table(
    ["route", "tier", "year"],
    {
        "supplier": text(pattern=r"^[A-Z]{2}$"),
        "route": text(),
        "bus": text(),
        "tier": text(among=TIERS),
        "year": year(),
        "twh": number(),
        "cost_eur_mwh": number(),
        **second("cost", ranged=True),
        "rate_factor": number(least=1.0, most=12.0),
        "shape": text(optional=True),
        "follows": text(optional=True),
        **passport(),
    },
)

CONTRACTS = _table(
    ["contract"],
    {
        "contract": text(),
        "seller": text(),
        "seller_country": text(optional=True),
        "buyer": text(),
        "zone": text(),
        "link": text(optional=True),
        "annual_twh": number(optional=True),
        "take_or_pay": number(most=1.0, optional=True),
        "minimum": flag(),
        "ceiling": number(least=1.0, optional=True),
        "start": date(optional=True),
        "end": date(optional=True),
        "label": text(optional=True),
        **passport(),
    },
)

DELIVERIES = _table(
    ["pipeline", "valid_from"],
    {
        "pipeline": text(),
        "route": text(),
        "share": number(most=1.0),
        **passport(dated=True),
    },
)

OWNERSHIP = _table(
    ["asset", "owner", "valid_from"],
    {
        "asset": text(),
        "kind": text(among=("field", "pipeline", "terminal", "storage", "company")),
        "link": text(optional=True),
        "stage": text(among=STAGES),
        "owner": text(),
        "owner_country": text(optional=True),
        "share": number(most=1.0),
        **passport(dated=True),
    },
)

RULES = _table(
    ["rule"],
    {
        "rule": text(),
        "kind": text(among=("ban", "cutoff", "presumption", "exemption", "storage_target", "routing", "cap")),
        "origin": text(optional=True),
        "zone": text(optional=True),
        "contract_type": text(among=("short", "long", "spot", "any")),
        "gas": text(among=("pipeline", "lng", "any")),
        "value": number(optional=True),
        "unit": text(among=UNITS),
        "active": flag(),
        **passport(dated=True),
    },
)

RISK_GROUPS = _table(
    ["group", "country"],
    {
        "group": text(),
        "corridor": text(),
        "country": text(pattern=r"^[A-Z]{2}$"),
        "source": text(),
        "confidence": text(among=CONFIDENCE),
        "note": text(optional=True),
    },
)

OBSERVED_IMPORTS = _table(
    ["series", "importer", "origin", "kind", "period"],
    {
        "series": text(),
        "importer": text(),
        "origin": text(),
        "kind": text(among=("pipeline", "lng")),
        "period": text(pattern=PERIOD),
        "frequency": text(among=FREQUENCIES),
        "twh": number(least=None),
        **passport(),
    },
)

OBSERVED_FLOWS = _table(
    ["series", "period"],
    {
        "series": text(),
        "link": text(optional=True),
        "period": text(pattern=PERIOD),
        "frequency": text(among=FREQUENCIES),
        "twh": number(least=None),
        **passport(),
    },
)

OBSERVED_STORAGE = _table(
    ["zone", "date"],
    {
        "zone": text(),
        "date": date(),
        "twh": number(),
        "working_volume_twh": number(optional=True),
        **passport(),
    },
)

PRICES = _table(
    ["hub", "period"],
    {
        "hub": text(),
        "zone": text(),
        "period": text(pattern=PERIOD),
        "frequency": text(among=FREQUENCIES),
        "eur_mwh": number(),
        **passport(),
    },
)

PARAMETERS = _table(
    ["parameter"],
    {
        "parameter": text(),
        "value": number(),
        "unit": text(among=UNITS),
        **passport(),
    },
)

SOURCES = _table(
    ["source"],
    {
        "source": text(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$"),
        "title": text(),
        "publisher": text(),
        "url": text(optional=True),
        "accessed": date(),
        "licence": text(),
        "note": text(optional=True),
    },
)

#: Schema of each table by name, in reading order.
SCHEMAS: dict[str, pa.DataFrameSchema] = {
    "zones": ZONES,
    "pipelines": PIPELINES,
    "lng_terminals": LNG_TERMINALS,
    "lng_suppliers": LNG_SUPPLIERS,
    "storages": STORAGES,
    "production": PRODUCTION,
    "demand_annual": DEMAND_ANNUAL,
    "demand_profile": DEMAND_PROFILE,
    "supply": SUPPLY,
    "contracts": CONTRACTS,
    "deliveries": DELIVERIES,
    "ownership": OWNERSHIP,
    "rules": RULES,
    "risk_groups": RISK_GROUPS,
    "observed_imports": OBSERVED_IMPORTS,
    "observed_flows": OBSERVED_FLOWS,
    "observed_storage": OBSERVED_STORAGE,
    "prices": PRICES,
    "parameters": PARAMETERS,
    "sources": SOURCES,
}
