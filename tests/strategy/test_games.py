"""Values of players: against orders counted one by one, against closed forms, and games worked by hand."""

from fractions import Fraction
from itertools import combinations, permutations
from math import comb, factorial

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from energyflows.errors import UnknownNameError, UsageError
from energyflows.strategy import (
    banzhaf,
    interaction,
    list_coalitions,
    measure_coordination,
    merge_players,
    shapley,
)

NAMES = ["A", "B", "C", "D", "E"]


def subsets(players):
    return [frozenset(chosen) for size in range(len(players) + 1) for chosen in combinations(players, size)]


@st.composite
def games(draw, least=1, most=5):
    """Worth by coalition of up to five players, in whole numbers."""
    players = NAMES[: draw(st.integers(least, most))]
    worth = st.integers(-20, 20)
    return {coalition: draw(worth) if coalition else 0 for coalition in subsets(players)}


def members(game):
    return sorted(max(game, key=len))


def count_orders(game):
    """Return Shapley values as defined: what each adds on arrival, over all orders, in fractions."""
    players = members(game)
    added = dict.fromkeys(players, 0)
    for order in permutations(players):
        for place, player in enumerate(order):
            added[player] += game[frozenset(order[: place + 1])] - game[frozenset(order[:place])]
    return {player: Fraction(total, factorial(len(players))) for player, total in added.items()}


def list_dividends(game):
    """Return what each coalition adds that no part of it has (Harsanyi 1959)."""
    return {
        whole: sum((-1) ** len(whole - part) * worth for part, worth in game.items() if part <= whole) for whole in game
    }


def tell(game):
    """Worth by coalition from a few written as text: ``{"AB": 1}``; the rest is worth nothing."""
    players = sorted(set("".join(game)))
    return {coalition: game.get("".join(sorted(coalition)), 0) for coalition in subsets(players)}


def close(found, expected):
    assert found.to_dict() == pytest.approx({name: float(number) for name, number in expected.items()}, abs=1e-12)


@given(games())
def test_shapley_is_the_mean_over_all_orders(game):
    expected = count_orders(game)
    found = shapley(game)
    assert found.index.name == "player"
    assert found.to_dict() == pytest.approx({name: float(number) for name, number in expected.items()}, abs=1e-9)


@given(games())
def test_shapley_gives_out_what_all_have(game):
    assert shapley(game).sum() == pytest.approx(game[max(game, key=len)], abs=1e-9)


@given(games(least=2))
def test_players_that_add_the_same_get_the_same(game):
    swap = {"A": "B", "B": "A"}
    mean = {each: game[each] + game[frozenset(swap.get(name, name) for name in each)] for each in game}
    for found in (shapley(mean), banzhaf(mean)):
        assert found["A"] == pytest.approx(found["B"], abs=1e-9)


@given(games(most=4), st.integers(-5, 5))
def test_who_adds_the_same_everywhere_gets_that(game, own):
    wider = {each | extra: worth + own * len(extra) for each, worth in game.items() for extra in ({*()}, {"Z"})}
    for function in (shapley, banzhaf):
        with_it, without = function(wider), function(game)
        assert with_it["Z"] == pytest.approx(own, abs=1e-9)
        assert with_it.drop("Z").to_dict() == pytest.approx(without.to_dict(), abs=1e-9)
    assert interaction(wider, ["A", "Z"]) == pytest.approx(0, abs=1e-9)
    assert measure_coordination(wider, ["A", "Z"]) == pytest.approx(0, abs=1e-9)


@given(games(least=3, most=3), games(least=3, most=3))
def test_values_of_a_sum_are_sums_of_values(one, other):
    both = {each: one[each] + other[each] for each in one}
    for function in (shapley, banzhaf):
        np.testing.assert_allclose(function(both), function(one) + function(other), atol=1e-9)


@given(games())
def test_banzhaf_is_the_mean_over_all_coalitions_of_others(game):
    players = members(game)
    expected = {
        player: sum(game[each | {player}] - game[each] for each in game if player not in each) / 2 ** (len(players) - 1)
        for player in players
    }
    assert banzhaf(game).to_dict() == pytest.approx(expected, abs=1e-9)


@given(games())
def test_normalised_banzhaf_gives_out_what_all_have(game):
    plain, scaled = banzhaf(game), banzhaf(game, normalised=True)
    if abs(plain.sum()) < 1e-9:
        assert scaled.isna().all()
    else:
        assert scaled.sum() == pytest.approx(game[max(game, key=len)], abs=1e-6)
        np.testing.assert_allclose(scaled * plain.sum(), plain * scaled.sum(), atol=1e-6)


