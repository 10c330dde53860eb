"""What suppliers could bring: formulas by hand, flows against networkx, the packaged network."""

import networkx as nx
import numpy as np
import pandas as pd
import pypsa
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import energyflows as ef
from energyflows.errors import UnknownNameError, UsageError
from energyflows.metrics._reach import reach_by_origin, residual_supply_table
from energyflows.metrics._suppliers import pivotal, residual_supply, source_access

COUNTRIES = ["AT", "DE", "SK"]
ORIGINS = ["NO", "RU", "SK"]
CAPACITY = xr.DataArray([[60.0, 20.0], [30.0, 70.0], [10.0, 0.0]], {"origin": ["RU", "NO", "SK"], "bus": ["AT", "DE"]})


def make_network(pipes, supply, demand):
    """Return three countries and a corridor C, pipes between them (two days of 1 and 3), and one field per origin."""
    n = pypsa.Network(snapshots=pd.DatetimeIndex(["2025-01-01", "2025-07-01"], name="snapshot"))
    n.snapshot_weightings["generators"] = [1.0, 3.0]
    n.add("Bus", [*COUNTRIES, "C"], country=[*COUNTRIES, "AT"], kind=["market"] * 3 + ["corridor"])
    n.add("Load", COUNTRIES, bus=COUNTRIES, p_set=np.array(demand, dtype=float))
    n.add("Generator", ORIGINS, bus=["DE", "C", "SK"], origin=ORIGINS, p_nom=np.array(supply, dtype=float))
    n.add("Generator", "AT unserved", bus="AT", carrier="unserved", p_nom=1e3)
    for (tail, head), size in pipes.items():
        n.add("Link", f"{tail}-{head}", bus0=tail, bus1=head, p_nom=float(size))
    n.add("Link", "unused", bus0="C", bus1="AT", p_nom=0.0)
    return n


def push(pipes, supply, sinks, *, without=()):
    """Return the largest flow as networkx finds it."""
    graph = nx.DiGraph()
    for (tail, head), size in pipes.items():
        graph.add_edge(tail, head, capacity=size)
    for origin, bus, size in zip(ORIGINS, ["DE", "C", "SK"], supply, strict=True):
        graph.add_edge("source", bus, capacity=0 if origin in without else size)
    for bus, size in sinks.items():
        graph.add_edge(bus, "sink", **({} if size is None else {"capacity": size}))
    return nx.maximum_flow_value(graph, "source", "sink") if "sink" in graph else 0


SIZES = st.integers(0, 50)
ENDS = [("C", "SK"), ("SK", "AT"), ("AT", "DE"), ("DE", "AT"), ("DE", "SK"), ("C", "AT")]
PIPES = st.fixed_dictionaries(dict.fromkeys(ENDS, SIZES))
TRIPLES = st.tuples(SIZES, SIZES, SIZES)


@settings(max_examples=8)
@given(PIPES, TRIPLES, st.tuples(*[st.integers(1, 50)] * 3))
def test_what_others_could_bring_is_the_flow_networkx_finds(pipes, supply, demand):
    n = make_network(pipes, supply, demand)
    alone = residual_supply_table(n, "RU").set_index("country")
    last = residual_supply_table(n, "RU", others_first=True).set_index("country")
    for country, own in zip(COUNTRIES, demand, strict=True):
        others = {name: size for name, size in zip(COUNTRIES, demand, strict=True) if name != country}
        most = push(pipes, supply, {country: None}, without=("RU",))
        left = push(pipes, supply, {**others, country: None}, without=("RU",)) - push(
            pipes, supply, others, without=("RU",)
        )
        assert 1e3 * alone.at[country, "reach_twh"] == pytest.approx(4 * most, abs=1e-4)
        assert 1e3 * last.at[country, "reach_twh"] == pytest.approx(4 * left, abs=1e-4)
        assert last.at[country, "residual_supply"] <= alone.at[country, "residual_supply"] + 1e-9
        assert alone.at[country, "residual_supply"] == pytest.approx(most / own, abs=1e-6)


def test_the_reach_of_each_origin_and_who_is_pivotal():
    pipes = {("C", "SK"): 30, ("SK", "AT"): 20, ("DE", "AT"): 5}
    n = make_network(pipes, supply=(8, 25, 6), demand=(10, 8, 20))
    found = reach_by_origin(n)
    assert found["reach"].sel(country="AT").to_series().to_dict() == pytest.approx({"NO": 20, "RU": 80, "SK": 24})
    assert found["reach"].sel(country="DE").to_series().to_dict() == pytest.approx({"NO": 32, "RU": 0, "SK": 0})
    assert found["demand"].to_series().to_dict() == {"AT": 40.0, "DE": 32.0, "SK": 80.0}
    assert source_access(found["reach"], found["demand"]).to_series().to_dict() == {"AT": 3, "DE": 1, "SK": 2}
    table = residual_supply_table(n, "RU").set_index("country")
    assert table["pivotal"].to_dict() == {"AT": False, "DE": False, "SK": True}


def test_pipes_and_supply_without_bound_are_bound_by_the_rest():
    n = make_network({("C", "SK"): 30, ("SK", "AT"): 20}, supply=(8, 25, 6), demand=(10, 8, 20))
    n.links.loc["SK-AT", "p_nom"] = np.inf
    table = residual_supply_table(n, "NO").set_index("country")
    assert 1e3 * table.at["AT", "reach_twh"] == pytest.approx(4 * (25 + 6))


