"""Deals: imports that free exports, swaps, papers and shares that change."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pypsa

from energyflows.errors import ScenarioError
from energyflows.scenarios.applying._days import (
    find_spans,
    hold_days,
    list_days,
    mark_days,
    rate_volume,
)
from energyflows.scenarios.applying._supply import find_exports
from energyflows.scenarios.applying._work import (
    Work,
    add_generator,
    add_link,
    check_bus,
    find_parts,
    find_reward,
    read_costs,
    read_rates,
    shift_sure,
    write_rates,
)
from energyflows.scenarios.changes import Backfill, Leg, Relabel, Stake, Swap

#: EUR/MWh of gas at a bus where the network has none of that supplier (est-supply-cost: Russia 8 to 16).
_USUAL_COST = 12.0
#: EUR/MWh of a short line (est-pipeline-tariff, 0.25 to 1), where the network has none from the grid to the outlet.
_USUAL_TARIFF = 0.5


def backfill(work: Work, change: Backfill) -> None:
    """Let imports serve the home market, and offer as much home gas for export."""
    n = work.n
    check_bus(n, change.home)
    check_bus(n, change.outlet)
    asked = rate_volume(n, change.volume, change.start, change.end)
    _check_entry(work, change, asked)
    taken = _limit_substitution(work, change, asked)
    for place in (change.entry, change.home):
        work.imported[place] = work.imported.get(place, 0.0) + taken
    port = str(n.links.at[change.entry, "bus0"])
    _add_at(n, f"{change.supplier} {port} backfill", taken, (change.supplier, port), reward=find_reward(n))
    _free(work, change, taken)
    _lift(work, change, taken)


def _free(work: Work, change: Backfill, taken: pd.Series) -> None:
    """Offer as much gas at the outlet as imports replace: from wells that feed it, and out of the home grid."""
    n = work.n
    mixed = change.mixed * taken
    pure = taken - mixed
    home = _find_output(n, change.home)
    rates = read_rates(n, "Generator", home)
    write_rates(n, "Generator", rates.sub(rates.div(rates.sum(axis=1), axis=0).fillna(0.0).mul(pure, axis=0)))
    if change.mixed < 1:
        origin = str(n.buses.at[change.home, "country"])
        _add_at(n, f"{origin} {change.outlet} freed", pure, (origin, change.outlet), reward=0.0)
    if change.mixed > 0:
        work.mixed[change.home] = work.mixed.get(change.home, 0.0) + mixed
        ends = {"bus0": change.home, "bus1": change.outlet}
        add_link(n, f"{change.home}-{change.outlet}", mixed, **ends, efficiency=1.0, cost=_USUAL_TARIFF, group="blend")


def _check_entry(work: Work, change: Backfill, asked: pd.Series) -> None:
    """Refuse a backfill to elsewhere, or of more than its pipeline carries beside contracts and other backfills."""
    n, parts = work.n, find_parts(work.n, "Link", change.entry)
    if n.links.at[change.entry, "bus1"] != change.home:
        raise ScenarioError(f"backfill: {change.entry} does not lead to {change.home}, which it is to serve")
    sure = parts[(n.links.loc[parts, "reward"] > 0).to_numpy()]
    room = read_rates(n, "Link", parts.drop(sure)).sum(axis=1) - work.imported.get(change.entry, 0.0)
    over = asked - room
    if (over > 1e-6).any():
        day = over.idxmax()
        raise ScenarioError(
            f"backfill: {asked[day]:.1f} GWh/d asked from {day:%Y-%m-%d}, but {change.entry} has room for "
            f"{room[day]:.1f} ({room[day] * 0.365:.1f} TWh a year); lower the volume or expand the pipeline"
        )


def _find_output(n: pypsa.Network, zone: str) -> pd.Index:
    """Return the generators of a zone's own output."""
    rows = n.generators
    found = rows.index[(rows["bus"] == zone) & (rows["route"] == "home") & (rows["carrier"] == "gas")]
    if found.empty:
        raise ScenarioError(f"backfill: {zone} has no output of its own that imports could free")
    return found


def _limit_substitution(work: Work, change: Backfill, asked: pd.Series) -> pd.Series:
    """Return what home demand and home output can take of the import; say what is left out."""
    n = work.n
    loads = n.loads.index[n.loads["bus"] == change.home]
    demand = read_rates(n, "Load", loads).sum(axis=1) * change.substitutable
    demand = (demand - work.imported.get(change.home, 0.0)).clip(lower=0.0)
    output = read_rates(n, "Generator", _find_output(n, change.home)).sum(axis=1)
    output = (output - work.mixed.get(change.home, 0.0)).clip(lower=0.0)
    taken = asked.clip(upper=demand).clip(upper=output)
    lost = float(((asked - taken) * n.snapshot_weightings["generators"]).sum() / 1e3)
    if lost > 1e-6:
        work.notes.append(
            f"backfill: {lost:.1f} TWh find no demand or output to replace in {change.home} and are left out"
        )
    return taken


def _add_at(n: pypsa.Network, name: str, rate: pd.Series, key: tuple[str, str], *, reward: float) -> None:
    """Add gas of a supplier at a bus, as a part of what it already sells there."""
    supplier, bus = key
    rows = n.generators
    like = rows[(rows["origin"] == supplier) & (rows["bus"] == bus) & rows["carrier"].eq("pipeline gas")]
    figures: dict[str, Any] = {"bus": bus, "origin": supplier, "reward": reward, "cost": _USUAL_COST}
    if len(like):
        cheapest = read_costs(n, "Generator", like.index).mean().idxmin()
        figures["cost"] = float(read_costs(n, "Generator", pd.Index([cheapest]))[cheapest].mean())
        figures |= {"route": like.at[cheapest, "route"], "part_of": like.at[cheapest, "part_of"]}
    add_generator(n, name, rate, **figures)


