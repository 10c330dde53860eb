"""N−1 by hand, on a hand-made network and on the packaged one; ways into a zone."""

import numpy as np
import pandas as pd
import pypsa
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import energyflows as ef
from energyflows.errors import ResultsError, UnknownNameError, UsageError
from energyflows.metrics._assets import list_assets
from energyflows.metrics._infrastructure import import_route_diversification, n_minus_1
from energyflows.metrics._installations import read_installations
from energyflows.metrics._n_minus_1 import LOW_FILL_FACTOR, n_minus_1_table
from energyflows.metrics._routes import import_route_diversification_table

TERMS = ("entry", "production", "storage", "lng")


def make_network():
    """Return two joined countries: one with a terminal, a field and a store behind a link, one with a storage unit.

    A corridor with room for 50 leads to both, by pipes of 40 and 30.
    """
    n = pypsa.Network(snapshots=pd.DatetimeIndex(["2024-01-01", "2024-07-01", "2025-01-01"], name="snapshot"))
    countries, kinds = ["GR", "IT", "AL", "TR", "", "IT"], ["market", "market", "corridor", "market", "lng", "storage"]
    n.add("Bus", ["GR", "IT", "TAP", "TR", "LNGEU", "IT storage"], country=countries, kind=kinds)
    n.add("Load", ["g", "i", "t"], bus=["GR", "IT", "TR"], p_set=[10.0, 60.0, 5.0])
    n.loads_t.p_set["i"] = [60.0, 20.0, 80.0]
    n.add("Generator", "field", bus="IT", p_nom=20, p_max_pu=[0.5, 1.0, 0.25], route="home", carrier="gas")
    n.add("Generator", "IT unserved", bus="IT", p_nom=80, carrier="unserved")
    n.add(
        "Link", ["TR-TAP", "TAP-GR", "TAP-IT"], bus0=["TR", "TAP", "TAP"], bus1=["TAP", "GR", "IT"], carrier="pipeline"
    )
    n.links["p_nom"] = [50.0, 30.0, 40.0]
    n.add("Link", "GR-IT", bus0="GR", bus1="IT", p_nom=12, carrier="pipeline", p_min_pu=-0.5)
    n.add("Link", "LNGEU-IT", bus0="LNGEU", bus1="IT", p_nom=35, carrier="regasification")
    n.add("Link", "IT withdrawal", bus0="IT storage", bus1="IT", p_nom=30, carrier="withdrawal")
    n.add("Link", "IT injection", bus0="IT", bus1="IT storage", p_nom=10, carrier="injection")
    n.add("Store", "IT storage", bus="IT storage", e_nom=900)
    n.add("StorageUnit", "tank", bus="GR", p_nom=4)
    n.links["largest_name"] = n.links.index.where(n.links.index != "LNGEU-IT", "Panigaglia")
    n.links_t["largest"] = pd.DataFrame({"LNGEU-IT": 25.0}, index=n.snapshots)
    n.buses_t["peak_day"] = pd.DataFrame({"IT": [100.0, 100.0, 120.0]}, index=n.snapshots)
    return n


def test_the_formula_by_hand():
    assert n_minus_1(50, 20, 30, 40, largest=35, demand=100) == pytest.approx(1.05)
    assert n_minus_1(50, 20, 30, 40, 35, 100, demand_side=30) == pytest.approx(1.5)


@pytest.mark.parametrize(
    "kind",
    [np.array, lambda v: xr.DataArray(v, dims="bus"), lambda v: pd.Series(v, ["A", "B"])],
    ids=["array", "labelled", "series"],
)
def test_the_formula_takes_arrays_of_any_kind(kind):
    found = n_minus_1(*(kind([term, term]) for term in (50.0, 20.0, 30.0, 40.0, 35.0)), demand=kind([100.0, 0.0]))
    assert type(found) is type(kind([1.0, 2.0]))
    np.testing.assert_array_equal(np.asarray(found), [1.05, np.nan])


def test_the_standard_is_no_rate():
    term, none = (xr.DataArray([value], dims="bus", attrs={"units": "GWh/d"}) for value in (5.0, 0.0))
    assert n_minus_1(term, none, none, none, none, term).attrs["units"] == "1"


