"""What is missing without a supplier: networks worked by hand, laws that hold whatever the rule, wrong inputs."""

import itertools

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from energyflows.errors import ResultsError, SolveError, UnknownNameError, UsageError
from energyflows.influence.curtailment import CURTAILMENTS
from energyflows.influence.gap import measure_gap

DAYS = 100.0


def make(arcs, output, levels=None, *, steps=1, index=None, shipping=()):
    """Return balanced results: what is not passed on is consumed.

    ``arcs``: ``(from, to): (sent, capacity)`` or ``(sent, capacity, efficiency)``; ``output``: ``(bus, origin): rate``;
    ``levels``: GWh of the store at a bus before the first snapshot and at the end of each. Rates may be lists.
    """
    levels = levels or {}
    buses = sorted({bus for arc in arcs for bus in arc} | {bus for bus, _ in output} | set(levels))
    series = lambda values: np.broadcast_to(np.asarray(values, dtype=float), (steps,))  # noqa: E731
    consumed = pd.DataFrame(0.0, index=range(steps), columns=buses)
    supplied, sent, received, capacity = (np.zeros((steps, n)) for n in (len(output), len(arcs), len(arcs), len(arcs)))
    for i, ((bus, _), rate) in enumerate(output.items()):
        supplied[:, i] = series(rate)
        consumed[bus] += supplied[:, i]
    for i, ((begin, end), (rate, most, *efficiency)) in enumerate(arcs.items()):
        sent[:, i], capacity[:, i] = series(rate), series(most)
        received[:, i] = sent[:, i] * (efficiency or [1.0])[0]
        consumed[begin] -= sent[:, i]
        consumed[end] += received[:, i]
    stock = np.array(list(levels.values()), dtype=float).reshape(-1, steps + 1).T
    net = np.diff(stock, axis=0) / DAYS
    for i, bus in enumerate(levels):
        consumed[bus] -= net[:, i]
    rates = {
        "supplied": ("generator", supplied),
        "consumed": ("bus", consumed.to_numpy().round(12)),
        "sent": ("link", sent),
        "received": ("link", received),
        "capacity": ("link", capacity),
        "stored": ("store", stock[1:]),
        "injected": ("store", np.maximum(net, 0.0)),
        "withdrawn": ("store", np.maximum(-net, 0.0)),
    }
    return xr.Dataset(
        {name: (("snapshot", dim), values) for name, (dim, values) in rates.items()},
        coords={
            "snapshot": pd.date_range("2025-01-01", periods=steps) if index is None else pd.DatetimeIndex(index),
            "weight_days": ("snapshot", np.full(steps, DAYS)),
            "bus": buses,
            "country": ("bus", [bus.split()[0] for bus in buses]),
            "link": [f"{begin}-{end}" for begin, end in arcs],
            "bus0": ("link", [begin for begin, _ in arcs]),
            "bus1": ("link", [end for _, end in arcs]),
            "carrier": ("link", ["shipping" if arc in shipping else "pipeline" for arc in arcs]),
            "is_storage_link": ("link", [begin in levels or end in levels for begin, end in arcs]),
            "efficiency": ("link", [(rest[2:] or (1.0,))[0] for rest in arcs.values()]),
            "generator": [f"{bus} {origin}" for bus, origin in output],
            "generator_bus": ("generator", [bus for bus, _ in output]),
            "generator_origin": ("generator", [origin for _, origin in output]),
            "store": list(levels),
            "store_bus": ("store", list(levels)),
        },
    )


def sell(zone, volume, start="2020-01-01", end="2030-12-31", *, seller="AZ", part=1.0):
    return {
        "zone": zone,
        "annual_twh": volume,
        "take_or_pay": part,
        "start": start,
        "end": end,
        "seller_country": seller,
    }


def fall(ds, origin, rule, contracts=(), name="fall"):
    table = pd.DataFrame(contracts) if contracts else None
    found = measure_gap(ds, [origin], contracts=table, curtailments=[rule])[name]
    values = found.squeeze("curtailment").squeeze("origin").squeeze("year").to_series()
    return {key: value for key, value in values.round(4).to_dict().items() if value}


