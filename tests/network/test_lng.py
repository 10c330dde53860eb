"""Shipping, regasification and the price response of the rest of the world."""

import numpy as np
import pandas as pd
import pytest

from energyflows import build_network, solve
from energyflows.network.lng import find_anchor, spread_prices
from energyflows.results import sum_energy

LNG_COST, SHIPPING_ROW, SHIPPING_EU, REGAS, JKM = 10, 3, 2, 1, 30
FACTORS = (0.8, 0.9, 1.0, 1.15, 1.4, 2.0, 3.0, 5.0)


def find_winter_price(ds):
    """Return the price of NL in the months whose marginal gas is LNG."""
    least, most = 80e3 / 365, 700
    sent = ds["sent"].sel(link="LNGUS-LNGEU")
    marginal = (sent > least + 1) & (sent < most - 1)
    assert int(marginal.sum()) >= 3
    return ds["price"].sel(bus="NL").where(marginal, drop=True)


def solve_export(toy, twh):
    """Solve the toy with a yearly LNG export of ``twh``."""
    tables = toy()
    tables["supply"].loc[tables["supply"]["route"] == "LNGUS", "twh"] = float(twh)
    return solve(build_network(2025, tables=tables))


def test_ample_lng_costs_its_production_and_shipping(toy):
    ds = solve_export(toy, 1500)
    np.testing.assert_allclose(ds["price"].sel(bus="LNGROW"), LNG_COST + SHIPPING_ROW)
    np.testing.assert_allclose(find_winter_price(ds), LNG_COST + SHIPPING_EU + REGAS)
    assert float(ds["response"].sel(bus="LNGROW").sum()) == 0


@pytest.mark.parametrize(("export", "step"), [(534, 0), (512, 2), (501, 3), (468, 6)])
def test_short_lng_costs_the_jkm_price_times_the_factor_of_the_marginal_step(toy, export, step):
    ds = solve_export(toy, export)
    given_up = float(sum_energy(ds["response"].sel(bus="LNGROW"), ds).item())
    assert step < given_up / (0.03 * 365) < step + 1
    shipped = float(sum_energy(ds["received"].sel(link="LNGUS-LNGROW"), ds).item())
    assert given_up == pytest.approx(1.06 * 365 - shipped)
    np.testing.assert_allclose(ds["price"].sel(bus="LNGROW"), JKM * FACTORS[step])
    np.testing.assert_allclose(find_winter_price(ds), JKM * FACTORS[step] - SHIPPING_ROW + SHIPPING_EU + REGAS)


def test_demand_is_the_stated_one_at_the_jkm_price(solved):
    n, _ = solved()
    response = n.generators.query("bus == 'LNGROW' and carrier == 'response' and marginal_cost < @JKM").index
    given_up = n.get_switchable_as_dense("Generator", "p_max_pu")[response] * n.generators.loc[response, "p_nom"]
    rate = n.loads_t.p_set["LNGROW demand"] - given_up.sum(axis=1)
    assert rate @ n.snapshot_weightings["objective"] == pytest.approx(365e3)


def test_stated_anchor_goes_before_the_jkm_price(inputs):
    def anchor(tables):
        row = tables["prices"].query("hub == 'JKM' and period == '2025'").assign(hub="ROW-ANCHOR", eur_mwh=44.0)
        tables["prices"] = pd.concat([tables["prices"], row], ignore_index=True)

    price = find_anchor(inputs((2024, 2025), edit=anchor))
    assert [price["2024-07-01"], price["2025-07-01"]] == [30, 44]


def test_monthly_price_goes_before_quarterly_and_yearly_and_gaps_take_the_last_one(inputs):
    def edit(tables):
        row = tables["prices"].query("hub == 'JKM' and period == '2024'")
        finer = [
            row.assign(period=p, frequency=f, eur_mwh=e)
            for p, f, e in (("2024-05", "month", 50.0), ("2024Q2", "quarter", 40.0))
        ]
        tables["prices"] = pd.concat([row, *finer], ignore_index=True)

    price = spread_prices(inputs((2023, 2025), edit=edit), "JKM")
    days = ["2023-06-01", "2024-03-31", "2024-04-30", "2024-05-31", "2024-06-30", "2024-07-01", "2025-12-31"]
    assert price[days].tolist() == [30, 30, 40, 50, 40, 30, 30]


