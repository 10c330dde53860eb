"""Single figures, and components that come or go."""

from __future__ import annotations

import numpy as np
import pandas as pd

from energyflows.errors import ScenarioError
from energyflows.scenarios.applying._days import share_days
from energyflows.scenarios.applying._work import (
    COMPONENTS,
    Work,
    add_generator,
    add_link,
    check_bus,
    find_parts,
    read_costs,
    read_rates,
    scale,
    write_costs,
    write_rates,
)
from energyflows.scenarios.changes import Add, Remove, Scale, Set


def scale_figure(work: Work, change: Scale) -> None:
    """Multiply a figure while the change holds."""
    kind = COMPONENTS[change.component]
    names = _find_figure(work, change)
    factor = 1.0 + (change.factor - 1.0) * share_days(work.n, change)
    if change.attribute == "cost":
        write_costs(work.n, kind, read_costs(work.n, kind, names).mul(factor, axis=0))
    else:
        scale(work.n, kind, names, factor)


def set_figure(work: Work, change: Set) -> None:
    """Give a figure a value while the change holds; parts of one element keep their proportions."""
    kind = COMPONENTS[change.component]
    names = _find_figure(work, change)
    held = share_days(work.n, change)
    if change.attribute == "cost":
        old = read_costs(work.n, kind, names)
        write_costs(work.n, kind, old.mul(1.0 - held, axis=0).add(change.value * held, axis=0))
        return
    old = read_rates(work.n, kind, names)
    total = old.sum(axis=1)
    known = (total > 0) & np.isfinite(total)
    share = old.div(total.where(known), axis=0).fillna(0.0)
    # Where nothing was, or no limit, all goes to the first part.
    share[names[0]] = share[names[0]].where(known, 1.0)
    kept = old.mul((1.0 - held).where(held < 1), axis=0).fillna(0.0)
    write_rates(work.n, kind, kept + share.mul(change.value * held, axis=0))


def _find_figure(work: Work, change: Scale | Set) -> pd.Index:
    if change.attribute == "cost" and change.component in {"load", "store"}:
        raise ScenarioError(f"{change.change}: a {change.component} has no cost; expected attribute 'capacity'")
    return find_parts(work.n, COMPONENTS[change.component], change.name)


def add_component(work: Work, change: Add) -> None:
    """Put in a link or a generator."""
    n = work.n
    if change.name in n.c[COMPONENTS[change.component]].static.index:
        raise ScenarioError(
            f"add: {change.component} {change.name!r} exists already; use scale or set, or another name"
        )
    for bus in filter(None, (change.bus, change.to)):
        check_bus(n, bus)
    rate = pd.Series(change.capacity, index=n.snapshots)
    if change.component == "generator":
        add_generator(n, change.name, rate, bus=change.bus, origin=change.origin, cost=change.cost)
    else:
        ends = {"bus0": change.bus, "bus1": change.to, "efficiency": change.efficiency}
        add_link(n, change.name, rate, cost=change.cost, **ends)


def remove_component(work: Work, change: Remove) -> None:
    """Take a component out: it keeps its name and can do nothing, so that results stay comparable."""
    kind = COMPONENTS[change.component]
    names = find_parts(work.n, kind, change.name)
    scale(work.n, kind, names, 0.0)
