"""Tables that tell a sweep of outages, and an ensemble."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from energyflows.errors import ResultsError, list_problems
from energyflows.metrics import LEAST_RATE, expected_unserved_energy, loss_of_load_probability, survival
from energyflows.summary._entries import Tables

#: Name of the draw in which nothing fails.
REFERENCE = "reference"
#: Outputs these tables need beside the usual ones.
SERIES = "unserved"
_NEEDED = ("unserved_sum", "unserved_max", "response_sum", "consumed_sum", "price_mean")
_LEAST_TWH, _LEAST_PRICE, _WORST = 0.005, 1.0, 3
#: TWh below which a loss is not worth a name.
_LEAST_LOSS = 0.05
#: Draws with unserved energy below which the spread of its amount says nothing.
_LEAST_EVENTS = 10
#: Quantile of the normal distribution for an interval of 95 %.
_Z = 1.959964


def summarise_sweep(ds: xr.Dataset, tables: Tables) -> dict[str, pd.DataFrame]:
    """Return what each outage does, against the reference.

    Parameters
    ----------
    ds : xarray.Dataset
        From :func:`energyflows.sweep_outages`, of a network built from the tables.
    tables : mapping of str to pandas.DataFrame
        From :func:`energyflows.load_tables`.

    Returns
    -------
    dict of str to pandas.DataFrame
        ``outages``: one row each, those without solution first, then by cost: unserved energy and demand given up
        beyond the reference (TWh), change of the mean price over the year, zones of the EU27 weighted by demand
        (EUR/MWh), of the cost of the whole model (million EUR), and who is hurt most.
        ``hurt``: one row per outage and zone with a change that matters.

    Raises
    ------
    ResultsError
        If outputs are missing, or the first draw is no reference with a solution.
    """
    _require(ds)
    if str(ds["draw"].to_numpy()[0]) != REFERENCE or ds["status"].to_numpy()[0] != "optimal":
        raise ResultsError(f"the first draw must be {REFERENCE!r} and have a solution; see energyflows.sweep_outages")
    markets = ds.sel(bus=ds["bus_kind"] == "market")
    change = _subtract_reference(markets)
    inside = change["bus"].isin(tables["zones"].query("eu")["zone"].tolist())
    weight = markets["consumed_sum"].isel(draw=0, drop=True).where(inside, 0.0)
    frame = pd.DataFrame(
        {
            "status": ds["status"].to_numpy(),
            "unserved_twh": change["unserved_sum"].sum("bus", skipna=False).to_numpy() / 1e3,
            "eu27_unserved_twh": change["unserved_sum"].where(inside, 0.0).sum("bus", skipna=False).to_numpy() / 1e3,
            "eu27_given_up_twh": change["response_sum"].where(inside, 0.0).sum("bus", skipna=False).to_numpy() / 1e3,
            "eu27_price_eur_mwh": change["price_mean"].weighted(weight).mean("bus", skipna=False).to_numpy(),
            "cost_meur": (ds["objective"] - ds["objective"].isel(draw=0)).to_numpy() / 1e3,
        },
        index=pd.Index(ds["draw"].to_numpy(), name="outage"),
    )
    hurt = _list_hurt(change)
    worst = {outage: _tell_worst(rows) for outage, rows in hurt.groupby("outage")}
    frame["hurt"] = [worst.get(outage, "") for outage in frame.index]
    ranked = frame.iloc[1:].sort_values("cost_meur", ascending=False, na_position="first")
    return {"outages": ranked, "hurt": hurt}


def _subtract_reference(ds: xr.Dataset) -> xr.Dataset:
    moving = ds[["unserved_sum", "response_sum", "price_mean"]]
    return moving - moving.isel(draw=0, drop=True)


def _list_hurt(change: xr.Dataset) -> pd.DataFrame:
    """Return outages and zones in which demand is lost or the price changes."""
    parts = {
        "unserved_twh": change["unserved_sum"] / 1e3,
        "given_up_twh": change["response_sum"] / 1e3,
        "price_eur_mwh": change["price_mean"],
    }
    long = pd.concat({name: part.to_series() for name, part in parts.items()}, axis=1).rename_axis(["outage", "zone"])
    lost = long["unserved_twh"] + long["given_up_twh"]
    return long[(lost > _LEAST_TWH) | (long["price_eur_mwh"].abs() > _LEAST_PRICE)].reset_index()


def _tell_worst(rows: pd.DataFrame) -> str:
    """Name the zones that lose most gas, and the ones whose price rises most."""
    rows = rows.assign(lost=rows["unserved_twh"] + rows["given_up_twh"])
    losing = rows[rows["lost"] > _LEAST_LOSS].nlargest(_WORST, "lost")
    told = [f"{row.zone} {row.lost:.1f} TWh" for row in losing.itertuples()]
    others = rows[(rows["price_eur_mwh"] > _LEAST_PRICE) & ~rows["zone"].isin(losing["zone"])]
    rising = others.nlargest(1 if told else _WORST, "price_eur_mwh")
    return ", ".join([*told, *(f"{row.zone} +{row.price_eur_mwh:.0f} EUR/MWh" for row in rising.itertuples())])


def summarise_ensemble(ds: xr.Dataset, tables: Tables) -> dict[str, pd.DataFrame]:
    """Return how often and how much demand is not met, and quantiles of prices, by zone.

    Draws without solution are never averaged away: if there are any, means and quantiles are NaN, and probabilities
    are an interval between all of them going well and all of them going wrong. Otherwise figures carry the 95 %
    interval that the number of draws leaves, Wilson's for probabilities; only for random draws, because points of a
    Latin hypercube or Sobol sequence are not independent, and for energies only if ten draws have any unserved.

    Parameters
    ----------
    ds : xarray.Dataset
        From :func:`energyflows.run_ensemble` with the outputs it has by default and ``unserved``.
    tables : mapping of str to pandas.DataFrame
        From :func:`energyflows.load_tables`.

    Returns
    -------
    dict of str to pandas.DataFrame
        ``ensemble``: number of draws, of those with a solution, and of checked ones. ``zones``: one row per zone with
        a load, for the EU27 and for all zones together (unserved anywhere in them): expected unserved energy (GWh),
        probability of any, 95 % quantile, mean demand given up, quantiles of the mean price. ``survival``: by period
        and zone, the share of draws without unserved energy until its end.

    Raises
    ------
    ResultsError
        If outputs are missing, or no draw has a solution.
    """
    _require(ds, SERIES)
    count = int((ds["status"] == "optimal").sum())
    if not count:
        raise ResultsError(f"none of {ds.sizes['draw']} draws has a solution; there is nothing to summarise")
    markets = ds.sel(bus=(ds["bus_kind"] == "market") & (ds["consumed_sum"].max("draw") > 0))
    eu = markets["bus"].isin(tables["zones"].query("eu")["zone"].tolist())
    rows = [_describe(markets.sel(bus=[bus]), str(bus)) for bus in markets["bus"].to_numpy()]
    zones = pd.concat([_describe(markets.sel(bus=eu), "EU27"), _describe(markets, "anywhere"), *rows])
    counts = pd.DataFrame(
        {
            "draws": [ds.sizes["draw"]],
            "solved": [count],
            "checked": [len(ds.attrs.get("checked_draws", []))],
            "engine": [ds.attrs.get("engine", "")],
        }
    )
    curve = survival(markets[SERIES]).transpose("snapshot", "bus").to_pandas()
    return {"ensemble": counts, "zones": zones, "survival": curve.rename_axis(index="snapshot", columns=None)}


def _describe(ds: xr.Dataset, name: str) -> pd.DataFrame:
    """Return the row of a group of zones."""
    energy, worst = ds["unserved_sum"].sum("bus", skipna=False), ds["unserved_max"].max("bus", skipna=False)
    price = ds["price_mean"].weighted(ds["consumed_sum"].mean("draw")).mean("bus", skipna=False)
    known = bool((ds["status"] == "optimal").all())
    mean = float(expected_unserved_energy(energy))
    error = _measure_error(energy) if known and _is_random(ds) else np.nan
    low, high = _bound_probability(worst, ds)
    row = {
        "eens_gwh": mean,
        "eens_low_gwh": np.nan if np.isnan(error) else max(0.0, mean - error),
        "eens_high_gwh": mean + error,
        "lolp": float(loss_of_load_probability(worst)),
        "lolp_low": low,
        "lolp_high": high,
        "unserved_p95_gwh": float(energy.quantile(0.95, skipna=False)),
        "given_up_gwh": float(ds["response_sum"].sum("bus", skipna=False).mean(skipna=False)),
    }
    for part in (5, 50, 95):
        row[f"price_p{part:02d}_eur_mwh"] = float(price.quantile(part / 100, skipna=False))
    return pd.DataFrame(row, index=pd.Index([name], name="zone"))


def _is_random(ds: xr.Dataset) -> bool:
    return str(ds.attrs.get("method", "random")) == "random"


def _measure_error(energy: xr.DataArray) -> float:
    """Return half of the 95 % interval of a mean; none if few draws have any, because their tail is not known then."""
    if int((energy > LEAST_RATE).sum()) < _LEAST_EVENTS:
        return np.nan
    return float(_Z * float(energy.std(ddof=1)) / np.sqrt(energy.size))


def _bound_probability(worst: xr.DataArray, ds: xr.Dataset) -> tuple[float, float]:
    """Return the interval of the probability of unserved demand."""
    count = worst.size
    lost = float((worst > LEAST_RATE).sum()) / count
    missing = float((ds["status"] != "optimal").sum()) / count
    if not _is_random(ds):
        return (lost, lost + missing) if missing else (np.nan, np.nan)
    return _bound_share(lost, count)[0], _bound_share(lost + missing, count)[1]


def _bound_share(share: float, count: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share.

    References
    ----------
    Wilson (1927), Probable inference, the law of succession, and statistical inference, JASA 22, 209–212.

    Examples
    --------
    >>> low, high = _bound_share(0.0, 100)
    >>> low, round(high, 3)
    (0.0, 0.037)
    """
    scale = 1.0 + _Z**2 / count
    centre = (share + _Z**2 / (2 * count)) / scale
    half = _Z * np.sqrt(share * (1 - share) / count + _Z**2 / (4 * count**2)) / scale
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


def _require(ds: xr.Dataset, *more: str) -> None:
    missing = [f"output {name!r} is not among them" for name in (*_NEEDED, *more) if name not in ds]
    if missing or "draw" not in ds.dims:
        found = missing or ["they have no draws"]
        raise ResultsError(list_problems("these results cannot be told as an ensemble:", found))
