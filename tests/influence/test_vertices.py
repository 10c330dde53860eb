"""Ranges of traced volumes over flows that cost nearly the same, against networks worked out by hand."""

import numpy as np
import pandas as pd
import pypsa
import pytest
import xarray as xr

from energyflows.errors import InfeasibleError, UnknownNameError, UsageError
from energyflows.influence.vertices import trace_vertices
from energyflows.running import prepare_networks
from energyflows.tracing import trace

DEMAND = 100.0
#: TWh a year.
YEARLY = DEMAND * 365 / 1e3


def add_supply(n, bus, origin, cost=10.0, size=DEMAND, carrier="gas", reward=0.0):
    n.add("Generator", f"{bus} {origin}", bus=bus, p_nom=size, marginal_cost=cost, carrier=carrier)
    n.generators.loc[f"{bus} {origin}", ["origin", "reward"]] = origin, reward


def build(russian=2.0, norwegian=2.0, year=2025, months=12):
    """Return one market that two routes of given tariffs lead to, each able to carry all."""
    snapshots = pd.date_range(f"{year}-01-01", periods=months, freq="MS")
    n = pypsa.Network(snapshots=snapshots)
    days = snapshots.days_in_month.to_numpy(dtype=float)
    for column in n.snapshot_weightings.columns:
        n.snapshot_weightings[column] = days
    n.add("Carrier", ["gas", "pipeline"])
    n.add("Bus", ["RU", "NO", "DE"], carrier="gas")
    n.buses["country"] = n.buses.index
    n.add("Load", "DE demand", bus="DE", p_set=DEMAND)
    n.generators["origin"] = pd.Series(dtype=object)
    n.generators["reward"] = pd.Series(dtype=float)
    add_supply(n, "RU", "RU")
    add_supply(n, "NO", "NO")
    for bus, tariff in (("RU", russian), ("NO", norwegian)):
        n.add("Link", f"{bus}-DE", bus0=bus, bus1="DE", p_nom=DEMAND, marginal_cost=tariff, carrier="pipeline")
    return n


def read(ds, area="DE", origin="RU", year=2025):
    dim = "bus" if "bus" in ds.dims else "area"
    found = ds.sel({dim: area, "origin": origin, "year": year})
    return [float(found[name]) for name in ("low", "point", "high")]


def seek(networks, **options):
    return trace_vertices(networks, **{"count": 0, "origins": ["RU"], **options})


def test_two_routes_of_one_cost_give_all_or_nothing():
    low, point, high = read(seek([build()]))
    assert (low, high) == pytest.approx((0.0, YEARLY), abs=1e-6)
    assert low <= point <= high


@pytest.mark.parametrize("epsilon", [0.1, 0.25])
def test_a_dearer_route_gets_what_the_bound_allows(epsilon):
    # Moving all by the cheaper route costs 2 a unit, so a part of epsilon x 2 / 0.5 may change to the one of 2.5.
    low, point, high = read(seek([build(russian=2.5)], epsilon=epsilon))
    assert (low, point) == pytest.approx((0.0, 0.0), abs=1e-6)
    assert high == pytest.approx(min(epsilon * 4, 1.0) * YEARLY, rel=1e-6)


def test_the_same_counts_from_above():
    low, point, high = read(seek([build(norwegian=2.5)], epsilon=0.1))
    assert low == pytest.approx(0.6 * YEARLY, rel=1e-6)
    assert (point, high) == pytest.approx((YEARLY, YEARLY), rel=1e-9)


def test_without_slack_only_flows_of_the_least_cost_are_left():
    assert read(seek([build(russian=2.1)], epsilon=0.0)) == pytest.approx([0.0, 0.0, 0.0], abs=1e-5)
    low, _, high = read(seek([build()], epsilon=0.0))
    assert (low, high) == pytest.approx((0.0, YEARLY), abs=1e-5)


def test_the_only_flow_there_is_has_no_range():
    n = build()
    n.remove("Link", "NO-DE")
    ds = seek([n], count=5, origins=["RU", "NO"])
    assert read(ds) == pytest.approx([YEARLY] * 3, rel=1e-9)
    assert read(ds, origin="NO") == [0.0, 0.0, 0.0]


def test_a_reward_is_not_part_of_what_moving_costs_but_holds_flows():
    # 60 of the Russian gas are contracted: their reward of 300 keeps them, whatever the slack could buy.
    n = build(russian=2.0, norwegian=2.0)
    n.links["reward"] = 0.0
    n.links.loc["RU-DE", "p_nom"] = 40.0
    n.add("Link", "RU-DE minimum", bus0="RU", bus1="DE", p_nom=60.0, marginal_cost=2.0 - 300.0, carrier="pipeline")
    n.links.loc["RU-DE minimum", "reward"] = 300.0
    ds = seek([n], epsilon=0.01)
    assert ds.attrs["moving_cost"] == pytest.approx([2.0 * DEMAND * 365])
    assert ds.attrs["cost"] == pytest.approx([12.0 * DEMAND * 365])
    # The slack of 2 a day buys 2 / 300 of a unit out of the contract.
    low, _, high = read(ds)
    assert low == pytest.approx((60.0 - 2.0 / 300.0) / DEMAND * YEARLY, rel=1e-6)
    assert high == pytest.approx(YEARLY, rel=1e-6)


