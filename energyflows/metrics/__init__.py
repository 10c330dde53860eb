"""One formula per function, on labelled arrays."""

from __future__ import annotations

from energyflows.metrics._adequacy import LEAST_RATE, expected_unserved_energy, loss_of_load_probability, survival

__all__ = ["LEAST_RATE", "expected_unserved_energy", "loss_of_load_probability", "survival"]
