"""Gas of an origin behind other countries, worked out by hand."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from energyflows.errors import ResultsError, UnknownNameError, UsageError
from energyflows.influence.conduits import list_exits, measure_conduits
from energyflows.tracing import trace

#: 40 of 100 units in TR are Russian; PIPE passes through its soil untouched.
ARCS = {("RU", "TR"): 40.0, ("AZ", "TR"): 60.0, ("TR", "BG"): 20.0, ("TR", "EXCLAVE"): 5.0, ("PIPE", "BG"): 10.0}
OUTPUT = {("RU", "RU"): 50.0, ("AZ", "AZ"): 80.0, ("PIPE", "RU"): 10.0}
#: TWh of 1 GWh/d over a year.
YEAR = 0.365


@pytest.fixture
def ds(market):
    found = market(ARCS, OUTPUT)
    country = found["country"].to_series()
    country[["PIPE", "EXCLAVE"]] = ["TR", "RU"]
    return found.assign_coords(country=("bus", country.to_numpy()))


def give(ds, name="origin", values=None, **more):
    """Return an account on links, TWh: values by link, Russian."""
    links = ds["link"].to_numpy().tolist()
    filled = [(values or {}).get(link, 0.0) for link in links]
    array = xr.DataArray([[[value] for value in filled]], dims=("year", "link", name))
    array = array.assign_coords(year=[2025], link=links, **{name: ["RU"]})
    return array.expand_dims({key: list(each) for key, each in more.items()})


def test_exits_are_of_the_grid_and_of_corridors_on_its_soil(ds):
    assert list_exits(ds, "TR") == ["TR-BG", "TR-EXCLAVE", "PIPE-BG"]
    assert list_exits(ds, "BG") == []


def test_links_to_tanks_and_cargoes_are_no_exits(market):
    ds = market(
        {("LNGUS", "LNGEU"): 9.0, ("LNGEU", "DE"): 9.0, ("US", "DE"): 1.0}, {("LNGUS", "US"): 9, ("US", "US"): 2}
    )
    assert list_exits(ds, "US") == ["US-DE"]
    stored = ds.assign_coords(is_storage_link=("link", [False, False, True]))
    assert list_exits(stored, "US") == []


def test_molecules_are_the_mix_of_the_exit(ds):
    row = measure_conduits(ds, "RU", conduits=["TR"]).iloc[0]
    # Back to Russia nothing hides: 20 at 40 % and 10 at 100 %.
    assert row["exported_twh"] == pytest.approx(30 * YEAR)
    assert row["molecules_twh"] == pytest.approx(18 * YEAR)
    assert np.isnan(row[["label_twh", "hidden_molecules_twh", "displacement_mid_twh"]].to_numpy(dtype=float)).all()


def test_hidden_is_what_the_label_does_not_say(ds):
    labels = give(ds, values={"TR-BG": 1.0, "PIPE-BG": 10 * YEAR, "TR-EXCLAVE": 99.0})
    row = measure_conduits(ds, "RU", conduits=["TR"], label_flows=labels).iloc[0]
    assert row["label_twh"] == pytest.approx(1 + 10 * YEAR)
    assert row["hidden_molecules_twh"] == pytest.approx(8 * YEAR - 1)
    more = give(ds, values={"TR-BG": 50.0})
    assert measure_conduits(ds, "RU", conduits=["TR"], label_flows=more).iloc[0]["hidden_molecules_twh"] == 0


def test_displacement_is_summed_before_it_is_cut(ds):
    low = give(ds, values={"TR-BG": -3.0, "PIPE-BG": 2.0}, curtailment=["firm"])
    mid = give(ds, values={"TR-BG": 3.0, "PIPE-BG": -1.0}, curtailment=["pro-rata"])
    high = give(ds, values={"TR-BG": 3.0, "PIPE-BG": 2.0}, curtailment=["last-in"])
    fall = xr.concat([high, low, mid], dim="curtailment")
    labels = give(ds, values={"TR-BG": 1.0})
    row = measure_conduits(ds, "RU", conduits=["TR"], label_flows=labels, fall_sent=fall).iloc[0]
    assert row[[f"displacement_{end}_twh" for end in ("low", "mid", "high")]].tolist() == [0, 2, 5]
    assert row[[f"hidden_displacement_{end}_twh" for end in ("low", "mid", "high")]].tolist() == [0, 1, 4]
    lone = measure_conduits(ds, "RU", conduits=["TR"], fall_sent=fall.sel(curtailment=["firm", "last-in"])).iloc[0]
    assert np.isnan(lone["displacement_mid_twh"])
    assert lone["displacement_high_twh"] == 5


def test_exits_add_up_to_their_conduit(ds):
    whole = measure_conduits(ds, "AZ", conduits=["TR"]).iloc[0]
    each = measure_conduits(ds, "AZ", conduits=["TR"], by_link=True)
    assert each["link"].tolist() == ["TR-BG", "TR-EXCLAVE", "PIPE-BG"]
    for name in ("exported_twh", "molecules_twh"):
        assert each[name].sum() == pytest.approx(whole[name])


def test_origins_add_up_to_the_exports(ds):
    links = ["TR-BG", "PIPE-BG"]
    tables = [measure_conduits(ds, origin, conduits=["TR"], by_link=True).set_index("link") for origin in ("AZ", "RU")]
    total = sum(table.loc[links, "molecules_twh"] for table in tables)
    np.testing.assert_allclose(total, tables[0].loc[links, "exported_twh"])
    assert tables[0].loc[links, "molecules_twh"].tolist() == pytest.approx([12 * YEAR, 0.0])


def test_scenarios_draws_and_years_keep_their_rows(market):
    ds = market(ARCS, OUTPUT, steps=2)
    ds = xr.concat([ds, ds], pd.Index(["a", "b"], name="scenario"), data_vars="all")
    half = ds["supplied"].where(~((ds["scenario"] == "b") & (ds["generator"] == "RU RU")), 50.0)
    table = measure_conduits(ds.assign(supplied=half), "RU", conduits=("TR", "BG"))
    assert table.columns[:3].tolist() == ["scenario", "year", "conduit"]
    assert len(table) == 2 * 2 * 2
    assert table.loc[table["conduit"] == "BG", "exported_twh"].eq(0).all()


def test_tracing_handed_in_is_used(ds):
    other = trace(ds)
    other["mix"] = other["mix"] * 0.5
    row = measure_conduits(ds, "RU", conduits="TR", traced=other).iloc[0]
    assert row["molecules_twh"] == pytest.approx(9 * YEAR)


@pytest.mark.parametrize(
    ("keys", "error", "told"),
    [
        ({"conduits": ["RU", "TR"]}, UsageError, "countries other than RU"),
        ({"conduits": []}, UsageError, "found none"),
        ({"conduits": ["TT", "XX"]}, UnknownNameError, "'TT'.*\n.*'XX'"),
        ({"label_flows": 3}, UsageError, "label_flows: no dim year, link, origin"),
    ],
)
def test_wrong_words_are_refused(ds, keys, error, told):
    with pytest.raises(error, match=f"(?s){told}"):
        measure_conduits(ds, "RU", **keys)


def test_accounts_of_other_results_are_refused(ds):
    other = give(ds).isel(link=[0]).assign_coords(year=[2024])
    with pytest.raises(UsageError, match=r"(?s)no link TR-BG.*years \[2024\], expected \[2025\]"):
        measure_conduits(ds, "RU", conduits=["TR"], label_flows=other)
    with pytest.raises(UsageError, match="fall_sent: no dim curtailment"):
        measure_conduits(ds, "RU", conduits=["TR"], fall_sent=give(ds))


def test_unknown_origins_and_places_are_refused(ds):
    with pytest.raises(UnknownNameError, match="from 'US'"):
        measure_conduits(ds, "US", conduits=["TR"])
    with pytest.raises(ResultsError, match="no coordinate bus_kind"):
        list_exits(ds.drop_vars("bus_kind"), "TR")
