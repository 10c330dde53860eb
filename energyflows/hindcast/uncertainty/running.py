"""Hindcasts over the ranges of all estimates: bands, what matters most, and how often observations lie inside."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from tqdm.auto import tqdm

from energyflows.datasets import check_given, load_tables, strip_passport
from energyflows.ensemble.workers import map_chunks
from energyflows.errors import SolveError, UsageError, list_problems
from energyflows.hindcast.observing import observe
from energyflows.hindcast.pairing import pair
from energyflows.hindcast.pins import release
from energyflows.hindcast.running import FIRST_YEAR, LAST_YEAR, PINS, check_years
from energyflows.hindcast.uncertainty.outcomes import Outcome, frame_outcomes, list_outcomes, measure, observe_outcomes
from energyflows.hindcast.uncertainty.programs import (
    Family,
    Solved,
    build_year,
    found_family,
    solve_year,
    summarise_year,
)
from energyflows.hindcast.uncertainty.sensitivity import find_effects, plan_draws
from energyflows.hindcast.uncertainty.varying import Ranges, find_ranges, move
from energyflows.running import read_stocks, run
from energyflows.tables import select_in_service

Tables = Mapping[str, pd.DataFrame]
Numbers = NDArray[np.float64]

#: Quantiles of a band, by column.
QUANTILES = {"low5": 0.05, "low25": 0.25, "median": 0.5, "high75": 0.75, "high95": 0.95}
#: Part of the probability that lies between the outer quantiles.
EXPECTED = 0.9
#: Part of the samples that may have no solution.
MOST_FAILED = 0.05
#: Samples a worker takes at a time.
_CHUNK = 6
#: Quantile of all unknowns in the network a programme is written for: away from the ends, where figures are zero or
#: levels meet.
_TYPICAL = 0.75
_NAMED = 10
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _World:
    """What all samples share."""

    tables: Tables
    ranges: Ranges
    pins: str
    years: list[int]
    stocks: Mapping[int, Mapping[str, float]]
    families: Mapping[int, Family | None]
    outcomes: list[Outcome]


def run_uncertainty(
    years: int | Iterable[int] = (FIRST_YEAR, LAST_YEAR),
    *,
    size: int = 200,
    pins: str = "off",
    seed: int = 0,
    workers: int = 2,
    tables: Tables | None = None,
    progress: bool = False,
) -> dict[str, pd.DataFrame]:
    """Model past years again and again with every estimate somewhere in its range.

    Each sample moves all estimates that enter the network (:func:`~energyflows.hindcast.uncertainty.vary_tables`) and
    solves all years, each between observed stocks at its turns, as :func:`energyflows.run` does.

    Parameters
    ----------
    years : int or iterable of int
        One year, or ``(first, last)`` including both, within 2019 to 2025.
    size : int
        About how many samples. With k groups of inputs that hold estimates (ten in the packaged tables) it becomes the
        next lower N (k + 2) with N a power of two: 200 becomes 192, 400 becomes 384.
    pins : {"off", "on"}
        Whether observed landings, exits and deliveries bound the model, as in
        :func:`~energyflows.hindcast.run_hindcast`.
    seed : int
        Of the samples; the same seed gives the same figures with any number of workers.
    workers : int
        Processes of this machine.
    tables : mapping of str to pandas.DataFrame, optional
        From :func:`energyflows.load_tables`; default the packaged tables.
    progress : bool
        Show a progress bar.

    Returns
    -------
    dict of str to pandas.DataFrame
        * ``bands``: ``outcome, group, period, low5, low25, median, high75, high95, reference, observed, unit, ties,
          role, confidence``; TWh a year for flows, TWh at the end of months for stocks, EUR/MWh for prices.
          ``reference`` is the model with the tables as they are; ``ties`` the greatest difference seen between two
          solutions of the same cost: a band not much wider tells little.
        * ``effects``: ``outcome, group, first, first_conf, total, total_conf``, of the mean over periods.
        * ``coverage``: ``group, role, n, inside, share, expected``: how many observations lie between low5 and high95.
          Estimates do not count as observations, inputs are not counted.
        * ``runs``: ``sample, block, design, status, reason``.

    Raises
    ------
    UsageError
        For arguments that cannot be used, or tables without an estimate.
    SolveError
        If more than 5 % of the samples have no solution. Fewer are left out, and named in ``runs``.

    References
    ----------
    Saltelli et al. (2010), Variance based sensitivity analysis of model output, Comput. Phys. Commun. 181, 259-270.

    Examples
    --------
    A few samples tell nothing, so there is a least number:

    >>> run_uncertainty(2025, size=20)
    Traceback (most recent call last):
    ...
    energyflows.errors.UsageError: size: found 20, expected at least 48: 4 blocks of 12 samples, one for each of 10 ...
    """
    _check_arguments(size, pins, seed, workers)
    listed = check_years(years)
    given = load_tables() if tables is None else tables
    check_given(given)
    bare = {name: strip_passport(table) for name, table in given.items()}
    ranges = find_ranges({name: select_in_service(table) for name, table in bare.items()})
    if not ranges.names:
        raise UsageError("tables: no figure that enters the network is an estimate, so nothing is uncertain")
    points, runs = plan_draws(ranges.names, ranges.groups, size, seed)
    reference = run(years=listed, tables=release(given) if pins == "off" else given)
    pairs = pair(reference, _pin(bare, pins), observe(bare, listed), pins=pins)
    world = _set_up(bare, ranges, pins, reference, set(pairs["series"]))
    world = replace(world, families=_found_families(world, points[0], workers))
    values, ties, reasons = _solve_all(world, points, runs, workers=workers, progress=progress)
    runs = runs.assign(status=["failed" if reason else "optimal" for reason in reasons], reason=reasons)
    _refuse_failures(runs)
    frame = frame_outcomes(world.outcomes, listed)
    frame = frame.assign(ties=ties, reference=_measure_reference(reference, world))
    bands = _arrange(find_bands(values, frame), observe_outcomes(pairs, bare, listed))
    effects = find_effects(_average(values, frame), runs, seed=seed)
    return {"bands": bands, "effects": effects, "coverage": find_coverage(bands), "runs": runs}


def _check_arguments(size: int, pins: str, seed: int, workers: int) -> None:
    problems = [
        f"{name}: found {value!r}, expected a whole number from {least}"
        for name, value, least in (("size", size, 1), ("seed", seed, 0), ("workers", workers, 1))
        if isinstance(value, bool) or not hasattr(value, "__index__") or value < least
    ]
    if pins not in PINS:
        problems.append(f"pins: found {pins!r}, expected 'off' or 'on'")
    if problems:
        raise UsageError(list_problems("these arguments cannot be used:", problems))


def _pin(tables: Tables, pins: str) -> Tables:
    return release(tables) if pins == "off" else tables


def _set_up(bare: Tables, ranges: Ranges, pins: str, reference: xr.Dataset, observed: set[str]) -> _World:
    """Return what samples share, but for the programmes."""
    years = sorted({int(year) for year in reference["snapshot"].dt.year.values})
    stocks = {year: read_stocks(reference.sel(snapshot=str(year - 1))) for year in years[1:]}
    serving = {name: select_in_service(table) for name, table in bare.items()}
    outcomes = list_outcomes(reference, bare, observed)
    return _World(serving, ranges, pins, years, {years[0]: {}, **stocks}, {}, outcomes)


def _found_families(world: _World, probe: Numbers, workers: int) -> dict[int, Family | None]:
    """Return the programme of each year; None where varied tables change more than figures."""
    found = dict(map_chunks(_found_year, (world, probe), world.years, workers=workers))
    families = {world.years[number]: family for number, family in found.items()}
    lost = [str(year) for year, family in families.items() if family is None]
    if lost:
        _logger.warning("every sample is written anew for %s, which is slow: varied tables change its form", lost)
    return families


def _found_year(core: tuple[_World, Numbers], year: int) -> Family | None:
    world, probe = core
    typical, other = (_vary(world, points) for points in (np.full(len(probe), _TYPICAL), probe))
    stocks = world.stocks[year]
    return found_family(build_year(typical, year, stocks), build_year(other, year, stocks))


def _vary(world: _World, points: Numbers) -> Tables:
    return _pin(move(world.tables, world.ranges, points), world.pins)


def _solve_all(
    world: _World, points: Numbers, runs: pd.DataFrame, *, workers: int, progress: bool
) -> tuple[Numbers, Numbers, list[str]]:
    """Return outcomes by sample, the greatest difference between equal solutions, and why samples failed."""
    tied = runs["design"].eq("A").to_numpy()
    pieces = [slice(start, start + _CHUNK) for start in range(0, len(points), _CHUNK)]
    tasks = [(points[piece], tied[piece]) for piece in pieces]
    size = len(frame_outcomes(world.outcomes, world.years))
    values, ties, reasons = np.full((len(points), size), np.nan), np.full(size, np.nan), [""] * len(points)
    with tqdm(total=len(points), desc="samples", disable=not progress, leave=False) as bar:
        for number, (part, seen, told) in map_chunks(_solve_chunk, world, tasks, workers=workers):
            values[pieces[number]], reasons[pieces[number]] = part, told
            ties = np.fmax(ties, seen)
            bar.update(len(part))
    return values, ties, reasons


def _solve_chunk(world: _World, task: tuple[Numbers, NDArray[np.bool_]]) -> tuple[Numbers, Numbers, list[str]]:
    """Solve some samples, those that are flagged twice."""
    size = len(frame_outcomes(world.outcomes, world.years))
    values, ties, reasons = np.full((len(task[0]), size), np.nan), np.full(size, np.nan), []
    for row, (points, tied) in enumerate(zip(*task, strict=True)):
        try:
            found = [np.concatenate(part) for part in zip(*_solve_sample(world, points, twice=tied), strict=True)]
        except SolveError as error:
            reasons.append(_tell(error))
            continue
        values[row] = found[0]
        ties = np.fmax(ties, np.abs(found[-1] - found[0])) if tied else ties
        reasons.append("")
    return values, ties, reasons


def _tell(error: SolveError) -> str:
    """Return an error in one line."""
    return " ".join(str(error).split())[:200]


def _solve_sample(world: _World, points: Numbers, *, twice: bool) -> Iterator[list[Numbers]]:
    """Yield the outcomes of each year, as first found and, if wanted, as found from another start."""
    varied = _vary(world, points)
    stocks: dict[str, float] = {}
    for year in world.years:
        n = build_year(varied, year, stocks)
        family = world.families[year]
        solved = solve_year(family, n)
        again = [solve_year(family, n, from_nothing=True)] if twice else []
        stocks = {str(zone): 1e3 * max(float(level), 0.0) for zone, level in solved.stored.iloc[-1].items()}
        yield [measure(each, world.outcomes) for each in (solved, *again)]


def _refuse_failures(runs: pd.DataFrame) -> None:
    """Name samples without solution; refuse to go on if they are many."""
    failed = runs[runs["status"] != "optimal"]
    if failed.empty:
        return
    told = [f"sample {row.sample} ({row.design} of block {row.block}): {row.reason}" for row in failed.itertuples()]
    more = [f"and {len(told) - _NAMED} more"] if len(told) > _NAMED else []
    message = list_problems(f"{len(failed)} of {len(runs)} samples have no solution:", [*told[:_NAMED], *more])
    if len(failed) > MOST_FAILED * len(runs):
        raise SolveError(message)
    _logger.warning(message)


def _measure_reference(reference: xr.Dataset, world: _World) -> Numbers:
    """Return the outcomes of the tables as they are."""
    found = []
    for year in world.years:
        inside = reference.sel(snapshot=str(year))
        figures = {
            name: inside[name].transpose("snapshot", ...).to_numpy()
            for name in ("received", "supplied", "price", "stored")
        }
        names = {dim: inside[dim].to_numpy() for dim in ("link", "generator", "bus", "store")}
        solved: Solved = summarise_year(figures, names, inside["weight_days"].to_numpy())
        found.append(measure(solved, world.outcomes))
    return np.concatenate(found)


def find_bands(values: Numbers, frame: pd.DataFrame) -> pd.DataFrame:
    """Return quantiles over samples.

    Parameters
    ----------
    values : numpy.ndarray
        Outcomes by (sample, row of the frame); missing where a sample has no solution.
    frame : pandas.DataFrame
        One row per outcome and period.

    Returns
    -------
    pandas.DataFrame
        The frame with columns ``low5, low25, median, high75, high95``.

    Examples
    --------
    >>> frame = pd.DataFrame({"outcome": ["x"], "period": ["2021"]})
    >>> find_bands(np.arange(21.0)[:, None], frame)["low5"].item()
    1.0
    """
    known = values[~np.isnan(values).any(axis=1)]
    found = np.quantile(known, list(QUANTILES.values()), axis=0)
    return frame.assign(**dict(zip(QUANTILES, found, strict=True)))


def _arrange(bands: pd.DataFrame, seen: pd.DataFrame) -> pd.DataFrame:
    """Put observations beside bands."""
    joined = bands.merge(seen, on=["outcome", "period"], how="left", suffixes=("", "_seen"), validate="1:1")
    joined["group"] = joined["group_seen"].where(joined["group_seen"].notna(), joined["group"])
    columns = ["outcome", "group", "period", *QUANTILES, "reference", "observed", "unit", "ties", "role", "confidence"]
    return joined[columns].fillna({"role": "", "confidence": ""})


def find_coverage(bands: pd.DataFrame) -> pd.DataFrame:
    """Return how many observations lie inside their bands.

    Parameters
    ----------
    bands : pandas.DataFrame
        From :func:`run_uncertainty`.

    Returns
    -------
    pandas.DataFrame
        Columns ``group, role, n, inside, share, expected``; a model whose only error were that of its estimates would
        have ``expected``.

    Examples
    --------
    >>> bands = pd.DataFrame({"group": ["lng"] * 2, "role": "scored", "confidence": "observed"})
    >>> bands = bands.assign(observed=[1.0, 9.0], low5=0.0, high95=2.0)
    >>> find_coverage(bands)[["n", "inside", "share"]].to_numpy().tolist()
    [[2.0, 1.0, 0.5]]
    """
    counted = bands["role"].isin(("scored", "circular")) & (bands["confidence"] != "estimate")
    rows = bands[counted & bands["observed"].notna()]
    inside = rows["observed"].between(rows["low5"], rows["high95"])
    told = inside.groupby([rows["group"], rows["role"]], sort=False).agg(["size", "sum"]).reset_index()
    told = told.rename(columns={"size": "n", "sum": "inside"})
    return told.assign(share=told["inside"] / told["n"], expected=EXPECTED)


def _average(values: Numbers, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the mean over periods of each outcome, by sample."""
    return pd.DataFrame(values).T.groupby(frame["outcome"].to_numpy(), sort=False).mean().T
