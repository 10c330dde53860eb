"""How many ways lead into each country, from a network or results."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from energyflows.metrics._assets import list_into
from energyflows.metrics._infrastructure import BORDER, IMPORT, LNG, import_route_diversification
from energyflows.metrics._installations import find_markets, read_installations, split_scenarios, split_years

_COLUMNS = ["year", "country", "import_route_diversification", "entries"]


def import_route_diversification_table(x: Any, *, year: int | None = None) -> pd.DataFrame:
    """Return how concentrated the ways into each country are.

    Parameters
    ----------
    x : pypsa.Network or xarray.Dataset
        A network, ours or any other, solved or not; or results, also of several scenarios.
    year : int, optional
        One of several; default all.

    Returns
    -------
    pandas.DataFrame
        One row per scenario, year and country: ``import_route_diversification`` (0 to 10,000), ``entries`` (borders,
        exporters and terminals counted).

    Notes
    -----
    As :func:`import_route_diversification`. Where all that is known of a country's terminals is their sum and the
    largest of them, they are taken to be as few as these allow, which gives the highest concentration.

    Examples
    --------
    >>> import pypsa
    >>> n = pypsa.Network()
    >>> n.add("Bus", ["here", "there"])
    >>> n.add("Load", "demand", bus="here", p_set=5.0)
    >>> n.add("Link", "pipe", bus0="there", bus1="here", p_nom=8.0)
    >>> import_route_diversification_table(n)[["country", "import_route_diversification"]].to_numpy().tolist()
    [['here', 10000.0]]
    """
    rows = []
    for named, part in split_scenarios(x):
        for number, ds in split_years(read_installations(part), year):
            markets = find_markets(ds)
            for country, buses in markets.items():
                points = _list_points(list_into(ds, buses), {bus for members in markets.values() for bus in members})
                rows.append(
                    {
                        **named,
                        "year": number,
                        "country": country,
                        "import_route_diversification": _assess(points),
                        "entries": len(points[points["gwh_d"] > 0].groupby(["kind", "border"])),
                    }
                )
    return pd.DataFrame(rows) if rows else pd.DataFrame(columns=_COLUMNS)


def _assess(points: pd.DataFrame) -> float:
    if points.empty:
        return float("nan")
    border, kind = (xr.DataArray(points[name].to_numpy(dtype=str), dims="point") for name in ("border", "kind"))
    capacity = xr.DataArray(points["gwh_d"].to_numpy(dtype=float), dims="point")
    return float(import_route_diversification(capacity, border=border, kind=kind))


def _list_points(assets: pd.DataFrame, markets: set[str]) -> pd.DataFrame:
    """Return entry points: what comes from another market, from a corridor or exporter, and terminals one by one."""
    entry = assets[assets["kind"] == "entry"]
    kind = np.where(entry["from"].isin(markets), BORDER, IMPORT)
    pipes = pd.DataFrame({"kind": kind, "border": entry["from"], "gwh_d": entry["gwh_d"]})
    terminals = [
        {"kind": LNG, "border": f"{row.asset} {number}", "gwh_d": size}
        for row in assets[assets["kind"] == "lng"].itertuples()
        for number, size in enumerate(_cut(row.gwh_d, row.largest_gwh_d), start=1)
    ]
    return pd.concat([pipes, pd.DataFrame(terminals, columns=["kind", "border", "gwh_d"])], ignore_index=True)


def _cut(whole: float, largest: float) -> list[float]:
    """Cut a sum into as few parts as its largest allows."""
    if not 0 < largest < whole:
        return [whole]
    full = int(whole // largest)
    rest = whole - full * largest
    return [largest] * full + ([rest] if rest > 1e-9 * whole else [])
