"""What gas of an origin is worth at the borders it crosses, directly, behind other countries and through stakes."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import pandas as pd
import xarray as xr

from energyflows.datasets import load_tables, strip_passport
from energyflows.errors import ResultsError, UsageError, list_problems, require
from energyflows.influence._prices import bound_prices
from energyflows.influence.conduits import list_exits, place_links, require_countries, require_origin
from energyflows.results import sum_energy
from energyflows.tracing import trace
from energyflows.tracing._stacking import list_leads

#: Hidden volumes in the table of conduits, by the account they are told by.
_ACCOUNTS = {
    "molecules": "hidden_molecules_twh",
    "displacement low": "hidden_displacement_low_twh",
    "displacement mid": "hidden_displacement_mid_twh",
    "displacement high": "hidden_displacement_high_twh",
}
_SOLD = ("exit", "entry")
_FIGURES = ["volume_twh", "revenue_meur", "bounded_twh"]
#: EUR/MWh by which a price at a bound differs from itself.
_ROUNDING = 1e-9


def measure_revenue(
    results: xr.Dataset,
    origin: str,
    *,
    holdings: pd.DataFrame | None = None,
    conduits: pd.DataFrame | None = None,
    sold: str = "exit",
    tables: Mapping[str, pd.DataFrame] | None = None,
    traced: xr.Dataset | None = None,
) -> pd.DataFrame:
    r"""Value the gas of an origin by channel: sold directly, hidden behind other countries, owned elsewhere.

    Parameters
    ----------
    results : xarray.Dataset
        From :func:`energyflows.run`, with any dims beside those of the results contract.
    origin : str
        ISO-2 code of the origin.
    holdings : pandas.DataFrame, optional
        From ``measure_holdings(results, by="asset")``; without it there are no rows of stakes.
    conduits : pandas.DataFrame, optional
        From ``measure_conduits(results, origin, …)``; without it there are no rows of conduits. With a row for each
        exit, each is valued by itself, else at the mean price where all exits lead to, weighted by their whole flow.
    sold : {"exit", "entry"}
        Where hidden gas is valued: where the exits of the conduit lead to, as if the origin got what the buyer pays; or
        in the conduit's markets, as for a backfill, which the origin sells there.
    tables : mapping of str to pandas.DataFrame, optional
        From :func:`energyflows.load_tables`; default the packaged tables.
    traced : xarray.Dataset, optional
        From :func:`energyflows.tracing.trace`; default traced here.

    Returns
    -------
    pandas.DataFrame
        By scenario, year, ``channel`` (direct, conduits, stakes), ``account`` and ``part`` (conduit, or stage):
        ``volume_twh``, ``revenue_meur`` (million EUR), ``price_eur_mwh`` (their ratio, NaN without volume) and, for
        the direct channel, ``bounded_twh``: what of it is valued at a bound because its price was outside.

    Raises
    ------
    UsageError
        If ``sold`` is no word known, or a table is not what is expected.
    UnknownNameError
        If nothing comes from the origin.
    ResultsError
        If results cannot be traced, or have no prices.

    Notes
    -----
    .. math:: R = \sum_l \sum_t p_{l1,t} \, \alpha_{l0,t} \, r_{lt} \, d_t

    for direct sales, over links :math:`l` from the origin's own markets, and from corridors and LNG buses reached from
    there or fed by it, to any other bus: :math:`r` is received, :math:`\alpha` the traced share of the origin where
    the link begins, :math:`p` the price where it ends. Gas supplied straight into a market abroad is sold there.
    Cargoes are sold to the pool they are shipped to.

    Channels overlap and must never be added up: what hides behind a conduit was sold to it before, directly; gas a
    stake stands for is sold by somebody, in part by the origin itself; the stages of stakes are the same gas; and the
    accounts tell the same gas differently. Stakes are gross value of share times throughput, not profit.

    Prices are modelled duals, which are lumpy: one source or tariff sets the price of many borders at once, and
    contract prices are unknown. A price below zero counts as zero, and one above the highest of the EU and LNG at that
    time as that one.

    Examples
    --------
    >>> from energyflows import run
    >>> table = measure_revenue(run(years=2025), "AZ")
    >>> table["channel"].tolist(), bool(table.at[0, "revenue_meur"] > 5000)
    (['direct'], True)
    """
    require(results, "data_vars coords", "an xarray.Dataset of results")
    leads = list_leads(results)
    _check(results, origin, {"holdings": holdings, "conduits": conduits}, sold, leads)
    zones = strip_passport((load_tables() if tables is None else tables)["zones"])
    price = bound_prices(results, zones)
    found = trace(results) if traced is None else traced
    frames = [_tell_direct(results, found, price, origin)]
    if conduits is not None:
        frames.append(_tell_hidden(results, price, conduits, origin, sold))
    if holdings is not None:
        frames.append(_tell_stakes(holdings, origin, leads))
    rows = pd.concat(frames, ignore_index=True)
    rows["price_eur_mwh"] = (rows["revenue_meur"] / rows["volume_twh"]).where(rows["volume_twh"] > 0)
    return rows[[*leads, "year", "channel", "account", "part", *_FIGURES[:2], "price_eur_mwh", _FIGURES[2]]]


def _check(
    results: xr.Dataset, origin: str, given: Mapping[str, pd.DataFrame | None], sold: str, leads: Sequence[Hashable]
) -> None:
    """Refuse what cannot be valued."""
    place_links(results)
    if "price" not in results:
        raise ResultsError("these results have no price, so gas cannot be valued")
    require_origin(results, origin)
    problems = [] if sold in _SOLD else [f"sold: found {sold!r}, expected one of {', '.join(_SOLD)}"]
    wanted = {
        "holdings": ("stage", "owner_country", "volume_twh", "value_meur"),
        "conduits": ("conduit", *_ACCOUNTS.values()),
    }
    for name, table in given.items():
        if table is None:
            continue
        columns = list(map(str, [*leads, "year", *wanted[name]]))
        lacking = [column for column in columns if column not in getattr(table, "columns", ())]
        if lacking:
            made = 'measure_holdings(results, by="asset")' if name == "holdings" else "measure_conduits(results, …)"
            problems.append(f"{name}: no column {', '.join(lacking)}; expected the table of {made}")
    if problems:
        raise UsageError(list_problems("this cannot be valued:", problems))


def _tell_direct(results: xr.Dataset, traced: xr.Dataset, price: xr.DataArray, origin: str) -> pd.DataFrame:
    """Return the row of what the origin sells itself, where its gas first reaches another's market or pool."""
    home, sales = _find_sales(results, origin)
    links, begins = sales.index.tolist(), xr.DataArray(sales["bus0"].to_numpy(dtype=str), dims="sale")
    received = _strip(results["received"].sel(link=links).rename(link="sale"))
    # Where nothing flows there is no mix.
    sold = (received * _strip(traced["mix"].sel(bus=begins, origin=origin))).where(received != 0, 0.0)
    kinds = dict(zip(results["bus"].to_numpy(), results["bus_kind"].to_numpy(), strict=True))
    places = results["generator_bus"].to_numpy()
    here = results["generator_origin"].to_numpy() == origin
    here &= [kinds[bus] == "market" and bus not in home for bus in places]
    fed = _strip(results["supplied"].isel(generator=here).rename(generator="sale"))
    flow = xr.concat([sold, fed], dim="sale", join="override", coords="minimal", compat="override")
    ends = xr.DataArray([*sales["bus1"], *places[here]], dims="sale").astype(str)
    worth, raw = (_strip(each.sel(bus=ends)) for each in (price, results["price"]))
    rates = (flow, flow * worth, flow.where(abs(raw - worth) > _ROUNDING, 0.0))
    told = {
        name: sum_energy(rate.sum("sale", skipna=False), results) for name, rate in zip(_FIGURES, rates, strict=True)
    }
    rows = xr.Dataset(told).reset_coords(drop=True).to_dataframe(dim_order=[*list_leads(results), "year"])
    return rows.reset_index().assign(channel="direct", account="molecules", part="")


