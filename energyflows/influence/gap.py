"""What would be missing without a supplier: it gives nothing, and every other supplier no more than it did."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from energyflows.errors import SolveError, UnknownNameError, UsageError, list_problems, suggest
from energyflows.influence._gap_programme import Programme, lay_programme, silence
from energyflows.influence._gap_reading import VARIABLES, Year, check_readable, read_year
from energyflows.influence._gap_solving import curtail, list_claims
from energyflows.influence.curtailment import CURTAILMENTS, Floats, rank_claims, read_contracts
from energyflows.tracing._stacking import list_leads

_GWH_PER_TWH = 1e3
#: Part of all supply of a year below which a supplier gave nothing.
_LEAST = 1e-9


#: What is measured, and the dim it stands on.
_PLACES = {"fall": "bus", "fall_sent": "link", "fall_stored": "bus"}


class _Fall(NamedTuple):
    """What is missing, TWh."""

    fall: Floats
    fall_sent: Floats
    fall_stored: Floats


def measure_gap(
    results: xr.Dataset,
    origins: Sequence[str],
    *,
    contracts: pd.DataFrame | None = None,
    curtailments: Sequence[str] = CURTAILMENTS,
    flows: bool = True,
) -> xr.Dataset:
    r"""Return what each consumer and each link would miss without a supplier.

    Parameters
    ----------
    results : xarray.Dataset
        As :func:`energyflows.run` or :func:`energyflows.read_results` returns them, of any network; each year along
        ``snapshot`` is taken by itself.
    origins : sequence of str
        Suppliers, one at zero at a time: all that ``generator_origin`` says is theirs, at home and abroad.
    contracts : pandas.DataFrame, optional
        Contracts in force, with columns of table ``contracts``; default none.
    curtailments : sequence of {"firm", "pro-rata", "last-in"}
        Who gives way first:

        * ``firm``: contracts are honoured. What is not under contract is cut first, also where it would be served by
          own production, so that exports under contract go on and the home market gives way; then what is (the
          take-or-pay part of the volume). Contracts with the supplier at zero bind no one.
        * ``pro-rata``: every consumer the network lets it reach loses the same share of its consumption.
        * ``last-in``: the newest buyers give way. What is not under contract is cut first, then contracts (their whole
          volume, whoever sells) from the newest first day to the oldest, then what own production that is left serves.

    flows : bool
        Whether to tell of links as well, which takes a third more time.

    Returns
    -------
    xarray.Dataset, [TWh]
        ``fall(curtailment, ..., year, bus, origin)``, how much less a bus consumes; ``fall_sent(curtailment, ...,
        year, link, origin)``, how much less a link sends, below zero where gas takes another way; ``fall_stored`` as
        ``fall``, how much less is in a bus's stores at the end of a year where no cut could refill them. The leads of
        the results, such as ``scenario``, come between curtailment and year.

    Raises
    ------
    UsageError
        If a rule is unknown, or contracts cannot be read.
    UnknownNameError
        If nothing comes from an origin.
    ResultsError
        If the results lack something or do not balance, with bus and year.
    SolveError
        If there is no solution, with origin, rule and year.

    Notes
    -----
    Minimised, one after the other: what is cut of the class of consumption that gives way last, then of the one
    before, and so on; within each class the highest share cut, then the next highest, and so on, exact to 1e-6 of a
    consumer's volume; at last :math:`\sum_l |f_l - f_l^{ref}|`, so that gas takes another way only where that serves
    the rule. Classes have rising costs in one programme, which puts them in order exactly where nothing is lost on
    the way. Subject to: balances of buses and stores, :math:`0 \le s_g \le s_g^{ref}`, links up to their capacity,
    ships no more than they sent (no cargo is redirected to another pool), received per sent as it was.

    Since all others give no more than before, a supplier's falls add up to what it gave less what was lost on the
    way, whatever the rule; the rules differ in who falls short. Gas in stores when the year begins stays, whoever
    sold it; stores end no lower than they did and never hold more than the most they held in the year. Volumes count
    by year, with perfect foresight inside it. A contract counts by its days in the year and up to the consumption of
    its zone.

    References
    ----------
    Fujishige (1980), Lexicographically optimal base of a polymatroid with respect to a weight vector, Mathematics of
    Operations Research 5, 186-196.

    Examples
    --------
    >>> from energyflows import run
    >>> fall = measure_gap(run(years=2025), ["AZ"], curtailments=["pro-rata"])["fall"].squeeze()
    >>> bool(fall.sel(bus="TR") > fall.sel(bus="GR"))
    True
    """
    check_readable(results)
    rules, suppliers = _check_words(results, origins, curtailments)
    table = read_contracts(contracts)
    leads = list_leads(results, VARIABLES)
    numbers = np.unique(results["snapshot"].dt.year.to_numpy())
    shape = (*(results.sizes[lead] for lead in leads), len(numbers))
    falls = {name: np.zeros((len(rules), *shape, results.sizes[dim], len(suppliers))) for name, dim in _PLACES.items()}
    for place in np.ndindex(shape):
        part = results.isel(dict(zip(leads, place[:-1], strict=True)))
        part = part.isel(snapshot=part["snapshot"].dt.year.to_numpy() == numbers[place[-1]])
        year = read_year(part, int(numbers[place[-1]]))
        spot = ", ".join(f"{lead} {part[lead].item()}" for lead in leads if lead in part.coords)
        for (i, j), fall in _measure_all(year, table, (rules, suppliers), spot, flows=flows):
            for name in _PLACES:
                falls[name][(i, *place, slice(None), j)] = getattr(fall, name)
    if not flows:
        falls["fall_sent"][:] = np.nan
    return _label(results, leads, falls, {"curtailment": rules, "year": numbers, "origin": suppliers})


def _check_words(
    results: xr.Dataset, origins: Sequence[str], curtailments: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Return rules and suppliers, each once."""
    named = {"origins": origins, "curtailments": curtailments}
    problems = [
        f"{name}: found the text {words!r}, expected a list" for name, words in named.items() if isinstance(words, str)
    ]
    if problems:
        raise UsageError(list_problems("the gap cannot be measured:", problems))
    rules, suppliers = list(dict.fromkeys(curtailments)), list(dict.fromkeys(origins))
    allowed = " or ".join(map(repr, CURTAILMENTS))
    told = [
        f"curtailments: found {rule!r}, expected {allowed}{suggest(str(rule), CURTAILMENTS)}"
        for rule in rules
        if rule not in CURTAILMENTS
    ]
    if told:
        raise UsageError(list_problems("the gap cannot be measured:", told))
    known = sorted(set(results["generator_origin"].to_numpy().astype(str).tolist()))
    unknown = [f"origin {name!r}{suggest(str(name), known)}" for name in suppliers if name not in known]
    if unknown:
        raise UnknownNameError(
            list_problems(f"nothing is supplied from these; known: {', '.join(known) or 'none'}", unknown)
        )
    return rules, suppliers


