"""What all figures share: colours, an empty figure, its caption, and files that are complete or not there."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from energyflows.errors import OutputError, UsageError, require

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PUBLISHERS = "Bruegel, ENTSOG, AGSI, Eurostat, World Bank"
#: How a run with observed landings and exits given, and one without, is called and drawn.
PINS = {"on": "pins on", "off": "pins off"}
PIN_COLOURS = {"on": "#0072B2", "off": "#D55E00"}
PIN_DASHES = {"on": "-", "off": "--"}
GREY = "#8C8C8C"
#: Okabe and Ito's colours, and one more; a marker of its own tells each group to who sees no colour.
GROUP_STYLES = {
    "lng": ("#0072B2", "o"),
    "lng-groups": ("#56B4E9", "s"),
    "lng-total": ("#000000", "D"),
    "norway": ("#009E73", "^"),
    "tap": ("#D55E00", "v"),
    "russia": ("#CC79A7", "P"),
    "algeria": ("#E69F00", "X"),
    "borders": ("#F0E442", "<"),
    "others": ("#7B4B2A", ">"),
}
_PNG_DPI = 200


def make_figure(width: float, height: float) -> Figure:
    """Return an empty figure that belongs to no window, in inches.

    Raises
    ------
    UsageError
        If matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise UsageError("figures need matplotlib, which is not installed: pip install energyflows[plot]") from None
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def name_observed(frame: pd.DataFrame) -> str:
    """Return where figures of a hindcast are from.

    A frame made with observations of a user's own holds the name of their file as ``attrs["path"]``.
    """
    own = frame.attrs.get("path")
    return f"energyflows hindcast; observed: {Path(own).name if own else _PUBLISHERS}"


def finish(figure: Figure, title: str, note: str, source: str = "energyflows") -> None:
    """Put a title above a figure, and below it a note and its source; then fix its layout."""
    figure.suptitle(title, x=0.01, ha="left", fontsize=12, fontweight="bold")
    told = f"{note}\nSource: {source}"
    figure.supxlabel(told, x=0.01, ha="left", fontsize=7, color="#444444")
    for _ in range(2):  # square axes move once more when their labels are known
        figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axes in figure.axes:  # the layout differs in the last digits from run to run, which would change the files
        axes.set_position(tuple(np.round(axes.get_position(original=True).bounds, 5)))


def name_years(years: Iterable[int]) -> str:
    """Return ``2021`` or ``2019–2025``."""
    found = sorted({int(year) for year in years})
    return str(found[0]) if len(found) == 1 else f"{found[0]}–{found[-1]}"


def check_frame(frame: pd.DataFrame, name: str, columns: Iterable[str]) -> None:
    """Refuse what is no frame, or lacks a column."""
    require(frame, "columns loc", f"the frame {name!r} of run_hindcast")
    missing = [column for column in columns if column not in frame]
    if missing:
        raise UsageError(f"{name}: found no column {', '.join(missing)}; expected the frame {name!r} of run_hindcast")


def write_figures(figures: Mapping[str, Figure], folder: Path) -> list[Path]:
    """Write each figure as PNG and as SVG; an existing file is replaced in one step.

    Parameters
    ----------
    figures : mapping of str to matplotlib.figure.Figure
        By file name without suffix.
    folder : Path
        Made if it is not there.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    OutputError
        If one cannot be written; nothing half-written is left.
    """
    contents = {
        folder / f"{name}.{suffix}": _render(figure, suffix)
        for name, figure in figures.items()
        for suffix in ("png", "svg")
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, content in contents.items():
            _replace(path, content)
    except OSError as error:
        raise OutputError(f"{folder}: figures cannot be written ({error.strerror or error})") from None
    return list(contents)


def _render(figure: Figure, suffix: str) -> bytes:
    """Return the bytes of an image, the same for the same figure."""
    import matplotlib as mpl

    file = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "energyflows"}):
        figure.savefig(file, format=suffix, dpi=_PNG_DPI, metadata={"Date": None} if suffix == "svg" else None)
    return file.getvalue()


def _replace(path: Path, content: bytes) -> None:
    """Write aside, then rename."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    os.close(handle)
    aside = Path(name)
    try:
        aside.write_bytes(content)
        aside.chmod(0o644)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
