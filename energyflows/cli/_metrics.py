"""Metrics of a user's own table, and the values a metric has in the reference."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from energyflows.cli._app import Json
from energyflows.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

#: Last year of observed flows; its reference is what ``show`` computes values from.
CURRENT_YEAR = 2025
#: Metrics a run tells that need more than volumes by origin.
_TOLD = ("import_dependence", "supplier_concentration_index", "n_minus_1")
#: What the name of a column of shares holds.
_SHARES = ("share", "percent", "%")
#: Largest difference of a sum of shares from one: what rounding to whole percents leaves.
_ROUNDING = 0.015
#: Sums of shares above it are in percent.
_PERCENT = 10.0
_FILE = (
    "Volumes by origin. Long: a row for each origin, named in column 'origin' or another one told by --dim. Wide: a "
    "row for each supply, a column for each origin. Columns such as year or country tell supplies apart without --by."
)


def metrics(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help=_FILE)],
    dim: Annotated[str, typer.Option(help="What shares are of: origin, route, owner, seller …")] = "origin",
    value: Annotated[str | None, typer.Option(help="Column with the volume, if its name does not tell.")] = None,
    by: Annotated[
        list[str] | None, typer.Option(help="Column each value of which is a supply of its own; may be repeated.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="New folder for a CSV table.")] = None,
    json: Json = False,
) -> None:
    """Compute diversification and dependence from a table of your own."""
    import pandas as pd

    from energyflows import console
    from energyflows.tables import read_volumes

    if out is not None:
        console.check_folder(out)
    volumes, notes = read_volumes(file, dim, value=value, by=by)
    _refuse_names(file, volumes)
    labels = [str(name) for name in volumes.index.names if name != dim]
    if any(word in str(volumes.name).lower() for word in _SHARES):
        _check_shares(file, volumes, dim, labels)
    found = measure(volumes, dim, labels)
    if out is not None:
        console.write_tables(out, {"metrics": found})
    if json:
        console.print_json({"metrics": found, "notes": pd.DataFrame({"note": notes})})
    else:
        console.print_metrics(found, labels, notes, title=f"{file.name}: shares by {dim}")


def _refuse_names(file: Path, volumes: pd.Series) -> None:
    """Refuse labels that would stand in the way of metrics in the table."""
    from energyflows.metrics import METRICS

    taken = [str(name) for name in volumes.index.names if name in METRICS]
    if taken:
        raise UsageError(f"{file}: column {', '.join(taken)} has the name of a metric; rename it, or leave it out")


def _check_shares(file: Path, shares: pd.Series, dim: str, labels: Sequence[str]) -> None:
    """Refuse shares, in percent or not, that do not sum to one in a supply."""
    import pandas as pd

    from energyflows.metrics import check_shares

    names = shares.index.to_frame(index=False).astype(str)
    whole = shares.sum()
    flat = shares
    if labels:  # One level for all of them: not every combination is a supply.
        supply = names[labels].agg(", ".join, axis=1)
        flat = shares.set_axis(pd.MultiIndex.from_arrays([supply, names[dim]], names=[", ".join(labels), dim]))
        whole = flat.groupby(level=0).sum().max()
    try:
        check_shares(flat / (100 if whole > _PERCENT else 1), dim=dim, tolerance=_ROUNDING)
    except UsageError as error:
        told = "holds shares by its name; expected every origin of a supply, so that they sum to 1, or 100 percent"
        raise UsageError(f"{file}: column {shares.name!r} {told}: {error}") from None


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
    if not enough and name not in _TOLD:
        return None
    results = run(years=CURRENT_YEAR, tables=tables)
    table = summarise_metrics(results, tables)
    if name in table:
        return table[["year", "area", name]].rename(columns={name: "value"})
    found: xr.DataArray = function(sum_areas(results, tables))
    if "origin" in found.dims:
        return None
    values = found.isel(year=0, drop=True).to_series()
    return table[["year", "area"]].assign(value=table["area"].map(values))
