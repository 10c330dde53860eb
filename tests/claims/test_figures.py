"""Every figure against what can be worked out by hand on the toy."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from energyflows.claims import FIGURES
from energyflows.claims._figures import View
from energyflows.errors import UnknownNameError
from energyflows.influence._owners import change_owners

LOSS_TO_TR = 26.5 / 0.99 - 26.5
LNG = 219 - 20 - 73 + 26.5 + LOSS_TO_TR


def compute(name, *views, **arguments):
    return FIGURES[name].compute(*views, **arguments)


@pytest.fixture
def view(toy, toy_run):
    """Return a factory of runs; keywords replace variables of the results."""

    def make(**variables):
        tables = toy()
        return View(toy_run.assign(**variables), tables, 2025, tables["ownership"])

    return make


def test_every_figure_says_what_it_is():
    assert len(FIGURES) == 34
    assert all(each.about.endswith(".") and each.unit for each in FIGURES.values())
    assert FIGURES["zones_dearer"].needed == ("least",)
    assert FIGURES["import_share"].optional == ("kind",)
    assert [name for name, each in FIGURES.items() if each.pair] == [
        "zones_dearer",
        "zones_short",
        "leverage_change",
        "leverage_growth",
    ]
    ranged = {"account_share", "account_volume", "hidden_share", "hidden_volume", "hidden_revenue"}
    ranged |= {"leverage", "leverage_change", "leverage_growth", "gain_from_trade", "coordination_gain"}
    ranged |= {"conduct_gain", "conduct_joint_gain", "conduct_price"}
    assert {name for name, each in FIGURES.items() if each.ranged} == ranged


# ------------------------------------------------------------------ what comes in
def test_imports_by_origin(view):
    run = view()
    sent = run.imports.loc[run.imports["origin"] == "TR", "twh"].sum()
    total = LNG + 73 + sent
    assert compute("import_volume", run, origin="RU") == pytest.approx(73)
    assert compute("import_volume", run, origin="US", kind="lng") == pytest.approx(LNG)
    assert compute("import_volume", run, origin="US", kind="pipeline") == 0
    assert compute("import_volume", run, origin="AZ") == 0
    assert compute("import_share", run, origin="RU") == pytest.approx(100 * 73 / total)


def test_concentration_leaves_out_who_only_takes(view):
    shares = np.array([73, LNG]) / (73 + LNG)
    assert compute("import_concentration", view()) == pytest.approx((shares**2).sum())


def test_without_imports_there_is_no_share(view, toy_run):
    run = view(received=0 * toy_run["received"], supplied=0 * toy_run["supplied"])
    assert np.isnan(compute("import_share", run, origin="RU"))
    assert np.isnan(compute("import_concentration", run))


# ------------------------------------------------------------------ markets
def test_price_is_weighted_by_consumption(view, toy_run):
    prices = (toy_run["bus"] == "NL") * 10.0 + (toy_run["bus"] == "DE") * 40.0 + 0 * toy_run["price"]
    run = view(price=prices)
    assert compute("price", run, zone="NL") == pytest.approx(10)
    assert compute("price", run) == pytest.approx((10 * 73 + 40 * 146) / 219)
    assert np.isnan(compute("price", run, zone="LNGUS"))


def test_lost_demand_is_what_is_not_met_or_given_up(view, toy_run):
    one = xr_rate(toy_run, "NL", 1.0)
    run = view(unserved=one, response=2 * one + xr_rate(toy_run, "TR", 10.0))
    assert compute("unserved", run) == pytest.approx(0.365)
    assert compute("lost_demand", run) == pytest.approx(3 * 0.365)
    assert compute("lost_demand", run, zone="all") == pytest.approx(13 * 0.365)


def xr_rate(ds, bus, rate):
    """Return a rate at one bus, GWh/d."""
    return (ds["bus"] == bus) * rate + 0.0 * ds["unserved"]


def test_zones_dearer_count_from_the_rise_given(view, toy_run):
    flat = 0 * toy_run["price"] + 20.0
    base, run = view(price=flat), view(price=flat * (1 + 0.05 * (toy_run["bus"] == "NL")))
    assert compute("zones_dearer", run, base, least=5.0) == 1
    assert compute("zones_dearer", run, base, least=5.1) == 0
    assert compute("zones_dearer", view(price=2 * flat), base, least=5.0) == 2
    assert compute("zones_dearer", view(price=2 * flat), base, least=5.0, zone="all") == 3
    assert compute("zones_dearer", view(price=flat), view(price=-flat), least=5.0) == 0


def test_zones_short_count_from_the_part_of_demand_given(view, toy_run):
    lost = xr_rate(toy_run, "DE", 0.02 * 146e3 / 365)
    run = view(unserved=lost)
    assert compute("zones_short", run, view(), least=1.9) == 1
    assert compute("zones_short", run, view(), least=2.1) == 0
    assert compute("zones_short", run, run, least=1.9) == 0


def test_flow_use_and_received_share(view):
    run = view()
    assert compute("flow", run, link="YAMAL-DE") == pytest.approx(73)
    assert compute("use", run, link="YAMAL-DE") == pytest.approx(100 * 73 / (400 * 0.365))
    assert np.isnan(compute("use", run, link="NL-DE"))
    inward = compute("flow", run, link="NL-DE")
    assert compute("received_share", run, zone="DE", link="YAMAL-DE") == pytest.approx(100 * 73 / (73 + inward))
    assert np.isnan(compute("received_share", run, zone="LNGUS", link="YAMAL-DE"))


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("flow", {"link": "YAMAL"}),
        ("use", {"link": "YAMAL"}),
        ("price", {"zone": "FR"}),
        ("received_share", {"zone": "FR", "link": "YAMAL-DE"}),
        ("held_share", {"country": "RU", "asset": "Jamal"}),
        ("controlled_volume", {"country": "RU", "owner": "Gasprom"}),
        ("account_share", {"origin": "RU", "account": "labels"}),
        ("account_volume", {"origin": "RU", "account": "label", "area": "FR"}),
        ("hidden_volume", {"origin": "RU", "conduit": "DE", "account": "label"}),
        ("hidden_volume", {"origin": "RU", "conduit": "FR", "account": "molecules"}),
        ("flow", {"link": "DE-TR", "origin": "RU", "account": "legal"}),
    ],
)
def test_a_name_that_does_not_exist_is_refused(view, name, arguments):
    with pytest.raises(UnknownNameError):
        compute(name, view(), **arguments)


# ------------------------------------------------------------------ suppliers
def test_deliveries_and_revenue(view, toy_run):
    run = view(price=0 * toy_run["price"] + 20.0)
    assert compute("deliveries", run, supplier="RU") == pytest.approx(73)
    assert compute("revenue", run, supplier="RU") == pytest.approx(73 * 20 / 1e3)
    low = view(price=0 * toy_run["price"] - 20.0)
    assert compute("revenue", low, supplier="RU") == 0


def test_a_price_of_given_up_demand_in_a_closed_market_is_not_revenue(view, toy_run):
    run = view(price=(toy_run["bus"] == "TR") * 240.0 + (toy_run["bus"] != "TR") * 30.0 + 0 * toy_run["price"])
    usual = view(price=0 * toy_run["price"] + 30.0)
    for supplier in ("RU", "US"):
        assert compute("revenue", run, supplier=supplier) == pytest.approx(compute("revenue", usual, supplier=supplier))


def test_cargoes_are_sold_where_they_land(view, toy_run):
    prices = (toy_run["bus"] == "LNGEU") * 30.0 + 0 * toy_run["price"]
    assert compute("revenue", view(price=prices), supplier="US") == pytest.approx(LNG * 30 / 1e3)


def test_gas_among_others_counts_by_its_share(toy, toy_run):
    rates = toy_run[["supplied", "available"]]
    russian = toy_run["generator_origin"] == "RU"
    quarter = rates.isel(generator=russian.to_numpy()) * 0.25
    names = [f"{each} other" for each in quarter["generator"].to_numpy()]
    quarter = quarter.assign_coords(generator=names, generator_origin=("generator", ["KZ"] * len(names)))
    joined = xr.concat([rates.where(~russian, rates * 0.75), quarter], dim="generator")
    flat = toy_run.assign(price=0 * toy_run["price"] + 20.0)
    tables = toy()
    run = View(flat.drop_dims("generator").merge(joined), tables, 2025, tables["ownership"])
    assert compute("revenue", run, supplier="RU") == pytest.approx(0.75 * 73 * 20 / 1e3)
    assert compute("revenue", run, supplier="KZ") == pytest.approx(0.25 * 73 * 20 / 1e3)


def test_gas_from_a_grid_is_sold_at_its_border(view, toy_run):
    run = view(price=0 * toy_run["price"] + 20.0)
    away = [compute("account_volume", run, origin="NL", account="molecules", area=each).value for each in ("DE", "TR")]
    out = away[0] + away[1] / 0.99
    assert 0 < out < 20
    assert compute("revenue", run, supplier="NL") == pytest.approx(out * 20 / 1e3)


def test_controlled_volume_is_share_times_throughput(view, toy_run):
    run = view(price=0 * toy_run["price"] + 20.0)
    assert compute("held_share", run, country="RU", asset="Yamal") == pytest.approx(50)
    assert compute("held_share", run, country="DE", asset="Yamal") == 0
    for owner in ({}, {"owner": "Gazprom"}):
        assert compute("controlled_volume", run, country="RU", **owner) == pytest.approx(36.5)
        assert compute("controlled_value", run, country="RU", **owner) == pytest.approx(36.5 * 20 / 1e3)
    assert compute("controlled_volume", run, country="DE") == 0


def test_stages_are_never_added_up(toy, toy_rows, toy_run):
    sold = {**toy_rows["ownership"][0], "asset": "Yamal gas", "stage": "offtake", "share": 0.3}
    tables = toy(ownership=[*toy_rows["ownership"], sold])
    run = View(toy_run, tables, 2025, tables["ownership"])
    assert compute("controlled_volume", run, country="RU") == pytest.approx(36.5)


# ------------------------------------------------------------------ owners
@pytest.fixture
def owners():
    rows = [
        ("field", "A", "AA", 0.2, "2019-01-01", "2024-12-31"),
        ("field", "B", "BB", 0.2, "2019-01-01", "2024-12-31"),
        ("field", "C", "CC", 0.6, "2019-01-01", "2024-12-31"),
        ("field", "A", "AA", 0.4, "2025-01-01", None),
        ("field", "B", "BB", 0.6, "2025-01-01", None),
        ("other", "A", "AA", 1.0, "2019-01-01", None),
    ]
    frame = pd.DataFrame(rows, columns=["asset", "owner", "owner_country", "share", "valid_from", "valid_to"])
    return frame.assign(valid_from=pd.to_datetime(frame["valid_from"]), valid_to=pd.to_datetime(frame["valid_to"]))


@pytest.fixture
def hold(owners, view):
    """Return a function: per cent held by country of ``field`` after one stake."""

    def hold(year, **stake):
        base = {"asset": "field", "owner": "A", "country": "AA", "seller": None, "start": None, "end": None}
        table = change_owners(owners, [{**base, **stake}])
        run = View(view().ds, view().tables, year, table)
        countries = ("AA", "BB", "CC", "DD")
        return [compute("held_share", run, country=each, asset="field") for each in countries]

    return hold


def test_what_one_sells_the_others_hold_in_proportion(hold):
    assert hold(2024, share=0.0) == pytest.approx([0, 25, 75, 0])
    assert hold(2025, share=0.0) == pytest.approx([0, 100, 0, 0])


def test_what_one_buys_comes_from_the_seller(hold):
    assert hold(2024, share=0.5, seller="C") == pytest.approx([50, 20, 30, 0])
    assert hold(2024, owner="D", country="DD", share=0.6, seller="C") == pytest.approx([20, 20, 0, 60])


def test_a_stake_holds_for_its_time(hold):
    assert hold(2024, share=0.0, start="2025-01-01") == pytest.approx([20, 20, 60, 0])
    assert hold(2025, share=0.0, end="2024-12-31") == pytest.approx([40, 60, 0, 0])
    half = 100 * 184 / 366
    assert hold(2024, share=0.0, start="2024-07-01")[0] == pytest.approx(20 * (1 - half / 100))


def test_other_assets_stay(owners):
    stake = {"asset": "field", "owner": "A", "country": "AA", "share": 0.0}
    changed = change_owners(owners, [stake])
    assert changed.loc[changed["asset"] == "other", "share"].tolist() == [1.0]
    pd.testing.assert_frame_equal(change_owners(owners, []), owners)
