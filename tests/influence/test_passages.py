"""Gas that enters one country and what leaves it: shares of output, falls, labels, all by hand."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from energyflows.errors import UnknownNameError, UsageError
from energyflows.influence import attribute_conduits, measure_gap, measure_passage
from energyflows.influence.passages import split_supply

YEAR = 0.365
#: PIPE feeds TR, which sends on 30; another 30 of the same supplier reach IT apart from it.
ARCS = {("PIPE", "TR"): 50.0, ("TAP", "IT"): 30.0, ("TR", "BG"): 30.0}
OUTPUT = {("PIPE", "RU"): 50.0, ("TAP", "RU"): 30.0, ("TR", "AZ"): 50.0, ("BG", "BG"): 5.0}


@pytest.fixture(scope="module")
def ds(market):
    return market(ARCS, OUTPUT)


@pytest.fixture(scope="module")
def branched(market):
    """Return a market in which PIPE feeds TR and, by TAP, IT."""
    arcs = {("PIPE", "TR"): 50.0, ("PIPE", "TAP"): 30.0, ("TAP", "IT"): 30.0, ("TR", "BG"): 30.0}
    return market(arcs, {("PIPE", "RU"): 80.0, ("TR", "AZ"): 50.0, ("BG", "BG"): 5.0})


@pytest.fixture(scope="module")
def tables(contract):
    columns = ["rule", "kind", "origin", "zone", "value", "contract_type", "gas", "active", "valid_from", "valid_to"]
    held = pd.DataFrame([contract("c", "BG", "TR-BG", 10 * YEAR, "RU"), contract("d", "BG", "TR-BG", 5 * YEAR, "TR")])
    cargoes = ["series", "importer", "origin", "kind", "period", "frequency", "twh"]
    return {
        "zones": pd.DataFrame({"zone": ["BG", "IT", "TR"], "eu": [True, True, False]}),
        "rules": pd.DataFrame(columns=columns).astype({"active": bool}),
        "contracts": held,
        "observed_imports": pd.DataFrame(columns=cargoes).astype({"twh": float}),
        "lng_suppliers": pd.DataFrame({"supplier": ["US"]}),
    }


def test_output_is_split_by_the_country_it_enters_first(branched):
    split = split_supply(branched, "RU", "TR", "RU via TR")
    rates = split["supplied"].isel(snapshot=0).groupby(split["generator_origin"]).sum().to_series()
    assert rates.round(6).to_dict() == {"AZ": 50.0, "BG": 5.0, "RU": 30.0, "RU via TR": 50.0}
    assert split["generator_bus"].to_series()["PIPE RU via TR"] == "PIPE"
    italy = split_supply(branched, "RU", "IT", "mine")
    assert float(italy["supplied"].sel(generator="PIPE RU via IT").item()) == pytest.approx(30.0)


def test_output_in_the_market_itself_enters_it_whole(ds):
    split = split_supply(ds, "AZ", "TR", "mine")
    assert split["supplied"].sel(generator="TR AZ").item() == 0.0
    assert split["supplied"].sel(generator="TR AZ via TR").item() == 50.0


@pytest.mark.parametrize(("origin", "conduit"), [("RU", "BG"), ("BG", "TR")])
def test_nothing_is_split_off_where_nothing_enters(ds, origin, conduit):
    rates = split_supply(ds, origin, conduit, "mine")["supplied"]
    xr.testing.assert_equal(rates.sel(generator=ds["generator"]), ds["supplied"])
    assert not rates.isel(generator=(rates["generator_origin"] == "mine").to_numpy()).any()


def test_corridors_one_behind_the_other_share_what_they_pass_on(market):
    ds = market(
        {("PIPE", "TAP"): 40.0, ("TAP", "TR"): 10.0, ("TAP", "IT"): 30.0, ("PIPE", "TR"): 10.0}, {("PIPE", "RU"): 50.0}
    )
    split = split_supply(ds, "RU", "TR", "mine")
    # 10 of 50 at once, and a quarter of the 40 that go by TAP.
    assert split["supplied"].sel(generator="PIPE RU via TR").item() == pytest.approx(20.0)


def test_rates_of_snapshots_are_split_apart(market):
    ds = market({("PIPE", "TR"): [10.0, 20.0], ("PIPE", "DE"): [30.0, 0.0]}, {("PIPE", "RU"): [40.0, 20.0]}, steps=2)
    split = split_supply(ds, "RU", "TR", "mine")
    np.testing.assert_allclose(split["supplied"].sel(generator="PIPE RU via TR"), [10.0, 20.0])
    np.testing.assert_allclose(split["supplied"].sel(generator="PIPE RU"), [30.0, 0.0], atol=1e-6)


def test_only_what_enters_is_missing(ds):
    fall = measure_passage(ds, "RU", "TR")["fall"].sel(year=2025, origin="RU") / YEAR
    assert float(fall.sel(curtailment="pro-rata").sum()) == pytest.approx(50.0, rel=1e-4)
    # 50 of the 105 of TR and BG; IT keeps the 30 that reach it by the corridor.
    by_bus = fall.sel(curtailment="pro-rata").to_series()
    assert by_bus[["BG", "TR"]].tolist() == pytest.approx([35 * 50 / 105, 70 * 50 / 105], rel=1e-4)
    assert by_bus["IT"] == 0.0


def test_gas_on_another_way_can_come_in_its_place(branched):
    fall = measure_passage(branched, "RU", "TR")["fall"].sel(curtailment="pro-rata") / YEAR
    # What PIPE still gives may turn to TR, so that IT shares the loss: 50 of 135.
    by_bus = fall.squeeze().to_series()
    assert by_bus[["BG", "IT"]].tolist() == pytest.approx([35 * 50 / 135, 30 * 50 / 135], rel=1e-4)


def test_without_a_way_past_a_passage_is_the_gap(market):
    ds = market({("PIPE", "TR"): 60.0, ("TR", "BG"): 30.0}, {("PIPE", "RU"): 60.0, ("TR", "AZ"): 40.0})
    passage, gap = measure_passage(ds, "RU", "TR"), measure_gap(ds, ["RU"])
    xr.testing.assert_allclose(passage["fall"], gap["fall"], atol=1e-4)


def test_gas_that_never_enters_is_missing_nowhere(ds):
    found = measure_passage(ds, "RU", "BG")
    assert found["origin"].to_numpy().tolist() == ["RU"]
    assert not found["fall"].any()
    assert not found["fall_sent"].any()


def test_a_conduit_by_all_accounts(ds, tables):
    row = attribute_conduits(ds, "RU", conduits=["TR"], tables=tables).iloc[0]
    assert row["exported_twh"] == pytest.approx(30 * YEAR)
    assert row["molecules_twh"] == pytest.approx(15 * YEAR)
    assert row["label_twh"] == pytest.approx(10 * YEAR)
    assert row["hidden_molecules_twh"] == pytest.approx(5 * YEAR)
    # pro-rata: BG loses 16.67, all of it at its border; last-in: 10 and 5 under contract and its own 5 come last.
    assert row["displacement_mid_twh"] == pytest.approx(35 * 50 / 105 * YEAR, rel=1e-4)
    assert row["displacement_low_twh"] == pytest.approx(15 * 50 / 85 * YEAR, rel=1e-4)
    assert row["hidden_displacement_mid_twh"] == pytest.approx((35 * 50 / 105 - 10) * YEAR, rel=1e-4)
    assert row["hidden_displacement_low_twh"] == 0.0


def test_a_row_for_each_border(market, tables):
    ds = market(ARCS | {("TR", "GR"): 12.0}, OUTPUT)
    table = attribute_conduits(ds, "RU", conduits=["TR"], by_link=True, tables=tables).set_index("link")
    assert table.index.tolist() == ["TR-BG", "TR-GR"]
    assert table["exported_twh"].tolist() == pytest.approx([30 * YEAR, 12 * YEAR])
    assert table["molecules_twh"].tolist() == pytest.approx([15 * YEAR, 6 * YEAR])
    assert table["label_twh"].tolist() == pytest.approx([10 * YEAR, 0.0])


def test_borders_that_carry_one_name_openly_hide_nothing(market, tables):
    arcs = ARCS | {("STRING", "DE"): 20.0}
    ds = market(arcs, OUTPUT | {("STRING", "RU"): 20.0})
    country, kind = ds["country"].to_series(), ds["bus_kind"].to_series()
    country["STRING"], kind["STRING"] = "TR", "corridor"
    ds = ds.assign_coords(country=("bus", country.to_numpy()), bus_kind=("bus", kind.to_numpy()))
    by_link = attribute_conduits(ds, "RU", conduits=["TR"], by_link=True, tables=tables).set_index("link")
    assert by_link.at["STRING-DE", "molecules_twh"] == pytest.approx(20 * YEAR)
    assert by_link.at["STRING-DE", "label_twh"] == pytest.approx(20 * YEAR)
    row = attribute_conduits(ds, "RU", conduits=["TR"], tables=tables).iloc[0]
    assert row["exported_twh"] == pytest.approx(30 * YEAR)
    assert row["molecules_twh"] == pytest.approx(15 * YEAR)


def test_several_conduits_and_scenarios(ds, tables, market):
    less = market(ARCS | {("TR", "BG"): 15.0}, OUTPUT)
    both = xr.concat(
        [ds, less], pd.Index(["more", "less"], name="scenario"), coords="minimal", compat="override"
    ).assign_attrs(meta="{}")
    table = attribute_conduits(both, "RU", conduits=["TR", "GR"], tables=tables)
    assert table["scenario"].tolist() == ["more", "more", "less", "less"]
    assert table["conduit"].tolist() == ["TR", "GR", "TR", "GR"]
    assert table["molecules_twh"].tolist() == pytest.approx([15 * YEAR, 0.0, 7.5 * YEAR, 0.0], abs=1e-9)


def test_a_text_is_one_conduit(ds, tables):
    assert attribute_conduits(ds, "RU", conduits="TR", tables=tables)["conduit"].tolist() == ["TR"]


@pytest.mark.parametrize(
    ("origin", "conduit", "error", "message"),
    [
        ("RX", "TR", UnknownNameError, "'RX'"),
        ("RU", "TRR", UnknownNameError, "'TRR'"),
        ("RU", "RU", UsageError, "expected countries other than RU"),
    ],
)
def test_wrong_names(ds, tables, origin, conduit, error, message):
    with pytest.raises(error, match=message):
        attribute_conduits(ds, origin, conduits=[conduit], tables=tables)


def test_wrong_names_of_a_passage(ds):
    with pytest.raises(UnknownNameError, match="'RX'"):
        measure_passage(ds, "RX", "TR")
    with pytest.raises(UnknownNameError, match="'TRR'"):
        measure_passage(ds, "RU", "TRR")


def test_results_that_are_none_are_refused():
    with pytest.raises(UsageError, match="found int"):
        attribute_conduits(3, "RU")
