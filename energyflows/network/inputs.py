"""What every builder of components needs: the tables, the time, and how to look a figure up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from energyflows.errors import UnknownNameError
from energyflows.network.calendar import Rates, average_rates, count_days, spread_series


@dataclass(frozen=True)
class Inputs:
    """Tables and time of one network."""

    tables: Mapping[str, pd.DataFrame]
    """All tables by name, checked."""
    periods: pd.IntervalIndex
    """Periods of the model, left-closed days."""
    resolution: str
    """``monthly``, ``weekly`` or ``daily``."""

    @cached_property
    def days(self) -> pd.DatetimeIndex:
        """Every day of the model."""
        return pd.date_range(self.periods.left[0], self.periods.right[-1], freq="D", inclusive="left")

    @cached_property
    def snapshots(self) -> pd.DatetimeIndex:
        """Start of each period."""
        return pd.DatetimeIndex(self.periods.left, name="snapshot")

    @cached_property
    def weights(self) -> pd.Series:
        """Days of each period."""
        return count_days(self.periods)

    @cached_property
    def years(self) -> list[int]:
        """Calendar years of the model."""
        return sorted(set(self.snapshots.year))

    @cached_property
    def observed(self) -> pd.DataFrame:
        """Observed flows that bound the model, GWh/d by day and series; missing where not observed."""
        rows = self.tables["observed_flows"]
        followed = set(self.tables["pipelines"]["follows"].dropna()) | set(self.tables["supply"]["follows"].dropna())
        groups = rows[rows["series"].isin(followed)].groupby("series")
        return pd.DataFrame({name: spread_series(group, self.days) for name, group in groups}, index=self.days)

    def parameter(self, name: str) -> float:
        """Return a model-wide figure from table ``parameters``.

        Parameters
        ----------
        name : str
            Its key.

        Returns
        -------
        float
            Value in the unit the table states.

        Raises
        ------
        UnknownNameError
            If the table has no such row.
        """
        rows = self.tables["parameters"].set_index("parameter")["value"]
        if name not in rows.index:
            raise UnknownNameError(f"parameters.csv has no row {name!r}; add it, with its unit and source")
        return float(rows[name])

    def average(self, daily: Rates) -> Rates:
        """Average daily rates over the periods of the model.

        Parameters
        ----------
        daily : pandas.DataFrame or Series
            GWh/d by day.

        Returns
        -------
        pandas.DataFrame or Series
            GWh/d by snapshot.
        """
        return average_rates(daily, self.periods)
