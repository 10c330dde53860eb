"""Figures of gas that passes another country: what leaves it under another name, and what could."""

from __future__ import annotations

from typing import Any

import pandas as pd

from energyflows.claims._figures import Span, View, figure
from energyflows.errors import UnknownNameError, suggest
from energyflows.influence import attribute_conduits, measure_revenue, measure_shuffling

#: Accounts of gas that leaves a country, and the columns that hold value and range.
_HIDDEN = {
    "molecules": ("hidden_molecules_twh",),
    "displacement": tuple(f"hidden_displacement_{part}_twh" for part in ("mid", "low", "high")),
}
#: Accounts of what a pipeline carries.
_CARRIED = ("label", "molecules")
_NAN = float("nan")


@figure("TWh", ranged=True)
def hidden_volume(view: View, *, origin: str, conduit: str, account: str) -> Span:
    """Gas of an origin that leaves another country under another name.

    Parameters
    ----------
    view : View
        The run.
    origin : str
        ISO-2 code.
    conduit : str
        ISO-2 code of that country.
    account : {"molecules", "displacement"}
        What stands behind the name.

    Returns
    -------
    Span
        TWh a year; by displacement with its range over the rules of curtailment.

    Raises
    ------
    UnknownNameError
        If there is no such account, origin or country.
    """
    if account not in _HIDDEN:
        raise UnknownNameError(f"there is no account {account!r} of hidden gas{suggest(account, _HIDDEN)}")
    row = _read_conduit(view, origin, conduit)
    found = [float(row[name]) for name in _HIDDEN[account]]
    return Span(found[0], *(found[1:] or (_NAN, _NAN)))


@figure("bn EUR", ranged=True)
def hidden_revenue(view: View, *, supplier: str, conduit: str, account: str, sold: str = "exit") -> Span:
    """Value of a supplier's gas that leaves another country under another name.

    Parameters
    ----------
    view : View
        The run.
    supplier : str
        ISO-2 code.
    conduit : str
        ISO-2 code of that country.
    account : {"molecules", "displacement"}
        What stands behind the name.
    sold : {"exit", "entry"}
        Where it is valued: where the gas leads to, or in the country it passes.

    Returns
    -------
    Span
        Billion EUR a year at modelled prices. The supplier sold this gas before, directly, so that it must not be
        added to :func:`revenue`.

    Raises
    ------
    UnknownNameError
        If there is no such account, supplier or country.
    """
    volume = hidden_volume(view, origin=supplier, conduit=conduit, account=account)
    table = pd.DataFrame([_read_conduit(view, supplier, conduit)])
    rows = measure_revenue(view.ds, supplier, conduits=table, sold=sold, tables=view.tables)
    hidden = rows[rows["channel"] == "conduits"]
    # One price of the year holds for all accounts.
    worth = float((hidden["revenue_meur"] / hidden["volume_twh"]).max()) / 1e3
    return Span(*(0.0 if each == 0 else worth * each for each in volume))


@figure("TWh")
def shuffling(view: View, *, supplier: str, conduit: str, out: str = "", opened: str = "") -> float:
    """Most extra export of a country that more gas from a supplier could free, by the room pipelines have.

    Parameters
    ----------
    view : View
        The run.
    supplier : str
        ISO-2 code.
    conduit : str
        ISO-2 code of the country.
    out : str
        Link the freed gas leaves by; default any that leaves the country.
    opened : str
        Link taken to carry any amount.

    Returns
    -------
    float
        TWh a year; buyers, and room farther on, are not looked at.
    """
    widened = {opened: float("inf")} if opened else None
    table = measure_shuffling(view.ds, supplier, conduit, exits=[out] if out else None, widened=widened)
    return float(table.loc[table["year"] == view.year, "shuffling_twh"].iloc[0])


def share_link(view: View, link: str, origin: str, account: str) -> float:
    """Return the share of an origin in what a pipeline carries.

    Parameters
    ----------
    view : View
        The run.
    link : str
        That leaves a country.
    origin : str
        ISO-2 code of another country.
    account : {"label", "molecules"}
        By which the origin is told.

    Returns
    -------
    float
        Between 0 and 1, mean over the year by flow; 0 where nothing flows.

    Raises
    ------
    UnknownNameError
        If there is no such account, or the link leaves no country.
    """
    if account not in _CARRIED:
        raise UnknownNameError(f"there is no account {account!r} of flows{suggest(account, _CARRIED)}")
    ends = view.ds["bus0"].sel(link=link).item()
    country = str(view.ds["country"].sel(bus=ends).item())
    table = view.keep(
        ("exits", origin, country),
        lambda: attribute_conduits(view.ds, origin, conduits=[country], by_link=True, tables=view.tables),
    )
    rows = table[(table["link"] == link) & (table["year"] == view.year)]
    if rows.empty:
        raise UnknownNameError(f"the link {link!r} does not leave {country}, so whose gas it carries is not told")
    row = rows.iloc[0]
    return float(row[f"{account}_twh"] / row["exported_twh"]) if row["exported_twh"] > 0 else 0.0


def _read_conduit(view: View, origin: str, conduit: str) -> dict[str, Any]:
    """Return the row of what of an origin's gas leaves another country."""

    def compute() -> dict[str, Any]:
        table = attribute_conduits(view.ds, origin, conduits=[conduit], tables=view.tables)
        (row,) = table[table["year"] == view.year].to_dict("records")
        return {str(name): value for name, value in row.items()}

    return view.keep(("conduit", origin, conduit), compute)
