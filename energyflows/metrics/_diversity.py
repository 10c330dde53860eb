"""Over how many suppliers supply is spread, how evenly, and how different they are."""

from __future__ import annotations

import numbers

import numpy as np
import xarray as xr
from scipy.special import entr

from energyflows.errors import UsageError
from energyflows.metrics._arguments import take_matrix
from energyflows.metrics._pandas import Labelled
from energyflows.metrics._registry import metric
from energyflows.metrics._shares import take_shares

#: Nearer to 1 than this, the number of suppliers of an order is that of order 1: the general form loses its digits.
_NEAR_ONE = 1e-8


@metric(
    symbol="S",
    unit="1",
    bounds=(0, None),
    higher_is="diverse",
    group="diversification",
    references=("shannon1948",),
    formula="S = −Σ pᵢ ln pᵢ",
)
def shannon(volume: Labelled, *, dim: str = "origin") -> xr.DataArray:
    r"""Return the entropy of supply over its origins.

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
    .. math:: S = -\sum_i p_i \ln p_i, \quad 0 \ln 0 = 0

    From 0 for one origin to ln n for n equal ones; small suppliers count for more than in :func:`simpson`.
    Undefined (NaN) if nothing is supplied or a volume is NaN.

    References
    ----------
    Shannon (1948), A mathematical theory of communication.

    Examples
    --------
    >>> import pandas as pd
    >>> supply = pd.Series({"AZ": 10.0, "NO": 30.0})
    >>> round(shannon(supply), 4)
    0.5623
    """
    return _sum_entropy(take_shares(volume, dim), dim)


@metric(
    symbol="D",
    unit="1",
    bounds=(0, 1),
    higher_is="diverse",
    group="diversification",
    references=("simpson1949",),
    formula="D = 1 − Σ pᵢ²",
)
def simpson(volume: Labelled, *, dim: str = "origin") -> xr.DataArray:
    r"""Return the chance that two units of gas have different origins.

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
    .. math:: D = 1 - \sum_i p_i^2

    From 0 for one origin to 1 − 1/n for n equal ones.
    Undefined (NaN) if nothing is supplied or a volume is NaN.

    References
    ----------
    Simpson (1949), Measurement of diversity.

    Examples
    --------
    >>> import pandas as pd
    >>> supply = pd.Series({"AZ": 10.0, "NO": 30.0})
    >>> simpson(supply)
    0.375
    """
    return 1 - (take_shares(volume, dim) ** 2).sum(dim, skipna=False)


@metric(
    symbol="N_q",
    unit="suppliers",
    bounds=(1, None),
    higher_is="diverse",
    group="diversification",
    references=("hill1973",),
    formula="N_q = (Σ pᵢ^q)^(1 / (1 − q)); N₁ = e^S, N₂ = 1 / HHI",
)
def effective_suppliers(volume: Labelled, *, order: float = 2, dim: str = "origin") -> xr.DataArray:
    r"""Return how many equal suppliers would be as diverse as those there are.

    Parameters
    ----------
    volume : xarray.DataArray or pandas.Series or pandas.DataFrame, [any unit of energy]
        Not negative, with dim ``dim``.
    order : float
        From 0 (counts all alike) over 1 (entropy) and 2 (inverse HHI) to infinity (inverse of the largest share): the
        higher, the less small suppliers count.
    dim : str
        What shares are of: origin, route, owner, seller …

    Returns
    -------
    xarray.DataArray or pandas, [suppliers]
        Without ``dim``.

    Raises
    ------
    UsageError
        If a volume is negative, infinite or no number, or ``dim`` is missing, or ``order`` is
        negative or no number.

    Notes
    -----
    .. math:: N_q = \Bigl(\sum_i p_i^q\Bigr)^{1 / (1 - q)}, \quad N_1 = e^{S}, \quad N_\infty = \frac{1}{\max_i p_i}

    Hill's number of order q, over origins that supply. From 1 to n; never rises with q.
    Of order 0, however small a volume is, its origin counts as a whole supplier: drop what is only rounding first,
    ``volume.where(volume > least, 0)``.
    Undefined (NaN) if nothing is supplied or a volume is NaN.

    References
    ----------
    Hill (1973), Diversity and evenness: a unifying notation and its consequences.

    Examples
    --------
    >>> import pandas as pd
    >>> supply = pd.Series({"AZ": 10.0, "NO": 30.0})
    >>> effective_suppliers(supply), effective_suppliers(supply, order=0)
    (1.6, 2.0)
    """
    if isinstance(order, bool) or not isinstance(order, numbers.Real) or not order >= 0:
        raise UsageError(f"found order={order!r}, expected a number from 0 to infinity")
    found = take_shares(volume, dim)
    if abs(order - 1) < _NEAR_ONE:
        return np.exp(_sum_entropy(found, dim))
    largest = found.max(dim, skipna=False)
    if np.isinf(order):
        return 1 / largest
    # By the largest first where powers are high: those of small shares are zero.
    scale = largest if order > 2 else xr.ones_like(largest)
    powers = _raise_positive(found / scale, float(order)).sum(dim, skipna=False)
    return scale ** (order / (1 - order)) * powers ** (1 / (1 - order))


