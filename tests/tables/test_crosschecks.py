"""What must hold between tables: each broken fact is told by file, line and column."""

import pytest

from energyflows.errors import TableError
from energyflows.tables import check_tables


def tell(toy, rows, *names):
    """Return the message about the changed tables."""
    with pytest.raises(TableError) as error:
        toy(**{name: rows[name] for name in names})
    return str(error.value)


def test_toy_tables_have_no_problem(toy):
    check_tables(toy())


@pytest.mark.parametrize(
    ("table", "column", "expected"),
    [
        ("pipelines", "from", "'XX' is not in zones.csv, column zone"),
        ("pipelines", "to", "'XX' is not in zones.csv, column zone"),
        ("pipelines", "follows", "'XX' is not in observed_flows.csv, column series"),
        ("lng_terminals", "zone", "'XX' is not in zones.csv, column zone"),
        ("lng_terminals", "pool", "'XX' is not in zones.csv, column zone"),
        ("lng_suppliers", "bus", "'XX' is not in zones.csv, column zone"),
        ("storages", "zone", "'XX' is not in zones.csv, column zone"),
        ("production", "zone", "'XX' is not in zones.csv, column zone"),
        ("supply", "bus", "'XX' is not in zones.csv, column zone"),
        ("supply", "shape", "'XX' is not in zones.csv, column zone"),
        ("supply", "follows", "'XX' is not in observed_flows.csv, column series"),
        ("contracts", "zone", "'XX' is not in zones.csv, column zone"),
        ("contracts", "link", "'XX' is no pipeline of pipelines.csv, and no bus-pool of lng_suppliers.csv"),
        ("ownership", "link", "'XX' is not in pipelines.csv, column pipeline"),
        ("risk_groups", "country", "'XX' is not in zones.csv, column country"),
        ("observed_flows", "link", "'XX' is not in pipelines.csv, column pipeline"),
        ("prices", "zone", "'XX' is not in zones.csv, column zone"),
        ("rules", "zone", "found 'XX', expected EU27, a zone or a pipeline"),
        ("observed_imports", "importer", "found 'XX', expected EU27 or a zone"),
        ("observed_storage", "zone", "found 'XX', expected EU27 or a zone"),
        ("zones", "source", "source 'XX' is not in sources.csv"),
        ("pipelines", "tariff_source", "source 'XX' is not in sources.csv"),
        ("parameters", "source", "source 'XX' is not in sources.csv"),
    ],
)
def test_unknown_name_is_told_by_file_line_and_column(toy, toy_rows, table, column, expected):
    toy_rows[table][0][column] = "XX"
    message = tell(toy, toy_rows, table)
    assert message.startswith("1 problem(s) between tables:")
    assert f"{table}.csv line 2, column {column}: {expected}" in message


def test_problems_of_several_tables_are_told_at_once(toy, toy_rows):
    toy_rows["pipelines"][1]["to"] = "XX"
    toy_rows["storages"][0]["zone"] = "YY"
    toy_rows["ownership"][0]["share"] = "0.9"
    toy_rows["ownership"].append({**toy_rows["ownership"][0], "owner": "Wintershall"})
    message = tell(toy, toy_rows, "pipelines", "storages", "ownership")
    assert "3 problem(s) between tables" in message
    assert "pipelines.csv line 3, column to: 'XX'" in message
    assert "storages.csv line 2, column zone: 'YY'" in message
    assert "ownership.csv: owners of Yamal hold 1.8000" in message


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("", "2022-08-31"), ("2022-08-31", "")),
        (("", ""), ("2022-09-01", "")),
        (("2020-01-01", "2025-12-31"), ("2021-01-01", "2021-12-31")),
    ],
)
def test_overlapping_validity_is_told(toy, toy_rows, first, second):
    link = toy_rows["pipelines"][0]
    toy_rows["pipelines"][0] = {**link, "valid_from": first[0], "valid_to": first[1]}
    toy_rows["pipelines"].append({**link, "valid_from": second[0], "valid_to": second[1]})
    message = tell(toy, toy_rows, "pipelines")
    assert f"pipelines.csv line 6: YAMAL-DE: valid_from {second[0]} overlaps a row that holds to" in message


