"""Cargoes of a common pool by who lands them: closed forms, totals, law, gaps in reports, and wrong input."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from energyflows.errors import ResultsError, UsageError
from energyflows.tracing import trace
from energyflows.tracing._fitting import TOLERANCE, fit_margins
from energyflows.tracing._landings import allot_landings

PORTS = {"RU": 40.0, "US": 60.0}
#: Cross ratio (6 x 2) / (2 x 1) = 6; with the totals of PORTS and 50 each it is 30 x 40 / (20 x 10).
TOLD = [("A", "RU", 6.0), ("A", "US", 2.0), ("B", "RU", 1.0), ("B", "US", 2.0)]


@pytest.fixture(scope="session")
def ship(grid):
    """Return the factory of results: ports fill a pool, from which markets land."""

    def ship(shipped=PORTS, landed=(50.0, 50.0), *, more=None, arcs=None, **given):
        landed = dict(zip("ABCD", landed, strict=False)) if isinstance(landed, tuple) else landed
        links = {(f"PORT{origin}", "POOL"): rate for origin, rate in shipped.items()}
        links |= {("POOL", zone): rate for zone, rate in landed.items()} | (arcs or {})
        ds = grid(links, {(f"PORT{origin}", origin): rate for origin, rate in shipped.items()} | (more or {}), **given)
        kinds = ["lng" if bus.startswith(("PORT", "POOL")) else "market" for bus in ds["bus"].to_numpy()]
        return ds.assign_coords(bus_kind=("bus", kinds))

    return ship


def report(*rows, year=2025):
    """Return landings: zone, origin, TWh and, if another, the year."""
    table = [(*row[:2], row[3] if len(row) > 3 else year, row[2]) for row in rows]
    return pd.DataFrame(table, columns=["zone", "origin", "year", "twh"])


def bar(*rows):
    """Return bars: origin, zone, first and last day."""
    names = ("origin", "zone", "valid_from", "valid_to")
    return pd.DataFrame([dict(zip(names, (*row, None, None), strict=False)) for row in rows])


def tell(shares, link, snapshot=0):
    """Return what a link carries, percent by origin, without what is nothing."""
    found = 100.0 * shares.sel(link=link).isel(snapshot=snapshot).to_series()
    return found[found > 1e-7].round(6).to_dict()


def test_two_suppliers_and_two_markets_by_hand(ship):
    ds = ship()
    shares = allot_landings(ds, report(*TOLD))
    assert shares.dims == ("snapshot", "link", "origin")
    assert tell(shares, "POOL-A") == {"RU": 60.0, "US": 40.0}
    assert tell(shares, "POOL-B") == {"RU": 20.0, "US": 80.0}
    assert "notes" not in shares.attrs
    traced = trace(ds, rules=shares)
    assert traced["delivered"].sel(bus="A", origin="RU").item() == pytest.approx(30.0, abs=1e-7)
    assert abs(traced["relabelled"]).max() < 1e-7


def test_how_much_a_zone_reports_in_all_does_not_matter(ship):
    doubled = [(zone, origin, twh * (7.0 if zone == "A" else 1.0)) for zone, origin, twh in TOLD]
    shares = [allot_landings(ship(), report(*rows)) for rows in (TOLD, doubled)]
    xr.testing.assert_allclose(*shares, rtol=1e-9)


def test_a_zone_without_figures_gets_what_mixing_gives(ship):
    assert tell(allot_landings(ship(), report(*[row for row in TOLD if row[0] == "X"])), "POOL-A") == {
        "RU": 40.0,
        "US": 60.0,
    }
    # Cross ratio (6 x 60) / (2 x 40) = 4.5 = x (10 + x) / ((50 - x) (40 - x)).
    russian = (415.0 - np.sqrt(415.0**2 - 4 * 3.5 * 9000.0)) / 7.0
    found = allot_landings(ship(), report(*TOLD[:2])).sel(link="POOL-A", origin="RU").item()
    assert found == pytest.approx(russian / 50.0, abs=1e-9)


def test_what_is_never_reported_is_one_percent_of_mixing_before_the_fit(ship):
    # A reports US alone: seeds 0.004 and 1; B mixes: 0.4 and 0.6. Cross ratio 0.006.
    found = allot_landings(ship(), report(("A", "US", 9.0))).sel(link="POOL-A", origin="RU").item() * 50.0
    assert found * (10.0 + found) / ((50.0 - found) * (40.0 - found)) == pytest.approx(0.006, abs=1e-9)


def test_what_is_left_of_a_total_is_spread_over_suppliers_without_figures(ship):
    ds = ship({"RU": 40.0, "US": 45.0, "QA": 15.0}, (100.0, 1e-9))
    rows = [("A", "RU", 2.0), ("A", "all", 10.0)]
    other = [("A", "RU", 4.0), ("A", "US", 12.0), ("A", "QA", 4.0)]
    # 80 percent are left for US and QA, 3 to 1; so both tables have the same shares.
    xr.testing.assert_allclose(*(allot_landings(ds, report(*each)) for each in (rows, other)), rtol=1e-6)


@pytest.mark.parametrize("years", [{2021: 8.0, 2024: 6.0}, {2024: 5.0, 2026: 7.0}, {2024: 1.0, 2025: 6.0}, {2031: 6.0}])
def test_the_nearest_year_counts_and_the_mean_of_two_as_near(ship, years):
    rows = [
        ("A", origin, twh, year) for year, russian in years.items() for origin, twh in (("RU", russian), ("all", 8.0))
    ]
    found = allot_landings(ship(), report(*rows, *TOLD[2:]))
    xr.testing.assert_allclose(found, allot_landings(ship(), report(*TOLD)), rtol=1e-9)


def test_years_of_results_take_figures_of_their_own(ship):
    ds = ship(steps=2, index=pd.DatetimeIndex(["2024-12-01", "2025-01-01"]))
    rows = [*((*row, 2025) for row in TOLD), *((zone, {"RU": "US", "US": "RU"}[o], t, 2024) for zone, o, t in TOLD)]
    shares = allot_landings(ds, report(*rows))
    assert tell(shares, "POOL-A", 1) == {"RU": 60.0, "US": 40.0}
    assert tell(shares, "POOL-A", 0)["RU"] < 40.0


def test_zones_may_be_told_by_country(ship):
    ds = ship()
    ds = ds.assign_coords(country=("bus", [{"A": "AA"}.get(bus, bus) for bus in ds["bus"].to_numpy()]))
    named = [(zone.replace("A", "AA"), *row) for zone, *row in TOLD]
    xr.testing.assert_equal(allot_landings(ds, report(*named)), allot_landings(ship(), report(*TOLD)))


@pytest.mark.parametrize("zone", ["A", "POOL-A"])
def test_what_law_bars_is_not_landed(ship, zone):
    shares = allot_landings(ship(), report(*TOLD), barred=bar(("RU", zone)))
    assert tell(shares, "POOL-A") == {"US": 100.0}
    assert tell(shares, "POOL-B") == {"RU": 80.0, "US": 20.0}
    assert shares.sel(link="POOL-A", origin="RU").item() == 0.0


def test_a_bar_that_begins_within_a_snapshot_holds_for_its_days(ship):
    ds = ship(days=10.0)
    shares = allot_landings(ds, report(*TOLD), barred=bar(("RU", "A", "2025-01-05")))
    assert tell(shares, "POOL-A") == {"RU": 24.0, "US": 76.0}
    assert abs(trace(ds, rules=shares)["relabelled"]).max() < 1e-7


def test_bars_that_leave_no_room_at_all_are_kept(ship):
    shares = allot_landings(ship(landed=(60.0, 40.0)), report(*TOLD), barred=bar(("RU", "A")))
    assert (tell(shares, "POOL-A"), tell(shares, "POOL-B")) == ({"US": 100.0}, {"RU": 100.0})
    assert "notes" not in shares.attrs


def test_where_too_little_else_is_shipped_as_little_as_can_be_is_landed_and_told(ship):
    ds = ship(landed=(70.0, 20.0, 10.0), steps=2)
    shares = allot_landings(ds, report(*TOLD), barred=bar(("RU", "A", "2025-01-02")))
    assert shares.sel(link="POOL-A", origin="RU").isel(snapshot=1).item() == pytest.approx(1 / 7, abs=1e-6)
    assert tell(shares.round(6), "POOL-C", 1) == {"RU": 100.0}
    assert shares.attrs["notes"] == (
        "POOL: A lands up to 10 GWh/d of RU that law bars, in 1 of 1 cases, as others ship too little"
    )
    assert abs(trace(ds, rules=shares)["relabelled"]).max() < 1e-7


def test_scenarios_idle_links_and_losses(ship):
    rates = [(40.0, 60.0, 50.0, 40.0, 10.0), (0.0, 60.0, 0.0, 60.0, 0.0), (0.0, 0.0, 0.0, 0.0, 0.0)]
    worlds = [
        ship({"RU": ru, "US": us}, {"A": (a, 0.98 * a), "B": (b, 0.98 * b), "C": (c, 0.98 * c)}, more={("D", "D"): 5.0})
        for ru, us, a, b, c in rates
    ]
    ds = xr.concat(worlds, "scenario").assign_coords(scenario=["all", "idle", "none"])
    shares = allot_landings(ds, report(*TOLD))
    assert shares.dims == ("scenario", "snapshot", "link", "origin")
    assert shares.sum("origin").isel(snapshot=0).to_numpy().round(12).tolist() == [[1.0] * 3, [1.0] * 3, [0.0] * 3]
    assert tell(shares.sel(scenario="idle"), "POOL-B") == {"US": 100.0}
    xr.testing.assert_allclose(shares.sel(scenario="all", drop=True), allot_landings(worlds[0], report(*TOLD)))
    assert abs(trace(ds, rules=shares)["relabelled"]).max() < 1e-7


def test_results_without_a_pool_that_can_be_divided_have_no_shares(ship):
    reports = report(*TOLD)
    assert allot_landings(ship(landed=(100.0,)), reports) is None
    assert allot_landings(ship({"US": 100.0}), reports) is None
    assert allot_landings(ship().drop_vars("bus_kind"), reports) is None
    assert allot_landings(ship(more={("POOL", "B"): 5.0}), reports) is None
    passing = ship(more={("PORTX", "X"): 5.0}, arcs={("PORTX", "PORTUS"): 5.0})
    assert allot_landings(passing, reports) is None
    assert allot_landings(ship(more={("PORTX", "X"): 5.0}, arcs={("PORTX", "PORTUS"): 0.0}), reports) is not None


def test_a_port_with_two_origins_ships_both(ship):
    ds = ship({"RU": 40.0, "US": 60.0}, more={("PORTUS", "QA"): 20.0}, arcs={("PORTUS", "D"): 20.0})
    shares = allot_landings(ds, report(*TOLD))
    shipped = (shares * 50.0).sum("link").isel(snapshot=0).to_series().round(9).to_dict()
    assert shipped == {"QA": 15.0, "RU": 40.0, "US": 45.0}
    assert abs(trace(ds, rules=shares)["relabelled"]).max() < 1e-7


def fit_slowly(seeds, rows, columns):
    """Fit one table by sweeps alone."""
    for _ in range(20_000):
        seeds = seeds * (columns / seeds.sum(axis=0))
        seeds = seeds * (rows / seeds.sum(axis=1))[:, None]
    return seeds


@given(
    st.lists(st.lists(st.floats(1e-4, 1.0), min_size=3, max_size=3), min_size=4, max_size=4),
    st.lists(st.floats(0.01, 100.0), min_size=4, max_size=4),
    st.lists(st.floats(0.01, 100.0), min_size=3, max_size=3),
)
def test_totals_are_met_and_cross_ratios_kept(seeds, rows, columns):
    seeds, rows, columns = np.array(seeds), np.array(rows), np.array(columns)
    columns = columns * rows.sum() / columns.sum()
    (fitted,), (done,) = fit_margins(seeds[None], rows[None], columns[None])
    assert done
    assert fitted.sum(axis=1) == pytest.approx(rows, rel=1e-12)
    assert fitted.sum(axis=0) == pytest.approx(columns, rel=1.01 * TOLERANCE)
    with np.errstate(divide="ignore"):
        change = np.log(fitted) - np.log(seeds)
    change = change - change[:1] - change[:, :1] + change[:1, :1]
    assert change == pytest.approx(np.zeros_like(change), abs=1e-6)


def test_steps_find_what_sweeps_find():
    rng = np.random.default_rng(5)
    seeds = rng.random((13, 11)) ** 8 * (rng.random((13, 11)) > 0.3)
    aim = rng.random((13, 11)) * (seeds > 0)
    rows, columns = aim.sum(axis=1), aim.sum(axis=0)
    (fitted,), (done,) = fit_margins(seeds[None], rows[None], columns[None])
    assert done
    assert fitted == pytest.approx(fit_slowly(seeds, rows, columns), abs=1e-7)


def test_zeros_that_leave_no_table_are_told():
    seeds = np.array([[[1.0, 0.0], [1.0, 1.0]], [[1.0, 1.0], [1.0, 1.0]]])
    _, done = fit_margins(seeds, np.array([[3.0, 1.0]] * 2), np.array([[2.0, 2.0]] * 2))
    assert done.tolist() == [False, True]


def test_all_that_is_wrong_with_reports_is_told_at_once(ship):
    rows = report(("A", "RU", -1.0), (None, "RU", 1.0), ("A", None, 1.0), ("B", "US", 1.0), ("B", "US", 2.0))
    rows = rows.astype({"year": object})
    rows.loc[0, "year"] = "soon"
    with pytest.raises(UsageError) as caught:
        allot_landings(ship(index=[1]), rows)
    told = str(caught.value)
    for words in (
        "row 1: names no zone",
        "row 2: names no origin",
        "row 0: year is no whole number",
        "row 0: twh is no number of at least 0",
        "row 4: is there twice",
        "the snapshots of these results have no dates",
    ):
        assert words in told


def test_wrong_arguments_are_told(ship):
    with pytest.raises(UsageError, match="landings: no column year, twh"):
        allot_landings(ship(), pd.DataFrame(columns=["zone", "origin"]))
    with pytest.raises(UsageError, match=r"expected landings as a pandas\.DataFrame"):
        allot_landings(ship(), [1])
    with pytest.raises(UsageError, match=r"expected an xarray\.Dataset of results"):
        allot_landings(None, report(*TOLD))
    with pytest.raises(ResultsError, match="'Q' is no bus, link or country"):
        allot_landings(ship(), report(*TOLD), barred=bar(("RU", "Q")))
    with pytest.raises(ResultsError, match="landings of these results cannot be allotted"):
        allot_landings(ship().drop_vars("received"), report(*TOLD))
