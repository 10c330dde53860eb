"""One formula per function, on labelled arrays."""

from __future__ import annotations

from energyflows.metrics._adequacy import LEAST_RATE, expected_unserved_energy, loss_of_load_probability, survival
from energyflows.metrics._assets import list_assets
from energyflows.metrics._concentration import (
    concentration_ratio,
    gini,
    hhi,
    hhi_contribution,
    hhi_kappa,
    hidden_concentration_margin,
)
from energyflows.metrics._dependence import (
    import_dependence,
    neumann,
    rees,
    risk_weighted_hhi,
    supplier_concentration_index,
)
from energyflows.metrics._disruption import disrupted_demand, disrupted_rate, remaining_flexibility
from energyflows.metrics._diversity import effective_suppliers, evenness, rao_stirling, shannon, simpson
from energyflows.metrics._engines import list_resorts
from energyflows.metrics._infrastructure import import_route_diversification, n_minus_1
from energyflows.metrics._listing import describe, list_metrics
from energyflows.metrics._n_minus_1 import n_minus_1_table
from energyflows.metrics._outages import recovery_time, survival_time, worst_outages
from energyflows.metrics._prices import (
    mean_price,
    peak_price,
    price_rise,
    price_volatility,
    supply_source_price_diversification,
)
from energyflows.metrics._reach import reach_by_origin, residual_supply_table
from energyflows.metrics._registry import METRICS, Metric
from energyflows.metrics._resolves import minimum_annual_supply_dependence, supply_dependence
from energyflows.metrics._routes import import_route_diversification_table
from energyflows.metrics._shares import check_shares, shares
from energyflows.metrics._suppliers import pivotal, residual_supply, source_access
from energyflows.metrics._together import compute_all as all  # noqa: A004 - read as ef.metrics.all

__all__ = [
    "LEAST_RATE",
    "METRICS",
    "Metric",
    "all",
    "check_shares",
    "concentration_ratio",
    "describe",
    "disrupted_demand",
    "disrupted_rate",
    "effective_suppliers",
    "evenness",
    "expected_unserved_energy",
    "gini",
    "hhi",
    "hhi_contribution",
    "hhi_kappa",
    "hidden_concentration_margin",
    "import_dependence",
    "import_route_diversification",
    "import_route_diversification_table",
    "list_assets",
    "list_metrics",
    "list_resorts",
    "loss_of_load_probability",
    "mean_price",
    "minimum_annual_supply_dependence",
    "n_minus_1",
    "n_minus_1_table",
    "neumann",
    "peak_price",
    "pivotal",
    "price_rise",
    "price_volatility",
    "rao_stirling",
    "reach_by_origin",
    "recovery_time",
    "rees",
    "remaining_flexibility",
    "residual_supply",
    "residual_supply_table",
    "risk_weighted_hhi",
    "shannon",
    "shares",
    "simpson",
    "source_access",
    "supplier_concentration_index",
    "supply_dependence",
    "supply_source_price_diversification",
    "survival",
    "survival_time",
    "worst_outages",
]
