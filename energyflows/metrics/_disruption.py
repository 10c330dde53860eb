"""Disruption that zones share, and what flexibility is left, for which the network is solved again.

They take an engine: any callable that maps draws to results along ``draw``, as
``functools.partial(energyflows.run_ensemble, n)`` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import xarray as xr

from energyflows.errors import UsageError
from energyflows.metrics._engines import (
    TOLERANCE,
    Engine,
    disrupt,
    draw_shortage,
    find_zones,
    rate_shares,
    require_components,
    scale_demand,
)
from energyflows.metrics._registry import metric
from energyflows.metrics._shortage import Shortage, share_shortage


@metric(
    symbol="DR",
    unit="1",
    bounds=(0, 1),
    higher_is="at risk",
    group="infrastructure",
    references=("entsog2017",),
    formula="lexicographically least highest (disrupted demand / demand)",
)
def disrupted_rate(
    engine: Engine,
    demand: xr.DataArray,
    *,
    without: Sequence[str],
    resorts: Mapping[str, Iterable[str]],
) -> xr.DataArray:
    r"""Return the share of demand each zone goes without when all share a disruption.

    Parameters
    ----------
    engine, demand
        As in :func:`energyflows.metrics.supply_dependence`.
    without : sequence of str
        Components that are out.
    resorts
        As in :func:`energyflows.metrics.supply_dependence`.

    Returns
    -------
    xarray.DataArray, [1]
        By ``bus``, 0 to 1, right to 1e-4; NaN without demand.

    Raises
    ------
    UsageError, ResultsError
        As in :func:`energyflows.metrics.supply_dependence`.

    Notes
    -----
    .. math:: \operatorname{lex\,min} \; \text{sort}_\downarrow (r_z), \quad
        r_z = \frac{\text{demand of } z \text{ given up or not met}}{\text{demand of } z}

    Undefined without demand. The highest rate of all zones is made as low as it can be, zones whose rate can then fall
    no further without raising that of another are held, and the rest go on: the result is the lexicographic minimum of
    the sorted rates, which is the only one. A zone gives up the same share in every period. Each step is a batch of
    draws with a common factor on demand; what is missing in sum is a convex, piecewise linear function of it, so that
    the factor at which nothing is missing is found by secants: two or three calls of the engine for each group of zones
    that ends at one rate, some minutes for all of Europe.

    References
    ----------
    ENTSOG (2017), Ten-Year Network Development Plan, Annex F: Methodology, § 4.2.2 and 4.2.4; Ogryczak, Pióro &
    Tomaszewski (2005), Telecommunications network design and max-min optimization problem, J. Telecomm. Inf. Tech. 3.

    Examples
    --------
    >>> import numpy as np
    >>> import xarray as xr
    >>> def engine(draws):  # 120 GWh are left for two zones that want 80 each, joined by a wide pipe
    ...     factor = draws["demand_factor"].sel(bus=["A", "B"])
    ...     short = ((80 * factor).sum("bus") - 120).clip(min=0) * xr.DataArray([1.0, 0.0], coords={"bus": ["A", "B"]})
    ...     return xr.Dataset({"unserved_sum": short, "response_sum": 0 * short})
    >>> demand = xr.DataArray([80.0, 80.0], coords={"bus": ["A", "B"]})
    >>> resorts = {"A": ["A unserved"], "B": ["B unserved"]}
    >>> disrupted_rate(engine, demand, without=["RU"], resorts=resorts).to_numpy().round(3).tolist()
    [0.25, 0.25]
    """
    require_components(without)
    zones = find_zones(demand, resorts)

    def measure(factors: np.ndarray) -> np.ndarray:
        draws = draw_shortage([zones] * len(factors), resorts, without)
        return disrupt(engine, scale_demand(draws, factors, zones), zones).to_numpy()

    wanted = demand.sel(bus=zones).to_numpy().astype(float)
    rates = share_shortage(Shortage(measure, wanted, TOLERANCE))
    return rate_shares(xr.DataArray(rates * wanted, coords={"bus": zones}), demand)


@metric(
    symbol="DD",
    unit="GWh",
    bounds=(0, None),
    higher_is="at risk",
    group="infrastructure",
    references=("entsog2017",),
    formula="disrupted rate × demand",
)
def disrupted_demand(
    engine: Engine,
    demand: xr.DataArray,
    *,
    without: Sequence[str],
    resorts: Mapping[str, Iterable[str]],
) -> xr.DataArray:
    r"""Return the demand each zone goes without when all share a disruption.

    Parameters
    ----------
    engine, demand, without, resorts
        As in :func:`disrupted_rate`.

    Returns
    -------
    xarray.DataArray, [GWh]
        By ``bus``; NaN without demand.

    Raises
    ------
    UsageError, ResultsError
        As in :func:`energyflows.metrics.supply_dependence`.

    Notes
    -----
    .. math:: DD_z = r_z \, D_z

    with :math:`r` the :func:`disrupted_rate`. Undefined without demand.

    References
    ----------
    ENTSOG (2017), Ten-Year Network Development Plan, Annex F: Methodology, § 4.2.2.

    Examples
    --------
    >>> import xarray as xr
    >>> def engine(draws):
    ...     short = (80 * draws["demand_factor"] - 60).clip(min=0)
    ...     return xr.Dataset({"unserved_sum": short, "response_sum": 0 * short})
    >>> demand = xr.DataArray([80.0], coords={"bus": ["A"]})
    >>> disrupted_demand(engine, demand, without=["RU"], resorts={"A": ["A unserved"]}).to_numpy().round(6).tolist()
    [20.0]
    """
    rate = disrupted_rate(engine, demand, without=without, resorts=resorts)
    return (rate * demand).assign_attrs(units="GWh")


@metric(
    symbol="RF",
    unit="1",
    bounds=(0, 1),
    higher_is="secure",
    group="infrastructure",
    references=("entsog2017",),
    formula="1 − disrupted / additional demand",
)
def remaining_flexibility(
    engine: Engine,
    demand: xr.DataArray,
    *,
    resorts: Mapping[str, Iterable[str]],
    rise: float = 1.0,
    without: Sequence[str] = (),
) -> xr.DataArray:
    r"""Return the share of additional demand each zone could meet without taking gas from others.

    Parameters
    ----------
    engine, demand, resorts
        As in :func:`energyflows.metrics.supply_dependence`.
    rise : float
        Additional demand as a share of demand; 1 doubles it.
    without : sequence of str
        Components that are out.

    Returns
    -------
    xarray.DataArray, [1]
        By ``bus``, 0 to 1; 1 where all of it could be met, NaN without demand.

    Raises
    ------
    UsageError, ResultsError
        As in :func:`energyflows.metrics.supply_dependence`; also if ``rise`` is not positive.

    Notes
    -----
    .. math:: RF_z = 1 - \frac{U(D_z (1 + r)) - U(D_z)}{r \, D_z}

    with :math:`U` what all zones together have to give up, at the same precedence. One draw per zone. Undefined without
    demand.

    References
    ----------
    ENTSOG (2017), Ten-Year Network Development Plan, Annex F: Methodology, § 4.2.1.

    Examples
    --------
    >>> import xarray as xr
    >>> def engine(draws):  # 100 GWh can come
    ...     short = (80 * draws["demand_factor"] - 100).clip(min=0)
    ...     return xr.Dataset({"unserved_sum": short, "response_sum": 0 * short})
    >>> demand = xr.DataArray([80.0], coords={"bus": ["A"]})
    >>> remaining_flexibility(engine, demand, resorts={"A": ["A unserved"]}).to_numpy().tolist()
    [0.25]
    """
    if not (np.isfinite(rise) and rise > 0):
        raise UsageError(f"rise: found {rise!r}, expected a share above 0")
    zones = find_zones(demand, resorts)
    factors = np.vstack([np.ones(len(zones)), 1.0 + rise * np.eye(len(zones))])
    draws = scale_demand(draw_shortage([zones] * len(factors), resorts, without), factors, zones)
    missing = disrupt(engine, draws, zones).sum("bus").to_numpy()
    wanted = rise * demand
    found = rate_shares(xr.DataArray(missing[1:] - missing[0], coords={"bus": zones}), wanted)
    return (1.0 - found).assign_attrs(units="1")
