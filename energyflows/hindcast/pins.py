"""Tables in which nothing that is scored bounds the model."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd


def release(tables: Mapping[str, pd.DataFrame], *, ships: bool = True) -> dict[str, pd.DataFrame]:
    """Return tables whose pipelines follow no observed flow and whose LNG goes where it pays.

    Supply by route, what each LNG exporter loads in a year, demand, and stocks at the turn of the year stay given.
    Pipelines are held by bookings and contracts instead; an exporter may send all it loads to any pool, or nothing.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        From :func:`energyflows.load_tables`; stay as they are.
    ships : bool
        Let cargoes go where they pay as well; if not, only pipelines are let go of.

    Returns
    -------
    dict of str to pandas.DataFrame
        For :func:`energyflows.build_network`.

    Examples
    --------
    >>> from energyflows import load_tables
    >>> free = release(load_tables())
    >>> int(free["pipelines"]["follows"].notna().sum()), float(free["lng_suppliers"]["min_twh"].max())
    (0, 0.0)
    """
    pipelines, shipped = tables["pipelines"].copy(), tables["lng_suppliers"].copy()
    pipelines["follows"] = pd.Series(pd.NA, index=pipelines.index, dtype=pipelines["follows"].dtype)
    if not ships:
        return {**tables, "pipelines": pipelines}
    exports = tables["supply"][tables["supply"]["tier"] == "export"]
    loaded = (exports["twh"] * exports["rate_factor"]).groupby([exports["bus"], exports["year"]]).sum()
    keys = pd.MultiIndex.from_frame(shipped[["bus", "year"]])
    shipped["min_twh"] = 0.0
    shipped["max_twh"] = loaded.reindex(keys).fillna(0.0).to_numpy().clip(min=shipped["twh"].to_numpy())
    return {**tables, "pipelines": pipelines, "lng_suppliers": shipped}
