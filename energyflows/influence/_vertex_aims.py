"""What flows are sought for: more or less gas of an origin in an area, or anything at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import xarray as xr

from energyflows.ensemble.reducing import Numbers, Positions
from energyflows.influence._vertex_faces import Face
from energyflows.results import Layout

#: Relative to the largest throughput: keeps buses without any from dividing by zero.
_LEAST = 1e-9
#: Links upstream over which a bus without flow looks for the gas it could get.
_SWEEPS = 3
#: Weight of what a neighbour has.
_NEAR = 0.01


class Aim(NamedTuple):
    """More (+1) or less (-1) gas of an origin at the buses of an area."""

    area: str
    buses: tuple[str, ...]
    origin: str
    sign: int


def find_reach(ds: xr.Dataset, members: npt.NDArray[np.bool_]) -> Numbers:
    r"""Return which part of what passes through each bus is consumed at some buses in the same year.

    Parameters
    ----------
    ds : xarray.Dataset
        Results of a year with dim ``draw``.
    members : numpy.ndarray
        By draw and bus.

    Returns
    -------
    numpy.ndarray, [1]
        By draw and bus; 1 at a consumer without a way out.

    Notes
    -----
    With :math:`T_j` what leaves bus :math:`j` over the year and :math:`r_{jk}` what :math:`k`
    receives from it, :math:`T_j \lambda_j = c_j + \sum_k r_{jk} \lambda_k`: tracing backwards.
    """
    days = ds["weight_days"].to_numpy()
    consumed, sent, received = (
        np.einsum("dse,s->de", ds[v].to_numpy(), days) for v in ("consumed", "sent", "received")
    )
    begins, ends = find_ends(ds)
    draws, size = consumed.shape
    total, moved = consumed.copy(), np.zeros((draws, size * size))
    np.add.at(total.T, begins, sent.T)
    np.add.at(moved.T, begins * size + ends, received.T)
    throughput = (total + _LEAST * max(total.max(), 1.0))[:, np.newaxis]
    system = np.eye(size) * throughput - moved.reshape(draws, size, size)
    return np.asarray(np.linalg.solve(system, (consumed * members)[..., np.newaxis])[..., 0])


def find_ends(ds: xr.Dataset) -> tuple[Positions, Positions]:
    """Return the positions of the buses where links begin and end.

    Parameters
    ----------
    ds : xarray.Dataset
        Results.

    Returns
    -------
    tuple of numpy.ndarray
        By link.
    """
    buses = ds.indexes["bus"]
    return buses.get_indexer(ds["bus0"].to_numpy()), buses.get_indexer(ds["bus1"].to_numpy())


def weigh_aims(face: Face, ds: xr.Dataset, mix: xr.DataArray, aims: Sequence[Aim]) -> list[dict[str, Numbers]]:
    r"""Return what a little more flow does to what each aim asks for.

    Parameters
    ----------
    face : Face
        Of the year.
    ds : xarray.Dataset
        Flows from which to go on, one for each aim along ``draw``.
    mix : xarray.DataArray, [1]
        Traced shares of the same flows by draw, snapshot, bus and origin.
    aims : sequence of Aim
        In the order of ``draw``.

    Returns
    -------
    list of dict
        Worth of flows as :func:`solve_face` takes it; all zero where flows change nothing.

    Notes
    -----
    With :math:`x_i` the share of the origin at bus :math:`i` and :math:`\lambda_j` from :func:`find_reach`, a unit more
    from :math:`i` to :math:`j` changes what the area gets of the origin by
    :math:`\eta_{ij} (x_i - x_j) \lambda_j`, and a unit more produced at :math:`j` by :math:`(1 - x_j) \lambda_j` or
    :math:`-x_j \lambda_j`.
    A bus that nothing passes through has the mix of what could come. Tanks count as if they handed on all they get,
    because the next year is chained to this one. So that routes are found of which no part is in use, shares and reach
    hold a little of those of neighbours a link could join.
    """
    members = np.array([np.isin(ds["bus"].to_numpy(), aim.buses) for aim in aims])
    signs = np.array([aim.sign for aim in aims], dtype=float)
    reach = find_reach(ds, members) * signs[:, np.newaxis]
    origins = mix.indexes["origin"].get_indexer([aim.origin for aim in aims])
    ordered = mix.sel(bus=ds["bus"].to_numpy(), snapshot=ds["snapshot"]).transpose("draw", "origin", "snapshot", "bus")
    share = ordered.to_numpy()[np.arange(len(aims)), origins]
    at = ds.indexes["bus"].get_indexer(ds["generator_bus"].to_numpy())
    own = (ds["generator_origin"].to_numpy() == np.array([aim.origin for aim in aims])[:, np.newaxis]).astype(float)
    begins, ends = find_ends(ds)
    usable = (face.point["capacity"] > 0).any("snapshot").to_numpy()
    into, onwards = (begins[usable], ends[usable]), (ends[usable], begins[usable])
    reach = _add_neighbours(reach, onwards)
    guess = _guess_mix(share, (own, at), into)
    share = np.where(np.isnan(share), guess[:, np.newaxis], share)
    share += (_add_neighbours(guess, into) - guess)[:, np.newaxis]
    step = (share[..., begins] - share[..., ends]) * (reach[:, ends] * ds["efficiency"].to_numpy())[:, np.newaxis]
    gain = (own[:, np.newaxis] - share[..., at]) * reach[:, np.newaxis, at]
    # A bus that no gas can reach has no mix, and nothing speaks for or against it.
    step, gain = np.nan_to_num(step), np.nan_to_num(gain)
    return [spread_worth(face.program.layout, *each) for each in zip(step, gain, strict=True)]


def _guess_mix(share: Numbers, own: tuple[Numbers, Positions], links: tuple[Positions, Positions]) -> Numbers:
    """Return the share of what passes through each bus in the year; where nothing does, of what could."""
    size, (begins, ends) = share.shape[-1], links
    flowing = ~np.isnan(share)
    found = _divide(np.where(flowing, share, 0.0).sum(axis=1), flowing.sum(axis=1))
    found = np.where(np.isnan(found), _mean_at(*own, size), found)
    for _ in range(_SWEEPS):
        found = np.where(np.isnan(found), _mean_at(found[:, begins], ends, size), found)
    return found


def _add_neighbours(values: Numbers, links: tuple[Positions, Positions]) -> Numbers:
    """Return values of buses with a little of the mean of those they are joined to, and of theirs in turn."""
    for _ in range(_SWEEPS):
        near = _mean_at(values[:, links[0]], links[1], values.shape[1])
        values = np.where(np.isnan(near), values, (1 - _NEAR) * values + _NEAR * near)
    return values


def _mean_at(values: Numbers, places: Positions, size: int) -> Numbers:
    """Return the mean of values by place, as far as they are known."""
    known = ~np.isnan(values)
    sums, counts = np.zeros((len(values), size)), np.zeros((len(values), size))
    np.add.at(sums.T, places, np.where(known, values, 0.0).T)
    np.add.at(counts.T, places, known.T)
    return _divide(sums, counts)


def _divide(sums: Numbers, counts: Numbers) -> Numbers:
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def draw_worths(faces: Sequence[Face], count: int, seed: int) -> list[list[dict[str, Numbers]]]:
    """Draw worths of flows by chance, the same for a link in all snapshots and years.

    Parameters
    ----------
    faces : sequence of Face
        By year.
    count : int
        Number of draws.
    seed : int
        Of the random numbers.

    Returns
    -------
    list of list of dict
        By year and draw, as :func:`solve_face` takes it.
    """
    names = sorted({str(name) for face in faces for name in face.point["link"].to_numpy()})
    drawn = xr.DataArray(
        np.random.default_rng(seed).normal(size=(count, len(names))), coords={"link": names}, dims=("draw", "link")
    )
    found = []
    for face in faces:
        length = face.point.sizes["snapshot"]
        none = np.zeros((length, face.point.sizes["generator"]))
        rows = drawn.sel(link=face.point["link"].to_numpy()).to_numpy()
        found.append([spread_worth(face.program.layout, np.tile(row, (length, 1)), none) for row in rows])
    return found


def spread_worth(layout: Layout, links: Numbers, generators: Numbers) -> dict[str, Numbers]:
    """Return the worth of flows of components, given that of the elements of results they are parts of.

    Parameters
    ----------
    layout : Layout
        Of the network.
    links, generators : numpy.ndarray
        By snapshot and element.

    Returns
    -------
    dict of str to numpy.ndarray
        By snapshot and component; one that may flow backwards has the mean of both ways.
    """
    count = len(layout.names["Link"])
    branches = np.zeros((len(links), count + len(layout.names["Line"]) + len(layout.reverse)))
    parts = np.zeros((len(links), len(layout.names["Generator"])))
    for merge, values, into in ((layout.branches, links, branches), (layout.generators, generators, parts)):
        counts = np.diff([*merge.starts, len(merge.order)])
        into[:, merge.order] = np.repeat(values[:, merge.elements], counts, axis=1)
    forward = branches[:, : branches.shape[1] - len(layout.reverse)]
    backward = branches[:, forward.shape[1] :]
    forward[:, layout.reverse] = (forward[:, layout.reverse] - backward) / 2
    return {
        "Link-p": forward[:, :count],
        "Line-s": forward[:, count:],
        "Generator-p": parts * layout.signs["Generator"],
    }
