"""Random worlds: an independent linear programme with two commodities, and tracing that lies within bounds.

The programme knows no graph and no cut: every flow is split into gas of the origin and other gas, and each of the two
balances at every bus and in every tank of every snapshot by itself.
"""

import itertools

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from energyflows.tracing import trace, trace_flows
from energyflows.tracing._bounds import bound_delivered
from energyflows.tracing._flow_bounds import bound_flows

BUSES = ["A", "B", "C", "D"]
TANKS = ["B", "D"]
DAYS = np.array([1.0, 2.0, 5.0, 3.0])
DATES = pd.to_datetime(["2021-01-01", "2021-07-01", "2022-01-01", "2022-07-01"])
SEEDS = st.integers(0, 2**32 - 1)


def make_world(grid, seed):
    """Return results of two years: loops, losses, two tanks, own output, some gas found and some lost at new year."""
    rng = np.random.default_rng(seed)
    steps = len(DAYS)

    def rates():
        return np.round(rng.uniform(0, 9, steps), 2) * (rng.random(steps) < 0.6)

    arcs = {}
    for ends in itertools.permutations(BUSES, 2):
        if rng.random() < 0.5:
            sent = rates()
            arcs[ends] = (sent, sent * rng.choice([1.0, 0.9]))
    arcs = arcs or {("A", "B"): (np.ones(steps), np.ones(steps))}
    levels = {bus: np.round(rng.choice([0.0, 3.0, 8.0, 20.0], steps + 1) * rng.uniform(0.5, 1), 2) for bus in TANKS}
    output = {}
    for bus in BUSES:
        need = np.diff(levels[bus]) / DAYS if bus in levels else np.zeros(steps)
        need = need + sum((rate[0] for ends, rate in arcs.items() if ends[0] == bus), np.zeros(steps))
        need = need - sum((rate[1] for ends, rate in arcs.items() if ends[1] == bus), np.zeros(steps))
        need = np.maximum(need, 0.0) + rates()
        part = rng.choice([0.25, 1.0])
        output[bus, bus], output[bus, "X"] = need * part, need * (1 - part)
    ds = grid(arcs, output, levels, steps=steps, days=DAYS, index=DATES)
    # Observed stocks at new year: what was found or lost stays in the tanks to the end.
    jump = np.maximum(rng.choice([-2.0, 0.0, 2.0], len(TANKS)), -ds["stored"].values[1:].min(axis=0))
    ds["stored"][2:] += jump
    ds["stored"][1] += np.minimum(jump, 0.0)
    return ds


class Programme:
    """Columns with bounds, and rows that sum to zero or to a number."""

    def __init__(self):
        self.upper, self.rows, self.sums = [], [], []

    def split(self, volume):
        """Return the columns of the gas of the origin and of other gas in a volume."""
        pair = (len(self.upper), len(self.upper) + 1)
        self.upper += [volume, volume]
        self.balance([(pair[0], 1.0), (pair[1], 1.0)], volume)
        return pair

    def balance(self, terms, total=0.0):
        self.rows.append(terms)
        self.sums.append(total)

    def balance_both(self, pairs):
        """Let the gas of the origin and other gas balance, each by itself."""
        for kind in (0, 1):
            self.balance([(pair[kind], sign) for pair, sign in pairs])

    def solve(self, objective):
        matrix = np.zeros((len(self.rows), len(self.upper)))
        for row, terms in enumerate(self.rows):
            for column, factor in terms:
                matrix[row, column] += factor
        cost = np.zeros(len(self.upper))
        cost[objective] = 1.0
        bounds = [(0.0, upper) for upper in self.upper]
        solved = [linprog(sign * cost, A_eq=matrix, b_eq=self.sums, bounds=bounds) for sign in (1, -1)]
        assert all(each.status == 0 for each in solved)
        return [solved[0].fun, -solved[1].fun]


def split_snapshot(programme, now, origin, held):
    """Split all that moves in a snapshot; return the gas each bus consumes, and put what tanks keep into ``held``."""
    days = float(now["weight_days"])
    leaving = {name: [] for name in BUSES}
    for begin, end, sent, received in zip(
        *(now[name].values for name in ("bus0", "bus1", "sent", "received")), strict=True
    ):
        moved = programme.split(received * days)
        leaving[begin] += [(moved, 1.0), (programme.split((sent - received) * days), 1.0)]
        leaving[end].append((moved, -1.0))
    for bus, own, rate in zip(
        *(now[name].values for name in ("generator_bus", "generator_origin", "supplied")), strict=True
    ):
        entered = programme.split(rate * days)
        programme.balance([(entered[0], 1.0)], rate * days if own == origin else 0.0)
        leaving[bus].append((entered, -1.0))
    eaten = {bus: programme.split(float(now["consumed"].sel(bus=bus)) * days) for bus in BUSES}
    for bus, pair in eaten.items():
        leaving[bus].append((pair, 1.0))
    for name, *rates in zip(
        *(now[name].values for name in ("store_bus", "injected", "withdrawn", "stored")), strict=True
    ):
        split_tank(programme, leaving[name], held, name, [rates[0] * days, rates[1] * days, rates[2]])
    for pairs in leaving.values():
        programme.balance_both(pairs)
    return eaten


def split_tank(programme, leaving, held, name, figures):
    """Split what goes into a tank, out of it and stays; a change no flow explains is found or lost."""
    put, taken = programme.split(figures[0]), programme.split(figures[1])
    leaving += [(put, 1.0), (taken, -1.0)]
    jump = figures[2] - programme.upper[held[name][0]] - figures[0] + figures[1]
    found, lost, kept = (programme.split(volume) for volume in (max(jump, 0.0), max(-jump, 0.0), figures[2]))
    programme.balance_both([(held[name], 1), (put, 1), (found, 1), (taken, -1), (lost, -1), (kept, -1)])
    held[name] = kept


