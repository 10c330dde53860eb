"""Claims out of a file, checked as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import Field

from energyflows.claims import (  # noqa: F401  they register their figures
    _accounts,
    _areas,
    _conduits,
    _imports,
    _markets,
    _strategy,
    _suppliers,
)
from energyflows.claims._declaring import IDS, Claim, Evidence
from energyflows.claims._figures import FIGURES
from energyflows.errors import UsageError, suggest
from energyflows.scenarios._fields import Declaration
from energyflows.scenarios._schemas import Place
from energyflows.scenarios._yaml import read_yaml
from energyflows.scenarios.catalogue import find_seeds, get_scenario, list_names
from energyflows.scenarios.checking import Problem, find_line, refuse, validate
from energyflows.scenarios.scenario import AND

FILE_NAME = "claims.yaml"
#: Unit of the difference of two figures, where it is not that of the figures.
_DIFFERENCES = {"%": "points"}
_Finding = tuple[Place, str]


class _File(Declaration):
    claims: tuple[Claim, ...] = Field(min_length=1)
    """All claims."""


def read_claims(path: str | Path | None = None) -> dict[str, Claim]:
    """Read claims with their evidence and rules.

    Parameters
    ----------
    path : str or Path, optional
        YAML as in ``seeds/claims.yaml``, with any of the fourteen claims; default the packaged file.

    Returns
    -------
    dict of str to Claim
        By id, in the order of the file.

    Raises
    ------
    UsageError
        If the path is no path.
    ScenarioError
        If the file is no such file, or names a claim, figure, argument, scenario or parameter that does not exist;
        all problems at once, each with its line.

    Examples
    --------
    >>> claims = read_claims()
    >>> len(claims), claims["C5"].flips.parameter
    (14, 'volume')
    """
    if path is not None and not isinstance(path, str | Path):
        raise UsageError(f"path: found {path!r}, expected the name of a YAML file")
    file = find_seeds() / FILE_NAME if path is None else Path(path)
    sheet, problems = read_yaml(file)
    refuse(problems)
    assert sheet is not None  # noqa: S101  there would be problems
    claims = validate(_File, sheet.data, where=sheet.where, lines=sheet.lines).claims
    refuse(
        Problem(sheet.where, find_line(place, sheet.lines), "", sentence) for place, sentence in _find_problems(claims)
    )
    return {claim.id: claim for claim in claims}


def _find_problems(claims: tuple[Claim, ...]) -> Iterator[_Finding]:
    """Yield what no single declaration can know to be wrong."""
    seen: set[str] = set()
    for number, claim in enumerate(claims):
        place: Place = ("claims", number)
        if claim.id not in IDS:
            yield (*place, "id"), f"found the claim {claim.id!r}, expected one of {IDS[0]} to {IDS[-1]}"
        if claim.id in seen:
            yield (*place, "id"), f"the claim {claim.id} stands in the file twice"
        seen.add(claim.id)
        for finding in (*_check_evidence(claim), *_check_rule(claim), *_check_flips(claim)):
            yield (*place, *finding[0]), finding[1]


def _check_evidence(claim: Claim) -> Iterator[_Finding]:
    names: set[str] = set()
    for number, evidence in enumerate(claim.evidence):
        place: Place = ("evidence", number)
        if evidence.name in names:
            yield (*place, "name"), f"{claim.id} has two pieces of evidence called {evidence.name!r}"
        names.add(evidence.name)
        for name in (evidence.scenario, *([evidence.base[0]] if evidence.base else [])):
            yield from (((*place, "scenario"), sentence) for sentence in _check_scenario(name))
        if evidence.figure not in FIGURES:
            sentence = f"there is no figure {evidence.figure!r}{suggest(evidence.figure, FIGURES)}"
            yield (*place, "figure"), f"{sentence}; figures are {', '.join(sorted(FIGURES))}"
            continue
        yield from (((*place, *inner), sentence) for inner, sentence in _check_figure(evidence))


def _check_figure(evidence: Evidence) -> Iterator[_Finding]:
    """Yield what is wrong with arguments and unit of a known figure."""
    figure = FIGURES[evidence.figure]
    known = (*figure.needed, *figure.optional)
    for name in evidence.arguments:
        if name not in known:
            takes = ", ".join(known) or "none"
            yield ("arguments", name), f"{figure.name} has no argument {name!r}{suggest(name, known)}; it takes {takes}"
    for name in figure.needed:
        if name not in evidence.arguments:
            yield ("arguments",), f"{figure.name} needs the argument {name!r}"
    yield from _check_comparison(evidence)
    expected = _find_unit(evidence)
    if evidence.unit != expected:
        yield ("unit",), f"found the unit {evidence.unit!r}, but this number is in {expected!r}"


def _check_comparison(evidence: Evidence) -> Iterator[_Finding]:
    """Yield what is wrong with how two runs are compared."""
    figure = FIGURES[evidence.figure]
    if figure.pair and evidence.against is None:
        yield ("figure",), f"{figure.name} compares two runs and needs 'against'"
    if figure.pair and evidence.percent:
        yield ("percent",), f"{figure.name} compares two runs itself and cannot be told in per cent"
    if figure.ranged and evidence.percent:
        yield ("percent",), f"{figure.name} has a range of its own and cannot be told in per cent of another run"


def _find_unit(evidence: Evidence) -> str:
    figure = FIGURES[evidence.figure]
    if evidence.against is None or figure.pair:
        return figure.unit
    return "%" if evidence.percent else _DIFFERENCES.get(figure.unit, figure.unit)


def _check_rule(claim: Claim) -> Iterator[_Finding]:
    names = [each.name for each in claim.evidence]
    for side in ("supported", "not_supported"):
        conditions = getattr(claim.rule, side, None)
        for kind in ("all", "any"):
            for number, condition in enumerate(getattr(conditions, kind, ())):
                if condition.figure not in names:
                    sentence = f"the rule of {claim.id} names {condition.figure!r}, which is none of its evidence"
                    place = ("rule", side, kind, number, "figure")
                    yield place, f"{sentence}{suggest(condition.figure, names)}"


def _check_flips(claim: Claim) -> Iterator[_Finding]:
    if claim.flips is None:
        return
    scenario, parameter = claim.flips.scenario, claim.flips.parameter
    for sentence in _check_scenario(f"{scenario}[{parameter}={claim.flips.value:g}]"):
        yield ("flips",), sentence
    used = {part for each in claim.evidence for part in each.scenario.split(AND)}
    if scenario not in used:
        yield ("flips", "scenario"), f"no evidence of {claim.id} comes from {scenario!r}, so no verdict can flip"


def _check_scenario(name: str) -> Iterable[str]:
    """Return what is wrong with the name of a run."""
    known = list_names()
    for part in name.split(AND):
        bare, _, given = part.partition("[")
        if bare not in known:
            yield f"there is no scenario {bare!r}{suggest(bare, known)}"
            continue
        parameters = get_scenario(bare).parameters
        for parameter in (each.partition("=")[0] for each in given.rstrip("]").split(",") if each):
            if parameter not in parameters:
                has = ", ".join(parameters) or "none"
                yield f"the scenario {bare} has no parameter {parameter!r}; it has {has}"
