"""Law: imports of one origin barred by contract type and date."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import pandas as pd
import pypsa

from energyflows.errors import ScenarioError
from energyflows.scenarios.applying._days import average, hold_days, list_days
from energyflows.scenarios.applying._work import Work, read_rates, write_rates
from energyflows.scenarios.changes import AnyChange, Ban

_EU = "EU27"
#: Contracts of at most a year count as short.
_LONG = pd.Timedelta(days=366)
_KINDS = ("short", "long")


class _Law(NamedTuple):
    """What the law says of one link."""

    rules: pd.DataFrame
    """Bans that reach it."""
    contracts: pd.DataFrame
    """Of the origin, ending at it."""
    presumed: pd.Timestamp
    """Day from which the origin is presumed; NaT if it never is."""


def ban(work: Work, change: Ban) -> None:
    """Bar gas of an origin at every entry that its rules reach, down to what contracts still allow."""
    n, contracts = work.n, work.tables["contracts"]
    rules = find_rules(work.tables["rules"], change)
    work.bans += [rule for rule in tell_rules(rules) if rule not in work.bans]
    for link, entry in find_entries(n, work.tables, change).iterrows():
        reached = rules[[_reaches(n, rule, str(link)) for rule in rules.itertuples()]]
        about = reached[reached["gas"].isin(("any", entry["gas"]))]
        if len(about):
            own = contracts[(contracts["link"] == link) & (contracts["seller_country"] == change.origin)]
            _limit(n, str(link), _Law(about, own, entry["presumed"]), change)


def join_bans(changes: Sequence[AnyChange], rules: Callable[[], pd.DataFrame]) -> list[AnyChange]:
    """Return changes with bans of equal terms as one, under the rules of all.

    Parameters
    ----------
    changes : sequence of Change
        In the order in which they act.
    rules : callable
        Returns table ``rules``; asked only if there is something to join.

    Returns
    -------
    list of Change
        The joined ban stands where the first was.
    """
    joined: dict[tuple[object, ...], AnyChange] = {}
    for position, change in enumerate(changes):
        terms = (change.origin, change.circumvention, change.evidence) if isinstance(change, Ban) else (position,)
        first = joined.get(terms)
        if isinstance(first, Ban) and isinstance(change, Ban):
            named = {name for each in (first, change) for name in find_rules(rules(), each)["rule"]}
            joined[terms] = first.model_copy(update={"rules": tuple(sorted(named))})
        else:
            joined[terms] = change
    return list(joined.values())


def find_rules(rules: pd.DataFrame, change: Ban) -> pd.DataFrame:
    """Return the bans asked for.

    Parameters
    ----------
    rules : pandas.DataFrame
        Table ``rules``.
    change : Ban
        Names them, or means all active ones.

    Returns
    -------
    pandas.DataFrame
        Its rows.

    Raises
    ------
    ScenarioError
        If a rule does not exist or is no ban of that origin, or there is none at all.
    """
    bans = rules[(rules["kind"] == "ban") & (rules["origin"] == change.origin)]
    strange = sorted(set(change.rules) - set(bans["rule"]))
    if strange:
        raise ScenarioError(f"rules.csv has no ban of {change.origin} called {', '.join(strange)}; see 'show rules'")
    found = bans[bans["rule"].isin(change.rules)] if change.rules else bans[bans["active"]]
    if found.empty:
        raise ScenarioError(f"rules.csv has no active ban of gas from {change.origin!r}")
    return found


def tell_rules(rules: pd.DataFrame) -> list[dict[str, str | None]]:
    """Return rules as they are kept with results.

    Parameters
    ----------
    rules : pandas.DataFrame
        Rows of table ``rules``.

    Returns
    -------
    list of dict
        ``rule``, ``origin``, ``zone``, ``contract_type`` and ``gas`` as in the table, ``from`` and ``to`` its first
        and last day as text, or nothing where it has none.
    """
    told = rules[["rule", "origin", "zone", "contract_type", "gas"]].astype(object)
    days = {"from": rules["valid_from"], "to": rules["valid_to"]}
    dates = {name: pd.to_datetime(day).dt.strftime("%Y-%m-%d") for name, day in days.items()}
    told = told.assign(**dates).astype(object)
    records: list[dict[str, str | None]] = told.where(told.notna(), None).to_dict("records")
    return records


def find_entries(n: pypsa.Network, tables: Mapping[str, pd.DataFrame], change: Ban) -> pd.DataFrame:
    """Return the links by which gas of an origin enters markets.

    Dedicated corridors and shipping carry it for sure. Mixed grids may: where contracts of that origin end at the
    link, or where the law presumes that origin until another is proven.

    Parameters
    ----------
    n : pypsa.Network
        Built from tables.
    tables : mapping of str to pandas.DataFrame
        ``contracts`` and ``rules``.
    change : Ban
        Whose gas, and whether papers at mixed grids are believed.

    Returns
    -------
    pandas.DataFrame
        Index link; columns ``gas`` and ``presumed``, the day from which the origin is presumed or NaT.
    """
    links = n.links[n.links["part_of"] == n.links.index]
    dedicated = _follow_corridors(n, change.origin)
    ends_in_market = n.buses["kind"].reindex(links["bus1"]).isin(("market", "lng")).to_numpy()
    sure = links[links["bus0"].isin(dedicated) & ends_in_market]
    found = pd.DataFrame({"gas": sure["carrier"].replace("shipping", "lng")}).assign(presumed=pd.NaT)
    found["gas"] = found["gas"].where(found["gas"] == "lng", "pipeline")
    if change.circumvention:
        return found
    contracts, rules = tables["contracts"], tables["rules"]
    presumed = rules[(rules["kind"] == "presumption") & (rules["origin"] == change.origin) & rules["active"]]
    presumed = presumed.set_index("zone")["valid_from"]
    written = set(contracts.loc[contracts["seller_country"] == change.origin, "link"].dropna())
    mixed = [name for name in links.index if name in written | set(presumed.index) and name not in found.index]
    mixed = [name for name in mixed if _imports(n, name)]
    return pd.concat([found, pd.DataFrame({"gas": "pipeline", "presumed": presumed.reindex(mixed)}, index=mixed)])


def _imports(n: pypsa.Network, link: str) -> bool:
    """Say whether a link leads from outside the EU into it."""
    members = n.buses.index[n.buses["eu"].eq(other=True)]
    return n.links.at[link, "bus1"] in members and n.links.at[link, "bus0"] not in members


def _follow_corridors(n: pypsa.Network, origin: str) -> set[str]:
    """Return the corridors and ports which gas of one origin enters, and those which only they feed."""
    inner = n.buses["kind"].isin(("corridor", "lng"))
    exports = n.generators[n.generators["carrier"].isin(("pipeline gas", "lng"))]
    owned = exports.groupby("bus")["origin"].agg(set)
    reached = {str(bus) for bus, owners in owned.items() if owners == {origin} and inner.get(bus, False)}
    open_links = n.links[n.links["bus1"].map(n.buses["kind"]).eq("corridor")]
    feeders = open_links.groupby("bus1")["bus0"].agg(set)
    growing = True
    while growing:
        new = {str(bus) for bus, sources in feeders.items() if sources <= reached and bus not in reached}
        growing, reached = bool(new), reached | new
    return reached


def _reaches(n: pypsa.Network, rule: object, link: str) -> bool:
    """Say whether a rule holds at a link: by its own name, its zone, or the EU."""
    target = n.links.at[link, "bus1"]
    pool_of_eu = target == "LNGEU"
    place = rule.zone  # type: ignore[attr-defined]
    return place in {link, target, n.buses.at[target, "country"]} or (
        place == _EU and (pool_of_eu or bool(n.buses["eu"].eq(other=True)[target]))
    )


def rate_allowed(rules: pd.DataFrame, contracts: pd.DataFrame, room: pd.Series) -> pd.Series:
    """Return what may still enter at one link.

    Parameters
    ----------
    rules : pandas.DataFrame
        Bans that reach it.
    contracts : pandas.DataFrame
        Of the origin, ending at it; those of more than a year cover gas against bans of short contracts.
    room : pandas.Series
        What can enter without them, GWh/d by day.

    Returns
    -------
    pandas.Series
        GWh/d by day.
    """
    days = pd.DatetimeIndex(room.index)
    held = {kind: pd.Series(0.0, index=days) for kind in _KINDS}
    for rule in rules.itertuples():
        now = hold_days(days, rule.valid_from, rule.valid_to)
        for kind in _KINDS if rule.contract_type == "any" else {rule.contract_type} & set(_KINDS):
            held[kind] = held[kind].mask(now, 1.0)
    covered = pd.Series(0.0, index=days)
    known = contracts.dropna(subset="annual_twh")
    for row in known[~(known["end"] - known["start"] <= _LONG)].itertuples():
        covered += hold_days(days, row.start, row.end) * 1e3 * row.annual_twh / (365 + days.is_leap_year)
    covered = covered.clip(upper=room)
    return room - held["long"] * covered - held["short"] * (room - covered)


def _limit(n: pypsa.Network, link: str, law: _Law, change: Ban) -> None:
    """Lower a link to what is allowed on each day, its contracted part last."""
    names = n.links.index[n.links["part_of"] == link]
    rates = read_rates(n, "Link", names)
    days = list_days(n)
    room = rates.sum(axis=1).reindex(days, method="ffill")
    allowed = rate_allowed(law.rules, law.contracts, room)
    if pd.notna(law.presumed):
        allowed = allowed.clip(lower=change.evidence * room).where(days >= law.presumed, room)
    left = average(allowed, n)
    for name in sorted(names, key=lambda each: -n.links.at[each, "reward"]):
        rates[name] = rates[name].clip(upper=left)
        left = left - rates[name]
    write_rates(n, "Link", rates)
