"""Gas that changes its origin on the way, because a rule or a paper says so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from energyflows.errors import suggest
from energyflows.tracing._days import spread_days
from energyflows.tracing._mixing import Floats
from energyflows.tracing._stacking import list_leads

_COLUMNS = ("rule", "zone", "origin", "value", "valid_from", "valid_to")
_TOLERANCE = 1e-9


def read_rules(rules: Any, ds: xr.Dataset) -> tuple[xr.DataArray | None, list[str]]:
    """Return which part of what links carry is given which origin.

    Parameters
    ----------
    rules : pandas.DataFrame, xarray.DataArray or None
        Rows of table ``rules`` of the kind ``routing``, ``zone`` naming a link; or shares by link and origin.
    ds : xarray.Dataset
        Results that can be traced.

    Returns
    -------
    tuple of xarray.DataArray or None, and list of str
        Shares, 1, by ``link`` (only those under a rule), ``origin``, ``snapshot`` and leads; and what is wrong.
    """
    if rules is None:
        return None, []
    if isinstance(rules, pd.DataFrame):
        lacking = [name for name in _COLUMNS if name not in rules]
        if lacking:
            return None, [f"rules: no column {', '.join(lacking)}; give rows of table rules"]
        problems = _find_wrong_rows(rules, ds)
        return (None, problems) if problems else _check_sum(_date_rows(rules, ds))
    if isinstance(rules, xr.DataArray) and {"link", "origin"} <= set(rules.dims):
        problems = _find_wrong_dims(rules, ds)
        return (None, problems) if problems else _check_sum(rules.fillna(0.0).clip(0.0, 1.0))
    found = type(rules).__name__
    return None, [f"rules: found {found}, expected rows of table rules, or shares with dims link and origin"]


def _find_wrong_rows(rules: pd.DataFrame, ds: xr.Dataset) -> list[str]:
    """List rows that cannot hold."""
    links = ds["link"].to_numpy().astype(str).tolist()
    problems = []
    for row in rules.itertuples():
        name = f"rules: {row.rule}"
        if row.zone not in links:
            problems.append(f"{name}: no link {row.zone!r} in these results{suggest(str(row.zone), links)}")
        if not isinstance(row.origin, str) or not row.origin:
            problems.append(f"{name}: names no origin, so nothing can be given it; leave it out")
        if not 0 <= row.value <= 1:
            problems.append(f"{name}: found value {row.value}, expected a share from 0 to 1")
    if not isinstance(ds.indexes["snapshot"], pd.DatetimeIndex):
        problems.append("rules: have dates, but the snapshots of these results have none; give shares by link instead")
    return problems


def _find_wrong_dims(shares: xr.DataArray, ds: xr.Dataset) -> list[str]:
    """List names and dims the results do not have."""
    leads = list_leads(ds)
    known = ds["link"].to_numpy().astype(str).tolist()
    links = [str(name) for name in shares["link"].to_numpy()]
    problems = [
        f"rules: dim {dim} is not one of the results"
        for dim in shares.dims
        if dim not in {"link", "origin", "snapshot", *leads}
    ]
    problems += [
        f"rules: no link {name!r} in these results{suggest(name, known)}" for name in links if name not in known
    ]
    problems += [f"rules: link {name} is there twice" for name in dict.fromkeys(links) if links.count(name) > 1]
    problems += [
        f"rules: {dim} is not that of the results"
        for dim in ("snapshot", *leads)
        if dim in shares.dims and not set(ds[dim].to_numpy().tolist()) <= set(shares[dim].to_numpy().tolist())
    ]
    wrong = (shares < -_TOLERANCE) | (shares > 1 + _TOLERANCE) | np.isinf(shares)
    return problems + ([f"rules: {int(wrong.sum())} shares are not from 0 to 1"] if bool(wrong.any()) else [])


def _date_rows(rules: pd.DataFrame, ds: xr.Dataset) -> xr.DataArray:
    """Return the shares of rules by snapshot; one that a day falls into takes the days of it that it covers."""
    starts = ds.indexes["snapshot"]
    links, origins = list(dict.fromkeys(rules["zone"])), sorted(set(rules["origin"]))
    shares = np.zeros((len(links), len(origins), len(starts)))
    for row in rules.itertuples():
        held = spread_days(row.valid_from, row.valid_to, ds)
        shares[links.index(row.zone), origins.index(row.origin)] += row.value * held
    coords = {"link": links, "origin": origins, "snapshot": starts}
    return xr.DataArray(shares, dims=("link", "origin", "snapshot"), coords=coords)


def _check_sum(shares: xr.DataArray) -> tuple[xr.DataArray | None, list[str]]:
    """Refuse rules that give away more than all of the gas of a link."""
    total = shares.sum("origin")
    most = total.max([dim for dim in total.dims if dim != "link"])
    over = most["link"].to_numpy()[(most > 1 + 1e-6).to_numpy()]
    problems = [
        f"rules: at {name} they give {float(most.sel(link=name)):.4g} times the gas that flows; choose among them"
        for name in over
    ]
    return (None, problems) if problems else (shares, [])


def place_rules(shares: xr.DataArray, ds: xr.Dataset, origins: list[str]) -> Floats:
    """Return shares by lead, snapshot, link under a rule and origin.

    Parameters
    ----------
    shares : xarray.DataArray
        From :func:`read_rules`.
    ds : xarray.Dataset
        Results.
    origins : list of str
        In the order wanted; all of the shares are among them.

    Returns
    -------
    numpy.ndarray
        Plain array.
    """
    leads = list_leads(ds)
    sizes = {dim: ds.sizes[dim] for dim in (*leads, "snapshot") if dim not in shares.dims}
    chosen = shares.sel({dim: ds[dim].to_numpy() for dim in (*leads, "snapshot") if dim in shares.dims})
    filled = chosen.reindex(origin=origins, fill_value=0.0).expand_dims(sizes)
    values = filled.transpose(*leads, "snapshot", "link", "origin").to_numpy().astype(float)
    return values.reshape(-1, *values.shape[-3:])
