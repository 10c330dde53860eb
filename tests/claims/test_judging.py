"""Claims held against results made by hand: numbers, verdicts, disputed figures, missing runs."""

import json

import numpy as np
import pytest
import xarray as xr

from energyflows.claims import _planning as planning
from energyflows.claims import judge_claims, list_runs_needed
from energyflows.errors import UsageError

VALUES = (0.0, 0.5, 1.0)
FLIPS = {
    "scenario": "backfill",
    "parameter": "volume",
    "values": VALUES,
    "value": 0.5,
    "unit": "bcm/y",
    "reason": "because",
}


def scale(ds, factor):
    """Results in which Russian gas comes in another amount, and nothing else knows of it."""
    return ds.assign(received=ds["received"].where(ds["link"] != "YAMAL-DE", factor * ds["received"]))


def share(factor):
    """Russian share of imports, per cent, by hand: of 225.5 TWh net, 73 are Russian."""
    lng, out = 219 - 20 - 73 + 26.5 / 0.99, 26.5
    return 100 * 73 * factor / (73 * factor + lng - out)


@pytest.fixture
def judge_one(toy, claim):
    """Return a function: rows of one claim and of its evidence."""

    def judge_one(results, **keys):
        told = judge_claims(results, claims={"C1": claim(**keys)}, tables=toy())
        [(_, row)] = told["claims"].iterrows()
        return row, told["evidence"]

    return judge_one


def test_number_and_verdict_of_a_run(judge_one, toy_run):
    row, evidence = judge_one(toy_run, at_least=30)
    assert evidence["value"].tolist() == pytest.approx([share(1)])
    assert row["margin"] == pytest.approx((share(1) - 30) / 2)
    assert (row["verdict"], row["partial"], row["flips"], row["missing"]) == ("supported", False, "", "")
    assert row["decides"] == f"Russian share: {share(1):.4g} %, threshold at least 30 ± 2"
    assert evidence[["low", "high"]].isna().all().all()
    assert evidence[["scenario", "year", "against"]].iloc[0].tolist() == ["reference", 2025, ""]


@pytest.mark.parametrize(("at_least", "verdict"), [(20, "supported"), (60, "not supported")])
def test_what_is_missing_makes_a_verdict_partial(judge_one, toy_run, at_least, verdict):
    row, _ = judge_one(toy_run, at_least=at_least, part="A part.", missing=["this", "that"])
    assert (row["verdict"], row["partial"], row["part"], row["missing"]) == (verdict, True, "A part.", "this; that")


def test_without_a_rule_numbers_are_told_and_nothing_else(judge_one, toy_run):
    row, evidence = judge_one(toy_run, rule=None, missing=["leverage"])
    assert (row["verdict"], row["partial"], row["decides"]) == ("cannot be told", True, "")
    assert np.isnan(row["margin"])
    assert evidence["value"].notna().all()


def test_a_run_that_is_not_there_leaves_its_number_open(judge_one, toy_run):
    for keys in ({"scenario": "other"}, {"year": 2024}, {"against": {"scenario": "other"}, "unit": "points"}):
        row, evidence = judge_one(toy_run, evidence=[{**EVIDENCE, **keys}])
        assert row["verdict"] == "cannot be told"
        assert evidence["value"].isna().all()


EVIDENCE = {
    "name": "share",
    "label": "Russian share",
    "figure": "import_share",
    "arguments": {"origin": "RU"},
    "unit": "%",
    "year": 2025,
}


def test_differences_in_points_and_in_per_cent(judge_one, toy_run, stack):
    results = stack(reference=toy_run, less=scale(toy_run, 0.5))
    points = {**EVIDENCE, "scenario": "less", "against": {"scenario": "reference"}, "unit": "points"}
    percent = {**points, "name": "relative", "percent": True, "unit": "%"}
    _, evidence = judge_one(results, evidence=[points, percent])
    expected = [share(0.5) - share(1), 100 * (share(0.5) / share(1) - 1)]
    assert evidence["value"].tolist() == pytest.approx(expected)
    assert evidence["against"].tolist() == ["reference 2025", "reference 2025"]


def test_per_cent_of_nothing_is_no_number(judge_one, toy_run, stack):
    results = stack(reference=scale(toy_run, 0.0), more=toy_run)
    one = {**EVIDENCE, "scenario": "more", "against": {"scenario": "reference"}, "percent": True}
    row, evidence = judge_one(results, evidence=[one])
    assert evidence["value"].isna().all()
    assert row["verdict"] == "cannot be told"


