"""How results and tables look in a terminal, and the folder a run writes."""

from __future__ import annotations

from energyflows.console._claims import print_claims
from energyflows.console._comparison import print_comparison, print_written
from energyflows.console._ensembles import print_ensemble, print_sweep
from energyflows.console._folder import check_folder, read_json, write_folder, write_study, write_table, write_tables
from energyflows.console._hindcast import print_hindcast, select_tables, write_hindcast
from energyflows.console._lookup import SHOWN_COLUMNS, find_rows, print_list, print_rows
from energyflows.console._metrics import print_metric, print_metrics
from energyflows.console._run import print_run
from energyflows.console._scenarios import print_claim, print_names, print_scenario
from energyflows.console._strategy import print_conduct, print_leverage
from energyflows.console._terminal import (
    list_rows,
    make_table,
    open_console,
    print_json,
    print_table,
    show_number,
    write_json,
)
from energyflows.console._tracing import print_routing, print_traced
from energyflows.console._uncertainty import print_uncertainty

__all__ = [
    "SHOWN_COLUMNS",
    "check_folder",
    "find_rows",
    "list_rows",
    "make_table",
    "open_console",
    "print_claim",
    "print_claims",
    "print_comparison",
    "print_conduct",
    "print_ensemble",
    "print_hindcast",
    "print_json",
    "print_leverage",
    "print_list",
    "print_metric",
    "print_metrics",
    "print_names",
    "print_routing",
    "print_rows",
    "print_run",
    "print_scenario",
    "print_sweep",
    "print_table",
    "print_traced",
    "print_uncertainty",
    "print_written",
    "read_json",
    "select_tables",
    "show_number",
    "write_folder",
    "write_hindcast",
    "write_json",
    "write_study",
    "write_table",
    "write_tables",
]
