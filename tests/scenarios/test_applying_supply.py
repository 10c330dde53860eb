"""Suppliers that deliver less, and corridors that fail."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energyflows.errors import ScenarioError
from energyflows.scenarios import Cut, Disrupt, Withhold
from energyflows.scenarios.applying._supply import rate_loss

YEAR = pd.date_range("2025-01-01", "2025-12-31")
#: Of the toy's Russian route: TWh a year, and how far a day may lie above its mean.
VOLUME, FACTOR = 73.0, 1.25


def test_a_cut_takes_its_share_of_rate_and_energy(n, change, look):
    after = change(Cut(supplier="RU", share=0.3))
    name = "RU YAMAL minimum"
    assert look.rate(after, "Generator", name).to_numpy() == pytest.approx(0.7 * look.rate(n, "Generator", name))
    assert look.budget(after, name) == pytest.approx(0.7 * VOLUME)


def test_a_cut_of_some_months_takes_their_energy_out_of_the_budget(change, look):
    after = change(Cut(supplier="US", start="2025-01-01", end="2025-03-31"))
    assert (look.rate(after, "Generator", "US LNGUS export").iloc[:3] == 0).all()
    assert look.budget(after, "US LNGUS export") == pytest.approx(500 * 275 / 365)


def test_a_cut_of_several_years_leaves_the_other_years_alone(networks, change):
    n = networks((2024, 2025))
    after = change(Cut(supplier="RU", start="2025-01-01"), to=n)
    assert (
        after.generators.at["RU YAMAL minimum 2024", "e_sum_max"]
        == n.generators.at["RU YAMAL minimum 2024", "e_sum_max"]
    )
    assert after.generators.at["RU YAMAL minimum 2025", "e_sum_max"] == 0


def test_a_cut_names_route_and_kind_of_gas(n, change, look):
    after = change(Cut(supplier="US", gas="lng", routes=("LNGUS",)))
    assert look.rate(after, "Generator", "US LNGUS export").max() == 0
    assert after.generators.drop(index="US LNGUS export 2025").equals(n.generators.drop(index="US LNGUS export 2025"))


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ({"supplier": "QA"}, "no gas of 'QA'; suppliers are RU, US"),
        ({"supplier": "RU", "gas": "lng"}, "no LNG of 'RU'; suppliers are US"),
        ({"supplier": "RU", "routes": ("NORD", "YAMAL")}, "RU has no route NORD for any gas; it has YAMAL"),
    ],
)
def test_a_cut_of_what_is_not_there_is_refused(change, found, message):
    with pytest.raises(ScenarioError, match=message):
        change(Cut(**found))


@settings(max_examples=10)
@given(st.floats(0.0, VOLUME))
def test_what_is_withheld_is_missing_to_the_gwh(change, look, twh):
    after = change(Withhold(suppliers=("RU",), volume={"twh": twh}))
    assert look.budget(after, "RU YAMAL minimum") == pytest.approx(VOLUME - twh, abs=1e-9)


def test_several_withhold_in_proportion_to_what_they_could_deliver(change, look):
    after = change(Withhold(suppliers=("RU", "US"), volume={"twh": 57.3}, gas="any"))
    assert look.budget(after, "RU YAMAL minimum") == pytest.approx(0.9 * VOLUME)
    assert look.budget(after, "US LNGUS export") == pytest.approx(450.0)


def test_a_supplier_named_twice_withholds_once(change, look):
    after = change(Withhold(suppliers=("RU", "RU"), volume={"twh": 7.3}))
    assert look.budget(after, "RU YAMAL minimum") == pytest.approx(0.9 * VOLUME)


def test_more_than_is_offered_cannot_be_withheld(change):
    # 250 GWh/d on a day, but the energy of the year is 200 a day.
    with pytest.raises(ScenarioError, match="220 GWh/d asked of RU, who offer 200 from 2025-01-01; lower the volume"):
        change(Withhold(suppliers=("RU",), volume={"twh": 80.3}))


def test_routes_of_nobody_and_suppliers_without_one_are_refused(change):
    with pytest.raises(ScenarioError, match="no route NORD of RU"):
        change(Withhold(suppliers=("RU",), volume={"twh": 1}, routes=("NORD",)))
    with pytest.raises(ScenarioError, match="none of the routes YAMAL is one of US"):
        change(Withhold(suppliers=("RU", "US"), volume={"twh": 1}, routes=("YAMAL",), gas="any"))


def test_a_failure_without_days_lasts(n, change, look):
    after = change(Disrupt(corridor="NL-DE", depth=0.4))
    assert look.rate(after, "Link", "NL-DE").to_numpy() == pytest.approx(0.6 * look.rate(n, "Link", "NL-DE"))


def test_a_corridor_fails_on_all_its_links_and_no_other(n, change, look):
    after = change(Disrupt(corridor="YAMAL"))
    changed = {
        name for name in n.links["part_of"] if not look.rate(after, "Link", name).equals(look.rate(n, "Link", name))
    }
    assert changed == {"YAMAL-DE"}
    assert look.rate(after, "Link", "YAMAL-DE").max() == 0


def test_a_failure_holds_for_its_days_only(n, change, look):
    after = change(Disrupt(corridor="NL-DE", start="2025-02-15", duration_days=20))
    lost = 1 - look.rate(after, "Link", "NL-DE") / look.rate(n, "Link", "NL-DE")
    assert lost.to_numpy() == pytest.approx([0, 14 / 28, 6 / 31, *[0] * 9])


@given(st.integers(0, 90), st.integers(0, 60), st.floats(0.0, 1.0))
def test_energy_lost_has_a_closed_form(duration, ramp, depth):
    failure = Disrupt(corridor="x", start="2025-03-01", duration_days=duration, ramp_days=ramp, depth=depth)
    expected = depth * (duration + ramp / 2) if duration else 0.0
    assert rate_loss(failure, YEAR).sum() == pytest.approx(expected)


def test_capacity_comes_back_at_an_even_pace():
    lost = rate_loss(Disrupt(corridor="x", start="2025-03-01", duration_days=2, ramp_days=3), YEAR)
    assert lost["2025-02-28":"2025-03-07"].tolist() == pytest.approx([0, 1, 1, 0.75, 0.5, 0.25, 0, 0])


def test_a_failure_of_the_year_before_still_shows():
    lost = rate_loss(Disrupt(corridor="x", start="2024-12-01", duration_days=62), YEAR)
    assert lost.sum() == 31
    again = rate_loss(Disrupt(corridor="x", start="12-01", duration_days=62), YEAR)
    assert again.sum() == 31 + 31


@settings(max_examples=10)
@given(st.lists(st.floats(0.0, 1.0), min_size=2, max_size=3, unique=True))
def test_failures_of_one_link_multiply(change, look, depths):
    after = change(*(Disrupt(corridor="NL-DE", depth=depth) for depth in depths))
    left = np.prod([1 - depth for depth in depths])
    assert look.rate(after, "Link", "NL-DE").to_numpy() == pytest.approx(600 * left, abs=1e-6)


def test_unknown_corridors_are_refused_with_near_names(change):
    with pytest.raises(ScenarioError, match="no link 'YAMAL-D' in this network; did you mean YAMAL-DE"):
        change(Disrupt(corridor="YAMAL-D"))


def test_a_failure_every_year_needs_an_end():
    with pytest.raises(ScenarioError, match="01-15 is a day of every year and needs duration_days"):
        Disrupt(corridor="x", start="01-15")