@pytest.fixture(scope="module")
def series():
    """RU and AZ give T 10 each; T eats 12 and passes 8 on to B, which eats 8 and may get 20."""
    return make({("X", "T"): (10, 30), ("T", "B"): (8, 20)}, {("X", "RU"): 10, ("T", "AZ"): 10})


@pytest.fixture(scope="module")
def parallel():
    """RU serves A alone, NO serves B alone; a pipe from B to A carries nothing but could carry 2."""
    return make(
        {("X", "A"): (10, 10), ("Y", "B"): (30, 30), ("B", "A"): (0, 2), ("A", "B"): (0, 0)},
        {("X", "RU"): 10, ("Y", "NO"): 30},
    )


def test_pro_rata_takes_the_same_share_of_all_it_reaches(series):
    # 1 TWh of 2 is missing: half of 1.2 and of 0.8.
    assert fall(series, "RU", "pro-rata") == {"T": 0.6, "B": 0.4}


def test_firm_honours_exports_and_the_home_market_gives_way(series):
    assert fall(series, "RU", "firm", [sell("B", 0.8)]) == {"T": 1.0}
    # Three quarters are take-or-pay: 1.2 + 0.2 TWh are not under contract and lose 1 of 1.4.
    part = fall(series, "RU", "firm", [sell("B", 0.8, part=0.75)])
    assert part == pytest.approx({"T": 6 / 7, "B": 1 / 7}, abs=1e-4)


def test_firm_contracts_with_the_supplier_at_zero_bind_no_one(series):
    assert fall(series, "RU", "firm", [sell("B", 0.8, seller="RU")]) == fall(series, "RU", "firm")


def test_last_in_lets_the_newest_buyers_give_way(series):
    contracts = [sell("T", 1.2, "2003-01-01", seller="RU"), sell("B", 0.8, "2023-01-01", seller="TR")]
    assert fall(series, "RU", "last-in", contracts) == {"T": 0.2, "B": 0.8}
    contracts[0]["start"], contracts[1]["start"] = contracts[1]["start"], contracts[0]["start"]
    assert fall(series, "RU", "last-in", contracts) == {"T": 1.0}


def test_last_in_keeps_own_production_at_home_and_firm_does_not():
    ds = make({("X", "T"): (10, 10), ("T", "B"): (8, 8)}, {("X", "RU"): 10, ("T", "T"): 10})
    # T's own 1 TWh is the oldest claim; 0.2 of T and 0.8 of B are without contract, all of it missing.
    assert fall(ds, "RU", "last-in") == {"T": 0.2, "B": 0.8}
    assert fall(ds, "RU", "firm", [sell("B", 0.8)]) == {"T": 1.0}


def test_a_contract_counts_by_its_days_in_the_year(series):
    # Half a year of 0.8 TWh, as 2025 has 365 days: 1 TWh is missing of 1.2 + 0.4 without contract.
    half = [sell("B", 0.73, "2025-01-01", "2025-07-19")]
    kept = 0.73 * 200 / 365
    expected = {"T": 1.2 / (2 - kept), "B": (0.8 - kept) / (2 - kept)}
    assert fall(series, "RU", "firm", half) == pytest.approx(expected, abs=1e-4)
    assert fall(series, "RU", "firm", [sell("B", 0.8, "2019-01-01", "2024-12-31")]) == fall(series, "RU", "pro-rata")


def test_a_pipe_that_binds_bounds_what_others_share(parallel):
    # A gets 2 GWh/d from B and loses 0.8 of its 1 TWh; B loses 0.2 of 3.
    assert fall(parallel, "RU", "pro-rata") == {"A": 0.8, "B": 0.2}
    assert fall(parallel, "RU", "pro-rata", name="fall_sent") == {"X-A": 1.0, "B-A": -0.2}


