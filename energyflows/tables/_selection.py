"""Parts of a table."""

from __future__ import annotations

import pandas as pd


def select_in_service(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a table that are more than an option.

    Parameters
    ----------
    table : pandas.DataFrame
        Any table; only ``pipelines`` has a column ``status``.

    Returns
    -------
    pandas.DataFrame
        Rows whose ``status`` is not ``option``, with their index; all rows where there is no such column.

    Examples
    --------
    >>> select_in_service(pd.DataFrame({"pipeline": ["A-B", "A-B"], "status": ["in-service", "option"]})).index.tolist()
    [0]
    """
    return table[table["status"] != "option"] if "status" in table else table
