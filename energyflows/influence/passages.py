"""What leaves a country because another one's gas enters it: conduits by all accounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from energyflows.datasets import load_tables, strip_passport
from energyflows.errors import UsageError, require
from energyflows.influence._contracts import hold_contracts
from energyflows.influence._labels import label_gas
from energyflows.influence.accounts import find_world, list_scenarios
from energyflows.influence.conduits import measure_conduits, place_links, require_countries, require_origin
from energyflows.influence.gap import measure_gap
from energyflows.tracing import trace

#: Countries whose exports are looked at by default.
_CONDUITS = ("AZ", "TR")
#: Between an origin and the country its gas enters first.
_VIA = " via "
#: Share of a generator's gas below which none of it enters a country.
_LEAST = 1e-9
#: Share of other gas, or of other names, from which a border point does not carry one origin openly.
_OPEN = 1e-3


def attribute_conduits(
    results: xr.Dataset,
    origin: str,
    *,
    conduits: Sequence[str] | None = None,
    by_link: bool = False,
    tables: Mapping[str, pd.DataFrame] | None = None,
) -> pd.DataFrame:
    """Tell how much gas of an origin leaves other countries, by label, molecules and displacement.

    Parameters
    ----------
    results : xarray.Dataset
        From :func:`energyflows.run`, of one scenario or several.
    origin : str
        ISO-2 code.
    conduits : sequence of str, optional
        Countries its gas may pass; default Azerbaijan and Türkiye, as far as they are not the origin.
    by_link : bool
        Whether to give a row to each border point.
    tables : mapping of str to pandas.DataFrame, optional
        From :func:`energyflows.load_tables`; default the packaged tables.

    Returns
    -------
    pandas.DataFrame
        As :func:`measure_conduits`, with label and displacement. Displacement: by how much exports fall if gas of the
        origin that enters the country's market is missing, and nothing else (:func:`measure_passage`). Border points
        that only carry the origin's gas under its own name, as TurkStream's second string out of Türkiye, hide nothing
        and are left out of the sum of a conduit.

    Raises
    ------
    UsageError, UnknownNameError, ResultsError
        As :func:`measure_conduits`.

    Examples
    --------
    >>> from energyflows import run
    >>> found = attribute_conduits(run(years=2025), "RU", conduits=["TR"], by_link=True)
    >>> border = found.set_index("link").loc["TR-BG"]
    >>> bool(border["hidden_molecules_twh"] > 5)
    True
    """
    require(results, "data_vars coords", "an xarray.Dataset of results")
    given = {name: strip_passport(table) for name, table in (load_tables() if tables is None else tables).items()}
    usual = [country for country in _CONDUITS if country != origin]
    listed = usual if conduits is None else [conduits] if isinstance(conduits, str) else list(conduits)
    if not listed:
        raise UsageError("conduits: found none, expected at least one country")
    frames = []
    for name, ds, meta in list_scenarios(results):
        told = {"scenario": name} if name else {}
        table = _attribute_case(ds, origin, (listed, by_link), find_world(ds, given, meta))
        frames.append(table.assign(**told)[[*told, *table]])
    return pd.concat(frames, ignore_index=True)


def _attribute_case(ds: xr.Dataset, origin: str, asked: tuple[list[str], bool], world: Any) -> pd.DataFrame:
    """Return the conduits of one scenario."""
    conduits, by_link = asked
    traced = trace(ds, rules=world.cargoes)
    sent = label_gas(ds, world, traced).sent
    held = hold_contracts(ds, world)
    frames = []
    for conduit in conduits:
        fall = measure_passage(ds, origin, conduit, contracts=held)["fall_sent"]
        told: dict[str, Any] = {"conduits": [conduit], "traced": traced, "label_flows": sent, "fall_sent": fall}
        table = measure_conduits(ds, origin, by_link=True, **told)
        if not by_link:
            table = measure_conduits(ds, origin, leave_out=_find_open(table), **told)
        frames.append(table)
    return pd.concat(frames, ignore_index=True)


def _find_open(table: pd.DataFrame) -> list[str]:
    """Return the exits that carry gas of the origin alone, under its own name, whenever they carry any."""
    foreign = table["exported_twh"] - table["molecules_twh"] > _OPEN * table["exported_twh"]
    unnamed = table["molecules_twh"] - table["label_twh"] > _OPEN * table["exported_twh"]
    used = table["exported_twh"] > 0
    by_link = pd.DataFrame({"used": used, "hides": (foreign | unnamed) & used}).groupby(table["link"]).any()
    return [str(link) for link in by_link.index[by_link["used"] & ~by_link["hides"]]]


def measure_passage(
    results: xr.Dataset, origin: str, conduit: str, *, contracts: pd.DataFrame | None = None
) -> xr.Dataset:
    """Return what consumers and links would miss without gas of an origin that enters one country.

    Parameters
    ----------
    results : xarray.Dataset
        As for :func:`measure_gap`.
    origin : str
        ISO-2 code.
    conduit : str
        Country whose market that gas enters first, straight or by corridors.
    contracts : pandas.DataFrame, optional
        Contracts in force.

    Returns
    -------
    xarray.Dataset
        As :func:`measure_gap`, for the one origin; zero where none of its gas enters.

    Raises
    ------
    UnknownNameError
        If there is no such origin, or the country has no grid.
    """
    require_origin(results, origin)
    require_countries(results, [conduit])
    name = f"{origin}{_VIA}{conduit}"
    split = split_supply(results, origin, conduit, name)
    mine = None if contracts is None else _rename_seller(contracts, origin, _list_markets(results, conduit), name)
    return measure_gap(split, [name], contracts=mine).assign_coords(origin=[origin])


def _list_markets(results: xr.Dataset, country: str) -> list[str]:
    chosen = (results["bus_kind"] == "market") & (results["country"] == country)
    return [str(bus) for bus in results["bus"].to_numpy()[chosen.to_numpy()]]


def _rename_seller(contracts: pd.DataFrame, origin: str, zones: Sequence[str], name: str) -> pd.DataFrame:
    """Return contracts in which the supplier of what enters a country is the one that gives nothing."""
    entering = contracts["seller_country"].eq(origin) & contracts["zone"].isin(zones)
    return contracts.assign(seller_country=contracts["seller_country"].where(~entering, name))


def split_supply(results: xr.Dataset, origin: str, conduit: str, name: str) -> xr.Dataset:
    """Return results in which the part of a supplier's gas that enters a country first has a name of its own.

    Parameters
    ----------
    results : xarray.Dataset
        Results.
    origin, conduit : str
        Whose gas, and which country.
    name : str
        Origin of that part.

    Returns
    -------
    xarray.Dataset
        With a second generator beside each of the supplier's, of what enters.
    """
    share = _share_entering(results, conduit)
    mine = results["generator_origin"].to_numpy().astype(str) == origin
    feeding = mine & (share.max([dim for dim in share.dims if dim != "generator"]) > _LEAST)
    rates = [rate for rate in ("supplied", "available") if rate in results]
    supply = results[rates]
    within = share.where(feeding, 0.0)
    apart, rest = (_scale(supply, part) for part in (within, 1.0 - within))
    apart = apart.isel(generator=mine)
    names = [f"{generator}{_VIA}{conduit}" for generator in apart["generator"].to_numpy()]
    apart = apart.assign_coords(generator=names, generator_origin=("generator", [name] * len(names)))
    joined = xr.concat([rest, apart], dim="generator")
    return results.drop_dims("generator").merge(joined)


def _scale(supply: xr.Dataset, part: xr.DataArray) -> xr.Dataset:
    """Return rates times a part of them, with all that is told of generators."""
    return supply.assign({name: array * part.transpose(*array.dims) for name, array in supply.data_vars.items()})


def _share_entering(results: xr.Dataset, conduit: str) -> xr.DataArray:
    r"""Return which part of each generator's gas enters the market of a country before any other.

    Notes
    -----
    Of what leaves corridor :math:`i`, the share :math:`q_i` enters that market at once and :math:`P_{ij}` corridor
    :math:`j`: :math:`\phi = q + P \phi`.
    """
    places = place_links(results)
    inner = sorted(set(places.loc[places["kind0"] == "corridor", "bus0"]))
    ways = places[places["bus0"].isin(inner)]
    sent = results["sent"].sel(link=ways.index.to_numpy())
    leads = [dim for dim in sent.dims if dim != "link"]
    rates = sent.transpose(*leads, "link").to_numpy()
    begins = np.array([inner.index(bus) for bus in ways["bus0"]], dtype=np.intp)
    target = ((ways["country1"] == conduit) & (ways["kind1"] == "market")).to_numpy()
    onward = {way: inner.index(bus) for way, bus in enumerate(ways["bus1"]) if bus in inner}
    matrix, entering = np.zeros((*rates.shape[:-1], len(inner), len(inner))), np.zeros((*rates.shape[:-1], len(inner)))
    total = np.zeros_like(entering)
    for way, begin in enumerate(begins):
        total[..., begin] += rates[..., way]
        if target[way]:
            entering[..., begin] += rates[..., way]
        elif way in onward:
            matrix[..., begin, onward[way]] += rates[..., way]
    scale = np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)
    # A loop that nothing leaves would have no solution; nothing of it enters.
    system = np.eye(len(inner)) - (1.0 - _LEAST) * matrix * scale[..., None]
    share = np.linalg.solve(system, (entering * scale)[..., None])[..., 0]
    dims = {dim: results[dim] for dim in leads}
    found = xr.DataArray(share, dims=(*leads, "bus"), coords={**dims, "bus": inner})
    own = (results["bus_kind"] == "market") & (results["country"] == conduit)
    everywhere = found.reindex(bus=results["bus"].to_numpy(), fill_value=0.0) + own.astype(float)
    at = xr.DataArray(results["generator_bus"].to_numpy(), dims="generator")
    chosen = everywhere.sel(bus=at)
    bare = chosen.drop_vars([each for each in chosen.coords if each not in leads])
    return bare.assign_coords(generator=results["generator"].to_numpy())