@given(games(least=2), st.integers(2, 4))
def test_interaction_shares_dividends_among_coalitions_that_hold_the_group(game, size):
    group = frozenset(members(game)[:size])
    expected = sum(
        dividend / (len(whole) - len(group) + 1) for whole, dividend in list_dividends(game).items() if group <= whole
    )
    assert interaction(game, group) == pytest.approx(expected, abs=1e-9)


@given(games(least=2), st.integers(2, 4))
def test_coordination_is_the_value_of_the_one_less_those_of_its_parts(game, size):
    group = members(game)[:size]
    merged = merge_players(game, group, name="one")
    single, parts = shapley(merged), count_orders(game)
    gain = measure_coordination(game, group)
    assert gain == pytest.approx(single["one"] - float(sum(parts[name] for name in group)), abs=1e-9)
    if len(members(game)) == len(group):
        assert gain == pytest.approx(0, abs=1e-9)


@given(games(least=3, most=3))
def test_coordination_of_a_pair_is_a_sixth_of_what_the_third_takes_from_its_complement(game):
    dividend = list_dividends(game)[frozenset("ABC")]
    assert measure_coordination(game, ["A", "B"]) == pytest.approx(-dividend / 6, abs=1e-9)


def test_airport_shares_each_stretch_among_those_who_need_it():
    """Littlechild & Owen (1973)."""
    costs = {"A": 3, "B": 5, "C": 5, "D": 11}
    found = shapley(lambda each: -max((costs[name] for name in each), default=0), list(costs))
    first, second, third = Fraction(3, 4), Fraction(2, 3), Fraction(6, 1)
    close(-found, {"A": first, "B": first + second, "C": first + second, "D": first + second + third})


def test_council_with_vetoes():
    """Five with a veto and seven without; nine votes carry: who has none turns a vote between eight exactly."""
    veto, others = [f"V{number}" for number in range(5)], [f"O{number}" for number in range(7)]
    carries = lambda each: float(each.issuperset(veto) and len(each) >= 9)  # noqa: E731
    low = Fraction(comb(6, 3) * factorial(8) * factorial(3), factorial(12))
    close(shapley(carries, [*veto, *others]), dict.fromkeys(others, low) | dict.fromkeys(veto, (1 - 7 * low) / 5))
    swings = {name: comb(6, 3) for name in others} | {name: sum(comb(7, size) for size in range(4, 8)) for name in veto}
    close(banzhaf(carries, [*veto, *others]), {name: Fraction(number, 2**11) for name, number in swings.items()})


def test_two_transit_countries_in_series():
    """S sells through A and then B: capacities 7 and 5, demand 6, a margin of 3."""
    game = tell({"ABS": min(7, 5, 6) * 3})
    close(shapley(game), {"S": 5, "A": 5, "B": 5})
    assert interaction(game, ["A", "B"]) == pytest.approx(Fraction(15, 2))
    # As one they are one of two that are needed: half of 15, where they had a third each.
    assert measure_coordination(game, ["A", "B"]) == pytest.approx(Fraction(15, 2) - 10)


def test_two_transit_countries_in_parallel():
    """S sells through A, through B or through both: capacities 4 and 8, demand 10, a margin of 1."""
    game = tell({"AS": 4, "BS": 8, "ABS": 10})
    close(shapley(game), {"S": Fraction(16, 3), "A": Fraction(4, 3), "B": Fraction(10, 3)})
    assert interaction(game, ["A", "B"]) == pytest.approx(-1)
    assert measure_coordination(game, ["A", "B"]) == pytest.approx(Fraction(1, 3))


def test_routes_that_are_each_enough_are_two_right_gloves_for_a_left_one():
    game = tell({"AS": 1, "BS": 1, "ABS": 1})
    close(shapley(game), {"S": Fraction(2, 3), "A": Fraction(1, 6), "B": Fraction(1, 6)})
    assert interaction(game, ["A", "B"]) == pytest.approx(-0.5)
    assert measure_coordination(game, ["A", "B"]) == pytest.approx(Fraction(1, 6))
    assert interaction(game, ["A", "S"]) == pytest.approx(0.5)


def test_routes_with_capacity_to_spare_between_a_seller_and_a_buyer():
    """Routes A and B of 6 each, demand 10: they overlap by 2."""
    game = tell({"ACS": 6, "BCS": 6, "ABCS": 10})
    close(shapley(game), {"S": Fraction(7, 2), "C": Fraction(7, 2), "A": Fraction(3, 2), "B": Fraction(3, 2)})
    assert interaction(game, ["A", "B"]) == pytest.approx(Fraction(-2, 3))
    assert measure_coordination(game, ["A", "B"]) == pytest.approx(Fraction(1, 3))
    close(shapley(merge_players(game, ["A", "B"])), dict.fromkeys(["A + B", "C", "S"], Fraction(10, 3)))


