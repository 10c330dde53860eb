"""The worst series with their reasons, and differences between hubs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from energyflows.hindcast.reasons import REASONS, UNEXPLAINED
from energyflows.hindcast.scoring import sum_years

WORST_COUNT = 10
#: Groups that tell other series once more, or in another unit.
_LEFT_OUT = ("lng-groups", "lng-total", "prices")
_STOCKS = ("stock-eu", "stocks")
_HUB = "TTF"


def list_worst(pairs: pd.DataFrame, reasons: Mapping[str, str] = REASONS, count: int = WORST_COUNT) -> pd.DataFrame:
    """Return the series that are furthest off in energy, each with a reason.

    Parameters
    ----------
    pairs : pandas.DataFrame
        From :func:`energyflows.hindcast.pairing.pair`; of two settings of pins, ``off`` is taken.
    reasons : mapping of str to str
        Sentence by series.
    count : int
        How many.

    Returns
    -------
    pandas.DataFrame
        Columns ``pins, series, group, apart_twh, modelled, observed, years, worst_year, reason``, worst first.
        ``apart_twh`` is the mean over years of :math:`|m - o|`, TWh a year, of stocks the root mean square by day, TWh;
        ``modelled`` and ``observed`` are means over the ``years``.
    """
    pins = "off" if (pairs["pins"] == "off").any() else "on"
    chosen = pairs[(pairs["pins"] == pins) & ~pairs["group"].isin(_LEFT_OUT)]
    years = sum_years(chosen)
    years = years.assign(apart=(years["modelled"] - years["observed"]).abs())
    by_series = years.groupby("series")
    worst_years = years.loc[by_series["apart"].idxmax()].set_index("series")
    told = by_series[["modelled", "observed"]].mean()
    told = told.assign(
        pins=pins,
        group=worst_years["group"],
        apart_twh=by_series["apart"].mean(),
        years=by_series["year"].nunique(),
        worst_year=worst_years["year"],
    )
    told.update(_spread_stocks(chosen).rename("apart_twh"))
    worst = told.sort_values("apart_twh", ascending=False).head(count).reset_index()
    worst["reason"] = [reasons.get(name, UNEXPLAINED) for name in worst["series"]]
    columns = ["pins", "series", "group", "apart_twh", "modelled", "observed", "years", "worst_year", "reason"]
    return worst[columns]


def _spread_stocks(pairs: pd.DataFrame) -> pd.Series:
    """Return the root mean square error of each stock, TWh."""
    rows = pairs[pairs["group"].isin(_STOCKS) & (pairs["role"] != "input")].dropna(subset="observed")
    squares = ((rows["modelled"] - rows["observed"]) ** 2).groupby(rows["series"]).mean()
    return np.sqrt(squares)


def compare_spreads(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return differences of hubs from the Dutch one, by year.

    Parameters
    ----------
    pairs : pandas.DataFrame
        From :func:`energyflows.hindcast.pairing.pair`.

    Returns
    -------
    pandas.DataFrame
        Columns ``pins, year, pair, modelled, observed, sign_right``; EUR/MWh, means of the year, hub less TTF.

    Examples
    --------
    >>> row = {"pins": "on", "group": "prices", "role": "circular", "sample": "calibration", "year": 2022}
    >>> hubs = (("price TTF", 110.0, 130.0), ("price NBP", 109.0, 85.0))
    >>> compare_spreads(pd.DataFrame([{**row, "series": s, "modelled": m, "observed": o} for s, m, o in hubs]))
      pins  year     pair  modelled  observed  sign_right
    0   on  2022  NBP-TTF      -1.0     -45.0        True
    """
    years = sum_years(pairs[pairs["group"] == "prices"])
    years = years.assign(hub=years["series"].str.removeprefix("price "))
    table = years.set_index(["pins", "year", "hub"])[["modelled", "observed"]].astype(float)
    base = table[table.index.get_level_values("hub") == _HUB].droplevel("hub")
    others = table[table.index.get_level_values("hub") != _HUB].reset_index("hub")
    apart = others.join(base.add_suffix("_base"), how="inner")
    spread = pd.DataFrame(
        {
            "pair": apart["hub"] + f"-{_HUB}",
            "modelled": apart["modelled"] - apart["modelled_base"],
            "observed": apart["observed"] - apart["observed_base"],
        }
    )
    right = np.sign(spread["modelled"]) == np.sign(spread["observed"])
    return (
        spread.assign(sign_right=right)
        .reset_index()
        .sort_values(["pins", "pair", "year"], ascending=[False, True, True])
        .reset_index(drop=True)
    )
