"""Studies: parts, stores that remember, and what is left to do after an interruption."""

import json
import shutil

import pytest
import xarray as xr

from energyflows import check_results
from energyflows.errors import OutputError, ScenarioError, UsageError
from energyflows.running import _scenarios as running_scenarios
from energyflows.running import _years as running_years
from energyflows.running import run_study
from energyflows.scenarios import Cut, Part, Scenario, Study

OWN = (
    Scenario(name="less", changes=(Cut(supplier="RU", share=0.2),)),
    Scenario(
        name="some",
        parameters={"share": {"value": 0.1, "unit": "1", "source": "assumption"}},
        changes=({"change": "cut", "supplier": "RU", "share": "$share"},),
    ),
)


def plan(*names, sweep=None, own=OWN, **given):
    """Return a study of one part."""
    part = {"name": "main", "scenarios": names, "years": 2025, "sweep": sweep or {}, **given}
    return Study(name="study", parts=(part,), scenarios=own)


def note_solved(patch):
    """Return the list of what is solved from now on: years of the reference, and names of scenarios."""
    calls = []
    build, scenario = running_years.solve, running_scenarios.solve

    def count_year(n, **options):
        calls.append(n.meta["years"][0])
        return build(n, **options)

    def count_scenario(n):
        calls.append(json.loads(n.meta["scenario"])["name"])
        return scenario(n)

    patch.setattr(running_years, "solve", count_year)
    patch.setattr(running_scenarios, "solve", count_scenario)
    return calls


@pytest.fixture
def solved(monkeypatch):
    """Return the list of what was solved: years of the reference, and names of scenarios."""
    return note_solved(monkeypatch)


def assert_same(one, other):
    assert one.keys() == other.keys()
    for name in one:
        xr.testing.assert_identical(one[name], other[name])


SWEEP = {"some": {"share": [0.05, 0.1]}}
NAMES = ["reference", "less", "some[share=0.05]", "some[share=0.1]"]


@pytest.fixture(scope="module")
def whole(toy):
    """Return the results of a study without any store."""
    return run_study(plan("less", "some", sweep=SWEEP), tables=toy())


@pytest.fixture(scope="module")
def kept(toy, tmp_path_factory):
    """Return the store of the same study, not to be changed, its results, and what was solved for it."""
    folder = tmp_path_factory.mktemp("kept")
    with pytest.MonkeyPatch.context() as patch:
        calls = note_solved(patch)
        done = run_study(plan("less", "some", sweep=SWEEP), tables=toy(), store=folder)
    return folder, done, calls


@pytest.fixture
def whole_store(kept, tmp_path):
    """Return a copy of it."""
    return shutil.copytree(kept[0], tmp_path / "whole")


@pytest.fixture
def store(kept, tmp_path):
    """Return a store of what a study of scenario less leaves: the reference and that scenario."""
    folder = tmp_path / "store"
    folder.mkdir()
    for path in kept[0].iterdir():
        if path.name.rsplit("-", 1)[0] in {"less", "reference"}:
            shutil.copy2(path, folder)
    return folder


def test_parts_hold_the_reference_first_and_swept_scenarios_by_value(whole):
    assert list(whole) == ["main"]
    assert whole["main"]["scenario"].to_numpy().tolist() == NAMES
    gas = (whole["main"]["supplied"] * whole["main"]["weight_days"]).sel(generator="RU YAMAL minimum").sum("snapshot")
    assert gas.to_numpy() == pytest.approx([73_000, 0.8 * 73_000, 0.95 * 73_000, 0.9 * 73_000])
    check_results(whole["main"])


def test_each_part_has_its_own_years_and_resolution(toy, solved):
    study = Study(
        name="study",
        parts=(
            Part(name="short", scenarios=("less",), years=2025),
            Part(name="long", scenarios=("reference",), years=(2025, 2026)),
            Part(name="fine", scenarios=("reference",), years=2024, resolution="weekly"),
        ),
        scenarios=OWN,
    )
    done = run_study(study, tables=toy())
    assert {name: ds.sizes["snapshot"] for name, ds in done.items()} == {"short": 12, "long": 24, "fine": 52}
    # Years of the reference that parts have in common are solved once.
    assert solved.count(2025) == 1


def test_a_store_does_not_change_the_numbers_and_is_read_the_second_time(toy, whole, kept, solved, whole_store):
    _, first, calls = kept
    assert_same(first, whole)
    assert calls == [2025, *NAMES[1:]]
    assert_same(run_study(plan("less", "some", sweep=SWEEP), tables=toy(), store=whole_store), whole)
    assert solved == []


def test_a_study_that_grew_solves_what_is_new(toy, solved, store):
    run_study(plan("less", "some"), tables=toy(), store=store)
    assert solved == [2025, "some"]


