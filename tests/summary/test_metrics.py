"""Metrics of the EU27 and its members: by hand on the toy, and what must come out on the packaged tables."""

import inspect
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from energyflows import load_tables, run
from energyflows.errors import ResultsError
from energyflows.metrics import n_minus_1_table
from energyflows.summary import diversification, sum_areas, summarise_metrics

ROOT = Path(__file__).resolve().parents[2]
#: Members that took most of their gas from Russia in 2021, by Eurostat and the Commission's reports.
DEPENDENT = ["AT", "BG", "CZ", "EE", "FI", "HU", "LV", "SK"]


@pytest.fixture(scope="module")
def tables(toy):
    return toy()


@pytest.fixture(scope="module")
def ds(tables):
    return run(years=2025, tables=tables)


@pytest.fixture(scope="module")
def told(ds, tables):
    return summarise_metrics(ds, tables).set_index("area")


#: Members to whom no Russian pipeline led.
WESTERN = ["BE", "ES", "FR", "IE", "LU", "NL", "PT"]


# ------------------------------------------------------------------ on the toy
def test_areas_consume_what_the_results_say(ds, tables):
    volume = sum_areas(ds, tables).sel(year=2025)
    assert volume.sum("origin").to_series().to_dict() == pytest.approx({"EU27": 219, "DE": 146, "NL": 73})


def test_metrics_are_those_of_the_volumes(told, ds, tables):
    volume = sum_areas(ds, tables).sel(year=2025)
    share = volume / volume.sum("origin")
    for area in ("EU27", "DE", "NL"):
        of = share.sel(area=area)
        assert told.at[area, "hhi"] == pytest.approx(float((of**2).sum()))
        assert told.at[area, "effective_suppliers"] == pytest.approx(1 / float((of**2).sum()))
        assert told.at[area, "ru_share"] == pytest.approx(float(of.sel(origin="RU")))
        assert told.at[area, "ru_contribution"] == pytest.approx(float(of.sel(origin="RU")) ** 2)
        assert told.at[area, "largest_share"] == pytest.approx(float(of.max()))
        assert told.at[area, "largest_origin"] == str(of.idxmax("origin").item())


def test_net_imports_are_consumption_less_output_and_what_stores_give(told, ds):
    # The Netherlands have no store and produce 20 of 73; Germany produces nothing.
    given = float(ds["stored"].sum("store")[-1] - 30e3) / -1e3
    assert told.at["NL", "net_imports_twh"] == pytest.approx(53)
    assert told.at["NL", "import_dependence"] == pytest.approx(53 / 73)
    assert told.at["DE", "net_imports_twh"] == pytest.approx(146 - given)
    assert told.at["EU27", "net_imports_twh"] == pytest.approx(53 + 146 - given)


def test_a_net_exporter_depends_by_less_than_nothing(toy):
    tables = toy()
    tables["production"].loc[tables["production"]["zone"] == "NL", "twh"] = 100.0
    ds = run(years=2025, tables=tables)
    output = (ds["supplied"].where(ds["generator_bus"] == "NL", 0.0) * ds["weight_days"]).sum() / 1e3
    found = summarise_metrics(ds, tables).set_index("area")
    assert found.at["NL", "import_dependence"] == pytest.approx(1 - float(output) / 73)
    assert found.at["NL", "import_dependence"] < -0.1


def test_own_gas_is_not_from_outside(told, ds, tables):
    share = sum_areas(ds, tables).sel(year=2025).pipe(lambda volume: volume / volume.sum("origin"))
    assert told.at["NL", "outside_share"] == pytest.approx(1 - float(share.sel(area="NL", origin="NL")))
    assert told.at["DE", "outside_share"] == pytest.approx(1.0)
    # Dutch gas in Germany comes from the European Economic Area, American and Russian gas does not.
    outside = share.sel(area="DE", origin=["RU", "US"])
    assert told.at["DE", "supplier_concentration_index"] == pytest.approx(float((outside**2).sum()))
    assert 0 < told.at["EU27", "outside_share"] < 1


def test_russian_gas_by_pipeline_is_none_by_ship(told):
    assert told.at["DE", "ru_share"] > 0
    assert told["ru_lng_share"].to_list() == pytest.approx([0, 0, 0], abs=1e-12)


