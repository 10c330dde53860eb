"""Fourteen claims of others, each beside the rule by which numbers are held against it."""

from __future__ import annotations

from energyflows.claims._declaring import Claim
from energyflows.claims._figures import FIGURES
from energyflows.claims._planning import list_runs_needed
from energyflows.claims.judging import judge_claims
from energyflows.claims.reading import read_claims

__all__ = ["FIGURES", "Claim", "judge_claims", "list_runs_needed", "read_claims"]
