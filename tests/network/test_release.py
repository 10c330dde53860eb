"""Ships turn round when something fails, unless law or the exporter's berths forbid."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energyflows.errors import UnknownNameError, UsageError
from energyflows.network import build_network, drop_rewards, free_destinations, free_stocks, release_bounds
from energyflows.network.release import value_slices
from energyflows.solving import solve


@pytest.fixture
def n(toy):
    """Build the toy of 2025: the United States send 80 to 300 TWh to Europe, 200 to 900 elsewhere."""
    return build_network(2025, tables=toy())


def test_ceilings_become_what_the_exporter_can_load(n):
    free = free_destinations(n, keep=())
    able = n.generators["p_nom"] * n.get_switchable_as_dense("Generator", "p_max_pu").max()
    assert free.links.at["LNGUS-LNGEU", "p_nom"] == pytest.approx(able[n.generators["bus"] == "LNGUS"].sum())
    assert (free.get_switchable_as_dense("Link", "p_max_pu")["LNGUS-LNGEU"] == 1).all()


def test_floors_and_everything_else_stay(n):
    free = free_destinations(n, keep=())
    others = n.links.index.difference(["LNGUS-LNGEU", "LNGUS-LNGROW"])
    assert "LNGUS-LNGEU minimum" in others
    assert free.links.loc[others].equals(n.links.loc[others])
    assert free.generators.equals(n.generators)


def test_the_network_given_stays_as_it_is(n):
    before = n.links.copy()
    free_destinations(n, keep=())
    assert n.links.equals(before)


def test_exporters_under_restrictions_keep_their_ceilings(n):
    assert free_destinations(n, keep=("US",)).links.equals(n.links)


def test_ships_make_up_for_a_lost_pipeline(n):
    n.generators.loc[n.generators["origin"] == "RU", "p_nom"] = 0.0
    n.links.loc["LNGUS-LNGEU", "p_nom"] = 0.0
    assert float(solve(n)["unserved"].sum()) > float(solve(free_destinations(n, keep=()))["unserved"].sum())


def test_unknown_exporters_and_networks_without_ships_are_refused(n):
    with pytest.raises(UsageError, match="no exporter 'XY' by ship"):
        free_destinations(n, keep=("XY",))
    with pytest.raises(UsageError, match="found the text 'US'"):
        free_destinations(n, keep="US")
    n.remove("Link", n.links.index[n.links["carrier"] == "shipping"])
    with pytest.raises(UsageError, match="no links with carrier 'shipping'"):
        free_destinations(n, keep=())


@pytest.mark.slow
def test_packaged_lng_of_2025_stays_near_the_observed_volume_when_freed():
    ds = solve(free_destinations(build_network(2025)))
    landed = ds["received"].sel(link=[link for link in ds["link"].to_numpy() if link.endswith("-LNGEU")]).sum("link")
    assert float((landed * ds["weight_days"]).sum()) / 1e3 == pytest.approx(1480, rel=0.03)


@pytest.fixture(scope="module")
def held(toy):
    """Return the toy of 2025 unsolved, its results, and the function that lets go of its bounds."""
    n, tables = build_network(2025, tables=toy()), toy()
    ds = solve(n)
    price = ds["price"].to_pandas()
    return n, ds, lambda work=n, **choice: release_bounds(work, price, tables, **choice)


def find_parts(n, link, word):
    return n.links.index[(n.links["part_of"] == link) & n.links.index.str.contains(f" {word} ")]


def sum_days(ds, name):
    """Return energy, GWh: in the toy gas may be stored in one month or another at the same cost."""
    return (ds[name] * ds["weight_days"]).sum("snapshot")


def end(ds, years=(2025,)):
    """Return the stock at the end of years, GWh."""
    return [float(ds["stored"].sum("store").sel(snapshot=str(year)).isel(snapshot=-1)) for year in years]


def test_the_reference_stays_the_best_solution(held):
    _, before, release = held
    after = solve(release())
    assert float(after["objective"]) == pytest.approx(float(before["objective"]), rel=1e-9)
    for name in ("supplied", "unserved", "response"):
        assert float(abs(sum_days(after, name) - sum_days(before, name)).max()) < 1e-2, name
    moved = abs(sum_days(after, "sent") - sum_days(before, "sent")).where(~before["is_storage_link"], 0.0)
    assert float(moved.max()) < 1e-2
    assert end(after) == pytest.approx(end(before), abs=1e-3)


@pytest.mark.parametrize("resolution", ["weekly", "daily"])
def test_the_reference_stays_the_best_solution_in_shorter_periods(toy, resolution):
    tables = toy()
    n = build_network(2025, resolution, tables)
    before = solve(n)
    after = solve(release_bounds(n, before["price"].to_pandas(), tables))
    assert float(after["objective"]) == pytest.approx(float(before["objective"]), rel=1e-9)


def test_the_reference_stays_the_best_solution_over_two_years(toy):
    tables = toy()
    n = build_network((2024, 2025), tables=tables)
    before = solve(n)
    after = solve(release_bounds(n, before["price"].to_pandas(), tables))
    assert float(after["objective"]) == pytest.approx(float(before["objective"]), rel=1e-9)
    # With one price on both sides of the turn of the year, nothing is lost by storing more or less over it.
    assert end(after) == pytest.approx(end(before), abs=1e-3)


def test_the_worth_of_the_months_in_store_is_kept(toy, set_parameters):
    tables = toy()
    set_parameters(tables, storage_value_spread=0.5)
    n = build_network(2025, tables=tables)
    before = solve(n)
    after = solve(release_bounds(n, before["price"].to_pandas(), tables))
    assert end(after) == pytest.approx(end(before), abs=1e-3)
    assert float(after["objective"]) == pytest.approx(float(before["objective"]), rel=1e-9)


def test_after_a_loss_ships_turn_round_and_stores_end_lower(held):
    n, before, release = held
    tight, free = n.copy(), release()
    for work in (tight, free):
        work.links.loc[["YAMAL-DE", "YAMAL-DE minimum"], "p_nom"] *= 0.8
        # Less than that cannot be sent by the ceiling alone.
        work.links.loc["LNGUS-LNGEU", "p_nom"] = 300.0
    tight, free = solve(tight), solve(free)
    assert end(tight) == pytest.approx(end(before), abs=1e-3)
    assert end(free)[0] < end(before)[0] - 100
    assert free["link"].equals(before["link"])
    sent = [ds["sent"].sel(link="LNGUS-LNGEU").to_series() for ds in (tight, free)]
    assert sent[0].max() == pytest.approx(300 + 219.178, abs=1e-2)
    assert sent[1].max() > 520
    lost = [
        float((sum_days(ds, "unserved") + sum_days(ds, "response")).drop_sel(bus="LNGROW").sum())
        for ds in (tight, free)
    ]
    assert lost[1] < lost[0]


def test_stocks_may_stay_held(held):
    _, before, release = held
    work = release(stocks=False)
    work.links.loc[["YAMAL-DE", "YAMAL-DE minimum"], "p_nom"] *= 0.6
    assert end(solve(work)) == pytest.approx(end(before), abs=1e-3)


def test_charges_for_leaving_bounds_are_no_cost(held):
    n, _, release = held
    for work in (n, release()):
        links = work.links[work.links["carrier"] == "shipping"]
        assert (links["marginal_cost"] + links["reward"]).groupby(links["part_of"]).nunique().eq(1).all()


def test_a_cargo_beyond_a_ceiling_costs_at_least_what_it_would_have_gained(held):
    n, before, release = held
    free, price = release(), before["price"].to_pandas()
    for link in ("LNGUS-LNGEU", "LNGUS-LNGROW"):
        gain = price[link.split("-")[1]] - price["LNGUS"] - n.links.at[link, "marginal_cost"]
        parts = find_parts(free, link, "diverted")
        room = free.get_switchable_as_dense("Link", "p_max_pu")[parts] > 0
        charge = (room * -free.links.loc[parts, "reward"]).sum(axis=1)
        assert (room.sum(axis=1) == 1).all()
        assert (charge >= gain.clip(lower=0) + 0.5 - 1e-9).all()


def test_floors_are_held_by_what_they_are_worth_and_no_more(held):
    n, _, release = held
    free = release()
    floor = n.links.at["LNGUS-LNGEU minimum", "p_nom"]
    parts = find_parts(free, "LNGUS-LNGEU", "held")
    rates = free.get_switchable_as_dense("Link", "p_max_pu")[parts] * free.links.loc[parts, "p_nom"]
    assert rates.sum(axis=1).to_numpy() == pytest.approx(floor)
    assert free.links.at["LNGUS-LNGEU minimum", "p_nom"] == 0.0
    assert (free.links.loc[parts, "reward"] < 300).all()


def test_restricted_exporters_are_held_as_before(held):
    n, _, release = held
    work = n.copy()
    work.generators["origin"] = work.generators["origin"].replace("US", "RU")
    assert release(work).links.equals(work.links)


def test_releasing_leaves_the_network_given_alone(held):
    n, _, release = held
    links, stores, worth = n.links.copy(), n.stores.copy(), n.stores_t.marginal_cost_storage.copy()
    release()
    assert n.links.equals(links)
    assert n.stores.equals(stores)
    assert n.stores_t.marginal_cost_storage.equals(worth)


def test_stores_that_end_as_they_began_are_let_alone(toy):
    tables = toy()
    levels = tables["observed_storage"]
    tables["observed_storage"] = levels[(levels["date"] != "2024-12-31") | (levels["zone"] != "DE")].reset_index(
        drop=True
    )
    n = build_network(2025, tables=tables)
    assert n.stores["e_cyclic"].all()
    free = release_bounds(n, solve(n)["price"].to_pandas(), tables)
    assert free.stores.equals(n.stores)
    assert free.stores_t.marginal_cost_storage.equals(n.stores_t.marginal_cost_storage)


def test_parameters_that_are_missing_are_named(held, toy):
    tables = toy()
    kept = ~tables["parameters"]["parameter"].isin(["diversion_cost", "end_value_margin"])
    tables["parameters"] = tables["parameters"][kept]
    with pytest.raises(UnknownNameError, match=r"parameters.csv has no row diversion_cost, end_value_margin; add it"):
        release_bounds(held[0], held[1]["price"].to_pandas(), tables)


FIGURES = {
    "minimum_penalty": 300.0,
    "end_value_margin": 0.02,
    **{f"end_value_factor_{k}": factor for k, factor in enumerate((1.6, 1.2, 0.95, 0.7), 1)},
}


@given(st.lists(st.floats(1.0, 100.0), min_size=2, max_size=8), st.data(), st.floats(-50.0, 200.0))
def test_gas_left_is_never_worth_more_the_more_there_is(sizes, data, price):
    edge = data.draw(st.integers(0, len(sizes)))
    level = sum(sizes[:edge])
    worth = value_slices(pd.Series(sizes), level, price, FIGURES)
    assert (worth["free"].diff().dropna() <= 1e-9).all()
    assert (worth["free"][:edge] >= price + 0.02 * abs(price) - 1e-9).all()
    assert (worth["free"][edge:] <= price - 0.02 * abs(price) + 1e-9).all()
    assert worth["held"].tolist() == [300.0] * edge + [-300.0] * (len(sizes) - edge)


def test_worth_follows_the_line_through_the_factors():
    worth = value_slices(pd.Series([25.0, 25.0, 25.0, 25.0]), 50.0, 30.0, FIGURES)
    middle = (1.2 + 0.95) / 2
    assert worth["free"].to_numpy() == pytest.approx([30 * factor / middle for factor in (1.6, 1.2, 0.95, 0.7)])


# ------------------------------------------------------------------ nothing rewarded, stocks alone let go
def test_without_rewards_everything_costs_what_it_costs(n):
    free = drop_rewards(n)
    for component in ("Generator", "Link"):
        before, after = n.c[component].static, free.c[component].static
        reward = before["reward"].fillna(0.0)
        assert (reward > 0).any()
        assert (after["reward"] == 0).all()
        costs = [each.get_switchable_as_dense(component, "marginal_cost") for each in (n, free)]
        pd.testing.assert_frame_equal(costs[1], costs[0] + reward)
        assert (costs[1] >= -1e-9).all(axis=None)


def test_costs_that_vary_lose_their_reward_too(n):
    name = n.generators.index[n.generators["reward"] > 0][0]
    series = pd.Series(range(len(n.snapshots)), n.snapshots, dtype=float)
    n.generators_t.marginal_cost[name] = series
    free = drop_rewards(n)
    assert (free.generators_t.marginal_cost[name] == series + n.generators.at[name, "reward"]).all()
    assert (n.generators_t.marginal_cost[name] == series).all()


def test_dropping_rewards_leaves_the_network_given_alone_and_can_be_repeated(n):
    before = n.copy()
    once = drop_rewards(n)
    for component in ("Generator", "Link", "Store"):
        assert n.c[component].static.equals(before.c[component].static)
        assert drop_rewards(once).c[component].static.equals(once.c[component].static)
    assert once.stores_t.marginal_cost_storage.equals(n.stores_t.marginal_cost_storage)


def test_without_rewards_the_dispatch_is_no_dearer(held):
    """The objective told has no rewards in it: what need not flow need not be paid for."""
    n, before, _ = held
    after = solve(drop_rewards(n))
    assert float(after["objective"]) <= float(before["objective"]) * (1 + 1e-9)


def test_only_networks_have_rewards_to_drop():
    with pytest.raises(UsageError, match=r"expected a pypsa\.Network"):
        drop_rewards(7)


def test_freed_stocks_are_those_of_released_bounds(held, toy):
    n, before, release = held
    price = before["price"].to_pandas()
    links, worth = n.links.copy(), n.stores_t.marginal_cost_storage.copy()
    free = free_stocks(n, price, toy())
    assert free.links.equals(n.links)
    whole = release()
    pd.testing.assert_frame_equal(free.stores, whole.stores)
    pd.testing.assert_frame_equal(free.stores_t.marginal_cost_storage, whole.stores_t.marginal_cost_storage)
    assert n.links.equals(links)
    assert n.stores_t.marginal_cost_storage.equals(worth)


def test_freed_stocks_leave_the_reference_the_best_solution(held, toy):
    n, before, _ = held
    after = solve(free_stocks(n, before["price"].to_pandas(), toy()))
    assert float(after["objective"]) == pytest.approx(float(before["objective"]), rel=1e-9)
    assert end(after) == pytest.approx(end(before), abs=1e-3)
