"""An ensemble from its first file to its final name, and back into memory."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import numpy as np
import xarray as xr

from energyflows.ensemble.storing._chunks import explain, hash_arrays, list_committed, read_stored, refuse_damaged
from energyflows.ensemble.storing._folder import (
    CHUNKS,
    DATA,
    DRAW,
    LOCK,
    PASSPORT,
    Store,
    close_store,
    lock_folder,
    name_partial,
    read_json,
    require_open,
    sync,
    write_json,
)
from energyflows.errors import OutputError, UsageError, list_problems

MARK = "energyflows_fingerprint"
KINDS = "biufU"


def open_store(
    path: str | Path, template: xr.Dataset, fingerprint: Mapping[str, str], *, chunk: int, resume: bool = True
) -> Store:
    """Begin an ensemble on disk, or go on with one.

    Parameters
    ----------
    path : str or Path
        Folder the complete ensemble will have; its parent must exist, it must not.
    template : xarray.Dataset
        The ensemble without its values: all coordinates and attributes in full; a variable along ``draw`` (numbers,
        bool, fixed-length strings) gives dims, dtype and attributes, and its values are ignored, so
        ``np.broadcast_to(np.nan, shape)`` does without memory. Variables without ``draw`` are written as they are.
    fingerprint : mapping of str to str
        What the ensemble is made from, as digests: ``{"network": ..., "draws": ...}``.
    chunk : int
        Draws per chunk.
    resume : bool
        Whether to go on with what an earlier process left; otherwise that is an error.

    Returns
    -------
    Store
        Locked for this process until :func:`finish` or :func:`close_store`, or the end of the process.

    Raises
    ------
    OutputError
        If something else is there, another process writes, or the folder cannot be written. Nothing is deleted.
    UsageError
        If an argument cannot be used.
    """
    template = _fix_strings(template)
    store = _plan(path, template, fingerprint, chunk)
    _refuse_target(store)
    _refuse_partial(store, resume=resume)
    with explain(store, "cannot be opened"):
        store.partial.mkdir(exist_ok=True)
        return _enter(replace(store, lock=lock_folder(store.partial)), template)


def _enter(store: Store, template: xr.Dataset) -> Store:
    """Return the store with its arrays; the lock is held already."""
    try:
        _refuse_target(store)  # again, as another process may have finished it before the lock was free
        _prepare(store, template)
        return replace(store, arrays=_open_arrays(store))
    except BaseException:
        close_store(store)
        raise


def _read_path(path: str | Path) -> Path:
    if not isinstance(path, str | os.PathLike):
        raise UsageError(f"store: found {path!r}, expected the path of a folder")
    return Path(path).absolute()


def _plan(path: str | Path, template: xr.Dataset, fingerprint: Mapping[str, str], chunk: int) -> Store:
    """Check the arguments and put them into a store that is not open yet."""
    folder = _read_path(path)
    moving = [name for name, array in template.data_vars.items() if DRAW in array.dims]
    problems = [
        f"{name!r}: found dtype {array.dtype}, expected numbers, bool or strings"
        for name, array in template.variables.items()
        if array.dtype.kind not in (KINDS if name in moving else f"{KINDS}mM")
    ]
    names = [name for name in template.variables if not isinstance(name, str) or "/" in name or name[:1] in {"", "."}]
    problems += [f"name {name!r}: cannot be the name of a folder" for name in names]
    if not moving or not template.sizes[DRAW]:
        problems.append(f"template: no variable along {DRAW!r}, or no draws")
    if not _is_count(chunk):
        problems.append(f"chunk: found {chunk!r}, expected a number of draws, at least 1")
    if not fingerprint or not all(isinstance(text, str) for pair in fingerprint.items() for text in pair):
        problems.append(f"fingerprint: found {fingerprint!r}, expected digests by name")
    if not Path(path).name or Path(path).name == "..":
        problems.append(f"path: found {str(path)!r}, expected the name of a folder to make")
    if problems:
        raise UsageError(list_problems("cannot store this ensemble:", problems))
    variables = {str(name): [list(template[name].dims), template[name].dtype.newbyteorder("=").str] for name in moving}
    coordinates = {
        str(name): hash_arrays({str(name): array.values})
        for name, array in template.drop_vars(moving).variables.items()
    }
    sizes = {str(dim): size for dim, size in template.sizes.items()}
    layout = {"chunk size": int(chunk), "sizes": sizes, "coordinates": coordinates, "variables": variables}
    passport = json.loads(json.dumps({"fingerprint": dict(fingerprint), "layout": layout}))
    return Store(folder, int(chunk), template.sizes[DRAW], tuple(variables), passport)


def _is_count(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and bool(value >= 1)


def _fix_strings(template: xr.Dataset) -> xr.Dataset:
    """Give strings held as objects a fixed length, which every Zarr reader understands."""
    if not isinstance(template, xr.Dataset):
        raise UsageError(f"template: found {type(template).__name__}, expected an xarray.Dataset")
    loose = {name: array for name, array in template.drop_encoding().variables.items() if array.dtype.kind in "OT"}
    fixed = {
        name: (array.dims, array.values.astype(str), array.attrs)
        for name, array in loose.items()
        if all(isinstance(value, str) for value in array.values.flat)
    }
    return template.drop_encoding().assign(fixed)


def _refuse_target(store: Store) -> None:
    path = store.path
    if not path.parent.is_dir():
        raise OutputError(f"{path}: cannot be written, there is no folder {path.parent}; make it first")
    if not os.path.lexists(path):
        return
    if (found := _read_fingerprint(path)) is None:
        what = "a folder that is no complete ensemble" if path.is_dir() else "a file"
        raise OutputError(f"{path}: is {what}; choose another path")
    _refuse_others(path, found, store.passport["fingerprint"])
    raise OutputError(f"{path}: is complete already; read it with open_ensemble, or delete it to compute it again")


def _refuse_partial(store: Store, *, resume: bool) -> None:
    partial = store.partial
    if not os.path.lexists(partial):
        return
    if partial.is_symlink() or not partial.is_dir():
        raise OutputError(f"{partial}: is a file or a link, where a folder is to be made; choose another path")
    with explain(store, "cannot be read"):
        # A process killed right after making the folder leaves it empty.
        names = [entry.name for entry in partial.iterdir()]
    if names and LOCK not in names:
        raise OutputError(f"{partial}: is a folder of something else; choose another path")
    if names and not resume:
        raise OutputError(f"{partial}: an earlier run left chunks; resume, choose another path or delete that folder")


def _refuse_others(folder: Path, found: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Refuse a folder made from other things, naming them."""
    parts = [part for part in dict.fromkeys([*wanted, *found]) if found.get(part) != wanted.get(part)]
    if parts:
        words = [f"{'other' if part.endswith('s') else 'another'} {part}" for part in parts]
        text = " and ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)
        raise OutputError(f"{folder}: was made from {text}; choose another path, or delete that folder")


