"""Plain PyPSA solves some draws once more, and a number it does not find is an error that names the draw."""

import threading

import numpy as np
import pandas as pd
import pypsa
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from energyflows.ensemble import auditing
from energyflows.ensemble.auditing import TOLERANCE, check_draws, choose_draws
from energyflows.ensemble.draws import plan_draws
from energyflows.ensemble.outputs import parse_outputs
from energyflows.ensemble.solving import prepare_core, solve_draws
from energyflows.errors import MismatchError, WorkerError

NAMES = np.array(["calm", "half", "dark"])


@pytest.fixture(scope="module")
def audited():
    """Return a network of which the third draw has no solution, its draws, and what the engine found."""
    n = pypsa.Network(snapshots=pd.date_range("2025-01-01", periods=2, freq="MS"))
    n.snapshot_weightings.loc[:, :] = np.array([[31.0], [28.0]])
    n.add("Bus", "A")
    n.add("Generator", ["cheap", "dear"], bus="A", p_nom=[60, 50], marginal_cost=[10, 30])
    n.add("Load", "town", bus="A", p_set=[70.0, 80.0])
    values = [[1.0, 1.0], [0.5, 1.0], [0.5, 0.5]]
    draws = xr.Dataset({"capacity_factor": (("draw", "component"), values)}, coords={"component": ["cheap", "dear"]})
    plan = plan_draws(n, draws)
    core, _ = prepare_core(n, plan, parse_outputs(["price"]))
    return n, plan, {**solve_draws(core, plan), "names": NAMES}


def spoil(audited, name, draw, value):
    """Return the arguments of the check with one number replaced."""
    n, plan, found = audited
    wrong = found[name].astype(object)
    wrong[draw] = value
    return n, plan, [draw], {**found, name: wrong}


def test_right_numbers_pass(audited):
    n, plan, found = audited
    assert found["status"].tolist() == ["optimal", "optimal", "infeasible"]
    checked = check_draws(n, plan, [0, 1, 2], found)
    assert checked[0] == pytest.approx(31 * (600 + 300) + 28 * (600 + 600))
    assert checked[1] == pytest.approx(found["solver_objective"][1])
    assert np.isnan(checked[2])


def test_only_the_draws_asked_for_are_solved(audited):
    n, plan, found = audited
    assert list(check_draws(n, plan, [2], found)) == [2]
    assert check_draws(n, plan, [], found) == {}


@pytest.mark.parametrize("factor", [1 + 3 * TOLERANCE, 1 - 3 * TOLERANCE, -1.0, np.nan])
def test_wrong_objective_is_told_with_the_name_of_the_draw(audited, factor):
    value = audited[2]["solver_objective"][1] * factor
    with pytest.raises(MismatchError, match=r"draw half: found an objective of .*, PyPSA \d"):
        check_draws(*spoil(audited, "solver_objective", 1, value))


def test_rounding_is_no_mismatch(audited):
    value = audited[2]["solver_objective"][1] * (1 + TOLERANCE / 3)
    check_draws(*spoil(audited, "solver_objective", 1, value))


@pytest.mark.parametrize(
    ("draw", "status", "told"),
    [
        (0, "infeasible", "draw calm: found infeasible, PyPSA says optimal"),
        (2, "optimal", "draw dark: found optimal, PyPSA says infeasible"),
    ],
)
def test_wrong_status_is_told_with_the_name_of_the_draw(audited, draw, status, told):
    with pytest.raises(MismatchError, match=told):
        check_draws(*spoil(audited, "status", draw, status))


def test_all_wrong_draws_are_told_at_once(audited):
    n, plan, found = audited
    wrong = {**found, "solver_objective": found["solver_objective"] + 100.0}
    with pytest.raises(MismatchError, match=r"draw calm[\s\S]*draw half") as error:
        check_draws(n, plan, [0, 1, 2], wrong)
    assert "dark" not in str(error.value)


