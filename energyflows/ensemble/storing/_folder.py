"""The folder an ensemble is written in: its files, and the lock on it."""

from __future__ import annotations

import io
import json
import os
import platform
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Self

from energyflows.errors import OutputError, UsageError

try:
    import fcntl
except ModuleNotFoundError:  # Windows
    fcntl = None  # type: ignore[assignment]

DRAW = "draw"
LOCK, PASSPORT, CHUNKS, DATA = "energyflows.lock", "passport.json", "chunks", "data"
_LOCKS: weakref.WeakSet[IO[bytes]] = weakref.WeakSet()


@dataclass(frozen=True)
class Store:
    """An ensemble being written; a context manager that lets go of the folder at its end.

    Attributes
    ----------
    path : Path
        Where the complete ensemble will be.
    chunk : int
        Draws per chunk; the last may hold fewer.
    draws : int
        Number of draws.
    variables : tuple of str
        Names of the variables along ``draw``, which every chunk must bring.
    passport : mapping
        Fingerprint and layout.
    arrays : mapping
        The Zarr arrays by name.
    lock : file or None
        Open as long as this process may write.
    """

    path: Path
    chunk: int
    draws: int
    variables: tuple[str, ...]
    passport: Mapping[str, Any] = field(repr=False)
    arrays: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    lock: IO[bytes] | None = field(default=None, repr=False, compare=False)

    @property
    def partial(self) -> Path:
        """Folder being written."""
        return name_partial(self.path)

    @property
    def chunks(self) -> int:
        """Number of chunks."""
        return -(-self.draws // self.chunk)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        close_store(self)


def name_partial(path: Path) -> Path:
    return path.with_name(f"{path.name}.partial")


def require_open(store: Store) -> None:
    if store.lock is None or store.lock.closed:
        raise UsageError(f"{store.path}: this store is not open (finished, closed, or opened by another process)")


def read_json(file: Path) -> dict[str, Any]:
    """Return what a file holds; empty if it is missing or damaged."""
    try:
        found = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_json(file: Path, content: Mapping[str, Any]) -> None:
    """Write a small file so that it is there in full or not at all, also after a power cut."""
    aside = file.with_suffix(".new")
    try:
        aside.write_text(json.dumps(content, indent=1), encoding="utf-8")
        sync(aside)
        aside.replace(file)
    finally:
        aside.unlink(missing_ok=True)
    sync(file.parent)


def sync(*paths: Path) -> None:
    """Wait until files and folders are on the disk; Windows offers no such thing for what is open for reading."""
    for path in () if os.name == "nt" else paths:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def close_store(store: Store) -> None:
    """Let another process write; what is committed stays.

    Parameters
    ----------
    store : Store
        From :func:`open_store`; closing twice does no harm.
    """
    if store.lock is not None:
        store.lock.close()


def lock_folder(partial: Path) -> IO[bytes]:
    """Hold the folder; the system lets go of it however the process ends."""
    lock = (partial / LOCK).open("a+b", buffering=0)
    if fcntl is None:
        lock.close()
        return _create_guard(partial)
    _LOCKS.add(lock)
    try:
        if held := _seize(lock, partial / LOCK):
            _sign(lock)
        lock.seek(0)
        owner = lock.read().decode(errors="replace") or "another process"
    except OSError:
        lock.close()
        raise
    if not held:
        lock.close()
        raise OutputError(f"{partial}: is being written by {owner}; wait for its end or choose another path")
    return lock


def _sign(lock: IO[bytes]) -> None:
    lock.truncate(0)
    lock.write(f"process {os.getpid()} on {platform.node()}".encode())


def _seize(lock: IO[bytes], path: Path) -> bool:
    """Lock the file, unless another process holds it or has just removed it at its end."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(lock.fileno()), path.stat())
    except (BlockingIOError, FileNotFoundError):
        return False


class _Guard(io.FileIO):
    """File beside the folder that stands for a lock where the system has none; removed when closed."""

    def close(self) -> None:
        held = not self.closed
        super().close()
        if held:
            Path(os.fsdecode(self.name)).unlink(missing_ok=True)


def _create_guard(partial: Path) -> IO[bytes]:
    """Hold the folder on a system without ``fcntl``, where a killed process leaves its guard behind."""
    path = partial.with_name(f"{partial.name}.lock")
    try:
        guard = _Guard(path, "x")
    except FileExistsError:
        owner = path.read_text(errors="replace") or "another process"
        raise OutputError(
            f"{partial}: is being written by {owner}; wait for its end or, if it was killed, delete {path}"
        ) from None
    _sign(guard)
    return guard


def _drop_locks() -> None:
    """Keep a forked worker that outlives its parent from holding the parent's folder."""
    for lock in list(_LOCKS):
        lock.close()


if fcntl is not None:
    os.register_at_fork(after_in_child=_drop_locks)
