"""Results of many draws on disk: a Zarr folder, committed chunk by chunk along ``draw``.

While being written, everything lives in ``PATH.partial``::

    energyflows.lock   held by the one process that writes
    passport.json      fingerprint and layout; written last, so without it the folder was never ready
    chunks/000007.json one marker per committed chunk, with the digest of its arrays
    data/              the Zarr group

``PATH`` is ``data`` renamed, once every chunk has been read back from disk and matched its marker.
"""

from __future__ import annotations

from energyflows.ensemble.storing._chunks import list_committed, locate_chunk, read_chunk, write_chunk
from energyflows.ensemble.storing._ensemble import finish, is_finished, open_ensemble, open_store
from energyflows.ensemble.storing._folder import Store, close_store

__all__ = [
    "Store",
    "close_store",
    "finish",
    "is_finished",
    "list_committed",
    "locate_chunk",
    "open_ensemble",
    "open_store",
    "read_chunk",
    "write_chunk",
]