def test_two_studies_share_a_store(toy, solved, store):
    files = set(store.iterdir())
    other = Study(name="other", parts=(Part(name="p", scenarios=("less",)),), scenarios=OWN)
    run_study(other, tables=toy(), store=store)
    assert solved == []
    assert set(store.iterdir()) == files
    assert len(files) == 2


def test_damaged_files_are_solved_anew(toy, whole, solved, whole_store):
    files = sorted(path for path in whole_store.iterdir() if not path.name.startswith("reference"))
    contents = [file.read_bytes() for file in files]
    for file, damage in zip(files, (b"", b"no file of ours", contents[2][: len(contents[2]) // 2]), strict=True):
        file.write_bytes(damage)
    assert_same(run_study(plan("less", "some", sweep=SWEEP), tables=toy(), store=whole_store), whole)
    assert solved == [2025, *NAMES[1:]]
    assert [file.stat().st_size for file in files] == [len(content) for content in contents]


def test_a_changed_scenario_is_solved_anew_under_its_old_name(toy, whole, solved, store):
    harder = (Scenario(name="less", changes=(Cut(supplier="RU", share=0.3),)), OWN[1])
    second = run_study(plan("less", own=harder), tables=toy(), store=store)
    assert solved == [2025, "less"]
    cost = [float(done["main"]["objective"].sel(scenario="less")) for done in (whole, second)]
    assert cost[0] < cost[1]


def test_a_changed_text_is_not(toy, solved, store):
    told = (Scenario(name="less", title="Less gas", description="Told anew.", changes=OWN[0].changes), OWN[1])
    run_study(plan("less", own=told), tables=toy(), store=store)
    assert solved == []


@pytest.mark.parametrize("given", [{"years": 2024}, {"resolution": "weekly"}])
def test_other_years_and_resolutions_are_kept_apart(toy, solved, store, given):
    run_study(plan("less", **given), tables=toy(), store=store)
    assert solved == [given.get("years", 2025), "less"]


def test_other_tables_stocks_and_versions_are_kept_apart(toy, solved, set_parameters, store, monkeypatch):
    tables = toy()
    set_parameters(tables, diversion_cost=1.5)
    for given in ({"tables": tables}, {"tables": toy(), "final_stocks": "held"}):
        solved.clear()
        run_study(plan("less"), store=store, **given)
        assert solved == [2025, "less"]
    monkeypatch.setattr("energyflows.__version__", "0.0.0")
    solved.clear()
    run_study(plan("less"), tables=toy(), store=store)
    assert solved == [2025, "less"]


def test_an_interrupted_study_goes_on_where_it_ended(toy, whole, solved, tmp_path, monkeypatch):
    study, working = plan("less", "some", sweep=SWEEP), running_scenarios.solve

    def fail(n):
        if json.loads(n.meta["scenario"])["name"] == NAMES[2]:
            raise KeyboardInterrupt
        return working(n)

    with monkeypatch.context() as patch:
        patch.setattr(running_scenarios, "solve", fail)
        with pytest.raises(KeyboardInterrupt):
            run_study(study, tables=toy(), store=tmp_path)
    assert sorted(path.name.rsplit("-", 1)[0] for path in tmp_path.iterdir()) == ["less", "reference"]
    solved.clear()
    assert_same(run_study(study, tables=toy(), store=tmp_path), whole)
    assert solved == [2025, *NAMES[2:]]


def test_workers_give_the_same_numbers_and_the_same_store(toy, whole, solved, tmp_path):
    study = plan("less", "some", sweep=SWEEP)
    assert_same(run_study(study, tables=toy(), store=tmp_path, workers=2), whole)
    assert len(list(tmp_path.iterdir())) == 4
    solved.clear()
    assert_same(run_study(study, tables=toy(), store=tmp_path), whole)
    assert solved == []


def test_what_cannot_be_run_is_refused(toy, tmp_path, solved):
    with pytest.raises(UsageError, match="workers: found 0, expected at least 1"):
        run_study(plan("less"), tables=toy(), workers=0)
    with pytest.raises(UsageError, match="final_stocks: found 'some'"):
        run_study(plan("less"), tables=toy(), final_stocks="some")
    with pytest.raises(ScenarioError, match="no scenario is called 'lesss'"):
        run_study(plan("lesss"), tables=toy())
    (tmp_path / "file").write_text("taken")
    with pytest.raises(OutputError, match=r"file: cannot be written \(File exists\)"):
        run_study(plan("less"), tables=toy(), store=tmp_path / "file")
    assert solved == []


def test_a_store_is_made_where_there_is_none(toy, tmp_path):
    run_study(plan("reference"), tables=toy(), store=str(tmp_path / "a" / "b"))
    assert len(list((tmp_path / "a" / "b").iterdir())) == 1
