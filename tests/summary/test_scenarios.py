"""Imports of the EU27 by origin must not depend on which scenarios stand beside each other."""

from __future__ import annotations

import pandas as pd
import pytest

from energyflows.datasets import load_tables
from energyflows.running import run
from energyflows.scenarios import Scenario
from energyflows.summary import summarise_origins


@pytest.mark.slow
def test_idle_elements_of_one_scenario_change_no_origin_of_another():
    tables = load_tables()
    gas = {"supplier": "TM", "bus": "SANGACHAL", "volume": {"twh": 10.0}, "cost": 5000.0}
    unused = Scenario(
        name="unused", changes=({"change": "expand", "links": ["TANAP-TAP"], "by": {"twh": 10.0}, "upstream": gas},)
    )
    alone = summarise_origins(run(["reference"], 2025, tables=tables), tables)
    beside = summarise_origins(run(["reference", unused], 2025, tables=tables), tables)
    pd.testing.assert_frame_equal(beside[beside["scenario"] == "reference"].reset_index(drop=True), alone)
    azerbaijani = beside[beside["origin"] == "AZ"].set_index("scenario")["twh"]
    assert azerbaijani["unused"] == pytest.approx(azerbaijani["reference"], abs=0.5)
