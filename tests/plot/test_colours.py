"""Colours and markers tell groups apart, also to who sees no red or no green."""

import itertools

import numpy as np
import pytest

from energyflows.hindcast.series import GROUPS
from energyflows.plot._drawing import GROUP_STYLES

#: Machado, Oliveira and Fernandes (2009): colours as seen without green or red cones.
BLIND = {
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
}


def see(colour, matrix):
    """Return CIE L*a*b* of a colour as seen through a matrix."""
    srgb = np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    linear = np.clip(matrix @ np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4), 0, 1)
    x, y, z = [[0.4339, 0.3762, 0.1899], [0.2126, 0.7152, 0.0722], [0.0177, 0.1095, 0.8729]] @ linear
    f = [value ** (1 / 3) if value > 0.008856 else 7.787 * value + 16 / 116 for value in (x, y, z)]
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("matrix", [np.eye(3), *map(np.array, BLIND.values())], ids=["normal", *BLIND])
def test_colours_of_groups_can_be_told_apart(matrix):
    seen = [see(colour, matrix) for colour, _ in GROUP_STYLES.values()]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 15


def test_every_group_of_flows_has_a_marker_of_its_own():
    assert len({marker for _, marker in GROUP_STYLES.values()}) == len(GROUP_STYLES)
    assert set(GROUP_STYLES) == set(GROUPS) - {"stock-eu", "stocks", "prices"}
