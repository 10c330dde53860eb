"""Deals: what a backfill moves to the GWh, what swaps, papers and shares write down."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energyflows import run, solve
from energyflows.errors import ScenarioError
from energyflows.results import check_results
from energyflows.scenarios import (
    Backfill,
    Contract,
    Demand,
    Expand,
    Leg,
    Relabel,
    Stake,
    Swap,
    get_scenario,
    set_parameters,
)
from energyflows.scenarios.applying import has_effect
from energyflows.scenarios.applying._work import read_rates
from energyflows.tracing import trace, trace_links


def backfill(twh, **given):
    figures = {"supplier": "RU", "entry": "GATE-TR", "home": "TR", "outlet": "EXPORT", "volume": {"twh": twh}}
    return Backfill(**{**figures, **given})


def read(n):
    """Return what a changed network says of its scenario."""
    return json.loads(n.meta["scenario"])


def sum_new(before, after, look, bus):
    """Return the gas a scenario adds at a bus, TWh."""
    fresh = after.generators.index.difference(before.generators.index)
    names = [name for name in fresh if after.generators.at[name, "bus"] == bus]
    return look.energy(after, read_rates(after, "Generator", pd.Index(names)).sum(axis=1))


@settings(max_examples=10)
@given(st.floats(0.0, 10.0))
def test_import_substitution_and_freed_export_balance(n, change, look, twh):
    after = change(backfill(twh))
    home = look.energy(n, look.rate(n, "Generator", "TR gas")) - look.energy(
        after, look.rate(after, "Generator", "TR gas")
    )
    assert home == pytest.approx(twh, abs=1e-6)
    assert sum_new(n, after, look, "GATE") == pytest.approx(twh, abs=1e-6)
    assert sum_new(n, after, look, "EXPORT") == pytest.approx(twh, abs=1e-6)
    assert read(after)["notes"] == []


def test_every_snapshot_balances_within_the_dates_of_the_contract(n, change, look):
    after = change(backfill(2.0, volume={"twh": 2.0, "per": "period"}, start="2025-01-15", end="2025-03-31"))
    taken = look.rate(n, "Generator", "TR gas") - look.rate(after, "Generator", "TR gas")
    pace = 2000 / 76
    assert taken.to_numpy() == pytest.approx([pace * 17 / 31, pace, pace, *[0] * 9])
    for name in ("RU GATE backfill", "TR EXPORT freed"):
        assert look.rate(after, "Generator", name).to_numpy() == pytest.approx(taken.to_numpy())


def test_freed_gas_is_offered_with_the_country_it_is_from(change):
    after = change(backfill(3.0))
    freed = after.generators.loc["TR EXPORT freed"]
    assert (freed["origin"], freed["bus"], freed["reward"]) == ("TR", "EXPORT", 0.0)
    assert (after.generators.at["RU GATE backfill", "origin"], after.generators.at["RU GATE backfill", "reward"]) == (
        "RU",
        300,
    )


def test_gas_joins_what_the_supplier_sells_at_its_bus_and_its_cost(change):
    after = change(backfill(3.0, outlet="YAMAL", home="TR", supplier="RU"))
    assert after.generators.at["TR YAMAL freed", "part_of"] == "TR YAMAL freed"
    again = change(backfill(3.0, entry="YAMAL-DE", home="DE", outlet="EXPORT"), to=add_output(after))
    row = again.generators.loc["RU YAMAL backfill"]
    assert (row["part_of"], row["route"], row["marginal_cost"]) == ("RU YAMAL minimum", "YAMAL", 5.0 - 300.0)


def add_output(n):
    """Return a network with gas of its own in Germany, and room on the Russian pipeline."""
    work = n.copy()
    work.add(
        "Generator",
        "DE gas",
        bus="DE",
        carrier="gas",
        route="home",
        origin="DE",
        part_of="DE gas",
        reward=0.0,
        p_nom=50,
    )
    work.links.loc["YAMAL-DE", "p_nom"] = 100.0
    return work


def test_solved_imports_flow_whole_and_the_balance_holds(n, change):
    before, after = solve(n), solve(change(backfill(10.0)))
    weights = before["weight_days"]
    assert float((after["sent"].sel(link="GATE-TR") * weights).sum()) == pytest.approx(10_000, abs=1e-3)
    assert float((after["supplied"].sel(generator="TR gas") * weights).sum()) == pytest.approx(0.0, abs=1e-3)
    used = [name for name in after["generator"].to_numpy() if name in ("RU GATE backfill", "TR EXPORT freed")]
    assert float((after["supplied"].sel(generator=used) * weights).sum()) == pytest.approx(20_000, abs=1e-3)


def test_more_than_the_pipe_carries_is_refused_with_its_room(change):
    with pytest.raises(
        ScenarioError, match=r"54.8 GWh/d asked from 2025-01-01, but GATE-TR has room for 50.0 \(18.2 TWh"
    ):
        change(backfill(20.0))


def test_two_backfills_share_the_pipe_the_demand_and_the_output(n, change, look):
    with pytest.raises(ScenarioError, match=r"GATE-TR has room for 22.6"):
        change(backfill(10.0), backfill(11.0))
    after = change(backfill(6.0), backfill(5.0))
    assert sum_new(n, after, look, "GATE") == pytest.approx(10.0)
    assert sum_new(n, after, look, "EXPORT") == pytest.approx(10.0)
    assert look.energy(after, look.rate(after, "Generator", "TR gas")) == pytest.approx(0.0, abs=1e-6)
    assert read(after)["notes"] == ["backfill: 1.0 TWh find no demand or output to replace in TR and are left out"]


def test_contracts_go_before_backfills_on_the_pipe(change):
    held = Contract(link="GATE-TR", volume={"twh": 14.6}, take_or_pay=1.0)
    with pytest.raises(ScenarioError, match=r"GATE-TR has room for 10.0"):
        change(held, backfill(5.0))


def test_what_home_demand_or_output_cannot_take_is_left_out_and_said(n, change, look):
    after = change(backfill(15.0))
    assert sum_new(n, after, look, "GATE") == pytest.approx(10.0)
    assert read(after)["notes"] == ["backfill: 5.0 TWh find no demand or output to replace in TR and are left out"]
    after = change(backfill(10.0, substitutable=0.1))
    taken = look.rate(n, "Generator", "TR gas") - look.rate(after, "Generator", "TR gas")
    assert taken.to_numpy() == pytest.approx(0.1 * n.loads_t.p_set["TR demand"].to_numpy())
    assert "find no demand" in read(after)["notes"][0]


def test_nothing_can_be_served_does_nothing(n, change):
    assert not has_effect(n, change(backfill(0.0)))
    assert not has_effect(n, change(backfill(9.0, start="2026-01-01")))
    assert not has_effect(n, change(backfill(9.0, substitutable=0.0)))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"entry": "DE-TR", "home": "NL"}, "DE-TR does not lead to NL, which it is to serve"),
        ({"entry": "EXPORT-NL", "home": "EXPORT"}, "EXPORT-NL does not lead to EXPORT"),
        ({"entry": "NL-DE", "home": "DE"}, "DE has no output of its own that imports could free"),
        ({"outlet": "EXPROT"}, "no zone or corridor 'EXPROT' in this network; did you mean EXPORT"),
        ({"entry": "GATE-TX"}, "no link 'GATE-TX' in this network; did you mean GATE-TR"),
        ({"path": ("LNGUS-LNGEU",)}, "LNGUS-LNGEU is no pipeline of the tables"),
    ],
)
def test_backfills_that_cannot_be_are_refused(change, given, message):
    with pytest.raises(ScenarioError, match=message):
        change(backfill(1.0, **given))


def test_the_path_carries_the_freed_gas_as_well_up_to_technical_capacity(n, change, look):
    assert look.rate(n, "Link", "YAMAL-DE").max() == pytest.approx(202)
    after = change(backfill(1.0, path=("YAMAL-DE", "EXPORT-NL"), start="2025-01-01", end="2025-02-14"))
    freed = look.rate(after, "Generator", "TR EXPORT freed")
    assert look.rate(after, "Link", "YAMAL-DE").to_numpy() == pytest.approx(202 + freed.to_numpy())
    assert look.rate(after, "Link", "EXPORT-NL").equals(look.rate(n, "Link", "EXPORT-NL"))


@settings(max_examples=5)
@given(st.floats(0.0, 1.0))
def test_of_the_mixed_part_home_output_goes_on_and_a_link_carries_it(n, change, look, mixed):
    after = change(backfill(8.0, mixed=mixed, outlet="EXPORT"))
    home, before = (look.energy(each, look.rate(each, "Generator", "TR gas")) for each in (after, n))
    assert home == pytest.approx(before - 8.0 * (1 - mixed), abs=1e-6)
    carried = look.energy(after, look.rate(after, "Link", "TR-EXPORT")) if "TR-EXPORT" in after.links.index else 0.0
    assert sum_new(n, after, look, "EXPORT") + carried == pytest.approx(8.0, abs=1e-6)
    assert sum_new(n, after, look, "GATE") == pytest.approx(8.0, abs=1e-6)


def test_without_a_mix_there_is_no_link_and_with_nothing_else_no_freed_gas(n, change):
    assert "TR-EXPORT" not in change(backfill(8.0)).links.index
    after = change(backfill(8.0, mixed=1.0))
    assert "TR EXPORT freed" not in after.generators.index
    row = after.links.loc["TR-EXPORT"]
    assert (row["bus0"], row["bus1"], row["efficiency"], row["marginal_cost"]) == ("TR", "EXPORT", 1.0, 0.5)
    assert not has_effect(n, change(backfill(0.0, mixed=1.0)))


def test_a_link_that_is_there_is_extended_and_keeps_its_terms(n, change, look):
    after = change(backfill(7.3, mixed=0.5, outlet="NL"))
    assert look.rate(after, "Link", "TR-NL").to_numpy() == pytest.approx(80.0 + 10.0)
    assert after.links.at["TR-NL", "marginal_cost"] == n.links.at["TR-NL", "marginal_cost"]


def test_mixed_backfills_do_not_replace_the_same_output_twice(n, change, look):
    after = change(backfill(6.0, mixed=1.0), backfill(5.0))
    assert sum_new(n, after, look, "GATE") == pytest.approx(10.0)
    assert look.energy(after, look.rate(after, "Link", "TR-EXPORT")) == pytest.approx(6.0, abs=2.0)
    assert read(after)["notes"] == ["backfill: 1.0 TWh find no demand or output to replace in TR and are left out"]


def test_solved_both_ways_sell_the_same_and_only_a_mix_carries_molecules(change):
    # A home that needs no other imports: else freed gas in its grid may be worth more there than abroad.
    small = Demand(zones=("TR",), factor=0.15)
    runs = {mixed: solve(change(small, backfill(4.0, mixed=mixed))) for mixed in (0.0, 1.0)}
    sold = {mixed: float((ds["sent"].sel(link="EXPORT-NL") * ds["weight_days"]).sum()) for mixed, ds in runs.items()}
    assert sold[1.0] == pytest.approx(sold[0.0], abs=1e-2)
    assert sold[1.0] > 3000
    mixes = {mixed: trace(ds)["mix"].sel(bus="EXPORT", origin="RU").max().item() for mixed, ds in runs.items()}
    assert mixes[0.0] == 0.0
    assert mixes[1.0] > 0.1


@pytest.mark.slow
def test_a_mixed_grid_lets_russian_molecules_into_the_corridor():
    winter = get_scenario("backfill-2022")
    both = [set_parameters(winter, {"mixed": mixed}) for mixed in (0.0, 1.0)]
    ds = run(both, years=2023)
    check_results(ds)
    names = [scenario.name for scenario in both]
    passing = trace_links(trace(ds), ds).sel(link="TAP-IT", origin="RU")
    molecules = (passing * ds["weight_days"]).sum("snapshot")
    assert float(molecules.sel(scenario=names[0])) == 0.0
    assert 0.0 < float(molecules.sel(scenario=names[1])) < 1000.0
    imported = ds["sent"].sel(link="MOZDOK-AZ") * ds["weight_days"]
    assert np.ptp(imported.sum("snapshot").sel(scenario=names).to_numpy()) < 1e-3


def test_expansion_widens_the_path_and_freed_gas_comes_on_top(change, look):
    wider = Expand(links=("EXPORT-NL",), by={"twh": 36.5})
    after = change(backfill(3.65, path=("EXPORT-NL",)), wider)
    assert look.rate(after, "Link", "EXPORT-NL").to_numpy() == pytest.approx(200.0)
    wider = Expand(links=("YAMAL-DE",), by={"twh": 73.0})
    after = change(backfill(3.65, path=("YAMAL-DE",)), wider)
    assert look.rate(after, "Link", "YAMAL-DE").to_numpy() == pytest.approx(202 + 200 + 10)


def swap(one=None, other=None, **given):
    first = {"supplier": "RU", "link": "GATE-TR", "label": "AZ", "volume": {"twh": 7.3}, "adds": True}
    second = {"supplier": "US", "link": "LNGUS-LNGEU", "label": "RU", "volume": {"twh": 7.3}, "adds": False}
    return Swap(legs=(Leg(**{**first, **(one or {})}), Leg(**{**second, **(other or {})})), **given)


def test_the_added_leg_brings_gas_capacity_and_its_contract(n, change, look):
    after = change(swap())
    assert look.rate(after, "Link", "GATE-TR").to_numpy() == pytest.approx(70.0)
    assert look.sure(after, "GATE-TR").to_numpy() == pytest.approx(20.0)
    assert sum_new(n, after, look, "GATE") == pytest.approx(7.3)
    others = set(n.links["part_of"]) - {"GATE-TR"}
    assert all(look.rate(after, "Link", link).equals(look.rate(n, "Link", link)) for link in others)


def test_both_legs_leave_a_record_of_their_label(change):
    told = read(change(swap(start="2025-01-01", end="2025-12-31")))["labels"]
    days = {"twh": 7.3, "per": "year", "start": "2025-01-01", "end": "2025-12-31"}
    assert told == [
        {"at": "GATE-TR", "from": "RU", "to": "AZ", **days},
        {"at": "LNGUS-LNGEU", "from": "US", "to": "RU", **days},
    ]


def test_outside_its_days_a_swap_neither_flows_nor_is_recorded(n, change):
    after = change(swap(start="2026-01-01", end="2026-12-31"))
    assert not has_effect(n, after)
    assert read(after)["labels"] == []


def test_two_swaps_from_one_bus_both_flow(n, change, look):
    after = change(swap(), swap(one={"volume": {"twh": 3.65}}, other={"volume": {"twh": 3.65}}))
    assert sum_new(n, after, look, "GATE") == pytest.approx(10.95)
    assert look.sure(after, "GATE-TR").to_numpy() == pytest.approx(30.0)


def test_gas_of_a_swap_may_enter_further_up(change):
    after = change(swap(one={"link": "YAMAL-DE", "bus": "GATE", "cost": 9.0}))
    row = after.generators.loc["RU GATE swap 1"]
    assert (row["bus"], row["marginal_cost"] + row["reward"]) == ("GATE", 9.0)


def test_the_leg_that_only_changes_papers_must_be_there(change):
    with pytest.raises(ScenarioError, match="no gas of 'QA'"):
        change(swap(other={"supplier": "QA"}))
    huge = {"volume": {"twh": 400.0}}
    with pytest.raises(
        ScenarioError, match="1096 GWh/d are to take the place of deliveries by LNGUS-LNGEU, which carries"
    ):
        change(swap(one=huge, other=huge))


PAPERS = [
    Relabel(at="TR-NL", origin="RU", to="TR", share=0.5),
    Relabel(at="TR", origin="RU", to="TR"),
    Stake(asset="Yamal", owner="New", country="US", share=0.25, seller="Gazprom"),
]


@pytest.fixture(scope="module")
def reference(n):
    return solve(n)


def test_papers_change_no_flow_and_no_cost_to_the_last_digit(n, change, reference):
    after = change(*PAPERS)
    assert not has_effect(n, after)
    ds = solve(after)
    for name in ds.data_vars:
        assert np.array_equal(ds[name].to_numpy(), reference[name].to_numpy(), equal_nan=True), name


def test_papers_are_written_down(change):
    told = read(change(*PAPERS))
    assert {"at": "TR-NL", "from": "RU", "to": "TR", "share": 0.5, "start": None, "end": None} in told["labels"]
    assert told["ownership"] == [
        {
            "start": None,
            "end": None,
            "asset": "Yamal",
            "owner": "New",
            "country": "US",
            "share": 0.25,
            "seller": "Gazprom",
        }
    ]


def test_papers_of_places_and_assets_that_do_not_exist_are_refused(change):
    with pytest.raises(ScenarioError, match="no link 'TR-NX'"):
        change(Relabel(at="TR-NX", origin="RU", to="TR"))
    with pytest.raises(ScenarioError, match=r"ownership.csv has no asset 'Nord'; it has Yamal"):
        change(Stake(asset="Nord", owner="New", country="US", share=0.1))
    with pytest.raises(ScenarioError, match="'Old' owns nothing of Yamal; owners are Gazprom"):
        change(Stake(asset="Yamal", owner="New", country="US", share=0.1, seller="Old"))


def share_out(tables, *owners):
    """Return tables with owners of the pipeline: name, share, first and last day."""
    rows = [
        tables["ownership"]
        .iloc[[0]]
        .assign(owner=owner, share=share, valid_from=pd.Timestamp(start), valid_to=pd.Timestamp(end))
        for owner, share, start, end in owners
    ]
    return {**tables, "ownership": pd.concat(rows, ignore_index=True)}


@pytest.fixture(scope="module")
def owned(tables):
    """Return tables in which B sells half of its share to A at the middle of the year."""
    return share_out(
        tables,
        ("A", 0.2, None, "2025-06-30"),
        ("A", 0.35, "2025-07-01", None),
        ("B", 0.3, None, "2025-06-30"),
        ("B", 0.15, "2025-07-01", None),
    )


def stake(share, **given):
    return Stake(**{"asset": "Yamal", "owner": "A", "country": "XX", "share": share, **given})


def test_a_buyer_gets_no_more_than_both_had(change, owned):
    change(stake(0.5, seller="B"), tables=owned)
    with pytest.raises(ScenarioError, match=r"0.6 of Yamal asked for A, but A and B hold 0.5 on 2025-01-01; lower"):
        change(stake(0.6, seller="B"), tables=owned)


def test_what_a_seller_has_is_that_of_the_days_of_the_deal(change, owned):
    change(stake(0.3, owner="C", seller="B", end="2025-06-30"), tables=owned)
    with pytest.raises(ScenarioError, match=r"C and B hold 0.15 on 2025-07-01"):
        change(stake(0.3, owner="C", seller="B"), tables=owned)
    change(stake(0.3, owner="C", seller="B", start="2026-01-01"), tables=owned)


def test_stakes_of_one_asset_are_no_more_than_the_whole(change, owned):
    change(stake(0.6), stake(0.4, owner="C"), tables=owned)
    change(stake(0.6, end="2025-03-31"), stake(0.7, owner="C", start="2025-04-01"), tables=owned)
    with pytest.raises(ScenarioError, match=r"but other stakes leave 0.4 on 2025-01-01"):
        change(stake(0.6), stake(0.7, owner="C"), tables=owned)
