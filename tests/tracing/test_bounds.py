"""Bounds by hand: what can have got where if only the flows are known."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from energyflows.errors import ResultsError, UsageError
from energyflows.tracing import trace
from energyflows.tracing._bounds import bound_delivered

#: TWh to GWh, so that figures read as in the worlds.
GWH = 1e3


def find(ds, bus, origin="A", **options):
    """Return the least and the most of an origin at a bus or an area, GWh, by year if there are several."""
    bounds = bound_delivered(ds, **options)
    dim = "area" if "area" in bounds.dims else "bus"
    chosen = bounds.sel({dim: bus, "origin": origin}) * GWH
    pairs = list(zip(chosen["low"].values.tolist(), chosen["high"].values.tolist(), strict=True))
    return list(pairs[0]) if len(pairs) == 1 else [list(pair) for pair in pairs]


def hub(grid, from_a, from_b, levels, **options):
    """Return results of a hub with a tank fed by two origins."""
    arcs = {("A", "H"): from_a, ("B", "H"): from_b}
    return grid(arcs, {("A", "A"): from_a, ("B", "B"): from_b}, {"H": levels}, steps=len(levels) - 1, **options)


def known(**mix):
    """Return the shares of the one tank."""
    return pd.DataFrame([mix], index=["H"])


def test_a_series_leaves_no_choice(grid):
    ds = grid({("A", "H"): 10, ("H", "C"): 7}, {("A", "A"): 12, ("B", "B"): 1})
    for bus, volume in {"A": 2, "H": 3, "C": 7}.items():
        assert find(ds, bus) == pytest.approx([volume, volume])
        assert find(ds, bus, "B") == [0, 0]


@pytest.mark.parametrize(("onward", "at_c", "at_h"), [(8, [0, 8], [22, 30]), (35, [25, 30], [0, 5])])
def test_a_hub_gives_to_each_exit_what_it_likes(grid, onward, at_c, at_h):
    ds = grid({("A", "H"): 30, ("B", "H"): 10, ("H", "C"): onward}, {("A", "A"): 30, ("B", "B"): 10})
    assert find(ds, "C") == pytest.approx(at_c, abs=1e-6)
    assert find(ds, "H") == pytest.approx(at_h, abs=1e-6)


def test_a_diamond_fixes_what_comes_by_its_pure_side(grid):
    # 6 of A by P, and 4 by Q, where 5 of B join; Q keeps 5.
    arcs = {("A", "P"): 6, ("A", "Q"): 4, ("B", "Q"): 5, ("P", "C"): 6, ("Q", "C"): 4}
    ds = grid(arcs, {("A", "A"): 10, ("B", "B"): 5})
    assert find(ds, "C") == pytest.approx([6, 10])
    assert find(ds, "Q") == pytest.approx([0, 4], abs=1e-6)


def test_a_loop_adds_nothing(grid):
    # U takes 3 of A and 8 that came round, keeps 1; V takes 3 of B, keeps 5.
    arcs = {("A", "U"): 3, ("U", "V"): 10, ("V", "U"): 8}
    ds = grid(arcs, {("A", "A"): 3, ("V", "B"): 3})
    assert find(ds, "V") == pytest.approx([2, 3])
    assert find(ds, "U") == pytest.approx([0, 1], abs=1e-6)
    assert find(ds, "UV", areas={"UV": ["U", "V"]}) == pytest.approx([3, 3])


def test_several_buses_together_are_narrower_than_one_by_one(grid):
    arcs = {("A", "H"): 10, ("B", "H"): 6, ("H", "C"): 8, ("H", "D"): 8}
    ds = grid(arcs, {("A", "A"): 10, ("B", "B"): 6})
    assert find(ds, "C") == find(ds, "D") == pytest.approx([2, 8])
    assert find(ds, "both", areas={"both": ["C", "D", "D"]}) == pytest.approx([10, 10])


def test_what_is_lost_may_be_of_any_origin(grid):
    arcs = {("A", "H"): (10, 9), ("B", "H"): 10, ("H", "C"): (19, 16)}
    ds = grid(arcs, {("A", "A"): 10, ("B", "B"): 10})
    assert find(ds, "C") == pytest.approx([6, 9])
    assert find(ds, "C", "B") == pytest.approx([7, 10])


# Day 1: 10 of A are stored on top of 10. Days 2 and 3: the hub consumes 11 each, 1 of it B's.
LAYERS = ([10, 0, 0], [0, 1, 1], [10, 20, 10, 0])


def test_what_a_tank_held_at_first_counts_for_the_most_only(grid):
    ds = hub(grid, *LAYERS)
    assert find(ds, "H") == pytest.approx([10, 20])
    assert find(ds, "H", "B") == pytest.approx([2, 12])
    assert find(ds, "H", before=known(B=1.0)) == pytest.approx([10, 10])
    assert find(ds, "H", before=known(A=0.5, B=0.5)) == pytest.approx([15, 15])
    assert find(ds, "H", before=known(A=np.nan)) == pytest.approx([10, 20])
    assert find(ds, "H", before=known(B=0.25, unknown=0.75)) == pytest.approx([10, 17.5])
    assert find(ds, "H", "C", before=known(C=1.0)) == pytest.approx([10, 10])


def test_a_tank_gives_what_it_likes(grid):
    ds = hub(grid, [10, 0, 0], [0, 1, 1], [10, 20, 10, 10])
    assert find(ds, "H", before=known(B=1.0)) == pytest.approx([0, 10], abs=1e-6)


def test_days_count(grid):
    ds = hub(grid, [2, 0], [0, 1], [20, 40, 25], days=10)
    assert find(ds, "H", before=known(B=1.0)) == pytest.approx([0, 15], abs=1e-6)
    assert find(ds, "H", "B", before=known(B=1.0)) == pytest.approx([10, 25])


TWO_YEARS = pd.to_datetime(["2021-01-01", "2021-07-01", "2022-01-01", "2022-07-01"])


def test_tanks_remember_over_years_and_gas_never_goes_back_in_time(grid):
    # 10 of A go in in the first year, 10 of B in the second; 11 are consumed in each.
    ds = hub(grid, [10, 0, 0, 0], [0, 1, 10, 1], [10, 20, 10, 20, 10], index=TWO_YEARS)
    first, second = find(ds, "H", before=known(C=1.0))
    assert (first, second) == (pytest.approx([0, 10], abs=1e-6), pytest.approx([0, 10], abs=1e-6))
    first, second = find(ds, "H", "B", before=known(C=1.0))
    assert (first, second) == (pytest.approx([1, 1]), pytest.approx([1, 11]))


@pytest.mark.parametrize(("jump", "bounds"), [(8, [10, 18]), (-8, [2, 10])])
def test_what_no_flow_explains_may_be_of_any_origin(grid, jump, bounds):
    # 10 of each go in; then the tank is found with more or less, and is emptied.
    ds = hub(grid, [10, 0, 0], [10, 0, 0], [0, 20, 20, 0])
    ds["stored"][1] += jump
    ds["withdrawn"][2] += jump
    ds["consumed"].loc[{"bus": "H"}][2] += jump
    assert find(ds, "H") == find(ds, "H", "B") == pytest.approx(bounds)


@pytest.mark.parametrize("pipes", [4, 8])
def test_a_small_consumer_behind_large_pipes_side_by_side(grid, pipes):
    # Of the 900 that arrive at M, 1 goes on to H, where 4 of B join.
    arcs = {("A", "M"): 900, ("M", "H"): 1, ("B", "H"): 4}
    ds = grid(arcs, {("A", "A"): 900, ("B", "B"): 4}).isel(link=[0] * pipes + [1, 2])
    for name in ("sent", "received"):
        ds[name] = ds[name] * [*[1 / pipes] * pipes, 1, 1]
    assert find(ds, "H") == pytest.approx([1, 1])
    assert find(ds, "H", "B") == pytest.approx([4, 4])
    assert find(ds, "M") == pytest.approx([899, 899])


def test_what_was_found_may_be_drawn_at_once_or_stay(grid):
    # The tank is filled with 10 of A, gives 3, and is left with 12. B's gas of the second day is consumed on it.
    ds = hub(grid, [10, 0], [0, 1], [0, 10, 7])
    ds["stored"][1] += 5
    assert find(ds, "H") == pytest.approx([0, 3], abs=1e-6)
    assert find(ds, "H", "B") == pytest.approx([1, 4])


def test_a_bus_by_itself_and_one_that_consumes_nothing(grid):
    ds = grid({("A", "H"): 4}, {("A", "A"): 4, ("Z", "Z"): 3})
    bounds = bound_delivered(ds)
    assert bounds["bus"].values.tolist() == ["H", "Z"]
    assert find(ds, "Z", "Z") == pytest.approx([3, 3])
    assert find(ds, "none", "A", areas={"none": ["A"]}) == [0, 0]
    assert bounds.sizes == {"year": 1, "bus": 2, "origin": 2}
    assert bounds["high"].attrs["units"] == "TWh"


def test_unknown_gas_is_no_origin_but_may_be_any(grid):
    ds = grid({("A", "H"): 4}, {("A", "A"): 4, ("H", "unknown"): 3})
    assert bound_delivered(ds)["origin"].values.tolist() == ["A"]
    assert find(ds, "H") == pytest.approx([4, 7])
    # Of 7 at H, 2 are lost on the way to C; these may be of either.
    ds = grid({("A", "H"): 4, ("H", "C"): (5, 3)}, {("A", "A"): 4, ("H", "unknown"): 3})
    assert find(ds, "C") == pytest.approx([0, 3], abs=1e-6)
    assert find(ds, "both", areas={"both": ["H", "C"]}) == pytest.approx([2, 5])


def test_scenarios_are_bounded_one_by_one_and_in_proportion(grid):
    one = hub(grid, *LAYERS)
    names = ["supplied", "consumed", "sent", "received", "stored", "injected", "withdrawn"]
    both = xr.concat([one, one.assign({name: one[name] * 3 for name in names})], pd.Index(["x", "y"], name="scenario"))
    bounds = bound_delivered(both)
    assert bounds["low"].dims == ("scenario", "year", "bus", "origin")
    for name in ("low", "high"):
        np.testing.assert_allclose(bounds[name].sel(scenario="x"), bound_delivered(one)[name], rtol=1e-9)
        np.testing.assert_allclose(bounds[name].sel(scenario="y"), 3 * bounds[name].sel(scenario="x"), rtol=1e-9)


def test_what_trace_found_in_tanks_can_be_given(grid):
    ds = hub(grid, [6, 0], [2, 1], [2, 8, 2])
    traced = trace(ds, start="cyclic")
    held = traced["stored_before"]
    shares = held / held.sum("origin")
    volumes = bound_delivered(ds, before=held)
    xr.testing.assert_allclose(volumes, bound_delivered(ds, before=shares))
    assert find(ds, "H", before=held) == pytest.approx([6 - 2 + 1.5, 7.5])
    xr.testing.assert_allclose(volumes, bound_delivered(ds, before=traced["stored"].isel(snapshot=-1)))


# ------------------------------------------------------------------ wrong input
def refuse(ds, *texts, error=UsageError, **options):
    with pytest.raises(error) as caught:
        bound_delivered(ds, **options)
    for text in texts:
        assert text in str(caught.value)


def test_all_that_is_wrong_is_told_together(grid):
    refuse(
        hub(grid, *LAYERS).drop_vars("sent"),
        "area X: no bus 'HH'; did you mean H?",
        "area Y: no bus in it",
        "origins: no origin 'a'; did you mean A?",
        "origins: B is there twice",
        "before: found int, expected shares or volumes (GWh)",
        "no variable or coordinate sent",
        areas={"X": ["HH"], "Y": []},
        origins=["a", "B", "B"],
        before=7,
    )


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"areas": ["H"]}, "areas: found list, expected lists of buses by name of the area"),
        ({"areas": {}}, "areas: found none"),
        ({"areas": {"X": "H", "Y": 3}}, "area Y: found 3, expected a list of buses"),
        ({"origins": "A"}, "origins: found 'A', expected a list of origins"),
        ({"origins": 3}, "origins: found 3, expected a list of origins"),
        ({"origins": []}, "origins: found none"),
        ({"origins": ["unknown"]}, "origins: no origin 'unknown'"),
        ({"before": known(A=0.5)}, "before: shares of tank H do not sum to 1; divide by their sum"),
        ({"before": known(A="all")}, "before: found DataFrame, expected shares or volumes (GWh) in numbers"),
        ({"before": pd.DataFrame({"A": [1.0]}, index=["HH"])}, "before: no tank 'HH'; did you mean H?"),
    ],
)
def test_arguments_that_cannot_be_used_are_refused(grid, options, text):
    refuse(hub(grid, *LAYERS), text, **options)


def test_results_that_cannot_be_traced_are_refused(grid):
    ds = hub(grid, *LAYERS)
    refuse([1.0], "found list, expected an xarray.Dataset of results")
    refuse(ds.assign_coords(snapshot=[0, 1, 2]), "snapshot: found no dates", error=ResultsError)
    ds["consumed"][0, 2] += 4.0
    refuse(ds, "bus H: more leaves than enters; worst 4 GWh/d", error=ResultsError)
    refuse(ds.isel(bus=0, drop=True), "no dim bus", error=ResultsError, areas={"X": ["H"]}, origins=["A"])
    lacking = ds.drop_vars("generator_origin")
    refuse(lacking, "no variable or coordinate generator_origin", error=ResultsError, origins=["A"])
