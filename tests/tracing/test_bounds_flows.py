"""Bounds for plain tables of flows, and for the packaged network."""

import pandas as pd
import pytest

import energyflows as ef
from energyflows.errors import UsageError
from energyflows.tracing import trace
from energyflows.tracing._bounds import bound_delivered
from energyflows.tracing._flow_bounds import bound_flows


def table(*rows, names=("from", "to", "volume")):
    return pd.DataFrame(rows, columns=list(names))


HUB = table(("AZ", "TR", 30.0), ("RU", "TR", 10.0), ("TR", "GR", 8.0), ("GR", "BG", 5.0))


def test_a_hub_gives_to_each_exit_what_it_likes():
    low, high = bound_flows(HUB)
    assert low.loc["TR"].tolist() == pytest.approx([22, 2])
    assert high.loc["TR"].tolist() == pytest.approx([30, 10])
    assert low.loc[["GR", "BG"]].to_numpy() == pytest.approx(0)
    assert high.loc["GR"].tolist() == pytest.approx([3, 3])
    assert high.loc["BG"].tolist() == pytest.approx([5, 5])
    assert (low.columns.name, low.index.name) == ("origin", "consumer")


def test_own_output_counts_and_can_be_given_by_snapshot():
    flows = table((1, "A", "B", 4.0), (2, "A", "B", 4.0), names=("snapshot", "from", "to", "volume"))
    low, high = bound_flows(flows, pd.DataFrame({"A": [4.0, 6.0], "B": [0.0, 3.0]}, index=[1, 2]))
    for bound in (low, high):
        assert bound.loc[(1, "B")].tolist() == pytest.approx([4, 0])
        assert bound.loc[(2, "B")].tolist() == pytest.approx([4, 3])
    assert high.loc[(2, "A")].tolist() == pytest.approx([2, 0])


def test_losses_may_be_of_any_origin():
    rows = [("A", "H", 10.0, 9.0), ("B", "H", 10.0, 10.0), ("H", "C", 19.0, 16.0)]
    low, high = bound_flows(table(*rows, names=("from", "to", "sent", "received")))
    assert low.loc["C"].tolist() == pytest.approx([6, 7])
    assert high.loc["C"].tolist() == pytest.approx([9, 10])


def test_gas_that_never_entered_is_an_origin_or_may_be_any():
    flows, production = table(("A", "H", 6.0), ("B", "H", 2.0), ("H", "C", 10.0)), {"A": 6.0, "B": 2.0}
    low, high = bound_flows(flows, production, residual="show")
    assert low.columns.tolist() == ["A", "B", "residual"]
    assert low.loc["C"].tolist() == pytest.approx([6, 2, 2])
    assert high.loc["C"].tolist() == pytest.approx([6, 2, 2])
    low, high = bound_flows(flows, production, residual="scale")
    assert low.loc["C"].tolist() == pytest.approx([6, 2])
    assert high.loc["C"].tolist() == pytest.approx([8, 4])
    flows = table(("A", "H", 6.0, 6.0), ("H", "C", 8.0, 6.0), names=("from", "to", "sent", "received"))
    low, high = bound_flows(flows, residual="scale")
    assert (low.loc["C"].tolist(), high.loc["C"].tolist()) == (pytest.approx([4]), pytest.approx([6]))


def test_a_loop_that_nothing_enters_has_no_origin():
    low, high = bound_flows(table(("A", "B", 1.0), ("B", "A", 1.0)))
    assert low.shape == high.shape == (0, 0)
    low, high = bound_flows(table(("A", "B", 1.0), ("B", "A", 1.0), ("C", "D", 2.0)))
    assert high.to_dict() == {"C": {"D": pytest.approx(2)}}


def test_all_that_is_wrong_is_told_as_by_tracing():
    with pytest.raises(UsageError) as caught:
        bound_flows(table(("A", "B", -1.0), ("A", "", 1.0)), residual="keep")
    for text in ("residual: found 'keep'", "column volume: negative in row 0", "column to: no node in row 1"):
        assert text in str(caught.value)
    with pytest.raises(UsageError, match="node H: 2 more leaves than enters"):
        bound_flows(table(("A", "H", 6.0), ("H", "C", 8.0)))


@pytest.mark.slow
def test_packaged_network_leaves_exits_of_the_south_open_and_the_whole_less_so():
    ds = ef.run(years=2025)
    zones = ef.load_tables()["zones"]
    areas = {"EU27": zones["zone"][zones["eu"]].tolist(), "BG": ["BG"], "PT": ["PT"]}
    traced = trace(ds)
    bounds = bound_delivered(ds, areas=areas, before=traced["stored_before"]).sel(year=2025)
    volume = traced["delivered"] * traced["weight_days"] / 1e3
    for area, buses in areas.items():
        mine = volume.sel(bus=buses).sum(("bus", "snapshot")).drop_sel(origin="unknown", errors="ignore")
        inside = bounds.sel(area=area, origin=mine["origin"])
        assert bool(((inside["low"] <= mine + 1e-12) & (mine <= inside["high"] + 1e-12)).all())
    eaten = {area: float(volume.sel(bus=buses).sum()) for area, buses in areas.items()}
    width = (bounds["high"] - bounds["low"]).sel(origin="RU")
    assert float(width.sel(area="BG")) / eaten["BG"] > 0.9
    assert 0 < float(width.sel(area="EU27")) / eaten["EU27"] < 0.2
    assert float(bounds["high"].sel(area="PT", origin="AZ")) == 0.0
