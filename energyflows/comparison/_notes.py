"""What results tell of a scenario beside its figures."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
import xarray as xr

COLUMNS = ["scenario", "kind", "note"]


def list_notes(ds: xr.Dataset) -> pd.DataFrame:
    """Return notes, labels and owners that scenarios left in the description of the results.

    Parameters
    ----------
    ds : xarray.Dataset
        Results with dim ``scenario``.

    Returns
    -------
    pandas.DataFrame
        Columns ``scenario, kind, note``.
    """
    described = json.loads(ds.attrs.get("meta", "{}")).get("scenarios", {})
    names = [str(name) for name in ds["scenario"].to_numpy()]
    rows = [(name, *told) for name in names for told in _tell(described.get(name, {}))]
    return pd.DataFrame(rows, columns=COLUMNS)


def _tell(described: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield kind and sentence."""
    for note in described.get("notes", ()):
        yield "note", str(note)
    for label in described.get("labels", ()):
        yield "label", f"{_tell_label(label)}{_tell_span(label)}"
    for stake in described.get("ownership", ()):
        holder = f"{stake.get('owner')} ({stake.get('country')})"
        yield "owner", f"{stake.get('asset')}: {holder} holds {100 * stake.get('share', 0.0):g} %{_tell_span(stake)}"


def _tell_label(label: Mapping[str, Any]) -> str:
    origin = f"gas of {label['from']}" if label.get("from") else "gas"
    if label.get("twh") is not None:
        amount = f"{label['twh']:g} TWh a {label.get('per', 'year')} of "
    else:
        amount = f"{100 * label.get('share', 1.0):g} % of "
    return f"{label.get('at')}: {amount}{origin} labelled {label.get('to')}"


def _tell_span(told: Mapping[str, Any]) -> str:
    start, end = told.get("start"), told.get("end")
    return (f" from {start}" if start else "") + (f" until {end}" if end else "")
