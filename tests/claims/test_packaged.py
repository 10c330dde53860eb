"""All fourteen claims on the packaged tables."""

import numpy as np
import pytest

from energyflows.claims import judge_claims, read_claims
from energyflows.claims._declaring import IDS
from energyflows.console._claims import print_claims

pytestmark = pytest.mark.slow
VERDICTS = {"supported", "mixed", "not supported", "cannot be told"}


@pytest.fixture(scope="module")
def told():
    """Return what is told of all claims, disputed figures at the ends of their ranges only."""
    claims = read_claims()
    for name, claim in claims.items():
        if claim.flips:
            first, *_, last = claim.flips.values
            flips = claim.flips.model_copy(update={"values": (first, last), "value": last})
            claims[name] = claim.model_copy(update={"flips": flips})
    return judge_claims(claims=claims)


def test_all_claims_have_finite_numbers(told):
    assert tuple(told["claims"]["id"]) == IDS
    assert set(told["evidence"]["id"]) == set(IDS)
    assert np.isfinite(told["evidence"]["value"]).all()


def test_verdicts_follow_from_rules_and_gaps(told):
    claims = told["claims"].set_index("id")
    assert set(claims["verdict"]) <= VERDICTS
    open_ones = claims[(claims["decides"] == "") & ~claims["flips"].str.startswith("flips")]
    assert (open_ones["verdict"] == "cannot be told").all()
    assert (open_ones["missing"] != "").all()
    assert claims.loc[["C5", "C6", "C13"], "flips"].str.contains("volume of backfill-max").all()


def test_a_backfill_of_nothing_does_nothing(told):
    evidence = told["evidence"]
    disputed = evidence[evidence["scenario"].str.split(" + ", regex=False).str[0] == "backfill-max"]
    assert set(disputed["id"]) == {"C5", "C6", "C13"}
    assert disputed["low"].notna().all()
    # Each range is over volumes that begin with none, at which nothing changes.
    assert (disputed["low"] <= 1e-3).all()
    assert (disputed["high"] >= -1e-3).all()


def test_shares_are_shares(told):
    rows = told["evidence"].query("unit == '%' and against == ''")
    rows = rows[~rows["label"].str.startswith("N-1")]
    hidden = rows["label"].str.startswith("Hidden dependence")
    assert rows.loc[~hidden, "value"].between(0, 100.001).all()
    # More gas may bear the Russian name than stands behind it.
    assert rows.loc[hidden, "value"].between(-100.001, 100.001).all()


def test_ranges_hold_their_numbers(told):
    ranged = told["evidence"].dropna(subset=["low"])
    assert set(ranged["id"]) >= {"C1", "C2", "C4", "C5", "C6", "C12"}
    assert (ranged["low"] <= ranged["value"] + 1e-6).all()
    assert (ranged["value"] <= ranged["high"] + 1e-6).all()


def test_a_sold_stake_leaves_nothing(told):
    rows = told["evidence"].query("scenario == 'lukoil-stake'")
    assert len(rows) == 3
    assert (rows["value"] == 0).all()


def test_all_claims_are_printed(told, capsys):
    print_claims(told)
    out = capsys.readouterr().out
    assert all(f"\n{each}  " in out for each in IDS)
