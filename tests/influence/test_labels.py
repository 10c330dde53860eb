"""Labels by hand: corridors, hubs outside the single market, contracts, changed papers."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from energyflows.influence._contracts import (
    World,
    add_contracts,
    date_papers,
    end_contracts,
    find_shipped,
)
from energyflows.influence._labels import label_gas
from energyflows.influence._papers import FIXED, UNLABELLED, claim_flows, fill_claims
from energyflows.tracing import trace

YEAR = 0.365
RULES = pd.DataFrame(columns=["rule", "kind", "origin", "zone", "value", "active", "valid_from", "valid_to"])
COLUMNS = [
    "contract",
    "seller_country",
    "zone",
    "link",
    "annual_twh",
    "take_or_pay",
    "minimum",
    "start",
    "end",
    "label",
]


def _label(ds, contracts=(), naming="entry", papers=(), bans=(), members=("BG", "HU", "DE", "ES")):
    table = pd.DataFrame(list(contracts), columns=COLUMNS).astype({"start": "datetime64[ns]", "end": "datetime64[ns]"})
    world = World(table, RULES, list(members), list(papers), list(bans))
    found = label_gas(ds, world, trace(ds), naming)

    def read(bus):
        rates = found.delivered.sel(bus=bus).isel(year=0).to_series() / YEAR
        return rates[rates.abs() > 1e-9].round(6).to_dict()

    return found, read


@pytest.fixture(scope="module")
def hub(market):
    return market(
        {("PIPE", "TR"): 60.0, ("TR", "BG"): 30.0}, {("PIPE", "RU"): 60.0, ("TR", "AZ"): 40.0, ("BG", "BG"): 5.0}
    )


def test_a_corridor_of_one_supplier_bears_its_name(market):
    ds = market({("PIPE", "DE"): 100.0}, {("PIPE", "RU"): 100.0, ("DE", "DE"): 20.0})
    assert _label(ds)[1]("DE") == {"DE": 20.0, "RU": 100.0}


def test_contracts_alone_name_what_they_cover(market, contract):
    ds = market({("PIPE", "DE"): 100.0}, {("PIPE", "RU"): 100.0, ("DE", "DE"): 20.0})
    rows = [contract("c", "DE", "PIPE-DE", 70 * YEAR, "RU")]
    assert _label(ds, rows, "contracts")[1]("DE") == {"DE": 20.0, "RU": 70.0, UNLABELLED: 30.0}


def test_gas_sold_on_by_a_country_outside_loses_its_name(hub):
    assert _label(hub)[1]("BG") == {"BG": 5.0, UNLABELLED: 30.0}
    assert _label(hub)[1]("TR") == {"AZ": 28.0, "RU": 42.0}


def test_the_rule_of_partners_names_the_country_that_sold(hub):
    assert _label(hub, naming="partner")[1]("BG") == {"BG": 5.0, "TR": 30.0}


def test_a_contract_at_a_border_names_its_part(hub, contract):
    rows = [contract("c", "BG", "TR-BG", 10 * YEAR, "TR")]
    assert _label(hub, rows)[1]("BG") == {"BG": 5.0, "TR": 10.0, UNLABELLED: 20.0}


def test_a_contract_at_no_known_link_names_gas_of_the_hub(hub, contract):
    rows = [contract("c", "BG", None, 12 * YEAR, "AZ"), contract("d", "BG", None, 24 * YEAR, "NO")]
    assert _label(hub, rows)[1]("BG") == {"AZ": 10.0, "BG": 5.0, "NO": 20.0}


def test_contracts_of_more_than_flows_share_it_and_are_told(hub, contract):
    rows = [contract("c", "BG", "TR-BG", 45 * YEAR, "TR"), contract("d", "BG", "TR-BG", 30 * YEAR, "AZ")]
    found, at = _label(hub, rows)
    assert at("BG") == {"AZ": 15.0, "BG": 5.0, "TR": 15.0}
    assert found.notes == ["c 2025: 16.4 TWh agreed, 10.9 flowed"]


def test_a_contract_of_a_supplier_whose_gas_does_not_flow_names_nothing(hub, contract):
    rows = [contract("c", "BG", "TR-BG", 10 * YEAR, "IR"), contract("d", "BG", "TR-BG", 10 * YEAR, "RU")]
    supplied = hub.assign_coords(generator_origin=hub["generator_origin"].where(hub["generator"] != "PIPE RU", "IR"))
    assert _label(supplied, rows)[1]("BG") == {"BG": 5.0, "IR": 10.0, UNLABELLED: 20.0} | {"RU": 10.0, UNLABELLED: 10.0}
    none = hub.assign_coords(generator_origin=hub["generator_origin"].where(hub["generator"] != "TR AZ", "RU"))
    gone = [contract("c", "BG", "TR-BG", 10 * YEAR, "AZ")]
    assert "AZ" in _label(hub, gone)[1]("BG")
    assert "AZ" in _label(none, gone)[1]("BG")


def test_gas_that_a_scenario_relabels_bears_the_new_name(hub):
    paper = {"at": "TR-BG", "from": "RU", "to": "TR", "share": 0.5, "start": None, "end": None}
    assert _label(hub, papers=[paper])[1]("BG") == {"BG": 5.0, "TR": 9.0, UNLABELLED: 21.0}


def test_no_gas_keeps_a_name_that_all_of_it_loses(market, contract):
    ds = market(
        {("PIPE", "DE"): 60.0, ("TAP", "DE"): 40.0}, {("PIPE", "RU"): 50.0, ("PIPE", "NO"): 10.0, ("TAP", "AZ"): 40.0}
    )
    paper = {"at": "DE", "from": "RU", "to": "TR", "share": 1.0, "start": None, "end": None}
    rows = [contract("c", "DE", "PIPE-DE", 45 * YEAR, "RU")]
    assert _label(ds, rows, papers=[paper])[1]("DE") == {"AZ": 40.0, "NO": 10.0, "TR": 50.0}


def test_a_swap_changes_the_names_of_a_stated_volume_behind_contracts_too(market, contract):
    ds = market({("TAP", "DE"): 50.0}, {("TAP", "AZ"): 50.0})
    paper = {"at": "TAP-DE", "from": "AZ", "to": "RU", "twh": 20 * YEAR, "per": "year", "start": None, "end": None}
    rows = [contract("c", "DE", "TAP-DE", 50 * YEAR, "AZ")]
    assert _label(ds, rows, papers=[paper])[1]("DE") == {"AZ": 30.0, "RU": 20.0}


def test_a_market_with_one_foreign_supplier_passes_its_name_on(market):
    ds = market({("PIPE", "RS"): 40.0, ("RS", "HU"): 30.0}, {("PIPE", "RU"): 40.0, ("RS", "RS"): 2.0})
    assert _label(ds)[1]("HU") == pytest.approx({"RS": 30.0 * 2 / 42, "RU": 30.0 * 40 / 42}, abs=1e-5)


def test_a_market_that_produces_more_than_a_little_sells_no_foreign_name_on(market):
    ds = market({("PIPE", "RS"): 40.0, ("RS", "HU"): 30.0}, {("PIPE", "RU"): 40.0, ("RS", "RS"): 10.0})
    assert _label(ds)[1]("HU") == {UNLABELLED: 30.0}


def test_a_market_that_only_produces_sells_under_its_own_name(market):
    ds = market({("AZ", "HU"): 30.0}, {("AZ", "AZ"): 40.0})
    assert _label(ds)[1]("HU") == {"AZ": 30.0}


def test_a_barred_name_does_not_pass_into_the_union(market):
    ds = market({("PIPE", "RS"): 40.0, ("RS", "HU"): 30.0}, {("PIPE", "RU"): 40.0})
    ban = {"origin": "RU", "zone": "EU27", "contract_type": "long", "gas": "pipeline", "from": "2024-01-01", "to": None}
    both = [ban, ban | {"contract_type": "short", "from": "2025-07-02"}]
    assert _label(ds, bans=[ban])[1]("HU") == {"RU": 30.0}
    found = _label(ds, bans=both)[1]("HU")
    assert found == pytest.approx({"RU": 30.0 * 182 / 365, UNLABELLED: 30.0 * 183 / 365}, abs=1e-5)
    assert _label(ds, bans=[each | {"origin": "AZ"} for each in both])[1]("HU") == {"RU": 30.0}
    assert _label(ds, bans=both, members=["DE"])[1]("HU") == {"RU": 30.0}


def test_a_market_fed_by_members_alone_passes_their_names_on(market):
    ds = market(
        {("PIPE", "DE"): 50.0, ("DE", "CH"): 20.0, ("CH", "HU"): 15.0}, {("PIPE", "RU"): 50.0, ("DE", "DE"): 50.0}
    )
    assert _label(ds)[1]("HU") == {"DE": 7.5, "RU": 7.5}


def test_a_ban_ends_the_names_of_contracts(hub, contract):
    ban = {"origin": "RU", "zone": "EU27", "contract_type": "long", "gas": "pipeline", "from": "2025-07-02", "to": None}
    rows = [contract("c", "BG", "TR-BG", 10 * YEAR, "RU")]
    named = _label(hub, rows, bans=[ban])[1]("BG")["RU"]
    assert named == pytest.approx(10 * 182 / 365)


def test_cargoes_bear_the_name_of_their_supplier(market, contract):
    arcs = {("LNGUS", "LNGEU"): 30.0, ("LNGRU", "LNGEU"): 10.0, ("LNGEU", "ES"): 20.0, ("LNGEU", "DE"): 20.0}
    ds = market(arcs, {("LNGUS", "US"): 30.0, ("LNGRU", "RU"): 10.0})
    rows = [contract("ship", "ES", "LNGRU-LNGEU", 8 * YEAR, "RU")]
    assert _label(ds, rows)[1]("ES") == {"RU": 5.0, "US": 15.0}
    assert _label(ds, rows, "contracts")[1]("ES") == {"RU": 8.0, UNLABELLED: 12.0}


def test_labels_are_all_of_consumption(hub, contract):
    rows = [contract("c", "BG", "TR-BG", 10 * YEAR, "TR"), contract("d", "TR", "PIPE-TR", 90 * YEAR, "RU")]
    for naming in ("entry", "contracts", "partner"):
        total = _label(hub, rows, naming)[0].delivered.sum("origin").isel(year=0)
        np.testing.assert_allclose(total, hub["consumed"].isel(snapshot=0) * YEAR, atol=1e-12)


def test_scenarios_and_draws_beside_each_other_equal_each_alone(hub, market, contract):
    other = market(
        {("PIPE", "TR"): 50.0, ("TR", "BG"): 10.0}, {("PIPE", "RU"): 50.0, ("TR", "AZ"): 10.0, ("BG", "BG"): 1.0}
    )
    both = xr.concat([hub, other], dim=pd.Index([0, 1], name="draw"), coords="minimal", compat="override")
    rows = [contract("c", "BG", "TR-BG", 15 * YEAR, "TR")]
    found = _label(both, rows)[0].delivered
    for draw, ds in enumerate((hub, other)):
        alone = _label(ds, rows)[0].delivered
        xr.testing.assert_allclose(found.sel(draw=draw, drop=True), alone.reindex_like(found.sel(draw=draw, drop=True)))


def test_bans_reach_what_they_name(contract):
    table = pd.DataFrame(
        [
            contract("long", "HU", "RS-HU", 1.0, "RU"),
            contract("short", "HU", "RS-HU", 1.0, "RU", start=pd.Timestamp(2026, 1, 1), end=pd.Timestamp(2026, 12, 31)),
            contract("ship", "ES", "LNGRU-LNGEU", 1.0, "RU"),
            contract("outside", "RS", "PIPE-RS", 1.0, "RU"),
            contract("other", "HU", "RS-HU", 1.0, "AZ"),
        ]
    )

    def left(**ban):
        full = {"origin": "RU", "zone": "EU27", "contract_type": "any", "gas": "any", "from": "2026-06-01"} | ban
        ended = end_contracts(table, [full], members=["HU", "ES"], shipped=["ship"])
        return ended.loc[ended["end"] == pd.Timestamp(2026, 5, 31), "contract"].tolist()

    assert left() == ["long", "short", "ship"]
    assert left(contract_type="short") == ["short"]
    assert left(contract_type="spot") == []
    assert left(gas="lng") == ["ship"]
    assert left(gas="pipeline", contract_type="long") == ["long"]
    assert left(zone="HU") == ["long", "short"]
    assert left(zone="PIPE-RS") == ["outside"]


def test_a_contract_that_a_scenario_concludes_names_gas_like_others(hub, contract):
    paper = {"at": "TR-BG", "to": "AZ", "twh": 12 * YEAR, "per": "year", "start": None, "end": None}
    short = paper | {"twh": 1.0, "per": "period", "start": "2025-01-01", "end": "2025-03-14"}
    table = add_contracts(pd.DataFrame([contract("c", "BG", "TR-BG", 1.0, "TR")]), [paper, short, {"from": "RU"}], hub)
    assert table["contract"].tolist() == ["c", "scenario TR-BG AZ", "scenario TR-BG AZ"]
    assert table["annual_twh"].tolist() == pytest.approx([1.0, 12 * YEAR, 5.0])
    assert table["zone"].tolist() == ["BG"] * 3
    assert _label(hub, table.to_dict("records")[1:2])[1]("BG")["AZ"] == pytest.approx(12.0)


def test_papers_of_days_of_every_year_hold_in_each_winter(market):
    ds = market({("PIPE", "DE"): [1.0] * 8}, {("PIPE", "RU"): [1.0] * 8}, steps=8, days=91.0)
    paper = {"at": "PIPE-DE", "from": "RU", "to": "AZ", "share": 1.0, "start": "10-01", "end": "03-31"}
    dated = [(each["start"], each["end"]) for each in date_papers([paper, {**paper, "start": None, "end": None}], ds)]
    winters = [("2024-10-01", "2025-03-31"), ("2025-10-01", "2026-03-31"), ("2026-10-01", "2027-03-31")]
    assert dated == [*winters, (None, None)]


def test_contracts_follow_the_flow_of_the_year(market, contract):
    ds = market({("PIPE", "DE"): [10.0, 30.0]}, {("PIPE", "RU"): [10.0, 30.0]}, steps=2, days=100.0)
    table = pd.DataFrame([contract("c", "DE", "PIPE-DE", 3.65, "RU")])
    shares = claim_flows(ds, table, {"c": ["PIPE-DE"]}).shares
    # 3.65 TWh a year are 2 TWh in 200 days, of which 4 TWh flow.
    np.testing.assert_allclose(shares.sel(origin="RU", link="PIPE-DE"), [0.5, 0.5])


def test_contracts_for_cargoes_are_known_by_place_name_or_country(market, contract):
    ds = market(
        {("LNGUS", "LNGEU"): 30.0, ("LNGEU", "ES"): 30.0, ("PIPE", "DE"): 1.0},
        {("LNGUS", "US"): 30.0, ("PIPE", "RU"): 1.0},
    )
    rows = [
        contract("a", "ES", "LNGUS-LNGEU", 1.0, "US"),
        contract("some-lng-deal", "DE", None, 1.0, "RU"),
        contract("b", "DE", None, 1.0, "US"),
        contract("c", "DE", None, 1.0, "RU"),
    ]
    assert find_shipped(pd.DataFrame(rows), ds) == ["a", "some-lng-deal", "b"]


def _shares(**values):
    return xr.DataArray(list(values.values()), dims="origin", coords={"origin": list(values)})


def test_claims_take_from_what_has_no_label_first():
    mix = _shares(RU=0.2, NO=0.3, unlabelled=0.5)
    found = fill_claims(mix, _shares(RU=0.6))
    assert found.to_series().round(9).to_dict() == {"NO": 0.3, "RU": 0.6, "unlabelled": 0.1}
    found = fill_claims(mix, _shares(RU=0.9))
    assert found.to_series().round(9).to_dict() == {"NO": 0.1, "RU": 0.9, "unlabelled": 0.0}


@given(
    st.lists(st.floats(0.0, 1.0), min_size=4, max_size=4).filter(lambda row: sum(row) > 0.1),
    st.lists(st.floats(0.0, 1.0), min_size=3, max_size=3),
)
def test_papers_sum_to_all_gas_and_hold_every_claim(weights, wanted):
    names = ["AZ", "RU", UNLABELLED, f"{FIXED}TR"]
    mix = xr.DataArray(np.array(weights) / sum(weights), dims="origin", coords={"origin": names})
    claims = xr.DataArray(
        np.array(wanted) / max(sum(wanted), 1.0), dims="origin", coords={"origin": ["AZ", "RU", "NO"]}
    )
    found = fill_claims(mix, claims)
    assert float(found.sum()) == pytest.approx(1.0)
    assert float(found.min()) >= -1e-12
    assert float(found.sel(origin=f"{FIXED}TR")) == pytest.approx(float(mix.sel(origin=f"{FIXED}TR")))
    room = 1.0 - float(mix.sel(origin=f"{FIXED}TR"))
    scale = min(1.0, room / float(claims.sum())) if float(claims.sum()) else 1.0
    assert bool((found.sel(origin=["AZ", "RU", "NO"]) >= claims * scale - 1e-9).all())
