"""Gas of one origin that leaves another country: what is in it, what is written on it, and what would be missing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import pandas as pd
import xarray as xr

from energyflows.errors import ResultsError, UnknownNameError, UsageError, list_problems, require, suggest
from energyflows.results import sum_energy
from energyflows.tracing import trace, trace_links
from energyflows.tracing._stacking import list_leads

#: Gas on grids: ships come from tanks of their own, and tanks are no way out.
_GRID = ("market", "corridor")
_NEEDED = ("bus0", "bus1", "is_storage_link", "country", "bus_kind", "generator_bus", "generator_origin")
MID = "pro-rata"


def list_exits(results: xr.Dataset, conduit: str) -> list[str]:
    """List the links by which gas leaves a country.

    Parameters
    ----------
    results : xarray.Dataset
        Results.
    conduit : str
        ISO-2 code of the country.

    Returns
    -------
    list of str
        Links from a market or corridor on its soil to a bus of any other country, in the order of the results, also
        those that carry nothing. A corridor lies where its bus does: gas in TANAP leaves Türkiye into TAP.

    Raises
    ------
    UnknownNameError
        If the results have no market or corridor there.
    ResultsError
        If coordinates are missing.

    Notes
    -----
    Links to tanks are no exits. Neither are cargoes, which start at an LNG bus and never were in the grid; a plant that
    liquefies gas of the grid would be one.

    Examples
    --------
    >>> from energyflows import run
    >>> list_exits(run(years=2025), "AZ")
    ['AZ-GE', 'AZ-IR', 'AZ-RU', 'SANGACHAL-SCP']
    """
    require(results, "data_vars coords", "an xarray.Dataset of results")
    places = place_links(results)
    require_countries(results, [conduit])
    leaves = places["kind0"].isin(_GRID) & (places["country0"] == conduit) & (places["country1"] != conduit)
    return [str(link) for link in places.index[leaves]]


def place_links(results: xr.Dataset) -> pd.DataFrame:
    """Tell where links begin and end.

    Parameters
    ----------
    results : xarray.Dataset
        Results.

    Returns
    -------
    pandas.DataFrame
        By link, without those of tanks: ``bus0, bus1``, and of both ends ``country0, country1, kind0, kind1``.

    Raises
    ------
    ResultsError
        If coordinates are missing.
    """
    missing = [name for name in _NEEDED if name not in results.coords]
    if missing:
        raise ResultsError(f"these results have no coordinate {', '.join(missing)}, so borders cannot be told")
    ends = pd.DataFrame({end: results[end].to_numpy() for end in ("bus0", "bus1")}, index=results["link"].to_numpy())
    ends = ends[~results["is_storage_link"].to_numpy().astype(bool)]
    buses = pd.DataFrame(
        {"country": results["country"].to_numpy(), "kind": results["bus_kind"].to_numpy()},
        index=results["bus"].to_numpy(),
    )
    told = {f"{name}{end}": ends[f"bus{end}"].map(buses[name]) for name in ("country", "kind") for end in (0, 1)}
    return ends.assign(**told)


def require_countries(results: xr.Dataset, countries: Iterable[str]) -> None:
    """Refuse countries without a grid.

    Parameters
    ----------
    results : xarray.Dataset
        Results.
    countries : iterable of str
        ISO-2 codes.

    Raises
    ------
    UnknownNameError
        Naming all of which the results have no market or corridor.
    """
    kinds, codes = results["bus_kind"].to_numpy(), results["country"].to_numpy()
    known = {str(code) for kind, code in zip(kinds, codes, strict=True) if kind in _GRID}
    unknown = [f"{name!r}{suggest(str(name), known)}" for name in countries if name not in known]
    if unknown:
        raise UnknownNameError(list_problems("these results have no market or corridor in", unknown))


def require_origin(results: xr.Dataset, origin: str) -> None:
    """Refuse an origin nothing comes from.

    Parameters
    ----------
    results : xarray.Dataset
        Results.
    origin : str
        ISO-2 code.

    Raises
    ------
    UnknownNameError
        If no generator has it.
    """
    known = sorted({str(name) for name in results["generator_origin"].to_numpy()})
    if origin not in known:
        raise UnknownNameError(f"no gas in these results is from {origin!r}{suggest(str(origin), known)}")


def measure_conduits(
    results: xr.Dataset,
    origin: str,
    *,
    conduits: Sequence[str] = ("AZ", "TR"),
    traced: xr.Dataset | None = None,
    label_flows: xr.DataArray | None = None,
    fall_sent: xr.DataArray | None = None,
    by_link: bool = False,
    leave_out: Collection[str] = (),
) -> pd.DataFrame:
    r"""Tell how much gas of an origin leaves other countries, by account, and how much of it under another name.

    Parameters
    ----------
    results : xarray.Dataset
        From :func:`energyflows.run`, with any dims beside those of the results contract.
    origin : str
        ISO-2 code of the origin.
    conduits : sequence of str
        Countries gas may pass, none of them the origin: what leaves it directly hides behind nobody.
    traced : xarray.Dataset, optional
        From :func:`energyflows.tracing.trace`; default traced here.
    label_flows : xarray.DataArray, optional, [TWh]
        What links carry by the name written on it, by year, ``link`` and ``origin``, and scenario if there are several.
    fall_sent : xarray.DataArray, optional, [TWh]
        By how much flows fall without an origin, by ``curtailment``, year, ``link`` and ``origin``.
    by_link : bool
        Whether to give a row to each exit instead of each conduit.
    leave_out : collection of str
        Exits that do not count.

    Returns
    -------
    pandas.DataFrame
        One row per scenario, year and conduit (and ``link``), TWh: ``exported_twh`` of any origin, ``molecules_twh``,
        ``label_twh``, ``displacement_low_twh``, ``_mid_`` (pro-rata curtailment) and ``_high_``, and what of it is
        under another name, ``hidden_molecules_twh``, ``hidden_displacement_low_twh``, ``_mid_`` and ``_high_``. NaN
        where labels or displacement are not given.

    Raises
    ------
    UsageError
        If a conduit is the origin, or what is given does not have the links and years of the results.
    UnknownNameError
        If nothing comes from the origin, or a conduit has no grid.
    ResultsError
        If the results cannot be traced.

    Notes
    -----
    .. math:: h = \max(0, \, a - \ell)

    with the account :math:`a` and the label :math:`\ell`, each summed over the exits of the conduit first; so is
    displacement before it is cut at zero. Exits that lead back to the origin's own country are left out. Gas that
    passes two conduits counts in both: rows of different conduits must not be added up. Hidden gas and displacement of
    single exits are cut at zero each, so that their sum may be more than that of the conduit. Molecules mix by
    convention.

    Examples
    --------
    >>> from energyflows import run
    >>> table = measure_conduits(run(years=2025), "RU").set_index("conduit")
    >>> float(table.at["AZ", "molecules_twh"]), bool(table.at["TR", "molecules_twh"] > 180)
    (0.0, True)
    """
    require(results, "data_vars coords", "an xarray.Dataset of results")
    listed = _list_all(results, origin, [conduits] if isinstance(conduits, str) else list(conduits))
    exits = {conduit: [link for link in each if link not in leave_out] for conduit, each in listed.items()}
    found = trace(results) if traced is None else traced
    flows = _take_origin(trace_links(found, results), origin)
    exported = sum_energy(results["sent"], results)
    links = [link for each in exits.values() for link in each]
    _check_given({"label_flows": label_flows, "fall_sent": fall_sent}, exported, links)
    told = xr.Dataset(
        {
            "exported_twh": exported,
            "molecules_twh": sum_energy(flows, results),
            "label_twh": exported * float("nan") if label_flows is None else _take_origin(label_flows, origin),
            "fall": exported * float("nan") if fall_sent is None else _take_origin(fall_sent, origin),
        }
    ).reset_coords(drop=True)
    frames = [
        _tell(told.sel(link=each), list_leads(results), conduit, by_link=by_link) for conduit, each in exits.items()
    ]
    return pd.concat(frames, ignore_index=True)


def _list_all(results: xr.Dataset, origin: str, conduits: Sequence[str]) -> dict[str, list[str]]:
    """Return the exits of each conduit that do not lead back to the origin."""
    if origin in conduits or not conduits:
        raise UsageError(f"conduits: found {', '.join(conduits) or 'none'}, expected countries other than {origin}")
    ends = place_links(results)["country1"]
    require_origin(results, origin)
    require_countries(results, conduits)
    return {each: [link for link in list_exits(results, each) if ends[link] != origin] for each in conduits}


def _take_origin(flows: xr.DataArray, origin: str) -> xr.DataArray:
    """Return the flows of an origin; what nobody is named on is nothing."""
    if origin in flows["origin"]:
        return flows.sel(origin=origin, drop=True)
    return flows.reindex(origin=[origin], fill_value=0.0).sel(origin=origin, drop=True)


def _check_given(given: dict[str, xr.DataArray | None], exported: xr.DataArray, links: list[str]) -> None:
    """Refuse accounts of other links or years."""
    problems = []
    for name, array in given.items():
        if array is None:
            continue
        dims = ["year", "link", "origin", *(["curtailment"] if name == "fall_sent" else [])]
        lacking = [dim for dim in dims if dim not in getattr(array, "dims", ())]
        if lacking:
            problems.append(f"{name}: no dim {', '.join(lacking)}")
            continue
        absent = sorted(set(links) - set(array["link"].to_numpy().tolist()))
        problems += [f"{name}: no link {link}" for link in absent]
        if array["year"].to_numpy().tolist() != exported["year"].to_numpy().tolist():
            problems.append(f"{name}: years {array['year'].to_numpy()}, expected {exported['year'].to_numpy()}")
    if problems:
        raise UsageError(list_problems("these do not belong to the results:", problems))


def _tell(part: xr.Dataset, leads: Sequence[object], conduit: str, *, by_link: bool) -> pd.DataFrame:
    """Return the rows of a conduit, or of its exits."""
    part = part if by_link else part.sum("link", skipna=False)
    fall = part["fall"].clip(min=0.0)
    several = "curtailment" in fall.dims
    ranges = {
        "low": fall.min("curtailment", skipna=False) if several else fall,
        "mid": _take_mid(fall) if several else fall,
        "high": fall.max("curtailment", skipna=False) if several else fall,
    }
    part = part.drop_vars(["fall", "curtailment"], errors="ignore")
    part = part.assign({f"displacement_{end}_twh": each for end, each in ranges.items()})
    part["hidden_molecules_twh"] = (part["molecules_twh"] - part["label_twh"]).clip(min=0.0)
    for end, each in ranges.items():
        part[f"hidden_displacement_{end}_twh"] = (each - part["label_twh"]).clip(min=0.0)
    order = [*leads, "year", *(["link"] if by_link else [])]
    rows = part.to_dataframe(dim_order=order).reset_index()
    rows.insert(len(leads) + 1, "conduit", conduit)
    return rows


def _take_mid(fall: xr.DataArray) -> xr.DataArray:
    """Return pro-rata curtailment; missing if it is not among the rules given."""
    if MID in fall["curtailment"]:
        return fall.sel(curtailment=MID, drop=True)
    return fall.isel(curtailment=0, drop=True) * float("nan")
