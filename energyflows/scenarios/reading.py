"""Scenarios and studies from files, and back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from energyflows.errors import ScenarioError, UsageError
from energyflows.scenarios._drafts import Draft, list_drafts, move_lines
from energyflows.scenarios._extending import Find, resolve
from energyflows.scenarios._schemas import Place
from energyflows.scenarios._yaml import Sheet, read_yaml, write_yaml
from energyflows.scenarios.catalogue import find_scenario, split_name
from energyflows.scenarios.checking import Problem, check, find_line, refuse
from energyflows.scenarios.scenario import Scenario, describe_changes
from energyflows.scenarios.study import Located, Part, Study, plan_runs


def read_scenarios(path: str | Path) -> dict[str, Scenario]:
    r"""Read scenarios from a file or a folder.

    Parameters
    ----------
    path : str or Path
        A YAML file with one scenario, a list ``scenarios`` or a study that defines some; or a folder of ``*.yaml``.

    Returns
    -------
    dict of str to Scenario
        By name, in the order of the files. What a scenario ``extends`` is part of it: changes first, and parameters
        unless it has its own of that name.

    Raises
    ------
    ScenarioError
        If a file cannot be read, or anything in it cannot be used; all problems at once, each with its line.

    Examples
    --------
    >>> import tempfile
    >>> text = "scenario: half\nchanges: [{change: cut, supplier: RU, share: $part}]\n"
    >>> text += "parameters: {part: {value: 0.5, unit: fraction, source: assumption}}\n"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "half.yaml")
    ...     _ = file.write_text(text)
    ...     read_scenarios(file)["half"].changes[0].share
    0.5
    """
    return read_folder(path, find_scenario)


def read_folder(path: str | Path, find: Find | None = None) -> dict[str, Scenario]:
    """Read scenarios as :func:`read_scenarios` does.

    Parameters
    ----------
    path : str or Path
        A file or a folder.
    find : callable, optional
        Returns other scenarios by name; without it a scenario can extend only those read with it.

    Returns
    -------
    dict of str to Scenario
        By name.
    """
    if not isinstance(path, str | Path):
        raise UsageError(f"scenarios: found {path!r}, expected the name of a file or a folder")
    drafts: list[Draft] = []
    problems: list[Problem] = []
    for file in _list_files(Path(path)):
        sheet, found = read_yaml(file)
        problems += found
        if sheet is not None:
            more, found = list_drafts(sheet)
            drafts += more
            problems += found
    scenarios, found = resolve(drafts, find)
    refuse([*problems, *found])
    if not scenarios:
        raise ScenarioError(f"{path}: it defines no scenario; expected 'scenario: name' or a list 'scenarios:'")
    return scenarios


def _list_files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.glob("*.yaml") if not file.name.startswith("."))
    if not files:
        raise ScenarioError(f"{path}: found no *.yaml in this folder, expected at least one")
    return files


def read_study(path: str | Path) -> Study:
    r"""Read a study from a file.

    Parameters
    ----------
    path : str or Path
        YAML with the key ``study``.

    Returns
    -------
    Study
        All its runs can be made: see :func:`list_runs`.

    Raises
    ------
    ScenarioError
        If the file cannot be read, or anything in it cannot be used; all problems at once, each with its line.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "study.yaml")
    ...     _ = file.write_text("study: winters\nscenarios: [cold-winter]\nyears: 2026-2027\n")
    ...     read_study(file).parts[0].years
    (2026, 2027)
    """
    if not isinstance(path, str | Path):
        raise UsageError(f"study: found {path!r}, expected the name of a file")
    sheet, problems = read_yaml(Path(path))
    study, found = _build_study(sheet) if sheet is not None else (None, [])
    refuse([*problems, *found])
    assert study is not None  # noqa: S101  there would be problems
    return study


def _build_study(sheet: Sheet) -> tuple[Study | None, list[Problem]]:
    """Return a study, and all that is wrong with it."""
    if "study" not in sheet.data:
        return None, [
            Problem(sheet.where, None, "", "found no key 'study', expected 'study: name', 'scenarios', 'years'")
        ]
    drafts, problems = list_drafts(sheet)
    own, found = resolve(drafts, find_scenario)
    problems += found
    data, lines = _gather_parts(sheet)
    study, found = check(Study, {**data, "scenarios": tuple(own.values())}, where=sheet.where, lines=lines)
    problems += found
    parts = data["parts"] if isinstance(data["parts"], list) else []
    failed = {draft.name for draft in drafts} - set(own)
    for number, given in enumerate(parts):
        place: Place = ("parts", number)
        for inner, sentence in _find_run_problems(given, own, failed):
            where = (*place, *inner)
            problems.append(Problem(sheet.where, find_line(where, lines), _name_part(given, number), sentence))
    return study, problems


def _name_part(given: Any, number: int) -> str:
    name = given.get("name") if isinstance(given, Mapping) else None
    return f"part {name if isinstance(name, str) else number + 1}"


def _find_run_problems(given: Any, own: Mapping[str, Scenario], failed: set[str]) -> list[Located]:
    """List what is wrong with scenarios and sweep of a part, whatever is wrong with its other keys."""
    if not isinstance(given, Mapping):
        return []
    for keys in (("scenarios", "sweep"), ("scenarios",)):
        part, _ = check(Part, {key: given[key] for key in keys if key in given}, where="")
        # What names a scenario with problems of its own is told by those.
        if part is not None and not failed & {each for name in part.scenarios for each in split_name(name, own)}:
            return plan_runs(part, own)[1]
    return []


def _gather_parts(sheet: Sheet) -> tuple[dict[str, Any], dict[Place, int]]:
    """Return a study without its definitions, the only part's keys put where those of several stand."""
    data = {key: value for key, value in sheet.data.items() if key != "scenarios"}
    listed = sheet.data.get("scenarios", [])
    entries = [_name_entry(entry) for entry in listed] if isinstance(listed, list) else listed
    if "parts" in data:
        return data, sheet.lines
    keys = [key for key in data if key not in {"study", "title", "description"}]
    part = {"scenarios": entries, **{key: data.pop(key) for key in keys}}
    lines = dict(sheet.lines)
    for key in ("scenarios", *keys):
        lines |= {("parts", 0, key, *place): line for place, line in move_lines(sheet.lines, (key,), ()).items()}
    return {**data, "parts": [part]}, lines


def _name_entry(entry: Any) -> Any:
    """Return the name of a scenario that is defined where it is listed."""
    return entry.get("scenario", entry.get("name")) if isinstance(entry, Mapping) else entry


def write_scenario(scenario: Scenario) -> str:
    """Return a scenario as the text of a file.

    Parameters
    ----------
    scenario : Scenario
        Any.

    Returns
    -------
    str
        YAML that :func:`read_scenarios` reads back as the same scenario; what has its default is left out.

    Examples
    --------
    >>> from energyflows.scenarios import Cut
    >>> print(write_scenario(Scenario(name="half", changes=(Cut(supplier="RU", share=0.5),))))
    scenario: half
    changes:
    - change: cut
      supplier: RU
      share: 0.5
    <BLANKLINE>
    """
    said = scenario.model_dump(mode="json", exclude={"name", "changes"}, exclude_defaults=True)
    changes = describe_changes(scenario)
    return write_yaml({"scenario": scenario.name, **said, **({"changes": changes} if changes else {})})
