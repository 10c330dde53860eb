"""The schema for editors and the page of the documentation: made from the declarations, and in step with them."""

import copy
import runpy
from typing import get_args

import pytest
from jsonschema import Draft202012Validator

from energyflows.scenarios import export_schema, get_scenario, list_scenarios, write_scenario
from energyflows.scenarios._yaml import parse_yaml
from energyflows.scenarios.catalogue import find_seeds
from energyflows.scenarios.changes import AnyChange
from energyflows.scenarios.schema import PAGE, describe_changes_page

CHANGES = get_args(get_args(AnyChange)[0])
FILES = {path.stem: path for folder in ("scenarios", "studies") for path in (find_seeds() / folder).glob("*.yaml")}


@pytest.fixture(scope="module")
def validator():
    schema = export_schema()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def parse(text):
    return parse_yaml(text, "mine.yaml")[0].data


def test_packaged_files_meet_the_schema(validator):
    data = [parse(path.read_text("utf-8")) for path in FILES.values()]
    assert [each.message for file in data for each in validator.iter_errors(file)] == []
    assert len(data) > 20


def test_what_is_written_meets_the_schema(validator):
    texts = [write_scenario(get_scenario(name)) for name in list_scenarios().index]
    assert all(validator.is_valid(parse(text)) for text in texts)


@pytest.mark.parametrize(
    "text",
    [
        "scenarios: [{scenario: a}, {scenario: b, extends: [a]}]",
        "study: x\nscenarios: [reference, {scenario: a}]\nyears: 2021-2027",
        "study: x\nparts: [{scenarios: [all], years: [2021, 2027]}, {name: b, scenarios: [all], years: 2025}]",
        "scenario: a\nchanges: [{change: cut, supplier: RU, share: $part, gas: $gas, start: $day}]",
        "scenario: a\nchanges: [{change: withhold, suppliers: [$who], volume: {bcm: $volume}}]",
    ],
)
def test_the_schema_takes_what_can_be_read(validator, text):
    assert validator.is_valid(parse(text))


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "scenario: A b",
        "scenario: a\ntitel: x",
        "scenarios: []",
        "title: x\nscenarios: [{scenario: a}]",
        "study: x\nyeers: 2025",
        "study: x\nparts: [{scenarios: []}]",
        "scenario: a\nchanges: [{change: xyz}]",
        "scenario: a\nchanges: [{change: cut}]",
        "scenario: a\nchanges: [{change: cut, supplier: RU, share: 1.5}]",
        "scenario: a\nchanges: [{change: cut, supplier: RU, share: half}]",
        "scenario: a\nchanges: [{change: withhold, suppliers: [RU], volume: {bcm: -1}}]",
        "scenario: a\nparameters: {x: {value: 1}}",
    ],
)
def test_the_schema_refuses_what_cannot_be_read(validator, text):
    assert not validator.is_valid(parse(text))


def test_exporting_leaves_the_declarations_alone():
    first = copy.deepcopy(export_schema())
    export_schema()["$defs"].clear()
    assert export_schema() == first


@pytest.mark.parametrize("change", CHANGES)
def test_every_key_of_every_change_is_described(change):
    assert change.__doc__
    assert [name for name, field in change.model_fields.items() if not field.description and name != "change"] == []


def test_the_page_lists_every_change_and_every_key():
    page = describe_changes_page()
    for change in CHANGES:
        section = page.partition(f"\n### {change.model_fields['change'].default}\n")[2].partition("\n### ")[0]
        keys = {field.alias or name for name, field in change.model_fields.items()} - {"change"}
        assert {line.split("`")[1] for line in section.splitlines() if line.startswith("| `")} == keys


def test_links_of_the_page_lead_somewhere():
    page = describe_changes_page()
    headings = {line.lstrip("# ").lower() for line in page.splitlines() if line.startswith("#")}
    targets = {part.partition(")")[0] for part in page.split("](#")[1:]}
    assert targets
    assert targets <= headings


def test_the_page_is_up_to_date():
    assert PAGE.read_text("utf-8") == describe_changes_page(), "run python -m energyflows.scenarios.schema"


def test_the_page_is_written_anew(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(
        "pathlib.Path.write_text", lambda path, text, **_: (tmp_path / path.name).write_bytes(text.encode())
    )
    runpy.run_path(str(PAGE.parents[1] / "energyflows" / "scenarios" / "schema.py"), run_name="__main__")
    assert (tmp_path / PAGE.name).read_text("utf-8") == describe_changes_page()
    assert capsys.readouterr().out == f"{PAGE}\n"
