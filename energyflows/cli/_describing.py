"""Results as the tables the program prints and writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    Tables = Mapping[str, pd.DataFrame]


def group_zones(tables: Tables) -> dict[str, list[str]]:
    """Return the zones of the EU27."""
    return {"EU27": tables["zones"].query("eu")["zone"].tolist()}


def describe(
    ds: xr.Dataset, tables: Tables, reference: str = "reference", *, networks: Any = None, workers: int = 1
) -> dict[str, pd.DataFrame]:
    """Return the comparison of scenarios, or the tables of a run if there is one scenario only.

    Parameters
    ----------
    ds : xarray.Dataset
        Results with dim ``scenario``.
    tables : mapping of str to pandas.DataFrame
        From :func:`energyflows.load_tables`.
    reference : str
        Scenario the others are compared with.
    networks : mapping of str to sequence of pypsa.Network, optional
        As for :func:`energyflows.attribute`.
    workers : int
        Processes that share the scenarios.

    Returns
    -------
    dict of str to pandas.DataFrame
        Has ``headline`` if scenarios are compared.
    """
    if ds.sizes["scenario"] == 1:
        from energyflows.summary import summarise

        alone = None if networks is None else next(iter(networks.values()))
        return summarise(ds.isel(scenario=0, drop=True), tables, networks=alone)
    return compare_all(ds, tables, reference, networks=networks, workers=workers)


def compare_all(
    ds: xr.Dataset, tables: Tables, reference: str, *, networks: Any = None, workers: int = 1
) -> dict[str, pd.DataFrame]:
    """Return the comparison of scenarios, with the imports of the EU27 if its zones are there.

    Parameters
    ----------
    ds : xarray.Dataset
        Results with dim ``scenario``.
    tables : mapping of str to pandas.DataFrame
        From :func:`energyflows.load_tables`.
    reference : str
        Scenario the others are compared with.
    networks : mapping of str to sequence of pypsa.Network, optional
        As for :func:`energyflows.attribute`.
    workers : int
        Processes that share the scenarios.

    Returns
    -------
    dict of str to pandas.DataFrame
        As :func:`energyflows.compare` returns it, ``imports``, ``accounts`` and ``metrics``; ``headline`` with net
        imports of the EU27 from RU and AZ by the corridor or cargo they enter by.
    """
    from energyflows.comparison import compare
    from energyflows.summary import summarise_accounts, summarise_metrics, summarise_origins

    groups = group_zones(tables)
    found = compare(ds, reference, groups=groups)
    known = set(groups["EU27"]) <= set(ds["bus"].to_numpy().tolist())
    if not known:
        return found
    imports = summarise_origins(ds, tables)
    headline = found["headline"].copy()
    for origin in ("RU", "AZ"):
        volumes = imports[imports["origin"] == origin].groupby(["year", "scenario"])["twh"].sum()
        told = [float(volumes.get((row.year, row.Index), 0.0)) for row in headline.itertuples()]
        headline[f"from_{origin.lower()}_twh"] = told
    accounts = summarise_accounts(ds, tables, networks=networks, workers=workers)
    origins = {"imports": imports, "accounts": accounts, "metrics": summarise_metrics(ds, tables)}
    return {**found, "headline": headline, **origins}


def make_iamc(parts: Mapping[str, xr.Dataset], tables: Tables) -> dict[str, pd.DataFrame]:
    """Return the table of the IAMC for each part."""
    from energyflows.comparison import to_iamc

    return {part: to_iamc(ds, groups=group_zones(tables)) for part, ds in parts.items()}


def join_iamc(parts: Tables) -> pd.DataFrame:
    """Return the tables of all parts as one; of several parts, scenarios are named with their part.

    Parameters
    ----------
    parts : mapping of str to pandas.DataFrame
        By part.

    Returns
    -------
    pandas.DataFrame
        Each row once, although parts may share scenarios and years.
    """
    if len(parts) == 1:
        return next(iter(parts.values()))
    import pandas as pd

    named = [table.assign(scenario=table["scenario"] + f" ({part})") for part, table in parts.items()]
    return pd.concat(named, ignore_index=True)
