"""The long table by which the field exchanges scenarios."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import xarray as xr

from energyflows.comparison import _figures
from energyflows.comparison._checking import Groups, check_figures, check_groups
from energyflows.errors import require
from energyflows.results import sum_energy

COLUMNS = ["model", "scenario", "region", "variable", "unit", "year", "value"]
WORLD = "World"
_YEARLY, _STOCK, _PRICE, _COST = "TWh/yr", "TWh", "EUR/MWh", "billion EUR"
_FIRST_NOVEMBER = (11, 1)


def to_iamc(results: xr.Dataset, *, model: str = "energyflows", groups: Groups | None = None) -> pd.DataFrame:
    """Return results in the format of the Integrated Assessment Modeling Consortium, which pyam reads.

    Parameters
    ----------
    results : xarray.Dataset
        With or without dim ``scenario``; without, the only one is called ``reference``.
    model : str
        Name of the model.
    groups : mapping of str to sequence of str, optional
        Zones by name of a group; each becomes a region beside the zones.

    Returns
    -------
    pandas.DataFrame
        Columns ``model, scenario, region, variable, unit, year, value``; no row where there is no figure. Variables:

        - by zone and group: ``Gas|Consumption``, ``Gas|Unserved``, ``Gas|Response``, ``Gas|Imports|LNG`` (TWh/yr),
          ``Gas|Price`` (EUR/MWh; of a zone the mean over days, of a group weighted by demand),
          ``Gas|Storage|1 November`` and ``Gas|Storage|End`` (TWh);
        - for the region ``World``: ``Gas|Supply``, ``Gas|Supply|RU`` by origin, ``Gas|Supply|RU|Pipeline``, ``…|LNG``
          and ``…|Home`` by way, ``Gas|Flow|TANAP>TAP`` between buses, without storage connections (TWh/yr);
          ``Gas|Cost`` (billion EUR), of results of a single year only.

    Raises
    ------
    ResultsError
        If it is no results, in other units, or lacks a zone of a group.

    Examples
    --------
    >>> from energyflows import run
    >>> table = to_iamc(run(years=2025), groups={"Baltics": ["EE", "LV", "LT"]})
    >>> table.query("region == 'Baltics'")["variable"].nunique()
    7
    """
    require(results, "data_vars coords sizes", "an xarray.Dataset of results")
    check_figures(results)
    check_groups(groups, results)
    ds = (
        results
        if "scenario" in results.dims
        else results.drop_vars("scenario", errors="ignore").expand_dims(scenario=["reference"])
    )
    parts = [*_list_regions(ds, groups or {}), *_list_supply(ds), *_list_flows(ds), *_list_cost(ds)]
    table = pd.concat([_to_rows(*part) for part in parts], ignore_index=True).dropna(subset="value")
    table = table.assign(model=model, year=table["year"].astype(int))[COLUMNS]
    return table.sort_values([*COLUMNS[1:4], "year"], kind="stable").reset_index(drop=True)


Part = tuple[xr.DataArray, str | None, str, str]


def _to_rows(array: xr.DataArray, region: str | None, variable: str, unit: str) -> pd.DataFrame:
    """Return rows of one variable; the region is a dim of the array if none is given."""
    keep = {"scenario", "year", "region"}
    frame = array.drop_vars([c for c in array.coords if c not in keep]).rename("value").to_dataframe().reset_index()
    named = frame if region is None else frame.assign(region=region)
    return named.assign(variable=variable, unit=unit, scenario=frame["scenario"].astype(str))


def _list_regions(ds: xr.Dataset, groups: Groups) -> Iterator[Part]:
    zones = _figures.list_zones(ds)
    chosen = ds.sel(bus=zones)
    energy = {"Consumption": "consumed", "Unserved": "unserved", "Response": "response"}
    for told, name in energy.items():
        yield sum_energy(chosen[name], ds).rename(bus="region"), None, f"Gas|{told}", _YEARLY
    yield _figures.mean_prices(ds, zones).rename(bus="region"), None, "Gas|Price", _PRICE
    stocks = {"1 November": _figures.take_stocks(ds, _FIRST_NOVEMBER), "End": _figures.take_stocks(ds)}
    for told, stock in stocks.items():
        yield stock.rename(zone="region"), None, f"Gas|Storage|{told}", _STOCK
    for zone in zones:
        if (ds["bus1"].isin([zone]) & (ds["carrier"] == "regasification")).any():
            yield _figures.sum_landed(ds, [zone]), zone, "Gas|Imports|LNG", _YEARLY
    for group, members in groups.items():
        for told, name in energy.items():
            yield _figures.sum_zones(ds, name, members), group, f"Gas|{told}", _YEARLY
        yield _figures.mean_group_price(ds, members), group, "Gas|Price", _PRICE
        for told, stock in stocks.items():
            inside = stock["zone"].isin(list(members))
            yield stock.where(inside, 0.0).sum("zone", skipna=False), group, f"Gas|Storage|{told}", _STOCK
        yield _figures.sum_landed(ds, members), group, "Gas|Imports|LNG", _YEARLY


def _list_supply(ds: xr.Dataset) -> Iterator[Part]:
    supply = sum_energy(ds["supplied"], ds)
    origins, kinds = ds["generator_origin"].to_numpy().astype(str), _figures.kinds_of(ds)
    yield supply.sum("generator", skipna=False), WORLD, "Gas|Supply", _YEARLY
    for origin in sorted(set(origins)):
        own = supply.isel(generator=origins == origin)
        yield own.sum("generator", skipna=False), WORLD, f"Gas|Supply|{origin}", _YEARLY
        for kind in sorted(set(kinds[origins == origin])):
            part = own.isel(generator=kinds[origins == origin] == kind).sum("generator", skipna=False)
            yield part, WORLD, f"Gas|Supply|{origin}|{kind}", _YEARLY


def _list_flows(ds: xr.Dataset) -> Iterator[Part]:
    """Yield the flow between each two buses; links beside each other are added up."""
    outer = ds.isel(link=~ds["is_storage_link"].to_numpy())
    flow = sum_energy(outer["received"], ds)
    pairs = [f"{a}>{b}" for a, b in zip(outer["bus0"].to_numpy(), outer["bus1"].to_numpy(), strict=True)]
    for pair, places in pd.Series(range(len(pairs))).groupby(pairs):
        yield flow.isel(link=places.to_list()).sum("link", skipna=False), WORLD, f"Gas|Flow|{pair}", _YEARLY


def _list_cost(ds: xr.Dataset) -> Iterator[Part]:
    if len(set(ds.indexes["snapshot"].year)) == 1:
        yield _figures.cost_runs(ds), WORLD, "Gas|Cost", _COST
