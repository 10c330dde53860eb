"""A solved network, ours or anybody's, becomes one labelled dataset."""

import json

import numpy as np
import pandas as pd
import pypsa
import pytest

from energyflows.errors import ResultsError
from energyflows.network import build_network
from energyflows.results import INSTALLED, UNITS, check_results, read_results

DIMS = {
    **dict.fromkeys(["consumed", "unserved", "response", "price"], ("snapshot", "bus")),
    **dict.fromkeys(["supplied", "available"], ("snapshot", "generator")),
    **dict.fromkeys(["sent", "received", "lost", "minimum", "capacity", "utilisation"], ("snapshot", "link")),
    **dict.fromkeys(["injected", "withdrawn", "stored"], ("snapshot", "store")),
    "objective": (),
    **dict.fromkeys(["technical", "largest"], ("snapshot", "link")),
    "peak_day": ("snapshot", "bus"),
}
COORDS = {
    "weight_days": "snapshot",
    **dict.fromkeys(["country", "bus_kind"], "bus"),
    **dict.fromkeys(["bus0", "bus1", "carrier", "efficiency", "is_storage_link", "largest_name"], "link"),
    **dict.fromkeys(["generator_bus", "generator_origin", "generator_route", "generator_carrier"], "generator"),
    "store_bus": "store",
}


def cells(array):
    """One row of numbers per snapshot."""
    return array.to_numpy().tolist()


# ------------------------------------------------------------------ our networks
@pytest.mark.parametrize("name", sorted(DIMS))
def test_every_variable_has_its_dims_and_unit(toy_results, name):
    assert toy_results[name].dims == DIMS[name]
    assert toy_results[name].attrs["units"] == UNITS.get(name, "GWh/d")


@pytest.mark.parametrize("name", sorted(COORDS))
def test_every_coordinate_stands_on_its_dim(toy_results, name):
    assert toy_results.coords[name].dims == (COORDS[name],)


def test_nothing_undocumented_is_returned(toy_results):
    assert set(UNITS) | set(INSTALLED) == set(DIMS)
    assert set(toy_results.data_vars) == set(DIMS)
    assert set(toy_results.coords) == {*COORDS, "snapshot", "bus", "generator", "link", "store"}


def test_results_of_the_toy_pass_the_check(toy_results):
    check_results(toy_results)


def test_metadata_of_the_network_is_kept_as_text(toy_network, toy_results):
    assert json.loads(toy_results.attrs["meta"]) == toy_network.meta


def test_parts_of_a_generator_become_one(toy_network, toy_results):
    parts = [name for name in toy_network.generators.index if name.startswith("LNGROW response")]
    assert len(parts) == 8
    given_up = toy_network.generators_t.p[parts].sum(axis=1)
    assert given_up.max() > 0
    np.testing.assert_allclose(toy_results["response"].sel(bus="LNGROW"), given_up)
    assert toy_results["generator"].values.tolist() == ["NL gas", "TR gas", "RU YAMAL minimum", "US LNGUS export"]


def test_years_with_a_budget_are_parts_of_one_generator(toy, solved):
    n = solved(build_network((2025, 2026), tables=toy()))
    years = n.generators.index[n.generators["part_of"] == "RU YAMAL minimum"]
    assert years.tolist() == ["RU YAMAL minimum 2025", "RU YAMAL minimum 2026"]
    ds = read_results(n)
    np.testing.assert_allclose(ds["supplied"].sel(generator="RU YAMAL minimum"), n.generators_t.p[years].sum(axis=1))


def test_contracted_part_of_a_link_is_told_as_minimum(toy_network, toy_results):
    p0 = toy_network.links_t.p0
    both = p0["YAMAL-DE"] + p0["YAMAL-DE minimum"]
    assert "YAMAL-DE minimum" not in toy_results["link"]
    np.testing.assert_allclose(toy_results["sent"].sel(link="YAMAL-DE"), both)
    np.testing.assert_allclose(toy_results["minimum"].sel(link="YAMAL-DE"), 200 * 0.99)


