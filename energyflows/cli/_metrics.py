"""Metrics of a user's own table, and the values a metric has in the reference."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from energyflows.cli._app import Json

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

#: Last year of observed flows; its reference is what ``show`` computes values from.
CURRENT_YEAR = 2025


def metrics(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Volumes by origin, long or wide.")],
    dim: Annotated[str, typer.Option(help="What shares are of: origin, route, owner, seller …")] = "origin",
    value: Annotated[str | None, typer.Option(help="Column with the volume, if its name does not tell.")] = None,
    by: Annotated[
        list[str] | None, typer.Option(help="Column each value of which is a supply of its own; may be repeated.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="New folder for a CSV table.")] = None,
    json: Json = False,
) -> None:
    """Compute diversification and dependence from a table of your own."""
    from energyflows import console
    from energyflows.tables import read_volumes

    if out is not None:
        console.check_folder(out)
    volumes, notes = read_volumes(file, dim, value=value, by=by)
    labels = [str(name) for name in volumes.index.names if name != dim]
    found = measure(volumes, dim, labels)
    if out is not None:
        console.write_tables(out, {"metrics": found})
    if json:
        console.print_json({"metrics": found})
    else:
        console.print_metrics(found, labels, notes, title=f"{file.name}: shares by {dim}")


def measure(volumes: pd.Series, dim: str, labels: Sequence[str]) -> pd.DataFrame:
    """Return every metric volumes suffice for, a row by supply.

    Parameters
    ----------
    volumes : pandas.Series
        By label and ``dim``.
    dim : str
        What shares are of.
    labels : sequence of str
        The other levels of the index.

    Returns
    -------
    pandas.DataFrame
        Labels, then metrics, in the order of the volumes.
    """
    from energyflows.metrics import all as compute_all

    whole = compute_all(volumes, dim=dim).drop_dims(dim)
    if not labels:
        import pandas as pd

        return pd.DataFrame({str(name): [float(array)] for name, array in whole.items()})
    rows = volumes.index.droplevel(dim).unique()
    return whole.to_dataframe(dim_order=list(labels)).reindex(rows).reset_index()


def find_values(name: str, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame | None:
    """Return the values of a metric in the reference, by country.

    Parameters
    ----------
    name : str
        Of the metric.
    tables : mapping of str to pandas.DataFrame
        From :func:`energyflows.load_tables`.

    Returns
    -------
    pandas.DataFrame or None
        Columns ``year, area, value``; None if a run does not tell the metric.
    """
    from energyflows.metrics import METRICS
    from energyflows.running import run
    from energyflows.summary import sum_areas, summarise_metrics

    function = METRICS[name].function
    first, *others = inspect.signature(function).parameters.values()
    enough = first.name == "volume" and all(each.default is not each.empty for each in others)
    results = run(years=CURRENT_YEAR, tables=tables)
    table = summarise_metrics(results, tables)
    if name in table:
        return table[["year", "area", name]].rename(columns={name: "value"})
    if not enough:
        return None
    found: xr.DataArray = function(sum_areas(results, tables))
    if "origin" in found.dims:
        return None
    values = found.isel(year=0, drop=True).to_series()
    return table[["year", "area"]].assign(value=table["area"].map(values))
