"""What the built-in scenarios do to the packaged network must make sense; `pytest -s` prints the numbers."""

from __future__ import annotations

import pandas as pd
import pytest
import xarray as xr

from energyflows.datasets import load_tables
from energyflows.network import build_network, release_bounds
from energyflows.running import Reference, join_years, solve_reference, solve_scenario
from energyflows.scenarios import Disrupt, Scenario, apply, get_scenario, set_parameters
from energyflows.solving import _optimize, copy_unsolved, hush

pytestmark = pytest.mark.slow

CENTRAL = ["AT", "BG", "CZ", "DE", "EE", "FI", "HR", "HU", "LT", "LV", "MD", "MK", "PL", "RO", "RS", "SI", "SK"]
WESTERN = ["BE", "ES", "FR", "GB", "IE", "PT"]
SCP_BUYERS = ["BG", "GR", "GE", "TR"]


@pytest.fixture(scope="module")
def packaged() -> dict[str, pd.DataFrame]:
    return load_tables()


@pytest.fixture(scope="module")
def references(packaged) -> dict[int, Reference]:
    return {year: solve_reference([year], "monthly", packaged) for year in (2021, 2025)}


@pytest.fixture(scope="module")
def solved(references):
    """Return results of a scenario in a year, solved once."""
    kept: dict[tuple[str, int], xr.Dataset] = {}

    def find(name: str, year: int = 2025, **parameters: object) -> xr.Dataset:
        scenario = set_parameters(get_scenario(name), parameters)
        if (scenario.name, year) not in kept:
            kept[scenario.name, year] = solve_scenario(references[year], scenario)
        return kept[scenario.name, year]

    return find


def rise(ds: xr.Dataset, reference: xr.Dataset, months: slice = slice(None)) -> pd.Series:
    """Return by how much prices are higher, EUR/MWh by bus."""
    days = ds["weight_days"].isel(snapshot=months)
    return (ds["price"] - reference["price"]).isel(snapshot=months).weighted(days).mean("snapshot").to_series()


def give_up(ds: xr.Dataset) -> pd.Series:
    """Return demand given up because of its price, or not met, TWh by bus."""
    lost = ds["unserved"] + ds["response"]
    return ((lost * ds["weight_days"]).sum("snapshot") / 1e3).to_series()


def share_lost(ds: xr.Dataset, zones: list[str]) -> float:
    """Return the part of demand that is given up or not met in some zones."""
    served = ((ds["consumed"] * ds["weight_days"]).sum("snapshot") / 1e3).to_series()
    return float(give_up(ds)[zones].sum() / served[zones].sum())


def carry(ds: xr.Dataset, links: list[str]) -> pd.Series:
    """Return what links deliver, TWh by link."""
    return ((ds["received"].sel(link=links) * ds["weight_days"]).sum("snapshot") / 1e3).to_series()


def least_cost(n) -> float:
    """Return the optimum of the programme, rewards and the worth of stocks included, thousand EUR."""
    work = copy_unsolved(n)
    with hush(verbose=False):
        assert _optimize(work) == "optimal"
    return float(work.objective)


@pytest.fixture(scope="module")
def released(references, packaged):
    """Return the network of 2025 without bounds of observed flows, and its least cost."""
    reference = references[2025]
    n = release_bounds(reference.networks[2025], reference.results[2025]["price"].to_pandas(), packaged)
    return n, least_cost(n)


@pytest.mark.parametrize("name", ["LNGEU-DE", "DE withdrawal", "AT-IT"])
def test_lowering_an_upper_bound_never_lowers_cost(released, packaged, name):
    n, before = released
    change = {"change": "scale", "component": "link", "name": name, "factor": 0.5}
    lower = apply(n, Scenario(name="lower", changes=(change,)), tables=packaged)
    after = least_cost(lower)
    print(f"{name} halved: {(after - before) / 1e3:+.2f} million EUR")
    assert after >= before - 1e-7 * abs(before)


def test_must_take_gas_has_two_effects(references, solved):
    before, after = references[2025].results[2025], solved("no-azerbaijan")
    last = {"snapshot": -1}
    price = before["price"].isel(last).sel(bus=before["store_bus"]).drop_vars("bus")
    stock = ((before["stored"] - after["stored"]).isel(last) * price.values).sum() / 1e6
    saved = float(after["objective"] - before["objective"]) / 1e6
    print(f"no-azerbaijan: cost {saved:+.2f}, gas missing in store {float(stock):+.2f} billion EUR")
    assert saved + float(stock) > 0.0