@pytest.mark.parametrize(("demand", "saved"), [(0.0, 0.0), (50.0, 50.0), (50.0, 60.0), (float("nan"), 0.0)])
def test_the_formula_is_undefined_without_demand(demand, saved):
    assert np.isnan(n_minus_1(1, 2, 3, 4, 0, demand, saved))


def test_negative_terms_are_refused_together():
    with pytest.raises(UsageError, match=r"(?s)entry: found -1.*demand_side: found -2"):
        n_minus_1(-1, 0, 0, 0, 0, 1, demand_side=np.array([1.0, -2.0]))


@given(st.lists(st.floats(0, 1e4), min_size=1, max_size=8), st.integers(0, 7))
def test_n_minus_1_never_rises_when_an_asset_goes(capacities, gone):
    rest = [size for place, size in enumerate(capacities) if place != gone % len(capacities)]
    whole = n_minus_1(sum(capacities), 0, 0, 0, max(capacities), 100.0)
    assert n_minus_1(sum(rest), 0, 0, 0, max(rest, default=0.0), 100.0) <= whole + 1e-9


def points(*rows):
    """Return keyword arguments from (kind, border, capacity)."""
    kind, border, capacity = (xr.DataArray(list(column), dims="point") for column in zip(*rows, strict=True))
    return {"capacity": capacity.astype(float), "border": border, "kind": kind}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("border", "DE", 7)], 10_000),
        ([("border", "DE", 7), ("import", "RU", 7)], 5_000),
        ([("border", "DE", 3), ("border", "DE", 4), ("lng", "Gate", 7)], 5_000),
        ([("lng", "a", 5)] * 4, 2_500),
        ([("border", "NO", 5), ("import", "NO", 5)], 5_000),
        ([("border", "DE", 60), ("lng", "Gate", 30), ("lng", "Eems", 10)], 1e4 * (0.36 + 0.09 + 0.01)),
    ],
)
def test_ways_in_by_hand(rows, expected):
    assert float(import_route_diversification(**points(*rows))) == pytest.approx(expected)


@given(st.lists(st.floats(0.1, 1e4), min_size=1, max_size=8))
def test_terminals_alone_are_as_concentrated_as_their_hhi(capacities):
    found = import_route_diversification(**points(*(("lng", "x", size) for size in capacities)))
    shares = np.array(capacities) / np.sum(capacities)
    assert float(found) == pytest.approx(1e4 * (shares**2).sum())
    assert 1e4 / len(capacities) - 1e-6 <= float(found) <= 1e4 + 1e-6


def test_ways_in_are_undefined_without_capacity_and_keep_other_dims():
    given_points = points(("border", "DE", 0), ("lng", "Gate", 0))
    assert np.isnan(import_route_diversification(**given_points))
    both = xr.concat([given_points["capacity"], given_points["capacity"] + [1, 1]], "year")
    found = import_route_diversification(**{**given_points, "capacity": both})
    np.testing.assert_array_equal(found, [np.nan, 5_000])


def test_wrong_entry_points_are_told_together():
    with pytest.raises(UsageError, match=r"(?s)kind: found 'ship'.*point 0: found a capacity"):
        import_route_diversification(**points(("border", "DE", -1), ("ship", "US", 2)))
    with pytest.raises(UsageError, match="expected a kind for each 'point'"):
        import_route_diversification(**{**points(("lng", "a", 1)), "kind": xr.DataArray(["lng"], dims="bus")})


def test_assets_of_a_network_made_by_hand():
    found = list_assets(make_network(), year=2024).set_index("asset")
    told = {name: (row["kind"], row["country"], row["from"], row["gwh_d"]) for name, row in found.iterrows()}
    assert told == {
        "TAP-GR": ("entry", "GR", "TAP", 30.0),
        "GR-IT (reverse)": ("entry", "GR", "IT", 6.0),
        "tank": ("storage", "GR", "", 4.0),
        "TAP-IT": ("entry", "IT", "TAP", 40.0),
        "GR-IT": ("entry", "IT", "GR", 12.0),
        "LNGEU-IT": ("lng", "IT", "LNGEU", 35.0),
        "IT withdrawal": ("storage", "IT", "IT storage", 30.0),
        "field": ("production", "IT", "", 20.0),
    }
    assert found.loc["LNGEU-IT", ["largest_gwh_d", "largest_name"]].tolist() == [25.0, "Panigaglia"]
    assert found["largest_gwh_d"].isna().sum() == 3