def test_gas_takes_another_way_only_where_that_serves_the_rule(parallel):
    # B's contract is honoured: nothing flows to A.
    assert fall(parallel, "RU", "firm", [sell("B", 3.0, seller="NO")]) == {"A": 1.0}
    assert fall(parallel, "RU", "firm", [sell("B", 3.0, seller="NO")], name="fall_sent") == {"X-A": 1.0}
    # Nothing need change in a loop of gas that serves no one.
    ds = make({("X", "A"): (10, 10), ("A", "B"): (4, 9), ("B", "A"): (4, 9)}, {("X", "RU"): 10, ("B", "NO"): 10})
    assert fall(ds, "RU", "firm", [sell("B", 1.0, seller="NO")], name="fall_sent") == {"X-A": 1.0}


def test_ships_are_not_sent_elsewhere():
    arcs = {("X", "A"): (10, 10), ("Q", "A"): (5, 50), ("Q", "B"): (20, 50)}
    ds = make(arcs, {("X", "RU"): 10, ("Q", "QA"): 25}, shipping={("Q", "A"), ("Q", "B")})
    assert fall(ds, "RU", "pro-rata") == {"A": 1.0}
    free = make(arcs, {("X", "RU"): 10, ("Q", "QA"): 25})
    assert fall(free, "RU", "pro-rata") == pytest.approx({"A": 1.5 / 3.5, "B": 2 / 3.5}, abs=1e-4)


def test_a_loss_on_the_way_is_no_fall():
    ds = make({("X", "A"): (10, 10, 0.9)}, {("X", "RU"): 10, ("A", "AZ"): 3})
    assert fall(ds, "RU", "pro-rata") == {"A": 0.9}
    # To take gas from the far end would lose less; shares are equal all the same: a (1.8 + 1) = 1 TWh at T, 0.9 a of B.
    far = make({("T", "B"): (10, 20, 0.9)}, {("T", "RU"): 10, ("T", "AZ"): 18})
    shares = fall(far, "RU", "pro-rata")
    assert shares == pytest.approx({"T": 1.8 / 2.8, "B": 0.9 / 2.8}, abs=1e-4)


def test_stores_carry_what_is_left_to_where_it_is_missing():
    # RU gives 10 in the first snapshot, AZ 10 in both; 4 GWh/d are stored and withdrawn: 16 and 14 are eaten.
    arcs = {("A", "A storage"): ([4, 0], 9), ("A storage", "A"): ([0, 4], 9), ("A", "B"): ([0, 7], 9)}
    ds = make(arcs, {("A", "RU"): [10, 0], ("A", "AZ"): 10}, {"A storage": [500, 900, 500]}, steps=2)
    # 1 of 3 TWh is missing; B eats in the second snapshot only, and all the same bears a third.
    assert fall(ds, "RU", "pro-rata") == pytest.approx({"A": 2.3 / 3, "B": 0.7 / 3}, abs=1e-4)


def test_stores_that_only_the_supplier_could_fill_end_lower():
    ds = make({("A", "A storage"): (10, 10)}, {("A", "RU"): 10, ("A", "AZ"): 2}, {"A storage": [0, 1000]})
    assert fall(ds, "RU", "pro-rata") == {"A": 0.2}
    assert fall(ds, "RU", "pro-rata", name="fall_stored") == {"A storage": 0.8}
    all_stored = make({("A", "A storage"): (10, 10)}, {("A", "RU"): 10}, {"A storage": [0, 1000]})
    assert fall(all_stored, "RU", "pro-rata", name="fall_stored") == {"A storage": 1.0}


def test_gas_stored_before_the_year_stays():
    ds = make({("A storage", "A"): (10, 10)}, {("A", "RU"): 5}, {"A storage": [1500, 500]})
    assert fall(ds, "RU", "firm") == {"A": 0.5}


