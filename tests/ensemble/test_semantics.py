"""What a draw means does not depend on the company it keeps, nor on the kind of component it reaches."""

import numpy as np
import pandas as pd
import pypsa
import pytest
import xarray as xr

from energyflows.ensemble import run_ensemble, sample
from energyflows.errors import OutputError, UsageError


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


def test_what_happened_and_how_it_was_drawn_stays_with_the_results(n):
    spec = {"events": [{"name": "cut", "probability": 0.5, "components": {"pipe": 0.0}}]}
    draws = sample(spec, 6, seed=1)
    ds = run_ensemble(n, draws)
    assert ds.attrs["seed"] == 1
    assert ds["happened"].to_numpy().tolist() == draws["happened"].to_numpy().tolist()
    lost = ds["unserved_sum"].sum("bus") > 0
    assert (lost == (ds["happened"].sel(event="cut") == 1)).all()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda d: d.assign(capacity_factors=d["capacity_factor"]), "capacity_factors: unknown; did you mean"),
        (lambda d: xr.concat([d, d], "draw").assign_coords(draw=[0, 0]), "one label of its own for each draw"),
    ],
)
def test_misspelled_variables_and_labels_used_twice_are_refused(n, change, told):
    with pytest.raises(UsageError, match=told):
        run_ensemble(n, change(factor([[0.5]], "pipe")))


def test_two_constraints_that_differ_only_under_a_draw_are_two_ensembles(n, tmp_path):
    def loose(work, _):
        work.model.add_constraints(work.model["Link-p"].loc[:, "pipe"] <= 80.0, name="cap")

    def tight(work, _):
        size = work.links.at["pipe", "p_nom"]
        work.model.add_constraints(work.model["Link-p"].loc[:, "pipe"] <= size, name="cap")

    draws = factor([[1.0], [0.4]], "pipe")
    run_ensemble(n, draws, store=tmp_path / "kept", extra_functionality=loose)
    with pytest.raises(OutputError, match="network"):
        run_ensemble(n, draws, store=tmp_path / "kept", extra_functionality=tight)