def _lift(work: Work, change: Backfill, freed: pd.Series) -> None:
    """Let pipelines held to observed flows carry the freed gas as well, up to their technical capacity."""
    n = work.n
    for link in change.path:
        parts = find_parts(n, "Link", link)
        if link not in work.technical:
            raise ScenarioError(f"backfill: {link} is no pipeline of the tables, so its capacity is unknown")
        most = work.technical[link] + work.widened.get(link, 0.0)
        room = (most - read_rates(n, "Link", parts).sum(axis=1)).clip(lower=0.0, upper=freed)
        write_rates(n, "Link", (read_rates(n, "Link", pd.Index([link]))[link] + room).to_frame(link))


def swap(work: Work, change: Swap) -> None:
    """Deliver for each other: added gas is contracted at its delivery point, the rest changes papers alone."""
    for number, leg in enumerate(change.legs, start=1):
        start, end = leg.start or change.start, leg.end or change.end
        rate = rate_volume(work.n, leg.volume, start, end)
        if leg.adds:
            _add_leg(work.n, leg, rate, number)
        else:
            _check_leg(work.n, leg, rate)
        if (rate > 0).any():
            work.labels.append(
                {
                    "at": leg.link,
                    "from": leg.supplier,
                    "to": leg.label,
                    "twh": leg.volume.energy,
                    "per": leg.volume.per,
                    "start": start,
                    "end": end,
                }
            )


def _add_leg(n: pypsa.Network, leg: Leg, rate: pd.Series, number: int) -> None:
    """Add gas, capacity to carry it, and the contract that it flows."""
    find_parts(n, "Link", leg.link)
    bus = leg.bus or str(n.links.at[leg.link, "bus0"])
    check_bus(n, bus)
    name = f"{leg.supplier} {bus} swap {number}"
    add_generator(n, name, rate, bus=bus, origin=leg.supplier, cost=leg.cost, reward=find_reward(n))
    write_rates(n, "Link", (read_rates(n, "Link", pd.Index([leg.link]))[leg.link] + rate).to_frame(leg.link))
    shift_sure(n, leg.link, -rate)


def _check_leg(n: pypsa.Network, leg: Leg, rate: pd.Series) -> None:
    """Refuse a leg of more gas than its pipeline carries, or of a supplier that sells none."""
    find_exports(n, leg.supplier)
    room = read_rates(n, "Link", find_parts(n, "Link", leg.link)).sum(axis=1)
    over = rate - room
    if (over > 1e-6).any():
        day = over.idxmax()
        raise ScenarioError(
            f"swap: {rate[day]:.0f} GWh/d are to take the place of deliveries by {leg.link}, which carries at most "
            f"{room[day]:.0f} from {day:%Y-%m-%d}; lower the volume or name another link"
        )


def relabel(work: Work, change: Relabel) -> None:
    """Write down that papers change; flows stay."""
    if change.at not in work.n.buses.index:
        find_parts(work.n, "Link", change.at)
    work.labels.append(
        {
            "at": change.at,
            "from": change.origin,
            "to": change.to,
            "share": change.share,
            "start": change.start,
            "end": change.end,
        }
    )


def stake(work: Work, change: Stake) -> None:
    """Write down who owns what; flows stay."""
    rows = work.tables["ownership"]
    rows = rows[rows["asset"] == change.asset]
    if rows.empty:
        known = ", ".join(sorted(set(work.tables["ownership"]["asset"])))
        raise ScenarioError(f"stake: ownership.csv has no asset {change.asset!r}; it has {known}")
    if change.seller is not None and change.seller not in set(rows["owner"]):
        owners = ", ".join(sorted(set(rows["owner"])))
        raise ScenarioError(f"stake: {change.seller!r} owns nothing of {change.asset}; owners are {owners}")
    _check_share(work, change, rows)
    work.ownership.append(change.model_dump(exclude={"change"}))


def _check_share(work: Work, change: Stake, rows: pd.DataFrame) -> None:
    """Refuse more than the owner and the seller have, and stakes that together are more than the whole."""
    days = list_days(work.n)
    others = pd.Series(0.0, index=days)
    for held in work.ownership:
        if held["asset"] == change.asset:
            others += held["share"] * mark_days(find_spans(held["start"], held["end"], days), days)
    room = 1.0 - others
    if change.seller is not None:
        theirs = rows[rows["owner"].isin((change.owner, change.seller))]
        room = room.clip(upper=_sum_shares(theirs, days))
    room = room[mark_days(find_spans(change.start, change.end, days), days) > 0]
    if (change.share > room + 1e-9).any():
        holders = f"{change.owner} and {change.seller} hold" if change.seller else "other stakes leave"
        raise ScenarioError(
            f"stake: {change.share:g} of {change.asset} asked for {change.owner}, but {holders} {room.min():.4g} on "
            f"{room.idxmin():%Y-%m-%d}; lower the share"
        )


def _sum_shares(rows: pd.DataFrame, days: pd.DatetimeIndex) -> pd.Series:
    held = pd.Series(0.0, index=days)
    for row in rows.itertuples():
        held += row.share * hold_days(days, row.valid_from, row.valid_to)
    return held
