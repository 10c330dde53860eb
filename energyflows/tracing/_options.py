"""Words an option may take."""

from __future__ import annotations

from typing import Any

from energyflows.errors import suggest

COUPLING = ("direct", "aggregated")


def find_wrong_words(**options: tuple[Any, tuple[str, ...]]) -> list[str]:
    """List options whose word is none of those allowed.

    Parameters
    ----------
    **options : tuple
        What was found and what is allowed, by name.

    Returns
    -------
    list of str
        One sentence for each.

    Examples
    --------
    >>> find_wrong_words(coupling=("net", ("direct", "aggregated")))
    ["coupling: found 'net', expected 'direct' or 'aggregated'"]
    """
    return [
        f"{name}: found {found!r}, expected {' or '.join(map(repr, allowed))}{suggest(str(found), allowed)}"
        for name, (found, allowed) in options.items()
        if not isinstance(found, str) or found not in allowed
    ]
