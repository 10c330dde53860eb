"""A world of two zones whose yearly figures can be worked out by hand."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from energyflows.results import UNITS

COORDS = {
    "country": ("bus", ["NL", "DE", "", "", "DE"]),
    "bus_kind": ("bus", ["market", "market", "lng", "corridor", "storage"]),
    "generator_bus": ("generator", ["NL", "PIPE", "SHIPS", "PIPE"]),
    "generator_origin": ("generator", ["NL", "RU", "RU", "AZ"]),
    "generator_route": ("generator", ["home", "PIPE", "SHIPS", "PIPE"]),
    "generator_carrier": ("generator", ["gas", "pipeline gas", "lng", "pipeline gas"]),
    "bus0": ("link", ["PIPE", "SHIPS", "NL", "DE", "DE storage"]),
    "bus1": ("link", ["DE", "NL", "DE", "DE storage", "DE"]),
    "carrier": ("link", ["pipeline", "regasification", "pipeline", "injection", "withdrawal"]),
    "is_storage_link": ("link", [False, False, False, True, True]),
    "store_bus": ("store", ["DE storage"]),
}
ELEMENTS = {
    "bus": ["NL", "DE", "SHIPS", "PIPE", "DE storage"],
    "generator": ["NL gas", "RU pipe", "RU ships", "AZ pipe"],
    "link": ["PIPE-DE", "SHIPS-NL", "NL-DE", "DE injection", "DE withdrawal"],
    "store": ["DE storage"],
}
#: GWh/d, EUR/MWh and GWh of every snapshot.
PLAIN = {
    "consumed": ("bus", [100.0, 300.0, 0.0, 0.0, 0.0]),
    "unserved": ("bus", 0.0),
    "response": ("bus", 0.0),
    "price": ("bus", [20.0, 40.0, 15.0, 10.0, 30.0]),
    "supplied": ("generator", [50.0, 200.0, 120.0, 80.0]),
    "received": ("link", [280.0, 120.0, 20.0, 7.0, 7.0]),
    "stored": ("store", [40_000.0]),
}


def make_results(years=(2025,), **figures):
    """Return results of one scenario by month; a keyword replaces a figure, ``(element, value)`` one of its columns."""
    snapshots = pd.date_range(f"{years[0]}-01-01", f"{years[-1]}-12-01", freq="MS")
    objective = figures.pop("objective", 5e6)
    variables = {}
    for name, (dim, plain) in PLAIN.items():
        values = np.broadcast_to(np.array(plain, dtype=float), (len(snapshots), len(ELEMENTS[dim]))).copy()
        for element, value in figures.pop(name, {}).items():
            values[:, ELEMENTS[dim].index(element)] = value
        variables[name] = (("snapshot", dim), values, {"units": UNITS[name]})
    assert not figures
    return xr.Dataset(
        variables | {"objective": ((), float(objective), {"units": UNITS["objective"]})},
        coords={
            "snapshot": snapshots,
            **ELEMENTS,
            "weight_days": ("snapshot", snapshots.days_in_month.to_numpy(dtype=float)),
            **COORDS,
        },
        attrs={"meta": "{}"},
    )


@pytest.fixture(scope="session")
def world():
    """Return the factory of results of one scenario."""
    return make_results


@pytest.fixture(scope="session")
def join():
    """Return a function that puts scenarios with the same elements beside each other."""

    def join(parts):
        joined = xr.concat(parts.values(), "scenario", data_vars="all", coords="minimal", compat="override")
        return joined.assign_coords(scenario=list(parts))

    return join