def test_further_constraints_are_checked_too(audited):
    n, plan, found = audited

    def limit(n, _):
        n.model.add_constraints(n.model["Generator-p"].sel(name="cheap") <= 50, name="limit")

    with pytest.raises(MismatchError, match="draw calm"):
        check_draws(n, plan, [0], found, limit)
    core, _ = prepare_core(n, plan, parse_outputs(["price"]), limit)
    check_draws(n, plan, [0], {**solve_draws(core, plan), "names": NAMES}, limit)


def test_check_leaves_the_network_unsolved(audited):
    n, plan, found = audited
    check_draws(n, plan, [0], found)
    assert not n.is_solved


# ------------------------------------------------------------------ where
@pytest.fixture
def _elsewhere(monkeypatch):
    """Make this process unable to solve; others do not see the patch."""

    def refuse(*_):
        raise AssertionError("solved in this process")

    monkeypatch.setattr(auditing, "_optimize", refuse)


def test_processes_find_the_same(audited):
    n, plan, found = audited
    expected = check_draws(n, plan, [0, 1, 2], found)
    for numbers in ([2, 0, 1], [1], []):
        checked = check_draws(n, plan, numbers, found, workers=2)
        assert list(checked) == numbers
        np.testing.assert_array_equal([*checked.values()], [expected[number] for number in numbers])


@pytest.mark.usefixtures("_elsewhere")
def test_workers_solve_what_this_process_would(audited):
    n, plan, found = audited
    assert list(check_draws(n, plan, [0, 1, 2], found, workers=2)) == [0, 1, 2]
    with pytest.raises(AssertionError, match="solved in this process"):
        check_draws(n, plan, [0, 1, 2], found)


def test_processes_tell_mismatches_in_the_same_words(audited):
    n, plan, found = audited
    wrong = {**found, "solver_objective": found["solver_objective"] + 100.0, "status": np.full(3, "optimal")}
    told = []
    for workers in (1, 2):
        with pytest.raises(MismatchError) as error:
            check_draws(n, plan, [0, 1, 2], wrong, workers=workers)
        told.append(str(error.value))
    assert told[0] == told[1]
    assert [told[0].index(f"draw {name}") for name in NAMES] == sorted(told[0].index(f"draw {name}") for name in NAMES)


def test_constraints_that_cannot_be_sent_to_a_process_are_checked(audited):
    n, plan, found = audited
    lock = threading.Lock()

    def nothing(*_):
        assert not lock.locked()

    assert list(check_draws(n, plan, [0, 1], found, nothing, workers=2)) == [0, 1]


def test_a_process_that_dies_is_stood_in_for(audited, monkeypatch):
    n, plan, found = audited

    def die(*_, **__):
        raise WorkerError("a worker process ended on its own")
        yield

    expected = check_draws(n, plan, [0, 1], found)
    monkeypatch.setattr(auditing, "map_chunks", die)
    assert check_draws(n, plan, [0, 1], found, workers=2) == expected


# ------------------------------------------------------------------ which draws
@given(st.integers(1, 5000), st.integers(0, 2**32 - 1))
def test_one_in_a_hundred_draws_is_chosen_but_no_less_than_three_and_no_more_than_ten(size, seed):
    chosen = choose_draws(size, seed)
    assert chosen == sorted(set(chosen))
    assert set(chosen) <= set(range(size))
    assert min(size, 3) <= len(chosen) <= 10
    assert abs(len(chosen) - 0.01 * size) <= 0.5 or len(chosen) in {min(size, 3), 10}
    assert chosen == choose_draws(size, seed)


def test_other_seeds_choose_other_draws():
    assert len({tuple(choose_draws(1000, seed)) for seed in range(20)}) == 20


def test_every_draw_can_be_chosen():
    assert set().union(*(choose_draws(40, seed) for seed in range(200))) == set(range(40))
