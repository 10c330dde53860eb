"""All changes of a scenario on a copy of a network, in an order of their own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import pypsa

from energyflows.errors import ScenarioError, UsageError, list_problems, require
from energyflows.network.building import QUIET_STRINGS
from energyflows.scenarios.applying import _generic, _law, _markets, _routes, _supply, _trade
from energyflows.scenarios.applying._fitting import fit_contracts
from energyflows.scenarios.applying._technical import follow_technical
from energyflows.scenarios.applying._work import SIZES, Work
from energyflows.scenarios.changes import AnyChange
from energyflows.scenarios.combining import find_conflicts, find_places, sort_changes, write_change
from energyflows.scenarios.scenario import Scenario

_DO: dict[str, Callable[[Work, Any], None]] = {
    "add": _generic.add_component,
    "backfill": _trade.backfill,
    "ban": _law.ban,
    "blend": _routes.blend,
    "contract": _routes.contract,
    "cut": _supply.cut,
    "demand": _markets.change_demand,
    "disrupt": _supply.disrupt,
    "expand": _routes.expand,
    "price": _markets.change_price,
    "relabel": _trade.relabel,
    "remove": _generic.remove_component,
    "scale": _generic.scale_figure,
    "set": _generic.set_figure,
    "stake": _trade.stake,
    "start_stock": _markets.set_stock,
    "storage_target": _markets.set_target,
    "swap": _trade.swap,
    "withhold": _supply.withhold,
}
#: Changes that any network can take; the others look up origins, contracts and zones.
_GENERAL = {"add", "demand", "disrupt", "expand", "relabel", "remove", "scale", "set"}
#: Changes after which contracts must fit what is left.
_SHRINKING = {"ban", "contract", "cut", "disrupt", "remove", "scale", "set", "swap", "withhold"}


def apply(
    n: pypsa.Network, scenario: Scenario | str, *, tables: Mapping[str, pd.DataFrame] | None = None
) -> pypsa.Network:
    """Return a copy of a network in which a scenario holds.

    Changes act in an order of their own, whatever the order in which they are written: what adds capacity or gas
    first, then what takes it away, then fixed values. Contracts left without gas or without a way lapse in
    proportion, so that no scenario becomes infeasible.

    Parameters
    ----------
    n : pypsa.Network
        From :func:`energyflows.build_network`, unsolved; stays as it is.
    scenario : Scenario or str
        What changes; a name means one of :func:`energyflows.list_scenarios`.
    tables : mapping of str to pandas.DataFrame, optional
        The network was built from; default the packaged ones. Some changes look up law, contracts or capacities.

    Returns
    -------
    pypsa.Network
        A copy; ``n.meta["scenario"]`` is JSON text with its name, notes, changed labels, ownership, and
        the rules of law its bans apply.

    Raises
    ------
    UsageError
        If ``n`` is no network, or is solved.
    UnknownNameError
        If there is no scenario of that name.
    ScenarioError
        If changes contradict each other, or do not fit the network; all problems at once.

    Examples
    --------
    >>> from energyflows import build_network
    >>> n = build_network(2025)
    >>> cut = apply(n, "no-azerbaijan")
    >>> float(n.generators.at["AZ SANGACHAL minimum", "p_nom"]) > 700
    True
    >>> float(cut.generators.at["AZ SANGACHAL minimum", "p_nom"])
    0.0
    """
    require(n, "links generators is_solved", "a pypsa.Network")
    found = _get(scenario)
    if n.is_solved:
        raise UsageError("n: found a solved network, expected one that is not; build it anew")
    _refuse_strange(n, found)
    problems = [f"extends {name}: resolved only in files; add it with '+'" for name in found.extends]
    problems += find_conflicts(found.changes)
    with pypsa.option_context(*QUIET_STRINGS):
        work = Work(n.copy(), tables)
        places = find_places(found)
        for change in _order(work, found, problems):
            try:
                _DO[change.change](work, change)
            except ScenarioError as error:
                place = places.get(write_change(change))
                problems.append(f"{place}: {error}" if place else str(error))
        if problems:
            raise ScenarioError(list_problems(f"scenario {found.name!r} cannot be applied:", problems))
        if any(change.change in _SHRINKING for change in found.changes):
            fit_contracts(n, work.n)
        follow_technical(n, work.n, work.widened)
    told = {name: getattr(work, name) for name in ("notes", "labels", "ownership", "bans")}
    work.n.meta = {**n.meta, "scenario": json.dumps({"name": found.name, **told})}
    return work.n


def _refuse_strange(n: pypsa.Network, scenario: Scenario) -> None:
    """Refuse changes that look up origins and contracts in a network that has none."""
    if {"eu", "kind"} <= set(n.buses) and "reward" in n.links and {"origin", "route"} <= set(n.generators):
        return
    strange = sorted({change.change for change in scenario.changes} - _GENERAL)
    if strange:
        raise ScenarioError(
            f"scenario {scenario.name!r}: {', '.join(strange)} need origins and contracts, which only networks of "
            "build_network have"
        )


def _get(scenario: Scenario | str) -> Scenario:
    if isinstance(scenario, Scenario):
        return scenario
    from energyflows.scenarios.catalogue import get_scenario

    return get_scenario(scenario)


def _order(work: Work, scenario: Scenario, problems: list[str]) -> list[AnyChange]:
    """Return the changes in the order in which they act; bans of equal terms are one."""
    ordered = sort_changes(scenario.changes)
    try:
        return _law.join_bans(ordered, lambda: work.tables["rules"])
    except ScenarioError as error:
        problems.append(str(error))
        return []


def has_effect(before: pypsa.Network, after: pypsa.Network) -> bool:
    """Say whether any figure of two networks differs; parts without any capacity do not count.

    Parameters
    ----------
    before, after : pypsa.Network
        A network and what :func:`apply` made of it.

    Returns
    -------
    bool
        False if both have the same solution for sure.
    """
    return not all(_are_equal(before.c[c.name], after.c[c.name]) for c in before.components)


def _are_equal(one: Any, other: Any) -> bool:
    outputs = set(one.defaults.index[one.defaults["status"] == "Output"])
    static = other.static
    none = static[SIZES[one.name][0]] == 0 if one.name in SIZES else pd.Series(data=False, index=static.index)
    empty = static.index[~static.index.isin(one.static.index) & none]
    frames = [part.drop(columns=[*outputs], errors="ignore") for part in (one.static, static.drop(index=empty))]
    if not frames[0].equals(frames[1]):
        return False
    names = (set(one.dynamic) | set(other.dynamic)) - outputs
    return all(_same(one.dynamic[name], other.dynamic[name].drop(columns=empty, errors="ignore")) for name in names)


def _same(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    return set(one.columns) == set(other.columns) and one.equals(other[one.columns])
