"""Scenarios as they stand in files: named, with their lines, not yet checked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from energyflows.errors import shorten, suggest
from energyflows.scenarios._explaining import show
from energyflows.scenarios._schemas import Place
from energyflows.scenarios._yaml import Sheet
from energyflows.scenarios.checking import Problem, find_line

#: What a file may hold, by the key that says so.
_KINDS = ("scenario", "scenarios", "study")


class Draft(NamedTuple):
    """A scenario as it stands in a file, not yet checked."""

    where: str
    """The file."""
    data: dict[str, Any]
    """Its keys."""
    lines: dict[Place, int]
    """Line of every place in it."""

    @property
    def name(self) -> str:
        """Its name, or nothing if it has none."""
        name = self.data.get("scenario", self.data.get("name"))
        return name.strip() if isinstance(name, str) else ""

    @property
    def extends(self) -> list[str]:
        """What it extends; nothing if that is no list of names."""
        names = self.data.get("extends")
        return names if isinstance(names, list) and all(isinstance(name, str) for name in names) else []

    def tell(self, sentence: str, *place: str | int) -> Problem:
        """Return a problem at a place in it."""
        return Problem(self.where, find_line(place, self.lines), f"scenario {self.name}", sentence)


def move_lines(lines: Mapping[Place, int], before: Place, after: Place) -> dict[Place, int]:
    """Return the lines of what is within a place, as if it were another place.

    Parameters
    ----------
    lines : mapping of tuple to int
        By place.
    before : tuple
        A place.
    after : tuple
        Where it is moved.

    Returns
    -------
    dict of tuple to int
        Of that place and all within.

    Examples
    --------
    >>> move_lines({("a",): 1, ("a", 0): 2, ("b",): 3}, ("a",), ("x", "y"))
    {('x', 'y'): 1, ('x', 'y', 0): 2}
    """
    size = len(before)
    return {(*after, *place[size:]): line for place, line in lines.items() if place[:size] == before}


def list_drafts(sheet: Sheet) -> tuple[list[Draft], list[Problem]]:
    """Return the scenarios a file defines.

    Parameters
    ----------
    sheet : Sheet
        One scenario, a list of them, or a study.

    Returns
    -------
    drafts : list of Draft
        In the order of the file.
    problems : list of Problem
        Entries that are no scenarios.
    """
    where, data, lines = sheet
    if "scenario" in data:
        return [Draft(where, data, lines)], []
    problems = [Problem(where, line, label, told) for line, label, told in _find_problems(data, lines)]
    entries = data.get("scenarios")
    inside: dict[str | int, dict[Place, int]] = defaultdict(dict)
    for place, line in lines.items():
        if place[:1] == ("scenarios",) and len(place) > 1:
            inside[place[1]][place[2:]] = line
    listed = enumerate(entries) if isinstance(entries, list) else ()
    return [Draft(where, entry, inside[number]) for number, entry in listed if isinstance(entry, dict)], problems


def _find_problems(data: dict[str, Any], lines: Mapping[Place, int]) -> Iterator[tuple[int, str, str]]:
    """Yield line, label and sentence for what is wrong with a file that is no single scenario."""
    if not set(data) & set(_KINDS):
        first = next(iter(data), "")
        found = f"found the key {shorten(first)!r}" if data else "found no key"
        yield lines[()], "", f"{found}, expected one of {', '.join(_KINDS)}{suggest(first, _KINDS)}"
        return
    study, entries = "study" in data, data.get("scenarios", [])
    for key in data:
        if key != "scenarios" and not study:
            yield lines[key,], "", f"found the key {shorten(key)!r} beside 'scenarios', expected it in one of them"
    if not isinstance(entries, list) or not (entries or study):
        yield lines["scenarios",], "scenarios", f"found {show(entries)}, expected a list of scenarios"
        return
    for number, entry in enumerate(entries):
        # A study of one part names here what it runs; one of several parts only defines.
        if not isinstance(entry, dict | str if study and "parts" not in data else dict):
            told = f"found {show(entry)}, expected a scenario with keys such as 'scenario' and 'changes'"
            yield lines["scenarios", number], f"scenario {number + 1}", told