@metric(
    symbol="J",
    unit="1",
    bounds=(0, 1),
    higher_is="even",
    group="diversification",
    references=("pielou1966",),
    formula="J = −Σ pᵢ ln pᵢ / ln n, n origins that supply",
)
def evenness(volume: Labelled, *, dim: str = "origin") -> xr.DataArray:
    r"""Return how evenly supply is spread over those who supply.

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
    .. math:: J = \frac{-\sum_i p_i \ln p_i}{\ln n}

    n counts the origins that supply. 1 if all supply the same. However small a volume is, its origin counts in n, so
    that a trace of 1e-12 of the total lowers the value: drop what is only rounding first,
    ``volume.where(volume > least, 0)``. Undefined (NaN) with a single supplier, if nothing is
    supplied or a volume is NaN.

    References
    ----------
    Pielou (1966), The measurement of diversity in different types of biological collections.

    Examples
    --------
    >>> import pandas as pd
    >>> supply = pd.Series({"AZ": 10.0, "NO": 30.0})
    >>> round(evenness(supply), 4)
    0.8113
    """
    found = take_shares(volume, dim)
    supplying = (found > 0).sum(dim)
    return _sum_entropy(found, dim) / np.log(supplying.where(supplying > 1))


@metric(
    symbol="Δ",
    unit="1",
    bounds=(0, None),
    higher_is="diverse",
    group="diversification",
    references=("stirling2007", "rao1982"),
    formula="Δ = Σ_{i≠j} dᵢⱼ^α (pᵢ pⱼ)^β, over ordered pairs",
)
def rao_stirling(
    volume: Labelled, disparity: Labelled, *, alpha: float = 1.0, beta: float = 1.0, dim: str = "origin"
) -> xr.DataArray:
    r"""Return how diverse supply is if some suppliers are more alike than others.

    Parameters
    ----------
    volume : xarray.DataArray or pandas.Series or pandas.DataFrame, [any unit of energy]
        Not negative, with dim ``dim``.
    disparity : xarray.DataArray or pandas.DataFrame, [1]
        How different two origins are; dims ``(dim, dim + "_")``, symmetric, not negative, with 0 on the diagonal.
    alpha, beta : float
        Weight of disparity and of balance; 0 takes either out.
    dim : str
        What shares are of: origin, route, owner, seller …

    Returns
    -------
    xarray.DataArray or pandas, [1]
        Without ``dim``.

    Raises
    ------
    UsageError
        If a volume is negative, infinite or no number, or ``dim`` is missing, if
        ``disparity`` is not such a matrix or lacks an origin, or an exponent is negative.

    Notes
    -----
    .. math:: \Delta = \sum_{i \ne j} d_{ij}^{\alpha} (p_i p_j)^{\beta}

    Over ordered pairs of origins that both supply: each pair counts twice. With α = 0 and β = 1 it is :func:`simpson`,
    with α = β = 0 it is n (n − 1); with β = 1 and disparities up to 1 it stays below 1. Undefined (NaN) if nothing is
    supplied or a volume is NaN.

    References
    ----------
    Stirling (2007), A general framework for analysing diversity in science, technology and society; Rao (1982).

    Examples
    --------
    >>> import pandas as pd
    >>> supply = pd.Series({"AZ": 10.0, "NO": 30.0})
    >>> names = ["AZ", "NO"]
    >>> round(rao_stirling(supply, pd.DataFrame([[0.0, 0.8], [0.8, 0.0]], names, names)), 4)
    0.3
    """
    for name, value in {"alpha": alpha, "beta": beta}.items():
        if isinstance(value, bool) or not isinstance(value, numbers.Real) or not 0 <= value < np.inf:
            raise UsageError(f"found {name}={value!r}, expected a number from 0")
    found = take_shares(volume, dim)
    distance = take_matrix(disparity, found, dim, "disparity", own=0)
    # 0 to the power 0 is 1: the diagonal and those who supply nothing are no pairs.
    apart = distance**alpha * (1 - np.eye(distance.sizes[dim]))
    weight = _raise_positive(found, beta)
    other = weight.rename({dim: f"{dim}_"}).reset_coords(drop=True)
    total: xr.DataArray = xr.dot(weight, apart, other, dim=[dim, f"{dim}_"])
    return total


def _sum_entropy(found: xr.DataArray, dim: str) -> xr.DataArray:
    terms: xr.DataArray = xr.apply_ufunc(entr, found)
    return terms.sum(dim, skipna=False)


def _raise_positive(found: xr.DataArray, power: float) -> xr.DataArray:
    """Return powers; what is zero stays zero, also to the power zero."""
    return (found**power).where(found != 0, 0.0)