def test_what_stores_lose_need_not_be_lost_again():
    # 10 GWh/d are injected and 9 arrive: the tenth is lost whether or not less comes.
    ds = make({("A", "S"): ([10, 0], 10), ("S", "A"): ([0, 9], 10)}, {("A", "RU"): [10, 0]}, {"S": [0, 0, 0]}, steps=2)
    ds["stored"][0], ds["injected"][0], ds["withdrawn"][1] = 900.0, 10.0, 9.0
    ds["consumed"].loc[{"bus": "S"}] = 0.0
    assert fall(ds, "RU", "pro-rata") == {"A": 0.9}


def test_each_year_and_lead_is_solved_by_itself(series):
    days = ["2025-06-01", "2026-06-01"]
    both = make(
        {("X", "T"): ([10, 5], 30), ("T", "B"): (8, 20)}, {("X", "RU"): [10, 5], ("T", "AZ"): 10}, steps=2, index=days
    )
    found = measure_gap(both, ["RU"])
    assert found["fall"].dims == ("curtailment", "year", "bus", "origin")
    np.testing.assert_allclose(found["fall"].sum("bus").squeeze("origin"), [[1.0, 0.5]] * 3, atol=1e-6)
    first = measure_gap(series, ["RU"])["fall"]
    xr.testing.assert_allclose(found["fall"].sel(year=[2025]), first, atol=1e-6)
    doubled = xr.concat([series, 2 * series], pd.Index(["one", "two"], name="scenario"))
    led = measure_gap(doubled, ["RU"])["fall"]
    assert led.dims == ("curtailment", "scenario", "year", "bus", "origin")
    xr.testing.assert_allclose(led.sel(scenario="two", drop=True), 2 * first, atol=1e-6)


def test_a_supplier_that_gives_nothing_is_not_missed():
    ds = make({("X", "T"): (10, 30)}, {("X", "RU"): 10, ("T", "IR"): 0})
    assert not measure_gap(ds, ["IR"])["fall"].any()


def find_highest_share(ds, origin):
    """Return the least share some consumer must lose: by sets of buses, what none of their pipes can bring in."""
    names = ("bus", "bus0", "bus1", "generator_bus", "generator_origin")
    buses, begins, ends, places, origins = (ds[name].to_numpy() for name in names)
    eaten, capacity, supplied = (ds[name].to_numpy()[0] for name in ("consumed", "capacity", "supplied"))
    highest = 0.0
    for chosen in itertools.product([False, True], repeat=len(buses)):
        inside = buses[list(chosen)]
        entering = capacity[np.isin(ends, inside) & ~np.isin(begins, inside)].sum()
        own = supplied[np.isin(places, inside) & (origins != origin)].sum()
        needed = eaten[list(chosen)].sum()
        highest = max(highest, 1 - (entering + own) / needed if needed else 0.0)
    return highest


@settings(max_examples=20)
@given(
    st.lists(st.integers(0, 9), min_size=8, max_size=8),
    st.lists(st.integers(0, 20), min_size=5, max_size=5),
    st.lists(st.integers(0, 9), min_size=3, max_size=3),
)
def test_whatever_the_rule_falls_add_up_and_pro_rata_has_the_lowest_highest_share(spare, own, passed):
    """A ring of four markets, gas passed on around it, pipes with room in both directions."""
    names = ["A", "B", "C", "D"]
    ring = [(names[i], names[(i + 1) % 4]) for i in range(4)]
    arcs = {arc: (flow, flow + extra) for arc, flow, extra in zip(ring, [*passed, 0], spare[:4], strict=True)}
    arcs |= {(end, begin): (0, extra) for (begin, end), extra in zip(ring, spare[4:], strict=True)}
    home = {("A", "A"): own[0], ("D", "D"): own[3]}
    ds = make(arcs, {("A", "RU"): 15 + own[4], ("B", "NO"): own[1] + 9, ("C", "NO"): own[2] + 9, **home})
    contracts = pd.DataFrame([sell("B", 0.4, "2010-01-01"), sell("C", 0.5, "2022-01-01"), sell("A", 0.7, "2015-01-01")])
    found = measure_gap(ds, ["RU", "NO"], contracts=contracts)["fall"].isel(year=0)
    gave = [(15 + own[4]) * DAYS / 1e3, (18 + own[1] + own[2]) * DAYS / 1e3]
    np.testing.assert_allclose(found.sum("bus"), [gave] * 3, atol=1e-5)
    consumed = (ds["consumed"] * ds["weight_days"]).sum("snapshot") / 1e3
    assert (found >= 0).all()
    assert (found <= consumed + 1e-5).all()
    highest = (found.sel(curtailment="pro-rata") / consumed.where(consumed > 0)).max("bus")
    np.testing.assert_allclose(highest, [find_highest_share(ds, origin) for origin in ("RU", "NO")], atol=1e-5)


