"""What the parts of a network mean in results: everything about them that no solution changes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from energyflows.errors import UnknownNameError
from energyflows.results._merging import Floats, Merge, Positions, merge

#: Carriers of generators that stand for demand not met, ours and the usual ones elsewhere.
UNSERVED = frozenset({"unserved", "load shedding", "load-shedding", "load_shedding", "loadshedding", "load"})
#: Carrier of generators that stand for demand given up because of its price.
RESPONSE = frozenset({"response", "demand response"})

UNITS = {
    "supplied": "GWh/d",
    "available": "GWh/d",
    "consumed": "GWh/d",
    "unserved": "GWh/d",
    "response": "GWh/d",
    "sent": "GWh/d",
    "received": "GWh/d",
    "lost": "GWh/d",
    "minimum": "GWh/d",
    "capacity": "GWh/d",
    "injected": "GWh/d",
    "withdrawn": "GWh/d",
    "stored": "GWh",
    "price": "EUR/MWh",
    "utilisation": "1",
    "objective": "thousand EUR",
}

#: What a network may say beside what binds it, GWh/d: technical capacity of a link, that of the largest single
#: installation in it, and the demand of a peak day.
INSTALLED = {"technical": "link", "largest": "link", "peak_day": "bus"}
_SERIES = {"link": "links_t", "bus": "buses_t"}

_TABLES = {
    "Bus": "buses",
    "Generator": "generators",
    "Load": "loads",
    "Link": "links",
    "Line": "lines",
    "Store": "stores",
    "StorageUnit": "storage_units",
}


@dataclass(frozen=True, eq=False)
class Layout:
    """How raw components become elements of results; :func:`lay_out` makes one.

    Branches are links followed by lines, reservoirs are stores followed by storage units.

    Attributes
    ----------
    snapshots : pandas.Index
        Named ``snapshot``.
    weights, objective_weights : numpy.ndarray
        Days of each snapshot, and its weight in the objective.
    meta : str
        The network's metadata as JSON.
    names : mapping of str to pandas.Index
        Raw names by component (``"Link"``), in the network's order.
    active : mapping of str to numpy.ndarray
        By component; what is inactive has no size and takes nothing.
    signs : mapping of str to numpy.ndarray
        +1 where the figure of a component is counted as given, -1 where against it, 0 for inactive loads.
    rewards : mapping of str to numpy.ndarray
        What the solver is credited for the flow of generators and links, EUR/MWh.
    worth : numpy.ndarray
        What it is credited for the level of rewarded stores, by snapshot and store, EUR/MWh.
    elements : mapping of str to numpy.ndarray
        Names by dimension (``"link"``).
    coords : mapping of str to tuple
        Dimension and values of each further coordinate.
    generators, unserved, response, loads, branches, reservoirs : Merge
        From generators to ``generator`` and twice to ``bus``, from loads to ``bus``, from branches and their
        reverses to ``link``, from reservoirs to ``store``.
    rewarded : numpy.ndarray
        Branches whose flow is contracted.
    reverse : numpy.ndarray
        Positions of the branches that also count backwards.
    reverse_efficiency : numpy.ndarray
        Their efficiency (forward), by snapshot.
    installed : mapping of str to numpy.ndarray
        Those of :data:`INSTALLED` the network has, by snapshot and element; missing where it says nothing.
    """

    snapshots: pd.Index
    weights: Floats
    objective_weights: Floats
    meta: str
    names: Mapping[str, pd.Index]
    active: Mapping[str, npt.NDArray[np.bool_]]
    signs: Mapping[str, Floats]
    rewards: Mapping[str, Floats]
    worth: Floats
    elements: Mapping[str, npt.NDArray[np.str_]]
    coords: Mapping[str, tuple[str, npt.NDArray[Any]]]
    generators: Merge
    unserved: Merge
    response: Merge
    loads: Merge
    branches: Merge
    reservoirs: Merge
    rewarded: npt.NDArray[np.bool_]
    reverse: Positions
    reverse_efficiency: Floats
    installed: Mapping[str, Floats]


class _Piece(NamedTuple):
    """What a layout says about one dimension of results."""

    dim: str
    elements: npt.NDArray[np.str_]
    coords: dict[str, npt.NDArray[Any]]
    fields: dict[str, Any]


def lay_out(n: Any, *, reverse: Iterable[str] | None = None) -> Layout:
    """Find out what the parts of a network mean in results.

    Parameters
    ----------
    n : pypsa.Network
        Solved or not; nothing of a solution is looked at.
    reverse : iterable of str, optional
        Links and lines that become two elements, the second named ``NAME (reverse)``; a line with the name of a link
        is called ``NAME (line)``. By default all lines and all links of any size that may flow backwards.

    Returns
    -------
    Layout
        Holds copies: what later happens to the network does not change it.

    Raises
    ------
    UnknownNameError
        If ``reverse`` names something that is neither a link nor a line.
    """
    snapshots = pd.DatetimeIndex(n.snapshots) if isinstance(n.snapshots, pd.DatetimeIndex) else pd.Index(n.snapshots)
    static = {component: getattr(n, table) for component, table in _TABLES.items()}
    pieces = [_lay_out_buses(n), _lay_out_generators(n), _lay_out_branches(n, reverse), _lay_out_reservoirs(n)]
    signs = {name: _floats(static[name]["sign"]) for name in ("Generator", "Store", "StorageUnit")}
    weights = _floats(n.snapshot_weightings["generators"])
    coords = {name: (piece.dim, values) for piece in pieces for name, values in piece.coords.items()}
    elements = {piece.dim: piece.elements for piece in pieces}
    return Layout(
        snapshots=snapshots.rename("snapshot"),
        weights=weights,
        objective_weights=_floats(n.snapshot_weightings["objective"]),
        meta=json.dumps(dict(n.meta), default=str),
        names={name: table.index for name, table in static.items()},
        active={name: np.array(table["active"], dtype=bool) for name, table in static.items() if "active" in table},
        signs={**signs, "Load": _floats(-n.loads["sign"] * n.loads["active"])},
        rewards={name: _floats(_read_rewards(static[name])) for name in ("Generator", "Link")},
        worth=_read_worth(n),
        elements=elements,
        coords={"weight_days": ("snapshot", weights), **coords},
        installed=_read_installed(n, elements),
        **{name: value for piece in pieces for name, value in piece.fields.items()},
    )


def _read_installed(n: Any, elements: Mapping[str, npt.NDArray[np.str_]]) -> dict[str, Floats]:
    """Read what the network says beside what binds it."""
    found = {}
    for name, dim in INSTALLED.items():
        frame = getattr(n, _SERIES[dim]).get(name)
        if frame is not None:
            found[name] = _floats(frame.reindex(index=n.snapshots, columns=elements[dim]))
    return found


def read_dense(n: Any, table: str, attribute: str) -> pd.DataFrame:
    """Read an attribute by snapshot and name, whether it is stored as a column or a series.

    Parameters
    ----------
    n : pypsa.Network
        Where to read.
    table, attribute : str
        As ``"links", "efficiency"``.

    Returns
    -------
    pandas.DataFrame
        In the order of the table; zero where nothing is known.
    """
    static = getattr(n, table)
    series = getattr(n, f"{table}_t")[attribute].reindex(index=n.snapshots)
    if attribute in static:
        fixed = [name for name in static.index if name not in series.columns]
        constant = np.broadcast_to(static.loc[fixed, attribute].to_numpy(dtype=float), (len(n.snapshots), len(fixed)))
        series = pd.concat([series, pd.DataFrame(constant, index=n.snapshots, columns=fixed)], axis=1)
    return series.reindex(columns=static.index).fillna(0.0)


def join_names(first: pd.Index, second: pd.Index, kind: str) -> list[Any]:
    """Put names of two kinds behind each other; one that both use gets the second kind behind it.

    Parameters
    ----------
    first, second : pandas.Index
        Names of components.
    kind : str
        What the second are.

    Returns
    -------
    list
        All names, each once.

    Examples
    --------
    >>> join_names(pd.Index(["a", "b"]), pd.Index(["b", "c"]), "line")
    ['a', 'b', 'b (line)', 'c']
    """
    taken = set(first)
    return [*first, *(f"{name} ({kind})" if name in taken else name for name in second)]


def name_parts(static: pd.DataFrame) -> pd.Series:
    """Return the name each component is known by: that of the whole it is a part of, else its own.

    Parameters
    ----------
    static : pandas.DataFrame
        Components of one kind by name; those of a whole name it in the column ``part_of``, if there is one.

    Returns
    -------
    pandas.Series
        By name of the component.

    Examples
    --------
    >>> name_parts(pd.DataFrame({"part_of": ["pipe", ""]}, index=["pipe contracted", "ship"])).tolist()
    ['pipe', 'ship']
    """
    own = pd.Series(static.index, index=static.index)
    parts = static["part_of"].astype(str).replace("", np.nan) if "part_of" in static else own
    return parts.fillna(own)


def _floats(values: Any) -> Floats:
    return np.array(values, dtype=float)


def _strings(values: Iterable[Any]) -> npt.NDArray[np.str_]:
    return np.array(["" if pd.isna(value) else str(value) for value in values], dtype=str)


def _column(static: pd.DataFrame, column: str) -> pd.Series:
    return static[column] if column in static else pd.Series("", index=static.index)


def _join(first: pd.DataFrame, second: pd.DataFrame, kind: str) -> pd.DataFrame:
    if second.empty:
        return first
    return pd.concat([first, second]).set_axis(join_names(first.index, second.index, kind), axis=0)


def _read_rewards(static: pd.DataFrame) -> pd.Series:
    return _column(static, "reward").replace("", 0.0).astype(float).fillna(0.0)


def _read_worth(n: Any) -> Floats:
    if "rewarded" not in n.stores:
        return np.zeros((len(n.snapshots), len(n.stores)))
    return _floats(read_dense(n, "stores", "marginal_cost_storage") * n.stores["rewarded"].astype(bool))


def _lay_out_buses(n: Any) -> _Piece:
    coords = {"country": _strings(_column(n.buses, "country")), "bus_kind": _strings(_column(n.buses, "kind"))}
    loads = merge(n.buses.index.get_indexer(n.loads["bus"]), len(n.buses))
    return _Piece("bus", n.buses.index.to_numpy(dtype=object).astype(str), coords, {"loads": loads})


def _lay_out_generators(n: Any) -> _Piece:
    """Tell supply, by generator, from unserved energy and response, by bus."""
    static = n.generators
    carrier = static["carrier"].astype(str).str.lower()
    bus = n.buses.index.get_indexer(static["bus"])
    real = ~carrier.isin(UNSERVED | RESPONSE).to_numpy()
    codes, names = pd.factorize(name_parts(static[real]).to_numpy(dtype=object))
    targets = np.full(len(static), -1)
    targets[real] = codes
    first = static.iloc[np.flatnonzero(real)[_find_first(codes)]]
    coords = {
        "generator_bus": first["bus"],
        "generator_origin": _find_origins(first, n),
        "generator_route": _column(first, "route"),
        "generator_carrier": first["carrier"],
    }
    merges = {
        "generators": merge(targets, len(names)),
        "unserved": merge(np.where(carrier.isin(UNSERVED), bus, -1), len(n.buses)),
        "response": merge(np.where(carrier.isin(RESPONSE), bus, -1), len(n.buses)),
    }
    return _Piece("generator", names.astype(str), {name: _strings(column) for name, column in coords.items()}, merges)


def _find_first(codes: Positions) -> Positions:
    """Return where each code occurs first; codes count up in order of appearance."""
    return np.unique(codes, return_index=True)[1]


def _find_origins(static: pd.DataFrame, n: Any) -> pd.Series:
    """Return each generator's origin; else the country of its bus, else the bus."""
    bus = static["bus"].astype(str)
    country = bus.map(_column(n.buses, "country")).replace("", np.nan)
    origin = _column(static, "origin").replace("", np.nan)
    return origin.fillna(country).fillna(bus)


