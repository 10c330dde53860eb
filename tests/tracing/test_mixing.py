"""Mixes without storage: closed forms, losses, loops, nodes nothing reaches, coupling."""

import numpy as np
import pytest
import xarray as xr

from energyflows.tracing import trace, trace_links


def shares(array, **where):
    """Return what is not zero of one mix, by origin."""
    chosen = array.sel(**where).isel(snapshot=0)
    return {str(o): float(v) for o, v in zip(chosen["origin"].values, chosen.values, strict=True) if v != 0}


def test_what_leaves_a_hub_is_mixed_as_what_enters_it(grid):
    ds = grid({("A", "H"): 30, ("B", "H"): 10, ("H", "C"): 20}, {("A", "A"): 30, ("B", "B"): 10})
    traced = trace(ds)
    assert shares(traced["mix"], bus="H") == pytest.approx({"A": 0.75, "B": 0.25})
    assert shares(traced["delivered"], bus="C") == pytest.approx({"A": 15, "B": 5})
    assert shares(traced["delivered"], bus="H") == pytest.approx({"A": 15, "B": 5})
    assert traced["delivered"].attrs["units"] == "GWh/d"


def test_transit_mixes_with_output_or_serves_others_first(grid):
    # H produces 20 and consumes 30; 30 come from A, 20 go on to C.
    ds = grid({("A", "H"): 30, ("H", "C"): 20}, {("A", "A"): 30, ("H", "H"): 20})
    direct, net = trace(ds), trace(ds, coupling="aggregated")
    assert shares(direct["delivered"], bus="C") == pytest.approx({"A": 12, "H": 8})
    assert shares(direct["delivered"], bus="H") == pytest.approx({"A": 18, "H": 12})
    assert shares(net["delivered"], bus="C") == pytest.approx({"A": 20})
    assert shares(net["delivered"], bus="H") == pytest.approx({"A": 10, "H": 20})


def test_only_what_a_country_produces_above_its_demand_flows_on(grid):
    ds = grid({("A", "H"): 30, ("H", "C"): 40}, {("A", "A"): 30, ("H", "H"): 20})
    net = trace(ds, coupling="aggregated")
    assert shares(net["delivered"], bus="H") == pytest.approx({"H": 10})
    assert shares(net["delivered"], bus="C") == pytest.approx({"A": 30, "H": 10})


def test_foreign_gas_put_into_a_grid_is_not_its_own_output(grid):
    ds = grid({("H", "C"): 10}, {("H", "RU"): 20})
    assert shares(trace(ds, coupling="aggregated")["delivered"], bus="C") == pytest.approx({"RU": 10})


def test_losses_carry_the_mix_of_the_sender(grid):
    ds = grid({("A", "H"): (40, 30), ("B", "H"): 10, ("H", "C"): (20, 16)}, {("A", "A"): 40, ("B", "B"): 10})
    traced = trace(ds)
    assert shares(traced["mix"], bus="H") == pytest.approx({"A": 0.75, "B": 0.25})
    assert shares(traced["delivered"], bus="C") == pytest.approx({"A": 12, "B": 4})
    assert shares(traced["lost"]) == pytest.approx({"A": 10 + 3, "B": 1})


def test_a_loop_gas_enters_makes_none_of_its_own(grid):
    # 100 circulate from H over L and back; the mix of 3 : 1 stays.
    ds = grid({("A", "H"): 3, ("B", "L"): 1, ("H", "L"): 103, ("L", "H"): 100}, {("A", "A"): 3, ("B", "B"): 1})
    assert shares(trace(ds)["delivered"], bus="L") == pytest.approx({"A": 3, "B": 1})
    assert float(trace(ds)["delivered"].sum()) == pytest.approx(4)


def test_a_loop_that_nothing_enters_and_a_node_without_flow_have_no_mix(grid):
    ds = grid({("L", "M"): 50, ("M", "L"): 50, ("A", "H"): 5, ("X", "Y"): 0}, {("A", "A"): 5})
    traced = trace(ds)
    nothing = traced["mix"].isnull().all("origin").isel(snapshot=0)
    assert traced["bus"].values[nothing].tolist() == ["L", "M", "X", "Y"]
    assert float(traced["delivered"].sel(bus=["L", "M", "X", "Y"]).sum()) == 0
    flows = trace_links(traced, ds).isel(snapshot=0, origin=0)
    assert np.isnan(flows.sel(link="L-M"))
    assert float(flows.sel(link="X-Y")) == 0


