"""Modelled prices that gas may be valued at."""

from __future__ import annotations

import pandas as pd
import xarray as xr


def bound_prices(results: xr.Dataset, zones: pd.DataFrame) -> xr.DataArray:
    """Return prices within what somebody pays.

    Parameters
    ----------
    results : xarray.Dataset
        Results.
    zones : pandas.DataFrame
        Table ``zones``.

    Returns
    -------
    xarray.DataArray, [EUR/MWh]
        Dims of the prices. One that a contracted or observed flow pushes below zero counts as zero, and one above the
        highest in the EU and for LNG at that time as that one: in closed markets given-up demand sets it, which nobody
        pays. Without such a bus only zero is a bound.

    Examples
    --------
    >>> zones = pd.DataFrame({"zone": ["IT", "BY", "AM"], "eu": [True, False, False], "kind": "market"})
    >>> ds = xr.Dataset({"price": ("bus", [40.0, 240.0, -270.0])}, coords={"bus": ["IT", "BY", "AM"]})
    >>> bound_prices(ds, zones).to_numpy().tolist()
    [40.0, 40.0, 0.0]
    """
    price = results["price"]
    free = zones.loc[zones["eu"] | (zones["kind"] == "lng"), "zone"]
    known = price["bus"].isin(free.tolist())
    if bool(known.any()):
        dearest = price.where(known).max("bus")
        price = price.where(price < dearest, dearest)
    return price.clip(min=0.0)
