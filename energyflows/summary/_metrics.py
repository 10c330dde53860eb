"""Diversification, dependence and the N-1 standard of the EU27 and each of its members."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import xarray as xr

from energyflows import metrics
from energyflows.datasets import load_tables
from energyflows.summary._areas import (
    EU,
    SHIPPED,
    join_ways,
    place_zones,
    split_areas,
    sum_consumption,
    sum_net_imports,
)

#: Members of the European Economic Area outside the EU; the Commission's index of concentration leaves their gas out.
_EEA = ("IS", "LI", "NO")
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
        A row by year, scenario (if there are several) and ``area``, the EU27 first. From volumes and flows:
        ``consumed_twh``, ``net_imports_twh`` and ``import_dependence``, the one over the other.

        From origins: ``hhi`` and ``effective_suppliers`` of supply, own production included; ``largest_origin`` and
        ``largest_share``; ``ru_share``, of which by ship ``ru_lng_share``, ``ru_contribution`` (to the HHI),
        ``az_share``; ``outside_share`` (of gas from outside the area); ``supplier_concentration_index`` (of gas from
        outside the European Economic Area, over consumption); ``unknown_share`` (of gas whose origin stores do not
        tell, which all others leave out).

        From capacities: ``n_minus_1`` and ``largest_asset``, the installation whose failure it is about; missing where
        no peak day is known.

    Raises
    ------
    ResultsError
        If a market of the EU27 is not in the results.

    Notes
    -----
    Origins are traced by proportional sharing (:func:`energyflows.trace`): gas mixes wherever it meets, so that a
    country that exports also consumes what passes through it. Shares of small countries that several routes reach at
    nearly the same cost are uncertain by far more than their digits. LNG is landed as countries report it by
    supplier, fitted to what the model ships and lands (:func:`energyflows.influence.allot_cargoes`).

    Examples
    --------
    >>> from energyflows import run
    >>> found = summarise_metrics(run(years=2025)).set_index("area")
    >>> bool(found.at["EU27", "hhi"] < found["hhi"].drop("EU27").median())
    True
    """
    given = load_tables() if tables is None else tables
    places = place_zones(results, given)
    members = sorted(set(places))
    found = _measure(results, (places, given), members).to_dataframe().reset_index()
    found = found[found["consumed_twh"] > _LEAST_TWH]
    keys = [name for name in ("year", "scenario", "area") if name in found]
    table = found.merge(_assess(results, found, members), on=keys, how="left")
    areas = {area: place for place, area in enumerate([EU, *members])}
    names = results["scenario"].to_numpy().tolist() if "scenario" in keys else []
    ranks = {"area": areas, "scenario": {name: place for place, name in enumerate(names)}}
    table = table.sort_values(
        keys, key=lambda column: column.map(ranks[column.name]) if column.name in ranks else column
    )
    return table[[*keys, *(name for name in table if name not in keys)]].reset_index(drop=True)


def _measure(
    results: xr.Dataset, given: tuple[pd.Series, Mapping[str, pd.DataFrame]], members: list[str]
) -> xr.Dataset:
    """Return what volumes and flows tell of areas."""
    places, tables = given
    split = split_areas(results, places, tables)
    volume = join_ways(split)
    known, consumed = volume.sum("origin"), sum_consumption(results, places)
    imports = sum_net_imports(results, places)
    share = metrics.shares(volume)
    own = _find_own(volume, members)
    eea = own | volume["origin"].isin([*members, *_EEA])
    return xr.Dataset(
        {
            "consumed_twh": consumed,
            "net_imports_twh": imports,
            "import_dependence": metrics.import_dependence(imports.expand_dims(origin=["all"]), consumed),
            "hhi": metrics.hhi(volume),
            "effective_suppliers": metrics.effective_suppliers(volume),
            "largest_origin": share.fillna(-1.0).idxmax("origin").where(known > 0),
            "largest_share": share.max("origin"),
            "ru_share": _pick(share, "RU"),
            "ru_lng_share": _pick(metrics.shares(split), f"RU{SHIPPED}"),
            "ru_contribution": _pick(metrics.hhi_contribution(volume), "RU"),
            "az_share": _pick(share, "AZ"),
            "outside_share": share.where(~own, 0.0).sum("origin").where(known > 0),
            "supplier_concentration_index": metrics.supplier_concentration_index(volume.where(~eea, 0.0), known),
            "unknown_share": ((consumed - known) / consumed.where(consumed > 0)).clip(min=0.0),
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


def _assess(results: xr.Dataset, found: pd.DataFrame, members: list[str]) -> pd.DataFrame:
    """Return the N-1 standard of the areas that consume in a year, by scenario if there are several."""
    groups = ["year", *(["scenario"] if "scenario" in found else [])]
    tables = []
    for key, rows in found.groupby(groups, sort=False):
        named = dict(zip(groups, key, strict=True))
        chosen = results.sel(scenario=named["scenario"], drop=True) if "scenario" in named else results
        used = [area for area in members if area in set(rows["area"])]
        regions = {EU: used, **{country: [country] for country in used}}
        tables.append(metrics.n_minus_1_table(chosen, regions=regions, year=named["year"]).assign(**named))
    table = pd.concat(tables, ignore_index=True).rename(columns={"region": "area"})
    table["n_minus_1"] = table["n_minus_1"].where(table["demand_from"] == "peak_day")
    return table[[*groups, "area", "n_minus_1", "largest_asset"]]
