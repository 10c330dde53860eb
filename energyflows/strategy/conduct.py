"""How suppliers take account of each other: the conduct matrix, from agreements, stakes and control."""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from energyflows.errors import UsageError, list_problems, suggest

Floats = NDArray[np.float64]
Pairs = Mapping[tuple[str, str], float]

#: How stakes and agreements become weights.
RULES = ("partial", "control", "coordination")
#: Share of a company from above which its holder decides.
CONTROL = 0.5
DIMS = ("supplier", "supplier_")
#: What an eigenvalue may be below zero, and two entries may differ, by rounding.
_ROUNDING = 1e-9


def build_kappa(suppliers: Sequence[str], pairs: Pairs | None = None, takers: Iterable[str] = ()) -> xr.DataArray:
    """Return the conduct matrix of suppliers that act each for itself, but for some pairs.

    Parameters
    ----------
    suppliers : sequence of str
        Their names.
    pairs : mapping of (str, str) to float, optional
        Weight from 0 to 1 that the two put on each other's profit, in either order; 0 for all others.
    takers : iterable of str
        Suppliers that take prices as given: their rows and columns are zero.

    Returns
    -------
    xarray.DataArray, [1]
        Dims ``(supplier, supplier_)``.

    Raises
    ------
    UsageError
        If a name is unknown, a taker is in a pair, or the matrix is none that :func:`check_kappa` accepts.

    Examples
    --------
    >>> build_kappa(["RU", "AZ", "NO"], {("RU", "AZ"): 0.5}, takers=["NO"]).to_numpy().tolist()
    [[1.0, 0.5, 0.0], [0.5, 1.0, 0.0], [0.0, 0.0, 0.0]]
    """
    names, outside = list(suppliers), list(takers)
    given = {} if pairs is None else dict(pairs)
    problems = _find_wrong_pairs(given, names)
    problems += [f"takers: no supplier {name!r}{suggest(str(name), names)}" for name in outside if name not in names]
    problems += [f"pair {pair}: {name} takes prices as given" for pair in given for name in pair if name in outside]
    if problems:
        raise UsageError(list_problems("no conduct matrix can be made of this:", problems))
    matrix = np.diag([0.0 if name in outside else 1.0 for name in names])
    for (first, second), weight in given.items():
        i, j = names.index(first), names.index(second)
        matrix[i, j] = matrix[j, i] = weight
    return check_kappa(label_kappa(matrix, names), names)


def label_kappa(matrix: Floats, names: Sequence[str]) -> xr.DataArray:
    """Return a matrix with names of suppliers along both dims.

    Parameters
    ----------
    matrix : numpy.ndarray
        By supplier and supplier.
    names : sequence of str
        Of suppliers.

    Returns
    -------
    xarray.DataArray, [1]
        Dims ``(supplier, supplier_)``.
    """
    labels = np.array(list(names), dtype=str)
    attrs = {"units": "1", "long_name": "weight on the profit of each supplier"}
    return xr.DataArray(matrix, dict.fromkeys(DIMS, labels), DIMS, name="kappa", attrs=attrs)


def _find_wrong_pairs(pairs: Mapping[Any, Any], names: Sequence[str]) -> list[str]:
    """List what is wrong with weights by pair of names."""
    problems = []
    seen: dict[frozenset[Any], Any] = {}
    for pair, weight in pairs.items():
        if not isinstance(pair, tuple) or len(pair) != 2 or pair[0] == pair[1]:
            problems.append(f"found {pair!r}, expected a pair of two different names such as ('RU', 'AZ')")
            continue
        problems += [f"pair {pair}: no supplier {n!r}{suggest(str(n), names)}" for n in pair if n not in names]
        if isinstance(weight, bool) or not isinstance(weight, numbers.Real) or not 0 <= float(weight) <= 1:
            problems.append(f"pair {pair}: found {weight!r}, expected a weight from 0 to 1")
        if seen.setdefault(frozenset(pair), weight) != weight:
            problems.append(f"pair {pair}: {weight} here and {seen[frozenset(pair)]} the other way round; give one")
    return problems


