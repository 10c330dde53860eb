"""Pools of LNG that law divides: closed forms, conservation, days, scenarios, and bars that make no sense."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from energyflows import load_tables, run
from energyflows.errors import ResultsError, UnknownNameError, UsageError
from energyflows.results import balance_buses, check_results
from energyflows.tracing import trace
from energyflows.tracing._bars import list_bars
from energyflows.tracing._pools import separate_pools

PORTS = {"RU": 40.0, "QA": 20.0, "US": 60.0}
LANDED = {"A": 30.0, "B": 30.0, "C": 60.0}


@pytest.fixture(scope="session")
def ship(grid):
    """Return the factory of results: ports fill a pool, markets land from it and pass a little on."""

    def ship(shipped=PORTS, landed=LANDED, *, onward=None, more=None, **given):
        arcs = {(f"PORT{origin}", "POOL"): rate for origin, rate in shipped.items()}
        arcs |= {("POOL", zone): rate for zone, rate in landed.items()} | (onward or {})
        ds = grid(arcs, {(f"PORT{origin}", origin): rate for origin, rate in shipped.items()} | (more or {}), **given)
        kinds = ["lng" if bus.startswith(("PORT", "POOL")) else "market" for bus in ds["bus"].to_numpy()]
        use = xr.full_like(ds["sent"], 0.5).assign_attrs(units="1")
        return ds.assign(capacity=2.0 * ds["sent"].assign_attrs(units="GWh/d"), utilisation=use).assign_coords(
            bus_kind=("bus", kinds)
        )

    return ship


def bar(*rows, **more):
    """Return bars: origin, zone, first and last day."""
    table = [dict(zip(("origin", "zone", "valid_from", "valid_to"), (*row, None, None), strict=False)) for row in rows]
    return pd.DataFrame(table).assign(**more)


def tell(ds, zone, snapshot=0):
    """Return what a zone consumes, by origin, without what is nothing."""
    found = trace(ds)["delivered"].sel(bus=zone).isel(snapshot=snapshot).to_series()
    return found[found > 1e-9].round(9).to_dict()


def test_a_zone_under_a_bar_lands_from_all_others_and_the_rest_is_spread(ship):
    ds = ship({"RU": 40.0, "US": 60.0}, {"A": 30.0, "C": 70.0})
    assert tell(ds, "A") == {"RU": 12.0, "US": 18.0}
    apart = separate_pools(ds, bar(("RU", "A")))
    assert tell(apart, "A") == {"US": 30.0}
    assert tell(apart, "C") == {"RU": 40.0, "US": 30.0}
    assert [name for name in apart["bus"].to_numpy() if name not in ds["bus"]] == ["POOL without RU"]
    new = [name for name in apart["link"].to_numpy() if name not in ds["link"]]
    assert new == ["PORTUS-POOL without RU", "POOL without RU-A"]
    assert apart["sent"].sel(link=[*new, "PORTUS-POOL", "POOL-A"]).to_numpy().tolist() == [[30.0, 30.0, 30.0, 0.0]]


def test_nested_sets_are_served_from_the_largest_on(ship):
    apart = separate_pools(ship(), bar(("RU", "A"), ("QA", "A"), ("RU", "B")))
    assert tell(apart, "A") == {"US": 30.0}
    assert tell(apart, "B") == {"QA": 12.0, "US": 18.0}
    assert tell(apart, "C") == {"QA": 8.0, "RU": 40.0, "US": 12.0}
    assert {"POOL without QA RU", "POOL without RU"} <= set(apart["bus"].to_numpy().tolist())


def test_a_bar_that_begins_within_a_snapshot_holds_for_its_days(ship):
    months = pd.date_range("2025-01-01", periods=3, freq="MS")
    ds = ship({"RU": 40.0, "US": 60.0}, {"A": 30.0, "C": 70.0}, steps=3, days=[31.0, 28.0, 31.0], index=months)
    apart = separate_pools(ds, bar(("RU", "A", "2025-01-11", "2025-02-28")))
    own = apart["sent"].sel(link="POOL without RU-A").to_numpy()
    assert own == pytest.approx([30.0 * 21 / 31, 30.0, 0.0])
    assert tell(apart, "A", 1) == {"US": 30.0}
    assert tell(apart, "A", 2) == {"RU": 12.0, "US": 18.0}


def test_bars_that_overlap_count_once(ship):
    year = {"steps": 1, "days": 365.0, "index": pd.to_datetime(["2025-01-01"])}
    ds = ship(**year)
    one = separate_pools(ds, bar(("RU", "A", "2025-03-01", "2025-10-31")))
    two = separate_pools(ds, bar(("RU", "A", "2025-03-01", "2025-06-30"), ("RU", "A", "2025-05-01", "2025-10-31")))
    xr.testing.assert_allclose(one, two)


def test_scenarios_have_bars_of_their_own(ship):
    ds = xr.concat([ship(), ship()], "scenario").assign_coords(scenario=["now", "law"])
    # What stands by link and bus has no scenario.
    ds = ds.assign_coords({name: ship()[name] for name in ("bus0", "bus1", "country", "bus_kind", "weight_days")})
    apart = separate_pools(ds, bar(("RU", "A"), ("RU", "B"), scenario=["law", None]))
    sent = apart["sent"].isel(snapshot=0)
    assert sent.sel(link="POOL without RU-A").to_series().to_dict() == {"now": 0.0, "law": 30.0}
    assert sent.sel(link="POOL without RU-B").to_series().to_dict() == {"now": 30.0, "law": 30.0}
    with pytest.raises(UnknownNameError, match="no scenario 'lav' in these results; did you mean law"):
        separate_pools(ds, bar(("RU", "A"), scenario=["lav"]))
    with pytest.raises(ResultsError, match="no such dim"):
        separate_pools(ship(), bar(("RU", "A"), scenario=["law"]))


def test_capacities_and_other_rates_are_divided_as_flows_are(ship):
    ds = ship()
    apart = separate_pools(ds, bar(("RU", "A")))
    for name in ("sent", "received", "capacity"):
        assert float(apart[name].sum()) == pytest.approx(float(ds[name].sum()), rel=1e-12)
    assert float((apart["sent"] / apart["capacity"]).max()) == pytest.approx(0.5)
    assert np.isnan(apart["utilisation"].sel(link="POOL-A").item())
    assert apart["utilisation"].sel(link="POOL without RU-A").item() == 0.5
    assert list(apart.data_vars) == list(ds.data_vars)
    assert set(apart.coords) == set(ds.coords)
    assert apart["sent"].attrs == ds["sent"].attrs
    assert apart["country"].sel(bus="POOL without RU").item() == "POOL"


def test_capacity_without_limit_stays_so_where_gas_flows(ship):
    ds = ship()
    endless = ds.assign(capacity=xr.full_like(ds["capacity"], np.inf))
    capacity = separate_pools(endless, bar(("RU", "A")))["capacity"].isel(snapshot=0)
    assert capacity.sel(link=["POOL-A", "POOL without RU-A"]).to_numpy().tolist() == [0.0, np.inf]


def test_what_is_lost_at_a_terminal_is_lost_of_what_it_lands(ship):
    ds = ship({"RU": 40.0, "US": 60.0}, {"A": (30.0, 29.0), "C": 70.0})
    apart = separate_pools(ds, bar(("RU", "A")))
    assert tell(apart, "A") == {"US": 29.0}
    assert trace(apart)["lost"].sel(origin=["RU", "US"]).to_numpy().tolist() == [[0.0, 1.0]]


def test_nothing_to_keep_apart_is_the_very_object(ship):
    ds = ship()
    for bars in (
        bar(("RU", "A")).iloc[:0],
        bar(("NO", "A")),
        bar(("RU", "PORTUS")),
        bar(("RU", "A", None, "2024-12-31")),
        bar(("RU", "A", "2025-01-02")),
    ):
        assert separate_pools(ds, bars) is ds
    assert separate_pools(ship({"RU": 0.0, "US": 120.0}), bar(("RU", "A"))).sizes == ship({"RU": 0, "US": 1}).sizes


def test_a_bar_may_name_a_country_or_a_terminal(ship):
    ds = ship()
    ds = ds.assign_coords(country=("bus", ["XA" if bus == "A" else bus for bus in ds["bus"].to_numpy()]))
    by_country, by_link = (separate_pools(ds, bar(("RU", zone))) for zone in ("XA", "POOL-A"))
    xr.testing.assert_identical(by_country, by_link)
    assert tell(by_link, "A") == {"QA": 7.5, "US": 22.5}


def test_gas_that_passed_through_another_port_counts_as_what_it_may_be(ship):
    onward = {("PORTRU", "PORTQA"): 5.0, ("PORTQA", "C"): 5.0}
    ds = ship(onward=onward, more={("PORTRU", "RU"): 45.0})
    assert tell(separate_pools(ds, bar(("RU", "A"))), "A") == {"US": 30.0}


def test_pools_may_be_named_where_kinds_are_unknown(ship):
    ds = ship()
    bare = ds.drop_vars("bus_kind")
    named = separate_pools(bare, bar(("RU", "A")), pools=["POOL"])
    xr.testing.assert_identical(
        named["sent"].drop_vars("bus_kind", errors="ignore"),
        separate_pools(ds, bar(("RU", "A")))["sent"].drop_vars("bus_kind", errors="ignore"),
    )
    with pytest.raises(ResultsError, match="name them in pools"):
        separate_pools(bare, bar(("RU", "A")))
    with pytest.raises(UnknownNameError, match="no bus 'POLL'; did you mean POOL"):
        separate_pools(ds, bar(("RU", "A")), pools=["POLL"])


def test_more_than_all_others_bring_is_refused_with_place_and_amount(ship):
    with pytest.raises(ResultsError, match=r"POOL: zones that bar RU land 90 GWh/d at snapshot 2025-01-01.*bring 80"):
        separate_pools(ship(), bar(("RU", "A"), ("RU", "C")))
    just = separate_pools(ship(landed={"A": 80.0, "C": 40.0}), bar(("RU", "A")))
    assert tell(just, "C") == {"RU": 40.0}


@pytest.mark.parametrize(
    ("bars", "error", "message"),
    [
        (3, UsageError, "expected bars as a pandas.DataFrame"),
        (bar(("RU", "A")).drop(columns=["zone"]), UsageError, "no column zone"),
        (bar(("RU", "AA")), ResultsError, "'AA' is no bus, link or country; did you mean A"),
        (bar(("RU", "A", "2025-02-01", "2025-01-01")), UsageError, "row 0: ends before it begins"),
        (bar(("RU", "A", "soon")), UsageError, "column valid_from holds what is no day"),
    ],
)
def test_bars_that_make_no_sense_are_refused(ship, bars, error, message):
    with pytest.raises(error, match=message):
        separate_pools(ship(), bars)


def test_results_that_do_not_balance_and_pools_divided_before_are_refused(ship):
    ds = ship()
    with pytest.raises(ResultsError, match="more leaves than enters"):
        separate_pools(ds.assign(received=0.5 * ds["received"]), bar(("RU", "A")))
    year = ship(days=365.0)
    half = bar(("RU", "A", "2025-07-01"))
    with pytest.raises(ResultsError, match=r"POOL without RU.* is there already"):
        separate_pools(separate_pools(year, half), half)


def test_snapshots_without_days_take_bars_without_days(ship):
    ds = ship(index=[0])
    assert tell(separate_pools(ds, bar(("RU", "A"))), "A") == {"QA": 7.5, "US": 22.5}
    with pytest.raises(UsageError, match="leave days empty"):
        separate_pools(ds, bar(("RU", "A", "2025-01-01")))


rates = st.floats(0.0, 100.0).map(lambda rate: round(rate, 3))


@settings(max_examples=30)
@given(
    st.lists(rates, min_size=4, max_size=4), st.lists(st.floats(0.05, 1.0), min_size=3, max_size=3), st.integers(0, 7)
)
def test_every_supplier_delivers_what_it_did_and_every_bus_balances(ship, shipped, weights, mask):
    suppliers = dict(zip(("DZ", "RU", "QA", "US"), shipped, strict=True))
    landed = {zone: sum(shipped) * w / sum(weights) for zone, w in zip("ABC", weights, strict=True)}
    ds = ship(suppliers, landed)
    under = [zone for place, zone in enumerate("ABC") if mask >> place & 1]
    bars = bar(*(("RU", zone) for zone in under)) if under else bar(("RU", "A")).iloc[:0]
    total = sum(landed[zone] for zone in under)
    if suppliers["RU"] > 1e-6 and total > sum(shipped) - suppliers["RU"]:
        if total > (sum(shipped) - suppliers["RU"]) * (1 + 1e-5) + 1e-5:
            with pytest.raises(ResultsError, match="all other suppliers bring"):
                separate_pools(ds, bars)
        return
    apart = separate_pools(ds, bars)
    assert float(abs(balance_buses(apart)).max()) < 1e-9
    if not any(shipped):
        return
    before, after = (trace(each)["delivered"] for each in (ds, apart))
    np.testing.assert_allclose(after.sum("bus"), before.sum("bus"), atol=1e-6)
    np.testing.assert_allclose(after.sum("origin").sel(bus=before["bus"]), before.sum("origin"), atol=1e-6)
    assert float(after.sel(bus=under, origin="RU").sum()) == 0.0 or suppliers["RU"] <= 1e-6


RULES = pd.DataFrame(
    [
        ("ban", "RU", "LT", "any", "any", 0.0, True, "2022-06-28", None),
        ("cutoff", "RU", "LT", "any", "any", 0.0, True, "2022-04-01", None),
        ("cutoff", "RU", "DE", "long", "any", 0.0, True, None, None),
        ("cutoff", "RU", "AT", "any", "any", 12.0, True, None, None),
        ("ban", "RU", "LV", "any", "pipeline", 0.0, True, None, None),
        ("ban", "RU", "EE", "any", "lng", 0.0, False, None, None),
        ("ban", "RU", "EU27", "any", "lng", 0.0, True, None, None),
        ("ban", "RU", "NL", "short", "lng", 0.0, True, "2026-04-25", "2028-12-31"),
        ("ban", "RU", "NL", "long", "any", 0.0, True, "2027-01-01", None),
        ("presumption", "RU", "TR-BG", "any", "any", 0.0, True, None, None),
    ],
    columns=["kind", "origin", "zone", "contract_type", "gas", "value", "active", "valid_from", "valid_to"],
)
TOLD = {"rule": "x", "origin": "RU", "gas": "lng", "from": "2026-04-25", "to": None}


def read(bars):
    return [tuple(None if pd.isna(each) else str(each)[:10] for each in row) for row in bars.itertuples(index=False)]


def test_bars_are_active_rules_of_single_zones_that_leave_no_lng():
    assert read(list_bars(RULES)) == [
        ("RU", "LT", "2022-04-01", None),
        ("RU", "LT", "2022-06-28", None),
        ("RU", "NL", "2027-01-01", "2028-12-31"),
    ]
    assert read(list_bars(RULES, kinds=["ban"], zones=["LT"])) == [("RU", "LT", "2022-06-28", None)]


def test_bans_of_a_scenario_hold_in_all_zones_of_their_area():
    bans = [
        {**TOLD, "zone": "EU27", "contract_type": "short"},
        {**TOLD, "zone": "EU27", "contract_type": "long", "from": "2027-01-01"},
        {**TOLD, "zone": "EU27", "contract_type": "spot", "from": None},
        {**TOLD, "zone": "GB", "contract_type": "any"},
    ]
    found = read(list_bars(RULES.iloc[:0], bans, areas={"EU27": ["ES", "FR"]}))
    assert found == [
        ("RU", "ES", "2027-01-01", None),
        ("RU", "FR", "2027-01-01", None),
        ("RU", "GB", "2026-04-25", None),
    ]


def test_rules_and_bans_that_are_none_are_refused_together():
    with pytest.raises(UsageError, match=r"(?s)no column gas.*no contract_type in.*found EU27, expected its zones"):
        list_bars(RULES.drop(columns="gas"), [{**TOLD, "zone": "EU27"}])
    with pytest.raises(UsageError, match="expected table rules"):
        list_bars([1])


@pytest.mark.slow
def test_law_of_today_keeps_lithuania_apart_and_moves_nothing_else():
    ds = run(years=2025)
    apart = separate_pools(ds, list_bars(load_tables()["rules"], kinds=["ban"]))
    check_results(apart)
    assert set(apart["bus"].to_numpy()) - set(ds["bus"].to_numpy()) == {"LNGEU without RU"}
    before, after = trace(ds), trace(apart)
    mix = after["mix"].sel(origin="RU")
    assert float(mix.sel(bus="LNGEU without RU").max()) == 0.0
    assert (mix.sel(bus="LNGEU") > before["mix"].sel(origin="RU", bus="LNGEU")).all()
    xr.testing.assert_allclose(after["supplied"], before["supplied"])
    energy = [(each["delivered"] * each["weight_days"]).sum("snapshot").sel(origin="RU") for each in (before, after)]
    assert float(energy[1].sel(bus="LT")) < 0.2 * float(energy[0].sel(bus="LT"))
