"""Figures of a hindcast: how near the model came, in totals, in store and in every year."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import xarray as xr

from energyflows.datasets import load_tables
from energyflows.errors import UsageError, require
from energyflows.hindcast.series import list_members
from energyflows.plot._drawing import PINS, write_figures
from energyflows.plot._errors import plot_errors, select_errors
from energyflows.plot._scatter import plot_scatter, sum_totals
from energyflows.plot._stocks import EU, plot_storage, select_stocks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["plot_errors", "plot_hindcast", "plot_scatter", "plot_storage"]


def plot_hindcast(result: Mapping[str, Any], folder: str | Path) -> list[Path]:
    """Write the figures of a hindcast: ``scatter``, ``storage`` and ``errors``, each as PNG and as SVG.

    Parameters
    ----------
    result : mapping of str to pandas.DataFrame or xarray.Dataset
        From ``run_hindcast``: ``pairs`` (with ``attrs["path"]`` where observations of one's own were used) and
        ``scores``; ``results_on`` and ``results_off`` make the lines of modelled
        stocks complete, ``bands`` (columns ``period, low5, low25, median, high75, high95``, TWh) adds a fan to that
        of the EU27.
    folder : str or Path
        Made if it is not there; files of the same name are replaced, each in one step.

    Returns
    -------
    list of Path
        The files. A figure without anything to show, such as stocks where none were compared, is left out.

    Raises
    ------
    UsageError
        If there is nothing to draw at all, or matplotlib is not installed.
    OutputError
        If a file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> row = ["off", "tap", "TAP-IT", 2023, "scored", 90.0, 99.0]
    >>> scores = pd.DataFrame([row], columns=["pins", "group", "series", "year", "role", "modelled", "observed"])
    >>> pairs = scores.assign(period="2023", frequency="year", unit="TWh", capacity=150.0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in plot_hindcast({"pairs": pairs, "scores": scores}, folder)]
    ['scatter.png', 'scatter.svg', 'errors.png', 'errors.svg']
    """
    require(result, "keys __getitem__", "the tables of run_hindcast by name")
    if not isinstance(folder, str | Path):
        raise UsageError(f"folder: found {folder!r}, expected the name of a folder")
    missing = [name for name in ("pairs", "scores") if name not in result]
    if missing:
        raise UsageError(f"result: found no {' and no '.join(missing)}; expected what run_hindcast returns")
    figures = _draw_figures(result)
    if not figures:
        raise UsageError("result: nothing to draw, no series is both modelled and observed in these years")
    return write_figures(figures, Path(folder))


def _draw_figures(result: Mapping[str, Any]) -> dict[str, Figure]:
    """Return the figures that have something to show, by name."""
    pairs, scores = result["pairs"], result["scores"].copy()
    scores.attrs = pairs.attrs  # where the observations are from
    figures: dict[str, Figure] = {}
    if not sum_totals(pairs).empty:
        figures["scatter"] = plot_scatter(pairs)
    if not select_stocks(pairs).empty:
        figures["storage"] = plot_storage(pairs, _select_bands(result), courses=trace_stocks(result))
    if not select_errors(scores).empty:
        figures["errors"] = plot_errors(scores)
    return figures


def trace_stocks(result: Mapping[str, Any]) -> pd.DataFrame | None:
    """Return modelled stocks at the end of every snapshot.

    Parameters
    ----------
    result : mapping
        Datasets of results under ``results_on`` and ``results_off``.

    Returns
    -------
    pandas.DataFrame or None
        Columns ``pins, series, period, value``, TWh, by country and for the EU27; None if there are no results.
    """
    parts = [_trace(result[f"results_{pins}"], pins) for pins in PINS if f"results_{pins}" in result]
    return pd.concat(parts, ignore_index=True) if parts else None


def _trace(ds: xr.Dataset, pins: str) -> pd.DataFrame:
    level = ds["stored"].transpose("snapshot", "store").to_pandas() / 1e3
    level.columns = [f"stock {str(bus).removesuffix(' storage')}" for bus in ds["store_bus"].values]
    days = pd.to_timedelta(ds["weight_days"].to_numpy() - 1, unit="D")
    level.index = pd.Index((pd.DatetimeIndex(level.index) + days).strftime("%Y-%m-%d"), name="period")
    members = [f"stock {zone}" for zone in list_members(load_tables())]
    level[EU] = level[level.columns.intersection(members)].sum(axis=1)
    return level.melt(var_name="series", ignore_index=False).reset_index().assign(pins=pins)


def _select_bands(result: Mapping[str, Any]) -> pd.DataFrame | None:
    """Return the bands of the stock of the EU27, if the ranges of the inputs were drawn."""
    bands = result.get("bands")
    return bands[bands["outcome"] == "stock EU27"] if bands is not None and "outcome" in bands else bands
