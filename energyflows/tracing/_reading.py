"""Results as the computation takes them: positions instead of names, arrays instead of variables."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import xarray as xr

from energyflows.tracing._mixing import LEAST_SHARE, Flags, Floats, Positions
from energyflows.tracing._rules import place_rules
from energyflows.tracing._stacking import find_tanks, list_leads, locate, stack, sum_at

#: Origin of gas of which nothing is known; a column of its own, so that it is never spread over the others.
UNKNOWN = "unknown"


class Parts(NamedTuple):
    """The parts of a network by position; the same in all scenarios.

    ``own`` tells generators whose origin is the country they stand in; ``ruled`` are links under a rule.
    """

    origins: list[str]
    begins: Positions
    ends: Positions
    places: Positions
    sources: Positions
    own: Flags
    tanks: Positions
    ruled: Positions


class Figures(NamedTuple):
    """Rates, GWh/d, and levels, GWh, by lead, snapshot and element; ``net`` is injected less withdrawn by tank.

    ``given`` is the share of what links under a rule carry that is given an origin, by that.
    """

    supplied: Floats
    consumed: Floats
    sent: Floats
    received: Floats
    stored: Floats
    net: Floats
    given: Floats
    days: Floats

    def choose(self, leads: slice) -> Figures:
        """Return the figures of some leads."""
        return self._replace(**{name: array[leads] for name, array in self._asdict().items() if name != "days"})


def read_parts(ds: xr.Dataset, more: list[str], rules: xr.DataArray | None = None) -> Parts:
    """Read where the parts of a network are.

    Parameters
    ----------
    ds : xarray.Dataset
        Results.
    more : list of str
        Origins beside those of generators.
    rules : xarray.DataArray, optional
        Shares by link and origin.

    Returns
    -------
    Parts
        Origins in order of the alphabet, the unknown one last.
    """
    origin, buses = ds["generator_origin"].to_numpy().astype(str), ds["bus"].to_numpy().astype(str)
    told = [] if rules is None else rules["origin"].to_numpy().astype(str).tolist()
    origins = [*sorted({*origin.tolist(), *more, *told} - {UNKNOWN}), UNKNOWN]
    places = locate(ds, "generator_bus")
    country = ds["country"].to_numpy().astype(str) if "country" in ds.coords else buses
    return Parts(
        origins=origins,
        begins=locate(ds, "bus0"),
        ends=locate(ds, "bus1"),
        places=places,
        sources=np.array([origins.index(name) for name in origin], dtype=np.intp),
        own=(origin == country[places]) | (origin == buses[places]),
        tanks=find_tanks(ds),
        ruled=_find_links(ds, [] if rules is None else rules["link"].to_numpy().astype(str).tolist()),
    )


def _find_links(ds: xr.Dataset, names: list[str]) -> Positions:
    known = {name: place for place, name in enumerate(ds["link"].to_numpy().astype(str).tolist())}
    return np.array([known[name] for name in names], dtype=np.intp)


def read_figures(ds: xr.Dataset, parts: Parts, rules: xr.DataArray | None = None) -> Figures:
    """Read rates and levels.

    Parameters
    ----------
    ds : xarray.Dataset
        Results.
    parts : Parts
        Of the same results.
    rules : xarray.DataArray, optional
        Shares by link and origin.

    Returns
    -------
    Figures
        Flows below a billionth of the largest one of their scenario are the solver's rounding and left out.
    """
    leads = list_leads(ds)
    flows = [stack(ds, name, leads) for name in ("supplied", "sent", "received")]
    consumed = stack(ds, "consumed", leads)
    least = LEAST_SHARE * np.max([array.max(axis=(1, 2), initial=0.0) for array in (*flows, consumed)], axis=0)
    supplied, sent, received = (_clean(array, least) for array in flows)
    stored = net = np.zeros((*consumed.shape[:2], 0))
    if len(parts.tanks):
        at = locate(ds, "store_bus")
        net = sum_at(stack(ds, "injected", leads) - stack(ds, "withdrawn", leads), at, parts.tanks)
        net = np.where(abs(net) > least[:, None, None], net, 0.0)
        stored = np.maximum(sum_at(stack(ds, "stored", leads), at, parts.tanks), 0.0)
    days = ds["weight_days"].to_numpy().astype(float)
    given = np.zeros((*consumed.shape[:2], 0, len(parts.origins)))
    if rules is not None:
        given = place_rules(rules, ds, parts.origins)
    return Figures(supplied, np.maximum(consumed, 0.0), sent, received, stored, net, given, days)


def _clean(values: Floats, least: Floats) -> Floats:
    return np.where(values > least[:, None, None], values, 0.0)