def test_n_minus_1_of_a_network_made_by_hand():
    table = n_minus_1_table(make_network(), year=2024).set_index("region")
    assert table.loc["IT", [*TERMS, "largest", "demand"]].tolist() == [52.0, 20.0, 30.0, 35.0, 40.0, 100.0]
    assert table.loc["IT", ["largest_asset", "demand_from"]].tolist() == ["TAP-IT", "peak_day"]
    assert table.at["IT", "n_minus_1"] == pytest.approx((52 + 20 + 30 + 35 - 40) / 100)
    assert table.loc["GR", ["demand", "demand_from"]].tolist() == [10.0, "greatest load"]
    assert table.at["TR", "n_minus_1"] == 0.0


def test_a_region_is_entered_from_outside_and_no_more_than_a_corridor_can_bring():
    row = n_minus_1_table(make_network(), regions={"both": ["GR", "IT"]}, year=2025).iloc[0]
    assert row["entry"] == 50.0  # pipes of 30 and 40 out of a corridor that takes in 50
    assert row["storage"] == 34.0
    assert (row["demand"], row["demand_from"]) == (130.0, "both")
    assert row["production"] == 5.0


def test_n_minus_1_of_a_network_never_rises_when_an_asset_goes():
    whole = n_minus_1_table(make_network(), year=2025).set_index("region")["n_minus_1"]
    for name in ("TAP-IT", "GR-IT", "LNGEU-IT", "IT withdrawal", "TAP-GR"):
        n = make_network()
        n.links.loc[name, "p_nom"] = 0.0
        n.links_t["largest"] = n.links_t["largest"].clip(upper=n.links.at["LNGEU-IT", "p_nom"])
        assert (n_minus_1_table(n, year=2025).set_index("region")["n_minus_1"] <= whole + 1e-12).all()


@pytest.mark.parametrize(
    ("fill", "left"), [(1.0, 1.0), (0.3, LOW_FILL_FACTOR), (0.0, 0.0), (0.65, (1 + LOW_FILL_FACTOR) / 2)]
)
def test_storage_gives_less_when_it_is_not_full(fill, left):
    table = n_minus_1_table(make_network(), year=2024, storage_fill=fill).set_index("region")
    assert table.at["IT", "storage"] == pytest.approx(30 * left)


def test_wrong_arguments_of_the_table():
    n = make_network()
    with pytest.raises(UnknownNameError, match=r"(?s)south: country 'ITA' has no demand.*none: no country"):
        n_minus_1_table(n, regions={"south": ["GR", "ITA"], "none": []})
    with pytest.raises(UsageError, match=r"(?s)storage_fill: found 2.*low_fill_factor: found -1"):
        n_minus_1_table(n, storage_fill=2, low_fill_factor=-1)
    with pytest.raises(UsageError, match="found 1999, expected one of 2024, 2025"):
        n_minus_1_table(n, year=1999)
    with pytest.raises(UsageError, match=r"found dict, expected a pypsa\.Network"):
        n_minus_1_table({})
    with pytest.raises(ResultsError, match="no variable consumed"):
        n_minus_1_table(xr.Dataset())


def test_other_networks_need_neither_dates_nor_countries():
    n = pypsa.Network(snapshots=range(2))
    n.add("Bus", ["here", "there"])
    n.add("Load", "l", bus="here", p_set=[1.0, 4.0])
    n.add("Link", "pipe", bus0="there", bus1="here", p_nom=6, p_max_pu=[1.0, 0.5])
    n.add("Store", "heap", bus="here", e_nom=2)
    row = n_minus_1_table(n).set_index("region").loc["here"]
    assert row[["entry", "storage", "largest", "demand", "demand_from"]].tolist() == [
        3.0,
        2.0,
        3.0,
        4.0,
        "greatest load",
    ]
    with pytest.raises(UsageError, match="snapshots are no dates"):
        n_minus_1_table(n, year=2025)


