"""What coalitions are worth on a network: one compact programme, solved again for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pypsa

from energyflows.ensemble.draws import change_network
from energyflows.ensemble.figures import STOCKS, Figures, Key
from energyflows.ensemble.program import Program, compile_network, find_differences, model_network, name_rows
from energyflows.ensemble.reducing import Numbers
from energyflows.ensemble.resolving import Basis, Resolver
from energyflows.ensemble.workers import map_chunks
from energyflows.errors import SolveError, UsageError, list_problems
from energyflows.strategy._coalitions import Floats, name_coalition
from energyflows.strategy._leverage_markets import count_years, value_consumption
from energyflows.strategy.players import Assets, Flags, Player, find_assets

#: Figures that are nothing for what does not work.
_SILENCED: dict[str, tuple[str, ...]] = {
    "Generator": ("p_nom", "e_sum_min", "p_set"),
    "Link": ("p_nom", "p_set"),
    "Store": ("e_nom", "p_set", STOCKS["Store"]),
    "StorageUnit": ("p_nom", "p_set", STOCKS["StorageUnit"]),
    "Load": ("p_set",),
}
#: Coalitions solved one after the other; the same for any number of workers, so that results are.
_CHUNK = 64


class Board(NamedTuple):
    """All that is needed to play on one network."""

    program: Program
    basis: Basis | None
    #: By rule of access.
    assets: list[Assets]
    #: What consumption is worth, by bus, thousand EUR.
    worth: Floats
    years: float


class Task(NamedTuple):
    """Coalitions to solve one after the other: place of the rule of access, and who is there."""

    access: int
    present: Flags


def value_coalitions(
    networks: Sequence[pypsa.Network], players: Sequence[Player], access: Sequence[str], present: Flags, *, workers: int
) -> Floats:
    """Return what coalitions are worth more than nobody.

    Parameters
    ----------
    networks : sequence of pypsa.Network
        One for each elasticity of demand.
    players : sequence of Player
        All players.
    access : sequence of str
        Rules of access.
    present : numpy.ndarray of bool
        By coalition and player.
    workers : int
        Processes.

    Returns
    -------
    numpy.ndarray, [million EUR/year]
        By access, elasticity and coalition.

    Raises
    ------
    SolveError
        If a coalition has no feasible dispatch.
    UsageError
        If what players hold cannot be taken away from the programme.
    """
    rows = np.vstack([np.zeros(len(players), dtype=bool), present])
    found = np.empty((len(access), len(networks), len(rows)))
    for number, n in enumerate(networks):
        board = set_board(n, players, access)
        order = order_coalitions(rows[:, _rank_players(board)])
        pieces = [order[start : start + _CHUNK] for start in range(0, len(order), _CHUNK)]
        tasks = [Task(rule, rows[piece]) for rule in range(len(access)) for piece in pieces]
        for place, values in map_chunks(play, board, tasks, workers=workers):
            rule, piece = divmod(place, len(pieces))
            found[rule, number, pieces[piece]] = values
    return found[:, :, 1:] - found[:, :, :1]


def order_coalitions(present: Flags) -> np.ndarray:
    """Return coalitions in the order of a Gray code, in which neighbours of a full set differ by one player.

    Parameters
    ----------
    present : numpy.ndarray of bool
        By coalition and player; the last player changes least often.

    Returns
    -------
    numpy.ndarray of int
        Places.

    References
    ----------
    Gray (1953), Pulse code communication, US patent 2,632,058.

    Examples
    --------
    >>> order_coalitions(np.array([[0, 0], [1, 0], [0, 1], [1, 1]], dtype=bool)).tolist()
    [0, 1, 3, 2]
    """
    # Each digit of the rank is the parity of all digits of the code from there up.
    ranks = np.cumsum(present[:, ::-1], axis=1)[:, ::-1] % 2
    return np.lexsort(ranks.T)


def _rank_players(board: Board) -> np.ndarray:
    """Return players by what stands or falls with them: simplex has the longest way to go after the largest."""
    rates = board.program.figures["Generator", "p_nom"] * board.program.figures["Generator", "p_max_pu"].max(axis=0)
    return np.argsort(board.assets[0].needs["Generator"] @ np.nan_to_num(rates, posinf=0.0), kind="stable")


def set_board(n: pypsa.Network, players: Sequence[Player], access: Sequence[str]) -> Board:
    """Compile a network and find out who holds what.

    Parameters
    ----------
    n : pypsa.Network
        Unsolved.
    players : sequence of Player
        All players.
    access : sequence of str
        Rules of access.

    Returns
    -------
    Board
        Whose programme, with nobody there, was compared entry by entry with one written anew.
    """
    program = compile_network(n)
    assets = [find_assets(n, players, rule, most=None) for rule in access]
    # Rules differ by the links that need somebody, and one of them holds those of the other.
    widest = max(assets, key=lambda each: int(each.needs["Link"].sum()))
    _check_programme(n, program, silence(program.figures, widest, np.zeros(len(players), dtype=bool)))
    reference, _ = program.place({})
    basis = Resolver(program.reduction, reference).find_basis()
    return Board(program, basis, assets, value_consumption(n), count_years(n))


def _check_programme(n: pypsa.Network, program: Program, changed: Mapping[Key, Numbers]) -> None:
    work = change_network(n, changed)
    differences = find_differences(program, model_network(work, None), changed, name_rows(work.model))
    if differences:
        told = "what players hold cannot be taken away; extendable components, ramps or inflows may be the reason:"
        raise UsageError(list_problems(told, differences))


def silence(figures: Figures, assets: Assets, present: Flags) -> dict[Key, Numbers]:
    """Return the figures of a network in which only some players are there.

    Parameters
    ----------
    figures : mapping
        Of the network.
    assets : Assets
        What needs whom.
    present : numpy.ndarray of bool
        By player.

    Returns
    -------
    dict
        Changed arrays by (component, attribute). What is unset or has no floor stays so.
    """
    changed = {}
    for component, needs in assets.needs.items():
        gone = needs[~present].any(axis=0)
        for attribute in _SILENCED[component]:
            values = figures[component, attribute]
            changed[component, attribute] = np.where(gone & ~(np.isnan(values) | np.isneginf(values)), 0.0, values)
    return changed


def play(board: Board, task: Task) -> Floats:
    """Return the welfare of coalitions, each solved from where the one before ended.

    Parameters
    ----------
    board : Board
        The network.
    task : Task
        The coalitions.

    Returns
    -------
    numpy.ndarray, [million EUR/year]
        By coalition: what consumption is worth less what the dispatch costs, with what is given up.
    """
    program, assets = board.program, board.assets[task.access]
    resolver = Resolver(program.reduction, program.place({})[0], board.basis)
    welfare, failed = np.empty(len(task.present)), []
    for number, present in enumerate(task.present):
        solution = resolver.solve(program.place(silence(program.figures, assets, present))[0])
        if solution.status != "optimal":
            there = name_coalition(name for name, here in zip(assets.players, present, strict=True) if here)
            failed.append(f"{there}: {solution.status}")
        consumers = ~assets.zones[~present].any(axis=0)
        welfare[number] = board.worth[consumers].sum() - solution.objective
    if failed:
        told = "coalitions without a dispatch; look for minimum flows that cannot leave without the others:"
        raise SolveError(list_problems(told, failed))
    return welfare / 1e3 / board.years
