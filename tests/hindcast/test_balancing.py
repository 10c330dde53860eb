"""Balanced flows against answers worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from energyflows.errors import UsageError
from energyflows.hindcast.balancing import list_residuals, observed_flows
from energyflows.hindcast.balancing.courses import bend
from energyflows.hindcast.balancing.figures import Figure, judge, list_months

# ------------------------------------------------------------------ by hand


def test_figures_that_fit_are_met(even, total, lng_needed):
    flows = observed_flows(2021, tables=even)
    assert list_residuals(flows).empty
    assert total(flows, "NL", "DE") == pytest.approx(99.5)
    assert total(flows, "DE", "TR") == pytest.approx(26.5)
    assert total(flows, "LNGEU", "NL") == pytest.approx(lng_needed)
    assert total(flows, "RU YAMAL", "YAMAL") == pytest.approx(73.0)
    assert total(flows, "DE", "DE storage") == pytest.approx(total(flows, "DE storage", "DE"))
    assert flows.attrs["unexplained"] == 0.0
    assert flows.attrs["stocks"] == {"DE storage": 30_000.0}


def test_columns_and_kinds(even):
    flows = observed_flows(2021, tables=even)
    assert flows.columns.tolist() == [
        *("snapshot", "from", "to", "volume", "observed", "residual", "kind", "confidence"),
    ]
    kinds = {"production", "supply", "lng", "pipeline", "injection", "withdrawal", "consumption"}
    assert set(flows["kind"]) == kinds
    assert (flows["volume"] >= 0).all()
    assert not flows.duplicated(["snapshot", "from", "to"]).any()
    assert flows["snapshot"].nunique() == 12
    home = flows[flows["from"] == "NL gas"]
    assert (home["confidence"] == "observed").all()
    assert home["observed"].isna().all()  # known by year only
    assert (flows.loc[flows["from"] == "DE storage", "confidence"] == "unobserved").all()


def test_demand_follows_its_profile(even):
    flows = observed_flows(2021, tables=even)
    used = flows[flows["to"] == "DE demand"]
    share = np.array([0.12, 0.11, 0.1, 0.08, 0.06, 0.05, 0.05, 0.05, 0.06, 0.09, 0.11, 0.12])
    np.testing.assert_allclose(used["volume"], 146e3 * share)
    np.testing.assert_allclose(used["observed"], 146e3 * share)
    np.testing.assert_allclose(used["residual"], 0.0, atol=1e-6)


def test_the_least_sure_figure_gives_way(even, extend, border, total):
    """The border must carry 99.5; it is said to carry 80, give or take 40; all else is good to 1 %."""
    wide = {"confidence": "estimate", "low": 40.0, "high": 120.0}
    flows = observed_flows(2021, tables=extend(even, "observed_flows", [border("NL-DE", "2021", 80.0, **wide)]))
    assert total(flows, "NL", "DE") == pytest.approx(99.5)
    residuals = list_residuals(flows)
    assert residuals["series"].tolist() == ["NL-DE"]
    row = residuals.iloc[0]
    assert row["residual"] == pytest.approx(19.5e3)
    assert row["sigma"] == pytest.approx(40e3)
    assert row["residual_in_sigmas"] == pytest.approx(19.5 / 40)
    assert set(flows.loc[flows["to"] == "DE demand", "confidence"]) == {"observed"}
    assert set(flows.query("`from` == 'NL' and to == 'DE'")["confidence"]) == {"estimate"}


def test_a_range_counts_by_side(even, change):
    """Told 110 with nothing below and 90 above as possible, LNG takes the whole gap of 42.5."""
    tables = change(even, "lng_suppliers", "pool == 'LNGEU'", twh=110.0, low=110.0, high=200.0)
    residuals = list_residuals(observed_flows(2021, tables=tables))
    assert residuals["series"].tolist() == ["LNGUS-LNGEU"]
    assert residuals["residual"].iloc[0] == pytest.approx(42.5e3)
    assert residuals["sigma"].iloc[0] == pytest.approx(90e3)


def test_contradicting_figures_are_shown(even, extend, border, find_imbalance):
    """Twelve months at 5 TWh against a year of 99.5 that all neighbours need: both are told, the sum is kept."""
    months = [border("NL-DE", f"2021-{month:02d}", 5.0) for month in range(1, 13)]
    flows = observed_flows(2021, tables=extend(even, "observed_flows", months))
    residuals = list_residuals(flows)
    assert len(residuals) > 0
    assert residuals["residual_in_sigmas"].abs().is_monotonic_decreasing
    np.testing.assert_allclose(residuals["reconciled"] - residuals["observed"], residuals["residual"])
    told = flows.query("`from` == 'NL' and to == 'DE'")
    np.testing.assert_allclose(told["volume"] - told["observed"], told["residual"])
    assert find_imbalance(flows) < 1e-6


def test_what_several_could_bear_is_shared(even, change):
    """Together 30 too much: either range gives a third of itself, the wider one first, and then the rest."""
    tables = change(even, "production", "zone == 'NL'", twh=30.0, low=0.0, high=60.0)
    tables = change(tables, "production", "zone == 'TR'", twh=30.0, low=3.0, high=57.0)
    residuals = list_residuals(observed_flows(2021, tables=tables)).set_index("series")["residual"]
    assert residuals.to_dict() == pytest.approx({"NL gas": -21e3, "TR gas": -9e3})


def test_what_nothing_can_supply_is_unexplained(even, change, find_imbalance):
    """Türkiye cut off: 5 % less demand and 5 % more output are errors, the rest of 36.5 is a gap."""
    tables = change(even, "pipelines", "pipeline == 'DE-TR'", capacity_gwh_d=0.0)
    flows = observed_flows(2021, tables=tables)
    gap = flows[flows["kind"] == "unexplained"]
    assert set(gap["to"]) == {"TR"}
    assert set(gap["from"]) == {"unexplained"}
    assert gap["volume"].sum() / 1e3 == pytest.approx(0.95 * 36.5 - 1.05 * 10)
    assert flows.attrs["unexplained"] == pytest.approx(gap["volume"].sum())
    assert set(gap["confidence"]) == {"unobserved"}
    assert find_imbalance(flows) < 1e-6


def test_gas_that_cannot_leave_is_unexplained(even, change):
    tables = change(even, "production", "zone == 'TR'", twh=100.0)
    gap = observed_flows(2021, tables=tables).query("kind == 'unexplained'")
    assert set(gap["from"]) == {"TR"}
    assert gap["volume"].sum() / 1e3 == pytest.approx(0.95 * 100 - 1.05 * 36.5)


def test_capacity_is_kept(even, change):
    """200 GWh/d over the border instead of the 273 needed on average."""
    tables = change(even, "pipelines", "pipeline == 'NL-DE'", capacity_gwh_d=200.0)
    flows = observed_flows(2021, tables=tables)
    sent = flows.query("`from` == 'NL' and to == 'DE'").set_index("snapshot")["volume"]
    assert (sent <= 200.0 * sent.index.days_in_month + 1e-6).all()
    assert len(list_residuals(flows)) > 0


def test_dated_capacity_is_kept(even, change):
    tables = change(even, "pipelines", "pipeline == 'DE-TR'", valid_to=pd.Timestamp("2021-06-15"))
    sent = (
        observed_flows(2021, tables=tables).query("to == 'TR' and kind == 'pipeline'").set_index("snapshot")["volume"]
    )
    assert sent.index.max() == pd.Timestamp("2021-06-01")
    assert sent.iloc[-1] <= 15 * 200.0 + 1e-6


def test_options_are_no_pipelines(even, change, total):
    tables = change(even, "pipelines", "pipeline == 'DE-TR'", status="option")
    assert total(observed_flows(2021, tables=tables), "DE", "TR") == 0.0


# ------------------------------------------------------------------ observations by period


def test_a_year_binds_the_sum_of_its_months(even, extend, border):
    flows = observed_flows(2021, tables=extend(even, "observed_flows", [border("DE-TR", "2021", 26.5)]))
    sent = flows.query("`from` == 'DE' and to == 'TR'")
    assert sent["volume"].sum() == pytest.approx(26.5e3)
    assert sent["observed"].isna().all()
    assert set(sent["confidence"]) == {"observed"}
    assert (sent["volume"] > 0).sum() > 6


@pytest.mark.parametrize("frequency", ["month", "quarter", "year"])
def test_quarters_are_met(even, frequency, extend, border, find_imbalance):
    quarters = [border("NL-DE", f"2021Q{k}", twh) for k, twh in enumerate((33.0, 17.0, 16.5, 33.0), 1)]
    flows = observed_flows(2021, tables=extend(even, "observed_flows", quarters), frequency=frequency)
    assert list_residuals(flows).empty
    sent = flows.query("`from` == 'NL' and to == 'DE'")
    if frequency == "month":
        assert sent["observed"].isna().all()
        assert sent["volume"].iloc[:3].sum() == pytest.approx(33e3)
    else:
        expected = [33e3, 17e3, 16.5e3, 33e3] if frequency == "quarter" else [99.5e3]
        np.testing.assert_allclose(sent["observed"], expected)
        np.testing.assert_allclose(sent["volume"], expected)
    assert find_imbalance(flows) < 1e-6


def test_months_are_met_and_shown(even, extend, border):
    rows = [border("NL-DE", "2021-02", 11.0), border("DE-TR", "2021-02", 3.0)]
    flows = observed_flows(2021, tables=extend(even, "observed_flows", rows))
    for start, end, gwh in (("NL", "DE", 11e3), ("DE", "TR", 3e3)):
        row = flows[(flows["from"] == start) & (flows["to"] == end) & (flows["snapshot"] == "2021-02-01")].iloc[0]
        assert row["volume"] == pytest.approx(gwh)
        assert row["observed"] == pytest.approx(gwh)
        assert row["residual"] == pytest.approx(0.0, abs=1e-6)


def test_two_ways_at_once_only_where_seen(even, extend, border, find_two_way):
    """A border said to carry 150 where 99.5 are needed must not send the rest back in the same month."""
    tables = extend(even, "observed_flows", [border("NL-DE", "2021", 150.0)])
    assert find_two_way(observed_flows(2021, tables=tables)).empty
    seen = [border("NL-DE", "2021-03", 12.0), border("DE-NL", "2021-03", 2.0)]
    flows = observed_flows(2021, tables=extend(even, "observed_flows", seen))
    assert len(find_two_way(flows)) == 2
    assert list_residuals(flows).empty


def test_a_month_seen_goes_before_the_other_way(even, extend, border, total):
    """Gas is seen going back in June though the net flow is forth: the seen one stays."""
    flows = observed_flows(2021, tables=extend(even, "observed_flows", [border("DE-NL", "2021-06", 1.0)]))
    june = flows[flows["snapshot"] == "2021-06-01"]
    assert total(june, "NL", "DE") == 0.0
    assert total(june, "DE", "NL") == pytest.approx(1.0)


def test_stocks_bind_flows(even, extend, sure):
    levels = {"2021-01-31": 24.0, "2021-02-28": 20.0, "2021-06-30": 26.0}
    rows = [{"zone": "DE", "date": day, "twh": twh, "working_volume_twh": 40, **sure} for day, twh in levels.items()]
    flows = observed_flows(2021, tables=extend(even, "observed_storage", rows))
    assert list_residuals(flows).empty
    net = flows[flows["kind"] == "withdrawal"].set_index("snapshot")
    assert net.loc["2021-01-01", "volume"] == pytest.approx(6e3)
    assert net.loc["2021-01-01", "observed"] == pytest.approx(6e3)
    assert net.loc["2021-02-01", "observed"] == pytest.approx(4e3)
    assert net.loc["2021-02-01", "confidence"] == "observed"
    filled = flows[flows["to"] == "DE storage"].set_index("snapshot")["volume"]
    drawn = flows[flows["from"] == "DE storage"].set_index("snapshot")["volume"]
    assert filled[:"2021-06-30"].sum() - drawn[:"2021-06-30"].sum() == pytest.approx(-4e3)


def test_a_day_inside_a_month_lies_on_the_line(even, extend, sure):
    row = {"zone": "EU27", "date": "2021-06-15", "twh": 20.0, "working_volume_twh": 40, **sure}
    flows = observed_flows(2021, tables=extend(even, "observed_storage", [row]))
    assert list_residuals(flows).empty
    filled = flows[flows["to"] == "DE storage"].set_index("snapshot")["volume"].reindex(_months(), fill_value=0.0)
    drawn = flows[flows["from"] == "DE storage"].set_index("snapshot")["volume"].reindex(_months(), fill_value=0.0)
    level = 30e3 + (filled - drawn).cumsum()
    assert 0.5 * (level["2021-05-01"] + level["2021-06-01"]) == pytest.approx(20e3)


def _months():
    return pd.date_range("2021-01-01", periods=12, freq="MS")


def test_stores_without_known_turns_are_cyclic(even, total):
    tables = {**even, "observed_storage": even["observed_storage"].query("zone == 'EU27'")}
    flows = observed_flows(2021, tables=tables)
    assert total(flows, "DE", "DE storage") == pytest.approx(total(flows, "DE storage", "DE"))
    assert list_residuals(flows).empty


def test_a_world_without_stores(even):
    """Without a store, imports follow demand month by month."""
    tables = {**even, "storages": even["storages"].iloc[:0], "observed_storage": even["observed_storage"].iloc[:0]}
    flows = observed_flows(2021, tables=tables)
    assert list_residuals(flows).empty
    assert flows.attrs["stocks"] == {}
    assert not flows["kind"].isin(["injection", "withdrawal"]).any()


# ------------------------------------------------------------------ small parts


def test_spread_of_a_figure():
    assert judge(1e5, Figure(100.0, "observed")) == (1e3, 1e3)
    assert judge(1e5, Figure(100.0, "derived")) == (3e3, 3e3)
    assert judge(1e5, Figure(100.0, "estimate", 80.0, 110.0)) == (pytest.approx(2e4), pytest.approx(1e4))
    assert judge(1e5, Figure(100.0, "estimate", 100.0, 100.0)) == (1e3, 1e3)
    assert judge(0.0, Figure(0.0, "observed")) == (10.0, 10.0)
    assert judge(1e5, Figure(100.0, "observed", low=60.0)) == (pytest.approx(4e4), 1e3)


def test_months_of_a_period():
    assert [list(list_months(period)) for period in ("2021", "2021Q4", "2021-12")] == [
        list(range(12)),
        [9, 10, 11],
        [11],
    ]


def test_a_path_without_points_stays():
    path = pd.Series([1.0, 2.0], index=pd.date_range("2021-01-01", periods=2))
    assert bend(path, pd.Series(dtype=float)).tolist() == [1.0, 2.0]


# ------------------------------------------------------------------ misuse


@pytest.mark.parametrize("year", [2018, 2030, 2026, 1, "2021", 2021.0, True, None, (2019, 2021)])
def test_years_that_were_not_observed(even, year):
    with pytest.raises(UsageError, match="year: "):
        observed_flows(year, tables=even)


def test_a_year_known_in_part_is_refused(even, extend, border):
    rows = [border("NL-DE", "2026Q1", 20.0)]
    with pytest.raises(UsageError, match="2026 were not observed from January to December"):
        observed_flows(2026, tables=extend(even, "observed_flows", rows))


def test_frequencies_and_tables_are_checked(even):
    with pytest.raises(UsageError, match="frequency: found 'week', expected one of month, quarter, year"):
        observed_flows(2021, tables=even, frequency="week")
    with pytest.raises(UsageError, match="storages missing"):
        observed_flows(2021, tables={name: table for name, table in even.items() if name != "storages"})
    with pytest.raises(UsageError, match="found int, expected tables by name"):
        observed_flows(2021, tables=5)


def test_residuals_need_their_frame(even):
    flows = observed_flows(2021, tables=even)
    both = pd.concat([flows, observed_flows(2022, tables=even)])  # frames among attrs would break this
    with pytest.raises(UsageError, match="no residuals in its attrs"):
        list_residuals(both)
    with pytest.raises(UsageError, match="expected a table from observed_flows"):
        list_residuals(3)


def test_tables_stay_as_they_were(even):
    before = {name: table.copy() for name, table in even.items()}
    observed_flows(2021, tables=even)
    for name, table in even.items():
        pd.testing.assert_frame_equal(table, before[name])
