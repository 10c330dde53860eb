"""What coordination of two suppliers moves, over its strength and over the elasticity of demand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pypsa
import xarray as xr

from energyflows.errors import UsageError
from energyflows.strategy.conduct import build_kappa
from energyflows.strategy.conduct_curves import sweep_conduct
from energyflows.strategy.demand import calibrate_demand, rate_prices, read_elasticity
from energyflows.strategy.equilibrium import solve_equilibrium
from energyflows.strategy.market import open_market
from energyflows.strategy.suppliers import SUPPLIERS, Suppliers, find_suppliers, resell_routes
from energyflows.strategy.tables import average_price, find_middle, tabulate_conduct

#: Weights at which coordination is looked at.
WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)
#: How the equilibria of the table are called.
TAKING, ALONE = "price-taking", "each for itself"
_BN, _TWH = 1e3, 1e3


def compare_conduct(
    n: pypsa.Network,
    pair: Sequence[str] = ("RU", "AZ"),
    *,
    area: Sequence[str],
    suppliers: Suppliers | None = None,
    elasticities: Iterable[float] | None = None,
    weights: Sequence[float] = WEIGHTS,
    arbitrage: bool = True,
    tables: Mapping[str, pd.DataFrame] | None = None,
) -> dict[str, pd.DataFrame]:
    """Compare price-taking, Cournot, and the coordination of two suppliers.

    Parameters
    ----------
    n : pypsa.Network
        From :func:`energyflows.build_network`, unsolved.
    pair : sequence of str
        The two suppliers. With ``TR`` among them and no suppliers given, Türkiye resells what Russia sends it
        (:func:`energyflows.strategy.resell_routes`).
    area : sequence of str
        Zones whose price and consumers are told of.
    suppliers : sequence or mapping, optional
        Who acts strategically, as for :func:`energyflows.strategy.solve_equilibrium`.
    elasticities : iterable of float, optional
        Default those of the table: middle and both ends.
    weights : sequence of float
        From 0 to 1: what each of the two puts on the profit of the other. 0, which all is held against, is added.
    arbitrage : bool
        Whether traders carry gas from zone to zone.
    tables : mapping of str to pandas.DataFrame, optional
        The network was built from; default the packaged ones.

    Returns
    -------
    dict of str to pandas.DataFrame
        ``conduct``: as :func:`energyflows.strategy.tabulate_conduct`, by coordination and elasticity; ``cases``: price,
        consumer surplus, change of welfare of the whole network to price-taking, and ``gap`` at the middle elasticity;
        ``suppliers``: by case and supplier ``supplied_twh``, ``profit_bn_eur`` and ``lerner``.

    Raises
    ------
    UsageError
        If the pair is none, or one of it is no supplier.

    Examples
    --------
    >>> from energyflows import build_network, load_tables
    >>> zones = load_tables()["zones"].query("eu")["zone"].tolist()
    >>> told = compare_conduct(
    ...     build_network(2025), area=zones, suppliers=["RU", "AZ"], elasticities=[-0.3], weights=[1.0]
    ... )
    >>> sorted(told)
    ['cases', 'conduct', 'suppliers']
    """
    both = tuple(pair)
    if len(both) != 2 or both[0] == both[1]:
        raise UsageError(f"pair: found {pair!r}, expected two suppliers such as RU and AZ")
    chosen = _choose(n, both, suppliers)
    listed = sorted(read_elasticity(tables) if elasticities is None else elasticities)
    names = list(find_suppliers(n, chosen))
    steps = sorted({0.0, *weights})
    market = open_market(n, tables)
    price = rate_prices(market, tables)
    curves = {value: calibrate_demand(market, value, price=price) for value in listed}
    settings: dict[str, Any] = {"suppliers": chosen, "arbitrage": arbitrage}
    swept = [sweep_conduct(market, both, steps, demand=curve, **settings) for curve in curves.values()]
    sweep = xr.concat(swept, pd.Index(listed, name="elasticity"), combine_attrs="drop")
    middle = find_middle(listed)
    taking = solve_equilibrium(market, kappa=build_kappa(names, takers=names), demand=curves[middle], **settings)
    at_middle = swept[listed.index(middle)]
    cases = {TAKING: taking}
    cases |= {_name_case(both, weight): at_middle.sel(coordination=weight) for weight in (steps[0], steps[-1])}
    gaps = [taking.attrs["gap"], *(float(ds["gap"]) for ds in list(cases.values())[1:])]
    return {
        "conduct": tabulate_conduct(sweep, list(area), both).reset_index(),
        "cases": _tabulate_cases(cases, list(area)).assign(gap=gaps),
        "suppliers": pd.concat([_tabulate_suppliers(name, ds) for name, ds in cases.items()], ignore_index=True),
    }


def _choose(n: pypsa.Network, pair: tuple[str, ...], suppliers: Suppliers | None) -> Suppliers:
    if suppliers is None and "TR" in pair:
        return resell_routes(n)
    chosen = SUPPLIERS if suppliers is None else suppliers
    lacking = [name for name in pair if name not in chosen]
    if lacking:
        known = f"the suppliers {', '.join(chosen)}" if chosen else "no supplier"
        raise UsageError(f"pair: no supplier {' and no '.join(lacking)}; found {known}; add to them, or name others")
    return chosen


def _name_case(pair: tuple[str, ...], weight: float) -> str:
    return ALONE if weight == 0 else f"{' and '.join(pair)} at weight {weight:g}"


def _tabulate_cases(cases: Mapping[str, xr.Dataset], area: list[str]) -> pd.DataFrame:
    """Return prices and surplus by case."""
    return pd.DataFrame(
        {
            "case": list(cases),
            "price_eur_mwh": [float(average_price(ds, area)) for ds in cases.values()],
            "consumer_surplus_bn_eur": [
                float(ds["consumer_surplus"].sel(bus=ds["bus"].isin(area)).sum()) / _BN for ds in cases.values()
            ],
            "welfare_change_bn_eur": [float(ds["welfare"] - cases[TAKING]["welfare"]) / _BN for ds in cases.values()],
        }
    )


def _tabulate_suppliers(case: str, ds: xr.Dataset) -> pd.DataFrame:
    """Return what each supplier brings and earns."""
    supplied = (ds["supplied"] * ds["weight_days"]).sum("snapshot") / _TWH
    return pd.DataFrame(
        {
            "case": case,
            "supplier": ds["supplier"].to_numpy(),
            "supplied_twh": supplied.to_numpy(),
            "profit_bn_eur": ds["profit"].to_numpy() / _BN,
            "lerner": np.asarray(ds["lerner"]),
        }
    )
