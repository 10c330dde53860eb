"""Balanced results put together by hand: output, arcs and changes of stocks are given, what remains is consumed."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr


def _series(values, steps):
    return np.broadcast_to(np.asarray(values, dtype=float), (steps,)).copy()


def make_results(arcs, output, levels=None, *, steps=1, days=1.0, index=None):
    """Return results.

    ``arcs``: ``(from, to): sent`` or ``(sent, received)``; ``output``: ``(bus, origin): GWh/d``; ``levels``: GWh of the
    tank at a bus, before the first snapshot and at the end of each. Any rate may be a list by snapshot.
    """
    levels = levels or {}
    buses = sorted({bus for arc in arcs for bus in arc} | {bus for bus, _ in output} | set(levels))
    place = {bus: number for number, bus in enumerate(buses)}
    weights = _series(days, steps)
    consumed = np.zeros((steps, len(buses)))
    supplied = np.array([_series(values, steps) for values in output.values()]).reshape(-1, steps).T
    for column, (bus, _) in enumerate(output):
        consumed[:, place[bus]] += supplied[:, column]
    sent, received = np.zeros((steps, len(arcs))), np.zeros((steps, len(arcs)))
    for column, (ends, rates) in enumerate(arcs.items()):
        pair = rates if isinstance(rates, tuple) else (rates, rates)
        sent[:, column], received[:, column] = (_series(rate, steps) for rate in pair)
        consumed[:, place[ends[0]]] -= sent[:, column]
        consumed[:, place[ends[1]]] += received[:, column]
    stock = np.array(list(levels.values()), dtype=float).reshape(-1, steps + 1).T
    net = np.diff(stock, axis=0) / weights[:, None]
    for column, bus in enumerate(levels):
        consumed[:, place[bus]] -= net[:, column]
    consumed[abs(consumed) < 1e-12] = 0.0
    figures = {
        "supplied": ("generator", supplied),
        "consumed": ("bus", consumed),
        "sent": ("link", sent),
        "received": ("link", received),
        "stored": ("store", stock[1:]),
        "injected": ("store", np.maximum(net, 0.0)),
        "withdrawn": ("store", np.maximum(-net, 0.0)),
    }
    return xr.Dataset(
        {name: (("snapshot", dim), values, {"units": "GWh/d"}) for name, (dim, values) in figures.items()},
        coords={
            "snapshot": pd.date_range("2025-01-01", periods=steps) if index is None else index,
            "weight_days": ("snapshot", weights),
            "bus": buses,
            "country": ("bus", [bus.split()[0] for bus in buses]),
            "link": [f"{begin}-{end}" for begin, end in arcs],
            "bus0": ("link", [begin for begin, _ in arcs]),
            "bus1": ("link", [end for _, end in arcs]),
            "is_storage_link": ("link", [begin in levels or end in levels for begin, end in arcs]),
            "generator": [f"{bus} {origin}" for bus, origin in output],
            "generator_bus": ("generator", [bus for bus, _ in output]),
            "generator_origin": ("generator", [origin for _, origin in output]),
            "store": list(levels),
            "store_bus": ("store", list(levels)),
        },
    )


@pytest.fixture(scope="session")
def grid():
    """Return the factory of results."""
    return make_results
