"""Chunks of an ensemble, each with a marker that tells what was written."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from energyflows.ensemble.storing._folder import CHUNKS, DATA, DRAW, Store, read_json, require_open, sync, write_json
from energyflows.errors import OutputError, UsageError, list_problems

REASONS = {
    errno.ENOSPC: ("the disk is full", "free space"),
    errno.EDQUOT: ("the disk quota is used up", "free space"),
    errno.EROFS: ("the disk is read-only", "make it writable"),
    errno.EACCES: ("no permission", "grant it"),
    errno.EPERM: ("no permission", "grant it"),
    errno.EFBIG: ("a file would exceed the size limit", "raise the limit"),
}


def list_committed(store: Store) -> list[int]:
    """List the chunks that are on disk for good.

    Parameters
    ----------
    store : Store
        Open or not.

    Returns
    -------
    list of int
        Numbers from 0, ascending; a chunk with a damaged marker is not among them.
    """
    return [number for number in range(store.chunks) if _read_digest(store, number)]


def locate_chunk(store: Store, number: int) -> slice:
    """Tell which draws a chunk holds.

    Parameters
    ----------
    store : Store
        Open or not.
    number : int
        From 0.

    Returns
    -------
    slice
        Positions along ``draw``.
    """
    return slice(number * store.chunk, min((number + 1) * store.chunk, store.draws))


def _locate(store: Store, name: str, number: int) -> tuple[tuple[slice, ...], Path]:
    """Return where in an array a chunk is, and in which file."""
    dims = store.passport["layout"]["variables"][name][0]
    where = tuple(locate_chunk(store, number) if dim == DRAW else slice(None) for dim in dims)
    return where, store.partial / DATA / name / ".".join(str(number) if dim == DRAW else "0" for dim in dims)


def _find_marker(store: Store, number: int) -> Path:
    return store.partial / CHUNKS / f"{number:06}.json"


def _read_digest(store: Store, number: int) -> str:
    """Return the digest in a marker; empty if there is no marker, a damaged one, or one of another ensemble."""
    marker = read_json(_find_marker(store, number))
    digest = marker.get("digest")
    sound = isinstance(digest, str) and len(digest) == 64 and not set(digest) - set("0123456789abcdef")
    return str(digest) if sound and marker.get("made_from") == _identify(store) else ""


def _identify(store: Store) -> str:
    return hashlib.sha256(json.dumps(store.passport, sort_keys=True).encode()).hexdigest()


def hash_arrays(arrays: Mapping[str, np.ndarray]) -> str:
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype.str} {array.shape} ".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


@contextlib.contextmanager
def explain(store: Store, what: str) -> Iterator[None]:
    """Turn an error of the system into one that says what is kept and how to go on."""
    try:
        yield
    except OutputError:
        raise
    except OSError as error:
        reason, remedy = REASONS.get(error.errno or 0, (error.strerror or str(error), "mend that"))
        kept = f"{len(list_committed(store))} of {store.chunks} chunks are kept in {store.partial}"
        raise OutputError(f"{store.path}: {what}, {reason}; {kept}; {remedy}, then make the same call again") from None


def write_chunk(store: Store, number: int, arrays: Mapping[str, np.ndarray]) -> None:
    """Write and commit one chunk; when this returns, it survives a kill and a power cut.

    Parameters
    ----------
    store : Store
        Open in this process.
    number : int
        Chunk not committed yet.
    arrays : mapping of str to numpy.ndarray
        Values of all variables along ``draw``, with the dims of the template and the draws of
        :func:`locate_chunk`; only dtypes that fit without loss are taken.

    Raises
    ------
    OutputError
        If the disk is full, read-only or fails; the chunks committed before are not touched.
    UsageError
        If the store is closed, the chunk committed already, or an array does not fit.
    """
    require_open(store)
    if number not in range(store.chunks) or _read_digest(store, number):
        raise UsageError(f"chunk {number}: expected one of 0 to {store.chunks - 1} that is not committed yet")
    values = _fit_arrays(store, number, arrays)
    with explain(store, f"chunk {number} cannot be written"):
        for name, array in values.items():
            where, file = _locate(store, name, number)
            store.arrays[name][where] = array
            sync(*([file] if array.size else []), file.parent)
        write_json(_find_marker(store, number), {"digest": hash_arrays(values), "made_from": _identify(store)})


def read_chunk(store: Store, number: int) -> dict[str, np.ndarray]:
    """Read a committed chunk back from disk.

    Parameters
    ----------
    store : Store
        Open in this process.
    number : int
        Committed chunk.

    Returns
    -------
    dict of str to numpy.ndarray
        As given to :func:`write_chunk`, in the dtypes of the template.

    Raises
    ------
    OutputError
        If it is not as it was written; it then loses its marker and is computed again by the same call.
    UsageError
        If the store is closed or the chunk is not committed.
    """
    require_open(store)
    if number not in range(store.chunks) or not _read_digest(store, number):
        raise UsageError(f"chunk {number}: is not committed; list_committed tells which are")
    arrays = read_stored(store, number)
    with explain(store, f"chunk {number} cannot be read"):
        refuse_damaged(store, [] if arrays else [number])
    return arrays


def read_stored(store: Store, number: int) -> dict[str, np.ndarray]:
    """Return a committed chunk in the byte order of this machine; nothing if it does not match its marker."""
    variables = store.passport["layout"]["variables"]
    try:
        stored = {
            name: np.asarray(array[_locate(store, name, number)[0]], dtype=variables[name][1])
            for name, array in store.arrays.items()
        }
    except (OSError, RuntimeError, ValueError, TypeError, MemoryError):
        return {}
    return stored if hash_arrays(stored) == _read_digest(store, number) else {}


def refuse_damaged(store: Store, numbers: list[int]) -> None:
    """Take the markers of damaged chunks away, so that they are computed again, and say so."""
    for number in numbers:
        _find_marker(store, number).unlink()
    if numbers:
        problems = [f"chunk {number} is not as it was written" for number in numbers]
        raise OutputError(list_problems(f"{store.partial}: make the same call again to mend it:", problems))


def _fit_arrays(store: Store, number: int, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the arrays in the dtypes of the store, or say what does not fit."""
    span, problems, fitted = locate_chunk(store, number), [], {}
    if set(arrays) != set(store.variables):
        problems.append(f"found variables {', '.join(map(str, arrays))}, expected {', '.join(store.variables)}")
    for name in set(arrays) & set(store.variables):
        values, (dims, dtype) = np.asarray(arrays[name]), store.passport["layout"]["variables"][name]
        full = dict(zip(dims, store.arrays[name].shape, strict=True))
        shape = tuple((full | {DRAW: span.stop - span.start}).values())
        if values.shape != shape:
            problems.append(f"{name}: found shape {values.shape}, expected {shape} for {', '.join(dims)}")
        elif not np.can_cast(values.dtype, dtype, "safe"):
            problems.append(f"{name}: found dtype {values.dtype}, expected {np.dtype(dtype)} or one that fits into it")
        else:
            fitted[name] = values.astype(dtype)
    if problems:
        raise UsageError(list_problems(f"chunk {number}:", problems))
    return fitted