def test_consecutive_validity_is_fine(toy, toy_rows):
    link = toy_rows["pipelines"][0]
    toy_rows["pipelines"][0] = {**link, "valid_to": "2022-08-31"}
    toy_rows["pipelines"].append({**link, "valid_from": "2022-09-01", "capacity_gwh_d": "0"})
    assert len(toy(pipelines=toy_rows["pipelines"])["pipelines"]) == 5


def test_validity_that_ends_before_it_starts_is_told(toy, toy_rows):
    toy_rows["storages"][0] |= {"valid_from": "2022-01-01", "valid_to": "2021-12-31"}
    message = tell(toy, toy_rows, "storages")
    assert "storages.csv line 2: valid_to 2021-12-31 is before valid_from 2022-01-01" in message


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        ("", "", "an estimate needs low and high"),
        ("300", "", "an estimate needs low and high"),
        ("401", "500", "capacity_gwh_d 400 lies outside 401 to 500"),
        ("100", "399", "capacity_gwh_d 400 lies outside 100 to 399"),
    ],
)
def test_estimate_needs_a_range_around_its_value(toy, toy_rows, low, high, expected):
    toy_rows["pipelines"][0] |= {"confidence": "estimate", "low": low, "high": high}
    assert f"pipelines.csv line 2: {expected}" in tell(toy, toy_rows, "pipelines")


def test_range_around_an_observed_value_must_contain_it(toy, toy_rows):
    toy_rows["parameters"][0] |= {"low": "700", "high": "800"}
    assert "parameters.csv line 2: value 600 lies outside 700 to 800" in tell(toy, toy_rows, "parameters")


@pytest.mark.parametrize(("share", "total"), [("0.13", "1.010000"), ("0", "0.880000")])
def test_profile_that_does_not_sum_to_one_is_told(toy, toy_rows, share, total):
    toy_rows["demand_profile"][0]["share"] = share
    message = tell(toy, toy_rows, "demand_profile")
    assert f"demand_profile.csv: zone NL, every year: shares sum to {total}, expected 1" in message


def test_profile_of_eleven_months_is_told(toy, toy_rows):
    del toy_rows["demand_profile"][3]
    message = tell(toy, toy_rows, "demand_profile")
    assert "demand_profile.csv: zone NL, every year: 11 months, expected 12" in message


def test_profile_of_one_year_is_checked_by_itself(toy, toy_rows):
    toy_rows["demand_profile"] += [{**row, "year": "2021", "share": "0.1"} for row in toy_rows["demand_profile"][:12]]
    message = tell(toy, toy_rows, "demand_profile")
    assert "zone NL, year 2021: shares sum to 1.200000, expected 1" in message


def test_market_without_demand_is_told(toy, toy_rows):
    toy_rows["demand_annual"] = [row for row in toy_rows["demand_annual"] if row["zone"] != "TR"]
    assert "demand_annual.csv: no row for market TR" in tell(toy, toy_rows, "demand_annual")


def test_demand_without_profile_is_told(toy, toy_rows):
    toy_rows["demand_profile"] = [row for row in toy_rows["demand_profile"] if row["zone"] != "TR"]
    assert "demand_profile.csv: no shares for zone TR" in tell(toy, toy_rows, "demand_profile")


def test_owners_may_follow_each_other(toy, toy_rows):
    owner = {**toy_rows["ownership"][0], "share": "1"}
    rows = [{**owner, "valid_to": "2021-12-31"}, {**owner, "owner": "Other", "valid_from": "2022-01-01"}]
    assert len(toy(ownership=rows)["ownership"]) == 2


def test_owners_that_hold_more_than_all_are_told(toy, toy_rows):
    owner = {**toy_rows["ownership"][0], "share": "0.6"}
    toy_rows["ownership"] = [owner, {**owner, "owner": "Other", "valid_from": "2022-01-01"}]
    message = tell(toy, toy_rows, "ownership")
    assert "ownership.csv: owners of Yamal hold 1.2000 on 2022-01-01, expected at most 1" in message


@pytest.mark.parametrize("bounds", [{"min_twh": "120"}, {"max_twh": "100"}])
def test_lng_bounds_must_enclose_the_expected_volume(toy, toy_rows, bounds):
    toy_rows["lng_suppliers"][0] |= bounds
    message = tell(toy, toy_rows, "lng_suppliers")
    assert "lng_suppliers.csv line 2: twh 110 lies outside min_twh" in message