def _strip(array: xr.DataArray) -> xr.DataArray:
    """Return values without coordinates of elements, which are counted here."""
    return array.reset_coords(drop=True).drop_vars(["sale", "bus"], errors="ignore")


def _find_sales(results: xr.Dataset, origin: str) -> tuple[set[str], pd.DataFrame]:
    """Return the origin's own markets, and the links by which its gas leaves its own ways."""
    places = place_links(results)
    kinds = pd.Series(results["bus_kind"].to_numpy(), index=results["bus"].to_numpy())
    countries = pd.Series(results["country"].to_numpy(), index=kinds.index)
    home = set(kinds.index[(countries == origin) & (kinds == "market")])
    fed = set(results["generator_bus"].to_numpy()[results["generator_origin"].to_numpy() == origin].tolist())
    own = home | {bus for bus in fed if kinds[bus] != "market"}
    onward = places[places["kind1"] == "corridor"]
    for _ in range(len(kinds)):
        own |= set(onward.loc[onward["bus0"].isin(own), "bus1"])
    return home, places[places["bus0"].isin(own) & ~places["bus1"].isin(own)]


def _tell_hidden(
    results: xr.Dataset, price: xr.DataArray, conduits: pd.DataFrame, origin: str, sold: str
) -> pd.DataFrame:
    """Return the rows of what hides behind conduits, at the mean price of the year there."""
    keys = [*list_leads(results), "year"]
    require_countries(results, conduits["conduit"].unique())
    table = conduits if "link" in conduits else conduits.assign(link="")
    frames = []
    for (conduit, link), rows in table.groupby(["conduit", "link"], sort=False):
        links = [link] if link else _list_abroad(results, conduit, origin)
        worth = _average_exits(results, price, links) if sold == "exit" else _average_home(results, price, conduit)
        prices = worth.rename("worth").reset_coords(drop=True).to_dataframe().reset_index()[[*keys, "worth"]]
        valued = rows.merge(prices, on=keys, how="left", validate="many_to_one")
        for account, column in _ACCOUNTS.items():
            # What is nothing is worth nothing, also where no price could be told.
            value = (valued[column] * valued["worth"]).mask(valued[column] == 0, 0.0)
            told = valued[keys].assign(account=account, part=conduit, volume_twh=valued[column])
            frames.append(told.assign(revenue_meur=value))
    groups = pd.concat(frames, ignore_index=True).groupby([*keys, "account", "part"], sort=False)
    summed = groups[_FIGURES[:2]].sum(min_count=1).reset_index()
    return summed.assign(channel="conduits", bounded_twh=float("nan"))


