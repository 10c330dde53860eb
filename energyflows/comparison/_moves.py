"""What moved where: the largest changes of every kind."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

#: Kind of change: table, column of the element, figure, unit of the column and as it is told.
KINDS = {
    "flow": ("flows", "link", "flow", "twh", "TWh"),
    "supply": ("supply", "generator", "supply", "twh", "TWh"),
    "price": ("prices", "zone", "price", "eur_mwh", "EUR/MWh"),
    "unserved": ("unserved", "zone", "unserved", "twh", "TWh"),
    "response": ("unserved", "zone", "response", "twh", "TWh"),
    "storage": ("storage", "zone", "stock_end", "twh", "TWh"),
}
#: Smaller changes are rounding, TWh or EUR/MWh.
LEAST_CHANGE = 0.005
COLUMNS = ["year", "scenario", "kind", "element", "before", "after", "difference", "unit"]


def list_moves(tables: Mapping[str, pd.DataFrame], reference: str, top: int) -> pd.DataFrame:
    """Return the largest changes of every kind, by year and scenario.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        ``flows``, ``supply``, ``prices``, ``unserved`` and ``storage`` of a comparison.
    reference : str
        Name of the reference.
    top : int
        How many of each kind.

    Returns
    -------
    pandas.DataFrame
        Columns ``year, scenario, kind, element, before, after, difference, unit``; ``storage`` is the stock at the end
        of the year.
    """
    parts = [_list_kind(tables, kind) for kind in KINDS]
    moves = pd.concat(parts, ignore_index=True)
    moves = moves[(moves["difference"].abs() >= LEAST_CHANGE) & (moves["scenario"] != reference)]
    size = moves["difference"].abs().rename("size")
    order = pd.concat([moves, size], axis=1).sort_values(
        ["year", "place", "step", "size", "element"], ascending=[True, True, True, False, True]
    )
    chosen = order.groupby(["year", "scenario", "kind"]).cumcount() < top
    return order.loc[chosen, COLUMNS].reset_index(drop=True)


def _list_kind(tables: Mapping[str, pd.DataFrame], kind: str) -> pd.DataFrame:
    """Return all changes of one kind; ``place`` and ``step`` keep the order of scenarios and kinds."""
    name, element, figure, suffix, unit = KINDS[kind]
    table = tables[name]
    after, difference = table[f"{figure}_{suffix}"], table[f"{figure}_change_{suffix}"]
    places = {scenario: place for place, scenario in enumerate(table["scenario"].unique())}
    return table[["year", "scenario"]].assign(
        kind=kind,
        element=table[element],
        before=after - difference,
        after=after,
        difference=difference,
        unit=unit,
        place=table["scenario"].map(places),
        step=list(KINDS).index(kind),
    )
