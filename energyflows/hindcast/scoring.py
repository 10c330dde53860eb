"""Scores: how far modelled is from observed, by series, group and year."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from energyflows.hindcast.series import GROUPS, SAMPLES

#: Which figure of a group is aimed at, and how small it should be in the years of each sample.
AIMS: Mapping[str, tuple[str, Mapping[str, float]]] = {
    "lng": ("error", {"calibration": 0.10, "held-out": 0.15}),
    "norway": ("error", {"calibration": 0.04, "held-out": 0.04}),
    "tap": ("worst_error", {"calibration": 0.08, "held-out": 0.08}),
    "borders": ("median_error", {"calibration": 0.20, "held-out": 0.20}),
    "stock-eu": ("rmse_relative", {"calibration": 0.06, "held-out": 0.07}),
    "stocks-large": ("worst_rmse", {"calibration": 0.10, "held-out": 0.10}),
    "prices": ("worst_error", {"calibration": 0.15, "held-out": 0.15}),
}
#: The largest of ``stocks`` by working volume, told as a group of their own beside it.
LARGEST, LARGEST_COUNT = "stocks-large", 10
#: Groups whose figures are levels: means are told of them, and sums of all others.
LEVELS = ("stock-eu", "stocks", LARGEST, "prices")
_KEYS = ["pins", "group", "series", "year"]
_COLUMNS = [
    *_KEYS,
    "role",
    "n",
    "modelled",
    "observed",
    "bias",
    "mape",
    "rmse",
    "rmse_relative",
    "correlation",
    "error",
]
_COUNTS = ["n_series", "n", "n_input"]
_GROUP_MEASURES = ["error", "median_error", "worst_error", "rmse_relative", "worst_rmse"]
#: TWh a year below which a relative error says nothing, so that medians leave it out.
MINOR_TWH = 5.0
#: Part of the sum of squares below which a course varies by rounding only.
_CONSTANT = 1e-18
_FINENESS = ("day", "month", "quarter", "year")


def score_series(pairs: pd.DataFrame) -> pd.DataFrame:
    r"""Return scores of each series, in all years together and year by year.

    Parameters
    ----------
    pairs : pandas.DataFrame
        From :func:`energyflows.hindcast.pairing.pair`.

    Returns
    -------
    pandas.DataFrame
        Columns ``pins, group, series, year, role, n, modelled, observed, bias, mape, rmse, rmse_relative,
        correlation, error``; ``year`` 0 stands for all. ``modelled`` and ``observed`` are sums over the ``n`` paired
        periods, TWh, or means of stocks and prices; ``bias`` is their difference, ``rmse`` has the unit of one period.
        Series that only repeat inputs have no scores.

    Notes
    -----
    With errors :math:`e = m - o` by period: ``mape`` is the mean of :math:`|e| / |o|` where :math:`o \ne 0`;
    ``rmse_relative`` is :math:`\sqrt{\overline{(e / c)^2}}` with the capacity :math:`c`; ``error`` is
    :math:`\sum |e| / \sum |o|`; ``correlation`` is Pearson's, of at least three periods that are not all alike.
    ``rmse`` and ``correlation`` need periods of one length, and take those most often there.

    Examples
    --------
    >>> row = {"pins": "on", "group": "lng", "series": "LNG BE", "role": "scored", "year": 2021, "frequency": "month"}
    >>> pairs = pd.DataFrame([{**row, "modelled": m, "observed": o, "capacity": 10.0} for m, o in ((4, 5), (7, 5))])
    >>> score_series(pairs)[["year", "n", "bias", "mape", "rmse_relative"]].round(3).values.tolist()
    [[0.0, 2.0, 1.0, 0.3, 0.158], [2021.0, 2.0, 1.0, 0.3, 0.158]]
    """
    both = pd.concat([pairs.assign(year=0), pairs], ignore_index=True)
    paired = both.dropna(subset="observed")
    free = paired["role"] != "input"
    told = paired[free | ~free.groupby([paired[key] for key in _KEYS]).transform("any")]
    grouped = told.groupby(_KEYS)
    sums, means = (
        frame[["modelled", "observed"]] for frame in (grouped.sum(numeric_only=True), grouped.mean(numeric_only=True))
    )
    level = sums.index.get_level_values("group").isin(LEVELS)
    measured = _measure(paired[free])
    scores = both.groupby(_KEYS)[["role"]].first()
    scores["role"] = grouped["role"].first().reindex(scores.index).fillna(scores["role"])
    scores["n"] = grouped.size().reindex(scores.index, fill_value=0)
    scores = scores.join(pd.concat([sums[~level], means[level]])).join(measured)
    scores["bias"] = (scores["modelled"] - scores["observed"]).where(scores.index.isin(measured.index))
    return _order(scores.reset_index()[_COLUMNS])


def _order(frame: pd.DataFrame) -> pd.DataFrame:
    """Return rows with pins on before off, groups in their order, and the rest as they are."""
    names = [part for name in GROUPS for part in ((name, LARGEST) if name == "stocks" else (name,))]
    places = {name: place for place, name in enumerate(names)}
    ranked = frame.assign(_pins=frame["pins"] != "on", _group=frame["group"].map(places))
    ordered = ranked.sort_values(["_pins", "_group"], kind="stable", ignore_index=True)
    return ordered.drop(columns=["_pins", "_group"])


def _measure(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the measures of scored periods by series and year."""
    rows = _add_errors(rows)
    grouped, alike = rows.groupby(_KEYS), _keep_usual(rows)
    totals, usual = grouped[["apart", "seen"]].sum(), alike.groupby(_KEYS)
    return pd.DataFrame(
        {
            "mape": grouped["share"].mean(),
            "rmse": np.sqrt(usual["square"].mean()),
            "rmse_relative": np.sqrt(grouped["relative"].mean()),
            "correlation": _correlate(alike),
            "error": totals["apart"] / totals["seen"].where(totals["seen"] > 0),
        }
    )


