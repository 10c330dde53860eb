"""From a mapping to a specification, or to everything that is wrong with it in plain words."""

from __future__ import annotations

import reprlib
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from pydantic import ValidationError

from energyflows.ensemble.sampling._distributions import KINDS, Strict
from energyflows.ensemble.sampling._specification import (
    Availability,
    Correlation,
    Demand,
    Event,
    Price,
    Specification,
    Weather,
)
from energyflows.errors import UsageError, list_problems

_SECTIONS: dict[str, type[Strict]] = {
    "events": Event,
    "availability": Availability,
    "weather": Weather,
    "demand": Demand,
    "price": Price,
    "correlation": Correlation,
}
_SOURCES = ("events", "availability", "weather", "demand", "price")
_TAGS = {*KINDS, "distribution", "number", "list", "[key]"}


def read_specification(spec: object, size: object, seed: object) -> Specification:
    """Check the arguments of :func:`energyflows.ensemble.sampling.sample`, all at once."""
    problems = [*_find_unusable("size", size, 1), *_find_unusable("seed", seed, 0)]
    if not isinstance(spec, Mapping):
        problems.append(f"spec: found {_show(spec)}, expected a mapping with keys such as events or availability")
        raise UsageError(list_problems("these draws cannot be made:", problems))
    data = _normalise(spec)
    read, broken, faults = _validate(data)
    problems += [*faults, *_find_conflicts(read, broken)]
    if problems:
        raise UsageError(list_problems("these draws cannot be made:", problems))
    return read


def _find_unusable(name: str, value: object, least: int) -> list[str]:
    """Name a size or a seed that is none; True would count as 1."""
    if isinstance(value, int | np.integer) and not isinstance(value, bool) and value >= least:
        return []
    return [f"{name}: found {_show(value)}, expected a whole number from {least}"]


