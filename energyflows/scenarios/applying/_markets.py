"""Demand, prices and what stores hold."""

from __future__ import annotations

import pandas as pd
import pypsa

from energyflows.errors import ScenarioError
from energyflows.network.slices import LEVEL_TOLERANCE, cut_slices, list_slices
from energyflows.scenarios._fields import is_recurring
from energyflows.scenarios.applying._days import list_days, place_day, share_days
from energyflows.scenarios.applying._supply import find_exports
from energyflows.scenarios.applying._work import (
    Work,
    check_bus,
    find_reward,
    read_costs,
    read_rates,
    write_costs,
    write_rates,
)
from energyflows.scenarios.changes import Demand, Price, StartStock, StorageTarget

_EU = "EU27"
_REST_OF_WORLD = "LNGROW"
_DAY = pd.Timedelta(days=1)


def list_zones(n: pypsa.Network, names: tuple[str, ...]) -> list[str]:
    """Return zones by name, the EU as its members."""
    found: list[str] = []
    unknown: list[str] = []
    for name in names:
        if name == _EU and "eu" in n.buses:
            found += n.buses.index[n.buses["eu"].eq(other=True)].tolist()
            continue
        try:
            check_bus(n, name)
        except ScenarioError as error:
            unknown.append(str(error))
        found.append(name)
    if unknown:
        raise ScenarioError("; ".join(unknown))
    return list(dict.fromkeys(found))


def change_demand(work: Work, change: Demand) -> None:
    """Multiply demand, and with it what may be given up or stay unserved."""
    n = work.n
    zones = list_zones(n, change.zones)
    names = n.loads.index[n.loads["bus"].isin(zones)]
    without = sorted(set(zones) - set(n.loads.loc[names, "bus"]))
    if without:
        raise ScenarioError(f"demand: {', '.join(without)} has no demand in this network")
    factor = 1.0 + (change.factor - 1.0) * share_days(n, change)
    write_rates(n, "Load", read_rates(n, "Load", names).mul(factor, axis=0))


def change_price(work: Work, change: Price) -> None:
    """Multiply a price and add to it."""
    n = work.n
    if change.supplier is None:
        rows = n.generators
        names = rows.index[(rows["bus"] == _REST_OF_WORLD) & (rows["carrier"] == "response")]
        if names.empty:
            raise ScenarioError("price: this network has no rest of the world; name a supplier")
    else:
        names = find_exports(n, change.supplier)
    held, costs = share_days(n, change), read_costs(n, "Generator", names)
    write_costs(n, "Generator", costs.mul(1.0 + (change.factor - 1.0) * held, axis=0).add(change.add * held, axis=0))


def set_target(work: Work, change: StorageTarget) -> None:
    """Reward gas in store up to a level on a day."""
    n, zones = work.n, _list_stores(work, change)
    for day in _list_dates(n, change.day):
        earlier = n.snapshots[n.snapshots < day]
        if not len(earlier) or day > list_days(n)[-1] + _DAY:
            continue
        _tell_day(work, change, day - _DAY, earlier[-1])
        for zone, volume in _measure_stores(n, zones, earlier[-1]).items():
            _claim_level(work, change, zone, day)
            hold_level(n, zone, earlier[-1], change.share * volume, (change.reward, 0.0))


def set_stock(work: Work, change: StartStock) -> None:
    """Hold stores to a level at the end of a day; the first day of the network starts from it."""
    n, zones = work.n, _list_stores(work, change)
    days = list_days(n)
    for day in _list_dates(n, change.day):
        if not days[0] - _DAY <= day <= days[-1]:
            continue
        within = n.snapshots[n.snapshots <= max(day, days[0])][-1]
        if day >= days[0]:
            _tell_day(work, change, day, within)
        for zone, volume in _measure_stores(n, zones, within).items():
            _claim_level(work, change, zone, day)
            if day < days[0]:
                _start_at(n, zone, change.share * volume)
            else:
                hold_level(n, zone, within, change.share * volume, (find_reward(n), find_reward(n)))


def _tell_day(work: Work, change: StorageTarget | StartStock, day: pd.Timestamp, snapshot: pd.Timestamp) -> None:
    """Say so if a level counts at the end of a period that does not end on its day."""
    last = snapshot + (work.n.snapshot_weightings["generators"][snapshot] - 1) * _DAY
    if last.normalize() != day.normalize():
        work.notes.append(
            f"{change.change}: the level of {day:%Y-%m-%d} counts on {last:%Y-%m-%d}, the end of its period"
        )


def _list_dates(n: pypsa.Network, day: str) -> list[pd.Timestamp]:
    if not is_recurring(day):
        return [pd.Timestamp(day)]
    # The turn of a year belongs to both.
    return [place_day(day, year) for year in range(n.snapshots[0].year - 1, n.snapshots[-1].year + 2)]


def _list_stores(work: Work, change: StorageTarget | StartStock) -> list[str]:
    """Return those zones that have storage; a zone asked for by name must have some."""
    found = [zone for zone in list_zones(work.n, change.zones) if list_slices(work.n, zone)]
    without = sorted({*change.zones} - {_EU} - set(found))
    if without:
        raise ScenarioError(f"{change.change}: {', '.join(without)} has no storage in this network")
    return found


def _measure_stores(n: pypsa.Network, zones: list[str], snapshot: pd.Timestamp) -> dict[str, float]:
    """Return the working volume of zones at a time, GWh; it may grow within the time of a network."""
    sizes = read_rates(n, "Store", n.stores.index).loc[snapshot].groupby(n.stores["bus"]).sum()
    return {zone: float(sizes[f"{zone} storage"]) for zone in zones}


def _claim_level(work: Work, change: StorageTarget | StartStock, zone: str, day: pd.Timestamp) -> None:
    """Refuse two levels on one day: of the EU and of a member, say."""
    if work.levels.setdefault((change.change, zone, day), change.share) != change.share:
        raise ScenarioError(f"{change.change}: {zone} has two different levels on {day:%Y-%m-%d}; leave one out")


def _start_at(n: pypsa.Network, zone: str, level: float) -> None:
    """Put an amount into the stores of a zone, from the lowest slice up."""
    for name in list_slices(n, zone):
        n.stores.at[name, "e_initial"] = min(level, n.stores.at[name, "e_nom"])
        n.stores.at[name, "e_cyclic"] = False
        level -= n.stores.at[name, "e_initial"]


def hold_level(n: pypsa.Network, zone: str, snapshot: pd.Timestamp, level: float, worth: tuple[float, float]) -> None:
    """Reward gas below a level at the end of a snapshot, and charge gas above it.

    Parameters
    ----------
    n : pypsa.Network
        Changed in place: the slice of the volume that holds the level is cut there.
    zone : str
        Storage zone.
    snapshot : pandas.Timestamp
        At whose end it counts.
    level : float
        GWh.
    worth : tuple of float
        Reward below and charge above, EUR/MWh.
    """
    days = float(n.snapshot_weightings["generators"][snapshot])
    cut_slices(n, {zone: [level]})
    top = 0.0
    for name in list_slices(n, zone):
        top += float(n.stores.at[name, "e_nom"])
        _earn(n, name, snapshot, (worth[0] if top <= level + LEVEL_TOLERANCE else -worth[1]) / days)


def _earn(n: pypsa.Network, name: str, snapshot: pd.Timestamp, worth: float) -> None:
    costs = n.stores_t.marginal_cost_storage
    if name not in costs:
        costs[name] = float(n.stores.at[name, "marginal_cost_storage"])
    costs.at[snapshot, name] -= worth
