"""``leverage`` and ``equilibrium``: what they print and write, and how wrong input ends."""

import json
import re

import pandas as pd
import pytest

from energyflows.tables import find_schema

THREE = """\
players:
  - name: Russia
    countries: [RU]
  - name: Türkiye
    countries: [TR]
  - name: Union
    countries: [EU27]
"""
#: Thirteen players, each with one thing.
SPREAD = "players:\n" + "".join(
    f"  - {{name: {key} {name}, {key}: [{name}]}}\n"
    for key, names in {
        "suppliers": ["RU", "US", "NL", "TR"],
        "zones": ["NL", "DE", "TR", "LNGROW"],
        "links": ["YAMAL-DE", "DE-NL", "NL-DE", "DE-TR", "LNGEU-NL"],
    }.items()
    for name in names
)
#: A few Russian cargoes, which keep to their ceilings.
SHIPS = {"supply": {"route": "LNGRU", "twh": 5}, "lng_suppliers": {"twh": 1, "min_twh": 0, "max_twh": 2}}


@pytest.fixture
def file(tmp_path):
    """Return a function that writes a file of players."""

    def write(text=THREE):
        path = tmp_path / "players.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def play(call, toy_rows, tmp_path):
    """Return a function like ``call`` on the toy with Russian ships and an elasticity of -0.3, from -0.2 to -0.6."""
    for name, changes in SHIPS.items():
        rows = [row for row in toy_rows[name] if row["bus"] == "LNGUS"]
        toy_rows[name] += [{**row, "supplier": "RU", "bus": "LNGRU"} | changes for row in rows]
    port = next(row for row in toy_rows["zones"] if row["zone"] == "LNGUS")
    toy_rows["zones"].append({**port, "zone": "LNGRU", "country": "RU"})
    figure = {**toy_rows["parameters"][0], "parameter": "demand_elasticity", "value": 0.3, "low": 0.2, "high": 0.6}
    toy_rows["parameters"].append(figure)
    folder = tmp_path / "ships"
    folder.mkdir()
    for name, rows in toy_rows.items():
        pd.DataFrame(rows)[list(find_schema(name).columns)].to_csv(folder / f"{name}.csv", index=False)
    return lambda *arguments: call(*arguments, "--data", folder, tables=False)


def read_rows(out):
    """Return the cells of lines that begin with a word and hold figures."""
    return {cells[0]: cells[1:] for line in out.splitlines() if len(cells := re.split(r"\s{2,}", line.strip())) > 1}


# ------------------------------------------------------------------ the toy
def test_leverage_is_printed_for_both_rights_with_ranges(play, file):
    done = play("leverage", "--players", file(), "--elasticity", "-0.3,-0.6")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[0] == "energyflows · leverage of 3 players · reference · 2025"
    rows = read_rows(done.out)
    assert rows["player"] == ["owners can refuse", "third-party access"]
    assert set(rows) >= {"Russia", "Türkiye", "Union", "Russia + Türkiye"}
    for name in ("Russia", "Türkiye", "Union"):
        assert re.fullmatch(r"-?[\d.]+ \(-?[\d.]+ to -?[\d.]+\)", rows[name][0])
        assert rows[name][1].endswith(" %")
    assert "the Shapley value" in done.out
    assert "bargaining apart" in done.out
    assert "Written" not in done.out


def test_leverage_is_written_and_told_to_machines_alike(play, file, tmp_path):
    options = ["--players", file(), "--elasticity", "-0.3", "--years", "2024,2025", "--access", "open"]
    done = play("leverage", *options, "--out", tmp_path / "out", "--json")
    assert (done.code, done.err) == (0, "")
    told = {name: pd.DataFrame(rows) for name, rows in json.loads(done.out).items()}
    assert set(told) == {"leverage", "coordination"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"leverage.csv", "coordination.csv"}
    for name, frame in told.items():
        pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "out" / f"{name}.csv"), frame, check_dtype=False)
    rows = told["leverage"]
    assert rows.groupby(["year", "access"])["player"].apply(list).tolist() == [["Russia", "Türkiye", "Union"]] * 2
    assert rows.groupby(["year", "access"])["share"].sum().to_numpy() == pytest.approx(100)
    assert (rows["surplus_bn_eur"] == rows["surplus_bn_eur_low"]).all()


