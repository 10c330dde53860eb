"""Shares of a total."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from energyflows.metrics._arguments import refuse_cells, require_rate, take_volume
from energyflows.metrics._pandas import Labelled, read_table
from energyflows.metrics._registry import metric


@metric(
    symbol="pᵢ",
    unit="1",
    bounds=(0, 1),
    higher_is="larger",
    group="diversification",
    references=("hirschman1945",),
    formula="pᵢ = vᵢ / Σⱼ vⱼ",
)
def shares(volume: Labelled, *, dim: str = "origin") -> xr.DataArray:
    r"""Return the part of each origin in the total.

    Parameters
    ----------
    volume : xarray.DataArray or pandas.Series or pandas.DataFrame, [any unit of energy]
        Not negative, with dim ``dim``.
    dim : str
        What shares are of: origin, route, owner, seller …

    Returns
    -------
    xarray.DataArray or pandas, [1]
        With all dims of ``volume``.

    Raises
    ------
    UsageError
        If a volume is negative, infinite or no number, or ``dim`` is missing.

    Notes
    -----
    .. math:: p_i = \frac{v_i}{\sum_j v_j}

    A negative volume within 1e-9 of the largest is a solver's rounding and counts as zero.
    Undefined (NaN) if nothing is supplied or a volume is NaN.

    References
    ----------
    Hirschman (1945), National Power and the Structure of Foreign Trade.

    Examples
    --------
    >>> import pandas as pd
    >>> shares(pd.Series({"AZ": 10.0, "NO": 30.0})).to_dict()
    {'AZ': 0.25, 'NO': 0.75}
    """
    return take_shares(volume, dim)


def check_shares(shares: Labelled, *, dim: str = "origin", tolerance: float = 1e-6) -> None:
    """Refuse shares that do not sum to one.

    Metrics divide by the total, so that shares that leave somebody out would be blown up unseen. Shares that pass may
    be handed to any metric as its volume.

    Parameters
    ----------
    shares : xarray.DataArray or pandas.Series or pandas.DataFrame, [1]
        With dim ``dim``; all NaN where nothing is supplied.
    dim : str
        Over which they sum to one.
    tolerance : float
        Largest difference from one.

    Raises
    ------
    UsageError
        If a sum differs from one or only some of its shares are known, naming where; if a share is negative, infinite
        or no number.

    Examples
    --------
    >>> import pandas as pd
    >>> check_shares(pd.Series({"AZ": 0.25, "NO": 0.75}))
    """
    require_rate(tolerance, "tolerance")
    table = isinstance(shares, pd.Series | pd.DataFrame)
    array = take_volume(read_table(shares, dim, "shares", absent=0.0) if table else shares, dim, "shares")
    # What is not listed is nothing, unless all that is listed is unknown.
    given = read_table(shares, dim, "shares") if table else array
    unknown, nothing = (xr.DataArray(np.isnan(each)) for each in (array, given))
    partly = unknown.any(dim) & ~nothing.all(dim)
    known = array.sum(dim)
    refuse_cells(f"some shares over {dim} are unknown (NaN), so their sum is; the others sum to", known, partly)
    total = array.sum(dim, skipna=False)
    refuse_cells(f"shares do not sum to 1 over {dim}", total, abs(total - 1) > tolerance)


def take_shares(volume: Labelled, dim: str, name: str = "volume") -> xr.DataArray:
    """Return checked volumes divided by their total over a dim; NaN where that is zero or unknown.

    Parameters
    ----------
    volume : xarray.DataArray
        The argument.
    dim : str
        Of origins, routes …
    name : str
        Of the argument, for messages.

    Returns
    -------
    xarray.DataArray, [1]
        Of the same dims.
    """
    checked = take_volume(volume, dim, name)
    # By the largest first: the sum of very large volumes is no number.
    scaled = checked / _positive(checked.max(dim, skipna=False))
    return scaled / _positive(scaled.sum(dim))


def _positive(total: xr.DataArray) -> xr.DataArray:
    return total.where(total > 0)
