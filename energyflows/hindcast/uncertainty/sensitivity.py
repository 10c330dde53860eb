"""Samples of an uncertain world, and how much of an outcome's variance each group of inputs explains."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from energyflows.errors import UsageError

Numbers = NDArray[np.float64]

#: Fewer blocks than this give no interval worth its name.
LEAST_BLOCKS = 4
#: Draws with replacement of the blocks, from which intervals are read.
_RESAMPLES = 1000
_FIRST, _LAST = "A", "B"


def plan_draws(names: Sequence[str], groups: Sequence[str], size: int, seed: int) -> tuple[Numbers, pd.DataFrame]:
    """Lay out samples from which the effect of each group can be told (Saltelli et al. 2010).

    A block is a sample A, another one B, and for each group A with the quantiles of that group taken from B.

    Parameters
    ----------
    names, groups : sequence of str
        Unknowns and the group of each.
    size : int
        About how many samples; with k groups it becomes the next lower N (k + 2) where N, the number of blocks, is a
        power of two.
    seed : int
        Of the scrambled Sobol sequence.

    Returns
    -------
    points : numpy.ndarray
        Quantiles from 0 to 1 by (sample, unknown).
    runs : pandas.DataFrame
        Columns ``sample`` (from 1), ``block`` (from 1) and ``design`` (``A``, ``B`` or the group taken from B).

    Raises
    ------
    UsageError
        If ``size`` is too small.

    Examples
    --------
    >>> points, runs = plan_draws(["x", "y"], ["one", "two"], 20, seed=0)
    >>> points.shape, runs["design"].tolist()[:4]
    ((16, 2), ['A', 'one', 'two', 'B'])
    """
    from SALib.sample import sobol

    order = list(dict.fromkeys(groups))
    step = len(order) + 2
    if size < LEAST_BLOCKS * step:
        raise UsageError(
            f"size: found {size}, expected at least {LEAST_BLOCKS * step}: {LEAST_BLOCKS} blocks of {step} samples, "
            f"one for each of {len(order)} groups of inputs and two"
        )
    blocks = 1 << ((size // step).bit_length() - 1)
    problem = _describe(names, groups)
    points = np.asarray(sobol.sample(problem, blocks, calc_second_order=False, seed=seed), dtype=float)
    runs = pd.DataFrame(
        {
            "sample": np.arange(1, blocks * step + 1),
            "block": np.repeat(np.arange(1, blocks + 1), step),
            "design": [_FIRST, *order, _LAST] * blocks,
        }
    )
    return points, runs


def _describe(names: Sequence[str], groups: Sequence[str]) -> dict[str, object]:
    """Return the problem as SALib wants it."""
    bounds = [[0.0, 1.0]] * len(names)
    return {"num_vars": len(names), "names": list(names), "groups": list(groups), "bounds": bounds}


def find_effects(values: pd.DataFrame, runs: pd.DataFrame, *, seed: int = 0) -> pd.DataFrame:
    r"""Return first-order and total effects of each group on each outcome, with intervals.

    Parameters
    ----------
    values : pandas.DataFrame
        Outcomes (columns) by sample, in the order of ``runs``; missing where a sample has no solution.
    runs : pandas.DataFrame
        From :func:`plan_draws`.
    seed : int
        Of the bootstrap.

    Returns
    -------
    pandas.DataFrame
        Columns ``outcome, group, first, first_conf, total, total_conf``, groups by falling total effect; outcomes
        that do not vary are left out. ``_conf`` is half the width of the central 95 % of bootstrap estimates.

    Notes
    -----
    With :math:`f_A`, :math:`f_B` and :math:`f_{AB_i}` the outcomes of a block, :math:`V` their variance over A and B:

    .. math:: S_i = \frac{1}{NV} \sum f_B (f_{AB_i} - f_A), \qquad
              S_{Ti} = \frac{1}{2NV} \sum (f_A - f_{AB_i})^2 .

    A block that lacks one outcome is left out as a whole. First-order effects are estimates and may be below 0.

    References
    ----------
    Saltelli et al. (2010), Variance based sensitivity analysis of model output, Comput. Phys. Commun. 181, 259-270.
    Jansen (1999), Analysis of variance designs for model output, Comput. Phys. Commun. 117, 35-43.

    Examples
    --------
    >>> points, runs = plan_draws(["x", "y"], ["one", "two"], 1024, seed=0)
    >>> told = find_effects(pd.DataFrame({"z": points @ [2.0, 1.0]}), runs)
    >>> told["group"].tolist(), told["total"].round(1).tolist()
    (['one', 'two'], [0.8, 0.2])
    """
    order = [name for name in dict.fromkeys(runs["design"]) if name not in (_FIRST, _LAST)]
    whole = values.notna().all(axis=1).groupby(runs["block"].to_numpy()).transform("all").to_numpy()
    kept = values[whole]
    parts = [_analyse(kept[name].to_numpy(dtype=float), order, seed).assign(outcome=name) for name in kept]
    columns = {"outcome": str, "group": str, **dict.fromkeys(("first", "first_conf", "total", "total_conf"), float)}
    empty = pd.DataFrame(columns=[*columns]).astype(columns)
    return pd.concat([part for part in parts if len(part)] or [empty], ignore_index=True)[[*columns]]


def _analyse(outcome: Numbers, order: list[str], seed: int) -> pd.DataFrame:
    """Return effects on one outcome; no rows if it does not vary or too few blocks are left."""
    from SALib.analyze import sobol

    if len(outcome) < LEAST_BLOCKS * (len(order) + 2) or np.ptp(outcome) <= 1e-9 * max(1.0, np.abs(outcome).max()):
        return pd.DataFrame()
    with warnings.catch_warnings():
        # Blocks drawn again may be one block many times, which has no variance; it counts as no effect.
        warnings.simplefilter("ignore")
        # A seed of 0 would be taken for none.
        told = sobol.analyze(
            _describe(order, order),
            outcome,
            calc_second_order=False,
            num_resamples=_RESAMPLES,
            keep_resamples=True,
            seed=seed + 1,
        )
    widths = {
        name: np.diff(np.quantile(told[f"{name}_conf_all"], [0.025, 0.975], axis=0), axis=0)[0] for name in ("S1", "ST")
    }
    rows = pd.DataFrame(
        {
            "group": order,
            "first": told["S1"],
            "first_conf": widths["S1"] / 2,
            "total": told["ST"],
            "total_conf": widths["ST"] / 2,
        }
    )
    return rows.sort_values("total", ascending=False, kind="stable")
