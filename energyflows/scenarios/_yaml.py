"""Safe YAML with the line of every place: plain data only, of limited size, and nothing read as what it is not.

Of the plain words only ``true``, ``false``, ``null`` and decimal numbers are not text. YAML 1.1 would take ``NO``
(Norway) and ``on`` as booleans, ``010`` as eight and ``11:30`` as 690; here they stay text, as does a date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from energyflows.errors import shorten
from energyflows.scenarios._schemas import Place
from energyflows.scenarios.checking import Problem

MAX_BYTES = 1_000_000
#: Values in a file, with those an alias repeats counted again.
MAX_NODES = 20_000
MAX_DEPTH = 30
_TAG = "tag:yaml.org,2002:"
_PLAIN = {
    "bool": (re.compile(r"true|True|TRUE|false|False|FALSE"), "tTfF"),
    "null": (re.compile(r"~|null|Null|NULL|"), ["~", "n", "N", ""]),
    "int": (re.compile(r"[-+]?(?:0|[1-9][0-9]*)"), "-+0123456789"),
    "float": (
        re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|nan)"),
        "-+.0123456789",
    ),
}
_KINDS = {
    yaml.MappingNode: {"map"},
    yaml.SequenceNode: {"seq"},
    yaml.ScalarNode: {"str", "int", "float", "bool", "null", "timestamp"},
}
#: What PyYAML says, and what it means to who wrote the file.
_HINTS = {
    r"found character '\t'": "found a tab; indent with spaces",
    "that cannot start any token": "found a character that no text starts with; put the text in quotes",
    "expected alphabetic or numeric": "found a * or & without a name behind it; put the text in quotes",
    "mapping values are not allowed": "found ': ' where no key can stand; a text with ': ' in it needs quotes, and the "
    "keys of one block start in one column",
    "expected a single document": "found a second document, expected one; put several scenarios in a list 'scenarios:'",
    "found undefined alias": "found an alias (*) without its anchor (&); a text that starts with * needs quotes",
    "could not find expected ':'": "found a line without ': ' behind its key",
    "expected <block end>": "found a line that is not in one column with the others of its block",
    "found unexpected end of stream": "a quote is not closed",
    "but found '<stream end>'": "the file ends where a value is expected; a bracket may not be closed",
    "expected ',' or": "a bracket is not closed, or a comma is missing",
}


class _Loader(yaml.SafeLoader):
    """Composes no more nodes and none deeper than a limit, so that no file can exhaust time or the stack."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  as PyYAML has it
    depth = number = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        self.depth, self.number = self.depth + 1, self.number + 1
        _check_limits(self.depth, self.number, self.peek_event().start_mark)  # type: ignore[no-untyped-call]
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


