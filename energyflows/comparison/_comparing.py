"""The tables of a comparison."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from energyflows.comparison import _figures
from energyflows.comparison._checking import Groups, check_comparable, check_groups
from energyflows.comparison._moves import list_moves
from energyflows.comparison._notes import list_notes
from energyflows.results import sum_energy

_PRICE_ZONE = "NL"
_FIRST_NOVEMBER = (11, 1)
#: Harm is ranked by hundredths of a TWh and of EUR/MWh; what is smaller is a matter of rounding.
_RANKED_DIGITS = 2
Figures = Mapping[tuple[str, str], xr.DataArray]


def compare(
    results: xr.Dataset, reference: str = "reference", *, groups: Groups | None = None, top: int = 10
) -> dict[str, pd.DataFrame]:
    """Return what differs between scenarios and a reference.

    Parameters
    ----------
    results : xarray.Dataset
        Results with dim ``scenario``, of :func:`energyflows.run` or any other source that keeps to the contract.
    reference : str
        Scenario the others are compared with.
    groups : mapping of str to sequence of str, optional
        Zones by name of a group. The headline is about ``EU27``, else the first group, else all zones.
    top : int
        How many changes of each kind ``moved`` lists for a scenario and year.

    Returns
    -------
    dict of str to pandas.DataFrame
        Columns end in their unit; ``…_change_…`` is the scenario less the reference. The reference comes first, the
        others in their order.

        ``headline``: index ``scenario``, a row for each year; consumption, unserved energy and response of the group,
        unserved energy and response of all zones, mean price of the group weighted by demand, price at ``NL``, stocks
        of the group, LNG landed there, gas supplied by Russia and Azerbaijan on routes out of them wherever it is
        delivered, and cost. Cost is that of all years together and of the whole network, and stands in the last year;
        ``end_stock_value`` is what the gas is worth, at the reference's prices, that is left in store less than in
        the reference; ``net_cost_change`` is the sum of both changes.

        ``ranking``: by year, harm first: demand not met or given up in the group, then price, then cost, each to a
        hundredth; equals share a rank.
        ``prices``, ``unserved``, ``storage``: by zone; ``kind`` is ``market``, or ``elsewhere`` for what stands for
        the rest of the world.
        ``flows``: by link, as received, without storage connections.
        ``supply``: by generator with origin and route. ``moved``: the largest changes of each kind.
        ``notes``: what else results tell of a scenario, by ``kind``: ``note`` on what was changed, ``label`` on papers
        and ``owner`` on stakes, of which flows show nothing.

    Raises
    ------
    ResultsError
        If there is no dim ``scenario``, only one scenario, a zone of a group is missing or a unit is another.
    UnknownNameError
        If there is no such reference.

    Notes
    -----
    Flows on paths of equal cost may differ without any meaning; what zones consume, pay and lose does not.

    Examples
    --------
    >>> from energyflows import run
    >>> headline = compare(run(["reference", "cold-winter"], years=2025))["headline"]
    >>> bool(headline.at["cold-winter", "consumed_change_twh"] > 0)
    True
    """
    check_comparable(results, reference)
    check_groups(groups, results)
    ds = _put_first(results, reference)
    tables = {
        "headline": _tabulate_headline(ds, reference, groups),
        "prices": _tabulate_prices(ds, reference),
        "unserved": _tabulate_unserved(ds, reference),
        "flows": _tabulate_flows(ds, reference),
        "supply": _tabulate_supply(ds, reference),
        "storage": _tabulate_storage(ds, reference),
    }
    tables["ranking"] = _rank(tables["headline"])
    tables["moved"] = list_moves(tables, reference, top)
    tables["notes"] = list_notes(ds)
    return tables


def _put_first(ds: xr.Dataset, reference: str) -> xr.Dataset:
    names = [str(name) for name in ds["scenario"].to_numpy()]
    order = [reference, *(name for name in names if name != reference)]
    return ds.assign_coords(scenario=np.array(names, dtype=str)).sel(scenario=order)


def _tabulate(figures: Figures, reference: str, dim: str | None = None) -> pd.DataFrame:
    """Return figures, and their differences to the reference, as columns of one table."""
    columns = {}
    for (name, unit), array in figures.items():
        bare = array.drop_vars([c for c in array.coords if c not in {"scenario", "year", dim}])
        columns[f"{name}_{unit}"] = bare
        columns[f"{name}_change_{unit}"] = bare - bare.sel(scenario=reference, drop=True)
    dims = ["year", "scenario", *([dim] if dim else [])]
    table = xr.Dataset(columns).to_dataframe(dim_order=dims).reset_index()
    return table[[*dims, *(c for c in columns if "_change_" not in c), *(c for c in columns if "_change_" in c)]]


def _tabulate_headline(ds: xr.Dataset, reference: str, groups: Groups | None) -> pd.DataFrame:
    name, zones = _figures.choose_group(groups, ds)
    everywhere = _figures.list_markets(ds)
    nl = [_PRICE_ZONE] if _PRICE_ZONE in ds.indexes["bus"] else []
    price_nl = _figures.mean_prices(ds, nl).sum("bus", min_count=1)
    stocks = {when: _figures.take_stocks(ds, before) for when, before in (("1_nov", _FIRST_NOVEMBER), ("end", None))}
    figures = {
        **{(name, "twh"): _figures.sum_zones(ds, name, zones) for name in ("consumed", "unserved", "response")},
        ("unserved_anywhere", "twh"): _figures.sum_zones(ds, "unserved", everywhere),
        ("response_anywhere", "twh"): _figures.sum_zones(ds, "response", everywhere),
        ("price", "eur_mwh"): _figures.mean_group_price(ds, zones),
        ("price_nl", "eur_mwh"): price_nl,
        **{
            (f"stock_{when}", "twh"): stock.where(stock["zone"].isin(zones), 0.0).sum("zone", skipna=False)
            for when, stock in stocks.items()
        },
        ("lng", "twh"): _figures.sum_landed(ds, zones),
        ("ru_pipeline_anywhere", "twh"): _figures.sum_exported(ds, "RU", lng=False),
        ("ru_lng_anywhere", "twh"): _figures.sum_exported(ds, "RU", lng=True),
        ("az_anywhere", "twh"): _figures.sum_exported(ds, "AZ"),
        ("cost", "bn_eur"): _figures.cost_runs(ds),
    }
    table = _tabulate(figures, reference)
    value = _figures.value_end_stocks(ds, reference).to_series().reorder_levels(["year", "scenario"])
    rows = pd.MultiIndex.from_frame(table[["year", "scenario"]])
    table["end_stock_value_bn_eur"] = value.reindex(rows).to_numpy()
    table["net_cost_change_bn_eur"] = table["cost_change_bn_eur"] + table["end_stock_value_bn_eur"]
    table.insert(2, "group", name)
    return table.set_index("scenario")


def _tabulate_prices(ds: xr.Dataset, reference: str) -> pd.DataFrame:
    price = _figures.mean_prices(ds, _figures.list_zones(ds)).rename(bus="zone")
    return _name_kinds(_tabulate({("price", "eur_mwh"): price}, reference, "zone"), ds)


def _tabulate_unserved(ds: xr.Dataset, reference: str) -> pd.DataFrame:
    chosen = ds.sel(bus=_figures.list_zones(ds))
    figures = {(name, "twh"): sum_energy(chosen[name], ds).rename(bus="zone") for name in ("unserved", "response")}
    return _name_kinds(_tabulate(figures, reference, "zone"), ds)


def _name_kinds(table: pd.DataFrame, ds: xr.Dataset) -> pd.DataFrame:
    """Tell markets from buses that stand for the rest of the world."""
    markets = set(_figures.list_markets(ds))
    table.insert(3, "kind", ["market" if zone in markets else "elsewhere" for zone in table["zone"]])
    return table


def _tabulate_flows(ds: xr.Dataset, reference: str) -> pd.DataFrame:
    chosen = ds.isel(link=~ds["is_storage_link"].to_numpy())
    table = _tabulate({("flow", "twh"): sum_energy(chosen["received"], ds)}, reference, "link")
    return _describe(table, chosen, "link", {"bus0": "bus0", "bus1": "bus1", "carrier": "carrier"})


def _tabulate_supply(ds: xr.Dataset, reference: str) -> pd.DataFrame:
    table = _tabulate({("supply", "twh"): sum_energy(ds["supplied"], ds)}, reference, "generator")
    columns = {"bus": "generator_bus", "origin": "generator_origin", "route": "generator_route"}
    return _describe(table, ds, "generator", {name: coord for name, coord in columns.items() if coord in ds.coords})


def _tabulate_storage(ds: xr.Dataset, reference: str) -> pd.DataFrame:
    figures = {
        ("stock_1_nov", "twh"): _figures.take_stocks(ds, _FIRST_NOVEMBER),
        ("stock_end", "twh"): _figures.take_stocks(ds),
    }
    return _tabulate(figures, reference, "zone")


def _describe(table: pd.DataFrame, ds: xr.Dataset, dim: str, columns: Mapping[str, str]) -> pd.DataFrame:
    """Put what elements are behind their names."""
    at = list(table.columns).index(dim) + 1
    for name, coord in reversed(list(columns.items())):
        table.insert(at, name, table[dim].map(dict(zip(ds[dim].to_numpy(), ds[coord].to_numpy(), strict=True))))
    return table


def _rank(headline: pd.DataFrame) -> pd.DataFrame:
    """Return scenarios by year, the most harmful first."""
    harm = headline["unserved_change_twh"] + headline["response_change_twh"]
    anywhere = headline["unserved_anywhere_change_twh"] + headline["response_anywhere_change_twh"]
    ranked = headline.assign(harm_change_twh=harm, harm_anywhere_change_twh=anywhere).reset_index()
    keys = ["harm_change_twh", "price_change_eur_mwh", "net_cost_change_bn_eur"]
    rounded = ranked[keys].round(_RANKED_DIGITS).fillna(0.0)
    order = rounded.assign(year=ranked["year"], name=ranked["scenario"]).sort_values(
        ["year", *keys, "name"], ascending=[True, False, False, False, True]
    )
    place = order.groupby("year").cumcount() + 1
    ranked = ranked.loc[order.index].assign(rank=place.mask(order.duplicated(["year", *keys])).ffill().astype(int))
    return ranked[["year", "rank", "scenario", *keys[:1], "harm_anywhere_change_twh", *keys[1:]]].reset_index(drop=True)
