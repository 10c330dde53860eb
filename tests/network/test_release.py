"""Ships turn round when something fails, unless law or the exporter's berths forbid."""

import pytest

from energyflows.errors import UsageError
from energyflows.network import build_network, free_destinations
from energyflows.solving import solve


@pytest.fixture
def n(toy):
    """Build the toy of 2025: the United States send 80 to 300 TWh to Europe, 200 to 900 elsewhere."""
    return build_network(2025, tables=toy())


def test_ceilings_become_what_the_exporter_can_load(n):
    free = free_destinations(n, keep=())
    able = n.generators["p_nom"] * n.get_switchable_as_dense("Generator", "p_max_pu").max()
    assert free.links.at["LNGUS-LNGEU", "p_nom"] == pytest.approx(able[n.generators["bus"] == "LNGUS"].sum())
    assert (free.get_switchable_as_dense("Link", "p_max_pu")["LNGUS-LNGEU"] == 1).all()


def test_floors_and_everything_else_stay(n):
    free = free_destinations(n, keep=())
    others = n.links.index.difference(["LNGUS-LNGEU", "LNGUS-LNGROW"])
    assert "LNGUS-LNGEU minimum" in others
    assert free.links.loc[others].equals(n.links.loc[others])
    assert free.generators.equals(n.generators)


def test_the_network_given_stays_as_it_is(n):
    before = n.links.copy()
    free_destinations(n, keep=())
    assert n.links.equals(before)


def test_exporters_under_restrictions_keep_their_ceilings(n):
    assert free_destinations(n, keep=("US",)).links.equals(n.links)


def test_ships_make_up_for_a_lost_pipeline(n):
    n.generators.loc[n.generators["origin"] == "RU", "p_nom"] = 0.0
    n.links.loc["LNGUS-LNGEU", "p_nom"] = 0.0
    assert float(solve(n)["unserved"].sum()) > float(solve(free_destinations(n, keep=()))["unserved"].sum())


def test_unknown_exporters_and_networks_without_ships_are_refused(n):
    with pytest.raises(UsageError, match="no exporter 'XY' by ship"):
        free_destinations(n, keep=("XY",))
    with pytest.raises(UsageError, match="found the text 'US'"):
        free_destinations(n, keep="US")
    n.remove("Link", n.links.index[n.links["carrier"] == "shipping"])
    with pytest.raises(UsageError, match="no links with carrier 'shipping'"):
        free_destinations(n, keep=())


@pytest.mark.slow
def test_packaged_lng_of_2025_stays_near_the_observed_volume_when_freed():
    ds = solve(free_destinations(build_network(2025)))
    landed = ds["received"].sel(link=[link for link in ds["link"].to_numpy() if link.endswith("-LNGEU")]).sum("link")
    assert float((landed * ds["weight_days"]).sum()) / 1e3 == pytest.approx(1480, rel=0.03)