def test_sampled_orders_serve_more_than_twelve_players(play, file):
    options = ["--sample", "4", "--elasticity", "-0.3", "--access", "open", "--json"]
    done = play("leverage", "--players", file(SPREAD), *options)
    assert (done.code, done.err) == (0, "")
    told = json.loads(done.out)
    assert set(told) == {"leverage"}
    assert len(told["leverage"]) == 13


def test_conduct_is_printed_with_every_weight_in_full(play):
    done = play("equilibrium", "--suppliers", "RU,US", "--pair", "RU,US", "--elasticity", "-0.3")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[0] == "energyflows · conduct of RU and US · reference · 2025"
    rows = read_rows(done.out)
    assert rows["case"] == ["EU27 price", "EU27 consumers", "Δ welfare", "profit RU", "profit US"]
    assert rows["change of"] == [f"at weight {weight}" for weight in ("0.25", "0.5", "0.75", "1")]
    assert {"price-taking", "each for itself", "RU and US at weight 1"} <= set(rows)
    assert {"price", "consumers", "welfare", "profit of both"} <= set(rows)
    assert "(Cournot)" in done.out


# ------------------------------------------------------------------ wrong input
MANY = "players:\n" + "".join(f"  - {{name: N{number}, links: [DE-TR]}}\n" for number in range(13))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--years", "1999"], "1999 is outside the tables, 2019 to 2030"),
        (["--years", "2025,2031"], "2031 is outside the tables, 2019 to 2030"),
        (["--years", "soon"], "--years: found 'soon', expected a year like 2025"),
        (["--years", "2021-2025"], "--years: found '2021-2025', expected single years such as 2021,2025, each once"),
        (["--years", "2025,2025"], "--years: found '2025,2025', expected single years such as 2021,2025, each once"),
        (["--scenario", "refrence"], "no scenario is called 'refrence'; did you mean reference?"),
        (["--access", "closed"], "--access: found 'closed', expected both, open or owner"),
        (["--elasticity", "0"], "elasticity: found 0, expected a number below zero"),
        (["--elasticity", "high"], "--elasticity: found 'high', expected numbers below zero such as -0.18,-0.3"),
        (["--elasticity", "-0.3,-0.3"], "--elasticity: found '-0.3,-0.3', expected one number or several different"),
        (["--elasticity", ","], "--elasticity: found ',', expected one number or several different ones"),
        (["--sample", "5"], "--sample: found 5, expected an even number"),
        (["--sample", "2"], "'--sample'"),
        (["--workers", "0"], "'--workers'"),
    ],
)
def test_wrong_options_of_leverage_end_with_a_sentence(play, file, options, told):
    check_refusal(play("leverage", "--players", file(), *options), told)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("players:\n  - {name: Russia, countries: [RU]}\n  - name: Nobody\n", "Nobody: holds nothing in this network"),
        (
            "players:\n  - {name: Russia, countries: [RU]}\n  - {name: Moscow, suppliers: [RU]}\n",
            "held by Russia and Moscow; leave each to one of them",
        ),
        ("players:\n  - {name: Russia, countries: [RUS]}\n", "Russia, countries: 'RUS' is not in this network"),
        ("players:\n  - {name: Russia, country: [RU]}\n", "line 2, players.1: found the key 'country'"),
        ("players: []\n", "players.yaml"),
        (MANY, "--players: found 13, expected at most 12; or sample orders with --sample 200"),
    ],
)
def test_wrong_players_end_with_a_sentence(play, file, text, told):
    check_refusal(play("leverage", "--players", file(text)), told)


def test_players_that_are_not_there_end_with_a_sentence(play, tmp_path):
    done = play("leverage", "--players", tmp_path / "none.yaml")
    check_refusal(done, "no such file")
    assert "none.yaml" in done.err


