"""Bounds that hold a network to what was observed, taken off for questions about what was not."""

from __future__ import annotations

from collections.abc import Collection

import pypsa

from energyflows.errors import UsageError, list_problems, require
from energyflows.network.building import QUIET_STRINGS

#: Exporters whose LNG keeps its ceilings: law limits where it may go, not price.
RESTRICTED = ("RU",)


def free_destinations(n: pypsa.Network, *, keep: Collection[str] = RESTRICTED) -> pypsa.Network:
    """Let LNG go where it pays, instead of at most 15 % more than observed to any place.

    The table ``lng_suppliers`` bounds what each exporter sends to each pool of importers around the observed volume.
    That is right when a year is told as it was, and wrong when something fails: the first answer to a shortage are
    ships that turn round. The ceilings become what the exporter can load; the floors, which stand for contracts, stay.

    Parameters
    ----------
    n : pypsa.Network
        From :func:`energyflows.build_network`; stays as it is.
    keep : collection of str
        Exporters whose ceilings stay; by default Russia, whose LNG meets sanctions and bans.

    Returns
    -------
    pypsa.Network
        A changed copy.

    Raises
    ------
    UsageError
        If the network has no shipping, or does not know an exporter.

    Examples
    --------
    >>> from energyflows import build_network
    >>> n = build_network(2025)
    >>> free = free_destinations(n)
    >>> bool(free.links.at["LNGUS-LNGEU", "p_nom"] > n.links.at["LNGUS-LNGEU", "p_nom"])
    True
    """
    require(n, "links generators is_solved", "a pypsa.Network")
    if n.is_solved:
        raise UsageError("n: found a solved network, expected one that is not; build it anew")
    shipped = n.links[(n.links["carrier"] == "shipping") & (n.links.get("reward", 0.0) == 0)]
    exporters = n.generators[n.generators["bus"].isin(shipped["bus0"])]
    if isinstance(keep, str):
        raise UsageError(f"keep: found the text {keep!r}, expected a list of exporters")
    problems = [] if len(shipped) else ["no links with carrier 'shipping'"]
    problems += [f"no exporter {name!r} by ship" for name in keep if name not in set(exporters.get("origin", ()))]
    if problems:
        raise UsageError(list_problems("destinations cannot be freed:", problems))
    kept = set(exporters.loc[exporters["origin"].isin(list(keep)), "bus"]) if len(keep) else set()
    freed = shipped.index[~shipped["bus0"].isin(kept)]
    able = (n.get_switchable_as_dense("Generator", "p_max_pu").max() * n.generators["p_nom"])[exporters.index]
    with pypsa.option_context(*QUIET_STRINGS):
        work = n.copy()
    work.links.loc[freed, "p_nom"] = able.groupby(exporters["bus"]).sum()[shipped.loc[freed, "bus0"]].to_numpy()
    work.links.loc[freed, "p_max_pu"] = 1.0
    work.links_t.p_max_pu = work.links_t.p_max_pu.drop(columns=freed, errors="ignore")
    return work