def test_voyages_are_not_part_of_what_moving_costs():
    n = build()
    n.add("Carrier", "shipping")
    n.links.loc["NO-DE", ["carrier", "marginal_cost"]] = "shipping", 1.9
    n.links.loc["RU-DE", "p_nom"] = 30.0
    n.generators.loc["RU RU", "marginal_cost"] = 1.0
    assert seek([n]).attrs["moving_cost"] == pytest.approx([2.0 * 30.0 * 365])


def test_gas_of_a_far_origin_is_sought_through_a_market_between():
    # Russian gas reaches DE only through CZ, where it mixes with a fixed 50 of its own; DE takes 100 of that mix.
    n = build()
    n.add("Bus", "CZ", carrier="gas", country="CZ")
    n.links.loc["RU-DE", "bus1"] = "CZ"
    n.add("Link", "CZ-DE", bus0="CZ", bus1="DE", p_nom=DEMAND, marginal_cost=1e-4, carrier="pipeline")
    n.add("Load", "CZ demand", bus="CZ", p_set=50.0)
    add_supply(n, "CZ", "CZ", size=50.0, cost=1.0)
    low, _, high = read(seek([n], epsilon=0.05, areas={"DE": ["DE"]}))
    assert low == pytest.approx(0.0, abs=1e-6)
    # All DE takes comes through CZ: 100 Russian and 50 of its own mix, two thirds of 100 are Russian.
    assert high == pytest.approx(2 / 3 * YEARLY, rel=1e-6)


def test_gas_does_not_go_to_and_fro_to_mix():
    # DE is supplied by NO alone and CZ by RU alone; the bound would pay for a swap of all they use.
    n = build()
    n.remove("Link", "RU-DE")
    n.add("Bus", "CZ", carrier="gas", country="CZ")
    n.add("Load", "CZ demand", bus="CZ", p_set=DEMAND)
    n.add("Link", "RU-CZ", bus0="RU", bus1="CZ", p_nom=DEMAND, marginal_cost=2.0, carrier="pipeline")
    for ends in (("CZ", "DE"), ("DE", "CZ")):
        n.add("Link", "-".join(ends), bus0=ends[0], bus1=ends[1], p_nom=DEMAND, marginal_cost=0.1, carrier="pipeline")
    assert read(seek([n], epsilon=0.2, count=4)) == pytest.approx([0.0, 0.0, 0.0], abs=1e-9)


def store_gas(n):
    """Add a tank that is filled in the first half of the year and empty at the end of the second."""
    n.add("Bus", "DE storage", carrier="gas", country="DE")
    n.add("Store", "DE", bus="DE storage", e_nom=DEMAND * 184, e_cyclic=False)
    for name, ends in (("DE injection", ("DE", "DE storage")), ("DE withdrawal", ("DE storage", "DE"))):
        n.add("Link", name, bus0=ends[0], bus1=ends[1], p_nom=2 * DEMAND, marginal_cost=0.1, carrier="pipeline")
    return n


def test_years_are_chained_so_that_tanks_hand_on_what_was_sought():
    # In 2025 gas must be left for 2026, which has none but its tank: its range is that of the year before.
    first, second = store_gas(build(year=2025)), store_gas(build(year=2026))
    first.generators["p_nom"] = first.links["p_nom"] = 3 * DEMAND
    kept = DEMAND * 31
    first.stores["e_min_pu"] = 0.0
    first.add("Load", "kept", bus="DE storage", p_set=0.0)
    first.stores_t.e_min_pu["DE"] = np.where(np.arange(12) == 11, kept / (DEMAND * 184), 0.0)
    second = store_gas(build(year=2026, months=1))
    second.generators["p_nom"] = 0.0
    second.stores["e_initial"] = kept
    ds = seek([first, second], epsilon=0.05)
    low, _, high = read(ds, year=2026)
    assert (low, high) == pytest.approx((0.0, kept / 1e3), abs=1e-6)
    assert ds.sizes["year"] == 2


def test_areas_sum_their_buses():
    ds = seek([build()], areas={"all": ["DE", "RU", "NO"], "DE": ["DE"]})
    assert ds["low"].dims == ("year", "area", "origin")
    for name in ("low", "point", "high"):
        assert ds[name].sel(area="all").to_numpy() == pytest.approx(ds[name].sel(area="DE").to_numpy())