def test_flows_of_links_by_origin_sum_to_what_is_sent(grid):
    ds = grid({("A", "H"): (40, 30), ("B", "H"): 10, ("H", "C"): (20, 16)}, {("A", "A"): 40, ("B", "B"): 10})
    flows = trace_links(trace(ds), ds)
    xr.testing.assert_allclose(flows.sum("origin"), ds["sent"].drop_attrs())
    assert shares(flows, link="H-C") == pytest.approx({"A": 15, "B": 5})
    assert flows.dims == ("snapshot", "link", "origin")


def test_parallel_links_and_unserved_demand_are_no_trouble(grid):
    ds = grid({("A", "H"): 30, ("B", "H"): 30}, {("A", "A"): 30, ("B", "B"): 30})
    ds["bus0"] = ("link", ["A", "A"])
    ds["generator_bus"] = ("generator", ["A", "A"])
    ds["unserved"] = ds["consumed"] * 0 + 5
    traced = trace(ds)
    assert shares(traced["delivered"], bus="H") == pytest.approx({"A": 30, "B": 30})
    assert set(traced["origin"].values) == {"A", "B"}


def test_results_need_neither_stores_nor_countries_nor_links(grid):
    ds = grid({("A", "H"): 30, ("B", "H"): 10}, {("A", "A"): 30, ("B", "B"): 10, ("H", "H"): 4})
    bare = ds.drop_dims("store").drop_vars(["country", "is_storage_link"])
    found, expected = (trace(each, "lifo", coupling="aggregated") for each in (bare, ds))
    xr.testing.assert_allclose(found, expected.drop_vars("country"))
    assert trace(bare)["stored"].sizes["tank"] == 0
    alone = grid({}, {("A", "A"): 3, ("A", "X"): 1})
    assert shares(trace(alone)["delivered"], bus="A") == pytest.approx({"A": 3, "X": 1})
    assert trace_links(trace(alone), alone).sizes["link"] == 0


def test_supply_of_an_unknown_origin_is_shown_as_such(grid):
    ds = grid({("A", "H"): 30}, {("A", "unknown"): 30})
    assert shares(trace(ds)["delivered"], bus="H") == pytest.approx({"unknown": 30})


def test_rounding_of_the_solver_is_no_flow(grid):
    ds = grid({("A", "H"): 30, ("B", "H"): 0}, {("A", "A"): 30, ("B", "B"): 0})
    ds["sent"].loc[{"link": "B-H"}] = 1e-9
    ds["received"].loc[{"link": "B-H"}] = 1e-9
    traced = trace(ds)
    assert shares(traced["mix"], bus="H") == {"A": 1.0}
    assert bool(traced["mix"].sel(bus="B").isnull().all())


@pytest.mark.parametrize("dims", [("scenario",), ("scenario", "draw"), ("draw",)])
def test_each_scenario_and_draw_is_traced_on_its_own(grid, dims):
    one = grid({("A", "H"): 30, ("B", "H"): 10}, {("A", "A"): 30, ("B", "B"): 10})
    two = grid({("A", "H"): 10, ("B", "H"): 10}, {("A", "A"): 10, ("B", "B"): 10})
    joined = xr.concat([one, two], dims[-1], data_vars="all", coords="minimal", compat="override", join="exact")
    joined = joined.expand_dims(dict.fromkeys(dims[:-1], 3))
    joined["weight_days"] = one["weight_days"]
    traced = trace(joined)
    assert traced["delivered"].dims == (*dims, "snapshot", "bus", "origin")
    for number, each in enumerate((one, two)):
        found = traced["delivered"].isel({dims[-1]: number, **dict.fromkeys(dims[:-1], 1)})
        np.testing.assert_allclose(found, trace(each)["delivered"])


def test_blocks_change_nothing(grid, monkeypatch):
    from energyflows.tracing import _mixing, _tracing

    ds = grid(
        {("A", "H"): [30, 20, 10], ("H", "B"): [5, 6, 7], ("B", "H"): [1, 2, 3]},
        {("A", "A"): 30, ("B", "B"): [0, 5, 1]},
        {"H": [10, 20, 5, 8]},
        steps=3,
    )
    many = xr.concat([ds, ds, ds], "draw", data_vars="all", coords="minimal", compat="override", join="exact")
    whole = trace(many)
    monkeypatch.setattr(_mixing, "_BLOCK", 1)
    monkeypatch.setattr(_tracing, "_BLOCK", 1)
    xr.testing.assert_allclose(trace(many), whole)
