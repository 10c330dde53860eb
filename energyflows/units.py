"""Units of gas at the border of the library.

Inside, stocks are GWh and flows GWh/d, always at gross calorific value (GCV). A volume has no energy until a
calorific value is named, so every conversion from or to a volume asks for it: a bcm of one source is not a bcm of
another.
"""

from __future__ import annotations

from numbers import Real
from typing import TypeVar

import numpy as np
import pandas as pd
import xarray as xr

from energyflows.errors import UsageError

Amount = TypeVar("Amount", float, np.ndarray, pd.Series, pd.DataFrame, xr.DataArray)

#: Gross calorific value in TWh/bcm (= kWh/m³) used by the publishers this project reads.
CALORIFIC_VALUES: dict[str, float] = {
    "eurostat": 10.55,
    "bruegel": 10.3,
    "azerbaijan": 11.05,
    "energy-institute": 11.11,
    "gie": 11.5,
}

_ENERGY_TWH = {"TWh": 1.0, "GWh": 1e-3, "MWh": 1e-6, "TJ": 1 / 3600, "PJ": 1 / 3.6}
_VOLUME_BCM = {"bcm": 1.0, "mcm": 1e-3}
_PERIOD_DAYS = {"": None, "/d": 1.0, "/y": 365.0}


def _split(unit: str) -> tuple[str, float | None]:
    """Split ``"mcm/d"`` into its quantity and the days of its period."""
    quantity, slash, period = str(unit).partition("/")
    period = slash + period
    known = quantity in _ENERGY_TWH or quantity in _VOLUME_BCM
    if not known or period not in _PERIOD_DAYS:
        quantities = ", ".join([*_ENERGY_TWH, *_VOLUME_BCM])
        raise UsageError(
            f"unknown unit {unit!r}: expected one of {quantities}, as it stands or followed by '/d' or '/y'"
        )
    return quantity, _PERIOD_DAYS[period]


def _to_twh(quantity: str, gcv: float | None) -> float:
    """Return how many TWh one ``quantity`` holds."""
    if quantity in _ENERGY_TWH:
        return _ENERGY_TWH[quantity]
    if not isinstance(gcv, Real) or not 0 < gcv < float("inf"):
        raise UsageError(
            f"{quantity} is a volume: name the gross calorific value, e.g. gcv=10.55 (TWh/bcm); found {gcv!r}"
        )
    return _VOLUME_BCM[quantity] * gcv


def convert(amount: Amount, unit: str, to: str, *, gcv: float | None = None) -> Amount:
    r"""Convert an amount or a rate of gas.

    Parameters
    ----------
    amount : float or array
        Amount in ``unit``; any shape.
    unit, to : str
        ``TWh, GWh, MWh, TJ, PJ, bcm, mcm``, also per day (``/d``) or per year of 365 days (``/y``).
    gcv : float, optional
        Gross calorific value in TWh/bcm (kWh/m³), needed as soon as one of the units is a volume.

    Returns
    -------
    float or array
        Amount in ``to``, same type and shape.

    Raises
    ------
    UsageError
        For an unknown unit, a volume without calorific value, or an amount turned into a rate.

    Notes
    -----
    .. math:: E\,[\mathrm{TWh}] = V\,[\mathrm{bcm}] \cdot H_s\,[\mathrm{TWh/bcm}]

    Examples
    --------
    >>> round(convert(1.0, "bcm/y", "GWh/d", gcv=11.05), 3)
    30.274
    >>> convert(3.6, "PJ", "TWh")
    1.0
    """
    (from_quantity, from_days), (to_quantity, to_days) = _split(unit), _split(to)
    if (from_days is None) != (to_days is None):
        raise UsageError(f"{unit!r} to {to!r} mixes an amount with a rate: multiply by the days yourself")
    days = (to_days or 1.0) / (from_days or 1.0)
    return amount * (_to_twh(from_quantity, gcv) / _to_twh(to_quantity, gcv) * days)