def test_a_figure_of_two_runs_gets_both(judge_one, toy_run, stack):
    results = stack(reference=toy_run, dear=toy_run.assign(price=toy_run["price"] * 2))
    pair = {"figure": "zones_dearer", "arguments": {"least": 5}, "unit": "zones"}
    pair = {**EVIDENCE, **pair, "scenario": "dear", "against": {"scenario": "reference"}}
    _, evidence = judge_one(results, evidence=[pair])
    assert evidence["value"].tolist() == [2]


def test_years_are_cut_out_of_one_run(judge_one, toy_run):
    later = scale(toy_run, 0.5)
    later = later.assign_coords(snapshot=later["snapshot"] + np.timedelta64(365, "D"))
    fixed = [name for name, array in toy_run.variables.items() if "snapshot" not in array.dims]
    both = xr.concat(
        [toy_run.drop_vars(fixed), later.drop_vars(fixed)], dim="snapshot", join="exact", combine_attrs="override"
    ).assign_coords({name: toy_run[name] for name in fixed if name != "objective"})
    _, evidence = judge_one(both, evidence=[EVIDENCE, {**EVIDENCE, "name": "later", "year": 2026}])
    assert evidence["value"].tolist() == pytest.approx([share(1), share(0.5)])


def test_parts_of_a_study_are_searched_in_turn(judge_one, toy_run, stack):
    parts = {"a": stack(other=scale(toy_run, 0.5)), "b": stack(reference=toy_run)}
    _, evidence = judge_one(parts, evidence=[EVIDENCE])
    assert evidence["value"].tolist() == pytest.approx([share(1)])


def test_results_of_one_scenario_are_not_taken_for_the_reference(judge_one, toy_run):
    told = {"name": "other", "notes": [], "labels": [], "ownership": []}
    results = toy_run.assign_attrs(meta=json.dumps({"scenario": json.dumps(told)}))
    _, evidence = judge_one(results, evidence=[EVIDENCE, {**EVIDENCE, "name": "other", "scenario": "other"}])
    assert evidence["value"].tolist() == pytest.approx([np.nan, share(1)], nan_ok=True)


@pytest.mark.parametrize("results", ["reference", {"a": 1}, xr.Dataset()])
def test_other_results_are_refused(judge_one, results):
    with pytest.raises(UsageError, match="results"):
        judge_one(results)


def test_shares_that_change_hands_are_read_from_the_results(judge_one, toy_run, stack):
    stake = {"asset": "Yamal", "owner": "Gazprom", "country": "RU", "share": 0.1}
    meta = {"scenarios": {"sold": {"ownership": [stake]}}}
    results = stack(reference=toy_run, sold=toy_run).assign_attrs(meta=json.dumps(meta))
    held = {"figure": "held_share", "arguments": {"country": "RU", "asset": "Yamal"}}
    one, other = {**EVIDENCE, **held}, {**EVIDENCE, **held, "name": "later", "scenario": "sold"}
    _, evidence = judge_one(results, evidence=[one, other])
    assert evidence["value"].tolist() == pytest.approx([50, 10])


# ------------------------------------------------------------------ disputed figures
@pytest.fixture
def disputed(judge_one, toy_run, stack_named):
    """Return a function: the claim if a disputed volume makes Russian gas come in these amounts."""

    def disputed(*factors, at_least=30, **keys):
        runs = {f"backfill[volume={v:g}]": scale(toy_run, f) for v, f in zip(VALUES, factors, strict=True)}
        evidence = [{**EVIDENCE, "scenario": "backfill"}, {**EVIDENCE, "name": "plain"}]
        results = stack_named({"reference": toy_run, **runs})
        return judge_one(results, evidence=evidence, at_least=at_least, flips=FLIPS, **keys)

    return disputed


def test_a_verdict_that_changes_over_the_range_is_mixed(disputed):
    row, evidence = disputed(0.5, 1.0, 2.0, at_least=(share(0.5) + share(1)) / 2)
    assert (row["verdict"], row["decides"]) == ("mixed", "")
    assert np.isnan(row["margin"])
    assert row["flips"] == "flips for volume of backfill: not supported at 0, supported at 0.5 to 1 bcm/y"
    assert evidence["value"].tolist() == pytest.approx([share(1), share(1)])
    assert evidence["low"].iloc[0] == pytest.approx(share(0.5))
    assert evidence["high"].iloc[0] == pytest.approx(share(2))
    assert evidence[["low", "high"]].iloc[1].isna().all()


def test_every_step_of_a_verdict_is_told(disputed):
    row, _ = disputed(0.5, 1.0, 2.0, at_least=share(1))
    told = "not supported at 0, mixed at 0.5, supported at 1 bcm/y"
    assert row["flips"] == f"flips for volume of backfill: {told}"


