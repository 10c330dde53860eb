"""The computation itself, on plain arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from energyflows.tracing._mixing import Arcs, Flags, Floats, find_fed, solve_mixes
from energyflows.tracing._reading import Figures, Parts
from energyflows.tracing._stacking import sum_at
from energyflows.tracing._tanks import Inflow, follow_tanks, measure_tanks


class Traced(NamedTuple):
    """What :func:`energyflows.tracing.trace` returns, by lead and further axes."""

    delivered: Floats
    mix: Floats
    stored: Floats
    stored_before: Floats
    supplied: Floats
    lost: Floats
    adjusted: Floats
    relabelled: Floats


def trace_block(parts: Parts, figures: Figures, begin: Callable[[Floats], Floats], options: tuple[str, str]) -> Traced:
    """Trace gas.

    Parameters
    ----------
    parts : Parts
        Of the results.
    figures : Figures
        Of the results.
    begin : callable
        Returns the shares in tanks at the start, given what they hold at the end of each snapshot as a function of it.
    options : tuple of str
        Rule of storage, and coupling.

    Returns
    -------
    Traced
        All arrays; mixes are NaN where there is none.
    """
    storage, coupling = options
    known = len(parts.origins)
    produced = _place_output(parts, figures, np.ones(len(parts.places), dtype=bool))
    kept = np.zeros_like(produced)
    if coupling == "aggregated":
        kept = serve_own(_place_output(parts, figures, parts.own), figures.consumed)
    shares, fed = _solve(parts, figures, produced - kept)
    tanks = measure_tanks(figures.stored, figures.net, figures.days)
    inflow = Inflow(shares[:, :, parts.tanks, :known], shares[:, :, parts.tanks, known:])
    given, held = follow_tanks(tanks, inflow, storage)
    first = begin(held)
    given = given[..., :known] + given[..., known:] @ first[:, None]
    held = held[..., :known] + held[..., known:] @ first[:, None]
    mix = shares[..., :known] + shares[..., known:] @ given
    rest = figures.consumed - kept.sum(axis=3)
    stored, before = held * tanks.level[..., None], first * tanks.before[:, 0, :, None]
    return Traced(
        delivered=kept + rest[..., None] * mix,
        stored=stored,
        stored_before=before,
        supplied=produced.sum(axis=2),
        lost=_sum_losses(parts, figures, mix),
        adjusted=_adjust(parts, figures, mix, (stored, before, given)),
        relabelled=_sum_rules(parts, figures, mix, fed),
        mix=np.where(fed[..., None], mix, np.nan),
    )


def serve_own(produced: Floats, consumed: Floats) -> Floats:
    """Return the part of own output that serves demand on the spot.

    Parameters
    ----------
    produced : numpy.ndarray
        With origins along the last axis.
    consumed : numpy.ndarray
        Without that axis.

    Returns
    -------
    numpy.ndarray
        Shaped as ``produced``; all origins in the same proportion.
    """
    total = produced.sum(axis=-1)
    part: Floats = np.divide(consumed, total, out=np.ones_like(total), where=total > consumed)
    return np.multiply(produced, part[..., None])


def _place_output(parts: Parts, figures: Figures, chosen: Flags) -> Floats:
    """Return output by lead, snapshot, bus and origin."""
    placed = np.zeros((*figures.consumed.shape, len(parts.origins)))
    for generator in np.flatnonzero(chosen):
        placed[:, :, parts.places[generator], parts.sources[generator]] += figures.supplied[:, :, generator]
    return placed


def _solve(parts: Parts, figures: Figures, produced: Floats) -> tuple[Floats, Flags]:
    """Return shares at buses by lead, snapshot, bus and column (origins, then tanks), and which buses are fed."""
    leads, steps, nodes, known = produced.shape
    entering = np.zeros((leads, steps, nodes, known + len(parts.tanks)))
    entering[..., :known] = produced
    for column, node in enumerate(parts.tanks):
        entering[:, :, node, known + column] = np.maximum(-figures.net[:, :, column], 0.0)
    through = entering.sum(axis=3) + sum_at(figures.received, parts.ends, np.arange(nodes))
    received = figures.received
    if len(parts.ruled):
        received = _apply_rules(parts, figures, entering)
    arcs = Arcs(parts.begins, parts.ends, received.reshape(leads * steps, -1))
    shares, fed = solve_mixes(arcs, entering.reshape(leads * steps, nodes, -1), through.reshape(-1, nodes))
    return shares.reshape(entering.shape), fed.reshape(leads, steps, nodes)


def _apply_rules(parts: Parts, figures: Figures, entering: Floats) -> Floats:
    """Let gas under a rule enter anew where its link ends; return what links bring as it was.

    A loop nothing enters has no gas that a rule could name.
    """
    leads, steps, nodes, _ = entering.shape
    arcs = Arcs(parts.begins, parts.ends, figures.received.reshape(leads * steps, -1))
    fed = find_fed(arcs, (entering > 0).any(axis=3).reshape(leads * steps, nodes)).reshape(leads, steps, nodes)
    received = figures.received.copy()
    for column, link in enumerate(parts.ruled):
        shares = figures.given[:, :, column] * fed[:, :, parts.begins[link], None]
        entering[:, :, parts.ends[link], : shares.shape[-1]] += shares * figures.received[:, :, link, None]
        received[:, :, link] *= np.maximum(1.0 - shares.sum(axis=2), 0.0)
    return received


def _sum_rules(parts: Parts, figures: Figures, mix: Floats, fed: Flags) -> Floats:
    """Return what rules add to origins and take from them, by lead, snapshot and origin; zero in sum."""
    summed = np.zeros((*mix.shape[:2], mix.shape[3]))
    for column, link in enumerate(parts.ruled):
        begin, shares = parts.begins[link], figures.given[:, :, column]
        moved = (figures.received[:, :, link] * fed[:, :, begin])[..., None]
        summed += moved * (shares - shares.sum(axis=2, keepdims=True) * mix[:, :, begin])
    return summed


def _sum_losses(parts: Parts, figures: Figures, mix: Floats) -> Floats:
    """Return what is lost on links, by lead, snapshot and origin; it carries the mix of the sending end."""
    lost = sum_at(figures.sent - figures.received, parts.begins, np.arange(mix.shape[2]))
    summed: Floats = (lost[:, :, None] @ mix)[:, :, 0]
    return summed


def _adjust(parts: Parts, figures: Figures, mix: Floats, tanks: tuple[Floats, Floats, Floats]) -> Floats:
    """Return changes of stocks beyond what tanks took and gave, GWh/d by lead, snapshot and origin."""
    stored, before, given = tanks
    change = np.diff(stored, axis=1, prepend=before[:, None]) / figures.days[:, None, None]
    taken = np.maximum(figures.net, 0.0)[..., None] * mix[:, :, parts.tanks]
    drawn = np.maximum(-figures.net, 0.0)[..., None] * given
    summed: Floats = (change - taken + drawn).sum(axis=2)
    return summed
