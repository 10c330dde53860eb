"""Studies: what is run, in which order, and all that keeps a study from being run."""

import pytest

from energyflows.errors import ScenarioError
from energyflows.scenarios import (
    Cut,
    Parameter,
    Part,
    Scenario,
    Study,
    get_scenario,
    list_runs,
    list_scenarios,
    read_study,
)
from energyflows.scenarios.study import MAX_RUNS

AMOUNT = "a number of at least 0"
OWN = Scenario(
    name="mine",
    parameters={
        "part": Parameter(value=0.5, unit="fraction", source="assumption"),
        "start": Parameter(value="2026-01-01", unit="day", source="assumption"),
        "idle": Parameter(value=1, unit="1", source="assumption"),
    },
    changes=({"change": "cut", "supplier": "RU", "share": "$part", "start": "$start"},),
)


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a study and returns its path."""

    def write(text):
        path = tmp_path / "study.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def refuse(write):
    """Return a function that writes a study and returns the problems for which it is refused."""

    def refuse(text):
        with pytest.raises(ScenarioError) as error:
            read_study(write(text))
        return [line.removeprefix("  - ") for line in str(error.value).splitlines()[1:]]

    return refuse


def name_runs(*scenarios, **sweep):
    part = Part(scenarios=scenarios, sweep=sweep)
    return [run.name for run in list_runs(Study(name="s", parts=(part,), scenarios=(OWN,)), part)]


def read_problems(*scenarios, **sweep):
    with pytest.raises(ScenarioError) as error:
        name_runs(*scenarios, **sweep)
    return str(error.value)


# ------------------------------------------------------------------ runs


def test_the_reference_comes_first_whether_it_is_named_or_not():
    assert name_runs("russian-stop") == ["reference", "russian-stop"]
    assert name_runs("russian-stop", "reference") == ["reference", "russian-stop"]
    assert name_runs("reference") == ["reference"]


def test_runs_keep_the_given_order_and_come_once():
    names = name_runs("scp-disruption", "mine", "cold-winter", "mine")
    assert names == ["reference", "scp-disruption", "mine", "cold-winter"]


def test_all_stands_for_the_built_in_scenarios():
    assert name_runs("all") == list(list_scenarios().index)
    assert name_runs("mine", "all")[:2] == ["reference", "mine"]


def test_runs_are_the_scenarios_themselves():
    part = Part(scenarios=("mine", "russian-stop"))
    runs = list_runs(Study(name="s", parts=(part,), scenarios=(OWN,)), part)
    assert runs == [get_scenario("reference"), OWN, get_scenario("russian-stop")]


def test_a_sweep_takes_the_place_of_its_scenario():
    names = name_runs("mine", "cold-winter", mine={"part": [0, 0.5, 1]})
    assert names == ["reference", "mine[part=0]", "mine[part=0.5]", "mine[part=1]", "cold-winter"]


def test_values_swept_together_are_combined():
    names = name_runs("mine", mine={"start": ["2026-01-01", "2027-01-01"], "part": [0, 1]})
    assert names[1:] == [
        "mine[part=0,start=2026-01-01]",
        "mine[part=1,start=2026-01-01]",
        "mine[part=0,start=2027-01-01]",
        "mine[part=1,start=2027-01-01]",
    ]


def test_values_given_twice_are_run_once():
    assert name_runs("mine", mine={"part": [1, 1.0, 0]})[1:] == ["mine[part=1]", "mine[part=0]"]


def test_combined_scenarios_are_swept_by_their_members():
    part = Part(scenarios=("mine+cold-winter", "mine"), sweep={"mine": {"part": [0, 1]}})
    runs = {run.name: run for run in list_runs(Study(name="s", parts=(part,), scenarios=(OWN,)), part)}
    assert list(runs)[1:] == [
        "cold-winter + mine[part=0]",
        "cold-winter + mine[part=1]",
        "mine[part=0]",
        "mine[part=1]",
    ]
    assert Cut(supplier="RU", share=0, start="2026-01-01") in runs["cold-winter + mine[part=0]"].changes


def test_an_own_scenario_stands_in_place_of_a_built_in_one():
    own = Scenario(name="russian-stop")
    part = Part(scenarios=("russian-stop",))
    assert list_runs(Study(name="s", parts=(part,), scenarios=(own,)), part)[1] == own


@pytest.mark.parametrize(
    ("scenarios", "sweep", "told"),
    [
        (["min"], {}, "scenarios: no scenario is called 'min'; did you mean mine?"),
        (["mine + x1"], {}, "scenarios: no scenario is called 'x1'; known are reference,"),
        (
            ["mine"],
            {"cold-winter": {"x": [1]}},
            "sweep: the part has no scenario 'cold-winter'; list it in 'scenarios'",
        ),
        (["mine"], {"mine": {"prt": [1]}}, "sweep: mine has no parameter 'prt'; did you mean part?; it has part,"),
        (["mine"], {"mine": {"part": [2]}}, "mine[part=2], change 1 (cut), share: found 2, expected a number from 0"),
        (["mine"], {"mine": {"part": ["x"]}}, "mine[part=x], change 1 (cut), share: found 'x', expected a number from"),
        (["mine"], {"mine": {"idle": [1, 2]}}, "sweep: no change of mine uses its parameter 'idle'"),
        (["mine"], {"mine": {"part": range(MAX_RUNS)}}, "found 1,001 runs with all combinations of values, expected"),
        (["mine"], {"mine": {"part": range(10**4), "start": range(10**4)}}, "found 100,000,001 runs with all"),
    ],
)
def test_runs_that_cannot_be_made_are_told(scenarios, sweep, told):
    sweep = {name: {key: list(values) for key, values in each.items()} for name, each in sweep.items()}
    message = read_problems(*scenarios, **sweep)
    assert message.startswith("1 problem in part part-1 of study s:\n")
    assert told in message


def test_different_runs_of_one_name_are_told():
    own = Scenario(
        name="mine",
        parameters={"who": Parameter(value="RU", unit="name", source="assumption")},
        changes=({"change": "cut", "supplier": "$who"},),
    )
    part = Part(scenarios=("mine",), sweep={"mine": {"who": ["AZ", "az"]}})
    with pytest.raises(ScenarioError, match=r"two different runs are called mine\[who=az\]"):
        list_runs(Study(name="s", parts=(part,), scenarios=(own,)), part)


def test_scenarios_that_contradict_each_other_are_told():
    one, other = (
        Scenario(name=name, changes=({"change": "set", "component": "link", "name": "TAP", "value": value},))
        for name, value in (("a", 1), ("b", 2))
    )
    part = Part(scenarios=("a + b",))
    with pytest.raises(ScenarioError, match="capacity of link TAP is set to two values"):
        list_runs(Study(name="s", parts=(part,), scenarios=(one, other)), part)


# ------------------------------------------------------------------ years


@pytest.mark.parametrize(
    ("given", "years"),
    [
        (2025, (2025, 2025)),
        ([2025], (2025, 2025)),
        ((2021, 2027), (2021, 2027)),
        ([2021, 2022, 2023], (2021, 2023)),
        ("2021-2027", (2021, 2027)),
        (" 2021 – 2027 ", (2021, 2027)),
        ((2019, 2030), (2019, 2030)),
    ],
)
def test_years_are_one_or_a_first_and_a_last(given, years):
    assert Part(scenarios=("reference",), years=given).years == years


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (2018, "2018 to 2018 is outside the tables, 2019 to 2030"),
        ("2025-2031", "2025 to 2031 is outside the tables, 2019 to 2030"),
        ((2027, 2021), "2027 to 2021 runs backwards; put the earlier year first"),
        ("2027-2021", "2027 to 2021 runs backwards; put the earlier year first"),
        ([2021, 2023, 2025], "has gaps or repeats; expected consecutive years"),
        ("2025", "found '2025', expected a year like 2025, or the first and the last like 2021-2027"),
        ("soon", "found 'soon', expected a year like 2025"),
        (2025.5, "found 2025.5, expected a year like 2025"),
        (True, "found True, expected a year like 2025"),
        ([], "found [], expected a year like 2025"),
        (None, "found None, expected a year like 2025"),
        ({"from": 2021}, "expected a year like 2025"),
    ],
)
def test_other_years_are_refused(given, told):
    with pytest.raises(ScenarioError) as error:
        Part(scenarios=("reference",), years=given)
    assert told in str(error.value).partition("  - years: ")[2]


# ------------------------------------------------------------------ files


def test_a_study_of_one_part_has_its_keys_at_the_top(write):
    text = """