def test_slices_of_a_store_become_one(toy_network, toy_results):
    slices = toy_network.stores.index[toy_network.stores["part_of"] == "DE storage"]
    assert len(slices) > 1
    np.testing.assert_allclose(
        toy_results["stored"].sel(store="DE storage"), toy_network.stores_t.e[slices].sum(axis=1)
    )


def test_prices_are_the_marginal_prices_of_pypsa(toy_network, toy_results):
    np.testing.assert_array_equal(toy_results["price"].to_pandas(), toy_network.buses_t.marginal_price)


def test_objective_is_the_cost_without_rewards(toy_network, toy_results):
    fixed = {"NL gas": 4, "TR gas": 4, "RU YAMAL minimum": 5, "US LNGUS export": 10}
    tariff = {"YAMAL-DE": 1, "NL-DE": 0.5, "DE-NL": 0.6, "DE-TR": 2, "LNGUS-LNGEU": 2, "LNGUS-LNGROW": 3, "LNGEU-NL": 1}
    stored = {"DE injection": 0.5, "DE withdrawal": 0.2}
    days = toy_results["weight_days"]
    cost = sum((toy_results["supplied"].sel(generator=name) * days).sum() * eur for name, eur in fixed.items())
    cost += sum((toy_results["sent"].sel(link=name) * days).sum() * eur for name, eur in {**tariff, **stored}.items())
    for step, factor in enumerate((0.8, 0.9, 1.0, 1.15, 1.4, 2.0, 3.0, 5.0), 1):
        cost += (toy_network.generators_t.p[f"LNGROW response {step}"] * days.to_numpy()).sum() * 30 * factor
    assert float(toy_results["unserved"].sum()) == pytest.approx(0, abs=1e-6)
    assert float(toy_results["response"].drop_sel(bus="LNGROW").sum()) == pytest.approx(0, abs=1e-6)
    assert float(toy_results["objective"]) == pytest.approx(float(cost), rel=1e-9)
    assert toy_network.objective < float(cost) - 1e6


def test_reading_leaves_the_network_as_it_was(toy_network):
    before = toy_network.links.copy()
    read_results(toy_network)
    pd.testing.assert_frame_equal(toy_network.links, before)


# ------------------------------------------------------------------ one bus, answers by hand
def test_one_bus_is_served_in_order_of_cost(solved):
    n = pypsa.Network(snapshots=pd.date_range("2025-01-01", periods=2, freq="MS"))
    n.snapshot_weightings.loc[:, :] = np.array([[31.0], [28.0]])
    n.add("Bus", "X", country="XK")
    n.add("Generator", ["cheap", "dear"], bus="X", p_nom=[30, 100], marginal_cost=[10, 20])
    n.add("Load", "town", bus="X", p_set=[50, 20])
    ds = read_results(solved(n))
    check_results(ds)
    assert cells(ds["supplied"]) == [[30, 20], [20, 0]]
    assert cells(ds["consumed"]) == [[50], [20]]
    assert cells(ds["price"]) == [[20], [10]]
    assert float(ds["objective"]) == pytest.approx(31 * (30 * 10 + 20 * 20) + 28 * 20 * 10)
    assert ds["weight_days"].values.tolist() == [31, 28]
    assert ds.sizes["link"] == ds.sizes["store"] == 0


@pytest.mark.parametrize("carrier", ["unserved", "load", "Load Shedding", "load-shedding", "load_shedding"])
def test_load_shedding_is_unserved_and_no_supply(solved, pair, carrier):
    n = pair(load=95)
    n.add("Generator", "last resort", bus="B", p_nom=1e3, marginal_cost=500, carrier=carrier)
    ds = read_results(solved(n))
    check_results(ds)
    assert cells(ds["unserved"].sel(bus="B")) == [15, 15]
    assert cells(ds["consumed"].sel(bus="B")) == [80, 80]
    assert ds["generator"].values.tolist() == ["field"]
    assert cells(ds["price"].sel(bus="B")) == [500, 500]


