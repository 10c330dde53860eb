"""How zones share a shortage so that the worst off is as well off as can be."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
#: Draws of one batch between two rates: a call of the engine costs far more than a draw.
_BATCH = 16
#: Part of the tolerance to which a level is found; else small zones would live on what large ones leave.
_FINE = 1e-3


class Shortage(NamedTuple):
    """What is missing when zones want less."""

    measure: Callable[[Numbers], Numbers]
    """Demand missing by (draw, zone) from factors on demand by (draw, zone)."""
    demand: Numbers
    """Of each zone, above zero."""
    tolerance: float
    """Of rates."""


def share_shortage(shortage: Shortage) -> Numbers:
    """Return the share each zone gives up, so that the sorted shares are the lexicographically least.

    Parameters
    ----------
    shortage : Shortage
        What is missing, as a convex function of the shares given up that falls as any of them rises.

    Returns
    -------
    numpy.ndarray
        By zone, 0 to 1.
    """
    rates = np.zeros(len(shortage.demand))
    free = np.ones(len(rates), dtype=bool)
    top = 1.0
    while free.any():
        top, held = _find_level(shortage, rates, free, top)
        rates[free] = top
        # Rounding can hide which zone holds a level; the level itself is right for all of them together.
        free &= ~held if held.any() else False
    return rates


def _find_level(
    shortage: Shortage, rates: Numbers, free: npt.NDArray[np.bool_], top: float
) -> tuple[float, npt.NDArray[np.bool_]]:
    """Return the least common rate of free zones at which nothing is missing, and the zones that hold it there.

    A line through two points where something is missing meets zero at or below the level, because what is missing is
    convex, and at it once both are on the last straight piece. So the level lies between that and the least rate tried
    at which nothing is missing, and who holds it is asked along with whether it is the level.
    """
    low, high = 0.0, top
    while True:
        tried = np.unique(np.linspace(low, high, _BATCH))
        common = np.where(free, tried[:, None], rates)
        # Nothing can be given up less than nothing.
        probes = _lower_each(common[0], free, 10 * shortage.tolerance) if tried[0] > 0 else common[:0]
        missing = _sum_missing(shortage, np.vstack([common, probes]))
        short = np.flatnonzero(missing[: len(tried)] > 0)
        if not len(short) or len(tried) == 1:
            held = np.zeros(len(rates), dtype=bool)
            held[np.flatnonzero(free)[: len(probes)]] = missing[len(tried) :] > 0
            return float(tried[0]), held
        last = int(short[-1])
        high = float(tried[min(last + 1, len(tried) - 1)])
        low = _extrapolate(tried[: last + 1], missing[: last + 1], high)
        low = high if high - low <= _FINE * shortage.tolerance else low


def _extrapolate(tried: Numbers, missing: Numbers, high: float) -> float:
    """Return where the line through the last two points meets zero; the last point if there is but one."""
    fall = missing[-2] - missing[-1] if len(tried) > 1 else 0.0
    if fall <= 0:
        return float(tried[-1])
    return min(float(tried[-1] + missing[-1] * (tried[-1] - tried[-2]) / fall), high)


def _lower_each(rates: Numbers, free: npt.NDArray[np.bool_], step: float) -> Numbers:
    """Return rates in which one free zone after the other gives up less."""
    zones = np.flatnonzero(free)
    lowered = np.tile(rates, (len(zones), 1))
    lowered[range(len(zones)), zones] = np.maximum(rates[zones] - step, 0.0)
    return lowered


def _sum_missing(shortage: Shortage, rates: Numbers) -> Numbers:
    """Return what is missing in all zones in each draw of rates; what is less than tolerable is nothing."""
    missing = shortage.measure(1.0 - rates).sum(axis=1)
    return np.where(missing > shortage.tolerance * shortage.demand.min(), missing, 0.0)
