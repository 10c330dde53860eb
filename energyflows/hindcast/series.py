"""Series: what is both modelled and observed, what it is called, and which group it belongs to."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from energyflows.tables import select_in_service

Tables = Mapping[str, pd.DataFrame]

#: First and last year of each sample; the model is calibrated on the first one only.
SAMPLES = {"calibration": (2019, 2022), "held-out": (2023, 2025)}
#: Groups in the order they are told, and what each is called.
GROUPS = {
    "lng": "LNG by zone",
    "lng-groups": "LNG by group of zones",
    "lng-total": "LNG of the EU27",
    "norway": "Norway by landing",
    "tap": "TAP",
    "russia": "Russian routes, by exit",
    "algeria": "Algerian routes",
    "borders": "borders in the EU and to GB",
    "others": "other flows",
    "stock-eu": "stock of the EU27",
    "stocks": "stocks by country",
    "prices": "hub prices",
}
#: Zones whose LNG is told together, because their grids are one market or nearly so.
LNG_GROUPS = {
    "north-west": ("BE", "NL", "DE", "FR"),
    "britain": ("GB",),
    "iberia": ("ES", "PT"),
    "italy": ("IT",),
    "baltic": ("PL", "LT", "FI"),
    "south-east": ("GR", "HR"),
    "turkey": ("TR",),
}
#: Zone whose modelled price stands beside a hub's.
PRICE_ZONES = {"TTF": "NL", "NBP": "GB", "ZEEBRUGGE": "BE", "PEG": "FR"}
EU = "EU27"
_BRITAIN, _NORWAY, _TAP, _ALGERIA = "GB", "NO", "TAP", ("TRANSMED", "MEDGAZ", "MAGHREB")
_COLUMNS = ["series", "kind", "group", "unit", "elements"]


def list_series(tables: Tables) -> pd.DataFrame:
    """Return every series the model can be compared in.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        From :func:`energyflows.load_tables`.

    Returns
    -------
    pandas.DataFrame
        Index ``series``; columns ``kind`` (link, lng, stock or price), ``group``, ``unit`` (TWh or EUR/MWh) and
        ``elements``, a tuple of the links or zones that make it up. The group of a border is ``borders`` here; years
        in which its figure is an estimate count in ``others`` (see :func:`energyflows.hindcast.pairing.pair`).

    Examples
    --------
    >>> from energyflows import load_tables
    >>> list_series(load_tables()).loc["LNG iberia", ["group", "elements"]].tolist()
    ['lng-groups', ('ES', 'PT')]
    """
    rows = [*_list_links(tables), *_list_lng(tables), *_list_stocks(tables), *_list_prices(tables)]
    return pd.DataFrame(rows, columns=_COLUMNS).set_index("series")


def list_members(tables: Tables) -> list[str]:
    """Return the zones of the EU27.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        From :func:`energyflows.load_tables`.

    Returns
    -------
    list of str
        ISO-2 codes.
    """
    return [str(zone) for zone in tables["zones"].query("eu")["zone"]]


def _list_links(tables: Tables) -> list[tuple[object, ...]]:
    rows = select_in_service(tables["pipelines"]).drop_duplicates("pipeline")
    inside = {*list_members(tables), _BRITAIN}
    return [
        (name, "link", _group_link(start, end, group, inside), "TWh", (name,))
        for name, start, end, group in rows[["pipeline", "from", "to", "group"]].itertuples(index=False)
    ]


def _group_link(start: str, end: str, group: str, inside: set[str]) -> str:
    """Return the group of a link; a Russian route counts until it has left its corridor."""
    if _TAP in (start, end):
        return "tap"
    if start == _NORWAY:
        return "norway"
    if start in _ALGERIA:
        return "algeria"
    if {start, end} <= inside:
        return "borders"
    return "russia" if group == "russian-route" else "others"


def _list_lng(tables: Tables) -> list[tuple[object, ...]]:
    present = list(dict.fromkeys(tables["lng_terminals"]["zone"]))
    members = [zone for zone in list_members(tables) if zone in present]
    grouped = {name: tuple(z for z in zones if z in present) for name, zones in LNG_GROUPS.items()}
    return [
        *((f"LNG {zone}", "lng", "lng", "TWh", (zone,)) for zone in present),
        *((f"LNG {name}", "lng", "lng-groups", "TWh", zones) for name, zones in grouped.items() if zones),
        *([(f"LNG {EU}", "lng", "lng-total", "TWh", tuple(members))] if members else []),
    ]


def _list_stocks(tables: Tables) -> list[tuple[object, ...]]:
    present = list(dict.fromkeys(tables["storages"]["zone"]))
    members = tuple(zone for zone in list_members(tables) if zone in present)
    total = [(f"stock {EU}", "stock", "stock-eu", "TWh", members)] if members else []
    return [*total, *((f"stock {zone}", "stock", "stocks", "TWh", (zone,)) for zone in present)]


def _list_prices(tables: Tables) -> list[tuple[object, ...]]:
    zones = set(tables["zones"]["zone"])
    hubs = {hub: zone for hub, zone in PRICE_ZONES.items() if zone in zones}
    return [(f"price {hub}", "price", "prices", "EUR/MWh", (zone,)) for hub, zone in hubs.items()]


def find_sample(year: int) -> str:
    """Return the sample a year belongs to.

    Parameters
    ----------
    year : int
        2019 to 2025.

    Returns
    -------
    str
        ``calibration`` or ``held-out``.

    Examples
    --------
    >>> find_sample(2022), find_sample(2023)
    ('calibration', 'held-out')
    """
    return next(name for name, (first, last) in SAMPLES.items() if first <= year <= last)
