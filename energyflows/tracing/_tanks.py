"""Tanks that remember what they hold: all mixed, first in first out, or last in first out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from energyflows.tracing._mixing import Flags, Floats

#: Share of a tank's highest level below which it counts as empty, and a change of level as rounding.
LEAST_LEVEL = 1e-6
#: Turnover below which the end of a period says nothing about a tank's start.
_LEAST_TURNOVER = 1e-8

STORAGE = ("mixed", "fifo", "lifo")


class Tanks(NamedTuple):
    """Levels of tanks and what moves them, GWh, by lead (scenario, draw), snapshot and tank.

    ``before`` is the level when a snapshot begins, ``found`` what it is higher than when the last one ended.
    """

    level: Floats
    before: Floats
    added: Floats
    drawn: Floats
    found: Floats


class Inflow(NamedTuple):
    """What tanks take, by lead, snapshot and tank: ``own`` by origin, and ``given`` by the tank it was drawn from."""

    own: Floats
    given: Floats

    def mix(self, step: int, drawn: Floats) -> Floats:
        """Return what enters tanks in a snapshot, if what is drawn from them is mixed like this."""
        found = self.given[:, step] @ drawn
        found[..., : self.own.shape[3]] += self.own[:, step]
        return found


def measure_tanks(level: Floats, net: Floats, days: Floats) -> Tanks:
    """Find out what moves tanks.

    Parameters
    ----------
    level : numpy.ndarray
        GWh at the end of snapshots, by lead, snapshot and tank.
    net : numpy.ndarray
        GWh/d injected less withdrawn.
    days : numpy.ndarray
        Of each snapshot.

    Returns
    -------
    Tanks
        A rise of level no flow explains counts as found when the snapshot begins, a fall as lost when it ends.
    """
    moved = net * days[:, None]
    start = np.maximum(level[:, :1] - moved[:, :1], 0.0)
    before = np.concatenate([start, level[:, :-1]], axis=1)
    least = LEAST_LEVEL * level.max(axis=1, keepdims=True, initial=0.0)
    jump = level - before - moved
    found = np.where(jump > least, jump, 0.0)
    # Less than the least is nothing, so that an empty tank is empty.
    before = np.where(before > least, before, 0.0)
    return Tanks(level, before, np.maximum(moved, 0.0), np.maximum(-moved, 0.0), found)


def follow_tanks(tanks: Tanks, inflow: Inflow, storage: str) -> tuple[Floats, Floats]:
    """Follow what tanks give and hold through time.

    Parameters
    ----------
    tanks : Tanks
        Levels and movements.
    inflow : Inflow
        What they take; its last origin is the unknown one.
    storage : {"mixed", "fifo", "lifo"}
        Which of its gas a tank gives first.

    Returns
    -------
    tuple of numpy.ndarray
        Shares of what is drawn in each snapshot, and of what is held at its end, by lead, snapshot, tank and column:
        the origins, then what each tank held at the start.

    Notes
    -----
    All is linear in what the tanks held at the start, so that is found afterwards.
    """
    leads, steps, count, known = inflow.own.shape
    start = np.zeros((leads, count, known + count))
    start[..., known:] = np.eye(count)
    given = np.empty((leads, steps, count, known + count))
    held = np.empty_like(given)
    follow = _follow_mixed if storage == "mixed" else _follow_layers
    follow(tanks, inflow, start, storage, (given, held))
    return given, held


def _follow_mixed(tanks: Tanks, inflow: Inflow, start: Floats, _: str, out: tuple[Floats, Floats]) -> None:
    """Fill in what tanks give and hold if each is one mix."""
    kept = np.maximum(tanks.before + tanks.found - tanks.drawn, 0.0)
    total = kept + tanks.added
    fresh = np.divide(tanks.added, total, out=np.zeros_like(total), where=total > 0)
    appeared = (tanks.found > 0) & (tanks.before == 0)
    unknown = _name_unknown(inflow, start)
    state = start
    for step in range(kept.shape[1]):
        state = np.where(appeared[:, step, :, None], unknown, state)
        out[0][:, step] = state
        state = state + fresh[:, step, :, None] * (inflow.mix(step, state) - state)
        out[1][:, step] = state


def _follow_layers(tanks: Tanks, inflow: Inflow, start: Floats, storage: str, out: tuple[Floats, Floats]) -> None:
    """Fill in what tanks give and hold if gas lies in layers: the unknown, that of the start, one per snapshot."""
    leads, steps, count, width = out[0].shape
    layers = np.zeros((leads, count, steps + 2, width))
    layers[:, :, 0], layers[:, :, 1] = _name_unknown(inflow, start), start
    amounts = np.zeros((leads, count, steps + 2))
    amounts[:, :, 1] = tanks.before[:, 0]
    # What a tank gave last; rounding that is drawn from an empty tank is taken for more of it.
    last = np.zeros_like(amounts)
    last[:, :, 1] = 1.0
    for step in range(steps):
        used = slice(0, step + 2)
        present = amounts[:, :, used]
        _add_found(present, tanks.before[:, step], tanks.found[:, step])
        taken = _take(present, tanks.drawn[:, step], newest=storage == "lifo")
        last[:, :, used] = _share(taken, last[:, :, used])
        present -= taken
        out[0][:, step] = _blend(last[:, :, used], layers[:, :, used])
        layers[:, :, step + 2] = inflow.mix(step, out[0][:, step])
        amounts[:, :, step + 2] = tanks.added[:, step]
        through = slice(0, step + 3)
        shares = _share(amounts[:, :, through], last[:, :, through])
        amounts[:, :, through] = (
            shares * np.where(amounts[:, :, through].any(axis=2), tanks.level[:, step], 0.0)[:, :, None]
        )
        out[1][:, step] = _blend(shares, layers[:, :, through])


def _name_unknown(inflow: Inflow, start: Floats) -> Floats:
    """Return the mix that is all unknown."""
    unknown = np.zeros(start.shape[2])
    unknown[inflow.own.shape[3] - 1] = 1.0
    return unknown


def _add_found(amounts: Floats, before: Floats, found: Floats) -> None:
    """Let layers grow alike to what was found; in an empty tank it is unknown."""
    empty = before == 0
    growth = np.divide(found, before, out=np.zeros_like(before), where=~empty)
    amounts *= 1.0 + growth[:, :, None]
    amounts[:, :, 0] += np.where(empty, found, 0.0)


def _take(amounts: Floats, drawn: Floats, *, newest: bool) -> Floats:
    """Return what is taken of each layer, oldest or newest first."""
    ordered = amounts[:, :, ::-1] if newest else amounts
    above = ordered.cumsum(axis=2) - ordered
    taken = np.clip(drawn[:, :, None] - above, 0.0, ordered)
    return taken[:, :, ::-1] if newest else taken


def _share(amounts: Floats, otherwise: Floats) -> Floats:
    """Return shares of layers; others where there is nothing."""
    total = amounts.sum(axis=2, keepdims=True)
    shares: Floats = np.divide(amounts, total, out=otherwise.copy(), where=total > 0)
    return shares


def _blend(shares: Floats, layers: Floats) -> Floats:
    """Return the mix of layers."""
    blended: Floats = (shares[:, :, None] @ layers)[:, :, 0]
    return blended


def find_start(held: Floats, known: int) -> Floats:
    r"""Find what tanks held at the start, if they began a period with the mix with which they end it.

    Parameters
    ----------
    held : numpy.ndarray
        Shares at the end of the period, by lead, tank and column as from :func:`follow_tanks`.
    known : int
        How many of the columns are origins, the unknown one last.

    Returns
    -------
    numpy.ndarray
        Shares by lead, tank and origin. Unknown where a tank's mix depends on nothing but the start of tanks.

    Notes
    -----
    :math:`S_{end} = M S_0 + c = S_0`, hence :math:`S_0 = (I - M)^{-1} c`. Tanks whose start no inflow ever renews make
    the matrix singular; they are taken out before it is solved.
    """
    constant, memory = held[..., :known], held[..., known:]
    renewed = _find_renewed(constant.sum(axis=2), memory)
    unknown = np.zeros(known)
    unknown[-1] = 1.0
    matrix = np.eye(memory.shape[2]) - np.where(renewed[:, :, None], memory, 0.0)
    return np.linalg.solve(matrix, np.where(renewed[:, :, None], constant, unknown)).astype(float)


def _find_renewed(fresh: Floats, memory: Floats) -> Flags:
    """Find the tanks that gas from outside reaches in the period, through others if need be."""
    renewed: Flags = fresh > _LEAST_TURNOVER
    while True:
        grown = renewed | np.asarray(((memory > _LEAST_TURNOVER) & renewed[:, None, :]).any(axis=2))
        if (grown == renewed).all():
            return renewed
        renewed = grown
