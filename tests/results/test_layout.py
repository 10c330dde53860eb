"""The meaning of a network's parts, found once, holds for arrays of any solution."""

import dataclasses

import numpy as np
import pandas as pd
import pypsa
import pytest

from energyflows.errors import UnknownNameError
from energyflows.network import build_network
from energyflows.results import (
    UNITS,
    Layout,
    check_results,
    fill,
    find_unreadable,
    label,
    lay_out,
    read_results,
    sum_rewards,
)

VARIABLES = sorted(set(UNITS) - {"objective"})
FLOWS = {
    "Generator": ("generators", ["p"]),
    "Link": ("links", ["p0", "p1"]),
    "Line": ("lines", ["p0", "p1"]),
    "Store": ("stores", ["p", "e"]),
    "StorageUnit": ("storage_units", ["p", "state_of_charge"]),
    "Load": ("loads", ["p"]),
    "Bus": ("buses", ["marginal_price"]),
}
AVAILABILITY = {"Generator": ["p_max_pu"], "Link": ["p_max_pu", "p_min_pu"], "Line": ["s_max_pu"]}
SIZES = {"Generator": "p_nom", "Link": "p_nom", "Line": "s_nom"}


def arrays(n):
    """Arrays as an engine without labels would hold them; nothing for components the network lacks."""
    raw = {}
    for component, (table, flows) in FLOWS.items():
        static, dynamic = getattr(n, table), getattr(n, f"{table}_t")
        if static.empty:
            continue
        for attribute in flows:
            raw[f"{component}-{attribute}"] = dynamic[attribute].reindex(columns=static.index).fillna(0.0).to_numpy()
        for attribute in AVAILABILITY.get(component, []):
            raw[f"{component}-{attribute}"] = n.get_switchable_as_dense(component, attribute).to_numpy()
        if component in SIZES:
            size = SIZES[component]
            built = np.where(static[f"{size}_extendable"], static[f"{size}_opt"], static[size])
            raw[f"{component}-{size}"] = built
    raw["Generator-e_sum_max"] = n.generators["e_sum_max"].to_numpy()
    return raw


def assert_same_layout(found, expected):
    """Compare every field, arrays and indices by value."""
    assert type(found) is type(expected)
    if dataclasses.is_dataclass(found):
        for field in dataclasses.fields(found):
            assert_same_layout(getattr(found, field.name), getattr(expected, field.name))
    elif isinstance(found, dict):
        assert list(found) == list(expected)
        for key in found:
            assert_same_layout(found[key], expected[key])
    elif isinstance(found, tuple):
        for one, other in zip(found, expected, strict=True):
            assert_same_layout(one, other)
    elif isinstance(found, pd.Index):
        pd.testing.assert_index_equal(found, expected)
    else:
        np.testing.assert_array_equal(found, expected)


def make_mixed():
    """Lines, storage units, links both ways, parts, what is inactive, extendable, given up or not served."""
    n = pypsa.Network(snapshots=pd.date_range("2025-01-01", periods=3, freq="MS"))
    n.snapshot_weightings.loc[:, :] = np.array([[31.0], [28.0], [31.0]])
    n.add("Bus", ["A", "B", "C", "D", "cave"], country=["DE", "DE", "FR", "", ""])
    n.add("Load", "town A", bus="A", p_set=[20, 60, 90])
    n.add("Load", "town C", bus="C", p_set=[80, 20, 250])
    n.add("Load", "feed", bus="D", p_set=5, sign=1)
    n.add("Load", "gone", bus="D", p_set=500, active=False)
    n.add("Generator", ["field 1", "field 2"], bus="A", p_nom=[60, 80], marginal_cost=[5, 9], carrier="gas")
    n.add("Generator", "well", bus="C", p_nom=150, marginal_cost=[30, 1, 40], p_max_pu=[1, 0.8, 0.5], e_sum_max=5000)
    n.add("Generator", "shut", bus="D", p_nom=70, active=False, origin="NO")
    n.add("Generator", ["lost A", "lost C"], bus=["A", "C"], p_nom=1e4, marginal_cost=900, carrier="unserved")
    n.add("Generator", ["C 1", "C 2"], bus="C", p_nom=10, marginal_cost=[100, 200], carrier="response")
    n.generators["part_of"] = n.generators.index.map({"field 1": "field", "field 2": "field"}).fillna("")
    n.add("Link", ["AC", "AC minimum", "CA"], bus0=["A", "A", "C"], bus1=["C", "C", "A"], p_nom=[30, 10, 20])
    n.add("Link", ["loop 1", "loop 2"], bus0="A", bus1="C", p_nom=20, p_min_pu=-1, efficiency=0.95, marginal_cost=0.1)
    n.add("Link", ["in", "out"], bus0=["A", "cave"], bus1=["cave", "A"], p_nom=15, marginal_cost=0.2)
    n.add("Link", "built", bus0="A", bus1="D", p_nom_extendable=True, p_min_pu=-0.5, capital_cost=1)
    n.add("Link", "closed", bus0="A", bus1="D", p_nom=25, p_min_pu=-1, active=False)
    parts = {"AC minimum": "AC", "loop 1": "loop", "loop 2": "loop"}
    n.links["part_of"] = n.links.index.map(parts).fillna("")
    n.links["reward"] = np.where(n.links.index == "AC minimum", 50.0, 0.0)
    n.links.loc["AC minimum", "marginal_cost"] = -50.0
    n.add("Line", ["AC", "AB", "BC"], bus0=["A", "A", "B"], bus1=["C", "B", "C"], x=0.1, s_nom=[30, 40, 50])
    n.add("Store", ["slice 1", "slice 2"], bus="cave", e_nom=[300, 200], marginal_cost_storage=[-0.5, -0.1])
    n.stores["part_of"], n.stores["rewarded"] = "cavern", True
    n.add("StorageUnit", ["cave", "tank"], bus=["B", "C"], p_nom=10, max_hours=20, state_of_charge_initial=100)
    return n


