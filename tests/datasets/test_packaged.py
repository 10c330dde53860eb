"""The packaged tables: complete, ranged, sourced, and right where figures are easily got wrong."""

import numpy as np
import pandas as pd
import pytest

from energyflows.datasets import find_folder, hash_file, load_tables
from energyflows.network.calendar import spread_series
from energyflows.tables import NAMES
from energyflows.tables._crosschecks import MAIN_VALUES

pytestmark = pytest.mark.slow

DAYS = pd.date_range("2019-01-01", "2025-12-31")
#: Further values with a range of their own: table, value, low, high.
RANGES = [(table, value, "low", "high") for table, value in MAIN_VALUES.items()] + [
    ("demand_annual", "peak_day_gwh_d", "peak_low", "peak_high"),
    ("pipelines", "tariff_eur_mwh", "tariff_low", "tariff_high"),
    ("supply", "cost_eur_mwh", "cost_low", "cost_high"),
]


@pytest.fixture(scope="module")
def tables():
    return load_tables()


@pytest.fixture(scope="module")
def daily(tables):
    """Observed flows in GWh/d by day; one column for each series."""
    series = tables["observed_flows"].groupby("series")
    return pd.DataFrame({name: spread_series(rows, DAYS) for name, rows in series})


@pytest.fixture(scope="module")
def yearly(daily):
    """Observed flows in TWh by year."""
    return daily.groupby(daily.index.year).sum() / 1e3


def rows_on(table, day):
    """Rows of a dated table that hold on a day."""
    day = pd.Timestamp(day)
    started = table["valid_from"].isna() | (table["valid_from"] <= day)
    return table[started & (table["valid_to"].isna() | (table["valid_to"] >= day))]


def capacity(tables, link, day):
    pipelines = rows_on(tables["pipelines"], day).set_index("pipeline")
    return pipelines["capacity_gwh_d"].get(link, 0.0)


@pytest.mark.parametrize("name", NAMES)
def test_table_is_loaded_with_rows_and_passport(tables, name):
    assert len(tables[name]) > 0
    passport = tables[name].attrs["provenance"]
    assert passport["folder"] == "packaged"
    assert passport["hash"] == hash_file(find_folder() / f"{name}.csv")
    assert [field["name"] for field in passport["schema"]["fields"]] == list(tables[name].columns)
    assert all(field["description"] for field in passport["schema"]["fields"])


@pytest.mark.parametrize("name", [name for name in NAMES if name != "sources"])
def test_each_row_names_a_known_source(tables, name):
    assert set(tables[name]["source"]) <= set(tables["sources"]["source"])


def test_each_source_is_used_dated_and_licensed(tables):
    used = {source for name in NAMES if name != "sources" for source in tables[name]["source"]}
    used |= set(tables["pipelines"]["tariff_source"])
    sources = tables["sources"]
    assert sources["licence"].str.len().min() > 0
    assert sources["accessed"].max() <= pd.Timestamp("2026-12-31")
    assert len(used & set(sources["source"])) > 100


@pytest.mark.parametrize(("name", "value", "low", "high"), RANGES)
def test_range_contains_its_value(tables, name, value, low, high):
    rows = tables[name].dropna(subset=[value])
    assert (rows[low].fillna(-np.inf) <= rows[value]).all()
    assert (rows[high].fillna(np.inf) >= rows[value]).all()


@pytest.mark.parametrize(("name", "value"), MAIN_VALUES.items())
def test_estimate_has_a_range(tables, name, value):
    estimates = tables[name].query("confidence == 'estimate'", engine="python").dropna(subset=[value])
    assert estimates[["low", "high"]].notna().all(axis=None)


def test_market_has_demand_and_peak_in_every_year(tables):
    zones = tables["zones"]
    markets = set(zones.loc[zones["kind"] == "market", "zone"])
    demand = tables["demand_annual"].pivot(index="zone", columns="year", values="twh")
    assert markets <= set(demand.index)
    assert list(demand.columns) == list(range(2019, 2031))
    assert demand.notna().all(axis=None)
    peaks = tables["demand_annual"].dropna(subset=["peak_day_gwh_d"])
    assert (peaks["peak_day_gwh_d"] >= 1e3 * peaks["twh"] / 366).all()


