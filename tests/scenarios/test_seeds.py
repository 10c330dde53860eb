"""The built-in scenarios and studies: complete, sourced, ranged, and about things that exist."""

import re
from pathlib import Path

import pytest
import yaml

from energyflows.datasets import load_tables
from energyflows.network import build_network
from energyflows.scenarios import (
    Scenario,
    apply,
    get_scenario,
    list_runs,
    list_scenarios,
    read_scenarios,
    read_study,
    set_parameters,
)

ROOT = Path(__file__).resolve().parents[2]
SEEDS = ROOT / "seeds"
PAGE = (ROOT / "docs" / "scenarios.md").read_text("utf-8")
RAW = {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in sorted((SEEDS / "scenarios").glob("*.yaml"))}
STUDIES = sorted((SEEDS / "studies").glob("*.yaml"))
IDS = {
    "reference",
    "no-azerbaijan",
    "russian-stop",
    "eu-phase-out",
    "phase-out-circumvented",
    "mou-20bcm",
    "tap-expansion",
    "backfill-2022",
    "backfill-max",
    "ukraine-swap",
    "turkish-hub",
    "lukoil-stake",
    "coordinated-withholding",
    "scp-disruption",
    "sgc-disruption",
    "caucasus-crisis",
    "armenia-west",
    "north-south-iran",
    "hormuz-2026",
    "cold-winter",
    "winter-2026-27",
}
CLAIMS = {f"C{number}" for number in range(1, 15)}
#: Contents of a cubic metre: a unit, not an assumption.
UNITS = {"gcv"}
#: Keys under which links, buses, or either of them stand.
LINKS = {"entry", "link", "links", "path"}
BUSES = {"home", "outlet", "bus", "source", "target"}
EITHER = {"corridor", "at"}


def walk(part, key=""):
    """Yield each value of a change with the key it stands under."""
    if isinstance(part, dict):
        for name, value in part.items():
            yield from walk(value, name)
    elif isinstance(part, list):
        for value in part:
            yield from walk(value, key)
    else:
        yield key, part


FIGURES = [
    pytest.param(figure, id=f"{name}:{parameter}")
    for name, raw in RAW.items()
    for parameter, figure in raw.get("parameters", {}).items()
]
CHANGES = [
    pytest.param(change, id=f"{name}:{number}-{change['change']}")
    for name, raw in RAW.items()
    for number, change in enumerate(raw.get("changes", []))
]


@pytest.fixture(scope="module")
def tables():
    return load_tables()


@pytest.fixture(scope="module")
def links(tables):
    suppliers = tables["lng_suppliers"]
    return {*tables["pipelines"]["pipeline"], *(suppliers["bus"] + "-" + suppliers["pool"])}


@pytest.fixture(scope="module")
def networks(tables):
    return {year: build_network(year, tables=tables) for year in (2019, 2025, 2030)}


def test_all_built_in_scenarios_are_there_and_no_other():
    assert set(RAW) == IDS
    assert set(list_scenarios().index) == IDS


@pytest.mark.parametrize("name", RAW)
def test_it_is_a_scenario_named_like_its_file(name):
    assert Scenario.model_validate(RAW[name]).name == name


@pytest.mark.parametrize("name", RAW)
def test_texts_are_short_and_say_what_is_left_out(name):
    raw = RAW[name]
    assert 0 < len(raw["title"]) <= 80
    assert not raw["title"].endswith(".")
    assert 0 < len(raw["reading"]) <= 120
    assert raw["reading"].endswith(".")
    sentences = re.findall(r"[.;](?:\s|$)", raw["description"])
    assert 2 <= len(sentences) <= 7
    assert "\n" not in raw["description"].strip()
    assert re.search(r"\bnot\b|\bno\b|\bwithout\b|nothing|Neither|needs|Nothing", raw["description"])


@pytest.mark.parametrize("name", RAW)
def test_claims_are_known(name):
    assert RAW[name]["claims"]
    assert set(RAW[name]["claims"]) <= CLAIMS


def test_every_claim_has_a_scenario():
    assert {claim for raw in RAW.values() for claim in raw["claims"]} == CLAIMS


def test_what_is_built_on_exists():
    assert {base for raw in RAW.values() for base in raw.get("extends", [])} <= IDS


def test_only_the_reference_changes_nothing():
    assert [name for name, raw in RAW.items() if not raw.get("changes") and not raw.get("extends")] == ["reference"]


@pytest.mark.parametrize("change", CHANGES)
def test_every_figure_is_a_parameter(change):
    numbers = [(key, value) for key, value in walk(change) if type(value) in {int, float}]
    assert [pair for pair in numbers if pair[0] not in UNITS] == []


@pytest.mark.parametrize("figure", FIGURES)
def test_a_parameter_has_a_range_or_says_why_not(figure):
    if "low" in figure:
        assert figure["low"] < figure["high"]
        assert figure["low"] <= figure["value"] <= figure["high"]
    else:
        assert "no range" in figure["note"]


@pytest.mark.slow
@pytest.mark.parametrize("figure", FIGURES)
def test_a_parameter_has_a_source_and_a_note(figure, tables):
    assert figure["source"] in {"assumption", *tables["sources"]["source"]}
    assert figure["note"].endswith(".")


