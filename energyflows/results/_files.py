"""Results to NetCDF and back; a file is complete or not there."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import xarray as xr

from energyflows.errors import OutputError, ResultsError, UsageError
from energyflows.results._checking import check_results


def write_results(ds: xr.Dataset, path: str | Path) -> Path:
    """Write results to a NetCDF file.

    Parameters
    ----------
    ds : xarray.Dataset
        Results.
    path : str or Path
        File to write; an existing one is replaced in one step.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OutputError
        If it cannot be written; nothing half-written is left.
    """
    target = Path(path)
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
        os.close(handle)
    except OSError as error:
        raise OutputError(f"{target}: cannot be written ({error.strerror or error})") from None
    aside = Path(name)
    try:
        # HDF5 does not survive a disk that fills up, so it writes to memory and Python to the disk.
        checksums = {
            name: {"fletcher32": True}
            for name, array in ds.data_vars.items()
            if array.ndim and array.dtype.kind in "iuf"
        }
        aside.write_bytes(ds.to_netcdf(engine="h5netcdf", encoding=checksums))
        aside.chmod(0o644)
        aside.replace(target)
    except OSError as error:
        raise OutputError(f"{target}: cannot be written ({error.strerror or error})") from None
    finally:
        aside.unlink(missing_ok=True)
    return target


def open_results(path: str | Path) -> xr.Dataset:
    """Read results from a NetCDF file into memory.

    Parameters
    ----------
    path : str or Path
        File written by :func:`write_results`.

    Returns
    -------
    xarray.Dataset
        As written.

    Raises
    ------
    OutputError
        If there is no such file or it is not NetCDF.
    ResultsError
        If it holds something else, or its balances do not close.
    """
    if not isinstance(path, str | Path):
        raise UsageError(f"path: found {path!r}, expected the name of a file")
    source = Path(path)
    if not source.is_file():
        raise OutputError(f"{source}: no such file; expected one written with write_results or 'run --out'")
    try:
        ds = xr.load_dataset(source, engine="h5netcdf")
    except (OSError, ValueError, KeyError, RuntimeError, TypeError, AttributeError) as error:
        raise OutputError(f"{source}: not a NetCDF file, or damaged ({type(error).__name__})") from None
    if "sent" not in ds or "consumed" not in ds:
        raise ResultsError(f"{source}: a NetCDF file, but not results of energyflows; found {', '.join(map(str, ds))}")
    try:
        check_results(ds)
    except (ResultsError, ValueError, TypeError, KeyError) as error:
        raise ResultsError(f"{source}: damaged, or not results of energyflows: {error}") from None
    return ds