@pytest.fixture(scope="module")
def mixed(solved):
    return solved(make_mixed())


@pytest.fixture(params=["toy", "mixed"])
def network(request):
    return request.getfixturevalue({"toy": "toy_network", "mixed": "mixed"}[request.param])


def used_backwards(n):
    """Names as read of links and lines that carried flow backwards."""
    lines = n.lines_t.p0.rename(columns=lambda name: f"{name} (line)" if name in n.links.index else name)
    flows = pd.concat([n.links_t.p0, lines], axis=1)
    return flows.columns[(flows < -1e-9).any()].tolist()


def test_arrays_mean_what_the_network_means(network):
    layout, raw = lay_out(network, reverse=used_backwards(network)), arrays(network)
    objective = network.objective + sum_rewards(layout, raw)
    ds = label(layout, fill(layout, raw), objective)
    expected = read_results(network)
    assert list(ds.coords) == list(expected.coords)
    assert ds.identical(expected)


def test_the_mixed_network_shows_what_it_should(mixed):
    ds = read_results(mixed)
    check_results(ds)
    assert used_backwards(mixed) == ["loop 1", "loop 2", "built", "AC (line)", "AB", "BC"]
    assert ds["generator"].values.tolist() == ["field", "well", "shut"]
    assert ds["store"].values.tolist() == ["cavern", "cave", "tank"]
    turned = ["loop (reverse)", "built (reverse)", "AC (line) (reverse)", "AB (reverse)", "BC (reverse)"]
    assert ds["link"].values.tolist()[-5:] == turned
    assert float(ds["unserved"].max()) > 0
    assert float(ds["response"].max()) == 20
    assert float(ds["capacity"].sel(link="closed").max()) == 0
    np.testing.assert_allclose(ds["consumed"].sel(bus="D"), -5)
    np.testing.assert_allclose(
        ds["available"].sel(generator="well"), 5000 / (31 + 28 * 0.8 + 31 * 0.5) * np.array([1, 0.8, 0.5])
    )


def test_by_default_all_that_may_flow_backwards_gets_a_reverse(mixed):
    layout = lay_out(mixed)
    names = layout.elements["link"].tolist()
    turned = [name.removesuffix(" (reverse)") for name in names if name.endswith(" (reverse)")]
    assert turned == ["loop", "built", "closed", "AC (line)", "AB", "BC"]
    ds, expected = label(layout, fill(layout, arrays(mixed)), 0.0), read_results(mixed)
    check_results(ds)
    shared = ds.sel(link=expected["link"].values).drop_vars("objective")
    assert shared.equals(expected.drop_vars("objective"))
    added = ds.drop_sel(link=expected["link"].values)
    assert added["link"].values.tolist() == ["closed (reverse)"]
    assert float(added["sent"].max()) == float(added["received"].max()) == 0


def test_no_reverse_is_possible(mixed):
    assert lay_out(mixed, reverse=[]).elements["link"].tolist() == [
        *["AC", "CA", "loop", "in", "out", "built", "closed"],
        *["AC (line)", "AB", "BC"],
    ]


def test_reverse_of_nothing_known_is_refused(mixed):
    with pytest.raises(UnknownNameError, match="reverse: found nowhere, expected names of links or lines"):
        lay_out(mixed, reverse=["loop 1", "nowhere"])


