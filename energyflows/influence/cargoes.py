"""Who lands which cargoes of LNG: as reported by country, fitted to what results ship and land."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import xarray as xr

from energyflows.errors import UsageError, list_problems, require
from energyflows.tracing import allot_landings, list_bars

_IMPORTS = ["series", "importer", "origin", "kind", "period", "frequency", "twh"]
_LNG = "lng"
#: Names in column origin: of all suppliers together, and of some that each source chooses for itself.
_ALL, _REST = "all", "rest"
#: All suppliers that the model does not name.
_OTHERS = "XX"
#: How many rows of a frequency make a year, the best first.
_WHOLE = {"year": 1, "quarter": 4, "month": 12}
#: How series end, the best first: cargoes tracked, partners declared, anything else, what may hold reloaded cargoes.
_ENDINGS = ("-lng-landed", "-label", "", "-gross")
#: Part above other figures from which gross reports hold reloaded cargoes.
_TOO_MUCH = 1.25
_CELL = ["zone", "origin"]


def list_landings(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """List the LNG that countries report to have landed, by supplier and year.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        From :func:`energyflows.load_tables`; ``observed_imports`` and ``lng_suppliers`` are read.

    Returns
    -------
    pandas.DataFrame
        Columns ``zone``, ``origin``, ``year`` and ``twh``, one row for each; suppliers that table ``lng_suppliers``
        does not have are together ``XX``, and ``all`` is what the zone landed from all.

    Raises
    ------
    UsageError
        If a table or column is not there.

    Notes
    -----
    Only whole years count: a yearly row, else four quarters, else twelve months of a series. Where several series tell
    a cell, cargoes tracked (``-lng-landed``) go before partners declared (``-label``) before all others, and gross
    monthly reports (``-gross``) come last. Where in any year these exceed another series by more than a quarter, they
    hold cargoes that are loaded again, and none of them counts.

    Examples
    --------
    >>> from energyflows import load_tables
    >>> landed = list_landings(load_tables()).set_index(["zone", "origin", "year"])["twh"]
    >>> landed.round().loc[["ES", "BE"], "RU", 2025].tolist()
    [39.0, 56.0]
    """
    _check_tables(tables)
    imports, known = tables["observed_imports"], {_ALL, *tables["lng_suppliers"]["supplier"]}
    rows = imports[(imports["kind"] == _LNG) & (imports["origin"] != _REST) & imports["origin"].notna()]
    best = _choose_series(_sum_years(rows.rename(columns={"importer": "zone"})))
    best = best.assign(origin=best["origin"].where(best["origin"].isin(known), _OTHERS))
    return best.groupby([*_CELL, "year"], as_index=False)["twh"].sum()


def _check_tables(tables: Mapping[str, pd.DataFrame]) -> None:
    """Refuse tables without what is read."""
    require(tables, "items keys", "tables by name")
    needed = {"observed_imports": _IMPORTS, "lng_suppliers": ["supplier"]}
    problems = [f"no table {name}" for name in needed if name not in tables]
    problems += [
        f"table {name} has no column {column}"
        for name, columns in needed.items()
        if name in tables
        for column in columns
        if column not in tables[name]
    ]
    if problems:
        raise UsageError(list_problems("landings cannot be listed:", problems))


def _sum_years(rows: pd.DataFrame) -> pd.DataFrame:
    """Return each series by year, from the coarsest rows that cover all of it."""
    rows = rows.assign(year=rows["period"].astype(str).str[:4].astype(int))
    keys = ["series", *_CELL, "year"]
    totals = rows.groupby([*keys, "frequency"], as_index=False)["twh"].agg(["sum", "count"])
    whole = totals[totals["count"] == totals["frequency"].map(_WHOLE)].rename(columns={"sum": "twh"})
    order = whole["frequency"].map({name: place for place, name in enumerate(_WHOLE)})
    first = whole.assign(order=order).sort_values("order", kind="stable").drop_duplicates(keys)
    return first[[*keys, "twh"]]


def _rank(series: str) -> int:
    """Return the place of a series among those that tell the same; the empty ending is that of all others."""
    named = [place for place, ending in enumerate(_ENDINGS) if ending and series.endswith(ending)]
    return named[0] if named else _ENDINGS.index("")


def _choose_series(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one figure for each zone, origin and year."""
    rows = rows.assign(rank=rows["series"].map(_rank)).sort_values(["rank", "series"], kind="stable")
    gross = rows["series"].str.endswith(_ENDINGS[-1])
    both = rows[gross].merge(rows[~gross], on=[*_CELL, "year"], suffixes=("", "_other"))
    over = both.loc[both["twh"] > _TOO_MUCH * both["twh_other"], _CELL]
    spoilt = pd.MultiIndex.from_frame(rows[_CELL]).isin(pd.MultiIndex.from_frame(over))
    return rows[~(gross & spoilt)].drop_duplicates([*_CELL, "year"])


def allot_cargoes(results: xr.Dataset, tables: Mapping[str, Any]) -> xr.DataArray | None:
    """Return what each landing from a common pool of LNG is made of, by what countries report and law leaves.

    Parameters
    ----------
    results : xarray.Dataset
        Results with any leads; as for :func:`energyflows.tracing.allot_landings`.
    tables : mapping of str to pandas.DataFrame
        As for :func:`list_landings`; and ``rules``, of which bans count that are active and name a single zone.

    Returns
    -------
    xarray.DataArray or None
        Shares, 1, by leads, ``snapshot``, ``link`` and ``origin``, as ``rules`` of :func:`energyflows.trace`; None if
        results have no pool from which several markets land. Attribute ``notes``: where law cannot be kept.

    Raises
    ------
    UsageError
        If a table or column is not there.
    ResultsError
        If the results cannot be traced.

    Examples
    --------
    >>> from energyflows import load_tables, run
    >>> shares = allot_cargoes(run(years=2025), load_tables())
    >>> float(shares.sel(link="LNGEU-LT", origin="RU").max())
    0.0
    """
    require(results, "data_vars coords", "an xarray.Dataset of results")
    landings = list_landings(tables)
    if "rules" not in tables:
        raise UsageError("cargoes cannot be allotted: no table rules")
    names = {"bus", "country"} & {*results.coords}
    zones = {str(zone) for name in names for zone in results[name].to_numpy()} - {""}
    return allot_landings(results, landings, barred=list_bars(tables["rules"], zones=zones, kinds=("ban",)))
