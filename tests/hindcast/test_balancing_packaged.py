"""Balanced flows of the packaged tables: conservation, stocks, and statistics that were not used."""

import numpy as np
import pytest

from energyflows.datasets import load_tables
from energyflows.hindcast.balancing import observed_flows

YEARS = range(2019, 2026)
#: Where Eurostat tells transit as gas that comes in and leaves; no observation here is made of its gross imports.
INDEPENDENT = ["AT", "ES", "FI", "FR", "HR", "HU", "IT", "LV", "MT", "PT", "SI", "SK"]


@pytest.fixture(scope="module")
def packaged():
    """Return balanced flows of all observed years."""
    tables = load_tables()
    return {year: observed_flows(year, tables=tables) for year in YEARS}


@pytest.mark.slow
@pytest.mark.parametrize("year", YEARS)
def test_packaged_years_balance(packaged, find_imbalance, year):
    flows = packaged[year]
    assert find_imbalance(flows) < 1e-6
    demand = flows.loc[flows["kind"] == "consumption", "volume"].sum()
    assert flows.attrs["unexplained"] < 0.005 * demand
    told = flows.dropna(subset="observed")
    for kind, part in told.groupby("kind"):
        assert part["residual"].abs().sum() < 0.06 * part["observed"].sum(), kind
    assert told["residual"].abs().sum() < 0.01 * told["observed"].sum()


@pytest.mark.slow
@pytest.mark.parametrize("year", YEARS)
def test_packaged_years_keep_the_turns_of_stocks(packaged, year):
    flows = packaged[year]
    change = flows.query("kind == 'injection'").groupby("to")["volume"].sum()
    change = change.sub(flows.query("kind == 'withdrawal'").groupby("from")["volume"].sum(), fill_value=0.0)
    levels = load_tables()["observed_storage"].pivot_table(index="date", columns="zone", values="twh")
    known = 1e3 * (levels.loc[f"{year}-12-31"] - levels.loc[f"{year - 1}-12-31"]).drop("EU27")
    np.testing.assert_allclose(change, known.rename(lambda zone: f"{zone} storage")[change.index], atol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("year", range(2019, 2025))
def test_inflows_agree_with_statistics_not_used(packaged, year):
    imports = load_tables()["observed_imports"]
    gross = imports[imports["series"].str.endswith("-all-gross") & (imports["period"] == str(year))]
    gross = gross.set_index("importer")["twh"][INDEPENDENT]
    flows = packaged[year]
    inflow = flows[flows["kind"].isin(["lng", "pipeline"])].groupby("to")["volume"].sum()[INDEPENDENT] / 1e3
    apart = (inflow / gross - 1).abs()
    assert apart.median() < 0.1
    assert (inflow - gross).abs().sum() < 0.1 * gross.sum()
