"""A small world every test can change: two EU markets, a neighbour, one Russian route, LNG, one store.

Its figures are round so that answers can be worked out by hand. ``toy()`` returns fresh tables;
``toy(demand_annual=...)`` replaces one of them.
"""

import json
import sys
from types import SimpleNamespace

import pandas as pd
import pytest

from energyflows.datasets import hash_content
from energyflows.tables import NAMES, check_tables, find_problems, find_schema, parse_cells

YEARS = range(2019, 2031)
SURE = {"source": "toy", "confidence": "observed", "low": "", "high": "", "note": ""}
ALWAYS = {"valid_from": "", "valid_to": ""}


def _second(figure, *ends):
    """Return the passport of a figure that is not the main one of its row."""
    return {f"{figure}_source": "toy", f"{figure}_confidence": "observed", **{f"{figure}_{end}": "" for end in ends}}


RANGE = ("low", "high")


def _zones():
    rows = [
        ("NL", "Netherlands", "market", "NL", "true", 52, 5),
        ("DE", "Germany", "market", "DE", "true", 51, 10),
        ("TR", "Turkiye", "market", "TR", "false", 39, 35),
        ("YAMAL", "Yamal", "corridor", "PL", "false", 52, 20),
        ("LNGEU", "LNG for the EU", "lng", "", "false", 52, 3),
        ("LNGROW", "LNG elsewhere", "lng", "", "false", 34, 141),
        ("LNGUS", "LNG from the US", "lng", "US", "false", 30, -94),
    ]
    columns = ["zone", "name", "kind", "country", "eu", "lat", "lon"]
    return [dict(zip(columns, row, strict=True), source="toy", confidence="observed", note="") for row in rows]


def _pipelines():
    rows = [
        ("YAMAL-DE", "YAMAL", "DE", "russian-route", 400, 1.0, 0.0, "YAMAL"),
        ("NL-DE", "NL", "DE", "border", 600, 0.5, 0.0, ""),
        ("DE-NL", "DE", "NL", "border", 600, 0.6, 0.0, ""),
        ("DE-TR", "DE", "TR", "border", 200, 2.0, 0.01, ""),
    ]
    columns = ["pipeline", "from", "to", "group", "capacity_gwh_d", "tariff_eur_mwh", "loss", "follows"]
    fixed = {
        "firmness": "firm",
        "length_km": 100,
        "status": "in-service",
        **_second("tariff", *RANGE),
    }
    return [{**dict(zip(columns, row, strict=True)), "name": row[0], **fixed, **SURE, **ALWAYS} for row in rows]


def _yearly(rows, columns, extra):
    return [{**dict(zip(columns, row, strict=True)), "year": year, **extra} for row in rows for year in YEARS]


def _demand():
    rows = [("NL", 73), ("DE", 146), ("TR", 36.5), ("LNGROW", 365)]
    extra = {"peak_day_gwh_d": "", **dict.fromkeys(_second("peak", *RANGE), ""), **SURE}
    return _yearly(rows, ["zone", "twh"], extra)


def _profile():
    winter = [0.12, 0.11, 0.1, 0.08, 0.06, 0.05, 0.05, 0.05, 0.06, 0.09, 0.11, 0.12]
    shapes = {"NL": winter, "DE": winter, "TR": winter, "LNGROW": [1 / 12] * 12}
    return [
        {"zone": zone, "year": "", "month": month, "share": share, **SURE}
        for zone, shares in shapes.items()
        for month, share in enumerate(shares, 1)
    ]


def _supply():
    fixed = {**_second("cost", *RANGE), "shape": "", **SURE}
    route = {"supplier": "RU", "route": "YAMAL", "bus": "YAMAL", "tier": "minimum", "follows": "YAMAL"}
    lng = {"supplier": "US", "route": "LNGUS", "bus": "LNGUS", "tier": "export", "follows": ""}
    rows = []
    for year in YEARS:
        rows.append({**route, "year": year, "twh": 73, "cost_eur_mwh": 5, "rate_factor": 1.25, **fixed})
        rows.append({**lng, "year": year, "twh": 500, "cost_eur_mwh": 10, "rate_factor": 1.5, **fixed})
    return rows


