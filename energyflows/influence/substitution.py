"""What happens without a supplier if everybody else may give more: the other side of displacement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from energyflows.ensemble import sweep_outages
from energyflows.errors import UnknownNameError, UsageError, list_problems, require, suggest
from energyflows.network import free_destinations

_GWH_PER_TWH = 1e3
_REFERENCE = "reference"


def measure_substitution(n: Any, origins: Sequence[str]) -> pd.DataFrame:
    """Return what consumers miss and pay without each supplier, substitution free.

    Parameters
    ----------
    n : pypsa.Network
        From :func:`energyflows.build_network` or :func:`energyflows.apply`, unsolved; stays as it is.
    origins : sequence of str
        Suppliers, one at zero at a time: all that they deliver abroad.

    Returns
    -------
    pandas.DataFrame
        A row by ``origin`` and ``bus`` that consumes: ``consumed_twh`` with the supplier, ``fall_twh`` without it, of
        which ``unserved_twh`` at the value of lost load and the rest given up because of price; ``price_eur_mwh`` with
        it and ``price_change_eur_mwh``, means over time.

    Raises
    ------
    UnknownNameError
        If nothing is delivered from a supplier.
    UsageError
        If there are none, or the network cannot be compiled.

    Notes
    -----
    Displacement caps all others at what they gave (:func:`measure_gap`). Here LNG goes where it pays, stores and
    pipelines are used as best they can, and demand answers to price: the other end of what a stop would mean.

    Examples
    --------
    >>> from energyflows import build_network
    >>> found = measure_substitution(build_network(2025), ["AZ"]).set_index("bus")
    >>> bool(abs(found.at["IT", "fall_twh"]) < 0.5), bool(found.at["IT", "price_change_eur_mwh"] > 1)
    (True, True)
    >>> bool(found["unserved_twh"].sum() <= found["fall_twh"].sum() + 1e-6)
    True
    """
    require(n, "generators links is_solved", "a pypsa.Network")
    if isinstance(origins, str) or not len(origins):
        raise UsageError(f"origins: found {origins!r}, expected a list of names")
    rows = n.generators[n.generators.get("route", "home") != "home"]
    given = {str(name): rows.index[rows["origin"] == name].tolist() for name in origins}
    unknown = [f"{name}{suggest(name, sorted(set(rows['origin'])))}" for name, found in given.items() if not found]
    if unknown:
        raise UnknownNameError(list_problems("nothing is delivered from:", unknown))
    ds = sweep_outages(free_destinations(n), given, outputs=["consumed_sum", "unserved_sum", "price_mean"])
    before = ds.sel(draw=_REFERENCE)
    fed = ds["bus"].to_numpy()[(before["consumed_sum"] > 0).to_numpy()]
    tables = []
    for origin in given:
        after = ds.sel(draw=origin)
        columns = {
            "consumed_twh": before["consumed_sum"] / _GWH_PER_TWH,
            "fall_twh": (before["consumed_sum"] - after["consumed_sum"]) / _GWH_PER_TWH,
            "unserved_twh": (after["unserved_sum"] - before["unserved_sum"]) / _GWH_PER_TWH,
            "price_eur_mwh": before["price_mean"],
            "price_change_eur_mwh": after["price_mean"] - before["price_mean"],
        }
        frame = pd.DataFrame({name: array.sel(bus=fed).to_numpy() for name, array in columns.items()})
        tables.append(frame.assign(origin=origin, bus=fed)[["origin", "bus", *columns]])
    return pd.concat(tables, ignore_index=True)
