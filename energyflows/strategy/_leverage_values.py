"""From what coalitions are worth to what each player is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pypsa
import xarray as xr

from energyflows.strategy._coalitions import PLAYER, Coalition, list_coalitions
from energyflows.strategy._leverage_solving import value_coalitions
from energyflows.strategy.games import banzhaf, interaction, measure_coordination, shapley
from energyflows.strategy.players import AND, Flags, Player
from energyflows.strategy.sampling import sample_shapley

UNIT = "million EUR/year"
NOBODY = "nobody"
#: Part of what coalitions are worth below which all gains from trade together are rounding.
_LEAST = 1e-9
_ENDS = ("low", "high")


def count_values(
    networks: Sequence[pypsa.Network],
    players: Sequence[Player],
    labels: dict[str, np.ndarray],
    groups: Sequence[Sequence[str]],
    *,
    workers: int,
) -> xr.Dataset:
    """Return values from all coalitions.

    Parameters
    ----------
    networks : sequence of pypsa.Network
        One for each elasticity.
    players : sequence of Player
        At most 12.
    labels : dict of str to numpy.ndarray
        Of ``access`` and ``elasticity``.
    groups : sequence of sequence of str
        Players who might stand together.
    workers : int
        Processes.

    Returns
    -------
    xarray.Dataset, [million EUR/year]
        As :func:`energyflows.strategy.measure_leverage` returns it, by access and elasticity.
    """
    names = [player.name for player in players]
    coalitions = list_coalitions(names)
    worth = _value(networks, players, labels, coalitions, workers=workers)
    game = dict(zip(coalitions, worth.transpose("coalition", ...), strict=True))
    found = {
        "worth": worth,
        **_share(shapley(game, names), _select_alone(worth, coalitions, names)),
        "banzhaf": banzhaf(game, names),
    }
    teams = {AND.join(group): group for group in groups}
    measures = {"coordination": measure_coordination, "interaction": interaction}
    for variable, measure in measures.items():
        values = [np.asarray(measure(game, group, names)) for group in teams.values()]
        stacked = np.stack(values) if values else np.empty((0, *(len(label) for label in labels.values())))
        coords = {"group": np.array(list(teams), dtype=str), **labels}
        found[variable] = xr.DataArray(stacked, coords, ("group", *labels))
    return _finish(found).assign_coords(member=(("coalition", PLAYER), _mark(coalitions, names)))


def sample_values(
    networks: Sequence[pypsa.Network],
    players: Sequence[Player],
    labels: dict[str, np.ndarray],
    *,
    sample: int,
    seed: int,
    workers: int,
) -> xr.Dataset:
    """Return values from the coalitions met along random orders of players.

    Parameters
    ----------
    networks, players, labels, workers
        As in :func:`count_values`; any number of players.
    sample : int
        Orders.
    seed : int
        Of the orders.

    Returns
    -------
    xarray.Dataset, [million EUR/year]
        As :func:`energyflows.strategy.measure_leverage` returns it, by access and elasticity.
    """
    names = [player.name for player in players]
    met: dict[Coalition, float] = {}
    # The orders depend on the seed alone, so a first walk along them tells what is to be solved.
    sample_shapley(lambda coalition: met.setdefault(coalition, 0.0), names, permutations=sample, seed=seed)
    coalitions = list(dict.fromkeys([*met, *(frozenset({name}) for name in names)]))
    worth = _value(networks, players, labels, coalitions, workers=workers)
    shape = tuple(len(label) for label in labels.values())
    drawn = np.empty((3, *shape, len(names)))
    for place in np.ndindex(shape):
        values = dict(zip(coalitions, worth.to_numpy()[place].tolist(), strict=True))
        told = sample_shapley(values, names, permutations=sample, seed=seed)
        drawn[(slice(None), *place)] = told[["value", *_ENDS]].to_numpy().T
    coords = {**labels, PLAYER: np.array(names, dtype=str)}
    middle, *ends = (xr.DataArray(part, coords, tuple(coords)) for part in drawn)
    alone = _select_alone(worth, coalitions, names)
    found = _share(middle, alone)
    for end, array in zip(_ENDS, ends, strict=True):
        found |= {f"shapley_{end}": array, f"surplus_{end}": array - alone}
    return _finish(found).assign_attrs(permutations=sample, seed=seed)


def _value(
    networks: Sequence[pypsa.Network],
    players: Sequence[Player],
    labels: dict[str, np.ndarray],
    coalitions: Sequence[Coalition],
    *,
    workers: int,
) -> xr.DataArray:
    """Return what coalitions are worth, by access, elasticity and coalition."""
    names = [player.name for player in players]
    present = _mark(coalitions, names)
    values = value_coalitions(networks, players, labels["access"].tolist(), present, workers=workers)
    called = [AND.join(name for name in names if name in coalition) or NOBODY for coalition in coalitions]
    return xr.DataArray(values, {**labels, "coalition": np.array(called, dtype=str)}, (*labels, "coalition"))


def _mark(coalitions: Sequence[Coalition], names: Sequence[str]) -> Flags:
    return np.array([[name in coalition for name in names] for coalition in coalitions], dtype=bool)


def _select_alone(worth: xr.DataArray, coalitions: Sequence[Coalition], names: Sequence[str]) -> xr.DataArray:
    """Return what each player is worth alone."""
    places = [coalitions.index(frozenset({name})) for name in names]
    found = worth.isel(coalition=places).drop_vars("coalition").rename(coalition=PLAYER)
    return found.assign_coords({PLAYER: np.array(names, dtype=str)})


def _share(values: pd.Series | xr.DataArray, alone: xr.DataArray) -> dict[str, xr.DataArray]:
    """Return values with what is beyond each player alone."""
    assert isinstance(values, xr.DataArray)  # noqa: S101  the worth of coalitions has dims
    gain = values - alone
    total = gain.sum(PLAYER)
    share = 100.0 * gain / total.where(total > _LEAST * abs(values).max(PLAYER))
    return {"alone": alone, "shapley": values, "surplus": gain, "share": share}


def _finish(found: dict[str, xr.DataArray]) -> xr.Dataset:
    """Return a dataset with units, in one order of dims."""
    units = {"share": "%"}
    named = {name: array.drop_attrs().assign_attrs(units=units.get(name, UNIT)) for name, array in found.items()}
    return xr.Dataset(named).transpose("access", "elasticity", "group", "coalition", PLAYER, missing_dims="ignore")
