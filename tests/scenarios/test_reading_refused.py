"""Files that are no scenarios: all their problems are told at once, each with its line, in words."""

import os
import re
import time

import pytest

from energyflows.errors import ScenarioError, UsageError
from energyflows.scenarios import read_scenarios, read_study
from energyflows.scenarios._yaml import MAX_BYTES

JARGON = re.compile("pydantic|http|Input should|Value error|yaml\\.org|NoneType|dict")


@pytest.fixture
def refuse(tmp_path):
    """Return a function that writes a file and returns the message by which it is refused."""

    def refuse(content, read=read_scenarios, name="mine.yaml"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        with pytest.raises(ScenarioError) as error:
            read(path)
        message = str(error.value).replace(str(tmp_path) + os.sep, "")
        assert not JARGON.search(message.replace("tag 'tag:yaml.org", "tag '"))
        return message

    return refuse


def one(message):
    return f"1 problem in mine.yaml:\n  - {message}"


# ------------------------------------------------------------------ no YAML of plain data


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "the file is empty; expected a scenario, scenarios or a study"),
        ("# nothing\n", "the file is empty; expected a scenario, scenarios or a study"),
        ("- a\n- b\n", "line 1: found a list, expected keys and values such as 'scenario: my-scenario'"),
        ("hello\n", "line 1: found a single value, expected keys and values such as 'scenario: my-scenario'"),
        ("a: 1\n---\nb: 2\n", "line 2: found a second document, expected one; put several"),
        ("a:\n\tb: 1\n", "line 2: found a tab; indent with spaces"),
        ("a: 1\nb: 2\na: 3\n", "line 3: the key 'a' stands more than once, first in line 1; keep one"),
        ("a:\n  b: 1\n c: 2\n", "line 3: found a line that is not in one column with the others of its block"),
        ("a: 1\nb\nc: 2\n", "line 3: found a line without ': ' behind its key"),
        ("a: 'x\nb: 2\n", "line 1: a quote is not closed"),
        ("a: [1, 2\nb: 3\n", "line 1: a bracket is not closed, or a comma is missing"),
        ("a: b: c\n", "line 1: found ': ' where no key can stand"),
        ("a: @b\n", "line 1: found a character that no text starts with; put the text in quotes"),
        ("a: *b\n", "line 1: found an alias (*) without its anchor (&)"),
        ("a: *\n", "line 1: found a * or & without a name behind it; put the text in quotes"),
        ("a: 1\nb: \x07\n", "line 2: found a control character, expected text"),
        ("? [a]\n: b\n", "line 1: found a list or mapping as a key, expected a word"),
        (b"a: 1\nb: \xe9\n", "line 2 is not UTF-8; save the file as text in UTF-8"),
        ("a: 1\n".encode("utf-16"), "line 1 is not UTF-8; save the file as text in UTF-8"),
        ("a: !!python/object/apply:os.system ['true']\n", "line 1: found the tag 'tag:yaml.org,2002:python/object/"),
        ("!!python/object:os.x {}\n", "line 1: found the tag 'tag:yaml.org,2002:python/object:os.x', expected plain"),
        ("a: 1\nb: !mine 3\n", "line 2: found the tag '!mine', expected plain data; leave the tag out"),
        ("a: !!set {x, y}\n", "line 1: found the tag 'tag:yaml.org,2002:set', expected plain data; leave the tag out"),
        ("a: !!binary aGk=\n", "line 1: found the tag 'tag:yaml.org,2002:binary', expected plain data"),
        ("a: !!int x\n", "line 1: found 'x', which cannot be read as int"),
        (f"a: {'9' * 5000}\n", "line 1: found '999"),
        ("%YAML 3.0\n---\na: 1\n", "line 1: found incompatible YAML document"),
    ],
)
def test_what_is_no_plain_yaml_is_told_with_its_line(refuse, content, told):
    assert refuse(content).startswith(one(told))


def test_a_tag_makes_no_object(refuse, tmp_path):
    trace = tmp_path / "trace"
    refuse(f"a: !!python/object/apply:pathlib.Path.touch [!!python/object/apply:pathlib.Path ['{trace}']]\n")
    assert not trace.exists()


def make_bomb():
    levels = "bcdefghij"
    lines = [f"{name}: &{name} [{', '.join([f'*{chr(ord(name) - 1)}'] * 9)}]" for name in levels]
    return "\n".join(["a: &a [x, x, x, x, x, x, x, x, x]", *lines])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (make_bomb(), "found more than 20,000 keys and values, with those that aliases (*) repeat"),
        (
            "a: {" + ", ".join(f"k{number}: 1" for number in range(30_000)) + "}",
            "found more than 20,000 keys and values",
        ),
        ("a: &a [*a]", "found more than 30 levels, one within the other"),
        ("a: &a {b: *a}", "found more than 30 levels, one within the other"),
        ("a: " + "[" * 100_000, "found more than 30 levels, one within the other"),
        ("a: " + "{a: " * 100_000, "found more than 30 levels, one within the other"),
        ("a: " + "x" * MAX_BYTES, "more than 1,000,000 bytes; put scenarios into several files of one folder"),
    ],
    ids=["aliases", "keys", "list in itself", "mapping in itself", "lists", "mappings", "bytes"],
)
def test_files_that_grow_are_refused_in_good_time(refuse, content, told):
    begun = time.perf_counter()
    assert told in refuse(content)
    assert time.perf_counter() - begun < 10


