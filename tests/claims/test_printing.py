"""What claims print."""

import pandas as pd
import pytest

from energyflows.claims import judge_claims
from energyflows.console._claims import print_claims


@pytest.fixture
def printed(toy, toy_run, claim, capsys):
    """Return a function: what is printed for some claims on the toy."""

    def printed(*claims, results=toy_run):
        print_claims(judge_claims(results, claims={each.id: each for each in claims or [claim()]}, tables=toy()))
        return " ".join(capsys.readouterr().out.split())

    return printed


def test_a_claim_is_printed_with_its_number_run_verdict_and_score(printed):
    out = printed()
    assert "1 or more supports, -1 or less does not" in out
    assert "C1 Something is so." in out
    assert "Russian share 36.6 % reference 2025" in out
    assert "supported decided by Russian share: 36.63 %, threshold at least 30 ± 2; score 3.3" in out
    assert "missing" not in out
    assert "value low" not in out


def test_what_is_missing_and_partial_is_marked(printed, claim):
    out = printed(claim(part="A part.", missing=["leverage"]), claim(id="C2", rule=None, missing=["all"]))
    assert "supported (partial): A part." in out
    assert "missing: leverage" in out
    assert "cannot be told missing: all" in out
    assert "cannot be told C2" in out
    assert "Of a part of the claim only: C1." in out


def test_a_range_has_columns_of_its_own(printed, claim, toy_run, stack_named):
    flips = {"scenario": "reference", "parameter": "volume", "values": [0, 1], "value": 1, "unit": "bcm", "reason": "."}
    results = stack_named({f"reference[volume={value}]": toy_run for value in (0, 1)})
    out = printed(claim(flips=flips), results=results)
    assert "number value low high unit run" in out
    assert "Russian share 36.6 36.6 36.6 %" in out
    assert "does not flip for volume of reference from 0 to 1 bcm: supported" in out


def test_text_is_no_markup(printed, claim):
    assert "[bold]x[/bold]" in printed(claim(claim="[bold]x[/bold]"))


def test_tables_are_complete(toy, toy_run, claim):
    told = judge_claims(toy_run, claims={"C1": claim()}, tables=toy())
    assert list(told) == ["claims", "evidence"]
    assert {"id", "claim", "verdict", "margin", "partial", "missing"} <= set(told["claims"])
    columns = ["id", "label", "value", "low", "high", "unit", "scenario", "year", "against"]
    assert list(told["evidence"]) == columns
    assert isinstance(told["evidence"], pd.DataFrame)