@pytest.mark.parametrize("name", VARIABLES)
def test_one_variable_alone_is_the_same(network, name):
    layout, raw = lay_out(network), arrays(network)
    alone = fill(layout, raw, [name])
    assert list(alone) == [name]
    np.testing.assert_array_equal(alone[name], fill(layout, raw)[name])


def test_only_what_is_needed_is_looked_at(mixed):
    layout, raw = lay_out(mixed), arrays(mixed)
    needed = {"Load-p": raw["Load-p"], "Generator-p": raw["Generator-p"]}
    assert list(fill(layout, needed, ["consumed", "unserved"])) == ["consumed", "unserved"]
    with pytest.raises(KeyError, match="Link-p0"):
        fill(layout, needed, ["sent"])


def test_all_variables_but_the_objective_are_filled(mixed):
    assert sorted(fill(lay_out(mixed), arrays(mixed))) == VARIABLES


def test_an_unknown_variable_is_refused(mixed):
    with pytest.raises(UnknownNameError, match="found colour, expected some of price, "):
        fill(lay_out(mixed), arrays(mixed), ["sent", "colour"])


def test_what_is_filled_shares_no_memory_with_raw_arrays(network):
    raw = arrays(network)
    filled = fill(lay_out(network), raw)
    assert [
        (name, key) for name, values in filled.items() for key, array in raw.items() if np.shares_memory(values, array)
    ] == []


def test_figures_that_change_from_draw_to_draw_are_followed(mixed):
    layout, raw = lay_out(mixed), arrays(mixed)
    wider = {**raw, "Link-p_nom": raw["Link-p_nom"] * 2, "Generator-e_sum_max": raw["Generator-e_sum_max"] / 2}
    before, after = fill(layout, raw), fill(layout, wider)
    links = ~np.isin([name.removesuffix(" (reverse)") for name in layout.elements["link"]], ["AC (line)", "AB", "BC"])
    np.testing.assert_allclose(after["capacity"][:, links], before["capacity"][:, links] * 2)
    np.testing.assert_array_equal(after["capacity"][:, ~links], before["capacity"][:, ~links])
    well = layout.elements["generator"].tolist().index("well")
    np.testing.assert_allclose(after["available"][:, well], before["available"][:, well] / 2)


def test_what_is_unbounded_counts_for_nothing_where_it_is_one_of_many_parts_and_unavailable(mixed):
    layout, raw = lay_out(mixed), arrays(mixed)
    raw["Link-p_nom"] = np.where(layout.names["Link"] == "loop 1", np.inf, raw["Link-p_nom"])
    raw["Link-p_max_pu"] = raw["Link-p_max_pu"] * np.array([[1.0], [0.0], [1.0]])
    loop = layout.elements["link"].tolist().index("loop")
    assert fill(layout, raw)["capacity"][:, loop].tolist() == [np.inf, 0, np.inf]


def test_the_solution_does_not_change_the_layout(mixed, toy_network, toy):
    for n, unsolved in ((mixed, make_mixed()), (toy_network, build_network(2025, tables=toy()))):
        assert isinstance(lay_out(n), Layout)
        assert_same_layout(lay_out(unsolved), lay_out(n))


def test_a_layout_outlives_changes_of_its_network(solved):
    n = solved(make_mixed())
    layout, raw = lay_out(n), arrays(n)
    before = fill(layout, raw), sum_rewards(layout, raw)
    n.links[["active", "reward", "efficiency"]] = False, 7.0, 0.1
    n.generators["sign"] = -1.0
    n.snapshot_weightings.loc[:, :] = 1.0
    after = fill(layout, raw), sum_rewards(layout, raw)
    for name, values in before[0].items():
        np.testing.assert_array_equal(after[0][name], values)
    assert after[1] == before[1]


def test_rewards_are_those_of_contracted_flow_and_levels(mixed):
    days = np.array([31, 28, 31])
    flow = mixed.links_t.p0["AC minimum"].to_numpy() * 50
    level = mixed.stores_t.e.to_numpy() @ [0.5, 0.1]
    assert sum_rewards(lay_out(mixed), arrays(mixed)) == pytest.approx(float((flow + level) @ days))


# ------------------------------------------------------------------ what could not be read
def test_an_unsolved_network_may_be_readable(pair):
    assert find_unreadable(pair()) == []


def test_what_would_be_lost_is_found_before_solving(pair):
    n = pair()
    n.add("Transformer", "T1", bus0="A", bus1="B", x=0.1, s_nom=10)
    n.add("Link", "pump", bus0="A", bus1="B", efficiency=-0.1, p_nom=1)
    assert [problem.partition(":")[0] for problem in find_unreadable(n)] == ["transformers T1", "link pump"]
