"""How much of what is consumed comes from outside, from whom, and how sure they are."""

from __future__ import annotations

import numpy as np
import xarray as xr
from scipy.special import entr

from energyflows.errors import UsageError
from energyflows.metrics._arguments import take_beside, take_volume
from energyflows.metrics._pandas import Labelled
from energyflows.metrics._registry import metric
from energyflows.metrics._shares import take_shares


@metric(
    symbol="M",
    unit="1",
    bounds=(None, None),
    higher_is="dependent",
    group="dependence",
    references=("eurostat2024",),
    formula="M = Σ mᵢ / C",
)
def import_dependence(net_imports: Labelled, consumption: float | Labelled, *, dim: str = "origin") -> xr.DataArray:
    r"""Return the part of consumption that net imports cover.

    Parameters
    ----------
    net_imports : xarray.DataArray or pandas.Series or pandas.DataFrame, [any unit of energy]
        Imports less exports, with dim ``dim``; negative where more goes out.
    consumption : float or xarray.DataArray or pandas.Series, [same unit]
        Gross available energy (Eurostat's form) or consumption; without ``dim``.
    dim : str
        What shares are of: origin, route, owner, seller …

    Returns
    -------
    xarray.DataArray or pandas, [1]
        Without ``dim``.

    Raises
    ------
    UsageError
        If a volume is infinite or no number, or ``dim`` is missing,
        or ``consumption`` is negative.

    Notes
    -----
    .. math:: M = \frac{\sum_i m_i}{C}

    Negative for a net exporter, above 1 if stocks are built up. Undefined (NaN) if nothing is consumed or a figure is
    NaN.

    References
    ----------
    Eurostat (2024), Energy import dependency by products.

    Examples
    --------
    >>> import pandas as pd
    >>> imports = pd.Series({"AZ": 10.0, "NO": 30.0, "CH": -5.0})
    >>> import_dependence(imports, 50.0)
    0.7
    """
    imports = take_volume(net_imports, dim, "net_imports", signed=True)
    return imports.sum(dim, skipna=False) / _take_consumption(consumption, imports, dim)


@metric(
    symbol="SCI",
    unit="1",
    bounds=(0, None),
    higher_is="dependent",
    group="dependence",
    references=("ec2013", "cohen2011"),
    formula="SCI = Σ max(0, mᵢ / C)²",
)
def supplier_concentration_index(
    net_imports: Labelled, consumption: float | Labelled, *, points: bool = False, dim: str = "origin"
) -> xr.DataArray:
    r"""Return the concentration of suppliers, weighed by what is imported at all.

    Parameters
    ----------
    net_imports : xarray.DataArray or pandas.Series or pandas.DataFrame, [any unit of energy]
        Imports less exports, with dim ``dim``; negative where more goes out.
    consumption : float or xarray.DataArray or pandas.Series, [same unit]
        Without ``dim``.
    points : bool
        Times 100, as the European Commission publishes it.
    dim : str
        What shares are of: origin, route, owner, seller …

    Returns
    -------
    xarray.DataArray or pandas, [1 or points]
        Without ``dim``.

    Raises
    ------
    UsageError
        If a volume is infinite or no number, or ``dim`` is missing,
        or ``consumption`` is negative.

    Notes
    -----
    .. math:: \mathrm{SCI} = \sum_i \max\left(0, \frac{m_i}{C}\right)^2

    0 without imports, 1 if one supplier covers all consumption; above 1 if stocks are built up. The Commission's
    version leaves out suppliers in the European Economic Area: leave them out of ``net_imports`` for the same.
    Undefined (NaN) if nothing is consumed or a figure is NaN.

    References
    ----------
    European Commission (2013), Member States' Energy Dependence: An Indicator-Based Assessment; Cohen, Joutz & Loungani
    (2011), Measuring energy security.

    Examples
    --------
    >>> import pandas as pd
    >>> imports = pd.Series({"AZ": 10.0, "NO": 30.0, "CH": -5.0})
    >>> round(supplier_concentration_index(imports, 50.0), 4)
    0.4
    >>> round(supplier_concentration_index(imports, 50.0, points=True), 4)
    40.0
    """
    imports = take_volume(net_imports, dim, "net_imports", signed=True)
    part = imports.clip(min=0) / _take_consumption(consumption, imports, dim)
    found = (part**2).sum(dim, skipna=False)
    return (100 * found).assign_attrs(units="points") if points else found


