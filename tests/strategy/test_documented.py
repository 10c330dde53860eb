"""The examples of the page of leverage run, its players can be read, and its commands are those of the program."""

import re
import shlex
from pathlib import Path

import pytest
import typer

from energyflows.cli import app
from energyflows.network import build_network
from energyflows.strategy import read_players
from energyflows.strategy.players import find_assets

PAGE = Path(__file__).resolve().parents[2] / "docs" / "leverage.md"


def read_blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)


def run_block(block):
    names = {}
    exec(compile(block, PAGE.name, "exec"), names)  # noqa: S102 - our own page
    return names


def test_the_corridor_by_hand_is_right():
    blocks = [block for block in read_blocks("python") if "assert" in block]
    assert len(blocks) == 1
    assert blocks[0].count("assert ") == 6
    run_block(blocks[0])


@pytest.mark.slow
def test_the_example_of_a_game_names_what_there_is(monkeypatch):
    """Only the game itself is left out, which the tests of leverage play: it takes a minute."""
    asked = {}

    def measure(n, **arguments):
        asked.update(arguments, n=n)
        raise InterruptedError

    monkeypatch.setattr("energyflows.measure_leverage", measure, raising=False)
    (block,) = (block for block in read_blocks("python") if "assert" not in block)
    with pytest.raises(InterruptedError):
        run_block(block)
    assert asked.pop("n").snapshots[0].year == 2025
    assert asked == {"access": ["owner", "open"], "elasticity": -0.3, "workers": 2}


def test_the_example_of_players_is_read(tmp_path):
    (block,) = read_blocks("yaml")
    file = tmp_path / "players.yaml"
    file.write_text(block, encoding="utf-8")
    assert [player.name for player in read_players(file)] == ["Azerbaijan", "TurkStream", "Union"]


@pytest.mark.slow
def test_the_players_of_the_example_hold_something(tmp_path):
    file = tmp_path / "players.yaml"
    file.write_text(read_blocks("yaml")[0], encoding="utf-8")
    assert find_assets(build_network(2025), read_players(file), "owner").needs["Generator"].any(axis=1).all()


def test_the_commands_are_those_of_the_program():
    (block,) = read_blocks("sh")
    commands = [shlex.split(line) for line in block.strip().splitlines()]
    assert {command[1] for command in commands} == {"leverage", "equilibrium"}
    known = typer.main.get_command(app).commands
    for program, name, *words in commands:
        assert program == "energyflows"
        # Raises if an option is unknown or its value cannot be read.
        known[name].make_context(name, words).close()


def test_the_entries_of_references_are_there():
    library = (PAGE.parent / "references.bib").read_text(encoding="utf-8")
    names = ["Hubert", "Cobanli", "Roson", "Sziklai", "Shapley", "Banzhaf", "Grabisch", "Schmeidler"]
    names += ["Hashimoto", "Hobbs", "Monderer", "O'Brien", "Egging", "Labandeira"]
    assert [name for name in names if name not in library] == []