def test_a_ban_never_raises_the_banned_deliveries(packaged):
    reference = solve_reference([2026, 2027], "monthly", packaged)
    free, banned = join_years(list(reference.results.values())), solve_scenario(reference, get_scenario("eu-phase-out"))
    entries = ["LNGRU-LNGEU", "BALKANSTREAM-BG", "BALKANSTREAM-GR", "RS-HU"]
    yearly = {
        name: (ds["received"].sel(link=entries) * ds["weight_days"] / 1e3).groupby("snapshot.year").sum().to_pandas()
        for name, ds in (("reference", free), ("eu-phase-out", banned))
    }
    print(pd.concat(yearly, axis=1).round(1))
    assert (yearly["eu-phase-out"] <= yearly["reference"] + 1e-6).all().all()
    # Long-term LNG ends with 2026, long-term pipeline gas with September 2027.
    assert carry(banned.sel(snapshot="2027"), ["LNGRU-LNGEU"]).item() == pytest.approx(0.0, abs=1e-6)
    assert carry(banned.sel(snapshot=slice("2027-10", None)), entries).sum() == pytest.approx(0.0, abs=1e-6)
    gone = yearly["reference"].sum().sum() - yearly["eu-phase-out"].sum().sum()
    assert gone > 300.0


@pytest.mark.parametrize("name", ["tap-expansion", "mou-20bcm"])
def test_expansion_never_raises_unserved(references, solved, name):
    for year in (2021, 2025):
        before, after = give_up(references[year].results[year]), give_up(solved(name, year))
        zones = before.index.drop("LNGROW")
        assert (after[zones] <= before[zones] + 1e-6).all()


def test_a_disruption_of_no_days_is_the_reference(references):
    none = Disrupt(corridor="SCP", start="2025-01-01", duration_days=0)
    found = solve_scenario(references[2025], Scenario(name="none", changes=(none,)))
    xr.testing.assert_identical(found.drop_attrs(), references[2025].results[2025].drop_attrs())


def test_russian_stop_hurts_the_centre_first_and_2021_most(references, solved):
    lost = {
        year: {
            "centre and south-east": share_lost(solved("russian-stop", year), CENTRAL),
            "west": share_lost(solved("russian-stop", year), WESTERN),
            "Dutch price": float(rise(solved("russian-stop", year), references[year].results[year])["NL"]),
        }
        for year in (2021, 2025)
    }
    print(pd.DataFrame(lost).round(4))
    assert lost[2021]["centre and south-east"] > 1.5 * lost[2021]["west"]
    assert lost[2021]["centre and south-east"] > 10 * lost[2025]["centre and south-east"]
    assert lost[2021]["Dutch price"] > 5 * lost[2025]["Dutch price"] > 0.0


@pytest.mark.parametrize("year", [2021, 2025])
def test_scp_disruption_hits_its_buyers_before_germany(references, solved, year):
    prices = rise(solved("scp-disruption", year), references[year].results[year], slice(0, 3))
    print(year, prices[[*SCP_BUYERS, "IT", "DE"]].round(2).to_dict())
    direct = [zone for zone in SCP_BUYERS if year == 2025 or zone != "GE"]
    assert (prices[direct] > prices["DE"]).all()


def test_tap_expansion_needs_gas(references, solved):
    reference, entry = references[2025].results[2025], ["TANAP-TAP"]
    alone, filled = solved("tap-expansion"), solved("tap-expansion", upstream_bcm=5.0)
    flows = {
        name: carry(ds, entry).item() for name, ds in (("reference", reference), ("alone", alone), ("gas", filled))
    }
    falls = {name: -float(rise(ds, reference)["IT"]) for name, ds in (("alone", alone), ("gas", filled))}
    print(flows, falls)
    assert abs(flows["alone"] - flows["reference"]) < 1.0
    assert flows["gas"] > flows["reference"] + 25.0
    assert abs(falls["alone"]) < 0.1 < falls["gas"]


@pytest.mark.parametrize("year", [2021, 2025])
def test_hormuz_raises_prices_wherever_lng_lands(references, solved, year):
    reference = references[year].results[year]
    prices = rise(solved("hormuz-2026", year), reference)
    landed = carry(reference, reference["link"].values[reference["carrier"].values == "regasification"].tolist())
    zones = sorted(set(reference["bus1"].sel(link=landed.index[landed > 0.1]).values))
    print(year, prices[zones].round(1).to_dict())
    assert len(zones) > 10
    assert (prices[zones] > 1.0).all()


def test_networks_stay_as_they_are(references, packaged):
    n = references[2025].networks[2025]
    fresh = build_network(2025, "monthly", packaged)
    for component in ("generators", "links", "stores"):
        pd.testing.assert_frame_equal(getattr(n, component), getattr(fresh, component))
