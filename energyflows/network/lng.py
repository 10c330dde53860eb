"""LNG: shipping from suppliers to pools, regasification by zone, and the rest of the world."""

from __future__ import annotations

import numpy as np
import pandas as pd

from energyflows.errors import TableError
from energyflows.network.calendar import find_overlaps, parse_period
from energyflows.network.inputs import Inputs
from energyflows.network.parts import add_links, add_stepped_links, cost_attribute
from energyflows.network.plan import Plan
from energyflows.network.supply import cost_years, rate_years

REST_OF_WORLD = "LNGROW"
PRICE_HUB = "JKM"
#: Price at which the rest of the world's demand is stated, in years where that is not the JKM price.
ANCHOR_HUB = "ROW-ANCHOR"
PRICE_STEPS = range(1, 9)
#: Equal parts of a zone's send-out capacity, each dearer than the one before.
REGAS_STEPS = range(1, 6)


def add_shipping(plan: Plan, inputs: Inputs) -> None:
    """Add a link from each supplier to each pool it delivers to.

    The yearly bounds of table ``lng_suppliers`` become even rates, so that no year exceeds them.

    Parameters
    ----------
    plan : Plan
        Takes them.
    inputs : Inputs
        Tables and time.
    """
    rows = inputs.tables["lng_suppliers"]
    groups = {f"{bus}-{pool}": group for (bus, pool), group in rows.groupby(["bus", "pool"])}
    upper = inputs.average(pd.DataFrame({k: rate_years(g, inputs, "max_twh") for k, g in groups.items()}))
    lower = inputs.average(pd.DataFrame({k: rate_years(g, inputs, "min_twh") for k, g in groups.items()}))
    links = pd.DataFrame(
        {
            "bus0": {k: g["bus"].iat[0] for k, g in groups.items()},
            "bus1": {k: g["pool"].iat[0] for k, g in groups.items()},
            "cost": {k: cost_years(g, inputs, "shipping_eur_mwh").iat[-1] for k, g in groups.items()},
        }
    ).assign(carrier="shipping", efficiency=1.0, length=0.0, group="lng")
    add_links(plan, inputs, links, upper, lower)


def add_terminals(plan: Plan, inputs: Inputs) -> None:
    """Add regasification, one link per pool and zone with the sum of its terminals.

    The fee is the mean of the terminals by capacity, and rises with use: slots booked for long are sunk cost and are
    used first, the last free slots are dear. With one fee for all gas, tenths of a euro between two countries would
    fill the terminals of one and empty those of the other.

    Parameters
    ----------
    plan : Plan
        Takes them.
    inputs : Inputs
        Tables and time.
    """
    rows = inputs.tables["lng_terminals"]
    running = rate_terminals(inputs)
    names = pd.Series(running.columns.get_level_values("link"), index=rows.index)
    capacity = running.T.groupby(level="link").sum().T
    mean = pd.Series(running.mean().to_numpy(), index=rows.index)
    weight = mean.where(mean > 0, 1e-9 * rows["sendout_gwh_d"].clip(lower=1.0))
    fee = (rows["regas_eur_mwh"] * weight).groupby(names).sum() / weight.groupby(names).sum()
    links = pd.DataFrame(
        {
            "bus0": rows.groupby(names)["pool"].first(),
            "bus1": rows.groupby(names)["zone"].first(),
            "cost": fee,
        }
    ).assign(carrier="regasification", efficiency=1.0, length=0.0, group="lng")
    add_stepped_links(plan, links, capacity, [inputs.parameter(f"regas_premium_{step}") for step in REGAS_STEPS])


def rate_terminals(inputs: Inputs) -> pd.DataFrame:
    """Return what terminals can send out.

    Parameters
    ----------
    inputs : Inputs
        Tables and time.

    Returns
    -------
    pandas.DataFrame
        GWh/d by snapshot; a column for each row of the table, with levels ``link`` (pool and zone) and ``terminal``;
        nothing of what is mothballed.
    """
    rows = inputs.tables["lng_terminals"]
    held = find_overlaps(rows["valid_from"], rows["valid_to"], inputs.periods)
    running = held * rows["sendout_gwh_d"].where(rows["status"] != "mothballed", 0.0)
    names = [rows["pool"] + "-" + rows["zone"], rows["name"]]
    return running.set_axis(pd.MultiIndex.from_arrays(names, names=["link", "terminal"]), axis=1)