def check_kappa(kappa: xr.DataArray | pd.DataFrame, suppliers: Sequence[str] | None = None) -> xr.DataArray:
    r"""Return a conduct matrix with suppliers in order, or say why it is none.

    Parameters
    ----------
    kappa : xarray.DataArray or pandas.DataFrame, [1]
        Dims ``(supplier, supplier_)``, or names as index and columns: the weight the supplier of the row puts on the
        profit of the supplier of the column.
    suppliers : sequence of str, optional
        Those it has to be about; default those of its rows.

    Returns
    -------
    xarray.DataArray, [1]
        Dims ``(supplier, supplier_)``.

    Raises
    ------
    UsageError
        If names do not match, a weight is not from 0 to 1, or the matrix is not symmetric or not positive
        semidefinite: with the eigenvalue, and what would mend it.

    Notes
    -----
    An equilibrium maximises one function (a potential) only where weights are mutual, :math:`\kappa = \kappa^T`. That
    function is concave for all demand and any cost if :math:`\kappa + \mathbf{1}\mathbf{1}^T \succeq 0`;
    :math:`\kappa \succeq 0`, asked for here, is stricter: whoever acts as one with two others makes them act as one.

    Examples
    --------
    >>> names = ["RU", "TR", "AZ"]
    >>> kappa = pd.DataFrame([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 1.0]], names, names)
    >>> check_kappa(kappa)
    Traceback (most recent call last):
    energyflows.errors.UsageError: this is no conduct matrix:
      - its least eigenvalue is -0.414, expected 0 or more; raise the weight of RU and AZ (now 0), or multiply ...
    """
    table = _take_table(kappa)
    names = table.index.tolist() if suppliers is None else list(suppliers)
    problems = _find_wrong_names(table, names)
    if problems:
        raise UsageError(list_problems("this is no conduct matrix:", problems))
    values = table.loc[names, names].to_numpy(dtype=float)
    problems = _find_wrong_weights(values, names) or _find_negative(values, names)
    if problems:
        raise UsageError(list_problems("this is no conduct matrix:", problems))
    return label_kappa((values + values.T) / 2.0, names)


def _take_table(kappa: Any) -> pd.DataFrame:
    if isinstance(kappa, xr.DataArray) and set(kappa.dims) == set(DIMS):
        kappa = kappa.transpose(*DIMS).to_pandas()
    if not isinstance(kappa, pd.DataFrame):
        found = f"dims {kappa.dims}" if isinstance(kappa, xr.DataArray) else type(kappa).__name__
        raise UsageError(f"kappa: found {found}, expected an xarray.DataArray with dims {DIMS} or a pandas.DataFrame")
    try:
        return kappa.astype(float)
    except (TypeError, ValueError) as error:
        raise UsageError(f"kappa: found {error}, expected numbers from 0 to 1") from None


def _find_wrong_names(table: pd.DataFrame, names: list[str]) -> list[str]:
    problems = []
    for word, labels in (("row", table.index), ("column", table.columns)):
        found = labels.tolist()
        problems += [f"no {word} of {name}" for name in names if name not in found]
        problems += [
            f"{word} {each!r} is no supplier{suggest(str(each), names)}" for each in found if each not in names
        ]
        problems += [f"{word} {each} is there twice" for each in labels[labels.duplicated()].unique()]
    return problems


def _find_wrong_weights(values: Floats, names: list[str]) -> list[str]:
    outside = np.argwhere(~((values >= 0.0) & (values <= 1.0)))
    uneven = np.argwhere(np.triu(abs(values - values.T) > _ROUNDING))
    problems = [f"{names[i]} on {names[j]}: found {values[i, j]:g}, expected 0 to 1" for i, j in outside]
    return problems + [
        f"{names[i]} on {names[j]} is {values[i, j]:g}, {names[j]} on {names[i]} is {values[j, i]:g}; "
        "no potential exists unless weights are mutual, take one for both, such as their mean"
        for i, j in uneven
    ]


def _find_negative(values: Floats, names: list[str]) -> list[str]:
    """Name a negative eigenvalue, and what would lift it."""
    found, vectors = np.linalg.eigh((values + values.T) / 2.0)
    if found[0] >= -_ROUNDING:
        return []
    lacking = [i for i in range(len(names)) if values[i, i] == 0.0 and values[i].any()]
    if lacking:
        return [
            f"{names[i]} takes prices as given (0 on itself) but puts weight on others; clear its row" for i in lacking
        ]
    # Where two entries of the eigenvector have one sign, weight between them lifts the eigenvalue.
    lift = np.triu(np.outer(vectors[:, 0], vectors[:, 0]) * (1.0 - values), 1)
    i, j = np.unravel_index(np.argmax(lift), lift.shape)
    root = np.sqrt(np.outer(np.diag(values), np.diag(values)))
    scaled = np.divide(values, root, out=np.zeros_like(values), where=root > 0)
    factor = -1.0 / np.linalg.eigvalsh(scaled - np.diag(np.diag(scaled)))[0]
    told = (
        f"its least eigenvalue is {found[0]:.3g}, expected 0 or more; raise the weight of {names[i]} and {names[j]} "
        f"(now {values[i, j]:g}), or multiply all weights between two suppliers by {np.floor(1e3 * factor) / 1e3:g}"
    )
    return [told]


