"""One year, decided month by month."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pypsa
import xarray as xr
from tqdm.auto import tqdm

from energyflows.datasets import load_tables, strip_passport
from energyflows.ensemble.draws import change_network
from energyflows.ensemble.figures import Figures, read_figures
from energyflows.ensemble.program import Program, compile_network
from energyflows.ensemble.reducing import Numbers
from energyflows.ensemble.resolving import Resolver
from energyflows.errors import SolveError, UsageError, list_problems
from energyflows.foresight.expecting import expect_tables, read_course
from energyflows.network.building import build_network
from energyflows.network.calendar import build_periods, list_years
from energyflows.network.inputs import Inputs
from energyflows.network.lng import PRICE_HUB, spread_prices
from energyflows.network.parts import PENALTY
from energyflows.network.storage import LEVEL_TOLERANCE, find_levels
from energyflows.results import fill, label, lay_out, sum_rewards
from energyflows.solving import solve

RESOLUTION = "monthly"
#: Parameters that say what gas below and above an observed level is worth at the end of the year, multiples of JKM.
END_WORTH = ("end_value_factor_2", "end_value_factor_4")
#: Decimals of rates in GWh/d. Figures of a month are shares of the largest of the year, so that months to come would
#: show in the last digits.
DECIMALS = 8
#: What components can do, by snapshot and name: size times share.
_RATED = ("Generator", "Link")
_DEMAND = ("Load", "p_set")

#: Rates in GWh/d by snapshot and name, of generators, links and loads.
Rates = dict[str, Numbers]


def run_rolling(
    year: int,
    *,
    resolution: str = RESOLUTION,
    tables: Mapping[str, pd.DataFrame] | None = None,
    stocks: Mapping[str, float] | None = None,
    progress: bool = False,
) -> xr.Dataset:
    """Solve a year month by month, each with what was known or could be expected then.

    In each month the rest of the year is planned: the month as it was, later months as
    :func:`energyflows.foresight.expect_months` says. Of the plan only that month is carried out; the next one starts
    from its stocks. Flows, stocks and prices of the result are those carried out.

    Expected are followed supply and followed flows by month, demand outside the rest of the world, and capacities of
    pipelines and terminals, whose additions are known and whose cuts are not. Known are all yearly figures (LNG by
    exporter and pool, routes with yearly totals, home production, the JKM price), contracts, filling targets and the
    level of stocks at the end of the year, which :func:`build_year` makes worth what gas costs.

    Parameters
    ----------
    year : int
        Calendar year.
    resolution : {"monthly"}
        Length of a period.
    tables : mapping of str to pandas.DataFrame, optional
        From :func:`energyflows.load_tables`; default the packaged tables.
    stocks : mapping of str to float, optional
        GWh in store at the start, by zone; default the observed stocks.
    progress : bool
        Show a progress bar over the months.

    Returns
    -------
    xarray.Dataset
        As :func:`energyflows.solve` returns it, with the attribute ``foresight``.

    Raises
    ------
    UsageError
        For arguments that cannot be used, or if a zone's stock at the start is not known.
    SolveError
        If a month has no solution.

    Examples
    --------
    >>> ds = run_rolling(2022)
    >>> ds.sizes["snapshot"], ds.attrs["foresight"]
    (12, 'rolling')
    """
    _refuse_choices(year, resolution)
    given = load_tables() if tables is None else tables
    n = build_year(year, given, stocks)
    bar = tqdm(n.snapshots, desc=f"months of {year}", disable=not progress, leave=False)
    raw, cost = roll(n, expect_rates(n, given, stocks, bar))
    layout = lay_out(n)
    ds = label(layout, fill(layout, raw), cost + sum_rewards(layout, raw))
    return ds.assign_attrs(foresight="rolling")


def _refuse_choices(year: int, resolution: str) -> None:
    problems = []
    if len(list_years(year)) > 1:
        problems.append(f"year: found {year!r}, expected one year")
    if resolution != RESOLUTION:
        problems.append(f"resolution: found {resolution!r}, expected 'monthly', because expectations go by month")
    if problems:
        raise UsageError(list_problems("a year cannot be decided month by month:", problems))


def build_year(
    year: int, tables: Mapping[str, pd.DataFrame], stocks: Mapping[str, float] | None = None
) -> pypsa.Network:
    """Build the network of a year as it was, whose stocks at the end are wanted for what gas is worth.

    A level held at any price, as :func:`energyflows.build_network` does, is harmless if all is known beforehand.
    With wrong expectations the last months would pay hundreds of EUR/MWh to reach it, or give gas away.

    Parameters
    ----------
    year : int
        Calendar year.
    tables : mapping of str to pandas.DataFrame
        From :func:`energyflows.load_tables`.
    stocks : mapping of str to float, optional
        GWh in store at the start, by zone; default the observed stocks.

    Returns
    -------
    pypsa.Network
        By month. Gas below a level observed at the end of the year earns the JKM price times ``end_value_factor_2``,
        gas above it times ``end_value_factor_4``; zones without an observed level are as in any network.

    Raises
    ------
    UsageError
        If a zone's stock at the start is not known.

    Examples
    --------
    >>> n = build_year(2022, load_tables())
    >>> len(n.snapshots), bool(n.stores["e_cyclic"].any())
    (12, False)
    """
    n = build_network(year, RESOLUTION, tables, stocks=stocks)
    _refuse_cycles(n)
    bare = {name: strip_passport(table) for name, table in tables.items()}
    inputs = Inputs(bare, build_periods(year, RESOLUTION), RESOLUTION)
    level = n.stores["bus"].str.removesuffix(" storage").map(find_levels(inputs, pd.Timestamp(year, 12, 31)))
    below = n.stores.groupby("bus")["e_nom"].cumsum() <= level + LEVEL_TOLERANCE
    price, penalty = float(spread_prices(inputs, PRICE_HUB).iat[-1]), inputs.parameter(PENALTY)
    full, spare = (price * inputs.parameter(name) for name in END_WORTH)
    step = pd.Series(np.where(below, full - penalty, spare + penalty), n.stores.index).where(level.notna(), 0.0)
    worth = n.get_switchable_as_dense("Store", "marginal_cost_storage").copy()
    worth.iloc[-1] -= step / n.snapshot_weightings["objective"].iloc[-1]
    n.stores_t.marginal_cost_storage = worth
    return n


def _refuse_cycles(n: Any) -> None:
    """Refuse stores that end where they start, at a level that the whole year would tell."""
    free = sorted({bus.removesuffix(" storage") for bus in n.stores.loc[n.stores["e_cyclic"], "bus"]})
    if free:
        raise UsageError(f"stocks: not known at the start of the year for {', '.join(free)}; give them in GWh by zone")


def expect_rates(
    n: Any, tables: Mapping[str, pd.DataFrame], stocks: Mapping[str, float] | None, months: Iterable[pd.Timestamp]
) -> Iterator[Rates]:
    """Yield what was expected of a year in each of its months.

    Parameters
    ----------
    n : pypsa.Network
        The year as it was, one snapshot per month.
    tables : mapping of str to pandas.DataFrame
        It was built from.
    stocks : mapping of str to float or None
        GWh at the start by zone.
    months : iterable of pandas.Timestamp
        Starts of the months.

    Yields
    ------
    dict of str to numpy.ndarray
        GWh/d by snapshot and name of generators, links and loads; of the year as it was for the last month.
    """
    year = int(n.snapshots[0].year)
    course = read_course(tables, year)
    for month in months:
        last = month == n.snapshots[-1]
        built = n if last else build_network(year, RESOLUTION, expect_tables(tables, course, month), stocks=stocks)
        yield read_rates(read_figures(built))


def read_rates(figures: Figures) -> Rates:
    """Return what generators and links can do, and what loads take.

    Parameters
    ----------
    figures : mapping
        From :func:`energyflows.ensemble.figures.read_figures`.

    Returns
    -------
    dict of str to numpy.ndarray
        GWh/d by snapshot and name.
    """
    rates = {name: figures[name, "p_nom"] * figures[name, "p_max_pu"] for name in _RATED}
    return {name: values.round(DECIMALS) for name, values in {**rates, "Load": figures[_DEMAND]}.items()}


def roll(n: Any, expectations: Iterable[Rates]) -> tuple[dict[str, Numbers], float]:
    """Decide a year period by period.

    Parameters
    ----------
    n : pypsa.Network
        The year as it was; stays as it is. Its stores are not cyclic.
    expectations : iterable of dict
        By period, the rates expected for all periods; only those of later periods are looked at.

    Returns
    -------
    tuple of dict and float
        Decisions as :func:`energyflows.results.fill` takes them, with the figures of the year as it was; and what
        they cost the solver, rewards included, in thousand EUR.

    Raises
    ------
    SolveError
        If a period has no solution.
    """
    truth = read_figures(n)
    program = _compile_open(n, truth)
    resolver = Resolver(program.reduction, program.place({})[0])
    stocks, used = truth["Store", "e_initial"], np.zeros(len(n.generators))
    decided: list[dict[str, Numbers]] = []
    for position, expected in enumerate(expectations):
        changed = change_stage(truth, expected, position, stocks=stocks, used=used)
        decided.append(_decide(program, resolver, changed, position))
        if not decided[-1]:
            raise _explain(n, position)
        stocks = decided[-1]["Store-e"].clip(min=0.0)
        used = used + program.places.weights[position] * decided[-1]["Generator-p"]
    figures = {f"{component}-{attribute}": values for (component, attribute), values in truth.items()}
    raw = figures | {key: np.array([row[key] for row in decided]) for key in decided[0]}
    return raw, sum_cost(program, raw)


def _compile_open(n: Any, truth: Figures) -> Program:
    """Compile a network in which nothing is closed, so that whatever is expected can be put in."""
    keys = [(component, attribute) for component in _RATED for attribute in ("p_nom", "p_max_pu")]
    return compile_network(change_network(n, {key: np.ones_like(truth[key]) for key in (*keys, ("Store", "e_max_pu"))}))


def change_stage(
    truth: Figures, expected: Rates, position: int, *, stocks: Numbers, used: Numbers
) -> dict[tuple[str, str], Numbers]:
    """Return the figures of the programme that is solved in one period.

    Before the period nothing flows, so that stores hold what they are given at the start, and budgets are what is left.

    Parameters
    ----------
    truth : mapping
        Figures of the year as it was.
    expected : dict
        Rates of the year as expected.
    position : int
        Number of the period.
    stocks : numpy.ndarray
        GWh by store, at the end of the period before.
    used : numpy.ndarray
        GWh by generator, until then.

    Returns
    -------
    dict
        Figures by (component, attribute).
    """
    known = read_rates(truth)
    rates = {name: np.concatenate([known[name][: position + 1], expected[name][position + 1 :]]) for name in known}
    changed: dict[tuple[str, str], Numbers] = {}
    for name, values in rates.items():
        values[:position] = 0.0
        if name in _RATED:
            changed[name, "p_nom"] = np.ones(values.shape[1])
            changed[name, "p_min_pu"] = truth[name, "p_nom"] * truth[name, "p_min_pu"]
            changed[name, "p_min_pu"][:position] = 0.0
        changed[_DEMAND if name == "Load" else (name, "p_max_pu")] = values
    room = truth["Store", "e_max_pu"].copy()
    room[:position] = 1.0
    left = truth["Generator", "e_sum_max"] - used
    return changed | {
        ("Store", "e_initial"): stocks,
        ("Store", "e_max_pu"): room,
        ("Generator", "e_sum_max"): left.clip(min=0.0),
    }


def _decide(program: Program, resolver: Resolver, changed: Figures, position: int) -> dict[str, Numbers]:
    """Return what is decided for one period; nothing if there is no solution."""
    compact, rhs = program.place(changed)
    solution = resolver.solve(compact)
    if solution.status != "optimal":
        return {}
    raw = program.read(solution.x, solution.duals, rhs, changed)
    figures = {f"{component}-{attribute}" for component, attribute in program.figures}
    return {key: values[position] for key, values in raw.items() if key not in figures}


def _explain(n: Any, position: int) -> SolveError:
    """Return the error for a period without a solution; a year that has none as it was says more."""
    solve(n)
    return SolveError(f"{n.snapshots[position]:%B %Y}: no flow meets all bounds with what was expected then")


def sum_cost(program: Program, raw: Mapping[str, Numbers]) -> float:
    """Return what a solution costs the solver.

    Parameters
    ----------
    program : Program
        Its programme.
    raw : mapping of str to numpy.ndarray
        Flows and stocks by snapshot and name.

    Returns
    -------
    float
        Rewards included, thousand EUR.
    """
    cost = 0.0
    for name, columns in program.places.columns.items():
        paid = np.where(columns >= 0, program.reduction.full.cost[columns], 0.0)
        cost += float((paid * raw["Link-p0" if name == "Link-p" else name]).sum())
    return cost