def test_profile_sums_to_one(tables):
    profiles = tables["demand_profile"].fillna({"year": 0})
    shares = profiles.groupby(["zone", "year"])["share"]
    np.testing.assert_allclose(shares.sum(), 1.0, atol=1e-6)
    assert (shares.size() == 12).all()


def test_eu_zones_are_its_27_members(tables):
    zones = tables["zones"]
    members = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
    assert " ".join(sorted(zones.loc[zones["eu"], "country"])) == members


#: Members of each group in the order of the annex of Delegated Regulation (EU) 2022/517, OJ L 104, 1.4.2022, p. 53.
RISK_GROUPS = {
    "Ukraine": "BG CZ DK DE GR HR IT LU HU AT PL RO SI SK SE",
    "Belarus": "BE CZ DK DE EE LV LT LU NL PL SK FI SE",
    "Baltic Sea": "BE CZ DK DE FR LU NL AT SK SE",
    "North-Eastern": "CZ DK DE EE LV LT PL SK FI SE",
    "Trans-Balkan": "BG GR HU RO",
    "Norway": "BE DK DE IE ES FR IT LU NL PL PT SE",
    "Low-calorific gas": "BE DE FR NL",
    "Denmark": "DK DE LU NL PL SE",
    "United Kingdom": "BE DE IE LU NL",
    "Algeria": "GR ES FR HR IT MT AT PT SI",
    "Libya": "HR IT MT AT SI",
    "Southern Gas Corridor": "BG GR HR IT HU MT AT RO SI SK",
    "Eastern Mediterranean": "GR IT CY MT",
}


def test_risk_groups_are_those_of_the_regulation(tables):
    groups = tables["risk_groups"]
    assert groups.groupby("group", sort=False)["country"].agg(" ".join).to_dict() == RISK_GROUPS
    corridors = groups.drop_duplicates("group").groupby("corridor", sort=False).size()
    assert corridors.to_dict() == {"Eastern": 5, "North Sea": 4, "North African": 2, "South-East": 2}
    zones = tables["zones"]
    assert set(groups["country"]) == set(zones.loc[zones["eu"], "country"])


def test_owners_of_each_asset_sum_to_one_at_all_times(tables):
    ownership = tables["ownership"]
    for day in sorted(set(ownership["valid_from"].dropna())):
        shares = rows_on(ownership, day).groupby("asset")["share"].sum()
        assert (np.abs(shares - 1.0) < 1e-6).all(), (day, shares[np.abs(shares - 1.0) >= 1e-6])


def test_followed_series_covers_every_day_observed(tables, daily):
    followed = set(tables["pipelines"]["follows"].dropna()) | set(tables["supply"]["follows"].dropna())
    assert followed
    assert daily[sorted(followed)].notna().all(axis=None)


def test_data_are_small():
    assert sum(path.stat().st_size for path in find_folder().iterdir()) < 5_000_000


# ------------------------------------------------------------------ figures that are easily got wrong
@pytest.mark.parametrize(
    ("series", "year", "twh"),
    [
        ("TANAP-TAP", 2021, 90.5),  # 8.2 bcm at 11.05: Azerbaijani gas is richer than 10.55
        ("TANAP-TAP", 2022, 126.2),
        ("TANAP-TAP", 2024, 130.4),  # TAP entry, not the 142 TWh exported to all of Europe
        ("TANAP-TAP", 2025, 127.1),
        ("TURKSTREAM2", 2021, 129.6),  # all of Strandzha 2, gas for Serbia and North Macedonia included
        ("TURKSTREAM2", 2025, 186.7),
        ("AT-IT", 2021, 307.0),  # Tarvisio
        ("BE-DE", 2023, 291.3),
        ("BE-DE", 2024, 155.0),
        ("NO-GB", 2021, 360.0),  # without British output landed at the same terminals
        ("NO-GB", 2022, 327.0),
        ("UATRANSIT-UA", 2020, 60.0),  # virtual reverse flow: Russian molecules kept in Ukraine
        ("UATRANSIT-SK", 2021, 296.5),
    ],
)
def test_observed_flow_of_a_year(yearly, series, year, twh):
    assert yearly.at[year, series] == pytest.approx(twh, rel=0.005)