@pytest.mark.parametrize("command", ["leverage", "equilibrium"])
def test_a_folder_that_is_not_empty_is_left_as_it_is(play, command, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").touch()
    check_refusal(play(command, "--out", tmp_path / "out"), "exists already and is left as it is; name a new folder")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine"]


@pytest.mark.parametrize("command", ["leverage", "equilibrium"])
def test_tables_without_elasticity_ask_for_one(call, command):
    check_refusal(call(command), "parameters.csv has no row demand_elasticity; add it, or give the elasticity")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--years", "1999"], "1999 is outside the tables"),
        (["--years", "2021,2025"], "--years: found '2021,2025', expected one year"),
        (["--years", "2021-2025"], "--years: found '2021-2025', expected single years"),
        (["--years", "soon"], "--years: found 'soon', expected a year like 2025"),
        (["--scenario", "russian-stopp"], "no scenario is called 'russian-stopp'; did you mean russian-stop?"),
        (["--pair", "RU"], "--pair: found 'RU', expected two different suppliers such as RU,AZ"),
        (["--pair", "RU,RU"], "--pair: found 'RU,RU', expected two different suppliers such as RU,AZ"),
        (["--pair", "RU,AZ,US"], "--pair: found 'RU,AZ,US', expected two different suppliers such as RU,AZ"),
        (["--pair", "RU,XX"], "pair: no supplier XX; found the suppliers RU, US; add to them, or name others"),
        (["--suppliers", "RU,US,ZZ"], "supplier ZZ: origins: no 'ZZ'"),
        (["--suppliers", "RU,US,US"], "a supplier is named twice"),
        (["--suppliers", ","], "pair: no supplier RU and no US; found no supplier"),
        (["--elasticity", "0"], "elasticity: found 0, expected a number below zero"),
        (["--elasticity", "low"], "--elasticity: found 'low', expected numbers below zero"),
        (["--elasticity", "-0.3,-0.3"], "--elasticity: found '-0.3,-0.3', expected one number or several different"),
        (["--steps", "0"], "'--steps'"),
    ],
)
def test_wrong_options_of_equilibrium_end_with_a_sentence(play, options, told):
    given = {"--suppliers": "RU,US", "--pair": "RU,US", **dict([options])}
    check_refusal(play("equilibrium", *(word for option in given.items() for word in option)), told)


def check_refusal(done, told):
    """Check that a command ended with a sentence and printed nothing else."""
    assert (done.code, done.out) == (2, "")
    assert told in done.err
    assert done.err.startswith("error: ")
    assert "Traceback" not in done.err


# ------------------------------------------------------------------ the packaged tables
@pytest.mark.slow
def test_leverage_of_the_packaged_tables(call, file, tmp_path):
    options = ["--players", file(), "--elasticity", "-0.3", "--access", "owner", "--out", tmp_path / "out"]
    done = call("leverage", *options, tables=False)
    assert (done.code, done.err) == (0, "")
    rows = read_rows(done.out)
    assert set(rows) >= {"Russia", "Türkiye", "Union", "Russia + Türkiye"}
    assert rows["player"] == ["owners can refuse"]
    assert all(re.fullmatch(r"-?[\d.]+", rows[name][0]) for name in ("Russia", "Türkiye", "Union"))
    # A title is not broken, however narrow its table.
    assert "Shares in the gains from trade 2025, bn EUR and per cent" in done.out
    assert f"Written: {tmp_path / 'out'}: leverage.csv, coordination.csv." in done.out
    assert sum(float(rows[name][1].removesuffix(" %")) for name in ("Russia", "Türkiye", "Union")) == pytest.approx(
        100, abs=0.2
    )


def test_conduct_is_written_and_told_to_machines_alike(play, tmp_path):
    options = ["--suppliers", "RU,US", "--pair", "RU,US", "--steps", "1", "--elasticity", "-0.3"]
    done = play("equilibrium", *options, "--json", "--out", tmp_path / "out")
    assert (done.code, done.err) == (0, "")
    told = {name: pd.DataFrame(rows) for name, rows in json.loads(done.out).items()}
    assert set(told) == {"conduct", "cases", "suppliers"}
    for name, frame in told.items():
        written = pd.read_csv(tmp_path / "out" / f"{name}.csv")
        pd.testing.assert_frame_equal(written, frame, check_dtype=False, atol=1e-9)
    assert told["conduct"]["coordination"].tolist() == [0.0, 1.0]
    assert told["cases"]["case"].tolist() == ["price-taking", "each for itself", "RU and US at weight 1"]
    assert told["cases"]["price_eur_mwh"].is_monotonic_increasing
    assert (told["cases"]["gap"] <= 1e-6).all()
    assert len(told["suppliers"]) == 6
