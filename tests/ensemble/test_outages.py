"""Outages: which components fail together, and what that costs, against sets and networks made by hand."""

import numpy as np
import pytest
import xarray as xr

import energyflows as ef
from energyflows.ensemble.outages import draw_outages, list_outages, sweep_outages
from energyflows.ensemble.running import run_ensemble
from energyflows.errors import UsageError
from energyflows.results import read_results

LINKS = ["DE-NL", "DE-TR", "LNGEU-NL", "NL-DE", "YAMAL-DE"]


pytestmark = pytest.mark.usefixtures("unaudited")


@pytest.fixture(scope="module")
def n(toy):
    return ef.build_network(2025, tables=toy())


@pytest.fixture(scope="module")
def swept(n):
    return sweep_outages(n)


def _optimize(n):
    """Return the objective plain PyPSA finds."""
    status, condition = n.optimize(solver_name="highs", include_objective_constant=False, log_to_console=False)
    assert (status, condition) == ("ok", "optimal")
    return n.objective


# ------------------------------------------------------------------ which outages
def test_links_are_pipelines_and_terminals_without_shipping_and_storage(n):
    assert (
        list_outages(n, "links") == {name: [name] for name in LINKS} == dict(sorted(list_outages(n, "links").items()))
    )


def test_suppliers_sell_along_a_route_or_by_ship_not_at_home(n):
    assert list_outages(n, "suppliers") == {"RU": ["RU YAMAL minimum"], "US": ["US LNGUS export"]}


def test_zones_lose_all_links_that_touch_them(n):
    assert list_outages(n, "zones") == {
        "NL": ["DE-NL", "LNGEU-NL", "NL-DE"],
        "DE": ["DE-NL", "DE-TR", "NL-DE", "YAMAL-DE"],
        "TR": ["DE-TR"],
        "YAMAL": ["YAMAL-DE"],
        "LNGEU": ["LNGEU-NL"],
    }


def test_pairs_are_every_two_links(n):
    found = list_outages(n, "pairs")
    assert len(found) == 10
    assert {frozenset(pair) for pair in found.values()} == {frozenset((a, b)) for a in LINKS for b in LINKS if a < b}
    assert all(name == " + ".join(pair) for name, pair in found.items())


def test_lists_and_mappings_are_taken_as_they_are(n):
    assert list_outages(n, ["NL-DE", ("DE-NL", "NL gas")]) == {
        "NL-DE": ["NL-DE"],
        "DE-NL + NL gas": ["DE-NL", "NL gas"],
    }
    assert list_outages(n, (name for name in ["NL-DE"])) == {"NL-DE": ["NL-DE"]}
    assert list_outages(n, {"both": ["NL-DE", "DE-NL"], "one": "DE-TR"}) == {
        "both": ["NL-DE", "DE-NL"],
        "one": ["DE-TR"],
    }


def test_a_closed_link_does_not_fail(n):
    closed = n.copy()
    closed.links.loc[closed.links["part_of"] == "DE-TR", "p_nom"] = 0.0
    assert sorted(list_outages(closed, "links")) == ["DE-NL", "LNGEU-NL", "NL-DE", "YAMAL-DE"]


def test_draws_are_ones_with_zeros_where_something_fails():
    draws = draw_outages({"one": ["b"], "both": ["b", "a"]})
    assert draws["draw"].values.tolist() == ["reference", "one", "both"]
    assert draws["component"].values.tolist() == ["a", "b"]
    assert draws["capacity_factor"].values.tolist() == [[1, 1], [1, 0], [0, 0]]


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("rivers", "kind: found 'rivers', expected one of links, storages, suppliers, assets, zones, pairs"),
        ([], "expected at least one component an outage"),
        ({}, "expected at least one component an outage"),
        ({"calm": []}, "nothing fails in 'calm'"),
        ({"reference": ["NL-DE"]}, "none called 'reference'"),
        (["NL-DEE"], "component 'NL-DEE' is not in the network; did you mean 'NL-DE'?"),
        ([["NL-DE", "nowhere"]], "component 'nowhere' is not in the network"),
    ],
)
def test_what_is_no_outage_is_told(n, kind, told):
    with pytest.raises(UsageError) as caught:
        sweep_outages(n, kind)
    assert told in str(caught.value)


@pytest.mark.parametrize("network", [None, "network.nc", 2025])
def test_what_is_no_network_is_told(network):
    with pytest.raises(UsageError, match=r"expected a pypsa\.Network"):
        sweep_outages(network)


def test_kind_that_is_nothing_to_go_through_is_told(n):
    for kind in (None, 5):
        with pytest.raises(UsageError, match="kind"):
            sweep_outages(n, kind)