def _list_abroad(results: xr.Dataset, conduit: str, origin: str) -> list[str]:
    countries = place_links(results)["country1"]
    return [link for link in list_exits(results, conduit) if countries[link] != origin]


def _average_exits(results: xr.Dataset, price: xr.DataArray, links: list[str]) -> xr.DataArray:
    """Return the mean price where links lead to, by their flow."""
    flow = _strip(results["sent"].sel(link=links).rename(link="sale"))
    ends = place_links(results)["bus1"].loc[links].to_numpy(dtype=str)
    return _average(flow, _strip(price.sel(bus=xr.DataArray(ends, dims="sale"))), results)


def _average_home(results: xr.Dataset, price: xr.DataArray, conduit: str) -> xr.DataArray:
    """Return the mean price in the markets of a country, by what they consume."""
    here = ((results["country"] == conduit) & (results["bus_kind"] == "market")).to_numpy()
    used, worth = (_strip(each.isel(bus=here).rename(bus="sale")) for each in (results["consumed"], price))
    return _average(used, worth, results)


def _average(weight: xr.DataArray, worth: xr.DataArray, results: xr.Dataset) -> xr.DataArray:
    total = sum_energy(weight.sum("sale"), results)
    return sum_energy((weight * worth).sum("sale"), results) / total.where(total > 0)


def _tell_stakes(holdings: pd.DataFrame, origin: str, leads: Sequence[Hashable]) -> pd.DataFrame:
    """Return the rows of what owners of the origin's country hold, by stage."""
    own = holdings[holdings["owner_country"] == origin]
    groups = own.groupby([*leads, "year", "stage"], sort=False)[["volume_twh", "value_meur"]]
    rows = groups.sum(min_count=1).reset_index()
    rows = rows.rename(columns={"stage": "part", "value_meur": "revenue_meur"})
    return rows.assign(channel="stakes", account="holdings", bounded_twh=float("nan"))
