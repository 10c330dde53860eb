"""Diversification, dependence and the N-1 standard of the EU27 and each of its members."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import xarray as xr

from energyflows import metrics
from energyflows.datasets import load_tables, strip_passport
from energyflows.errors import ResultsError
from energyflows.tracing import trace

EU = "EU27"
#: Members of the European Economic Area outside the EU; the Commission's index of concentration leaves their gas out.
_EEA = ("IS", "LI", "NO")
#: Origin of gas from tanks of which nothing is known.
_UNKNOWN = "unknown"
#: Behind the origin of gas that came by ship.
_SHIPPED = " LNG"
#: TWh a year below which a country has no supply worth a share.
_LEAST_TWH = 1e-3


def summarise_metrics(results: xr.Dataset, tables: Mapping[str, pd.DataFrame] | None = None) -> pd.DataFrame:
    r"""Return the headline metrics of the EU27 and each member that consumes gas.

    Parameters
    ----------
    results : xarray.Dataset
        From :func:`energyflows.run`, with or without dim ``scenario``.
    tables : mapping of str to pandas.DataFrame, optional
        From :func:`energyflows.load_tables`; default the packaged tables.

    Returns
    -------
    pandas.DataFrame
        A row by year, scenario (if there are several) and ``area``, the EU27 first: ``consumed_twh``; ``hhi`` and
        ``effective_suppliers`` of its supply by origin, own production included; ``largest_origin`` and
        ``largest_share``; ``ru_share``, of which by ship ``ru_lng_share``, ``ru_contribution`` (to the HHI),
        ``az_share``; ``import_dependence`` (share of gas from outside the area); ``supplier_concentration_index`` (of
        gas from outside the European Economic Area, over consumption); ``unknown_share`` (of gas whose origin stocks
        do not tell, left out of the others); ``n_minus_1`` and ``largest_asset``, the installation whose failure it is
        about; missing where no peak day is known.

    Raises
    ------
    ResultsError
        If a market of the EU27 is not in the results.

    Notes
    -----
    Origins are traced by proportional sharing (:func:`energyflows.trace`): gas mixes wherever it meets. Shares of
    small countries that several routes reach at nearly the same cost are uncertain by far more than their digits. LNG
    for the EU27 is one pool: what a supplier lands anywhere is spread over all terminals, also where the law of a
    country lets none of it land.

    Examples
    --------
    >>> from energyflows import run
    >>> found = summarise_metrics(run(years=2025)).set_index("area")
    >>> bool(found.at["EU27", "hhi"] < found["hhi"].drop("EU27").median())
    True
    """
    given = {name: strip_passport(table) for name, table in (load_tables() if tables is None else tables).items()}
    places = _place_zones(results, given["zones"])
    volume = _split_places(results, places)
    members = sorted(set(places))
    found = _measure(volume, members).to_dataframe().reset_index()
    found = found[found["consumed_twh"] > _LEAST_TWH]
    assessed = _assess(results, places)
    keys = [name for name in ("year", "scenario", "area") if name in found]
    table = found.merge(assessed, on=keys, how="left")
    order = {area: place for place, area in enumerate([EU, *members])}
    first = [name for name in keys if name != "area"]
    table["_order"] = table["area"].map(order)
    if "scenario" in keys:
        names = {name: place for place, name in enumerate(results["scenario"].to_numpy().tolist())}
        table = table.sort_values([*first, "_order"], key=lambda c: c.map(names) if c.name == "scenario" else c)
    else:
        table = table.sort_values([*first, "_order"])
    return table[[*keys, *(name for name in table if name not in {*keys, "_order"})]].reset_index(drop=True)


def _place_zones(ds: xr.Dataset, zones: pd.DataFrame) -> pd.Series:
    """Return the country of each market of the EU27, by zone."""
    places = zones[zones["eu"]].set_index("zone")["country"]
    missing = sorted(set(places.index) - set(ds["bus"].to_numpy().tolist()))
    if missing:
        raise ResultsError(f"these results have no bus {', '.join(missing[:5])}; metrics are told of all of the EU27")
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
    zones = strip_passport((load_tables() if tables is None else tables)["zones"])
    return _join_ways(_split_places(results, _place_zones(results, zones)))


def _join_ways(volume: xr.DataArray) -> xr.DataArray:
    """Return volumes by origin, whichever way they came."""
    names = [str(name).removesuffix(_SHIPPED) for name in volume["origin"].to_numpy()]
    return volume.drop_vars("origin").groupby(xr.DataArray(names, dims="origin", name="origin")).sum()


def _split_places(results: xr.Dataset, places: pd.Series) -> xr.DataArray:
    """Return what areas consume by origin, LNG apart from gas that came by pipeline."""
    shipped = results["generator_carrier"] == "lng"
    origin = results["generator_origin"].astype(object)
    traced = trace(results.assign_coords(generator_origin=origin.where(~shipped, origin + _SHIPPED)))
    delivered = traced["delivered"].sel(bus=places.index.tolist()) * traced["weight_days"] / 1e3
    yearly = delivered.groupby("snapshot.year").sum()
    countries = xr.DataArray(places.to_numpy(dtype=str), dims="bus", name="area")
    bare = yearly.drop_vars([name for name in yearly.coords if yearly[name].dims == ("bus",)])
    members = bare.groupby(countries).sum()
    return xr.concat([bare.sum("bus").expand_dims(area=[EU]), members], dim="area")


def _measure(volume: xr.DataArray, members: list[str]) -> xr.Dataset:
    """Return the metrics of volumes by area and origin."""
    total = volume.sum("origin")
    shipped = _pick(volume / total.where(total > 0), f"RU{_SHIPPED}")
    known = _join_ways(volume).drop_sel(origin=_UNKNOWN, errors="ignore")
    share = metrics.shares(known)
    own = _find_own(known, members)
    eea = own | known["origin"].isin([*members, *_EEA])
    largest = share.fillna(-1.0).idxmax("origin").where(known.sum("origin") > 0)
    return xr.Dataset(
        {
            "consumed_twh": total,
            "hhi": metrics.hhi(known),
            "effective_suppliers": metrics.effective_suppliers(known),
            "largest_origin": largest,
            "largest_share": share.max("origin"),
            "ru_share": _pick(share, "RU"),
            "ru_lng_share": shipped,
            "ru_contribution": _pick(metrics.hhi_contribution(known), "RU"),
            "az_share": _pick(share, "AZ"),
            "import_dependence": metrics.import_dependence(known.where(~own, 0.0), known.sum("origin")),
            "supplier_concentration_index": metrics.supplier_concentration_index(
                known.where(~eea, 0.0), known.sum("origin")
            ),
            "unknown_share": (total - known.sum("origin")).clip(min=0.0) / total.where(total > 0),
        }
    )


def _find_own(volume: xr.DataArray, members: list[str]) -> xr.DataArray:
    """Return whether an origin lies in an area."""
    origin, area = volume["origin"], volume["area"]
    return (origin == area) | ((area == EU) & origin.isin(members))


def _pick(share: xr.DataArray, origin: str) -> xr.DataArray:
    """Return the figure of one origin; zero if the model has no such origin."""
    found = share.reindex(origin=[origin], fill_value=0.0).isel(origin=0, drop=True)
    return found.where(share.max("origin") > 0)


def _assess(results: xr.Dataset, places: pd.Series) -> pd.DataFrame:
    """Return the N-1 standard by area."""
    demand = (results["consumed"] + results["unserved"] + results["response"]).sel(bus=places.index.tolist())
    used = (demand.max([dim for dim in demand.dims if dim != "bus"]) > 0).to_numpy()
    members = sorted(set(places[used]))
    regions = {EU: members, **{country: [country] for country in members}}
    table = metrics.n_minus_1_table(results, regions=regions).rename(columns={"region": "area"})
    known = table["demand_from"] == "peak_day"
    table["n_minus_1"] = table["n_minus_1"].where(known)
    kept = ["year", "scenario", "area", "n_minus_1", "largest_asset"]
    return table[[name for name in kept if name in table]]
