"""Metrics in the commands: listed, explained, of a user's file, of a run and of scenarios."""

import json

import pandas as pd
import pytest

from energyflows.metrics import METRICS
from energyflows.running import run


@pytest.fixture
def imports(tmp_path):
    """Return a file with two suppliers in 2023 and one in 2024."""
    file = tmp_path / "imports.csv"
    file.write_text("year,origin,twh\n2023,AZ,10\n2023,NO,30\n2024,NO,40\n2024,AZ,0\n2025,AZ,0\n", encoding="utf-8")
    return file


@pytest.fixture
def plain(call):
    """Return a function like ``call`` for commands that read no tables."""

    def plain(*arguments):
        return call(*arguments, tables=False)

    return plain


def test_all_metrics_are_listed(call):
    done = call("list", "metrics", "--json")
    listed = json.loads(done.out)["metrics"]
    assert [row["metric"] for row in listed if row["metric"] == "hhi"] == ["hhi"]
    assert {row["metric"] for row in listed} == set(METRICS)
    assert call("list", "metrics").out.startswith(f"{len(METRICS)} metrics")


def test_a_metric_is_explained_with_formula_source_and_values(call):
    done = call("show", "hhi")
    assert (done.code, done.err) == (0, "")
    assert "Formula: HHI = Σ pᵢ²" in done.out
    assert "Source: " in done.out
    assert "Hirschman" in done.out
    values = json.loads(call("show", "hhi", "--json").out)["values"]
    assert [row["area"] for row in values][:1] == ["EU27"]
    assert all(0 <= row["value"] <= 1 for row in values)


def test_what_a_run_does_not_tell_has_no_values(call):
    assert "It is no single number by country of a run: call it from Python" in call("show", "rao_stirling").out


def test_names_like_a_metric_are_offered(call):
    assert "did you mean shannon" in call("show", "shanon").err


def test_metrics_of_a_file_are_those_by_hand(plain, imports):
    found = pd.DataFrame(json.loads(plain("metrics", imports, "--json").out)["metrics"]).set_index("year")
    assert found.at["2023", "hhi"] == pytest.approx(0.25**2 + 0.75**2)
    assert found.at["2024", "hhi"] == 1
    assert pd.isna(found.at["2025", "hhi"])
    assert found.at["2023", "effective_suppliers"] == pytest.approx(1 / found.at["2023", "hhi"])


def test_metrics_of_a_file_are_printed_and_written(plain, imports, tmp_path):
    done = plain("metrics", imports, "--out", tmp_path / "out")
    assert (done.code, done.err) == (0, "")
    assert "imports.csv: shares by origin" in done.out
    assert "0.625" in done.out
    assert "–" in done.out
    written = pd.read_csv(tmp_path / "out" / "metrics.csv")
    assert written["hhi"].tolist()[:2] == [0.625, 1.0]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("origin,twh\nAZ,-1\n", "is negative"),
        ("a,b\nx,y\n", "expected one named 'origin'"),
        ("", "the file is empty"),
        ("origin,twh\n", "no rows below the header"),
        ("supplier,twh\nAZ,10\nNO,30\n", "--dim supplier"),
        ("year,origin,share\n2023,AZ,0.5\n2023,NO,0.3\n2024,NO,1\n", "year 2023: 0.8"),
        ("origin,percent\nAZ,50\nNO,20\n", "sum to 1, or 100 percent: shares do not sum to 1 over origin:\n  - 0.7"),
    ],
)
def test_a_file_that_cannot_be_used_ends_with_a_sentence(plain, tmp_path, text, told):
    file = tmp_path / "bad.csv"
    file.write_text(text, encoding="utf-8")
    done = plain("metrics", file)
    assert (done.code, done.out) == (2, "")
    assert told in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("whole", [1, 100])
@pytest.mark.parametrize("missing", [0, 0.01])
def test_shares_are_taken_in_percent_or_not_and_rounded(plain, tmp_path, whole, missing):
    file = tmp_path / "shares.csv"
    rows = [("2023,DE,AZ", 0.25), ("2023,DE,NO", 0.75 - missing), ("2024,FR,NO", 1.0)]
    text = "year,country,origin,Share (%)\n" + "".join(f"{row},{whole * share}\n" for row, share in rows)
    file.write_text(text, encoding="utf-8")
    done = plain("metrics", file, "--value", "share (%)", "--json")
    assert (done.code, done.err) == (0, "")
    found = {(row["year"], row["country"]): row["hhi"] for row in json.loads(done.out)["metrics"]}
    assert found["2023", "DE"] == pytest.approx((0.25**2 + (0.75 - missing) ** 2) / (1 - missing) ** 2)
    assert found["2024", "FR"] == 1


@pytest.mark.parametrize("options", [("--by", "hhi"), ("--dim", "hhi")])
def test_a_column_with_the_name_of_a_metric_is_refused(plain, tmp_path, options):
    file = tmp_path / "odd.csv"
    file.write_text("hhi,origin,twh\nx,AZ,10\ny,NO,30\n", encoding="utf-8")
    done = plain("metrics", file, *options)
    assert (done.code, done.out) == (2, "")
    assert "column hhi has the name of a metric" in done.err


def test_which_origins_were_counted_is_always_told(plain, imports):
    told = "Counted as origins: AZ, NO (2), of 5 rows"
    assert told in plain("metrics", imports).out
    assert {"note": told} in json.loads(plain("metrics", imports, "--json").out)["notes"]


def test_the_help_says_what_rows_and_columns_are(plain):
    text = " ".join(plain("metrics", "--help").out.replace("│", " ").split())
    assert "a row for each supply, a column for each origin" in text


@pytest.mark.slow
def test_scenarios_are_told_before_and_after(call, monkeypatch):
    asked = ("run", "reference", "russian-stop", "--years", "2025")
    ds = run(["reference", "russian-stop"], years=2025)
    monkeypatch.setattr("energyflows.running.run_study", lambda study, **_: {study.parts[0].name: ds})
    done = call(*asked, tables=False)
    assert "Diversification and dependence of the EU27" in done.out
    assert "HU 0." in done.out
    told = pd.DataFrame(json.loads(call(*asked, "--json", tables=False).out)["metrics"])
    told = told.pivot_table(index="area", columns="scenario", values="ru_share")
    assert (told["russian-stop"] <= told["reference"] + 1e-9).all()
    assert told.at["EU27", "reference"] > 0.05
