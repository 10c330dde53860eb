"""Figures of what the EU27 or a member consumes, by traced origin, and of its infrastructure."""

from __future__ import annotations

import xarray as xr

from energyflows import metrics
from energyflows.claims._figures import View, figure
from energyflows.errors import UnknownNameError, suggest

EU = "EU27"


@figure("%")
def supply_share(view: View, *, origin: str, area: str = EU) -> float:
    """Share of an origin in what an area consumes, by proportional mixing.

    Parameters
    ----------
    view : View
        The run.
    origin : str
        ISO-2 code.
    area : str
        ``EU27`` or the ISO-2 code of a member.

    Returns
    -------
    float
        Per cent; NaN where nothing is consumed.
    """
    volume = _take_area(view, area)
    share = metrics.shares(volume)
    return 100 * float(share.sel(origin=origin)) if origin in share["origin"] else 0.0 * float(share.sum(skipna=False))


@figure("1")
def supply_concentration(view: View, *, area: str = EU) -> float:
    """Concentration (HHI) of what an area consumes over origins, own production among them.

    Parameters
    ----------
    view : View
        The run.
    area : str
        ``EU27`` or the ISO-2 code of a member.

    Returns
    -------
    float
        Between 0 and 1; NaN where nothing is consumed.
    """
    return float(metrics.hhi(_take_area(view, area)))


@figure("members")
def members_reached(view: View, *, origin: str, least: float) -> float:
    """Members of the EU of whose consumption an origin makes up a share, by proportional mixing.

    Parameters
    ----------
    view : View
        The run.
    origin : str
        ISO-2 code.
    least : float
        Per cent that count.

    Returns
    -------
    float
        How many.
    """
    areas = [area for area in view.areas["area"].to_numpy().tolist() if area != EU]
    return float(sum(supply_share(view, origin=origin, area=area) >= least for area in areas))


@figure("members")
def members_pivotal(view: View, *, origin: str) -> float:
    """Members of the EU whose yearly demand all other origins together could not meet.

    Parameters
    ----------
    view : View
        The run.
    origin : str
        ISO-2 code.

    Returns
    -------
    float
        How many, by the largest flow through technical capacities; seasons, storage and prices are left out.
    """
    table = metrics.residual_supply_table(view.ds, origin, year=view.year)
    areas = view.areas["area"].to_numpy().tolist()
    return float(table.loc[table["country"].isin(areas), "pivotal"].sum())


def _take_area(view: View, area: str) -> xr.DataArray:
    """Return volumes by origin."""
    volume = view.areas
    known = volume["area"].to_numpy().tolist()
    if area not in known:
        raise UnknownNameError(f"there is no area {area!r}{suggest(area, known)}")
    return volume.sel(area=area, year=view.year)


@figure("%")
def n_minus_1(view: View, *, area: str, without: str = "") -> float:
    """Peak demand that can be met when the largest import point or terminal fails.

    Parameters
    ----------
    view : View
        The run.
    area : str
        ISO-2 code.
    without : str
        A corridor all exits of which are closed besides, as ``TAP``.

    Returns
    -------
    float
        Per cent of peak demand, by technical capacity whether or not there is gas; NaN if no peak day is known.

    Raises
    ------
    UnknownNameError
        If there is no such corridor, or no demand in the area.
    """
    ds = view.ds
    if without and without not in ds["bus"]:
        raise UnknownNameError(f"there is no corridor {without!r}{suggest(without, ds['bus'].to_numpy().tolist())}")
    closed = ds["bus0"] == without
    left = ds.assign({name: ds[name].where(~closed, 0.0) for name in ("technical", "largest") if name in ds})
    (row,) = metrics.n_minus_1_table(left, regions={area: [area]}, year=view.year).to_dict("records")
    return 100 * float(row["n_minus_1"]) if row["demand_from"] == "peak_day" else float("nan")
