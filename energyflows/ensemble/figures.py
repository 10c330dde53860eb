"""The figures of a network's components, and where they stand in its linear programme."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from energyflows.ensemble.reducing import Numbers, Positions, UnfitError

#: (component, attribute); figures of such a key are arrays by (snapshot, name), or by name.
Key = tuple[str, str]
Figures = Mapping[Key, Numbers]

FIXED: dict[str, tuple[str, ...]] = {
    "Generator": ("p_nom", "e_sum_min", "e_sum_max"),
    "Link": ("p_nom",),
    "Line": ("s_nom",),
    "Load": (),
    "Store": ("e_nom", "e_initial"),
    "StorageUnit": ("p_nom", "max_hours", "state_of_charge_initial"),
}
VARYING: dict[str, tuple[str, ...]] = {
    "Generator": ("p_max_pu", "p_min_pu", "p_set", "marginal_cost"),
    "Link": ("p_max_pu", "p_min_pu", "p_set", "marginal_cost"),
    "Line": ("s_max_pu",),
    "Load": ("p_set",),
    "Store": ("e_max_pu", "e_min_pu", "p_set", "marginal_cost"),
    "StorageUnit": ("p_max_pu", "p_min_pu", "p_set", "marginal_cost"),
}
#: Variable, its size, its least and greatest share of it (with sign); PyPSA names the rows ``Link-fix-p-upper``.
_RANGES: dict[str, tuple[tuple[str, str, tuple[str, float] | None, tuple[str, float]], ...]] = {
    "Generator": (("p", "p_nom", ("p_min_pu", 1.0), ("p_max_pu", 1.0)),),
    "Link": (("p", "p_nom", ("p_min_pu", 1.0), ("p_max_pu", 1.0)),),
    "Line": (("s", "s_nom", ("s_max_pu", -1.0), ("s_max_pu", 1.0)),),
    "Store": (("e", "e_nom", ("e_min_pu", 1.0), ("e_max_pu", 1.0)),),
    "StorageUnit": (
        ("p_dispatch", "p_nom", None, ("p_max_pu", 1.0)),
        ("p_store", "p_nom", None, ("p_min_pu", -1.0)),
        ("state_of_charge", "p_nom", None, ("max_hours", 1.0)),
    ),
}
#: What is in a store before the first snapshot.
STOCKS = {"Store": "e_initial", "StorageUnit": "state_of_charge_initial"}
_CYCLIC = {"Store": "e_cyclic", "StorageUnit": "cyclic_state_of_charge"}
#: The variable that marginal costs are paid on.
_PAID = {"Generator": "p", "Link": "p", "Store": "p", "StorageUnit": "p_dispatch"}


@dataclass(frozen=True)
class Places:
    """Where components stand in a programme.

    Attributes
    ----------
    names : mapping of str to pandas.Index
        Component names by kind, in the network's order.
    columns : mapping of str to numpy.ndarray
        Position of each variable (``Link-p``) by (snapshot, name); -1 where there is none.
    rows : mapping of str to numpy.ndarray
        Position of each of PyPSA's rows (``Link-fix-p-upper``) by (snapshot, name) or name; -1 where there is none.
    balances : numpy.ndarray
        Position of the nodal balance by (snapshot, bus); -1 where there is none.
    weights : numpy.ndarray
        Of each snapshot in the objective.
    load_buses, load_signs : numpy.ndarray
        Position of the bus, and sign, of each load; sign 0 where it is inactive, by (snapshot, name).
    first_balances : mapping of str to numpy.ndarray
        Position of the row that holds the initial stock of each store and storage unit; -1 for cyclic ones.
    """

    names: Mapping[str, pd.Index]
    columns: Mapping[str, Positions]
    rows: Mapping[str, Positions]
    balances: Positions
    weights: Numbers
    load_buses: Positions
    load_signs: Numbers
    first_balances: Mapping[str, Positions]


def read_figures(n: Any) -> dict[Key, Numbers]:
    """Return all figures a change can reach.

    Parameters
    ----------
    n : pypsa.Network
        Solved or not.

    Returns
    -------
    dict
        Arrays by (component, attribute); per-unit figures, costs and loads by (snapshot, name), sizes by name.
    """
    figures = {}
    for component, attributes in FIXED.items():
        static = n.c[component].static
        for attribute in attributes:
            figures[component, attribute] = static[attribute].to_numpy(dtype=float)
        for attribute in VARYING[component]:
            dense = n.get_switchable_as_dense(component, attribute)
            figures[component, attribute] = dense.to_numpy(dtype=float)
    return figures


def find_places(n: Any) -> Places:
    """Find where the components of a network stand in its model.

    Parameters
    ----------
    n : pypsa.Network
        With its linopy model.

    Returns
    -------
    Places
        Positions of columns and rows.
    """
    names = {component: n.c[component].static.index for component in FIXED}
    buses, loads = n.buses.index, n.loads
    columns, rows = {}, {}
    for name, variable in n.model.variables.items():
        if name.partition("-")[0] in names:
            position = n.model.variables.label_index.label_to_pos
            columns[name] = _align(variable.labels, position, names[name.partition("-")[0]], n.snapshots)
    position = n.model.constraints.label_index.label_to_pos
    for name in _list_row_names(n.model):
        rows[name] = _align(n.model.constraints[name].labels, position, names[name.partition("-")[0]], n.snapshots)
    balances = np.full((len(n.snapshots), len(buses)), -1, dtype=np.intp)
    for name in list_balances(n.model):
        balances = np.maximum(balances, _align(n.model.constraints[name].labels, position, buses, n.snapshots))
    active = n.c["Load"].da.active.transpose("snapshot", "name").sel(name=loads.index).to_numpy() if len(loads) else 0
    return Places(
        names=names,
        columns=columns,
        rows=rows,
        balances=balances,
        weights=n.snapshot_weightings["objective"].to_numpy(dtype=float),
        load_buses=buses.get_indexer(loads["bus"]),
        load_signs=loads["sign"].to_numpy(dtype=float) * active,
        first_balances={component: _find_first_balances(n, rows, component) for component in STOCKS},
    )


def _find_first_balances(n: Any, rows: Mapping[str, Positions], component: str) -> Positions:
    static, balances = n.c[component].static, rows.get(f"{component}-energy_balance")
    if balances is None:
        return np.full(len(static), -1, dtype=np.intp)
    first = balances[np.argmax(balances >= 0, axis=0), np.arange(len(static))]
    return np.where(static[_CYCLIC[component]], -1, first)


def list_balances(model: Any) -> list[str]:
    """Return the names of the constraints that balance a bus; PyPSA writes meshed buses apart.

    Parameters
    ----------
    model : linopy.Model
        Of a PyPSA network.

    Returns
    -------
    list of str
        Such as ``Bus-nodal_balance``.
    """
    return [name for name in model.constraints if name.startswith("Bus") and name.endswith("nodal_balance")]


def _list_row_names(model: Any) -> list[str]:
    """Return PyPSA's names of rows that hold figures of components, as far as the model has them."""
    wanted = {f"{c}-fix-{variable[0]}-{side}" for c, found in _RANGES.items() for variable in found for side in _SIDES}
    wanted |= {f"{component}-p_set" for component in ("Generator", "Link", "Store", "StorageUnit")}
    wanted |= {"Generator-e_sum_min", "Generator-e_sum_max", *(f"{component}-energy_balance" for component in STOCKS)}
    return [name for name in model.constraints if name in wanted]


