"""The long table, and that pyam reads it."""

import json
import os
import subprocess
import sys

import pytest

from energyflows.comparison import compare, to_iamc
from energyflows.errors import ResultsError

GROUPS = {"EU27": ["NL", "DE"]}
KEYS = ["model", "scenario", "region", "variable", "unit", "year"]


@pytest.fixture
def pair(world, join):
    return join({"reference": world(), "cut": world(supplied={"RU pipe": 100.0}, unserved={"DE": 4.0})})


def look_up(table, scenario, region, variable):
    hit = (table["scenario"] == scenario) & (table["region"] == region) & (table["variable"] == variable)
    [row] = table[hit].to_dict("records")
    return row["unit"], row["value"]


@pytest.mark.parametrize(
    ("region", "variable", "unit", "value"),
    [
        ("EU27", "Gas|Consumption", "TWh/yr", 146.0),
        ("NL", "Gas|Consumption", "TWh/yr", 36.5),
        ("EU27", "Gas|Unserved", "TWh/yr", 1.46),
        ("DE", "Gas|Unserved", "TWh/yr", 1.46),
        ("EU27", "Gas|Price", "EUR/MWh", (20 * 100 + 40 * 304) / 404),
        ("DE", "Gas|Price", "EUR/MWh", 40.0),
        ("DE", "Gas|Storage|End", "TWh", 40.0),
        ("EU27", "Gas|Storage|1 November", "TWh", 40.0),
        ("NL", "Gas|Imports|LNG", "TWh/yr", 43.8),
        ("EU27", "Gas|Imports|LNG", "TWh/yr", 43.8),
        ("World", "Gas|Supply", "TWh/yr", 350 * 0.365),
        ("World", "Gas|Supply|RU", "TWh/yr", 220 * 0.365),
        ("World", "Gas|Supply|RU|Pipeline", "TWh/yr", 36.5),
        ("World", "Gas|Supply|RU|LNG", "TWh/yr", 43.8),
        ("World", "Gas|Supply|NL|Home", "TWh/yr", 18.25),
        ("World", "Gas|Flow|PIPE>DE", "TWh/yr", 102.2),
        ("World", "Gas|Cost", "billion EUR", 5.0),
    ],
)
def test_each_figure_stands_in_its_row(pair, region, variable, unit, value):
    assert look_up(to_iamc(pair, groups=GROUPS), "cut", region, variable) == (unit, pytest.approx(value))


def test_the_table_says_what_the_comparison_says(pair):
    table, headline = to_iamc(pair, groups=GROUPS), compare(pair, groups=GROUPS)["headline"]
    for variable, column in (
        ("Gas|Consumption", "consumed_twh"),
        ("Gas|Price", "price_eur_mwh"),
        ("Gas|Storage|End", "stock_end_twh"),
        ("Gas|Imports|LNG", "lng_twh"),
    ):
        for scenario in ("reference", "cut"):
            assert look_up(table, scenario, "EU27", variable)[1] == pytest.approx(headline.at[scenario, column])


def test_rows_are_unique_complete_and_free_of_storage_connections(pair):
    table = to_iamc(pair, groups=GROUPS)
    assert not table.duplicated(KEYS).any()
    assert not table.isna().any(axis=None)
    assert list(table.columns) == [*KEYS, "value"]
    assert not table["variable"].str.contains("storage>").any()


def test_links_beside_each_other_are_one_flow(world):
    beside = world()
    beside["bus0"][1], beside["bus1"][1] = "PIPE", "DE"
    assert look_up(to_iamc(beside), "reference", "World", "Gas|Flow|PIPE>DE")[1] == pytest.approx(400 * 0.365)


def test_a_single_run_is_the_reference_and_several_years_have_no_cost(world):
    table = to_iamc(world((2024, 2025)), model="mine")
    assert set(table["scenario"]) == {"reference"}
    assert set(table["model"]) == {"mine"}
    assert set(table["year"]) == {2024, 2025}
    assert "Gas|Cost" not in set(table["variable"])


def test_other_units_are_refused(world):
    ds = world()
    ds["price"].attrs["units"] = "EUR/GJ"
    with pytest.raises(ResultsError, match="EUR/GJ"):
        to_iamc(ds)


PROGRAM = """
import json, sys, pyam
data = pyam.IamDataFrame(sys.argv[1])
cut = data.filter(scenario="cut", region="EU27", variable="Gas|Consumption").data["value"]
sums = data.check_aggregate("Gas|Supply", exclude_on_fail=False)
print(json.dumps({"scenarios": data.scenario, "rows": len(data.data), "cut": list(cut), "apart": sums is not None}))
"""


def test_pyam_reads_it_and_finds_that_parts_add_up(pair, tmp_path):
    """In a process of its own: pyam makes folders and warns when imported."""
    table = to_iamc(pair, groups=GROUPS)
    table.to_csv(tmp_path / "iamc.csv", index=False)
    home = {name: str(tmp_path) for name in ("HOME", "USERPROFILE", "XDG_CACHE_HOME", "XDG_DATA_HOME", "MPLCONFIGDIR")}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, str(tmp_path / "iamc.csv")],
        env={**os.environ, **home},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told == {
        "scenarios": ["cut", "reference"],
        "rows": len(table),
        "cut": [pytest.approx(146.0)],
        "apart": False,
    }
