"""Sales, prices and profits where suppliers know what their gas does to the price, and take account of each other."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pandas as pd
import pypsa
import xarray as xr

from energyflows.ensemble.reducing import Positions
from energyflows.errors import UsageError, list_problems
from energyflows.strategy._equilibrium_forms import join_forms
from energyflows.strategy._equilibrium_labels import reaches_market
from energyflows.strategy._equilibrium_market import Market, take_market
from energyflows.strategy._equilibrium_reading import read_point
from energyflows.strategy._equilibrium_solving import lay_game, maximise
from energyflows.strategy.conduct import Floats, build_kappa, check_kappa
from energyflows.strategy.demand import check_elasticity
from energyflows.strategy.suppliers import Suppliers, find_suppliers

#: Smallest gap that can be asked for: tolerances of the solver make it stall below.
LEAST_GAP = 1e-7
#: Conduct as users may write it.
Kappa: TypeAlias = xr.DataArray | pd.DataFrame | Mapping[tuple[str, str], float] | float


class Setting(NamedTuple):
    """A market, the generators of its suppliers by position, and their conduct."""

    market: Market
    sellers: dict[str, Positions]
    kappa: Floats


def solve_equilibrium(
    n: pypsa.Network,
    suppliers: Suppliers | None = None,
    kappa: Kappa | None = None,
    *,
    elasticity: float = -0.3,
    arbitrage: bool = True,
    tolerance: float = 1e-6,
    tables: Mapping[str, pd.DataFrame] | None = None,
    demand: xr.Dataset | None = None,
) -> xr.Dataset:
    r"""Return the equilibrium of suppliers that withhold gas to raise its price, under a conduct matrix.

    Parameters
    ----------
    n : pypsa.Network
        Unsolved. From :func:`energyflows.build_network`, it is opened by :func:`energyflows.strategy.open_market`;
        one without rewards, such as an opened market or a plain network with links, is taken as it is.
    suppliers : sequence of str or mapping, optional
        As :func:`energyflows.strategy.find_suppliers` takes them; default RU, AZ, NO, DZ and QA. All other gas is
        sold at its cost.
    kappa : xarray.DataArray or pandas.DataFrame or mapping or 0, optional
        Weight of suppliers on each other's profit, see :func:`energyflows.strategy.check_kappa`; a mapping of pairs
        leaves each supplier to act for itself but for these; 0 is price-taking for all. Default each for itself
        (Cournot).
    elasticity : float
        Of demand, as in :func:`energyflows.strategy.calibrate_demand`.
    arbitrage : bool
        Whether traders carry what is sold to other zones. If not, gas is consumed or stored where it is sold, so that
        prices may differ by more than transport costs.
    tolerance : float
        Largest gap between the potential reached and its bound, at least 1e-7.
    tables : mapping of str to pandas.DataFrame, optional
        The network was built from; default the packaged ones.
    demand : xarray.Dataset, optional
        Curves as :func:`energyflows.strategy.calibrate_demand` returns them, in place of calibrated ones.

    Returns
    -------
    xarray.Dataset
        ``price(snapshot, bus)`` [EUR/MWh], ``consumed(snapshot, bus)`` [GWh/d], ``sold(snapshot, supplier, bus)``
        [GWh/d], ``supplied(snapshot, supplier)`` [GWh/d]; of the whole time ``profit(supplier)``,
        ``consumer_surplus(bus)`` and ``welfare`` [million EUR], ``lerner(supplier)``, ``concentration(bus)`` and
        ``kappa(supplier, supplier_)`` [1]. Buses are the zones with a demand curve, and those without one from which
        no gas flows on. Attributes: ``gap``, ``rounds``, ``elasticity``, ``arbitrage`` (0 or 1) and ``potential``
        [million EUR].

    Raises
    ------
    UsageError
        If network, suppliers, conduct, elasticity or tolerance cannot be used, or a supplier reaches no market.
    SolveError
        If there is no solution, or the gap stays above the tolerance.
    MismatchError
        If prices from demand and from balances differ by more than the gap allows.

    Notes
    -----
    Supplier i sells :math:`q_{id}` at zone d, whose inverse demand is :math:`P_d = a_d - b_d Q_d`. In equilibrium

    .. math:: P_d - MC_{id} = b_d \sum_j \kappa_{ij} q_{jd} \quad \text{where } q_{id} > 0,

    with the marginal cost at d of production, transport, congestion and loss. For a symmetric positive-semidefinite
    :math:`\kappa` this is where

    .. math:: \sum_t w_t \sum_d \left[a_d Q_d - \tfrac{b_d}{2} (Q_d^2 + q_d^T \kappa q_d)\right] - \text{cost}

    is greatest. Squares are approached by tangents in a linear programme that is solved hot from round to round; the
    gap is the difference between the potential at its solution and its value, over the former. No square of
    consumption is off by more than ``tolerance`` of what free gas would be worth at its zone and time, so prices are
    near those of the potential's maximum to about :math:`a_d \sqrt{tolerance}`: 0.1 EUR/MWh where a is 100.

    * Gas of a strategic supplier is followed from the well until it is sold, at any zone with a curve outside the
      countries it comes from. Zones with neither a curve nor a way on (the rest of the world's LNG) take it at their
      price without a margin. Suppliers whose row is zero take prices as given; where their gas is sold is not
      determined, and ``sold`` is NaN.
    * Traders buy at a zone, carry (if ``arbitrage``) and store at cost, and take prices as given; suppliers do not
      foresee what traders will do (Hobbs 2001). Stored gas belongs to traders.
    * ``price`` is that of the demand curve. The dual value of the zone's balance differs from it by no more than
      :math:`\sqrt{2 b v / w}`, where v is what tangents fall short of the square of consumption; this is checked.
    * ``profit`` is :math:`\sum w (P - MC) q` plus the rent of the supplier's own wells, their gas valued by the dual
      value of its balance there: revenue less production cost less what transport is worth, whoever owns it.
    * ``lerner`` is :math:`\sum (P - MC) q / \sum P q` over zones with a curve, NaN if nothing is sold
      there. ``concentration`` is :math:`s^T \kappa s` of yearly shares in
      consumption, those of price-takers zero; shares may add up to more than one where traders carry gas on.
    * ``welfare`` is the area below demand less all cost of the network, which counts stocks left at the end by their
      worth; only differences of it mean something.

    Where suppliers act as one (:math:`\kappa_{ij} = 1`), only the sum of their sales is determined wherever their costs
    tie, and with it the split of their profit. A pair that withholds together may earn less than apart, because others
    sell more (Salant, Switzer & Reynolds 1983).

    References
    ----------
    Hashimoto (1985), A spatial Nash equilibrium model; Hobbs (2001), Linear complementarity models of Nash-Cournot
    competition in bilateral and POOLCO power markets, IEEE Transactions on Power Systems 16, 194-202; Monderer &
    Shapley (1996), Potential games, Games and Economic Behavior 14, 124-143; Salant, Switzer & Reynolds (1983), Losses
    from horizontal merger, Quarterly Journal of Economics 98, 185-199; Egging & Holz (2019), Global Gas Model:
    model and data documentation.

    Examples
    --------
    Two equal suppliers at one market, with demand P = 100 - Q and cost 10, sell 30 each:

    >>> duopoly = pypsa.Network()
    >>> _ = duopoly.add("Bus", "hub", carrier="gas")
    >>> _ = duopoly.add("Generator", ["A", "B"], bus="hub", p_nom=200.0, marginal_cost=10.0)
    >>> curve = {name: (("snapshot", "bus"), [[value]]) for name, value in {"intercept": 100.0, "slope": 1.0}.items()}
    >>> curves = xr.Dataset(curve, {"snapshot": duopoly.snapshots, "bus": ["hub"]})
    >>> found = solve_equilibrium(duopoly, {name: {"generators": [name]} for name in "AB"}, demand=curves)
    >>> round(found["sold"].sel(supplier="A").item(), 1), round(found["price"].item(), 1)
    (30.0, 40.0)
    """
    setting = take_setting(n, suppliers, kappa, figures=(elasticity, tolerance), tables=tables, demand=demand)
    strategic = np.flatnonzero(np.diag(setting.kappa) > 0)
    forms, weights = join_forms([setting.kappa[np.ix_(strategic, strategic)]])
    game = lay_game(setting.market, setting.sellers, strategic, forms, arbitrage=arbitrage)
    point = maximise(game, weights[0], tolerance)
    found = read_point(game, point, setting.kappa)
    reached = {"gap": point.gap, "rounds": point.rounds, "potential": point.potential / 1e3}
    return found.assign_attrs(reached | describe_point(elasticity, demand, arbitrage=arbitrage))


def describe_point(elasticity: float, demand: xr.Dataset | None, *, arbitrage: bool) -> dict[str, float | int]:
    """Return what was asked, as attributes that any file can hold.

    Parameters
    ----------
    elasticity : float
        Of demand, unless curves are given.
    demand : xarray.Dataset or None
        Curves; they may know their elasticity.
    arbitrage : bool
        Whether traders carry on what is sold.

    Returns
    -------
    dict
        Elasticity, NaN if not known, and arbitrage as 0 or 1.
    """
    known = elasticity if demand is None else demand.attrs.get("elasticity", np.nan)
    return {"elasticity": float(known), "arbitrage": int(arbitrage)}


def take_setting(
    n: pypsa.Network,
    suppliers: Suppliers | None,
    kappa: Kappa | None,
    *,
    figures: tuple[Any, Any],
    tables: Mapping[str, pd.DataFrame] | None,
    demand: xr.Dataset | None,
) -> Setting:
    """Check what was asked and prepare the market.

    Parameters
    ----------
    n, suppliers, kappa, tables, demand
        As in :func:`solve_equilibrium`.
    figures : tuple
        Elasticity and tolerance.

    Returns
    -------
    Setting
        Ready to be solved.

    Raises
    ------
    UsageError
        If anything cannot be used.
    """
    elasticity, tolerance = figures
    problems: list[str] = []
    found: dict[str, list[str]] = {}
    matrix = np.zeros((0, 0))
    for check in (lambda: check_elasticity(elasticity), lambda: _check_tolerance(tolerance)):
        try:
            check()
        except UsageError as error:
            problems.append(str(error))
    try:
        found = find_suppliers(n, suppliers)
        matrix = read_kappa(kappa, list(found)).to_numpy()
    except UsageError as error:
        problems.append(str(error))
    if problems:
        raise UsageError(problems[0] if len(problems) == 1 else list_problems("this equilibrium cannot be:", problems))
    market = take_market(n, elasticity, tables, demand)
    sellers = {name: market.n.generators.index.get_indexer(own) for name, own in found.items()}
    stranded = [name for name, own in sellers.items() if not reaches_market(market, own)]
    if stranded:
        told = [f"supplier {name}: no path leads from its generators to a zone with demand abroad" for name in stranded]
        raise UsageError(list_problems("these suppliers reach no market:", told))
    return Setting(market, sellers, matrix)


def _check_tolerance(tolerance: Any) -> None:
    if isinstance(tolerance, bool) or not isinstance(tolerance, numbers.Real) or not LEAST_GAP <= float(tolerance) < 1:
        raise UsageError(
            f"tolerance: found {tolerance!r}, expected a number from {LEAST_GAP:.0e} (below it the solver's own "
            "tolerances show) to below 1"
        )


def read_kappa(kappa: Kappa | None, suppliers: list[str]) -> xr.DataArray:
    """Return the conduct matrix that was asked for.

    Parameters
    ----------
    kappa : xarray.DataArray or pandas.DataFrame or mapping or 0 or None
        As in :func:`solve_equilibrium`.
    suppliers : list of str
        Names in order.

    Returns
    -------
    xarray.DataArray
        Dims ``(supplier, supplier_)``.

    Raises
    ------
    UsageError
        If it is none.
    """
    if kappa is None or isinstance(kappa, Mapping):
        return build_kappa(suppliers, kappa)
    if isinstance(kappa, numbers.Real) and not isinstance(kappa, bool):
        if kappa != 0:
            raise UsageError(f"kappa: found {kappa!r}, expected a matrix, pairs of suppliers, or 0 for price-taking")
        return build_kappa(suppliers, takers=suppliers)
    return check_kappa(kappa, suppliers)