@pytest.mark.parametrize(
    ("series", "stop"),
    [
        ("NORDSTREAM", "2022-10-01"),
        ("YAMAL", "2022-06-01"),
        ("IMATRA", "2022-06-01"),
        ("UATRANSIT", "2025-01-01"),
        ("UATRANSIT-SK", "2025-01-01"),
        ("MAGHREB", "2022-01-01"),
    ],
)
def test_observed_flow_is_there_before_and_gone_after_its_stop(daily, series, stop):
    assert daily.loc[: pd.Timestamp(stop) - pd.Timedelta("60D"), series].max() > 1
    assert daily.loc[stop:, series].abs().max() == 0


@pytest.mark.parametrize(
    ("link", "last_day"),
    [
        ("YAMAL-PL", "2022-04-30"),
        ("IMATRA-FI", "2022-05-20"),
        ("YAMAL-DE", "2022-05-31"),
        ("NORDSTREAM-DE", "2022-08-31"),
        ("NORDSTREAM-CZ", "2022-08-31"),
        ("RUBALTIC-LV", "2022-12-31"),
        ("UATRANSIT-SK", "2024-12-31"),
        ("UATRANSIT-HU", "2024-12-31"),
        ("UATRANSIT-PL", "2024-12-31"),
        ("UATRANSIT-RO", "2024-12-31"),
        ("UATRANSIT-MD", "2024-12-31"),
        ("UATRANSIT-TRANSBALKAN", "2019-12-31"),
    ],
)
def test_route_is_open_to_its_last_day_and_closed_for_good(tables, link, last_day):
    assert capacity(tables, link, last_day) > 0
    for day in (pd.Timestamp(last_day) + pd.Timedelta("1D"), "2026-01-01", "2030-12-31"):
        assert capacity(tables, link, day) == 0


def test_ukrainian_transit_has_no_way_out_from_2025(tables):
    now = rows_on(tables["pipelines"], "2025-01-01")
    assert now.loc[now["from"] == "UATRANSIT", "capacity_gwh_d"].sum() == 0


def test_bulgarian_offtake_shrinks_when_deliveries_stop(tables):
    before, after = (capacity(tables, "BALKANSTREAM-BG", day) for day in ("2022-04-26", "2022-04-27"))
    assert after < before / 2


@pytest.mark.parametrize("link", ["EE-FI", "FI-EE"])
def test_balticconnector_is_shut_while_it_was_broken(tables, link):
    assert capacity(tables, link, "2023-10-07") > 0
    assert {capacity(tables, link, day) for day in ("2023-10-08", "2023-12-31", "2024-04-15")} == {0.0}
    assert capacity(tables, link, "2024-05-01") > 0


def test_tap_and_tanap_carry_what_was_observed(tables, daily):
    """The firm figures of the capacity map lie below observed monthly means."""
    peak = daily["TANAP-TAP"].groupby([DAYS.year, DAYS.month]).mean()
    assert capacity(tables, "TANAP-TAP", "2023-10-01") >= peak.loc[2022:].max()
    assert capacity(tables, "SCP-TANAP", "2024-07-01") >= 525


@pytest.mark.parametrize(
    ("link", "day", "least"),
    [
        ("BE-DE", "2023-06-01", 798),
        ("NO-NOHUB", "2022-06-01", 1700),
        ("GB-NL", "2022-06-01", 110),
        ("NL-GB", "2021-01-01", 400),
    ],
)
def test_capacity_missing_from_the_map_is_there(tables, link, day, least):
    assert capacity(tables, link, day) >= least


