"""Why the series that are furthest off are."""

from __future__ import annotations

from collections.abc import Mapping

#: What is told of a series without a reason.
UNEXPLAINED = "not yet explained"
_WAY_TO_GERMANY = (
    "Norwegian gas and LNG reach Germany by whatever way is cheapest: with pins off by sea to Germany (NOHUB-DE) "
    "rather than by way of the Netherlands or Belgium"
)
_TERMINALS = "the fee rises with use alike in every zone; bookings, reloads and the owners of terminals are not known"
_FORESIGHT = "each year is foreseen as a whole and only year ends are held, so stocks are as low as they may be between"
#: One sentence by series.
REASONS: Mapping[str, str] = {
    "NL-DE": _WAY_TO_GERMANY,
    "BE-DE": _WAY_TO_GERMANY,
    "NOHUB-DE": _WAY_TO_GERMANY,
    "NOHUB-NL": _WAY_TO_GERMANY,
    "NO-GB": "with pins off a booked share of all Norwegian gas; the figure itself is an estimate in every year",
    "stock EU27": _FORESIGHT,
    "AT-IT": "to 2020 Italy is cheaper to serve by Austria than by LNG, later dearer; six of the figures are estimates",
    "LNG NL": f"{_TERMINALS}; in 2023 the figure is what landed, as Eurostat tells it, 99 % of what could be sent out",
    "LNG GB": f"{_TERMINALS}; Britain is a pool of its own, whose share of cargoes is free with pins off",
    "LNG ES": _TERMINALS,
    "LNG FR": _TERMINALS,
    "LNG IT": _TERMINALS,
    "UATRANSIT-UA": "gas that Ukraine bought back from the transit on paper in 2020 is not among the bookings",
}
