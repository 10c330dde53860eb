"""Where the EU27's gas comes from in each scenario."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import xarray as xr

from energyflows.datasets import load_tables, strip_passport
from energyflows.summary._tables import summarise_imports

#: GWh/d that count as a flow.
_LEAST_RATE = 1e-6


def drop_idle(ds: xr.Dataset) -> xr.Dataset:
    """Return results without links and generators that carry nothing: they belong to other scenarios, or stand idle.

    Parameters
    ----------
    ds : xarray.Dataset
        Results of one scenario.

    Returns
    -------
    xarray.Dataset
        With the links and generators in use; one in use in none of the periods would else count as a feeder of a
        corridor, and make its gas one of no single origin.
    """
    flows = (ds["received"] > _LEAST_RATE).any("snapshot")
    fed = (ds["supplied"] > _LEAST_RATE).any("snapshot")
    return ds.isel(link=flows.to_numpy(), generator=fed.to_numpy())


def summarise_origins(results: xr.Dataset, tables: Mapping[str, pd.DataFrame] | None = None) -> pd.DataFrame:
    """Return net imports of the EU27 by origin in each scenario.

    As in :func:`energyflows.summary.summarise_imports`, by the corridor or cargo gas enters by; nothing is traced.

    Parameters
    ----------
    results : xarray.Dataset
        With dim ``scenario``, from :func:`energyflows.run`.
    tables : mapping of str to pandas.DataFrame, optional
        From :func:`energyflows.load_tables`; default the packaged tables.

    Returns
    -------
    pandas.DataFrame
        Columns ``year, scenario, origin, kind, twh, share``; ``share`` of the net total of year and scenario.

    Examples
    --------
    >>> from energyflows import run
    >>> found = summarise_origins(run(["reference", "lukoil-stake"], years=2025))
    >>> sorted(found["scenario"].unique())
    ['lukoil-stake', 'reference']
    """
    given = {name: strip_passport(table) for name, table in (load_tables() if tables is None else tables).items()}
    told = []
    for name in results["scenario"].to_numpy().tolist():
        imports = summarise_imports(drop_idle(results.sel(scenario=name, drop=True)), given)
        told.append(imports.drop(columns=["bcm", "observed_twh"]).assign(scenario=name))
    return pd.concat(told, ignore_index=True)[["year", "scenario", "origin", "kind", "twh", "share"]]