def add_rest_of_world(plan: Plan, inputs: Inputs, demand: pd.Series) -> None:
    """Add the LNG demand of the rest of the world, which gives way as the price rises.

    Around its yearly demand at the JKM price, step ``i`` gives up a share of demand at ``JKM × factor_i``; the steps
    below the JKM price stand for demand that comes on top when LNG is cheap, so the load is raised by them.

    Parameters
    ----------
    plan : Plan
        Takes them.
    inputs : Inputs
        Tables and time.
    demand : pandas.Series
        GWh/d by snapshot at the JKM price.
    """
    price = inputs.average(find_anchor(inputs))
    factor = {step: inputs.parameter(f"row_response_price_factor_{step}") for step in PRICE_STEPS}
    share = {step: inputs.parameter(f"row_response_share_{step}") for step in PRICE_STEPS}
    extra = sum(share[step] for step in PRICE_STEPS if factor[step] < 1.0)
    load = (demand * (1.0 + extra)).to_frame(f"{REST_OF_WORLD} demand")
    plan.add("Load", load.columns, bus=REST_OF_WORLD, carrier="demand", p_set=load)
    names = pd.Index([f"{REST_OF_WORLD} response {step}" for step in PRICE_STEPS])
    steps = pd.DataFrame({name: share[step] * demand for name, step in zip(names, PRICE_STEPS, strict=True)})
    last = pd.DataFrame({name: factor[step] * price for name, step in zip(names, PRICE_STEPS, strict=True)})
    plan.add(
        "Generator",
        names,
        bus=REST_OF_WORLD,
        carrier="response",
        p_nom=steps.max(),
        p_max_pu=steps / steps.max(),
        **cost_attribute(last),
    )
    plan.add(
        "Generator",
        pd.Index([f"{REST_OF_WORLD} unserved"]),
        bus=REST_OF_WORLD,
        carrier="unserved",
        p_nom=load.max().item(),
        marginal_cost=inputs.parameter("value_of_lost_load"),
    )


def find_anchor(inputs: Inputs) -> pd.Series:
    """Return the price at which the rest of the world's demand is stated, EUR/MWh by day."""
    price = spread_prices(inputs, PRICE_HUB)
    prices = inputs.tables["prices"]
    stated = prices[prices["hub"] == ANCHOR_HUB].set_index("period")["eur_mwh"]
    years = pd.Series(inputs.days.year.astype(str), index=inputs.days)
    return years.map(stated).astype(float).fillna(price).rename(PRICE_HUB)


def spread_prices(inputs: Inputs, hub: str) -> pd.Series:
    """Return a hub's price by day; a monthly figure goes before a quarterly or yearly one.

    Parameters
    ----------
    inputs : Inputs
        Tables and time.
    hub : str
        Name in table ``prices``.

    Returns
    -------
    pandas.Series
        EUR/MWh by day; days without a figure take the last one before, else the first.

    Raises
    ------
    TableError
        If the hub has no figure in any of the years.
    """
    rows = inputs.tables["prices"]
    rows = rows[rows["hub"] == hub]
    first, rate = inputs.days[0], np.full(len(inputs.days), np.nan)
    for frequency in ("year", "quarter", "month"):
        of_one = rows[rows["frequency"] == frequency]
        for period, price in zip(of_one["period"], of_one["eur_mwh"], strict=True):
            start, end = (max((edge - first).days, 0) for edge in parse_period(period))
            rate[start:end] = price
    daily = pd.Series(rate, index=inputs.days, name=hub)
    if rows.empty or daily.isna().all():
        raise TableError(f"prices.csv: no figure of hub {hub!r} in {inputs.years[0]} to {inputs.years[-1]}; add one")
    return daily.ffill().bfill()
