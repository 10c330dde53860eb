"""The years since 2019 once more, modelled against observed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd
import xarray as xr

from energyflows.datasets import check_given, load_tables, strip_passport
from energyflows.errors import UsageError
from energyflows.hindcast.comparing import compare_spreads, list_worst
from energyflows.hindcast.observing import check_observed, list_excluded, observe
from energyflows.hindcast.pairing import pair
from energyflows.hindcast.pins import release
from energyflows.hindcast.scoring import score_groups, score_series, score_years
from energyflows.hindcast.series import SAMPLES, Tables, list_series
from energyflows.network import list_years
from energyflows.running import run

PINS = ("on", "off")
FIRST_YEAR, LAST_YEAR = SAMPLES["calibration"][0], SAMPLES["held-out"][1]


def run_hindcast(
    years: int | Iterable[int] = (FIRST_YEAR, LAST_YEAR),
    *,
    pins: str | Iterable[str] = PINS,
    tables: Mapping[str, pd.DataFrame] | None = None,
    observed: pd.DataFrame | None = None,
    foresight: str = "year",
    progress: bool = False,
    verbose: bool = False,
) -> dict[str, pd.DataFrame | xr.Dataset]:
    """Solve past years and compare them with what was observed, series by series.

    The model is calibrated on 2019–2022 alone; 2023–2025 are held out. A figure that bounds the model has the role
    ``input`` and earns no score. Prices are ``circular``: the LNG price of the same year is an input.

    Parameters
    ----------
    years : int or iterable of int
        One year, or ``(first, last)`` including both, within 2019 to 2025.
    pins : {"on", "off"} or iterable of them
        ``on``: the network of :func:`energyflows.run`, where observed landings, exits of corridors and deliveries of
        LNG by supplier bound the model. ``off``: it decides on those itself. Supply by route is given in both.
    tables : mapping of str to pandas.DataFrame, optional
        From :func:`energyflows.load_tables`; default the packaged tables.
    observed : pandas.DataFrame, optional
        What to compare with instead of the observations in the tables, as from
        :func:`energyflows.hindcast.read_observations`. Only its series are compared, in its periods; those missing
        between others are gaps.
    foresight : {"year", "rolling"}
        As in :func:`energyflows.run`.
    progress : bool
        Show a progress bar over the years.
    verbose : bool
        Let PyPSA, linopy and HiGHS report to the terminal.

    Returns
    -------
    dict of str to pandas.DataFrame or xarray.Dataset
        ``pairs`` (:func:`~energyflows.hindcast.pair`), ``scores`` by series
        (:func:`~energyflows.hindcast.score_series`), ``groups`` by sample, with aims
        (:func:`~energyflows.hindcast.score_groups`), ``years`` by group and year, ``worst`` series with reasons,
        ``spreads`` of hubs, ``excluded`` series with reasons, and ``results_on``, ``results_off`` as from
        :func:`energyflows.run`, those asked for.

    Raises
    ------
    UsageError
        For years or pins that cannot be used.
    TableError, UnknownNameError
        If the observations cannot be used, before anything is solved.
    SolveError
        If a year has no solution.

    Examples
    --------
    >>> told = run_hindcast(2025, pins="on")
    >>> told["scores"].query("series == 'NO-GB' and year == 0")["role"].item()
    'input'
    """
    listed, settings = check_years(years), check_pins(pins)
    given = load_tables() if tables is None else tables
    check_given(given)
    bare = {name: strip_passport(table) for name, table in given.items()}
    known = list_series(bare)
    seen = observe(bare, listed) if observed is None else check_observed(observed, known)
    seen = _select_years(seen, listed)
    variants = {setting: given if setting == "on" else release(given) for setting in settings}
    results = {
        setting: run(years=listed, tables=variant, foresight=foresight, progress=progress, verbose=verbose)
        for setting, variant in variants.items()
    }
    pairs = _pair_all(results, variants, seen)
    excluded = list_excluded(bare, seen) if observed is None else pd.DataFrame(columns=["series", "reason"])
    return {
        "pairs": pairs,
        **_tell(pairs),
        "excluded": excluded,
        **{f"results_{setting}": ds for setting, ds in results.items()},
    }


def check_years(years: int | Iterable[int]) -> list[int]:
    """Return the years asked for, or refuse those that are not observed as a whole.

    Parameters
    ----------
    years : int or iterable of int
        As in :func:`run_hindcast`.

    Returns
    -------
    list of int
        Consecutive years in order.

    Raises
    ------
    UsageError
        Outside 2019 to 2025.

    Examples
    --------
    >>> check_years((2019, 2021))
    [2019, 2020, 2021]
    """
    listed: list[int] = list_years(years)
    if listed[0] < FIRST_YEAR or listed[-1] > LAST_YEAR:
        span = f"{listed[0]}" if len(listed) == 1 else f"{listed[0]} to {listed[-1]}"
        raise UsageError(
            f"years: found {span}, expected {FIRST_YEAR} to {LAST_YEAR}; later years are not observed as a whole"
        )
    return listed


def check_pins(pins: str | Iterable[str]) -> list[str]:
    """Return the settings of pins asked for, ``on`` before ``off``.

    Parameters
    ----------
    pins : str or iterable of str
        As in :func:`run_hindcast`.

    Returns
    -------
    list of str
        At least one.

    Raises
    ------
    UsageError
        For any other word.

    Examples
    --------
    >>> check_pins(["off", "on"])
    ['on', 'off']
    """
    found = [pins] if isinstance(pins, str) or not isinstance(pins, Iterable) else list(pins)
    if not found or not set(found) <= set(PINS):
        raise UsageError(f"pins: found {pins!r}, expected 'on', 'off' or both")
    return [setting for setting in PINS if setting in found]


def _select_years(observed: pd.DataFrame, years: list[int]) -> pd.DataFrame:
    """Return the observations of the years; none at all leave nothing to compare."""
    told = observed["period"].str[:4].astype(int)
    if not told.isin(years).any():
        span = f"{years[0]}" if len(years) == 1 else f"{years[0]} to {years[-1]}"
        found = ", ".join(map(str, sorted(told.unique()))) or "none"
        raise UsageError(f"observations: found {found}, expected some in {span}")
    return observed[told.isin(years)]


def _pair_all(results: Mapping[str, xr.Dataset], variants: Mapping[str, Tables], seen: pd.DataFrame) -> pd.DataFrame:
    parts = []
    for setting, ds in results.items():
        bare = {name: strip_passport(table) for name, table in variants[setting].items()}
        parts.append(pair(ds, bare, seen, pins=setting))
    pairs = pd.concat(parts, ignore_index=True)
    # Figures name the file the observations are from.
    pairs.attrs.update(seen.attrs)
    return pairs


def _tell(pairs: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {
        "scores": score_series(pairs),
        "groups": score_groups(pairs),
        "years": score_years(pairs),
        "worst": list_worst(pairs),
        "spreads": compare_spreads(pairs),
    }