def test_russian_gas_by_ship_is_told_apart(toy):
    tables = toy()
    tables["supply"].loc[tables["supply"]["route"] == "LNGUS", "supplier"] = "RU"
    tables["lng_suppliers"]["supplier"] = "RU"
    ds = run(years=2025, tables=tables)
    found = summarise_metrics(ds, tables).set_index("area")
    landed = ds["received"].sel(link="LNGEU-NL", drop=True)
    mix = landed / (landed + ds["supplied"].where(ds["generator_bus"] == "NL", 0.0).sum("generator"))
    used = ds["consumed"].sel(bus="NL", drop=True) * ds["weight_days"]
    assert found.at["NL", "ru_lng_share"] == pytest.approx(float((mix * used).sum() / used.sum()))
    assert found.at["NL", "ru_share"] == pytest.approx(found.at["NL", "ru_lng_share"])
    assert 0 < found.at["DE", "ru_lng_share"] < found.at["DE", "ru_share"]


def test_gas_of_unknown_origin_is_left_out_and_told(tables, ds):
    # A store that only gives, of which nothing is known.
    started = ds["stored"].isel(snapshot=0) + 0.0
    days = ds["weight_days"]
    giving = ds.assign(
        injected=ds["injected"] * 0.0,
        withdrawn=ds["withdrawn"] * 0.0 + 1.0,
        stored=(started + 1e5 - days.cumsum() * 1.0).transpose(*ds["stored"].dims),
        supplied=ds["supplied"],
    )
    moved = (ds["withdrawn"] - ds["injected"]).isel(store=0) - 1.0
    link = xr.where(ds["link"] == "DE withdrawal", 1.0, 0.0)
    back = xr.where(ds["link"] == "DE injection", 1.0, 0.0)
    giving = giving.assign(
        sent=(ds["sent"] * (1 - link - back) + link).transpose(*ds["sent"].dims),
        received=(ds["received"] * (1 - link - back) + link).transpose(*ds["received"].dims),
        consumed=(ds["consumed"] - moved * (ds["bus"] == "DE")).transpose(*ds["consumed"].dims),
    )
    found = summarise_metrics(giving, tables).set_index("area")
    assert found.at["DE", "unknown_share"] > 0
    assert found.at["NL", "unknown_share"] == pytest.approx(0, abs=1e-9)
    volume = sum_areas(giving, tables).sel(year=2025, area="DE")
    assert "unknown" not in volume["origin"]
    share = volume / volume.sum()
    assert found.at["DE", "hhi"] == pytest.approx(float((share**2).sum()))


def test_a_member_may_begin_to_consume(toy):
    tables = toy()
    demand = tables["demand_annual"]
    demand.loc[(demand["zone"] == "DE") & (demand["year"] == 2025), "twh"] = 0.0
    found = summarise_metrics(run(years=(2025, 2026), tables=tables), tables)
    assert found.groupby("year")["area"].agg(list).to_dict() == {2025: ["EU27", "NL"], 2026: ["EU27", "DE", "NL"]}


def test_unserved_demand_is_no_origin(ds, tables):
    short = ds.assign(unserved=ds["unserved"] + 100.0)
    pd.testing.assert_frame_equal(summarise_metrics(short, tables), summarise_metrics(ds, tables))


def test_scenarios_stand_beside_each_other_in_their_order(ds, tables):
    beside = xr.concat([ds, ds], dim=pd.Index(["later", "first"], name="scenario"), data_vars="all", coords="minimal")
    found = summarise_metrics(beside.transpose("scenario", ...), tables)
    assert found["scenario"].tolist() == ["later"] * 3 + ["first"] * 3
    assert found["area"].tolist() == ["EU27", "DE", "NL"] * 2
    one = found[found["scenario"] == "first"].drop(columns="scenario").reset_index(drop=True)
    pd.testing.assert_frame_equal(one, summarise_metrics(ds, tables))


def test_without_peak_day_there_is_no_n_minus_1(told):
    assert told["n_minus_1"].isna().all()


def test_n_minus_1_is_the_regulations_with_a_peak_day(toy):
    tables = toy()
    tables["demand_annual"]["peak_day_gwh_d"] = 1000.0
    found = summarise_metrics(run(years=2025, tables=tables), tables).set_index("area")
    # Germany: 400 from Yamal, 600 from the Netherlands, 500 from storage; the Dutch border is the largest.
    assert found.at["DE", "n_minus_1"] == pytest.approx((400 + 600 + 500 - 600) / 1000)
    assert found.at["DE", "largest_asset"] == "NL-DE"


