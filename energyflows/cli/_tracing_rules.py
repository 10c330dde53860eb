"""Rules that say what gas on a link counts as, taken as flows of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
import xarray as xr

from energyflows.errors import UnknownNameError, UsageError, list_problems, suggest
from energyflows.tracing._rules import read_rules
from energyflows.tracing._stacking import NEEDED

_COLUMNS = ["rule", "zone", "origin", "value", "valid_from", "valid_to", "source", "note"]
#: Coordinates that tracing reads, by dim.
_COORDS = {
    "bus": ("country",),
    "link": ("bus0", "bus1", "is_storage_link"),
    "generator": ("generator_bus", "generator_origin"),
    "store": ("store_bus",),
}


def list_rules(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the rules of routing that name an origin.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        From :func:`energyflows.load_tables`.

    Returns
    -------
    pandas.DataFrame
        Columns ``rule, zone, origin, value, valid_from, valid_to, source, note``; ``zone`` is a link.
    """
    rules = tables["rules"]
    return rules.loc[(rules["kind"] == "routing") & rules["origin"].notna(), _COLUMNS].reset_index(drop=True)


def choose_rules(names: Iterable[str], tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the rules of some names.

    Parameters
    ----------
    names : iterable of str
        As the table has them.
    tables : mapping of str to pandas.DataFrame
        From :func:`energyflows.load_tables`.

    Returns
    -------
    pandas.DataFrame
        Their rows.

    Raises
    ------
    UnknownNameError
        If there is no such rule.
    UsageError
        If a rule names no origin.
    """
    usable, every = list_rules(tables), tables["rules"]
    known = usable["rule"].unique().tolist()
    routing = set(every.loc[every["kind"] == "routing", "rule"])
    wanted = list(dict.fromkeys(names))
    blank = [name for name in wanted if name in routing and name not in known]
    if blank:
        told = [f"{name}: names no origin, so nothing on the way can be given it; leave it out" for name in blank]
        raise UsageError(list_problems("--rule:", told))
    strange = [f"no rule {name!r}{suggest(name, known)}" for name in wanted if name not in known]
    if strange:
        raise UnknownNameError(list_problems(f"--rule: expected some of {', '.join(known)}:", strange))
    return usable[usable["rule"].isin(wanted)]


def tell_rules(rules: pd.DataFrame, ds: xr.Dataset) -> list[str]:
    """Say which rules hold, and for how much of the time.

    Parameters
    ----------
    rules : pandas.DataFrame
        From :func:`choose_rules`.
    ds : xarray.Dataset
        Results.

    Returns
    -------
    list of str
        One sentence for each.
    """
    days = ds["weight_days"].to_numpy().astype(float)
    told = []
    for name, rows in rules.groupby("rule", sort=False):
        shares, _ = read_rules(rows, ds)
        held = 0.0 if shares is None else float((shares.sum("origin").to_numpy() * days).sum() / days.sum())
        row = rows.iloc[0]
        part = f"of {held:.0%} of it in this time" if held else "but at no time of these flows"
        told.append(f"Rule {name} holds: gas of {row['zone']} counts as {row['origin']}, {part}.")
    return told


def apply_rules(ds: xr.Dataset, rules: pd.DataFrame | xr.DataArray) -> xr.Dataset:
    """Return results in which gas under a rule ends, and as much gas of its new origin begins.

    What is true of these flows whatever mixes with what, is true under the rule.

    Parameters
    ----------
    ds : xarray.Dataset
        Results without dims beside those of the contract.
    rules : pandas.DataFrame or xarray.DataArray
        As :func:`energyflows.trace` takes them.

    Returns
    -------
    xarray.Dataset
        With buses ``LINK before the rule``, which consume, and ``LINK by rule``, which supply; only what tracing reads.

    Raises
    ------
    UsageError
        If rules cannot be used.
    """
    shares, problems = read_rules(rules, ds)
    if problems or shares is None:
        raise UsageError(list_problems("these rules cannot be used:", problems or ["found none"]))
    shares = shares.transpose("snapshot", "link", "origin") if "snapshot" in shares.dims else shares
    links = shares["link"].to_numpy().astype(str).tolist()
    even = shares.broadcast_like(ds["weight_days"]).transpose("snapshot", "link", "origin").to_numpy()
    part = even.sum(axis=2)
    chosen = ds.sel(link=links)
    sent, received = (chosen[name].transpose("snapshot", "link").to_numpy() for name in ("sent", "received"))
    before, by = ([f"{link} {word}" for link in links] for word in ("before the rule", "by rule"))
    origins = shares["origin"].to_numpy().astype(str).tolist()
    names = [f"{link} as {origin}" for link in links for origin in origins]
    made = (received[:, :, None] * even).reshape(len(even), -1)
    grown = _shrink(_strip(ds), links, part)
    grown = _append(grown, "bus", [*before, *by], {"consumed": np.hstack([received * part, 0.0 * part]), "country": ""})
    grown = _append(
        grown,
        "link",
        [*before, *by],
        {
            "sent": np.hstack([sent * part, received * part]),
            "received": np.hstack([received * part, received * part]),
            "bus0": [*chosen["bus0"].to_numpy().astype(str), *by],
            "bus1": [*before, *chosen["bus1"].to_numpy().astype(str)],
            "is_storage_link": False,
        },
    )
    places = {"generator_bus": np.repeat(by, len(origins)), "generator_origin": origins * len(links)}
    return _append(grown, "generator", names, {"supplied": made, **places})


def _strip(ds: xr.Dataset) -> xr.Dataset:
    """Return only what tracing reads."""
    kept = {dim: [name for name in names if name in ds] for dim, names in _COORDS.items()}
    wanted = [name for name, dim in NEEDED.items() if name in ds and dim in ds.dims]
    bare = ds[[*wanted, "weight_days", *(name for names in kept.values() for name in names)]]
    keep = {"weight_days", *bare.dims, *(name for names in kept.values() for name in names)}
    return bare.drop_vars([name for name in bare.coords if name not in keep])


def _shrink(ds: xr.Dataset, links: list[str], part: np.ndarray) -> xr.Dataset:
    """Return results with less on the links under a rule."""
    left = xr.DataArray(1.0 - part, dims=("snapshot", "link"), coords={"snapshot": ds["snapshot"], "link": links})
    whole = left.reindex(link=ds["link"].to_numpy(), fill_value=1.0)
    return ds.assign(sent=ds["sent"] * whole, received=ds["received"] * whole)


def _append(ds: xr.Dataset, dim: str, names: list[str], values: Mapping[str, object]) -> xr.Dataset:
    """Return results with more elements along a dim."""
    size = len(names)
    more = {}
    for name, array in ds.variables.items():
        if dim in array.dims and name != dim:
            shape = tuple(size if each == dim else ds.sizes[each] for each in array.dims)
            order = ("snapshot", dim) if "snapshot" in array.dims else (dim,)
            given = values.get(str(name), 0.0)
            full = np.broadcast_to(np.asarray(given), tuple(size if each == dim else ds.sizes[each] for each in order))
            more[name] = (array.dims, full.reshape(shape) if order == array.dims else full.T)
    extra = xr.Dataset(more, coords={dim: names}).assign_coords(snapshot=ds["snapshot"])
    extra = extra.set_coords([name for name in more if name in ds.coords])
    rest = ds.drop_vars([name for name in ds.variables if dim in ds[name].dims])
    apart = ds.drop_vars([name for name in ds.variables if dim not in ds[name].dims and name != "snapshot"])
    joined = xr.concat([apart, extra], dim=dim, data_vars="all", coords="minimal", compat="override", join="outer")
    return xr.merge([joined, rest], compat="override", join="outer")
