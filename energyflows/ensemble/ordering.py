"""The order in which draws are solved: each next to one like it, because simplex starts where it ended."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist

from energyflows.ensemble.draws import Plan
from energyflows.ensemble.figures import Figures
from energyflows.ensemble.reducing import Numbers


def order_draws(figures: Figures, plan: Plan) -> list[int]:
    """Return draws along a path from the nearest to the unchanged network, always on to the nearest one left.

    Parameters
    ----------
    figures : mapping
        Of the network.
    plan : Plan
        One chunk of draws; time and memory grow with the square of their number.

    Returns
    -------
    list of int
        Positions of all draws.

    References
    ----------
    Rosenkrantz, Stearns & Lewis (1977), An analysis of several heuristics for the traveling salesman problem, SIAM J.
    Comput. 6, 563–581: nearest neighbour.
    """
    features = describe_draws(figures, plan)
    distance = cdist(features, features, "cityblock")
    here = int(np.argmin(np.abs(features).sum(axis=1)))
    order, left = [here], np.ones(plan.size, dtype=bool)
    for _ in range(plan.size - 1):
        left[here] = False
        here = int(np.argmin(np.where(left, distance[here], np.inf)))
        order.append(here)
    return order


def describe_draws(figures: Figures, plan: Plan) -> Numbers:
    """Return how far each draw is from the unchanged network, in GWh/d.

    Parameters
    ----------
    figures : mapping
        Of the network.
    plan : Plan
        Draws.

    Returns
    -------
    numpy.ndarray
        By draw: demand and capacity added by component, mean over time, and in all by snapshot where that varies;
        costs as they are added.
    """
    pieces = [np.zeros((plan.size, 1))]
    for effect, component in ((plan.demand, "Load"), (plan.capacity, "Generator"), (plan.capacity, "Link")):
        if effect is not None and component in effect.targets:
            change = effect.values[:, effect.sources[component]] - 1.0
            weight = _weigh(figures, component)[effect.targets[component]]
            pieces += _condense(change * weight.reshape(-1, *[1] * (change.ndim - 2)))
    if plan.cost is not None:
        pieces += _condense(plan.cost.values)
    return np.concatenate(pieces, axis=1)


def _weigh(figures: Figures, component: str) -> Numbers:
    """Return the mean rate of components, GWh/d; what has no limit weighs nothing."""
    if component == "Load":
        return np.asarray(figures["Load", "p_set"].mean(axis=0))
    size = figures[component, "p_nom"]
    return np.asarray(np.where(np.isinf(size), 0.0, size) * figures[component, "p_max_pu"].mean(axis=0))


def _condense(change: Numbers) -> list[Numbers]:
    """Return means by component and, if there is time, sums by snapshot per number of snapshots."""
    if change.ndim == 2:
        return [change]
    return [change.mean(axis=2), change.sum(axis=1) / change.shape[2]]
