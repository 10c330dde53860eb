"""How much of the supply is in how few hands."""

from __future__ import annotations

import numbers
from collections.abc import Hashable, Iterable, Sequence
from typing import Any

import numpy as np
import xarray as xr

from energyflows.errors import UsageError, suggest
from energyflows.metrics._arguments import take_matrix
from energyflows.metrics._pandas import Labelled
from energyflows.metrics._registry import metric
from energyflows.metrics._shares import take_shares


@metric(
    symbol="HHI",
    unit="1",
    bounds=(0, 1),
    higher_is="concentrated",
    group="diversification",
    references=("hirschman1945", "herfindahl1950", "doj2023"),
    formula="HHI = Σ pᵢ²",
)
def hhi(volume: Labelled, *, dim: str = "origin") -> xr.DataArray:
    r"""Return the Herfindahl–Hirschman concentration of supply.

    The chance that two units of gas drawn at random have the same origin.

    Parameters
    ----------
    volume : xarray.DataArray or pandas.Series or pandas.DataFrame, [any unit of energy]
        Not negative, with dim ``dim``.
    dim : str
        What shares are of: origin, route, owner, seller …

    Returns
    -------
    xarray.DataArray or pandas, [1]
        Without ``dim``.

    Raises
    ------
    UsageError
        If a volume is negative, infinite or no number, or ``dim`` is missing.

    Notes
    -----
    .. math:: H = \sum_i p_i^2

    From 1/n for n equal origins to 1 for one; × 10 000 it is in points, of which the US guidelines call 1 800 highly
    concentrated. Merging two suppliers raises it by twice the product of their shares.
    Undefined (NaN) if nothing is supplied or a volume is NaN.

    References
    ----------
    Hirschman (1945), National Power and the Structure of Foreign Trade; Herfindahl (1950), Concentration in the Steel
    Industry; U.S. Department of Justice & Federal Trade Commission (2023), Merger Guidelines.

    Examples
    --------
    >>> import pandas as pd
    >>> supply = pd.Series({"AZ": 10.0, "NO": 30.0})
    >>> hhi(supply)
    0.625
    """
    return (take_shares(volume, dim) ** 2).sum(dim, skipna=False)


@metric(
    symbol="HHIᵢ",
    unit="1",
    bounds=(0, 1),
    higher_is="concentrated",
    group="diversification",
    references=("hirschman1945",),
    formula="HHIᵢ = pᵢ²",
)
def hhi_contribution(volume: Labelled, *, dim: str = "origin") -> xr.DataArray:
    r"""Return what each origin adds to the concentration of supply.

    Parameters
    ----------
    volume : xarray.DataArray or pandas.Series or pandas.DataFrame, [any unit of energy]
        Not negative, with dim ``dim``.
    dim : str
        What shares are of: origin, route, owner, seller …

    Returns
    -------
    xarray.DataArray or pandas, [1]
        With all dims of ``volume``; sums to :func:`hhi` over ``dim``.

    Raises
    ------
    UsageError
        If a volume is negative, infinite or no number, or ``dim`` is missing.

    Notes
    -----
    .. math:: H_i = p_i^2

    Undefined (NaN) if nothing is supplied or a volume is NaN.

    References
    ----------
    Hirschman (1945), National Power and the Structure of Foreign Trade.

    Examples
    --------
    >>> import pandas as pd
    >>> supply = pd.Series({"AZ": 10.0, "NO": 30.0})
    >>> hhi_contribution(supply).to_dict()
    {'AZ': 0.0625, 'NO': 0.5625}
    """
    return take_shares(volume, dim) ** 2


@metric(
    symbol="CRₖ",
    unit="1",
    bounds=(0, 1),
    higher_is="concentrated",
    group="diversification",
    references=("hirschman1945",),
    formula="CRₖ = p₍₁₎ + … + p₍ₖ₎, the k largest shares",
)
def concentration_ratio(volume: Labelled, *, k: int = 1, dim: str = "origin") -> xr.DataArray:
    r"""Return the share of the k largest suppliers together.

    Parameters
    ----------
    volume : xarray.DataArray or pandas.Series or pandas.DataFrame, [any unit of energy]
        Not negative, with dim ``dim``.
    k : int
        How many; 1 is the share of the largest.
    dim : str
        What shares are of: origin, route, owner, seller …

    Returns
    -------
    xarray.DataArray or pandas, [1]
        Without ``dim``.

    Raises
    ------
    UsageError
        If a volume is negative, infinite or no number, or ``dim`` is missing, or ``k`` is no whole number from 1.

    Notes
    -----
    .. math:: C_k = \sum_{i=1}^{k} p_{(i)}, \quad p_{(1)} \ge p_{(2)} \ge \dots

    1 if there are no more than k origins.
    Undefined (NaN) if nothing is supplied or a volume is NaN.

    References
    ----------
    Hirschman (1945), National Power and the Structure of Foreign Trade.

    Examples
    --------
    >>> import pandas as pd
    >>> supply = pd.Series({"AZ": 10.0, "NO": 30.0})
    >>> concentration_ratio(supply, k=1)
    0.75
    """
    if isinstance(k, bool) or not isinstance(k, numbers.Integral) or k < 1:
        raise UsageError(f"found k={k!r}, expected a whole number from 1: how many of the largest suppliers")
    found = take_shares(volume, dim)
    ordered = np.sort(found.transpose(..., dim).to_numpy(), axis=-1)
    return found.isel({dim: 0}, drop=True).copy(data=ordered[..., -k:].sum(axis=-1))


