"""Tables of a sweep and of an ensemble: against the toy worked out by hand, and against counting."""

import numpy as np
import pytest
import xarray as xr

from energyflows.ensemble import DEFAULT_OUTPUTS, run_ensemble, sweep_outages
from energyflows.errors import ResultsError
from energyflows.network import build_network
from energyflows.summary import SERIES, summarise_ensemble, summarise_sweep
from energyflows.summary._ensembles import _bound_share


@pytest.fixture(scope="module")
def n(toy):
    """Build the toy of 2025."""
    return build_network(2025, tables=toy())


@pytest.fixture(scope="module")
def sweep(n):
    """Take out the Yamal route, the link to Turkiye, and a link of no consequence."""
    return sweep_outages(n, ["YAMAL-DE", "DE-TR", "DE-NL"])


@pytest.fixture(scope="module")
def ensemble(n):
    """Draw demand in Germany four times, twice beyond supply."""
    factor = xr.DataArray([[1.0], [1.1], [9.0], [12.0]], dims=("draw", "bus"), coords={"bus": ["DE"]})
    return run_ensemble(n, xr.Dataset({"demand_factor": factor}), outputs=[*DEFAULT_OUTPUTS, SERIES])


def test_outages_are_told_against_the_reference_worst_first(sweep, toy):
    told = summarise_sweep(sweep, toy())["outages"]
    assert set(told.index) == {"YAMAL-DE", "DE-TR", "DE-NL"}
    assert told.index[0] == "DE-TR"
    assert told["cost_meur"].is_monotonic_decreasing
    cost = (sweep["objective"].sel(draw="DE-TR") - sweep["objective"].sel(draw="reference")) / 1e3
    assert told.at["DE-TR", "cost_meur"] == pytest.approx(float(cost))


def test_a_cut_off_country_is_named_as_hurt_with_its_loss(sweep, toy):
    told = summarise_sweep(sweep, toy())
    row = told["hurt"].set_index(["outage", "zone"]).loc[("DE-TR", "TR")]
    lost = sweep["unserved_sum"].sel(draw="DE-TR", bus="TR") + sweep["response_sum"].sel(draw="DE-TR", bus="TR")
    assert row["unserved_twh"] + row["given_up_twh"] == pytest.approx(float(lost) / 1e3)
    assert told["outages"].at["DE-TR", "hurt"].startswith("TR ")
    assert told["outages"].at["DE-TR", "eu27_unserved_twh"] == pytest.approx(0.0, abs=1e-9)


def test_an_outage_that_only_makes_gas_dearer_names_the_rise(sweep, toy):
    told = summarise_sweep(sweep, toy())["outages"]
    assert "EUR/MWh" in told.at["YAMAL-DE", "hurt"] or "TWh" in told.at["YAMAL-DE", "hurt"]
    assert told.at["YAMAL-DE", "eu27_price_eur_mwh"] > 0


def test_a_failed_outage_is_told_by_its_status_not_as_zero(sweep, toy):
    broken = sweep.copy(deep=True)
    broken["status"].loc[{"draw": "YAMAL-DE"}] = "infeasible"
    for name in ("unserved_sum", "response_sum", "price_mean", "objective"):
        broken[name].loc[{"draw": "YAMAL-DE"}] = np.nan
    told = summarise_sweep(broken, toy())["outages"]
    assert told.at["YAMAL-DE", "status"] == "infeasible"
    assert np.isnan(told.at["YAMAL-DE", "unserved_twh"])


def test_probabilities_and_energies_are_counted(ensemble, toy):
    zones = summarise_ensemble(ensemble, toy())["zones"]
    assert zones.index[:2].tolist() == ["EU27", "anywhere"]
    assert zones.at["anywhere", "eens_gwh"] == pytest.approx(float(ensemble["unserved_sum"].sum("bus").mean()))
    assert zones.at["DE", "lolp"] == 0.5
    assert zones.at["DE", "eens_gwh"] == pytest.approx(float(ensemble["unserved_sum"].sel(bus="DE").mean()))
    both = ensemble["unserved_sum"].sel(bus=["DE", "NL"]).sum("bus")
    assert zones.at["EU27", "eens_gwh"] == pytest.approx(float(both.mean()))
    assert zones.at["DE", "lolp_low"] < 0.5 < zones.at["DE", "lolp_high"]


def test_survival_by_month_ends_where_the_probability_says(ensemble, toy):
    told = summarise_ensemble(ensemble, toy())
    assert told["survival"]["DE"].iloc[-1] == pytest.approx(1 - told["zones"].at["DE", "lolp"])


def test_draws_without_solution_are_counted_and_not_averaged_away(ensemble, toy):
    broken = ensemble.copy(deep=True)
    broken["status"][3] = "infeasible"
    for name in broken.data_vars:
        if broken[name].dtype.kind == "f":
            broken[name][3] = np.nan
    told = summarise_ensemble(broken, toy())
    assert told["ensemble"][["draws", "solved"]].iloc[0].tolist() == [4, 3]
    row = told["zones"].loc["DE"]
    assert row[["eens_gwh", "lolp", "price_p50_eur_mwh"]].isna().all()
    assert row["lolp_low"] == pytest.approx(_bound_share(1 / 4, 4)[0])
    assert row["lolp_high"] == pytest.approx(_bound_share(2 / 4, 4)[1])


def test_points_that_are_not_independent_get_no_interval(ensemble, toy):
    row = summarise_ensemble(ensemble.assign_attrs(method="sobol"), toy())["zones"].loc["DE"]
    assert row[["eens_low_gwh", "eens_high_gwh", "lolp_low", "lolp_high"]].isna().all()
    assert row["lolp"] == 0.5


def test_no_loss_in_any_draw_leaves_its_size_unknown(ensemble, toy):
    row = summarise_ensemble(ensemble.isel(draw=[0]), toy())["zones"].loc["DE"]
    assert row["eens_gwh"] == 0
    assert row[["eens_low_gwh", "eens_high_gwh"]].isna().all()


def test_a_sweep_in_which_nobody_is_hurt_can_be_told(n, toy):
    told = summarise_sweep(sweep_outages(n, ["DE-NL"]), toy())
    assert told["outages"]["hurt"].tolist() == [""]


def test_a_sweep_needs_its_reference(sweep, ensemble, toy):
    with pytest.raises(ResultsError, match="the first draw must be 'reference'"):
        summarise_sweep(sweep.isel(draw=slice(1, None)), toy())
    with pytest.raises(ResultsError, match="the first draw must be 'reference'"):
        summarise_sweep(ensemble, toy())


def test_what_cannot_be_told_is_refused(ensemble, toy):
    with pytest.raises(ResultsError, match="'unserved' is not among them"):
        summarise_ensemble(ensemble.drop_vars("unserved"), toy())
    with pytest.raises(ResultsError, match="no draws"):
        summarise_sweep(ensemble.isel(draw=0), toy())
    broken = ensemble.copy(deep=True)
    broken["status"][:] = "failed"
    with pytest.raises(ResultsError, match="none of 4 draws has a solution"):
        summarise_ensemble(broken, toy())


@pytest.mark.parametrize(("share", "count"), [(0.0, 10), (0.3, 10), (1.0, 10), (0.5, 1000)])
def test_wilsons_interval_solves_its_quadratic(share, count):
    for bound in _bound_share(share, count):
        if 1e-9 < bound < 1 - 1e-9:
            assert abs(share - bound) == pytest.approx(1.959964 * np.sqrt(bound * (1 - bound) / count), rel=1e-6)
