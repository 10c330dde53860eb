"""Files of scenarios: what is written is what is read, and the other way round."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energyflows.errors import ScenarioError
from energyflows.scenarios import (
    Cut,
    Demand,
    Parameter,
    Relabel,
    Scenario,
    Volume,
    Withhold,
    get_scenario,
    list_scenarios,
    read_scenarios,
    set_parameters,
    write_scenario,
)
from energyflows.scenarios._extending import Draft, resolve
from energyflows.scenarios._yaml import parse_yaml, write_yaml

BASE = """
scenarios:
  - scenario: base
    title: Less gas
    claims: [C1]
    years: [2026]
    parameters:
      part: {value: 0.5, low: 0.1, high: 0.9, unit: fraction, source: assumption, note: half}
    changes:
      - {change: cut, supplier: RU, share: $part}
"""


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a file and returns its path."""

    def write(text, name="mine.yaml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def read_back(scenario):
    sheet, problems = parse_yaml(write_scenario(scenario), "written.yaml")
    assert problems == []
    read, problems = resolve([Draft(*sheet)], None)
    assert problems == []
    return read[scenario.name]


# ------------------------------------------------------------------ plain data


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"),
        ("no", "no"),
        ("on", "on"),
        ("Yes", "Yes"),
        ("y", "y"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("7", 7),
        ("-7", -7),
        ("0", 0),
        ("010", "010"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("11:30", "11:30"),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1,5", "1,5"),
        ("1.2.3", "1.2.3"),
        ("2026-11-15", "2026-11-15"),
        ("2026-11-15 12:00:00", "2026-11-15 12:00:00"),
        ("11-01", "11-01"),
        ("2021-2027", "2021-2027"),
        ("$volume", "$volume"),
        ("'7'", "7"),
        ("!!str 7", "7"),
        ("!!int '7'", 7),
        ("=", "="),
        ("Türkiye – Ελλάδα", "Türkiye – Ελλάδα"),
    ],
)
def test_plain_words_are_what_they_look_like(text, value):
    read = parse_yaml(f"key: {text}\n", "mine.yaml")[0].data["key"]
    assert read == value
    assert type(read) is type(value)


def test_keys_are_text_whatever_they_look_like():
    assert parse_yaml("{2025: a, NO: b, true: c, 1.5: d}", "mine.yaml")[0].data == dict(
        zip(["2025", "NO", "true", "1.5"], "abcd", strict=True)
    )


def test_every_place_has_its_line():
    text = "# comment\n\na: 1\nb:\n  - x\n  - {c: 2,\n     d: 3}\n"
    lines = parse_yaml(text, "mine.yaml")[0].lines
    expected = {(): 3, ("a",): 3, ("b",): 4, ("b", 0): 5, ("b", 1): 6, ("b", 1, "c"): 6, ("b", 1, "d"): 7}
    assert lines == expected


def test_aliases_repeat_what_they_stand_for():
    assert parse_yaml("a: &x [1, 2]\nb: *x\n", "mine.yaml")[0].data == {"a": [1, 2], "b": [1, 2]}


def test_a_mark_of_byte_order_is_no_text(write):
    assert list(read_scenarios(write("\ufeff" + BASE))) == ["base"]


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
DATA = st.recursive(SCALARS, lambda part: st.lists(part, max_size=4) | st.dictionaries(st.text(), part, max_size=4))


@given(st.dictionaries(st.text(), DATA))
def test_plain_data_are_read_as_written(data):
    sheet, problems = parse_yaml(write_yaml(data), "mine.yaml")
    assert problems == []
    assert sheet.data == data


WORDS = st.sampled_from(["NO", "on", "2026-11-15", "11-01", "1e3", "010", "~", "true", ".5", "", "- a", "a: b", "*a"])


@given(st.lists(WORDS))
def test_words_that_look_like_something_else_stay_text(words):
    assert parse_yaml(write_yaml({"words": words}), "mine.yaml")[0].data == {"words": words}


def test_texts_of_several_lines_are_written_as_blocks():
    assert write_yaml({"note": "one\ntwo"}) == "note: |-\n  one\n  two\n"


# ------------------------------------------------------------------ scenarios


def test_one_scenario_is_read(write):
    text = "scenario: one\ntitle: One\nchanges:\n- {change: cut, supplier: NO, start: 2026-11-15}\n"
    expected = Scenario(name="one", title="One", changes=(Cut(supplier="NO", start="2026-11-15"),))
    assert read_scenarios(write(text)) == {"one": expected}


def test_scenarios_of_a_folder_are_read_in_the_order_of_files(write, tmp_path):
    write("scenario: z\n", "1.yaml")
    write("scenarios: [{scenario: b}, {scenario: a, extends: [z]}]\n", "2.yaml")
    write("scenario: hidden\n", ".3.yaml")
    write("no yaml: [", "4.txt")
    assert list(read_scenarios(tmp_path)) == ["z", "b", "a"]
    assert list(read_scenarios(str(tmp_path))) == ["z", "b", "a"]


def test_a_study_defines_scenarios(write):
    text = "study: s\nscenarios: [reference, {scenario: mine, changes: [{change: cut, supplier: RU}]}]\n"
    assert list(read_scenarios(write(text))) == ["mine"]


def test_the_name_of_a_built_in_scenario_is_refused(write):
    with pytest.raises(ScenarioError, match="line 1, scenario russian-stop: this is the name of a built-in scenario"):
        read_scenarios(write("scenarios: [{scenario: russian-stop}]\n"))


# ------------------------------------------------------------------ extending


def test_changes_of_extended_scenarios_come_first(write):
    text = f"""{BASE}
  - scenario: more
    extends: [base]
    changes: [{{change: demand, zones: [DE], factor: $part}}]
"""
    more = read_scenarios(write(text))["more"]
    assert more.changes == (Cut(supplier="RU", share=0.5), Demand(zones=("DE",), factor=0.5))
    assert more.extends == ()
    assert (more.title, more.claims, more.years) == ("", (), ())
    assert set_parameters(more, {"part": 0.2}).changes[0].share == 0.2


def test_order_in_the_file_does_not_matter(write):
    entries = ["{scenario: a, extends: [b]}", "{scenario: b, extends: [c]}", "{scenario: c, changes: [$]}"]
    entries = [entry.replace("$", "{change: cut, supplier: RU}") for entry in entries]
    one, other = (read_scenarios(write(f"scenarios: [{', '.join(each)}]")) for each in (entries, entries[::-1]))
    assert one == other
    assert one["a"].changes == (Cut(supplier="RU"),)


def test_own_parameters_win(write):
    text = f"""{BASE}
  - scenario: more
    extends: [base]
    parameters: {{part: {{value: 0.8, unit: fraction, source: iea}}}}
"""
    read = read_scenarios(write(text))
    assert read["more"].changes[0].share == 0.8
    assert read["more"].parameters["part"].source == "iea"
    assert read["base"].changes[0].share == 0.5


def test_what_comes_by_two_ways_comes_once(write):
    text = f"""{BASE}
  - {{scenario: left, extends: [base], changes: [{{change: cut, supplier: AZ}}]}}
  - {{scenario: right, extends: [base]}}
  - {{scenario: both, extends: [left, right]}}
"""
    both = read_scenarios(write(text))["both"]
    assert [change.supplier for change in both.changes] == ["RU", "AZ"]
    assert set_parameters(both, {"part": 0.1}).changes[0].share == 0.1


def test_built_in_scenarios_can_be_extended(write):
    text = "scenario: mine\nextends: [caucasus-crisis, cold-winter]\n"
    mine, one, other = (
        read_scenarios(write(text))["mine"],
        get_scenario("caucasus-crisis"),
        get_scenario("cold-winter"),
    )
    assert mine.changes == (*one.changes, *other.changes)
    assert mine.parameters == {**one.parameters, **other.parameters}


# ------------------------------------------------------------------ writing

NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9 +>-]{0,8}[A-Za-z0-9]", fullmatch=True) | st.sampled_from(["NO", "on", "1e3"])
PROSE = st.text(max_size=30).map(str.strip)
SHARES = st.floats(0, 1) | st.just("$part")
VOLUMES = st.fixed_dictionaries({"bcm": st.floats(0, 1e3) | st.just("$volume")}, optional={"gcv": st.floats(8, 12)})
DAYS = st.sampled_from([{}, {"start": "2026-11-15"}, {"start": "11-01", "end": "03-31"}, {"end": "2027-01-01"}])
CHANGES = st.one_of(
    st.builds(lambda who, share, days: {"change": "cut", "supplier": who, "share": share, **days}, NAMES, SHARES, DAYS),
    st.builds(
        lambda who, volume: {"change": "withhold", "suppliers": who, "volume": volume},
        st.lists(NAMES, min_size=1),
        VOLUMES,
    ),
    st.builds(
        lambda zones, share: {"change": "start_stock", "zones": zones, "share": share, "day": "$day"},
        st.lists(NAMES, min_size=1),
        SHARES,
    ),
    st.builds(
        lambda at, share: {"change": "relabel", "at": at, "from": "RU", "to": "TR", "share": share}, NAMES, SHARES
    ),
    st.builds(Demand, zones=st.lists(NAMES, min_size=1), factor=st.floats(0, 9)),
    st.builds(Withhold, suppliers=st.just(("RU",)), volume=st.builds(Volume, twh=st.floats(0, 9))),
    st.builds(Relabel, at=NAMES, origin=NAMES, to=NAMES),
)
PARAMETERS = st.builds(
    lambda part, volume, day, note: {
        "part": Parameter(value=part, low=0, high=1, unit="fraction", source="assumption", note=note),
        "volume": Parameter(value=volume, unit="bcm/y", source="assumption"),
        "day": Parameter(value=day, unit="day", source="assumption"),
    },
    st.floats(0, 1) | st.just(1),
    st.floats(0, 1e9) | st.integers(0, 9),
    st.sampled_from(["2026-08-31", "11-01"]),
    PROSE,
)
SCENARIOS = st.builds(
    Scenario,
    name=st.from_regex(r"[a-z0-9][a-z0-9.,=\[\]_-]{0,8}( \+ [a-z0-9]{1,4})?", fullmatch=True),
    title=PROSE,
    description=PROSE,
    reading=PROSE,
    claims=st.lists(NAMES, max_size=2),
    years=st.lists(st.integers(2019, 2030), max_size=3),
    parameters=PARAMETERS,
    changes=st.lists(CHANGES, max_size=4),
)


@given(SCENARIOS)
def test_a_scenario_is_read_as_written(scenario):
    assert read_back(scenario) == scenario


@given(SCENARIOS, st.floats(0, 1))
def test_parameters_can_be_set_after_writing_and_reading(scenario, part):
    assert set_parameters(read_back(scenario), {"part": part}) == set_parameters(scenario, {"part": part})


def test_built_in_scenarios_are_read_as_written():
    scenarios = {name: get_scenario(name) for name in list_scenarios().index}
    assert {name: read_back(scenario) for name, scenario in scenarios.items()} == scenarios


def test_combined_scenarios_are_read_as_written():
    both = get_scenario("russian-stop + cold-winter")
    assert read_back(both) == both


def test_parameters_stay_parameters_in_what_is_written():
    scenario = set_parameters(get_scenario("backfill-max"), {"volume": 2})
    text = write_scenario(scenario)
    assert "$volume" in text
    assert "scenario: backfill-max[volume=2]" in text
