"""How much more a country could export if it burnt a supplier's gas at home."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from scipy.optimize import linprog
from scipy.sparse import csr_array, eye_array, kron, lil_array

from energyflows.errors import ResultsError, UnknownNameError, UsageError, list_problems, require, suggest
from energyflows.influence.conduits import list_exits, place_links, require_countries, require_origin
from energyflows.results import sum_energy
from energyflows.tracing import trace, trace_links
from energyflows.tracing._stacking import list_leads

Floats = npt.NDArray[np.float64]
_LIMITS = ("inflow_room_twh", "substitutable_twh", "export_room_twh")
#: Part of the smallest limit below which several bind, in different months or places.
_CLOSE = 1e-6
#: GWh/d beyond what any pipeline carries: rows of a program take no infinity.
_VAST = 1e9


class _Grid(NamedTuple):
    """A conduit and the corridors that lead to it: names of links and buses."""

    sources: list[str]
    corridors: list[str]
    markets: list[str]
    inner: list[str]
    entering: list[str]
    within: list[str]
    exits: list[str]


class _Program(NamedTuple):
    """One snapshot as a linear program: rows, and where each kind of variable stands."""

    balance: csr_array
    shared: csr_array
    blocks: dict[str, slice]
    shared_links: list[str]


def measure_shuffling(
    results: xr.Dataset,
    supplier: str,
    conduit: str,
    *,
    substitutable: float = 1.0,
    exits: Iterable[str] | None = None,
    widened: Mapping[str, float] | None = None,
    traced: xr.Dataset | None = None,
) -> pd.DataFrame:
    r"""Return the largest extra export of a country that imports from a supplier can free.

    The supplier's gas takes the place of other gas that serves demand at home; that gas leaves by what room pipelines
    have. It is a bound of what pipes allow, and says nothing about whether anybody does so.

    Parameters
    ----------
    results : xarray.Dataset
        From :func:`energyflows.run`, with any dims beside those of the results contract.
    supplier : str
        ISO-2 code; how much gas it has is no limit here.
    conduit : str
        ISO-2 code of the country.
    substitutable : float
        Part of home demand served by other gas that the supplier's could serve, 0 to 1.
    exits : iterable of str, optional
        Links the freed gas may leave by; default all of :func:`energyflows.influence.conduits.list_exits`.
    widened : mapping of str to float, optional
        GWh/d by which links could carry more than their technical capacity, as ``{"AZ-SANGACHAL": float("inf")}``
        where gas of the grid is taken to reach the terminal.
    traced : xarray.Dataset, optional
        From :func:`energyflows.tracing.trace`; default traced here.

    Returns
    -------
    pandas.DataFrame
        One row per scenario and year, TWh: ``shuffling_twh``; ``inflow_room_twh``, what more of the supplier's gas
        could reach the country's markets; ``substitutable_twh``, demand it could serve; ``export_room_twh``, what more
        could leave its markets; ``limit``, the smallest of these three (all that are equally small), or
        ``several`` where none alone binds.

    Raises
    ------
    UsageError
        For a share outside 0 to 1, a conduit that is the supplier, or widening by less than nothing.
    UnknownNameError
        If nothing comes from the supplier, or a country or link does not exist.
    ResultsError
        If results cannot be traced, or an exit has room without bound.

    Notes
    -----
    In every snapshot, with imports :math:`x` on links to the conduit, gas :math:`f_m` freed at its market :math:`m`
    and freed gas :math:`y` on links inside the conduit and out of it,

    .. math:: \max \sum_{e \in \mathrm{exits}} y_e, \quad
        f_m \le \min\Big(\sum_l \eta_l x_{lm}, \; s \, (1 - \alpha_m) \, c_m\Big)

    where both are conserved at every bus and bound by spare room: technical capacity (capacity, where the tables know
    none) less what is sent. :math:`\alpha_m` is the supplier's traced share in what the market consumes, :math:`c_m`,
    and :math:`s` is ``substitutable``. Freed gas may also stay behind: other gas that flows between two buses of the
    conduit may flow less, so that it is still in the corridor it came by. Imports come by pipelines from corridors fed
    by the supplier, or from its own grid, also those that carry nothing today; resale by third countries and cargoes
    are left out, since ships bring any amount anywhere. The path ends at the border: room farther on, and buyers, are
    not looked at. Tanks are left as they are. Which exits carry it is not unique.

    References
    ----------
    Bushnell, Peterman & Wolfram (2008), Local solutions to global problems: climate change policies and regulatory
    jurisdiction, REEP 2, 175–193, on contract reshuffling.

    Examples
    --------
    >>> from energyflows import run
    >>> row = measure_shuffling(run(years=2025), "RU", "AZ", exits=["SANGACHAL-SCP"]).iloc[0]
    >>> float(row["shuffling_twh"]), row["limit"]
    (0.0, 'export_room_twh')
    """
    require(results, "data_vars coords", "an xarray.Dataset of results")
    extra = dict(widened or {})
    grid = _lay_grid(results, supplier, conduit, exits)
    _check_numbers(results, substitutable, extra)
    found = trace(results) if traced is None else traced
    spare, other, demand = _read_room(results, found, supplier, extra)
    demand = substitutable * demand.sel(bus=grid.markets)
    program = _lay_program(grid, results)
    leads = list_leads(results)
    rates = _solve_leads(program, grid, (spare, other, demand), [str(lead) for lead in leads])
    told = sum_energy(rates, results).to_dataset("figure")
    rows = told.reset_coords(drop=True).to_dataframe(dim_order=[*leads, "year"]).reset_index()
    rows = rows[[*leads, "year", "shuffling_twh", *_LIMITS]]
    return rows.assign(limit=[_name_limit(row) for row in rows.to_dict("records")])


def _check_numbers(results: xr.Dataset, substitutable: float, widened: dict[str, float]) -> None:
    """Refuse shares and widenings that cannot be."""
    known = results["link"].to_numpy().tolist()
    unknown = [f"widened: no link {link!r}{suggest(link, known)}" for link in widened if link not in known]
    if unknown:
        raise UnknownNameError(list_problems("these links do not exist:", unknown))
    problems = [f"widened: {link} by {rate}, expected 0 or more" for link, rate in widened.items() if not rate >= 0]
    if not 0 <= substitutable <= 1:
        problems.append(f"substitutable: found {substitutable!r}, expected a share of 0 to 1")
    if problems:
        raise UsageError(list_problems("this cannot be shuffled:", problems))


def _lay_grid(results: xr.Dataset, supplier: str, conduit: str, exits: Iterable[str] | None) -> _Grid:
    """Find the corridors by which the supplier reaches the conduit, and the ways through it and out of it."""
    if supplier == conduit:
        raise UsageError(f"conduit: found the supplier {supplier} itself, expected another country")
    places = place_links(results)
    require_origin(results, supplier)
    require_countries(results, [conduit])
    country = pd.Series(results["country"].to_numpy(), index=results["bus"].to_numpy())
    kind = pd.Series(results["bus_kind"].to_numpy(), index=country.index)
    inner = [str(bus) for bus in country.index[(country == conduit) & kind.isin(["market", "corridor"])]]
    fed = pd.Index(results["generator_bus"].to_numpy()[results["generator_origin"].to_numpy() == supplier]).unique()
    own = (kind[fed] == "corridor") | ((country[fed] == supplier) & (kind[fed] == "market"))
    sources = [str(bus) for bus in fed[own.to_numpy()]]
    ways = places[(places["kind1"] == "corridor") | places["bus1"].isin(inner)]
    ways = ways[(ways["kind0"] == "corridor") | ways["bus0"].isin([*sources, *inner])]
    # What has come to the conduit stays there: beyond its border it would serve no demand of its own.
    reached = _follow(ways[~ways["bus0"].isin(inner) | ways["bus1"].isin(inner)], set(sources))
    # A market that no way leads to burns what it burns: its demand is no part of what could be served.
    markets = sorted(bus for bus in reached if kind[bus] == "market" and country[bus] == conduit)
    corridors = sorted(bus for bus in reached if bus not in markets)
    enters = places["bus0"].isin(reached) & places["bus1"].isin(reached)
    within = places["bus0"].isin(inner) & places["bus1"].isin(inner)
    out = [link for link in list_exits(results, conduit) if places.at[link, "country1"] != supplier]
    chosen = out if exits is None else list(exits)
    unknown = [f"{link!r}{suggest(str(link), out)}" for link in chosen if link not in out]
    if unknown:
        raise UnknownNameError(list_problems(f"no gas leaves {conduit} to other countries than {supplier} by", unknown))
    named = [[str(link) for link in places.index[each]] for each in (enters, within)]
    return _Grid(sources, corridors, markets, inner, named[0], named[1], chosen)


def _follow(ways: pd.DataFrame, sources: set[str]) -> set[str]:
    """Return the buses gas reaches from others, these among them."""
    reached = set(sources)
    while True:
        grown = reached | set(ways.loc[ways["bus0"].isin(reached), "bus1"])
        if grown == reached:
            return reached
        reached = grown


def _read_room(
    results: xr.Dataset, traced: xr.Dataset, supplier: str, widened: dict[str, float]
) -> tuple[xr.DataArray, xr.DataArray, xr.DataArray]:
    """Return spare room of links, their flow of other gas, and demand served by other gas, GWh/d."""
    most = results["capacity"]
    if "technical" in results:
        most = results["technical"].fillna(most)
    wider = xr.DataArray(
        [widened.get(str(link), 0.0) for link in results["link"].to_numpy()], {"link": results["link"].to_numpy()}
    )
    spare = (most - results["sent"]).clip(min=0.0) + wider
    flows, delivered = trace_links(traced, results), traced["delivered"]
    flows, delivered = (each.drop_sel(origin=supplier, errors="ignore").sum("origin") for each in (flows, delivered))
    return spare, flows.clip(min=0.0), delivered.clip(min=0.0)


def _lay_program(grid: _Grid, results: xr.Dataset) -> _Program:
    """Write the balances of imports and of freed gas, and the room both share."""
    sizes = {
        "import": len(grid.entering),
        "onward": len(grid.within),
        "behind": len(grid.within),
        "exit": len(grid.exits),
        "freed": len(grid.markets),
        "gift": len(grid.markets),
        "waste": len(grid.markets),
    }
    ends = np.cumsum([0, *sizes.values()])
    blocks = {name: slice(int(a), int(b)) for name, a, b in zip(sizes, ends[:-1], ends[1:], strict=True)}
    both = [link for link in grid.within if link in grid.entering]
    shared = lil_array((len(both), int(ends[-1])))
    for row, link in enumerate(both):
        shared[row, blocks["import"].start + grid.entering.index(link)] = 1.0
        shared[row, blocks["onward"].start + grid.within.index(link)] = 1.0
        shared[row, blocks["behind"].start + grid.within.index(link)] = -1.0
    bound = [bus for bus in grid.corridors if bus not in grid.sources] + grid.markets
    rows = {key: row for row, key in enumerate([("import", bus) for bus in bound] + [("freed", b) for b in grid.inner])}
    balance = lil_array((len(rows), int(ends[-1])))
    for key, column, value in _list_terms(grid, results, blocks):
        # At its own sources the supplier has any amount, and beyond the border nothing is looked at: no row.
        if key in rows:
            balance[rows[key], column] += value
    return _Program(csr_array(balance), csr_array(shared), blocks, both)


def _list_terms(
    grid: _Grid, results: xr.Dataset, blocks: Mapping[str, slice]
) -> Iterator[tuple[tuple[str, str], int, float]]:
    """Yield what each variable adds to the balance of which gas at which bus."""
    places = place_links(results)
    gain = pd.Series(results["efficiency"].to_numpy(), index=results["link"].to_numpy())
    for block, gas, links, sign in (
        ("import", "import", grid.entering, 1.0),
        ("onward", "freed", grid.within, 1.0),
        ("behind", "freed", grid.within, -1.0),
        ("exit", "freed", grid.exits, 1.0),
    ):
        for column, link in enumerate(links, start=blocks[block].start):
            yield (gas, places.at[link, "bus0"]), column, -sign
            yield (gas, "" if block == "exit" else places.at[link, "bus1"]), column, sign * float(gain[link])
    for number, bus in enumerate(grid.markets):
        yield ("import", bus), blocks["freed"].start + number, -1.0
        yield ("freed", bus), blocks["freed"].start + number, 1.0
        yield ("import", bus), blocks["gift"].start + number, 1.0
        yield ("freed", bus), blocks["waste"].start + number, -1.0


def _solve_leads(
    program: _Program, grid: _Grid, room: tuple[xr.DataArray, xr.DataArray, xr.DataArray], leads: list[str]
) -> xr.DataArray:
    """Return the four figures by lead and snapshot, GWh/d."""
    spare, other, demand = room
    links = sorted({*grid.entering, *grid.within, *grid.exits})
    figures = ["shuffling_twh", *_LIMITS]
    found: xr.DataArray = xr.apply_ufunc(
        lambda *arrays: _solve_one(program, grid, links, arrays),
        spare.sel(link=links).reset_coords(drop=True),
        other.sel(link=links).reset_coords(drop=True),
        demand.reset_coords(drop=True),
        input_core_dims=[["snapshot", "link"], ["snapshot", "link"], ["snapshot", "bus"]],
        output_core_dims=[["snapshot", "figure"]],
        vectorize=True,
    )
    return found.assign_coords(figure=figures).transpose(*leads, "snapshot", "figure")


def _solve_one(program: _Program, grid: _Grid, links: list[str], arrays: tuple[Floats, ...]) -> Floats:
    """Return shuffled gas and its three limits by snapshot."""
    spare, other, demand = arrays
    place = {link: number for number, link in enumerate(links)}
    room = {
        "import": spare[:, [place[link] for link in grid.entering]],
        "onward": spare[:, [place[link] for link in grid.within]],
        "behind": other[:, [place[link] for link in grid.within]],
        "exit": spare[:, [place[link] for link in grid.exits]],
        "freed": demand,
        "gift": np.zeros_like(demand),
        "waste": np.zeros_like(demand),
    }
    shared = np.minimum(spare[:, [place[link] for link in program.shared_links]], _VAST)
    # Rows of links that both gases use bind their sum; what stays behind makes room for imports.
    for column, link in enumerate(grid.entering):
        if link in program.shared_links:
            room["import"][:, column] = np.inf
    free = np.full_like(demand, np.inf)
    most = _push(program, room, shared, "exit")
    inflow = _push(program, {**room, "freed": free, "waste": free}, shared, "freed")
    export = _push(program, {**room, "freed": free, "gift": free}, shared, "exit")
    return np.stack([most, inflow, demand.sum(axis=1), export], axis=1)


def _push(program: _Program, room: dict[str, Floats], shared: Floats, goal: str) -> Floats:
    """Return the largest sum of a kind of variable in each snapshot."""
    upper = np.concatenate([room[name] for name in program.blocks], axis=1)
    steps, columns = upper.shape
    cost = np.zeros(columns)
    cost[program.blocks[goal]] = -1.0
    each = eye_array(steps)
    solved = linprog(
        np.tile(cost, steps),
        A_ub=kron(each, program.shared).tocsr() if len(program.shared_links) else None,
        b_ub=shared.ravel() if len(program.shared_links) else None,
        A_eq=kron(each, program.balance).tocsr(),
        b_eq=np.zeros(steps * program.balance.shape[0]),
        bounds=np.stack([np.zeros(steps * columns), upper.ravel()], axis=1),
        method="highs",
    )
    if solved.status != 0:
        raise ResultsError(f"room of pipelines: {solved.message.strip()} Expected entries and exits with a capacity")
    return np.asarray(solved.x.reshape(steps, columns)[:, program.blocks[goal]].sum(axis=1), dtype=float)


def _name_limit(row: Mapping[str, float]) -> str:
    """Return the limits that bind over a year."""
    least = min(row[name] for name in _LIMITS)
    if row["shuffling_twh"] < least * (1 - _CLOSE) - _CLOSE:
        return "several"
    return ", ".join(name for name in _LIMITS if row[name] <= least * (1 + _CLOSE) + _CLOSE)
