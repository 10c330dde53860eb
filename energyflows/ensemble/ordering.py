"""The order in which draws are solved: each after one like it, because simplex starts where that one ended."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist

from energyflows.ensemble.draws import Plan
from energyflows.ensemble.figures import Figures
from energyflows.ensemble.reducing import Numbers


def order_draws(figures: Figures, plan: Plan) -> list[tuple[int, int]]:
    """Return draws in an order in which each can start from one like it: a tree that grows from the unchanged network.

    Parameters
    ----------
    figures : mapping
        Of the network.
    plan : Plan
        One chunk of draws; time and memory grow with the square of their number.

    Returns
    -------
    list of tuple of int
        Every draw once, with the draw solved before it that it is nearest to; -1 for the unchanged network.

    References
    ----------
    Prim (1957), Shortest connection networks and some generalizations, Bell Syst. Tech. J. 36, 1389–1401.
    """
    features = describe_draws(figures, plan)
    between = cdist(features, features, "cityblock")
    distance, parent = np.abs(features).sum(axis=1), np.full(plan.size, -1)
    order: list[tuple[int, int]] = []
    for _ in range(plan.size):
        draw = int(np.argmin(distance))
        order.append((draw, int(parent[draw])))
        distance[draw] = np.inf
        nearer = (between[draw] < distance) & np.isfinite(distance)
        distance[nearer], parent[nearer] = between[draw][nearer], draw
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