def test_demand_given_up_is_response(solved, pair):
    n = pair(load=95)
    n.add("Generator", "industry", bus="B", p_nom=1e3, marginal_cost=50, carrier="demand response")
    ds = read_results(solved(n))
    assert cells(ds["response"].sel(bus="B")) == [15, 15]
    assert cells(ds["unserved"].sel(bus="B")) == [0, 0]
    assert cells(ds["consumed"].sel(bus="B")) == [80, 80]


@pytest.mark.parametrize("load", [{"p_set": -20}, {"p_set": 20, "sign": 1}])
def test_a_load_that_feeds_in_lowers_consumption(solved, pair, load):
    n = pair(load=50)
    n.add("Load", "feed", bus="B", **load)
    ds = read_results(solved(n))
    check_results(ds)
    assert cells(ds["consumed"].sel(bus="B")) == [30, 30]
    assert cells(ds["sent"].sel(link="pipe")) == [30, 30]


def test_a_bus_may_consume_less_than_nothing(solved, pair):
    n = pair(load=50)
    n.add("Load", "feed", bus="A", p_set=-20)
    ds = read_results(solved(n))
    check_results(ds)
    assert cells(ds["consumed"].sel(bus="A")) == [-20, -20]


def test_an_energy_budget_limits_what_is_available(solved, pair):
    n = pair(load=20)
    n.generators.loc["field", "e_sum_max"] = 50
    ds = read_results(solved(n))
    assert cells(ds["available"].sel(generator="field")) == [25, 25]


@pytest.mark.parametrize(
    ("own", "country", "origin"),
    [({"origin": "DZ"}, "IT", "DZ"), ({"origin": ""}, "IT", "IT"), ({}, "IT", "IT"), ({}, "", "A")],
)
def test_origin_is_the_generators_else_its_country_else_its_bus(solved, pair, own, country, origin):
    n = pair()
    n.buses["country"] = country
    for column, value in own.items():
        n.generators[column] = value
    assert read_results(solved(n))["generator_origin"].values.tolist() == [origin]


# ------------------------------------------------------------------ links and lines
def test_losses_lie_between_sent_and_received(solved, pair):
    ds = read_results(solved(pair(load=54, efficiency=0.9)))
    check_results(ds)
    np.testing.assert_allclose(ds["sent"], 60)
    np.testing.assert_allclose(ds["received"], 54)
    np.testing.assert_allclose(ds["lost"], 6)
    np.testing.assert_allclose(ds["utilisation"], 60 / 80)
    np.testing.assert_allclose(ds["price"].sel(bus="B"), 10 / 0.9)
    assert ds["efficiency"].item() == 0.9


def test_losses_may_change_with_time(solved, pair):
    n = pair(load=54)
    n.links_t.efficiency = pd.DataFrame({"pipe": [0.9, 0.6]}, index=n.snapshots)
    n.links.loc["pipe", "p_nom"] = 100
    ds = read_results(solved(n))
    check_results(ds)
    np.testing.assert_allclose(ds["sent"].sel(link="pipe"), [60, 90])


def send_back(n, load=40):
    """Make B the cheap side, so that gas flows from B to A."""
    n.add("Generator", "other field", bus="B", p_nom=300, marginal_cost=1)
    n.add("Load", "village", bus="A", p_set=load)
    return n


@pytest.mark.parametrize(("low", "high", "room"), [(-1, 1, 80), (-0.5, 1, 40), (-1, 0, 80)])
def test_backward_flow_is_a_link_of_its_own(solved, pair, low, high, room):
    ds = read_results(solved(send_back(pair(p_min_pu=low, p_max_pu=high))))
    check_results(ds)
    assert ds["link"].values.tolist() == ["pipe", "pipe (reverse)"]
    assert cells(ds["sent"]) == [[0, 40], [0, 40]]
    assert cells(ds["received"]) == [[0, 40], [0, 40]]
    assert cells(ds["capacity"]) == [[80 * high, room]] * 2
    back = ds.sel(link="pipe (reverse)")
    assert (back["bus0"].item(), back["bus1"].item()) == ("B", "A")
    np.testing.assert_allclose(back["utilisation"], 40 / room)


def test_backward_flow_through_a_loss_balances(solved, pair):
    ds = read_results(solved(send_back(pair(p_min_pu=-1, efficiency=0.8))))
    check_results(ds)
    back = ds.sel(link="pipe (reverse)")
    np.testing.assert_allclose(back["received"], back["sent"] * back["efficiency"])


