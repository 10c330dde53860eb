"""Single figures of components, also in networks that are not ours."""

import numpy as np
import pandas as pd
import pypsa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energyflows import solve
from energyflows.errors import ScenarioError
from energyflows.scenarios import Add, Cut, Demand, Disrupt, Remove, Scale, Scenario, Set
from energyflows.scenarios.applying import apply

ELEMENTS = [
    ("generator", "RU YAMAL minimum"),
    ("generator", "US LNGUS export"),
    ("link", "LNGEU-NL"),
    ("link", "YAMAL-DE"),
    ("load", "DE demand"),
    ("store", "DE storage"),
]


@settings(max_examples=10)
@given(st.sampled_from(ELEMENTS), st.floats(0.0, 3.0))
def test_scaling_reaches_all_parts_of_an_element(n, change, look, element, factor):
    kind, name = element
    after = change(Scale(component=kind, name=name, factor=factor))
    before = factor * look.rate(n, kind.capitalize(), name)
    assert look.rate(after, kind.capitalize(), name).to_numpy() == pytest.approx(before.to_numpy(), abs=1e-6)


@settings(max_examples=10)
@given(st.sampled_from(ELEMENTS), st.floats(0.0, 3000.0))
def test_setting_gives_all_parts_together_the_value(n, change, look, element, value):
    kind, name = element
    after = change(Set(component=kind, name=name, value=value))
    assert look.rate(after, kind.capitalize(), name).to_numpy() == pytest.approx(value, abs=1e-6)
    assert len(after.c[kind.capitalize()].static) == len(n.c[kind.capitalize()].static)


def test_parts_keep_their_proportions_when_set(change):
    after = change(Set(component="link", name="YAMAL-DE", value=50.5))
    assert after.links.loc[["YAMAL-DE", "YAMAL-DE minimum"], "p_nom"].tolist() == pytest.approx([1.0, 49.5])


def test_figures_change_only_while_a_change_holds(change, look):
    after = change(
        Set(component="link", name="NL-DE", value=100.0, start="2025-03-01", end="2025-03-31"),
        Scale(component="link", name="DE-NL", factor=2.0, start="2025-04-16", end="2025-04-30"),
    )
    assert look.rate(after, "Link", "NL-DE").tolist() == [600.0, 600.0, 100.0, *[600.0] * 9]
    assert look.rate(after, "Link", "DE-NL").to_numpy() == pytest.approx([*[600] * 3, 900, *[600] * 8])


def test_energy_budgets_follow_what_is_available(change, look):
    after = change(
        Scale(component="generator", name="RU YAMAL minimum", factor=0.5, start="2025-01-01", end="2025-01-31")
    )
    assert look.budget(after, "RU YAMAL minimum") == pytest.approx(73 * (1 - 0.5 * 31 / 365))


def test_costs_leave_rewards_alone(n, change, look):
    after = change(
        Scale(component="link", name="YAMAL-DE", attribute="cost", factor=3.0),
        Set(component="generator", name="US LNGUS export", attribute="cost", value=12.5, start="2025-12-01"),
    )
    assert (look.cost(after, "Link", "YAMAL-DE") == 3.0).all(axis=None)
    assert look.cost(after, "Generator", "US LNGUS export").iloc[:, 0].tolist() == [10.0] * 11 + [12.5]
    assert after.links["reward"].equals(n.links["reward"])


def test_demand_may_come_to_a_place_that_had_none(tables, change, look):
    from energyflows import build_network

    annual = tables["demand_annual"]
    given = {**tables, "demand_annual": annual.assign(twh=annual["twh"].where(annual["zone"] != "TR", 0.0))}
    n = build_network(2025, tables=given)
    after = change(Set(component="load", name="TR demand", value=5000.0), to=n, tables=given)
    assert look.rate(after, "Generator", "TR unserved").to_numpy() == pytest.approx(5000.0)
    assert float(solve(after)["unserved"].sel(bus="TR").min()) > 4000


def test_stores_that_shrink_lose_what_no_longer_fits(change, look):
    after = change(Scale(component="store", name="DE storage", factor=0.5))
    assert after.stores["e_initial"].sum() == pytest.approx(15_000)
    assert float(solve(after)["stored"].max()) <= 20_000 + 1e-6
    assert look.rate(after, "Store", "DE storage").to_numpy() == pytest.approx(20_000)


def test_what_comes_can_be_used(n, change, look):
    after = change(
        Add(component="generator", name="field", bus="TR", capacity=10.0, cost=3.0, origin="TR"),
        Add(component="link", name="TR-DE", bus="TR", to="DE", capacity=20.0, cost=1.0, efficiency=0.98),
    )
    assert look.rate(after, "Generator", "field").tolist() == [10.0] * 12
    assert look.cost(after, "Link", "TR-DE").iloc[0].tolist() == [1.0]
    ds = solve(after)
    assert float(ds["supplied"].sel(generator="field").min()) == pytest.approx(10.0)
    assert str(ds["generator_origin"].sel(generator="field").item()) == "TR"
    assert float(ds["objective"]) < float(solve(n)["objective"])


