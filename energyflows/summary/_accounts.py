"""Four accounts of the gas of two suppliers, for the EU27 and each member."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import xarray as xr

from energyflows.datasets import load_tables
from energyflows.influence import attribute, measure_hidden
from energyflows.summary._areas import EU, place_zones

#: Whose gas is told by default.
ORIGINS = ("RU", "AZ")
#: TWh a year below which a country has no supply worth a share.
_LEAST_TWH = 1e-3


def summarise_accounts(
    results: xr.Dataset,
    tables: Mapping[str, pd.DataFrame] | None = None,
    *,
    origins: Sequence[str] = ORIGINS,
    networks: Any = None,
    workers: int = 1,
) -> pd.DataFrame:
    """Return whose gas the EU27 and each member consume, by four accounts side by side.

    Parameters
    ----------
    results : xarray.Dataset
        From :func:`energyflows.run`, with or without dim ``scenario``.
    tables : mapping of str to pandas.DataFrame, optional
        From :func:`energyflows.load_tables`; default the packaged tables.
    origins : sequence of str
        Whose gas; those that supply nothing are left out.
    networks : sequence or mapping of networks, optional
        As for :func:`energyflows.attribute`.
    workers : int
        Processes that share the scenarios.

    Returns
    -------
    pandas.DataFrame
        A row by year, scenario (if there are several), ``area`` (the EU27 first) and ``origin``; columns as
        :func:`energyflows.influence.measure_hidden`.

    Raises
    ------
    ResultsError
        If a market of the EU27 is not in the results.

    Examples
    --------
    >>> from energyflows import run
    >>> found = summarise_accounts(run(years=2025)).set_index(["area", "origin"])
    >>> bool(found.at[("HU", "RU"), "molecules"] > found.at[("EU27", "RU"), "molecules"])
    True
    """
    given = load_tables() if tables is None else tables
    places = place_zones(results, given)
    members = {country: list(places.index[places == country]) for country in sorted(set(places))}
    areas = {EU: list(places.index), **members}
    supplied = set(results["generator_origin"].to_numpy().astype(str))
    told = [origin for origin in origins if origin in supplied]
    if not told:
        return pd.DataFrame(columns=["year", "area", "origin", "consumed_twh"])
    found = attribute(results, areas=areas, origins=told, networks=networks, tables=given, workers=workers)
    table = pd.concat([measure_hidden(found, origin).assign(origin=origin) for origin in told])
    table = table[table["consumed_twh"] > _LEAST_TWH]
    keys = [name for name in ("year", "scenario", "area", "origin") if name in table]
    names = results["scenario"].to_numpy().tolist() if "scenario" in keys else []
    ranks = {"area": list(areas), "scenario": names, "origin": told}
    table = table.sort_values(
        keys, key=lambda column: column.map(ranks[column.name].index) if column.name in ranks else column
    )
    return table[[*keys, *(name for name in table if name not in keys)]].reset_index(drop=True)
