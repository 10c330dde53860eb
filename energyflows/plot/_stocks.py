"""Gas in store over time, modelled as lines and observed as dots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from energyflows.errors import UsageError
from energyflows.plot._drawing import (
    GREY,
    PIN_COLOURS,
    PIN_DASHES,
    PINS,
    check_frame,
    finish,
    make_figure,
    name_observed,
    name_years,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

EU = "stock EU27"
_COUNTRIES = 10
_WIDE = 5
_FAN = (("low5", "high95", "#CFE6F5", "5–95 % of draws"), ("low25", "high75", "#8FC7E8", "25–75 % of draws"))
_PAIRS = ("pins", "series", "role", "period", "frequency", "modelled", "observed", "capacity")
_BANDS = ("period", "low5", "low25", "median", "high75", "high95")
_COURSES = ("pins", "series", "period", "value")


def select_stocks(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of stocks in the order of time, with a column ``date``."""
    check_frame(pairs, "pairs", _PAIRS)
    stocks = pairs[pairs["frequency"] == "day"]
    return stocks.assign(date=_date(stocks["period"])).sort_values("date", kind="stable")


def plot_storage(
    pairs: pd.DataFrame, bands: pd.DataFrame | None = None, *, courses: pd.DataFrame | None = None
) -> Figure:
    """Draw gas in store: the EU27, and below it the ten countries with the largest stores.

    Parameters
    ----------
    pairs : pandas.DataFrame
        ``pairs`` of ``run_hindcast``; its rows of frequency ``day``, TWh at the end of the day.
    bands : pandas.DataFrame, optional
        Stock of the EU27 over draws: columns ``period, low5, low25, median, high75, high95``, TWh; drawn as a fan.
    courses : pandas.DataFrame, optional
        Modelled stocks also where nothing was observed: columns ``pins, series, period, value``, TWh. Default: the
        modelled stocks on the days observed.

    Returns
    -------
    matplotlib.figure.Figure
        First the axes of the EU27, then one for each country.

    Raises
    ------
    UsageError
        If there are no stocks to draw, or matplotlib is not installed.

    Examples
    --------
    >>> row = ["on", "stock EU27", "scored", "2023-10-31", "day", 1100.0, 1130.0, 1142.0]
    >>> columns = ["pins", "series", "role", "period", "frequency", "modelled", "observed", "capacity"]
    >>> plot_storage(pd.DataFrame([row], columns=columns)).axes[0].get_ylabel()
    'gas in store, TWh'
    """
    stocks = select_stocks(pairs)
    if stocks.empty:
        raise UsageError("pairs: found no stocks, expected rows of frequency day")
    lines = _find_lines(stocks, courses)
    names = _list_countries(stocks)
    has_eu = bool((stocks["series"] == EU).any())
    figure, eu, small = _lay_out(len(names), has_eu=has_eu)
    if eu is not None:
        if bands is not None:
            _draw_fan(eu, bands)
        _draw_stock(eu, stocks, lines, EU, size=16)
        eu.set_title("EU27", fontsize=10, loc="left")
    for axes, name in zip(small, names, strict=True):
        _draw_stock(axes, stocks, lines, name, size=7)
        axes.set_title(name.removeprefix("stock "), fontsize=9, loc="left")
    _dress(figure, eu, small, pd.DatetimeIndex([*stocks["date"], *lines["date"]]))
    title = f"Gas in store, modelled and observed, TWh, {name_years(stocks['date'].dt.year)}"
    finish(
        figure,
        title,
        "At the end of the day. Hollow: an input of the model. Dotted: working volume.",
        name_observed(pairs),
    )
    return figure


