"""Several years, one after the other."""

import numpy as np
import pandas as pd
import pytest

from energyflows import build_network, check_results, run, solve
from energyflows.errors import UsageError
from energyflows.running import join_years, read_stocks


@pytest.fixture(scope="module")
def joined(toy):
    """Return the toy's results from the last observed year into the outlook."""
    return run(years=(2025, 2027), tables=toy())


def find_start(ds, year):
    """Return the stock before the first snapshot of a year, from that snapshot's balance."""
    first = ds.sel(snapshot=f"{year}-01-01")
    return float((first["stored"] - (first["injected"] - first["withdrawn"]) * first["weight_days"]).item())


def find_end(ds, year):
    return float(ds["stored"].sel(snapshot=str(year)).isel(snapshot=-1).item())


def test_years_are_joined_along_snapshots(joined):
    check_results(joined)
    assert joined["snapshot"].to_index().equals(pd.date_range("2025-01-01", periods=36, freq="MS"))
    assert float(joined["weight_days"].sum()) == 3 * 365


def test_two_years_have_24_snapshots_and_the_sum_of_both_costs(toy):
    tables = toy()
    ds = run(years=(2023, 2024), tables=tables)
    parts = [solve(build_network(year, tables=tables)) for year in (2023, 2024)]
    assert ds.sizes["snapshot"] == 24
    assert float(ds["objective"]) == pytest.approx(sum(float(part["objective"]) for part in parts))
    for number, part in enumerate(parts):
        half = ds.isel(snapshot=slice(12 * number, 12 * number + 12))
        for name in ("supplied", "sent", "stored", "price", "consumed"):
            np.testing.assert_allclose(half[name], part[name])


def test_joined_results_keep_units_and_labels(joined, toy):
    single = solve(build_network(2027, tables=toy()))
    assert set(joined.data_vars) == set(single.data_vars)
    assert set(joined.coords) == set(single.coords)
    assert {name: joined[name].attrs for name in joined.data_vars} == {
        name: single[name].attrs for name in single.data_vars
    }
    assert joined["bus0"].dims == ("link",)
    assert joined["objective"].dims == ()


def test_outlook_years_start_from_what_the_last_one_left(joined):
    assert find_start(joined, 2026) == pytest.approx(30e3)
    assert find_end(joined, 2026) != pytest.approx(30e3)
    assert find_start(joined, 2027) == pytest.approx(find_end(joined, 2026))


def test_observed_years_start_from_the_observed_stock_whatever_the_last_one_left(toy):
    tables = toy()
    levels = tables["observed_storage"]
    levels.loc[(levels["date"] == "2024-12-31") & (levels["zone"] == "DE"), "twh"] = 20.0
    tables["storages"]["injection_gwh_d"] = tables["storages"]["withdrawal_gwh_d"] = 0.0
    ds = run(years=(2024, 2025), tables=tables)
    assert find_end(ds, 2024) == pytest.approx(30e3)
    assert find_start(ds, 2025) == pytest.approx(20e3)


def test_one_year_equals_solving_it_and_is_quiet(toy, capfd):
    tables = toy()
    found = run(years=2025, tables=tables)
    assert capfd.readouterr() == ("", "")
    assert found.identical(solve(build_network(2025, tables=tables)))


def test_weeks_are_joined_too(toy):
    ds = run(years=(2024, 2025), resolution="weekly", tables=toy())
    assert ds.sizes["snapshot"] == 104
    check_results(ds)


def test_single_results_stay_as_they_are(joined):
    assert join_years([joined]) is joined


def test_stocks_are_read_by_zone(joined):
    assert read_stocks(joined) == {"DE": pytest.approx(find_end(joined, 2027))}


def test_unusable_years_are_refused_before_anything_is_solved(toy):
    with pytest.raises(UsageError, match="backwards"):
        run(years=(2026, 2025), tables=toy())


def test_progress_is_shown_if_wanted(toy, capfd):
    run(years=2025, tables=toy(), progress=True)
    assert "years" in capfd.readouterr().err


def test_years_can_be_decided_month_by_month_each_from_the_stocks_the_last_one_left(toy):
    ds = run(years=(2025, 2026), tables=toy(), foresight="rolling")
    check_results(ds)
    assert ds.sizes["snapshot"] == 24
    assert ds.attrs["foresight"] == "rolling"
    assert find_start(ds, 2026) == pytest.approx(find_end(ds, 2025))
    assert find_end(ds, 2025) > 1e3


def test_unknown_foresight_is_refused(toy):
    with pytest.raises(UsageError, match="foresight: found 'none', expected 'year' or 'rolling'"):
        run(years=2025, tables=toy(), foresight="none")
