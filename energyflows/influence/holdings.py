"""Gas that flows through what somebody owns: share times throughput, by owner and stage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from energyflows.datasets import load_tables, strip_passport
from energyflows.errors import ResultsError, UnknownNameError, UsageError, list_problems, require, suggest
from energyflows.influence._owners import average_shares, change_owners, read_stakes
from energyflows.influence._prices import bound_prices
from energyflows.results import sum_energy
from energyflows.tracing._stacking import list_leads

#: Bus at which the gas of an asset without a pipeline of its own enters the model, whole and alone.
ENTERED_AT = {"Shah Deniz": "SANGACHAL"}
STAGES = ("production", "transit", "offtake")
_BY = ("owner", "country", "asset")
_HELD = ["owner_country", "owner", "stage", "asset"]
#: Mean share that is rounding.
_LEAST = 1e-12


def measure_holdings(
    results: xr.Dataset,
    *,
    tables: Mapping[str, pd.DataFrame] | None = None,
    countries: Iterable[str] | None = None,
    by: str = "owner",
    entered_at: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    r"""Tell how much gas flows through what owners hold.

    Parameters
    ----------
    results : xarray.Dataset
        From :func:`energyflows.run`, with any dims beside those of the results contract. Shares that change hands in a
        scenario are taken from its notes.
    tables : mapping of str to pandas.DataFrame, optional
        From :func:`energyflows.load_tables`; default the packaged tables.
    countries : iterable of str, optional
        ISO-2 codes of owners; default all.
    by : {"owner", "country", "asset"}
        What gets a row.
    entered_at : mapping of str to str, optional
        Bus by asset, for those without a link: what is supplied there is their throughput. Default
        :data:`ENTERED_AT`.

    Returns
    -------
    pandas.DataFrame
        By scenario, year, ``owner_country`` (empty where unknown) and ``owner``, TWh: ``production_twh, transit_twh,
        offtake_twh``, NaN where the model tells the throughput of none of the assets held at that stage;
        ``headline_twh`` and ``headline``, the largest stage and its name (empty where it is nothing); ``untold``, the
        assets held that are left out, because the model does not tell their throughput.
        By asset instead: ``stage, asset, share`` (mean over days), ``throughput_twh, volume_twh, value_meur`` (million
        EUR) and ``untold``, the reason where these are NaN.

    Raises
    ------
    UsageError
        If ``by`` is no word known.
    UnknownNameError
        If nobody of a country owns anything, or an asset is not in the table.
    ResultsError
        If results lack what is needed.

    Notes
    -----
    .. math:: V_{os} = \sum_{a \in s} \sum_t \sigma_{oat} \, F_{at} \, d_t

    with shares :math:`\sigma`, weighted by the days of a snapshot on which they hold, throughput :math:`F` (sent over
    the link of an asset, or supplied at its bus) and days :math:`d`. Stages are never added up: the same gas is
    produced, carried and sold. Within a stage gas that passes two assets in series, as TANAP and TAP, counts in each.
    The value is gross, at the modelled price of the bus an asset leads to, or enters the model at, bound as in
    :func:`energyflows.influence.revenue.measure_revenue`: neither revenue of owners nor profit. Entitlements under
    production sharing, tariffs, and control by less or more than the share are not in it. What a scenario adds at the
    bus of a field counts as the field's.

    Examples
    --------
    >>> from energyflows import run
    >>> table = measure_holdings(run(years=2025), countries=["RU"]).set_index("owner")
    >>> table.at["LUKOIL", "headline"], round(float(table.at["LUKOIL", "headline_twh"]))
    ('production', 51)
    """
    require(results, "data_vars coords", "an xarray.Dataset of results")
    if by not in _BY:
        raise UsageError(f"by: found {by!r}, expected one of {', '.join(_BY)}")
    wanted = None if countries is None else sorted(set(countries))
    loaded = load_tables() if tables is None else tables
    ownership = strip_passport(loaded["ownership"])
    known = set(ownership["asset"])
    entered = {asset: bus for asset, bus in ENTERED_AT.items() if asset in known} if entered_at is None else entered_at
    _check(results, ownership, entered, wanted or [])
    frames = [
        _tell_rows(one, change_owners(ownership, stakes), entered, loaded["zones"]).assign(**named)
        for named, one, stakes in _split(results)
    ]
    rows = pd.concat(frames, ignore_index=True)
    leads = [str(lead) for lead in list_leads(results)]
    rows = rows[[*leads, "year", *_HELD, "share", "throughput_twh", "volume_twh", "value_meur", "untold"]]
    if wanted is not None:
        rows = rows[rows["owner_country"].isin(wanted)].reset_index(drop=True)
    return rows if by == "asset" else _gather(rows, [*leads, "year", *_HELD[: 2 if by == "owner" else 1]])


def _check(results: xr.Dataset, ownership: pd.DataFrame, entered: Mapping[str, str], countries: list[str]) -> None:
    """Refuse results without flows or prices, and assets, buses or owners that do not exist."""
    needed = ("sent", "supplied", "price", "bus1", "generator_bus", "weight_days")
    lacking = [name for name in needed if name not in results]
    if lacking:
        raise ResultsError(f"these results have no {', '.join(lacking)}, so throughput cannot be told")
    assets, owners = set(ownership["asset"]), set(ownership["owner_country"].dropna())
    problems = [f"entered_at: no asset {name!r}{suggest(str(name), assets)}" for name in entered if name not in assets]
    problems += [
        f"countries: no owner of {name!r}{suggest(str(name), owners)}" for name in set(countries or ()) - owners
    ]
    if problems:
        raise UnknownNameError(list_problems("table ownership does not have all of these:", sorted(problems)))


def _split(results: xr.Dataset) -> Iterator[tuple[dict[str, str], xr.Dataset, list[dict[str, Any]]]]:
    """Yield each scenario with its name, if it has one, and the shares that change hands in it."""
    if "scenario" not in results.dims:
        yield {}, results, read_stakes(results)
        return
    for name in results["scenario"].to_numpy().tolist():
        yield {"scenario": name}, results.sel(scenario=name, drop=True), read_stakes(results, name)


def _tell_rows(
    results: xr.Dataset, ownership: pd.DataFrame, entered: Mapping[str, str], zones: pd.DataFrame
) -> pd.DataFrame:
    """Return what each owner holds of each asset in one scenario, with volume and value."""
    periods = pd.IntervalIndex.from_arrays(
        pd.DatetimeIndex(results["snapshot"].to_numpy()),
        pd.DatetimeIndex(results["snapshot"].to_numpy()) + pd.to_timedelta(results["weight_days"].to_numpy(), unit="D"),
        closed="left",
    )
    keys = [ownership[name].fillna("").astype(str) for name in _HELD]
    held = average_shares(ownership, periods).T.groupby(keys, sort=False).sum()
    holders = held.index.to_frame(index=False).rename_axis("holder")
    throughput, price, untold = _tell_throughput(results.assign(price=bound_prices(results, zones)), ownership, entered)
    pick = xr.DataArray(holders["asset"].to_numpy(), dims="holder")
    flow, worth = (each.sel(asset=pick).reset_coords(drop=True) for each in (throughput, price))
    share = xr.DataArray(held.to_numpy(), dims=("holder", "snapshot"), coords={"snapshot": results["snapshot"]})
    days = results["weight_days"].reset_coords(drop=True)
    told = xr.Dataset(
        {
            "share": (share * days).groupby("snapshot.year").sum() / days.groupby("snapshot.year").sum(),
            "throughput_twh": sum_energy(flow, results),
            "volume_twh": sum_energy(share * flow, results),
            "value_meur": sum_energy(share * flow * worth, results),
        }
    ).assign_coords(holder=holders.index)
    rows = told.reset_coords(drop=True).to_dataframe().reset_index().join(holders, on="holder")
    rows["untold"] = [untold.get(asset, "") for asset in rows["asset"]]
    return rows[rows["share"].abs() > _LEAST]


def _tell_throughput(
    results: xr.Dataset, ownership: pd.DataFrame, entered: Mapping[str, str]
) -> tuple[xr.DataArray, xr.DataArray, dict[str, str]]:
    """Return throughput (GWh/d) and price (EUR/MWh) by asset, missing where untold, and why it is."""
    links, buses = (set(results[name].to_numpy().tolist()) for name in ("link", "bus"))
    nothing = results["price"].isel(bus=0, drop=True) * float("nan")
    flows, prices, untold = [], [], {}
    assets = ownership.drop_duplicates("asset").set_index("asset")["link"]
    for asset, link in assets.items():
        flow, end = nothing, ""
        if isinstance(link, str) and link in links:
            flow, end = results["sent"].sel(link=link), str(results["bus1"].sel(link=link).item())
        elif isinstance(link, str):
            untold[str(asset)] = f"these results have no link {link}"
        elif asset not in entered:
            untold[str(asset)] = "it has no link or bus of its own"
        elif entered[str(asset)] in buses:
            end = entered[str(asset)]
            flow = results["supplied"].isel(generator=(results["generator_bus"] == end).to_numpy()).sum("generator")
        else:
            untold[str(asset)] = f"these results have no bus {entered[str(asset)]}"
        flows.append(flow.reset_coords(drop=True))
        prices.append((results["price"].sel(bus=end) if end else nothing).reset_coords(drop=True))
    names = pd.Index(assets.index, name="asset")
    throughput, price = (xr.concat(each, dim=names, join="exact") for each in (flows, prices))
    return throughput, price, untold


def _gather(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return volumes by stage, and the largest of them."""
    groups = rows.groupby(keys, sort=False)
    stages = rows.groupby([*keys, "stage"], sort=False)["volume_twh"]
    volume = stages.sum(min_count=1).unstack("stage").reindex(columns=list(STAGES))
    # Missing is what cannot be told; who holds nothing at a stage controls nothing there.
    volume = volume.where((stages.size().unstack("stage").reindex(columns=list(STAGES)) > 0), 0.0)
    table = volume.rename(columns={stage: f"{stage}_twh" for stage in STAGES})
    table["headline_twh"] = volume.max(axis=1)
    known = volume.fillna(-np.inf)
    table["headline"] = known.idxmax(axis=1).where(table["headline_twh"] > 0, "")
    told = rows["asset"].where(rows["untold"] != "")
    table["untold"] = told.groupby([rows[key] for key in keys], sort=False).agg(_join)
    return table.loc[list(groups.groups)].reset_index() if len(table) else table.reset_index()


def _join(names: pd.Series) -> str:
    return ", ".join(sorted(set(names.dropna())))
