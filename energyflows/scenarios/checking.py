"""What is declared is checked as a whole: every problem is one sentence with the line it stands in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from energyflows.errors import ScenarioError, list_problems
from energyflows.scenarios._explaining import explain
from energyflows.scenarios._schemas import Place

Model = TypeVar("Model", bound=BaseModel)
#: Line of every place in a file, by keys and places from the outside to the inside.
Lines = Mapping[Place, int]


class Problem(NamedTuple):
    """A sentence, and where it belongs."""

    where: str
    """File, or what was being made."""
    line: int | None
    """Line in the file, if there is one."""
    label: str
    """What it is about, in words."""
    sentence: str
    """What was found and expected, and how to mend it."""


def validate(model: type[Model], data: Any, *, where: str, lines: Lines | None = None) -> Model:
    """Return what data declare, or refuse them with all their problems.

    Parameters
    ----------
    model : type of Declaration
        What is expected.
    data : mapping
        Plain data.
    where : str
        File or name, for messages.
    lines : mapping of tuple to int, optional
        Line of every place in the file.

    Returns
    -------
    Declaration
        Of that model.

    Raises
    ------
    ScenarioError
        Naming every problem.

    Examples
    --------
    >>> from energyflows.scenarios.changes import Cut
    >>> validate(Cut, {"supplier": "RU", "share": 0.5}, where="mine.yaml").share
    0.5
    >>> validate(Cut, {"suplier": "RU", "share": 1.5}, where="mine.yaml", lines={("suplier",): 3, ("share",): 4})
    Traceback (most recent call last):
        ...
    energyflows.errors.ScenarioError: 3 problems in mine.yaml:
      - the key 'supplier' is missing; expected text (Country of origin)
      - line 3: found the key 'suplier', which is not known here; did you mean supplier?
      - line 4, share: found 1.5, expected a number from 0 to 1
    """
    found, problems = check(model, data, where=where, lines=lines)
    refuse(problems)
    assert found is not None  # noqa: S101  there would be problems
    return found


def check(
    model: type[Model], data: Any, *, where: str, lines: Lines | None = None
) -> tuple[Model | None, list[Problem]]:
    """Return what data declare, or nothing and all their problems.

    Parameters
    ----------
    model : type of Declaration
        What is expected.
    data : mapping
        Plain data.
    where : str
        File or name, for messages.
    lines : mapping of tuple to int, optional
        Line of every place in the file.

    Returns
    -------
    found : Declaration or None
        Of that model, if there is no problem.
    problems : list of Problem
        In the order of the lines.
    """
    try:
        return model.model_validate(data), []
    except ValidationError as error:
        return None, explain_errors(error, model, data, where=where, lines=lines)


def explain_errors(
    error: ValidationError, model: type[BaseModel], data: Any, *, where: str, lines: Lines | None = None
) -> list[Problem]:
    """Return what pydantic found as sentences for people.

    Parameters
    ----------
    error : ValidationError
        Raised for these data.
    model : type of Declaration
        What was expected.
    data : mapping
        What was given.
    where : str
        File or name.
    lines : mapping of tuple to int, optional
        Line of every place in the file.

    Returns
    -------
    list of Problem
        In the order of the lines; one for each place.
    """
    return sort_problems(
        Problem(where, find_line(place, lines or {}), label, sentence)
        for place, label, sentence in explain(error, model, data, numbered=not lines)
    )


def sort_problems(problems: Iterable[Problem]) -> list[Problem]:
    """Return problems by file and line, each once.

    Parameters
    ----------
    problems : iterable of Problem
        In any order.

    Returns
    -------
    list of Problem
        In the order in which they are told.
    """
    return sorted(dict.fromkeys(problems), key=lambda problem: (problem.where, problem.line or 0))


def find_line(place: Place, lines: Lines) -> int | None:
    """Return the line of a place, or of what is around it.

    Parameters
    ----------
    place : tuple of str or int
        From the outside to the inside.
    lines : mapping of tuple to int
        Line of every place in the file.

    Returns
    -------
    int or None
        Nothing if there are no lines.
    """
    return next((lines[place[:end]] for end in range(len(place), -1, -1) if place[:end] in lines), None)


def refuse(problems: Iterable[Problem]) -> None:
    """Raise one error for all problems, if there are any.

    Parameters
    ----------
    problems : iterable of Problem
        May be empty.

    Raises
    ------
    ScenarioError
        With a line for each.

    Examples
    --------
    >>> refuse([])
    >>> refuse([Problem("a.yaml", 2, "", "no title"), Problem("b.yaml", None, "", "empty")])
    Traceback (most recent call last):
        ...
    energyflows.errors.ScenarioError: 2 problems in 2 files:
      - a.yaml, line 2: no title
      - b.yaml: empty
    """
    told = sort_problems(problems)
    if not told:
        return
    files = {problem.where for problem in told}
    place = told[0].where if len(files) == 1 else f"{len(files)} files"
    title = f"{len(told)} problem{'s' if len(told) > 1 else ''} in {place}:"
    raise ScenarioError(list_problems(title, [_tell(problem, named=len(files) > 1) for problem in told]))


def _tell(problem: Problem, *, named: bool) -> str:
    around = [problem.where if named else "", f"line {problem.line}" if problem.line else "", problem.label]
    told = ", ".join(each for each in around if each)
    return f"{told}: {problem.sentence}" if told else problem.sentence
