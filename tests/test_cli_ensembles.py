"""The commands that solve one year many times."""

import json
import re
import sys
from types import SimpleNamespace

import pandas as pd
import pytest
import xarray as xr

from energyflows.cli import main
from energyflows.ensemble import open_ensemble


@pytest.fixture
def call(monkeypatch, capsys, toy_folder):
    """Return a function that runs the program on the toy's tables; code, out and err of its end."""

    def run(*arguments):
        command = ["energyflows", arguments[0], "--data", str(toy_folder), *map(str, arguments[1:])]
        monkeypatch.setattr(sys, "argv", command)
        with pytest.raises(SystemExit) as ended:
            main()
        return SimpleNamespace(code=ended.value.code, **capsys.readouterr()._asdict())

    return run


@pytest.fixture
def unaudited(monkeypatch):
    """Leave out the audit, half of the time of a small ensemble, where it is not what is tested."""
    monkeypatch.setattr("energyflows.ensemble.running.check_draws", lambda *_, **__: {})


# The toy's only exporter by ship is the United States, so there is no Russian LNG to keep in bounds.
FIXED = "--fixed-lng"


@pytest.mark.usefixtures("unaudited")
def test_sweep_names_who_is_hurt_worst_first(call):
    done = call("sweep", "links", FIXED)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("energyflows · every outage of links · 2025 · monthly\n")
    first = re.search(r"hurt most *\n(.*)\n", done.out)[1]
    assert first.startswith("LNGEU-NL ")
    assert re.search(r"NL \d+\.\d TWh, DE \d+\.\d TWh", first)
    assert re.search(r"^DE-TR .* TR \d+\.\d TWh", done.out, flags=re.MULTILINE)
    assert re.search(r"\d+ of \d+ change it by less than 1 million EUR", done.out)


@pytest.mark.usefixtures("unaudited")
def test_sweep_of_names_fails_them_one_by_one(call):
    done = call("sweep", "DE-TR, YAMAL-DE", FIXED, "--json")
    assert {row["outage"] for row in json.loads(done.out)["outages"]} == {"DE-TR", "YAMAL-DE"}


@pytest.mark.usefixtures("unaudited")
def test_sweep_writes_results_and_tables(call, tmp_path):
    done = call("sweep", "suppliers", FIXED, "--out", tmp_path / "out", "--top", 1)
    assert done.code == 0
    assert "Costliest 1 of " in done.out
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["hurt.csv", "outages.csv", "results.nc"]
    table = pd.read_csv(tmp_path / "out" / "outages.csv", index_col="outage")
    with xr.open_dataset(tmp_path / "out" / "results.nc") as ds:
        assert set(table.index) | {"reference"} == set(ds["draw"].to_numpy())


def test_ensemble_prints_zones_at_risk_with_intervals(call):
    done = call("ensemble", FIXED, "--size", 12, "--seed", 5)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("energyflows · 12 draws, seed 5 · winter stress test · 2025 · monthly\n")
    assert re.search(r"^EU27 +\d+\.\d % +\(\d+\.\d–\d+\.\d\)", done.out, flags=re.MULTILINE)
    assert "12 of 12 draws have a solution; 3 were solved once more by plain PyPSA and agree." in done.out


@pytest.mark.usefixtures("unaudited")
def test_ensemble_is_the_same_for_the_same_seed_and_another_for_another(call):
    told = [call("ensemble", FIXED, "--size", 2, "--seed", seed, "--json").out for seed in (1, 1, 2)]
    assert told[0] == told[1] != told[2]


@pytest.mark.usefixtures("unaudited")
def test_ensemble_draws_what_a_file_says_and_keeps_it(call, tmp_path):
    spec = tmp_path / "spec.json"
    spec.write_text(json.dumps({"availability": {"YAMAL-DE": {"distribution": "uniform", "low": 0, "high": 1}}}))
    done = call("ensemble", FIXED, "--size", 4, "--spec", spec, "--store", tmp_path / "kept", "--out", tmp_path / "out")
    assert done.code == 0
    assert f"· {spec} ·" in done.out.replace("\n", "")
    assert open_ensemble(tmp_path / "kept").sizes["draw"] == 4
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "ensemble.csv",
        "results.nc",
        "survival.csv",
        "zones.csv",
    ]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["sweep", "roads", FIXED], "kind: found 'roads', expected one of links"),
        (["sweep", "ROAD-RAIL", FIXED], "component 'ROAD-RAIL' is not in the network"),
        (["ensemble", "--store", "same", "--out", "same"], "expected two folders"),
        (["sweep", "links", "--years", "2024-2025"], "expected one year"),
        (["sweep", "links"], "no exporter 'RU' by ship"),
        (["sweep", "links", "--workers", "0"], "--workers"),
        (["ensemble", "--size", "0"], "--size"),
        (["ensemble", "--years", "soon"], "--years: found 'soon'"),
        (["ensemble", "--spec", "nowhere.json"], "nowhere.json: cannot be read as JSON"),
        (["ensemble", FIXED, "--size", "2", "--store", __file__], "test_cli_ensembles.py"),
        (["ensemble", "--out", __file__], "exists already"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(call, arguments, told):
    done = call(*arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: ")
    assert told in done.err
    assert "Traceback" not in done.err


def test_a_specification_that_is_none_is_refused(call, tmp_path):
    spec = tmp_path / "spec.json"
    spec.write_text("[1]")
    assert "found list, expected an object" in call("ensemble", "--spec", spec).err
    spec.write_text('{"events": [{"name": "x", "probability": 2, "components": {"YAMAL-DE": -1}}], "more": 1}')
    told = call("ensemble", FIXED, "--spec", spec).err
    assert "probability" in told
    assert "more" in told