def test_residual_supply_by_hand():
    demand = xr.DataArray([80.0, 0.0], coords={"bus": ["AT", "DE"]})
    found = residual_supply(CAPACITY, demand, without="RU")
    np.testing.assert_array_equal(found, [0.5, np.nan])
    np.testing.assert_array_equal(pivotal(found), [1.0, np.nan])
    series = residual_supply(CAPACITY.sel(bus="AT").to_series(), 80.0, without="NO")
    assert series == pytest.approx(70 / 80)


@given(st.lists(st.floats(0, 1e5), min_size=2, max_size=6), st.floats(1, 1e5))
def test_supply_without_one_and_that_one_are_all(capacities, demand):
    labelled = xr.DataArray(capacities, coords={"origin": [str(k) for k in range(len(capacities))]})
    found = residual_supply(labelled, xr.DataArray(demand), without="0")
    assert float(found) + capacities[0] / demand == pytest.approx(sum(capacities) / demand)


@pytest.mark.parametrize(("residual", "expected"), [(0.99, 1.0), (0.9995, 0.0), (1.0, 0.0), (2.0, 0.0)])
def test_a_supplier_is_pivotal_if_demand_cannot_be_met_without(residual, expected):
    assert float(pivotal(xr.DataArray(residual))) == expected


@pytest.mark.parametrize(("least", "expected"), [(0.05, 3), (0.2, 2), (0.5, 1), (1.0, 0)])
def test_origins_that_matter_are_counted(least, expected):
    reach = xr.DataArray([50.0, 20.0, 5.0, 0.0], coords={"origin": list("abcd")})
    assert float(source_access(reach, xr.DataArray(100.0), least=least)) == expected


def test_access_is_unknown_where_anything_is():
    reach = xr.DataArray([[50.0, np.nan], [20.0, 20.0]], {"bus": ["x", "y"], "origin": ["a", "b"]})
    found = source_access(reach, xr.DataArray([100.0, 0.0], {"bus": ["x", "y"]}))
    assert np.isnan(found).all()


def test_wrong_arguments_are_refused():
    demand = xr.DataArray(1.0)
    with pytest.raises(UnknownNameError, match="'UR' is none of RU, NO, SK"):
        residual_supply(CAPACITY, demand, without="UR")
    with pytest.raises(UsageError, match=r"(?s)capacity: found negative.*demand: found negative"):
        residual_supply(-CAPACITY, -demand, without="RU")
    with pytest.raises(UsageError, match="least: found 0"):
        source_access(CAPACITY, demand, least=0)
    with pytest.raises(UsageError, match="names along 'route'"):
        source_access(CAPACITY, demand, dim="route")
    n = make_network({}, (1, 1, 1), (1, 1, 1))
    with pytest.raises(UnknownNameError, match=r"(?s)known: NO, RU, SK.*origin 'ru'; did you mean RU"):
        residual_supply_table(n, "ru")
    n.set_snapshots(pd.DatetimeIndex(["2024-01-01", "2025-01-01"]))
    with pytest.raises(UsageError, match="found 2024, 2025, expected one"):
        reach_by_origin(n)


@pytest.mark.slow
def test_countries_no_one_else_could_supply_are_fewer_than_before():
    tables = {year: residual_supply_table(ef.build_network(year), "RU").set_index("country") for year in (2021, 2025)}
    pivot = {year: set(table.index[table["pivotal"]]) - {"RU"} for year, table in tables.items()}
    assert {"AM", "BY", "FI", "MK", "TR"} <= pivot[2021]
    assert pivot[2025] < pivot[2021]
    assert not pivot[2025] & {"FI", "MK"}
    assert tables[2025].at["DE", "residual_supply"] > tables[2021].at["DE", "residual_supply"] > 1


@pytest.mark.parametrize(("measure", "more"), [(residual_supply, {"without": "RU"}), (source_access, {})])
def test_labels_and_values_that_cannot_be_used_are_told(measure, more):
    with pytest.raises(UsageError, match=r"(?s)demand does not fit.*no bus DE"):
        measure(CAPACITY, xr.DataArray([1.0, 2.0], {"bus": ["AT", "FR"]}), **more)
    with pytest.raises(UsageError, match="demand: found dim 'origin'"):
        measure(CAPACITY, CAPACITY, **more)
    with pytest.raises(UsageError, match="is infinite"):
        measure(CAPACITY * np.inf, 1.0, **more)


@pytest.mark.parametrize("tolerance", [np.nan, -1, np.inf, "x"])
def test_a_tolerance_is_a_share(tolerance):
    with pytest.raises(UsageError, match="tolerance: found"):
        pivotal(xr.DataArray([0.5]), tolerance=tolerance)


def test_reach_of_one_scenario_and_of_nothing():
    with pytest.raises(UsageError, match="found results with dim 'scenario'"):
        reach_by_origin(xr.Dataset(coords={"scenario": ["a", "b"]}))
    assert reach_by_origin(pypsa.Network()).sizes == {"origin": 0, "country": 0}
    n = make_network({}, (1, 1, 1), (0, 0, 0))
    assert residual_supply_table(n, "RU").empty
