"""Toy worlds of the hindcast, and factories of the rows that change them."""

import numpy as np
import pandas as pd
import pytest

from energyflows.hindcast import run_hindcast

SURE = {"source": "toy", "confidence": "observed", "low": np.nan, "high": np.nan, "note": None}
#: Frequency of a period by the length of its name.
FREQUENCIES = {4: "year", 6: "quarter", 7: "month"}


@pytest.fixture(scope="session")
def observed_toy(toy):
    """Return the toy with an observed flow and stocks inside the year, not to be changed."""
    given = toy()
    flow = {
        "series": "NL-DE",
        "link": "NL-DE",
        "frequency": "year",
        "twh": 40.0,
        "source": "toy",
        "confidence": "observed",
    }
    flows = pd.DataFrame([{**flow, "period": str(year)} for year in (2021, 2022, 2023)])
    given["observed_flows"] = pd.concat([given["observed_flows"], flows], ignore_index=True)
    levels = given["observed_storage"]
    inside = levels[levels["date"] == "2021-12-31"].assign(date=pd.Timestamp("2022-06-30"))
    given["observed_storage"] = pd.concat([levels, inside], ignore_index=True)
    for table in given.values():
        table.attrs = {}
    return given


@pytest.fixture(scope="session")
def solved_toy(observed_toy):
    """Return the hindcast of it, not to be changed."""
    return run_hindcast((2021, 2023), tables=observed_toy)


# ------------------------------------------------------------------ worlds whose flows are balanced
@pytest.fixture(scope="session")
def sure():
    """Return the passport of a figure that is sure."""
    return SURE


@pytest.fixture(scope="session")
def lng_needed():
    """Return TWh of LNG into the Netherlands that balance the toy: demand 255.5 less home output 30 less Yamal 73."""
    return 152.5


@pytest.fixture(scope="session")
def change():
    """Return a factory of tables with cells of some rows replaced."""

    def make(tables, name, where, **cells):
        frame = tables[name].copy()
        for column, value in cells.items():
            frame.loc[frame.eval(where), column] = value
        return {**tables, name: frame}

    return make


@pytest.fixture(scope="session")
def extend():
    """Return a factory of tables with rows appended."""

    def make(tables, name, rows):
        frame = tables[name]
        added = pd.DataFrame(rows).reindex(columns=frame.columns)
        for column in frame.select_dtypes("datetime"):
            added[column] = pd.to_datetime(added[column])
        return {**tables, name: pd.concat([frame, added.astype(frame.dtypes)], ignore_index=True)}

    return make


@pytest.fixture(scope="session")
def border():
    """Return a factory of rows of observed flows."""

    def make(series, period, twh, **passport):
        frequency = FREQUENCIES[len(period)]
        row = {"series": series, "link": series, "period": period, "frequency": frequency, "twh": twh}
        return {**row, **SURE, **passport}

    return make


@pytest.fixture
def even(toy, change, lng_needed):
    """Return toy tables of which every figure fits every other."""
    return change(toy(), "lng_suppliers", "pool == 'LNGEU'", twh=lng_needed)


@pytest.fixture(scope="session")
def total():
    """Return a function that sums TWh between two nodes."""
    return lambda flows, start, end: flows.loc[(flows["from"] == start) & (flows["to"] == end), "volume"].sum() / 1e3


@pytest.fixture(scope="session")
def find_imbalance():
    """Return a function that finds the worst imbalance of a node.

    It is the relative difference of what enters and leaves a node that neither makes, uses nor stores gas.
    """

    def find(flows):
        ends = {*flows.loc[flows["kind"].isin(["production", "supply"]), "from"], "unexplained"}
        ends |= set(flows.loc[flows["kind"] == "consumption", "to"])
        sides = [
            flows.groupby(["snapshot", side])["volume"].sum().rename_axis(["snapshot", "node"])
            for side in ("from", "to")
        ]
        both = pd.concat(sides, axis=1).fillna(0.0)
        nodes = both.index.get_level_values("node")
        both = both[~nodes.isin(ends) & ~nodes.str.endswith(" storage")].to_numpy()
        return np.max(np.abs(both[:, 0] - both[:, 1]) / both.max(axis=1))

    return find


@pytest.fixture(scope="session")
def find_two_way():
    """Return a function that finds pipelines that run both ways in one month."""

    def find(flows):
        pipes = flows[(flows["kind"] == "pipeline") & (flows["volume"] > 1e-6)]
        return pipes.merge(pipes, left_on=["snapshot", "from", "to"], right_on=["snapshot", "to", "from"])

    return find
