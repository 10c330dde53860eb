"""The only reader of a solved network. It knows PyPSA's column names but imports nothing of it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from energyflows.errors import ResultsError, list_problems, require

#: Carriers of generators that stand for demand not met, ours and the usual ones elsewhere.
UNSERVED = frozenset({"unserved", "load shedding", "load-shedding", "load_shedding", "loadshedding", "load"})
#: Carrier of generators that stand for demand given up because of its price.
RESPONSE = frozenset({"response", "demand response"})

UNITS = {
    "supplied": "GWh/d",
    "available": "GWh/d",
    "consumed": "GWh/d",
    "unserved": "GWh/d",
    "response": "GWh/d",
    "sent": "GWh/d",
    "received": "GWh/d",
    "lost": "GWh/d",
    "minimum": "GWh/d",
    "capacity": "GWh/d",
    "injected": "GWh/d",
    "withdrawn": "GWh/d",
    "stored": "GWh",
    "price": "EUR/MWh",
    "utilisation": "1",
    "objective": "thousand EUR",
}

#: GWh/d against the direction of a link that is more than rounding.
_LEAST_FLOW = 1e-9
_READABLE = {"buses", "generators", "loads", "links", "lines", "stores", "storage_units"}
_WITHOUT_FLOW = {
    "carriers",
    "global_constraints",
    "sub_networks",
    "networks",
    "line_types",
    "transformer_types",
    "shapes",
}


def read_results(n: Any) -> xr.Dataset:
    """Read a solved network into labelled arrays.

    Parts of one thing (price steps, months with an energy budget, the contracted share of a flow) that carry the
    same ``part_of`` become one element. A link or line that carried flow backwards becomes two, the second named
    ``NAME (reverse)``. Storage units become stores. A line with the name of a link, or a storage unit with the name of
    a store, is read as ``NAME (line)`` or ``NAME (storage unit)``.

    Parameters
    ----------
    n : pypsa.Network
        Solved, by this library or any other program.

    Returns
    -------
    xarray.Dataset
        Dims ``snapshot, bus, link, generator, store``; see :data:`UNITS` for variables and units; coords
        ``weight_days, country, bus0, bus1, carrier, efficiency, is_storage_link, generator_bus, generator_origin,
        generator_route, store_bus``.

    Raises
    ------
    ResultsError
        If the network is not solved, or has components or ports that would be lost, each by name.

    Examples
    --------
    >>> from energyflows import build_network, solve
    >>> ds = solve(build_network(2025))
    >>> ds["sent"].dims
    ('snapshot', 'link')
    """
    require(n, "buses_t links_t components", "a pypsa.Network")
    problems = _find_unreadable(n)
    if problems:
        raise ResultsError(list_problems("this network cannot be read as results:", problems))
    snapshots = pd.DatetimeIndex(n.snapshots) if _is_time(n.snapshots) else pd.Index(n.snapshots)
    weights = n.snapshot_weightings["generators"].to_numpy(dtype=float)
    ds = xr.Dataset(coords={"snapshot": snapshots.rename("snapshot")})
    ds = ds.assign_coords(weight_days=("snapshot", weights))
    ds = _add_buses(ds, n)
    ds = _add_generators(ds, n, weights)
    ds = _add_demand(ds, n)
    ds = _add_links(ds, n)
    ds = _add_stores(ds, n)
    ds["objective"] = float(n.objective) + _sum_rewards(n, n.snapshot_weightings["objective"].to_numpy(dtype=float))
    for name, array in ds.data_vars.items():
        array.attrs["units"] = UNITS[str(name)]
    ds.attrs = {"program": "energyflows", "meta": json.dumps(dict(n.meta), default=str)}
    return ds


def _is_time(snapshots: pd.Index) -> bool:
    return isinstance(snapshots, pd.DatetimeIndex)


def _find_unreadable(n: Any) -> list[str]:
    """List what a dataset could not hold."""
    problems = []
    if isinstance(n.snapshots, pd.MultiIndex):
        problems.append("investment periods: found several, expected one; select one with n.snapshots")
    if getattr(n, "has_scenarios", False):
        problems.append("stochastic scenarios: found some, expected none; read one scenario at a time")
    if getattr(n, "objective", None) is None or n.buses_t.marginal_price.empty:
        problems.append("no solution found; solve the network first")
    return problems + _find_unreadable_components(n)


def _find_unreadable_components(n: Any) -> list[str]:
    """List components, ports and inflows that would be lost."""
    strangers = [c for c in n.components if len(c.static) and c.list_name not in _READABLE | _WITHOUT_FLOW]
    problems = [
        f"{c.list_name} {', '.join(map(str, c.static.index[:5]))}: not supported; use links or stores"
        for c in strangers
    ]
    for port in [c for c in n.links.columns if c.startswith("bus") and c not in {"bus0", "bus1"}]:
        used = n.links.index[n.links[port].fillna("").astype(str) != ""]
        if len(used):
            problems.append(f"links {', '.join(map(str, used[:5]))}: port {port} would be lost; split them")
    heating = n.links.index[(_dense(n, "links", "efficiency") < 0).any()]
    problems += [f"link {name}: negative efficiency; its second end would be lost" for name in heating]
    inflow = _dense(n, "storage_units", "inflow").abs().max()
    problems += [
        f"storage unit {name}: inflow would be lost; model it as a generator" for name in inflow.index[inflow > 0]
    ]
    return problems


def _dense(n: Any, component: str, attribute: str) -> pd.DataFrame:
    """Return an attribute by snapshot and name, whether it is stored as a column or a series."""
    static = getattr(n, component)
    series = getattr(n, f"{component}_t")[attribute].reindex(index=n.snapshots)
    if attribute in static:
        fixed = [name for name in static.index if name not in series.columns]
        constant = np.broadcast_to(static.loc[fixed, attribute].to_numpy(dtype=float), (len(n.snapshots), len(fixed)))
        series = pd.concat([series, pd.DataFrame(constant, index=n.snapshots, columns=fixed)], axis=1)
    return series.reindex(columns=static.index).fillna(0.0)


def _name_parts(static: pd.DataFrame) -> pd.Series:
    """Return the name under which each row is read."""
    own = pd.Series(static.index, index=static.index)
    parts = static["part_of"].astype(str).replace("", np.nan) if "part_of" in static else own
    return parts.fillna(own)


def _sum_parts(frame: pd.DataFrame, names: pd.Series) -> pd.DataFrame:
    """Add up the columns that are parts of one thing, in order of first appearance."""
    if names.is_unique:
        return frame.set_axis(names.to_numpy(), axis=1)
    return frame.T.groupby(names.to_numpy(), sort=False).sum().T


def _array(frame: pd.DataFrame, dim: str) -> xr.DataArray:
    return xr.DataArray(
        frame.to_numpy(dtype=float),
        dims=("snapshot", dim),
        coords={dim: np.asarray(frame.columns, dtype=object).astype(str)},
    )


def _label(values: Any) -> np.ndarray:
    return np.array(["" if pd.isna(value) else str(value) for value in values], dtype=str)


def _column(static: pd.DataFrame, column: str) -> pd.Series:
    return static[column] if column in static else pd.Series("", index=static.index)


def _add_buses(ds: xr.Dataset, n: Any) -> xr.Dataset:
    price = n.buses_t.marginal_price.reindex(columns=n.buses.index)
    ds["price"] = _array(price, "bus")
    return ds.assign_coords(
        country=("bus", _label(_column(n.buses, "country"))),
        bus_kind=("bus", _label(_column(n.buses, "kind"))),
    )


def _add_generators(ds: xr.Dataset, n: Any, weights: np.ndarray) -> xr.Dataset:
    """Add supply by generator, and unserved energy and response by bus."""
    static = n.generators
    carrier = static["carrier"].astype(str).str.lower()
    output = n.generators_t.p.reindex(columns=static.index, fill_value=0.0) * static["sign"]
    for name, carriers in (("unserved", UNSERVED), ("response", RESPONSE)):
        chosen = carrier.isin(carriers)
        ds[name] = _array(_by_bus(output.loc[:, chosen], static["bus"], n), "bus").clip(min=0.0)
    real = ~carrier.isin(UNSERVED | RESPONSE)
    rows, names = static[real], _name_parts(static[real])
    first = rows[~names.duplicated()]
    ds["supplied"] = _array(_sum_parts(output.loc[:, real], names), "generator")
    ds["available"] = _array(_sum_parts(_rate_available(n, weights).loc[:, real], names), "generator")
    return ds.assign_coords(
        generator_bus=("generator", _label(first["bus"])),
        generator_origin=("generator", _label(_find_origins(first, n))),
        generator_route=("generator", _label(_column(first, "route"))),
        generator_carrier=("generator", _label(first["carrier"])),
    )


def _find_origins(static: pd.DataFrame, n: Any) -> pd.Series:
    """Return each generator's origin; else the country of its bus, else the bus."""
    bus = static["bus"].astype(str)
    country = bus.map(_column(n.buses, "country")).replace("", np.nan)
    origin = _column(static, "origin").replace("", np.nan)
    return origin.fillna(country).fillna(bus)


