"""What if: named lists of changes to a network, read from YAML or written in Python."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from energyflows.scenarios._fields import Volume
from energyflows.scenarios.catalogue import get_scenario, list_scenarios
from energyflows.scenarios.changes import (
    Add,
    Backfill,
    Ban,
    Blend,
    Contract,
    Cut,
    Demand,
    Disrupt,
    Expand,
    Leg,
    Price,
    Relabel,
    Remove,
    Scale,
    Set,
    Stake,
    StartStock,
    StorageTarget,
    Swap,
    Upstream,
    Withhold,
)
from energyflows.scenarios.combining import combine
from energyflows.scenarios.reading import read_scenarios, read_study, write_scenario
from energyflows.scenarios.scenario import Parameter, Scenario, set_parameters
from energyflows.scenarios.study import Part, Study, list_runs

if TYPE_CHECKING:
    from energyflows.scenarios.applying import apply
    from energyflows.scenarios.schema import export_schema

__all__ = [
    "Add",
    "Backfill",
    "Ban",
    "Blend",
    "Contract",
    "Cut",
    "Demand",
    "Disrupt",
    "Expand",
    "Leg",
    "Parameter",
    "Part",
    "Price",
    "Relabel",
    "Remove",
    "Scale",
    "Scenario",
    "Set",
    "Stake",
    "StartStock",
    "StorageTarget",
    "Study",
    "Swap",
    "Upstream",
    "Volume",
    "Withhold",
    "apply",
    "combine",
    "export_schema",
    "get_scenario",
    "list_runs",
    "list_scenarios",
    "read_scenarios",
    "read_study",
    "set_parameters",
    "write_scenario",
]


def __getattr__(name: str) -> Any:
    """Import what is seldom needed, or needs PyPSA, when it is used."""
    modules = {"apply": "applying", "export_schema": "schema"}
    if name not in modules:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{modules[name]}"), name)