@pytest.mark.parametrize("read", [read_scenarios, read_study])
def test_what_cannot_be_opened_is_told(read, tmp_path):
    with pytest.raises(ScenarioError, match=r"1 problem in .*none.yaml:\n  - no such file"):
        read(tmp_path / "none.yaml")
    with pytest.raises(ScenarioError, match="embedded null"):
        read("a\0b")
    with pytest.raises(UsageError, match="found 3, expected the name of a file"):
        read(3)


def test_a_folder_or_a_device_is_no_study(tmp_path):
    with pytest.raises(ScenarioError, match="not a file, expected YAML"):
        read_study(tmp_path)
    with pytest.raises(ScenarioError, match="not a file, expected YAML"):
        read_scenarios(os.devnull)


def test_a_folder_without_scenarios_is_told(tmp_path):
    with pytest.raises(ScenarioError, match=r"found no \*.yaml in this folder, expected at least one"):
        read_scenarios(tmp_path)


# ------------------------------------------------------------------ no scenarios


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("scenaro: a\n", "line 1: found the key 'scenaro', expected one of scenario, scenarios, study; did"),
        ("{}\n", "line 1: found no key, expected one of scenario, scenarios, study"),
        ("scenarios: []\n", "line 1, scenarios: found an empty list, expected a list of scenarios"),
        ("scenarios: {a: 1}\n", "line 1, scenarios: found the keys a, expected a list of scenarios"),
        ("title: x\nscenarios: [{scenario: a}]\n", "line 1: found the key 'title' beside 'scenarios'"),
        ("scenarios: [{scenario: a}, 5]\n", "line 1, scenario 2: found 5, expected a scenario with keys such as"),
        ("scenarios:\n- {title: x}\n", "line 2: the key 'scenario' is missing"),
        ("scenario: a b\n", "line 1, scenario: found 'a b', expected text (Small letters, digits and hyphens)"),
        ("scenario: all\n", "line 1, scenario all: 'all' stands for every built-in scenario; give it another name"),
        ("scenario: reference\nchanges: [{change: cut, supplier: RU}]\n", "line 2, scenario reference: what all"),
        ("scenario: a\nchanges:\n", "line 2, changes: found nothing, expected a list of changes"),
        ("scenario: a\nchanges: {change: cut}\n", "line 2, changes: found the keys change, expected a list of changes"),
        ("scenario: a\nchanges: [cut]\n", "line 2, change 1: found 'cut', expected a change like {change: cut,"),
        ("scenario: a\nchanges: [{supplier: RU}]\n", "line 2, change 1: the key 'change' is missing; known are add,"),
        ("scenario: a\nchanges: [{change: xyz}]\n", "line 2, xyz: no change is called 'xyz'; known are add, backfill,"),
        ("scenario: a\nchanges:\n- change: backfil\n", "line 3, backfil: no change is called 'backfil'; did you mean"),
        ("scenario: a\nclaims: C1\n", "line 2, claims: found 'C1', expected a list of names; write it as [C1]"),
        ("scenario: a\nyears: 2025\n", "line 2, years: found 2025, expected a list of whole numbers; write"),
        ("scenario: a\nparameters: [x]\n", "line 2, parameters: found a list of 1, expected names, each with its keys"),
        ("scenario: a\nparameters:\n  x: 5\n", "line 3, parameters.x: found 5, expected the keys value, low, high,"),
        ("study: a\nscenarios: [reference]\n", "it defines no scenario"),
    ],
)
def test_what_is_no_scenario_is_told_with_its_line(refuse, text, told):
    assert told in refuse(text)


CHANGES = """scenario: mine
parameters:
  vol: {value: 1, unit: bcm/y, source: assumption}
changes:
  - change: cut
    supplier: RU
    start: 2026-12-01
    end: 2026-11-01
  - change: backfill
    supplier: RU
    entry: X
    home: AZ
    outlet: SCP
    volume: {bcm: -1}
    substitutable: 1.5
  - change: withhold
    suppliers: [RU]
    volume:
      bcm: $volume
  - change: swap
    legs:
      - {supplier: AZ, link: TAP, label: AZ, volume: {bcm: 1}, adds: perhaps}
      - {supplier: AZ, link: TAP, label: AZ, volume: {bcm: x}, adds: true}
  - change: relabel
    at: TR
    form: RU
    to: TR
"""


