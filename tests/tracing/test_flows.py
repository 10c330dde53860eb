"""Plain tables of flows: closed forms, what does not balance, agreement with results of the same flows."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energyflows.errors import UsageError
from energyflows.tracing import trace, trace_flows


def table(*rows, columns=("from", "to", "volume")):
    return pd.DataFrame(list(rows), columns=list(columns))


HUB = table(("AZ", "TR", 30.0), ("RU", "TR", 10.0), ("TR", "GR", 8.0))


def test_what_leaves_a_hub_is_mixed_as_what_enters_it():
    found = trace_flows(HUB)
    assert found.loc["GR"].to_dict() == pytest.approx({"AZ": 6, "RU": 2})
    assert found.loc["TR"].to_dict() == pytest.approx({"AZ": 24, "RU": 8})
    assert (found.index.name, found.columns.name) == ("consumer", "origin")
    assert found.columns.tolist() == ["AZ", "RU"]


def test_own_output_is_an_origin_of_its_own():
    found = trace_flows(HUB, {"TR": 10.0})
    assert found.loc["GR"].to_dict() == pytest.approx({"AZ": 4.8, "RU": 1.6, "TR": 1.6})
    net = trace_flows(HUB, {"TR": 10.0}, coupling="aggregated")
    assert net.loc["GR"].to_dict() == pytest.approx({"AZ": 6, "RU": 2, "TR": 0})
    assert net.loc["TR"].to_dict() == pytest.approx({"AZ": 24, "RU": 8, "TR": 10})


def test_what_an_origin_produces_and_does_not_send_is_its_own_demand():
    assert trace_flows(HUB, pd.Series({"AZ": 50.0})).loc["AZ"].to_dict() == pytest.approx({"AZ": 20, "RU": 0})


def test_losses_stay_on_the_way():
    flows = table(("AZ", "TR", 30.0, 20.0), ("RU", "TR", 10.0, 10.0), columns=("from", "to", "sent", "received"))
    assert trace_flows(flows).loc["TR"].to_dict() == pytest.approx({"AZ": 20, "RU": 10})


def test_rows_of_the_same_nodes_are_added_and_order_does_not_matter():
    twice = pd.concat([HUB, HUB]).assign(volume=lambda rows: rows["volume"] / 2)
    pd.testing.assert_frame_equal(trace_flows(twice.iloc[::-1]), trace_flows(HUB))


def test_snapshots_are_traced_one_by_one():
    flows = pd.concat([HUB.assign(snapshot="b"), HUB.assign(snapshot="a", volume=[10.0, 30.0, 8.0])])
    found = trace_flows(flows)
    assert found.index.tolist() == [("a", "GR"), ("a", "TR"), ("b", "GR"), ("b", "TR")]
    assert found.loc["a", "GR"].to_dict() == pytest.approx({"AZ": 2, "RU": 6})
    pd.testing.assert_frame_equal(found.loc["b"], trace_flows(HUB))


def test_production_may_differ_between_snapshots():
    flows = pd.concat([HUB.assign(snapshot=day) for day in (1, 2)])
    production = pd.DataFrame({"TR": [10.0, 0.0]}, index=[1, 2])
    found = trace_flows(flows, production)
    assert found.loc[(1, "GR"), "TR"] == pytest.approx(1.6)
    assert found.loc[(2, "GR"), "TR"] == 0
    same = trace_flows(flows, {"TR": 10.0})
    pd.testing.assert_frame_equal(same.loc[2], same.loc[1])


def test_a_loop_nothing_enters_has_neither_origin_nor_demand():
    found = trace_flows(pd.concat([HUB, table(("X", "Y", 5.0), ("Y", "X", 5.0))]))
    pd.testing.assert_frame_equal(found, trace_flows(HUB))


GAP = table(("RU", "BG", 10.0), ("BG", "RS", 16.0), ("RS", "HU", 4.0))


def test_more_out_than_in_is_refused_with_node_and_gap():
    with pytest.raises(UsageError, match=r"node BG: 6 more leaves than enters; give its production, or choose"):
        trace_flows(GAP)
    with pytest.raises(UsageError, match="node BG: 6 more leaves than enters at snapshot 2021"):
        trace_flows(GAP.assign(snapshot=2021))


def test_a_gap_is_shown_as_an_origin_or_scaled():
    shown = trace_flows(GAP, residual="show")
    assert shown.loc["HU"].to_dict() == pytest.approx({"RU": 2.5, "residual": 1.5})
    scaled = trace_flows(GAP, residual="scale")
    assert scaled.loc["HU"].to_dict() == pytest.approx({"RU": 4})
    assert trace_flows(HUB, residual="show").columns.tolist() == ["AZ", "RU"]


def test_an_origin_that_sends_more_than_it_produces_has_a_gap():
    with pytest.raises(UsageError, match="node AZ: 5 more leaves than enters"):
        trace_flows(HUB, {"AZ": 25.0})
    assert trace_flows(HUB, {"AZ": 25.0}, residual="scale").loc["GR", "AZ"] == pytest.approx(6)
    with pytest.raises(UsageError, match="node AZ: 30 more leaves than enters; nothing enters that could be scaled"):
        trace_flows(HUB, {"AZ": 0.0}, residual="scale")


@pytest.mark.parametrize(
    ("flows", "options", "texts"),
    [
        (HUB.drop(columns="volume"), {}, ["no column volume; found from, to"]),
        (HUB.rename(columns={"volume": "sent"}), {}, ["no column received; found from, to, sent"]),
        (HUB.iloc[:0], {}, ["no rows"]),
        (
            table(("AZ", "TR", -1.0), (None, "TR", 1.0), ("TR", "GR", np.nan)),
            {"coupling": "net", "residual": "hide"},
            [
                "coupling: found 'net', expected 'direct' or 'aggregated'",
                "residual: found 'hide', expected 'refuse' or 'show' or 'scale'",
                "column from: no node in row 1",
                "column volume: negative in row 0; swap from and to",
                "column volume: missing or no number in row 2",
            ],
        ),
        (table(("AZ", "TR", "much")), {}, ["column volume: missing or no number in row 0"]),
        (table(("TR", "TR", 1.0)), {}, ["from and to are the same node in row 0"]),
        (table(("residual", "TR", 1.0)), {}, ["node residual: this name is taken, in row 0; rename it"]),
        (
            table(("AZ", "TR", 1.0, 2.0), columns=("from", "to", "sent", "received")),
            {},
            ["more received than sent in row 0"],
        ),
        (HUB.assign(snapshot=[1, None, 2]), {}, ["column snapshot: missing in row 1"]),
        (
            HUB,
            {"production": {"TRR": 1.0, "AZ": -1.0, "RU": np.nan}},
            [
                "production: no node 'TRR' in the flows; did you mean TR?",
                "production of AZ: negative",
                "production of RU: missing or no number",
            ],
        ),
        (HUB, {"production": pd.Series([1.0, 2.0], index=["TR", "TR"])}, ["production: node TR is there twice"]),
        (HUB, {"production": pd.DataFrame({"TR": [1.0]})}, ["production: found a table, but the flows have no"]),
        (
            HUB.assign(snapshot=5),
            {"production": pd.DataFrame({"TR": [1.0]}, index=[4])},
            ["production: no snapshot 5"],
        ),
        (
            HUB.assign(snapshot=5),
            {"production": pd.DataFrame({"TR": [1.0, 2.0]}, index=[5, 5])},
            ["production: snapshots are there twice"],
        ),
    ],
)
def test_bad_tables_are_refused_with_all_that_is_wrong(flows, options, texts):
    with pytest.raises(UsageError) as caught:
        trace_flows(flows, **options)
    for text in texts:
        assert text in str(caught.value)


def test_lists_are_refused():
    with pytest.raises(UsageError, match=r"found list, expected a pandas\.DataFrame"):
        trace_flows([("A", "B", 1.0)])
    with pytest.raises(UsageError, match="found list, expected production as a mapping"):
        trace_flows(HUB, [1.0])


NODES = ["A", "B", "C", "D"]
PAIRS = [(begin, end) for begin in NODES for end in NODES if begin != end]


@settings(max_examples=20)
@given(
    volumes=st.lists(st.sampled_from([0.0, 1.0, 2.5, 9.0]), min_size=len(PAIRS), max_size=len(PAIRS)),
    extra=st.lists(st.sampled_from([0.0, 3.0]), min_size=4, max_size=4),
    coupling=st.sampled_from(["direct", "aggregated"]),
)
def test_a_table_and_results_of_the_same_flows_agree(grid, volumes, extra, coupling):
    arcs = dict(zip(PAIRS, volumes, strict=True))
    output = {}
    for node, more in zip(NODES, extra, strict=True):
        net = sum(v for (b, _), v in arcs.items() if b == node) - sum(v for (_, e), v in arcs.items() if e == node)
        output[node] = max(net, 0.0) + more
    flows = table(*((begin, end, volume) for (begin, end), volume in arcs.items()))
    found = trace_flows(flows, output, coupling)
    expected = trace(grid(arcs, {(node, node): rate for node, rate in output.items()}), coupling=coupling)
    wanted = expected["delivered"].isel(snapshot=0).to_pandas()
    whole = found.reindex(index=wanted.index, columns=wanted.columns, fill_value=0.0)
    np.testing.assert_allclose(whole, wanted, atol=1e-9)
