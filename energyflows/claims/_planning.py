"""Which runs claims need, and the results they are read from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import pandas as pd
import xarray as xr

from energyflows.claims._declaring import Claim, Evidence
from energyflows.running import run_study
from energyflows.scenarios import Part, Scenario, Study, get_scenario
from energyflows.scenarios.combining import combine
from energyflows.scenarios.scenario import AND, set_parameters

#: Of every run; claims speak of years and seasons.
RESOLUTION: Literal["monthly"] = "monthly"
REFERENCE = "reference"


def list_runs_needed(claims: Mapping[str, Claim]) -> dict[int, tuple[str, ...]]:
    """Return which scenarios to run in which years.

    Parameters
    ----------
    claims : mapping of str to Claim
        From :func:`energyflows.claims.read_claims`.

    Returns
    -------
    dict of int to tuple of str
        Scenarios by year, the reference first. A disputed figure is in the name, as in ``backfill-max[volume=0.5]``.

    Examples
    --------
    >>> from energyflows.claims import read_claims
    >>> list_runs_needed(read_claims())[2021]
    ('reference',)
    """
    needed: dict[int, dict[str, None]] = {}
    for claim in claims.values():
        for scenario, year in _list_runs(claim):
            needed.setdefault(year, {REFERENCE: None})[scenario] = None
    return {year: tuple(needed[year]) for year in sorted(needed)}


def _list_runs(claim: Claim) -> Iterable[tuple[str, int]]:
    for value in claim.flips.values if claim.flips else (None,):
        for evidence in claim.evidence:
            yield from name_runs(evidence, claim, value)


def name_runs(evidence: Evidence, claim: Claim, value: float | None) -> list[tuple[str, int]]:
    """Return scenario and year of the runs a number is read from.

    Parameters
    ----------
    evidence : Evidence
        The number.
    claim : Claim
        Its claim, which may rest on a disputed figure.
    value : float or None
        Of that figure.

    Returns
    -------
    list of tuple of (str, int)
        Its own run and, for a difference, the other one.
    """
    runs = [(evidence.scenario, evidence.year), *([evidence.base] if evidence.base else [])]
    return [(_name_run(scenario, claim, value), year) for scenario, year in runs]


def _name_run(scenario: str, claim: Claim, value: float | None) -> str:
    """Return the name of a scenario once the disputed figure has a value."""
    if claim.flips is None or value is None:
        return scenario
    swept = f"{claim.flips.scenario}[{claim.flips.parameter}={value:g}]"
    return AND.join(swept if part == claim.flips.scenario else part for part in scenario.split(AND))


def rests_on(evidence: Evidence, claim: Claim) -> bool:
    """Say whether a number depends on the disputed figure of a claim.

    Parameters
    ----------
    evidence : Evidence
        The number.
    claim : Claim
        Its claim.

    Returns
    -------
    bool
        Whether one of its runs does.
    """
    if claim.flips is None:
        return False
    low, high = (name_runs(evidence, claim, claim.flips.values[place]) for place in (0, -1))
    return low != high


def run_needed(
    claims: Mapping[str, Claim], *, tables: Mapping[str, pd.DataFrame], workers: int, progress: bool
) -> dict[str, xr.Dataset]:
    """Run what claims need, every year by itself.

    Parameters
    ----------
    claims : mapping of str to Claim
        From :func:`energyflows.claims.read_claims`.
    tables : mapping of str to pandas.DataFrame
        Inputs.
    workers : int
        Processes.
    progress : bool
        Show it.

    Returns
    -------
    dict of str to xarray.Dataset
        Results with dim ``scenario`` by year.
    """
    return run_study(plan_study(claims), workers=workers, progress=progress, tables=tables)


def plan_study(claims: Mapping[str, Claim]) -> Study:
    """Return the study that runs what claims need.

    Parameters
    ----------
    claims : mapping of str to Claim
        From :func:`energyflows.claims.read_claims`.

    Returns
    -------
    Study
        One part for each year.
    """
    needed = list_runs_needed(claims)
    own = {name: None for names in needed.values() for name in names if "[" in name}
    parts = [
        Part(name=str(year), scenarios=names, years=(year, year), resolution=RESOLUTION)
        for year, names in needed.items()
    ]
    return Study(
        name="claims",
        title="Runs the claims need",
        parts=tuple(parts),
        scenarios=tuple(build_scenario(each) for each in own),
    )


def build_scenario(name: str) -> Scenario:
    """Return the scenario of a name, perhaps with values in it, or with several joined.

    Parameters
    ----------
    name : str
        As ``backfill-max[volume=0.5]`` or ``eu-phase-out + cold-winter``.

    Returns
    -------
    Scenario
        Ready to apply.
    """
    scenarios = []
    for part in name.split(AND):
        bare, _, given = part.partition("[")
        values = dict(each.split("=") for each in given.rstrip("]").split(",") if each)
        scenarios.append(set_parameters(get_scenario(bare), {key: float(text) for key, text in values.items()}))
    return scenarios[0] if len(scenarios) == 1 else combine(*scenarios)