_SIDES = ("lower", "upper")


def _align(labels: Any, position: NDArray[Any], names: pd.Index, snapshots: pd.Index) -> Positions:
    """Return positions by (snapshot, name), or by name, for all names."""
    whole = labels.reindex(name=names, fill_value=-1)
    if "snapshot" in whole.dims:
        whole = whole.reindex(snapshot=snapshots, fill_value=-1).transpose("snapshot", "name")
    values = whole.to_numpy()
    return np.where(values >= 0, position[values], -1).astype(np.intp)


def place_figures(
    places: Places, base: Figures, changed: Figures, rhs: Numbers, cost: Numbers
) -> tuple[Numbers, Numbers]:
    """Return right-hand sides and costs of a programme with some figures changed.

    Parameters
    ----------
    places : Places
        Where components stand.
    base : mapping
        Figures the programme was compiled with.
    changed : mapping
        Those that differ.
    rhs, cost : numpy.ndarray
        Of the programme as compiled; stay as they are.

    Returns
    -------
    tuple of numpy.ndarray
        New right-hand sides by row and costs by column.

    Raises
    ------
    UnfitError
        If a change needs another programme.
    """
    rhs, cost = rhs.copy(), cost.copy()
    components = dict.fromkeys(component for component, _ in changed)
    for component in components:
        figures = {key: changed.get(key, value) for key, value in base.items() if key[0] == component}
        differs = {attribute for kind, attribute in changed if kind == component}
        _place_ranges(places, component, figures, base, rhs)
        _place_fixed_flows(places, component, figures, differs, rhs)
        if "marginal_cost" in differs:
            _place_costs(places, component, figures, base, cost)
    _place_loads(places, base, changed, rhs)
    _place_stocks(places, base, changed, rhs)
    _place_budgets(places, changed, rhs)
    return rhs, cost


