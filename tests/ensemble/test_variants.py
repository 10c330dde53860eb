"""Networks that differ in figures alone share a programme; others do not; the answers are those of plain solving."""

import numpy as np
import pytest

from energyflows.ensemble.variants import find_changes, solve_networks
from energyflows.errors import InfeasibleError
from energyflows.network import build_network
from energyflows.solving import solve


@pytest.fixture
def n(toy):
    return build_network(2025, tables=toy())


def change(n, component, name, **figures):
    """Return a copy with figures of one component changed."""
    work = n.copy()
    for attribute, value in figures.items():
        work.c[component].static.loc[name, attribute] = value
    return work


def test_equal_networks_differ_in_nothing(n):
    assert find_changes(n, n.copy()) == {}


@pytest.mark.parametrize(
    ("component", "name", "attribute"),
    [("Link", "NL-DE", "p_nom"), ("Link", "NL-DE", "marginal_cost"), ("Generator", "NL gas", "p_nom")],
)
def test_a_changed_figure_is_found(n, component, name, attribute):
    found = find_changes(n, change(n, component, name, **{attribute: 7.0}))
    assert list(found) == [(component, attribute)]


def test_structure_efficiencies_and_time_are_no_figures(n, toy):
    assert find_changes(n, change(n, "Link", "NL-DE", efficiency=0.9)) is None
    assert find_changes(n, change(n, "Link", "NL-DE", bus1="TR")) is None
    assert find_changes(n, build_network(2026, tables=toy())) is None
    fewer = n.copy()
    fewer.remove("Link", "NL-DE")
    assert find_changes(n, fewer) is None


def test_answers_are_those_of_plain_solving(n):
    variants = [
        n,
        change(n, "Link", "YAMAL-DE", p_nom=20.0),
        change(n, "Link", "NL-DE", marginal_cost=9.0),
        change(n, "Link", "NL-DE", efficiency=0.9),
        change(n, "Link", "NL-DE", p_nom_extendable=True, capital_cost=1.0),
    ]
    for variant, found in zip(variants, solve_networks(variants), strict=True):
        expected = solve(variant)
        assert float(found["objective"]) == pytest.approx(float(expected["objective"]), rel=1e-9)
        assert set(found.data_vars) == set(expected.data_vars)
        np.testing.assert_allclose(found["unserved"], expected["unserved"], atol=1e-6)
        assert found.attrs["meta"] == expected.attrs["meta"]


def test_an_impossible_network_tells_why(n):
    impossible = change(n, "Generator", "NL gas", p_min_pu=1.0, p_nom=1e6)
    with pytest.raises(InfeasibleError, match="likely causes"):
        list(solve_networks([n, impossible]))


def test_a_ramp_made_from_a_changed_size_is_not_overlooked(n):
    n.generators["ramp_limit_up"] = np.where(n.generators.index == "NL gas", 0.1, np.nan)
    variants = [n, change(n, "Generator", "NL gas", p_nom=5.0)]
    for variant, found in zip(variants, solve_networks(variants), strict=True):
        assert float(found["objective"]) == pytest.approx(float(solve(variant)["objective"]), rel=1e-9)
