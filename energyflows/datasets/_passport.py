"""The data package: what each file is, where it is from, and the hash that proves it is unchanged."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from energyflows.errors import PassportError, list_problems

FILE_NAME = "datapackage.json"


def find_folder() -> Path:
    """Return the folder of the packaged tables.

    Returns
    -------
    Path
        ``_data`` inside an installed package, else ``data`` beside the source tree.
    """
    package = Path(__file__).resolve().parents[1]
    installed = package / "_data"
    return installed if installed.is_dir() else package.parent / "data"


def read_passports(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the resources of a data package by table name; empty where there is no package file.

    Parameters
    ----------
    folder : Path
        Folder that may hold a ``datapackage.json``.

    Returns
    -------
    dict
        Resource descriptions as written in the file.

    Raises
    ------
    PassportError
        If the file is not a data package.
    """
    path = folder / FILE_NAME
    if not path.exists():
        return {}
    return {resource["name"]: resource for resource in read_package(path)["resources"]}


def read_package(path: Path) -> dict[str, Any]:
    """Read a data package whose resources have the form this library relies on.

    Parameters
    ----------
    path : Path
        A ``datapackage.json``.

    Returns
    -------
    dict
        The package as written in the file.

    Raises
    ------
    PassportError
        If the file cannot be read or has another form.
    """
    try:
        package = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise PassportError(f"{path}: not a data package ({type(error).__name__}: {error})") from None
    problems = list(_find_form_problems(package))
    if problems:
        raise PassportError(list_problems(f"{path}: not a data package:", problems))
    return dict(package)


def _find_form_problems(package: object) -> Iterator[str]:
    """List what differs from ``{"resources": [{"name": …, "path": …, "schema": {"fields": [{"name": …}]}}]}``."""
    resources = package.get("resources") if isinstance(package, dict) else None
    if not isinstance(resources, list):
        yield "found no list 'resources', expected one with an entry for each table"
        return
    names = set()
    for number, resource in enumerate(resources, 1):
        if not isinstance(resource, dict) or not isinstance(resource.get("name"), str):
            yield f"resource {number}: found no text 'name', expected the name of a table"
            continue
        if resource["name"] in names:
            yield f"resource {number}: {resource['name']!r} stands more than once"
        names.add(resource["name"])
        if not isinstance(resource.get("path", ""), str):
            yield f"resource {number}: found path {resource['path']!r}, expected one file name"
        if not _has_named_fields(resource.get("schema", {})):
            yield f"resource {number}: found another schema, expected {{'fields': [{{'name': …}}, …]}}"


def _has_named_fields(schema: object) -> bool:
    fields = schema.get("fields", []) if isinstance(schema, dict) else None
    return isinstance(fields, list) and all(
        isinstance(field, dict) and isinstance(field.get("name"), str) for field in fields
    )


def hash_file(path: Path) -> str:
    """Return the hash of a file as a data package writes it.

    Parameters
    ----------
    path : Path
        Any file.

    Returns
    -------
    str
        ``sha256:`` and 64 hexadecimal digits.
    """
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


def find_mismatch(path: Path, passport: dict[str, Any]) -> str | None:
    """Say how a file differs from its passport.

    Parameters
    ----------
    path : Path
        The file.
    passport : dict
        Its resource description.

    Returns
    -------
    str or None
        One sentence, or nothing if the file is there and its hash, if any, is right.
    """
    expected = passport.get("hash")
    try:
        found = hash_file(path)
    except FileNotFoundError:
        return f"{path}: named in {FILE_NAME} but missing"
    except (OSError, ValueError) as error:
        return f"{path}: named in {FILE_NAME} but cannot be read ({error})"
    if expected is None or found == expected:
        return None
    return (
        f"{path.name}: hash {found[:19]}… differs from {str(expected)[:19]}… in {FILE_NAME}; the file was changed: "
        f"restore it, or accept the change with 'python -m energyflows.datasets.refresh {path.parent}'"
    )


def strip_passport(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table without its passport, which pandas would copy at every step of a calculation.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`energyflows.load_tables`; stays as it is.

    Returns
    -------
    pandas.DataFrame
        The same data.
    """
    # A copy would take the attributes along, one by one down to the last field's meaning.
    return pd.DataFrame(table)


def hash_content(table: pd.DataFrame) -> str:
    """Return a hash of the cells of a table, whatever file they came from.

    Parameters
    ----------
    table : pandas.DataFrame
        Any table.

    Returns
    -------
    str
        16 hexadecimal digits; equal for equal columns and cells.
    """
    digest = hashlib.sha256("\n".join(map(str, table.columns)).encode())
    digest.update(pd.util.hash_pandas_object(strip_passport(table), index=False).to_numpy().tobytes())
    return digest.hexdigest()[:16]
