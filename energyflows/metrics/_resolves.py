"""Dependence on a supplier, for which the network is solved again without it.

They take an engine: any callable that maps draws to results along ``draw``, as
``functools.partial(energyflows.run_ensemble, n)`` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import xarray as xr

from energyflows.errors import UnknownNameError, list_problems
from energyflows.metrics._disruption import disrupted_rate
from energyflows.metrics._engines import (
    Engine,
    find_zones,
    measure_shortage,
    rate_shares,
    require_components,
)
from energyflows.metrics._registry import metric


@metric(
    symbol="SD",
    unit="1",
    bounds=(0, 1),
    higher_is="dependent",
    group="infrastructure",
    references=("entsog2017",),
    formula="disrupted demand / demand, without the supplier",
)
def supply_dependence(
    engine: Engine,
    components: Sequence[str],
    demand: xr.DataArray,
    *,
    resorts: Mapping[str, Iterable[str]],
    cooperative: bool = False,
) -> xr.DataArray:
    r"""Return the least share of a supplier each zone can live with.

    Parameters
    ----------
    engine : callable
        From draws to results, such as ``functools.partial(energyflows.run_ensemble, n)``.
    components : sequence of str
        All deliveries of the supplier, such as ``energyflows.ensemble.outages.list_outages(n, "suppliers")["RU"]``.
    demand : xarray.DataArray, [GWh]
        Of each zone over the whole time, by ``bus``. Other buses of ``resorts`` stand back: they want nothing.
    resorts : mapping of str to iterable of str
        What stands for demand given up or not met at each bus, from :func:`list_resorts`.
    cooperative : bool
        Whether zones share the shortage (CSSD): the highest rate is made as low as it can be, then the next. By
        default all others stand back for each zone in turn (USSD).

    Returns
    -------
    xarray.DataArray, [1]
        By ``bus``, 0 to 1, right to 1e-4; NaN without demand.

    Raises
    ------
    UsageError
        If there is no component, or demand is negative, NaN or of a zone without resorts; a component the engine does
        not know is its own to refuse.
    ResultsError
        If a draw has no solution.

    Notes
    -----
    .. math:: SD_z = \frac{\text{demand of } z \text{ given up or not met with } S = 0}{\text{demand of } z}

    Undefined without demand. The supplier is at zero, others as they are. What other suppliers are held to (observed
    flows, contracts) stays, so in past years it is a lower bound on what they could have done, and the dependence an
    upper one. Whether cargoes may turn round decides much: an engine on ``energyflows.network.free_destinations(n)``
    lets them. Demand that responds to price counts as given up. Uncooperative: one draw per zone, in which all others
    want nothing. Cooperative: see :func:`disrupted_rate`; never below the uncooperative.

    References
    ----------
    ENTSOG (2017), Ten-Year Network Development Plan, Annex F: Methodology, § 4.2.3–4.2.4.

    Examples
    --------
    >>> import xarray as xr
    >>> def engine(draws):  # without RU 60 GWh are left, and two zones want 80 each
    ...     short = (80 * draws["demand_factor"] - 60).clip(min=0)
    ...     return xr.Dataset({"unserved_sum": short, "response_sum": 0 * short})
    >>> demand = xr.DataArray([80.0, 80.0], coords={"bus": ["A", "B"]})
    >>> resorts = {"A": ["A unserved"], "B": ["B unserved"]}
    >>> supply_dependence(engine, ["RU"], demand, resorts=resorts).to_numpy().tolist()
    [0.25, 0.25]
    """
    if cooperative:
        return disrupted_rate(engine, demand, without=components, resorts=resorts)
    require_components(components)
    zones = find_zones(demand, resorts)
    missing = measure_shortage(engine, [[zone] for zone in zones], components, resorts)
    return rate_shares(xr.DataArray(missing, coords={"bus": zones}), demand)


@metric(
    symbol="MASD",
    unit="1",
    bounds=(0, 1),
    higher_is="dependent",
    group="infrastructure",
    references=("entsog2020",),
    formula="least disrupted demand of a group / its demand, without the supplier",
)
def minimum_annual_supply_dependence(
    engine: Engine,
    components: Sequence[str],
    demand: xr.DataArray,
    *,
    resorts: Mapping[str, Iterable[str]],
    groups: Mapping[str, Sequence[str]],
) -> xr.DataArray:
    r"""Return the least share of a supplier that groups of zones together can live with.

    Parameters
    ----------
    engine, components, demand, resorts
        As in :func:`supply_dependence`.
    groups : mapping of str to sequence of str
        Buses by name of the group.

    Returns
    -------
    xarray.DataArray, [1]
        By ``group``, 0 to 1; NaN without demand.

    Raises
    ------
    UsageError
        As in :func:`supply_dependence`.
    UnknownNameError
        If a group names a bus that has no demand given.

    Notes
    -----
    .. math:: MASD_g = \frac{\min \sum_{z \in g} \text{demand of } z \text{ given up or not met with } S = 0}
        {\sum_{z \in g} \text{demand of } z}

    Undefined without demand. ENTSOG reports the share of a source that others cannot replace over the whole year, for
    Europe and by country, with countries cooperating. By country that is :func:`supply_dependence` with
    ``cooperative=True``; for a group it is this: one draw per group, in which all others want nothing.

    References
    ----------
    ENTSOG (2020), Ten-Year Network Development Plan, System Assessment Report, § 5.2.

    Examples
    --------
    >>> import xarray as xr
    >>> def engine(draws):  # 100 GWh are left for two zones that want 80 each
    ...     short = xr.DataArray([[60.0, 0.0]], dims=("draw", "bus"), coords={"bus": ["A", "B"]})
    ...     return xr.Dataset({"unserved_sum": short, "response_sum": 0 * short})
    >>> demand = xr.DataArray([80.0, 80.0], coords={"bus": ["A", "B"]})
    >>> resorts = {"A": ["A unserved"], "B": ["B unserved"]}
    >>> found = minimum_annual_supply_dependence(engine, ["RU"], demand, resorts=resorts, groups={"both": ["A", "B"]})
    >>> found.to_numpy().tolist()
    [0.375]
    """
    require_components(components)
    known = find_zones(demand, resorts)
    unknown = [f"{name}: {zone}" for name, zones in groups.items() for zone in zones if zone not in demand["bus"]]
    if unknown:
        raise UnknownNameError(list_problems("groups name buses without a demand given:", unknown))
    members = {name: [zone for zone in zones if zone in known] for name, zones in groups.items()}
    missing = measure_shortage(engine, list(members.values()), components, resorts)
    wanted = [float(demand.sel(bus=list(zones)).sum()) for zones in groups.values()]
    coords = {"group": list(groups)}
    return rate_shares(xr.DataArray(missing, coords=coords), xr.DataArray(wanted, coords=coords))
