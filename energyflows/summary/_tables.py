"""The few tables that tell a run: years, imports, corridors, and what went unused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from energyflows.datasets import check_given, load_tables, strip_passport
from energyflows.errors import ResultsError
from energyflows.network.calendar import find_overlaps
from energyflows.results import check_results, sum_energy
from energyflows.summary._accounts import summarise_accounts
from energyflows.summary._entries import Tables, list_entries, list_forced
from energyflows.summary._metrics import summarise_metrics
from energyflows.summary._observed import average_price, find_stock, rank_confidence, sum_flows, sum_imports
from energyflows.tables import select_in_service

#: Gross calorific value of every bcm in these tables, TWh/bcm (Eurostat's).
GCV = 10.55
#: Links of these groups are told one by one.
CORRIDOR_GROUPS = ("southern-gas-corridor", "russian-route")
PRICE_ZONE, PRICE_HUB = "NL", "TTF"
#: Origin and kind under which the LNG of all suppliers together is observed.
ALL_LNG = ("all", "lng")
LNG_POOL = "LNGEU"
_NEGLIGIBLE_TWH = 0.05
_NEGLIGIBLE_PRICE = 0.01


def list_result_years(ds: xr.Dataset) -> list[int]:
    """Return the calendar years of results."""
    return sorted({int(year) for year in ds["snapshot"].dt.year.values})


def summarise_years(ds: xr.Dataset, tables: Tables) -> pd.DataFrame:
    """Return the EU27 in one row per year.

    Parameters
    ----------
    ds : xarray.Dataset
        Results.
    tables : mapping of str to pandas.DataFrame
        From :func:`energyflows.load_tables`.

    Returns
    -------
    pandas.DataFrame
        Index ``year``; columns end in their unit: consumption, response and unserved energy of the EU27, its LNG and
        the observed one, unserved energy of all zones, stock of the EU27 at the end of October and the observed one,
        price of the Dutch hub and the observed one.
    """
    years = list_result_years(ds)
    eu = tables["zones"].query("eu")["zone"].tolist()
    _refuse_strangers(ds, [*eu, PRICE_ZONE])
    inside = ds["bus"].isin(eu)
    frame = pd.DataFrame(index=pd.Index(years, name="year"))
    for name in ("consumed", "response", "unserved"):
        frame[f"eu27_{name}_twh"] = sum_energy(ds[name].where(inside, 0.0).sum("bus"), ds).to_numpy()
    landed = [link for link, bus in zip(ds["link"].values, ds["bus1"].values, strict=True) if bus == LNG_POOL]
    frame["eu27_lng_twh"] = sum_energy(ds["received"].sel(link=landed).sum("link"), ds).to_numpy()
    frame["eu27_lng_observed_twh"] = [
        _look_up(sum_imports(tables["observed_imports"], years), ALL_LNG, y) for y in years
    ]
    frame["all_unserved_twh"] = sum_energy(ds["unserved"].sum("bus"), ds).to_numpy()
    stores = ds["stored"].where(ds["store_bus"].isin([f"{zone} storage" for zone in eu]), 0.0).sum("store") / 1e3
    dates = [pd.Timestamp(year, 11, 1) for year in years]
    frame["eu27_stock_1_nov_twh"] = [_stock_before(stores, date) for date in dates]
    frame["eu27_stock_1_nov_observed_twh"] = [find_stock(tables["observed_storage"], date) for date in dates]
    frame["eu27_working_volume_twh"] = [_sum_volume(tables, eu, date) for date in dates]
    price = ds["price"].sel(bus=PRICE_ZONE)
    weighted = (price * ds["weight_days"]).groupby("snapshot.year").sum() / ds["weight_days"].groupby(
        "snapshot.year"
    ).sum()
    frame["price_nl_eur_mwh"] = weighted.to_numpy()
    frame["price_ttf_observed_eur_mwh"] = [average_price(tables["prices"], PRICE_HUB, year) for year in years]
    return frame


def _refuse_strangers(ds: xr.Dataset, buses: list[str]) -> None:
    """Refuse results of a network whose buses are not the zones of the tables."""
    missing = sorted(set(buses) - set(ds["bus"].values.tolist()))
    if missing:
        raise ResultsError(
            f"these results have no bus {', '.join(missing[:5])}; only networks built from the tables can be summarised"
        )


def _stock_before(stores: xr.DataArray, date: pd.Timestamp) -> float:
    """Return the stock at the end of the last snapshot that starts before a date."""
    before = stores.sel(snapshot=stores["snapshot"] < np.datetime64(date))
    return float(before.isel(snapshot=-1)) if before.sizes["snapshot"] else float("nan")


def _sum_volume(tables: Tables, zones: list[str], date: pd.Timestamp) -> float:
    rows = tables["storages"]
    held = (rows["valid_from"].fillna(date) <= date) & (rows["valid_to"].fillna(date) >= date)
    return float(rows.loc[held & rows["zone"].isin(zones), "working_volume_twh"].sum())


def summarise_imports(ds: xr.Dataset, tables: Tables) -> pd.DataFrame:
    """Return net imports of the EU27 by the origin whose corridor or cargo they enter by.

    Nothing is traced: gas from a neighbour's mixed grid is named after the neighbour, and gas that leaves again for
    a neighbour counts negative there.

    Parameters
    ----------
    ds : xarray.Dataset
        Results.
    tables : mapping of str to pandas.DataFrame
        From :func:`energyflows.load_tables`.

    Returns
    -------
    pandas.DataFrame
        Columns ``year, origin, kind, twh, bcm, share, observed_twh``; ``share`` of the year's net total, ``bcm`` at
        10.55 TWh/bcm; sorted by year and volume. All LNG together stands in :func:`summarise_years`.
    """
    entries = list_entries(ds, tables)
    volume = _yearly_flows(ds)
    flows = volume.loc[entries["element"]].mul(entries["sign"].to_numpy(), axis=0)
    totals = flows.groupby([entries["origin"].to_numpy(), entries["kind"].to_numpy()]).sum()
    years = list_result_years(ds)
    observed = sum_imports(tables["observed_imports"], years)
    rows = []
    for year in years:
        total = totals[year].sum()
        told = totals[year].sort_values(ascending=False)
        told = told[told.abs() >= _NEGLIGIBLE_TWH]
        for key, twh in told.items():
            rows.append((year, *key, twh, twh / GCV, twh / total, _look_up(observed, key, year)))
    return pd.DataFrame(rows, columns=["year", "origin", "kind", "twh", "bcm", "share", "observed_twh"])


def _yearly_flows(ds: xr.Dataset) -> pd.DataFrame:
    """Return TWh by year of every link (as received) and generator."""
    links = sum_energy(ds["received"], ds).transpose("link", "year").to_pandas()
    generators = sum_energy(ds["supplied"], ds).transpose("generator", "year").to_pandas()
    return pd.concat([links, generators])


def _look_up(frame: pd.DataFrame, key: object, year: int) -> float:
    return float(frame.loc[[key], year].iat[0]) if key in frame.index else float("nan")


def summarise_corridors(ds: xr.Dataset, tables: Tables) -> pd.DataFrame:
    """Return yearly flow and use of each section of the Southern Gas Corridor and each Russian route.

    Parameters
    ----------
    ds : xarray.Dataset
        Results.
    tables : mapping of str to pandas.DataFrame
        From :func:`energyflows.load_tables`.

    Returns
    -------
    pandas.DataFrame
        Columns ``year, group, link, name, twh, capacity_twh, utilisation, observed_twh, confidence, deviation, role``;
        ``confidence`` is the weakest of the observed rows; ``role`` is ``input`` where the observed flow bounds the
        model, so that its agreement proves nothing: its own, or that of the route whose gas has no other way out.
    """
    pipes = select_in_service(tables["pipelines"]).query("group in @CORRIDOR_GROUPS")
    pipes = pipes.drop_duplicates("pipeline").set_index("pipeline")
    pipes = pipes.sort_values("group", kind="stable")
    flow = sum_energy(ds["received"], ds).transpose("link", "year").to_pandas()
    sent = sum_energy(ds["sent"], ds).transpose("link", "year").to_pandas()
    capacity = _yearly_capacity(ds, tables)
    years = list_result_years(ds)
    flows = tables["observed_flows"]
    series = pipes["follows"].fillna(pipes.index.to_series())
    wanted = {*series, *tables["supply"]["follows"].dropna()}
    observed = sum_flows(flows[flows["series"].isin(wanted)], years)
    trust = rank_confidence(flows, years)
    forced = list_forced(ds, tables, observed)
    rows = []
    for year in years:
        for link, pipe in pipes.iterrows():
            seen, room = _look_up(observed, series[link], year), capacity.at[link, year]
            if room < _NEGLIGIBLE_TWH and not flow.at[link, year] > _NEGLIGIBLE_TWH:
                continue
            twh = flow.at[link, year]
            use = sent.at[link, year] / room if room > 0 else float("nan")
            apart = twh / seen - 1 if seen > _NEGLIGIBLE_TWH else float("nan")
            bound = pd.notna(pipe["follows"]) and pd.notna(seen)
            role = "input" if bound or (year, link) in forced else "free"
            sure = trust.at[series[link], year] if pd.notna(seen) else None
            rows.append((year, pipe["group"], link, pipe["name"], twh, room, use, seen, sure, apart, role))
    columns = [
        "year",
        "group",
        "link",
        "name",
        "twh",
        "capacity_twh",
        "utilisation",
        "observed_twh",
        "confidence",
        "deviation",
        "role",
    ]
    return pd.DataFrame(rows, columns=columns)


def _yearly_capacity(ds: xr.Dataset, tables: Tables) -> pd.DataFrame:
    """Return technical capacity by year, TWh; the bounds from observed flows are not capacity."""
    rows = select_in_service(tables["pipelines"])
    years = list_result_years(ds)
    periods = pd.IntervalIndex.from_breaks([pd.Timestamp(y, 1, 1) for y in [*years, years[-1] + 1]], closed="left")
    held = find_overlaps(rows["valid_from"], rows["valid_to"], periods).set_axis(years)
    rate = (held * rows["capacity_gwh_d"]).T.groupby(rows["pipeline"]).sum()
    days = [366 if pd.Timestamp(year, 1, 1).is_leap_year else 365 for year in years]
    return rate * days / 1e3


def list_unused(ds: xr.Dataset, least_twh: float = 0.1) -> pd.DataFrame:
    """Return contracted or observed supply that the model did not use.

    Parameters
    ----------
    ds : xarray.Dataset
        Results.
    least_twh : float
        Leave out smaller amounts.

    Returns
    -------
    pandas.DataFrame
        Columns ``year, generator, available_twh, unused_twh``; an observed volume listed here is an error of the model.
    """
    sure = [name for name in ds["generator"].values if str(name).endswith(" minimum")]
    available = sum_energy(ds["available"].sel(generator=sure), ds).transpose("generator", "year").to_pandas()
    used = sum_energy(ds["supplied"].sel(generator=sure), ds).transpose("generator", "year").to_pandas()
    unused = (available - used).stack()
    rows = [(year, name, available.at[name, year], twh) for (name, year), twh in unused.items() if twh >= least_twh]
    return pd.DataFrame(rows, columns=["year", "generator", "available_twh", "unused_twh"])


def list_binding(ds: xr.Dataset) -> pd.DataFrame:
    """Return links whose contracted minimum decides their flow, with the buses at its ends.

    Parameters
    ----------
    ds : xarray.Dataset
        Results.

    Returns
    -------
    pandas.DataFrame
        Columns ``year, link, bus0, bus1, snapshots, short_twh``: in how many snapshots the flow is at (or below) the
        minimum, and how far it stayed below.
    """
    held = ds["minimum"] > 1e-6
    at_minimum = held & (ds["sent"] <= ds["minimum"] * (1 + 1e-6))
    count = at_minimum.groupby("snapshot.year").sum().transpose("link", "year").to_pandas()
    short = sum_energy((ds["minimum"] - ds["sent"]).clip(min=0.0), ds).transpose("link", "year").to_pandas()
    ends = pd.DataFrame({"bus0": ds["bus0"].values, "bus1": ds["bus1"].values}, index=ds["link"].values)
    rows = [
        (year, link, ends.at[link, "bus0"], ends.at[link, "bus1"], int(number), short.at[link, year])
        for (link, year), number in count.stack().items()
        if number
    ]
    return pd.DataFrame(rows, columns=["year", "link", "bus0", "bus1", "snapshots", "short_twh"])


def list_bent(ds: xr.Dataset) -> pd.DataFrame:
    """Return buses whose price falls below zero, which only the reward on a contracted or observed flow can cause.

    Parameters
    ----------
    ds : xarray.Dataset
        Results.

    Returns
    -------
    pandas.DataFrame
        Columns ``year, bus, snapshots, lowest_eur_mwh``.
    """
    below = ds["price"] < -_NEGLIGIBLE_PRICE
    count = below.groupby("snapshot.year").sum().transpose("bus", "year").to_pandas().stack()
    lowest = ds["price"].groupby("snapshot.year").min().transpose("bus", "year").to_pandas()
    rows = [(year, bus, int(number), lowest.at[bus, year]) for (bus, year), number in count.items() if number]
    return pd.DataFrame(rows, columns=["year", "bus", "snapshots", "lowest_eur_mwh"])


def summarise(
    ds: xr.Dataset,
    tables: Mapping[str, pd.DataFrame] | None = None,
    *,
    networks: Sequence[Any] | None = None,
) -> dict[str, pd.DataFrame]:
    """Return the tables that tell a run, observed figures beside modelled ones.

    Parameters
    ----------
    ds : xarray.Dataset
        Results of :func:`energyflows.run` or :func:`energyflows.solve`.
    tables : mapping of str to pandas.DataFrame, optional
        From :func:`energyflows.load_tables`; default the packaged tables.
    networks : sequence of pypsa.Network, optional
        As for :func:`energyflows.attribute`.

    Returns
    -------
    dict of str to pandas.DataFrame
        ``years``, ``imports``, ``corridors``, ``accounts``, ``metrics``, ``unused``, ``binding`` and ``bent``.

    Examples
    --------
    >>> from energyflows import run
    >>> sorted(summarise(run(years=2025)))
    ['accounts', 'bent', 'binding', 'corridors', 'imports', 'metrics', 'unused', 'years']
    """
    check_results(ds)
    loaded = load_tables() if tables is None else tables
    check_given(loaded)
    given = {name: strip_passport(table) for name, table in loaded.items()}
    return {
        "years": summarise_years(ds, given),
        "imports": summarise_imports(ds, given),
        "corridors": summarise_corridors(ds, given),
        "accounts": summarise_accounts(ds, given, networks=networks),
        "metrics": summarise_metrics(ds, given),
        "unused": list_unused(ds),
        "binding": list_binding(ds),
        "bent": list_bent(ds),
    }
