"""What there is, and what is known about it: ``list`` and ``show``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from energyflows.cli._app import Data, Json

if TYPE_CHECKING:
    import pandas as pd


def list_names(
    what: Annotated[
        str, typer.Argument(help="tables, zones, links, scenarios, studies, claims or metrics.")
    ] = "tables",
    data: Data = None,
    json: Json = False,
) -> None:
    """List tables, zones, links, scenarios, studies, claims or metrics."""
    from energyflows.console import print_list, print_names

    if what in {"scenarios", "studies", "claims", "metrics"}:
        print_names(what, _find_names(what), json=json)
        return
    from energyflows.datasets import load_tables

    print_list(what, load_tables(data), json=json)


def _find_names(what: str) -> pd.DataFrame:
    if what == "scenarios":
        from energyflows.scenarios import list_scenarios

        return list_scenarios()[["title", "years", "claims"]].reset_index()
    if what == "studies":
        from energyflows.cli._studies import list_studies

        return list_studies()
    if what == "metrics":
        from energyflows.metrics import list_metrics

        return list_metrics()[["symbol", "unit", "bounds", "higher_is", "about"]].reset_index()
    import pandas as pd

    from energyflows.claims import read_claims

    told = [(claim.id, claim.claim, claim.part) for claim in read_claims().values()]
    return pd.DataFrame(told, columns=["claim", "says", "judged in part"])


def show(
    name: Annotated[
        str,
        typer.Argument(
            help="A scenario (russian-stop), a claim (C5), a metric (hhi), a table, a zone (DE), a link (TANAP-TAP)."
        ),
    ],
    data: Data = None,
    json: Json = False,
) -> None:
    """Show a scenario, a claim, a metric, a table, a zone or a link: what it is, with its sources."""
    from energyflows import console
    from energyflows.claims import read_claims
    from energyflows.metrics import METRICS, describe
    from energyflows.scenarios import get_scenario, list_scenarios

    scenarios, claims = list(list_scenarios().index), read_claims()
    if name.lower() in scenarios or " + " in name:
        console.print_scenario(get_scenario(name.lower()), json=json)
    elif name.upper() in claims:
        console.print_claim(claims[name.upper()], json=json)
    elif name.lower() in METRICS:
        from energyflows.cli._metrics import find_values
        from energyflows.datasets import load_tables

        console.print_metric(describe(name.lower()), find_values(name.lower(), load_tables(data)), json=json)
    else:
        from energyflows.datasets import load_tables

        console.print_rows(name, load_tables(data), json=json, others=[*scenarios, *claims, *METRICS])
