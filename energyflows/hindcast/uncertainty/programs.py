"""One linear programme for each year, solved with the figures of other tables.

Writing the programme of a network costs a hundred times what solving it does. Varied tables change figures only, so
the programme is written once, for a network in which nothing that can be more than nothing is nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pypsa

from energyflows.ensemble.draws import change_network
from energyflows.ensemble.figures import FIXED, VARYING, place_figures, read_figures
from energyflows.ensemble.program import (
    Program,
    compile_network,
    find_differences,
    model_network,
    name_rows,
)
from energyflows.ensemble.reducing import Compact, Numbers, UnfitError
from energyflows.ensemble.resolving import Basis, Resolver
from energyflows.errors import SolveError
from energyflows.network.building import QUIET_STRINGS, _assemble
from energyflows.network.calendar import build_periods
from energyflows.network.inputs import Inputs
from energyflows.results import fill
from energyflows.solving import solve

Tables = Mapping[str, pd.DataFrame]
Figures = dict[tuple[str, str], Numbers]

#: What gas in store is worth; the engine takes it for granted, varied parameters do not.
_WORTH = ("Store", "marginal_cost_storage")
#: Columns that results are read with and no programme is written from.
_LABELS = ("reward", "largest_name")
#: Slices of a store beyond those of the network the programme is written for: levels that fall together there need not
#: do so elsewhere.
_SPARE_SLICES = 2
#: Share of its size to which everything is opened in the network a programme is written for.
_AJAR = 0.01
_OPENED = ("Generator", "Link")
#: Figures of a slice a network lacks; all others are zero.
_ABSENT = {"e_max_pu": 1.0, "p_set": np.nan}
_WANTED = ("received", "supplied", "price", "stored")


@dataclass(frozen=True)
class Family:
    """The programme of a year.

    Attributes
    ----------
    program : Program
        As compiled.
    worth : numpy.ndarray
        Cost of gas in store it was compiled with, by (snapshot, store).
    frames : mapping of str to pandas.DataFrame
        By component, everything about it that is no figure.
    basis : Basis or None
        Where simplex starts, for every network the same: where several flows cost the same, which of them is found
        then depends on the network alone.
    """

    program: Program
    worth: Numbers
    frames: Mapping[str, pd.DataFrame]
    basis: Basis | None


@dataclass(frozen=True)
class Solved:
    """Flows of a year: TWh by link and generator, EUR/MWh by bus, TWh in store by (snapshot, store), thousand EUR."""

    received: Mapping[str, float]
    supplied: Mapping[str, float]
    price: Mapping[str, float]
    stored: pd.DataFrame
    objective: float = np.nan


def build_year(tables: Tables, year: int, stocks: Mapping[str, float]) -> pypsa.Network:
    """Build the network of a year from tables that were checked before they were varied.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        In service, without passports.
    year : int
        Calendar year.
    stocks : mapping of str to float
        GWh left by the year before, by zone; used where nothing is observed.

    Returns
    -------
    pypsa.Network
        As :func:`energyflows.build_network` builds it, without its description.
    """
    inputs = Inputs(tables, build_periods(year, "monthly"), "monthly")
    observed = inputs.levels.get(pd.Timestamp(year - 1, 12, 31), {})
    with pypsa.option_context(*QUIET_STRINGS):
        return _assemble(inputs, {zone: stock for zone, stock in stocks.items() if zone not in observed})


def found_family(n: pypsa.Network, probe: pypsa.Network) -> Family | None:
    """Compile a network so that others like it can be solved as changes of it.

    Parameters
    ----------
    n, probe : pypsa.Network
        Two that differ in all kinds of figures; what has no size in either has none in others.

    Returns
    -------
    Family or None
        None if the programme of the probe, as linopy writes it, is not this one with the figures changed.
    """
    if not all(n.c[name].static.index.equals(probe.c[name].static.index) for name in _OPENED):
        return None
    wide = _open_up(_add_spare_slices(n), probe)
    program = compile_network(wide)
    family = Family(program, _read_worth(wide), _read_frames(wide), None)
    narrow = find_changes(family, n)
    if narrow is None:
        return None
    start = Resolver(program.reduction, _place(family, narrow)[0]).find_basis()
    family = replace(family, basis=start)
    changed = find_changes(family, probe)
    if changed is None:
        return None
    known = _leave_out_worth(changed)
    work = change_network(wide, known)
    work.components["Store"].dynamic[_WORTH[1]] = pd.DataFrame(
        changed.get(_WORTH, family.worth), index=work.snapshots, columns=work.stores.index
    )
    full = model_network(work, None)
    plain = replace(full, cost=full.cost - _step_worth(family, changed))
    return None if find_differences(program, plain, known, name_rows(work.model)) else family


def _leave_out_worth(changed: Figures) -> Figures:
    """Return the figures the engine takes."""
    return {key: values for key, values in changed.items() if key != _WORTH}


def _add_spare_slices(n: pypsa.Network) -> pypsa.Network:
    """Return a network whose stores have more slices, of a size that is not nothing so that they stay in it."""
    last = n.stores.groupby("part_of", sort=False).tail(1)
    count = n.stores.groupby("part_of", sort=False).size()
    names = [f"{store} {count[store] + k}" for store in last["part_of"] for k in range(1, _SPARE_SLICES + 1)]
    like = last.loc[last.index.repeat(_SPARE_SLICES)]
    copied = {name: like[name].to_numpy() for name in ("bus", "carrier", "e_cyclic", "part_of", "rewarded")}
    with pypsa.option_context(*QUIET_STRINGS):
        work = n.copy()
        work.add("Store", names, e_nom=1.0, **copied)
    return work


def _open_up(n: pypsa.Network, other: pypsa.Network) -> pypsa.Network:
    """Return a network in which no generator, link or store that exists is shut at any time."""
    opened: Figures = {}
    for component in _OPENED:
        mine, theirs = (each.c[component].static["p_nom"].to_numpy(dtype=float) for each in (n, other))
        share = n.get_switchable_as_dense(component, "p_max_pu").to_numpy(dtype=float)
        opened[component, "p_nom"] = np.maximum(mine, theirs)
        opened[component, "p_max_pu"] = np.maximum(share, _AJAR)
    opened["Store", "e_max_pu"] = np.ones((len(n.snapshots), len(n.stores)))
    changed: pypsa.Network = change_network(n, opened)
    return changed


def _read_worth(n: pypsa.Network) -> Numbers:
    return np.asarray(n.get_switchable_as_dense(*_WORTH), dtype=float)


def _read_frames(n: pypsa.Network) -> dict[str, pd.DataFrame]:
    """Return the columns of each component that are no figures; what varies in time is all figures here."""
    frames = {}
    for c in n.components:
        figures = {*FIXED.get(c.name, ()), *VARYING.get(c.name, ()), _WORTH[1], *_LABELS}
        outputs = set(c.defaults.index[c.defaults["status"] == "Output"])
        frames[c.name] = c.static.drop(columns=[*(figures | outputs)], errors="ignore")
    return frames


def find_changes(family: Family, n: pypsa.Network) -> Figures | None:
    """Return the figures in which a network differs from that of a family.

    Parameters
    ----------
    family : Family
        Compiled.
    n : pypsa.Network
        To compare; slices of stores it lacks are of no size.

    Returns
    -------
    dict or None
        By (component, attribute), in the order of the family; None if the network differs in anything else.
    """
    frames = _read_frames(n)
    stores = family.frames["Store"].index
    if not frames["Store"].index.isin(stores).all():
        return None
    if not all(_is_alike(family.frames[name], frame) for name, frame in frames.items()):
        return None
    mine = {**family.program.figures, _WORTH: family.worth}
    theirs = {**read_figures(n), _WORTH: _read_worth(n)}
    places = stores.get_indexer(frames["Store"].index)
    theirs = {key: _spread(key, values, places, len(stores)) for key, values in theirs.items()}
    return {key: theirs[key] for key in mine if not np.array_equal(mine[key], theirs[key], equal_nan=True)}


def _is_alike(mine: pd.DataFrame, theirs: pd.DataFrame) -> bool:
    return bool(theirs.equals(mine if len(mine) == len(theirs) else mine.reindex(theirs.index)))


def _spread(key: tuple[str, str], values: Numbers, places: Any, size: int) -> Numbers:
    """Return figures of stores at the places they have in a family."""
    if key[0] != "Store" or values.shape[-1] == size:
        return values
    whole = np.full((*values.shape[:-1], size), _ABSENT.get(key[1], 0.0))
    whole[..., places] = values
    return whole


def _step_worth(family: Family, changed: Figures) -> Numbers:
    """Return what a change of the worth of gas in store adds to the cost of each column."""
    cost = np.zeros(len(family.program.reduction.full.cost))
    if _WORTH in changed:
        columns = family.program.places.columns["Store-e"]
        step = (changed[_WORTH] - family.worth) * family.program.places.weights[:, np.newaxis]
        cost[columns[columns >= 0]] = step[columns >= 0]
    return cost


def _place(family: Family, changed: Figures) -> tuple[Compact, Numbers]:
    program = family.program
    full = program.reduction.full
    rhs, cost = place_figures(program.places, program.figures, _leave_out_worth(changed), full.rhs, full.cost)
    return program.reduction.place(rhs, cost + _step_worth(family, changed)), rhs


def solve_year(family: Family | None, n: pypsa.Network, *, from_nothing: bool = False) -> Solved:
    """Solve the network of a year, as a change of a programme if it is one.

    Parameters
    ----------
    family : Family or None
        Of the year.
    n : pypsa.Network
        Unsolved.
    from_nothing : bool
        Start without a basis, which finds another one of several solutions of the same cost.

    Returns
    -------
    Solved
        What the hindcast looks at.

    Raises
    ------
    SolveError
        If there is no solution, with likely causes.
    """
    changed = None if family is None else find_changes(family, n)
    if family is not None and changed is not None:
        try:
            start = None if from_nothing else family.basis
            return _solve_changed(replace(family, basis=start), *_place(family, changed), changed, n)
        except UnfitError:
            pass
    program = compile_network(n)
    alone = Family(program, _read_worth(n), {}, None)
    return _solve_changed(alone, *program.place({}), {}, n)


def _solve_changed(family: Family, compact: Compact, rhs: Numbers, changed: Figures, n: pypsa.Network) -> Solved:
    program = family.program
    # A solver of its own, so that nothing of the network before decides between flows that cost the same.
    solution = Resolver(program.reduction, compact, family.basis).solve(compact)
    if solution.status != "optimal":
        solve(n)
        raise SolveError(f"HiGHS stopped with {solution.status!r} where PyPSA found a solution")
    raw = program.read(solution.x, solution.duals, rhs, _leave_out_worth(changed))
    solved = summarise_year(fill(program.layout, raw, _WANTED), program.layout.elements, program.layout.weights)
    return replace(solved, objective=solution.objective)


def summarise_year(figures: Mapping[str, Numbers], elements: Mapping[str, Any], days: Numbers) -> Solved:
    """Return the flows of a year from rates.

    Parameters
    ----------
    figures : mapping of str to numpy.ndarray
        ``received``, ``supplied`` (GWh/d), ``price`` (EUR/MWh) and ``stored`` (GWh) by snapshot and element.
    elements : mapping of str to numpy.ndarray
        Names by dimension.
    days : numpy.ndarray
        Of each snapshot.

    Returns
    -------
    Solved
        Sums, means by days, and levels at the end of each snapshot.
    """
    zones = [str(name).removesuffix(" storage") for name in elements["store"]]
    return Solved(
        dict(zip(map(str, elements["link"]), days @ figures["received"] / 1e3, strict=True)),
        dict(zip(map(str, elements["generator"]), days @ figures["supplied"] / 1e3, strict=True)),
        dict(zip(map(str, elements["bus"]), days @ figures["price"] / days.sum(), strict=True)),
        pd.DataFrame(figures["stored"] / 1e3, columns=zones),
    )
