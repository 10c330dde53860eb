"""The account of labels: whose name is on the delivery."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from energyflows.influence._contracts import World, find_shipped, hold_contracts
from energyflows.influence._papers import FIXED, UNLABELLED, claim_flows, fill_claims, find_places, rewrite_papers
from energyflows.results import sum_energy
from energyflows.tracing import trace, trace_links
from energyflows.tracing._days import spread_days

#: How gas without a contract is labelled.
NAMING = ("entry", "contracts", "partner")
#: Share of one origin in the foreign gas of a market from which nobody else can have sold it, if own production is
#: no more than the other share of the mix: then it serves the market itself.
_ALONE = 0.999
_OWN = 0.05
#: Share of a supplier's gas in what flows below which it delivers nothing there.
_PRESENT = 0.01
_EU = "EU27"


class Labels(NamedTuple):
    """Labels of a scenario: ``delivered`` (TWh by year, bus, origin), ``sent`` (TWh by year, link, origin), notes."""

    delivered: xr.DataArray
    sent: xr.DataArray
    notes: list[str]


def label_gas(ds: xr.Dataset, world: World, molecules: xr.Dataset, naming: str = "entry") -> Labels:
    """Tell whose name is on what each bus consumes and each link carries.

    Parameters
    ----------
    ds : xarray.Dataset
        Results of one scenario.
    world : World
        Contracts, rules and papers.
    molecules : xarray.Dataset
        From :func:`energyflows.trace`.
    naming : {"entry", "contracts", "partner"}
        Whether gas that only one supplier can have delivered (from a corridor or a country nobody else feeds, or from
        a ship) bears its name; or contracts alone give names; or, beyond the first, gas sold on by a country outside
        the single market bears the name of that country, as in statistics of trade.

    Returns
    -------
    Labels
        Gas without a name has the origin ``unlabelled``.
    """
    held = hold_contracts(ds, world)
    shipped = find_shipped(held, ds)
    places = _place_contracts(ds, held, set(shipped), naming)
    real = share_links(molecules, ds, ds["link"].to_numpy(), world.cargoes)
    claims = claim_flows(ds, held, places)
    entering = _name_resales(ds, world, molecules, "entry")
    resold = entering if naming == "entry" else _name_resales(ds, world, molecules, naming)
    # What gas where links begin is called without any contract.
    named = trace(ds, rules=join_rules(world.cargoes, entering))
    claimed = _drop_idle(ds, claims.shares, share_begins(named, ds, claims.shares["link"].to_numpy()))
    bare = _name_sources(ds, naming)
    landed = world.cargoes if naming != "contracts" else None
    first = join_rules(landed, resold)
    if world.papers:
        first, claimed = _change_papers(ds, world.papers, (bare, first), claimed, real)
    if claimed.sizes["link"]:
        first = join_rules(first, _fill(bare, first, claimed))
    traced = trace(bare, rules=first)
    delivered = _merge_fixed(sum_energy(traced["delivered"], traced))
    sent = _merge_fixed(sum_energy(trace_links(traced, bare, first), traced))
    return Labels(_label_hubs(held, places, delivered), sent, claims.notes)


def _place_contracts(ds: xr.Dataset, held: pd.DataFrame, shipped: set[str], naming: str) -> dict[str, list[str]]:
    """Return the links at which contracts deliver: their own, or the terminals of the buyer's zone.

    Where cargoes bear the name of their supplier anyway, contracts for them say nothing more of the whole.
    """
    begins, ends = (ds[name].to_numpy().astype(str) for name in ("bus0", "bus1"))
    links = ds["link"].to_numpy().astype(str)
    kind = dict(zip(ds["bus"].to_numpy().astype(str), ds["bus_kind"].to_numpy().astype(str), strict=True))
    landing = np.array([kind[bus] == "lng" for bus in begins])
    places: dict[str, list[str]] = {}
    for row in held.itertuples():
        if row.contract in shipped:
            places[row.contract] = links[landing & (ends == row.zone)].tolist() if naming == "contracts" else []
        elif isinstance(row.link, str) and row.link in links:
            places[row.contract] = [row.link]
    return places


def _fill(bare: xr.Dataset, rules: xr.DataArray | None, claimed: xr.DataArray) -> xr.DataArray:
    """Return the labels at delivery points, as contracts leave them."""
    upstream = share_begins(trace(bare, rules=rules), bare, claimed["link"].to_numpy())
    return fill_claims(_overlay(upstream, rules), claimed)


def _change_papers(
    ds: xr.Dataset,
    papers: Sequence[Mapping[str, Any]],
    named: tuple[xr.Dataset, xr.DataArray | None],
    claimed: xr.DataArray,
    real: xr.DataArray,
) -> tuple[xr.DataArray | None, xr.DataArray]:
    """Return rules that hold what a scenario writes on papers, and contracts at all other links."""
    bare, rules = named
    places = list(dict.fromkeys(link for paper in papers for link in find_places(ds, str(paper["at"]))))
    blank = xr.zeros_like(ds["received"].sel(link=places)).expand_dims(origin=[UNLABELLED])
    wanted = claimed.reindex(link=places, fill_value=0.0) if claimed.sizes["link"] else blank
    changed = rewrite_papers(ds, papers, _fill(bare, rules, wanted), real)
    others = [link for link in claimed["link"].to_numpy().tolist() if link not in places]
    return join_rules(rules, changed), claimed.sel(link=others)


def _drop_idle(ds: xr.Dataset, claims: xr.DataArray, names: xr.DataArray) -> xr.DataArray:
    """Return claims without those of suppliers that deliver nothing to where the link begins.

    Gas that was resold outside the single market is nobody's delivery; a country that only sells on what it buys needs
    no gas of its own.
    """
    foreign = ds["generator_route"].to_numpy().astype(str) != "home"
    suppliers = sorted(set(ds["generator_origin"].to_numpy().astype(str)[foreign]))
    there = names.reindex(origin=claims["origin"].to_numpy(), fill_value=0.0)
    return claims.where((there >= _PRESENT) | ~claims["origin"].isin(suppliers), 0.0)


def _name_sources(ds: xr.Dataset, naming: str) -> xr.Dataset:
    """Return results whose generators have a label in place of an origin."""
    if naming != "contracts":
        return ds
    origin = ds["generator_origin"].astype(object)
    return ds.assign_coords(generator_origin=origin.where(ds["generator_route"] == "home", UNLABELLED))


def _name_resales(ds: xr.Dataset, world: World, molecules: xr.Dataset, naming: str) -> xr.DataArray | None:
    """Return rules for links that leave a market outside the EU, abroad or into a corridor: names end there.

    A market whose gas is all of one origin has nothing else to sell, unless law bars that; one fed by members alone
    passes their names on.
    """
    members = world.members
    country = dict(zip(ds["bus"].to_numpy().astype(str), ds["country"].to_numpy().astype(str), strict=True))
    kind = dict(zip(ds["bus"].to_numpy().astype(str), ds["bus_kind"].to_numpy().astype(str), strict=True))
    begins, ends = (ds[name].to_numpy().astype(str) for name in ("bus0", "bus1"))
    outside = {bus for bus in kind if kind[bus] == "market" and bus not in members}
    inner = ds["is_storage_link"].to_numpy().astype(bool)
    leaving = [
        place
        for place, (begin, end) in enumerate(zip(begins, ends, strict=True))
        if begin in outside and (country[end] != country[begin] or kind[end] == "corridor") and not inner[place]
    ]
    if not leaving:
        return None
    links = ds["link"].to_numpy()[leaving]
    names = {begins[place]: country[begins[place]] if naming == "partner" else UNLABELLED for place in leaving}
    alone = _find_only_supplier(ds, world, molecules, links)
    held = (1.0 - alone * float(naming != "contracts")) * (1.0 - _find_passing(ds, members, begins[leaving], links))
    named = xr.DataArray([names[begins[place]] for place in leaving], dims="link")
    return xr.concat(
        [held.where(named == name, 0.0).expand_dims(origin=[name]) for name in sorted(set(names.values()))],
        dim="origin",
    )


def _find_only_supplier(ds: xr.Dataset, world: World, molecules: xr.Dataset, links: np.ndarray) -> xr.DataArray:
    """Return whether all gas to be sold on where links begin is of one origin, which may be sold where they end."""
    country = ds["country"].sel(bus=ds["bus0"].sel(link=links).to_numpy()).to_numpy()
    mix = share_begins(molecules, ds, links)
    own = mix["origin"] == xr.DataArray(country, dims="link", coords={"link": links})
    little = mix.where(own, 0.0).sum("origin") <= _OWN
    foreign = mix.where(~(own & little), 0.0)
    alone = (foreign.max("origin") >= _ALONE * foreign.sum("origin")).astype(float)
    inside = np.isin(ds["bus1"].sel(link=links).to_numpy().astype(str), world.members)
    for origin in sorted({str(ban["origin"]) for ban in world.bans}):
        barred = xr.DataArray(_bar(ds, world.bans, origin), dims="snapshot", coords={"snapshot": ds["snapshot"]})
        entering = xr.DataArray(inside.astype(float), dims="link", coords={"link": links})
        most = foreign.reindex(origin=[origin], fill_value=0.0).isel(origin=0, drop=True) >= foreign.max("origin")
        alone = alone * (1.0 - barred * entering * most)
    return alone


def _bar(ds: xr.Dataset, bans: Sequence[Mapping[str, Any]], origin: str) -> np.ndarray:
    """Return the part of each snapshot in which a scenario's law bars all pipeline gas of an origin from the EU."""
    held = {"long": np.zeros(ds.sizes["snapshot"]), "short": np.zeros(ds.sizes["snapshot"])}
    for ban in bans:
        if ban["origin"] == origin and ban["zone"] == _EU and ban["gas"] in ("any", "pipeline"):
            part = spread_days(ban["from"], ban["to"], ds)
            for kind, before in held.items():
                held[kind] = np.maximum(before, part) if ban["contract_type"] in (kind, "any") else before
    return np.minimum(held["long"], held["short"])