def _lng_suppliers():
    extra = {"supplier": "US", "bus": "LNGUS", **_second("shipping", *RANGE), **SURE}
    rows = [("LNGEU", 110, 80, 300, 2), ("LNGROW", 365, 200, 900, 3)]
    return _yearly(rows, ["pool", "twh", "min_twh", "max_twh", "shipping_eur_mwh"], extra)


def _parameters():
    figures = {
        "value_of_lost_load": 600,
        "minimum_penalty": 300,
        "diversion_cost": 0.5,
        "end_value_margin": 0.02,
        "link_pin_tolerance": 0.01,
        "delivery_tolerance": 0.02,
        "storage_value_spread": 0,
        **{f"regas_premium_{k}": 0 for k in range(1, 6)},
        "storage_target_reward": 100,
        "stress_lng_spread": 0.05,
        "stress_outage_days_low": 14,
        "stress_outage_days_high": 180,
        "stress_outage_probability": 0.3,
        "stress_winter_low": 0.9,
        "stress_winter_high": 1.2,
        **{f"demand_response_price_{k}": price for k, price in ((1, 240), (2, 320), (3, 430))},
        **{f"demand_response_share_{k}": 0.04 for k in (1, 2, 3)},
        **{f"end_value_factor_{k}": factor for k, factor in ((1, 1.6), (2, 1.2), (3, 0.95), (4, 0.7))},
        **{f"row_response_share_{k}": 0.03 for k in range(1, 9)},
        **{f"row_response_price_factor_{k}": f for k, f in enumerate((0.8, 0.9, 1.0, 1.15, 1.4, 2.0, 3.0, 5.0), 1)},
    }
    return [{"parameter": name, "value": value, "unit": "1", **SURE} for name, value in figures.items()]


def _rows():
    storage = {
        "storage": "DE",
        "zone": "DE",
        "working_volume_twh": 40,
        "injection_gwh_d": 300,
        "withdrawal_gwh_d": 500,
        "injection_eur_mwh": 0.5,
        "withdrawal_eur_mwh": 0.2,
        **_second("cost"),
    }
    terminal = {
        "terminal": "gate",
        "name": "Gate",
        "zone": "NL",
        "pool": "LNGEU",
        "sendout_gwh_d": 700,
        "regas_eur_mwh": 1,
        **_second("regas", *RANGE),
        "status": "operating",
        "lat": 52,
        "lon": 4,
    }
    contract = {
        "contract": "toy",
        "seller": "Seller",
        "seller_country": "RU",
        "buyer": "Buyer",
        "zone": "TR",
        "link": "DE-TR",
        "annual_twh": 7.3,
        "take_or_pay": 0.5,
        "minimum": "true",
        "ceiling": "",
        "start": "2019-01-01",
        "end": "2030-12-31",
        "label": "RU",
    }
    delivery = {"pipeline": "YAMAL-DE", "route": "YAMAL", "share": 1, "valid_from": "1996-01-01"}
    owner = {
        "asset": "Yamal",
        "kind": "pipeline",
        "link": "YAMAL-DE",
        "stage": "transit",
        "owner": "Gazprom",
        "owner_country": "RU",
        "share": 0.5,
    }
    rule = {
        "rule": "fill",
        "kind": "storage_target",
        "origin": "",
        "zone": "EU27",
        "contract_type": "any",
        "gas": "any",
        "value": 0.9,
        "unit": "fraction of working volume",
        "active": "true",
    }
    flow = {"series": "YAMAL", "link": "", "frequency": "year", "twh": 73}
    imports = {"series": "EU27-RU", "importer": "EU27", "origin": "RU", "kind": "pipeline", "frequency": "year"}
    stock = {"twh": 30, "working_volume_twh": 40, **SURE}
    passport = {
        "title": "Toy",
        "publisher": "Tests",
        "url": "",
        "accessed": "2026-11-22",
        "licence": "none",
        "note": "",
    }
    observed = range(2019, 2026)
    return {
        "zones": _zones(),
        "pipelines": _pipelines(),
        "lng_terminals": [{**terminal, **SURE, **ALWAYS}],
        "lng_suppliers": _lng_suppliers(),
        "storages": [{**storage, **SURE, **ALWAYS}],
        "production": _yearly(
            [("NL", "gas", "flat", 20, 4), ("TR", "gas", "flat", 10, 4)],
            ["zone", "kind", "shape", "twh", "cost_eur_mwh"],
            {**_second("cost", *RANGE), **SURE},
        ),
        "demand_annual": _demand(),
        "demand_profile": _profile(),
        "supply": _supply(),
        "contracts": [{**contract, **SURE}],
        "deliveries": [{**delivery, **SURE, "valid_to": "1998-12-31"}],
        "ownership": [{**owner, **SURE, **ALWAYS}],
        "rules": [{**rule, **SURE, **ALWAYS}],
        "risk_groups": [
            {"group": group, "corridor": "North Sea", "country": country, **SURE}
            for group, country in (("Gate", "DE"), ("Gate", "NL"), ("Yamal", "DE"))
        ],
        "observed_imports": [{**imports, "period": str(y), "twh": 73, **SURE} for y in observed],
        "observed_flows": [{**flow, "period": str(y), **SURE} for y in observed],
        "observed_storage": [
            {"zone": z, "date": f"{y}-12-31", **stock} for z in ("DE", "EU27") for y in range(2018, 2026)
        ],
        "prices": [
            {"hub": hub, "zone": zone, "period": str(y), "frequency": "year", "eur_mwh": 30, **SURE}
            for hub, zone in (("JKM", "LNGROW"), ("TTF", "NL"))
            for y in YEARS
        ],
        "parameters": _parameters(),
        "sources": [{"source": "toy", **passport}],
    }


