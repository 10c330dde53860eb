"""Where the packaged tables are, and how they are loaded with their passports."""

from __future__ import annotations

from energyflows.datasets._loading import check_given, load_tables
from energyflows.datasets._passport import find_folder, hash_content, hash_file, read_passports, strip_passport

__all__ = ["check_given", "find_folder", "hash_content", "hash_file", "load_tables", "read_passports", "strip_passport"]
