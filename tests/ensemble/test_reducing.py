"""The compact programme is the full one, only smaller."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from energyflows.ensemble.reducing import Full, UnfitError, reduce_programme


def solve(matrix, row_bounds, cost, column_bounds):
    """Solve a programme of rows with a lower and an upper limit; scipy wants at least one column, so gets one more."""
    low, high = row_bounds
    matrix = sp.csr_array(sp.hstack([matrix, sp.csr_array((matrix.shape[0], 1))]))
    equal, up, down = low == high, (low != high) & np.isfinite(high), (low != high) & np.isfinite(low)
    return linprog(
        np.append(cost, 0.0),
        A_ub=sp.vstack([matrix[up], -matrix[down]]),
        b_ub=np.concatenate([high[up], -low[down]]),
        A_eq=matrix[equal],
        b_eq=low[equal],
        bounds=np.column_stack([*(np.append(bound, 0.0) for bound in column_bounds)]),
    )


def solve_full(full, rhs=None, cost=None):
    """Solve a programme as it stands."""
    rhs, cost = full.rhs if rhs is None else rhs, full.cost if cost is None else cost
    rows = np.where(full.sense == "<", -np.inf, rhs), np.where(full.sense == ">", np.inf, rhs)
    return solve(full.matrix, rows, cost, (full.lower, full.upper))


def solve_compact(reduction, compact):
    """Solve a compact programme."""
    columns = compact.column_lower, compact.column_upper
    return solve(reduction.matrix, (compact.row_lower, compact.row_upper), compact.cost, columns)


def add_rows(rng, rows, columns):
    """Yield dense rows of every kind: stocks tied by free columns, budgets, single entries of both signs."""
    for _ in range(rows):
        kind = rng.choice(["mixed", "single", "pair"])
        row = np.zeros(columns)
        count = {"mixed": min(columns, 4), "single": 1, "pair": min(columns, 2)}[kind]
        row[rng.choice(columns, count, replace=False)] = rng.choice([-2.0, -1.0, -0.5, 0.7, 1.0, 3.0], count)
        yield row


def make_programme(seed, rows, columns):
    """Return a programme that has a solution, and which rows must stay.

    A point is drawn first and right-hand sides around it, so that it is feasible; costs are a combination of rows
    and of bounds, so that it is bounded.
    """
    rng = np.random.default_rng(seed)
    free = rng.random(columns) < 0.4
    zero = ~free & (rng.random(columns) < 0.2)
    point = np.where(zero, 0.0, rng.integers(-5, 6, columns).astype(float))
    matrix = np.array(list(add_rows(rng, rows, columns)))
    sense = rng.choice(["<", ">", "="], rows)
    slack = rng.integers(0, 4, rows) * np.select([sense == "<", sense == ">"], [1.0, -1.0], 0.0)
    lower = np.where(free, -np.inf, point - rng.integers(0, 4, columns))
    upper = np.where(free, np.inf, point + rng.integers(0, 4, columns))
    lower[zero] = upper[zero] = 0.0
    # what linopy never writes as a bound it writes as two rows: nothing may pass
    dead = np.zeros((2, columns))
    dead[:, rng.integers(columns)] = [1.0, -4.0]
    dead_column = int(np.flatnonzero(dead[0])[0])
    if rng.random() < 0.5 and point[dead_column] == 0.0:
        matrix, sense = np.vstack([matrix, dead]), np.append(sense, ["<", "<"])
        slack = np.append(slack, [0.0, 0.0])
    duals = rng.normal(size=len(sense)) * np.select([sense == "<", sense == ">"], [0.0, 0.0], 1.0)
    duals -= np.abs(rng.normal(size=len(sense))) * (sense == "<")
    duals += np.abs(rng.normal(size=len(sense))) * (sense == ">")
    cost = matrix.T @ duals + np.where(free, 0.0, rng.normal(size=columns))
    full = Full(sp.csr_array(matrix), matrix @ point + slack, sense, cost, lower, upper)
    return full, rng.random(len(sense)) < 0.3


PROGRAMMES = st.builds(make_programme, st.integers(0, 2**31), st.integers(1, 12), st.integers(1, 9))


def check_same(full, reduction, rhs, cost):
    """Compare the optimum of both programmes, and the expanded solution to the full rows."""
    expected = solve_full(full, rhs, cost)
    compact = reduction.place(rhs, cost)
    found = solve_compact(reduction, compact)
    assert found.status == expected.status
    if expected.status != 0:
        return
    assert found.fun + compact.constant == pytest.approx(expected.fun, rel=1e-7, abs=1e-7)
    x = reduction.expand(found.x[:-1], rhs)
    assert cost @ x == pytest.approx(expected.fun, rel=1e-7, abs=1e-7)
    gap = full.matrix @ x - rhs
    assert (gap[full.sense != ">"] < 1e-6).all()
    assert (gap[full.sense != "<"] > -1e-6).all()
    assert ((x > full.lower - 1e-6) & (x < full.upper + 1e-6)).all()


# ------------------------------------------------------------------ the same optimum
@given(PROGRAMMES)
def test_compact_programme_has_the_optimum_of_the_full_one(programme):
    full, kept = programme
    check_same(full, reduce_programme(full, kept), full.rhs, full.cost)


@given(PROGRAMMES, st.integers(0, 2**31))
def test_changed_costs_and_right_hand_sides_need_no_new_reduction(programme, seed):
    full, kept = programme
    rng = np.random.default_rng(seed)
    reduction = reduce_programme(full, kept)
    # rows that hold a column at zero stay: a change of these is refused, as tested below
    single = np.diff(full.matrix.indptr) == 1
    holds = single & np.isin(full.matrix.indices[full.matrix.indptr[:-1]], reduction.zeros)
    rhs = np.where(holds, full.rhs, full.rhs + rng.normal(size=len(full.rhs)))
    check_same(full, reduction, rhs, full.cost + rng.normal(size=len(full.cost)) * 0.1)


@given(PROGRAMMES)
def test_dual_values_of_kept_rows_are_those_of_the_full_programme(programme):
    full, kept = programme
    kept &= full.sense == "="
    reduction = reduce_programme(full, kept)
    compact = reduction.place(full.rhs, full.cost)
    found = solve_compact(reduction, compact)
    assert found.status == 0
    duals = np.zeros(len(full.rhs))
    duals[reduction.rows[compact.row_lower == compact.row_upper]] = found.eqlin.marginals
    for row in np.flatnonzero(kept):
        # The slope of the optimum is the dual value, where it is the same to both sides.
        step = 1e-4 * (np.arange(len(full.rhs)) == row)
        low, high = solve_full(full, full.rhs - step), solve_full(full, full.rhs + step)
        if low.status == high.status == 0 and abs(low.fun + high.fun - 2 * (found.fun + compact.constant)) < 1e-9:
            assert duals[row] == pytest.approx((high.fun - low.fun) / 2e-4, abs=1e-4)


# ------------------------------------------------------------------ what is left out
def write(rows, sense, rhs, lower, upper, cost=None):
    """Return a small programme."""
    matrix = sp.csr_array(np.array(rows, dtype=float))
    cost = np.ones(matrix.shape[1]) if cost is None else np.array(cost, dtype=float)
    bounds = np.array(lower, dtype=float), np.array(upper, dtype=float)
    return Full(matrix, np.array(rhs, dtype=float), np.array(sense), cost, *bounds)


INF = np.inf


def test_rows_with_one_entry_become_the_tightest_bounds():
    rows = [[2, 0], [-1, 0], [-4, 0], [0, 3], [0, -2], [0, 1], [1, 1]]
    full = write(rows, list("<<><>=<"), [10, 1, -12, -3, -9, 1, 99], [-INF, -INF], [INF, 8])
    reduction = reduce_programme(full, np.zeros(7, dtype=bool))
    compact = reduction.place(full.rhs, full.cost)
    assert reduction.rows.tolist() == [6]
    assert compact.column_lower.tolist() == [-1, 1]
    assert compact.column_upper.tolist() == [3, -1]


def test_row_whose_dual_value_is_wanted_stays():
    full = write([[1, 0], [1, 1]], ["<", "="], [4, 5], [0, 0], [9, 9])
    reduction = reduce_programme(full, np.array([True, False]))
    assert reduction.rows.tolist() == [0, 1]
    assert reduction.place(full.rhs, full.cost).column_upper.tolist() == [9, 9]


def test_free_column_is_replaced_by_the_equality_that_determines_it():
    # stock: e = 7 - p / 2, and no more than 9 of p and e
    full = write([[0.5, 1], [1, 1]], ["=", "<"], [7, 9], [-INF, 0], [INF, 20], cost=[3, 1])
    reduction = reduce_programme(full, np.zeros(2, dtype=bool))
    compact = reduction.place(full.rhs, full.cost)
    assert reduction.columns.tolist() == [1]
    assert reduction.matrix.toarray().tolist() == [[-1]]
    assert (compact.row_lower.tolist(), compact.row_upper.tolist()) == ([-INF], [-5])
    assert (compact.cost.tolist(), compact.constant) == ([-5], 42)
    assert reduction.expand(np.array([2.0]), full.rhs).tolist() == [10, 2]


def test_free_column_that_stands_in_a_bound_stays():
    full = write([[1, 0], [1, 1]], ["<", "="], [INF, 5], [-INF, 0], [INF, 9])
    reduction = reduce_programme(full, np.zeros(2, dtype=bool))
    assert reduction.columns.tolist() == [0, 1]
    assert reduction.place(np.array([2.0, 5.0]), full.cost).column_upper.tolist() == [2, 9]


@pytest.mark.parametrize("entry", [1.0, -1.0])
def test_flow_that_was_zero_and_need_not_be_any_more_does_not_fit(entry):
    full = write([[entry, 0], [1, 1]], ["<" if entry > 0 else ">", "="], [0, 5], [0, 0], [INF, 9])
    reduction = reduce_programme(full, np.zeros(2, dtype=bool))
    assert reduction.columns.tolist() == [1]
    assert reduction.expand(np.array([5.0]), full.rhs).tolist() == [0, 5]
    with pytest.raises(UnfitError, match="could only be zero"):
        reduction.place(np.array([entry, 5.0]), full.cost)


def test_zero_that_becomes_contradictory_does_not_fit():
    full = write([[1, 0], [-1, 0], [1, 1]], list("<<="), [0, 0, 5], [-INF, 0], [INF, 9])
    reduction = reduce_programme(full, np.zeros(3, dtype=bool))
    assert reduction.zeros.tolist() == [0]
    with pytest.raises(UnfitError):
        reduction.place(np.array([0.0, -1.0, 5.0]), full.cost)


def test_row_without_entries_still_says_that_nothing_is_feasible():
    full = write([[0, 0], [1, 1]], ["=", "="], [1, 5], [0, 0], [9, 9])
    reduction = reduce_programme(full, np.zeros(2, dtype=bool))
    assert reduction.rows.tolist() == [0, 1]
    assert solve_compact(reduction, reduction.place(full.rhs, full.cost)).status == 2
    assert solve_compact(reduction, reduction.place(np.array([0.0, 5.0]), full.cost)).status == 0
