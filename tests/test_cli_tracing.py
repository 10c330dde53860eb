"""The command that traces: tables of a user's own, results, observed flows, and what cannot be traced."""

import json
from unittest.mock import create_autospec

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from rich.console import Console

import energyflows as ef
from energyflows.cli._tracing_observed import arrange
from energyflows.cli._tracing_results import list_areas
from energyflows.cli._tracing_rules import apply_rules, choose_rules
from energyflows.console import _terminal
from energyflows.tracing import bound_delivered, trace

FLOWS = "from,to,volume\nAZ,TR,30\nRU,TR,10\nTR,GR,8\n"


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a file and returns where it is."""

    def write(text, name="flows.csv"):
        file = tmp_path / name
        file.write_text(text, encoding="utf-8")
        return file

    return write


@pytest.fixture
def plain(call):
    """Return a function that traces without tables of the toy."""

    def plain(*arguments):
        return call("trace", *arguments, tables=False)

    return plain


@pytest.fixture
def tell(plain):
    """Return a function that traces and returns rows by consumer and origin."""

    def tell(*arguments):
        done = plain(*arguments, "--json")
        assert (done.code, done.err) == (0, "")
        return pd.DataFrame(json.loads(done.out)["traced"]).set_index(["consumer", "origin"])

    return tell


def test_a_table_is_traced_as_by_hand(tell, write):
    found = tell(write(FLOWS))
    assert found["volume"].to_dict() == {("GR", "AZ"): 6, ("GR", "RU"): 2, ("TR", "AZ"): 24, ("TR", "RU"): 8}
    assert found["share"].tolist() == [0.75, 0.25, 0.75, 0.25]
    # GR takes 8 of what TR gets: all of one origin or none of it; TR keeps what is more.
    assert found["low"].round(6).tolist() == [0, 0, 22, 2]
    assert found["high"].round(6).tolist() == [8, 8, 30, 10]
    assert set(found["tag"]) == {"bounded"}


def test_a_single_supplier_is_identified(tell, write):
    found = tell(write("from,to,twh\nAZ,GE,5\nGE,TR,3\n"))
    assert set(found["tag"]) == {"identified"}
    assert found["volume"].tolist() == [2, 3]


def test_both_ways_to_tell_production_agree(tell, write):
    beside = tell(write(FLOWS), "--production", write("node,volume\nTR,10\n", "own.csv"))
    inside = tell(write(FLOWS + "production,TR,10\n"))
    pd.testing.assert_frame_equal(beside, inside)
    assert beside.loc["GR", "volume"].to_dict() == {"AZ": pytest.approx(4.8), "RU": 1.6, "TR": 1.6}
    # Aggregated, home output serves Türkiye first, and 3 : 1 of the rest flow on.
    assert beside.at[("GR", "AZ"), "convention_high"] == pytest.approx(6)
    assert beside.at[("GR", "TR"), "convention_low"] == 0


def test_snapshots_add_up_and_a_year_is_chosen(tell, write):
    file = write("snapshot,from,to,volume\n2023-01,AZ,TR,30\n2023-01,TR,GR,8\n2024-01,RU,TR,10\n2024-01,TR,GR,8\n")
    found = tell(file).reset_index().set_index(["snapshot", "consumer", "origin"])["volume"].sort_index()
    assert found["all", "GR", "AZ"] == found["2023-01", "GR", "AZ"] == 8
    assert found["all", "TR"].to_dict() == {"AZ": 22, "RU": 2}
    only = tell(file, "--year", "2024")
    assert only["volume"].xs("GR").to_dict() == {"RU": 8}


def test_what_leaves_without_entering_is_shown_if_asked(tell, write):
    file = write("from,to,volume\nAZ,TR,30\nTR,GR,40\n")
    assert tell(file, "--residual", "show")["volume"].to_dict() == {("GR", "AZ"): 30, ("GR", "residual"): 10}
    assert tell(file, "--residual", "scale")["volume"].to_dict() == {("GR", "AZ"): 40}


def test_no_figure_is_printed_without_its_range(plain, write, tmp_path):
    done = plain(write(FLOWS), "--out", tmp_path / "out")
    assert (done.code, done.err) == (0, "")
    assert "GR           8.0  75 (0–100)  25 (0–100)" in done.out
    assert "TR          32.0  75 (68–94)   25 (6–32)" in done.out
    assert "any mixing of these very flows" in " ".join(done.out.split())
    written = pd.read_csv(tmp_path / "out" / "traced.csv")
    assert {"volume", "low", "high", "convention_low", "convention_high", "share", "tag"} <= set(written)
    asked = plain(write(FLOWS), "--origin", "RU", "--consumer", "GR", "--volume").out
    assert "GR           8.0  2.0 (0.0–8.0)  6.0 (0.0–8.0)" in asked
    assert "TR " not in asked


def test_as_many_origins_are_shown_as_fit(plain, write, monkeypatch):
    many = "from,to,volume\n" + "".join(f"S{place},X,{place + 1}\n" for place in range(30))
    monkeypatch.setattr(_terminal, "open_console", lambda: Console(width=100, markup=False, highlight=False))
    lines = plain(write(many)).out.splitlines()
    header = next(line for line in lines if line.startswith("consumer"))
    assert "S29" in header
    assert "S0" not in header.split()
    assert header.split()[-3] == "rest"
    assert 80 < len(header.rstrip()) <= 100


@pytest.mark.parametrize(
    ("text", "options", "told"),
    [
        ("from,to,volume\nAZ,TR,30\nTR,GR,40\n", [], "node TR: 10 more leaves than enters"),
        ("from,to,volume\nAZ,TR,30\nTR,GR,40\n", [], "--residual show or --residual scale"),
        ("from,to,volume\nAZ,TR,-3\n", [], "negative in line 2"),
        ("from,to,volume\nAZ,TR,\n", [], "missing or no number in line 2"),
        ("from,to,volume\n,TR,3\n", [], "no node in line 2"),
        ("from,to,volume\nAZ,TR,x\n", [], "missing or no number in line 2"),
        ("from,to,volume\n", [], "no rows"),
        ("", [], "the file is empty"),
        ("a,b\nx,y\n", [], "no column from, to, volume; found a, b"),
        ("from,to,sent\nx,y,1\n", [], "no column received; found from, to, sent"),
        ("snapshot,from,to,volume\n2023,A,B,1\n2023-01,A,B,1\n", [], "found '2023-01' beside '2023'"),
        ("snapshot,from,to,volume\n2023,A,B,1\n,A,B,1\n", [], "column snapshot: missing in line 3"),
        (FLOWS, ["--year", "2023"], "no column snapshot to choose it by"),
        ("snapshot,from,to,volume\n2023,A,B,1\n", ["--year", "2022"], "holds 2023"),
        (FLOWS, ["--origin", "az"], "did you mean AZ?"),
        (FLOWS, ["--consumer", "GRE"], "did you mean GR?"),
        (FLOWS, ["--residual", "skale"], "did you mean scale?"),
        (FLOWS, ["--coupling", "net"], "expected 'direct' or 'aggregated'"),
        (FLOWS, ["--vertices", "3"], "--vertices: a table of flows is of no scenario"),
        (FLOWS, ["--scenario", "x", "--storage", "fifo", "--rule", "y"], "--storage: a table of flows holds no stores"),
        (FLOWS, ["--data", "tables"], "--data: a table of flows needs no other"),
    ],
)
def test_a_table_that_cannot_be_traced_ends_with_a_sentence(plain, write, text, options, told):
    _refused(plain(write(text), *options), told)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("node,volume\nTRR,3\n", "'TRR' is not in the flows; did you mean TR?"),
        ("node,volume\nTR,-3\n", "line 2, column volume: is negative"),
        ("node,volume\nTR,\n,3\n", "line 3, column node: found an empty cell"),
        ("node,amount\nTR,3\n", "no column volume; found node, amount"),
        ("node,volume,snapshot\nTR,3,2023\n", "column snapshot: the flows have none"),
    ],
)
def test_production_that_cannot_be_used_ends_with_a_sentence(plain, write, text, told):
    _refused(plain(write(FLOWS), "--production", write(text, "own.csv")), told)
    both = plain(write(FLOWS + "production,TR,1\n"), "--production", write("node,volume\nTR,1\n", "own.csv"))
    _refused(both, "choose one of both")


def _refused(done, told):
    assert (done.code, done.out) == (2, "")
    assert told in done.err
    assert "Traceback" not in done.err


def test_what_is_no_flows_ends_with_a_sentence(plain, tmp_path):
    _refused(plain(), "found nothing to trace")
    _refused(plain(tmp_path / "none.csv"), "no such file or folder")
    _refused(plain(tmp_path), "found no results.nc")
    xr.Dataset({"a": ("x", [1.0])}).to_netcdf(tmp_path / "other.nc", engine="h5netcdf")
    _refused(plain(tmp_path / "other.nc"), "not results of energyflows")
    (tmp_path / "bad.nc").write_bytes(b"CDF")
    _refused(plain(tmp_path / "bad.nc"), "not a NetCDF file, or damaged")
    _refused(plain(tmp_path / "bad.nc", "--production", "x.csv"), "--production: results hold what is produced")
    _refused(plain(tmp_path / "bad.nc", "--vertices", "2", "--storage", "lifo"), "mixed, direct and without rules")
    _refused(plain(tmp_path / "bad.nc", "--storage", "fif"), "did you mean fifo?")
    (tmp_path / "table.xlsx").write_bytes(b"PK\x03\x04")
    _refused(plain(tmp_path / "table.xlsx"), "found an Excel or zip file")
    _refused(plain("--year", "2023", "--scenario", "x", "--residual", "show"), "--residual: observed flows hold")


def _list_flows(months):
    rows = [
        ("2023-01-01", "AZ TR", "TR", 31.0, "supply"),
        ("2023-01-01", "TR", "DE", 31.0, "pipeline"),
        ("2023-01-01", "DE", "DE storage", 12.0, "injection"),
        ("2023-01-01", "DE", "DE demand", 19.0, "consumption"),
        ("2023-02-01", "RU gas", "DE", 28.0, "production"),
        ("2023-02-01", "DE storage", "DE", 12.0, "withdrawal"),
        ("2023-02-01", "unexplained", "DE", 2.0, "unexplained"),
        ("2023-02-01", "DE", "DE demand", 41.0, "consumption"),
        ("2023-02-01", "DE", "unexplained", 1.0, "unexplained"),
    ]
    flows = pd.DataFrame(rows[:months], columns=["snapshot", "from", "to", "volume", "kind"])
    flows["snapshot"] = pd.to_datetime(flows["snapshot"])
    flows.attrs["stocks"] = {"DE storage": 0.0}
    return flows


def test_observed_flows_become_results_that_balance_and_remember(toy):
    tables = toy()
    ds = arrange(_list_flows(9), tables)
    assert ds["stored"].sel(store="DE storage").to_numpy().tolist() == [12, 0]
    traced = trace(ds)
    burned = (traced["delivered"] * ds["weight_days"]).sum("snapshot").sel(bus="DE").to_series()
    # In February 28 from RU, 12 of AZ from the store and 2 unexplained mix; 41 of 42 are burned.
    expected = {"AZ": 19 + 41 * 12 / 42, "RU": 41 * 28 / 42, "unexplained": 41 * 2 / 42}
    assert burned[burned > 0].to_dict() == pytest.approx(expected)
    assert list(list_areas(ds, tables)) == ["EU27", "DE", "unexplained"]


def test_a_rule_is_what_tracing_makes_of_it_and_lies_within_bounds(toy):
    ds = arrange(_list_flows(9), toy())
    name = ds["link"].to_numpy()[(ds["bus0"] == "TR").to_numpy()][0]
    shares = xr.DataArray([[0.25, 0.5]], dims=("link", "origin"), coords={"link": [name], "origin": ["NO", "AZ"]})
    ruled = apply_rules(ds, shares)
    within, by = trace(ruled)["delivered"], trace(ds, rules=shares)["delivered"]
    same = within.sel(bus=by["bus"], origin=by["origin"])
    np.testing.assert_allclose(same, by, atol=1e-9)
    bounds = bound_delivered(ruled, areas={"DE": ["DE"]})
    energy = (same.sel(bus="DE") * ds["weight_days"]).sum("snapshot").reindex(origin=bounds["origin"]) / 1e3
    inner = bounds.isel(year=0, area=0)
    assert bool(((inner["low"] <= energy + 1e-9) & (energy <= inner["high"] + 1e-9)).all())
    # All of AZ comes by the link, a quarter of which counts as NO.
    assert float(inner["high"].sel(origin="NO")) == pytest.approx(31 / 4 / 1e3, rel=1e-6)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Return a file of two scenarios of 2025."""
    return ef.write_results(ef.run(["reference", "turkish-hub"], years=2025), tmp_path_factory.mktemp("x") / "two.nc")


