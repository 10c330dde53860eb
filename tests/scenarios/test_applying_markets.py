"""Demand, prices and what stores hold."""

import json

import pandas as pd
import pytest

from energyflows import solve
from energyflows.errors import ScenarioError
from energyflows.network.slices import list_slices
from energyflows.scenarios import Demand, Price, StartStock, StorageTarget

VOLUME = 40_000.0


def stand(n, snapshot, zone="DE"):
    """Return the reward of gas in each slice at the end of a snapshot by its upper end, EUR/MWh."""
    names = list_slices(n, zone)
    days = n.snapshot_weightings["generators"][snapshot]
    costs = n.get_switchable_as_dense("Store", "marginal_cost_storage")
    tops = n.stores.loc[names, "e_nom"].cumsum().round(6)
    return dict(zip(tops, (-costs.loc[snapshot, names] * days).round(6), strict=True))


def test_demand_keeps_what_may_be_given_up_or_unserved_in_proportion(n, change, look):
    after = change(Demand(zones=("DE",), factor=1.2, start="2025-01-01", end="2025-02-14"))
    factor = [1.2, 1.1, *[1.0] * 10]
    for kind, names in (
        ("Load", ["DE demand"]),
        ("Generator", [f"DE response {k}" for k in (1, 2, 3)] + ["DE unserved"]),
    ):
        for name in names:
            assert look.rate(after, kind, name).to_numpy() == pytest.approx(look.rate(n, kind, name) * factor)
    assert after.loads_t.p_set.drop(columns="DE demand").equals(n.loads_t.p_set.drop(columns="DE demand"))


def test_the_union_are_its_members(n, change, look):
    after = change(Demand(zones=("EU27",), factor=0.5))
    factor = {name: look.rate(after, "Load", name).sum() / look.rate(n, "Load", name).sum() for name in n.loads.index}
    assert factor == pytest.approx({"NL demand": 0.5, "DE demand": 0.5, "TR demand": 1.0, "LNGROW demand": 1.0})


def test_a_zone_named_twice_counts_once(n, change, look):
    after = change(Demand(zones=("DE", "EU27"), factor=1.1))
    assert look.rate(after, "Load", "DE demand").sum() == pytest.approx(1.1 * look.rate(n, "Load", "DE demand").sum())


def test_places_without_demand_are_refused(change):
    with pytest.raises(ScenarioError, match="YAMAL has no demand in this network"):
        change(Demand(zones=("DE", "YAMAL"), factor=1.1))
    with pytest.raises(ScenarioError, match="no zone or corridor 'EU28'"):
        change(Demand(zones=("EU28",), factor=1.1))


def test_without_demand_there_is_nothing_to_be_given_up(change, look):
    after = change(Demand(zones=("TR",), factor=0.0))
    assert all(look.rate(after, "Generator", f"TR {name}").max() == 0 for name in ("unserved", "response 1"))
    assert float(solve(after)["unserved"].sel(bus="TR").max()) == 0


def test_a_price_rises_while_it_does(n, change, look):
    after = change(Price(supplier="RU", factor=2.0, add=1.0, start="2025-07-01"))
    before = look.cost(n, "Generator", "RU YAMAL minimum").iloc[:, 0]
    costs = look.cost(after, "Generator", "RU YAMAL minimum").iloc[:, 0]
    assert before.tolist() == [5.0] * 12
    assert costs.tolist() == pytest.approx([5.0] * 6 + [11.0] * 6)
    assert after.generators.at["RU YAMAL minimum 2025", "reward"] == 300.0


def test_without_a_supplier_the_rest_of_the_world_pays(n, change, look):
    after = change(Price(factor=1.5))
    for step in range(1, 9):
        name = f"LNGROW response {step}"
        assert look.cost(after, "Generator", name).equals(1.5 * look.cost(n, "Generator", name))
    assert look.cost(after, "Generator", "LNGROW unserved").equals(look.cost(n, "Generator", "LNGROW unserved"))


def test_a_target_rewards_gas_up_to_its_level(n, change):
    after = change(StorageTarget(zones=("DE",), share=0.5, reward=80.0))
    before = stand(n, "2025-10-01")
    assert before == {30_000: 0.0, VOLUME: 0.0}
    assert stand(after, "2025-10-01") == pytest.approx({20_000: 80.0, 30_000: 0.0, VOLUME: 0.0})
    assert stand(after, "2025-11-01") == {20_000: 0.0, 30_000: 0.0, VOLUME: 0.0}


@pytest.mark.parametrize(("resolution", "snapshot"), [("weekly", "2025-10-29"), ("daily", "2025-10-31")])
def test_a_target_counts_at_the_end_of_the_period_before_its_day(networks, change, resolution, snapshot):
    after = change(StorageTarget(zones=("DE",), share=0.5), to=networks(2025, resolution))
    rewards = -after.get_switchable_as_dense("Store", "marginal_cost_storage")["DE storage 1"]
    assert rewards.index[rewards > 50 / 31].tolist()[0] == pd.Timestamp(snapshot)