@metric(
    symbol="G",
    unit="1",
    bounds=(0, 1),
    higher_is="unequal",
    group="diversification",
    references=("gini1912",),
    formula="G = Σᵢ Σⱼ |pᵢ − pⱼ| / (2 n), n origins that supply",
)
def gini(volume: Labelled, *, dim: str = "origin") -> xr.DataArray:
    r"""Return how unequal the volumes of the suppliers are.

    Parameters
    ----------
    volume : xarray.DataArray or pandas.Series or pandas.DataFrame, [any unit of energy]
        Not negative, with dim ``dim``.
    dim : str
        What shares are of: origin, route, owner, seller …

    Returns
    -------
    xarray.DataArray or pandas, [1]
        Without ``dim``.

    Raises
    ------
    UsageError
        If a volume is negative, infinite or no number, or ``dim`` is missing.

    Notes
    -----
    .. math:: G = \frac{\sum_i \sum_j |p_i - p_j|}{2 n \sum_i p_i} = \frac{2 \sum_r r\,p_{(r)}}{n} - \frac{n + 1}{n}

    n counts the origins that supply, r ranks them from the smallest. From 0 for equal volumes (also for a single
    supplier, who is very concentrated) to 1 − 1/n: read it beside :func:`hhi`, never alone.
    However small a volume is, its origin counts in n, so that a trace of 1e-12 of the total raises the value: drop what
    is only rounding first, ``volume.where(volume > least, 0)``.
    Undefined (NaN) if nothing is supplied or a volume is NaN.

    References
    ----------
    Gini (1912), Variabilità e mutabilità.

    Examples
    --------
    >>> import pandas as pd
    >>> supply = pd.Series({"AZ": 10.0, "NO": 30.0})
    >>> gini(supply)
    0.25
    """
    found = take_shares(volume, dim)
    ordered = np.sort(found.transpose(..., dim).to_numpy(), axis=-1)
    supplying = (ordered > 0).sum(axis=-1)
    # Zeros come first: ranks of suppliers begin behind them, and those of zeros do not count.
    ranks = np.arange(1, ordered.shape[-1] + 1) - (ordered.shape[-1] - supplying[..., None])
    ranked = (ranks * ordered).sum(axis=-1)
    count = np.maximum(supplying, 1)
    unequal = np.maximum((2 * ranked - count - 1) / count, 0.0)
    return found.isel({dim: 0}, drop=True).copy(data=unequal)


@metric(
    symbol="HHI_κ",
    unit="1",
    bounds=(0, 1),
    higher_is="concentrated",
    group="diversification",
    references=("rao1982", "leinster2012", "obrien2000"),
    formula="HHI_κ = Σᵢ Σⱼ pᵢ κᵢⱼ pⱼ",
)
def hhi_kappa(volume: Labelled, kappa: Labelled, *, dim: str = "origin") -> xr.DataArray:
    r"""Return the concentration of supply if suppliers act partly as one.

    Each pair counts by the weight κ one puts on the other's profit: by a stake, a side deal, a common owner.

    Parameters
    ----------
    volume : xarray.DataArray or pandas.Series or pandas.DataFrame, [any unit of energy]
        Not negative, with dim ``dim``.
    kappa : xarray.DataArray or pandas.DataFrame, [1]
        Dims ``(dim, dim + "_")``; symmetric, from 0 to 1, with 1 on the diagonal.
    dim : str
        What shares are of: origin, route, owner, seller …

    Returns
    -------
    xarray.DataArray or pandas, [1]
        Without ``dim``.

    Raises
    ------
    UsageError
        If a volume is negative, infinite or no number, or ``dim`` is missing,
        or ``kappa`` is not such a matrix or lacks an origin.

    Notes
    -----
    .. math:: H_\kappa = \sum_i \sum_j p_i \kappa_{ij} p_j

    Without links (κ = identity) it is :func:`hhi`; if all act as one (κ = 1) it is 1; κ = 1 for one pair counts the
    two as one supplier. Rao's quadratic entropy of the distances 1 − κ is 1 − H_κ. Undefined (NaN) if nothing is
    supplied or a volume is NaN.

    References
    ----------
    Rao (1982), Diversity and dissimilarity coefficients; Leinster & Cobbold (2012), Measuring diversity; O'Brien &
    Salop (2000), Competitive effects of partial ownership.

    Examples
    --------
    >>> import pandas as pd
    >>> supply = pd.Series({"AZ": 10.0, "NO": 30.0})
    >>> names = ["AZ", "NO"]
    >>> hhi_kappa(supply, pd.DataFrame([[1.0, 0.2], [0.2, 1.0]], names, names))
    0.7
    """
    found = take_shares(volume, dim)
    links = take_matrix(kappa, found, dim, "kappa", own=1)
    other = found.rename({dim: f"{dim}_"}).reset_coords(drop=True)
    total: xr.DataArray = xr.dot(found, links, other, dim=[dim, f"{dim}_"])
    return total


