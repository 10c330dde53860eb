"""Claims held against numbers."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
import xarray as xr

from energyflows.claims._declaring import Claim, Evidence
from energyflows.claims._figures import FIGURES, Span, View
from energyflows.claims._planning import REFERENCE, name_runs, rests_on, run_needed
from energyflows.claims._scoring import MIXED, Verdict, judge, list_verdicts
from energyflows.claims.reading import read_claims
from energyflows.datasets import check_given, load_tables, strip_passport
from energyflows.errors import UsageError, require
from energyflows.influence._owners import change_owners, read_stakes
from energyflows.running._joining import read_meta

Results = xr.Dataset | Mapping[str, xr.Dataset]
#: Columns of the tables.
CLAIM_COLUMNS = ("id", "claim", "verdict", "margin", "decides", "partial", "part", "flips", "missing")
EVIDENCE_COLUMNS = ("id", "label", "value", "low", "high", "unit", "scenario", "year", "against")


def judge_claims(
    results: Results | None = None,
    *,
    claims: Mapping[str, Claim] | None = None,
    tables: Mapping[str, pd.DataFrame] | None = None,
    workers: int = 1,
    progress: bool = False,
) -> dict[str, pd.DataFrame]:
    """Say of each claim what the numbers do, and under which assumptions.

    A verdict is about what the model computes with the tables, scenarios and thresholds given; it is no statement
    about the world.

    Parameters
    ----------
    results : xarray.Dataset or mapping of str to xarray.Dataset, optional
        Of :func:`energyflows.run` or ``run_study``, with dim ``scenario``; a number whose run is not in them is
        missing. By default all that is needed is run, and nothing is kept afterwards.
    claims : mapping of str to Claim, optional
        From :func:`energyflows.claims.read_claims`; default all fourteen.
    tables : mapping of str to pandas.DataFrame, optional
        From :func:`energyflows.load_tables`; default the packaged tables.
    workers : int
        Processes for the runs and for games.
    progress : bool
        Show the progress of the runs.

    Returns
    -------
    dict of str to pandas.DataFrame
        ``claims``: verdict, and how far the deciding number is from its threshold in multiples of that threshold's
        margin; ``decides`` names number and threshold; both are empty where a disputed figure decides. ``partial``
        tells that the verdict is about ``part`` only.
        ``evidence``: every number with its run; ``low`` and ``high`` are its range over a disputed figure and over
        what its account leaves open, missing where neither is known.

    Raises
    ------
    UsageError
        If results are of another kind.
    UnknownNameError
        If a figure asks for a zone, link or asset that does not exist.

    Examples
    --------
    >>> from energyflows import run
    >>> told = judge_claims(run(years=2025), claims={"C7": read_claims()["C7"]})
    >>> told["claims"]["verdict"].item()
    'cannot be told'
    """
    chosen = read_claims() if claims is None else claims
    loaded = load_tables() if tables is None else tables
    check_given(loaded)
    given = {name: strip_passport(table) for name, table in loaded.items()}
    if results is None:
        results = run_needed(chosen, tables=loaded, workers=workers, progress=progress)
    views = _Views(results, given, workers)
    told = [_judge_one(claim, views) for claim in chosen.values()]
    rows = [row for row, _ in told]
    evidence = [row for _, listed in told for row in listed]
    return {
        "claims": pd.DataFrame(rows, columns=list(CLAIM_COLUMNS)),
        "evidence": pd.DataFrame(evidence, columns=list(EVIDENCE_COLUMNS)),
    }


class _Views:
    """Runs by scenario and year, cut out of results once."""

    def __init__(self, results: Results, tables: Mapping[str, pd.DataFrame], workers: int) -> None:
        self._parts = list(_list_parts(results))
        self._tables = tables
        self._workers = workers
        self._cut: dict[tuple[str, int], View | None] = {}

    def find(self, scenario: str, year: int) -> View | None:
        """Return a run; None if it is not in the results."""
        key = (scenario, year)
        if key not in self._cut:
            self._cut[key] = next(filter(None, (self._cut_out(part, *key) for part in self._parts)), None)
        return self._cut[key]

    def _cut_out(self, ds: xr.Dataset, scenario: str, year: int) -> View | None:
        if scenario not in ds["scenario"].values.tolist():
            return None
        inside = ds["snapshot"].dt.year == year
        if not bool(inside.any()):
            return None
        meta = read_meta(ds)
        own = json.dumps({"scenario": meta.get("scenarios", {}).get(scenario, {})})
        one = ds.sel(scenario=scenario, drop=True).isel(snapshot=inside.to_numpy()).assign_attrs(meta=own)
        ownership = change_owners(self._tables["ownership"], read_stakes(one))
        return View(one, self._tables, year, ownership, scenario, self._workers)


def _list_parts(results: Results) -> Iterable[xr.Dataset]:
    """Return the datasets of results, each with dim ``scenario``."""
    parts = [results] if isinstance(results, xr.Dataset) else _list_values(results)
    for ds in parts:
        if not isinstance(ds, xr.Dataset) or "snapshot" not in ds.dims:
            raise UsageError(
                f"results: found {type(ds).__name__} without snapshots, expected results of run or run_study"
            )
        yield ds if "scenario" in ds.dims else _name_run(ds)


def _name_run(ds: xr.Dataset) -> xr.Dataset:
    """Return the results of one scenario with dim ``scenario``."""
    meta = read_meta(ds)
    told = meta.get("scenario", {"name": REFERENCE})
    return ds.expand_dims(scenario=[told["name"]]).assign_attrs(meta=json.dumps({"scenarios": {told["name"]: told}}))


def _list_values(results: Any) -> list[Any]:
    require(results, "items values", "results of run or run_study, or None to run what is needed")
    return list(results.values())


def _judge_one(claim: Claim, views: _Views) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the row of a claim and those of its evidence."""
    values = claim.flips.values if claim.flips else (None,)
    steady = {
        each.name: _compute(each, claim, values[0], views) for each in claim.evidence if not rests_on(each, claim)
    }
    disputed = [each for each in claim.evidence if each.name not in steady]
    swept = [steady | {each.name: _compute(each, claim, value, views) for each in disputed} for value in values]
    over = [list_verdicts(claim.rule, each) for each in swept]
    numbers = {each.name: _join(each, claim, swept) for each in claim.evidence}
    # Where the verdict changes over a range, no number decides.
    settled = len({verdict for each in over for verdict in each}) == 1
    verdict = judge(claim.rule, {name: each.value for name, each in numbers.items()}) if settled else Verdict(MIXED)
    row = {
        "id": claim.id,
        "claim": claim.claim,
        "verdict": verdict.verdict,
        "margin": verdict.margin,
        "decides": tell_condition(claim, verdict, numbers),
        "partial": bool(claim.missing),
        "part": claim.part,
        "flips": tell_flips(claim, over),
        "missing": "; ".join(claim.missing),
    }
    return row, [_tell_evidence(each, claim, numbers[each.name]) for each in claim.evidence]


