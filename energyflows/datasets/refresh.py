"""Write the hashes and sizes of changed tables into a data package: ``python -m energyflows.datasets.refresh``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from energyflows.datasets._passport import FILE_NAME, find_folder, hash_file, read_package
from energyflows.errors import EnergyFlowsError, OutputError


def refresh_hashes(folder: Path) -> list[str]:
    """Bring the hashes of a data package up to date.

    Parameters
    ----------
    folder : Path
        Folder with ``datapackage.json`` and its tables.

    Returns
    -------
    list of str
        Names of the tables whose hash changed.

    Raises
    ------
    PassportError
        If the package cannot be read.
    OutputError
        If a table it names cannot be read, or the package cannot be written.
    """
    path = folder / FILE_NAME
    package = read_package(path)
    changed = []
    try:
        for resource in package["resources"]:
            file = folder / resource.get("path", f"{resource['name']}.csv")
            found = hash_file(file)
            if resource.get("hash") != found:
                resource.update(hash=found, bytes=file.stat().st_size)
                changed.append(resource["name"])
        aside = path.with_suffix(".tmp")
        aside.write_text(json.dumps(package, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        aside.replace(path)
    except OSError as error:
        raise OutputError(f"{path}: hashes stay as they were ({error})") from None
    return changed


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else find_folder()
    try:
        names = refresh_hashes(target)
    except EnergyFlowsError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    sys.stdout.write(f"{target}: {', '.join(names) or 'nothing'} changed\n")
