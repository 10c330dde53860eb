"""What users call for results of the model."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial
from typing import Any

import numpy as np
import xarray as xr

from energyflows.errors import ResultsError, UsageError, list_problems, require
from energyflows.tracing._blocks import Traced, trace_block
from energyflows.tracing._checking import find_problems
from energyflows.tracing._mixing import Floats
from energyflows.tracing._options import COUPLING, find_wrong_words
from energyflows.tracing._reading import Figures, Parts, read_figures, read_parts
from energyflows.tracing._rules import read_rules
from energyflows.tracing._stacking import list_leads
from energyflows.tracing._starting import (
    START,
    find_period,
    find_wrong_shares,
    label_shares,
    name_tanks,
    place_shares,
)
from energyflows.tracing._tanks import STORAGE, find_start

#: Numbers held at a time.
_BLOCK = 2_000_000
#: Share of a mix below which the unknown origin is rounding.
_LEAST_UNKNOWN = 1e-12
_VARIABLES = {
    "delivered": ("GWh/d", "snapshot bus origin"),
    "mix": ("1", "snapshot bus origin"),
    "stored": ("GWh", "snapshot tank origin"),
    "stored_before": ("GWh", "tank origin"),
    "supplied": ("GWh/d", "snapshot origin"),
    "lost": ("GWh/d", "snapshot origin"),
    "adjusted": ("GWh/d", "snapshot origin"),
    "relabelled": ("GWh/d", "snapshot origin"),
}


def trace(
    results: xr.Dataset,
    storage: str = "mixed",
    start: Any = "chained",
    coupling: str = "direct",
    *,
    rules: Any = None,
) -> xr.Dataset:
    r"""Tell from which origins the gas at every bus comes.

    Gas that enters a bus mixes, and whatever leaves it carries the mix: proportional sharing. Tanks remember what they
    were filled with.

    Parameters
    ----------
    results : xarray.Dataset
        From :func:`energyflows.run` or any other program, with any dims (``scenario``, ``draw``) beside those of the
        results contract. All stores of a bus are one tank.
    storage : {"mixed", "fifo", "lifo"}
        Whether the gas of a tank mixes, or the oldest or the newest leaves first.
    start : {"chained", "cyclic"}, pandas.DataFrame or xarray.DataArray
        What tanks hold at first. ``cyclic``: the mix they end with. ``chained``: the mix they end the first year with;
        later years follow from it. Known shares: tanks by origins, rows summing to 1, or all NaN where nothing is
        known; a tank is named by its own bus (``DE storage``) or by the zone it serves (``DE``).
    coupling : {"direct", "aggregated"}
        Whether output mixes with transit, or what a country produces itself serves its own demand first, so that only
        the rest flows on.
    rules : pandas.DataFrame or xarray.DataArray, optional
        What is said of gas on the way: rows of table ``rules`` of the kind ``routing`` (gas that link ``zone`` carries
        counts as ``origin``, for the share ``value``, while valid), or shares by ``link`` and ``origin``. None hold by
        themselves; a share below 1 leaves the rest its mix.

    Returns
    -------
    xarray.Dataset
        With the dims of the results and ``origin``: ``delivered`` (GWh/d, what each bus consumes; neither unserved
        demand nor response), ``mix`` (1, of what flows through a bus), ``stored`` (GWh by ``tank``, at the end of the
        snapshot), ``stored_before`` (GWh, when the first snapshot begins), and by origin ``supplied``, ``lost`` (on
        links), ``adjusted`` (GWh/d, changes of stocks that no flow explains, as where a year starts from observed
        stocks, or in tanks that leak) and ``relabelled`` (GWh/d, what rules give; zero in sum).

    Raises
    ------
    UsageError
        For words, shares or rules that cannot be used.
    ResultsError
        If something is missing, negative or at an unknown bus, a bus does not balance, or a tank gives more than it
        held; all at once.

    Notes
    -----
    With :math:`r_{ji}` what bus :math:`i` receives from :math:`j`, :math:`p_{io}` its output of origin :math:`o`,
    :math:`w_i` what its tank gives and :math:`T_i` the sum of all three,

    .. math:: x_{io} - \sum_j \frac{r_{ji}}{T_i} x_{jo} = \frac{p_{io}}{T_i} + \frac{w_i}{T_i} s_{io}

    Losses carry the mix of the sending end. ``mix`` is NaN at a bus nothing flows through, and in a loop that nothing
    enters; ``stored`` is NaN in a tank that nothing was put into. If such a tank gives gas nevertheless, that has the
    origin ``unknown``, which exists only then; as it may all be of one origin :math:`o` or none of it, the share of
    :math:`o` lies between what is shown and that plus ``unknown``. A tank that ends empty counts as ending with the
    gas it gave last.

    For each origin, the sum over snapshots of days times (supplied + adjusted + relabelled − lost − delivered) is the
    change of ``stored``.

    References
    ----------
    Bialek (1996), Tracing the flow of electricity, IEE Proc. GTD 143, 310–320; Kirschen, Allan & Strbac (1997),
    Contributions of individual generators to loads and flows, IEEE Trans. Power Systems 12, 52–60; Hörsch et al.
    (2018), Flow tracing as a tool set for the analysis of networked large-scale renewable electricity systems, IJEPES
    96, 390–397.

    Examples
    --------
    >>> from energyflows import run
    >>> traced = trace(run(years=2025))
    >>> mix = traced["mix"].sel(bus="TAP").isel(snapshot=0)
    >>> mix["origin"].values[mix > 0].tolist()
    ['AZ']
    """
    require(results, "data_vars coords", "an xarray.Dataset of results")
    shares, ruled = _check(results, storage, start, coupling, rules)
    more = [] if shares is None else [str(name) for name in shares["origin"].to_numpy()]
    parts = read_parts(results, more, ruled)
    figures = read_figures(results, parts, ruled)
    if shares is None:
        period = find_period(results, start)
        found = _trace_blocks(
            parts, figures, lambda _, held: find_start(held[:, period], len(parts.origins)), (storage, coupling)
        )
    else:
        given = place_shares(shares, results, parts, figures)
        found = _trace_blocks(parts, figures, lambda leads, _: given[leads], (storage, coupling))
    told = start if isinstance(start, str) else "given"
    attrs = {"storage": storage, "start": told, "coupling": coupling, "program": "energyflows"}
    return _label(found, parts, results).assign_attrs(attrs)


def _check(
    ds: xr.Dataset, storage: str, start: Any, coupling: str, rules: Any
) -> tuple[xr.DataArray | None, xr.DataArray | None]:
    """Refuse what cannot be traced; return the shares given and those of rules, if any."""
    wrong = find_wrong_words(storage=(storage, STORAGE), coupling=(coupling, COUPLING))
    shares = label_shares(start)
    if shares is None and not (isinstance(start, str) and start in START):
        found = repr(start) if isinstance(start, str) else type(start).__name__
        wrong.append(f"start: found {found}, expected 'cyclic', 'chained' or a table of shares, tanks by origins")
    problems = find_problems(ds)
    ruled = None
    if not problems:
        wrong += [] if shares is None else find_wrong_shares(shares, ds)
        ruled, more = read_rules(rules, ds)
        wrong += more
    if wrong:
        raise UsageError(list_problems("this cannot be traced:", wrong + problems))
    if problems:
        raise ResultsError(list_problems("these results cannot be traced:", problems))
    return shares, ruled


def _trace_blocks(
    parts: Parts, figures: Figures, begin: Callable[[slice, Floats], Floats], options: tuple[str, str]
) -> Traced:
    """Trace all leads, as many at a time as fit into memory."""
    leads, steps, nodes = figures.consumed.shape
    numbers = steps * nodes * (len(parts.origins) + len(parts.tanks))
    if options[0] != "mixed":
        numbers += steps * len(parts.tanks) * (len(parts.origins) + len(parts.tanks))
    size = max(1, _BLOCK // max(1, numbers))
    found = []
    for first in range(0, leads, size):
        block = slice(first, first + size)
        found.append(trace_block(parts, figures.choose(block), partial(begin, block), options))
    if len(found) == 1:
        return found[0]
    return Traced(*(np.concatenate(arrays) for arrays in zip(*found, strict=True)))


def _label(found: Traced, parts: Parts, ds: xr.Dataset) -> xr.Dataset:
    """Put names, units and coordinates on what was found."""
    leads = list_leads(ds)
    shape = [ds.sizes[dim] for dim in leads]
    found, kept = _hide_unknown(found)
    variables = {}
    for name, (unit, dims) in _VARIABLES.items():
        array = getattr(found, name)[..., kept]
        array = array.reshape(*shape, *array.shape[1:])
        variables[name] = ((*leads, *dims.split()), array, {"units": unit})
    coords: dict[Hashable, Any] = {
        name: ds[name] for name in ds.coords if set(ds[name].dims) <= {*leads, "snapshot", "bus"}
    }
    tanks = name_tanks(ds)
    return xr.Dataset(
        variables,
        coords={
            **coords,
            "weight_days": ds["weight_days"].reset_coords(drop=True),
            "tank": np.array(list(tanks), dtype=str),
            "tank_zone": ("tank", np.array(list(tanks.values()), dtype=str)),
            "origin": parts.origins[kept],
        },
    )


def _hide_unknown(found: Traced) -> tuple[Traced, slice]:
    """Say which origins to show; if unknown gas stays in its tanks, those have no mix and it is no origin."""
    if max(found.mix[..., -1].max(initial=0.0, where=~np.isnan(found.mix[..., -1])), 0.0) > _LEAST_UNKNOWN:
        return found, slice(None)
    return found._replace(stored=_blank(found.stored), stored_before=_blank(found.stored_before)), slice(-1)


def _blank(stored: Floats) -> Floats:
    """Return content by origin, missing where some of it is unknown."""
    return np.where(stored[..., -1:] > 0, np.nan, stored)
