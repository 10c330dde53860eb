"""Balanced flows of changed toy worlds: LNG, neighbours, any figures at all, and an independent solver."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.optimize import lsq_linear

from energyflows.hindcast.balancing import list_residuals, observed_flows

DEMAND = {"NL": 73.0, "DE": 146.0, "TR": 36.5}


# ------------------------------------------------------------------ LNG, neighbours, plans


@pytest.fixture(scope="session")
def lng(border):
    """Return a factory of rows of observed imports."""

    def make(series, period, twh, **more):
        importer, origin = series.split("-")[:2]
        return {**border(series, period, twh), "importer": importer, "origin": origin, "kind": "lng", **more}

    return make


def test_send_out_goes_before_landings(even, extend, lng, lng_needed):
    rows = [lng("NL-all-lng-sendout", f"2021-{month:02d}", lng_needed / 12) for month in range(1, 13)]
    tables = extend(even, "observed_imports", [*rows, lng("NL-all-lng-landed", "2021", 99.0)])
    flows = observed_flows(2021, tables=tables)
    assert list_residuals(flows).empty
    landed = flows.query("`from` == 'LNGEU' and to == 'NL'")
    np.testing.assert_allclose(landed["observed"], 1e3 * lng_needed / 12)


def test_landings_stand_in_as_estimates(even, extend, lng):
    flows = observed_flows(2021, tables=extend(even, "observed_imports", [lng("NL-all-lng-landed", "2021", 140.0)]))
    row = list_residuals(flows).iloc[0]
    assert (row["series"], row["residual"]) == ("NL-all-lng-landed", pytest.approx(12.5e3))
    assert row["sigma"] == pytest.approx(0.15 * 140e3)


def test_suppliers_and_totals_are_met(even, extend, lng):
    rows = [lng("EU27-US-lng", "2021Q1", 45.0), lng("EU27-all-lng", "2021Q3", 36.0), lng("EU27-XX-lng", "2021", 7.0)]
    flows = observed_flows(2021, tables=extend(even, "observed_imports", rows), frequency="quarter")
    assert list_residuals(flows).empty
    shipped = flows.query("`from` == 'LNGUS' and to == 'LNGEU'")["volume"].to_numpy()
    assert shipped[0] == pytest.approx(45e3)
    assert shipped[2] == pytest.approx(36e3)
    assert "LNGROW" not in {*flows["from"], *flows["to"]}


def test_net_imports_from_a_neighbour_bind(even, extend, lng):
    row = lng("EU27-TR-pipeline", "2021", -20.0, kind="pipeline", confidence="estimate", low=-40.0, high=0.0)
    residuals = list_residuals(observed_flows(2021, tables=extend(even, "observed_imports", [row])))
    assert residuals["series"].tolist() == ["EU27-TR-pipeline"]
    assert residuals["residual"].iloc[0] == pytest.approx(-6.5e3)


def test_routes_without_figures_take_the_plan(even, extend, border, total):
    tables = {**even, "pipelines": even["pipelines"].assign(follows=None)}
    tables["supply"] = even["supply"].assign(follows=None)
    tables["observed_flows"] = extend(even, "observed_flows", [border("NL-DE", "2021", 99.5)])["observed_flows"]
    tables["observed_flows"] = tables["observed_flows"].query("series == 'NL-DE'")
    flows = observed_flows(2021, tables=tables)
    assert total(flows, "RU YAMAL", "YAMAL") == pytest.approx(73.0)
    assert list_residuals(flows).empty


def test_courses_follow_shapes(even, change):
    """Home output is spread as its shape says: with demand in one, evenly in the other."""
    tables = change(even, "production", "zone == 'TR'", shape="demand")
    flows = observed_flows(2021, tables=tables)
    made = flows[flows["kind"] == "production"].pivot_table(index="snapshot", columns="from", values="volume")
    np.testing.assert_allclose(made["NL gas"], 20e3 * made.index.days_in_month / 365, rtol=1e-6)
    np.testing.assert_allclose(made["TR gas"].sum(), 10e3)
    assert made["TR gas"].iloc[0] > 2 * made["TR gas"].iloc[6]


# ------------------------------------------------------------------ any world


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    scale=st.lists(st.floats(0.3, 2.0), min_size=5, max_size=5),
    seen=st.dictionaries(
        st.tuples(st.sampled_from(["NL-DE", "DE-NL", "DE-TR"]), st.integers(1, 12)), st.floats(0.0, 15.0), max_size=8
    ),
    year=st.floats(0.0, 200.0),
)
def test_any_world_balances(even, scale, seen, year, change, extend, border, find_imbalance, find_two_way):
    tables = even
    for zone, factor in zip(("NL", "DE", "TR"), scale, strict=False):
        tables = change(tables, "demand_annual", f"zone == '{zone}'", twh=DEMAND[zone] * factor)
    tables = change(tables, "production", "zone == 'NL'", twh=20.0 * scale[3])
    tables = change(tables, "observed_flows", "series == 'YAMAL'", twh=73.0 * scale[4])
    rows = [border(link, f"2021-{month:02d}", twh) for (link, month), twh in seen.items()]
    tables = extend(tables, "observed_flows", [*rows, border("NL-DE", "2021", year)])
    flows = observed_flows(2021, tables=tables)
    assert (flows["volume"] >= 0).all()
    assert find_imbalance(flows) < 1e-6
    back = {month for link, month in seen if link == "DE-NL"}  # the way forth is known by year
    assert set(find_two_way(flows)["snapshot"].dt.month) <= back
    for start, end, cap in (("NL", "DE", 600.0), ("DE", "NL", 600.0), ("DE", "TR", 200.0), ("YAMAL", "DE", 400.0)):
        sent = flows[(flows["from"] == start) & (flows["to"] == end)].set_index("snapshot")["volume"]
        assert (sent <= cap * sent.index.days_in_month + 1e-6).all()
    kept = (
        flows.loc[flows["to"] == "DE storage", "volume"].sum()
        - flows.loc[flows["from"] == "DE storage", "volume"].sum()
    )
    assert kept == pytest.approx(0.0, abs=1e-3)  # it ends as it began, gaps included


def test_agrees_with_least_absolute_deviations_by_reweighting(even, change, extend, border, total):
    """The yearly toy world as eight unknowns, solved by bounded least squares with weights 1/|residual| in turn."""
    rng = np.random.default_rng(3)
    sums = {"NL gas": 20.0, "TR gas": 10.0, "YAMAL": 73.0, "LNG": 152.5, "NL-DE": 99.5, "DE-TR": 26.5}
    sigma = dict(zip(sums, (30.0, 22.0, 61.0, 87.0, 43.0, 35.0), strict=True))
    for _ in range(3):
        told = {name: value + rng.uniform(-0.1, 0.1) * sigma[name] for name, value in sums.items()}
        flows = observed_flows(2021, tables=_tell(even, told, sigma, change=change, extend=extend, border=border))
        expected = _reweight(told, sigma)
        found = [
            *(total(flows, "NL gas", "NL"), total(flows, "TR gas", "TR"), total(flows, "RU YAMAL", "YAMAL")),
            *(total(flows, "LNGEU", "NL"), total(flows, "NL", "DE"), total(flows, "DE", "TR")),
        ]
        apart = [np.abs((np.array(x) - list(told.values())) / list(sigma.values())).sum() for x in (found, expected)]
        assert apart[0] == pytest.approx(apart[1], rel=1e-3)


def _tell(tables, told, sigma, *, change, extend, border):
    """Return toy tables that state yearly figures with their standard deviations, and demand to 1 %."""

    def cells(name):
        return {"twh": told[name], "low": max(told[name] - sigma[name], 0.0), "high": told[name] + sigma[name]}

    changed = change(tables, "production", "zone == 'NL'", **cells("NL gas"))
    changed = change(changed, "production", "zone == 'TR'", **cells("TR gas"))
    changed = change(changed, "observed_flows", "series == 'YAMAL'", **cells("YAMAL"))
    changed["pipelines"] = changed["pipelines"].assign(follows=None)
    changed = change(changed, "lng_suppliers", "pool == 'LNGEU'", **cells("LNG"))
    rows = [border(name, "2021", **cells(name)) for name in ("NL-DE", "DE-TR")]
    return extend(changed, "observed_flows", rows)


def _reweight(told, sigma):
    """Return the flows of least absolute deviations in the order of ``told``."""
    balances = np.array([[1, 0, 0, 1, -1, 0], [0, 0, 1, 0, 1, -1], [0, 1, 0, 0, 0, 1]], dtype=float)
    demand = np.array([73.0, 146.0, 36.5])
    value, spread = (np.array(list(part.values())) for part in (told, sigma))
    weight = np.ones(6)
    for _ in range(200):
        rows = np.vstack([np.diag(np.sqrt(weight) / spread), 1e4 * balances])
        right = np.concatenate([np.sqrt(weight) * value / spread, 1e4 * demand])
        x = lsq_linear(rows, right, bounds=(0.0, np.inf), tol=1e-14).x
        weight = 1.0 / np.maximum(np.abs(x - value) / spread, 1e-7)
    return x
