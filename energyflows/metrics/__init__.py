"""One formula per function, on labelled arrays."""

from __future__ import annotations

from energyflows.metrics._adequacy import LEAST_RATE, expected_unserved_energy, loss_of_load_probability, survival
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
from energyflows.metrics._diversity import effective_suppliers, evenness, rao_stirling, shannon, simpson
from energyflows.metrics._listing import describe, list_metrics
from energyflows.metrics._registry import METRICS, Metric
from energyflows.metrics._shares import check_shares, shares
from energyflows.metrics._together import compute_all as all  # noqa: A004 - read as ef.metrics.all

__all__ = [
    "LEAST_RATE",
    "METRICS",
    "Metric",
    "all",
    "check_shares",
    "concentration_ratio",
    "describe",
    "effective_suppliers",
    "evenness",
    "expected_unserved_energy",
    "gini",
    "hhi",
    "hhi_contribution",
    "hhi_kappa",
    "hidden_concentration_margin",
    "import_dependence",
    "list_metrics",
    "loss_of_load_probability",
    "neumann",
    "rao_stirling",
    "rees",
    "risk_weighted_hhi",
    "shannon",
    "shares",
    "simpson",
    "supplier_concentration_index",
    "survival",
]