def _lay_out(countries: int, *, has_eu: bool) -> tuple[Figure, Axes | None, list[Axes]]:
    """Return a figure with room for the EU above and countries in rows of five below."""
    rows = -(-countries // _WIDE)
    tall = 3.6 if has_eu else 0.0
    figure = make_figure(10.5, 0.9 + tall + 1.9 * rows)
    heights = [tall] * has_eu + [1.9] * rows
    grid = figure.add_gridspec(len(heights), _WIDE, height_ratios=heights)
    eu = figure.add_subplot(grid[0, :]) if has_eu else None
    places = [(has_eu + number // _WIDE, number % _WIDE) for number in range(countries)]
    return figure, eu, [figure.add_subplot(grid[place]) for place in places]


def _list_countries(stocks: pd.DataFrame) -> list[str]:
    """Return the series with the largest stores: by working volume, or by stock where it is not known."""
    size = stocks[["capacity", "observed", "modelled"]].astype(float)
    room = size["capacity"].fillna(size["observed"]).fillna(size["modelled"]).groupby(stocks["series"]).max()
    return [str(name) for name in room.drop(EU, errors="ignore").nlargest(_COUNTRIES).index]


def _find_lines(stocks: pd.DataFrame, courses: pd.DataFrame | None) -> pd.DataFrame:
    """Return modelled stocks with columns ``pins, series, date, value``."""
    if courses is None:
        return stocks.rename(columns={"modelled": "value"})[["pins", "series", "date", "value"]]
    check_frame(courses, "courses", _COURSES)
    return courses.assign(date=_date(courses["period"])).sort_values("date", kind="stable")


def _date(periods: pd.Series) -> pd.DatetimeIndex:
    """Return the last day of periods."""
    return pd.DatetimeIndex([pd.Period(str(period)).end_time.normalize() for period in periods])


def _draw_fan(axes: Axes, bands: pd.DataFrame) -> None:
    check_frame(bands, "bands", _BANDS)
    dates = _date(bands["period"])
    order = np.argsort(dates)
    figures = bands.iloc[order].astype(dict.fromkeys(_BANDS[1:], float))
    for low, high, colour, label in _FAN:
        axes.fill_between(dates[order], figures[low], figures[high], color=colour, linewidth=0, label=label, zorder=1)
    axes.plot(dates[order], figures["median"], color="#555555", linewidth=1.0, linestyle="-.", label="median of draws")


def _draw_stock(axes: Axes, stocks: pd.DataFrame, lines: pd.DataFrame, name: str, *, size: float) -> None:
    for pins, colour in PIN_COLOURS.items():
        line = lines[(lines["series"] == name) & (lines["pins"] == pins)].dropna(subset="value")
        if not line.empty:
            style: dict[str, Any] = {"linestyle": PIN_DASHES[pins], "marker": "." if len(line) == 1 else None}
            axes.plot(line["date"], line["value"], color=colour, linewidth=1.1, label=PINS[pins], zorder=3, **style)
    rows = stocks[stocks["series"] == name]
    volume = rows.drop_duplicates("date").dropna(subset="capacity")
    axes.plot(
        volume["date"],
        volume["capacity"],
        color="#777777",
        linewidth=0.8,
        linestyle=":",
        drawstyle="steps-post",
        zorder=1,
    )
    given = rows.groupby("date")["role"].agg(lambda roles: (roles == "input").all())
    dots = rows.drop_duplicates("date").dropna(subset="observed").set_index("date")["observed"]
    hollow = given.reindex(dots.index).to_numpy(bool)
    for chosen, fill, edge, label in ((~hollow, "black", "black", "observed"), (hollow, "white", GREY, "input")):
        if chosen.any():
            axes.scatter(dots.index[chosen], dots[chosen], s=size, c=fill, edgecolors=edge, label=label, zorder=5)


def _dress(figure: Figure, eu: Axes | None, small: list[Axes], days: pd.DatetimeIndex) -> None:
    """Give axes their scales, and the figure one legend."""
    from matplotlib import dates

    largest = [eu] if eu is not None else []
    margin = max(0.03 * (days.max() - days.min()), pd.Timedelta(days=10))
    for axes in [*largest, *small]:
        axes.set_xlim(days.min() - margin, days.max() + margin)
        axes.set_ylim(bottom=0, top=1.08 * axes.get_ylim()[1])
        locator: Any = cast("Any", dates).AutoDateLocator(minticks=2, maxticks=8 if axes is eu else 4)
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(cast("Any", dates).ConciseDateFormatter(locator))
        axes.tick_params(labelsize=8 if axes is eu else 7)
        axes.grid(visible=True, color="#E4E4E4", linewidth=0.5)
        axes.set_axisbelow(True)
    for axes in largest or small[::_WIDE]:
        axes.set_ylabel("gas in store, TWh", fontsize=8)
    entries = [zip(*axes.get_legend_handles_labels(), strict=True) for axes in figure.axes]
    named = {label: handle for pairs in entries for handle, label in pairs}
    figure.legend(named.values(), named, loc="outside upper right", ncols=4, fontsize=8, frameon=False)
