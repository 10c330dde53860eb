"""Data packages: their form, their hashes, and how hashes are brought up to date."""

import hashlib
import json
import subprocess
import sys

import pytest

from energyflows.datasets import find_folder, hash_file, read_passports
from energyflows.datasets.refresh import refresh_hashes
from energyflows.errors import OutputError, PassportError


def write(folder, package):
    (folder / "datapackage.json").write_text(package if isinstance(package, str) else json.dumps(package))
    return folder


def test_hash_is_sha256_of_the_bytes(tmp_path):
    (tmp_path / "file").write_bytes(b"gas")
    assert hash_file(tmp_path / "file") == f"sha256:{hashlib.sha256(b'gas').hexdigest()}"


def test_packaged_folder_holds_a_data_package():
    assert (find_folder() / "datapackage.json").is_file()


def test_installed_package_prefers_its_own_copy(tmp_path, monkeypatch):
    module = tmp_path / "energyflows" / "datasets" / "_passport.py"
    monkeypatch.setattr("energyflows.datasets._passport.__file__", str(module))
    assert find_folder() == tmp_path / "data"
    (tmp_path / "energyflows" / "_data").mkdir(parents=True)
    assert find_folder() == tmp_path / "energyflows" / "_data"


def test_folder_without_package_has_no_passports(tmp_path):
    assert read_passports(tmp_path) == {}


def test_passports_are_the_resources_by_name(tmp_path):
    resource = {"name": "zones", "path": "zones.csv", "title": "Zones"}
    assert read_passports(write(tmp_path, {"resources": [resource]})) == {"zones": resource}


@pytest.mark.parametrize(
    ("package", "expected"),
    [
        ("", "JSONDecodeError"),
        ("{not json", "JSONDecodeError"),
        ("[" * 100_000, "RecursionError"),
        ([], "found no list 'resources'"),
        ({}, "found no list 'resources'"),
        ({"resources": None}, "found no list 'resources'"),
        ({"resources": {"name": "zones"}}, "found no list 'resources'"),
        ({"resources": ["zones"]}, "resource 1: found no text 'name'"),
        ({"resources": [{"name": []}]}, "resource 1: found no text 'name'"),
        ({"resources": [{"name": "zones"}, {"path": "a.csv"}]}, "resource 2: found no text 'name'"),
        ({"resources": [{"name": "zones"}, {"name": "zones"}]}, "resource 2: 'zones' stands more than once"),
        ({"resources": [{"name": "zones", "path": None}]}, "resource 1: found path None, expected one file name"),
        ({"resources": [{"name": "zones", "path": ["a", "b"]}]}, "resource 1: found path ['a', 'b']"),
        ({"resources": [{"name": "zones", "schema": "x.json"}]}, "resource 1: found another schema"),
        ({"resources": [{"name": "zones", "schema": {"fields": [{}]}}]}, "resource 1: found another schema"),
        ({"resources": [{"name": "zones", "schema": {"fields": [{"name": 5}]}}]}, "resource 1: found another schema"),
        ({"resources": [{"name": "zones", "schema": {"fields": None}}]}, "resource 1: found another schema"),
    ],
    ids=range(17),
)
def test_package_of_another_form_is_told(tmp_path, package, expected):
    with pytest.raises(PassportError) as error:
        read_passports(write(tmp_path, package))
    assert f"{tmp_path / 'datapackage.json'}: not a data package" in str(error.value)
    assert expected in str(error.value)


def test_package_mistakes_are_told_at_once(tmp_path):
    package = {"resources": [{}, {"name": "zones", "path": 1, "schema": []}]}
    with pytest.raises(PassportError) as error:
        read_passports(write(tmp_path, package))
    assert str(error.value).count("\n  - ") == 3


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", None], ids=["binary", "folder"])
def test_package_that_cannot_be_read_is_told(tmp_path, content):
    path = tmp_path / "datapackage.json"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(PassportError, match=r"datapackage\.json: not a data package"):
        read_passports(tmp_path)


def test_refresh_writes_hash_and_size_of_changed_files_only(tmp_path):
    for name in ("zones", "prices"):
        (tmp_path / f"{name}.csv").write_text(name)
    kept = {"name": "prices", "hash": hash_file(tmp_path / "prices.csv"), "title": "Preise für Gas"}
    write(tmp_path, {"name": "toy", "resources": [{"name": "zones", "path": "zones.csv", "hash": "sha256:0"}, kept]})
    assert refresh_hashes(tmp_path) == ["zones"]
    package = json.loads((tmp_path / "datapackage.json").read_text(encoding="utf-8"))
    new = {"name": "zones", "path": "zones.csv", "hash": hash_file(tmp_path / "zones.csv"), "bytes": 5}
    assert package == {"name": "toy", "resources": [new, kept]}
    assert refresh_hashes(tmp_path) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["datapackage.json", "prices.csv", "zones.csv"]


def test_refresh_leaves_the_package_alone_if_a_file_is_missing(tmp_path):
    write(tmp_path, {"resources": [{"name": "zones", "path": "zones.csv"}]})
    before = (tmp_path / "datapackage.json").read_bytes()
    with pytest.raises(OutputError, match=r"hashes stay as they were .*zones\.csv"):
        refresh_hashes(tmp_path)
    assert (tmp_path / "datapackage.json").read_bytes() == before


def test_refresh_without_package_is_told(tmp_path):
    with pytest.raises(PassportError, match=r"datapackage\.json: not a data package \(FileNotFoundError"):
        refresh_hashes(tmp_path)


@pytest.mark.parametrize(
    ("package", "code", "shown"), [({"resources": []}, 0, "nothing changed"), ([], 2, "not a data")]
)
def test_refresh_command_ends_with_its_code_and_no_traceback(tmp_path, package, code, shown):
    command = [sys.executable, "-m", "energyflows.datasets.refresh", str(write(tmp_path, package))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert shown in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
