"""Rules that give gas another origin on the way: closed forms, conservation, refusals."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from energyflows.errors import UsageError
from energyflows.tracing import trace, trace_links

COLUMNS = ["rule", "zone", "origin", "value", "valid_from", "valid_to"]


def _rules(*rows):
    table = pd.DataFrame(list(rows), columns=COLUMNS)
    return table.astype({"valid_from": "datetime64[ns]", "valid_to": "datetime64[ns]"})


@pytest.fixture(scope="module")
def hub(grid):
    arcs = {("PIPE", "TR"): 60.0, ("TR", "BG"): 30.0, ("BG", "RO"): 10.0}
    return grid(arcs, {("PIPE", "RU"): 60.0, ("TR", "AZ"): 40.0})


def _read(traced, bus):
    mix = traced["delivered"].sel(bus=bus).isel(snapshot=0).to_series()
    return mix[mix.abs() > 1e-12].round(9).to_dict()


def test_a_rule_names_all_gas_of_a_link_and_what_flows_on(hub):
    rules = _rules(("r", "TR-BG", "TR", 1.0, None, None))
    traced = trace(hub, rules=rules)
    assert _read(traced, "BG") == {"TR": 20.0}
    assert _read(traced, "RO") == {"TR": 10.0}
    assert _read(traced, "TR") == {"AZ": 28.0, "RU": 42.0}
    links = trace_links(traced, hub, rules).isel(snapshot=0)
    assert links.sel(link="TR-BG").to_series().round(9).to_dict() == {"AZ": 0.0, "RU": 0.0, "TR": 30.0}


def test_a_share_leaves_the_rest_its_mix(hub):
    traced = trace(hub, rules=_rules(("r", "TR-BG", "TR", 0.5, None, None)))
    assert _read(traced, "BG") == {"AZ": 4.0, "RU": 6.0, "TR": 10.0}
    assert traced["relabelled"].isel(snapshot=0).to_series().round(9).to_dict() == {"AZ": -6.0, "RU": -9.0, "TR": 15.0}


def test_a_rule_holds_for_its_days(grid):
    arcs, output = {("PIPE", "DE"): [10.0, 10.0]}, {("PIPE", "RU"): [10.0, 10.0]}
    index = pd.DatetimeIndex(["2025-01-01", "2025-01-11"])
    ds = grid(arcs, output, steps=2, days=10.0, index=index)
    traced = trace(ds, rules=_rules(("r", "PIPE-DE", "XX", 1.0, "2025-01-09", "2025-01-15")))
    np.testing.assert_allclose(traced["delivered"].sel(bus="DE", origin="XX"), [2.0, 5.0])


def test_shares_by_draw_equal_each_alone(hub):
    two = xr.concat([hub, hub], dim=pd.Index([0, 1], name="draw"), coords="minimal", compat="override")
    shares = xr.DataArray(
        [[[0.0]], [[1.0]]],
        dims=("draw", "link", "origin"),
        coords={"draw": [0, 1], "link": ["TR-BG"], "origin": ["TR"]},
    )
    found = trace(two, rules=shares)["delivered"].sel(bus="BG", origin="TR").isel(snapshot=0)
    np.testing.assert_allclose(found, [0.0, 20.0])


def test_a_loop_nothing_enters_stays_without_origin(grid):
    ds = grid({("A", "B"): 5.0, ("B", "A"): 5.0, ("P", "D"): 1.0}, {("P", "RU"): 1.0})
    traced = trace(ds, rules=_rules(("r", "A-B", "XX", 1.0, None, None)))
    assert np.isnan(traced["mix"].sel(bus=["A", "B"])).all()
    assert float(abs(traced["relabelled"]).sum()) == 0.0


@pytest.mark.parametrize("storage", ["mixed", "fifo", "lifo"])
@given(one=st.floats(0.0, 1.0), other=st.floats(0.0, 1.0))
def test_rules_give_to_one_what_they_take_from_others(grid, storage, one, other):
    arcs = {
        ("PIPE", "TR"): [60.0, 50.0],
        ("TR", "BG"): [30.0, 20.0],
        ("BG", "TANK"): [5.0, 0.0],
        ("TANK", "BG"): [0.0, 5.0],
    }
    levels = {"TANK": [50.0, 55.0, 50.0]}
    ds = grid(arcs, {("PIPE", "RU"): [60.0, 50.0], ("TR", "AZ"): [40.0, 40.0]}, levels, steps=2)
    shares = xr.DataArray([[one, 0.0], [0.0, other]], dims=("link", "origin"))
    shares = shares.assign_coords(link=["PIPE-TR", "TR-BG"], origin=["XX", "RU"])
    traced = trace(ds, storage=storage, start="cyclic", rules=shares)
    np.testing.assert_allclose(traced["relabelled"].sum("origin"), 0.0, atol=1e-9)
    entered = traced["supplied"] + traced["adjusted"] + traced["relabelled"] - traced["lost"]
    left = (traced["weight_days"] * (entered - traced["delivered"].sum("bus"))).sum("snapshot")
    change = (traced["stored"].isel(snapshot=-1) - traced["stored_before"]).sum("tank")
    np.testing.assert_allclose(left, change, atol=1e-9)


def test_rules_that_cannot_hold_are_all_told(hub):
    rules = _rules(
        ("a", "TR-BX", "TR", 1.0, None, None),
        ("b", "TR-BG", None, 1.0, None, None),
        ("c", "TR-BG", "TR", 2.0, None, None),
    )
    with pytest.raises(UsageError) as error:
        trace(hub, rules=rules)
    for told in ("a: no link 'TR-BX'", "did you mean", "b: names no origin", "c: found value 2.0"):
        assert told in str(error.value)


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        (pd.DataFrame({"zone": ["TR-BG"]}), "no column rule, origin"),
        ("routing-tr-bg-tr", "found str"),
        (_rules(("a", "TR-BG", "TR", 1.0, None, None), ("b", "TR-BG", "RU", 0.5, None, None)), "1.5 times the gas"),
        (
            xr.DataArray([[2.0]], dims=("link", "origin"), coords={"link": ["TR-BG"], "origin": ["X"]}),
            "not from 0 to 1",
        ),
        (xr.DataArray([[1.0]], dims=("link", "origin"), coords={"link": ["nowhere"], "origin": ["X"]}), "no link"),
        (
            xr.DataArray([[[1.0]]], dims=("wish", "link", "origin"), coords={"link": ["TR-BG"], "origin": ["X"]}),
            "dim wish is not one",
        ),
    ],
)
def test_other_wrong_rules(hub, rules, told):
    with pytest.raises(UsageError, match=told):
        trace(hub, rules=rules)
