"""Several years, one after the other, into one dataset."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import pandas as pd
import xarray as xr
from tqdm.auto import tqdm

from energyflows.datasets import load_tables
from energyflows.errors import UsageError
from energyflows.foresight import run_rolling
from energyflows.network import build_network, list_years
from energyflows.solving import solve

#: How much of a year is known when it begins.
FORESIGHT = ("year", "rolling")


def run(
    *,
    years: int | Iterable[int] = 2025,
    resolution: str = "monthly",
    tables: Mapping[str, pd.DataFrame] | None = None,
    foresight: str = "year",
    progress: bool = False,
    verbose: bool = False,
) -> xr.Dataset:
    """Solve year by year, each year starting from the stocks the last one left.

    Nobody stores gas this spring for a crisis three years away, so there is no foresight across years. Where stocks
    at the turn of a year are observed, the year starts from those.

    Parameters
    ----------
    years : int or iterable of int
        One year, or ``(first, last)`` including both.
    resolution : {"monthly", "weekly", "daily"}
        Length of a period.
    tables : mapping of str to pandas.DataFrame, optional
        From :func:`energyflows.load_tables`; default the packaged tables.
    foresight : {"year", "rolling"}
        Whether a year is known when it begins, or decided month by month with what could be expected then
        (:func:`energyflows.foresight.run_rolling`; monthly only).
    progress : bool
        Show a progress bar over the years.
    verbose : bool
        Let PyPSA, linopy and HiGHS report to the terminal.

    Returns
    -------
    xarray.Dataset
        Results of all years along ``snapshot``; ``objective`` is their sum.

    Raises
    ------
    UsageError
        For years, a resolution or a foresight that cannot be used.
    SolveError
        If a year has no solution.

    Examples
    --------
    >>> ds = run(years=(2024, 2025))
    >>> ds.sizes["snapshot"]
    24
    """
    listed = list_years(years)
    if foresight not in FORESIGHT:
        raise UsageError(f"foresight: found {foresight!r}, expected 'year' or 'rolling'")
    given = load_tables() if tables is None else tables
    parts: list[xr.Dataset] = []
    stocks: dict[str, float] = {}
    for year in tqdm(listed, desc="years", disable=not progress, leave=False):
        start = _drop_observed(stocks, given, year)
        if foresight == "rolling":
            parts.append(run_rolling(year, resolution=resolution, tables=given, stocks=start))
        else:
            parts.append(solve(build_network(year, resolution, given, stocks=start), verbose=verbose))
        stocks = read_stocks(parts[-1])
    return join_years(parts)


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


def _drop_observed(stocks: dict[str, float], tables: Mapping[str, pd.DataFrame], year: int) -> dict[str, float]:
    """Leave out the zones whose stock at the turn of the year is observed."""
    levels = tables["observed_storage"]
    observed = set(levels.loc[levels["date"] == pd.Timestamp(year - 1, 12, 31), "zone"])
    return {zone: stock for zone, stock in stocks.items() if zone not in observed}


def join_years(parts: list[xr.Dataset]) -> xr.Dataset:
    """Put results of consecutive years behind each other.

    Parameters
    ----------
    parts : list of xarray.Dataset
        Results with the same elements.

    Returns
    -------
    xarray.Dataset
        Along ``snapshot``; fixed columns from the last part, ``objective`` the sum.
    """
    if len(parts) == 1:
        return parts[0]
    timed = [part.drop_vars("objective").reset_coords(drop=False) for part in parts]
    fixed = {name: array for name, array in timed[-1].items() if "snapshot" not in array.dims}
    joined = xr.concat(
        [part.drop_vars(list(fixed)) for part in timed],
        dim="snapshot",
        join="exact",
        combine_attrs="override",
        coords="minimal",
        compat="override",
    )
    joined["objective"] = sum(part["objective"] for part in parts)
    joined["objective"].attrs = parts[0]["objective"].attrs
    joined.attrs["meta"] = _join_meta(parts)
    return joined.assign_coords({**fixed, "weight_days": joined["weight_days"]})


def _join_meta(parts: list[xr.Dataset]) -> str:
    """Return the description of the last part with the years of all."""
    described = [json.loads(part.attrs.get("meta", "{}")) for part in parts]
    years = [year for meta in described for year in meta.get("years", [])]
    return json.dumps({**described[-1], "years": years})
