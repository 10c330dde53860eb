"""The commands that run and compare scenarios, and hold claims against them."""

import json
import re
import sys

import pandas as pd
import pytest
import xarray as xr

import energyflows.claims
import energyflows.running
from energyflows.cli import main
from energyflows.results import open_results, write_results
from energyflows.scenarios import list_runs, list_scenarios

TABLES = [
    "accounts",
    "flows",
    "headline",
    "imports",
    "metrics",
    "moved",
    "notes",
    "prices",
    "ranking",
    "storage",
    "supply",
    "unserved",
]
MINE = """
study: mine
title: Less gas from Russia
scenarios:
  - scenario: half
    title: Half of it
    changes: [{change: cut, supplier: RU, share: 0.5}]
  - scenario: papers
    changes: [{change: relabel, at: YAMAL-DE, from: RU, to: TR}]
"""


@pytest.fixture
def mine(tmp_path):
    """Return a file with a study of two scenarios of the toy."""
    file = tmp_path / "mine.yaml"
    file.write_text(MINE)
    return file


@pytest.fixture(scope="module")
def solved(toy, tmp_path_factory):
    """Solve the study of the toy once."""
    from energyflows.scenarios import read_study

    file = tmp_path_factory.mktemp("study") / "mine.yaml"
    file.write_text(MINE)
    return energyflows.running.run_study(read_study(file), tables=toy())["part-1"]


@pytest.fixture
def asked(monkeypatch, solved):
    """Let every part of a study have the results solved once; what was asked for."""
    kept = {}

    def answer(study, **options):
        kept.update(options, study=study)
        return {part.name: solved for part in study.parts}

    monkeypatch.setattr(energyflows.running, "run_study", answer)
    return kept


@pytest.fixture
def written(solved, tmp_path):
    """Return a folder with the results solved once, as 'run --out' writes it."""
    folder = tmp_path / "written"
    folder.mkdir()
    write_results(solved, folder / "results.nc")
    return folder


# ------------------------------------------------------------------ run
def test_a_study_is_solved_compared_printed_and_written(call, mine, tmp_path):
    done = call("run", mine, "--out", tmp_path / "out", "--iamc", tmp_path / "all.csv", "--store", tmp_path / "kept")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("energyflows · Less gas from Russia · 2025 · monthly\n")
    assert re.search(r"^reference +0\.00 +0\.00 +0\.00 .* 0\.00 *$", done.out, flags=re.MULTILINE)
    assert re.search(r"^half +0\.00 .* 36\.5 ", done.out, flags=re.MULTILINE)
    told = " ".join(done.out.split())
    assert re.search(r"half: [^.]*(\.\d[^.]*)*largest changes of supply: RU −36\.5", told)
    assert "papers: no effect on flows and prices in 2025: it is about labels" in told
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(
        ["results.nc", "iamc.csv", *(f"{name}.csv" for name in TABLES)]
    )
    assert open_results(tmp_path / "out" / "results.nc")["scenario"].to_numpy().tolist() == [
        "reference",
        "half",
        "papers",
    ]
    exchanged = pd.read_csv(tmp_path / "all.csv")
    pd.testing.assert_frame_equal(exchanged, pd.read_csv(tmp_path / "out" / "iamc.csv"))
    assert set(exchanged["scenario"]) == {"reference", "half", "papers"}
    assert len(list((tmp_path / "kept").glob("*.nc"))) == 3


def test_json_holds_the_tables(call, asked, mine):
    done = call("run", mine, "--json")
    assert (done.code, done.err) == (0, "")
    told = json.loads(done.out)
    assert sorted(told) == TABLES
    assert [row["scenario"] for row in told["headline"]] == ["reference", "half", "papers"]
    assert asked["workers"] == 1


def test_several_parts_each_have_their_own(call, asked, tmp_path):
    file = tmp_path / "two.yaml"
    file.write_text(
        "study: two\nparts:\n- {name: a, scenarios: [cold-winter]}\n- {name: b, scenarios: [cold-winter]}\n"
    )
    told = json.loads(call("run", file, "--json").out)
    assert {part: sorted(tables) for part, tables in told.items()} == dict.fromkeys("ab", TABLES)
    done = call("run", file, "--out", tmp_path / "out", "--iamc", tmp_path / "all.csv")
    assert asked["tables"]
    for part in ("a", "b"):
        assert f"energyflows · two · part {part} · 2025" in done.out
        assert (tmp_path / "out" / part / "results.nc").is_file()
        assert (tmp_path / "out" / part / "iamc.csv").is_file()
    assert {"half (a)", "half (b)"} <= set(pd.read_csv(tmp_path / "all.csv")["scenario"])


