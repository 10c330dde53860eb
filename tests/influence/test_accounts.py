"""All accounts of small markets: worked by hand, conserved, ranges, scenarios, years, own tables, wrong words."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import energyflows.influence.accounts as module
from energyflows.errors import ResultsError, UsageError
from energyflows.influence import ACCOUNTS, attribute

YEAR = 0.365
ARCS = {("PIPE", "TR"): 60.0, ("TR", "BG"): 30.0}
OUTPUT = {("PIPE", "RU"): 60.0, ("TR", "AZ"): 40.0, ("BG", "BG"): 5.0}
BAN = {"origin": "RU", "zone": "EU27", "contract_type": "any", "gas": "pipeline", "from": "2025-01-01", "to": None}
RULE = ["rule", "kind", "origin", "zone", "value", "contract_type", "gas", "active", "valid_from", "valid_to"]
#: Half of what Türkiye sends on as its own gas.
PAPER = {"at": "TR-BG", "from": "RU", "to": "TR", "share": 0.5, "start": None, "end": None}


@pytest.fixture(scope="module")
def make_tables(contract):
    """Return the factory of the tables accounts read."""

    def make(contracts=(), rules=(), landed=(), members=("BG", "DE", "ES", "LT")):
        days = {"start": "datetime64[ns]", "end": "datetime64[ns]"}
        held = pd.DataFrame(list(contracts), columns=list(contract("", "", "", 0.0, ""))).astype(days)
        law = pd.DataFrame(list(rules), columns=RULE)
        law = law.astype({"valid_from": "datetime64[ns]", "valid_to": "datetime64[ns]", "active": bool})
        zones = sorted({*members, "TR", "RS"})
        table = pd.DataFrame({"zone": zones, "eu": [zone in members for zone in zones], "kind": "market"})
        cargoes = pd.DataFrame(list(landed), columns=["importer", "origin", "twh"])
        cargoes = cargoes.assign(series="landed-label", kind="lng", period="2025", frequency="year")
        return {
            "zones": table,
            "rules": law,
            "contracts": held,
            "observed_imports": cargoes,
            "lng_suppliers": pd.DataFrame({"supplier": ["RU", "US"]}),
        }

    return make


@pytest.fixture(scope="module")
def hub(market):
    return market(ARCS, OUTPUT)


@pytest.fixture(scope="module")
def tables(contract, make_tables):
    return make_tables([contract("c", "BG", "TR-BG", 10 * YEAR, "TR")])


@pytest.fixture(scope="module")
def found(hub, tables):
    return attribute(hub, tables=tables)


def read(array, **place):
    """Return rates of one place that are not zero, GWh/d."""
    rates = array.sel(place).squeeze().to_series() / YEAR
    return rates[rates.abs() > 1e-6].round(4).to_dict()


def join(**scenarios):
    """Return results beside each other, with what each tells of itself."""
    told = {name: json.loads(json.loads(ds.attrs["meta"])["scenario"]) for name, ds in scenarios.items()}
    index = pd.Index(list(scenarios), name="scenario")
    joined = xr.concat(list(scenarios.values()), dim=index, coords="minimal", compat="override", combine_attrs="drop")
    return joined.assign_attrs(meta=json.dumps({"scenarios": told}))


def test_four_accounts_of_one_market(found):
    assert found["account"].to_numpy().tolist() == list(ACCOUNTS)
    volume = found["volume"].sel(bus="BG")
    assert read(volume, account="label") == {"BG": 5.0, "TR": 10.0, "unlabelled": 20.0}
    assert read(volume, account="molecules") == {"AZ": 12.0, "BG": 5.0, "RU": 18.0}
    # 60 of 105 are missing and BG can be reached: it loses 4/7 of 35.
    assert read(volume.sel(origin=["RU", "AZ"]), account="displacement") == {"AZ": 13.3333, "RU": 20.0}
    assert np.isnan(volume.sel(account="legal")).all()


def test_what_is_consumed(found):
    assert read(found["consumed"]) == {"BG": 35.0, "TR": 70.0}
    assert found.attrs["units"] == "TWh"


def test_ends_of_displacement_are_rules_of_curtailment(found):
    one = {"account": "displacement", "bus": "BG", "origin": "RU"}
    # last-in: own 5 and the contract of 10 come last, so that 20 and 70 lose 60 of 90 alike; pro-rata loses most.
    assert found["low"].sel(one).item() == pytest.approx(20 * 60 / 90 * YEAR, rel=1e-5)
    assert found["high"].sel(one).item() == pytest.approx(20 * YEAR, rel=1e-5)


def test_ends_of_labels_are_contracts_alone_and_what_has_no_name(found):
    ends = found[["low", "high"]].sel(account="label", year=2025) / YEAR
    russian = ends.sel(origin="RU", bus="BG")
    assert (russian["low"].item(), russian["high"].item()) == pytest.approx((0.0, 20.0))
    own = ends.sel(origin="unlabelled", bus="BG")
    assert (own["low"].item(), own["high"].item()) == pytest.approx((0.0, 20.0))
    named = ends.sel(origin="RU", bus="TR")
    assert (named["low"].item(), named["high"].item()) == pytest.approx((0.0, 42.0))


def test_tags_say_what_a_figure_rests_on(found):
    tags = found["tag"].sel(year=2025, origin="RU")
    assert tags.sel(account="label").to_series().to_dict() == {"BG": "bounded", "TR": "bounded"}
    assert set(tags.sel(account="molecules").to_numpy()) == {"assumed"}
    assert set(tags.sel(account="legal").to_numpy()) == {"missing"}
    assert tags.sel(account="displacement", bus="BG").item() == "bounded"
    assert found["tag"].sel(year=2025, account="label", origin="AZ", bus="TR").item() == "bounded"
    assert found["tag"].sel(year=2025, account="label", origin="unlabelled", bus="TR").item() == "identified"


def test_divergence_is_the_widest_gap_between_volumes(found):
    volume = found["volume"].sel(account=["label", "molecules", "displacement"], origin=["RU", "AZ"])
    expected = volume.max("account") - volume.min("account")
    xr.testing.assert_allclose(found["divergence"].sel(origin=["RU", "AZ"]), expected)
    assert found["divergence"].sel(bus="BG", origin="RU").item() == pytest.approx(20 * YEAR, rel=1e-5)


def test_one_account_diverges_from_nothing(hub, tables):
    one = attribute(hub, ["molecules", "legal"], tables=tables)
    assert one["account"].to_numpy().tolist() == ["molecules", "legal"]
    assert np.isnan(one["divergence"]).all()
    assert np.isnan(attribute(hub, ["legal"], tables=tables)["divergence"]).all()


def check_sums(found, ds):
    """Accounts of who delivers tell all that is consumed, the gap all that the supplier gave."""
    total = found["volume"].sum("origin")
    for account in ("label", "molecules"):
        np.testing.assert_allclose(total.sel(account=account), found["consumed"].transpose(*total.dims[1:]), atol=1e-9)
    given_twh = (ds["supplied"] * ds["weight_days"]).sum("snapshot").groupby("generator_origin").sum() / 1e3
    for origin in ("RU", "AZ"):
        gap = found["volume"].sel(account="displacement", origin=origin).sum("bus").item()
        # Cuts are exact to a millionth of what a consumer has.
        assert gap == pytest.approx(given_twh.sel(generator_origin=origin).item(), rel=1e-4, abs=1e-4)
    volume = found["volume"]
    told = ~np.isnan(found["low"])
    assert bool((found["low"] <= volume + 1e-9).where(told, True).all())
    assert bool((volume <= found["high"] + 1e-9).where(told, True).all())


def test_all_accounts_conserve(found, hub):
    check_sums(found, hub)


@settings(max_examples=10)
@given(
    st.lists(st.integers(1, 50).map(float), min_size=4, max_size=4),
    st.integers(0, 4).map(lambda fourths: fourths / 4),
    st.integers(0, 40).map(float),
    st.sampled_from(["entry", "contracts", "partner"]),
)
def test_any_market_conserves_and_ranges_hold_the_figure(market, make_tables, contract, output, part, agreed, naming):
    piped, turkish, azeri, own = output
    passed = part * (piped + turkish)
    ds = market(
        {("PIPE", "TR"): piped, ("TR", "BG"): passed, ("TAP", "BG"): azeri},
        {("PIPE", "RU"): piped, ("TR", "TR"): turkish, ("TAP", "AZ"): azeri, ("BG", "BG"): own},
    )
    rows = [
        contract("a", "BG", "TR-BG", agreed * YEAR + 0.1, "TR"),
        contract("b", "BG", None, agreed * YEAR / 2 + 0.1, "AZ"),
    ]
    check_sums(attribute(ds, tables=make_tables(rows), naming=naming), ds)


def test_areas_are_sums_of_their_buses(hub, tables, found):
    areas = {"both": ["BG", "TR"], "BG": ["BG"]}
    told = attribute(hub, tables=tables, areas=areas)
    assert told["area"].to_numpy().tolist() == ["both", "BG"]
    for name in ("volume", "consumed"):
        whole = found[name].sum("bus", skipna=False)
        xr.testing.assert_allclose(told[name].sel(area="both", drop=True).transpose(*whole.dims), whole)
    alone = found["volume"].sel(bus="BG", drop=True)
    xr.testing.assert_allclose(told["volume"].sel(area="BG", drop=True).transpose(*alone.dims), alone)
    # What is in no store and comes in by no other way bounds the area too.
    ends = told[["volume", "high"]].sel(account=["label", "displacement"], origin=["RU", "AZ"])
    assert bool((ends["high"] >= ends["volume"] - 1e-9).all())


def test_years_are_told_apart(market, tables, make_tables, contract):
    ds = market({arc: [rate, rate / 2] for arc, rate in ARCS.items()}, OUTPUT | {("PIPE", "RU"): [60.0, 30.0]}, steps=2)
    ends = make_tables([contract("c", "BG", "TR-BG", 10 * YEAR, "TR", end=pd.Timestamp(2025, 12, 31))])
    both = attribute(ds, tables=ends)
    assert both["year"].to_numpy().tolist() == [2025, 2026]
    label = both["volume"].sel(account="label", bus="BG")
    assert read(label, year=2025) == {"BG": 5.0, "TR": 10.0, "unlabelled": 20.0}
    assert read(label, year=2026) == {"BG": 5.0, "unlabelled": 15.0}
    molecules = both["volume"].sel(account="molecules", bus="BG")
    assert read(molecules, year=2026) == {"AZ": round(15 * 4 / 7, 4), "BG": 5.0, "RU": round(15 * 3 / 7, 4)}
    alone = attribute(ds.isel(snapshot=[0]), tables=tables)
    np.testing.assert_allclose(both["volume"].sel(year=[2025]), alone["volume"], atol=1e-5)


def test_the_law_of_a_day_holds_from_that_day(market, make_tables):
    rules = [("border", "presumption", "RU", "TR-BG", 7.0, "any", "any", True, "2026-02-03", None)]
    ds = market(ARCS, OUTPUT, first="2027-01-01")
    legal = attribute(ds, ["legal"], tables=make_tables((), rules))
    assert read(legal["volume"], account="legal", bus="BG") == {"BG": 5.0, "RU": 30.0}
    assert set(legal["tag"].to_numpy().ravel()) == {"assumed"}


def test_own_tables_are_what_is_asked(hub, make_tables, contract):
    rows = [contract("c", "BG", "TR-BG", 10 * YEAR, "AZ"), contract("d", "BG", "TR-BG", 45 * YEAR, "RU")]
    told = attribute(hub, ["label"], tables=make_tables(rows))
    assert read(told["volume"], account="label", bus="BG") == {
        "AZ": round(30 * 10 / 40, 4),
        "BG": 5.0,
        "RU": round(30 * 30 / 40, 4),
    }
    assert told.attrs["notes"] == ["d 2025: 16.4 TWh agreed, 10.9 flowed"]
    assert read(attribute(hub, ["label"], tables=make_tables())["volume"], account="label", bus="BG") == {
        "BG": 5.0,
        "unlabelled": 30.0,
    }


@pytest.mark.parametrize(
    ("naming", "turkish"),
    [
        ("entry", {"AZ": 28.0, "RU": 42.0}),
        ("contracts", {"unlabelled": 70.0}),
        ("partner", {"AZ": 28.0, "RU": 42.0}),
    ],
)
def test_words_of_naming(hub, tables, naming, turkish):
    told = attribute(hub, ["label"], tables=tables, naming=naming)
    assert read(told["volume"], account="label", bus="TR") == turkish
    assert read(told["volume"], account="label", bus="BG").get("unlabelled", 0.0) == (
        0.0 if naming == "partner" else 20.0
    )
    assert told.attrs["naming"] == naming


def test_scenarios_with_the_same_flows_are_computed_once(hub, market, tables, monkeypatch):
    ds = join(
        first=hub,
        same=hub,
        papers=market(ARCS, OUTPUT, labels=[PAPER]),
        law=market(ARCS, OUTPUT, bans=[BAN]),
        flows=market({("PIPE", "TR"): 60.0, ("TR", "BG"): 12.0}, OUTPUT),
    )
    runs, one = [], module._attribute_case
    monkeypatch.setattr(module, "_attribute_case", lambda core, case: runs.append(case.name) or one(core, case))
    told = attribute(ds, ["label", "molecules"], tables=tables)
    assert runs == ["first", "papers", "law", "flows"]
    label = told["volume"].sel(account="label", bus="BG")
    assert read(label, scenario="same") == read(label, scenario="first") == {"BG": 5.0, "TR": 10.0, "unlabelled": 20.0}
    # 9 of the 18 Russian bear the name of Türkiye; the contract's 10 come from the rest that has none.
    assert read(label, scenario="papers") == {"BG": 5.0, "TR": 19.0, "unlabelled": 11.0}
    assert read(label, scenario="flows") == {"BG": 5.0, "TR": 10.0, "unlabelled": 2.0}
    assert told["volume"].dims == ("account", "scenario", "year", "bus", "origin")


def test_each_scenario_equals_itself_alone(hub, market, tables, found):
    other = market({("PIPE", "TR"): 60.0, ("TR", "BG"): 12.0}, OUTPUT)
    both = attribute(join(one=hub, other=other), tables=tables)
    for name, alone in (("one", found), ("other", attribute(other, tables=tables))):
        for figure in ("volume", "low", "high", "consumed", "divergence"):
            part = both[figure].sel(scenario=name, drop=True)
            xr.testing.assert_allclose(part, alone[figure].transpose(*part.dims), atol=1e-6)


@pytest.mark.slow
def test_workers_do_not_change_numbers(hub, market, tables):
    ds = join(one=hub, other=market({("PIPE", "TR"): 60.0, ("TR", "BG"): 12.0}, OUTPUT, labels=[PAPER]))
    xr.testing.assert_identical(attribute(ds, tables=tables, workers=2), attribute(ds, tables=tables))


def test_all_that_is_wrong_is_told_at_once(hub, tables):
    with pytest.raises(UsageError) as told:
        attribute(
            hub,
            ["labels", "molecules"],
            areas={"none": [], "far": ["QQ"], "text": "BG"},
            origins=["RX"],
            naming="best",
            tables=tables,
        )
    lines = str(told.value).splitlines()
    assert len(lines) == 7
    for word in ("'labels' here; did you mean label", "none: found none", "'QQ'", "text: found 'BG'", "'RX'", "'best'"):
        assert word in str(told.value)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({"accounts": []}, "found none"),
        ({"accounts": "label"}, "found the text"),
        ({"areas": ["BG"]}, "found list"),
        ({"workers": 0}, "workers: found 0"),
    ],
)
def test_wrong_words(hub, tables, words, expected):
    with pytest.raises(UsageError, match=expected):
        attribute(hub, tables=tables, **words)


def test_results_that_are_none_are_refused(hub, tables):
    with pytest.raises(UsageError, match="found int"):
        attribute(3, tables=tables)
    with pytest.raises(ResultsError, match="no country, bus_kind"):
        attribute(hub.drop_vars(["country", "bus_kind"]), tables=tables)


def test_displacement_not_asked_for_is_not_known(hub, tables):
    one = attribute(hub, tables=tables, origins=["RU"])
    azeri = one.sel(bus="BG", origin="AZ", year=2025)
    assert np.isnan(azeri["volume"].sel(account="displacement"))
    assert azeri["tag"].sel(account="displacement").item() == "missing"
    # Label 0 and molecules 12 remain.
    assert azeri["divergence"].item() == pytest.approx(12 * YEAR)


def test_bans_in_zones_that_are_not_there_bar_nothing(hub, make_tables):
    rules = [("lt", "ban", "RU", "LT", 0.0, "any", "any", True, "2022-06-28", None)]
    plain = attribute(hub, ["molecules"], tables=make_tables())
    xr.testing.assert_identical(attribute(hub, ["molecules"], tables=make_tables((), rules)), plain)


def test_cargoes_go_where_they_are_reported_to_land(market, make_tables):
    arcs = {("LNGUS", "LNGEU"): 30.0, ("LNGRU", "LNGEU"): 10.0, ("LNGEU", "ES"): 20.0, ("LNGEU", "DE"): 20.0}
    ds = market(arcs, {("LNGUS", "US"): 30.0, ("LNGRU", "RU"): 10.0})
    landed = [("ES", "RU", 5.0), ("ES", "US", 5.0), ("DE", "US", 10.0)]
    told = attribute(ds, ["label", "molecules"], tables=make_tables(landed=landed))
    volume = told["volume"].sel(year=2025) / YEAR
    russian = volume.sel(origin="RU", bus="ES")
    # Reports leave DE a trace only, and all 10 are landed.
    assert bool((russian > 9.5).all())
    np.testing.assert_allclose(volume.sel(origin="RU").sum("bus"), 10.0, atol=1e-6)
    mixed = attribute(ds, ["molecules"], tables=make_tables())["volume"].sel(year=2025, origin="RU", bus="ES") / YEAR
    assert mixed.item() == pytest.approx(5.0)


def test_networks_of_no_scenario_are_refused(hub, tables):
    two = xr.concat([hub, hub], dim=pd.Index(["a", "b"], name="scenario"), coords="minimal", compat="override")
    with pytest.raises(UsageError, match=r"'c', which is not in the results(.|\n)*none of scenario 'b'"):
        attribute(two, ["molecules"], tables=tables, networks={"a": [], "c": []})


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"accounts": ["label", "label"]}, "label is there twice"),
        ({"accounts": "label"}, "found the text"),
        ({"tables": {}}, "no table contracts"),
        ({"areas": {"x": None}}, "expected a list of buses"),
        ({"areas": {"x": ["BG", "BG"]}}, "BG is there twice"),
        ({"areas": {}}, "areas: found none"),
        ({"workers": "2"}, "expected a number"),
        ({"origins": []}, "origins: found none"),
        ({"origins": "RU"}, "origins: found the text"),
    ],
)
def test_other_wrong_input(hub, tables, wrong, told):
    with pytest.raises(UsageError, match=told):
        attribute(hub, **({"tables": tables} | wrong))
