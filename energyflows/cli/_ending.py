"""How the program begins and ends."""

from __future__ import annotations

import sys

import typer

from energyflows.cli._app import app
from energyflows.errors import EnergyFlowsError


def main() -> None:
    """Run the command line; mistakes are told in a sentence and end with exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # a letter the terminal lacks is no reason to stop
    try:
        code = app(standalone_mode=False)
    except EnergyFlowsError as error:
        typer.echo(f"error: {error}", err=True)
        code = 2
    except (KeyboardInterrupt, typer.Abort):
        code = 130
    except BrokenPipeError:
        code = 0
    except OSError as error:
        typer.echo(f"error: cannot write the output ({error.strerror or error})", err=True)
        code = 2
    except Exception as error:  # noqa: BLE001  a person at a terminal must never meet a traceback
        code = _tell_other(error)
    if code == 130:
        typer.echo("stopped", err=True)
        _stop_solver()
    sys.exit(code or 0)


def _stop_solver() -> None:
    """Wait for the threads of HiGHS; one that has only just begun would abort the end of the process."""
    if "highspy" in sys.modules:
        wait = True
        sys.modules["highspy"].Highs.resetGlobalScheduler(wait)


def _tell_other(error: Exception) -> int:
    """Tell a mistake in the command's words; anything else is a fault of this program."""
    if hasattr(error, "format_message"):
        text = error.format_message()
        asked = type(error).__name__ == "NoArgsIsHelpError"
        typer.echo(text if asked else f"error: {text.rstrip('.')}; see 'energyflows --help'", err=True)
        return 2
    typer.echo(
        f"internal error: {type(error).__name__}: {error}\nThis is a fault of energyflows, not of your input; "
        "please report it with the command you typed.",
        err=True,
    )
    if {"-v", "--verbose"} & set(sys.argv):
        raise error
    return 1
