"""Tables from the package, from a user's folder, or both."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from energyflows.datasets._passport import find_folder, find_mismatch, hash_content, hash_file, read_passports
from energyflows.errors import EnergyFlowsError, PassportError, TableError, UsageError, list_problems, require
from energyflows.tables import NAMES, check_tables, find_problems, find_schema, read_table


def load_tables(path: str | Path | None = None) -> dict[str, pd.DataFrame]:
    """Load all input tables, checked.

    Parameters
    ----------
    path : str or Path, optional
        A folder of your own. ``NAME.csv`` in it replaces the packaged table, ``NAME.add.csv`` adds rows to it;
        tables it does not hold are the packaged ones. A ``datapackage.json`` in it is honoured.

    Returns
    -------
    dict of str to pandas.DataFrame
        One frame per name of :data:`energyflows.tables.NAMES`. ``frame.attrs["provenance"]`` holds the passport:
        path, hash, sources and the unit and meaning of each field.

    Raises
    ------
    TableError
        If a file is missing, cannot be read or breaks a check; all problems at once.
    PassportError
        If a file differs from the hash in its data package.

    Examples
    --------
    >>> tables = load_tables()
    >>> tables["zones"].query("zone == 'TANAP'")["kind"].item()
    'corridor'
    """
    if path is not None and not isinstance(path, str | Path):
        raise UsageError(f"path: found {path!r}, expected the name of a folder")
    packaged = find_folder()
    own = None if path is None else _check_folder(Path(path))
    _refuse_changed([folder for folder in (packaged, own) if folder is not None])
    tables: dict[str, pd.DataFrame] = {}
    problems: list[str] = []
    for name in NAMES:
        try:
            tables[name] = _load_one(name, packaged, own)
        except EnergyFlowsError as error:
            problems.append(str(error))
    if problems:
        raise TableError("\n".join(problems))
    check_tables(tables)
    for name, frame in tables.items():
        frame.attrs["provenance"] = {**_describe(name, packaged, own), "content": hash_content(frame)}
    return tables


def _check_folder(folder: Path) -> Path:
    """Refuse a folder that holds no table, which is nearly always a wrong path."""
    try:
        files = {file.name for file in folder.iterdir()}
    except (OSError, ValueError):
        raise TableError(f"{folder}: no such folder; expected one that holds tables as NAME.csv") from None
    known = {f"{name}{ending}" for name in NAMES for ending in (".csv", ".add.csv")}
    strangers = sorted(file for file in files - known if file.lower().endswith(".csv"))
    if strangers or not files & known:
        raise TableError(
            f"{folder}: found {', '.join(strangers) or 'no table'}; expected files named after tables: "
            f"{', '.join(NAMES)} (NAME.csv replaces, NAME.add.csv adds rows)"
        )
    return folder


def _refuse_changed(folders: list[Path]) -> None:
    """Compare every file named in a data package with its hash."""
    problems = []
    for folder in folders:
        for name, passport in read_passports(folder).items():
            if mismatch := find_mismatch(folder / passport.get("path", f"{name}.csv"), passport):
                problems.append(mismatch)
            problems += _find_unit_problems(name, passport)
    if problems:
        raise PassportError(list_problems(f"{len(problems)} problem(s) with passports:", problems))


def _find_unit_problems(name: str, passport: dict[str, Any]) -> list[str]:
    """List fields whose unit is not the one the table is read in."""
    fields = {field["name"]: field.get("unit") for field in passport.get("schema", {}).get("fields", [])}
    ours = {field: _unit_of(field) for field in fields}
    return [
        f"{name}, field {field}: unit {unit!r}, expected {ours[field]!r}; convert the figures first"
        for field, unit in fields.items()
        if unit and ours[field] and unit != ours[field]
    ]


def _unit_of(field: str) -> str | None:
    """Return the unit a column name ends with."""
    endings = {"_gwh_d": "GWh/d", "_eur_mwh": "EUR/MWh", "_km": "km", "_twh": "TWh"}
    exact = {"twh": "TWh", "eur_mwh": "EUR/MWh", "loss": "fraction", "share": "fraction"}
    if field in exact:
        return exact[field]
    return next((unit for ending, unit in endings.items() if field.endswith(ending)), None)


def _choose_folder(name: str, packaged: Path, own: Path | None) -> Path:
    """Return the folder a table is read from."""
    return own if own is not None and (own / f"{name}.csv").exists() else packaged


def _load_one(name: str, packaged: Path, own: Path | None) -> pd.DataFrame:
    """Read one table."""
    frame = read_table(name, _choose_folder(name, packaged, own) / f"{name}.csv")
    if own is not None and (own / f"{name}.add.csv").exists():
        frame = _extend(name, frame, own / f"{name}.add.csv")
    return frame


def _describe(name: str, packaged: Path, own: Path | None) -> dict[str, Any]:
    """Return the passport of a table."""
    folder = _choose_folder(name, packaged, own)
    passport = read_passports(folder).get(name, {})
    extra = own is not None and (own / f"{name}.add.csv").exists()
    return {
        **passport,
        "table": name,
        "folder": "packaged" if folder == packaged else str(folder),
        **({"hash": hash_file(folder / f"{name}.csv"), "added": str(own)} if extra or folder != packaged else {}),
    }


def _extend(name: str, frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Append the rows of a user's file, none of which may be there already."""
    joined = pd.concat([frame, read_table(name, path)], ignore_index=True)
    joined.attrs["first_added"] = first = len(frame)
    key = find_schema(name).unique
    problems = [
        f"line {row - first + 2}: {', '.join(f'{column} {joined.at[row, column]}' for column in key)} is in {name}.csv "
        f"already; to change rows, put the whole table there as {name}.csv"
        for row in joined.index[joined.duplicated(key)]
    ]
    if problems:
        raise TableError(list_problems(f"{len(problems)} problem(s) in {path}:", problems))
    return joined


def check_given(tables: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """Check tables that were handed over, if they are no longer as they were loaded.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        All tables by name.

    Returns
    -------
    dict of str to str
        Hash of the cells of each table, as they were checked.

    Raises
    ------
    UsageError
        If it is no mapping, or a table is missing.
    TableError
        If a changed table breaks its schema or no longer fits the others.
    """
    require(tables, "items keys", "tables by name, as load_tables() returns them")
    missing = [name for name in NAMES if name not in tables]
    if missing:
        raise UsageError(f"tables: {', '.join(missing)} missing; start from load_tables() and replace what you need")
    hashes = {name: hash_content(table) for name, table in tables.items()}
    changed = [name for name in NAMES if tables[name].attrs.get("provenance", {}).get("content") != hashes[name]]
    problems = [
        f"{name}: {problem}" for name in changed for problem in find_problems(tables[name], find_schema(name)).values()
    ]
    if problems:
        raise TableError(list_problems(f"{len(problems)} problem(s) in the tables given:", problems))
    if changed:
        check_tables(tables)
    return hashes