def _nominal(static: pd.DataFrame, column: str) -> pd.Series:
    """Return the size of each component: as optimised if extendable, zero if inactive."""
    size = static[f"{column}_opt"].where(static[f"{column}_extendable"], static[column])
    return size.where(static["active"], 0.0)


def _rate_available(n: Any, weights: np.ndarray) -> pd.DataFrame:
    """Return what each generator could give, its energy budget spread over its rate."""
    static = n.generators
    nominal = _nominal(static, "p_nom")
    rate = _dense(n, "generators", "p_max_pu") * nominal
    energy = (rate.mul(weights, axis=0)).sum()
    part = (static["e_sum_max"] / energy.where(energy > 0, np.inf)).clip(upper=1.0)
    return rate * part.where(np.isfinite(static["e_sum_max"]), 1.0)


def _by_bus(frame: pd.DataFrame, bus: pd.Series, n: Any) -> pd.DataFrame:
    return frame.T.groupby(bus[frame.columns].to_numpy()).sum().T.reindex(columns=n.buses.index, fill_value=0.0)


def _add_demand(ds: xr.Dataset, n: Any) -> xr.Dataset:
    taken = n.loads_t.p.reindex(columns=n.loads.index, fill_value=0.0) * -n.loads["sign"] * n.loads["active"]
    demand = _by_bus(taken, n.loads["bus"], n)
    ds["consumed"] = _array(demand, "bus") - ds["unserved"] - ds["response"]
    return ds