def test_a_part_with_the_reference_only_prints_as_a_run(call, monkeypatch, solved):
    alone = solved.isel(scenario=[0])
    monkeypatch.setattr(energyflows.running, "run_study", lambda study, **_: {p.name: alone for p in study.parts})
    done = call("run", "cold-winter", "--json")
    assert sorted(json.loads(done.out)) == [
        "accounts",
        "bent",
        "binding",
        "corridors",
        "imports",
        "metrics",
        "unused",
        "years",
    ]
    assert "EU27 net imports 2025" in call("run", "cold-winter").out


def test_without_an_argument_it_is_the_article(call, asked):
    done = call("run", "--workers", 2)
    assert (done.code, done.err) == (0, "")
    study = asked["study"]
    assert study.name == "article"
    assert asked["workers"] == 2
    named = {run.name.partition("[")[0] for part in study.parts for run in list_runs(study, part)}
    assert set(list_scenarios().index) <= named


@pytest.mark.parametrize(
    ("arguments", "names", "years", "resolution"),
    [
        (["cold-winter"], ["cold-winter"], (2025, 2025), "monthly"),
        (
            ["cold-winter", "russian-stop", "--years", "2026-2027"],
            ["cold-winter", "russian-stop"],
            (2026, 2027),
            "monthly",
        ),
        (
            ["cold-winter + russian-stop", "--resolution", "weekly"],
            ["cold-winter + russian-stop"],
            (2025, 2025),
            "weekly",
        ),
        (["backfill-2022"], ["backfill-2022"], (2022, 2023), "monthly"),
        (["all"], ["all"], (2025, 2025), "monthly"),
    ],
)
def test_names_become_a_study_of_one_part(call, asked, arguments, names, years, resolution):
    assert call("run", *arguments).code == 0
    [part] = asked["study"].parts
    assert (list(part.scenarios), part.years, part.resolution) == (names, years, resolution)


def test_years_and_resolution_of_the_command_line_go_before_those_of_a_study(call, asked):
    assert call("run", "backfill-volumes.yaml", "--years", "2026", "--resolution", "weekly").code == 0
    assert asked["study"].name == "backfill-volumes"
    assert {(part.years, part.resolution) for part in asked["study"].parts} == {((2026, 2026), "weekly")}


def test_a_file_of_scenarios_is_a_study_of_them(call, asked, tmp_path):
    file = tmp_path / "one.yaml"
    file.write_text("scenario: half\nchanges: [{change: cut, supplier: RU, share: 0.5}]\nyears: [2024]\n")
    assert call("run", file).code == 0
    [part] = asked["study"].parts
    assert [run.name for run in list_runs(asked["study"], part)] == ["reference", "half"]
    assert part.years == (2024, 2024)


def test_the_reference_by_name_is_a_run_as_with_years(call, monkeypatch, toy):
    ds = energyflows.running.run(years=2025, tables=toy())
    monkeypatch.setattr(energyflows.running, "run", lambda **_: ds)
    assert call("run", "reference").out == call("run", "--years", "2025").out


def test_a_run_of_the_reference_is_exchanged_too(call, monkeypatch, toy, tmp_path):
    ds = energyflows.running.run(years=2025, tables=toy())
    monkeypatch.setattr(energyflows.running, "run", lambda **_: ds)
    assert call("run", "--years", "2025", "--iamc", tmp_path / "i.csv").code == 0
    assert set(pd.read_csv(tmp_path / "i.csv")["scenario"]) == {"reference"}
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".csv"] == ["i.csv"]


