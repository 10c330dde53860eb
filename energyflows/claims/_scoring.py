"""From numbers and thresholds to a verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

from energyflows.claims._declaring import Condition, Conditions, Rule
from energyflows.claims._figures import Span

SUPPORTED, MIXED, NOT_SUPPORTED, UNKNOWN = "supported", "mixed", "not supported", "cannot be told"
#: A number that lies on the edge of the margin by all but rounding lies outside it.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Verdict:
    """What a rule says of some numbers.

    Attributes
    ----------
    verdict : str
        ``supported``, ``mixed``, ``not supported`` or ``cannot be told``.
    margin : float
        How far the number that decides lies on its side of its threshold, in multiples of the margin of that
        threshold: from 1 upwards the claim is supported, from -1 downwards it is not. NaN if nothing decides.
    decides : Condition or None
        The condition of that number.
    """

    verdict: str
    margin: float = math.nan
    decides: Condition | None = None


@dataclass(frozen=True)
class _Score:
    value: float
    condition: Condition


def judge(rule: Rule | None, numbers: Mapping[str, float]) -> Verdict:
    """Apply a rule.

    Parameters
    ----------
    rule : Rule or None
        Of a claim; without one nothing can be told.
    numbers : mapping of str to float
        By name of the evidence; NaN where a number is missing.

    Returns
    -------
    Verdict
        Mixed if neither side of the rule holds by the margin, or both do.

    Notes
    -----
    The score of a condition is the distance to its threshold in multiples of its margin, positive where it holds.
    ``all`` takes the least score and ``any`` the greatest. A missing number leaves the verdict open unless the
    others decide it whatever that number is.
    """
    if rule is None:
        return Verdict(UNKNOWN)
    holds = _join(rule.supported, numbers)
    if rule.not_supported is None:
        fails = None if holds is None else _Score(-holds.value, holds.condition)
    else:
        fails = _join(rule.not_supported, numbers)
    sides = (_reaches(holds), _reaches(fails))
    if sides == (True, False) and holds is not None:
        return Verdict(SUPPORTED, holds.value, holds.condition)
    if sides == (False, True) and fails is not None:
        return Verdict(NOT_SUPPORTED, -fails.value, fails.condition)
    if holds is None or fails is None:
        return Verdict(UNKNOWN)
    return Verdict(MIXED, holds.value, holds.condition)


def list_verdicts(rule: Rule | None, numbers: Mapping[str, Span]) -> list[str]:
    """Apply a rule to numbers and to the ends of their ranges, in every combination.

    Parameters
    ----------
    rule : Rule or None
        Of a claim.
    numbers : mapping of str to Span
        By name of the evidence; a number without a range stands for itself.

    Returns
    -------
    list of str
        The verdicts that are possible, that of the numbers themselves first. Scores rise or fall with each number, so
        that the ends tell all there are, but for one in between.
    """
    figures = {name: span.value for name, span in numbers.items()}
    used = {condition.figure for condition in (rule.listed if rule else ())}
    open_ones = sorted(name for name in used if not math.isnan(numbers[name].low + numbers[name].high))
    corners = product(*((numbers[name].low, numbers[name].high) for name in open_ones))
    cases = [figures, *({**figures, **dict(zip(open_ones, corner, strict=True))} for corner in corners)]
    return list(dict.fromkeys(judge(rule, case).verdict for case in cases))


def _reaches(score: _Score | None) -> bool:
    return score is not None and score.value >= 1 - _ROUNDING


def _join(conditions: Conditions, numbers: Mapping[str, float]) -> _Score | None:
    """Return the deciding score; None if a missing number could decide otherwise."""
    scores = [_Score(_score(each, numbers[each.figure]), each) for each in conditions.listed]
    known = [each for each in scores if not math.isnan(each.value)]
    if not known:
        return None
    sign = 1 if conditions.all else -1
    least = min(known, key=lambda score: sign * score.value)
    settled = sign * least.value <= -1 + _ROUNDING
    return least if settled or len(known) == len(scores) else None


def _score(condition: Condition, number: float) -> float:
    """Return the distance to the threshold in multiples of the margin, positive where the condition holds."""
    if condition.at_least is not None:
        return (number - condition.at_least) / condition.margin
    return (float(condition.at_most or 0.0) - number) / condition.margin
