"""Storage: one store bus per zone, two links, and what gas in store is worth on a date.

A level wanted on a date is never a hard bound. The working volume is cut into slices, and on that date gas in a slice
below the level earns a reward while gas above it may cost a penalty. So no scenario becomes infeasible, and results
can leave the reward out of the cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from energyflows.errors import UsageError, list_problems
from energyflows.network.calendar import find_overlaps
from energyflows.network.inputs import Inputs
from energyflows.network.lng import PRICE_HUB, spread_prices
from energyflows.network.parts import share_of
from energyflows.network.plan import Plan

#: Upper ends of the slices over which gas left at the end of an outlook year loses value, as parts of the volume.
END_SLICES = (0.25, 0.5, 0.75, 1.0)
#: Upper ends of the slices over which gas in store is worth less, as parts of the volume.
LEVEL_SLICES = (0.2, 0.4, 0.6, 0.8, 1.0)
#: Days in which the worth of gas in store is earned once.
MONTH_DAYS = 365.0 / 12.0
#: GWh within which a level counts as reached.
LEVEL_TOLERANCE = 1e-6
#: Filling targets in any other unit are not for the volume of the country itself.
TARGET_UNIT = "fraction of working volume"
#: Month and day on which filling targets count.
TARGET_DAY = (11, 1)
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


@dataclass(frozen=True)
class Worth:
    """What targets of all zones are set by."""

    price: float
    """EUR/MWh of LNG on the last day."""
    spread: float
    """EUR/MWh and month by which gas in each fifth of the volume is worth less than in the one below."""
    shares: Mapping[int, Mapping[str, float]]
    """Filling target as a part of the volume, by year and zone."""


def add_storage(plan: Plan, inputs: Inputs, stocks: Mapping[str, float] | None = None) -> None:
    """Add storage to every zone that has it.

    Parameters
    ----------
    plan : Plan
        Takes them.
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
    rows = inputs.tables["storages"]
    held = find_overlaps(rows["valid_from"], rows["valid_to"], inputs.periods)
    rates = {verb: _rate_zones(held * rows[f"{verb}_gwh_d"], rows) for verb in VERBS}
    volumes = 1e3 * _rate_zones(held * rows["working_volume_twh"], rows).cummax()
    _refuse_stocks(stocks or {}, inputs)
    starts = find_levels(inputs, inputs.snapshots[0] - pd.Timedelta(days=1)) | dict(stocks or {})
    _add_frame(plan, inputs, rates)
    price = float(spread_prices(inputs, PRICE_HUB).iat[-1])
    worth = Worth(price, inputs.parameter("storage_value_spread"), find_fill_shares(inputs))
    cut = [_cut_zone(inputs, str(zone), volumes[zone], starts.get(str(zone)), worth) for zone in volumes]
    _add_slices(plan, cut)