def _place_ranges(places: Places, component: str, figures: Figures, base: Figures, rhs: Numbers) -> None:
    for variable, size, *shares in _RANGES.get(component, ()):
        columns = places.columns.get(f"{component}-{variable}")
        for side, share in zip(_SIDES, shares, strict=True):
            if share is None or columns is None:
                continue
            attribute, sign = share
            new, old = (_bound(each[component, size], each[component, attribute] * sign) for each in (figures, base))
            changed = np.broadcast_to(new != old, columns.shape) & (columns >= 0)
            rows = places.rows.get(f"{component}-fix-{variable}-{side}", np.full(columns.shape, -1))
            if np.any(changed & (rows < 0)):
                raise UnfitError(f"{component} with a bound that is no number: extendable or committable")
            rhs[rows[changed]] = np.broadcast_to(new, columns.shape)[changed]


def _bound(nominal: Numbers, share: Numbers) -> Numbers:
    """Return size times share; nothing of something endless is nothing."""
    return np.where(share == 0, 0.0, nominal) * share


def _place_fixed_flows(places: Places, component: str, figures: Figures, differs: set[str], rhs: Numbers) -> None:
    if "p_set" not in differs or component == "Load":
        return
    values = figures[component, "p_set"]
    rows = places.rows.get(f"{component}-p_set", np.full(values.shape, -1, dtype=np.intp))
    if np.any((rows >= 0) != ~np.isnan(values)):
        raise UnfitError(f"{component}-p_set is set where it was not, or the other way round")
    rhs[rows[rows >= 0]] = values[rows >= 0]


def _place_costs(places: Places, component: str, figures: Figures, base: Figures, cost: Numbers) -> None:
    columns = places.columns.get(f"{component}-{_PAID[component]}")
    if columns is None:
        return
    there = columns >= 0
    step = (figures[component, "marginal_cost"] - base[component, "marginal_cost"]) * places.weights[:, np.newaxis]
    cost[columns[there]] += step[there]


def _place_loads(places: Places, base: Figures, changed: Figures, rhs: Numbers) -> None:
    key = ("Load", "p_set")
    if key not in changed:
        return
    step = -(changed[key] - base[key]) * places.load_signs
    rows = places.balances[:, places.load_buses]
    if np.any((rows < 0) & (step != 0)):
        raise UnfitError("demand at a bus without any supply")
    np.add.at(rhs, rows[rows >= 0], step[rows >= 0])


def _place_stocks(places: Places, base: Figures, changed: Figures, rhs: Numbers) -> None:
    """Write initial stocks: they stand in the first balance of a store, unless it is cyclic."""
    for component, attribute in STOCKS.items():
        if (component, attribute) in changed:
            rows = places.first_balances[component]
            step = changed[component, attribute] - base[component, attribute]
            rhs[rows[rows >= 0]] -= step[rows >= 0]


def _place_budgets(places: Places, changed: Figures, rhs: Numbers) -> None:
    for attribute, none in (("e_sum_min", -np.inf), ("e_sum_max", np.inf)):
        values = changed.get(("Generator", attribute))
        if values is None:
            continue
        rows = places.rows.get(f"Generator-{attribute}", np.full(values.shape, -1, dtype=np.intp))
        if np.any((rows >= 0) != (values != none)):
            raise UnfitError(f"{attribute} is set where it was not, or the other way round")
        rhs[rows[rows >= 0]] = values[rows >= 0]
