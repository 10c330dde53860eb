"""The examples of the page of accounts run, and the one by hand is right."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "accounts.md"


def read_blocks():
    return re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)


def run_block(block):
    names = {}
    exec(compile(block, PAGE.name, "exec"), names)  # noqa: S102 - our own page
    return names


@pytest.mark.slow
def test_the_example_by_hand_is_right():
    blocks = [block for block in read_blocks() if "assert" in block]
    assert len(blocks) == 1
    assert blocks[0].count("assert ") == 11
    run_block(blocks[0])


@pytest.mark.slow
def test_the_example_of_rules_runs():
    names = run_block(next(block for block in read_blocks() if "routing" in block))
    assert float(names["given"].sel(origin="RU")) > 0
    assert abs(float(names["given"].sum())) < 1e-6


@pytest.mark.slow
def test_the_example_of_networks_gives_a_range():
    names = run_block(next(block for block in read_blocks() if "prepare_networks" in block))
    russian = names["ranged"].sel(account="molecules", area="SK", origin="RU", year=2025)
    assert float(russian["low"]) < float(russian["volume"]) < float(russian["high"])