def _rate_zones(figures: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Return figures by snapshot and row of table ``storages`` by snapshot and zone."""
    return figures.T.groupby(rows["zone"]).sum().T


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


def _add_frame(plan: Plan, inputs: Inputs, rates: Mapping[str, pd.DataFrame]) -> None:
    """Add the store bus and the two links of each zone."""
    zones = rates["injection"].columns
    buses = zones + " storage"
    x, y, country = (inputs.zones.loc[zones, column].to_numpy() for column in ("lon", "lat", "country"))
    plan.add("Bus", buses, x=x, y=y, carrier="storage", country=country, kind="storage", eu=False, unit="GWh/d")
    for verb, ends in (("injection", (zones, buses)), ("withdrawal", (buses, zones))):
        names = zones + f" {verb}"
        nominal = rates[verb].max()
        plan.add(
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


def list_end_targets(inputs: Inputs, zone: str, volume: float, price: float) -> list[Target]:
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
    price : float
        Of LNG on the last day, EUR/MWh.

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
        worth = [price * inputs.parameter(f"end_value_factor_{k}") for k in range(1, len(END_SLICES) + 1)]
        steps = [own - after for own, after in zip(worth, [*worth[1:], 0.0], strict=True)]
        parts = zip(END_SLICES, steps, strict=True)
        targets += [Target(inputs.snapshots[-1], part * volume, step) for part, step in parts]
    return targets


def find_fill_shares(inputs: Inputs) -> dict[int, dict[str, float]]:
    """Return the filling targets of the regulation as parts of the volume, by year and zone or ``EU27``."""
    rules = inputs.tables["rules"]
    rules = rules[(rules["kind"] == "storage_target") & rules["active"] & (rules["unit"] == TARGET_UNIT)]
    shares = {}
    for year in inputs.years:
        day = pd.Timestamp(year, *TARGET_DAY)
        now = rules[(rules["valid_from"].fillna(day) <= day) & (rules["valid_to"].fillna(day) >= day)]
        shares[year] = dict(zip(now["zone"], now["value"], strict=True))
    return shares


def list_fill_targets(
    inputs: Inputs, zone: str, volume: float, shares: Mapping[int, Mapping[str, float]]
) -> list[Target]:
    """Return the filling targets of the regulation that fall into years without observed stocks.

    Parameters
    ----------
    inputs : Inputs
        Tables and time.
    zone : str
        Storage zone.
    volume : float
        Working volume, GWh.
    shares : mapping of int to mapping of str to float
        From :func:`find_fill_shares`.

    Returns
    -------
    list of Target
        One per target date; a zone's own rule goes before the one for EU27.
    """
    general = "EU27" if inputs.zones.at[zone, "eu"] else zone
    reward = inputs.parameter("storage_target_reward")
    targets = []
    for year, told in shares.items():
        if find_levels(inputs, pd.Timestamp(year, 12, 31)).get(zone) is not None:
            continue
        share = told.get(zone, told.get(general))
        snapshots = inputs.snapshots[inputs.snapshots < pd.Timestamp(year, *TARGET_DAY)]
        if share is not None and len(snapshots):
            targets.append(Target(snapshots[-1], float(share) * volume, reward))
    return targets


def _cut_zone(inputs: Inputs, zone: str, volume: pd.Series, start: float | None, worth: Worth) -> Slices:
    """Cut a zone's volume into slices between the levels that matter.

    Volume once there stays to the end of the model, and gas found above it at the start may stay there: less room
    than gas would have no solution. Gas in each fifth of the volume is worth a little less than in the one below, as
    insurance is; else the model would not care whether countries fill alike or one by one.
    """
    targets = list_fill_targets(inputs, zone, volume.iat[-1], worth.shares)
    if start is not None:
        targets += list_end_targets(inputs, zone, volume.iat[-1], worth.price)
    found = start or 0.0
    top = max(volume.iat[-1], found)
    fifths = [part * volume.iat[-1] for part in LEVEL_SLICES] if worth.spread else []
    levels = (min(level, top) for level in [*volume, found, *fifths, *(target.level for target in targets)])
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
    tops = np.array([high for _, high in spans])
    opened = (volume.to_numpy()[:, None] >= tops - LEVEL_TOLERANCE) | (tops <= found + LEVEL_TOLERANCE)
    room = pd.DataFrame(opened.astype(float), index=inputs.snapshots, columns=names)
    kept = worth.spread / MONTH_DAYS * (len(fifths) // 2 - np.searchsorted(fifths[:-1], tops - LEVEL_TOLERANCE))
    earned = pd.DataFrame(np.tile(kept, (len(inputs.snapshots), 1)), index=inputs.snapshots, columns=names)
    for target in targets:
        value = np.where(tops <= target.level + LEVEL_TOLERANCE, target.reward, -target.penalty)
        earned.loc[target.snapshot] += value / inputs.weights[target.snapshot]
    return stores, room, earned


def _add_slices(plan: Plan, slices: list[Slices]) -> None:
    """Add all stores at once."""
    stores = pd.concat([stores for stores, _, _ in slices])
    room = pd.concat([room for _, room, _ in slices], axis=1)
    worth = pd.concat([worth for _, _, worth in slices], axis=1)
    late = room.columns[(room < 1.0).any()]
    figures = {"marginal_cost_storage": -worth, **dict(stores.items())}
    if len(late):
        figures["e_max_pu"] = room[late]
    plan.add("Store", stores.index, carrier="storage", **figures)
