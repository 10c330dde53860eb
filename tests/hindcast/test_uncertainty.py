"""Samples, bands and effects against closed forms; runs on the toy that can be told by hand."""

import itertools

import numpy as np
import pandas as pd
import pytest

from energyflows import solve
from energyflows.console._uncertainty import print_uncertainty
from energyflows.datasets import strip_passport
from energyflows.errors import InfeasibleError, SolveError, UsageError
from energyflows.hindcast.uncertainty import QUANTILES, find_bands, find_coverage, run_uncertainty, running
from energyflows.hindcast.uncertainty.programs import build_year, find_changes, found_family, solve_year
from energyflows.hindcast.uncertainty.sensitivity import find_effects, plan_draws
from energyflows.hindcast.uncertainty.varying import find_ranges, move
from energyflows.tables import select_in_service

#: Four blocks, the fewest, of four samples: two groups, and both samples they are mixed from.
SIZE = 16


def make_estimates(rows, name, column, low, high):
    """Return rows of a table whose main figure is an estimate."""
    return [
        {**row, "confidence": "estimate", "low": low * float(row[column]), "high": high * float(row[column])}
        for row in rows[name]
    ]


@pytest.fixture(scope="module")
def uncertain(toy):
    """Return toy tables in which demand and home output are estimates: two groups. Not to be changed."""
    tables = toy()
    for name, reach in (("demand_annual", 0.1), ("production", 0.5)):
        twh = tables[name]["twh"]
        ends = {"low": (1 - reach) * twh, "high": (1 + reach) * twh}
        tables[name] = tables[name].assign(confidence="estimate", **ends)
    return tables


# ------------------------------------------------------------------ the design
def test_blocks_mix_two_samples_group_by_group():
    groups = ["one", "two", "two", "three"]
    points, runs = plan_draws(list("wxyz"), groups, 100, seed=3)
    # Five samples a block; 16 blocks is the greatest power of two that fits.
    assert points.shape == (80, 4)
    assert runs["sample"].tolist() == list(range(1, 81))
    assert runs.loc[runs["block"] == 7, "design"].tolist() == ["A", "one", "two", "three", "B"]
    for _, block in runs.groupby("block"):
        at = dict(zip(block["design"], points[block.index], strict=True))
        for name in ("one", "two", "three"):
            taken = np.array([group == name for group in groups])
            np.testing.assert_array_equal(at[name], np.where(taken, at["B"], at["A"]))