def derive_kappa(
    stakes: Pairs, rule: str = "partial", *, suppliers: Sequence[str] | None = None, exact: bool = False
) -> xr.DataArray:
    r"""Return the conduct matrix that stakes, control or agreements suggest.

    Parameters
    ----------
    stakes : mapping of (str, str) to float
        Under ``partial`` and ``control`` the share (0 to 1) that the first holds in the second; under ``coordination``
        the weight that the two agreed to put on each other's profit.
    rule : {"partial", "control", "coordination"}
        What follows from a stake, see Notes.
    suppliers : sequence of str, optional
        All suppliers, in order; default those in ``stakes``.
    exact : bool
        Refuse stakes that are not mutual, instead of taking the mean of both directions.

    Returns
    -------
    xarray.DataArray, [1]
        Dims ``(supplier, supplier_)``, as :func:`check_kappa` accepts it.

    Raises
    ------
    UsageError
        If the rule or a name is unknown, a share is none, stakes are one-sided with ``exact``, or the result is not
        positive semidefinite.

    Notes
    -----
    * ``partial``: a silent financial interest. With the share :math:`\beta_{ij}` in j, i maximises
      :math:`\pi_i + \sum_j \beta_{ij} \pi_j` and decides for itself alone, so :math:`\kappa_{ij} = \beta_{ij}`. A
      one-sided stake has no potential. The mean of both directions is taken: it leaves :math:`q^T \kappa q` as it is,
      hence the margin of the market as a whole, and shares it evenly between the two.
    * ``control``: above half, the holder decides for both, as after a merger: all that are linked by control act as
      one, :math:`\kappa_{ij} = 1`. Smaller stakes are silent, as above. (With a stake below one, the target under
      total control would put :math:`1 / \beta` on its holder, which is above one and one-sided.)
    * ``coordination``: as agreed, nobody owns anything.

    Whether a state lets its companies maximise profit at all is an assumption that no rule here removes.

    References
    ----------
    O'Brien & Salop (2000), Competitive effects of partial ownership: financial interest and corporate control,
    Antitrust Law Journal 67, 559-614.

    Examples
    --------
    >>> derive_kappa({("RU", "AZ"): 0.2}).to_numpy().tolist()
    [[1.0, 0.1], [0.1, 1.0]]
    >>> derive_kappa({("RU", "AZ"): 0.6}, "control").to_numpy().tolist()
    [[1.0, 1.0], [1.0, 1.0]]
    """
    names = list(dict.fromkeys(name for pair in stakes for name in pair) if suppliers is None else suppliers)
    problems = _find_wrong_stakes(stakes, names, exact=exact and rule != "coordination")
    if rule not in RULES:
        problems.append(f"rule: found {rule!r}, expected {' or '.join(map(repr, RULES))}{suggest(str(rule), RULES)}")
    if problems:
        raise UsageError(list_problems("no conduct matrix follows from this:", problems))
    if rule == "coordination":
        return build_kappa(names, stakes)
    held = np.zeros((len(names), len(names)))
    for (holder, target), share in stakes.items():
        held[names.index(holder), names.index(target)] = share
    matrix = (held + held.T) / 2.0 + np.eye(len(names))
    if rule == "control":
        controlled = (held > CONTROL) | (held.T > CONTROL) | np.eye(len(names), dtype=bool)
        matrix[np.linalg.matrix_power(controlled.astype(float), len(names)) > 0] = 1.0
    return check_kappa(label_kappa(matrix, names))


def _find_wrong_stakes(stakes: Pairs, names: list[str], *, exact: bool) -> list[str]:
    """List what is wrong with shares; unlike agreements they may differ by direction."""
    problems = [problem for pair, share in stakes.items() for problem in _find_wrong_pairs({pair: share}, names)]
    if exact and not problems:
        problems += [
            f"{pair[0]} holds {share:g} of {pair[1]}, which holds {stakes.get(pair[::-1], 0.0):g} of {pair[0]}; "
            "a potential needs stakes that are mutual, exact=False takes the mean"
            for pair, share in stakes.items()
            if abs(share - stakes.get(pair[::-1], 0.0)) > _ROUNDING
        ]
    return problems
