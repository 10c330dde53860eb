"""A hot solver gives the answer of a cold one, whatever it solved before."""

from dataclasses import replace

import numpy as np
import pypsa
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from energyflows.ensemble.program import compile_network
from energyflows.ensemble.resolving import STATUSES, Resolver
from energyflows.errors import SolveError

FACTORS = st.fixed_dictionaries(
    {
        "supply": st.sampled_from([0.0, 0.3, 0.6, 1.0, 1.4]),
        "link": st.sampled_from([0.0, 0.5, 1.0]),
        "load": st.sampled_from([0.0, 0.7, 1.0, 1.3, 9.0]),
        "cost": st.sampled_from([-20.0, 0.0, 35.0]),
    }
)


@pytest.fixture(scope="module")
def program(make_world):
    n = make_world()
    for table in (n.generators_t, n.links_t, n.storage_units_t):
        table.p_set = table.p_set.iloc[:, :0]
    return compile_network(n)


@pytest.fixture(scope="module")
def basis(program):
    return Resolver(program.reduction, program.place({})[0]).find_basis()


def change(program, factors):
    """Return a compact programme with figures scaled; small supply or huge demand makes it infeasible."""
    figures = program.figures
    return program.place(
        {
            ("Generator", "p_max_pu"): figures["Generator", "p_max_pu"] * factors["supply"],
            ("Link", "p_max_pu"): figures["Link", "p_max_pu"] * factors["link"],
            ("Load", "p_set"): figures["Load", "p_set"] * factors["load"],
            ("Generator", "marginal_cost"): figures["Generator", "marginal_cost"] + factors["cost"],
        }
    )[0]


def solve_cold(program, compact):
    return Resolver(program.reduction, compact).solve(compact)


@given(st.lists(FACTORS, min_size=1, max_size=6), st.booleans())
def test_answer_does_not_depend_on_what_was_solved_before(program, basis, changes, known):
    resolver = Resolver(program.reduction, program.place({})[0], basis if known else None)
    for factors in changes:
        compact = change(program, factors)
        found, expected = resolver.solve(compact), solve_cold(program, compact)
        assert found.status == expected.status
        if expected.status == "optimal":
            assert found.objective == pytest.approx(expected.objective, rel=1e-6, abs=1e-6)
            check_solution(program, compact, found)


def check_solution(program, compact, found):
    """Check that a solution keeps all bounds, and that its objective is its cost."""
    rows = program.reduction.matrix @ found.x
    assert ((rows > compact.row_lower - 1e-5) & (rows < compact.row_upper + 1e-5)).all()
    assert ((found.x > compact.column_lower - 1e-6) & (found.x < compact.column_upper + 1e-6)).all()
    assert compact.cost @ found.x + compact.constant == pytest.approx(found.objective, rel=1e-9, abs=1e-6)


def test_equal_sequences_give_equal_bits(program, basis):
    runs = []
    for _ in range(2):
        resolver = Resolver(program.reduction, program.place({})[0], basis)
        steps = [{"supply": s, "link": 0.5, "load": 1.0, "cost": 0.0} for s in (0.6, 1.4, 0.3)]
        runs.append([resolver.solve(change(program, factors)) for factors in steps])
    for one, other in zip(*runs, strict=True):
        np.testing.assert_array_equal(one.x, other.x)
        np.testing.assert_array_equal(one.duals, other.duals)


def test_basis_of_the_reference_solves_it_without_a_step(program, basis):
    reference = program.place({})[0]
    warm, cold = Resolver(program.reduction, reference, basis), Resolver(program.reduction, reference)
    counts = []
    for resolver in (warm, cold):
        found = resolver.solve(reference)
        counts.append(resolver._highs.getInfo().simplex_iteration_count)
        assert found.objective == pytest.approx(solve_cold(program, reference).objective, rel=1e-9)
    assert counts[0] == 0 < counts[1]
    again = warm.find_basis()
    np.testing.assert_array_equal(again.columns, basis.columns)
    np.testing.assert_array_equal(again.rows, basis.rows)


