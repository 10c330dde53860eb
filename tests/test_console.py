"""How tables look: text as it is, nothing cut, at any width."""

import io

import pandas as pd
import pytest
from rich.console import Console

from energyflows import console, load_tables, run, summarise
from energyflows.console import SHOWN_COLUMNS, find_rows, make_table, open_console, print_run, print_table, show_number
from energyflows.errors import UnknownNameError
from energyflows.tables import NAMES, find_schema

ODD_NAMES = ["[bold]Bold[/bold]", "[/nothing]", "<b>bold</b>", ":smile:", "back\\slash", "[link=x]y"]


@pytest.fixture(scope="session")
def told(toy):
    """Summarise the toy of 2025 and 2026."""
    return summarise(run(years=(2025, 2026), tables=toy()), toy())


@pytest.fixture
def paper(monkeypatch):
    """Return a function that makes the console a terminal of some width; what was printed is its file."""

    def make(width):
        made = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None, highlight=False)
        made._markup = made._emoji = False
        monkeypatch.setattr(console._terminal, "open_console", lambda: made)
        return made

    return make


def print_at(width, columns, rows, title="title", caption=None):
    """Print one table on paper of some width."""
    made = Console(file=io.StringIO(), width=width, color_system=None, highlight=False, markup=False, emoji=False)
    print_table(made, make_table(title, columns, rows, caption))
    return made.file.getvalue()


@pytest.mark.parametrize(
    ("value", "digits", "suffix", "text"),
    [
        (1234.56, 1, "", "1,234.6"),
        (float("nan"), 1, " %", "–"),
        (-0.04, 1, "", "0.0"),
        (-0.04, 2, "", "-0.04"),
        (-0.4, 0, " %", "0 %"),
        (-10.04, 1, "", "-10.0"),
        (99.96, 1, " %", "100.0 %"),
    ],
)
def test_numbers_have_separators_and_no_negative_zero(value, digits, suffix, text):
    assert show_number(value, digits, suffix) == text


@pytest.mark.parametrize("name", ODD_NAMES)
def test_names_that_look_like_markup_are_printed_as_text(name):
    out = print_at(120, {name: "left", "TWh": "right"}, [[name, "1"]], title=name, caption=name)
    assert out.count(name) == 4


@pytest.mark.parametrize("name", ODD_NAMES)
def test_names_of_a_users_table_are_printed_as_text(capsys, toy, toy_rows, name):
    toy_rows["zones"][0]["name"] = name
    tables = toy(**toy_rows)
    console.print_list("zones", tables, json=False)
    console.print_rows("NL", tables, json=False)
    assert capsys.readouterr().out.count(name) == 2


@pytest.mark.parametrize("name", ODD_NAMES)
def test_names_in_a_run_are_printed_as_text(capsys, told, name, tmp_path):
    changed = told["corridors"].assign(name=name)
    print_run({**told, "corridors": changed}, resolution="monthly", folder=tmp_path / name)
    out = capsys.readouterr().out.replace("\n", "")
    assert out.count(name) == 3


@pytest.mark.parametrize("width", [20, 40, 80, 120])
def test_no_column_and_no_word_is_lost_at_any_width(width):
    columns = {"link": "left", "name": "left", "TWh": "right", "observed TWh": "right", "role": "left"}
    words = ["North", "Caucasus", "Transcaucasia", "Georgian", "offtake", "by", "a", "long", "name"]
    out = print_at(width, columns, [["RUGEORGIA-GE", " ".join(words), "1,234.5", "– 100.0 %", "input"]] * 3)
    found = out.split()
    for word in [*words, "RUGEORGIA-GE", "1,234.5", "100.0", "input", "link", "name", "TWh", "observed", "role"]:
        assert word in found, word


def test_words_too_long_for_the_line_are_folded_not_cut():
    address = "https://example.org/" + "x" * 150
    out = print_at(120, {"source": "left", "url": "left"}, [["toy", address]])
    assert address in "".join(out.split())
    assert max(map(len, out.splitlines())) <= 120


def test_a_run_fits_a_terminal_of_80_columns(paper, told):
    made = paper(80)
    print_run(told, resolution="monthly", folder=None)
    lines = made.file.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert any(line.startswith("YAMAL-DE") for line in lines)


def test_output_to_a_file_is_120_columns_wide():
    assert open_console().width == 120


def test_a_run_tells_every_year_and_what_to_know_before_quoting_it(capsys, told):
    print_run(told, resolution="weekly", folder=None)
    out = capsys.readouterr().out
    assert out.startswith("energyflows · reference · 2025–2026 · weekly")
    for year in (2025, 2026):
        assert f"EU27 net imports {year}" in out
        assert f"Russian routes {year}" in out
    assert "All supply that was delivered or contracted is used." in out
    assert "Written:" not in out


def test_lng_is_summed_below_the_total_and_not_added_to_it(capsys, told):
    print_run(told, resolution="monthly", folder=None)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith(("total, net", "of which"))]
    imports = told["imports"].query("year == 2025 and origin != 'all'")
    total, lng = imports["twh"].sum(), imports.query("kind == 'lng'")["twh"].sum()
    assert lines[0].split()[2] == f"{total:.1f}"
    assert lines[1].split()[4] == f"{lng:.1f}"


def test_unused_supply_and_flows_not_reached_are_told(capsys, told):
    unused = pd.DataFrame({"year": [2025], "generator": ["RU X"], "available_twh": [9.0], "unused_twh": [2.0]})
    binding = pd.DataFrame(
        {"year": [2025], "link": ["A-B"], "bus0": ["A"], "bus1": ["B"], "snapshots": [3], "short_twh": [1.5]}
    )
    bent = pd.DataFrame({"year": [2025], "bus": ["B"], "snapshots": [3], "lowest_eur_mwh": [-9.0]})
    told = {**told, "unused": unused, "binding": binding, "bent": bent}
    print_run(told, resolution="monthly", folder=None)
    out = capsys.readouterr().out
    assert "did not use, TWh: RU X 2025: 2.0 of 9.0." in out
    assert "TWh short: A-B 2025: 1.5." in out
    assert "prices below zero in some months at: B 2025." in out


@pytest.mark.parametrize("table", NAMES)
def test_columns_shown_of_a_table_exist(table):
    assert set(SHOWN_COLUMNS[table]) <= set(find_schema(table).columns)


def test_rows_are_found_whatever_the_case(toy):
    tables = toy()
    assert find_rows("yamal", tables).keys() == find_rows("YAMAL", tables).keys()
    assert find_rows("Zones", tables)["zones"] is tables["zones"]


def test_an_unknown_name_is_answered_with_names_that_work(toy):
    tables = toy()
    with pytest.raises(UnknownNameError, match=r"did you mean YAMAL, YAMAL-DE\?"):
        find_rows("YAMALL", tables)
    with pytest.raises(UnknownNameError, match=r"did you mean zones\?"):
        find_rows("zonez", tables)


@pytest.mark.slow
@pytest.mark.parametrize("table", NAMES)
def test_no_packaged_table_is_cut_at_120_columns(capsys, table):
    tables = load_tables()
    console.print_rows(table, tables, json=False)
    out = capsys.readouterr().out
    shown = [column for column in SHOWN_COLUMNS[table] if tables[table][column].notna().any()]
    assert out.splitlines()[1].split() == shown
    packed = "".join(out.split())
    assert "…" not in packed
    names = tables[table][shown[0]].astype(str)
    for name in names[names.str.len() <= 24].unique():
        assert "".join(name.split()) in packed