study: volumes
title: How much
scenarios:
  - reference
  - backfill-max
  - {scenario: mine, extends: [backfill-max], changes: [{change: demand, zones: [DE], factor: 0.9}]}
years: 2021-2023
resolution: weekly
sweep: {backfill-max: {volume: [0, 5]}, mine: {volume: [1]}}
"""
    study = read_study(write(text))
    assert (study.name, study.title, [scenario.name for scenario in study.scenarios]) == (
        "volumes",
        "How much",
        ["mine"],
    )
    (part,) = study.parts
    assert (part.name, part.years, part.resolution) == ("part-1", (2021, 2023), "weekly")
    names = [run.name for run in list_runs(study, part)]
    assert names == ["reference", "backfill-max[volume=0]", "backfill-max[volume=5]", "mine[volume=1]"]


def test_a_study_of_several_parts_defines_scenarios_beside_them(write):
    text = """
study: two
parts:
  - {scenarios: [mine]}
  - {name: later, scenarios: [all], years: [2026, 2027]}
  - {scenarios: [mine + cold-winter]}
scenarios:
  - {scenario: mine, changes: [{change: cut, supplier: RU}]}
"""
    study = read_study(write(text))
    assert [part.name for part in study.parts] == ["part-1", "later", "part-3"]
    assert [len(list_runs(study, part)) for part in study.parts] == [2, len(list_scenarios()), 2]


def test_all_problems_of_a_study_are_told_at_once(refuse):
    text = """study: x