@metric(
    symbol="F",
    unit="1",
    bounds=(0, None),
    higher_is="at risk",
    group="dependence",
    references=("frondel2008",),
    formula="F = Σ rᵢ pᵢ²",
)
def risk_weighted_hhi(volume: Labelled, risk: float | Labelled, *, dim: str = "origin") -> xr.DataArray:
    r"""Return the concentration of supply, each origin weighed by its risk.

    Parameters
    ----------
    volume : xarray.DataArray or pandas.Series or pandas.DataFrame, [any unit of energy]
        Not negative, with dim ``dim``.
    risk : float or xarray.DataArray or pandas.Series, [1]
        Of each origin, 0 for none; own production usually has 0.
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
        or ``risk`` is negative, unknown or lacks an origin.

    Notes
    -----
    .. math:: F = \sum_i r_i p_i^2

    :func:`hhi` where all risks are 1; never above the largest risk.
    Undefined (NaN) if nothing is supplied or a volume is NaN.

    References
    ----------
    Frondel & Schmidt (2008), Measuring Energy Security: A Conceptual Note.

    Examples
    --------
    >>> import pandas as pd
    >>> supply = pd.Series({"AZ": 10.0, "NO": 30.0})
    >>> risk_weighted_hhi(supply, pd.Series({"AZ": 0.4, "NO": 0.0}))
    0.025
    """
    found = take_shares(volume, dim)
    return (take_beside(risk, found, "risk") * found**2).sum(dim, skipna=False)


@metric(
    symbol="S_b",
    unit="1",
    bounds=(0, None),
    higher_is="diverse",
    group="dependence",
    references=("neumann2004", "neumann2007"),
    formula="S_b = −Σ bᵢ pᵢ ln pᵢ",
)
def neumann(volume: Labelled, stability: float | Labelled, *, dim: str = "origin") -> xr.DataArray:
    r"""Return the entropy of supply, each origin weighed by its political stability.

    Parameters
    ----------
    volume : xarray.DataArray or pandas.Series or pandas.DataFrame, [any unit of energy]
        Not negative, with dim ``dim``.
    stability : float or xarray.DataArray or pandas.Series, [1]
        Of each origin, from 0; 1 is stable.
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
        or ``stability`` is negative, unknown or lacks an origin.

    Notes
    -----
    .. math:: S_b = -\sum_i b_i p_i \ln p_i

    :func:`shannon` where all are stable. Neumann's further factor for own production is left out: count own production
    as an origin instead. Supply from one origin alone is 0 however stable that is. Undefined (NaN) if nothing is
    supplied or a volume is NaN.

    References
    ----------
    Neumann (2004), Security of supply in liberalised European gas markets; Neumann (2007), How to measure security of
    supply?

    Examples
    --------
    >>> import pandas as pd
    >>> supply = pd.Series({"AZ": 10.0, "NO": 30.0})
    >>> round(neumann(supply, pd.Series({"AZ": 0.5, "NO": 1.0})), 4)
    0.389
    """
    found = take_shares(volume, dim)
    terms: xr.DataArray = xr.apply_ufunc(entr, found)
    return (take_beside(stability, found, "stability") * terms).sum(dim, skipna=False)


