"""Draws of an ensemble: what they may hold, and which figures of a network they change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from energyflows.ensemble.figures import FIXED, STOCKS, Figures, Key
from energyflows.ensemble.reducing import Numbers, Positions
from energyflows.errors import UsageError, list_problems, require
from energyflows.results import RESPONSE, UNSERVED, name_parts
from energyflows.solving import copy_unsolved

#: Variables a dataset of draws may hold: the dim they stand on beside ``draw``, and their least value.
VARIABLES: dict[str, tuple[str, float]] = {
    "capacity_factor": ("component", 0.0),
    "demand_factor": ("bus", 0.0),
    "cost_add": ("component", -np.inf),
}
#: Size, and the shares of it that bound a flow or stock.
_SIZES = {
    "Generator": ("p_nom", ("p_max_pu", "p_min_pu")),
    "Link": ("p_nom", ("p_max_pu", "p_min_pu")),
    "Line": ("s_nom", ("s_max_pu",)),
    "Store": ("e_nom", ("e_max_pu", "e_min_pu")),
    "StorageUnit": ("p_nom", ("p_max_pu", "p_min_pu")),
}


@dataclass(frozen=True)
class _Effect:
    """Values of one variable by (draw, column) or (draw, column, snapshot), and the components they reach.

    ``targets`` are positions in the network's list of the component, ``sources`` the columns that reach them.
    """

    values: Numbers
    targets: Mapping[str, Positions]
    sources: Mapping[str, Positions]

    def spread(self, component: str, draw: int, size: int) -> Numbers | None:
        """Return the product of all values that reach each component, by name or (snapshot, name)."""
        if component not in self.targets:
            return None
        chosen = self.values[draw][self.sources[component]]
        spread = np.ones((*chosen.shape[1:], size))
        where: Any = (..., self.targets[component])
        np.multiply.at(spread, where, chosen.T)
        return spread


@dataclass(frozen=True)
class Plan:
    """Draws matched to a network, as plain arrays.

    Attributes
    ----------
    size : int
        Number of draws.
    capacity, demand, cost : _Effect or None
        What each draw does to capacities, to demand (with the response and unserved energy that belong to it), and to
        costs.
    days : numpy.ndarray
        Length of each snapshot.
    extendable : mapping of str to numpy.ndarray
        Components whose size the solver chooses, by kind.
    """

    size: int
    capacity: _Effect | None
    demand: _Effect | None
    cost: _Effect | None
    days: Numbers
    extendable: Mapping[str, Any]

    @property
    def varies(self) -> bool:
        """Whether any draw changes something by snapshot."""
        effects = (self.capacity, self.demand, self.cost)
        return any(effect is not None and effect.values.ndim == 3 for effect in effects)

    def take(self, numbers: slice) -> Plan:
        """Return some of the draws."""
        taken = {
            name: replace(effect, values=effect.values[numbers])
            for name in ("capacity", "demand", "cost")
            if (effect := getattr(self, name)) is not None
        }
        return replace(self, size=len(range(self.size)[numbers]), **taken)

    def probe(self, seed: int) -> Plan:
        """Return two draws that change everything any draw changes, the first all the time, the second by snapshot."""
        rng = np.random.default_rng(seed)
        ranges = {"capacity": (0.55, 0.95), "demand": (0.85, 1.15), "cost": (0.1, 1.0)}
        moved = {}
        for name, (low, high) in ranges.items():
            effect = getattr(self, name)
            if effect is not None:
                values = rng.uniform(low, high, (2, *effect.values.shape[1:]))
                if values.ndim == 3:
                    values[0] = values[0, :, :1]
                moved[name] = replace(effect, values=values)
        return replace(self, size=2, **moved)


def plan_draws(n: Any, draws: xr.Dataset) -> Plan:
    """Check draws against a network and match their names.

    A name means the component of that name and all components that are a part of it (column ``part_of``).

    Parameters
    ----------
    n : pypsa.Network
        The network of the ensemble.
    draws : xarray.Dataset
        Dim ``draw`` and any of ``capacity_factor(draw, component[, snapshot])``,
        ``demand_factor(draw, bus[, snapshot])``, ``cost_add(draw, component[, snapshot])``.

    Returns
    -------
    Plan
        Arrays without labels.

    Raises
    ------
    UsageError
        Naming every unknown component or bus, value that is none, negative factor and wrong dim.
    """
    require(draws, "data_vars sizes dims", "an xarray.Dataset with dim 'draw'")
    problems = _find_wrong_variables(draws)
    if not problems:
        problems = [problem for name in VARIABLES if name in draws for problem in _find_wrong_values(n, draws[name])]
    if problems:
        raise UsageError(list_problems("these draws cannot be used:", problems))
    matched = _match_components(n, draws["component"].to_numpy()) if "component" in draws.dims else {}
    return Plan(
        size=draws.sizes["draw"],
        capacity=_read_effect(draws, "capacity_factor", matched),
        demand=_read_effect(draws, "demand_factor", _match_demand(n, draws)),
        cost=_read_effect(draws, "cost_add", {c: found for c, found in matched.items() if c != "Line"}),
        days=n.snapshot_weightings["generators"].to_numpy(dtype=float),
        extendable={c: n.c[c].static[f"{size}_extendable"].to_numpy(dtype=bool) for c, (size, _) in _SIZES.items()},
    )


def _find_wrong_variables(draws: xr.Dataset) -> list[str]:
    if draws.sizes.get("draw", 0) == 0:
        return [f"found dims {dict(draws.sizes)}, expected a dim 'draw' with at least one draw"]
    known = [name for name in VARIABLES if name in draws]
    if not known:
        return [f"found variables {sorted(map(str, draws.data_vars))}, expected any of {', '.join(VARIABLES)}"]
    named = {dim for dim, _ in VARIABLES.values()}
    found = [
        f"{name}: unknown{_suggest(name, pd.Index(list(VARIABLES)))}; expected {', '.join(VARIABLES)}"
        for name in draws.data_vars
        if name not in VARIABLES and named & set(draws[name].dims)
    ]
    labels = pd.Index(draws["draw"].to_numpy()) if "draw" in draws.coords else pd.Index([])
    if isinstance(draws.indexes.get("draw"), pd.MultiIndex) or labels.has_duplicates:
        found.append("draw: found labels of several levels or twice, expected one label of its own for each draw")
    for name in known:
        dims, wanted = set(draws[name].dims), {"draw", VARIABLES[name][0]}
        if dims not in (wanted, wanted | {"snapshot"}):
            told = f"found dims {sorted(map(str, dims))}, expected {sorted(wanted)}"
            found.append(f"{name}: {told}, with 'snapshot' if it varies over time")
        elif VARIABLES[name][0] not in draws[name].coords:
            found.append(
                f"{name}: dim {VARIABLES[name][0]!r} has no names; give it a coordinate of names, such as "
                "n.buses.index.to_numpy()"
            )
    return found


def _find_wrong_values(n: Any, array: xr.DataArray) -> list[str]:
    """List unknown and repeated names, other snapshots, and values that are none or too low."""
    dim, least = VARIABLES[str(array.name)]
    given = pd.Index(array[dim].to_numpy())
    known = n.buses.index if dim == "bus" else _list_names(n, _SIZES)
    strangers = given.difference(known)
    found = [f"{array.name}: {dim} {name!r} is not in the network{_suggest(name, known)}" for name in strangers]
    found += [f"{array.name}: {dim} {name!r} stands there twice" for name in given[given.duplicated()].unique()]
    if "snapshot" in array.dims and not n.snapshots.equals(pd.Index(array["snapshot"].to_numpy())):
        found.append(f"{array.name}: snapshots differ from the network's; use n.snapshots")
    values = array.transpose("draw", dim, ...).to_numpy()
    if values.dtype.kind not in "biuf":
        return [*found, f"{array.name}: found {values.dtype}, expected numbers"]
    if array.name == "cost_add":
        free = given.difference(_list_names(n, [component for component in _SIZES if component != "Line"]))
        paid = given[np.any(values != 0, axis=tuple({*range(values.ndim)} - {1}))]
        found += [
            f"cost_add: line {name!r} has no cost in PyPSA; use a link"
            for name in paid.intersection(free).difference(strangers)
        ]
    wrong = ~np.isfinite(values) | (values < least)
    for name in given[wrong.any(axis=tuple({*range(wrong.ndim)} - {1}))]:
        told = "NaN or infinite" if np.isinf(least) else "NaN, infinite or negative"
        neutral = 0 if np.isinf(least) else 1
        found.append(f"{array.name}: {dim} {name!r} has {told} values; {neutral} stands for no change")
    return found


def _suggest(name: object, known: pd.Index) -> str:
    import difflib

    close = difflib.get_close_matches(str(name), [str(each) for each in known], n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _list_names(n: Any, components: Iterable[str]) -> pd.Index:
    """Return the names a draw may use: of components, and of what they are parts of."""
    statics = [n.c[component].static for component in components]
    names = {name for static in statics for name in (*static.index, *name_parts(static))}
    return pd.Index(sorted(names - {""}), dtype=object)


def _match_components(n: Any, names: Iterable[str]) -> dict[str, tuple[Positions, Positions]]:
    """Return targets and sources by component."""
    wanted = pd.Index(names)
    matched = {}
    for component in _SIZES:
        static = n.c[component].static
        own = wanted.get_indexer(static.index)
        part = name_parts(static)
        whole = np.where(part == static.index, -1, wanted.get_indexer(part))
        targets = np.concatenate([np.flatnonzero(own >= 0), np.flatnonzero(whole >= 0)])
        if len(targets):
            matched[component] = targets, np.concatenate([own[own >= 0], whole[whole >= 0]])
    return matched


def _match_demand(n: Any, draws: xr.Dataset) -> dict[str, tuple[Positions, Positions]]:
    """Return loads at each bus, and the generators that stand for demand given up or not met there."""
    if "demand_factor" not in draws:
        return {}
    wanted = pd.Index(draws["bus"].to_numpy())
    matched = {}
    for component in ("Load", "Generator"):
        static = n.c[component].static
        found = wanted.get_indexer(static["bus"])
        if component == "Generator":
            found = np.where(static["carrier"].str.lower().isin(UNSERVED | RESPONSE), found, -1)
        matched[component] = np.flatnonzero(found >= 0), found[found >= 0]
    return matched


def _read_effect(draws: xr.Dataset, name: str, matched: Mapping[str, tuple[Positions, Positions]]) -> _Effect | None:
    if name not in draws:
        return None
    values = draws[name].transpose("draw", VARIABLES[name][0], ...).to_numpy().astype(float, copy=False)
    if values.ndim == 3 and np.all(values == values[:, :, :1]):
        values = values[:, :, 0]  # the same in all snapshots: a factor on the size
    return _Effect(values, {c: found[0] for c, found in matched.items()}, {c: found[1] for c, found in matched.items()})


def change_figures(figures: Figures, plan: Plan, draw: int) -> dict[Key, Numbers]:
    """Return the figures a draw changes.

    A factor on a capacity scales the size of a component, what it must carry, its energy budgets and fixed flows, and
    the stock in it if it shrinks; a factor by snapshot scales the shares of its size, and budgets by what that leaves
    of the energy it could deliver. A store then holds less from that snapshot on, so what is above must have been taken
    out before, and its first stock is scaled by the factor of the first snapshot; a storage unit keeps its volume and
    loses power only. A factor on demand also scales the response and the unserved energy at the bus.

    Parameters
    ----------
    figures : mapping
        From :func:`energyflows.ensemble.figures.read_figures`.
    plan : Plan
        From :func:`plan_draws`.
    draw : int
        Position of the draw.

    Returns
    -------
    dict
        Changed arrays by (component, attribute).
    """
    changed: dict[Key, Numbers] = {}
    for component in _SIZES:
        factor = _combine_factors(plan, component, draw, len(figures[component, FIXED[component][0]]))
        if factor is not None and np.any(factor != 1):
            changed |= _scale(figures, component, factor, plan)
    if plan.demand is not None:
        load = plan.demand.spread("Load", draw, figures["Load", "p_set"].shape[1])
        changed |= {} if load is None else {("Load", "p_set"): figures["Load", "p_set"] * load}
    if plan.cost is not None:
        changed |= _add_costs(figures, plan.cost, draw)
    return changed


def _add_costs(figures: Figures, effect: _Effect, draw: int) -> dict[Key, Numbers]:
    changed = {}
    for component, targets in effect.targets.items():
        costs = figures[component, "marginal_cost"].copy()
        where: Any = (slice(None), targets)
        np.add.at(costs, where, effect.values[draw][effect.sources[component]].T)
        changed[component, "marginal_cost"] = costs
    return changed


def _combine_factors(plan: Plan, component: str, draw: int, size: int) -> Numbers | None:
    """Return the factor on each component from capacities and demand, by name or (snapshot, name)."""
    found = [
        spread
        for effect in (plan.capacity, plan.demand)
        if effect is not None and (spread := effect.spread(component, draw, size)) is not None
    ]
    if not found:
        return None
    return found[0] if len(found) == 1 else found[0] * found[1]


def _scale(figures: Figures, component: str, factor: Numbers, plan: Plan) -> dict[Key, Numbers]:
    """Scale sizes by factors that are the same all the time, and shares by others.

    The size of an extendable component is chosen by the solver, so its shares are scaled.
    """
    size, shares = _SIZES[component]
    by_time = np.atleast_2d(factor)
    constant = np.all(by_time == by_time[0], axis=0)
    sized = constant & ~plan.extendable[component]
    on_share = np.where(sized, 1.0, by_time)
    changed = {(component, size): _multiply(figures[component, size], np.where(sized, by_time[0], 1.0))}
    if np.any(on_share != 1):
        changed |= {(component, share): figures[component, share] * on_share for share in shares}
    if not np.isnan(figures.get((component, "p_set"), np.nan)).all():
        changed[component, "p_set"] = figures[component, "p_set"] * by_time
    if component == "Generator":
        left = np.where(constant, by_time[0], _average(by_time, figures[component, "p_max_pu"], plan.days))
        for budget in ("e_sum_min", "e_sum_max"):
            changed[component, budget] = _multiply(figures[component, budget], left, endless=True)
    if component in STOCKS:
        stock = figures[component, STOCKS[component]]
        changed[component, STOCKS[component]] = stock * np.minimum(by_time[0], 1.0)
    return changed


def _multiply(values: Numbers, factor: Numbers, *, endless: bool = False) -> Numbers:
    """Return products in which nothing of something endless is nothing, or endless stays endless."""
    finite = np.where(np.isinf(values), values if endless else 0.0, values * np.where(np.isinf(values), 1.0, factor))
    return finite if endless else np.where(np.isinf(values) & (factor != 0), values, finite)


def _average(factor: Numbers, share: Numbers, days: Numbers) -> Numbers:
    """Return what a factor by snapshot leaves of the energy a generator could deliver."""
    weight = days[:, np.newaxis] * np.where(share.any(axis=0), share, 1.0)
    whole = weight.sum(axis=0)
    left: Numbers = np.divide((weight * factor).sum(axis=0), whole, out=np.ones_like(whole), where=whole > 0)
    return left


def change_network(n: Any, changed: Figures) -> Any:
    """Return a copy of a network with other figures.

    Parameters
    ----------
    n : pypsa.Network
        Stays as it is.
    changed : mapping
        From :func:`change_figures`.

    Returns
    -------
    pypsa.Network
        Unsolved.
    """
    work = copy_unsolved(n)
    for (component, attribute), values in changed.items():
        static, dynamic = work.c[component].static, work.c[component].dynamic
        if values.ndim == 1:
            static[attribute] = values
        else:
            dynamic[attribute] = pd.DataFrame(values, index=work.snapshots, columns=static.index)
    return work
