"""What gas can do in one year: the arcs it can take, how much of it by month, and the stores."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from energyflows.network.calendar import find_overlaps
from energyflows.network.inputs import Inputs
from energyflows.network.lng import REST_OF_WORLD
from energyflows.network.pipelines import describe_pipelines, rate_capacity
from energyflows.network.storage import VERBS

#: Columns that describe an arc; ``cost`` in EUR/MWh only decides between flows that fit the observations alike.
ARC_COLUMNS = ("source", "target", "kind", "cost")
#: Where gas comes from, and where it goes, that no bus can account for.
UNEXPLAINED = "unexplained"

Part = tuple[pd.DataFrame, pd.DataFrame]
"""Arcs, and GWh by snapshot (rows) and arc (columns) that each can carry."""


@dataclass(frozen=True)
class Grid:
    """Arcs and stores of one year."""

    arcs: pd.DataFrame
    """By name: ``source, target, kind, cost``."""
    limits: pd.DataFrame
    """GWh by snapshot and arc; infinite where nothing technical binds."""
    stores: pd.DataFrame
    """By node: ``zone``, and GWh known at the ``start`` and ``end`` of the year with the confidence of either."""
    volumes: pd.DataFrame
    """GWh of room by snapshot and node."""


def build_grid(inputs: Inputs) -> Grid:
    """Return everything gas can do in a year.

    Buses are those of the network without the rest of the world. Gas enters at a source of its own per producer or
    route, and leaves at a node of its own per consumer.

    Parameters
    ----------
    inputs : Inputs
        Tables and the months of one year.

    Returns
    -------
    Grid
        Arcs and stores.
    """
    stores, volumes = _list_stores(inputs)
    parts = [
        _list_production(inputs),
        _list_supply(inputs),
        _list_shipping(inputs),
        _list_terminals(inputs),
        _list_pipelines(inputs),
        _list_storage(inputs),
        _list_demand(inputs),
    ]
    arcs = pd.concat([arcs for arcs, _ in parts])
    return Grid(arcs, pd.concat([limits for _, limits in parts], axis=1), stores, volumes)


def _describe(rows: Iterable[tuple[str, str, str, str, float]]) -> pd.DataFrame:
    """Return arcs from ``(name, source, target, kind, cost)``."""
    frame = pd.DataFrame(list(rows), columns=["name", *ARC_COLUMNS])
    return frame.astype({"cost": float}).drop_duplicates("name").set_index("name")


def _unlimited(arcs: pd.DataFrame, inputs: Inputs) -> Part:
    return arcs, pd.DataFrame(np.inf, index=inputs.snapshots, columns=arcs.index)


def find_pools(inputs: Inputs) -> list[str]:
    """Return the LNG pools that feed a zone of the model."""
    return sorted(set(inputs.tables["lng_terminals"]["pool"]))


def _list_production(inputs: Inputs) -> Part:
    rows = inputs.tables["production"]
    names = zip(rows["zone"], rows["kind"], strict=True)
    return _unlimited(_describe((f"{z} {k}", f"{z} {k}", z, "production", 0.0) for z, k in names), inputs)


def _list_supply(inputs: Inputs) -> Part:
    """Return routes and LNG exporters; what an exporter sends elsewhere in the world is left out."""
    rows = inputs.tables["supply"]
    named = zip(rows["supplier"] + " " + rows["route"], rows["bus"], strict=True)
    return _unlimited(_describe((name, name, bus, "supply", 0.0) for name, bus in named), inputs)


def _list_shipping(inputs: Inputs) -> Part:
    rows = inputs.tables["lng_suppliers"]
    rows = rows[rows["pool"].isin(find_pools(inputs))]
    ends = zip(rows["bus"], rows["pool"], rows["shipping_eur_mwh"], strict=True)
    return _unlimited(_describe((f"{a}-{b}", a, b, "lng", cost) for a, b, cost in ends), inputs)


def _list_terminals(inputs: Inputs) -> Part:
    """Return one arc per pool and zone with the sum of its terminals."""
    rows = inputs.tables["lng_terminals"]
    names = rows["pool"] + "-" + rows["zone"]
    fees = rows["regas_eur_mwh"].groupby(names).mean()
    ends = zip(names, rows["pool"], rows["zone"], names.map(fees), strict=True)
    arcs = _describe((name, pool, zone, "lng", fee) for name, pool, zone, fee in ends)
    held = find_overlaps(rows["valid_from"], rows["valid_to"], inputs.periods)
    running = held * rows["sendout_gwh_d"].where(rows["status"] != "mothballed", 0.0)
    return arcs, _fill_months(running.T.groupby(names).sum().T, inputs)[arcs.index]


def _list_pipelines(inputs: Inputs) -> Part:
    links = describe_pipelines(inputs)
    ends = zip(links.index, links["bus0"], links["bus1"], links["cost"], strict=True)
    arcs = _describe((name, a, b, "pipeline", cost) for name, a, b, cost in ends)
    return arcs, _fill_months(inputs.average(rate_capacity(inputs)), inputs)[arcs.index]


def _list_storage(inputs: Inputs) -> Part:
    rows = inputs.tables["storages"]
    held = find_overlaps(rows["valid_from"], rows["valid_to"], inputs.periods)
    parts = []
    for verb in VERBS:
        cost = rows.groupby("zone")[f"{verb}_eur_mwh"].mean()
        limits = _fill_months((held * rows[f"{verb}_gwh_d"]).T.groupby(rows["zone"]).sum().T, inputs)
        ends = [(zone, f"{zone} storage") for zone in limits]
        turned = ends if verb == VERBS[0] else [(b, a) for a, b in ends]
        named = zip(limits, turned, strict=True)
        arcs = _describe((f"{zone} {verb}", a, b, verb, cost[zone]) for zone, (a, b) in named)
        parts.append((arcs, limits.set_axis(arcs.index, axis=1)))
    return pd.concat([arcs for arcs, _ in parts]), pd.concat([limits for _, limits in parts], axis=1)


def _list_demand(inputs: Inputs) -> Part:
    zones = inputs.daily_demand.columns.drop(REST_OF_WORLD, errors="ignore")
    return _unlimited(_describe((f"{z} demand", z, f"{z} demand", "consumption", 0.0) for z in zones), inputs)


def _fill_months(rates: pd.DataFrame, inputs: Inputs) -> pd.DataFrame:
    """Return GWh by month from GWh/d."""
    return rates.mul(inputs.weights, axis=0)


def _list_stores(inputs: Inputs) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the stores and their room; gas that was seen above the volume has room."""
    rows = inputs.tables["storages"]
    held = find_overlaps(rows["valid_from"], rows["valid_to"], inputs.periods)
    room = 1e3 * (held * rows["working_volume_twh"]).T.groupby(rows["zone"]).sum().T.cummax()
    levels = inputs.tables["observed_storage"].assign(gwh=lambda frame: 1e3 * frame["twh"])
    turns = {"start": inputs.days[0] - pd.Timedelta(days=1), "end": inputs.days[-1]}
    stores = pd.DataFrame({"zone": room.columns}, index=room.columns)
    for turn, day in turns.items():
        known = levels[levels["date"] == day].set_index("zone")
        stores[turn], stores[f"{turn}_confidence"] = known["gwh"], known["confidence"]
    seen = levels[levels["date"].between(*turns.values())].groupby("zone")["gwh"].max()
    nodes = room.columns + " storage"
    room = room.clip(lower=seen.reindex(room.columns, fill_value=0.0), axis=1)
    return stores.set_axis(nodes), room.set_axis(nodes, axis=1)
