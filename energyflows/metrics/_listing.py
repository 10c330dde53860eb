"""What is known of metrics: all of them in a table, each one in full."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pandas as pd

from energyflows.errors import UnknownNameError, suggest
from energyflows.metrics._references import REFERENCES
from energyflows.metrics._registry import METRICS, Bounds, Metric

#: Groups in the order of listing; others follow as they are met.
_GROUPS = ["diversification", "dependence", "infrastructure", "adequacy", "prices"]
_SECTION = re.compile(r"^(\w[\w ]*)\n-+$", flags=re.MULTILINE)
_MATH = re.compile(r"\.\. math::((?:[ \t]*\S.*)?(?:\n\s*?[ \t]+\S.*)*)")


def list_metrics() -> pd.DataFrame:
    """Return the metrics there are.

    Returns
    -------
    pandas.DataFrame
        Index ``metric``; symbol, group, unit, bounds, what a higher value says, formula, first line of the docstring.

    Examples
    --------
    >>> list_metrics().loc["hhi", "higher_is"]
    'concentrated'
    """
    rows = [
        (each.name, each.symbol, each.group, each.unit, show_bounds(each.bounds), each.higher_is, each.formula, about)
        for each, about in ((each, _say(each.about)) for each in _in_order())
    ]
    columns = ["metric", "symbol", "group", "unit", "bounds", "higher_is", "formula", "about"]
    return pd.DataFrame(rows, columns=columns).set_index("metric")


def describe(name: str) -> dict[str, Any]:
    r"""Return what is known of a metric.

    Parameters
    ----------
    name : str
        As in :func:`list_metrics`.

    Returns
    -------
    dict
        Text by ``metric``, ``symbol``, ``group``, ``meaning``, ``formula`` (plain), ``latex``, ``unit``, ``bounds``,
        ``higher_is`` and ``notes`` (when it is undefined, how to read it); lists of text by ``arguments`` and
        ``references``.

    Raises
    ------
    UnknownNameError
        If there is no such metric.

    Examples
    --------
    >>> describe("hhi")["latex"]
    'H = \\sum_i p_i^2'
    """
    if name not in METRICS:
        hint = suggest(str(name), METRICS) or f"; there are {', '.join(each.name for each in _in_order())}"
        raise UnknownNameError(f"there is no metric {name!r}{hint}")
    each = METRICS[name]
    sections = _split(inspect.getdoc(each.function) or "")
    notes = sections.get("Notes", "")
    return {
        "metric": name,
        "symbol": each.symbol,
        "group": each.group,
        "meaning": _say(_tell(sections[""])),
        "formula": each.formula,
        "latex": "\n".join(" ".join(found.split()) for found in _MATH.findall(notes)),
        "unit": each.unit,
        "bounds": show_bounds(each.bounds),
        "higher_is": each.higher_is,
        "notes": _tell(_MATH.sub("", notes)),
        "arguments": list(inspect.signature(each.function).parameters),
        "references": [REFERENCES[key] for key in each.references],
    }


def show_bounds(bounds: Bounds) -> str:
    """Return bounds as text.

    Parameters
    ----------
    bounds : tuple of float or None
        Least and largest value.

    Returns
    -------
    str
        Such as ``0 … 1``, ``from 0`` or ``any``.

    Examples
    --------
    >>> show_bounds((0, 1)), show_bounds((0, None)), show_bounds((None, None))
    ('0 … 1', 'from 0', 'any')
    """
    low, high = bounds
    if low is None:
        return "any" if high is None else f"up to {high:g}"
    return f"from {low:g}" if high is None else f"{low:g} … {high:g}"


def _in_order() -> list[Metric]:
    """Return metrics by group."""
    groups = list(dict.fromkeys([*_GROUPS, *(each.group for each in METRICS.values())]))
    return sorted(METRICS.values(), key=lambda each: groups.index(each.group))


def _split(text: str) -> dict[str, str]:
    """Return a docstring's text by heading; what comes before the first has none."""
    parts = _SECTION.split(text)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def _say(text: str) -> str:
    """Return what a function returns, without saying that it does."""
    told = text.removeprefix("Return ")
    return told[:1].upper() + told[1:]


def _tell(text: str) -> str:
    """Return paragraphs of reStructuredText as Markdown."""
    plain = re.sub(r":\w+:`~?([^`]*)`", r"`\1`", text).replace("``", "`")
    return "\n\n".join(" ".join(each.split()) for each in plain.strip().split("\n\n"))
