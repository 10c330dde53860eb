"""Storage that remembers: closed forms by hand for each rule and each start."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from energyflows.tracing import trace


def hub(grid, from_a, from_b, levels, **options):
    """Return results of a hub with a tank fed by two origins."""
    return grid(
        {("A", "H"): from_a, ("B", "H"): from_b},
        {("A", "A"): from_a, ("B", "B"): from_b},
        {"H": levels},
        steps=len(levels) - 1,
        **options,
    )


def known(**mix):
    """Return a start for the one tank."""
    return pd.DataFrame([mix], index=["H"])


def part(traced, name, origin="A"):
    """Return the figures of one origin at the hub through time."""
    where = {"tank": "H"} if "tank" in traced[name].dims else {"bus": "H"}
    return traced[name].sel(origin=origin, **where).values.tolist()


# Day 1: 10 of A are stored on top of 10 of B. Day 2: 10 are drawn. Day 3: the other 10.
LAYERS = ([10, 0, 0], [0, 1, 1], [10, 20, 10, 0])


@pytest.mark.parametrize(
    ("storage", "drawn_a", "left_a"),
    [("mixed", [5, 5], [10, 5, 0]), ("fifo", [0, 10], [10, 10, 0]), ("lifo", [10, 0], [10, 0, 0])],
)
def test_which_gas_leaves_a_tank_first(grid, storage, drawn_a, left_a):
    traced = trace(hub(grid, *LAYERS), storage, known(B=1.0))
    assert part(traced, "delivered")[1:] == pytest.approx(drawn_a)
    assert part(traced, "stored") == pytest.approx(left_a)
    assert part(traced, "delivered", "B")[1:] == pytest.approx([11 - a for a in drawn_a])


def test_layers_are_taken_in_parts(grid):
    # 4 of B, then 6 of A, then 5 of B in the tank; 7 are drawn, then 6, then 2.
    ds = hub(grid, [6, 0, 0, 0, 0], [0, 5, 0, 0, 0], [4, 10, 15, 8, 2, 0])
    assert part(trace(ds, "fifo", known(B=1.0)), "delivered")[2:] == pytest.approx([3, 3, 0])
    assert part(trace(ds, "lifo", known(B=1.0)), "delivered")[2:] == pytest.approx([2, 4, 0])
    assert part(trace(ds, "mixed", known(B=1.0)), "delivered")[2:] == pytest.approx([7 * 0.4, 6 * 0.4, 2 * 0.4])


@pytest.mark.parametrize("storage", ["mixed", "fifo", "lifo"])
def test_a_tank_emptied_and_filled_again_forgets(grid, storage):
    traced = trace(hub(grid, [0, 8, 0], [3, 0, 3], [5, 0, 8, 4]), storage, known(B=1.0))
    assert part(traced, "mix")[2] == pytest.approx(4 / 7)
    assert part(traced, "stored") == pytest.approx([0, 8, 4])


def test_days_count(grid):
    # 2 GWh/d for 10 days on top of 20.
    traced = trace(hub(grid, [2, 0], [0, 1], [20, 40, 30], days=10), start=known(B=1.0))
    assert part(traced, "stored") == pytest.approx([20, 15])
    assert part(traced, "delivered")[1] == pytest.approx(0.5)


def test_a_cyclic_start_is_the_fixed_point_of_the_period(grid):
    # 6 of A join 2 left over: s = (2 s + 6) / 8 only if s = 1. With 3 of A and 3 of B instead: s = (2 s + 3) / 8 = 0.5.
    assert part(trace(hub(grid, [6, 0], [0, 1], [2, 8, 2]), start="cyclic"), "stored") == pytest.approx([8, 2])
    assert part(trace(hub(grid, [3, 0], [3, 1], [2, 8, 2]), start="cyclic"), "stored") == pytest.approx([4, 1])


def test_a_cyclic_start_of_several_fillings(grid):
    # 10 → 14 by A, → 7, → 12 by B, → 10: s' = ((10 s + 4) / 14 · 7) / 12.
    ds = hub(grid, [4, 0, 0, 0], [0, 9, 5, 9], [10, 14, 7, 12, 10])
    s = (4 * 7 / 14 / 12) / (1 - 10 * 7 / 14 / 12)
    traced = trace(ds, start="cyclic")
    assert float(traced["stored_before"].sel(tank="H", origin="A")) == pytest.approx(10 * s)
    assert part(traced, "stored")[-1] == pytest.approx(10 * s)


def two_years(grid):
    """Return a year that renews half the tank with A, and one that renews half of it with B."""
    days = pd.to_datetime(["2021-01-01", "2021-07-01", "2022-01-01", "2022-07-01"])
    return hub(grid, [10, 0, 0, 0], [0, 1, 10, 1], [10, 20, 10, 20, 10], index=days)


def test_a_chained_start_is_that_of_the_first_year(grid):
    # 2021 alone is all A; 2022 leaves half of it. Over both years: s = (s + 1) / 2 / 2, so s = 1/3.
    chained, cyclic = trace(two_years(grid)), trace(two_years(grid), start="cyclic")
    assert part(chained, "stored") == pytest.approx([20, 10, 10, 5])
    assert part(cyclic, "stored") == pytest.approx([40 / 3, 20 / 3, 20 / 3, 10 / 3])
    assert (chained.attrs["start"], cyclic.attrs["start"]) == ("chained", "cyclic")


def test_chained_and_cyclic_are_the_same_for_one_year_or_plain_numbers(grid):
    one = hub(grid, [4, 0], [0, 3], [10, 14, 9])
    xr.testing.assert_allclose(trace(one), trace(one, start="cyclic"))
    plain = two_years(grid).assign_coords(snapshot=range(4))
    xr.testing.assert_allclose(trace(plain), trace(plain, start="cyclic"))


def test_a_tank_nothing_was_put_into_has_no_mix(grid):
    traced = trace(hub(grid, [1, 1], [1, 1], [5, 5, 5]))
    assert np.isnan(part(traced, "stored")).all()
    assert np.isnan(traced["stored_before"].values).all()
    assert traced["origin"].values.tolist() == ["A", "B"]
    assert part(traced, "delivered") == pytest.approx([1, 1])


def test_gas_nobody_knows_of_is_an_origin_of_its_own(grid):
    traced = trace(hub(grid, [1, 1], [0, 0], [5, 5, 2]))
    assert traced["origin"].values.tolist() == ["A", "B", "unknown"]
    assert part(traced, "delivered", "unknown") == pytest.approx([0, 3])
    assert part(traced, "delivered") == pytest.approx([1, 1])
    # The bounds: what A is if the tank held none of it, and if it held nothing else.
    low, high = (trace(hub(grid, [1, 1], [0, 0], [5, 5, 2]), start=known(**mix)) for mix in ({"B": 1}, {"A": 1}))
    assert part(low, "delivered") == pytest.approx(part(traced, "delivered"))
    assert part(high, "delivered") == pytest.approx(np.add(part(traced, "delivered"), [0, 3]))


def test_two_tanks_that_only_feed_each_other_stay_unknown(grid):
    arcs = {("P", "Q"): [4, 0], ("Q", "P"): [0, 4], ("A", "C"): 1}
    ds = grid(arcs, {("A", "A"): 1}, {"P": [6, 2, 6], "Q": [1, 5, 1]}, steps=2)
    traced = trace(ds)
    assert traced["origin"].values.tolist() == ["A", "unknown"]
    assert float(traced["delivered"].sum()) == pytest.approx(2)
    assert traced["stored"].sel(tank="P", origin="unknown").values.tolist() == pytest.approx([2, 6])


def test_a_tank_filled_by_other_tanks_only_is_known_through_them(grid):
    # A fills P, P fills Q, Q serves C; at the end all is A.
    arcs = {("A", "P"): [9, 0, 0], ("P", "Q"): [0, 6, 0], ("Q", "C"): [0, 0, 3]}
    ds = grid(arcs, {("A", "A"): [9, 0, 0]}, {"P": [4, 13, 7, 7], "Q": [2, 2, 8, 5]}, steps=3)
    traced = trace(ds)
    assert traced["origin"].values.tolist() == ["A"]
    assert traced["stored_before"].sel(origin="A").values.tolist() == pytest.approx([4, 2])


def test_gas_found_in_a_tank_has_its_mix_and_is_told(grid):
    ds = hub(grid, [4, 0], [4, 1], [0, 8, 6])
    ds["stored"][1, 0] = 16.0  # 10 more than flows explain
    traced = trace(ds, start=known(B=1.0))
    assert part(traced, "stored") == pytest.approx([4, 8])
    assert traced["adjusted"].sel(origin="A").values.tolist() == pytest.approx([0, 5])


@pytest.mark.parametrize("storage", ["mixed", "fifo", "lifo"])
def test_gas_found_in_an_empty_tank_is_unknown(grid, storage):
    ds = hub(grid, [1, 1, 1], [0, 0, 0], [0, 0, 0, 0])
    ds["stored"][1:, 0] = 10.0
    ds["stored"][2, 0], ds["withdrawn"][2, 0], ds["consumed"][2, 2] = 4.0, 6.0, 7.0
    traced = trace(ds, storage)
    assert part(traced, "delivered", "unknown") == pytest.approx([0, 0, 6])
    assert part(traced, "stored", "unknown") == pytest.approx([0, 10, 4])


@pytest.mark.parametrize("storage", ["mixed", "fifo", "lifo"])
def test_a_tank_that_leaks_loses_its_own_mix(grid, storage):
    ds = hub(grid, [4, 0], [4, 1], [0, 8, 8])
    ds["stored"][1, 0] = 6.0
    traced = trace(ds, storage, known(B=1.0))
    assert part(traced, "stored") == pytest.approx([4, 3])
    assert traced["adjusted"].sel(origin="A").values.tolist() == pytest.approx([0, -1])


def test_stores_of_one_bus_are_one_tank(grid):
    whole = hub(grid, [4, 0, 0], [4, 1, 1], [2, 10, 7, 2])
    parts = xr.concat(
        [whole, whole.assign_coords(store=["other"])],
        "store",
        data_vars="minimal",
        coords="minimal",
        compat="override",
        join="outer",
    )
    parts["stored"] = parts["stored"] * [0.3, 0.7]
    # The second store gives 5 to the first on the first day; inside one tank that is nothing.
    parts["injected"] = parts["injected"] * [0.3, 0.7] + xr.DataArray(
        [[5.0, 0.0], [0, 0], [0, 0]], dims=("snapshot", "store")
    )
    parts["withdrawn"] = parts["withdrawn"] * [0.3, 0.7] + xr.DataArray(
        [[0.0, 5.0], [0, 0], [0, 0]], dims=("snapshot", "store")
    )
    xr.testing.assert_allclose(trace(parts, start=known(B=1.0)), trace(whole, start=known(B=1.0)))


def apart(grid):
    """Return a tank on a bus of its own, joined to its zone by two links."""
    return grid(
        {("A", "H"): [10, 0], ("H", "H storage"): [8, 0], ("H storage", "H"): [0, 6]},
        {("A", "A"): [10, 0], ("H", "H"): [0, 2]},
        {"H storage": [4, 12, 6]},
        steps=2,
    )


def test_a_tank_on_a_bus_of_its_own_gives_its_mix(grid):
    traced = trace(apart(grid), start=pd.DataFrame({"LNG": [1.0]}, index=["H storage"]))
    assert traced["mix"].sel(bus="H storage", origin="A").values.tolist() == pytest.approx([1, 8 / 12])
    assert traced["delivered"].sel(bus="H", origin="LNG").values.tolist() == pytest.approx([0, 2])
    assert traced["tank"].values.tolist() == ["H storage"]
    assert traced["tank_zone"].values.tolist() == ["H"]
    assert traced["origin"].values.tolist() == ["A", "H", "LNG"]


def test_a_tank_may_be_named_by_its_zone(grid):
    by_zone, by_bus = (
        trace(apart(grid), start=pd.DataFrame({"A": [1.0]}, index=[name])) for name in ("H", "H storage")
    )
    xr.testing.assert_identical(by_zone, by_bus)


def test_what_a_tank_ends_with_can_start_the_next_period(grid):
    first, second = (two_years(grid).isel(snapshot=half) for half in (slice(0, 2), slice(2, 4)))
    before = trace(first)
    end = before["stored"].isel(snapshot=-1, drop=True)
    after = trace(second, start=end / end.sum("origin"))
    np.testing.assert_allclose(after["stored"], trace(two_years(grid))["stored"].isel(snapshot=slice(2, 4)))
    assert after.attrs["start"] == "given"


def test_a_start_without_any_share_is_unknown(grid):
    ds = hub(grid, *LAYERS)
    found = trace(ds, start=pd.DataFrame({"A": [np.nan], "B": [np.nan]}, index=["H"]))
    assert part(found, "delivered", "unknown") == pytest.approx([0, 5, 5])
    assert part(found, "delivered") == pytest.approx([0, 5, 5])


def test_each_scenario_may_start_with_its_own_mix(grid):
    ds = hub(grid, *LAYERS)
    both = xr.concat([ds, ds], "scenario", data_vars="all", coords="minimal", compat="override", join="exact")
    both = both.assign_coords(scenario=["x", "y"])
    start = xr.DataArray(
        [[[0.0, 1.0]], [[1.0, 0.0]]],
        dims=("scenario", "tank", "origin"),
        coords={"scenario": ["y", "x"], "tank": ["H"], "origin": ["A", "B"]},
    )
    found = trace(both, start=start)["delivered"].sel(bus="H", origin="A")
    assert found.sel(scenario="x").values.tolist() == pytest.approx([0, 10, 10])
    assert found.sel(scenario="y").values.tolist() == pytest.approx([0, 5, 5])
