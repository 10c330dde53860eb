"""Technical capacity after the changes of a scenario."""

import pytest

from energyflows.scenarios import Add, Demand, Disrupt, Expand, Remove, Scale, Set


def read(n, name="YAMAL-DE", figure="technical"):
    return n.links_t[figure][name].to_numpy()


def test_what_is_built_comes_on_top_of_technical_capacity(n, change):
    after = change(Expand(links=("YAMAL-DE",), by={"twh": 50.0 * 0.365}))
    assert read(n) == pytest.approx(400)
    assert read(after) == pytest.approx(450)
    assert read(after, figure="largest") == pytest.approx(450)


def test_what_fails_is_taken_off_in_proportion(change):
    after = change(Disrupt(corridor="YAMAL-DE", depth=0.25, start="2025-01-01", duration_days=31))
    assert read(after)[0] == pytest.approx(300)
    assert read(after)[1:] == pytest.approx(400)


def test_a_removed_pipeline_has_none(change):
    assert read(change(Remove(component="link", name="NL-DE")), "NL-DE") == pytest.approx(0)


def test_a_lifted_bound_reveals_capacity_and_adds_none(change):
    assert read(change(Set(component="link", name="YAMAL-DE", attribute="capacity", value=350.0))) == pytest.approx(400)
    assert read(change(Set(component="link", name="YAMAL-DE", attribute="capacity", value=500.0))) == pytest.approx(500)


def test_a_new_pipeline_has_what_it_can_carry(change):
    after = change(Add(component="link", name="DE-NL-2", bus="DE", to="NL", capacity=30.0))
    assert read(after, "DE-NL-2") == pytest.approx(30)


def test_terminals_shrink_together_with_the_largest(change):
    after = change(Scale(component="link", name="LNGEU-NL", factor=0.5))
    assert read(after, "LNGEU-NL") == pytest.approx(350)
    assert read(after, "LNGEU-NL", "largest") == pytest.approx(350)


def test_demand_moves_no_capacity_and_no_peak(n, change):
    after = change(Demand(zones=("DE",), factor=0.5))
    assert after.links_t["technical"].equals(n.links_t["technical"])
    assert after.buses_t["peak_day"].equals(n.buses_t["peak_day"])