@pytest.mark.slow
def test_results_are_traced_with_ranges(tell, plain, results):
    found = tell(results, "--scenario", "turkish-hub")
    assert set(found["scenario"]) == {"turkish-hub"}
    totals = found.groupby("consumer")[["volume", "consumed"]].agg({"volume": "sum", "consumed": "first"})
    np.testing.assert_allclose(totals["volume"], totals["consumed"], rtol=1e-6)
    known = found.dropna()
    assert (known["low"] <= known["convention_low"]).all()
    assert (known["convention_low"] <= known["volume"]).all()
    assert (known["volume"] <= known["convention_high"]).all()
    assert (known["convention_high"] <= known["high"]).all()
    assert found.index.get_level_values("consumer")[0] == "EU27"
    # Lithuania bars Russian LNG, and no Russian pipeline gas reaches it.
    assert found.at[("LT", "RU"), "volume"] < 0.05 * found.at[("LT", "RU"), "consumed"]
    several = plain(results).out
    assert "turkish-hub  2025  EU27" in several
    assert "more consumers: choose with --consumer" in several


@pytest.mark.slow
def test_a_rule_changes_what_it_names_and_is_told(plain, results):
    asked = ("--scenario", "turkish-hub", "--consumer", "BG", "--rule", "routing-tr-bg-tr", "--json")
    told = json.loads(plain(results, *asked).out)
    assert told["notes"][0].startswith("Rule routing-tr-bg-tr holds: gas of TR-BG counts as TR, of 100% of it")
    bulgaria = pd.DataFrame(told["traced"]).set_index("origin")
    assert bulgaria.at["TR", "share"] > 0.3
    assert bulgaria.at["TR", "low"] <= bulgaria.at["TR", "volume"] <= bulgaria.at["TR", "high"]
    assert "routing-tap-az" in plain("--rule", "list").out