def test_results_without_a_market_of_the_eu_are_refused(ds, tables):
    with pytest.raises(ResultsError, match="have no bus DE"):
        summarise_metrics(ds.isel(bus=(ds["bus"] != "DE").to_numpy()), tables)


def test_a_risk_group_is_one_area_of_its_members_with_demand(toy, toy_rows, monkeypatch):
    monkeypatch.setattr(diversification, "YEARS", (2025,))
    # A corridor lies in Poland, but no demand.
    poland = {**toy_rows["risk_groups"][0], "country": "PL"}
    tables = toy(risk_groups=[*toy_rows["risk_groups"], poland])
    tables["demand_annual"]["peak_day_gwh_d"] = 1000.0
    found = diversification.measure_groups(run(years=2025, tables=tables), tables)
    assert dict(zip(found["group"], found["members"], strict=True)) == {"Gate": "DE NL", "Yamal": "DE"}
    told = found.set_index(["group", "storage_fill"])["n_minus_1"]
    # Both: 400 from Yamal, 700 from Gate, which fails, 20 TWh of output a year and 500 from storage; no border within.
    output = 20_000 / 365
    assert told["Gate", 1.0] == pytest.approx((400 + output + 500) / 2000, rel=1e-3)
    assert told["Gate", 0.3] == pytest.approx((400 + output + 0.65 * 500) / 2000, rel=1e-3)
    # Germany alone as above: the Dutch border fails.
    assert told["Yamal", 1.0] == pytest.approx((400 + 500) / 1000)
    assert told["Yamal", 0.3] == pytest.approx((400 + 0.65 * 500) / 1000)


def test_a_risk_group_without_peak_days_has_a_line_without_figures(ds, tables, monkeypatch):
    monkeypatch.setattr(diversification, "YEARS", (2025,))
    *_, line = diversification.list_group_lines(diversification.measure_groups(ds, tables))
    assert line == "| North Sea | Yamal | DE | – | – | NL-DE |"


# ------------------------------------------------------------------ on the packaged tables
@pytest.fixture(scope="module")
def packaged():
    return load_tables()


@pytest.fixture(scope="module")
def solved(packaged):
    return diversification.solve_years(packaged)


@pytest.fixture(scope="module")
def years(solved, packaged):
    table = diversification.measure_years(solved, packaged)
    return {year: rows.set_index("area") for year, rows in table.groupby("year")}


@pytest.fixture(scope="module")
def groups(solved, packaged):
    return diversification.measure_groups(solved, packaged)


@pytest.mark.slow
def test_the_known_dependent_members_stand_out_in_2021_and_moved_by_2025(years):
    before, after = years[2021], years[2025]
    assert (before.loc[DEPENDENT, "ru_contribution"] > 0.7).all()
    assert (before.loc[WESTERN, "ru_contribution"] < 0.05).all()
    moved = [area for area in DEPENDENT if area != "HU"]
    assert (after.loc[moved, "ru_contribution"] < 0.5 * before.loc[moved, "ru_contribution"]).all()
    assert after.at["EU27", "hhi"] < before.at["EU27", "hhi"]
    assert (before["residual_supply"] < 1).loc[["FI", "PL"]].all()
    assert (after["residual_supply"].dropna() > 1).all()


@pytest.mark.slow
def test_risk_groups_lose_with_emptier_storages_and_all_members_but_cyprus_are_in(groups):
    by_fill = groups.pivot(index=["group", "year"], columns="storage_fill", values="n_minus_1")
    assert by_fill.index.size == 26
    assert (by_fill[0.3] < by_fill[1.0]).all()
    assert (groups["demand_from"] == "peak_day").all()
    members = groups.drop_duplicates("group").set_index("group")["members"]
    assert members["Eastern Mediterranean"] == "GR IT MT"
    assert members.str.split().str.len().sum() == 107 - 1


@pytest.mark.slow
def test_the_documented_table_is_that_of_the_packaged_tables(years, groups):
    documented = (ROOT / "docs" / "diversification.md").read_text(encoding="utf-8")
    for year, table in years.items():
        for line in diversification.list_lines(table.reset_index()):
            assert line in documented, f"{year}: {line}; run python -m energyflows.summary.diversification"
    for line in diversification.list_group_lines(groups):
        assert line in documented, f"{line}; run python -m energyflows.summary.diversification"
    factor = inspect.signature(n_minus_1_table).parameters["low_fill_factor"].default
    assert f"at 30 % it is taken as {100 * factor:.0f} % of the greatest" in documented
    assert np.isfinite(years[2025]["hhi"]).all()
