"""A study: which scenarios are computed for which years, with which of their parameters varied."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BeforeValidator, Field, ValidationError, model_validator

from energyflows.errors import EnergyFlowsError, suggest
from energyflows.scenarios._fields import Declaration, Name, Names
from energyflows.scenarios._schemas import Place
from energyflows.scenarios.catalogue import ALL, REFERENCE, find_scenario, list_names, split_name
from energyflows.scenarios.checking import Problem, check, refuse
from energyflows.scenarios.combining import combine
from energyflows.scenarios.scenario import (
    AND,
    Scenario,
    Value,
    describe_changes,
    find_references,
    give_values,
    locate_error,
)

#: Place within a part, and what is wrong there.
Located = tuple[Place, str]
#: Runs of one part; more is a mistake more often than it is meant.
MAX_RUNS = 1000
_SPAN = re.compile(r"(\d{4})\s*[-–]\s*(\d{4})", re.ASCII)


def _read_years(value: Any) -> Any:
    """Return the first and the last of years given as 2025, "2021-2027", [2021, 2027] or a list of all."""
    from energyflows.network.calendar import list_years

    span = _SPAN.fullmatch(value.strip()) if isinstance(value, str) else None
    given = [int(year) for year in span.groups()] if span else value
    parts = given if isinstance(given, list | tuple) else [given]
    if not parts or not all(isinstance(year, int) and not isinstance(year, bool) for year in parts):
        raise ValueError(f"found {value!r}, expected a year like 2025, or the first and the last like 2021-2027")
    try:
        listed = list_years(parts)
    except EnergyFlowsError as error:
        raise ValueError(str(error).removeprefix("years: ")) from None
    return listed[0], listed[-1]


Years = Annotated[tuple[int, int], BeforeValidator(_read_years, json_schema_input_type=int | str | list[int])]
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=100)]
Choices = Annotated[tuple[Value, ...], Field(min_length=1)]


class Part(Declaration):
    """Scenarios computed for the same years."""

    name: FileName = "part-1"
    """Letters, digits and hyphens; ``part-1`` and so on if not given."""
    scenarios: Names
    """Names of built-in scenarios or of those in the same file; ``a + b`` combines, ``all`` are all built-in ones."""
    years: Years = (2025, 2025)
    """One year, or the first and the last: ``2021-2027``."""
    resolution: Literal["monthly", "weekly", "daily"] = "monthly"
    """Length of a period."""
    sweep: dict[Name, dict[Name, Choices]] = Field(default_factory=dict)
    """Values of parameters by scenario and parameter, each of which is computed instead of the usual one."""


class Study(Declaration):
    """Parts that belong together, and the scenarios they need beside the built-in ones."""

    name: Annotated[FileName, Field(validation_alias=AliasChoices("study", "name"))]
    """Letters, digits and hyphens."""
    title: str = ""
    """A few words."""
    description: str = ""
    """What it is to find out."""
    parts: Annotated[tuple[Part, ...], Field(min_length=1)]
    """One after the other; if there is one, its keys may stand in the place of ``parts``."""
    scenarios: tuple[Scenario, ...] = ()
    """Definitions of scenarios of its own."""

    @model_validator(mode="before")
    @classmethod
    def _number_parts(cls, data: Any) -> Any:
        parts = data.get("parts") if isinstance(data, Mapping) else None
        if not isinstance(parts, list | tuple):
            return data
        numbered = [
            {"name": f"part-{number}", **part} if isinstance(part, Mapping) else part
            for number, part in enumerate(parts, 1)
        ]
        return {**data, "parts": numbered}

    @model_validator(mode="after")
    def _check_names(self) -> Study:
        counts = Counter(part.name for part in self.parts)
        twice = [
            locate_error(f"two parts are called {part.name!r}; give each a name of its own", ("parts", place), part)
            for place, part in enumerate(self.parts)
            if counts[part.name] > 1
        ]
        if twice:
            raise ValidationError.from_exception_data("Study", twice)
        return self


def list_runs(study: Study, part: Part) -> list[Scenario]:
    """Return the scenarios of a part of a study as they are computed.

    Parameters
    ----------
    study : Study
        Its own scenarios come before built-in ones of the same name.
    part : Part
        One of its parts.

    Returns
    -------
    list of Scenario
        The reference first, whether it is named or not; then each scenario in the given order, or in its place one for
        each combination of the values it is swept over. Each name occurs once.

    Raises
    ------
    ScenarioError
        If a scenario or parameter does not exist, or a value cannot be used; all problems at once.

    Examples
    --------
    >>> part = Part(scenarios=("backfill-max",), sweep={"backfill-max": {"volume": (1, 2)}})
    >>> [run.name for run in list_runs(Study(name="volumes", parts=(part,)), part)]
    ['reference', 'backfill-max[volume=1]', 'backfill-max[volume=2]']
    """
    runs, problems = plan_runs(part, {scenario.name: scenario for scenario in study.scenarios})
    where = f"part {part.name} of study {study.name}"
    refuse(Problem(where, None, ".".join(map(str, place[:1])), sentence) for place, sentence in problems)
    return runs


def plan_runs(part: Part, own: Mapping[str, Scenario]) -> tuple[list[Scenario], list[Located]]:
    """Return the runs of a part, and what keeps some from being made.

    Parameters
    ----------
    part : Part
        Of a study.
    own : mapping of str to Scenario
        Scenarios of the study by name.

    Returns
    -------
    runs : list of Scenario
        The reference first.
    problems : list of tuple of (tuple, str)
        Place within the part, and a sentence.
    """
    listed = _list_names(part, own)
    members = {member: place for name, place in reversed(listed.items()) for member in split_name(name, own)}
    problems: list[Located] = [
        (("sweep", name), f"the part has no scenario {name!r}{suggest(name, members)}; list it in 'scenarios' too")
        for name in part.sweep
        if name not in members
    ]
    counts = {member: math.prod(map(len, part.sweep.get(member, {}).values())) for member in members}
    total = sum(math.prod(counts[member] for member in split_name(name, own)) for name in listed)
    if total > MAX_RUNS:
        told = f"found {total:,} runs with all combinations of values, expected at most {MAX_RUNS:,}"
        return [], [*problems, (("sweep",), told)]
    variants: dict[str, list[Scenario]] = {}
    for member, place in members.items():
        variants[member], found = _vary(member, place, part.sweep.get(member, {}), own)
        problems += found
    runs: dict[str, Scenario] = {}
    for name, place in listed.items():
        chosen = itertools.product(*(variants[member] for member in split_name(name, own)))
        problems += [(place, sentence) for sentence in _put_together(chosen, runs)]
    return list(runs.values()), problems


def _put_together(chosen: Iterable[tuple[Scenario, ...]], runs: dict[str, Scenario]) -> Iterator[str]:
    """Put combinations of scenarios among the runs, and yield what speaks against one."""
    for several in chosen:
        try:
            run = several[0] if len(several) == 1 else combine(*several)
        except EnergyFlowsError as error:
            yield " ".join(str(error).split())
            continue
        if runs.setdefault(run.name, run) != run:
            yield f"two different runs are called {run.name}; give values that differ more"


def _list_names(part: Part, own: Mapping[str, Scenario]) -> dict[str, Place]:
    """Return the names to run, the reference first, with the place that lists each."""
    listed: dict[str, Place] = {REFERENCE: ()}
    for number, name in enumerate(part.scenarios):
        for each in list_names() if name == ALL else [AND.join(split_name(name, own))]:
            listed.setdefault(each, ("scenarios", number))
    return listed


def _vary(
    name: str, place: Place, sweep: Mapping[str, tuple[Value, ...]], own: Mapping[str, Scenario]
) -> tuple[list[Scenario], list[Located]]:
    """Return a scenario, or one for each combination of values of its parameters, and what is wrong with them."""
    try:
        scenario = find_scenario(name, own)
    except EnergyFlowsError as error:
        return [], [(place, str(error))]
    runs: list[Scenario] = []
    problems: list[Located] = []
    for key in sweep:
        if key not in scenario.parameters:
            known = ", ".join(scenario.parameters) or "none"
            told = f"{name} has no parameter {key!r}{suggest(key, scenario.parameters)}; it has {known}"
            problems.append((("sweep", name, key), told))
        elif key not in set(find_references(describe_changes(scenario))):
            problems.append((("sweep", name, key), f"no change of {name} uses its parameter {key!r}"))
    for values in itertools.product(*sweep.values()) if sweep and not problems else ():
        data = give_values(scenario, dict(zip(sweep, values, strict=True)))
        run, found = check(Scenario, data, where=name)
        runs += [run] if run else []
        problems += [(("sweep", name), f"{data['name']}, {each.label}: {each.sentence}") for each in found]
    return runs if sweep else [scenario], problems
