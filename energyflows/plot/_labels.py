"""Labels beside points, put where they hide neither each other nor other points."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Annotation
    from matplotlib.transforms import Bbox

Point = tuple[float, float]

_ANGLES = [math.radians(angle) for angle in (45, 315, 225, 135, 0, 180, 90, 270, 20, 340, 200, 160)]
#: Distances tried, in points.
_DISTANCES = (14, 22, 32, 44, 60, 80)
#: A label on another label is worse than on any number of points.
_COLLISION = 1000.0


def place_labels(axes: Axes, points: Sequence[Point], texts: Sequence[str], others: npt.NDArray[np.float64]) -> None:
    """Label points of an axes whose place and limits are final.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where the points are.
    points : sequence of tuple of float
        Points to label, in data coordinates.
    texts : sequence of str
        A label each.
    others : numpy.ndarray
        All points, in data coordinates, shape (n, 2): labels keep off them.
    """
    crowd = axes.transData.transform(others)
    taken: list[Bbox] = []
    for point, text in zip(points, texts, strict=True):
        label = axes.annotate(
            text,
            point,
            xytext=(0, 0),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=7,
            zorder=6,
            bbox={"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.7},
            arrowprops={"arrowstyle": "-", "color": "#555555", "linewidth": 0.5, "shrinkA": 2, "shrinkB": 3},
        )
        label.set_in_layout(False)
        taken.append(_settle(label, axes, crowd, taken))


def _settle(label: Annotation, axes: Axes, crowd: npt.NDArray[np.float64], taken: list[Bbox]) -> Bbox:
    """Move a label to the best of some places around its point, and return what it covers there."""
    renderer = cast("Any", axes.figure.canvas).get_renderer()
    scale = axes.figure.dpi / 72
    size = label.get_window_extent(renderer).padded(1.5 * scale)
    best, cost, chosen = (0.0, 0.0), math.inf, size
    for distance, offset in _list_offsets(size.width / scale, size.height / scale):
        box = size.translated(offset[0] * scale, offset[1] * scale)
        found = distance / 20 + _count_hits(box, axes.bbox, crowd, taken)
        if found < cost:
            best, cost, chosen = offset, found, box
    label.set_position(best)
    return chosen


def _list_offsets(width: float, height: float) -> Iterator[tuple[float, Point]]:
    """Yield places around a point such that a box of this size is a distance away from it; all in points."""
    for distance in _DISTANCES:
        for angle in _ANGLES:
            across, up = math.cos(angle), math.sin(angle)
            yield distance, (across * (distance + width / 2), up * (distance + height / 2))


def _count_hits(box: Bbox, frame: Bbox, crowd: npt.NDArray[np.float64], taken: list[Bbox]) -> float:
    """Return how bad a place is."""
    inside = (crowd > (box.x0, box.y0)).all(axis=1) & (crowd < (box.x1, box.y1)).all(axis=1)
    outside = box.x0 < frame.x0 or box.y0 < frame.y0 or box.x1 > frame.x1 or box.y1 > frame.y1
    return float(inside.sum() + _COLLISION * (outside + sum(box.overlaps(other) for other in taken)))
