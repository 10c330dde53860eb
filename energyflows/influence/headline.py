"""One headline: the dependence on an origin that its name on deliveries does not show."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from energyflows.errors import UsageError, require, suggest
from energyflows.influence._papers import UNLABELLED

#: What the headline is made of.
_NEEDED = ("label", "molecules", "displacement")
_KEYS = ("scenario", "draw", "year", "area", "bus")


def measure_hidden(accounts: xr.Dataset, origin: str) -> pd.DataFrame:
    r"""Return the hidden dependence on an origin, with all its parts.

    Parameters
    ----------
    accounts : xarray.Dataset
        From :func:`energyflows.attribute`, with label, molecules and displacement of that origin.
    origin : str
        Whose gas.

    Returns
    -------
    pandas.DataFrame
        A row by year, area (or bus) and the other dims. ``consumed_twh``; the share of consumption (1) by each account,
        with ``_low``, ``_high`` and ``_tag``: ``label``, ``molecules``, ``displacement``, ``legal`` (missing where
        nothing is presumed); ``unlabelled``; ``divergence``; what
        molecules and displacement alone are beyond the label, ``beyond_molecules`` and ``beyond_displacement``;
        ``hidden`` with ``hidden_low``, ``hidden_high`` and
        ``hidden_tag``. Missing where nothing is consumed.

    Raises
    ------
    UsageError
        If an account is missing, or nothing is known of that origin.

    Notes
    -----
    .. math:: h = \frac{\max(\text{molecules}, \text{displacement}) - \text{label}}{\text{consumption}}

    all in energy a year. Its lower end takes the lower ends of molecules and displacement and the upper end of the
    label, its upper end the reverse; a part without a range counts with its figure, and the headline is then
    ``assumed``. Below zero, more gas bears the name than stands behind it.

    Examples
    --------
    >>> from energyflows import attribute, run
    >>> found = measure_hidden(attribute(run(years=2025), origins=["RU"]), "RU").set_index("bus")
    >>> bool(found.at["BG", "hidden_low"] <= found.at["BG", "hidden"] <= found.at["BG", "hidden_high"])
    True
    """
    _check(accounts, origin)
    consumed = accounts["consumed"].where(accounts["consumed"] > 0)
    chosen = accounts[["volume", "low", "high", "tag", "divergence"]].sel(origin=origin, drop=True)
    told = {"consumed_twh": accounts["consumed"]}
    for name in accounts["account"].to_numpy().tolist():
        one = chosen.sel(account=name, drop=True)
        told[name] = one["volume"] / consumed
        told |= {f"{name}_{end}": one[end] / consumed for end in ("low", "high")}
        told[f"{name}_tag"] = one["tag"]
    told["unlabelled"] = _pick(accounts, UNLABELLED) / consumed
    told["divergence"] = chosen["divergence"] / consumed
    told |= {f"beyond_{name}": told[name] - told["label"] for name in ("molecules", "displacement")}
    hidden = _hide(chosen)
    told |= {name: figure / consumed for name, figure in hidden.items()}
    told["hidden_tag"] = _tag(chosen)
    table = xr.Dataset(told).to_dataframe().reset_index()
    keys = [name for name in _KEYS if name in table]
    return table[[*keys, *(name for name in told if name in table)]].sort_values(keys, kind="stable", ignore_index=True)


def _check(accounts: xr.Dataset, origin: str) -> None:
    """Refuse accounts that do not tell all parts."""
    require(accounts, "data_vars coords", "an xarray.Dataset from attribute")
    if "account" not in accounts.dims:
        raise UsageError("accounts: found no dim account; give what attribute returns")
    missing = [name for name in _NEEDED if name not in accounts["account"].to_numpy()]
    if missing:
        raise UsageError(f"accounts: no {', '.join(missing)}; the headline needs label, molecules and displacement")
    known = [str(name) for name in accounts["origin"].to_numpy()]
    if origin not in known:
        raise UsageError(f"origin: nothing is known of {origin!r}{suggest(str(origin), known)}")
    gap = accounts["volume"].sel(account="displacement", origin=origin)
    if bool(np.isnan(gap).all()):
        raise UsageError(f"origin: displacement of {origin!r} was not computed; give it among origins of attribute")


def _pick(accounts: xr.Dataset, origin: str) -> xr.DataArray:
    labels = accounts["volume"].sel(account="label", drop=True)
    return labels.reindex(origin=[origin], fill_value=0.0).isel(origin=0, drop=True)


def _hide(chosen: xr.Dataset) -> dict[str, xr.DataArray]:
    """Return the headline and its ends, TWh."""
    volume = chosen["volume"]
    low, high = (chosen[end].where(np.isfinite(chosen[end]), volume) for end in ("low", "high"))
    return {
        "hidden": _subtract(volume, volume),
        "hidden_low": _subtract(low, high),
        "hidden_high": _subtract(high, low),
    }


def _subtract(behind: xr.DataArray, named: xr.DataArray) -> xr.DataArray:
    return behind.sel(account=["molecules", "displacement"]).max("account") - named.sel(account="label", drop=True)


def _tag(chosen: xr.Dataset) -> xr.DataArray:
    """Return the weakest tag among the parts."""
    tags = chosen["tag"].sel(account=list(_NEEDED))
    some = (tags == "assumed").any("account")
    wide = (tags == "bounded").any("account")
    words = xr.full_like(some, "identified", dtype=object)
    return words.where(~wide, "bounded").where(~some, "assumed")
