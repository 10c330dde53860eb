"""Figures of games: what players gain from trade, and what coordination of suppliers would move."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import xarray as xr

from energyflows.claims._figures import Span, View, figure
from energyflows.claims._planning import RESOLUTION, build_scenario
from energyflows.errors import UnknownNameError, suggest
from energyflows.hindcast import release
from energyflows.network import build_network
from energyflows.scenarios import apply
from energyflows.scenarios.catalogue import find_seeds
from energyflows.strategy import compare_conduct, measure_leverage, read_elasticity, read_players
from energyflows.strategy.tables import find_middle

#: Few players, so that the game can be played for several years.
PLAYERS_FILE = "players-corridor.yaml"
#: Property rights the number is told for; it ranges over both.
_RIGHTS = ("owner", "open")
_BN = 1e3
#: Weights on each other's profit: in between, and as one.
_HALF, _WHOLE = 0.5, 1.0


@figure("%", ranged=True)
def leverage(view: View, *, player: str) -> Span:
    """Share of a player in the gains from trade.

    Parameters
    ----------
    view : View
        The run.
    player : str
        As in the packaged players of the corridor game.

    Returns
    -------
    Span
        Per cent, where pipelines can be refused and demand reacts as in the middle of its range; over both
        assumptions on property rights and the ends of the range.
    """
    return _span(_play(view), "share", "player", player)


@figure("points", pair=True, ranged=True)
def leverage_change(view: View, base: View, *, player: str) -> Span:
    """Change of a player's share in the gains from trade.

    Parameters
    ----------
    view, base : View
        The run, and the one it is held against.
    player : str
        As in the packaged players of the corridor game.

    Returns
    -------
    Span
        Points; both runs rest on the same assumption at a time, so the range is that of the difference.
    """
    return _span(_play(view) - _play(base), "share", "player", player)


@figure("%", pair=True, ranged=True)
def leverage_growth(view: View, base: View, *, player: str) -> Span:
    """Growth of a player's share in the gains from trade.

    Parameters
    ----------
    view, base : View
        The run, and the one it is held against.
    player : str
        As in the packaged players of the corridor game.

    Returns
    -------
    Span
        Per cent of the share in the other run, NaN where that is not above zero; range as in
        :func:`leverage_change`.
    """
    before = _play(base)
    return _span(100 * (_play(view) / before.where(before > 0) - 1), "share", "player", player)


@figure("bn EUR", ranged=True)
def gain_from_trade(view: View, *, player: str) -> Span:
    """Gain of a player from trade with all others.

    Parameters
    ----------
    view : View
        The run.
    player : str
        As in the packaged players of the corridor game.

    Returns
    -------
    Span
        Bn EUR a year; range as in :func:`leverage`.
    """
    return _scale(_span(_play(view), "surplus", "player", player))


@figure("bn EUR", ranged=True)
def coordination_gain(view: View, *, group: str) -> Span:
    """Gain of players from bargaining as one.

    Parameters
    ----------
    view : View
        The run.
    group : str
        Such as ``Russia + Azerbaijan``.

    Returns
    -------
    Span
        Bn EUR a year; range as in :func:`leverage`.
    """
    return _scale(_span(_play(view), "coordination", "group", group))


@figure("bn EUR", ranged=True)
def conduct_gain(view: View, *, supplier: str, other: str) -> Span:
    """Change of a supplier's profit if it and another each count half of the other's profit as their own.

    Parameters
    ----------
    view : View
        The run.
    supplier, other : str
        ISO-2 codes.

    Returns
    -------
    Span
        Bn EUR a year; range over the elasticity of demand.
    """
    return _read_change(view, (supplier, other), _HALF, f"profit_change_bn_eur_{supplier}")


@figure("bn EUR", ranged=True)
def conduct_joint_gain(view: View, *, supplier: str, other: str) -> Span:
    """Change of the profit of two suppliers together if they act as one.

    Parameters
    ----------
    view : View
        The run.
    supplier, other : str
        ISO-2 codes.

    Returns
    -------
    Span
        Bn EUR a year; range over the elasticity of demand. How they would split it is not determined.
    """
    return _read_change(
        view, (supplier, other), _WHOLE, *(f"profit_change_bn_eur_{name}" for name in (supplier, other))
    )


@figure("EUR/MWh", ranged=True)
def conduct_price(view: View, *, supplier: str, other: str) -> Span:
    """Change of the mean price in the EU27 if two suppliers act as one.

    Parameters
    ----------
    view : View
        The run.
    supplier, other : str
        ISO-2 codes.

    Returns
    -------
    Span
        EUR/MWh; range over the elasticity of demand.
    """
    return _read_change(view, (supplier, other), _WHOLE, "price_change")


def _play(view: View) -> xr.Dataset:
    """Return the leverage of the players of the corridor, over property rights and elasticities."""

    def play() -> xr.Dataset:
        told = measure_leverage(
            _build(view),
            read_players(find_seeds() / PLAYERS_FILE),
            elasticity=sorted(read_elasticity(view.tables)),
            access=_RIGHTS,
            workers=view.workers,
            tables=view.tables,
        )
        shares: xr.Dataset = told[["share", "surplus", "coordination"]]
        return shares

    return view.keep("leverage", play)


def _compare(view: View, pair: tuple[str, str]) -> pd.DataFrame:
    """Return what coordination of two suppliers changes, by weight and elasticity."""

    def compare() -> pd.DataFrame:
        area = [str(zone) for zone in view.tables["zones"].query("eu")["zone"]]
        weights = (_HALF, _WHOLE)
        told = compare_conduct(_build(view), pair, area=area, weights=weights, tables=view.tables)["conduct"]
        return told.set_index(["coordination", "elasticity"]).sort_index()

    return view.keep(("conduct", pair), compare)


def _build(view: View) -> Any:
    """Return the network of a run, without what holds pipelines to observed flows."""
    tables: Mapping[str, pd.DataFrame] = view.tables
    n = build_network(view.year, RESOLUTION, release(tables, ships=False))
    return apply(n, build_scenario(view.scenario))


def _span(told: xr.Dataset, name: str, dim: str, wanted: str) -> Span:
    known = [str(each) for each in told[dim].to_numpy()]
    if wanted not in known:
        raise UnknownNameError(f"no {dim} {wanted!r}{suggest(wanted, known)}; known: {', '.join(known)}")
    values = told[name].sel({dim: wanted})
    middle = values.sel(access=_RIGHTS[0], elasticity=find_middle(told["elasticity"].to_numpy()))
    return Span(float(middle), float(values.min()), float(values.max()))


def _scale(span: Span) -> Span:
    return Span(*(each / _BN for each in span))


def _read_change(view: View, pair: tuple[str, str], weight: float, *columns: str) -> Span:
    first, second = sorted(pair)
    values = _compare(view, (first, second)).loc[weight, list(columns)].sum(axis=1)
    return Span(float(values.at[find_middle(values.index)]), float(values.min()), float(values.max()))
