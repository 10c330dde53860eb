"""The facts of each metric, registered once where it is defined; pages, lists, legends and tests read them here."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from energyflows.metrics._pandas import accept_pandas

P = ParamSpec("P")
R = TypeVar("R")
Bounds = tuple[float | None, float | None]


@dataclass(frozen=True)
class Metric:
    """What is known of one metric apart from its value."""

    name: str
    symbol: str
    #: Of the result; ``1`` is a plain number.
    unit: str
    #: Least and largest value; None where there is none.
    bounds: Bounds
    #: What a higher value says of the supply: ``concentrated``, ``diverse``, ``dependent`` …
    higher_is: str
    group: str
    #: Keys of :data:`energyflows.metrics._references.REFERENCES`.
    references: tuple[str, ...]
    #: The formula in plain text; LaTeX stands in the docstring's notes.
    formula: str
    #: First line of the docstring.
    about: str
    function: Callable[..., Any]


#: Every metric by name, in order of definition.
METRICS: dict[str, Metric] = {}


def metric(
    *,
    symbol: str,
    unit: str,
    bounds: Bounds,
    higher_is: str,
    group: str,
    references: tuple[str, ...],
    formula: str = "",
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Register a function's facts and let it take and return pandas.

    Parameters
    ----------
    symbol : str
        As in formulas: ``HHI``.
    unit : str
        Of the result. A result without ``attrs["units"]`` gets it.
    bounds : tuple of float or None
        Least and largest value; None where there is none.
    higher_is : str
        What a higher value says: ``concentrated``.
    group : str
        Heading it is listed under.
    references : tuple of str
        Keys of ``energyflows/metrics/_references.py``.
    formula : str
        In plain text.

    Returns
    -------
    Callable
        Decorator. The function it returns takes a ``pandas.Series`` or ``DataFrame`` wherever the plain one takes a
        ``DataArray``, and returns pandas if its first argument was.
    """

    def register(function: Callable[P, R]) -> Callable[P, R]:
        name = function.__name__
        about = (inspect.getdoc(function) or "").partition("\n")[0]
        known = accept_pandas(function, unit)
        METRICS[name] = Metric(name, symbol, unit, bounds, higher_is, group, references, formula, about, known)
        return known

    return register
