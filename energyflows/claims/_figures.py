"""The registry of figures, and the run a figure is read from."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

import pandas as pd
import xarray as xr

from energyflows.summary import drop_idle, summarise_imports

Kept = TypeVar("Kept")


class Span(NamedTuple):
    """A number with its range; the ends are NaN where no range is known."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class View:
    """One year of one scenario.

    Attributes
    ----------
    ds : xarray.Dataset
        Results without dim ``scenario``, whose notes are those of the scenario.
    tables : mapping of str to pandas.DataFrame
        Inputs.
    year : int
        The year.
    ownership : pandas.DataFrame
        Table ``ownership`` as the scenario has it.
    scenario : str
        Name of the scenario, perhaps with values of its parameters.
    workers : int
        Processes a figure may use.
    kept : dict
        What several figures are read from, computed once.
    """

    ds: xr.Dataset
    tables: Mapping[str, pd.DataFrame]
    year: int
    ownership: pd.DataFrame
    scenario: str = "reference"
    workers: int = 1
    kept: dict[Hashable, Any] = field(default_factory=dict)

    def keep(self, key: Hashable, compute: Callable[[], Kept]) -> Kept:
        """Return what stands under a key, computed at the first call."""
        if key not in self.kept:
            self.kept[key] = compute()
        found: Kept = self.kept[key]
        return found

    @cached_property
    def active(self) -> xr.Dataset:
        """The same without links and generators that carry nothing: they belong to other scenarios, or stand idle."""
        return drop_idle(self.ds)

    @cached_property
    def imports(self) -> pd.DataFrame:
        """Net imports of the EU27 by origin and kind."""
        return summarise_imports(self.active, self.tables)


Function = Callable[..., float | Span]


@dataclass(frozen=True)
class Figure:
    """A number that can be computed from a run.

    Attributes
    ----------
    name : str
        Of the function.
    unit : str
        Of the number.
    about : str
        First line of its description.
    needed, optional : tuple of str
        Names of its arguments.
    compute : callable
        Takes the run, for a pair also the one it is held against, and the arguments.
    pair : bool
        Whether it needs both runs; the number is then no difference of two numbers.
    ranged : bool
        Whether the number comes with a range of its own.
    """

    name: str
    unit: str
    about: str
    needed: tuple[str, ...]
    optional: tuple[str, ...]
    compute: Function
    pair: bool
    ranged: bool


#: All figures by name.
FIGURES: dict[str, Figure] = {}
Registered = TypeVar("Registered", bound=Function)


def figure(unit: str, *, pair: bool = False, ranged: bool = False) -> Callable[[Registered], Registered]:
    """Register a function as a figure.

    Parameters
    ----------
    unit : str
        Of what it returns.
    pair : bool
        Whether it takes two runs.
    ranged : bool
        Whether it returns a :class:`Span`.

    Returns
    -------
    callable
        A decorator that hands the function back.
    """

    def register(function: Registered) -> Registered:
        named = [p for p in inspect.signature(function).parameters.values() if p.kind is p.KEYWORD_ONLY]
        FIGURES[function.__name__] = Figure(
            name=function.__name__,
            unit=unit,
            about=(inspect.getdoc(function) or "").partition("\n")[0],
            needed=tuple(p.name for p in named if p.default is p.empty),
            optional=tuple(p.name for p in named if p.default is not p.empty),
            compute=function,
            pair=pair,
            ranged=ranged,
        )
        return function

    return register
