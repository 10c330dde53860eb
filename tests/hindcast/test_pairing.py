"""Modelled beside observed: periods, places, capacities and roles, worked out from the results by hand."""

import numpy as np
import pandas as pd
import pytest

from energyflows import run
from energyflows.hindcast.observing import observe
from energyflows.hindcast.pairing import COLUMNS, pair
from energyflows.hindcast.pins import release

SURE = {"source": "toy", "confidence": "observed", "low": "", "high": "", "note": ""}
LENGTHS = {4: "year", 6: "quarter", 7: "month", 10: "day"}


def tell(*rows):
    """Return observations from (series, period, value)."""
    frame = pd.DataFrame(rows, columns=["series", "period", "value"])
    return frame.assign(
        frequency=frame["period"].str.len().map(LENGTHS), confidence="observed", definition="own"
    ).assign(unit="TWh", source="toy")


def pick(pairs, series, period=None):
    rows = pairs[pairs["series"] == series]
    rows = rows if period is None else rows[rows["period"] == period]
    assert len(rows) == 1
    return rows.iloc[0]


def add_pipeline(rows, name, **cells):
    start, _, end = name.partition("-")
    pipe = {**rows["pipelines"][1], "pipeline": name, "name": name, "from": start, "to": end, **cells}
    return [*rows["pipelines"], pipe]


@pytest.fixture(scope="module")
def tables(toy):
    return toy()


@pytest.fixture(scope="module")
def ds(tables):
    return run(years=(2021, 2022), tables=tables)


@pytest.fixture
def match(ds, tables):
    """Return a function from observations to their pairs."""
    return lambda *rows, pins="off": pair(ds, tables, tell(*rows), pins=pins)


def sum_flow(ds, link, span):
    inside = ds.sel(snapshot=span)
    return float((inside["received"].sel(link=link) * inside["weight_days"]).sum()) / 1e3


# ------------------------------------------------------------------ what is modelled
@pytest.mark.parametrize(
    ("period", "span"), [("2021", "2021"), ("2022Q2", slice("2022-04", "2022-06")), ("2021-12", "2021-12")]
)
def test_a_flow_is_what_was_received_in_the_period(match, ds, period, span):
    row = pick(match(("DE-TR", period, 1.0)), "DE-TR")
    assert row["modelled"] == pytest.approx(sum_flow(ds, "DE-TR", span))
    assert row["modelled"] < float((ds["sent"].sel(link="DE-TR", snapshot=span) * ds["weight_days"]).sum()) / 1e3


def test_months_add_up_to_their_year(match):
    months = match(*(("DE-TR", f"2021-{month:02d}", 1.0) for month in range(1, 13)))
    assert months["modelled"].sum() == pytest.approx(pick(match(("DE-TR", "2021", 1.0)), "DE-TR")["modelled"])
    assert months["capacity"].sum() == pytest.approx(365 * 200 / 1e3)


def test_lng_is_what_leaves_the_terminals_of_a_zone(match, ds):
    pairs = match(("LNG NL", "2021", 1.0), ("LNG north-west", "2021", 1.0), ("LNG EU27", "2021", 1.0))
    assert pairs["modelled"].tolist() == pytest.approx([sum_flow(ds, "LNGEU-NL", "2021")] * 3)
    assert pairs["capacity"].tolist() == pytest.approx([365 * 700 / 1e3] * 3)


def test_a_stock_runs_in_a_straight_line_inside_a_snapshot(match, ds):
    level = ds["stored"].sel(store="DE storage").to_pandas() / 1e3
    ends = match(("stock DE", "2021-04-30", 1.0), ("stock DE", "2021-05-31", 1.0))
    assert ends["modelled"].tolist() == pytest.approx([level["2021-04-01"], level["2021-05-01"]])
    middle = pick(match(("stock DE", "2021-05-10", 1.0)), "stock DE")
    between = level["2021-04-01"] + 10 / 31 * (level["2021-05-01"] - level["2021-04-01"])
    assert middle["modelled"] == pytest.approx(between)
    assert middle["capacity"] == pytest.approx(40.0)


def test_a_year_starts_from_its_own_stock_not_from_where_the_last_one_ended(toy):
    tables = toy()
    levels = tables["observed_storage"]
    levels.loc[(levels["date"] == "2021-12-31") & (levels["zone"] == "DE"), "twh"] = 20.0
    tables["storages"]["injection_gwh_d"] = tables["storages"]["withdrawal_gwh_d"] = 0.0
    ds = run(years=(2021, 2022), tables=tables)
    pairs = pair(ds, tables, tell(("stock DE", "2021-12-30", 1.0), ("stock DE", "2022-01-01", 1.0)), pins="on")
    assert pairs["modelled"].tolist() == pytest.approx([30.0, 20.0])


def test_a_stock_of_the_union_is_the_sum_of_its_members(match):
    pairs = match(("stock EU27", "2021-07-31", 1.0), ("stock DE", "2021-07-31", 1.0))
    assert pairs["modelled"].iat[0] == pairs["modelled"].iat[1]


