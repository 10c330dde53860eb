"""Bounds that hold a network to what was observed, taken off for questions about what was not."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd
import pypsa

from energyflows.datasets import load_tables
from energyflows.errors import UnknownNameError, UsageError, list_problems, require
from energyflows.network.building import QUIET_STRINGS
from energyflows.network.parts import share_of
from energyflows.network.slices import LEVEL_TOLERANCE, cut_slices, list_slices

#: Exporters whose LNG keeps its ceilings: law limits where it may go, not price.
RESTRICTED = ("RU",)
#: EUR/MWh between which the worth of a ceiling counts as one: what it is worth in the dearest month is no guide to the
#: others.
_TIERS = (0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0)
#: Edges between which gas left has one worth, as parts of the volume from the observed level.
_END_STEPS = (-0.3, -0.2, -0.15, -0.1, -0.05, 0.05, 0.1, 0.2)
#: Worth of gas left by quarter of the volume, as parameters.
_END_FACTORS = tuple(f"end_value_factor_{quarter}" for quarter in range(1, 5))


def free_destinations(n: pypsa.Network, *, keep: Collection[str] = RESTRICTED) -> pypsa.Network:
    """Let LNG go where it pays, instead of at most 15 % more than observed to any place.

    The table ``lng_suppliers`` bounds what each exporter sends to each pool of importers around the observed volume.
    That is right when a year is told as it was, and wrong when something fails: the first answer to a shortage are
    ships that turn round. The ceilings become what the exporter can load; the floors, which stand for contracts, stay.

    Parameters
    ----------
    n : pypsa.Network
        From :func:`energyflows.build_network`; stays as it is.
    keep : collection of str
        Exporters whose ceilings stay; by default Russia, whose LNG meets sanctions and bans.

    Returns
    -------
    pypsa.Network
        A changed copy.

    Raises
    ------
    UsageError
        If the network has no shipping, or does not know an exporter.

    Examples
    --------
    >>> from energyflows import build_network
    >>> n = build_network(2025)
    >>> free = free_destinations(n)
    >>> bool(free.links.at["LNGUS-LNGEU", "p_nom"] > n.links.at["LNGUS-LNGEU", "p_nom"])
    True
    """
    require(n, "links generators is_solved", "a pypsa.Network")
    if n.is_solved:
        raise UsageError("n: found a solved network, expected one that is not; build it anew")
    shipped = n.links[(n.links["carrier"] == "shipping") & (n.links.get("reward", 0.0) == 0)]
    exporters = n.generators[n.generators["bus"].isin(shipped["bus0"])]
    if isinstance(keep, str):
        raise UsageError(f"keep: found the text {keep!r}, expected a list of exporters")
    problems = [] if len(shipped) else ["no links with carrier 'shipping'"]
    problems += [f"no exporter {name!r} by ship" for name in keep if name not in set(exporters.get("origin", ()))]
    if problems:
        raise UsageError(list_problems("destinations cannot be freed:", problems))
    kept = set(exporters.loc[exporters["origin"].isin(list(keep)), "bus"]) if len(keep) else set()
    freed = shipped.index[~shipped["bus0"].isin(kept)]
    able = (n.get_switchable_as_dense("Generator", "p_max_pu").max() * n.generators["p_nom"])[exporters.index]
    with pypsa.option_context(*QUIET_STRINGS):
        work = n.copy()
    work.links.loc[freed, "p_nom"] = able.groupby(exporters["bus"]).sum()[shipped.loc[freed, "bus0"]].to_numpy()
    work.links.loc[freed, "p_max_pu"] = 1.0
    work.links_t.p_max_pu = work.links_t.p_max_pu.drop(columns=freed, errors="ignore")
    return work


def release_bounds(
    n: pypsa.Network,
    price: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame] | None = None,
    *,
    stocks: bool = True,
) -> pypsa.Network:
    """Let go of what a reference is held to by observation, at the price that holding it has there.

    Ships may bring more than the ceilings of table ``lng_suppliers`` allow and less than its floors, and stores may
    end the year on another level than observed. Both cost what the bound is worth in the reference and a little more,
    so the reference stays the best solution as long as nothing else changes, and gives way when something does:

    * a cargo beyond a ceiling, or short of a floor, costs the gain or the loss it would have brought in the reference
      at that time (rounded up within steps), plus the parameter ``diversion_cost``;
    * gas left in store at the end of an observed year is worth its price there in the last period of the reference:
      less above the observed level and more below it, along a line through the four ``end_value_factor`` and at least
      by ``end_value_margin``. That is right for a shock that passes. A shortage that lasts would make this gas as
      dear as it is in the scenario: ``stocks=False`` holds stores to the observed level, the other end of the range.

    Neither enters the reported cost.

    Parameters
    ----------
    n : pypsa.Network
        From :func:`energyflows.build_network`, unsolved; stays as it is.
    price : pandas.DataFrame
        EUR/MWh by snapshot and bus, of the reference solved.
    tables : mapping of str to pandas.DataFrame, optional
        The network was built from; default the packaged ones.
    stocks : bool
        Let go of final stocks as well.

    Returns
    -------
    pypsa.Network
        A changed copy.

    Examples
    --------
    >>> from energyflows import build_network, run, solve
    >>> reference = run(years=2025)
    >>> free = solve(release_bounds(build_network(2025), reference["price"].to_pandas()))
    >>> abs(float(free["objective"] / reference["objective"]) - 1) < 1e-6
    True
    """
    given = load_tables() if tables is None else tables
    figures = _read_figures(given["parameters"])
    with pypsa.option_context(*QUIET_STRINGS):
        work = n.copy()
        _open_destinations(work, price, figures["diversion_cost"])
        if stocks:
            _free_stocks(work, price, given["observed_storage"], figures)
    return work


def free_stocks(
    n: pypsa.Network, price: pd.DataFrame, tables: Mapping[str, pd.DataFrame] | None = None
) -> pypsa.Network:
    """Let stores end an observed year on any level, at the worth of gas in a reference.

    As in :func:`release_bounds`: the worth is the price of the last period at the observed level, less above it and
    more below it.

    Parameters
    ----------
    n : pypsa.Network
        From :func:`energyflows.build_network`, unsolved; stays as it is.
    price : pandas.DataFrame
        EUR/MWh by snapshot and bus, of the reference solved.
    tables : mapping of str to pandas.DataFrame, optional
        The network was built from; default the packaged ones.

    Returns
    -------
    pypsa.Network
        A changed copy.

    Examples
    --------
    >>> from energyflows import build_network, run
    >>> n = build_network(2025)
    >>> free = free_stocks(n, run(years=2025)["price"].to_pandas())
    >>> last = free.snapshots[-1]
    >>> round(-31 * float(n.stores_t.marginal_cost_storage.at[last, "DE storage 1"]))
    300
    >>> 20 < -31 * float(free.stores_t.marginal_cost_storage.at[last, "DE storage 1"]) < 100
    True
    """
    given = load_tables() if tables is None else tables
    with pypsa.option_context(*QUIET_STRINGS):
        work = n.copy()
        _free_stocks(work, price, given["observed_storage"], _read_figures(given["parameters"]))
    return work


def drop_rewards(n: pypsa.Network) -> pypsa.Network:
    """Let gas flow for its cost alone: what is sure by contract or observation is offered, and no longer rewarded.

    Parameters
    ----------
    n : pypsa.Network
        From :func:`energyflows.build_network`, unsolved; stays as it is.

    Returns
    -------
    pypsa.Network
        A changed copy; generators and links pay their cost, stores keep the worth of their levels.

    Examples
    --------
    >>> from energyflows import build_network
    >>> n = drop_rewards(build_network(2025))
    >>> float(n.generators.loc[n.generators["origin"] == "AZ", "marginal_cost"].min()) > 0
    True
    """
    require(n, "links generators is_solved", "a pypsa.Network")
    with pypsa.option_context(*QUIET_STRINGS):
        work = n.copy()
    for component in ("Generator", "Link"):
        parts = work.c[component]
        if "reward" not in parts.static:
            continue
        reward = parts.static["reward"].fillna(0.0)
        parts.static["marginal_cost"] += reward
        varying = parts.dynamic["marginal_cost"]
        parts.dynamic["marginal_cost"] = varying + reward[varying.columns]
        parts.static["reward"] = 0.0
    return work


def _read_figures(parameters: pd.DataFrame) -> dict[str, float]:
    figures = dict(zip(parameters["parameter"], parameters["value"], strict=True))
    missing = sorted({"diversion_cost", "end_value_margin", "minimum_penalty", *_END_FACTORS} - set(figures))
    if missing:
        raise UnknownNameError(f"parameters.csv has no row {', '.join(missing)}; add it, with its unit and source")
    return figures


def _open_destinations(n: pypsa.Network, price: pd.DataFrame, extra: float) -> None:
    """Let ships leave the ceilings and floors of where they go, at the price of each in the reference."""
    ships = n.links[n.links["carrier"] == "shipping"]
    exporters = n.generators[n.generators["bus"].isin(ships["bus0"])]
    kept = set(exporters.loc[exporters["origin"].isin(RESTRICTED), "bus"])
    ships = ships[~ships["bus0"].isin(kept)]
    able = (n.get_switchable_as_dense("Generator", "p_max_pu").max() * n.generators["p_nom"])[exporters.index]
    room = able.groupby(exporters["bus"]).sum()
    free, held = ships[ships["reward"] == 0], ships[ships["reward"] > 0]
    most = pd.DataFrame(np.tile(room[free["bus0"]], (len(price), 1)), index=price.index, columns=free.index)
    least = (n.get_switchable_as_dense("Link", "p_max_pu") * n.links["p_nom"])[held.index]
    _add_tiers(n, "diverted", most, -(_gain(price, free).clip(lower=0.0) + extra))
    _add_tiers(n, "held", least, (-_gain(price, held)).clip(lower=0.0) + extra)
    n.links.loc[held.index, "p_nom"] = 0.0


def _gain(price: pd.DataFrame, ships: pd.DataFrame) -> pd.DataFrame:
    """Return what a cargo earns on its way in the reference, EUR/MWh by snapshot and link."""
    cost = (ships["marginal_cost"] + ships["reward"]).to_numpy()
    gain = price[ships["bus1"]].to_numpy() - price[ships["bus0"]].to_numpy() - cost
    return pd.DataFrame(gain, index=price.index, columns=ships.index)


def _add_tiers(n: pypsa.Network, word: str, room: pd.DataFrame, reward: pd.DataFrame) -> None:
    """Add to links a part for each step of a reward that differs in time, with room only while it holds."""
    steps = pd.DataFrame(np.searchsorted(_TIERS, reward.abs()), index=reward.index, columns=reward.columns)
    for step in np.unique(steps):
        now = (steps == step) & (room > 0)
        names = room.columns[now.any()]
        if names.empty:
            continue
        # A charge is rounded away from zero, and so is a reward: neither is less than what the bound is worth.
        worth = reward.where(now, 0.0)[names]
        own = worth.max().where(worth.max() > 0, worth.min())
        rates = room.where(now, 0.0)[names]
        rows, suffix = n.links.loc[names], f" {word} {step + 1}"
        n.add(
            "Link",
            names + suffix,
            **{
                column: rows[column].to_numpy()
                for column in ("bus0", "bus1", "carrier", "efficiency", "group", "part_of")
            },
            p_nom=rates.max().to_numpy(),
            p_max_pu=share_of(rates, rates.max()).add_suffix(suffix),
            marginal_cost=(rows["marginal_cost"] + rows["reward"] - own).to_numpy(),
            reward=own.to_numpy(),
        )


def _free_stocks(n: pypsa.Network, price: pd.DataFrame, levels: pd.DataFrame, figures: Mapping[str, float]) -> None:
    """Put the worth of gas in place of what holds stores to their observed level at the turn of a year."""
    for year in sorted(set(n.snapshots.year)):
        seen = levels[levels["date"] == pd.Timestamp(year, 12, 31)].set_index("zone")["twh"] * 1e3
        held = {zone: level for zone, level in seen.items() if _is_held(n, zone)}
        sizes = n.stores.groupby("bus")["e_nom"].sum()
        room = {zone: float(sizes[f"{zone} storage"]) for zone in held}
        cut_slices(
            n, {zone: [level, *(level + step * room[zone] for step in _END_STEPS)] for zone, level in held.items()}
        )
        last = n.snapshots[n.snapshots.year == year][-1]
        later = n.snapshots[n.snapshots.year > year][:1]
        days = float(n.snapshot_weightings["generators"][last])
        for zone, level in held.items():
            names, prices = list_slices(n, zone), price[f"{zone} storage"]
            # Gas that goes on into a next year of the same network is worth its price there too.
            gain = float(prices[last] - prices[later].sum())
            worth = value_slices(n.stores.loc[names, "e_nom"], level, gain, figures)
            n.stores_t.marginal_cost_storage.loc[last, names] += (worth["held"] - worth["free"]) / days


def _is_held(n: pypsa.Network, zone: str) -> bool:
    """Say whether a zone has storage that must end at a level: what ends as it began is not held to another."""
    names = list_slices(n, zone)
    return bool(names) and not n.stores.loc[names, "e_cyclic"].any()


def value_slices(sizes: pd.Series, level: float, price: float, figures: Mapping[str, float]) -> pd.DataFrame:
    """Return what gas in each slice of a store earns while it is held to a level, and once it is not.

    Parameters
    ----------
    sizes : pandas.Series
        GWh by slice, from the lowest; the level lies at an edge.
    level : float
        GWh.
    price : float
        EUR/MWh at the store.
    figures : mapping of str to float
        Parameters.

    Returns
    -------
    pandas.DataFrame
        EUR/MWh by slice; columns ``held`` and ``free``, which never rises with the level and passes through the
        price at the level.
    """
    tops = sizes.cumsum()
    volume = max(float(tops.iloc[-1]), LEVEL_TOLERANCE)
    below = tops <= level + 1e3 * LEVEL_TOLERANCE
    factors = [figures[name] for name in _END_FACTORS]
    middles = (np.arange(len(factors)) + 0.5) / len(factors)
    ratio = np.interp((tops - sizes / 2.0) / volume, middles, factors) / np.interp(level / volume, middles, factors)
    margin = figures["end_value_margin"]
    bent = np.where(below, np.maximum(ratio, 1.0 + margin), np.minimum(ratio, 1.0 - margin))
    held = np.where(below, figures["minimum_penalty"], -figures["minimum_penalty"])
    return pd.DataFrame({"held": held, "free": price + (bent - 1.0) * abs(price)}, index=sizes.index)