def test_what_goes_keeps_its_name_and_does_nothing(n, change, look):
    after = change(Remove(component="link", name="LNGEU-NL"), Remove(component="load", name="TR demand"))
    assert look.rate(after, "Link", "LNGEU-NL").max() == 0
    assert look.rate(after, "Load", "TR demand").max() == 0
    assert after.links.index.equals(n.links.index)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (Scale(component="link", name="NL-DX", factor=1), "no link 'NL-DX' in this network; did you mean NL-DE"),
        (Set(component="load", name="DE demand", attribute="cost", value=1), "a load has no cost; expected attribute"),
        (Scale(component="store", name="DE storage", attribute="cost", factor=1), "a store has no cost"),
        (Add(component="link", name="NL-DE", bus="NL", to="DE", capacity=1), "link 'NL-DE' exists already"),
        (Add(component="link", name="x", bus="NL", to="DX", capacity=1), "no zone or corridor 'DX'"),
        (Add(component="generator", name="x", bus="DX", capacity=1, origin="DE"), "no zone or corridor 'DX'"),
        (Remove(component="generator", name="DE demand"), "no generator 'DE demand'"),
    ],
)
def test_components_that_do_not_fit_are_refused(change, found, message):
    with pytest.raises(ScenarioError, match=message):
        change(found)


def test_rows_without_our_columns_do_not_disturb_the_search_for_names(n, change, look):
    other = n.copy()
    other.add("Link", "own", bus0="NL", bus1="DE", p_nom=7.0)
    after = change(Scale(component="link", name="own", factor=2.0), to=other)
    assert look.rate(after, "Link", "own").tolist() == [14.0] * 12
    with pytest.raises(ScenarioError, match="no link 'owm' in this network; did you mean own"):
        change(Scale(component="link", name="owm", factor=2.0), to=other)


@pytest.fixture
def plain():
    """Build two buses of any other model: hours, a line both ways, a plant that must run, one without limit."""
    n = pypsa.Network(snapshots=pd.date_range("2025-01-01", periods=48, freq="h"))
    n.add("Bus", ["a", "b"])
    n.add("Load", "town", bus="b", p_set=50.0)
    n.add("Generator", "plant", bus="a", p_nom=100.0, p_min_pu=0.2, marginal_cost=5.0, e_sum_min=1200.0)
    n.add("Generator", "sea", bus="b", p_nom=np.inf, marginal_cost=90.0)
    n.add("Generator", "new", bus="b", p_nom_extendable=True, capital_cost=1e6, marginal_cost=1.0)
    n.add("Link", "wire", bus0="a", bus1="b", p_nom=40.0, p_min_pu=-1.0)
    return n


def put(n, *changes):
    return apply(n, Scenario(name="test", changes=changes), tables={})


def test_networks_of_others_take_general_changes(plain):
    after = put(
        plain,
        Scale(component="load", name="town", factor=1.2, start="2025-01-02"),
        Scale(component="generator", name="plant", factor=0.5),
        Set(component="generator", name="sea", attribute="cost", value=70.0),
        Add(component="generator", name="wind", bus="a", capacity=5.0, cost=0.0, origin="XX"),
        Demand(zones=("b",), factor=2.0),
    )
    assert after.loads_t.p_set["town"].tolist() == [100.0] * 24 + [120.0] * 24
    assert after.get_switchable_as_dense("Generator", "p_min_pu")["plant"].tolist() == pytest.approx([0.2] * 48)
    assert after.generators.at["plant", "p_nom"] == 50.0
    assert after.generators.at["plant", "e_sum_min"] == 600.0
    ds = solve(after)
    assert float(ds["supplied"].sel(generator="wind").min()) == pytest.approx(5.0)
    assert float(ds["supplied"].sel(generator="plant").min()) == pytest.approx(35.0)
    assert float(ds["price"].sel(bus="b").max()) == pytest.approx(70.0)


def test_a_failure_shuts_a_line_in_both_directions(plain):
    after = put(plain, Disrupt(corridor="wire", start="2025-01-02", duration_days=1, depth=0.75))
    most, least = (after.get_switchable_as_dense("Link", f"p_{edge}_pu")["wire"] * 40 for edge in ("max", "min"))
    assert most.tolist() == [40.0] * 24 + [10.0] * 24
    assert least.tolist() == [-40.0] * 24 + [-10.0] * 24


def test_what_has_no_limit_can_be_taken_out_or_limited_but_not_for_a_time(plain):
    assert put(plain, Remove(component="generator", name="sea")).generators.at["sea", "p_nom"] == 0
    assert put(plain, Scale(component="generator", name="sea", factor=0)).generators.at["sea", "p_nom"] == 0
    assert put(plain, Set(component="generator", name="sea", value=30)).generators.at["sea", "p_nom"] == 30
    assert np.isinf(put(plain, Scale(component="generator", name="sea", factor=2)).generators.at["sea", "p_nom"])
    for once in (
        Set(component="generator", name="sea", value=30, start="2025-01-02"),
        Scale(component="generator", name="sea", factor=0, start="2025-01-02"),
    ):
        with pytest.raises(ScenarioError, match="generator sea has no limit; set one for all the time first"):
            put(plain, once)


def test_sizes_that_the_solver_chooses_are_refused(plain):
    with pytest.raises(ScenarioError, match="generator new: the solver chooses its size; fix it first"):
        put(plain, Set(component="generator", name="new", value=3.0))


def test_changes_that_need_origins_or_contracts_are_refused_elsewhere(plain):
    with pytest.raises(
        ScenarioError, match="'test': cut need origins and contracts, which only networks of build_network"
    ):
        put(plain, Cut(supplier="RU"), Remove(component="generator", name="sea"))
    with pytest.raises(ScenarioError, match="no zone or corridor 'EU27'"):
        put(plain, Demand(zones=("EU27",), factor=2.0))
