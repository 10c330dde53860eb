"""Share times throughput, worked out by hand."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from energyflows import load_tables, run
from energyflows.errors import ResultsError, UnknownNameError, UsageError
from energyflows.influence._owners import average_shares, read_stakes
from energyflows.influence.holdings import measure_holdings

ROWS = [
    # asset, link, stage, owner, owner_country, share, valid_from, valid_to
    ("field", None, "production", "Firm", "RU", 0.2, "2019-01-01", None),
    ("field", None, "production", "State", "AZ", 0.8, "2019-01-01", None),
    ("pipe", "PIPE-DE", "transit", "Firm", "RU", 0.5, "2019-01-01", "2025-01-31"),
    ("pipe", "PIPE-DE", "transit", "Firm", "RU", 0.25, "2025-02-01", None),
    ("pipe", "PIPE-DE", "transit", "Other", None, 0.5, "2019-01-01", None),
    ("grid", "DE-AT", "transit", "Firm", "RU", 1.0, "2019-01-01", None),
    ("shop", "DE-AT", "offtake", "Sister", "RU", 0.1, "2019-01-01", None),
    ("gone", "NO-WAY", "transit", "Firm", "RU", 1.0, "2019-01-01", None),
    ("tank", None, "offtake", "Lone", "HU", 1.0, "2019-01-01", None),
    ("old", "DE-AT", "offtake", "Late", "PL", 1.0, "2019-01-01", "2024-12-31"),
]
COLUMNS = ["asset", "link", "stage", "owner", "owner_country", "share", "valid_from", "valid_to"]


@pytest.fixture(scope="module")
def tables():
    frame = pd.DataFrame(ROWS, columns=COLUMNS)
    days = {name: pd.to_datetime(frame[name]) for name in ("valid_from", "valid_to")}
    zones = pd.DataFrame({"zone": ["DE", "AT"], "eu": True, "kind": "market"})
    return {"ownership": frame.assign(**days), "zones": zones}


@pytest.fixture
def ds(market):
    # Two snapshots of 31 days: January, when 30 flow, and February with three days of March, when 10 do.
    arcs = {("PIPE", "DE"): [30.0, 10.0], ("DE", "AT"): 4.0}
    return market(arcs, {("PIPE", "RU"): [30.0, 10.0]}, steps=2, days=31.0)


@pytest.fixture
def hold(ds, tables):
    return lambda by="owner", results=ds, **keys: measure_holdings(
        results, tables=tables, by=by, entered_at={"field": "PIPE"}, **keys
    )


def test_volume_is_share_times_throughput_day_by_day(hold):
    table = hold("asset").set_index(["asset", "owner"])
    pipe = table.loc[("pipe", "Firm")]
    assert pipe["throughput_twh"] == pytest.approx(40 * 31 / 1e3)
    assert pipe["volume_twh"] == pytest.approx((0.5 * 30 + 0.25 * 10) * 31 / 1e3)
    assert pipe["value_meur"] == pytest.approx(30 * pipe["volume_twh"])
    assert pipe["share"] == pytest.approx(0.375)
    assert table.loc[("field", "Firm"), "volume_twh"] == pytest.approx(0.2 * 40 * 31 / 1e3)


def test_stages_stay_apart_and_the_largest_leads(hold):
    table = hold().set_index("owner")
    firm = table.loc["Firm"]
    assert firm["production_twh"] == pytest.approx(0.248)
    # Gas that passes both pipelines counts in each.
    assert firm["transit_twh"] == pytest.approx(17.5 * 0.031 + 8 * 0.031)
    assert (firm["headline"], firm["headline_twh"]) == ("transit", firm["transit_twh"])
    assert (firm["offtake_twh"], firm["untold"]) == (0, "gone")
    russian = hold("country").set_index("owner_country").loc["RU"]
    assert russian["offtake_twh"] == pytest.approx(0.1 * 8 * 0.031)
    assert russian["transit_twh"] == pytest.approx(firm["transit_twh"])


def test_what_cannot_be_told_is_listed_and_no_zero(hold):
    told = hold("asset").set_index("asset")["untold"]
    assert told["gone"] == "these results have no link NO-WAY"
    assert told["tank"] == "it has no link or bus of its own"
    lone = hold().set_index("owner").loc["Lone"]
    assert np.isnan(lone["offtake_twh"])
    assert (lone["production_twh"], lone["headline"], lone["untold"]) == (0, "", "tank")


def test_a_field_at_a_bus_the_results_do_not_have_is_untold(ds, tables):
    table = measure_holdings(ds, tables=tables, by="asset", entered_at={"field": "XX"}).set_index("asset")
    assert table.loc["field", "untold"].tolist() == ["these results have no bus XX"] * 2


def test_owners_who_are_gone_or_of_no_country(hold):
    table = hold()
    assert "Late" not in set(table["owner"])
    assert table.set_index("owner").at["Other", "owner_country"] == ""
    assert hold(countries=["AZ"])["owner"].tolist() == ["State"]


def test_shares_of_all_owners_carry_all_of_the_throughput(hold):
    rows = hold("asset")
    field = rows[rows["asset"] == "field"]
    assert field["volume_twh"].sum() == pytest.approx(field["throughput_twh"].iloc[0])


def test_shares_change_hands_in_a_scenario(ds, hold):
    stake = {"asset": "field", "owner": "Firm", "country": "RU", "share": 0.0}
    sold = ds.assign_attrs(meta=json.dumps({"scenario": {"ownership": [stake]}}))
    assert read_stakes(sold) == [stake]
    table = hold("asset", sold).query("asset == 'field'")
    assert table["owner"].tolist() == ["State"]
    assert table["share"].tolist() == pytest.approx([1.0])
    both = xr.concat([ds, ds], pd.Index(["reference", "sold"], name="scenario"), data_vars="all")
    both.attrs["meta"] = json.dumps({"scenarios": {"sold": {"ownership": [stake]}}})
    beside = hold("asset", both).query("asset == 'field' and owner == 'Firm'")
    assert beside["scenario"].tolist() == ["reference"]


def test_draws_have_rows_of_their_own(ds, hold):
    draws = xr.concat([ds, 2 * ds["sent"].to_dataset()], pd.Index([0, 1], name="draw"), data_vars=["sent"])
    table = hold("asset", draws).query("asset == 'grid'").set_index("draw")
    assert table.at[1, "volume_twh"] == pytest.approx(2 * table.at[0, "volume_twh"])


def test_shares_within_a_period_weigh_by_days(tables):
    rows = tables["ownership"].query("asset == 'pipe' and owner == 'Firm'")
    year = pd.IntervalIndex.from_breaks(pd.to_datetime(["2025-01-01", "2026-01-01"]), closed="left")
    assert average_shares(rows, year).sum(axis=1).iloc[0] == pytest.approx((31 * 0.5 + 334 * 0.25) / 365)


def test_wrong_words_are_refused(ds, hold, tables):
    with pytest.raises(UsageError, match="by: found 'firm'"):
        hold("firm")
    with pytest.raises(UnknownNameError, match="no owner of 'XX'"):
        hold(countries=["XX", "RU"])
    with pytest.raises(UnknownNameError, match="no asset 'fields'; did you mean field"):
        measure_holdings(ds, tables=tables, entered_at={"fields": "PIPE"})
    with pytest.raises(ResultsError, match="no price"):
        hold(results=ds.drop_vars("price"))


# ------------------------------------------------------------------ the packaged tables
@pytest.mark.slow
def test_lukoil_holds_a_fifth_of_what_leaves_sangachal():
    told = load_tables()
    ds = run(["reference", "lukoil-stake"], years=2025, tables=told)
    rows = measure_holdings(ds, tables=told, by="asset").set_index(["scenario", "owner", "asset"])
    field = rows.loc[("reference", "LUKOIL", "Shah Deniz")]
    assert field["share"] == pytest.approx(0.1999)
    # About 4.8 bcm at 10.55 TWh/bcm.
    assert field["volume_twh"] == pytest.approx(0.1999 * field["throughput_twh"])
    assert 45 < field["volume_twh"] < 56
    assert ("lukoil-stake", "LUKOIL", "Shah Deniz") not in rows.index
    untold = rows[rows["untold"] != ""].index.get_level_values("asset")
    assert set(untold) >= {"Absheron", "Yamal LNG", "Nord Stream 2"}
