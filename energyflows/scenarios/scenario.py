"""A scenario: a named list of changes with parameters, combined by name."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, Field, PrivateAttr, ValidationError, field_validator, model_validator
from pydantic_core import InitErrorDetails

from energyflows.scenarios._fields import Declaration, Name, Number
from energyflows.scenarios._schemas import Place
from energyflows.scenarios.changes import AnyChange

_WORD = r"[a-z0-9][a-z0-9.,=\[\]_-]*"
#: Between the names of combined scenarios.
AND = " + "
Value = float | int | bool | str


class Parameter(Declaration):
    """A figure of a scenario that may be varied."""

    value: Value
    """Used unless another is given."""
    low: Number | None = None
    """Least value found plausible."""
    high: Number | None = None
    """Greatest value found plausible."""
    unit: Name
    """In words a reader knows: ``bcm/y``, ``fraction``."""
    source: Name
    """Key of table ``sources``, or ``assumption``."""
    note: str = ""
    """What it means and why this value."""

    @field_validator("value")
    @classmethod
    def _check_value(cls, value: Value) -> Value:
        if _is_reference(value):
            raise ValueError(f"found {value!r}, expected a value: a parameter cannot stand for another one")
        return value

    @model_validator(mode="after")
    def _check_range(self) -> Parameter:
        if self.low is not None and self.high is not None and self.high < self.low:
            raise ValueError(f"high {self.high:g} lies below low {self.low:g}")
        return self


class Scenario(Declaration):
    """A named list of changes.

    Anywhere in ``changes`` the text ``$name`` stands for the value of the parameter ``name``.
    """

    name: Annotated[str, Field(pattern=rf"^{_WORD}( \+ {_WORD})*$", validation_alias=AliasChoices("scenario", "name"))]
    """Small letters, digits and hyphens."""
    title: str = ""
    """A few words."""
    description: str = ""
    """What happens, and what is assumed."""
    reading: str = ""
    """How to read its results, in one line."""
    claims: tuple[Name, ...] = ()
    """Claims it bears on."""
    years: tuple[int, ...] = ()
    """Years it is about; any if none is given."""
    extends: tuple[Name, ...] = ()
    """Scenarios whose changes come first and whose parameters are taken over; resolved when read from a file."""
    parameters: dict[str, Parameter] = Field(default_factory=dict)
    """By name."""
    changes: tuple[AnyChange, ...] = ()
    """What it changes; none for the reference."""

    _template: tuple[Any, ...] = PrivateAttr(default=())
    #: File and line of each change, if it was read from a file.
    _places: tuple[str, ...] = PrivateAttr(default=())

    @model_validator(mode="wrap")
    @classmethod
    def _bind(cls, data: Any, handler: Any) -> Scenario:
        """Put the values of parameters where ``$name`` stands, and remember where."""
        if not isinstance(data, Mapping) or not isinstance(data.get("changes", ()), list | tuple):
            return handler(data)  # type: ignore[no-any-return]
        template = [make_plain(each) for each in data.get("changes", ())]
        values = _read_values(data.get("parameters"))
        filled = [_fill_in(change, values) for change in template]
        unknown = list(_find_unknown(filled, values))
        try:
            scenario: Scenario = handler({**data, "changes": filled})
        except ValidationError as error:
            # What a field says about a text like $name adds nothing to that there is no such parameter.
            others = [
                each for each in error.errors() if each["loc"][:1] != ("changes",) or not _is_reference(each["input"])
            ]
            raise ValidationError.from_exception_data(cls.__name__, [*unknown, *others]) from None  # type: ignore[list-item]  # what it gives it takes
        if unknown:
            raise ValidationError.from_exception_data(cls.__name__, unknown)
        scenario._template = tuple(template)
        return scenario

    @field_validator("parameters")
    @classmethod
    def _check_names(cls, value: dict[str, Parameter]) -> dict[str, Parameter]:
        wrong = [name for name in value if not name.isidentifier()]
        if wrong:
            raise ValueError(f"parameter names must be words without blanks or hyphens, found {', '.join(wrong)}")
        return value

    def __eq__(self, other: object) -> bool:
        """Compare what is declared; where it was read does not matter."""
        if not isinstance(other, Scenario):
            return NotImplemented
        return self._template == other._template and self.model_dump() == other.model_dump()

    __hash__ = None  # type: ignore[assignment]  # parameters are a dict

    def __add__(self, other: Scenario) -> Scenario:
        """Return both together; the order does not matter, and what both have counts once."""
        from energyflows.scenarios.combining import combine

        return combine(self, other)


def make_plain(part: Any) -> Any:
    """Return a change, or a part of one, as plain data: nothing that is not said, ``$name`` as it stands.

    Parameters
    ----------
    part : Declaration, mapping, sequence or value
        Anything a change may be made of.

    Returns
    -------
    dict, list or value
        As in a file.
    """
    if isinstance(part, BaseModel):
        said = part.model_dump(exclude_unset=True)
        return make_plain({"change": part.change, **said} if hasattr(part, "change") else said)
    if isinstance(part, Mapping):
        return {key: make_plain(value) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return [make_plain(value) for value in part]
    return part


def find_references(part: Any) -> Iterator[str]:
    """Yield the name of each parameter a change, or a part of one, stands for.

    Parameters
    ----------
    part : dict, list or value
        Plain data.

    Yields
    ------
    str
        Without the ``$``.
    """
    if isinstance(part, dict | list):
        for value in part.values() if isinstance(part, dict) else part:
            yield from find_references(value)
    elif _is_reference(part):
        yield part[1:]


def _read_values(parameters: Any) -> dict[str, Any]:
    """Return the values of parameters by name, nothing for one that has none."""
    if not isinstance(parameters, Mapping):
        return {}
    values = {}
    for name, given in parameters.items():
        if isinstance(given, Parameter):
            values[name] = given.value
        else:
            # What is wrong with it is told where it stands, not where it is used.
            values[name] = given.get("value", f"${name}") if isinstance(given, Mapping) else f"${name}"
    return values


def _is_reference(part: Any) -> bool:
    return isinstance(part, str) and part.startswith("$")


def _fill_in(part: Any, values: Mapping[str, Any]) -> Any:
    """Return a part of a change with ``$name`` replaced by its value, where it has one."""
    if _is_reference(part):
        return values.get(part[1:], part)
    if isinstance(part, dict):
        return {key: _fill_in(value, values) for key, value in part.items()}
    return [_fill_in(value, values) for value in part] if isinstance(part, list) else part


def _find_unknown(part: Any, values: Mapping[str, Any], place: Place = ("changes",)) -> Iterator[InitErrorDetails]:
    """List each ``$name`` that is left, at its place."""
    if isinstance(part, dict | list):
        for key, value in part.items() if isinstance(part, dict) else enumerate(part):
            yield from _find_unknown(value, values, (*place, key))
    elif _is_reference(part) and part[1:] not in values:
        known = ", ".join(f"${name}" for name in values) or "none"
        yield locate_error(f"{part} is no parameter of this scenario; it has {known}", place, part)


def locate_error(sentence: str, place: Place, found: Any) -> InitErrorDetails:
    """Return a problem with the place it stands in, for ``ValidationError.from_exception_data``.

    Parameters
    ----------
    sentence : str
        What is wrong.
    place : tuple of str or int
        Keys and places from the outside to the inside.
    found : object
        What stands there.

    Returns
    -------
    InitErrorDetails
        As pydantic takes it.
    """
    return InitErrorDetails(type="value_error", loc=place, input=found, ctx={"error": ValueError(sentence)})


def set_parameters(scenario: Scenario, values: Mapping[str, Any]) -> Scenario:
    """Return a scenario with other values of its parameters.

    Parameters
    ----------
    scenario : Scenario
        Stays as it is.
    values : mapping of str to value
        By name of the parameter.

    Returns
    -------
    Scenario
        Named after the values: ``backfill-max[volume=2]``.

    Raises
    ------
    UnknownNameError
        If it has no such parameter.
    ScenarioError
        If a value cannot be used.

    Examples
    --------
    >>> from energyflows.scenarios import get_scenario
    >>> set_parameters(get_scenario("backfill-max"), {"volume": 2}).name
    'backfill-max[volume=2]'
    """
    from energyflows.scenarios.checking import validate

    data = give_values(scenario, values)
    return set_places(validate(Scenario, data, where=data["name"]), list_places(scenario)) if values else scenario


def list_places(scenario: Scenario) -> tuple[str, ...]:
    """Return file and line of each change; nothing if the scenario was not read from a file."""
    return scenario._places  # noqa: SLF001  of the same module


def set_places(scenario: Scenario, places: Sequence[str]) -> Scenario:
    """Write down file and line of each change, for messages."""
    scenario._places = tuple(places)  # noqa: SLF001  of the same module
    return scenario


def give_values(scenario: Scenario, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a scenario with other values as plain data, not yet checked.

    Parameters
    ----------
    scenario : Scenario
        Stays as it is.
    values : mapping of str to value
        By name of the parameter.

    Returns
    -------
    dict
        As in a file.

    Raises
    ------
    UnknownNameError
        If it has no such parameter.
    """
    from energyflows.errors import UnknownNameError, suggest

    parameters = scenario.model_dump(include={"parameters"})["parameters"]
    unknown = [f"{name!r}{suggest(str(name), parameters)}" for name in values if name not in parameters]
    if unknown:
        known = ", ".join(parameters) or "none"
        raise UnknownNameError(f"{scenario.name}: no parameter {', '.join(unknown)}; it has {known}")
    given = {name: values[name] for name in parameters if name in values}
    for name, value in given.items():
        parameters[name]["value"] = value.item() if hasattr(value, "item") else value
    told = ",".join(f"{name}={_show(parameters[name]['value'])}" for name in given)
    rest = scenario.model_dump(exclude={"parameters", "changes"})
    return {
        **rest,
        "name": f"{scenario.name}[{told}]",
        "parameters": parameters,
        "changes": describe_changes(scenario),
    }


def _show(value: Any) -> str:
    """Return a value as it may stand in a name."""
    text = f"{value:g}" if isinstance(value, float) and float(f"{value:g}") == value else str(value)
    return re.sub(r"[^a-z0-9.,_-]+", "-", text.lower().replace("+", ""))


def describe_changes(scenario: Scenario) -> list[Any]:
    """Return the changes as plain data, with ``$name`` where a parameter stands.

    Parameters
    ----------
    scenario : Scenario
        Any.

    Returns
    -------
    list of dict
        As in a file.
    """
    return copy.deepcopy(list(scenario._template))  # noqa: SLF001  of the same module
