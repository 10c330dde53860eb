"""Random worlds: laws of conservation, symmetries, and a second implementation that shares no idea with the first.

The reference knows no matrix and no linear map: mixes are iterated until they stand still, tanks are lists of parcels
of gas, a cyclic start is found by living the same period over and over.
"""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from energyflows.tracing import trace, trace_links

BUSES = ["A", "B", "C", "D"]
STEPS = 3
DAYS = np.array([1.0, 2.0, 5.0])
STORAGE = st.sampled_from(["mixed", "fifo", "lifo"])
COUPLING = st.sampled_from(["direct", "aggregated"])
RATES = st.lists(st.sampled_from([0.0, 0.0, 1.0, 2.5, 7.0]), min_size=STEPS, max_size=STEPS)


@st.composite
def worlds(draw, lossless=False, cyclic=False):
    """Draw arcs (loops included), levels of two tanks, and output that covers what leaves each bus."""
    arcs = {}
    for begin in BUSES:
        for end in BUSES:
            if begin != end and draw(st.booleans()):
                sent = np.array(draw(RATES))
                arcs[begin, end] = (sent, sent * (1.0 if lossless else draw(st.sampled_from([1.0, 0.9]))))
    arcs = arcs or {("A", "B"): (np.ones(STEPS), np.ones(STEPS))}
    levels = {bus: draw(st.lists(st.sampled_from([0.0, 3.0, 8.0, 20.0]), min_size=4, max_size=4)) for bus in "BD"}
    if cyclic:  # a tank that ends empty has nothing to begin with
        levels = {bus: [max(stock[0], 3.0), *stock[1:3], max(stock[0], 3.0)] for bus, stock in levels.items()}
    output = {}
    for bus in BUSES:
        net = np.diff(levels[bus]) / DAYS if bus in levels else np.zeros(STEPS)
        net = net + sum((rates[0] for (begin, _), rates in arcs.items() if begin == bus), np.zeros(STEPS))
        net = net - sum((rates[1] for (_, end), rates in arcs.items() if end == bus), np.zeros(STEPS))
        need = np.maximum(net, 0.0) + np.array(draw(RATES))
        part = draw(st.sampled_from([0.25, 1.0]))
        output[bus, bus] = need * part
        output[bus, "X"] = need * (1 - part)
    return arcs, output, levels


def build(grid, world):
    arcs, output, levels = world
    return grid(arcs, output, levels, steps=STEPS, days=DAYS)


# ------------------------------------------------------------------ the second implementation
def add(mix, other, volume):
    """Add a volume of one mix to a dictionary of volumes."""
    for origin, share in other.items():
        mix[origin] = mix.get(origin, 0.0) + share * volume


def normalise(mix):
    total = sum(mix.values())
    return {origin: volume / total for origin, volume in mix.items()} if total > 1e-9 else {}


def take(parcels, volume, storage):
    """Take a volume out of a list of parcels, oldest first in the list; return what it is made of."""
    total, taken = sum(size for size, _ in parcels), {}
    if storage == "mixed":
        for parcel in parcels:
            piece = parcel[0] * (min(1.0, volume / total) if total > 0 else 0.0)
            add(taken, parcel[1], piece)
            parcel[0] -= piece
        return taken
    while volume > 1e-9:
        parcel = parcels[0 if storage == "fifo" else -1]
        piece = min(volume, parcel[0])
        add(taken, parcel[1], piece)
        parcel[0] -= piece
        volume -= piece
        if parcel[0] <= 1e-12:
            parcels.remove(parcel)
    return taken


def measure_demand(world, step):
    """Return what remains at each bus."""
    arcs, output, levels = world
    demand = {bus: output[bus, bus][step] + output[bus, "X"][step] for bus in BUSES}
    for (begin, end), (sent, received) in arcs.items():
        demand[begin] -= sent[step]
        demand[end] += received[step]
    for bus, stock in levels.items():
        demand[bus] -= (stock[step + 1] - stock[step]) / DAYS[step]
    return demand


