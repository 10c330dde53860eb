"""All draws of an ensemble into one dataset: checked, solved, stored, audited."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from tqdm.auto import tqdm

from energyflows.ensemble import storing
from energyflows.ensemble.auditing import check_draws, choose_draws
from energyflows.ensemble.draws import VARIABLES, Plan, plan_draws
from energyflows.ensemble.outputs import parse_outputs
from energyflows.ensemble.program import Extra, check_network
from energyflows.ensemble.solving import Arrays, Core, allocate, prepare_core, solve_draws
from energyflows.ensemble.workers import map_chunks
from energyflows.errors import UsageError, WorkerError, list_problems

_MOST_CHUNKS, _LARGEST_CHUNK = 40, 250
#: Letters; a specification with daily weather of many years would be most of a small file.
_LONGEST_ATTRIBUTE = 100_000


def run_ensemble(
    n: Any,
    draws: xr.Dataset,
    *,
    workers: int = 1,
    client: Any = None,
    store: str | Path | None = None,
    resume: bool = True,
    progress: bool = False,
    outputs: Iterable[str] | None = None,
    extra_functionality: Extra | None = None,
) -> xr.Dataset:
    """Solve a network once for every draw, in a small fraction of the time of as many ``n.optimize()``.

    The network is compiled once into a compact linear programme (rows with one entry become bounds, stocks replace
    flows into stores), which HiGHS solves again and again from a near basis, with bounds, costs and right-hand sides
    changed. What a draw asks for and such a change cannot express (extendable components, constraints of your own
    made from figures that change) is found out beforehand, and every draw is compiled anew. A random 1 % of draws (3 to
    10) is solved once more by plain ``n.optimize()``.

    Parameters
    ----------
    n : pypsa.Network
        Unsolved, without integer variables; stays as it is.
    draws : xarray.Dataset
        Dim ``draw`` and any of ``capacity_factor(draw, component[, snapshot])``,
        ``demand_factor(draw, bus[, snapshot])`` and ``cost_add(draw, component[, snapshot])`` (EUR/MWh), with names as
        in ``n``. A name stands for all parts of a component. Capacity factors scale size, obligations, energy budgets
        and the gas in a store that shrinks; demand factors also scale demand response and unserved energy.
    workers : int
        Processes on this machine; the results do not depend on it.
    client : distributed.Client, optional
        A Dask cluster to use instead.
    store : str or Path, optional
        Folder for the results (Zarr). Until all draws are done it is called ``STORE.partial``, and the same call after
        an interruption goes on where that ended.
    resume : bool
        Whether to go on with such a folder; otherwise that is an error.
    progress : bool
        Show a progress bar.
    outputs : iterable of str, optional
        What to keep: names of the results contract (``price``: all snapshots) or with ``_sum``, ``_mean``, ``_min``,
        ``_max`` or ``_last`` behind (``price_mean``: one number per bus and draw); default sums of unserved energy,
        response, consumption, supply and flows (GWh), greatest unserved rate, mean and greatest price, last stocks.
    extra_functionality : callable, optional
        As in ``n.optimize``: called with the network and its snapshots to add constraints.

    Returns
    -------
    xarray.Dataset
        The outputs along ``draw``; ``status(draw)``; ``objective(draw)``, thousand EUR;
        ``solver_objective(draw)``, the same less rewards for contracted flows. NaN where the status is not
        ``optimal``. With ``store``, opened from there and read when used.

    Raises
    ------
    UsageError
        If the network or the draws cannot be used, naming all reasons.
    MismatchError
        If plain PyPSA finds something else for a draw.
    WorkerError
        If workers go away; finished draws stay in ``store``.
    OutputError
        If ``store`` cannot be written, or was made from other inputs.

    References
    ----------
    Huangfu & Hall (2018), Parallelizing the dual revised simplex method, Math. Prog. Comp. 10, 119–142.

    Examples
    --------
    >>> import pypsa, xarray as xr
    >>> n = pypsa.Network()
    >>> n.add("Bus", ["here", "there"])
    >>> n.add("Load", "demand", bus="here", p_set=8.0)
    >>> n.add("Generator", ["dear", "cheap"], bus=["here", "there"], p_nom=9.0, marginal_cost=[5.0, 1.0])
    >>> n.add("Link", "pipe", bus0="there", bus1="here", p_nom=6.0)
    >>> lost = xr.DataArray([[0.0], [0.5]], dims=("draw", "component"), coords={"component": ["pipe"]})
    >>> ds = run_ensemble(n, xr.Dataset({"capacity_factor": lost}), outputs=["sent"])
    >>> ds["sent"].sel(link="pipe").squeeze().to_numpy().round(6).tolist()
    [0.0, 3.0]
    """
    wanted = parse_outputs(outputs)
    _check_arguments(workers, client, extra_functionality)
    check_network(n)
    plan = plan_draws(n, draws)
    names = draws["draw"].to_numpy() if "draw" in draws.coords else np.arange(plan.size)
    core, template = prepare_core(n, plan, wanted, extra_functionality)
    chunk = min(_LARGEST_CHUNK, max(1, -(-plan.size // _MOST_CHUNKS)))
    fingerprint = _identify(core, plan, names, chunk)
    if store is not None and resume and storing.is_finished(store, fingerprint):
        return storing.open_ensemble(store)
    frame = _frame(core, template, names).assign_coords(_describe_draws(draws))
    frame.attrs |= {key: value for key, value in draws.attrs.items() if len(str(value)) <= _LONGEST_ATTRIBUTE}
    numbers = choose_draws(plan.size, seed=int(fingerprint["draws"][:8], 16))
    frame.attrs["checked_draws"] = [str(name) for name in names[numbers]]
    opened = storing.open_store(store, frame, fingerprint, chunk=chunk, resume=resume) if store is not None else None
    with opened or nullcontext():
        pieces = _solve_pieces(core, plan, chunk, opened, workers=workers, client=client)
        found = _gather(pieces, allocate(core, plan.size, summary=opened is not None), opened, progress=progress)
        check_draws(n, plan, numbers, {**found, "names": names}, extra_functionality, workers=workers)
        if opened is None:
            return frame.assign({name: (frame[name].dims, values, frame[name].attrs) for name, values in found.items()})
        storing.finish(opened)
        return storing.open_ensemble(opened.path)


def _check_arguments(workers: int, client: Any, extra: Any) -> None:
    problems = []
    if isinstance(workers, bool) or not hasattr(workers, "__index__") or workers < 1:
        problems.append(f"workers: found {workers!r}, expected a number of processes of at least 1")
    if client is not None and not (hasattr(client, "submit") and hasattr(client, "scatter")):
        problems.append(f"client: found {type(client).__name__}, expected a distributed.Client")
    if extra is not None and not callable(extra):
        problems.append(f"extra_functionality: found {extra!r}, expected a function of network and snapshots")
    if client is not None and workers != 1:
        problems.append("workers and client: found both, expected one of them")
    if problems:
        raise UsageError(list_problems("these arguments cannot be used:", problems))


def _solve_pieces(
    core: Core, plan: Plan, chunk: int, store: storing.Store | None, *, workers: int, client: Any
) -> Iterator[tuple[slice, Arrays]]:
    """Yield the arrays of every chunk and where they belong, those of an earlier process first."""
    pieces = [slice(start, min(start + chunk, plan.size)) for start in range(0, plan.size, chunk)]
    done: list[int] = []
    if store is not None:
        done = storing.list_committed(store)
        yield from ((pieces[number], storing.read_chunk(store, number)) for number in done)
    todo = [number for number in range(len(pieces)) if number not in set(done)]
    tasks = [plan.take(pieces[number]) for number in todo]
    for place, arrays in map_chunks(solve_draws, core, tasks, workers=workers, client=client):
        if store is not None:
            storing.write_chunk(store, todo[place], arrays)
        yield pieces[todo[place]], arrays


def _gather(
    pieces: Iterator[tuple[slice, Arrays]], arrays: Arrays, store: storing.Store | None, *, progress: bool
) -> Arrays:
    """Put chunks together; of what is in a store, only what the check needs."""
    try:
        with tqdm(total=len(arrays["status"]), desc="draws", disable=not progress, leave=False) as bar:
            for piece, part in pieces:
                for name, values in arrays.items():
                    values[piece] = part[name]
                bar.update(piece.stop - piece.start)
    except WorkerError as error:
        if store is None:
            raise
        done = len(storing.list_committed(store))
        raise WorkerError(f"{error}; {done} of {store.chunks} chunks are kept at {store.partial}") from error
    return arrays


def _frame(core: Core, template: xr.Dataset, names: np.ndarray) -> xr.Dataset:
    """Return the dataset without its values."""
    dims = {name: ("draw", *found[0]) for name, found in core.described.items()}
    used = {dim for found in dims.values() for dim in found}
    coords = {name: array for name, array in template.coords.items() if array.dims and set(array.dims) <= used}
    ds = xr.Dataset(coords={**coords, "draw": names})
    units = {name: found[1] for name, found in core.described.items()}
    units |= dict.fromkeys(("objective", "solver_objective"), "thousand EUR")
    for name, array in allocate(core, 1).items():
        shape = (len(names), *array.shape[1:])
        blank = np.broadcast_to(array[:1], shape)
        ds[name] = (dims.get(name, ("draw",)), blank, {"units": units[name]} if name in units else {})
    ds.attrs = dict(template.attrs)
    return ds


def _describe_draws(draws: xr.Dataset) -> dict[str, xr.Variable]:
    """Return what a dataset of draws tells of each draw, such as the events that happened in it."""
    told = {str(name): array for name, array in draws.variables.items() if "draw" in array.dims and name != "draw"}
    told = {name: array for name, array in told.items() if name not in VARIABLES}
    more = {dim for array in told.values() for dim in array.dims} - {"draw"}
    return {str(name): draws[name].variable for name in (*told, *(dim for dim in more if dim in draws.coords))}


def _identify(core: Core, plan: Plan, names: np.ndarray, chunk: int) -> dict[str, str]:
    """Return digests of all that decides the values."""
    effects = [effect for effect in (plan.capacity, plan.demand, plan.cost) if effect is not None]
    matched = [part for e in effects for part in (e.values, *e.targets.values(), *e.sources.values())]
    kinds = [name for name, effect in zip(VARIABLES, (plan.capacity, plan.demand, plan.cost), strict=True) if effect]
    return {
        "network": _hash_program(core),
        "draws": _hash([*matched, np.array(kinds), names.astype(str)]),
        "outputs": _hash([np.array([output.name for output in core.outputs]), np.array([chunk])]),
        "program": " ".join(f"{name} {version(name)}" for name in ("energyflows", "pypsa", "linopy", "highspy")),
    }


def _hash_program(core: Core) -> str:
    full, layout = core.program.reduction.full, core.program.layout
    arrays = [full.matrix.data, full.matrix.indices, full.matrix.indptr, full.rhs, full.cost, full.lower, full.upper]
    read = [core.program.efficiency, layout.weights, layout.objective_weights, layout.worth, *layout.rewards.values()]
    names = [*layout.elements.values(), *(np.asarray(names).astype(str) for names in layout.names.values())]
    coords = [values.astype(str) for _, values in layout.coords.values()]
    return _hash([*arrays, full.sense, *core.probes, *read, *names, *coords])


def _hash(arrays: Iterable[np.ndarray]) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype.kind}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).view(np.uint8).data)
    return digest.hexdigest()