def _list_branches(n: Any) -> pd.DataFrame:
    """Return links and lines with one set of columns."""
    links = n.links.assign(nominal=_nominal(n.links, "p_nom"))
    lines = n.lines.assign(nominal=_nominal(n.lines, "s_nom"), efficiency=1.0)
    return _join(links, lines, "line") if len(lines) else links


def _join(first: pd.DataFrame, second: pd.DataFrame, kind: str, axis: int = 0) -> pd.DataFrame:
    """Put components of two kinds behind each other; a name both use gets the second kind behind it."""
    taken = set(first.axes[axis])
    names = [f"{name} ({kind})" if name in taken else name for name in second.axes[axis]]
    return pd.concat([first, second.set_axis(names, axis=axis)], axis=axis)


def _read_flows(n: Any, static: pd.DataFrame) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """Return flows and bounds of branches, forward and, for those that ever carried any, backward."""
    p0, p1 = (
        _join(
            n.links_t[end].reindex(columns=n.links.index, fill_value=0.0),
            n.lines_t[end].reindex(columns=n.lines.index, fill_value=0.0),
            "line",
            axis=1,
        )
        for end in ("p0", "p1")
    )
    rating = _dense(n, "lines", "s_max_pu")
    limit = _join(_dense(n, "links", "p_max_pu"), rating, "line", axis=1) * static["nominal"]
    floor = _join(_dense(n, "links", "p_min_pu"), -rating, "line", axis=1) * static["nominal"]
    efficiency = _dense(n, "links", "efficiency").reindex(columns=static.index, fill_value=1.0)
    rewarded = limit * (_column(static, "reward").replace("", 0.0).astype(float) > 0)
    forward = {
        "sent": p0.clip(lower=0.0),
        "received": (-p1).clip(lower=0.0).where(p0 > 0, 0.0),
        "capacity": limit,
        "minimum": rewarded,
    }
    back = p0.columns[(p0 < -_LEAST_FLOW).any()]
    backward = {
        "sent": p1[back].clip(lower=0.0).where(p0[back] < 0, 0.0),
        "received": (-p0[back]).clip(lower=0.0),
        "capacity": -floor[back] * efficiency[back],
        "minimum": rewarded[back] * 0.0,
    }
    return forward, backward