@pytest.mark.parametrize(
    ("options", "words"),
    [([], "nothing is kept; with --store DIR"), (["--store", "kept"], "finished scenarios are kept in kept; the same")],
)
def test_an_interrupt_says_how_to_go_on(call, monkeypatch, mine, options, words):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(energyflows.running, "run_study", interrupt)
    done = call("run", mine, *options)
    assert (done.code, done.out) == (130, "")
    assert words in done.err
    assert done.err.splitlines()[-1] == "stopped"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "cold-wintre"], "did you mean cold-winter?"),
        (["run", "mine.yaml", "cold-winter"], "found mine.yaml beside other names"),
        (["run", "nowhere.yaml"], "no such file"),
        (["run", "cold-winter", "--foresight", "rolling"], "--foresight rolling: of the reference only"),
        (["run", "cold-winter", "--store", "same", "--out", "same"], "expected two folders"),
        (["run", "--years", "2025", "--store", "kept"], "the reference alone needs none"),
        (["run", "cold-winter", "--iamc", "no/such/file.csv"], "--iamc no/such/file.csv: cannot be written"),
        (["run", "cold-winter", "--iamc", "."], "--iamc .: cannot be written"),
        (["run", "cold-winter", "--years", "soon"], "--years: found 'soon'"),
        (["run", "cold-winter", "--resolution", "hourly"], "found 'hourly'"),
        (["run", "cold-winter", "--workers", "0"], "--workers"),
        (["compare"], "Missing argument"),
        (["compare", "nowhere"], "nowhere: found no results.nc"),
        (["claims", "nowhere"], "nowhere: found no results.nc"),
        (["list", "claimz"], "found 'claimz', expected tables, zones, links, scenarios, studies, claims or metrics"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(call, monkeypatch, tmp_path, arguments, words):
    def fail(*_, **__):
        raise AssertionError("solved although the command cannot succeed")

    for name in ("run", "run_study"):
        monkeypatch.setattr(energyflows.running, name, fail)
    monkeypatch.chdir(tmp_path)
    done = call(*arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: ")
    assert words in done.err
    assert "Traceback" not in done.err


# ------------------------------------------------------------------ compare
def test_compare_prints_what_run_printed(call, asked, mine, tmp_path):
    ran = call("run", mine, "--out", tmp_path / "out").out.splitlines()
    done = call("compare", tmp_path / "out")
    assert asked
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[0] == "energyflows · 3 scenarios against reference"
    assert done.out.splitlines()[1:] == ran[1 : len(done.out.splitlines())]


def test_runs_without_scenarios_are_named_after_their_folders(call, solved, tmp_path):
    for name, scenario in (("usual", "reference"), ("less", "half")):
        (tmp_path / name).mkdir()
        write_results(solved.sel(scenario=scenario, drop=True), tmp_path / name / "results.nc")
    write_results(solved.sel(scenario="half", drop=True), tmp_path / "file.nc")
    told = json.loads(call("compare", tmp_path / "usual", tmp_path / "less", tmp_path / "file.nc", "--json").out)
    rows = {row["scenario"]: row for row in told["headline"]}
    assert list(rows) == ["usual", "less", "file"]
    assert rows["less"]["ru_pipeline_anywhere_change_twh"] == pytest.approx(-36.5)
    assert rows["file"]["ru_pipeline_anywhere_change_twh"] == rows["less"]["ru_pipeline_anywhere_change_twh"]


def test_the_same_scenario_of_two_folders_stands_once_unless_it_differs(call, solved, written, tmp_path):
    for name, factor in (("again", 1.0), ("other", 2.0)):
        (tmp_path / name).mkdir()
        changed = solved.sel(scenario=["reference"])
        changed["price"] = (changed["price"] * factor).assign_attrs(changed["price"].attrs)
        write_results(changed, tmp_path / name / "results.nc")
    done = call("compare", written, tmp_path / "again", tmp_path / "other", "--json")
    assert done.err == ""
    told = json.loads(done.out)
    assert [row["scenario"] for row in told["headline"]] == ["reference", "half", "papers", "other/reference"]


def test_another_reference_turns_the_signs(call, written, tmp_path):
    told = json.loads(call("compare", written, "--reference", "half", "--json", "--out", tmp_path / "out").out)
    rows = {row["scenario"]: row for row in told["headline"]}
    assert rows["reference"]["ru_pipeline_anywhere_change_twh"] == pytest.approx(36.5)
    assert sorted(path.stem for path in (tmp_path / "out").iterdir()) == TABLES


def test_compare_refuses_what_cannot_stand_beside_each_other(call, solved, written, tmp_path):
    late = solved.isel(scenario=0, drop=True)
    write_results(late.assign_coords(snapshot=late["snapshot"] + pd.Timedelta(days=365)), tmp_path / "late.nc")
    assert (
        "late: 12 from 2026-01-01 to 2026-12-01; reference: 12 from 2025"
        in call("compare", written, tmp_path / "late.nc").err
    )
    study = tmp_path / "study"
    for part in ("a", "b"):
        (study / part).mkdir(parents=True)
        write_results(solved, study / part / "results.nc")
    assert "a study of several parts, expected one of them" in call("compare", study).err
    assert "found 'nobody', expected one of reference, half" in call("compare", written, "--reference", "nobody").err
    broken = solved.copy(deep=True)
    broken["consumed"][:] = 0.0
    write_results(broken, tmp_path / "broken.nc")
    assert "does not balance" in call("compare", tmp_path / "broken.nc").err
    write_results(late, tmp_path / "alone.nc")
    assert "one scenario only" in call("compare", tmp_path / "alone.nc").err


# ------------------------------------------------------------------ claims
@pytest.fixture
def judged(monkeypatch):
    """Judge nothing; what was asked for."""
    kept = {}
    row = {"id": "C1", "claim": "It is so.", "verdict": "mixed", "margin": 1.0, "decides": "", "partial": False}
    claims = pd.DataFrame([{**row, "part": "", "flips": "", "missing": "more"}])
    columns = ["id", "label", "value", "low", "high", "unit", "scenario", "year", "against"]

    def judge(results, **options):
        kept.update(options, results=results)
        return {"claims": claims, "evidence": pd.DataFrame(columns=columns)}

    monkeypatch.setattr(energyflows.claims, "judge_claims", judge)
    return kept


def test_claims_run_what_they_need_or_take_what_is_given(call, judged, written, solved, tmp_path):
    done = call("claims", "--workers", 2, "--out", tmp_path / "out")
    assert (done.code, done.err) == (0, "")
    assert "C1  It is so." in done.out
    assert (judged["results"], judged["workers"]) == (None, 2)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["claims.csv", "evidence.csv"]
    told = json.loads(call("claims", written, "--json").out)
    assert told["claims"][0]["verdict"] == "mixed"
    [ds] = judged["results"].values()
    xr.testing.assert_allclose(ds["price"], solved["price"])


def test_claims_take_all_parts_of_a_study_and_a_run_of_the_reference(call, judged, solved, tmp_path):
    for part, ds in (("a", solved), ("b", solved.isel(scenario=0, drop=True))):
        (tmp_path / "study" / part).mkdir(parents=True)
        write_results(ds, tmp_path / "study" / part / "results.nc")
    assert call("claims", tmp_path / "study").code == 0
    named = [ds["scenario"].to_numpy().tolist() for ds in judged["results"].values()]
    assert named == [["reference", "half", "papers"], ["reference"]]


# ------------------------------------------------------------------ how it looks
def test_a_comparison_fits_120_columns_and_tells_each_year(capsys, solved):
    from energyflows.comparison import compare
    from energyflows.console import print_comparison

    later = solved.assign_coords(snapshot=solved["snapshot"] + pd.Timedelta(days=365))
    both = xr.concat([solved, later], "snapshot", data_vars="minimal", coords="minimal", compat="override")
    notes = {"half": {"notes": [f"note {number}" for number in range(20)]}}
    both.attrs["meta"] = json.dumps({"scenarios": notes})
    tables = compare(both, groups={"EU27": ["NL", "DE"]})
    print_comparison(tables, title="[bold]two years[/bold]")
    out = capsys.readouterr().out
    assert out.startswith("[bold]two years[/bold]\n")
    assert "EU27 2025–2026" in out
    assert "of all years together, in the rows of the last" in out
    assert "half: note 11" in out
    assert "note 12" not in out
    assert "… and 8 more in notes.csv" in out
    assert max(map(len, out.splitlines())) <= 120


def test_a_file_that_cannot_be_written_is_told(call, asked, monkeypatch, tmp_path):
    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", fail)
    done = call("run", "cold-winter", "--iamc", tmp_path / "i.csv")
    assert (bool(asked), done.code) == (True, 2)
    assert "i.csv: cannot be written (No space left on device)" in done.err
    assert not (tmp_path / "i.csv").exists()


# ------------------------------------------------------------------ the real thing
@pytest.mark.slow
def test_a_packaged_scenario_is_solved_compared_and_read(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(sys, "argv", ["energyflows", "run", "cold-winter", "--out", str(tmp_path / "out")])
    with pytest.raises(SystemExit) as ended:
        main()
    out = capsys.readouterr().out
    assert ended.value.code == 0
    assert re.search(r"^cold-winter: demand of the EU27 rises by [\d.]+ TWh; .*rises by", out, flags=re.MULTILINE)
    headline = pd.read_csv(tmp_path / "out" / "headline.csv", index_col="scenario")
    assert headline.at["cold-winter", "price_change_eur_mwh"] > 0
    assert headline.at["reference", "net_cost_change_bn_eur"] == 0
