"""A network being changed, and how to change the figures of its elements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, count
from typing import Any

import numpy as np
import pandas as pd
import pypsa

from energyflows.datasets import load_tables, strip_passport
from energyflows.errors import ScenarioError, suggest
from energyflows.results import name_parts

COMPONENTS = {"generator": "Generator", "link": "Link", "load": "Load", "store": "Store"}
#: Attribute that holds the size of a component, and the share of it available.
SIZES = {"Generator": ("p_nom", "p_max_pu"), "Link": ("p_nom", "p_max_pu"), "Store": ("e_nom", "e_max_pu")}
#: GWh/d (stores GWh) that make no difference.
NEGLIGIBLE = 1e-9
#: End of the name of the rewarded part of a flow.
MINIMUM = " minimum"


@dataclass
class Work:
    """A copy of a network on its way to a scenario, and what is to be said about it."""

    n: pypsa.Network
    """Changed in place."""
    given: Mapping[str, pd.DataFrame] | None = None
    """Tables it was built from; the packaged ones if none."""
    notes: list[str] = field(default_factory=list)
    """What a reader must know: limits met, volumes left out."""
    labels: list[dict[str, Any]] = field(default_factory=list)
    """Deliveries whose papers name another origin."""
    ownership: list[dict[str, Any]] = field(default_factory=list)
    """Shares that change hands."""
    bans: list[dict[str, Any]] = field(default_factory=list)
    """Rules of law that bans apply."""
    widened: dict[str, pd.Series] = field(default_factory=dict)
    """Capacity pipelines have beyond that of the tables, GWh/d by snapshot."""
    imported: dict[str, pd.Series] = field(default_factory=dict)
    """What imports take of an entry, or of the demand of a zone, GWh/d by snapshot."""
    mixed: dict[str, pd.Series] = field(default_factory=dict)
    """Home output that imports replace but that goes on into the grid of a zone, GWh/d by snapshot."""
    levels: dict[tuple[str, str, pd.Timestamp], float] = field(default_factory=dict)
    """Level of stores asked for, by kind of change, zone and day."""

    @cached_property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """Tables without their passports."""
        tables = load_tables() if self.given is None else self.given
        return {name: strip_passport(table) for name, table in tables.items()}

    @property
    def technical(self) -> pd.DataFrame:
        """Technical capacity of links, GWh/d by snapshot; observed flows bound the network below it."""
        found: pd.DataFrame | None = self.n.c["Link"].dynamic.get("technical")
        if found is None:
            raise ScenarioError("this network does not know technical capacities; only networks of build_network do")
        return found


def find_parts(n: pypsa.Network, kind: str, name: str) -> pd.Index:
    """Return the rows that make up one element of results.

    Parameters
    ----------
    n : pypsa.Network
        Any.
    kind : str
        ``Generator``, ``Link``, ``Load`` or ``Store``.
    name : str
        As in results.

    Returns
    -------
    pandas.Index
        Raw names.

    Raises
    ------
    ScenarioError
        If there is none; names near ones.
    """
    static = n.c[kind].static
    whole = name_parts(static)
    found = static.index[whole == name]
    if found.empty and name in static.index:
        return pd.Index([name])
    if found.empty:
        near = suggest(name, sorted({*whole, *static.index}))
        raise ScenarioError(f"no {kind.lower()} {name!r} in this network{near}")
    return found


def check_bus(n: pypsa.Network, name: str) -> None:
    """Refuse a bus that does not exist.

    Parameters
    ----------
    n : pypsa.Network
        Any.
    name : str
        Of the bus.

    Raises
    ------
    ScenarioError
        Naming near ones.
    """
    if name not in n.buses.index:
        raise ScenarioError(f"no zone or corridor {name!r} in this network{suggest(name, n.buses.index)}")


def read_rates(n: pypsa.Network, kind: str, names: pd.Index) -> pd.DataFrame:
    """Return what elements can do at most, GWh/d (stores GWh) by snapshot and raw name."""
    if kind == "Load":
        return n.get_switchable_as_dense("Load", "p_set")[names]
    size, share = SIZES[kind]
    rates = n.get_switchable_as_dense(kind, share)[names] * n.c[kind].static.loc[names, size]
    # No share of a size without limit is no number, and means nothing.
    return rates.fillna(0.0)


def read_offers(n: pypsa.Network, names: pd.Index) -> pd.DataFrame:
    """Return what generators can give at most, GWh/d; those with a budget of energy at its pace."""
    rates = read_rates(n, "Generator", names)
    energy = rates.mul(n.snapshot_weightings["generators"], axis=0).sum()
    part = n.generators.loc[names, "e_sum_max"].astype(float) / energy.where(energy > 0)
    return rates * part.clip(upper=1.0).fillna(1.0)


def write_rates(n: pypsa.Network, kind: str, rates: pd.DataFrame) -> None:
    """Set what elements can do at most; what they must do, and energy budgets, change in proportion.

    Parameters
    ----------
    n : pypsa.Network
        Changed in place.
    kind : str
        ``Generator``, ``Link``, ``Load`` or ``Store``.
    rates : pandas.DataFrame
        GWh/d (stores GWh) by snapshot and raw name.

    Raises
    ------
    ScenarioError
        If the solver chooses the size, or what is limited at some times only is without limit at others.
    """
    old = read_rates(n, kind, rates.columns)
    changed = rates.columns[(~np.isclose(rates, old, rtol=0.0, atol=NEGLIGIBLE)).any(axis=0)]
    if changed.empty:
        return
    rates, old = rates[changed], old[changed]
    if kind == "Load":
        n.loads_t.p_set[changed] = rates
        _follow_demand(n, old)
        return
    chosen = changed[n.c[kind].static.loc[changed, f"{SIZES[kind][0]}_extendable"].astype(bool)]
    if len(chosen):
        raise ScenarioError(f"{kind.lower()} {', '.join(chosen)}: the solver chooses its size; fix it first")
    endless = changed[np.isinf(rates).any()]
    if len(endless):
        raise ScenarioError(f"{kind.lower()} {', '.join(endless)} has no limit; set one for all the time first")
    _write_sizes(n, kind, old, rates)
    if kind == "Generator":
        _scale_budgets(n, old, rates)
    if kind == "Store":
        # What no longer fits is gone.
        n.stores.loc[changed, "e_initial"] = n.stores.loc[changed, "e_initial"].clip(upper=rates.iloc[0])


def _write_sizes(n: pypsa.Network, kind: str, old: pd.DataFrame, new: pd.DataFrame) -> None:
    """Write rates as a size and the share of it by snapshot, and the least share in proportion."""
    (size, most), names = SIZES[kind], new.columns
    least = most.replace("max", "min")
    floors = n.get_switchable_as_dense(kind, least)[names]
    bound = floors.columns[(floors != 0).any()]
    floors = floors[bound] * n.c[kind].static.loc[bound, size]
    top = new.max()
    n.c[kind].static.loc[names, size] = top
    whole = top.where(top > 0, 1.0)
    write_series(n, kind, most, np.clip(new / whole, 0.0, 1.0))
    if len(bound):
        part = (new / old.where(old > 0)).fillna(0.0)[bound]
        write_series(n, kind, least, floors * part / whole[bound])


def write_series(n: pypsa.Network, kind: str, attribute: str, values: pd.DataFrame) -> None:
    """Set figures by snapshot; new columns all at once, for one by one they make frames slow."""
    old = n.c[kind].dynamic[attribute]
    if values.columns.isin(old.columns).all():
        old[values.columns] = values
    else:
        kept = old.drop(columns=values.columns, errors="ignore")
        n.c[kind].dynamic[attribute] = pd.concat([kept, values], axis=1).rename_axis(columns="name")


def _scale_budgets(n: pypsa.Network, old: pd.DataFrame, new: pd.DataFrame) -> None:
    """Scale the energy of a year or month with what is available in it; a budget of nothing becomes what is."""
    days = n.snapshot_weightings["generators"]
    before, after = (rates.mul(days, axis=0).sum() for rates in (old, new))
    static = n.generators
    for attribute in ("e_sum_min", "e_sum_max"):
        for name in new.columns[np.isfinite(static.loc[new.columns, attribute].astype(float))]:
            budget = static.at[name, attribute]
            static.at[name, attribute] = budget * after[name] / before[name] if before[name] > 0 else after[name]


def _follow_demand(n: pypsa.Network, old: pd.DataFrame) -> None:
    """Let what stands for demand given up or not met be as large a part of demand as before."""
    buses = set(n.loads.loc[old.columns, "bus"])
    loads = n.loads[n.loads["bus"].isin(buses)]
    new = read_rates(n, "Load", loads.index)
    before, after = (rates.T.groupby(loads["bus"]).sum().T for rates in (old.combine_first(new), new))
    rows = n.generators[n.generators["carrier"].isin(("response", "unserved")) & n.generators["bus"].isin(buses)]
    before, after = (rates[rows["bus"]].set_axis(rows.index, axis=1) for rates in (before, after))
    followed = read_rates(n, "Generator", rows.index) * (after / before.where(before > 0)).fillna(1.0)
    # Where nobody was before, all demand may stay unserved.
    write_rates(n, "Generator", followed.mask((before <= 0) & (rows["carrier"] == "unserved"), after))


def scale(n: pypsa.Network, kind: str, names: pd.Index, factor: pd.Series | float) -> None:
    """Multiply what elements can do at most by a factor by snapshot."""
    rates = read_rates(n, kind, names)
    scaled = rates.mul(factor, axis=0) if isinstance(factor, pd.Series) else rates * factor
    # Nothing of what has no limit is nothing.
    write_rates(n, kind, scaled.fillna(0.0))


def read_costs(n: pypsa.Network, kind: str, names: pd.Index) -> pd.DataFrame:
    """Return costs without what contracts are rewarded by, EUR/MWh by snapshot and raw name."""
    costs = n.get_switchable_as_dense(kind, "marginal_cost")[names]
    return costs + rewards(n, kind, names)


def write_costs(n: pypsa.Network, kind: str, costs: pd.DataFrame) -> None:
    """Set costs; rewards stay as they are."""
    write_series(n, kind, "marginal_cost", costs - rewards(n, kind, costs.columns))


def rewards(n: pypsa.Network, kind: str, names: pd.Index) -> pd.Series:
    """Return what the solver is credited for the flow of each element, EUR/MWh."""
    static = n.c[kind].static.loc[names]
    return static["reward"].astype(float).fillna(0.0) if "reward" in static else pd.Series(0.0, index=names)


def split_sure(n: pypsa.Network, name: str) -> tuple[str, str]:
    """Return the raw names of the free and of the contracted part of a link; adds the latter if there is none."""
    sure = name + MINIMUM
    if sure not in n.links.index:
        row = n.links.loc[name]
        reward = find_reward(n)
        kept = {
            column: row[column] for column in ("bus0", "bus1", "carrier", "efficiency", "length", "group", "part_of")
        }
        n.add("Link", sure, **kept, p_nom=0.0, marginal_cost=row["marginal_cost"] - reward, reward=reward)
    return name, sure


def find_reward(n: pypsa.Network) -> float:
    """Return what contracts of this network are rewarded by; bounds let go of may be worth more or less."""
    contracted = n.links.index.str.endswith(MINIMUM)
    return float(pd.concat([n.links.loc[contracted, "reward"], n.generators["reward"]]).max())


def shift_sure(n: pypsa.Network, name: str, rate: pd.Series) -> None:
    """Move capacity of a link between its contracted and its free part.

    Parameters
    ----------
    n : pypsa.Network
        Changed in place.
    name : str
        Of the link.
    rate : pandas.Series
        GWh/d by snapshot that becomes free; below zero what becomes contracted.
    """
    free, sure = split_sure(n, name)
    rates = read_rates(n, "Link", pd.Index([free, sure]))
    moved = rate.clip(lower=-rates[free], upper=rates[sure])
    write_rates(n, "Link", pd.DataFrame({free: rates[free] + moved, sure: rates[sure] - moved}))


def add_generator(n: pypsa.Network, name: str, rate: pd.Series, /, **figures: Any) -> str:
    """Add gas at a bus, GWh/d by snapshot, under a name like the one given; return that name."""
    figures = {"carrier": "pipeline gas", "route": figures["bus"], "part_of": name, "reward": 0.0, **figures}
    cost = figures.pop("cost")
    names = chain([name], (f"{name} {number}" for number in count(2)))
    name = next(each for each in names if each not in n.generators.index)
    n.add("Generator", name, p_nom=0.0, marginal_cost=cost - figures["reward"], **figures)
    write_rates(n, "Generator", rate.rename(name).to_frame())
    return name


def add_link(n: pypsa.Network, name: str, rate: pd.Series, /, **figures: Any) -> None:
    """Add a pipeline, GWh/d by snapshot, or capacity to the one that has the name."""
    if name not in n.links.index:
        cost = figures.pop("cost")
        group = figures.pop("group", "scenario")
        n.add(
            "Link",
            name,
            p_nom=0.0,
            carrier="pipeline",
            part_of=name,
            reward=0.0,
            group=group,
            marginal_cost=cost,
            **figures,
        )
    write_rates(n, "Link", (read_rates(n, "Link", pd.Index([name]))[name] + rate).to_frame(name))
