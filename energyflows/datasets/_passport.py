"""The data package: what each file is, where it is from, and the hash that proves it is unchanged."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from energyflows.errors import PassportError

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
    try:
        package = json.loads(path.read_text(encoding="utf-8"))
        return {resource["name"]: resource for resource in package["resources"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PassportError(f"{path}: not a data package ({type(error).__name__}: {error})") from None


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
        One sentence, or nothing if the hash is right.
    """
    expected = passport.get("hash")
    found = hash_file(path)
    if expected is None or found == expected:
        return None
    return (
        f"{path.name}: hash {found[:19]}… differs from {str(expected)[:19]}… in {FILE_NAME}; the file was changed: "
        f"restore it, or accept the change with 'python -m energyflows.datasets.refresh {path.parent}'"
    )
