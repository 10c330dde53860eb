"""Neighbours in the order are alike."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse.csgraph import minimum_spanning_tree

from energyflows.ensemble.draws import plan_draws
from energyflows.ensemble.figures import read_figures
from energyflows.ensemble.ordering import describe_draws, order_draws


@pytest.fixture(scope="module")
def shared_world(make_world):
    """Return a network nobody changes."""
    return make_world()


def plan(world, factors, demand=None):
    """Capacity factors of two generators, and demand at one bus, by draw."""
    draws = xr.Dataset({"capacity_factor": (("draw", "component"), factors)}, coords={"component": ["field", "budget"]})
    if demand is not None:
        draws["demand_factor"] = (("draw", "bus"), demand)
        draws = draws.assign_coords(bus=["B"])
    return read_figures(world), plan_draws(world, draws)


@given(factors=arrays(float, (9, 2), elements=st.floats(0, 2)))
def test_every_draw_is_solved_exactly_once(shared_world, factors):
    order = order_draws(*plan(shared_world, factors))
    assert sorted(draw for draw, _ in order) == list(range(9))
    solved = [-1]
    for draw, like in order:
        assert like in solved
        solved.append(draw)


def test_a_single_changing_figure_is_walked_in_order(world):
    factors = np.column_stack([[0.4, 0.9, 0.6, 1.0, 0.1], np.ones(5)])
    assert order_draws(*plan(world, factors)) == [(3, -1), (1, -1), (2, 1), (0, 2), (4, 0)]


@given(factors=arrays(float, (7, 2), elements=st.floats(0, 2)))
def test_all_steps_together_are_as_short_as_any_tree_can_be(shared_world, factors):
    figures, made = plan(shared_world, factors)
    features = np.vstack([describe_draws(figures, made), np.zeros(3)])
    # One more each, because a distance of zero is no edge to scipy.
    distance = np.abs(features[:, None] - features[None]).sum(axis=2) + 1.0
    steps = sum(distance[draw, like] for draw, like in order_draws(figures, made))
    assert steps == pytest.approx(minimum_spanning_tree(distance).sum(), abs=1e-9)


def test_draws_on_both_sides_start_from_the_network_itself(world):
    factors = np.column_stack([[0.9, 1.1], np.ones(2)])
    assert {like for _, like in order_draws(*plan(world, factors))} == {-1}


def test_distance_is_the_capacity_and_demand_that_change(world):
    figures, made = plan(world, [[0.5, 1.0]], [[1.1]])
    mean_field = 150 * np.mean([1, 0.9, 0.8, 0.7])
    mean_demand = np.mean([60.0, 80.0, 95.0, 70.0])
    assert np.abs(describe_draws(figures, made)).sum() >= 0.5 * mean_field + 0.1 * mean_demand - 1e-9


def test_what_has_no_limit_weighs_nothing(world):
    draws = xr.Dataset({"capacity_factor": (("draw", "component"), [[0.0]])}, coords={"component": ["endless"]})
    assert not describe_draws(read_figures(world), plan_draws(world, draws)).any()
