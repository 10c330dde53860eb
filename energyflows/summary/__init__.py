"""What a run says, as a few tables, with observed figures beside modelled ones."""

from __future__ import annotations

from energyflows.summary._accounts import summarise_accounts
from energyflows.summary._areas import EU, sum_areas
from energyflows.summary._ensembles import SERIES, summarise_ensemble, summarise_sweep
from energyflows.summary._metrics import summarise_metrics
from energyflows.summary._scenarios import drop_idle, summarise_origins
from energyflows.summary._tables import (
    GCV,
    list_bent,
    list_binding,
    list_unused,
    summarise,
    summarise_corridors,
    summarise_imports,
    summarise_years,
)

__all__ = [
    "EU",
    "GCV",
    "SERIES",
    "drop_idle",
    "list_bent",
    "list_binding",
    "list_unused",
    "sum_areas",
    "summarise",
    "summarise_accounts",
    "summarise_corridors",
    "summarise_ensemble",
    "summarise_imports",
    "summarise_metrics",
    "summarise_origins",
    "summarise_sweep",
    "summarise_years",
]
