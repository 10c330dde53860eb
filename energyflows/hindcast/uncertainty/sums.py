"""What must stay true between figures of varied tables: sums that are known, bounds that go with a figure."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from energyflows.datasets import strip_passport
from energyflows.network.lng import REST_OF_WORLD

Tables = Mapping[str, pd.DataFrame]
Numbers = NDArray[np.float64]
#: New values of a column by table and column.
Columns = dict[tuple[str, str], Numbers]

_DEMAND, _FLOWS, _LEVELS = ("demand_annual", "twh"), ("observed_flows", "twh"), ("observed_storage", "twh")


def mend(tables: Tables, columns: Columns) -> Columns:
    """Make varied columns fit each other again.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        As they were.
    columns : mapping of (str, str) to numpy.ndarray
        Varied figures by table and column.

    Returns
    -------
    mapping of (str, str) to numpy.ndarray
        These, and the columns that go with them. Where nothing was varied, exactly what the tables hold.
    """
    bare = {name: strip_passport(table) for name, table in tables.items()}
    return {
        **columns,
        **_carry_bounds(bare, columns),
        **_carry_rates(bare, columns),
        _DEMAND: _carry_rest(bare, columns),
        _FLOWS: _carry_months(bare["observed_flows"], columns[_FLOWS]),
        ("demand_profile", "share"): _close_shares(bare["demand_profile"], columns["demand_profile", "share"]),
        ("deliveries", "share"): _close_bookings(bare["deliveries"], columns["deliveries", "share"]),
        _LEVELS: _cap_levels(bare, _close_levels(bare, columns[_LEVELS]), columns["storages", "working_volume_twh"]),
    }


def _divide(new: Numbers, old: Numbers) -> Numbers:
    """Return by what figures were multiplied; exactly 1 where they are as they were or were nothing."""
    return np.divide(new, old, out=np.ones_like(new), where=old != 0)


def _carry_bounds(bare: Tables, columns: Columns) -> Columns:
    """Move the bounds of LNG deliveries in proportion to these."""
    table, new = bare["lng_suppliers"], columns["lng_suppliers", "twh"]
    ratio = _divide(new, table["twh"].to_numpy(dtype=float))
    least, most = (ratio * table[column].to_numpy(dtype=float) for column in ("min_twh", "max_twh"))
    return {("lng_suppliers", "min_twh"): np.minimum(least, new), ("lng_suppliers", "max_twh"): np.maximum(most, new)}


def _carry_rest(bare: Tables, columns: Columns) -> Numbers:
    """Move the LNG demand of the rest of the world by what exporters load more, where it is no estimate of its own."""
    supply, demand = bare["supply"], bare["demand_annual"]
    more = columns["supply", "twh"] - supply["twh"].to_numpy(dtype=float)
    exported = (supply["tier"] == "export").to_numpy(dtype=bool)
    by_year = pd.Series(more[exported]).groupby(supply["year"].to_numpy()[exported]).sum()
    taken = demand["year"].map(by_year).fillna(0.0).to_numpy(dtype=float)
    residual = (demand["zone"] == REST_OF_WORLD) & (demand["confidence"] != "estimate")
    return np.maximum(columns[_DEMAND] + np.where(residual, taken, 0.0), 0.0)


def _carry_rates(bare: Tables, columns: Columns) -> Columns:
    """Move the rates of stores in proportion to their volume."""
    table = bare["storages"]
    ratio = _divide(columns["storages", "working_volume_twh"], table["working_volume_twh"].to_numpy(dtype=float))
    rates = ("injection_gwh_d", "withdrawal_gwh_d")
    return {("storages", rate): ratio * table[rate].to_numpy(dtype=float) for rate in rates}


def _carry_months(flows: pd.DataFrame, new: Numbers) -> Numbers:
    """Move months and quarters that were all derived from an estimated year in proportion to it."""
    keys = flows["series"] + " " + flows["period"].str[:4]
    whole = flows["frequency"] == "year"
    rows = pd.DataFrame({"key": keys, "derived": flows["confidence"] == "derived"})[~whole]
    all_derived = rows.groupby("key")["derived"].all()
    guessed = whole & (flows["confidence"] == "estimate") & keys.isin(all_derived.index[all_derived])
    ratio = pd.Series(_divide(new, flows["twh"].to_numpy(dtype=float)), index=flows.index)[guessed]
    by_key = pd.Series(ratio.to_numpy(), index=keys[guessed])
    return np.where(whole, new, new * keys.map(by_key).fillna(1.0).to_numpy(dtype=float))


def _close_shares(profile: pd.DataFrame, new: Numbers) -> Numbers:
    """Bring the shares of each zone and year back to the sum they had."""
    groups = profile.groupby(["zone", profile["year"].fillna(0)], sort=False).ngroup().to_numpy()
    old = profile["share"].to_numpy(dtype=float)
    old_sum, new_sum = (np.bincount(groups, w, minlength=1).astype(float) for w in (old, new))
    factor: Numbers = _divide(old_sum, new_sum)[groups]
    return new * factor


def _close_levels(bare: Tables, new: Numbers) -> Numbers:
    """Bring estimated stocks of EU countries back to the sum they had, on days on which that of the EU is known."""
    levels, zones = bare["observed_storage"], bare["zones"]
    members = levels["zone"].isin(set(zones.loc[zones["eu"], "zone"]))
    known = set(levels.loc[(levels["zone"] == "EU27") & (levels["confidence"] != "estimate"), "date"])
    split = levels[members & levels["date"].isin(known) & (levels["confidence"] == "estimate")]
    return _close_groups(levels, "twh", new, split.groupby("date").groups)


def _close_bookings(deliveries: pd.DataFrame, new: Numbers) -> Numbers:
    """Bring estimated shares of a route that hold from the same day on back to the sum they had."""
    split = deliveries[deliveries["confidence"] == "estimate"]
    return _close_groups(deliveries, "share", new, split.groupby(["route", "valid_from"], dropna=False).groups)


def _close_groups(table: pd.DataFrame, column: str, new: Numbers, groups: Mapping[object, pd.Index]) -> Numbers:
    """Share out in each group of rows what keeps their sum as it was."""
    closed = new.copy()
    old, low, high = (table[name].to_numpy(dtype=float) for name in (column, "low", "high"))
    for labels in groups.values():
        at = table.index.get_indexer(labels)
        closed[at] = share_out(new[at], low[at], high[at], float(old[at].sum()))
    return closed


def share_out(values: Numbers, low: Numbers, high: Numbers, total: float) -> Numbers:
    """Return values between their ends that sum to a total, each moved in proportion to the room it has.

    Parameters
    ----------
    values, low, high : numpy.ndarray
        Each value between its ends; the total between the sums of these.
    total : float
        Wanted sum.

    Returns
    -------
    numpy.ndarray
        New values; the same where their sum is the total.

    Examples
    --------
    >>> share_out(np.array([1.0, 2.0]), np.zeros(2), np.array([2.0, 5.0]), 5.0).tolist()
    [1.5, 3.5]
    """
    rest = total - float(values.sum())
    room = high - values if rest > 0 else values - low
    free = float(room.sum())
    if rest == 0 or free <= 0:
        return values
    return np.clip(values + room * (rest / free), low, high)


def _cap_levels(bare: Tables, new: Numbers, volumes: Numbers) -> Numbers:
    """Keep stocks within the working volume, varied or not, as far as they were before."""
    levels, stores = bare["observed_storage"], bare["storages"]
    capped = new.copy()
    for zone in stores["zone"].unique():
        own = (stores["zone"] == zone).to_numpy()
        for row in np.flatnonzero(levels["zone"] == zone):
            day = levels["date"].iat[row]
            held = own & ((stores["valid_from"].isna()) | (stores["valid_from"] <= day)).to_numpy()
            held &= ((stores["valid_to"].isna()) | (stores["valid_to"] >= day)).to_numpy()
            was, room = (float(figures[held].sum()) for figures in (stores["working_volume_twh"].to_numpy(), volumes))
            if held.any() and levels["twh"].iat[row] <= was:
                capped[row] = min(capped[row], room)
    return capped
