"""Who gives way first when gas is missing: consumption in classes, from the first to be cut to the last."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from energyflows.errors import UsageError, list_problems, require

Floats = npt.NDArray[np.float64]
CURTAILMENTS = ("firm", "pro-rata", "last-in")

#: What is read of table contracts.
_COLUMNS = ("zone", "annual_twh", "take_or_pay", "start", "end", "seller_country")
_NUMBERS = ("annual_twh", "take_or_pay")
_DAYS = ("start", "end")
#: Before any contract, and after all of them: what a contract without a first or last day has.
_ALWAYS = {"start": pd.Timestamp("1900-01-01"), "end": pd.Timestamp("2200-12-31")}


class Consumers(NamedTuple):
    """Buses that consume: their names, what they consume and what they produce themselves in a year, TWh."""

    buses: npt.NDArray[np.str_]
    consumed: Floats
    own: Floats


def read_contracts(contracts: pd.DataFrame | None) -> pd.DataFrame:
    """Check contracts and read their numbers and days.

    Parameters
    ----------
    contracts : pandas.DataFrame, optional
        Columns of table ``contracts``: ``zone, annual_twh, take_or_pay, start, end, seller_country``; others are not
        looked at. None stands for no contract.

    Returns
    -------
    pandas.DataFrame
        These columns; no take-or-pay part where none is known, no end and no beginning where no day is.

    Raises
    ------
    UsageError
        If columns are missing, or if volumes are missing or negative, or take-or-pay parts not between 0 and 1.

    Examples
    --------
    >>> row = {"zone": "BG", "annual_twh": 10.0, "take_or_pay": None, "start": "2020-01-01", "end": None}
    >>> read_contracts(pd.DataFrame([{**row, "seller_country": "AZ"}]))["take_or_pay"].tolist()
    [0.0]
    """
    contracts = pd.DataFrame(columns=list(_COLUMNS)) if contracts is None else contracts
    require(contracts, "columns index", "a table of contracts, or None")
    missing = [name for name in _COLUMNS if name not in contracts]
    if missing:
        raise UsageError(f"contracts: no column {', '.join(missing)}; expected those of table contracts")
    table = contracts[list(_COLUMNS)].reset_index(drop=True)
    for name in _NUMBERS:
        table[name] = pd.to_numeric(table[name])
    for name in _DAYS:
        table[name] = pd.to_datetime(table[name]).fillna(_ALWAYS[name])
    table["take_or_pay"] = table["take_or_pay"].fillna(0.0)
    wrong = ~(table["annual_twh"] >= 0) | ~table["take_or_pay"].between(0, 1)
    if wrong.any():
        told = [
            f"row {row}, zone {at.zone}: found annual_twh {at.annual_twh:g} and take_or_pay {at.take_or_pay:g}, "
            "expected no less than zero, and between 0 and 1"
            for row, at in zip(table.index[wrong], table[wrong].itertuples(), strict=True)
        ]
        raise UsageError(list_problems("contracts: these cannot be read:", told))
    return table


def rank_claims(rule: str, consumers: Consumers, contracts: pd.DataFrame, year: int, origin: str) -> Floats:
    """Split what consumers take into classes that give way one after the other.

    Parameters
    ----------
    rule : {"firm", "pro-rata", "last-in"}
        As :func:`~energyflows.influence.gap.measure_gap` describes them.
    consumers : Consumers
        Of one year.
    contracts : pandas.DataFrame
        From :func:`read_contracts`.
    year : int
        Calendar year; a contract counts by the part of its days in it.
    origin : str
        The supplier that gives nothing.

    Returns
    -------
    numpy.ndarray, [TWh]
        By class, the first to give way first, and by consumer; adds up to what is consumed.

    Examples
    --------
    BG has 10 TWh under contract, RS none; contracts are cut last:

    >>> row = {"zone": "BG", "annual_twh": 10.0, "take_or_pay": 1.0, "start": "2020-01-01", "end": "2030-12-31"}
    >>> contracts = read_contracts(pd.DataFrame([{**row, "seller_country": "AZ"}]))
    >>> consumers = Consumers(np.array(["BG", "RS"]), np.array([30.0, 20.0]), np.zeros(2))
    >>> rank_claims("firm", consumers, contracts, 2025, "RU").tolist()
    [[20.0, 20.0], [10.0, 0.0]]
    """
    if rule == "pro-rata":
        return consumers.consumed[None, :]
    active = contracts.assign(volume=contracts["annual_twh"] * _find_days(contracts, year))
    if rule == "firm":
        active = active[active["seller_country"] != origin]
        held = _add_up(consumers, active.assign(volume=active["volume"] * active["take_or_pay"]))
        oldest_first = [held]
    else:
        dated = active[active["volume"] > 0].groupby("start", sort=True)
        oldest_first = [consumers.own, *(_add_up(consumers, part) for _, part in dated)]
    return _fill_up(consumers.consumed, oldest_first)


def _find_days(contracts: pd.DataFrame, year: int) -> pd.Series:
    """Return the part of a year's days on which each contract holds."""
    first, last = pd.Timestamp(year, 1, 1), pd.Timestamp(year, 12, 31)
    days = (contracts["end"].clip(upper=last) - contracts["start"].clip(lower=first)) / pd.Timedelta(days=1) + 1
    part: pd.Series = days.astype(float).clip(lower=0.0) / ((last - first).days + 1)
    return part


def _add_up(consumers: Consumers, contracts: pd.DataFrame) -> Floats:
    """Return the volume of contracts by consumer."""
    volume = contracts.groupby("zone")["volume"].sum().reindex(consumers.buses, fill_value=0.0)
    return np.asarray(volume, dtype=float)


def _fill_up(consumed: Floats, oldest_first: list[Floats]) -> Floats:
    """Let claims fill consumption from the oldest on; what no claim reaches is the class that gives way first."""
    filled = np.minimum(np.cumsum([np.zeros_like(consumed), *oldest_first], axis=0), consumed)
    classes = np.diff(np.concatenate([filled, consumed[None, :]]), axis=0)
    return np.asarray(classes[::-1])
