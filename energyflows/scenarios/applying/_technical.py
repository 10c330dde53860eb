"""Technical capacity after the changes of a scenario."""

from __future__ import annotations

from collections.abc import Mapping

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
    old, new = (_sum_parts(n) for n in (before, after))
    entries = name_parts(links.static)[links.static["carrier"].isin(_CARRIERS)]
    new = new[entries.unique()]
    old = old.reindex(columns=new.columns, fill_value=0.0)
    changed = new.columns[((new - old).abs() > NEGLIGIBLE).any()]
    if changed.empty:
        return
    old, new = old[changed], new[changed]
    known, largest = (links.dynamic[name].reindex(columns=changed, fill_value=0.0) for name in ("technical", "largest"))
    left = (new / old.where(old > NEGLIGIBLE)).clip(upper=1.0).fillna(1.0)
    built = pd.DataFrame(dict(widened), index=new.index).reindex(columns=changed, fill_value=0.0)
    grown = (known * left + built).where(left < 1.0, (known + built).clip(lower=new))
    whole = known <= largest + NEGLIGIBLE
    for name, values in (("technical", grown), ("largest", grown.where(whole, largest * left))):
        links.dynamic[name] = links.dynamic[name].drop(columns=changed, errors="ignore").join(values)


def _sum_parts(n: pypsa.Network) -> pd.DataFrame:
    """Return what links can carry, GWh/d by snapshot and element of results."""
    rates = read_rates(n, "Link", n.links.index)
    return rates.T.groupby(name_parts(n.links)).sum().T