def iterate(arcs, step, outside):
    """Let gas flow round and round until the mix of no bus changes."""
    mixes = {bus: {} for bus in BUSES}
    for _ in range(3000):
        before, mixes = mixes, {}
        for bus in BUSES:
            volumes = dict(outside[bus])
            for (begin, end), (_, received) in arcs.items():
                if end == bus:
                    add(volumes, before[begin], received[step])
            mixes[bus] = normalise(volumes)
        if measure_change(before, mixes) < 1e-13:
            break
    return mixes


def measure_change(before, mixes):
    return max(abs(mixes[b].get(o, 0) - before[b].get(o, 0)) for b in mixes for o in [*BUSES, "X", "?"])


def live(world, tanks, storage, coupling):
    """Live through the period once; return deliveries by snapshot and bus. Tanks are changed."""
    arcs, output, levels = world
    delivered = []
    for step in range(STEPS):
        demand, kept = measure_demand(world, step), dict.fromkeys(BUSES, 0.0)
        if coupling == "aggregated":
            kept = {bus: min(output[bus, bus][step], max(demand[bus], 0.0)) for bus in BUSES}
        outside = {bus: {bus: output[bus, bus][step] - kept[bus], "X": output[bus, "X"][step]} for bus in BUSES}
        for bus, stock in levels.items():
            drawn = take(tanks[bus], max(stock[step] - stock[step + 1], 0.0), storage)
            add(outside[bus], drawn, 1 / DAYS[step])
        mixes = iterate(arcs, step, outside)
        for bus, stock in levels.items():
            if stock[step + 1] > stock[step]:
                tanks[bus].append([stock[step + 1] - stock[step], mixes[bus]])
        today = {bus: {bus: kept[bus]} for bus in BUSES}
        for bus in BUSES:
            add(today[bus], mixes[bus], demand[bus] - kept[bus])
        delivered.append(today)
    return delivered


def fill(levels, mixes):
    return {bus: [[stock[0], mixes[bus]]] if stock[0] > 0 else [] for bus, stock in levels.items()}


def settle(world, storage, coupling):
    """Live the period over and over until tanks end as they begin."""
    levels = world[2]
    mixes = {bus: {"?": 1.0} for bus in levels}
    for _ in range(400):
        tanks = fill(levels, mixes)
        delivered = live(world, tanks, storage, coupling)
        before, mixes = mixes, {}
        for bus, parcels in tanks.items():
            volumes = {}
            for size, mix in parcels:
                add(volumes, mix, size)
            mixes[bus] = normalise(volumes) or before[bus]
        if measure_change(before, mixes) < 1e-12:
            break
    return delivered


def compare(found, expected):
    for step, today in enumerate(expected):
        for bus, volumes in today.items():
            row = found["delivered"].isel(snapshot=step).sel(bus=bus).to_series().to_dict()
            for origin in [*BUSES, "X"]:
                assert row.get(origin, 0.0) == pytest.approx(volumes.get(origin, 0.0), abs=2e-6), (step, bus, origin)
            assert row.get("unknown", 0.0) == pytest.approx(volumes.get("?", 0.0), abs=2e-6), (step, bus)


@settings(max_examples=25)
@given(world=worlds(), storage=STORAGE, coupling=COUPLING)
def test_a_known_start_agrees_with_parcels_followed_one_by_one(grid, world, storage, coupling):
    start = xr.DataArray(
        [[0.3, 0.7], [1.0, 0.0]], dims=("tank", "origin"), coords={"tank": ["B", "D"], "origin": ["A", "X"]}
    )
    tanks = fill(world[2], {"B": {"A": 0.3, "X": 0.7}, "D": {"A": 1.0}})
    compare(trace(build(grid, world), storage, start, coupling), live(world, tanks, storage, coupling))


@settings(max_examples=15)
@given(world=worlds(cyclic=True), storage=STORAGE)
def test_a_cyclic_start_agrees_with_the_period_lived_over_and_over(grid, world, storage):
    compare(trace(build(grid, world), storage), settle(world, storage, "direct"))


# ------------------------------------------------------------------ laws
@settings(max_examples=25)
@given(world=worlds(), storage=STORAGE, coupling=COUPLING)
def test_origins_of_consumption_sum_to_it_and_none_is_negative(grid, world, storage, coupling):
    ds = build(grid, world)
    traced = trace(ds, storage, coupling=coupling)
    np.testing.assert_allclose(traced["delivered"].sum("origin"), ds["consumed"], rtol=1e-9, atol=1e-9)
    assert float(traced["delivered"].min()) >= -1e-12
    total = traced["mix"].sum("origin", skipna=False)
    np.testing.assert_allclose(total.where(total.notnull(), 1.0), 1.0, rtol=1e-9)


