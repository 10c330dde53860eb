"""Volume times price by channel, worked out by hand."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from energyflows import load_tables, run
from energyflows.claims import FIGURES
from energyflows.claims._figures import View
from energyflows.errors import ResultsError, UnknownNameError, UsageError
from energyflows.influence.conduits import measure_conduits
from energyflows.influence.holdings import measure_holdings
from energyflows.influence.revenue import measure_revenue

ARCS = {
    ("RU", "PIPE"): 10.0,
    ("PIPE", "TAP"): 25.0,
    ("TAP", "DE"): 25.0,
    ("RU", "BY"): 6.0,
    ("DE", "AT"): 5.0,
    ("LNGRU", "LNGEU"): 4.0,
    ("LNGEU", "DE"): 4.0,
}
OUTPUT = {("RU", "RU"): 20.0, ("PIPE", "RU"): 15.0, ("LNGRU", "RU"): 4.0, ("DE", "DE"): 31.0}
PRICES = {"DE": 30.0, "LNGEU": 20.0, "BY": 200.0, "AT": 32.0}
YEAR = 0.365


@pytest.fixture(scope="module")
def tables():
    zones = pd.DataFrame({"zone": ["DE", "AT", "LNGEU", "BY"], "eu": [True, True, False, False]})
    zones["kind"] = ["market", "market", "lng", "market"]
    days = {"valid_from": [pd.Timestamp(2019, 1, 1)], "valid_to": [pd.NaT]}
    owner = {"asset": ["line"], "link": ["DE-AT"], "stage": ["transit"], "owner": ["Firm"], "owner_country": ["RU"]}
    return {"zones": zones, "ownership": pd.DataFrame({**owner, "share": [0.4], **days})}


@pytest.fixture
def ds(market):
    found = market(ARCS, OUTPUT)
    price = xr.DataArray([PRICES.get(bus, 10.0) for bus in found["bus"].to_numpy()], dims="bus")
    return found.assign(price=found["price"] * 0 + price)


@pytest.fixture
def earn(ds, tables):
    return lambda origin="RU", results=ds, **keys: measure_revenue(results, origin, tables=tables, **keys)


def test_direct_sales_are_valued_where_they_first_reach_others(earn):
    (row,) = earn().to_dict("records")
    # 25 by the corridors to DE, 6 to BY at the highest price of the EU, 4 by ship into the pool.
    assert row["volume_twh"] == pytest.approx(35 * YEAR)
    assert row["revenue_meur"] == pytest.approx((25 * 30 + 6 * 32 + 4 * 20) * YEAR)
    assert row["price_eur_mwh"] == pytest.approx((25 * 30 + 6 * 32 + 4 * 20) / 35)
    assert row["bounded_twh"] == pytest.approx(6 * YEAR)
    assert (row["channel"], row["account"], row["part"]) == ("direct", "molecules", "")


def test_only_the_origin_s_share_is_its_own(earn):
    # DE sends on 5 of 60, of which 31 are its own.
    (row,) = earn("DE").to_dict("records")
    assert row["volume_twh"] == pytest.approx(5 * 31 / 60 * YEAR)
    assert row["revenue_meur"] == pytest.approx(32 * row["volume_twh"])


def test_gas_supplied_straight_into_a_market_is_sold_there(earn, market):
    (row,) = earn("NO", market({("DE", "AT"): 1.0}, {("DE", "NO"): 9.0})).to_dict("records")
    assert row["volume_twh"] == pytest.approx(9 * YEAR)
    assert row["revenue_meur"] == pytest.approx(30 * 9 * YEAR)


def test_losses_are_not_sold(earn, ds):
    half = ds["received"].where(ds["link"] != "TAP-DE", ds["received"] * 0.8)
    consumed = ds["consumed"].where(ds["bus"] != "DE", ds["consumed"] - 5)
    row = earn(results=ds.assign(received=half, consumed=consumed)).iloc[0]
    assert row["volume_twh"] == pytest.approx(30 * YEAR)


def test_prices_below_zero_count_as_zero(earn, ds):
    low = earn(results=ds.assign(price=ds["price"].where(ds["bus"] != "DE", -50.0))).iloc[0]
    assert low["revenue_meur"] == pytest.approx((6 * 32 + 4 * 20) * YEAR)
    assert low["bounded_twh"] == pytest.approx(31 * YEAR)


def test_hidden_gas_is_valued_at_the_exit_or_at_home(earn, ds):
    conduits = measure_conduits(ds, "RU", conduits=["DE"])
    conduits["hidden_molecules_twh"] = 2.0
    (row,) = earn(conduits=conduits).query("account == 'molecules' and channel == 'conduits'").to_dict("records")
    assert (row["part"], row["volume_twh"], row["revenue_meur"]) == ("DE", 2.0, pytest.approx(64))
    home = earn(conduits=conduits, sold="entry").query("account == 'molecules' and channel == 'conduits'")
    assert home["revenue_meur"].tolist() == pytest.approx([60])
    assert earn(conduits=conduits).query("account == 'displacement mid'")["revenue_meur"].isna().all()


def test_exits_are_valued_one_by_one(earn, ds):
    each = measure_conduits(ds, "DE", conduits=["RU", "BY"], by_link=True)
    each["hidden_molecules_twh"] = each["link"].map({"RU-PIPE": 3.0, "RU-BY": 1.0})
    rows = earn("DE", conduits=each).query("account == 'molecules' and part == 'RU'")
    assert rows["volume_twh"].tolist()[-1:] == [1.0]
    assert rows["revenue_meur"].tolist()[-1:] == pytest.approx([32.0])


def test_nothing_hidden_is_worth_nothing_without_a_price(earn, ds):
    conduits = measure_conduits(ds, "RU", conduits=["AT"])
    conduits["hidden_molecules_twh"] = 0.0
    row = earn(conduits=conduits).query("channel == 'conduits' and account == 'molecules'").iloc[0]
    assert row["revenue_meur"] == 0
    assert np.isnan(row["price_eur_mwh"])


def test_stakes_are_gross_value_by_stage(earn, ds, tables):
    holdings = measure_holdings(ds, tables=tables, by="asset", entered_at={})
    (row,) = earn(holdings=holdings).query("channel == 'stakes'").to_dict("records")
    assert (row["part"], row["volume_twh"]) == ("transit", pytest.approx(0.4 * 5 * YEAR))
    assert row["revenue_meur"] == pytest.approx(0.4 * 5 * 32 * YEAR)
    assert earn("DE", holdings=holdings)["channel"].tolist() == ["direct"]


def test_scenarios_and_years_have_rows_of_their_own(ds, tables):
    later = ds.assign_coords(snapshot=ds["snapshot"] + np.timedelta64(365, "D"))
    years = xr.concat([ds, later], dim="snapshot", data_vars="minimal")
    both = xr.concat(
        [years, years.assign(price=years["price"] * 0.5)], pd.Index(["a", "b"], name="scenario"), data_vars="all"
    )
    conduits = measure_conduits(both, "RU", conduits=["DE"])
    conduits["hidden_molecules_twh"] = 1.0
    holdings = measure_holdings(both, tables=tables, by="asset", entered_at={})
    table = measure_revenue(both, "RU", tables=tables, conduits=conduits, holdings=holdings)
    value = table[table["revenue_meur"].notna()].set_index(["channel", "scenario", "year"])["revenue_meur"]
    for channel in ("direct", "conduits", "stakes"):
        assert value[channel, "b", 2026] == pytest.approx(0.5 * value[channel, "a", 2025])


def test_wrong_words_and_tables_are_refused(earn, ds):
    with pytest.raises(UsageError, match=r"(?s)sold: found 'hub'.*holdings: no column stage.*conduits: no column"):
        earn(sold="hub", holdings=pd.DataFrame({"year": []}), conduits=pd.DataFrame({"year": []}))
    with pytest.raises(UnknownNameError, match="from 'XX'"):
        earn("XX")
    with pytest.raises(ResultsError, match="no price"):
        earn(results=ds.drop_vars("price"))


# ------------------------------------------------------------------ the packaged tables
@pytest.mark.slow
def test_direct_revenue_is_that_of_unmixed_corridors():
    """Counted once more without tracing, which is the same where nothing mixes on the way."""
    told = load_tables()
    ds = run(years=2025, tables=told)
    row = measure_revenue(ds, "RU", tables=told).iloc[0]
    view = View(ds, told, 2025, told["ownership"])
    assert row["revenue_meur"] / 1e3 == pytest.approx(FIGURES["revenue"].compute(view, supplier="RU"))
    assert row["bounded_twh"] < 0.3 * row["volume_twh"]