def _compute(evidence: Evidence, claim: Claim, value: float | None, views: _Views) -> Span:
    """Return the number of a piece of evidence with the range of its own; NaN if one of its runs is missing."""
    found = [views.find(*run) for run in name_runs(evidence, claim, value)]
    present = [view for view in found if view is not None]
    if len(present) < len(found):
        return _widen(math.nan)
    figure = FIGURES[evidence.figure]
    if figure.pair:
        return _widen(figure.compute(*present, **evidence.arguments))
    computed = [_widen(figure.compute(view, **evidence.arguments)) for view in present]
    if len(computed) == 1:
        return computed[0]
    one, other = computed
    # Nothing says that two runs err the same way.
    difference = Span(one.value - other.value, one.low - other.high, one.high - other.low)
    if not evidence.percent:
        return difference
    return _widen(100 * difference.value / other.value if other.value else math.nan)


def _widen(number: float | Span) -> Span:
    return number if isinstance(number, Span) else Span(number, math.nan, math.nan)


def _join(evidence: Evidence, claim: Claim, swept: list[dict[str, Span]]) -> Span:
    """Return a number with its range over a disputed figure and over its account, both together."""
    place = claim.flips.values.index(claim.flips.value) if claim.flips else 0
    spans = [each[evidence.name] for each in swept]
    ends = [end for span in spans for end in span[0 if rests_on(evidence, claim) else 1 :]]
    known = [end for end in ends if not math.isnan(end)]
    return Span(spans[place].value, min(known, default=math.nan), max(known, default=math.nan))


def _tell_evidence(evidence: Evidence, claim: Claim, span: Span) -> dict[str, Any]:
    base = evidence.base
    return {
        "id": claim.id,
        "label": evidence.label,
        **span._asdict(),
        "unit": evidence.unit,
        "scenario": evidence.scenario,
        "year": evidence.year,
        "against": "" if base is None else f"{base[0]} {base[1]}",
    }


def tell_condition(claim: Claim, verdict: Verdict, numbers: Mapping[str, Span]) -> str:
    """Return the number and the threshold that decide, in words.

    Parameters
    ----------
    claim : Claim
        The claim.
    verdict : Verdict
        What its rule says.
    numbers : mapping of str to Span
        By name of the evidence.

    Returns
    -------
    str
        As ``Russian share: -12.3 (-14 to -11) points, threshold at most -10 ± 3``, the range where there is one; empty
        if nothing decides.
    """
    condition = verdict.decides
    if condition is None:
        return ""
    evidence = next(each for each in claim.evidence if each.name == condition.figure)
    least = condition.at_least is not None
    threshold = condition.at_least if least else condition.at_most
    side = "at least" if least else "at most"
    value, low, high = numbers[evidence.name]
    span = "" if math.isnan(low) else f" ({low:.4g} to {high:.4g})"
    number = f"{value:.4g}{span} {evidence.unit}".removesuffix(" 1")
    return f"{evidence.label}: {number}, threshold {side} {threshold:g} ± {condition.margin:g}"


def tell_flips(claim: Claim, verdicts: list[list[str]]) -> str:
    """Return whether the verdict changes within ranges of its numbers, in words.

    Parameters
    ----------
    claim : Claim
        The claim.
    verdicts : list of list of str
        One list for each value of the disputed figure, that of the numbers as told first.

    Returns
    -------
    str
        As ``flips for volume of backfill-max: mixed at 0.25, supported at 0.5 to 1 bcm/y``; where the range of an
        account leaves several open, they are joined by ``or``. Empty if nothing has a range that could change it.
    """
    told = [" or ".join(each) for each in verdicts]
    if claim.flips is None:
        return f"flips within the ranges of its numbers: {told[0]}" if len(verdicts[0]) > 1 else ""
    values, unit = claim.flips.values, claim.flips.unit
    name = f"{claim.flips.parameter} of {claim.flips.scenario}"
    if len(set(told)) == 1 and len(verdicts[0]) == 1:
        return f"does not flip for {name} from {values[0]:g} to {values[-1]:g} {unit}: {told[0]}"
    runs: list[list[Any]] = []
    for value, verdict in zip(values, told, strict=True):
        if runs and runs[-1][0] == verdict:
            runs[-1][2] = value
        else:
            runs.append([verdict, value, value])
    steps = [f"{verdict} at {low:g}" + (f" to {high:g}" if high > low else "") for verdict, low, high in runs]
    return f"flips for {name}: {', '.join(steps)} {unit}"