def _add_links(ds: xr.Dataset, n: Any) -> xr.Dataset:
    """Add flows by link; backward flow is forward flow of a link of its own."""
    static = _list_branches(n)
    forward, backward = _read_flows(n, static)
    names, back = _name_parts(static), backward["sent"].columns
    for name, frame in forward.items():
        reverse = _sum_parts(backward[name], names[back]).rename(columns=lambda link: f"{link} (reverse)")
        ds[name] = _array(pd.concat([_sum_parts(frame, names), reverse], axis=1), "link")
    ds["lost"] = ds["sent"] - ds["received"]
    ds["utilisation"] = ds["sent"] / ds["capacity"].where(ds["capacity"] > 0)
    first, turned = static[~names.duplicated()], static.loc[back[~names[back].duplicated()]]
    ends0, ends1 = [*first["bus0"], *turned["bus1"]], [*first["bus1"], *turned["bus0"]]
    stores = set(n.stores["bus"]) - {*n.loads["bus"], *n.generators["bus"]}
    return ds.assign_coords(
        bus0=("link", _label(ends0)),
        bus1=("link", _label(ends1)),
        carrier=("link", _label([*_column(first, "carrier"), *_column(turned, "carrier")])),
        efficiency=("link", np.array([*first["efficiency"], *(1 / turned["efficiency"])], dtype=float)),
        is_storage_link=("link", np.array([not stores.isdisjoint(pair) for pair in zip(ends0, ends1, strict=True)])),
    )


def _add_stores(ds: xr.Dataset, n: Any) -> xr.Dataset:
    """Add stores and storage units."""
    units = n.storage_units
    static = _join(n.stores, units, "storage unit") if len(units) else n.stores
    names = _name_parts(static)
    power = n.stores_t.p.reindex(columns=n.stores.index, fill_value=0.0) * n.stores["sign"]
    level = n.stores_t.e.reindex(columns=n.stores.index, fill_value=0.0)
    dispatch = n.storage_units_t.p.reindex(columns=units.index, fill_value=0.0) * units["sign"]
    net = _sum_parts(_join(power, dispatch, "storage unit", axis=1), names)
    state = n.storage_units_t.state_of_charge.reindex(columns=units.index, fill_value=0.0)
    ds["stored"] = _array(_sum_parts(_join(level, state, "storage unit", axis=1), names), "store")
    ds["injected"] = _array((-net).clip(lower=0.0), "store")
    ds["withdrawn"] = _array(net.clip(lower=0.0), "store")
    return ds.assign_coords(store_bus=("store", _label(static.loc[~names.duplicated(), "bus"])))


def _sum_rewards(n: Any, weights: np.ndarray) -> float:
    """Return what the solver was credited for contracted volumes and stock levels, thousand EUR."""
    total = 0.0
    for static, flow in ((n.generators, n.generators_t.p), (n.links, n.links_t.p0)):
        if "reward" in static:
            reward = static["reward"].fillna(0.0).astype(float)
            total += float((flow.reindex(columns=static.index, fill_value=0.0) * reward).sum(axis=1) @ weights)
    if "rewarded" in n.stores:
        worth = _dense(n, "stores", "marginal_cost_storage").loc[:, n.stores["rewarded"].astype(bool)]
        total -= float((n.stores_t.e.reindex(columns=worth.columns, fill_value=0.0) * worth).sum(axis=1) @ weights)
    return total