def _add_errors(rows: pd.DataFrame) -> pd.DataFrame:
    """Add errors in several units; none relative to nothing observed, or to no capacity."""
    error, seen = rows["modelled"] - rows["observed"], rows["observed"].abs()
    return rows.assign(
        apart=error.abs(),
        seen=seen,
        square=error**2,
        share=error.abs() / seen.where(seen > 0),
        relative=(error / rows["capacity"].where(rows["capacity"] > 0)) ** 2,
    )


def _keep_usual(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep the periods whose length is the one most often there, the finer one of two."""
    fineness = rows["frequency"].map({name: place for place, name in enumerate(_FINENESS)})
    count = rows.assign(fineness=fineness).groupby([*_KEYS, "fineness"]).size().rename("count").reset_index()
    usual = count.sort_values(["count", "fineness"], ascending=[False, True]).drop_duplicates(_KEYS)
    return rows.assign(fineness=fineness).merge(usual[[*_KEYS, "fineness"]])


def _correlate(rows: pd.DataFrame) -> pd.Series:
    """Return Pearson's correlation by series and year; none of fewer than three periods or of a constant."""
    grouped = rows.groupby(_KEYS)[["modelled", "observed"]]
    around = rows[["modelled", "observed"]] - grouped.transform("mean")
    products = pd.DataFrame(
        {
            "both": around["modelled"] * around["observed"],
            "one": around["modelled"] ** 2,
            "other": around["observed"] ** 2,
        }
    )
    sums = products.groupby([rows[key] for key in _KEYS]).sum()
    sizes = (rows[["modelled", "observed"]] ** 2).groupby([rows[key] for key in _KEYS]).sum()
    varied = (sums["one"] > _CONSTANT * sizes["modelled"]) & (sums["other"] > _CONSTANT * sizes["observed"])
    return (sums["both"] / np.sqrt(sums["one"] * sums["other"])).where(varied & (grouped.size() >= 3))


def sum_years(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return yearly figures of each scored series: sums over the periods paired in a year, means of levels.

    Parameters
    ----------
    pairs : pandas.DataFrame
        From :func:`energyflows.hindcast.pairing.pair`.

    Returns
    -------
    pandas.DataFrame
        Columns ``pins, group, series, sample, year, modelled, observed``; without inputs and gaps.
    """
    graded = pairs[pairs["role"] != "input"].dropna(subset="observed")
    by = graded.groupby(["pins", "group", "series", "sample", "year"])[["modelled", "observed"]]
    totals, means = by.sum(), by.mean()
    levels = totals.index.get_level_values("group").isin(LEVELS)
    return pd.concat([totals[~levels], means[levels]]).reset_index()


def score_groups(pairs: pd.DataFrame) -> pd.DataFrame:
    r"""Return scores of each group in the years of each sample, with what is aimed at.

    Parameters
    ----------
    pairs : pandas.DataFrame
        From :func:`energyflows.hindcast.pairing.pair`.

    Returns
    -------
    pandas.DataFrame
        Columns ``pins, group, sample, n_series, n, n_input, error, median_error, worst_error, rmse_relative,
        worst_rmse, measure, target, met``. ``sample`` is calibration, held-out or all; ``n`` counts scored periods,
        ``n_input`` those that are inputs. ``measure`` names the column the aim is about, ``target`` what it should
        not exceed, ``met`` whether it does not; a group that is all input has none.
        ``stocks-large`` are the ten zones of ``stocks`` with the largest working volumes.

    Notes
    -----
    On yearly figures :math:`m, o` of each series (:func:`sum_years`), a year observed in part over that part:
    ``error`` is :math:`\sum |m - o| / \sum |o|` over series and years, ``median_error`` the median of
    :math:`|m - o| / |o|` where :math:`o` is at least 5 TWh (or EUR/MWh), ``worst_error`` the largest ``error`` of a
    series. ``rmse_relative`` is that of all periods of the group, ``worst_rmse`` the largest one of a series.
    """
    whole = _add_largest(pairs)
    scores = _score_groups(pd.concat([whole, whole.assign(sample="all")], ignore_index=True), "sample")
    labels = whole[["pins", "group"]].drop_duplicates().itertuples(index=False)
    keys = [(pins, group, sample) for pins, group in labels for sample in (*SAMPLES, "all")]
    scores = scores.reindex(pd.MultiIndex.from_tuples(keys, names=["pins", "group", "sample"])).reset_index()
    scores[_COUNTS] = scores[_COUNTS].fillna(0).astype(int)
    aims = [_find_aim(group, sample) for group, sample in zip(scores["group"], scores["sample"], strict=True)]
    return _order(_judge(scores.assign(**pd.DataFrame(aims, columns=["measure", "target"]))))


def score_years(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return scores of each group year by year.

    Parameters
    ----------
    pairs : pandas.DataFrame
        From :func:`energyflows.hindcast.pairing.pair`.

    Returns
    -------
    pandas.DataFrame
        Columns ``pins, group, year``, counts and measures as in :func:`score_groups`.
    """
    scores = _score_groups(_add_largest(pairs), "year").reset_index()
    return _order(scores.assign(measure=[_find_aim(group, "all")[0] for group in scores["group"]]))


def _add_largest(pairs: pd.DataFrame) -> pd.DataFrame:
    stocks = pairs[pairs["group"] == "stocks"]
    largest = stocks.groupby("series")["capacity"].mean().nlargest(LARGEST_COUNT).index
    return pd.concat([pairs, stocks[stocks["series"].isin(largest)].assign(group=LARGEST)], ignore_index=True)


def _score_groups(pairs: pd.DataFrame, by: str) -> pd.DataFrame:
    """Return the measures of groups by sample or year; a group of which all is input has counts only."""
    keys = ["pins", "group", by]
    paired = pairs.dropna(subset="observed")
    graded = _add_errors(paired[paired["role"] != "input"])
    years = _add_errors(sum_years(graded).assign(capacity=np.nan))
    totals = years.groupby(keys)[["apart", "seen"]].sum()
    by_series = years.groupby([*keys, "series"])[["apart", "seen"]].sum()
    grouped = graded.groupby(keys)
    measures = pd.DataFrame(
        {
            "n_series": grouped["series"].nunique(),
            "n": grouped.size(),
            "error": totals["apart"] / totals["seen"].where(totals["seen"] > 0),
            "median_error": years[years["seen"] >= MINOR_TWH].groupby(keys)["share"].median(),
            "worst_error": (by_series["apart"] / by_series["seen"].where(by_series["seen"] > 0)).groupby(keys).max(),
            "rmse_relative": np.sqrt(grouped["relative"].mean()),
            "worst_rmse": np.sqrt(graded.groupby([*keys, "series"])["relative"].mean()).groupby(keys).max(),
        }
    )
    scores = (paired["role"] == "input").groupby([paired[key] for key in keys]).sum().to_frame("n_input").join(measures)
    scores[_COUNTS] = scores[_COUNTS].fillna(0).astype(int)
    return scores[[*_COUNTS, *_GROUP_MEASURES]]


def _find_aim(group: str, sample: str) -> tuple[str, float]:
    """Return the measure a group is told by, and what is aimed at."""
    measure, targets = AIMS.get(group, ("rmse_relative" if group in LEVELS else "error", {}))
    return measure, targets.get(sample, float("nan"))


def _judge(groups: pd.DataFrame) -> pd.DataFrame:
    """Add whether each aim is met; unknown where there is none, or nothing to score."""
    figures = [row[row["measure"]] for _, row in groups.iterrows()]
    pairs = zip(figures, groups["target"], strict=True)
    met = [None if pd.isna(figure) or pd.isna(target) else bool(figure <= target) for figure, target in pairs]
    return groups.assign(met=pd.Series(met, index=groups.index, dtype=object))
