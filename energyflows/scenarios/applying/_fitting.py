"""Contracts that a scenario leaves without gas or without a way out lapse in proportion.

A rewarded minimum that cannot be met costs nothing, but several of them would compete for what is left by the number
of rewards on their way. So wherever a dedicated corridor or a port carries less than before, what contracts hold to
flow out of it falls in proportion, as under force majeure; and where the exits take less than before, gas that was
sure to be delivered is merely offered.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pypsa

from energyflows.scenarios.applying._work import (
    NEGLIGIBLE,
    add_generator,
    read_costs,
    read_offers,
    read_rates,
    shift_sure,
    write_rates,
)

_KINDS = ("corridor", "lng")


#: GWh/d by snapshot, by name.
Rates = dict[str, np.ndarray]


@dataclass(frozen=True)
class _Flows:
    """What a network could carry through its dedicated corridors and ports."""

    minimum: Rates
    """Contracted, by link."""
    scale: Rates
    """Part of the minima of each bus that gas is there for, 0…1."""
    exits: Rates
    """What the ways out of each bus take."""


def fit_contracts(before: pypsa.Network, n: pypsa.Network) -> None:
    """Lower contracted flows, and sure supply, by what a scenario took from them.

    Parameters
    ----------
    before : pypsa.Network
        Without the scenario.
    n : pypsa.Network
        With it; changed in place.
    """
    if "kind" not in n.buses or "reward" not in n.links:
        return
    old, new = _follow(before), _follow(n)
    for link, minimum in new.minimum.items():
        bus = n.links.at[link, "bus0"]
        lapsed = 1.0 - np.minimum(_divide(new.scale[bus], old.scale[bus]), 1.0)
        if (minimum * lapsed > NEGLIGIBLE).any():
            shift_sure(n, link, pd.Series(minimum * lapsed, index=n.snapshots))
    for bus, exits in new.exits.items():
        if (exits < old.exits[bus] - NEGLIGIBLE).any():
            _free_supply(n, bus, old.exits[bus], exits)


def _divide(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return a ratio; one where there is nothing to divide by."""
    ratio: np.ndarray = np.divide(part, whole, out=np.ones_like(part), where=whole > NEGLIGIBLE)
    return ratio


def _follow(n: pypsa.Network) -> _Flows:
    """Follow gas from the wells to the markets."""
    buses = _sort_buses(n)
    links = n.links[n.links["carrier"].isin(("pipeline", "shipping")) & n.links["bus0"].isin(buses)]
    rates = read_rates(n, "Link", links.index)
    capacity, minimum = _sum_parts(rates, links), _sum_parts(rates, links[links["reward"] > 0])
    offered, scale = _sum_supply(n, buses), {}
    outs = {bus: list(dict.fromkeys(group["part_of"])) for bus, group in links.groupby("bus0")}
    none = np.zeros(len(n.snapshots))
    for bus in buses:
        wanted = sum((minimum.get(link, none) for link in outs.get(bus, ())), none)
        scale[bus] = np.minimum(_divide(offered[bus], wanted), 1.0)
        for link in outs.get(bus, ()):
            target = n.links.at[link, "bus1"]
            if target in scale or target not in offered:
                continue
            granted = minimum.get(link, none) * scale[bus]
            rest = offered[bus] - wanted * scale[bus] + granted
            possible = np.minimum(capacity[link], np.maximum(rest, granted))
            offered[target] = offered[target] + possible * n.links.at[link, "efficiency"]
    return _Flows(minimum, scale, _sum_exits(n, buses, outs, capacity))


def _sum_parts(rates: pd.DataFrame, links: pd.DataFrame) -> Rates:
    """Return the sum of the parts of each link."""
    summed = rates[links.index].T.groupby(links["part_of"]).sum()
    return dict(zip(summed.index, summed.to_numpy(), strict=True))


def _sort_buses(n: pypsa.Network) -> list[str]:
    """Return corridors and ports so that gas flows from earlier to later ones."""
    inner = n.buses.index[n.buses["kind"].isin(_KINDS)]
    links = n.links[n.links["bus0"].isin(inner) & n.links["bus1"].isin(inner)]
    feeders = {bus: set(links.loc[links["bus1"] == bus, "bus0"]) - {bus} for bus in inner}
    ordered: list[str] = []
    while feeders:
        ready = [bus for bus, sources in feeders.items() if sources <= set(ordered)] or [min(feeders)]
        ordered += ready
        feeders = {bus: sources for bus, sources in feeders.items() if bus not in ready}
    return ordered


def _sum_supply(n: pypsa.Network, buses: list[str]) -> Rates:
    """Return what enters at each bus from wells and grids at most; a budget of energy counts at its mean rate."""
    rows = n.generators[n.generators["bus"].isin(buses) & ~n.generators["carrier"].isin(("response", "unserved"))]
    rates = read_offers(n, rows.index).to_numpy()
    entering = n.links[n.links["bus1"].isin(buses) & ~n.links["bus0"].isin(buses) & (n.links["carrier"] == "pipeline")]
    inflow = read_rates(n, "Link", entering.index).to_numpy()
    supply = {bus: np.zeros(len(n.snapshots)) for bus in buses}
    for figures, places in ((rates, rows["bus"]), (inflow, entering["bus1"])):
        for column, bus in enumerate(places):
            supply[bus] += figures[:, column]
    return supply


def _sum_exits(n: pypsa.Network, buses: list[str], outs: dict[str, list[str]], capacity: Rates) -> Rates:
    """Return what the ways out of each bus take, except back into the country the gas is from."""
    exits: Rates = {}
    country = n.buses["country"]
    for bus in reversed(buses):
        exits[bus] = np.zeros(len(n.snapshots))
        for link in outs.get(bus, ()):
            target = n.links.at[link, "bus1"]
            if target in exits:
                exits[bus] += np.minimum(capacity[link], exits[target])
            elif country[target] != country[bus]:
                exits[bus] += capacity[link]
    return exits


def _free_supply(n: pypsa.Network, bus: str, old: np.ndarray, new: np.ndarray) -> None:
    """Offer, instead of force, what has lost its way out; budgets of energy are divided, not doubled."""
    rows = n.generators[(n.generators["bus"] == bus) & (n.generators["reward"] > 0)]
    rates = read_rates(n, "Generator", rows.index)
    held = np.minimum(old, rates.sum(axis=1).to_numpy())
    left = pd.Series(np.minimum(_divide(new, held), 1.0), index=n.snapshots)
    costs, days = read_costs(n, "Generator", rows.index).mean(), n.snapshot_weightings["generators"]
    for name, row in rows.iterrows():
        spare = rates[name] * (1.0 - left)
        if (spare > NEGLIGIBLE).any():
            figures = {key: row[key] for key in ("bus", "carrier", "origin", "route", "part_of")}
            added = add_generator(n, f"{name} spare", spare, **figures, cost=float(costs[name]))
            n.generators.at[added, "e_sum_max"] = row["e_sum_max"] * float(days @ spare) / float(days @ rates[name])
    write_rates(n, "Generator", rates.mul(left, axis=0))
