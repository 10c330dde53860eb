"""Every outage of a kind, one draw each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from energyflows.ensemble.program import check_network
from energyflows.ensemble.running import run_ensemble
from energyflows.errors import UsageError
from energyflows.results import RESPONSE, UNSERVED, name_parts

#: Name of the draw in which everything works.
REFERENCE = "reference"
KINDS = ("links", "storages", "suppliers", "assets", "zones", "pairs")
#: Carriers of links no sweep takes away: routes of ships, and the ways in and out of a storage, which fails as a whole.
_NO_ASSETS = ("shipping", "injection", "withdrawal")


def sweep_outages(
    n: Any,
    kind: str | Iterable[Any] | Mapping[str, Iterable[str]] = "links",
    *,
    workers: int = 1,
    client: Any = None,
    store: str | Path | None = None,
    resume: bool = True,
    progress: bool = False,
    outputs: Iterable[str] | None = None,
) -> xr.Dataset:
    """Solve a network without each of its links, suppliers or zones in turn (N-1), or without each pair (N-2).

    Parameters
    ----------
    n : pypsa.Network
        Unsolved; stays as it is.
    kind : str, iterable or mapping
        ``links``: every pipeline and terminal. ``storages``: every store and storage unit, with the gas in it.
        ``suppliers``: all deliveries of every country that sells gas along a route of its own or by ship. ``assets``:
        all of these. ``zones``: all links that begin or end in a zone, which is what a country in
        transit can close. ``pairs``: every two of the links. Or a list of names of links, generators or stores,
        or of lists of them that fail together; or such lists by name.
    workers, client, store, resume, progress, outputs
        As in :func:`energyflows.run_ensemble`.

    Returns
    -------
    xarray.Dataset
        As from :func:`energyflows.run_ensemble`; ``draw`` holds the names of the outages, the first is ``reference``.

    Raises
    ------
    UsageError
        If the kind or a name is unknown.

    Examples
    --------
    >>> import pypsa
    >>> n = pypsa.Network()
    >>> n.add("Bus", ["here", "there"])
    >>> n.add("Load", "demand", bus="here", p_set=8.0)
    >>> n.add("Generator", ["dear", "cheap"], bus=["here", "there"], p_nom=9.0, marginal_cost=[5.0, 1.0])
    >>> n.add("Link", ["one", "other"], bus0="there", bus1="here", p_nom=3.0)
    >>> ds = sweep_outages(n, ["one", ["one", "other"]])
    >>> ds["draw"].to_numpy().tolist()
    ['reference', 'one', 'one + other']
    >>> bool((ds["objective"].diff("draw") > 0).all())
    True
    """
    check_network(n)
    outages = list_outages(n, kind)
    return run_ensemble(
        n,
        draw_outages(outages),
        workers=workers,
        client=client,
        store=store,
        resume=resume,
        progress=progress,
        outputs=outputs,
    )


def list_outages(n: Any, kind: Any) -> dict[str, list[str]]:
    """Return the components that fail together, by name of the outage.

    Parameters
    ----------
    n : pypsa.Network
        Any network.
    kind : str, iterable or mapping
        As in :func:`sweep_outages`.

    Returns
    -------
    dict of str to list of str
        Names as in the network.

    Raises
    ------
    UsageError
        If there is no such kind, or nothing of it in the network.
    """
    if isinstance(kind, Mapping):
        outages = {str(name): _list(members) for name, members in kind.items()}
    elif not isinstance(kind, str) and isinstance(kind, Iterable):
        groups = [_list(members) for members in kind]
        outages = {" + ".join(map(str, group)): group for group in groups}
    elif isinstance(kind, str) and kind in KINDS:
        outages = _LISTS[kind](n)
    else:
        raise UsageError(f"kind: found {kind!r}, expected one of {', '.join(KINDS)}, or a list of names")
    strange = [name for name, members in outages.items() if not all(isinstance(member, str) for member in members)]
    if strange:
        raise UsageError(f"kind: found no names in {', '.join(strange[:3])}, expected text as in the network")
    empty = [name for name, members in outages.items() if not members]
    if empty or not outages or REFERENCE in outages:
        told = f"nothing fails in {', '.join(map(repr, empty))}" if empty else f"found {sorted(outages)[:3]}"
        raise UsageError(f"kind: {told}, expected at least one component an outage, and none called {REFERENCE!r}")
    return outages


def draw_outages(outages: Mapping[str, list[str]]) -> xr.Dataset:
    """Return draws in which each outage happens alone, after one in which none does.

    Parameters
    ----------
    outages : mapping of str to list of str
        Components that fail together.

    Returns
    -------
    xarray.Dataset
        ``capacity_factor(draw, component)``, 0 or 1.

    Examples
    --------
    >>> draw_outages({"A": ["A"], "both": ["A", "B"]})["capacity_factor"].to_numpy().tolist()
    [[1.0, 1.0], [0.0, 1.0], [0.0, 0.0]]
    """
    components = sorted({member for members in outages.values() for member in members})
    position = {name: number for number, name in enumerate(components)}
    factor = np.ones((len(outages) + 1, len(components)))
    for draw, members in enumerate(outages.values(), start=1):
        factor[draw, [position[member] for member in members]] = 0.0
    return xr.Dataset(
        {"capacity_factor": (("draw", "component"), factor)},
        coords={"draw": [REFERENCE, *outages], "component": components},
    )


def _list(members: Any) -> list[Any]:
    return list(members) if isinstance(members, Iterable) and not isinstance(members, str) else [members]


def _list_links(n: Any) -> dict[str, list[str]]:
    links = n.links[~n.links["carrier"].isin(_NO_ASSETS)]
    able = links[(links["p_nom"] > 0) | links["p_nom_extendable"]]
    return {name: [name] for name in pd.unique(name_parts(able))}


def _list_suppliers(n: Any) -> dict[str, list[str]]:
    """Return generators by origin; those with a route called home serve their own country."""
    generators = n.generators[~n.generators["carrier"].str.lower().isin(UNSERVED | RESPONSE)]
    if "route" in generators:
        generators = generators[~generators["route"].fillna("").isin(["", "home"])]
    country = generators["bus"].map(n.buses["country"]) if "country" in n.buses else generators["bus"]
    origin = generators["origin"].replace("", None).fillna(country) if "origin" in generators else country
    named = pd.DataFrame({"origin": origin.replace("", None).fillna(generators["bus"]), "name": name_parts(generators)})
    return {str(key): sorted(set(group["name"])) for key, group in named.groupby("origin")}


def _list_zones(n: Any) -> dict[str, list[str]]:
    links = n.links[~n.links["carrier"].isin(_NO_ASSETS)]
    names = name_parts(links)
    found = {}
    for zone in n.buses.index:
        touching = names[(links["bus0"] == zone) | (links["bus1"] == zone)]
        if len(touching):
            found[str(zone)] = sorted(set(touching))
    return found


def _list_storages(n: Any) -> dict[str, list[str]]:
    tables = [n.stores[n.stores["e_nom"] > 0], n.storage_units[n.storage_units["p_nom"] > 0]]
    return {name: [name] for table in tables for name in pd.unique(name_parts(table))}


def _list_assets(n: Any) -> dict[str, list[str]]:
    return {**_list_links(n), **_list_storages(n), **_list_suppliers(n)}


def _list_pairs(n: Any) -> dict[str, list[str]]:
    return {f"{one} + {other}": [one, other] for one, other in combinations(_list_links(n), 2)}


_LISTS = {
    "links": _list_links,
    "storages": _list_storages,
    "suppliers": _list_suppliers,
    "assets": _list_assets,
    "zones": _list_zones,
    "pairs": _list_pairs,
}
