"""From a point of the programme to prices, sales and profits."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from energyflows.ensemble.reducing import Numbers, Positions
from energyflows.errors import MismatchError
from energyflows.strategy._equilibrium_solving import Game, Point
from energyflows.strategy.demand import GIVEN_UP

_MILLION = 1e3
#: EUR/MWh by which two prices may differ beyond what tangents allow: feasibility tolerances of the solver.
_SLACK = 1e-3
_UNITS = {
    "price": (("snapshot", "bus"), "EUR/MWh", "price"),
    "consumed": (("snapshot", "bus"), "GWh/d", "consumption"),
    "sold": (("snapshot", "supplier", "bus"), "GWh/d", "sales, before traders carry gas on"),
    "supplied": (("snapshot", "supplier"), "GWh/d", "production for sale"),
    "profit": (("supplier",), "million EUR", "profit"),
    "consumer_surplus": (("bus",), "million EUR", "consumer surplus"),
    "welfare": ((), "million EUR", "value of consumption less all cost"),
    "lerner": (("supplier",), "1", "margin over price, weighted by revenue"),
    "concentration": (("bus",), "1", "modified concentration of the year"),
    "kappa": (("supplier", "supplier_"), "1", "weight on the profit of each supplier"),
}


class _Market(NamedTuple):
    """Values at market zones."""

    price: Numbers
    consumed: Numbers


def read_point(game: Game, point: Point, kappa: Numbers) -> xr.Dataset:
    """Return a point as a labelled dataset.

    Parameters
    ----------
    game : Game
        Where columns stand.
    point : Point
        Of the greatest potential.
    kappa : numpy.ndarray
        By supplier and supplier.

    Returns
    -------
    xarray.Dataset
        As :func:`energyflows.strategy.solve_equilibrium` describes it.

    Raises
    ------
    MismatchError
        If prices of the demand curve and of the balance differ by more than the gap allows.
    """
    market = game.market
    consumed = _pick(point.x, game.squares.consumed)
    dual = _pick(point.duals, market.balances) / market.weights[:, np.newaxis]
    price = np.where(market.slope > 0, market.intercept - market.slope * consumed, dual[:, market.zones])
    _check_prices(game, point, consumed, dual[:, market.zones])
    values = _Market(price, consumed)
    sold = _read_sales(game, point)
    margin = _measure_margins(game, sold, kappa)
    surplus = market.weights @ (market.slope * consumed**2) / 2.0
    at_ends = np.full(len(market.ends), np.nan)
    supplied = _read_supplied(game, point)
    arrays: dict[str, Any] = {
        "price": np.concatenate([price, dual[:, market.ends]], axis=1),
        "consumed": np.concatenate([consumed, _read_ends(game, point)], axis=1),
        "sold": sold,
        "supplied": supplied,
        "profit": _measure_profits(game, point, margin, sold) / _MILLION,
        "consumer_surplus": np.append(surplus, at_ends) / _MILLION,
        "welfare": _measure_welfare(game, point, consumed) / _MILLION,
        "lerner": _measure_lerner(game, margin, sold, values),
        "concentration": np.append(_measure_concentration(game, sold, kappa, consumed), at_ends),
        "kappa": kappa,
    }
    return _label(game, arrays)


def _pick(values: Numbers, positions: Positions) -> Numbers:
    """Return values by position; nothing is zero."""
    found: Numbers = np.append(values, 0.0)[positions]
    return found


def _check_prices(game: Game, point: Point, consumed: Numbers, dual: Numbers) -> None:
    r"""Refuse prices that differ by more than tangents allow.

    Where consumption lies v above its tangents in the objective, slope and tangent differ by at most
    :math:`\sqrt{2 b v / w}`.
    """
    market = game.market
    when, zone = np.nonzero(game.squares.consumed >= 0)
    a, b, w = market.intercept[when, zone], market.slope[when, zone], market.weights[when]
    quantity = consumed[when, zone]
    inside = (quantity > 1e-6 * a / b) & (quantity < (1.0 - 1e-6) * a / b)
    allowed = np.sqrt(2.0 * b * np.maximum(point.off[: len(when)], 0.0) / w)
    beyond = np.where(inside, abs(a - b * quantity - dual[when, zone]) - allowed, 0.0)
    if len(beyond) and beyond.max() > _SLACK + 1e-6 * a.max():
        worst = int(np.argmax(beyond))
        bus = market.n.buses.index[market.zones[zone[worst]]]
        raise MismatchError(
            f"bus {bus}, snapshot {market.n.snapshots[when[worst]]}: the price by its demand and by its balance differ "
            f"by {beyond[worst]:.3g} EUR/MWh more than the gap allows; lower tolerance"
        )


def _read_sales(game: Game, point: Point) -> Numbers:
    """Return sales by (snapshot, supplier, bus); not determined for those who take prices as given."""
    buses = np.append(game.market.zones, game.market.ends)
    sold = np.full((len(game.market.weights), len(game.sellers), len(buses)), np.nan)
    for number, label in zip(game.strategic, game.labels, strict=False):
        sold[:, number] = np.maximum(_pick(point.x, label.sales[:, buses]), 0.0)
    return sold


def _read_supplied(game: Game, point: Point) -> Numbers:
    made = _pick(point.x, game.market.generators) * game.market.n.generators["sign"].to_numpy(dtype=float)
    return np.stack([made[:, own].sum(axis=1) for own in game.sellers.values()], axis=1)


def _read_ends(game: Game, point: Point) -> Numbers:
    """Return what is consumed where demand has no curve and no gas flows on."""
    n, market = game.market.n, game.market
    buses = n.buses.index
    loads, given_up = n.loads["bus"], n.generators["carrier"].isin(GIVEN_UP).to_numpy()
    wanted = market.program.figures["Load", "p_set"] * -market.program.places.load_signs
    made = np.where(given_up, _pick(point.x, market.generators), 0.0)
    at = [(loads == buses[end]).to_numpy() for end in market.ends]
    less = [(n.generators["bus"] == buses[end]).to_numpy() for end in market.ends]
    found = [wanted[:, here].sum(axis=1) - made[:, there].sum(axis=1) for here, there in zip(at, less, strict=True)]
    return np.stack(found, axis=1) if found else np.zeros((len(market.weights), 0))


def _measure_margins(game: Game, sold: Numbers, kappa: Numbers) -> Numbers:
    """Return price less marginal cost by (snapshot, supplier, zone)."""
    at_zones = np.nan_to_num(sold[..., : len(game.market.zones)])
    return np.asarray(game.market.slope[:, np.newaxis] * np.einsum("ij,tjd->tid", kappa, at_zones))


def _measure_profits(game: Game, point: Point, margin: Numbers, sold: Numbers) -> Numbers:
    """Return margins on sales plus the rent of wells, thousand EUR by supplier."""
    market = game.market
    at_zones = np.nan_to_num(sold[..., : len(market.zones)])
    profit = np.einsum("t,tid,tid->i", market.weights, margin, at_zones)
    bus = market.n.buses.index.get_indexer(market.n.generators["bus"])
    labels = dict(zip(game.strategic.tolist(), game.labels, strict=False))
    others = game.labels[len(game.strategic) :]
    signs = market.n.generators["sign"].to_numpy(dtype=float)
    for number, own in enumerate(game.sellers.values()):
        worth = _pick(point.duals, market.balances[:, bus[own]])
        # Gas with a label is worth less than gas that may go anywhere.
        for label in [labels[number]] if number in labels else others:
            worth = worth + _pick(point.duals, label.balances[:, bus[own]])
        columns = market.generators[:, own]
        made = _pick(point.x, columns)
        profit[number] += float(((signs[own] * worth - _pick(game.compact.cost, columns)) * made).sum())
    return np.asarray(profit)


def _measure_welfare(game: Game, point: Point, consumed: Numbers) -> float:
    """Return the area below demand less all cost, thousand EUR."""
    market = game.market
    count = len(market.compact.cost)
    cost = float(market.compact.cost @ point.x[:count]) + market.compact.constant
    return float(market.weights @ (market.intercept * consumed - market.slope * consumed**2 / 2.0).sum(axis=1)) - cost


def _measure_lerner(game: Game, margin: Numbers, sold: Numbers, values: _Market) -> Numbers:
    days, at_zones = game.market.weights, np.nan_to_num(sold[..., : len(game.market.zones)])
    revenue = np.einsum("t,td,tid->i", days, values.price, at_zones)
    gained = np.einsum("t,tid,tid->i", days, margin, at_zones)
    found: Numbers = np.divide(gained, revenue, out=np.full(len(revenue), np.nan), where=revenue > 0)
    takers = np.setdiff1d(np.arange(len(revenue)), game.strategic)
    found[takers] = 0.0
    return found


def _measure_concentration(game: Game, sold: Numbers, kappa: Numbers, consumed: Numbers) -> Numbers:
    days = game.market.weights
    volume = np.einsum("t,tid->id", days, np.nan_to_num(sold[..., : len(game.market.zones)]))
    whole = days @ consumed
    shares = np.divide(volume, whole, out=np.full(volume.shape, np.nan), where=whole > 0)
    return np.asarray(np.einsum("id,ij,jd->d", shares, kappa, shares))


def _label(game: Game, arrays: dict[str, Any]) -> xr.Dataset:
    market = game.market
    buses = market.n.buses.iloc[np.append(market.zones, market.ends)]
    suppliers = np.array(list(game.sellers), dtype=str)
    coords = {
        "snapshot": market.n.snapshots,
        "bus": np.array(buses.index, dtype=str),
        "supplier": suppliers,
        "supplier_": suppliers,
        "weight_days": ("snapshot", market.weights, {"units": "d"}),
    }
    if "country" in buses:
        coords["country"] = ("bus", np.array(buses["country"], dtype=str))
    variables = {
        name: (dims, arrays[name], {"units": units, "long_name": told}) for name, (dims, units, told) in _UNITS.items()
    }
    return xr.Dataset(variables, coords)
