"""From declarations to a changed copy of a network."""

from __future__ import annotations

from energyflows.scenarios.applying._apply import apply, has_effect

__all__ = ["apply", "has_effect"]
