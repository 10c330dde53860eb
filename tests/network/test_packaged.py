"""The packaged network against what was observed, and without its great suppliers."""

import numpy as np
import pandas as pd
import pytest

import energyflows as ef
from energyflows import build_network, check_results, solve
from energyflows.results import sum_energy
from energyflows.summary import list_binding, list_unused, summarise_imports, summarise_years
from energyflows.summary._observed import sum_flows, sum_years

pytestmark = pytest.mark.slow
HISTORY = range(2021, 2026)
RUSSIAN = ["NORDSTREAM", "YAMAL", "RUBELARUS", "UATRANSIT", "TURKSTREAM2", "RUBALTIC", "IMATRA"]
OTHERS = ["MEDGAZ", "MAGHREB", "TRANSMED", "GREENSTREAM", "NO", "SANGACHAL"]


def sum_year(rate, ds, dim):
    """Return TWh of the one year of results by element."""
    return sum_energy(rate, ds).squeeze("year").to_series().rename_axis(dim)


@pytest.fixture(scope="module")
def observed(packaged):
    """Observed yearly flows, TWh, series by year."""
    return sum_flows(packaged["observed_flows"], list(HISTORY))


@pytest.mark.parametrize("year", range(2019, 2031))
def test_every_year_conserves_energy_and_serves_consumers(real, year):
    ds = real(year)
    check_results(ds)
    assert float((ds["sent"] - ds["capacity"]).max()) < 1e-3
    demand = ds["consumed"] + ds["unserved"] + ds["response"]
    assert float(ds["unserved"].sum()) < 0.001 * float(demand.sum())


@pytest.mark.parametrize("year", HISTORY)
def test_every_zone_is_served_in_every_month_of_history(real, year):
    ds = real(year)
    demand = ds["consumed"] + ds["unserved"] + ds["response"]
    assert float((ds["unserved"] / demand.clip(min=1.0)).max()) < 0.001


@pytest.mark.parametrize("resolution", ["weekly", "daily"])
def test_weeks_and_days_conserve_energy_and_supply_the_same(real, resolution):
    ds, months = real(2025, resolution), real(2025)
    check_results(ds)
    assert list_unused(ds).empty
    fine, coarse = (sum_year(results["supplied"], results, "generator") for results in (ds, months))
    sure = fine.index[fine.index.str.endswith(" minimum")]
    np.testing.assert_allclose(fine[sure], coarse[sure], atol=0.1)
    assert float(ds["unserved"].sum()) < 0.001 * float(ds["consumed"].sum())


@pytest.mark.parametrize("year", HISTORY)
def test_observed_supply_is_all_used(real, year):
    assert list_unused(real(year)).empty


@pytest.mark.parametrize("year", HISTORY)
def test_european_lng_is_the_observed_one(real, packaged, year):
    rows = packaged["observed_imports"]
    observed = sum_years(rows[rows["series"] == "EU27-all-lng"], [year])[year]
    ds = real(year)
    received = sum_year(ds["received"], ds, "link")
    assert received[(ds["bus0"] == "LNGEU").to_numpy()].sum() == pytest.approx(observed, rel=0.05)


@pytest.mark.parametrize(
    ("link", "tolerance"),
    [
        ("TANAP-TAP", 0.02),
        ("TURKSTREAM2-BALKANSTREAM", 0.02),
        *((f"NO-{zone}", 0.08) for zone in ("GB", "BE", "FR", "DK", "NOHUB")),
    ],
)
@pytest.mark.parametrize("year", HISTORY)
def test_pipe_carries_its_observed_flow(real, observed, year, link, tolerance):
    ds = real(year)
    assert sum_year(ds["received"], ds, "link")[link] == pytest.approx(observed.at[link, year], rel=tolerance)


@pytest.mark.parametrize("year", HISTORY)
def test_every_route_supplies_its_observed_volume(real, observed, year):
    ds = real(year)
    supplied = sum_year(ds["supplied"], ds, "generator").groupby(ds["generator_route"].to_numpy()).sum()
    routes = [*RUSSIAN, *OTHERS]
    np.testing.assert_allclose(supplied[routes], observed.loc[routes, year], rtol=0.03, atol=0.01)


