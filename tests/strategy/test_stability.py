"""The nucleolus against closed forms and against all that might beat it; coalitions that would rather go alone."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from energyflows.errors import SolveError, UsageError
from energyflows.strategy import list_blocking, nucleolus, shapley, stability

NAMES = ["A", "B", "C", "D", "E"]


def subsets(players):
    return [frozenset(chosen) for size in range(len(players) + 1) for chosen in combinations(players, size)]


def tell(game):
    """Worth by coalition from a few written as text: ``{"AB": 1}``; the rest is worth nothing."""
    players = sorted(set("".join(game)))
    return {coalition: game.get("".join(sorted(coalition)), 0) for coalition in subsets(players)}


def make_bankruptcy(estate, claims):
    """Return what is left to each coalition when all others have had their claims (O'Neill 1982)."""
    players = [f"P{number}" for number in range(len(claims))]
    total = sum(claims)
    return {
        frozenset(players[place] for place in chosen): max(0, estate - total + sum(claims[place] for place in chosen))
        for size in range(len(claims) + 1)
        for chosen in combinations(range(len(claims)), size)
    }


def divide_as_talmud(estate, claims):
    """Give out half claims evenly, or take what is lacking evenly from the other halves (Aumann & Maschler 1985)."""
    halves, claimed = [claim / 2 for claim in claims], sum(claims)
    less = min(estate, claimed - estate)
    low, high = 0.0, max(halves)
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(min(half, middle) for half in halves) < less else (low, middle)
    part = [min(half, high) for half in halves]
    return part if estate <= claimed / 2 else [claim - each for claim, each in zip(claims, part, strict=True)]


def sort_excesses(game, players, shares):
    """Return what coalitions lack, the largest first, for shares of many allocations (rows)."""
    proper = [coalition for coalition in game if 0 < len(coalition) < len(players)]
    held = np.array([[name in coalition for name in players] for coalition in proper], dtype=float)
    worth = np.array([game[coalition] for coalition in proper], dtype=float)
    return -np.sort(-(worth - np.atleast_2d(shares) @ held.T), axis=1)


def find_better(excesses, own):
    """Return which rows come before ``own`` in the order of the dictionary."""
    differs = abs(excesses - own) > 1e-7
    first = differs.argmax(axis=1)
    rows = np.arange(len(excesses))
    return rows[differs.any(axis=1) & (excesses[rows, first] < own[first])]


@st.composite
def games(draw, count, top):
    """Worth in small whole numbers, with ties everywhere; all together have at least what each has alone."""
    players = NAMES[:count]
    game = {each: draw(st.integers(-1, top)) if each else 0 for each in subsets(players)}
    alone = sum(game[frozenset([name])] for name in players)
    return game | {frozenset(players): alone + draw(st.integers(0, top))}


@pytest.mark.parametrize(
    ("estate", "expected"),
    [(100, [100 / 3] * 3), (200, [50, 75, 75]), (300, [50, 100, 150]), (500, [200 / 3, 500 / 3, 800 / 3])],
)
def test_contested_garment(estate, expected):
    assert nucleolus(make_bankruptcy(estate, [100, 200, 300])).tolist() == pytest.approx(expected)


@given(st.lists(st.integers(1, 12), min_size=1, max_size=5), st.floats(0, 1))
def test_nucleolus_of_a_bankruptcy_is_the_rule_of_the_talmud(claims, part):
    estate = round(part * sum(claims))
    found = nucleolus(make_bankruptcy(estate, claims))
    assert found.tolist() == pytest.approx(divide_as_talmud(estate, claims), abs=1e-8)


def test_eight_players_are_divided_as_fast_as_few():
    claims = [10, 20, 20, 35, 50, 80, 130, 210]
    for estate in (40, 250, 400):
        found = nucleolus(make_bankruptcy(estate, claims))
        assert found.tolist() == pytest.approx(divide_as_talmud(estate, claims), abs=1e-8)


@given(games(count=3, top=4))
def test_nothing_on_a_grid_comes_before_the_nucleolus(game):
    """All shares of three players in steps of a twelfth, compared coalition by coalition."""
    players = NAMES[:3]
    found = nucleolus(game)
    alone = np.array([game[frozenset([name])] for name in players])
    steps = 12 * round(game[frozenset(players)] - alone.sum())
    first, second = np.meshgrid(np.arange(steps + 1), np.arange(steps + 1))
    inside = first + second <= steps
    shares = alone + np.stack([first[inside], second[inside], steps - (first + second)[inside]], axis=1) / 12
    excesses, (own,) = sort_excesses(game, players, shares), sort_excesses(game, players, found.to_numpy())
    assert find_better(excesses, own).size == 0
    best = shares[np.lexsort(excesses.round(9).T[::-1])[0]]
    if np.allclose(found * 12, np.round(found * 12)):
        np.testing.assert_allclose(best, found, atol=1e-7)
    else:
        assert abs(best - found).max() <= 1 / 6


@given(games(count=4, top=3), st.integers(0, 10**6))
def test_no_step_away_from_the_nucleolus_leads_before_it(game, seed):
    """Allocations that come before another are a convex set with it at the edge, so that small steps are enough."""
    players = NAMES[:4]
    found = nucleolus(game)
    ahead = np.random.default_rng(seed).integers(-3, 4, size=(300, 4)).astype(float)
    pairs = [np.eye(4)[one] - np.eye(4)[other] for one in range(4) for other in range(4) if one != other]
    steps = np.vstack([ahead - ahead.mean(axis=1, keepdims=True), *pairs])
    shares = np.vstack([found.to_numpy() + size * steps for size in (0.001, 0.1)])
    allowed = (shares >= [game[frozenset([name])] - 1e-12 for name in players]).all(axis=1)
    (own,) = sort_excesses(game, players, found.to_numpy())
    assert found.sum() == pytest.approx(game[frozenset(players)], abs=1e-9)
    assert (found >= [game[frozenset([name])] - 1e-9 for name in players]).all()
    assert find_better(sort_excesses(game, players, shares[allowed]), own).size == 0


@given(games(count=4, top=3), st.floats(0.01, 1e6), st.lists(st.integers(-50, 50), min_size=4, max_size=4))
def test_nucleolus_follows_units_and_what_players_bring(game, scale, brought):
    own = dict(zip(NAMES, brought, strict=False))
    other = {each: scale * (worth + sum(own[name] for name in each)) for each, worth in game.items()}
    expected = scale * (nucleolus(game) + brought)
    np.testing.assert_allclose(nucleolus(other), expected, atol=1e-8 * scale)


@given(games(count=4, top=3))
def test_nucleolus_does_not_depend_on_the_order_of_players(game):
    found = nucleolus(game, ["D", "B", "A", "C"])
    assert found.index.tolist() == ["D", "B", "A", "C"]
    np.testing.assert_allclose(found.sort_index(), nucleolus(game), atol=1e-8)


@pytest.mark.parametrize(
    ("game", "expected"),
    [
        ({"A": 5}, [5]),
        ({"A": 1, "B": 2, "AB": 9}, [4, 5]),  # two halve what they gain
        ({"AB": 1, "AC": 1, "ABC": 1}, [1, 0, 0]),  # one left glove, two right ones
        ({"AB": 1, "AC": 1, "BC": 1, "ABC": 1}, [1 / 3, 1 / 3, 1 / 3]),  # two of three carry: no core
        ({"ABC": 1}, [1 / 3, 1 / 3, 1 / 3]),
        ({"A": 1, "B": 2, "C": 3, "AB": 3, "AC": 4, "BC": 5, "ABC": 6}, [1, 2, 3]),  # nobody adds to anybody
        ({"A": 0, "B": 0, "ABC": 0}, [0, 0, 0]),
        ({"AB": 4, "ABC": 1}, [0.5, 0.5, 0]),  # C would be below what it has alone without that bound
        ({"AB": 5, "ABC": 0}, [0, 0, 0]),  # a single allocation leaves each what it has
        ({"A": -2, "B": -3, "C": -4, "AB": -3, "AC": -4, "BC": -5, "ABC": -5}, [-2 / 3, -5 / 3, -8 / 3]),
        ({"AS": 4, "BS": 8, "ABS": 10}, [1, 3, 6]),  # order A, B, S: routes in parallel, each half of what it adds last
        ({"ABS": 15}, [5, 5, 5]),  # in series
        ({"AB": 1, "CD": 1, "ABCD": 2}, [0.5, 0.5, 0.5, 0.5]),
        ({"ABC": 1, "ABD": 1, "ACD": 1, "ABCD": 1}, [1, 0, 0, 0]),  # a veto
        ({"AB": 1, "AC": 1, "AD": 1, "BCD": 1, "ABC": 1, "ABD": 1, "ACD": 1, "ABCD": 1}, [0.4, 0.2, 0.2, 0.2]),  # apex
    ],
)
def test_nucleolus_by_hand(game, expected):
    assert nucleolus(tell(game)).tolist() == pytest.approx(expected, abs=1e-9)


def test_nucleolus_is_in_the_core_where_shapley_is_not():
    game = tell({"AS": 6, "BS": 6, "ABS": 6})
    assert list_blocking(game, nucleolus(game)).empty
    assert list_blocking(game, shapley(game))["coalition"].tolist() == [("A", "S"), ("B", "S")]


def test_arrays_without_dims_are_numbers():
    game = {"A": xr.DataArray(1.0), "B": xr.DataArray(2.0), ("A", "B"): xr.DataArray(9.0)}
    assert nucleolus(game).to_dict() == {"A": 4.0, "B": 5.0}


def test_players_that_have_more_alone():
    with pytest.raises(UsageError, match="found 5 as the sum of what players have alone, expected no more than the 4"):
        nucleolus({"A": 2, "B": 3, ("A", "B"): 4})


def test_games_no_nucleolus_is_found_of():
    with pytest.raises(UsageError, match="found 9 players, expected at most 8"):
        nucleolus(len, [f"P{number}" for number in range(9)])
    worth = xr.DataArray([1.0, 2.0], dims="year")
    with pytest.raises(UsageError, match="nucleolus: found values with year, expected one number a coalition"):
        nucleolus({"A": worth})
    with pytest.raises(UsageError, match=r"A \+ B: missing"):
        nucleolus({"A": 1, "B": 2})


def test_a_programme_that_fails_is_told(monkeypatch):
    failed = type("Solution", (), {"status": 4, "message": "numerical trouble"})
    monkeypatch.setattr(stability, "linprog", lambda *_, **__: failed)
    with pytest.raises(SolveError, match="nucleolus: numerical trouble"):
        nucleolus(tell({"AB": 1}))


def test_coalitions_that_lack_most_come_first():
    game = tell({"A": 1, "AB": 6, "AC": 5, "ABC": 8})
    found = list_blocking(game, pd.Series({"C": 4.0, "B": 3.5, "A": 0.5}))
    expected = pd.DataFrame(
        {
            "coalition": [("A", "B"), ("A",), ("A", "C")],
            "value": [6.0, 1.0, 5.0],
            "given": [4.0, 0.5, 4.5],
            "lacking": [2.0, 0.5, 0.5],
        }
    )
    pd.testing.assert_frame_equal(found, expected)


@given(games(count=3, top=4), st.lists(st.integers(0, 8), min_size=3, max_size=3))
def test_blocking_coalitions_are_those_with_less(game, halves):
    """Each gets some halves over what it has alone, all together no more than they have."""
    shares = {name: game[frozenset([name])] + half / 2 for name, half in zip(NAMES, halves, strict=False)}
    if sum(shares.values()) > game[frozenset(shares)]:
        with pytest.raises(UsageError, match="gives out"):
            list_blocking(game, shares)
        return
    found = list_blocking(game, shares)
    short = {each for each in game if sum(shares[name] for name in each) < game[each]}
    assert {frozenset(each) for each in found["coalition"]} == short
    assert found["lacking"].is_monotonic_decreasing


def test_rounding_blocks_nothing():
    assert list_blocking(tell({"AB": 1}), {"A": 0.3, "B": 0.7 - 1e-12}).empty


def test_rounding_leaves_an_allocation():
    """A tenth and two tenths are a little more than three tenths."""
    assert nucleolus(tell({"A": 0.1, "B": 0.2, "AB": 0.3})).tolist() == pytest.approx([0.1, 0.2])


def test_all_together_block_what_leaves_something_over():
    assert list_blocking(tell({"AB": 4}), {"A": 1, "B": 2})["coalition"].tolist() == [("A", "B")]


@pytest.mark.parametrize(
    ("allocation", "told"),
    [
        (
            {"A": 1, "a": 2, "B": np.nan},
            r"C: nothing said(?s:.*)'a': no such player; did you mean A(?s:.*)B: found nan",
        ),
        (pd.Series([1.0, 2.0, 1.0, 1.0], ["A", "B", "A", "C"]), "A: there twice"),
        ({"A": "1", "B": 1, "C": 1}, "A: found '1', expected a number"),
        ({"A": 2, "B": 1, "C": 1}, "gives out 4, expected no more than the 3 of all players"),
        ([1, 1, 1], "found list, expected a mapping or Series by player"),
    ],
)
def test_allocations_that_are_none(allocation, told):
    with pytest.raises(UsageError, match=told):
        list_blocking(tell({"ABC": 3}), allocation)