parts:
  - scenarios: []
  - {name: a, scenarios: [reference, rusian-stop], years: 2018}
  - name: a
    scenarios: [backfill-max]
    years: [2027, 2021]
    sweep:
      backfill-max: {volum: [1]}
      cold-winter: {x: [1]}
  - {scenarios: [backfill-max], sweep: {backfill-max: {volume: [-2]}}, resolution: hourly}
  - {scenarios: [bad], year: 2025}
  - 5
scenarios:
  - {scenario: bad, changes: [{change: cut}]}
"""
    assert refuse(text) == [
        "line 3, part 1, scenarios: found an empty list, expected a list of names; name at least one",
        "line 4, part a, years: 2018 to 2018 is outside the tables, 2019 to 2030",
        "line 4, part a: no scenario is called 'rusian-stop'; did you mean russian-stop?",
        "line 7, part a, years: 2027 to 2021 runs backwards; put the earlier year first",
        (
            "line 9, part a: backfill-max has no parameter 'volum'; did you mean volume?; "
            "it has volume, substitutable, mixed"
        ),
        "line 10, part a: the part has no scenario 'cold-winter'; list it in 'scenarios' too",
        "line 11, part 4, resolution: found 'hourly', expected one of monthly, weekly, daily",
        f"line 11, part 4: backfill-max[volume=-2], change 1 (backfill), volume.bcm: found -2, expected {AMOUNT}",
        "line 12, part 5: found the key 'year', which is not known here; did you mean years?",
        "line 13, part 6: found 5, expected the keys name, scenarios, years, resolution, sweep",
        "line 15, cut: the key 'supplier' is missing; expected text (Country of origin)",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("scenario: a\n", "found no key 'study', expected 'study: name', 'scenarios', 'years'"),
        ("study: x\n", "line 1, part 1, scenarios: found an empty list, expected a list of names; name at least one"),
        ("study: x\nparts: []\n", "line 2, parts: found an empty list, expected a list of entries; name at least one"),
        ("study: x\nparts: {a: 1}\n", "line 2, parts: found the keys a, expected a list of entries"),
        (
            "study: x y\nscenarios: [reference]\n",
            "line 1, study: found 'x y', expected text (Letters, digits and hyphens)",
        ),
        ("study: ../x\nscenarios: [reference]\n", "line 1, study: found '../x', expected text (Letters, digits and"),
        (
            "study: x\nscenarios: [reference]\nyeers: 2025\n",
            "line 3, part 1: found the key 'yeers', which is not known here;",
        ),
        ("study: x\nscenarios: [reference, 5]\n", "line 2, scenario 2: found 5, expected a scenario with keys such as"),
        ("study: x\nscenarios: reference\n", "line 2, part 1, scenarios: found 'reference', expected a list of names;"),
        (
            "study: x\nparts: [{scenarios: [all]}]\nscenarios: [all]\n",
            "line 3, scenario 1: found 'all', expected a scenario",
        ),
        ("study: x\nscenarios: [backfill-max]\nsweep: {backfill-max: {volume: 2}}\n", "found 2, expected a list"),
        (
            "study: x\nscenarios: [backfill-max]\nsweep: {backfill-max: {volume: []}}\n",
            "found an empty list, expected a",
        ),
        (
            "study: x\nparts: [{name: a, scenarios: [all]}, {name: a, scenarios: [all]}]\n",
            "line 2, part a: two parts are",
        ),
    ],
)
def test_what_is_no_study_is_told_with_its_line(refuse, text, told):
    assert any(told in problem for problem in refuse(text))


def test_parts_are_called_differently():
    parts = (Part(scenarios=("reference",)), Part(scenarios=("reference",)))
    with pytest.raises(ScenarioError, match="two parts are called 'part-1'; give each a name of its own"):
        Study(name="s", parts=parts)