def _find_passing(ds: xr.Dataset, members: Collection[str], buses: np.ndarray, links: np.ndarray) -> xr.DataArray:
    """Return whether, in the year, all gas from abroad at the buses where links begin comes from members."""
    begins, ends = (ds[name].to_numpy().astype(str) for name in ("bus0", "bus1"))
    strange = ~ds["is_storage_link"].to_numpy().astype(bool) & ~np.isin(begins, list(members))
    years = ds["snapshot"].dt.year
    found = []
    for bus in buses:
        flows = (ds["received"].isel(link=np.flatnonzero(strange & (ends == bus))) > 0).any("link")
        yearly = flows.groupby(years).any()
        found.append(1.0 - yearly.sel(year=years).astype(float).drop_vars("year"))
    return xr.concat(found, dim=xr.Variable("link", links.astype(str)))


def share_begins(traced: xr.Dataset, ds: xr.Dataset, links: np.ndarray) -> xr.DataArray:
    """Return what the gas is made of where links begin.

    Parameters
    ----------
    traced : xarray.Dataset
        From :func:`energyflows.trace`.
    ds : xarray.Dataset
        The results it was made of.
    links : numpy.ndarray
        Their names.

    Returns
    -------
    xarray.DataArray, [1]
        By leads, snapshot, link and origin.
    """
    begins = ds["bus0"].sel(link=links).to_numpy()
    mix = traced["mix"].fillna(0.0).sel(bus=xr.DataArray(begins, dims="link"))
    return mix.drop_vars([name for name in mix.coords if name not in mix.dims]).assign_coords(link=links)


