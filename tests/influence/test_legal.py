"""The presumption of origin by hand: a presumed entry, exempt producers, proof by contract."""

import numpy as np
import pandas as pd
import pytest

from energyflows.influence._contracts import World
from energyflows.influence._labels import label_gas
from energyflows.influence._legal import UNPROVEN, presume_origins
from energyflows.tracing import trace

YEAR = 0.365
RULES = pd.DataFrame(
    [
        ("border", "presumption", "RU", "TR-BG", 7.0, True, "2026-02-03", None),
        ("others", "presumption", None, "EU27", 5.0, True, "2026-02-03", None),
        ("us", "exemption", "US", "EU27", 1.0, True, "2026-02-10", None),
        ("az", "exemption", "AZ", "EU27", 0.0, False, "2026-02-10", None),
    ],
    columns=["rule", "kind", "origin", "zone", "value", "active", "valid_from", "valid_to"],
).astype({"valid_from": "datetime64[ns]", "valid_to": "datetime64[ns]"})


@pytest.fixture
def presume(market, contract):
    def compute(first, rules=RULES):
        arcs = {
            ("PIPE", "TR"): 60.0,
            ("TR", "BG"): 30.0,
            ("TAP", "IT"): 40.0,
            ("LNGUS", "LNGEU"): 20.0,
            ("LNGEU", "IT"): 20.0,
        }
        output = {
            ("PIPE", "RU"): 60.0,
            ("TR", "AZ"): 40.0,
            ("TAP", "AZ"): 40.0,
            ("LNGUS", "US"): 20.0,
            ("BG", "BG"): 5.0,
        }
        ds = market(arcs, output, first=first)
        table = pd.DataFrame([contract("c", "IT", "TAP-IT", 10 * YEAR, "AZ")])
        world = World(table, rules, ["BG", "IT"], [], [])
        molecules = trace(ds)
        found = presume_origins(ds, world, molecules, label_gas(ds, world, molecules, "contracts"))

        def read(bus):
            rates = found.sel(bus=bus).isel(year=0).to_series() / YEAR
            return rates[~(rates.abs() < 1e-9)].round(6).to_dict()

        return read

    return compute


def test_all_gas_at_a_presumed_entry_has_the_origin_presumed(presume):
    assert presume("2027-01-01")("BG") == {"BG": 5.0, "RU": 30.0}


def test_exempt_gas_keeps_its_origin_contracts_prove_theirs_the_rest_is_open(presume):
    assert presume("2027-01-01")("IT") == {"AZ": 10.0, "US": 20.0, UNPROVEN: 30.0}


def test_a_rule_holds_from_its_day_on(presume):
    found = presume("2026-01-01")("BG")
    russian = 30.0 * 0.6
    assert found["RU"] == pytest.approx(russian + (30.0 - russian) * 332 / 365, abs=1e-5)


def test_without_a_rule_in_force_nothing_is_presumed(presume):
    assert np.isnan(list(presume("2025-01-01")("BG").values())).all()
    assert np.isnan(list(presume("2027-01-01", RULES.assign(active=False))("BG").values())).all()


def test_outside_the_union_nothing_changes(presume):
    assert presume("2027-01-01")("TR") == {"AZ": 28.0, "RU": 42.0}
