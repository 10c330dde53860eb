"""Suppliers that deliver less, and corridors that fail."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pypsa

from energyflows.errors import ScenarioError
from energyflows.scenarios._fields import Gas, is_recurring
from energyflows.scenarios.applying._days import average, list_days, place_day, rate_volume, share_days
from energyflows.scenarios.applying._work import Work, find_parts, read_offers, read_rates, scale, write_rates
from energyflows.scenarios.changes import Cut, Disrupt, Withhold

#: Carriers of gas sold abroad, by what a change calls them.
_CARRIERS = {"any": ("pipeline gas", "lng"), "pipeline": ("pipeline gas",), "lng": ("lng",)}

_NAMES = {"any": "gas", "pipeline": "pipeline gas", "lng": "LNG"}


def find_exports(n: pypsa.Network, supplier: str, routes: tuple[str, ...] = (), gas: Gas = "any") -> pd.Index:
    """Return the generators of a supplier's exports.

    Parameters
    ----------
    n : pypsa.Network
        Any built from tables.
    supplier : str
        Country of origin.
    routes : tuple of str
        All if empty.
    gas : {"any", "pipeline", "lng"}
        Which.

    Returns
    -------
    pandas.Index
        Raw names.

    Raises
    ------
    ScenarioError
        If the supplier, one of the routes, or gas of that kind is not in the network.
    """
    rows = n.generators[n.generators["carrier"].isin(_CARRIERS[gas])]
    own = rows[rows["origin"] == supplier]
    if own.empty:
        raise ScenarioError(f"no {_NAMES[gas]} of {supplier!r}; suppliers are {', '.join(sorted(set(rows['origin'])))}")
    strange = sorted(set(routes) - set(own["route"]))
    if strange:
        known = ", ".join(sorted(set(own["route"])))
        raise ScenarioError(f"{supplier} has no route {', '.join(strange)} for {gas} gas; it has {known}")
    return own.index[own["route"].isin(routes)] if routes else own.index


def cut(work: Work, change: Cut) -> None:
    """Take away a share of what a supplier delivers."""
    names = find_exports(work.n, change.supplier, change.routes, change.gas)
    scale(work.n, "Generator", names, 1.0 - change.share * share_days(work.n, change))


def withhold(work: Work, change: Withhold) -> None:
    """Take away a volume, from all suppliers in proportion to what they could deliver."""
    found = [
        find_exports(work.n, supplier, _own(work.n, supplier, change), change.gas) for supplier in change.suppliers
    ]
    names = pd.Index(np.concatenate(found)).unique()
    rates = read_rates(work.n, "Generator", names)
    offered = read_offers(work.n, names).sum(axis=1)
    kept = rate_volume(work.n, change.volume, change.start, change.end)
    if (kept > offered + 1e-6).any():
        day = (kept - offered).idxmax()
        raise ScenarioError(
            f"withhold: {kept[day]:.0f} GWh/d asked of {', '.join(change.suppliers)}, who offer {offered[day]:.0f} "
            f"from {day:%Y-%m-%d}; lower the volume"
        )
    write_rates(work.n, "Generator", rates.mul(1.0 - (kept / offered.where(offered > 0, 1.0)), axis=0))


def _own(n: pypsa.Network, supplier: str, change: Withhold) -> tuple[str, ...]:
    """Return those of the routes that are the supplier's; a route nobody has is refused."""
    if not change.routes:
        return ()
    rows = n.generators[n.generators["origin"].isin(change.suppliers)]
    strange = sorted(set(change.routes) - set(rows["route"]))
    if strange:
        raise ScenarioError(f"no route {', '.join(strange)} of {', '.join(change.suppliers)}")
    own = tuple(sorted(set(change.routes) & set(rows.loc[rows["origin"] == supplier, "route"])))
    if not own:
        raise ScenarioError(f"none of the routes {', '.join(change.routes)} is one of {supplier}")
    return own


def disrupt(work: Work, change: Disrupt) -> None:
    """Lower the capacity of a link, or of all links of a corridor, and let it come back."""
    n = work.n
    if change.corridor in n.buses.index:
        names = n.links.index[(n.links["bus0"] == change.corridor) | (n.links["bus1"] == change.corridor)]
    else:
        names = find_parts(n, "Link", change.corridor)
    lost = change.depth if change.start is None else average(rate_loss(change, list_days(n)), n)
    scale(n, "Link", names, 1.0 - lost)


def rate_loss(change: Disrupt, days: pd.DatetimeIndex) -> pd.Series:
    """Return the part of the capacity lost on each day, of a failure with a start."""
    assert change.start is not None  # noqa: S101  without one it is lost on all days
    recurring = is_recurring(change.start)
    years = range(days[0].year - 10, days[-1].year + 1) if recurring else [0]
    starts = [place_day(change.start, year) if recurring else pd.Timestamp(change.start) for year in years]
    lost = [_lose(change, (days - start).days.to_numpy()) for start in starts]
    return pd.Series(np.max(lost, axis=0), index=days)


def _lose(change: Disrupt, age: np.ndarray) -> np.ndarray:
    """Return the part lost by days since the failure; it falls to nothing at an even pace over the ramp."""
    length = np.inf if change.duration_days is None else float(change.duration_days)
    if length == 0:
        return np.zeros(len(age))
    back = np.clip((age - length + 1) / (change.ramp_days + 1), 0.0, 1.0)
    return np.where(age < 0, 0.0, change.depth * np.where(age < length, 1.0, 1.0 - back))