@pytest.mark.parametrize(("russian", "norwegian"), [(2.0, 2.01), (2.3, 2.0)])
def test_the_cheapest_flow_lies_within_the_range_and_more_flows_only_widen_it(russian, norwegian):
    few, many = (seek([build(russian, norwegian)], count=count, seed=3) for count in (2, 12))
    for ds in (few, many):
        assert bool((ds["low"] <= ds["point"]).all())
        assert bool((ds["point"] <= ds["high"]).all())
        assert ds["point"].sum("origin").sel(bus="DE").item() == pytest.approx(YEARLY)
    assert many.attrs["vertices"] == few.attrs["vertices"] + 10
    assert bool((many["low"] <= few["low"] + 1e-9).all())
    assert bool((many["high"] >= few["high"] - 1e-9).all())


def test_numbers_depend_on_the_seed_alone():
    one, same, other = (seek([build(2.0, 2.01)], origins=[], count=1, seed=seed) for seed in (0, 0, 1))
    xr.testing.assert_identical(one, same)
    assert one.attrs["vertices"] == other.attrs["vertices"] == 2
    assert not one.equals(other)


def test_default_origins_are_those_that_supply():
    found = trace_vertices([build()], count=0)
    assert read(found) == pytest.approx(read(seek([build()])))
    assert found["origin"].to_numpy().tolist() == ["NO", "RU"]


def test_flows_are_sought_for_the_eu_where_buses_say_so():
    n = build()
    n.buses["eu"] = False
    assert seek([n]).attrs["vertices"] == 1


def test_networks_stay_as_they_are():
    n = build()
    before = n.copy()
    seek([n])
    assert n.equals(before)
    assert not n.is_solved


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"epsilon": -0.1}, "epsilon: found -0.1, expected a number of at least 0"),
        ({"epsilon": float("nan")}, "epsilon: found nan"),
        ({"epsilon": "1 %"}, "epsilon: found '1 %'"),
        ({"count": -1}, "count: found -1, expected a whole number of at least 0"),
        ({"count": 2.5}, "count: found 2.5"),
        ({"count": True}, "count: found True"),
        ({"seed": -1}, "seed: found -1"),
        ({"origins": "RU"}, "origins: found the text 'RU', expected a list"),
        ({"areas": {"DE": "DE"}}, "areas: DE: found the text 'DE', expected a list of buses"),
        ({"areas": {}}, "areas: found none, expected at least one"),
        ({"areas": ["DE"]}, "found list, expected areas as a mapping"),
        ({"start": "yesterday"}, "start: found 'yesterday'"),
    ],
)
def test_wrong_words_and_numbers_are_refused(options, told):
    with pytest.raises(UsageError, match=told.replace("'", ".")):
        seek([build()], **options)


def test_all_problems_are_told_at_once():
    with pytest.raises(UsageError, match=r"(?s)networks: found none.*count: found -1.*epsilon: found -1"):
        seek([], count=-1, epsilon=-1)


def test_unknown_buses_and_origins_are_refused():
    told = (
        r"(?s)areas: here: no bus 'DEE'; did you mean DE\?.*areas: none: found no bus.*no gas from 'XX'; found NO, RU"
    )
    with pytest.raises(UnknownNameError, match=told):
        seek([build()], areas={"here": ["DEE"], "none": []}, origins=["XX"])


def test_a_single_network_is_no_list():
    with pytest.raises(UsageError, match="found Network, expected a list of networks"):
        seek(build())


def test_a_solved_network_is_refused():
    n = build()
    n.optimize(log_to_console=False, include_objective_constant=False)
    with pytest.raises(UsageError, match=r"(?s)networks\[0\].*solved already"):
        seek([n])


def test_years_must_follow_each_other():
    with pytest.raises(UsageError, match="expected consecutive years"):
        seek([build(year=2026), build(year=2025)])


def test_without_a_cost_of_moving_there_is_nothing_epsilon_could_be_a_part_of():
    with pytest.raises(UsageError, match="cost of transport and storage of 0 thousand EUR, expected a positive one"):
        seek([build(0.0, 0.0)])


def test_a_network_without_a_solution_says_why():
    n = build()
    n.generators["p_nom"] = 10.0
    with pytest.raises(InfeasibleError, match="bus DE lacks gas"):
        seek([n])


@pytest.mark.slow
def test_the_balkan_route_is_wide_and_the_cheapest_flow_is_that_of_a_run():
    n, results = prepare_networks("reference", 2025)["reference"][0]
    zones = n.buses.index[n.buses["eu"]].tolist()
    ds = seek([n], areas={"EU": zones, "GR": ["GR"]}, count=2)
    traced = trace(results)
    expected = (traced["delivered"].sel(bus=zones, origin="RU").sum("bus") * traced["weight_days"]).sum() / 1e3
    low, point, high = read(ds, "EU")
    assert point == pytest.approx(float(expected), rel=0.01)
    whole = ds["point"].sum("origin").sel(year=2025)
    assert high - low < 0.05 * float(whole.sel(area="EU"))
    low, point, high = read(ds, "GR")
    assert high - low > 0.2 * float(whole.sel(area="GR"))
    assert low < point < high
    close = seek([n], areas={"GR": ["GR"]}, epsilon=0.001)
    assert low < read(close, "GR")[0] < read(close, "GR")[2] < high