@metric(
    symbol="REES",
    unit="1",
    bounds=(0, None),
    higher_is="at risk",
    group="dependence",
    references=("lecoq2009",),
    formula="REES = [Σ (mᵢ⁺ / Σ mⱼ⁺)² rᵢ tᵢ fᵢ] × max(0, M) × g",
)
def rees(
    net_imports: Labelled,
    consumption: float | Labelled,
    *,
    risk: float | Labelled,
    transit: float | Labelled,
    fungibility: float | Labelled,
    energy_share: float | Labelled,
    dim: str = "origin",
) -> xr.DataArray:
    r"""Return the risk of external supply: from whom, how it comes, how easily it is replaced, how much it matters.

    Parameters
    ----------
    net_imports : xarray.DataArray or pandas.Series or pandas.DataFrame, [any unit of energy]
        Imports less exports, with dim ``dim``; negative where more goes out.
    consumption : float or xarray.DataArray or pandas.Series, [same unit]
        Of gas; without ``dim``.
    risk : float or xarray.DataArray or pandas.Series, [1]
        Political risk of each origin.
    transit : float or xarray.DataArray or pandas.Series, [1]
        Risk of the way from each origin, or its length; 1 leaves it out.
    fungibility : float or xarray.DataArray or pandas.Series, [1]
        How hard gas of an origin is to replace, LNG less so than by pipe; 1 leaves it out.
    energy_share : float or xarray.DataArray or pandas.Series, [1]
        Of gas in all energy used; without ``dim``.
    dim : str
        What shares are of: origin, route, owner, seller …

    Returns
    -------
    xarray.DataArray or pandas, [1]
        Without ``dim``.

    Raises
    ------
    UsageError
        If a volume is infinite or no number, or ``dim`` is missing,
        or another figure is negative or lacks an origin.

    Notes
    -----
    .. math::

        R = \Bigl[\sum_i \Bigl(\frac{m_i^+}{\sum_j m_j^+}\Bigr)^2 r_i\,t_i\,f_i\Bigr] \cdot \max(0, M) \cdot g,
        \quad m_i^+ = \max(0, m_i)

    M is :func:`import_dependence`. The ingredients – diversification of imports, political risk of the supplier, risk
    of transit, weight of a disruption – are those Le Coq & Paltseva's abstract names; their product as written here
    has not been compared with the equations of the paper, and the scale of each factor is up to the caller. 0 for a
    net exporter. Undefined (NaN) if nothing is imported or consumed, or a volume is NaN.

    References
    ----------
    Le Coq & Paltseva (2009), Measuring the security of external energy supply in the European Union, Energy Policy 37.

    Examples
    --------
    >>> import pandas as pd
    >>> imports = pd.Series({"AZ": 10.0, "NO": 30.0, "CH": -5.0})
    >>> risk = pd.Series({"AZ": 0.4, "NO": 0.0, "CH": 0.0})
    >>> round(rees(imports, 50.0, risk=risk, transit=1.0, fungibility=1.0, energy_share=0.2), 4)
    0.0035
    """
    imports = take_volume(net_imports, dim, "net_imports", signed=True)
    found = take_shares(imports.clip(min=0), dim)
    beside = {"risk": risk, "transit": transit, "fungibility": fungibility}
    weights = [take_beside(value, imports, name) for name, value in beside.items()]
    exposed = (found**2 * weights[0] * weights[1] * weights[2]).sum(dim, skipna=False)
    depends = imports.sum(dim, skipna=False).clip(min=0) / _take_consumption(consumption, imports, dim)
    return exposed * depends * _take_total(energy_share, imports, dim, "energy_share", most=1.0)


def _take_consumption(consumption: float | Labelled, imports: xr.DataArray, dim: str) -> xr.DataArray:
    """Return consumption lined up with imports; NaN where there is none."""
    found = _take_total(consumption, imports, dim, "consumption", unknown=True)
    return found.where(found > 0)


def _take_total(
    value: float | Labelled, imports: xr.DataArray, dim: str, name: str, *, most: float = np.inf, unknown: bool = False
) -> xr.DataArray:
    found = take_beside(value, imports, name, most=most, unknown=unknown)
    if dim in found.dims:
        raise UsageError(f"{name} has dim {dim!r}, expected one figure for all; sum it, or name its index")
    return found
