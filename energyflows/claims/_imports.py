"""Figures of what the EU27 imports, by the corridor or cargo gas enters by; nothing is traced."""

from __future__ import annotations

from energyflows import metrics
from energyflows.claims._figures import View, figure


@figure("TWh")
def import_volume(view: View, *, origin: str, kind: str = "any") -> float:
    """Net imports of the EU27 from an origin.

    Parameters
    ----------
    view : View
        The run.
    origin : str
        ISO-2 code; gas from a neighbour's grid is named after the neighbour.
    kind : {"any", "pipeline", "lng"}
        Way it comes.

    Returns
    -------
    float
        TWh a year; zero if there are none.
    """
    rows = view.imports[view.imports["origin"] == origin]
    return float(rows["twh"].sum() if kind == "any" else rows.loc[rows["kind"] == kind, "twh"].sum())


@figure("%")
def import_share(view: View, *, origin: str, kind: str = "any") -> float:
    """Share of an origin in net imports of the EU27.

    Parameters
    ----------
    view : View
        The run.
    origin : str
        ISO-2 code.
    kind : {"any", "pipeline", "lng"}
        Way it comes.

    Returns
    -------
    float
        Per cent of the net total; NaN where nothing is imported.
    """
    total = view.imports["twh"].sum()
    return 100 * import_volume(view, origin=origin, kind=kind) / total if total > 0 else float("nan")


@figure("1")
def import_concentration(view: View) -> float:
    r"""Concentration of net imports of the EU27 over origins.

    Parameters
    ----------
    view : View
        The run.

    Returns
    -------
    float
        Between 0 and 1, one being a single origin; NaN where nothing is imported.

    Notes
    -----
    .. math:: H = \sum_i p_i^2

    over origins with positive net imports, pipeline and LNG together (Herfindahl 1950). Suppliers of LNG that the
    tables do not name count as one.
    """
    volumes = view.imports.astype({"twh": float}).groupby("origin")["twh"].sum().clip(lower=0.0)
    return float(metrics.hhi(volumes)) if len(volumes) else float("nan")
