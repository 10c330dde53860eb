"""Relative errors of yearly figures, series by year."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from energyflows.errors import UsageError
from energyflows.hindcast.series import GROUPS
from energyflows.plot._drawing import PINS, check_frame, finish, make_figure, name_observed, name_years

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import QuadMesh
    from matplotlib.figure import Figure

_COLUMNS = ("pins", "group", "series", "year", "role", "modelled", "observed")
#: More rows than this stand in two columns.
_LONGEST = 45
#: Colours end at this relative error.
_FULL = 1.0
#: Height of a line, width of a cell and of the names, in inches.
_LINE, _CELL, _NAMES = 0.155, 0.3, 1.35
#: A group and one of its series, or none for its title.
Line = tuple[str, str | None]


def select_errors(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of single years, with a column ``relative``: modelled over observed, less one.

    Parameters
    ----------
    scores : pandas.DataFrame
        From ``run_hindcast``.

    Returns
    -------
    pandas.DataFrame
        Rows that have both figures; ``relative`` is infinite where something is modelled and nothing observed.
    """
    check_frame(scores, "scores", _COLUMNS)
    rows = scores[scores["year"] > 0].dropna(subset=["modelled", "observed"])
    modelled, observed = rows["modelled"].astype(float), rows["observed"].astype(float)
    quotient = (modelled - observed) / observed.abs().where(observed != 0)
    nothing = np.where(np.isclose(modelled, 0.0, atol=1e-6), 0.0, np.sign(modelled) * np.inf)
    return rows.assign(relative=quotient.where(observed != 0, nothing))


def plot_errors(scores: pd.DataFrame) -> Figure:
    """Draw the relative error of every series in every year as colours, by group.

    Parameters
    ----------
    scores : pandas.DataFrame
        ``scores`` of ``run_hindcast``; columns ``pins, group, series, year, role, modelled, observed``.

    Returns
    -------
    matplotlib.figure.Figure
        Percent of the observed yearly total, or mean of stocks and prices; red is too much, blue too little.
        Hatched cells are inputs of the model, white ones have no observation.

    Raises
    ------
    UsageError
        If there are no years to draw, or matplotlib is not installed.

    Examples
    --------
    >>> row = ["off", "tap", "TAP-IT", 2023, "scored", 90.0, 99.0]
    >>> columns = ["pins", "group", "series", "year", "role", "modelled", "observed"]
    >>> figure = plot_errors(pd.DataFrame([row], columns=columns))
    >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
    ['TAP', 'TAP-IT']
    """
    rows = select_errors(scores)
    if rows.empty:
        raise UsageError("scores: found no year in which a series is both modelled and observed")
    years = list(range(int(rows["year"].min()), int(rows["year"].max()) + 1))
    panels = [pins for pins in PINS if (rows["pins"] == pins).any()]
    blocks = _split_blocks(_list_lines(rows))
    length = max(len(block) for block in blocks)
    width = len(blocks) * (_NAMES + len(panels) * (_CELL * len(years) + 0.1))
    figure = make_figure(max(width, 6.5), 1.6 + _LINE * length)
    cast("Any", figure.get_layout_engine()).set(w_pad=0.07)
    grid = figure.subplots(1, len(blocks) * len(panels), squeeze=False)[0]
    mesh: Any = None
    for place, axes in enumerate(grid):
        block, pins = blocks[place // len(panels)], panels[place % len(panels)]
        mesh = _draw_block(axes, rows[rows["pins"] == pins], block, years)
        _dress(axes, block, years, length=length, named=place % len(panels) == 0)
        axes.set_title(PINS[pins], fontsize=8)
    bar = figure.colorbar(mesh, ax=list(grid), location="bottom", shrink=0.6, pad=0.01, aspect=45, extend="both")
    bar.set_label("modelled less observed, % of observed", fontsize=8)
    bar.ax.tick_params(labelsize=7)
    note = "Flows: sums of the year; stocks, prices: means. Hatched: input of the model, no score; white: not observed"
    told = f"{note}; ∞: nothing observed." if np.isinf(rows["relative"]).any() else f"{note}."
    finish(figure, f"Relative error by series and year, %, {name_years(rows['year'])}", told, name_observed(scores))
    return figure


def _list_lines(rows: pd.DataFrame) -> list[Line]:
    """Return what stands in each line: a group's title, then its series, the largest first."""
    size = rows.groupby(["group", "series"])["observed"].max().sort_values(ascending=False, kind="stable")
    lines: list[Line] = []
    for group in [*GROUPS, *sorted(set(rows["group"]) - set(GROUPS))]:
        series = [name for found, name in size.index if found == group]
        lines += [(group, None), *((group, name) for name in series)] if series else []
    return lines


def _split_blocks(lines: list[Line]) -> list[list[Line]]:
    """Return lines in one column, or in two that break at a group's title as near to the middle as can be."""
    titles = [place for place, (_, series) in enumerate(lines) if series is None and place]
    if len(lines) <= _LONGEST or not titles:
        return [lines]
    middle = min(titles, key=lambda place: abs(place - len(lines) / 2))
    return [lines[:middle], lines[middle:]]


def _draw_block(axes: Axes, rows: pd.DataFrame, lines: list[Line], years: list[int]) -> QuadMesh:
    """Fill the cells of some lines."""
    from matplotlib.patches import Rectangle

    places = {line: place for place, line in enumerate(lines)}
    colours = np.full((len(lines), len(years)), np.nan)
    for row in rows[[key in places for key in zip(rows["group"], rows["series"], strict=True)]].itertuples():
        down, across = places[row.group, row.series], row.year - years[0]
        if row.role == "input":
            hatch: dict[str, Any] = {"facecolor": "#E3E3E3", "edgecolor": "#A8A8A8", "hatch": "//////", "linewidth": 0}
            axes.add_patch(Rectangle((across, down), 1, 1, **hatch))
            continue
        colours[down, across] = np.clip(row.relative, -_FULL, _FULL)
        dark = abs(colours[down, across]) > 0.6
        style: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 5, "color": "white" if dark else "black"}
        axes.text(across + 0.5, down + 0.53, _tell(row.relative), **style)
    cells = np.ma.masked_invalid(100 * colours)
    span = 100 * _FULL
    return axes.pcolormesh(cells, cmap="RdBu_r", vmin=-span, vmax=span, edgecolors="white", linewidth=0.6, zorder=0)


def _tell(relative: float) -> str:
    """Return percent as a cell can hold it."""
    if np.isinf(relative):
        return "∞" if relative > 0 else "−∞"
    percent = round(100 * relative)
    return ">999" if percent > 999 else f"{percent:+d}".replace("-", "−") if percent else "0"


def _dress(axes: Axes, lines: list[Line], years: list[int], *, length: int, named: bool) -> None:
    """Give a block its names, years and limits; all blocks are of one length."""
    axes.set(xlim=(0, len(years)), ylim=(length, 0))
    axes.set_xticks([place + 0.5 for place in range(len(years))], [str(year) for year in years])
    names = [series or GROUPS.get(group, group) for group, series in lines]
    axes.set_yticks([place + 0.5 for place in range(len(lines))], names if named else [""] * len(names))
    axes.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False, pad=2)
    axes.tick_params(axis="x", labelsize=6)
    axes.tick_params(axis="y", labelsize=6.5)
    for label, (_, series) in zip(axes.get_yticklabels(), lines, strict=True):
        label.set_fontweight("normal" if series else "bold")
    axes.spines[:].set_visible(False)
