"""Law that bars gas of an origin in a zone, as a table, and how much of each snapshot it holds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from energyflows.errors import ResultsError, UsageError, list_problems, require, suggest
from energyflows.tracing._days import spread_days
from energyflows.tracing._mixing import Floats

COLUMNS = ["origin", "zone", "valid_from", "valid_to"]
_RULE = ["kind", "origin", "zone", "contract_type", "gas", "value", "active", "valid_from", "valid_to"]
_BAN = ["origin", "zone", "contract_type", "gas", "from", "to"]
_GASES = ("any", "lng")
#: Area that rules name.
_UNION = "EU27"
_DAY = np.timedelta64(1, "D")
#: Before and after all snapshots.
_EVER = (pd.Timestamp("1678-01-01"), pd.Timestamp("2262-01-01"))


class Spell(NamedTuple):
    """A time in which law stays the same: what part of each snapshot lies in it, and what each zone may not land."""

    share: Floats
    barred: Mapping[str, frozenset[str]]


def list_bars(
    rules: pd.DataFrame,
    bans: Iterable[Mapping[str, Any]] | None = None,
    *,
    zones: Collection[str] | None = None,
    areas: Mapping[str, Sequence[str]] | None = None,
    kinds: Sequence[str] = ("ban", "cutoff"),
) -> pd.DataFrame:
    """List where and when law bars all LNG of an origin.

    Parameters
    ----------
    rules : pandas.DataFrame
        Table ``rules``. Its active rows of these kinds count that name a single place, not ``EU27``, and leave nothing
        (value 0).
    bans : iterable of mapping, optional
        Rules that a scenario applies, as results tell them (``bans`` of its notes); they hold whether active or not.
    zones : collection of str, optional
        Zones that are asked about, such as the buses of results; default all that rules and bans name.
    areas : mapping of str to sequence of str, optional
        Zones of each area that ``bans`` name; needed if these name ``EU27``.
    kinds : sequence of str
        Kinds of rules: a ``ban`` is law; a ``cutoff`` is the end of deliveries, which is not always a bar to cargoes.

    Returns
    -------
    pandas.DataFrame
        Columns ``origin``, ``zone``, ``valid_from`` and ``valid_to``, both days included, missing without limit; as
        :func:`allot_landings` takes it.

    Raises
    ------
    UsageError
        If ``rules`` is no table of rules, or a ban is none or names an area that is not given.

    Notes
    -----
    Rules for pipeline gas bar no LNG. Short and long contracts are all contracts: where both are barred, gas is from
    the later first day to the earlier last one. Rules on spot gas bar nothing by themselves.

    Examples
    --------
    >>> told = {"rule": "x", "origin": "RU", "zone": "EU27", "contract_type": "any", "gas": "lng"}
    >>> nothing = pd.DataFrame(columns=_RULE)
    >>> bans = [{**told, "from": "2027-01-01", "to": None}]
    >>> list_bars(nothing, bans, zones=["ES", "GB"], areas={"EU27": ["ES", "FR"]})
      origin zone valid_from valid_to
    0     RU   ES 2027-01-01      NaT
    """
    require(rules, "columns groupby", "table rules as a pandas.DataFrame")
    told = [dict(ban) for ban in bans or ()]
    groups = {} if areas is None else areas
    problems = [f"rules: no column {name}" for name in _RULE if name not in rules]
    problems += [f"bans: no {name} in {ban}" for ban in told for name in _BAN if name not in ban]
    if _UNION not in groups and any(ban.get("zone") == _UNION for ban in told):
        problems.append(f"bans: found {_UNION}, expected its zones in areas")
    if problems:
        raise UsageError(list_problems("these bars cannot be listed:", problems))
    own = rules[rules["kind"].isin(kinds) & rules["active"].astype(bool) & (rules["value"].astype(float) == 0)]
    frames = [own[[*_BAN[:4], "valid_from", "valid_to"]], _spread(told, groups)]
    rows = pd.concat([frame for frame in frames if len(frame)]) if any(map(len, frames)) else frames[1]
    rows = rows[rows["gas"].isin(_GASES) & rows["origin"].notna() & (rows["zone"] != _UNION)]
    rows = rows if zones is None else rows[rows["zone"].isin(list(zones))]
    return _join_contracts(rows.assign(**{day: pd.to_datetime(rows[day]) for day in COLUMNS[2:]}))


def _spread(bans: Sequence[Mapping[str, Any]], areas: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Return bans as rows of rules, those of an area once for each of its zones."""
    rows = [{**ban, "zone": zone} for ban in bans for zone in areas.get(str(ban["zone"]), [ban["zone"]])]
    return pd.DataFrame(rows, columns=_BAN).rename(columns={"from": "valid_from", "to": "valid_to"})