def solve(ds, bus, year, origin, start):
    """Return the least and the most of an origin at a bus in a year, GWh; ``start`` is its part in all tanks."""
    programme, held, wanted = Programme(), {}, []
    first = ds.isel(snapshot=0)
    content = first["stored"] - (first["injected"] - first["withdrawn"]) * first["weight_days"]
    for name, volume in zip(ds["store_bus"].values, np.maximum(content.values, 0.0), strict=True):
        held[name] = programme.split(volume)
        if start is not None:
            programme.balance([(held[name][0], 1.0)], start * volume)
    for step, date in enumerate(DATES):
        eaten = split_snapshot(programme, ds.isel(snapshot=step), origin, held)
        wanted += [eaten[bus][0]] if date.year == year else []
    return programme.solve(wanted)


@pytest.mark.parametrize("start", [None, 0.0, 0.3, 1.0])
@settings(max_examples=4)
@given(seed=SEEDS)
def test_bounds_are_those_of_two_commodities(grid, seed, start):
    ds = make_world(grid, seed)
    before = None if start is None else pd.DataFrame({"A": [start] * 2, "D": [1 - start] * 2}, index=TANKS)
    bounds = bound_delivered(ds, before=before)
    rng = np.random.default_rng(seed)
    for bus, year in itertools.product(bounds["bus"].values.tolist(), (2021, 2022)):
        origin = str(rng.choice(["A", "X"])) if start is None else "A"
        mine = bounds.sel(bus=bus, year=year, origin=origin)
        expected = solve(ds, bus, year, origin, start)
        assert [float(mine["low"]) * 1e3, float(mine["high"]) * 1e3] == pytest.approx(expected, abs=1e-5)


def sum_years(rate, ds):
    return (rate * ds["weight_days"]).groupby("snapshot.year").sum() / 1e3


def lies_within(yearly, bounds):
    mine = bounds.sel(origin=yearly["origin"])
    return bool(((mine["low"] <= yearly + 1e-15) & (yearly <= mine["high"] + 1e-15)).all())


@pytest.mark.parametrize("coupling", ["direct", "aggregated"])
@settings(max_examples=8)
@given(seed=SEEDS)
def test_tracing_lies_within_bounds(grid, seed, coupling):
    ds = make_world(grid, seed)
    areas = {"all": BUSES, "some": BUSES[:2], "one": ["D"]}
    unknown = bound_delivered(ds, areas=areas)
    inside = xr.DataArray([np.isin(ds["bus"], each) for each in areas.values()], dims=("area", "bus")).astype(float)
    for storage, start in (("mixed", "chained"), ("fifo", "cyclic"), ("lifo", "chained")):
        traced = trace(ds, storage, start, coupling)
        yearly = sum_years(traced["delivered"].drop_sel(origin="unknown", errors="ignore"), ds).dot(inside)
        assert lies_within(yearly, unknown)
        given_start = bound_delivered(ds, areas=areas, before=traced["stored_before"])
        assert lies_within(yearly, given_start)
        # The more is known, the narrower.
        assert bool((unknown["low"] <= given_start["low"] + 1e-9).all())
        assert bool((given_start["high"] <= unknown["high"] + 1e-9).all())


@settings(max_examples=8)
@given(seed=SEEDS)
def test_scale_changes_nothing(grid, seed):
    ds = make_world(grid, seed)
    names = ["supplied", "consumed", "sent", "received", "stored", "injected", "withdrawn"]
    bounds, scaled = (bound_delivered(each) for each in (ds, ds.assign({name: ds[name] * 7e4 for name in names})))
    for name in ("low", "high"):
        np.testing.assert_allclose(scaled[name], bounds[name] * 7e4, rtol=1e-6, atol=1e-6)


# ------------------------------------------------------------------ tables of flows
def make_flows(seed):
    """Return flows of two snapshots with loops and losses, what each node produces, and what two do not."""
    rng = np.random.default_rng(seed)
    rows = []
    for snapshot, ends in itertools.product((1, 2), itertools.permutations(BUSES, 2)):
        if rng.random() < 0.6:
            sent = rng.uniform(0, 9)
            rows.append((snapshot, *ends, sent, sent * rng.choice([1.0, 0.9])))
    flows = pd.DataFrame(rows, columns=["snapshot", "from", "to", "sent", "received"])
    nodes = sorted({*flows["from"], *flows["to"]})
    net = flows.pivot_table(index="snapshot", columns="from", values="sent", aggfunc="sum")
    net = net.reindex(columns=nodes).fillna(0)
    arrived = flows.pivot_table(index="snapshot", columns="to", values="received", aggfunc="sum")
    need = (net - arrived.reindex(columns=nodes).fillna(0)).clip(lower=0)
    return flows, need + rng.uniform(0, 3, len(nodes))


@pytest.mark.parametrize("coupling", ["direct", "aggregated"])
@pytest.mark.parametrize("residual", ["refuse", "show", "scale"])
@settings(max_examples=10)
@given(seed=SEEDS)
def test_traced_flows_lie_within_bounds(seed, residual, coupling):
    flows, production = make_flows(seed)
    if residual != "refuse":
        production = production * [0.7, 1.0, 0.8, 1.0][: production.shape[1]]
    traced = trace_flows(flows, production, coupling, residual)
    low, high = bound_flows(flows, production, residual=residual)
    assert low.index.equals(traced.index)
    assert high.columns.equals(traced.columns)
    assert (low <= traced + 1e-12).all(axis=None)
    assert (traced <= high + 1e-12).all(axis=None)
    assert (low <= high).all(axis=None)
