"""The legal account: which origin customs must presume where gas enters the EU."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd
import xarray as xr

from energyflows.influence._contracts import World
from energyflows.influence._labels import Labels, join_rules, share_links
from energyflows.influence._papers import UNLABELLED
from energyflows.results import sum_energy
from energyflows.tracing import trace
from energyflows.tracing._days import spread_days

#: Gas of which the country of production has still to be proven.
UNPROVEN = "unproven"
_EU = "EU27"


def presume_origins(ds: xr.Dataset, world: World, molecules: xr.Dataset, contracted: Labels) -> xr.DataArray:
    """Tell which origin gas has before the law.

    Parameters
    ----------
    ds : xarray.Dataset
        Results of one scenario.
    world : World
        Rules, and which zones are members.
    molecules : xarray.Dataset
        From :func:`energyflows.trace`.
    contracted : Labels
        Of contracts alone, which count as proof of origin.

    Returns
    -------
    xarray.DataArray, [TWh]
        By leads, year, bus and origin; NaN in years in which no presumption holds. At entries with a presumed origin
        all gas has it. At all others gas of exempt producers, of members and of the presumed origin itself keeps its
        own; other gas has the origin its contract names, and without one ``unproven``.
    """
    rules = world.rules[world.rules["active"]]
    presumed = rules[rules["kind"] == "presumption"]
    links = _find_entries(ds, world.members)
    held = {row.rule: _date(row, ds) for row in presumed.itertuples()}
    holds = np.max([part.to_numpy() for part in held.values()], axis=0) if held else np.zeros(ds.sizes["snapshot"])
    if not holds.any() or not links:
        return _blank_years(sum_energy(molecules["delivered"], molecules), ds, holds)
    own = {*rules.loc[(rules["kind"] == "exemption") & rules["value"].gt(0), "origin"], *presumed["origin"].dropna()}
    keeping = own | set(_list_countries(ds, world.members))
    mix = share_links(molecules, ds, np.array(links), world.cargoes)
    proven = _prove(mix, ds["received"].sel(link=links) * ds["weight_days"], contracted, keeping)
    shares = xr.zeros_like(proven)
    for row in presumed.itertuples():
        if row.zone == _EU and not isinstance(row.origin, str):
            shares = shares * (1.0 - held[row.rule]) + proven * held[row.rule]
    for row in presumed.itertuples():
        if row.zone in links:
            at = (shares["link"] == row.zone) * held[row.rule]
            shares = shares * (1.0 - at) + (shares["origin"] == row.origin) * at
    delivered = sum_energy(trace(ds, rules=join_rules(world.cargoes, shares))["delivered"], ds)
    return _blank_years(delivered, ds, holds)


def _date(row: object, ds: xr.Dataset) -> xr.DataArray:
    """Return the part of each snapshot in which a rule holds."""
    part = spread_days(row.valid_from, row.valid_to, ds)  # type: ignore[attr-defined]
    return xr.DataArray(part, dims="snapshot", coords={"snapshot": ds["snapshot"]})


def _find_entries(ds: xr.Dataset, members: Collection[str]) -> list[str]:
    """Return the links by which gas enters the markets of members."""
    inner = ds["is_storage_link"].to_numpy().astype(bool)
    begins, ends = (np.isin(ds[name].to_numpy().astype(str), list(members)) for name in ("bus0", "bus1"))
    return [str(name) for name in ds["link"].to_numpy()[ends & ~begins & ~inner]]


def _list_countries(ds: xr.Dataset, members: Collection[str]) -> list[str]:
    chosen = np.isin(ds["bus"].to_numpy().astype(str), list(members))
    return sorted(set(ds["country"].to_numpy().astype(str)[chosen]))


def _prove(mix: xr.DataArray, flows: xr.DataArray, contracted: Labels, keeping: set[str]) -> xr.DataArray:
    """Return shares at entries if all gas but that of some origins must be proven."""
    origins = sorted({*mix["origin"].to_numpy().tolist(), *contracted.sent["origin"].to_numpy().tolist(), UNPROVEN})
    real = mix.reindex(origin=origins, fill_value=0.0)
    named = contracted.sent.sel(link=mix["link"].to_numpy()).reindex(origin=origins, fill_value=0.0)
    kept = real["origin"].isin(sorted(keeping))
    total = named.sum("origin")
    share = (named / total.where(total > 0)).fillna(0.0)
    # Papers that name a kept origin on more gas than there is of it name other gas.
    mean = _average(real.where(kept, 0.0), flows)
    papers = (share - mean).clip(min=0.0).where(kept, share).where(share["origin"] != UNLABELLED, 0.0)
    open_gas = share.sel(origin=UNLABELLED) if UNLABELLED in origins else 0.0
    whole = papers.sum("origin") + open_gas
    weight = (papers / whole.where(whole > 0)).fillna(0.0)
    years = pd.DatetimeIndex(mix["snapshot"].to_numpy()).year.to_numpy()
    by_snapshot = weight.sel(year=xr.DataArray(years, dims="snapshot")).drop_vars("year")
    by_snapshot = by_snapshot.assign_coords(snapshot=mix["snapshot"])
    owed = real.where(~kept, 0.0).sum("origin")
    told = owed * by_snapshot
    rest = owed - told.sum("origin")
    return real.where(kept, 0.0) + told + rest * (real["origin"] == UNPROVEN)


def _average(mix: xr.DataArray, flows: xr.DataArray) -> xr.DataArray:
    """Return the shares in what flows in each year."""
    total = flows.groupby("snapshot.year").sum()
    return ((mix * flows).groupby("snapshot.year").sum() / total.where(total > 0)).fillna(0.0)


def _blank_years(delivered: xr.DataArray, ds: xr.Dataset, holds: np.ndarray) -> xr.DataArray:
    """Return volumes without those of years in which no rule holds."""
    years = ds.indexes["snapshot"].year
    told = sorted({int(year) for year, part in zip(years, holds, strict=True) if part > 0})
    return delivered.where(delivered["year"].isin(told))