def test_all_problems_of_changes_are_told_at_once_and_in_order(refuse):
    assert refuse(CHANGES).splitlines() == [
        "8 problems in mine.yaml:",
        "  - line 5, cut: end 2026-11-01 lies before start 2026-12-01",
        "  - line 14, backfill, volume.bcm: found -1, expected a number of at least 0",
        "  - line 15, backfill, substitutable: found 1.5, expected a number from 0 to 1",
        "  - line 19, withhold, volume.bcm: $volume is no parameter of this scenario; it has $vol",
        "  - line 22, swap, legs.1.adds: found 'perhaps', expected true or false",
        "  - line 23, swap, legs.2.volume.bcm: found 'x', expected a number of at least 0",
        "  - line 24, relabel: the key 'from' is missing; expected text (Origin before)",
        "  - line 26, relabel: found the key 'form', which is not known here; did you mean from?",
    ]


def test_problems_of_several_files_are_told_with_their_file(refuse, tmp_path):
    (tmp_path / "a.yaml").write_text("a: [", encoding="utf-8")
    (tmp_path / "b.yaml").write_text("scenario: same\n", encoding="utf-8")
    message = refuse("\nscenario: same\ntitel: x\n", read=lambda path: read_scenarios(path.parent))
    told = message.splitlines()
    assert told[0] == "2 problems in 2 files:"
    assert told[1] == "  - a.yaml, line 1: the file ends where a value is expected; a bracket may not be closed"
    assert told[2].startswith("  - mine.yaml, line 2, scenario same: two scenarios have this name, the first in ")
    assert told[2].endswith("b.yaml, line 1; rename one")


# ------------------------------------------------------------------ extending


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        (["{scenario: a, extends: [a]}"], "line 2, scenario a: a extends a: it extends itself; take one of these out"),
        (
            ["{scenario: c, extends: [a]}", "{scenario: a, extends: [b]}", "{scenario: b, extends: [c]}"],
            "line 2, scenario c: c extends a extends b extends c: it extends itself; take one of these out",
        ),
        (["{scenario: a, extends: [rusian-stop]}"], "line 2, scenario a: no scenario is called 'rusian-stop'; did"),
        (["{scenario: a, extends: [c]}", "{scenario: b}"], "line 2, scenario a: no scenario is called 'c'; known are "),
        (["{scenario: a, extends: b}", "{scenario: b}"], "line 2, extends: found 'b', expected a list of names; write"),
    ],
)
def test_what_cannot_be_extended_is_told(refuse, entries, told):
    message = refuse("scenarios:\n" + "".join(f"- {entry}\n" for entry in entries))
    assert message.startswith(one(told))


def test_cycles_are_told_beside_each_other_and_other_problems(refuse):
    entries = ["{scenario: a, extends: [b]}", "{scenario: b, extends: [a]}", "{scenario: c, extends: [c]}"]
    entries += ["{scenario: d, extends: [a]}", "{scenario: e, titel: x}"]
    told = refuse("scenarios:\n" + "".join(f"- {entry}\n" for entry in entries)).splitlines()
    assert [line.partition(":")[0] for line in told] == [
        "3 problems in mine.yaml",
        "  - line 2, scenario a",
        "  - line 4, scenario c",
        "  - line 6",
    ]


def test_a_long_chain_of_extensions_is_read(refuse):
    entries = [f"{{scenario: s{number}, extends: [s{number + 1}]}}" for number in range(1500)]
    message = refuse("scenarios:\n" + "".join(f"- {entry}\n" for entry in entries))
    assert message.startswith(one("line 1501, scenario s1499: no scenario is called 's1500'"))


TWO = """scenarios:
- scenario: a
  parameters: {part: {value: 0.5, unit: fraction, source: assumption}}
  changes: [{change: cut, supplier: RU, share: $part}]
- scenario: b
  parameters: {part: {value: 0.6, unit: fraction, source: assumption}}
  changes: [{change: cut, supplier: AZ, share: $part}]
- scenario: c
  extends: [a, b]
"""


def test_parameters_of_one_name_that_differ_need_one_of_its_own(refuse):
    told = "line 9, scenario c: a and b both have a parameter 'part', and they differ"
    assert refuse(TWO) == one(f"{told}; give one of this name in 'parameters'")


def test_a_value_that_does_not_fit_extended_changes_is_told_where_it_extends(refuse):
    text = f"{TWO}  parameters: {{part: {{value: 2, unit: fraction, source: assumption}}}}\n"
    told = refuse(text).splitlines()
    assert told[1:] == ["  - line 9, cut, share: found 2, expected a number from 0 to 1"]


def test_lines_of_own_changes_are_those_of_the_file(refuse):
    text = (
        "scenario: a\nextends: [russian-stop]\nchanges:\n- {change: cut, supplier: RU}\n- {change: cut, supplier: 5}\n"
    )
    assert refuse(text) == one("line 5, cut, supplier: found 5, expected text; put it in quotes")