def test_a_price_is_the_mean_of_the_days(match, ds):
    price = ds["price"].sel(bus="NL", snapshot="2021")
    days = ds["weight_days"].sel(snapshot="2021")
    row = pick(match(("price TTF", "2021", 30.0)), "price TTF")
    assert row["modelled"] == pytest.approx(float((price * days).sum() / 365))
    assert np.isnan(row["capacity"])
    month = pick(match(("price TTF", "2021-02", 30.0)), "price TTF")
    assert month["modelled"] == pytest.approx(float(price[1]))


def test_weeks_give_the_same_energy_of_the_year(tables, ds):
    weeks = run(years=2021, resolution="weekly", tables=tables)
    row = pick(pair(weeks, tables, tell(("DE-TR", "2021", 1.0)), pins="on"), "DE-TR")
    assert row["modelled"] == pytest.approx(sum_flow(weeks, "DE-TR", "2021"))
    assert row["modelled"] == pytest.approx(sum_flow(ds, "DE-TR", "2021"), rel=1e-6)


def test_capacity_follows_its_dated_rows(toy, toy_rows):
    pipe, terminal = toy_rows["pipelines"][1], toy_rows["lng_terminals"][0]
    rows = [
        *(row for row in toy_rows["pipelines"] if row is not pipe),
        {**pipe, "valid_to": "2021-03-31"},
        {**pipe, "valid_from": "2021-04-01", "capacity_gwh_d": 100},
        {**pipe, "valid_from": "2028-01-01", "status": "option", "capacity_gwh_d": 900},
    ]
    idle = {**terminal, "terminal": "eemshaven", "status": "mothballed"}
    tables = toy(pipelines=rows, lng_terminals=[terminal, idle])
    ds = run(years=2021, tables=tables)
    pairs = pair(
        ds, tables, tell(("NL-DE", "2021", 1.0), ("NL-DE", "2021-04", 1.0), ("LNG NL", "2021", 1.0)), pins="on"
    )
    assert pairs["capacity"].tolist() == pytest.approx([(90 * 600 + 275 * 100) / 1e3, 3.0, 255.5])


def test_years_without_results_are_left_out_and_gaps_are_kept(match):
    pairs = match(("DE-TR", "2020", 1.0), ("DE-TR", "2021", np.nan), ("DE-TR", "2023", 1.0))
    assert pairs["period"].tolist() == ["2021"]
    assert np.isnan(pairs["observed"].iat[0])
    assert pairs["modelled"].iat[0] > 0


def test_columns_and_labels(match):
    pairs = match(("DE-TR", "2021-05", 1.0), pins="on")
    assert pairs.columns.tolist() == COLUMNS
    assert pairs[["pins", "group", "sample", "year", "frequency"]].iloc[0].tolist() == [
        "on",
        "others",
        "calibration",
        2021,
        "month",
    ]


def test_a_border_counts_among_the_others_in_years_with_an_estimate(ds, tables):
    seen = tell(("NL-DE", "2021-01", 1.0), ("NL-DE", "2021-02", 1.0), ("NL-DE", "2022", 9.0))
    seen.loc[1, "confidence"] = "estimate"
    pairs = pair(ds, tables, seen, pins="on")
    assert pairs["group"].tolist() == ["others", "others", "borders"]


def test_nothing_passed_in_is_changed(ds, tables):
    seen = tell(("NL-DE", "2021", 1.0))
    kept = seen.copy()
    pair(ds, tables, seen, pins="on")
    pd.testing.assert_frame_equal(seen, kept)


# ------------------------------------------------------------------ roles
def test_a_route_with_one_way_out_is_an_input_in_both_settings(tables, ds):
    free = release(tables)
    seen = tell(("YAMAL-DE", "2021", 73.0), ("YAMAL-DE", "2021-05", 6.0))
    assert pair(ds, tables, seen, pins="on")["role"].tolist() == ["input", "input"]
    assert pair(run(years=2021, tables=free), free, seen, pins="off")["role"].tolist() == ["input", "input"]


def test_with_two_ways_out_the_split_is_scored_only_without_pins(toy, toy_rows):
    tables = toy(pipelines=add_pipeline(toy_rows, "YAMAL-NL", group="russian-route"))
    seen = tell(("YAMAL-DE", "2021", 73.0), ("YAMAL-NL", "2021", 0.1))
    pinned = pair(run(years=2021, tables=tables), tables, seen, pins="on")
    assert pinned["role"].tolist() == ["input", "input"]  # the other exit carries what the first leaves
    free = release(tables)
    assert pair(run(years=2021, tables=free), free, seen, pins="off")["role"].tolist() == ["scored", "scored"]