def test_yearly_shipping_bounds_become_rates(solved):
    n, _ = solved()
    minimum, free = n.links.at["LNGUS-LNGEU minimum", "p_nom"], n.links.at["LNGUS-LNGEU", "p_nom"]
    assert minimum == pytest.approx(80e3 / 365)
    assert minimum + free == pytest.approx(300e3 / 365)
    assert n.links.at["LNGUS-LNGEU minimum", "reward"] == 300


def test_least_shipping_sails_even_where_nobody_needs_it(toy):
    tables = toy()
    tables["lng_suppliers"].loc[tables["lng_suppliers"]["pool"] == "LNGEU", "shipping_eur_mwh"] = 200.0
    sent = solve(build_network(2025, tables=tables))["sent"].sel(link="LNGUS-LNGEU")
    assert float(sent.min()) >= 80e3 / 365 - 1e-6


def test_shipping_cost_is_the_one_of_the_year(toy):
    tables = toy()
    rows = tables["lng_suppliers"]
    rows.loc[rows["year"] > 2025, "shipping_eur_mwh"] = 50.0
    costs = [build_network(year, tables=tables).links.at["LNGUS-LNGEU", "marginal_cost"] for year in (2025, 2026)]
    assert costs == [2, 50]


def test_terminals_of_a_zone_are_one_link_with_their_mean_fee(toy, toy_rows):
    first = toy_rows["lng_terminals"][0]
    second = {**first, "terminal": "second", "sendout_gwh_d": 300, "regas_eur_mwh": 2, "valid_from": "2025-07-01"}
    idle = {**first, "terminal": "idle", "status": "mothballed", "regas_eur_mwh": 1}
    tables = toy(lng_terminals=[first, second, idle])
    n = build_network(2025, tables=tables)
    steps = n.links.index[n.links["part_of"] == "LNGEU-NL"]
    capacity = (n.get_switchable_as_dense("Link", "p_max_pu")[steps] * n.links.loc[steps, "p_nom"]).sum(axis=1)
    assert capacity.tolist() == pytest.approx([700] * 6 + [1000] * 6)
    assert n.links.at["LNGEU-NL", "marginal_cost"] == pytest.approx((12 * 700 * 1 + 6 * 300 * 2) / (12 * 700 + 6 * 300))


def test_send_out_gets_dearer_with_every_fifth_of_the_capacity(toy, set_parameters):
    tables = toy()
    premiums = [0.0, 0.5, 1.0, 2.0, 6.0]
    set_parameters(tables, **{f"regas_premium_{k}": premium for k, premium in enumerate(premiums, 1)})
    n = build_network(2025, tables=tables)
    steps = n.links[n.links["part_of"] == "LNGEU-NL"]
    assert steps["marginal_cost"].tolist() == pytest.approx([1.0 + premium for premium in premiums])
    assert steps["p_nom"].tolist() == pytest.approx([140.0] * 5)


def test_terminals_share_cargoes_by_rising_cost_where_one_fee_would_send_all_to_one(toy, toy_rows, set_parameters):
    """Two equal terminals whose fees differ by less than a step land the same, to within one step."""
    first = toy_rows["lng_terminals"][0]
    second = {**first, "terminal": "second", "zone": "DE", "regas_eur_mwh": 1.4}
    landed = {}
    for slope in (0.0, 1.0):
        tables = toy(lng_terminals=[first, second])
        tables["pipelines"]["tariff_eur_mwh"] = 0.01
        set_parameters(tables, **{f"regas_premium_{k}": slope * (k - 1) for k in range(1, 6)})
        ds = solve(build_network(2025, tables=tables))
        landed[slope] = [float(ds["received"].sel(link=f"LNGEU-{zone}").mean()) for zone in ("NL", "DE")]
    assert landed[0.0][1] < 0.2 * landed[0.0][0]
    assert landed[1.0][0] - landed[1.0][1] == pytest.approx(0.0, abs=140.0)
    assert sum(landed[1.0]) == pytest.approx(sum(landed[0.0]), rel=0.05)
