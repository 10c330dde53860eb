"""Stores cut into thinner slices hold the same gas for the same worth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energyflows import solve
from energyflows.network import build_network
from energyflows.network.slices import cut_slices, list_slices

VOLUME = 40_000.0
LEVELS = st.lists(st.floats(-1e3, VOLUME + 1e3), max_size=6)


@pytest.fixture(scope="module")
def plain(toy):
    """Build the toy of 2025: slices of 30 and 10 TWh, the lower one full at the start."""
    return build_network(2025, tables=toy())


@pytest.fixture
def n(plain):
    return plain.copy()


def list_tops(n):
    return n.stores.loc[list_slices(n, "DE"), "e_nom"].cumsum().to_numpy()


@given(LEVELS)
@settings(max_examples=25)
def test_each_level_inside_the_volume_lies_at_an_edge(plain, levels):
    n = plain.copy()
    cut_slices(n, {"DE": levels})
    tops = list_tops(n)
    for level in levels:
        if 0 < level < VOLUME:
            assert np.abs(np.append(tops, 0.0) - level).min() < 1e-5
    assert (n.stores["e_nom"] > 0).all()
    assert tops[-1] == pytest.approx(VOLUME)


@given(LEVELS, LEVELS)
@settings(max_examples=15)
def test_volume_and_stock_stay_and_fill_from_below(plain, first, second):
    n = plain.copy()
    cut_slices(n, {"DE": first})
    cut_slices(n, {"DE": second})
    slices = n.stores.loc[list_slices(n, "DE")]
    assert slices["e_initial"].sum() == pytest.approx(30_000)
    full = np.clip(30_000 - (slices["e_nom"].cumsum() - slices["e_nom"]), 0, slices["e_nom"])
    assert slices["e_initial"].to_numpy() == pytest.approx(full.to_numpy(), abs=1e-5)
    assert len(slices) == len(set(slices.index))


def test_levels_at_an_edge_or_outside_change_nothing(n, plain):
    cut_slices(n, {"DE": [0.0, -5.0, 30_000.0, 30_000.0 + 1e-9, VOLUME, 1e9]})
    cut_slices(n, {})
    assert n.stores.equals(plain.stores)


def test_a_level_named_twice_cuts_once(n):
    cut_slices(n, {"DE": [10_000.0, 10_000.0, 10_000.0 + 1e-9]})
    assert list_tops(n).tolist() == [10_000.0, 30_000.0, VOLUME]


def test_new_slices_take_over_what_the_old_one_was(n):
    n.stores.loc["DE storage 1", "standing_loss"] = 0.001
    n.stores.loc["DE storage 2", "e_cyclic"] = True
    cut_slices(n, {"DE": [10_000.0, 35_000.0]})
    names = list_slices(n, "DE")
    assert names == ["DE storage 1", "DE storage 1.5", "DE storage 2", "DE storage 2.5"]
    assert n.stores.loc[names, "standing_loss"].tolist() == [0.001, 0.001, 0.0, 0.0]
    assert n.stores.loc[names, "e_cyclic"].tolist() == [False, False, True, True]
    assert set(n.stores["part_of"]) == {"DE storage"}
    worth = n.stores_t.marginal_cost_storage
    assert worth["DE storage 1.5"].equals(worth["DE storage 1"].rename("DE storage 1.5"))
    assert worth["DE storage 2.5"].equals(worth["DE storage 2"].rename("DE storage 2.5"))


def test_slices_that_open_later_do_so_in_all_their_parts(n):
    n.stores_t.e_max_pu["DE storage 2"] = [0.0] * 6 + [1.0] * 6
    cut_slices(n, {"DE": [35_000.0]})
    room = n.get_switchable_as_dense("Store", "e_max_pu") * n.stores["e_nom"]
    assert room[list_slices(n, "DE")].sum(axis=1).to_numpy() == pytest.approx([30_000] * 6 + [VOLUME] * 6)


def test_cutting_changes_no_result(n, plain):
    cut_slices(n, {"DE": np.linspace(0, VOLUME, 9)})
    one, other = solve(plain), solve(n)
    assert float(other["objective"]) == pytest.approx(float(one["objective"]), rel=1e-9)
    assert one["store"].equals(other["store"])
    assert float(abs(one["stored"] - other["stored"]).max()) < 1e-3


def test_zones_without_storage_have_no_slices(n):
    assert list_slices(n, "NL") == []
