"""What metrics ask of an engine: draws in which a supplier is out and some zones are served before others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from energyflows.errors import ResultsError, UsageError, list_problems, require
from energyflows.results import RESPONSE, UNSERVED

#: Maps draws to results along ``draw`` with ``unserved_sum`` and ``response_sum`` by bus.
Engine = Callable[[xr.Dataset], xr.Dataset]
#: EUR/MWh by which giving up demand is made dearer than anything else.
DEAREST = 1e4
#: Of rates; what a solver leaves of zero.
TOLERANCE = 1e-4


def list_resorts(n: Any) -> dict[str, list[str]]:
    """List the generators that stand for demand given up or not met, by bus.

    Parameters
    ----------
    n : pypsa.Network
        Ours or any other.

    Returns
    -------
    dict of str to list of str
        For the metrics that solve again, which make them the last resort.

    Examples
    --------
    >>> import pypsa
    >>> n = pypsa.Network()
    >>> n.add("Bus", "MT")
    >>> n.add("Generator", ["field", "MT unserved"], bus="MT", carrier=["gas", "unserved"])
    >>> list_resorts(n)
    {'MT': ['MT unserved']}
    """
    require(n, "generators buses", "a pypsa.Network")
    chosen = n.generators[n.generators["carrier"].astype(str).str.lower().isin(UNSERVED | RESPONSE)]
    return {str(bus): sorted(map(str, names)) for bus, names in chosen.groupby("bus").groups.items()}


def require_components(components: Sequence[str]) -> None:
    """Refuse what is no list of names.

    Parameters
    ----------
    components : sequence of str
        Names as in the engine's network.

    Raises
    ------
    UsageError
        If there are none.
    """
    if isinstance(components, str) or not len(components) or not all(isinstance(name, str) for name in components):
        raise UsageError(f"found {components!r}, expected a list of names of components, at least one")


def find_zones(demand: xr.DataArray, resorts: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the zones that have demand.

    Parameters
    ----------
    demand : xarray.DataArray, [GWh]
        By ``bus``.
    resorts : mapping of str to iterable of str
        From :func:`list_resorts`.

    Returns
    -------
    list of str
        In the order of ``demand``.

    Raises
    ------
    UsageError
        If demand is negative or NaN, or a zone has no resorts; all at once.
    """
    require(demand, "dims sizes coords", "demand as an xarray.DataArray by bus")
    if demand.dims != ("bus",) or "bus" not in demand.coords:
        raise UsageError(f"demand: found dims {dict(demand.sizes)}, expected names along 'bus' alone")
    values = dict(zip(demand["bus"].to_numpy().tolist(), demand.to_numpy().astype(float).tolist(), strict=True))
    problems = [
        f"{zone}: found {value!r}, expected GWh of at least 0"
        for zone, value in values.items()
        if not (np.isfinite(value) and value >= 0)
    ]
    problems += [f"{zone}: resorts name nothing for demand not met there" for zone in values if not resorts.get(zone)]
    if problems:
        raise UsageError(list_problems("demand cannot be used:", problems))
    return [zone for zone, value in values.items() if value > 0]


def draw_shortage(
    served: Sequence[Sequence[str]], resorts: Mapping[str, Iterable[str]], without: Sequence[str] = ()
) -> xr.Dataset:
    """Return draws without some components, each with zones before which all others stand back.

    Others want nothing then. To leave them their demand and make that of the zones dearer would not do: what stands
    for demand given up there can be larger than demand, and the rest would be gas that does not exist.

    Parameters
    ----------
    served : sequence of sequence of str
        Zones served first, by draw.
    resorts : mapping of str to iterable of str
        From :func:`list_resorts`.
    without : sequence of str
        Components that are out in all draws.

    Returns
    -------
    xarray.Dataset
        ``capacity_factor`` and ``cost_add`` by draw and component, ``demand_factor`` by draw and bus.
    """
    dear = [[name for zone in zones for name in resorts[zone]] for zones in served]
    names = list(dict.fromkeys([*without, *(name for row in dear for name in row)]))
    place = {name: number for number, name in enumerate(names)}
    cost = np.zeros((len(served), len(names)))
    for row, members in zip(cost, dear, strict=True):
        row[[place[name] for name in members]] = DEAREST
    capacity = np.ones_like(cost)
    capacity[:, [place[name] for name in without]] = 0.0
    wanted = np.array([[float(bus in set(zones)) for bus in resorts] for zones in served])
    dims = ("draw", "component")
    return xr.Dataset(
        {
            "capacity_factor": (dims, capacity),
            "cost_add": (dims, cost),
            "demand_factor": (("draw", "bus"), wanted.reshape(len(served), len(resorts))),
        },
        coords={"component": names, "bus": list(resorts)},
    )


