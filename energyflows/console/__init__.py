"""How results and tables look in a terminal, and the folder a run writes."""

from __future__ import annotations

from energyflows.console._ensembles import print_ensemble, print_sweep
from energyflows.console._folder import check_folder, read_json, write_folder
from energyflows.console._hindcast import print_hindcast, select_tables, write_hindcast
from energyflows.console._lookup import SHOWN_COLUMNS, find_rows, print_list, print_rows
from energyflows.console._run import print_run
from energyflows.console._terminal import make_table, open_console, print_json, print_table, show_number
from energyflows.console._uncertainty import print_uncertainty

__all__ = [
    "SHOWN_COLUMNS",
    "check_folder",
    "find_rows",
    "make_table",
    "open_console",
    "print_ensemble",
    "print_hindcast",
    "print_json",
    "print_list",
    "print_rows",
    "print_run",
    "print_sweep",
    "print_table",
    "print_uncertainty",
    "read_json",
    "select_tables",
    "show_number",
    "write_folder",
    "write_hindcast",
]
