"""Every example runs, on fewer years, values or draws than it has, and prints an answer."""

from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).resolve().parents[1] / "examples").glob("*.py"))
#: Lines of examples that take long, and what stands there in a test.
SHORTER = {
    "plot_baku_moscow_backfill": ("VOLUMES = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]", "VOLUMES = [5.0]"),
    "plot_corridor_disruption": ("DAYS = [30, 60, 90, 120, 180]", "DAYS = [180]"),
    "plot_diminishing_russian_gas": ("YEARS = (2021, 2027)", "YEARS = (2025, 2026)"),
    "plot_diversification_2019_2025": ("YEARS = (2019, 2025)", "YEARS = (2024, 2025)"),
    "plot_moscow_baku_coordination": ("elasticities = sorted(read_elasticity(tables))", "elasticities = [-0.3]"),
    "plot_turkish_hub": ("OPENINGS = [0.0, 50.0, 100.0, 200.0, 400.0]", "OPENINGS = [400.0]"),
    "plot_winter_stress_test": ("SIZE, SEED = 200, 1", "SIZE, SEED = 2, 1"),
}


def read_example(path):
    """Return the source of an example, shortened."""
    source = path.read_text(encoding="utf-8")
    if path.stem in SHORTER:
        long, short = SHORTER[path.stem]
        assert source.count(long) == 1
        source = source.replace(long, short)
    return source


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs(path, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    exec(compile(read_example(path), str(path), "exec"), {"__name__": "__main__"})  # noqa: S102 - our own
    assert "→" in capsys.readouterr().out


def test_there_are_examples():
    assert EXAMPLES
