"""Files of claims: the packaged one, and what is refused with its line."""

import pytest

from energyflows.claims import FIGURES, list_runs_needed, read_claims
from energyflows.claims._declaring import IDS, Claim
from energyflows.claims._planning import plan_study
from energyflows.errors import EnergyFlowsError, ScenarioError, UsageError
from energyflows.scenarios.study import list_runs

FILE = """\
claims:
  - id: C1
    claim: Something is so.
    shown_by: A number.
    evidence:
      - name: share
        label: Russian share
        figure: import_share
        arguments: {origin: RU}
        unit: "%"
        scenario: russian-stop
        year: 2025
    rule:
      supported:
        all:
          - figure: share
            at_least: 10
            margin: 1
            reason: Because.
"""


@pytest.fixture
def write(tmp_path):
    """Return a function: the file with one text replaced by another."""

    def write(old="", new=""):
        assert old in FILE
        file = tmp_path / "claims.yaml"
        file.write_text(FILE.replace(old, new), encoding="utf-8")
        return file

    return write


def test_a_file_is_read(write):
    claims = read_claims(write())
    assert list(claims) == ["C1"]
    assert claims["C1"].rule.listed[0].at_least == 10


def test_all_fourteen_claims_are_packaged():
    claims = read_claims()
    assert tuple(claims) == IDS
    assert len(IDS) == 14


def test_every_claim_has_a_rule_or_says_what_it_waits_for():
    for claim in read_claims().values():
        assert claim.rule or claim.missing
        assert all(condition.reason.endswith(".") for condition in (claim.rule.listed if claim.rule else ()))


def test_the_claims_on_disputed_gas_are_judged_over_its_range():
    disputed = {claim.id: claim.flips for claim in read_claims().values() if claim.flips}
    assert set(disputed) == {"C5", "C6", "C13"}
    assert {(each.values[0], each.values[-1], each.unit) for each in disputed.values()} == {(0, 1, "bcm/y")}


def test_packaged_words_are_neutral():
    told = " ".join(text for claim in read_claims().values() for text in (claim.claim, claim.part, *claim.missing))
    assert not {"proves", "clearly", "obviously", "launder", "puppet"} & set(told.lower().split())


def test_the_packaged_claims_name_runs_that_exist():
    claims = read_claims()
    study = plan_study(claims)
    needed = list_runs_needed(claims)
    for part in study.parts:
        assert {run.name for run in list_runs(study, part)} == set(needed[part.years[0]])


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        ("figure: import_share", "figure: import_shares", 8, "did you mean import_share"),
        ("scenario: russian-stop", "scenario: russian-stops", 11, "did you mean russian-stop"),
        ("scenario: russian-stop", "scenario: cold-winter + nothing", 11, "no scenario 'nothing'"),
        ("scenario: russian-stop", "scenario: 'backfill-max[volumes=1]'", 11, "no parameter 'volumes'"),
        ("id: C1", "id: C15", 2, "expected one of C1 to C14"),
        ("figure: share", "figure: shares", 16, "none of its evidence; did you mean share?"),
        ("{origin: RU}", "{origins: RU}", 9, "no argument 'origins'; did you mean origin?"),
        ("{origin: RU}", "{}", 9, "needs the argument 'origin'"),
        ('unit: "%"', "unit: TWh", 10, "this number is in '%'"),
        ("year: 2025", "year: 2025\n        against: {year: 2021}", 10, "this number is in 'points'"),
        ("import_share", "zones_dearer", 8, "needs 'against'"),
        ("at_least: 10", "at_least: 10\n            at_most: 9", None, "either at_least or at_most"),
        ("margin: 1", "margin: 0", 18, "margin"),
        ("        all:", "        each:", 15, "each"),
        ("reason: Because.", "", None, "reason"),
        ("year: 2025", "year: 2035", 12, "2035"),
        ("    rule:", "    part: A part.\n    rule:", None, "give both or neither"),
        ("year: 2025", "year: 2025\n        percent: true", None, "per cent of which run"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_line(write, old, new, line, told):
    file = write(old, new)
    with pytest.raises(ScenarioError) as caught:
        read_claims(file)
    message = str(caught.value)
    assert str(file) in message
    assert told in message
    assert line is None or f"line {line}" in message


def test_a_figure_with_a_range_is_not_told_in_per_cent(write):
    file = write("import_share", "account_share")
    text = file.read_text(encoding="utf-8").replace("{origin: RU}", "{origin: RU, account: label}")
    file.write_text(text.replace("year: 2025", "percent: true\n        year: 2025\n        against: {year: 2021}"))
    with pytest.raises(ScenarioError, match=r"line 12.*has a range of its own"):
        read_claims(file)


def test_all_problems_are_told_at_once(tmp_path):
    file = tmp_path / "claims.yaml"
    file.write_text(FILE.replace("import_share", "nothing").replace("russian-stop", "none").replace("C1", "C0"))
    with pytest.raises(ScenarioError, match="3 problems"):
        read_claims(file)


def test_a_claim_twice_and_evidence_twice(tmp_path):
    one = FILE.removeprefix("claims:\n")
    evidence = one[one.index("      - name") : one.index("    rule")]
    file = tmp_path / "claims.yaml"
    file.write_text(FILE.replace("    rule", f"{evidence}    rule") + one)
    with pytest.raises(ScenarioError) as caught:
        read_claims(file)
    assert "the claim C1 stands in the file twice" in str(caught.value)
    assert "two pieces of evidence called 'share'" in str(caught.value)


FLIPS = """\
    flips:
      scenario: backfill-max
      parameter: volume
      values: [0, 1]
      value: 1
      unit: bcm/y
      reason: Because.
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("parameter: volume", "parameter: volumes", "no parameter 'volumes'"),
        ("scenario: backfill-max", "scenario: cold-winter", "no parameter 'volume'"),
        ("values: [0, 1]", "values: [1, 0]", "must rise"),
        ("value: 1\n", "value: 2\n", "none of the values"),
        ("reason", "reason", "no verdict can flip"),
    ],
)
def test_a_disputed_figure_must_exist_and_matter(tmp_path, old, new, told):
    file = tmp_path / "claims.yaml"
    file.write_text(FILE + FLIPS.replace(old, new))
    with pytest.raises(ScenarioError, match=told):
        read_claims(file)


@pytest.mark.parametrize("path", [3, ["claims.yaml"]])
def test_a_path_that_is_none_is_refused(path):
    with pytest.raises(UsageError, match="path"):
        read_claims(path)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(EnergyFlowsError, match=r"none\.yaml"):
        read_claims(tmp_path / "none.yaml")


def test_every_figure_is_used_or_offered():
    used = {each.figure for claim in read_claims().values() for each in claim.evidence}
    assert used <= set(FIGURES)
    assert set(FIGURES) - used <= {"unserved"}


def test_claims_can_be_made_without_a_file():
    plain = {"id": "C1", "claim": "So.", "shown_by": "It.", "missing": ["all"], "evidence": [EVIDENCE]}
    assert Claim.model_validate(plain).rule is None


EVIDENCE = {"name": "x", "label": "X", "figure": "price", "unit": "EUR/MWh", "year": 2025}
