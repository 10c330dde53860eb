"""What players gain by standing together: coalition values, stable shares and the gain from acting as one."""

from __future__ import annotations

from energyflows.strategy._coalitions import list_coalitions
from energyflows.strategy.games import banzhaf, interaction, measure_coordination, merge_players, shapley
from energyflows.strategy.sampling import sample_shapley
from energyflows.strategy.stability import list_blocking, nucleolus

__all__ = [
    "banzhaf",
    "interaction",
    "list_blocking",
    "list_coalitions",
    "measure_coordination",
    "merge_players",
    "nucleolus",
    "sample_shapley",
    "shapley",
]
