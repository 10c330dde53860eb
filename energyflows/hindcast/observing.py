"""What was observed, in the periods and units of the comparison."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from numbers import Real

import pandas as pd

from energyflows.errors import TableError, list_problems, require
from energyflows.hindcast._capacity import rate_terminals
from energyflows.hindcast.observations import add_gaps, check_series
from energyflows.hindcast.series import PRICE_ZONES, Tables, list_series
from energyflows.network.calendar import parse_period

COLUMNS = ["series", "period", "frequency", "value", "unit", "confidence", "source", "definition"]
FREQUENCIES = ("month", "quarter", "year")
#: How series of table ``observed_imports`` end that tell the LNG of a zone, those nearest to what is modelled first.
LNG_ENDINGS = ("-all-lng-sendout", "-all-lng", "-all-lng-landed")
#: Observed series that are compared with nothing, and why.
EXCLUDED = {
    "GB-IE": "observed includes Northern Ireland and the Isle of Man, which are British demand in the model",
}
#: Points a reader will look for that have no observed series in the tables.
UNOBSERVED = {"SK-AT": "Baumgarten: the tables hold no observed series"}
_NEEDED = ("series", "period", "frequency", "value", "unit")
_LENGTHS = {4: "year", 6: "quarter", 7: "month", 10: "day"}


def observe(tables: Tables, years: Iterable[int]) -> pd.DataFrame:
    """Return what the tables say was observed.

    Each series takes, year by year, the rows that cover most of the year; among those that cover as much, the
    preferred source, then the finest period. No day is told twice. LNG of a zone is send-out before imports before
    landings; column ``definition`` names the series taken. LNG of a group of zones is told for years in which every
    zone with a working terminal is observed while it works. Estimates are kept for flows, and left out for stocks
    and prices.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        From :func:`energyflows.load_tables`.
    years : iterable of int
        Wanted.

    Returns
    -------
    pandas.DataFrame
        Columns ``series, period, frequency, value, unit, confidence, source, definition``; TWh in the period, TWh at
        the end of the day for stocks (frequency ``day``), EUR/MWh for prices.

    Examples
    --------
    >>> from energyflows import load_tables
    >>> seen = observe(load_tables(), [2024]).query("series == 'TANAP-TAP'")
    >>> seen["period"].tolist(), round(float(seen["value"].sum()), 1)
    (['2024Q1', '2024Q2', '2024Q3', '2024Q4'], 130.4)
    """
    listed = sorted(years)
    known = list_series(tables)
    flows, lng, prices = (
        _choose_rows(find(tables), listed) for find in (_observe_flows, _observe_lng, _observe_prices)
    )
    parts = [flows, lng, *_group_lng(lng, known, tables, listed), _observe_stocks(tables, listed), prices]
    found = [part.reindex(columns=COLUMNS) for part in parts if len(part)]
    frame = pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=COLUMNS)
    frame = frame[frame["series"].isin(known.index)]
    return frame.assign(unit=frame["series"].map(known["unit"])).reset_index(drop=True)


def _observe_flows(tables: Tables) -> pd.DataFrame:
    rows = tables["observed_flows"].dropna(subset="link")
    rows = rows.assign(definition=rows["series"], series=rows["link"], value=rows["twh"], order=0)
    return rows[~rows["series"].isin(EXCLUDED)]


def _observe_lng(tables: Tables) -> pd.DataFrame:
    rows = tables["observed_imports"]
    named = rows["series"].str.extract(r"^(\w+)(-all-lng.*)$")
    order = named[1].map({ending: place for place, ending in enumerate(LNG_ENDINGS)})
    rows = rows.assign(definition=rows["series"], series="LNG " + named[0], value=rows["twh"], order=order)
    return rows.dropna(subset="order")


def _observe_prices(tables: Tables) -> pd.DataFrame:
    rows = tables["prices"]
    rows = rows.assign(series="price " + rows["hub"], definition=rows["hub"], value=rows["eur_mwh"], order=0)
    return rows[rows["hub"].isin(PRICE_ZONES) & (rows["confidence"] != "estimate")]


def _choose_rows(rows: pd.DataFrame, years: list[int]) -> pd.DataFrame:
    """Return for each series and year the rows that cover most of it, of those alike the preferred, the finest."""
    spans = {period: parse_period(period) for period in rows["period"].unique()}
    days = rows["period"].map({period: (after - start).days for period, (start, after) in spans.items()})
    fineness = rows["frequency"].map({name: place for place, name in enumerate(FREQUENCIES)})
    rows = rows.assign(year=rows["period"].str[:4].astype(int), days=days, fineness=fineness)
    covered = rows.groupby(["series", "year", "order", "fineness"], as_index=False)["days"].sum()
    ranked = covered.sort_values(["days", "order", "fineness"], ascending=[False, True, True])
    best = ranked.drop_duplicates(["series", "year"]).drop(columns="days")
    chosen = rows[rows["year"].isin(years)].merge(best)
    return chosen.sort_values(["series", "period"])[[name for name in COLUMNS if name in chosen]]


def _group_lng(lng: pd.DataFrame, known: pd.DataFrame, tables: Tables, years: list[int]) -> Iterator[pd.DataFrame]:
    working = rate_terminals(tables, years) > 0
    for name, zones in known.loc[known["group"] == "lng-groups", "elements"].items():
        for year in years:
            needed = working.loc[str(year), list(zones)]
            rows = lng[lng["series"].isin([f"LNG {z}" for z in zones]) & (lng["period"].str[:4] == str(year))]
            if needed.to_numpy().any() and all(_covers(rows, zone, needed[zone]) for zone in zones):
                yield _sum_zones(rows, str(name), year)


def _covers(rows: pd.DataFrame, zone: str, needed: pd.Series) -> bool:
    """Say whether a zone is observed on all days its terminals work."""
    missing = needed.copy()
    for start, after in map(parse_period, rows.loc[rows["series"] == f"LNG {zone}", "period"]):
        missing.loc[start : after - pd.Timedelta(days=1)] = False
    return not missing.any()


def _sum_zones(rows: pd.DataFrame, name: str, year: int) -> pd.DataFrame:
    """Return the sum of zones, by year unless all are told in the same periods."""
    told = rows["frequency"].unique()
    whole = len(told) > 1
    by = pd.Series(str(year), index=rows.index) if whole else rows["period"]
    totals = rows.groupby(by.to_numpy())["value"].sum()
    weakest = "derived" if (rows["confidence"] != "observed").any() else "observed"
    return pd.DataFrame(
        {
            "series": name,
            "period": totals.index,
            "frequency": "year" if whole else told[0],
            "value": totals.to_numpy(),
            "confidence": weakest,
            "source": "; ".join(sorted(rows["source"].unique())),
            "definition": "; ".join(sorted(rows["definition"].unique())),
        }
    ).reindex(columns=COLUMNS)


def _observe_stocks(tables: Tables, years: list[int]) -> pd.DataFrame:
    levels = tables["observed_storage"]
    levels = levels[(levels["confidence"] != "estimate") & levels["date"].dt.year.isin(years)]
    names = "stock " + levels["zone"]
    days = levels["date"].dt.strftime("%Y-%m-%d")
    told = levels.assign(series=names, definition=names, period=days, frequency="day", value=levels["twh"])
    return told.sort_values(["series", "period"])


def check_observed(observed: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Return a user's observations ready for comparison, or refuse them with all their problems.

    Parameters
    ----------
    observed : pandas.DataFrame
        Columns ``series, period, frequency, value, unit``, and if wanted ``confidence, source``; as from
        :func:`energyflows.hindcast.observations.read_observations`.
    known : pandas.DataFrame
        From :func:`energyflows.hindcast.series.list_series`.

    Returns
    -------
    pandas.DataFrame
        Columns as from :func:`observe`. Periods missing between others of their series are rows without value.

    Raises
    ------
    TableError
        If columns are missing, or cells cannot be used.
    UnknownNameError
        If a series is none of the model's; all of them are named.
    """
    require(observed, "columns groupby assign", "observations as a pandas.DataFrame")
    missing = [f"no column {name!r}" for name in _NEEDED if name not in observed]
    if missing:
        raise TableError(list_problems("observations cannot be used:", missing))
    check_series(observed, known.index)
    problems = list(_find_problems(observed, known["unit"])) or list(_find_overlaps(observed))
    if problems:
        raise TableError(list_problems(f"{len(problems)} problems in the observations:", problems))
    given = {"confidence": "observed", "source": "given", **{name: observed[name] for name in observed}}
    whole = add_gaps(observed.assign(**given))
    return whole.assign(definition=whole["series"]).reindex(columns=COLUMNS)


