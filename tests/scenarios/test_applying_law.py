"""Bans by contract type and date, at dedicated corridors and at mixed grids."""

import json

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energyflows.errors import ScenarioError
from energyflows.scenarios import Ban, Blend
from energyflows.scenarios.applying._law import find_entries, rate_allowed
from energyflows.scenarios.applying._work import Work

DAYS = pd.date_range("2025-01-01", "2025-12-31")
#: GWh/d of the long contract at the Russian corridor, and what enters there in all.
COVERED = 100.0


def write_rules(tables, *rules):
    """Return tables with rules of their own: name, kind, zone, contract type, gas, first day."""
    columns = ["rule", "kind", "zone", "contract_type", "gas", "valid_from"]
    plain = tables["rules"].iloc[[0]].assign(origin="RU", active=True, value=0.0, valid_to=pd.NaT)
    rows = [plain.assign(**dict(zip(columns, rule, strict=True))) for rule in rules]
    written = pd.concat([tables["rules"], *rows], ignore_index=True)
    return {**tables, "rules": written.assign(valid_from=pd.to_datetime(written["valid_from"]))}


def write_contracts(tables, *contracts):
    """Return tables with contracts of Russian gas: link, TWh a year, first and last day."""
    rows = [
        tables["contracts"]
        .iloc[[0]]
        .assign(link=link, annual_twh=twh, start=pd.Timestamp(start), end=pd.Timestamp(end))
        for link, twh, start, end in contracts
    ]
    return {**tables, "contracts": pd.concat([tables["contracts"], *rows], ignore_index=True)}


@pytest.fixture(scope="module")
def law(tables):
    """Return tables in which law bars short contracts from March on and long ones from July on."""
    rules = [
        ("short", "ban", "EU27", "short", "any", "2025-03-01"),
        ("long", "ban", "EU27", "long", "any", "2025-07-01"),
        ("lng", "ban", "EU27", "any", "lng", "2025-01-01"),
        ("elsewhere", "ban", "TR", "any", "any", None),
    ]
    contracts = [
        ("YAMAL-DE", 0.365 * COVERED, "2020-01-01", "2030-12-31"),
        ("YAMAL-DE", 7.3, "2025-01-01", "2025-12-31"),
    ]
    return write_contracts(write_rules(tables, *rules), *contracts)


def test_what_long_contracts_cover_goes_on_until_their_own_date(n, change, look, law):
    after = change(Ban(origin="RU", rules=("short", "long")), tables=law)
    before, left = look.rate(n, "Link", "YAMAL-DE"), look.rate(after, "Link", "YAMAL-DE")
    assert left.iloc[:2].equals(before.iloc[:2])
    assert left.iloc[2:6].to_numpy() == pytest.approx(COVERED)
    assert left.iloc[6:].to_numpy() == pytest.approx(0.0)


def test_bans_of_the_same_terms_act_as_one_with_the_rules_of_both(change, look, law):
    together = change(Ban(origin="RU", rules=("short", "long")), tables=law)
    apart = change(Ban(origin="RU", rules=("short",)), Ban(origin="RU", rules=("long",)), tables=law)
    pd.testing.assert_series_equal(look.rate(apart, "Link", "YAMAL-DE"), look.rate(together, "Link", "YAMAL-DE"))


def test_the_rules_applied_are_told_with_their_days(change, law):
    together = change(Ban(origin="RU", rules=("short",)), Ban(origin="RU", rules=("long",)), tables=law)
    told = json.loads(together.meta["scenario"])["bans"]
    rule = {"origin": "RU", "zone": "EU27", "gas": "any", "to": None}
    assert told == [
        {**rule, "rule": "short", "contract_type": "short", "from": "2025-03-01"},
        {**rule, "rule": "long", "contract_type": "long", "from": "2025-07-01"},
    ]
    every = json.loads(change(Ban(origin="RU"), tables=law).meta["scenario"])["bans"]
    assert [each["rule"] for each in every if each["zone"] == "TR"] == ["elsewhere"]
    assert [each["from"] for each in every if each["zone"] == "TR"] == [None]
    assert json.loads(change(tables=law).meta["scenario"])["bans"] == []


