"""What zones report to have landed, TWh a year, as shares."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from energyflows.errors import UsageError, list_problems
from energyflows.tracing._fitting import divide
from energyflows.tracing._mixing import Flags, Floats, Positions
from energyflows.tracing._reading import UNKNOWN

_COLUMNS = ["zone", "origin", "year", "twh"]
#: Origin of rows that tell what a zone landed in all.
_ALL = "all"


def check_landings(landings: pd.DataFrame, ds: xr.Dataset) -> None:
    """Refuse reports that are none.

    Parameters
    ----------
    landings : pandas.DataFrame
        Columns ``zone``, ``origin``, ``year`` and ``twh``.
    ds : xarray.Dataset
        Results.

    Raises
    ------
    UsageError
        Naming every fault.
    """
    missing = [name for name in _COLUMNS if name not in landings]
    if missing:
        raise UsageError(f"landings: no column {', '.join(missing)}; expected {', '.join(_COLUMNS)}")
    years, twh = (pd.to_numeric(landings[name], errors="coerce") for name in ("year", "twh"))
    looks = {
        "names no zone": landings["zone"].isna(),
        "names no origin": landings["origin"].isna(),
        "year is no whole number": years.isna() | (years % 1 != 0),
        "twh is no number of at least 0": ~twh.between(0, np.inf, inclusive="left"),
        "is there twice": landings.duplicated(_COLUMNS[:3]),
    }
    problems = [f"row {', '.join(map(str, landings.index[bad]))}: {told}" for told, bad in looks.items() if bad.any()]
    if ds["snapshot"].dtype.kind != "M":
        problems.append("they have years, but the snapshots of these results have no dates")
    if problems:
        raise UsageError(list_problems("landings:", problems))


def read_shares(
    landings: pd.DataFrame, zones: Sequence[tuple[str, ...]], origins: list[str], years: Positions
) -> tuple[Floats, Flags]:
    """Return what zones report of each origin.

    Parameters
    ----------
    landings : pandas.DataFrame
        Reports without faults.
    zones : sequence of tuple of str
        Names each zone goes by, the best first.
    origins : list of str
        In the order wanted.
    years : numpy.ndarray
        Year of each snapshot.

    Returns
    -------
    tuple of numpy.ndarray
        Shares by snapshot, zone and origin, of the nearest year with a figure, 1 in sum at most; and which a zone
        reports in any year.
    """
    places = {origin: place for place, origin in enumerate(origins) if origin != UNKNOWN}
    named = {zone: _share_rows(rows) for zone, rows in landings.groupby("zone")}
    known = np.zeros((len(years), len(zones), len(origins)))
    told = np.zeros(known.shape[1:], dtype=bool)
    for row, names in enumerate(zones):
        rows = next((named[name] for name in names if name in named), None)
        for year in np.unique(years) if rows is not None else ():
            cells = _find_nearest(rows, int(year)).reindex(list(places)).dropna()
            at = [places[origin] for origin in cells.index]
            known[np.ix_(years == year, [row], at)] = cells.to_numpy()
            told[row, at] = True
    return known / np.maximum(known.sum(axis=2, keepdims=True), 1.0), told


def _share_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what a zone reports by origin and year, as shares of all it landed then."""
    figures = rows.astype({"year": int, "twh": float}).set_index("year")
    whole = figures["origin"] == _ALL
    suppliers, totals = figures[~whole], figures.loc[whole, "twh"]
    if totals.empty:
        totals = suppliers["twh"].groupby("year").sum()
    years = totals.index.to_numpy()
    total = [totals[abs(years - year) == abs(years - year).min()].mean() for year in suppliers.index]
    share = divide(suppliers["twh"].to_numpy(), np.array(total, dtype=float))
    return pd.DataFrame({"origin": suppliers["origin"].to_numpy(), "year": suppliers.index, "share": share})


def _find_nearest(rows: pd.DataFrame, year: int) -> pd.Series:
    """Return for each origin the share of the nearest year."""
    apart = (rows["year"] - year).abs()
    near = rows[apart == apart.groupby(rows["origin"]).transform("min")]
    return near["share"].groupby(near["origin"]).mean()
