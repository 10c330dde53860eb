"""The commands that list and show scenarios, studies and claims, and the schema of their files."""

import json
import re

import pytest

import energyflows.claims
from energyflows.scenarios import get_scenario, list_scenarios


@pytest.mark.parametrize(
    ("what", "column", "some"),
    [
        ("scenarios", "scenario", ["reference", "russian-stop", "winter-2026-27"]),
        ("studies", "study", ["article.yaml", "backfill-volumes.yaml"]),
        ("claims", "claim", ["C1", "C14"]),
    ],
)
def test_list_names_everything(call, what, column, some):
    rows = json.loads(call("list", what, "--json").out)[what]
    names = [row[column] for row in rows]
    done = call("list", what)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"{len(names)} {what}")
    assert set(some) <= set(names)
    assert all(re.search(rf"^{re.escape(name)} ", done.out, flags=re.MULTILINE) for name in names)


@pytest.mark.parametrize("name", list_scenarios().index)
def test_show_tells_a_scenario_with_ranges_sources_and_changes(call, name):
    scenario = get_scenario(name)
    done = call("show", name)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"{name}: {scenario.title}")
    for text in (scenario.description, scenario.reading):
        assert " ".join(text.split()) in " ".join(done.out.split())
    for key, parameter in scenario.parameters.items():
        [line] = re.findall(rf"^\${key} .*$", done.out, flags=re.MULTILINE)
        assert parameter.source in line
    for change in scenario.changes:
        assert f"- change: {change.change}" in done.out
    assert json.loads(call("show", name, "--json").out)["name"] == name


def test_show_tells_what_is_combined(call):
    out = call("show", "Cold-Winter + russian-stop").out
    assert out.startswith("cold-winter + russian-stop")
    assert {"- change: demand", "- change: cut"} <= {line.strip() for line in out.splitlines()}


@pytest.mark.parametrize("name", ["C1", "c5", "C13"])
def test_show_tells_a_claim(call, name):
    claim = energyflows.claims.read_claims()[name.upper()]
    out = " ".join(call("show", name).out.split())
    assert f"{claim.id}: {claim.claim}" in out
    for text in (claim.shown_by, *claim.missing, *(each.reason for each in (claim.rule.listed if claim.rule else ()))):
        assert " ".join(text.split()) in out
    assert json.loads(call("show", name, "--json").out)["id"] == name.upper()


def test_names_like_a_scenario_are_offered(call):
    assert "did you mean russian-stop?" in call("show", "russian-stopp").err


def test_the_schema_is_one(call):
    done = call("schema")
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out)["$schema"].startswith("https://json-schema.org/")
