"""A network as a market: its compact programme without demand, and where its parts stand in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pypsa
import xarray as xr
from numpy.typing import NDArray

from energyflows.ensemble import compile_network
from energyflows.ensemble.program import Program
from energyflows.ensemble.reducing import Compact, Numbers, Positions
from energyflows.errors import UsageError, list_problems, require, suggest
from energyflows.strategy.demand import GIVEN_UP, calibrate_demand, check_elasticity
from energyflows.strategy.market import open_market

Flags = NDArray[np.bool_]

#: GWh/d below which what can flow is nothing.
LEAST = 1e-9
_CURVE = ("intercept", "slope")


class Arcs(NamedTuple):
    """Links between two buses that lose the same part of what they carry, as one.

    Attributes
    ----------
    start, end : numpy.ndarray
        Position of the bus, by arc.
    efficiency : numpy.ndarray
        Received per sent, by (snapshot, arc).
    links : numpy.ndarray
        Positions of links.
    of : numpy.ndarray
        Arc of each of these links.
    """

    start: Positions
    end: Positions
    efficiency: Numbers
    links: Positions
    of: Positions


class Market(NamedTuple):
    """All that an equilibrium needs of a network; positions are those in the compact programme, -1 where none.

    Attributes
    ----------
    n : pypsa.Network
        The market, unsolved.
    program : Program
        Compiled.
    compact, rhs
        Placed without demand at market zones.
    weights : numpy.ndarray
        Days by snapshot.
    generators, links, balances : numpy.ndarray
        Positions by (snapshot, name).
    zones : numpy.ndarray
        Positions of market zones among the buses.
    intercept, slope : numpy.ndarray
        Of inverse demand by (snapshot, zone); a slope of zero where there is no demand.
    ends : numpy.ndarray
        Positions of buses with demand that no curve describes and from which nothing flows on.
    arcs : Arcs
        Where gas of suppliers may flow.
    """

    n: pypsa.Network
    program: Program
    compact: Compact
    rhs: Numbers
    weights: Numbers
    generators: Positions
    links: Positions
    balances: Positions
    zones: Positions
    intercept: Numbers
    slope: Numbers
    ends: Positions
    arcs: Arcs


def take_market(
    n: pypsa.Network, elasticity: float, tables: Mapping[str, pd.DataFrame] | None, demand: xr.Dataset | None
) -> Market:
    """Open a market and bring it into the form of a programme.

    Parameters
    ----------
    n : pypsa.Network
        Unsolved; one that rewards contracts is opened first, any other is taken as it is.
    elasticity : float
        Of demand.
    tables : mapping of str to pandas.DataFrame or None
        The network was built from.
    demand : xarray.Dataset or None
        In place of calibrated curves.

    Returns
    -------
    Market
        Ready for suppliers.

    Raises
    ------
    UsageError
        If network or curves cannot be used; all reasons at once.
    """
    require(n, "buses_t links generators is_solved", "a pypsa.Network")
    problems = _find_unfit(n)
    if problems:
        raise UsageError(list_problems("no equilibrium can be found on this network:", problems))
    check_elasticity(elasticity)
    market = open_market(n, tables) if _is_rewarded(n) else n
    curves = calibrate_demand(market, elasticity, tables=tables) if demand is None else demand
    wrong = _find_wrong_curves(market, curves)
    if wrong:
        raise UsageError(list_problems("demand: these curves cannot be used:", wrong))
    return _compile(market, curves)


def _is_rewarded(n: pypsa.Network) -> bool:
    """Say whether a network holds gas to contracts or observation by rewards."""
    return any("reward" in part and bool(part["reward"].fillna(0.0).any()) for part in (n.generators, n.links))


def _find_unfit(n: pypsa.Network) -> list[str]:
    found = ["it is solved already; build it anew"] if n.is_solved else []
    for word, part in (("line", n.lines), ("transformer", n.transformers)):
        found += [f"{word} {name}: gas of a supplier can be followed along links only" for name in part.index]
    backwards = (n.get_switchable_as_dense("Link", "p_min_pu") < 0).any()
    return found + [
        f"link {name} may run backwards; replace it by one link for each direction"
        for name in backwards.index[backwards]
    ]


def _find_wrong_curves(n: pypsa.Network, demand: Any) -> list[str]:
    if not isinstance(demand, xr.Dataset) or not all(name in demand for name in _CURVE):
        return [f"found {type(demand).__name__}, expected a dataset with intercept and slope by snapshot and bus"]
    if any(set(demand[name].dims) != {"snapshot", "bus"} for name in _CURVE):
        return ["intercept and slope must have dims snapshot and bus"]
    buses = n.buses.index.tolist()
    zones = demand["bus"].to_numpy().tolist()
    found = [f"no bus {zone!r}{suggest(str(zone), buses)}" for zone in zones if zone not in buses]
    found += [f"bus {zone} is there twice" for zone in dict.fromkeys(zones) if zones.count(zone) > 1]
    if not demand.indexes["snapshot"].equals(pd.Index(n.snapshots)):
        found.append("their snapshots are not those of the network")
    intercept, slope = (demand[name].transpose("bus", "snapshot").to_numpy().astype(float) for name in _CURVE)
    for zone, a, b in zip(zones, intercept, slope, strict=True):
        if not (np.isfinite(a).all() and np.isfinite(b).all()) or (b < 0).any() or ((a <= 0) & (b > 0)).any():
            found.append(f"bus {zone}: expected a finite intercept above 0 and a slope of at least 0 in every snapshot")
    return found


def _compile(n: pypsa.Network, demand: xr.Dataset) -> Market:
    """Compile a network, and take inelastic demand out of its market zones."""
    program = compile_network(n)
    zones = n.buses.index.get_indexer(demand["bus"].to_numpy().tolist())
    intercept, slope = (demand[name].transpose("snapshot", "bus").to_numpy().astype(float) for name in _CURVE)
    loads, sizes = program.figures["Load", "p_set"].copy(), program.figures["Generator", "p_nom"].copy()
    elastic = n.buses.index[zones]
    loads[:, n.loads["bus"].isin(elastic).to_numpy()] = 0.0
    sizes[(n.generators["carrier"].isin(GIVEN_UP) & n.generators["bus"].isin(elastic)).to_numpy()] = 0.0
    compact, rhs = program.place({("Load", "p_set"): loads, ("Generator", "p_nom"): sizes})
    reduction, places, full = program.reduction, program.places, program.reduction.full
    balances = _locate(reduction.rows, len(full.rhs), places.balances)
    cut_off = elastic[((balances[:, zones] < 0) & (slope > 0)).any(axis=0)]
    if len(cut_off):
        raise UsageError(list_problems("demand: nothing can reach", cut_off))
    open_columns = {}
    for kind in ("Generator", "Link"):
        none = np.full((len(n.snapshots), len(n.c[kind].static)), -1, dtype=np.intp)
        found = _locate(reduction.columns, len(full.cost), places.columns.get(f"{kind}-p", none))
        open_columns[kind] = np.where(np.append(compact.column_upper, 0.0)[found] > LEAST, found, -1)
    arcs = _group_links(n, program.efficiency, zones)
    return Market(
        n=n,
        program=program,
        compact=compact,
        rhs=rhs,
        weights=places.weights,
        generators=open_columns["Generator"],
        links=open_columns["Link"],
        balances=balances,
        zones=zones,
        intercept=intercept,
        slope=slope,
        ends=_find_ends(n, zones, arcs),
        arcs=arcs,
    )


def _locate(kept: Positions, size: int, places: Positions) -> Positions:
    """Return positions in the compact programme of positions in the full one."""
    position = np.full(size + 1, -1, dtype=np.intp)
    position[kept] = np.arange(len(kept))
    return position[places]


def _group_links(n: pypsa.Network, efficiency: Numbers, zones: Positions) -> Arcs:
    """Join parallel links that lose the same; links into storage carry what is sold already."""
    ends = np.column_stack([n.buses.index.get_indexer(n.links[port]) for port in ("bus0", "bus1")])
    carries = np.flatnonzero(~_find_tanks(n, zones)[ends].any(axis=1))
    keys = np.column_stack([ends[carries], efficiency.T[carries]])
    unique, of = np.unique(keys, axis=0, return_inverse=True)
    start, end = unique[:, :2].T.astype(np.intp)
    return Arcs(start, end, unique[:, 2:].T, carries, of.reshape(-1).astype(np.intp))


def _find_tanks(n: pypsa.Network, zones: Positions) -> Flags:
    """Return which buses only store: nothing is produced, consumed or passed on there."""
    buses = n.buses.index
    busy = buses.isin(n.loads["bus"]) | buses.isin(n.generators["bus"]) | buses.isin(buses[zones])
    pairs = pd.DataFrame(
        {"bus": [*n.links["bus0"], *n.links["bus1"]], "other": [*n.links["bus1"], *n.links["bus0"]]}, dtype=object
    )
    neighbours = pairs.groupby("bus")["other"].nunique().reindex(buses, fill_value=0).to_numpy()
    return np.asarray(buses.isin(n.stores["bus"]) & ~busy & (neighbours <= 1))


def _find_ends(n: pypsa.Network, zones: Positions, arcs: Arcs) -> Positions:
    """Return buses with demand but no curve, from which no gas flows on."""
    loaded = n.buses.index.get_indexer(n.loads["bus"].unique())
    return np.setdiff1d(loaded, np.concatenate([zones, arcs.start]))
