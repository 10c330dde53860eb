"""The toy world with a Russian entry into Türkiye and a corridor by which Turkish gas could be exported."""

from functools import cache
from types import SimpleNamespace

import pandas as pd
import pytest

from energyflows import build_network
from energyflows.scenarios import Scenario
from energyflows.scenarios.applying import apply
from energyflows.scenarios.applying._work import find_parts, read_costs, read_rates

#: Added to the pipelines: name, from, to, GWh/d, EUR/MWh.
PIPELINES = [
    ("GATE-TR", "GATE", "TR", 50.0, 1.0),
    ("EXPORT-NL", "EXPORT", "NL", 100.0, 1.0),
    ("TR-NL", "TR", "NL", 80.0, 3.0),
]


def extend(table, *rows):
    """Return a table with rows like its first one, but for what is given."""
    more = [table.iloc[[0]].assign(**row) for row in rows]
    return pd.concat([table, *more], ignore_index=True)


def widen(tables):
    """Return toy tables with two corridors more."""
    corridors = [{"zone": name, "name": name, "kind": "corridor", "eu": False} for name in ("GATE", "EXPORT")]
    pipes = [
        {"pipeline": name, "from": start, "to": end, "capacity_gwh_d": most, "tariff_eur_mwh": cost, "follows": None}
        for name, start, end, most, cost in PIPELINES
    ]
    zones = extend(tables["zones"], *corridors)
    zones.loc[zones["kind"] == "corridor", "country"] = "PL"
    return {**tables, "zones": zones, "pipelines": extend(tables["pipelines"], *pipes)}


@pytest.fixture(scope="session")
def tables(toy):
    """Return the tables; tests change copies."""
    return widen(toy())


@pytest.fixture(scope="session")
def networks(tables):
    """Return a factory of unsolved networks by years and resolution, not to be changed."""
    return cache(lambda years=2025, resolution="monthly": build_network(years, resolution, tables))


@pytest.fixture(scope="session")
def n(networks):
    """Return the network of 2025 by month, not to be changed."""
    return networks()


@pytest.fixture(scope="session")
def change(n, tables):
    """Return the function that applies changes to the network of 2025, or to another one."""

    def change(*changes, to=n, tables=tables):
        return apply(to, Scenario(name="test", changes=changes), tables=tables)

    return change


@pytest.fixture(scope="session")
def look():
    """Return functions that read what elements of results can do, all parts together."""

    def rate(n, kind, name):
        return read_rates(n, kind, find_parts(n, kind, name)).sum(axis=1)

    def sure(n, link):
        parts = find_parts(n, "Link", link)
        return read_rates(n, "Link", parts[n.links.loc[parts, "reward"] > 0]).sum(axis=1)

    def cost(n, kind, name):
        return read_costs(n, kind, find_parts(n, kind, name))

    def energy(n, rates):
        return float(rates @ n.snapshot_weightings["generators"]) / 1e3

    def budget(n, name):
        return float(n.generators.loc[find_parts(n, "Generator", name), "e_sum_max"].sum()) / 1e3

    return SimpleNamespace(rate=rate, sure=sure, cost=cost, energy=energy, budget=budget)