def test_results_of_scenarios_are_read_as_networks_are():
    n = make_network()
    zero = xr.zeros_like(read_installations(n)["demand"])
    whole = read_installations(n).assign(consumed=lambda ds: ds["demand"], unserved=zero, response=zero)
    half = whole.assign(technical=whole["technical"] / 2, largest=whole["largest"] / 2)
    both = xr.concat([whole, half], "scenario").assign_coords(scenario=["reference", "half"])
    table = n_minus_1_table(both, year=2024).set_index(["scenario", "region"])
    expected = n_minus_1_table(n, year=2024).set_index("region")
    pd.testing.assert_frame_equal(table.loc["reference"], expected, check_dtype=False)
    assert table.at[("half", "IT"), "entry"] == expected.at["IT", "entry"] / 2
    ways = import_route_diversification_table(both, year=2024).set_index(["scenario", "country"])
    one, other = (ways.at[(name, "IT"), "import_route_diversification"] for name in ("reference", "half"))
    assert one == pytest.approx(other)
    with pytest.raises(UsageError, match="found results with dim 'scenario'"):
        list_assets(both)


def test_ways_into_countries_of_a_network_made_by_hand():
    table = import_route_diversification_table(make_network(), year=2025).set_index("country")
    total = 40 + 12 + 35
    expected = 1e4 * (40**2 + 12**2 + 25**2 + 10**2) / total**2  # terminals of 25 and 10
    assert table.at["IT", "import_route_diversification"] == pytest.approx(expected)
    assert table["entries"].to_dict() == {"GR": 2, "IT": 4, "TR": 0}
    assert np.isnan(table.at["TR", "import_route_diversification"])


@pytest.fixture(scope="module")
def packaged():
    return {year: ef.build_network(year) for year in (2021, 2025)}


@pytest.mark.slow
def test_the_packaged_network_knows_peaks_and_largest_installations(packaged):
    table = n_minus_1_table(packaged[2025]).set_index("region")
    assert set(table["demand_from"]) == {"peak_day"}
    assert table.loc[["IE", "MT", "ES"], "largest_asset"].tolist() == ["GB-IE", "Delimara", "Barcelona"]
    # Many ways in and much storage, against islands with one way in.
    assert 1.7 < table.at["DE", "n_minus_1"] < 2.5
    assert table.loc[["IE", "MT"], "n_minus_1"].max() < 0.3
    low = n_minus_1_table(packaged[2025], storage_fill=0.3).set_index("region")
    assert (low["n_minus_1"] <= table["n_minus_1"]).all()


@pytest.mark.slow
def test_observed_flows_do_not_bound_what_is_technically_possible(packaged):
    n = packaged[2021]
    assets = list_assets(n).set_index("asset")
    built = (n.links["p_nom"] * n.get_switchable_as_dense("Link", "p_max_pu").max()).groupby(n.links["part_of"]).sum()
    yamal = "YAMAL-PL"
    assert assets.at[yamal, "gwh_d"] >= built[yamal] - 1e-6


@pytest.mark.slow
def test_finland_gained_ways_in_and_lost_one(packaged):
    tables = {
        year: import_route_diversification_table(n).set_index("country").loc["FI"] for year, n in packaged.items()
    }
    assert tables[2025]["entries"] > tables[2021]["entries"]
    assert tables[2025]["import_route_diversification"] < tables[2021]["import_route_diversification"]


def make_corridor(inlet, exits):
    """Return a country with a demand of 100 behind a corridor."""
    n = pypsa.Network()
    n.add("Bus", ["TR", "C", "IT"], country=["TR", "AL", "IT"], kind=["market", "corridor", "market"])
    n.add("Load", "i", bus="IT", p_set=100.0)
    n.add("Link", "inlet", bus0="TR", bus1="C", p_nom=inlet)
    for number, size in enumerate(exits):
        n.add("Link", f"exit {number}", bus0="C", bus1="IT", p_nom=size)
    return n


