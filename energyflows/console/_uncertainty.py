"""What hindcasts over the ranges of all estimates print."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from rich.table import Table

from energyflows.console import _terminal
from energyflows.console._terminal import Tables

#: Outcomes printed, in this order, and for stocks the months.
SHOWN = ("LNG EU27", "price TTF", "TAP-IT", "TAP-GR", "TAP-BG", "stock EU27")
_MONTHS = ("03", "09")
#: Groups of inputs printed for each outcome.
_MOST = 3
#: Samples without solution that are named.
_NAMED = 5


def print_uncertainty(told: Tables, *, years: str, pins: str, folder: Path | None = None) -> None:
    """Print bands, what matters most and how often observations lie inside.

    Parameters
    ----------
    told : mapping of str to pandas.DataFrame
        From :func:`energyflows.hindcast.uncertainty.run_uncertainty`.
    years : str
        Modelled, as text.
    pins : str
        ``on`` or ``off``.
    folder : Path or None
        Where files were written.
    """
    console = _terminal.open_console()
    solved = int((told["runs"]["status"] == "optimal").sum())
    console.print(f"energyflows · uncertainty of inputs · {years} · pins {pins} · {solved} samples", style="bold")
    console.print("Every estimate lies somewhere between its low and its high; half of the probability on either side")
    console.print("of its value. Errors of the model itself are in no band.\n")
    for table in (_show_bands(told["bands"]), _show_effects(told["effects"]), _show_coverage(told["coverage"])):
        _terminal.print_table(console, table)
        console.print()
    for line in _list_failures(told["runs"]):
        console.print(line)
    if folder is not None:
        console.print(f"Wrote {len(told)} tables to {folder}")


def _show_bands(bands: pd.DataFrame) -> Table:
    stocks = bands["outcome"].str.startswith("stock ")
    chosen = bands["outcome"].isin(SHOWN) & (~stocks | bands["period"].str[5:7].isin(_MONTHS))
    order = {name: place for place, name in enumerate(SHOWN)}
    shown = bands[chosen].sort_values("outcome", key=lambda names: names.map(order), kind="stable")
    rows = [
        [
            row.outcome,
            row.period,
            *(
                _terminal.show_number(value)
                for value in (row.low5, row.median, row.high95, row.reference, row.observed)
            ),
            row.unit,
            _terminal.show_number(row.ties),
        ]
        for row in shown.itertuples()
    ]
    numbers = dict.fromkeys(("5 %", "median", "95 %", "reference", "observed"), "right")
    columns = {"outcome": "left", "period": "left", **numbers, "unit": "left", "ties": "right"}
    caption = "Reference: tables as they are. Ties: greatest difference seen between two solutions of the same cost."
    return _terminal.make_table("Bands", columns, rows, caption)


def _show_effects(effects: pd.DataFrame) -> Table:
    shown = [effects[effects["outcome"] == name].head(_MOST) for name in SHOWN]
    rows = [
        [
            row.outcome,
            row.group,
            f"{row.first:.2f} ± {row.first_conf:.2f}",
            f"{row.total:.2f} ± {row.total_conf:.2f}",
        ]
        for row in pd.concat(shown).itertuples()
    ]
    columns = {"outcome": "left", "inputs": "left", "first order": "right", "total effect": "right"}
    caption = "Parts of the variance of the mean over periods; ± holds 95 % of bootstrap estimates."
    return _terminal.make_table(f"The {_MOST} groups of inputs that matter most", columns, rows, caption)


def _show_coverage(coverage: pd.DataFrame) -> Table:
    rows = [
        [row.group, row.role, str(row.n), str(row.inside), _terminal.show_number(100 * row.share, 0, " %")]
        for row in coverage.itertuples()
    ]
    columns = {"group": "left", "role": "left", "observations": "right", "inside": "right", "share": "right"}
    caption = "Between 5 and 95 %; 90 % would be inside if the estimates were the only error. Inputs do not count."
    return _terminal.make_table("Observations inside their band", columns, rows, caption)


def _list_failures(runs: pd.DataFrame) -> list[str]:
    """Return what a reader must know about samples without solution."""
    failed = runs[runs["status"] != "optimal"]
    if failed.empty:
        return [f"All {len(runs)} samples have a solution."]
    lines = [f"{len(failed)} of {len(runs)} samples have no solution and are left out:"]
    lines += [f"  sample {row.sample}: {row.reason}" for row in failed.head(_NAMED).itertuples()]
    return [*lines, *([f"  and {len(failed) - _NAMED} more"] if len(failed) > _NAMED else [])]
