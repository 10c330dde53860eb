"""Flows of links by origin."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from energyflows.errors import ResultsError, list_problems, require
from energyflows.tracing._rules import read_rules


def trace_links(traced: xr.Dataset, results: xr.Dataset, rules: Any = None) -> xr.DataArray:
    """Tell what the flow of each link is made of.

    Parameters
    ----------
    traced : xarray.Dataset
        From :func:`trace`.
    results : xarray.Dataset
        The results it was made of.
    rules : pandas.DataFrame or xarray.DataArray, optional
        Those it was made with; links under a rule carry what the rule says.

    Returns
    -------
    xarray.DataArray, [GWh/d]
        What links send, with the dims of the results, ``link`` and ``origin``; zero where nothing flows, NaN in a loop
        that nothing enters.

    Raises
    ------
    ResultsError
        If the two do not belong together.

    Examples
    --------
    >>> from energyflows import run
    >>> from energyflows.tracing import trace
    >>> ds = run(years=2025)
    >>> flows = trace_links(trace(ds), ds).sel(link="TAP-IT").isel(snapshot=0)
    >>> flows["origin"].values[flows > 0].tolist()
    ['AZ']
    """
    require(traced, "data_vars coords", "an xarray.Dataset from trace")
    require(results, "data_vars coords", "an xarray.Dataset of results")
    shares, problems = read_rules(rules, results)
    _check(traced, results, problems)
    places = xr.DataArray(results["bus0"].to_numpy(), dims="link")
    mix = traced["mix"].sel(bus=places).drop_vars([name for name in traced.coords if "bus" in traced[name].dims])
    sent = results["sent"]
    if shares is not None:
        told = shares.reindex(link=results["link"].to_numpy(), origin=traced["origin"].to_numpy(), fill_value=0.0)
        mix = mix * (1.0 - told.sum("origin")) + told.where(np.isfinite(mix), 0.0)
    flows = sent * mix
    ordered = flows.where(sent != 0, 0.0).transpose(..., "link", "origin")
    return ordered.rename("sent").assign_attrs(units="GWh/d")


def _check(traced: xr.Dataset, results: xr.Dataset, wrong: list[str]) -> None:
    """Refuse what does not belong together."""
    problems = wrong + [f"traced: no variable {name}" for name in ["mix"] if name not in traced]
    problems += [f"results: no variable or coordinate {name}" for name in ("sent", "bus0") if name not in results]
    if not problems:
        dims = [str(dim) for dim in results["sent"].dims if dim != "link"]
        problems += [
            f"dim {dim} of results is not that of traced"
            for dim in dims
            if dim not in traced.dims or not traced[dim].equals(results[dim])
        ]
        problems += sorted(
            {
                f"bus {bus} is not in traced"
                for bus in set(results["bus0"].to_numpy().astype(str)) - set(traced["bus"].to_numpy().astype(str))
            }
        )
    if problems:
        raise ResultsError(list_problems("these do not belong together:", problems))
