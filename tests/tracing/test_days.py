"""Parts of snapshots between two days."""

import numpy as np
import pandas as pd
import pytest

from energyflows.tracing._days import spread_days

DAY = pd.Timestamp


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (DAY(2025, 1, 11), DAY(2025, 5, 30), [0.9, 0.5]),
        ("2025-04-11", "2025-04-11", [0.0, 0.01]),
        (None, pd.NaT, [1.0, 1.0]),
        (DAY(2025, 4, 12), DAY(2025, 1, 1), [0.0, 0.0]),
        # Too far away for differences in nanoseconds.
        (DAY("1600-01-01"), DAY("9999-12-31"), [1.0, 1.0]),
    ],
)
def test_days_within_snapshots(grid, first, last, expected):
    index = pd.DatetimeIndex(["2025-01-01", "2025-04-11"])
    ds = grid({("PIPE", "DE"): 1.0}, {("PIPE", "RU"): 1.0}, steps=2, days=100.0, index=index)
    np.testing.assert_allclose(spread_days(first, last, ds), expected)