@pytest.mark.parametrize("origin", ["NO", "DZ", "LY", "AZ", "RU"])
@pytest.mark.parametrize("year", HISTORY)
def test_pipeline_imports_of_the_union_are_the_observed_ones(real, packaged, year, origin):
    tolerance = 0.06 if origin == "RU" else 0.03
    imports = summarise_imports(real(year), packaged).query("kind == 'pipeline'").set_index("origin")
    assert imports.at[origin, "twh"] == pytest.approx(imports.at[origin, "observed_twh"], rel=tolerance)


@pytest.mark.parametrize("year", [2021, 2022, 2023])
def test_european_stock_in_autumn_is_within_eight_points(real, packaged, year):
    row = summarise_years(real(year), packaged).loc[year]
    apart = row["eu27_stock_1_nov_twh"] - row["eu27_stock_1_nov_observed_twh"]
    assert abs(apart) / row["eu27_working_volume_twh"] < 0.08


@pytest.mark.parametrize("year", HISTORY)
def test_stock_at_the_end_of_the_year_is_the_observed_one(real, packaged, year):
    ds, levels = real(year), packaged["observed_storage"]
    rows = levels[levels["date"] == pd.Timestamp(year, 12, 31)].set_index("zone")
    stored = ds["stored"].isel(snapshot=-1).to_series().rename(lambda name: name.removesuffix(" storage"))
    known = stored.index.intersection(rows.index)
    assert len(known) > 20
    np.testing.assert_allclose(stored[known] / 1e3, rows.loc[known, "twh"], atol=0.05)


@pytest.mark.parametrize("year", HISTORY)
def test_price_lies_between_the_cheapest_supply_and_unserved_gas(real, packaged, year):
    ds = real(year)
    offers = pd.concat([packaged["supply"], packaged["production"]])
    cheapest = offers.loc[(offers["year"] == year) & (offers["twh"] > 0), "cost_eur_mwh"].min()
    bent = set(list_binding(ds)[["bus0", "bus1"]].to_numpy().ravel())
    free = ~ds["bus"].isin(list(bent)) & (ds["bus_kind"] == "market") & (ds["consumed"].sum("snapshot") > 0)
    price = ds["price"].sel(bus=free)
    assert price.sizes["bus"] >= 20
    assert float(price.min()) >= cheapest - 1e-6
    assert float(price.max()) <= 600 + 1e-6


def test_price_is_highest_in_the_year_of_the_crisis(real, packaged):
    prices = {year: float(summarise_years(real(year), packaged)["price_nl_eur_mwh"].item()) for year in HISTORY}
    assert max(prices, key=prices.get) == 2022


def test_network_without_russian_azerbaijani_and_lng_gas_is_feasible_and_short(packaged):
    n = build_network(2025, tables=packaged)
    gone = n.generators["origin"].isin(["RU", "AZ"]) | (n.generators["carrier"] == "lng")
    n.generators.loc[gone, ["p_nom", "e_sum_max"]] = 0.0
    ds = solve(n)
    check_results(ds)
    assert float(ds["supplied"].sel(generator=ds["generator_origin"].isin(["RU", "AZ"])).sum()) == 0
    unserved = sum_year(ds["unserved"], ds, "bus")
    assert unserved["LNGROW"] > 100
    assert unserved.drop("LNGROW").sum() > 100


@pytest.mark.parametrize(("years", "resolution"), [(2019, "monthly"), (2022, "weekly"), ((2024, 2027), "monthly")])
def test_packaged_network_is_consistent_and_tells_its_sources(packaged, years, resolution):
    n = build_network(years, resolution, packaged)
    n.consistency_check(strict=["all"])
    assert packaged["pipelines"].attrs["provenance"]["hash"] in n.meta["sources"]


def test_outlook_follows_history_without_a_jump_in_stocks(packaged):
    ds = ef.run(years=(2025, 2027), tables=packaged)
    check_results(ds)
    for year in (2026, 2027):
        first = ds.sel(snapshot=f"{year}-01-01")
        start = first["stored"] - (first["injected"] - first["withdrawn"]) * first["weight_days"]
        end = ds["stored"].sel(snapshot=f"{year - 1}-12-01")
        np.testing.assert_allclose(start, end, rtol=1e-6, atol=1.0)
