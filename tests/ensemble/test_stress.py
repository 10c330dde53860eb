"""What the winter stress test draws from, and that the network can be drawn with it."""

import json

import numpy as np
import pandas as pd
import pytest

from energyflows.ensemble import run_ensemble, sample, specify_winter
from energyflows.ensemble.stress import list_weather
from energyflows.errors import UsageError
from energyflows.network import build_network


def profile(*rows):
    """Return a table of monthly shares from zone, year and share of January; the rest is even."""
    cells = [
        {"zone": zone, "year": year, "month": month, "share": january if month == 1 else (1 - january) / 11}
        for zone, year, january in rows
        for month in range(1, 13)
    ]
    return pd.DataFrame(cells).astype({"year": "Int64"})


SNAPSHOTS = pd.date_range("2025-01-01", "2025-12-01", freq="MS")
DAYS = SNAPSHOTS.days_in_month.to_numpy(dtype=float)


def test_weather_is_the_pattern_of_the_year_over_that_of_the_modelled_year():
    table = profile(("DE", 2024, 0.2), ("DE", 2025, 0.1))
    found = list_weather(table, SNAPSHOTS, DAYS, ["DE"]).sel(bus="DE")
    assert found.sel(year=2025).to_numpy() == pytest.approx(1.0)
    assert found.sel(year=2024).to_numpy() == pytest.approx([2.0] + [(0.8 / 11) / (0.9 / 11)] * 11)


def test_a_period_across_months_has_the_mean_of_its_days():
    table = profile(("DE", 2024, 0.2), ("DE", 2025, 0.1))
    found = list_weather(table, pd.DatetimeIndex(["2025-01-29"]), np.array([7.0]), ["DE"])
    assert found.sel(year=2024).item() == pytest.approx((3 * 2.0 + 4 * 8 / 9) / 7)


@pytest.fixture
def n(toy):
    return build_network(2025, tables=toy())


def test_the_toy_is_drawn_and_solved(n, toy):
    spec = specify_winter(n, toy())
    draws = sample(spec, 20, seed=3)
    ds = run_ensemble(n, draws)
    assert (ds["status"] == "optimal").all()
    assert float(draws["happened"].mean()) == pytest.approx(0.3, abs=0.15)
    assert ds["price_mean"].std("draw").max() > 0


def test_every_link_between_zones_and_every_exporter_is_among_them(n, toy):
    spec = specify_winter(n, toy())
    links = n.links[~n.links["carrier"].isin(["shipping", "injection", "withdrawal"]) & (n.links["p_nom"] > 0)]
    assert {event["name"] for event in spec["events"]} == set(links["part_of"])
    assert set(spec["availability"]) == set(n.generators.loc[n.generators["carrier"] == "lng", "part_of"])


def test_networks_of_another_make_are_refused(world):
    with pytest.raises(UsageError, match="another make"):
        specify_winter(world)


@pytest.mark.slow
def test_packaged_corridor_fails_as_one_and_the_weather_is_common():
    n = build_network(2025)
    draws = sample(specify_winter(n), 400, seed=1)
    together = draws["capacity_factor"].where(draws["happened"].sel(event="Southern Gas Corridor") == 1, drop=True)
    parts = together.sel(component=["SANGACHAL-SCP", "SCP-TANAP", "TANAP-TAP"])
    assert together.sizes["draw"] > 0
    assert float((parts < 1).any("snapshot").mean()) == 1.0
    factor = draws["demand_factor"].sel(bus=["DE", "NL"]).isel(snapshot=0)
    assert float(np.corrcoef(factor.to_numpy().T)[0, 1]) > 0.5
    assert json.loads(draws.attrs["spec"])["events"]
