"""What cannot be traced is refused, with all that is wrong named at once."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from energyflows.errors import ResultsError, UsageError
from energyflows.tracing import trace, trace_links


@pytest.fixture
def ds(grid):
    return grid(
        {("A", "H"): [10, 0], ("H", "H storage"): [8, 0], ("H storage", "H"): [0, 6]},
        {("A", "A"): [10, 0], ("H", "H"): [0, 2]},
        {"H storage": [4, 12, 6]},
        steps=2,
    )


def refuse(ds, *texts, error=ResultsError, **options):
    with pytest.raises(error) as caught:
        trace(ds, **options)
    for text in texts:
        assert text in str(caught.value)


def test_all_wrong_words_are_told_together_and_what_is_allowed(ds):
    refuse(
        ds.drop_vars("sent"),
        "storage: found 'mixd', expected 'mixed' or 'fifo' or 'lifo'; did you mean mixed?",
        "start: found 'warm', expected 'cyclic', 'chained' or a table of shares",
        "coupling: found 'net', expected 'direct' or 'aggregated'",
        "no variable or coordinate sent",
        error=UsageError,
        storage="mixd",
        start="warm",
        coupling="net",
    )


def test_what_is_no_dataset_is_refused():
    refuse([1.0], "found list, expected an xarray.Dataset of results", error=UsageError)


def test_all_missing_variables_and_coordinates_are_named(ds):
    refuse(
        ds.drop_vars(["generator_origin", "received", "weight_days"]),
        "no variable or coordinate received, weight_days, generator_origin",
    )


def test_missing_and_unusual_dims_are_named(ds):
    refuse(ds.isel(bus=0, drop=True), "no dim bus", "consumed: found dims snapshot, expected snapshot, bus")


def test_unknown_buses_and_unnamed_origins_are_named_together(ds):
    ds["bus1"] = ("link", ["HH", "H storage", "H"])
    ds["generator_bus"] = ("generator", ["A", "nowhere"])
    ds["generator_origin"] = ("generator", ["", "H"])
    refuse(
        ds,
        "link A-H: bus1 is 'HH', which is not a bus",
        "generator H H: generator_bus is 'nowhere', which is not a bus",
        "generator A A: no generator_origin",
    )


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_missing_values_are_counted_and_placed(ds, wrong):
    ds["sent"][1, 2] = wrong
    refuse(ds, "sent: 1 values missing or infinite, first at snapshot 2025-01-02, link H storage-H")


def test_negative_volumes_are_named_with_their_worst(ds):
    ds["sent"][1, 2] = -5.0
    ds["consumed"][0, 0] = -3.0
    refuse(
        ds,
        "link H storage-H: sent is negative; worst 5 GWh/d at snapshot 2025-01-02",
        "bus A: consumed is negative; worst 3 GWh/d at snapshot 2025-01-01",
    )


def test_days_must_be_above_zero(ds):
    ds["weight_days"][0] = 0.0
    refuse(ds, "weight_days: found 0, expected days above zero")


def test_buses_that_do_not_balance_are_named_with_the_gap(ds):
    ds["consumed"][0, 1] += 4.0
    ds["supplied"][1, 0] += 3.0
    refuse(
        ds,
        "bus H: more leaves than enters; worst 4 GWh/d at snapshot 2025-01-01",
        "bus A: more enters than leaves; worst 3 GWh/d at snapshot 2025-01-02",
    )


def test_a_gap_in_one_scenario_is_found_there(ds):
    both = xr.concat([ds, ds], "scenario", data_vars="all", coords="minimal", compat="override", join="exact")
    both = both.assign_coords(scenario=["fine", "broken"])
    both["consumed"].loc[{"scenario": "broken", "bus": "H"}] += 4.0
    refuse(both, "bus H: more leaves than enters; worst 4 GWh/d at scenario broken, snapshot 2025-01-01")


def test_many_buses_are_counted(grid):
    ds = grid({(f"N{i}", "H"): 1 for i in range(9)}, {(f"N{i}", "X"): 1 for i in range(9)})
    ds["supplied"] += 1.0
    refuse(ds, "bus N0: more enters", "bus N4: more enters", "… and 4 more: more enters than leaves")


def test_a_tank_cannot_give_more_than_it_held(ds):
    ds["stored"][:] = [[1.0], [0.0]]
    refuse(ds, "tank H storage: begins below zero, for it gives more than it held; worst 7 GWh")


@pytest.mark.parametrize(
    ("start", "text"),
    [
        (pd.DataFrame({"A": [1.0]}, index=["H strage"]), "start: no tank 'H strage'; did you mean H storage?"),
        (pd.DataFrame({"A": [1.0]}, index=["H strage"]), "start: no shares for tank H storage"),
        (pd.DataFrame({"A": [1.0, 1.0]}, index=["H", "H"]), "start: tank H is there twice"),
        (pd.DataFrame({"A": [0.5]}, index=["H"]), "start: shares of tank H do not sum to 1; divide by their sum"),
        (pd.DataFrame({"A": [2.0], "B": [-1.0]}, index=["H"]), "start: 1 shares below zero or missing"),
        (pd.DataFrame({"A": [1.0], "B": [np.nan]}, index=["H"]), "start: 1 shares below zero or missing"),
        (
            xr.DataArray([[[1.0]]], dims=("year", "tank", "origin"), coords={"tank": ["H"], "origin": ["A"]}),
            "start: dim year is not one of the results",
        ),
        (pd.DataFrame({"A": ["all"]}, index=["H"]), "start: found DataFrame, expected"),
        (7, "start: found int, expected 'cyclic', 'chained' or a table of shares"),
        (xr.DataArray([1.0], dims="tank"), "start: found DataArray, expected"),
    ],
)
def test_shares_that_cannot_be_used_are_refused(ds, start, text):
    refuse(ds, text, error=UsageError, start=start)


def test_shares_by_scenario_must_cover_all(ds):
    both = xr.concat([ds, ds], "scenario", data_vars="all", coords="minimal", compat="override", join="exact")
    both = both.assign_coords(scenario=["x", "y"])
    start = xr.DataArray(
        [[[1.0]]], dims=("scenario", "tank", "origin"), coords={"scenario": ["x"], "tank": ["H"], "origin": ["A"]}
    )
    refuse(both, "start: not all of scenario in the results are there", error=UsageError, start=start)


def test_links_are_traced_with_the_results_they_come_from_only(ds):
    traced = trace(ds)
    with pytest.raises(ResultsError, match="dim snapshot of results is not that of traced"):
        trace_links(traced, ds.isel(snapshot=[0]))
    with pytest.raises(ResultsError, match="bus A is not in traced"):
        trace_links(traced.drop_sel(bus="A"), ds)
    with pytest.raises(ResultsError, match="traced: no variable mix"):
        trace_links(ds, ds)
