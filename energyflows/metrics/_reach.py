"""What suppliers could bring to each country through its pipes: the largest flows of a year."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow

from energyflows.errors import UnknownNameError, UsageError, list_problems, suggest
from energyflows.metrics._installations import (
    find_markets,
    read_installations,
    refuse_scenarios,
    split_scenarios,
    split_years,
)
from energyflows.metrics._suppliers import pivotal

_GWH_PER_TWH = 1e3
_COLUMNS = ["year", "country", "demand_twh", "reach_twh"]
#: The flow algorithm counts in whole numbers of 32 bits; the finest unit in which nothing overflows is used.
_MOST = 2_000_000_000


class _Grid(NamedTuple):
    """Yearly volumes as a graph: nodes are buses, behind them one source and one sink."""

    tails: npt.NDArray[np.intp]
    heads: npt.NDArray[np.intp]
    most: npt.NDArray[np.float64]
    supplied: dict[str, npt.NDArray[np.float64]]
    demand: npt.NDArray[np.float64]
    markets: dict[str, npt.NDArray[np.intp]]


def _lay_grid(ds: xr.Dataset) -> _Grid:
    """Return what a year allows: technical capacity on every day, supply of each origin, demand."""
    days = ds["weight_days"]
    index = pd.Index(ds["bus"].to_numpy())
    carried = ds.isel(link=~ds["is_storage_link"].to_numpy().astype(bool))
    bus = index.get_indexer(ds["generator_bus"].to_numpy())
    volume = (ds["available"] * days).sum("snapshot").to_numpy()
    origin = ds["generator_origin"].to_numpy()
    supplied = {
        str(name): np.bincount(bus[origin == name], volume[origin == name], len(index)).astype(float)
        for name in np.unique(origin)
    }
    return _Grid(
        index.get_indexer(carried["bus0"].to_numpy()),
        index.get_indexer(carried["bus1"].to_numpy()),
        (carried["technical"] * days).sum("snapshot").to_numpy(),
        supplied,
        (ds["demand"] * days).sum("snapshot").clip(min=0.0).to_numpy(),
        {country: index.get_indexer(buses) for country, buses in find_markets(ds).items()},
    )


def _push(grid: _Grid, supply: npt.NDArray[np.float64], taken: npt.NDArray[np.float64]) -> float:
    """Return the largest flow from supplies to demands, in their unit; what is without bound is bound by the rest."""
    size = len(supply)
    unit = max(float(min(supply.sum(), taken[np.isfinite(taken)].sum() + supply.sum())), 1e-9) / _MOST
    nodes = np.arange(size)
    tails = np.concatenate([grid.tails, np.full(size, size), nodes])
    heads = np.concatenate([grid.heads, nodes, np.full(size, size + 1)])
    most = np.concatenate([grid.most, supply, taken])
    whole = np.floor(np.minimum(np.nan_to_num(most / unit, posinf=_MOST), _MOST)).astype(np.int64)
    summed = csr_array((whole, (tails, heads)), shape=(size + 2, size + 2))
    summed.sum_duplicates()
    summed.data = np.minimum(summed.data, _MOST)
    return float(maximum_flow(summed.astype(np.int32), size, size + 1).flow_value) * unit


def _reach(grid: _Grid, supply: npt.NDArray[np.float64], country: str, *, others_first: bool) -> float:
    """Return what supplies could bring to a country, perhaps after all others have taken what they need."""
    own = grid.markets[country]
    taken = grid.demand.copy() if others_first else np.zeros_like(grid.demand)
    taken[own] = 0.0
    before = _push(grid, supply, taken) if others_first else 0.0
    taken[own] = np.inf
    return _push(grid, supply, taken) - before


def residual_supply_table(x: Any, origin: str, *, year: int | None = None, others_first: bool = False) -> pd.DataFrame:
    r"""Return what all origins but one could bring to each country, against its yearly demand.

    Parameters
    ----------
    x : pypsa.Network or xarray.Dataset
        A network, ours or any other, solved or not; or results, also of several scenarios.
    origin : str
        The origin left out, on all its routes and by ship.
    year : int, optional
        One of several; default all.
    others_first : bool
        Whether a country gets only what is left when all others have had their demand. By default each is looked at as
        if the others wanted nothing, which is the most that pipes and supply allow.

    Returns
    -------
    pandas.DataFrame
        One row per scenario, year and country: ``demand_twh, reach_twh, residual_supply`` (NaN without demand),
        ``pivotal``.

    Raises
    ------
    UnknownNameError
        If nothing comes from the origin.

    Notes
    -----
    The largest flow through technical capacities over the whole year from what the other origins have available. With
    others first: the largest flow to all, less the largest flow to all others, which may be split in more than one
    way, but not in its sum. Losses, costs and the seasons are left out, so it is an upper bound, but for gas from
    stocks, which is left out as well. What is shipped is bound as in the network: for cargoes that may
    turn round, take ``energyflows.network.free_destinations(n)``.

    Examples
    --------
    >>> from energyflows import build_network
    >>> table = residual_supply_table(build_network(2025), "RU").set_index("country")
    >>> bool(table.at["DE", "residual_supply"] > 1)
    True
    """
    rows = []
    for named, part in split_scenarios(x):
        for number, ds in split_years(read_installations(part), year):
            grid = _lay_grid(ds)
            _require_origins(grid, [origin])
            supply = sum(
                (volume for name, volume in grid.supplied.items() if name != origin), np.zeros(ds.sizes["bus"])
            )
            for country, own in grid.markets.items():
                demand = float(grid.demand[own].sum())
                reach = _reach(grid, supply, country, others_first=others_first)
                told = {"demand_twh": demand / _GWH_PER_TWH, "reach_twh": reach / _GWH_PER_TWH}
                rows.append({**named, "year": number, "country": country, **told})
    table = pd.DataFrame(rows) if rows else pd.DataFrame(columns=_COLUMNS, dtype=float)
    table["residual_supply"] = (table["reach_twh"] / table["demand_twh"]).where(table["demand_twh"] > 0)
    return table.assign(pivotal=pivotal(table["residual_supply"]) == 1)


def _require_origins(grid: _Grid, origins: Sequence[str]) -> None:
    unknown = [name for name in origins if name not in grid.supplied]
    if unknown:
        told = [f"origin {name!r}{suggest(str(name), grid.supplied)}" for name in unknown]
        raise UnknownNameError(
            list_problems(f"nothing is supplied from these; known: {', '.join(grid.supplied) or 'none'}", told)
        )


def reach_by_origin(x: Any, *, year: int | None = None, origins: Sequence[str] | None = None) -> xr.Dataset:
    """Return what each origin alone could bring to each country.

    Parameters
    ----------
    x : pypsa.Network or xarray.Dataset
        A network, ours or any other, solved or not; or results of one scenario.
    year : int, optional
        One of several; needed if there are.
    origins : sequence of str, optional
        Default all.

    Returns
    -------
    xarray.Dataset
        ``reach(origin, country)`` and ``demand(country)``, GWh, for :func:`source_access` and
        :func:`residual_supply`. A country's own output is in it, from its own origin.

    Raises
    ------
    UsageError
        If there are several years and none is chosen, or several scenarios.
    UnknownNameError
        If nothing comes from an origin.

    Notes
    -----
    The largest flow through technical capacities over the whole year, for each country and origin as if no one else
    used the pipes; the volumes must not be added up.

    Examples
    --------
    >>> import pypsa
    >>> n = pypsa.Network()
    >>> n.add("Bus", ["here", "there"])
    >>> n.add("Load", "demand", bus="here", p_set=5.0)
    >>> n.add("Generator", "field", bus="there", p_nom=6.0, origin="AZ")
    >>> n.add("Link", "pipe", bus0="there", bus1="here", p_nom=8.0)
    >>> reach_by_origin(n)["reach"].to_series().to_dict()
    {('AZ', 'here'): 6.0}
    """
    refuse_scenarios(x)
    years = list(split_years(read_installations(x), year))
    if len(years) > 1:
        raise UsageError(f"year: found {', '.join(str(number) for number, _ in years)}, expected one; choose it")
    grid = _lay_grid(years[0][1])
    chosen = list(grid.supplied) if origins is None else list(origins)
    _require_origins(grid, chosen)
    values = [[_reach(grid, grid.supplied[o], c, others_first=False) for c in grid.markets] for o in chosen]
    demand = [float(grid.demand[own].sum()) for own in grid.markets.values()]
    countries = list(grid.markets)
    return xr.Dataset(
        {
            "reach": (("origin", "country"), np.array(values).reshape(len(chosen), len(countries)), {"units": "GWh"}),
            "demand": ("country", np.array(demand), {"units": "GWh"}),
        },
        coords={"origin": np.array(chosen, dtype=str), "country": np.array(countries, dtype=str)},
    )
