"""Write the hashes and sizes of changed tables into a data package: ``python -m energyflows.datasets.refresh``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from energyflows.datasets._passport import FILE_NAME, find_folder, hash_file


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
    """
    path = folder / FILE_NAME
    package = json.loads(path.read_text(encoding="utf-8"))
    changed = []
    for resource in package["resources"]:
        file = folder / resource["path"]
        found = hash_file(file)
        if resource.get("hash") != found:
            resource.update(hash=found, bytes=file.stat().st_size)
            changed.append(resource["name"])
    path.write_text(json.dumps(package, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return changed


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else find_folder()
    names = refresh_hashes(target)
    sys.stdout.write(f"{target}: {', '.join(names) or 'nothing'} changed\n")