def _prepare(store: Store, template: xr.Dataset) -> None:
    """Make the folder ready, or check that what is there fits."""
    file, data = store.partial / PASSPORT, store.partial / DATA
    if not file.exists() or not data.is_dir():
        _create(store, template)
        return
    found = read_json(file)
    if not {"fingerprint", "layout"} <= found.keys():
        raise OutputError(f"{file}: is damaged; delete the folder {store.partial}")
    _refuse_others(
        store.partial,
        {**found["layout"], **found["fingerprint"]},
        {**store.passport["layout"], **store.passport["fingerprint"]},
    )
    for leftover in data.glob("*/*.partial"):  # what Zarr was writing when an earlier process was killed
        leftover.unlink()


def _create(store: Store, template: xr.Dataset) -> None:
    """Write everything but the chunks; the passport goes first and comes last."""
    (store.partial / PASSPORT).unlink(missing_ok=True)
    for name in (CHUNKS, DATA):
        if (store.partial / name).exists():
            shutil.rmtree(store.partial / name)
    (store.partial / CHUNKS).mkdir()
    try:
        _write_template(store, template)
    except (TypeError, ValueError, NotImplementedError) as error:
        _discard(store.partial, store.lock)
        raise UsageError(f"template: cannot be stored ({error})") from error
    for folder, _, files in os.walk(store.partial):
        sync(Path(folder), *(Path(folder, name) for name in files))
    write_json(store.partial / PASSPORT, store.passport)
    sync(store.path.parent)


def _write_template(store: Store, template: xr.Dataset) -> None:
    """Write coordinates, and the variables along ``draw`` at full length but without values."""
    import zarr

    data, names = store.partial / DATA, list(store.variables)
    template.drop_vars(names).to_zarr(data, mode="w-", zarr_format=2, consolidated=False, write_empty_chunks=True)
    empty = template[names].isel({DRAW: slice(0, 0)})
    sizes = {dim: max(1, size) for dim, size in template.sizes.items()} | {DRAW: store.chunk}
    chunks = {name: {"chunks": tuple(sizes[dim] for dim in template[name].dims)} for name in names}
    empty = empty.drop_vars(list(empty.coords))
    empty.to_zarr(data, mode="a", zarr_format=2, consolidated=False, encoding=chunks)
    group: Any = zarr.open_group(data, mode="r+", use_consolidated=False)
    for name in names:
        group[name].resize(template[name].shape)
    if others := " ".join(str(name) for name in template.coords if name not in template.dims):
        group.attrs["coordinates"] = others