def test_a_link_never_used_backwards_stays_one(solved, pair):
    assert read_results(solved(pair(p_min_pu=-1)))["link"].values.tolist() == ["pipe"]


def test_parts_flowing_backwards_become_one_reverse_link(solved, pair):
    n = send_back(pair(p_min_pu=-1), load=120)
    n.add("Link", "loop", bus0="A", bus1="B", p_nom=80, p_min_pu=-1)
    n.generators.loc["field", "p_nom"] = 0
    n.links["part_of"] = "pipes"
    ds = read_results(solved(n))
    check_results(ds)
    assert ds["link"].values.tolist() == ["pipes", "pipes (reverse)"]
    assert cells(ds["sent"].sel(link="pipes (reverse)")) == [120, 120]
    assert cells(ds["capacity"]) == [[160, 160]] * 2


def test_lines_share_flow_by_reactance(solved):
    n = pypsa.Network(snapshots=range(1))
    n.add("Bus", ["A", "B", "C"], v_nom=380)
    for name, ends in {"AB": "AB", "BC": "BC", "CA": "CA"}.items():
        n.add("Line", name, bus0=ends[0], bus1=ends[1], x=0.1, r=0.01, s_nom=100)
    n.add("Generator", "plant", bus="A", p_nom=200, marginal_cost=7)
    n.add("Load", "city", bus="C", p_set=90)
    ds = read_results(solved(n))
    check_results(ds)
    assert ds["link"].values.tolist() == ["AB", "BC", "CA", "CA (reverse)"]
    np.testing.assert_allclose(ds["sent"], [[30, 30, 0, 60]], atol=1e-9)
    np.testing.assert_allclose(ds["capacity"], 100)
    np.testing.assert_allclose(ds["price"], 7)


def test_a_line_and_a_link_of_one_name_are_told_apart(solved, pair):
    n = pair(load=90)
    n.add("Bus", "C")
    n.add("Line", "pipe", bus0="A", bus1="C", x=0.1, s_nom=70)
    n.add("Link", "on", bus0="C", bus1="B", p_nom=70, marginal_cost=1)
    ds = read_results(solved(n))
    check_results(ds)
    assert ds["link"].values.tolist() == ["pipe", "on", "pipe (line)"]
    np.testing.assert_allclose(ds["sent"].isel(snapshot=0), [80, 10, 10])
    assert ds["bus1"].values.tolist() == ["B", "B", "C"]


def test_capacity_of_an_extendable_link_is_the_one_built(solved, pair):
    ds = read_results(solved(pair(load=50, p_nom=10, p_nom_extendable=True, capital_cost=3)))
    check_results(ds)
    np.testing.assert_allclose(ds["capacity"], 50)
    np.testing.assert_allclose(ds["utilisation"], 1)


def test_capacity_follows_its_availability(solved, pair):
    n = pair(load=[30, 50])
    n.links_t.p_max_pu = pd.DataFrame({"pipe": [0.5, 1.0]}, index=n.snapshots)
    assert cells(read_results(solved(n))["capacity"]) == [[40], [80]]


def test_what_is_inactive_has_no_capacity(solved, pair):
    n = pair()
    n.add("Link", "closed", bus0="A", bus1="B", p_nom=10, active=False)
    n.add("Generator", "shut", bus="A", p_nom=5, active=False)
    ds = read_results(solved(n))
    check_results(ds)
    assert cells(ds["capacity"].sel(link="closed")) == [0, 0]
    assert cells(ds["available"].sel(generator="shut")) == [0, 0]
    assert np.isnan(ds["utilisation"].sel(link="closed")).all()