@pytest.mark.slow
def test_what_results_do_not_hold_ends_with_a_sentence(plain, results):
    _refused(plain(results, "--scenario", "turkish"), "did you mean turkish-hub?")
    _refused(plain(results, "--year", "2024"), "holds 2025")
    _refused(plain(results, "--consumer", "HUN"), "did you mean HU?")


@pytest.mark.slow
def test_rules_that_cannot_be_named_are_told():
    tables = ef.load_tables()
    with pytest.raises(ef.errors.UnknownNameError, match="did you mean routing-tr-bg"):
        choose_rules(["routing-tr-bg"], tables)
    for name in ("routing-eurostat-partner", "routing-ua-backhaul-eu"):
        with pytest.raises(ef.errors.UsageError, match="names no origin"):
            choose_rules([name], tables)


@pytest.mark.slow
def test_flows_of_nearly_the_same_cost_give_the_range(tell, plain, results, tmp_path, monkeypatch):
    ds = ef.open_results(results)
    one = ds.sel(scenario="reference", drop=True)
    solved = create_autospec(ef.running.prepare_networks, return_value={"reference": [("network", one)]})
    dims = {"year": [2025], "area": ["GR"], "origin": ["RU", "AZ"]}
    sought = xr.Dataset(
        {"low": (tuple(dims), [[[1.0, 2.0]]]), "high": (tuple(dims), [[[60.0, 3.0]]])},
        coords=dims,
        attrs={"vertices": 5, "epsilon": 0.01},
    )
    ranges = create_autospec(ef.influence.trace_vertices, return_value=sought)
    monkeypatch.setattr(ef.running, "prepare_networks", solved)
    monkeypatch.setattr(ef.influence, "trace_vertices", ranges)
    found = tell(results, "--scenario", "reference", "--consumer", "GR", "--origin", "RU", "--vertices", "4").loc["GR"]
    assert found.loc["RU", ["low", "high"]].tolist() == [1, 60]
    # The flows of the file lie in the range, even if none of those found does.
    assert found.at["AZ", "low"] == 2
    assert found.at["AZ", "high"] == found.at["AZ", "volume"] > 3
    assert found.at["NO", "tag"] == "assumed"
    assert ranges.call_args.kwargs["areas"] == {"GR": ["GR"]}
    solved.return_value = {"reference": [("network", one.assign(consumed=0.9 * one["consumed"]))]}
    _refused(
        plain(results, "--consumer", "GR", "--scenario", "reference", "--vertices", "4"),
        "solved on other tables or settings",
    )
    renamed = ds.isel(scenario=[0]).assign_coords(scenario=["mine"])
    file = ef.write_results(renamed, tmp_path / "mine.nc")
    _refused(plain(file, "--vertices", "1"), "scenario 'mine' is not built in")


@pytest.mark.slow
def test_observed_flows_of_a_year_are_traced(tell, plain):
    found = tell("--year", "2023")
    totals = found.groupby("consumer")[["volume", "consumed"]].agg({"volume": "sum", "consumed": "first"})
    np.testing.assert_allclose(totals["volume"], totals["consumed"], rtol=1e-6)
    known = found.dropna()
    assert ((known["low"] <= known["volume"]) & (known["volume"] <= known["high"])).all()
    assert found.at[("EU27", "RU"), "low"] < 0.12 * totals.at["EU27", "consumed"] < found.at[("EU27", "RU"), "high"]
    _refused(plain("--year", "2026"), "flows of 2026 were not observed")
    assert found.at[("MK", "RU"), "tag"] == "identified"
