"""How dependent Europe is on whose gas, and what changes it.

Nothing heavy is imported before it is used: ``import energyflows`` takes no longer than the standard library.
"""

from __future__ import annotations

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "ensemble",
        "errors",
        "hindcast",
        "influence",
        "metrics",
        "network",
        "plot",
        "results",
        "scenarios",
        "strategy",
        "summary",
        "tracing",
    ],
    submod_attrs={
        "comparison": ["compare"],
        "datasets": ["load_tables"],
        "ensemble": ["run_ensemble", "sample", "sweep_outages"],
        "hindcast": ["observed_flows", "run_hindcast"],
        "influence": ["attribute"],
        "network": ["build_network"],
        "results": ["check_results", "open_results", "read_results", "write_results"],
        "running": ["run", "run_study"],
        "scenarios": ["apply", "get_scenario", "list_scenarios", "read_scenarios"],
        "solving": ["solve"],
        "strategy": ["measure_leverage", "shapley", "solve_equilibrium"],
        "summary": ["summarise"],
        "tracing": ["trace", "trace_flows"],
        "units": ["convert"],
    },
)
