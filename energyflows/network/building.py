"""Checked tables to an unsolved network."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import pandas as pd
import pypsa

from energyflows.datasets import check_given, load_tables, strip_passport
from energyflows.network.calendar import build_periods
from energyflows.network.demand import add_buses, add_demand
from energyflows.network.inputs import Inputs
from energyflows.network.lng import REST_OF_WORLD, add_rest_of_world, add_shipping, add_terminals
from energyflows.network.pipelines import add_pipelines
from energyflows.network.plan import Plan
from energyflows.network.storage import add_storage
from energyflows.network.supply import add_production, add_supply
from energyflows.network.technical import add_technical
from energyflows.tables import select_in_service

#: PyPSA asks its users to choose how text columns are stored; without a choice it warns at every import of rows.
QUIET_STRINGS = ("api.legacy_string_dtype", True)

CARRIERS = (
    "gas",
    "biomethane",
    "difference",
    "pipeline gas",
    "lng",
    "demand",
    "response",
    "unserved",
    "pipeline",
    "shipping",
    "regasification",
    "storage",
    "injection",
    "withdrawal",
)


def build_network(
    years: int | Iterable[int] = 2025,
    resolution: str = "monthly",
    tables: Mapping[str, pd.DataFrame] | None = None,
    *,
    stocks: Mapping[str, float] | None = None,
) -> pypsa.Network:
    """Build the gas network of Europe, Türkiye and the South Caucasus, unsolved.

    Flows are GWh/d, stocks GWh, both at gross calorific value; costs EUR/MWh; snapshot weights days, so the
    objective is in thousand EUR. Several years in one network are solved with perfect foresight over all of them;
    :func:`energyflows.run` goes year by year instead.

    Parameters
    ----------
    years : int or iterable of int
        One year, or ``(first, last)`` including both.
    resolution : {"monthly", "weekly", "daily"}
        Length of a period.
    tables : mapping of str to pandas.DataFrame, optional
        From :func:`energyflows.load_tables`; default the packaged tables.
    stocks : mapping of str to float, optional
        GWh in store at the start, by zone; default the observed stocks. Where neither is known the year is cyclic.

    Returns
    -------
    pypsa.Network
        With ``n.meta`` naming years, resolution and the source tables with their hashes.

    Raises
    ------
    UsageError
        For years or a resolution that cannot be used.
    TableError
        If tables are damaged, or lack a figure for one of the years.

    Examples
    --------
    >>> n = build_network(2025)
    >>> len(n.snapshots), str(n.links.at["TANAP-TAP", "bus1"])
    (12, 'TAP')
    """
    periods = build_periods(years, resolution)
    given = load_tables() if tables is None else tables
    hashes = check_given(given)
    bare = {name: select_in_service(strip_passport(table)) for name, table in given.items()}
    inputs = Inputs(bare, periods, resolution)
    with pypsa.option_context(*QUIET_STRINGS):
        n = _assemble(inputs, stocks)
    n.meta = describe(inputs, given, hashes)
    return n


def _assemble(inputs: Inputs, stocks: Mapping[str, float] | None) -> pypsa.Network:
    """Plan all components, then add them."""
    plan = Plan()
    plan.add("Carrier", pd.Index(CARRIERS))
    add_buses(plan, inputs)
    demand = add_demand(plan, inputs)
    add_production(plan, inputs)
    add_supply(plan, inputs)
    add_pipelines(plan, inputs)
    add_shipping(plan, inputs)
    add_terminals(plan, inputs)
    add_rest_of_world(plan, inputs, demand[REST_OF_WORLD])
    add_storage(plan, inputs, stocks)
    n = pypsa.Network(name=f"energyflows {inputs.years[0]}-{inputs.years[-1]} {inputs.resolution}")
    n.set_snapshots(inputs.snapshots)
    n.snapshot_weightings = pd.DataFrame(dict.fromkeys(n.snapshot_weightings.columns, inputs.weights))
    plan.write(n)
    add_technical(n, inputs)
    return n


def describe(inputs: Inputs, tables: Mapping[str, pd.DataFrame], hashes: Mapping[str, str]) -> dict[str, object]:
    """Return what a network was built from.

    Parameters
    ----------
    inputs : Inputs
        Time.
    tables : mapping of str to pandas.DataFrame
        With their passports.
    hashes : mapping of str to str
        Of the cells, by table.

    Returns
    -------
    dict
        ``years``, ``resolution``, ``units`` and ``sources`` (folder, hash of the file, hash of the cells as
        they were used, by table); only text, numbers and lists,
        so that it survives NetCDF.
    """
    provenance = {name: table.attrs.get("provenance", {}) for name, table in tables.items()}
    sources = {
        name: {
            "folder": str(passport.get("folder", "given")),
            "hash": str(passport.get("hash", "unknown")),
            "added": str(passport.get("added", "")),
            "content": hashes[name],
        }
        for name, passport in provenance.items()
    }
    return {
        "program": "energyflows",
        "years": inputs.years,
        "resolution": inputs.resolution,
        "units": json.dumps({"flow": "GWh/d", "stock": "GWh", "cost": "EUR/MWh", "objective": "thousand EUR"}),
        "sources": json.dumps(sources),
    }
