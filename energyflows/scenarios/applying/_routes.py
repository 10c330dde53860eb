"""Pipelines that carry more, walls that open, contracts at a delivery point."""

from __future__ import annotations

import pandas as pd

from energyflows.scenarios.applying._days import rate_volume, share_days
from energyflows.scenarios.applying._work import (
    MINIMUM,
    Work,
    add_generator,
    add_link,
    check_bus,
    find_parts,
    read_rates,
    shift_sure,
    split_sure,
    write_rates,
)
from energyflows.scenarios.changes import Blend, Contract, Expand


def expand(work: Work, change: Expand) -> None:
    """Add capacity to pipelines, and gas to fill it if there is any."""
    n = work.n
    for name in change.links:
        find_parts(n, "Link", name)
        more = rate_volume(n, change.by, change.start, change.end)
        write_rates(n, "Link", (read_rates(n, "Link", pd.Index([name]))[name] + more).to_frame(name))
        work.widened[name] = work.widened.get(name, 0.0) + more
    gas = change.upstream
    if gas is not None and gas.volume.energy > 0:
        check_bus(n, gas.bus)
        rate = rate_volume(n, gas.volume, change.start, change.end)
        name = f"{gas.supplier} {gas.bus} expansion"
        add_generator(n, name, rate, bus=gas.bus, origin=gas.supplier, cost=gas.cost)


def blend(work: Work, change: Blend) -> None:
    """Open the wall: as much gas as fits through it is no longer held to the corridor's own exits."""
    n = work.n
    check_bus(n, change.source)
    check_bus(n, change.target)
    opened = change.capacity * share_days(n, change)
    name = f"{change.source}-{change.target}"
    add_link(n, name, opened, bus0=change.source, bus1=change.target, efficiency=1.0, cost=change.cost, group="blend")
    held = n.links.index[(n.links["bus0"] == change.source) & n.links.index.str.endswith(MINIMUM)]
    total = read_rates(n, "Link", held).sum(axis=1)
    for sure in held:
        part = read_rates(n, "Link", pd.Index([sure]))[sure] / total.where(total > 0, 1.0)
        shift_sure(n, sure.removesuffix(MINIMUM), part * opened)


def contract(work: Work, change: Contract) -> None:
    """Hold a part of the agreed quantity to flow, and limit the flow if the contract does."""
    n = work.n
    find_parts(n, "Link", change.link)
    agreed = rate_volume(n, change.volume, change.start, change.end)
    free, sure = split_sure(n, change.link)
    rates = read_rates(n, "Link", pd.Index([free, sure]))
    owed = change.take_or_pay * agreed
    short = (owed - rates[free]).max()
    if short > 1e-6:
        work.notes.append(
            f"contract at {change.link}: {short:.3g} GWh/d of what is owed has no capacity and is left out"
        )
    before = rates[sure]
    shift_sure(n, change.link, -owed)
    if change.ceiling is not None:
        rates = read_rates(n, "Link", pd.Index([free, sure]))
        # For the days of a period on which it does not hold, it limits nothing.
        outside = (1.0 - share_days(n, change)) * (rates.sum(axis=1) - before)
        most = before + change.ceiling * agreed + outside - rates[sure]
        write_rates(n, "Link", rates[free].clip(upper=most.clip(lower=0.0)).to_frame(free))
    if change.label is not None:
        told = {"twh": change.volume.energy, "per": change.volume.per, "start": change.start, "end": change.end}
        work.labels.append({"at": change.link, "to": change.label, **told})
