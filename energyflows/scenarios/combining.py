"""Scenarios together: an order that does not depend on who comes first, and conflicts told instead of settled."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any

from energyflows.errors import ScenarioError, list_problems
from energyflows.scenarios._fields import is_recurring
from energyflows.scenarios.changes import (
    Add,
    AnyChange,
    Ban,
    Contract,
    Remove,
    Scale,
    Set,
    Stake,
    StartStock,
    StorageTarget,
)
from energyflows.scenarios.scenario import AND, Scenario, list_places, set_places

#: What adds comes before what takes away, relative changes before fixed values.
_ORDER = (
    "add",
    "expand",
    "blend",
    "contract",
    "demand",
    "price",
    "storage_target",
    "start_stock",
    "backfill",
    "swap",
    "cut",
    "withhold",
    "scale",
    "ban",
    "disrupt",
    "set",
    "remove",
    "relabel",
    "stake",
)


def sort_changes(changes: Iterable[AnyChange]) -> list[AnyChange]:
    """Return changes in the order in which they act.

    Parameters
    ----------
    changes : iterable of Change
        In any order.

    Returns
    -------
    list of Change
        The same for every order given; equal changes once.
    """
    unique = {write_change(change): change for change in changes}
    return [unique[key] for key in sorted(unique, key=lambda key: (_ORDER.index(unique[key].change), key))]


def write_change(change: AnyChange) -> str:
    """Return a change as text; equal changes have equal texts."""
    return json.dumps(change.model_dump(mode="json"), sort_keys=True)


def combine(*scenarios: Scenario) -> Scenario:
    """Return scenarios together.

    Parameters
    ----------
    *scenarios : Scenario
        In any order; what several have counts once.

    Returns
    -------
    Scenario
        Named after all of them; its parameters have their values and can no longer be varied.

    Raises
    ------
    ScenarioError
        If two changes contradict each other.

    Examples
    --------
    >>> from energyflows.scenarios import get_scenario
    >>> both = combine(get_scenario("russian-stop"), get_scenario("cold-winter"))
    >>> both.name
    'cold-winter + russian-stop'
    """
    parts = sorted({part for scenario in scenarios for part in scenario.name.split(AND)})
    changes = sort_changes(change for scenario in scenarios for change in scenario.changes)
    conflicts = find_conflicts(changes)
    if conflicts:
        raise ScenarioError(list_problems(f"{AND.join(parts)} cannot be combined:", conflicts))
    ordered = sorted(scenarios, key=lambda scenario: scenario.name)
    places = {text: place for scenario in scenarios for text, place in find_places(scenario).items()}
    combined = Scenario(
        name=AND.join(parts),
        title=_join("; ", (scenario.title for scenario in ordered)),
        description=_join(" ", (scenario.description for scenario in ordered)),
        claims=tuple(sorted({claim for scenario in scenarios for claim in scenario.claims}, key=_number)),
        years=tuple(sorted({year for scenario in scenarios for year in scenario.years})),
        changes=tuple(changes),
    )
    return set_places(combined, [places.get(write_change(change), "") for change in combined.changes])


def find_places(scenario: Scenario) -> dict[str, str]:
    """Return file and line of each change, by its text; empty if the scenario was not read from a file."""
    return dict(zip(map(write_change, scenario.changes), list_places(scenario), strict=False))


def _join(between: str, texts: Iterable[str]) -> str:
    return between.join(text for text in dict.fromkeys(texts) if text)


def _number(claim: str) -> tuple[int, str]:
    digits = "".join(letter for letter in claim if letter.isdigit())
    return int(digits or 0), claim


def find_conflicts(changes: Sequence[AnyChange]) -> list[str]:
    """List changes that contradict each other.

    Parameters
    ----------
    changes : sequence of Change
        Of one scenario, or of several together.

    Returns
    -------
    list of str
        One sentence per conflict.
    """
    found = []
    for one, other in combinations(sort_changes(changes), 2):
        reason = _contradict(one, other) or _contradict(other, one)
        if reason:
            found.append(reason)
    return found


def _contradict(one: AnyChange, other: AnyChange) -> str:
    """Return why two changes cannot both hold, or nothing."""
    if isinstance(one, Remove):
        named = _list_names(other)
        return f"{one.name} is removed by one change and needed by {other.change!r}" if one.name in named else ""
    if isinstance(one, Set) and isinstance(other, Set | Scale):
        same = (one.component, one.name, one.attribute) == (other.component, other.name, other.attribute)
        verb = "set to two values" if isinstance(other, Set) else "set by one change and scaled by another"
        return f"{one.attribute} of {one.component} {one.name} is {verb}" if same and _overlap(one, other) else ""
    if type(one) is not type(other):
        return ""
    return _clash(one, other)


def _clash(one: Any, other: Any) -> str:
    """Return why two changes of one kind cannot both hold, or nothing."""
    if isinstance(one, Add) and one.name == other.name:
        return f"{one.component} {one.name} is added twice, with different figures"
    if isinstance(one, Ban) and one.origin == other.origin:
        apart = (one.circumvention, one.evidence) != (other.circumvention, other.evidence)
        return f"gas of {one.origin} is banned twice, with different circumvention or evidence" if apart else ""
    if isinstance(one, StorageTarget | StartStock) and set(one.zones) & set(other.zones) and one.day == other.day:
        return f"stores of {', '.join(sorted(set(one.zones) & set(other.zones)))} have two levels on {one.day}"
    if isinstance(one, Contract) and one.link == other.link and _overlap(one, other):
        return f"two contracts at {one.link} at the same time; write them as one"
    if isinstance(one, Stake) and (one.asset, one.owner) == (other.asset, other.owner) and _overlap(one, other):
        return f"{one.owner} holds two different shares of {one.asset}"
    return ""


def _list_names(change: AnyChange) -> set[str]:
    """Return the components a change names."""
    fields = ("name", "link", "entry", "corridor", "at")
    names = {getattr(change, name) for name in fields if hasattr(change, name)}
    legs = {leg.link for leg in getattr(change, "legs", ())}
    return names | legs | {*getattr(change, "links", ()), *getattr(change, "path", ())}


def _overlap(one: Any, other: Any) -> bool:
    """Say whether two changes hold at the same time; days of every year may always."""
    days = (one.start, one.end, other.start, other.end)
    if any(day is not None and is_recurring(day) for day in days):
        return True
    begins = max(one.start or "0000", other.start or "0000")
    return begins <= min(one.end or "9999", other.end or "9999")
