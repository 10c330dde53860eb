"""Days within snapshots."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from energyflows.tracing._mixing import Floats

_DAY = np.timedelta64(1, "D")


def spread_days(first: Any, last: Any, ds: xr.Dataset) -> Floats:
    """Return which part of each snapshot lies between two days, both included.

    Parameters
    ----------
    first, last : pandas.Timestamp, str or None
        Missing means without limit.
    ds : xarray.Dataset
        Results.

    Returns
    -------
    numpy.ndarray, [1]
        By snapshot.
    """
    days = ds["weight_days"].to_numpy().astype(float)
    opens, closes = np.zeros(len(days)), np.ones(len(days))
    if pd.notna(first):
        opens = (_count_days(first, ds) / days).clip(0.0, 1.0)
    if pd.notna(last):
        closes = ((_count_days(last, ds) + 1.0) / days).clip(0.0, 1.0)
    return np.maximum(closes - opens, 0.0)


def _count_days(day: Any, ds: xr.Dataset) -> Floats:
    """Return how many days after the beginning of each snapshot a day begins."""
    # In seconds, for nanoseconds do not reach across centuries.
    begins = ds.indexes["snapshot"].to_numpy().astype("datetime64[s]")
    passed: Floats = (pd.Timestamp(day).to_datetime64().astype("datetime64[s]") - begins) / _DAY
    return passed
