"""What the papers of gas on a link say: contracts, and names that a scenario changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from energyflows.influence._contracts import find_pace
from energyflows.tracing._days import spread_days

UNLABELLED = "unlabelled"
#: Before an origin that a scenario has written on papers; no contract behind it changes that again.
FIXED = "papers of "
_MWH = 1e3
#: GWh a year that count as no flow.
_LEAST = 1e-9


class Claims(NamedTuple):
    """Shares of what flows that are claimed, by lead, snapshot, link and label; and which contracts exceed the flow."""

    shares: xr.DataArray
    notes: list[str]


def claim_flows(ds: xr.Dataset, contracts: pd.DataFrame, places: Mapping[str, list[str]]) -> Claims:
    """Return which part of what links carry is delivered under contracts.

    Parameters
    ----------
    ds : xarray.Dataset
        Results of one scenario.
    contracts : pandas.DataFrame
        Table ``contracts``, with labels.
    places : mapping of str to list of str
        Links at which each contract delivers, by its name.

    Returns
    -------
    Claims
        A contract takes of each year's flow what it takes of the year, in proportion to the flow; what is agreed
        beyond the flow is left out, contracts that together want more share it.
    """
    rows = contracts[contracts["contract"].isin([name for name, at in places.items() if at])]
    links = list(dict.fromkeys(link for name in rows["contract"] for link in places[name]))
    labels = sorted(set(rows["label"]))
    flows = ds["received"].sel(link=links).transpose(..., "snapshot", "link")
    rates = flows.to_numpy().astype(float)
    shares = np.zeros((*rates.shape, len(labels)))
    days, years = ds["weight_days"].to_numpy().astype(float), ds.indexes["snapshot"].year.to_numpy()
    notes: list[str] = []
    for row in rows.itertuples():
        at = [links.index(link) for link in places[str(row.contract)]]
        held = spread_days(row.start, row.end, ds)
        for year in np.unique(years[held > 0]):
            now = held * days * (years == year)
            agreed = row.annual_twh * _MWH * now.sum() / 365.0
            flowed = (rates[..., at].sum(axis=-1) * now).sum(axis=-1)
            share = np.divide(agreed, flowed, out=np.zeros_like(flowed), where=flowed > _LEAST)
            part = np.minimum(share, 1.0)[..., None] * held * (years == year)
            shares[..., at, labels.index(row.label)] += part[..., None]
            notes += _tell_excess(f"{row.contract} {year}", agreed, flowed)
    total = shares.sum(axis=-1, keepdims=True)
    dims = (*flows.dims, "origin")
    bare = {name: flows[name] for name in flows.dims if name in flows.coords}
    return Claims(xr.DataArray(shares / np.maximum(total, 1.0), dims=dims, coords={**bare, "origin": labels}), notes)


def _tell_excess(name: str, agreed: float, flowed: np.ndarray) -> list[str]:
    """Say that a contract is of more than flowed."""
    least = float(flowed.min())
    return [f"{name}: {agreed / _MWH:.1f} TWh agreed, {least / _MWH:.1f} flowed"] if agreed > 1.001 * least else []


def fill_claims(mix: xr.DataArray, claims: xr.DataArray) -> xr.DataArray:
    r"""Return papers at delivery points.

    Parameters
    ----------
    mix : xarray.DataArray
        Labels of the gas that comes there, shares by ``origin``.
    claims : xarray.DataArray
        Of contracts.

    Returns
    -------
    xarray.DataArray
        Shares by ``origin``: at least what is claimed. What is missing to that is taken from gas without a label
        first, then from the other labels in proportion; from papers a scenario has written, never.

    Notes
    -----
    With :math:`u` the mix and :math:`c` the claims: :math:`\max(u_o, c_o)`, of which the excess over 1 is taken away
    from :math:`\max(u_o - c_o, 0)`.
    """
    origins = sorted({*mix["origin"].to_numpy().tolist(), *claims["origin"].to_numpy().tolist(), UNLABELLED})
    upstream, wanted = (array.reindex(origin=origins, fill_value=0.0) for array in (mix, claims))
    fixed = upstream["origin"].astype(str).str.startswith(FIXED)
    room = (1.0 - upstream.where(fixed, 0.0).sum("origin")).clip(min=0.0)
    total = wanted.sum("origin")
    wanted = wanted * (room / total.where(total > 0)).where(total > room, 1.0)
    missing = (wanted - upstream).clip(min=0.0).sum("origin")
    free = (upstream - wanted).clip(min=0.0).where(~fixed, 0.0)
    named = free["origin"] == UNLABELLED
    first = np.minimum(free.where(named, 0.0).sum("origin"), missing)
    others = free.where(~named, 0.0)
    pool = others.sum("origin")
    factor = (1.0 - (missing - first) / pool.where(pool > 0)).clip(min=0.0).fillna(0.0)
    left = others * factor + free.where(named, 0.0) - first * named
    filled: xr.DataArray = left + wanted + upstream.where(fixed, 0.0)
    return filled


def rewrite_papers(
    ds: xr.Dataset, papers: Iterable[Mapping[str, Any]], labels: xr.DataArray, molecules: xr.DataArray
) -> xr.DataArray:
    """Return the labels of links whose papers a scenario changes.

    Parameters
    ----------
    ds : xarray.Dataset
        Results of one scenario.
    papers : iterable of mapping
        With ``at, from, to, start, end`` and ``share`` (of the gas of that origin) or ``twh`` and ``per``.
    labels : xarray.DataArray
        Shares of what flows of each link, by label, before.
    molecules : xarray.DataArray
        The same by origin.

    Returns
    -------
    xarray.DataArray
        As ``labels``, of the links that change; new names stand after ``FIXED``. What gets one is taken from gas of
        the old name first, then from gas without any, then from all others in proportion.
    """
    listed = list(papers)
    names = sorted({*labels["origin"].to_numpy().tolist(), *(FIXED + str(paper["to"]) for paper in listed), UNLABELLED})
    found: dict[str, xr.DataArray] = {}
    for paper in listed:
        part = xr.DataArray(
            spread_days(paper.get("start"), paper.get("end"), ds),
            dims="snapshot",
            coords={"snapshot": ds["snapshot"]},
        )
        for link in find_places(ds, str(paper["at"])):
            before = found.get(link, labels.sel(link=link, drop=True).reindex(origin=names, fill_value=0.0))
            named = before.reindex(origin=[paper["from"]], fill_value=0.0).isel(origin=0, drop=True)
            real = molecules.sel(link=link).reindex(origin=[paper["from"]], fill_value=0.0).isel(origin=0, drop=True)
            share = _rate(ds, paper, link, part) if "twh" in paper else paper["share"] * np.maximum(named, real) * part
            found[link] = _rename(before, share, str(paper["from"]), FIXED + str(paper["to"]))
    return xr.concat(list(found.values()), dim=xr.Variable("link", np.array(list(found), dtype=str)))


def _rename(labels: xr.DataArray, share: Any, before: str, after: str) -> xr.DataArray:
    """Return labels with a share of all gas under a new name."""
    fixed = labels["origin"].astype(str).str.startswith(FIXED)
    wanted = np.minimum(share, labels.where(~fixed, 0.0).sum("origin"))
    left, missing = labels, wanted
    for chosen in (labels["origin"] == before, labels["origin"] == UNLABELLED, ~fixed):
        pool = left.where(chosen & ~fixed, 0.0)
        taken = np.minimum(pool.sum("origin"), missing)
        left = left - (pool * (taken / pool.sum("origin").where(lambda total: total > 0))).fillna(0.0)
        missing = missing - taken
    renamed: xr.DataArray = left + wanted * (labels["origin"] == after)
    return renamed


def find_places(ds: xr.Dataset, at: str) -> list[str]:
    """Return the links at which papers change.

    Parameters
    ----------
    ds : xarray.Dataset
        Results.
    at : str
        A link, or a bus.

    Returns
    -------
    list of str
        The link, or all links that lead to the bus.
    """
    links = ds["link"].to_numpy().astype(str)
    if at in links:
        return [at]
    inner = ds["is_storage_link"].to_numpy().astype(bool)
    return [str(name) for name in links[(ds["bus1"].to_numpy().astype(str) == at) & ~inner]]


def _rate(ds: xr.Dataset, paper: Mapping[str, Any], link: str, part: xr.DataArray) -> xr.DataArray:
    """Return the share of a link's flow that a stated volume is."""
    flow = ds["received"].sel(link=link, drop=True)
    rate = paper["twh"] * find_pace(paper) * _MWH / 365.0
    share: xr.DataArray = (rate / flow.where(flow > 0)).fillna(0.0).clip(max=1.0) * part
    return share
