"""Storage: one store bus per zone, two links, and what gas in store is worth on a date.

A level wanted on a date is never a hard bound. The working volume is cut into slices, and on that date gas in a slice
below the level earns a reward while gas above it may cost a penalty. So no scenario becomes infeasible, and results
can leave the reward out of the cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import pandas as pd
import pypsa

from energyflows.errors import UsageError, list_problems
from energyflows.network.calendar import find_overlaps
from energyflows.network.inputs import Inputs
from energyflows.network.lng import PRICE_HUB, spread_prices
from energyflows.network.parts import share_of

#: Upper ends of the slices over which gas left at the end of an outlook year loses value, as parts of the volume.
END_SLICES = (0.25, 0.5, 0.75, 1.0)
#: GWh within which a level counts as reached.
LEVEL_TOLERANCE = 1e-6
#: Filling targets in any other unit are not for the volume of the country itself.
TARGET_UNIT = "fraction of working volume"
VERBS = ("injection", "withdrawal")
#: Stores of one zone, the part of each that exists by snapshot, and what its gas is worth by snapshot.
Slices = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]


@dataclass(frozen=True)
class Target:
    """What gas in store is worth at the end of one snapshot."""

    snapshot: pd.Timestamp
    level: float
    """GWh."""
    reward: float
    """EUR/MWh for gas below the level."""
    penalty: float = 0.0
    """EUR/MWh on gas above it."""


def add_storage(n: pypsa.Network, inputs: Inputs, stocks: Mapping[str, float] | None = None) -> None:
    """Add storage to every zone that has it.

    Parameters
    ----------
    n : pypsa.Network
        Changed in place; buses exist.
    inputs : Inputs
        Tables and time.
    stocks : mapping of str to float, optional
        GWh in store at the start by zone; default the observed level of the day before. Zones with neither start and
        end at the same level, which the model chooses.

    Raises
    ------
    UsageError
        If a stock is negative or belongs to a zone without storage.
    """
    rates = {verb: _rate_zones(inputs, f"{verb}_gwh_d") for verb in VERBS}
    volumes = 1e3 * _rate_zones(inputs, "working_volume_twh").cummax()
    _refuse_stocks(stocks or {}, inputs)
    starts = find_levels(inputs, inputs.snapshots[0] - pd.Timedelta(days=1)) | dict(stocks or {})
    _add_frame(n, inputs, rates)
    _add_slices(n, [_cut_zone(inputs, str(zone), volumes[zone], starts.get(str(zone))) for zone in volumes])


def _rate_zones(inputs: Inputs, column: str) -> pd.DataFrame:
    """Return a figure of table ``storages`` by snapshot and zone, averaged over changes inside a period."""
    rows = inputs.tables["storages"]
    held = find_overlaps(rows["valid_from"], rows["valid_to"], inputs.periods)
    return (held * rows[column]).T.groupby(rows["zone"]).sum().T


def _refuse_stocks(stocks: Mapping[str, float], inputs: Inputs) -> None:
    """Refuse stocks that no store could ever hold; gas may be left from a year with more volume."""
    largest = inputs.tables["storages"].groupby(["zone", "storage"])["working_volume_twh"].max()
    volumes = 1e3 * largest.groupby("zone").sum()
    problems = [
        f"{zone}: no storage; expected one of {', '.join(volumes.index)}" for zone in stocks if zone not in volumes
    ]
    problems += [
        f"{zone}: found {stock!r}, expected GWh of at least 0 and at most {volumes[zone]:g}"
        for zone, stock in stocks.items()
        if zone in volumes and not 0 <= stock <= volumes[zone] * (1 + LEVEL_TOLERANCE)
    ]
    if problems:
        raise UsageError(list_problems("stocks at the start cannot be used:", problems))


def find_levels(inputs: Inputs, day: pd.Timestamp) -> dict[str, float]:
    """Return the observed stock at the end of a day by zone, GWh."""
    return inputs.levels.get(day, {})


def _add_frame(n: pypsa.Network, inputs: Inputs, rates: Mapping[str, pd.DataFrame]) -> None:
    """Add the store bus and the two links of each zone."""
    zones = rates["injection"].columns
    buses = zones + " storage"
    country = n.buses.loc[zones, "country"].to_numpy()
    x, y = (n.buses.loc[zones, axis].to_numpy() for axis in ("x", "y"))
    n.add("Bus", buses, x=x, y=y, carrier="storage", country=country, kind="storage", eu=False, unit="GWh/d")
    for verb, ends in (("injection", (zones, buses)), ("withdrawal", (buses, zones))):
        names = zones + f" {verb}"
        nominal = rates[verb].max()
        n.add(
            "Link",
            names,
            bus0=ends[0],
            bus1=ends[1],
            carrier=verb,
            p_nom=nominal.to_numpy(),
            p_max_pu=share_of(rates[verb], nominal).set_axis(names, axis=1),
            marginal_cost=inputs.tables["storages"].groupby("zone")[f"{verb}_eur_mwh"].mean()[zones].to_numpy(),
            part_of=names,
            group="storage",
            reward=0.0,
        )


def list_end_targets(inputs: Inputs, zone: str, volume: float) -> list[Target]:
    """Return what stock at the turn of each year is worth.

    Where the level is observed it is held from both sides. Where the last one is not, gas left is worth the last LNG
    price times a factor that falls with every quarter of the volume, so that the model neither empties nor fills the
    stores for no reason.

    Parameters
    ----------
    inputs : Inputs
        Tables and time.
    zone : str
        Storage zone.
    volume : float
        Working volume at the end, GWh.

    Returns
    -------
    list of Target
        One per observed turn of a year, and one per quarter of the volume if the last is not observed.
    """
    penalty = inputs.parameter("minimum_penalty")
    observed = {year: find_levels(inputs, pd.Timestamp(year, 12, 31)).get(zone) for year in inputs.years}
    targets = [
        Target(inputs.snapshots[inputs.snapshots.year == year][-1], level, penalty, penalty)
        for year, level in observed.items()
        if level is not None
    ]
    if observed[inputs.years[-1]] is None:
        price = float(spread_prices(inputs, PRICE_HUB).iat[-1])
        worth = [price * inputs.parameter(f"end_value_factor_{k}") for k in range(1, len(END_SLICES) + 1)]
        steps = [own - after for own, after in zip(worth, [*worth[1:], 0.0], strict=True)]
        parts = zip(END_SLICES, steps, strict=True)
        targets += [Target(inputs.snapshots[-1], part * volume, step) for part, step in parts]
    return targets


def list_fill_targets(inputs: Inputs, zone: str, volume: float) -> list[Target]:
    """Return the filling targets of the regulation that fall into years without observed stocks.

    Parameters
    ----------
    inputs : Inputs
        Tables and time.
    zone : str
        Storage zone.
    volume : float
        Working volume, GWh.

    Returns
    -------
    list of Target
        One per target date; a zone's own rule goes before the one for EU27.
    """
    eu = bool(inputs.tables["zones"].set_index("zone").at[zone, "eu"])
    rules = inputs.tables["rules"].query("kind == 'storage_target' and active and unit == @TARGET_UNIT")
    reward = inputs.parameter("storage_target_reward")
    targets = []
    for year in inputs.years:
        if find_levels(inputs, pd.Timestamp(year, 12, 31)).get(zone) is not None:
            continue
        day = pd.Timestamp(year, 11, 1)
        now = rules[(rules["valid_from"].fillna(day) <= day) & (rules["valid_to"].fillna(day) >= day)]
        own = now[now["zone"] == zone]
        rule = own if not own.empty else now[now["zone"] == "EU27"] if eu else own
        snapshots = inputs.snapshots[inputs.snapshots < day]
        if not rule.empty and len(snapshots):
            targets.append(Target(snapshots[-1], float(rule["value"].iat[-1]) * volume, reward))
    return targets


def _cut_zone(inputs: Inputs, zone: str, volume: pd.Series, start: float | None) -> Slices:
    """Cut a zone's volume into slices between the levels that matter.

    Volume once there stays to the end of the model, and gas found above it at the start may stay there: less room
    than gas would have no solution.
    """
    targets = list_fill_targets(inputs, zone, volume.iat[-1])
    if start is not None:
        targets += list_end_targets(inputs, zone, volume.iat[-1])
    found = start or 0.0
    top = max(volume.iat[-1], found)
    levels = (min(level, top) for level in [*volume, found, *(target.level for target in targets)])
    edges = sorted({0.0, top, *(round(level, 6) for level in levels)})
    spans = [(low, high) for low, high in pairwise(edges) if high - low > LEVEL_TOLERANCE] or [(0.0, 0.0)]
    names = pd.Index([f"{zone} storage {k}" for k in range(1, len(spans) + 1)])
    stores = pd.DataFrame(
        {
            "bus": f"{zone} storage",
            "e_nom": [high - low for low, high in spans],
            "e_initial": [min(max(found - low, 0.0), high - low) for low, high in spans],
            "e_cyclic": start is None,
            "part_of": f"{zone} storage",
            "rewarded": True,
        },
        index=names,
    )
    worth = pd.DataFrame(0.0, index=inputs.snapshots, columns=names)
    room = pd.DataFrame(1.0, index=inputs.snapshots, columns=names)
    for name, (_, high) in zip(names, spans, strict=True):
        room[name] = ((volume >= high - LEVEL_TOLERANCE) | (high <= found + LEVEL_TOLERANCE)).astype(float)
        for target in targets:
            value = target.reward if high <= target.level + LEVEL_TOLERANCE else -target.penalty
            worth.at[target.snapshot, name] += value / inputs.weights[target.snapshot]
    return stores, room, worth


def _add_slices(n: pypsa.Network, slices: list[Slices]) -> None:
    """Add all stores at once."""
    stores = pd.concat([stores for stores, _, _ in slices])
    room = pd.concat([room for _, room, _ in slices], axis=1)
    worth = pd.concat([worth for _, _, worth in slices], axis=1)
    opened = room.columns[(room < 1.0).any()]
    n.add("Store", stores.index, carrier="storage", marginal_cost_storage=-worth, **dict(stores.items()))
    if len(opened):
        n.stores_t.e_max_pu = room[opened]
