"""Technical capacity after the changes of a scenario."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pypsa

from energyflows.results import name_parts
from energyflows.scenarios.applying._work import NEGLIGIBLE, read_rates

_CARRIERS = ("pipeline", "regasification")


def follow_technical(before: pypsa.Network, after: pypsa.Network, widened: Mapping[str, pd.Series]) -> None:
    """Let technical capacity follow what a scenario builds, opens or takes away.

    Parameters
    ----------
    before : pypsa.Network
        Without the scenario.
    after : pypsa.Network
        With it; its technical capacities are changed in place.
    widened : mapping of str to pandas.Series
        What was built, GWh/d by snapshot, by pipeline.

    Notes
    -----
    What a link may carry less than before is taken off its technical capacity in proportion. It grows by what is
    built; a bound that is merely lifted reveals capacity, and adds none.
    """
    links = after.c["Link"]
    if "technical" not in links.dynamic:
        return
    names = _find_changed(before, after)
    if names.empty:
        return
    old, new = (_sum_parts(n, names) for n in (before, after))
    known, largest = (links.dynamic[name].reindex(columns=names, fill_value=0.0) for name in ("technical", "largest"))
    left = (new / old.where(old > NEGLIGIBLE)).clip(upper=1.0).fillna(1.0)
    built = pd.DataFrame(dict(widened), index=new.index).reindex(columns=names, fill_value=0.0)
    grown = (known * left + built).where(left < 1.0, (known + built).clip(lower=new))
    whole = known <= largest + NEGLIGIBLE
    for name, values in (("technical", grown), ("largest", grown.where(whole, largest * left))):
        links.dynamic[name] = links.dynamic[name].drop(columns=names, errors="ignore").join(values)


def _find_changed(before: pypsa.Network, after: pypsa.Network) -> pd.Index:
    """Return the pipelines and terminals, as elements of results, whose rates differ."""
    static = after.links
    chosen = static.index[static["carrier"].isin(_CARRIERS)]
    new = read_rates(after, "Link", chosen)
    old = read_rates(before, "Link", chosen.intersection(before.links.index)).reindex(columns=chosen, fill_value=0.0)
    moved = (np.abs(new.to_numpy() - old.to_numpy()) > NEGLIGIBLE).any(axis=0)
    return pd.Index(name_parts(static.loc[chosen[moved]]).unique())


def _sum_parts(n: pypsa.Network, names: pd.Index) -> pd.DataFrame:
    """Return what elements of results can carry, all parts together, GWh/d by snapshot."""
    whole = name_parts(n.links)
    parts = n.links.index[whole.isin(names)]
    rates = read_rates(n, "Link", parts)
    return rates.T.groupby(whole[parts]).sum().T.reindex(columns=names, fill_value=0.0)
