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
    sure flows are offered at their cost and no longer rewarded, cargoes go where they pay, and stores end the year on
    a level that depends on the worth of gas. What a supplier can deliver stays what the network says: in observed
    years what it delivered.

    Parameters
    ----------
    n : pypsa.Network
        From :func:`energyflows.build_network`, unsolved; stays as it is. Build it from
        ``energyflows.hindcast.release(tables)`` if pipelines shall not be held to observed flows.
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
    market: pypsa.Network = free_stocks(free, price, tables)
    return market


def _free_flows(n: pypsa.Network) -> pypsa.Network:
    """Return a network whose gas flows for its cost alone; the LNG of restricted exporters keeps its ceilings."""
    require(n, "generators links is_solved", "a pypsa.Network")
    shipped = set(n.generators.loc[n.generators["carrier"] == "lng", "origin"])
    free: pypsa.Network = free_destinations(n, keep=[name for name in RESTRICTED if name in shipped])
    unrewarded: pypsa.Network = drop_rewards(free)
    return unrewarded
