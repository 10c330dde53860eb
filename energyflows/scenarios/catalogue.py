"""The built-in scenarios, by name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from energyflows.datasets import find_folder
from energyflows.errors import UnknownNameError, UsageError, shorten, suggest
from energyflows.scenarios.combining import combine
from energyflows.scenarios.scenario import AND, Scenario

#: What all others are compared with; it changes nothing.
REFERENCE = "reference"
#: Stands for every built-in scenario.
ALL = "all"


def list_scenarios() -> pd.DataFrame:
    """List the built-in scenarios.

    Returns
    -------
    pandas.DataFrame
        By name, the reference first: ``title``, ``years`` it is about (any if none), ``claims`` it bears on, and
        ``reading``, how to read its results.

    Examples
    --------
    >>> list_scenarios().index[0]
    'reference'
    """
    columns = ["title", "years", "claims", "reading"]
    rows = {name: [getattr(scenario, column) for column in columns] for name, scenario in read_catalogue().items()}
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("scenario")


def get_scenario(name: str) -> Scenario:
    """Return a built-in scenario, or several together.

    Parameters
    ----------
    name : str
        As in :func:`list_scenarios`, or several of them like ``russian-stop + cold-winter``.

    Returns
    -------
    Scenario
        Of that name.

    Raises
    ------
    UnknownNameError
        If there is none; names like it are offered.
    ScenarioError
        If they contradict each other.

    Examples
    --------
    >>> get_scenario("reference").changes
    ()
    """
    if not isinstance(name, str):
        raise UsageError(f"scenario: found {name!r}, expected a name such as {REFERENCE}")
    return find_scenario(name, {})


def find_scenario(name: str, own: Mapping[str, Scenario]) -> Scenario:
    """Return a scenario by name, or several together.

    Parameters
    ----------
    name : str
        One name, or several like ``a + b``.
    own : mapping of str to Scenario
        Come before the built-in ones of the same name.

    Returns
    -------
    Scenario
        Of that name.

    Raises
    ------
    UnknownNameError
        If there is none; names like it are offered.
    ScenarioError
        If they contradict each other.
    """
    known = {**read_catalogue(), **own}
    names = split_name(name, own)
    unknown = [each for each in names if each not in known]
    if unknown:
        near = {each: suggest(each, known) or f"; known are {', '.join(known)}" for each in unknown}
        raise UnknownNameError(" ".join(f"no scenario is called {shorten(each)!r}{near[each]}" for each in unknown))
    return known[names[0]] if len(names) == 1 else combine(*(known[each] for each in names))


def split_name(name: str, own: Mapping[str, Scenario]) -> list[str]:
    """Return the names of what is combined.

    Parameters
    ----------
    name : str
        One name, or several like ``a + b``.
    own : mapping of str to Scenario
        Scenarios that may themselves be called so.

    Returns
    -------
    list of str
        One or more.
    """
    if name in own:
        return [name]
    return [part.strip() for part in name.split(AND.strip())]


def list_names() -> list[str]:
    """Return the names of the built-in scenarios.

    Returns
    -------
    list of str
        The reference first.
    """
    return list(read_catalogue())


@lru_cache(maxsize=1)
def read_catalogue() -> Mapping[str, Scenario]:
    """Read the built-in scenarios, once.

    Returns
    -------
    mapping of str to Scenario
        By name, the reference first.
    """
    from energyflows.scenarios.reading import read_folder

    found = read_folder(find_seeds() / "scenarios")
    return MappingProxyType({name: found[name] for name in sorted(found, key=lambda name: (name != REFERENCE, name))})


def find_seeds() -> Path:
    """Return the folder of what is packaged beside the tables.

    Returns
    -------
    Path
        ``_seeds`` inside an installed package, else ``seeds`` beside the source tree.
    """
    tables = find_folder()
    return tables.with_name(tables.name.replace("data", "seeds"))