def test_the_turn_of_a_year_is_the_end_of_the_one_before(n, change):
    after = change(StorageTarget(zones=("DE",), share=0.25, day="01-01", reward=7.0))
    assert stand(after, "2025-12-01")[10_000] - stand(n, "2025-12-01")[30_000] == pytest.approx(7.0)


def test_a_target_of_every_year_counts_in_each(networks, change):
    n = networks((2024, 2025))
    after = change(StorageTarget(zones=("EU27",), share=0.5, day="05-01", reward=9.0), to=n)
    assert stand(after, "2024-04-01")[20_000] == stand(after, "2025-04-01")[20_000] == pytest.approx(9.0)
    once = change(StorageTarget(zones=("EU27",), share=0.5, day="2025-05-01", reward=9.0), to=n)
    assert stand(once, "2024-04-01")[20_000] == 0.0
    assert stand(once, "2025-04-01")[20_000] == pytest.approx(9.0)


@pytest.mark.parametrize("kind", [StartStock, StorageTarget])
def test_days_outside_a_network_do_nothing(n, change, kind):
    for day in ("2023-06-30", "2027-06-30"):
        after = change(kind(zones=("DE",), share=0.5, day=day))
        assert after.stores.equals(n.stores)
        assert after.stores_t.marginal_cost_storage.equals(n.stores_t.marginal_cost_storage)


def test_a_stock_of_the_day_before_is_what_the_year_begins_with(change):
    for day in ("2024-12-31", "12-31"):
        after = change(StartStock(zones=("DE",), share=0.8, day=day))
        assert after.stores.loc[list_slices(after, "DE"), "e_initial"].sum() == pytest.approx(0.8 * VOLUME)
        assert (after.stores["e_initial"] <= after.stores["e_nom"]).all()


def test_a_day_inside_a_period_is_told(change):
    notes = [
        json.loads(change(StartStock(zones=("DE",), share=0.6, day=day)).meta["scenario"])["notes"]
        for day in ("2025-06-30", "2025-06-10")
    ]
    assert notes == [[], ["start_stock: the level of 2025-06-10 counts on 2025-06-30, the end of its period"]]


def test_stores_hold_the_level_on_its_day(change):
    ds = solve(change(StartStock(zones=("EU27",), share=0.6, day="2025-06-30")))
    stored = ds["stored"].sel(store="DE storage").to_series()
    assert stored["2025-06-01"] == pytest.approx(0.6 * VOLUME)
    assert stored["2025-12-01"] == pytest.approx(30_000)


def test_stores_may_be_asked_for_more_than_one_level_in_time(change):
    ds = solve(
        change(
            StartStock(zones=("DE",), share=0.6, day="2025-04-30"),
            StartStock(zones=("DE",), share=0.9, day="2025-10-31"),
        )
    )
    stored = ds["stored"].sel(store="DE storage").to_series()
    assert stored[["2025-04-01", "2025-10-01"]].to_numpy() == pytest.approx([0.6 * VOLUME, 0.9 * VOLUME])


@pytest.mark.parametrize("kind", [StartStock, StorageTarget])
def test_two_levels_of_one_store_on_one_day_are_refused(change, kind):
    levels = kind(zones=("EU27",), share=0.7, day="11-01"), kind(zones=("DE",), share=0.8, day="2025-11-01")
    with pytest.raises(ScenarioError, match="DE has two different levels on 2025-11-01; leave one out"):
        change(*levels)
    change(kind(zones=("EU27",), share=0.7, day="11-01"), kind(zones=("DE",), share=0.7, day="2025-11-01"))


@pytest.mark.parametrize("kind", [StartStock, StorageTarget])
def test_zones_without_storage_are_refused_by_name(change, kind):
    with pytest.raises(ScenarioError, match="NL has no storage in this network"):
        change(kind(zones=("NL", "DE"), share=0.7, day="11-01"))


def test_a_level_is_a_part_of_the_volume_there_is_on_that_day(tables, change):
    from energyflows import build_network

    grown = tables["storages"].assign(valid_to=pd.Timestamp("2025-06-30"))
    later = tables["storages"].assign(working_volume_twh=80.0, valid_from=pd.Timestamp("2025-07-01"))
    given = {**tables, "storages": pd.concat([grown, later], ignore_index=True)}
    n = build_network(2025, tables=given)
    early = change(StartStock(zones=("DE",), share=0.5, day="2025-03-31"), to=n, tables=given)
    late = change(StartStock(zones=("DE",), share=0.5, day="2025-09-30"), to=n, tables=given)
    assert stand(early, "2025-03-01")[20_000] == 300.0
    assert stand(early, "2025-03-01")[30_000] == -300.0
    assert stand(late, "2025-09-01")[40_000] == 300.0
    assert stand(late, "2025-09-01")[80_000] == -300.0
