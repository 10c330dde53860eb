"""Capacities that change with time, flows known from meters, contracts."""

import numpy as np
import pandas as pd
import pytest

from energyflows import build_network, solve
from energyflows.network.pipelines import describe_pipelines, rate_capacity, rate_contracts


def date_rows(tables):
    """Give the pipe from NL to DE three dated rows with a gap, and another tariff from 2026."""
    pipes = tables["pipelines"]
    row = pipes[pipes["pipeline"] == "NL-DE"]
    spans = [(None, "2025-02-10", 600.0, 0.5), ("2025-02-20", "2025-07-31", 300.0, 0.5), ("2026-01-01", None, 900.0, 9)]
    dated = [
        row.assign(
            valid_from=pd.Timestamp(start) if start else pd.NaT,
            valid_to=pd.Timestamp(end) if end else pd.NaT,
            capacity_gwh_d=capacity,
            tariff_eur_mwh=float(tariff),
        ).astype(row.dtypes)
        for start, end, capacity, tariff in spans
    ]
    tables["pipelines"] = pd.concat([pipes.drop(row.index), *dated], ignore_index=True)


@pytest.mark.parametrize("resolution", ["monthly", "weekly", "daily"])
def test_capacity_of_dated_rows_equals_the_mean_of_days(inputs, resolution):
    given = inputs((2025, 2026), resolution, date_rows)
    daily = pd.Series(0.0, index=given.days)
    daily[:"2025-02-10"], daily["2025-02-20":"2025-07-31"], daily["2026":] = 600, 300, 900
    expected = [daily[p.left : p.right - pd.Timedelta(days=1)].mean() for p in given.periods]
    np.testing.assert_allclose(given.average(rate_capacity(given))["NL-DE"], expected)


def test_tariff_is_the_one_in_force_at_the_end_of_the_years(inputs):
    assert describe_pipelines(inputs(2025, edit=date_rows)).at["NL-DE", "cost"] == 0.5
    assert describe_pipelines(inputs(2026, edit=date_rows)).at["NL-DE", "cost"] == 9


def test_pipe_not_built_yet_is_there_without_capacity(toy):
    tables = toy()
    tables["pipelines"].loc[tables["pipelines"]["pipeline"] == "DE-NL", "valid_from"] = pd.Timestamp(2028, 1, 1)
    assert build_network(2025, tables=tables).links.at["DE-NL", "p_nom"] == 0
    assert build_network(2028, tables=tables).links.at["DE-NL", "p_nom"] == 600


def test_losses_are_taken_on_the_way(solved):
    _, ds = solved()
    pipe = ds.sel(link="DE-TR")
    assert float(pipe["sent"].sum()) > 0
    np.testing.assert_allclose(pipe["received"], 0.99 * pipe["sent"])


@pytest.mark.parametrize("resolution", ["monthly", "weekly", "daily"])
def test_observed_pipe_stays_within_the_tolerance(solved, resolution):
    _, ds = solved(2025, resolution)
    sent = ds["sent"].sel(link="YAMAL-DE")
    assert float(sent.min()) >= 0.99 * 200 - 1e-6
    assert float(sent.max()) <= 1.01 * 200 + 1e-6


def test_observed_pipe_carries_its_flow_even_where_another_way_were_cheaper(toy):
    tables = toy()
    tables["pipelines"].loc[tables["pipelines"]["pipeline"] == "YAMAL-DE", "tariff_eur_mwh"] = 100.0
    sent = solve(build_network(2025, tables=tables))["sent"].sel(link="YAMAL-DE")
    np.testing.assert_array_less(0.99 * 200 - 1e-6, sent)


def test_network_without_observed_pipes_is_bound_by_capacity_only(toy):
    tables = toy()
    tables["pipelines"]["follows"] = None
    n = build_network(2025, tables=tables)
    assert n.links.at["YAMAL-DE", "p_nom"] == 400
    assert "YAMAL-DE minimum" not in n.links.index