def scale_demand(draws: xr.Dataset, factors: npt.NDArray[np.float64], zones: Sequence[str]) -> xr.Dataset:
    """Return draws of :func:`draw_shortage` with factors on the demand of zones, by (draw, zone)."""
    scale = xr.DataArray(factors, dims=("draw", "bus"), coords={"bus": list(zones)})
    return draws.assign(demand_factor=draws["demand_factor"] * scale.reindex(bus=draws["bus"], fill_value=1.0))


def measure_shortage(
    engine: Engine, served: Sequence[Sequence[str]], components: Sequence[str], resorts: Mapping[str, Iterable[str]]
) -> list[float]:
    """Return what each group of zones has to give up when it is served before all others.

    Parameters
    ----------
    engine : callable
        From draws to results.
    served : sequence of sequence of str
        Zones of each group.
    components : sequence of str
        Out in all draws.
    resorts : mapping of str to iterable of str
        From :func:`list_resorts`.

    Returns
    -------
    list of float
        GWh.
    """
    zones = list(dict.fromkeys(zone for members in served for zone in members))
    if not zones:
        return [0.0] * len(served)
    found = disrupt(engine, draw_shortage(served, resorts, components), zones)
    return [float(found[draw].sel(bus=list(members)).sum()) for draw, members in enumerate(served)]


def disrupt(engine: Engine, draws: xr.Dataset, zones: Sequence[str]) -> xr.DataArray:
    """Return demand given up or not met.

    Parameters
    ----------
    engine : callable
        From draws to results.
    draws : xarray.Dataset
        To be solved.
    zones : sequence of str
        Buses to report.

    Returns
    -------
    xarray.DataArray, [GWh]
        By draw and bus.

    Raises
    ------
    ResultsError
        If results lack a variable, or a draw has no solution.
    """
    size = draws.sizes["draw"]
    found = engine(draws.assign_coords(draw=np.arange(size)))
    missing = [name for name in ("unserved_sum", "response_sum") if name not in found]
    if missing:
        raise ResultsError(f"the engine's results lack {', '.join(missing)}; expected GWh by draw and bus")
    total = (found["unserved_sum"] + found["response_sum"]).transpose("draw", "bus").sel(bus=list(zones))
    failed = int(total.isnull().any("bus").sum())
    if failed:
        raise ResultsError(f"{failed} of {size} draws have no solution, so the metric has no value")
    return total.clip(min=0.0)


def rate_shares(missing: xr.DataArray, demand: xr.DataArray) -> xr.DataArray:
    """Return shares of demand.

    Parameters
    ----------
    missing : xarray.DataArray, [GWh]
        Of some or all of the zones; others lack nothing.
    demand : xarray.DataArray, [GWh]
        By zone.

    Returns
    -------
    xarray.DataArray, [1]
        Cut to 0…1, and to 0 below :data:`TOLERANCE`; NaN without demand.
    """
    dim = str(demand.dims[0])
    aligned = missing.reindex({dim: demand[dim]}, fill_value=0.0)
    share = (aligned / demand.where(demand > 0)).clip(0.0, 1.0)
    return share.where((share > TOLERANCE) | share.isnull(), 0.0).assign_attrs(units="1")
