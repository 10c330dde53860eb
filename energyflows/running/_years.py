"""The reference, year by year."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
import xarray as xr
from tqdm.auto import tqdm

from energyflows.errors import UsageError
from energyflows.foresight import run_rolling
from energyflows.network import build_network
from energyflows.solving import solve

#: How much of a year is known when it begins.
FORESIGHT = ("year", "rolling")
#: Network and results by year, resolution, foresight and stocks at the start.
Known = dict[tuple[int, str, str, tuple[tuple[str, float], ...]], tuple[Any, xr.Dataset]]


def run_years(
    years: Sequence[int],
    resolution: str,
    tables: Mapping[str, pd.DataFrame],
    *,
    foresight: str = "year",
    progress: bool = False,
    verbose: bool = False,
    known: Known | None = None,
) -> Iterator[tuple[Any, xr.Dataset]]:
    """Solve the reference year by year, each year starting from the stocks the last one left.

    Parameters
    ----------
    years : sequence of int
        Consecutive.
    resolution : {"monthly", "weekly", "daily"}
        Length of a period.
    tables : mapping of str to pandas.DataFrame
        From :func:`energyflows.load_tables`.
    foresight : {"year", "rolling"}
        Whether a year is known when it begins.
    progress, verbose : bool
        Show a bar; let the solver report.
    known : dict, optional
        Years solved before with the same tables; what is there is not solved again, what is not is added.

    Yields
    ------
    tuple of pypsa.Network and xarray.Dataset
        The network of a year (None if it is solved in parts), unsolved, and its results.

    Raises
    ------
    UsageError
        For a foresight that does not exist.
    """
    if foresight not in FORESIGHT:
        raise UsageError(f"foresight: found {foresight!r}, expected 'year' or 'rolling'")
    stocks: dict[str, float] = {}
    found = {} if known is None else known
    for year in tqdm(years, desc="years", disable=not progress, leave=False):
        start = drop_observed(stocks, tables, year)
        key = (year, resolution, foresight, tuple(sorted(start.items())))
        if key not in found:
            if foresight == "rolling":
                found[key] = None, run_rolling(year, resolution=resolution, tables=tables, stocks=start)
            else:
                n = build_network(year, resolution, tables, stocks=start)
                found[key] = n, solve(n, verbose=verbose)
        stocks = read_stocks(found[key][1])
        yield found[key]


def read_stocks(ds: xr.Dataset) -> dict[str, float]:
    """Return the stock of each zone at the end of results.

    Parameters
    ----------
    ds : xarray.Dataset
        Results.

    Returns
    -------
    dict of str to float
        GWh by zone; what the solver leaves below zero by rounding is zero.
    """
    last = ds["stored"].isel(snapshot=-1).clip(min=0.0)
    zones = [str(bus).removesuffix(" storage") for bus in ds["store_bus"].to_numpy()]
    return dict(zip(zones, last.to_numpy().tolist(), strict=True))


def drop_observed(stocks: dict[str, float], tables: Mapping[str, pd.DataFrame], year: int) -> dict[str, float]:
    """Leave out the zones whose stock at the turn of the year is observed."""
    levels = tables["observed_storage"]
    observed = set(levels.loc[levels["date"] == pd.Timestamp(year - 1, 12, 31), "zone"])
    return {zone: stock for zone, stock in stocks.items() if zone not in observed}
