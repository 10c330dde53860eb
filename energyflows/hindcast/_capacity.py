"""What was technically possible: pipelines, terminals and stores by day."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from energyflows.hindcast.series import Tables
from energyflows.network.calendar import find_overlaps
from energyflows.tables import select_in_service


def rate_pipelines(tables: Tables, years: Iterable[int]) -> pd.DataFrame:
    """Return capacity by day and pipeline, GWh/d; bounds from observed flows are not capacity."""
    rows = select_in_service(tables["pipelines"])
    return _sum_rows(rows, rows["capacity_gwh_d"], rows["pipeline"], years)


def rate_terminals(tables: Tables, years: Iterable[int]) -> pd.DataFrame:
    """Return the send-out of terminals that work, by day and zone, GWh/d."""
    rows = tables["lng_terminals"]
    return _sum_rows(rows, rows["sendout_gwh_d"].where(rows["status"] != "mothballed", 0.0), rows["zone"], years)


def size_stores(tables: Tables, years: Iterable[int]) -> pd.DataFrame:
    """Return working volume by day and zone, TWh."""
    rows = tables["storages"]
    return _sum_rows(rows, rows["working_volume_twh"], rows["zone"], years)


def _sum_rows(rows: pd.DataFrame, figure: pd.Series, owner: pd.Series, years: Iterable[int]) -> pd.DataFrame:
    """Return the sum of a figure over the rows that hold, by day and owner."""
    listed = sorted(years)
    days = pd.date_range(f"{listed[0]}-01-01", f"{listed[-1]}-12-31", freq="D")
    each = pd.IntervalIndex.from_arrays(days, days + pd.Timedelta(days=1), closed="left")
    held = find_overlaps(rows["valid_from"], rows["valid_to"], each)
    return (held * figure).T.groupby(owner).sum().T
