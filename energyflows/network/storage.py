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

from energyflows.network.inputs import Inputs
from energyflows.network.lng import PRICE_HUB, spread_prices

#: Upper ends of the slices over which gas left at the end of an outlook year loses value, as parts of the volume.
END_SLICES = (0.25, 0.5, 0.75, 1.0)
#: GWh within which a level counts as reached.
LEVEL_TOLERANCE = 1e-6


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
    """
    rows = find_storages(inputs)
    starts = find_levels(inputs, inputs.snapshots[0] - pd.Timedelta(days=1)) | dict(stocks or {})
    _add_frame(n, rows)
    slices = []
    for zone, volume in rows["volume"].items():
        start = starts.get(str(zone))
        targets = list_fill_targets(inputs, str(zone), volume)
        if start is not None:
            targets += list_end_targets(inputs, str(zone), volume)
        slices.append(_cut_slices(inputs, str(zone), start, _cut_volume(volume, targets)))
    _add_slices(n, slices)


def find_storages(inputs: Inputs) -> pd.DataFrame:
    """Return volume (GWh), rates (GWh/d) and costs (EUR/MWh) by zone, from the row that began last."""
    rows = inputs.tables["storages"].sort_values("valid_from", na_position="first")
    last_day = inputs.periods.right[-1]
    held = rows["valid_from"].isna() | (rows["valid_from"] < last_day)
    held &= rows["valid_to"].isna() | (rows["valid_to"] >= inputs.periods.left[0])
    groups = rows[held].groupby("storage").last().groupby("zone")
    frame = pd.DataFrame(
        {
            "volume": 1e3 * groups["working_volume_twh"].sum(),
            "injection": groups["injection_gwh_d"].sum(),
            "withdrawal": groups["withdrawal_gwh_d"].sum(),
            "injection_cost": groups["injection_eur_mwh"].mean(),
            "withdrawal_cost": groups["withdrawal_eur_mwh"].mean(),
        }
    )
    return frame.reindex(sorted(set(rows["zone"]))).fillna(0.0)


def find_levels(inputs: Inputs, day: pd.Timestamp) -> dict[str, float]:
    """Return the observed stock at the end of a day by zone, GWh."""
    return inputs.levels.get(day, {})


def _add_frame(n: pypsa.Network, rows: pd.DataFrame) -> None:
    """Add the store bus and the two links of each zone."""
    buses = rows.index + " storage"
    country = n.buses.loc[rows.index, "country"].to_numpy()
    x, y = (n.buses.loc[rows.index, axis].to_numpy() for axis in ("x", "y"))
    n.add("Bus", buses, x=x, y=y, carrier="storage", country=country, kind="storage", eu=False, unit="GWh/d")
    for verb in ("injection", "withdrawal"):
        ends = (rows.index, buses) if verb == "injection" else (buses, rows.index)
        names = rows.index + f" {verb}"
        n.add(
            "Link",
            names,
            bus0=ends[0],
            bus1=ends[1],
            carrier=verb,
            p_nom=rows[verb].to_numpy(),
            marginal_cost=rows[f"{verb}_cost"].to_numpy(),
            part_of=names,
            group="storage",
            reward=0.0,
        )


def list_end_targets(inputs: Inputs, zone: str, volume: float) -> list[Target]:
    """Return what stock at the end of the last snapshot is worth.

    Where the level is observed it is held from both sides. Otherwise gas left is worth the last LNG price times a
    factor that falls with every quarter of the volume, so that the model neither empties nor fills the stores for no
    reason.

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
        One if observed, else one per quarter of the volume.
    """
    last = inputs.snapshots[-1]
    observed = find_levels(inputs, inputs.periods.right[-1] - pd.Timedelta(days=1)).get(zone)
    if observed is not None:
        penalty = inputs.parameter("minimum_penalty")
        return [Target(last, min(observed, volume), penalty, penalty)]
    price = float(spread_prices(inputs, PRICE_HUB).iat[-1])
    worth = [price * inputs.parameter(f"end_value_factor_{k}") for k in range(1, len(END_SLICES) + 1)]
    steps = [own - after for own, after in zip(worth, [*worth[1:], 0.0], strict=True)]
    return [Target(last, part * volume, step) for part, step in zip(END_SLICES, steps, strict=True)]


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
    rules = inputs.tables["rules"].query("kind == 'storage_target' and active")
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


def _cut_volume(volume: float, targets: list[Target]) -> list[tuple[float, float, list[Target]]]:
    """Return the slices between levels that matter, each with all targets."""
    edges = sorted({0.0, volume, *(round(min(target.level, volume), 6) for target in targets)})
    return [(low, high, targets) for low, high in pairwise(edges) if high > low] or [(0.0, 0.0, targets)]


def _cut_slices(
    inputs: Inputs, zone: str, start: float | None, spans: list[tuple[float, float, list[Target]]]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the stores of one zone and what their gas is worth by snapshot, EUR/MWh."""
    names = pd.Index([f"{zone} storage {k}" for k in range(1, len(spans) + 1)])
    stores = pd.DataFrame(
        {
            "bus": f"{zone} storage",
            "e_nom": [high - low for low, high, _ in spans],
            "e_initial": [min(max((start or 0.0) - low, 0.0), high - low) for low, high, _ in spans],
            "e_cyclic": start is None,
            "part_of": f"{zone} storage",
        },
        index=names,
    )
    worth = pd.DataFrame(0.0, index=inputs.snapshots, columns=names)
    for name, (_, high, targets) in zip(names, spans, strict=True):
        for target in targets:
            value = target.reward if high <= target.level + LEVEL_TOLERANCE else -target.penalty
            worth.at[target.snapshot, name] += value / inputs.weights[target.snapshot]
    return stores, worth


def _add_slices(n: pypsa.Network, slices: list[tuple[pd.DataFrame, pd.DataFrame]]) -> None:
    """Add all stores at once."""
    stores = pd.concat([stores for stores, _ in slices])
    worth = pd.concat([worth for _, worth in slices], axis=1)
    n.add("Store", stores.index, carrier="storage", marginal_cost_storage=-worth, **dict(stores.items()))