def test_seeds_decide():
    first, again, other = (plan_draws(list("xy"), list("xy"), 64, seed=seed)[0] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_too_few_samples_are_refused():
    with pytest.raises(UsageError, match=r"size: found 15, expected at least 16: 4 blocks of 4 samples"):
        plan_draws(list("xy"), list("xy"), 15, seed=0)


# ------------------------------------------------------------------ effects
def test_effects_of_ishigami_are_the_known_ones():
    points, runs = plan_draws(list("xyz"), list("xyz"), 5 * 4096, seed=0)
    x, y, z = (2 * np.pi * points.T) - np.pi
    told = find_effects(pd.DataFrame({"f": np.sin(x) + 7 * np.sin(y) ** 2 + 0.1 * z**4 * np.sin(x)}), runs)
    told = told.set_index("group").loc[list("xyz")]
    np.testing.assert_allclose(told["first"], [0.3139, 0.4424, 0.0], atol=0.02)
    np.testing.assert_allclose(told["total"], [0.5576, 0.4424, 0.2437], atol=0.02)
    assert (told[["first_conf", "total_conf"]] > 0).all(axis=None)
    assert (told[["first_conf", "total_conf"]] < 0.05).all(axis=None)


def test_effects_of_groups_add_up_in_a_linear_world():
    points, runs = plan_draws(list("wxyz"), ["one", "two", "two", "none"], 4 * 1024, seed=0)
    told = find_effects(pd.DataFrame({"f": points @ [3.0, 2.0, 1.0, 0.0]}), runs).set_index("group")
    assert told.index.tolist() == ["one", "two", "none"]
    # Variances 9, 4 + 1 and 0 twelfths.
    np.testing.assert_allclose(told["first"], [9 / 14, 5 / 14, 0], atol=0.02)
    np.testing.assert_allclose(told["total"], [9 / 14, 5 / 14, 0], atol=0.02)
    assert told.loc["none", ["first", "total", "total_conf"]].tolist() == [0.0, 0.0, 0.0]


def test_intervals_hold_what_few_blocks_miss():
    inside = 0
    for seed in range(20):
        points, runs = plan_draws(list("xy"), list("xy"), 16 * 4, seed=seed)
        told = find_effects(pd.DataFrame({"f": points @ [2.0, 1.0]}), runs, seed=seed).set_index("group")
        inside += abs(told.at["x", "total"] - 0.8) <= told.at["x", "total_conf"]
    assert inside >= 14


def test_a_block_that_lacks_a_sample_is_left_out():
    points, runs = plan_draws(list("xy"), list("xy"), 64, seed=0)
    values = pd.DataFrame({"f": points @ [2.0, 1.0]})
    values.loc[5, "f"] = np.nan
    kept = runs["block"] != runs.at[5, "block"]
    told = find_effects(values, runs)
    pd.testing.assert_frame_equal(told, find_effects(values[kept], runs[kept]))
    assert len(told) == 2


def test_what_does_not_vary_has_no_effects():
    _, runs = plan_draws(list("xy"), list("xy"), 64, seed=0)
    told = find_effects(pd.DataFrame({"f": np.full(len(runs), 3.0)}), runs)
    assert told.empty
    assert told.columns.tolist() == ["outcome", "group", "first", "first_conf", "total", "total_conf"]


# ------------------------------------------------------------------ bands and coverage
def test_bands_are_quantiles_of_solved_samples():
    values = np.random.default_rng(0).normal(size=(51, 2))
    values[7] = np.nan
    told = find_bands(values, pd.DataFrame({"outcome": ["x", "y"]}))
    for column, quantile in QUANTILES.items():
        np.testing.assert_array_equal(told[column], np.quantile(np.delete(values, 7, axis=0), quantile, axis=0))


def test_coverage_counts_neither_inputs_nor_estimates():
    bands = pd.DataFrame(
        {
            "group": ["lng", "lng", "lng", "lng", "prices", "imports"],
            "role": ["scored", "scored", "input", "scored", "circular", ""],
            "confidence": ["observed", "derived", "observed", "estimate", "observed", ""],
            "observed": [1.0, 9.0, 1.0, 1.0, np.nan, 1.0],
            "low5": 0.0,
            "high95": 2.0,
        }
    )
    told = find_coverage(bands)
    assert told[["group", "n", "inside", "share", "expected"]].to_numpy().tolist() == [["lng", 2, 1, 0.5, 0.9]]


# ------------------------------------------------------------------ a year as a change of one programme
def test_changes_of_a_programme_solve_as_networks_alone(toy, toy_rows):
    sure = toy(
        demand_annual=make_estimates(toy_rows, "demand_annual", "twh", 0.9, 1.1),
        observed_storage=make_estimates(toy_rows, "observed_storage", "twh", 0.5, 1.2),
        parameters=make_estimates(toy_rows, "parameters", "value", 0.7, 1.2),
    )
    bare = {name: select_in_service(strip_passport(table)) for name, table in sure.items()}
    ranges = find_ranges(bare)
    rng = np.random.default_rng(0)
    draws = [
        move(bare, ranges, points) for points in (np.full(len(ranges.names), 0.75), *rng.random((2, len(ranges.names))))
    ]
    networks = [build_year(draw, 2021, {}) for draw in draws]
    family = found_family(networks[0], networks[1])
    for n in networks:
        assert find_changes(family, n) is not None
        found, again, alone = solve_year(family, n), solve_year(family, n, from_nothing=True), solve_year(None, n)
        assert found.objective == pytest.approx(alone.objective, rel=1e-9)
        assert again.objective == pytest.approx(alone.objective, rel=1e-9)
        assert found.price["NL"] == pytest.approx(alone.price["NL"])
        plain = solve(n)
        received = plain["received"].sum("link").dot(plain["weight_days"]) / 1e3
        assert sum(found.received.values()) == pytest.approx(received)


def test_a_network_of_another_form_is_solved_alone(toy, toy_rows):
    bare = {name: strip_passport(table) for name, table in toy().items()}
    n = build_year(bare, 2021, {})
    family = found_family(n, n)
    pipe = {**toy_rows["pipelines"][1], "pipeline": "NL-TR", "from": "NL", "to": "TR", "name": "NL-TR"}
    other = build_year(
        {**bare, "pipelines": strip_passport(toy(pipelines=[*toy_rows["pipelines"], pipe])["pipelines"])}, 2021, {}
    )
    assert find_changes(family, other) is None
    assert found_family(n, other) is None
    assert solve_year(family, other).objective == pytest.approx(solve_year(None, other).objective)


# ------------------------------------------------------------------ runs on the toy
@pytest.fixture(scope="module")
def told(uncertain):
    """Return what two years of the toy give, by one worker."""
    return run_uncertainty((2021, 2022), size=SIZE, tables=uncertain, workers=1)


@pytest.mark.slow
def test_the_toy_can_be_told_by_hand(told):
    bands = told["bands"].set_index(["outcome", "period"])
    assert len(told["runs"]) == SIZE
    assert told["runs"]["status"].eq("optimal").all()
    assert set(told["effects"]["group"]) == {"demand", "production"}
    # Stocks at the turn of the year are held, whatever is drawn.
    held = bands.loc[("stock DE", "2021-12-31")]
    assert held[[*QUANTILES, "reference", "observed"]].tolist() == pytest.approx([30.0] * 7)
    assert held["role"] == "input"
    # Demand less home output and Russian gas is LNG, so each TWh of demand and of output counts once.
    lng = bands.loc[("LNG EU27", "2021")]
    assert lng["low5"] < lng["median"] < lng["high95"]
    assert lng["low5"] < lng["reference"] < lng["high95"]
    quantiles = told["bands"][list(QUANTILES)].to_numpy()
    assert np.all(np.diff(quantiles, axis=1) >= 0)


@pytest.mark.slow
def test_workers_do_not_matter_and_seeds_do(uncertain, told):
    together = run_uncertainty((2021, 2022), size=SIZE, tables=uncertain, workers=2)
    for name, frame in told.items():
        pd.testing.assert_frame_equal(frame, together[name], check_exact=True)
    index = ["outcome", "period"]
    other = run_uncertainty(2021, size=SIZE, tables=uncertain, workers=1, seed=1)["bands"].set_index(index)["median"]
    assert not other.equals(told["bands"].set_index(index)["median"].loc[other.index])


@pytest.fixture
def failing(monkeypatch):
    """Let chosen samples, counted from 0, have no solution; the first is solved, others are that one, scaled."""

    def make(*numbers):
        made, solved = itertools.count(), []
        plain = running._solve_sample

        def fail(world, points, *, twice):
            if next(made) in numbers:
                raise InfeasibleError("no flow meets all bounds; likely causes:\n  NL lacks gas")
            if not solved:
                solved.extend(plain(world, points, twice=True))
            return ([(1 + points.sum()) * part for part in year[: 1 + twice]] for year in solved)

        monkeypatch.setattr(running, "_solve_sample", fail)

    return make


@pytest.mark.slow
def test_a_sample_without_solution_is_named_and_left_out(uncertain, failing, caplog, capsys):
    failing(6)
    told = run_uncertainty(2021, size=32, tables=uncertain, workers=1)
    failed = told["runs"].query("status == 'failed'")
    assert failed[["sample", "block", "design"]].to_numpy().tolist() == [[7, 2, "production"]]
    assert failed["reason"].item() == "no flow meets all bounds; likely causes: NL lacks gas"
    assert "sample 7 (production of block 2)" in caplog.text
    assert told["bands"]["median"].notna().all()
    assert told["effects"][["first", "total"]].notna().all(axis=None)
    print_uncertainty(told, years="2021", pins="off")
    assert "1 of 32 samples have no solution" in capsys.readouterr().out


@pytest.mark.slow
def test_many_samples_without_solution_are_an_error(uncertain, failing):
    failing(1, 6)
    with pytest.raises(SolveError, match=r"(?s)2 of 16 samples have no solution.*sample 2 \(demand of block 1\)"):
        run_uncertainty(2021, size=SIZE, tables=uncertain, workers=1)


def test_arguments_that_cannot_be_used_are_refused_together(toy):
    with pytest.raises(UsageError) as error:
        run_uncertainty(2021, size=0, pins="both", seed=-1, workers=True)
    for name in ("size", "pins", "seed", "workers"):
        assert f"{name}: found" in str(error.value)
    with pytest.raises(UsageError, match="expected 2019 to 2025"):
        run_uncertainty(2027)
    with pytest.raises(UsageError, match="nothing is uncertain"):
        run_uncertainty(2021, tables=toy())