def _join_contracts(rows: pd.DataFrame) -> pd.DataFrame:
    """Return when all contracts are barred: by one rule, or by one on short and one on long contracts."""
    parts = {kind: rows.loc[rows["contract_type"] == kind, COLUMNS] for kind in ("any", "short", "long")}
    both = parts["short"].merge(parts["long"], on=COLUMNS[:2], suffixes=("", "_long"))
    both = both.assign(
        valid_from=both[["valid_from", "valid_from_long"]].max(axis=1),
        valid_to=both[["valid_to", "valid_to_long"]].min(axis=1),
    )
    both = both[~(both["valid_from"] > both["valid_to"])]
    found = [frame[COLUMNS] for frame in (parts["any"], both) if len(frame)]
    joined = pd.concat(found) if found else parts["any"]
    return joined.drop_duplicates().sort_values(COLUMNS, na_position="first", ignore_index=True)


def read_bars(barred: pd.DataFrame, results: xr.Dataset) -> pd.DataFrame:
    """Check bars against results.

    Parameters
    ----------
    barred : pandas.DataFrame
        As :func:`list_bars` gives it.
    results : xarray.Dataset
        Whose zones, links and countries bars may name.

    Returns
    -------
    pandas.DataFrame
        Those that hold at some time of the results; days as timestamps, ``valid_to`` the day after the last one.

    Raises
    ------
    UsageError
        If columns or days are none, or snapshots have no days.
    ResultsError
        If a zone is not in the results.
    """
    require(barred, "columns groupby", "bars as a pandas.DataFrame")
    missing = [name for name in COLUMNS if name not in barred]
    if missing:
        raise UsageError(f"barred: no column {', '.join(missing)}; expected {', '.join(COLUMNS)}")
    if barred.empty:
        return barred[COLUMNS]
    bars = barred.assign(**{day: _read_days(barred[day]) for day in COLUMNS[2:]})
    names = ["bus", "link", *(name for name in ("country",) if name in results.coords)]
    known = {str(each) for name in names for each in results[name].to_numpy()} - {""}
    strange = sorted({str(zone) for zone in bars["zone"]} - known)
    if strange:
        told = [f"{zone!r} is no bus, link or country{suggest(zone, sorted(known))}" for zone in strange]
        raise ResultsError(list_problems("barred: found zones that are not in these results:", told))
    wrong = bars.index[bars["valid_from"] > bars["valid_to"]]
    if len(wrong):
        raise UsageError(f"barred: row {', '.join(map(str, wrong))}: ends before it begins")
    if results["snapshot"].dtype.kind != "M" and bars[COLUMNS[2:]].notna().any(axis=None):
        raise UsageError("barred: found days, but the snapshots of these results are none; leave days empty")
    return bars.assign(valid_to=bars["valid_to"] + _DAY)


def _read_days(column: pd.Series) -> pd.Series:
    try:
        return pd.to_datetime(column).astype("datetime64[ns]")
    except (TypeError, ValueError):
        raise UsageError(f"barred: column {column.name} holds what is no day, such as 2025-01-31") from None


def list_spells(bars: pd.DataFrame, results: xr.Dataset) -> list[Spell]:
    """Divide time where law changes.

    Parameters
    ----------
    bars : pandas.DataFrame
        From :func:`read_bars`.
    results : xarray.Dataset
        For the days of each snapshot.

    Returns
    -------
    list of Spell
        Those with bars that touch a snapshot.
    """
    begins, ends = bars["valid_from"].fillna(_EVER[0]), bars["valid_to"].fillna(_EVER[1])
    edges = sorted({*begins, *ends})
    spells = []
    for first, last in pairwise(edges):
        now = bars[(begins <= first) & (ends >= last)]
        opens, closes = None if first == _EVER[0] else first, None if last == _EVER[1] else last - _DAY
        share = spread_days(opens, closes, results)
        if len(now) and share.any():
            spells.append(Spell(share, now.groupby("zone")["origin"].agg(frozenset).to_dict()))
    return spells
