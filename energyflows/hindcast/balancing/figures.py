"""What was observed, as sums of flows and stocks that should have a value."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd

from energyflows.hindcast.balancing.grid import Grid
from energyflows.network.calendar import parse_period
from energyflows.network.inputs import Inputs
from energyflows.network.lng import REST_OF_WORLD
from energyflows.network.profiles import find_shares
from energyflows.summary._observed import REMAINDERS, sum_years

#: One standard deviation as a part of the value, where the table gives no range.
SPREAD = {"observed": 0.01, "derived": 0.03, "estimate": 0.15}
#: GWh below which no figure of the tables is sharper.
FLOOR = 10.0
EU = "EU27"
#: Endings of series of LNG from all suppliers: what terminals sent out goes before what was landed.
SENT_OUT, LANDED = ("-all-lng-sendout", "-all-lng"), "-all-lng-landed"

Term = tuple[str, int, float]
"""Arc, month (0…11) and sign; or node of a store, number of the month end (0 is the start) and weight."""


@dataclass(frozen=True)
class Observation:
    """One figure that a sum of flows or stocks should have."""

    series: str
    period: str
    frequency: str
    """``month``, ``quarter``, ``year`` or ``day``."""
    gwh: float
    down: float
    """One standard deviation below, GWh."""
    up: float
    """One standard deviation above, GWh."""
    confidence: str
    terms: tuple[Term, ...]
    arc: str = ""
    """The only arc the figure is about; empty where it is a sum of several or a stock."""
    bounded: bool = False
    """Whether a deviation of many standard deviations is a gap rather than an error."""


def observe(inputs: Inputs, grid: Grid) -> list[Observation]:
    """Return all that was observed in a year.

    Parameters
    ----------
    inputs : Inputs
        Tables and the months of one year.
    grid : Grid
        What can flow.

    Returns
    -------
    list of Observation
        Flows, LNG, supply, home output, demand and stocks.
    """
    seen = [*_observe_flows(inputs, grid), *_observe_lng(inputs, grid), *_observe_neighbours(inputs, grid)]
    told = {one.arc for one in seen}
    return [
        *seen,
        *_observe_suppliers(inputs, grid),
        *_plan_supply(inputs, told),
        *_observe_production(inputs),
        *_observe_demand(inputs),
        *_observe_stocks(inputs, grid),
    ]


class Figure(NamedTuple):
    """A figure as a row of a table states it."""

    twh: float
    confidence: str
    low: float = math.nan
    high: float = math.nan


def rank_weakest(confidences: Iterable[str]) -> str:
    """Return the weakest of several confidences.

    Examples
    --------
    >>> rank_weakest(["observed", "estimate"])
    'estimate'
    """
    return max(confidences, key=list(SPREAD).index)


def judge(value: float, row: Any) -> tuple[float, float]:
    """Return one standard deviation below and above a figure.

    Parameters
    ----------
    value : float
        GWh.
    row : namedtuple
        With ``confidence``, and ``low`` and ``high`` in TWh, which go before it.

    Returns
    -------
    tuple of float
        GWh; never below what an observed figure has, nor below :data:`FLOOR`.
    """
    least = max(SPREAD["observed"] * abs(value), FLOOR)
    usual = max(SPREAD[row.confidence] * abs(value), least)
    down = usual if pd.isna(row.low) else max(value - 1e3 * row.low, least)
    up = usual if pd.isna(row.high) else max(1e3 * row.high - value, least)
    return down, up


def _tell(row: Any, series: str, period: str, arcs: Iterable[tuple[str, float]], **more: Any) -> Observation:
    """Return an observation of the sum of arcs over a period from a row with ``twh`` and its passport."""
    months = list_months(period)
    signed = list(arcs)
    down, up = judge(1e3 * row.twh, row)
    return Observation(
        series,
        period,
        {1: "month", 3: "quarter", 12: "year"}[len(months)],
        1e3 * row.twh,
        down,
        up,
        row.confidence,
        tuple((arc, month, sign) for arc, sign in signed for month in months),
        arc=signed[0][0] if len(signed) == 1 and signed[0][1] == 1.0 else "",
        **more,
    )


def list_months(period: str) -> range:
    """Return the months of a period of one year, counted from 0.

    Examples
    --------
    >>> list_months("2021Q2")
    range(3, 6)
    """
    start, end = parse_period(period)
    return range(start.month - 1, start.month - 1 + 12 * (end.year - start.year) + end.month - start.month)


def _select_year(rows: pd.DataFrame, inputs: Inputs) -> pd.DataFrame:
    return rows[rows["period"].str.startswith(str(inputs.years[0]))]


def _observe_flows(inputs: Inputs, grid: Grid) -> Iterator[Observation]:
    """Yield flows by route and border."""
    carriers: dict[str, set[str]] = {}
    links = inputs.tables["observed_flows"].dropna(subset="link")
    supply = inputs.tables["supply"].dropna(subset="follows")
    pipes = inputs.tables["pipelines"].dropna(subset="follows")
    for series, arc in [
        *zip(links["series"], links["link"], strict=True),
        *zip(supply["follows"], supply["supplier"] + " " + supply["route"], strict=True),
        *zip(pipes["follows"], pipes["pipeline"], strict=True),
    ]:
        carriers.setdefault(series, set()).add(arc)
    for row in _select_year(inputs.tables["observed_flows"], inputs).itertuples():
        for arc in sorted(carriers.get(str(row.series), set()) & set(grid.arcs.index)):
            yield _tell(row, str(row.series), str(row.period), [(arc, 1.0)])


def _find_members(inputs: Inputs, importer: str) -> set[str]:
    """Return the market zones of an importer."""
    zones = inputs.zones[inputs.zones["kind"] == "market"]
    return set(zones.index[zones["eu"]]) if importer == EU else {importer}


def _observe_lng(inputs: Inputs, grid: Grid) -> Iterator[Observation]:
    """Yield LNG by importer: from all suppliers at its terminals, from one supplier into its pool."""
    imports = inputs.tables["observed_imports"]
    imports = imports[(imports["kind"] == "lng") & ~imports["origin"].isin(REMAINDERS)]
    for importer, rows in imports.groupby("importer"):
        members = _find_members(inputs, str(importer))
        landing = grid.arcs[(grid.arcs["kind"] == "lng") & grid.arcs["target"].isin(members)]
        if landing.empty:
            continue
        chosen = _choose_landed(rows, str(importer), inputs.years)
        arcs = [(str(arc), 1.0) for arc in landing.index]
        yield from (_tell(row, row.series, row.period, arcs) for row in _select_year(chosen, inputs).itertuples())
        yield from _observe_cargoes(_select_year(rows, inputs), inputs, grid, set(landing["source"]))


def _choose_landed(rows: pd.DataFrame, importer: str, years: list[int]) -> pd.DataFrame:
    """Return what was sent out, and what was landed only in a year that the former does not cover."""
    sent = rows[rows["series"].isin([importer + ending for ending in SENT_OUT])]
    whole = any(sum_years(part, years).notna().all() for _, part in sent.groupby("series"))
    landed = rows[rows["series"] == importer + LANDED].assign(confidence="estimate")
    return sent if whole else pd.concat([sent, landed])


def _observe_cargoes(rows: pd.DataFrame, inputs: Inputs, grid: Grid, pools: set[str]) -> Iterator[Observation]:
    """Yield LNG of one supplier, in energy sent out, into a pool that feeds nobody but the importer."""
    country = inputs.zones["country"]
    shipped = grid.arcs[grid.arcs["source"].isin(country.index) & grid.arcs["target"].isin(pools)]
    fed = grid.arcs[grid.arcs["source"].isin(pools)]
    members = _find_members(inputs, str(rows["importer"].iat[0])) if len(rows) else set()
    if not set(fed["target"]) <= members:
        return
    for row in rows[rows["series"] == rows["importer"] + "-" + rows["origin"] + "-lng"].itertuples():
        arcs = [(str(arc), 1.0) for arc in shipped.index[shipped["source"].map(country) == row.origin]]
        if arcs:
            yield _tell(row, str(row.series), str(row.period), arcs)


def _observe_neighbours(inputs: Inputs, grid: Grid) -> Iterator[Observation]:
    """Yield net pipeline imports of the EU from countries that are no exporter by a route of their own."""
    imports = inputs.tables["observed_imports"]
    members = _find_members(inputs, EU)
    routes = set(inputs.tables["supply"]["supplier"])
    rows = imports[(imports["importer"] == EU) & (imports["kind"] == "pipeline") & ~imports["origin"].isin(routes)]
    pipes = grid.arcs[grid.arcs["kind"] == "pipeline"]
    for row in _select_year(rows, inputs).itertuples():
        into = pipes.index[(pipes["source"] == row.origin) & pipes["target"].isin(members)]
        out = pipes.index[(pipes["target"] == row.origin) & pipes["source"].isin(members)]
        if row.series == f"{EU}-{row.origin}-pipeline" and len(into) + len(out):
            arcs = [*((str(arc), 1.0) for arc in into), *((str(arc), -1.0) for arc in out)]
            yield _tell(row, str(row.series), str(row.period), arcs)


def _observe_suppliers(inputs: Inputs, grid: Grid) -> Iterator[Observation]:
    """Yield yearly deliveries of each LNG supplier to each pool."""
    rows = inputs.tables["lng_suppliers"]
    for row in rows[rows["year"] == inputs.years[0]].itertuples():
        arc = f"{row.bus}-{row.pool}"
        if arc in grid.arcs.index:
            yield _tell(row, arc, str(row.year), [(arc, 1.0)])


def _plan_supply(inputs: Inputs, told: set[str]) -> Iterator[Observation]:
    """Yield what table ``supply`` states of routes that were not observed; LNG exporters are told by their cargoes."""
    rows = inputs.tables["supply"]
    shipped = set(inputs.tables["lng_suppliers"]["bus"])
    names = rows["supplier"] + " " + rows["route"]
    rows = rows.assign(arc=names)[(rows["year"] == inputs.years[0]) & ~names.isin(told) & ~rows["bus"].isin(shipped)]
    for arc, tiers in rows.groupby("arc"):
        ends = [tiers[end].sum(skipna=False) for end in ("low", "high")]
        total = Figure(tiers["twh"].sum(), rank_weakest(tiers["confidence"]), *ends)
        yield _tell(total, str(arc), str(inputs.years[0]), [(str(arc), 1.0)])


def _observe_production(inputs: Inputs) -> Iterator[Observation]:
    """Yield home output of the year, and as an estimate the shape that the table states."""
    rows = inputs.tables["production"]
    months = inputs.weights / inputs.weights.sum()
    for row in rows[rows["year"] == inputs.years[0]].itertuples():
        arc = f"{row.zone} {row.kind}"
        yield _tell(row, arc, str(row.year), [(arc, 1.0)], bounded=True)
        shape = inputs.average(inputs.shapes[row.zone]) if row.shape == "demand" else 1.0
        shares = (months * shape).tolist()
        yield from (_shape(arc, row, shares, month, Figure(share, "estimate")) for month, share in enumerate(shares))


def _shape(arc: str, annual: Any, shares: Sequence[float], month: int, passport: Any) -> Observation:
    """Return that a month has its share of whatever the year is; ``passport`` judges the share."""
    down, up = judge(1e3 * annual.twh * shares[month], scale_range(passport, annual.twh))
    terms = tuple((arc, at, float(at == month) - shares[month]) for at in range(len(shares)))
    period = f"{annual.year}-{month + 1:02d}"
    return Observation(f"{arc} shape", period, "month", 0.0, down, up, passport.confidence, terms, bounded=True)


def scale_range(row: Any, factor: float) -> Figure:
    """Return a share as the energy it is of a total."""
    return Figure(math.nan, row.confidence, factor * row.low, factor * row.high)


def _observe_demand(inputs: Inputs) -> Iterator[Observation]:
    """Yield demand of the year, and of each month by its share; an estimated share is a shape, no observation."""
    rows = inputs.tables["demand_annual"]
    rows = rows[(rows["year"] == inputs.years[0]) & (rows["zone"] != REST_OF_WORLD)]
    trust = _trust_shares(inputs)
    shares = find_shares(inputs.tables["demand_profile"], inputs.snapshots, pd.Index(rows["zone"]))
    for row in rows.itertuples():
        arc = f"{row.zone} demand"
        yield _tell(row, arc, str(row.year), [(arc, 1.0)], bounded=True)
        for month, share in enumerate(shares[row.zone]):
            passport = Figure(share, *trust.loc[(row.zone, month + 1)])
            if passport.confidence == "estimate":
                yield _shape(arc, row, shares[row.zone].tolist(), month, passport)
                continue
            weaker = rank_weakest([row.confidence, passport.confidence])
            part = scale_range(passport, row.twh)._replace(twh=row.twh * share, confidence=weaker)
            yield _tell(part, arc, f"{row.year}-{month + 1:02d}", [(arc, 1.0)], bounded=True)


def _trust_shares(inputs: Inputs) -> pd.DataFrame:
    """Return the passport of each share by zone and month; a zone's own year goes before its every-year shape."""
    rows = inputs.tables["demand_profile"]
    rows = rows[rows["year"].isna() | (rows["year"] == inputs.years[0])]
    rows = rows.sort_values("year", na_position="last").drop_duplicates(["zone", "month"])
    return rows.set_index(["zone", "month"])[["confidence", "low", "high"]]


def _observe_stocks(inputs: Inputs, grid: Grid) -> Iterator[Observation]:
    """Yield stocks inside the year; a day inside a month lies on the straight line between its ends."""
    rows = inputs.tables["observed_storage"]
    turns = (inputs.days[0] - pd.Timedelta(days=1), inputs.days[-1])
    nodes: dict[str, Sequence[str]] = {zone: [node] for node, zone in grid.stores["zone"].items()}
    nodes[EU] = grid.stores.index[grid.stores["zone"].isin(_find_members(inputs, EU))].tolist()
    kept = [zone for zone, held in nodes.items() if held]
    inside = rows[rows["date"].between(*turns, inclusive="neither") & rows["zone"].isin(kept)]
    for row in inside.itertuples():
        passed = row.date.day / row.date.days_in_month
        weights = [(row.date.month, passed), (row.date.month - 1, 1.0 - passed)]
        down, up = judge(1e3 * row.twh, row)
        yield Observation(
            f"stock {row.zone}",
            f"{row.date:%Y-%m-%d}",
            "day",
            1e3 * row.twh,
            down,
            up,
            row.confidence,
            tuple((node, end, weight) for node in nodes[row.zone] for end, weight in weights if weight > 0),
        )