def _find_reverse(n: Any, static: pd.DataFrame, reverse: Iterable[str] | None) -> Positions:
    """Return the positions of the branches that also count backwards."""
    if reverse is None:
        sized = (n.links["p_nom"] > 0) | n.links["p_nom_extendable"].astype(bool)
        links = sized & (read_dense(n, "links", "p_min_pu") < 0).any()
        return np.flatnonzero(np.concatenate([links.to_numpy(dtype=bool), np.ones(len(n.lines), dtype=bool)]))
    chosen = set(reverse)
    unknown = sorted(map(str, chosen.difference(static.index)))
    if unknown:
        raise UnknownNameError(f"reverse: found {', '.join(unknown)}, expected names of links or lines")
    return np.flatnonzero(static.index.isin(chosen))


def _lay_out_branches(n: Any, reverse: Iterable[str] | None) -> _Piece:
    """Lay out links and lines; backward flow is forward flow of a link of its own."""
    static = _join(n.links, n.lines.assign(efficiency=1.0), "line")
    # PyPSA gives a branch without a carrier that of its bus only when it solves.
    carrier = static["carrier"].where(static["carrier"] != "", static["bus0"].map(n.buses["carrier"]))
    static = static.assign(carrier=carrier)
    back = _find_reverse(n, static, reverse)
    parts = name_parts(static).to_numpy(dtype=object)
    (codes, names), (turned_codes, turned_names) = pd.factorize(parts), pd.factorize(parts[back])
    first, turned = static.iloc[_find_first(codes)], static.iloc[back[_find_first(turned_codes)]]
    ends0, ends1 = [*first["bus0"], *turned["bus1"]], [*first["bus1"], *turned["bus0"]]
    stores = set(n.stores["bus"]) - {*n.loads["bus"], *n.generators["bus"]}
    named = "largest_name" in static
    coords = {
        "bus0": _strings(ends0),
        "bus1": _strings(ends1),
        "carrier": _strings([*first["carrier"], *turned["carrier"]]),
        "efficiency": _floats([*first["efficiency"], *(1 / turned["efficiency"])]),
        **({"largest_name": _strings([*first["largest_name"], *turned["largest_name"]])} if named else {}),
        "is_storage_link": np.array([not stores.isdisjoint(pair) for pair in zip(ends0, ends1, strict=True)]),
    }
    efficiency = read_dense(n, "links", "efficiency").reindex(columns=static.index, fill_value=1.0)
    fields = {
        "branches": merge(np.concatenate([codes, len(names) + turned_codes]), len(names) + len(turned_names)),
        "rewarded": (_read_rewards(static) > 0).to_numpy(dtype=bool),
        "reverse": back,
        "reverse_efficiency": _floats(efficiency.iloc[:, back]),
    }
    elements = np.array([*names, *(f"{name} (reverse)" for name in turned_names)], dtype=object).astype(str)
    return _Piece("link", elements, coords, fields)


def _lay_out_reservoirs(n: Any) -> _Piece:
    static = _join(n.stores, n.storage_units, "storage unit")
    codes, names = pd.factorize(name_parts(static).to_numpy(dtype=object))
    bus = _strings(static["bus"].iloc[_find_first(codes)])
    return _Piece("store", names.astype(str), {"store_bus": bus}, {"reservoirs": merge(codes, len(names))})
