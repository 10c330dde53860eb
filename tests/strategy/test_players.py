"""Players: read from files with every problem told, and matched with what a network has."""

import numpy as np
import pypsa
import pytest

from energyflows import build_network
from energyflows.errors import ScenarioError, UnknownNameError, UsageError
from energyflows.scenarios.catalogue import find_seeds
from energyflows.strategy.players import Player, find_assets, read_players


@pytest.fixture
def corridor():
    """Gas of A through G to E, who stores some; V stands at the end of its own line, and nobody holds F."""
    n = pypsa.Network(snapshots=[0])
    n.add("Bus", ["A", "G", "E", "E storage", "F", "V", "W"], country=["A", "G", "E", "E", "F", "", "W"])
    n.add("Generator", ["A gas", "A more"], bus="A", p_nom=10, origin="A", route="pipe", part_of="A all")
    n.add("Generator", ["E gas", "E unserved"], bus="E", p_nom=10, carrier=["gas", "unserved"], route="home")
    n.add("Load", ["E", "F"], bus=["E", "F"], p_set=1)
    n.add("Link", ["A-G", "G-E", "E-V"], bus0=["A", "G", "E"], bus1=["G", "E", "V"], p_nom=10, carrier="pipeline")
    n.add("Link", ["in", "out"], bus0=["E", "E storage"], bus1=["E storage", "E"], carrier=["injection", "withdrawal"])
    n.add("Store", "tank", bus="E storage", e_nom=10)
    return n


def held(n, assets, component):
    """Return names by player of what needs it."""
    names = n.c[component].static.index
    return {player: names[mask].tolist() for player, mask in zip(assets.players, assets.needs[component], strict=True)}


@pytest.mark.parametrize("file", ["players.yaml", "players-corridor.yaml"])
@pytest.mark.parametrize("year", [2021, 2027])
def test_packaged_players_hold_every_well_consumer_and_store_outside_belarus(file, year):
    n = build_network(year)
    assets = find_assets(n, read_players(find_seeds() / file), "owner")
    for component in ("Generator", "Load", "Store"):
        outside = ~n.c[component].static["bus"].isin(["BY", "BY storage"]).to_numpy()
        assert (assets.needs[component].sum(axis=0) == outside).all()
    own = n.links["carrier"].isin(["shipping", "regasification"]) | n.links["bus0"].str.startswith("BY")
    assert assets.needs["Link"][:, ~own & ~n.links["bus1"].str.startswith("BY")].any(axis=0).all()
    links = held(n, assets, "Link")
    assert "SCP-TANAP" in set(links["Georgia"]) & set(links["Türkiye"])
    assert "TANAP-TAP" in set(links["Türkiye"]) & set(links.get("EU27", links.get("Europe")))
    origins = n.generators["origin"].where(~n.generators["carrier"].isin(["response", "unserved"]))
    russian = n.generators.index[origins == "RU"]
    assert set(n.generators.loc[russian, "carrier"]) == {"gas", "pipeline gas", "lng"}
    assert set(russian) <= set(held(n, assets, "Generator")["Russia"])


