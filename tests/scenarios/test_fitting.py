"""Contracts that a scenario leaves without gas or a way out."""

import numpy as np
import pandas as pd
import pytest

from energyflows import build_network, solve
from energyflows.scenarios import Blend, Contract, Cut, Demand, Disrupt, Expand
from energyflows.scenarios.applying._fitting import fit_contracts


@pytest.fixture(scope="module")
def fork(tables):
    """Build a world in which a corridor's 200 GWh/d are contracted 150 to the Netherlands, 50 to Germany."""
    pipelines = tables["pipelines"].assign(follows=None)
    more = pipelines.iloc[[0]].assign(pipeline="YAMAL-NL", to="NL", capacity_gwh_d=300.0)
    contracts = pd.concat(
        [tables["contracts"]]
        + [
            tables["contracts"]
            .iloc[[0]]
            .assign(contract=link, link=link, zone=link[-2:], annual_twh=twh, take_or_pay=1.0)
            for link, twh in (("YAMAL-NL", 0.365 * 150), ("YAMAL-DE", 0.365 * 50))
        ],
        ignore_index=True,
    )
    supply = tables["supply"]
    supply = supply.assign(rate_factor=supply["rate_factor"].where(supply["supplier"] != "RU", 1.0))
    given = {
        **tables,
        "pipelines": pd.concat([pipelines, more], ignore_index=True),
        "contracts": contracts,
        "supply": supply,
    }
    return build_network(2025, tables=given)


@pytest.mark.parametrize("share", [0.1, 0.4, 1.0])
def test_contracts_of_two_exits_lapse_in_proportion_to_the_gas_left(fork, change, look, share):
    after = change(Cut(supplier="RU", share=share), to=fork)
    assert look.sure(fork, "YAMAL-NL").to_numpy() == pytest.approx(150)
    assert look.sure(after, "YAMAL-NL").to_numpy() == pytest.approx(150 * (1 - share), abs=1e-6)
    assert look.sure(after, "YAMAL-DE").to_numpy() == pytest.approx(50 * (1 - share), abs=1e-6)
    for link in ("YAMAL-NL", "YAMAL-DE"):
        assert look.rate(after, "Link", link).to_numpy() == pytest.approx(look.rate(fork, "Link", link).to_numpy())


def test_both_exits_get_their_part_of_what_is_left(fork, change):
    ds = solve(change(Cut(supplier="RU", share=0.5), to=fork))
    sent = {
        link: float((ds["sent"].sel(link=link) * ds["weight_days"]).sum()) / 365 for link in ("YAMAL-NL", "YAMAL-DE")
    }
    assert sent["YAMAL-NL"] >= 75 - 1e-6
    assert sent["YAMAL-DE"] >= 25 - 1e-6


def test_a_cut_of_some_months_lets_contracts_lapse_in_those(fork, change, look):
    after = change(Cut(supplier="RU", share=0.5, start="2025-05-01", end="2025-06-30"), to=fork)
    expected = np.where(np.isin(np.arange(1, 13), (5, 6)), 75.0, 150.0)
    assert look.sure(after, "YAMAL-NL").to_numpy() == pytest.approx(expected)


def test_spare_gas_goes_before_contracts_lapse(n, change, look):
    # The corridor has gas for 200 GWh/d and contracts for 198.
    assert look.sure(change(Cut(supplier="RU", share=0.005)), "YAMAL-DE").to_numpy() == pytest.approx(198)
    assert look.sure(change(Cut(supplier="RU", share=0.1)), "YAMAL-DE").to_numpy() == pytest.approx(180)
    assert look.sure(n, "YAMAL-DE").to_numpy() == pytest.approx(198)


def test_nothing_changes_where_nothing_shrinks(n, change, look):
    after = n.copy()
    fit_contracts(n, after)
    for kind in ("Link", "Generator"):
        assert after.c[kind].static.equals(n.c[kind].static)
    wider = change(
        Cut(supplier="US", share=0.0), Demand(zones=("DE",), factor=2.0), Expand(links=("NL-DE",), by={"twh": 1})
    )
    assert all(look.sure(wider, link).equals(look.sure(n, link)) for link in set(n.links["part_of"]))
    assert look.sure(change(Disrupt(corridor="DE-NL")), "DE-TR").equals(look.sure(n, "DE-TR"))


def test_supply_without_a_way_out_is_offered_instead_of_forced(n, change, look):
    after = change(Disrupt(corridor="YAMAL-DE", start="2025-03-01", duration_days=31))
    parts = after.generators[after.generators["part_of"] == "RU YAMAL minimum"]
    assert parts["reward"].tolist() == [300.0, 0.0]
    assert (parts["marginal_cost"] + parts["reward"]).tolist() == [5.0, 5.0]
    rates = after.get_switchable_as_dense("Generator", "p_max_pu")[parts.index] * parts["p_nom"]
    assert rates.iloc[:, 0].tolist() == [250.0, 250.0, 0.0, *[250.0] * 9]
    assert rates.iloc[:, 1].tolist() == [0.0, 0.0, 250.0, *[0.0] * 9]
    assert look.rate(after, "Generator", "RU YAMAL minimum").equals(look.rate(n, "Generator", "RU YAMAL minimum"))


@pytest.mark.parametrize("depth", [0.3, 0.6, 1.0])
def test_energy_of_a_budget_is_divided_not_doubled(n, change, look, depth):
    after = change(Disrupt(corridor="YAMAL-DE", start="2025-03-01", duration_days=60, depth=depth))
    assert look.budget(after, "RU YAMAL minimum") == pytest.approx(look.budget(n, "RU YAMAL minimum"))


def test_a_way_out_for_less_leaves_as_much_sure(change):
    after = change(Disrupt(corridor="YAMAL-DE", depth=0.5))
    parts = after.generators[after.generators["part_of"] == "RU YAMAL minimum"]
    assert parts["e_sum_max"].to_numpy() == pytest.approx([36_500, 36_500])


def test_an_opened_wall_is_a_way_out(change):
    shut = Disrupt(corridor="YAMAL-DE")
    assert "RU YAMAL minimum 2025 spare" in change(shut).generators.index
    assert (
        "RU YAMAL minimum 2025 spare"
        not in change(shut, Blend(source="YAMAL", target="NL", capacity=300.0)).generators.index
    )


def test_whatever_fails_there_is_a_solution(networks, change):
    ramped = Disrupt(corridor="DE", start="2025-02-10", duration_days=30, ramp_days=10)
    whole = [Disrupt(corridor="YAMAL"), Disrupt(corridor="LNGUS"), Cut(supplier="US")]
    for resolution, failures in (("monthly", [*whole, ramped]), ("weekly", [ramped])):
        for failure in failures:
            held = Contract(link="NL-DE", volume={"twh": 100.0}, take_or_pay=1.0)
            after = change(failure, held, to=networks(2025, resolution))
            assert float(solve(after)["unserved"].min()) >= 0