@pytest.mark.parametrize("name", RAW)
def test_every_parameter_is_used(name):
    used = {value[1:] for _, value in walk(RAW[name].get("changes", [])) if str(value).startswith("$")}
    assert used == set(RAW[name].get("parameters", {}))


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES)
def test_links_and_buses_exist(change, links, tables):
    buses = set(tables["zones"]["zone"])
    named = [(key, value) for key, value in walk(change) if key in LINKS | BUSES | EITHER]
    assert {value for key, value in named if key in LINKS} <= links
    assert {value for key, value in named if key in BUSES} <= buses
    assert {value for key, value in named if key in EITHER} <= links | buses
    assert {value for key, value in walk(change) if key == "zones"} <= buses | {"EU27"}
    if change["change"] == "scale":
        assert change["name"] in links
    if change["change"] == "add":
        assert change["name"] not in links
        assert change.get("to", "AZ") in buses


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES)
def test_countries_and_routes_exist(change, tables):
    countries, supply = set(tables["zones"]["country"]), tables["supply"]
    named = {value for key, value in walk(change) if key in {"supplier", "suppliers", "origin", "label", "from"}}
    assert named <= countries
    suppliers = {value for key, value in walk(change) if key in {"supplier", "suppliers"}}
    assert set(change.get("routes", [])) <= set(supply.loc[supply["supplier"].isin(suppliers), "route"])


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES)
def test_law_and_owners_exist(change, tables):
    rules, ownership = tables["rules"], tables["ownership"]
    bans = rules[(rules["kind"] == "ban") & (rules["origin"] == change.get("origin"))]
    assert set(change.get("rules", [])) <= set(bans["rule"])
    if change["change"] == "stake":
        assert change["owner"] in set(ownership.loc[ownership["asset"] == change["asset"], "owner"])


@pytest.mark.parametrize("name", RAW)
def test_dated_changes_lie_in_the_years_of_the_scenario(name):
    days = [str(value) for key, value in walk(RAW[name].get("changes", [])) if key in {"start", "end", "day"}]
    years = {int(day[:4]) for day in days if re.fullmatch(r"\d{4}-\d\d-\d\d", day)}
    assert years <= set(RAW[name].get("years", []))


def test_the_page_lists_every_scenario_with_its_claims():
    rows = dict(re.findall(r"^\| `([a-z0-9-]+)` \| [^|]+ \| (C[C0-9, ]+) \|", PAGE, re.MULTILINE))
    assert rows == {name: ", ".join(raw["claims"]) for name, raw in RAW.items()}


def test_the_page_lists_every_parameter_as_it_is():
    written = set(re.findall(r"^\| `([a-z0-9-]+)` \| `(\w+)` \| (.+) \| (.+) \| (.+) \| (.+) \|$", PAGE, re.MULTILINE))
    assert written == {(name, *describe(key, figure)) for name, raw in RAW.items() for key, figure in list_figures(raw)}


def describe(key, figure):
    value = figure["value"] if isinstance(figure["value"], str) else f"{figure['value']:g}"
    ends = f"{figure['low']:g}–{figure['high']:g}" if "low" in figure else "any day"
    return key, value, ends, figure["unit"], figure["source"]


def list_figures(raw):
    return raw.get("parameters", {}).items()


@pytest.mark.parametrize("sample", re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL), ids=["scenario", "study"])
def test_the_samples_of_the_page_can_be_read(sample, tmp_path):
    path = tmp_path / "sample.yaml"
    path.write_text(sample, "utf-8")
    if sample.startswith("study"):
        study = read_study(path)
        assert len(list_runs(study, study.parts[0])) == 4
    else:
        assert [*read_scenarios(path)] == ["tap-half"]


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_a_study_can_be_planned(path):
    study = read_study(path)
    assert study.name == path.stem
    for part in study.parts:
        assert list_runs(study, part)[0].name == "reference"


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_a_study_stays_inside_the_ranges_of_parameters(path):
    for part in yaml.safe_load(path.read_text("utf-8"))["parts"]:
        for name, parameters in part.get("sweep", {}).items():
            for parameter, values in parameters.items():
                figure = RAW[name]["parameters"][parameter]
                assert figure["low"] <= min(values)
                assert max(values) <= figure["high"]


def test_in_the_study_of_the_article_every_scenario_acts():
    years = {}
    for part in yaml.safe_load((SEEDS / "studies" / "article.yaml").read_text("utf-8"))["parts"]:
        first, *last = str(part["years"]).split("-")
        for name in RAW if part["scenarios"] == ["all"] else part["scenarios"]:
            years.setdefault(name, set()).update(range(int(first), int((last or [first])[0]) + 1))
    assert [name for name in RAW if RAW[name].get("years") and not years[name] & set(RAW[name]["years"])] == []


@pytest.mark.slow
@pytest.mark.parametrize("year", [2019, 2025, 2030])
@pytest.mark.parametrize("name", RAW)
def test_it_fits_any_year(name, year, networks, tables):
    changed = apply(networks[year], get_scenario(name), tables=tables)
    assert changed.meta["scenario"].startswith(f'{{"name": "{name}"')


@pytest.mark.slow
@pytest.mark.parametrize("bound", ["low", "high"])
@pytest.mark.parametrize("name", [name for name, raw in RAW.items() if raw.get("parameters")])
def test_it_fits_at_both_ends_of_its_ranges(name, bound, networks, tables):
    ends = {key: figure[bound] for key, figure in RAW[name]["parameters"].items() if bound in figure}
    changed = apply(networks[2025], set_parameters(get_scenario(name), ends), tables=tables)
    assert len(changed.snapshots) == len(networks[2025].snapshots)
