"""The largest export that imports can free, worked out by hand and by another method."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow

from energyflows.errors import ResultsError, UnknownNameError, UsageError
from energyflows.influence.shuffling import measure_shuffling

YEAR = 0.365
ARCS = {
    ("MOZDOK", "AZ"): 0.0,
    ("SANGACHAL", "AZ"): 10.0,
    ("SANGACHAL", "SCP"): 70.0,
    ("SCP", "GE"): 70.0,
    ("AZ", "GE"): 5.0,
    ("AZ", "RU"): 0.0,
}
#: AZ consumes 30 + 10 - 5 = 35 of its own.
OUTPUT = {("AZ", "AZ"): 30.0, ("SANGACHAL", "AZ"): 80.0, ("MOZDOK", "RU"): 0.0}
PLACES = {"MOZDOK": ("corridor", "RU"), "SANGACHAL": ("corridor", "AZ"), "SCP": ("corridor", "GE")}
ROOM = {"MOZDOK-AZ": 20.0, "SANGACHAL-AZ": 10.0, "SANGACHAL-SCP": 78.0, "SCP-GE": 100.0, "AZ-GE": 9.0, "AZ-RU": 50.0}


def place(ds, places, room):
    """Return results with kinds and countries of buses, and technical capacities of links."""
    told = pd.DataFrame({"kind": ds["bus_kind"].to_numpy(), "country": ds["country"].to_numpy()}, index=ds["bus"])
    for bus, (kind, country) in places.items():
        if bus in told.index:
            told.loc[bus] = [kind, country]
    sent = ds["sent"]
    rates = xr.DataArray([room[link] for link in ds["link"].to_numpy()], dims="link", coords={"link": ds["link"]})
    return ds.assign(technical=sent * 0 + rates).assign_coords(
        bus_kind=("bus", told["kind"].to_numpy()), country=("bus", told["country"].to_numpy())
    )


@pytest.fixture
def shuffle(market):
    """Return a function: the row of one year; keywords are room by link, or arguments."""

    def shuffle(supplier="RU", conduit="AZ", *, room=None, change=None, **keys):
        ds = place(market(ARCS, OUTPUT), PLACES, ROOM | (room or {}))
        return measure_shuffling(change(ds) if change else ds, supplier, conduit, **keys).iloc[0]

    return shuffle


def test_exports_bind(shuffle):
    row = shuffle()
    # 4 are left on AZ-GE; SANGACHAL-SCP has room for 8, and 10 of Sangachal's gas go into the grid that may stay out.
    assert row["shuffling_twh"] == pytest.approx(12 * YEAR)
    assert row["export_room_twh"] == pytest.approx(12 * YEAR)
    assert row["inflow_room_twh"] == pytest.approx(20 * YEAR)
    assert row["substitutable_twh"] == pytest.approx(35 * YEAR)
    assert row["limit"] == "export_room_twh"


def test_the_pipe_of_the_supplier_binds(shuffle):
    row = shuffle(room={"MOZDOK-AZ": 7.0})
    assert (row["shuffling_twh"], row["limit"]) == (pytest.approx(7 * YEAR), "inflow_room_twh")


def test_home_demand_binds(shuffle):
    row = shuffle(substitutable=0.2)
    assert (row["shuffling_twh"], row["limit"]) == (pytest.approx(7 * YEAR), "substitutable_twh")
    assert shuffle(substitutable=0.0)["shuffling_twh"] == 0


def test_freed_gas_that_cannot_turn_back_needs_a_way(shuffle):
    idle = {"change": lambda ds: ds.isel(link=ds["link"] != "SANGACHAL-AZ").pipe(_move_output)}
    assert shuffle(**idle)["shuffling_twh"] == pytest.approx(4 * YEAR)


def _move_output(ds):
    """Return the same consumption without gas of Sangachal."""
    more = {"AZ AZ": 40.0, "SANGACHAL AZ": 70.0}
    supplied = xr.DataArray([more.get(name, 0.0) for name in ds["generator"].to_numpy()], dims="generator")
    return ds.assign(supplied=ds["supplied"] * 0 + supplied)


def test_what_turns_back_is_no_more_than_what_flows(shuffle):
    assert shuffle(room={"SANGACHAL-SCP": 200.0})["shuffling_twh"] == pytest.approx((4 + 10) * YEAR)


def test_only_chosen_exits_count_and_none_to_the_supplier(shuffle):
    assert shuffle(exits=["AZ-GE"])["shuffling_twh"] == pytest.approx(4 * YEAR)
    assert shuffle(exits=[])["limit"] == "export_room_twh"
    with pytest.raises(UnknownNameError, match=r"RU by:\n|'AZ-RU'"):
        shuffle(exits=["AZ-RU"])


def test_widened_links_carry_more(shuffle):
    assert shuffle(widened={"AZ-GE": 3.0})["shuffling_twh"] == pytest.approx(15 * YEAR)
    most = shuffle(widened={"SANGACHAL-SCP": float("inf")})
    assert most["shuffling_twh"] == pytest.approx(14 * YEAR)


def test_gas_of_the_supplier_frees_nothing(market):
    arcs = {("MOZDOK", "AZ"): 30.0, ("AZ", "GE"): 0.0}
    ds = place(market(arcs, {("MOZDOK", "RU"): 30.0, ("AZ", "AZ"): 10.0}), PLACES, {"MOZDOK-AZ": 90.0, "AZ-GE": 90.0})
    row = measure_shuffling(ds, "RU", "AZ").iloc[0]
    assert row["shuffling_twh"] == pytest.approx(10 * YEAR)
    assert row["limit"] == "substitutable_twh"


def test_losses_on_the_way_in_free_less(shuffle):
    lossy = {"change": lambda ds: ds.assign_coords(efficiency=("link", np.full(ds.sizes["link"], 0.5)))}
    lossy["room"] = {"MOZDOK-AZ": 8.0}
    assert shuffle(**lossy, exits=["AZ-GE"])["inflow_room_twh"] == pytest.approx(4 * YEAR)
    # What turns back at Sangachal loses nothing on the way it does not go.
    assert shuffle(**lossy, exits=["SANGACHAL-SCP"])["shuffling_twh"] == pytest.approx(8 * YEAR)


def test_capacity_stands_in_for_what_the_tables_do_not_know(shuffle):
    unknown = {"change": lambda ds: ds.assign(technical=ds["technical"] * np.nan, capacity=ds["technical"])}
    assert shuffle(**unknown)["shuffling_twh"] == pytest.approx(12 * YEAR)


def test_months_bind_by_themselves(market):
    ds = place(market(ARCS, OUTPUT, steps=2, days=100.0), PLACES, ROOM)
    rates = ds["technical"].copy()
    rates.loc[{"snapshot": ds["snapshot"][0], "link": "MOZDOK-AZ"}] = 0.0
    row = measure_shuffling(ds.assign(technical=rates), "RU", "AZ").iloc[0]
    assert row["shuffling_twh"] == pytest.approx(1.2)
    assert (row["inflow_room_twh"], row["export_room_twh"]) == (pytest.approx(2.0), pytest.approx(2.4))
    assert row["limit"] == "several"


def test_scenarios_keep_their_rows(market):
    ds = place(market(ARCS, OUTPUT), PLACES, ROOM)
    both = xr.concat([ds, ds.assign(technical=ds["sent"])], pd.Index(["a", "b"], name="scenario"), data_vars="all")
    table = measure_shuffling(both, "RU", "AZ").set_index("scenario")["shuffling_twh"]
    assert table.tolist() == [pytest.approx(12 * YEAR), 0]


def _flow(room, demand, other):
    """Return the same as the largest flow through a graph: importer, home demand, freed gas, abroad."""
    names = ["source", "pipe", "grid", "terminal", "sink"]
    arcs = {
        ("source", "pipe"): room["MOZDOK-AZ"],
        ("pipe", "grid"): demand,
        ("grid", "sink"): room["AZ-GE"] - 5,
        ("grid", "terminal"): other,
        ("terminal", "sink"): room["SANGACHAL-SCP"] - 70,
    }
    ends = np.array([[names.index(a), names.index(b)] for a, b in arcs])
    graph = csr_array((np.array(list(arcs.values()), dtype=np.int32), (ends[:, 0], ends[:, 1])), shape=(5, 5))
    return maximum_flow(graph, 0, 4).flow_value


@pytest.mark.parametrize("seed", range(8))
def test_the_program_is_the_largest_flow(shuffle, seed):
    draw = np.random.default_rng(seed).integers(0, 40, 3)
    room = {"MOZDOK-AZ": draw[0], "AZ-GE": 5 + draw[1], "SANGACHAL-SCP": 70 + draw[2]}
    found = shuffle(room={key: float(value) for key, value in room.items()})["shuffling_twh"]
    assert found == pytest.approx(YEAR * _flow(room, 35, 10))


@pytest.mark.parametrize(
    ("keys", "error", "told"),
    [
        ({"substitutable": 1.5}, UsageError, "share of 0 to 1"),
        ({"widened": {"AZ-GE": -1.0}}, UsageError, "AZ-GE by -1.0"),
        ({"widened": {"AZ-GG": 1.0}}, UnknownNameError, "did you mean AZ-GE"),
        ({"supplier": "AZ"}, UsageError, "the supplier AZ itself"),
        ({"supplier": "QA"}, UnknownNameError, "from 'QA'"),
        ({"conduit": "QA"}, UnknownNameError, "'QA'"),
        ({"widened": {"AZ-GE": float("inf")}}, ResultsError, "entries and exits with a capacity"),
    ],
)
def test_wrong_words_are_refused(shuffle, keys, error, told):
    with pytest.raises(error, match=told):
        shuffle(**keys)