def test_a_link_is_free_in_years_its_series_does_not_cover(toy, toy_rows):
    flows = [row for row in toy_rows["observed_flows"] if row["period"] != "2021"]
    own = [{**row, "series": "YAMAL-DE", "link": "YAMAL-DE"} for row in flows]
    pipes = add_pipeline(toy_rows, "YAMAL-NL", group="russian-route")
    pipes[0]["follows"] = "YAMAL-DE"
    tables = toy(pipelines=pipes, observed_flows=[*toy_rows["observed_flows"], *own])
    ds = run(years=(2021, 2022), tables=tables)
    pairs = pair(ds, tables, tell(("YAMAL-DE", "2021", 73.0), ("YAMAL-DE", "2022", 73.0)), pins="on")
    assert pairs["role"].tolist() == ["scored", "input"]


def test_the_only_link_of_a_zone_carries_what_demand_needs(match, toy, toy_rows):
    assert pick(match(("DE-TR", "2021", 30.0)), "DE-TR")["role"] == "input"
    store = {**toy_rows["storages"][0], "storage": "TR", "zone": "TR"}
    levels = toy_rows["observed_storage"]
    held = [{**row, "zone": "TR"} for row in levels if row["zone"] == "DE"]
    tables = toy(storages=[*toy_rows["storages"], store], observed_storage=[*levels, *held])
    seen = tell(("DE-TR", "2021", 30.0), ("DE-TR", "2022-05", 3.0))
    roles = pair(run(years=(2021, 2022), tables=tables), tables, seen, pins="off")["role"].tolist()
    assert roles == ["input", "scored"]  # a store with given ends moves gas between months, not between years


def test_what_flows_between_two_free_zones_is_scored(match):
    assert match(("NL-DE", "2021", 30.0), ("DE-NL", "2021-05", 3.0))["role"].tolist() == ["scored", "scored"]


def test_lng_of_all_zones_of_a_pool_is_an_input_with_pins_on(ds, tables, toy, toy_rows):
    names = ("LNG NL", "LNG north-west", "LNG EU27")
    seen = tell(*((name, "2021", 9.0) for name in names))
    assert pair(ds, tables, seen, pins="on")["role"].tolist() == ["input"] * 3
    assert pair(ds, tables, seen, pins="off")["role"].tolist() == ["scored"] * 3
    terminal = toy_rows["lng_terminals"][0]
    two = toy(lng_terminals=[terminal, {**terminal, "terminal": "wilhelmshaven", "zone": "DE"}])
    assert pair(run(years=2021, tables=two), two, seen, pins="on")["role"].tolist() == ["scored", "input", "input"]


def test_lng_that_is_all_a_zone_can_get_is_an_input_in_both_settings(toy, toy_rows):
    terminal = toy_rows["lng_terminals"][0]
    pipes = [row for row in toy_rows["pipelines"] if row["pipeline"] != "DE-TR"]
    tables = toy(
        pipelines=pipes,
        contracts=[{**toy_rows["contracts"][0], "link": "NL-DE"}],
        lng_terminals=[terminal, {**terminal, "terminal": "aliaga", "zone": "TR"}],
    )
    ds = run(years=2021, tables=tables)
    for pins in ("on", "off"):
        assert pick(pair(ds, tables, tell(("LNG TR", "2021", 26.0)), pins=pins), "LNG TR")["role"] == "input"


def test_stocks_at_the_turn_of_a_year_are_inputs(match):
    roles = match(
        ("stock DE", "2021-12-30", 1.0),
        ("stock DE", "2021-12-31", 30.0),
        ("stock EU27", "2021-06-30", 30.0),
        ("stock EU27", "2021-12-31", 30.0),
    )["role"]
    assert roles.tolist() == ["scored", "input", "scored", "input"]


def test_prices_are_circular_and_nothing_through_nothing_is_an_input(toy, toy_rows):
    tables = toy(pipelines=add_pipeline(toy_rows, "NL-TR", valid_from="2023-01-01"))
    ds = run(years=2021, tables=tables)
    pairs = pair(
        ds, tables, tell(("price TTF", "2021", 30.0), ("NL-TR", "2021", 0.0), ("NL-TR", "2021Q1", 1.0)), pins="on"
    )
    assert pairs["role"].tolist() == ["circular", "input", "scored"]


def test_what_leads_away_from_nowhere_is_an_input(toy, toy_rows):
    zones = [*toy_rows["zones"], {**toy_rows["zones"][3], "zone": "NORDSTREAM", "name": "Nord Stream"}]
    pipes = [*add_pipeline(toy_rows, "NORDSTREAM-DE")]
    pipes += [{**pipes[-1], "pipeline": "NORDSTREAM-NL", "name": "NORDSTREAM-NL", "to": "NL"}]
    tables = toy(zones=zones, pipelines=pipes)
    ds = run(years=2021, tables=tables)
    assert pick(pair(ds, tables, tell(("NORDSTREAM-DE", "2021", 0.0)), pins="off"), "NORDSTREAM-DE")["role"] == "input"


def test_all_that_is_observed_in_the_toy_has_a_pair(ds, tables):
    seen = observe(tables, [2021, 2022])
    assert len(pair(ds, tables, seen, pins="on")) == len(seen)