class _Dumper(yaml.SafeDumper):
    """Quotes what this reader would not take as text, and repeats what occurs twice."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  as PyYAML has it

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _add_resolvers() -> None:
    for kind, (pattern, first) in _PLAIN.items():
        whole = re.compile(rf"(?:{pattern.pattern})\Z")
        for each in (_Loader, _Dumper):
            each.add_implicit_resolver(_TAG + kind, whole, list(first))
    _Dumper.add_representer(str, _write_text)


def _write_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """Write a text of several lines as a block; breaks of lines that other programs do not know are escaped."""
    style = '"' if re.search("[\x85\u2028\u2029]", text) else "|" if "\n" in text else None
    return dumper.represent_scalar(f"{_TAG}str", text, style=style)


_add_resolvers()


class Sheet(NamedTuple):
    """What a file holds."""

    where: str
    """Its name."""
    data: dict[str, Any]
    """Mappings, lists, text, numbers, booleans and nothing."""
    lines: dict[Place, int]
    """Line of every key and entry, by keys and places from the outside to the inside."""


def read_yaml(path: Path) -> tuple[Sheet | None, list[Problem]]:
    """Read a file that holds one mapping.

    Parameters
    ----------
    path : Path
        YAML in UTF-8.

    Returns
    -------
    sheet : Sheet or None
        If there is no problem.
    problems : list of Problem
        At most one: what follows in the file cannot be judged.
    """
    try:
        text = _read_text(path)
    except yaml.YAMLError as error:
        return None, [Problem(str(path), None, "", str(error))]
    return parse_yaml(text, str(path))


def parse_yaml(text: str, where: str) -> tuple[Sheet | None, list[Problem]]:
    r"""Read a text that holds one mapping.

    Parameters
    ----------
    text : str
        YAML.
    where : str
        File, for messages.

    Returns
    -------
    sheet : Sheet or None
        If there is no problem.
    problems : list of Problem
        At most one.

    Examples
    --------
    >>> parse_yaml("zones:\n  - NO\n  - DE\nfrom: 2026-11-15\n", "mine.yaml")[0].data
    {'zones': ['NO', 'DE'], 'from': '2026-11-15'}
    """
    try:
        node = _Loader(text).get_single_node()
        if node is None:
            raise yaml.YAMLError("the file is empty; expected a scenario, scenarios or a study")  # noqa: TRY301
        lines: dict[Place, int] = {(): node.start_mark.line + 1}
        data = _build(node, lines, (), count(1))
        if not isinstance(data, dict):
            kind = "a list" if isinstance(data, list) else "a single value"
            raise _fail(node, f"found {kind}, expected keys and values such as 'scenario: my-scenario'")
    except yaml.YAMLError as error:
        line, sentence = _tell_error(error, text)
        return None, [Problem(where, line, "", sentence)]
    return Sheet(where, data, lines), []


def write_yaml(data: dict[str, Any]) -> str:
    """Return plain data as text that :func:`parse_yaml` reads back.

    Parameters
    ----------
    data : dict
        Plain data.

    Returns
    -------
    str
        YAML, keys in the given order.
    """
    text = yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    return str(text)


def _read_text(path: Path) -> str:
    try:
        if path.exists() and not path.is_file():
            raise yaml.YAMLError("not a file, expected YAML")
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise yaml.YAMLError("no such file") from None
    except (OSError, ValueError) as error:
        raise yaml.YAMLError(f"cannot be read ({getattr(error, 'strerror', None) or error})") from None
    if len(raw) > MAX_BYTES:
        raise yaml.YAMLError(f"more than {MAX_BYTES:,} bytes; put scenarios into several files of one folder")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise yaml.YAMLError(f"line {line} is not UTF-8; save the file as text in UTF-8") from None


def _tell_error(error: yaml.YAMLError, text: str) -> tuple[int | None, str]:
    """Return line and meaning of what PyYAML found."""
    if isinstance(error, yaml.reader.ReaderError):
        return text.count("\n", 0, error.position) + 1, "found a control character, expected text"
    problem = str(getattr(error, "problem", error))
    said = f"{getattr(error, 'context', '')} {problem}"
    found = next((hint for words, hint in _HINTS.items() if words in said), shorten(problem, 200))
    # What is not closed is found at the end of the file, and to be mended where it begins.
    mark = getattr(error, "context_mark" if "not closed" in found else "problem_mark", None)
    return (mark.line + 1 if mark else None), found


def _check_limits(depth: int, number: int, mark: yaml.Mark) -> None:
    if depth > MAX_DEPTH:
        raise yaml.MarkedYAMLError(None, None, f"found more than {MAX_DEPTH} levels, one within the other", mark)
    if number > MAX_NODES:
        told = f"found more than {MAX_NODES:,} keys and values, with those that aliases (*) repeat"
        raise yaml.MarkedYAMLError(None, None, told, mark)


def _fail(node: yaml.Node, sentence: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(None, None, sentence, node.start_mark)


def _build(node: yaml.Node, lines: dict[Place, int], place: Place, counter: Iterator[int]) -> Any:
    """Return the data of a node, and put the lines of what it holds into a mapping."""
    _check_limits(len(place), next(counter), node.start_mark)
    kind = node.tag.removeprefix(_TAG)
    if node.tag == kind or kind not in _KINDS[type(node)]:
        raise _fail(node, f"found the tag {shorten(node.tag)!r}, expected plain data; leave the tag out")
    if isinstance(node, yaml.ScalarNode):
        return _read_scalar(node, kind)
    inside = partial(_build, lines=lines, counter=counter)
    if isinstance(node, yaml.MappingNode):
        pairs = _list_pairs(node)
        lines.update({(*place, key): line for key, (line, _) in pairs.items()})
        return {key: inside(value, place=(*place, key)) for key, (_, value) in pairs.items()}
    lines.update({(*place, number): value.start_mark.line + 1 for number, value in enumerate(node.value)})
    return [inside(value, place=(*place, number)) for number, value in enumerate(node.value)]


def _list_pairs(node: yaml.MappingNode) -> dict[str, tuple[int, yaml.Node]]:
    """Return line and value of each key; keys are text, whatever they look like."""
    pairs: dict[str, tuple[int, yaml.Node]] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise _fail(key, "found a list or mapping as a key, expected a word")
        if key.value in pairs:
            first = pairs[key.value][0]
            raise _fail(key, f"the key {shorten(key.value)!r} stands more than once, first in line {first}; keep one")
        pairs[key.value] = (key.start_mark.line + 1, value)
    return pairs


def _read_scalar(node: yaml.ScalarNode, kind: str) -> Any:
    text = node.value
    try:
        if kind == "null":
            return None
        if kind == "bool":
            return {"true": True, "false": False}[text.lower()]
        if kind in {"int", "float"}:
            return int(text) if kind == "int" else float(text.replace(".inf", "inf").replace(".nan", "nan"))
    except (KeyError, ValueError):
        raise _fail(node, f"found {shorten(text)!r}, which cannot be read as {kind}") from None
    return text