def _open_arrays(store: Store) -> dict[str, Any]:
    import zarr

    # A chunk of nothing but fill values must leave its file too, or a lost file could not be told from it.
    with zarr.config.set({"array.write_empty_chunks": True}):
        group = zarr.open_group(store.partial / DATA, mode="r+", use_consolidated=False)
        return {name: group[name] for name in store.variables}


def finish(store: Store) -> None:
    """Check every chunk as it is on disk, then give the folder its final name in one step.

    Parameters
    ----------
    store : Store
        Open in this process, with all chunks committed; closed afterwards.

    Raises
    ------
    OutputError
        If chunks are missing, or do not match what was written (these lose their marker and are computed again by
        the same call), or the disk fails.
    UsageError
        If the store is closed.
    """
    require_open(store)
    committed = list_committed(store)
    if missing := [f"chunk {number}" for number in range(store.chunks) if number not in committed]:
        raise OutputError(list_problems(f"{store.partial}: {len(missing)} of {store.chunks} chunks missing:", missing))
    with explain(store, "cannot be finished"):
        refuse_damaged(store, [number for number in committed if not read_stored(store, number)])
        _publish(store)
    _discard(store.partial, store.lock)


def _publish(store: Store) -> None:
    import zarr

    data = store.partial / DATA
    group = zarr.open_group(data, mode="r+", use_consolidated=False)
    group.attrs[MARK] = json.dumps(store.passport["fingerprint"])
    zarr.consolidate_metadata(data, zarr_format=2)
    sync(*(file for file in data.iterdir() if file.is_file()), data)
    data.rename(store.path)
    sync(store.path.parent)


def _discard(partial: Path, lock: IO[bytes] | None) -> None:
    """Remove what is ours in the partial folder, and the folder unless somebody put something else into it."""
    for name in (CHUNKS, DATA):
        shutil.rmtree(partial / name, ignore_errors=True)
    with contextlib.suppress(OSError):
        (partial / PASSPORT).unlink(missing_ok=True)
        (partial / LOCK).unlink()
        partial.rmdir()
    if lock is not None:
        lock.close()


def is_finished(path: str | Path, fingerprint: Mapping[str, str]) -> bool:
    """Tell whether an ensemble is complete and made from these things.

    If it is, what a kill just after its completion may have left beside it is removed.

    Parameters
    ----------
    path : str or Path
        Of the ensemble.
    fingerprint : mapping of str to str
        As given to :func:`open_store`.

    Returns
    -------
    bool
        False also if there is nothing, or something else.
    """
    folder = _read_path(path)
    if _read_fingerprint(folder) != dict(fingerprint):
        return False
    partial = name_partial(folder)
    if (partial / LOCK).exists() and not (partial / DATA).exists():
        with contextlib.suppress(OSError):  # a leftover does no harm, and the disk may be read-only now
            _discard(partial, lock_folder(partial))
    return True


def open_ensemble(path: str | Path) -> xr.Dataset:
    """Open a complete ensemble; values are read when they are used.

    Parameters
    ----------
    path : str or Path
        Folder made by :func:`finish`.

    Returns
    -------
    xarray.Dataset
        As the template, with all values, and the fingerprint as JSON in the attribute ``energyflows_fingerprint``.

    Raises
    ------
    OutputError
        If there is no such folder, or it is not complete or not an ensemble.
    """
    folder = _read_path(path)
    if not folder.exists() and (partial := name_partial(folder)).is_dir():
        raise OutputError(f"{folder}: is not complete; make the call that began {partial} again")
    if not folder.is_dir():
        raise OutputError(f"{folder}: no such folder; expected a complete ensemble")
    if _read_fingerprint(folder) is None:
        raise OutputError(f"{folder}: is no complete ensemble of energyflows")
    try:
        ds: xr.Dataset = xr.open_zarr(folder, chunks=None, consolidated=True)
    except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
        raise OutputError(f"{folder}: is damaged ({type(error).__name__}: {error})") from None
    if lost := [str(name) for name, array in ds.variables.items() if not _has_all(folder / str(name), array)]:
        raise OutputError(f"{folder}: is damaged, files of {', '.join(lost)} are missing; copy or compute it again")
    return ds


def _has_all(folder: Path, array: xr.Variable) -> bool:
    """Tell whether all chunk files are there; Zarr would read missing ones as fill values."""
    sizes = zip(array.shape, array.encoding["chunks"], strict=True)
    expected = int(np.prod([-(-size // chunk) for size, chunk in sizes]))
    return folder.is_dir() and sum(not file.name.startswith(".") for file in folder.iterdir()) >= expected


def _read_fingerprint(folder: Path) -> dict[str, str] | None:
    try:
        mark = json.loads(read_json(folder / ".zmetadata")["metadata"][".zattrs"][MARK])
    except (KeyError, TypeError, ValueError):
        return None
    return mark if isinstance(mark, dict) else None