def refuse(ds, *texts, error=ResultsError, **options):
    with pytest.raises(error) as caught:
        measure_gap(ds, **{"origins": ["RU"], **options})
    for text in texts:
        assert text in str(caught.value)


def test_wrong_words_are_told_with_what_is_allowed(series):
    refuse(series, "origin 'RUS'; did you mean RU?", "origin 'QQ'", error=UnknownNameError, origins=["RUS", "QQ", "RU"])
    words = ["'pro-rat', expected 'firm' or 'pro-rata' or 'last-in'; did you mean pro-rata?", "'lifo'"]
    refuse(series, *words, error=UsageError, curtailments=["pro-rat", "lifo"])
    refuse(series, "found the text 'RU', expected a list", error=UsageError, origins="RU")


def test_what_is_no_dataset_is_refused():
    refuse([1.0], "found list, expected an xarray.Dataset of results", error=UsageError)


def test_results_that_lack_something_are_refused(series):
    refuse(series.drop_vars(["received", "carrier"]), "no variable or coordinate received, carrier")
    refuse(series.assign(sent=series["sent"].isel(snapshot=0)), "sent: found dims link, expected snapshot, link")
    refuse(series.assign_coords(snapshot=[0]), "snapshot: found no dates")
    refuse(series.assign_coords(bus1=("link", ["T", "Z"])), "bus1: found Z, which is no bus")


def test_results_with_gaps_or_below_zero_are_refused_all_at_once(series):
    broken = series.copy(deep=True)
    broken["sent"][0, 0], broken["capacity"][0, 1], broken["supplied"][0, 0] = np.nan, np.nan, -5.0
    refuse(broken, "sent: 1 values missing", "capacity: 1 values missing", "supplied: found -5, expected nothing below")


def test_a_reference_that_is_no_flow_is_refused_with_bus_and_year(series):
    broken = series.copy(deep=True)
    broken["consumed"].loc[{"bus": "B"}] += 1e-3
    refuse(broken, "bus B, 2025: what enters is not what leaves")


def test_contracts_that_cannot_be_read_are_refused(series):
    table = pd.DataFrame([sell("B", 1.0), sell("T", np.nan), sell("A", 1.0, part=1.5)])
    refuse(series, "no column take_or_pay, end", error=UsageError, contracts=table.drop(columns=["take_or_pay", "end"]))
    refuse(series, "row 1, zone T", "row 2, zone A", error=UsageError, contracts=table)
    refuse(series, "found list, expected a table of contracts", error=UsageError, contracts=[1])


def test_rules_are_measured_in_the_order_asked_for(series):
    found = measure_gap(series, ["RU", "AZ", "RU"], curtailments=CURTAILMENTS[::-1])
    assert found["curtailment"].to_numpy().tolist() == ["last-in", "pro-rata", "firm"]
    assert found["origin"].to_numpy().tolist() == ["RU", "AZ"]
    assert found["fall_sent"].attrs["units"] == "TWh"


def test_where_no_flow_is_found_origin_rule_year_and_lead_are_named(series, monkeypatch):
    monkeypatch.setattr("energyflows.influence.gap.curtail", lambda *_, **__: None)
    led = series.expand_dims(scenario=["calm"])
    refuse(led, "without origin RU, curtailment firm, year 2025, scenario calm", error=SolveError)
