"""The hindcast as a whole: on the toy by hand, and on the packaged tables within bounds."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from energyflows import load_tables, run
from energyflows.datasets import strip_passport
from energyflows.errors import TableError, UnknownNameError, UsageError
from energyflows.hindcast import run_hindcast
from energyflows.hindcast._given import list_given
from energyflows.hindcast.pins import release
from energyflows.hindcast.reasons import REASONS, UNEXPLAINED
from energyflows.hindcast.series import list_series
from energyflows.summary._entries import list_forced
from energyflows.summary._observed import sum_flows

TABLES = ["pairs", "scores", "groups", "years", "worst", "spreads", "excluded"]
SURE = {"source": "toy", "confidence": "observed", "low": "", "high": "", "note": ""}

#: The largest value allowed of groups by (pins, group, sample), in the measure the group is told by: what was found
#: when the network was last improved, plus a twentieth and 0.3 points for solutions of the same cost.
BOUNDS = {
    ("on", "lng", "calibration"): 0.122,
    ("on", "lng", "held-out"): 0.143,
    ("off", "lng", "calibration"): 0.113,
    ("off", "lng", "held-out"): 0.142,
    ("off", "lng-total", "calibration"): 0.028,
    ("off", "lng-total", "held-out"): 0.036,
    ("off", "norway", "calibration"): 0.043,
    ("off", "norway", "held-out"): 0.066,
    ("off", "tap", "calibration"): 0.142,
    ("off", "tap", "held-out"): 0.211,
    ("off", "russia", "calibration"): 0.093,
    ("off", "russia", "held-out"): 0.070,
    ("on", "borders", "calibration"): 0.768,
    ("on", "borders", "held-out"): 0.266,
    ("on", "stock-eu", "calibration"): 0.057,
    ("on", "stock-eu", "held-out"): 0.063,
    ("off", "stock-eu", "calibration"): 0.055,
    ("off", "stock-eu", "held-out"): 0.058,
    ("on", "stocks-large", "held-out"): 0.162,
    ("off", "stocks-large", "held-out"): 0.147,
    ("on", "prices", "calibration"): 0.147,
    ("on", "prices", "held-out"): 0.215,
    ("off", "prices", "calibration"): 0.207,
    ("off", "prices", "held-out"): 0.092,
}
#: Series that bound the model in all years, with pins on and off.
GIVEN = {
    "on": {
        "NO-GB",
        "NO-NOHUB",
        "TANAP-TAP",
        "UATRANSIT-SK",
        "YAMAL-DE",
        "TRANSMED-IT",
        "MEDGAZ-ES",
        "LNG EU27",
        "LNG TR",
    },
    "off": {"TRANSMED-IT", "MEDGAZ-ES", "MAGHREB-ES", "GREENSTREAM-IT", "IMATRA-FI", "TURKSTREAM2-BALKANSTREAM"},
}


# ------------------------------------------------------------------ the toy
def test_tables_and_results_of_both_settings_come_back(solved_toy):
    assert list(solved_toy) == [*TABLES, "results_on", "results_off"]
    assert all(isinstance(solved_toy[name], pd.DataFrame) for name in TABLES)
    assert all(isinstance(solved_toy[f"results_{pins}"], xr.Dataset) for pins in ("on", "off"))
    assert set(solved_toy["pairs"]["pins"]) == {"on", "off"}


def test_results_are_those_of_a_run(solved_toy, observed_toy):
    assert solved_toy["results_on"].equals(run(years=(2021, 2023), tables=observed_toy))


def test_modelled_totals_are_those_of_the_results(solved_toy):
    for pins in ("on", "off"):
        ds = solved_toy[f"results_{pins}"]
        flow = (ds["received"].sel(link="NL-DE") * ds["weight_days"]).groupby("snapshot.year").sum() / 1e3
        rows = solved_toy["scores"].query("series == 'NL-DE' and year > 0 and pins == @pins").set_index("year")
        np.testing.assert_allclose(rows["modelled"], flow)
        np.testing.assert_allclose(rows["bias"], flow - 40.0)


def test_one_setting_alone_has_no_other(observed_toy):
    alone = run_hindcast(2021, pins="off", tables=observed_toy)
    assert "results_on" not in alone
    assert set(alone["pairs"]["pins"]) == {"off"}
    assert alone["worst"]["pins"].unique().tolist() == ["off"]
    assert alone["results_off"].equals(run(years=2021, tables=release(observed_toy)))


def test_tables_passed_in_stay_as_they_are(observed_toy):
    kept = {name: table.copy() for name, table in observed_toy.items()}
    run_hindcast(2021, tables=observed_toy)
    for name, table in observed_toy.items():
        pd.testing.assert_frame_equal(table, kept[name])


def test_only_own_series_are_compared_and_their_gaps_shown(observed_toy):
    own = pd.DataFrame(
        {
            "series": ["DE-NL", "DE-NL", "stock DE", "stock DE", "stock DE"],
            "period": ["2021-02", "2021-05", "2021-03-31", "2021-04-30", "2021-06-30"],
            "frequency": ["month", "month", "day", "day", "day"],
            "value": [0.5, 0.25, 12.0, 15.0, 20.0],
            "unit": "TWh",
        }
    )
    result = run_hindcast(2021, tables=observed_toy, observed=own, pins="on")
    pairs = result["pairs"].set_index(["series", "period"])["observed"]
    assert pairs.index.tolist() == [
        ("DE-NL", "2021-02"),
        ("DE-NL", "2021-03"),
        ("DE-NL", "2021-04"),
        ("DE-NL", "2021-05"),
        ("stock DE", "2021-03-31"),
        ("stock DE", "2021-04-30"),
        ("stock DE", "2021-05-31"),
        ("stock DE", "2021-06-30"),
    ]
    assert pairs.isna().sum() == 3
    assert result["pairs"]["modelled"].notna().all()
    row = result["scores"].query("series == 'DE-NL' and year == 0").iloc[0]
    assert (row["n"], row["observed"]) == (2, 0.75)
    assert result["excluded"].empty


def test_own_observations_of_other_years_leave_nothing_to_compare(observed_toy):
    own = pd.DataFrame({"series": ["DE-NL"], "period": ["2019"], "frequency": "year", "value": 1.0, "unit": "TWh"})
    with pytest.raises(UsageError, match="observations: found 2019, expected some in 2021"):
        run_hindcast(2021, tables=observed_toy, observed=own)


def test_tables_without_anything_observed_leave_nothing_to_compare(observed_toy):
    bare = {**observed_toy, **{name: observed_toy[name].iloc[:0] for name in ("observed_imports", "observed_storage")}}
    bare["observed_flows"] = bare["observed_flows"][bare["observed_flows"]["series"] == "YAMAL"]
    bare["prices"] = bare["prices"][bare["prices"]["hub"] != "TTF"]
    with pytest.raises(UsageError, match="observations: found none, expected some in 2021 to 2022"):
        run_hindcast((2021, 2022), tables=bare)


@pytest.mark.parametrize(("years", "found"), [(2018, "2018"), ((2019, 2026), "2019 to 2026"), (2027, "2027")])
def test_years_that_are_not_observed_are_refused(years, found, observed_toy):
    with pytest.raises(UsageError, match=found):
        run_hindcast(years, tables=observed_toy)


@pytest.mark.parametrize("pins", ["both", [], ["on", "of"], 3])
def test_unknown_pins_are_refused(pins, observed_toy):
    with pytest.raises(UsageError, match="expected 'on', 'off' or both"):
        run_hindcast(2021, pins=pins, tables=observed_toy)


def test_observations_are_refused_before_anything_is_solved(observed_toy, monkeypatch):
    monkeypatch.setattr("energyflows.hindcast.running.run", lambda **_: pytest.fail("solved"))
    own = pd.DataFrame({"series": ["NL-XX"], "period": ["2021"], "frequency": "year", "value": 1.0, "unit": "TWh"})
    with pytest.raises(UnknownNameError, match="NL-XX"):
        run_hindcast(2021, tables=observed_toy, observed=own)
    with pytest.raises(TableError, match="no column 'series'"):
        run_hindcast(2021, tables=observed_toy, observed=own.drop(columns="series"))


# ------------------------------------------------------------------ the packaged tables
@pytest.fixture(scope="session")
def real():
    """Solve 2019 to 2025 with pins on and off."""
    return run_hindcast()


@pytest.mark.slow
def test_errors_of_groups_stay_within_their_bounds(real):
    rows = real["groups"].set_index(["pins", "group", "sample"])
    found = {key: float(rows.at[key, rows.at[key, "measure"]]) for key in BOUNDS}
    beyond = {key: (round(value, 3), BOUNDS[key]) for key, value in found.items() if not value <= BOUNDS[key]}
    assert beyond == {}


@pytest.mark.slow
def test_what_bounds_the_model_earns_no_score(real):
    scores = real["scores"].query("year == 0")
    for pins, names in GIVEN.items():
        given = scores[(scores["pins"] == pins) & (scores["role"] == "input")]
        assert names <= set(given["series"])
        assert given[["bias", "mape", "rmse", "rmse_relative", "correlation", "error"]].isna().all(axis=None)
    free = set(scores.query("pins == 'off' and role == 'scored'")["series"])
    assert {"NO-GB", "TANAP-TAP", "UATRANSIT-SK", "YAMAL-DE", "LNG EU27", "LNG GB", "TAP-IT"} <= free
    assert (scores.loc[scores["group"] == "prices", "role"] == "circular").all()


@pytest.mark.slow
def test_links_the_summary_calls_forced_are_inputs_here(real):
    given = {name: strip_passport(table) for name, table in load_tables().items()}
    observed = sum_flows(given["observed_flows"], list(range(2019, 2026)))
    for pins, tables in {"on": given, "off": release(given)}.items():
        ds = real[f"results_{pins}"]
        assert list_forced(ds, tables, observed) <= list_given(ds, tables)


@pytest.mark.slow
def test_every_one_of_the_ten_worst_series_has_a_reason(real):
    assert len(real["worst"]) == 10
    assert real["worst"].loc[real["worst"]["reason"] == UNEXPLAINED, "series"].tolist() == []
    assert set(REASONS) <= set(list_series(load_tables()).index)


@pytest.mark.slow
def test_british_gas_was_cheaper_than_dutch_in_2022_as_observed(real):
    spreads = real["spreads"].query("year == 2022 and pair == 'NBP-TTF'")
    assert spreads["sign_right"].tolist() == [True, True]
    assert (spreads["observed"] < 0).all()


@pytest.mark.slow
def test_points_the_tables_cannot_compare_are_named(real):
    assert {"GB-IE", "SK-AT"} <= set(real["excluded"]["series"])
    assert not set(real["excluded"]["series"]) & set(real["pairs"]["series"])


@pytest.mark.slow
def test_no_figure_of_a_pair_is_missing(real):
    pairs = real["pairs"]
    assert pairs[["modelled", "observed"]].notna().all(axis=None)
    assert pairs.loc[pairs["group"] != "prices", "capacity"].notna().all()
    assert not pairs.duplicated(["pins", "series", "period"]).any()
