"""The reader of solved networks. It knows PyPSA's column names but imports nothing of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from energyflows.errors import ResultsError, list_problems, require
from energyflows.results._filling import fill, label, sum_rewards
from energyflows.results._layout import join_names, lay_out, read_dense
from energyflows.results._merging import Floats

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
#: What is read of a solution, by table.
_SOLVED = {
    "Generator": ("generators", ["p"]),
    "Link": ("links", ["p0", "p1"]),
    "Line": ("lines", ["p0", "p1"]),
    "Store": ("stores", ["p", "e"]),
    "StorageUnit": ("storage_units", ["p", "state_of_charge"]),
    "Load": ("loads", ["p"]),
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
        generator_route, store_bus``. Networks of :func:`energyflows.build_network` add ``technical`` and ``largest``
        by link and ``peak_day`` by bus, all GWh/d: technical capacity, that of the largest single installation in it
        (coord ``largest_name``), and demand on the coldest day of twenty years; missing where the tables know none.

    Raises
    ------
    ResultsError
        If the network is not solved, or has components or ports that would be lost, each by name.

    Examples
    --------
    >>> from energyflows import run
    >>> run(years=2025)["sent"].dims
    ('snapshot', 'link')
    """
    require(n, "buses_t links_t components", "a pypsa.Network")
    problems = find_unreadable(n)
    if getattr(n, "objective", None) is None or n.buses_t.marginal_price.empty:
        problems.insert(0, "no solution found; solve the network first")
    if problems:
        raise ResultsError(list_problems("this network cannot be read as results:", problems))
    raw = _collect(n)
    layout = lay_out(n, reverse=_find_backward(n, raw))
    return label(layout, fill(layout, raw), float(n.objective) + sum_rewards(layout, raw))


def find_unreadable(n: Any) -> list[str]:
    """List what results could not hold of a network, solved or not.

    Parameters
    ----------
    n : pypsa.Network
        Nothing of a solution is looked at.

    Returns
    -------
    list of str
        One sentence for each problem; empty if all can be read.
    """
    problems = []
    if isinstance(n.snapshots, pd.MultiIndex):
        problems.append("investment periods: found several, expected one; select one with n.snapshots")
    if getattr(n, "has_scenarios", False):
        problems.append("stochastic scenarios: found some, expected none; read one scenario at a time")
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
    heating = n.links.index[(read_dense(n, "links", "efficiency") < 0).any()]
    problems += [f"link {name}: negative efficiency; its second end would be lost" for name in heating]
    inflow = read_dense(n, "storage_units", "inflow").abs().max()
    problems += [
        f"storage unit {name}: inflow would be lost; model it as a generator" for name in inflow.index[inflow > 0]
    ]
    return problems


def _collect(n: Any) -> dict[str, Floats]:
    """Read the arrays of a solved network that :func:`fill` needs."""
    raw = {
        f"{component}-{attribute}": getattr(n, f"{table}_t")[attribute].reindex(
            columns=getattr(n, table).index, fill_value=0.0
        )
        for component, (table, attributes) in _SOLVED.items()
        for attribute in attributes
    }
    raw["Bus-marginal_price"] = n.buses_t.marginal_price.reindex(columns=n.buses.index)
    raw["Generator-p_max_pu"] = read_dense(n, "generators", "p_max_pu")
    raw["Link-p_max_pu"] = read_dense(n, "links", "p_max_pu")
    raw["Link-p_min_pu"] = read_dense(n, "links", "p_min_pu")
    raw["Line-s_max_pu"] = read_dense(n, "lines", "s_max_pu")
    raw["Generator-p_nom"] = _read_sizes(n.generators, "p_nom")
    raw["Generator-e_sum_max"] = n.generators["e_sum_max"]
    raw["Link-p_nom"] = _read_sizes(n.links, "p_nom")
    raw["Line-s_nom"] = _read_sizes(n.lines, "s_nom")
    return {key: values.to_numpy(dtype=float) for key, values in raw.items()}


def _read_sizes(static: pd.DataFrame, column: str) -> pd.Series:
    """Return the size of each component, as optimised if extendable."""
    return static[f"{column}_opt"].where(static[f"{column}_extendable"], static[column])


def _find_backward(n: Any, raw: dict[str, Floats]) -> list[Any]:
    """List the links and lines that ever carried flow backwards."""
    flow = np.concatenate([raw["Link-p0"], raw["Line-p0"]], axis=1)
    names = join_names(n.links.index, n.lines.index, "line")
    return [names[i] for i in np.flatnonzero((flow < -_LEAST_FLOW).any(axis=0))]
