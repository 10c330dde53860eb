"""Observed flows as results, so that one way of tracing, with stores that remember, serves both."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

_ENTERING = ("production", "supply")
_MOVING = ("pipeline", "lng", "injection", "withdrawal")
#: Whatever no bus can account for.
_UNEXPLAINED = "unexplained"


def arrange(flows: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> xr.Dataset:
    """Return observed flows by the contract of results.

    Parameters
    ----------
    flows : pandas.DataFrame
        From :func:`energyflows.observed_flows`, by month.
    tables : mapping of str to pandas.DataFrame
        From :func:`energyflows.load_tables`, for zones and names of links.

    Returns
    -------
    xarray.Dataset
        Rates, GWh/d, and stocks, GWh, as far as tracing reads them. What no bus can account for enters with the origin
        ``unexplained``, or leaves to a consumer of that name.
    """
    snapshots = pd.DatetimeIndex(sorted(flows["snapshot"].unique()), name="snapshot")
    days = snapshots.days_in_month.to_numpy().astype(float)
    zones = tables["zones"].set_index("zone")
    lost = (flows["kind"] == _UNEXPLAINED) & (flows["to"] == _UNEXPLAINED)
    entering = flows[flows["kind"].isin(_ENTERING) | ((flows["kind"] == _UNEXPLAINED) & ~lost)]
    moving = flows[flows["kind"].isin(_MOVING) | lost]
    burned = pd.concat([flows[flows["kind"] == "consumption"], flows[lost].assign(**{"from": _UNEXPLAINED})])
    volumes = {
        name: _spread(rows, keys, snapshots) / days[:, None]
        for name, rows, keys in (
            ("generator", entering, ["from", "to"]),
            ("link", moving, ["from", "to"]),
            ("bus", burned, ["from"]),
        )
    }
    stocks = pd.Series(flows.attrs["stocks"], dtype=float)
    ends = volumes["link"].columns
    buses = list(dict.fromkeys([*zones.index, *ends.get_level_values(0), *ends.get_level_values(1), *stocks.index]))
    put, drawn = (
        _spread(flows[flows["kind"] == kind], [end], snapshots).reindex(columns=stocks.index, fill_value=0.0)
        for kind, end in (("injection", "to"), ("withdrawal", "from"))
    )
    sources = volumes["generator"].columns
    data = {
        "supplied": (("snapshot", "generator"), volumes["generator"].to_numpy()),
        "consumed": (("snapshot", "bus"), volumes["bus"].reindex(columns=buses, fill_value=0.0).to_numpy()),
        "sent": (("snapshot", "link"), volumes["link"].to_numpy()),
        "received": (("snapshot", "link"), volumes["link"].to_numpy()),
        "stored": (("snapshot", "store"), (stocks + (put - drawn).cumsum()).clip(lower=0.0).to_numpy()),
        "injected": (("snapshot", "store"), put.to_numpy() / days[:, None]),
        "withdrawn": (("snapshot", "store"), drawn.to_numpy() / days[:, None]),
    }
    return xr.Dataset(data, coords=_name(tables, buses, ends, sources, list(stocks.index))).assign_coords(
        snapshot=snapshots, weight_days=("snapshot", days)
    )


def _spread(rows: pd.DataFrame, keys: list[str], snapshots: pd.DatetimeIndex) -> pd.DataFrame:
    """Return volumes by snapshot, and by the ends named."""
    table = rows.pivot_table(index="snapshot", columns=keys, values="volume", aggfunc="sum")
    return table.reindex(snapshots).fillna(0.0)


def _name(
    tables: Mapping[str, pd.DataFrame], buses: list[str], ends: pd.Index, sources: pd.Index, stores: list[str]
) -> dict[str, object]:
    """Return coordinates of all elements."""
    zones, pipes = tables["zones"].set_index("zone"), tables["pipelines"]
    known = {
        (row.begin, row.end): row.name
        for row in pipes.rename(columns={"from": "begin", "to": "end", "pipeline": "name"})[["begin", "end", "name"]]
        .drop_duplicates(["begin", "end"])
        .itertuples(index=False)
    }
    names = [known.get(pair, "-".join(pair)) for pair in ends]
    return {
        "bus": buses,
        "country": ("bus", np.array([str(zones["country"].get(bus, "") or "") for bus in buses])),
        "bus_kind": ("bus", np.array([str(zones["kind"].get(bus, "storage")) for bus in buses])),
        "link": names,
        "bus0": ("link", ends.get_level_values(0).to_numpy().astype(str)),
        "bus1": ("link", ends.get_level_values(1).to_numpy().astype(str)),
        "is_storage_link": ("link", np.array([bool({*pair} & set(stores)) for pair in ends])),
        "generator": [f"{source} at {bus}" for source, bus in sources],
        "generator_bus": ("generator", sources.get_level_values(1).to_numpy().astype(str)),
        "generator_origin": ("generator", np.array([str(source).split(" ")[0] for source, _ in sources])),
        "store": stores,
        "store_bus": ("store", np.array(stores, dtype=str)),
    }
