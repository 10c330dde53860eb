"""What an uncertain hindcast looks at: flows and prices by year, stocks by month."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from energyflows.hindcast.series import EU, list_series
from energyflows.hindcast.uncertainty.programs import Solved
from energyflows.network.calendar import parse_period
from energyflows.summary._entries import list_entries
from energyflows.summary._observed import sum_imports

Tables = Mapping[str, pd.DataFrame]
Numbers = NDArray[np.float64]

#: Countries whose stocks are told, by working volume.
LARGEST = 10
MONTHS = 12
_SEEN = ["outcome", "group", "period", "observed", "role", "confidence"]
#: Groups of series told even where nothing is observed.
_ALWAYS = ("lng", "lng-groups", "lng-total", "tap", "stock-eu")


@dataclass(frozen=True)
class Outcome:
    """One thing looked at: a sum of elements, each with its sign."""

    name: str
    kind: str
    group: str
    unit: str
    elements: Mapping[str, float]


def list_outcomes(ds: xr.Dataset, tables: Tables, observed: Iterable[str]) -> list[Outcome]:
    """Return what is looked at.

    Parameters
    ----------
    ds : xarray.Dataset
        Results of the reference.
    tables : mapping of str to pandas.DataFrame
        Those they were made from.
    observed : iterable of str
        Series that are observed.

    Returns
    -------
    list of Outcome
        Observed links, LNG by zone and group of zones, exits of TAP, the stock of the EU27 and of the ten countries
        with the largest volume, observed hubs, and imports of the EU27 by origin; flows, then prices, then stocks.
    """
    series, seen = list_series(tables), set(observed)
    volume = tables["storages"].groupby(["zone", "storage"])["working_volume_twh"].max().groupby("zone").sum()
    large = {f"stock {zone}" for zone in volume.nlargest(LARGEST).index}
    wanted = series.index.isin(seen | large) | series["group"].isin(_ALWAYS)
    wanted &= (series["group"] != "stocks") | series.index.isin(large)
    landed = _list_landings(ds)
    found = []
    for row in series[wanted].itertuples():
        parts = [name for zone in row.elements for name in landed.get(zone, [])] if row.kind == "lng" else row.elements
        found.append(Outcome(row.Index, row.kind, row.group, row.unit, dict.fromkeys(parts, 1.0)))
    order = {"link": 0, "lng": 1, "imports": 2, "price": 3, "stock": 4}
    return sorted([*found, *_list_imports(ds, tables)], key=lambda outcome: order[outcome.kind])


def _list_landings(ds: xr.Dataset) -> dict[str, list[str]]:
    """Return the regasification links of each zone."""
    chosen = ds["carrier"].to_numpy() == "regasification"
    found: dict[str, list[str]] = {}
    for link, zone in zip(ds["link"].to_numpy()[chosen], ds["bus1"].to_numpy()[chosen], strict=True):
        found.setdefault(str(zone), []).append(str(link))
    return found


def _list_imports(ds: xr.Dataset, tables: Tables) -> list[Outcome]:
    entries = list_entries(ds, tables)
    return [
        Outcome(
            f"imports {EU} {origin} {kind}",
            "imports",
            "imports",
            "TWh",
            dict(zip(map(str, rows["element"]), rows["sign"].astype(float), strict=True)),
        )
        for (origin, kind), rows in entries.groupby(["origin", "kind"])
    ]


def frame_outcomes(outcomes: list[Outcome], years: list[int]) -> pd.DataFrame:
    """Return one row per outcome and period, in the order of :func:`measure` year by year.

    Parameters
    ----------
    outcomes : list of Outcome
        From :func:`list_outcomes`.
    years : list of int
        Modelled.

    Returns
    -------
    pandas.DataFrame
        Columns ``outcome, group, period, year, unit``; period ``2021``, or ``2021-05-31`` for stocks.
    """
    rows = []
    for year in years:
        ends = [f"{day:%Y-%m-%d}" for day in pd.date_range(f"{year}-01-31", periods=MONTHS, freq="ME")]
        for outcome in outcomes:
            periods = ends if outcome.kind == "stock" else [str(year)]
            rows += [(outcome.name, outcome.group, period, year, outcome.unit) for period in periods]
    return pd.DataFrame(rows, columns=["outcome", "group", "period", "year", "unit"])


def measure(solved: Solved, outcomes: list[Outcome]) -> Numbers:
    """Return the outcomes of a year.

    Parameters
    ----------
    solved : Solved
        Of a year by months.
    outcomes : list of Outcome
        From :func:`list_outcomes`.

    Returns
    -------
    numpy.ndarray
        TWh and EUR/MWh; one figure per flow and price, twelve per stock.
    """
    flows = {**solved.supplied, **solved.received}
    found: list[Numbers] = []
    for outcome in outcomes:
        if outcome.kind == "stock":
            known = [zone for zone in outcome.elements if zone in solved.stored]
            found.append(solved.stored[known].sum(axis=1).to_numpy(dtype=float))
            continue
        figures = solved.price if outcome.kind == "price" else flows
        found.append(np.array([sum(sign * figures.get(name, 0.0) for name, sign in outcome.elements.items())]))
    return np.concatenate(found)


def observe_outcomes(pairs: pd.DataFrame, tables: Tables, years: list[int]) -> pd.DataFrame:
    """Return what was observed of outcomes, in their periods.

    Parameters
    ----------
    pairs : pandas.DataFrame
        Of the reference, from :func:`energyflows.hindcast.pairing.pair`.
    tables : mapping of str to pandas.DataFrame
        Given.
    years : list of int
        Modelled.

    Returns
    -------
    pandas.DataFrame
        Columns ``outcome, group, period, observed, role, confidence``; flows and prices of years that are told whole.
    """
    stocks = pairs[pairs["frequency"] == "day"].rename(columns={"series": "outcome"})
    yearly = pairs[(pairs["frequency"] != "day") & pairs["observed"].notna()]
    rows = [_sum_year(str(name), int(year), part) for (name, year), part in yearly.groupby(["series", "year"])]
    flows = pd.DataFrame([row for row in rows if row], columns=_SEEN)
    imports = sum_imports(tables["observed_imports"], years).stack().dropna()
    told = [
        (f"imports {EU} {origin} {kind}", "imports", str(year), twh, "", "")
        for (origin, kind, year), twh in imports.items()
    ]
    return pd.concat([stocks[_SEEN], flows, pd.DataFrame(told, columns=_SEEN)], ignore_index=True)


def _sum_year(name: str, year: int, rows: pd.DataFrame) -> tuple[object, ...] | None:
    """Return a year's sum, or mean of prices, with its weakest role and confidence; nothing if a day is missing."""
    days = np.array([(after - start).days for start, after in map(parse_period, rows["period"])], dtype=float)
    if days.sum() != pd.Timestamp(year, 12, 31).day_of_year:
        return None
    values = rows["observed"].to_numpy(dtype=float)
    total = float(values @ days / days.sum() if name.startswith("price ") else values.sum())
    roles, confidences = set(rows["role"]), set(rows["confidence"])
    role = next((each for each in ("input", "circular") if each in roles), "scored")
    weakest = next((each for each in ("estimate", "derived") if each in confidences), "observed")
    return name, rows["group"].iat[0], str(year), total, role, weakest
