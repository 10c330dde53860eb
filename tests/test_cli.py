"""The command line: what it prints, writes and refuses, and how it ends."""

import errno
import json
import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
import xarray as xr
from typer.testing import CliRunner

import energyflows.datasets
import energyflows.running
from energyflows import summarise
from energyflows.cli import app, main
from energyflows.results import check_results, open_results

TABLES = ["accounts", "bent", "binding", "corridors", "imports", "metrics", "unused", "years"]
PROGRAM = [sys.executable, "-c", "from energyflows.cli import main; main()"]
#: Several commands, with a plus between them, in one process, for imports take longer than most of them.
SEVERAL = """
import sys
from energyflows.cli import main
codes = []
for words in " ".join(sys.argv[1:]).split(" + "):
    sys.argv[1:] = words.split()
    try:
        main()
    except SystemExit as ended:
        codes.append(ended.code)
sys.exit(max(codes))
"""
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX terminal or shell")


@pytest.fixture
def call(monkeypatch, capsys):
    """Return a function that runs the program with arguments; code, out and err of its end."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["energyflows", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return SimpleNamespace(code=ended.value.code, **capsys.readouterr()._asdict())

    return run


@pytest.fixture
def refuse(call, monkeypatch):
    """Return a function that checks a command ends with code 2, one 'error:', and nothing solved; its message."""

    def fail(*_, **__):
        raise AssertionError("solved although the command cannot succeed")

    def run(*arguments):
        monkeypatch.setattr(energyflows.running, "run", fail)
        monkeypatch.setattr(energyflows.running, "run_study", fail)
        done = call(*arguments)
        assert (done.code, done.out) == (2, "")
        assert done.err.startswith("error: ")
        assert done.err.count("error: ") == 1
        assert "Traceback" not in done.err
        return done.err

    return run


@pytest.fixture
def solved_once(monkeypatch, toy_run):
    """Let the command 'run' take the toy's results instead of solving again."""
    monkeypatch.setattr(energyflows.running, "run", lambda **_: toy_run)


@pytest.fixture(scope="session")
def toy_run(toy):
    """Solve the toy of 2025."""
    return energyflows.running.run(years=2025, tables=toy())


