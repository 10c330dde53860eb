"""How much gas hides behind a country as a parameter of a scenario grows, by account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any

import pandas as pd

from energyflows.errors import UsageError, list_problems
from energyflows.influence.passages import attribute_conduits
from energyflows.running import run
from energyflows.scenarios import Scenario, get_scenario, set_parameters


def measure_curve(
    scenario: str | Scenario,
    parameter: str,
    values: Iterable[float],
    *,
    origin: str = "RU",
    conduit: str = "AZ",
    years: int | Iterable[int] = 2025,
    tables: Mapping[str, pd.DataFrame] | None = None,
    workers: int = 1,
) -> pd.DataFrame:
    """Return gas of an origin that leaves a country, by account, over the values of a parameter.

    Parameters
    ----------
    scenario : str or Scenario
        With that parameter; such as ``backfill-max`` with ``volume``, or ``turkish-hub`` with ``extra_bcm``.
    parameter : str
        Its name.
    values : iterable of float
        What it is set to, one after the other.
    origin, conduit : str
        Whose gas, behind which country.
    years : int or iterable of int
        As for :func:`energyflows.run`.
    tables : mapping of str to pandas.DataFrame, optional
        From :func:`energyflows.load_tables`; default the packaged tables.
    workers : int
        Processes that share the solving.

    Returns
    -------
    pandas.DataFrame
        A row by value and year: ``parameter``, ``value``, and columns as :func:`attribute_conduits`.

    Raises
    ------
    UsageError
        If there are no values, or one stands there twice.
    UnknownNameError, ScenarioError
        If the scenario has no such parameter, or a value does not fit.

    Examples
    --------
    >>> found = measure_curve("backfill-max", "volume", [1.0]).set_index("value")
    >>> float(found.at[1.0, "label_twh"]), bool(abs(found.at[1.0, "displacement_high_twh"] / 10.55 - 1) < 0.02)
    (0.0, True)
    """
    listed = list(values)
    wrong = [value for value in list[Any](listed) if not isinstance(value, Real)]
    if wrong:
        raise UsageError(list_problems("values:", [f"found {value!r}, expected a number" for value in wrong]))
    problems = [] if listed else ["found none, expected at least one"]
    problems += [f"{value:g} is there twice" for value in dict.fromkeys(listed) if listed.count(value) > 1]
    if problems:
        raise UsageError(list_problems("values:", problems))
    plain = scenario if isinstance(scenario, Scenario) else get_scenario(scenario)
    variants = {value: set_parameters(plain, {parameter: value}) for value in listed}
    settings: dict[str, Any] = {"years": years, "tables": tables, "workers": workers}
    results = run(list(variants.values()), **settings)
    table = attribute_conduits(results, origin, conduits=[conduit], tables=tables)
    named = {variant.name: value for value, variant in variants.items()}
    told = table.assign(parameter=parameter, value=table["scenario"].map(named)).drop(columns="scenario")
    first = ["parameter", "value"]
    return told[[*first, *(name for name in told if name not in first)]]
