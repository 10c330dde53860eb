"""What a stress test of the winter draws from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from energyflows.datasets import load_tables
from energyflows.ensemble.outages import list_outages
from energyflows.ensemble.program import check_network
from energyflows.errors import UsageError
from energyflows.network.profiles import find_shares
from energyflows.results import name_parts

#: Months the range of winters is stated for.
WINTER_MONTHS = (1, 2, 3)


def specify_winter(n: Any, tables: Mapping[str, pd.DataFrame] | None = None) -> dict[str, Any]:
    """Return what a stress test of the winter varies, for :func:`energyflows.sample`.

    *Weather*, in zones whose monthly demand is observed in all years: all take the pattern of the same year, and their
    demand from January to March is multiplied by a common number, triangular from a mild over an average to a very
    cold winter. *Outages*: every link between zones fails with the same probability, at a random
    time and for a random while; the sections of the Southern Gas Corridor from Sangachal also fail together.
    *LNG*: each exporter by ship delivers somewhat more or less than its volume. The figures are rows ``stress_...`` of
    the table ``parameters``, with their ranges; the probability of an outage is an assumption.

    Parameters
    ----------
    n : pypsa.Network
        From :func:`energyflows.build_network`; its snapshots give the time.
    tables : mapping of str to pandas.DataFrame, optional
        From :func:`energyflows.load_tables`; default the packaged tables.

    Returns
    -------
    dict
        To be changed at will before it is sampled.

    Raises
    ------
    UsageError
        If the network was not built from the tables.

    Examples
    --------
    >>> from energyflows import build_network
    >>> spec = specify_winter(build_network(2025))
    >>> sorted(spec)
    ['availability', 'days', 'demand', 'events', 'snapshots', 'weather']
    """
    check_network(n)
    given = load_tables() if tables is None else tables
    if "kind" not in n.buses or not isinstance(n.snapshots, pd.DatetimeIndex):
        raise UsageError("n: found a network of another make, expected one from energyflows.build_network")
    figures = given["parameters"].set_index("parameter")["value"]
    days = n.snapshot_weightings["generators"].to_numpy(dtype=float)
    profile = given["demand_profile"]
    seen = profile[profile["year"].notna()].groupby("zone")["year"].nunique()
    zones = [
        bus for bus in n.buses.index if bus in (seen[seen == seen.max()].index if len(seen) else set(n.loads["bus"]))
    ]
    weather = {"weather": {"years": list_weather(profile, n.snapshots, days, zones)}} if len(seen) else {}
    winter = {
        "distribution": "triangular",
        "low": float(figures["stress_winter_low"]),
        "mode": 1.0,
        "high": float(figures["stress_winter_high"]),
    }
    return {
        "snapshots": n.snapshots,
        "days": days,
        **weather,
        "demand": [{"name": "winter", "buses": zones, "months": list(WINTER_MONTHS), "distribution": winter}],
        "events": _list_events(n, figures),
        "availability": _list_availability(n, figures),
    }


def list_weather(
    profile: pd.DataFrame, snapshots: pd.DatetimeIndex, days: np.ndarray, zones: list[str]
) -> xr.DataArray:
    """Return the monthly pattern of demand of each observed year, relative to that of the modelled year.

    Parameters
    ----------
    profile : pandas.DataFrame
        Table ``demand_profile``.
    snapshots : pandas.DatetimeIndex
        Starts of periods.
    days : numpy.ndarray
        Their lengths.
    zones : list of str
        Zones wanted, observed in all years.

    Returns
    -------
    xarray.DataArray
        By (year, bus, snapshot).
    """
    lengths = np.round(days).astype(int)
    period = np.repeat(np.arange(len(snapshots)), lengths)
    dates = snapshots[period] + pd.to_timedelta(np.concatenate([np.arange(length) for length in lengths]), unit="D")
    months = pd.DatetimeIndex(dates.to_period("M").unique().to_timestamp())
    years = sorted(int(year) for year in profile["year"].dropna().unique())
    modelled = find_shares(profile, months, pd.Index(zones))
    factors = np.empty((len(years), len(zones), len(snapshots)))
    for number, year in enumerate(years):
        then = find_shares(profile, pd.DatetimeIndex([month.replace(year=year) for month in months]), pd.Index(zones))
        ratio = (then.to_numpy() / modelled.to_numpy())[months.get_indexer(dates.to_period("M").to_timestamp())]
        factors[number] = [np.bincount(period, column) / lengths for column in ratio.T]
    coords = {"year": years, "bus": zones, "snapshot": snapshots.to_numpy()}
    return xr.DataArray(factors, dims=("year", "bus", "snapshot"), coords=coords)


def _list_events(n: Any, figures: pd.Series) -> list[dict[str, Any]]:
    """Return one outage for each link between zones, and one for the whole Southern Gas Corridor."""
    lost = list_outages(n, "links")
    corridor = n.links.index[n.links["group"] == "southern-gas-corridor"] if "group" in n.links else []
    lost["Southern Gas Corridor"] = sorted(name for name in corridor if name in lost)
    duration = {
        "distribution": "uniform",
        "low": float(figures["stress_outage_days_low"]),
        "high": float(figures["stress_outage_days_high"]),
    }
    return [
        {
            "name": name,
            "probability": float(figures["stress_outage_probability"]),
            "components": dict.fromkeys(members, 0.0),
            "start": "random",
            "days": duration,
        }
        for name, members in lost.items()
        if members
    ]


def _list_availability(n: Any, figures: pd.Series) -> dict[str, Any]:
    exporters = n.generators[n.generators["carrier"] == "lng"]
    spread = float(figures["stress_lng_spread"])
    share = {"distribution": "uniform", "low": 1.0 - spread, "high": 1.0 + spread}
    return dict.fromkeys(sorted(set(name_parts(exporters))), share)
