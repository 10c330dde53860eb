"""Figures of games: who gains from trade, what a route is worth to whom, what coordination moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from energyflows.errors import UsageError, require
from energyflows.plot._drawing import GREY, finish, make_figure
from energyflows.strategy.tables import find_middle

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: How property rights are called and drawn.
ACCESS = {"owner": ("owners can refuse passage", "#D55E00"), "open": ("third parties have access", "#0072B2")}
_COLOURS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_BAR, _ROW = 0.36, 0.42


def plot_leverage(leverage: pd.DataFrame, *, title: str = "Shares in the gains from trade") -> Figure:
    """Draw what each player gains from trade, a bar for each assumption on property rights.

    Parameters
    ----------
    leverage : pandas.DataFrame
        Table ``leverage`` of :func:`energyflows.strategy.tabulate_leverage`, of one year.
    title : str
        Above the figure.

    Returns
    -------
    matplotlib.figure.Figure
        Bn EUR a year at the middle elasticity; the line is the range over elasticities. Bars to the left are losses.

    Raises
    ------
    UsageError
        If columns are missing, there is nothing to draw, or matplotlib is not installed.

    Examples
    --------
    >>> columns = ["access", "player", "surplus_bn_eur", "surplus_bn_eur_low", "surplus_bn_eur_high"]
    >>> rows = [["open", "Russia", 3.0, 1.0, 9.0], ["owner", "Russia", 2.0, 1.0, 5.0]]
    >>> figure = plot_leverage(pd.DataFrame(rows, columns=columns))
    >>> [text.get_text() for text in figure.axes[0].get_yticklabels()]
    ['Russia']
    """
    rows = _check(leverage, ("player", "surplus_bn_eur", "surplus_bn_eur_low", "surplus_bn_eur_high"))
    rows = rows if "access" in rows else rows.assign(access="open")
    order = rows.groupby("player")["surplus_bn_eur"].mean().sort_values().index.tolist()
    figure = make_figure(7.5, 1.6 + _ROW * len(order) * max(1, rows["access"].nunique() / 1.5))
    axes = figure.subplots()
    draw_bars(axes, rows, order, "surplus_bn_eur")
    axes.set_xlabel("bn EUR a year")
    name_rights(figure)
    finish(figure, title, "Shapley value less what a player has alone. Lines: range over elasticities of demand.")
    return figure


def plot_routes(routes: pd.DataFrame, *, title: str = "What a route is worth") -> Figure:
    """Draw what each route adds to the gains of each player, left of zero what it takes away.

    Parameters
    ----------
    routes : pandas.DataFrame
        From :func:`energyflows.strategy.tabulate_routes`, of one year.
    title : str
        Above the figure.

    Returns
    -------
    matplotlib.figure.Figure
        One panel for each route, bn EUR a year.

    Examples
    --------
    >>> columns = ["route", "player", "surplus_bn_eur", "surplus_bn_eur_low", "surplus_bn_eur_high"]
    >>> rows = [["TurkStream", "Russia", 3.0, 1.0, 9.0], ["TurkStream", "Ukraine", -2.0, -5.0, -1.0]]
    >>> figure = plot_routes(pd.DataFrame(rows, columns=columns))
    >>> figure.axes[0].get_title()
    'TurkStream'
    """
    rows = _check(routes, ("route", "player", "surplus_bn_eur", "surplus_bn_eur_low", "surplus_bn_eur_high"))
    rows = rows if "access" in rows else rows.assign(access="open")
    names = list(dict.fromkeys(rows["route"]))
    order = list(dict.fromkeys(rows["player"]))[::-1]
    figure = make_figure(3.1 * len(names) + 1.0, 1.9 + _ROW * len(order))
    panels = figure.subplots(1, len(names), sharey=True, squeeze=False)[0]
    for axes, name in zip(panels, names, strict=True):
        draw_bars(axes, rows[rows["route"] == name], order, "surplus_bn_eur")
        axes.set_title(name, fontsize=9)
        axes.set_xlabel("bn EUR a year")
    name_rights(figure)
    finish(figure, title, "Gains with the route less without. Lines: range over elasticities of demand.")
    return figure


def plot_conduct(
    curves: pd.DataFrame,
    pair: Sequence[str],
    *,
    area: str = "EU27",
    title: str = "What coordination moves",
    names: Mapping[str, str] | None = None,
) -> Figure:
    """Draw what suppliers gain and consumers lose as two suppliers coordinate more.

    Parameters
    ----------
    curves : pandas.DataFrame
        From :func:`energyflows.strategy.tabulate_conduct`; a level ``elasticity`` of its index gives bands.
    pair : sequence of str
        The two suppliers.
    area : str
        Whose consumers the table is about.
    title : str
        Above the figure.
    names : mapping of str to str, optional
        Of suppliers.

    Returns
    -------
    matplotlib.figure.Figure
        Left: change of profits and of consumer surplus, bn EUR a year; right: change of the mean price.

    Examples
    --------
    >>> index = pd.Index([0.0, 1.0], name="coordination")
    >>> changes = {f"{name}_change_bn_eur": [0.0, 1.0] for name in ("consumer_surplus", "welfare")}
    >>> profits = {f"profit_change_bn_eur_{name}": [0.0, 1.0] for name in ("RU", "AZ")}
    >>> curves = pd.DataFrame({"price_change": [0.0, 0.5], **changes, **profits}, index=index)
    >>> len(plot_conduct(curves, ("RU", "AZ")).axes)
    2
    """
    told = {name: (names or {}).get(name, name) for name in pair}
    lines = {f"profit_change_bn_eur_{name}": f"profit of {told[name]}" for name in pair}
    lines["consumer_surplus_change_bn_eur"] = f"consumers of the {area}"
    require(curves, "columns reset_index", "a table of energyflows.strategy")
    rows = _check(curves.reset_index(), ("coordination", "price_change", *lines))
    figure = make_figure(9.0, 3.8)
    left, right = figure.subplots(1, 2)
    for colour, (column, label) in zip(_COLOURS, lines.items(), strict=False):
        draw_band(left, rows, column, label=label, colour=colour)
    draw_band(right, rows, "price_change", label=f"mean price of the {area}", colour="#000000")
    for axes, unit in ((left, "bn EUR a year"), (right, "EUR/MWh")):
        axes.axhline(0.0, color=GREY, linewidth=0.8)
        axes.set_xlabel(f"weight on each other's profit, {' and '.join(told.values())}")
        axes.set_ylabel(f"change, {unit}")
        axes.legend(fontsize=8)
    finish(figure, title, "Against no coordination (Cournot). Bands: range over elasticities of demand.")
    return figure


def name_rights(figure: Figure) -> None:
    """Put a legend of assumptions above all axes, where it hides no bar, and leave room for names of players.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Changed in place.
    """
    cast("Any", figure.get_layout_engine()).set(w_pad=0.12)
    handles, labels = figure.axes[-1].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=2, fontsize=8, frameon=False)


def draw_bars(axes: Axes, rows: pd.DataFrame, order: Sequence[str], column: str) -> None:
    """Draw horizontal bars around zero, one for each player and assumption, with their ranges.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Drawn on.
    rows : pandas.DataFrame
        Columns ``player``, ``access``, the figure and its ends ``_low`` and ``_high``.
    order : sequence of str
        Players from below.
    column : str
        The figure.
    """
    chosen = [word for word in ACCESS if (rows["access"] == word).any()]
    places = np.arange(len(order), dtype=float)
    for number, word in enumerate(chosen):
        part = rows[rows["access"] == word].set_index("player").reindex(order)
        at = places + (number - (len(chosen) - 1) / 2) * _BAR
        label, colour = ACCESS[word]
        axes.barh(at, part[column], height=_BAR * 0.9, color=colour, label=label)
        axes.hlines(at, part[f"{column}_low"], part[f"{column}_high"], color="#222222", linewidth=1.2)
    axes.axvline(0.0, color="#222222", linewidth=0.8)
    axes.set_yticks(places, list(order))
    axes.tick_params(labelsize=8)
    axes.grid(axis="x", color="#DDDDDD", linewidth=0.6)
    axes.set_axisbelow(True)


def draw_band(axes: Axes, rows: pd.DataFrame, column: str, *, label: str, colour: str) -> None:
    """Draw a line over coordination, at the middle elasticity, and the band of all.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Drawn on.
    rows : pandas.DataFrame
        Columns ``coordination``, perhaps ``elasticity``, and the figure.
    column : str
        The figure.
    label, colour : str
        Of the line.
    """
    over = rows.groupby("coordination")[column]
    if "elasticity" in rows:
        rows = rows[rows["elasticity"] == find_middle(rows["elasticity"])]
        axes.fill_between(over.min().index, over.min(), over.max(), color=colour, alpha=0.2, linewidth=0)
    axes.plot(rows["coordination"], rows[column], color=colour, marker="o", markersize=3, label=label)


def _check(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    require(frame, "columns loc", "a table of energyflows.strategy")
    missing = [column for column in columns if column not in frame]
    if missing:
        raise UsageError(f"found no column {', '.join(missing)}, expected a table of energyflows.strategy")
    if frame.empty:
        raise UsageError("found a table without rows: there is nothing to draw")
    return frame
