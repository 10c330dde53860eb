"""Figures of whose gas an area consumes, by four accounts of origin."""

from __future__ import annotations

import xarray as xr

from energyflows.claims._figures import Span, View, figure
from energyflows.errors import UnknownNameError, suggest
from energyflows.influence import ACCOUNTS, attribute, measure_hidden

EU = "EU27"
_NAN = float("nan")


@figure("%", ranged=True)
def account_share(view: View, *, origin: str, account: str, area: str = EU) -> Span:
    """Share of an origin in what an area consumes, by one account.

    Parameters
    ----------
    view : View
        The run.
    origin : str
        ISO-2 code.
    account : {"label", "molecules", "displacement", "legal"}
        Which account.
    area : str
        ``EU27`` or the ISO-2 code of a country.

    Returns
    -------
    Span
        Per cent; NaN where nothing is consumed, and for the legal account before the law presumes anything.
    """
    told = read_account(view, area, account, origin)
    consumed = float(told["consumed"])
    scale = 100 / consumed if consumed > 0 else _NAN
    return Span(*(scale * each for each in _read_origin(told, origin)))


@figure("TWh", ranged=True)
def account_volume(view: View, *, origin: str, account: str, area: str = EU) -> Span:
    """Gas of an origin in what an area consumes, by one account.

    Parameters
    ----------
    view : View
        The run.
    origin : str
        ISO-2 code.
    account : {"label", "molecules", "displacement", "legal"}
        Which account.
    area : str
        ``EU27`` or the ISO-2 code of a country.

    Returns
    -------
    Span
        TWh a year.
    """
    return _read_origin(read_account(view, area, account, origin), origin)


@figure("members")
def members_reached(view: View, *, origin: str, least: float) -> float:
    """Members of the EU of whose consumption an origin makes up a share, by molecules.

    Parameters
    ----------
    view : View
        The run.
    origin : str
        ISO-2 code.
    least : float
        Per cent that count.

    Returns
    -------
    float
        How many.
    """
    shares = [account_share(view, origin=origin, account="molecules", area=area) for area in list_members(view)]
    return float(sum(share.value >= least for share in shares))


@figure("%", ranged=True)
def hidden_share(view: View, *, origin: str, area: str = EU) -> Span:
    """Dependence of an area on an origin that the name on deliveries does not show.

    Parameters
    ----------
    view : View
        The run.
    origin : str
        ISO-2 code.
    area : str
        ``EU27`` or the ISO-2 code of a country.

    Returns
    -------
    Span
        The greater of molecules and displacement, less the label, in per cent of consumption
        (:func:`energyflows.influence.measure_hidden`); below zero where more gas bears the name than stands behind it.
    """
    _check(view, area, "label")
    table = view.keep(("hidden", origin), lambda: measure_hidden(_attribute(view, ACCOUNTS, origin), origin))
    (row,) = table[(table["area"] == area) & (table["year"] == view.year)].to_dict("records")
    return Span(*(100 * float(row[name]) for name in ("hidden", "hidden_low", "hidden_high")))


def read_account(view: View, area: str, account: str, origin: str | None = None) -> xr.Dataset:
    """Return one account of what an area consumes.

    Parameters
    ----------
    view : View
        The run.
    area : str
        ``EU27`` or the ISO-2 code of a country.
    account : {"label", "molecules", "displacement", "legal"}
        Which account.
    origin : str, optional
        Whose displacement, and range of labels, is computed; molecules are told of all origins.

    Returns
    -------
    xarray.Dataset
        ``volume``, ``low``, ``high`` by origin and ``consumed``, TWh.

    Raises
    ------
    UnknownNameError
        If there is no such account or area.
    """
    _check(view, area, account)
    # Molecules alone are cheap; whoever asks for another account mostly asks for all.
    wanted = (account,) if account == "molecules" else ACCOUNTS
    told = _attribute(view, wanted, None if account == "molecules" else origin)
    return told[["volume", "low", "high", "consumed"]].sel(account=account, area=area, year=view.year)


def list_members(view: View) -> list[str]:
    """Return the members of the EU that are in the tables.

    Parameters
    ----------
    view : View
        The run.

    Returns
    -------
    list of str
        ISO-2 codes.
    """
    zones = view.tables["zones"]
    return sorted(set(zones.loc[zones["eu"], "country"]))


def _list_areas(view: View) -> dict[str, list[str]]:
    """Return the markets of the EU27 and of each country."""
    zones = view.tables["zones"]
    known = set(view.ds["bus"].to_numpy().tolist())
    markets = zones[(zones["kind"] == "market") & zones["zone"].isin(known)]
    countries = {str(country): rows["zone"].tolist() for country, rows in markets.groupby("country")}
    return {EU: markets.loc[markets["eu"], "zone"].tolist(), **countries}


def _attribute(view: View, accounts: tuple[str, ...], origin: str | None) -> xr.Dataset:
    """Return accounts of all areas, computed once."""
    origins = None if origin is None else [origin]
    return view.keep(
        (accounts, origin),
        lambda: attribute(view.ds, accounts, areas=_list_areas(view), origins=origins, tables=view.tables),
    )


def _read_origin(told: xr.Dataset, origin: str) -> Span:
    """Return the figure of an origin and its ends; who supplies nothing stands for nothing."""
    if origin not in told["origin"]:
        return Span(0.0, _NAN, _NAN)
    one = told.sel(origin=origin)
    return Span(float(one["volume"]), float(one["low"]), float(one["high"]))


def _check(view: View, area: str, account: str) -> None:
    """Refuse areas and accounts there are not."""
    for kind, name, known in (("area", area, _list_areas(view)), ("account", account, ACCOUNTS)):
        if name not in known:
            raise UnknownNameError(f"there is no {kind} {name!r}{suggest(name, known)}")