def _find_problems(observed: pd.DataFrame, units: pd.Series) -> Iterator[str]:
    for place, row in enumerate(observed.itertuples(index=False)):
        told = f"row {place}: {row.series} in {row.period}"
        expected = ("day",) if str(row.series).startswith("stock ") else FREQUENCIES
        if _find_length(row.period) != row.frequency or row.frequency not in expected:
            yield f"{told}: found frequency {row.frequency!r}, expected a period by {' or '.join(expected)}"
        if not isinstance(row.value, Real):
            yield f"{told}: found {row.value!r}, expected a number"
        if row.unit != units[row.series]:
            yield f"{told}: found unit {row.unit!r}, expected {units[row.series]}"


def _find_overlaps(observed: pd.DataFrame) -> Iterator[str]:
    """No day may be told twice, neither by two rows of a period nor by a month beside its year."""
    for series, rows in observed.groupby("series"):
        spans = sorted((*parse_period(period), period) for period in rows["period"])
        for (_, after, period), (start, _, other) in pairwise(spans):
            if start < after:
                yield f"{series}: {period} and {other} overlap, expected each day in one row"


def _find_length(period: object) -> str | None:
    """Return the frequency of a well-formed period."""
    if not isinstance(period, str):
        return None
    try:
        parse_period(period)
    except ValueError:
        return None
    return _LENGTHS.get(len(period))


def list_excluded(tables: Tables, observed: pd.DataFrame) -> pd.DataFrame:
    """Return the observed series, and points without any, that are not compared.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        From :func:`energyflows.load_tables`.
    observed : pandas.DataFrame
        From :func:`observe`.

    Returns
    -------
    pandas.DataFrame
        Columns ``series, reason``.
    """
    present, links = set(observed["series"]), set(tables["pipelines"]["pipeline"])
    flows = tables["observed_flows"]
    routes = sorted(flows.loc[flows["link"].isna(), "series"].unique())
    told = tables["observed_imports"]["series"].str.extract(r"^(\w+)-all-lng")[0].dropna().unique()
    reasons = {
        **{name: why for name, why in EXCLUDED.items() if name in set(flows["series"])},
        **{name: why for name, why in UNOBSERVED.items() if name in links - present},
        **{f"LNG {zone}": "no terminal in the model" for zone in sorted(told) if f"LNG {zone}" not in present},
        **dict.fromkeys(routes, "a route, given to the model; its exits are compared one by one"),
    }
    return pd.DataFrame(reasons.items(), columns=["series", "reason"])