def make_arrays(seed=0, names=("A", "B", "C")):
    """Worth by coalition as arrays of two dims."""
    random = np.random.default_rng(seed)
    coords = {"year": [2024, 2025], "scenario": np.array(["x", "y", "z"], dtype=str)}
    return {
        each: xr.DataArray(random.normal(size=(2, 3)), coords, ("year", "scenario"), attrs={"units": "MEUR"})
        for each in list_coalitions(names)[1:]
    }


@pytest.mark.parametrize("function", [shapley, banzhaf, lambda game: banzhaf(game, normalised=True)])
def test_arrays_are_games_side_by_side(function):
    game = make_arrays()
    found = function(game)
    assert found.dims == ("player", "year", "scenario")
    assert found.attrs == {"units": "MEUR"}
    for place in np.ndindex(2, 3):
        each = function({coalition: float(worth.to_numpy()[place]) for coalition, worth in game.items()})
        pd.testing.assert_series_equal(found[(slice(None), *place)].to_series(), each, check_names=False)


@pytest.mark.parametrize("function", [interaction, measure_coordination])
def test_arrays_are_games_side_by_side_for_groups(function):
    game = make_arrays()
    found = function(game, ["A", "C"])
    assert found.dims == ("year", "scenario")
    for place in np.ndindex(2, 3):
        each = function({coalition: float(worth.to_numpy()[place]) for coalition, worth in game.items()}, ["A", "C"])
        assert float(found[place]) == pytest.approx(each)


def test_arrays_may_have_their_dims_in_any_order_and_be_plain_where_they_are_the_same():
    game = make_arrays()
    other = {each: worth.transpose() if len(each) == 2 else worth for each, worth in game.items()}
    xr.testing.assert_allclose(shapley(other), shapley(game))
    constant = game | {frozenset("A"): xr.full_like(game[frozenset("A")], 3.0)}
    xr.testing.assert_allclose(shapley(constant | {frozenset("A"): 3}), shapley(constant))


def test_labels_along_dims_and_units_stay_and_what_is_of_single_runs_goes():
    values = {
        each: worth.assign_coords(leap=("year", [True, False]), draw="+".join(sorted(each)))
        .assign_attrs(long_name="cost of this run")
        .rename("objective")
        for each, worth in make_arrays().items()
    }
    for found in (shapley(values), interaction(values, ["A", "B"])):
        assert found["leap"].to_numpy().tolist() == [True, False]
        assert "draw" not in found.coords
        assert found.attrs == {"units": "MEUR"}
        assert found.name is None


def test_arrays_without_dims_give_an_array_by_player():
    found = shapley({"A": xr.DataArray(1.0), "B": xr.DataArray(2.0), ("A", "B"): xr.DataArray(5.0)})
    assert found.to_series().to_dict() == {"A": 2.0, "B": 3.0}


def test_normalised_banzhaf_is_undefined_where_nobody_adds_anything():
    worth = xr.DataArray([1.0, 0.0], dims="year")
    found = banzhaf({"A": worth, "B": worth, ("A", "B"): 2 * worth}, normalised=True)
    np.testing.assert_array_equal(found, [[1.0, np.nan], [1.0, np.nan]])


def test_keys_may_be_frozensets_tuples_or_single_names():
    keys = {"AZ": 1, ("TR",): 2, frozenset(["TR", "AZ"]): 5}
    assert shapley(keys).to_dict() == {"AZ": 2.0, "TR": 3.0}


def test_players_come_as_given_or_by_name():
    game = tell({"A": 1, "B": 2, "AB": 5})
    assert shapley(game, ["B", "A"]).index.tolist() == ["B", "A"]
    assert shapley(game, {"B", "A"}).index.tolist() == shapley(game).index.tolist() == ["A", "B"]


def test_a_function_is_called_once_for_each_coalition_in_order():
    asked = []
    shapley(lambda each: float(len(asked.append(each) or each)), ["A", "B", "C"])
    assert asked == list_coalitions(["A", "B", "C"])


def test_coalitions_come_by_bitmask():
    found = list_coalitions(["C", "A", "B"])
    for mask, coalition in enumerate(found):
        assert coalition == {name for bit, name in enumerate(["C", "A", "B"]) if mask >> bit & 1}
    assert len(list_coalitions(map(str, range(12)))) == 4096


def test_merging_asks_for_no_coalition_that_splits_the_group():
    asked = []
    names = [f"P{number}" for number in range(20)]
    merged = merge_players(lambda each: float(len(asked.append(each) or each)), names[3:], names, name="rest")
    assert len(asked) == len(merged) == 16
    assert merged[frozenset(["rest", "P0"])] == 18.0
    assert list(merged) == list_coalitions(["P0", "P1", "P2", "rest"])


