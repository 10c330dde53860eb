"""Small markets put together by hand: output and arcs are given, what remains is consumed."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr

#: Kind and country of buses that tests use; any other is a market of its own country.
_KNOWN = {
    "PIPE": ("corridor", "RU"),
    "TAP": ("corridor", "GR"),
    "LNGEU": ("lng", ""),
    "LNGUS": ("lng", "US"),
    "LNGRU": ("lng", "RU"),
}


def make_market(arcs, output, *, steps=1, days=365.0, first="2025-01-01", labels=(), bans=()):
    """Return results.

    ``arcs``: ``(from, to): GWh/d``; ``output``: ``(bus, origin): GWh/d``, own production where a market and its
    origin bear the same name; any rate may be a list by snapshot.
    """
    buses = sorted({bus for arc in arcs for bus in arc} | {bus for bus, _ in output})
    place = {bus: number for number, bus in enumerate(buses)}
    kinds = [_KNOWN.get(bus, ("market", bus)) for bus in buses]
    spread = [
        np.broadcast_to(np.asarray(values, dtype=float), (steps,)) for values in (*arcs.values(), *output.values())
    ]
    flows = np.array(spread[: len(arcs)]).reshape(-1, steps).T
    supplied = np.array(spread[len(arcs) :]).reshape(-1, steps).T
    consumed = np.zeros((steps, len(buses)))
    for column, (begin, end) in enumerate(arcs):
        consumed[:, place[begin]] -= flows[:, column]
        consumed[:, place[end]] += flows[:, column]
    for column, (bus, _) in enumerate(output):
        consumed[:, place[bus]] += supplied[:, column]
    consumed[abs(consumed) < 1e-9] = 0.0
    shipping = [begin.startswith("LNG") and end.startswith("LNG") for begin, end in arcs]
    home = [_KNOWN.get(bus, ("market", bus)) == ("market", origin) for bus, origin in output]
    figures = {
        "supplied": ("generator", supplied),
        "consumed": ("bus", consumed),
        "unserved": ("bus", np.zeros_like(consumed)),
        "price": ("bus", np.full_like(consumed, 30.0)),
        "sent": ("link", flows),
        "received": ("link", flows),
        "capacity": ("link", 2.0 * flows),
        "technical": ("link", 2.0 * flows),
        "stored": ("store", np.zeros((steps, 0))),
        "injected": ("store", np.zeros((steps, 0))),
        "withdrawn": ("store", np.zeros((steps, 0))),
    }
    told = json.dumps({"name": "test", "notes": [], "labels": list(labels), "ownership": [], "bans": list(bans)})
    return xr.Dataset(
        {name: (("snapshot", dim), values) for name, (dim, values) in figures.items()},
        coords={
            "snapshot": pd.date_range(first, periods=steps, freq=f"{int(days)}D"),
            "weight_days": ("snapshot", np.full(steps, days)),
            "bus": buses,
            "bus_kind": ("bus", [kind for kind, _ in kinds]),
            "country": ("bus", [country for _, country in kinds]),
            "link": [f"{begin}-{end}" for begin, end in arcs],
            "bus0": ("link", [begin for begin, _ in arcs]),
            "bus1": ("link", [end for _, end in arcs]),
            "carrier": ("link", ["shipping" if ship else "pipeline" for ship in shipping]),
            "is_storage_link": ("link", [False] * len(arcs)),
            "efficiency": ("link", [1.0] * len(arcs)),
            "generator": [f"{bus} {origin}" for bus, origin in output],
            "generator_bus": ("generator", [bus for bus, _ in output]),
            "generator_origin": ("generator", [origin for _, origin in output]),
            "generator_route": (
                "generator",
                ["home" if own else bus for own, (bus, _) in zip(home, output, strict=True)],
            ),
            "generator_carrier": ("generator", ["lng" if bus.startswith("LNG") else "gas" for bus, _ in output]),
            "store": np.array([], dtype=str),
            "store_bus": ("store", np.array([], dtype=str)),
        },
        attrs={"meta": json.dumps({"scenario": told})},
    )


def make_contract(name, zone, link, twh, label, **more):
    """Return a row of table ``contracts``."""
    row = {
        "contract": name,
        "seller_country": label,
        "zone": zone,
        "link": link,
        "annual_twh": twh,
        "take_or_pay": 0.8,
        "minimum": True,
        "start": pd.Timestamp(2020, 1, 1),
        "end": pd.Timestamp(2035, 12, 31),
        "label": label,
    }
    return row | more


@pytest.fixture(scope="session")
def market():
    """Return the factory of results."""
    return make_market


@pytest.fixture(scope="session")
def contract():
    """Return the factory of contracts."""
    return make_contract