def share_links(molecules: xr.Dataset, ds: xr.Dataset, links: np.ndarray, rules: xr.DataArray | None) -> xr.DataArray:
    """Return what links carry.

    Parameters
    ----------
    molecules : xarray.Dataset
        From :func:`energyflows.trace`.
    ds : xarray.Dataset
        The results it was made of.
    links : numpy.ndarray
        Their names.
    rules : xarray.DataArray or None
        Those it was made with.

    Returns
    -------
    xarray.DataArray, [1]
        By leads, snapshot, link and origin.
    """
    return _overlay(share_begins(molecules, ds, links), rules)


def _overlay(shares: xr.DataArray, rules: xr.DataArray | None) -> xr.DataArray:
    """Return shares at links as rules leave them."""
    if rules is None:
        return shares
    origins = sorted({*shares["origin"].to_numpy().tolist(), *rules["origin"].to_numpy().tolist()})
    told = rules.reindex(link=shares["link"].to_numpy(), origin=origins, fill_value=0.0)
    return shares.reindex(origin=origins, fill_value=0.0) * (1.0 - told.sum("origin")) + told


def join_rules(one: xr.DataArray | None, other: xr.DataArray | None) -> xr.DataArray | None:
    """Return rules of both.

    Parameters
    ----------
    one, other : xarray.DataArray or None
        Shares by link and origin.

    Returns
    -------
    xarray.DataArray or None
        Where both speak of a link, the other comes on top of what the one says.
    """
    if one is None or other is None:
        return one if other is None else other
    origins = sorted({*one["origin"].to_numpy().tolist(), *other["origin"].to_numpy().tolist()})
    links = list(dict.fromkeys([*one["link"].to_numpy().tolist(), *other["link"].to_numpy().tolist()]))
    first, second = (each.reindex(origin=origins, link=links, fill_value=0.0) for each in (one, other))
    return first * (1.0 - second.sum("origin")).clip(min=0.0) + second