@pytest.mark.parametrize("day", ["2019-01-01", "2021-01-01", "2023-06-01", "2026-06-01"])
def test_eu_storage_volume_is_the_one_reported_by_operators(tables, day):
    """1,105 TWh by the operators' platform; an older data set adds up to 1,260."""
    zones = tables["zones"].set_index("zone")
    storages = rows_on(tables["storages"], day)
    assert storages.loc[storages["zone"].map(zones["eu"]), "working_volume_twh"].sum() == pytest.approx(1125, abs=30)


def test_observed_stock_fits_the_volume(tables):
    """Operators report up to 107 % of the nominal volume in Portugal."""
    stock = tables["observed_storage"].dropna(subset=["working_volume_twh"])
    assert (stock["twh"] <= 1.1 * stock["working_volume_twh"]).all()


def test_entries_of_supply_are_never_negative(tables):
    flows = tables["observed_flows"].groupby("series")["twh"].min()
    entries = sorted(set(tables["supply"]["follows"].dropna()))
    assert (flows[entries] >= 0).all()


def test_russian_routes_that_closed_have_no_supply_after_2025(tables):
    supply = tables["supply"]
    closed = supply["route"].isin(["NORDSTREAM", "YAMAL", "UATRANSIT", "IMATRA", "RUBALTIC"])
    assert supply.loc[closed & (supply["year"] >= 2026), "twh"].sum() == 0
    assert supply.loc[closed & (supply["year"] == 2021), "twh"].sum() > 1000


def test_lng_expected_in_the_eu_meets_observed_send_out(tables):
    """Energy of send-out, not bcm at a converter: 1,366 TWh in 2023, not 1,497."""
    lng = tables["lng_suppliers"]
    europe = lng[lng["pool"] == "LNGEU"].groupby("year")["twh"].sum()
    assert europe[2022] == pytest.approx(1316, rel=0.01)
    assert europe[2023] == pytest.approx(1366, rel=0.01)


# ------------------------------------------------------------------ the outlook
def test_exporters_load_what_they_deliver(tables):
    exports = tables["supply"].query("tier == 'export'").set_index(["bus", "year"])["twh"]
    delivered = tables["lng_suppliers"].groupby(["bus", "year"])["twh"].sum()
    np.testing.assert_allclose(exports, delivered[exports.index], atol=0.1)


def test_outlook_is_without_the_bans_on_russian_gas(tables):
    lng = tables["lng_suppliers"].set_index(["bus", "pool", "year"]).loc["LNGRU"]
    europe, elsewhere = lng.loc["LNGEU"], lng.loc["LNGROW"]
    assert set(europe.loc[2025:, "twh"]) == {204.58}
    contracts = tables["contracts"].set_index("contract")
    long = contracts.loc[contracts["link"] == "LNGRU-LNGEU", "annual_twh"].sum()
    np.testing.assert_allclose(europe.loc[2026:, "low"], long, rtol=0.01)
    np.testing.assert_allclose(europe.loc[2026:, "min_twh"], 0.8 * long, rtol=0.01)
    supply = tables["supply"].groupby(["route", "year"])["twh"].sum()
    # All that Russia loads may go elsewhere once the ban is complete.
    assert (elsewhere.loc[2027:, "max_twh"] >= supply["LNGRU"].loc[2027:]).all()
    assert set(supply["TURKSTREAM2"].loc[2026:]) == {190.0}


@pytest.mark.parametrize(
    ("ended", "goes_on"),
    [
        ("gazprom-mvm-serbia", "gazprom-mvm-serbia-nominal"),
        ("gazprom-mvm-austria-moved", "gazprom-mvm-austria-nominal"),
        ("gazprom-mytilineos-2023", "gazprom-mytilineos-nominal"),
        ("gazprom-spp-turkstream", "gazprom-spp-turkstream-nominal"),
    ],
)
def test_contract_goes_on_as_it_was_where_the_ban_would_end_it(tables, ended, goes_on):
    contracts = tables["contracts"].set_index("contract")
    assert contracts.at[goes_on, "start"] == contracts.at[ended, "end"] + pd.Timedelta("1D")
    same = ["seller", "buyer", "zone", "link", "annual_twh", "take_or_pay", "minimum", "label"]
    assert contracts.loc[goes_on, same].to_dict() == contracts.loc[ended, same].to_dict()
