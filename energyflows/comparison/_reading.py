"""A comparison in plain words."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from energyflows.comparison._moves import LEAST_CHANGE

#: What a sentence leaves out as too small: TWh and EUR/MWh.
_LEAST = 0.05
#: Cost that counts as a difference, bn EUR.
_LEAST_COST = 0.0005
_NAMED = 3
Tables = Mapping[str, pd.DataFrame]


def read_reading(tables_of_compare: Tables) -> list[str]:
    """Return a comparison as one sentence for each scenario.

    Parameters
    ----------
    tables_of_compare : mapping of str to pandas.DataFrame
        From :func:`compare`.

    Returns
    -------
    list of str
        In the order of the scenarios, without the reference; of several years the one in which most is lost, else in
        which the price changes most.

    Examples
    --------
    >>> from energyflows import run
    >>> from energyflows.comparison import compare
    >>> read_reading(compare(run(["reference", "lukoil-stake"], years=2025)))
    ['lukoil-stake: no effect on flows and prices in 2025: it is about owners, or its dates lie outside.']
    """
    headline = tables_of_compare["headline"]
    return [_read_scenario(tables_of_compare, str(name)) for name in headline.index.unique()[1:]]


def _read_scenario(tables: Tables, name: str) -> str:
    rows = tables["headline"].loc[[name]].set_index("year")
    moved = tables["moved"][tables["moved"]["scenario"] == name]
    span = f"{rows.index[0]}–{rows.index[-1]}" if len(rows) > 1 else str(rows.index[0])
    if moved.empty and not _changes_anything(rows):
        return f"{name}: {_tell_none(tables['notes'], name, span)}."
    year = _choose_year(rows, moved)
    when = f" in {year}, the year of its largest effect" if len(rows) > 1 else ""
    this = {table: _select(tables[table], name, year) for table in ("unserved", "supply", "flows")}
    row = rows.loc[year]
    told = [_tell_demand(row), _tell_loss(this["unserved"]), _tell_price(row), _tell_supply(this["supply"])]
    told.append(_tell_largest("flows", _index(this["flows"], "link", "flow_change_twh")))
    return f"{name}{when}: {'; '.join(text for text in told if text)}."


def _tell_none(notes: pd.DataFrame, name: str, span: str) -> str:
    """Say why nothing moved, as far as that is known."""
    kinds = set(notes.loc[notes["scenario"] == name, "kind"])
    other = " and ".join(word for kind, word in (("label", "labels"), ("owner", "owners")) if kind in kinds)
    if other:
        return f"no effect on flows and prices in {span}: it is about {other}, or its dates lie outside"
    return f"no effect in {span}: its dates lie outside, or what it changes is not in use"


def _changes_anything(rows: pd.DataFrame) -> bool:
    energy = rows.filter(regex="_change_twh$").abs()
    return bool((energy >= LEAST_CHANGE).any(axis=None) or (rows["cost_change_bn_eur"].abs() >= _LEAST_COST).any())


def _select(table: pd.DataFrame, name: str, year: int) -> pd.DataFrame:
    return table[(table["scenario"] == name) & (table["year"] == year)]


def _choose_year(rows: pd.DataFrame, moved: pd.DataFrame) -> int:
    """Return the year of the greatest loss, else price change, else movement."""
    lost = rows["unserved_anywhere_change_twh"] + rows["response_anywhere_change_twh"]
    size = moved["difference"].abs().groupby(moved["year"]).sum().reindex(rows.index, fill_value=0.0)
    keys = [lost.abs().round(1), rows["price_change_eur_mwh"].abs().round(1), size]
    order = pd.concat(keys, axis=1, keys=["lost", "price", "size"]).fillna(0.0).sort_values(["lost", "price", "size"])
    return int(order.index[-1])


def _tell_loss(losses: pd.DataFrame) -> str:
    """Say who loses gas; the rest of the world is no zone."""
    losses = losses[losses["kind"] == "market"]
    change = (losses["unserved_change_twh"] + losses["response_change_twh"]).set_axis(losses["zone"])
    total = change.sum()
    if abs(total) < _LEAST:
        return "no more and no less demand is lost"
    word = "more" if total > 0 else "less"
    return f"{abs(total):,.1f} TWh {word} demand not met or given up because of price ({_name_largest(change)})"


def _tell_demand(row: pd.Series) -> str:
    """Say whether the scenario is about other demand."""
    change = row["consumed_change_twh"] + row["unserved_change_twh"] + row["response_change_twh"]
    if not abs(change) >= _LEAST:
        return ""
    return f"demand of {_name_group(row)} {'rises' if change > 0 else 'falls'} by {abs(change):,.1f} TWh"


def _name_group(row: pd.Series) -> str:
    return "all zones" if row["group"] == "all" else f"the {row['group']}"


def _tell_price(row: pd.Series) -> str:
    group = _name_group(row)
    change, price = row["price_change_eur_mwh"], row["price_eur_mwh"]
    if pd.isna(change):
        return ""
    if abs(change) < _LEAST:
        return f"the price of {group} stays at {price:.1f} EUR/MWh"
    verb = "rises" if change > 0 else "falls"
    return f"the price of {group} {verb} by {abs(change):.1f} to {price:.1f} EUR/MWh"


def _tell_supply(supply: pd.DataFrame) -> str:
    return _tell_largest("supply", supply.groupby("origin")["supply_change_twh"].sum())


def _index(table: pd.DataFrame, element: str, column: str) -> pd.Series:
    return table.set_index(element)[column]


def _tell_largest(what: str, change: pd.Series) -> str:
    """Name the largest changes; nothing if all are small."""
    return f"largest changes of {what}: {_name_largest(change)}" if (change.abs() >= _LEAST).any() else ""


def _name_largest(change: pd.Series) -> str:
    told = change[change.abs() >= _LEAST].sort_values(key=abs, ascending=False, kind="stable")
    more = f" and {len(told) - _NAMED} more" if len(told) > _NAMED else ""
    return ", ".join(f"{name} {_sign(twh)}" for name, twh in told.head(_NAMED).items()) + more


def _sign(value: float) -> str:
    """Return a number with its sign."""
    return f"{value:+,.1f}".replace("-", "−")
