"""Pipelines that carry more, walls that open, contracts at a delivery point."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energyflows.errors import ScenarioError
from energyflows.scenarios import Blend, Contract, Expand
from energyflows.scenarios.applying import has_effect


def read(n):
    return json.loads(n.meta["scenario"])


def test_expansion_adds_its_volume_to_each_pipeline_and_no_gas(n, change, look):
    after = change(Expand(links=("NL-DE", "DE-TR"), by={"twh": 36.5}))
    for link, before in (("NL-DE", 600), ("DE-TR", 200)):
        assert look.rate(after, "Link", link).to_numpy() == pytest.approx(before + 100)
        assert look.sure(after, link).equals(look.sure(n, link))
    assert after.generators.equals(n.generators)


def test_expansion_holds_from_its_day_on(change, look):
    after = change(Expand(links=("NL-DE",), by={"twh": 36.5}, start="2025-11-16"))
    assert look.rate(after, "Link", "NL-DE").to_numpy() == pytest.approx([*[600] * 10, 650, 700])


def test_expansions_add_up_and_so_does_their_gas(change, look):
    gas = {"supplier": "RU", "bus": "YAMAL", "volume": {"twh": 3.65}, "cost": 7.0}
    dearer = {**gas, "volume": {"twh": 7.3}, "cost": 9.0}
    after = change(
        Expand(links=("YAMAL-DE",), by={"twh": 3.65}, upstream=gas),
        Expand(links=("YAMAL-DE",), by={"twh": 7.3}, upstream=dearer),
    )
    assert look.rate(after, "Link", "YAMAL-DE").max() == pytest.approx(232)
    assert look.rate(after, "Generator", "RU YAMAL expansion").to_numpy() == pytest.approx(30)
    costs = look.cost(after, "Generator", "RU YAMAL expansion").iloc[0]
    assert sorted(costs) == [7.0, 9.0]


def test_ports_expand_by_their_cheapest_step(n, change, look):
    after = change(Expand(links=("LNGEU-NL",), by={"twh": 36.5}))
    assert look.rate(after, "Link", "LNGEU-NL").to_numpy() == pytest.approx(800)
    assert after.links.at["LNGEU-NL", "p_nom"] == pytest.approx(n.links.at["LNGEU-NL", "p_nom"] + 100)


def test_expansion_of_nothing_has_no_effect(n, change):
    gas = {"supplier": "RU", "bus": "NOWHERE", "volume": {"twh": 0.0}, "cost": 7.0}
    assert not has_effect(n, change(Expand(links=("NL-DE",), by={"twh": 0.0}, upstream=gas)))


def test_gas_for_an_expansion_needs_a_place(change):
    gas = {"supplier": "RU", "bus": "YAMLA", "volume": {"twh": 1.0}, "cost": 7.0}
    with pytest.raises(ScenarioError, match="no zone or corridor 'YAMLA' in this network; did you mean YAMAL"):
        change(Expand(links=("NL-DE",), by={"twh": 1.0}, upstream=gas))


@settings(max_examples=10)
@given(st.floats(0.0, 400.0))
def test_an_opening_frees_as_much_contracted_flow_as_fits_through_it(n, change, look, opening):
    after = change(Blend(source="YAMAL", target="NL", capacity=opening))
    assert look.rate(after, "Link", "YAMAL-NL").to_numpy() == pytest.approx(opening, abs=1e-9)
    assert look.sure(after, "YAMAL-DE").to_numpy() == pytest.approx(max(198 - opening, 0.0), abs=1e-6)
    assert look.rate(after, "Link", "YAMAL-DE").to_numpy() == pytest.approx(look.rate(n, "Link", "YAMAL-DE").to_numpy())


def test_an_opening_lasts_as_long_as_it_is_said_to(change, look):
    after = change(Blend(source="YAMAL", target="NL", capacity=100.0, start="2025-07-01"))
    assert look.rate(after, "Link", "YAMAL-NL").tolist() == [0.0] * 6 + [100.0] * 6
    assert look.sure(after, "YAMAL-DE").to_numpy() == pytest.approx([198.0] * 6 + [98.0] * 6)


def test_an_opening_beside_a_pipeline_of_the_same_name_widens_it(n, change, look):
    after = change(Blend(source="NL", target="DE", capacity=10.0))
    assert look.rate(after, "Link", "NL-DE").to_numpy() == pytest.approx(610)
    assert len(after.links) == len(n.links)


def test_openings_need_both_ends(change):
    with pytest.raises(ScenarioError, match="no zone or corridor 'TX'"):
        change(Blend(source="YAMAL", target="TX", capacity=1.0))
    with pytest.raises(ScenarioError, match="no zone or corridor 'YAMLA'"):
        change(Blend(source="YAMLA", target="TR", capacity=1.0))


def test_a_contract_holds_what_is_owed(n, change, look):
    after = change(Contract(link="NL-DE", volume={"twh": 73.0}, take_or_pay=0.8))
    assert look.sure(after, "NL-DE").to_numpy() == pytest.approx(160)
    assert look.rate(after, "Link", "NL-DE").to_numpy() == pytest.approx(600)
    rewarded = after.links.loc["NL-DE minimum"]
    assert rewarded["marginal_cost"] + rewarded["reward"] == n.links.at["NL-DE", "marginal_cost"]
    assert rewarded["reward"] == 300.0


def test_a_contract_comes_on_top_of_others(change, look):
    after = change(Contract(link="DE-TR", volume={"twh": 36.5}, take_or_pay=1.0))
    assert look.sure(after, "DE-TR").to_numpy() == pytest.approx(110)


def test_what_has_no_capacity_is_not_owed_and_said(change, look):
    after = change(Contract(link="DE-TR", volume={"twh": 73.0}, take_or_pay=1.0))
    assert look.sure(after, "DE-TR").to_numpy() == pytest.approx(200)
    assert read(after)["notes"] == ["contract at DE-TR: 10 GWh/d of what is owed has no capacity and is left out"]


def test_a_ceiling_limits_what_is_beyond_other_contracts(change, look):
    after = change(Contract(link="DE-TR", volume={"twh": 18.25}, take_or_pay=0.8, ceiling=1.2))
    assert look.sure(after, "DE-TR").to_numpy() == pytest.approx(10 + 40)
    assert look.rate(after, "Link", "DE-TR").to_numpy() == pytest.approx(10 + 60)


def test_a_ceiling_limits_only_the_days_of_its_contract(change, look):
    ends = Contract(
        link="NL-DE", volume={"twh": 36.5}, take_or_pay=0.5, ceiling=1.0, start="2025-04-16", end="2025-06-30"
    )
    after = change(ends)
    expected = [*[600] * 3, (600 + 100) / 2, 100, 100, *[600] * 6]
    assert look.rate(after, "Link", "NL-DE").to_numpy() == pytest.approx(expected)


def test_a_contract_leaves_a_record_of_its_label(change):
    days = {"start": "2025-04-01", "end": "2025-09-30"}
    after = change(
        Contract(link="NL-DE", volume={"twh": 36.5}, label="AZ", **days), Contract(link="DE-TR", volume={"twh": 1})
    )
    assert read(after)["labels"] == [{"at": "NL-DE", "to": "AZ", "twh": 36.5, "per": "year", **days}]
