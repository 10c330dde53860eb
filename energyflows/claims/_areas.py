"""Figures of how concentrated the supply of an area is, and of its infrastructure."""

from __future__ import annotations

from energyflows import metrics
from energyflows.claims._accounts import EU, list_members, read_account
from energyflows.claims._figures import View, figure
from energyflows.errors import UnknownNameError, suggest


@figure("1")
def supply_concentration(view: View, *, area: str = EU) -> float:
    """Concentration (HHI) of what an area consumes over origins by molecules, own production among them.

    Parameters
    ----------
    view : View
        The run.
    area : str
        ``EU27`` or the ISO-2 code of a country.

    Returns
    -------
    float
        Between 0 and 1; NaN where nothing is consumed.
    """
    volume = read_account(view, area, "molecules")["volume"]
    return float(metrics.hhi(volume.drop_sel(origin="unknown", errors="ignore")))


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
    return float(table.loc[table["country"].isin(list_members(view)), "pivotal"].sum())


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
