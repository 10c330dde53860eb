"""Who landed which cargoes: what tables tell, and what that makes of results."""

import pandas as pd
import pytest

from energyflows import load_tables, run
from energyflows.errors import UsageError
from energyflows.influence.cargoes import allot_cargoes, list_landings
from energyflows.tracing import trace


def tell(*rows):
    """Return tables: series, period, TWh of landings; importer and origin are those of the series."""
    frequency = {4: "year", 6: "quarter", 7: "month"}
    imports = [
        (series, *series.split("-")[:2], "lng", period, frequency[len(period)], twh) for series, period, twh in rows
    ]
    columns = ["series", "importer", "origin", "kind", "period", "frequency", "twh"]
    return {
        "observed_imports": pd.DataFrame(imports, columns=columns),
        "lng_suppliers": pd.DataFrame({"supplier": ["RU", "US", "XX"]}),
    }


def landed(*rows):
    """Return landings by zone, origin and year."""
    return list_landings(tell(*rows)).set_index(["zone", "origin", "year"])["twh"].to_dict()


def test_tracked_cargoes_go_before_declared_partners_before_reports():
    rows = [("A-US-gross", "2023", 4.0), ("A-US-label", "2023", 5.0), ("A-US-lng-landed", "2023", 6.0)]
    assert landed(*rows) == {("A", "US", 2023): 6.0}
    assert landed(*rows[:2]) == {("A", "US", 2023): 5.0}
    assert landed(rows[0], ("A-US-lng", "2023", 3.5)) == {("A", "US", 2023): 3.5}
    assert landed(rows[0]) == {("A", "US", 2023): 4.0}


def test_reports_that_exceed_others_in_a_year_count_in_none():
    rows = [("A-RU-gross", "2023", 80.0), ("A-RU-gross", "2024", 75.0), ("B-RU-gross", "2024", 1.0)]
    other = ("A-RU-lng-landed", "2023", 40.0)
    assert landed(*rows, other) == {("A", "RU", 2023): 40.0, ("B", "RU", 2024): 1.0}
    near = ("A-RU-lng-landed", "2023", 70.0)
    assert landed(*rows, near)["A", "RU", 2024] == 75.0


def test_years_are_added_up_only_if_whole():
    months = [("A-all-lng-sendout", f"2023-{month:02}", 2.0) for month in range(1, 13)]
    quarters = [("A-US-lng", f"2023Q{quarter}", 5.0) for quarter in (1, 2, 3, 4)]
    assert landed(*months, *quarters) == {("A", "all", 2023): 24.0, ("A", "US", 2023): 20.0}
    assert landed(*months[:11], *quarters[:3]) == {}
    assert landed(*quarters, ("A-US-lng", "2023", 21.0)) == {("A", "US", 2023): 21.0}


def test_suppliers_the_model_has_not_are_others_and_remainders_are_left_out():
    rows = [("A-PE-label", "2023", 1.0), ("A-OM-label", "2023", 2.0), ("A-XX-lng-landed", "2023", 4.0)]
    assert landed(*rows, ("A-rest-lng", "2023", 9.0)) == {("A", "XX", 2023): 7.0}


def test_pipelines_are_left_out():
    tables = tell(("A-RU-label", "2023", 9.0))
    tables["observed_imports"]["kind"] = "pipeline"
    assert list_landings(tables).empty


def test_all_that_tables_lack_is_told_at_once():
    tables = {"observed_imports": tell()["observed_imports"].drop(columns=["twh", "kind"])}
    with pytest.raises(UsageError) as caught:
        list_landings(tables)
    for words in ("no table lng_suppliers", "no column twh", "no column kind"):
        assert words in str(caught.value)
    with pytest.raises(UsageError, match="expected tables by name"):
        list_landings(None)


def test_rules_are_needed(market):
    with pytest.raises(UsageError, match="no table rules"):
        allot_cargoes(market({}, {("A", "A"): 1.0}), tell())


@pytest.fixture(scope="module")
def year():
    """Return results of a year, tables, and the composition of landings."""
    ds, tables = run(years=2025), load_tables()
    return ds, tables, allot_cargoes(ds, tables)


@pytest.mark.slow
def test_every_supplier_ships_and_every_terminal_lands_what_it_does(year):
    ds, _, shares = year
    landings = ds["received"].sel(link=shares["link"])
    assert landings.sizes["link"] == 13
    assert abs(shares.sum("origin") - 1).max() < 1e-12
    for origin in shares["origin"].to_numpy():
        shipped = ds["received"].sel(link=f"LNG{origin}-LNGEU", drop=True)
        assert (abs((landings * shares.sel(origin=origin)).sum("link") - shipped) <= 1e-8 * shipped + 1e-6).all()
    assert abs(trace(ds, rules=shares)["relabelled"]).max() < 1e-6
    assert "notes" not in shares.attrs


@pytest.mark.slow
def test_landings_are_near_those_observed_and_lawful(year):
    ds, tables, shares = year
    russian = shares.sel(origin="RU") * ds["received"]
    twh = (russian * ds["weight_days"]).sum("snapshot").to_series() / 1000.0
    observed = list_landings(tables).set_index(["zone", "origin", "year"])["twh"]
    for zone in ("BE", "ES", "FR"):
        assert twh[f"LNGEU-{zone}"] == pytest.approx(observed[zone, "RU", 2025], rel=0.25)
    assert twh["LNGEU-LT"] == 0.0
    assert twh["LNGEU-PL"] < 0.5
