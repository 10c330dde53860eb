"""The registry of figures, and the run a figure is read from."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd
import xarray as xr

from energyflows.summary import drop_idle, sum_areas, summarise_imports


@dataclass(frozen=True, eq=False)
class View:
    """One year of one scenario.

    Attributes
    ----------
    ds : xarray.Dataset
        Results without dim ``scenario``.
    tables : mapping of str to pandas.DataFrame
        Inputs.
    year : int
        The year.
    ownership : pandas.DataFrame
        Table ``ownership`` as the scenario has it.
    """

    ds: xr.Dataset
    tables: Mapping[str, pd.DataFrame]
    year: int
    ownership: pd.DataFrame

    @cached_property
    def active(self) -> xr.Dataset:
        """The same without links and generators that carry nothing: they belong to other scenarios, or stand idle."""
        return drop_idle(self.ds)

    @cached_property
    def imports(self) -> pd.DataFrame:
        """Net imports of the EU27 by origin and kind."""
        return summarise_imports(self.active, self.tables)

    @cached_property
    def areas(self) -> xr.DataArray:
        """What the EU27 and its members consume, TWh by year, area and traced origin."""
        return sum_areas(self.ds, self.tables)


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
    """

    name: str
    unit: str
    about: str
    needed: tuple[str, ...]
    optional: tuple[str, ...]
    compute: Callable[..., float]
    pair: bool


#: All figures by name.
FIGURES: dict[str, Figure] = {}
Function = Callable[..., float]


def figure(unit: str, *, pair: bool = False) -> Callable[[Function], Function]:
    """Register a function as a figure.

    Parameters
    ----------
    unit : str
        Of what it returns.
    pair : bool
        Whether it takes two runs.

    Returns
    -------
    callable
        A decorator that hands the function back.
    """

    def register(function: Function) -> Function:
        named = [p for p in inspect.signature(function).parameters.values() if p.kind is p.KEYWORD_ONLY]
        FIGURES[function.__name__] = Figure(
            name=function.__name__,
            unit=unit,
            about=(inspect.getdoc(function) or "").partition("\n")[0],
            needed=tuple(p.name for p in named if p.default is p.empty),
            optional=tuple(p.name for p in named if p.default is not p.empty),
            compute=function,
            pair=pair,
        )
        return function

    return register
