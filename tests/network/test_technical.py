"""Technical capacities and peaks that bind nothing."""

import numpy as np
import pandas as pd
import pytest

from energyflows import build_network, solve


@pytest.fixture(scope="module")
def n(toy):
    """Build a year with a second, greater terminal from July and a peak day at one zone."""
    tables = toy()
    gate = tables["lng_terminals"]
    more = gate.assign(terminal="delta", name="Delta", sendout_gwh_d=900.0, valid_from=pd.Timestamp(2025, 7, 1))
    idle = gate.assign(terminal="idle", name="Idle", sendout_gwh_d=5e3, status="mothballed")
    tables["lng_terminals"] = pd.concat([gate, more, idle], ignore_index=True)
    demand = tables["demand_annual"]
    demand.loc[(demand["zone"] == "DE") & (demand["year"] == 2025), "peak_day_gwh_d"] = 777.0
    return build_network(2025, tables=tables)


def test_a_pipeline_that_follows_observed_flows_could_carry_more(n):
    # 73 TWh a year were observed, 200 GWh/d.
    assert n.links_t["technical"]["YAMAL-DE"].tolist() == [400.0] * 12
    assert n.links.at["YAMAL-DE minimum", "p_nom"] + n.links.at["YAMAL-DE", "p_nom"] == pytest.approx(202)


def test_terminals_of_a_zone_add_up_and_the_largest_is_named(n):
    assert n.links_t["technical"]["LNGEU-NL"].tolist() == [700.0] * 6 + [1600.0] * 6
    assert n.links_t["largest"]["LNGEU-NL"].tolist() == [700.0] * 6 + [900.0] * 6
    assert n.links.at["LNGEU-NL", "largest_name"] == "Gate"  # 700 all the year, the other 450 on average
    assert n.links.at["NL-DE", "largest_name"] == "NL-DE"


def test_results_hold_them_and_say_where_nothing_is_known(n):
    ds = solve(n)
    assert float(ds["technical"].sel(link="YAMAL-DE").max()) == 400
    assert ds["peak_day"].sel(bus="DE").to_numpy().tolist() == [777.0] * 12
    assert np.isnan(ds["peak_day"].sel(bus="NL")).all()
    assert np.isnan(ds["technical"].sel(link="DE withdrawal")).all()
    assert {ds[name].attrs["units"] for name in ("technical", "largest", "peak_day")} == {"GWh/d"}


def test_capacity_changes_by_day_within_a_period(toy):
    tables = toy()
    pipes = tables["pipelines"]
    first, then = pipes.query("pipeline == 'NL-DE'"), pipes.query("pipeline == 'NL-DE'")
    first, then = (
        first.assign(valid_to=pd.Timestamp(2025, 1, 10)),
        then.assign(valid_from=pd.Timestamp(2025, 1, 11), capacity_gwh_d=900.0),
    )
    tables["pipelines"] = pd.concat([pipes.query("pipeline != 'NL-DE'"), first, then], ignore_index=True)
    technical = build_network(2025, tables=tables).links_t["technical"]["NL-DE"]
    assert technical.iloc[0] == pytest.approx((10 * 600 + 21 * 900) / 31)
    assert technical.iloc[1] == 900


@pytest.mark.slow
def test_packaged_figures_are_those_of_the_tables():
    n = build_network(2025)
    # Trans Adriatic Pipeline at the border of Greece; Mukran is the largest terminal of Germany.
    assert n.links_t["technical"]["TANAP-TAP"].max() == pytest.approx(390)
    assert n.links.at["LNGEU-DE", "largest_name"].startswith("Mukran")
    assert (n.links_t["largest"] <= n.links_t["technical"] + 1e-9).all().all()
    bound = (n.get_switchable_as_dense("Link", "p_max_pu") * n.links["p_nom"]).T.groupby(n.links["part_of"]).sum().T
    known = n.links_t["technical"]
    assert (bound[known.columns] <= known * (1 + 1e-9) + 1e-6).all().all()
