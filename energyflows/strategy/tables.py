"""Leverage and equilibria as tables: one row for each player, group, route, supplier or zone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd
import xarray as xr

#: Assumptions a figure is told for, and those over which it has a range.
ACCESS, ELASTICITY = "access", "elasticity"
_BN = 1e3


def tabulate_leverage(leverage: xr.Dataset) -> dict[str, pd.DataFrame]:
    """Tell what players, groups and coalitions are worth, with ranges over elasticity.

    Parameters
    ----------
    leverage : xarray.Dataset
        From :func:`energyflows.strategy.measure_leverage`, also with a dim ``year``, ``scenario`` or ``route``.

    Returns
    -------
    dict of str to pandas.DataFrame
        ``leverage``: by access and player ``surplus_bn_eur`` (share in the gains from trade), ``share`` (per cent of
        them), ``alone_bn_eur``, each with ``_low`` and ``_high`` over elasticities (and chance), at the middle one;
        ``coordination``: by access and group ``gain_bn_eur`` and ``interaction_bn_eur`` likewise, if there are groups.

    Examples
    --------
    >>> ds = xr.Dataset(
    ...     {name: (("elasticity", "player"), [[1e3], [3e3], [9e3]]) for name in ("surplus", "share", "alone")},
    ...     {"elasticity": [-0.18, -0.3, -0.6], "player": ["Russia"]},
    ... )
    >>> tabulate_leverage(ds)["leverage"][["surplus_bn_eur", "surplus_bn_eur_low", "surplus_bn_eur_high"]].to_numpy()
    array([[3., 1., 9.]])
    """
    found = {
        "leverage": _tabulate(
            leverage,
            "player",
            {"surplus": ("surplus_bn_eur", _BN), "share": ("share", 1.0), "alone": ("alone_bn_eur", _BN)},
        )
    }
    if "coordination" in leverage:
        names = {"coordination": ("gain_bn_eur", _BN), "interaction": ("interaction_bn_eur", _BN)}
        found["coordination"] = _tabulate(leverage, "group", names)
    return found


def tabulate_routes(routes: xr.Dataset) -> pd.DataFrame:
    """Tell what routes are worth to players, with ranges over elasticity.

    Parameters
    ----------
    routes : xarray.Dataset
        From :func:`energyflows.strategy.value_routes`.

    Returns
    -------
    pandas.DataFrame
        By access, route and player: ``surplus_bn_eur`` with the route less without, ``_low`` and ``_high``.
    """
    return _tabulate(routes, "player", {"surplus": ("surplus_bn_eur", _BN)})


def tabulate_conduct(sweep: xr.Dataset, area: list[str], pair: Sequence[str] = ()) -> pd.DataFrame:
    """Tell what coordination is worth to suppliers, and what it costs an area.

    Parameters
    ----------
    sweep : xarray.Dataset
        From :func:`energyflows.strategy.sweep_conduct`, also with further dims such as ``elasticity``.
    area : list of str
        Zones.
    pair : sequence of str
        Suppliers to be told of together as well.

    Returns
    -------
    pandas.DataFrame
        By coordination (and further dims): ``price_eur_mwh`` (mean of the area by consumption), ``price_change``,
        ``consumer_surplus_change_bn_eur`` of the area, ``welfare_change_bn_eur``, ``profit_bn_eur_NAME`` and
        ``profit_change_bn_eur_NAME`` by supplier, ``pair_profit_change_bn_eur`` of the pair; changes are to the first
        value of coordination.
    """
    price = average_price(sweep, area)
    inside = sweep["consumer_surplus"].sel(bus=sweep["bus"].isin(area))
    consumers, welfare = inside.sum("bus") / _BN, sweep["welfare"] / _BN
    first = {"coordination": 0}
    told = {
        "price_eur_mwh": price,
        "price_change": price - price.isel(first),
        "consumer_surplus_change_bn_eur": consumers - consumers.isel(first),
        "welfare_change_bn_eur": welfare - welfare.isel(first),
    }
    if pair:
        both = sweep["profit"].sel(supplier=list(pair)).sum("supplier") / _BN
        told["pair_profit_change_bn_eur"] = both - both.isel(first)
    for name in sweep["supplier"].to_numpy().tolist():
        profit = sweep["profit"].sel(supplier=name, drop=True) / _BN
        told[f"profit_bn_eur_{name}"] = profit
        told[f"profit_change_bn_eur_{name}"] = profit - profit.isel(first)
    return xr.Dataset({name: values.drop_vars("bus", errors="ignore") for name, values in told.items()}).to_dataframe()


def average_price(equilibrium: xr.Dataset, area: list[str]) -> xr.DataArray:
    """Return the mean price of zones over a year, weighted by what they consume.

    Parameters
    ----------
    equilibrium : xarray.Dataset
        From :func:`energyflows.strategy.solve_equilibrium`, with any further dims.
    area : list of str
        Zones; those without demand count for nothing.

    Returns
    -------
    xarray.DataArray, [EUR/MWh]
        By the further dims.
    """
    part = equilibrium.sel(bus=equilibrium["bus"].isin(area))
    energy = part["consumed"] * part["weight_days"]
    # A zone that consumes nothing may have no price.
    paid = (part["price"] * energy).where(energy > 0, 0.0)
    return paid.sum(("snapshot", "bus")) / energy.sum(("snapshot", "bus"))


def _tabulate(ds: xr.Dataset, row: str, names: dict[str, tuple[str, float]]) -> pd.DataFrame:
    """Return figures by row and all leads but elasticity, at the middle one and with the ends over all."""
    over = [ELASTICITY] if ELASTICITY in ds.dims else []
    middle = {dim: find_middle(ds[dim].to_numpy()) for dim in over}
    columns = {}
    for name, (column, scale) in names.items():
        if name not in ds:
            continue
        values = ds[name] / scale
        columns[column] = values.sel(middle).drop_vars(ELASTICITY, errors="ignore")
        low, high = (ds.get(f"{name}_{end}", ds[name]) / scale for end in ("low", "high"))
        columns[f"{column}_low"], columns[f"{column}_high"] = low.min(over), high.max(over)
    leads = [str(dim) for dim in ds[next(iter(names))].dims if dim not in (row, ELASTICITY)]
    frame = xr.Dataset(columns).to_dataframe(dim_order=[*leads, row]).reset_index()
    return frame[[*leads, row, *columns]]


def find_middle(elasticities: Iterable[float]) -> float:
    """Return the elasticity that figures are told at, of which the others are the range.

    Parameters
    ----------
    elasticities : iterable of float
        In any order, also more than once.

    Returns
    -------
    float
        The middle one; of an even number the upper of the two.

    Examples
    --------
    >>> find_middle([-0.18, -0.684, -0.3])
    -0.3
    """
    listed = sorted(set(elasticities))
    return float(listed[len(listed) // 2])