@settings(max_examples=25)
@given(world=worlds(), storage=STORAGE, coupling=COUPLING)
def test_what_an_origin_puts_in_is_delivered_lost_or_stored(grid, world, storage, coupling):
    traced = trace(build(grid, world), storage, coupling=coupling)
    flows = traced["supplied"] + traced["adjusted"] - traced["lost"] - traced["delivered"].sum("bus")
    change = (traced["stored"].isel(snapshot=-1) - traced["stored_before"]).sum("tank")
    np.testing.assert_allclose((flows * traced["weight_days"]).sum("snapshot"), change, atol=1e-9)
    np.testing.assert_allclose(traced["adjusted"], 0.0, atol=1e-9)


@settings(max_examples=25)
@given(world=worlds(), storage=STORAGE)
def test_every_bus_passes_on_what_it_gets_of_each_origin(grid, world, storage):
    ds = build(grid, world)
    traced = trace(ds, storage)
    flows = trace_links(traced, ds).fillna(0.0)
    arriving = flows * (ds["received"] / ds["sent"].where(ds["sent"] > 0)).fillna(0.0)
    ends = {end: xr.DataArray(ds[end].values, dims="link", name="bus") for end in ("bus0", "bus1")}
    for bus in ("A", "C"):  # without tanks
        entered = arriving.isel(link=np.flatnonzero(ends["bus1"] == bus)).sum("link")
        left = flows.isel(link=np.flatnonzero(ends["bus0"] == bus)).sum("link")
        for origin in (bus, "X"):
            entered.loc[{"origin": origin}] += ds["supplied"].sel(generator=f"{bus} {origin}")
        np.testing.assert_allclose(entered, left + traced["delivered"].sel(bus=bus), atol=1e-9)


@settings(max_examples=25)
@given(world=worlds(), storage=STORAGE, coupling=COUPLING, factor=st.sampled_from([1e-6, 0.3, 1e6]))
def test_scaling_all_flows_leaves_shares_as_they_are(grid, world, storage, coupling, factor):
    ds = build(grid, world)
    names = list(ds.data_vars)
    found, scaled = (trace(each, storage, coupling=coupling) for each in (ds, ds.assign(ds[names] * factor)))
    np.testing.assert_allclose(scaled["mix"], found["mix"], atol=1e-9)
    np.testing.assert_allclose(scaled["stored"] / factor, found["stored"], atol=1e-9)


@settings(max_examples=25)
@given(world=worlds(), storage=STORAGE, order=st.permutations(range(4)), seed=st.randoms(use_true_random=False))
def test_another_order_of_buses_links_and_tanks_changes_nothing(grid, world, storage, order, seed):
    ds = build(grid, world)
    links = list(range(ds.sizes["link"]))
    seed.shuffle(links)
    turned = ds.isel(bus=list(order), link=links, store=[1, 0], generator=slice(None, None, -1))
    found = trace(turned, storage).sel(bus=ds["bus"].values, tank=["B", "D"])
    xr.testing.assert_allclose(found, trace(ds, storage), rtol=1e-9, atol=1e-9)


@settings(max_examples=25)
@given(world=worlds(lossless=True))
def test_the_rule_of_storage_moves_gas_in_time_only(grid, world):
    start = xr.DataArray([[1.0], [1.0]], dims=("tank", "origin"), coords={"tank": ["B", "D"], "origin": ["X"]})
    ds = build(grid, world)
    totals = []
    for storage in ("mixed", "fifo", "lifo"):
        traced = trace(ds, storage, start)
        gone = (traced["delivered"].sum("bus") * traced["weight_days"]).sum("snapshot")
        totals.append(gone + traced["stored"].isel(snapshot=-1).sum("tank"))
    np.testing.assert_allclose(totals[1], totals[0], atol=1e-9)
    np.testing.assert_allclose(totals[2], totals[0], atol=1e-9)
