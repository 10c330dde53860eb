"""The project's files agree with each other, and what is built from them works."""

import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from types import ModuleType

import pytest
from numpydoc.validate import validate

import energyflows as ef

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SHIPPED_FOLDERS = {"data": "energyflows/_data", "seeds": "energyflows/_seeds"}

# numpydoc: no docstring, summary or full stop; parameters missing or unknown; nothing on what is returned
DOCSTRING_FAULTS = {"GL08", "SS01", "SS03", "PR01", "PR02", "PR03", "RT01"}


def run(*command, cwd=ROOT, **variables):
    """Run a command, show its output if it fails, return what it printed."""
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def files_in(folder):
    """Paths of the visible files below a folder of the repository, relative to it."""
    base = ROOT / folder
    paths = (path.relative_to(base) for path in base.rglob("*") if path.is_file())
    return {p.as_posix() for p in paths if not any(part.startswith((".", "__pycache__")) for part in p.parts)}


def names_of(requirements):
    return {re.split(r"[^A-Za-z0-9._-]", text, maxsplit=1)[0].lower() for text in requirements if text}


def test_citation_names_the_released_version():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.findall(r"^version: (\S+)$", citation, flags=re.MULTILINE) == [PYPROJECT["project"]["version"]]


def test_dependencies_have_their_reason():
    groups = PYPROJECT["dependency-groups"]
    grouped = [text for group in groups.values() for text in group if isinstance(text, str)]
    declared = names_of(PYPROJECT["project"]["dependencies"] + grouped)
    table = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    explained = {name.lower() for name in re.findall(r"^\| ([\w.-]+) \| \S", table, flags=re.MULTILINE)}
    assert explained - {"package"} == declared


def test_constraints_are_plain_pins_of_every_dependency():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!+]+", line)] == []
    pinned = {line.partition("==")[0].lower().replace("_", "-") for line in lines}
    assert names_of(PYPROJECT["project"]["dependencies"]) <= pinned


def test_data_files_are_the_listed_ones():
    package = json.loads((ROOT / "data" / "datapackage.json").read_text(encoding="utf-8"))
    listed = [resource["path"] for resource in package["resources"]]
    assert len(listed) == len(set(listed))
    assert set(listed) == files_in("data") - {"datapackage.json", "README.md"}


@pytest.mark.slow
def test_data_package_follows_the_standard():
    run(sys.executable, "-m", "frictionless", "validate", "datapackage.json", cwd=ROOT / "data")


def test_documented_counts_of_confidence_are_those_of_the_tables():
    text = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| `(\w+)` \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \| \d+ \|$", text, flags=re.MULTILINE
    )
    told = {name: [int(figure.replace(",", "")) for figure in figures] for name, *figures in rows}
    counted = {
        name: [len(table), *(int((table["confidence"] == word).sum()) for word in ("observed", "derived", "estimate"))]
        for name, table in ef.load_tables().items()
        if name not in {"zones", "sources"}
    }
    assert told == counted


def test_public_names_are_a_short_sorted_list():
    assert ef.__all__ == sorted(set(ef.__all__))
    functions = [name for name in ef.__all__ if not isinstance(getattr(ef, name), ModuleType)]
    assert len(functions) <= 30
    assert set(ef.__all__) <= set(dir(ef))


@pytest.mark.parametrize("name", ef.__all__)
def test_public_name_is_documented(name):
    if isinstance(getattr(ef, name), ModuleType):
        assert getattr(ef, name).__doc__
        return
    faults = validate(f"energyflows.{name}")["errors"]
    assert [fault for fault in faults if fault[0] in DOCSTRING_FAULTS] == []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the wheel from the working tree, without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder))
    (path,) = folder.glob("*.whl")
    return path


@pytest.mark.slow
def test_wheel_holds_the_package_its_data_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    shipped = {f"{target}/{path}" for folder, target in SHIPPED_FOLDERS.items() for path in files_in(folder)}
    modules = {f"energyflows/{path}" for path in files_in("energyflows")}
    assert {name for name in names if ".dist-info/" not in name} == shipped | modules
    assert "energyflows/py.typed" in names
    assert "energyflows/_data/datapackage.json" in names


@pytest.mark.slow
def test_wheel_finds_its_data_when_installed(wheel, tmp_path):
    """Installed beside the dependencies of this environment, away from the repository."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    run(*pip, "--target", str(tmp_path / "site"), str(wheel))
    program = (
        "import json, energyflows as ef;"
        "print(json.dumps({'file': ef.__file__, 'tables': {k: len(v) for k, v in ef.load_tables().items()}}))"
    )
    # PYTHONPATH comes before an editable installation; -P keeps the working directory out.
    printed = run(sys.executable, "-P", "-c", program, cwd=tmp_path, PYTHONPATH=str(tmp_path / "site"))
    found = json.loads(printed)
    assert Path(found["file"]).is_relative_to(tmp_path)
    assert found["tables"] == {name: len(table) for name, table in ef.load_tables().items()}
    assert found["tables"]