def test_a_basis_handed_back_is_where_simplex_starts(program, basis):
    reference = program.place({})[0]
    resolver = Resolver(program.reduction, reference, basis)
    far = change(program, {"supply": 0.3, "link": 0.5, "load": 1.3, "cost": 35.0})
    found = resolver.solve(far)
    resolver.solve(reference, resolver.reference_basis)
    assert resolver._highs.getInfo().simplex_iteration_count == 0
    resolver.solve(far, found.basis)
    assert resolver._highs.getInfo().simplex_iteration_count == 0


def test_rows_that_do_not_bind_are_dropped_and_the_basis_stays(program):
    reference = program.place({})[0]
    resolver = Resolver(program.reduction, reference)
    expected = resolver.solve(reference)
    count, first = len(expected.x), len(reference.row_lower)
    # The second row bars the solution, the first and the third are beyond reach.
    rows = sp.csr_array(np.tile(reference.cost, (3, 1)))
    least = expected.objective - reference.constant + np.array([-2.0, 1.0, -1.0])
    raised = resolver.solve(resolver.add_rows(rows, least, np.full(3, np.inf)))
    assert raised.objective == pytest.approx(expected.objective + 1.0, rel=1e-9)
    compact = resolver.drop_slack(first)
    np.testing.assert_array_equal(compact.row_lower, np.append(reference.row_lower, least[1]))
    found = resolver.solve(compact)
    assert resolver._highs.getInfo().simplex_iteration_count == 0
    assert found.objective == pytest.approx(raised.objective, rel=1e-9)
    assert len(found.x) == count


# ------------------------------------------------------------------ no solution
@pytest.fixture
def market():
    """Return a programme of one bus: a source for 10 EUR, demand of 40, and an export for 5 EUR."""
    n = pypsa.Network(snapshots=range(2))
    n.add("Bus", "A")
    n.add("Generator", "source", bus="A", p_nom=np.inf, marginal_cost=10.0)
    n.add("Generator", "export", bus="A", p_nom=np.inf, marginal_cost=-5.0, sign=-1.0)
    n.add("Load", "town", bus="A", p_set=40.0)
    return compile_network(n)


CHANGES = {
    "optimal": {("Load", "p_set"): np.full((2, 1), 20.0)},
    "infeasible": {("Generator", "p_nom"): np.array([30.0, np.inf])},
    "unbounded": {("Generator", "marginal_cost"): np.array([[3.0, -5.0]] * 2)},
}


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("wrong", ["infeasible", "unbounded"])
def test_change_without_solution_is_said_so_and_the_next_is_right_again(market, wrong, known):
    reference = market.place({})[0]
    start = Resolver(market.reduction, reference).find_basis()
    resolver = Resolver(market.reduction, reference, start if known else None)
    for status in ("optimal", wrong, "optimal", wrong, wrong, "optimal"):
        found = resolver.solve(market.place(CHANGES[status])[0])
        assert found.status == status
        assert len(found.x) == 4
        if status == "optimal":
            assert found.objective == pytest.approx(2 * 20 * 10)
            assert market.place({})[0].row_lower.tolist() == [40, 40]
            np.testing.assert_allclose(found.duals, 10)


def test_bounds_that_exclude_each_other_are_infeasible(market):
    reference = market.place({})[0]
    resolver = Resolver(market.reduction, reference)
    crossed = replace(reference, column_lower=np.full(4, 5.0), column_upper=np.full(4, 4.0))
    assert resolver.solve(crossed).status == "infeasible"
    assert resolver.solve(reference).objective == pytest.approx(800)


@pytest.mark.parametrize("wrong", ["infeasible", "unbounded"])
def test_reference_without_solution_has_no_basis(market, wrong):
    reference = market.place(CHANGES[wrong])[0]
    resolver = Resolver(market.reduction, reference)
    assert resolver.find_basis() is None
    assert resolver.solve(market.place({})[0]).objective == pytest.approx(800)


def test_figures_that_are_none_are_refused(market):
    reference = market.place({})[0]
    resolver = Resolver(market.reduction, reference)
    with pytest.raises(SolveError, match="NaN among the figures"):
        resolver.solve(replace(reference, column_upper=np.full(4, np.nan)))


def test_every_status_is_one_that_is_documented():
    assert STATUSES == ("optimal", "infeasible", "unbounded", "failed")
