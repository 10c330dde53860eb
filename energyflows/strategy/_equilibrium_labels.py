"""Gas by who sells it, on its way from the well to where it is sold."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from energyflows.ensemble.reducing import Positions
from energyflows.strategy._equilibrium_draft import Draft
from energyflows.strategy._equilibrium_market import Flags, Market
from energyflows.strategy.demand import GIVEN_UP
from energyflows.strategy.suppliers import find_homes


class Label(NamedTuple):
    """Where the gas of one supplier stands in a programme; -1 where it cannot be.

    Attributes
    ----------
    balances, sales : numpy.ndarray
        Positions of rows and columns by (snapshot, bus).
    flows : numpy.ndarray
        Positions of columns by (snapshot, arc).
    """

    balances: Positions
    sales: Positions
    flows: Positions


def find_outlets(market: Market, generators: Positions) -> Flags:
    """Return where a supplier may sell.

    Parameters
    ----------
    market : Market
        Zones and ends.
    generators : numpy.ndarray
        Positions of the supplier's.

    Returns
    -------
    numpy.ndarray of bool
        By (snapshot, bus): market zones with demand and ends, but not at home.
    """
    n = market.n
    outlets = np.zeros((len(n.snapshots), len(n.buses)), dtype=bool)
    outlets[:, market.zones] = market.slope > 0
    outlets[:, market.ends] = True
    outlets[:, find_homes(n, n.generators.index[generators].tolist())] = False
    return outlets


def reaches_market(market: Market, generators: Positions) -> bool:
    """Return whether any path leads from a supplier to where it may sell, however little it carries.

    Parameters
    ----------
    market : Market
        Its links.
    generators : numpy.ndarray
        Positions of the supplier's.

    Returns
    -------
    bool
        False if it could sell nothing at any capacity.
    """
    at = np.zeros((1, len(market.n.buses)), dtype=bool)
    at[0, market.n.buses.index.get_indexer(market.n.generators["bus"].iloc[generators])] = True
    found = _spread(at, market.arcs.start, market.arcs.end, np.ones((1, len(market.arcs.start)), dtype=bool))
    return bool(np.any(found & find_outlets(market, generators).any(axis=0)))


def lay_labels(draft: Draft, market: Market, sellers: list[Positions], *, arbitrage: bool) -> list[Label]:
    """Add the ways of labelled gas to a programme.

    Parameters
    ----------
    draft : Draft
        Grows.
    market : Market
        The network.
    sellers : list of numpy.ndarray
        Positions of the generators of each strategic supplier.
    arbitrage : bool
        Whether traders carry on what is sold. If not, all other gas is labelled as well, and nothing moves unlabelled.

    Returns
    -------
    list of Label
        By supplier; without arbitrage one more of all other gas.
    """
    able = _open_arcs(market)
    whole = [_lay_label(draft, market, own, find_outlets(market, own), able) for own in sellers]
    if not arbitrage:
        strategic = np.concatenate([np.zeros(0, dtype=np.intp), *sellers])
        others = np.setdiff1d(np.flatnonzero(~market.n.generators["carrier"].isin(GIVEN_UP)), strategic)
        everywhere = np.ones_like(market.balances, dtype=bool)
        whole.append(_lay_label(draft, market, others, everywhere, able))
    _bind_flows(draft, market, whole, -np.inf if arbitrage else 0.0)
    return whole


def _open_arcs(market: Market) -> Flags:
    """Return which arcs can carry gas, by (snapshot, arc)."""
    arcs = market.arcs
    able = np.zeros((len(market.weights), len(arcs.start)), dtype=bool)
    snapshots, links = np.nonzero(market.links[:, arcs.links] >= 0)
    able[snapshots, arcs.of[links]] = True
    return able


def _spread(at: Flags, start: Positions, end: Positions, able: Flags) -> Flags:
    """Return what can be reached along arcs, by (snapshot, bus)."""
    heads = sp.csr_array((np.ones(len(end)), (np.arange(len(end)), end)), shape=(len(end), at.shape[1]))
    while True:
        # Sparse products keep this fast with many snapshots.
        found = at | ((at[:, start] & able) @ heads > 0)
        if (found == at).all():
            return at
        at = found


def _lay_label(draft: Draft, market: Market, own: Positions, outlets: Flags, able: Flags) -> Label:
    """Add balances, flows and sales of one supplier, where its gas can come and be sold."""
    arcs, generators = market.arcs, market.n.generators
    bus = market.n.buses.index.get_indexer(generators["bus"].iloc[own])
    times, which = np.nonzero(market.generators[:, own] >= 0)
    source = np.zeros_like(outlets)
    source[times, bus[which]] = True
    come = _spread(source, arcs.start, arcs.end, able)
    go = _spread(outlets, arcs.end, arcs.start, able)
    there = come & (go | source)
    balances, sales = np.full(outlets.shape, -1, dtype=np.intp), np.full(outlets.shape, -1, dtype=np.intp)
    flows = np.full(able.shape, -1, dtype=np.intp)
    balances[there] = draft.add_rows(int(there.sum()), 0.0, 0.0)
    made = market.generators[times, own[which]]
    draft.add_entries(balances[times, bus[which]], made, generators["sign"].to_numpy(dtype=float)[own[which]])
    sold = come & outlets
    sales[sold] = draft.add_columns(int(sold.sum()))
    draft.add_entries(balances[sold], sales[sold], -1.0)
    moved = able & come[:, arcs.start] & go[:, arcs.end]
    flows[moved] = draft.add_columns(int(moved.sum()))
    when, arc = np.nonzero(moved)
    draft.add_entries(balances[when, arcs.start[arc]], flows[moved], -1.0)
    draft.add_entries(balances[when, arcs.end[arc]], flows[moved], arcs.efficiency[moved])
    return Label(balances, sales, flows)


def _bind_flows(draft: Draft, market: Market, labels: list[Label], least: float) -> None:
    """Let labelled flows along an arc be no more than what flows, or all of it."""
    arcs = market.arcs
    used = np.zeros((len(market.weights), len(arcs.start)), dtype=bool)
    for label in labels:
        used |= label.flows >= 0
    if least == 0.0:
        used = _open_arcs(market)
    rows = np.full(used.shape, -1, dtype=np.intp)
    rows[used] = draft.add_rows(int(used.sum()), least, 0.0)
    for label in labels:
        there = label.flows >= 0
        draft.add_entries(rows[there], label.flows[there], 1.0)
    columns = market.links[:, arcs.links]
    bound = (columns >= 0) & used[:, arcs.of]
    draft.add_entries(rows[:, arcs.of][bound], columns[bound], -1.0)