def test_contracted_flow_is_the_last_to_go(n, change, look, law):
    after = change(Ban(origin="RU", rules=("short",)), tables=law)
    assert look.sure(n, "YAMAL-DE").iloc[3] == pytest.approx(198)
    assert look.sure(after, "YAMAL-DE").iloc[3] == pytest.approx(COVERED)


def test_the_month_of_a_ban_is_shared_by_days(n, change, look, tables):
    law = write_rules(tables, ("mid", "ban", "DE", "any", "any", "2025-04-11"))
    after = change(Ban(origin="RU"), tables=law)
    assert look.rate(after, "Link", "YAMAL-DE").iloc[3] == pytest.approx(202 * 10 / 30)
    assert look.rate(after, "Link", "YAMAL-DE").iloc[2] == look.rate(n, "Link", "YAMAL-DE").iloc[2]


def test_bans_of_other_gas_other_places_and_suspended_ones_leave_a_link_alone(n, change, look, law):
    for rule in ("lng", "elsewhere"):
        after = change(Ban(origin="RU", rules=(rule,)), tables=law)
        assert look.rate(after, "Link", "YAMAL-DE").equals(look.rate(n, "Link", "YAMAL-DE"))
    passive = {**law, "rules": law["rules"].assign(active=law["rules"]["rule"] == "lng")}
    assert look.rate(change(Ban(origin="RU"), tables=passive), "Link", "YAMAL-DE").min() > 0


def test_a_rule_without_a_first_day_always_holds(change, look, tables):
    law = write_rules(tables, ("old", "ban", "DE", "any", "any", None))
    assert look.rate(change(Ban(origin="RU"), tables=law), "Link", "YAMAL-DE").max() == 0


def rules(*rows):
    frame = pd.DataFrame(rows, columns=["contract_type", "valid_from", "valid_to"])
    return frame.assign(**{name: pd.to_datetime(frame[name]) for name in ("valid_from", "valid_to")})


def contracts(*rows):
    frame = pd.DataFrame(rows, columns=["annual_twh", "start", "end"]).astype({"annual_twh": float})
    return frame.assign(**{name: pd.to_datetime(frame[name]) for name in ("start", "end")})


ROOM = pd.Series(200.0, index=DAYS)


def test_long_contracts_alone_leave_short_ones_their_room():
    known = contracts((36.5, "2020-01-01", "2030-12-31"))
    assert rate_allowed(rules(("long", "2025-01-01", None)), known, ROOM).tolist() == pytest.approx([100.0] * 365)
    assert rate_allowed(rules(("short", "2025-01-01", None)), known, ROOM).tolist() == pytest.approx([100.0] * 365)
    assert rate_allowed(rules(("any", "2025-01-01", None)), known, ROOM).max() == 0


def test_contracts_without_a_volume_or_an_end_are_read_as_they_are():
    short = rules(("short", "2025-01-01", None))
    assert rate_allowed(short, contracts((None, "2020-01-01", "2030-12-31")), ROOM).max() == 0
    assert rate_allowed(short, contracts((36.5, "2020-01-01", None)), ROOM).min() == pytest.approx(100.0)
    assert rate_allowed(short, contracts((36.5, "2025-01-01", "2025-12-31")), ROOM).max() == 0


def test_rules_for_spot_gas_and_expired_rules_bar_nothing():
    for rule in (("spot", "2025-01-01", None), ("any", "2020-01-01", "2024-12-31")):
        assert rate_allowed(rules(rule), contracts(), ROOM).equals(ROOM)


def test_contracts_cover_no_more_than_there_is_room_for():
    short = rules(("short", "2025-01-01", None))
    assert rate_allowed(short, contracts((365.0, "2020-01-01", "2030-12-31")), ROOM).equals(ROOM)


TYPES = st.sampled_from(["short", "long", "spot", "any"])
DATES = st.none() | st.dates(pd.Timestamp("2024-01-01").date(), pd.Timestamp("2026-12-31").date())