def _measure_all(
    year: Year, contracts: pd.DataFrame, asked: tuple[list[str], list[str]], spot: str, *, flows: bool
) -> Iterator[tuple[tuple[int, int], _Fall]]:
    """Measure a year under each rule without each supplier that gave something."""
    rules, suppliers = asked
    programme = lay_programme(year)
    given = year.days @ year.supplied
    for j, origin in enumerate(suppliers):
        if given[year.origins == origin].sum() <= _LEAST * given.sum():
            continue
        silent, consumers = silence(programme, year, origin), year.list_consumers(origin)
        for i, rule in enumerate(rules):
            claims = list_claims(rank_claims(rule, consumers, contracts, year.number, origin))
            x = curtail(silent, claims, near=flows)
            if x is None:
                where = f"year {year.number}{', ' + spot if spot else ''}"
                raise SolveError(f"no flow found without origin {origin}, curtailment {rule}, {where}")
            whole = np.zeros(len(programme.lower))
            whole[silent.kept] = x
            yield (i, j), _read_fall(year, programme, whole)


def _read_fall(year: Year, programme: Programme, x: Floats) -> _Fall:
    """Add up what deviates."""
    steps, count, part = len(year.days), len(year.buses), programme.slices
    links = year.sent.shape[1]
    delivered, stored = np.zeros(count), np.zeros(count)
    delivered[year.eaters] = programme.yearly @ x
    np.add.at(stored, year.tanks.places, x[part["lacking"]] / _GWH_PER_TWH)
    sent = year.days @ (x[part["less"]] - x[part["more"]]).reshape(steps, links) / _GWH_PER_TWH
    least = _LEAST * float(year.days @ year.consumed.sum(axis=1)) / _GWH_PER_TWH
    return _Fall(*(np.where(abs(values) > least, values, 0.0) for values in (delivered, sent, stored)))


def _label(results: xr.Dataset, leads: list[Hashable], falls: dict[str, Floats], coords: dict[str, Any]) -> xr.Dataset:
    """Name dims and units."""
    described = {
        "fall": "less consumed",
        "fall_sent": "less sent",
        "fall_stored": "less in stores at the end of the year",
    }
    variables = {
        name: (
            ("curtailment", *leads, "year", dim, "origin"),
            falls[name],
            {"units": "TWh", "long_name": f"{described[name]} without the supplier"},
        )
        for name, dim in _PLACES.items()
    }
    kept = {name: results[name] for name in (*leads, "bus", "link") if name in results.coords}
    words = {name: np.array(values, dtype=str) if name != "year" else values for name, values in coords.items()}
    return xr.Dataset(variables, coords={**kept, **words})
