"""The same verbs in a terminal: ``energyflows run | compare | claims | list | show | …``."""

from __future__ import annotations

from energyflows.cli._app import app
from energyflows.cli._comparing import claims, compare, schema
from energyflows.cli._ending import main
from energyflows.cli._ensembles import ensemble, sweep
from energyflows.cli._hindcast import hindcast
from energyflows.cli._lookup import list_names, show
from energyflows.cli._metrics import metrics
from energyflows.cli._running import run
from energyflows.cli._strategy import equilibrium, leverage
from energyflows.cli._tracing import trace

for _command in (run, compare, claims, metrics, trace, leverage, equilibrium, sweep, ensemble, hindcast):
    app.command()(_command)
app.command(name="list")(list_names)
app.command()(show)
app.command()(schema)

__all__ = ["app", "main"]
