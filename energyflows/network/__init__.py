"""Checked tables to an unsolved ``pypsa.Network``, one module per component family.

Calendars and profiles need no PyPSA, so it is imported only when a network is built.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "building": ["build_network"],
        "calendar": ["build_periods", "list_years"],
        "release": ["drop_rewards", "free_destinations", "free_stocks", "release_bounds"],
    },
)
