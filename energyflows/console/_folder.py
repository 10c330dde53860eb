"""The folder a run writes."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from energyflows.console._terminal import Tables
from energyflows.errors import OutputError, UsageError
from energyflows.results import write_results


def read_json(file: Path) -> dict[str, Any]:
    """Read a file of settings.

    Parameters
    ----------
    file : Path
        JSON, one object.

    Returns
    -------
    dict
        Its content.

    Raises
    ------
    UsageError
        If it cannot be read, or holds something else.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{file}: cannot be read as JSON ({error})") from None
    if not isinstance(content, dict):
        raise UsageError(f"{file}: found {type(content).__name__}, expected an object of settings")
    return content


def check_folder(folder: Path) -> None:
    """Refuse an output folder that cannot be made, before any work is done.

    Parameters
    ----------
    folder : Path
        Must not exist yet, or be empty.

    Raises
    ------
    OutputError
        If it holds something, or cannot be written.
    """
    folder = folder.absolute()
    try:
        taken = folder.exists() and not (folder.is_dir() and not any(folder.iterdir()))
        folder.parent.mkdir(parents=True, exist_ok=True)
        Path(tempfile.mkdtemp(dir=folder.parent, prefix=".energyflows-")).rmdir()
    except OSError as error:
        raise OutputError(f"--out {folder}: cannot be written ({error.strerror or error})") from None
    if taken:
        raise OutputError(f"--out {folder}: exists already and is left as it is; name a new folder")


def write_folder(folder: Path, results: xr.Dataset, summary: Tables) -> None:
    """Write results and tables into a new folder, which appears only when complete.

    Parameters
    ----------
    folder : Path
        As checked by :func:`check_folder`.
    results : xarray.Dataset
        Goes to ``results.nc``.
    summary : mapping of str to pandas.DataFrame
        One CSV each.

    Raises
    ------
    OutputError
        If it cannot be written; nothing is left behind.
    """
    with fill_folder(folder) as aside:
        write_results(results, aside / "results.nc")
        _write_csv(aside, summary)


def write_study(
    folder: Path, results: Mapping[str, xr.Dataset], tables: Mapping[str, Tables], iamc: Mapping[str, pd.DataFrame]
) -> None:
    """Write the parts of a study into a new folder, which appears only when complete.

    Parameters
    ----------
    folder : Path
        As checked by :func:`check_folder`.
    results : mapping of str to xarray.Dataset
        By part; each goes to ``results.nc`` in a folder of its name, a single one straight into the folder.
    tables : mapping of str to mapping of str to pandas.DataFrame
        By part, one CSV each.
    iamc : mapping of str to pandas.DataFrame
        By part, goes to ``iamc.csv``.

    Raises
    ------
    OutputError
        If it cannot be written; nothing is left behind.
    """
    with fill_folder(folder) as aside:
        for part, ds in results.items():
            place = aside if len(results) == 1 else aside / part
            place.mkdir(exist_ok=True)
            write_results(ds, place / "results.nc")
            _write_csv(place, {**tables[part], "iamc": iamc[part]})


def write_tables(folder: Path, tables: Tables) -> None:
    """Write tables into a new folder, which appears only when complete.

    Parameters
    ----------
    folder : Path
        As checked by :func:`check_folder`.
    tables : mapping of str to pandas.DataFrame
        One CSV each.

    Raises
    ------
    OutputError
        If it cannot be written; nothing is left behind.
    """
    with fill_folder(folder) as aside:
        _write_csv(aside, tables)


def _write_csv(folder: Path, tables: Tables) -> None:
    for name, frame in tables.items():
        frame.to_csv(folder / f"{name}.csv", index=bool(frame.index.name))


def write_table(file: Path, table: pd.DataFrame) -> None:
    """Write a table to a CSV file, replacing an existing one in one step.

    Parameters
    ----------
    file : Path
        In a folder that exists.
    table : pandas.DataFrame
        Without its index.

    Raises
    ------
    OutputError
        If it cannot be written; nothing half-written is left.
    """
    aside = file.with_name(f".{file.name}-{os.getpid()}")
    try:
        table.to_csv(aside, index=False)
        aside.replace(file)
    except OSError as error:
        raise OutputError(f"{file}: cannot be written ({error.strerror or error})") from None
    finally:
        aside.unlink(missing_ok=True)


@contextmanager
def fill_folder(folder: Path) -> Iterator[Path]:
    """Yield a folder aside, which takes its place when all is written.

    Parameters
    ----------
    folder : Path
        As checked by :func:`check_folder`.

    Yields
    ------
    Path
        An empty folder to write to.

    Raises
    ------
    OutputError
        If it cannot be written; nothing is left behind.
    """
    folder = folder.absolute()
    aside = None
    try:
        aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".energyflows-"))
        yield aside
        aside.chmod(0o755)
        if folder.is_dir():
            folder.rmdir()
        aside.rename(folder)
    except OSError as error:
        raise OutputError(f"--out {folder}: cannot be written ({error})") from None
    finally:
        if aside is not None:
            shutil.rmtree(aside, ignore_errors=True)
