"""All metrics as a page of the documentation.

``python -m energyflows.metrics.catalogue`` writes the page anew.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from energyflows.metrics._listing import describe, list_metrics

PAGE = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"
_INTRODUCTION = """# Metrics

This page is made from the metrics' own docstrings by `python -m energyflows.metrics.catalogue`.

Every metric is a function `energyflows.metrics.<name>`. Those of diversification and dependence take a volume as the
first argument, give up the dim they are asked about (`dim="origin"`; as well `route`, `owner`, `seller` or any other)
and keep all others. A volume is an `xarray.DataArray`, or a `pandas.Series` or `DataFrame` (columns are the dim, rows
the others; in a `Series` of several levels, combinations without a row count as zero), and pandas comes back. pᵢ is
the share of origin i in the total, n the number of origins that supply. Demand that is not met is never an origin;
net exports are no volume: clip them first. NaN means undefined, or that a figure is not known.

The other metrics name their own arguments. Functions whose names end in `_table` gather these from results or from a
network.

```python
import energyflows as ef

ef.metrics.hhi(volume)  # one metric
ef.metrics.all(volume, dim="route", risk=risk)  # all that these arguments suffice for
ef.metrics.list_metrics()  # this page's tables
ef.metrics.describe("hhi")  # one entry of it
```

Beside the metrics, `check_shares` refuses shares that do not sum to one, `list_assets` lists what supplies each
country, `reach_by_origin` what each origin could bring to it, `import_route_diversification_table` its ways in, and
`worst_outages` the outages of a sweep that hurt most.

The figures for the EU stand in [diversification.md](diversification.md).

## How to call metrics that solve the network again

`supply_dependence`, `minimum_annual_supply_dependence`, `disrupted_rate`, `disrupted_demand` and
`remaining_flexibility` ask what would be if something failed. They take an engine, which is any function from draws to
results, and the generators that stand for demand given up or not met, which they make the last resort.

```python
import functools

import energyflows as ef
from energyflows.ensemble.outages import list_outages

n = ef.build_network(2025)
engine = functools.partial(ef.run_ensemble, n)
resorts = ef.metrics.list_resorts(n)
components = list_outages(n, "suppliers")["RU"]  # all deliveries of one supplier
days = n.snapshot_weightings["generators"]
demand = (n.loads_t["p_set"].T @ days).groupby(n.loads["bus"]).sum().to_xarray()  # GWh in the year

dependence = ef.metrics.supply_dependence(engine, components, demand, resorts=resorts)
standard = ef.metrics.n_minus_1_table(n, regions={"Iberia": ["ES", "PT"], "Germany": ["DE"]})
residual = ef.metrics.residual_supply_table(n, "RU")
```

Measured once, in months of 2025, on two cores with other work going on: `supply_dependence` of the 50 zones with demand
took 8 seconds, most of them for the draws that `run_ensemble` checks with plain PyPSA; with `cooperative=True` it took
158 seconds, and 39 for three zones alone. The two tables took less than a tenth of a second each, because they solve
nothing: the first adds up capacities, the second finds the largest flow through the pipes."""


def describe_page() -> str:
    """Return the page of the documentation on all metrics.

    Returns
    -------
    str
        Markdown.
    """
    lines = [_INTRODUCTION]
    table = list_metrics()
    for group, members in table.groupby("group", sort=False):
        lines += ["", f"## {str(group).capitalize()}", "", "| metric | symbol | formula | unit | bounds | higher is |"]
        lines += ["|---|---|---|---|---|---|"]
        lines += [
            f"| [`{name}`](#{name}) | {row['symbol']} | {_escape(row['formula'])} | {row['unit']} | {row['bounds']} | "
            f"{row['higher_is']} |"
            for name, row in members.iterrows()
        ]
        for name in members.index:
            lines += ["", f"### {name}", "", *_describe(str(name))]
    return "\n".join([*lines, ""])


def _describe(name: str) -> Iterator[str]:
    """Yield one entry of the page."""
    known = describe(name)
    yield known["meaning"]
    for formula in known["latex"].splitlines():
        yield from ("", "$$", formula, "$$")
    yield ""
    yield f"`{name}({', '.join(known['arguments'])})`"
    yield ""
    yield from (f"* {fact}: {known[fact]}" for fact in ("symbol", "unit", "bounds"))
    yield f"* higher is: {known['higher_is']}"
    yield from ("", known["notes"], "", "References:", "", *(f"* {text}" for text in known["references"]))


def _escape(text: str) -> str:
    return text.replace("|", r"\|")


if __name__ == "__main__":
    PAGE.write_text(describe_page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