def make_tables(**cells):
    """Return checked toy tables; a keyword replaces the text rows of one table."""
    rows = {**_rows(), **cells}
    tables = {}
    for name in NAMES:
        text = pd.DataFrame(rows[name]).astype(str)
        frame, problems = parse_cells(text[list(find_schema(name).columns)], find_schema(name))
        problems += find_problems(frame, find_schema(name))
        assert not problems, (name, problems)
        frame.attrs["provenance"] = {"content": hash_content(frame)}
        tables[name] = frame
    check_tables(tables)
    return tables


@pytest.fixture(scope="session")
def toy():
    """Return a factory of toy tables; the unchanged ones are checked once and copied."""
    plain = make_tables()

    def make(**cells):
        return make_tables(**cells) if cells else {name: table.copy() for name, table in plain.items()}

    return make


@pytest.fixture
def toy_rows():
    """Return the toy tables as text rows by table name."""
    return _rows()


@pytest.fixture
def toy_folder(tmp_path):
    """Return a folder with all toy tables as CSV files."""
    folder = tmp_path / "tables"
    folder.mkdir()
    for name, rows in _rows().items():
        pd.DataFrame(rows)[list(find_schema(name).columns)].to_csv(folder / f"{name}.csv", index=False)
    (folder / "datapackage.json").write_text(json.dumps({"name": "toy", "resources": []}))
    return folder


@pytest.fixture(scope="session")
def set_parameters():
    """Return a function that changes model-wide figures of tables in place."""

    def set_parameters(tables, **values):
        for name, value in values.items():
            tables["parameters"].loc[tables["parameters"]["parameter"] == name, "value"] = float(value)

    return set_parameters


@pytest.fixture
def call(monkeypatch, capsys, toy_folder):
    """Return a function that runs the program, on the toy's tables unless told otherwise; code, out, err of its end."""

    def run(*arguments, tables=True):
        from energyflows.cli import main

        data = ["--data", str(toy_folder)] if tables and arguments[0] != "schema" else []
        monkeypatch.setattr(sys, "argv", ["energyflows", arguments[0], *data, *map(str, arguments[1:])])
        with pytest.raises(SystemExit) as ended:
            main()
        return SimpleNamespace(code=ended.value.code, **capsys.readouterr()._asdict())

    return run