@pytest.mark.parametrize(("at_least", "verdict"), [(1, "supported"), (90, "not supported")])
def test_a_verdict_that_holds_over_the_range_is_told_so(disputed, at_least, verdict):
    row, _ = disputed(0.5, 1.0, 2.0, at_least=at_least)
    assert row["verdict"] == verdict
    assert row["flips"] == f"does not flip for volume of backfill from 0 to 1 bcm/y: {verdict}"


# ------------------------------------------------------------------ ranges of accounts
LABEL = {**EVIDENCE, "figure": "account_share", "arguments": {"origin": "RU", "account": "label"}}


@pytest.mark.parametrize(("at_least", "verdict"), [(20, "mixed"), (50, "not supported")])
def test_a_verdict_must_hold_at_both_ends_of_a_range(judge_one, toy_run, at_least, verdict):
    row, evidence = judge_one(toy_run, evidence=[LABEL], at_least=at_least)
    # No contract names Russian gas in the EU27 of the toy, but all gas of the corridor is Russian.
    assert evidence.loc[0, "low"] == 0
    assert evidence.loc[0, "value"] == evidence.loc[0, "high"]
    assert row["verdict"] == verdict
    changes = "flips within the ranges of its numbers: supported or not supported"
    assert row["flips"] == (changes if verdict == "mixed" else "")
    assert ("(0 to 28.3) %" in row["decides"]) == (verdict != "mixed")
    assert np.isnan(row["margin"]) == (verdict == "mixed")


def test_ranges_of_two_runs_widen_their_difference(judge_one, toy_run, stack):
    results = stack(reference=toy_run, other=toy_run)
    pair = {**LABEL, "scenario": "other", "against": {"scenario": "reference"}, "unit": "points"}
    _, evidence = judge_one(results, evidence=[LABEL, {**pair, "name": "change"}])
    whole = evidence.loc[0, "high"]
    assert evidence.loc[1, ["value", "low", "high"]].tolist() == pytest.approx([0, -whole, whole])


def test_ranges_of_accounts_and_of_a_disputed_figure_join(judge_one, toy_run, stack_named):
    runs = {f"backfill[volume={v:g}]": toy_run for v in VALUES}
    _, evidence = judge_one(
        stack_named({"reference": toy_run, **runs}), evidence=[{**LABEL, "scenario": "backfill"}], flips=FLIPS
    )
    assert evidence.loc[0, "low"] == 0
    assert evidence.loc[0, "high"] == evidence.loc[0, "value"]


def test_labels_are_those_of_the_scenario(judge_one, toy_run, stack):
    paper = {"at": "YAMAL-DE", "from": "RU", "to": "NO", "share": 1.0, "start": None, "end": None}
    meta = {"scenarios": {"reference": {}, "renamed": {"labels": [paper]}}}
    results = stack(reference=toy_run, renamed=toy_run).assign_attrs(meta=json.dumps(meta))
    _, evidence = judge_one(results, evidence=[LABEL, {**LABEL, "name": "other", "scenario": "renamed"}])
    assert evidence.loc[0, "value"] > 20
    assert evidence.loc[1, "value"] == pytest.approx(0)


# ------------------------------------------------------------------ runs
def test_runs_needed_are_listed_by_year_with_the_reference_first(claim):
    one = {**EVIDENCE, "scenario": "backfill + other", "against": {"scenario": "reference", "year": 2021}}
    plain = {**EVIDENCE, "name": "plain", "scenario": "other"}
    needed = list_runs_needed({"C1": claim(evidence=[one, plain], flips=FLIPS)})
    swept = [f"backfill[volume={value:g}] + other" for value in VALUES]
    assert list(needed) == [2021, 2025]
    assert needed[2021] == ("reference",)
    assert needed[2025][0] == "reference"
    assert set(needed[2025]) == {"reference", "other", *swept}


def test_without_results_what_is_needed_is_run_once(judge_one, toy_run, monkeypatch):
    asked = []

    def run_needed(claims, **options):
        asked.append((list_runs_needed(claims), options["workers"], options["progress"]))
        return {"2025": toy_run}

    monkeypatch.setattr("energyflows.claims.judging.run_needed", run_needed)
    row, _ = judge_one(None)
    assert row["verdict"] == "supported"
    assert asked == [({2025: ("reference",)}, 1, False)]


def test_no_results_at_all_are_not_zero(judge_one):
    _, evidence = judge_one({}, evidence=[EVIDENCE])
    assert evidence["value"].isna().all()


def test_planning_is_plain(claim):
    assert planning.RESOLUTION == "monthly"
    assert not planning.rests_on(claim().evidence[0], claim())