def test_an_exit_of_a_corridor_is_no_loss_where_another_can_carry_all():
    row = n_minus_1_table(make_corridor(100.0, [100.0, 100.0])).iloc[0]
    assert row[["entry", "largest", "n_minus_1", "largest_asset"]].tolist() == [100.0, 0.0, 1.0, ""]


@pytest.mark.parametrize(("inlet", "exits"), [(100.0, [80.0, 50.0]), (50.0, [80.0]), (90.0, [10, 20, 30]), (9.0, [0])])
def test_what_is_lost_with_an_exit_is_what_cannot_enter_any_more(inlet, exits):
    row = n_minus_1_table(make_corridor(inlet, exits)).iloc[0]
    left = [
        n_minus_1_table(make_corridor(inlet, [0.0 if k == gone else size for k, size in enumerate(exits)]))["entry"][0]
        for gone in range(len(exits))
    ]
    assert row["n_minus_1"] == pytest.approx(min(left) / 100)


def test_networks_of_little_give_tables_of_little():
    n = make_network()
    assert n_minus_1_table(n, regions={}).empty
    assert "n_minus_1" in n_minus_1_table(pypsa.Network())
    assert "entries" in import_route_diversification_table(pypsa.Network())
    alone = pypsa.Network()
    alone.add("Bus", "a")
    alone.add("Load", "l", bus="a", p_set=4.0)
    alone.add("Generator", "field", bus="a", p_nom=2.0)
    row = n_minus_1_table(alone).iloc[0]
    assert row[["largest", "largest_asset", "n_minus_1"]].tolist() == [0.0, "", 0.5]
    alone.add("Bus", "b")
    alone.add("Link", "pipe", bus0="b", bus1="a", p_nom=np.inf)
    assert np.isnan(n_minus_1_table(alone)["n_minus_1"][0])


def test_results_tell_that_they_do_not_hold_what_a_store_could_give():
    n = pypsa.Network()
    n.add("Bus", "a")
    n.add("Load", "l", bus="a", p_set=10.0)
    n.add("Store", "heap", bus="a", e_nom=22.0)
    ds = read_installations(n)
    zero = xr.zeros_like(ds["demand"])
    seen = ds.drop_vars("withdrawal").assign(consumed=ds["demand"], unserved=zero, response=zero)
    seen = seen.assign(withdrawn=xr.full_like(ds["withdrawal"], 2.0))
    known, told = n_minus_1_table(n).iloc[0], n_minus_1_table(seen).iloc[0]
    assert known[["n_minus_1", "storage_from"]].tolist() == [2.2, "capacity"]
    assert told[["n_minus_1", "storage_from"]].tolist() == [0.2, "greatest withdrawal"]


def test_terms_that_are_no_numbers_or_do_not_fit_are_refused():
    with pytest.raises(UsageError, match="entry: found str '1', expected numbers"):
        n_minus_1("1", 1, 1, 1, 1, 1)
    with pytest.raises(UsageError, match="entry: found inf"):
        n_minus_1(np.inf, 1, 1, 1, 1, 1)
    for kind in (lambda v, k: xr.DataArray(v, {"bus": k}), pd.Series):
        with pytest.raises(UsageError, match=r"(?s)entry: no \w+ z.*production: no \w+ y"):
            n_minus_1(kind([1.0, 2.0], ["x", "y"]), kind([1.0, 2.0], ["x", "z"]), 0, 0, 0, 1)
    with pytest.raises(UsageError, match=r"production: found shape \(3,\)"):
        n_minus_1(np.ones(2), np.ones(3), 0, 0, 0, 1)


def test_fills_regions_and_borders_of_the_wrong_kind_are_refused():
    with pytest.raises(UsageError, match="storage_fill: found 'x'"):
        n_minus_1_table(make_network(), storage_fill="x")
    with pytest.raises(UsageError, match="south: found 5"):
        n_minus_1_table(make_network(), regions={"south": 5})
    with pytest.raises(UsageError, match="expected a border for each 'point'"):
        import_route_diversification(
            **{**points(("lng", "a", 1), ("lng", "b", 1)), "border": xr.DataArray(["a"], dims="point")}
        )