def test_file_reads_back_as_players(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("players:\n  - {name: North, countries: [NO]}\n  - {name: Pipe, links: [A-B], routes: [X]}\n")
    assert read_players(file) == [
        Player(name="North", countries=("NO",)),
        Player(name="Pipe", links=("A-B",), routes=("X",)),
    ]


def test_all_problems_of_a_file_are_told_with_their_lines(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("players:\n  - name: A + B\n    countries: [NO]\n  - nam: C\n  - name: D\n    zones: DE\n")
    with pytest.raises(ScenarioError) as told:
        read_players(file)
    text = str(told.value)
    assert "line 2" in text
    assert "without ' + '" in text
    assert "line 4, players.2: found the key 'nam', which is not known here; did you mean name?" in text
    assert "line 6" in text
    assert "write it as [DE]" in text


def test_a_player_there_twice_and_no_file_are_told(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("players:\n  - name: A\n    zones: [A]\n  - name: A\n    zones: [B]\n")
    with pytest.raises(ScenarioError, match="line 4: the player 'A' is there twice"):
        read_players(file)
    with pytest.raises(ScenarioError, match="no such file"):
        read_players(tmp_path / "none.yaml")
    with pytest.raises(UsageError, match="expected the name of a YAML file"):
        read_players(7)


def test_a_country_holds_gas_consumers_stores_and_territory(corridor):
    players = [Player(name=name, countries=[name]) for name in "AGE"]
    assets = find_assets(corridor, players, "owner")
    assert held(corridor, assets, "Generator") == {"A": ["A gas", "A more"], "G": [], "E": ["E gas", "E unserved"]}
    assert held(corridor, assets, "Load") == {"A": [], "G": [], "E": ["E"]}
    assert held(corridor, assets, "Store") == {"A": [], "G": [], "E": ["tank"]}
    assert held(corridor, assets, "Link") == {"A": ["A-G"], "G": ["A-G", "G-E"], "E": ["G-E", "E-V", "in", "out"]}


def test_under_open_access_only_storage_needs_its_owner(corridor):
    players = [Player(name=name, countries=[name]) for name in "AGE"]
    links = held(corridor, find_assets(corridor, players, "open"), "Link")
    assert links == {"A": [], "G": [], "E": ["in", "out"]}


def test_finer_assets_hold_what_they_name(corridor):
    players = [
        Player(name="by supplier", suppliers=["E"]),
        Player(name="by part", generators=["A all"]),
        Player(name="by zone", zones=["E"]),
        Player(name="by link", links=["A-G"]),
    ]
    assets = find_assets(corridor, players, "owner")
    assert held(corridor, assets, "Generator") == {
        "by supplier": ["E gas"],
        "by part": ["A gas", "A more"],
        "by zone": ["E unserved"],
        "by link": [],
    }
    assert held(corridor, assets, "Store")["by zone"] == ["tank"]
    assert held(corridor, assets, "Link") == {
        "by supplier": [],
        "by part": [],
        "by zone": ["in", "out"],
        "by link": ["A-G"],
    }
    route = find_assets(corridor, [Player(name="route", routes=["pipe"])])
    assert held(corridor, route, "Generator") == {"route": ["A gas", "A more"]}


def test_buses_without_country_are_countries_of_their_own():
    n = pypsa.Network(snapshots=[0])
    n.add("Bus", ["A", "B"])
    n.add("Generator", "gas", bus="A", p_nom=1)
    n.add("Load", "B", bus="B", p_set=1)
    assets = find_assets(n, [Player(name="one", countries=["A"]), Player(name="two", countries=["B"])])
    assert assets.needs["Generator"].tolist() == [[True], [False]]
    assert assets.needs["Load"].tolist() == [[False], [True]]
    assert np.array_equal(assets.zones, np.eye(2, dtype=bool))


def test_all_problems_of_assets_are_told_at_once(corridor):
    players = [
        Player(name="one", countries=["E"], links=["A-H"]),
        Player(name="two", zones=["E"], generators=["E gas"]),
        Player(name="idle", countries=["W"]),
        Player(name="lost", countries=["EU27"], routes=["pip"]),
    ]
    with pytest.raises(UnknownNameError) as told:
        find_assets(corridor, players)
    text = str(told.value)
    for words in (
        "one, links: 'A-H' is not in this network; did you mean A-G?",
        "lost, countries: 'EU27' is not in this network",
        "lost, routes: 'pip' is not in this network; did you mean pipe?",
        "generators E gas: held by one and two; leave each to one of them",
        "zones E, E storage: held by one and two",
        "idle: holds nothing in this network",
    ):
        assert words in text
    assert text.startswith("6 problems")


def test_lines_too_many_players_and_no_players_are_refused(corridor):
    corridor.add("Line", "wire", bus0="A", bus1="E", x=1, s_nom=1)
    one = Player(name="one", countries=["A"])
    find_assets(corridor, [one], "open")
    with pytest.raises(UsageError, match="found 1 lines, whose flow no owner can stop"):
        find_assets(corridor, [one], "owner")
    many = [Player(name=f"P{number}", links=["A-G"]) for number in range(13)]
    with pytest.raises(UsageError, match="found 13 players, expected at most 12; give sample="):
        find_assets(corridor, many)
    with pytest.raises(UsageError, match="'one' is there 2 times"):
        find_assets(corridor, [one, one])
    for wrong in ([], "RU", 7, [one, "RU"]):
        with pytest.raises(UsageError, match="expected a list of Player"):
            find_assets(corridor, wrong)
    with pytest.raises(UsageError, match="access: found 'closed'"):
        find_assets(corridor, [one], "closed")
