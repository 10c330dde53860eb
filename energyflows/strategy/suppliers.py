"""Who sells which gas: suppliers as sets of generators of a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pypsa

from energyflows.errors import UsageError, list_problems, require, shorten, suggest
from energyflows.strategy.demand import GIVEN_UP

#: Exporters that act strategically unless others are named.
SUPPLIERS = ("RU", "AZ", "NO", "DZ", "QA")
#: Routes of Russian gas that end in Türkiye, where it is bought at the border.
TURKISH_ROUTES = ("BLUESTREAM", "TURKSTREAM1")
#: Kinds of gas, and the carriers of their generators.
GAS = {"any": None, "pipeline": "pipeline gas", "lng": "lng"}
#: Production that is sold at home, which is no export.
HOME = "home"
_KEYS = ("origins", "routes", "gas", "generators")

#: Names of suppliers, or what each sells.
Suppliers = Sequence[str] | Mapping[str, Mapping[str, Any]]


def resell_routes(
    n: pypsa.Network,
    reseller: str = "TR",
    routes: Sequence[str] = TURKISH_ROUTES,
    suppliers: Sequence[str] = SUPPLIERS,
) -> dict[str, dict[str, Any]]:
    """Return suppliers one of which sells what others bring along some routes.

    Parameters
    ----------
    n : pypsa.Network
        From :func:`energyflows.build_network`.
    reseller : str
        Who buys the gas of these routes at cost and sells it on its own account.
    routes : sequence of str
        By default the two that end in Türkiye, which buys their gas at its border.
    suppliers : sequence of str
        All others: exporting countries.

    Returns
    -------
    dict
        To hand on as ``suppliers``: the others without these routes, and the reseller with them.

    Raises
    ------
    UsageError
        If a country or a route is unknown, or a supplier would be left with nothing.

    Examples
    --------
    >>> from energyflows import build_network
    >>> found = resell_routes(build_network(2025))
    >>> found["TR"]
    {'origins': ['RU'], 'routes': ['BLUESTREAM', 'TURKSTREAM1']}
    >>> "TURKSTREAM2" in found["RU"]["routes"], found["AZ"]
    (True, {'origins': ['AZ']})
    """
    find_suppliers(n, suppliers)
    sold = n.generators[n.generators["route"].isin(list(routes))]
    split: dict[str, dict[str, Any]] = {name: {"origins": [name]} for name in suppliers}
    for origin in sorted(set(sold["origin"]) & set(suppliers)):
        own = n.generators.loc[(n.generators["origin"] == origin) & (n.generators["route"] != HOME), "route"]
        split[origin]["routes"] = [route for route in sorted(set(own)) if route not in set(routes)]
    split[reseller] = {"origins": sorted(set(sold["origin"])), "routes": list(routes)}
    find_suppliers(n, split)
    return split


def find_suppliers(n: pypsa.Network, suppliers: Suppliers | None = None) -> dict[str, list[str]]:
    """Return the generators of each supplier.

    Parameters
    ----------
    n : pypsa.Network
        Any.
    suppliers : sequence of str or mapping, optional
        Exporting countries, each with all generators of that origin that do not serve its home market; or by name of
        supplier a mapping with ``origins`` and ``routes`` (lists; those left out are not asked about), ``gas``
        (``any``, ``pipeline`` or ``lng``), or ``generators`` (names) instead of these. Default :data:`SUPPLIERS`.

    Returns
    -------
    dict of str to list of str
        Names of generators by supplier.

    Raises
    ------
    UsageError
        If a name or a key is unknown, a supplier has no generator, or a generator is sold by two; all at once.

    Examples
    --------
    >>> from energyflows import build_network
    >>> find_suppliers(build_network(2025), {"ships": {"origins": ["RU"], "gas": "lng"}})
    {'ships': ['RU LNGRU export 2025']}
    """
    require(n, "generators buses", "a pypsa.Network")
    given = SUPPLIERS if suppliers is None else suppliers
    if not _is_listing(given):
        raise UsageError(
            f"suppliers: found {given!r}, expected a list of countries, or what each supplier sells by name"
        )
    asked = given if isinstance(given, Mapping) else {name: {"origins": [name]} for name in given}
    problems = [] if len(asked) == len(given) else ["a supplier is named twice"]
    found = {}
    for name, what in asked.items():
        wrong = _find_wrong_keys(n, what)
        problems += [f"supplier {name}: {problem}" for problem in wrong]
        found[str(name)] = [] if wrong else _choose_generators(n, what)
        if not wrong and not found[str(name)]:
            problems.append(f"supplier {name}: no generator exports {shorten(str(dict(what)))}")
    owners = pd.Series(
        [name for name, own in found.items() for _ in own], [each for own in found.values() for each in own]
    )
    for generator in dict.fromkeys(owners.index[owners.index.duplicated()]):
        problems.append(f"generator {generator} is sold by {' and '.join(owners[[generator]])}")
    if problems:
        raise UsageError(list_problems("these suppliers cannot be told apart on this network:", problems))
    return found


def _is_listing(given: Any) -> bool:
    return bool(isinstance(given, Sequence | Mapping) and not isinstance(given, str) and given)


def _find_wrong_keys(n: pypsa.Network, what: Any) -> list[str]:
    """List what is wrong with what one supplier sells."""
    if not isinstance(what, Mapping) or not what:
        return [f"found {what!r}, expected a mapping with {', '.join(_KEYS)}"]
    problems = [
        f"no key {key!r}{suggest(str(key), _KEYS)}; known: {', '.join(_KEYS)}" for key in what if key not in _KEYS
    ]
    if what.get("gas", "any") not in GAS:
        problems.append(f"gas: found {what['gas']!r}, expected {' or '.join(map(repr, GAS))}")
    if "generators" in what and len(what) > 1:
        problems.append("names generators and something else; name either")
    for key in ("origins", "routes", "generators"):
        names = what.get(key, [])
        if isinstance(names, str) or not isinstance(names, Sequence):
            problems.append(f"{key}: found {names!r}, expected a list of names")
            continue
        known = _list_known(n, key)
        if names and not known:
            problems.append(f"{key}: this network's generators have none; name its generators")
        problems += [f"{key}: no {each!r}{suggest(str(each), known)}" for each in names if known and each not in known]
    return problems


def _list_known(n: pypsa.Network, key: str) -> list[str]:
    if key == "generators":
        return [str(name) for name in n.generators.index]
    column = n.generators.get(key.removesuffix("s"), pd.Series(dtype=str))
    return [name for name in sorted({str(value) for value in column}) if name not in {"", HOME, "nan"}]


def _choose_generators(n: pypsa.Network, what: Mapping[str, Any]) -> list[str]:
    generators = n.generators
    if "generators" in what:
        return [str(name) for name in dict.fromkeys(what["generators"])]
    chosen = ~generators["carrier"].isin(GIVEN_UP)
    if "route" in generators:
        chosen &= generators["route"] != HOME
    for key in ("origins", "routes"):
        if key in what:
            chosen &= generators[key.removesuffix("s")].isin(list(what[key]))
    carrier = GAS[what.get("gas", "any")]
    return [str(name) for name in generators.index[chosen & ((generators["carrier"] == carrier) | (carrier is None))]]


def find_homes(n: pypsa.Network, generators: Sequence[str]) -> np.ndarray:
    """Return which buses are at home for a supplier, where its exports are not sold.

    Parameters
    ----------
    n : pypsa.Network
        Any.
    generators : sequence of str
        What the supplier sells.

    Returns
    -------
    numpy.ndarray of bool
        By bus: whether its country is an origin of these generators.
    """
    if "origin" not in n.generators or "country" not in n.buses:
        return np.zeros(len(n.buses), dtype=bool)
    origins = set(n.generators.loc[list(generators), "origin"]) - {"", np.nan}
    return np.asarray(n.buses["country"].isin(origins), dtype=bool)
