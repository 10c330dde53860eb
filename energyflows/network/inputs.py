"""What every builder of components needs: the tables, the time, and how to look a figure up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from energyflows.errors import UnknownNameError
from energyflows.network.calendar import Rates, average_rates, count_days, smooth_months, spread_series
from energyflows.network.profiles import rate_months, relate_to_year


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
    def zones(self) -> pd.DataFrame:
        """Table ``zones`` by zone; corridors and pools have an empty country."""
        return self.tables["zones"].set_index("zone").fillna({"country": ""})

    @cached_property
    def each_day(self) -> pd.IntervalIndex:
        """Every day as a period of its own."""
        return pd.IntervalIndex.from_arrays(self.days, self.days + pd.Timedelta(days=1), closed="left")

    @cached_property
    def year_length(self) -> pd.Series:
        """Days of the year each day lies in."""
        return pd.Series(self.days.is_leap_year + 365, index=self.days)

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
        """Observed flows that bound the model, GWh/d by day and series; missing where not observed.

        A yearly total of a route with a ``shape`` is spread like the demand of that zone.
        """
        rows, supply = self.tables["observed_flows"], self.tables["supply"]
        shape = supply.dropna(subset=["follows", "shape"]).drop_duplicates("follows").set_index("follows")["shape"]
        followed = {*self.tables["pipelines"]["follows"].dropna(), *supply["follows"].dropna()}
        return pd.DataFrame(
            {
                name: spread_series(group, self.days, self.shapes[shape[name]] if name in shape else None)
                for name, group in rows[rows["series"].isin(followed)].groupby("series")
            },
            index=self.days,
        )

    @cached_property
    def yearly_series(self) -> set[str]:
        """Observed flows of which only yearly totals are known."""
        frequencies = self.tables["observed_flows"].groupby("series")["frequency"].agg(set)
        return {str(name) for name, found in frequencies.items() if found == {"year"}}

    @cached_property
    def levels(self) -> dict[pd.Timestamp, dict[str, float]]:
        """Observed stocks in GWh by day and zone."""
        rows = self.tables["observed_storage"]
        levels: dict[pd.Timestamp, dict[str, float]] = {}
        for day, zone, stock in zip(rows["date"], rows["zone"], 1e3 * rows["twh"], strict=True):
            levels.setdefault(day, {})[zone] = stock
        return levels

    @cached_property
    def parameters(self) -> dict[str, float]:
        """Model-wide figures by name."""
        return dict(zip(self.tables["parameters"]["parameter"], self.tables["parameters"]["value"], strict=True))

    @cached_property
    def daily_demand(self) -> pd.DataFrame:
        """Demand in GWh/d by day and zone."""
        return smooth_months(rate_months(self.tables, self.days), self.days)

    @cached_property
    def shapes(self) -> pd.DataFrame:
        """Demand by day and zone relative to its mean of the year."""
        return relate_to_year(self.daily_demand)

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
        if name not in self.parameters:
            raise UnknownNameError(f"parameters.csv has no row {name!r}; add it, with its unit and source")
        return self.parameters[name]

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
