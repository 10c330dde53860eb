"""Yearly totals of flows, modelled against observed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from energyflows.errors import UsageError
from energyflows.hindcast.series import GROUPS
from energyflows.plot._drawing import (
    GREY,
    GROUP_STYLES,
    PINS,
    check_frame,
    finish,
    make_figure,
    name_observed,
    name_years,
)
from energyflows.plot._labels import place_labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: TWh; less than this stands on the edge of the logarithmic axes.
_FLOOR = 0.1
_BAND = 0.2
_LABELLED = 7
_COLUMNS = ("pins", "group", "series", "role", "year", "frequency", "modelled", "observed", "unit")


def sum_totals(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return modelled and observed sums of the paired periods of each year.

    Parameters
    ----------
    pairs : pandas.DataFrame
        From ``run_hindcast``.

    Returns
    -------
    pandas.DataFrame
        Columns ``pins, group, series, year, modelled, observed, scored``, TWh; flows only.
    """
    check_frame(pairs, "pairs", _COLUMNS)
    flows = pairs[(pairs["unit"] == "TWh") & (pairs["frequency"] != "day")]
    flows = flows[np.isfinite(flows[["modelled", "observed"]].astype(float)).all(axis=1)]
    flows = flows.assign(scored=flows["role"] != "input")
    keys = ["pins", "group", "series", "year"]
    return flows.groupby(keys, sort=False, as_index=False)[["modelled", "observed", "scored"]].agg(
        {"modelled": "sum", "observed": "sum", "scored": "any"}
    )


def plot_scatter(pairs: pd.DataFrame) -> Figure:
    """Draw modelled against observed yearly totals of flows, a panel with pins on and one with pins off.

    Parameters
    ----------
    pairs : pandas.DataFrame
        ``pairs`` of ``run_hindcast``; columns ``pins, group, series, role, year, frequency, modelled, observed, unit``.

    Returns
    -------
    matplotlib.figure.Figure
        Logarithmic axes in TWh with a band of ±20 % around equality. Colours and markers are groups, hollow grey is an
        input of the model, the flows furthest off are named.

    Raises
    ------
    UsageError
        If there are no flows to draw, or matplotlib is not installed.

    Notes
    -----
    A year of which some periods are observed stands with the sum of those, on both axes. Less than 0.1 TWh is drawn
    as 0.1 TWh.

    Examples
    --------
    >>> row = ["on", "tap", "TAP-IT", "scored", 2023, "year", 90.0, 99.0, "TWh"]
    >>> columns = ["pins", "group", "series", "role", "year", "frequency", "modelled", "observed", "unit"]
    >>> figure = plot_scatter(pd.DataFrame([row], columns=columns))
    >>> figure.axes[0].get_xlabel()
    'observed, TWh a year'
    """
    totals = sum_totals(pairs)
    if totals.empty:
        raise UsageError("pairs: found no flow that is both modelled and observed, expected rows in TWh")
    panels = [pins for pins in PINS if (totals["pins"] == pins).any()]
    figure = make_figure(2.2 + 5.4 * len(panels), 6.2)
    grid = figure.subplots(1, len(panels), squeeze=False, sharex=True, sharey=True)[0]
    for axes, pins in zip(grid, panels, strict=True):
        _draw_panel(axes, totals[totals["pins"] == pins], pins, top=totals[["modelled", "observed"]].max(axis=None))
    grid[0].set_ylabel("modelled, TWh a year")
    _add_legend(figure, totals)
    note = "Line: modelled = observed; band: ±20 %. Labels: the scored flows furthest off, each in its worst year."
    finish(
        figure,
        f"Yearly flows, modelled against observed, TWh, {name_years(totals['year'])}",
        note,
        name_observed(pairs),
    )
    _label_worst(dict(zip(panels, grid, strict=True)), totals)
    return figure


def _draw_panel(axes: Axes, totals: pd.DataFrame, pins: str, *, top: float) -> None:
    limits = np.array([0.8 * _FLOOR, max(1.6 * top, 10 * _FLOOR)])
    axes.fill_between(limits, limits * (1 - _BAND), limits * (1 + _BAND), color="#E6E6E6", linewidth=0, zorder=0)
    axes.plot(limits, limits, color="#666666", linewidth=0.8, zorder=1)
    drawn = totals.assign(**totals[["observed", "modelled"]].clip(lower=_FLOOR))
    given = drawn[~drawn["scored"]]
    axes.scatter(
        given["observed"], given["modelled"], s=22, facecolors="none", edgecolors=GREY, linewidths=0.8, zorder=2
    )
    for group, (colour, marker) in GROUP_STYLES.items():
        shown = drawn[drawn["scored"] & (drawn["group"] == group)]
        style: dict[str, Any] = {"s": 26, "c": colour, "marker": marker, "edgecolors": "#333333", "linewidths": 0.4}
        axes.scatter(shown["observed"], shown["modelled"], alpha=0.9, zorder=3, **style)
    axes.set(xscale="log", yscale="log", xlim=limits, ylim=limits, xlabel="observed, TWh a year", aspect="equal")
    axes.set_title(f"{PINS[pins]}: {_tell_share(totals[totals['scored']])}", fontsize=9, loc="left")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: f"≤ {value:g}" if value <= _FLOOR else f"{value:,.7g}")
    axes.grid(visible=True, which="major", color="#DDDDDD", linewidth=0.5, zorder=-1)


def _tell_share(scored: pd.DataFrame) -> str:
    """Return how many scored totals lie within the band."""
    if scored.empty:
        return "inputs only, nothing is scored"
    near = (scored["modelled"] - scored["observed"]).abs() <= _BAND * scored["observed"]
    return f"{100 * near.mean():.0f} % of {len(scored)} scored totals within ±20 %"


def _place(totals: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Return where totals are drawn, shape (n, 2)."""
    return np.asarray(totals[["observed", "modelled"]].clip(lower=_FLOOR), float)


def _add_legend(figure: Figure, totals: pd.DataFrame) -> None:
    from matplotlib.lines import Line2D

    point: dict[str, Any] = {
        "linestyle": "none",
        "markersize": 5.5,
        "markeredgewidth": 0.4,
        "markeredgecolor": "#333333",
    }
    present = set(totals.loc[totals["scored"], "group"])
    handles = [
        Line2D([], [], **{**point, "color": colour, "marker": marker, "label": GROUPS[group]})
        for group, (colour, marker) in GROUP_STYLES.items()
        if group in present
    ]
    if not totals["scored"].all():
        hollow: dict[str, Any] = {
            "marker": "o",
            "markerfacecolor": "none",
            "markeredgecolor": GREY,
            "markeredgewidth": 0.8,
        }
        handles.append(Line2D([], [], **{**point, **hollow, "label": "input, not scored"}))
    figure.legend(handles=handles, loc="outside right upper", fontsize=8, frameon=False)


def _label_worst(panels: dict[str, Axes], totals: pd.DataFrame) -> None:
    """Name the scored series furthest off in TWh, once everything else has its place."""
    off = (totals["modelled"] - totals["observed"]).abs().where(totals["scored"])
    for pins, axes in panels.items():
        here = totals.assign(off=off)[totals["pins"] == pins]
        worst = here.dropna(subset="off").sort_values("off", ascending=False).drop_duplicates("series").head(_LABELLED)
        texts = [f"{series} {year}" for series, year in zip(worst["series"], worst["year"], strict=True)]
        place_labels(axes, [tuple(point) for point in _place(worst)], texts, _place(here))
