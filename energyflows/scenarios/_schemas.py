"""JSON schemas of what can be declared, walked by place and told in words."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

Schema = dict[str, Any]
#: Keys and numbers of entries, from the outside to the inside.
Place = tuple[str | int, ...]

#: Keys that have another name in Python.
_IN_PYTHON = {"name": ("scenario", "study"), "origin": ("from",)}
_PLURALS = {"string": "names", "integer": "whole numbers", "number": "numbers"}


@lru_cache(maxsize=64)
def read_schema(model: type[BaseModel]) -> Schema:
    """Return the JSON schema of a declaration; it is shared, so it must not be changed.

    Parameters
    ----------
    model : type of Declaration
        Any.

    Returns
    -------
    dict
        With the definitions of all it holds under ``$defs``.
    """
    return model.model_json_schema()


def narrow(root: Schema, schema: Schema, data: Any) -> Schema:
    """Return the one schema that is meant: references followed, nothing left out, the kind of change chosen.

    Parameters
    ----------
    root : dict
        Holds the definitions.
    schema : dict
        A part of it.
    data : object
        What stands there; its key ``change`` chooses.

    Returns
    -------
    dict
        Still a choice if data do not make it.
    """
    while True:
        choices = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
        mapping = schema.get("discriminator", {}).get("mapping", {})
        if "$ref" in schema:
            said = {key: value for key, value in schema.items() if key != "$ref"}
            schema = {**root["$defs"][schema["$ref"].rpartition("/")[2]], **said}
        elif len(choices) == 1:
            schema = {**choices[0], **{key: schema[key] for key in ("description",) if key in schema}}
        elif isinstance(data, Mapping) and isinstance(data.get("change"), str) and data["change"] in mapping:
            schema = {"$ref": mapping[data["change"]]}
        else:
            return schema


def step(root: Schema, schema: Schema, part: str | int, data: Any) -> Schema | None:
    """Return the schema one key or entry further inside, or nothing if there is no such place.

    Parameters
    ----------
    root : dict
        Holds the definitions.
    schema : dict
        Narrowed.
    part : str or int
        Key or number of an entry.
    data : object
        What stands there.

    Returns
    -------
    dict or None
        Narrowed.
    """
    if isinstance(part, int):
        listed = schema.get("prefixItems", ())
        found = listed[part] if part < len(listed) else schema.get("items")
    else:
        fields = schema.get("properties", {})
        names = [part, *_IN_PYTHON.get(part, ())]
        found = next((fields[name] for name in names if name in fields), schema.get("additionalProperties"))
    return narrow(root, found, data) if isinstance(found, dict) else None


def describe_type(root: Schema, schema: Schema) -> str:
    """Say in words what a place takes.

    Parameters
    ----------
    root : dict
        Holds the definitions.
    schema : dict
        A part of it.

    Returns
    -------
    str
        With its article: ``a number from 0 to 1``.

    Examples
    --------
    >>> describe_type({}, {"type": "number", "minimum": 0, "maximum": 1})
    'a number from 0 to 1'
    """
    schema = narrow(root, schema, None)
    if "anyOf" in schema:
        told = dict.fromkeys(describe_type(root, each) for each in schema["anyOf"])
        return " or ".join(each for each in told if each != "a whole number" or "a number" not in told)
    if "enum" in schema:
        return f"one of {', '.join(map(str, schema['enum']))}"
    if "oneOf" in schema:
        return "a change like {change: cut, supplier: RU}"
    if schema.get("type") in {"number", "integer"}:
        return _describe_number(schema)
    return _describe_other(root, schema)


def _describe_number(schema: Schema) -> str:
    kind = "a whole number" if schema["type"] == "integer" else "a number"
    if "minimum" in schema and "maximum" in schema:
        return f"{kind} from {schema['minimum']:g} to {schema['maximum']:g}"
    words = {
        "minimum": "of at least",
        "exclusiveMinimum": "above",
        "maximum": "of at most",
        "exclusiveMaximum": "below",
    }
    bounds = [f"{word} {schema[key]:g}" for key, word in words.items() if key in schema]
    return f"{kind} {' and '.join(bounds)}".strip()


def _describe_other(root: Schema, schema: Schema) -> str:
    kind = schema.get("type")
    if "examples" in schema:
        return f"a day like {' or '.join(schema['examples'])}"
    if kind == "array":
        few = f"{len(schema['prefixItems'])} " if "prefixItems" in schema else ""
        entries = narrow(root, schema.get("items") or {}, None)
        return f"a list of {few}{'changes' if 'oneOf' in entries else _PLURALS.get(entries.get('type', ''), 'entries')}"
    if kind == "object":
        return f"the keys {', '.join(schema['properties'])}" if "properties" in schema else "names, each with its keys"
    return {"boolean": "true or false", "string": "text"}.get(str(kind), "a value")
