"""What players gain by standing together, and what prices become if suppliers use their weight.

The games themselves need no PyPSA, so that the rest is imported only when it is used.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "_coalitions": ["list_coalitions"],
        "comparing": ["compare_conduct"],
        "conduct": ["build_kappa", "check_kappa", "derive_kappa"],
        "demand": ["calibrate_demand", "check_elasticity", "rate_prices", "read_elasticity", "step_demand"],
        "conduct_curves": ["sweep_conduct"],
        "equilibrium": ["solve_equilibrium"],
        "games": ["banzhaf", "interaction", "measure_coordination", "merge_players", "shapley"],
        "leverage": ["measure_leverage"],
        "market": ["open_market"],
        "players": ["Player", "find_assets", "read_players"],
        "routes": ["Route", "list_routes", "value_routes"],
        "sampling": ["sample_shapley"],
        "stability": ["list_blocking", "nucleolus"],
        "suppliers": ["find_suppliers", "resell_routes"],
        "tables": ["tabulate_conduct", "tabulate_leverage", "tabulate_routes"],
    },
)
