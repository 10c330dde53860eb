"""Errors of pydantic told in sentences: what was found where, what was expected, how to mend it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from energyflows.errors import shorten, suggest
from energyflows.scenarios._schemas import Place, Schema, describe_type, narrow, read_schema, step

#: What entries of a list are called, and the key that names one.
_ENTRIES = {"changes": ("change", "change"), "parts": ("part", "name"), "scenarios": ("scenario", "scenario")}


class _Spot(NamedTuple):
    """A place in data, with what its schema says."""

    place: Place
    around: Schema
    """Schema of what holds it."""
    schema: Schema
    """Its own."""


def explain(
    error: ValidationError, model: type[BaseModel], data: Any, *, numbered: bool
) -> Iterator[tuple[Place, str, str]]:
    """Yield the place, its name in words, and a sentence for each error.

    Parameters
    ----------
    error : ValidationError
        Raised for these data.
    model : type of Declaration
        What was expected.
    data : mapping
        What was given.
    numbered : bool
        Tell changes by their number, where there is no line to tell them by.

    Yields
    ------
    tuple of (tuple, str, str)
        Place, label and sentence.
    """
    root = read_schema(model)
    for each in error.errors(include_url=False):
        kind, found = each["type"], each["input"]
        if kind == "too_short" and len(found) >= each["ctx"]["min_length"]:
            continue  # entries with problems of their own were not counted
        spot = _find_spot(root, data, each["loc"], keep_last=kind in {"missing", "extra_forbidden"})
        place = spot.place[:-1] if kind in {"missing", "extra_forbidden"} else spot.place
        sentence = _tell(root, spot, kind, found, each.get("ctx", {}))
        yield _sharpen(spot.place, kind), _name_place(place, data, numbered=numbered), sentence


def _sharpen(place: Place, kind: str) -> Place:
    return (*place, "change") if kind == "union_tag_invalid" else place


def _find_spot(root: Schema, data: Any, loc: Place, *, keep_last: bool) -> _Spot:
    """Return a place as it is in the data: pydantic also names the branches it took, which are in no file."""
    around = schema = narrow(root, root, data)
    place: Place = ()
    for number, part in enumerate(loc, 1):
        inside = _look(data, part)
        found = step(root, schema, part, inside)
        if found is not None:
            around, schema, data, place = schema, found, inside, (*place, part)
        elif keep_last and number == len(loc):
            around, schema, place = schema, {}, (*place, part)
    return _Spot(place, around, schema)


def _look(data: Any, part: str | int) -> Any:
    if isinstance(data, Mapping):
        return data.get(part)
    if isinstance(data, list | tuple) and isinstance(part, int) and part < len(data):
        return data[part]
    return None


def _name_place(place: Place, data: Any, *, numbered: bool) -> str:
    """Return ``backfill, volume.bcm`` for ``changes, 0, volume, bcm``."""
    heads: list[str] = []
    rest: list[str] = []
    for before, part in zip(("", *place), place, strict=False):
        data = _look(data, part)
        if isinstance(part, int) and before in _ENTRIES:
            rest.pop()
            heads.append(_name_entry(str(before), part + 1, data, numbered=numbered))
        else:
            rest.append(str(part + 1) if isinstance(part, int) else part)
    return ", ".join([*heads, *([".".join(rest)] if rest else [])])


def _name_entry(kind: str, number: int, data: Any, *, numbered: bool) -> str:
    word, key = _ENTRIES[kind]
    name = data.get(key) if isinstance(data, Mapping) else getattr(data, key, None)
    if not isinstance(name, str):
        return f"{word} {number}"
    if kind == "changes":
        return f"{word} {number} ({shorten(name)})" if numbered else shorten(name)
    return f"{word} {shorten(name)}"


def _tell(root: Schema, spot: _Spot, kind: str, found: Any, said: Mapping[str, Any]) -> str:
    """Return the sentence for an error of a kind."""
    if kind == "value_error":
        return shorten(str(said["error"]), 500)
    if kind == "missing":
        return f"the key {spot.place[-1]!r} is missing; expected {_expect(root, spot.schema, meaning=True)}"
    if kind == "extra_forbidden":
        known = list(spot.around.get("properties", ()))
        key = shorten(str(spot.place[-1]))
        hint = suggest(key, known) or f"; expected one of {', '.join(known)}"
        return f"found the key {key!r}, which is not known here{hint}"
    if kind.startswith("union_tag"):
        return _tell_change(list(spot.schema["discriminator"]["mapping"]), said.get("tag"))
    expected = "a finite number" if kind == "finite_number" else _expect(root, spot.schema, meaning=False)
    return f"found {show(found)}, expected {expected}{_hint(spot.schema, found)}"


def _tell_change(known: list[str], found: Any) -> str:
    told = f"; known are {', '.join(known)}"
    if found is None:
        return f"the key 'change' is missing{told}"
    return f"no change is called {shorten(str(found))!r}{suggest(str(found), known) or told}"


def _expect(root: Schema, schema: Schema, *, meaning: bool) -> str:
    """Return what a place takes, with what it means where the type alone says too little."""
    text = describe_type(root, schema)
    description = " ".join(schema.get("description", "").replace("``", "").split()).removesuffix(".")
    return f"{text} ({description})" if description and (meaning or "pattern" in schema) else text


def _hint(schema: Schema, found: Any) -> str:
    """Say how to mend what is often written."""
    kind, scalar = schema.get("type"), isinstance(found, str | int | float) and not isinstance(found, bool)
    if kind in {"number", "integer"} and isinstance(found, str) and re.fullmatch(r"-?\d+,\d+", found):
        return "; numbers take a decimal point"
    if kind == "array" and isinstance(found, list | tuple) and not found:
        return "; name at least one"
    if kind == "array" and scalar:
        return f"; write it as [{shorten(str(found))}]"
    return "; put it in quotes" if kind == "string" and scalar and not isinstance(found, str) else ""


def show(found: Any) -> str:
    """Return what was found as it may stand in a message.

    Parameters
    ----------
    found : object
        Anything.

    Returns
    -------
    str
        Short.

    Examples
    --------
    >>> show(None), show(True), show([1, 2]), show("RU")
    ('nothing', 'true', 'a list of 2', "'RU'")
    """
    if found is None:
        return "nothing"
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, Mapping):
        return f"the keys {shorten(', '.join(map(str, found)))}" if found else "no keys"
    if isinstance(found, list | tuple):
        return f"a list of {len(found)}" if found else "an empty list"
    return repr(shorten(found)) if isinstance(found, str) else shorten(repr(found))