def test_all_missing_coalitions_are_told_at_once():
    with pytest.raises(
        UsageError, match=r"cannot be used(?s:.*)A \+ C: missing(?s:.*)B \+ C: missing(?s:.*)A \+ B \+ C: m"
    ):
        shapley({"A": 1, "B": 2, "C": 3, ("A", "B"): 3})
    with pytest.raises(UsageError, match=r"A \+ B: missing(?s:.*)and 992 more"):
        shapley(dict.fromkeys("ABCDEFGHIJ", 1) | {tuple("ABCDEFGHIJ"): 1})


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"A": np.nan}, "A: is nan"),
        ({("A", "B"): -np.inf}, r"A \+ B: is -inf"),
        ({"A": "1"}, "A: found '1', expected a number or an xarray.DataArray"),
        ({"A": pd.Series([1.0])}, "A: found .*, expected a number"),
        ({"A": xr.DataArray([1.0, np.nan], dims="year")}, "A: found 1 of 2 values NaN"),
        ({"A": xr.DataArray(["x"], dims="year")}, "A: found an array of <U1"),
        ({"A": xr.DataArray([1.0], dims="player")}, "A: has a dim or coordinate 'player'"),
        ({(): 0.5}, "nobody: found up to 0.5, expected 0; subtract it"),
        ({(): xr.DataArray([0.0, -2.0], dims="year")}, "nobody: found up to 2, expected 0; subtract it"),
        ({("B", "A"): 3}, r"A \+ B: given twice"),
        ({("A", "A"): 3}, "a player is there twice"),
        ({("A", 5): 3}, "no player '5'"),
    ],
)
def test_values_that_cannot_be_used(change, told):
    with pytest.raises(UsageError, match=told):
        shapley({"A": 1.0, "B": 2.0, ("A", "B"): 3.0} | change)


def test_all_that_is_wrong_is_told_at_once():
    with pytest.raises(UsageError, match=r"no player 'C'(?s:.*)B: missing(?s:.*)A: is nan"):
        shapley({"A": np.nan, ("A", "B"): 1.0, "C": 2.0}, ["A", "B"])


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (xr.DataArray([1.0, 2.0], dims="scenario"), r"A: found dims scenario, expected those of A \+ B"),
        (xr.DataArray([1.0, 2.0], {"year": [2024, 2026]}), r"A: found other labels of year than in A \+ B"),
        (xr.DataArray([1.0], dims="year"), r"A: found other labels of year than in A \+ B"),
        (xr.DataArray(1.0), r"A: found dims none, expected those of A \+ B"),
    ],
)
def test_arrays_with_other_labels(other, told):
    worth = xr.DataArray([1.0, 2.0], {"year": [2024, 2025]})
    with pytest.raises(UsageError, match=told):
        shapley({"A": other, "B": worth, ("A", "B"): worth})


@pytest.mark.parametrize(
    ("players", "told"),
    [
        ("AB", "found 'AB', expected a list of names"),
        (5, "found 5, expected a list"),
        ([], "found none, expected at least one"),
        (["A", "B", "A"], "'A' is there 2 times"),
        (["A", 5, "", ["B"]], r"found 5(?s:.*)found ''(?s:.*)found \['B'\]"),
        (None, "found none, expected their names"),
        ([f"P{number}" for number in range(13)], "found 13, expected at most 12: 8,192 coalitions.*sample_shapley"),
    ],
)
def test_players_that_cannot_be_used(players, told):
    with pytest.raises(UsageError, match=told):
        shapley(len, players)


def test_games_that_are_none():
    with pytest.raises(UsageError, match="value: found float, expected a mapping of coalitions"):
        shapley(3.0, ["A"])
    with pytest.raises(UsageError, match="players:"):
        shapley({})


@pytest.mark.parametrize("function", [interaction, measure_coordination, merge_players])
@pytest.mark.parametrize(
    ("group", "error", "told"),
    [
        ("AB", UsageError, "group: found 'AB', expected a list"),
        (None, UsageError, "group: found None"),
        (["A"], UsageError, "found 1 players, expected at least two"),
        (["A", "B", "A"], UsageError, "'A' is there twice"),
        (["A", "a", ["B"]], UnknownNameError, r"no player 'a'; did you mean A\?(?s:.*)no player \['B'\]"),
    ],
)
def test_groups_that_are_none(function, group, error, told):
    with pytest.raises(error, match=told):
        function(tell({"AB": 1, "ABC": 2}), group)


def test_the_one_needs_a_name_of_its_own():
    game = tell({"ABC": 1})
    with pytest.raises(UsageError, match="name: found 'C', which is another player"):
        merge_players(game, ["A", "B"], name="C")
    assert frozenset("A") in merge_players(game, ["A", "B"], name="A")
