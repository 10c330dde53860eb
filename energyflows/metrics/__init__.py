"""One formula per function, on labelled arrays."""

from __future__ import annotations

from energyflows.metrics._adequacy import expected_unserved_energy, loss_of_load_probability, survival

__all__ = ["expected_unserved_energy", "loss_of_load_probability", "survival"]
