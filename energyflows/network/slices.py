"""The slices a zone's storage is cut into: finding them, cutting them further."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

import pandas as pd
import pypsa

#: GWh within which a level lies at the edge of a slice.
LEVEL_TOLERANCE = 1e-6


def list_slices(n: pypsa.Network, zone: str) -> list[str]:
    """Return the stores of a zone from the lowest to the highest.

    Parameters
    ----------
    n : pypsa.Network
        From :func:`energyflows.build_network`.
    zone : str
        Storage zone.

    Returns
    -------
    list of str
        Names; they end in numbers that rise with the level.
    """
    names = n.stores.index[n.stores["bus"] == f"{zone} storage"]
    return sorted(names, key=_number)


def _number(name: str) -> float:
    return float(name.rsplit(" ", 1)[1])


def cut_slices(n: pypsa.Network, levels: Mapping[str, Iterable[float]]) -> None:
    """Cut the storage of zones so that each level lies at the edge of a slice.

    Parameters
    ----------
    n : pypsa.Network
        Changed in place.
    levels : mapping of str to iterable of float
        GWh by zone; those at an edge already, or outside the volume, change nothing.
    """
    pieces = [piece for zone, wanted in levels.items() for piece in _cut_zone(n, zone, sorted(wanted))]
    if not pieces:
        return
    table = pd.DataFrame(pieces, columns=["name", "of", "e_nom", "e_initial"]).set_index("name")
    fresh = table[table.index != table["of"]]
    figures = n.c["Store"].defaults
    left_out = {"e_nom", "e_initial", *figures.index[figures["status"] == "Output"]}
    like = n.stores.loc[fresh["of"]].drop(columns=[*left_out], errors="ignore").set_index(fresh.index)
    n.stores.loc[table.index.intersection(n.stores.index), ["e_nom", "e_initial"]] = table[["e_nom", "e_initial"]]
    n.add("Store", fresh.index, **dict(like.items()), e_nom=fresh["e_nom"], e_initial=fresh["e_initial"])
    for attribute in [name for name, series in n.stores_t.items() if len(series.columns)]:
        dynamic = n.stores_t[attribute].drop(columns=fresh.index, errors="ignore")
        known = fresh[fresh["of"].isin(dynamic.columns)]
        copied = dynamic[known["of"]].set_axis(known.index, axis=1)
        n.stores_t[attribute] = pd.concat([dynamic, copied], axis=1).rename_axis(columns="name")


def _cut_zone(n: pypsa.Network, zone: str, levels: list[float]) -> list[tuple[str, str, float, float]]:
    """Return name, store it comes from, size and stock of every piece of the slices that are cut."""
    pieces, bottom, names = [], 0.0, list_slices(n, zone)
    for position, name in enumerate(names):
        size, stock = (float(n.stores.at[name, column]) for column in ("e_nom", "e_initial"))
        inside = [level - bottom for level in levels if LEVEL_TOLERANCE < level - bottom < size - LEVEL_TOLERANCE]
        edges = [0.0]
        edges += [edge for edge, before in zip(inside, [0.0, *inside], strict=False) if edge - before > LEVEL_TOLERANCE]
        if len(edges) > 1:
            step = (_number(names[position + 1]) - _number(name) if position + 1 < len(names) else 1.0) / len(edges)
            for rank, (low, high) in enumerate(pairwise([*edges, size])):
                piece = name if rank == 0 else f"{zone} storage {_number(name) + rank * step!r}"
                pieces.append((piece, name, high - low, min(max(stock - low, 0.0), high - low)))
        bottom += size
    return pieces
