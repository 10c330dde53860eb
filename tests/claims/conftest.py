"""Claims made by hand, and results of the toy under scenarios made by hand."""

import pandas as pd
import pytest
import xarray as xr

from energyflows.claims._declaring import Claim
from energyflows.network import build_network
from energyflows.solving import solve

SHARE = {"name": "share", "label": "Russian share", "figure": "import_share", "unit": "%", "year": 2025}
SHARE = {**SHARE, "arguments": {"origin": "RU"}}


@pytest.fixture
def claim():
    """Return a factory: a claim on the Russian share of 2025; keywords replace its keys."""

    def make(*, at_least=30.0, margin=2.0, **keys):
        condition = {"figure": "share", "at_least": at_least, "margin": margin, "reason": "because"}
        plain = {
            "id": "C1",
            "claim": "Something is so.",
            "shown_by": "A number.",
            "evidence": [SHARE],
            "rule": {"supported": {"all": [condition]}},
        }
        return Claim.model_validate({**plain, **keys})

    return make


@pytest.fixture(scope="session")
def toy_run(toy):
    """Results of the toy of 2025; copy before changing."""
    return solve(build_network(2025, tables=toy()))


@pytest.fixture(scope="session")
def stack():
    """Return a function that puts results by name along dim ``scenario``, as a run of several scenarios does."""

    def stack(**runs):
        names = pd.Index([name.replace("_", "-") for name in runs], name="scenario")
        return join(list(runs.values()), names)

    return stack


def join(parts, names):
    """Put results along dim ``scenario``."""
    return xr.concat(parts, dim=names, coords="minimal", compat="override", combine_attrs="override", join="exact")


@pytest.fixture(scope="session")
def stack_named():
    """Return the same for names that are no words."""

    def stack(runs):
        return join(list(runs.values()), pd.Index(list(runs), name="scenario"))

    return stack
