"""Who plays on the network: players, read from YAML or written in Python, and the assets they hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
import pypsa
from numpy.typing import NDArray
from pydantic import Field, field_validator

from energyflows.errors import UnknownNameError, UsageError, list_problems, require, shorten, suggest
from energyflows.results import RESPONSE, UNSERVED, name_parts
from energyflows.scenarios._fields import Declaration, Name
from energyflows.scenarios._yaml import read_yaml
from energyflows.scenarios.catalogue import find_seeds
from energyflows.scenarios.checking import Problem, find_line, refuse, validate
from energyflows.strategy._coalitions import MOST

FILE_NAME = "players.yaml"
#: Stands for all its members.
UNION = "EU27"
#: Between the names of players who stand together.
AND = " + "
ACCESS = ("open", "owner")
Access = Literal["open", "owner"]
#: Carriers of links that belong to a storage.
_STORAGE = ("injection", "withdrawal")
#: End of the name of the bus behind which a zone stores gas.
_BEHIND = " storage"
Flags = NDArray[np.bool_]


class Player(Declaration):
    """Who decides whether its assets work."""

    name: Name
    """As results call it."""
    countries: tuple[Name, ...] = ()
    """ISO-2 codes, or ``EU27``: all gas of these origins, consumers and stores there, and the territory."""
    suppliers: tuple[Name, ...] = ()
    """Origins: all gas of these, without consumers and territory."""
    routes: tuple[Name, ...] = ()
    """Supply routes: all gas that enters by these."""
    zones: tuple[Name, ...] = ()
    """Zones: their consumers and stores."""
    links: tuple[Name, ...] = ()
    """Links by name, or of what they are parts."""
    generators: tuple[Name, ...] = ()
    """Generators by name, or of what they are parts."""

    @field_validator("name")
    @classmethod
    def _check_name(cls, value: str) -> str:
        if AND in value:
            raise ValueError(f"found {value!r}, expected a name without '{AND}', which stands between players")
        return value


class _File(Declaration):
    players: tuple[Player, ...] = Field(min_length=1)
    """All players."""


class Assets(NamedTuple):
    """What works only together with whom."""

    players: list[str]
    #: By player and bus: whose consumers and stores.
    zones: Flags
    #: By component, then by player and name: a part works only if all players marked are there.
    needs: dict[str, Flags]


class _Network(NamedTuple):
    """What players can hold of a network."""

    n: pypsa.Network
    country: pd.Series
    union: set[str]
    #: Of generators; those that stand for demand not met have none.
    origin: pd.Series
    route: pd.Series


def read_players(path: str | Path | None = None) -> list[Player]:
    """Read players from a file.

    Parameters
    ----------
    path : str or Path, optional
        YAML with a list ``players``, as in ``seeds/players.yaml``; default the packaged file.

    Returns
    -------
    list of Player
        In the order of the file.

    Raises
    ------
    UsageError
        If the path is no path.
    ScenarioError
        If the file cannot be read, or anything in it cannot be used; all problems at once, each with its line.

    Examples
    --------
    >>> players = read_players()
    >>> players[0].name, players[0].countries, len(players)
    ('Russia', ('RU',), 10)
    """
    if path is not None and not isinstance(path, str | Path):
        raise UsageError(f"path: found {path!r}, expected the name of a YAML file")
    sheet, problems = read_yaml(find_seeds() / FILE_NAME if path is None else Path(path))
    refuse(problems)
    assert sheet is not None  # noqa: S101  there would be problems
    players = validate(_File, sheet.data, where=sheet.where, lines=sheet.lines).players
    known: set[str] = set()
    for number, player in enumerate(players):
        if player.name in known:
            line = find_line(("players", number, "name"), sheet.lines)
            problems.append(Problem(sheet.where, line, "", f"the player {player.name!r} is there twice; keep one"))
        known.add(player.name)
    refuse(problems)
    return list(players)


def find_assets(
    n: pypsa.Network, players: Iterable[Player], access: str = "open", *, most: int | None = MOST
) -> Assets:
    """Return what each player holds of a network.

    Parameters
    ----------
    n : pypsa.Network
        Any. Gas without ``origin`` comes from the country of its bus, and a bus without ``country`` is one of its own.
    players : iterable of Player
        What none of them holds works in every coalition.
    access : {"open", "owner"}
        Whether pipelines and terminals work whoever is there (third parties have access), or only if all players are
        there that hold the territory of either end or the link by name.
    most : int or None
        Players up to whom a game can be played; None for any number.

    Returns
    -------
    Assets
        Which parts need which players.

    Raises
    ------
    UsageError
        If a name is there twice, something is held by two players, a player holds nothing, or there are too many
        players.
    UnknownNameError
        If, among others, a name is not in the network. All problems are told at once.

    Examples
    --------
    >>> from energyflows import build_network
    >>> n = build_network(2025)
    >>> assets = find_assets(n, [Player(name="Azerbaijan", countries=["AZ"]), Player(name="Georgia", countries=["GE"])])
    >>> [n.loads.index[held].tolist() for held in assets.needs["Load"]]
    [['AZ demand', 'NAKHCHIVAN demand'], ['GE demand']]
    """
    cast = _check_players(players, access)
    network = _read_network(n)
    zones = np.stack([_mark_zones(network, player) for player in cast])
    gas = np.stack([_mark_gas(network, player) for player in cast])
    territory = np.stack([network.country.isin(_list_countries(network, player)).to_numpy() for player in cast])
    named = np.stack([_mark_names(n.links, player.links) for player in cast])
    passing = _at_ends(n, territory) | named
    unknown = {player.name: list(_find_unknown(network, player)) for player in cast}
    used = zones & _is_used(n)
    marked = {"generators": (n.generators.index, gas), "zones": (n.buses.index, used), "links": (n.links.index, named)}
    problems = [*chain(*unknown.values()), *_find_shared(cast, marked)]
    held = gas.any(axis=1) | used.any(axis=1) | passing.any(axis=1)
    # Of who names what there is not, that is told.
    idle = [cast[place].name for place in np.flatnonzero(~held) if not unknown[cast[place].name]]
    problems += [f"{name}: holds nothing in this network" for name in idle]
    if access == "owner" and len(n.lines):
        problems.append(f"found {len(n.lines)} lines, whose flow no owner can stop; write them as links")
    if most is not None and len(cast) > most:
        problems.append(f"found {len(cast)} players, expected at most {most}; give sample= to draw orders of more")
    if problems:
        title = f"{len(problems)} problems with players:" if len(problems) > 1 else "a problem with players:"
        raise (UnknownNameError if any(unknown.values()) else UsageError)(list_problems(title, problems))
    needs = _mark_needs(network, gas, zones, passing & (access == "owner"))
    return Assets([player.name for player in cast], zones, needs)


def _check_players(players: Any, access: str) -> list[Player]:
    """Return players, refusing what is none."""
    if access not in ACCESS:
        raise UsageError(f"access: found {access!r}, expected one of {', '.join(ACCESS)}")
    cast = [] if isinstance(players, str) or not isinstance(players, Iterable) else list(players)
    strange = [type(player).__name__ for player in cast if not isinstance(player, Player)]
    if strange or not cast:
        told = strange[0] if strange else shorten(repr(players))
        raise UsageError(f"players: found {told}, expected a list of Player, or the packaged ones from read_players()")
    counts = Counter(player.name for player in cast)
    twice = [
        f"{name!r} is there {count} times; names tell players apart" for name, count in counts.items() if count > 1
    ]
    if twice:
        raise UsageError(list_problems("players:", twice))
    return cast


def _read_network(n: pypsa.Network) -> _Network:
    require(n, "buses generators links", "a pypsa.Network")
    generators = n.generators
    country = pd.Series(n.buses.index, n.buses.index)
    if "country" in n.buses:
        country = n.buses["country"].replace("", None).fillna(country)
    origin = generators["bus"].map(country)
    if "origin" in generators:
        origin = generators["origin"].replace("", None).fillna(origin)
    real = ~is_given_up(n)
    route = generators["route"].fillna("") if "route" in generators else pd.Series("", generators.index)
    union = set(country[n.buses["eu"].astype(bool)]) if "eu" in n.buses else set()
    return _Network(n, country, union, origin.where(real, ""), route.where(real, ""))


def is_given_up(n: pypsa.Network) -> pd.Series:
    """Say which generators stand for demand that is given up or not met.

    Parameters
    ----------
    n : pypsa.Network
        Any.

    Returns
    -------
    pandas.Series of bool
        By generator.
    """
    return n.generators["carrier"].str.lower().isin(UNSERVED | RESPONSE)


def _list_countries(network: _Network, player: Player) -> set[str]:
    found = set(player.countries)
    return found - {UNION} | network.union if UNION in found else found


def _mark_zones(network: _Network, player: Player) -> Flags:
    """Mark buses whose consumers and stores a player holds."""
    behind = {*player.zones, *(f"{zone}{_BEHIND}" for zone in player.zones)}
    marked = network.country.isin(_list_countries(network, player)) | network.country.index.isin(behind)
    return np.asarray(marked, dtype=bool)


def _mark_gas(network: _Network, player: Player) -> Flags:
    origins = _list_countries(network, player) | set(player.suppliers)
    named = _mark_names(network.n.generators, player.generators) & ~is_given_up(network.n).to_numpy()
    marked = network.origin.isin(origins) | network.route.isin(player.routes) | named
    return np.asarray(marked, dtype=bool)


def _mark_names(static: pd.DataFrame, names: Sequence[str]) -> Flags:
    """Mark components of a name, and parts of what has it."""
    return np.asarray(static.index.isin(names) | name_parts(static).isin(names).to_numpy(), dtype=bool)


def _at_ends(n: pypsa.Network, buses: Flags) -> Flags:
    """Mark links that begin or end at a marked bus."""
    first, last = (n.buses.index.get_indexer(n.links[port]) for port in ("bus0", "bus1"))
    marked: Flags = buses[:, first] | buses[:, last]
    return marked


def _is_used(n: pypsa.Network) -> Flags:
    """Say at which buses somebody consumes or stores gas."""
    used = {*n.loads["bus"], *n.stores["bus"], *n.storage_units["bus"]}
    return np.asarray(n.buses.index.isin(used), dtype=bool)


def _mark_needs(network: _Network, gas: Flags, zones: Flags, passing: Flags) -> dict[str, Flags]:
    n = network.n
    at = {
        component: zones[:, n.buses.index.get_indexer(n.c[component].static["bus"])]
        for component in ("Generator", "Load", "Store", "StorageUnit")
    }
    stored = n.links["carrier"].isin(_STORAGE).to_numpy()
    links = np.where(stored, _at_ends(n, zones), passing)
    return {**at, "Generator": gas | (at["Generator"] & is_given_up(n).to_numpy()), "Link": links}


def _find_unknown(network: _Network, player: Player) -> Iterator[str]:
    """Yield names of a player's assets that are not in the network."""
    n = network.n
    real = n.generators[~is_given_up(n)]
    known = {
        "countries": {*network.country, *network.origin, *([UNION] if network.union else [])},
        "suppliers": {*network.origin},
        "routes": {*network.route},
        "zones": {*n.buses.index},
        "links": {*n.links.index, *name_parts(n.links)},
        "generators": {*real.index, *name_parts(real)},
    }
    for key, names in known.items():
        for name in getattr(player, key):
            if name not in names:
                yield f"{player.name}, {key}: {name!r} is not in this network{suggest(name, names - {''})}"


def _find_shared(cast: Sequence[Player], marked: Mapping[str, tuple[pd.Index, Flags]]) -> Iterator[str]:
    """Yield what two players hold."""
    for kind, (names, flags) in marked.items():
        shared: dict[str, list[str]] = {}
        for place in np.flatnonzero(flags.sum(axis=0) > 1):
            holders = " and ".join(player.name for player, holds in zip(cast, flags[:, place], strict=True) if holds)
            shared.setdefault(holders, []).append(str(names[place]))
        for holders, things in shared.items():
            yield f"{kind} {shorten(', '.join(things))}: held by {holders}; leave each to one of them"