# ------------------------------------------------------------------ plain Python, one form for each section
def _normalise(spec: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return a copy in plain Python with each section in its one form."""
    data: dict[Any, Any] = {key: _simplify(value) for key, value in spec.items() if value is not None}
    availability = data.get("availability")
    if isinstance(availability, dict):
        # In the order of names, as the order within a mapping has no meaning.
        data["availability"] = [_list_component(name, availability[name]) for name in sorted(availability, key=str)]
    for section in ("availability", "demand", "price"):
        if isinstance(data.get(section), list):
            data[section] = [_nest(entry) for entry in data[section]]
    return data


def _simplify(value: Any) -> Any:
    """Turn arrays, indices and tuples into lists, scalars of NumPy into those of Python."""
    if isinstance(value, xr.DataArray):
        return _split_years(value)
    if isinstance(value, Mapping):
        return {key.item() if isinstance(key, np.generic) else key: _simplify(part) for key, part in value.items()}
    if isinstance(value, np.ndarray | pd.Index | pd.Series):
        return _list_values(value)
    if isinstance(value, np.datetime64):
        return pd.Timestamp(value)
    if isinstance(value, np.generic):
        return value.item()
    return [_simplify(part) for part in value] if isinstance(value, list | tuple | range) else value


def _list_values(values: Any) -> list[Any]:
    """Return the values of an array; NumPy itself would turn dates into counts of nanoseconds."""
    dates = np.asarray(values).dtype.kind == "M"
    listed: list[Any] = pd.DatetimeIndex(values).to_list() if dates else np.asarray(values).tolist()
    return listed


def _split_years(array: xr.DataArray) -> object:
    """Return an array of weather as a mapping by year and bus; one of other dimensions as it is, to be refused."""
    if not {"year", "bus"} <= set(array.dims) <= {"year", "bus", "snapshot"}:
        return array
    ordered = array.transpose("year", "bus", ...)
    years, buses = (_list_values(ordered[dim].to_numpy()) for dim in ("year", "bus"))
    return {
        year: dict(zip(buses, rows, strict=True)) for year, rows in zip(years, ordered.to_numpy().tolist(), strict=True)
    }


def _list_component(name: object, entry: Any) -> dict[str, Any]:
    """Return one component of the short form of availability as an entry of the long form."""
    if not isinstance(entry, dict):
        return {"components": [name], "distribution": entry}
    named = {"name": entry["name"]} if "name" in entry else {}
    return {"components": [name], "distribution": {key: entry[key] for key in entry if key != "name"}, **named}


def _nest(entry: Any) -> Any:
    """Return a distribution written flat into its entry as one of its own."""
    if not isinstance(entry, dict) or not isinstance(entry.get("distribution"), str):
        return entry
    kept = ("name", "components", "buses", "months")
    return {
        **{key: part for key, part in entry.items() if key in kept},
        "distribution": {key: part for key, part in entry.items() if key not in kept},
    }


# ------------------------------------------------------------------ part by part
def _validate(data: dict[Any, Any]) -> tuple[Specification, set[str], list[str]]:
    """Return what can be read, the sections of which something cannot, and why."""
    try:
        return Specification.model_validate(data), set(), []
    except ValidationError as error:
        faults = error.errors()
    problems = [_describe(fault, data) for fault in faults]
    broken = {str(fault["loc"][0]) for fault in faults}
    rest = {key: part for key, part in data.items() if str(key) not in broken}
    # What is left was valid beside the broken parts, except days, which may have been checked against nothing.
    return _validate(rest)[0], broken, problems


def _describe(fault: Any, data: object) -> str:
    """Say where something is wrong, what was found and what was expected."""
    place, model, expected = _locate(fault["loc"], data)
    kind = fault["type"]
    if kind == "value_error":
        return f"{place}: {fault['ctx']['error']}"
    if kind in {"extra_forbidden", "invalid_key"}:
        return f"{place}: unknown key; expected one of {', '.join(model.model_fields)}"
    if kind == "union_tag_invalid":
        return f"{place}: found {fault['ctx']['tag']!r}, expected one of {', '.join(KINDS)}"
    found = "missing" if kind == "missing" else f"found {_show(fault['input'])}"
    return f"{place}: {found}, expected {expected}"


def _locate(loc: tuple[Any, ...], data: object) -> tuple[str, type[Strict], str]:
    """Return a place in words, the model that rules there, and what is expected there."""
    model: type[Strict] = Specification
    place, expected, here = "", "", data
    for depth, key in enumerate(loc):
        below = _step(here, key)
        # pydantic also tells which branch of a union it took.
        missing = depth == len(loc) - 1 and key in model.model_fields
        if below is _NOWHERE and key in _TAGS and not missing:
            model = KINDS.get(key, model)
            continue
        place += f"[{_label(below, key)}]" if isinstance(here, list) else f".{key}"
        described = model.model_fields.get(str(key))
        expected = (described and described.description) or expected
        model = _SECTIONS.get(str(key), model) if depth == 0 else model
        here = below
    return place.removeprefix("."), model, expected


_NOWHERE = object()


def _step(here: Any, key: Any) -> Any:
    """Return what stands at a key or a position, if anything."""
    if isinstance(here, list) and isinstance(key, int) and key < len(here):
        return here[key]
    # Where keys of another type were read, e.g. years from texts, their text is what remains.
    texts = {str(known): part for known, part in here.items()} if isinstance(here, dict) else {}
    return texts.get(str(key), _NOWHERE)


def _label(entry: object, position: int) -> str:
    """Return how a reader finds an entry: by its name, what it names, or its position from 1."""
    if not isinstance(entry, dict):
        return str(position + 1)
    names = entry.get("name") or entry.get("components") or entry.get("buses")
    listed = names if isinstance(names, list) else [names]
    return ", ".join(map(str, listed)) if names and not isinstance(names, dict) else str(position + 1)


def _show(value: object) -> str:
    """Return a value short enough for a message."""
    if isinstance(value, xr.DataArray):
        return f"a DataArray with the dimensions {', '.join(map(str, value.dims))}"
    return reprlib.repr(value)


# ------------------------------------------------------------------ parts against each other
def _find_conflicts(spec: Specification, broken: set[str]) -> Iterator[str]:
    """Find parts that do not fit each other; what depends on a broken part is not judged."""
    if not broken and not any(getattr(spec, source) for source in _SOURCES):
        yield f"spec: nothing varies; add at least one of {', '.join(_SOURCES)}"
    if not broken & {"snapshots", "days"}:
        yield from _find_untimed(spec)
    yield from _find_duplicates(spec)
    if not broken:
        yield from _find_uncorrelated(spec)


def _find_untimed(spec: Specification) -> Iterator[str]:
    """Find missing periods, and what does not fit the periods."""
    given = {"snapshots": spec.snapshots, "days": spec.days}
    missing = [name for name, part in given.items() if part is None]
    if len(missing) == 1 or (missing and spec.timed):
        yield (
            f"{' and '.join(missing)}: missing, expected the starts of the periods (snapshots) and their lengths "
            "(days); events with a start, months and weather within the year need them"
        )
    if spec.snapshots is not None and spec.days is not None:
        yield from _find_misfits(spec, len(spec.snapshots))
        yield from _find_missed(spec)


def _find_misfits(spec: Specification, periods: int) -> Iterator[str]:
    """Find courses of weather of another length than the snapshots."""
    years = {} if spec.weather is None else spec.weather.years
    for year, buses in years.items():
        for bus, course in buses.items():
            if isinstance(course, list) and len(course) != periods:
                found = f"found {len(course)} factors, expected one for each of {periods} snapshots"
                yield f"weather.years.{year}.{bus}: {found}"


def _find_missed(spec: Specification) -> Iterator[str]:
    """Find events that can never fall into the periods."""
    starts, days = spec.snapshots or [], spec.days or []
    end = max(start + timedelta(days=length) for start, length in zip(starts, days, strict=True))
    for event in spec.events:
        if event.start is None or event.start == "random":
            continue
        late, early = event.start >= end, (starts[0] - event.start) / timedelta(days=1) >= event.longest
        if late or early:
            yield f"events[{event.name}].start: found {event.start}, but the periods run from {starts[0]} to {end}"


def _find_duplicates(spec: Specification) -> Iterator[str]:
    """Find names of more than one quantity."""
    counts = Counter(name for _, _, name in spec.list_named() if name is not None)
    for name, count in counts.items():
        if count > 1:
            yield f"name {name!r}: found {count} times; give each event and each named quantity its own name"


def _find_uncorrelated(spec: Specification) -> Iterator[str]:
    """Find correlations of what does not exist, and those that contradict each other."""
    pairs = [] if spec.correlation is None else spec.correlation.pairs
    known = {name for _, _, name in spec.list_named() if name is not None}
    problems = [
        f"correlation.pairs: unknown quantity {name!r}; expected one of {', '.join(sorted(known)) or '(none is named)'}"
        for name in sorted({name for first, second, _ in pairs for name in (first, second)} - known)
    ]
    counts = Counter(frozenset(pair[:2]) for pair in pairs)
    problems += [
        f"correlation.pairs: found {first!r} with itself; name two quantities"
        for first, second, _ in pairs
        if first == second
    ]
    problems += [
        f"correlation.pairs: found {' and '.join(sorted(pair))} {count} times; give one rho for them"
        for pair, count in counts.items()
        if count > 1
    ]
    yield from problems or _find_indefinite(spec)


def build_matrix(spec: Specification) -> tuple[list[str], NDArray[np.float64]]:
    """Return the correlated quantities in the order of their columns, and the matrix of their correlations."""
    pairs = [] if spec.correlation is None else spec.correlation.pairs
    named = {name for first, second, _ in pairs for name in (first, second)}
    names = [name for _, _, name in spec.list_named() if name in named and name is not None]
    matrix = np.eye(len(names))
    for first, second, rho in pairs:
        i, j = names.index(first), names.index(second)
        matrix[i, j] = matrix[j, i] = rho
    return names, matrix


def _find_indefinite(spec: Specification) -> Iterator[str]:
    """Find correlations no set of quantities can have, e.g. A with B, B with C, but A against C."""
    names, matrix = build_matrix(spec)
    least = float(np.linalg.eigvalsh(matrix)[0]) if names else 1.0
    if least < 1e-9:
        # With all of them times f, the least eigenvalue is 1 - f (1 - least).
        share = np.floor(99.9 / (1 - least)) / 100
        yield (
            f"correlation.pairs: the matrix of {', '.join(names)} is not positive definite "
            f"(least eigenvalue {least:.3g}); pairs not listed count as 0: list them too, "
            f"or multiply all rho by {share:g} or less"
        )