# ------------------------------------------------------------------ stores and storage units
def test_a_storage_unit_is_a_store(solved, pair):
    n = pair(load=[20, 75], p_nom=200)
    n.generators.loc["field", "p_nom"] = 60
    n.add("StorageUnit", "cavern", bus="B", p_nom=40, max_hours=10, efficiency_store=0.5)
    ds = read_results(solved(n))
    check_results(ds)
    np.testing.assert_allclose(ds["injected"].sel(store="cavern"), [30, 0], atol=1e-6)
    np.testing.assert_allclose(ds["withdrawn"].sel(store="cavern"), [0, 15], atol=1e-6)
    np.testing.assert_allclose(ds["stored"].sel(store="cavern"), [15, 0], atol=1e-6)
    assert ds["store_bus"].item() == "B"


def test_a_store_is_told_at_its_bus(solved, pair):
    n = pair(load=[20, 75], p_nom=200)
    n.generators.loc["field", "p_nom"] = 60
    n.add("Bus", "cave")
    n.add("Store", "cave", bus="cave", e_nom=100)
    n.add("Link", ["in", "out"], bus0=["B", "cave"], bus1=["cave", "B"], p_nom=50, marginal_cost=0.1)
    ds = read_results(solved(n))
    check_results(ds)
    np.testing.assert_allclose(ds["stored"].sel(store="cave"), [15, 0], atol=1e-6)
    assert dict(zip(ds["link"].values, ds["is_storage_link"].values, strict=True)) == {
        "pipe": False,
        "in": True,
        "out": True,
    }


def test_a_store_and_a_storage_unit_of_one_name_are_told_apart(solved, pair):
    n = pair(load=50)
    n.add("Store", "cave", bus="A", e_nom=10, e_initial=5)
    n.add("StorageUnit", "cave", bus="B", p_nom=5, state_of_charge_initial=3)
    ds = read_results(solved(n))
    check_results(ds)
    assert ds["store"].values.tolist() == ["cave", "cave (storage unit)"]
    net = (ds["withdrawn"] - ds["injected"]).sum("snapshot")
    np.testing.assert_allclose(net, [5, 3], atol=1e-6)


# ------------------------------------------------------------------ what cannot be read
REFUSED = {
    "transformers T1": lambda n: n.add("Transformer", "T1", bus0="A", bus1="B", x=0.1, s_nom=10),
    "shunt_impedances S1": lambda n: n.add("ShuntImpedance", "S1", bus="A", b=1),
    "processes P1": lambda n: n.add("Process", "P1", bus0="A", bus1="B", p_nom=1),
    "storage unit dam: inflow": lambda n: n.add("StorageUnit", "dam", bus="A", p_nom=1, inflow=1),
    "link pump: negative efficiency": lambda n: n.add("Link", "pump", bus0="A", bus1="B", efficiency=-0.1, p_nom=1),
    "links chp: port bus2": lambda n: n.add(
        "Link", "chp", bus0="A", bus1="B", bus2="A", efficiency=0.5, efficiency2=0.1, p_nom=1
    ),
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_would_be_lost_is_refused_by_name(solved, pair, words):
    n = pair()
    REFUSED[words](n)
    with pytest.raises(ResultsError, match=words):
        read_results(solved(n))


def test_everything_wrong_is_told_at_once(pair):
    n = pair()
    for change in REFUSED.values():
        change(n)
    with pytest.raises(ResultsError) as caught:
        read_results(n)
    assert [words for words in REFUSED if words not in str(caught.value)] == []
    assert "no solution" in str(caught.value)


def test_an_empty_network_is_refused():
    with pytest.raises(ResultsError, match="no solution found; solve the network first"):
        read_results(pypsa.Network())


def test_an_unsolved_network_is_refused(toy):
    with pytest.raises(ResultsError, match="no solution found; solve the network first"):
        read_results(build_network(2025, tables=toy()))


def test_stochastic_scenarios_are_refused(solved, pair):
    n = pair()
    n.set_scenarios({"low": 0.5, "high": 0.5})
    with pytest.raises(ResultsError, match="stochastic scenarios"):
        read_results(solved(n))


def test_investment_periods_are_refused(solved, pair):
    n = pair()
    n.set_snapshots(pd.MultiIndex.from_product([[2025, 2030], [0, 1]]))
    n.set_investment_periods([2025, 2030])
    with pytest.raises(ResultsError, match="investment periods"):
        read_results(solved(n, multi_investment_periods=True))
