"""What can go wrong, as one small tree.

Every error derives from :class:`EnergyFlowsError` *and* from the builtin a caller would expect, so that
``except ValueError`` works without knowing this library. Messages say what was found, where, what was expected and
how to mend it; where several things are wrong they are told at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

#: Letters of a text that fit into a message.
_LONGEST = 60


class EnergyFlowsError(Exception):
    """Base of all errors raised on purpose by energyflows."""


class UsageError(EnergyFlowsError, ValueError):
    """An argument has a value that cannot be used."""


class UnknownNameError(EnergyFlowsError, KeyError):
    """A name (table, zone, link, parameter) does not exist."""

    def __str__(self) -> str:
        """Return the message itself; ``KeyError`` would show it in quotes."""
        return str(self.args[0]) if self.args else ""


class TableError(EnergyFlowsError, ValueError):
    """One or more input tables do not meet their schema."""


class PassportError(EnergyFlowsError, ValueError):
    """A data package or one of its hashes does not match the files."""


class ScenarioError(EnergyFlowsError, ValueError):
    """A scenario or study is not one, contradicts itself, or does not fit the network."""


class SolveError(EnergyFlowsError, RuntimeError):
    """The solver did not return an optimal solution."""


class InfeasibleError(SolveError):
    """No flow meets all bounds."""


class UnboundedError(SolveError):
    """The cost can fall without limit."""


class WorkerError(EnergyFlowsError, RuntimeError):
    """A worker process or a cluster went away before its work was done."""


class MismatchError(EnergyFlowsError, RuntimeError):
    """Two ways to compute the same number disagree."""


class ResultsError(EnergyFlowsError, ValueError):
    """A network or a dataset cannot be read as results, or its balances do not close."""


class OutputError(EnergyFlowsError, OSError):
    """A file or folder cannot be written or read."""


def list_problems(title: str, problems: Iterable[str], limit: int = 20) -> str:
    """Format problems as one message.

    Parameters
    ----------
    title : str
        What was being checked.
    problems : iterable of str
        One sentence each.
    limit : int
        How many to print; the rest is counted.

    Returns
    -------
    str
        Title, bullets and, if cut, the number left out.

    Examples
    --------
    >>> print(list_problems("2 problems in zones.csv:", ["row 2: no name", "row 9: no name"], limit=1))
    2 problems in zones.csv:
      - row 2: no name
      … and 1 more
    """
    found = list(problems)
    lines = [title, *(f"  - {problem}" for problem in found[:limit])]
    if len(found) > limit:
        lines.append(f"  … and {len(found) - limit} more")
    return "\n".join(lines)


def require(value: object, attributes: str, expected: str) -> None:
    """Refuse an argument of the wrong kind before it fails somewhere inside.

    Parameters
    ----------
    value : object
        The argument.
    attributes : str
        Names an object of the right kind has, separated by spaces.
    expected : str
        That kind in words.

    Raises
    ------
    UsageError
        Naming what was found and what was expected.

    Examples
    --------
    >>> require({"zones": 1}, "items keys", "tables by name")
    """
    if not all(hasattr(value, name) for name in attributes.split()):
        raise UsageError(f"found {type(value).__name__}, expected {expected}")


def suggest(found: str, known: Iterable[str]) -> str:
    """Return a question that names what is spelled alike, or nothing.

    Parameters
    ----------
    found : str
        What was written.
    known : iterable of str
        What could have been meant.

    Returns
    -------
    str
        To put behind a sentence.

    Examples
    --------
    >>> suggest("backfil", ["backfill", "swap"]), suggest("tap", ["TAP", "TANAP"])
    ('; did you mean backfill?', '; did you mean TAP?')
    """
    folded: dict[str, str] = {}
    for name in known:
        folded.setdefault(name.casefold(), name)
    wanted = found[:_LONGEST].strip().casefold()
    near = [folded[name] for name in ([wanted] if wanted in folded else get_close_matches(wanted, folded, n=3))]
    return f"; did you mean {' or '.join(near)}?" if near else ""


def shorten(text: str, length: int = _LONGEST) -> str:
    """Return a text that fits into a message.

    Parameters
    ----------
    text : str
        Any.
    length : int
        Most characters.

    Returns
    -------
    str
        Its beginning.

    Examples
    --------
    >>> shorten("abcdef", 4)
    'abc…'
    """
    return text if len(text) <= length else f"{text[: length - 1]}…"
