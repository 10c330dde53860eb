"""Scenarios that extend others: found, put in order, and made whole."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any

from energyflows.errors import EnergyFlowsError, suggest
from energyflows.scenarios._drafts import Draft
from energyflows.scenarios._schemas import Place
from energyflows.scenarios.catalogue import ALL, REFERENCE, list_names
from energyflows.scenarios.checking import Problem, check, find_line
from energyflows.scenarios.scenario import Scenario, describe_changes, set_places

#: Returns a scenario by name, given those of one's own.
Find = Callable[[str, Mapping[str, Scenario]], Scenario]


def resolve(drafts: Sequence[Draft], find: Find | None) -> tuple[dict[str, Scenario], list[Problem]]:
    """Return scenarios with what they extend, and what keeps some from being one.

    Parameters
    ----------
    drafts : sequence of Draft
        In any order.
    find : callable or None
        Returns other scenarios by name; without it only drafts can be extended.

    Returns
    -------
    scenarios : dict of str to Scenario
        By name, in the given order.
    problems : list of Problem
        All there are; what extends a scenario with problems is not judged.
    """
    # The built-in ones are read without any to look others up in.
    named, problems = _name_drafts(drafts, () if find is None else list_names())
    order, cyclic = _sort_names(named)
    problems += cyclic
    made: dict[str, Scenario] = {}
    for name in order:
        draft = named[name]
        parents = []
        for number in range(len(draft.extends)):
            parent, found = _find_parent(draft, number, named, made, find)
            problems += found
            parents += [parent] if parent else []
        if len(parents) == len(draft.extends):
            scenario, found = _make(draft, parents)
            problems += found
            made |= {name: scenario} if scenario else {}
    return {name: made[name] for name in named if name in made}, problems


def _name_drafts(drafts: Sequence[Draft], taken: Sequence[str]) -> tuple[dict[str, Draft], list[Problem]]:
    """Return drafts by name; a name stands for one of them."""
    named: dict[str, Draft] = {}
    problems = []
    for draft in drafts:
        if not draft.name:
            problems += check(Scenario, draft.data, where=draft.where, lines=draft.lines)[1]
        elif draft.name == ALL:
            problems.append(draft.tell(f"{ALL!r} stands for every built-in scenario; give it another name", "scenario"))
        elif draft.name in taken:
            told = "this is the name of a built-in scenario; give it another, and 'extends' that one to add to it"
            problems.append(draft.tell(told, "scenario"))
        elif draft.name in named:
            first = named[draft.name]
            line = find_line(("scenario",), first.lines)
            told = f"two scenarios have this name, the first in {first.where}, line {line}; rename one"
            problems.append(draft.tell(told, "scenario"))
        named.setdefault(draft.name, draft)
    named.pop("", None)
    return named, problems


def _sort_names(named: Mapping[str, Draft]) -> tuple[list[str], list[Problem]]:
    """Return names so that each comes after what it extends; those that extend themselves are left out and told."""
    graph = {name: [each for each in draft.extends if each in named] for name, draft in named.items()}
    problems: list[Problem] = []
    while True:
        try:
            return [name for name in TopologicalSorter(graph).static_order() if name in graph], problems
        except CycleError as error:
            cycle = error.args[1][::-1]
            draft = min((named[name] for name in cycle), key=lambda draft: (draft.where, draft.lines[()]))
            start = cycle.index(draft.name)
            told = " extends ".join([*cycle[start:-1], *cycle[:start], draft.name])
            problems.append(draft.tell(f"{told}: it extends itself; take one of these out", "extends"))
            graph = {name: parents for name, parents in graph.items() if name not in cycle}


def _find_parent(
    draft: Draft, number: int, named: Mapping[str, Draft], made: Mapping[str, Scenario], find: Find | None
) -> tuple[Scenario | None, list[Problem]]:
    """Return a scenario that is extended; nothing if its own problems keep it from being made."""
    name = draft.extends[number]
    if name in named:
        return made.get(name), []
    try:
        if find is not None:
            return find(name, made), []
        told = f"no scenario is called {name!r}{suggest(name, named)}"
    except EnergyFlowsError as error:
        told = str(error)
    return None, [draft.tell(told, "extends", number)]


def _make(draft: Draft, parents: Sequence[Scenario]) -> tuple[Scenario | None, list[Problem]]:
    """Return a scenario with the changes and parameters of those it extends."""
    data, lines = draft.data, draft.lines
    own, changes = data.get("parameters", {}), data.get("changes", [])
    problems: list[Problem] = []
    if parents and isinstance(own, dict) and isinstance(changes, list):
        taken, problems = _take_parameters(draft, parents, own)
        # Two that extend the same bring it twice.
        inherited = (each for parent in parents for each in describe_changes(parent))
        before = list({json.dumps(each, sort_keys=True, default=str): each for each in inherited}.values())
        rest = {key: value for key, value in data.items() if key != "extends"}
        data = {**rest, "parameters": {**taken, **own}, "changes": [*before, *changes]}
        lines = _shift_lines(lines, len(before), list(taken))
    scenario, found = check(Scenario, data, where=draft.where, lines=lines)
    if scenario is not None:
        numbers = range(len(scenario.changes))
        set_places(scenario, [f"{draft.where}, line {find_line(('changes', number), lines)}" for number in numbers])
    if scenario is not None and scenario.name == REFERENCE and scenario.changes:
        problems.append(draft.tell("what all others are compared with cannot change anything", "changes"))
    return scenario, [*problems, *found]


def _take_parameters(
    draft: Draft, parents: Sequence[Scenario], own: Mapping[str, Any]
) -> tuple[dict[str, Any], list[Problem]]:
    """Return the parameters of extended scenarios that a scenario does not define itself."""
    owners: dict[str, Scenario] = {}
    problems = []
    for parent in parents:
        for name, parameter in parent.parameters.items():
            first = owners.setdefault(name, parent)
            if name not in own and first.parameters[name] != parameter:
                told = f"{first.name} and {parent.name} both have a parameter {name!r}, and they differ"
                problems.append(draft.tell(f"{told}; give one of this name in 'parameters'", "extends"))
    taken = {name: owner.parameters[name].model_dump() for name, owner in owners.items() if name not in own}
    return taken, problems


def _shift_lines(lines: Mapping[Place, int], number: int, taken: Sequence[str]) -> dict[Place, int]:
    """Return the lines of a scenario in which changes and parameters of others come first."""
    there = find_line(("extends",), lines) or 1
    moved: dict[Place, int] = {("changes", place): there for place in range(number)}
    moved |= {("parameters", name): there for name in taken}
    for place, line in lines.items():
        own = place[:1] == ("changes",) and len(place) > 1
        moved[("changes", int(place[1]) + number, *place[2:]) if own else place] = line
    return moved