@metric(
    symbol="κ*",
    unit="1",
    bounds=(0, 1),
    higher_is="far from the threshold",
    group="diversification",
    references=("rao1982", "doj2010"),
    formula="κ* = max(0, (0.25 − HHI) / (2 pᵢ pⱼ))",
)
def hidden_concentration_margin(
    volume: Labelled, pair: Sequence[Hashable], *, threshold: float = 0.25, dim: str = "origin"
) -> xr.DataArray:
    r"""Return how closely a pair of suppliers would have to be linked for supply to count as highly concentrated.

    Parameters
    ----------
    volume : xarray.DataArray or pandas.Series or pandas.DataFrame, [any unit of energy]
        Not negative, with dim ``dim``.
    pair : sequence of two labels
        The suppliers, as they are called along ``dim``.
    threshold : float, [1]
        HHI from which supply counts as highly concentrated.
    dim : str
        What shares are of: origin, route, owner, seller …

    Returns
    -------
    xarray.DataArray or pandas, [1]
        Without ``dim``; the κ of the pair.

    Raises
    ------
    UsageError
        If a volume is negative, infinite or no number, or ``dim`` is missing,
        or ``pair`` is not two labels of it, or ``threshold`` is not between 0 and 1.

    Notes
    -----
    .. math:: \kappa^* = \max\left(0, \frac{T - H}{2 p_i p_j}\right)

    0 if supply is that concentrated without any link. Undefined (NaN) if even acting as one (κ = 1) would not do, if
    nothing is supplied or a volume is NaN. The threshold of 0.25 is that of the US guidelines of 2010; those of 2023
    have 0.18.

    References
    ----------
    Rao (1982), Diversity and dissimilarity coefficients; U.S. Department of Justice & Federal Trade Commission (2010),
    Horizontal Merger Guidelines.

    Examples
    --------
    >>> import pandas as pd
    >>> supply = pd.Series({"AZ": 20.0, "RU": 20.0, "NO": 20.0, "DZ": 20.0, "US": 20.0})
    >>> round(hidden_concentration_margin(supply, ("RU", "AZ")), 3)
    0.625
    """
    found = take_shares(volume, dim)
    first, second = (found.sel({dim: label}, drop=True) for label in _check_pair(pair, found, dim))
    if not isinstance(threshold, numbers.Real) or isinstance(threshold, bool) or not 0 < threshold <= 1:
        raise UsageError(f"found threshold={threshold!r}, expected an HHI above 0 and up to 1")
    missing = threshold - (found**2).sum(dim, skipna=False)
    needed = missing / (2 * first * second).where(first * second > 0)
    return xr.where(missing <= 0, 0.0, needed.where(needed <= 1), keep_attrs=False)


def _check_pair(pair: Any, volume: xr.DataArray, dim: str) -> tuple[Hashable, Hashable]:
    """Return two different labels that there are."""
    labels = volume.indexes[dim].tolist() if dim in volume.indexes else []
    found = list(pair) if isinstance(pair, Iterable) and not isinstance(pair, str) else []
    if len(found) != 2 or found[0] == found[1]:
        raise UsageError(f"found pair={pair!r}, expected two different labels of {dim}")
    unknown = [f"{label!r}{suggest(str(label), map(str, labels))}" for label in found if label not in labels]
    if unknown:
        raise UsageError(f"{dim} has no {' and no '.join(unknown)} (it has {', '.join(map(str, labels))})")
    return found[0], found[1]
