"""What an input table must look like: one schema per table, and the checks between tables."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from energyflows.errors import TableError, list_problems
from energyflows.tables._crosschecks import CHECKS
from energyflows.tables._reading import find_problems, find_schema, parse_cells, read_table
from energyflows.tables._schemas import SCHEMAS
from energyflows.tables._selection import select_in_service
from energyflows.tables._spreadsheet import Problem, merge_problems, name_lines, read_sheet
from energyflows.tables._volumes import read_volumes

__all__ = [
    "NAMES",
    "Problem",
    "check_tables",
    "find_problems",
    "find_schema",
    "merge_problems",
    "name_lines",
    "parse_cells",
    "read_sheet",
    "read_table",
    "read_volumes",
    "select_in_service",
]

#: Names of all tables, in reading order.
NAMES: tuple[str, ...] = tuple(SCHEMAS)


def check_tables(tables: Mapping[str, pd.DataFrame]) -> None:
    """Check what must hold between tables.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        All tables, each already valid by itself.

    Raises
    ------
    TableError
        Naming every broken reference, overlap, range, profile and share at once.
    """
    problems = [problem for check in CHECKS for problem in check(tables)]
    if problems:
        raise TableError(list_problems(f"{len(problems)} problem(s) between tables:", problems))
