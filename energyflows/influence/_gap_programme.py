"""The linear programme of the gap: deviations from a reference flow, laid out once for each year."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from energyflows.influence._gap_reading import Year
from energyflows.influence._gap_tanks import Positions
from energyflows.influence.curtailment import Floats

_GWH_PER_TWH = 1e3
#: Blocks of columns, in order: links send more or less, generators stay idle, stores take more, levels are higher,
#: consumption is cut, stores lose less, stores end lower.
BLOCKS = ("more", "less", "idle", "filled", "level", "cut", "kept", "lacking")


class Programme(NamedTuple):
    """Deviations from the reference: ``balance @ x = 0``, ``yearly @ x`` what is cut by consumer, TWh.

    ``slices`` tells where each block of columns lies, ``moved`` the TWh a link's deviation stands for, zero for other
    columns, ``kept`` which of all columns these are.
    """

    balance: sp.csr_array
    yearly: sp.csr_array
    lower: Floats
    upper: Floats
    slices: dict[str, slice]
    moved: Floats
    kept: Positions


def lay_programme(year: Year) -> Programme:
    r"""Write down by how much a year can deviate from its reference.

    Parameters
    ----------
    year : Year
        From :func:`~energyflows.influence._gap_reading.read_year`.

    Returns
    -------
    Programme
        At zero it is the reference.

    Notes
    -----
    Bus b, snapshot t: :math:`\sum_{l \to b} \eta_l (u_l - d_l) - \sum_{b \to l} (u_l - d_l) - \sum_g i_g - \sum_s v_s +
    c_b = 0` with more sent u, less sent d, idle i, more filled v and cut c; store s: :math:`e_t - e_{t-1} = w_t v_t +
    k_t` with level e, days w, and k by how much less is lost.
    """
    steps, places, tanks = len(year.days), len(year.buses), year.tanks
    at_end = _place(year.yields, year.ends, places) - _place(np.ones_like(year.sent), year.begins, places)
    idle, filled, cut = (
        _place(np.ones_like(rates), where, places)
        for rates, where in ((year.supplied, year.places), (tanks.net, tanks.places), (year.consumed, year.eaters))
    )
    count = len(tanks.places)
    days = sp.diags_array(np.repeat(year.days, count)) if count else sp.csr_array((0, 0))
    size = steps * count
    later = sp.eye_array(size) - sp.eye_array(size, k=-count) if count else sp.csr_array((0, 0))
    ending = sp.csr_array((np.ones(count), (np.arange(size - count, size), np.arange(count))), shape=(size, count))
    unit = sp.eye_array(size)
    balance = sp.block_array(
        [
            [at_end, -at_end, -idle, -filled, None, cut, None, None],
            [None, None, None, -days, later, None, -unit, -ending],
        ]
    )
    bounds = _bound(year)
    ends = np.cumsum([0, *(len(bounds[name][0]) for name in BLOCKS)])
    slices = {name: slice(ends[i], ends[i + 1]) for i, name in enumerate(BLOCKS)}
    lower, upper = (np.concatenate([bounds[name][side] for name in BLOCKS]) for side in (0, 1))
    eaters = year.consumed.shape[1]
    weights = np.repeat(year.days, eaters) / _GWH_PER_TWH
    columns = np.arange(slices["cut"].start, slices["cut"].stop)
    yearly = sp.csr_array((weights, (np.tile(np.arange(eaters), steps), columns)), shape=(eaters, int(ends[-1])))
    moved = np.zeros(len(lower))
    moved[: slices["less"].stop] = np.tile(np.repeat(year.days, year.sent.shape[1]) / _GWH_PER_TWH, 2)
    return Programme(sp.csr_array(balance), yearly, lower, upper, slices, moved, np.arange(len(lower)))


def _place(values: Floats, where: Positions, places: int) -> sp.csr_array:
    """Return what elements mean for buses, snapshot by snapshot."""
    steps, count = values.shape
    rows = (np.arange(steps)[:, None] * places + where[None, :]).ravel()
    shape = (steps * places, steps * count)
    return sp.csr_array((values.ravel(), (rows, np.arange(steps * count))), shape=shape)


def _bound(year: Year) -> dict[str, tuple[Floats, Floats]]:
    """Return the bounds of each block of columns, snapshot by snapshot."""
    tanks = year.tanks
    low, last = -tanks.level, tanks.level[-1]
    # Stores end no lower than they did; what they then lack is a column of its own.
    low[-1] = 0.0
    nothing = np.zeros_like
    bounds = {
        "more": (nothing(year.sent), year.spare),
        "less": (nothing(year.sent), year.sent),
        "idle": (nothing(year.supplied), year.supplied),
        "filled": (tanks.slowest - tanks.net, tanks.fastest - tanks.net),
        "level": (low, tanks.fullest - tanks.level),
        "cut": (nothing(year.consumed), year.consumed),
        "kept": (nothing(tanks.lost), tanks.lost),
        "lacking": (nothing(last), last),
    }
    return {name: (lower.ravel(), upper.ravel()) for name, (lower, upper) in bounds.items()}


def silence(programme: Programme, year: Year, origin: str) -> Programme:
    """Return the programme in which a supplier gives nothing.

    Parameters
    ----------
    programme : Programme
        Of the year.
    year : Year
        Where the supplier's generators are.
    origin : str
        The supplier.

    Returns
    -------
    Programme
        Its generators are idle; columns that can only be zero are left out.
    """
    lower, block = programme.lower.copy(), programme.slices["idle"]
    lower[block] = np.where(year.origins == origin, year.supplied, 0.0).ravel()
    kept = np.flatnonzero((programme.upper != 0) | (lower != 0))
    edges = {name: np.searchsorted(kept, (block.start, block.stop)) for name, block in programme.slices.items()}
    return Programme(
        balance=sp.csr_array(programme.balance[:, kept]),
        yearly=sp.csr_array(programme.yearly[:, kept]),
        lower=lower[kept],
        upper=programme.upper[kept],
        slices={name: slice(int(first), int(last)) for name, (first, last) in edges.items()},
        moved=programme.moved[kept],
        kept=kept,
    )
