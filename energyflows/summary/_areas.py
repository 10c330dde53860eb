"""What the EU27 and each of its members consume and import in a year."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from energyflows.datasets import load_tables, strip_passport
from energyflows.errors import ResultsError, require
from energyflows.influence import allot_cargoes
from energyflows.results import sum_energy
from energyflows.tracing import trace

EU = "EU27"
#: Behind the origin of gas that came by ship.
SHIPPED = " LNG"
#: Origin of gas from tanks of which nothing is known.
_UNKNOWN = "unknown"
_HOME = "home"


def place_zones(ds: xr.Dataset, tables: Mapping[str, pd.DataFrame] | None) -> pd.Series:
    """Return the country of each market of the EU27.

    Parameters
    ----------
    ds : xarray.Dataset
        Results.
    tables : mapping of str to pandas.DataFrame or None
        From :func:`energyflows.load_tables`; None for the packaged tables.

    Returns
    -------
    pandas.Series
        ISO-2 code by zone.

    Raises
    ------
    ResultsError
        If a market is not in the results, or generators have no origin or carrier.
    """
    require(ds, "data_vars coords", "an xarray.Dataset of results")
    zones = strip_passport((load_tables() if tables is None else tables)["zones"])
    places = zones[zones["eu"]].set_index("zone")["country"]
    missing = sorted(set(places.index) - set(ds["bus"].to_numpy().tolist()))
    if missing:
        raise ResultsError(f"these results have no bus {', '.join(missing[:5])}; metrics are told of all of the EU27")
    lacking = [name for name in ("generator_origin", "generator_carrier", "generator_route") if name not in ds.coords]
    if lacking:
        raise ResultsError(f"these results have no coordinate {', '.join(lacking)}, so origins cannot be told")
    return places


def sum_areas(results: xr.Dataset, tables: Mapping[str, pd.DataFrame] | None = None) -> xr.DataArray:
    """Return what the EU27 and each member consume, by origin.

    Parameters
    ----------
    results : xarray.Dataset
        From :func:`energyflows.run`.
    tables : mapping of str to pandas.DataFrame, optional
        From :func:`energyflows.load_tables`; default the packaged tables.

    Returns
    -------
    xarray.DataArray, [TWh]
        By year, ``area`` and ``origin``, and scenario if there are several; own production is an origin like others.
        Gas of unknown origin, from stores of which nothing is known, is left out.

    Raises
    ------
    ResultsError
        If a market of the EU27 is not in the results.

    Examples
    --------
    >>> from energyflows import metrics, run
    >>> volume = sum_areas(run(years=2025))
    >>> metrics.hhi(volume).sel(area="EU27").dims
    ('year',)
    """
    given = load_tables() if tables is None else tables
    return join_ways(split_areas(results, place_zones(results, given), given))


def split_areas(results: xr.Dataset, places: pd.Series, tables: Mapping[str, pd.DataFrame]) -> xr.DataArray:
    """Return what areas consume by origin, LNG apart from gas that came by pipeline.

    Parameters
    ----------
    results : xarray.Dataset
        Results.
    places : pandas.Series
        From :func:`place_zones`.
    tables : mapping of str to pandas.DataFrame
        Tell who lands which cargoes (:func:`energyflows.influence.allot_cargoes`).

    Returns
    -------
    xarray.DataArray, [TWh]
        As :func:`sum_areas`; origins of gas that came by ship end in ``SHIPPED``.
    """
    shipped = results["generator_carrier"] == "lng"
    origin = results["generator_origin"].astype(object)
    named = results.assign_coords(generator_origin=origin.where(~shipped, origin + SHIPPED))
    landed = allot_cargoes(results, {name: strip_passport(tables[name]) for name in tables})
    if landed is not None:
        landed = landed.assign_coords(origin=[f"{name}{SHIPPED}" for name in landed["origin"].to_numpy()])
    traced = trace(named, rules=landed)
    delivered = traced["delivered"].drop_sel(origin=_UNKNOWN, errors="ignore")
    return _sum_members(sum_energy(delivered.sel(bus=places.index.tolist()), traced), places)


def sum_consumption(results: xr.Dataset, places: pd.Series) -> xr.DataArray:
    """Return what areas consume, whatever its origin.

    Parameters
    ----------
    results : xarray.Dataset
        Results.
    places : pandas.Series
        From :func:`place_zones`.

    Returns
    -------
    xarray.DataArray, [TWh]
        By year and ``area``, and scenario if there are several.
    """
    return _sum_members(sum_energy(results["consumed"].sel(bus=places.index.tolist()), results), places)


def _sum_members(yearly: xr.DataArray, places: pd.Series) -> xr.DataArray:
    countries = xr.DataArray(places.to_numpy(dtype=str), dims="bus", name="area")
    bare = yearly.drop_vars([name for name in yearly.coords if yearly[name].dims == ("bus",)])
    return xr.concat([bare.sum("bus").expand_dims(area=[EU]), bare.groupby(countries).sum()], dim="area")


def join_ways(volume: xr.DataArray) -> xr.DataArray:
    """Return volumes by origin, whichever way they came.

    Parameters
    ----------
    volume : xarray.DataArray, [TWh]
        From :func:`split_areas`.

    Returns
    -------
    xarray.DataArray, [TWh]
        With an origin for each country.
    """
    names = [str(name).removesuffix(SHIPPED) for name in volume["origin"].to_numpy()]
    return volume.drop_vars("origin").groupby(xr.DataArray(names, dims="origin", name="origin")).sum()


def sum_net_imports(results: xr.Dataset, places: pd.Series) -> xr.DataArray:
    """Return what enters areas from outside less what leaves them.

    Parameters
    ----------
    results : xarray.Dataset
        Results.
    places : pandas.Series
        From :func:`place_zones`.

    Returns
    -------
    xarray.DataArray, [TWh]
        By year and ``area``, and scenario if there are several; negative where more leaves than enters. Gas that is
        supplied straight into a market, but is not of the area's own production, enters it.
    """
    members = sorted(set(places))
    buses = {EU: places.index, **{country: places.index[places == country] for country in members}}
    begins, ends = (results[end].to_numpy() for end in ("bus0", "bus1"))
    inner = results["is_storage_link"].to_numpy().astype(bool)
    fed, foreign = results["generator_bus"].to_numpy(), (results["generator_route"] != _HOME).to_numpy()
    signs: dict[str, list[np.ndarray]] = {"received": [], "sent": [], "supplied": []}
    for inside in buses.values():
        starts, stops = np.isin(begins, inside), np.isin(ends, inside)
        signs["received"].append(stops & ~starts & ~inner)
        signs["sent"].append(starts & ~stops & ~inner)
        signs["supplied"].append(np.isin(fed, inside) & foreign)
    terms = {}
    for name, dim in (("received", "link"), ("sent", "link"), ("supplied", "generator")):
        chosen = xr.DataArray(np.array(signs[name], dtype=float), dims=("area", dim), coords={"area": list(buses)})
        yearly = sum_energy(results[name], results)
        bare = yearly.drop_vars([each for each in yearly.coords if yearly[each].dims == (dim,)])
        terms[name] = bare.dot(chosen, dim=dim)
    return terms["received"] + terms["supplied"] - terms["sent"]
