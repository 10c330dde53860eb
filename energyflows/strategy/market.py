"""The network that games are played on: gas flows for its cost, cargoes turn round, stocks have a worth."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import pypsa

from energyflows.errors import require
from energyflows.network import drop_rewards, free_destinations, free_stocks
from energyflows.network.release import RESTRICTED
from energyflows.solving import solve


def open_market(
    n: pypsa.Network,
    tables: Mapping[str, pd.DataFrame] | None = None,
    *,
    reference: pypsa.Network | None = None,
) -> pypsa.Network:
    """Take off a network what holds it to one outcome.

    A reference keeps to contracts and to what was observed. Who gains from whom can be asked only where all may act:
    sure flows are offered at their cost and no longer rewarded, and cargoes go where they pay. Stores end an observed
    year on a level that depends on the worth of gas; in other years they end as they began, without a reward for
    filling targets. What a supplier can deliver stays what the network says: in observed
    years what it delivered.

    Parameters
    ----------
    n : pypsa.Network
        From :func:`energyflows.build_network`, unsolved; stays as it is. Build it from
        ``energyflows.hindcast.release(tables, ships=False)`` if pipelines shall not be held to observed flows.
    tables : mapping of str to pandas.DataFrame, optional
        The network was built from; default the packaged ones.
    reference : pypsa.Network, optional
        Another network, whose prices tell the worth of gas left in store; default the network itself.

    Returns
    -------
    pypsa.Network
        A changed copy.

    Raises
    ------
    UsageError
        If the network is solved, or is none of :func:`energyflows.build_network`.

    Examples
    --------
    >>> from energyflows import build_network
    >>> n = open_market(build_network(2025))
    >>> float(n.links["reward"].sum()), float(n.generators["reward"].sum())
    (0.0, 0.0)
    """
    free = _free_flows(n)
    price = solve(free if reference is None else _free_flows(reference))["price"].to_pandas()
    return _drop_targets(free_stocks(free, price, tables))


def _free_flows(n: pypsa.Network) -> pypsa.Network:
    """Return a network whose gas flows for its cost alone; the LNG of restricted exporters keeps its ceilings."""
    require(n, "generators links is_solved", "a pypsa.Network")
    shipped = set(n.generators.loc[n.generators["carrier"] == "lng", "origin"])
    free: pypsa.Network = free_destinations(n, keep=[name for name in RESTRICTED if name in shipped])
    unrewarded: pypsa.Network = drop_rewards(free)
    return unrewarded


def _drop_targets(n: pypsa.Network) -> pypsa.Network:
    """Take the reward for filling targets off stores that end as they began, in place.

    It is there to make a rule hold on a day in between; counted as a gain, it would pay suppliers for gas that is taken
    out again.
    """
    targeted = n.stores.index[n.stores["rewarded"].astype(bool) & n.stores["e_cyclic"]]
    n.stores.loc[targeted, "marginal_cost_storage"] = 0.0
    varying = n.stores_t.marginal_cost_storage
    n.stores_t.marginal_cost_storage = varying.drop(columns=varying.columns.intersection(targeted))
    return n