# ------------------------------------------------------------------ what they cost
def test_reference_is_the_network_as_it_is(n, swept):
    found, expected = swept.sel(draw="reference"), ef.solve(n)
    assert found["objective"].item() == pytest.approx(expected["objective"].item(), rel=1e-9)
    days = n.snapshot_weightings["generators"].to_numpy()
    for name in ("consumed", "unserved", "response"):
        sums = (expected[name] * xr.DataArray(days, dims="snapshot")).sum("snapshot")
        np.testing.assert_allclose(found[f"{name}_sum"], sums, rtol=1e-6, atol=1e-3, err_msg=name)
    work = n.copy()
    assert found["solver_objective"].item() == pytest.approx(_optimize(work), rel=1e-9)
    assert found["objective"].item() == pytest.approx(read_results(work)["objective"].item(), rel=1e-9)


@pytest.mark.parametrize("kind", ["links", "suppliers", "zones", "pairs"])
def test_no_outage_is_a_relief(n, swept, kind):
    ds = swept if kind == "links" else sweep_outages(n, kind)
    # A flow that must be carried could make an outage cheaper; here obligations are rewards, lost with the capacity.
    assert (n.links["p_min_pu"] == 0).all()
    assert (n.generators["p_min_pu"] == 0).all()
    assert set(ds["status"].values) == {"optimal"}
    before = ds["solver_objective"].sel(draw="reference")
    assert (ds["solver_objective"] >= before - 1e-6 * abs(before)).all()
    assert (ds["solver_objective"] > before + 1.0).any()


def test_an_obligation_can_make_an_outage_cheaper(n):
    bound = n.copy()
    bound.add("Link", "forced", bus0="DE", bus1="NL", p_nom=50.0, p_min_pu=1.0, marginal_cost=90.0)
    found = sweep_outages(bound, ["forced"])["solver_objective"]
    assert found.sel(draw="forced") < found.sel(draw="reference") - 1.0


@pytest.mark.parametrize("name", LINKS)
def test_loss_of_one_link_is_plain_pypsa_without_it(n, swept, name):
    work = n.copy()
    work.links.loc[work.links["part_of"] == name, "p_nom"] = 0.0
    assert swept["solver_objective"].sel(draw=name).item() == pytest.approx(_optimize(work), rel=1e-6)
    assert swept["sent_sum"].sel(draw=name, link=name) == 0.0


def test_parts_fail_with_the_whole_and_a_part_alone(n):
    parts = n.links.index[n.links["part_of"] == "DE-TR"]
    assert len(parts) == 2
    ds = sweep_outages(n, ["DE-TR", list(parts), ["DE-TR minimum"]], outputs=["sent_sum", "unserved_sum"])
    assert set(ds.data_vars) == {"status", "objective", "solver_objective", "sent_sum", "unserved_sum"}
    sent = ds["sent_sum"].sel(link="DE-TR").values
    assert sent[1] == 0.0
    # The list holds the name of the whole, too: the first part is called like it.
    assert sent[2] == 0.0
    assert sent[3] > 0.0
    assert ds["solver_objective"].values[1] == pytest.approx(ds["solver_objective"].values[2], rel=1e-9)


def test_loss_of_all_links_of_a_zone_leaves_it_to_its_own_gas(n):
    ds = sweep_outages(n, {"island": list_outages(n, "zones")["TR"]})
    assert ds["sent_sum"].sel(draw="island", link="DE-TR") == 0.0
    assert ds["unserved_sum"].sel(draw="island", bus="TR") > 1000.0
    balance = ds[["consumed_sum", "unserved_sum", "response_sum"]].sel(draw="island", bus="TR").to_array().sum().item()
    assert balance == pytest.approx(36500.0)
    assert ds["supplied_sum"].sel(draw="island", generator="TR gas").item() == pytest.approx(10000.0)


def test_sweep_is_the_ensemble_of_its_draws(n, swept, tmp_path):
    expected = run_ensemble(n, draw_outages(list_outages(n, "links")))
    xr.testing.assert_identical(swept, expected)
    stored = sweep_outages(n, "links", store=tmp_path / "e", workers=2)
    stored.attrs.pop("energyflows_fingerprint")
    xr.testing.assert_identical(stored.load(), expected)


@pytest.mark.parametrize("kind", [[1, 2], {"a": None}, [["YAMAL-DE", 3]]])
def test_members_that_are_no_names_are_told(n, kind):
    with pytest.raises(UsageError, match="found no names"):
        sweep_outages(n, kind)


def test_assets_are_links_storages_and_suppliers_together(n):
    parts = [list_outages(n, kind) for kind in ("links", "storages", "suppliers")]
    assert list_outages(n, "assets") == {name: members for part in parts for name, members in part.items()}


def test_a_storage_fails_with_the_gas_in_it(n):
    [name] = list_outages(n, "storages")
    ds = sweep_outages(n, "storages", outputs=["stored", "withdrawn_sum"])
    assert ds["withdrawn_sum"].sel(draw="reference").sum() > 0
    assert float(abs(ds["stored"].sel(draw=name, store=name)).max()) < 1e-6
