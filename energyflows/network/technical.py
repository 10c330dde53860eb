"""What could be carried and would be needed on a peak day: figures that bind nothing in the model.

Observed flows hold the links of past years below what is technically possible, and no average day shows the peak, so
measures of infrastructure need figures of their own.
"""

from __future__ import annotations

import pandas as pd
import pypsa

from energyflows.network.inputs import Inputs
from energyflows.network.lng import rate_terminals
from energyflows.network.pipelines import rate_capacity


def add_technical(n: pypsa.Network, inputs: Inputs) -> None:
    """Add technical capacities of links and peak demand of zones.

    Parameters
    ----------
    n : pypsa.Network
        Changed in place: ``n.links_t["technical"]`` is the capacity of pipelines and of all terminals of a zone,
        ``n.links_t["largest"]`` that of the largest single one in it, both GWh/d, and ``n.links["largest_name"]`` its
        name; ``n.buses_t["peak_day"]`` is the demand of a day as cold as comes once in twenty years, GWh/d.
    inputs : Inputs
        Tables and time.

    Notes
    -----
    Several points between two zones are one link, and count as one installation.
    """
    pipes = inputs.average(rate_capacity(inputs))
    terminals = rate_terminals(inputs)
    each = terminals.T.groupby(level=["link", "terminal"]).sum().T
    by_link = each.T.groupby(level="link")
    links = n.c["Link"]
    links.dynamic["technical"] = _label(pd.concat([pipes, by_link.sum().T], axis=1))
    links.dynamic["largest"] = _label(pd.concat([pipes, by_link.max().T], axis=1))
    largest = each.mean().groupby(level="link").idxmax().str[1]
    links.static["largest_name"] = links.static["part_of"].replace(largest.to_dict())
    n.c["Bus"].dynamic["peak_day"] = _label(rate_peaks(inputs))


def _label(rates: pd.DataFrame) -> pd.DataFrame:
    """Name rows and columns as PyPSA does."""
    return rates.rename_axis(index="snapshot", columns="name")


def rate_peaks(inputs: Inputs) -> pd.DataFrame:
    """Return peak demand of zones.

    Parameters
    ----------
    inputs : Inputs
        Tables and time.

    Returns
    -------
    pandas.DataFrame
        GWh/d by snapshot and zone; missing where the tables know none.
    """
    peaks = inputs.tables["demand_annual"].pivot_table(index="year", columns="zone", values="peak_day_gwh_d")
    return peaks.reindex(inputs.snapshots.year).set_axis(inputs.snapshots, axis=0)
