"""The command hindcast: what it prints, writes and refuses."""

import importlib.util
import json
import re
import sys
from types import SimpleNamespace

import pandas as pd
import pytest
import xarray as xr

import energyflows.hindcast
from energyflows.cli import main

TABLES = ["pairs", "scores", "groups", "years", "worst", "spreads", "excluded"]


@pytest.fixture
def call(monkeypatch, capsys, toy_folder):
    """Return a function that runs the program on the toy's tables; code, out and err of its end."""

    def run(*arguments):
        command = ["energyflows", "hindcast", "--data", str(toy_folder), *map(str, arguments)]
        monkeypatch.setattr(sys, "argv", command)
        with pytest.raises(SystemExit) as ended:
            main()
        return SimpleNamespace(code=ended.value.code, **capsys.readouterr()._asdict())

    return run


@pytest.fixture
def asked(monkeypatch, solved_toy):
    """Let the command take the hindcast solved once; what it asked for."""
    kept = {}

    def answer(years, **options):
        kept.update(options, years=years)
        return solved_toy

    monkeypatch.setattr(energyflows.hindcast, "run_hindcast", answer)
    return kept


def test_the_toy_is_solved_and_printed(call):
    done = call("--years", "2025", "--pins", "on")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("energyflows · hindcast · 2025 · monthly\n")
    assert re.search(r"^hub prices +worst series +\d+\.\d %", done.out, flags=re.MULTILINE)
    assert "Circular: prices" in done.out
    assert "off" not in re.search(r"Errors by group(.*?)Errors by year", done.out, flags=re.DOTALL)[1]


def test_errors_inputs_aims_and_reasons_are_printed(call, asked):
    done = call("--years", "2021-2023")
    assert (done.code, done.err) == (0, "")
    assert asked["pins"] == ["on", "off"]
    assert asked["years"] == [2021, 2022, 2023]
    assert asked["observed"] is None
    for text in ("on, 2019–22", "off, 2023–25", "Errors by year, pins on", "Errors by year, pins off", "≤ 20 %"):
        assert text in done.out
    assert re.search(r"^borders in the EU and to GB +median .* (met|missed) *$", done.out, flags=re.MULTILINE)
    assert re.search(r"^stock EU27 +1 .* \d+\.\d %", done.out, flags=re.MULTILINE)
    assert re.search(r"^Worst \d series, pins off", done.out, flags=re.MULTILINE)
    assert re.search(r"^NL-DE +\d.* not yet$|not yet explained", done.out, flags=re.MULTILINE)
    assert re.search(r"^TTF, Dutch price, observed +30\.0 +30\.0 +30\.0", done.out, flags=re.MULTILINE)
    assert "Stocks on 31 December are inputs" in done.out
    assert "Not compared: YAMAL: a route" in done.out


def test_a_series_that_bounds_the_model_prints_as_input(call, asked, solved_toy, monkeypatch):
    scores = solved_toy["scores"]
    monkeypatch.setitem(
        solved_toy, "scores", scores.assign(role=scores["role"].mask(scores["series"] == "NL-DE", "input"))
    )
    done = call()
    assert asked
    assert re.search(r"^NL-DE +3 +120\.0 +input +input *$", done.out, flags=re.MULTILINE)
    assert "with pins on: 1 series, all of: borders in the EU and to GB" in done.out


def test_numbers_are_the_same_as_json_and_as_csv(call, asked, solved_toy, tmp_path, monkeypatch):
    monkeypatch.setattr("energyflows.plot.plot_hindcast", lambda *_: [])
    done = call("--json", "--out", tmp_path / "out")
    assert (done.code, done.err) == (0, "")
    assert asked["pins"] == ["on", "off"]
    told = json.loads(done.out)
    assert list(told) == TABLES
    for name in TABLES:
        frame = pd.read_csv(tmp_path / "out" / f"{name}.csv")
        assert frame.columns.tolist() == solved_toy[name].columns.tolist()
        assert len(frame) == len(told[name]) == len(solved_toy[name])
    groups = pd.read_csv(tmp_path / "out" / "groups.csv")
    pd.testing.assert_series_equal(groups["error"], solved_toy["groups"]["error"])


def test_results_and_figures_are_written_into_a_new_folder(call, asked, tmp_path):
    done = call("--out", tmp_path / "out")
    assert done.code == 0
    assert asked
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"results_on.nc", "results_off.nc", *(f"{name}.csv" for name in TABLES)} <= written
    assert ("errors.png" in written) == (importlib.util.find_spec("matplotlib") is not None)
    assert "Written: " in done.out
    with xr.open_dataset(tmp_path / "out" / "results_on.nc") as ds:
        assert ds.sizes["snapshot"] == 36


def test_figures_that_cannot_be_drawn_are_told_and_leave_the_rest(call, asked, tmp_path, monkeypatch):
    from energyflows.errors import UsageError

    def refuse(*_):
        raise UsageError("matplotlib is not installed")

    monkeypatch.setattr("energyflows.plot.plot_hindcast", refuse)
    done = call("--out", tmp_path / "out")
    assert asked
    assert "7 CSV tables; no figures: matplotlib is not installed." in " ".join(done.out.split())
    assert (tmp_path / "out" / "scores.csv").exists()


def test_own_observations_are_read_and_only_they_are_compared(call, tmp_path):
    file = tmp_path / "mine.csv"
    file.write_text("series,period,value,unit\nNL-DE,2025-02,2000,GWh\nNL-DE,2025-05,3,TWh\nDE-NL,2025,9,TWh\n")
    done = call("--years", "2025", "--pins", "on", "--observed", file)
    assert (done.code, done.err) == (0, "")
    assert re.search(r"^NL-DE +2 +5\.0 ", done.out, flags=re.MULTILINE)
    assert re.search(r"^DE-NL +1 +9\.0 ", done.out, flags=re.MULTILINE)
    assert "Gaps in the observations: 2 periods of 1 series." in done.out
    assert "TTF" not in done.out


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--years", "2026"], "years: found 2026, expected 2019 to 2025"),
        (["--years", "2018-2020"], "outside the tables"),
        (["--years", "soon"], "--years: found 'soon'"),
        (["--pins", "half"], "pins: found 'half', expected 'on', 'off' or both"),
        (["--observed", "nowhere.csv"], "nowhere.csv"),
        (["--out", "."], "exists already"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence(call, arguments, problem, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").touch()
    monkeypatch.setattr("energyflows.hindcast.running.run", lambda **_: pytest.fail("solved"))
    done = call(*arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: ")
    assert problem in done.err
    assert "Traceback" not in done.err


def test_observations_of_unknown_series_are_refused_with_names_like_them(call, tmp_path):
    file = tmp_path / "mine.csv"
    file.write_text("series,period,value,unit\nNL-DEE,2025,2,TWh\nstock EE,2025-05-31,3,TWh\n")
    done = call("--observed", file)
    assert done.code == 2
    assert "NL-DEE" in done.err
    assert "stock EE" in done.err
    assert "did you mean" in done.err


@pytest.mark.slow
def test_the_packaged_tables_print_their_errors(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["energyflows", "hindcast", "--years", "2025", "--pins", "on"])
    with pytest.raises(SystemExit) as ended:
        main()
    out = capsys.readouterr().out
    assert ended.value.code == 0
    for text in ("Norway by landing", "Algerian routes", "Worst 10 series", "Not compared: SK-AT: Baumgarten"):
        assert text in out
    assert re.search(r"^NO-GB +4 +[\d.]+ +input *$", out, flags=re.MULTILINE)
