"""What a draw means does not depend on the company it keeps, nor on the kind of component it reaches."""

import numpy as np
import pandas as pd
import pypsa
import pytest
import xarray as xr

from energyflows.ensemble import run_ensemble


@pytest.fixture
def n():
    """Return 100 GWh/d at A, a link of 80 GWh/d to B, where 50 are needed, in four snapshots."""
    made = pypsa.Network(snapshots=pd.date_range("2025-01-01", periods=4, freq="MS"))
    made.add("Bus", ["A", "B"])
    made.add("Generator", "g", bus="A", p_nom=100, marginal_cost=[1.0, 1.0, 300.0, 300.0], carrier="gas")
    made.add("Generator", "u", bus="B", p_nom=100, marginal_cost=500, carrier="unserved")
    made.add("Link", "pipe", bus0="A", bus1="B", p_nom=80)
    made.add("Load", "l", bus="B", p_set=50)
    return made


def factor(values, name, snapshots=None):
    """Return draws of capacity for one component."""
    dims = ("draw", "component") if snapshots is None else ("draw", "component", "snapshot")
    coords = {"component": [name]} | ({} if snapshots is None else {"snapshot": snapshots})
    return xr.Dataset({"capacity_factor": (dims, values)}, coords=coords)


def test_a_cost_reaches_the_link_that_shares_its_name_with_a_line(n):
    n.add("Line", "pipe", bus0="A", bus1="B", x=0.1, s_nom=10)
    draws = xr.Dataset({"cost_add": (("draw", "component"), [[0.0], [2.0]])}, coords={"component": ["pipe"]})
    objective = run_ensemble(n, draws)["objective"]
    assert float(objective[1] - objective[0]) == pytest.approx(2.0 * (50 - 10) * 4)


def test_a_draw_means_the_same_alone_and_beside_one_that_varies(n):
    n.add("StorageUnit", "s", bus="B", p_nom=40, max_hours=1, marginal_cost=1)
    half, varying = [[0.5] * 4], [[1.0, 0.9, 1.0, 1.0]]
    alone = run_ensemble(n, factor([half], "s", n.snapshots))
    both = run_ensemble(n, factor([half, varying], "s", n.snapshots))
    plain = run_ensemble(n, factor([[0.5]], "s"))
    assert float(both["objective"][0]) == pytest.approx(float(alone["objective"][0]))
    assert float(plain["objective"][0]) == pytest.approx(float(alone["objective"][0]))


def test_what_shrinks_loses_its_stock_whether_store_or_storage_unit(n):
    n.add("StorageUnit", "s", bus="B", p_nom=40, max_hours=1, state_of_charge_initial=40, marginal_cost=1)
    n.add("Store", "t", bus="B", e_nom=40, e_initial=40, marginal_cost=1)
    lost = xr.DataArray([[0.0, 0.0]], dims=("draw", "component"), coords={"component": ["s", "t"]})
    ds = run_ensemble(n, xr.Dataset({"capacity_factor": lost}), outputs=["withdrawn_sum"])
    assert ds["status"].item() == "optimal"
    assert not ds["withdrawn_sum"].any()


def test_a_ramp_limit_is_seen_and_compiled_anew(n):
    n.generators.loc["g", "ramp_limit_up"] = 0.1
    ds = run_ensemble(n, factor([[0.5], [0.9]], "g"))
    assert "ramp_limit" in ds.attrs["engine"]
    assert np.isfinite(ds["objective"]).all()
