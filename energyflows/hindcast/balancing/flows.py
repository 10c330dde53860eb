"""Who sent how much gas to whom, made from what was observed alone."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from energyflows.datasets import check_given, load_tables, strip_passport
from energyflows.errors import UsageError, require
from energyflows.hindcast.balancing.courses import FREQUENCIES, course_flows, course_stocks
from energyflows.hindcast.balancing.figures import observe
from energyflows.hindcast.balancing.grid import build_grid
from energyflows.hindcast.balancing.program import balance
from energyflows.hindcast.balancing.table import RESIDUAL_COLUMNS, list_deviations, tabulate
from energyflows.network.calendar import build_periods, parse_period
from energyflows.network.inputs import Inputs
from energyflows.tables import select_in_service


def observed_flows(
    year: int, *, tables: Mapping[str, pd.DataFrame] | None = None, frequency: str = "month"
) -> pd.DataFrame:
    r"""Return flows between all buses as they were observed, balanced, without the least-cost model.

    Parameters
    ----------
    year : int
        A year that is observed from January to December.
    tables : mapping of str to pandas.DataFrame, optional
        From :func:`energyflows.load_tables`; default the packaged tables.
    frequency : {"month", "quarter", "year"}
        Length of a period of the result. The balance itself is by month.

    Returns
    -------
    pandas.DataFrame
        One row per period and flow, sorted:

        * ``snapshot``: start of the period;
        * ``from``, ``to``: buses, stores (``DE storage``), sources (``NL gas``, ``RU UATRANSIT``), consumers
          (``DE demand``), or ``unexplained``;
        * ``volume``: GWh in the period;
        * ``observed``: GWh that a figure for the period (or shorter ones) states, missing where there is none;
        * ``residual``: ``volume`` less ``observed``;
        * ``kind``: production, supply, lng, pipeline, injection, withdrawal, consumption or unexplained;
        * ``confidence``: of the finest figure that covers the flow, or ``unobserved``.

        ``attrs`` hold ``unit``, ``year``, ``frequency``, the number of ``observations``, the ``residuals`` as records
        (see :func:`list_residuals`), ``stocks`` (GWh at the start by store) and ``unexplained`` (GWh).

    Raises
    ------
    UsageError
        If the year is none or not observed, the frequency is unknown, or a table is missing.
    TableError
        If tables are damaged.
    SolveError
        If the solver gives up.

    Notes
    -----
    With :math:`f` the flow by arc and month, :math:`s` the stock at month ends, :math:`u` what no bus can account
    for, and observations :math:`k` that state :math:`b_k` of the sum :math:`a_k \cdot (f, s)`,

    .. math:: \min \sum_k \phi\!\left(\frac{a_k \cdot (f, s) - b_k}{\sigma_k}\right) + \epsilon\,(f, s) + P\, |u|

    subject to the balance of every bus and store in every month and to :math:`0 \le f \le` technical capacity.
    :math:`\phi` is the absolute value, a little dearer beyond 1/3, 1 and 3 standard deviations. :math:`\epsilon` is
    far smaller than any :math:`1/\sigma_k`: tariffs, and the pull of the usual course on what is known only in sum.
    Stocks at the turn of the year are held exactly. Losses are left out. A figure that all others allow is met.

    References
    ----------
    Narasimhan and Jordache (1999), Data Reconciliation and Gross Error Detection, Gulf.

    Examples
    --------
    >>> flows = observed_flows(2023)
    >>> inlet = flows[(flows["from"] == "TANAP") & (flows["to"] == "TAP")]
    >>> len(inlet), bool((inlet["residual"].abs() < 1e-3).all())
    (12, True)
    """
    given = load_tables() if tables is None else tables
    require(given, "items keys", "tables by name, as load_tables() returns them")
    check_given(given)
    _refuse_frequency(frequency)
    bare = {name: select_in_service(strip_passport(table)) for name, table in given.items()}
    inputs = Inputs(bare, build_periods(_choose_year(year, bare["observed_flows"])), "monthly")
    grid = build_grid(inputs)
    observations = observe(inputs, grid)
    answer = balance(grid, observations, course_flows(observations, inputs), course_stocks(inputs, grid))
    table = tabulate(inputs, grid, observations, answer, frequency)
    table.attrs = {
        "unit": "GWh",
        "year": int(year),
        "frequency": frequency,
        "observations": len(observations),
        "residuals": list_deviations(observations, answer),
        "stocks": answer.stocks.iloc[0].to_dict(),
        "unexplained": float(table.loc[table["kind"] == "unexplained", "volume"].sum()),
    }
    return table


def list_residuals(flows: pd.DataFrame) -> pd.DataFrame:
    """Return the figures that balanced flows do not meet.

    Parameters
    ----------
    flows : pandas.DataFrame
        From :func:`observed_flows`.

    Returns
    -------
    pandas.DataFrame
        Columns ``series, period, observed, reconciled, residual, sigma, residual_in_sigmas``, GWh, worst first. What
        is not listed is met. Series that end in ``shape`` are home output by month, of which tables state the shape.

    Raises
    ------
    UsageError
        If the frame has lost its attributes, as pandas lets happen when frames of several years are joined.

    Examples
    --------
    >>> list_residuals(observed_flows(2025)).columns[:3].tolist()
    ['series', 'period', 'observed']
    """
    require(flows, "attrs columns", "a table from observed_flows()")
    if "residuals" not in flows.attrs:
        raise UsageError("flows: no residuals in its attrs; hand over the table as observed_flows() returns it")
    return pd.DataFrame(flows.attrs["residuals"], columns=RESIDUAL_COLUMNS)


def _refuse_frequency(frequency: object) -> None:
    if frequency not in FREQUENCIES:
        raise UsageError(f"frequency: found {frequency!r}, expected one of {', '.join(FREQUENCIES)}")


def _choose_year(year: object, flows: pd.DataFrame) -> int:
    """Return the year if flows of all its months were observed."""
    if isinstance(year, bool) or not isinstance(year, int | np.integer):
        raise UsageError(f"year: found {year!r}, expected one year like 2023")
    months: dict[int, set[int]] = {}
    for period in flows["period"].unique():
        start, end = parse_period(period)
        months.setdefault(start.year, set()).update(range(start.month, start.month + round((end - start).days / 30.4)))
    whole = [known for known, found in sorted(months.items()) if len(found) == 12]
    if year not in whole:
        raise UsageError(f"year: flows of {year} were not observed from January to December; expected one of {whole}")
    return int(year)
