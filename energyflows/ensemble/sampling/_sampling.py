"""The draws of an ensemble: which outage, weather, demand and price each of its members has."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from scipy import special
from scipy.stats import qmc

from energyflows.ensemble.sampling._distributions import Figures, pick
from energyflows.ensemble.sampling._reading import build_matrix, read_specification
from energyflows.ensemble.sampling._specification import Event, Specification, Weather

#: (section, position, part): one column of the unit hypercube.
Column = tuple[str, int, str]
Points = Mapping[Column, Figures]

#: Inverse CDFs of unbounded distributions are infinite at 0 and 1.
_LEAST, _MOST = 2.0**-54, 1.0 - 2.0**-53
_VARIABLES = {
    "capacity_factor": ("component", 1.0, "what is left of the capacity", "1"),
    "demand_factor": ("bus", 1.0, "factor on the demand", "1"),
    "cost_add": ("component", 0.0, "on top of the cost", "EUR/MWh"),
}


class Effect(NamedTuple):
    """What one quantity does to one component or bus; values by (draw) or (snapshot, draw)."""

    variable: str
    label: str
    values: Figures


def sample(spec: Mapping[str, Any], size: int, seed: int) -> xr.Dataset:
    """Make the draws of an ensemble.

    Parameters
    ----------
    spec : mapping
        What varies, from Python, YAML or JSON; see Notes. At least one of ``events``, ``availability``, ``weather``,
        ``demand`` and ``price``.
    size : int
        Number of draws, from 1.
    seed : int
        From 0; the same seed gives the same draws.

    Returns
    -------
    xarray.Dataset
        Along ``draw``, with those of ``capacity_factor`` (draw, component), ``demand_factor`` (draw, bus) and
        ``cost_add`` (draw, component; EUR/MWh) that the specification asks for; a variable that varies within the
        year has ``snapshot`` as its last dimension. ``happened`` (draw, event) is 1 where an event happens,
        ``weather_year`` (draw) the year picked. Attributes: ``spec`` (JSON), ``method``, ``size`` and ``seed``.

    Raises
    ------
    UsageError
        Listing everything that is wrong with the arguments.

    Notes
    -----
    Keys of the specification:

    - ``method``: ``random`` (default), ``lhs`` or ``sobol`` (scrambled). Sobol points are balanced only if ``size`` is
      a power of two; otherwise the first ``size`` of the next power are taken.
    - ``snapshots``, ``days``: starts and lengths of the periods; needed by events with dates, months, and weather
      within the year.
    - ``events``: list of ``name``, ``probability`` and what the event hits, always all together: ``components``
      {name: factor left}, ``buses`` {name: factor}, ``cost_add`` {name: EUR/MWh}. It lasts for all periods or from
      ``start`` for ``days`` (a number or a distribution); start is a date or ``random``, which is uniform over the
      periods and goes on at their beginning when it passes their end. A period covered in part gets the mean weighted
      with time.
    - ``availability``: {component: distribution}, or a list of ``components`` with a shared ``distribution``.
    - ``weather``: ``years`` {year: {bus: factor, or list of factors by snapshot}} or an array (year, bus[, snapshot]),
      ``weights`` {year: weight}. One year is picked for all buses; a bus absent from it gets 1.
    - ``demand``: list of ``buses`` with a shared ``distribution`` and perhaps ``months``.
    - ``price``: list of ``components`` with a shared ``distribution`` (EUR/MWh).
    - ``correlation``: ``pairs`` [[name, name, rho]] of events, or of other quantities with a ``name``, by a Gaussian
      copula; rho is that of the normal variables behind them, pairs not listed have 0.

    Distributions: ``uniform`` (low, high), ``triangular`` (low, mode, high), ``normal`` (mean, sd, perhaps low and
    high, beyond which it is cut off), ``beta`` (a, b, low=0, high=1) and ``choice`` (values, perhaps weights).

    Factors of several quantities on one component multiply, period by period; costs add up.

    Every quantity has a column of one unit hypercube: weather first, then for each event whether it happens, its
    random start and its random duration, then availability, demand and price, each in the order listed (components of
    a mapping by name, years from mild to cold). Events happen at the upper end of their column, so that a positive
    correlation with a price means dear outages.

    Examples
    --------
    >>> spec = {
    ...     "events": [{"name": "route cut", "probability": 0.5, "components": {"SCP": 0.0, "TANAP": 0.5}}],
    ...     "price": [{"components": ["LNG"], "distribution": {"distribution": "uniform", "low": 0, "high": 10}}],
    ... }
    >>> ds = sample({**spec, "method": "lhs"}, size=4, seed=1)
    >>> int(ds["happened"].sum())
    2
    >>> ds["capacity_factor"].min("draw").to_series().to_dict()
    {'LNG': 1.0, 'SCP': 0.0, 'TANAP': 0.5}
    """
    read = read_specification(spec, size, seed)
    columns = list_columns(read)
    cube = correlate(fill_cube(read.method, int(size), int(seed), len(columns)), read, columns)
    points = dict(zip(columns, cube.T, strict=True))
    arrays = {**_build_variables(read, points, int(size)), **_document(read, points)}
    attrs = {"spec": _write_canonical(read), "method": read.method, "seed": int(seed), "size": int(size)}
    return xr.Dataset(arrays, coords={"draw": np.arange(size)}, attrs=attrs)


def _write_canonical(spec: Specification) -> str:
    """Return the same text for specifications of the same meaning."""
    content = spec.model_dump(mode="json", exclude_none=True)
    return json.dumps(content, sort_keys=True, ensure_ascii=False, allow_nan=False)


# ------------------------------------------------------------------ the unit hypercube
def list_columns(spec: Specification) -> list[Column]:
    """Return the columns of the unit hypercube in their order.

    Parameters
    ----------
    spec : Specification
        What varies.

    Returns
    -------
    list of tuple
        Section, position in it and part: ``value``, or for events also ``start`` and ``days``.
    """
    columns: list[Column] = []
    for section, i, _ in spec.list_named():
        columns.append((section, i, "value"))
        if section == "events":
            columns += [(section, i, part) for part in _list_random(spec.events[i])]
    return columns


def _list_random(event: Event) -> list[str]:
    """Return which of the dates of an event are random."""
    uncertain = {"start": event.start == "random", "days": not isinstance(event.days, float | None)}
    return [part for part, random in uncertain.items() if random]


def fill_cube(method: str, size: int, seed: int, width: int) -> Figures:
    """Draw points of the unit hypercube.

    Parameters
    ----------
    method : {"random", "lhs", "sobol"}
        How they spread.
    size : int
        Number of points.
    seed : int
        Same seed, same points. Except for Sobol points, the first columns do not depend on how many follow.
    width : int
        Number of columns.

    Returns
    -------
    numpy.ndarray
        By (point, column); above 0 and below 1.
    """
    if method == "sobol":
        engine = qmc.Sobol(width, rng=np.random.default_rng(seed))
        cube = np.asarray(engine.random_base2((size - 1).bit_length())[:size])
    else:
        streams = [np.random.default_rng(stream) for stream in np.random.SeedSequence(seed).spawn(width)]
        draw = _draw_stratified if method == "lhs" else np.random.Generator.random
        cube = np.stack([draw(stream, size) for stream in streams], axis=1)
    return np.asarray(np.clip(cube, _LEAST, _MOST))


def _draw_stratified(stream: np.random.Generator, size: int) -> Figures:
    """Draw one column of a Latin hypercube: the columns of one are independent of each other."""
    return np.asarray(qmc.LatinHypercube(1, rng=stream).random(size)[:, 0])


def correlate(cube: Figures, spec: Specification, columns: list[Column]) -> Figures:
    """Correlate the columns of named quantities through a Gaussian copula.

    Parameters
    ----------
    cube : numpy.ndarray
        Independent columns; stays as it is.
    spec : Specification
        With or without correlations.
    columns : list of tuple
        What the columns stand for.

    Returns
    -------
    numpy.ndarray
        Columns still uniform; those of a Latin hypercube still have one point in each stratum.
    """
    names, matrix = build_matrix(spec)
    where = {name: columns.index((section, i, "value")) for section, i, name in spec.list_named() if name is not None}
    chosen = [where[name] for name in names]
    independent = cube[:, chosen]
    mixed = special.ndtr(special.ndtri(independent) @ np.linalg.cholesky(matrix).T)
    if spec.method == "lhs":
        # Mixing blurs the strata: put the points of the column back in the order that mixing gave them.
        mixed = np.take_along_axis(np.sort(independent, axis=0), mixed.argsort(axis=0).argsort(axis=0), axis=0)
    correlated = cube.copy()
    correlated[:, chosen] = np.clip(mixed, _LEAST, _MOST)
    return correlated


# ------------------------------------------------------------------ periods
@dataclass(frozen=True)
class _Periods:
    """Starts and ends in days from the first start."""

    index: pd.DatetimeIndex
    starts: Figures
    ends: Figures

    @classmethod
    def read(cls, spec: Specification) -> _Periods:
        """Read the periods of a specification that has some."""
        index = pd.DatetimeIndex(spec.snapshots)
        starts = np.asarray((index - index[0]) / pd.Timedelta(days=1), dtype=float)
        return cls(index, starts, starts + np.asarray(spec.days))

    def share(self, starts: Figures, ends: Figures) -> Figures:
        """Return the share of each period that lies in these spans, by (snapshot, span)."""
        first, last = self.starts[:, None], self.ends[:, None]
        return np.asarray(np.clip(np.minimum(last, ends) - np.maximum(first, starts), 0.0, None) / (last - first))

    def share_months(self, months: Iterable[int]) -> Figures:
        """Return the share of each period that lies in these months of any year."""
        reach = self.index[0] + pd.Timedelta(days=float(self.ends.max()))
        firsts = pd.date_range(self.index[0].to_period("M").start_time, reach + pd.DateOffset(months=1), freq="MS")
        edges = np.asarray((firsts - self.index[0]) / pd.Timedelta(days=1), dtype=float)
        inside = np.isin(firsts[:-1].month, list(months))
        return np.asarray(self.share(edges[:-1][inside], edges[1:][inside]).sum(axis=1).clip(max=1.0))


# ------------------------------------------------------------------ from points to factors
def _build_variables(spec: Specification, points: Points, size: int) -> dict[str, xr.DataArray]:
    """Join the effects of all quantities."""
    periods = None if spec.snapshots is None else _Periods.read(spec)
    totals: dict[str, dict[str, Figures]] = {}
    for variable, label, values in _list_effects(spec, points, periods):
        known = totals.setdefault(variable, {})
        join = np.add if variable == "cost_add" else np.multiply
        known[label] = join(known[label], values) if label in known else values
    labels = {
        name: sorted(
            {label for variable, known in totals.items() if _VARIABLES[variable][0] == name for label in known}
        )
        for name in ("component", "bus")
    }
    return {
        variable: _stack(variable, totals[variable], labels[dim], size, periods)
        for variable, (dim, *_) in _VARIABLES.items()
        if variable in totals
    }


def _stack(
    variable: str, known: Mapping[str, Figures], labels: list[str], size: int, periods: _Periods | None
) -> xr.DataArray:
    """Put the values of all labels into one array, along snapshots only if one of them varies."""
    dim, neutral, meaning, unit = _VARIABLES[variable]
    timed = periods is not None and any(values.ndim == 2 for values in known.values())
    length = len(periods.index) if timed and periods is not None else 1
    array = np.full((size, len(labels), length), neutral)
    for i, label in enumerate(labels):
        if label in known:
            array[:, i] = np.broadcast_to(known[label], (length, size)).T
    attrs = {"long_name": meaning, "units": unit}
    if not timed or periods is None:
        return xr.DataArray(array[:, :, 0], {dim: labels}, ("draw", dim), attrs=attrs)
    return xr.DataArray(array, {dim: labels, "snapshot": periods.index}, ("draw", dim, "snapshot"), attrs=attrs)


def _list_effects(spec: Specification, points: Points, periods: _Periods | None) -> Iterator[Effect]:
    """Yield the effects of every quantity."""
    yield from _apply_weather(spec, points)
    for i, event in enumerate(spec.events):
        yield from _apply_event(event, i, points, periods)
    for i, part in enumerate(spec.availability):
        values = part.distribution.invert(points["availability", i, "value"])
        yield from (Effect("capacity_factor", component, values) for component in part.components)
    for i, group in enumerate(spec.demand):
        values = group.distribution.invert(points["demand", i, "value"])
        if group.months is not None and periods is not None:
            values = _blend(periods.share_months(group.months)[:, None], values)
        yield from (Effect("demand_factor", bus, values) for bus in group.buses)
    for i, price in enumerate(spec.price):
        values = price.distribution.invert(points["price", i, "value"])
        yield from (Effect("cost_add", component, values) for component in price.components)


def _blend(share: Figures, factor: Figures | float) -> Figures:
    """Return the mean of a factor that holds for a share of the time, exact where it holds always or never."""
    return np.asarray(share * factor + (1.0 - share))


def _apply_event(event: Event, i: int, points: Points, periods: _Periods | None) -> Iterator[Effect]:
    """Yield what one event does where it happens and as long as it lasts."""
    share: Figures = _happens(event, points["events", i, "value"]).astype(float)
    if event.start is not None and periods is not None:
        starts, lengths = _date(event, i, points, periods)
        covered = periods.share(starts, starts + lengths)
        if event.start == "random":
            # What reaches beyond the end is met at the beginning, so that every day is as likely to be hit.
            whole = periods.ends.max()
            covered = np.minimum(covered + periods.share(starts - whole, starts + lengths - whole), 1.0)
        share = share * covered
    yield from (Effect("capacity_factor", name, _blend(share, left)) for name, left in event.components.items())
    yield from (Effect("demand_factor", bus, _blend(share, factor)) for bus, factor in event.buses.items())
    yield from (Effect("cost_add", name, share * cost) for name, cost in event.cost_add.items())


def _happens(event: Event, points: Figures) -> NDArray[np.bool_]:
    """Return where an event happens: at the upper end, for a correlation to have the sign one expects."""
    return points >= 1.0 - event.probability


def _date(event: Event, i: int, points: Points, periods: _Periods) -> tuple[Figures, Figures]:
    """Return start, in days from the first period, and length of an event in each draw."""
    occurs = np.zeros_like(points["events", i, "value"])
    if event.start == "random":
        starts = points["events", i, "start"] * periods.ends.max()
    else:
        starts = occurs + (pd.Timestamp(event.start) - periods.index[0]) / pd.Timedelta(days=1)
    if isinstance(event.days, float | None):
        return starts, occurs + (event.days or 0.0)
    return starts, event.days.invert(points["events", i, "days"])


def _pick_years(weather: Weather, years: list[int], points: Points) -> NDArray[np.intp]:
    """Return the position of the weather year of each draw."""
    weights = np.ones(len(years)) if weather.weights is None else np.array([weather.weights[year] for year in years])
    return pick(points["weather", 0, "value"], weights)


def _apply_weather(spec: Specification, points: Points) -> Iterator[Effect]:
    """Yield the factors of the weather year of each draw for all buses."""
    if spec.weather is None:
        return
    years = spec.weather.rank_years()
    picked = _pick_years(spec.weather, years, points)
    for bus in spec.weather.list_buses():
        yield Effect("demand_factor", bus, spec.weather.tabulate(bus, years)[..., picked])


def _document(spec: Specification, points: Points) -> dict[str, xr.DataArray]:
    """Return which events happen and which weather year each draw has."""
    found: dict[str, xr.DataArray] = {}
    if spec.events:
        happened = [_happens(event, points["events", i, "value"]) for i, event in enumerate(spec.events)]
        names = [event.name for event in spec.events]
        attrs = {"long_name": "whether it happens"}
        found["happened"] = xr.DataArray(
            np.stack(happened, 1).astype(np.int8), {"event": names}, ("draw", "event"), attrs=attrs
        )
    if spec.weather is not None:
        years = spec.weather.rank_years()
        picked = np.array(years)[_pick_years(spec.weather, years, points)]
        found["weather_year"] = xr.DataArray(picked, dims="draw", attrs={"long_name": "year of the weather"})
    return found