def _merge_fixed(volume: xr.DataArray) -> xr.DataArray:
    """Return volumes with papers that a scenario wrote under the name they bear."""
    names = [str(name).removeprefix(FIXED) for name in volume["origin"].to_numpy()]
    return volume.drop_vars("origin").groupby(xr.DataArray(names, dims="origin", name="origin")).sum()


def _label_hubs(held: pd.DataFrame, places: Mapping[str, list[str]], delivered: xr.DataArray) -> xr.DataArray:
    """Give gas without a label at a bus the names of contracts that deliver there, at no known link."""
    if UNLABELLED not in delivered["origin"].to_numpy():
        return delivered
    rows = held[~held["contract"].isin(places) & held["zone"].isin(delivered["bus"].to_numpy())]
    labels = sorted({*delivered["origin"].to_numpy().tolist(), *rows["label"]})
    volume = delivered.reindex(origin=labels, fill_value=0.0)
    wanted = xr.zeros_like(volume)
    for row in rows.itertuples():
        for year in volume["year"].to_numpy().tolist():
            wanted.loc[{"bus": row.zone, "origin": row.label, "year": year}] += _agree(row, year)
    free = volume.sel(origin=UNLABELLED, drop=True)
    total = wanted.sum("origin")
    moved = wanted * (free / total.where(total > 0)).clip(max=1.0).fillna(0.0)
    return volume + moved - moved.sum("origin") * (volume["origin"] == UNLABELLED)


def _agree(row: Any, year: int) -> float:
    """Return what a contract agrees on for a year, TWh."""
    first, last = pd.Timestamp(year, 1, 1), pd.Timestamp(year, 12, 31)
    start: pd.Timestamp = first if pd.isna(row.start) else max(first, row.start)
    end: pd.Timestamp = last if pd.isna(row.end) else min(last, row.end)
    return float(row.annual_twh) * max(float((end - start).days) + 1.0, 0.0) / 365.0
