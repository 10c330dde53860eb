"""What a file of scenarios may hold: as a JSON schema for editors, and as a page of the documentation.

``python -m energyflows.scenarios.schema`` writes the page anew.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from energyflows.scenarios._schemas import Schema, describe_type, narrow, read_schema
from energyflows.scenarios.study import Study

PAGE = Path(__file__).resolve().parents[2] / "docs" / "scenarios-reference.md"
_REFERENCE = {"type": "string", "pattern": r"^\$[A-Za-z_]\w*$", "description": "The value of a parameter."}
#: Declarations with no ``$name`` in them.
_FIXED = {"Parameter", "Part", "Scenario", "Study"}
_INTRODUCTION = """# Scenario files: all keys

This page is made from the declarations in `energyflows/scenarios` by `python -m energyflows.scenarios.schema`.
`energyflows.scenarios.export_schema()` returns the same as a JSON schema, by which an editor completes and checks
files.

A file is YAML in UTF-8 and holds one scenario (it has the key `scenario`), several in a list `scenarios`, or a study
(it has the key `study`). Only `true`, `false`, `null` and decimal numbers are not text: `NO` is Norway, and a day needs
no quotes.

```yaml
scenario: less-from-russia
title: Half of the Russian pipeline gas is missing in winter
parameters:
  part: {value: 0.5, low: 0.2, high: 0.8, unit: fraction, source: assumption}
changes:
  - change: cut
    supplier: RU
    gas: pipeline
    share: $part
    start: 11-01
    end: 03-31
```

Anywhere in `changes` the text `$name` stands for the value of the parameter `name`.
A day is `2026-11-15`, or `11-15` for that day of every year; `start` and `end` are both included."""


def export_schema() -> dict[str, Any]:
    """Return the JSON schema of a file that holds a scenario, several, or a study.

    Returns
    -------
    dict
        JSON schema (draft 2020-12); descriptions are those of the fields.

    Examples
    --------
    >>> sorted(export_schema()["$defs"]["Cut"]["properties"])
    ['change', 'end', 'gas', 'routes', 'share', 'start', 'supplier']
    """
    root = copy.deepcopy(read_schema(Study))
    definitions = root.pop("$defs")
    for name, definition in definitions.items():
        if name not in _FIXED:
            definition["properties"] = {key: _allow_reference(field) for key, field in definition["properties"].items()}
    scenario = {"$ref": "#/$defs/Scenario"}
    part = {key: field for key, field in definitions["Part"]["properties"].items() if key != "name"}
    several = {"type": "array", "items": scenario, "minItems": 1}
    mixed = {"type": "array", "items": {"anyOf": [scenario, {"type": "string"}]}}
    root["properties"] |= {**part, "scenarios": {**mixed, "description": "Names, definitions or both."}}
    root["required"] = ["study"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Scenarios and studies of energyflows",
        "anyOf": [
            scenario,
            {
                "type": "object",
                "properties": {"scenarios": several},
                "required": ["scenarios"],
                "additionalProperties": False,
            },
            root,
        ],
        "$defs": definitions,
    }


def _allow_reference(field: Schema) -> Schema:
    """Return a field that also takes the name of a parameter, if it takes one value."""
    if "const" in field or field.get("type") in {"array", "object"} or "$ref" in field:
        return field
    said: Schema = {key: field[key] for key in ("description", "default") if key in field}
    return {**said, "anyOf": [{key: value for key, value in field.items() if key not in said}, _REFERENCE]}


def describe_changes_page() -> str:
    """Return the page of the documentation that lists every change and its keys.

    Returns
    -------
    str
        Markdown.
    """
    root = read_schema(Study)
    definitions = root["$defs"]
    changes = definitions["Scenario"]["properties"]["changes"]["items"]["discriminator"]["mapping"]
    names = {kind: reference.rpartition("/")[2] for kind, reference in changes.items()}
    lines = [_INTRODUCTION, "", "## Changes", "", "| change | what it does |", "|---|---|"]
    lines += [
        f"| [`{kind}`](#{kind}) | {_tell(definitions[name]).partition('. ')[0].removesuffix('.')}. |"
        for kind, name in names.items()
    ]
    for kind, name in names.items():
        lines += ["", f"### {kind}", "", *_describe(root, definitions[name])]
    for title, name in {"volume": "Volume", "upstream": "Upstream", "leg": "Leg"}.items():
        lines += ["", f"### {title}", "", *_describe(root, definitions[name])]
    for title, name in {"A scenario": "Scenario", "A parameter": "Parameter", "A part of a study": "Part"}.items():
        lines += ["", f"## {title}", "", *_describe(root, definitions[name])]
    return "\n".join([*lines, "", "## A study", "", *_describe(root, root), ""])


def _describe(root: Schema, definition: Schema) -> Iterator[str]:
    """Yield what a declaration is, and a table of its keys."""
    yield from (_tell(definition), "", "| key | takes | if not given | meaning |", "|---|---|---|---|")
    needed = definition.get("required", ())
    fields = definition["properties"].items()
    for key, field in sorted(fields, key=lambda pair: pair[0] in {"start", "end"}):
        if "const" not in field:
            default = "needed" if key in needed else _show_default(field.get("default"))
            yield f"| `{key}` | {_link(root, field)} | {default} | {_tell(field)} |"


def _tell(schema: Schema) -> str:
    return " ".join(schema.get("description", "").replace("``", "`").split()).replace("|", r"\|")


def _show_default(value: Any) -> str:
    if value is None or value in ([], {}, ""):
        return "–"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _link(root: Schema, field: Schema) -> str:
    """Return what a key takes, with a link where that has keys of its own."""
    if narrow(root, field, None).get("type") == "object":
        choices = [field, *field.get("anyOf", ())]
        name = next((each["$ref"].rpartition("/")[2].lower() for each in choices if "$ref" in each), "")
        return f"[{name}](#{name})" if name else "names, each with its keys"
    return describe_type(root, field)


if __name__ == "__main__":
    PAGE.write_text(describe_changes_page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
