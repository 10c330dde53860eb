"""Which results of a draw are kept: whole series, or one number per element."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import xarray as xr

from energyflows.ensemble.reducing import Numbers
from energyflows.errors import UsageError, list_problems
from energyflows.results import UNITS, Layout, fill

#: Kept unless told otherwise.
DEFAULT = (
    "unserved_sum",
    "unserved_max",
    "response_sum",
    "consumed_sum",
    "price_mean",
    "price_max",
    "supplied_sum",
    "sent_sum",
    "stored_last",
)
#: One number per element from its series, given the length of each snapshot in days.
REDUCTIONS: dict[str, Callable[[Numbers, Numbers], Numbers]] = {
    "sum": lambda series, days: days @ series,
    "mean": lambda series, days: days @ series / days.sum(),
    "min": lambda series, _: series.min(axis=0),
    "max": lambda series, _: series.max(axis=0),
    "last": lambda series, _: series[-1],
}
#: A sum over days turns a rate into a volume.
_SUMMED = {"GWh/d": "GWh"}


class Output(NamedTuple):
    """One variable of an ensemble: ``price_mean`` is variable ``price`` by reduction ``mean``."""

    name: str
    variable: str
    reduction: str | None


def parse_outputs(outputs: Iterable[str] | None) -> list[Output]:
    """Read the names of outputs.

    Parameters
    ----------
    outputs : iterable of str, optional
        Names of the results contract (``price``: all snapshots), or with ``_sum``, ``_mean``, ``_min``, ``_max`` or
        ``_last`` behind (``price_mean``: one number per bus); default :data:`DEFAULT`.

    Returns
    -------
    list of Output
        In the given order.

    Raises
    ------
    UsageError
        Naming every unknown output.

    Examples
    --------
    >>> parse_outputs(["price", "stored_last"])
    [Output(name='price', variable='price', reduction=None),
     Output(name='stored_last', variable='stored', reduction='last')]
    """
    if outputs is not None and (isinstance(outputs, str) or not isinstance(outputs, Iterable)):
        raise UsageError(f"outputs: found {outputs!r}, expected a list of names")
    names = DEFAULT if outputs is None else tuple(dict.fromkeys(outputs))
    known = [name for name in UNITS if name != "objective"]
    found, wrong = [], [] if names else ["found none, expected at least one; the objective is always kept"]
    for name in names:
        variable, _, reduction = str(name).rpartition("_")
        if name in known:
            found.append(Output(name, name, None))
        elif variable in known and reduction in REDUCTIONS and _makes_sense(variable, reduction):
            found.append(Output(name, variable, reduction))
        else:
            wrong.append(f"{name!r}: expected {', '.join(known)}, alone or with _{', _'.join(REDUCTIONS)} behind")
    if wrong:
        title = "these outputs cannot be kept (sums are kept of GWh/d only, utilisation only by snapshot):"
        raise UsageError(list_problems(title, wrong))
    return found


def _makes_sense(variable: str, reduction: str) -> bool:
    """Refuse sums of prices and stocks, and means of ratios; the ratio of sums is another thing."""
    return UNITS[variable] != "1" and (reduction != "sum" or UNITS[variable] in _SUMMED)


def measure(layout: Layout, outputs: Iterable[Output], raw: Mapping[str, Numbers]) -> dict[str, Numbers]:
    """Return the outputs of one solution.

    Parameters
    ----------
    layout : Layout
        Of the network.
    outputs : iterable of Output
        What to keep.
    raw : mapping
        From :meth:`energyflows.ensemble.program.Program.read`.

    Returns
    -------
    dict of str to numpy.ndarray
        By element, or by (snapshot, element).
    """
    wanted = list(outputs)
    filled = fill(layout, raw, {output.variable for output in wanted})
    return {
        output.name: filled[output.variable]
        if output.reduction is None
        else REDUCTIONS[output.reduction](filled[output.variable], layout.weights)
        for output in wanted
    }


def describe_outputs(template: xr.Dataset, outputs: Iterable[Output]) -> dict[str, tuple[tuple[str, ...], str]]:
    """Return dims and unit of each output.

    Parameters
    ----------
    template : xarray.Dataset
        Results of one solution of the same layout.
    outputs : iterable of Output
        What is kept.

    Returns
    -------
    dict of str to tuple
        Dims behind ``draw``, and the unit.
    """
    described = {}
    for output in outputs:
        dims = tuple(map(str, template[output.variable].dims))
        unit = UNITS[output.variable]
        if output.reduction is not None:
            dims, unit = dims[1:], _SUMMED.get(unit, unit) if output.reduction == "sum" else unit
        described[output.name] = dims, unit
    return described