@settings(max_examples=10)
@given(st.lists(st.tuples(TYPES, DATES), min_size=1, max_size=3), st.floats(0.0, 1.0))
def test_a_ban_never_raises_what_enters(n, change, look, law, written, evidence):
    told = [(f"r{k}", "ban", "EU27", kind, "any", day) for k, (kind, day) in enumerate(written)]
    named = Ban(origin="RU", rules=tuple(rule for rule, *_ in told), evidence=evidence)
    after = change(named, tables=write_rules(law, *told, ("p", "presumption", "TR-NL", "any", "any", "2025-02-01")))
    for link in set(n.links["part_of"]):
        assert (look.rate(after, "Link", link) <= look.rate(n, "Link", link) + 1e-9).all()
        assert (look.sure(after, link) <= look.sure(n, link) + 1e-9).all()


@pytest.fixture(scope="module")
def presumed(tables):
    """Return tables in which law bars Russian gas from May on and presumes it at the Turkish border from June on."""
    rules = [
        ("all", "ban", "EU27", "any", "any", "2025-05-01"),
        ("guess", "presumption", "TR-NL", "any", "any", "2025-06-01"),
    ]
    return write_rules(tables, *rules)


def test_gas_of_presumed_origin_is_barred_unless_proven(change, look, presumed):
    left = look.rate(change(Ban(origin="RU", evidence=0.25), tables=presumed), "Link", "TR-NL")
    assert left.to_numpy() == pytest.approx([80.0] * 5 + [20.0] * 7)


def test_circumvention_leaves_mixed_grids_open_and_corridors_shut(n, change, look, presumed):
    after = change(Ban(origin="RU", circumvention=True), tables=presumed)
    assert look.rate(after, "Link", "TR-NL").equals(look.rate(n, "Link", "TR-NL"))
    assert look.rate(after, "Link", "YAMAL-DE").iloc[4:].max() == 0


def test_entries_are_corridors_ships_and_borders_under_suspicion(n, presumed):
    found = find_entries(n, presumed, Ban(origin="RU"))
    assert set(found.index) == {"YAMAL-DE", "TR-NL"}
    assert found["presumed"].notna().to_dict() == {"YAMAL-DE": False, "TR-NL": True}
    ships = find_entries(n, presumed, Ban(origin="US"))
    assert ships["gas"].to_dict() == {"LNGUS-LNGEU": "lng", "LNGUS-LNGROW": "lng"}


def test_borders_where_russian_contracts_end_are_entries_if_they_lead_into_the_union(n, presumed):
    written = write_contracts(
        presumed, ("TR-NL", 1.0, "2020-01-01", "2030-12-31"), ("NL-DE", 1.0, "2020-01-01", "2030-12-31")
    )
    assert set(find_entries(n, written, Ban(origin="RU")).index) == {"YAMAL-DE", "TR-NL"}
    assert "DE-TR" not in find_entries(n, written, Ban(origin="RU")).index


def test_a_corridor_into_which_other_gas_flows_is_dedicated_no_more(change, tables, presumed):
    opened = change(Blend(source="EXPORT", target="YAMAL", capacity=0.0))
    assert "YAMAL-DE" in find_entries(opened, presumed, Ban(origin="RU")).index
    mixed = opened.copy()
    mixed.add("Generator", "other", bus="YAMAL", carrier="pipeline gas", origin="KZ", p_nom=1.0)
    assert "YAMAL-DE" not in find_entries(Work(mixed, tables).n, presumed, Ban(origin="RU")).index


def test_ships_are_barred_in_the_union_only(n, change, look, tables):
    american = write_rules(tables, ("ships", "ban", "EU27", "any", "lng", "2025-01-01"))
    american["rules"].loc[american["rules"]["rule"] == "ships", "origin"] = "US"
    after = change(Ban(origin="US"), tables=american)
    assert look.rate(after, "Link", "LNGUS-LNGEU").max() == 0
    assert look.rate(after, "Link", "LNGUS-LNGROW").equals(look.rate(n, "Link", "LNGUS-LNGROW"))


def test_rules_that_do_not_exist_are_refused(change, law):
    with pytest.raises(ScenarioError, match=r"rules.csv has no ban of RU called fill, none"):
        change(Ban(origin="RU", rules=("short", "none", "fill")), tables=law)
    with pytest.raises(ScenarioError, match=r"rules.csv has no active ban of gas from 'NO'"):
        change(Ban(origin="NO"), tables=law)