def start(*arguments, program=PROGRAM, **options):
    """Run the program as a process of its own."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    command = [*program, *map(str, arguments)]
    return subprocess.run(command, text=True, encoding="utf-8", timeout=100, check=False, **pipes)


def start_on_terminal(stream, *arguments, columns=80, program=PROGRAM):
    """Run the program with one of its streams on a terminal; its end, and what that terminal showed."""
    import pty
    import termios

    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, stream: theirs}
    environment = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "NO_COLOR"}}
    shown = b""
    with subprocess.Popen(
        [*program, *map(str, arguments)], text=True, env={**environment, "TERM": "xterm"}, **pipes
    ) as process:
        os.close(theirs)
        with suppress(OSError):  # how Linux says that the other end is closed
            while chunk := os.read(ours, 4096):
                shown += chunk
        out, err = process.communicate(timeout=60)
    os.close(ours)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown.decode())
    return SimpleNamespace(code=process.returncode, out=out, err=err, shown=plain)


# ------------------------------------------------------------------ run
def test_run_prints_observed_beside_modelled(call, toy_folder):
    done = call("run", "--years", "2025", "--data", toy_folder)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("energyflows · reference · 2025 · monthly\n")
    assert re.search(r"^RU pipeline +73\.0 +6\.9 +36\.\d % +73\.0 *$", done.out, flags=re.MULTILINE)
    assert re.search(r"^of which all LNG +152\.8 +14\.5 +76\.\d % +– *$", done.out, flags=re.MULTILINE)
    assert re.search(r"^total, net +199\.3 +18\.9 +100\.0 % *$", done.out, flags=re.MULTILINE)
    assert re.search(r"^YAMAL-DE .* input *$", done.out, flags=re.MULTILINE)


def test_run_gives_the_same_numbers_on_paper_as_json_as_csv_and_as_netcdf(call, toy_folder, toy, tmp_path):
    done = call("run", "--years", "2025", "--data", toy_folder, "--json", "--out", tmp_path / "out")
    assert (done.code, done.err) == (0, "")
    told = json.loads(done.out)
    assert sorted(told) == TABLES
    results = open_results(tmp_path / "out" / "results.nc")
    check_results(results)
    for name, table in summarise(results, toy()).items():
        frame = table.reset_index() if table.index.name else table
        listed = pd.DataFrame(told[name], columns=frame.columns)
        written = pd.read_csv(tmp_path / "out" / f"{name}.csv")
        for other in (listed, written):
            typed = other.astype(frame.dtypes.to_dict())
            pd.testing.assert_frame_equal(typed, frame, rtol=1e-9, atol=1e-9)


@pytest.mark.usefixtures("solved_once")
def test_run_writes_a_folder_that_holds_results_and_tables_only(call, toy_folder, tmp_path):
    done = call("run", "--years", "2025", "--data", toy_folder, "--out", tmp_path / "new" / "out")
    assert done.code == 0
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["out"]
    assert sorted(path.name for path in (tmp_path / "new" / "out").iterdir()) == sorted(
        ["results.nc", *(f"{name}.csv" for name in TABLES)]
    )
    assert "Written:" in done.out


@pytest.mark.usefixtures("solved_once")
@pytest.mark.parametrize("out", ["empty", "."])
def test_run_fills_an_empty_folder(call, toy_folder, tmp_path, monkeypatch, out):
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.chdir(folder if out == "." else tmp_path)
    assert call("run", "--years", "2025", "--data", toy_folder, "--out", out).code == 0
    assert (folder / "results.nc").is_file()


@pytest.mark.usefixtures("solved_once")
def test_run_leaves_nothing_when_the_disk_is_full(call, toy_folder, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", fail)
    done = call("run", "--years", "2025", "--data", toy_folder, "--out", tmp_path / "out")
    assert done.code == 2
    assert done.err.startswith("error: --out ")
    assert "No space left on device" in done.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tables"]


def test_run_of_several_years_tells_each(call, toy_folder):
    done = call("run", "--data", toy_folder, "--years", "2025-2026", "--json")
    assert [row["year"] for row in json.loads(done.out)["years"]] == [2025, 2026]


@pytest.mark.slow
def test_run_of_the_packaged_tables_works_as_a_process_and_keeps_warnings_and_progress_off_a_file(tmp_path):
    done = start("run", "--years", "2025", "--out", tmp_path / "out", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    assert "Southern Gas Corridor 2025" in done.stdout
    assert "…" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 120
    check_results(open_results(tmp_path / "out" / "results.nc"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]


# ------------------------------------------------------------------ list and show
def test_list_and_show_work_in_typers_own_runner(toy_folder):
    for arguments in (["list"], ["list", "zones", "--json"], ["show", "DE"], ["--help"], ["run", "--help"]):
        options = [] if "--help" in arguments else ["--data", str(toy_folder)]
        done = CliRunner().invoke(app, [*arguments, *options])
        assert done.exit_code == 0, done.output


@pytest.mark.parametrize(
    ("what", "column", "names"),
    [
        ("tables", "table", ["zones", "pipelines", "sources"]),
        ("zones", "zone", ["NL", "DE", "TR", "YAMAL", "LNGEU", "LNGROW", "LNGUS"]),
        ("links", "pipeline", ["YAMAL-DE", "NL-DE", "DE-NL", "DE-TR"]),
    ],
)
def test_list_names_everything(call, toy_folder, what, column, names):
    printed = call("list", what, "--data", toy_folder)
    rows = json.loads(call("list", what, "--data", toy_folder, "--json").out)[what]
    listed = [row[column] for row in rows]
    assert (printed.code, printed.err) == (0, "")
    assert set(names) <= set(listed)
    assert printed.out.startswith(f"{len(listed)} {what}")
    assert all(re.search(rf"^{name} ", printed.out, flags=re.MULTILINE) for name in listed)


def test_list_without_a_word_lists_tables(call, toy_folder):
    assert call("list", "--data", toy_folder).out == call("list", "tables", "--data", toy_folder).out


@pytest.mark.parametrize(
    ("name", "tables"),
    [
        ("pipelines", {"pipelines"}),
        ("PIPELINES", {"pipelines"}),
        ("YAMAL", {"zones", "pipelines", "supply"}),
        ("yamal-de", {"pipelines", "deliveries", "ownership"}),
        ("DE-TR", {"pipelines", "contracts"}),
    ],
)
def test_show_gives_all_rows_about_a_name_with_their_sources(call, toy_folder, name, tables):
    printed = call("show", name, "--data", toy_folder)
    told = json.loads(call("show", name, "--data", toy_folder, "--json").out)
    assert (printed.code, printed.err) == (0, "")
    assert set(told) == {*tables, "sources"}
    assert [row["source"] for row in told["sources"]] == ["toy"]
    for table in tables:
        assert f"{table}: {len(told[table])} rows" in printed.out


def test_show_says_how_many_columns_it_leaves_out(call, toy_folder):
    told = json.loads(call("show", "zones", "--data", toy_folder, "--json").out)["zones"]
    filled = {column for row in told for column, cell in row.items() if cell is not None}
    out = call("show", "zones", "--data", toy_folder).out
    [hidden] = re.findall(r"; (\d+) more columns with --json", out)
    header = out.splitlines()[1].split()
    assert len(header) + int(hidden) == len(filled)


def test_missing_figures_are_null_in_json(call, toy_folder):
    rows = json.loads(call("show", "zones", "--data", toy_folder, "--json").out)["zones"]
    assert next(row for row in rows if row["zone"] == "LNGEU")["country"] is None


# ------------------------------------------------------------------ what is refused
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "--years", "next"], "found 'next', expected a year like 2025"),
        (["run", "--years", "25"], "found '25'"),
        (["run", "--years", ""], "found ''"),
        (["run", "--years", "2025,2026"], "found '2025,2026'"),
        (["run", "--years", "2026-2024"], "runs backwards"),
        (["run", "--years", "1999"], "outside the tables, 2019 to 2030"),
        (["run", "--years", "2025-2035"], "outside the tables, 2019 to 2030"),
        (["run", "--resolution", "hourly"], "found 'hourly', expected one of monthly, weekly, daily"),
        (["run", "--years"], "requires an argument"),
        (["run", "extra"], "extra"),
        (["run", "--yaers", "2025"], "No such option: --yaers"),
        (["--version-of-the-moon"], "No such option"),
        (["solve"], "No such command 'solve'"),
        (["list", "zonez"], "found 'zonez', expected tables, zones, links, scenarios"),
        (["show"], "Missing argument"),
        (["run", "--data", "no such folder"], "no such folder"),
    ],
)
def test_a_mistake_is_told_in_one_line(refuse, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    message = refuse(*arguments)
    assert words in message
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "like"),
    [
        ("YAMMAL", "YAMAL"),
        ("yamal-d", "YAMAL-DE"),
        ("piplines", "pipelines"),
        ("SUPLY", "supply"),
        ("qqqq", "energyflows list"),
    ],
)
def test_an_unknown_name_is_answered_with_names_like_it(refuse, call, toy_folder, name, like):
    message = refuse("show", name, "--data", toy_folder)
    assert message.startswith(f"error: nothing is called {name!r}; ")
    assert like in message
    assert len(message.splitlines()) == 1
    if like != "energyflows list":
        assert call("show", like, "--data", toy_folder).code == 0


CORRUPT = {
    "empty file": ("zones.csv", b"", "zones.csv"),
    "not text": ("zones.csv", bytes(range(256)), "zones.csv"),
    "cut short": ("pipelines.csv", b"pipeline,name\nYAMAL-DE,Yamal\n", "pipelines.csv"),
    "not json": ("datapackage.json", b"{", "datapackage.json"),
    "other name": ("zonez.csv", b"zone\n", "zonez.csv"),
}


@pytest.mark.parametrize("case", CORRUPT)
@pytest.mark.parametrize("command", [["run"], ["list"], ["show", "DE"]], ids=" ".join)
def test_corrupt_data_is_told_with_its_file(refuse, toy_folder, command, case):
    file, content, words = CORRUPT[case]
    (toy_folder / file).write_bytes(content)
    assert words in refuse(*command, "--data", toy_folder)


def test_all_bad_cells_are_told_at_once(refuse, toy_folder):
    path = toy_folder / "pipelines.csv"
    path.write_text(path.read_text().replace("firm,", "perhaps,"))
    message = refuse("run", "--data", toy_folder)
    assert message.count("perhaps") == 4


@pytest.mark.parametrize("kind", ["folder", "file", "below a file"])
def test_an_output_folder_that_cannot_be_made_is_refused_before_solving(refuse, toy_folder, tmp_path, kind):
    (tmp_path / "full").mkdir()
    kept = tmp_path / "full" / "kept.txt"
    kept.write_text("mine")
    out = {"folder": tmp_path / "full", "file": kept, "below a file": kept / "out"}[kind]
    message = refuse("run", "--data", toy_folder, "--out", out)
    assert message.startswith(f"error: --out {out}: ")
    assert len(message.splitlines()) == 1
    assert kept.read_text() == "mine"
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["kept.txt"]


def test_the_bare_program_shows_its_help(call):
    done = call()
    assert "Usage:" in done.err + done.out
    assert "Traceback" not in done.err
    assert call("--help").code == 0


# ------------------------------------------------------------------ how it ends
def test_a_fault_of_the_program_is_told_without_a_traceback(call, monkeypatch):
    monkeypatch.setattr(energyflows.datasets, "load_tables", lambda _: 1 / 0)
    done = call("list")
    assert done.code == 1
    assert done.err.startswith("internal error: ZeroDivisionError: division by zero")
    assert "Traceback" not in done.err


def test_an_interrupt_ends_with_130(call, monkeypatch, toy_folder):
    def interrupt(**_):
        raise KeyboardInterrupt

    monkeypatch.setattr(energyflows.running, "run", interrupt)
    done = call("run", "--years", "2025", "--data", toy_folder)
    assert (done.code, done.out) == (130, "")
    assert done.err.split() == ["stopped"]


@POSIX
@pytest.mark.slow
def test_control_c_ends_a_real_run_with_130(toy_folder):
    arguments = ["run", "--data", toy_folder, "--years", "2019-2030", "--resolution", "weekly", "--verbose"]
    with subprocess.Popen(
        [*PROGRAM, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        process.stdout.readline()  # the solver has begun
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert err.splitlines()[-1] == "stopped"


@POSIX
@pytest.mark.slow
@pytest.mark.parametrize("options", ["", "--json"])
def test_a_reader_that_leaves_early_hears_nothing(options):
    program = " ".join(f"'{word}'" for word in PROGRAM)
    done = subprocess.run(
        ["/bin/sh", "-c", f"{program} show observed_imports {options} | head -1"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 1


@pytest.mark.slow
def test_letters_the_output_lacks_do_not_stop_it(toy_folder):
    path = toy_folder / "zones.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("Turkiye", "Türkiye"), encoding="utf-8")
    plain = {**os.environ, "PYTHONIOENCODING": "ascii"}
    words = ["list", "zones", "--data", toy_folder]
    done = start(*words, "+", *words, "--json", program=[sys.executable, "-c", SEVERAL], env=plain)
    assert (done.returncode, done.stderr) == (0, "")
    printed, brace, told = done.stdout.partition("{")
    assert "T?rkiye" in printed
    assert "Türkiye" in [row["name"] for row in json.loads(brace + told)["zones"]]


@POSIX
@pytest.mark.slow
def test_a_progress_bar_is_shown_on_a_terminal(toy_folder):
    done = start_on_terminal("stderr", "run", "--data", toy_folder, "--years", "2025-2026", "--json")
    assert done.code == 0
    assert "years:" in done.shown
    assert len(json.loads(done.out)["years"]) == 2


@POSIX
def test_a_terminal_of_80_columns_shows_every_column(call, toy_folder):
    commands = [["list", "links", "--data", toy_folder], ["show", "DE", "--data", toy_folder]]
    narrow = start_on_terminal(
        "stdout", *commands[0], "+", *commands[1], program=[sys.executable, "-c", SEVERAL], columns=80
    )
    assert (narrow.code, narrow.err) == (0, "")
    assert "…" not in narrow.shown
    wide = [call(*command).out for command in commands]
    # The second begins with a line of its own.
    begins = narrow.shown.index(wide[1].split(":")[0] + ":")
    for table, shown in zip(wide, (narrow.shown[:begins], narrow.shown[begins:]), strict=True):
        assert set(table.splitlines()[1].split()) <= set(shown.split())


@pytest.mark.usefixtures("solved_once")
def test_results_written_by_the_program_open_in_plain_xarray(call, toy_folder, toy_run, tmp_path):
    call("run", "--years", "2025", "--data", toy_folder, "--out", tmp_path / "out")
    with xr.open_dataset(Path(tmp_path) / "out" / "results.nc", engine="h5netcdf") as ds:
        xr.testing.assert_equal(ds.load(), toy_run)