def test_contract_asks_for_its_take_or_pay(solved):
    n, ds = solved()
    row = n.links.loc["DE-TR minimum"]
    assert row["p_nom"] == pytest.approx(0.5 * 7.3e3 / 365)
    assert (row["reward"], row["marginal_cost"], row["part_of"]) == (300, 2 - 300, "DE-TR")
    assert n.links.at["DE-TR", "p_nom"] == pytest.approx(200 - 10)
    assert float(ds["sent"].sel(link="DE-TR").min()) >= 10 - 1e-6


def test_contract_holds_from_its_first_to_its_last_day(inputs):
    def date(tables):
        tables["contracts"]["start"], tables["contracts"]["end"] = pd.Timestamp(2025, 4, 16), pd.Timestamp(2025, 6, 30)

    given = inputs(edit=date)
    least = given.average(rate_contracts(given)[0])
    assert least["DE-TR"].tolist() == pytest.approx([0, 0, 0, 5, 10, 10, *[0] * 6])


def test_ceiling_caps_a_pipe_while_the_contract_is_in_force(toy):
    tables = toy()
    tables["contracts"]["ceiling"] = 1.5
    tables["contracts"]["end"] = pd.Timestamp(2025, 6, 30)
    n = build_network(2025, tables=tables)
    capacity = n.get_switchable_as_dense("Link", "p_max_pu") * n.links["p_nom"]
    both = capacity["DE-TR"] + capacity["DE-TR minimum"]
    assert both.tolist() == pytest.approx([30] * 6 + [200] * 6)


def test_ceiling_of_nothing_closes_a_pipe(toy):
    tables = toy()
    tables["contracts"]["ceiling"], tables["contracts"]["annual_twh"] = 1.0, 0.0
    n = build_network(2025, tables=tables)
    assert n.links.loc[n.links["part_of"] == "DE-TR", "p_nom"].tolist() == [0, 0]


def test_contract_that_is_no_minimum_asks_for_nothing(toy):
    tables = toy()
    tables["contracts"]["minimum"] = False
    assert "DE-TR minimum" not in build_network(2025, tables=tables).links.index


def test_booked_share_of_a_route_holds_where_nothing_is_observed(toy, toy_rows):
    """A share of what the route offers, plus and minus the tolerance; the observed flow goes before it."""
    delivery = {**toy_rows["deliveries"][0], "share": 0.5, "valid_from": "2025-07-01", "valid_to": ""}
    tables = toy(deliveries=[delivery])
    pinned = build_network(2025, tables=tables)
    tables["pipelines"]["follows"] = None
    n = build_network(2025, tables=tables)
    most, least = (read_rates(n, name) for name in ("YAMAL-DE", "YAMAL-DE minimum"))
    assert (most + least).tolist() == pytest.approx([400] * 6 + [102] * 6)
    assert least.tolist() == pytest.approx([0] * 6 + [98] * 6)
    observed = read_rates(pinned, "YAMAL-DE") + read_rates(pinned, "YAMAL-DE minimum")
    assert observed.tolist() == pytest.approx([202] * 12)


def read_rates(n, name):
    """Return what a link may carry, GWh/d by snapshot."""
    return n.get_switchable_as_dense("Link", "p_max_pu")[name] * n.links.at[name, "p_nom"]


def test_booking_follows_a_route_that_is_cut(toy, toy_rows):
    delivery = {**toy_rows["deliveries"][0], "share": 0.5, "valid_from": "", "valid_to": ""}
    tables = toy(deliveries=[delivery])
    tables["pipelines"]["follows"], tables["supply"]["follows"] = None, None
    tables["supply"].loc[tables["supply"]["route"] == "YAMAL", "twh"] = 7.3
    n = build_network(2025, tables=tables)
    assert read_rates(n, "YAMAL-DE minimum").tolist() == pytest.approx([0.98 * 10] * 12)
