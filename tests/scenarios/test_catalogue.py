"""The built-in scenarios by name."""

import subprocess
import sys
from pathlib import Path

import pytest

from energyflows.errors import ScenarioError, UnknownNameError, UsageError
from energyflows.scenarios import Scenario, get_scenario, list_scenarios
from energyflows.scenarios.catalogue import find_scenario, find_seeds, read_catalogue
from energyflows.scenarios.reading import read_folder


def test_the_reference_comes_first_and_changes_nothing():
    frame = list_scenarios()
    assert frame.index[0] == "reference"
    assert frame.index.name == "scenario"
    assert list(frame.columns) == ["title", "years", "claims", "reading"]
    assert get_scenario("reference").changes == ()


def test_all_others_are_listed_by_name_and_change_something():
    names = list(list_scenarios().index)[1:]
    assert names == sorted(names)
    assert all(get_scenario(name).changes for name in names)
    assert all(get_scenario(name).name == name for name in names)


def test_every_file_is_one_scenario_of_its_name():
    files = {path.stem for path in (find_seeds() / "scenarios").glob("*.yaml")}
    assert files == set(list_scenarios().index)


def test_the_list_is_ones_own_to_change():
    frame = list_scenarios()
    frame["title"] = "changed"
    assert list_scenarios()["title"].iloc[0] != "changed"


def test_scenarios_are_read_once():
    assert get_scenario("russian-stop") is get_scenario("russian-stop")
    with pytest.raises(TypeError):
        read_catalogue()["russian-stop"] = Scenario(name="mine")


def test_names_combine_in_any_order():
    both = get_scenario("russian-stop + cold-winter")
    assert both == get_scenario("cold-winter + russian-stop") == get_scenario("cold-winter+russian-stop")
    assert both == get_scenario("cold-winter") + get_scenario("russian-stop")
    assert both.name == "cold-winter + russian-stop"


def test_own_scenarios_combine_with_built_in_ones():
    own = {"mine": Scenario(name="mine", changes=({"change": "cut", "supplier": "AZ"},))}
    found = find_scenario("mine + russian-stop", own)
    assert set(found.changes) >= {*own["mine"].changes}
    assert found.name == "mine + russian-stop"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("russian-stp", "no scenario is called 'russian-stp'; did you mean russian-stop?"),
        ("Reference", "no scenario is called 'Reference'; did you mean reference?"),
        ("xyz", "no scenario is called 'xyz'; known are reference, "),
        ("", "no scenario is called ''; known are reference, "),
        ("russian-stop + ", "no scenario is called ''; known are reference, "),
        ("x1 + y2", "no scenario is called 'x1'; known are"),
        ("all", "no scenario is called 'all'; known are"),
    ],
)
def test_unknown_names_are_told_with_those_like_them(name, told):
    with pytest.raises(UnknownNameError) as error:
        get_scenario(name)
    assert told in str(error.value)


def test_a_name_is_text():
    with pytest.raises(UsageError, match="found None, expected a name such as reference"):
        get_scenario(None)


def test_a_missing_folder_of_scenarios_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr("energyflows.scenarios.catalogue.find_folder", lambda: tmp_path / "data")
    read_catalogue.cache_clear()
    try:
        with pytest.raises(ScenarioError, match="no such file"):
            get_scenario("reference")
    finally:
        read_catalogue.cache_clear()


def test_built_in_scenarios_extend_only_each_other(tmp_path):
    (tmp_path / "a.yaml").write_text("scenario: a\nextends: [russian-stop]\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match="line 2, scenario a: no scenario is called 'russian-stop'"):
        read_folder(tmp_path)


@pytest.mark.parametrize(("tables", "seeds"), [("data", "seeds"), ("_data", "_seeds")])
def test_seeds_stand_beside_the_tables(monkeypatch, tables, seeds):
    monkeypatch.setattr("energyflows.scenarios.catalogue.find_folder", lambda: Path("/data/x") / tables)
    assert find_seeds() == Path("/data/x") / seeds


def test_nothing_is_read_and_no_pypsa_needed_before_it_is_used():
    program = (
        "import sys; import energyflows.scenarios as s; from energyflows.scenarios.catalogue import read_catalogue;"
        "assert read_catalogue.cache_info().misses == 0;"
        "s.list_scenarios(); assert 'pypsa' not in sys.modules; assert 'linopy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
