"""The headline by hand: which ends go into it, what it rests on, what it needs."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from energyflows.errors import UsageError
from energyflows.influence import ACCOUNTS, measure_hidden

FIGURES = ("volume", "low", "high")
#: TWh: figure, least and most of label, molecules, displacement and the legal presumption.
RUSSIAN = [(20.0, 10.0, 40.0), (30.0, 25.0, 35.0), (25.0, 24.0, 50.0), (60.0, np.nan, np.nan)]
WORDS = ["bounded", "bounded", "identified", "assumed"]


def make(rows=RUSSIAN, words=WORDS, consumed=100.0, accounts=ACCOUNTS, unlabelled=30.0):
    """Return accounts of one bus in one year, Russian and unlabelled."""
    size = len(accounts)
    values = np.array(rows, dtype=float)[:size]
    other = np.zeros((size, 3))
    other[0] = unlabelled
    dims = ("account", "year", "bus", "origin")
    both = np.stack([values, other], axis=1)[:, None, None]
    tags = np.array([[word, "assumed"] for word in words[:size]], dtype=str)[:, None, None]
    coords = {"account": list(accounts), "year": [2025], "bus": ["BG"], "origin": ["RU", "unlabelled"]}
    ds = xr.Dataset({name: (dims, both[..., place]) for place, name in enumerate(FIGURES)}, coords=coords)
    gap = values[:3, 0].max() - values[:3, 0].min()
    return ds.assign(
        tag=(dims, tags),
        consumed=(("year", "bus"), [[consumed]]),
        divergence=(("year", "bus", "origin"), [[[gap, unlabelled]]]),
    )


def test_all_parts_are_shares_of_consumption():
    row = measure_hidden(make(), "RU").iloc[0]
    assert (row["year"], row["bus"], row["consumed_twh"]) == (2025, "BG", 100.0)
    parts = ["label", "molecules", "displacement", "legal", "unlabelled", "divergence"]
    assert row[parts].tolist() == pytest.approx([0.2, 0.3, 0.25, 0.6, 0.3, 0.1])
    assert row[["label_low", "label_high", "displacement_high"]].tolist() == pytest.approx([0.1, 0.4, 0.5])
    assert row[[f"{name}_tag" for name in ACCOUNTS]].tolist() == WORDS
    assert np.isnan(row["legal_low"])


def test_the_headline_takes_the_larger_account_and_the_far_ends():
    row = measure_hidden(make(), "RU").iloc[0]
    assert row["hidden"] == pytest.approx(0.30 - 0.20)
    assert row["hidden_low"] == pytest.approx(0.25 - 0.40)
    assert row["hidden_high"] == pytest.approx(0.50 - 0.10)


def test_a_part_without_a_range_counts_with_its_figure():
    rows = [RUSSIAN[0], (30.0, np.nan, np.nan), *RUSSIAN[2:]]
    row = measure_hidden(make(rows), "RU").iloc[0]
    assert row["hidden_low"] == pytest.approx(0.30 - 0.40)
    assert row["hidden_high"] == pytest.approx(0.50 - 0.10)


def test_more_names_than_gas_is_below_zero():
    rows = [(50.0, 50.0, 50.0), (30.0, 30.0, 30.0), (10.0, 10.0, 10.0), RUSSIAN[3]]
    assert measure_hidden(make(rows), "RU").iloc[0]["hidden"] == pytest.approx(-0.2)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["identified"] * 4, "identified"),
        (["identified", "bounded", "identified", "assumed"], "bounded"),
        (["bounded", "assumed", "identified", "identified"], "assumed"),
    ],
)
def test_the_weakest_of_three_parts_is_the_tag(words, expected):
    assert measure_hidden(make(words=words), "RU").iloc[0]["hidden_tag"] == expected


def test_nothing_consumed_is_no_share():
    row = measure_hidden(make(consumed=0.0), "RU").iloc[0]
    assert row["consumed_twh"] == 0.0
    assert np.isnan(row[["hidden", "label", "divergence"]].to_numpy(dtype=float)).all()


def test_the_legal_account_is_not_needed():
    table = measure_hidden(make(accounts=ACCOUNTS[:3]), "RU")
    assert "legal" not in table
    assert table.iloc[0]["hidden"] == pytest.approx(0.1)


def test_scenarios_areas_and_years_each_have_a_row():
    one = make().rename(bus="area")
    ds = xr.concat([one, one], dim=pd.Index(["b", "a"], name="scenario"))
    table = measure_hidden(ds, "RU")
    assert table.columns[:3].tolist() == ["scenario", "year", "area"]
    assert table["scenario"].tolist() == ["a", "b"]


@settings(max_examples=25)
@given(st.lists(st.lists(st.floats(0.0, 100.0), min_size=3, max_size=3).map(sorted), min_size=3, max_size=3))
def test_the_range_holds_the_headline(ends):
    rows = [(middle, low, high) for low, middle, high in ends]
    row = measure_hidden(make([*rows, RUSSIAN[3]]), "RU").iloc[0]
    assert row["hidden_low"] <= row["hidden"] <= row["hidden_high"]
    assert row["hidden"] >= -row["label"]


def test_what_is_missing_is_named():
    with pytest.raises(UsageError, match="no molecules, displacement; the headline needs"):
        measure_hidden(make(accounts=ACCOUNTS[:1]), "RU")
    with pytest.raises(UsageError, match="nothing is known of 'RUS'; did you mean RU"):
        measure_hidden(make(), "RUS")
    rows = [*RUSSIAN[:2], (np.nan, np.nan, np.nan), RUSSIAN[3]]
    with pytest.raises(UsageError, match="displacement of 'RU' was not computed"):
        measure_hidden(make(rows), "RU")


def test_results_are_no_accounts(market):
    with pytest.raises(UsageError, match="found no dim account"):
        measure_hidden(market({("PIPE", "DE"): 1.0}, {("PIPE", "RU"): 1.0}), "RU")
